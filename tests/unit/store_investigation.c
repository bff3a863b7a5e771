/*
 * Investigations: a block stops a provider, resolving it lets through, quiet makes active again.
 */
#include "tests/unit/store_contact.h"

/* Each block is beyond noise, as if ten mails had been sent on each of these days. */
static void look_into_all(int64_t now, int days)
{
	struct volume v = { .sent = 10 };

	store->o.k = 1;
	for (int d = 0; d <= days; d++) {
		v.day = day_of(now - d * DAY);
		ok(store_begin(store));
		snprintf(v.provider, sizeof v.provider, "gmail");
		ok(store_volume_add(store, "csv", false, &v));
		snprintf(v.provider, sizeof v.provider, "other");
		ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
	}
	ok(store_investigate(store, now));
}

static int count_investigation(void *context, const struct investigation *i)
{
	struct investigation *last = context;

	*last = *i;
	return 0;
}

/*
 * The recipient is never given up for it: hold, wait for the investigation, let through, and in the
 * end all is well.
 */
static void block_is_investigated(void **state)
{
	struct investigation open = { .blocks = 0 };
	struct answer a;
	int64_t day = day_start(NOW);

	(void)state;
	failed(CATEGORY_REPUTATION, NOW);
	expect(NOW, VERDICT_HOLD, STATE_BLOCK, NOW + 6 * HOUR, "reputation");
	expect(NOW + 6 * HOUR, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "reputation");
	a = check(joe, day + 8 * DAY);
	assert_int_equal(a.state, STATE_RETRY_GATED);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_in_range(a.until, day + 8 * DAY, day + 9 * DAY);
	expect(a.until, VERDICT_SEND, STATE_RETRY_GATED, 0, "");
	failed(CATEGORY_REPUTATION, day + 9 * DAY);
	expect(day + 9 * DAY, VERDICT_HOLD, STATE_BLOCK, day + 9 * DAY + 6 * HOUR, "reputation");
	assert_int_equal(check(joe, day + 9 * DAY).attempts, 2);
	look_into_all(day + 9 * DAY, 10);
	ok(store_investigations(store, count_investigation, &open));
	assert_int_equal(open.blocks, 2);
	assert_string_equal(open.provider, "other");
	assert_int_equal(open.category, CATEGORY_REPUTATION);
	assert_int_equal(open.opened, day);
	assert_int_equal(open.last, day + 9 * DAY);
	for (int n = 10; n < 120; n++)
		failed(CATEGORY_POLICY, NOW + n * DAY);
	expect(NOW + 119 * DAY, VERDICT_HOLD, STATE_BLOCK, NOW + 119 * DAY + 6 * HOUR, "policy");
	expect(day + (119 + 8 + 14) * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
}

static void resolving_lets_through(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_POLICY, joe, NOW);
	struct investigation open = { .blocks = 0 };
	int64_t resolved = NOW + 2 * DAY;
	uint64_t released, changed;
	struct answer a;

	(void)state;
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	failed(CATEGORY_REPUTATION, NOW + 1); /* another provider and category, the later word */
	strcpy(e.recipient, "jane@example.org");
	put_event(e, NOW);
	assert_int_equal(store_resolve(store, "gmail", CATEGORY_REPUTATION, resolved, &released),
		STORE_MISUSE);
	ok(store_resolve(store, "gmail", CATEGORY_POLICY, resolved, &released));
	assert_int_equal(released, 1);
	expect(resolved, VERDICT_HOLD, STATE_INVESTIGATE, day_start(NOW) + 8 * DAY, "reputation");
	a = check("jane@example.org", resolved);
	assert_int_equal(a.state, STATE_RETRY_GATED);
	assert_in_range(a.until, resolved, resolved + DAY);
	assert_int_equal(a.since, day_start(resolved));
	look_into_all(resolved, 3);
	ok(store_investigations(store, count_investigation, &open));
	assert_string_equal(open.provider, "other");

	/* read late, from before the resolution: released at once, opens nothing */
	strcpy(e.recipient, "jim@example.org");
	put_event(e, resolved + HOUR);
	assert_int_equal(check("jim@example.org", resolved + HOUR).state, STATE_RETRY_GATED);
	/* and the same for who was known before */
	strcpy(e.recipient, "jane@example.org");
	e.arrived = NOW + HOUR;
	put_event(e, resolved + HOUR);
	ok(store_investigate(store, resolved + HOUR));
	assert_int_equal(check("jane@example.org", resolved + HOUR).since, a.since);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM investigation WHERE opened IS NOT NULL AND provider = 'gmail'"),
		0);
	e.arrived = resolved + HOUR;
	put_event(e, resolved + HOUR);
	assert_int_equal(check("jane@example.org", resolved + HOUR).state, STATE_BLOCK);
	ok(store_investigate(store, resolved + HOUR));
	assert_int_equal(
		query_int(
			"SELECT blocks FROM investigation WHERE opened IS NOT NULL AND provider = 'gmail'"),
		1);

	ok(store_advance(store, NOW + 60 * DAY, &changed));
	assert_int_equal(
		query_int("SELECT count(*) FROM investigation WHERE opened IS NOT NULL"), 0);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state <> 'active'"), 0);
}

/* Every category that blocks has something to look at, and no other one has. */
static void every_block_has_a_checklist(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CATEGORY_COUNT; c++)
		assert_int_equal(store_checklist(c, 0) != NULL, category_class(c) == CLASS_BLOCK);
	assert_null(store_checklist(CATEGORY_POLICY, 20));
}

static void quiet_makes_active(void **state)
{
	uint64_t changed, counts[STATE_COUNT];

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	ok(store_advance(store, day_start(NOW) + 30 * DAY - 1, &changed));
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

/*
 * Permanent, but nobody knows why: three mailings, then it is given up, with a reason of its own.
 */
static void what_is_not_understood_ends(void **state)
{
	int64_t day = day_start(NOW);

	(void)state;
	failed(CATEGORY_UNDETERMINED, NOW);
	expect(NOW, VERDICT_HOLD, STATE_UNCLEAR, day + DAY, "undetermined");
	failed(CATEGORY_UNDETERMINED, NOW + HOUR); /* the same mailing */
	assert_int_equal(check(joe, NOW + HOUR).attempts, 1);
	expect(NOW + DAY, VERDICT_SEND, STATE_UNCLEAR, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 2 * DAY); /* another ladder */
	assert_int_equal(check(joe, NOW + 2 * DAY).state, STATE_SOFT);
	failed(CATEGORY_UNDETERMINED, NOW + 7 * DAY);
	assert_int_equal(check(joe, NOW + 7 * DAY).verdict, VERDICT_SEND);
	failed(CATEGORY_UNDETERMINED, NOW + 14 * DAY);
	expect(NOW + 14 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "not-understood");
	assert_false(query_int("SELECT rule <> 'rule-undetermined' FROM " CONTACT_PLAIN));
}

static void what_is_not_understood_is_outweighed(void **state)
{
	(void)state;
	failed(CATEGORY_UNDETERMINED, NOW);
	failed(CATEGORY_UNDETERMINED, NOW + DAY);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + 2 * DAY), NOW + 2 * DAY);
	expect(NOW + 2 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_UNDETERMINED, NOW + 3 * DAY);
	failed(CATEGORY_UNDETERMINED, NOW + 4 * DAY);
	assert_int_equal(check(joe, NOW + 4 * DAY).attempts, 2);
	expect(NOW + 40 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_UNDETERMINED, NOW + 41 * DAY);
	failed(CATEGORY_USER_UNKNOWN, NOW + 42 * DAY);
	expect(NOW + 42 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
}

/*
 * The later of both times holds, whichever came first, and nobody comes before the investigation's
 * gate.
 */
static void a_block_stays_beside_a_soft_failure(void **state)
{
	int64_t day = day_start(NOW);
	struct event e = event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "jane@example.org", NOW);
	uint64_t released;

	(void)state;
	failed(CATEGORY_POLICY, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + HOUR);
	expect(NOW + HOUR, VERDICT_HOLD, STATE_BLOCK, NOW + 6 * HOUR, "policy");
	failed(CATEGORY_MAILBOX_FULL, NOW + 2 * HOUR); /* twelve hours: its second step */
	expect(NOW + 2 * HOUR, VERDICT_HOLD, STATE_BLOCK, NOW + 14 * HOUR, "policy");
	expect(NOW + 7 * HOUR, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "policy");
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + DAY, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "policy");
	ok(store_resolve(store, "other", CATEGORY_POLICY, NOW + 2 * DAY, &released));
	assert_int_equal(released, 1);
	assert_int_equal(check(joe, NOW + 2 * DAY).state, STATE_RETRY_GATED);
	put_event(e, NOW);
	e = event_of(KIND_FAILURE, CATEGORY_REPUTATION, "jane@example.org", NOW + 60);
	put_event(e, NOW + 60);
	assert_int_equal(check("jane@example.org", NOW + 60).until,
		NOW + 60 + 6 * HOUR); /* later than NOW + 6 hours */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(block_is_investigated),
		TEST(resolving_lets_through),
		TEST(every_block_has_a_checklist),
		TEST(quiet_makes_active),
		TEST(advance_takes_more_than_a_batch),
		TEST(a_block_stays_beside_a_soft_failure),
		TEST(what_is_not_understood_ends),
		TEST(what_is_not_understood_is_outweighed),
	};

	return cmocka_run_group_tests_name("investigation", tests, NULL, NULL);
}
