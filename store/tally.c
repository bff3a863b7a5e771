/*
 * Anonymous counts: events per day of the report's zone, kind, class, category, origin, provider
 * and campaign; messages per day, mailbox and outcome. They stay, and all reports are made of them.
 *
 * Counts are gathered in memory while a transaction runs, and written at its end or when the memory
 * is full, so that a thousand equal events cost one row's update. Names that come with mail have a
 * bound: above CAMPAIGNS_MAX campaigns a day the rest is counted as "other campaigns", whose blank
 * no real campaign has.
 */
#include <stdlib.h>
#include <stdio.h>
#include <time.h>
#include "store/internal.h"
#include "store/held.h"
#include "store/hour.h"
#include "store/message.h"
#include "store/tally.h"

enum {
	TALLY_CELLS = 1024 /* a power of two */,
	TALLY_CELLS_FULL = 768,
	MESSAGE_CELLS = 32,
	RECURRENCE_CELLS = 64,
	CAMPAIGNS_MAX = 2000
};

const char other_campaigns[] = "other campaigns";

struct message_cell {
	int32_t day;
	const char *outcome;
	char mailbox[STORE_NAME_SIZE];
	uint64_t count;
};

struct recurrence_cell {
	int32_t day;
	uint8_t klass;
	uint64_t count[2]; /* repeated, first */
};

struct counters {
	unsigned cells, messages, recurrences;
	struct recurrence_cell recurrence[RECURRENCE_CELLS];
	struct tally cell[TALLY_CELLS];
	struct message_cell message[MESSAGE_CELLS];
};

int32_t day_of(int64_t at)
{
	time_t t = at;
	struct tm tm;

	localtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

int64_t day_begin(int32_t day)
{
	struct tm tm = { .tm_year = day / 10000 - 1900,
		.tm_mon = day / 100 % 100 - 1,
		.tm_mday = day % 100,
		.tm_isdst = -1 };

	return mktime(&tm);
}

static struct counters *counters(struct store *s)
{
	if (!s->counters && !(s->counters = calloc(1, sizeof *s->counters)))
		store_fail(s, STORE_FAILED, "no memory");
	return s->counters;
}

void counters_discard(struct store *s)
{
	hours_discard(s);
	held_discard(s);
	if (s->counters)
		memset(s->counters, 0, sizeof *s->counters);
}

/* --- writing -------------------------------------------------------------- */

int tally_bounded_campaign(struct store *s, int32_t day, const char **campaign)
{
	int64_t known = 0, count = 0;

	if (!**campaign)
		return STORE_OK;
	if (db_int(s, &known, SQL_CAMPAIGN_KNOWN, "it", (int64_t)day, *campaign))
		return STORE_FAILED;
	if (known)
		return STORE_OK;
	if (db_int(s, &count, SQL_CAMPAIGN_COUNT, "i", (int64_t)day))
		return STORE_FAILED;
	if (count < CAMPAIGNS_MAX)
		return db_run(s, SQL_CAMPAIGN_ADD, "it", (int64_t)day, *campaign);
	*campaign = other_campaigns;
	return STORE_OK;
}

static int write_cell(struct store *s, const struct tally *t)
{
	const char *campaign = t->campaign;

	if (totals_add(s, t) || tally_bounded_campaign(s, t->day, &campaign))
		return STORE_FAILED;
	return db_run(s, SQL_TALLY_ADD, "itttttti", (int64_t)t->day, kind_name(t->kind),
		class_name(t->klass), category_name(t->category), origin_name(t->origin),
		t->provider, campaign, (int64_t)t->count);
}

int counters_flush(struct store *s)
{
	struct counters *c = s->counters;

	if (hours_flush(s) || held_flush(s))
		return STORE_FAILED;
	if (!c)
		return STORE_OK;
	for (unsigned i = 0; i < TALLY_CELLS && c->cells; i++)
		if (c->cell[i].count && write_cell(s, &c->cell[i]))
			return STORE_FAILED;
	for (unsigned i = 0; i < c->messages; i++)
		if (db_run(s, SQL_MESSAGE_COUNT_ADD, "itti", (int64_t)c->message[i].day,
			    c->message[i].mailbox, c->message[i].outcome,
			    (int64_t)c->message[i].count))
			return STORE_FAILED;
	for (unsigned i = 0; i < c->recurrences; i++)
		if (db_run(s, SQL_RECURRENCE_ADD, "itii", (int64_t)c->recurrence[i].day,
			    class_name(c->recurrence[i].klass), (int64_t)c->recurrence[i].count[1],
			    (int64_t)c->recurrence[i].count[0]))
			return STORE_FAILED;
	counters_discard(s);
	return STORE_OK;
}

static bool same_tally_cell(const struct tally *a, const struct tally *b)
{
	return a->day == b->day && a->kind == b->kind && a->klass == b->klass &&
		a->category == b->category && a->origin == b->origin &&
		strcmp(a->provider, b->provider) == 0 && strcmp(a->campaign, b->campaign) == 0;
}

/* FNV-1a: at worst a foreign campaign name makes a long walk through 1,024 cells. */
static uint32_t tally_cell_hash(const struct tally *t)
{
	uint32_t h = 2166136261u ^ (uint32_t)t->day;

	h = (h ^ t->category) * 16777619u;
	h = (h ^ (uint32_t)(t->kind << 8 | t->origin)) * 16777619u;
	for (const char *p = t->provider; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (const char *p = t->campaign; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return h;
}

int tally_add(struct store *s, const struct packed *e)
{
	struct tally t = { .day = e->day,
		.kind = e->kind,
		.klass = e->klass,
		.category = e->category,
		.origin = e->origin };
	struct counters *c = counters(s);
	uint32_t i;

	if (!c)
		return STORE_FAILED;
	memcpy(t.provider, e->profiled ? e->provider : "other",
		e->profiled ? sizeof t.provider - 1 : sizeof "other");
	memcpy(t.campaign, e->campaign, sizeof t.campaign);
	if (c->cells >= TALLY_CELLS_FULL && counters_flush(s))
		return STORE_FAILED;
	for (i = tally_cell_hash(&t) % TALLY_CELLS;
		c->cell[i].count && !same_tally_cell(&c->cell[i], &t); i = (i + 1) % TALLY_CELLS)
		;
	if (!c->cell[i].count) {
		c->cell[i] = t;
		c->cells++;
	}
	c->cell[i].count++;
	return STORE_OK;
}

/* OUTCOME is a constant of the program. */
int count_message(struct store *s, int32_t day, const char *mailbox, const char *outcome)
{
	struct counters *c = counters(s);
	unsigned i;

	if (!c)
		return STORE_FAILED;
	for (i = 0; i < c->messages; i++)
		if (c->message[i].day == day && strcmp(c->message[i].outcome, outcome) == 0 &&
			strncmp(c->message[i].mailbox, mailbox, STORE_NAME_SIZE - 1) == 0)
			break;
	if (i == MESSAGE_CELLS) {
		if (counters_flush(s))
			return STORE_FAILED;
		i = 0;
	}
	if (i == c->messages) {
		c->message[i] = (struct message_cell){ .day = day, .outcome = outcome };
		snprintf(c->message[i].mailbox, STORE_NAME_SIZE, "%s", mailbox);
		c->messages++;
	}
	c->message[i].count++;
	return STORE_OK;
}

int recurrence_add(struct store *s, int32_t day, unsigned klass, bool first)
{
	struct counters *c = counters(s);
	unsigned i = 0;

	if (!c)
		return STORE_FAILED;
	while (i < c->recurrences &&
		(c->recurrence[i].day != day || c->recurrence[i].klass != klass))
		i++;
	if (i == RECURRENCE_CELLS) {
		if (counters_flush(s))
			return STORE_FAILED;
		i = 0;
	}
	if (i == c->recurrences)
		c->recurrence[c->recurrences++] = (struct recurrence_cell){ .day = day,
			.klass = (uint8_t)klass };
	c->recurrence[i].count[first]++;
	return STORE_OK;
}

int store_count_message(struct store *s, const char *mailbox, const char *outcome, int64_t at)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "count outside a transaction");
	return db_run(s, SQL_MESSAGE_COUNT_ADD, "itti", (int64_t)day_of(at), mailbox, outcome,
		(int64_t)1);
}

/* --- reading -------------------------------------------------------------- */

/*
 * A name's number; 0, which is "none" or empty in every list, where the name is empty because it is
 * not grouped by.
 */
static uint8_t tally_number_of(int (*by_name)(const char *), sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);
	int number = name && *name ? by_name(name) : 0;

	return number < 0 ? 0 : (uint8_t)number;
}

void tally_read(sqlite3_stmt *st, struct tally *out)
{
	*out = (struct tally){ .day = sqlite3_column_int(st, 0),
		.kind = tally_number_of(kind_by_name, st, 1),
		.klass = tally_number_of(class_by_name, st, 2),
		.category = tally_number_of(category_by_name, st, 3),
		.origin = tally_number_of(origin_by_name, st, 4),
		.count = (uint64_t)sqlite3_column_int64(st, 7) };
	db_text(st, 5, out->provider, sizeof out->provider);
	db_text(st, 6, out->campaign, sizeof out->campaign);
}

/* A row mostly repeats the names of the one before. */
struct last_name {
	char text[STORE_NAME_SIZE];
	uint8_t number;
};

static uint8_t number_again(
	struct last_name *last, int (*by_name)(const char *), sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);

	if (name && strcmp(name, last->text) != 0) {
		last->number = tally_number_of(by_name, st, column);
		snprintf(last->text, sizeof last->text, "%s", name);
	}
	return last->number;
}

int store_tallies(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct tally *t), void *context)
{
	sqlite3_stmt *st = group == BY_EVERYTHING
		? db_bind(s, sql_seen(s, SQL_TALLY_ROWS), "ii", (int64_t)from, (int64_t)to)
		: db_bind(s, sql_seen(s, SQL_TALLY_GROUPS), "iii", (int64_t)from, (int64_t)to,
			  (int64_t)group);
	struct last_name kind = { "", 0 }, klass = { "", 0 }, category = { "", 0 },
			 origin = { "", 0 };
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct tally t;
		t.day = sqlite3_column_int(st, 0);
		t.kind = number_again(&kind, kind_by_name, st, 1);
		t.klass = number_again(&klass, class_by_name, st, 2);
		t.category = number_again(&category, category_by_name, st, 3);
		t.origin = number_again(&origin, origin_by_name, st, 4);
		t.count = (uint64_t)sqlite3_column_int64(st, 7);
		db_text(st, 5, t.provider, sizeof t.provider);
		db_text(st, 6, t.campaign, sizeof t.campaign);
		result = visit(context, &t);
	}
	return result;
}

int store_message_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *mailbox, const char *outcome, uint64_t count),
	void *context)
{
	return db_counts(s,
		db_bind(s, sql_seen(s, SQL_MESSAGE_COUNTS), "ii", (int64_t)from, (int64_t)to),
		visit, context);
}

int store_complaining(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, int32_t month, const char *provider), void *context)
{
	sqlite3_stmt *st = db_bind(
		s, sql_seen(s, SQL_TALLY_COMPLAINING), "ii", (int64_t)from, (int64_t)to);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, sqlite3_column_int(st, 0),
			(const char *)sqlite3_column_text(st, 1));
	return result;
}

int store_first_day(struct store *s, int32_t *day)
{
	int64_t first = 0;
	int result = db_int(s, &first, sql_seen(s, SQL_TALLY_FIRST), "");

	*day = (int32_t)first;
	return result;
}
