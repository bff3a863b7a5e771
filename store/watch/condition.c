/*
 * The conditions of alert.h of which the store itself can tell: surges by the hour (surge.c), rates
 * over a window, mail that was not recognised or not read, retention.
 */
#include <stdio.h>
#include "store/watch/condition.h"
#include "store/internal.h"
#include "store/hour.h"
#include "store/tally.h"

/* --- rates ---------------------------------------------------------------- */

static const struct rate {
	enum alert_condition condition;
	enum kind kind;
	const char *klass; /* NULL: all */
} rates[] = {
	{ ALERT_HARD_RATE, KIND_FAILURE, "hard" },
	{ ALERT_SOFT_RATE, KIND_FAILURE, "soft" },
	{ ALERT_BOUNCE_RATE, KIND_FAILURE, NULL },
	{ ALERT_COMPLAINT_RATE, KIND_COMPLAINT, NULL },
	{ ALERT_COMPLAINT_RATE_HIGH, KIND_COMPLAINT, NULL },
};

static uint64_t part_of(const struct rate *k, const struct rates *r)
{
	if (k->kind == KIND_COMPLAINT)
		return r->complaint;
	if (!k->klass)
		return r->hard + r->soft + r->block + r->undetermined;
	if (strcmp(k->klass, "hard") == 0)
		return r->hard;
	return r->soft;
}

/* Days of which nobody said yet how much was sent make no rate. */
static int add_day(void *context, const struct rates *r)
{
	struct rates *t = context;

	if (r->sent) {
		t->sent += r->sent;
		t->hard += r->hard;
		t->soft += r->soft;
		t->block += r->block;
		t->undetermined += r->undetermined;
		t->complaint += r->complaint;
	}
	return 0;
}

/* The hours up to NOW where logs alone say how much was sent, else the days. */
static int figures_of(struct store *s, int64_t window, int64_t now, bool by_hour, struct rates *out)
{
	sqlite3_stmt *st;
	int rc;

	memset(out, 0, sizeof *out);
	if (!by_hour)
		return store_rates(s, day_of(now - window), day_of(now), BY_DAY, add_day, out);
	st = db_bind(s, SQL_NOTICE_HOUR_SUMS, "ii", (now - window) / HOUR + 1, now / HOUR);
	rc = st ? db_step(s, st) : -1;
	if (rc == 1) {
		uint64_t *const to[] = { &out->hard, &out->soft, &out->block, &out->undetermined,
			&out->complaint, &out->sent };
		for (int i = 0; i < (int)(sizeof to / sizeof *to); i++)
			*to[i] = (uint64_t)sqlite3_column_int64(st, i);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/* Complaints are held against what can draw one. */
static int base_of_rate(struct store *s, const struct rate *k, const struct rates *r,
	int64_t window, int64_t now, bool by_hour, uint64_t *sent)
{
	*sent = r->sent;
	if (k->kind != KIND_COMPLAINT)
		return STORE_OK;
	return by_hour ? reporting_sent_hours(s, now - window, now, sent)
		       : reporting_sent(s, NULL, now - window, now, sent);
}

static int watch_rate(struct store *s, const struct alert_options *o, const struct rate *k,
	const struct rates *r, int64_t now, bool by_hour)
{
	const struct alert_rule *rule = &o->rule[k->condition];
	struct alert_finding f = { .condition = k->condition, .level = LEVEL_CALM };
	uint64_t minimum = (uint64_t)larger(rule->minimum, s->o.k), sent = 0;
	bool is_open = true;

	if (r->sent < SENT_LEAST)
		return STORE_OK;
	if (part_of(k, r) < minimum && store_alert_is_open(s, k->condition, "", &is_open))
		return STORE_FAILED;
	if (!is_open)
		return STORE_OK;
	if (base_of_rate(s, k, r, rule->window, now, by_hour, &sent))
		return STORE_FAILED;
	if (sent < SENT_LEAST)
		return STORE_OK;
	f.figures = (struct alert_figures){ .value = rate_ppm(part_of(k, r), sent),
		.limit = rule->threshold,
		.usual = -1,
		.part = part_of(k, r),
		.whole = sent,
		.from = by_hour ? now - rule->window : day_begin(day_of(now - rule->window)),
		.to = now };
	if (part_of(k, r) >= minimum)
		f.level = alert_level_of(rule, f.figures.value);
	if (f.level == LEVEL_FIRING && alert_leaders(s, k->kind, k->klass, "", &f.figures))
		return STORE_FAILED;
	return store_alert_note(s, o, &f, now);
}

static int watch_rates(struct store *s, const struct alert_options *o, int64_t now)
{
	struct rates r;
	int64_t window = -1; /* that R is of: as a rule all are of the same */
	bool by_hour;
	int result = volume_logs_are_all(s, now, &by_hour);

	for (unsigned i = 0; i < sizeof rates / sizeof *rates && !result; i++) {
		const struct alert_rule *rule = &o->rule[rates[i].condition];
		if (!rule->active)
			continue;
		if (rule->window != window)
			result = figures_of(s, rule->window, now, by_hour, &r);
		window = rule->window;
		result = result ? result : watch_rate(s, o, &rates[i], &r, now, by_hour);
	}
	return result;
}

/* --- mail that was not understood ----------------------------------------- */

struct outcomes {
	uint64_t fresh, unrecognised, quarantined, unheeded;
};

static int add_outcome(void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	struct outcomes *n = context;

	(void)mailbox;
	n->fresh += strcmp(outcome, "new") == 0 ? count : 0;
	n->unrecognised += strcmp(outcome, "unrecognised") == 0 ? count : 0;
	n->quarantined += strcmp(outcome, "quarantined") == 0 ? count : 0;
	n->unheeded += strcmp(outcome, "not-honoured") == 0 ? count : 0;
	return 0;
}

static int outcomes_of(struct store *s, int64_t window, int64_t now, struct outcomes *n)
{
	memset(n, 0, sizeof *n);
	return store_message_counts(s, day_of(now - window), day_of(now), add_outcome, n);
}

/* How many messages ended so: OFFSET of the outcome's count. */
static int watch_outcome(struct store *s, const struct alert_options *o,
	enum alert_condition condition, size_t offset, int64_t now)
{
	const struct alert_rule *rule = &o->rule[condition];
	struct outcomes n;
	uint64_t count;

	if (outcomes_of(s, rule->window, now, &n))
		return STORE_FAILED;
	memcpy(&count, (const char *)&n + offset, sizeof count);
	struct alert_finding f = { .condition = condition,
		.level = alert_level_of(rule, (int64_t)count),
		.figures = { .value = (int64_t)count,
			.limit = rule->threshold,
			.usual = -1,
			.part = count,
			.from = now - rule->window,
			.to = now } };
	return store_alert_note(s, o, &f, now);
}

static int watch_messages(struct store *s, const struct alert_options *o, int64_t now)
{
	const struct alert_rule *strange = &o->rule[ALERT_UNRECOGNISED];
	struct alert_finding f;
	struct outcomes n;

	if (watch_outcome(s, o, ALERT_QUARANTINE, offsetof(struct outcomes, quarantined), now) ||
		watch_outcome(s, o, ALERT_OPTOUT, offsetof(struct outcomes, unheeded), now) ||
		outcomes_of(s, strange->window, now, &n))
		return STORE_FAILED;
	uint64_t all = n.fresh + n.unrecognised;
	long share = rate_ppm(n.unrecognised, all);
	f = (struct alert_finding){ .condition = ALERT_UNRECOGNISED,
		.level = alert_level_of(strange, share),
		.figures = { .value = share,
			.limit = strange->threshold,
			.usual = -1,
			.part = n.unrecognised,
			.whole = all,
			.from = now - strange->window,
			.to = now } };
	if (n.unrecognised < (uint64_t)strange->minimum)
		f.level = LEVEL_CALM;
	return store_alert_note(s, o, &f, now);
}

static int watch_retention(struct store *s, const struct alert_options *o, int64_t now)
{
	const struct alert_rule *rule = &o->rule[ALERT_RETENTION_OVERDUE];
	struct purge held = { .count = 0 };
	int result = rule->active ? store_held(s, now, &held) : STORE_OK;

	for (unsigned i = 0; i < held.count && !result; i++) {
		const struct purge_class *c = &held.at[i];
		struct alert_finding f = { .condition = ALERT_RETENTION_OVERDUE,
			.level = alert_level_of(rule, (int64_t)c->overdue),
			.figures = { .value = (int64_t)c->overdue,
				.limit = rule->threshold,
				.usual = -1,
				.part = c->overdue,
				.from = c->oldest,
				.to = now } };
		snprintf(f.subject, sizeof f.subject, "%s", c->name);
		result = store_alert_note(s, o, &f, now);
	}
	return result;
}

struct watching {
	struct store *s;
	const struct alert_options *o;
	int64_t now;
};

static int note_wave(void *context, const struct wave *w)
{
	const struct watching *u = context;
	if (!w->own) /* its site tells */
		return STORE_OK;
	struct alert_finding f = { .condition = ALERT_UNCONFIRMED,
		.level = LEVEL_FIRING,
		.figures = { .value = (int64_t)w->count,
			.limit = u->o->rule[ALERT_UNCONFIRMED].threshold,
			.usual = -1,
			.part = w->count,
			.from = w->day,
			.to = w->until } };

	snprintf(f.subject, sizeof f.subject, "%s %.*s", w->kind,
		(int)(sizeof f.subject - sizeof "reporting-mta "), w->name);
	if (strcmp(w->kind, "provider") == 0)
		snprintf(f.figures.provider, sizeof f.figures.provider, "%.*s",
			(int)sizeof f.figures.provider - 1, w->name);
	return store_alert_note(u->s, u->o, &f, u->now);
}

/* Hard bounces that are held because they are too many to be believed. */
static int watch_waves(struct store *s, const struct alert_options *o, int64_t now)
{
	struct watching u = { s, o, now };

	return o->rule[ALERT_UNCONFIRMED].active ? store_waves(s, now, note_wave, &u) : STORE_OK;
}

int store_alerts_watch(struct store *s, const struct alert_options *o, int64_t now)
{
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "alerts outside a transaction");
	if (counters_flush(s) || db_run(s, SQL_NOTICE_HOUR_FORGET, "i", now / HOUR - HOURS_KEPT))
		return STORE_FAILED;
	return surges_watch(s, o, now) || watch_rates(s, o, now) || campaigns_watch(s, o, now) ||
			watch_messages(s, o, now) || watch_retention(s, o, now) ||
			watch_waves(s, o, now) || reported_watch(s, o, now)
		? STORE_FAILED
		: STORE_OK;
}
