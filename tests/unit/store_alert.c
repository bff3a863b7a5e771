/*
 * Alerts: each condition fires, does not fire on little, stays between its two thresholds, clears,
 * cools down; a bad day is seen, quiet years are quiet.
 */
#include "tests/unit/store_fixture.h"
#include "store/watch/alert.h"

static enum domain_group all_known(void *context, const char *provider)
{
	(void)context;
	(void)provider;
	return DOMAIN_LARGE;
}

static struct alert_options rules;
static struct alert seen[4096];
static unsigned seens;

static int setup_alerts(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	make_directory();
	alert_standard(&rules);
	if (open_store(test_options(), NOW))
		return -1;
	return db_exec(store, "PRAGMA synchronous = OFF");
}

static int take(void *context, const struct alert *a)
{
	(void)context;
	assert_true(seens < 4096);
	seen[seens++] = *a;
	return 0;
}

static unsigned list(enum alert_choice choice)
{
	seens = 0;
	ok(store_alerts(store, choice, take, NULL));
	return seens;
}

static void sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void sql(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ok(db_exec(store, text));
}

/* N bounces of one class of a provider in the hour of AT, as the store would have counted them. */
static void hour(int64_t at, const char *provider, const char *klass, int64_t n)
{
	sql("INSERT INTO notice_hour (hour, provider, hard, soft, block, undetermined, complaint, throttled) VALUES (%lld, '%s', 0, 0, 0, 0, 0, 0)"
	    " ON CONFLICT DO NOTHING",
		(long long)(at / HOUR), provider);
	sql("UPDATE notice_hour SET %s = %s + %lld WHERE hour = %lld AND provider = '%s'", klass,
		klass, (long long)n, (long long)(at / HOUR), provider);
}

static void sent(int64_t at, const char *provider, int64_t delivered, int64_t throttled)
{
	sql("INSERT INTO volume_hour VALUES (%lld, '%s', %lld, %lld, %lld, 0) ON CONFLICT DO UPDATE SET delivered = delivered + excluded.delivered,"
	    " throttled = throttled + excluded.throttled",
		(long long)(at / HOUR), provider, (long long)delivered, (long long)throttled,
		(long long)throttled);
}

static void look(int64_t now)
{
	ok(store_begin(store));
	ok(store_alerts_watch(store, &rules, now));
	ok(store_alerts_clear(store, &rules, now));
	ok(store_commit(store));
}

/* N notices an hour for so many days before AT. */
static void past(int64_t at, int days, const char *provider, const char *klass, int64_t n)
{
	ok(store_begin(store));
	for (int64_t h = 1; h <= days * 24; h++)
		hour(at - h * HOUR, provider, klass, n);
	ok(store_commit(store));
}

static const struct alert *open_one(enum alert_condition condition, const char *subject)
{
	list(ALERTS_OPEN);
	for (unsigned i = 0; i < seens; i++)
		if (seen[i].condition == condition && strcmp(seen[i].subject, subject) == 0)
			return &seen[i];
	return NULL;
}

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

/* --- campaigns, and what is not ours --------------------------------------- */

static void tallied(int64_t at, const char *kind, const char *klass, const char *origin,
	const char *provider, const char *campaign, int64_t n)
{
	sql("INSERT INTO tally VALUES (%d, '%s', '%s', '%s', '%s', '%s', '%s', %lld) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		(int)day_of(at), kind, klass,
		strcmp(kind, "complaint") == 0 ? "abuse" : "user-unknown", origin, provider,
		campaign, (long long)n);
}

static void sent_in(int64_t at, const char *provider, const char *campaign, int64_t n)
{
	sql("INSERT INTO volume VALUES (%d, 'list', 0, '%s', '%s', %lld, 0, 0, 0, 0)",
		(int)day_of(at), provider, campaign, (long long)n);
}

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

static void found(enum alert_level level, int64_t now)
{
	struct alert_finding f = { .condition = ALERT_MAILBOX_SILENT,
		.subject = "bounces",
		.level = level,
		.figures = { .value = 7 * HOUR } };

	ok(store_begin(store));
	ok(store_alert_note(store, &rules, &f, now));
	ok(store_alerts_clear(store, &rules, now));
	ok(store_commit(store));
}

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

static void old_alerts_go_with_their_retention(void **state)
{
	struct purge p;

	(void)state;
	found(LEVEL_FIRING, NOW);
	found(LEVEL_CALM, NOW + HOUR);
	ok(store_purge(store, NOW + 364 * DAY, false, &p));
	assert_int_equal(list(ALERTS_ALL), 1);
	ok(store_purge(store, NOW + 366 * DAY, false, &p));
	assert_int_equal(list(ALERTS_ALL), 0);
}

/* --- where the hours come from -------------------------------------------- */

static struct past_alert trouble[8];
static unsigned troubles;

static int take_trouble(void *context, const struct past_alert *t)
{
	(void)context;
	assert_true(troubles < 8);
	trouble[troubles++] = *t;
	return 0;
}

static void assert_block_trouble(int64_t from, int64_t to, unsigned times)
{
	unsigned found = 0;

	troubles = 0;
	ok(store_troubles(store, from, to, take_trouble, NULL));
	for (unsigned i = 0; i < troubles; i++)
		if (trouble[i].condition == ALERT_BLOCK_SURGE) {
			found++;
			assert_string_equal(trouble[i].subject, "gmail");
			assert_int_equal(trouble[i].since, NOW);
			assert_int_equal(trouble[i].until, NOW + 3 * HOUR);
			assert_true(trouble[i].cleared > NOW + 3 * HOUR);
		}
	assert_int_equal(found, times);
}

/* What the month's report says of an alert stays when the alert is gone, and comes with an upgrade.
 */
static void when_it_was_outlasts_an_alert(void **state)
{
	struct purge p;

	(void)state;
	past(NOW, 28, "gmail", "soft", 12);
	for (int h = 0; h < 3; h++) {
		hour(NOW + h * HOUR, "gmail", "block", 90);
		look(NOW + h * HOUR + 600);
	}
	for (int h = 3; h < 6; h++)
		look(NOW + h * HOUR + 600);
	assert_block_trouble(NOW - DAY, NOW + DAY, 1);
	assert_block_trouble(NOW - DAY, NOW, 0);
	assert_block_trouble(NOW + DAY, NOW + 2 * DAY, 0);
	sql("DROP INDEX contact_at; DROP INDEX contact_old; ALTER TABLE contact DROP COLUMN objection; CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL; CREATE INDEX contact_at ON contact (at); DROP TABLE gone_domain; ALTER TABLE contact DROP COLUMN objected; ALTER TABLE event DROP COLUMN stream; DROP TABLE stream_count; DROP TABLE summary; DROP TABLE trouble; DROP TABLE unread; UPDATE alert SET since = %lld; PRAGMA user_version = 17",
		(long long)NOW); /* as it knows its last hour alone */
	close_store();
	ok(open_store(test_options(), NOW + 7 * HOUR));
	assert_block_trouble(NOW - DAY, NOW + DAY, 1);
	ok(store_purge(store, NOW + 366 * DAY, false, &p));
	assert_int_equal(list(ALERTS_ALL), 0);
	assert_block_trouble(NOW - DAY, NOW + DAY, 1);
}

static char gap_of[64];
static int64_t gap[2];

static int take_gap(void *context, const char *mailbox, int64_t since, int64_t until)
{
	(*(unsigned *)context)++;
	snprintf(gap_of, sizeof gap_of, "%s", mailbox);
	gap[0] = since;
	gap[1] = until;
	return 0;
}

static unsigned gaps(int64_t from, int64_t to)
{
	unsigned n = 0;

	ok(store_unread(store, from, to, take_gap, &n));
	return n;
}

/* A mailbox that is read once a day has no gap; one that was not for two days, or failed, has one.
 */
static void when_a_mailbox_was_not_read_is_kept(void **state)
{
	(void)state;
	for (int d = 0; d < 4; d++)
		ok(store_mailbox_read(store, "bounces", NOW + d * DAY, true, NULL));
	assert_int_equal(gaps(0, NOW + 100 * DAY), 0);
	ok(store_mailbox_read(store, "bounces", NOW + 4 * DAY, false, "no route"));
	ok(store_mailbox_read(store, "bounces", NOW + 5 * DAY, true, NULL));
	assert_int_equal(gaps(NOW, NOW + 100 * DAY), 1);
	assert_string_equal(gap_of, "bounces");
	assert_int_equal(gap[0], NOW + 3 * DAY);
	assert_int_equal(gap[1], NOW + 5 * DAY);
	assert_int_equal(gaps(NOW + 4 * DAY, NOW + 4 * DAY + 1), 1);
	assert_int_equal(gaps(0, NOW + 3 * DAY), 0);
	assert_int_equal(gaps(NOW + 6 * DAY, NOW + 9 * DAY), 0);
}

static void events_are_counted_in_their_hours(void **state)
{
	struct event e;
	int64_t hours = 0, block = 0, throttled = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		e = event_of(KIND_FAILURE, CATEGORY_REPUTATION, "a@example.org", NOW - i * 60);
		snprintf(e.provider, sizeof e.provider, "gmail");
		e.reply = 421;
		put_event(e, NOW);
	}
	e.origin = ORIGIN_UNVERIFIED;
	put_event(e, NOW);
	e.origin = ORIGIN_MATCHED;
	e.arrived = NOW - 70 * DAY; /* too old for any comparison */
	put_event(e, NOW);
	ok(db_int(store, &hours, SQL_ALERT_COUNT, "") ? STORE_FAILED : STORE_OK);
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(store->db,
				 "SELECT count(*), sum(block), sum(throttled) FROM notice_hour", -1,
				 &st, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	hours = sqlite3_column_int64(st, 0);
	block = sqlite3_column_int64(st, 1);
	throttled = sqlite3_column_int64(st, 2);
	sqlite3_finalize(st);
	assert_int_equal(hours, 2); /* 12:00, and 11:58 and 11:59 */
	assert_int_equal(block, 3);
	assert_int_equal(throttled, 3);
}

/* A store from before has its hours and totals too. */
static void an_older_store_is_brought_up(void **state)
{
	struct event e;

	(void)state;
	for (int i = 0; i < 4; i++) {
		char who[64];
		snprintf(who, sizeof who, "r%d@example.org", i);
		e = event_of(i < 3 ? KIND_FAILURE : KIND_COMPLAINT,
			i < 3 ? CATEGORY_REPUTATION : CATEGORY_ABUSE, who, NOW - i * HOUR);
		snprintf(e.provider, sizeof e.provider, "gmail");
		e.reply = i == 0 ? 421 : 0;
		put_event(e, NOW);
	}
	sql("CREATE TABLE hours_before AS SELECT * FROM notice_hour; CREATE TABLE totals_before AS SELECT * FROM notice_total;"
	    "DROP TABLE notice_hour; DROP TABLE notice_total; DROP TABLE alert; DROP TABLE stuck; ALTER TABLE mailbox DROP COLUMN first_at;"
	    "ALTER TABLE mailbox DROP COLUMN certificate_end;"
	    "DROP TABLE held; DROP INDEX contact_at; DROP INDEX contact_old; ALTER TABLE contact DROP COLUMN objection; CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL; DROP INDEX kept_at; ALTER TABLE event DROP COLUMN margin; DROP TABLE taken_back; DROP TABLE site; DROP TABLE share; DROP TABLE change; DROP TABLE refused; DROP TABLE gone_domain; ALTER TABLE contact DROP COLUMN objected; ALTER TABLE event DROP COLUMN stream; DROP TABLE stream_count; DROP TABLE summary; DROP TABLE wave; DROP TABLE brake_hour; DROP TABLE brake_peak; DROP TABLE trouble; DROP TABLE unread; PRAGMA user_version = 6");
	close_store();
	struct store_options o = test_options();
	o.provider_group = all_known;
	ok(open_store(o, NOW));
	assert_int_equal(query_int("SELECT count(*) FROM hours_before"), 4);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM (SELECT * FROM hours_before INTERSECT SELECT * FROM notice_hour)"),
		4);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM (SELECT * FROM totals_before INTERSECT SELECT * FROM notice_total)"),
		2);
	assert_int_equal(
		query_int(
			"SELECT (SELECT count(*) FROM notice_hour) + (SELECT count(*) FROM notice_total)"),
		6);
}

/* --- simulated senders ---------------------------------------------------- */

/* A generator of our own (splitmix64): the same days on every machine. */
static uint64_t seed;

static uint64_t random_number(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int64_t below(int64_t n)
{
	return (int64_t)(random_number() % (uint64_t)n);
}

/*
 * N trials, each a success with PPM in a million; for large N the normal approximation by a sum of
 * twelve.
 */
static int64_t successes(int64_t n, int64_t ppm)
{
	int64_t mean = n * ppm / 1000000, noise = 0, count = 0, deviation = 0;

	if (n < 2000) {
		for (int64_t i = 0; i < n; i++)
			count += below(1000000) < ppm;
		return count;
	}
	while ((deviation + 1) * (deviation + 1) <= mean)
		deviation++;
	for (int i = 0; i < 12; i++)
		noise += below(2001);
	count = mean + (noise - 12000) * deviation / 1000;
	return count > 0 ? count : 0;
}

static const struct provider_share {
	const char *name;
	int64_t percent;
} shares[] = { { "gmail", 40 }, { "microsoft", 20 }, { "yahoo", 8 }, { "gmx", 12 },
	{ "other", 20 } };
enum { SHARES = sizeof shares / sizeof *shares };

/*
 * An hour of a shop: single mails by day more than by night, on Tuesdays and Thursdays at ten a
 * newsletter of some 50,000, once in ten days another one at any working hour. Lists differ: their
 * hard bounces lie between 0.2 and 0.9 %.
 */
static int64_t mails_of(int64_t at, int64_t *hard_ppm)
{
	int64_t hour_of_day = at / HOUR % 24,
		weekday = at / DAY % 7; /* 1970-01-01 was a Thursday: 5 is Tuesday, 0 Thursday */
	int64_t mails = hour_of_day < 6 ? 200 : hour_of_day < 22 ? 1200 : 500;
	bool newsletter = hour_of_day == 10 && (weekday == 5 || weekday == 0);

	*hard_ppm = 4000;
	if (newsletter || (hour_of_day >= 8 && hour_of_day < 18 && below(100) == 0)) {
		mails += 45000 + below(10000);
		*hard_ppm = 2000 + below(7000);
	}
	return mails + below(mails / 4);
}

/* With LOGS the hours of what was sent are known. */
static void simulate_hour(int64_t at, bool logs)
{
	int64_t hard_ppm, mails = mails_of(at, &hard_ppm);

	for (int i = 0; i < SHARES; i++) {
		int64_t n = mails * shares[i].percent / 100;
		ok(db_run(store, SQL_NOTICE_HOUR_ADD, "itiiiiii", at / HOUR, shares[i].name,
			successes(n, hard_ppm), successes(n, 4000), successes(n, 500),
			successes(n, 300), successes(n, 250), successes(n, 1500)));
		if (logs)
			ok(db_run(store, SQL_HOUR_ADD, "itiiii", at / HOUR, shares[i].name, n,
				successes(n, 10000), successes(n, 10000), (int64_t)0));
	}
}

/* Alerts that opened in so many days after eight weeks. */
static unsigned false_alerts(int days, bool logs)
{
	int64_t start = NOW - NOW % DAY;

	for (int64_t day = -56; day < days; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < 24; h++) {
			simulate_hour(start + day * DAY + h * HOUR, logs);
			if (day < 0)
				continue;
			ok(store_alerts_watch(
				store, &rules, start + day * DAY + (h + 1) * HOUR - 60));
			ok(store_alerts_clear(
				store, &rules, start + day * DAY + (h + 1) * HOUR - 60));
		}
		ok(store_commit(store));
	}
	return list(ALERTS_ALL);
}

static void quiet_days_are_quiet(void **state)
{
	unsigned with_logs;

	(void)state;
	seed = 1;
	rules.rule[ALERT_RETENTION_OVERDUE].active = false; /* nobody purges here */
	with_logs = false_alerts(500, true);
	print_message("%u false alerts in 500 days\n", with_logs);
	assert_in_range(with_logs, 0, 15); /* less than one a month */
}

static void and_where_nobody_says_how_much_was_sent(void **state)
{
	unsigned without;

	(void)state;
	seed = 2;
	rules.rule[ALERT_RETENTION_OVERDUE].active = false;
	without = false_alerts(500, false);
	print_message("%u false alerts in 500 days\n", without);
	assert_in_range(without, 0, 15);
}

/*
 * gmail refuses a third of the mail from 10:20 on the twelfth on; the run comes every ten minutes.
 */
static void an_incident_is_told_within_the_hour(bool logs)
{
	int64_t start = NOW - NOW % DAY, incident = start + 12 * DAY + 10 * HOUR + 20 * 60,
		told = 0;

	seed = 3;
	for (int64_t day = -35; day < 12; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < 24; h++)
			simulate_hour(start + day * DAY + h * HOUR, logs);
		ok(store_commit(store));
	}
	for (int64_t at = start + 12 * DAY; at < start + 13 * DAY && !told; at += 600) {
		ok(store_begin(store));
		if (at % HOUR == 0)
			simulate_hour(at, logs);
		if (at >= incident) /* 1,200 mails an hour, 40 % of them there */
			hour(at, "gmail", "block", 27);
		ok(store_commit(store));
		look(at + 60);
		if (open_one(ALERT_BLOCK_SURGE, "gmail"))
			told = at + 60;
		else if (at < incident)
			assert_int_equal(list(ALERTS_ALL), 0);
	}
	print_message("told after %lld minutes\n", (long long)(told - incident) / 60);
	assert_in_range(told, incident, incident + HOUR);
}

static void an_incident_is_told_within_the_hour_with_logs(void **state)
{
	(void)state;
	an_incident_is_told_within_the_hour(true);
}

static void an_incident_is_told_within_the_hour_without_logs(void **state)
{
	(void)state;
	an_incident_is_told_within_the_hour(false);
}

/* A campaign of 20,000 to a bought list: a tenth of the addresses is dead. */
static void a_bought_list_is_told_within_the_hour(void **state)
{
	int64_t start = NOW - NOW % DAY, at = start + 10 * HOUR;

	(void)state;
	seed = 4;
	for (int64_t day = -35; day <= 0; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < (day < 0 ? 24 : 10); h++)
			simulate_hour(start + day * DAY + h * HOUR, true);
		ok(store_commit(store));
	}
	look(at);
	assert_int_equal(list(ALERTS_ALL), 0);
	ok(store_begin(store));
	simulate_hour(at, true);
	sent(at, "other", 20000, 0);
	hour(at, "other", "hard", 2000);
	ok(store_commit(store));
	look(at + HOUR / 2);
	assert_non_null(open_one(ALERT_HARD_RATE, ""));
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "other"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_alerts, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_surge_opens_in_its_hour_is_told_once_and_clears),
		T(a_small_number_is_no_surge_however_unusual),
		T(no_minimum_is_below_k),
		T(without_a_past_there_is_no_surge),
		T(the_same_hour_of_the_week_is_what_is_usual),
		T(a_large_mailing_is_no_surge_where_logs_say_so),
		T(what_was_fetched_late_is_told_all_the_same),
		T(throttling_is_seen_in_notices_and_in_logs),
		T(hard_bounces_of_two_percent),
		T(soft_bounces_of_two_percent),
		T(bounces_of_five_percent),
		T(complaints_of_a_thousandth),
		T(complaints_of_three_thousandths),
		T(one_of_three_is_no_rate),
		T(imported_counts_make_rates_by_the_day),
		T(mail_that_nobody_understands),
		T(one_quarantined_message_is_enough),
		T(what_is_overdue_is_told_by_class),
		T(news_wait_until_both_ways_took_them),
		T(within_its_cool_down_it_is_the_same_alert),
		T(between_the_thresholds_nothing_opens),
		T(what_remains_counts_down),
		T(what_stays_open_is_repeated),
		T(a_rule_that_is_off_opens_nothing),
		T(a_bad_campaign_in_a_good_month_is_told),
		T(chance_is_no_bad_campaign),
		T(complaints_go_by_mail_that_can_complain),
		T(a_wave_of_forged_notices_is_told),
		T(old_alerts_go_with_their_retention),
		T(when_it_was_outlasts_an_alert),
		T(when_a_mailbox_was_not_read_is_kept),
		T(events_are_counted_in_their_hours),
		T(an_older_store_is_brought_up),
		T(an_incident_is_told_within_the_hour_with_logs),
		T(an_incident_is_told_within_the_hour_without_logs),
		T(a_bought_list_is_told_within_the_hour),
		T(quiet_days_are_quiet),
		T(and_where_nobody_says_how_much_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
