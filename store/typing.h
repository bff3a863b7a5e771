/* Domains that miss a large provider's by one typing error. */
#ifndef RETOUR_STORE_TYPING_H
#define RETOUR_STORE_TYPING_H

#include "store/internal.h"

struct packed; /* store/message.h */

/*
 * Notes in P which provider's domain was meant, where that of ADDRESS (canonical, N bytes) misses
 * it by one typing error.
 */
void typing_pack(const struct store *s, const char *address, size_t n, struct packed *p);
/* Counts it, inside the transaction. */
int typing_add(struct store *s, const struct packed *p);

#endif
