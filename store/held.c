/*
 * How many rows of each class there are, by day (UTC) of their time: kept in the same transaction
 * in which rows come and go, so that retention knows what it holds without counting, and `retour
 * audit` can count and compare. Two figures that come about independently have to agree; rows that
 * somebody else puts in or takes out show.
 *
 * Changes are gathered in memory while a transaction runs, as tallies are (tally.c), and written at
 * its end or when the memory is full.
 */
#include <stdlib.h>
#include "store/contact.h"
#include "store/internal.h"
#include "store/held.h"

enum { HELD_CELLS = 512 /* a power of two */, HELD_CELLS_FULL = 384, SEEN_DAYS_MAX = 4000 };

#define STORE_NAME2(symbol, name) name,
#define STORE_STATE_NAME(symbol, name) "state " name,
static const char *const held_names[] = { HELD_CLASSES(STORE_NAME2)
		STORE_STATES(STORE_STATE_NAME) };

const char *held_name(enum held_class held)
{
	return held_names[held];
}

bool held_is_known(const char *name)
{
	for (size_t i = 0; i < sizeof held_names / sizeof *held_names; i++)
		if (name && strcmp(held_names[i], name) == 0)
			return true;
	return false;
}

struct held_cell {
	int64_t day; /* epoch seconds */
	int64_t change;
	uint8_t held;
	bool used;
};

struct held_changes {
	unsigned cells;
	struct held_cell cell[HELD_CELLS];
};

void held_discard(struct store *s)
{
	if (s->held && s->held->cells)
		memset(s->held, 0, sizeof *s->held);
}

int held_flush(struct store *s)
{
	struct held_changes *c = s->held;

	if (!c || !c->cells)
		return STORE_OK;
	for (unsigned i = 0; i < HELD_CELLS; i++) {
		const struct held_cell *cell = &c->cell[i];
		if (cell->change &&
			db_run(s, SQL_HELD_ADD, "tii", held_names[cell->held], cell->day,
				cell->change))
			return STORE_FAILED;
		if (cell->change < 0 &&
			db_run(s, SQL_HELD_TIDY, "ti", held_names[cell->held], cell->day))
			return STORE_FAILED;
	}
	held_discard(s);
	return STORE_OK;
}

int held_note(struct store *s, enum held_class held, int64_t at, int64_t change)
{
	int64_t day = day_start(at);
	struct held_changes *c = s->held ? s->held : (s->held = calloc(1, sizeof *c));
	unsigned i;

	if (!c)
		return store_fail(s, STORE_FAILED, "no memory");
	if (c->cells >= HELD_CELLS_FULL && held_flush(s))
		return STORE_FAILED;
	for (i = (unsigned)(day / DAY * 5 + (int)held) % HELD_CELLS;
		c->cell[i].used && (c->cell[i].day != day || c->cell[i].held != held);
		i = (i + 1) % HELD_CELLS)
		;
	if (!c->cell[i].used) {
		c->cell[i] = (struct held_cell){ day, 0, (uint8_t)held, true };
		c->cells++;
	}
	c->cell[i].change += change;
	return STORE_OK;
}

int held_delete(struct store *s, enum held_class held, sqlite3_stmt *st, uint64_t *deleted)
{
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		int64_t at = sqlite3_column_int64(st, 0);
		bool objection = held == HELD_CONTACTS && sqlite3_column_int(st, 2);
		result = held_note(s, objection ? HELD_OBJECTIONS : held, at, -1);
		if (!result && held == HELD_EVENTS && sqlite3_column_int(st, 1))
			result = held_note(s, HELD_DIAGNOSTICS, at, -1);
		if (!result && held == HELD_CONTACTS)
			result = held_note(s,
				held_state(state_by_name((const char *)sqlite3_column_text(st, 1))),
				0, -1);
		++*deleted;
	}
	return result ? STORE_FAILED : STORE_OK;
}

int held_cut(struct store *s, enum held_class held, int64_t cutoff, uint64_t deleted)
{
	int64_t whole = 0;

	if (held_flush(s) ||
		db_int(s, &whole, SQL_HELD_BEFORE, "ti", held_names[held], day_start(cutoff)) ||
		db_run(s, SQL_HELD_CUT, "ti", held_names[held], day_start(cutoff)))
		return STORE_FAILED;
	/* of the day in which the cut-off lies; and what does not fit is not forgotten */
	return (int64_t)deleted == whole ? STORE_OK
					 : held_note(s, held, cutoff, whole - (int64_t)deleted);
}

int held_cut_states(struct store *s, bool objections, int64_t cutoff)
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_DUE_STATES, "ii", cutoff, (int64_t)objections);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = held_note(s,
			held_state(state_by_name((const char *)sqlite3_column_text(st, 0))), 0,
			-sqlite3_column_int64(st, 1));
	return result;
}

int held_count(struct store *s, enum held_class held, uint64_t *count)
{
	int64_t n = 0;
	int result = db_int(s, &n, SQL_HELD_SUM, "t", held_names[held]);

	*count = n > 0 ? (uint64_t)n : 0;
	return result;
}

static int held_day_differs(
	struct store *s, const char *name, enum sql counting, int64_t day, bool *differs)
{
	int64_t kept = 0, found = 0;

	if (db_int(s, &kept, SQL_HELD_DAY, "ti", name, day) ||
		db_int(s, &found, counting, "ii", day, day + DAY))
		return STORE_FAILED;
	*differs = kept != found;
	return STORE_OK;
}

/* --- counting ------------------------------------------------------------- */

/*
 * The messages that were seen have no index by their day: one pass over them, counted by day here.
 */
struct seen_days {
	unsigned n;
	struct {
		int64_t day;
		uint64_t count;
	} at[SEEN_DAYS_MAX];
};

static int count_seen(struct store *s, struct seen_days *d)
{
	sqlite3_stmt *st = db_bind(s, SQL_SEEN_TIMES, "");
	int rc = -1;

	while (st && (rc = db_step(s, st)) == 1) {
		int64_t day = day_start(sqlite3_column_int64(st, 0));
		unsigned i = 0;
		while (i < d->n && d->at[i].day != day)
			i++;
		if (i == SEEN_DAYS_MAX)
			continue; /* shows as a difference */
		if (i == d->n)
			d->at[d->n++].day = day;
		d->at[i].count++;
	}
	return rc ? STORE_FAILED : STORE_OK;
}

/* On how many days the kept counts and those of D differ. */
static int compare_seen(struct store *s, const struct seen_days *d, unsigned *days)
{
	sqlite3_stmt *st = db_bind(s, SQL_HELD_DAYS, "t", held_names[HELD_SEEN]);
	unsigned known = 0;
	int rc = -1;

	while (st && (rc = db_step(s, st)) == 1) {
		unsigned i = 0;
		while (i < d->n && d->at[i].day != sqlite3_column_int64(st, 0))
			i++;
		known += i < d->n;
		*days += i == d->n || (int64_t)d->at[i].count != sqlite3_column_int64(st, 1);
	}
	*days += d->n - known;
	return rc ? STORE_FAILED : STORE_OK;
}

static int held_compare_seen(struct store *s, unsigned *days)
{
	struct seen_days *d = calloc(1, sizeof *d);
	int result = d ? count_seen(s, d) : store_fail(s, STORE_FAILED, "no memory");

	if (!result)
		result = compare_seen(s, d, days);
	free(d);
	return result;
}

/* Do the counts by state, and the agenda, say what the rows say? One pass. */
static int states_differ(struct store *s, bool *differ)
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_EACH_STATE, "");
	uint64_t counted[STATE_COUNT] = { 0 }, timed = 0, objections = 0, kept;
	bool due = false, objection = false;
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		counted[state_by_name((const char *)sqlite3_column_text(st, 0))]++;
		timed += (uint64_t)sqlite3_column_int64(st, 1);
		objections += (uint64_t)sqlite3_column_int64(st, 2);
	}
	*differ = false;
	for (unsigned i = 0; i < STATE_COUNT && !result; i++) {
		result = held_count(s, held_state(i), &kept);
		*differ |= kept != counted[i];
	}
	if (result || agenda_compare(s, AGENDA_DUE, timed, &due) ||
		agenda_compare(s, AGENDA_OBJECTION, objections, &objection))
		return STORE_FAILED;
	*differ |= due || objection;
	return STORE_OK;
}

int held_compare(struct store *s, enum held_class held, uint64_t *count, unsigned *days)
{
	static const enum sql counting[] = { [HELD_EVENTS] = SQL_EVENT_COUNT_BETWEEN,
		[HELD_DIAGNOSTICS] = SQL_DIAGNOSTIC_COUNT_DAY,
		[HELD_CONTACTS] = SQL_CONTACT_COUNT_DAY,
		[HELD_OBJECTIONS] = SQL_OBJECTION_COUNT_DAY,
		[HELD_KEPT] = SQL_KEPT_COUNT_DAY,
		[HELD_SUMMARIES] = SQL_SUMMARY_COUNT_DAY,
		[HELD_SITE_SUMMARIES] = SQL_SITE_SUMMARY_COUNT_DAY };
	int64_t day = 0, found = 0;
	bool differs;
	int result;

	*days = 0;
	if ((result = held_count(s, held, count)))
		return result;
	if (held == HELD_SEEN)
		return held_compare_seen(s, days);
	/* the next day of the counts, or with rows: whichever comes first */
	while (!(result = db_int(s, &found, SQL_HELD_NEXT, "ti", held_names[held], day)) &&
		found >= day) {
		if ((result = held_day_differs(
			     s, held_names[held], counting[held], found, &differs)))
			return result;
		*days += differs;
		day = found + DAY;
	}
	if (!result && held == HELD_CONTACTS && !*days) {
		result = states_differ(s, &differs);
		*days += differs;
	}
	return result;
}

int held_states_from_rows(struct store *s)
{
	held_discard(s);
	return db_run(s, SQL_HELD_FROM_STATES, "");
}

int held_from_rows(struct store *s)
{
	static const enum sql sources[] = { SQL_HELD_FROM_EVENTS, SQL_HELD_FROM_DIAGNOSTICS,
		SQL_HELD_FROM_CONTACTS, SQL_HELD_FROM_OBJECTIONS, SQL_HELD_FROM_SEEN,
		SQL_HELD_FROM_KEPT };

	held_discard(s);
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (db_run(s, sources[i], "t", held_names[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int held_note_deletion(struct store *s)
{
	return db_run(s, SQL_REWRITE_DUE, "");
}
