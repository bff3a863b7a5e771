/*
 * The schema as it is against the schema as it should be. What it should be is made anew by the
 * same steps in a database in memory, so that there is no list that could grow old. Whoever may
 * write the file can add a trigger that copies what is deleted, or put a view in the place of a
 * table: while this program writes neither has any effect (open_database() in store/store.c), and
 * here it shows.
 */
#include <stdio.h>
#include "store/contactbody.h"
#include "store/internal.h"
#include "store/intact.h"
#include "store/base/pagefile.h"
#include "store/held.h"
#include "store/schema.h"
#include "store/siteparts.h"
#include "store/tally.h"

enum { FINDING_SIZE = 200, NAME_SHOWN = 60 };

/* Every name under which the store keeps a single value in the table meta, where it is used. */
static const char *const meta_names[] = { "alert-clock", "alert-hours", "alerts",
	"alignment-broken", "backup", "brake-day", "brake-late", "clock-boot", "clock-lead",
	"clock-runs", "erasures", "fold_gmail", "fold_local_part", "head-command", "head-syslog",
	"head-timestamp", "hook", "mailing-interval", "news number", "oauth-later", "rewrite",
	"seen-undated", "site", "site figures", "site floor", "site level", "site level day",
	"site number", "sites key", "tls-failures" };

static const char all_sql[] =
	"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
static const char one_sql[] =
	"SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2 AND tbl_name = ?3 AND sql IS ?4";
static const char named_sql[] = "SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2";

/*
 * A name that somebody else chose: of letters only what cannot be read as something else, and never
 * an address.
 */
static void plain_name(char out[NAME_SHOWN + 1], const char *name)
{
	size_t n = 0;

	for (; *name && n < NAME_SHOWN; name++)
		out[n++] = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
				(*name >= '0' && *name <= '9') || *name == '_'
			? *name
			: '?';
	out[n] = '\0';
}

/*
 * Whether DB has the row that ROW stands at; with sql as the last of COLUMNS compared. -1: an
 * error.
 */
static int has_row(sqlite3 *db, const char *sql, sqlite3_stmt *row, int columns)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	for (int i = 0; i < columns && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(st, i + 1, sqlite3_column_value(row, i));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return -1;
}

/*
 * Tells each row of FROM that IN has not. LEFT: they are the store's own, else what should be
 * there.
 */
static int tell_rows(
	struct store *s, sqlite3 *from, sqlite3 *in, bool ours, intact_visit *visit, void *context)
{
	char what[FINDING_SIZE], name[NAME_SHOWN + 1], type[NAME_SHOWN + 1];
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(from, all_sql, -1, &st, NULL), result = STORE_OK;

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(st)) != SQLITE_ROW)
			break;
		int same = has_row(in, one_sql, st, 4), named = has_row(in, named_sql, st, 2);
		if (same < 0 || named < 0)
			rc = SQLITE_ERROR;
		if (same || (!ours && named)) /* what is only another is told once */
			continue;
		plain_name(type, (const char *)sqlite3_column_text(st, 0));
		plain_name(name, (const char *)sqlite3_column_text(st, 1));
		const char *left = named ? "another than retour made" : "not retour's";
		snprintf(what, sizeof what, "the %s %s is %s", type, name, ours ? left : "missing");
		if ((result = visit(context, what)))
			break;
	}
	sqlite3_finalize(st);
	if (result)
		return result;
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return STORE_OK;
	return store_fail(s, STORE_FAILED, "%s: the schema cannot be read", s->o.path);
}

static int tell_meta(struct store *s, intact_visit *visit, void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_META_NAMES, "");
	char what[FINDING_SIZE];
	uint64_t strange = 0;
	int rc = -1;

	while (st && (rc = db_step(s, st)) == 1) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		bool known = name && site_key_is_heard(name);
		for (size_t i = 0; i < sizeof meta_names / sizeof *meta_names && !known; i++)
			known = name && strcmp(name, meta_names[i]) == 0;
		strange += !known;
	}
	if (rc)
		return STORE_FAILED;
	snprintf(what, sizeof what, "the table meta has %llu rows that are not retour's",
		(unsigned long long)strange);
	return strange ? visit(context, what) : STORE_OK;
}

/* Counts are kept under the names of what is held (store/held.c), and no others. */
static int tell_held(struct store *s, intact_visit *visit, void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_HELD_CLASSES, "");
	char what[FINDING_SIZE];
	uint64_t strange = 0;
	int result = STORE_OK;

	while (db_row(s, st, &result))
		strange += !held_is_known((const char *)sqlite3_column_text(st, 0));
	if (result)
		return result;
	snprintf(what, sizeof what, "the table held has %llu names that are not retour's",
		(unsigned long long)strange);
	return strange ? visit(context, what) : STORE_OK;
}

/* What a file holds behind its last page no statement reads. */
static int tell_end(struct store *s, intact_visit *visit, void *context)
{
	char what[FINDING_SIZE];
	uint64_t beyond = 0;

	if (pagefile_beyond(s->db, &beyond) != SQLITE_OK)
		return store_fail(s, STORE_FAILED, "%s: its end cannot be read", s->o.path);
	snprintf(what, sizeof what, "%llu bytes lie behind the end of the database",
		(unsigned long long)beyond);
	return beyond ? visit(context, what) : STORE_OK;
}

int store_schema_differs(struct store *s, intact_visit *visit, void *context)
{
	sqlite3 *model = NULL;
	int result = STORE_FAILED;

	if (sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		contact_functions(model, NULL) != SQLITE_OK || schema_make(model))
		store_fail(s, STORE_FAILED, "no memory for a schema");
	else if (!(result = tell_rows(s, s->db, model, true, visit, context)))
		result = tell_rows(s, model, s->db, false, visit, context);
	sqlite3_close(model);
	if (!result)
		result = tell_meta(s, visit, context);
	if (!result)
		result = tell_held(s, visit, context);
	return result ? result : tell_end(s, visit, context);
}

/*
 * Events lie in the order of their time, and a day of any zone has whole quarters of an hour. They
 * are counted here: SQLite would sort them all, in memory, to group them.
 */
int store_event_days(struct store *s, int64_t from,
	int (*visit)(void *context, int32_t day, uint64_t count), void *context)
{
	enum { QUARTER = 15 * 60 };
	sqlite3_stmt *st = db_bind(s, SQL_EVENT_TIMES, "i", from);
	int64_t quarter = 0;
	uint64_t count = 0;
	int rc = -1, result = STORE_OK;

	while (st && !result && (rc = db_step(s, st)) == 1) {
		int64_t now = sqlite3_column_int64(st, 0) / QUARTER;
		if (count && now != quarter) {
			result = visit(context, day_of(quarter * QUARTER), count);
			count = 0;
		}
		quarter = now;
		count++;
	}
	sqlite3_reset(st);
	if (!result && rc >= 0 && count)
		result = visit(context, day_of(quarter * QUARTER), count);
	if (result)
		return result;
	return rc < 0 ? STORE_FAILED : STORE_OK;
}
