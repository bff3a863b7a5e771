/*
 * Alerts: each condition fires, does not fire on little, stays between its two thresholds, clears,
 * cools down.
 */
#include "tests/unit/store_alert.h"

/* --- surges --------------------------------------------------------------- */

static void a_surge_opens_in_its_hour_is_told_once_and_clears(void **state)
{
	const struct alert *a;

	(void)state;
	past(NOW, 28, "gmail", "soft", 12);
	look(NOW);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW, "gmail", "block", 90);
	look(NOW + 600);
	a = open_one(ALERT_BLOCK_SURGE, "gmail");
	assert_non_null(a);
	assert_int_equal(a->figures.part, 90);
	assert_int_equal(a->figures.usual, 0);
	assert_int_equal(a->figures.from, NOW);
	assert_int_equal(a->news, NEWS_OPENED);
	assert_int_equal(a->opened, NOW + 600);
	a = open_one(ALERT_BOUNCE_SURGE, "gmail");
	assert_int_equal(a->figures.usual, 12);
	assert_int_equal(a->figures.part, 90);
	assert_int_equal(a->figures.value, 7500);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, ""));
	assert_int_equal(list(ALERTS_TO_TELL), 3);
	for (unsigned i = 0; i < 3; i++) {
		ok(store_alert_told(store, seen[i].number, BY_MAIL));
		ok(store_alert_told(store, seen[i].number, BY_COMMAND));
	}
	hour(NOW, "gmail", "block", 10);
	look(NOW + 1200);
	assert_int_equal(list(ALERTS_TO_TELL), 0);
	assert_int_equal(list(ALERTS_OPEN), 3);
	look(NOW + HOUR + 600); /* the hour before is still beyond */
	assert_int_equal(list(ALERTS_OPEN), 3);
	look(NOW + 2 * HOUR + 600);
	assert_int_equal(list(ALERTS_OPEN), 0);
	assert_int_equal(list(ALERTS_TO_TELL), 3);
	assert_int_equal(seen[0].news, NEWS_CLEARED);
	assert_true(
		query_int(
			"SELECT count(*) FROM ledger WHERE kind = 'alert' AND detail LIKE 'number=% condition=_% state=opened'") ==
		3);
	assert_true(
		query_int(
			"SELECT count(*) FROM ledger WHERE kind = 'alert' AND detail LIKE 'number=% state=cleared'") ==
		3);
	ok(store_ledger_walk(store, NULL, NULL));
	assert_int_equal(seen[0].cleared, NOW + 2 * HOUR + 600);
	look(NOW + 3 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 3); /* the same hour is not told twice */
}

static void a_small_number_is_no_surge_however_unusual(void **state)
{
	(void)state;
	past(NOW, 28, "other", "soft", 1);
	hour(NOW, "gmail", "block", 19);
	hour(NOW, "yahoo", "soft", 25);
	look(NOW + 600);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW, "gmail", "block", 1);
	look(NOW + 700);
	assert_non_null(open_one(ALERT_BLOCK_SURGE, "gmail"));
}

static void no_minimum_is_below_k(void **state)
{
	(void)state;
	rules.rule[ALERT_BLOCK_SURGE].minimum = 1;
	past(NOW, 28, "other", "soft", 1);
	hour(NOW, "gmail", "block", 9);
	look(NOW + 600);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW, "gmail", "block", 1);
	look(NOW + 700);
	assert_int_equal(list(ALERTS_ALL), 1);
}

static void without_a_past_there_is_no_surge(void **state)
{
	(void)state;
	past(NOW, 0, "gmail", "soft", 0);
	for (int h = 23; h >= 0; h--)
		hour(NOW - h * HOUR, "gmail", "soft", h ? 1 : 500);
	look(NOW + 600);
	assert_int_equal(list(ALERTS_ALL), 0);
}

static void the_same_hour_of_the_week_is_what_is_usual(void **state)
{
	(void)state;
	past(NOW, 28, "gmail", "soft", 5);
	for (int week = 1; week <= 4; week++) /* the newsletter of Tuesday noon */
		hour(NOW - week * 7 * DAY, "gmail", "soft", 195);
	hour(NOW, "gmail", "soft", 210);
	look(NOW + 3000);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW + 5 * HOUR, "gmail", "soft",
		320); /* at an hour that is quiet as a rule, and more than ever by half */
	look(NOW + 5 * HOUR + 3000);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
}

static void a_large_mailing_is_no_surge_where_logs_say_so(void **state)
{
	(void)state;
	past(NOW, 28, "gmail", "soft", 10);
	for (int h = 1; h <= 28 * 24; h++)
		sent(NOW - h * HOUR, "gmail", 1000, 0);
	hour(NOW, "gmail", "soft", 100);
	sent(NOW, "gmail", 10000, 0);
	look(NOW + 3000);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW, "gmail", "soft", 120); /* 2.2 % instead of 1 % */
	look(NOW + 3300);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	assert_int_equal(open_one(ALERT_BOUNCE_SURGE, "gmail")->figures.whole, 10000);
	assert_int_equal(open_one(ALERT_BOUNCE_SURGE, "gmail")->figures.usual, 100);
}

/*
 * Counts come by day, as a sending system's file has them: what is usual grows with the day's mail,
 * and what is refused beyond that is told all the same.
 */
static void a_large_mailing_is_no_surge_where_the_day_says_so(void **state)
{
	const int64_t at = NOW - NOW % DAY + 11 * HOUR;
	(void)state;
	for (int day = 1; day <= 35; day++)
		sent_in(at - day * DAY, "gmail", "news", 50000);
	past(at, 35, "gmail", "hard", 40);
	hour(at, "gmail", "hard", 170);
	look(at + 1800);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	sent_in(at, "gmail", "digest", 220000);
	look(at + 2000);
	assert_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	assert_null(open_one(ALERT_BOUNCE_SURGE, ""));
	look(at + DAY);                       /* its cool-down is over */
	hour(at + DAY, "gmail", "hard", 150); /* the rest of it, on the day after */
	sent_in(at + DAY, "gmail", "news", 50000);
	look(at + DAY + 1800);
	assert_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	hour(at + DAY, "gmail", "hard", 500);
	look(at + DAY + 2000);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
}

static void what_was_fetched_late_is_told_all_the_same(void **state)
{
	(void)state;
	past(NOW, 28, "gmail", "soft", 5);
	look(NOW);
	look(NOW + 8 * HOUR);
	hour(NOW + 2 * HOUR, "gmail", "soft", 100); /* the mailbox could not be read meanwhile */
	look(NOW + 9 * HOUR);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	assert_int_equal(open_one(ALERT_BOUNCE_SURGE, "gmail")->figures.from, NOW + 2 * HOUR);
	look(NOW + 9 * HOUR + 600);
	assert_int_equal(list(ALERTS_OPEN), 0);
	look(NOW + 10 * HOUR);
	assert_int_equal(list(ALERTS_OPEN), 0);
	assert_int_equal(list(ALERTS_ALL), 2);
}

static void throttling_is_seen_in_notices_and_in_logs(void **state)
{
	(void)state;
	past(NOW, 28, "gmail", "soft", 1);
	for (int h = 1; h <= 28 * 24; h++)
		sent(NOW - h * HOUR, "yahoo", 1000, 20);
	sent(NOW, "yahoo", 500, 45);
	look(NOW + 600);
	assert_int_equal(list(ALERTS_ALL), 0);
	hour(NOW, "yahoo", "throttled", 20);
	look(NOW + 700);
	assert_non_null(open_one(ALERT_THROTTLING, "yahoo"));
	assert_int_equal(open_one(ALERT_THROTTLING, "yahoo")->figures.part, 65);
}

/* --- the others ----------------------------------------------------------- */

static void messages(const char *outcome, int64_t n)
{
	sql("INSERT INTO message_count VALUES (20261117, 'bounces', '%s', %lld) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		outcome, (long long)n);
}

static void mail_that_nobody_understands(void **state)
{
	(void)state;
	messages("new", 30);
	messages("unrecognised", 19);
	messages("duplicate", 1000);
	look(NOW);
	assert_int_equal(list(ALERTS_ALL), 0);
	messages("unrecognised", 1);
	look(NOW + 60);
	assert_non_null(open_one(ALERT_UNRECOGNISED, ""));
	assert_int_equal(seen[0].figures.value, 400000);
	messages("new", 80); /* 15.4 % */
	look(NOW + 120);
	assert_int_equal(list(ALERTS_OPEN), 1);
	messages("new", 30);
	look(NOW + 180);
	assert_int_equal(list(ALERTS_OPEN), 0);
}

static void one_quarantined_message_is_enough(void **state)
{
	(void)state;
	look(NOW);
	assert_int_equal(list(ALERTS_ALL), 0);
	messages("quarantined", 1);
	look(NOW + 60);
	assert_non_null(open_one(ALERT_QUARANTINE, ""));
	look(NOW + 6 * DAY);
	assert_int_equal(list(ALERTS_OPEN), 1);
	look(NOW + 9 * DAY);
	assert_int_equal(list(ALERTS_OPEN), 0);
}

static void what_is_overdue_is_told_by_class(void **state)
{
	(void)state;
	look(NOW);
	assert_int_equal(list(ALERTS_ALL), 0);
	foreign_hands = true;
	sql("INSERT INTO seen VALUES (x'00', %lld); INSERT INTO held VALUES ('seen', %lld, 1)",
		(long long)(NOW - 92 * DAY), (long long)day_start(NOW - 92 * DAY));
	look(NOW + 60);
	assert_non_null(open_one(ALERT_RETENTION_OVERDUE, "messages"));
	assert_int_equal(seen[0].figures.part, 1);
}

/* --- telling -------------------------------------------------------------- */

static void told_by_both(void)
{
	list(ALERTS_TO_TELL);
	for (unsigned i = 0; i < seens; i++) {
		ok(store_alert_told(store, seen[i].number, BY_MAIL));
		ok(store_alert_told(store, seen[i].number, BY_COMMAND));
	}
	assert_int_equal(list(ALERTS_TO_TELL), 0);
}

static void news_wait_until_both_ways_took_them(void **state)
{
	(void)state;
	found(LEVEL_FIRING, NOW);
	assert_int_equal(list(ALERTS_TO_TELL), 1);
	ok(store_alert_told(store, seen[0].number, BY_COMMAND));
	assert_int_equal(list(ALERTS_TO_TELL), 1);
	assert_true(seen[0].by_mail && !seen[0].by_command);
	ok(store_alert_told(store, seen[0].number, BY_MAIL));
	assert_int_equal(list(ALERTS_TO_TELL), 0);
}

static void within_its_cool_down_it_is_the_same_alert(void **state)
{
	(void)state;
	rules.rule[ALERT_MAILBOX_SILENT].cooldown = 6 * HOUR;
	found(LEVEL_FIRING, NOW);
	told_by_both();
	found(LEVEL_OPEN, NOW + HOUR); /* between the two: nothing changes */
	assert_int_equal(list(ALERTS_OPEN), 1);
	assert_int_equal(list(ALERTS_TO_TELL), 0);
	found(LEVEL_CALM, NOW + 2 * HOUR);
	assert_int_equal(list(ALERTS_TO_TELL), 1);
	assert_int_equal(seen[0].news, NEWS_CLEARED);
	told_by_both();
	for (int i = 0; i < 3; i++) { /* it flaps: not a word */
		found(LEVEL_FIRING, NOW + 3 * HOUR + i * 1200);
		assert_int_equal(list(ALERTS_OPEN), 1);
		found(LEVEL_CALM, NOW + 3 * HOUR + i * 1200 + 600);
		assert_int_equal(list(ALERTS_OPEN), 0);
	}
	assert_int_equal(list(ALERTS_TO_TELL), 0);
	found(LEVEL_FIRING, NOW + 5 * HOUR);
	assert_int_equal(list(ALERTS_TO_TELL), 0);
	found(LEVEL_FIRING, NOW + 8 * HOUR); /* and is still open when its time is over */
	assert_int_equal(list(ALERTS_TO_TELL), 1);
	assert_int_equal(seen[0].news, NEWS_REPEATED);
	assert_int_equal(seen[0].reopened, 4);
	assert_int_equal(list(ALERTS_ALL), 1);
	told_by_both();
	found(LEVEL_CALM, NOW + 9 * HOUR);
	told_by_both();
	found(LEVEL_FIRING, NOW + 16 * HOUR); /* a new one */
	assert_int_equal(list(ALERTS_ALL), 2);
	assert_int_equal(seen[1].news, NEWS_OPENED);
}

static void between_the_thresholds_nothing_opens(void **state)
{
	(void)state;
	found(LEVEL_OPEN, NOW);
	assert_int_equal(list(ALERTS_ALL), 0);
}

/* Of time that is left less is worse. */
static void what_remains_counts_down(void **state)
{
	const struct alert_rule *rule = &rules.rule[ALERT_CERTIFICATE];

	(void)state;
	assert_int_equal(alert_level_of(rule, 16 * DAY), LEVEL_CALM);
	assert_int_equal(alert_level_of(rule, 15 * DAY), LEVEL_OPEN);
	assert_int_equal(alert_level_of(rule, 14 * DAY + 1), LEVEL_OPEN);
	assert_int_equal(alert_level_of(rule, 14 * DAY), LEVEL_FIRING);
	assert_int_equal(alert_level_of(rule, -DAY), LEVEL_FIRING);
	assert_int_equal(alert_level_of(&rules.rule[ALERT_MAILBOX_SILENT], 6 * HOUR), LEVEL_FIRING);
	assert_int_equal(alert_level_of(&rules.rule[ALERT_MAILBOX_SILENT], HOUR - 1), LEVEL_CALM);
}

static void what_stays_open_is_repeated(void **state)
{
	(void)state;
	rules.repeat = DAY;
	found(LEVEL_FIRING, NOW);
	told_by_both();
	found(LEVEL_FIRING, NOW + DAY - 60);
	assert_int_equal(list(ALERTS_TO_TELL), 0);
	found(LEVEL_FIRING, NOW + DAY);
	assert_int_equal(list(ALERTS_TO_TELL), 1);
	assert_int_equal(seen[0].news, NEWS_REPEATED);
	told_by_both();
	rules.repeat = 0;
	found(LEVEL_FIRING, NOW + 30 * DAY);
	assert_int_equal(list(ALERTS_TO_TELL), 0);
}

static void a_rule_that_is_off_opens_nothing(void **state)
{
	(void)state;
	found(LEVEL_FIRING, NOW);
	assert_int_equal(list(ALERTS_OPEN), 1);
	rules.rule[ALERT_MAILBOX_SILENT].active = false;
	found(LEVEL_FIRING, NOW + 60);
	assert_int_equal(list(ALERTS_OPEN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_surge_opens_in_its_hour_is_told_once_and_clears),
		T(a_small_number_is_no_surge_however_unusual),
		T(no_minimum_is_below_k),
		T(without_a_past_there_is_no_surge),
		T(the_same_hour_of_the_week_is_what_is_usual),
		T(a_large_mailing_is_no_surge_where_logs_say_so),
		T(a_large_mailing_is_no_surge_where_the_day_says_so),
		T(what_was_fetched_late_is_told_all_the_same),
		T(throttling_is_seen_in_notices_and_in_logs),
		T(mail_that_nobody_understands),
		T(one_quarantined_message_is_enough),
		T(what_is_overdue_is_told_by_class),
		T(news_wait_until_both_ways_took_them),
		T(within_its_cool_down_it_is_the_same_alert),
		T(between_the_thresholds_nothing_opens),
		T(what_remains_counts_down),
		T(what_stays_open_is_repeated),
		T(a_rule_that_is_off_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
