/*
 * Deleting on the server, also where an expunge only takes a label away: Gmail and Proton keep all
 * mail in a folder of its own (\All, RFC 6154), and from the folder \Trash alone an expunge
 * deletes.
 */
#ifndef RETOUR_IMAPDELETE_H
#define RETOUR_IMAPDELETE_H

#include "poller/mailbox/imapsource.h"

/*
 * The folder by way of which is deleted, where there is such a thing. 0, or -1 where mail is to be
 * deleted and only could be archived.
 */
int imap_find_trash(struct imap_source *s);

/*
 * Deletes UIDS of the selected folder FROM, which is selected again where it was left; MARKED as in
 * imap_remove(). *DELETED grows by what is gone, *MOVED by what left FROM and is not. 0, or -1.
 */
int imap_delete(struct imap_source *s, const struct uid_list *uids, const struct imap_folder *from,
	struct uid_list *marked, uint64_t *deleted, uint64_t *moved);

/*
 * Where nothing was deleted in this visit: what an earlier one left in the trash. The selected
 * folder is another one then. *DELETED grows. 0, or -1.
 */
int imap_clear_trash(struct imap_source *s, uint64_t *deleted);

#endif
