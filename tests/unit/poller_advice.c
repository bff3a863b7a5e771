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
	s.day.block = 49;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_GROW);
	s.day.block = 50;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
	assert_int_equal(a.connections, 0);
	assert_int_equal(a.hourly, 0);
	s.day.block = 0;
	s.open_blocks = K;
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
	/* without sent counts the number alone tells */
	s = (struct segment){ .provider = "gmx", .day = { .block = K } };
	assert_true(advise(&s, K, &a));
	assert_int_equal(a.action, ADVICE_FREEZE);
	s.day.block = K - 1;
	assert_false(advise(&s, K, &a));
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
		cmocka_unit_test(without_logs_notices_tell),
	};
	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
