/*
 * How much a provider refuses because of the sender, day by day, and on which days that is more
 * than noise. Pure functions of the figures; store/refusing.c reads them.
 */
#ifndef RETOUR_STORE_BASE_REFUSALS_H
#define RETOUR_STORE_BASE_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>
#include "classify/event.h"

enum {
	REFUSALS_HABIT = 28,  /* days before a day that say what is usual */
	REFUSALS_WINDOW = 31, /* the last days that are judged */
	REFUSALS_WHOLE = 5,   /* mails of which the blocks of a day are may be so many days old */
	REFUSALS_DAYS = REFUSALS_HABIT + REFUSALS_WINDOW + REFUSALS_WHOLE,
	REFUSALS_KEPT = 2 * REFUSALS_DAYS, /* days for which table refused has rows */
};

/* One provider's days; the last one is today's. */
struct refusals {
	char provider[EVENT_PROVIDER_SIZE];
	struct {
		uint64_t sent, blocks, failures; /* FAILURES: bounces of all classes */
	} day[REFUSALS_DAYS];
};

/*
 * Days since 1970 of a YYYYMMDD, and back; days of the report's zone, so that what was sent and
 * what came back meet.
 */
int64_t refusals_day_number(int32_t day);
int32_t refusals_day_of(int64_t number);

/*
 * The mails that the blocks of day I are of: the most that was sent on it or the day before, else
 * on one of the days before; 0: nobody said.
 */
uint64_t refusals_whole(const struct refusals *r, unsigned i);
/*
 * What is usual on a day like I, as the median of the days before it: blocks of a million mails
 * where it is known how many were sent, else blocks of a day; K where there are no three such days.
 */
uint64_t refusals_usual(const struct refusals *r, unsigned i, bool by_rate, unsigned k);
/*
 * Are so many BLOCKS on day I beyond noise? At least K, and: of what was sent 0.5 % and three times
 * what is usual; where nobody says what was sent, a quarter of all bounces of the day and three
 * times the blocks of a usual one. OPEN: it is being looked into already; two thirds of that keep
 * it open.
 */
bool refusals_beyond(const struct refusals *r, unsigned i, uint64_t blocks, unsigned k, bool open);

#endif
