/*
 * A new state key in the place of another: all contacts are sealed under it at once.
 *
 * On one machine it names who is heard of from then on, and a contact that was known moves to it
 * when it is heard of again; what has not moved is found by way of the key before it. That takes
 * the address, which no other site has. So where several sites have one memory a new key is chained
 * to the one before it (keyfile.c): everybody's name under it is the former one, sealed, whether he
 * was known or not. A site that has the new key brings names from one that has it not yet under it,
 * the other way none can; in whatever order sites take the key, each person has one name at each.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include "store/base/pagefile.h"
#include "store/contact.h"
#include "store/keyring.h"
#include "store/site.h"
#include "store/siteparts.h"
#include "store/held.h"

/*
 * All contacts are sealed under KEY, so that whoever has the keys before it finds nobody with them
 * alone. CHAINED: it names them all; else those that have none yet have the number of the key that
 * is theirs.
 */
static int seal_contacts(struct store *s, const unsigned char key[KEY_SIZE], bool chained)
{
	int64_t number = key_state_ordinal(s->keys->state[0].name);
	struct sealing to;

	if (sealing_begin(&to, s, key))
		return STORE_FAILED;
	pagefile_verify(s->db, true);
	/* shares first: then those of a row that is sealed are none of its former name's any more
	 */
	int result = db_run(s, SQL_SHARE_SEAL, "");
	if (!result)
		result = chained ? db_run(s, SQL_CONTACT_SEAL_CHAINED, "")
				 : db_run(s, SQL_CONTACT_SEAL, "i", number);
	if (!result)
		result = db_run(s, SQL_AGENDA_SEAL, "");
	pagefile_verify(s->db, s->o.verify);
	keys_open_contacts(s, &to.keys);
	sealing_end(&to);
	return result ? result : held_note_deletion(s);
}

int keys_seal_old(struct store *s)
{
	if (s->keys->states < 2)
		return STORE_OK;
	struct sealing to;

	if (sealing_begin(&to, s, s->keys->state[0].key))
		return STORE_FAILED;
	pagefile_verify(s->db, true);
	int result = db_run(
		s, SQL_CONTACT_SEAL_OLD, "i", key_state_ordinal(s->keys->state[1].name));
	pagefile_verify(s->db, s->o.verify);
	sealing_end(&to);
	return result ? result : held_note_deletion(s);
}

/* --- who is found by which ------------------------------------------------ */

int keys_state_use(struct store *s, unsigned state, struct state_use *use)
{
	int64_t contacts = 0, objections = 0;

	memset(use, 0, sizeof *use);
	while (state && s->keys->state[state - 1].chained)
		state--;
	use->needed = !state;
	if (use->needed)
		return STORE_OK;
	int64_t number = key_state_ordinal(s->keys->state[state].name);
	if (db_int(s, &contacts, SQL_CONTACT_OLD, "i", number) ||
		db_int(s, &objections, SQL_OBJECTION_OLD, "i", number))
		return STORE_FAILED;
	use->contacts = (uint64_t)contacts;
	use->objections = (uint64_t)objections;
	return STORE_OK;
}

int store_key_left(struct store *s, unsigned n, struct key_left *left)
{
	struct state_use use = { .needed = false };

	memset(left, 0, sizeof *left);
	if (n + 1 >= s->keys->states)
		return STORE_OK;
	snprintf(left->name, sizeof left->name, "%s", s->keys->state[n + 1].name);
	if (keys_state_use(s, n + 1, &use))
		return STORE_FAILED;
	left->contacts = use.contacts;
	left->objections = use.objections;
	return STORE_OK;
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

/* --- another in its place ------------------------------------------------- */

static int refuse_state(struct store *s, bool chained)
{
	const struct keyring *k = s->keys;
	unsigned ways = keys_old_states(s);

	if (k->states == STATE_KEYS_MAX)
		return store_fail(s, STORE_MISUSE,
			"%s and %u state keys after it are still needed to name contacts",
			k->state[k->states - 1].name, k->states - 1);
	if (chained || ways < OLD_STATES_MAX)
		return STORE_OK;
	const char *oldest = k->state[keys_seals(s, ways - 1) + 1].name;
	return store_fail(s, STORE_MISUSE,
		"%s and %u state keys after it are still needed to find contacts; `retour key retire %s` says by how many, and ends it",
		oldest, OLD_STATES_MAX - 1, oldest);
}

static void next_state_name(const struct store *s, char *name)
{
	unsigned present = key_state_number(s->keys->state[0].name);

	snprintf(name, STORE_NAME_SIZE, "state-%u.key", present ? present + 1 : 2);
}

static void print_of_present(const struct store *s, unsigned char print[FINGERPRINT_SIZE])
{
	key_fingerprint(print, s->keys->state[0].key);
}

/* C, which WHAT names, is chained to the present key. */
static int check_follows(struct store *s, const struct key_content *c, const char *what)
{
	unsigned char print[FINGERPRINT_SIZE];

	print_of_present(s, print);
	if (sodium_memcmp(c->after, print, sizeof print) == 0)
		return STORE_OK;
	return store_fail(s, STORE_MISUSE,
		"%s was made after another state key than the present one here: take that one first. Where two sites have each made one, see retour-sites(7)",
		what);
}

/* The key that lies there as NAME, which is to follow on the present one. */
static int read_next(struct store *s, const char *name, bool chained, struct key_content *c)
{
	bool absent;
	int result = keyfile_content(s, name, c, &absent);

	if (result)
		return result;
	if (absent)
		return store_fail(s, STORE_MISUSE, "there is no key %s", name);
	if (chained && !c->chained)
		return store_fail(s, STORE_MISUSE,
			"%s was not made at a site, and would name other people: move it away",
			name);
	return c->chained ? check_follows(s, c, name) : STORE_OK;
}

/*
 * When somebody may be tried again after a block is spread over a day by his name, and told anew
 * with that: else a site that heard of him before it took the key says otherwise than one after.
 */
static int gate_anew(struct store *s, struct contact *c, void *context)
{
	const int64_t *now = context;

	if (contact_refold(s, c))
		return STORE_FAILED;
	contact_elapse(s, c, *now);
	return contact_save(s, SQL_CONTACT_PUT, c);
}

/* In a transaction: C, whose file is NAME, is the present one. */
static int take_over(
	struct store *s, const char *name, const struct key_content *c, bool adopted, int64_t now)
{
	char detail[64];

	snprintf(detail, sizeof detail, "purpose=state name=%s", name);
	return keys_note(s, name, c->key, now) ||
			db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "state") ||
			seal_contacts(s, c->key, c->chained) ||
			(c->chained &&
				(changes_lift(s, c->key) ||
					contacts_each(
						s, SQL_CONTACT_GATED, NULL, gate_anew, &now))) ||
			(adopted && store_ledger(s, now, LEDGER_KEY_ADOPTED, detail))
		? STORE_FAILED
		: STORE_OK;
}

/*
 * The file is there before the transaction that makes it the present one and seals all contacts
 * under it; a kill in between leaves a file that the next call takes.
 */
static int replace_state(
	struct store *s, const char *name, const struct key_content *c, bool adopted, int64_t now)
{
	bool own;
	/* all pseudonyms are held apart while they change: in a file without a name, not in memory
	 */
	int result = db_exec(s, "PRAGMA temp_store = FILE");

	if (!result && !(result = db_enter(s, &own)))
		result = db_leave(s, own, take_over(s, name, c, adopted, now));
	int memory = db_exec(s, "PRAGMA temp_store = MEMORY");
	/* also where it is rolled back: rows are opened with the keys of those that stand */
	int reloaded = keys_reload_state(s);
	if (result || memory)
		return result ? result : STORE_FAILED;
	return reloaded;
}

/* A store that is or was one of several has names that others know. */
static bool is_a_site(const struct store *s)
{
	return s->o.site || s->o.peers || s->site;
}

int keys_add_state(struct store *s, int64_t now, char *name)
{
	unsigned char print[FINGERPRINT_SIZE];
	bool chained = is_a_site(s);
	struct key_content c = { .chained = false };

	if (refuse_state(s, chained))
		return STORE_MISUSE;
	next_state_name(s, name);
	print_of_present(s, print);
	int result = STORE_OK;
	if (keyfile_place(s, name) == KEY_NOWHERE)
		result = keyfile_make(s, name, chained ? print : NULL);
	if (!result)
		result = read_next(s, name, chained, &c);
	if (!result)
		result = replace_state(s, name, &c, false, now);
	sodium_memzero(&c, sizeof c);
	return result;
}

/* --- one that was made at another site ------------------------------------ */

/* TEXT becomes the file NAME, unless that is there. */
static int bring_key(struct store *s, const char *name, const char *text, size_t n)
{
	struct key_content c, there = { .chained = false };
	bool absent = false;
	int result = STORE_OK;

	if (!key_content_parse(name, text, n, &c) || !c.chained)
		result = store_fail(s, STORE_MISUSE,
			"this is no state key that was made at a site: `retour key rotate` makes one there, state-N.key in its key directory");
	if (!result)
		result = check_follows(s, &c, "this key");
	if (!result && keyfile_place(s, name) == KEY_NOWHERE)
		result = keyfile_take(s, name, text, n);
	if (!result)
		result = keyfile_content(s, name, &there, &absent);
	if (!result && (absent || sodium_memcmp(there.key, c.key, KEY_SIZE) != 0))
		result = store_fail(
			s, STORE_MISUSE, "another key lies there as %s: move it away", name);
	sodium_memzero(&c, sizeof c);
	sodium_memzero(&there, sizeof there);
	return result;
}

/* The present key, or one before it, brought once more. */
static bool is_known(struct store *s, const char *text, size_t n, char *name)
{
	struct key_content c;
	bool known = false;

	if (!key_content_parse("state.key", text, n, &c))
		return false;
	for (unsigned i = 0; i < s->keys->states && !known; i++)
		if ((known = sodium_memcmp(s->keys->state[i].key, c.key, KEY_SIZE) == 0))
			snprintf(name, STORE_NAME_SIZE, "%s", s->keys->state[i].name);
	sodium_memzero(&c, sizeof c);
	return known;
}

int store_key_adopt(
	struct store *s, const char *text, size_t n, int64_t now, char *name, bool *adopted)
{
	struct key_content c = { .chained = false };
	bool found;
	int result = keys_adopt_sites(s, text, n, now, name, adopted, &found);

	if (result || found)
		return result;
	if (!is_a_site(s))
		return store_fail(s, STORE_MISUSE,
			"this store has no name among the sites: [store] site; `retour key rotate` makes a key of its own");
	if (text && is_known(s, text, n, name))
		return STORE_OK;
	next_state_name(s, name);
	result = refuse_state(s, true);
	if (!result && text)
		result = bring_key(s, name, text, n);
	if (!result)
		result = read_next(s, name, true, &c);
	if (!result)
		result = replace_state(s, name, &c, true, now);
	*adopted = !result;
	sodium_memzero(&c, sizeof c);
	return result;
}
