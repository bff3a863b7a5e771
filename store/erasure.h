/* The list of what was erased, which a restored backup is held against. */
#ifndef RETOUR_STORE_ERASURE_H
#define RETOUR_STORE_ERASURE_H

#include "store/internal.h"

enum erasure { ERASED_CONTACT, REDUCED_CONTACT, ERASED_EVENT, ERASURE_KINDS };
/*
 * Notes that what PSEUDONYM stands for is erased, for the list; inside the transaction, whose
 * commit writes the list first.
 */
int erasures_note(struct store *s, enum erasure kind, const unsigned char *pseudonym, int64_t now);
int erasures_flush(struct store *s);
void erasures_discard(struct store *s);
/*
 * When the store is opened for writing: what was erased since this database was as it is now is
 * erased again. *REPLAYED counts rows.
 */
int erasures_replay(struct store *s, int64_t now, uint64_t *replayed);
/*
 * What the list holds: entries, their oldest day, and how many are older than CUTOFF; with EXPIRE,
 * inside no transaction, these are removed.
 */
int erasures_held(struct store *s, int64_t cutoff, bool expire, uint64_t *count, int64_t *oldest,
	uint64_t *overdue);
/* When the store is opened: a restored backup is settled, or refused. */
int backup_admit(struct store *s, int64_t now);

#endif
