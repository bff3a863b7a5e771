/* The folders of a visit: the one that is read, and where what is settled goes. */
#ifndef RETOUR_IMAPFOLDERS_H
#define RETOUR_IMAPFOLDERS_H

#include "poller/mailbox/imapsource.h"

/* Whether anything of M is deleted or moved, so that its folder must be writable. */
bool imap_moves_or_deletes(const struct mailbox *m);

/* The folder that is read and those of the settlements, as the server calls them. 0 or -1. */
int imap_find_folders(struct imap_source *s);

/* FOLDER as it may stand in an error: a name with an @ is not repeated. */
const char *imap_folder_shown(const struct imap_folder *folder);

/* Selects FOLDER, WRITING when messages are to be removed from it. 0 or -1. */
int imap_select_folder(struct imap_source *s, const struct imap_folder *folder, bool writing);

/* The folder that is read, again after another one was looked at. 0 or -1. */
int imap_select_source(struct imap_source *s);

#endif
