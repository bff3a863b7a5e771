/* The organisation's logo for the report's page. */
#ifndef RETOUR_LOGO_H
#define RETOUR_LOGO_H

#include <stddef.h>

/*
 * A PNG, JPEG or SVG as a data URI (RFC 2397), on the heap; NULL with ERROR: it cannot be read, is
 * too large or is none of these.
 */
char *logo_read(const char *path, char *error, size_t size);

#endif
