/*
 * What is known of each site: until when its lines are complete, and which erasures it has obeyed.
 *
 * Of whoever was erased more than once, at whatever sites, a site has obeyed when it has obeyed
 * both the last of all that are known and the last of those that kept nothing: one that it heard of
 * alone says nothing of the other, whichever of the two came later.
 */
#include <stdlib.h>
#include "store/siteparts.h"

/* --- who has obeyed ------------------------------------------------------- */

/* Of one life of a site: all erasures together, and of whom was erased at hand. */
struct obeying {
	uint64_t obeyed;
	int64_t waiting;            /* since when one waits for its word; 0: none does */
	struct erasure_times told;  /* it erased */
	struct erasure_times said;  /* it erased, or has obeyed */
	int64_t erased_at, unnamed; /* versions: of TOLD; of a word that names nobody */
};

struct obedience {
	uint64_t erasures;
	struct obeying of[LIVES_MAX]; /* by site_rank() */
};

/* A word that names nobody is about the erasure of its version; an erasure that cannot be read may
 * have kept nothing. */
static int hear_row(struct store *s, sqlite3_stmt *st, struct obedience *o)
{
	bool erases = sqlite3_column_int(st, 1);
	int64_t version = sqlite3_column_int64(st, 2);
	struct mark m;
	unsigned rank;

	if (site_rank(s, sqlite3_column_int64(st, 0), &rank))
		return STORE_FAILED;
	if (rank >= s->site->lives)
		return STORE_OK; /* beyond LIVES_MAX */
	struct obeying *of = &o->of[rank];
	bool named = mark_read(s, erases ? CHANGE_FORGET : CHANGE_CONFIRM, version,
		sqlite3_column_blob(st, 3), (size_t)sqlite3_column_bytes(st, 3), &m);
	if (!named)
		m.of = (struct erasure_times){ version, erases ? version : 0 };
	erasures_join(&of->said, &m.of);
	if (erases) {
		of->told = m.of;
		of->erased_at = version;
	} else if (!named) {
		of->unnamed = version;
	}
	return STORE_OK;
}

static bool covers(const struct erasure_times *said, const struct erasure_times *of)
{
	return said->last >= of->last && said->bare >= of->bare;
}

/* Whoever was erased by the rows that were heard. */
static void count_erased(struct store *s, struct obedience *o)
{
	struct erasure_times all = { 0, 0 };
	unsigned lives = s->site->lives;

	for (unsigned i = 0; i < lives; i++)
		erasures_join(&all, &o->of[i].told);
	o->erasures++;
	for (unsigned i = 0; i < lives; i++) {
		struct obeying *of = &o->of[i];
		if (of->unnamed && of->unnamed == all.bare)
			of->said.bare = all.bare;
		if (covers(&of->said, &all)) {
			of->obeyed++;
			continue;
		}
		for (unsigned k = 0; k < lives; k++) {
			int64_t at = o->of[k].erased_at;
			if (at && !covers(&of->said, &o->of[k].told) &&
				(!of->waiting || at < of->waiting))
				of->waiting = at;
		}
	}
}

static int hear_erased(struct store *s, const char *id, struct obedience *o)
{
	sqlite3_stmt *st = db_bind(s, SQL_CHANGE_ERASURE, "t", id);
	int result = STORE_OK;

	for (unsigned i = 0; i < LIVES_MAX; i++) {
		struct obeying *of = &o->of[i];
		*of = (struct obeying){ .obeyed = of->obeyed, .waiting = of->waiting };
	}
	while (db_row(s, st, &result))
		result = hear_row(s, st, o);
	return result;
}

/* O: the caller's to free; NULL on error. */
static struct obedience *obedience_of(struct store *s)
{
	struct obedience *o = calloc(1, sizeof *o);
	char id[CHANGE_ID_SIZE] = "";
	unsigned rank;
	int result = o ? site_rank(s, s->site->life, &rank)
		       : store_fail(s, STORE_FAILED, "no memory");

	while (!result && !(result = mark_next_erased(s, id)) && *id)
		if (!(result = hear_erased(s, id, o)))
			count_erased(s, o);
	if (!result)
		return o;
	free(o);
	return NULL;
}

static void tell_obedience(struct store *s, const struct obedience *o, int64_t life,
	struct site_state *state, int64_t *waiting)
{
	unsigned rank = s->site->lives;

	state->erasures = o->erasures;
	if (site_rank(s, life, &rank) || rank >= s->site->lives)
		return;
	state->obeyed = o->of[rank].obeyed;
	*waiting = o->of[rank].waiting;
}

/* --- sites ---------------------------------------------------------------- */

struct visiting {
	int (*visit)(void *context, const struct site_state *state, int64_t waiting);
	int (*visit_all)(void *context, const struct site_state *state);
	void *context;
};

/* Of the lives that ST gives: name, life, number, until, merged, shares. */
static int each_site(struct store *s, sqlite3_stmt *st, const struct visiting *v)
{
	struct obedience *o = s->site ? obedience_of(s) : NULL;
	int result = o || !s->site ? STORE_OK : STORE_FAILED;

	while (o && db_row(s, st, &result)) {
		int64_t life = sqlite3_column_int64(st, 2), waiting = 0;
		struct site_state state = { .own = life == s->site->life,
			.until = sqlite3_column_int64(st, 3),
			.merged = sqlite3_column_int64(st, 4),
			.shares = (uint64_t)sqlite3_column_int64(st, 5) };
		db_text(st, 0, state.site, sizeof state.site);
		db_text(st, 1, state.life, sizeof state.life);
		tell_obedience(s, o, life, &state, &waiting);
		if (v->visit_all)
			result = v->visit_all(v->context, &state);
		else if (site_peer(s, state.site))
			result = v->visit(v->context, &state, waiting);
	}
	free(o);
	return result;
}

int store_sites(
	struct store *s, int (*visit)(void *context, const struct site_state *state), void *context)
{
	struct visiting v = { .visit_all = visit, .context = context };

	return each_site(s, db_bind(s, SQL_SITE_ALL, ""), &v);
}

int store_sites_present(struct store *s,
	int (*visit)(void *context, const struct site_state *state, int64_t waiting), void *context)
{
	struct visiting v = { .visit = visit, .context = context };

	return each_site(s, db_bind(s, SQL_SITE_PRESENT, "t", s->o.site), &v);
}

/* A configured site that has told something has a row of its own. */
static int unheard_sites(struct store *s,
	int (*visit)(void *context, const char *site, bool own, int64_t until), void *context)
{
	int result = STORE_OK;

	for (unsigned i = 0; i < s->o.peers && !result; i++) {
		int64_t known = 0;
		result = db_int(s, &known, SQL_SITE_KNOWN, "t", s->o.peer[i].name);
		if (!result && !known)
			result = visit(context, s->o.peer[i].name, false, 0);
	}
	return result;
}

int store_sites_told(struct store *s,
	int (*visit)(void *context, const char *site, bool own, int64_t until), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_SITE_TOLD, "t", s->o.site);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			sqlite3_column_int(st, 1), sqlite3_column_int64(st, 2));
	return result ? result : unheard_sites(s, visit, context);
}

int store_sites_heard(struct store *s, int (*visit)(void *context, const char *site, int64_t until),
	void *context)
{
	int result = STORE_OK;

	for (unsigned i = 0; i < s->o.peers && !result; i++) {
		int64_t until = 0;
		result = db_int(s, &until, SQL_SITE_HEARD, "t", s->o.peer[i].name);
		if (!result && until)
			result = visit(context, s->o.peer[i].name, until);
	}
	return result;
}
