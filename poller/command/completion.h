/* Completion of shells, printed from the table of commands. */
#ifndef RETOUR_COMPLETION_H
#define RETOUR_COMPLETION_H

#include "poller/command/commands.h"

/* Prints the script for the shell that argv[1] names, of TABLE, which ends with name NULL. An exit
 * code; says what is wrong. */
int completion_print(const struct command *table, int argc, char **argv);

#endif
