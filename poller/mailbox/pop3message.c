/* One message of a POP3 server, byte for byte. */
#include "poller/mailbox/pop3message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What makes a message endless: at least so much, at most so much, between them what STAT says. */
enum { ENDLESS_LEAST = 1 << 26, ENDLESS_MAX = 1 << 30 };

/* Sees to it that N bytes can be looked at. */
static int have(struct pop3 *p, size_t n)
{
	while (p->end - p->begin < n)
		if (pop3_receive(p))
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
		size_t capacity = 2 * (m->n + n) + POP3_INPUT_SIZE;
		if (wiped_grow(m, capacity < p->max_message ? capacity : (size_t)p->max_message))
			return pop3_broken(p, "no memory");
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
 * Is one message of SIZE more than the server says that all have together? Twice that, for some
 * count the end of a line as one.
 */
static bool is_endless(const struct pop3 *p, uint64_t size)
{
	return size > ENDLESS_MAX || (size > ENDLESS_LEAST && size / 2 > p->octets);
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
		if (is_endless(p, *size)) {
			p->endless = true;
			return pop3_broken(p, "the server sends an endless message");
		}
	}
}

static void name_message(struct pop3 *p, const struct pop3_listed *l)
{
	int n = snprintf(p->name, sizeof p->name, "message %" PRIu32, l->number);
	if (l->uidl)
		snprintf(p->name + n, sizeof p->name - (size_t)n, " (UIDL %s)", p->uidls + l->uidl);
}

/* A message that is there and cannot be had: named, and left where it is. */
int pop3_say_stuck(struct pop3 *p, const struct pop3_listed *l, const char *why,
	const struct source_sink *sink)
{
	struct source_message m = { .id = (uint64_t)(l - p->list) + 1, .name = p->name };
	name_message(p, l);
	memcpy(m.remote_id, l->id, SOURCE_ID_SIZE);
	return sink->stuck && sink->stuck(sink->context, &m, why) ? pop3_refused(p, "stopped") : 0;
}

static int pop3_hand_out(struct pop3 *p, const struct pop3_listed *l, uint64_t size,
	const struct source_sink *sink, size_t *given)
{
	name_message(p, l);
	struct source_message m = {
		.id = (uint64_t)(l - p->list) + 1,
		.size = size,
		.truncated = p->message.n < size,
		.bytes = { p->message.n ? p->message.p : "", p->message.n },
		.name = p->name,
	};
	memcpy(m.remote_id, l->id, SOURCE_ID_SIZE);
	++*given;
	return sink->message(sink->context, &m) ? pop3_refused(p, "stopped") : 0;
}

/*
 * What came empty: a message of no bytes by the server's own account, or one that it cannot give.
 * Asked when no other answer is under way.
 */
int pop3_judge_empty(struct pop3 *p, const struct source_sink *sink, size_t *given)
{
	while (p->empties) {
		const struct pop3_listed *l = &p->list[p->empty[p->empties - 1].at];
		size_t n = p->empty[p->empties - 1].n;
		uint64_t size = UINT64_MAX;
		char line[32];
		if (!l->number) { /* gone with the connection before */
			p->empties--;
			continue;
		}
		snprintf(line, sizeof line, "LIST %" PRIu32, l->number);
		enum reply reply = pop3_command(p, line);
		if (reply == REPLY_BROKEN)
			return -1;
		if (reply == REPLY_OK && sscanf(p->line, "+OK %*u %" SCNu64, &size) != 1)
			size = UINT64_MAX;
		p->message.n = 0;
		p->empties--;
		if (source_is_nothing(n, size)
				? pop3_say_stuck(
					  p, l, "the server gives an empty text for it", sink)
				: pop3_hand_out(p, l, 0, sink, given))
			return -1;
	}
	return 0;
}

/*
 * Reads the answer to a RETR and hands the message out; with a SINK of NULL only reads it. *GIVEN
 * counts. 0, or -1 with the error text.
 */
int pop3_take_message(
	struct pop3 *p, const struct pop3_listed *l, const struct source_sink *sink, size_t *given)
{
	uint64_t size;
	p->reading = true;
	enum reply reply = pop3_reply(p);
	if (reply == REPLY_CONTINUE)
		pop3_broken(p, "the answer is not POP3's");
	p->misspoken = !*stream_error(p->stream) && !p->usable;
	if (reply == REPLY_CONTINUE || reply == REPLY_BROKEN)
		return -1;
	if (reply == REPLY_ERR) {
		p->reading = false;
		p->refused++;
		return sink ? pop3_say_stuck(p, l,
				      pop3_meaning(p, "the server refuses to hand it out"), sink)
			    : 0;
	}
	if (read_message(p, &size))
		return -1;
	p->reading = p->was_silent = false;
	if (!sink)
		return 0;
	if (p->message.n == size && span_is_blank((struct span){ p->message.p, p->message.n }) &&
		p->empties < POP3_RETR_DEPTH) {
		p->empty[p->empties].at = (size_t)(l - p->list);
		p->empty[p->empties++].n = (size_t)size;
		return 0;
	}
	if (source_is_placeholder((struct span){ p->message.p, p->message.n }))
		return pop3_say_stuck(p, l,
			"the server gives a notice in its place, that it cannot be converted",
			sink);
	return pop3_hand_out(p, l, size, sink, given);
}
