/*
 * What becomes of keys: which there are, and their end (another in their place: keyrotate.c). A
 * file that is to go is overwritten, then its name removed; the ledger says so.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "store/contact.h"
#include "store/keyring.h"
#include "store/held.h"
#include "store/siteparts.h"

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

int store_key_add(struct store *s, const char *purpose, int64_t now, char *name)
{
	if (strcmp(purpose, "verp") == 0)
		return keys_add_verp(s, now, name);
	if (strcmp(purpose, "state") == 0)
		return keys_add_state(s, now, name);
	if (strcmp(purpose, "sites") == 0)
		return keys_add_sites(s, now, name);
	return store_fail(s, STORE_MISUSE, "keys of purpose %s are not made on demand", purpose);
}

/* --- the end -------------------------------------------------------------- */

/* Of return paths and of evidence; what they signed can no longer be proved. */
static int retire_signing(struct store *s, const char *name, const char *purpose, int64_t now)
{
	enum key_place place = keyfile_place(s, name);
	char detail[160], print[KEY_PRINT_SIZE];
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
			store_ledger(s, now, key_end_of(place), detail)))
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
static int forget_state(struct store *s, unsigned state, int64_t now)
{
	char detail[160], print[KEY_PRINT_SIZE];
	const char *name = s->keys->state[state].name;

	if (key_print(s, name, print))
		return STORE_FAILED;
	snprintf(detail, sizeof detail, "purpose=state name=%s%s", name, print);
	return db_run(s, SQL_KEY_DELETE, "t", name) ||
			store_ledger(s, now, key_end_of(keyfile_place(s, name)), detail)
		? STORE_FAILED
		: STORE_OK;
}

/* A state key that was replaced and forgotten. */
static bool is_former_state(const struct store *s, const char *name)
{
	for (unsigned i = 1; i < s->keys->states; i++)
		if (strcmp(name, s->keys->state[i].name) == 0)
			return false;
	return key_state_number(name) < key_state_number(s->keys->state[0].name);
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
static int give_up_contacts(struct store *s, const char *name, const struct state_use *use,
	const char *reason, int64_t now)
{
	int64_t number = key_state_ordinal(name);
	char detail[LEDGER_TEXT_SIZE];
	uint64_t gone = 0;

	snprintf(detail, sizeof detail,
		"purpose=state name=%s contacts=%llu objections=%llu reason=\"%s\"", name,
		(unsigned long long)(use->contacts - use->objections),
		(unsigned long long)use->objections, reason);
	return db_run(s, SQL_SHARE_GIVE_UP, "i", number) ||
			held_delete(s, HELD_CONTACTS, db_bind(s, SQL_CONTACT_GIVE_UP, "i", number),
				&gone) ||
			agenda_sweep(s) || held_note_deletion(s) ||
			store_ledger(s, now, LEDGER_KEY_GIVEN_UP, detail)
		? STORE_FAILED
		: STORE_OK;
}

/* Those that are chained to it are one with it; the newest of them names its contacts. */
static int find_replaced(struct store *s, const char *name, unsigned *state, struct state_use *use)
{
	unsigned i = 1;

	while (i < s->keys->states && strcmp(s->keys->state[i].name, name) != 0)
		i++;
	if (i >= s->keys->states)
		return store_fail(s, STORE_MISUSE,
			"%s is no state key that was replaced; `retour key rotate` replaces the present one",
			name);
	if (keys_state_use(s, i, use))
		return STORE_FAILED;
	if (use->needed)
		return store_fail(s, STORE_MISUSE,
			"%s stays: contacts are named with it and %s together, which was made for all sites",
			name, s->keys->state[i - 1].name);
	while (s->keys->state[i - 1].chained)
		i--;
	*state = i;
	return STORE_OK;
}

static int retire_state(struct store *s, const char *name, const char *reason, int64_t now)
{
	struct state_use use;
	unsigned state = 0;
	bool own;
	int result = find_replaced(s, name, &state, &use);

	if (result)
		return result;
	if (use.contacts && !reason)
		return store_fail(s, STORE_MISUSE,
			"%llu contacts, %llu of them objections, are found by way of %s and sealed under the present key; it goes with the last of them. "
			"Give `retour key retire %s FILE` the addresses that you have: they move; --give-up --reason TEXT forgets the rest",
			(unsigned long long)use.contacts, (unsigned long long)use.objections, name,
			name);
	if (db_enter(s, &own))
		return STORE_FAILED;
	result = use.contacts ? give_up_contacts(s, s->keys->state[state].name, &use, reason, now)
			      : STORE_OK;
	/* and those before it, which are needed no more either */
	for (unsigned i = state; i < s->keys->states && !result; i++)
		result = forget_state(s, i, now);
	if ((result = db_leave(s, own, result)))
		return result;
	result = keys_reload_state(s);
	return result ? result : destroy_former_states(s);
}

int store_key_retire(struct store *s, const char *name, const char *give_up_reason, int64_t now,
	bool *credential)
{
	struct key_name k;

	*credential = false;
	if (strlen(name) < KEY_NAME_SIZE && key_name_parse(name, &k) && k.month)
		return keys_give_up_month(s, k.month, give_up_reason, now);
	if (strlen(name) >= KEY_NAME_SIZE || !key_name_parse(name, &k) ||
		(strcmp(k.purpose, "verp") != 0 && strcmp(k.purpose, "sign") != 0 &&
			strcmp(k.purpose, "state") != 0 && strcmp(k.purpose, "sites") != 0))
		return store_fail(s, STORE_MISUSE,
			"keys of return paths, verp-KK.key, sign.key, and keys of the sites and state keys that were replaced are retired by hand: event keys go with "
			"their last event, and without message.key there is no store");
	*credential = keyfile_place(s, name) == KEY_CREDENTIAL;
	if (strcmp(k.purpose, "sites") == 0)
		return keys_retire_sites(s, name, give_up_reason, now);
	return strcmp(k.purpose, "state") ? retire_signing(s, name, k.purpose, now)
					  : retire_state(s, name, give_up_reason, now);
}

/* The oldest first: a key is needed by those before it. */
static int forget_old_states(struct store *s, int64_t now)
{
	struct state_use use = { .needed = false };
	unsigned states = s->keys->states;
	bool own;
	int result = states > 1 ? db_enter(s, &own) : STORE_OK;

	if (states < 2 || result)
		return result;
	while (states > 1 && !(result = keys_state_use(s, states - 1, &use)) && !use.needed &&
		!use.contacts && !(result = forget_state(s, states - 1, now)))
		states--;
	if ((result = db_leave(s, own, result)))
		return result;
	sodium_mprotect_readwrite(s->keys);
	for (; s->keys->states > states; s->keys->states--)
		sodium_memzero(&s->keys->state[s->keys->states - 1], sizeof *s->keys->state);
	sodium_mprotect_readonly(s->keys);
	return STORE_OK;
}

int keys_destroy_unused(struct store *s, int64_t now, unsigned *destroyed)
{
	struct key_listing list;
	int result = forget_old_states(s, now);

	*destroyed = 0;
	if (result || (result = destroy_former_states(s)) || (result = keyfile_list(s, &list)))
		return result;
	keys_forget_months(s);
	for (unsigned i = 0; i < list.count && !result; i++) {
		bool gone = false;
		if (list.key[i].credential)
			continue;
		if (list.key[i].name[0] == '.')
			result = keyfile_destroy(s, list.key[i].name);
		else
			result = keys_end_month(s, list.key[i].name, now, &gone);
		*destroyed += gone && !result;
	}
	free(list.key);
	return result ? result : keys_forget_ended(s, now);
}
