/* Steps in the directories of a Maildir. */
#ifndef RETOUR_MAILDIRFOLDER_H
#define RETOUR_MAILDIRFOLDER_H

#include <stdint.h>

/* Opens the directory NAME below DIR, and makes it when it is absent. */
int maildir_make_directory(int dir, const char *name);
/*
 * NAME of DIR becomes TO of CUR, unless there is another: then EEXIST. A file system that cannot do
 * that in one step, as NFS, links, and the first name goes after; a kill in between leaves both,
 * and the next visit takes away the first. 0, or -1 with errno.
 */
int maildir_rename(int dir, const char *name, int cur, const char *to);
/* Unlinks what is old in one directory of a folder. 0, or -1 with errno. */
int maildir_expire_directory(int folder, const char *name, int64_t cutoff, uint64_t *removed);

#endif
