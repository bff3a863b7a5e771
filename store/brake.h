/*
 * The brake: hard bounces that are too many at once to be believed (wave.h) hold whom they are
 * about until they are confirmed.
 */
#ifndef RETOUR_STORE_BRAKE_H
#define RETOUR_STORE_BRAKE_H

#include "store/internal.h"

/* Counts a hard bounce that has changed a contact, or one that nobody understands: UNCLEAR. */
int brake_add(struct store *s, const struct packed *e, bool unclear);
/*
 * Before a commit: what was counted is written, and waves that it makes hold whom they are about.
 */
int brake_flush(struct store *s);
void brake_discard(struct store *s);
void brake_free(struct store *s);
/*
 * Time: hours that were read after later ones, and waves that still hold, are judged anew with what
 * is known by now; what nothing is compared with any more is forgotten.
 */
int brake_advance(struct store *s, int64_t now);
/* Everybody with a hard failure on DAY or later stands where the waves as they are now say. */
int brake_refold(struct store *s, int64_t day);

#endif
