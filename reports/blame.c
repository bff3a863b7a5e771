/*
 * What changed against the month before, and where.
 */
#include "reports/findings.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	LEVEL_PERCENT = 10, /* a change below it counts as level */
};

int change_direction(const struct cell *now, const struct cell *before, unsigned k)
{
	if (now->state != CELL_SHOWN || before->state != CELL_SHOWN)
		return 0;
	uint64_t difference = now->n > before->n ? now->n - before->n : before->n - now->n;
	if (difference < k || difference * 100 < before->n * LEVEL_PERCENT)
		return 0;
	return now->n > before->n ? 1 : -1;
}

bool months_comparable(const struct month_report *r)
{
	return r->month[1].covered && !r->month[1].partial;
}

static void say_movement(const struct month_report *r, struct sentence *s, const char *column,
	const struct cell *now, const struct cell *before)
{
	static const char *const words[] = { "movement.down", "movement.level", "movement.up" };
	char id[64], n[COUNT_TEXT_SIZE], change[COUNT_TEXT_SIZE] = "";
	long percent;
	int way = change_direction(now, before, r->k);
	bool changed = change_percent(now, before, &percent) &&
		(way || labs(percent) < LEVEL_PERCENT);
	snprintf(id, sizeof id, "column.%s.words", column);
	cell_text(r, now, n, sizeof n);
	if (changed)
		percent_text(
			r->texts, way ? labs(percent) : percent, way == 0, change, sizeof change);
	FILL(s, text_of(r->texts, changed ? words[way + 1] : "movement.count"),
		{ "what", text_of(r->texts, id) }, { "n", n }, { "percent", change });
}

/*
 * How much a part of a whole moved at least, in the direction WAY; 0 where that cannot be said.
 * Where the count before is not shown, it was no more than what the shown parts left of the whole.
 */
static int64_t movement(const struct cell *now, const struct cell *before,
	const struct cell *whole_before, uint64_t others_before, int way, unsigned k)
{
	if (before->state == CELL_SHOWN)
		return change_direction(now, before, k) == way
			? way * ((int64_t)now->n - (int64_t)before->n)
			: 0;
	if (way < 0 || now->state != CELL_SHOWN || whole_before->state != CELL_SHOWN)
		return 0;
	int64_t rise = (int64_t)now->n - ((int64_t)whole_before->n - (int64_t)others_before);
	return rise >= (int64_t)k ? rise : 0;
}

static uint64_t sum_shown(const struct cell column[COLUMN_COUNT], unsigned except)
{
	uint64_t n = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		n += c == except || c == COLUMN_COMPLAINT ? 0 : figure_shown(&column[c]);
	return n;
}

/* The class whose change is the largest part of the bounces' change. */
static unsigned driving_column(
	const struct figures *now, const struct figures *before, int way, unsigned k)
{
	unsigned best = COLUMN_COUNT;
	int64_t most = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		int64_t moved = c == COLUMN_COMPLAINT
			? 0
			: movement(&now->column[c], &before->column[c], &before->bounces,
				  sum_shown(before->column, c), way, k);
		if (moved > most) {
			most = moved;
			best = c;
		}
	}
	return best;
}

/* The provider whose count in that class moved most. */
static const char *driving_provider(const struct figures *now, const struct figures *before,
	unsigned column, int way, unsigned k)
{
	const char *best = NULL;
	int64_t most = 0;
	for (size_t i = 0; i < now->providers.count; i++) {
		const struct row *row = &now->providers.row[i];
		const struct row *old = row->rest ? NULL
						  : table_find(&before->providers, row->name);
		int64_t moved = old ? movement(&row->column[column], &old->column[column],
					      &old->bounces, sum_shown(old->column, column), way, k)
				    : 0;
		if (moved > most) {
			most = moved;
			best = row->name;
		}
	}
	return best;
}

/*
 * "Against September 2026, bounces rose by 12 % to 3,412 and …; most of the rise is blocks, above
 * all at gmx."
 */
void say_change(const struct month_report *r, struct sentence *s, int way)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	char month[DATE_TEXT_SIZE], text[SENTENCE_SIZE] = "", id[64];
	struct sentence movements = { text, 0, sizeof text };
	say_movement(r, &movements, "bounces", &now->bounces, &before->bounces);
	say_text(&movements, text_of(r->texts, "and"));
	say_movement(r, &movements, "complaint", &now->column[COLUMN_COMPLAINT],
		&before->column[COLUMN_COMPLAINT]);
	unsigned column = way ? driving_column(now, before, way, r->k) : COLUMN_COUNT;
	if (column < COLUMN_COUNT) {
		const char *provider = driving_provider(now, before, column, way, r->k);
		snprintf(id, sizeof id, "column.%s.words", column_name(column));
		say_text(&movements, "; ");
		FILL(&movements,
			text_of(r->texts, provider ? "verdict.driver.provider" : "verdict.driver"),
			{ "way", text_of(r->texts, way > 0 ? "verdict.rise" : "verdict.fall") },
			{ "what", text_of(r->texts, id) },
			{ "provider", provider ? provider : "" });
	}
	FILL(s, text_of(r->texts, "verdict.against"),
		{ "before", month_title(r->texts, before->month, month, sizeof month) },
		{ "movements", text });
}
