/* UIDL and LIST. A message number means nothing but itself, and that in one connection. */
#include "poller/mailbox/pop3list.h"

#include <sodium.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESSAGES_MAX = 500000, /* messages of one session; more wait for the next run */
	POP3_WANTED_WINDOW = 1024,
	UIDLS_ROOM = 1 << 20, /* bytes of unique-ids that are kept to name messages by */
};

static int add_listed(struct pop3 *p, const struct pop3_listed *entries, size_t n)
{
	if (p->listed + n > p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 4096;
		struct pop3_listed *list = realloc(p->list, capacity * sizeof *list);
		if (!list)
			return pop3_broken(p, "no memory");
		p->list = list;
		p->capacity = capacity;
	}
	memcpy(p->list + p->listed, entries, n * sizeof *entries);
	p->listed += n;
	return 0;
}

/* Takes those of N entries that are wanted. */
static int add_wanted(
	struct pop3 *p, struct pop3_listed *entries, size_t n, const struct source_sink *sink)
{
	unsigned char ids[POP3_WANTED_WINDOW][SOURCE_ID_SIZE], wanted[POP3_WANTED_WINDOW];
	size_t kept = 0;
	if (!n)
		return 0;
	if ((p->stays || p->some_stuck) && sink->wanted) {
		for (size_t i = 0; i < n; i++)
			memcpy(ids[i], entries[i].id, SOURCE_ID_SIZE);
		if (sink->wanted(
			    sink->context, (const unsigned char(*)[SOURCE_ID_SIZE])ids, n, wanted))
			return pop3_broken(p, "stopped");
		for (size_t i = 0; i < n; i++)
			if (wanted[i]) {
				entries[kept] = entries[i];
				entries[kept++].late = wanted[i] == WANTED_LAST;
			}
		n = kept;
	}
	if (n > MESSAGES_MAX - p->listed)
		n = MESSAGES_MAX - p->listed;
	return n ? add_listed(p, entries, n) : 0;
}

/* "NUMBER TEXT" of UIDL or LIST. False when it is not that, or the number means nothing. */
static bool parse_listed(const struct pop3 *p, struct pop3_listed *out)
{
	char *end;
	if (p->line[0] < '0' || p->line[0] > '9')
		return false;
	unsigned long number = strtoul(p->line, &end, 10);
	struct span id = span_trim(span_of(end));
	if (!number || number > INT32_MAX || *end != ' ' || !id.n)
		return false;
	*out = (struct pop3_listed){ .number = (uint32_t)number };
	/* Two servers behind one name do not share their ids. */
	source_remote_id(out->id, span_of(p->mailbox->host), id);
	return true;
}

/*
 * Keeps the unique-id of the line that was read last: by it an administrator finds the message, and
 * not by its number. One that may be an address is not passed on.
 */
static void keep_uidl(struct pop3 *p, struct pop3_listed *entry)
{
	struct span id = span_trim(span_of(p->line + strspn(p->line, "0123456789")));
	if (!p->uidls && (p->uidls = malloc(UIDLS_ROOM)))
		p->uidls[p->uidls_n++] = '\0';
	if (!p->uidls || id.n > POP3_UIDL_MAX || id.n >= UIDLS_ROOM - p->uidls_n)
		return;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '@')
			return;
	entry->uidl = (uint32_t)p->uidls_n;
	memcpy(p->uidls + p->uidls_n, id.p, id.n);
	p->uidls_n += id.n;
	p->uidls[p->uidls_n++] = '\0';
}

static int by_message_number(const void *a, const void *b)
{
	const struct pop3_listed *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* In the order of the mailbox, each number once. */
static void sort_list(struct pop3 *p)
{
	size_t n = 0, before = p->listed;
	if (p->listed)
		qsort(p->list, p->listed, sizeof *p->list, by_message_number);
	for (size_t i = 0; i < p->listed; i++)
		if (!n || p->list[n - 1].number != p->list[i].number)
			p->list[n++] = p->list[i];
	p->listed = n;
	p->said -= before - n;
}

/* Behind all others, in another order at each visit: none that hangs keeps the others from their
 * turn. */
static int put_late_last(struct pop3 *p)
{
	size_t n = 0, late = 0;
	struct pop3_listed *aside = p->some_stuck ? calloc(p->listed + 1, sizeof *aside) : NULL;
	if (!p->some_stuck)
		return 0;
	if (!aside)
		return pop3_broken(p, "no memory");
	for (size_t i = 0; i < p->listed; i++)
		if (p->list[i].late)
			aside[late++] = p->list[i];
		else
			p->list[n++] = p->list[i];
	for (; late; n++) {
		size_t i = randombytes_uniform((uint32_t)late);
		p->list[n] = aside[i];
		aside[i] = aside[--late];
	}
	free(aside);
	return 0;
}

/* Names the keys that let mail stay; their default is keep. -1. */
static int lacks_uidl(struct pop3 *p)
{
	static const struct {
		enum settlement what;
		const char *key;
	} keys[] = { { SETTLE_PROCESSED, "processed" }, { SETTLE_UNRECOGNISED, "unrecognised" },
		{ SETTLE_QUARANTINE, "quarantine" } };
	char text[256];
	int n = snprintf(text, sizeof text,
		"the server has no UIDL: mail that stays there cannot be told from new mail; right would be");
	const char *before = " ";
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (source_disposal(p->mailbox, keys[i].what)->action == DISPOSE_DELETE)
			continue;
		n += snprintf(
			text + n, sizeof text - (size_t)n, "%s%s = delete", before, keys[i].key);
		before = " and ";
	}
	return pop3_refused(p, text);
}

/* UIDL where there is one; else LIST, which tells the numbers. */
int pop3_read_list(struct pop3 *p, const struct source_sink *sink)
{
	struct pop3_listed window[POP3_WANTED_WINDOW];
	size_t n = 0;
	unsigned lines = 0;
	int result;
	p->have_list = true;
	p->first_count = p->count;
	bool unique = p->can.uidl || p->stays;
	enum reply reply = unique ? pop3_command(p, "UIDL") : REPLY_ERR;
	if (reply == REPLY_ERR && p->stays)
		return p->count ? lacks_uidl(p) : 0;
	if (reply == REPLY_ERR) {
		reply = pop3_command(p, "LIST");
		p->some_stuck = false; /* they are not known again */
		unique = false;
	}
	if (reply == REPLY_ERR) /* of nothing some have no list */
		return p->count ? pop3_refused(p, pop3_meaning(p, "LIST refused")) : 0;
	if (reply != REPLY_OK)
		return -1;
	while ((result = pop3_list_line(p, &lines)) > 0) {
		bool is = parse_listed(p, &window[n]);
		if (is && unique)
			keep_uidl(p, &window[n]);
		n += is;
		p->said += is;
		if (n < POP3_WANTED_WINDOW)
			continue;
		if (add_wanted(p, window, n, sink))
			return -1;
		n = 0;
	}
	if (result || add_wanted(p, window, n, sink))
		return -1;
	sort_list(p);
	return put_late_last(p);
}

static int by_listed_id(const void *a, const void *b)
{
	return memcmp(((const struct pop3_listed *)a)->id, ((const struct pop3_listed *)b)->id,
		SOURCE_ID_SIZE);
}

/* All messages of the maildrop, in the order of their ids, into *OUT (free it). */
static int list_again(struct pop3 *p, struct pop3_listed **out, size_t *count)
{
	/* STAT may be wrong, and some may have come since */
	uint64_t most = (p->said > p->count ? p->said : p->count) + POP3_WANTED_WINDOW;
	if (most > MESSAGES_MAX)
		most = MESSAGES_MAX;
	struct pop3_listed *list = calloc((size_t)most, sizeof *list), one;
	unsigned lines = 0;
	int result = pop3_command(p, "UIDL") == REPLY_OK ? 1 : -1;
	*count = 0;
	while (list && result > 0 && (result = pop3_list_line(p, &lines)) > 0)
		if (*count < most && parse_listed(p, &one))
			list[(*count)++] = one;
	if (!list || result) {
		free(list);
		return p->usable ? pop3_refused(p, "UIDL refused") : -1;
	}
	qsort(list, *count, sizeof *list, by_listed_id);
	*out = list;
	return 0;
}

/*
 * The numbers that the messages have in this connection. An id that two messages share says
 * nothing: then there is no going on.
 */
int pop3_find_numbers(struct pop3 *p)
{
	struct pop3_listed *now = NULL, *found;
	size_t count, twice = 0, back = 0;
	if (list_again(p, &now, &count))
		return -1;
	for (size_t i = 1; i < count; i++)
		twice += !by_listed_id(&now[i - 1], &now[i]);
	for (size_t i = 0; i < p->listed && !twice; i++) {
		found = bsearch(&p->list[i], now, count, sizeof *now, by_listed_id);
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
	return twice ? pop3_refused(p, "the server gives several messages the same id") : 0;
}
