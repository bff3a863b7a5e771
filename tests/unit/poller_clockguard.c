/* Who speaks against a clock, and how much it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "poller/run/clockguard.h"

#define NOW INT64_C(1793599200) /* 2026-11-02T06:00:00Z */

/* Runs GAP apart, the last of them AGO. */
static struct witness runs(unsigned count, int64_t gap, int64_t ago)
{
	struct witness w = {
		.runs = count, .last = NOW - ago, .boot = "boot-1", .began = NOW - 100 * DAY
	};
	for (unsigned i = 0; i < count; i++)
		w.ran[i] = w.last - (int64_t)(count - 1 - i) * gap;
	return w;
}

static void judges(void **state)
{
	(void)state;
	struct witness habit = runs(8, 10 * MINUTE, 0), monthly = runs(8, 31 * DAY, 0),
		       begun = runs(2, 10 * MINUTE, 0), none = { 0 };
	struct witness told = habit;
	told.newest = NOW + 3 * DAY;
	struct witness allowed = habit;
	allowed.tolerated = 10 * DAY;
	const struct {
		const struct witness *w;
		int64_t ahead; /* of the last run */
		const char *boot;
		int64_t step, newest;
		bool given;
		enum clock_doubt doubt;
	} table[] = {
		{ NULL, 0, "", 0, 0, true, CLOCK_BELIEVED },
		{ &none, 0, "", 0, 0, false, CLOCK_BELIEVED },
		{ &none, -NOW, "", 0, 0, false, CLOCK_IMPOSSIBLE },
		{ &none, INT64_C(1577836800) - NOW, "", 0, 0, false, CLOCK_BELIEVED },
		{ &none, INT64_C(1577836799) - NOW, "", 0, 0, false, CLOCK_IMPOSSIBLE },
		{ &habit, -DAY, "", 0, 0, true, CLOCK_BELIEVED },
		{ &habit, -DAY - 1, "", 0, 0, true, CLOCK_BACK },
		{ &habit, 40 * DAY, "", 0, 0, true, CLOCK_BELIEVED },
		{ &habit, 40 * DAY + 1, "", 0, 0, true, CLOCK_GAP },
		{ &monthly, 124 * DAY, "", 0, 0, true, CLOCK_BELIEVED },
		{ &monthly, 124 * DAY + 1, "", 0, 0, true, CLOCK_GAP },
		{ &begun, 400 * DAY, "", 0, 0, true, CLOCK_BELIEVED },
		{ &begun, 400 * DAY + 1, "", 0, 0, true, CLOCK_GAP },
		{ &habit, 60 * DAY, "boot-1", 0, 0, false,
			CLOCK_BELIEVED }, /* the kernel counted the same 60 days */
		{ &habit, 60 * DAY, "boot-2", 0, 0, false, CLOCK_GAP },
		{ &habit, 2 * DAY, "boot-1", DAY, 0, false, CLOCK_BELIEVED },
		{ &habit, 2 * DAY, "boot-1", DAY + 1, 0, false, CLOCK_STEPPED },
		{ &habit, 0, "boot-1", -DAY - 1, 0, false, CLOCK_STEPPED },
		{ &habit, 0, "boot-2", DAY + 1, 0, false, CLOCK_BELIEVED },
		{ &habit, 0, "boot-1", 0, NOW + DAY, false, CLOCK_BELIEVED },
		{ &habit, 0, "boot-1", 0, NOW + DAY + 1, false, CLOCK_BEHIND },
		{ &told, 0, "boot-1", 0, 0, false, CLOCK_BEHIND },
		{ &told, 3 * DAY, "boot-1", 0, 0, false, CLOCK_BELIEVED }, /* it was set since */
		{ &told, 0, "", 0, 0, true, CLOCK_BELIEVED },
		{ &allowed, 0, "boot-1", 0, NOW + 11 * DAY, false, CLOCK_BELIEVED },
		{ &allowed, 0, "boot-1", 0, NOW + 11 * DAY + 1, false, CLOCK_BEHIND },
	};
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		struct clock_present p = { .now = NOW + table[i].ahead,
			.given = table[i].given,
			.began = NOW - 100 * DAY + table[i].step,
			.newest = table[i].newest };
		struct clock_verdict v;
		for (unsigned c = 0; table[i].boot[c]; c++)
			p.boot[c] = table[i].boot[c];
		clock_judge(table[i].w, &p, &v);
		if (v.doubt != table[i].doubt)
			fail_msg("row %u: %s", i, clock_doubt_name(v.doubt));
		assert_int_equal(v.doubt == CLOCK_BELIEVED, !*v.text && !v.off);
		bool by_itself = v.doubt == CLOCK_BELIEVED || v.doubt == CLOCK_BEHIND ||
			!table[i].w || !table[i].w->last;
		assert_int_equal(v.certain, by_itself ? p.now : table[i].w->last);
	}
}

/* What a token server says holds in both directions, is remembered, and ends when the clock is set.
 */
static void server_is_heard(void **state)
{
	(void)state;
	const struct {
		int64_t served, served_at, tolerated; /* as remembered */
		int64_t ahead, heard;                 /* of NOW; heard 0: nothing */
		bool given;
		enum clock_doubt doubt;
	} table[] = {
		{ 0, 0, 0, 0, 1, false, CLOCK_BELIEVED },
		{ 0, 0, 0, 0, DAY, false, CLOCK_BELIEVED },
		{ 0, 0, 0, 0, DAY + 1, false, CLOCK_SERVER },
		{ 0, 0, 0, 0, -DAY, false, CLOCK_BELIEVED },
		{ 0, 0, 0, 0, -DAY - 1, false, CLOCK_SERVER },
		{ 0, 0, 0, 0, -DAY - 1, true, CLOCK_BELIEVED },
		{ 0, 0, 3 * DAY, 0, -4 * DAY, false, CLOCK_BELIEVED },
		{ 0, 0, 3 * DAY, 0, -4 * DAY - 1, false, CLOCK_SERVER },
		{ NOW - 9 * DAY, NOW, 0, 0, 0, false, CLOCK_SERVER }, /* we are ahead */
		{ NOW - 9 * DAY, NOW, 0, DAY, 0, false, CLOCK_SERVER },
		{ NOW - 9 * DAY, NOW, 0, DAY, 1, false, CLOCK_BELIEVED },     /* heard again */
		{ NOW, NOW + 9 * DAY, 0, 0, 0, false, CLOCK_BELIEVED },       /* it was set back */
		{ NOW + 9 * DAY, NOW, 0, 0, 0, false, CLOCK_SERVER },         /* we are behind */
		{ NOW + 9 * DAY, NOW, 0, 9 * DAY, 0, false, CLOCK_BELIEVED }, /* it was set */
	};
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		struct witness w = runs(8, 10 * MINUTE, 10 * MINUTE);
		struct clock_present p = {
			.now = NOW + table[i].ahead, .given = table[i].given, .boot = "boot-2"
		};
		struct clock_verdict v;
		p.served = table[i].heard ? p.now + table[i].heard : 0;
		w.served = table[i].served;
		w.served_at = table[i].served_at;
		w.tolerated = table[i].tolerated;
		clock_judge(&w, &p, &v);
		if (v.doubt != table[i].doubt)
			fail_msg("row %u: %s", i, clock_doubt_name(v.doubt));
		w.tolerated = clock_lead(&w, &p); /* confirmed */
		clock_judge(&w, &p, &v);
		assert_int_equal(v.doubt, CLOCK_BELIEVED);
	}
}

/* Who sends mail with dates of the future stops no machine whose kernel counted on. */
static void mail_is_heard(void **state)
{
	(void)state;
	struct witness habit = runs(8, 10 * MINUTE, 0), none = { 0 };
	struct clock_present on = { .now = NOW, .boot = "boot-1" };
	struct clock_present again = { .now = NOW, .boot = "boot-2" };
	assert_false(clock_hears_mail(&habit, &on, 1000, 0));
	assert_true(clock_hears_mail(&habit, &again, 3, 2));
	assert_false(clock_hears_mail(&habit, &again, 2, 0));
	assert_false(clock_hears_mail(&habit, &again, 3, 3));
	assert_true(clock_hears_mail(&none, &on, 3, 0));
	on.given = true;
	assert_false(clock_hears_mail(&none, &on, 3, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges),
		cmocka_unit_test(server_is_heard), cmocka_unit_test(mail_is_heard) };
	return cmocka_run_group_tests_name("is the clock to be believed", tests, NULL, NULL);
}
