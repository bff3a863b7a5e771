/*
 * How much was sent: what makes rates of counts. Days, providers and campaigns with numbers, no recipient anywhere; these rows stay, as tallies do.
 *
 * Each row has a source: the name that an imported file was given, or "log". A source that speaks of a day again replaces what it said
 * (store_volume_clear), so that the same file changes nothing and a corrected one corrects.
 */
#include "store/internal.h"

int store_volume_clear(struct store *s, const char *source, int32_t day, uint64_t *sent)
{
	int64_t before = 0;

	*sent = 0;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "volume outside a transaction");
	if (db_int(s, &before, SQL_VOLUME_SUM, "ti", source, (int64_t)day) || db_run(s, SQL_VOLUME_CLEAR, "ti", source, (int64_t)day))
		return STORE_FAILED;
	*sent = (uint64_t)before;
	return STORE_OK;
}

int store_volume_add(struct store *s, const char *source, bool beside, const struct volume *v)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "volume outside a transaction");
	return db_run(s, SQL_VOLUME_ADD, "itittiiiii", (int64_t)v->day, source, (int64_t)beside, *v->provider ? v->provider : "other",
		      v->campaign, (int64_t)v->sent, (int64_t)v->delivered, (int64_t)v->deferred, (int64_t)v->throttled,
		      (int64_t)v->rejected);
}

int store_volumes(struct store *s, int32_t from, int32_t to, unsigned group, int (*visit)(void *context, const struct volume *v), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_VOLUME_GROUPS, "iii", (int64_t)from, (int64_t)to, (int64_t)group);
	int rc, result = STORE_OK;

	if (!st)
		return STORE_FAILED;
	while (!result && (rc = db_step(s, st)) == 1) {
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
	sqlite3_reset(st);
	return result ? result : rc < 0 ? STORE_FAILED : STORE_OK;
}
