#include "poller/mailbox/oauthform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <json-c/json.h>
#include <sodium.h>
#include "classify/base/files.h"
#include "poller/mailbox/secret.h"

enum {
	ASSERTION_SECONDS =
		600, /* that an assertion holds; Google takes an hour, Microsoft ten minutes */
	ASSERTION_SIZE = 16384,
	CERTIFICATE_MAX = 65536,
	JWT_ID_SIZE = 16,
};

struct form {
	char *text;
	size_t n;
	struct failure why;
};

/* One field, percent-encoded; an absent value is none. */
static int form_field(struct form *f, const char *name, const char *value)
{
	char *encoded = value ? curl_easy_escape(NULL, value, 0) : NULL;
	int n;

	if (!value)
		return 0;
	if (!encoded)
		return secret_failed(&f->why, "no memory");
	n = snprintf(
		f->text + f->n, OAUTH_FORM_SIZE - f->n, "%s%s=%s", f->n ? "&" : "", name, encoded);
	sodium_memzero(encoded, strlen(encoded));
	curl_free(encoded);
	if (n < 0 || (size_t)n >= OAUTH_FORM_SIZE - f->n)
		return secret_failed(&f->why, "what is to be sent is too long");
	f->n += (size_t)n;
	return 0;
}

/* The one line of a secret file as a field. */
static int form_secret(struct form *f, const char *name, const char *file)
{
	char *secret = NULL;
	int result = secret_read(
		&(struct secret_source){ .file = file }, &secret, f->why.text, f->why.size);

	result = result ? result : form_field(f, name, secret);
	secret_free(secret);
	return result;
}

/* Base64url without padding (RFC 7515 section 2), behind what stands in TEXT. */
static int add_encoded(char *text, const void *bytes, size_t n)
{
	size_t at = strlen(text);

	if (sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING) >
		ASSERTION_SIZE - at - 1)
		return -1;
	sodium_bin2base64(
		text + at, ASSERTION_SIZE - at, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return 0;
}

static int add_dot(char *text)
{
	size_t n = strlen(text);

	if (n + 2 > ASSERTION_SIZE)
		return -1;
	memcpy(text + n, ".", 2);
	return 0;
}

static int add_json(char *text, struct json_object *object)
{
	const char *json = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return json ? add_encoded(text, json, strlen(json)) : -1;
}

static void claim_text(struct json_object *claims, const char *name, const char *value)
{
	json_object_object_add(claims, name, json_object_new_string(value));
}

/* The certificate's hashes: by them the server knows which of its keys is meant (RFC 7515 4.1.7).
 */
static int add_thumbprints(struct form *f, struct json_object *header, const char *file)
{
	static const struct {
		const char *name;
		gnutls_digest_algorithm_t digest;
	} prints[] = { { "x5t", GNUTLS_DIG_SHA1 }, { "x5t#S256", GNUTLS_DIG_SHA256 } };
	gnutls_x509_crt_t crt = NULL;
	char *heap = NULL;
	size_t size = 0;
	int code = file_load(file, CERTIFICATE_MAX, &heap, &size) ? GNUTLS_E_FILE_ERROR : 0;
	const gnutls_datum_t pem = { (unsigned char *)heap, (unsigned)size };

	if (code >= 0)
		code = gnutls_x509_crt_init(&crt);
	if (code >= 0)
		code = gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM);
	for (size_t i = 0; code >= 0 && i < sizeof prints / sizeof *prints; i++) {
		unsigned char hash[32];
		char text[ASSERTION_SIZE] = "";
		size_t n = sizeof hash;

		code = gnutls_x509_crt_get_fingerprint(crt, prints[i].digest, hash, &n);
		if (code >= 0 && !add_encoded(text, hash, n))
			claim_text(header, prints[i].name, text);
	}
	if (crt)
		gnutls_x509_crt_deinit(crt);
	free(heap);
	return code < 0 ? secret_failed(&f->why, "%s: %s", file, gnutls_strerror(code)) : 0;
}

/* The signature of what stands in TEXT, behind it. */
static int add_signature(struct form *f, char *text, const char *key_file)
{
	gnutls_privkey_t key = NULL;
	gnutls_datum_t signature = { 0 };
	char *pem = NULL;
	int code, result = -1;

	if (secret_read_lines(key_file, &pem, f->why.text, f->why.size))
		return -1;
	const gnutls_datum_t data = { (unsigned char *)pem, (unsigned)strlen(pem) },
			     signed_text = { (unsigned char *)text, (unsigned)strlen(text) };
	code = gnutls_privkey_init(&key);
	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (code >= 0 && gnutls_privkey_get_pk_algorithm(key, NULL) != GNUTLS_PK_RSA)
		code = GNUTLS_E_UNKNOWN_PK_ALGORITHM;
	if (code >= 0)
		code = gnutls_privkey_sign_data(
			key, GNUTLS_DIG_SHA256, 0, &signed_text, &signature);
	if (code == GNUTLS_E_UNKNOWN_PK_ALGORITHM)
		secret_failed(&f->why, "%s: right would be an RSA key (PEM)", key_file);
	else if (code < 0)
		secret_failed(&f->why,
			"%s: %s; right would be an RSA key (PEM, without a passphrase)", key_file,
			gnutls_strerror(code));
	else if (add_dot(text) || add_encoded(text, signature.data, signature.size))
		secret_failed(&f->why, "%s: its signature is too long", key_file);
	else
		result = 0;
	free(signature.data); /* gnutls_free is a variable, which cannot be had at the first call */
	if (key)
		gnutls_privkey_deinit(key);
	secret_free(pem);
	return result;
}

/* HEADER and CLAIMS as a signed JWT into TEXT. */
static int sign_claims(struct form *f, struct json_object *header, struct json_object *claims,
	const char *key_file, char *text)
{
	*text = '\0';
	if (add_json(text, header) || add_dot(text) || add_json(text, claims))
		return secret_failed(&f->why, "what is to be signed is too long");
	return add_signature(f, text, key_file);
}

/*
 * ISSUER says of itself (SUBJECT is the same), or of one of its users, that it is: for the token
 * endpoint, from NOW on for some minutes.
 */
static int form_assertion(struct form *f, const struct oauth_options *o, const char *subject,
	int64_t now, const char *field)
{
	struct json_object *header = json_object_new_object(), *claims = json_object_new_object();
	char *text = sodium_malloc(ASSERTION_SIZE);
	unsigned char random[JWT_ID_SIZE];
	char id[2 * JWT_ID_SIZE + 1];
	int result = -1;

	if (!header || !claims || !text) {
		secret_failed(&f->why, "no memory");
		goto out;
	}
	claim_text(header, "alg", "RS256");
	claim_text(header, "typ", "JWT");
	if (o->certificate_file && add_thumbprints(f, header, o->certificate_file))
		goto out;
	randombytes_buf(random, sizeof random);
	sodium_bin2hex(id, sizeof id, random, sizeof random);
	claim_text(claims, "iss", o->client_id);
	claim_text(claims, "sub", subject);
	claim_text(claims, "aud", o->token_url);
	claim_text(claims, "jti", id);
	if (o->grant == OAUTH_JWT_BEARER && o->scope)
		claim_text(claims, "scope", o->scope);
	json_object_object_add(claims, "iat", json_object_new_int64(now));
	json_object_object_add(claims, "nbf", json_object_new_int64(now));
	json_object_object_add(claims, "exp", json_object_new_int64(now + ASSERTION_SECONDS));
	result = sign_claims(f, header, claims, o->key_file, text);
	result = result ? result : form_field(f, field, text);
out:
	json_object_put(header);
	json_object_put(claims);
	sodium_free(text);
	return result;
}

/* Who asks: by name and secret, or by an assertion that only the key's owner can sign. */
static int form_client(struct form *f, const struct oauth_options *o, int64_t now)
{
	if (form_field(f, "client_id", o->client_id))
		return -1;
	if (o->client_secret_file)
		return form_secret(f, "client_secret", o->client_secret_file);
	if (!o->certificate_file)
		return 0;
	return form_field(f, "client_assertion_type",
		       "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") ||
			form_assertion(f, o, o->client_id, now, "client_assertion")
		? -1
		: 0;
}

int oauth_form(const struct oauth_options *o, const char *user, int64_t now, char *form,
	char *error, size_t size)
{
	static const char *const grants[] = {
		[OAUTH_CLIENT_CREDENTIALS] = "client_credentials",
		[OAUTH_REFRESH_TOKEN] = "refresh_token",
		[OAUTH_JWT_BEARER] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
	};
	struct form f = { .text = form, .why = { error, size } };

	*form = '\0';
	if (form_field(&f, "grant_type", grants[o->grant]))
		return -1;
	if (o->grant == OAUTH_JWT_BEARER)
		return form_assertion(&f, o, o->subject ? o->subject : user, now, "assertion");
	if (form_client(&f, o, now) || form_field(&f, "scope", o->scope))
		return -1;
	return o->grant == OAUTH_REFRESH_TOKEN
		? form_secret(&f, "refresh_token", o->refresh_token_file)
		: 0;
}
