/*
 * Alerts in a run: what the store and this machine show is judged, and what is new is told by mail
 * and by a command.
 */
#ifndef RETOUR_ALERTS_H
#define RETOUR_ALERTS_H

#include "poller/run/session.h"

/*
 * Evaluates all conditions, keeps what became of them, and tells the news. What could not be told
 * is told by the next run. Exit code; failures are said.
 */
int alerts_run(struct session *s, int64_t now);

/*
 * Instead of it in a run that does not believe its clock: only the alert of that is opened and
 * told, nothing is cleared.
 */
int alerts_doubt(struct session *s);

/*
 * What is used of the file system that PATH is on, in parts per million, as df(1) computes it: what
 * is reserved for root is no room. -1 with errno: PATH cannot be looked at.
 */
int disk_used_ppm(const char *path, int64_t *ppm);

#endif
