/*
 * Which blocks are beyond noise, and what they open: by rate against volume and habit, by share and
 * habit where nobody says how much was sent, by host where a receiver has no profile.
 */
#include "tests/unit/store_fixture.h"
#include "store/refusing.h"
#include "store/keys.h"
#include "store/ownkeys.h"
#include <sodium.h>

enum { LAST = REFUSALS_DAYS - 1, K = 10 };

/* --- the judgement -------------------------------------------------------- */

/* The same on each day: SENT mails, BLOCKS, FAILURES bounces in all. */
static struct refusals same_days(uint64_t sent, uint64_t blocks, uint64_t failures)
{
	struct refusals r = { .provider = "gmail" };

	for (unsigned i = 0; i < REFUSALS_DAYS; i++) {
		r.day[i].sent = sent;
		r.day[i].blocks = blocks;
		r.day[i].failures = failures;
	}
	return r;
}

static void by_rate_against_volume_and_habit(void **state)
{
	static const struct {
		uint64_t sent, usual, blocks;
		bool beyond, holds;
	} cases[] = {
		{ 600000, 0, 30, false, false }, /* 0.005 % */
		{ 600000, 0, 3000, true, true }, /* 0.5 % */
		{ 600000, 0, 2999, false, true }, { 600000, 0, 1999, false, false },
		{ 300, 0, 30, true, true }, { 300, 0, 9, false, false }, /* fewer than k */
		{ 10000, 100, 299, false, true }, /* three times the usual 1 % */
		{ 10000, 100, 300, true, true }, { 10000, 100, 199, false, false },
		{ 10, 0, 30, true, true }, /* more than was said to be sent */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct refusals r = same_days(cases[i].sent, cases[i].usual, 0);
		assert_int_equal(
			refusals_beyond(&r, LAST, cases[i].blocks, K, false), cases[i].beyond);
		assert_int_equal(
			refusals_beyond(&r, LAST, cases[i].blocks, K, true), cases[i].holds);
	}
}

static void by_share_and_habit_without_volumes(void **state)
{
	struct refusals r = same_days(0, 30, 100);

	(void)state;
	r.day[LAST].failures = 160;
	assert_false(refusals_beyond(&r, LAST, 89, K, false)); /* three times the usual 30 */
	assert_true(refusals_beyond(&r, LAST, 90, K, false));
	r.day[LAST].failures = 361;
	assert_false(refusals_beyond(&r, LAST, 90, K, false)); /* less than a quarter */
	assert_true(refusals_beyond(&r, LAST, 90, K, true));
	/* who has no past needs three times k */
	memset(r.day, 0, sizeof r.day);
	assert_false(refusals_beyond(&r, LAST, 3 * K - 1, K, false));
	assert_true(refusals_beyond(&r, LAST, 3 * K, K, false));
}

/* Days of an incident do not become the habit; what goes on for half a month does. */
static void habit_is_a_median(void **state)
{
	struct refusals r = same_days(10000, 10, 0);

	(void)state;
	for (unsigned i = LAST - 10; i < LAST; i++)
		r.day[i].blocks = 5000;
	assert_int_equal(refusals_usual(&r, LAST, true, K), 1000);
	for (unsigned i = LAST - 15; i < LAST; i++)
		r.day[i].blocks = 5000;
	assert_int_equal(refusals_usual(&r, LAST, true, K), 500000);
}

/* Bounces of an evening's mailing come the next day, those of a weekly one on any day. */
static void blocks_are_of_the_mails_before_them(void **state)
{
	struct refusals r = { .provider = "gmail" };

	(void)state;
	r.day[LAST - 1].sent = 10000;
	r.day[LAST].sent = 50;
	assert_int_equal(refusals_whole(&r, LAST), 10000);
	assert_int_equal(refusals_whole(&r, LAST - 1), 10000);
	r.day[LAST - 1].sent = r.day[LAST].sent = 0;
	r.day[LAST - 4].sent = 700;
	assert_int_equal(refusals_whole(&r, LAST), 700);
	r.day[LAST - 4].sent = 0;
	r.day[LAST - 5].sent = 700;
	assert_int_equal(refusals_whole(&r, LAST), 0);
	assert_int_equal(refusals_whole(&r, 0), 0);
}

static void days_are_numbers(void **state)
{
	(void)state;
	assert_int_equal(refusals_day_number(19700101), 0);
	assert_int_equal(refusals_day_of(refusals_day_number(20280229) + 1), 20280301);
	assert_int_equal(refusals_day_number(20270101) - refusals_day_number(20261231), 1);
}

/* --- investigations ------------------------------------------------------- */

static unsigned people;

static void put_blocks(
	const char *provider, const char *host, enum category category, int64_t at, unsigned n)
{
	while (n--) {
		char who[64];
		snprintf(who, sizeof who, "r%u@example.net", people++);
		struct event e = event_of(KIND_FAILURE, category, who, at);
		snprintf(e.provider, sizeof e.provider, "%s", provider);
		snprintf(e.remote_mta, sizeof e.remote_mta, "%s", host);
		put_event(e, at > NOW ? at : NOW);
	}
}

static void put_sent(int64_t at, const char *provider, uint64_t sent)
{
	struct volume v = { .day = refusals_day_of(at / DAY), .sent = sent };

	snprintf(v.provider, sizeof v.provider, "%s", provider);
	ok(store_begin(store));
	ok(store_volume_add(store, "csv", false, &v));
	ok(store_commit(store));
}

static char said[512];

static int say_open(void *context, const struct investigation *i)
{
	(void)context;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s %s %lld-%lld %llu;",
		i->provider, category_name(i->category),
		(long long)((i->opened - day_start(NOW)) / DAY),
		(long long)((i->last - day_start(NOW)) / DAY), (unsigned long long)i->blocks);
	return 0;
}

static void assert_open(int64_t now, const char *expected)
{
	uint64_t changed;

	*said = '\0';
	ok(store_advance(store, now, &changed));
	ok(store_investigations(store, say_open, NULL));
	assert_string_equal(said, expected);
}

static void opened_held_and_closed(void **state)
{
	(void)state;
	for (int d = -10; d < 3; d++)
		put_sent(NOW + d * DAY, "gmail", 2000);
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - 2 * DAY, 9);
	assert_open(NOW, "");
	put_blocks("gmail", "", CATEGORY_POLICY, NOW, 12);
	put_blocks("gmail", "", CATEGORY_SPAM_CONTENT, NOW, 2); /* no part of it */
	assert_open(NOW, "gmail policy 0-0 12;");
	put_blocks("gmail", "", CATEGORY_POLICY, NOW + DAY, 10);    /* holds it */
	put_blocks("gmail", "", CATEGORY_POLICY, NOW + 2 * DAY, 3); /* noise */
	assert_open(NOW + 2 * DAY, "gmail policy 0-1 25;");
	for (int d = 3; d < 15; d++)
		put_blocks("gmail", "", CATEGORY_POLICY, NOW + d * DAY, 2);
	assert_open(NOW + 15 * DAY, "gmail policy 0-1 49;");
	assert_open(NOW + 17 * DAY, "");
	assert_int_equal(query_int("SELECT blocks FROM investigated"), 49);
	assert_int_equal(query_int("SELECT count(*) FROM refused"), 17);
	assert_open(NOW + 200 * DAY, "");
	assert_int_equal(query_int("SELECT count(*) FROM refused"), 0);
}

/* In whatever order they are read, and however late. */
static void the_order_does_not_matter(void **state)
{
	(void)state;
	put_sent(NOW - 3 * DAY, "gmail", 1000);
	put_blocks("gmail", "", CATEGORY_POLICY, NOW, 40);
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - 3 * DAY, 20);
	assert_open(NOW, "gmail policy -3-0 60;");
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - 2 * DAY, 20);
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - 40 * DAY, 90); /* long over */
	assert_open(NOW, "gmail policy -3-0 80;");
}

static void what_is_resolved_counts_no_more(void **state)
{
	uint64_t released;

	(void)state;
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - HOUR, 40);
	assert_open(NOW, "gmail policy 0-0 40;");
	ok(store_resolve(store, "gmail", CATEGORY_POLICY, NOW, &released));
	assert_int_equal(released, 40);
	put_blocks("gmail", "", CATEGORY_POLICY, NOW - 2 * HOUR, 40); /* read late */
	assert_open(NOW, "");
	put_blocks("gmail", "", CATEGORY_POLICY, NOW + HOUR, 9);
	assert_open(NOW + HOUR, "");
	put_blocks("gmail", "", CATEGORY_POLICY, NOW + 2 * HOUR, 40);
	assert_open(NOW + 2 * HOUR, "gmail policy 0-0 49;");
	/* one who waits without an investigation is let through as well */
	put_blocks("yahoo", "", CATEGORY_POLICY, NOW + 2 * HOUR, 1);
	assert_open(NOW + 2 * HOUR, "gmail policy 0-0 49;");
	ok(store_resolve(store, "yahoo", CATEGORY_POLICY, NOW + 3 * HOUR, &released));
	assert_int_equal(released, 1);
	assert_int_equal(store_resolve(store, "yahoo", CATEGORY_POLICY, NOW + 4 * HOUR, &released),
		STORE_MISUSE);
}

static void receivers_without_a_profile_by_host(void **state)
{
	char host[32];

	(void)state;
	for (int d = -20; d < 2; d++)
		put_sent(NOW + d * DAY, "other", 10000);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(host, sizeof host, "mx%u.small%u.example", i % 3, i);
		put_blocks("", host, CATEGORY_REPUTATION, NOW, 1);
	}
	assert_open(NOW, ""); /* 20 of 10,000, nowhere more than one */
	put_blocks("", "mx1.firm.example", CATEGORY_POLICY, NOW, 6);
	put_blocks("", "MX2.Firm.example.", CATEGORY_POLICY, NOW, 4);
	assert_open(NOW, "other policy 0-0 10;");
	/* what a host does on most days is its habit */
	for (int d = -19; d < 0; d++)
		put_blocks("", "mx.grumpy.example", CATEGORY_REPUTATION, NOW + d * DAY, 8);
	put_blocks("", "mx.grumpy.example", CATEGORY_REPUTATION, NOW, 12);
	assert_open(NOW, "other policy 0-0 10;");
}

static int note_refusing(void *context, const struct refusing *r)
{
	*(struct refusing *)context = *r;
	return 0;
}

static void who_refuses_now(void **state)
{
	struct refusing r = { .blocks = 0 };

	(void)state;
	put_sent(NOW, "other", 500);
	put_blocks("", "mx.a.example", CATEGORY_POLICY, NOW - DAY, 25);
	put_blocks("", "mx.b.example", CATEGORY_POLICY, NOW, 3);
	put_blocks("", "mx.c.example", CATEGORY_POLICY, NOW - 2 * DAY, 3);
	ok(store_refusing(store, NOW, note_refusing, &r));
	assert_string_equal(r.provider, "other");
	assert_int_equal(r.blocks, 10 + 3);
	assert_int_equal(r.hosts, 2);
	assert_int_equal(r.sent, 500);
}

/* In the file a host is a number that nobody without message.key can compute. */
static void hosts_are_numbers_of_the_key(void **state)
{
	static const char form[] = "retour cause 1\0host\0small.example";
	unsigned char hash[2][16];

	(void)state;
	put_blocks("", "mx1.small.example", CATEGORY_REPUTATION, NOW, 1);
	put_blocks("", "mx2.small.example", CATEGORY_REPUTATION, NOW, 1);
	for (unsigned keyed = 0; keyed < 2; keyed++)
		crypto_generichash(hash[keyed], sizeof hash[keyed], (const void *)form,
			sizeof form - 1, keyed ? keys_message(store) : NULL, keyed ? KEY_SIZE : 0);
	int64_t number = query_int("SELECT host FROM refused WHERE count = 2");
	for (unsigned keyed = 0; keyed < 2; keyed++) {
		const unsigned char *h = hash[keyed];
		int64_t documented = (int64_t)h[0] << 24 | (int64_t)h[1] << 16 |
			(int64_t)h[2] << 8 | h[3];
		assert_int_equal(number == documented, keyed);
	}
	assert_int_equal(count_bytes("small.example", 13), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rate_against_volume_and_habit),
		cmocka_unit_test(by_share_and_habit_without_volumes),
		cmocka_unit_test(habit_is_a_median),
		cmocka_unit_test(blocks_are_of_the_mails_before_them),
		cmocka_unit_test(days_are_numbers),
		cmocka_unit_test_setup_teardown(opened_held_and_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_order_does_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_resolved_counts_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(
			receivers_without_a_profile_by_host, setup, teardown),
		cmocka_unit_test_setup_teardown(hosts_are_numbers_of_the_key, setup, teardown),
		cmocka_unit_test_setup_teardown(who_refuses_now, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
