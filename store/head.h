/* The ledger's head, noted beside the keys, so that an older copy of the store shows. */
#ifndef RETOUR_STORE_HEAD_H
#define RETOUR_STORE_HEAD_H

#include "store/internal.h"

/*
 * In a transaction, when the store is opened for writing: an older copy is ledgered, or refused
 * (STORE_BROKEN). RESTORED: it is a backup that is taken into use.
 */
int head_settle(struct store *s, bool restored, int64_t now);
/* RESULT of opening keys; where the store is an older copy, the error says so. */
int head_explain(struct store *s, int result);
/* Before a store that wrote is closed. */
int head_note(struct store *s);

#endif
