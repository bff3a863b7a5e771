/*
 * Runs a command that reads something: a fixed argument vector, no shell, a clean environment, a
 * time limit.
 */
#ifndef RETOUR_FEED_H
#define RETOUR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include "classify/base/span.h"

/*
 * Runs ARGV with INPUT as its standard input, its output dropped, PATH alone in its environment,
 * SECONDS for all of it; then it is killed with whatever it started. 0 when it ended by itself:
 * *STATUS is its wait status, *FED whether it read all of INPUT. Else -1 with ERROR.
 */
int feed_command(char *const argv[], struct span input, int seconds, int *status, bool *fed,
	char *error, size_t size);
/* The same, with its output into the file OUTPUT. */
int feed_command_into(char *const argv[], struct span input, int output, int seconds, int *status,
	bool *fed, char *error, size_t size);

#endif
