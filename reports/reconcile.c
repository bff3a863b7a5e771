/*
 * Events against tallies, for the audit: a row for each event, which goes when its time is over,
 * and the day's counts, which stay. They come about independently, so whoever takes rows out, puts
 * some in or moves them to another day has to know of both.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "classify/base/units.h"
#include "reports/audit.h"
#include "store/intact.h"

enum { RECONCILED_DAYS_MAX = 8192 }; /* more than twenty years of them */

/* In the order of days. */
struct reconciliation {
	unsigned days;
	struct {
		int32_t day;
		int64_t over; /* so many events more than are tallied */
	} at[RECONCILED_DAYS_MAX];
};

/* A day beyond the room counts with the last: it can only make a difference more. */
static void add_reconciled(struct reconciliation *r, int32_t day, int64_t change)
{
	unsigned i = r->days;
	while (i && r->at[i - 1].day > day)
		i--;
	bool found = i && r->at[i - 1].day == day;
	if (!found && r->days < RECONCILED_DAYS_MAX) {
		memmove(&r->at[i + 1], &r->at[i], (r->days - i) * sizeof *r->at);
		r->at[i].day = day;
		r->at[i].over = 0;
		r->days++;
		i++;
	}
	if (i)
		r->at[i - 1].over += change;
}

static int take_tallied(void *context, const struct tally *t)
{
	add_reconciled(context, t->day, -(int64_t)t->count);
	return 0;
}

static int take_events(void *context, int32_t day, uint64_t count)
{
	add_reconciled(context, day, (int64_t)count);
	return 0;
}

/* YYYYMMDD in the process's TZ, as the tallies have it. */
static int32_t reconciled_day(int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	localtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

int audit_reconcile(struct audit *a, struct store *store)
{
	struct reconciliation *r = calloc(1, sizeof *r);
	int32_t first = reconciled_day(a->events_cut + DAY);
	int result = r ? store_tallies(store, first, INT32_MAX, BY_DAY, take_tallied, r)
		       : STORE_FAILED;
	if (!result)
		result = store_event_days(store, a->events_cut, take_events, r);
	for (unsigned i = 0; !result && i < r->days; i++) {
		if (r->at[i].day < first)
			continue;
		if (r->at[i].over < 0)
			a->events_missing += (uint64_t)-r->at[i].over;
		else
			a->events_extra += (uint64_t)r->at[i].over;
	}
	free(r);
	return result;
}
