/*
 * Alerts of rates: of all mail, of a campaign, of what can complain; chance is none.
 */
#include "tests/unit/store_alert.h"

/* --- rates ---------------------------------------------------------------- */

static void rate_case(enum alert_condition condition, const char *klass, int64_t enough)
{
	int64_t at = NOW + HOUR / 2;

	for (int i = 0; i < ALERT_CONDITION_COUNT; i++)
		rules.rule[i].active = i == (int)condition;
	sent(NOW, "gmail", 10000, 0);
	hour(NOW, "gmail", klass, enough - 1);
	look(at);
	assert_null(open_one(condition, ""));
	hour(NOW, "gmail", klass, 1);
	look(at + 60);
	assert_non_null(open_one(condition, ""));
	assert_int_equal(open_one(condition, "")->figures.part, enough);
	assert_int_equal(open_one(condition, "")->figures.whole, 10000);
	sent(NOW, "gmail", 1500, 0);
	look(at + 120);
	assert_non_null(open_one(condition, ""));
	sent(NOW, "gmail", 2000, 0);
	look(at + 180);
	assert_null(open_one(condition, ""));
}

static void hard_bounces_of_two_percent(void **state)
{
	(void)state;
	rate_case(ALERT_HARD_RATE, "hard", 200);
}

static void soft_bounces_of_two_percent(void **state)
{
	(void)state;
	rate_case(ALERT_SOFT_RATE, "soft", 200);
}

static void bounces_of_five_percent(void **state)
{
	(void)state;
	rate_case(ALERT_BOUNCE_RATE, "undetermined", 500);
}

static void complaints_of_a_thousandth(void **state)
{
	(void)state;
	rate_case(ALERT_COMPLAINT_RATE, "complaint", 10);
}

static void complaints_of_three_thousandths(void **state)
{
	(void)state;
	rate_case(ALERT_COMPLAINT_RATE_HIGH, "complaint", 30);
}

static void one_of_three_is_no_rate(void **state)
{
	(void)state;
	sent(NOW, "gmail", 3, 0);
	hour(NOW, "gmail", "hard", 1);
	look(NOW + 60);
	assert_int_equal(list(ALERTS_ALL), 0);
	sent(NOW, "gmail", 600, 0);
	hour(NOW, "gmail", "hard", 18); /* 3 %, but 19 of them */
	look(NOW + 120);
	assert_int_equal(list(ALERTS_ALL), 0);
}

static void imported_counts_make_rates_by_the_day(void **state)
{
	struct volume v = {
		.day = 20261117, .provider = "gmail", .campaign = "spring", .sent = 1000
	};
	struct event e;

	(void)state;
	ok(store_begin(store));
	ok(store_volume_add(store, "import", false, &v));
	ok(store_commit(store));
	sent(NOW, "gmail", 1000000, 0); /* a log that knows of other mail does not matter then */
	for (int i = 0; i < 30; i++) {
		char who[64];
		snprintf(who, sizeof who, "r%d@example.org", i);
		e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW);
		snprintf(e.provider, sizeof e.provider, "gmail");
		snprintf(e.campaign, sizeof e.campaign, "spring");
		put_event(e, NOW);
	}
	look(NOW + 60);
	assert_non_null(open_one(ALERT_HARD_RATE, ""));
	assert_int_equal(seen[0].figures.value, 30000);
	assert_string_equal(seen[0].figures.provider, "gmail");
	assert_string_equal(seen[0].figures.campaign, "spring");
	assert_int_equal(seen[0].figures.category, CATEGORY_USER_UNKNOWN);
}

/* --- receivers ------------------------------------------------------------ */

/* Six refusals in an hour are no surge, and thirty of 10,000 no rate; to whom they happen it is. */
static void a_small_receiver_that_refuses_is_told(void **state)
{
	const struct alert *a;

	(void)state;
	past(NOW, 28, "t-online", "block", 0);
	sent_in(NOW, "gmail", "news", 10000);
	sent_in(NOW, "t-online", "news", 176);
	for (int i = 0; i < 5; i++) {
		hour(NOW - i * HOUR, "t-online", "block", 6);
		tallied(NOW, "failure", "block", "matched", "t-online", "news", 6);
		tallied(NOW, "failure", "block", "matched", "gmail", "news", 6);
	}
	look(NOW + 60);
	a = open_one(ALERT_BLOCK_RATE, "t-online");
	assert_non_null(a);
	assert_int_equal(a->figures.part, 30);
	assert_int_equal(a->figures.whole, 176);
	assert_int_equal(list(ALERTS_ALL), 1);
	sent_in(NOW, "t-online", "offers", 1100);
	look(NOW + 120);
	assert_null(open_one(ALERT_BLOCK_RATE, "t-online"));
}

/* A surge of the same receiver is told already. */
static void a_surge_is_told_once(void **state)
{
	(void)state;
	past(NOW, 28, "t-online", "block", 0);
	sent_in(NOW, "t-online", "news", 176);
	hour(NOW, "t-online", "block", 30);
	tallied(NOW, "failure", "block", "matched", "t-online", "news", 30);
	look(NOW + 60);
	look(NOW + 120);
	assert_non_null(open_one(ALERT_BLOCK_SURGE, "t-online"));
	assert_null(open_one(ALERT_BLOCK_RATE, "t-online"));
}

/*
 * On Friday it refused; nothing is sent at the weekend, a little on Monday morning: nothing is
 * mended by that. Then it takes the mail of a day, and of another.
 */
static void a_weekend_without_mail_mends_nothing(void **state)
{
	(void)state;
	sent_in(NOW, "t-online", "news", 176);
	tallied(NOW, "failure", "block", "matched", "t-online", "news", 30);
	look(NOW + 60);
	assert_non_null(open_one(ALERT_BLOCK_RATE, "t-online"));
	for (int day = 1; day <= 3; day++) {
		if (day == 3)
			sent_in(NOW + 3 * DAY, "t-online", "orders", 5);
		look(NOW + day * DAY);
		assert_non_null(open_one(ALERT_BLOCK_RATE, "t-online"));
		assert_int_equal(open_one(ALERT_BLOCK_RATE, "t-online")->reopened, 0);
	}
	sent_in(NOW + 3 * DAY, "t-online", "news", 170);
	look(NOW + 3 * DAY + HOUR);
	assert_non_null(open_one(ALERT_BLOCK_RATE, "t-online")); /* 30 of 351 */
	sent_in(NOW + 4 * DAY, "t-online", "news", 176);
	look(NOW + 4 * DAY);
	assert_null(open_one(ALERT_BLOCK_RATE, "t-online"));
	assert_int_equal(list(ALERTS_ALL), 1);
	assert_true(seen[0].present.known);
	assert_int_equal(seen[0].present.part, 0);
	assert_int_equal(seen[0].present.whole, 351);
}

/* Nobody is written to there any more: after five weeks nothing is known of it. */
static void nor_is_an_alert_open_for_ever(void **state)
{
	(void)state;
	sent_in(NOW, "t-online", "news", 176);
	tallied(NOW, "failure", "block", "matched", "t-online", "news", 30);
	look(NOW + 60);
	look(NOW + 35 * DAY);
	assert_non_null(open_one(ALERT_BLOCK_RATE, "t-online"));
	look(NOW + 36 * DAY);
	assert_null(open_one(ALERT_BLOCK_RATE, "t-online"));
	list(ALERTS_ALL);
	assert_false(seen[0].present.known);
}

/* What came back today of yesterday's mail says nothing before somebody says what was sent today.
 */
static void a_day_that_is_not_known_makes_no_rate(void **state)
{
	(void)state;
	sent_in(NOW - DAY, "t-online", "news", 200);
	tallied(NOW, "failure", "block", "matched", "t-online", "news", 30);
	look(NOW + 60);
	assert_int_equal(list(ALERTS_ALL), 0);
}

/* --- campaigns, and what is not ours --------------------------------------- */

/* The whole is well below the threshold, a small campaign in it far above: that one is named. */
static void a_bad_campaign_in_a_good_month_is_told(void **state)
{
	const struct alert *a;

	(void)state;
	sent_in(NOW, "gmail", "newsletter", 100000);
	sent_in(NOW - DAY, "gmail", "bought", 1500);
	tallied(NOW, "failure", "hard", "matched", "gmail", "newsletter", 500);
	tallied(NOW, "failure", "hard", "matched", "gmail", "bought", 90); /* the day after */
	look(NOW + 60);
	assert_null(open_one(ALERT_HARD_RATE, ""));
	assert_null(open_one(ALERT_CAMPAIGN_HARD, "newsletter"));
	a = open_one(ALERT_CAMPAIGN_HARD, "bought");
	assert_non_null(a);
	assert_int_equal(a->figures.part, 90);
	assert_int_equal(a->figures.whole, 1500);
	assert_int_equal(a->figures.value, 60000); /* 90 of 1,500 */
	look(NOW + 5 * DAY);
	assert_null(open_one(ALERT_CAMPAIGN_HARD, "bought"));
}

/* 24 of 1,000 are more than 2 %, and no more than chance makes of 2 %. */
static void chance_is_no_bad_campaign(void **state)
{
	(void)state;
	sent_in(NOW, "gmail", "small", 1000);
	tallied(NOW, "failure", "hard", "matched", "gmail", "small", 24);
	look(NOW + 60);
	assert_null(open_one(ALERT_CAMPAIGN_HARD, "small"));
	tallied(NOW, "failure", "hard", "matched", "gmail", "small", 8);
	look(NOW + 120);
	assert_non_null(open_one(ALERT_CAMPAIGN_HARD, "small"));
}

/* Most of the mail goes where nobody complains: the rate is that of the rest. */
static void complaints_go_by_mail_that_can_complain(void **state)
{
	const struct alert *a;

	(void)state;
	tallied(NOW - 200 * DAY, "complaint", "complaint", "matched", "yahoo", "old", 1);
	tallied(NOW - 400 * DAY, "complaint", "complaint", "matched", "gmx", "old", 1);
	sent_in(NOW, "gmail", "spring", 90000);
	sent_in(NOW, "gmx", "spring", 5000);
	sent_in(NOW, "yahoo", "spring", 4000);
	sent_in(NOW, "microsoft", "spring", 1000);
	tallied(NOW, "complaint", "complaint", "matched", "microsoft", "spring", 20);
	look(NOW + 60);
	a = open_one(ALERT_CAMPAIGN_COMPLAINT, "spring");
	assert_non_null(a);
	assert_int_equal(a->figures.whole, 5000); /* yahoo's and microsoft's */
	assert_int_equal(a->figures.value, 4000);
	a = open_one(ALERT_COMPLAINT_RATE, "");
	assert_non_null(a); /* 0.02 % of all mail, 0.4 % of what can complain */
	assert_int_equal(a->figures.whole, 5000);
}

/* What is usual in forged notices is no wave, however many they are. */
static void a_wave_of_forged_notices_is_told(void **state)
{
	(void)state;
	tallied(NOW - 40 * DAY, "failure", "hard", "backscatter", "other", "", 1);
	for (int d = 2; d <= 29; d++)
		tallied(NOW - d * DAY, "failure", "hard", "backscatter", "other", "", 60);
	tallied(NOW, "failure", "hard", "backscatter", "other", "", 290);
	look(NOW + 60);
	assert_null(open_one(ALERT_FORGED, ""));
	tallied(NOW, "failure", "block", "unverified", "other", "", 20);
	look(NOW + 120);
	assert_non_null(open_one(ALERT_FORGED, ""));
	assert_int_equal(open_one(ALERT_FORGED, "")->figures.part, 310);
	assert_int_equal(open_one(ALERT_FORGED, "")->figures.usual, 60);
	look(NOW + 3 * DAY);
	assert_null(open_one(ALERT_FORGED, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(hard_bounces_of_two_percent),
		T(soft_bounces_of_two_percent),
		T(bounces_of_five_percent),
		T(complaints_of_a_thousandth),
		T(complaints_of_three_thousandths),
		T(one_of_three_is_no_rate),
		T(imported_counts_make_rates_by_the_day),
		T(a_bad_campaign_in_a_good_month_is_told),
		T(chance_is_no_bad_campaign),
		T(complaints_go_by_mail_that_can_complain),
		T(a_wave_of_forged_notices_is_told),
		T(a_small_receiver_that_refuses_is_told),
		T(a_surge_is_told_once),
		T(a_weekend_without_mail_mends_nothing),
		T(nor_is_an_alert_open_for_ever),
		T(a_day_that_is_not_known_makes_no_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
