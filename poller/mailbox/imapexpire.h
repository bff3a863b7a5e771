/* Deleting what was moved to a folder and is too old. */
#ifndef RETOUR_IMAPEXPIRE_H
#define RETOUR_IMAPEXPIRE_H

#include "poller/mailbox/imapsource.h"
#include "store/writing.h"

/* As source_ops.expire. */
int imap_expire(struct source *source, const char *folder, int64_t cutoff,
	const struct folder_mark *due, uint64_t *removed, struct folder_mark *end);

#endif
