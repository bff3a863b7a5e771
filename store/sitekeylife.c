/*
 * Another key under which sites seal what they tell each other (sitekeys.c), in two steps, so that
 * no line is lost: first every site has it and opens lines with it, then each in its own time seals
 * with it. What the store has from all of them is brought under it at once. The former one goes
 * when nobody seals with it any more.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include "store/base/pagefile.h"
#include "store/cause.h"
#include "store/held.h"
#include "store/keyring.h"
#include "store/ledger.h"
#include "store/siteparts.h"

/* --- the store's rows ------------------------------------------------------------ */

struct anew {
	const struct store *s;
	const unsigned char *key;
};

/* ANEW(body): that of a share. */
static void sql_anew(sqlite3_context *context, int count, sqlite3_value **value)
{
	const struct anew *a = sqlite3_user_data(context);
	unsigned char content[SHARE_SIZE_MAX + 2 * SEAL_PAD],
		sealed[sizeof content + SEAL_PAD + SEAL_OVERHEAD];
	size_t size = (size_t)sqlite3_value_bytes(*value), n;

	(void)count;
	if (size > SHARE_SIZE_MAX + SEAL_PAD + SEAL_OVERHEAD ||
		!site_unseal(a->s, CHANGE_CONTACT, sqlite3_value_blob(*value), size, content, &n)) {
		sqlite3_result_error(context, "a share of a contact is damaged", -1);
		return;
	}
	size = site_seal_under(a->key, CHANGE_CONTACT, sealed, content, n);
	sqlite3_result_blob(context, sealed, (int)size, SQLITE_TRANSIENT);
	sodium_memzero(content, sizeof content);
}

static int shares_anew(struct store *s, const unsigned char key[KEY_SIZE])
{
	struct anew a = { s, key };

	if (sqlite3_create_function_v2(s->db, "anew", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, &a,
		    sql_anew, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s);
	pagefile_verify(s->db, true);
	int result = db_run(s, SQL_SHARE_ANEW, "");
	pagefile_verify(s->db, s->o.verify);
	sqlite3_create_function_v2(s->db, "anew", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
	return result;
}

/* One row of table change. */
static int row_anew(struct store *s, const unsigned char key[KEY_SIZE], int64_t number,
	const struct change *c, int64_t life)
{
	unsigned char content[CAUSE_TEXT_SIZE + 3 * SEAL_PAD],
		sealed[sizeof content + SEAL_PAD + SEAL_OVERHEAD];
	struct change here;
	size_t n = 0;

	if (c->kind == CHANGE_FORGET || c->kind == CHANGE_CONFIRM)
		return mark_under(s, c, life, key, number);
	if (!site_unseal(s, c->kind, c->sealed, c->size, content, &n) ||
		!change_under(key, c, content, n, sealed, &here))
		return store_fail(s, STORE_FAILED, "%s: what sites told is damaged", s->o.path);
	return db_run(s, SQL_CHANGE_MARK, "ttitib", change_kind_name(c->kind), c->id, life, here.id,
		number, here.sealed, (int)here.size);
}

static int rows_anew(struct store *s, const unsigned char key[KEY_SIZE])
{
	unsigned char body[CAUSE_TEXT_SIZE + 2 * SEAL_PAD + SEAL_OVERHEAD];
	int64_t number = site_number(s), life = 0;
	char kind[16] = "", id[CHANGE_ID_SIZE] = "";
	int result = number ? STORE_OK : STORE_FAILED, rc;

	while (!result) {
		sqlite3_stmt *st = db_bind(s, SQL_CHANGE_NEXT, "ttii", kind, id, life, number);
		if (!st || (rc = db_step(s, st)) < 0)
			return STORE_FAILED;
		if (!rc)
			return STORE_OK;
		struct change c = { .version = sqlite3_column_int64(st, 3), .sealed = body };
		db_text(st, 0, kind, sizeof kind);
		db_text(st, 1, id, sizeof id);
		life = sqlite3_column_int64(st, 2);
		c.kind = (enum change_kind)change_kind_by_name(kind);
		memcpy(c.id, id, sizeof c.id);
		c.size = (size_t)sqlite3_column_bytes(st, 4);
		if (c.size > sizeof body)
			c.size = 0; /* damaged */
		if (c.size)
			memcpy(body, sqlite3_column_blob(st, 4), c.size);
		sqlite3_reset(st);
		result = row_anew(s, key, number, &c, life);
	}
	return result;
}

/* --- who seals with which --------------------------------------------------------- */

static void heard_name(int64_t number, char name[STORE_NAME_SIZE])
{
	snprintf(name, STORE_NAME_SIZE, "sites key of %" PRId64, number);
}

bool site_key_is_heard(const char *meta)
{
	char again[STORE_NAME_SIZE];
	int64_t number = 0;

	if (sscanf(meta, "sites key of %" SCNd64, &number) != 1)
		return false;
	heard_name(number, again);
	return strcmp(meta, again) == 0;
}

int site_key_heard(struct store *s, int64_t number, const char *name)
{
	char meta[STORE_NAME_SIZE];
	int64_t known = 0;

	heard_name(number, meta);
	if (!s->site->others)
		return STORE_OK;
	return db_int(s, &known, SQL_META_IS, "tt", meta, name) ||
			(!known && db_run(s, SQL_META_PUT, "tt", meta, name))
		? STORE_FAILED
		: STORE_OK;
}

/* Which of the others seal with USE->name, as far as they were heard. */
static int who_seals(struct store *s, struct site_key_use *use)
{
	char meta[STORE_NAME_SIZE], key[STORE_NAME_SIZE], site[STORE_NAME_SIZE];
	sqlite3_stmt *st = db_bind(s, SQL_SITE_PRESENT, "t", s->o.site);
	size_t n = 0;
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		db_text(st, 0, site, sizeof site);
		heard_name(sqlite3_column_int64(st, 2), meta);
		if (!site_peer(s, site))
			continue;
		result = db_line(s, key, sizeof key, SQL_META_GET, "t", meta);
		if (result || strcmp(key, use->name) != 0)
			continue;
		use->others++;
		n += (size_t)snprintf(
			use->sites + n, sizeof use->sites - n, "%s%s", n ? ", " : "", site);
		n = n < sizeof use->sites ? n : sizeof use->sites - 1;
	}
	return result;
}

int store_site_keys(
	struct store *s, int (*visit)(void *context, const struct site_key_use *use), void *context)
{
	char name[SITE_KEYS_MAX][STORE_NAME_SIZE];
	unsigned known = 0;
	int result = site_is_on(s) ? site_key_names(s, name, &known) : STORE_OK;

	for (unsigned i = 0; i < known && known > 1 && !result; i++) {
		struct site_key_use use = { .seals = strcmp(name[i], s->site->key_name) == 0 };
		memcpy(use.name, name[i], sizeof use.name);
		result = who_seals(s, &use);
		if (!result)
			result = visit(context, &use);
	}
	return result;
}

/* --- another one ------------------------------------------------------------------- */

/* The one that follows on those that are known. */
static int next_name(struct store *s, char *name)
{
	char known[SITE_KEYS_MAX][STORE_NAME_SIZE];
	unsigned count, last = 1;
	int result = site_key_names(s, known, &count);

	for (unsigned i = 0; i < count; i++)
		if (key_sites_number(known[i]) > last)
			last = key_sites_number(known[i]);
	snprintf(name, STORE_NAME_SIZE, "sites-%u.key", last + 1);
	if (!result && count == SITE_KEYS_MAX)
		result = store_fail(s, STORE_MISUSE,
			"there are %u keys of the sites already; end those that nobody seals with: retour key retire %s",
			count, known[count - 1]);
	return result;
}

/* The one that was made or taken last and seals nothing yet; "": none waits. */
static int waiting_name(struct store *s, char *name)
{
	char known[SITE_KEYS_MAX][STORE_NAME_SIZE];
	unsigned count;
	int result = site_key_names(s, known, &count);
	bool waits = !result && count && strcmp(known[0], s->site->key_name) != 0;

	snprintf(name, STORE_NAME_SIZE, "%s", waits ? known[0] : "");
	return result;
}

static int refuse_no_site(struct store *s)
{
	if (site_is_on(s))
		return STORE_OK;
	return store_fail(s, STORE_MISUSE,
		"this store is none of several: [store] site names it, and `retour changes` makes sites.key, see retour-sites(7)");
}

/* The file NAME opens lines from now on. */
static int open_with(struct store *s, const char *name, bool adopted, int64_t now)
{
	unsigned char key[KEY_SIZE];
	bool absent, own;
	char detail[STORE_NAME_SIZE + 32];
	int result = keyfile_read(s, name, key, &absent);

	snprintf(detail, sizeof detail, "purpose=sites name=%s", name);
	if (!result && absent)
		result = key_error(s, name, "not there any more");
	if (!result && !(result = db_enter(s, &own))) {
		if (keys_note(s, name, key, now) ||
			db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "sites") ||
			site_key_put(s, s->site->key_name) ||
			(adopted && store_ledger(s, now, LEDGER_KEY_ADOPTED, detail)))
			result = STORE_FAILED;
		result = db_leave(s, own, result);
	}
	sodium_memzero(key, sizeof key);
	return result ? result : site_key_anew(s);
}

int keys_add_sites(struct store *s, int64_t now, char *name)
{
	int result = refuse_no_site(s);

	if (!result)
		result = waiting_name(s, name);
	if (!result && *name)
		result = store_fail(s, STORE_MISUSE,
			"%s was made or taken already, and seals nothing here yet: once all sites have it, retour key use %s",
			name, name);
	if (!result)
		result = next_name(s, name);
	if (!result && keyfile_place(s, name) == KEY_NOWHERE)
		result = keyfile_make(s, name, NULL);
	return result ? result : open_with(s, name, false, now);
}

static bool is_here(const struct store *s, const unsigned char key[KEY_SIZE], char *name)
{
	const struct site *site = s->site;
	const char *found = NULL;

	if (sodium_memcmp(site->key, key, KEY_SIZE) == 0)
		found = site->key_name;
	for (unsigned i = 0; i < site->others; i++)
		if (sodium_memcmp(site->other[i].key, key, KEY_SIZE) == 0)
			found = site->other[i].name;
	if (found)
		snprintf(name, STORE_NAME_SIZE, "%s", found);
	return found;
}

int keys_adopt_sites(struct store *s, const char *text, size_t n, int64_t now, char *name,
	bool *adopted, bool *found)
{
	struct key_content c = { .chained = false }, there;
	bool absent = true;
	int result = STORE_OK;

	*adopted = *found = false;
	if (text && !key_content_parse("sites.key", text, n, &c))
		return STORE_OK;
	if (!text && !site_is_on(s))
		return STORE_OK;
	result = refuse_no_site(s);
	if (!result && text && (*found = is_here(s, c.key, name)))
		return STORE_OK;
	if (!result)
		result = next_name(s, name);
	if (!result && !text && keyfile_place(s, name) == KEY_NOWHERE)
		return STORE_OK;
	*found = true;
	if (!result && text && keyfile_place(s, name) == KEY_NOWHERE)
		result = keyfile_take(s, name, text, n);
	if (!result)
		result = keyfile_content(s, name, &there, &absent);
	if (!result && text && (absent || sodium_memcmp(there.key, c.key, KEY_SIZE) != 0))
		result = store_fail(
			s, STORE_MISUSE, "another key lies there as %s: move it away", name);
	if (!result)
		result = open_with(s, name, true, now);
	*adopted = !result;
	sodium_memzero(&c, sizeof c);
	sodium_memzero(&there, sizeof there);
	return result;
}

/* --- it seals ----------------------------------------------------------------------- */

static int seal_with(struct store *s, const struct site_key *k, int64_t now)
{
	char detail[STORE_NAME_SIZE + 32];

	snprintf(detail, sizeof detail, "purpose=sites name=%s", k->name);
	return shares_anew(s, k->key) || rows_anew(s, k->key) || site_key_put(s, k->name) ||
			held_note_deletion(s) || store_ledger(s, now, LEDGER_KEY_USED, detail)
		? STORE_FAILED
		: STORE_OK;
}

int store_key_use(struct store *s, char *name, int64_t now, bool *used)
{
	const struct site_key *k = NULL;
	bool own;
	int result = refuse_no_site(s);

	*used = false;
	if (!result && !*name)
		result = waiting_name(s, name);
	if (result)
		return result;
	if (!*name)
		return store_fail(s, STORE_MISUSE,
			"there is no key that waits to be used: `retour key rotate sites` makes one, `retour key adopt` takes it at the other sites");
	if (strcmp(name, s->site->key_name) == 0)
		return STORE_OK;
	for (unsigned i = 0; i < s->site->others; i++)
		if (strcmp(name, s->site->other[i].name) == 0)
			k = &s->site->other[i];
	if (!k)
		return store_fail(s, STORE_MISUSE,
			"%s is no key of the sites that is here: `retour key list` has their names",
			name);
	if ((result = db_enter(s, &own)))
		return result;
	result = db_leave(s, own, seal_with(s, k, now));
	*used = !result;
	return result ? result : site_key_anew(s);
}

/* --- the end ------------------------------------------------------------------------ */

struct still {
	const char *name;
	unsigned sites, heard; /* of the others: configured, and heard to seal with another key */
	char who[256];
};

static int count_still(void *context, const struct site_key_use *use)
{
	struct still *w = context;

	if (use->seals)
		w->heard = use->others;
	if (strcmp(use->name, w->name) == 0)
		snprintf(w->who, sizeof w->who, "%s", use->sites);
	return STORE_OK;
}

/* Who may still seal with it would be heard no more. */
static int refuse_still(struct store *s, const char *name)
{
	struct still w = { .name = name, .sites = s->o.peers };
	int result = store_site_keys(s, count_still, &w);

	for (unsigned i = 0; i < s->o.peers; i++)
		w.sites -= s->o.site && strcmp(s->o.peer[i].name, s->o.site) == 0;
	if (result || w.heard >= w.sites)
		return result;
	return store_fail(s, STORE_MISUSE,
		"%u of %u other sites were heard to seal with %s%s%s; what the others say with %s would be refused. Let them say `retour key use`, and merge what they give; --give-up --reason TEXT ends it all the same",
		w.heard, w.sites, s->site->key_name,
		*w.who ? ", and with the former one still " : "", w.who, name);
}

int keys_retire_sites(struct store *s, const char *name, const char *reason, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE], print[KEY_PRINT_SIZE];
	enum key_place place = keyfile_place(s, name);
	enum known known;
	bool own;
	int result = refuse_no_site(s);

	if (!result && strcmp(name, s->site->key_name) == 0)
		result = store_fail(s, STORE_MISUSE,
			"%s seals what this site says: first another one is to be used, retour key rotate sites",
			name);
	if (!result)
		result = keys_lookup(s, name, NULL, &known);
	if (!result && known == KEY_UNKNOWN)
		result = store_fail(s, STORE_MISUSE, "there is no key %s", name);
	if (!result && !reason)
		result = refuse_still(s, name);
	if (result || (result = db_enter(s, &own)))
		return result;
	if (key_print(s, name, print))
		return db_leave(s, own, STORE_FAILED);
	snprintf(detail, sizeof detail, "purpose=sites name=%s%s", name, print);
	/* the file first: killed behind it, this is said again, and no ledger calls destroyed what
	 * lies there for the next `key adopt` */
	result = place == KEY_FILE ? keyfile_destroy(s, name) : STORE_OK;
	if (!result &&
		(db_run(s, SQL_KEY_DELETE, "t", name) || site_key_put(s, s->site->key_name) ||
			store_ledger(s, now, key_end_of(place), detail)))
		result = STORE_FAILED;
	if (!result && reason) {
		snprintf(
			detail, sizeof detail, "purpose=sites name=%s reason=\"%s\"", name, reason);
		result = store_ledger(s, now, LEDGER_KEY_GIVEN_UP, detail);
	}
	result = db_leave(s, own, result);
	return result ? result : site_key_anew(s);
}
