/*
 * A directory of a test's own, below $TMPDIR, which tests/run lays into memory: what a test shows
 * of a store or a mailbox does not hang on a disk's patience.
 */
#ifndef RETOUR_TEST_PLACE_H
#define RETOUR_TEST_PLACE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLACE_SIZE = 64 }; /* short, for the sake of what is appended */

static inline bool place_make(char path[PLACE_SIZE])
{
	const char *below = getenv("TMPDIR");
	int n = snprintf(
		path, PLACE_SIZE, "%s/retour-unit-XXXXXX", below && *below ? below : "/tmp");

	return n > 0 && n < PLACE_SIZE && mkdtemp(path);
}

#endif
