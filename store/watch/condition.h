/* What the files of an alert's conditions share: condition.c, surge.c, leading.c. */
#ifndef RETOUR_CONDITION_H
#define RETOUR_CONDITION_H

#include "store/watch/alert.h"

enum { SENT_LEAST = 200 /* mails below which a rate means nothing */ };

/*
 * How much was sent from FROM to TO to receivers from which a complaint came within twelve months:
 * by whole days, in CAMPAIGN (NULL: in all); and by hours, as logs say.
 */
int reporting_sent(struct store *s, const char *campaign, int64_t from, int64_t to, uint64_t *sent);
int reporting_sent_hours(struct store *s, int64_t from, int64_t to, uint64_t *sent);

/* Looks at single campaigns and receivers, and at notices not about our mail, inside a transaction.
 */
int campaigns_watch(struct store *s, const struct alert_options *o, int64_t now);

/* Looks at what receivers report of our domains, inside a transaction. */
int reported_watch(struct store *s, const struct alert_options *o, int64_t now);

/* Looks for surges and notes them, inside a transaction. */
int surges_watch(struct store *s, const struct alert_options *o, int64_t now);

/* The last time of which an alert of this condition and subject spoke; 0: none did. */
int alert_spoken_of(
	struct store *s, enum alert_condition condition, const char *subject, int64_t *until);

/*
 * Provider, category and campaign where at least half of G's part lies, of the events of KIND and
 * KLASS (NULL: all) at the provider SUBJECT ("": all). Throttling may be known from logs alone;
 * then nothing more is known.
 */
int alert_leaders(struct store *s, enum kind kind, const char *klass, const char *subject,
	struct alert_figures *g);

#endif
