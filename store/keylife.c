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
#include "store/base/pagefile.h"
#include "store/contact.h"
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

/*
 * Does MONTH have events under a key that is not there, and how far is that? The ledger says that
 * one was lost and another made, and that the lost one was given up.
 */
static int find_loss(struct store *s, int month, bool *lost, enum key_loss *loss)
{
	struct ledger_entry replaced, given_up;
	char with[32], name[KEY_NAME_SIZE];
	bool has = false;

	key_name_of_month(month, name);
	bool absent = keyfile_place(s, name) == KEY_NOWHERE;
	snprintf(with, sizeof with, "month=%04u-%02u", (unsigned)month / 100 % 10000,
		(unsigned)month % 100);
	if (store_ledger_last(s, "key-lost", with, &replaced) ||
		store_ledger_last(s, "key-given-up", with, &given_up) ||
		((absent || replaced.number) && keys_month_has_events(s, month, &has)))
		return STORE_FAILED;
	*lost = has;
	*loss = given_up.number > replaced.number ? KEY_GIVEN_UP : KEY_REPLACED;
	if (absent)
		*loss = KEY_ABSENT;
	return STORE_OK;
}

int store_keys_lost(struct store *s,
	int (*visit)(void *context, const char *month, enum key_loss loss), void *context)
{
	int months[MONTHS_MAX], result;
	char month[8];
	unsigned count;
	bool lost = false;
	enum key_loss loss;

	result = keys_month_list(s, months, MONTHS_MAX, &count);
	for (unsigned i = 0; i < count && !result; i++) {
		if ((result = find_loss(s, months[i], &lost, &loss)) || !lost)
			continue;
		snprintf(month, sizeof month, "%04u-%02u", (unsigned)months[i] / 100 % 10000,
			(unsigned)months[i] % 100);
		result = visit(context, month, loss);
	}
	return result;
}

/*
 * The events of a month whose key is lost are let go: they stay and count until their period ends,
 * and nobody looks for the key any more. Where none was needed since, the one that new events of
 * the month go under is made now, and the ledger has both words.
 */
static int give_up_month(struct store *s, int month, const char *reason, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE];
	bool own, lost = false;
	enum key_loss loss;
	int64_t events = 0;
	int result = db_enter(s, &own);

	if (result)
		return result;
	result = find_loss(s, month, &lost, &loss);
	if (!result && (!lost || loss == KEY_GIVEN_UP))
		result = store_fail(s, STORE_MISUSE,
			lost ? "the key of that month was given up before"
			     : "no events of that month lie under a key that is lost: its key goes with the last of them");
	if (!result && !reason)
		result = store_fail(s, STORE_MISUSE,
			"the key of that month is lost: put it back if you have it; --give-up --reason TEXT lets its events go");
	if (!result && loss == KEY_ABSENT && !keys_month(s, month, now))
		result = STORE_KEYS;
	if (!result)
		result = db_int(s, &events, SQL_EVENT_COUNT_BETWEEN, "ii", keys_month_start(month),
			keys_month_start(month + 1));
	snprintf(detail, sizeof detail, "purpose=event month=%04u-%02u events=%lld reason=\"%s\"",
		(unsigned)month / 100 % 10000, (unsigned)month % 100, (long long)events,
		reason ? reason : "");
	if (!result)
		result = store_ledger(s, now, "key-given-up", detail);
	return db_leave(s, own, result);
}

/* --- rotation ------------------------------------------------------------- */

/* SEALED(pseudonym), for what is moved under the key that it is given. */
static void sql_sealed(sqlite3_context *context, int count, sqlite3_value **value)
{
	unsigned char p[PSEUDONYM_SIZE];

	(void)count;
	if (sqlite3_value_bytes(*value) != PSEUDONYM_SIZE) {
		sqlite3_result_error(context, "not a pseudonym", -1);
		return;
	}
	memcpy(p, sqlite3_value_blob(*value), sizeof p);
	pseudonym_seal(p, sqlite3_user_data(context));
	sqlite3_result_blob(context, p, sizeof p, SQLITE_TRANSIENT);
}

/*
 * All contacts, or those that are old, are sealed under KEY, so that whoever has the keys before it
 * finds nobody with them alone. NUMBER: of the key that is theirs where they have none yet.
 */
static int seal_contacts(
	struct store *s, enum sql which, const unsigned char key[KEY_SIZE], int64_t number)
{
	if (sqlite3_create_function_v2(s->db, "sealed", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
		    (void *)(uintptr_t)key, sql_sealed, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s);
	pagefile_verify(s->db, true);
	int result = db_run(s, which, "i", number);
	if (!result && which == SQL_CONTACT_SEAL)
		result = db_run(s, SQL_SHARE_SEAL, "");
	pagefile_verify(s->db, s->o.verify);
	return result ? result : held_note_deletion(s);
}

int keys_seal_old(struct store *s)
{
	return s->keys->olds ? seal_contacts(s, SQL_CONTACT_SEAL_OLD, s->keys->state,
				       key_state_ordinal(s->keys->old[0].name))
			     : STORE_OK;
}

static int refuse_state(struct store *s)
{
	if (s->keys->olds == OLD_STATES_MAX)
		return store_fail(s, STORE_MISUSE,
			"%s and %u state keys after it are still needed to find contacts; `retour key retire %s` says by how many, and ends it",
			s->keys->old[OLD_STATES_MAX - 1].name, OLD_STATES_MAX - 1,
			s->keys->old[OLD_STATES_MAX - 1].name);
	if (s->o.peers)
		return store_fail(s, STORE_MISUSE,
			"other sites have this state key: with another one here, none would take what the others say; see retour-sites(7)");
	return STORE_OK;
}

/*
 * A new state key. The file is there before the transaction that makes it the present one and seals
 * all contacts under it; a kill in between leaves a file that the next call takes.
 */
static int add_state(struct store *s, int64_t now, char *name)
{
	unsigned char key[KEY_SIZE];
	bool own;

	if (refuse_state(s))
		return STORE_MISUSE;
	unsigned present = key_state_number(s->keys->state_name);
	snprintf(name, STORE_NAME_SIZE, "state-%u.key", present ? present + 1 : 2);
	int result = keyfile_load(s, name, true, key);
	/* all pseudonyms are held apart while they change: in a file without a name, not in memory
	 */
	if (!result)
		result = db_exec(s, "PRAGMA temp_store = FILE");
	if (!result && !(result = db_enter(s, &own))) {
		result = keys_note(s, name, key, now) ||
				db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "state") ||
				seal_contacts(s, SQL_CONTACT_SEAL, key,
					key_state_ordinal(s->keys->state_name))
			? STORE_FAILED
			: STORE_OK;
		result = db_leave(s, own, result);
	}
	sodium_memzero(key, sizeof key);
	if (db_exec(s, "PRAGMA temp_store = MEMORY") || result)
		return result ? result : STORE_FAILED;
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

static int count_left(struct store *s, unsigned old, struct key_left *left)
{
	int64_t number = key_state_ordinal(s->keys->old[old].name), contacts = 0, objections = 0;

	snprintf(left->name, sizeof left->name, "%s", s->keys->old[old].name);
	if (db_int(s, &contacts, SQL_CONTACT_OLD, "i", number) ||
		db_int(s, &objections, SQL_OBJECTION_OLD, "i", number))
		return STORE_FAILED;
	left->contacts = (uint64_t)contacts;
	left->objections = (uint64_t)objections;
	return STORE_OK;
}

int store_key_left(struct store *s, unsigned n, struct key_left *left)
{
	memset(left, 0, sizeof *left);
	return n < s->keys->olds ? count_left(s, n, left) : STORE_OK;
}

int store_key_move(struct store *s, const char *address, size_t n, bool *moved)
{
	struct pseudonyms p;

	*moved = false;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "move outside a transaction");
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	return contact_rekey(s, p.n - 1, &p.key[1], p.key[0], moved);
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

/* Of return paths and of evidence; what they signed can no longer be proved. */
static int retire_signing(struct store *s, const char *name, const char *purpose, int64_t now)
{
	enum key_place place = keyfile_place(s, name);
	char detail[160], print[PRINT_SIZE];
	enum known known;
	bool own;
	int result;

	if (keys_lookup(s, name, NULL, &known))
		return STORE_FAILED;
	if (place != KEY_FILE && known == KEY_UNKNOWN)
		return store_fail(s, STORE_MISUSE, "there is no key %s", name);
	if (db_enter(s, &own))
		return STORE_FAILED;
	if (key_print(s, name, print))
		return db_leave(s, own, STORE_FAILED);
	snprintf(detail, sizeof detail, "purpose=%s name=%s%s", purpose, name, print);
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

/*
 * A state key before the present one goes with the last contact that is found by it, or by one
 * before it, which is sealed under it. The store forgets it first: without its file it would not
 * open.
 */
static int forget_state(struct store *s, unsigned old, int64_t now)
{
	char detail[160], print[PRINT_SIZE];
	const char *name = s->keys->old[old].name;

	if (key_print(s, name, print))
		return STORE_FAILED;
	snprintf(detail, sizeof detail, "purpose=state name=%s%s", name, print);
	return db_run(s, SQL_KEY_DELETE, "t", name) ||
			store_ledger(s, now, end_of(keyfile_place(s, name)), detail)
		? STORE_FAILED
		: STORE_OK;
}

/* A state key that was replaced and forgotten. */
static bool is_former_state(const struct store *s, const char *name)
{
	for (unsigned i = 0; i < s->keys->olds; i++)
		if (strcmp(name, s->keys->old[i].name) == 0)
			return false;
	return key_state_number(name) < key_state_number(s->keys->state_name);
}

static int destroy_former_states(struct store *s)
{
	struct key_listing list;
	struct key_name k;
	int result = keyfile_list(s, &list);

	if (result)
		return result;
	for (unsigned i = 0; i < list.count && !result; i++)
		if (!list.key[i].credential && list.key[i].name[0] != '.' &&
			key_name_parse(list.key[i].name, &k) && strcmp(k.purpose, "state") == 0 &&
			is_former_state(s, list.key[i].name))
			result = keyfile_destroy(s, list.key[i].name);
	free(list.key);
	return result;
}

/* Who is still found by it is known no more, by the word of an operator. */
static int give_up_contacts(
	struct store *s, const struct key_left *left, const char *reason, int64_t now)
{
	int64_t number = key_state_ordinal(left->name);
	char detail[LEDGER_TEXT_SIZE];
	uint64_t gone = 0;

	snprintf(detail, sizeof detail,
		"purpose=state name=%s contacts=%llu objections=%llu reason=\"%s\"", left->name,
		(unsigned long long)(left->contacts - left->objections),
		(unsigned long long)left->objections, reason);
	return db_run(s, SQL_SHARE_GIVE_UP, "i", number) ||
			held_delete(s, HELD_CONTACTS, db_bind(s, SQL_CONTACT_GIVE_UP, "i", number),
				&gone) ||
			held_note_deletion(s) || store_ledger(s, now, "key-given-up", detail)
		? STORE_FAILED
		: STORE_OK;
}

static int retire_state(struct store *s, const char *name, const char *reason, int64_t now)
{
	struct key_left left = { .contacts = 0 };
	unsigned old = 0;
	bool own;
	int result;

	while (old < s->keys->olds && strcmp(s->keys->old[old].name, name) != 0)
		old++;
	if (old == s->keys->olds)
		return store_fail(s, STORE_MISUSE,
			"%s is no state key that was replaced; `retour key rotate` replaces the present one",
			name);
	if (count_left(s, old, &left))
		return STORE_FAILED;
	if (left.contacts && !reason)
		return store_fail(s, STORE_MISUSE,
			"%llu contacts, %llu of them objections, are found by way of %s and sealed under the present key; it goes with the last of them. "
			"Give `retour key retire %s FILE` the addresses that you have: they move; --give-up --reason TEXT forgets the rest",
			(unsigned long long)left.contacts, (unsigned long long)left.objections,
			name, name);
	if (db_enter(s, &own))
		return STORE_FAILED;
	result = left.contacts ? give_up_contacts(s, &left, reason, now) : STORE_OK;
	/* and those before it, which are needed no more either */
	for (unsigned i = old; i < s->keys->olds && !result; i++)
		result = forget_state(s, i, now);
	if ((result = db_leave(s, own, result)))
		return result;
	sodium_mprotect_readwrite(s->keys);
	result = keys_load_state(s, false);
	sodium_mprotect_readonly(s->keys);
	return result ? result : destroy_former_states(s);
}

int store_key_retire(struct store *s, const char *name, const char *give_up_reason, int64_t now,
	bool *credential)
{
	struct key_name k;

	*credential = false;
	if (strlen(name) < KEY_NAME_SIZE && key_name_parse(name, &k) && k.month)
		return give_up_month(s, k.month, give_up_reason, now);
	if (strlen(name) >= KEY_NAME_SIZE || !key_name_parse(name, &k) ||
		(strcmp(k.purpose, "verp") != 0 && strcmp(k.purpose, "sign") != 0 &&
			strcmp(k.purpose, "state") != 0))
		return store_fail(s, STORE_MISUSE,
			"keys of return paths, verp-KK.key, sign.key and state keys that were replaced are retired by hand: event keys go with "
			"their last event, and without message.key there is no store");
	*credential = keyfile_place(s, name) == KEY_CREDENTIAL;
	return strcmp(k.purpose, "state") ? retire_signing(s, name, k.purpose, now)
					  : retire_state(s, name, give_up_reason, now);
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

/* The oldest first: a key is needed by those before it. */
static int forget_old_states(struct store *s, int64_t now)
{
	struct key_left left = { .contacts = 0 };
	unsigned olds = s->keys->olds;
	bool own;
	int result = olds ? db_enter(s, &own) : STORE_OK;

	if (!olds || result)
		return result;
	while (olds && !(result = count_left(s, olds - 1, &left)) && !left.contacts &&
		!(result = forget_state(s, olds - 1, now)))
		olds--;
	if ((result = db_leave(s, own, result)))
		return result;
	sodium_mprotect_readwrite(s->keys);
	for (; s->keys->olds > olds; s->keys->olds--)
		sodium_memzero(&s->keys->old[s->keys->olds - 1], sizeof *s->keys->old);
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

int keys_destroy_unused(struct store *s, int64_t now, unsigned *destroyed)
{
	struct key_listing list;
	struct key_name k;
	bool has = false;
	int result = forget_old_states(s, now);

	*destroyed = 0;
	if (result || (result = destroy_former_states(s)) || (result = keyfile_list(s, &list)))
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
