/*
 * The register of what data subjects asked for: which request, when, how much was found, what it is
 * called. It is read from the ledger, whose numbers are the requests', so that none can be left out
 * or changed unseen; a name that was wrong is corrected by a new entry. No address and no pseudonym
 * is in it.
 */
#ifndef RETOUR_REQUESTS_H
#define RETOUR_REQUESTS_H

#include "store/ledger.h"
#include "store/promises.h"

enum { REQUESTS_MAX = 500, REQUEST_TEXT_SIZE = 256, REQUEST_COUNTS_SIZE = 160 };

struct request {
	int64_t number, at;                /* of its entry in the ledger */
	const char *kind;                  /* "access", "erasure", "objection" */
	char counts[REQUEST_COUNTS_SIZE];  /* "addresses=2 events=4" */
	char reference[REQUEST_TEXT_SIZE]; /* as it was corrected last; "": none was given */
	int64_t corrected, corrected_by;   /* when and by which entry; 0: never */
};

struct request_register {
	uint64_t count; /* all; request n stands at n % REQUESTS_MAX */
	struct request request[REQUESTS_MAX];
};

/* For store_ledger_walk(): takes an entry into the struct request_register CONTEXT. Returns 0. */
int requests_take(void *context, const struct ledger_entry *e);
/* The N-th that is kept, from 0 on, the oldest first; NULL behind the last. */
const struct request *requests_at(const struct request_register *r, uint64_t n);
/* The one with this number; NULL: the ledger has none. */
const struct request *requests_find(const struct request_register *r, int64_t number);

#endif
