/*
 * What lines of mail logs add up to: attempts by time, provider and campaign, of our mailings only.
 * It knows the mails in the queue (logqueue.h), as a line of an attempt names no sender.
 */
#ifndef RETOUR_LOGTALLY_H
#define RETOUR_LOGTALLY_H

#include "classify/classify.h"
#include "classify/origin.h"
#include "poller/run/wire.h"
#include "poller/volume/logqueue.h"
#include "poller/volume/providernumbers.h"

enum { TALLY_CELLS = 8192 /* a power of two, twice what is sent at once */ };

struct tally_cell {
	uint32_t slot; /* 0: free */
	uint16_t provider, campaign;
	uint32_t count[LOG_OUTCOME_COUNT];
};

struct log_tally {
	struct rules *rules; /* the caller's */
	struct classify_options options;
	struct returned no_headers; /* what a return path alone says about its campaign */
	struct provider_numbers providers;
	struct queue *queue;
	struct wire_log_mark mark; /* counts since the last; whoever sends it empties it */
	size_t cells;
	struct tally_cell cell[TALLY_CELLS];
};

struct log_tally *tally_new(
	struct rules *rules, const struct classify_options *options); /* NULL: no memory */
void tally_free(struct log_tally *t);

/* 0, or -1: the counts were to be sent, and the run is gone. */
int tally_line(struct log_tally *t, const struct log_line *l);

/* Sends what was counted over CHILD_FD, and begins anew; 0 or -1. */
int tally_send(struct log_tally *t);

#endif
