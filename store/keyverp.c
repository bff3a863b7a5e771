/*
 * The keys of return paths (verp.c): the newest signs, all check. They are read from the directory
 * at the first need.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/keyring.h"

/* One that the store does not know was not made by it: a backup of other keys, and not taken. */
static int read_verp(struct store *s, const char *name)
{
	unsigned char key[KEY_SIZE];
	enum known known = KEY_UNKNOWN;
	bool absent;
	int result = keyfile_read(s, name, key, &absent);

	if (!result && !absent)
		result = keys_lookup(s, name, key, &known);
	if (!result && !absent && known == KEY_OTHER)
		result = key_error(s, name, "not the key that this store has made");
	if (!result && known == KEY_KNOWN && s->keys->verps < VERP_HELD) {
		memcpy(s->keys->verp[s->keys->verps].id, name + sizeof "verp-" - 1, 2);
		memcpy(s->keys->verp[s->keys->verps++].key, key, KEY_SIZE);
	}
	sodium_memzero(key, sizeof key);
	return result;
}

static int read_verps(struct store *s)
{
	struct key_listing list;
	struct key_name k;
	int result;

	if (s->keys->verp_read)
		return STORE_OK;
	result = keyfile_list(s, &list);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	s->keys->verps = 0;
	for (unsigned i = 0; i < list.count && !result; i++)
		if (key_name_parse(list.key[i].name, &k) && strcmp(k.purpose, "verp") == 0)
			result = read_verp(s, list.key[i].name);
	s->keys->verp_read = !result;
	sodium_mprotect_readonly(s->keys);
	free(list.key);
	return result;
}

const unsigned char *keys_verp(struct store *s, const char *id)
{
	if (read_verps(s))
		return NULL;
	for (unsigned i = 0; i < s->keys->verps; i++)
		if (strcmp(s->keys->verp[i].id, id) == 0)
			return s->keys->verp[i].key;
	return NULL;
}

const unsigned char *keys_verp_newest(struct store *s, char id[3])
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_NEWEST, "t", "verp");
	char name[KEY_NAME_SIZE] = "";
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		db_text(st, 0, name, sizeof name);
		sqlite3_reset(st);
	}
	if (rc == 0)
		store_fail(s, STORE_KEYS, "there is no key that signs return paths yet");
	if (rc != 1)
		return NULL;
	snprintf(id, 3, "%.2s", name + sizeof "verp-" - 1);
	const unsigned char *key = keys_verp(s, id);
	if (!key)
		key_error(s, name,
			"missing, though the store signs return paths with it. Put it back, or make a new one");
	return key;
}

int keys_add_verp(struct store *s, int64_t now, char *name)
{
	static const char purpose[] = "verp";
	unsigned char key[KEY_SIZE];
	bool own, absent = false;
	int result = STORE_OK;

	if (read_verps(s))
		return STORE_KEYS;
	if (s->keys->verps == VERP_HELD)
		return store_fail(s, STORE_MISUSE,
			"there are %d keys of return paths, which is the most; retire one whose mail is long delivered first",
			VERP_HELD);
	do { /* until the name is free */
		snprintf(name, STORE_NAME_SIZE, "verp-%c%c.key",
			key_base32[randombytes_uniform(32)], key_base32[randombytes_uniform(32)]);
		result = keyfile_read(s, name, key, &absent);
	} while (!result && !absent);
	if (!result)
		result = keyfile_load(s, name, true, key);
	if (!result && !db_enter(s, &own))
		result = db_leave(s, own,
			keys_note(s, name, key, now) ||
					db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, purpose)
				? STORE_FAILED
				: STORE_OK);
	sodium_memzero(key, sizeof key);
	sodium_mprotect_readwrite(s->keys);
	s->keys->verp_read = false;
	sodium_mprotect_readonly(s->keys);
	return result;
}
