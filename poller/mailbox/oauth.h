/*
 * Access tokens from an OAuth 2.0 token endpoint (RFC 6749), for mail servers that take no password
 * any more (XOAUTH2). Asked for by the process that logs in, kept in its memory only, and gone with
 * it. Grants: client_credentials (RFC 6749 section 4.4; with a secret, or with a certificate by
 * RFC 7523 section 2.2), refresh_token (section 6; one that the server replaces is written back),
 * and jwt_bearer (RFC 7523 section 2.1: a service account for one of its users).
 */
#ifndef RETOUR_OAUTH_H
#define RETOUR_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAUTH_GRANTS(X) \
	X(OAUTH_CLIENT_CREDENTIALS, "client_credentials") \
	X(OAUTH_REFRESH_TOKEN, "refresh_token") \
	X(OAUTH_JWT_BEARER, "jwt_bearer")
#define OAUTH_ENUM(symbol, name) symbol,
enum oauth_grant { OAUTH_GRANTS(OAUTH_ENUM) };
#undef OAUTH_ENUM

/* The INI file's [oauth NAME], read and checked. */
struct oauth_options {
	const char *name;
	const char *token_url; /* https only */
	const char *client_id;
	const char *client_secret_file;          /* NULL: none */
	const char *certificate_file, *key_file; /* PEM; the key is RSA */
	const char *refresh_token_file;
	const char *scope;
	const char *subject; /* jwt_bearer: for whom; NULL: the user who logs in */
	const char *ca_file; /* PEM; NULL: the system's */
	int grant;           /* enum oauth_grant */
};

struct oauth_answer {
	char *token;         /* of sodium_malloc; secret_free() */
	int64_t lifetime;    /* seconds, as the server says; 0: it does not */
	int64_t server_time; /* of its Date field, epoch seconds; 0: it has none */
	int64_t later; /* after -1: so many seconds it wants to be left alone; 0: it does not say */
	bool refused;  /* after -1: by what is configured or was granted, and not by a trouble that
			  passes */
};

/*
 * Asks for a token for USER, within TIMEOUT seconds, at the time NOW (epoch seconds: assertions are
 * dated by it). A server that wants to be asked again within a quarter of a minute is, once. 0, or
 * -1 with a text in ERROR that names the section and the step, and holds no secret, no token and no
 * address.
 */
int oauth_ask(const struct oauth_options *o, const char *user, int64_t timeout, int64_t now,
	struct oauth_answer *answer, char *error, size_t size);

#endif
