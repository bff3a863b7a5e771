/*
 * The INI file as bytes, before it is parsed: what the parser would misread or say nothing about.
 */
#ifndef RETOUR_CONFIGRAW_H
#define RETOUR_CONFIGRAW_H

#include <stddef.h>

/*
 * TELL hears of each fault, by line (0: of the whole file). Returns how many there were; 0 also for
 * what cannot be read, which others say.
 */
unsigned configraw_faults(const char *file,
	void (*tell)(void *context, unsigned line, const char *fault), void *context);

/* The bytes of a byte order mark at the beginning of a file's first line: 3 or 0. */
size_t configraw_mark(const char *line);

/*
 * FILE without that mark and the comments behind section names, which iniparser does not bear, as a
 * file in memory whose name goes into PATH. Its descriptor, or -1 with errno.
 */
int configraw_copy(const char *file, char *path, size_t size);

#endif
