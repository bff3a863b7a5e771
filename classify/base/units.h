/*
 * Seconds of what time is counted in. Days are those of UTC: civil days of a zone are clock_…() and
 * the store's day_of().
 */
#ifndef RETOUR_UNITS_H
#define RETOUR_UNITS_H

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY };

#endif
