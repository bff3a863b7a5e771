/*
 * Empties mailboxes into the store: for each a fetcher and a parser process, between them the run,
 * which stores (one transaction per batch), commits, and only then has the messages settled.
 *
 * A failure costs the smallest unit: a parser's death one message (after a second try), a fetcher's
 * death its mailbox this run, the store's failure the run.
 */
#ifndef RETOUR_POLL_H
#define RETOUR_POLL_H

#include "poller/run/job.h"

/*
 * Works until all mailboxes are empty, or poll_stop(). Returns 0 when nothing was lost or refused,
 * else -1.
 */
int poll_mailboxes(const struct poll_job *job, struct poll_counts *total);

#endif
