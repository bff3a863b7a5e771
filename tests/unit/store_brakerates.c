/*
 * The brake where volumes are known: a large ordinary mailing is believed, an outage in one is not.
 *
 * The sender mails 5,000 each morning, and 4 of 1,000 are gone; gmail has 40 %, yahoo 20 %.
 */
#include "tests/unit/store_braked.h"

enum { DAILY = 5000, LARGE = 60000, HISTORY = 20 };
static const struct receiver {
	const char *name;
	unsigned percent;
} receivers[] = { { "gmail", 40 }, { "yahoo", 20 }, { "other", 40 } };
enum { RECEIVERS = sizeof receivers / sizeof *receivers };

static void said_by(const char *source, int64_t day, unsigned sent)
{
	ok(store_begin(store));
	for (unsigned i = 0; i < RECEIVERS; i++) {
		struct volume v = { .day = day_of(day), .sent = sent * receivers[i].percent / 100 };
		snprintf(v.provider, sizeof v.provider, "%s", receivers[i].name);
		ok(store_volume_add(store, source, false, &v));
	}
	ok(store_commit(store));
}

static void said_of(int64_t day, unsigned sent)
{
	said_by("csv", day, sent);
}

/* N who are gone, of NAME.example.org, at RECEIVER, within LENGTH seconds from AT on. */
static void gone(const char *name, const char *receiver, unsigned n, int64_t at, int64_t length)
{
	char who[96];

	ok(store_begin(store));
	for (unsigned i = 0; i < n; i++) {
		snprintf(who, sizeof who, "p%u@%s.example.org", i, name);
		struct event e = hard_at(strcmp(receiver, "other") ? receiver : "", "code.5.1.1",
			"mail.example.org", who, at + (int64_t)i * length / n);
		put(&e, next_message++, e.arrived);
		if (i % 50 == 49) {
			ok(store_commit(store));
			ok(store_begin(store));
		}
	}
	ok(store_commit(store));
}

/* A mailing of SENT to all receivers, named NAME-gmail … */
static void mailing(const char *name, unsigned sent, int64_t at, int64_t length)
{
	char of[64];

	for (unsigned i = 0; i < RECEIVERS; i++) {
		snprintf(of, sizeof of, "%s-%s", name, receivers[i].name);
		gone(of, receivers[i].name, sent * receivers[i].percent / 100 * 4 / 1000, at,
			length);
	}
}

static unsigned held(const char *name, unsigned n, int64_t now)
{
	return count_of(name, n, STATE_UNCONFIRMED, now);
}

/* Of a mailing of SENT. */
static unsigned held_of(const char *name, unsigned sent, int64_t now)
{
	unsigned count = 0;
	char of[64];

	for (unsigned i = 0; i < RECEIVERS; i++) {
		snprintf(of, sizeof of, "%s-%s", name, receivers[i].name);
		count += held(of, sent * receivers[i].percent / 100 * 4 / 1000, now);
	}
	return count;
}

/* Three weeks of mornings. VOLUMES: of the last so many somebody says what was sent. */
static void history(unsigned volumes)
{
	char name[32];

	for (unsigned day = HISTORY; day > 0; day--) {
		int64_t at = NOW - (int64_t)day * DAY;
		snprintf(name, sizeof name, "day%u", day);
		if (day <= volumes)
			said_of(at, DAILY);
		mailing(name, DAILY, at, 4 * HOUR);
	}
	assert_int_equal(waves_at(NOW), 0);
}

static void a_large_ordinary_mailing_is_believed(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW, HOUR);
	mailing("daily", DAILY, NOW + HOUR, 4 * HOUR);
	advance(NOW + DAY);
	assert_int_equal(waves_at(NOW + DAY), 0);
	assert_int_equal(held_of("large", LARGE, NOW + DAY), 0);
}

/* Over midnight: what comes back on the next day is of the mailing of the day before. */
static void and_one_of_late_evening(void **state)
{
	int64_t midnight = day_start(NOW) + DAY;

	(void)state;
	history(HISTORY);
	said_of(midnight - 8 * HOUR, DAILY + LARGE);
	mailing("large", LARGE, midnight - HOUR, 4 * HOUR);
	said_of(midnight + 12 * HOUR, DAILY);
	advance(midnight + DAY);
	assert_int_equal(waves_at(midnight + DAY), 0);
	assert_int_equal(held_of("large", LARGE, midnight + DAY), 0);
}

/* What was sent is known on the day behind it: until then it may be an outage. */
static void and_one_that_is_known_late(void **state)
{
	(void)state;
	history(HISTORY);
	mailing("large", LARGE, NOW, HOUR);
	assert_int_equal(held_of("large", LARGE, NOW + HOUR), LARGE * 4 / 1000);
	said_of(NOW, DAILY + LARGE);
	advance(NOW + DAY);
	assert_int_equal(waves_at(NOW + DAY), 0);
	assert_int_equal(held_of("large", LARGE, NOW + DAY), 0);
}

/* Gmail says "user unknown" to one in sixty for a quarter of an hour: to 400 who are there. */
static void an_outage_in_a_large_mailing_is_held(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW, HOUR);
	gone("there", "gmail", 400, NOW + HOUR / 2, 900);
	advance(NOW + DAY);
	assert_int_equal(held("there", 400, NOW + DAY), 400);
	assert_int_equal(held("large-yahoo", 48, NOW + DAY), 0);
	assert_int_equal(held("large-other", 96, NOW + DAY), 0);
}

/* A relay of our own refuses at all receivers, each of them by little. */
static void our_relay_in_a_large_mailing(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW, HOUR);
	gone("there-a", "gmail", 160, NOW + HOUR / 2, 900);
	gone("there-b", "yahoo", 80, NOW + HOUR / 2, 900);
	gone("there-c", "other", 160, NOW + HOUR / 2, 900);
	advance(NOW + DAY);
	assert_int_equal(held("there-a", 160, NOW + DAY), 160);
	assert_int_equal(held("there-b", 80, NOW + DAY), 80);
	assert_int_equal(held("there-c", 160, NOW + DAY), 160);
}

/* A day like others explains nothing: a receiver that is out of order … */
static void an_outage_on_a_day_like_others(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY);
	mailing("daily", DAILY, NOW, 4 * HOUR);
	gone("there", "gmail", 40, NOW + HOUR, 900);
	assert_int_equal(held("there", 40, NOW + 2 * HOUR), 40);
}

/* … nor a relay of our own. */
static void our_relay_on_a_day_like_others(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY);
	gone("a", "gmail", 14, NOW, 900);
	gone("b", "yahoo", 14, NOW, 900);
	gone("c", "other", 14, NOW, 900);
	assert_int_equal(held("a", 14, NOW + HOUR), 14);
	assert_int_equal(held("b", 14, NOW + HOUR), 14);
}

/* Bounces of days of which nobody says what was sent are no rate. */
static void days_without_volumes_are_no_rate(void **state)
{
	char name[32];

	(void)state;
	for (unsigned day = 40; day > HISTORY; day--) { /* a list that was cleaned since */
		snprintf(name, sizeof name, "old%u", day);
		gone(name, "gmail", 100, NOW - (int64_t)day * DAY, 10 * HOUR);
	}
	history(HISTORY - 1);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW, HOUR);
	gone("there", "gmail", 400, NOW + HOUR / 2, 900);
	assert_int_equal(held("there", 400, NOW + HOUR), 400);
}

/* Where volumes have begun a day ago, a tenth of what was sent to a provider is too much. */
static void without_a_rate_yet(void **state)
{
	(void)state;
	history(1);
	said_of(NOW, DAILY + LARGE);
	gone("some", "gmail", 200, NOW, HOUR);
	assert_int_equal(query_int("SELECT count(*) FROM wave WHERE kind = 'provider'"), 0);
	gone("all", "gmail", 3000, NOW + HOUR, HOUR);
	assert_int_equal(held("all", 3000, NOW + 2 * HOUR), 3000);
}

/* A mailing that drips the whole day: the day is as large as what was sent. */
static void a_large_mailing_that_drips(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW - 8 * HOUR, 20 * HOUR);
	advance(NOW + DAY);
	assert_int_equal(waves_at(NOW + DAY), 0);
	assert_int_equal(held_of("large", LARGE, NOW + DAY), 0);
}

/* What a relay refuses on the day behind a large mailing, which has come back by then. */
static void our_relay_on_the_day_behind(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY + LARGE);
	mailing("large", LARGE, NOW, 4 * HOUR);
	said_of(NOW + DAY, DAILY);
	gone("a", "gmail", 80, NOW + DAY, 900);
	gone("b", "yahoo", 40, NOW + DAY, 900);
	gone("c", "other", 80, NOW + DAY, 900);
	assert_int_equal(held_of("large", LARGE, NOW + DAY + HOUR), 0);
	assert_int_equal(held("a", 80, NOW + DAY + HOUR), 80);
	assert_int_equal(held("b", 40, NOW + DAY + HOUR), 40);
	assert_int_equal(held("c", 80, NOW + DAY + HOUR), 80);
}

/* Three digits too many in a table are no mailing. */
static void a_volume_that_cannot_be(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY * 1000);
	gone("a", "gmail", 40, NOW, 900);
	gone("b", "yahoo", 40, NOW, 900);
	gone("c", "other", 40, NOW, 900);
	assert_int_equal(held("a", 40, NOW + HOUR), 40);
	assert_int_equal(held("b", 40, NOW + HOUR), 40);
	assert_int_equal(held("c", 40, NOW + HOUR), 40);
}

/* What the logs and a table say of one day is not twice as much. */
static void a_day_that_is_told_twice(void **state)
{
	(void)state;
	history(HISTORY);
	said_of(NOW, DAILY);
	said_by("log", NOW, DAILY);
	gone("a", "gmail", 14, NOW, 900);
	gone("b", "yahoo", 14, NOW, 900);
	gone("c", "other", 14, NOW, 900);
	assert_int_equal(held("a", 14, NOW + HOUR), 14);
	assert_int_equal(held("b", 14, NOW + HOUR), 14);
}

/* Volumes from before the first bounce was read do not say that none came back. */
static void volumes_from_before_we_read(void **state)
{
	(void)state;
	for (unsigned day = HISTORY; day > 0; day--)
		said_of(NOW - (int64_t)day * DAY, DAILY);
	said_of(NOW, LARGE);
	mailing("first", LARGE, NOW, HOUR);
	advance(NOW + DAY);
	assert_int_equal(held_of("first", LARGE, NOW + DAY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_large_ordinary_mailing_is_believed),
		TEST(and_one_of_late_evening),
		TEST(and_one_that_is_known_late),
		TEST(an_outage_in_a_large_mailing_is_held),
		TEST(our_relay_in_a_large_mailing),
		TEST(an_outage_on_a_day_like_others),
		TEST(our_relay_on_a_day_like_others),
		TEST(days_without_volumes_are_no_rate),
		TEST(without_a_rate_yet),
		TEST(a_large_mailing_that_drips),
		TEST(our_relay_on_the_day_behind),
		TEST(a_volume_that_cannot_be),
		TEST(a_day_that_is_told_twice),
		TEST(volumes_from_before_we_read),
	};

	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
