/*
 * What changed since a cursor, as signed lines (store/site.h).
 *
 * A cursor is the life of this store and the number up to which its changes were given. Everything
 * is read in one snapshot, so that a run beside it may write; the line "until" comes last: whoever
 * has it has all that was there when it was written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/ownkeys.h"
#include "store/siteparts.h"

enum { WAITING_MAX = 1 << 20 };

struct leaving {
	struct store *s;
	char key[STORE_FINGERPRINT_HEX];
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	unsigned lives;
	struct {
		int64_t number;
		char site[STORE_NAME_SIZE], life[SITE_LIFE_HEX];
	} life[LIVES_MAX];
	unsigned count;
	size_t bytes; /* of those that wait */
	struct figure_bytes figures;
	struct change line[CHANGE_BATCH];
	unsigned char *sealed[CHANGE_BATCH];
	int (*visit)(void *context, const struct change *c);
	void *context;
};

/* --- before the first line ------------------------------------------------ */

static const char seeded_mark[] = "site figures"; /* meta: every day is to be told, or was */

/* Who is found by way of a state key before the present one has a name that no other site knows. */
static int refuse_other_ways(struct store *s)
{
	struct key_left left = { .contacts = 0 };
	int result = STORE_OK;

	for (unsigned n = 0; !result && !left.contacts; n++)
		if ((result = store_key_left(s, n, &left)) || !*left.name)
			return result;
	if (result)
		return result;
	return store_fail(s, STORE_MISUSE,
		"%llu contacts are found by way of %s, which other sites cannot: they would write to them. First end that key: retour key retire %s",
		(unsigned long long)left.contacts, left.name, left.name);
}

int site_ready(struct store *s, bool make, int64_t now)
{
	int64_t seeded = 0;
	bool own;

	if (!s->site || !s->o.site)
		return store_fail(
			s, STORE_MISUSE, "this store has no name among the sites: [store] site");
	if (s->site->ready)
		return STORE_OK;
	int result = site_key(s, make, now);
	if (!result && !s->site->has_key)
		result = site_lacks_key(s, "missing. Put that of the first site there");
	if (!result)
		result = db_int(s, &seeded, SQL_META_IS, "tt", seeded_mark, "yes");
	if (!result && s->site->life && seeded)
		s->site->ready = true;
	if (result || s->site->ready)
		return result;
	if ((result = db_enter(s, &own)))
		return result;
	if (!s->site->life && !(result = refuse_other_ways(s)) && !(result = site_begin_anew(s)))
		result = share_seed_all(s);
	if (!result && !seeded &&
		(figures_seed(s) || db_run(s, SQL_META_PUT, "tt", seeded_mark, "yes")))
		result = STORE_FAILED;
	result = db_leave(s, own, result);
	s->site->ready = !result;
	return result;
}

static int leaving_open(struct leaving *l, int64_t now)
{
	unsigned char seed[KEY_SIZE], public[crypto_sign_PUBLICKEYBYTES];
	bool absent;
	sqlite3_stmt *st;
	int rc = 0, result = keys_sign(l->s, true, now, seed, &absent);

	if (result)
		return result;
	crypto_sign_seed_keypair(public, l->secret, seed);
	sodium_memzero(seed, sizeof seed);
	st = db_bind(l->s, SQL_SITE_LIVES, "");
	while (st && l->lives < LIVES_MAX && (rc = db_step(l->s, st)) == 1) {
		l->life[l->lives].number = sqlite3_column_int64(st, 0);
		db_text(st, 1, l->life[l->lives].site, STORE_NAME_SIZE);
		db_text(st, 2, l->life[l->lives++].life, SITE_LIFE_HEX);
	}
	if (st)
		sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

/* --- lines ---------------------------------------------------------------- */

static int lines_flush(struct leaving *l)
{
	int result = STORE_OK;

	if (l->count)
		change_sign(l->line, l->count, l->secret);
	for (unsigned i = 0; i < l->count; i++) {
		if (!result)
			result = l->visit(l->context, &l->line[i]);
		free(l->sealed[i]);
	}
	l->count = 0;
	l->bytes = 0;
	return result;
}

static int line_add(struct leaving *l, enum change_kind kind, const char *id, int64_t life,
	int64_t version, const void *sealed, size_t size)
{
	struct change *c = &l->line[l->count];

	memset(c, 0, sizeof *c);
	c->kind = kind;
	c->version = version;
	snprintf(c->id, sizeof c->id, "%s", id);
	memcpy(c->key, l->key, sizeof c->key);
	snprintf(c->by, sizeof c->by, "%s", l->s->o.site);
	for (unsigned i = 0; i < l->lives; i++)
		if (l->life[i].number == life) {
			memcpy(c->site, l->life[i].site, sizeof c->site);
			memcpy(c->life, l->life[i].life, sizeof c->life);
		}
	unsigned char *copy = malloc(size ? size : 1);
	if (!copy)
		return store_fail(l->s, STORE_FAILED, "no memory");
	memcpy(copy, sealed, size);
	l->sealed[l->count] = copy;
	c->sealed = copy;
	c->size = size;
	l->bytes += size;
	return ++l->count == CHANGE_BATCH || l->bytes > WAITING_MAX ? lines_flush(l) : STORE_OK;
}

static int give_shares(struct leaving *l, int64_t from, int64_t to, bool all)
{
	sqlite3_stmt *st = db_bind(
		l->s, SQL_SHARE_SINCE, "iiii", from, to, (int64_t)all, l->s->site->life);
	int result = STORE_OK;
	char id[2 * PSEUDONYM_SIZE + 1];

	while (db_row(l->s, st, &result)) {
		sodium_bin2hex(id, sizeof id, sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
		result = line_add(l, CHANGE_CONTACT, id, sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_blob(st, 3),
			(size_t)sqlite3_column_bytes(st, 3));
	}
	return result;
}

static int give_others(struct leaving *l, int64_t from, int64_t to, bool all)
{
	sqlite3_stmt *st = db_bind(
		l->s, SQL_CHANGE_SINCE, "iiii", from, to, (int64_t)all, l->s->site->life);
	int result = STORE_OK;

	while (db_row(l->s, st, &result)) {
		int kind = change_kind_by_name((const char *)sqlite3_column_text(st, 0));
		if (kind >= 0)
			result = line_add(l, (enum change_kind)kind,
				(const char *)sqlite3_column_text(st, 1),
				sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
				sqlite3_column_blob(st, 4), (size_t)sqlite3_column_bytes(st, 4));
	}
	return result;
}

static int give_figure(struct leaving *l, sqlite3_stmt *st, unsigned char **sealed, size_t *room)
{
	char name[32], id[CHANGE_ID_SIZE];
	struct figure_place at = { sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2) };
	int64_t life = sqlite3_column_int64(st, 3), version = sqlite3_column_int64(st, 4);
	struct figure_bytes *b = &l->figures;

	db_text(st, 0, name, sizeof name);
	int result = figure_content(l->s, name, at, life, b);
	if (result)
		return result;
	if (*room < b->room + SEAL_OVERHEAD) {
		free(*sealed);
		*room = b->room + SEAL_OVERHEAD;
		if (!(*sealed = malloc(*room)))
			return store_fail(l->s, STORE_FAILED, "no memory");
	}
	snprintf(id, sizeof id, "%s %" PRId64 " %" PRId64, name, at.day, at.part);
	size_t size = site_seal(l->s, CHANGE_FIGURES, *sealed, b->p, b->n);
	return line_add(
		l, CHANGE_FIGURES, id, life ? life : l->s->site->life, version, *sealed, size);
}

static int give_figures(struct leaving *l, int64_t from, int64_t to, bool all)
{
	sqlite3_stmt *st = db_bind(l->s, SQL_FIGURE_SINCE, "iii", from, to, (int64_t)all);
	unsigned char *sealed = NULL;
	size_t room = 0;
	int result = STORE_OK;

	while (db_row(l->s, st, &result))
		result = give_figure(l, st, &sealed, &room);
	free(sealed);
	return result;
}

/* Signed and sealed as all others; there is nothing in it but its time. */
static int give_until(struct leaving *l, int64_t now)
{
	unsigned char content[1 + SEAL_PAD] = { 1 }, sealed[1 + SEAL_PAD + SEAL_OVERHEAD];
	size_t size = site_seal(l->s, CHANGE_UNTIL, sealed, content, 1);

	return line_add(l, CHANGE_UNTIL, "", l->s->site->life, now, sealed, size);
}

static bool cursor_read(const struct store *s, const char *cursor, const char *life, int64_t *from)
{
	char theirs[SITE_LIFE_HEX];
	int end = 0;

	(void)s;
	*from = 0;
	return !*cursor ||
		(sscanf(cursor, "%16[0-9a-f]-%" SCNd64 "%n", theirs, from, &end) == 2 &&
			!cursor[end] && *from >= 0 && strcmp(theirs, life) == 0);
}

static const char *own_life(const struct leaving *l)
{
	for (unsigned i = 0; i < l->lives; i++)
		if (l->life[i].number == l->s->site->life)
			return l->life[i].life;
	return "";
}

int store_changes(struct store *s, const char *cursor, bool all, int64_t now,
	char next[CHANGE_CURSOR_SIZE], int (*visit)(void *context, const struct change *c),
	void *context)
{
	struct leaving *l;
	int64_t from, to;
	int result = site_ready(s, true, now);

	if (result)
		return result;
	l = sodium_malloc(sizeof *l);
	if (!l)
		return store_fail(s, STORE_FAILED, "no memory");
	memset(l, 0, sizeof *l);
	l->s = s;
	l->visit = visit;
	l->context = context;
	result = site_level(s, now);
	if (!result)
		result = figures_settle(s);
	if (!result)
		result = leaving_open(l, now);
	if (!result && !cursor_read(s, cursor, own_life(l), &from))
		result = store_fail(
			s, STORE_MISUSE, "this is no cursor of this store; begin without one");
	if (!result && !(result = store_snapshot(s, true))) {
		keys_state_fingerprint(s, 0, l->key); /* with the names that are read now */
		to = site_last_number(s);
		snprintf(next, CHANGE_CURSOR_SIZE, "%s-%" PRId64, own_life(l), to);
		/* else it would be said that all was given until now */
		if (to >= 0 && from > to)
			result = store_fail(s, STORE_MISUSE,
				"this is no cursor of this store; begin without one");
		else
			result = to < 0 ? STORE_FAILED : give_shares(l, from, to, all);
		if (!result)
			result = give_others(l, from, to, all);
		if (!result)
			result = give_figures(l, from, to, all);
		if (!result)
			result = give_until(l, now);
		if (!result)
			result = lines_flush(l);
		for (unsigned i = 0; i < l->count; i++)
			free(l->sealed[i]);
		if (store_snapshot(s, false) && !result)
			result = STORE_FAILED;
	}
	free(l->figures.p);
	sodium_free(l);
	return result;
}
