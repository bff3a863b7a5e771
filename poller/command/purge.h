/*
 * Retention as a run and `retour purge` apply it: said, ledgered by the store, exit code 3 when a
 * promise is broken.
 */
#ifndef RETOUR_PURGE_H
#define RETOUR_PURGE_H

#include <stdio.h>
#include "poller/command/opening.h"

/*
 * Deletes what is due (DRY: only counts). TABLE, when not NULL, gets the figures for people. Exit
 * code.
 */
int purge_now(struct session *s, int64_t now, bool dry, FILE *table);

#endif
