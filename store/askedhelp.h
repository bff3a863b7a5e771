/*
 * A second hand for the questions of a large list: another handle on the same store, in a thread of
 * its own, which sees the same state of the store as the first.
 */
#ifndef RETOUR_STORE_ASKEDHELP_H
#define RETOUR_STORE_ASKEDHELP_H

#include "store/internal.h"

struct help;

/*
 * Whether S, which holds a snapshot, has a second handle that sees the same; that of S may begin
 * anew for it. *H is made at the first call, with the handle that SECOND_OF opens (NULL: none), and
 * the caller's to close, also where this says false. No answer hangs on it: without it the list
 * takes longer.
 */
bool help_join(struct store *s, struct help **h, struct store *(*second_of)(const struct store *s));
/* H's handle; between help_start() and help_wait() its thread's. */
struct store *help_store(struct help *h);
/* WORK with CONTEXT in a thread of its own; where there is none to be had, at once. */
void help_start(struct help *h, int (*work)(struct store *s, void *context), void *context);
/* Returns what that work did, with its message on S. */
int help_wait(struct help *h, struct store *s);
/* H's snapshot is over. */
void help_leave(struct help *h);
/* Returns the second handle, which is the caller's to close, or NULL. H may be NULL. */
struct store *help_close(struct help *h);

#endif
