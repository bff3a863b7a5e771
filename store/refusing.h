/* What receivers refused of late, read from the store for base/refusals.h to judge. */
#ifndef RETOUR_STORE_REFUSING_H
#define RETOUR_STORE_REFUSING_H

#include "store/base/refusals.h"
#include "store/internal.h"

/* All providers that refused anything of late, or were sent to; the caller frees *OUT. */
int refusals_load(struct store *s, int64_t today, struct refusals **out, unsigned *count);

#endif
