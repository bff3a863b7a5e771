/* Domains that nobody has. */
#ifndef RETOUR_STORE_NODOMAIN_H
#define RETOUR_STORE_NODOMAIN_H

#include "store/internal.h"

struct packed; /* store/message.h */

/* Whether any domain is noted, when the store is opened. */
int nodomain_load(struct store *s);
/* The number of the domain of canonical ADDRESS, where P says that nobody has it, or has. */
void nodomain_pack(const struct store *s, const char *address, size_t n, struct packed *p);
int nodomain_add(struct store *s, const struct packed *p);
/* Of somebody who is erased; inside the transaction. */
int nodomain_forget(struct store *s, const char *canonical, size_t n);
int nodomain_advance(struct store *s, int64_t now);

#endif
