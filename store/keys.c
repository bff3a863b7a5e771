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
#include "store/siteparts.h"
#include "store/pseudonym.h"
#include "store/schema.h"

void key_fingerprint(unsigned char out[FINGERPRINT_SIZE], const unsigned char key[KEY_SIZE])
{
	static const unsigned char text[] = "retour fingerprint 1";

	crypto_generichash(out, FINGERPRINT_SIZE, text, sizeof text, key, KEY_SIZE);
}

/* --- state keys ----------------------------------------------------------- */

static bool follows(const struct key_content *c, const struct state_key *before)
{
	unsigned char print[FINGERPRINT_SIZE];

	key_fingerprint(print, before->key);
	return c->chained && sodium_memcmp(c->after, print, sizeof print) == 0;
}

/*
 * Without a database: the first one, which is made where there is none, and all that lie there and
 * were made after it at a site.
 */
static int make_states(struct store *s)
{
	struct keyring *k = s->keys;
	struct key_content content;
	bool absent = false;
	int result;

	strcpy(k->state[0].name, "state.key");
	if ((result = keyfile_load(s, "state.key", true, k->state[0].key)))
		return result;
	for (k->states = 1; k->states < STATE_KEYS_MAX && !absent; k->states++) {
		char name[KEY_NAME_SIZE];
		snprintf(name, sizeof name, "state-%u.key", k->states + 1);
		if ((result = keyfile_content(s, name, &content, &absent)))
			break;
		if (absent || !follows(&content, &k->state[0]))
			break;
		memmove(&k->state[1], &k->state[0], k->states * sizeof *k->state);
		memcpy(k->state[0].key, content.key, KEY_SIZE);
		strcpy(k->state[0].name, name);
		k->state[0].chained = true;
	}
	sodium_memzero(&content, sizeof content);
	return result;
}

/* Those that the database knows: the present one, and those before it. */
static int read_state_names(struct store *s)
{
	struct keyring *k = s->keys;
	sqlite3_stmt *st;
	int rc = 0;

	if (db_int(s, &k->version, SQL_DATA_VERSION, "") || !(st = db_bind(s, SQL_KEY_STATES, "")))
		return STORE_FAILED;
	for (; k->states < STATE_KEYS_MAX && (rc = db_step(s, st)) == 1; k->states++)
		db_text(st, 0, k->state[k->states].name, KEY_NAME_SIZE);
	sqlite3_reset(st);
	if (!k->states)
		strcpy(k->state[k->states++].name, "state.key");
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

static int read_states(struct store *s)
{
	struct keyring *k = s->keys;
	struct key_content content;
	bool absent;
	int result = STORE_OK;

	for (unsigned i = k->states; i-- > 0 && !result;) {
		struct state_key *key = &k->state[i];
		if ((result = keyfile_content(s, key->name, &content, &absent)))
			break;
		if (absent)
			result = keyfile_load(s, key->name, false, key->key); /* says so */
		else if (content.chained && (i + 1 == k->states || !follows(&content, key + 1)))
			result = key_error(s, key->name,
				"made after another state key than the one before it here");
		if (result)
			break;
		memcpy(key->key, content.key, KEY_SIZE);
		key->chained = content.chained;
	}
	sodium_memzero(&content, sizeof content);
	return result;
}

int keys_load_state(struct store *s, bool make)
{
	s->keys->states = 0;
	sodium_memzero(s->keys->state, sizeof s->keys->state);
	int result = make ? make_states(s) : read_state_names(s);
	if (!result && !make)
		result = read_states(s);
	contact_keys_derive(&s->keys->contact, s->keys->state[0].key);
	return result;
}

void keys_open_contacts(struct store *s, const struct contact_keys *k)
{
	sodium_mprotect_readwrite(s->keys);
	s->keys->contact = *k;
	sodium_mprotect_readonly(s->keys);
}

int keys_reload_state(struct store *s)
{
	sodium_mprotect_readwrite(s->keys);
	int result = keys_load_state(s, false);
	sodium_mprotect_readonly(s->keys);
	return result;
}

int keys_refresh(struct store *s, bool *changed)
{
	char before[STATE_KEYS_MAX][KEY_NAME_SIZE];
	int64_t version = 0;

	*changed = false;
	if (s->in_snapshot || !s->keys->version)
		return STORE_OK;
	if (db_int(s, &version, SQL_DATA_VERSION, ""))
		return STORE_FAILED;
	if (version == s->keys->version)
		return STORE_OK;
	for (unsigned i = 0; i < STATE_KEYS_MAX; i++)
		memcpy(before[i], s->keys->state[i].name, KEY_NAME_SIZE);
	int result = keys_reload_state(s);
	for (unsigned i = 0; i < STATE_KEYS_MAX; i++)
		*changed |= strcmp(before[i], s->keys->state[i].name) != 0;
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
	return s->keys->state[0].key;
}

/* The last of those to which STATE is chained. */
static unsigned first_of_chain(const struct keyring *k, unsigned state)
{
	while (k->state[state].chained && state + 1 < k->states)
		state++;
	return state;
}

const struct contact_keys *keys_contact(const struct store *s)
{
	return &s->keys->contact;
}

unsigned keys_old_states(const struct store *s)
{
	unsigned n = 0;

	for (unsigned i = 1; i < s->keys->states; i++)
		n += !s->keys->state[i - 1].chained;
	return n;
}

unsigned keys_seals(const struct store *s, unsigned way)
{
	unsigned state = first_of_chain(s->keys, 0);

	while (way-- && state + 1 < s->keys->states)
		state = first_of_chain(s->keys, state + 1);
	return state;
}

void keys_contact_pseudonym(const struct store *s, unsigned way, unsigned seals,
	const char *canonical, size_t n, unsigned char out[PSEUDONYM_SIZE])
{
	const struct keyring *k = s->keys;
	unsigned state = keys_seals(s, way);

	pseudonym(out, PSEUDONYM_STATE, k->state[state].key, canonical, n);
	while (state-- > 0 && seals-- > 0)
		pseudonym_seal(out, k->state[state].key);
}

unsigned keys_generation(const struct store *s, int64_t number)
{
	unsigned found = 0;

	for (unsigned i = 1; i < s->keys->states; i++)
		if (number == key_state_ordinal(s->keys->state[i].name))
			found = i;
	return first_of_chain(s->keys, found);
}

enum state_known keys_state_known(struct store *s, const char *fingerprint, unsigned *generation)
{
	char print[STORE_FINGERPRINT_HEX];
	bool chained = true;

	for (unsigned i = 0; i < s->keys->states; i++) {
		keys_state_fingerprint(s, i, print);
		*generation = i;
		if (strcmp(print, fingerprint) == 0)
			return chained ? STATE_LIFTS : STATE_FORMER;
		chained &= s->keys->state[i].chained;
	}
	return STATE_STRANGE;
}

void keys_lift(const struct store *s, unsigned generation, unsigned char p[PSEUDONYM_SIZE])
{
	pseudonym_seal(p, s->keys->state[generation - 1].key);
}

const unsigned char *keys_message(const struct store *s)
{
	return s->keys->message;
}

void keys_state_fingerprint(struct store *s, unsigned generation, char hex[STORE_FINGERPRINT_HEX])
{
	unsigned char print[FINGERPRINT_SIZE];

	key_fingerprint(print, s->keys->state[generation].key);
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
	bool several = strcmp(k.purpose, "verp") == 0 || key_state_number(name) || k.number > 1;
	sodium_bin2hex(hex, sizeof hex, print, sizeof print);
	const char *label = several ? " name=" : "";
	snprintf(detail, sizeof detail, "purpose=%s%s%s fingerprint=%s", k.purpose,
		k.number == 1 ? " month=" : label, several ? name : month, hex);
	return store_ledger(s, now, LEDGER_KEY_CREATED, detail);
}

int keys_record(struct store *s, int64_t now)
{
	for (unsigned i = s->keys->states; i-- > 0;)
		if (keys_note(s, s->keys->state[i].name, s->keys->state[i].key, now) ||
			db_run(s, SQL_KEY_AFTER_OTHERS, "tt", s->keys->state[i].name, "state"))
			return STORE_FAILED;
	return keys_note(s, "message.key", s->keys->message, now);
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

int key_print(struct store *s, const char *name, char print[KEY_PRINT_SIZE])
{
	return db_line(s, print, KEY_PRINT_SIZE, SQL_KEY_PRINT, "t", name);
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
	int result = STORE_OK;

	for (unsigned i = 0; i < s->keys->states && !result; i++)
		result = verify_key(s, s->keys->state[i].name, s->keys->state[i].key);
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

int keys_sites(struct store *s, const char *name, bool make, int64_t now,
	unsigned char key[KEY_SIZE], bool *absent)
{
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
			: store_ledger(s, now, LEDGER_KEY_CREATED, detail));
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
