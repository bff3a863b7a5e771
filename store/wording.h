/*
 * What receivers said, counted, as seen by the rest of store/; figures.h has what is read of it.
 */
#ifndef RETOUR_STORE_WORDING_H
#define RETOUR_STORE_WORDING_H

#include <stdint.h>

struct store;
struct packed;

/* Notes that E's day is to be counted; inside the transaction. A store_part forgets it. */
int wording_due(struct store *s, const struct packed *e);
int wording_flush(struct store *s);
void wording_discard(struct store *s);
/*
 * Counts the days before NOW's, and lets go what did not last in its month, or was said before
 * CUTOFF to few; words from before it may be gone already. In a transaction.
 */
int wordings_count(struct store *s, int64_t now, int64_t cutoff);
/* Of MONTH (YYYYMM) a recipient, by the pseudonym of that month, is not among those who had it. */
int wording_forget(struct store *s, int64_t month, const unsigned char *pseudonym);
/* Of the days FIRST..LAST, a month that is closed, the rare ones become one. */
int wordings_close(struct store *s, int64_t first, int64_t last);

#endif
