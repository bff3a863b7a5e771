/*
 * Seconds of what time is counted in. Days are those of UTC: civil days of a zone are clock_…() and
 * the store's day_of().
 */
#ifndef RETOUR_UNITS_H
#define RETOUR_UNITS_H

#include <stdint.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY };

/* The beginning of the day (UTC) in which AT is; before 1970, too. */
static inline int64_t day_start(int64_t at)
{
	return at - ((at % DAY) + DAY) % DAY;
}
/* Of two times the later one, of two counts the greater. */
static inline int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
