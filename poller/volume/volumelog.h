/*
 * Sent counts from mail logs: the run's part, which has the files and the store and lets a log
 * reader process (poller/volume/logreader.c) look into them.
 */
#ifndef RETOUR_VOLUMELOG_H
#define RETOUR_VOLUMELOG_H

#include <stdio.h>
#include "poller/run/session.h"

/*
 * Counts what is new in the COUNT files at PATHS, the oldest first, each stretch of them in one
 * transaction with the mark up to where it goes. JSON: gets the sums as a line; NULL: nobody. Says
 * what fails. EXIT_WELL, or the exit code to
 * end with.
 */
int volumelog_count(struct session *s, char **paths, size_t count, int64_t now, FILE *json);

#endif
