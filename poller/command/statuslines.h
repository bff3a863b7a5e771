/* `status --json`. */
#ifndef RETOUR_STATUSLINES_H
#define RETOUR_STATUSLINES_H

#include "poller/run/session.h"

/* A line for the last run, each mailbox, what is open, the contacts, last month's report. Exit
 * code. */
int status_lines(struct session *s, int64_t now);

#endif
