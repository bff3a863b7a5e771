/*
 * What a mail server is shown at login: a password or token that is kept somewhere, or one that a
 * token server gives.
 */
#ifndef RETOUR_LOGIN_H
#define RETOUR_LOGIN_H

#include <stdbool.h>
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/oauth.h"

/* Who logs in where, of a mailbox or of the report's way. */
struct login {
	const char *user;
	const struct secret_source *kept;
	const struct oauth_options *oauth; /* NULL: KEPT has it */
	int64_t timeout;                   /* seconds for a token server's answer */
};

enum { LOGIN_NOTE_SIZE = 96 };

struct login_given {
	char *secret;               /* of secret_free(); NULL where nothing is configured */
	char note[LOGIN_NOTE_SIZE]; /* what doctor says of it, ending in "; ", or "" */
	int64_t lifetime;           /* of a token, in seconds; 0: it is none */
	int64_t server_time;        /* of the token server's Date; 0: none */
	int64_t later;              /* after -1: not to be asked again for so many seconds; 0 */
	bool refused;               /* after -1: not by a trouble that passes */
};

/* 0, or -1 with a text in ERROR. */
int login_secret(const struct login *from, struct login_given *given, char *error, size_t size);
/*
 * Behind the ERROR of a login that the server refused, what that means where a token had been
 * given.
 */
void login_explain(const struct login *from, char *error, size_t size);

#endif
