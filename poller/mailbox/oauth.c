/*
 * One request to the token endpoint, by libcurl: https only, verified, no redirection, bounded in
 * time and bytes; and what its answer means for the person who has to mend it. The section that a
 * refresh token rotates in is locked, so that two mailboxes of one account do not use it up for
 * each other.
 */
#include "poller/mailbox/oauth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>
#include <curl/curl.h>
#include <json-c/json.h>
#include <sodium.h>
#include "classify/base/files.h"
#include "classify/base/units.h"
#include "classify/redact.h"
#include "poller/mailbox/oauthform.h"
#include "poller/mailbox/secret.h"

enum {
	OAUTH_ANSWER_MAX = 65536,
	OAUTH_DEPTH_MAX = 8,
	OAUTH_WORDS_SIZE = 160, /* of the server's own, in an error */
	RETRY_MAX = 7 * DAY,
	RETRY_AT_ONCE = 15,      /* seconds: worth waiting for */
	OAUTH_SKEW = 2 * MINUTE, /* seconds by which clocks may differ unsaid */
};

struct exchange {
	const struct oauth_options *options;
	struct oauth_answer *answer;
	int64_t now;
	char *body; /* of sodium_malloc */
	size_t n;
	long status;
	int64_t server_time; /* of its Date field; -1: it has none */
	int64_t retry_after; /* seconds; 0: nothing is said of it */
	const char *form;    /* what was sent: it has the secrets */
	char *error;
	size_t size;
};

static int oauth_failed(struct exchange *x, bool refused, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int oauth_failed(struct exchange *x, bool refused, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(x->error, x->size, "oauth %s: ", x->options->name);

	if (n >= 0 && (size_t)n < x->size) {
		va_start(arguments, format);
		vsnprintf(x->error + n, x->size - (size_t)n, format, arguments);
		va_end(arguments);
	}
	x->answer->refused = refused;
	return -1;
}

/* --- the request ---------------------------------------------------------- */

static size_t take_answer_body(char *bytes, size_t one, size_t n, void *context)
{
	struct exchange *x = context;

	(void)one;
	if (n > OAUTH_ANSWER_MAX - x->n)
		return 0;
	memcpy(x->body + x->n, bytes, n);
	x->n += n;
	x->body[x->n] = '\0';
	return n;
}

/* Seconds, or a date (RFC 9110 section 10.2.3); 0 for what is neither. */
static int64_t retry_seconds(const struct exchange *x, const char *text)
{
	int64_t at = *text >= '0' && *text <= '9' && text[strspn(text, "0123456789")] == '\0'
		? x->now + (int64_t)strtoull(text, NULL, 10)
		: (int64_t)curl_getdate(text, NULL);

	return at > x->now && at - x->now <= RETRY_MAX ? at - x->now : 0;
}

static size_t take_header(char *bytes, size_t one, size_t n, void *context)
{
	struct exchange *x = context;
	char line[128];

	(void)one;
	snprintf(line, sizeof line, "%.*s", (int)n, bytes);
	line[strcspn(line, "\r\n")] = '\0';
	if (!strncasecmp(line, "Date:", 5))
		x->server_time = (int64_t)curl_getdate(line + 5, NULL);
	if (!strncasecmp(line, "Retry-After:", 12))
		x->retry_after = retry_seconds(x, line + 12 + strspn(line + 12, " "));
	return n;
}

static void set_request(CURL *curl, struct exchange *x, const char *form, int64_t timeout)
{
	curl_easy_setopt(curl, CURLOPT_URL, x->options->token_url);
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (x->options->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, x->options->ca_file);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)timeout);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
}

static int send_form(struct exchange *x, const char *form, int64_t timeout)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *fields = NULL;
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	CURL *curl = code == CURLE_OK ? curl_easy_init() : NULL;

	if (!curl)
		return oauth_failed(x, false, "libcurl does not start");
	fields = curl_slist_append(NULL, "Accept: application/json");
	set_request(curl, x, form, timeout);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x->status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(fields);
	if (code == CURLE_OK)
		return 0;
	if (code == CURLE_WRITE_ERROR)
		return oauth_failed(x, false, "the token server's answer is longer than %d bytes",
			OAUTH_ANSWER_MAX);
	return oauth_failed(
		x, false, "reaching the token server: %s", *why ? why : curl_easy_strerror(code));
}

/* --- the answer ----------------------------------------------------------- */

/* What RFC 6749 section 5.2 and the token servers say, and what is to be done about it. */
static const struct oauth_trouble {
	const char *code;
	bool refused;
	const char *text;
} troubles[] = {
	{ "invalid_client", true,
		"the token server does not know the client, or its secret or certificate is wrong or has expired: renew it" },
	{ "unauthorized_client", true,
		"the client may not ask in this way: let the administrator allow this grant and scope for it" },
	{ "unsupported_grant_type", true, "the token server does not know this grant" },
	{ "invalid_scope", true, "the token server does not know the scope, or does not give it" },
	{ "access_denied", true, "the access is denied: the administrator has not consented" },
	{ "consent_required", true, "nobody has consented: do the steps of consent again" },
	{ "interaction_required", true,
		"a person is wanted: do the steps of consent again, in a browser" },
	{ "invalid_request", true, "the token server does not take the request" },
	{ "slow_down", false, "the token server wants fewer requests" },
	{ "temporarily_unavailable", false, "the token server is overloaded or being mended" },
	{ "server_error", false, "the token server has a fault of its own" },
};

static const char *const revoked[] = {
	[OAUTH_CLIENT_CREDENTIALS] = "the access was taken back",
	[OAUTH_REFRESH_TOKEN] =
		"the consent was revoked, or the refresh token has expired or was used before: do the steps of consent again and write the new one to its file",
	[OAUTH_JWT_BEARER] =
		"the assertion is not taken: the key was deleted, or the delegation for this user is not there",
};

/* "; the clock here is 2 h ahead of the token server's", where that may be why. */
static const char *skew_text(const struct exchange *x, char *buffer, size_t size)
{
	int64_t off = x->server_time > 0 ? x->now - x->server_time : 0;
	const char *way = off > 0 ? "ahead of" : "behind";
	int64_t n = off > 0 ? off : -off;

	*buffer = '\0';
	if (n > OAUTH_SKEW)
		snprintf(buffer, size,
			"; the clock here is %" PRId64 " min %s the token server's: set it first",
			(n + MINUTE / 2) / MINUTE, way);
	return buffer;
}

static const char *member_text(struct json_object *object, const char *name)
{
	struct json_object *value;

	return object && json_object_object_get_ex(object, name, &value) &&
			json_object_is_type(value, json_type_string)
		? json_object_get_string(value)
		: NULL;
}

/* Does SAID quote what was sent to prove who we are? No value of a form has a '&'. */
static bool quotes_secret(const struct exchange *x, const char *said)
{
	static const char *const fields[] = { "client_secret=", "refresh_token=", "assertion=" };
	bool quotes = false;

	for (size_t i = 0; i < sizeof fields / sizeof *fields && !quotes; i++) {
		const char *value = strstr(x->form, fields[i]);
		size_t n = value ? strcspn(value += strlen(fields[i]), "&") : 0;
		char *plain = n ? curl_easy_unescape(NULL, value, (int)n, NULL) : NULL;

		if (!plain)
			continue;
		quotes = strstr(said, plain) || memmem(said, strlen(said), value, n);
		sodium_memzero(plain, strlen(plain));
		curl_free(plain);
	}
	return quotes;
}

/* The server's own words, redacted; "" where there are none. */
static const char *own_words(const struct exchange *x, struct json_object *object, char *buffer)
{
	const char *said = member_text(object, "error_description");

	char clean[OAUTH_WORDS_SIZE - 4];

	*buffer = '\0';
	if (said && *said && !quotes_secret(x, said)) {
		redact(clean, sizeof clean, span_of(said), NULL, NULL);
		snprintf(buffer, OAUTH_WORDS_SIZE, " (%s)", clean);
	}
	return buffer;
}

/* What an answer by its number alone says of the place that was asked. */
static const char *place_hint(long status)
{
	if (status >= 300 && status < 400)
		return ": it points elsewhere, where no secret is sent; right would be the token server's own address in token_url";
	if (status == 404 || status == 405)
		return ": there is no token server at this address; right would be another token_url";
	return status == 403 || status == 407
		? ": a proxy or firewall on the way, or the address in token_url"
		: "";
}

static int refused_answer(struct exchange *x, struct json_object *object)
{
	char words[OAUTH_WORDS_SIZE], skew[96], later[48] = "";
	const char *code = member_text(object, "error");
	bool throttled = x->status == 429 || (x->status == 503 && x->retry_after);

	skew_text(x, skew, sizeof skew);
	own_words(x, object, words);
	if (x->retry_after)
		snprintf(later, sizeof later, ", in %" PRId64 " s", x->retry_after);
	if (throttled || (code && !strcmp(code, "slow_down"))) {
		x->answer->later = x->retry_after;
		return oauth_failed(x, false,
			"the token server wants fewer requests (%ld%s); a later run asks again",
			x->status, later);
	}
	if (code && !strcmp(code, "invalid_grant"))
		return oauth_failed(
			x, true, "invalid_grant: %s%s%s", revoked[x->options->grant], skew, words);
	for (size_t i = 0; code && i < sizeof troubles / sizeof *troubles; i++)
		if (!strcmp(code, troubles[i].code))
			return oauth_failed(x, troubles[i].refused, "%s: %s%s%s", code,
				troubles[i].text, skew, words);
	return oauth_failed(x, x->status >= 400 && x->status < 500,
		"the token server answers %ld, and not with a token%s%s%s", x->status,
		place_hint(x->status), skew, words);
}

/* A token goes into one line of a protocol. */
static bool token_is_fit(const char *token)
{
	size_t n = strlen(token);

	for (size_t i = 0; i < n; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return n > 0 && n < SECRET_MAX;
}

/* The server may give another refresh token, and from then on take no other (RFC 6749 section 6).
 */
static int keep_refresh_token(struct exchange *x, const char *fresh)
{
	char line[SECRET_MAX + 2];
	const char *file = x->options->refresh_token_file;
	int result;

	if (!fresh || x->options->grant != OAUTH_REFRESH_TOKEN)
		return 0;
	if (!token_is_fit(fresh))
		return oauth_failed(
			x, false, "the new refresh token is none: too long, or with blanks");
	snprintf(line, sizeof line, "%s\n", fresh);
	result = file_replace(file, (struct span){ line, strlen(line) }, 0600);
	sodium_memzero(line, sizeof line);
	return result
		? oauth_failed(x, true,
			  "%s: %s: the new refresh token is lost, and the old one may be taken no more: do the steps of consent again",
			  file, strerror(errno))
		: 0;
}

static int take_answer(struct exchange *x)
{
	json_tokener *tokener = json_tokener_new_ex(OAUTH_DEPTH_MAX);
	struct json_object *object = NULL, *value;
	const char *token, *kind;
	int result = -1;

	if (tokener && x->n)
		object = json_tokener_parse_ex(tokener, x->body, (int)x->n);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	token = member_text(object, "access_token");
	kind = member_text(object, "token_type");
	if (x->status != 200 || member_text(object, "error") || !token)
		refused_answer(x, object);
	else if (!token_is_fit(token) || (kind && strcasecmp(kind, "Bearer")))
		oauth_failed(x, false, "what the token server gives is no bearer token");
	else if (!keep_refresh_token(x, member_text(object, "refresh_token"))) {
		x->answer->token = secret_copy(token);
		if (json_object_object_get_ex(object, "expires_in", &value))
			x->answer->lifetime = json_object_get_int64(value);
		result = x->answer->token ? 0 : oauth_failed(x, false, "no memory");
	}
	if (token)
		sodium_memzero((char *)(uintptr_t)token, strlen(token));
	json_object_put(object);
	json_tokener_free(tokener);
	return result;
}

/*
 * One at a time: a server that replaces refresh tokens takes a second use of one for theft. -1: no
 * lock is wanted; -2: it cannot be had, or what comes back could not be written.
 */
static int lock_refresh_token(struct exchange *x)
{
	char path[4096], directory[4096];
	const char *file = x->options->refresh_token_file;
	int fd;

	if (x->options->grant != OAUTH_REFRESH_TOKEN)
		return -1;
	snprintf(directory, sizeof directory, "%s", file);
	*strrchr(directory, '/') = '\0';
	if ((size_t)snprintf(path, sizeof path, "%s.lock", file) >= sizeof path ||
		access(*directory ? directory : "/", W_OK | X_OK) ||
		(fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0 ||
		flock(fd, LOCK_EX)) {
		oauth_failed(x, true,
			"%s: %s; a new refresh token is written there: its directory must be the program's to write",
			file, strerror(errno));
		return -2;
	}
	/* a kill may have come between an answer and its place: what lies there is the one that is
	 * taken from now on */
	file_finish_replacing(file, '\n');
	if (file_try_replacing(file, SECRET_MAX)) {
		oauth_failed(x, true,
			"%s: %s; a new refresh token must find room there, so none is asked for",
			file, strerror(errno));
		close(fd);
		return -2;
	}
	return fd;
}

static int ask_once(struct exchange *x, const char *form, int64_t timeout)
{
	x->n = 0;
	x->server_time = -1;
	x->retry_after = 0;
	*x->answer = (struct oauth_answer){ 0 };
	int result = send_form(x, form, timeout) ? -1 : take_answer(x);
	x->answer->server_time = x->server_time > 0 ? x->server_time : 0;
	return result;
}

/* The form holds: an assertion in it is good for minutes. */
static int ask_twice(struct exchange *x, const char *form, int64_t timeout)
{
	int result = ask_once(x, form, timeout);
	int64_t later = x->answer->later;

	if (!result || later < 1 || later > RETRY_AT_ONCE || later >= timeout)
		return result;
	poll(NULL, 0, (int)later * 1000);
	x->now += later;
	return ask_once(x, form, timeout - later);
}

int oauth_ask(const struct oauth_options *o, const char *user, int64_t timeout, int64_t now,
	struct oauth_answer *answer, char *error, size_t size)
{
	struct exchange x = { .options = o,
		.answer = answer,
		.now = now,
		.server_time = -1,
		.error = error,
		.size = size };
	char why[512];
	char *form = NULL;
	int lock, result = -1;

	*answer = (struct oauth_answer){ 0 };
	if (sodium_init() < 0 || (lock = lock_refresh_token(&x)) == -2)
		return -1;
	form = sodium_malloc(OAUTH_FORM_SIZE);
	x.body = sodium_malloc(OAUTH_ANSWER_MAX + 1);
	if (!form || !x.body)
		oauth_failed(&x, false, "no memory");
	else if (oauth_form(o, user, now, form, why, sizeof why))
		oauth_failed(&x, true, "preparing the request: %s", why);
	else
		x.form = form, result = ask_twice(&x, form, timeout);
	sodium_free(form);
	sodium_free(x.body);
	if (lock >= 0)
		close(lock);
	return result;
}
