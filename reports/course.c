/*
 * The course of the month: the days that stand out, and what began on a day and stayed. From the
 * providers' notices by day.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/loading.h"

enum {
	STANDOUT_FACTOR = 2, /* a day stands out with so many times the usual day's bounces */
	INCIDENT_FACTOR = 4, /* something began on a day when there is so many times more per day
				from it on */
	INCIDENT_LEAST = COURSE_LEAST, /* and so many times k of it in all */
	SENT_LEAST = 100,              /* mails of a day below which a rate means nothing */
};

/* --- days that stand out -------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/*
 * Words must not bound a figure that is not shown: what a day's half was, and at which provider, is
 * said where that tells nothing more of a small one.
 */
static void withhold_day(struct month_report *r, struct standout *s, const struct equations *q)
{
	struct figures *f = r->month;
	const uint64_t half = (f->day[s->day - 1].n + 1) / 2, least = half > r->k ? half : r->k;
	struct row *row = (struct row *)table_find(&f->providers, s->provider);
	if (s->column < COLUMN_COUNT &&
		!may_be_told((struct cell *[]){ &f->column[s->column] }, 1, least, q))
		s->column = COLUMN_COUNT;
	if (*s->provider && (!row || !may_be_told((struct cell *[]){ &row->bounces }, 1, least, q)))
		*s->provider = '\0';
}

/* The bounces of DAY at the provider whose cells begin at FIRST; *NEXT: where the next one's do. */
static uint64_t day_at_provider(const struct course_days *days, size_t first, int day, size_t *next)
{
	const struct gathering *g = &days->notices, *busy = &days->busy;
	const uint32_t name = g->cell[first].name;
	uint64_t n = 0;
	size_t i = first;
	for (; i < g->cells && g->cell[i].name == name; i++)
		n += g->cell[i].day == day && g->cell[i].column != COLUMN_COMPLAINT ? g->cell[i].n
										    : 0;
	*next = i;
	for (i = 0; i < busy->cells; i++)
		if (busy->cell[i].day == day &&
			strcmp(busy->name[busy->cell[i].name], g->name[name]) == 0)
			n += busy->cell[i].n;
	return n;
}

/*
 * What made a day stand out: only names, and only of what is k or more and half of the day or more.
 */
static void explain_day(
	const struct month_report *r, const struct course_days *days, struct standout *s)
{
	const struct gathering *g = &days->notices;
	const uint64_t *column = days->column[s->day - 1];
	uint64_t all = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		all += c == COLUMN_COMPLAINT ? 0 : column[c];
	s->column = COLUMN_COUNT;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_COMPLAINT && column[c] >= r->k && column[c] * 2 >= all)
			s->column = c;
	for (size_t i = 0, next; i < g->cells; i = next) {
		uint64_t n = day_at_provider(days, i, s->day, &next);
		const char *name = g->name[g->cell[i].name];
		if (n >= r->k && n * 2 >= all && strcmp(name, PROVIDER_NONE) != 0)
			snprintf(s->provider, sizeof s->provider, "%.*s",
				(int)sizeof s->provider - 1, name);
	}
}

/* What was sent on each day, to all. */
static void sum_sent(const struct gathering *sent, uint64_t day[DAYS_MAX])
{
	for (size_t i = 0; i < sent->cells; i++)
		day[sent->cell[i].day - 1] += sent->cell[i].n;
}

/* Notices of a million mails of one day, and these mails. */
struct rated_day {
	uint64_t rate, sent;
};

static int by_rate(const void *a, const void *b)
{
	const struct rated_day *x = a, *y = b;
	return x->rate < y->rate ? -1 : x->rate > y->rate;
}

/* The median of the months before, of whose rates the reader knows. */
static uint64_t usual_month(const struct month_report *r)
{
	uint64_t rate[MONTHS_SHOWN];
	size_t n = 0;
	for (int i = 1; i < MONTHS_SHOWN; i++) {
		const uint64_t sent = figure_shown(&r->month[i].sent);
		if (sent && r->month[i].bounces.state == CELL_SHOWN)
			rate[n++] = r->month[i].bounces.n * 1000000 / sent;
	}
	qsort(rate, n, sizeof *rate, ascending);
	return n ? rate[n / 2] : 0;
}

/*
 * Notices of a million mails as a rule: what half of the days stay below, or half of the mails,
 * whichever is less: one large mailing that goes wrong is no rule, nor are three small ones. Of few
 * days that says little, and they are held against the months before.
 */
static uint64_t usual_rate(const struct month_report *r, const uint64_t sent[DAYS_MAX])
{
	enum { FEW_DAYS = 6 };
	const struct figures *f = r->month;
	struct rated_day day[DAYS_MAX];
	uint64_t all = 0, below = 0;
	size_t n = 0, half = 0;
	for (int d = 0; d < f->days; d++)
		if (sent[d] >= SENT_LEAST) {
			day[n++] = (struct rated_day){ f->day[d].n * 1000000 / sent[d], sent[d] };
			all += sent[d];
		}
	if (!n)
		return 0;
	qsort(day, n, sizeof *day, by_rate);
	while (half < n - 1 && (below + day[half].sent) * 2 < all)
		below += day[half++].sent;
	const bool few = n < FEW_DAYS;
	const size_t middle = few ? (n - 1) / 2 : n / 2;
	const uint64_t usual = day[half < middle ? half : middle].rate,
		       before = few ? usual_month(r) : 0;
	return usual > before ? usual : before;
}

/*
 * Where nobody says how much was sent: what a day like D brings as a rule, of a sender who mails
 * once or twice a week and has hardly a bounce on other days. 0 of one who mails daily.
 */
static uint64_t usual_weekday(const struct month_report *r, int d, const uint64_t sorted[DAYS_MAX])
{
	enum { SELDOM = 10, WEEK = 7 };
	const struct figures *f = r->month;
	uint64_t same[DAYS_MAX];
	size_t n = 0;
	if (r->usual_day * SELDOM >= sorted[f->days - 1])
		return 0;
	for (int e = d % WEEK; e < f->days; e += WEEK)
		same[n++] = f->day[e].n;
	qsort(same, n, sizeof *same, ascending);
	return same[n / 2];
}

/*
 * The days with much more than the usual day, and than what was sent on it or the day before would
 * bring; those with the most beyond that, in the order of the month.
 */
static void find_standouts(
	struct month_report *r, const struct course_days *days, const struct equations *q)
{
	const struct figures *f = r->month;
	uint64_t sorted[DAYS_MAX] = { 0 }, sent[DAYS_MAX] = { 0 }, beyond[DAYS_MAX] = { 0 };
	for (int d = 0; d < f->days; d++)
		sorted[d] = f->day[d].n;
	qsort(sorted, (size_t)f->days, sizeof *sorted, ascending);
	r->usual_day = sorted[f->days / 2];
	sum_sent(&days->sent, sent);
	const uint64_t rate = usual_rate(r, sent), least = 3 * (uint64_t)r->k;
	for (int d = 0; d < f->days; d++) {
		uint64_t mails = d > 0 && sent[d - 1] > sent[d] ? sent[d - 1] : sent[d];
		uint64_t usual = rate ? mails * rate / 1000000 : usual_weekday(r, d, sorted);
		usual = usual > r->usual_day ? usual : r->usual_day;
		if (f->day[d].n >= least && f->day[d].n >= usual * STANDOUT_FACTOR)
			beyond[d] = f->day[d].n - usual;
	}
	memcpy(sorted, beyond, sizeof sorted);
	qsort(sorted, (size_t)f->days, sizeof *sorted, ascending);
	uint64_t limit = f->days > STANDOUTS_MAX ? sorted[f->days - STANDOUTS_MAX - 1] : 0;
	for (int d = 0; d < f->days && r->standouts < STANDOUTS_MAX; d++)
		if (beyond[d] > limit) {
			struct standout *s = &r->standout[r->standouts++];
			s->day = d + 1;
			explain_day(r, days, s);
			withhold_day(r, s, q);
		}
}

/* --- what began on a day -------------------------------------------------- */

/* One cause at one provider, by day. */
struct course {
	struct month_report *report;
	char provider[EVENT_PROVIDER_SIZE];
	unsigned category;
	uint64_t day[DAYS_MAX], sent[DAYS_MAX]; /* SENT: or what stands for it */
	int last; /* the last day with any bounce at all: a month may not be over */
};

/* A month parted before a day: notices and mail, from it on, and in the later half of that. */
struct parted {
	double before, after, late, sent_before, sent_after, sent_late;
};

static struct parted part_course(const struct course *c, int day)
{
	struct parted p = { .before = 0 };
	const int half = day + (c->last - day) / 2;
	for (int d = 0; d < c->last; d++) {
		*(d < day ? &p.before : &p.after) += (double)c->day[d];
		*(d < day ? &p.sent_before : &p.sent_after) += (double)c->sent[d];
		p.late += d < half ? 0 : (double)c->day[d];
		p.sent_late += d < half ? 0 : (double)c->sent[d];
	}
	return p;
}

/*
 * More by day, and by what was sent where that is known: whoever begins to write to a provider
 * begins to hear from it.
 */
static bool much_more(const struct course *c, const struct parted *p, int day)
{
	if (p->after * day < INCIDENT_FACTOR * p->before * (c->last - day))
		return false;
	if (p->sent_before + p->sent_after <= 0)
		return true;
	return p->sent_before > 0 &&
		p->after * p->sent_before >= INCIDENT_FACTOR * p->before * p->sent_after;
}

/*
 * How clearly a day parts the days into few and many: the variance between both sides, each day
 * weighing as much as was sent on it where that is known. 0: chance does as much, or nothing was
 * sent on the day or the one before.
 */
static double clearness(const struct course *c, const struct parted *p, int day)
{
	enum { BEYOND_CHANCE = 15 /* of the likelihood ratio's G; one in ten thousand */ };
	const double all = p->before + p->after;
	const bool known = p->sent_before + p->sent_after > 0;
	if (p->after <= 0)
		return 0;
	const double few = known ? p->sent_before : day,
		     many = known ? p->sent_after : c->last - day;
	if (few <= 0 || many <= 0 || (known && c->sent[day] + c->sent[day - 1] == 0))
		return 0;
	const double difference = p->after / many - p->before / few, share = few / (few + many);
	double g = 2 * p->after * log(p->after / (all * (1 - share)));
	if (p->before > 0)
		g += 2 * p->before * log(p->before / (all * share));
	return difference > 0 && g >= BEYOND_CHANCE ? difference * difference * few * many : 0;
}

/* Half of its rate at least, later: else it is over after a few days; and not of one day alone. */
static bool went_on(const struct course *c, const struct parted *p, int day)
{
	struct parted rest = *p;
	int largest = day;
	for (int d = day; d < c->last; d++)
		largest = c->day[d] > c->day[largest] ? d : largest;
	rest.after -= (double)c->day[largest];
	rest.sent_after -= (double)c->sent[largest];
	if (!much_more(c, &rest, day) || clearness(c, &rest, day) <= 0)
		return false;
	if (p->sent_late <= 0 || p->sent_before <= 0)
		return p->late * 4 >= p->after;
	return p->late * 2 * p->sent_after >= p->after * p->sent_late && p->late > 0;
}

/*
 * The day from which on there is much more, the clearest one; 0 where there is none, or it is only
 * the month's beginning.
 */
static int beginning(const struct course *c, unsigned k)
{
	double most = 0;
	int best = 0;
	for (int d = 2; d < c->last - 1; d++) {
		const struct parted p = part_course(c, d);
		if (!c->day[d] || p.after < k || p.before + p.after < INCIDENT_LEAST * k ||
			!much_more(c, &p, d) || !went_on(c, &p, d))
			continue;
		const double clear = clearness(c, &p, d);
		if (clear > most) {
			most = clear;
			best = d + 1;
		}
	}
	return best;
}

/* Kept are those with the most notices. */
static void judge_course(struct course *c)
{
	struct month_report *r = c->report;
	struct incident new = { .category = c->category };
	for (int d = 0; d < DAYS_MAX; d++)
		new.n += c->day[d];
	if (!*c->provider || strcmp(c->provider, PROVIDER_NONE) == 0 ||
		c->category == CATEGORY_NONE || !(new.day = beginning(c, r->k)))
		return;
	memcpy(new.provider, c->provider, sizeof new.provider);
	unsigned i = r->incidents;
	while (i > 0 && r->incident[i - 1].n < new.n)
		i--;
	if (i == INCIDENTS_MAX)
		return;
	r->incidents += r->incidents < INCIDENTS_MAX;
	memmove(&r->incident[i + 1], &r->incident[i], (r->incidents - 1 - i) * sizeof new);
	r->incident[i] = new;
}

static int last_day(const struct course_days *days)
{
	int last = 0;
	for (int d = 0; d < DAYS_MAX; d++)
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			if (c != COLUMN_COMPLAINT && days->column[d][c])
				last = d + 1;
	return last;
}

/* What was sent to a provider by day. */
static void take_course_sent(struct course *c, const struct gathering *sent)
{
	for (size_t i = 0; i < sent->cells; i++)
		if (strcmp(sent->name[sent->cell[i].name], c->provider) == 0)
			c->sent[sent->cell[i].day - 1] += sent->cell[i].n;
}

/*
 * Where nobody says how much was sent: what else came back on the day, so that the first mailing of
 * a month is no beginning.
 */
static void take_course_others(struct course *c, const struct course_days *days)
{
	for (int d = 0; d < DAYS_MAX; d++) {
		uint64_t all = 0;
		for (unsigned n = 0; n < COLUMN_COUNT; n++)
			all += n == COLUMN_COMPLAINT ? 0 : days->column[d][n];
		c->sent[d] = all > c->day[d] ? all - c->day[d] : 0;
	}
}

/* A cause without days had fewer than it takes (store/closed.c). */
static void find_incidents(struct month_report *r, const struct course_days *days)
{
	const struct gathering *g = &days->notices;
	const int last = last_day(days);
	for (size_t i = 0; i < g->cells;) {
		const struct gathered_cell *first = &g->cell[i];
		struct course course = { .report = r, .category = first->category, .last = last };
		snprintf(course.provider, sizeof course.provider, "%.*s",
			(int)sizeof course.provider - 1, g->name[first->name]);
		for (; i < g->cells && g->cell[i].name == first->name &&
			g->cell[i].category == first->category;
			i++)
			if (g->cell[i].day && g->cell[i].column != COLUMN_COMPLAINT)
				course.day[g->cell[i].day - 1] += g->cell[i].n;
		take_course_sent(&course, &days->sent);
		if (!days->sent.cells)
			take_course_others(&course, days);
		judge_course(&course);
	}
}

/* What began and went on came INCIDENT_LEAST times k times or more, as everybody may know. */
static void withhold_incidents(struct month_report *r, const struct equations *q)
{
	struct figures *f = r->month;
	for (unsigned i = 0; i < r->incidents;) {
		const struct incident *new = &r->incident[i];
		const unsigned c = figure_column_of_category(new->category);
		struct row *row = (struct row *)table_find(&f->providers, new->provider);
		struct cell *const cell[] = { &f->column[c], &f->category[c][new->category],
			row ? &row->column[c] : &f->bounces, row ? &row->bounces : &f->bounces };
		if (may_be_told(cell, TOLD_AT_ONCE, (uint64_t)INCIDENT_LEAST * r->k, q)) {
			i++;
			continue;
		}
		r->incidents--;
		memmove(&r->incident[i], &r->incident[i + 1], (r->incidents - i) * sizeof *new);
	}
}

void course_find(struct month_report *r, const struct course_days *days, const struct equations *q)
{
	find_standouts(r, days, q);
	find_incidents(r, days);
	withhold_incidents(r, q);
}
