/*
 * Surges, of the conditions of an alert (condition.c). A surge is a number of notices in a stretch
 * of time (window, whole hours) that is beyond what is usual there. Usual is the median of the same
 * hours of the week in the weeks before, where there are three of them, else the mean of the last
 * week. Where mail logs say how much was sent in those hours, it is also what that many mails would
 * bring, at the rate of these hours or at that of the last four weeks: a large mailing is no
 * incident. Where counts come by day, what is usual grows with them. Beyond means all of: the
 * minimum; the threshold times what is usual; four standard deviations of a random stream; and,
 * where nobody knows how much was sent, half as much again as in any ordinary stretch of the last
 * four weeks, because then a mailing at an unusual hour looks like an incident.
 */
#include <stdlib.h>
#include <stdio.h>
#include "classify/base/units.h"
#include "store/watch/condition.h"
#include "store/watch/sendingday.h"
#include "store/internal.h"
#include "store/hour.h"

enum {
	WEEK = 7 * 24,
	WEEKS_COMPARED = 8,    /* for the median … */
	SURGE_WEEKS_LEAST = 3, /* … and it takes so many */
	HOURS_LEAST = 24,      /* for the mean; who has no past has no surge */
	HIGHEST_OF = 4 * WEEK,
	LOOK_BACK = 24, /* mail that was fetched late may tell of hours that are over */
	PROVIDERS_MAX = 256,
	DEVIATIONS = 4,
};

/* The hours of one provider, or of all of them, in the order of time. */
struct series {
	char provider[EVENT_PROVIDER_SIZE];
	bool wanted; /* something may be out of the ordinary */
	uint64_t count[HOUR_WHATS][HOURS_KEPT];
};

struct surges {
	struct store *s;
	const struct alert_options *o;
	int64_t now, first,
		begin;   /* FIRST: the hour of index 0; BEGIN: the index from which there is data */
	int64_t changed; /* the first index of which the last evaluation did not know all; PRESENT -
			    1 at most */
	bool sent_known;
	struct sending_days *sending;         /* where the hours of what was sent are not known */
	struct series *series[PROVIDERS_MAX]; /* [0] is all of them */
	unsigned count;
};

/* Index of the hour that goes on now. */
enum { PRESENT = HOURS_KEPT - 1 };

static const struct surge {
	enum alert_condition condition;
	enum hour_what what;
	bool of_all;       /* also for all providers together */
	const char *klass; /* of the events that it is about; NULL: all */
} surges[] = {
	{ ALERT_BOUNCE_SURGE, HOUR_BOUNCES, true, NULL },
	{ ALERT_BLOCK_SURGE, HOUR_BLOCKS, false, "block" },
	{ ALERT_THROTTLING, HOUR_THROTTLED, false, NULL },
};
enum { SURGES = sizeof surges / sizeof *surges };

/* --- loading -------------------------------------------------------------- */

static struct series *series_of(struct surges *u, const char *provider)
{
	for (unsigned i = 0; i < u->count; i++)
		if (strcmp(u->series[i]->provider, provider) == 0)
			return u->series[i];
	if (u->count == PROVIDERS_MAX)
		return u->series[0]; /* counted among all, without a series of its own */
	struct series *series = calloc(1, sizeof *series);
	if (!series)
		return NULL;
	snprintf(series->provider, sizeof series->provider, "%.*s", EVENT_PROVIDER_SIZE - 1,
		provider);
	u->series[u->count++] = series;
	return series;
}

static int add_hour(
	void *context, const char *provider, int64_t hour, const uint64_t count[HOUR_WHATS])
{
	struct surges *u = context;
	struct series *own = series_of(u, provider);

	if (!own)
		return store_fail(u->s, STORE_FAILED, "no memory");
	for (unsigned i = 0; i < HOUR_WHATS; i++) {
		u->series[0]->count[i][hour - u->first] += count[i];
		if (own != u->series[0])
			own->count[i][hour - u->first] += count[i];
	}
	return STORE_OK;
}

static int64_t sum(const uint64_t *count, int64_t end, int64_t hours)
{
	uint64_t n = 0;

	for (int64_t i = end; i > end - hours && i >= 0; i--)
		n += count[i];
	return (int64_t)n;
}

static int64_t least_volume(const struct surges *u, const struct alert_rule *rule)
{
	return rule->minimum > u->s->o.k ? rule->minimum : u->s->o.k;
}

static int64_t hours_of(const struct alert_rule *rule)
{
	return (rule->window + HOUR - 1) / HOUR;
}

/*
 * What an evaluation leaves for the next one: "HOUR N N …", the hour before its own, and how many
 * notices there were in that one and in those before. An hour in which nothing came since then has
 * been judged.
 */
#define SEEN_HOURS "alert-hours"

static int64_t notices(const struct surges *u, int64_t i)
{
	return (int64_t)(u->series[0]->count[HOUR_BOUNCES][i] +
		u->series[0]->count[HOUR_THROTTLED][i]);
}

static int64_t first_change(const struct surges *u, const char *seen)
{
	char *at;
	int64_t i = strtoll(seen, &at, 10) - u->first, changed = i + 1;

	if (i >= PRESENT)
		return PRESENT - LOOK_BACK; /* the clock went back */
	for (; *at == ' ' && i >= PRESENT - LOOK_BACK; i--)
		if (strtoll(at, &at, 10) != notices(u, i))
			changed = i;
	return changed < PRESENT - 1 ? larger(changed, PRESENT - LOOK_BACK) : PRESENT - 1;
}

static int read_seen(struct surges *u)
{
	sqlite3_stmt *st = db_bind(u->s, SQL_META_GET, "t", SEEN_HOURS);
	int rc = st ? db_step(u->s, st) : -1;

	u->changed = PRESENT - LOOK_BACK;
	if (rc == 1) {
		u->changed = first_change(u, (const char *)sqlite3_column_text(st, 0));
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

static int write_seen(const struct surges *u)
{
	char text[(LOOK_BACK + 1) * sizeof "-9223372036854775808"];
	int n = snprintf(text, sizeof text, "%lld", (long long)(u->first + PRESENT - 1));

	for (int64_t i = PRESENT - 1; i >= PRESENT - LOOK_BACK; i--)
		n += snprintf(text + n, sizeof text - (size_t)n, " %lld", (long long)notices(u, i));
	return db_run(u->s, SQL_META_PUT, "tt", SEEN_HOURS, text);
}

/* Most runs end here: nowhere is there enough for half an alert. */
static bool any_wanted(struct surges *u)
{
	bool any = false;

	for (unsigned i = 0; i < u->count; i++)
		for (unsigned k = 0; k < SURGES; k++) {
			const struct alert_rule *rule = &u->o->rule[surges[k].condition];
			if (!rule->active || (i == 0 && !surges[k].of_all))
				continue;
			for (int64_t end = u->changed; end <= PRESENT && !u->series[i]->wanted;
				end++)
				u->series[i]->wanted = sum(u->series[i]->count[surges[k].what], end,
							       hours_of(rule)) >=
					least_volume(u, rule) / 2;
			any |= u->series[i]->wanted;
		}
	return any;
}

static int load_series(struct surges *u)
{
	int64_t present = u->now / HOUR, first = 0;
	int64_t longest = 1;

	for (unsigned k = 0; k < SURGES; k++)
		longest = larger(longest, hours_of(&u->o->rule[surges[k].condition]));
	u->first = present - PRESENT;
	if (!series_of(u, ""))
		return store_fail(u->s, STORE_FAILED, "no memory");
	if (db_int(u->s, &first, SQL_NOTICE_HOUR_FIRST, "") ||
		volume_logs_are_all(u->s, u->now, &u->sent_known) ||
		hours_visit(u->s, present - LOOK_BACK - longest, present, add_hour, u) ||
		read_seen(u))
		return STORE_FAILED;
	u->begin = first > u->first ? first - u->first : 0;
	if (!any_wanted(u))
		return STORE_OK;
	if (!u->sent_known && sending_days_load(u->s, u->now, &u->sending))
		return STORE_FAILED;
	return hours_visit(u->s, u->first, present - LOOK_BACK - longest - 1, add_hour, u);
}

/* --- what is usual -------------------------------------------------------- */

static int compare_counts(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t median(int64_t *value, unsigned n)
{
	qsort(value, n, sizeof *value, compare_counts);
	return n % 2 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2;
}

/*
 * So many notices are usual in the HOURS that end with END; -1: there is no past to compare with.
 */
static int64_t usual_count(
	const struct surges *u, const uint64_t *count, int64_t end, int64_t hours)
{
	int64_t value[WEEKS_COMPARED], from;
	unsigned n = 0;

	for (int64_t week = 1; week <= WEEKS_COMPARED && end - week * WEEK - hours + 1 >= u->begin;
		week++)
		value[n++] = sum(count, end - week * WEEK, hours);
	if (n >= SURGE_WEEKS_LEAST)
		return median(value, n);
	from = larger(u->begin, end - hours - WEEK + 1);
	if (end - hours - from + 1 < HOURS_LEAST)
		return -1;
	return sum(count, end - hours, end - hours - from + 1) * hours / (end - hours - from + 1);
}

/* So many follow from how much was sent; -1: that is not known, or too little to tell. */
static int64_t usual_of_sent(const struct surges *u, const struct series *r, const uint64_t *count,
	int64_t end, int64_t hours)
{
	int64_t rate[WEEKS_COMPARED], sent = sum(r->count[HOUR_SENT], end, hours), past;
	unsigned n = 0;

	if (!u->sent_known || sent < SENT_LEAST)
		return -1;
	for (int64_t week = 1; week <= WEEKS_COMPARED && end - week * WEEK - hours + 1 >= u->begin;
		week++) {
		past = sum(r->count[HOUR_SENT], end - week * WEEK, hours);
		if (past >= SENT_LEAST)
			rate[n++] = sum(count, end - week * WEEK, hours) * 1000000 / past;
	}
	past = sum(r->count[HOUR_SENT], end - hours, HIGHEST_OF);
	if (past < SENT_LEAST)
		return -1;
	int64_t whole = sum(count, end - hours, HIGHEST_OF) * 1000000 / past;
	return larger(n >= SURGE_WEEKS_LEAST ? median(rate, n) : 0, whole) * sent / 1000000;
}

/* The hours in which this alert was open are no ordinary ones. */
static int extraordinary(
	const struct surges *u, const struct surge *k, const struct series *r, bool out[HOURS_KEPT])
{
	sqlite3_stmt *st = db_bind(u->s, SQL_ALERT_SPANS, "tti", alert_condition_name(k->condition),
		r->provider, u->now);
	int rc;

	memset(out, 0, HOURS_KEPT * sizeof *out);
	if (!st)
		return STORE_FAILED;
	while ((rc = db_step(u->s, st)) == 1)
		for (int64_t hour = larger(sqlite3_column_int64(st, 0) / HOUR - u->first, 0);
			hour <= sqlite3_column_int64(st, 1) / HOUR - u->first && hour <= PRESENT;
			hour++)
			out[hour] = true;
	return rc ? STORE_FAILED : STORE_OK;
}

/* The most in an ordinary stretch before the one that ends with END. */
static int64_t highest(const struct surges *u, const uint64_t *count, const bool *extra,
	int64_t end, int64_t hours)
{
	int64_t most = 0;

	for (int64_t i = end - hours; i >= u->begin && i > end - HIGHEST_OF; i--)
		if (!extra[i])
			most = larger(most, sum(count, i, hours));
	return most;
}

static int64_t root(int64_t n)
{
	int64_t r = 0;

	while ((r + 1) * (r + 1) <= n)
		r++;
	return r;
}

/* --- surges --------------------------------------------------------------- */

struct judged_surge {
	enum alert_level level;
	int64_t value, usual, limit, end;
};

static struct judged_surge judge(const struct surges *u, const struct surge *k,
	const struct series *r, const bool *extra, int64_t end)
{
	const struct alert_rule *rule = &u->o->rule[k->condition];
	const uint64_t *count = r->count[k->what];
	int64_t hours = hours_of(rule), value = sum(count, end, hours), by_sent;
	struct judged_surge j = { LEVEL_CALM, value, -1, 0, end };

	if (value < least_volume(u, rule) / 2)
		return j;
	j.usual = usual_count(u, count, end, hours);
	if (j.usual < 0)
		return j;
	const struct sending_growth g = sending_growth_of(
		u->sending, r->provider, (u->first + end) * HOUR);
	by_sent = usual_of_sent(u, r, count, end, hours);
	j.usual = larger(j.usual * g.usual / 1000, by_sent);
	j.limit = larger(least_volume(u, rule),
		larger(j.usual * rule->threshold / 1000 + 1, j.usual + DEVIATIONS * root(j.usual)));
	if (by_sent < 0)
		j.limit = larger(
			j.limit, highest(u, count, extra, end, hours) * g.most / 1000 * 3 / 2 + 1);
	if (value >= j.limit)
		j.level = LEVEL_FIRING;
	else if (value >= least_volume(u, rule) / 2 && value * 1000 > j.usual * rule->clear)
		j.level = LEVEL_OPEN;
	return j;
}

int alert_spoken_of(
	struct store *s, enum alert_condition condition, const char *subject, int64_t *until)
{
	sqlite3_stmt *st = db_bind(
		s, SQL_ALERT_LAST, "tt", alert_condition_name(condition), subject);
	int rc = st ? db_step(s, st) : -1;

	*until = 0;
	if (rc == 1) {
		*until = sqlite3_column_int64(st, 4);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

static int note_surge(struct surges *u, const struct surge *k, const struct series *r,
	const struct judged_surge *j)
{
	const struct alert_rule *rule = &u->o->rule[k->condition];
	struct alert_finding f = { .condition = k->condition, .level = j->level };
	struct alert_figures *g = &f.figures;
	int64_t end = u->first + j->end + 1;

	snprintf(f.subject, sizeof f.subject, "%s", r->provider);
	*g = (struct alert_figures){ .value = j->usual ? j->value * 1000 / j->usual : 0,
		.limit = j->limit,
		.usual = j->usual,
		.part = (uint64_t)j->value,
		.from = (end - hours_of(rule)) * HOUR,
		.to = end * HOUR < u->now ? end * HOUR : u->now };
	if (u->sent_known)
		g->whole = (uint64_t)sum(r->count[HOUR_SENT], j->end, hours_of(rule));
	if (g->whole < SENT_LEAST)
		g->whole = 0;
	if (j->level == LEVEL_FIRING && k->what != HOUR_THROTTLED &&
		alert_leaders(u->s, KIND_FAILURE, k->klass, f.subject, g))
		return STORE_FAILED;
	return store_alert_note(u->s, u->o, &f, u->now);
}

/*
 * The present hour, the one before, and the hours before these as far as no alert has spoken of
 * them: what comes late is told once and clears with the next evaluation.
 */
static int watch_series(struct surges *u, const struct surge *k, const struct series *r)
{
	bool extra[HOURS_KEPT];
	struct judged_surge worst, j;
	int64_t until;

	if (!r->wanted) {
		worst = judge(u, k, r, NULL, PRESENT); /* so little that it is calm */
		return note_surge(u, k, r, &worst);
	}
	if (extraordinary(u, k, r, extra) ||
		alert_spoken_of(u->s, k->condition, r->provider, &until))
		return STORE_FAILED;
	worst = judge(u, k, r, extra, PRESENT);
	for (int64_t end = PRESENT - 1; end >= u->changed; end--) {
		bool late = end < PRESENT - 1;
		if (late && (u->first + end) * HOUR < until)
			break;
		j = judge(u, k, r, extra, end);
		if (late && j.level != LEVEL_FIRING)
			continue;
		if (j.level > worst.level ||
			(j.level == worst.level && j.value - j.usual > worst.value - worst.usual))
			worst = j;
	}
	return note_surge(u, k, r, &worst);
}

int surges_watch(struct store *s, const struct alert_options *o, int64_t now)
{
	struct surges *u = calloc(1, sizeof *u);
	int result;

	if (!u)
		return store_fail(s, STORE_FAILED, "no memory");
	u->s = s;
	u->o = o;
	u->now = now;
	result = load_series(u);
	for (unsigned i = 0; i < u->count && !result; i++)
		for (unsigned k = 0; k < SURGES && !result; k++)
			if (o->rule[surges[k].condition].active && (i || surges[k].of_all))
				result = watch_series(u, &surges[k], u->series[i]);
	result = result ? result : write_seen(u);
	for (unsigned i = 0; i < u->count; i++)
		free(u->series[i]);
	free(u->sending);
	free(u);
	return result;
}
