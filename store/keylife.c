/*
 * What becomes of keys: which there are, a new one in the place of another, and their end. A file
 * that is to go is overwritten, then its name removed; the ledger says so.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "store/keyring.h"

enum { MONTHS_MAX = 4096, PRINT_SIZE = sizeof " fingerprint=" + STORE_FINGERPRINT_HEX };

/* What the database knows of it. */
static int describe_key(struct store *s, struct key_info *info)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_ALL, "t", info->name);
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		db_text(st, 0, info->fingerprint, sizeof info->fingerprint);
		info->at = sqlite3_column_int64(st, 1);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_keys(
	struct store *s, int (*visit)(void *context, const struct key_info *k), void *context)
{
	struct key_listing list;
	struct key_name k;
	int result = keyfile_list(s, &list);

	if (result)
		return result;
	for (unsigned i = 0; i < list.count && !result; i++) {
		struct key_info info = { .name = "" };
		if (list.key[i].name[0] == '.')
			continue;
		key_name_parse(list.key[i].name, &k);
		snprintf(info.name, sizeof info.name, "%s", list.key[i].name);
		info.credential = list.key[i].credential;
		snprintf(info.purpose, sizeof info.purpose, "%s", k.purpose);
		if (k.month)
			memcpy(info.month, list.key[i].name + sizeof "event-" - 1, 7);
		if (describe_key(s, &info)) {
			result = STORE_FAILED;
			break;
		}
		result = visit(context, &info);
	}
	free(list.key);
	return result;
}

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
	for (unsigned i = 0; i < list.count; i++) {
		if (list.key[i].name[0] == '.')
			continue;
		key_name_parse(list.key[i].name, &k);
		if (!k.month)
			continue;
		if (!(*count)++)
			*oldest = keys_month_start(k.month);
		*overdue += keys_month_start(k.month + 1) <= cutoff;
	}
	free(list.key);
	return STORE_OK;
}

/* Was a key of MONTH lost and another made since? */
static int was_replaced(struct store *s, int month, bool *replaced)
{
	struct ledger_entry e;
	char with[32];

	snprintf(with, sizeof with, "month=%04d-%02d", month / 100, month % 100);
	if (store_ledger_last(s, "key-lost", with, &e))
		return STORE_FAILED;
	*replaced = e.number;
	return STORE_OK;
}

int store_keys_lost(struct store *s, int (*visit)(void *context, const char *month, bool replaced),
	void *context)
{
	int months[MONTHS_MAX], result;
	char name[KEY_NAME_SIZE], month[8];
	unsigned count;
	bool has = false, replaced = false;

	result = keys_month_list(s, months, MONTHS_MAX, &count);
	for (unsigned i = 0; i < count && !result; i++) {
		key_name_of_month(months[i], name);
		bool absent = keyfile_place(s, name) == KEY_NOWHERE;
		if ((result = was_replaced(s, months[i], &replaced)) || !(absent || replaced) ||
			(result = keys_month_has_events(s, months[i], &has)) || !has)
			continue;
		snprintf(month, sizeof month, "%04u-%02u", (unsigned)months[i] / 100 % 10000,
			(unsigned)months[i] % 100);
		result = visit(context, month, replaced && !absent);
	}
	return result;
}

/* --- rotation ------------------------------------------------------------- */

/*
 * A new state key. The file is there before the transaction that makes it the present one and marks
 * all contacts as being under the one before it; a kill in between leaves a file that the next call
 * takes.
 */
static int add_state(struct store *s, int64_t now, char *name)
{
	unsigned char key[KEY_SIZE];
	int64_t left = 0;
	bool own;

	if (db_int(s, &left, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	if (*s->keys->old_name)
		return store_fail(s, STORE_MISUSE,
			"%lld contacts are still under the state key before the present one; the next purge after the last of them "
			"has moved or expired destroys it",
			(long long)left);
	if (s->o.peers)
		return store_fail(s, STORE_MISUSE,
			"other sites have this state key: with another one here, none would take what the others say; see retour-sites(7)");
	unsigned present = key_state_number(s->keys->state_name);
	snprintf(name, STORE_NAME_SIZE, "state-%u.key", present ? present + 1 : 2);
	int result = keyfile_load(s, name, true, key);
	if (!result && !(result = db_enter(s, &own))) {
		result = keys_note(s, name, key, now) ||
				db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "state") ||
				db_run(s, SQL_CONTACT_AGE, "")
			? STORE_FAILED
			: STORE_OK;
		result = db_leave(s, own, result);
	}
	sodium_memzero(key, sizeof key);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	result = keys_load_state(s, false);
	sodium_mprotect_readonly(s->keys);
	return result;
}

int store_key_add(struct store *s, const char *purpose, int64_t now, char *name)
{
	if (strcmp(purpose, "verp") == 0)
		return keys_add_verp(s, now, name);
	if (strcmp(purpose, "state") == 0)
		return add_state(s, now, name);
	return store_fail(s, STORE_MISUSE, "keys of purpose %s are not made on demand", purpose);
}

int store_key_left(struct store *s, uint64_t *left)
{
	int64_t n = 0;

	*left = 0;
	if (db_int(s, &n, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	*left = (uint64_t)n;
	return STORE_OK;
}

/* --- the end -------------------------------------------------------------- */

/*
 * " fingerprint=HEX" of the key NAME, so that a copy of it is known again when it is long gone; ""
 * where the store knows none.
 */
static int key_print(struct store *s, const char *name, char print[PRINT_SIZE])
{
	return db_line(s, print, PRINT_SIZE, SQL_KEY_PRINT, "t", name);
}

/*
 * The ledger's word for it: a credential is its administrator's to destroy, it is only used no
 * more.
 */
static const char *end_of(enum key_place place)
{
	return place == KEY_CREDENTIAL ? "key-released" : "key-destroyed";
}

int store_key_retire(struct store *s, const char *name, int64_t now, bool *credential)
{
	char detail[160], print[PRINT_SIZE];
	enum known known;
	struct key_name k;
	bool own;
	int result;

	if (strlen(name) >= KEY_NAME_SIZE || !key_name_parse(name, &k) ||
		(strcmp(k.purpose, "verp") != 0 && strcmp(k.purpose, "sign") != 0))
		return store_fail(s, STORE_MISUSE,
			"only keys of return paths, verp-KK.key, and sign.key are retired by hand: event keys go with their "
			"last event, and without state.key and message.key there is no store");
	enum key_place place = keyfile_place(s, name);
	*credential = place == KEY_CREDENTIAL;
	if (keys_lookup(s, name, NULL, &known))
		return STORE_FAILED;
	if (place != KEY_FILE && known == KEY_UNKNOWN)
		return store_fail(s, STORE_MISUSE, "there is no key %s", name);
	if (db_enter(s, &own))
		return STORE_FAILED;
	if (key_print(s, name, print))
		return db_leave(s, own, STORE_FAILED);
	snprintf(detail, sizeof detail, "purpose=%s name=%s%s", k.purpose, name, print);
	result = place == KEY_FILE ? keyfile_destroy(s, name) : STORE_OK;
	if (!result &&
		(db_run(s, SQL_KEY_DELETE, "t", name) ||
			store_ledger(s, now, end_of(place), detail)))
		result = STORE_FAILED;
	sodium_mprotect_readwrite(s->keys);
	s->keys->verp_read = false;
	sodium_mprotect_readonly(s->keys);
	return db_leave(s, own, result);
}

static int note_destroyed(struct store *s, const char *name, int month, int64_t now)
{
	char detail[128], print[PRINT_SIZE];
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	if (key_print(s, name, print))
		return db_leave(s, own, STORE_FAILED);
	snprintf(detail, sizeof detail, "purpose=event month=%04d-%02d%s", month / 100, month % 100,
		print);
	if (db_run(s, SQL_KEY_DELETE, "t", name) || store_ledger(s, now, "key-destroyed", detail))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}

/*
 * The file goes first: a kill in between leaves a note of a key that is gone, and the next purge
 * clears it.
 */
static int destroy_month(struct store *s, const char *name, int month, int64_t now)
{
	int result = keyfile_destroy(s, name);

	return result ? result : note_destroyed(s, name, month, now);
}

/*
 * The state key before the present one goes with the last contact under it. The store forgets it
 * first: without its file it would not open.
 */
static int forget_old_state(struct store *s, int64_t now)
{
	char detail[160], print[PRINT_SIZE];
	int64_t left = 0;
	bool own;

	if (db_int(s, &left, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	if (left || !*s->keys->old_name)
		return STORE_OK;
	int result = db_enter(s, &own);
	if (result)
		return result;
	if (key_print(s, s->keys->old_name, print))
		return db_leave(s, own, STORE_FAILED);
	snprintf(detail, sizeof detail, "purpose=state name=%s%s", s->keys->old_name, print);
	if (db_run(s, SQL_KEY_DELETE, "t", s->keys->old_name) ||
		store_ledger(s, now, end_of(keyfile_place(s, s->keys->old_name)), detail))
		result = STORE_FAILED;
	result = db_leave(s, own, result);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	sodium_memzero(s->keys->old_state, KEY_SIZE);
	s->keys->old_name[0] = '\0';
	sodium_mprotect_readonly(s->keys);
	return STORE_OK;
}

static int month_now(int64_t now)
{
	struct tm tm;
	time_t t = now;

	gmtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 100 + tm.tm_mon + 1;
}

/* Keys that the database still knows though their files are gone: a kill came between the two. */
static int forget_destroyed(struct store *s, int64_t now)
{
	int months[MONTHS_MAX], result;
	unsigned count;
	char name[KEY_NAME_SIZE];
	bool has;

	result = keys_month_list(s, months, MONTHS_MAX, &count);
	for (unsigned i = 0; i < count && !result; i++) {
		key_name_of_month(months[i], name);
		if (!faccessat(s->keys->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) ||
			months[i] >= month_now(now) ||
			(result = keys_month_has_events(s, months[i], &has)) || has)
			continue;
		result = note_destroyed(s, name, months[i], now);
	}
	return result;
}

/* A state key that was replaced and forgotten. */
static bool is_former_state(const struct store *s, const char *name, const struct key_name *k)
{
	return strcmp(k->purpose, "state") == 0 && strcmp(name, s->keys->old_name) != 0 &&
		key_state_number(name) < key_state_number(s->keys->state_name);
}

int keys_destroy_unused(struct store *s, int64_t now, unsigned *destroyed)
{
	struct key_listing list;
	struct key_name k;
	bool has = false;
	int result = forget_old_state(s, now);

	*destroyed = 0;
	if (result || (result = keyfile_list(s, &list)))
		return result;
	keys_forget_months(s);
	for (unsigned i = 0; i < list.count && !result; i++) {
		if (list.key[i].credential)
			continue;
		if (list.key[i].name[0] == '.') {
			result = keyfile_destroy(s, list.key[i].name);
			continue;
		}
		key_name_parse(list.key[i].name, &k);
		if (is_former_state(s, list.key[i].name, &k))
			result = keyfile_destroy(s, list.key[i].name);
		if (!k.month || k.month >= month_now(now) ||
			(result = keys_month_has_events(s, k.month, &has)) || has)
			continue;
		result = destroy_month(s, list.key[i].name, k.month, now);
		*destroyed += result == STORE_OK;
	}
	free(list.key);
	if (!result)
		result = forget_destroyed(s, now);
	return result;
}
