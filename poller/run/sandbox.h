/*
 * What the parser process may still do when it has read its rules: take mail from its socket,
 * answer there, log, have memory, end. A mail that finds a hole in the readers finds nothing behind
 * it: no file, no network, no process. seccomp(2) through libseccomp, and limits of setrlimit(2).
 */
#ifndef RETOUR_SANDBOX_H
#define RETOUR_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/*
	 * Of processor time for one message; the slowest that the tests know takes a tenth of one.
	 * The run holds a limit of wall-clock time besides.
	 */
	SANDBOX_CPU_SECONDS = 10,
};

/*
 * Closes the door, for good: FD is the only socket, stderr stays for the log, and every other call
 * ends the process with SIGSYS. The first budget of processor time begins. 0, or -1 with why in
 * ERROR of SIZE bytes, and then nothing but the limits is in force. Builds with a sanitizer or for
 * coverage have no filter: their libraries open files at the end. sandbox_filters() says so.
 */
int sandbox_enter(int fd, char *error, size_t size);
bool sandbox_filters(void);

/* Before each message: SANDBOX_CPU_SECONDS of processor time from now, then SIGXCPU. */
void sandbox_new_budget(void);

#endif
