/* Refusals of our mail, by provider and cause, that somebody is to look into. */
#ifndef RETOUR_STORE_INVESTIGATION_H
#define RETOUR_STORE_INVESTIGATION_H

#include "store/internal.h"

struct packed; /* store/message.h */

/* Counts a block; one from before it was resolved does not count. */
int investigation_note(struct store *s, const struct packed *e, const char *provider);
/* When it was resolved last; 0: never. */
int investigation_resolved(
	struct store *s, const char *provider, enum category category, int64_t *at);
/* Opens and holds what is due; without a day beyond noise for a quiet period it is over. */
int investigation_advance(struct store *s, int64_t now);

#endif
