/*
 * Contacts: each line of the drawing, and what the sending system is told.
 */
#include "tests/unit/store_contact.h"

static void unknown_is_sent_to(void **state)
{
	(void)state;
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(check(joe, NOW).since, 0);
}

static void hard_is_final(void **state)
{
	struct event success = event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + DAY);

	(void)state;
	failed(CATEGORY_USER_UNKNOWN, NOW - HOUR);
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	assert_int_equal(check(joe, NOW).since, day_start(NOW));
	put_event(success, NOW + DAY);
	failed(CATEGORY_MAILBOX_FULL, NOW + 2 * DAY);
	expect(NOW + 700 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	failed(CATEGORY_DOMAIN_UNKNOWN, NOW - 3 * DAY); /* comes late, was earlier */
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "domain-unknown");
	assert_int_equal(check(joe, NOW).since, day_start(NOW - 3 * DAY));
}

static void complaints_and_optouts_are_final(void **state)
{
	(void)state;
	put_event(event_of(KIND_COMPLAINT, CATEGORY_NOT_SPAM, joe, NOW), NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, joe, NOW), NOW);
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "abuse");
	put_event(event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, "jane@example.org", NOW), NOW);
	assert_int_equal(check("jane@example.org", NOW).verdict, VERDICT_SUPPRESS);
}

static void ladder_of_a_small_provider(void **state)
{
	static const int64_t hold[] = { 600, 1200, 2400, 7200, 7200 };

	(void)state;
	for (unsigned n = 0; n < 5; n++) {
		int64_t at = NOW + (int64_t)n * 8 * HOUR;
		failed(CATEGORY_NETWORK_ERROR, at);
		expect(at + 1, VERDICT_HOLD, STATE_SOFT, at + hold[n], "network-error");
		expect(at + hold[n] - 1, VERDICT_HOLD, STATE_SOFT, at + hold[n], "network-error");
		expect(at + hold[n], VERDICT_SEND, STATE_SOFT, 0, "");
		assert_int_equal(check(joe, at).attempts, n + 1);
	}
	assert_int_equal(check(joe, NOW + 2 * DAY).since, day_start(NOW));
}

static void ladders_by_provider_and_category(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_SYSTEM_ERROR, joe, NOW);

	(void)state;
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	expect(NOW, VERDICT_HOLD, STATE_SOFT, NOW + 900, "system-error");
	e = event_of(KIND_FAILURE, CATEGORY_GREYLISTED, joe, NOW + 1);
	strcpy(e.provider, "gmail");
	put_event(e, NOW + 1);
	expect(NOW + 1, VERDICT_HOLD, STATE_SOFT, NOW + 1 + 900,
		"greylisted"); /* its second step */
}

static void ladder_ends_in_a_pause(void **state)
{
	int64_t end = NOW + 48 * HOUR, over;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, end - 1);
	expect(end, VERDICT_HOLD, STATE_SOFT, end - 1 + 1200, "network-error");
	failed(CATEGORY_NETWORK_ERROR, end);
	over = day_start(end + 30 * DAY) + DAY;
	expect(end + 10 * DAY, VERDICT_HOLD, STATE_PAUSED, over, "network-error");
	expect(over, VERDICT_SEND, STATE_REVALIDATE, 0, "");

	/* it fails again to the end of the ladder */
	failed(CATEGORY_NETWORK_ERROR, over + HOUR);
	expect(over + HOUR, VERDICT_HOLD, STATE_SOFT, over + HOUR + 600, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 50 * HOUR);
	expect(over + 50 * HOUR, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

static void revalidated_is_active_again(void **state)
{
	int64_t over = day_start(NOW + 3 * DAY + 30 * DAY) + DAY;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, over + DAY), over + DAY);
	expect(over + DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, over + 2 * DAY);
	failed(CATEGORY_NETWORK_ERROR, over + 5 * DAY);
	expect(over + 5 * DAY, VERDICT_HOLD, STATE_PAUSED, day_start(over + 5 * DAY) + 31 * DAY,
		"network-error"); /* not inactive */
}

static void full_mailbox_is_suppressed_in_the_end(void **state)
{
	(void)state;
	failed(CATEGORY_MAILBOX_FULL, NOW);
	expect(NOW, VERDICT_HOLD, STATE_SOFT, NOW + 6 * HOUR, "mailbox-full");
	failed(CATEGORY_MAILBOX_FULL, NOW + 4 * DAY);
	expect(NOW + 4 * DAY, VERDICT_HOLD, STATE_SOFT, NOW + 4 * DAY + 12 * HOUR, "mailbox-full");
	failed(CATEGORY_MAILBOX_FULL, NOW + 5 * DAY);
	assert_int_equal(check(joe, NOW + 5 * DAY).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check(joe, NOW + 5 * DAY).state, STATE_PAUSED);
}

static void success_ends_soft(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + 60), NOW + 60);
	expect(NOW + 61, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 120);
	assert_int_equal(check(joe, NOW + 120).attempts, 1);
}

static void late_messages_do_not_undo(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 2 * HOUR);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + HOUR), NOW + 2 * HOUR);
	expect(NOW + 2 * HOUR, VERDICT_HOLD, STATE_SOFT, NOW + 2 * HOUR + 600,
		"network-error"); /* soft(1): the second one */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 30 * 60),
		NOW + 2 * HOUR); /* before the success */
	assert_int_equal(check(joe, NOW + 2 * HOUR).attempts, 1);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 3 * HOUR),
		NOW + 3 * HOUR);
	assert_int_equal(check(joe, NOW + 3 * HOUR).until,
		NOW + 3 * HOUR +
			600); /* how many came after a delivery of the same day is not told apart */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + DAY), NOW + DAY);
	assert_int_equal(check(joe, NOW + DAY).attempts, 2);
}

static struct event temporary(enum category category, int64_t at)
{
	struct event e = event_of(KIND_FAILURE, category, joe, at);

	e.reply = 451;
	e.status = (struct status){ 4, 0, 0 };
	return e;
}

static void what_changes_nothing(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, joe, NOW);

	(void)state;
	e.origin = ORIGIN_UNVERIFIED;
	put_event(e, NOW);
	e.origin = ORIGIN_BACKSCATTER;
	put_event(e, NOW);
	put_event(event_of(KIND_DELAY, CATEGORY_NETWORK_ERROR, joe, NOW), NOW);
	put_event(event_of(KIND_AUTOREPLY, CATEGORY_NONE, joe, NOW), NOW);
	put_event(e = temporary(CATEGORY_UNDETERMINED, NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_MESSAGE_TOO_LARGE, joe, NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "not an address", NOW), NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 7);
}

/* A token alone proves nothing: without a checked MAC nothing is "verified". */
static void verified_is_not_claimed(void **state)
{
	struct store_options o = test_options();
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, joe, NOW);

	(void)state;
	close_store();
	o.act_on = ORIGIN_VERIFIED;
	ok(open_store(o, NOW));
	e.origin = ORIGIN_VERIFIED;
	strcpy(e.token, "forged");
	put_event(e, NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE origin = 'matched'"), 1);
}

/*
 * More whose time has come than are looked at in one go: each is moved on, and once; who has time
 * is let alone, and each has its lines in the agenda then.
 */
static void whose_time_has_come_are_many(void **state)
{
	enum { MANY = 4500, OTHERS = 300 };
	const int64_t later = NOW + 300 * DAY;
	char who[64];
	uint64_t changed = 0;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < MANY + OTHERS; i++) {
		int64_t at = i < MANY ? NOW : later;
		snprintf(who, sizeof who, "person%u@example.org", i);
		struct event e = event_of(KIND_FAILURE, CATEGORY_GREYLISTED, who, at);
		assert_int_equal(put(&e, 70000 + i, at), MESSAGE_NEW);
	}
	ok(store_commit(store));
	ok(store_advance(store, later, &changed));
	assert_int_equal(changed, MANY);
	assert_int_equal(query_int("SELECT count(*) FROM agenda WHERE what = 'due'"), OTHERS);
	ok(store_advance(store, later, &changed));
	assert_int_equal(changed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(unknown_is_sent_to),
		TEST(hard_is_final),
		TEST(complaints_and_optouts_are_final),
		TEST(ladder_of_a_small_provider),
		TEST(ladders_by_provider_and_category),
		TEST(ladder_ends_in_a_pause),
		TEST(revalidated_is_active_again),
		TEST(full_mailbox_is_suppressed_in_the_end),
		TEST(success_ends_soft),
		TEST(late_messages_do_not_undo),
		TEST(what_changes_nothing),
		TEST(verified_is_not_claimed),
		TEST(whose_time_has_come_are_many),
	};

	return cmocka_run_group_tests_name("contacts", tests, NULL, NULL);
}
