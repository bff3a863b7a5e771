/*
 * Alerts of what receivers report of our domains (store/summary.c): mail from sources of ours that
 * is no longer aligned, and TLS sessions to us that fail.
 *
 * Anyone can write such a report. So those alone count of which it is proven who sent them, from
 * receivers that did so on several days before; a source is ours by what was reported before, too.
 * All goes by the days that the reports tell of. What is usual of alignment is the median of the
 * days before: some mail is changed on its way, always.
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/units.h"
#include "store/internal.h"
#include "store/watch/condition.h"

enum {
	PAST_DAYS = 28,
	WINDOW_DAYS_MAX = 31,
	REPORTED_BEFORE = 7, /* days */
	SOURCE_LEAST = 100,  /* aligned mails */
	NAMES_MAX = 4,
	SAID_SIZE = 64,
};

struct reported_day {
	int64_t at; /* its noon */
	uint64_t all, bad;
};
/* What is said of one domain, by day. */
struct reported_domain {
	char name[SUMMARY_DOMAIN_SIZE];
	unsigned days;
	struct reported_day day[PAST_DAYS + WINDOW_DAYS_MAX + 1];
};

struct reported_kind {
	enum alert_condition condition;
	enum summary_kind kind;
	enum sql days, names;
	bool by_habit; /* what is usual counts */
};
static const struct reported_kind reported_kinds[] = {
	{ ALERT_ALIGNMENT, SUMMARY_DMARC, SQL_ALIGNMENT_DAYS, SQL_ALIGNMENT_WHO, true },
	{ ALERT_TLS_FAILURES, SUMMARY_TLS, SQL_TLS_DAYS, SQL_TLS_WHAT, false },
};

struct reported_watching {
	struct store *s;
	const struct alert_options *o;
	const struct reported_kind *kind;
	int64_t past, from, end, now;
};

static int64_t share_of_day(const struct reported_day *d)
{
	return rate_ppm(d->bad, d->all);
}

static int by_share(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The median share of the days before FROM, in millionths; 0 where there is none. */
static int64_t usual_share(const struct reported_domain *d, int64_t from)
{
	int64_t share[PAST_DAYS + WINDOW_DAYS_MAX + 1];
	unsigned n = 0;

	for (unsigned i = 0; i < d->days && d->day[i].at < from; i++)
		share[n++] = share_of_day(&d->day[i]);
	qsort(share, n, sizeof *share, by_share);
	return n ? share[n / 2] : 0;
}

/* Since when it has been so without a day between: the beginning of the first of these days. */
static int64_t bad_since(const struct reported_domain *d, int64_t least)
{
	int64_t since = 0;

	for (unsigned i = d->days; i-- > 0 && (!since || share_of_day(&d->day[i]) >= least);)
		if (share_of_day(&d->day[i]) >= least)
			since = day_start(d->day[i].at);
	return since;
}

/* Who says so, or what results there were: the most first. */
static int take_names(const struct reported_watching *w, const char *domain, char *out, size_t size)
{
	sqlite3_stmt *st = db_bind(w->s, w->kind->names, "iiiiit", w->past, w->from, w->end,
		(int64_t)SOURCE_LEAST, (int64_t)REPORTED_BEFORE, domain);
	char name[SUMMARY_RECEIVER_SIZE];
	int result = STORE_OK;
	unsigned n = 0;
	size_t used = 0;

	*out = '\0';
	while (db_row(w->s, st, &result)) {
		db_text(st, 0, name, sizeof name);
		if (n++ < NAMES_MAX && used + strlen(name) + sizeof ", " < size)
			used += (size_t)snprintf(
				out + used, size - used, "%s%s", used ? ", " : "", name);
	}
	return result;
}

static int judge_reported(const struct reported_watching *w, const struct reported_domain *d)
{
	const struct alert_rule *rule = &w->o->rule[w->kind->condition];
	struct alert_finding f = { .condition = w->kind->condition, .level = LEVEL_CALM };
	struct alert_figures *g = &f.figures;

	*g = (struct alert_figures){ .limit = rule->threshold, .usual = -1, .to = w->end };
	for (unsigned i = 0; i < d->days; i++)
		if (d->day[i].at >= w->from) {
			g->part += d->day[i].bad;
			g->whole += d->day[i].all;
		}
	if (!g->whole)
		return STORE_OK;
	if (w->kind->by_habit)
		g->limit = larger(g->limit, 3 * usual_share(d, w->from));
	g->value = rate_ppm(g->part, g->whole);
	g->to = w->end < w->now ? w->end : w->now;
	snprintf(f.subject, sizeof f.subject, "%.*s", STORE_NAME_SIZE - 1, d->name);
	if (g->part < (uint64_t)larger(rule->minimum, w->s->o.k))
		return store_alert_note(w->s, w->o, &f, w->now);
	/* the lower threshold keeps its distance from the one that is in force */
	const int64_t calm = g->limit * rule->clear / rule->threshold;
	if (g->value >= g->limit)
		f.level = LEVEL_FIRING;
	else if (g->value >= calm)
		f.level = LEVEL_OPEN;
	g->from = bad_since(d, calm);
	if (f.level == LEVEL_FIRING && take_names(w, d->name, g->detail, sizeof g->detail))
		return STORE_FAILED;
	return store_alert_note(w->s, w->o, &f, w->now);
}

static int watch_reported(const struct reported_watching *w, struct reported_domain *d)
{
	sqlite3_stmt *st = db_bind(w->s, w->kind->days, "iiiii", w->past, w->from, w->end,
		(int64_t)SOURCE_LEAST, (int64_t)REPORTED_BEFORE);
	char name[SUMMARY_DOMAIN_SIZE];
	int result = STORE_OK;

	d->days = 0;
	while (db_row(w->s, st, &result)) {
		db_text(st, 0, name, sizeof name);
		if (d->days && strcmp(name, d->name) != 0) {
			result = judge_reported(w, d);
			d->days = 0;
		}
		memcpy(d->name, name, sizeof name);
		if (d->days < sizeof d->day / sizeof *d->day)
			d->day[d->days++] = (struct reported_day){ sqlite3_column_int64(st, 1),
				(uint64_t)sqlite3_column_int64(st, 2),
				(uint64_t)sqlite3_column_int64(st, 3) };
	}
	return result || !d->days ? result : judge_reported(w, d);
}

/*
 * Most runs end here: nothing new is said since the last that looked, and no alert waits for
 * something better. LOOKED: what is said now, for the next.
 */
static int is_any_due(const struct reported_watching *w, char looked[SAID_SIZE], bool *due)
{
	const char *condition = alert_condition_name(w->kind->condition);
	char before[SAID_SIZE];
	int64_t open = 0;

	if (db_line(w->s, looked, SAID_SIZE, SQL_SUMMARY_SAID, "it", w->from,
		    summary_kind_name(w->kind->kind)) ||
		db_line(w->s, before, SAID_SIZE, SQL_META_GET, "t", condition) ||
		db_int(w->s, &open, SQL_ALERT_ANY_OPEN, "t", condition))
		return STORE_FAILED;
	*due = open || strcmp(looked, before) != 0;
	return STORE_OK;
}

static int watch_kind(const struct reported_watching *w, struct reported_domain *d)
{
	char looked[SAID_SIZE];
	bool due;

	if (is_any_due(w, looked, &due))
		return STORE_FAILED;
	if (!due)
		return STORE_OK;
	return watch_reported(w, d) ||
			db_run(w->s, SQL_META_PUT, "tt", alert_condition_name(w->kind->condition),
				looked)
		? STORE_FAILED
		: STORE_OK;
}

int reported_watch(struct store *s, const struct alert_options *o, int64_t now)
{
	struct reported_domain *d = malloc(sizeof *d);
	int result = d ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	for (unsigned i = 0; i < sizeof reported_kinds / sizeof *reported_kinds && !result; i++) {
		const struct reported_kind *kind = &reported_kinds[i];
		const struct alert_rule *rule = &o->rule[kind->condition];
		int64_t window = rule->window < WINDOW_DAYS_MAX * DAY ? rule->window
								      : WINDOW_DAYS_MAX * DAY;
		struct reported_watching w = { s, o, kind, .from = day_start(now - window),
			.end = day_start(now) + DAY, .now = now };
		w.past = w.from - PAST_DAYS * DAY;
		if (rule->active)
			result = watch_kind(&w, d);
	}
	free(d);
	return result;
}
