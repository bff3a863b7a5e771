/* What sets hard aside, though it was bid highest. */
#ifndef RETOUR_VETO_H
#define RETOUR_VETO_H

#include "classify/bids.h"

/* The class that wins. EARLY: it was refused before any recipient was named. */
enum klass veto_judge(const struct rules *r, struct bids *bids, const struct decision *d,
	struct heard *answer, struct heard *human, bool early);

#endif
