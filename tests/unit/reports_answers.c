/*
 * What receivers said, in the month's model: listed below figures that are shown, and so that
 * nothing small is left over.
 */
#include "tests/unit/reports_month.h"

static int begin(void **state)
{
	fake_saids = 0;
	return set_zone(state);
}

static void answers_stand_with_their_causes(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 100);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmail", "a", 40);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmx", "a", 50);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", "No such user", 70);
	fake_says(20261005, CATEGORY_MAILBOX_FULL, "gmail", "Full", 40);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", "User unknown", TEST_K);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmx", "Who?", 50);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->answers, 4);
	assert_string_equal(r->answer[0].text, "No such user");
	assert_string_equal(r->answer[0].provider, "gmail");
	assert_int_equal(r->answer[0].n, 70);
	assert_int_equal(r->answer[0].column, COLUMN_HARD);
	assert_int_equal(r->answer[0].first, 5);
	assert_string_equal(r->answer[3].provider, "gmx");
	month_report_free(r);
	fake_done(&s);
}

/* 100 of which 70 and 25 are listed leave 5: the 25 go. The same of a cause at all providers. */
static void what_is_left_is_nothing_or_much(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 100);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmx", "a", 50);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", "No such user", 70);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", "User unknown", 25);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmx", "Who?", 50);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->answers, 2);
	assert_int_equal(r->answer[0].n, 70);
	assert_int_equal(r->answer[1].n, 50);
	month_report_free(r);
	fake_done(&s);
}

/* 40 of 43 would tell of the 3 others; 25 leave enough that nobody knows. */
static void no_answer_that_tells_of_a_hidden_figure(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 3);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmail", "a", 40);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmx", "a", 50);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmx", "a", 60);
	fake_says(20261005, CATEGORY_MAILBOX_FULL, "gmail", "Full", 40);
	struct month_report *r = make(&s, &o);
	const struct row *gmail = table_find(&r->month->providers, "gmail");
	assert_int_equal(gmail->column[COLUMN_SOFT].state, CELL_WITHHELD);
	assert_int_equal(r->answers, 0);
	month_report_free(r);
	fake_said[0].count = 25;
	r = make(&s, &o);
	assert_int_equal(r->answers, 1);
	month_report_free(r);
	fake_done(&s);
}

/* No more than ANSWERS_SHOWN of a provider; figures of another age than the tallies do no harm. */
static void bounded_and_robust(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	char text[8];
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 1000);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmx", "a", 50);
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof text, "no %d", i);
		fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", text, 60 - (uint64_t)i);
	}
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmx", "Who?", 51);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->answers, ANSWERS_SHOWN);
	assert_string_equal(r->answer[ANSWERS_SHOWN - 1].provider, "gmail");
	month_report_free(r);
	fake_done(&s);
}

/* A day is named whose own figure is shown. */
static void no_day_that_is_left_out(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 30);
	fake_failures(&s, 20261006, CATEGORY_USER_UNKNOWN, "gmail", "a", 3);
	fake_says(20261005, CATEGORY_USER_UNKNOWN, "gmail", "No such user", 33);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->answers, 1);
	assert_true(r->month->day[4].state != CELL_SHOWN);
	assert_int_equal(r->answer[0].first, 0);
	month_report_free(r);
	fake_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(answers_stand_with_their_causes, begin),
		cmocka_unit_test_setup(what_is_left_is_nothing_or_much, begin),
		cmocka_unit_test_setup(no_answer_that_tells_of_a_hidden_figure, begin),
		cmocka_unit_test_setup(bounded_and_robust, begin),
		cmocka_unit_test_setup(no_day_that_is_left_out, begin),
	};
	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
