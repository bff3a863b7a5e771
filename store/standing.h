/* The state machine of contacts: its table, its timers, and how a history becomes a state. */
#ifndef RETOUR_STORE_STANDING_H
#define RETOUR_STORE_STANDING_H

#include "store/contacts.h"
#include "store/history/history.h"
#include "store/internal.h"

#define PROLONGED_SOFT "prolonged-soft"
#define UNCONFIRMED "unconfirmed"

/* What an event, the passing of time or an operator means for a contact. */
#define STORE_HAPPENINGS(X) \
	X(SOFT_FAILED, "soft failure") \
	X(LADDER_ENDED, "ladder ended") \
	X(LADDER_ENDED_AGAIN, "ladder ended again") \
	X(BLOCKED, "block") \
	X(GONE, "hard or complaint") \
	X(DELIVERED, "delivered") \
	X(TIME_UP, "time") \
	X(RESOLVED, "resolve") \
	X(REVALIDATED, "revalidate") \
	X(REACTIVATED, "reactivate") \
	X(PUZZLED, "unclear") \
	X(PUZZLED_ENOUGH, "unclear too often") \
	X(DOUBTED, "improbable hard") \
	X(CONFIRMED, "confirm")
#define STORE_ENUM(symbol, name) symbol,
enum happening { STORE_HAPPENINGS(STORE_ENUM) HAPPENING_COUNT };
#undef STORE_ENUM

/* Whose way through the table it is. */
struct walk {
	const struct store_options *o;
	int64_t quiet;            /* a failure is outweighed after so long; 0: never */
	const unsigned char *key; /* its pseudonym */
	const struct ladder
		*ladder; /* of its last soft failure; where only time passes it may be NULL */
	const struct store *store; /* which hard failures are held (brake.h) */
	const struct ladder
		*unclear; /* of permanent failures that were not understood; NULL as well */
};

/* Takes the step that the table has for WHAT at the time AT; false: it has none. */
bool happens(const struct walk *w, struct standing *st, enum happening what, int64_t at);
/* What time alone has done by AT. */
void elapse(const struct walk *w, struct standing *st, int64_t at);
/* The day with the hard failure or complaint that made it inactive; NULL: none did. */
const struct day *final_day(const struct walk *w, const struct history *h);
/* Its hard failure is one of a wave that nobody has confirmed. */
bool day_is_doubted(const struct walk *w, const struct history *h, const struct day *d);
/*
 * The state as of the last event. RESOLVED: when the investigation of its last block was, 0: never.
 * Notes in the days where a ladder ended.
 */
void walk_history(const struct walk *w, struct history *h, int64_t resolved, struct standing *out);
/*
 * One day too many: the first becomes part of the base, and what comes later about it changes
 * nothing any more; where the first is the one that made it inactive, the last is forgotten.
 */
void fold_one_day(const struct walk *w, struct history *h);
/* Exact times are needed in this state. */
bool is_running(enum contact_state state);
enum verdict standing_verdict(enum contact_state state);

#endif
