/*
 * advice: how fast to send to each provider, for who sets a mail server's limits by hand or by
 * program. Counts below [privacy] k are not shown.
 */
#include "classify/base/units.h"
#include "poller/command/commands.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "classify/rules.h"
#include "poller/command/advice.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/out.h"
#include "poller/command/opening.h"
#include "store/contacts.h"

enum {
	SEGMENTS_MAX = 1024,
	PEAK_DAYS = 7,   /* the best hour is looked for in so many days */
	LATELY_DAYS = 3, /* a receiver that refused on one of them has to show that it takes mail */
};

struct advising {
	struct session session;
	struct segment *segment;
	size_t segments;
	unsigned k;
};

/* The provider's segment, made when it is new; NULL when there are too many. */
static struct segment *advice_segment_of(struct advising *a, const char *provider)
{
	for (size_t i = 0; i < a->segments; i++)
		if (strcmp(a->segment[i].provider, provider) == 0)
			return &a->segment[i];
	if (a->segments == SEGMENTS_MAX)
		return NULL;
	struct segment *s = &a->segment[a->segments++];
	snprintf(s->provider, sizeof s->provider, "%s", provider);
	s->large = provider_is_large(a->session.rules, provider);
	s->limit = provider_connections(a->session.rules, provider);
	return s;
}

static int take_day(void *context, const struct rates *r)
{
	struct segment *s = advice_segment_of(context, r->provider);
	if (s)
		s->day = *r;
	return 0;
}

static int take_peak(void *context, const char *provider, uint64_t delivered)
{
	struct segment *s = advice_segment_of(context, provider);
	if (s)
		s->peak = delivered;
	return 0;
}

static int take_limited(void *context, const struct tally *t)
{
	bool limited = t->category == CATEGORY_RATE_LIMITED && t->origin >= ORIGIN_MATCHED &&
		(t->kind == KIND_FAILURE || t->kind == KIND_DELAY);
	struct segment *s = limited ? advice_segment_of(context, t->provider) : NULL;
	if (s)
		s->limited += t->count;
	return 0;
}

static int advise_on_investigation(void *context, const struct investigation *i)
{
	struct advising *a = context;
	struct segment *s = i->last > clock_now() - LATELY_DAYS * DAY
		? advice_segment_of(a, i->provider)
		: NULL;
	if (s)
		s->refused = true;
	return 0;
}

static int take_refusing(void *context, const struct refusing *r)
{
	struct segment *s = advice_segment_of(context, r->provider);
	if (!s)
		return 0;
	s->sent = s->day.sent > r->sent ? s->day.sent : r->sent;
	s->usual = r->usual;
	s->blocks = r->blocks < s->day.block ? r->blocks : s->day.block;
	s->hosts = r->hosts;
	s->many = !strcmp(r->provider, "other");
	return 0;
}

/* YYYYMMDD in the report's zone. */
static int32_t advice_day_at(int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	localtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static int load_advice(struct advising *a, int64_t now)
{
	struct store *store = a->session.store;
	if (store_rolling(store, now - DAY, now, true, take_day, a) != STORE_OK ||
		store_hour_peaks(store, now - PEAK_DAYS * DAY, now, take_peak, a) != STORE_OK ||
		store_tallies(store, advice_day_at(now - DAY), advice_day_at(now),
			BY_KIND | BY_CATEGORY | BY_ORIGIN | BY_PROVIDER, take_limited,
			a) != STORE_OK ||
		store_refusing(store, now, take_refusing, a) != STORE_OK ||
		store_investigations(store, advise_on_investigation, a) != STORE_OK)
		return session_store_failed(&a->session, "advice", STORE_FAILED);
	return EXIT_WELL;
}

static int worst_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	uint64_t n = x->day.delivered + x->day.deferred + x->day.rejected,
		 m = y->day.delivered + y->day.deferred + y->day.rejected;
	if (n != m)
		return n < m ? 1 : -1;
	return strcmp(x->provider, y->provider);
}

static const char *ladder_of(const struct advising *a, const struct segment *s)
{
	const char *ladder = provider_ladder(a->session.rules, s->provider);
	return ladder ? ladder : "small";
}

/* What the advice rests on, in words; only figures from k on. */
static void explain_advice(
	const struct segment *s, const struct advice *v, unsigned k, char *out, size_t size)
{
	uint64_t attempts = s->day.delivered + s->day.deferred + s->day.rejected;
	if (v->action == ADVICE_FREEZE && s->sent)
		snprintf(out, size, "%llu blocks in 24 hours, of %llu mails",
			(unsigned long long)s->blocks, (unsigned long long)s->sent);
	else if (v->action == ADVICE_FREEZE)
		snprintf(out, size, "%llu blocks in 24 hours", (unsigned long long)s->blocks);
	else if (v->probing)
		snprintf(out, size, "refused until lately; a trial until it takes mail");
	else if (v->throttled_ppm < 0)
		snprintf(out, size, "%llu notices of a rate limit", (unsigned long long)s->limited);
	else if (s->day.throttled < k)
		snprintf(out, size, "fewer than %u of %llu attempts throttled", k,
			(unsigned long long)attempts);
	else
		snprintf(out, size, "%llu of %llu attempts throttled",
			(unsigned long long)s->day.throttled, (unsigned long long)attempts);
}

/* What would have to happen. */
static void explain_thaw(const struct advice *v, char *out, size_t size)
{
	*out = '\0';
	if (v->action == ADVICE_FREEZE)
		snprintf(out, size,
			"thaws when fewer than %llu come in 24 hours, then as a trial; or when its cause is resolved",
			(unsigned long long)v->thaws_below);
}

static void print_advice_json(struct out *o, const struct advising *a, const struct segment *s,
	const struct advice *v, const char *why)
{
	uint64_t attempts = s->day.delivered + s->day.deferred + s->day.rejected;
	char thaw[160];
	out_text(o, "{\"provider\":");
	out_json(o, span_of(s->provider));
	out_member(o, "action", advice_name(v->action));
	out_text(o, v->action == ADVICE_FREEZE ? ",\"freeze\":true" : ",\"freeze\":false");
	out_member_count(o, "connections", true, v->connections);
	out_member_count(o, "mails_per_hour", v->hourly || v->action == ADVICE_FREEZE, v->hourly);
	out_member(o, "ladder", ladder_of(a, s));
	out_member_count(o, "attempts", attempts >= a->k, attempts);
	out_member_count(o, "throttled",
		s->day.throttled >= a->k || (attempts >= a->k && !s->day.throttled),
		s->day.throttled);
	out_member_count(o, "blocks", s->day.block >= a->k || !s->day.block, s->day.block);
	out_member(o, "reason", why);
	explain_thaw(v, thaw, sizeof thaw);
	out_member(o, "thaw", thaw);
	out_text(o, "}\n");
}

static void print_advice(struct out *o, const struct advising *a, const struct segment *s,
	const struct advice *v, const char *why)
{
	char line[512], hourly[32] = "-", thaw[160];
	explain_thaw(v, thaw, sizeof thaw);
	if (v->hourly)
		snprintf(hourly, sizeof hourly, "%llu", (unsigned long long)v->hourly);
	snprintf(line, sizeof line, "%-18s %-7s %11u %10s  %-8s %s%s%s\n", s->provider,
		advice_name(v->action), v->connections, hourly, ladder_of(a, s), why,
		*thaw ? "; " : "", thaw);
	out_text(o, line);
}

static void print_legend(struct out *o, unsigned seen)
{
	char line[160];
	for (unsigned action = 0; action < ADVICE_ACTION_COUNT; action++) {
		if (!(seen & 1u << action))
			continue;
		snprintf(line, sizeof line, "%-7s %s\n", advice_name(action), advice_text(action));
		out_text(o, line);
	}
}

static void print_all(struct advising *a, struct out *o, bool json)
{
	unsigned seen = 0, left_out = 0;
	char why[160];
	if (!json)
		out_text(o, "provider           action  connections    mails/h  ladder   why\n");
	qsort(a->segment, a->segments, sizeof *a->segment, worst_first);
	for (size_t i = 0; i < a->segments; i++) {
		const struct segment *s = &a->segment[i];
		struct advice v;
		if (!advise(s, a->k, &v)) {
			left_out++;
			continue;
		}
		seen |= 1u << v.action;
		explain_advice(s, &v, a->k, why, sizeof why);
		(json ? print_advice_json : print_advice)(o, a, s, &v, why);
	}
	if (!json)
		print_legend(o, seen);
	if (left_out)
		log_info("advice: of %u providers too little is known", left_out);
	if (!seen)
		log_notice(
			"advice: too little is known of every provider; `retour volume log` reads how they answer");
}

int cmd_advice(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	static struct out out; /* too large for a stack */
	struct advising a = { .session = { .lock = -1 }, .k = (unsigned)config->k };
	bool json = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'j')
			return usage_error(argv[0], "see `retour advice --help`");
		json = true;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no arguments");
	int result = session_open(&a.session, config, SESSION_READ, clock_now());
	a.segment = calloc(SEGMENTS_MAX, sizeof *a.segment);
	if (result == EXIT_WELL)
		result = a.segment ? load_advice(&a, clock_now()) : EXIT_LOST;
	if (result == EXIT_WELL) {
		out_open(&out, STDOUT_FILENO);
		print_all(&a, &out, json);
		result = out_end(&out, argv[0], result);
	}
	free(a.segment);
	session_close(&a.session);
	return result;
}
