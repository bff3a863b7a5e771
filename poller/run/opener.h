/*
 * Who serves questions opens no file himself when he has heard the first of them. A second process,
 * which hears no question, opens the store and the keys of its states for him, to read, when he has
 * to open them anew; by their kind and by no path, and nothing else.
 */
#ifndef RETOUR_OPENER_H
#define RETOUR_OPENER_H

#include <signal.h>

/* Absolute paths; they have to stay. */
struct opener_paths {
	const char *store, *keys;
	const char *credentials; /* NULL: none */
	const char *socket;      /* of the file system, to be removed at the end; NULL: none */
};

/*
 * Starts it; to be called with the stop signals blocked, before a store is open. Should it end
 * before this process, that is said and *STOP becomes true. 0, or -1 with errno.
 */
int opener_start(const struct opener_paths *paths, volatile sig_atomic_t *stop);
/* Ends it. */
void opener_end(void);
/* Has the socket removed, as this process may remove nothing. */
void opener_remove_socket(void);

#endif
