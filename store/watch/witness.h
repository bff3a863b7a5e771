/*
 * What the store remembers of time, so that a run can tell whether its clock is to be believed:
 * when the last runs were, of which start of the machine, and how far others (mail servers, files)
 * were ahead. A run that does not believe its clock changes none of it; only an operator's word
 * does.
 */
#ifndef RETOUR_STORE_WITNESS_H
#define RETOUR_STORE_WITNESS_H

#include "store/store.h"

enum { WITNESS_RUNS = 8, WITNESS_BOOT_SIZE = 16 };

/* Times are epoch seconds, the rest seconds. */
struct witness {
	int64_t ran[WITNESS_RUNS]; /* the last runs whose clock was believed, oldest first, a minute
				      apart at least */
	unsigned runs;
	int64_t last; /* the last of them; where there is none: the last alert evaluation or ledger
			 entry; 0: nothing is known */
	char boot[WITNESS_BOOT_SIZE]; /* the name of the machine's start in which that run was, and
					 when that start was; "": not known */
	int64_t began;
	int64_t newest;    /* the time of a message for which a run did not believe its clock; 0:
			    none */
	int64_t tolerated; /* how far others may be ahead, or a token server off, an operator has
			      said */
	int64_t served, served_at; /* what a token server said that time is, and the clock then,
				      where a run did not believe its clock for that; 0 */
};

/* What is not known is 0 or "". */
int store_witness(struct store *s, struct witness *out);
/* A run believed its clock. Inside a transaction or outside. BOOT may be "". */
int store_witness_ran(struct store *s, int64_t now, const char *boot, int64_t began);
/* A message is of NEWEST, and the run did not believe its clock for that. */
int store_witness_newest(struct store *s, int64_t newest);
/* A token server said SERVED when the clock said AT, and the run did not believe it; 0, 0: it does.
 */
int store_witness_served(struct store *s, int64_t served, int64_t at);
/*
 * An operator says that NOW is right, whatever W says: the runs before are forgotten, and others
 * may be ahead by TOLERATED from now on. In a transaction of its own, and ledgered with WHY (a
 * word) and REASON, which is fit for the ledger.
 */
int store_witness_confirm(struct store *s, const struct witness *w, int64_t now, const char *boot,
	int64_t began, int64_t tolerated, const char *why, const char *reason);

#endif
