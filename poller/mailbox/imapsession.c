/*
 * Connecting, STARTTLS, logging in and folder names (RFC 3501, RFC 9051, RFC 2342
 * namespaces, RFC 4616 and later SASL mechanisms).
 *
 * The order is what makes it safe: nothing of a user is said before the certificate
 * was verified; what the server said of itself before STARTTLS is forgotten; a
 * server that claims before STARTTLS that we are logged in (PREAUTH) is left at once.
 */
#include "poller/mailbox/imapsession.h"

#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "classify/redact.h"
#include "poller/mailbox/greeting.h"

enum { IMAP_WORDS_SIZE = 200 }; /* of what a server says, in an error */

static int connect_plainly(struct imap_session *s, const struct mailbox *m);
static int greet(struct imap_session *s, bool *authenticated);
static int imap_protect(struct imap_session *s);
static int imap_ask_capabilities(struct imap_session *s);
static int imap_log_in(struct imap_session *s, const struct mailbox *m, const char *password);
static int sasl(struct imap_session *s, const struct mailbox *m, const char *mechanism,
	const char *password);
static int login_command(struct imap_session *s, const struct mailbox *m, const char *password);
static int ask_namespace(struct imap_session *s);
static int list_folders(struct imap_session *s, const char *pattern, bool *exists, char *delimiter);
static int encode_name(struct imap_session *s, const char *written, char *out);

int imap_fail(struct imap_session *s, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(s->error, s->error_size, "%s:%u: ", s->host, s->port);

	if (n >= 0 && (size_t)n < s->error_size) {
		va_start(arguments, format);
		vsnprintf(s->error + n, s->error_size - (size_t)n, format, arguments);
		va_end(arguments);
	}
	return -1;
}

/*
 * The server's own words, redacted: they may quote a user or an address. "" where there are none.
 */
static const char *server_words(const struct imap_session *s, char *buffer)
{
	const char *at = s->user ? strchr(s->user, '@') : NULL;
	struct span names[] = { span_of(s->user), { s->user, at ? (size_t)(at - s->user) : 0 },
		{ NULL, 0 } };
	const char *words = s->imap->imap_response;

	*buffer = '\0';
	if (words && *words) {
		memcpy(buffer, ": ", 3);
		redact(buffer + 2, IMAP_WORDS_SIZE - 2, span_of(words), s->user ? names : NULL,
			NULL);
	}
	return buffer;
}

int imap_check(struct imap_session *s, int code, const char *what, const char *folder)
{
	const char *reason = "refused by the server", *words = "";
	const char *lost = stream_error(s->stream);
	char buffer[IMAP_WORDS_SIZE];

	switch (code) {
	case MAILIMAP_NO_ERROR:
	case MAILIMAP_NO_ERROR_AUTHENTICATED:
	case MAILIMAP_NO_ERROR_NON_AUTHENTICATED:
		return 0;
	case MAILIMAP_ERROR_STREAM:
	case MAILIMAP_ERROR_FATAL:
		reason = "the server ended the session";
		s->broken = true;
		break;
	case MAILIMAP_ERROR_PARSE:
		reason = "the server's answer breaks the protocol";
		s->broken = s->misspoken = true;
		break;
	case MAILIMAP_ERROR_PROTOCOL:
		reason = "the server does not take the command";
		s->broken = true;
		break;
	case MAILIMAP_ERROR_MEMORY:
		reason = "no memory";
		s->broken = true;
		break;
	default:
		words = server_words(s, buffer);
	}
	if (*lost) {
		reason = lost;
		words = "";
		s->broken = true;
	}
	if (folder && strchr(folder, '@'))
		folder = "(its name has an @)";
	return imap_fail(
		s, "%s%s%s: %s%s", what, folder ? " " : "", folder ? folder : "", reason, words);
}

void imap_expect(struct imap_session *s, uint64_t bytes)
{
	stream_allow(s->stream, bytes);
}

bool imap_has(const struct imap_session *s, const char *capability)
{
	return mailimap_has_extension(s->imap, capability);
}

/*
 * Is the NO of a login the server's own trouble (RFC 5530 section 3), and neither the user's nor
 * the password's?
 */
static bool is_passing(const struct imap_session *s)
{
	static const char *const codes[] = { "[UNAVAILABLE]", "[LIMIT]", "[INUSE]", "[SERVERBUG]" };
	const struct mailimap_response_info *info = s->imap->imap_response_info;
	const char *words = s->imap->imap_response, *atom = info ? info->rsp_atom : NULL;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		size_t n = strlen(codes[i]) - 2;

		if (words && !strncasecmp(words + strspn(words, " "), codes[i], n + 2))
			return true;
		if (atom && strlen(atom) == n && !strncasecmp(atom, codes[i] + 1, n))
			return true;
	}
	return false;
}

int imap_session_open(struct imap_session *s, const struct mailbox *m, const char *password)
{
	bool authenticated = false;

	if (connect_plainly(s, m) || greet(s, &authenticated))
		return -1;
	if (m->tls == TLS_STARTTLS) {
		if (authenticated)
			return imap_fail(s,
				"the server takes us for logged in before TLS (PREAUTH): refused");
		if (imap_protect(s))
			return -1;
	}
	if (imap_ask_capabilities(s))
		return -1;
	if (!authenticated && imap_log_in(s, m, password)) {
		s->refused = !s->broken && !is_passing(s);
		return -1;
	}
	if (!authenticated && imap_ask_capabilities(s))
		return -1;
	return ask_namespace(s);
}

static int connect_plainly(struct imap_session *s, const struct mailbox *m)
{
	struct stream_options options = { .host = m->host,
		.port = (uint16_t)m->port,
		.tls = (enum tls)m->tls,
		.ca_file = m->ca_file,
		.timeout = m->timeout,
		.deadline = s->deadline ? s->deadline : m->deadline };

	s->host = m->host;
	s->user = m->user;
	s->port = (unsigned)m->port;
	/*
	 * Beyond its ceiling libetpan moves strings into files under /tmp: mail never goes there.
	 */
	mmap_string_set_ceil(SIZE_MAX);
	if (stream_open(&s->stream, &options))
		return imap_fail(s, "%s", stream_error(s->stream));
	s->imap = mailimap_new(0, NULL);
	if (!s->imap)
		return imap_fail(s, "no memory");
	return 0;
}

static int greet(struct imap_session *s, bool *authenticated)
{
	mailstream *over = stream_mailstream(s->stream);
	char text[GREETING_TEXT_SIZE];
	int code;

	if (!over)
		return imap_fail(s, "no memory");
	imap_expect(s, IMAP_ANSWER_MAX);
	code = mailimap_connect(s->imap, over);
	*authenticated = code == MAILIMAP_NO_ERROR_AUTHENTICATED;
	const char *mistaken = greeting_mistaken(stream_speaks(s->stream), "IMAP", text);
	if (mistaken) {
		s->broken = true;
		return imap_fail(s, "greeting: %s", mistaken);
	}
	return imap_check(s, code, "greeting", NULL);
}

static int imap_protect(struct imap_session *s)
{
	int code;

	imap_expect(s, IMAP_ANSWER_MAX);
	code = mailimap_starttls(s->imap);
	/*
	 * Where something stands behind the answer, stream_start_tls() says what is wrong better
	 * than libetpan's code does.
	 */
	if (!s->imap->imap_stream->read_buffer_len && imap_check(s, code, "STARTTLS", NULL))
		return -1;
	if (stream_start_tls(s->stream)) {
		s->broken = true;
		return imap_fail(s, "%s", stream_error(s->stream));
	}
	return 0;
}

/*
 * What was said before is replaced by an empty list, not by none: libetpan copies the list that it
 * has when a server answers OK and names nothing.
 */
static int imap_ask_capabilities(struct imap_session *s)
{
	struct mailimap_capability_data *answer = NULL, *empty = NULL;
	clist *none = clist_new();
	int code;

	if (none)
		empty = mailimap_capability_data_new(none);
	if (!empty || !s->imap->imap_connection_info) {
		clist_free(none);
		return imap_fail(s, "no memory");
	}
	if (s->imap->imap_connection_info->imap_capability)
		mailimap_capability_data_free(s->imap->imap_connection_info->imap_capability);
	s->imap->imap_connection_info->imap_capability = empty;
	imap_expect(s, IMAP_ANSWER_MAX);
	code = mailimap_capability(s->imap, &answer);
	if (answer)
		mailimap_capability_data_free(answer);
	return imap_check(s, code, "CAPABILITY", NULL);
}

/* [mailbox] auth; plain and login may also go by the LOGIN command. */
static const struct {
	enum auth auth;
	const char *mechanism;
} mechanisms[] = {
	{ AUTH_PLAIN, "PLAIN" },
	{ AUTH_LOGIN, "LOGIN" },
	{ AUTH_CRAM_MD5, "CRAM-MD5" },
	{ AUTH_SCRAM_SHA_1, "SCRAM-SHA-1" },
	{ AUTH_SCRAM_SHA_256, "SCRAM-SHA-256" },
	{ AUTH_XOAUTH2, "XOAUTH2" },
};

static int imap_log_in(struct imap_session *s, const struct mailbox *m, const char *password)
{
	const char *mechanism = NULL;
	bool command;

	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
		if ((int)mechanisms[i].auth == m->auth)
			mechanism = mechanisms[i].mechanism;
	if (!mechanism || !m->user || !password)
		return imap_fail(s, "user or password is missing");
	if (m->tls != TLS_NONE && !stream_is_tls(s->stream))
		return imap_fail(s, "no TLS: nothing is sent");
	if (strpbrk(m->user, "\r\n") || strpbrk(password, "\r\n"))
		return imap_fail(s, "a line break in user or password");
	command = (m->auth == AUTH_PLAIN || m->auth == AUTH_LOGIN) && !imap_has(s, "LOGINDISABLED");
	if (mailimap_has_authentication(s->imap, mechanism) &&
		(m->auth != AUTH_LOGIN || !command)) {
		int tag = s->imap->imap_tag, result = sasl(s, m, mechanism, password);

		if (!result || tag != s->imap->imap_tag)
			return result;
		if (!command)
			return imap_fail(s,
				"the SASL library here lacks %s (package libsasl2-modules)",
				mechanism);
	}
	if (!command)
		return imap_fail(s, "the server does not offer %s%s", mechanism,
			imap_has(s, "LOGINDISABLED") ? " and forbids LOGIN" : "");
	return login_command(s, m, password);
}

/*
 * When libetpan returns without having spent a tag, nothing was sent: the library has no such
 * mechanism.
 */
static int sasl(struct imap_session *s, const struct mailbox *m, const char *mechanism,
	const char *password)
{
	char what[64];
	int code;

	snprintf(what, sizeof what, "login (%s)", mechanism);
	imap_expect(s, IMAP_ANSWER_MAX);
	if (m->auth == AUTH_XOAUTH2)
		code = mailimap_oauth2_authenticate(s->imap, m->user, password);
	else
		code = mailimap_authenticate(
			s->imap, mechanism, m->host, NULL, NULL, "", m->user, password, "");
	return imap_check(s, code, what, NULL);
}

static int login_command(struct imap_session *s, const struct mailbox *m, const char *password)
{
	imap_expect(s, IMAP_ANSWER_MAX);
	return imap_check(s, mailimap_login(s->imap, m->user, password), "login (LOGIN)", NULL);
}

/*
 * The personal namespace (RFC 2342); where the server knows no namespaces, LIST "" "" tells the
 * delimiter.
 */
static int ask_namespace(struct imap_session *s)
{
	struct mailimap_namespace_data *all = NULL;
	bool exists;
	int code;

	if (imap_has(s, "NAMESPACE")) {
		imap_expect(s, IMAP_ANSWER_MAX);
		code = mailimap_namespace(s->imap, &all);
		if (code == MAILIMAP_NO_ERROR && all && all->ns_personal &&
			clist_begin(all->ns_personal->ns_data_list)) {
			struct mailimap_namespace_info *first = clist_content(
				clist_begin(all->ns_personal->ns_data_list));

			if (first->ns_prefix && strlen(first->ns_prefix) < sizeof s->prefix &&
				!strpbrk(first->ns_prefix, "\r\n")) /* no name has them */
				strcpy(s->prefix, first->ns_prefix);
			s->delimiter = first->ns_delimiter;
		}
		if (code == MAILIMAP_NO_ERROR && all)
			mailimap_namespace_data_free(all);
		else if (code != MAILIMAP_ERROR_EXTENSION && imap_check(s, code, "NAMESPACE", NULL))
			return -1;
	}
	return s->delimiter ? 0 : list_folders(s, "", &exists, &s->delimiter);
}

static int list_folders(struct imap_session *s, const char *pattern, bool *exists, char *delimiter)
{
	clist *found = NULL;
	int result;

	*exists = false;
	imap_expect(s, IMAP_ANSWER_MAX);
	result = imap_check(s, mailimap_list(s->imap, "", pattern, &found), "LIST", NULL);
	if (!found)
		return result;
	for (clistiter *at = clist_begin(found); at; at = clist_next(at)) {
		const struct mailimap_mailbox_list *folder = clist_content(at);
		const struct mailimap_mbx_list_flags *flags = folder->mb_flag;

		*exists |= !(flags && flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
			flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT);
		if (delimiter)
			*delimiter = folder->mb_delimiter;
	}
	mailimap_list_result_free(found);
	return result;
}

static bool has_use(const struct mailimap_mbx_list_flags *flags, const char *use)
{
	for (clistiter *at = flags && flags->mbf_oflags ? clist_begin(flags->mbf_oflags) : NULL; at;
		at = clist_next(at)) {
		const struct mailimap_mbx_list_oflag *flag = clist_content(at);

		if (flag->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT && flag->of_flag_ext &&
			!strcasecmp(flag->of_flag_ext, use + 1))
			return true;
	}
	return false;
}

/*
 * A server need not say that it tells (Proton's does not, and its folders lie at the top): such a
 * one is asked for those at the top alone, for others may have any number below.
 */
int imap_find_uses(struct imap_session *s, struct imap_uses *uses)
{
	bool tells = imap_has(s, "SPECIAL-USE") || imap_has(s, "X-GM-EXT-1");
	clist *found = NULL;

	*uses = (struct imap_uses){ 0 };
	imap_expect(s, IMAP_ANSWER_MAX);
	int code = mailimap_list(s->imap, "", tells ? "*" : "%", &found);
	for (clistiter *at = found ? clist_begin(found) : NULL; at; at = clist_next(at)) {
		const struct mailimap_mailbox_list *folder = clist_content(at);

		uses->all |= has_use(folder->mb_flag, "\\All");
		if (uses->trash.exists || !has_use(folder->mb_flag, "\\Trash") ||
			!folder->mb_name || strlen(folder->mb_name) >= IMAP_FOLDER_SIZE)
			continue;
		uses->trash.exists = true;
		strcpy(uses->trash.name, folder->mb_name);
	}
	if (found)
		mailimap_list_result_free(found);
	return imap_check(s, code, "LIST", NULL);
}

/*
 * Modified UTF-7 (RFC 3501 section 5.1.3). ASCII without '&' is that already, on C libraries that
 * lack the conversion too.
 */
static int encode_name(struct imap_session *s, const char *written, char *out)
{
	char *from = (char *)written, *to = out;
	size_t left = strlen(written), room = IMAP_FOLDER_SIZE - 1;
	bool plain = !strchr(written, '&');
	iconv_t converter;

	for (const char *c = written; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127 || *c == '%' || *c == '*')
			return imap_fail(s,
				"a folder's name has a character that IMAP folders cannot have (control, %%, *)");
		plain = plain && (unsigned char)*c < 128;
	}
	if (left == 0 || left > room)
		return imap_fail(s, "a folder's name is empty or too long");
	if (plain) {
		strcpy(out, written);
		return 0;
	}
	converter = iconv_open("UTF-7-IMAP", "UTF-8");
	if (converter == (iconv_t)-1)
		return imap_fail(s,
			"the C library here cannot write folder names beyond ASCII (UTF-7-IMAP)");
	if (iconv(converter, &from, &left, &to, &room) == (size_t)-1 ||
		iconv(converter, NULL, NULL, &to, &room) == (size_t)-1) {
		iconv_close(converter);
		return imap_fail(s, "a folder's name is not valid UTF-8 or too long");
	}
	iconv_close(converter);
	*to = '\0';
	return 0;
}

static void replace(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

/*
 * A user writes Bounces/Unrecognised or Bounces.Unrecognised, and the server may want either,
 * perhaps below INBOX.: the first form that exists is meant; where none does, the one that the
 * server will let us make.
 */
int imap_folder_find(struct imap_session *s, const char *written, struct imap_folder *out)
{
	char forms[2][IMAP_FOLDER_SIZE];
	int count = 1;

	*out = (struct imap_folder){ .written = written };
	if (!strcasecmp(written, "INBOX")) {
		strcpy(out->name, "INBOX");
		out->exists = true;
		return 0;
	}
	if (encode_name(s, written, forms[0]))
		return -1;
	strcpy(forms[1], forms[0]);
	if (s->delimiter) {
		replace(forms[0], '/', s->delimiter);
		if (s->delimiter != '.' && strchr(written, '.') && !strchr(written, '/')) {
			replace(forms[1], '.', s->delimiter);
			count = 2;
		}
	}
	for (int i = 0; i < 2 * count && !out->exists; i++) {
		const char *form = forms[i % count], *prefix = i < count ? "" : s->prefix;

		if (i >= count && (!*prefix || !strncasecmp(form, prefix, strlen(prefix))))
			continue;
		if (snprintf(out->name, sizeof out->name, "%s%s", prefix, form) >=
			(int)sizeof out->name)
			return imap_fail(s, "a folder's name is too long");
		if (list_folders(s, out->name, &out->exists, NULL))
			return -1;
	}
	if (out->exists)
		return 0;
	if (count == 2 && !strncasecmp(written, "INBOX.", 6))
		strcpy(forms[0], forms[1]);
	if (snprintf(out->name, sizeof out->name, "%s%s",
		    strncasecmp(forms[0], s->prefix, strlen(s->prefix)) ? s->prefix : "",
		    forms[0]) >= (int)sizeof out->name)
		return imap_fail(s, "a folder's name is too long");
	return 0;
}

int imap_folder_make(struct imap_session *s, struct imap_folder *folder)
{
	int code;

	if (folder->exists)
		return 0;
	imap_expect(s, IMAP_ANSWER_MAX);
	code = mailimap_create(s->imap, folder->name);
	/* Refused also when another program was quicker. */
	if (code == MAILIMAP_ERROR_CREATE && list_folders(s, folder->name, &folder->exists, NULL))
		return -1;
	if (!folder->exists && imap_check(s, code, "making folder", folder->written))
		return -1;
	folder->exists = true;
	imap_expect(s, IMAP_ANSWER_MAX);
	code = mailimap_subscribe(s->imap, folder->name);
	return code == MAILIMAP_ERROR_SUBSCRIBE
		? 0
		: imap_check(s, code, "subscribing to folder", folder->written);
}

/*
 * libetpan would say LOGOUT and go on reading on a stream that is already lost, so a lost one is
 * taken from it first.
 */
void imap_session_close(struct imap_session *s)
{
	if (s->imap) {
		if (s->imap->imap_stream && !s->broken) {
			imap_expect(s, IMAP_ANSWER_MAX);
			mailimap_logout(s->imap);
		}
		if (s->imap->imap_stream) {
			mailstream_close(s->imap->imap_stream);
			s->imap->imap_stream = NULL;
		}
		explicit_bzero(s->imap->imap_stream_buffer->str, s->imap->imap_stream_buffer->len);
		mailimap_free(s->imap);
		s->imap = NULL;
	}
	stream_close(s->stream);
	s->stream = NULL;
}
