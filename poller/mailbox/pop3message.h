/* The answer to a RETR: one message, read within its limits and handed out. */
#ifndef RETOUR_POP3MESSAGE_H
#define RETOUR_POP3MESSAGE_H

#include "poller/mailbox/pop3line.h"

/*
 * Reads the answer to a RETR and hands the message out; with a SINK of NULL only reads it. *GIVEN
 * counts. 0, or -1 with the error text.
 */
int pop3_take_message(
	struct pop3 *p, const struct pop3_listed *l, const struct source_sink *sink, size_t *given);

/*
 * What came empty: a message of no bytes by the server's own account, or one that it cannot give.
 * Asked when no other answer is under way. 0, or -1 with the error text.
 */
int pop3_judge_empty(struct pop3 *p, const struct source_sink *sink, size_t *given);

/* A message that is there and cannot be had: named, and left where it is. 0 or -1. */
int pop3_say_stuck(struct pop3 *p, const struct pop3_listed *l, const char *why,
	const struct source_sink *sink);

#endif
