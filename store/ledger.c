/*
 * The ledger: what was promised and done, append-only, each entry chained to the one before it.
 *
 * Each entry's hash (chain.c says of which bytes) covers the hash of the entry before it, so that
 * no entry can be changed, removed, inserted or moved without all later ones being made anew.
 *
 * Numbers go up by one from 1. Entries hold counts and names of things, never a pseudonym. The
 * database's triggers refuse UPDATE and DELETE; who can write the file can still rewrite the chain,
 * so its head is printed where they cannot reach it, in every monthly mail.
 *
 * When the ledger's own period (ten years) has passed, the oldest entries go. Then an entry
 * "ledger-cut" with "first=N previous=HEX" says where the chain begins now, and the walk starts
 * from there.
 */
#include <sodium.h>
#include <stdio.h>
#include "store/chain.h"
#include "store/internal.h"
#include "store/schema.h"

enum { TIME_WORD_SIZE = 8 };

/* -1 when the row is none that we wrote. PREVIOUS may be NULL. */
static int read_entry(
	sqlite3_stmt *st, struct ledger_entry *e, unsigned char previous[LEDGER_HASH_SIZE])
{
	e->number = sqlite3_column_int64(st, 0);
	e->at = sqlite3_column_int64(st, 1);
	db_text(st, 2, e->kind, sizeof e->kind);
	db_text(st, 3, e->detail, sizeof e->detail);
	if (sqlite3_column_bytes(st, 2) >= (int)sizeof e->kind ||
		sqlite3_column_bytes(st, 3) >= (int)sizeof e->detail ||
		sqlite3_column_bytes(st, 4) != LEDGER_HASH_SIZE ||
		sqlite3_column_bytes(st, 5) != LEDGER_HASH_SIZE)
		return -1;
	if (previous)
		memcpy(previous, sqlite3_column_blob(st, 4), LEDGER_HASH_SIZE);
	memcpy(e->hash, sqlite3_column_blob(st, 5), LEDGER_HASH_SIZE);
	return 0;
}

/* The one row that ST gives; number 0 when it gives none. */
static int one_entry(struct store *s, sqlite3_stmt *st, struct ledger_entry *out)
{
	int rc = st ? db_step(s, st) : -1, bad = 0;

	memset(out, 0, sizeof *out);
	if (rc == 1) {
		bad = read_entry(st, out, NULL);
		sqlite3_reset(st);
	}
	if (bad)
		return store_fail(
			s, STORE_BROKEN, "ledger: entry %lld is damaged", (long long)out->number);
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_ledger_head(struct store *s, struct ledger_entry *out)
{
	return one_entry(s, db_bind(s, SQL_LEDGER_LAST, ""), out);
}

const char *ledger_cut_time(const struct ledger_entry *cut)
{
	if (strstr(cut->detail, " times=always"))
		return "always";
	return strstr(cut->detail, " times=given") ? "given" : "own";
}

int store_ledger_last(
	struct store *s, enum ledger_kind kind, const char *with, struct ledger_entry *out)
{
	return one_entry(
		s, db_bind(s, SQL_LEDGER_OF_KIND, "tt", ledger_kind_name(kind), with), out);
}

static int append_entry(struct store *s, int64_t now, enum ledger_kind kind, const char *detail)
{
	struct ledger_entry head, e = { .at = now };
	unsigned char previous[LEDGER_HASH_SIZE];
	int result = store_ledger_head(s, &head);

	if (result)
		return result;
	memcpy(previous, head.hash, sizeof previous); /* zeros where there is no entry yet */
	e.number = head.number + 1;
	snprintf(e.kind, sizeof e.kind, "%s", ledger_kind_name(kind));
	snprintf(e.detail, sizeof e.detail, "%s", detail);
	chain_hash(e.hash, previous, &e);
	s->ledgered = true;
	return db_run(s, SQL_LEDGER_ADD, "iittbb", e.number, e.at, e.kind, e.detail, previous,
		LEDGER_HASH_SIZE, e.hash, LEDGER_HASH_SIZE);
}

/*
 * Whose word the times of entries before BEFORE are at the end: "own", the clock's; "given", by
 * --now; "always", given since the first entry. What a cut took with it stands in its entry.
 */
static int time_source(struct store *s, int64_t before, char word[TIME_WORD_SIZE])
{
	struct ledger_entry cut;

	if (db_line(s, word, TIME_WORD_SIZE, SQL_LEDGER_TIME, "itt", before,
		    ledger_kind_name(LEDGER_CLOCK_OWN), ledger_kind_name(LEDGER_CLOCK_GIVEN)))
		return STORE_FAILED;
	if (*word)
		return STORE_OK;
	int result = store_ledger_last(s, LEDGER_LEDGER_CUT, NULL, &cut);
	snprintf(word, TIME_WORD_SIZE, "%s", result ? "" : ledger_cut_time(&cut));
	return result;
}

/*
 * An entry where the times' source changes. It is read from the chain itself, which cannot be bent
 * as a value beside it could.
 */
static int append_time_source(struct store *s, int64_t now)
{
	char word[TIME_WORD_SIZE];
	int result = time_source(s, INT64_MAX, word);

	if (result || s->o.time_given == (strcmp(word, "own") != 0))
		return result;
	return append_entry(s, now, s->o.time_given ? LEDGER_CLOCK_GIVEN : LEDGER_CLOCK_OWN, "");
}

/*
 * The chain's next entry depends on its last one, so both are read and written in one transaction.
 */
int store_ledger(struct store *s, int64_t now, enum ledger_kind kind, const char *detail)
{
	bool own;
	int result;

	if (strlen(detail) >= LEDGER_TEXT_SIZE || strchr(detail, '@') ||
		detail[strcspn(detail, "\t\r\n")])
		return store_fail(s, STORE_MISUSE,
			"ledger entry too long, of several lines, or with an address in it");
	if ((result = db_enter(s, &own)))
		return result;
	if (!(result = append_time_source(s, now)))
		result = append_entry(s, now, kind, detail);
	return db_leave(s, own, result);
}

/* What the chain must begin with: entry 1 after zeros, or what the last cut says. */
static int chain_start(struct store *s, int64_t *number, unsigned char previous[LEDGER_HASH_SIZE])
{
	struct ledger_entry cut;
	int result = store_ledger_last(s, LEDGER_LEDGER_CUT, NULL, &cut);

	*number = 1;
	memset(previous, 0, LEDGER_HASH_SIZE);
	if (result || !cut.number)
		return result;
	return chain_cut(&cut, number, previous)
		? STORE_OK
		: store_fail(
			  s, STORE_BROKEN, "ledger: entry %lld is damaged", (long long)cut.number);
}

int store_ledger_walk(
	struct store *s, int (*visit)(void *context, const struct ledger_entry *e), void *context)
{
	unsigned char expected[LEDGER_HASH_SIZE], previous[LEDGER_HASH_SIZE],
		hash[LEDGER_HASH_SIZE];
	struct ledger_entry e;
	int64_t number;
	int result = chain_start(s, &number, expected);
	sqlite3_stmt *st = result ? NULL : db_bind(s, SQL_LEDGER_ALL, "");

	for (; db_row(s, st, &result); number++) {
		bool bad = read_entry(st, &e, previous) || e.number != number ||
			memcmp(previous, expected, sizeof expected) != 0;
		if (!bad) {
			chain_hash(hash, previous, &e);
			bad = memcmp(hash, e.hash, sizeof hash) != 0;
		}
		if (bad)
			result = store_fail(s, STORE_BROKEN,
				"ledger: the chain does not fit at entry %lld", (long long)number);
		else if (visit)
			result = visit(context, &e);
		memcpy(expected, hash, sizeof expected);
	}
	return result;
}

int store_ledger_rows(struct store *s,
	int (*visit)(void *context, const struct ledger_entry *e, const unsigned char *previous),
	void *context)
{
	unsigned char previous[LEDGER_HASH_SIZE];
	sqlite3_stmt *st = db_bind(s, SQL_LEDGER_ALL, "");
	struct ledger_entry e;
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = read_entry(st, &e, previous)
			? store_fail(s, STORE_BROKEN, "ledger: entry %lld is damaged",
				  (long long)e.number)
			: visit(context, &e, previous);
	return result;
}

/*
 * Removes what is older than CUTOFF, inside the caller's transaction. The entry that says so comes
 * first: it continues the chain.
 */
int ledger_cut(struct store *s, int64_t now, int64_t cutoff, uint64_t *deleted)
{
	char hex[2 * LEDGER_HASH_SIZE + 1], detail[LEDGER_TEXT_SIZE], word[TIME_WORD_SIZE];
	struct ledger_entry last_gone;
	int64_t number = 0, due = 0;
	int result;

	*deleted = 0;
	if (db_int(s, &due, SQL_LEDGER_DUE, "i", cutoff))
		return STORE_FAILED;
	if (!due)
		return STORE_OK;
	if (db_int(s, &number, SQL_LEDGER_FIRST_KEPT, "i", cutoff))
		return STORE_FAILED;
	if ((result = one_entry(s, db_bind(s, SQL_LEDGER_GET, "i", number - 1), &last_gone)))
		return result;
	sodium_bin2hex(hex, sizeof hex, last_gone.hash, sizeof last_gone.hash);
	if ((result = time_source(s, number, word)))
		return result;
	snprintf(detail, sizeof detail, "first=%lld previous=%s times=%s", (long long)number, hex,
		word);
	if ((result = store_ledger(s, now, LEDGER_LEDGER_CUT, detail)))
		return result;
	if (db_exec(s, "DROP TRIGGER ledger_keep") || db_run(s, SQL_LEDGER_PURGE, "i", number) ||
		db_exec(s, schema_ledger_guard))
		return STORE_FAILED;
	*deleted = (uint64_t)due;
	return STORE_OK;
}
