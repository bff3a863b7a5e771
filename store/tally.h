/* Counts by day, kept after the events are gone. */
#ifndef RETOUR_STORE_TALLY_H
#define RETOUR_STORE_TALLY_H

#include "store/internal.h"

struct packed; /* store/message.h */

/* A row as SQL_TALLY_ROWS has it; an empty name is 0. */
void tally_read(sqlite3_stmt *st, struct tally *out);

int tally_add(struct store *s, const struct packed *e);
/*
 * The name under which CAMPAIGN is counted on DAY: its own, or the one of those beyond the bound.
 */
int tally_bounded_campaign(struct store *s, int32_t day, const char **campaign);
/* A notice of class KLASS about a recipient who had none before, or about another. */
int recurrence_add(struct store *s, int32_t day, unsigned klass, bool first);
int count_message(struct store *s, int32_t day, const char *mailbox, const char *outcome);
/* Writes what was counted in memory; called before a commit. */
int counters_flush(struct store *s);
void counters_discard(struct store *s);
/* In whose place the names stand that are beyond the bound, or did not last (fold.c). */
extern const char other_campaigns[];
/* YYYYMMDD in the process's TZ. */
int32_t day_of(int64_t at);
/* When such a day begins. */
int64_t day_begin(int32_t day);

#endif
