/*
 * The sum of what all sites know of a contact: the same wherever it is made, in whatever order
 * shares came, as nothing goes into it but the shares, causes taken back and waves.
 *
 * It begins where an operator moved the contact last (history.settled): of a share that did not
 * know of that yet, what came before is left out. Of two moves that did not know of each other the
 * later one is where it begins, and what an operator let go for good (moved) is gone whichever of
 * the two that was. A day on which failures lie on both sides of the move cannot be parted; what is
 * left of it counts as one failure. Behind HISTORY_DAYS_MAX days with events the first ones are
 * settled, in the order of days, over all shares.
 *
 * Its times are exact, also where those of the row had been cut to days: the state is made from
 * them, and they are cut again when their time has come.
 */
#include "store/cause.h"
#include "store/siteparts.h"

/* --- operators' moves ----------------------------------------------------- */

/* Where shares begin: what is settled, and up to when somebody was made active again. */
struct move {
	int64_t settled, moved;
	struct standing base;
};

/* Which of two begins holds: the later one; of two in one second the same one at every site. */
static int order_of_begins(int64_t a, const struct standing *x, int64_t b, const struct standing *y)
{
	const int64_t all[][2] = {
		{ a, b },
		{ x->state, y->state },
		{ x->because, y->because },
		{ x->since, y->since },
		{ x->until, y->until },
		{ x->due, y->due },
		{ x->first, y->first },
		{ x->soft, y->soft },
		{ x->blocks, y->blocks },
		{ x->unclear, y->unclear },
		{ x->pauses, y->pauses },
	};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i][0] != all[i][1])
			return all[i][0] < all[i][1] ? -1 : 1;
	return 0;
}

static struct move last_move(const struct site *site)
{
	const struct share *last = &site->share[0];
	int64_t moved = 0;

	for (unsigned i = 0; i < site->shares; i++) {
		const struct history *h = &site->share[i].history;
		if (order_of_begins(
			    h->settled, &h->base, last->history.settled, &last->history.base) > 0)
			last = &site->share[i];
		moved = larger(moved, site->share[i].moved);
	}
	return (struct move){ last->history.settled, moved, last->history.base };
}

/* Of a kind with times: what is left of it behind the second CUT. */
static void cut_kind(struct day *d, enum history_kind kind, int32_t cut)
{
	int32_t last = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
	bool whole = kind == HISTORY_SOFT && d->first_soft > cut;

	if (!d->count[kind] || whole)
		return;
	if (d->coarse || last <= cut) {
		history_take_back(d, kind);
		return;
	}
	d->count[kind] = 1;
	if (kind == HISTORY_SOFT)
		d->first_soft = last;
}

/* What is left of a day; false: nothing. */
static bool cut_day(struct day *d, int64_t settled, int64_t moved)
{
	if (d->start > settled && d->start > moved)
		return true;
	if (d->start <= settled) {
		int32_t cut = settled - d->start < DAY ? (int32_t)(settled - d->start) : DAY;
		cut_kind(d, HISTORY_SOFT, cut);
		cut_kind(d, HISTORY_BLOCK, cut);
		history_take_back(d, HISTORY_UNCLEAR);
		if (d->delivered <= cut || d->coarse)
			d->delivered = NEVER;
	}
	/* what is final stays, unless somebody who was inactive was made active */
	if (d->start <= moved) {
		history_take_back(d, HISTORY_HARD);
		history_take_back(d, HISTORY_COMPLAINT);
	}
	return d->delivered != NEVER || d->count[HISTORY_SOFT] || d->count[HISTORY_BLOCK] ||
		history_day_is_final(d) || (d->start > settled && d->count[HISTORY_UNCLEAR]);
}

void share_cut_days(struct history *h, int64_t settled, int64_t moved)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < h->days; i++)
		if (cut_day(&h->day[i], settled, moved))
			h->day[kept++] = h->day[i];
	h->days = kept;
}

/* A failure that was taken back is not the last one: once its day is cut nobody can tell. */
static void untaken_last(
	const struct store *s, const struct history *h, enum history_kind kind, struct last *last)
{
	struct last left = { 0, NO_REFERENCE };
	bool any = false;

	if (last->at <= h->settled)
		return;
	for (unsigned i = 0; i < h->days; i++) {
		const struct day *d = &h->day[i];
		int32_t second = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
		if (!d->count[kind])
			continue;
		if (cause_is_taken_back(
			    s, kind, history_cause(h, d->by[kind]), d->by[kind].campaign, d->start))
			any = true;
		else
			left = (struct last){ d->start + (d->coarse ? 0 : second), d->by[kind] };
	}
	if (any)
		*last = left;
}

/* The share as its site makes it when it hears of the move. */
static void adopt_move(const struct store *s, struct share *h, const struct move *move)
{
	struct history *all = &h->history;
	bool settles = order_of_begins(all->settled, &all->base, move->settled, &move->base) < 0;
	bool lets_go = h->moved < move->moved;

	if (!settles && !lets_go)
		return;
	untaken_last(s, all, HISTORY_SOFT, &all->soft);
	untaken_last(s, all, HISTORY_BLOCK, &all->block);
	share_cut_days(all, settles ? move->settled : 0, lets_go ? move->moved : 0);
	if (settles) {
		all->base = move->base;
		all->settled = move->settled;
	}
	h->moved = larger(h->moved, move->moved);
	if (all->soft.at <= h->moved)
		all->soft = (struct last){ 0, NO_REFERENCE };
	if (all->block.at <= h->moved)
		all->block = (struct last){ 0, NO_REFERENCE };
	history_drop_objections(all, h->moved);
	kept_drop(&h->kept, h->moved);
}

void shares_hear(const struct store *s, struct share *h)
{
	struct move move = last_move(s->site);

	adopt_move(s, h, &move);
}

/* --- the sum -------------------------------------------------------------- */

/*
 * Adds DAY of all shares, NEXT being where they stand; false: there is a day too many now. One that
 * has no times of it leaves those of the others out, whichever comes first.
 */
static bool sum_day(struct site *site, struct history *h, int64_t day, unsigned next[SHARES_MAX])
{
	bool fits = true, coarse = false;

	for (unsigned i = 0; i < site->shares; i++) {
		const struct history *from = &site->share[i].history;
		coarse |= next[i] < from->days && from->day[next[i]].start == day &&
			from->day[next[i]].coarse;
	}
	for (unsigned i = 0; i < site->shares; i++) {
		struct history *from = &site->share[i].history;
		if (next[i] == from->days || from->day[next[i]].start != day)
			continue;
		struct day *d = &from->day[next[i]++];
		if (coarse && !d->coarse)
			history_forget_times(d);
		fits &= history_add_day(h, from, d);
	}
	return fits;
}

/* Adds all shares' days, the first one first. */
static void sum_days(struct store *s, struct contact *c)
{
	struct site *site = s->site;
	unsigned next[SHARES_MAX] = { 0 };

	for (;;) {
		int64_t day = INT64_MAX;
		for (unsigned i = 0; i < site->shares; i++)
			if (next[i] < site->share[i].history.days &&
				site->share[i].history.day[next[i]].start < day)
				day = site->share[i].history.day[next[i]].start;
		if (day == INT64_MAX)
			return;
		if (!sum_day(site, &c->history, day, next)) {
			struct walk w = walk_of(s, c);
			fold_one_day(&w, &c->history);
		}
	}
}

static const struct history *history_of_share(void *context, unsigned i)
{
	const struct site *site = context;

	return &site->share[i].history;
}

void shares_sum(struct store *s, struct contact *c)
{
	struct site *site = s->site;
	struct move move = last_move(site);
	struct kept kept = { .since = 0 };

	history_clear(&c->history);
	c->history.base = move.base;
	c->history.settled = move.settled;
	c->moved = move.moved;
	c->at = 0;
	if (move.base.because != AS_BEFORE || move.base.state == STATE_ACTIVE)
		c->reason[0] = c->rule[0] = '\0';
	for (unsigned i = 0; i < site->shares; i++) {
		struct share *h = &site->share[i];
		adopt_move(s, h, &move);
		c->at = larger(c->at, h->at);
		history_add_last(&c->history, &h->history);
		kept_join(&kept, &h->kept);
	}
	memcpy(c->ladder, history_cause(&c->history, c->history.soft.by)->ladder, sizeof c->ladder);
	kept_begin(&kept, &c->history);
	sum_days(s, c);
	history_add_objections(&c->history, site->shares, history_of_share, site);
	kept_object(&kept, &c->history);
	causes_filter(s, &c->history);
}
