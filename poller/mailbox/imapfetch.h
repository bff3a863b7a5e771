/* FETCH, answer by answer: bodies go straight into our own buffer. */
#ifndef RETOUR_IMAPFETCH_H
#define RETOUR_IMAPFETCH_H

#include "poller/mailbox/imapsource.h"

/* libetpan's callbacks for a session that was just opened. */
void imap_set_handlers(struct imap_source *s);

/*
 * Fetches TYPE of SET, which are both freed; each answer goes to s->on_fetch. The answer may have
 * EXPECTED bytes. 0, 1 when the server refuses, or -1 with the error text.
 */
int imap_fetch(struct imap_source *s, bool by_uid, struct mailimap_set *set,
	struct mailimap_fetch_type *type, uint64_t expected);

/* C may be NULL: the answer then has A and B only. All are freed. NULL without memory. */
struct mailimap_fetch_type *imap_fetch_type(
	struct mailimap_fetch_att *a, struct mailimap_fetch_att *b, struct mailimap_fetch_att *c);

#endif
