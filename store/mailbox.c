/* Mailboxes whose mail stays where it is, and when each was read: what the poller must remember of them. */
#include "store/internal.h"

/* An id that is still there is remembered anew once a day, so that retention forgets only what left the mailbox. */
static int known_id(struct store *s, const char *mailbox, const unsigned char *id, int64_t day, bool *known)
{
	int64_t at = -1;

	if (db_int(s, &at, SQL_KEPT_GET, "tb", mailbox, id, REMOTE_ID_SIZE))
		return STORE_FAILED;
	*known = at >= 0;
	return *known && at < day && !s->o.read_only ? db_run(s, SQL_KEPT_PUT, "tbi", mailbox, id, REMOTE_ID_SIZE, day) : STORE_OK;
}

int store_wanted(struct store *s, const char *mailbox, const unsigned char *ids, size_t count, int64_t now, unsigned char *wanted)
{
	bool own = false, known;
	int result = s->o.read_only ? STORE_OK : db_enter(s, &own);

	if (result)
		return result;
	for (size_t i = 0; i < count && !result; i++) {
		known = false;
		result = known_id(s, mailbox, ids + i * REMOTE_ID_SIZE, day_start(now), &known);
		wanted[i] = !known;
	}
	return db_leave(s, own, result);
}

int store_keep(struct store *s, const char *mailbox, const unsigned char *id, int64_t now)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "keep outside a transaction");
	return db_run(s, SQL_KEPT_PUT, "tbi", mailbox, id, REMOTE_ID_SIZE, day_start(now));
}

int store_mailbox_read(struct store *s, const char *mailbox, int64_t now, bool ok, const char *why)
{
	return ok ? db_run(s, SQL_MAILBOX_READ, "ti", mailbox, now)
		  : db_run(s, SQL_MAILBOX_FAILED, "tit", mailbox, now, why ? why : "");
}

int store_mailboxes(struct store *s, int (*visit)(void *context, const struct mailbox_state *m), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_MAILBOX_ALL, "");
	int rc, result = STORE_OK;

	if (!st)
		return STORE_FAILED;
	while (!result && (rc = db_step(s, st)) == 1) {
		struct mailbox_state m = { .read_at = sqlite3_column_int64(st, 1), .failed_at = sqlite3_column_int64(st, 2) };
		db_text(st, 0, m.name, sizeof m.name);
		db_text(st, 3, m.why, sizeof m.why);
		result = visit(context, &m);
	}
	sqlite3_reset(st);
	return result ? result : rc < 0 ? STORE_FAILED : STORE_OK;
}
