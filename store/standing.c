/*
 * Where a contact stands, and what leads from one state to the next.
 *
 *   active  > soft(n) > paused > revalidate > active       past the ladder again after a pause:
 *                                                          inactive, prolonged-soft
 *   active  > block   > investigate > retry-gated > active
 *   active  > hard or complaint > inactive
 *   active  > unclear > inactive                           permanent and not understood, from
 *                                                          three mailings on: not-understood
 *
 * The table `transitions` is that drawing; retour-contacts(7) shows it, and a test holds the two
 * equal. walk_history() makes the state from a summary of all events, day by day, with what time
 * does in between, so that the order in which they were read does not matter. What can no longer be
 * told apart once the times were cut to days decides mildly: a failure that is read so late, on a
 * day with a delivery, counts as settled by it.
 */
#include "store/standing.h"
#include "store/wave.h"

/* How long the contact waits there. */
#define TIMERS(X) \
	X(NO_TIMER, "none") \
	X(ON_LADDER, "the ladder's step, then quiet") \
	X(ON_BLOCK, "hold") \
	X(ON_INVESTIGATION, "patience") \
	X(ON_GATE, "gate, then quiet") \
	X(ON_PAUSE, "pause") \
	X(ON_TRIAL, "quiet") \
	X(ON_LONGER, "the longer of both") \
	X(ON_DAYS, "the ladder's days, then quiet") \
	X(UNCHANGED, "as before") \
	X(ON_DOUBT, "confirmation")

#define TIMER_ENUM(symbol, name) symbol,
#define TIMER_NAME(symbol, name) name,
enum timer { TIMERS(TIMER_ENUM) TIMER_COUNT };
static const char *const happening_names[] = { STORE_HAPPENINGS(TIMER_NAME) };
static const char *const timer_names[] = { TIMERS(TIMER_NAME) };
/* In the order of enum because. */
static const char *const because_names[] = { "none", "the failure's", "the block's", "the event's",
	PROLONGED_SOFT, "as before", "the failure's", NOT_UNDERSTOOD, UNCONFIRMED };

static const struct transition {
	enum contact_state from;
	enum happening what;
	enum contact_state to;
	enum timer timer;
	enum because because;
} transitions[] = {
	{ STATE_ACTIVE, SOFT_FAILED, STATE_SOFT, ON_LADDER, FOR_SOFT },
	{ STATE_ACTIVE, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_ACTIVE, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_ACTIVE, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_ACTIVE, PUZZLED, STATE_UNCLEAR, ON_DAYS, FOR_UNCLEAR },

	{ STATE_SOFT, SOFT_FAILED, STATE_SOFT, ON_LADDER, FOR_SOFT },
	{ STATE_SOFT, LADDER_ENDED, STATE_PAUSED, ON_PAUSE, FOR_SOFT },
	{ STATE_SOFT, LADDER_ENDED_AGAIN, STATE_INACTIVE, NO_TIMER, FOR_TOO_LONG },
	{ STATE_SOFT, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_SOFT, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_SOFT, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_SOFT, PUZZLED, STATE_SOFT, UNCHANGED, AS_BEFORE },
	{ STATE_SOFT, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_SOFT, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_SOFT, TIME_UP, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },

	{ STATE_PAUSED, SOFT_FAILED, STATE_PAUSED, ON_PAUSE, FOR_SOFT },
	{ STATE_PAUSED, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_PAUSED, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_PAUSED, PUZZLED, STATE_PAUSED, UNCHANGED, AS_BEFORE },
	{ STATE_PAUSED, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_PAUSED, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_PAUSED, TIME_UP, STATE_REVALIDATE, ON_TRIAL, AS_BEFORE },
	{ STATE_PAUSED, REVALIDATED, STATE_REVALIDATE, ON_TRIAL, AS_BEFORE },

	{ STATE_REVALIDATE, SOFT_FAILED, STATE_SOFT, ON_LADDER, FOR_SOFT },
	{ STATE_REVALIDATE, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_REVALIDATE, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_REVALIDATE, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_REVALIDATE, PUZZLED, STATE_UNCLEAR, ON_DAYS, FOR_UNCLEAR },
	{ STATE_REVALIDATE, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_REVALIDATE, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_REVALIDATE, TIME_UP, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },

	{ STATE_BLOCK, SOFT_FAILED, STATE_BLOCK, ON_LONGER, AS_BEFORE },
	{ STATE_BLOCK, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_BLOCK, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_BLOCK, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_BLOCK, PUZZLED, STATE_BLOCK, UNCHANGED, AS_BEFORE },
	{ STATE_BLOCK, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_BLOCK, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_BLOCK, TIME_UP, STATE_INVESTIGATE, ON_INVESTIGATION, AS_BEFORE },
	{ STATE_BLOCK, RESOLVED, STATE_RETRY_GATED, ON_GATE, AS_BEFORE },

	{ STATE_INVESTIGATE, SOFT_FAILED, STATE_INVESTIGATE, ON_LONGER, AS_BEFORE },
	{ STATE_INVESTIGATE, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_INVESTIGATE, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_INVESTIGATE, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_INVESTIGATE, PUZZLED, STATE_INVESTIGATE, UNCHANGED, AS_BEFORE },
	{ STATE_INVESTIGATE, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_INVESTIGATE, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_INVESTIGATE, TIME_UP, STATE_RETRY_GATED, ON_GATE, AS_BEFORE },
	{ STATE_INVESTIGATE, RESOLVED, STATE_RETRY_GATED, ON_GATE, AS_BEFORE },

	{ STATE_RETRY_GATED, SOFT_FAILED, STATE_SOFT, ON_LADDER, FOR_SOFT },
	{ STATE_RETRY_GATED, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_RETRY_GATED, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_RETRY_GATED, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_RETRY_GATED, PUZZLED, STATE_RETRY_GATED, UNCHANGED, AS_BEFORE },
	{ STATE_RETRY_GATED, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_RETRY_GATED, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_RETRY_GATED, TIME_UP, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },

	{ STATE_UNCLEAR, SOFT_FAILED, STATE_SOFT, ON_LADDER, FOR_SOFT },
	{ STATE_UNCLEAR, BLOCKED, STATE_BLOCK, ON_BLOCK, FOR_BLOCK },
	{ STATE_UNCLEAR, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_UNCLEAR, DOUBTED, STATE_UNCONFIRMED, ON_DOUBT, FOR_UNCONFIRMED },
	{ STATE_UNCLEAR, PUZZLED, STATE_UNCLEAR, ON_DAYS, FOR_UNCLEAR },
	{ STATE_UNCLEAR, PUZZLED_ENOUGH, STATE_INACTIVE, NO_TIMER, FOR_UNCLEAR_LONG },
	{ STATE_UNCLEAR, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_UNCLEAR, TIME_UP, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },

	{ STATE_UNCONFIRMED, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_UNCONFIRMED, DOUBTED, STATE_UNCONFIRMED, UNCHANGED, AS_BEFORE },
	{ STATE_UNCONFIRMED, CONFIRMED, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_UNCONFIRMED, REACTIVATED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_UNCONFIRMED, DELIVERED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
	{ STATE_UNCONFIRMED, TIME_UP, STATE_INACTIVE, NO_TIMER, FOR_EVENT },

	/*
	 * final: nothing but an operator leads out; an earlier or harder reason takes the place of
	 * the one that is known
	 */
	{ STATE_INACTIVE, GONE, STATE_INACTIVE, NO_TIMER, FOR_EVENT },
	{ STATE_INACTIVE, REACTIVATED, STATE_ACTIVE, NO_TIMER, FOR_NOTHING },
};

bool store_transition(unsigned n, const char *words[STORE_TRANSITION_WORDS])
{
	const struct transition *t = &transitions[n];

	if (n >= sizeof transitions / sizeof *transitions)
		return false;
	words[0] = contact_state_name(t->from);
	words[1] = happening_names[t->what];
	words[2] = contact_state_name(t->to);
	words[3] = timer_names[t->timer];
	words[4] = because_names[t->because];
	return true;
}

/* What the sending system is told. A hold ends with its time; then one message may be sent. */
static const enum verdict verdicts[STATE_COUNT] = {
	[STATE_ACTIVE] = VERDICT_SEND,
	[STATE_SOFT] = VERDICT_HOLD,
	[STATE_PAUSED] = VERDICT_HOLD,
	[STATE_REVALIDATE] = VERDICT_SEND,
	[STATE_BLOCK] = VERDICT_HOLD,
	[STATE_INVESTIGATE] = VERDICT_HOLD,
	[STATE_RETRY_GATED] = VERDICT_HOLD,
	[STATE_INACTIVE] = VERDICT_SUPPRESS,
	[STATE_UNCLEAR] = VERDICT_HOLD,
	[STATE_UNCONFIRMED] = VERDICT_HOLD,
};

enum verdict standing_verdict(enum contact_state state)
{
	return verdicts[state];
}

bool is_running(enum contact_state state)
{
	return state == STATE_SOFT || state == STATE_BLOCK || state == STATE_INVESTIGATE ||
		state == STATE_RETRY_GATED;
}

static int64_t ladder_step(const struct ladder *l, unsigned attempt)
{
	if (!l->steps || !attempt)
		return 0;
	return l->step[(attempt <= l->steps ? attempt : l->steps) - 1];
}

/* --- one transition ------------------------------------------------------- */

/*
 * Its place within the gate: the addresses of a provider come back one after the other, not all in
 * one second.
 */
static int64_t place_in_gate(const unsigned char key[PSEUDONYM_SIZE], int64_t gate)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v = v << 8 | key[i];
	return gate > 0 ? (int64_t)(v * (uint64_t)gate >> 32) : 0;
}

/* When a failure of this DAY is outweighed by silence; 0: never. LEAST: not before. */
static int64_t quiet_end(const struct walk *w, int64_t day, int64_t least)
{
	return w->quiet > 0 ? day + larger(whole_days(w->quiet), least) : 0;
}

/*
 * UNTIL may be exact; DUE, which leads out of a finished episode, depends on the day of AT only, so
 * that it is the same after the times were cut to days. A block is short and its end exact.
 */
static void set_timer(const struct walk *w, struct standing *st, enum timer timer, int64_t at)
{
	int64_t day = day_start(at), until = st->until, due = st->due, step;

	st->until = st->due = 0;
	switch (timer) {
	case NO_TIMER:
	case TIMER_COUNT:
		break;
	case ON_LADDER:
		step = ladder_step(w->ladder, st->soft);
		st->until = st->held = at + step;
		st->due = quiet_end(w, day, whole_days(step) + DAY);
		break;
	case ON_LONGER:
		st->held = at + ladder_step(w->ladder, st->soft);
		st->until = larger(until, st->held);
		st->due = due;
		break;
	case UNCHANGED:
		st->until = until;
		st->due = due;
		break;
	case ON_DAYS:
		step = whole_days(ladder_step(w->unclear, st->unclear ? st->unclear : 1));
		st->until = day + step;
		st->due = quiet_end(w, day, step + DAY);
		break;
	case ON_DOUBT:
		st->until = st->due = day + DAY + whole_days(w->o->brake_hold);
		break;
	case ON_BLOCK:
		st->until = larger(st->held, at + w->o->block_hold);
		st->due = at + w->o->block_hold;
		break;
	case ON_INVESTIGATION: /* patience counts from the block */
		st->due = larger(at,
			day_start(at - w->o->block_hold) + whole_days(w->o->block_patience) + DAY);
		st->until = larger(st->held, st->due);
		break;
	case ON_GATE:
		st->until = larger(st->held, at + place_in_gate(w->key, w->o->block_gate));
		st->due = day +
			larger(whole_days(w->o->block_quiet), whole_days(w->o->block_gate) + DAY);
		break;
	case ON_PAUSE:
		st->until = st->due = larger(
			st->state == STATE_PAUSED ? until : 0, day + whole_days(w->o->pause) + DAY);
		break;
	case ON_TRIAL:
		st->due = quiet_end(w, day, 0);
		break;
	}
}

static const struct transition *find_transition(enum contact_state from, enum happening what)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == from && transitions[i].what == what)
			return &transitions[i];
	return NULL;
}

static void enter_state(
	const struct walk *w, struct standing *st, const struct transition *t, int64_t at)
{
	bool changes = st->state != t->to, was_well = st->state == STATE_ACTIVE;

	if (changes && (was_well || (t->to == STATE_SOFT && !st->episode)))
		st->episode = t->to == STATE_SOFT ? at : 0;
	set_timer(w, st, t->timer, at);
	if (changes)
		st->since = day_start(at);
	if (changes && t->to == STATE_PAUSED)
		st->pauses++;
	if (t->to == STATE_ACTIVE || t->to == STATE_INACTIVE)
		st->pauses = st->unclear = 0;
	if (t->to == STATE_ACTIVE)
		st->held = 0;
	st->state = t->to;
	if (t->because != AS_BEFORE)
		st->because = t->because;
	if (!is_running(st->state))
		st->soft = st->blocks = 0;
}

bool happens(const struct walk *w, struct standing *st, enum happening what, int64_t at)
{
	const struct transition *t = find_transition(st->state, what);

	if (t)
		enter_state(w, st, t, at);
	return t;
}

void elapse(const struct walk *w, struct standing *st, int64_t at)
{
	while (st->due && at >= st->due) {
		int64_t due = st->due;
		st->due = 0;
		happens(w, st, TIME_UP, due);
	}
}

/* --- the state, made from the history ------------------------------------- */

/* All that happened on a day, as far as it counts. */
struct moment {
	int64_t at;
	enum happening what;
};
enum { MOMENTS_MAX = 4 };

/*
 * A delivery speaks for what came before it on its day. Returns how many moments there are, in the
 * order of their times.
 */
static unsigned moments_of(const struct day *d, struct moment m[MOMENTS_MAX])
{
	bool soft = d->last_soft > d->delivered, block = d->last_block > d->delivered;
	bool block_first = d->last_block < d->last_soft;
	unsigned n = 0;

	if (d->delivered != NEVER)
		m[n++] = (struct moment){ d->start + d->delivered, DELIVERED };
	else if (d->count[HISTORY_UNCLEAR])
		m[n++] = (struct moment){ d->start, PUZZLED };
	if (block && block_first)
		m[n++] = (struct moment){ d->start + d->last_block, BLOCKED };
	if (soft)
		m[n++] = (struct moment){ d->start + d->last_soft, SOFT_FAILED };
	if (block && !block_first)
		m[n++] = (struct moment){ d->start + d->last_block, BLOCKED };
	return n;
}

/*
 * By age, which says nothing of fewer than so many mailings, or by attempts. A coarse day that lies
 * where its times would decide is what it was when they were known; where they decided nothing, as
 * what began the ladder was read later, it is what its age says.
 */
static bool ladder_ended(const struct ladder *l, int64_t least, const struct standing *st,
	struct day *d, int64_t age)
{
	if (l->attempts && st->soft >= l->attempts)
		return true;
	if ((int64_t)st->soft < least)
		return false;
	if (age <= l->end - DAY || age >= l->end + DAY)
		return age >= l->end;
	if (d->coarse && !d->undecided)
		return d->ended;
	d->undecided = false;
	return age >= l->end;
}

/*
 * The day's soft failures; those before a delivery are settled, and how many came after it is not
 * known: one at least.
 */
static void soft_failures(const struct walk *w, struct standing *st, struct day *d, int64_t at)
{
	const struct ladder *l = w->ladder;
	bool after_delivery = d->delivered != NEVER;

	if (!find_transition(st->state, SOFT_FAILED))
		return;
	/* of a coarse day noon is the best guess for its ladder's age */
	int64_t middle = d->start + DAY / 2, last = d->coarse ? middle : at;
	if (!st->soft) {
		if (d->coarse)
			st->first = middle;
		else if (after_delivery)
			st->first = at;
		else
			st->first = d->start + d->first_soft;
	}
	st->soft += after_delivery ? 1 : d->count[HISTORY_SOFT];
	happens(w, st, SOFT_FAILED, at);
	if (st->state != STATE_SOFT)
		return;
	d->ended = ladder_ended(l, w->o->mailings, st, d, last - st->first);
	if (d->ended)
		happens(w, st, st->pauses ? LADDER_ENDED_AGAIN : LADDER_ENDED, at);
}

/* A wave of such failures is of whoever refused, and says nothing of one contact. */
static bool is_puzzled_with_all(const struct walk *w, const struct history *h, const struct day *d)
{
	struct cause of_all = *history_cause(h, d->by[HISTORY_UNCLEAR]);

	of_all.mta = 0;
	memcpy(of_all.provider, NOT_UNDERSTOOD, sizeof NOT_UNDERSTOOD);
	return wave_holds(w->store, d->start, &of_all);
}

/* Each day with such a failure is a mailing of its own. */
static void puzzling_failure(const struct walk *w, struct standing *st, const struct history *h,
	const struct day *d, int64_t at)
{
	bool alone = !is_puzzled_with_all(w, h, d);

	if (!find_transition(st->state, PUZZLED))
		return;
	st->unclear += alone;
	bool enough = alone && w->unclear->attempts && st->unclear >= w->unclear->attempts;
	if (!enough || !happens(w, st, PUZZLED_ENOUGH, at))
		happens(w, st, PUZZLED, at);
}

/* One day after the other, and the resolution of the block's investigation at its time. */
static void walk_day(const struct walk *w, struct standing *st, const struct history *h,
	struct day *d, int64_t *resolved)
{
	struct moment moments[MOMENTS_MAX];
	unsigned n = moments_of(d, moments);

	if (!d->coarse) {
		d->ended = false;
		d->undecided = true;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct moment *m = &moments[i];
		if (*resolved && *resolved < m->at) {
			elapse(w, st, *resolved);
			happens(w, st, RESOLVED, *resolved);
			*resolved = 0;
		}
		elapse(w, st, m->at);
		/* what a delivery of the same day settled makes no state, but it was an episode */
		if (m->what == DELIVERED && st->state == STATE_ACTIVE && d->count[HISTORY_SOFT] &&
			d->first_soft < d->delivered)
			st->episode = d->start;
		if (m->what == SOFT_FAILED) {
			soft_failures(w, st, d, m->at);
		} else if (m->what == PUZZLED) {
			puzzling_failure(w, st, h, d, m->at);
		} else if (happens(w, st, m->what, m->at) && m->what == BLOCKED) {
			st->blocks += d->count[HISTORY_BLOCK];
		}
	}
}

/* What is final: the earliest reason counts, and what came before it is what it broke off. */
static void end_for_good(const struct walk *w, struct standing *st, const struct day *d)
{
	elapse(w, st, d->start);
	happens(w, st, GONE, d->start);
	st->since = d->start;
}

/*
 * Was he refused in a wave the day before, too, and does the same refuse him again? As it ebbs it
 * says no more than it did, whatever it says to others.
 */
static bool is_echo(const struct walk *w, const struct history *h, const struct day *d)
{
	const struct day *before = d - 1;

	return d > h->day && before->start == d->start - DAY && before->count[HISTORY_HARD] &&
		!before->confirmed &&
		wave_holds(w->store, before->start, history_cause(h, before->by[HISTORY_HARD])) &&
		wave_holds(w->store, before->start, history_cause(h, d->by[HISTORY_HARD]));
}

bool day_is_doubted(const struct walk *w, const struct history *h, const struct day *d)
{
	return d->count[HISTORY_HARD] && !d->confirmed &&
		(wave_holds(w->store, d->start, history_cause(h, d->by[HISTORY_HARD])) ||
			is_echo(w, h, d));
}

static void doubt_day(
	const struct walk *w, struct standing *st, const struct history *h, const struct day *d)
{
	if (!day_is_doubted(w, h, d))
		return;
	elapse(w, st, d->start);
	happens(w, st, DOUBTED, d->start);
}

const struct day *final_day(const struct walk *w, const struct history *h)
{
	for (unsigned i = 0; i < h->days; i++) {
		const struct day *d = &h->day[i];
		if (d->count[HISTORY_COMPLAINT] ||
			(d->count[HISTORY_HARD] && !day_is_doubted(w, h, d)))
			return d;
	}
	return NULL;
}

/*
 * The whole way is walked, also behind what is final: where a ladder would have ended must be known
 * before the times are cut.
 */
void walk_history(const struct walk *w, struct history *h, int64_t resolved, struct standing *out)
{
	struct standing st = h->base;
	const struct day *final = final_day(w, h);
	int64_t pending = resolved >= h->block.at ? resolved : 0;

	for (unsigned i = 0; i < h->days; i++) {
		walk_day(w, &st, h, &h->day[i], &pending);
		if (&h->day[i] == final) {
			*out = st;
			end_for_good(w, out, final);
		} else {
			doubt_day(w, &st, h, &h->day[i]);
		}
	}
	if (final)
		return;
	if (pending) {
		elapse(w, &st, pending);
		happens(w, &st, RESOLVED, pending);
	}
	*out = st;
}

/* Behind the day that ended it nothing counts; else what happened first is settled. */
void fold_one_day(const struct walk *w, struct history *h)
{
	int64_t none = 0;

	if (&h->day[0] == final_day(w, h)) {
		/* an objection is not forgotten for a hard failure, which may be taken back */
		if (history_objection_is_last(h))
			h->day[h->days - 2] = h->day[h->days - 1];
		history_drop_last(h);
		return;
	}
	/* its echo, which would be believed without it, is past with it */
	for (bool echo = true; echo;) {
		echo = h->days > 1 && is_echo(w, h, &h->day[1]) &&
			!h->day[1].count[HISTORY_COMPLAINT];
		walk_day(w, &h->base, h, &h->day[0], &none);
		doubt_day(w, &h->base, h, &h->day[0]);
		h->settled = larger(h->settled, h->day[0].start + DAY - 1);
		history_drop_first(h);
	}
}
