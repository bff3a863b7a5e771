/* How many rows of each class of data there are, by day. */
#ifndef RETOUR_STORE_HELD_H
#define RETOUR_STORE_HELD_H

#include "store/internal.h"

#define HELD_CLASSES(X) \
	X(HELD_EVENTS, "events") \
	X(HELD_DIAGNOSTICS, "diagnostics") \
	X(HELD_CONTACTS, "contacts") \
	X(HELD_OBJECTIONS, "objections") \
	X(HELD_SEEN, "seen") \
	X(HELD_KEPT, "kept") \
	X(HELD_SUMMARIES, "summaries") \
	X(HELD_SITE_SUMMARIES, "summaries of sites")
#define STORE_ENUM2(symbol, name) symbol,
enum held_class { HELD_CLASSES(STORE_ENUM2) HELD_COUNT };
#undef STORE_ENUM2
const char *held_name(enum held_class held);
/* Contacts are counted by state as well, all under one day: the begin of time. */
static inline enum held_class held_state(enum contact_state state)
{
	return (enum held_class)(HELD_COUNT + state);
}
/*
 * Rows with the time AT came (CHANGE is positive) or went, inside the transaction; written before
 * its commit, as tallies are.
 */
int held_note(struct store *s, enum held_class held, int64_t at, int64_t change);
/*
 * Steps a DELETE that returns each row's time, and of an event whether it had a diagnostic, of a
 * contact its state; adds to *DELETED. ST may be NULL: db_bind() failed.
 */
int held_delete(struct store *s, enum held_class held, sqlite3_stmt *st, uint64_t *deleted);
/* All rows from before CUTOFF went: so many. */
int held_cut(struct store *s, enum held_class held, int64_t cutoff, uint64_t deleted);
/* A class of data, or a state, is called so. */
bool held_is_known(const char *name);
int held_count(struct store *s, enum held_class held, uint64_t *count);
/* The kept count, and on how many days it is another than that of the rows, which are counted. */
int held_compare(struct store *s, enum held_class held, uint64_t *count, unsigned *days);
int held_flush(struct store *s);
void held_discard(struct store *s);
/* Inside the transaction: rows are deleted, so the next purge sees to their bytes. */
int held_note_deletion(struct store *s);
/* For a store that was made before there were kept counts, and before they were by state. */
int held_from_rows(struct store *s);
int held_states_from_rows(struct store *s);
/* Before all contacts from before CUTOFF go. */
int held_cut_states(struct store *s, bool objections, int64_t cutoff);

#endif
