/*
 * What a file system keeps of what is overwritten: a destroyed key is overwritten and removed, and
 * on some its old bytes stay where they were.
 */
#ifndef RETOUR_MEDIUM_H
#define RETOUR_MEDIUM_H

#include <stddef.h>

/*
 * Why bytes that are overwritten below PATH may stay, into TEXT of SIZE bytes; NULL where nothing
 * is known against its file system. MOUNTS is the text of a mountinfo file (proc(5)).
 */
const char *medium_keeps(const char *path, const char *mounts, char *text, size_t size);
/* The same of the mounts that this process sees. */
const char *medium_keeps_here(const char *path, char *text, size_t size);

#endif
