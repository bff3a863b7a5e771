/*
 * Contacts: one state per recipient, so that the sending system knows whom not to write to.
 *
 *   active  > soft(n)  > paused > revalidate > active      paused again after revalidation: inactive, prolonged-soft
 *   active  > block    > active
 *   active  > hard or complaint > inactive
 *
 * The table below is that drawing. An event is turned into what it means here (enum happening), the table says what follows.
 *
 * Messages do not come in the order in which things happened. So while a ladder runs (soft, block) the contact keeps its failures
 * of this episode with their times, at most HISTORY_MAX, and is made anew from all of them, in the order of their times, whenever one
 * joins; and of several reasons to be inactive the earliest one counts. The same events give the same contact in any order, except
 * that a success that comes late cannot undo the end of a ladder (paused) in whose middle it lay, that a success of a recipient
 * who has no contact is not kept (there is nothing to hold against them), and that of two ways to inactive the first to come wins when
 * one is prolonged-soft.
 * Outside a ladder no time is finer than a day, and nothing is kept of single failures.
 */
#include <sodium.h>
#include <stdio.h>
#include "store/internal.h"

enum { HISTORY_MAX = 32, ADVANCE_BATCH = 1000 };

/* What an event, or the passing of time, means for a contact. */
enum happening {
	SOFT_FAILED,
	LADDER_ENDED,       /* a soft failure after the ladder's end */
	LADDER_ENDED_AGAIN, /* and it was paused before */
	BLOCKED,
	GONE,               /* hard failure, complaint, opt-out */
	QUIET,              /* the state's timer ran out */
};

enum timer {
	NO_TIMER,
	ON_LADDER, /* hold until the step's time; quiet follows a quiet period after the last failure */
	ON_BLOCK,  /* the same with the block's hold */
	ON_PAUSE,  /* hold for a quiet period */
	ON_TRIAL,  /* send; quiet follows a quiet period */
};

static const struct transition {
	enum contact_state from;
	enum happening what;
	enum contact_state to;
	enum timer timer;
	const char *reason; /* NULL: the event's category */
} transitions[] = {
	{ STATE_ACTIVE,     SOFT_FAILED,        STATE_SOFT,       ON_LADDER, NULL },
	{ STATE_ACTIVE,     BLOCKED,            STATE_BLOCK,      ON_BLOCK,  NULL },
	{ STATE_ACTIVE,     GONE,               STATE_INACTIVE,   NO_TIMER,  NULL },

	{ STATE_SOFT,       SOFT_FAILED,        STATE_SOFT,       ON_LADDER, NULL },
	{ STATE_SOFT,       LADDER_ENDED,       STATE_PAUSED,     ON_PAUSE,  NULL },
	{ STATE_SOFT,       LADDER_ENDED_AGAIN, STATE_INACTIVE,   NO_TIMER,  "prolonged-soft" },
	{ STATE_SOFT,       BLOCKED,            STATE_BLOCK,      ON_BLOCK,  NULL },
	{ STATE_SOFT,       GONE,               STATE_INACTIVE,   NO_TIMER,  NULL },
	{ STATE_SOFT,       QUIET,              STATE_ACTIVE,     NO_TIMER,  "" },

	{ STATE_PAUSED,     SOFT_FAILED,        STATE_PAUSED,     ON_PAUSE,  NULL },
	{ STATE_PAUSED,     BLOCKED,            STATE_PAUSED,     ON_PAUSE,  NULL },
	{ STATE_PAUSED,     GONE,               STATE_INACTIVE,   NO_TIMER,  NULL },
	{ STATE_PAUSED,     QUIET,              STATE_REVALIDATE, ON_TRIAL,  NULL },

	{ STATE_REVALIDATE, SOFT_FAILED,        STATE_SOFT,       ON_LADDER, NULL },
	{ STATE_REVALIDATE, BLOCKED,            STATE_BLOCK,      ON_BLOCK,  NULL },
	{ STATE_REVALIDATE, GONE,               STATE_INACTIVE,   NO_TIMER,  NULL },
	{ STATE_REVALIDATE, QUIET,              STATE_ACTIVE,     NO_TIMER,  "" },

	{ STATE_BLOCK,      SOFT_FAILED,        STATE_SOFT,       ON_LADDER, NULL },
	{ STATE_BLOCK,      LADDER_ENDED,       STATE_PAUSED,     ON_PAUSE,  NULL },
	{ STATE_BLOCK,      LADDER_ENDED_AGAIN, STATE_INACTIVE,   NO_TIMER,  "prolonged-soft" },
	{ STATE_BLOCK,      BLOCKED,            STATE_BLOCK,      ON_BLOCK,  NULL },
	{ STATE_BLOCK,      GONE,               STATE_INACTIVE,   NO_TIMER,  NULL },
	{ STATE_BLOCK,      QUIET,              STATE_ACTIVE,     NO_TIMER,  "" },
	/* inactive is final: an earlier reason may take the place of the one that is known, see note_gone() */
};

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

/* A failure of the episode. */
struct failure {
	int64_t at;
	bool block;
};

struct contact {
	enum contact_state state;
	int64_t at;           /* day of the last event against it; retention counts from there */
	int64_t since;        /* day on which it came into this state */
	int64_t until;        /* hold until; 0: none */
	int64_t due;          /* when time changes the state; 0: never */
	int64_t attempts;     /* n of soft(n); failures of a block */
	int64_t pauses;       /* how often it was paused since it was active */
	int64_t counted_from; /* failures at or before this time are settled: a success or a quiet period came after them */
	char reason[EVENT_RULE_SIZE];
	char rule[EVENT_RULE_SIZE];
	char ladder[STORE_NAME_SIZE];
	unsigned failures;    /* > 0 in soft and block only */
	struct failure failure[HISTORY_MAX + 1];
};

/* --- ladders -------------------------------------------------------------------------------------------------- */

/* Where no ladder is configured at all. */
static const struct ladder last_resort = { "small", { 600, 1200, 2400, 7200 }, 4, 2 * DAY };

static const struct ladder *ladder_named(const struct store *s, const char *name)
{
	for (unsigned i = 0; i < s->o.ladders; i++)
		if (strcmp(s->o.ladder[i].name, name) == 0)
			return &s->o.ladder[i];
	return NULL;
}

/* The category's own ladder, else the provider's, else the one of providers of its size. */
static const struct ladder *ladder_for(const struct store *s, const struct packed *e)
{
	const struct ladder *l = ladder_named(s, category_name(e->category));
	bool large = e->profiled && s->o.provider_is_large && s->o.provider_is_large(s->o.context, e->provider);

	if (!l && e->profiled)
		l = ladder_named(s, e->provider);
	if (!l)
		l = ladder_named(s, large ? "large" : "small");
	return l ? l : &last_resort;
}

static int64_t ladder_step(const struct ladder *l, int64_t attempt)
{
	if (!l->steps || attempt < 1)
		return 0;
	return l->step[(attempt <= (int64_t)l->steps ? attempt : (int64_t)l->steps) - 1];
}

/* --- one transition --------------------------------------------------------------------------------------------- */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whole days only: the first midnight that is not before AT. */
static int64_t day_end(int64_t at)
{
	return day_start(at + DAY - 1);
}

static void set_timer(const struct store *s, struct contact *c, enum timer timer, int64_t at)
{
	const struct ladder *l = ladder_named(s, c->ladder);
	int64_t quiet = s->o.quiet > 0 ? s->o.quiet : 0;
	int64_t held = c->state == STATE_PAUSED ? c->until : 0;

	c->until = c->due = 0;
	switch (timer) {
	case NO_TIMER:
		break;
	case ON_LADDER:
		c->until = at + ladder_step(l ? l : &last_resort, c->attempts);
		c->due = quiet ? later(at + quiet, c->until) : 0;
		break;
	case ON_BLOCK:
		c->until = s->o.block_hold > 0 ? at + s->o.block_hold : 0;
		c->due = quiet ? later(at + quiet, c->until) : 0;
		break;
	case ON_PAUSE:
		c->until = c->due = quiet ? later(held, day_end(at + quiet)) : 0;
		break;
	case ON_TRIAL:
		c->due = quiet ? day_end(at + quiet) : 0;
		break;
	}
}

/* A state outside the ladders keeps no single failures, and no time finer than a day. */
static void forget_failures(struct contact *c, int64_t at)
{
	c->failures = 0;
	c->attempts = 0;
	c->counted_from = day_start(later(c->counted_from, at));
}

static void enter(const struct store *s, struct contact *c, const struct transition *t, int64_t at, const char *reason)
{
	bool changes = c->state != t->to;

	set_timer(s, c, t->timer, at);
	if (changes)
		c->since = day_start(at);
	if (changes && t->to == STATE_PAUSED)
		c->pauses++;
	if (t->to == STATE_ACTIVE)
		c->pauses = 0;
	c->state = t->to;
	snprintf(c->reason, sizeof c->reason, "%s", t->reason ? t->reason : reason);
	if (!*c->reason)
		c->rule[0] = c->ladder[0] = '\0';
}

static const struct transition *find_transition(enum contact_state from, enum happening what)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == from && transitions[i].what == what)
			return &transitions[i];
	return NULL;
}

/* What time alone has done to the contact by AT. */
static void elapse(const struct store *s, struct contact *c, int64_t at)
{
	char reason[sizeof c->reason];

	while (c->due && at >= c->due) {
		const struct transition *t = find_transition(c->state, QUIET);
		int64_t due = c->due;
		c->due = 0;
		if (!t)
			break;
		memcpy(reason, c->reason, sizeof reason);
		/* an episode is over with its last failure; a pause with its end */
		forget_failures(c, c->failures ? c->failure[c->failures - 1].at : due);
		enter(s, c, t, due, reason);
	}
}

/* --- an episode, made from its failures --------------------------------------------------------------------------- */

static void add_failure(struct contact *c, struct failure f)
{
	unsigned i = c->failures;

	while (i && (c->failure[i - 1].at > f.at || (c->failure[i - 1].at == f.at && c->failure[i - 1].block > f.block))) {
		c->failure[i] = c->failure[i - 1];
		i--;
	}
	c->failure[i] = f;
	if (++c->failures > HISTORY_MAX) { /* the first, which the ladder's end counts from, and the latest are kept */
		c->failures--;
		memmove(&c->failure[1], &c->failure[2], (c->failures - 1) * sizeof c->failure[0]);
	}
}

/* Walks the failures in the order of their times. REASON and the contact's ladder are the last one's. */
static void replay(const struct store *s, struct contact *c, const char *reason)
{
	const struct ladder *l = ladder_named(s, c->ladder);
	struct failure all[HISTORY_MAX];
	unsigned n = c->failures;
	int64_t soft = 0, blocks = 0, first = 0;

	memcpy(all, c->failure, n * sizeof all[0]);
	c->failures = 0;
	for (unsigned i = 0; i < n; i++) {
		elapse(s, c, all[i].at);
		if (!c->failures)
			soft = blocks = first = 0;
		if (!all[i].block && !soft++)
			first = all[i].at;
		blocks += all[i].block;
		bool ended = !all[i].block && all[i].at - first >= (l ? l : &last_resort)->end;
		enum happening what = all[i].block ? BLOCKED : !ended ? SOFT_FAILED : c->pauses ? LADDER_ENDED_AGAIN : LADDER_ENDED;
		const struct transition *t = find_transition(c->state, what);
		if (!t)
			continue;
		c->attempts = all[i].block ? blocks : soft;
		enter(s, c, t, all[i].at, reason);
		if (c->state == STATE_SOFT || c->state == STATE_BLOCK)
			c->failure[c->failures++] = all[i];
		else
			forget_failures(c, all[i].at);
	}
}

/* Where an episode began: the state and its first day are found again by replaying. */
static void rewind_episode(struct contact *c)
{
	c->state = c->pauses ? STATE_REVALIDATE : STATE_ACTIVE;
	c->until = c->due = 0;
	c->since = day_start(c->counted_from);
}

static void note_failure(const struct store *s, struct contact *c, const struct packed *e)
{
	const struct ladder *l = ladder_for(s, e);
	struct failure last = c->failures ? c->failure[c->failures - 1] : (struct failure){ .at = 0 };
	const char *category = category_name(e->category);
	bool block = e->klass == CLASS_BLOCK;
	char reason[sizeof c->reason];

	if (!c->failures)
		elapse(s, c, e->at);
	/* One of the last moment decides alone; of two in one second the same one does, whichever came first. */
	bool newest = e->at > last.at || (e->at == last.at && (block > last.block ||
					  (block == last.block && strcmp(category, c->reason) > 0)));
	snprintf(reason, sizeof reason, "%s", newest ? category : c->reason);
	if (newest) {
		snprintf(c->ladder, sizeof c->ladder, "%s", l->name);
		memcpy(c->rule, e->rule, sizeof c->rule);
	}
	if (c->failures)
		rewind_episode(c);
	add_failure(c, (struct failure){ e->at, block });
	replay(s, c, reason);
}

/* --- the other happenings --------------------------------------------------------------------------------------------- */

/* The earliest reason counts; within a day the one that stands first in the list of categories. */
static void note_gone(const struct store *s, struct contact *c, const struct packed *e)
{
	const char *category = category_name(e->category);
	int64_t day = day_start(e->at);

	if (c->state == STATE_INACTIVE) {
		int known = category_by_name(c->reason);
		if (day > c->since || (day == c->since && (e->category > known || (e->category == known &&
										  strcmp(e->rule, c->rule) >= 0))))
			return;
		c->since = day;
		snprintf(c->reason, sizeof c->reason, "%s", category);
	} else {
		const struct transition *t = find_transition(c->state, GONE);
		if (!t)
			return;
		enter(s, c, t, e->at, category);
		forget_failures(c, 0);
	}
	c->pauses = c->counted_from = 0;
	c->ladder[0] = '\0';
	memcpy(c->rule, e->rule, sizeof c->rule);
}

/* A delivery ends what was before it, except what cannot be undone. */
static void note_success(const struct store *s, struct contact *c, const struct packed *e)
{
	static const struct transition recovered = { .to = STATE_ACTIVE, .timer = NO_TIMER, .reason = "" };
	unsigned settled = 0;
	char reason[sizeof c->reason];

	if (c->state == STATE_INACTIVE || (!c->failures && day_start(e->at) < c->at))
		return;
	while (settled < c->failures && c->failure[settled].at <= e->at)
		settled++;
	c->counted_from = later(c->counted_from, e->at);
	if (settled == c->failures) {
		forget_failures(c, 0);
		if (c->state != STATE_ACTIVE)
			enter(s, c, &recovered, e->at, "");
		return;
	}
	c->failures -= settled;
	memmove(c->failure, c->failure + settled, c->failures * sizeof c->failure[0]);
	memcpy(reason, c->reason, sizeof reason);
	c->pauses = 0;
	rewind_episode(c);
	replay(s, c, reason);
}

/* --- the row -------------------------------------------------------------------------------------------------------------- */

/* A failure is eight bytes, big-endian: its time, shifted by one for the bit that says block. */
enum { FAILURE_SIZE = 8 };

static void read_history(struct contact *c, const unsigned char *p, int n)
{
	for (; n >= FAILURE_SIZE && c->failures < HISTORY_MAX; n -= FAILURE_SIZE, p += FAILURE_SIZE) {
		uint64_t v = 0;
		for (int i = 0; i < FAILURE_SIZE; i++)
			v = v << 8 | p[i];
		c->failure[c->failures++] = (struct failure){ (int64_t)(v >> 1), v & 1 };
	}
}

static int write_history(const struct contact *c, unsigned char *p)
{
	for (unsigned f = 0; f < c->failures; f++) {
		uint64_t v = (uint64_t)c->failure[f].at << 1 | c->failure[f].block;
		for (int i = FAILURE_SIZE - 1; i >= 0; i--, v >>= 8)
			p[f * FAILURE_SIZE + (unsigned)i] = (unsigned char)v;
	}
	return (int)(c->failures * FAILURE_SIZE);
}

static enum contact_state state_by_name(const char *name)
{
	for (unsigned i = 0; name && i < STATE_COUNT; i++)
		if (strcmp(contact_state_name(i), name) == 0)
			return i;
	return STATE_ACTIVE;
}

/* *FOUND is false, and C an active contact, when there is no row. */
static int load(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact *c, bool *found)
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	int rc = st ? db_step(s, st) : -1;

	memset(c, 0, offsetof(struct contact, failure));
	*found = rc == 1;
	if (rc != 1)
		return rc ? STORE_FAILED : STORE_OK;
	c->state = state_by_name((const char *)sqlite3_column_text(st, 0));
	c->at = sqlite3_column_int64(st, 1);
	c->since = sqlite3_column_int64(st, 2);
	c->until = sqlite3_column_int64(st, 3);
	c->due = sqlite3_column_int64(st, 4);
	c->attempts = sqlite3_column_int64(st, 5);
	c->pauses = sqlite3_column_int64(st, 6);
	c->counted_from = sqlite3_column_int64(st, 7);
	db_text(st, 8, c->reason, sizeof c->reason);
	db_text(st, 9, c->rule, sizeof c->rule);
	db_text(st, 10, c->ladder, sizeof c->ladder);
	read_history(c, sqlite3_column_blob(st, 11), sqlite3_column_bytes(st, 11));
	sqlite3_reset(st);
	return STORE_OK;
}

/* HOW: SQL_CONTACT_ADD for a new row, which costs a walk through the table less, or SQL_CONTACT_PUT. */
static int save(struct store *s, enum sql how, const unsigned char key[PSEUDONYM_SIZE], const struct contact *c)
{
	unsigned char history[HISTORY_MAX * FAILURE_SIZE];
	int n = write_history(c, history);
	sqlite3_stmt *st = db_bind(s, how, "btiiiiiiiTTTb", key, PSEUDONYM_SIZE, contact_state_name(c->state), c->at, c->since,
				   c->until, c->due, c->attempts, c->pauses, c->counted_from, c->reason, c->rule, c->ladder,
				   n ? history : NULL, n);

	if (!st)
		return STORE_FAILED;
	if (!c->until)
		sqlite3_bind_null(st, 5);
	if (!c->due)
		sqlite3_bind_null(st, 6);
	return db_finish(s, st);
}

/* --- in --------------------------------------------------------------------------------------------------------------------- */

enum meaning { MEANS_NOTHING, MEANS_FAILURE, MEANS_GONE, MEANS_SUCCESS };

/*
 * A delay is no failure: the sender's queue is still trying. A complaint of the sort "not spam" is praise. What cannot be told
 * (undetermined) changes nothing.
 */
static enum meaning meaning_of(const struct packed *e)
{
	switch (e->kind) {
	case KIND_FAILURE:
		return e->klass == CLASS_HARD || e->klass == CLASS_COMPLAINT	? MEANS_GONE
		       : e->klass == CLASS_SOFT || e->klass == CLASS_BLOCK	? MEANS_FAILURE
										: MEANS_NOTHING;
	case KIND_COMPLAINT:
		return e->category == CATEGORY_NOT_SPAM ? MEANS_NOTHING : MEANS_GONE;
	case KIND_OPTOUT:
		return MEANS_GONE;
	case KIND_SUCCESS:
		return MEANS_SUCCESS;
	default:
		return MEANS_NOTHING;
	}
}

int contact_apply(struct store *s, const struct packed *e)
{
	enum meaning meaning = meaning_of(e);
	struct contact c;
	bool found;

	if (meaning == MEANS_NOTHING || !e->known || e->origin < s->o.act_on)
		return STORE_OK;
	if (load(s, e->contact, &c, &found))
		return STORE_FAILED;
	if (meaning == MEANS_SUCCESS) {
		if (!found)
			return STORE_OK;
		note_success(s, &c, e);
		return save(s, SQL_CONTACT_PUT, e->contact, &c);
	}
	if (meaning == MEANS_GONE)
		note_gone(s, &c, e);
	else if (c.state != STATE_INACTIVE && e->at > c.counted_from)
		note_failure(s, &c, e);
	c.at = later(c.at, day_start(e->at));
	return save(s, found ? SQL_CONTACT_PUT : SQL_CONTACT_ADD, e->contact, &c);
}

int store_advance(struct store *s, int64_t now, uint64_t *changed)
{
	unsigned char key[ADVANCE_BATCH][PSEUDONYM_SIZE];
	struct contact c;
	bool own, found;
	unsigned n;
	int result = db_enter(s, &own), rc = 0;

	*changed = 0;
	if (result)
		return result;
	do {
		sqlite3_stmt *st = db_bind(s, SQL_CONTACT_TIMED, "ii", now, (int64_t)ADVANCE_BATCH);
		for (n = 0; st && n < ADVANCE_BATCH && (rc = db_step(s, st)) == 1; n++)
			memcpy(key[n], sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
		sqlite3_reset(st);
		if (!st || rc < 0)
			result = STORE_FAILED;
		for (unsigned i = 0; i < n && !result; i++) {
			if ((result = load(s, key[i], &c, &found)))
				break;
			elapse(s, &c, now);
			result = save(s, SQL_CONTACT_PUT, key[i], &c);
			++*changed;
		}
	} while (!result && n == ADVANCE_BATCH);
	return db_leave(s, own, result);
}

/* --- out --------------------------------------------------------------------------------------------------------------------- */

static void answer_of(const struct contact *c, int64_t now, struct answer *out)
{
	out->state = c->state;
	out->verdict = verdicts[c->state];
	out->attempts = (unsigned)c->attempts;
	out->since = c->since;
	/* a mailbox that stayed full to the end of its ladder is as good as gone until it is tried again */
	if (c->state == STATE_PAUSED && strcmp(c->ladder, category_name(CATEGORY_MAILBOX_FULL)) == 0)
		out->verdict = VERDICT_SUPPRESS;
	if (out->verdict == VERDICT_HOLD && c->state != STATE_PAUSED && now >= c->until)
		out->verdict = VERDICT_SEND;
	if (out->verdict == VERDICT_SEND)
		return;
	out->until = c->until;
	memcpy(out->reason, c->reason, sizeof out->reason);
}

int store_check(struct store *s, const char *address, size_t n, int64_t now, struct answer *out)
{
	unsigned char key[PSEUDONYM_SIZE];
	char canonical[CANONICAL_SIZE];
	struct contact c;
	bool found;

	memset(out, 0, sizeof *out);
	n = address_canonical(address, n, s->o.fold_local_part, canonical);
	if (n)
		pseudonym(key, PSEUDONYM_STATE, keys_state(s), canonical, n);
	sodium_memzero(canonical, sizeof canonical);
	if (!n)
		return store_fail(s, STORE_MISUSE, "not an address");
	if (filter_excludes(s, key))
		return STORE_OK;
	if (load(s, key, &c, &found))
		return STORE_FAILED;
	if (found) {
		elapse(s, &c, now);
		answer_of(&c, now, out);
	}
	return STORE_OK;
}

int store_contact_counts(struct store *s, uint64_t counts[STATE_COUNT])
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_STATES, "");
	int rc;

	memset(counts, 0, STATE_COUNT * sizeof *counts);
	if (!st)
		return STORE_FAILED;
	while ((rc = db_step(s, st)) == 1)
		counts[state_by_name((const char *)sqlite3_column_text(st, 0))] += (uint64_t)sqlite3_column_int64(st, 1);
	return rc ? STORE_FAILED : STORE_OK;
}
