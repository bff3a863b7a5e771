/* Capabilities, TLS and login of a POP3 session. */
#include "poller/mailbox/greeting.h"
#include "poller/mailbox/pop3session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "poller/mailbox/secret.h"

enum {
	PORT_TLS = 995,
	PORT_PLAIN = 110,
	AUTH_LINE_MAX = 255, /* RFC 5034 section 4, with CRLF */
};

static bool next_word(struct span *rest, struct span *word)
{
	*rest = span_trim(*rest);
	word->p = rest->p;
	word->n = 0;
	while (rest->n && *rest->p != ' ' && *rest->p != '\t')
		rest->p++, rest->n--, word->n++;
	return word->n;
}

static void note_capability(struct pop3 *p)
{
	struct span rest = span_of(p->line), word;
	if (!next_word(&rest, &word))
		return;
	p->can.uidl |= span_equal_nocase(word, SPAN("UIDL"));
	p->can.pipelining |= span_equal_nocase(word, SPAN("PIPELINING"));
	if (!span_equal_nocase(word, SPAN("SASL")))
		return;
	while (next_word(&rest, &word)) {
		p->can.plain |= span_equal_nocase(word, SPAN("PLAIN"));
		p->can.xoauth2 |= span_equal_nocase(word, SPAN("XOAUTH2"));
	}
}

/* Asks anew and forgets what was said before. A server without CAPA has none of them. */
static int pop3_ask_capabilities(struct pop3 *p)
{
	unsigned lines = 0;
	int result = 0;
	memset(&p->can, 0, sizeof p->can);
	enum reply reply = pop3_command(p, "CAPA");
	if (reply == REPLY_BROKEN)
		return -1;
	if (reply == REPLY_OK)
		while ((result = pop3_list_line(p, &lines)) > 0)
			note_capability(p);
	return result;
}

static int start_tls(struct pop3 *p)
{
	/*
	 * A server that does not announce STLS is asked all the same: without TLS there is no
	 * login.
	 */
	enum reply reply = pop3_command(p, "STLS");
	if (reply == REPLY_ERR)
		return pop3_broken(p, "the server does not offer STLS");
	if (reply != REPLY_OK)
		return -1;
	/* Said before TLS and meant to be taken for what is said under it. */
	if (p->begin != p->end)
		return pop3_broken(p, "plain text after the answer to STLS");
	if (stream_start_tls(p->stream))
		return pop3_broken(p, stream_error(p->stream));
	return pop3_ask_capabilities(p);
}

static int login_reply(struct pop3 *p, enum reply reply)
{
	if (reply == REPLY_OK)
		return 0;
	if (reply == REPLY_BROKEN)
		return -1;
	const struct pop3_meaning *m = pop3_find_meaning(p);
	p->base.refused = !m || m->trouble == TROUBLE_LOGIN; /* not: in use, or not now */
	return pop3_broken(p, m ? m->means : "login refused");
}

/* RFC 1939 section 7. */
static int login_user(struct pop3 *p, const char *user, const char *password)
{
	size_t size = strlen(user) + strlen(password) + 16;
	char *line = sodium_malloc(size);
	int result = -1;
	if (!line)
		return pop3_broken(p, "no memory");
	if (strpbrk(user, "\r\n") || strpbrk(password, "\r\n")) {
		pop3_broken(p, "a line end in user or password");
		goto out;
	}
	int n = snprintf(line, size, "USER %s\r\n", user);
	if (pop3_send(p, line, (size_t)n) || login_reply(p, pop3_reply(p)))
		goto out;
	n = snprintf(line, size, "PASS %s\r\n", password);
	if (pop3_send(p, line, (size_t)n) || login_reply(p, pop3_reply(p)))
		goto out;
	result = 0;
out:
	sodium_free(line);
	return result;
}

/*
 * RFC 5034: with the first line when that is short enough, else after the server's "+". A server
 * that asks again (XOAUTH2 tells its error so) gets an empty answer and then says -ERR.
 */
static int login_sasl(struct pop3 *p, const char *mechanism, const char *text, size_t n)
{
	size_t length = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL),
	       size = length + 64;
	char *line = sodium_malloc(size), *encoded = sodium_malloc(length);
	enum reply reply = REPLY_BROKEN;
	int result = -1;
	if (!line || !encoded) {
		pop3_broken(p, "no memory");
		goto out;
	}
	sodium_bin2base64(
		encoded, length, (const unsigned char *)text, n, sodium_base64_VARIANT_ORIGINAL);
	int sent = snprintf(line, size, "AUTH %s %s\r\n", mechanism, encoded);
	bool at_once = sent <= AUTH_LINE_MAX;
	if (!at_once)
		sent = snprintf(line, size, "AUTH %s\r\n", mechanism);
	if (pop3_send(p, line, (size_t)sent))
		goto out;
	reply = pop3_reply(p);
	if (reply == REPLY_CONTINUE && !at_once) {
		sent = snprintf(line, size, "%s\r\n", encoded);
		if (pop3_send(p, line, (size_t)sent))
			goto out;
		reply = pop3_reply(p);
	}
	if (reply == REPLY_CONTINUE) {
		if (pop3_send(p, "\r\n", 2))
			goto out;
		reply = pop3_reply(p);
	}
	result = login_reply(p, reply);
out:
	sodium_free(line);
	sodium_free(encoded);
	return result;
}

static int login_plain(struct pop3 *p, const char *user, const char *password)
{
	size_t n = strlen(user), m = strlen(password);
	char *text = sodium_malloc(n + m + 2); /* NUL user NUL password: RFC 4616 */
	if (!text)
		return pop3_broken(p, "no memory");
	text[0] = text[n + 1] = '\0';
	memcpy(text + 1, user, n);
	memcpy(text + n + 2, password, m);
	int result = login_sasl(p, "PLAIN", text, n + m + 2);
	sodium_free(text);
	return result;
}

static int login_xoauth2(struct pop3 *p, const char *user, const char *token)
{
	size_t size = strlen(user) + strlen(token) + 32;
	char *text = sodium_malloc(size);
	if (!text)
		return pop3_broken(p, "no memory");
	int n = snprintf(text, size, "user=%s\001auth=Bearer %s\001\001", user, token);
	int result = login_sasl(p, "XOAUTH2", text, (size_t)n);
	sodium_free(text);
	return result;
}

static int login(struct pop3 *p, const char *password)
{
	const char *user = p->mailbox->user ? p->mailbox->user : "";
	/* Without TLS the stream has made sure that this is a loopback address. */
	if (p->mailbox->tls != TLS_NONE && !stream_is_tls(p->stream))
		return pop3_broken(p, "no login without TLS");
	switch (p->mailbox->auth) {
	case AUTH_XOAUTH2:
		if (!p->can.xoauth2)
			return pop3_broken(p, "the server does not offer XOAUTH2");
		return login_xoauth2(p, user, password);
	case AUTH_PLAIN:
		return p->can.plain ? login_plain(p, user, password)
				    : login_user(p, user, password);
	case AUTH_LOGIN:
		return login_user(p, user, password);
	default:
		return pop3_broken(p, "over POP3 there is auth = plain, login and xoauth2 only");
	}
}

/* STAT's two numbers. */
static int stat_maildrop(struct pop3 *p)
{
	enum reply reply = pop3_command(p, "STAT");
	if (reply == REPLY_ERR)
		return pop3_broken(p, pop3_meaning(p, "STAT refused"));
	if (reply != REPLY_OK)
		return -1;
	if (sscanf(p->line, "+OK %" SCNu64 " %" SCNu64, &p->count, &p->octets) != 2)
		return pop3_broken(p, "the answer to STAT is not POP3's");
	return 0;
}

/* Another connection, up to STAT. */
int pop3_connect(struct pop3 *p, const char *password, int64_t deadline)
{
	const struct mailbox *m = p->mailbox;
	int standard = m->tls == TLS_IMPLICIT ? PORT_TLS : PORT_PLAIN;
	struct stream_options where = {
		.host = m->host,
		.port = (uint16_t)(m->port ? m->port : standard),
		.tls = (enum tls)m->tls,
		.ca_file = m->ca_file,
		.timeout = m->timeout,
		.deadline = deadline,
	};
	char text[GREETING_TEXT_SIZE], why[GREETING_TEXT_SIZE + 32];
	p->begin = p->end = 0;
	if (stream_open(&p->stream, &where))
		return p->stream ? pop3_refused(p, stream_error(p->stream))
				 : pop3_refused(p, "no memory");
	p->usable = true;
	enum reply greeting = pop3_reply(p);
	if (greeting_mistaken(stream_speaks(p->stream), "POP3", text)) {
		snprintf(why, sizeof why, "the answer is not POP3's: %s", text);
		return pop3_refused(p, why);
	}
	if (greeting == REPLY_ERR)
		return pop3_broken(p, pop3_meaning(p, "the server does not want us now"));
	if (greeting != REPLY_OK)
		return greeting == REPLY_BROKEN ? -1 : pop3_broken(p, "the answer is not POP3's");
	if (m->tls == TLS_STARTTLS ? start_tls(p) : pop3_ask_capabilities(p))
		return -1;
	p->base.facts.certificate_end = stream_certificate_end(p->stream);
	p->base.facts.deleting = DELETING_UNTOLD;
	if (login(p, password))
		return -1;
	p->logged_in = true;
	/* What a server can do may change with the login (RFC 2449 section 5). */
	return pop3_ask_capabilities(p) || stat_maildrop(p) ? -1 : 0;
}
