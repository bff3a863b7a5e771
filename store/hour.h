/* Counts by hour, which alerts look at. */
#ifndef RETOUR_STORE_HOUR_H
#define RETOUR_STORE_HOUR_H

#include "store/internal.h"

struct packed; /* store/message.h */

/*
 * Counts an event in its hour, unless that is so long ago that no alert asks for it; written before
 * a commit, as tallies are.
 */
int hours_add(struct store *s, const struct packed *e, int64_t now);
/* Notes what lasts of alert NUMBER as it is now (store/watch/trouble.c). */
int trouble_note(struct store *s, int64_t number);
int hours_flush(struct store *s);
void hours_discard(struct store *s);
/* COUNT notices of a cell of the tallies, into the totals. */
int totals_add(struct store *s, const struct tally *t);
/* For a store that was made before there were counts by hour. */
int hours_from_events(struct store *s);

/*
 * What alerts look at: bounces, those that are blocks, refusals to take more for now, mails sent as
 * logs say.
 */
enum hour_what { HOUR_BOUNCES, HOUR_BLOCKS, HOUR_THROTTLED, HOUR_SENT, HOUR_WHATS };
enum { HOURS_KEPT = 9 * 7 * 24 };
/* The hours FROM..TO (epoch seconds / 3600), in no order; an hour may come twice. */
int hours_visit(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, int64_t hour,
		const uint64_t count[HOUR_WHATS]),
	void *context);

#endif
