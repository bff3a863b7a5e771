/*
 * Our mail to one subscriber, who forwards it to another address that refuses it: it is his bounce,
 * and to whom he forwards is nobody's business. Without VERP or Original-Recipient only the mail
 * that came back and the forwarder's own words tell.
 */
#ifndef RETOUR_FORWARD_H
#define RETOUR_FORWARD_H

#include "classify/reader.h"

enum addressee_fields { IN_TO_OR_CC = 2, IN_ANY_FIELD = 3 };

/* Is ADDRESS an addressee of the mail that came back, B, in so many of its FIELDS? */
bool is_addressee_of(const struct returned *b, struct span address, enum addressee_fields fields);

enum forward {
	FORWARD_NONE,    /* it is the one that refused whom we wrote to */
	FORWARD_KNOWN,   /* by whom we wrote to, who is in the caller's buffer */
	FORWARD_UNKNOWN, /* we wrote to somebody else, and which of them it was nothing tells */
};

/*
 * Who forwarded our mail to FINAL, which is none of ours and alone in its report: into ADDRESS of
 * EVENT_ADDRESS_SIZE bytes.
 */
enum forward forward_find(const struct reader *r, struct span final, char *address);

/* The same of E's recipient, whom words name; ALONE: no other is named. */
void forward_of_words(struct reader *r, struct event *e, bool alone);

#endif
