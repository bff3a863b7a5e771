/*
 * What a contact remembers of its events: a summary that is the same in whatever order they came, from which contact.c makes the state anew.
 *
 * One record for each day (UTC) on which something happened: how often, and the first and last time of each kind. Counts add up, times are
 * least and greatest: that is why the order does not matter. While a ladder runs the times are exact, because waiting needs them; afterwards
 * history_coarsen() leaves the day and, within it, only what came before what.
 */
#ifndef RETOUR_STORE_HISTORY_H
#define RETOUR_STORE_HISTORY_H

#include "store/store.h"

enum {
	HISTORY_DAYS_MAX = 64,      /* days with events; older ones become the base */
	HISTORY_COUNT_MAX = 255,    /* of one kind in one day; more are not told apart */
	HISTORY_SIZE_MAX = 2048,
};

/* Why a contact is where it is. */
enum because { FOR_NOTHING, FOR_SOFT, FOR_BLOCK, FOR_EVENT, FOR_TOO_LONG, AS_BEFORE };

/* Where a contact stands at one moment. */
struct standing {
	enum contact_state state;
	enum because because;
	int64_t since;          /* day on which it came into this state */
	int64_t until;          /* hold until; 0: none */
	int64_t due;            /* when time changes the state; 0: never */
	int64_t first;          /* the first soft failure of the ladder */
	int64_t episode;        /* when it went soft after it had been active, later the begin of that month; 0: never */
	unsigned soft, blocks;  /* failures since it was active, paused or tried again */
	unsigned pauses;        /* how often it was paused since it was active */
};

/* One day. Times are seconds of the day, NEVER where there was none; of a coarse day only their order means something. */
enum { NEVER = -1 };
struct day {
	int64_t start;
	bool coarse;
	bool ended;             /* the ladder ended on it */
	unsigned soft, blocks;
	int32_t first_soft, last_soft, last_block, delivered;
};

/* The last failure of a kind: of several in one second the same one, whichever came first. */
struct cause {
	int64_t at;             /* 0: none */
	uint8_t category;
	char name[STORE_NAME_SIZE]; /* soft: its ladder; block: its provider */
	char rule[EVENT_RULE_SIZE];
};

struct history {
	struct standing base;   /* where the contact stood before the first day */
	int64_t settled;        /* what happened at or before this time is in the base; 0: nothing is */
	struct cause soft, block;
	unsigned days;
	struct day day[HISTORY_DAYS_MAX + 1];
};

enum history_kind { HISTORY_SOFT, HISTORY_BLOCK, HISTORY_DELIVERED };
/* Adds what happened AT a time. False: there is one day too many now; the caller makes the first one part of the base. */
bool history_add(struct history *h, enum history_kind kind, int64_t at);
void history_drop_first(struct history *h);
/* Takes the cause when it is the last one of its kind. */
void history_cause(struct cause *known, int64_t at, uint8_t category, const char *name, const char *rule);
/* Cuts all times to days. */
void history_coarsen(struct history *h);
bool history_is_coarse(const struct history *h);
bool history_is_empty(const struct history *h);

/* Its bytes as they are stored; returns their number, 0 for an empty one. */
int history_write(const struct history *h, unsigned char out[HISTORY_SIZE_MAX]);
/* False: these bytes are none. */
bool history_read(struct history *h, const unsigned char *bytes, int n);

#endif
