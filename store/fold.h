/* Names of campaigns that few had do not last. */
#ifndef RETOUR_STORE_FOLD_H
#define RETOUR_STORE_FOLD_H

#include "store/internal.h"

/*
 * Judges the names of campaigns whose day is over: those that last stay, others are folded. Events
 * before PURGED are there no more. In a transaction.
 */
int campaigns_judge(struct store *s, int64_t now, int64_t purged);
/* A store_part: an erasure leaves no name of the present day under which nobody else is. */
int campaigns_flush(struct store *s);
void campaigns_discard(struct store *s);

#endif
