/*
 * Takes stretches out of an mbox so that a kill at any moment neither tears nor loses what stays.
 * Three files have fixed names; each is found and finished or removed at the next mbox_cut_mend():
 *
 * - BESIDE, in the mbox's directory (.NAME.retour): what stays, until it is renamed to the mbox.
 * - JOURNAL, in a directory of ours: what is being moved in place, where the directory does not let
 *   us make files or little is to be moved.
 */
#ifndef RETOUR_MBOXCUT_H
#define RETOUR_MBOXCUT_H

#include "poller/mailbox/local.h"

/* A stretch of the file, From_ line to From_ line. */
struct stretch {
	uint64_t begin, end;
	uint64_t head;                    /* the first message in it ends here */
	uint64_t number;                  /* what the message was handed out as */
	unsigned char id[SOURCE_ID_SIZE]; /* mbox_id() of the first message */
};

struct stretches {
	struct stretch *at;
	size_t n, capacity;
};

int stretches_add(struct stretches *s, struct stretch x); /* 0, or -1 without memory */
/*
 * Adds to a list that is to be removed: neighbours become one, so that an emptied mailbox is one
 * stretch.
 */
int stretches_join(struct stretches *s, struct stretch x);
void stretches_sort(struct stretches *s);
/* How many bytes of a sorted list lie before POSITION. */
uint64_t stretches_before(const struct stretches *s, uint64_t position);

/* Copies the bytes BEGIN to END of IN to position TO of OUT. 0, or -1 with errno. */
int mbox_copy(int in, uint64_t begin, uint64_t end, int out, uint64_t to, struct wiped *buffer);

/*
 * The path of a journal of PATH in directory SCRATCH, told apart by KIND; heap, NULL without memory
 * or SCRATCH (errno).
 */
char *mbox_journal_path(const char *scratch, const char *path, const char *kind);

/*
 * Removes GONE, which is sorted, from the mbox PATH, which *FD has open and the caller has locked;
 * LOCKED_BESIDE: by FILE.lock, too, so that a new file may take its place, which *FD is then.
 * DECIDED, which may be NULL, is called as soon as the removal is sure to be done, now or at the
 * next open; 0, or -1 with errno. 0, or -1 with errno.
 */
int mbox_cut(const char *path, int *fd, bool locked_beside, const char *scratch,
	const struct stretches *gone, int (*decided)(void *context), void *context);

/*
 * Finishes or takes back what a kill left, under the same lock. 1: a removal was finished, 0:
 * nothing was to be finished, -1 with errno; ESTALE: somebody else has changed the file meanwhile,
 * and what was begun is given up. Without SCRATCH nothing is touched.
 */
int mbox_cut_mend(const char *path, int fd, bool locked_beside, const char *scratch);

#endif
