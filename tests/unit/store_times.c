/*
 * How exactly times are kept of a contact, how many of them, and that this changes no state; who
 * mails how often comes to the same end.
 */
#include "tests/unit/store_contact.h"

/*
 * A delivery is remembered for failures before it that come late, then forgotten: who is well
 * leaves no trace.
 */
static void a_delivery_is_forgotten(void **state)
{
	uint64_t changed;

	(void)state;
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW), NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "jane@example.org", NOW), NOW);
	failed(CATEGORY_MAILBOX_FULL, NOW - HOUR);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	ok(store_advance(store, day_start(NOW) + 8 * DAY - 1, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 2);
	ok(store_advance(store, day_start(NOW) + 8 * DAY, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
	assert_int_equal(
		query_int("SELECT count(*) FROM meta WHERE name = 'rewrite' AND value = 'due'"), 1);
	assert_int_equal(changed, 0);
}

/*
 * Whether a time of day stands in the history of the one contact, whose row must have none outside
 * a ladder.
 */
static bool has_times(void)
{
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM " CONTACT_PLAIN
			" WHERE state IN ('active', 'paused', 'revalidate', 'inactive') AND"
			" (at % 86400 OR since % 86400 OR counted_from % 86400 OR until % 86400 OR due % 86400)"),
		0);
	return query_int(
		       "SELECT tidy IS NOT NULL OR state IN ('soft', 'block', 'investigate', 'retry-gated') FROM " CONTACT_PLAIN) !=
		0;
}

/* How often the second of the day AT stands in the history (store/history/historybytes.c). */
static int64_t second_stands_there(int64_t at)
{
	char sql[1024];

	snprintf(sql, sizeof sql,
		"SELECT count(*) FROM " CONTACT_PLAIN " WHERE instr(history, x'%06x') > 0",
		(unsigned)(at - day_start(at)));
	return query_int(sql);
}

static void times_are_days_outside_a_ladder(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW + 77);
	assert_true(has_times()); /* the ladder runs: it needs the time */
	assert_int_equal(second_stands_there(NOW + 77), 1);
	advance(NOW + DAY);
	assert_int_equal(second_stands_there(NOW + 77), 1);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + DAY + 99), NOW + DAY + 99);
	advance(NOW + 2 * DAY);
	assert_false(has_times());
	assert_int_equal(second_stands_there(NOW + 77), 0);
	assert_int_equal(second_stands_there(NOW + 99), 0);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY + 77);
	failed(CATEGORY_NETWORK_ERROR, NOW + 6 * DAY + 77);
	advance(NOW + 7 * DAY);
	assert_int_equal(check(joe, NOW + 7 * DAY).state, STATE_PAUSED);
	assert_false(has_times());
	failed(CATEGORY_USER_UNKNOWN, NOW + 8 * DAY + 77);
	assert_false(has_times());
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "b@example.org", NOW + 77), NOW + 77);
	assert_int_equal(second_stands_there(NOW + 77), 1);
	advance(NOW + 90 * DAY);
	assert_int_equal(second_stands_there(NOW + 77), 0);
}

/* Cutting the times changes no state: neither then nor when the next event comes. */
static void coarse_days_keep_the_outcome(void **state)
{
	int64_t over = day_start(NOW + 50 * HOUR) + 31 * DAY;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 48 * HOUR); /* to the second: the ladder's end */
	advance(NOW + 4 * DAY);
	expect(NOW + 4 * DAY, VERDICT_HOLD, STATE_PAUSED, over, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 2 * DAY);
	expect(over + 2 * DAY, VERDICT_HOLD, STATE_SOFT, over + 2 * DAY + 600, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 5 * DAY);
	expect(over + 5 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

static void history_has_a_bound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		failed(CATEGORY_GREYLISTED, NOW + (int64_t)i);
	assert_int_equal(check(joe, NOW).attempts, 255);
	for (unsigned i = 1; i < 200; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY);
	assert_in_range(query_int("SELECT length(history) FROM " CONTACT_PLAIN), 900, 2048);
	assert_int_equal(check(joe, NOW + 199 * DAY).state, STATE_BLOCK);
	/* what the days that are no more were said is still so */
	for (unsigned i = 230; i < 233; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	assert_int_equal(check(joe, NOW + 232 * DAY).state, STATE_PAUSED);
	for (unsigned i = 233; i < 330; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY + 31 * DAY);
	for (unsigned i = 360; i < 364; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	expect(NOW + 364 * DAY, VERDICT_HOLD, STATE_INVESTIGATE, day_start(NOW + 368 * DAY),
		"policy");
	for (unsigned i = 400; i < 404; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	assert_int_equal(check(joe, NOW + 404 * DAY).state, STATE_PAUSED);
	for (unsigned i = 435; i < 439; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	expect(NOW + 439 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
	for (unsigned i = 450; i < 550; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY);
	expect(NOW + 550 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

/* --- who mails how often -------------------------------------------------- */

/*
 * Writes every so many days to who may be written to; a mailbox that is full for ever. How many
 * mails until it is given up, 0: never; PAUSED: until it is first let alone.
 */
static unsigned mails_until_given_up(
	int interval, enum category category, bool known, unsigned *paused)
{
	unsigned sent = 0;

	*paused = 0;
	for (int day = 0; day < 900; day++) {
		int64_t now = day_start(NOW) + (int64_t)day * DAY + 10 * HOUR;
		advance(now - HOUR);
		if (day % interval)
			continue;
		struct volume v = { .day = day_of(now), .provider = "other", .sent = 1000 };
		ok(store_begin(store));
		if (known)
			ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
		struct answer a = check(joe, now);
		if (a.state == STATE_PAUSED && !*paused)
			*paused = sent;
		if (a.state == STATE_INACTIVE)
			return sent;
		if (a.verdict != VERDICT_SEND)
			continue;
		failed(category, now + 60);
		sent++;
	}
	return 0;
}

/* Daily, weekly and monthly senders come to the same end after about as many mails. */
static void failures_are_counted_in_mailings(void **state)
{
	static const int intervals[] = { 1, 7, 14, 30, 31 };
	static const enum category categories[] = { CATEGORY_MAILBOX_FULL, CATEGORY_NETWORK_ERROR };
	struct store_options o = test_options();
	unsigned paused, all;

	(void)state;
	o.mailings = 3;
	for (unsigned l = 0; l < o.ladders; l++)
		o.ladder[l].attempts = 5;
	for (unsigned i = 0; i < 20; i++) {
		close_store();
		ok(open_store(o, NOW));
		all = mails_until_given_up(intervals[i / 4], categories[i % 2], i & 2, &paused);
		print_message(
			"every %d days, %s, volumes %s: paused after %u mails, given up after %u\n",
			intervals[i / 4], category_name(categories[i % 2]),
			i & 2 ? "known" : "unknown", paused, all);
		if (intervals[i / 4] < 31) /* else the pause lies between two mailings */
			assert_in_range(paused, 3, 5);
		assert_in_range(all, 6, 10);
		wipe_story();
		ok(db_exec(store,
			"DELETE FROM volume; DELETE FROM tally; DELETE FROM meta WHERE name = 'mailing-interval'"));
	}
}

/* One failure now and then among mail that is taken is outweighed by it. */
static void mailings_without_a_bounce_outweigh(void **state)
{
	struct store_options o = test_options();

	(void)state;
	close_store();
	o.mailings = 3;
	ok(open_store(o, NOW));
	for (int day = 0; day < 400; day++) {
		struct volume v = {
			.day = day_of(NOW + day * DAY), .provider = "other", .sent = 1000
		};
		ok(store_begin(store));
		ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
		advance(NOW + day * DAY);
		if (day % 40 == 39)
			failed(CATEGORY_NETWORK_ERROR, NOW + day * DAY);
		assert_true(check(joe, NOW + day * DAY).attempts <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_delivery_is_forgotten),
		TEST(times_are_days_outside_a_ladder),
		TEST(coarse_days_keep_the_outcome),
		TEST(history_has_a_bound),
		TEST(failures_are_counted_in_mailings),
		TEST(mailings_without_a_bounce_outweigh),
	};

	return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
