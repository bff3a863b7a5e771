/* The summary of a contact's events; its bytes are historybytes.c's. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/history/history.h"

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
	if (order)
		return order;
	if (a->mta < b->mta)
		return -1;
	return a->mta > b->mta;
}

int history_reference_order(const struct history *h, struct reference a, struct reference b)
{
	int order = order_of_causes(history_cause(h, a), history_cause(h, b));

	if (order)
		return order;
	if (a.campaign != b.campaign)
		return a.campaign < b.campaign ? -1 : 1;
	if (a.answer < b.answer)
		return -1;
	return a.answer > b.answer;
}

/* All references of a history, one after the other; NULL behind the last. */
static struct reference *reference_at(struct history *h, unsigned n)
{
	if (n < 2)
		return n ? &h->block.by : &h->soft.by;
	n -= 2;
	if (n < h->objections)
		return &h->objection[n].by;
	n -= h->objections;
	return n < h->days * HISTORY_CAUSED ? &h->day[n / HISTORY_CAUSED].by[n % HISTORY_CAUSED]
					    : NULL;
}

void history_sort_causes(struct history *h)
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

uint8_t history_cause_number(struct history *h, const struct cause *c)
{
	for (unsigned i = 0; i < h->causes; i++)
		if (!order_of_causes(&h->cause[i], c))
			return (uint8_t)i;
	if (h->causes == HISTORY_CAUSES_MAX)
		history_sort_causes(h);
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
		h->day[i].by[kind] = NO_REFERENCE;
	return &h->day[i];
}

/* Whether A at the second AT is later than B at the second THEN. */
static bool is_later(
	const struct history *h, struct reference a, int64_t at, struct reference b, int64_t then)
{
	return at > then || (at == then && history_reference_order(h, a, b) > 0);
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
		       : history_reference_order(h, by, d->by[kind]) < 0))
		d->by[kind] = by;
	d->count[kind] += d->count[kind] < HISTORY_COUNT_MAX;
	if (kind == HISTORY_SOFT && (d->first_soft == NEVER || second < d->first_soft))
		d->first_soft = second;
	if (timed)
		keep_last(kind == HISTORY_SOFT ? &d->last_soft : &d->last_block, second);
}

bool history_add(struct history *h, enum history_kind kind, int64_t at, const struct cause *cause,
	uint32_t campaign, uint32_t answer)
{
	struct day *d = history_day_at(h, day_start(at));
	int32_t second = d->coarse ? 0 : (int32_t)(at - d->start);

	if (kind == HISTORY_DELIVERED) {
		keep_last(&d->delivered, second);
		return h->days <= HISTORY_DAYS_MAX;
	}
	struct reference by = { history_cause_number(h, cause), campaign, answer };
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
struct reference history_take_reference(
	struct history *h, const struct history *from, struct reference r)
{
	return (struct reference){
		r.cause < from->causes ? history_cause_number(h, &from->cause[r.cause]) : NO_CAUSE,
		r.campaign, r.answer
	};
}

/*
 * Times of an exact day say nothing beside those of a coarse one: as in history_add() they are its
 * begin.
 */
void history_forget_times(struct day *d)
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
		struct reference by = history_take_reference(h, from, d->by[kind]);
		if (!to->count[kind] ||
			(timed ? is_later(h, by, theirs, to->by[kind], ours)
			       : history_reference_order(h, by, to->by[kind]) < 0))
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
		history_forget_times(&theirs);
	if (theirs.coarse && !to->coarse)
		history_forget_times(to);
	add_counts(h, from, to, &theirs);
	if (theirs.count[HISTORY_SOFT] &&
		(to->first_soft == NEVER || theirs.first_soft < to->first_soft))
		to->first_soft = theirs.first_soft;
	keep_last(&to->last_soft, theirs.last_soft);
	keep_last(&to->last_block, theirs.last_block);
	keep_last(&to->delivered, theirs.delivered);
	to->ended |= theirs.ended;
	to->undecided &= theirs.undecided;
	to->confirmed |= theirs.confirmed;
	return h->days <= HISTORY_DAYS_MAX;
}

void history_add_last(struct history *h, const struct history *from)
{
	if (from->soft.at)
		note_last(
			h, &h->soft, history_take_reference(h, from, from->soft.by), from->soft.at);
	if (from->block.at)
		note_last(h, &h->block, history_take_reference(h, from, from->block.by),
			from->block.at);
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

bool history_objection_is_last(const struct history *h)
{
	for (unsigned i = 0; i + 1 < h->days; i++)
		if (h->day[i].count[HISTORY_COMPLAINT])
			return false;
	return h->days > 2 && h->day[h->days - 1].count[HISTORY_COMPLAINT];
}

bool history_day_is_final(const struct day *d)
{
	return d->count[HISTORY_HARD] || d->count[HISTORY_COMPLAINT];
}

void history_confirm(struct history *h, int64_t day)
{
	history_day_at(h, day)->confirmed = true;
}

bool history_has_final(const struct history *h, int64_t day)
{
	for (unsigned i = 0; i < h->days; i++)
		if (h->day[i].start >= day &&
			(h->day[i].count[HISTORY_HARD] || h->day[i].count[HISTORY_UNCLEAR]))
			return true;
	return false;
}

/* --- taking back ---------------------------------------------------------- */

void history_take_back(struct day *d, enum history_kind kind)
{
	d->count[kind] = 0;
	d->by[kind] = NO_REFERENCE;
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
	if (last->at && last->at <= h->settled)
		return;
	*last = (struct last){ 0, NO_REFERENCE };
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

/* What DAY, as it was, says of KIND now stands in D as AGAIN has it. */
static void judge_kind(struct history *h, struct day *d, const struct day *was, unsigned kind,
	const struct verdict_again *again)
{
	enum history_kind to = again->kind;
	struct reference by = { history_cause_number(h, &again->cause), was->by[kind].campaign,
		was->by[kind].answer };
	int32_t first = d->coarse ? 0 : again->first, last = d->coarse ? 0 : again->last;
	unsigned sum;

	if (kind == HISTORY_SOFT || kind == HISTORY_BLOCK)
		last = kind == HISTORY_SOFT ? was->last_soft : was->last_block;
	if (kind == HISTORY_SOFT || kind == HISTORY_BLOCK)
		first = kind == HISTORY_SOFT ? was->first_soft : was->last_block;
	add_to_day(h, d, to, last, by);
	sum = d->count[to] - 1 + was->count[kind];
	d->count[to] = sum < HISTORY_COUNT_MAX ? sum : HISTORY_COUNT_MAX;
	if (to == HISTORY_SOFT && first < d->first_soft)
		d->first_soft = first;
}

void history_judge_day(
	struct history *h, struct day *d, const struct verdict_again *again[HISTORY_CAUSED])
{
	const struct day was = *d;

	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		if (again[kind])
			history_take_back(d, kind);
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		if (again[kind] && again[kind]->kind != HISTORY_DELIVERED)
			judge_kind(h, d, &was, kind, again[kind]);
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

void history_settle_last(struct history *h)
{
	if (h->soft.at <= h->settled)
		h->soft.at = day_start(h->soft.at);
	if (h->block.at <= h->settled)
		h->block.at = day_start(h->block.at);
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
	return !h->days && !h->objections && !h->settled && !h->soft.at && !h->block.at &&
		h->base.state == STATE_ACTIVE;
}

void history_clear(struct history *h)
{
	memset(h, 0, offsetof(struct history, cause));
	h->soft.by = h->block.by = NO_REFERENCE;
}
