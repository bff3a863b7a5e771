/*
 * Alerts about single campaigns and receivers, and about waves of notices that are not about our
 * mail. All go by whole days, as tallies do. A campaign's notices are held against what was sent in
 * it on the same days, so that they meet the mail that they are about; its complaints against what
 * of that went to receivers from which one came within twelve months.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/watch/condition.h"
#include "store/internal.h"
#include "store/tally.h"

enum { YEAR_OF_COMPLAINTS = 365 * DAY, FORGED_PAST = 28, FORGED_KNOWN = 7 * DAY };

int reporting_sent(struct store *s, const char *campaign, int64_t from, int64_t to, uint64_t *sent)
{
	int64_t n = 0;
	int result = db_int(s, &n, SQL_REPORTING_SENT, "iiiT", (int64_t)day_of(from),
		(int64_t)day_of(to), (int64_t)day_of(to - YEAR_OF_COMPLAINTS), campaign);

	*sent = (uint64_t)n;
	return result;
}

int reporting_sent_hours(struct store *s, int64_t from, int64_t to, uint64_t *sent)
{
	int64_t n = 0;
	int result = db_int(s, &n, SQL_REPORTING_SENT_HOURS, "iiii", from / HOUR + 1, to / HOUR,
		(int64_t)day_of(to - YEAR_OF_COMPLAINTS), (int64_t)day_of(to));

	*sent = (uint64_t)n;
	return result;
}

/* --- campaigns ------------------------------------------------------------ */

struct campaign_watch {
	struct store *s;
	const struct alert_options *o;
	enum alert_condition condition;
	int64_t now;
};

/* So many are beyond the threshold by more than chance makes of it. */
static bool beyond_chance(const struct alert_rule *rule, uint64_t part, uint64_t sent)
{
	const uint64_t least = sent * (uint64_t)rule->threshold / 1000000;

	return part > least && (part - least) * (part - least) >= 4 * least;
}

static int watch_campaign(void *context, const struct rates *r)
{
	const struct campaign_watch *w = context;
	const struct alert_rule *rule = &w->o->rule[w->condition];
	const bool complaints = w->condition == ALERT_CAMPAIGN_COMPLAINT;
	const int64_t from = day_begin(day_of(w->now - rule->window));
	uint64_t sent = r->sent, part = complaints ? r->complaint : r->hard;
	struct alert_finding f = { .condition = w->condition, .level = LEVEL_CALM };
	const bool enough = part >= (uint64_t)larger(rule->minimum, w->s->o.k);
	bool is_open = true;

	snprintf(f.subject, sizeof f.subject, "%.*s", STORE_NAME_SIZE - 1, r->campaign);
	if (!*r->campaign || sent < SENT_LEAST)
		return STORE_OK;
	if (!enough && store_alert_is_open(w->s, w->condition, f.subject, &is_open))
		return STORE_FAILED;
	if (!is_open)
		return STORE_OK;
	if (complaints && reporting_sent(w->s, r->campaign, from, w->now, &sent))
		return STORE_FAILED;
	if (sent < SENT_LEAST)
		return STORE_OK;
	f.figures = (struct alert_figures){ .value = rate_ppm(part, sent),
		.limit = rule->threshold,
		.usual = -1,
		.part = part,
		.whole = sent,
		.from = from,
		.to = w->now };
	if (enough)
		f.level = alert_level_of(rule, f.figures.value);
	if (f.level == LEVEL_FIRING && !beyond_chance(rule, part, sent))
		f.level = LEVEL_OPEN;
	return store_alert_note(w->s, w->o, &f, w->now);
}

/* --- receivers that refuse -------------------------------------------------- */

enum {
	BLOCKING_MAX = 256,
	SENDING_DAYS_MAX = 8,    /* of the longest window */
	SENDING_PAST = 35 * DAY, /* who writes once a month has one in it */
};

struct day_blocks {
	int32_t day;
	uint64_t block, sent;
};
struct receiver_blocks {
	char name[EVENT_PROVIDER_SIZE];
	bool is_open;
	struct day_blocks window,
		sending[SENDING_DAYS_MAX]; /* the last sending days, newest first */
};
struct block_rates {
	unsigned count, sending_days;
	struct receiver_blocks of[BLOCKING_MAX];
};

/* NULL: there is no room for more. */
static struct receiver_blocks *receiver_of(struct block_rates *all, const char *name)
{
	unsigned i = 0;

	while (i < all->count && strcmp(all->of[i].name, name) != 0)
		i++;
	if (i == BLOCKING_MAX)
		return NULL;
	if (i == all->count) {
		all->of[all->count++] = (struct receiver_blocks){ .is_open = false };
		snprintf(all->of[i].name, sizeof all->of[i].name, "%s", name);
	}
	return &all->of[i];
}

/* Days of which nobody said yet how much was sent make no rate. */
static int add_blocks(void *context, const struct rates *r)
{
	struct receiver_blocks *to = r->sent ? receiver_of(context, r->provider) : NULL;

	if (to) {
		to->window.block += r->block;
		to->window.sent += r->sent;
	}
	return STORE_OK;
}

static int add_sending_day(void *context, const struct rates *r)
{
	struct block_rates *all = context;
	struct receiver_blocks *to = r->sent ? receiver_of(all, r->provider) : NULL;
	struct day_blocks d = { r->day, r->block, r->sent };

	for (unsigned i = 0; to && i < all->sending_days; i++)
		if (d.day > to->sending[i].day) {
			struct day_blocks older = to->sending[i];
			to->sending[i] = d;
			d = older;
		}
	return STORE_OK;
}

static int mark_open(void *context, const struct alert *a)
{
	struct receiver_blocks *to = a->condition == ALERT_BLOCK_RATE
		? receiver_of(context, a->subject)
		: NULL;

	if (to)
		to->is_open = true;
	return STORE_OK;
}

/*
 * What is open stays so until the receiver took the mail of its last sending days: a weekend on
 * which nothing was sent mends nothing, nor do the first mails of a morning.
 */
static void hold_open(
	const struct alert_rule *rule, const struct receiver_blocks *r, struct alert_finding *f)
{
	struct day_blocks sum = { .day = 0 };

	for (unsigned i = 0; i < SENDING_DAYS_MAX; i++) {
		sum.block += r->sending[i].block;
		sum.sent += r->sending[i].sent;
	}
	f->figures.value = rate_ppm(sum.block, sum.sent);
	f->figures.part = sum.block;
	f->figures.whole = sum.sent;
	if (sum.sent && alert_level_of(rule, f->figures.value) != LEVEL_CALM)
		f->level = LEVEL_OPEN;
}

static int watch_receiver(struct store *s, const struct alert_options *o,
	const struct receiver_blocks *r, int64_t now)
{
	const struct alert_rule *rule = &o->rule[ALERT_BLOCK_RATE];
	struct alert_finding f = { .condition = ALERT_BLOCK_RATE, .level = LEVEL_CALM };
	const uint64_t block = r->window.block, sent = r->window.sent;
	int64_t surged = 0;

	snprintf(f.subject, sizeof f.subject, "%s", r->name);
	f.figures = (struct alert_figures){ .value = rate_ppm(block, sent),
		.limit = rule->threshold,
		.usual = -1,
		.part = block,
		.whole = sent,
		.from = day_begin(day_of(now - rule->window)),
		.to = now };
	if (sent && block >= (uint64_t)larger(rule->minimum, s->o.k))
		f.level = alert_level_of(rule, f.figures.value);
	if (f.level == LEVEL_FIRING && alert_spoken_of(s, ALERT_BLOCK_SURGE, f.subject, &surged))
		return STORE_FAILED;
	if (f.level == LEVEL_FIRING &&
		(surged >= f.figures.from || !beyond_chance(rule, block, sent)))
		f.level = LEVEL_OPEN; /* that is told */
	if (f.level == LEVEL_CALM && r->is_open)
		hold_open(rule, r, &f);
	if (f.level == LEVEL_CALM && !f.figures.whole)
		return STORE_OK;
	if (f.level == LEVEL_FIRING &&
		alert_leaders(s, KIND_FAILURE, "block", f.subject, &f.figures))
		return STORE_FAILED;
	return store_alert_note(s, o, &f, now);
}

static bool any_open(const struct block_rates *all)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->of[i].is_open)
			return true;
	return false;
}

/*
 * A small receiver that refuses what little is sent to it hour by hour has no surge, and is lost in
 * the rate of all.
 */
static int watch_receivers(struct store *s, const struct alert_options *o, int64_t now)
{
	const int64_t window = o->rule[ALERT_BLOCK_RATE].window;
	struct block_rates *all = calloc(1, sizeof *all);
	int result;

	if (!all)
		return store_fail(s, STORE_FAILED, "no memory");
	all->sending_days = (unsigned)(window / DAY) + 1;
	if (all->sending_days > SENDING_DAYS_MAX)
		all->sending_days = SENDING_DAYS_MAX;
	result = store_rates(
		s, day_of(now - window), day_of(now), BY_DAY | BY_PROVIDER, add_blocks, all);
	if (!result)
		result = store_alerts(s, ALERTS_OPEN, mark_open, all);
	if (!result && any_open(all))
		result = store_rates(s, day_of(now - SENDING_PAST), day_of(now),
			BY_DAY | BY_PROVIDER, add_sending_day, all);
	for (unsigned i = 0; i < all->count && !result; i++)
		result = watch_receiver(s, o, &all->of[i], now);
	free(all);
	return result;
}

/* --- forged waves --------------------------------------------------------- */

struct forged_days {
	int32_t today, yesterday;
	uint64_t now, past[FORGED_PAST];
	int32_t day; /* which of the two NOW is of */
	unsigned days;
};

static int take_forged(void *context, const struct rates *r)
{
	struct forged_days *d = context;

	if (r->day == d->today || r->day == d->yesterday) {
		d->day = r->unattributed > d->now ? r->day : d->day;
		d->now = r->unattributed > d->now ? r->unattributed : d->now;
	} else if (d->days < FORGED_PAST)
		d->past[d->days++] = r->unattributed;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	if (x == y)
		return 0;
	return x < y ? -1 : 1;
}

/* Days without any are days, too. */
static int watch_forged(struct store *s, const struct alert_options *o, int64_t now)
{
	const struct alert_rule *rule = &o->rule[ALERT_FORGED];
	struct forged_days d = { .today = day_of(now), .yesterday = day_of(now - DAY) };
	uint64_t minimum = (uint64_t)larger(rule->minimum, s->o.k);
	struct alert_finding f = { .condition = ALERT_FORGED, .level = LEVEL_CALM };
	int32_t first = 0;

	if (store_rates(s, d.yesterday, d.today, BY_DAY, take_forged, &d) ||
		store_first_day(s, &first))
		return STORE_FAILED;
	f.figures.part = d.now;
	if (d.now < minimum / 2 || !first || first > day_of(now - FORGED_KNOWN))
		return store_alert_note(s, o, &f, now);
	if (store_rates(s, day_of(now - (FORGED_PAST + 1) * DAY), day_of(now - 2 * DAY), BY_DAY,
		    take_forged, &d))
		return STORE_FAILED;
	qsort(d.past, FORGED_PAST, sizeof *d.past, by_count);
	const uint64_t usual = d.past[FORGED_PAST / 2];
	const uint64_t limit = usual * (uint64_t)rule->threshold / 1000 + 1;
	const int64_t begin = day_begin(d.day), end = day_begin(day_of(begin + 36 * HOUR));
	f.figures = (struct alert_figures){ .value = usual ? (int64_t)(d.now * 1000 / usual) : 0,
		.limit = larger((int64_t)limit, (int64_t)minimum),
		.usual = (int64_t)usual,
		.part = d.now,
		.from = begin,
		.to = end < now ? end : now };
	if (d.now >= (uint64_t)f.figures.limit)
		f.level = LEVEL_FIRING;
	else if (d.now * 1000 > usual * (uint64_t)rule->clear)
		f.level = LEVEL_OPEN;
	return store_alert_note(s, o, &f, now);
}

int campaigns_watch(struct store *s, const struct alert_options *o, int64_t now)
{
	static const enum alert_condition of[] = { ALERT_CAMPAIGN_HARD, ALERT_CAMPAIGN_COMPLAINT };

	for (unsigned i = 0; i < sizeof of / sizeof *of; i++) {
		struct campaign_watch w = { s, o, of[i], now };
		const struct alert_rule *rule = &o->rule[of[i]];
		if (rule->active &&
			store_rates(s, day_of(now - rule->window), day_of(now), BY_CAMPAIGN,
				watch_campaign, &w))
			return STORE_FAILED;
	}
	if (o->rule[ALERT_BLOCK_RATE].active && watch_receivers(s, o, now))
		return STORE_FAILED;
	return o->rule[ALERT_FORGED].active ? watch_forged(s, o, now) : STORE_OK;
}
