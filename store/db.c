/*
 * SQLite's statements with less ceremony: prepared once per handle, bound by a type string, errors
 * as a message on the handle.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "store/internal.h"
#include "store/schema.h"

#define STORE_SQL_TEXT(symbol, text) text,
static const char *const statement_texts[] = { STORE_SQL(STORE_SQL_TEXT) };

int db_outgrown(struct store *s, int version)
{
	s->outgrown = true;
	return store_fail(s, STORE_FAILED,
		"%s: schema version %d, made by a newer retour; this one knows versions up to %d",
		s->o.path, version, SCHEMA_VERSION);
}

/*
 * What the head of the file says, without looking whether it is whole: seals of a newer program may
 * be others. 0: it cannot be told.
 */
static int version_of_head(struct store *s)
{
	enum { USER_VERSION_AT = 60 };
	sqlite3_file *f = NULL;
	unsigned char b[4];

	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || !f ||
		!f->pMethods || f->pMethods->xRead(f, b, sizeof b, USER_VERSION_AT) != SQLITE_OK)
		return 0;
	return (int)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

int db_error(struct store *s)
{
	int code = sqlite3_extended_errcode(s->db), system = sqlite3_system_errno(s->db);
	if (code == SQLITE_IOERR_DATA && version_of_head(s) > SCHEMA_VERSION)
		return db_outgrown(s, version_of_head(s));
	if (code == SQLITE_IOERR_DATA)
		return store_fail(s, STORE_FAILED,
			"%s: damaged: a page is not as it was written; `retour audit` counts them, retour-recovery(7) says what to do",
			s->o.path);
	/* a disk that is full is told as such for some files only, not for -shm */
	if ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))
		return store_fail(s, STORE_FAILED, "%s: %s", s->o.path, strerror(system));
	if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
		return store_fail(s, STORE_FAILED,
			"%s: %s; retour-recovery(7) says how a backup takes its place", s->o.path,
			sqlite3_errmsg(s->db));
	return store_fail(s, STORE_FAILED, "%s: %s", s->o.path, sqlite3_errmsg(s->db));
}

static int bind_text(sqlite3_stmt *st, int at, const char *text, bool empty_is_null)
{
	if (!text || (empty_is_null && !*text))
		return sqlite3_bind_null(st, at);
	return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

sqlite3_stmt *db_bind(struct store *s, enum sql id, const char *types, ...)
{
	sqlite3_stmt *st = s->statement[id];
	int rc = SQLITE_OK;
	va_list args;

	if (!st) {
		if (sqlite3_prepare_v3(s->db, statement_texts[id], -1, SQLITE_PREPARE_PERSISTENT,
			    &st, NULL) != SQLITE_OK) {
			db_error(s);
			return NULL;
		}
		s->statement[id] = st;
	}
	va_start(args, types);
	for (int at = 1; *types && rc == SQLITE_OK; types++, at++) {
		if (*types == 'i') {
			rc = sqlite3_bind_int64(st, at, va_arg(args, int64_t));
		} else if (*types == 'b') {
			const void *blob = va_arg(args, const void *);
			int n = va_arg(args, int);
			rc = sqlite3_bind_blob(st, at, blob, n, SQLITE_STATIC);
		} else {
			rc = bind_text(st, at, va_arg(args, const char *), *types == 'T');
		}
	}
	va_end(args);
	if (rc != SQLITE_OK) {
		db_error(s);
		return NULL;
	}
	return st;
}

int db_step(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		db_error(s);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

bool db_row(struct store *s, sqlite3_stmt *st, int *result)
{
	int rc = -1;

	if (st && *result)
		sqlite3_reset(st);
	else if (st)
		rc = db_step(s, st);
	if (rc < 0 && !*result)
		*result = STORE_FAILED;
	return rc == 1;
}

int db_counts(struct store *s, sqlite3_stmt *st,
	int (*visit)(void *context, const char *of, const char *what, uint64_t count),
	void *context)
{
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			(const char *)sqlite3_column_text(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2));
	return result;
}

int db_finish(struct store *s, sqlite3_stmt *st)
{
	int rc;

	if (!st)
		return STORE_FAILED;
	while ((rc = db_step(s, st)) == 1)
		;
	return rc ? STORE_FAILED : STORE_OK;
}

int db_finish_int(struct store *s, sqlite3_stmt *st, int64_t *out)
{
	int rc;

	if (!st || (rc = db_step(s, st)) < 0)
		return STORE_FAILED;
	if (rc) {
		if (sqlite3_column_type(st, 0) != SQLITE_NULL)
			*out = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	return STORE_OK;
}

void db_text(sqlite3_stmt *st, int column, char *buffer, size_t size)
{
	const unsigned char *text = sqlite3_column_text(st, column);
	size_t n = text ? (size_t)sqlite3_column_bytes(st, column) : 0;

	n = n < size ? n : size - 1;
	if (n)
		memcpy(buffer, text, n);
	buffer[n] = '\0';
}

int db_finish_text(struct store *s, sqlite3_stmt *st, char *buffer, size_t size)
{
	int rc;

	*buffer = '\0';
	if (!st || (rc = db_step(s, st)) < 0)
		return STORE_FAILED;
	if (rc) {
		db_text(st, 0, buffer, size);
		sqlite3_reset(st);
	}
	return STORE_OK;
}

int db_exec(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? STORE_OK : db_error(s);
}
