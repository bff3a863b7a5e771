/* Contacts: each line of the drawing, what the sending system is told, and that the order of messages does not matter. */
#include "tests/unit/store_fixture.h"

static const char joe[] = "joe@example.org";

static void failed(enum category category, int64_t at)
{
	put_event(event_of(KIND_FAILURE, category, joe, at), at > NOW ? at : NOW);
}

static void expect(int64_t now, enum verdict verdict, enum contact_state state, int64_t until, const char *reason)
{
	struct answer a = check(joe, now);

	assert_string_equal(verdict_name(a.verdict), verdict_name(verdict));
	assert_string_equal(contact_state_name(a.state), contact_state_name(state));
	assert_int_equal(a.until, until);
	assert_string_equal(a.reason, reason);
}

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
	expect(NOW + 1, VERDICT_HOLD, STATE_SOFT, NOW + 1 + 900, "greylisted"); /* its second step */
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
	expect(over + 5 * DAY, VERDICT_HOLD, STATE_PAUSED, day_start(over + 5 * DAY) + 30 * DAY, "network-error"); /* not inactive */
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
	expect(NOW + 2 * HOUR, VERDICT_HOLD, STATE_SOFT, NOW + 2 * HOUR + 600, "network-error"); /* soft(1): the second one */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 30 * 60), NOW + 2 * HOUR); /* before the success */
	assert_int_equal(check(joe, NOW + 2 * HOUR).attempts, 1);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 90 * 60), NOW + 2 * HOUR);
	assert_int_equal(check(joe, NOW + 2 * HOUR).attempts, 2);
	assert_int_equal(check(joe, NOW + 2 * HOUR).until, NOW + 2 * HOUR + 1200);
}

static void block_holds_and_goes(void **state)
{
	(void)state;
	failed(CATEGORY_REPUTATION, NOW);
	expect(NOW, VERDICT_HOLD, STATE_BLOCK, NOW + 6 * HOUR, "reputation");
	expect(NOW + 6 * HOUR, VERDICT_SEND, STATE_BLOCK, 0, "");
	for (int n = 1; n < 40; n++)
		failed(CATEGORY_POLICY, NOW + n * DAY); /* the recipient is never given up for it */
	expect(NOW + 39 * DAY, VERDICT_HOLD, STATE_BLOCK, NOW + 39 * DAY + 6 * HOUR, "policy");
	assert_int_equal(check(joe, NOW + 39 * DAY).attempts, 32); /* no more are kept */
	expect(NOW + 69 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
}

static void quiet_makes_active(void **state)
{
	uint64_t changed, counts[STATE_COUNT];

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	ok(store_advance(store, NOW + 30 * DAY - 1, &changed));
	assert_int_equal(changed, 0);
	expect(NOW + 30 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	ok(store_advance(store, NOW + 30 * DAY, &changed));
	assert_int_equal(changed, 1);
	ok(store_contact_counts(store, counts));
	assert_int_equal(counts[STATE_ACTIVE], 1);
	assert_int_equal(counts[STATE_SOFT], 0);
	ok(store_advance(store, NOW + 90 * DAY, &changed));
	assert_int_equal(changed, 0);
}

static void advance_takes_more_than_a_batch(void **state)
{
	uint64_t changed;
	char address[64];

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 2500; i++) {
		snprintf(address, sizeof address, "u%u@example.org", i);
		struct event e = event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, address, NOW);
		put(&e, next_message++, NOW);
	}
	ok(store_commit(store));
	ok(store_advance(store, NOW + 31 * DAY, &changed));
	assert_int_equal(changed, 2500);
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
	put_event(event_of(KIND_FAILURE, CATEGORY_UNDETERMINED, joe, NOW), NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW), NOW);
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

static void times_are_days_outside_a_ladder(void **state)
{
	static const char finer[] = "SELECT count(*) FROM contact WHERE at % 86400 OR since % 86400 OR counted_from % 86400"
				    " OR until % 86400 OR due % 86400 OR history IS NOT NULL";

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW + 77);
	assert_int_equal(query_int(finer), 1); /* the ladder runs: it needs the time */
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + 99), NOW + 99);
	assert_int_equal(query_int(finer), 0);
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY + 77);
	failed(CATEGORY_NETWORK_ERROR, NOW + 4 * DAY + 77);
	assert_int_equal(check(joe, NOW + 4 * DAY + 77).state, STATE_PAUSED);
	assert_int_equal(query_int(finer), 0);
	failed(CATEGORY_USER_UNKNOWN, NOW + 5 * DAY + 77);
	assert_int_equal(query_int(finer), 0);
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "b@example.org", NOW + 77), NOW + 77);
	uint64_t changed;
	ok(store_advance(store, NOW + 90 * DAY, &changed));
	assert_int_equal(query_int(finer), 0);
}

static void history_has_a_bound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i);
	assert_int_equal(query_int("SELECT length(history) FROM contact"), 32 * 8);
	assert_int_equal(check(joe, NOW).attempts, 32);
	failed(CATEGORY_NETWORK_ERROR, NOW + 48 * HOUR); /* the first one is not forgotten */
	assert_int_equal(check(joe, NOW + 48 * HOUR).state, STATE_PAUSED);
}

/* --- any order ------------------------------------------------------------------------------------------------------ */

enum { SHUFFLES = 400, STORY_MAX = 14 };

static uint32_t random_state;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* The one contact, but for counted_from: that is kept exact only where messages come out of order, to tell those that come late. */
static void contact_row(char *out, size_t size)
{
	sqlite3 *db;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT format('%s at=%d since=%d until=%d due=%d n=%d p=%d %s %s %s %s', state, at,"
						" since, until, due, attempts, pauses, reason, rule, ladder, hex(history))"
						" FROM contact", -1, &st, NULL), SQLITE_OK);
	out[0] = '\0';
	if (sqlite3_step(st) == SQLITE_ROW)
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static void tell(const struct event *story, unsigned n, char *row, size_t size)
{
	ok(store_begin(store));
	for (unsigned i = 0; i < n; i++)
		put(&story[i], next_message++, NOW + 90 * DAY);
	ok(store_commit(store));
	contact_row(row, size);
	ok(db_exec(store, "DELETE FROM contact"));
}

static void shuffle(struct event *story, unsigned from, unsigned n)
{
	for (unsigned i = n - 1; i > from; i--) {
		unsigned j = from + rnd(i - from + 1);
		struct event e = story[i];
		story[i] = story[j];
		story[j] = e;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->arrived < y->arrived ? -1 : x->arrived > y->arrived;
}

/* SPAN is the time over which the failures of a story are spread, PICK chooses what happens. */
static void any_order(int64_t span, const enum category *pick, unsigned picks, unsigned successes)
{
	char in_order[1024], row[1024];
	struct event story[STORY_MAX];

	for (unsigned round = 0; round < SHUFFLES; round++) {
		unsigned n = 2 + rnd(STORY_MAX - 2);
		for (unsigned i = 0; i < n; i++) {
			bool success = i && successes && rnd(successes) == 0;
			int64_t at = NOW + (int64_t)rnd((uint32_t)span);
			story[i] = success ? event_of(KIND_SUCCESS, CATEGORY_NONE, joe, at)
					   : event_of(KIND_FAILURE, pick[rnd(picks)], joe, at);
		}
		story[0].arrived = NOW + span; /* so that the ladder runs at the end: a success is kept only then */
		if (!successes && round % 2)
			story[1].arrived = NOW + span; /* two in the last second */
		qsort(story, n, sizeof story[0], by_time);
		tell(story, n, in_order, sizeof in_order);
		/* a success of somebody without a contact is not kept: the story begins with its last failure when there is any */
		struct event last = story[n - 1];
		memmove(&story[1], &story[0], (n - 1) * sizeof story[0]);
		story[0] = last;
		shuffle(story, successes ? 1 : 0, n);
		tell(story, n, row, sizeof row);
		assert_string_equal(row, in_order);
	}
}

static void any_order_of_soft_failures(void **state)
{
	static const enum category soft[] = { CATEGORY_NETWORK_ERROR, CATEGORY_GREYLISTED, CATEGORY_MAILBOX_FULL, CATEGORY_RATE_LIMITED };

	(void)state;
	random_state = 1;
	any_order(20 * HOUR, soft, 4, 0);
	any_order(20, soft, 4, 0); /* many in one second */
}

static void any_order_with_successes(void **state)
{
	static const enum category soft[] = { CATEGORY_NETWORK_ERROR, CATEGORY_SYSTEM_ERROR };

	(void)state;
	random_state = 2;
	any_order(20 * HOUR, soft, 2, 3);
}

static void any_order_of_blocks(void **state)
{
	static const enum category both[] = { CATEGORY_NETWORK_ERROR, CATEGORY_POLICY, CATEGORY_REPUTATION };

	(void)state;
	random_state = 3;
	any_order(20 * HOUR, both, 3, 0);
	any_order(20 * HOUR, both, 3, 3);
	any_order(10, both, 3, 0);
}

static void any_order_with_an_end(void **state)
{
	static const enum category all[] = { CATEGORY_NETWORK_ERROR, CATEGORY_POLICY, CATEGORY_USER_UNKNOWN, CATEGORY_BAD_ADDRESS };

	(void)state;
	random_state = 4;
	any_order(20 * HOUR, all, 4, 0);
	any_order(20 * HOUR, all, 4, 4);
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
		TEST(block_holds_and_goes),
		TEST(quiet_makes_active),
		TEST(advance_takes_more_than_a_batch),
		TEST(what_changes_nothing),
		TEST(verified_is_not_claimed),
		TEST(times_are_days_outside_a_ladder),
		TEST(history_has_a_bound),
		TEST(any_order_of_soft_failures),
		TEST(any_order_with_successes),
		TEST(any_order_of_blocks),
		TEST(any_order_with_an_end),
	};

	return cmocka_run_group_tests_name("contacts", tests, NULL, NULL);
}
