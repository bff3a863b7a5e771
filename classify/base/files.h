/* Files read and written whole: the one way in which all rooms write and replace them. */
#ifndef RETOUR_FILES_H
#define RETOUR_FILES_H

#include <dirent.h>
#include <sys/types.h>
#include "classify/base/span.h"

/* Writes all BYTES to FD, going on after interruptions. 0, or -1 with errno. */
int write_all(int fd, struct span bytes);

/*
 * Is PATH a pipe or a socket? Who reads one that a configuration names waits for ever, with the
 * lock in hand.
 */
bool file_is_pipe(const char *path);

/*
 * The bytes of the file PATH, MAX at most, on the heap and the caller's; 0, or -1 with errno, EFBIG
 * where there are more.
 */
int file_load(const char *path, size_t max, char **heap, size_t *n);

/*
 * PATH becomes a file of MODE (one that exists keeps its own) with these BYTES, in one step and for
 * good: written beside it as .NAME.retour-draft, synced, renamed, its directory synced. What a kill
 * leaves under that name, the next call takes over. A symbolic link is followed; what is there and
 * no regular file (a device, a FIFO) is written to and never replaced. 0, or -1 with errno.
 */
int file_replace(const char *path, struct span bytes, mode_t mode);
/*
 * Would a file_replace() of PATH with N bytes find its place and room now? 0, or -1 with errno.
 * Leaves nothing behind; a kill leaves what file_finish_replacing() does not take.
 */
int file_try_replacing(const char *path, size_t n);
/*
 * What a kill left of file_replace() after all BYTES were written and before they were in the place
 * of PATH, whose last byte then was END: PATH becomes that now. Not where PATH was written since.
 * True: it did.
 */
bool file_finish_replacing(const char *path, char end);

/*
 * What lies in the directory FD, which closedir() closes then; NULL with errno where FD is none,
 * and it is closed.
 */
DIR *directory_of(int fd);

/*
 * What to say behind the text of ERROR when PATH could not be made: "; its directory is not there",
 * or "" where the text alone says it.
 */
const char *file_advice(const char *path, int error);
/* The same of a file that could not be read. */
const char *file_unread_advice(int error);

/* Syncs the directory that PATH lies in, so that names in it last. 0, or -1 with errno. */
int directory_sync(const char *path);

#endif
