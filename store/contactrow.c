/*
 * A contact's row: reading and writing it, pages of rows, and rows of the first version of the schema.
 */
#include <stdio.h>
#include <time.h>
#include "store/contact.h"
#include "store/pagefile.h"

/* YYYYMM (UTC) of a time, and the begin of a month; 0 for 0. */
int month_of_time(int64_t at)
{
	time_t t = at;
	struct tm tm;

	gmtime_r(&t, &tm);
	return at ? (tm.tm_year + 1900) * 100 + tm.tm_mon + 1 : 0;
}

int64_t month_start(int month)
{
	return month ? keys_month_start(month) : 0;
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
		[STATE_UNCLEAR] = COHORT_SOFT,
	};
	bool given_up = c->now.state == STATE_INACTIVE && !contact_is_gone(c);

	return (struct cohort_place){ month_of_time(c->now.episode), given_up ? COHORT_GIVEN_UP : outcomes[c->now.state] };
}

/* --- the row -------------------------------------------------------------------------------------------------------------- */

enum contact_state state_by_name(const char *name)
{
	for (unsigned i = 0; name && i < STATE_COUNT; i++)
		if (strcmp(contact_state_name(i), name) == 0)
			return i;
	return STATE_ACTIVE;
}

/*
 * Who is inactive and has no history, from before hard failures were in it or because a data subject had all but that erased: the row itself says
 * what it rests on.
 */
static void remember_end(struct contact *c)
{
	int category = category_by_name(c->reason);
	enum klass klass = category > 0 ? category_class((unsigned)category) : CLASS_NONE;
	struct cause cause = { .category = category > 0 ? (uint8_t)category : CATEGORY_UNDETERMINED };

	if (klass == CLASS_HARD || klass == CLASS_COMPLAINT) {
		memcpy(cause.rule, c->rule, sizeof cause.rule);
		history_add(&c->history, klass == CLASS_HARD ? HISTORY_HARD : HISTORY_COMPLAINT, c->now.since, &cause, 0);
		return;
	}
	c->history.base = c->now;
	c->history.settled = later(c->at, 1);
}

int contact_load(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact *c, bool *found)
{
	pagefile_verify(s->db, true);
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	int rc = st ? db_step(s, st) : -1;
	bool sound = true;
	pagefile_verify(s->db, s->o.verify);

	memset(c, 0, offsetof(struct contact, history));
	history_clear(&c->history);
	memcpy(c->key, key, sizeof c->key);
	*found = rc == 1;
	if (rc != 1)
		return rc ? STORE_FAILED : STORE_OK;
	c->now.state = state_by_name((const char *)sqlite3_column_text(st, 0));
	c->held_state = c->now.state;
	c->now.because = AS_BEFORE;
	c->at = c->held = sqlite3_column_int64(st, 1);
	c->now.since = sqlite3_column_int64(st, 2);
	c->now.until = sqlite3_column_int64(st, 3);
	c->now.due = sqlite3_column_int64(st, 4);
	c->now.soft = c->now.blocks = (unsigned)sqlite3_column_int64(st, 5);
	c->now.unclear = c->now.state == STATE_UNCLEAR ? c->now.soft : 0;
	c->now.pauses = (unsigned)sqlite3_column_int64(st, 6);
	c->moved = sqlite3_column_int64(st, 7);
	db_text(st, 8, c->reason, sizeof c->reason);
	db_text(st, 9, c->rule, sizeof c->rule);
	db_text(st, 10, c->ladder, sizeof c->ladder);
	c->now.episode = month_start((int)sqlite3_column_int64(st, 12));
	if (sqlite3_column_bytes(st, 11))
		sound = history_read(&c->history, sqlite3_column_blob(st, 11), sqlite3_column_bytes(st, 11));
	sqlite3_reset(st);
	c->counted = place_of(c);
	if (sound && c->now.state == STATE_INACTIVE && history_is_empty(&c->history))
		remember_end(c);
	return sound ? STORE_OK : store_fail(s, STORE_FAILED, "%s: the history of a contact is damaged", s->o.path);
}

int contact_page(struct store *s, struct page *page, sqlite3_stmt *st)
{
	int rc = 0;

	for (page->n = 0; st && page->n < CONTACT_PAGE && (rc = db_step(s, st)) == 1; page->n++)
		memcpy(page->key[page->n], sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
	sqlite3_reset(st);
	if (page->n)
		memcpy(page->last, page->key[page->n - 1], PSEUDONYM_SIZE);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

unsigned attempts_of(const struct standing *st)
{
	return st->state == STATE_SOFT ? st->soft : st->state == STATE_UNCLEAR ? st->unclear : st->blocks;
}

bool contact_is_well(const struct contact *c)
{
	return c->now.state == STATE_ACTIVE && !c->moved && !c->history.settled && !c->history.soft.at && !c->history.block.at;
}

/* When the times of the history are cut to days, or a row that says nothing goes; 0: never. */
static int64_t tidy_time(const struct store *s, const struct contact *c)
{
	const struct history *h = &c->history;
	int64_t over = h->days ? h->day[h->days - 1].start + DAY : 0;

	if (contact_is_well(c))
		return over + whole_days(s->o.remember);
	return is_running(c->now.state) || history_is_coarse(h) ? 0 : over;
}

/* The kept counts of contacts by day, and by state. */
static int move_held(struct store *s, const struct contact *c)
{
	if (c->held != c->at && ((c->held && held_note(s, HELD_CONTACTS, c->held, -1)) || held_note(s, HELD_CONTACTS, c->at, 1)))
		return STORE_FAILED;
	if (c->held && c->held_state == c->now.state)
		return STORE_OK;
	return (c->held && held_note(s, held_state(c->held_state), 0, -1)) || held_note(s, held_state(c->now.state), 0, 1) ? STORE_FAILED : STORE_OK;
}

int contact_save(struct store *s, enum sql how, struct contact *c)
{
	unsigned char history[HISTORY_SIZE_MAX];
	int n = history_write(&c->history, history);
	int64_t tidy = tidy_time(s, c);
	struct cohort_place place = place_of(c);
	sqlite3_stmt *st = db_bind(s, how, "btiiiiiiiTTTbii", c->key, PSEUDONYM_SIZE, contact_state_name(c->now.state), c->at, c->now.since,
				   c->now.until, c->now.due, (int64_t)attempts_of(&c->now), (int64_t)c->now.pauses, c->moved, c->reason, c->rule,
				   c->ladder, n ? history : NULL, n, tidy, (int64_t)place.month);

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

/* Of one that is not the reason of the contact nothing else is known. */
static struct cause old_cause(const struct contact *c, enum klass klass, const char *ladder)
{
	int category = category_by_name(c->reason);
	bool is = category > 0 && category_class((unsigned)category) == klass;
	struct cause cause = { .category = is ? (uint8_t)category : CATEGORY_UNDETERMINED };

	memcpy(cause.rule, c->rule, sizeof cause.rule);
	if (klass == CLASS_SOFT)
		snprintf(cause.ladder, sizeof cause.ladder, "%s", ladder);
	else
		strcpy(cause.provider, "other");
	return cause;
}

static void old_failures(struct contact *c, const unsigned char *p, int n, const char *ladder)
{
	struct cause soft = old_cause(c, CLASS_SOFT, ladder), block = old_cause(c, CLASS_BLOCK, ladder);

	for (; n >= OLD_FAILURE_SIZE; n -= OLD_FAILURE_SIZE, p += OLD_FAILURE_SIZE) {
		uint64_t v = 0;
		for (int i = 0; i < OLD_FAILURE_SIZE; i++)
			v = v << 8 | p[i];
		history_add(&c->history, v & 1 ? HISTORY_BLOCK : HISTORY_SOFT, (int64_t)(v >> 1), v & 1 ? &block : &soft, 0);
	}
}

/* What has no failures of its own any more is remembered by its last one. */
static void old_last(struct contact *c, const char *ladder)
{
	struct cause soft = old_cause(c, CLASS_SOFT, ladder);

	history_add(&c->history, HISTORY_SOFT, c->at, &soft, 0);
	history_drop_first(&c->history);
}

static int convert_old(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	static const struct contact empty;
	struct contact c = empty;
	struct standing *base = &c.history.base;
	char ladder[STORE_NAME_SIZE];

	if (!st || db_step(s, st) != 1)
		return STORE_FAILED;
	history_clear(&c.history);
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
		old_last(&c, ladder);
	}
	base->because = base->state == STATE_ACTIVE ? FOR_NOTHING : base->state == STATE_INACTIVE ? FOR_TOO_LONG : FOR_SOFT;
	sqlite3_reset(st);
	if (contact_is_gone(&c)) {
		history_clear(&c.history);
		remember_end(&c);
	}
	contact_fold(s, &c, 0);
	return contact_save(s, SQL_CONTACT_PUT, &c);
}

int contact_from_version_1(struct store *s)
{
	struct page page = { .n = 0 };
	int result;

	while (!(result = contact_page(s, &page, db_bind(s, SQL_CONTACT_AFTER, "bi", page.last, PSEUDONYM_SIZE, (int64_t)CONTACT_PAGE))) && page.n)
		for (unsigned i = 0; i < page.n && !result; i++)
			if ((result = convert_old(s, page.key[i])))
				return result;
	return result;
}

