/*
 * The bytes of a contact's history, in contact.history:
 *
 *   version 5 | what is there
 *             | base: state, because, pauses, unclear, soft (2), blocks (2), since (8), until (8),
 *               due (8), first (8)
 *             | settled (8) | number of causes, causes
 *             | last soft, last block: at (8), reference | number of objections, objections | days
 *
 *   cause: category, mta (4), then length and bytes of rule, provider and ladder
 *
 *   reference: number of the cause in this list or 63, with a bit each for campaign (4), answer (4)
 *
 *   objection: stream (4), whether it was let through, at (8), reference
 *
 *   day: number since 1970 (2), flags, mask of kinds; of each kind in it count and reference; where
 *   there are any: first and last soft (3 each), last block (3), delivered (3)
 *
 * Numbers are big-endian. Most contacts have one event: a base that is all zeros, what was never
 * settled and a last failure that the days tell are left out, which halves a row.
 *
 * Version 4 had all of it, and references of 1, 4 and 4 bytes (255: no cause). Version 3 had no
 * answers. Version 2 had no causes but the last ones, and no kinds but soft and block. They are
 * read, and written as version 5. Version 1, a list of failures of eight bytes each, begins with a
 * zero; store/schema.c brings it to this form.
 */
#include <stdio.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/history/history.h"

enum {
	FORMAT = 5,
	FORMAT_WITHOUT_ANSWERS = 3,
	FORMAT_BEFORE = 2,
	HAS_BASE = 1,
	HAS_SETTLED = 2,
	HAS_SOFT = 4,
	HAS_BLOCK = 8,
	SOFT_OF_DAYS = 16,
	BLOCK_OF_DAYS = 32,
	HAS_OBJECTIONS = 64,
	PARTS_MAX = 127,
	CAUSE_BITS = 0x3f, /* of a reference; all of them: none */
	HAS_CAMPAIGN = 0x40,
	HAS_ANSWER = 0x80,
	FLAG_COARSE = 1,
	FLAG_ENDED = 2,
	FLAG_CONFIRMED = 4,
	FLAG_UNDECIDED = 8,
	FLAG_DELIVERED = 1 << HISTORY_DELIVERED, /* of the mask */
	TIME_BYTES = 3,
	NO_TIME = 0xffffff,
	STANDING_BYTES = 4 + 2 * 2 + 4 * 8,
	CAUSE_BYTES_MAX = 1 + 4 + 3 + EVENT_RULE_SIZE + EVENT_PROVIDER_SIZE + STORE_NAME_SIZE,
	REFERENCE_BYTES = 1 + 4 + 4,
	OBJECTION_BYTES = 4 + 1 + 8 + REFERENCE_BYTES,
	DAY_BYTES_MAX = 2 + 2 + HISTORY_CAUSED * (1 + REFERENCE_BYTES) + 4 * TIME_BYTES,
};
_Static_assert(3 + STANDING_BYTES + 8 + HISTORY_CAUSES_MAX * CAUSE_BYTES_MAX +
			2 * (8 + REFERENCE_BYTES) + 1 + OBJECTIONS_MAX * OBJECTION_BYTES +
			HISTORY_DAYS_MAX * DAY_BYTES_MAX <=
		HISTORY_SIZE_MAX,
	"a history must fit");
_Static_assert((int)HISTORY_CAUSES_MAX <= (int)CAUSE_BITS, "a reference must fit");

/* --- the last failures ---------------------------------------------------- */

/* What the days say of the last failure of a kind; at 0: nothing. */
static struct last last_of_days(const struct history *h, enum history_kind kind)
{
	for (unsigned i = h->days; i-- > 0;) {
		const struct day *d = &h->day[i];
		int32_t second = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
		if (d->count[kind])
			return (struct last){ d->start + (d->coarse ? 0 : second), d->by[kind] };
	}
	return (struct last){ 0, NO_REFERENCE };
}

static bool same_last(const struct last *a, const struct last *b)
{
	return a->at == b->at && a->by.cause == b->by.cause && a->by.campaign == b->by.campaign &&
		a->by.answer == b->by.answer;
}

/* --- writing -------------------------------------------------------------- */

static unsigned char *write_number(unsigned char *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; v >>= 8)
		p[i] = (unsigned char)v;
	return p + bytes;
}

static unsigned char *write_text(unsigned char *p, const char *text)
{
	size_t n = strlen(text);

	p = write_number(p, n, 1);
	memcpy(p, text, n);
	return p + n;
}

static unsigned char *write_cause(unsigned char *p, const struct cause *c)
{
	p = write_number(p, c->category, 1);
	p = write_number(p, c->mta, 4);
	return write_text(write_text(write_text(p, c->rule), c->provider), c->ladder);
}

static unsigned char *write_reference(unsigned char *p, struct reference r)
{
	unsigned cause = r.cause == NO_CAUSE ? CAUSE_BITS : r.cause;

	p = write_number(
		p, cause | (r.campaign ? HAS_CAMPAIGN : 0) | (r.answer ? HAS_ANSWER : 0), 1);
	p = r.campaign ? write_number(p, r.campaign, 4) : p;
	return r.answer ? write_number(p, r.answer, 4) : p;
}

static unsigned char *write_time(unsigned char *p, int32_t time)
{
	return write_number(p, time == NEVER ? NO_TIME : (uint64_t)time, TIME_BYTES);
}

static unsigned char *write_day(unsigned char *p, const struct day *d)
{
	unsigned mask = d->delivered != NEVER ? FLAG_DELIVERED : 0;

	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		mask |= d->count[kind] ? 1u << kind : 0;
	p = write_number(p, (uint64_t)(d->start / DAY), 2);
	p = write_number(p,
		(d->coarse ? FLAG_COARSE : 0) | (d->ended ? FLAG_ENDED : 0) |
			(d->confirmed ? FLAG_CONFIRMED : 0) |
			(d->count[HISTORY_SOFT] && d->undecided ? FLAG_UNDECIDED : 0),
		1);
	p = write_number(p, mask, 1);
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		if (mask & 1u << kind)
			p = write_reference(write_number(p, d->count[kind], 1), d->by[kind]);
	if (mask & 1u << HISTORY_SOFT)
		p = write_time(write_time(p, d->first_soft), d->last_soft);
	if (mask & 1u << HISTORY_BLOCK)
		p = write_time(p, d->last_block);
	return mask & FLAG_DELIVERED ? write_time(p, d->delivered) : p;
}

static unsigned char *write_base(unsigned char *p, const struct standing *b)
{
	p = write_number(p, b->state, 1);
	p = write_number(p, b->because, 1);
	p = write_number(p, b->pauses & 0xff, 1);
	p = write_number(p, b->unclear & 0xff, 1);
	p = write_number(p, b->soft & 0xffff, 2);
	p = write_number(p, b->blocks & 0xffff, 2);
	p = write_number(p, (uint64_t)b->since, 8);
	p = write_number(p, (uint64_t)b->until, 8);
	p = write_number(p, (uint64_t)b->due, 8);
	return write_number(p, (uint64_t)b->first, 8);
}

/* Which of the two a last failure needs: to be written, to be told from the days, or none. */
static unsigned last_is(const struct history *h, enum history_kind kind, const struct last *last,
	unsigned has, unsigned of_days)
{
	struct last told = last_of_days(h, kind), none = { 0, NO_REFERENCE };

	if (same_last(last, &none))
		return 0;
	return same_last(last, &told) ? of_days : has;
}

static unsigned char *write_last(unsigned char *p, const struct last *last)
{
	return write_reference(write_number(p, (uint64_t)last->at, 8), last->by);
}

static unsigned char *write_objections(unsigned char *p, const struct history *h)
{
	p = write_number(p, h->objections, 1);
	for (unsigned i = 0; i < h->objections; i++) {
		const struct objection *o = &h->objection[i];
		p = write_number(write_number(p, o->stream, 4), o->freed, 1);
		p = write_reference(write_number(p, (uint64_t)o->at, 8), o->by);
	}
	return p;
}

int history_write(struct history *h, unsigned char out[HISTORY_SIZE_MAX])
{
	static const unsigned char nothing[STANDING_BYTES];
	unsigned char base[STANDING_BYTES], *p = out;

	if (history_is_empty(h))
		return 0;
	history_sort_causes(h);
	write_base(base, &h->base);
	unsigned is = (memcmp(base, nothing, sizeof base) ? HAS_BASE : 0) |
		(h->settled ? HAS_SETTLED : 0) |
		last_is(h, HISTORY_SOFT, &h->soft, HAS_SOFT, SOFT_OF_DAYS) |
		last_is(h, HISTORY_BLOCK, &h->block, HAS_BLOCK, BLOCK_OF_DAYS) |
		(h->objections ? HAS_OBJECTIONS : 0);
	p = write_number(write_number(p, FORMAT, 1), is, 1);
	p = is & HAS_BASE ? write_base(p, &h->base) : p;
	p = is & HAS_SETTLED ? write_number(p, (uint64_t)h->settled, 8) : p;
	p = write_number(p, h->causes, 1);
	for (unsigned i = 0; i < h->causes; i++)
		p = write_cause(p, &h->cause[i]);
	p = is & HAS_SOFT ? write_last(p, &h->soft) : p;
	p = is & HAS_BLOCK ? write_last(p, &h->block) : p;
	p = is & HAS_OBJECTIONS ? write_objections(p, h) : p;
	for (unsigned i = 0; i < h->days; i++)
		p = write_day(p, &h->day[i]);
	return (int)(p - out);
}

/* --- reading -------------------------------------------------------------- */

/* What is left to read; BAD once something did not fit. */
struct cursor {
	const unsigned char *p;
	size_t n;
	bool bad, whole, answers; /* references have all their bytes; or but for the answers */
};

static uint64_t read_number(struct cursor *c, unsigned bytes)
{
	uint64_t v = 0;

	if (c->n < bytes) {
		c->bad = true;
		c->n = 0;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | c->p[i];
	c->p += bytes;
	c->n -= bytes;
	return v;
}

static void read_history_text(struct cursor *c, char *out, size_t size)
{
	size_t n = read_number(c, 1);

	if (n >= size || n > c->n) {
		c->bad = true;
		return;
	}
	memcpy(out, c->p, n);
	out[n] = '\0';
	c->p += n;
	c->n -= n;
}

static int32_t history_time(struct cursor *c)
{
	uint64_t at = read_number(c, TIME_BYTES);

	return at == NO_TIME ? NEVER : (int32_t)at;
}

static struct reference read_reference(struct cursor *c, const struct history *h)
{
	struct reference r = { (uint8_t)read_number(c, 1), 0, 0 };
	bool campaign = c->whole || r.cause & HAS_CAMPAIGN;
	bool answer = c->whole ? c->answers : r.cause & HAS_ANSWER;

	r.cause &= c->whole ? 0xff : CAUSE_BITS;
	if (r.cause == (c->whole ? NO_CAUSE : CAUSE_BITS))
		r.cause = NO_CAUSE;
	r.campaign = campaign ? (uint32_t)read_number(c, 4) : 0;
	r.answer = answer ? (uint32_t)read_number(c, 4) : 0;
	c->bad |= r.cause != NO_CAUSE && r.cause >= h->causes;
	return r;
}

static struct last read_last_failure(struct cursor *c, const struct history *h)
{
	int64_t at = (int64_t)read_number(c, 8);

	return (struct last){ at, read_reference(c, h) };
}

static void read_history_day(struct cursor *c, const struct history *h, struct day *d)
{
	d->start = (int64_t)read_number(c, 2) * DAY;
	unsigned flags = (unsigned)read_number(c, 1), mask = (unsigned)read_number(c, 1);
	d->coarse = flags & FLAG_COARSE;
	d->ended = flags & FLAG_ENDED;
	d->confirmed = flags & FLAG_CONFIRMED;
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++) {
		bool is = mask & 1u << kind;
		d->count[kind] = is ? (unsigned)read_number(c, 1) : 0;
		d->by[kind] = is ? read_reference(c, h) : NO_REFERENCE;
	}
	d->undecided = !d->count[HISTORY_SOFT] || flags & FLAG_UNDECIDED;
	d->first_soft = mask & 1u << HISTORY_SOFT ? history_time(c) : NEVER;
	d->last_soft = mask & 1u << HISTORY_SOFT ? history_time(c) : NEVER;
	d->last_block = mask & 1u << HISTORY_BLOCK ? history_time(c) : NEVER;
	d->delivered = mask & FLAG_DELIVERED ? history_time(c) : NEVER;
}

static void read_base(struct cursor *c, struct standing *b, bool before)
{
	b->state = (enum contact_state)read_number(c, 1);
	b->because = (enum because)read_number(c, 1);
	b->pauses = (unsigned)read_number(c, 1);
	b->unclear = before ? 0 : (unsigned)read_number(c, 1);
	b->soft = (unsigned)read_number(c, 2);
	b->blocks = (unsigned)read_number(c, 2);
	b->since = (int64_t)read_number(c, 8);
	b->until = (int64_t)read_number(c, 8);
	b->due = (int64_t)read_number(c, 8);
	b->first = (int64_t)read_number(c, 8);
}

static void read_causes(struct cursor *c, struct history *h)
{
	unsigned n = (unsigned)read_number(c, 1);

	c->bad |= n > HISTORY_CAUSES_MAX;
	for (h->causes = 0; h->causes < n && !c->bad; h->causes++) {
		struct cause *cause = &h->cause[h->causes];
		cause->category = (uint8_t)read_number(c, 1);
		cause->mta = (uint32_t)read_number(c, 4);
		read_history_text(c, cause->rule, sizeof cause->rule);
		read_history_text(c, cause->provider, sizeof cause->provider);
		read_history_text(c, cause->ladder, sizeof cause->ladder);
	}
}

static void read_objections(struct cursor *c, struct history *h)
{
	unsigned n = (unsigned)read_number(c, 1);

	c->bad |= n > OBJECTIONS_MAX;
	for (h->objections = 0; h->objections < n && !c->bad; h->objections++) {
		struct objection *o = &h->objection[h->objections];
		o->stream = (uint32_t)read_number(c, 4);
		o->freed = read_number(c, 1);
		o->at = (int64_t)read_number(c, 8);
		o->by = read_reference(c, h);
	}
	c->bad |= !history_objections_are_sound(h);
}

/* --- version 2 ------------------------------------------------------------ */

/* The last failure of a kind: its name was the ladder of a soft one, the provider of a block. */
static void read_last_before(struct cursor *c, struct history *h, bool block)
{
	struct cause cause = { .category = 0 };
	char name[STORE_NAME_SIZE] = "";
	int64_t at = (int64_t)read_number(c, 8);

	cause.category = (uint8_t)read_number(c, 1);
	read_history_text(c, name, sizeof name);
	read_history_text(c, cause.rule, sizeof cause.rule);
	if (!block)
		memcpy(cause.ladder, name, sizeof cause.ladder);
	else
		snprintf(cause.provider, sizeof cause.provider, "%.*s",
			(int)sizeof cause.provider - 1, name);
	*(block ? &h->block : &h->soft) = (struct last){ at,
		at ? (struct reference){ history_cause_number(h, &cause), 0, 0 } : NO_REFERENCE };
}

static void read_day_before(struct cursor *c, const struct history *h, struct day *d)
{
	d->start = (int64_t)read_number(c, 2) * DAY;
	unsigned flags = (unsigned)read_number(c, 1);
	memset(d->count, 0, sizeof d->count);
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		d->by[kind] = NO_REFERENCE;
	d->coarse = flags & FLAG_COARSE;
	d->ended = flags & FLAG_ENDED;
	d->confirmed = d->undecided = false;
	d->count[HISTORY_SOFT] = (unsigned)read_number(c, 1);
	d->count[HISTORY_BLOCK] = (unsigned)read_number(c, 1);
	d->first_soft = history_time(c);
	d->last_soft = history_time(c);
	d->last_block = history_time(c);
	d->delivered = history_time(c);
	if (d->count[HISTORY_SOFT] && day_start(h->soft.at) == d->start)
		d->by[HISTORY_SOFT] = h->soft.by;
	if (d->count[HISTORY_BLOCK] && day_start(h->block.at) == d->start)
		d->by[HISTORY_BLOCK] = h->block.by;
}

/* Version 4 and before: all of it is there. */
static void read_whole_history(struct cursor *c, struct history *h, bool before)
{
	read_base(c, &h->base, before);
	h->settled = (int64_t)read_number(c, 8);
	if (before) {
		read_last_before(c, h, false);
		read_last_before(c, h, true);
	} else {
		read_causes(c, h);
		h->soft = read_last_failure(c, h);
		h->block = read_last_failure(c, h);
	}
	while (c->n && !c->bad && h->days < HISTORY_DAYS_MAX) {
		if (before)
			read_day_before(c, h, &h->day[h->days++]);
		else
			read_history_day(c, h, &h->day[h->days++]);
	}
}

static void read_history(struct cursor *c, struct history *h)
{
	unsigned is = (unsigned)read_number(c, 1);

	if (is & HAS_BASE)
		read_base(c, &h->base, false);
	h->settled = is & HAS_SETTLED ? (int64_t)read_number(c, 8) : 0;
	read_causes(c, h);
	if (is & HAS_SOFT)
		h->soft = read_last_failure(c, h);
	if (is & HAS_BLOCK)
		h->block = read_last_failure(c, h);
	if (is & HAS_OBJECTIONS)
		read_objections(c, h);
	while (c->n && !c->bad && h->days < HISTORY_DAYS_MAX)
		read_history_day(c, h, &h->day[h->days++]);
	if (is & SOFT_OF_DAYS)
		h->soft = last_of_days(h, HISTORY_SOFT);
	if (is & BLOCK_OF_DAYS)
		h->block = last_of_days(h, HISTORY_BLOCK);
	c->bad |= is > PARTS_MAX || ((is & SOFT_OF_DAYS) && !h->soft.at) ||
		((is & BLOCK_OF_DAYS) && !h->block.at);
}

bool history_read(struct history *h, const unsigned char *bytes, int n)
{
	struct cursor c = { bytes, (size_t)n, false, false, true };

	history_clear(h);
	if (!n)
		return true;
	unsigned format = (unsigned)read_number(&c, 1);
	if (format < FORMAT_BEFORE || format > FORMAT)
		return false;
	c.whole = format < FORMAT;
	c.answers = format != FORMAT_WITHOUT_ANSWERS;
	if (format == FORMAT)
		read_history(&c, h);
	else
		read_whole_history(&c, h, format == FORMAT_BEFORE);
	return !c.bad && !c.n && h->base.state < STATE_COUNT;
}
