/* Counts of months that are over. */
#ifndef RETOUR_STORE_CLOSED_H
#define RETOUR_STORE_CLOSED_H

#include "store/internal.h"

/* Takes apart the counts of old months whose events, all before PURGED, are gone. In a transaction.
 */
int tallies_close(struct store *s, int64_t now, int64_t purged);

#endif
