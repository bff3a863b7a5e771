/*
 * The brake on improbable hard bounces.
 *
 * Hard bounces are counted by hour, provider, rule and reporting MTA in brake_hour. Who rests on a
 * wave (wave.c) is unconfirmed: held, not suppressed, until a bounce comes that belongs to no wave,
 * an operator confirms or takes back, or time is over. Whether somebody is held depends on the wave
 * and not on which of its bounces was read first, so the ones before it was one are held, too.
 *
 * Failures that nobody understands are counted as a provider of their own: they have their own
 * habit, and take nothing from that of hard ones. Their wave holds nobody; its day is no step
 * towards the end that three of them make.
 *
 * An hour that is read late may have been the habit of later ones, and one that was judged before
 * all of it was read may have looked otherwise: meta has the first such hour, and brake_advance()
 * looks at all from there.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/brake.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/standing.h"
#include "store/wave.h"
#include "store/message.h"

enum {
	COUNTED = 62 * DAY, /* what is older when it is read is none of a wave that matters */
	CELLS_KEPT = COUNTED + 2 * DAY,
	PEAKS_KEPT = 2 * CELLS_KEPT,
	CELLS_MAX = 256, /* counted in memory at a time */
};
#define LATE "brake-late"
#define FRESH "brake-day" /* the first day with hard bounces since the days were looked at */

struct brake_cell {
	int64_t hour;
	char provider[EVENT_PROVIDER_SIZE];
	char rule[EVENT_RULE_SIZE];
	uint32_t mta;
	int64_t count;
};

struct brake {
	unsigned cells;
	struct brake_cell cell[CELLS_MAX];
};

void brake_free(struct store *s)
{
	free(s->brake);
	s->brake = NULL;
	wave_free(s);
}

void brake_discard(struct store *s)
{
	if (s->brake)
		s->brake->cells = 0;
	if (s->waves)
		(void)wave_load(s);
}

/* --- counting ------------------------------------------------------------- */

int brake_add(struct store *s, const struct packed *e, bool unclear)
{
	const char *provider = e->profiled ? e->provider : "other";
	uint32_t mta = unclear ? 0 : e->mta;
	struct brake *b = s->brake;

	if (unclear)
		provider = NOT_UNDERSTOOD;

	if (!s->o.brake_minimum || e->at < s->present - COUNTED)
		return STORE_OK;
	if (!b && !(b = s->brake = calloc(1, sizeof *b)))
		return store_fail(s, STORE_FAILED, "no memory");
	for (unsigned i = 0; i < b->cells; i++) {
		struct brake_cell *c = &b->cell[i];
		if (c->hour == e->at / HOUR && c->mta == mta && !strcmp(c->provider, provider) &&
			!strcmp(c->rule, e->rule)) {
			c->count++;
			return STORE_OK;
		}
	}
	if (b->cells == CELLS_MAX && brake_flush(s))
		return STORE_FAILED;
	struct brake_cell *c = &b->cell[b->cells++];
	*c = (struct brake_cell){ .hour = e->at / HOUR, .mta = mta, .count = 1 };
	snprintf(c->provider, sizeof c->provider, "%.*s", (int)sizeof c->provider - 1, provider);
	memcpy(c->rule, e->rule, sizeof c->rule);
	return STORE_OK;
}

static int refold_resting(struct store *s, struct contact *c, void *context)
{
	const int64_t *day = context;

	return history_has_final(&c->history, *day) &&
			(share_exact(s, c) || contact_refold(s, c) ||
				contact_save(s, SQL_CONTACT_PUT, c))
		? STORE_FAILED
		: STORE_OK;
}

/* Everybody who rests on DAY or later, with the waves as they are now. */
int brake_refold(struct store *s, int64_t day)
{
	return contacts_each(s, SQL_CONTACT_FROM, &day, refold_resting, &day);
}

static int compare_cells(const void *a, const void *b)
{
	const struct brake_cell *x = a, *y = b;

	return x->hour < y->hour ? -1 : x->hour > y->hour;
}

static int read_late(struct store *s, int64_t *hour)
{
	*hour = 0;
	return db_int(s, hour, SQL_META_GET, "t", LATE);
}

/* The first hour that was read after a later one or that has to do with a wave. */
static int note_late(struct store *s, int64_t hour)
{
	int64_t newest = 0, known;
	char text[32];

	if (db_int(s, &newest, SQL_BRAKE_NEWEST, "") || read_late(s, &known))
		return STORE_FAILED;
	if ((hour >= newest && !wave_is_near(s, day_start(hour * HOUR))) ||
		(known && known <= hour))
		return STORE_OK;
	snprintf(text, sizeof text, "%lld", (long long)hour);
	return db_run(s, SQL_META_PUT, "tt", LATE, text);
}

static int note_fresh(struct store *s, int64_t day)
{
	int64_t known = 0;
	char text[32];

	if (db_int(s, &known, SQL_META_GET, "t", FRESH))
		return STORE_FAILED;
	if (known && known <= day)
		return STORE_OK;
	snprintf(text, sizeof text, "%lld", (long long)day);
	return db_run(s, SQL_META_PUT, "tt", FRESH, text);
}

static int write_cells(struct store *s, const struct brake *b)
{
	for (unsigned i = 0; i < b->cells; i++) {
		const struct brake_cell *c = &b->cell[i];
		if (db_run(s, SQL_BRAKE_ADD, "ittii", c->hour, c->provider, c->rule,
			    (int64_t)c->mta, c->count))
			return STORE_FAILED;
	}
	return STORE_OK;
}

int brake_flush(struct store *s)
{
	struct brake *b = s->brake;
	int64_t first = INT64_MAX;

	if (!b || !b->cells)
		return STORE_OK;
	qsort(b->cell, b->cells, sizeof *b->cell, compare_cells);
	if (note_late(s, b->cell[0].hour) || note_fresh(s, day_start(b->cell[0].hour * HOUR)) ||
		write_cells(s, b))
		return STORE_FAILED;
	for (unsigned i = 0; i < b->cells; i++) {
		int64_t hour = b->cell[i].hour;
		if ((!i || hour != b->cell[i - 1].hour) &&
			(wave_judge_hour(s, hour, &first) || note_late(s, hour)))
			return STORE_FAILED;
	}
	b->cells = 0;
	return first < INT64_MAX ? brake_refold(s, first) : STORE_OK;
}

/* --- what becomes of them ------------------------------------------------- */

/* *FROM: earlier, where a day that has grown is a wave as a whole. */
static int look_at_days(struct store *s, int64_t now, int64_t *from)
{
	int64_t day = 0;
	bool any = false;

	if (db_int(s, &day, SQL_META_GET, "t", FRESH))
		return STORE_FAILED;
	for (; day && day <= now && !any && s->o.brake_minimum; day += DAY)
		if (wave_judge_day(s, day, false, &any))
			return STORE_FAILED;
	if (any && (!*from || (day - DAY) / HOUR < *from))
		*from = (day - DAY) / HOUR;
	return db_run(s, SQL_META_DELETE, "t", FRESH);
}

int brake_advance(struct store *s, int64_t now)
{
	int64_t first = INT64_MAX, late, held = wave_first_held(s, now);

	if (brake_flush(s) || read_late(s, &late))
		return STORE_FAILED;
	int64_t from = held < INT64_MAX && (!late || held / HOUR < late) ? held / HOUR : late;
	if (look_at_days(s, now, &from))
		return STORE_FAILED;
	if (from && s->o.brake_minimum && wave_judge_from(s, from, &first))
		return STORE_FAILED;
	if (db_run(s, SQL_META_DELETE, "t", LATE) ||
		db_run(s, SQL_BRAKE_FORGET, "i", (now - CELLS_KEPT) / HOUR) ||
		db_run(s, SQL_BRAKE_PEAK_FORGET, "ii", (int64_t)0, day_start(now - PEAKS_KEPT)))
		return STORE_FAILED;
	return first < INT64_MAX ? brake_refold(s, first) : STORE_OK;
}

int store_confirm(struct store *s, const struct cause_choice *choice, uint64_t *waves)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "confirm outside a transaction");
	uint32_t mta = choice->reporting_mta ? cause_number(s, CAUSE_MTA, choice->reporting_mta)
					     : 0;
	if (wave_settle(s, choice, mta, "confirmed", waves) || !*waves)
		return s->spoilt ? STORE_FAILED : STORE_OK;
	return brake_refold(s, day_start(choice->from));
}

int store_waves(struct store *s, int64_t now, int (*visit)(void *context, const struct wave *w),
	void *context)
{
	int64_t hold = whole_days(s->o.brake_hold);
	sqlite3_stmt *st = db_bind(s, SQL_WAVES_HELD, "i", now - DAY - hold);
	char name[STORE_NAME_SIZE];
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct wave w = { (const char *)sqlite3_column_text(st, 0), name,
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), 0,
			(uint64_t)sqlite3_column_int64(st, 4), sqlite3_column_int(st, 5) != 0 };
		db_text(st, 1, name, sizeof name);
		w.until = w.day + DAY + hold;
		result = visit(context, &w);
	}
	return result;
}
