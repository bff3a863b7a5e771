/*
 * The summary of a contact's events, and its bytes in contact.history:
 *
 *   version 3 | base: state, because, pauses, unclear, soft (2), blocks (2), since (8), until (8),
 *               due (8), first (8) | settled (8) | number of causes, causes
 *             | last soft, last block: at (8), reference | days
 *   cause     category, mta (4), then length and bytes of rule, provider and ladder
 *   reference number of the cause in this list or 255, campaign (4)
 *   day       number since 1970 (2), flags, mask of kinds; of each kind in it count and reference;
 *             where there are any: first and last soft (3 each), last block (3), delivered (3)
 *
 * Numbers are big-endian. Version 2 had no causes but the last ones, and no kinds but soft and
 * block; it is read, and written as version 3. Version 1, a list of failures of eight bytes each,
 * begins with a zero; schema.c brings it to this form.
 */
#include <stdio.h>
#include "store/history.h"
#include "store/internal.h"

enum {
	FORMAT = 3,
	FORMAT_BEFORE = 2,
	FLAG_COARSE = 1,
	FLAG_ENDED = 2,
	FLAG_DELIVERED = 1 << HISTORY_DELIVERED, /* of the mask */
	TIME_BYTES = 3,
	NO_TIME = 0xffffff,
	STANDING_BYTES = 4 + 2 * 2 + 4 * 8,
	CAUSE_BYTES_MAX = 1 + 4 + 3 + EVENT_RULE_SIZE + EVENT_PROVIDER_SIZE + STORE_NAME_SIZE,
	REFERENCE_BYTES = 1 + 4,
	DAY_BYTES_MAX = 2 + 2 + HISTORY_CAUSED * (1 + REFERENCE_BYTES) + 4 * TIME_BYTES,
};
_Static_assert(2 + STANDING_BYTES + 8 + HISTORY_CAUSES_MAX * CAUSE_BYTES_MAX +
			2 * (8 + REFERENCE_BYTES) + HISTORY_DAYS_MAX * DAY_BYTES_MAX <=
		HISTORY_SIZE_MAX,
	"a history must fit");

static const struct reference nothing = { NO_CAUSE, 0 };

/* --- causes --------------------------------------------------------------- */

const struct cause *history_cause(const struct history *h, struct reference r)
{
	static const struct cause unknown;

	return r.cause < h->causes ? &h->cause[r.cause] : &unknown;
}

static int order_of_causes(const struct cause *a, const struct cause *b)
{
	int order = a->category - b->category;

	if (!order)
		order = strcmp(a->rule, b->rule);
	if (!order)
		order = strcmp(a->ladder, b->ladder);
	if (!order)
		order = strcmp(a->provider, b->provider);
	return order ? order : a->mta < b->mta ? -1 : a->mta > b->mta;
}

static int order_of(const struct history *h, struct reference a, struct reference b)
{
	int order = order_of_causes(history_cause(h, a), history_cause(h, b));

	return order ? order : a.campaign < b.campaign ? -1 : a.campaign > b.campaign;
}

/* All references of a history, one after the other; NULL behind the last. */
static struct reference *reference_at(struct history *h, unsigned n)
{
	if (n < 2)
		return n ? &h->block.by : &h->soft.by;
	n -= 2;
	return n < h->days * HISTORY_CAUSED ? &h->day[n / HISTORY_CAUSED].by[n % HISTORY_CAUSED]
					    : NULL;
}

/* Numbers the causes in the order in which they are referred to, and forgets those that are not. */
static void sort_causes(struct history *h)
{
	struct cause sorted[HISTORY_CAUSES_MAX];
	uint8_t number[HISTORY_CAUSES_MAX];
	struct reference *r;
	unsigned count = 0;

	memset(number, NO_CAUSE, sizeof number);
	for (unsigned n = 0; (r = reference_at(h, n)); n++) {
		if (r->cause >= h->causes)
			continue;
		if (number[r->cause] == NO_CAUSE) {
			sorted[count] = h->cause[r->cause];
			number[r->cause] = (uint8_t)count++;
		}
		r->cause = number[r->cause];
	}
	memcpy(h->cause, sorted, count * sizeof *sorted);
	h->causes = count;
}

static uint8_t number_of_cause(struct history *h, const struct cause *c)
{
	for (unsigned i = 0; i < h->causes; i++)
		if (!order_of_causes(&h->cause[i], c))
			return (uint8_t)i;
	if (h->causes == HISTORY_CAUSES_MAX)
		sort_causes(h);
	if (h->causes == HISTORY_CAUSES_MAX)
		return NO_CAUSE;
	h->cause[h->causes] = *c;
	return (uint8_t)h->causes++;
}

/* --- adding --------------------------------------------------------------- */

static struct day *history_day_at(struct history *h, int64_t start)
{
	unsigned i = h->days;

	while (i && h->day[i - 1].start > start)
		i--;
	if (i && h->day[i - 1].start == start)
		return &h->day[i - 1];
	memmove(&h->day[i + 1], &h->day[i], (h->days - i) * sizeof h->day[0]);
	h->days++;
	h->day[i] = (struct day){ .start = start,
		.first_soft = NEVER,
		.last_soft = NEVER,
		.last_block = NEVER,
		.delivered = NEVER };
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		h->day[i].by[kind] = nothing;
	return &h->day[i];
}

/* Whether A at the second AT is later than B at the second THEN. */
static bool is_later(
	const struct history *h, struct reference a, int64_t at, struct reference b, int64_t then)
{
	return at > then || (at == then && order_of(h, a, b) > 0);
}

static void note_last(const struct history *h, struct last *last, struct reference by, int64_t at)
{
	if (is_later(h, by, at, last->by, last->at))
		*last = (struct last){ at, by };
}

static void keep_last(int32_t *last, int32_t at)
{
	if (at > *last)
		*last = at;
}

static void add_to_day(const struct history *h, struct day *d, enum history_kind kind,
	int32_t second, struct reference by)
{
	int32_t known = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
	bool timed = kind == HISTORY_SOFT || kind == HISTORY_BLOCK;

	if (!d->count[kind] ||
		(timed ? is_later(h, by, second, d->by[kind], known)
		       : order_of(h, by, d->by[kind]) < 0))
		d->by[kind] = by;
	d->count[kind] += d->count[kind] < HISTORY_COUNT_MAX;
	if (kind == HISTORY_SOFT && (d->first_soft == NEVER || second < d->first_soft))
		d->first_soft = second;
	if (timed)
		keep_last(kind == HISTORY_SOFT ? &d->last_soft : &d->last_block, second);
}

bool history_add(struct history *h, enum history_kind kind, int64_t at, const struct cause *cause,
	uint32_t campaign)
{
	struct day *d = history_day_at(h, day_start(at));
	int32_t second = d->coarse ? 0 : (int32_t)(at - d->start);

	if (kind == HISTORY_DELIVERED) {
		keep_last(&d->delivered, second);
		return h->days <= HISTORY_DAYS_MAX;
	}
	struct reference by = { number_of_cause(h, cause), campaign };
	add_to_day(h, d, kind, second, by);
	if (kind == HISTORY_SOFT)
		note_last(h, &h->soft, by, at);
	if (kind == HISTORY_BLOCK)
		note_last(h, &h->block, by, at);
	return h->days <= HISTORY_DAYS_MAX;
}

static bool is_nothing(const struct day *d)
{
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		if (d->count[kind])
			return false;
	return d->delivered == NEVER;
}

/* A reference of FROM's as one of H's. */
static struct reference take_reference(
	struct history *h, const struct history *from, struct reference r)
{
	return (struct reference){
		r.cause < from->causes ? number_of_cause(h, &from->cause[r.cause]) : NO_CAUSE,
		r.campaign
	};
}

/*
 * Times of an exact day say nothing beside those of a coarse one: as in history_add() they are its
 * begin.
 */
static void make_coarse(struct day *d)
{
	int32_t *const all[] = { &d->first_soft, &d->last_soft, &d->last_block, &d->delivered };

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (*all[i] != NEVER)
			*all[i] = 0;
	d->coarse = true;
}

static void add_counts(
	struct history *h, const struct history *from, struct day *to, const struct day *d)
{
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++) {
		int32_t theirs = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
		int32_t ours = kind == HISTORY_SOFT ? to->last_soft : to->last_block;
		bool timed = kind == HISTORY_SOFT || kind == HISTORY_BLOCK;
		if (!d->count[kind])
			continue;
		struct reference by = take_reference(h, from, d->by[kind]);
		if (!to->count[kind] ||
			(timed ? is_later(h, by, theirs, to->by[kind], ours)
			       : order_of(h, by, to->by[kind]) < 0))
			to->by[kind] = by;
		unsigned sum = to->count[kind] + d->count[kind];
		to->count[kind] = sum < HISTORY_COUNT_MAX ? sum : HISTORY_COUNT_MAX;
	}
}

bool history_add_day(struct history *h, const struct history *from, const struct day *d)
{
	struct day *to = history_day_at(h, d->start), theirs = *d;

	if (is_nothing(to))
		to->coarse = d->coarse;
	if (to->coarse && !theirs.coarse)
		make_coarse(&theirs);
	if (theirs.coarse && !to->coarse)
		make_coarse(to);
	add_counts(h, from, to, &theirs);
	if (theirs.count[HISTORY_SOFT] &&
		(to->first_soft == NEVER || theirs.first_soft < to->first_soft))
		to->first_soft = theirs.first_soft;
	keep_last(&to->last_soft, theirs.last_soft);
	keep_last(&to->last_block, theirs.last_block);
	keep_last(&to->delivered, theirs.delivered);
	to->ended |= theirs.ended;
	return h->days <= HISTORY_DAYS_MAX;
}

void history_add_last(struct history *h, const struct history *from)
{
	if (from->soft.at)
		note_last(h, &h->soft, take_reference(h, from, from->soft.by), from->soft.at);
	if (from->block.at)
		note_last(h, &h->block, take_reference(h, from, from->block.by), from->block.at);
}

void history_drop_first(struct history *h)
{
	h->days--;
	memmove(&h->day[0], &h->day[1], h->days * sizeof h->day[0]);
}

void history_drop_last(struct history *h)
{
	h->days--;
}

bool history_day_is_final(const struct day *d)
{
	return d->count[HISTORY_HARD] || d->count[HISTORY_COMPLAINT];
}

/* --- taking back ---------------------------------------------------------- */

void history_take_back(struct day *d, enum history_kind kind)
{
	d->count[kind] = 0;
	d->by[kind] = nothing;
	if (kind == HISTORY_SOFT)
		d->first_soft = d->last_soft = NEVER;
	if (kind == HISTORY_BLOCK)
		d->last_block = NEVER;
}

/*
 * The last failure of a kind that is left; one that is older than all days lies in the base and
 * stays.
 */
static void mend_last(struct history *h, struct last *last, enum history_kind kind)
{
	if (last->at <= h->settled)
		return;
	*last = (struct last){ 0, nothing };
	for (unsigned i = 0; i < h->days; i++) {
		const struct day *d = &h->day[i];
		int32_t second = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
		if (d->count[kind])
			*last = (struct last){ d->start + (d->coarse ? 0 : second), d->by[kind] };
	}
}

void history_mend(struct history *h)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < h->days; i++)
		if (!is_nothing(&h->day[i]))
			h->day[kept++] = h->day[i];
	h->days = kept;
	mend_last(h, &h->soft, HISTORY_SOFT);
	mend_last(h, &h->block, HISTORY_BLOCK);
}

/* --- coarse days ---------------------------------------------------------- */

static bool has_times(const struct day *d)
{
	return d->last_soft != NEVER || d->last_block != NEVER || d->delivered != NEVER;
}

/* How many different times of the day lie before AT. */
static int32_t rank_of_kind(const struct day *d, int32_t at)
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
		d->coarse = has_times(d);
		d->last_soft = d->first_soft = rank_of_kind(&exact, exact.last_soft);
		d->last_block = rank_of_kind(&exact, exact.last_block);
		d->delivered = rank_of_kind(&exact, exact.delivered);
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
		if (!h->day[i].coarse && has_times(&h->day[i]))
			return false;
	return true;
}

bool history_is_empty(const struct history *h)
{
	return !h->days && !h->settled && !h->soft.at && !h->block.at &&
		h->base.state == STATE_ACTIVE;
}

/* --- bytes ---------------------------------------------------------------- */

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
	return write_number(write_number(p, r.cause, 1), r.campaign, 4);
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
	p = write_number(p, (d->coarse ? FLAG_COARSE : 0) | (d->ended ? FLAG_ENDED : 0), 1);
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

int history_write(struct history *h, unsigned char out[HISTORY_SIZE_MAX])
{
	unsigned char *p = out;

	if (history_is_empty(h))
		return 0;
	sort_causes(h);
	p = write_base(write_number(p, FORMAT, 1), &h->base);
	p = write_number(p, (uint64_t)h->settled, 8);
	p = write_number(p, h->causes, 1);
	for (unsigned i = 0; i < h->causes; i++)
		p = write_cause(p, &h->cause[i]);
	p = write_reference(write_number(p, (uint64_t)h->soft.at, 8), h->soft.by);
	p = write_reference(write_number(p, (uint64_t)h->block.at, 8), h->block.by);
	for (unsigned i = 0; i < h->days; i++)
		p = write_day(p, &h->day[i]);
	return (int)(p - out);
}

/* What is left to read; BAD once something did not fit. */
struct cursor {
	const unsigned char *p;
	size_t n;
	bool bad;
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
	uint8_t cause = (uint8_t)read_number(c, 1);
	uint32_t campaign = (uint32_t)read_number(c, 4);

	c->bad |= cause != NO_CAUSE && cause >= h->causes;
	return (struct reference){ cause, campaign };
}

static void read_day(struct cursor *c, const struct history *h, struct day *d)
{
	d->start = (int64_t)read_number(c, 2) * DAY;
	unsigned flags = (unsigned)read_number(c, 1), mask = (unsigned)read_number(c, 1);
	d->coarse = flags & FLAG_COARSE;
	d->ended = flags & FLAG_ENDED;
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++) {
		bool is = mask & 1u << kind;
		d->count[kind] = is ? (unsigned)read_number(c, 1) : 0;
		d->by[kind] = is ? read_reference(c, h) : nothing;
	}
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
	h->soft.at = (int64_t)read_number(c, 8);
	h->soft.by = read_reference(c, h);
	h->block.at = (int64_t)read_number(c, 8);
	h->block.by = read_reference(c, h);
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
		at ? (struct reference){ number_of_cause(h, &cause), 0 } : nothing };
}

static void read_day_before(struct cursor *c, const struct history *h, struct day *d)
{
	d->start = (int64_t)read_number(c, 2) * DAY;
	unsigned flags = (unsigned)read_number(c, 1);
	memset(d->count, 0, sizeof d->count);
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		d->by[kind] = nothing;
	d->coarse = flags & FLAG_COARSE;
	d->ended = flags & FLAG_ENDED;
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

bool history_read(struct history *h, const unsigned char *bytes, int n)
{
	struct cursor c = { bytes, (size_t)n, false };

	history_clear(h);
	if (!n)
		return true;
	unsigned format = (unsigned)read_number(&c, 1);
	bool before = format == FORMAT_BEFORE;
	if (format != FORMAT && !before)
		return false;
	read_base(&c, &h->base, before);
	h->settled = (int64_t)read_number(&c, 8);
	if (before) {
		read_last_before(&c, h, false);
		read_last_before(&c, h, true);
	} else {
		read_causes(&c, h);
	}
	while (c.n && !c.bad && h->days < HISTORY_DAYS_MAX) {
		if (before)
			read_day_before(&c, h, &h->day[h->days++]);
		else
			read_day(&c, h, &h->day[h->days++]);
	}
	return !c.bad && !c.n && h->base.state < STATE_COUNT;
}

void history_clear(struct history *h)
{
	memset(h, 0, offsetof(struct history, cause));
	h->soft.by = h->block.by = nothing;
}
