/*
 * The two locks of an mbox, as delivery agents take them: FILE.lock first (where the directory lets
 * us), then fcntl.
 */
#ifndef RETOUR_MBOXLOCK_H
#define RETOUR_MBOXLOCK_H

#include "poller/mailbox/local.h"

struct mbox_lock {
	int fd;        /* the caller's */
	char *dotlock; /* NULL: the directory did not let us */
};

/*
 * Locks the mbox PATH, which FD has open, waiting at most SECONDS (0: 30). FILE.lock says whose it
 * is ("PID:HOST") from the moment on that it can be seen; one of this machine whose process is gone
 * is taken away at once, another after 15 minutes. 0, or -1 with the error text in S.
 */
int mbox_lock(struct mbox_lock *l, struct source *s, const char *path, int fd, int64_t seconds);
void mbox_unlock(struct mbox_lock *l);

#endif
