/*
 * What a contact remembers of its events: a summary that is the same in whatever order they came,
 * from which store/contact.c makes the state anew.
 *
 * One record for each day (UTC) on which something happened: how often, the first and last time of
 * each kind that needs one, and of each kind one cause: what the failure rests on (rule, provider,
 * reporting MTA, campaign), so that it can be taken back with all others of that cause. Counts add
 * up, times and causes are least and greatest: that is why the order does not matter. While a
 * ladder runs the times are exact, because waiting needs them; afterwards history_coarsen() leaves
 * the day and, within it, only what came before what. Hard failures, complaints and what was not
 * understood have no time.
 */
#ifndef RETOUR_STORE_HISTORY_H
#define RETOUR_STORE_HISTORY_H

#include "classify/event.h"
#include "store/history/state.h"

enum {
	HISTORY_DAYS_MAX = 64,   /* days with events; older ones become the base */
	HISTORY_COUNT_MAX = 255, /* of one kind in one day; more are not told apart */
	HISTORY_CAUSES_MAX = 32, /* different ones; of more it is not known what they rest on */
	HISTORY_SIZE_MAX = 12800,
	OBJECTION_STREAMS_MAX = 16, /* told apart; an objection to a further one is one to all */
	OBJECTION_DAYS_MAX = 4,     /* of a stream: its first ones and the last */
	OBJECTIONS_MAX = (OBJECTION_STREAMS_MAX + 1) * (OBJECTION_DAYS_MAX + 1),
};

/* Why a contact is where it is. */
enum because {
	FOR_NOTHING,
	FOR_SOFT,
	FOR_BLOCK,
	FOR_EVENT,
	FOR_TOO_LONG,
	AS_BEFORE,
	FOR_UNCLEAR,
	FOR_UNCLEAR_LONG,
	FOR_UNCONFIRMED
};

/* Where a contact stands at one moment. */
struct standing {
	enum contact_state state;
	enum because because;
	int64_t since;   /* day on which it came into this state */
	int64_t until;   /* hold until; 0: none */
	int64_t due;     /* when time changes the state; 0: never */
	int64_t first;   /* the first soft failure of the ladder */
	int64_t held;    /* what a soft failure would hold it until, whatever else does */
	int64_t episode; /* when it went soft after it had been active, later the begin of that
			    month; 0: never */
	unsigned soft, blocks; /* failures since it was active, paused or tried again */
	unsigned unclear; /* days with a permanent failure that was not understood, since it was
			     active */
	unsigned pauses;  /* how often it was paused since it was active */
};

/* What happens; those before HISTORY_DELIVERED have a cause. */
enum history_kind {
	HISTORY_SOFT,
	HISTORY_BLOCK,
	HISTORY_UNCLEAR,
	HISTORY_HARD,
	HISTORY_COMPLAINT,
	HISTORY_DELIVERED,
	HISTORY_CAUSED = HISTORY_DELIVERED
};

/*
 * What a failure rests on. Texts are from lists of our own; hosts and campaigns are numbers under a
 * key (store/cause.c).
 */
struct cause {
	uint8_t category;
	char rule[EVENT_RULE_SIZE];
	char provider[EVENT_PROVIDER_SIZE]; /* a profile's name or "other"; "": not known */
	char ladder[STORE_NAME_SIZE];       /* of a soft failure */
	uint32_t mta;                       /* reporting MTA; 0: none */
};

enum { NO_CAUSE = 255 };
/*
 * A cause of history.cause, or NO_CAUSE, and the numbers of the campaign and of what was answered
 * (store/cause.c), 0: none.
 */
struct reference {
	uint8_t cause;
	uint32_t campaign, answer;
};
#define NO_REFERENCE ((struct reference){ NO_CAUSE, 0, 0 })

/*
 * One day. Times are seconds of the day, NEVER where there was none; of a coarse day only their
 * order means something.
 */
enum { NEVER = -1 };
struct day {
	int64_t start;
	bool coarse;
	bool ended;     /* the ladder ended on it */
	bool undecided; /* its times were not what decided that */
	bool confirmed; /* an operator knows that its hard failure is true */
	unsigned count[HISTORY_CAUSED];
	int32_t first_soft, last_soft, last_block, delivered;
	struct reference by[HISTORY_CAUSED]; /* soft, block: of the last one; else the one that
						stands first */
};

/* The last failure of a kind: of several in one second the same one, whichever came first. */
struct last {
	int64_t at; /* 0: none */
	struct reference by;
};

/*
 * That somebody does not want one stream of our mail (a complaint, an opt-out), from a day on; or
 * FREED, that an operator let it through: what was said of the stream up to AT is over. It moves no
 * standing: whoever is asked about that stream answers by it. An objection to all mail is a
 * HISTORY_COMPLAINT of its day.
 */
#define OBJECTION_ANY UINT32_MAX /* one of too many streams: it is for all */
struct objection {
	uint32_t stream; /* a number (store/cause.c), never 0 */
	bool freed;
	int64_t at; /* a day; FREED: a time */
	struct reference by;
};

struct history {
	struct standing base; /* where the contact stood before the first day */
	int64_t settled; /* what happened at or before this time is in the base; 0: nothing is */
	struct last soft, block;
	unsigned causes, days;
	unsigned objections; /* by stream, FREED first, then by day */
	struct cause cause[HISTORY_CAUSES_MAX];
	struct objection objection[OBJECTIONS_MAX + 1];
	struct day day[HISTORY_DAYS_MAX + 1];
};

/* An empty one. */
void history_clear(struct history *h);
/*
 * Adds what happened AT a time; CAUSE may be NULL for a delivery. False: there is one day too many
 * now; the caller makes the first one part of the base.
 */
bool history_add(struct history *h, enum history_kind kind, int64_t at, const struct cause *cause,
	uint32_t campaign, uint32_t answer);
/*
 * Adds a day of another history, and the last failures that FROM knows; as history_add(). In
 * whatever order days are added the sum is the same.
 */
bool history_add_day(struct history *h, const struct history *from, const struct day *d);
void history_add_last(struct history *h, const struct history *from);
/* As history_add_day() does where the day of the other one is coarse. */
void history_forget_times(struct day *d);
void history_drop_first(struct history *h);
void history_drop_last(struct history *h);
/* Takes what D says of a kind of failure back; history_mend() when all is taken back. */
void history_take_back(struct day *d, enum history_kind kind);
void history_mend(struct history *h);
/*
 * What a day's failures of one kind are after they were decided again: KIND, HISTORY_DELIVERED for
 * nothing, and CAUSE. FIRST and LAST: seconds of the day of such answers, for a kind with times
 * that had none.
 */
struct verdict_again {
	enum history_kind kind;
	struct cause cause;
	int32_t first, last;
};
/* Makes it so of the kinds for which AGAIN is there; history_mend() is then due. */
void history_judge_day(
	struct history *h, struct day *d, const struct verdict_again *again[HISTORY_CAUSED]);
/* The cause that REFERENCE names; an empty one where it is not known. */
const struct cause *history_cause(const struct history *h, struct reference r);
/* Its number in H, where it is entered from now on; NO_CAUSE where there are too many. */
uint8_t history_cause_number(struct history *h, const struct cause *c);
/* Numbers the causes in the order in which they are referred to, and forgets those that are not. */
void history_sort_causes(struct history *h);
/* Its last day is the only one with a complaint. */
bool history_objection_is_last(const struct history *h);
/* Something final on this day: a hard failure or a complaint. */
bool history_day_is_final(const struct day *d);
/* An operator knows that the hard failure of this day is true, whoever has read it. */
void history_confirm(struct history *h, int64_t day);
/* A hard failure, or one that nobody understands, on this day or later. */
bool history_has_final(const struct history *h, int64_t day);
/* --- objections to one stream (historystream.c) -------------------------------- */

/*
 * Adds an objection to STREAM; one that an operator's decision lies behind is over already. In
 * whatever order they are added the sum is the same.
 */
void history_object(struct history *h, uint32_t stream, int64_t at, const struct cause *cause,
	uint32_t campaign, uint32_t answer);
/* An operator lets STREAM through. */
void history_free_stream(struct history *h, uint32_t stream, int64_t at);
/* Those that FROM knows of are let through: what is said later on that day can be told apart. */
void history_hear_freed(struct history *h, const struct history *from);
/*
 * The objections of N other histories, FROM(context, i) being the one: what was let through first,
 * so that the sum is the same in whatever order they stand.
 */
typedef const struct history *history_number(void *context, unsigned i);
void history_add_objections(struct history *h, unsigned n, history_number *from, void *context);
/* When STREAM was let through last; 0: never. */
int64_t history_freed(const struct history *h, uint32_t stream);
/* They are as history_object() and the others leave them: for bytes that are read. */
bool history_objections_are_sound(const struct history *h);
/* An operator let all mail through: what was said up to AT is over. */
void history_drop_objections(struct history *h, int64_t at);
/* The first objection to STREAM; NULL: there is none. */
const struct objection *history_objection(const struct history *h, uint32_t stream);
/* The N-th objection that is the first to its stream; NULL behind the last. */
const struct objection *history_first_objection(const struct history *h, unsigned n);
/* Takes those of which TEST is true back; false: there was none. */
bool history_take_objections_back(struct history *h,
	bool (*test)(void *context, const struct history *h, const struct objection *o),
	void *context);
/* For historystream.c alone: history.c's. */
int history_reference_order(const struct history *h, struct reference a, struct reference b);
struct reference history_take_reference(
	struct history *h, const struct history *from, struct reference r);

/* Cuts all times to days. */
void history_coarsen(struct history *h);
/* Of a last failure that is settled only its day is kept: no day of the history is left to tell
 * that it is to be cut. */
void history_settle_last(struct history *h);
bool history_is_coarse(const struct history *h);
bool history_is_empty(const struct history *h);

/* Its bytes as they are stored; returns their number, 0 for an empty one. */
int history_write(
	struct history *h, unsigned char out[HISTORY_SIZE_MAX]); /* numbers the causes anew */
/* False: these bytes are none. */
bool history_read(struct history *h, const unsigned char *bytes, int n);

#endif
