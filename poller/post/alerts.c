/*
 * The part of the alerts that touches the outside world: mailboxes as the run left them, the disk,
 * the clock; the mail and the command.
 *
 * The store knows what is to be told and in which way until this part says that it was. So an alert
 * is told once, also when the mail server is down for a while, and a command that fails does not
 * make the mail come twice.
 */
#include "poller/post/alerts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "poller/mailbox/mailbox.h"
#include "poller/post/carrying.h"
#include "poller/post/feed.h"
#include "classify/base/log.h"
#include "reports/alerts.h"
#include "store/watch/alert.h"
#include "store/figures.h"
#include "store/keys.h"
#include "store/news.h"
#include "store/site.h"
#include "store/watch/witness.h"

enum {
	COMMAND_SECONDS = 60,
	TOLD_AT_ONCE = 256, /* what is beyond waits for the next run */
};

struct round {
	struct session *s;
	const struct alert_options *o;
	int64_t now;     /* for the store */
	int64_t present; /* for whoever is told */
};

static int note_level(const struct round *r, enum alert_condition condition, enum alert_level level,
	const char *subject, int64_t value, int64_t from)
{
	const struct alert_rule *rule = &r->o->rule[condition];
	struct alert_finding f = { .condition = condition,
		.level = level,
		.figures = { .value = value,
			.limit = rule->threshold,
			.usual = -1,
			.from = from,
			.to = r->now } };
	snprintf(f.subject, sizeof f.subject, "%s", subject);
	return store_alert_note(r->s->store, r->o, &f, r->now);
}

static int note_told(const struct round *r, enum alert_condition condition, const char *subject,
	int64_t value, int64_t from)
{
	return note_level(
		r, condition, alert_level_of(&r->o->rule[condition], value), subject, value, from);
}

/* What the server is known by; a time counts by what is left of it. */
static int note_facts(const struct round *r, const struct mailbox_state *m)
{
	static const struct {
		size_t at;
		enum alert_condition condition;
	} facts[] = {
#define FACT_ROW(member, name, condition, ...) { FACT_AT(member), condition },
		MAILBOX_FACTS(FACT_ROW)
#undef FACT_ROW
	};
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		int64_t value = fact_value(&m->facts, facts[i].at);
		bool time = alert_unit(facts[i].condition) == UNIT_REMAINING;
		if (value &&
			note_told(r, facts[i].condition, m->name, time ? value - r->now : value, 0))
			return STORE_FAILED;
	}
	return STORE_OK;
}

/* A mailbox that left the configuration is nobody's concern any more. */
static int note_mailbox_alert(void *context, const struct mailbox_state *m)
{
	const struct round *r = context;
	int64_t last = m->read_at ? m->read_at : m->first_at;
	bool failed = m->failed_at > m->read_at,
	     refused = failed && !strcmp(m->why, MAILBOX_LOGIN_REFUSED);
	if (!mailbox_find(r->s->mailbox, r->s->mailboxes, m->name))
		return 0;
	if (last && note_told(r, ALERT_MAILBOX_SILENT, m->name, r->now - last, last))
		return STORE_FAILED;
	if (note_facts(r, m))
		return STORE_FAILED;
	/* a run that failed before the login has not seen it work: an open alert stays open */
	enum alert_level level = failed && !refused
		? LEVEL_OPEN
		: alert_level_of(&r->o->rule[ALERT_LOGIN_REFUSED], refused);
	return note_level(r, ALERT_LOGIN_REFUSED, level, m->name, refused, m->failed_at);
}

int disk_used_ppm(const char *path, int64_t *ppm)
{
	struct statvfs v;
	if (statvfs(path, &v))
		return -1;
	uint64_t used = v.f_blocks - v.f_bfree, all = used + v.f_bavail;
	*ppm = all ? rate_ppm(used, all) : 0;
	return 0;
}

static int note_disk(const struct round *r)
{
	int64_t used;
	return disk_used_ppm(r->s->options.path, &used)
		? 0
		: note_told(r, ALERT_DISK_FULL, "", used, 0);
}

/*
 * How far the clock went away from that which counts the seconds since this machine started, since
 * the last evaluation.
 */
static int compare_clocks(const struct round *r, int64_t *jump)
{
	char boot[CLOCK_BOOT_SIZE], text[ALERT_CLOCK_SIZE], was[CLOCK_BOOT_SIZE];
	long long began;
	int64_t begins;
	*jump = 0;
	if (!clock_boot(boot, &begins))
		return STORE_OK;
	if (store_alerts_clock(r->s->store, text))
		return STORE_FAILED;
	if (sscanf(text, "%15s %lld", was, &began) == 2 && strcmp(was, boot) == 0)
		*jump = begins > began ? begins - began : began - begins;
	snprintf(text, sizeof text, "%s %lld", boot, (long long)begins);
	return store_alerts_clock_put(r->s->store, text);
}

/*
 * Back it went also where the last evaluation was later than now, whatever was restarted meanwhile.
 */
static int note_clock(const struct round *r)
{
	int64_t last, jump;
	if (store_alerts_last(r->s->store, &last) || compare_clocks(r, &jump))
		return STORE_FAILED;
	return note_told(r, ALERT_CLOCK_JUMP, "", last - r->now > jump ? last - r->now : jump, 0);
}

static int note_stuck(void *context, const char *mailbox, uint64_t count, int64_t since)
{
	const struct round *r = context;
	return mailbox_find(r->s->mailbox, r->s->mailboxes, mailbox)
		? note_told(r, ALERT_MESSAGE_STUCK, mailbox, (int64_t)count, since)
		: 0;
}

static int note_lost_key(void *context, const struct key_missing *m)
{
	return m->loss == KEY_GIVEN_UP ? 0 : note_told(context, ALERT_KEY_LOST, m->month, 1, 0);
}

static int note_site(void *context, const char *site, int64_t until)
{
	const struct round *r = context;
	return note_told(r, ALERT_SITE_SILENT, site, r->now - until, until);
}

static int note_hook(const struct round *r)
{
	struct news_trouble t;
	if (store_news_trouble(r->s->store, r->now, &t))
		return STORE_FAILED;
	return note_told(r, ALERT_HOOK, "", t.since ? r->now - t.since : 0, t.since);
}

static int evaluate_alerts(struct round *r)
{
	struct store *store = r->s->store;
	if (store_begin(store))
		return -1;
	if (!store_witness_ran(store, r->now, r->s->present.boot, r->s->present.began) &&
		!note_clock(r) && !store_alerts_watch(store, r->o, r->now) &&
		!store_mailboxes(store, note_mailbox_alert, r) && !note_disk(r) &&
		!store_keys_lost(store, note_lost_key, r) && !store_stuck(store, note_stuck, r) &&
		!store_sites_heard(store, note_site, r) && !note_hook(r) &&
		!store_alerts_clear(store, r->o, r->now))
		return store_commit(store);
	store_rollback(store);
	return -1;
}

/* --- telling -------------------------------------------------------------- */

struct news {
	enum alert_way way;
	bool told; /* or handed over at least */
	size_t count;
	struct alert alert[TOLD_AT_ONCE];
};

static bool waits(const struct alert *a, enum alert_way way)
{
	return way == BY_MAIL ? a->by_mail : a->by_command;
}

static int take_news(void *context, const struct alert *a)
{
	struct news *n = context;
	if (waits(a, n->way) && n->count < TOLD_AT_ONCE)
		n->alert[n->count++] = *a;
	return 0;
}

static int mark_told(struct round *r, const struct news *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (store_alert_told(r->s->store, n->alert[i].number, n->way))
			return session_store_failed(r->s, "alerts", STORE_FAILED);
	return EXIT_WELL;
}

static int send_alert_mail(const struct round *r, struct news *n)
{
	struct report_options options = r->s->report;
	struct buffer mail = { 0 };
	unsigned char random[12];
	char token[2 * sizeof random + 1], error[512], clean[512];
	options.to = r->s->post->alert_to.at;
	randombytes_buf(random, sizeof random);
	sodium_bin2hex(token, sizeof token, random, sizeof random);
	int result = alerts_mail(n->alert, n->count, &options, r->present, token, &mail, error,
			     sizeof error)
		? -1
		: delivery_carry(r->s->post, options.to, (struct span){ mail.p, mail.n }, error,
			  sizeof error);
	if (result)
		log_error("alert mail: %s; %s", log_clean(clean, sizeof clean, error),
			result == CARRY_UNANSWERED
				? "it was handed over whole and may have arrived: it is not sent again"
				: "the next run tries again");
	buffer_free(&mail);
	n->told = !result || result == CARRY_UNANSWERED;
	return result ? EXIT_LOST : EXIT_WELL;
}

static int run_command(const struct round *r, struct news *n)
{
	char *const argv[] = { (char *)r->s->post->alert_command, NULL };
	struct buffer json = { 0 };
	char error[512] = "no memory for its input";
	bool fed;
	int status = 0, result = EXIT_LOST;
	if (alerts_json(n->alert, n->count, &r->s->report, r->present, &json) ||
		feed_command(argv, (struct span){ json.p, json.n }, COMMAND_SECONDS, &status, &fed,
			error, sizeof error))
		log_error("alert command: %s; the next run tries again", error);
	else if (status)
		log_error("alert command: %s: %s %d; the next run tries again", argv[0],
			WIFSIGNALED(status) ? "ended by signal" : "exit code",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	else
		result = EXIT_WELL;
	n->told = result == EXIT_WELL;
	buffer_free(&json);
	return result;
}

/*
 * In one way, all at once: several alerts of one moment have one cause more often than not. Nobody
 * to tell is a choice, not a failure.
 */
static int tell_alerts(struct round *r, enum alert_way way, bool wanted,
	int (*how)(const struct round *r, struct news *n))
{
	struct news *n = calloc(1, sizeof *n);
	int result = EXIT_LOST;
	if (!n) {
		log_error("alerts: no memory");
		return EXIT_LOST;
	}
	n->way = way;
	if (store_alerts(r->s->store, ALERTS_TO_TELL, take_news, n)) {
		result = session_store_failed(r->s, "alerts", STORE_FAILED);
	} else {
		n->told = !n->count || !wanted;
		result = n->told ? EXIT_WELL : how(r, n);
		if (n->told)
			result = exit_worse(result, mark_told(r, n));
	}
	free(n);
	return result;
}

/* The journal hears of it once: before either way was tried. */
static int say_news(void *context, const struct alert *a)
{
	const struct round *r = context;
	char line[ALERT_LINE_SIZE];
	if (a->by_mail && a->by_command && a->at == r->now)
		log_line(a->cleared ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, "%s",
			alert_line(a, r->s->report.k, line));
	return 0;
}

/* What is new, in both ways. */
static int tell_all(struct round *r)
{
	struct session *s = r->s;
	if (store_alerts(s->store, ALERTS_TO_TELL, say_news, r))
		return session_store_failed(s, "alerts", STORE_FAILED);
	int result = tell_alerts(r, BY_MAIL, s->post->alert_to.count > 0, send_alert_mail);
	return exit_worse(
		result, tell_alerts(r, BY_COMMAND, s->post->alert_command != NULL, run_command));
}

int alerts_run(struct session *s, int64_t now)
{
	struct round r = { s, &s->post->alerts, now, now };
	return evaluate_alerts(&r) ? session_store_failed(s, "alerts", STORE_FAILED) : tell_all(&r);
}

int alerts_doubt(struct session *s)
{
	struct round r = { s, &s->post->alerts, s->now, s->present.now };
	if (store_begin(s->store))
		return session_store_failed(s, "alerts", STORE_FAILED);
	int result = note_told(&r, ALERT_CLOCK_DOUBT, "", s->clock.off, s->now);
	if (!result)
		result = store_commit(s->store);
	if (result) {
		store_rollback(s->store);
		return session_store_failed(s, "alerts", STORE_FAILED);
	}
	return tell_all(&r);
}
