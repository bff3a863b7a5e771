/*
 * The ladder of throttling: additive increase, multiplicative decrease, as TCP's congestion control
 * does it (RFC 5681 section 3.1) and mail servers do towards destinations. What counts is the share
 * of attempts that were answered with 421 or 4.7.x; where no log is read, the notices of a rate
 * limit.
 */
#include "poller/command/advice.h"

#define ADVICE_NAME(symbol, name, text) name,
#define ADVICE_TEXT(symbol, name, text) text,
static const char *const names[] = { ADVICE_ACTIONS(ADVICE_NAME) };
static const char *const texts[] = { ADVICE_ACTIONS(ADVICE_TEXT) };

/*
 * From this share of throttled attempts on, the worst first; what is left of connections and of the
 * best hour, in percent.
 */
static const struct step {
	long throttled_ppm;
	enum advice_action action;
	unsigned connections, hourly;
} steps[] = {
	{ 300000, ADVICE_CRAWL, 0, 25 },
	{ 100000, ADVICE_SLOW, 50, 50 },
	{ 20000, ADVICE_KEEP, 75, 100 },
	{ 0, ADVICE_GROW, 100, 125 },
};

enum {
	BLOCKED_PPM = 50000
}; /* of what was tried: from so many refusals for what we are on, go no further */

const char *advice_name(enum advice_action a)
{
	return a < ADVICE_ACTION_COUNT ? names[a] : "";
}

const char *advice_text(enum advice_action a)
{
	return a < ADVICE_ACTION_COUNT ? texts[a] : "";
}

/*
 * Blocks by k, and by what was sent where that is known; an investigation that is open says it
 * without.
 */
static bool is_blocked(const struct segment *s, unsigned k)
{
	long share = rate_ppm(s->day.block, s->day.sent);
	return s->open_blocks >= k || (s->day.block >= k && (share < 0 || share >= BLOCKED_PPM));
}

bool advise(const struct segment *s, unsigned k, struct advice *out)
{
	uint64_t attempts = s->day.delivered + s->day.deferred + s->day.rejected;
	bool by_log = attempts >= k;
	const struct step *step = steps;
	*out = (struct advice){ .throttled_ppm = by_log ? rate_ppm(s->day.throttled, attempts)
							: -1 };
	if (is_blocked(s, k)) {
		out->action = ADVICE_FREEZE;
		return true;
	}
	if (!by_log && s->limited < k)
		return false;
	/* of notices alone nobody knows the share: slower, and look again tomorrow */
	while (by_log ? out->throttled_ppm < step->throttled_ppm : step->action != ADVICE_SLOW)
		step++;
	unsigned limit = s->limit;
	if (!limit)
		limit = s->large ? ADVICE_CONNECTIONS_LARGE : ADVICE_CONNECTIONS_SMALL;
	out->action = step->action;
	out->connections = limit * step->connections / 100;
	out->connections += !out->connections;
	out->hourly = s->peak * step->hourly / 100;
	return true;
}
