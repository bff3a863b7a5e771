/*
 * Changes of whom not to write to, told to a command of the sender's ([hook]): retour-events(7) has
 * the form.
 */
#ifndef RETOUR_HOOK_H
#define RETOUR_HOOK_H

#include "poller/run/session.h"

/*
 * Tells all that is not told yet, in batches, each at least once and in order: a batch counts as
 * told when the command has read all of it and ended with exit code 0. What fails is tried again by
 * a later run. Exit code; failures are said.
 */
int hook_run(struct session *s, int64_t now);

#endif
