/* What a run is to do, what came of it, and the wish that it end. */
#ifndef RETOUR_JOB_H
#define RETOUR_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include "store/store.h"

struct mailbox; /* poller/mailbox/mailbox.h */

struct poll_job {
	const char *config_file; /* for fetcher and parser, which read it anew; NULL: built-in
				    defaults */
	struct store *store;     /* NULL: dry run, nothing is stored or settled */
	const struct mailbox *const *mailboxes; /* end with NULL; not for an import */
	const char *const *paths;               /* import; end with NULL; NULL: none */
	uint64_t bytes;   /* of all paths, as the file system says; 0: not known */
	bool json;        /* a line on stdout for each mailbox */
	bool arrived_now; /* everything counts as arriving now */
	int64_t now;
	bool doubted;    /* the clock is: mail that was moved does not expire */
	int64_t certain; /* what arrived later than this, or nobody knows when, stays where it is;
			    0: all is taken */
};

/* One for a mailbox, and summed up for all. */
struct poll_counts {
	uint64_t messages, fresh, duplicates, unrecognised, quarantined, events;
	uint64_t deleted, moved, kept, expired;
	uint64_t bytes;    /* of the messages, as they were handed over */
	uint64_t old;      /* messages that are older than events are kept; not in the sum */
	uint64_t ancient;  /* … than contacts are kept, too; not in the sum */
	uint64_t unheeded; /* opt-outs that may not act */
	uint64_t stuck;    /* messages that could not be had; they stay in their mailbox */
	uint64_t left;     /* for struct poll_job.certain */
	int64_t newest;    /* the latest time that a mailbox gave one of its messages; 0: none */
	/*
	 * Messages that their mailbox did not date (POP3), by their topmost Received: how many are
	 * of now or before, how many are more than a day later, and the earliest of these.
	 */
	uint64_t fitting, later;
	int64_t later_first;
	int64_t served;             /* what a token server said that time is; 0: none was heard */
	unsigned mailboxes, failed; /* failed: mailboxes that were not read to their end */
	bool store_failed, stopped;
};

/* Ends after the current batch, cleanly. Safe in a signal handler. */
void poll_stop(void);
/*
 * It was called: no mailbox is begun, no batch asked for any more, and what comes after the
 * mailboxes is left to the next run.
 */
bool poll_stopping(void);

#endif
