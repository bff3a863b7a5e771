/*
 * Advice: each step of throttling at its border, what a profile limits, blocks, and what is too
 * little to say anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "poller/command/advice.h"

enum { K = 10 };

static struct segment of(uint64_t delivered, uint64_t throttled)
{
	return (struct segment){ .provider = "gmail",
		.large = true,
		.peak = 1000,
		.day = { .sent = delivered,
			.delivered = delivered,
			.deferred = throttled,
			.throttled = throttled } };
}

static void steps_at_their_borders(void **state)
{
	static const struct {
		uint64_t delivered, throttled;
		enum advice_action action;
		unsigned connections;
		uint64_t hourly;
	} cases[] = {
		{ 1000, 0, ADVICE_GROW, 20, 1250 },
		{ 981, 19, ADVICE_GROW, 20, 1250 },
		{ 980, 20, ADVICE_KEEP, 15, 1000 },
		{ 901, 99, ADVICE_KEEP, 15, 1000 },
		{ 900, 100, ADVICE_SLOW, 10, 500 },
		{ 701, 299, ADVICE_SLOW, 10, 500 },
		{ 700, 300, ADVICE_CRAWL, 1, 250 },
		{ 0, 1000, ADVICE_CRAWL, 1, 250 },
	};
	struct advice a;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct segment s = of(cases[i].delivered, cases[i].throttled);
		assert_true(advise(&s, K, &a));
		assert_int_equal(a.action, cases[i].action);
		assert_int_equal(a.connections, cases[i].connections);
		assert_int_equal(a.hourly, cases[i].hourly);
		assert_int_equal(a.throttled_ppm, (long)cases[i].throttled * 1000);
	}
}

static void a_profile_limits(void **state)
{
	struct segment s = of(1000, 0);
	struct advice a;
	(void)state;
	s.limit = 3;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.connections, 3);
	s = of(900, 100);
	s.limit = 3;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.connections, 1);
	s = of(1000, 0);
	s.large = false;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.connections, ADVICE_CONNECTIONS_SMALL);
	s.peak = 0;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.hourly, 0);
}

static void blocks_freeze(void **state)
{
	struct segment s = of(1000, 0);
	struct advice a;
	(void)state;
	s.sent = 1000;
	s.blocks = s.day.block = 49;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
	s.blocks = s.day.block = 50;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
	assert_int_equal(a.connections, 0);
	assert_int_equal(a.hourly, 0);
	assert_int_equal(a.thaws_below, 50);
	/* what was resolved since does not count, nor what is little of very much */
	s.blocks = 0;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
	s.sent = 600000;
	s.blocks = s.day.block = 30;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
}

static void without_volumes_share_and_habit_freeze(void **state)
{
	struct segment s = { .provider = "gmx", .blocks = K, .day = { .block = K } };
	struct advice a;
	(void)state;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
	assert_int_equal(a.thaws_below, K);
	s.blocks = s.day.block = K - 1;
	assert_false(advise(&s, K, &a));
	s.blocks = s.day.block = 40;
	s.day.hard = 41; /* less than half of the bounces */
	s.usual = 2;
	assert_false(advise(&s, K, &a));
	s.day.hard = 40;
	assert_true(advise(&s, K, &a));
	s.usual = 14; /* not three times what is usual */
	assert_false(advise(&s, K, &a));
}

static void few_hosts_freeze_no_others(void **state)
{
	struct segment s = of(1000, 0);
	struct advice a;
	(void)state;
	s.many = true;
	s.sent = 1000;
	s.blocks = s.day.block = 500;
	s.hosts = 9;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
	s.hosts = 10;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
}

static void who_refused_lately_gets_a_trial(void **state)
{
	struct segment s = { .provider = "gmx", .large = true, .refused = true, .peak = 1000 };
	struct advice a;
	(void)state;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_CRAWL);
	assert_true(a.probing);
	assert_int_equal(a.connections, 1);
	assert_int_equal(a.hourly, 250);
	s.many = true;
	assert_false(advise(&s, K, &a));
	s.many = false;
	s.day.delivered = K; /* it takes mail */
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
}

static void without_logs_notices_tell(void **state)
{
	struct segment s = { .provider = "gmx", .large = true, .limited = K };
	struct advice a;
	(void)state;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_SLOW);
	assert_int_equal(a.connections, 10);
	assert_int_equal(a.throttled_ppm, -1);
	s.limited = K - 1;
	assert_false(advise(&s, K, &a));
	s = of(K - 1, 0);
	assert_false(advise(&s, K, &a));
	s = of(K, 0);
	assert_true(advise(&s, K, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_at_their_borders),
		cmocka_unit_test(a_profile_limits),
		cmocka_unit_test(blocks_freeze),
		cmocka_unit_test(without_volumes_share_and_habit_freeze),
		cmocka_unit_test(few_hosts_freeze_no_others),
		cmocka_unit_test(who_refused_lately_gets_a_trial),
		cmocka_unit_test(without_logs_notices_tell),
	};
	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
