/* What became of those who went soft, by month. */
#ifndef RETOUR_STORE_COHORT_H
#define RETOUR_STORE_COHORT_H

#include "store/internal.h"

/*
 * A contact's place in the counts: the month (YYYYMM) in which it went soft, 0: never, and what
 * became of it since.
 */
struct cohort_place {
	int month;
	enum cohort_outcome outcome;
};
/* The contact went from BEFORE, as it was last counted, to AFTER. */
int cohort_move(struct store *s, struct cohort_place before, struct cohort_place after);

#endif
