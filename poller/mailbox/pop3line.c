/* The dialogue with a POP3 server, line for line. */
#include "poller/mailbox/pop3line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_DROP_MAX = 1 << 16,              /* this is an endless line */
	LIST_LINES_MAX = 5000000,             /* lines of one listing */
	COMMANDS_SIZE = POP3_DELE_DEPTH * 20, /* "RETR 2147483647" each */
};

/* The connection is lost or out of step; says why. */
int pop3_broken(struct pop3 *p, const char *why)
{
	p->usable = false;
	return source_fail(
		&p->base, "%s:%u: %s", p->mailbox->host, (unsigned)p->mailbox->port, why);
}

/* The connection still stands, but the server did not do what it was asked. */
int pop3_refused(struct pop3 *p, const char *what)
{
	return source_fail(
		&p->base, "%s:%u: %s", p->mailbox->host, (unsigned)p->mailbox->port, what);
}

/* Receives more. 0, or -1 with the error text. */
int pop3_receive(struct pop3 *p)
{
	if (p->begin == p->end)
		p->begin = p->end = 0;
	if (p->end == POP3_INPUT_SIZE) {
		memmove(p->input, p->input + p->begin, p->end - p->begin);
		p->end -= p->begin;
		p->begin = 0;
	}
	ssize_t n = stream_read(p->stream, p->input + p->end, POP3_INPUT_SIZE - p->end);
	if (n <= 0)
		return pop3_broken(p, stream_error(p->stream));
	p->end += (size_t)n;
	return 0;
}

/* Reads a line into p->line, without its end. 0, or -1 with the error text. */
int pop3_read_line(struct pop3 *p)
{
	size_t length = 0, dropped = 0;
	for (;;) {
		if (p->begin == p->end && pop3_receive(p))
			return -1;
		char *from = p->input + p->begin;
		size_t n = p->end - p->begin;
		const char *end = memchr(from, '\n', n);
		size_t whole = end ? (size_t)(end - from) + 1 : n, part = whole - (end != NULL);
		size_t fits = part < POP3_LINE_MAX - length ? part : POP3_LINE_MAX - length;
		memcpy(p->line + length, from, fits);
		length += fits;
		dropped += part - fits;
		p->begin += whole;
		if (end)
			break;
		if (dropped > LINE_DROP_MAX)
			return pop3_broken(p, "the server sends an endless line");
	}
	if (length && p->line[length - 1] == '\r')
		length--;
	p->line[length] = '\0';
	return 0;
}

int pop3_send(struct pop3 *p, const char *text, size_t n)
{
	return stream_write(p->stream, text, n) ? pop3_broken(p, stream_error(p->stream)) : 0;
}

static bool is_ok(const struct pop3 *p)
{
	return !strncmp(p->line, "+OK", 3) && (!p->line[3] || p->line[3] == ' ');
}

/* The status line of an answer. REPLY_CONTINUE only while logging in. */
enum reply pop3_reply(struct pop3 *p)
{
	if (pop3_read_line(p))
		return REPLY_BROKEN;
	if (is_ok(p))
		return REPLY_OK;
	if (!strncmp(p->line, "-ERR", 4))
		return REPLY_ERR;
	if (p->line[0] == '+' && (!p->line[1] || p->line[1] == ' '))
		return REPLY_CONTINUE;
	pop3_broken(p, "the answer is not POP3's");
	return REPLY_BROKEN;
}

/* One command without arguments of ours, and its status line. */
enum reply pop3_command(struct pop3 *p, const char *text)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s\r\n", text);
	if (pop3_send(p, line, (size_t)n))
		return REPLY_BROKEN;
	enum reply reply = pop3_reply(p);
	if (reply != REPLY_CONTINUE)
		return reply;
	pop3_broken(p, "the answer is not POP3's");
	return REPLY_BROKEN;
}

/* The next line of a listing. 1, 0 at its end, -1 with the error text. */
int pop3_list_line(struct pop3 *p, unsigned *lines)
{
	if (pop3_read_line(p))
		return -1;
	if (!strcmp(p->line, "."))
		return 0;
	if (++*lines > LIST_LINES_MAX)
		return pop3_broken(p, "the server sends an endless list");
	return 1;
}

/* What the response code of a -ERR means (RFC 2449 section 8, RFC 3206). */
static const struct pop3_meaning meanings[] = {
	{ "[IN-USE]", TROUBLE_PASSES, "the mailbox is in use by another session" },
	{ "[LOGIN-DELAY]", TROUBLE_PASSES, "the server wants more time between logins" },
	{ "[SYS/TEMP]", TROUBLE_PASSES, "the server has a problem that will pass" },
	{ "[SYS/PERM]", TROUBLE_SERVER, "the server has a problem that needs its administrator" },
	{ "[AUTH]", TROUBLE_LOGIN, "login refused: check user and password" },
};

/* Of the line that was read last; NULL where it has no such code. */
const struct pop3_meaning *pop3_find_meaning(const struct pop3 *p)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (span_starts_nocase(span_trim(span_of(p->line + 4)), span_of(meanings[i].code)))
			return &meanings[i];
	return NULL;
}

const char *pop3_meaning(const struct pop3 *p, const char *otherwise)
{
	const struct pop3_meaning *m = pop3_find_meaning(p);
	return m ? m->means : otherwise;
}

/* Sends the command NAME for N messages, at most POP3_DELE_DEPTH, in one write. */
int pop3_send_for(struct pop3 *p, const char *name, const uint32_t *numbers, size_t n)
{
	char text[COMMANDS_SIZE];
	size_t length = 0;
	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(text + length, sizeof text - length,
			"%s %" PRIu32 "\r\n", name, numbers[i]);
	return pop3_send(p, text, length);
}
