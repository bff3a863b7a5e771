/*
 * Retention: each class of data has a period; what is older goes, and that it is gone is counted,
 * not assumed.
 *
 * A period is a maximum, counted in whole days (UTC): at the first purge of a day goes all that
 * would come of age in its course. A purge deletes in one transaction, notes the counts in the
 * ledger, and destroys the keys of months whose events are gone. Then it sees to the bytes:
 * secure_delete overwrites a row where it lay, store/base/pagefile.c what lies between rows; both
 * stand in the write-ahead log until its pages are written to the file, and it is truncated. That
 * is work in proportion to what was deleted. Only a file from before there was
 * store/base/pagefile.c is written anew as a whole (VACUUM), once. A class in which something
 * overdue remains, or a log that a reader keeps from being truncated, is a broken promise:
 * STORE_BROKEN.
 *
 * What is held is not counted each time: held.c knows, and the oldest row is found by its time.
 */
#include <stdio.h>
#include "store/agenda.h"
#include "store/internal.h"
#include "store/ownkeys.h"
#include "store/wording.h"
#include "store/closed.h"
#include "store/contact.h"
#include "store/erasure.h"
#include "store/fold.h"
#include "store/held.h"

/*
 * The classes and their statements. A row's time is in its table's column "at"; cut-offs are
 * exclusive.
 */
static const struct data_class {
	enum retention_class retained;
	enum sql count, oldest, due;
	unsigned purges; /* 0: ledger_cut() does it */
	struct {
		enum sql purge;
		int held;
	} of_table[2]; /* held: HELD_COUNT where there are no kept counts: the rows are few */
} classes[] = {
	{ RETAIN_EVENTS, SQL_EVENT_COUNT, SQL_EVENT_OLDEST, SQL_EVENT_DUE, 1,
		{ { SQL_EVENT_PURGE, HELD_EVENTS } } },
	{ RETAIN_DIAGNOSTICS, SQL_DIAGNOSTIC_COUNT, SQL_DIAGNOSTIC_OLDEST, SQL_DIAGNOSTIC_DUE, 1,
		{ { SQL_DIAGNOSTIC_PURGE, HELD_DIAGNOSTICS } } },
	{ RETAIN_CONTACTS, SQL_CONTACT_COUNT, SQL_CONTACT_OLDEST, SQL_CONTACT_DUE, 1,
		{ { SQL_CONTACT_PURGE, HELD_CONTACTS } } },
	{ RETAIN_OBJECTIONS, SQL_OBJECTION_COUNT, SQL_OBJECTION_OLDEST, SQL_OBJECTION_DUE, 1,
		{ { SQL_OBJECTION_PURGE, HELD_OBJECTIONS } } },
	{ RETAIN_MESSAGES, SQL_MESSAGES_COUNT, SQL_MESSAGES_OLDEST, SQL_MESSAGES_DUE, 2,
		{ { SQL_SEEN_PURGE, HELD_SEEN }, { SQL_KEPT_PURGE, HELD_KEPT } } },
	{ RETAIN_ALERTS, SQL_ALERT_COUNT, SQL_ALERT_OLDEST, SQL_ALERT_DUE, 1,
		{ { SQL_ALERT_PURGE, HELD_COUNT } } },
	{ RETAIN_SUMMARIES, SQL_SUMMARY_COUNT, SQL_SUMMARY_OLDEST, SQL_SUMMARY_DUE, 2,
		{ { SQL_SUMMARY_PURGE, HELD_SUMMARIES },
			{ SQL_SITE_SUMMARY_PURGE, HELD_SITE_SUMMARIES } } },
	{ RETAIN_LEDGER, SQL_LEDGER_COUNT, SQL_LEDGER_OLDEST, SQL_LEDGER_DUE, 0,
		{ { SQL_BEGIN, HELD_COUNT } } },
};
enum { CLASSES = sizeof classes / sizeof *classes };
/* Then what lies beside the database. */
enum { MONTH_KEYS = CLASSES, ERASURES, ALL_CLASSES };
_Static_assert((int)ALL_CLASSES <= (int)RETAIN_COUNT + 1, "struct purge has room for all classes");

/* The kept count, where there is one, and with DAYS on how many days the rows are others. */
static int kept_count(struct store *s, const struct data_class *d, uint64_t *count, unsigned *days)
{
	uint64_t n = 0;
	unsigned off = 0;
	int64_t all = 0;
	int result = STORE_OK;

	*count = 0;
	if (d->of_table[0].held == HELD_COUNT) {
		result = db_int(s, &all, d->count, "");
		*count = (uint64_t)all;
		return result;
	}
	for (unsigned i = 0; i < d->purges && !result; i++) {
		enum held_class held = (enum held_class)d->of_table[i].held;
		result = days ? held_compare(s, held, &n, &off) : held_count(s, held, &n);
		*count += n;
		if (days)
			*days += off;
	}
	return result;
}

static int measure_class(
	struct store *s, const struct data_class *d, int64_t cutoff, struct purge_class *c)
{
	int64_t first = 0, late = 0;

	if (kept_count(s, d, &c->left, NULL) || db_int(s, &first, d->oldest, "") ||
		db_int(s, &late, d->due, "i", cutoff))
		return STORE_FAILED;
	c->kept = c->left;
	c->oldest = first;
	c->overdue = (uint64_t)late;
	return STORE_OK;
}

/*
 * The midnight that ends the day in which NOW less the period lies; periods below a day are taken
 * as they are.
 */
static int64_t cutoff_of(int64_t now, int64_t period)
{
	return period < DAY ? now - period : day_start(now - period + DAY - 1);
}

bool store_is_over(const struct store *s, enum retention_class retained, int64_t at, int64_t now)
{
	return at < cutoff_of(now, s->o.retention[retained].period);
}

static void describe_class(const struct store *s, int64_t now, struct purge *out)
{
	struct purge_class *c = out->at;

	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < CLASSES; i++, c++) {
		const struct retention *r = &s->o.retention[classes[i].retained];
		snprintf(c->name, sizeof c->name, "%s", retention_class_name(classes[i].retained));
		c->reason = r->reason ? r->reason : "";
		c->period = r->period;
		c->cutoff = cutoff_of(now, r->period);
	}
	out->count = ALL_CLASSES;
	for (unsigned i = CLASSES; i < ALL_CLASSES; i++, c++) {
		bool keys = i == MONTH_KEYS;
		snprintf(c->name, sizeof c->name, keys ? "month keys" : "erasures");
		c->reason = keys ? "a month's key is destroyed with the last event of that month"
				 : "no backup is older: what was erased before it cannot come back";
		/*
		 * a backup of the day before an erasure may be restored for a day longer than its
		 * period
		 */
		c->period = keys ? s->o.retention[RETAIN_EVENTS].period
				 : s->o.retention[RETAIN_BACKUPS].period + 2 * DAY;
		c->cutoff = cutoff_of(now, c->period);
	}
}

/* Fills in what is left; rows due for longer than GRACE are overdue. */
static int count_overdue(struct store *s, int64_t grace, struct purge *p)
{
	struct purge_class *keys = &p->at[MONTH_KEYS], *erasures = &p->at[ERASURES];
	int result;

	for (unsigned i = 0; i < CLASSES; i++) {
		if (measure_class(s, &classes[i], p->at[i].cutoff - grace, &p->at[i]))
			return STORE_FAILED;
	}
	result = keys_months(s, keys->cutoff - grace, &keys->left, &keys->oldest, &keys->overdue);
	if (!result)
		result = erasures_held(s, erasures->cutoff - grace, false, &erasures->left,
			&erasures->oldest, &erasures->overdue);
	keys->kept = keys->left;
	erasures->kept = erasures->left;
	return result;
}

int store_held(struct store *s, int64_t now, struct purge *out)
{
	describe_class(s, now, out);
	return count_overdue(s, DAY, out);
}

int store_held_counted(struct store *s, int64_t now, struct purge *out)
{
	int result = store_held(s, now, out);

	for (unsigned i = 0; i < CLASSES && !result; i++) {
		struct purge_class *c = &out->at[i];
		int64_t counted = 0;
		result = kept_count(s, &classes[i], &c->kept, &c->days_off);
		if (!result)
			result = db_int(s, &counted, classes[i].count, "");
		c->left = (uint64_t)counted;
	}
	return result;
}

/* What a purge would do: the figures of what is due are told as deleted. */
static int rehearse(struct store *s, struct purge *p)
{
	int result = count_overdue(s, 0, p);

	for (unsigned i = 0; i < p->count && !result; i++) {
		struct purge_class *c = &p->at[i];
		c->deleted = c->overdue;
		c->left -= c->overdue;
		c->overdue = 0;
	}
	return result;
}

/* An event that goes takes its diagnostic with it, where that was to stay longer. */
static int cut_diagnostics(struct store *s, int64_t cutoff)
{
	int64_t diagnostics = 0;

	if (db_int(s, &diagnostics, SQL_DIAGNOSTIC_DUE, "i", cutoff))
		return STORE_FAILED;
	return diagnostics ? held_cut(s, HELD_DIAGNOSTICS, cutoff, (uint64_t)diagnostics)
			   : STORE_OK;
}

static int purge_class(
	struct store *s, const struct data_class *d, int64_t now, struct purge_class *c)
{
	int64_t due = 0;

	if (!d->purges)
		return ledger_cut(s, now, c->cutoff, &c->deleted);
	c->deleted = 0;
	if (db_int(s, &due, d->due, "i", c->cutoff))
		return STORE_FAILED;
	if (due && d->of_table[0].held == HELD_EVENTS && cut_diagnostics(s, c->cutoff))
		return STORE_FAILED;
	bool objections = d->retained == RETAIN_OBJECTIONS;
	if (due && (objections || d->retained == RETAIN_CONTACTS) &&
		(held_cut_states(s, objections, c->cutoff) || agenda_cut(s, objections, c->cutoff)))
		return STORE_FAILED;
	for (unsigned i = 0; i < d->purges && due; i++) {
		if (db_run(s, d->of_table[i].purge, "i", c->cutoff))
			return STORE_FAILED;
		uint64_t gone = (uint64_t)sqlite3_changes64(s->db);
		c->deleted += gone;
		if (d->of_table[i].held != HELD_COUNT &&
			held_cut(s, (enum held_class)d->of_table[i].held, c->cutoff, gone))
			return STORE_FAILED;
	}
	return STORE_OK;
}

/* An entry for each purge that deleted something, and one a day, so that a gap shows. */
static int note_purge(struct store *s, int64_t now, const struct purge *p)
{
	struct ledger_entry last;
	char detail[LEDGER_TEXT_SIZE];
	uint64_t total = 0;
	size_t n = 0;
	int result = store_ledger_last(s, LEDGER_PURGE, NULL, &last);

	for (unsigned i = 0; i < CLASSES; i++) {
		total += p->at[i].deleted;
		n += (size_t)snprintf(detail + n, sizeof detail - n, "%s%s=%llu", i ? " " : "",
			p->at[i].name, (unsigned long long)p->at[i].deleted);
	}
	if (result || (!total && last.number && day_start(last.at) == day_start(now)))
		return result;
	return store_ledger(s, now, LEDGER_PURGE, detail);
}

/*
 * Notes that there are bytes to see to, so that a kill before it is done does not make us forget.
 */
static int note_deletion(struct store *s, const struct purge *p)
{
	for (unsigned i = 0; i < CLASSES; i++)
		if (p->at[i].deleted)
			return held_note_deletion(s);
	return STORE_OK;
}

static int delete_due(struct store *s, int64_t now, struct purge *p)
{
	int result = store_begin(s);

	if (result)
		return result;
	result = wordings_count(s, now, p->at[RETAIN_DIAGNOSTICS].cutoff);
	for (unsigned i = 0; i < CLASSES && !result; i++)
		result = purge_class(s, &classes[i], now, &p->at[i]);
	if (!result)
		result = objections_reduce(s, p->at[RETAIN_CONTACTS].cutoff);
	if (!result)
		result = campaigns_judge(s, now, p->at[RETAIN_EVENTS].cutoff);
	if (!result)
		result = tallies_close(s, now, p->at[RETAIN_EVENTS].cutoff);
	if (!result)
		result = note_deletion(s, p);
	if (!result)
		result = note_purge(s, now, p);
	if (!result)
		return store_commit(s);
	store_rollback(s);
	return result;
}

/*
 * What lies in meta "rewrite": "whole" where the file is to be written anew; "due" until deleted
 * rows are overwritten in the file and gone from the log, too; "done".
 */
static int rewrite_is(struct store *s, const char *state, bool *is)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_META_IS, "tt", "rewrite", state);

	*is = found;
	return result;
}

static int rewrite_file(struct store *s)
{
	bool whole;

	if (rewrite_is(s, "whole", &whole))
		return STORE_FAILED;
	if (!whole)
		return STORE_OK;
	/* its copy goes to a file without a name, not into memory, however large the store is */
	if (db_exec(s, "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY"))
		return STORE_FAILED;
	return db_run(s, SQL_META_PUT, "tt", "rewrite", "due");
}

/* *DONE: nobody else's reading was in the way. A full disk is an error of its own. */
static int truncate_log(struct store *s, bool *done)
{
	int pages = -1, moved;
	int rc = sqlite3_wal_checkpoint_v2(
		s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, &pages, &moved);

	*done = rc == SQLITE_OK && pages == 0;
	return rc == SQLITE_FULL
		? store_fail(s, STORE_FAILED, "%s: %s", s->o.path, sqlite3_errmsg(s->db))
		: STORE_OK;
}

/*
 * Sees to the bytes of what was deleted. *GONE: they are, and this is noted; a kill before leaves
 * it to the next purge.
 */
static int scrub(struct store *s, bool *gone)
{
	bool due, noted;

	*gone = false;
	if (rewrite_file(s) || rewrite_is(s, "due", &due) || truncate_log(s, gone))
		return STORE_FAILED;
	if (!*gone || !due)
		return STORE_OK;
	if (db_run(s, SQL_META_PUT, "tt", "rewrite", "done"))
		return STORE_FAILED;
	/* of the note alone: nothing is lost where another reads */
	return truncate_log(s, &noted);
}

static int not_truncated(struct store *s)
{
	return store_fail(s, STORE_BROKEN,
		"%s: not yet: the write-ahead log could not be truncated, deleted rows may still lie in it; "
		"is another program reading the store? The next run does it",
		s->o.path);
}

int store_scrub(struct store *s)
{
	bool gone;
	int result = scrub(s, &gone);

	if (result)
		return result;
	if (gone)
		return STORE_OK;
	return not_truncated(s);
}

int store_purge(struct store *s, int64_t now, bool dry, struct purge *out)
{
	int result;

	describe_class(s, now, out);
	if (dry)
		return rehearse(s, out);
	if ((result = delete_due(s, now, out)) ||
		(result = keys_destroy_unused(s, now, &out->keys_destroyed)) ||
		(result = erasures_held(s, out->at[ERASURES].cutoff, true, &(uint64_t){ 0 },
			 &(int64_t){ 0 }, &out->at[ERASURES].deleted)) ||
		(result = scrub(s, &out->checkpointed)) || (result = count_overdue(s, 0, out)))
		return result;
	out->at[MONTH_KEYS].deleted = out->keys_destroyed;
	for (unsigned i = 0; i < out->count; i++)
		if (out->at[i].overdue)
			return store_fail(s, STORE_BROKEN,
				"retention: %s: %llu overdue after the purge", out->at[i].name,
				(unsigned long long)out->at[i].overdue);
	return out->checkpointed ? STORE_OK : not_truncated(s);
}
