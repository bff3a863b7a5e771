/*
 * How fast to send to a provider: what it answered in the last day, against what it takes. A pure
 * function of the figures.
 */
#ifndef RETOUR_ADVICE_H
#define RETOUR_ADVICE_H

#include "store/figures.h"
#include "store/store.h"

/* From the best to the worst. */
#define ADVICE_ACTIONS(X) \
	X(ADVICE_GROW, "grow", "takes what it gets; a little more may be tried") \
	X(ADVICE_KEEP, "keep", "begins to defer; not more than now") \
	X(ADVICE_SLOW, "slow", "defers much; half of what it took") \
	X(ADVICE_CRAWL, "crawl", \
		"defers most, or refused until lately; one connection, a quarter of what it took") \
	X(ADVICE_FREEZE, "freeze", "refuses our mail; send nothing there for now")
#define ADVICE_ENUM(symbol, name, text) symbol,
enum advice_action { ADVICE_ACTIONS(ADVICE_ENUM) ADVICE_ACTION_COUNT };
#undef ADVICE_ENUM
const char *advice_name(enum advice_action a);
const char *advice_text(enum advice_action a);

enum {
	ADVICE_CONNECTIONS_LARGE = 20, /* where a profile names no limit: Postfix's
					  default_destination_concurrency_limit … */
	ADVICE_CONNECTIONS_SMALL = 5,  /* … and its initial_destination_concurrency */
};

/* What is known of one provider. */
struct segment {
	char provider[EVENT_PROVIDER_SIZE];
	bool large;
	unsigned limit;   /* connections, by its profile; 0: not known */
	struct rates day; /* the last 24 hours */
	uint64_t limited; /* notices of these days that speak of a rate limit */
	uint64_t peak;    /* the most that it took in one hour of the last days, by logs; 0: not
			   known */
	uint64_t blocks;  /* of the last 24 hours, but for those that an operator resolved */
	uint64_t sent;    /* mails of which they are; 0: nobody says how many were sent */
	uint64_t usual;   /* blocks of a usual day, where that is so */
	bool many;        /* receivers without a profile, all of them … */
	unsigned hosts;   /* … and how many of them refused mail on this day or the last */
	bool refused;     /* an investigation is open, of the last days */
};

struct advice {
	enum advice_action action;
	unsigned connections; /* 0: none */
	uint64_t hourly;      /* mails an hour; 0: not known, or none */
	long throttled_ppm;   /* of the attempts; -1: not known */
	bool probing;         /* it refused until lately, and nothing shows that it is over */
	uint64_t thaws_below; /* frozen: with fewer blocks in 24 hours it is not */
};

/* False: fewer than K of everything; nothing can be said. */
bool advise(const struct segment *s, unsigned k, struct advice *out);

#endif
