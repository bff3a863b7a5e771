/*
 * The transaction that a batch is, and the snapshot in which many questions are answered. What
 * takes part in them registers with the handle (struct store_part).
 */
#include <string.h>
#include "store/internal.h"

int store_begin(struct store *s)
{
	if (s->in_transaction || s->in_snapshot || s->o.read_only)
		return store_fail(s, STORE_MISUSE,
			"begin inside a transaction, or on a store opened for reading");
	s->spoilt = false;
	if (db_run(s, SQL_BEGIN, ""))
		return STORE_FAILED;
	s->in_transaction = true;
	for (const struct store_part *p = s->parts; p->flush || p->discard || p->enter; p++)
		if (p->begin && p->begin(s)) {
			store_rollback(s);
			return STORE_FAILED;
		}
	return STORE_OK;
}

int store_snapshot(struct store *s, bool hold)
{
	if (s->in_transaction || s->in_snapshot == hold)
		return store_fail(s, STORE_MISUSE, "snapshot inside a transaction, or twice");
	if (db_run(s, hold ? SQL_BEGIN_READ : SQL_COMMIT, ""))
		return STORE_FAILED;
	for (const struct store_part *p = s->parts; hold && (p->flush || p->discard || p->enter);
		p++)
		if (p->enter && p->enter(s)) {
			sqlite3_exec(
				s->db, "COMMIT", NULL, NULL, NULL); /* the error's text stays */
			return STORE_FAILED;
		}
	s->in_snapshot = hold;
	return STORE_OK;
}

static int flush_parts(struct store *s)
{
	for (const struct store_part *p = s->parts; p->flush || p->discard || p->enter; p++)
		if (p->flush && p->flush(s))
			return STORE_FAILED;
	return STORE_OK;
}

int store_commit(struct store *s)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "commit without a transaction");
	if (s->spoilt || flush_parts(s) || db_run(s, SQL_COMMIT, "")) {
		store_rollback(s);
		return STORE_FAILED;
	}
	s->in_transaction = false;
	return STORE_OK;
}

void store_rollback(struct store *s)
{
	char error[STORE_ERROR_SIZE];

	if (!s->in_transaction)
		return;
	memcpy(error, s->error, sizeof error);
	db_run(s, SQL_ROLLBACK, ""); /* fails only where SQLite has rolled back by itself */
	memcpy(s->error, error, sizeof error);
	s->in_transaction = false;
	for (const struct store_part *p = s->parts; p->flush || p->discard || p->enter; p++)
		if (p->discard)
			p->discard(s);
}

int db_enter(struct store *s, bool *own)
{
	*own = !s->in_transaction;
	return *own ? store_begin(s) : STORE_OK;
}

int db_leave(struct store *s, bool own, int result)
{
	if (!own)
		return result;
	if (result == STORE_OK)
		return store_commit(s);
	store_rollback(s);
	return result;
}
