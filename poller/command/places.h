/* Whether a first run can make what is not there yet: the store, the reports' directory, the keys.
 */
#ifndef RETOUR_PLACES_H
#define RETOUR_PLACES_H

#include "poller/config/config.h"

/* The directory above PATH, which is absolute: poller/config/config.c sees to it. */
void parent_of(const char *path, char *parent, size_t size);

/*
 * PATH is not there; will a run be able to make it? It makes the store's directory too, but not
 * what that lies in.
 */
bool can_be_made(const struct config *c, const char *path);

/* The same of the keys: their directory may be there already, but is ours alone. False: WHY. */
bool keys_can_be_made(const struct config *c, char *why, size_t size);

#endif
