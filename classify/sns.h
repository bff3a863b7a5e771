/*
 * Amazon SES notifications that reach a mailbox through SNS: one JSON object in the text of the
 * mail.
 */
#ifndef RETOUR_SNS_H
#define RETOUR_SNS_H

#include "classify/base/arena.h"
#include "classify/event.h"
#include "classify/base/span.h"

struct sns {
	enum kind kind;
	enum feedback feedback; /* of a complaint */
	struct span recipients; /* what is left of the array of recipients */
	struct span message_id, source, reporting_mta, answer;
	struct span status; /* of those who have none of their own */
};

struct sns_recipient {
	struct span address, action, status,
		diagnostic; /* as they stand in the JSON: with its escapes */
};

/* False when TEXT is no such notification. One that stands in another is laid out in ARENA. */
bool sns_open(struct sns *s, struct arena *arena, struct span text);
bool sns_next(struct sns *s, struct sns_recipient *out);

#endif
