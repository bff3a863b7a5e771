/*
 * The keyring: keys in memory that is locked, read-only and wiped at the end, and what the database
 * knows of each.
 *
 * The database knows each key's fingerprint (BLAKE2b-128 under the key of "retour fingerprint 1"),
 * so that a store is never used with keys of another one, and a lost key is told from one that was
 * never made.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include "store/keyring.h"

void key_fingerprint(unsigned char out[FINGERPRINT_SIZE], const unsigned char key[KEY_SIZE])
{
	static const unsigned char text[] = "retour fingerprint 1";

	crypto_generichash(out, FINGERPRINT_SIZE, text, sizeof text, key, KEY_SIZE);
}

/*
 * Which state keys the database knows: the present one, and those before it. Without a database
 * it is the first one.
 */
static int read_state_names(struct store *s, bool make)
{
	struct keyring *k = s->keys;
	sqlite3_stmt *st;
	unsigned n = 0;
	int rc = 0;

	strcpy(k->state_name, "state.key");
	k->olds = 0;
	memset(k->old, 0, sizeof k->old);
	if (make)
		return STORE_OK;
	if (db_int(s, &k->version, SQL_DATA_VERSION, "") || !(st = db_bind(s, SQL_KEY_STATES, "")))
		return STORE_FAILED;
	for (; n <= OLD_STATES_MAX && (rc = db_step(s, st)) == 1; n++)
		db_text(st, 0, n ? k->old[n - 1].name : k->state_name, KEY_NAME_SIZE);
	sqlite3_reset(st);
	k->olds = n ? n - 1 : 0;
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int keys_load_state(struct store *s, bool make)
{
	int result = read_state_names(s, make);

	if (!result)
		result = keyfile_load(s, s->keys->state_name, make, s->keys->state);
	for (unsigned i = 0; i < s->keys->olds && !result; i++)
		result = keyfile_load(s, s->keys->old[i].name, false, s->keys->old[i].key);
	return result;
}

static bool same_state_names(const struct keyring *a, char names[][KEY_NAME_SIZE])
{
	bool same = strcmp(a->state_name, names[0]) == 0;

	for (unsigned i = 0; i < OLD_STATES_MAX; i++)
		same &= strcmp(a->old[i].name, names[i + 1]) == 0;
	return same;
}

int keys_refresh(struct store *s, bool *changed)
{
	char before[OLD_STATES_MAX + 1][KEY_NAME_SIZE];
	int64_t version = 0;

	*changed = false;
	if (!s->o.read_only || s->in_snapshot)
		return STORE_OK;
	if (db_int(s, &version, SQL_DATA_VERSION, ""))
		return STORE_FAILED;
	if (version == s->keys->version)
		return STORE_OK;
	sodium_mprotect_readwrite(s->keys);
	memcpy(before[0], s->keys->state_name, KEY_NAME_SIZE);
	for (unsigned i = 0; i < OLD_STATES_MAX; i++)
		memcpy(before[i + 1], s->keys->old[i].name, KEY_NAME_SIZE);
	int result = keys_load_state(s, false);
	*changed = !same_state_names(s->keys, before);
	sodium_mprotect_readonly(s->keys);
	return result || !*changed ? result : keys_verify(s);
}

/*
 * A month's key is made when the store stands and has an event for it. Where one lies beside a
 * database with nothing in it, the database was lost, or its disk is not mounted: a new one would
 * forget whom not to write to, and have the key destroyed, as nothing in it needs that.
 */
static int refuse_lost_store(struct store *s)
{
	struct key_listing list;
	struct key_name k;
	const char *left = NULL;
	int version, result = keyfile_list(s, &list);

	if (result)
		return result;
	for (size_t i = 0; i < list.count && !left; i++)
		if (key_name_parse(list.key[i].name, &k) && k.month)
			left = list.key[i].name;
	if (left && !(result = schema_version(s, &version)) &&
		!version) /* asked again: another process may have made it meanwhile */
		result = store_fail(s, STORE_KEYS,
			"%s: there is nothing in it, but the key %s/%s belongs to a store with events. Is its disk mounted? "
			"Put the store or a backup of it back, or move the keys away to begin anew",
			s->o.path, s->o.keys_dir, left);
	free(list.key);
	return result;
}

int keys_open(struct store *s, bool make)
{
	s->keys = sodium_malloc(sizeof *s->keys);
	if (!s->keys)
		return store_fail(s, STORE_FAILED, "no memory for keys");
	memset(s->keys, 0, sizeof *s->keys);
	s->keys->dir = -1;
	if (keyfile_directory(s, make) || (make && refuse_lost_store(s)) ||
		keys_load_state(s, make) || keyfile_load(s, "message.key", make, s->keys->message))
		return STORE_KEYS;
	sodium_mprotect_readonly(s->keys);
	return STORE_OK;
}

void keys_close(struct store *s)
{
	if (!s->keys)
		return;
	if (s->keys->dir >= 0)
		close(s->keys->dir);
	sodium_free(s->keys); /* wipes */
	s->keys = NULL;
}

const unsigned char *keys_state(const struct store *s)
{
	return s->keys->state;
}

unsigned keys_old_states(const struct store *s)
{
	return s->keys->olds;
}

void keys_contact_pseudonym(const struct store *s, unsigned generation, unsigned seals,
	const char *canonical, size_t n, unsigned char out[PSEUDONYM_SIZE])
{
	const struct keyring *k = s->keys;

	pseudonym(out, PSEUDONYM_STATE, generation ? k->old[generation - 1].key : k->state,
		canonical, n);
	for (unsigned newer = generation; newer-- > 0 && seals > 0; seals--)
		pseudonym_seal(out, newer ? k->old[newer - 1].key : k->state);
}

unsigned keys_generation(const struct store *s, int64_t number)
{
	for (unsigned i = 0; i < s->keys->olds; i++)
		if (number == key_state_ordinal(s->keys->old[i].name))
			return i + 1;
	return 0;
}

const unsigned char *keys_message(const struct store *s)
{
	return s->keys->message;
}

void keys_state_fingerprint(struct store *s, unsigned generation, char hex[STORE_FINGERPRINT_HEX])
{
	unsigned char print[FINGERPRINT_SIZE];

	key_fingerprint(print, generation ? s->keys->old[generation - 1].key : s->keys->state);
	sodium_bin2hex(hex, STORE_FINGERPRINT_HEX, print, sizeof print);
}

/* --- what the database knows of them -------------------------------------- */

int keys_note(struct store *s, const char *name, const unsigned char key[KEY_SIZE], int64_t now)
{
	unsigned char print[FINGERPRINT_SIZE];
	char month[8] = "", detail[128], hex[STORE_FINGERPRINT_HEX];
	struct key_name k;

	if (fsync(s->keys->dir)) /* its maker may have been killed before it came to that */
		return key_error(s, name, strerror(errno));
	key_name_parse(name, &k);
	if (k.month)
		snprintf(month, sizeof month, "%04u-%02u", (unsigned)k.month / 100 % 10000,
			(unsigned)k.month % 100);
	key_fingerprint(print, key);
	if (db_run(s, SQL_KEY_PUT, "ttTbi", name, k.purpose, month, print, FINGERPRINT_SIZE, now))
		return STORE_FAILED;
	bool several = strcmp(k.purpose, "verp") == 0 || key_state_number(name);
	sodium_bin2hex(hex, sizeof hex, print, sizeof print);
	const char *label = several ? " name=" : "";
	snprintf(detail, sizeof detail, "purpose=%s%s%s fingerprint=%s", k.purpose,
		k.month ? " month=" : label, several ? name : month, hex);
	return store_ledger(s, now, "key-created", detail);
}

int keys_record(struct store *s, int64_t now)
{
	return keys_note(s, "state.key", s->keys->state, now) ||
			keys_note(s, "message.key", s->keys->message, now)
		? STORE_FAILED
		: STORE_OK;
}

int keys_lookup(struct store *s, const char *name, const unsigned char *key, enum known *known)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_GET, "t", name);
	unsigned char print[FINGERPRINT_SIZE];
	int rc = st ? db_step(s, st) : -1;

	*known = KEY_UNKNOWN;
	if (rc < 0)
		return STORE_FAILED;
	if (!rc)
		return STORE_OK;
	*known = KEY_KNOWN;
	if (key) {
		key_fingerprint(print, key);
		if (sqlite3_column_bytes(st, 0) != FINGERPRINT_SIZE ||
			memcmp(sqlite3_column_blob(st, 0), print, FINGERPRINT_SIZE) != 0)
			*known = KEY_OTHER;
	}
	sqlite3_reset(st);
	return STORE_OK;
}

static int verify_key(struct store *s, const char *name, const unsigned char key[KEY_SIZE])
{
	enum known known;

	if (keys_lookup(s, name, key, &known))
		return STORE_FAILED;
	return known == KEY_KNOWN ? STORE_OK
				  : key_error(s, name, "not the key that this store was made with");
}

int keys_verify(struct store *s)
{
	int result = verify_key(s, s->keys->state_name, s->keys->state);

	for (unsigned i = 0; i < s->keys->olds && !result; i++)
		result = verify_key(s, s->keys->old[i].name, s->keys->old[i].key);
	return result ? result : verify_key(s, "message.key", s->keys->message);
}

int keys_erasure(struct store *s, bool make, int64_t now, unsigned char key[KEY_SIZE])
{
	static const char name[] = "erasure.key";
	enum known known;

	if (keyfile_load(s, name, make, key))
		return STORE_KEYS;
	if (keys_lookup(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		return key_error(s, name, "not the key that this store has used");
	return known == KEY_KNOWN ? STORE_OK : keys_note(s, name, key, now);
}

int keys_sites(struct store *s, bool make, int64_t now, unsigned char key[KEY_SIZE], bool *absent)
{
	static const char name[] = "sites.key";
	enum known known;
	int result = keyfile_read(s, name, key, absent);

	if (result || (*absent && !make))
		return result;
	if (*absent && keyfile_load(s, name, true, key))
		return STORE_KEYS;
	*absent = false;
	if (keys_lookup(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		return key_error(s, name, "not the key that this store has used");
	return known == KEY_KNOWN || s->o.read_only ? STORE_OK : keys_note(s, name, key, now);
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

/*
 * The events of MONTH lie under a key that is gone, as after a restore: a backup has no keys. They
 * stay and count, and nobody can be found in them any more. New events of that month go under a key
 * of their own, for no lost key may stop a mailbox.
 */
static int note_lost(struct store *s, int month, int64_t now)
{
	char detail[64];
	int64_t events = 0;

	if (db_int(s, &events, SQL_EVENT_COUNT_BETWEEN, "ii", keys_month_start(month),
		    keys_month_start(month + 1)))
		return STORE_FAILED;
	snprintf(detail, sizeof detail, "purpose=event month=%04d-%02d events=%lld", month / 100,
		month % 100, (long long)events);
	return store_ledger(s, now, "key-lost", detail);
}

/* Month keys: made when absent. */
static int load_month(struct store *s, int month, int64_t now, unsigned char key[KEY_SIZE])
{
	char name[KEY_NAME_SIZE];
	enum known known;
	bool absent, has;

	key_name_of_month(month, name);
	if (keyfile_read(s, name, key, &absent))
		return STORE_KEYS;
	if (absent) {
		/* a month whose events name no recipient had no key yet */
		if (keys_lookup(s, name, NULL, &known) || keys_month_has_events(s, month, &has))
			return STORE_FAILED;
		if (has && known == KEY_KNOWN && note_lost(s, month, now))
			return STORE_FAILED;
		if (keyfile_load(s, name, true, key))
			return STORE_KEYS;
		return keys_note(s, name, key, now);
	}
	if (keys_lookup(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		return key_error(s, name, "not the key that the store has used for that month");
	return known == KEY_KNOWN ? STORE_OK : keys_note(s, name, key, now);
}

const unsigned char *keys_month(struct store *s, int month, int64_t now)
{
	struct held *slot = NULL;
	bool own;

	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == month)
			return s->keys->held[i].key;
	if (db_enter(s, &own))
		return NULL;
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	int result = load_month(s, month, now, slot->key);
	if (result == STORE_OK) {
		slot->month = month;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	return db_leave(s, own, result) == STORE_OK ? slot->key : NULL;
}

const unsigned char *keys_month_known(struct store *s, int month, bool *absent)
{
	char name[KEY_NAME_SIZE];
	enum known known = KEY_UNKNOWN;
	struct held *slot;

	*absent = false;
	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == month)
			return s->keys->held[i].key;
	key_name_of_month(month, name);
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	int result = keyfile_read(s, name, slot->key, absent);
	if (!result && !*absent)
		result = keys_lookup(s, name, slot->key, &known);
	if (!result && known == KEY_KNOWN) {
		slot->month = month;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	if (result || *absent)
		return NULL;
	if (known != KEY_KNOWN)
		key_error(s, name, "not the key that the store has used for that month");
	return known == KEY_KNOWN ? slot->key : NULL;
}

int keys_month_list(struct store *s, int *months, unsigned room, unsigned *count)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_MONTHS, "");
	int year, month, rc = 0;

	for (*count = 0; st && *count < room && (rc = db_step(s, st)) == 1;)
		if (sscanf((const char *)sqlite3_column_text(st, 0), "%4d-%2d", &year, &month) == 2)
			months[(*count)++] = year * 100 + month;
	sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

void keys_forget_months(struct store *s)
{
	sodium_mprotect_readwrite(s->keys);
	sodium_memzero(s->keys->held, sizeof s->keys->held);
	sodium_mprotect_readonly(s->keys);
}

/* --- the key that signs evidence ------------------------------------------ */

static const char sign_name[] = "sign.key";

/* The entry holds the public key, so that a chain says by itself who may sign it. */
static int record_sign(struct store *s, const unsigned char seed[KEY_SIZE], int64_t now)
{
	char text[MINISIGN_KEY_TEXT_SIZE], detail[LEDGER_TEXT_SIZE];
	unsigned char print[FINGERPRINT_SIZE];
	struct minisign_public p;
	bool own;

	key_fingerprint(print, seed);
	minisign_public(&p, seed);
	minisign_key_text(&p, text);
	snprintf(detail, sizeof detail, "purpose=sign public=%s", text);
	if (db_enter(s, &own))
		return STORE_FAILED;
	return db_leave(s, own,
		db_run(s, SQL_KEY_PUT, "ttTbi", sign_name, "sign", "", print, FINGERPRINT_SIZE, now)
			? STORE_FAILED
			: store_ledger(s, now, "key-created", detail));
}

int keys_sign(struct store *s, bool make, int64_t now, unsigned char seed[KEY_SIZE], bool *absent)
{
	enum known known;
	int result = keyfile_read(s, sign_name, seed, absent);

	if (result || (result = keys_lookup(s, sign_name, *absent ? NULL : seed, &known)))
		return result;
	if (known == KEY_OTHER)
		return key_error(s, sign_name, "not the key with which this store signs");
	if (*absent && known == KEY_KNOWN)
		return key_error(s, sign_name,
			"missing. Put it back, or do: retour key retire sign.key; then the next run makes another");
	if (known == KEY_KNOWN)
		return STORE_OK;
	if (!make) {
		*absent = true; /* also one that a kill left before it was noted */
		return STORE_OK;
	}
	if (*absent && keyfile_load(s, sign_name, true, seed))
		return STORE_KEYS;
	*absent = false;
	return record_sign(s, seed, now);
}
