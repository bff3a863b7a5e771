/*
 * The keys of months. A month has one, event-YYYY-MM.key, as long as that is there. Where the
 * newest of a month is lost, cannot be read, or another lies under its name, new events of the
 * month go under another one with a name of its own, event-YYYY-MM-2.key and so on: no key stops a
 * mailbox, and no file is written over. A name is used for one key and never again, so that one
 * that comes back is known by its fingerprint, and what lies under it is found again.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "store/keyring.h"

enum {
	MONTH_KEYS_MAX = 4096,
	NUMBER_MAX = 99,
};

static int month_now(int64_t now)
{
	struct tm tm;
	time_t t = now;

	gmtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 100 + tm.tm_mon + 1;
}

static void month_text(int month, char text[8])
{
	snprintf(text, 8, "%04u-%02u", (unsigned)month / 100 % 10000, (unsigned)month % 100);
}

int keys_month_has_events(struct store *s, int month, bool *has)
{
	int64_t found = 0;

	if (db_int(s, &found, SQL_EVENT_BETWEEN, "ii", keys_month_start(month),
		    keys_month_start(month + 1)))
		return STORE_FAILED;
	*has = found;
	return STORE_OK;
}

int keys_month_list(struct store *s, struct month_key *list, unsigned room, unsigned *count)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_MONTHS, "");
	struct key_name k;
	int rc = 0;

	for (*count = 0; st && *count < room && (rc = db_step(s, st)) == 1;) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		if (name && strlen(name) < KEY_NAME_SIZE && key_name_parse(name, &k) && k.month)
			list[(*count)++] = (struct month_key){ .month = k.month,
				.number = k.number };
	}
	sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

/* --- what lies under a name ----------------------------------------------- */

enum month_file {
	FILE_FITS,
	FILE_ABSENT,
	FILE_OTHER, /* another key than the store knows under that name, or one that cannot be
		       read; the reason of the latter is the handle's error text */
	FILE_NEW    /* the store knows none under that name: a kill came before it was noted */
};

static int look_at(
	struct store *s, const char *name, unsigned char key[KEY_SIZE], enum month_file *found)
{
	enum known known;
	bool absent;

	*found = FILE_OTHER;
	if (keyfile_read(s, name, key, &absent))
		return STORE_OK;
	if (absent) {
		*found = FILE_ABSENT;
		return STORE_OK;
	}
	if (keys_lookup(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		key_error(s, name, "not the key that the store has used under that name");
	else
		*found = known == KEY_KNOWN ? FILE_FITS : FILE_NEW;
	return STORE_OK;
}

/* Is NAME, as a row or in the ledger, that of a key which this store has had? */
static int is_used(struct store *s, const char *name, bool *used)
{
	struct ledger_entry made = { .number = 0 };
	char pair[KEY_PAIR_SIZE];
	enum known known;

	key_ledger_pair(name, pair);
	if (keys_lookup(s, name, NULL, &known) ||
		store_ledger_last(s, LEDGER_KEY_CREATED, pair, &made))
		return STORE_FAILED;
	*used = known != KEY_UNKNOWN || made.number;
	return STORE_OK;
}

int keys_month_ours(struct store *s, const char *name, bool *ours)
{
	unsigned char key[KEY_SIZE], print[FINGERPRINT_SIZE];
	char pair[KEY_PAIR_SIZE] = "fingerprint=";
	struct ledger_entry made = { .number = 0 };
	enum known known = KEY_UNKNOWN;
	bool used = false;

	*ours = false;
	if (!keyfile_peek(s, name, key))
		return STORE_OK;
	key_fingerprint(print, key);
	sodium_bin2hex(pair + strlen(pair), STORE_FINGERPRINT_HEX, print, sizeof print);
	int result = keys_lookup(s, name, key, &known) || is_used(s, name, &used) ||
			store_ledger_last(s, LEDGER_KEY_CREATED, pair, &made)
		? STORE_FAILED
		: STORE_OK;
	*ours = known == KEY_KNOWN || made.number || !used;
	sodium_memzero(key, sizeof key);
	return result;
}

/* --- the key that new events go under ------------------------------------- */

/*
 * The events of MONTH lie under a key that is not there, as after a restore: a backup has no keys.
 * They stay and count, and nobody can be found in them any more.
 */
static int note_lost(struct store *s, int month, int64_t now)
{
	char detail[64], text[8];
	int64_t events = 0;

	if (db_int(s, &events, SQL_EVENT_COUNT_BETWEEN, "ii", keys_month_start(month),
		    keys_month_start(month + 1)))
		return STORE_FAILED;
	month_text(month, text);
	snprintf(detail, sizeof detail, "purpose=event month=%s events=%lld", text,
		(long long)events);
	return store_ledger(s, now, LEDGER_KEY_LOST, detail);
}

/* A key of MONTH under the first name that was never used, or the one that a kill left there. */
static int make_month(struct store *s, int month, int64_t now, unsigned char key[KEY_SIZE])
{
	char name[KEY_NAME_SIZE];
	enum month_file found;
	bool used;

	for (unsigned number = 1; number <= NUMBER_MAX; number++) {
		key_name_of_month(&(struct month_key){ month, number }, name);
		if (is_used(s, name, &used))
			return STORE_FAILED;
		if (used)
			continue;
		if (look_at(s, name, key, &found))
			return STORE_FAILED;
		if (found == FILE_OTHER)
			continue;
		if (found == FILE_ABSENT && keyfile_load(s, name, true, key))
			return STORE_KEYS;
		return keys_note(s, name, key, now);
	}
	return key_error(s, name, "the month had as many keys as this and none of them is there");
}

/* The newest row of MONTH; its number is 0 where the store knows none. */
static int newest_of_month(struct store *s, int month, struct month_key *newest)
{
	struct month_key list[MONTH_KEYS_MAX];
	unsigned count;
	int result = keys_month_list(s, list, MONTH_KEYS_MAX, &count);

	*newest = (struct month_key){ month, 0 };
	for (unsigned i = 0; i < count && !result && !newest->number; i++)
		if (list[i].month == month)
			*newest = list[i];
	return result;
}

static int load_month(struct store *s, int month, int64_t now, unsigned char key[KEY_SIZE])
{
	enum month_file found = FILE_ABSENT;
	struct month_key newest;
	char name[KEY_NAME_SIZE];
	bool has = false;

	if (newest_of_month(s, month, &newest))
		return STORE_FAILED;
	if (!newest.number)
		return make_month(s, month, now, key);
	key_name_of_month(&newest, name);
	if (look_at(s, name, key, &found))
		return STORE_FAILED;
	if (found == FILE_FITS)
		return STORE_OK;
	/* a month whose events name no recipient had no key yet */
	if (keys_month_has_events(s, month, &has) || (has && note_lost(s, month, now)))
		return STORE_FAILED;
	return make_month(s, month, now, key);
}

const unsigned char *keys_month(struct store *s, int month, int64_t now)
{
	struct held *slot = NULL;
	bool own;

	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == month && !s->keys->held[i].number)
			return s->keys->held[i].key;
	if (db_enter(s, &own))
		return NULL;
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	int result = load_month(s, month, now, slot->key);
	if (result == STORE_OK) {
		slot->month = month;
		slot->number = 0;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	return db_leave(s, own, result) == STORE_OK ? slot->key : NULL;
}

const unsigned char *keys_month_known(struct store *s, const struct month_key *k)
{
	enum month_file found = FILE_ABSENT;
	char name[KEY_NAME_SIZE];
	struct held *slot;

	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == k->month && s->keys->held[i].number == k->number)
			return s->keys->held[i].key;
	key_name_of_month(k, name);
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	bool fits = !look_at(s, name, slot->key, &found) && found == FILE_FITS;
	if (fits) {
		slot->month = k->month;
		slot->number = k->number;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	return fits ? slot->key : NULL;
}

void keys_forget_months(struct store *s)
{
	sodium_mprotect_readwrite(s->keys);
	sodium_memzero(s->keys->held, sizeof s->keys->held);
	sodium_mprotect_readonly(s->keys);
}

/* --- lost ones ------------------------------------------------------------ */

/* The last words of the ledger about a month. */
struct month_words {
	struct ledger_entry lost, given_up, destroyed;
};

static int read_month_words(struct store *s, int month, struct month_words *w)
{
	char with[sizeof "month=YYYY-MM"] = "month=";

	month_text(month, with + strlen(with));
	return store_ledger_last(s, LEDGER_KEY_LOST, with, &w->lost) ||
			store_ledger_last(s, LEDGER_KEY_GIVEN_UP, with, &w->given_up) ||
			store_ledger_last(s, LEDGER_KEY_DESTROYED, with, &w->destroyed)
		? STORE_FAILED
		: STORE_OK;
}

/*
 * KEYS, COUNT of one month, the newest first: is one of them lost while the month has events? The
 * oldest of those is told. *LOST is cleared where all is well.
 */
static int find_loss(struct store *s, const struct month_key *keys, unsigned count,
	struct key_missing *m, bool *lost)
{
	enum month_file found, newest = FILE_FITS;
	unsigned char key[KEY_SIZE];
	struct month_words w;
	char name[KEY_NAME_SIZE];
	bool has = false;
	int result = keys_month_has_events(s, keys->month, &has);

	*lost = false;
	*m = (struct key_missing){ .loss = KEY_REPLACED };
	month_text(keys->month, m->month);
	for (unsigned i = 0; i < count && has && !result; i++) {
		key_name_of_month(&keys[i], name);
		if ((result = look_at(s, name, key, &found)) || found == FILE_FITS)
			continue;
		newest = i ? newest : found;
		*lost = true;
		snprintf(m->name, sizeof m->name, "%s", name);
		snprintf(m->why, sizeof m->why, "%s", found == FILE_OTHER ? store_error(s) : "");
	}
	sodium_memzero(key, sizeof key);
	if (result || !has || read_month_words(s, keys->month, &w))
		return result || !has ? result : STORE_FAILED;
	if (!*lost && count == 1 && w.lost.number > w.destroyed.number) {
		/* an older version gave the other one the same name */
		*lost = true;
		key_name_of_month(keys, m->name);
	}
	if (w.given_up.number > w.lost.number)
		m->loss = KEY_GIVEN_UP;
	if (newest != FILE_FITS)
		m->loss = KEY_ABSENT;
	return STORE_OK;
}

/* The keys of LIST that are of the month of the one at FROM. */
static unsigned same_month(const struct month_key *list, unsigned count, unsigned from)
{
	unsigned n = 0;

	while (from + n < count && list[from + n].month == list[from].month)
		n++;
	return n;
}

int store_keys_lost(
	struct store *s, int (*visit)(void *context, const struct key_missing *m), void *context)
{
	struct month_key list[MONTH_KEYS_MAX];
	struct key_missing m;
	unsigned count, n;
	bool lost;
	int result = keys_month_list(s, list, MONTH_KEYS_MAX, &count);

	for (unsigned i = 0; i < count && !result; i += n) {
		n = same_month(list, count, i);
		if (!(result = find_loss(s, &list[i], n, &m, &lost)) && lost)
			result = visit(context, &m);
	}
	return result;
}

static int find_month(struct store *s, int month, struct key_missing *m, bool *lost)
{
	struct month_key list[MONTH_KEYS_MAX];
	unsigned count, i = 0;
	int result = keys_month_list(s, list, MONTH_KEYS_MAX, &count);

	*lost = false;
	while (i < count && list[i].month != month)
		i++;
	return result || i == count ? result
				    : find_loss(s, &list[i], same_month(list, count, i), m, lost);
}

/* How many events of MONTH lay under the key that was lost last, as the ledger has it. */
static int lost_events(struct store *s, int month, int64_t *events)
{
	struct month_words w;

	if (read_month_words(s, month, &w))
		return STORE_FAILED;
	const char *said = w.lost.number ? strstr(w.lost.detail, " events=") : NULL;
	*events = said ? strtoll(said + strlen(" events="), NULL, 10) : 0;
	return STORE_OK;
}

int keys_give_up_month(struct store *s, int month, const char *reason, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE], text[8];
	bool own, lost = false;
	struct key_missing m;
	int64_t events = 0;
	int result = db_enter(s, &own);

	if (result)
		return result;
	result = find_month(s, month, &m, &lost);
	if (!result && (!lost || m.loss == KEY_GIVEN_UP))
		result = store_fail(s, STORE_MISUSE,
			lost ? "the key of that month was given up before"
			     : "no events of that month lie under a key that is lost: its key goes with the last of them");
	if (!result && !reason)
		result = store_fail(s, STORE_MISUSE,
			"the key of that month is lost: put it back if you have it; --give-up --reason TEXT lets its events go");
	if (!result && m.loss != KEY_REPLACED && !keys_month(s, month, now))
		result = STORE_KEYS;
	if (!result)
		result = lost_events(s, month, &events);
	month_text(month, text);
	snprintf(detail, sizeof detail, "purpose=event month=%s events=%lld reason=\"%s\"", text,
		(long long)events, reason ? reason : "");
	if (!result)
		result = store_ledger(s, now, LEDGER_KEY_GIVEN_UP, detail);
	return db_leave(s, own, result);
}

/* --- the end -------------------------------------------------------------- */

int keys_months(
	struct store *s, int64_t cutoff, uint64_t *count, int64_t *oldest, uint64_t *overdue)
{
	struct key_listing list;
	struct key_name k;
	int result = keyfile_list(s, &list);

	*count = *overdue = 0;
	*oldest = 0;
	if (result)
		return result;
	for (unsigned i = 0; i < list.count && !result; i++) {
		bool ours = true;
		if (list.key[i].name[0] == '.')
			continue;
		key_name_parse(list.key[i].name, &k);
		if (!k.month)
			continue;
		bool due = keys_month_start(k.month + 1) <= cutoff;
		if (due)
			result = keys_month_ours(s, list.key[i].name, &ours);
		if (ours && !(*count)++)
			*oldest = keys_month_start(k.month);
		*overdue += due && ours;
	}
	free(list.key);
	return result;
}

static int note_destroyed(struct store *s, const char *name, int64_t now)
{
	char detail[128], print[KEY_PRINT_SIZE], pair[KEY_PAIR_SIZE];
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	if (key_print(s, name, print))
		return db_leave(s, own, STORE_FAILED);
	key_ledger_pair(name, pair);
	snprintf(detail, sizeof detail, "purpose=event %s%s", pair, print);
	if (db_run(s, SQL_KEY_DELETE, "t", name) ||
		store_ledger(s, now, LEDGER_KEY_DESTROYED, detail))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}

int keys_end_month(struct store *s, const char *name, int64_t now, bool *destroyed)
{
	struct key_name k;
	bool has = false;

	key_name_parse(name, &k);
	if (!k.month || k.month >= month_now(now))
		return STORE_OK;
	int result = keys_month_has_events(s, k.month, &has);
	if (result || has)
		return result;
	result = keys_month_ours(s, name, destroyed);
	/* the file goes first: a kill in between leaves a note of a key that is gone, and the next
	 * purge clears it */
	if (!result && *destroyed && !(result = keyfile_destroy(s, name)))
		result = note_destroyed(s, name, now);
	return result;
}

int keys_forget_ended(struct store *s, int64_t now)
{
	struct month_key list[MONTH_KEYS_MAX];
	unsigned char key[KEY_SIZE];
	char name[KEY_NAME_SIZE];
	enum month_file found;
	unsigned count;
	bool has;
	int result = keys_month_list(s, list, MONTH_KEYS_MAX, &count);

	for (unsigned i = 0; i < count && !result; i++) {
		if (list[i].month >= month_now(now) ||
			(result = keys_month_has_events(s, list[i].month, &has)) || has)
			continue;
		key_name_of_month(&list[i], name);
		if (!(result = look_at(s, name, key, &found)) && found != FILE_FITS)
			result = note_destroyed(s, name, now);
	}
	sodium_memzero(key, sizeof key);
	return result;
}
