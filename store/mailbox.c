/*
 * Mailboxes whose mail stays where it is, and when each was read: what the poller must remember of
 * them.
 */
#include <stdio.h>
#include <string.h>
#include "store/chain.h"
#include "classify/base/units.h"
#include "store/internal.h"
#include "store/held.h"

#define STORE_NAME2(symbol, name) name,
static const char *const use_names[] = { FOLDER_USES(STORE_NAME2) };

const char *folder_use_name(unsigned use)
{
	return use_names[use];
}

/*
 * An id that is still there is remembered anew once a day, so that retention forgets only what left
 * the mailbox. It is known only while what became of it is still to keep it: when the configuration
 * turns to delete, it is read once more, as a duplicate, and deleted.
 */
static int known_id(struct store *s, const char *mailbox, const unsigned char *id, unsigned keeps,
	int64_t day, bool *known)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEPT_GET, "tb", mailbox, id, REMOTE_ID_SIZE);
	int rc = st ? db_step(s, st) : -1;
	int64_t at = 0;

	*known = false;
	if (rc <= 0)
		return rc ? STORE_FAILED : STORE_OK;
	at = sqlite3_column_int64(st, 0);
	*known = keeps >> (sqlite3_column_int64(st, 1) & 31) & 1;
	sqlite3_reset(st);
	if (!*known || at >= day || s->o.read_only)
		return STORE_OK;
	return held_note(s, HELD_KEPT, at, -1) || held_note(s, HELD_KEPT, day, 1) ||
			db_run(s, SQL_KEPT_AGAIN, "tbi", mailbox, id, REMOTE_ID_SIZE, day)
		? STORE_FAILED
		: STORE_OK;
}

int store_wanted(struct store *s, const char *mailbox, const unsigned char *ids, size_t count,
	unsigned keeps, int64_t now, unsigned char *wanted)
{
	bool own = false, known;
	int result = s->o.read_only ? STORE_OK : db_enter(s, &own);

	if (result)
		return result;
	for (size_t i = 0; i < count && !result; i++) {
		result = known_id(
			s, mailbox, ids + i * REMOTE_ID_SIZE, keeps, day_start(now), &known);
		wanted[i] = !known;
	}
	return db_leave(s, own, result);
}

int store_keep(
	struct store *s, const char *mailbox, const unsigned char *id, unsigned what, int64_t now)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "keep outside a transaction");
	int64_t before = 0;
	if (db_int(s, &before, SQL_KEPT_GET, "tb", mailbox, id, REMOTE_ID_SIZE) ||
		(before && held_note(s, HELD_KEPT, before, -1)) || held_note(s, HELD_KEPT, now, 1))
		return STORE_FAILED;
	return db_run(s, SQL_KEPT_PUT, "tbii", mailbox, id, REMOTE_ID_SIZE, (int64_t)what,
		day_start(now));
}

int store_stuck_note(struct store *s, const char *mailbox, const unsigned char *id, int64_t now)
{
	bool own;
	int result = db_enter(s, &own);

	return result ? result
		      : db_leave(s, own,
				db_run(s, SQL_STUCK_PUT, "tbi", mailbox, id, REMOTE_ID_SIZE, now));
}

int store_stuck_gone(struct store *s, const char *mailbox, int64_t now)
{
	bool own;
	int result = db_enter(s, &own);

	return result ? result : db_leave(s, own, db_run(s, SQL_STUCK_GONE, "ti", mailbox, now));
}

int store_stuck_any(struct store *s, const char *mailbox, bool *any)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_STUCK_ANY, "t", mailbox);

	*any = found != 0;
	return result ? STORE_FAILED : STORE_OK;
}

int store_stuck_is(struct store *s, const char *mailbox, const unsigned char *id, bool *is)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_STUCK_GET, "tb", mailbox, id, REMOTE_ID_SIZE);

	*is = found != 0;
	return result ? STORE_FAILED : STORE_OK;
}

int store_stuck(struct store *s,
	int (*visit)(void *context, const char *mailbox, uint64_t count, int64_t since),
	void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_STUCK_COUNT, "");
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2));
	return result;
}

int store_folder_due(struct store *s, const char *mailbox, const char *folder, int64_t cutoff,
	struct folder_mark *out)
{
	sqlite3_stmt *st = db_bind(s, SQL_FOLDER_DUE, "tti", mailbox, folder, cutoff);
	int rc = st ? db_step(s, st) : -1;
	int64_t at;

	*out = (struct folder_mark){ 0 };
	if (rc <= 0)
		return rc ? STORE_FAILED : STORE_OK;
	at = sqlite3_column_int64(st, 0);
	out->uidvalidity = (uint32_t)sqlite3_column_int64(st, 1);
	out->uidnext = (uint32_t)sqlite3_column_int64(st, 2);
	sqlite3_reset(st);
	return db_run(s, SQL_FOLDER_FORGET, "tti", mailbox, folder, at);
}

int store_folder_mark(struct store *s, const char *mailbox, const char *folder, int64_t now,
	int64_t apart, const struct folder_mark *mark)
{
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	if (db_run(s, SQL_FOLDER_THIN, "ttii", mailbox, folder, now, apart) ||
		db_run(s, SQL_FOLDER_PUT, "ttiii", mailbox, folder, now, (int64_t)mark->uidvalidity,
			(int64_t)mark->uidnext))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}

int store_folder_names(struct store *s, const char *mailbox,
	int (*visit)(void *context, const char *folder), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_FOLDER_NAMES, "t", mailbox);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0));
	return result;
}

int store_folder_former(struct store *s, const char *mailbox, const char *folder, int64_t now,
	int64_t cutoff, const struct folder_mark *mark)
{
	char name[3 * STORE_NAME_SIZE + 8] = "name=";
	struct ledger_entry changed;
	int64_t last = 0;

	chain_word(name + strlen(name), sizeof name - strlen(name), mailbox);
	if (store_ledger_last(s, LEDGER_CONFIGURATION_MAILBOX, name, &changed) ||
		db_int(s, &last, SQL_FOLDER_LAST, "tt", mailbox, folder))
		return STORE_FAILED;
	if (last < changed.at)
		return db_run(s, SQL_FOLDER_PUT, "ttiii", mailbox, folder, now,
			(int64_t)mark->uidvalidity, (int64_t)mark->uidnext);
	return last <= cutoff ? db_run(s, SQL_FOLDER_FORGET, "tti", mailbox, folder, last + 1)
			      : STORE_OK;
}

int store_mail_purged(struct store *s, const char *mailbox, unsigned uses,
	const uint64_t removed[FOLDER_USE_COUNT], int64_t now)
{
	char detail[LEDGER_TEXT_SIZE] = "name=";
	struct ledger_entry last;
	uint64_t total = 0;
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	chain_word(detail + strlen(detail), sizeof detail / 2, mailbox);
	result = store_ledger_last(s, LEDGER_MAIL_PURGE, detail, &last);
	for (unsigned i = 0; i < FOLDER_USE_COUNT; i++) {
		size_t n = strlen(detail);
		total += removed[i];
		if (uses >> i & 1)
			snprintf(detail + n, sizeof detail - n, " %s=%llu", folder_use_name(i),
				(unsigned long long)removed[i]);
	}
	if (!result && (total || !last.number || day_start(last.at) != day_start(now)))
		result = store_ledger(s, now, LEDGER_MAIL_PURGE, detail);
	return db_leave(s, own, result);
}

/* A mailbox that is read once a day is read; one that was not for longer had a gap. */
enum { UNREAD_LEAST = 36 * HOUR };

int store_mailbox_read(struct store *s, const char *mailbox, int64_t now, bool ok, const char *why)
{
	if (!ok)
		return db_run(s, SQL_MAILBOX_FAILED, "tit", mailbox, now, why ? why : "");
	if (db_run(s, SQL_MAILBOX_UNREAD, "tii", mailbox, now, (int64_t)UNREAD_LEAST))
		return STORE_FAILED;
	return db_run(s, SQL_MAILBOX_READ, "ti", mailbox, now);
}

int store_unread(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *mailbox, int64_t since, int64_t until),
	void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_UNREAD), "ii", from, to);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2));
	return result;
}

static const struct mailbox_fact {
	const char *name;
	size_t at;
} mailbox_facts[] = {
#define FACT_ROW(member, name, ...) { name, FACT_AT(member) },
	MAILBOX_FACTS(FACT_ROW) MAILBOX_TRAITS(FACT_ROW)
#undef FACT_ROW
};
enum { FACT_COUNT = sizeof mailbox_facts / sizeof *mailbox_facts };

int store_mailbox_facts(struct store *s, const char *mailbox, const struct mailbox_facts *facts)
{
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	for (unsigned i = 0; i < FACT_COUNT && !result; i++) {
		const struct mailbox_fact *f = &mailbox_facts[i];
		int64_t value = fact_value(facts, f->at);
		result = value ? db_run(s, SQL_FACT_PUT, "tti", mailbox, f->name, value)
			       : db_run(s, SQL_FACT_GONE, "tt", mailbox, f->name);
	}
	return db_leave(s, own, result);
}

static int read_facts(struct store *s, const char *mailbox, struct mailbox_facts *facts)
{
	for (unsigned i = 0; i < FACT_COUNT; i++)
		if (db_int(s, (int64_t *)((char *)facts + mailbox_facts[i].at), SQL_FACT_GET, "tt",
			    mailbox, mailbox_facts[i].name))
			return STORE_FAILED;
	return STORE_OK;
}

int store_mailboxes(
	struct store *s, int (*visit)(void *context, const struct mailbox_state *m), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_MAILBOX_ALL, "");
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct mailbox_state m = { .read_at = sqlite3_column_int64(st, 1),
			.failed_at = sqlite3_column_int64(st, 2),
			.first_at = sqlite3_column_int64(st, 4) };
		db_text(st, 0, m.name, sizeof m.name);
		db_text(st, 3, m.why, sizeof m.why);
		result = read_facts(s, m.name, &m.facts);
		if (!result)
			result = visit(context, &m);
	}
	return result;
}

/* --- token servers ---------------------------------------------------------- */

/* One value of meta: a line "TIME NAME" for each of them. */
#define TOKENS_LATER "oauth-later"
enum { TOKENS_LATER_SIZE = 4096, TOKENS_LATER_MAX = 32 };

/* The next line of TEXT: its time and name; the text behind it, or NULL at the end. */
static const char *token_line(const char *text, int64_t *at, char name[STORE_NAME_SIZE])
{
	long long time;
	int end = 0;

	if (sscanf(text, "%lld %63[^\n]%n", &time, name, &end) != 2 || !end)
		return NULL;
	*at = time;
	return text + end + (text[end] == '\n');
}

int store_token_later(struct store *s, const char *name, int64_t *at)
{
	char text[TOKENS_LATER_SIZE], one[STORE_NAME_SIZE];
	const char *next = text;
	int64_t time;

	*at = 0;
	if (db_line(s, text, sizeof text, SQL_META_GET, "t", TOKENS_LATER))
		return STORE_FAILED;
	while ((next = token_line(next, &time, one)))
		if (strcmp(one, name) == 0)
			*at = time;
	return STORE_OK;
}

int store_token_put_off(struct store *s, const char *name, int64_t at)
{
	char text[TOKENS_LATER_SIZE], fresh[TOKENS_LATER_SIZE], one[STORE_NAME_SIZE];
	const char *next = text;
	unsigned lines = 1;
	int64_t time;

	if (db_line(s, text, sizeof text, SQL_META_GET, "t", TOKENS_LATER))
		return STORE_FAILED;
	int n = snprintf(fresh, sizeof fresh, "%lld %s\n", (long long)at, name);
	while ((next = token_line(next, &time, one)) && lines < TOKENS_LATER_MAX)
		if (strcmp(one, name) != 0 && ++lines)
			n += snprintf(fresh + n, sizeof fresh - (size_t)n, "%lld %s\n",
				(long long)time, one);
	return db_run(s, SQL_META_PUT, "tt", TOKENS_LATER, fresh);
}
