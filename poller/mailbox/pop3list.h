/* Which messages a maildrop has, and how they are known again in another connection. */
#ifndef RETOUR_POP3LIST_H
#define RETOUR_POP3LIST_H

#include "poller/mailbox/pop3line.h"

/*
 * Reads the list, by UIDL where there is one, else by LIST, and asks SINK which of them are wanted.
 * 0, or -1 with the error text.
 */
int pop3_read_list(struct pop3 *p, const struct source_sink *sink);

/*
 * The numbers that the messages have in this connection. An id that two messages share says
 * nothing: then there is no going on. 0, or -1 with the error text.
 */
int pop3_find_numbers(struct pop3 *p);

#endif
