/*
 * A note outside the data directory that a store was made once. Where the disk of the data is not
 * mounted there is neither store nor keys, and a run would make new ones, by which everybody may be
 * written to again. The note says that there should be one.
 *
 * It is one file, [store] marker, by default the INI file's name with ".made" behind it: a line
 * that names the format, one with the store's path.
 */
#ifndef RETOUR_MARKER_H
#define RETOUR_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include "poller/config/config.h"

/*
 * May a new store be made, or is one there? False with the reason in WHY of SIZE bytes: the note or
 * a month's key says that there was one, and it is not there now.
 */
bool marker_allows_new(const struct config *c, char *why, size_t size);
/* Notes that the store is there. False with errno where the note cannot be written. */
bool marker_note(const struct config *c);
/* The operator begins anew: the note goes. 0, or -1 with errno. */
int marker_remove(const struct config *c);

#endif
