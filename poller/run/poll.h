/*
 * Empties mailboxes into the store: for each a fetcher and a parser process, between them the run, which
 * stores (one transaction per batch), commits, and only then has the messages settled.
 *
 * A failure costs the smallest unit: a parser's death one message (after a second try), a fetcher's death its
 * mailbox this run, the store's failure the run.
 */
#ifndef RETOUR_POLL_H
#define RETOUR_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include "poller/command/config.h"
#include "store/store.h"

struct poll_job {
	const struct config *config;
	struct store *store;                    /* NULL: dry run, nothing is stored or settled */
	const struct mailbox *const *mailboxes; /* end with NULL; not for an import */
	const char *const *paths;               /* import; end with NULL; NULL: none */
	bool arrived_now;                       /* everything counts as arriving now */
	int64_t now;
	bool doubted;                           /* the clock is: mail that was moved does not expire */
	int64_t certain;                        /* what arrived later than this, or nobody knows when, stays where it is; 0: all is taken */
};

/* One for a mailbox, and summed up for all. */
struct poll_counts {
	uint64_t messages, fresh, duplicates, unrecognised, quarantined, events;
	uint64_t deleted, moved, kept, expired;
	uint64_t old;   /* messages that are older than events are kept */
	uint64_t stuck; /* messages that could not be had; they stay in their mailbox */
	uint64_t left;              /* for struct poll_job.certain */
	int64_t newest;             /* the latest time that a mailbox gave one of its messages; 0: none */
	unsigned mailboxes, failed; /* failed: mailboxes that were not read to their end */
	bool store_failed, stopped;
};

/* Works until all mailboxes are empty, or poll_stop(). Returns 0 when nothing was lost or refused, else -1. */
int poll_mailboxes(const struct poll_job *job, struct poll_counts *total);

/* Ends after the current batch, cleanly. Safe in a signal handler. */
void poll_stop(void);
/* It was called: no mailbox is begun, no batch asked for any more, and what comes after the mailboxes is left to the next run. */
bool poll_stopping(void);

#endif
