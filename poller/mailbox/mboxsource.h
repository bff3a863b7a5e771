/*
 * The mbox source's own state, for its two files: mbox.c, which hands out and settles, and
 * mboxmove.c, which moves to folders.
 */
#ifndef RETOUR_MBOXSOURCE_H
#define RETOUR_MBOXSOURCE_H

#include "poller/mailbox/gone.h"
#include "poller/mailbox/mbox.h"
#include "poller/mailbox/mboxcut.h"
#include "poller/mailbox/mboxlock.h"

enum { MBOX_WANTED_WINDOW = 512 };

/* What was appended to a folder and is not out of the mbox yet. */
struct mbox_moves {
	struct stretches at;
	uint64_t start; /* the folder's size before */
};

struct mbox_source {
	struct source base;
	const struct mailbox *mailbox;
	const char *scratch;
	uint64_t max_message;
	char *path;
	int fd;
	struct stat seen;
	struct mbox_reader reader, scout;
	uint64_t cut; /* bytes that were taken out since it was opened: numbers of messages count
			 from then */
	struct stretches handed;  /* out and not settled; .end is set to 0 when it was */
	struct gone gone;         /* removed in this visit */
	struct stretches removed; /* by settle(), still in the file */
	struct mbox_moves moves[SETTLEMENT_COUNT]; /* by settlement */
	/* Only where mail stays: the scout goes ahead and asks. */
	bool stays;
	unsigned char wanted[MBOX_WANTED_WINDOW];
	size_t asked, answered;
	char name[32];
};

/* True when the message at the beginning of X is still the one that was read. */
bool mbox_unchanged(const struct mbox_source *b, const struct stretch *x);
/*
 * Locks PATH and mends what a kill left of a removal. 1: a removal was finished, 0, or -1 with the
 * error text.
 */
int mbox_take(struct mbox_source *b, struct mbox_lock *lock, const char *path, int fd);

/* The path of FOLDER's mbox; heap. NULL with the error text. */
char *mbox_folder_path(struct mbox_source *b, const char *folder);
/*
 * Appends the COUNT messages X to the folder of settlement WHAT, durably, after noting in a journal
 * that they lie in both. 0, or -1 with the error text: then the folder is as it was.
 */
int mbox_move(
	struct mbox_source *b, enum settlement what, const struct stretch *const *x, size_t count);
/* The journal of the moves of WHAT; heap, NULL without memory. */
char *mbox_moves_journal(const struct mbox_source *b, enum settlement what);
/*
 * Takes back what a kill left in both; FINISHED: the mbox has lost it since, so it stays in the
 * folder. 0, or -1 with the error text.
 */
int mbox_moves_mend(struct mbox_source *b, bool finished);

#endif
