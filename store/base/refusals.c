/*
 * Blocks are judged against what was sent and against what is usual: thirty of 600,000 mails are
 * noise at any large receiver, thirty of three hundred are an incident. Usual is the median of the
 * days before, which an incident of some days does not move.
 */
#include "store/base/refusals.h"

#include <stdlib.h>
#include <time.h>
#include "classify/base/units.h"

enum {
	NOISE_PPM = 5000,   /* of what was sent */
	SHARE_PPM = 250000, /* of the day's bounces, where nobody says how much was sent */
	BEYOND_USUAL = 3,
	USUAL_LEAST = 3, /* days that it takes to know what is usual */
};

/* --- days ----------------------------------------------------------------- */

int64_t refusals_day_number(int32_t day)
{
	struct tm tm = {
		.tm_year = day / 10000 - 1900, .tm_mon = day / 100 % 100 - 1, .tm_mday = day % 100
	};

	return timegm(&tm) / DAY;
}

int32_t refusals_day_of(int64_t number)
{
	time_t t = number * DAY;
	struct tm tm;

	gmtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

/* --- judgement ------------------------------------------------------------ */

uint64_t refusals_whole(const struct refusals *r, unsigned i)
{
	uint64_t sent = r->day[i].sent;

	if (i && r->day[i - 1].sent > sent)
		sent = r->day[i - 1].sent;
	for (unsigned back = 2; !sent && back < REFUSALS_WHOLE && back <= i; back++)
		sent = r->day[i - back].sent;
	return sent;
}

static int compare_usual(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t refusals_usual(const struct refusals *r, unsigned i, bool by_rate, unsigned k)
{
	uint64_t all[REFUSALS_HABIT];
	unsigned n = 0, from = i > REFUSALS_HABIT ? i - REFUSALS_HABIT : 0;

	for (unsigned d = from; d < i; d++) {
		uint64_t whole = by_rate ? refusals_whole(r, d) : 0;
		if (by_rate && whole)
			all[n++] = r->day[d].blocks * 1000000 / whole;
		else if (!by_rate && r->day[d].failures)
			all[n++] = r->day[d].blocks;
	}
	if (n < USUAL_LEAST)
		return by_rate ? 0 : k;
	qsort(all, n, sizeof *all, compare_usual);
	return all[n / 2];
}

bool refusals_beyond(const struct refusals *r, unsigned i, uint64_t blocks, unsigned k, bool open)
{
	uint64_t whole = refusals_whole(r, i), of = whole ? whole : r->day[i].failures,
		 usual = BEYOND_USUAL * refusals_usual(r, i, whole, k), part,
		 limit = whole ? NOISE_PPM : SHARE_PPM;

	if (blocks < k)
		return false;
	if (of < blocks)
		of = blocks;
	part = blocks * 1000000 / of;
	if (open) {
		part += part / 2;
		blocks += blocks / 2;
	}
	return part >= limit && (whole ? part : blocks) >= usual;
}
