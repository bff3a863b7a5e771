#include "store/watch/sendingday.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "store/base/refusals.h"
#include "store/figures.h"
#include "store/internal.h"
#include "store/watch/condition.h"
#include "store/tally.h"

enum {
	WEEKS = 8,
	WEEKS_LEAST = 3, /* fewer are no habit */
	DAYS_KEPT = 7 * WEEKS + 3,
	PROVIDERS_KEPT = 256,
	MONTH_DAYS = 28,
};

struct sending_days {
	int64_t today; /* the number of the last day */
	unsigned count;
	struct {
		char provider[EVENT_PROVIDER_SIZE];
		uint64_t day[DAYS_KEPT]; /* the last is today's */
	} of[PROVIDERS_KEPT];            /* [0] is all of them */
};

static int add_sending(void *context, const struct rates *r)
{
	struct sending_days *d = context;
	int64_t back = d->today - refusals_day_number(r->day);
	unsigned i = 1;

	if (back < 0 || back >= DAYS_KEPT || !r->sent)
		return STORE_OK;
	d->of[0].day[DAYS_KEPT - 1 - back] += r->sent;
	while (i < d->count && strcmp(d->of[i].provider, r->provider) != 0)
		i++;
	if (i == PROVIDERS_KEPT)
		return STORE_OK;
	if (i == d->count) {
		d->count++;
		snprintf(d->of[i].provider, sizeof d->of[i].provider, "%s", r->provider);
	}
	d->of[i].day[DAYS_KEPT - 1 - back] += r->sent;
	return STORE_OK;
}

int sending_days_load(struct store *s, int64_t now, struct sending_days **out)
{
	struct sending_days *d = calloc(1, sizeof *d);

	if (!(*out = d))
		return store_fail(s, STORE_FAILED, "no memory");
	d->today = refusals_day_number(day_of(now));
	d->count = 1;
	return store_rates(s, refusals_day_of(d->today - DAYS_KEPT + 1), refusals_day_of(d->today),
		BY_DAY | BY_PROVIDER, add_sending, d);
}

/* Bounces of a day are of mail of that day and of the one before. */
static uint64_t sent_around(const uint64_t *day, int64_t i)
{
	return i > 0 && day[i - 1] > day[i] ? day[i - 1] : day[i];
}

static int ascending_counts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t growth(uint64_t now, uint64_t before)
{
	return before >= SENT_LEAST && now > before ? (int64_t)(now * 1000 / before) : 1000;
}

struct sending_growth sending_growth_of(
	const struct sending_days *days, const char *provider, int64_t at)
{
	struct sending_growth g = { 1000, 1000 };
	uint64_t week[WEEKS], most = 0;
	unsigned of = 0, weeks = 0;

	while (days && of < days->count && strcmp(days->of[of].provider, provider) != 0)
		of++;
	if (!days || of == days->count)
		return g;
	const uint64_t *day = days->of[of].day;
	const int64_t i = DAYS_KEPT - 1 - (days->today - refusals_day_number(day_of(at)));
	if (i < MONTH_DAYS + 1 || i >= DAYS_KEPT || sent_around(day, i) < SENT_LEAST)
		return g;
	for (int64_t w = 1; w <= WEEKS && i - 7 * w >= 1; w++)
		if (sent_around(day, i - 7 * w) > 0)
			week[weeks++] = sent_around(day, i - 7 * w);
	if (weeks < WEEKS_LEAST)
		return g;
	qsort(week, weeks, sizeof *week, ascending_counts);
	/* the day before may be the one that was large */
	for (int64_t d = 2; d <= MONTH_DAYS; d++)
		most = day[i - d] > most ? day[i - d] : most;
	g.usual = growth(sent_around(day, i), week[weeks / 2]);
	g.most = growth(sent_around(day, i), most);
	return g;
}
