/*
 * How often the sender mails: what a failure has to be outweighed by is mailings without a bounce,
 * not days, or who mails once a month would never be told of a mailbox that is full for a year.
 *
 * The interval is the median gap between days with mail, by what was said to be sent or counted
 * from logs; a day with less than a tenth of the largest is no mailing (receipts, passwords). Where
 * no volumes are known it is the same of weeks with bounces, because the bounces of one mailing
 * come in for days. It is measured when time is applied, kept in meta, and an input for all that is
 * decided from then on.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/mailings.h"
#include "store/tally.h"

enum {
	LOOK_BACK = 400 * DAY,
	DAYS_MAX = 512,
	SHARE_LEAST = 10, /* percent of the largest */
	INTERVAL_UNKNOWN = 31 * DAY,
	INTERVAL_MAX = 92 * DAY,
	WEEK = 7,
};
#define INTERVAL "mailing-interval"

struct mailings {
	unsigned n;
	int64_t day[DAYS_MAX]; /* since 1970, ascending */
	int64_t count[DAYS_MAX];
};

static int read_mailings(struct store *s, enum sql which, int64_t now, struct mailings *m)
{
	sqlite3_stmt *st = db_bind(s, which, "i", (int64_t)day_of(now - LOOK_BACK));
	int rc = 0;

	m->n = 0;
	while (st && m->n < DAYS_MAX && (rc = db_step(s, st)) == 1) {
		m->day[m->n] = sqlite3_column_int64(st, 0);
		m->count[m->n++] = sqlite3_column_int64(st, 1);
	}
	if (st)
		sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

static int compare_mailings(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Seconds; 0: fewer than two mailings are known. WEEKS: bounces of seven days are one mailing. */
static int64_t interval_of(struct mailings *m, bool weeks)
{
	int64_t largest = 0, last = -1, gap[DAYS_MAX];
	unsigned gaps = 0, kept = 0;

	for (unsigned i = 0; i < m->n; i++) {
		int64_t day = weeks ? m->day[i] / WEEK * WEEK : m->day[i];
		int64_t before = kept && m->day[kept - 1] == day ? m->count[--kept] : 0;
		m->day[kept] = day;
		m->count[kept] = before + m->count[i];
		largest = larger(largest, m->count[kept++]);
	}
	for (unsigned i = 0; i < kept; i++) {
		if (m->count[i] * 100 < largest * SHARE_LEAST)
			continue;
		if (last >= 0)
			gap[gaps++] = m->day[i] - last;
		last = m->day[i];
	}
	if (!gaps)
		return 0;
	qsort(gap, gaps, sizeof *gap, compare_mailings);
	return gap[gaps / 2] * DAY < INTERVAL_MAX ? gap[gaps / 2] * DAY : INTERVAL_MAX;
}

int mailings_measure(struct store *s, int64_t now)
{
	struct mailings m;
	char text[32];

	if (!s->o.mailings)
		return STORE_OK;
	if (read_mailings(s, SQL_MAILINGS_SENT, now, &m))
		return STORE_FAILED;
	int64_t interval = interval_of(&m, false);
	if (!interval && read_mailings(s, SQL_MAILINGS_BOUNCED, now, &m))
		return STORE_FAILED;
	if (!interval)
		interval = interval_of(&m, true);
	s->interval = interval ? interval : INTERVAL_UNKNOWN;
	snprintf(text, sizeof text, "%lld", (long long)s->interval);
	return db_run(s, SQL_META_PUT, "tt", INTERVAL, text);
}

int mailings_load(struct store *s)
{
	char text[32];

	if (db_line(s, text, sizeof text, SQL_META_GET, "t", INTERVAL))
		return STORE_FAILED;
	s->interval = *text ? strtoll(text, NULL, 10) : INTERVAL_UNKNOWN;
	return STORE_OK;
}
