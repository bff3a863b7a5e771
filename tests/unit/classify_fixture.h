/*
 * For the tests of classify/: a few rules built by hand (the program's own are data of the poller),
 * and a sink that keeps events.
 */
#ifndef RETOUR_CLASSIFY_FIXTURE_H
#define RETOUR_CLASSIFY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "classify/classify.h"
#include "classify/rules.h"

#define ASSERT_SPAN(got, want) \
	do { \
		struct span asserted = (got); \
		if (asserted.n != strlen(want) || memcmp(asserted.p, (want), asserted.n) != 0) \
			fail_msg("got \"%.*s\", expected \"%s\"", (int)asserted.n, asserted.p, \
				(want)); \
	} while (0)

static const struct rule_spec FIXTURE_RULES[] = {
	{ .id = "failed",
		.klass = -1,
		.mark = MARK_FAILED_RECIPIENTS,
		.where = WHERE_HUMAN,
		.phrase_count = 3,
		.phrases = { "the following addresses failed", "could not be delivered to",
			"couldn't be delivered" } },
	{ .id = "delayed",
		.klass = -1,
		.mark = MARK_DELAYED_RECIPIENTS,
		.where = WHERE_HUMAN,
		.phrase_count = 1,
		.phrases = { "has not yet been delivered" } },
	{ .id = "returned",
		.klass = -1,
		.mark = MARK_RETURNED_MESSAGE,
		.where = WHERE_HUMAN,
		.phrase_count = 1,
		.phrases = { "this is a copy of the message" } },
	{ .id = "says",
		.klass = -1,
		.mark = MARK_REMOTE_SAYS,
		.where = WHERE_HUMAN,
		.phrase_count = 1,
		.phrases = { "remote host said:" } },
	{ .id = "subject",
		.klass = -1,
		.mark = MARK_BOUNCE_SUBJECT,
		.where = WHERE_SUBJECT,
		.phrase_count = 2,
		.phrases = { "undelivered mail", "delivery failure" } },
	{ .id = "sender",
		.klass = -1,
		.mark = MARK_BOUNCE_SENDER,
		.where = WHERE_SENDER,
		.phrase_count = 1,
		.phrases = { "mailer-daemon" } },
	{ .id = "away",
		.klass = -1,
		.kind = KIND_AUTOREPLY,
		.where = WHERE_SUBJECT | WHERE_HUMAN,
		.phrase_count = 1,
		.phrases = { "out of office" } },
	{ .id = "confirm",
		.klass = -1,
		.kind = KIND_CHALLENGE,
		.where = WHERE_SUBJECT,
		.phrase_count = 1,
		.phrases = { "please confirm your message" } },
	{ .id = "unknown",
		.klass = -1,
		.category = CATEGORY_USER_UNKNOWN,
		.where = WHERE_HUMAN | WHERE_DIAGNOSTIC,
		.phrase_count = 1,
		.phrases = { "user unknown" } },
	{ .id = "before host",
		.klass = -1,
		.mark = MARK_BEFORE_HOST,
		.phrase_count = 3,
		.phrases = { "connect to", "refused by", "giving up on" } },
	{ .id = "before host and ip",
		.klass = -1,
		.mark = MARK_BEFORE_HOST_IP,
		.phrase_count = 2,
		.phrases = { "host", "by" } },
	{ .id = "before client",
		.klass = -1,
		.mark = MARK_BEFORE_CLIENT,
		.phrase_count = 2,
		.phrases = { "client host", "blocked by" } },
	{ .id = "behind host",
		.klass = -1,
		.mark = MARK_BEHIND_HOST,
		.phrase_count = 3,
		.phrases = { "said:", "gave this error", "does not like recipient" } },
	{ .id = "before reporter",
		.klass = -1,
		.mark = MARK_BEFORE_REPORTER,
		.phrase_count = 2,
		.phrases = { "generating server:", "program at" } },
	{ .id = "before other",
		.klass = -1,
		.mark = MARK_BEFORE_OTHER,
		.phrase_count = 3,
		.phrases = { "from:", "contact", "mailto:" } },
	{ .id = "before recipient",
		.klass = -1,
		.mark = MARK_BEFORE_RECIPIENT,
		.phrase_count = 2,
		.phrases = { "to:", "for" } },
	{ .id = "answers",
		.klass = -1,
		.mark = MARK_REPLY_SUBJECT,
		.phrase_count = 2,
		.phrases = { "re:", "aw:" } },
};

static inline struct rules *fixture_rules(void)
{
	char error[256];
	struct rules *r = rules_build(FIXTURE_RULES, sizeof FIXTURE_RULES / sizeof FIXTURE_RULES[0],
		NULL, 0, error, sizeof error);
	if (!r)
		fail_msg("%s", error);
	return r;
}

struct kept {
	struct event at[64];
	size_t count;      /* all of them, also beyond the array */
	size_t invalid;    /* that event_valid() refused */
	size_t stop_after; /* 0: never */
};

static inline int keep(void *context, const struct event *e)
{
	struct kept *k = context;
	if (k->count < sizeof k->at / sizeof k->at[0])
		k->at[k->count] = *e;
	k->count++;
	k->invalid += !event_valid(e);
	return k->stop_after && k->count == k->stop_after ? 7 : 0;
}

static const char *const FIXTURE_DOMAINS[] = { "example.com", NULL };
static const char *const FIXTURE_CAMPAIGNS[] = { "X-Campaign-ID", NULL };
static const struct classify_options FIXTURE_OPTIONS = { .domains = FIXTURE_DOMAINS,
	.campaign_headers = FIXTURE_CAMPAIGNS,
	.verp = "bounce+{token}@bounce.example.com" };

static inline double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
