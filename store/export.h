/*
 * Events as they are stored, for a warehouse elsewhere (`retour events`). What left is the
 * warehouse's to delete; the ledger says how much left, and when.
 *
 * Nothing in the store tells in which order events came, and nothing is to. So a cursor is how many
 * events each day had: a day with another number is given again as a whole. A line may come again
 * and is known by its time, pseudonym and number.
 */
#ifndef RETOUR_EXPORT_H
#define RETOUR_EXPORT_H

#include <stdint.h>
#include "store/store.h"

enum {
	EXPORT_DAYS_MAX = 8192, /* days that a cursor remembers; what is older comes each time */
	EXPORT_CURSOR_SIZE = 100 * 1024, /* as text, under what one argument may have */
	EXPORT_PSEUDONYM_SIZE = 33,      /* in hexadecimal */
};

/* Texts hold until the visitor returns; NULL: none. */
struct event_row {
	int64_t at;
	char pseudonym[EXPORT_PSEUDONYM_SIZE]; /* under the key of its month (UTC) */
	unsigned number, reply;
	const char *kind, *klass, *category, *status, *rule, *provider, *campaign, *stream, *origin,
		*mailbox;
};

struct exported {
	uint64_t events;
	int64_t first, last; /* days, epoch seconds; only where there are events */
};

/*
 * Every event of each day that has another number of events than CURSOR says ("" is before all), by
 * day, to EACH, which returns a store_result; a purge waits for the end of a day, so EACH is not to
 * wait for long. NEXT has EXPORT_CURSOR_SIZE bytes and says where the next call goes on.
 * STORE_MISUSE: that is no cursor.
 */
int store_export(struct store *s, const char *cursor, char *next, struct exported *sum,
	int (*each)(void *context, const struct event_row *row), void *context);

#endif
