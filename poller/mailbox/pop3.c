/*
 * The POP3 source: RFC 1939 with CAPA and PIPELINING (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034)
 * and XOAUTH2, on our own stream.
 *
 * The server is not trusted: every line, list and message has a limit, a message number means
 * nothing but itself, and text of the server is not passed on, for it may name the user.
 *
 * Messages are marked by DELE after they were stored, but only QUIT's +OK makes the
 * deletions true (RFC 1939 section 6), and only then they count as deleted. So there is a QUIT and
 * another connection after some thousand of them; messages are known again by their UIDL.
 * There are no folders: what is not deleted stays, and is known again by its UIDL.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "poller/mailbox/local.h"
#include "poller/mailbox/secret.h"
#include "poller/mailbox/stream.h"

enum {
	PORT_TLS = 995,
	PORT_PLAIN = 110,
	INPUT_SIZE = 1 << 16,
	LINE_MAX_BYTES = 1024,    /* RFC 2449 section 4: 512; what a line has beyond is dropped */
	LINE_DROP_MAX = 1 << 16,  /* and this is an endless line */
	LIST_LINES_MAX = 5000000, /* lines of one listing */
	MESSAGES_MAX = 500000,    /* messages of one session; more wait for the next run */
	MESSAGE_OCTETS_MAX = 1 << 30, /* an endless message */
	RETR_DEPTH = 32,              /* commands on their way */
	DELE_DEPTH = 256,    /* their answers are short: all of them fit the buffers between us */
	AUTH_LINE_MAX = 255, /* RFC 5034 section 4, with CRLF */
	COMMANDS_SIZE = DELE_DEPTH * 20, /* "RETR 2147483647" each */
	WANTED_WINDOW = 1024,
	MARKED_MAX = 2000,      /* deletions that one QUIT is to make true; then there is another
				   connection */
	CONNECTIONS_MAX = 1000, /* of one visit, */
	CUTS_MAX = 5,           /* and how many of them may be lost */
	READING_PERCENT = 60,   /* of the deadline: the rest is for settling what was read */
};

/*
 * One message of the maildrop. Its place in the list is what the run knows it by; numbers are those
 * of one connection.
 */
struct listed {
	uint32_t number; /* 0: this connection does not have it */
	unsigned char id[SOURCE_ID_SIZE];
	bool asked, gone; /* its DELE was agreed to in this connection; and the QUIT of one */
};

struct pop3 {
	struct source base;
	const struct mailbox *mailbox;
	uint64_t max_message;
	bool stays;
	struct stream *stream;
	bool usable; /* the connection is in step: a command may be sent */
	bool logged_in;
	uint64_t marked;    /* DELE was agreed to since the last QUIT */
	uint64_t confirmed; /* deleted by a QUIT that was agreed to, and not told yet */
	char *password;     /* for another connection */
	double began;       /* of the visit, clock_monotonic() */
	unsigned connections;
	bool unfinished; /* the visit was ended before its deadline */
	size_t cut_at;   /* the last connection was lost at this message of the list; SIZE_MAX: none
			    was */
	struct {
		bool pipelining, uidl, plain, xoauth2;
	} can;
	uint64_t count, octets; /* STAT */
	struct listed *list;
	size_t listed, capacity, at;
	bool have_list;
	unsigned refused;         /* RETRs */
	size_t empty[RETR_DEPTH]; /* of the list: what came empty */
	unsigned empties;
	bool emptied_not; /* what was deleted is there again */
	bool reading;     /* a message is on its way: what ends the connection then may be the
			   message */
	unsigned cuts;
	size_t begin, end; /* of what was received and not read */
	struct wiped message;
	char line[LINE_MAX_BYTES + 1];
	char name[32];
	char input[INPUT_SIZE];
};

/* --- lines ---------------------------------------------------------------- */

/* The connection is lost or out of step; says why. */
static int broken(struct pop3 *p, const char *why)
{
	p->usable = false;
	return source_fail(
		&p->base, "%s:%u: %s", p->mailbox->host, (unsigned)p->mailbox->port, why);
}

/* The connection still stands, but the server did not do what it was asked. */
static int refused(struct pop3 *p, const char *what)
{
	return source_fail(
		&p->base, "%s:%u: %s", p->mailbox->host, (unsigned)p->mailbox->port, what);
}

/* Receives more. 0, or -1 with the error text. */
static int receive(struct pop3 *p)
{
	if (p->begin == p->end)
		p->begin = p->end = 0;
	if (p->end == INPUT_SIZE) {
		memmove(p->input, p->input + p->begin, p->end - p->begin);
		p->end -= p->begin;
		p->begin = 0;
	}
	ssize_t n = stream_read(p->stream, p->input + p->end, INPUT_SIZE - p->end);
	if (n <= 0)
		return broken(p, stream_error(p->stream));
	p->end += (size_t)n;
	return 0;
}

/* Reads a line into p->line, without its end. 0, or -1 with the error text. */
static int read_line(struct pop3 *p)
{
	size_t length = 0, dropped = 0;
	for (;;) {
		if (p->begin == p->end && receive(p))
			return -1;
		char *from = p->input + p->begin;
		size_t n = p->end - p->begin;
		const char *end = memchr(from, '\n', n);
		size_t whole = end ? (size_t)(end - from) + 1 : n, part = whole - (end != NULL);
		size_t fits = part < LINE_MAX_BYTES - length ? part : LINE_MAX_BYTES - length;
		memcpy(p->line + length, from, fits);
		length += fits;
		dropped += part - fits;
		p->begin += whole;
		if (end)
			break;
		if (dropped > LINE_DROP_MAX)
			return broken(p, "the server sends an endless line");
	}
	if (length && p->line[length - 1] == '\r')
		length--;
	p->line[length] = '\0';
	return 0;
}

static int send_text(struct pop3 *p, const char *text, size_t n)
{
	return stream_write(p->stream, text, n) ? broken(p, stream_error(p->stream)) : 0;
}

static bool is_ok(const struct pop3 *p)
{
	return !strncmp(p->line, "+OK", 3) && (!p->line[3] || p->line[3] == ' ');
}

/*
 * Whose trouble it is when a server says no: it passes by itself, the server's administrator has to
 * act, or the user and password are wrong.
 */
enum trouble { TROUBLE_UNKNOWN, TROUBLE_PASSES, TROUBLE_SERVER, TROUBLE_LOGIN };

enum reply { REPLY_BROKEN = -1, REPLY_OK, REPLY_ERR, REPLY_CONTINUE };

/* The status line of an answer. REPLY_CONTINUE only while logging in. */
static enum reply read_reply(struct pop3 *p)
{
	if (read_line(p))
		return REPLY_BROKEN;
	if (is_ok(p))
		return REPLY_OK;
	if (!strncmp(p->line, "-ERR", 4))
		return REPLY_ERR;
	if (p->line[0] == '+' && (!p->line[1] || p->line[1] == ' '))
		return REPLY_CONTINUE;
	broken(p, "the answer is not POP3's");
	return REPLY_BROKEN;
}

/* One command without arguments of ours, and its status line. */
static enum reply command(struct pop3 *p, const char *text)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s\r\n", text);
	if (send_text(p, line, (size_t)n))
		return REPLY_BROKEN;
	enum reply reply = read_reply(p);
	if (reply != REPLY_CONTINUE)
		return reply;
	broken(p, "the answer is not POP3's");
	return REPLY_BROKEN;
}

/* The next line of a listing. 1, 0 at its end, -1 with the error text. */
static int read_list_line(struct pop3 *p, unsigned *lines)
{
	if (read_line(p))
		return -1;
	if (!strcmp(p->line, "."))
		return 0;
	if (++*lines > LIST_LINES_MAX)
		return broken(p, "the server sends an endless list");
	return 1;
}

/* What the response code of a -ERR means (RFC 2449 section 8, RFC 3206). */
static const struct meaning {
	const char *code;
	enum trouble trouble;
	const char *means;
} meanings[] = {
	{ "[IN-USE]", TROUBLE_PASSES, "the mailbox is in use by another session" },
	{ "[LOGIN-DELAY]", TROUBLE_PASSES, "the server wants more time between logins" },
	{ "[SYS/TEMP]", TROUBLE_PASSES, "the server has a problem that will pass" },
	{ "[SYS/PERM]", TROUBLE_SERVER, "the server has a problem that needs its administrator" },
	{ "[AUTH]", TROUBLE_LOGIN, "login refused: check user and password" },
};

/* Of the line that was read last; NULL where it has no such code. */
static const struct meaning *find_meaning(const struct pop3 *p)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (span_starts_nocase(span_trim(span_of(p->line + 4)), span_of(meanings[i].code)))
			return &meanings[i];
	return NULL;
}

static const char *meaning(const struct pop3 *p, const char *otherwise)
{
	const struct meaning *m = find_meaning(p);
	return m ? m->means : otherwise;
}

/* --- capabilities, TLS, login --------------------------------------------- */

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
static int ask_capabilities(struct pop3 *p)
{
	unsigned lines = 0;
	int result = 0;
	memset(&p->can, 0, sizeof p->can);
	enum reply reply = command(p, "CAPA");
	if (reply == REPLY_BROKEN)
		return -1;
	if (reply == REPLY_OK)
		while ((result = read_list_line(p, &lines)) > 0)
			note_capability(p);
	return result;
}

static int start_tls(struct pop3 *p)
{
	/*
	 * A server that does not announce STLS is asked all the same: without TLS there is no
	 * login.
	 */
	enum reply reply = command(p, "STLS");
	if (reply == REPLY_ERR)
		return broken(p, "the server does not offer STLS");
	if (reply != REPLY_OK)
		return -1;
	/* Said before TLS and meant to be taken for what is said under it. */
	if (p->begin != p->end)
		return broken(p, "plain text after the answer to STLS");
	if (stream_start_tls(p->stream))
		return broken(p, stream_error(p->stream));
	return ask_capabilities(p);
}

static int login_reply(struct pop3 *p, enum reply reply)
{
	if (reply == REPLY_OK)
		return 0;
	if (reply == REPLY_BROKEN)
		return -1;
	const struct meaning *m = find_meaning(p);
	p->base.refused = !m || m->trouble == TROUBLE_LOGIN; /* not: in use, or not now */
	return broken(p, m ? m->means : "login refused");
}

/* RFC 1939 section 7. */
static int login_user(struct pop3 *p, const char *user, const char *password)
{
	size_t size = strlen(user) + strlen(password) + 16;
	char *line = sodium_malloc(size);
	int result = -1;
	if (!line)
		return broken(p, "no memory");
	if (strpbrk(user, "\r\n") || strpbrk(password, "\r\n")) {
		broken(p, "a line end in user or password");
		goto out;
	}
	int n = snprintf(line, size, "USER %s\r\n", user);
	if (send_text(p, line, (size_t)n) || login_reply(p, read_reply(p)))
		goto out;
	n = snprintf(line, size, "PASS %s\r\n", password);
	if (send_text(p, line, (size_t)n) || login_reply(p, read_reply(p)))
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
		broken(p, "no memory");
		goto out;
	}
	sodium_bin2base64(
		encoded, length, (const unsigned char *)text, n, sodium_base64_VARIANT_ORIGINAL);
	int sent = snprintf(line, size, "AUTH %s %s\r\n", mechanism, encoded);
	bool at_once = sent <= AUTH_LINE_MAX;
	if (!at_once)
		sent = snprintf(line, size, "AUTH %s\r\n", mechanism);
	if (send_text(p, line, (size_t)sent))
		goto out;
	reply = read_reply(p);
	if (reply == REPLY_CONTINUE && !at_once) {
		sent = snprintf(line, size, "%s\r\n", encoded);
		if (send_text(p, line, (size_t)sent))
			goto out;
		reply = read_reply(p);
	}
	if (reply == REPLY_CONTINUE) {
		if (send_text(p, "\r\n", 2))
			goto out;
		reply = read_reply(p);
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
		return broken(p, "no memory");
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
		return broken(p, "no memory");
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
		return broken(p, "no login without TLS");
	switch (p->mailbox->auth) {
	case AUTH_XOAUTH2:
		if (!p->can.xoauth2)
			return broken(p, "the server does not offer XOAUTH2");
		return login_xoauth2(p, user, password);
	case AUTH_PLAIN:
		return p->can.plain ? login_plain(p, user, password)
				    : login_user(p, user, password);
	case AUTH_LOGIN:
		return login_user(p, user, password);
	default:
		return broken(p, "over POP3 there is auth = plain, login and xoauth2 only");
	}
}

/* STAT's two numbers. */
static int stat_maildrop(struct pop3 *p)
{
	enum reply reply = command(p, "STAT");
	if (reply == REPLY_ERR)
		return broken(p, meaning(p, "STAT refused"));
	if (reply != REPLY_OK)
		return -1;
	if (sscanf(p->line, "+OK %" SCNu64 " %" SCNu64, &p->count, &p->octets) != 2)
		return broken(p, "the answer to STAT is not POP3's");
	return 0;
}

/* Another connection, up to STAT. */
static int connect_server(struct pop3 *p, const char *password, int64_t deadline)
{
	const struct mailbox *m = p->mailbox;
	struct stream_options where = {
		.host = m->host,
		.port = (uint16_t)(m->port               ? m->port
				: m->tls == TLS_IMPLICIT ? PORT_TLS
							 : PORT_PLAIN),
		.tls = (enum tls)m->tls,
		.ca_file = m->ca_file,
		.timeout = m->timeout,
		.deadline = deadline,
	};
	p->begin = p->end = 0;
	if (stream_open(&p->stream, &where))
		return p->stream ? refused(p, stream_error(p->stream)) : refused(p, "no memory");
	p->usable = true;
	enum reply greeting = read_reply(p);
	if (greeting == REPLY_ERR)
		return broken(p, meaning(p, "the server does not want us now"));
	if (greeting != REPLY_OK)
		return greeting == REPLY_BROKEN ? -1 : broken(p, "the answer is not POP3's");
	if (m->tls == TLS_STARTTLS ? start_tls(p) : ask_capabilities(p))
		return -1;
	p->base.certificate_end = stream_certificate_end(p->stream);
	if (login(p, password))
		return -1;
	p->logged_in = true;
	/* What a server can do may change with the login (RFC 2449 section 5). */
	return ask_capabilities(p) || stat_maildrop(p) ? -1 : 0;
}

static int pop3_open(struct source **out, const struct source_options *options)
{
	struct pop3 *p = calloc(1, sizeof *p);
	if (!p)
		return *out = NULL, -1;
	*out = &p->base;
	p->base.ops = &source_pop3;
	p->mailbox = options->mailbox;
	p->max_message = options->max_message;
	p->stays = options->stays;
	p->began = clock_monotonic();
	p->cut_at = SIZE_MAX;
	if (sodium_init() < 0)
		return source_fail(&p->base, "libsodium does not start");
	p->password = secret_copy(options->password ? options->password : "");
	if (!p->password)
		return refused(p, "no memory");
	return connect_server(p, p->password, p->mailbox->deadline);
}

/* --- the list of messages ------------------------------------------------- */

static int add_listed(struct pop3 *p, const struct listed *entries, size_t n)
{
	if (p->listed + n > p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 4096;
		struct listed *list = realloc(p->list, capacity * sizeof *list);
		if (!list)
			return broken(p, "no memory");
		p->list = list;
		p->capacity = capacity;
	}
	memcpy(p->list + p->listed, entries, n * sizeof *entries);
	p->listed += n;
	return 0;
}

/* Takes those of N entries that are wanted. */
static int add_wanted(
	struct pop3 *p, struct listed *entries, size_t n, const struct source_sink *sink)
{
	unsigned char ids[WANTED_WINDOW][SOURCE_ID_SIZE], wanted[WANTED_WINDOW];
	size_t kept = 0;
	if (!n)
		return 0;
	if (p->stays && sink->wanted) {
		for (size_t i = 0; i < n; i++)
			memcpy(ids[i], entries[i].id, SOURCE_ID_SIZE);
		if (sink->wanted(
			    sink->context, (const unsigned char(*)[SOURCE_ID_SIZE])ids, n, wanted))
			return broken(p, "stopped");
		for (size_t i = 0; i < n; i++)
			if (wanted[i])
				entries[kept++] = entries[i];
		n = kept;
	}
	if (n > MESSAGES_MAX - p->listed)
		n = MESSAGES_MAX - p->listed;
	return n ? add_listed(p, entries, n) : 0;
}

/* "NUMBER TEXT" of UIDL or LIST. False when it is not that, or the number means nothing. */
static bool parse_listed(const struct pop3 *p, struct listed *out)
{
	char *end;
	if (p->line[0] < '0' || p->line[0] > '9')
		return false;
	unsigned long number = strtoul(p->line, &end, 10);
	struct span id = span_trim(span_of(end));
	if (!number || number > INT32_MAX || *end != ' ' || !id.n)
		return false;
	*out = (struct listed){ .number = (uint32_t)number };
	/* Two servers behind one name do not share their ids. */
	source_remote_id(out->id, span_of(p->mailbox->host), id);
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* In the order of the mailbox, each number once. */
static void sort_list(struct pop3 *p)
{
	size_t n = 0;
	if (p->listed)
		qsort(p->list, p->listed, sizeof *p->list, by_number);
	for (size_t i = 0; i < p->listed; i++)
		if (!n || p->list[n - 1].number != p->list[i].number)
			p->list[n++] = p->list[i];
	p->listed = n;
}

/* UIDL where there is one; else LIST, which tells the numbers. */
static int read_list(struct pop3 *p, const struct source_sink *sink)
{
	struct listed window[WANTED_WINDOW];
	size_t n = 0;
	unsigned lines = 0;
	int result;
	p->have_list = true;
	if (!p->count)
		return 0;
	enum reply reply = p->can.uidl || p->stays ? command(p, "UIDL") : REPLY_ERR;
	if (reply == REPLY_ERR && p->stays)
		return refused(p,
			"the server has no UIDL: mail that stays there cannot be told from new mail; use delete for processed, "
			"unrecognised and quarantine");
	if (reply == REPLY_ERR)
		reply = command(p, "LIST");
	if (reply == REPLY_ERR)
		return refused(p, meaning(p, "LIST refused"));
	if (reply != REPLY_OK)
		return -1;
	while ((result = read_list_line(p, &lines)) > 0) {
		n += parse_listed(p, &window[n]);
		if (n < WANTED_WINDOW)
			continue;
		if (add_wanted(p, window, n, sink))
			return -1;
		n = 0;
	}
	if (result || add_wanted(p, window, n, sink))
		return -1;
	sort_list(p);
	return 0;
}

/* --- one message ---------------------------------------------------------- */

/* Sees to it that N bytes can be looked at. */
static int have(struct pop3 *p, size_t n)
{
	while (p->end - p->begin < n)
		if (receive(p))
			return -1;
	return 0;
}

static int keep(struct pop3 *p, const char *bytes, size_t n)
{
	struct wiped *m = &p->message;
	size_t room = (size_t)p->max_message - m->n;
	if (n > room)
		n = room;
	if (m->n + n > m->capacity) {
		size_t capacity = 2 * (m->n + n) + INPUT_SIZE;
		if (wiped_grow(m, capacity < p->max_message ? capacity : (size_t)p->max_message))
			return broken(p, "no memory");
	}
	if (n)
		memcpy(m->p + m->n, bytes, n);
	m->n += n;
	return 0;
}

/*
 * At the beginning of a line: 1 when it is the message's last, ".", which is read; 0 when it is
 * not, and the dot that was put before another is gone.
 */
static int dot_line(struct pop3 *p)
{
	if (have(p, 1))
		return -1;
	if (p->input[p->begin] != '.')
		return 0;
	if (have(p, 2))
		return -1;
	size_t n = p->input[p->begin + 1] == '\n' ? 2 : 0;
	if (p->input[p->begin + 1] == '\r') {
		if (have(p, 3))
			return -1;
		n = p->input[p->begin + 2] == '\n' ? 3 : 0;
	}
	p->begin += n ? n : 1;
	return n != 0;
}

/*
 * Reads a message into p->message, as much of it as is allowed; *SIZE is all of it. 0, or -1 with
 * the error text.
 */
static int read_message(struct pop3 *p, uint64_t *size)
{
	bool line_begins = true;
	p->message.n = 0;
	*size = 0;
	for (;;) {
		int last = line_begins ? dot_line(p) : have(p, 1);
		if (last < 0)
			return -1;
		if (last)
			return 0;
		if (have(p, 1))
			return -1;
		const char *from = p->input + p->begin;
		size_t n = p->end - p->begin;
		const char *end = memchr(from, '\n', n);
		line_begins = end != NULL;
		if (end)
			n = (size_t)(end - from) + 1;
		if (keep(p, from, n))
			return -1;
		*size += n;
		p->begin += n;
		if (*size > MESSAGE_OCTETS_MAX)
			return broken(p, "the server sends an endless message");
	}
}

/* A message that is there and cannot be had: named, and left where it is. */
static int say_stuck(
	struct pop3 *p, const struct listed *l, const char *why, const struct source_sink *sink)
{
	struct source_message m = { .id = (uint64_t)(l - p->list) + 1, .name = p->name };
	snprintf(p->name, sizeof p->name, "message %" PRIu32, l->number);
	memcpy(m.remote_id, l->id, SOURCE_ID_SIZE);
	return sink->stuck && sink->stuck(sink->context, &m, why) ? refused(p, "stopped") : 0;
}

static int hand_out(struct pop3 *p, const struct listed *l, uint64_t size,
	const struct source_sink *sink, size_t *given)
{
	snprintf(p->name, sizeof p->name, "message %" PRIu32, l->number);
	struct source_message m = {
		.id = (uint64_t)(l - p->list) + 1,
		.size = size,
		.truncated = p->message.n < size,
		.bytes = { p->message.n ? p->message.p : "", p->message.n },
		.name = p->name,
	};
	memcpy(m.remote_id, l->id, SOURCE_ID_SIZE);
	++*given;
	return sink->message(sink->context, &m) ? refused(p, "stopped") : 0;
}

/*
 * What came empty: a message of no bytes by the server's own account, or one that it cannot give.
 * Asked when no other answer is under way.
 */
static int judge_empty(struct pop3 *p, const struct source_sink *sink, size_t *given)
{
	while (p->empties) {
		const struct listed *l = &p->list[p->empty[p->empties - 1]];
		uint64_t size = 1;
		char line[32];
		if (!l->number) { /* gone with the connection before */
			p->empties--;
			continue;
		}
		snprintf(line, sizeof line, "LIST %" PRIu32, l->number);
		enum reply reply = command(p, line);
		if (reply == REPLY_BROKEN)
			return -1;
		if (reply == REPLY_OK && sscanf(p->line, "+OK %*u %" SCNu64, &size) != 1)
			size = 1;
		p->message.n = 0;
		p->empties--;
		if (size ? say_stuck(p, l, "the server gives an empty text for it", sink)
			 : hand_out(p, l, 0, sink, given))
			return -1;
	}
	return 0;
}

/*
 * Reads the answer to a RETR and hands the message out; with a SINK of NULL only reads it. *GIVEN
 * counts. 0, or -1 with the error text.
 */
static int take_message(
	struct pop3 *p, const struct listed *l, const struct source_sink *sink, size_t *given)
{
	uint64_t size;
	p->reading = true;
	enum reply reply = read_reply(p);
	if (reply == REPLY_CONTINUE)
		return broken(p, "the answer is not POP3's");
	if (reply == REPLY_BROKEN)
		return -1;
	if (reply == REPLY_ERR) {
		p->reading = false;
		p->refused++;
		return sink ? say_stuck(p, l, meaning(p, "the server refuses to hand it out"), sink)
			    : 0;
	}
	if (read_message(p, &size))
		return -1;
	p->reading = false;
	if (!sink)
		return 0;
	if (!size && p->empties < RETR_DEPTH) {
		p->empty[p->empties++] = (size_t)(l - p->list);
		return 0;
	}
	if (source_is_placeholder((struct span){ p->message.p, p->message.n }))
		return say_stuck(p, l,
			"the server gives a notice in its place, that it cannot be converted",
			sink);
	return hand_out(p, l, size, sink, given);
}

/* Sends the command NAME for N messages, at most DELE_DEPTH, in one write. */
static int send_for(struct pop3 *p, const char *name, const uint32_t *numbers, size_t n)
{
	char text[COMMANDS_SIZE];
	size_t length = 0;
	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(text + length, sizeof text - length,
			"%s %" PRIu32 "\r\n", name, numbers[i]);
	return send_text(p, text, length);
}

/*
 * Every answer belongs to its command: one too many would have each message taken for the one
 * before it, and the last deleted unread. A server that refuses a message is asked once more, for
 * what it says next shows whether it is in step.
 */
static int stay_in_step(struct pop3 *p, bool refused_one)
{
	enum reply reply = p->begin == p->end && refused_one ? command(p, "NOOP") : REPLY_OK;
	if (reply == REPLY_BROKEN)
		return -1;
	return p->begin != p->end || reply == REPLY_CONTINUE
		? broken(p, "the server answers what it was not asked")
		: 0;
}

static bool time_is_up(const struct pop3 *p)
{
	return p->mailbox->deadline &&
		clock_monotonic() - p->began > (double)p->mailbox->deadline * READING_PERCENT / 100;
}

/*
 * RETR of the next messages up to UNTIL of the list, pipelined: whenever half of the window was
 * answered, it is filled again.
 */
static int retrieve(struct pop3 *p, size_t until, const struct source_sink *sink, size_t *given)
{
	size_t depth = p->can.pipelining ? RETR_DEPTH : 1, sent = p->at;
	unsigned refused_before = p->refused;
	int result = 0;
	while (p->at < until) {
		if (!result && time_is_up(p)) {
			p->unfinished = true;
			until = sent; /* what is on its way is read, no more is asked for */
		}
		if (!result && !p->empties && sent < until && sent - p->at <= depth / 2) {
			uint32_t numbers[RETR_DEPTH];
			size_t n = 0;
			for (; n < depth - (sent - p->at) && sent + n < until; n++)
				numbers[n] = p->list[sent + n].number;
			if (send_for(p, "RETR", numbers, n))
				return -1;
			sent += n;
		}
		if (p->at == sent)
			break;
		/*
		 * After a stop the answers on their way are read, so that the connection stays in
		 * step for QUIT.
		 */
		if (take_message(p, &p->list[p->at++], result ? NULL : sink, given))
			result = -1;
		if (!p->usable)
			return -1;
	}
	return stay_in_step(p, p->refused > refused_before || p->empties) ? -1 : result;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(
		((const struct listed *)a)->id, ((const struct listed *)b)->id, SOURCE_ID_SIZE);
}

/* All messages of the maildrop, in the order of their ids, into *OUT (free it). */
static int list_again(struct pop3 *p, struct listed **out, size_t *count)
{
	struct listed *list = calloc(p->count ? p->count : 1, sizeof *list), one;
	unsigned lines = 0;
	int result = p->count ? command(p, "UIDL") == REPLY_OK ? 1 : -1 : 0;
	*count = 0;
	while (list && result > 0 && (result = read_list_line(p, &lines)) > 0)
		if (*count < p->count && parse_listed(p, &one))
			list[(*count)++] = one;
	if (!list || result) {
		free(list);
		return p->usable ? refused(p, "UIDL refused") : -1;
	}
	qsort(list, *count, sizeof *list, by_id);
	*out = list;
	return 0;
}

/*
 * The numbers that the messages have in this connection. An id that two messages share says
 * nothing: then there is no going on.
 */
static int find_numbers(struct pop3 *p)
{
	struct listed *now = NULL, *found;
	size_t count, twice = 0, back = 0;
	if (list_again(p, &now, &count))
		return -1;
	for (size_t i = 1; i < count; i++)
		twice += !by_id(&now[i - 1], &now[i]);
	for (size_t i = 0; i < p->listed && !twice; i++) {
		found = bsearch(&p->list[i], now, count, sizeof *now, by_id);
		p->list[i].number = found ? found->number : 0;
		p->list[i].asked = false;
		back += found && p->list[i].gone;
	}
	free(now);
	if (back) {
		p->emptied_not = true;
		return source_fail(&p->base,
			"%s:%u: the server said that it deleted %zu messages that are still there: this mailbox is not emptied",
			p->mailbox->host, (unsigned)p->mailbox->port, back);
	}
	return twice ? refused(p, "the server gives several messages the same id") : 0;
}

/*
 * Another connection in the place of one that was lost or ended; the messages are known again by
 * their ids.
 */
static int connect_again(struct pop3 *p)
{
	int64_t left = p->mailbox->deadline - (int64_t)(clock_monotonic() - p->began);
	if (!p->can.uidl || left <= 0 || ++p->connections >= CONNECTIONS_MAX)
		return -1;
	stream_close(p->stream);
	p->stream = NULL;
	p->usable = p->logged_in = false;
	p->marked = 0; /* without QUIT nothing was deleted: it comes again */
	return connect_server(p, p->password, left) || find_numbers(p) ? -1 : 0;
}

/*
 * The connection was lost. When that was while the message before AT came, it is asked for once
 * more, and stepped over when it is lost there again. 0: go on.
 */
static int go_on_after_cut(struct pop3 *p, const struct source_sink *sink)
{
	char why[SOURCE_ERROR_SIZE];
	size_t cut = p->at ? p->at - 1 : 0;
	bool in_message = p->reading;
	p->reading = false;
	if (!stream_was_cut(p->stream))
		return -1;
	memcpy(why, p->base.error, sizeof why);
	if (in_message && cut == p->cut_at &&
		say_stuck(p, &p->list[cut], "the connection breaks while it is read", sink))
		return -1;
	if (in_message) {
		p->at = cut == p->cut_at ? cut + 1 : cut;
		p->cut_at = cut;
	}
	if (++p->cuts < CUTS_MAX && !connect_again(p))
		return 0;
	memcpy(p->base.error, why, sizeof why); /* what began it tells more */
	p->usable = false;
	return -1;
}

/*
 * The part of the list from AT that this connection can be asked for; messages that it does not
 * have are passed over.
 */
static size_t part_end(struct pop3 *p, size_t room)
{
	size_t end;
	while (p->at < p->listed && !p->list[p->at].number)
		p->at++;
	for (end = p->at; end < p->listed && end - p->at < room && p->list[end].number; end++)
		;
	return end;
}

static int pop3_next(struct source *s, size_t count, const struct source_sink *sink)
{
	struct pop3 *p = (struct pop3 *)s;
	size_t given = 0, end;
	if (!p->usable)
		return -1;
	if (!p->have_list && read_list(p, sink))
		return -1;
	while (given < count && !p->unfinished &&
		(p->empties || (end = part_end(p, count - given)) > p->at)) {
		int result = p->empties ? judge_empty(p, sink, &given)
					: retrieve(p, end, sink, &given);
		if (p->message.p)
			explicit_bzero(p->message.p, p->message.capacity);
		if (result && (p->usable || go_on_after_cut(p, sink)))
			return -1;
	}
	return (int)given;
}

/* --- settling ------------------------------------------------------------- */

/*
 * DELE for N messages at once. 0, or -1 with the error text; *DELETED counts those that were agreed
 * to.
 */
static int delete_some(struct pop3 *p, const uint32_t *numbers, size_t n, uint64_t *deleted)
{
	int result = send_for(p, "DELE", numbers, n);
	for (size_t i = 0; i < n && p->usable; i++) {
		enum reply reply = read_reply(p);
		if (reply == REPLY_OK)
			++*deleted;
		else if (reply == REPLY_ERR)
			result = refused(p, "DELE refused");
		else
			result = reply == REPLY_BROKEN ? -1 : broken(p, "the answer is not POP3's");
	}
	return result;
}

/* QUIT, whose +OK makes the deletions true. 0, or -1 with the error text where there are any. */
static int quit(struct pop3 *p)
{
	char why[SOURCE_ERROR_SIZE];
	if (p->usable && p->logged_in && command(p, "QUIT") == REPLY_OK) {
		p->confirmed += p->marked;
		p->marked = 0;
		for (size_t i = 0; i < p->listed; i++)
			p->list[i].gone |= p->list[i].asked;
		return 0;
	}
	if (!p->marked)
		return 0;
	if (p->usable)
		refused(p, "QUIT refused");
	snprintf(why, sizeof why, "%.300s; %" PRIu64 " messages were not deleted and come again",
		p->base.error, p->marked);
	return source_fail(&p->base, "%s", why);
}

static int pop3_settle(
	struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	struct pop3 *p = (struct pop3 *)s;
	size_t depth = p->can.pipelining ? DELE_DEPTH : 1, n = 0;
	uint32_t numbers[DELE_DEPTH];
	int result = 0;
	*done = (struct settled){ 0 };
	for (size_t i = 0; i < count && p->usable; i++) {
		/* A move is refused by the configuration. */
		if (source_disposal(p->mailbox, items[i].what)->action != DISPOSE_DELETE) {
			done->kept++;
			continue;
		}
		struct listed *l = items[i].id && items[i].id <= p->listed
			? &p->list[items[i].id - 1]
			: NULL;
		if (!l || !l->number)
			continue; /* it is gone already */
		numbers[n++] = l->number;
		l->asked = true;
		if (n < depth)
			continue;
		if (delete_some(p, numbers, n, &p->marked))
			result = -1;
		n = 0;
	}
	if (n && p->usable && delete_some(p, numbers, n, &p->marked))
		result = -1;
	/*
	 * only QUIT makes it true: a visit of many thousand messages does not wait with that for
	 * its end
	 */
	if (!result && p->usable && p->can.uidl && p->marked >= MARKED_MAX &&
		(quit(p) || connect_again(p)))
		result = -1;
	done->deleted = p->confirmed;
	p->confirmed = 0;
	return p->usable ? result : -1;
}

static int pop3_describe(struct source *s, char *text, size_t size)
{
	struct pop3 *p = (struct pop3 *)s;
	snprintf(text, size, "POP3: %" PRIu64 " messages, %" PRIu64 " bytes%s%s%s", p->count,
		p->octets, stream_is_tls(p->stream) ? ", TLS" : ", no TLS",
		p->can.uidl ? ", UIDL" : "", p->can.pipelining ? ", PIPELINING" : "");
	return 0;
}

/*
 * After QUIT only another connection shows whether what was deleted is gone. A server that does not
 * want us again so soon is not asked: that says nothing of its mail.
 */
static int look_again(struct pop3 *p)
{
	size_t gone = 0;
	for (size_t i = 0; i < p->listed; i++)
		gone += p->list[i].gone;
	if (gone && connect_again(p) && p->emptied_not)
		return -1;
	if (p->usable && p->logged_in)
		command(p, "QUIT");
	return 0;
}

static int pop3_finish(struct source *s, struct settled *late)
{
	struct pop3 *p = (struct pop3 *)s;
	int result = quit(p);
	late->deleted = p->confirmed;
	p->confirmed = 0;
	if (!result)
		result = look_again(p);
	p->usable = false;
	if (!result && p->unfinished)
		result = refused(p,
			"its deadline is near: what was read is settled, the rest is for the next run");
	return result;
}

static int pop3_close(struct source *s, char *error, size_t size)
{
	struct pop3 *p = (struct pop3 *)s;
	int result = p->usable ? quit(p) : 0; /* else finish() has said it */
	if (result && error)
		snprintf(error, size, "%s", s->error);
	if (p->stream)
		stream_close(p->stream);
	secret_free(p->password);
	wiped_free(&p->message);
	free(p->list);
	explicit_bzero(p, sizeof *p);
	free(p);
	return result;
}

const struct source_ops source_pop3 = {
	.name = "pop3",
	.open = pop3_open,
	.next = pop3_next,
	.settle = pop3_settle,
	.finish = pop3_finish,
	.describe = pop3_describe,
	.close = pop3_close,
};
