/* The folder in windows: which messages are there, in the order of their UIDs. */
#ifndef RETOUR_IMAPLIST_H
#define RETOUR_IMAPLIST_H

#include "poller/mailbox/imapsource.h"

/* Order of struct imap_entry, for qsort() and bsearch(). */
int imap_by_uid(const void *a, const void *b);

/*
 * UID and size of the messages FIRST to LAST, by sequence number, into the window, in the order of
 * their UIDs. 0, 1 when the server lists none of them, with the error text, or -1.
 */
int imap_list_range(struct imap_source *s, uint32_t first, uint32_t last);

/* How many messages are there, after a NOOP: sequence numbers are right in the next command. */
int imap_exists_now(struct imap_source *s, uint32_t *exists);

/* Fills the window with the next messages; an empty one is the end. 0 or -1. */
int imap_list_window(struct imap_source *s);

/*
 * Asks SINK which of the window are wanted, and drops the others; those that are wanted last are
 * put aside. 0 or -1.
 */
int imap_drop_unwanted(struct imap_source *s, const struct source_sink *sink);

/*
 * One of those that were put aside into the window, each visit in another order, so that none that
 * hangs keeps the others from their turn for ever. False: there is none left.
 */
bool imap_take_late(struct imap_source *s);

#endif
