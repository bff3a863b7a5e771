/*
 * The course of a month as the report tells it: days that stand out, what began when, what became
 * of the soft ones, typing errors, groups, investigations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "reports/model.h"
#include "tests/unit/reports_fake.h"

enum { TEST_K = 10, DAYS = 31 };
#define DAY(d) (20261000 + (d))
#define OCTOBER_1 ((int64_t)1790805600) /* 2026-10-01 00:00 in Berlin */

static struct month_report *make(struct store *s)
{
	static const char *const recipients[] = { "deliverability@example.org", NULL };
	static const struct report_options options = { .organisation = "Example",
		.timezone = "Europe/Berlin",
		.k = TEST_K,
		.from = "retour@example.org",
		.to = recipients,
		.target = { 20000, 50000, 1000 } };
	struct month_report *r = NULL;
	char error[256] = "";
	if (month_report_new(&r, s, (struct month){ 2026, 10 }, &options, error, sizeof error))
		fail_msg("%s", error);
	return r;
}

static void done(struct month_report *r, struct store *s)
{
	month_report_free(r);
	fake_done(s);
}

/* 20 bounces a day. */
static void ordinary(struct store *s)
{
	for (int d = 1; d <= DAYS; d++) {
		fake_failures(s, DAY(d), CATEGORY_USER_UNKNOWN, "gmail", "spring", 12);
		fake_failures(s, DAY(d), CATEGORY_MAILBOX_FULL, "yahoo", "spring", 8);
	}
}

/* --- days that stand out -------------------------------------------------- */

static void a_day_with_twice_the_usual_stands_out(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	fake_failures(&s, DAY(9), CATEGORY_REPUTATION, "gmx", "spring", 19); /* 39 of 40 */
	fake_failures(&s, DAY(12), CATEGORY_REPUTATION, "gmx", "spring", 60);
	struct month_report *r = make(&s);
	assert_int_equal(r->usual_day, 20);
	assert_int_equal(r->standouts, 1);
	assert_int_equal(r->standout[0].day, 12);
	assert_int_equal(r->standout[0].column, COLUMN_BLOCK);
	assert_string_equal(r->standout[0].provider, "gmx");
	done(r, &s);
}

static void no_day_stands_out_where_all_are_alike_or_small(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	struct month_report *r = make(&s);
	assert_int_equal(r->standouts, 0);
	done(r, &s);
	fake_failures(&s, DAY(3), CATEGORY_USER_UNKNOWN, "gmail", "spring",
		29); /* nothing on the other days, but less than three times k */
	r = make(&s);
	assert_int_equal(r->standouts, 0);
	done(r, &s);
}

static void the_largest_days_are_named(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	for (int d = 1; d <= STANDOUTS_MAX + 2; d++)
		fake_failures(&s, DAY(3 * d), CATEGORY_USER_UNKNOWN, "gmail", "spring",
			100 + (unsigned)d);
	struct month_report *r = make(&s);
	assert_int_equal(r->standouts, STANDOUTS_MAX);
	for (unsigned i = 0; i < STANDOUTS_MAX; i++)
		assert_int_equal(r->standout[i].day, 3 * (i + 3));
	done(r, &s);
}

/*
 * Who mails on Tuesdays and says nobody how much: a mailing is no incident, and the first one of
 * the month is no beginning of anything; a mailing with three times the bounces is one.
 */
static void a_weekly_mailing_is_no_incident(void **state)
{
	static const uint64_t unknown[] = { 41, 36, 44, 39 }, full[] = { 22, 31, 26, 24 };
	(void)state;
	struct store s = { 0 };
	for (int i = 0; i < 4; i++) {
		fake_failures(
			&s, DAY(6 + 7 * i), CATEGORY_USER_UNKNOWN, "gmail", "spring", unknown[i]);
		fake_failures(
			&s, DAY(6 + 7 * i), CATEGORY_MAILBOX_FULL, "yahoo", "spring", full[i]);
		fake_failures(&s, DAY(7 + 7 * i), CATEGORY_MAILBOX_FULL, "yahoo", "spring", 3);
	}
	struct month_report *r = make(&s);
	assert_int_equal(r->standouts, 0);
	assert_int_equal(r->incidents, 0);
	month_report_free(r);
	fake_failures(&s, DAY(20), CATEGORY_REPUTATION, "gmx", "spring", 130);
	r = make(&s);
	assert_int_equal(r->standouts, 1);
	assert_int_equal(r->standout[0].day, 20);
	assert_int_equal(r->incidents, 0);
	done(r, &s);
}

/* --- what began on a day -------------------------------------------------- */

static void what_begins_and_stays_has_its_day(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	for (int d = 12; d <= DAYS; d++)
		fake_failures(&s, DAY(d), CATEGORY_AUTH_FAILURE, "gmail", "spring",
			9 + (unsigned)(d * 7 % 5));
	struct month_report *r = make(&s);
	assert_int_equal(r->incidents, 1);
	assert_int_equal(incident_day(r, CATEGORY_AUTH_FAILURE, "gmail"), 12);
	assert_int_equal(incident_day(r, CATEGORY_AUTH_FAILURE, NULL), 12);
	assert_int_equal(incident_day(r, CATEGORY_AUTH_FAILURE, "yahoo"), 0);
	assert_int_equal(incident_day(r, CATEGORY_USER_UNKNOWN, "gmail"), 0);
	done(r, &s);
}

/*
 * Who says that a cause came three times k times or more at a receiver bounds what else came there:
 * seven at most of its three other bounces.
 */
static void what_begins_bounds_nothing_small(void **state)
{
	(void)state;
	for (int small = 0; small < 2; small++) {
		struct store s = { 0 };
		ordinary(&s);
		for (int d = 1; d <= DAYS; d++)
			fake_failures(&s, DAY(d), CATEGORY_REPUTATION, "yahoo", "spring", 1);
		for (int d = 16; d <= DAYS; d++)
			fake_failures(&s, DAY(d), CATEGORY_REPUTATION, "gmx", "spring", 2);
		if (small)
			fake_failures(&s, DAY(20), CATEGORY_MAILBOX_FULL, "gmx", "spring", 3);
		struct month_report *r = make(&s);
		const struct row *row = table_find(&r->month->providers, "gmx");
		assert_int_equal(row->bounces.state, CELL_SHOWN);
		assert_int_equal(
			row->column[COLUMN_BLOCK].state, small ? CELL_WITHHELD : CELL_SHOWN);
		assert_int_equal(r->incidents, !small);
		done(r, &s);
	}
}

/* Mailings on weekdays: days without any are no end and no beginning. */
static void weekends_begin_nothing(void **state)
{
	(void)state;
	struct store s = { 0 };
	for (int d = 1; d <= DAYS; d++)
		if ((d + 2) % 7 < 5) /* 2026-10-01 is a Thursday */
			fake_failures(&s, DAY(d), CATEGORY_USER_UNKNOWN, "gmail", "spring", 30);
	struct month_report *r = make(&s);
	assert_int_equal(r->incidents, 0);
	done(r, &s);
}

static void what_is_over_or_little_or_was_there_before_began_nothing(void **state)
{
	static const struct {
		int from, to;
		uint64_t n;
	} courses[] = {
		{ 5, 7, 50 },  /* three days of it */
		{ 1, 31, 40 }, /* always */
		{ 29, 31, 9 }, /* 27 in all */
	};

	(void)state;
	for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
		struct store s = { 0 };
		ordinary(&s);
		for (int d = courses[i].from; d <= courses[i].to; d++)
			fake_failures(
				&s, DAY(d), CATEGORY_REPUTATION, "gmx", "spring", courses[i].n);
		struct month_report *r = make(&s);
		assert_int_equal(r->incidents, 0);
		done(r, &s);
	}
}

/* A month that is not over ends with its last day of data. */
static void in_the_middle_of_a_month(void **state)
{
	(void)state;
	struct store s = { 0 };
	for (int d = 1; d <= 14; d++)
		fake_failures(&s, DAY(d), CATEGORY_USER_UNKNOWN, "gmail", "spring", 20);
	for (int d = 11; d <= 14; d++)
		fake_failures(&s, DAY(d), CATEGORY_RATE_LIMITED, "yahoo", "spring", 30);
	struct month_report *r = make(&s);
	assert_int_equal(incident_day(r, CATEGORY_RATE_LIMITED, "yahoo"), 11);
	done(r, &s);
}

/* Notices about foreign mail, and complaints, begin nothing. */
static void only_attributed_bounces_begin_something(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	for (int d = 12; d <= DAYS; d++) {
		fake_add(&s, DAY(d), KIND_FAILURE, CLASS_BLOCK, CATEGORY_SPAM_CONTENT,
			ORIGIN_BACKSCATTER, "gmail", "", 50);
		fake_complaints(&s, DAY(d), "yahoo", "spring", 50);
	}
	struct month_report *r = make(&s);
	assert_int_equal(r->incidents, 0);
	assert_int_equal(r->standouts, 0);
	done(r, &s);
}

/* --- beside the tallies --------------------------------------------------- */

static void cohorts_of_the_last_months(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	for (int m = 4; m <= 10; m++)
		s.cohort[s.cohorts++] = (struct cohort){ .month = 202600 + m,
			.count = { [COHORT_RECOVERED] = 40,
				[COHORT_SOFT] = (unsigned)m,
				[COHORT_HARD] = 20 } };
	struct month_report *r = make(&s);
	assert_int_equal(r->cohorts, COHORTS_SHOWN);
	assert_int_equal(r->cohort[0].month.month, 5);
	assert_int_equal(r->cohort[5].month.month, 10);
	assert_int_equal(r->cohort[0].outcome[COHORT_RECOVERED].n, 40);
	assert_int_equal(r->cohort[0].outcome[COHORT_SOFT].state, CELL_SMALL);
	assert_int_equal(r->cohort[0].outcome[COHORT_SOFT].n, 0);
	assert_int_equal(r->cohort[5].outcome[COHORT_SOFT].n, 10);
	assert_int_equal(r->cohort[5].outcome[COHORT_GIVEN_UP].n, 0);
	done(r, &s);
}

static void typing_errors_are_named_from_k_on(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	s.typing[s.typings].meant = "gmail.com";
	s.typing[s.typings++].count = 210;
	s.typing[s.typings].meant = "hotmail.com";
	s.typing[s.typings++].count = TEST_K;
	s.typing[s.typings].meant = "yahoo.com";
	s.typing[s.typings++].count = 7;
	s.typing[s.typings].meant = "web.de";
	s.typing[s.typings++].count = 5;
	struct month_report *r = make(&s);
	assert_int_equal(r->typings, 3);
	assert_string_equal(r->typing[0].domain, "gmail.com");
	assert_int_equal(r->typing[0].n.n, 210);
	assert_string_equal(r->typing[1].domain, "hotmail.com");
	assert_int_equal(r->typing[1].n.n, TEST_K);
	assert_string_equal(r->typing[2].domain, "");
	assert_int_equal(r->typing[2].n.n, 12);
	done(r, &s);

	ordinary(&s);
	s.typing[s.typings].meant = "gmail.com";
	s.typing[s.typings++].count = 9;
	r = make(&s);
	assert_int_equal(r->typings, 1);
	assert_string_equal(r->typing[0].domain, "");
	assert_int_equal(r->typing[0].n.state, CELL_SMALL);
	done(r, &s);
}

static void groups_are_the_sum_of_their_providers(void **state)
{
	static const char *const names[] = { "large", "business" };
	uint64_t all = 0;

	(void)state;
	struct store s = { 0 };
	ordinary(&s); /* gmail and yahoo */
	fake_failures(&s, DAY(5), CATEGORY_USER_UNKNOWN, "hetzner", "spring", 50);
	fake_failures(&s, DAY(6), CATEGORY_USER_UNKNOWN, "other", "spring", 70);
	fake_sent(&s, DAY(5), "gmail", "spring", 9000);
	fake_sent(&s, DAY(5), "other", "spring", 1000);
	struct month_report *r = make(&s);
	const struct figures *f = &r->month[0];
	for (size_t i = 0; i < 2; i++) {
		const struct row *row = table_find(&f->groups, names[i]);
		assert_non_null(row);
		assert_int_equal(row->bounces.n, i == 0 ? 31 * 20 : 120);
		assert_int_equal(row->sent.n, i == 0 ? 9000 : 1000);
		all += row->bounces.n;
	}
	assert_int_equal(all, f->bounces.n);
	done(r, &s);
}

static void investigations_of_the_month(void **state)
{
	(void)state;
	struct store s = { 0 };
	ordinary(&s);
	s.investigation[s.investigations++] = (struct investigation){ "gmail",
		CATEGORY_AUTH_FAILURE, OCTOBER_1 + 11 * 86400, OCTOBER_1 + 20 * 86400, 0, 400 };
	s.investigation[s.investigations++] = (struct investigation){ "yahoo", CATEGORY_POLICY,
		OCTOBER_1, OCTOBER_1, 0, TEST_K - 1 };
	s.investigation[s.investigations++] = (struct investigation){ "gmx", CATEGORY_POLICY,
		OCTOBER_1 + 32 * 86400, OCTOBER_1 + 33 * 86400, 0, 400 };
	s.investigation[s.investigations++] = (struct investigation){ "web.de", CATEGORY_REPUTATION,
		OCTOBER_1 - 86400, 0, OCTOBER_1 + 3 * 86400, 60 };
	s.investigation[s.investigations++] = (struct investigation){ "icloud", CATEGORY_REPUTATION,
		OCTOBER_1 - 90 * 86400, 0, OCTOBER_1 - 3 * 86400, 60 };
	struct month_report *r = make(&s);
	assert_int_equal(r->investigations, 2);
	assert_string_equal(r->investigation[0].provider, "gmail");
	assert_string_equal(r->investigation[1].provider, "web.de");
	done(r, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_with_twice_the_usual_stands_out),
		cmocka_unit_test(no_day_stands_out_where_all_are_alike_or_small),
		cmocka_unit_test(the_largest_days_are_named),
		cmocka_unit_test(a_weekly_mailing_is_no_incident),
		cmocka_unit_test(what_begins_and_stays_has_its_day),
		cmocka_unit_test(what_begins_bounds_nothing_small),
		cmocka_unit_test(weekends_begin_nothing),
		cmocka_unit_test(what_is_over_or_little_or_was_there_before_began_nothing),
		cmocka_unit_test(in_the_middle_of_a_month),
		cmocka_unit_test(only_attributed_bounces_begin_something),
		cmocka_unit_test(cohorts_of_the_last_months),
		cmocka_unit_test(typing_errors_are_named_from_k_on),
		cmocka_unit_test(groups_are_the_sum_of_their_providers),
		cmocka_unit_test(investigations_of_the_month),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
