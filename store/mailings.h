/* How often the sender mails. */
#ifndef RETOUR_STORE_MAILINGS_H
#define RETOUR_STORE_MAILINGS_H

#include "store/internal.h"

/*
 * Measures how often the sender mails, inside the transaction; mailings_load() reads what was
 * measured last.
 */
int mailings_measure(struct store *s, int64_t now);
int mailings_load(struct store *s);

#endif
