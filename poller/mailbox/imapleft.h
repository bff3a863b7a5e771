/* What a folder still holds at the end of a visit, beside what it should. */
#ifndef RETOUR_IMAPLEFT_H
#define RETOUR_IMAPLEFT_H

#include "poller/mailbox/imapsource.h"

/*
 * 0, or -1 with the error text: what the server said that it removed is still there, or it finds
 * messages beyond those that it counts (EXISTS), which no listing shows. One SEARCH, two where
 * something has come meanwhile.
 */
int imap_compare_left(struct imap_source *s);

#endif
