/*
 * How much was sent: what makes rates of counts. Days, providers and campaigns with numbers, no
 * recipient anywhere; these rows stay, as tallies do.
 *
 * Each row has a source: the name that an imported file was given, or "log". A source that speaks
 * of a day again replaces what it said (store_volume_clear), so that the same file changes nothing
 * and a corrected one corrects.
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/units.h"
#include "store/internal.h"
#include "store/hour.h"
#include "store/tally.h"

int store_volume_clear(struct store *s, const char *source, int32_t day, uint64_t *sent)
{
	int64_t before = 0;

	*sent = 0;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "volume outside a transaction");
	if (db_int(s, &before, SQL_VOLUME_SUM, "ti", source, (int64_t)day) ||
		db_run(s, SQL_VOLUME_CLEAR, "ti", source, (int64_t)day))
		return STORE_FAILED;
	*sent = (uint64_t)before;
	return STORE_OK;
}

int store_volume_add(struct store *s, const char *source, bool beside, const struct volume *v)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "volume outside a transaction");
	if (*v->campaign && strcmp(v->campaign, other_campaigns) != 0 &&
		db_run(s, SQL_CAMPAIGN_ADD, "it", (int64_t)v->day, v->campaign))
		return STORE_FAILED;
	return db_run(s, SQL_VOLUME_ADD, "itittiiiii", (int64_t)v->day, source, (int64_t)beside,
		*v->provider ? v->provider : "other", v->campaign, (int64_t)v->sent,
		(int64_t)v->delivered, (int64_t)v->deferred, (int64_t)v->throttled,
		(int64_t)v->rejected);
}

/* Which statement reads all rows: of all sites another where this store was restored. */
static int volume_rows(struct store *s, int32_t from, int32_t to, enum sql *rows)
{
	int64_t restored = 0;
	int result = STORE_OK;

	*rows = sql_seen(s, SQL_VOLUME_ROWS);
	if (*rows != SQL_VOLUME_ROWS)
		result = db_int(
			s, &restored, SQL_VOLUME_RESTORED, "ii", (int64_t)from, (int64_t)to);
	if (restored)
		*rows = SQL_VOLUME_ROWS_COVERED;
	return result;
}

int store_volumes(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct volume *v), void *context)
{
	enum sql rows = sql_seen(s, SQL_VOLUME_GROUPS);

	if (group == VOLUME_ROWS && volume_rows(s, from, to, &rows))
		return STORE_FAILED;
	sqlite3_stmt *st = group == VOLUME_ROWS
		? db_bind(s, rows, "ii", (int64_t)from, (int64_t)to)
		: db_bind(s, rows, "iii", (int64_t)from, (int64_t)to, (int64_t)group);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct volume v = {
			.day = sqlite3_column_int(st, 0),
			.sent = (uint64_t)sqlite3_column_int64(st, 3),
			.delivered = (uint64_t)sqlite3_column_int64(st, 4),
			.deferred = (uint64_t)sqlite3_column_int64(st, 5),
			.throttled = (uint64_t)sqlite3_column_int64(st, 6),
			.rejected = (uint64_t)sqlite3_column_int64(st, 7),
		};
		db_text(st, 1, v.provider, sizeof v.provider);
		db_text(st, 2, v.campaign, sizeof v.campaign);
		result = visit(context, &v);
	}
	return result;
}

/* --- from mail logs ------------------------------------------------------- */

int store_volume_log(struct store *s, int64_t at, const struct volume *v)
{
	struct volume day = *v;
	const char *campaign = day.campaign;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "volume outside a transaction");
	day.day = day_of(at);
	day.sent = v->delivered + v->rejected;
	if (tally_bounded_campaign(s, day.day, &campaign))
		return STORE_FAILED;
	if (campaign != day.campaign)
		snprintf(day.campaign, sizeof day.campaign, "%s", campaign);
	if (store_volume_add(s, VOLUME_SOURCE_LOG, false, &day))
		return STORE_FAILED;
	return db_run(s, SQL_HOUR_ADD, "itiiii", at / HOUR, *v->provider ? v->provider : "other",
		(int64_t)v->delivered, (int64_t)v->deferred, (int64_t)v->throttled,
		(int64_t)v->rejected);
}

int store_log_files(
	struct store *s, int (*visit)(void *context, const struct log_file *f), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_LOG_FILES, "");
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct log_file f = {
			.length = (uint64_t)sqlite3_column_int64(st, 1),
			.offset = (uint64_t)sqlite3_column_int64(st, 2),
			.device = (uint64_t)sqlite3_column_int64(st, 3),
			.inode = (uint64_t)sqlite3_column_int64(st, 4),
			.size = (uint64_t)sqlite3_column_int64(st, 5),
			.mtime = sqlite3_column_int64(st, 6),
			.at = sqlite3_column_int64(st, 7),
		};
		if (sqlite3_column_bytes(st, 0) != LOG_FINGERPRINT_SIZE)
			continue;
		memcpy(f.fingerprint, sqlite3_column_blob(st, 0), LOG_FINGERPRINT_SIZE);
		result = visit(context, &f);
	}
	return result;
}

int store_log_file_put(struct store *s, const struct log_file *f, const unsigned char *replaces)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "log file outside a transaction");
	if (replaces && db_run(s, SQL_LOG_FILE_DELETE, "b", replaces, LOG_FINGERPRINT_SIZE))
		return STORE_FAILED;
	if (db_run(s, SQL_LOG_FILE_PUT, "biiiiiii", f->fingerprint, LOG_FINGERPRINT_SIZE,
		    (int64_t)f->length, (int64_t)f->offset, (int64_t)f->device, (int64_t)f->inode,
		    (int64_t)f->size, f->mtime, f->at))
		return STORE_FAILED;
	if (db_run(s, SQL_LOG_FILE_FORGET, "i", (int64_t)LOG_FILES_MAX))
		return STORE_FAILED;
	return db_run(s, SQL_HOUR_FORGET, "i", f->at / HOUR - HOURS_KEPT);
}

int store_log_state(struct store *s, void **value, size_t *n)
{
	sqlite3_stmt *st = db_bind(s, SQL_LOG_STATE_GET, "");
	int rc = st ? db_step(s, st) : -1, result = rc < 0 ? STORE_FAILED : STORE_OK;

	*value = NULL;
	*n = rc == 1 ? (size_t)sqlite3_column_bytes(st, 0) : 0;
	if (*n) {
		*value = malloc(*n);
		if (*value)
			memcpy(*value, sqlite3_column_blob(st, 0), *n);
		else
			result = store_fail(s, STORE_FAILED, "no memory");
	}
	if (st)
		sqlite3_reset(st);
	return result;
}

int store_log_state_put(struct store *s, const void *value, size_t n)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "log state outside a transaction");
	return db_run(s, SQL_LOG_STATE_PUT, "b", value, (int)n);
}

enum { IMPORTS_LATELY = 28 * DAY };

int volume_logs_are_all(struct store *s, int64_t now, bool *are)
{
	int64_t imported = 0;

	if (db_int(s, &imported, SQL_VOLUME_IMPORTED, "ii", (int64_t)day_of(now - IMPORTS_LATELY),
		    (int64_t)day_of(now)))
		return STORE_FAILED;
	*are = !imported;
	return STORE_OK;
}
