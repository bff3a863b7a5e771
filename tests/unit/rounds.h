/*
 * How many random rounds a test makes: with sanitizers a tenth of the usual number. They look at
 * what happens in memory, which is the same in the first rounds as in the last; chance is looked at
 * in the other build. RETOUR_ROUNDS: so many times as many (make rounds).
 */
#ifndef RETOUR_TEST_ROUNDS_H
#define RETOUR_TEST_ROUNDS_H

#include <stdlib.h>

static inline unsigned rounds(unsigned usual)
{
	const char *times = getenv("RETOUR_ROUNDS");

	if (times)
		usual *= (unsigned)strtoul(times, NULL, 10);
	return getenv("RETOUR_SANITIZED") ? usual / 10 : usual; /* tests/run sets it */
}

#endif
