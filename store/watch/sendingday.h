/*
 * How much more is sent on a day than on days before, where counts come by day: a digest to
 * everybody brings more bounces, and is no incident.
 */
#ifndef RETOUR_SENDINGDAY_H
#define RETOUR_SENDINGDAY_H

#include <stdint.h>
#include "store/store.h"

struct sending_days;

/* Of the weeks before NOW; the caller frees *OUT with free(). */
int sending_days_load(struct store *s, int64_t now, struct sending_days **out);

/* In thousandths, 1000 at least, and where nobody said. */
struct sending_growth {
	int64_t usual; /* of what is sent on the same days of the weeks before */
	int64_t most;  /* of the most of a day in the four weeks before */
};
/* On the day of AT, to PROVIDER ("": to all). DAYS may be NULL: nobody said. */
struct sending_growth sending_growth_of(
	const struct sending_days *days, const char *provider, int64_t at);

#endif
