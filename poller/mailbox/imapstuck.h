/* Messages of an IMAP folder that cannot be had. */
#ifndef RETOUR_IMAPSTUCK_H
#define RETOUR_IMAPSTUCK_H

#include "poller/mailbox/imapsource.h"

/* Is so much of the deadline over that what was read must be settled? */
bool imap_time_is_up(const struct imap_source *s);

/* A message that is there and cannot be had, and WHY: told to the sink, and left where it is. */
void imap_say_stuck(struct imap_source *s, const struct imap_entry *e, const char *why);

/* What of the batch was asked for and not given, though it is there, is told. 0 or -1. */
int imap_look_for_missing(struct imap_source *s);

/* After a FETCH that ended the session: another one, and on with the next message. 0 or -1. */
int imap_go_on_after_cut(struct imap_source *s);

/* One of those that could not be had before into the window. False: there is none left. */
bool imap_next_late(struct imap_source *s);

#endif
