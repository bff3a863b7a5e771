/*
 * The keys under which sites seal what they tell each other: sites.key, then sites-2.key and so on.
 *
 * One of them seals, and the rows of the store lie under it: meta "sites key" has its name, and
 * behind it how often any of this has changed, so that other handles hear of it. The others only
 * open lines: one that was made or taken and is not used yet, which other sites may have begun to
 * seal under, and the former one until it is retired. All are in table key.
 *
 * What comes under another key than the present one is brought under that before anything else
 * looks at it (sitebring.c). What lies in the store is brought there when the present key changes
 * (sitekeylife.c). Nothing in a line says which key it is: that is the one which opens it.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/keyring.h"
#include "store/siteparts.h"

static const char first_name[] = "sites.key", meta_key[] = "sites key";

/* --- which there are --------------------------------------------------------- */

/* The lowest one that lies there, where a store is new and the others are past sites.key. */
static int lowest_there(struct store *s, char name[STORE_NAME_SIZE])
{
	struct key_listing list;
	unsigned lowest = 0;

	strcpy(name, first_name);
	if (keyfile_place(s, first_name) != KEY_NOWHERE)
		return STORE_OK;
	if (keyfile_list(s, &list))
		return STORE_KEYS;
	for (unsigned i = 0; i < list.count; i++) {
		unsigned n = key_sites_number(list.key[i].name);
		if (n && (!lowest || n < lowest)) {
			lowest = n;
			strcpy(name, list.key[i].name);
		}
	}
	free(list.key);
	return STORE_OK;
}

/* Their names as the store knows them, the newest first, into NAME. */
int site_key_names(struct store *s, char name[SITE_KEYS_MAX][STORE_NAME_SIZE], unsigned *count)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_SITES, "");
	int result = STORE_OK;

	*count = 0;
	while (db_row(s, st, &result))
		if (*count < SITE_KEYS_MAX)
			db_text(st, 0, name[(*count)++], STORE_NAME_SIZE);
	return result;
}

/* The name of the present one; "" where the store says nothing of it. */
static void present_of(const char *state, char name[STORE_NAME_SIZE])
{
	size_t n = strcspn(state, " ");

	snprintf(name, STORE_NAME_SIZE, "%.*s", (int)n, state);
}

int site_key_put(struct store *s, const char *name)
{
	char state[SITE_KEY_STATE];
	const char *number = strchr(s->site->key_state, ' ');

	snprintf(state, sizeof state, "%s %ld", name, number ? strtol(number, NULL, 10) + 1 : 1L);
	return db_run(s, SQL_META_PUT, "tt", meta_key, state);
}

/* Those that only open lines; one that is not there opens none. */
static int read_others(struct store *s)
{
	char name[SITE_KEYS_MAX][STORE_NAME_SIZE];
	struct site *site = s->site;
	unsigned known;
	enum known is;
	bool absent;
	int result = site_key_names(s, name, &known);

	site->others = 0;
	for (unsigned i = 0; i < known && !result; i++) {
		struct site_key *k = &site->other[site->others];
		if (strcmp(name[i], site->key_name) == 0)
			continue;
		if ((result = keyfile_read(s, name[i], k->key, &absent)) || absent)
			continue;
		if ((result = keys_lookup(s, name[i], k->key, &is)) == STORE_OK && is == KEY_OTHER)
			result = key_error(s, name[i], "not the key that this store has used");
		strcpy(k->name, name[i]);
		site->others += !result;
	}
	return result;
}

/* All that lie there beside the present one, where a store is new. */
static int note_others(struct store *s, int64_t now)
{
	unsigned char key[KEY_SIZE];
	struct key_listing list;
	struct key_name k;
	bool absent;
	int result = keyfile_list(s, &list);

	if (result)
		return result;
	for (unsigned i = 0; i < list.count && !result; i++) {
		const char *name = list.key[i].name;
		if (*name == '.' || !key_name_parse(name, &k) || strcmp(k.purpose, "sites") != 0 ||
			strcmp(name, s->site->key_name) == 0)
			continue;
		result = keyfile_read(s, name, key, &absent);
		if (!result && !absent &&
			(keys_note(s, name, key, now) ||
				db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "sites")))
			result = STORE_FAILED;
	}
	sodium_memzero(key, sizeof key);
	free(list.key);
	return result;
}

int site_key(struct store *s, bool make, int64_t now)
{
	struct site *site = s->site;
	bool absent = false, told;
	enum known known = KEY_KNOWN;

	if (site->has_key)
		return STORE_OK;
	if (db_line(s, site->key_state, sizeof site->key_state, SQL_META_GET, "t", meta_key))
		return STORE_FAILED;
	present_of(site->key_state, site->key_name);
	told = *site->key_name;
	if (!told && s->o.read_only)
		strcpy(site->key_name, first_name);
	int result = told || s->o.read_only ? STORE_OK : lowest_there(s, site->key_name);
	if (!result && !s->o.read_only)
		result = keys_lookup(s, site->key_name, NULL, &known);
	if (!result)
		result = keys_sites(s, site->key_name, make, now, site->key, &absent);
	site->has_key = !result && !absent;
	if (site->has_key && known == KEY_UNKNOWN)
		result = note_others(s, now);
	if (site->has_key && !result && !told && !s->o.read_only &&
		strcmp(site->key_name, first_name) != 0)
		result = site_key_put(s, site->key_name);
	return site->has_key && !result ? read_others(s) : result;
}

int site_key_anew(struct store *s)
{
	char state[SITE_KEY_STATE];

	if (!s->site || !s->site->has_key)
		return STORE_OK;
	if (db_line(s, state, sizeof state, SQL_META_GET, "t", meta_key))
		return STORE_FAILED;
	if (strcmp(state, s->site->key_state) == 0)
		return STORE_OK;
	s->site->has_key = false;
	int result = site_key(s, false, 0);
	if (!result && !s->site->has_key)
		result = site_lacks_key(s, "missing. Put it back");
	return result;
}

int site_lacks_key(struct store *s, const char *what)
{
	const char *name = s->site && *s->site->key_name ? s->site->key_name : first_name;

	return store_fail(s, STORE_KEYS, "key %s/%s: %s", s->o.keys_dir, name, what);
}
