/*
 * The waves that are known (wave.c says when there is one): who rests on them, and how they are
 * settled, by an operator here or at another site.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/waveparts.h"

const char *const wave_kind_names[WAVE_KINDS] = { "provider", "rule", "reporting-mta" };

struct waves *waves_made(struct store *s)
{
	if (!s->waves && !(s->waves = calloc(1, sizeof *s->waves)))
		store_fail(s, STORE_FAILED, "no memory");
	return s->waves;
}

void wave_free(struct store *s)
{
	free(s->waves);
	s->waves = NULL;
}

/* --- known ones ----------------------------------------------------------- */

bool wave_is_of(const struct known_wave *w, const char *provider, const char *rule, uint32_t mta)
{
	switch (w->kind) {
	case OF_PROVIDER:
		return strcmp(w->name, provider) == 0;
	case OF_RULE:
		return strcmp(w->name, rule) == 0;
	default:
		return w->mta == mta;
	}
}

bool wave_is_same(const struct known_wave *a, const struct known_wave *b)
{
	return a->kind == b->kind && a->mta == b->mta &&
		(a->kind == OF_MTA || strcmp(a->name, b->name) == 0);
}

bool wave_holds(const struct store *s, int64_t day, const struct cause *cause)
{
	for (unsigned i = 0; s->waves && i < s->waves->n; i++) {
		const struct known_wave *w = &s->waves->wave[i];
		if (w->holds && w->day == day &&
			wave_is_of(w, cause->provider, cause->rule, cause->mta))
			return true;
	}
	return false;
}

int wave_load(struct store *s)
{
	sqlite3_stmt *st = db_bind(s, SQL_WAVES, "i", (int64_t)WAVES_MAX);
	int rc = 0;

	if (s->waves)
		s->waves->n = 0;
	while (st && (rc = db_step(s, st)) == 1) {
		if (!waves_made(s)) {
			sqlite3_reset(st);
			return STORE_FAILED;
		}
		struct known_wave *w = &s->waves->wave[s->waves->n++];
		const char *kind = (const char *)sqlite3_column_text(st, 0);
		const char *state = (const char *)sqlite3_column_text(st, 4);
		const char *over = strcmp(state, WAVE_CONFIRMED) == 0 ? WAVE_CONFIRMED
								      : WAVE_TAKEN_BACK;
		*w = (struct known_wave){ .day = sqlite3_column_int64(st, 3),
			.mta = (uint32_t)sqlite3_column_int64(st, 2),
			.state = strcmp(state, WAVE_HELD) == 0 ? WAVE_HELD : over,
			.holds = strcmp(state, WAVE_HELD) == 0,
			.own = sqlite3_column_int64(st, 5) == 0,
			.opened = sqlite3_column_int64(st, 6) };
		while (w->kind < OF_MTA && strcmp(wave_kind_names[w->kind], kind) != 0)
			w->kind++;
		db_text(st, 1, w->name, sizeof w->name);
	}
	if (st)
		sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

bool wave_is_near(const struct store *s, int64_t day)
{
	for (unsigned i = 0; s->waves && i < s->waves->n; i++)
		if (s->waves->wave[i].day >= day - DAY && s->waves->wave[i].day <= day + DAY)
			return true;
	return false;
}

int64_t wave_first_held(const struct store *s, int64_t now)
{
	int64_t first = INT64_MAX;

	for (unsigned i = 0; s->waves && i < s->waves->n; i++) {
		const struct known_wave *w = &s->waves->wave[i];
		if (w->holds && w->day + DAY + whole_days(s->o.brake_hold) > now && w->day < first)
			first = w->day;
	}
	return first;
}

/* Only what may be a host's name: it is printed. */
static bool is_host_name(const char *name)
{
	size_t n = strspn(
		name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:");

	return n && n < WAVE_HOST_SIZE && !name[n];
}

int wave_note_host(struct store *s, uint32_t mta, const char *host)
{
	struct waves *w = mta && is_host_name(host) ? waves_made(s) : NULL;

	if (!w)
		return s->spoilt ? STORE_FAILED : STORE_OK;
	for (unsigned i = 0; i < HOSTS_MAX && i < w->hosts; i++)
		if (w->host[i].mta == mta)
			return STORE_OK;
	struct host *h = &w->host[w->hosts++ % HOSTS_MAX];
	h->mta = mta;
	snprintf(h->name, sizeof h->name, "%s", host);
	return STORE_OK;
}

/* --- told ----------------------------------------------------------------- */

int wave_tell_known(
	struct store *s, const struct known_wave *w, const char *name, const char *state)
{
	return wave_tell(s,
		&(struct wave_line){
			wave_kind_names[w->kind], name, w->mta, w->day, w->opened, state });
}

/* --- opened --------------------------------------------------------------- */

/* Of this store's own, as it judges by what it has read itself. */
const struct known_wave *wave_find(const struct waves *all, const struct known_wave *w)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->wave[i].own && all->wave[i].day == w->day &&
			wave_is_same(&all->wave[i], w))
			return &all->wave[i];
	return NULL;
}

/* The host's name, of a bounce that was read just now or of another day's wave. */
static const char *host_of(const struct waves *all, uint32_t mta)
{
	for (unsigned i = 0; i < HOSTS_MAX && i < all->hosts; i++)
		if (all->host[i].mta == mta)
			return all->host[i].name;
	for (unsigned i = 0; i < all->n; i++)
		if (all->wave[i].kind == OF_MTA && all->wave[i].mta == mta && *all->wave[i].name)
			return all->wave[i].name;
	return "";
}

int wave_open(struct store *s, const struct hour *h, struct known_wave w)
{
	const char *name = w.kind == OF_MTA ? host_of(s->waves, w.mta) : w.name;

	if (wave_find(s->waves, &w))
		return STORE_OK;
	w.opened = (h->hour + 1) * HOUR;
	if (db_run(s, SQL_WAVE_ADD, "ttiii", wave_kind_names[w.kind], name, (int64_t)w.mta, w.day,
		    w.opened) ||
		db_run(s, SQL_WAVE_AGREE, "ttii", wave_kind_names[w.kind], name, (int64_t)w.mta,
			w.day) ||
		(!s->waves->judging_all && wave_tell_known(s, &w, name, WAVE_HELD)))
		return STORE_FAILED;
	return wave_load(s);
}

/* --- settled -------------------------------------------------------------- */

static bool is_chosen(const struct known_wave *w, const struct cause_choice *c, uint32_t mta)
{
	const char *name = w->kind == OF_PROVIDER ? c->provider : c->rule;

	if (w->day < day_start(c->from) || w->day > day_start(c->to))
		return false;
	return w->kind == OF_MTA ? w->mta == mta : name && strcmp(w->name, name) == 0;
}

int wave_settle(struct store *s, const struct cause_choice *c, uint32_t mta, const char *state,
	uint64_t *settled)
{
	int64_t from = day_start(c->from), to = day_start(c->to);
	int result = STORE_OK;

	if (db_run(s, SQL_WAVE_OWN, "iitti", from, to, c->provider, c->rule, (int64_t)mta) ||
		wave_load(s))
		return STORE_FAILED;
	for (unsigned i = 0; s->waves && i < s->waves->n && !result; i++) {
		const struct known_wave *w = &s->waves->wave[i];
		if (w->own && w->holds && is_chosen(w, c, mta))
			result = wave_tell_known(s, w, w->name, state);
	}
	if (result ||
		db_run(s, SQL_WAVE_SETTLE, "tiittii", state, from, to, c->provider, c->rule,
			(int64_t)mta, (int64_t)0))
		return STORE_FAILED;
	*settled = (uint64_t)sqlite3_changes(s->db);
	return db_run(s, SQL_WAVE_SETTLE, "tiittii", state, from, to, c->provider, c->rule,
		       (int64_t)mta, (int64_t)1) ||
			wave_load(s)
		? STORE_FAILED
		: STORE_OK;
}

void wave_mark(struct store *s, const struct history *h, enum wave_mark mark)
{
	for (unsigned i = 0; i < h->days; i++) {
		const struct day *d = &h->day[i];
		const struct cause *c = history_cause(h, d->by[HISTORY_HARD]);
		for (unsigned k = 0; d->count[HISTORY_HARD] && s->waves && k < s->waves->n; k++) {
			struct known_wave *w = &s->waves->wave[k];
			if (w->holds && w->day == d->start &&
				wave_is_of(w, c->provider, c->rule, c->mta))
				w->marks |= mark;
		}
	}
}

int wave_close_empty(struct store *s)
{
	unsigned n = s->waves ? s->waves->n : 0, closing = 0;
	struct known_wave *empty = calloc(n + 1, sizeof *empty);
	int result = STORE_OK;

	if (!empty)
		return store_fail(s, STORE_FAILED, "no memory");
	for (unsigned i = 0; i < n; i++) {
		if (s->waves->wave[i].marks == MARK_HAD)
			empty[closing++] = s->waves->wave[i];
		s->waves->wave[i].marks = 0;
	}
	for (unsigned i = 0; i < closing && !result; i++) {
		const struct known_wave *w = &empty[i];
		struct cause_choice c = { w->day, w->day,
			.rule = w->kind == OF_RULE ? w->name : NULL,
			.provider = w->kind == OF_PROVIDER ? w->name : NULL };
		uint64_t settled;
		result = wave_settle(s, &c, w->mta, WAVE_TAKEN_BACK, &settled);
	}
	free(empty);
	return result;
}

int wave_tell_all(struct store *s)
{
	int result = STORE_OK;

	for (unsigned i = 0; s->waves && i < s->waves->n && !result; i++) {
		const struct known_wave *w = &s->waves->wave[i];
		if (w->own)
			result = wave_tell_known(s, w, w->name, w->state);
	}
	return result;
}
