/* --now: RFC 3339 and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "classify/base/clock.h"

static void takes_rfc_3339(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_SIZE];
	assert_true(clock_set("2026-11-02T06:00:00Z"));
	assert_int_equal(clock_now(), 1793599200);
	assert_string_equal(clock_format(clock_now(), text), "2026-11-02T06:00:00Z");
	assert_true(clock_set("2026-11-02T07:30:00.25+01:30"));
	assert_int_equal(clock_now(), 1793599200);
	assert_true(clock_set("2024-02-29T23:59:59-05:00"));
	assert_string_equal(clock_format(clock_now(), text), "2024-03-01T04:59:59Z");
}

static void refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "now", "2026-11-02", "2026-11-02T06:00:00",
		"2026-11-02T06:00:00Zz", "2026-13-02T06:00:00Z", "2026-11-02T06:00:00+1",
		"02.11.2026 06:00" };
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (clock_set(wrong[i]))
			fail_msg("took \"%s\"", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(takes_rfc_3339),
		cmocka_unit_test(refuses_what_is_none) };
	return cmocka_run_group_tests_name("the present time", tests, NULL, NULL);
}
