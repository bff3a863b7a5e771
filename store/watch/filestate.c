/*
 * What an auditor wants to know of the database file: that deleting overwrites, and whether bytes
 * of deleted rows may still lie somewhere.
 */
#include <stdio.h>
#include <sys/stat.h>
#include "store/internal.h"
#include "store/base/pagefile.h"
#include "store/schema.h"

static int pragma(struct store *s, const char *sql, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? STORE_OK : db_error(s);
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

/* Steps through what SQL gives, past the schema with the seals. */
static bool read_sealed(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	pagefile_verify(db, true);
	while (rc == SQLITE_OK || rc == SQLITE_ROW)
		rc = sqlite3_step(st);
	pagefile_verify(db, false);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

/*
 * What `check` reads, read with a connection of its own, which has nothing in its cache: is that as
 * it was written? Elsewhere a page may have been changed by whoever works on the database with
 * another program; the ledger's chain is looked at by itself.
 */
static bool answers_are_whole(struct store *s)
{
	static const char *const read[] = { "SELECT max(at), max(body) FROM contact",
		"SELECT max(last) FROM investigation", "SELECT max(value) FROM meta" };
	sqlite3 *db = NULL;
	bool whole = sqlite3_open_v2(s->o.path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			     pagefile_layer()) == SQLITE_OK;

	if (whole)
		sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		whole = whole && read_sealed(db, read[i]);
	sqlite3_close(db);
	return whole;
}

/* Inside a transaction, which keeps the log from being begun anew meanwhile. */
static int walk_pages(struct store *s, struct store_file_state *out)
{
	struct pagefile_state pages;
	bool own = !s->in_snapshot && !s->in_transaction;
	int rc;

	if (own && db_run(s, SQL_BEGIN_READ, ""))
		return STORE_FAILED;
	rc = pagefile_walk(s->db, &pages);
	if (own)
		db_run(s, SQL_COMMIT, "");
	if (rc != SQLITE_OK)
		return store_fail(s, STORE_FAILED, "%s: %s", s->o.path, sqlite3_errstr(rc));
	out->pages = pages.pages;
	out->unsealed = pages.unsealed;
	out->damaged = pages.broken;
	out->first_damaged = pages.first_broken;
	return STORE_OK;
}

int store_file_state(struct store *s, struct store_file_state *out)
{
	char log[4096];
	int64_t secure = 0, due = 0, whole = 0;

	*out = (struct store_file_state){ .sqlite = sqlite3_libversion() };
	if (pragma(s, "PRAGMA secure_delete", &secure) ||
		db_int(s, &due, SQL_META_IS, "tt", "rewrite", "due") ||
		db_int(s, &whole, SQL_META_IS, "tt", "rewrite", "whole") ||
		schema_version(s, &out->schema))
		return STORE_FAILED;
	if (walk_pages(s, out))
		return STORE_FAILED;
	out->answers_damaged = out->damaged && !answers_are_whole(s);
	snprintf(log, sizeof log, "%s-wal", s->o.path);
	out->secure_delete = secure == 1;
	out->rewrite_due = due || whole;
	out->log_bytes = size_of(log);
	out->bytes = size_of(s->o.path);
	return STORE_OK;
}
