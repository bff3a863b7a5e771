/*
 * Where a contact stands, and what leads from one state to the next.
 *
 *   active  > soft(n) > paused > revalidate > active      past the ladder again after a pause: inactive, prolonged-soft
 *   active  > block   > investigate > retry-gated > active
 *   active  > hard or complaint > inactive
 *
 * The table `transitions` is that drawing; retour-contacts(7) shows it, and a test holds the two equal. walk_history() makes the state from a summary of
 * all events, day by day, with what time does in between, so that the order in which they were read does not matter. What can no longer be told
 * apart once the times were cut to days decides mildly: a failure that is read so late, on a day with a delivery, counts as settled by it.
 */
#include "store/standing.h"

/* How long the contact waits there. */
#define TIMERS(X) X(NO_TIMER, "none") X(ON_LADDER, "the ladder's step, then quiet") X(ON_BLOCK, "hold") X(ON_INVESTIGATION, "patience") \
	X(ON_GATE, "gate, then quiet") X(ON_PAUSE, "pause") X(ON_TRIAL, "quiet")

#define ENUM(symbol, name) symbol,
#define NAME(symbol, name) name,
enum timer { TIMERS(ENUM) TIMER_COUNT };
static const char *const happening_names[] = { STORE_HAPPENINGS(NAME) };
static const char *const timer_names[] = { TIMERS(NAME) };
/* In the order of enum because. */
static const char *const because_names[] = { "none", "the failure's", "the block's", "the event's", PROLONGED_SOFT, "as before" };

static const struct transition {
	enum contact_state from;
	enum happening what;
	enum contact_state to;
	enum timer timer;
	enum because because;
} transitions[] = {
	{ STATE_ACTIVE,      SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_ACTIVE,      BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_ACTIVE,      GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },

	{ STATE_SOFT,        SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_SOFT,        LADDER_ENDED,       STATE_PAUSED,      ON_PAUSE,         FOR_SOFT },
	{ STATE_SOFT,        LADDER_ENDED_AGAIN, STATE_INACTIVE,    NO_TIMER,         FOR_TOO_LONG },
	{ STATE_SOFT,        BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_SOFT,        GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_SOFT,        DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_SOFT,        TIME_UP,            STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },

	{ STATE_PAUSED,      SOFT_FAILED,        STATE_PAUSED,      ON_PAUSE,         FOR_SOFT },
	{ STATE_PAUSED,      GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_PAUSED,      DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_PAUSED,      TIME_UP,            STATE_REVALIDATE,  ON_TRIAL,         AS_BEFORE },
	{ STATE_PAUSED,      REVALIDATED,        STATE_REVALIDATE,  ON_TRIAL,         AS_BEFORE },

	{ STATE_REVALIDATE,  SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_REVALIDATE,  BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_REVALIDATE,  GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_REVALIDATE,  DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_REVALIDATE,  TIME_UP,            STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },

	{ STATE_BLOCK,       SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_BLOCK,       BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_BLOCK,       GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_BLOCK,       DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_BLOCK,       TIME_UP,            STATE_INVESTIGATE, ON_INVESTIGATION, AS_BEFORE },
	{ STATE_BLOCK,       RESOLVED,           STATE_RETRY_GATED, ON_GATE,          AS_BEFORE },

	{ STATE_INVESTIGATE, SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_INVESTIGATE, BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_INVESTIGATE, GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_INVESTIGATE, DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_INVESTIGATE, TIME_UP,            STATE_RETRY_GATED, ON_GATE,          AS_BEFORE },
	{ STATE_INVESTIGATE, RESOLVED,           STATE_RETRY_GATED, ON_GATE,          AS_BEFORE },

	{ STATE_RETRY_GATED, SOFT_FAILED,        STATE_SOFT,        ON_LADDER,        FOR_SOFT },
	{ STATE_RETRY_GATED, BLOCKED,            STATE_BLOCK,       ON_BLOCK,         FOR_BLOCK },
	{ STATE_RETRY_GATED, GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_RETRY_GATED, DELIVERED,          STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
	{ STATE_RETRY_GATED, TIME_UP,            STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },

	/* final: nothing but an operator leads out; an earlier or harder reason takes the place of the one that is known */
	{ STATE_INACTIVE,    GONE,               STATE_INACTIVE,    NO_TIMER,         FOR_EVENT },
	{ STATE_INACTIVE,    REACTIVATED,        STATE_ACTIVE,      NO_TIMER,         FOR_NOTHING },
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
};

enum verdict standing_verdict(enum contact_state state)
{
	return verdicts[state];
}

bool is_running(enum contact_state state)
{
	return state == STATE_SOFT || state == STATE_BLOCK || state == STATE_INVESTIGATE || state == STATE_RETRY_GATED;
}

static int64_t ladder_step(const struct ladder *l, unsigned attempt)
{
	if (!l->steps || !attempt)
		return 0;
	return l->step[(attempt <= l->steps ? attempt : l->steps) - 1];
}

/* --- one transition --------------------------------------------------------------------------------------------- */

/* Its place within the gate: the addresses of a provider come back one after the other, not all in one second. */
static int64_t place_in_gate(const unsigned char key[PSEUDONYM_SIZE], int64_t gate)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v = v << 8 | key[i];
	return gate > 0 ? (int64_t)(v * (uint64_t)gate >> 32) : 0;
}

/*
 * UNTIL may be exact; DUE, which leads out of a finished episode, depends on the day of AT only, so that it is the same after the times were
 * cut to days. A block is short and its end exact.
 */
static void set_timer(const struct walk *w, struct standing *st, enum timer timer, int64_t at)
{
	int64_t day = day_start(at), held = st->state == STATE_PAUSED ? st->until : 0, step;

	st->until = st->due = 0;
	switch (timer) {
	case NO_TIMER:
	case TIMER_COUNT:
		break;
	case ON_LADDER:
		step = ladder_step(w->ladder, st->soft);
		st->until = at + step;
		st->due = w->o->quiet > 0 ? day + later(whole_days(w->o->quiet), whole_days(step) + DAY) : 0;
		break;
	case ON_BLOCK:
		st->until = st->due = at + w->o->block_hold;
		break;
	case ON_INVESTIGATION: /* patience counts from the block */
		st->until = st->due = later(at, day_start(at - w->o->block_hold) + whole_days(w->o->block_patience) + DAY);
		break;
	case ON_GATE:
		st->until = at + place_in_gate(w->key, w->o->block_gate);
		st->due = day + later(whole_days(w->o->block_quiet), whole_days(w->o->block_gate) + DAY);
		break;
	case ON_PAUSE:
		st->until = st->due = later(held, day + whole_days(w->o->pause) + DAY);
		break;
	case ON_TRIAL:
		st->due = w->o->quiet > 0 ? day + whole_days(w->o->quiet) : 0;
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

static void enter(const struct walk *w, struct standing *st, const struct transition *t, int64_t at)
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
		st->pauses = 0;
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
		enter(w, st, t, at);
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

/* --- the state, made from the history ------------------------------------------------------------------------------ */

/* All that happened on a day, as far as it counts. */
struct moment {
	int64_t at;
	enum happening what;
};

/* A delivery speaks for what came before it on its day. Returns how many moments there are, in the order of their times. */
static unsigned moments_of(const struct day *d, struct moment m[3])
{
	bool soft = d->last_soft > d->delivered, block = d->last_block > d->delivered;
	bool block_first = d->last_block < d->last_soft;
	unsigned n = 0;

	if (d->delivered != NEVER)
		m[n++] = (struct moment){ d->start + d->delivered, DELIVERED };
	if (block && block_first)
		m[n++] = (struct moment){ d->start + d->last_block, BLOCKED };
	if (soft)
		m[n++] = (struct moment){ d->start + d->last_soft, SOFT_FAILED };
	if (block && !block_first)
		m[n++] = (struct moment){ d->start + d->last_block, BLOCKED };
	return n;
}

/* By age or by attempts. A coarse day that lies where its times would decide is what it was when they were known. */
static bool ladder_ended(const struct ladder *l, const struct standing *st, const struct day *d, int64_t age)
{
	if (l->attempts && st->soft >= l->attempts)
		return true;
	if (d->coarse && age > l->end - DAY && age < l->end + DAY)
		return d->ended;
	return age >= l->end;
}

/* The day's soft failures; those before a delivery are settled, and how many came after it is not known: one at least. */
static void soft_failures(const struct walk *w, struct standing *st, struct day *d, int64_t at)
{
	const struct ladder *l = w->ladder;
	bool after_delivery = d->delivered != NEVER;

	if (!find_transition(st->state, SOFT_FAILED))
		return;
	/* of a coarse day noon is the best guess for its ladder's age */
	int64_t middle = d->start + DAY / 2, last = d->coarse ? middle : at;
	if (!st->soft)
		st->first = d->coarse ? middle : after_delivery ? at : d->start + d->first_soft;
	st->soft += after_delivery ? 1 : d->soft;
	happens(w, st, SOFT_FAILED, at);
	if (st->state != STATE_SOFT)
		return;
	d->ended = ladder_ended(l, st, d, last - st->first);
	if (d->ended)
		happens(w, st, st->pauses ? LADDER_ENDED_AGAIN : LADDER_ENDED, at);
}

/* One day after the other, and the resolution of the block's investigation at its time. */
static void walk_day(const struct walk *w, struct standing *st, struct day *d, int64_t *resolved)
{
	struct moment moments[3];
	unsigned n = moments_of(d, moments);

	if (!d->coarse)
		d->ended = false;
	for (unsigned i = 0; i < n; i++) {
		const struct moment *m = &moments[i];
		if (*resolved && *resolved < m->at) {
			elapse(w, st, *resolved);
			happens(w, st, RESOLVED, *resolved);
			*resolved = 0;
		}
		elapse(w, st, m->at);
		/* what a delivery of the same day settled makes no state, but it was an episode */
		if (m->what == DELIVERED && st->state == STATE_ACTIVE && d->soft && d->first_soft < d->delivered)
			st->episode = d->start;
		if (m->what == SOFT_FAILED) {
			soft_failures(w, st, d, m->at);
		} else if (happens(w, st, m->what, m->at) && m->what == BLOCKED) {
			st->blocks += d->blocks;
		}
	}
}

void walk_history(const struct walk *w, struct history *h, int64_t resolved, struct standing *out)
{
	struct standing st = h->base;
	int64_t pending = resolved >= h->block.at ? resolved : 0;

	for (unsigned i = 0; i < h->days; i++)
		walk_day(w, &st, &h->day[i], &pending);
	if (pending) {
		elapse(w, &st, pending);
		happens(w, &st, RESOLVED, pending);
	}
	*out = st;
}

void settle_first_day(const struct walk *w, struct history *h)
{
	int64_t none = 0;

	walk_day(w, &h->base, &h->day[0], &none);
	h->settled = later(h->settled, h->day[0].start + DAY - 1);
	history_drop_first(h);
}
