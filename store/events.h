/* A recipient's events, of all months. */
#ifndef RETOUR_STORE_EVENTS_H
#define RETOUR_STORE_EVENTS_H

#include "store/internal.h"

/*
 * Deletes and notes the events of the recipient with this canonical form, in all months whose keys
 * are there, inside the transaction; adds to *DELETED.
 */
int events_forget(struct store *s, const char *canonical, size_t n, int64_t now, uint64_t *deleted);

#endif
