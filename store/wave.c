/*
 * When hard bounces are too many at once to be believed.
 *
 * A receiver that is out of order answers "user unknown" for everybody (Gmail, December 2020), and
 * so does a relay of our own that was set up wrongly. Of each provider, rule and reporting MTA the
 * hour with the most hard bounces is kept for each day. An hour with more than so many times the
 * most of any hour of the last weeks is a wave; where nothing is known of it, one in which nearly
 * all say the same. The day is the unit because a contact keeps no times.
 *
 * What drips below that is seen by the day (waveday.c), and what follows a wave by waveebb.c.
 *
 * A provider's wave explains its bounces: rules and MTAs are looked at without them, and what is
 * explained is no habit before somebody, or time, has confirmed it. A large mailing is no incident
 * where volumes explain it (waverate.c).
 *
 * Waves depend on brake_hour alone, not on the order in which it was filled: who reads an hour late
 * looks at all hours behind it anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/contacts.h"
#include "store/waveparts.h"

enum {
	ALIKE_PERCENT = 95, /* of one rule: they all say the same */
	EDGE = 2,           /* hours: a wave that begins or ends at midnight has both days */
};

/* --- one hour ------------------------------------------------------------- */

/* *TOTAL: all hard bounces of the hour. */
static int read_hour(struct store *s, struct hour *h, int64_t *total)
{
	sqlite3_stmt *st = db_bind(s, SQL_BRAKE_HOUR, "ii", h->hour, (int64_t)ROWS_MAX);
	int rc = 0;

	*total = 0;
	for (h->n = 0; st && (rc = db_step(s, st)) == 1; h->n++) {
		struct wave_row *r = &h->row[h->n];
		*r = (struct wave_row){ .mta = (uint32_t)sqlite3_column_int64(st, 2),
			.count = sqlite3_column_int64(st, 3) };
		db_text(st, 0, r->provider, sizeof r->provider);
		db_text(st, 1, r->rule, sizeof r->rule);
		*total += r->count;
	}
	if (st)
		sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

static struct known_wave wave_of(
	enum wave_kind kind, const struct hour *h, const struct wave_row *r)
{
	struct known_wave w = {
		.day = h->day, .kind = kind, .mta = kind == OF_MTA ? r->mta : 0, .holds = true
	};

	if (kind != OF_MTA)
		snprintf(w.name, sizeof w.name, "%s", kind == OF_PROVIDER ? r->provider : r->rule);
	return w;
}

struct counted {
	int64_t whole;
	int64_t open; /* that no wave explains */
};

static bool is_of_row(const struct known_wave *w, const struct wave_row *r)
{
	return wave_is_of(w, r->provider, r->rule, r->mta);
}

static struct counted count_of(const struct hour *h, const struct known_wave *w)
{
	struct counted c = { 0, 0 };

	for (unsigned i = 0; i < h->n; i++)
		if (is_of_row(w, &h->row[i])) {
			c.whole += h->row[i].count;
			c.open += h->row[i].explained ? 0 : h->row[i].count;
		}
	return c;
}

/* Of those that no wave explains, how many were decided by the rule that decided most of them. */
static int64_t count_alike(const struct hour *h, const struct known_wave *w)
{
	int64_t most = 0;

	for (unsigned i = 0; i < h->n; i++) {
		int64_t same = 0;
		for (unsigned k = 0; k < h->n && is_of_row(w, &h->row[i]); k++) {
			const struct wave_row *r = &h->row[k];
			if (!r->explained && is_of_row(w, r) &&
				strcmp(r->rule, h->row[i].rule) == 0)
				same += r->count;
		}
		most = larger(most, same);
	}
	return most;
}

static void explain_rows(struct hour *h, const struct known_wave *w)
{
	for (unsigned i = 0; i < h->n; i++)
		h->row[i].explained |= is_of_row(w, &h->row[i]);
}

static void explain_known(const struct waves *all, struct hour *h)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->wave[i].own && all->wave[i].day == h->day)
			explain_rows(h, &all->wave[i]);
}

/* --- habit ---------------------------------------------------------------- */

struct habit {
	int64_t peak, first; /* the most in an hour; the first day with any, 0: none */
};

static int read_habit(struct store *s, const struct known_wave *w, struct habit *out)
{
	/* time confirms that somebody is gone, and not that we understand why he refuses */
	int64_t settled = w->kind == OF_PROVIDER && !strcmp(w->name, NOT_UNDERSTOOD)
		? 0
		: w->day - DAY - whole_days(s->o.brake_hold);
	sqlite3_stmt *st = db_bind(s, SQL_BRAKE_HABIT, "ttiiii", wave_kind_names[w->kind],
		wave_key(w), (int64_t)w->mta, w->day - HABIT_DAYS * DAY, w->day, settled);
	int rc = st ? db_step(s, st) : -1;

	*out = (struct habit){ 0 };
	if (rc == 1) {
		out->peak = sqlite3_column_int64(st, 0);
		out->first = sqlite3_column_int64(st, 1);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/*
 * Of a rule that is new nothing can be said: that its bounces say the same is what a rule is. Who
 * mails little has no habit of hours, but may have a rate.
 */
static int is_improbable(
	struct store *s, const struct hour *in, const struct known_wave *w, int64_t count, bool *is)
{
	bool own = w->kind == OF_PROVIDER;
	struct wave_sent sent;
	struct habit h;

	*is = false;
	if (read_habit(s, w, &h))
		return STORE_FAILED;
	bool habit = h.first && h.first <= w->day - HABIT_LEAST * DAY,
	     peak = count > s->o.brake_factor * h.peak;
	if (habit && !peak)
		return STORE_OK;
	if (wave_judge_sent(s, w, in->hour, count, &sent))
		return STORE_FAILED;
	if (habit)
		*is = own ? sent.much : !sent.explains;
	else if (w->kind != OF_RULE)
		*is = sent.much && count_alike(in, w) * 100 >= count * ALIKE_PERCENT;
	*is |= peak && sent.above && (own || sent.known);
	return STORE_OK;
}

/*
 * What is kept of each hour: for every day the most. An hour so small that it could never matter
 * costs nothing.
 */
static int write_peaks(struct store *s, const struct hour *h)
{
	int64_t total = 0;

	for (unsigned i = 0; i < h->n; i++)
		total += h->row[i].count;
	if (total * s->o.brake_factor < s->o.brake_minimum)
		return STORE_OK;
	for (enum wave_kind kind = OF_PROVIDER; kind < WAVE_KINDS; kind++)
		for (unsigned i = 0; i < h->n; i++) {
			struct known_wave w = wave_of(kind, h, &h->row[i]);
			bool again = kind == OF_MTA && !w.mta;
			for (unsigned k = 0; k < i && !again; k++)
				again = is_of_row(&w, &h->row[k]);
			if (again)
				continue;
			struct counted c = count_of(h, &w);
			if (db_run(s, SQL_BRAKE_PEAK, "ttiiii", wave_kind_names[kind], wave_key(&w),
				    (int64_t)w.mta, h->day, c.whole, c.open))
				return STORE_FAILED;
		}
	return STORE_OK;
}

/* --- judging -------------------------------------------------------------- */

/* Looks at what the row R is one of. */
static int judge_row(struct store *s, struct hour *h, const struct wave_row *r, enum wave_kind kind,
	bool *opened)
{
	struct known_wave w = wave_of(kind, h, r);
	struct counted c = count_of(h, &w);
	bool is;

	if (c.open < larger(s->o.brake_minimum, s->o.k) || (kind == OF_MTA && !w.mta))
		return STORE_OK;
	if (is_improbable(s, h, &w, c.open, &is))
		return STORE_FAILED;
	if (!is)
		return STORE_OK;
	explain_rows(h, &w);
	*opened = true;
	if (wave_open(s, h, w))
		return STORE_FAILED;
	int64_t in_day = h->hour - h->day / HOUR;
	if (in_day < EDGE)
		w.day -= DAY;
	else if (in_day >= DAY / HOUR - EDGE)
		w.day += DAY;
	return wave_open(s, h, w);
}

int wave_count_again(struct store *s, int64_t day)
{
	struct hour *h = &s->waves->hour;
	int64_t total;

	if (db_run(s, SQL_BRAKE_PEAK_FORGET, "ii", day, day + DAY))
		return STORE_FAILED;
	h->day = day;
	for (h->hour = day / HOUR; h->hour < (day + DAY) / HOUR; h->hour++) {
		if (read_hour(s, h, &total))
			return STORE_FAILED;
		explain_known(s->waves, h);
		if (write_peaks(s, h))
			return STORE_FAILED;
	}
	return STORE_OK;
}

int wave_judge_hour(struct store *s, int64_t hour, int64_t *first)
{
	struct hour *h = waves_made(s) ? &s->waves->hour : NULL;
	int64_t total, day = day_start(hour * HOUR);
	bool opened = false;

	if (!h)
		return STORE_FAILED;
	h->hour = hour;
	h->day = day;
	if (read_hour(s, h, &total))
		return STORE_FAILED;
	if (total && wave_judge_ebb(s, h, &opened))
		return STORE_FAILED;
	explain_known(s->waves, h);
	if (total >= larger(s->o.brake_minimum, s->o.k))
		for (enum wave_kind kind = OF_PROVIDER; kind < WAVE_KINDS; kind++)
			for (unsigned i = 0; i < h->n; i++)
				if (!h->row[i].explained &&
					judge_row(s, h, &h->row[i], kind, &opened))
					return STORE_FAILED;
	if (!opened)
		return write_peaks(s, h);
	if (day - DAY < *first)
		*first = day - DAY;
	for (int64_t d = day - DAY; d <= day + DAY; d += DAY)
		if (wave_count_again(s, d))
			return STORE_FAILED;
	return STORE_OK;
}
