/* What an auditor wants to know of the database file: that deleting overwrites, and whether bytes of deleted rows may still lie somewhere. */
#include <stdio.h>
#include <sys/stat.h>
#include "store/internal.h"

static int pragma(struct store *s, const char *sql, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? STORE_OK : store_fail(s, STORE_FAILED, "%s: %s", s->o.path, sqlite3_errmsg(s->db));
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

int store_file_state(struct store *s, struct store_file_state *out)
{
	char log[4096];
	int64_t secure = 0, due = 0, whole = 0;

	*out = (struct store_file_state){ .sqlite = sqlite3_libversion() };
	if (pragma(s, "PRAGMA secure_delete", &secure) || db_int(s, &due, SQL_META_IS, "tt", "rewrite", "due") ||
	    db_int(s, &whole, SQL_META_IS, "tt", "rewrite", "whole") || schema_version(s, &out->schema))
		return STORE_FAILED;
	snprintf(log, sizeof log, "%s-wal", s->o.path);
	out->secure_delete = secure == 1;
	out->rewrite_due = due || whole;
	out->log_bytes = size_of(log);
	out->bytes = size_of(s->o.path);
	return STORE_OK;
}
