/*
 * Anonymous counts by the hour (UTC): what alerts compare with. Gathered in memory while a
 * transaction runs and written at its end, as the tallies of days are; the hours of the last
 * HOURS_KEPT stay. Only attributed notices count: whoever forges bounces raises no alert.
 *
 * And the totals from the beginning on, for metrics, which must not grow slower with the years.
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/units.h"
#include "store/internal.h"
#include "store/hour.h"
#include "store/kpi.h"
#include "store/message.h"

enum { HOUR_CELLS = 256 /* a power of two */, HOUR_CELLS_FULL = 192 };

/* The columns of notice_hour. */
enum hour_column {
	COLUMN_HARD,
	COLUMN_SOFT,
	COLUMN_BLOCK,
	COLUMN_UNDETERMINED,
	COLUMN_COMPLAINT,
	COLUMN_THROTTLED,
	COLUMNS
};

struct hour_cell {
	int64_t hour; /* 0: empty */
	char provider[EVENT_PROVIDER_SIZE];
	int64_t count[COLUMNS];
};

struct hours {
	unsigned cells;
	struct hour_cell cell[HOUR_CELLS];
};

void hours_discard(struct store *s)
{
	if (s->hours && s->hours->cells)
		memset(s->hours, 0, sizeof *s->hours);
}

int hours_flush(struct store *s)
{
	struct hours *h = s->hours;

	for (unsigned i = 0; h && h->cells && i < HOUR_CELLS; i++) {
		const struct hour_cell *c = &h->cell[i];
		if (c->hour &&
			db_run(s, SQL_NOTICE_HOUR_ADD, "itiiiiii", c->hour, c->provider,
				c->count[COLUMN_HARD], c->count[COLUMN_SOFT],
				c->count[COLUMN_BLOCK], c->count[COLUMN_UNDETERMINED],
				c->count[COLUMN_COMPLAINT], c->count[COLUMN_THROTTLED]))
			return STORE_FAILED;
	}
	hours_discard(s);
	return STORE_OK;
}

static struct hour_cell *cell_of(struct hours *h, int64_t hour, const char *provider)
{
	uint32_t i = (uint32_t)hour;

	for (const char *p = provider; *p; p++)
		i = (i ^ (unsigned char)*p) * 16777619u; /* FNV-1a */
	for (i %= HOUR_CELLS; h->cell[i].hour; i = (i + 1) % HOUR_CELLS)
		if (h->cell[i].hour == hour && strcmp(h->cell[i].provider, provider) == 0)
			return &h->cell[i];
	h->cells++;
	h->cell[i].hour = hour;
	snprintf(h->cell[i].provider, sizeof h->cell[i].provider, "%.*s", EVENT_PROVIDER_SIZE - 1,
		provider);
	return &h->cell[i];
}

static bool is_throttling(const struct packed *e)
{
	return e->kind != KIND_COMPLAINT && (e->reply == 421 || strncmp(e->status, "4.7.", 4) == 0);
}

/* The column of a failure or complaint; COLUMNS for what is none. */
static enum hour_column hour_column_of(const struct packed *e)
{
	if (e->kind == KIND_COMPLAINT)
		return COLUMN_COMPLAINT;
	if (e->kind != KIND_FAILURE)
		return COLUMNS;
	if (e->klass == CLASS_HARD)
		return COLUMN_HARD;
	if (e->klass == CLASS_SOFT)
		return COLUMN_SOFT;
	if (e->klass == CLASS_BLOCK)
		return COLUMN_BLOCK;
	return COLUMN_UNDETERMINED;
}

int hours_add(struct store *s, const struct packed *e, int64_t now)
{
	bool ours = e->origin == ORIGIN_MATCHED || e->origin == ORIGIN_VERIFIED;
	enum hour_column column = hour_column_of(e);
	bool throttling = (column != COLUMNS || e->kind == KIND_DELAY) && is_throttling(e);

	if (!ours || (column == COLUMNS && !throttling) || e->at / HOUR <= now / HOUR - HOURS_KEPT)
		return STORE_OK;
	if (!s->hours && !(s->hours = calloc(1, sizeof *s->hours)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (s->hours->cells >= HOUR_CELLS_FULL && hours_flush(s))
		return STORE_FAILED;
	struct hour_cell *c = cell_of(s->hours, e->at / HOUR, e->profiled ? e->provider : "other");
	if (column != COLUMNS)
		c->count[column]++;
	c->count[COLUMN_THROTTLED] += throttling;
	return STORE_OK;
}

int hours_visit(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, int64_t hour,
		const uint64_t count[HOUR_WHATS]),
	void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_NOTICE_HOURS, "ii", from, to);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		uint64_t count[HOUR_WHATS];
		for (int i = 0; i < HOUR_WHATS; i++)
			count[i] = (uint64_t)sqlite3_column_int64(st, 2 + i);
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			sqlite3_column_int64(st, 1), count);
	}
	return result;
}

int hours_from_events(struct store *s)
{
	return kpi_functions(s)
		? STORE_FAILED
		: db_run(s, SQL_NOTICE_HOUR_FROM_EVENTS, "i", (int64_t)HOURS_KEPT * HOUR);
}

/* --- totals --------------------------------------------------------------- */

int totals_add(struct store *s, const struct tally *t)
{
	const char *what = class_name(t->klass);

	if (t->kind != KIND_FAILURE && t->kind != KIND_COMPLAINT)
		return STORE_OK;
	if (t->origin != ORIGIN_MATCHED && t->origin != ORIGIN_VERIFIED)
		what = "unattributed";
	else if (t->kind == KIND_COMPLAINT)
		what = "complaint";
	else if (t->klass != CLASS_HARD && t->klass != CLASS_SOFT && t->klass != CLASS_BLOCK)
		what = "undetermined";
	return db_run(s, SQL_NOTICE_TOTAL_ADD, "tti", t->provider, what, (int64_t)t->count);
}

int store_totals(struct store *s,
	int (*visit)(void *context, const char *provider, const char *what, uint64_t count),
	void *context)
{
	return db_counts(s, db_bind(s, SQL_NOTICE_TOTALS, ""), visit, context);
}
