/*
 * Contacts: one state per recipient, so that the sending system knows whom not to write to.
 *
 * Messages do not come in the order in which things happened. So nothing is decided from the state alone: a contact keeps a summary of
 * its events that does not depend on their order (history.h), and whenever one joins, the state is made anew from it (standing.c). The same events
 * give the same contact in any order and any batches.
 *
 * A hard failure or a complaint needs no history: the earliest reason counts, whatever came when.
 */
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include "store/standing.h"

enum { PAGE = 1000 };
_Static_assert((int)CONTACT_DAYS_MAX >= (int)HISTORY_DAYS_MAX, "all that is remembered is shown");

struct contact {
	unsigned char key[PSEUDONYM_SIZE];
	int64_t at;             /* day of its last event; retention counts from there */
	int64_t moved;          /* when an operator moved it: what happened before is settled; 0: never */
	int64_t held;           /* AT as the row has it, and so the kept counts; 0: there is none yet */
	struct cohort_place counted; /* where the row says that it was counted */
	struct standing now;    /* as of its last event, or of the last time that time changed it */
	char reason[EVENT_RULE_SIZE];
	char rule[EVENT_RULE_SIZE];
	struct history history; /* empty for who is inactive for a hard failure or a complaint */
};

/* --- ladders -------------------------------------------------------------------------------------------------- */

/* Where no ladder is configured at all. */
static const struct ladder last_resort = { "small", { 600, 1200, 2400, 7200 }, 4, 2 * DAY, 0 };

static const struct ladder *ladder_named(const struct store *s, const char *name)
{
	for (unsigned i = 0; name && i < s->o.ladders; i++)
		if (strcmp(s->o.ladder[i].name, name) == 0)
			return &s->o.ladder[i];
	return NULL;
}

/* The category's own ladder, else the provider's, else the one that its profile names: for most the one of their size. */
static const struct ladder *ladder_for(const struct store *s, const struct packed *e)
{
	const struct ladder *l = ladder_named(s, category_name(e->category));

	if (!l && e->profiled)
		l = ladder_named(s, e->provider);
	if (!l && e->profiled && s->o.provider_ladder)
		l = ladder_named(s, s->o.provider_ladder(s->o.context, e->provider));
	if (!l)
		l = ladder_named(s, "small");
	return l ? l : &last_resort;
}

static struct walk walk_of(const struct store *s, const struct contact *c)
{
	const struct ladder *l = ladder_named(s, c->history.soft.name);

	return (struct walk){ &s->o, c->key, l ? l : &last_resort };
}

/* --- the state, made from the history ------------------------------------------------------------------------------ */

static void explain(struct contact *c)
{
	const struct cause *cause = c->now.because == FOR_BLOCK ? &c->history.block : &c->history.soft;
	const char *reason = "", *rule = "";

	switch (c->now.because) {
	case FOR_SOFT:
	case FOR_BLOCK:
		reason = category_name(cause->category);
		rule = cause->rule;
		break;
	case FOR_TOO_LONG:
		reason = PROLONGED_SOFT;
		rule = cause->rule;
		break;
	case FOR_NOTHING:
		break;
	case FOR_EVENT:
	case AS_BEFORE:
		return;
	}
	snprintf(c->reason, sizeof c->reason, "%s", reason);
	snprintf(c->rule, sizeof c->rule, "%s", rule);
}

/* YYYYMM (UTC) of a time, and the begin of a month; 0 for 0. */
static int month_of_time(int64_t at)
{
	time_t t = at;
	struct tm tm;

	gmtime_r(&t, &tm);
	return at ? (tm.tm_year + 1900) * 100 + tm.tm_mon + 1 : 0;
}

static int64_t month_start(int month)
{
	return month ? keys_month_start(month) : 0;
}

static void fold(const struct store *s, struct contact *c, int64_t resolved)
{
	struct walk w = walk_of(s, c);

	c->history.base.episode = c->history.base.state == STATE_ACTIVE ? 0 : month_start(c->counted.month);
	walk_history(&w, &c->history, resolved, &c->now);
	explain(c);
}

/* --- what an event means ---------------------------------------------------------------------------------------------- */

enum meaning { MEANS_NOTHING, MEANS_SOFT, MEANS_BLOCK, MEANS_GONE, MEANS_SUCCESS };

/*
 * A delay is no failure: the sender's queue is still trying. A complaint of the sort "not spam" is praise. What cannot be told
 * (undetermined) changes nothing.
 */
static enum meaning meaning_of(const struct packed *e)
{
	switch (e->kind) {
	case KIND_FAILURE:
		return e->klass == CLASS_HARD || e->klass == CLASS_COMPLAINT	? MEANS_GONE
		       : e->klass == CLASS_SOFT					? MEANS_SOFT
		       : e->klass == CLASS_BLOCK				? MEANS_BLOCK
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

/* Inactive for a hard failure or a complaint: what else happens changes nothing. */
static bool is_gone(const struct contact *c)
{
	return c->now.state == STATE_INACTIVE && strcmp(c->reason, PROLONGED_SOFT) != 0;
}

/* The earliest reason counts; within a day the one that stands first in the list of categories. */
static bool is_earlier_reason(const struct contact *c, const struct packed *e)
{
	int64_t day = day_start(e->at);
	int known = category_by_name(c->reason);

	return day < c->now.since || (day == c->now.since && (e->category < known || (e->category == known && strcmp(e->rule, c->rule) < 0)));
}

static void note_gone(const struct store *s, struct contact *c, const struct packed *e)
{
	struct walk w = walk_of(s, c);

	if ((is_gone(c) && !is_earlier_reason(c, e)) || !happens(&w, &c->now, GONE, e->at))
		return;
	c->now.since = day_start(e->at);
	snprintf(c->reason, sizeof c->reason, "%s", category_name(e->category));
	memcpy(c->rule, e->rule, sizeof c->rule);
	memset(&c->history, 0, offsetof(struct history, day));
}

static const char *segment_of(const struct packed *e)
{
	return e->profiled ? e->provider : "other";
}

static int note_event(struct store *s, struct contact *c, const struct packed *e, enum meaning meaning)
{
	static const enum history_kind kinds[] = { [MEANS_SOFT] = HISTORY_SOFT, [MEANS_BLOCK] = HISTORY_BLOCK, [MEANS_SUCCESS] = HISTORY_DELIVERED };
	struct history *h = &c->history;
	struct walk w;
	int64_t resolved = 0;

	if (is_gone(c) || e->at <= h->settled)
		return STORE_OK;
	if (meaning == MEANS_SOFT)
		history_cause(&h->soft, e->at, e->category, ladder_for(s, e)->name, e->rule);
	if (meaning == MEANS_BLOCK)
		history_cause(&h->block, e->at, e->category, segment_of(e), e->rule);
	w = walk_of(s, c);
	if (!history_add(h, kinds[meaning], e->at))
		settle_first_day(&w, h);
	if (h->block.at && investigation_resolved(s, h->block.name, h->block.category, &resolved))
		return STORE_FAILED;
	fold(s, c, resolved);
	return STORE_OK;
}

/* --- its place in the counts ------------------------------------------------------------------------------------------- */

static struct cohort_place place_of(const struct contact *c)
{
	static const enum cohort_outcome outcomes[STATE_COUNT] = {
		[STATE_ACTIVE] = COHORT_RECOVERED,
		[STATE_SOFT] = COHORT_SOFT,
		[STATE_PAUSED] = COHORT_PAUSED,
		[STATE_REVALIDATE] = COHORT_PAUSED,
		[STATE_BLOCK] = COHORT_SOFT,
		[STATE_INVESTIGATE] = COHORT_SOFT,
		[STATE_RETRY_GATED] = COHORT_SOFT,
		[STATE_INACTIVE] = COHORT_HARD,
	};
	bool given_up = c->now.state == STATE_INACTIVE && !is_gone(c);

	return (struct cohort_place){ month_of_time(c->now.episode), given_up ? COHORT_GIVEN_UP : outcomes[c->now.state] };
}

/* --- the row -------------------------------------------------------------------------------------------------------------- */

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
	bool sound = true;

	memset(c, 0, offsetof(struct contact, history) + offsetof(struct history, day));
	memcpy(c->key, key, sizeof c->key);
	*found = rc == 1;
	if (rc != 1)
		return rc ? STORE_FAILED : STORE_OK;
	c->now.state = state_by_name((const char *)sqlite3_column_text(st, 0));
	c->now.because = AS_BEFORE;
	c->at = c->held = sqlite3_column_int64(st, 1);
	c->now.since = sqlite3_column_int64(st, 2);
	c->now.until = sqlite3_column_int64(st, 3);
	c->now.due = sqlite3_column_int64(st, 4);
	c->now.soft = c->now.blocks = (unsigned)sqlite3_column_int64(st, 5);
	c->now.pauses = (unsigned)sqlite3_column_int64(st, 6);
	c->moved = sqlite3_column_int64(st, 7);
	db_text(st, 8, c->reason, sizeof c->reason);
	db_text(st, 9, c->rule, sizeof c->rule);
	db_text(st, 10, c->history.soft.name, sizeof c->history.soft.name);
	c->now.episode = month_start((int)sqlite3_column_int64(st, 12));
	if (sqlite3_column_bytes(st, 11))
		sound = history_read(&c->history, sqlite3_column_blob(st, 11), sqlite3_column_bytes(st, 11));
	sqlite3_reset(st);
	c->counted = place_of(c);
	return sound ? STORE_OK : store_fail(s, STORE_FAILED, "%s: the history of a contact is damaged", s->o.path);
}

/* Some contacts at a time, while they are changed. */
struct page {
	unsigned n;
	unsigned char last[PSEUDONYM_SIZE]; /* the last one of the page before */
	unsigned char key[PAGE][PSEUDONYM_SIZE];
};

/* Fills the page with what ST gives; ST may be NULL: db_bind() failed. */
static int next_page(struct store *s, struct page *page, sqlite3_stmt *st)
{
	int rc = 0;

	for (page->n = 0; st && page->n < PAGE && (rc = db_step(s, st)) == 1; page->n++)
		memcpy(page->key[page->n], sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
	sqlite3_reset(st);
	if (page->n)
		memcpy(page->last, page->key[page->n - 1], PSEUDONYM_SIZE);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

static unsigned attempts_of(const struct standing *st)
{
	return st->state == STATE_SOFT ? st->soft : st->blocks;
}

/* Deliveries are all that is known of this recipient, for the failures that may still come late. */
static bool is_well(const struct contact *c)
{
	return c->now.state == STATE_ACTIVE && !c->moved && !c->history.settled && !c->history.soft.at && !c->history.block.at;
}

/* When the times of the history are cut to days, or a row that says nothing goes; 0: never. */
static int64_t tidy_time(const struct store *s, const struct contact *c)
{
	const struct history *h = &c->history;
	int64_t over = h->days ? h->day[h->days - 1].start + DAY : 0;

	if (is_well(c))
		return over + whole_days(s->o.remember);
	return is_running(c->now.state) || history_is_coarse(h) ? 0 : over;
}

/* The kept counts of contacts by day. */
static int move_held(struct store *s, const struct contact *c)
{
	if (c->held == c->at)
		return STORE_OK;
	return (c->held && held_note(s, HELD_CONTACTS, c->held, -1)) || held_note(s, HELD_CONTACTS, c->at, 1) ? STORE_FAILED : STORE_OK;
}

/* HOW: SQL_CONTACT_ADD for a new row, which costs a walk through the table less, or SQL_CONTACT_PUT. */
static int save(struct store *s, enum sql how, const struct contact *c)
{
	unsigned char history[HISTORY_SIZE_MAX];
	int n = history_write(&c->history, history);
	int64_t tidy = tidy_time(s, c);
	struct cohort_place place = place_of(c);
	sqlite3_stmt *st = db_bind(s, how, "btiiiiiiiTTTbii", c->key, PSEUDONYM_SIZE, contact_state_name(c->now.state), c->at, c->now.since,
				   c->now.until, c->now.due, (int64_t)attempts_of(&c->now), (int64_t)c->now.pauses, c->moved, c->reason, c->rule,
				   c->history.soft.name, n ? history : NULL, n, tidy, (int64_t)place.month);

	if (!st)
		return STORE_FAILED;
	if (!c->now.until)
		sqlite3_bind_null(st, 5);
	if (!c->now.due)
		sqlite3_bind_null(st, 6);
	if (!tidy)
		sqlite3_bind_null(st, 14);
	if (!place.month)
		sqlite3_bind_null(st, 15);
	return db_finish(s, st) || move_held(s, c) ? STORE_FAILED : cohort_move(s, c->counted, place);
}

/*
 * Schema version 1 kept the failures of the running ladder alone, eight bytes each: the time, shifted by one for the bit that says block; what was
 * before them stood in counted_from.
 */
enum { OLD_FAILURE_SIZE = 8 };

static void old_cause(struct cause *cause, enum klass klass, const struct contact *c, const char *name, int64_t at)
{
	int category = category_by_name(c->reason);

	if (category < 0 || category_class((unsigned)category) != klass)
		category = CATEGORY_UNDETERMINED;
	history_cause(cause, at, (uint8_t)category, name, c->rule);
}

static void old_failures(struct contact *c, const unsigned char *p, int n, const char *ladder)
{
	for (; n >= OLD_FAILURE_SIZE; n -= OLD_FAILURE_SIZE, p += OLD_FAILURE_SIZE) {
		uint64_t v = 0;
		for (int i = 0; i < OLD_FAILURE_SIZE; i++)
			v = v << 8 | p[i];
		int64_t at = (int64_t)(v >> 1);
		history_add(&c->history, v & 1 ? HISTORY_BLOCK : HISTORY_SOFT, at);
		if (v & 1)
			old_cause(&c->history.block, CLASS_BLOCK, c, "other", at);
		else
			old_cause(&c->history.soft, CLASS_SOFT, c, ladder, at);
	}
}

static int convert_old(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	struct contact c = { .at = 0 };
	struct standing *base = &c.history.base;
	char ladder[STORE_NAME_SIZE];

	if (!st || db_step(s, st) != 1)
		return STORE_FAILED;
	memcpy(c.key, key, sizeof c.key);
	c.now = (struct standing){ .state = state_by_name((const char *)sqlite3_column_text(st, 0)), .since = sqlite3_column_int64(st, 2),
		.until = sqlite3_column_int64(st, 3), .due = sqlite3_column_int64(st, 4), .pauses = (unsigned)sqlite3_column_int64(st, 6) };
	c.at = sqlite3_column_int64(st, 1);
	db_text(st, 8, c.reason, sizeof c.reason);
	db_text(st, 9, c.rule, sizeof c.rule);
	db_text(st, 10, ladder, sizeof ladder);
	c.history.settled = later(c.at, sqlite3_column_int64(st, 7));
	*base = c.now;
	if (sqlite3_column_bytes(st, 11)) {
		c.history.settled = later(1, sqlite3_column_int64(st, 7));
		*base = (struct standing){ .state = c.now.pauses ? STATE_REVALIDATE : STATE_ACTIVE, .pauses = c.now.pauses,
			.since = day_start(c.history.settled) };
		old_failures(&c, sqlite3_column_blob(st, 11), sqlite3_column_bytes(st, 11), ladder);
	} else if (base->state != STATE_ACTIVE) {
		old_cause(&c.history.soft, CLASS_SOFT, &c, ladder, c.at);
	}
	base->because = base->state == STATE_ACTIVE ? FOR_NOTHING : base->state == STATE_INACTIVE ? FOR_TOO_LONG : FOR_SOFT;
	sqlite3_reset(st);
	if (!is_gone(&c))
		fold(s, &c, 0);
	else
		memset(&c.history, 0, sizeof c.history);
	return save(s, SQL_CONTACT_PUT, &c);
}

int contact_from_version_1(struct store *s)
{
	struct page page = { .n = 0 };
	int result;

	while (!(result = next_page(s, &page, db_bind(s, SQL_CONTACT_AFTER, "bi", page.last, PSEUDONYM_SIZE, (int64_t)PAGE))) && page.n)
		for (unsigned i = 0; i < page.n && !result; i++)
			if ((result = convert_old(s, page.key[i])))
				return result;
	return result;
}

/* --- in --------------------------------------------------------------------------------------------------------------------- */

/* A contact that is touched moves to the present state key. */
static int rekey(struct store *s, const unsigned char old[PSEUDONYM_SIZE], const unsigned char present[PSEUDONYM_SIZE])
{
	return db_run(s, SQL_CONTACT_REKEY, "bb", present, PSEUDONYM_SIZE, old, PSEUDONYM_SIZE) || (sqlite3_changes(s->db) && retention_note_deletion(s))
	       ? STORE_FAILED : STORE_OK;
}

int contact_apply(struct store *s, const struct packed *e)
{
	enum meaning meaning = meaning_of(e);
	struct contact c;
	bool found;

	if (meaning == MEANS_NOTHING || !e->known || e->origin < s->o.act_on)
		return STORE_OK;
	if (meaning == MEANS_BLOCK && investigation_note(s, segment_of(e), e->category, e->at))
		return STORE_FAILED;
	if (keys_old_state(s) && rekey(s, e->old_contact, e->contact))
		return STORE_FAILED;
	if (load(s, e->contact, &c, &found))
		return STORE_FAILED;
	if (meaning != MEANS_SUCCESS && recurrence_add(s, e->day, e->klass, !found || is_well(&c)))
		return STORE_FAILED;
	if (e->at <= c.moved)
		return STORE_OK;
	if (meaning == MEANS_GONE)
		note_gone(s, &c, e);
	else if (note_event(s, &c, e, meaning))
		return STORE_FAILED;
	c.at = later(c.at, day_start(e->at));
	return save(s, found ? SQL_CONTACT_PUT : SQL_CONTACT_ADD, &c);
}

/* Time moves the standing only; whoever comes to rest by it has no reason any more. */
static void elapse_contact(const struct store *s, struct contact *c, int64_t now)
{
	struct walk w = walk_of(s, c);

	elapse(&w, &c->now, now);
	if (c->now.because == FOR_NOTHING)
		c->reason[0] = c->rule[0] = '\0';
}

static int advance_one(struct store *s, struct contact *c, int64_t now)
{
	elapse_contact(s, c, now);
	return save(s, SQL_CONTACT_PUT, c);
}

static int tidy_one(struct store *s, struct contact *c, int64_t now)
{
	(void)now;
	if (is_well(c))
		return held_delete(s, HELD_CONTACTS, db_bind(s, SQL_CONTACT_DELETE, "b", c->key, PSEUDONYM_SIZE), &(uint64_t){ 0 }) ||
		       retention_note_deletion(s) ? STORE_FAILED : STORE_OK;
	history_coarsen(&c->history);
	return save(s, SQL_CONTACT_PUT, c);
}

/* DO_ONE to all contacts that WHICH gives, page by page; it takes them out of what WHICH gives. *COUNT counts them. */
static int each_due(struct store *s, enum sql which, int (*do_one)(struct store *s, struct contact *c, int64_t now), int64_t now, uint64_t *count)
{
	struct page page = { .n = 0 };
	struct contact c;
	bool found;
	int result;

	while (!(result = next_page(s, &page, db_bind(s, which, "ii", now, (int64_t)PAGE))) && page.n)
		for (unsigned i = 0; i < page.n; i++, ++*count)
			if ((result = load(s, page.key[i], &c, &found)) || (result = do_one(s, &c, now)))
				return result;
	return result;
}

int store_advance(struct store *s, int64_t now, uint64_t *changed)
{
	uint64_t tidied = 0;
	bool own;
	int result = db_enter(s, &own);

	*changed = 0;
	if (result)
		return result;
	result = each_due(s, SQL_CONTACT_TIMED, advance_one, now, changed);
	if (!result)
		result = each_due(s, SQL_CONTACT_UNTIDY, tidy_one, now, &tidied);
	if (!result)
		result = investigation_advance(s, now);
	return db_leave(s, own, result);
}

static int release_one(struct store *s, struct contact *c, int64_t now)
{
	struct walk w = walk_of(s, c);

	elapse_contact(s, c, now);
	happens(&w, &c->now, RESOLVED, now);
	return save(s, SQL_CONTACT_PUT, c);
}

int contact_release(struct store *s, const char *provider, enum category category, int64_t now, uint64_t *released)
{
	struct page page = { .n = 0 };
	struct contact c;
	bool found;
	int result;

	while (!(result = next_page(s, &page, db_bind(s, SQL_CONTACT_BLOCKED, "bti", page.last, PSEUDONYM_SIZE, category_name(category),
						      (int64_t)PAGE))) && page.n)
		for (unsigned i = 0; i < page.n; i++) {
			if ((result = load(s, page.key[i], &c, &found)))
				return result;
			if (strcmp(c.history.block.name, provider) != 0)
				continue;
			if ((result = release_one(s, &c, now)))
				return result;
			++*released;
		}
	return result;
}

/* --- out --------------------------------------------------------------------------------------------------------------------- */

static void answer_of(const struct standing *st, const char *reason, bool full, int64_t now, struct answer *out)
{
	out->state = st->state;
	out->verdict = standing_verdict(st->state);
	out->attempts = attempts_of(st);
	out->since = st->since;
	/* a mailbox that stayed full to the end of its ladder is as good as gone until it is tried again */
	if (st->state == STATE_PAUSED && full)
		out->verdict = VERDICT_SUPPRESS;
	if (out->verdict == VERDICT_HOLD && now >= st->until)
		out->verdict = VERDICT_SEND;
	if (out->verdict == VERDICT_SEND)
		return;
	out->until = st->until;
	snprintf(out->reason, sizeof out->reason, "%s", reason);
}

static bool is_full_ladder(const char *name)
{
	return name && strcmp(name, category_name(CATEGORY_MAILBOX_FULL)) == 0;
}

void contact_read_row(sqlite3_stmt *st, struct contact_row *out)
{
	const char *reason = (const char *)sqlite3_column_text(st, 6);

	memcpy(out->key, sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
	out->state = state_by_name((const char *)sqlite3_column_text(st, 1));
	out->since = sqlite3_column_int64(st, 2);
	out->until = sqlite3_column_int64(st, 3);
	out->due = sqlite3_column_int64(st, 4);
	out->attempts = (unsigned)sqlite3_column_int64(st, 5);
	out->reason = reason && strlen(reason) < EVENT_RULE_SIZE ? reason : "";
	out->full = out->state == STATE_PAUSED && is_full_ladder((const char *)sqlite3_column_text(st, 7));
}

/* The answer that a row gives NOW: time that passed since it was written has its due. */
static void answer_row(const struct store *s, const struct contact_row *r, int64_t now, struct answer *out)
{
	struct standing st = { .state = r->state, .because = AS_BEFORE, .since = r->since, .until = r->until, .due = r->due, .soft = r->attempts,
			       .blocks = r->attempts };
	struct walk w = { &s->o, r->key, NULL };

	elapse(&w, &st, now);
	answer_of(&st, r->reason, r->full, now, out);
}

/* Under which pseudonyms an address may be found: under the state key, and where there is one under the key before it. */
struct pseudonyms {
	unsigned n;
	unsigned char key[2][PSEUDONYM_SIZE];
};

/* STORE_MISUSE when ADDRESS is none. */
static int pseudonyms_of(struct store *s, const char *address, size_t n, struct pseudonyms *out)
{
	const unsigned char *old = keys_old_state(s);
	char canonical[CANONICAL_SIZE];

	n = address_canonical(address, n, s->o.fold_local_part, canonical);
	out->n = old ? 2 : 1;
	if (n)
		pseudonym(out->key[0], PSEUDONYM_STATE, keys_state(s), canonical, n);
	if (n && old)
		pseudonym(out->key[1], PSEUDONYM_STATE, old, canonical, n);
	sodium_memzero(canonical, sizeof canonical);
	return n ? STORE_OK : store_fail(s, STORE_MISUSE, "not an address");
}

/* The contact under whichever of its pseudonyms it is. */
static int load_any(struct store *s, const struct pseudonyms *p, struct contact *c, bool *found)
{
	int result = load(s, p->key[0], c, found);

	return result || *found || p->n < 2 ? result : load(s, p->key[1], c, found);
}

static int check_key(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t now, struct answer *out, bool *found)
{
	struct contact_row row;
	enum table_result in_table = contact_table_find(s, key, &row);

	*found = in_table == TABLE_FOUND;
	if (*found)
		answer_row(s, &row, now, out);
	if (in_table != TABLE_UNKNOWN)
		return STORE_OK;
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_ROW, "b", key, PSEUDONYM_SIZE);
	int rc = st ? db_step(s, st) : -1;
	*found = rc == 1;
	if (*found) {
		contact_read_row(st, &row);
		answer_row(s, &row, now, out);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_check(struct store *s, const char *address, size_t n, int64_t now, struct answer *out)
{
	struct pseudonyms p;
	bool found = false, again = true;
	int result = STORE_OK;

	memset(out, 0, sizeof *out);
	/* who is not found may have moved to a new state key meanwhile */
	while (!result && !found && again) {
		if (pseudonyms_of(s, address, n, &p))
			return STORE_MISUSE;
		for (unsigned i = 0; i < p.n && !found && !result; i++)
			result = check_key(s, p.key[i], now, out, &found);
		if (!result && !found)
			result = keys_refresh(s, &again);
	}
	return result;
}

int store_contact_show(struct store *s, const char *address, size_t n, int64_t now, struct contact_view *out)
{
	struct pseudonyms p;
	struct contact c;

	memset(out, 0, sizeof *out);
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if (load_any(s, &p, &c, &out->known))
		return STORE_FAILED;
	elapse_contact(s, &c, now);
	answer_of(&c.now, c.reason, is_full_ladder(c.history.soft.name), now, &out->answer);
	out->pauses = c.now.pauses;
	memcpy(out->reason, c.reason, sizeof out->reason);
	memcpy(out->rule, c.rule, sizeof out->rule);
	out->last = c.at;
	out->moved = c.moved;
	out->month = c.counted.month;
	for (unsigned i = 0; i < c.history.days && i < CONTACT_DAYS_MAX; i++, out->days++) {
		const struct day *d = &c.history.day[i];
		out->day[i].day = d->start;
		out->day[i].soft = d->soft;
		out->day[i].blocks = d->blocks;
		out->day[i].delivered = d->delivered != NEVER;
	}
	if (c.now.state == STATE_SOFT || c.now.state == STATE_PAUSED || c.now.state == STATE_REVALIDATE)
		memcpy(out->ladder, c.history.soft.name, sizeof out->ladder);
	if (c.now.state == STATE_BLOCK || c.now.state == STATE_INVESTIGATE || c.now.state == STATE_RETRY_GATED)
		snprintf(out->provider, sizeof out->provider, "%.*s", (int)sizeof out->provider - 1, c.history.block.name);
	return STORE_OK;
}

int store_contact_move(struct store *s, const char *address, size_t n, enum contact_move move, int64_t now, enum contact_state *from, bool *moved)
{
	static const enum happening whats[] = { [MOVE_REVALIDATE] = REVALIDATED, [MOVE_RESOLVE] = RESOLVED, [MOVE_REACTIVATE] = REACTIVATED };
	struct pseudonyms p;
	struct contact c;
	struct walk w;
	bool found;

	*moved = false;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "move outside a transaction");
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if ((p.n == 2 && rekey(s, p.key[1], p.key[0])) || load(s, p.key[0], &c, &found))
		return STORE_FAILED;
	elapse_contact(s, &c, now);
	*from = c.now.state;
	w = walk_of(s, &c);
	if (!happens(&w, &c.now, whats[move], now))
		return STORE_OK;
	/* from here on what happened before is part of the base */
	c.history.days = 0;
	c.history.base = c.now;
	c.history.settled = now;
	if (move == MOVE_REACTIVATE) {
		c.moved = now;
		c.reason[0] = c.rule[0] = '\0';
		memset(&c.history.soft, 0, sizeof c.history.soft);
		memset(&c.history.block, 0, sizeof c.history.block);
	}
	c.at = later(c.at, day_start(now));
	*moved = true;
	return save(s, SQL_CONTACT_PUT, &c);
}

int store_suppressions(struct store *s, int64_t since, int64_t now, char key[STORE_FINGERPRINT_HEX],
		       int (*visit)(void *context, const char *pseudonym, const struct answer *a), void *context)
{
	char hex[STORE_PSEUDONYM_HEX];
	struct contact_row row;
	struct answer answer;
	int rc = 0, result = STORE_OK;
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_SINCE, "i", since > 0 ? day_start(since) : 0);

	while (!result && st && (rc = db_step(s, st)) == 1) {
		keys_state_fingerprint(s, sqlite3_column_int(st, 8), key);
		memset(&answer, 0, sizeof answer);
		contact_read_row(st, &row);
		answer_row(s, &row, now, &answer);
		sodium_bin2hex(hex, sizeof hex, row.key, sizeof row.key);
		result = visit(context, hex, &answer);
	}
	if (st)
		sqlite3_reset(st);
	return result ? result : !st || rc < 0 ? STORE_FAILED : STORE_OK;
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
