/*
 * SMTP submission (RFC 5321, RFC 6409) by libetpan on our stream: EHLO, STARTTLS
 * (RFC 3207), EHLO again, AUTH (RFC 4954), MAIL, RCPT, DATA, QUIT. Either every
 * recipient is accepted or the mail is not sent. Or a sendmail command carries it.
 *
 * What the server says is repeated in errors only redacted, because it quotes addresses.
 */
#include "poller/post/carrier.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/redact.h"
#include "poller/mailbox/greeting.h"
#include "poller/post/sendmail.h"

/*
 * Exported by libetpan, in a header that it does not install. Its own EHLO can only say the host's
 * name.
 */
int mailsmtp_send_command(mailsmtp *session, char *command);
int mailsmtp_read_response(mailsmtp *session);
int mailesmtp_parse_ehlo(mailsmtp *session);

enum {
	SMTP_ANSWER_MAX = 65536, /* bytes of all answers to one command */
	SMTP_PATH_MAX = 320,     /* of an address: libetpan cuts command lines at 512 bytes */
	SMTP_HELO_MAX = 255,
	SMTP_CREDENTIALS_MAX = 360, /* user and password: what fits into one such line in base64 */
	SMTP_WORDS_SIZE = 200,      /* of what the server says, in an error */
	PROBE_SIZE = 262144,        /* bytes of a report's mail, about, which is not sent */
};

struct smtp {
	const struct carrier_options *options;
	struct stream *stream;
	mailsmtp *session;
	char *error;
	size_t size;
};

static int carrier_failed(const struct smtp *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int check_reply(const struct smtp *s, int code, const char *what);
static bool plain_ascii(const char *text, size_t max);
static int check_options(const struct smtp *s);
static int check_mail(const struct smtp *s, struct span mail);
static int open_session(struct smtp *s);
static int say_ehlo(struct smtp *s);
static int smtp_protect(struct smtp *s);
static int smtp_log_in(struct smtp *s);
static int name_parties(struct smtp *s, size_t size);
static int carry_mail(struct smtp *s, struct span mail);
static void close_session(struct smtp *s);

static int carrier_failed(const struct smtp *s, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(s->error, s->size, "%s:%u: ", s->options->stream.host,
		(unsigned)s->options->stream.port);

	if (n >= 0 && (size_t)n < s->size) {
		va_start(arguments, format);
		vsnprintf(s->error + n, s->size - (size_t)n, format, arguments);
		va_end(arguments);
	}
	return -1;
}

static int check_reply(const struct smtp *s, int code, const char *what)
{
	char words[SMTP_WORDS_SIZE];

	if (code == MAILSMTP_NO_ERROR)
		return 0;
	if (*stream_error(s->stream))
		return carrier_failed(s, "%s: %s", what, stream_error(s->stream));
	if (code == MAILSMTP_ERROR_MEMORY)
		return carrier_failed(s, "%s: no memory", what);
	if (s->session->response_code < 400 || s->session->response_code > 599)
		return carrier_failed(s, "%s: the server's answer breaks the protocol", what);
	redact(words, sizeof words, span_of(s->session->response), NULL, NULL);
	return carrier_failed(
		s, "%s: refused by the server: %d %s", what, s->session->response_code, words);
}

/* What may stand in a command: printable, no blanks, no angle brackets, not too long. */
static bool plain_ascii(const char *text, size_t max)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '<' || text[i] == '>')
			return false;
	return n <= max;
}

static int check_options(const struct smtp *s)
{
	const struct carrier_options *o = s->options;
	const char *wrong =
		"cannot be sent by SMTP (blanks, line breaks, beyond ASCII, or too long)";

	if (!o->stream.host)
		return carrier_failed(s, "no SMTP server is set");
	if (!plain_ascii(o->from, SMTP_PATH_MAX))
		return carrier_failed(s, "the sender's address %s", wrong);
	for (size_t i = 0; o->to[i]; i++)
		if (!*o->to[i] || !plain_ascii(o->to[i], SMTP_PATH_MAX))
			return carrier_failed(s, "recipient %zu %s", i + 1, wrong);
	if (o->helo && (!*o->helo || !plain_ascii(o->helo, SMTP_HELO_MAX)))
		return carrier_failed(s, "the EHLO name %s", wrong);
	if (o->user && !o->secret)
		return carrier_failed(s, "a user without a password");
	if (o->user && (strpbrk(o->user, "\r\n") || strpbrk(o->secret, "\r\n")))
		return carrier_failed(s, "a line break in user or password");
	if (o->user && !o->oauth2 && strlen(o->user) + strlen(o->secret) > SMTP_CREDENTIALS_MAX)
		return carrier_failed(
			s, "user and password are longer than %d bytes", SMTP_CREDENTIALS_MAX);
	return 0;
}

static int open_session(struct smtp *s)
{
	char text[GREETING_TEXT_SIZE];
	const char *mistaken;
	mailstream *over;
	int code;

	if (stream_open(&s->stream, &s->options->stream))
		return carrier_failed(s, "%s", stream_error(s->stream));
	mmap_string_set_ceil(SIZE_MAX); /* beyond it libetpan moves strings into files under /tmp */
	s->session = mailsmtp_new(0, NULL);
	over = s->session ? stream_mailstream(s->stream) : NULL;
	if (!over)
		return carrier_failed(s, "no memory");
	stream_allow(s->stream, SMTP_ANSWER_MAX);
	code = mailsmtp_connect(s->session, over);
	if ((mistaken = greeting_mistaken(stream_speaks(s->stream), "SMTP", text)) != NULL)
		return carrier_failed(s, "greeting: %s", mistaken);
	if (check_reply(s, code, "greeting") || say_ehlo(s))
		return -1;
	if (s->options->stream.tls == TLS_STARTTLS && smtp_protect(s))
		return -1;
	return s->options->user ? smtp_log_in(s) : 0;
}

static int say_ehlo(struct smtp *s)
{
	char command[SMTP_HELO_MAX + sizeof "EHLO \r\n"];
	int code;

	stream_allow(s->stream, SMTP_ANSWER_MAX);
	if (!s->options->helo)
		return check_reply(s, mailesmtp_ehlo(s->session), "EHLO");
	snprintf(command, sizeof command, "EHLO %s\r\n", s->options->helo);
	if (mailsmtp_send_command(s->session, command) == -1)
		return check_reply(s, MAILSMTP_ERROR_STREAM, "EHLO");
	code = mailsmtp_read_response(s->session) == 250 ? mailesmtp_parse_ehlo(s->session)
							 : MAILSMTP_ERROR_UNEXPECTED_CODE;
	return check_reply(s, code, "EHLO");
}

/*
 * What was offered before TLS is forgotten: EHLO again sets all flags anew (RFC 3207 section 4.2).
 */
static int smtp_protect(struct smtp *s)
{
	int code;

	stream_allow(s->stream, SMTP_ANSWER_MAX);
	code = mailesmtp_starttls(s->session);
	if (code == MAILSMTP_ERROR_STARTTLS_NOT_SUPPORTED)
		return carrier_failed(s, "the server does not offer STARTTLS");
	/*
	 * Where something stands behind the answer, stream_start_tls() says what is wrong better
	 * than libetpan's code does.
	 */
	if (!s->session->stream->read_buffer_len && check_reply(s, code, "STARTTLS"))
		return -1;
	if (stream_start_tls(s->stream))
		return carrier_failed(s, "%s", stream_error(s->stream));
	return say_ehlo(s);
}

static int smtp_log_in(struct smtp *s)
{
	static const struct {
		int offered;
		const char *mechanism;
	} mechanisms[] = {
		{ MAILSMTP_AUTH_PLAIN, "PLAIN" },
		{ MAILSMTP_AUTH_LOGIN, "LOGIN" },
		{ MAILSMTP_AUTH_CRAM_MD5, "CRAM-MD5" },
	};
	const struct carrier_options *o = s->options;
	size_t i = 0;

	if (o->stream.tls != TLS_NONE && !stream_is_tls(s->stream))
		return carrier_failed(s, "no TLS: nothing is sent");
	stream_allow(s->stream, SMTP_ANSWER_MAX);
	if (o->oauth2)
		return check_reply(s, mailsmtp_oauth2_authenticate(s->session, o->user, o->secret),
			"AUTH XOAUTH2");
	while (i < sizeof mechanisms / sizeof mechanisms[0] &&
		!(s->session->auth & mechanisms[i].offered))
		i++;
	if (i == sizeof mechanisms / sizeof mechanisms[0])
		return carrier_failed(
			s, "the server offers no AUTH that we know (PLAIN, LOGIN, CRAM-MD5)");
	s->session->response_code = 0;
	if (mailesmtp_auth_sasl(s->session, mechanisms[i].mechanism, o->stream.host, NULL, NULL, "",
		    o->user, o->secret, "") == MAILSMTP_NO_ERROR)
		return 0;
	if (!s->session->response_code && !*stream_error(s->stream))
		return carrier_failed(s,
			"the SASL library here lacks %s (package libsasl2-modules)",
			mechanisms[i].mechanism);
	return check_reply(s, MAILSMTP_ERROR_AUTH_LOGIN, "login");
}

/* The sender and every recipient, of a mail of SIZE bytes. */
static int name_parties(struct smtp *s, size_t size)
{
	const struct carrier_options *o = s->options;
	char what[64];

	stream_allow(s->stream, SMTP_ANSWER_MAX);
	if (check_reply(s, mailesmtp_mail_size(s->session, o->from, 0, NULL, size), "sender"))
		return -1;
	for (size_t i = 0; o->to[i]; i++) {
		snprintf(what, sizeof what, "recipient %zu", i + 1);
		stream_allow(s->stream, SMTP_ANSWER_MAX);
		if (check_reply(s, mailsmtp_rcpt(s->session, o->to[i]), what))
			return -1;
	}
	return 0;
}

static int carry_mail(struct smtp *s, struct span mail)
{
	if ((s->session->esmtp & MAILSMTP_ESMTP_SIZE) && s->session->smtp_max_msg_size &&
		mail.n > s->session->smtp_max_msg_size)
		return carrier_failed(s, "the mail has %zu bytes, the server takes %zu", mail.n,
			s->session->smtp_max_msg_size);
	if (name_parties(s, mail.n))
		return -1;
	stream_allow(s->stream, SMTP_ANSWER_MAX);
	if (check_reply(s, mailsmtp_data(s->session), "DATA"))
		return -1;
	/* libetpan ends every mail with a line end of its own before the dot. */
	if (mail.n > 2 && !memcmp(mail.p + mail.n - 2, "\r\n", 2))
		mail.n -= 2;
	s->session->response_code = 0;
	int code = mailsmtp_data_message(s->session, mail.p, mail.n);
	bool answered = s->session->response_code >= 400 && s->session->response_code < 600;
	if (!check_reply(s, code, "the mail"))
		return 0;
	return answered || code == MAILSMTP_ERROR_MEMORY || !stream_sent_all(s->stream)
		? -1
		: CARRY_UNANSWERED;
}

/* QUIT is said without waiting for its answer; on a lost stream the write fails at once. */
static void close_session(struct smtp *s)
{
	if (s->session) {
		if (s->session->stream)
			mailsmtp_quit(s->session);
		mailsmtp_free(s->session);
	}
	stream_close(s->stream);
}

/* RFC 5321 section 4.5.2: a line may hold any character but NUL. */
static int check_mail(const struct smtp *s, struct span mail)
{
	if (!mail.n || mail.n > UINT32_MAX || memchr(mail.p, '\0', mail.n))
		return carrier_failed(s, "the mail is empty, too large, or has a NUL");
	return 0;
}

int carry(const struct carrier_options *options, struct span mail, char *error, size_t size)
{
	struct smtp s = { .options = options, .error = error, .size = size };
	int result = -1;

	if (!options->to || !options->to[0]) {
		snprintf(error, size, "nobody to send to");
		return -1;
	}
	if (options->sendmail)
		return sendmail_carry(options->sendmail, !*options->from, mail, error, size);
	if (check_options(&s) == 0 && check_mail(&s, mail) == 0 && open_session(&s) == 0)
		result = carry_mail(&s, mail);
	close_session(&s);
	return result;
}

int carrier_probe(const struct carrier_options *options, char *error, size_t size)
{
	struct smtp s = { .options = options, .error = error, .size = size };
	int result = -1;

	if (options->sendmail)
		return sendmail_probe(options->sendmail, error, size);
	if (check_options(&s) == 0 && open_session(&s) == 0)
		result = name_parties(&s, PROBE_SIZE);
	close_session(&s);
	return result;
}
