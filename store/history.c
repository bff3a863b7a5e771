/*
 * The summary of a contact's events, and its bytes in contact.history:
 *
 *   version 2 | base: state, because, pauses, soft (2), blocks (2), since (8), until (8), due (8), first (8) | settled (8)
 *   | cause of soft | cause of block | days, each: number since 1970 (2), flags, soft, blocks, four times of three bytes
 *   cause: at (8), category, length and bytes of the name, length and bytes of the rule
 *
 * Numbers are big-endian. Version 1, a list of failures of eight bytes each, begins with a zero; schema.c brings it to this form.
 */
#include <stdio.h>
#include "store/history.h"
#include "store/internal.h"

enum {
	FORMAT = 2,
	FLAG_COARSE = 1,
	FLAG_ENDED = 2,
	TIME_BYTES = 3,
	NO_TIME = 0xffffff,
	STANDING_BYTES = 3 + 2 * 2 + 4 * 8,
	CAUSE_BYTES_MAX = 8 + 3 + STORE_NAME_SIZE + EVENT_RULE_SIZE,
	DAY_BYTES = 2 + 3 + 4 * TIME_BYTES,
};
_Static_assert(1 + STANDING_BYTES + 8 + 2 * CAUSE_BYTES_MAX + HISTORY_DAYS_MAX * DAY_BYTES <= HISTORY_SIZE_MAX, "a history must fit");

/* --- adding ------------------------------------------------------------------------------------------------- */

static struct day *day_at(struct history *h, int64_t start)
{
	unsigned i = h->days;

	while (i && h->day[i - 1].start > start)
		i--;
	if (i && h->day[i - 1].start == start)
		return &h->day[i - 1];
	memmove(&h->day[i + 1], &h->day[i], (h->days - i) * sizeof h->day[0]);
	h->days++;
	h->day[i] = (struct day){ .start = start, .first_soft = NEVER, .last_soft = NEVER, .last_block = NEVER, .delivered = NEVER };
	return &h->day[i];
}

static void count_one(unsigned *count)
{
	*count += *count < HISTORY_COUNT_MAX;
}

static void keep_last(int32_t *last, int32_t at)
{
	if (at > *last)
		*last = at;
}

bool history_add(struct history *h, enum history_kind kind, int64_t at)
{
	struct day *d = day_at(h, day_start(at));
	int32_t second = d->coarse ? 0 : (int32_t)(at - d->start);

	switch (kind) {
	case HISTORY_SOFT:
		count_one(&d->soft);
		if (d->first_soft == NEVER || second < d->first_soft)
			d->first_soft = second;
		keep_last(&d->last_soft, second);
		break;
	case HISTORY_BLOCK:
		count_one(&d->blocks);
		keep_last(&d->last_block, second);
		break;
	case HISTORY_DELIVERED:
		keep_last(&d->delivered, second);
		break;
	}
	return h->days <= HISTORY_DAYS_MAX;
}

void history_drop_first(struct history *h)
{
	h->days--;
	memmove(&h->day[0], &h->day[1], h->days * sizeof h->day[0]);
}

void history_cause(struct cause *known, int64_t at, uint8_t category, const char *name, const char *rule)
{
	int order = at > known->at ? 1 : at < known->at ? -1 : category - known->category;

	if (!order)
		order = strcmp(rule, known->rule);
	if (!order)
		order = strcmp(name, known->name);
	if (order <= 0)
		return;
	known->at = at;
	known->category = category;
	snprintf(known->name, sizeof known->name, "%s", name);
	snprintf(known->rule, sizeof known->rule, "%s", rule);
}

/* --- coarse days -------------------------------------------------------------------------------------------- */

/* How many different times of the day lie before AT. */
static int32_t rank_of(const struct day *d, int32_t at)
{
	const int32_t all[] = { d->last_soft, d->last_block, d->delivered };
	int32_t rank = 0;

	if (at == NEVER)
		return NEVER;
	for (unsigned i = 0; i < 3; i++) {
		bool again = false;
		for (unsigned j = 0; j < i; j++)
			again |= all[j] == all[i];
		rank += all[i] != NEVER && all[i] < at && !again;
	}
	return rank;
}

void history_coarsen(struct history *h)
{
	for (unsigned i = 0; i < h->days; i++) {
		struct day *d = &h->day[i], exact = *d;
		d->coarse = true;
		d->last_soft = d->first_soft = rank_of(&exact, exact.last_soft);
		d->last_block = rank_of(&exact, exact.last_block);
		d->delivered = rank_of(&exact, exact.delivered);
	}
	h->soft.at = day_start(h->soft.at);
	h->block.at = day_start(h->block.at);
	h->base.first = day_start(h->base.first);
	h->base.until = day_start(h->base.until + DAY - 1);
	h->base.due = day_start(h->base.due + DAY - 1);
}

bool history_is_coarse(const struct history *h)
{
	for (unsigned i = 0; i < h->days; i++)
		if (!h->day[i].coarse)
			return false;
	return true;
}

bool history_is_empty(const struct history *h)
{
	return !h->days && !h->settled && !h->soft.at && !h->block.at;
}

/* --- bytes -------------------------------------------------------------------------------------------------- */

static unsigned char *put(unsigned char *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; v >>= 8)
		p[i] = (unsigned char)v;
	return p + bytes;
}

static unsigned char *put_text(unsigned char *p, const char *text)
{
	size_t n = strlen(text);

	p = put(p, n, 1);
	memcpy(p, text, n);
	return p + n;
}

static unsigned char *put_cause(unsigned char *p, const struct cause *c)
{
	p = put(p, (uint64_t)c->at, 8);
	p = put(p, c->category, 1);
	return put_text(put_text(p, c->name), c->rule);
}

static unsigned char *put_day(unsigned char *p, const struct day *d)
{
	const int32_t times[] = { d->first_soft, d->last_soft, d->last_block, d->delivered };

	p = put(p, (uint64_t)(d->start / DAY), 2);
	p = put(p, (d->coarse ? FLAG_COARSE : 0) | (d->ended ? FLAG_ENDED : 0), 1);
	p = put(p, d->soft, 1);
	p = put(p, d->blocks, 1);
	for (unsigned i = 0; i < 4; i++)
		p = put(p, times[i] == NEVER ? NO_TIME : (uint64_t)times[i], TIME_BYTES);
	return p;
}

int history_write(const struct history *h, unsigned char out[HISTORY_SIZE_MAX])
{
	const struct standing *b = &h->base;
	unsigned char *p = out;

	if (history_is_empty(h))
		return 0;
	p = put(p, FORMAT, 1);
	p = put(p, b->state, 1);
	p = put(p, b->because, 1);
	p = put(p, b->pauses & 0xff, 1);
	p = put(p, b->soft & 0xffff, 2);
	p = put(p, b->blocks & 0xffff, 2);
	p = put(p, (uint64_t)b->since, 8);
	p = put(p, (uint64_t)b->until, 8);
	p = put(p, (uint64_t)b->due, 8);
	p = put(p, (uint64_t)b->first, 8);
	p = put(p, (uint64_t)h->settled, 8);
	p = put_cause(put_cause(p, &h->soft), &h->block);
	for (unsigned i = 0; i < h->days; i++)
		p = put_day(p, &h->day[i]);
	return (int)(p - out);
}

/* What is left to read; BAD once something did not fit. */
struct cursor {
	const unsigned char *p;
	size_t n;
	bool bad;
};

static uint64_t get(struct cursor *c, unsigned bytes)
{
	uint64_t v = 0;

	if (c->n < bytes) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | c->p[i];
	c->p += bytes;
	c->n -= bytes;
	return v;
}

static void get_text(struct cursor *c, char *out, size_t size)
{
	size_t n = get(c, 1);

	if (n >= size || n > c->n) {
		c->bad = true;
		return;
	}
	memcpy(out, c->p, n);
	out[n] = '\0';
	c->p += n;
	c->n -= n;
}

static void get_cause(struct cursor *c, struct cause *out)
{
	out->at = (int64_t)get(c, 8);
	out->category = (uint8_t)get(c, 1);
	get_text(c, out->name, sizeof out->name);
	get_text(c, out->rule, sizeof out->rule);
}

static void get_day(struct cursor *c, struct day *d)
{
	int32_t *const times[] = { &d->first_soft, &d->last_soft, &d->last_block, &d->delivered };

	d->start = (int64_t)get(c, 2) * DAY;
	unsigned flags = (unsigned)get(c, 1);
	d->coarse = flags & FLAG_COARSE;
	d->ended = flags & FLAG_ENDED;
	d->soft = (unsigned)get(c, 1);
	d->blocks = (unsigned)get(c, 1);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t at = get(c, TIME_BYTES);
		*times[i] = at == NO_TIME ? NEVER : (int32_t)at;
	}
}

bool history_read(struct history *h, const unsigned char *bytes, int n)
{
	struct cursor c = { bytes, (size_t)n, false };

	memset(h, 0, offsetof(struct history, day));
	if (!n)
		return true;
	if (get(&c, 1) != FORMAT)
		return false;
	h->base.state = (enum contact_state)get(&c, 1);
	h->base.because = (enum because)get(&c, 1);
	h->base.pauses = (unsigned)get(&c, 1);
	h->base.soft = (unsigned)get(&c, 2);
	h->base.blocks = (unsigned)get(&c, 2);
	h->base.since = (int64_t)get(&c, 8);
	h->base.until = (int64_t)get(&c, 8);
	h->base.due = (int64_t)get(&c, 8);
	h->base.first = (int64_t)get(&c, 8);
	h->settled = (int64_t)get(&c, 8);
	get_cause(&c, &h->soft);
	get_cause(&c, &h->block);
	while (c.n >= DAY_BYTES && h->days < HISTORY_DAYS_MAX)
		get_day(&c, &h->day[h->days++]);
	return !c.bad && !c.n && h->base.state < STATE_COUNT;
}
