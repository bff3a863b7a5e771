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
static const struct advice_step {
	long throttled_ppm;
	enum advice_action action;
	unsigned connections, hourly;
} steps[] = {
	{ 300000, ADVICE_CRAWL, 0, 25 },
	{ 100000, ADVICE_SLOW, 50, 50 },
	{ 20000, ADVICE_KEEP, 75, 100 },
	{ 0, ADVICE_GROW, 100, 125 },
};

/* From so many refusals for what we are on, go no further. */
enum {
	BLOCKED_PPM = 50000,        /* of what was sent … */
	BLOCKED_SHARE_PPM = 500000, /* … else of the day's bounces, … */
	BLOCKED_USUAL = 3,          /* … and so many times what is usual */
	BLOCKING_HOSTS =
		10, /* receivers without a profile are not held for what a few of them do */
};

const char *advice_name(enum advice_action a)
{
	return a < ADVICE_ACTION_COUNT ? names[a] : "";
}

const char *advice_text(enum advice_action a)
{
	return a < ADVICE_ACTION_COUNT ? texts[a] : "";
}

static uint64_t advice_part(uint64_t n, uint64_t ppm)
{
	return (n * ppm + 999999) / 1000000;
}

/* So many blocks in a day freeze it. */
static uint64_t blocks_that_freeze(const struct segment *s, unsigned k)
{
	uint64_t bounces = s->day.hard + s->day.soft + s->day.block + s->day.undetermined;
	uint64_t least = s->sent ? advice_part(s->sent, BLOCKED_PPM)
				 : advice_part(bounces, BLOCKED_SHARE_PPM);
	if (!s->sent && least < BLOCKED_USUAL * s->usual)
		least = BLOCKED_USUAL * s->usual;
	return least > k ? least : k;
}

static bool refuses_now(const struct segment *s, unsigned k)
{
	return s->blocks >= blocks_that_freeze(s, k) && (!s->many || s->hosts >= BLOCKING_HOSTS);
}

bool advise(const struct segment *s, unsigned k, struct advice *out)
{
	uint64_t attempts = s->day.delivered + s->day.deferred + s->day.rejected;
	bool by_log = attempts >= k;
	const struct advice_step *step = steps;
	*out = (struct advice){ .throttled_ppm = by_log ? rate_ppm(s->day.throttled, attempts)
							: -1 };
	if (refuses_now(s, k)) {
		out->action = ADVICE_FREEZE;
		out->thaws_below = blocks_that_freeze(s, k);
		return true;
	}
	/* what it takes, it has to show; others are held for none of the hosts without a profile */
	out->probing = s->refused && !by_log && !s->many;
	if (!by_log && s->limited < k && !out->probing)
		return false;
	/* of notices alone nobody knows the share: slower, and look again tomorrow */
	enum advice_action blind = out->probing ? ADVICE_CRAWL : ADVICE_SLOW;
	while (by_log ? out->throttled_ppm < step->throttled_ppm : step->action != blind)
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
