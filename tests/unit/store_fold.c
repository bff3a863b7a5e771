/*
 * A campaign that belongs to fewer than k recipients when its day is over is none: its name is in
 * no table and in no byte.
 */
#include "tests/unit/store_fixture.h"

static void put_of(const char *campaign, const char *recipient, int number, int64_t at)
{
	char address[64];
	struct event e;

	snprintf(address, sizeof address, "%s%d@example.net", recipient, number);
	e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, at);
	snprintf(e.campaign, sizeof e.campaign, "%s", campaign);
	put_event(e, NOW + 3 * DAY);
}

/* How many rows name CAMPAIGN in TABLE. */
static int64_t named(const char *table, const char *campaign)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s = '%s'", table,
		strcmp(table, "campaign") == 0 ? "name" : "campaign", campaign);
	return query_int(sql);
}

static void purge_at(int64_t now)
{
	struct purge p;

	ok(store_purge(store, now, false, &p));
}

static void persons_are_folded_and_campaigns_last(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		put_of("autumn", "a", i, NOW);
	for (int i = 0; i < 9; i++)
		put_of("custN_joe.doe", "b", i, NOW);
	for (int i = 0; i < 12; i++) /* twelve events of one person are no twelve people */
		put_of("acct-4711", "joe", 1, NOW + i * 60);
	purge_at(NOW + HOUR);
	assert_int_equal(named("tally", "custN_joe.doe"), 1); /* its day is not over */
	purge_at(NOW + DAY);
	assert_int_equal(named("event", "autumn"), 10);
	assert_int_equal(named("tally", "autumn"), 1);
	static const char *const tables[] = { "event", "tally", "campaign" };
	for (int i = 0; i < 3; i++) {
		assert_int_equal(named(tables[i], "custN_joe.doe"), 0);
		assert_int_equal(named(tables[i], "acct-4711"), 0);
	}
	assert_int_equal(named("event", "other campaigns"), 21);
	assert_int_equal(
		query_int("SELECT sum(count) FROM tally WHERE campaign = 'other campaigns'"), 21);
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 31);
	assert_int_equal(count_bytes("custN_joe.doe", 13), 0);
	assert_int_equal(count_bytes("acct-4711", 9), 0);
}

/* The tail of a campaign keeps its name for a while; what comes late is judged late. */
static void a_campaign_has_a_tail(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		put_of("autumn", "a", i, NOW);
	purge_at(NOW + DAY);
	put_of("autumn", "z", 1, NOW + DAY);
	put_of("joe", "z", 2, NOW - DAY);
	purge_at(NOW + 2 * DAY);
	assert_int_equal(named("event", "autumn"), 11);
	assert_int_equal(named("event", "joe"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM campaign"), 0);
}

static void add_sent(const char *source, const char *campaign, uint64_t sent)
{
	struct volume v = { .day = day_of(NOW), .sent = sent };

	snprintf(v.provider, sizeof v.provider, "gmail");
	snprintf(v.campaign, sizeof v.campaign, "%s", campaign);
	ok(store_begin(store));
	ok(store_volume_add(store, source, false, &v));
	ok(store_commit(store));
}

/* What was sent to many is a campaign, however few come back; what was sent to few is none. */
static void what_was_sent_counts(void **state)
{
	(void)state;
	add_sent("crm", "autumn", 5000);
	add_sent("crm", "cust17", 2);
	add_sent("crm", "cust18", 3);
	put_of("autumn", "a", 1, NOW);
	put_of("cust17", "b", 1, NOW);
	purge_at(NOW + DAY);
	assert_int_equal(named("event", "autumn"), 1);
	assert_int_equal(named("event", "cust17"), 0);
	assert_int_equal(named("volume", "cust17") + named("volume", "cust18"), 0);
	assert_int_equal(
		query_int("SELECT sent FROM volume WHERE campaign = 'other campaigns'"), 5);
}

/* An erasure does not wait for the day's end. */
static void an_erasure_takes_the_name_with_it(void **state)
{
	struct erased sum = { .events = 0 };

	(void)state;
	put_of("custN_joe.doe", "joe", 1, NOW);
	put_of("pair", "joe", 1, NOW);
	put_of("pair", "ann", 2, NOW);
	ok(store_begin(store));
	ok(store_forget(store, "joe1@example.net", 16, true, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.events, 2);
	assert_int_equal(named("tally", "custN_joe.doe") + named("campaign", "custN_joe.doe"), 0);
	assert_int_equal(named("event", "pair"), 1);
	ok(store_scrub(store));
	assert_int_equal(count_bytes("custN_joe.doe", 13), 0);
}

/* What only looks like a campaign's name is taken by no store, whoever read it. */
static void an_address_is_no_campaign(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "x@example.net", NOW);

	(void)state;
	snprintf(e.campaign, sizeof e.campaign, "joe+40example.net");
	put_event(e, NOW);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE campaign IS NULL"), 1);
	assert_int_equal(count_bytes("joe+40example", 13), 0);
}

static enum domain_group unknown_group(void *context, const char *provider)
{
	(void)context;
	return strcmp(provider, "other") == 0 ? DOMAIN_BUSINESS : DOMAIN_UNKNOWN;
}

/* [privacy] domains = all names a domain from k recipients on, and a person's own not. */
static void a_domain_of_few_is_other(void **state)
{
	struct store_options o = test_options();
	char address[64];

	(void)state;
	close_store();
	o.all_domains = true;
	o.provider_group = unknown_group;
	ok(open_store(o, NOW));
	for (int i = 0; i < 10; i++) {
		snprintf(address, sizeof address, "a%d@firm.example", i);
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, NOW), NOW);
	}
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "me@doe.example", NOW), NOW);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE provider = 'doe.example'"), 1);
	purge_at(NOW + DAY);
	assert_int_equal(
		query_int("SELECT count(*) FROM event WHERE provider = 'firm.example'"), 10);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE provider = 'other'"), 1);
	assert_int_equal(count_bytes("doe.example", 11), 0);
}

static int count_complaining(void *context, int32_t month, const char *provider)
{
	*(int *)context += month == 202611 && strcmp(provider, "other") == 0;
	return 0;
}

/*
 * When a month is over for long and its events are gone, its counts are taken apart: each sum is
 * whole, what joined day, provider, campaign and cause is not there any more.
 */
static void a_closed_month_has_sums_alone(void **state)
{
	int32_t first = 0, before = 0;
	int found = 0;

	(void)state;
	for (int i = 0; i < 12; i++)
		put_of("autumn", "a", i, NOW);
	put_of("autumn", "a", 1, NOW - DAY);
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "joe@example.net", NOW), NOW);
	purge_at(NOW + 4 * DAY);
	ok(store_first_day(store, &before));
	purge_at(NOW + 176 * DAY);
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 14);
	assert_int_equal(query_int("SELECT count(*) FROM tally_month"), 0);
	purge_at(NOW + 215 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM tally"), 0);
	assert_int_equal(
		query_int(
			"SELECT count FROM tally_month WHERE part = 'campaign' AND name = 'autumn'"),
		12);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM tally_month WHERE part = 'day' AND kind = 'failure'"),
		2);
	assert_int_equal(
		query_int("SELECT sum(count) FROM tally_month WHERE part = 'provider' AND day = 0"),
		14);
	ok(store_first_day(store, &first));
	assert_int_equal(first, before);
	ok(store_complaining(store, 20261101, 20261130, count_complaining, &found));
	assert_int_equal(found, 1);
}

/* Who tells other sites of each day keeps the days. */
static void of_several_sites_no_month_is_closed(void **state)
{
	struct store_options o = test_options();

	(void)state;
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "joe@example.net", NOW), NOW);
	close_store();
	o.site = "north";
	ok(open_store(o, NOW));
	purge_at(NOW + 215 * DAY);
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 1);
	assert_int_equal(query_int("SELECT count(*) FROM tally_month"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(persons_are_folded_and_campaigns_last),
		TEST(a_campaign_has_a_tail),
		TEST(what_was_sent_counts),
		TEST(an_erasure_takes_the_name_with_it),
		TEST(an_address_is_no_campaign),
		TEST(a_domain_of_few_is_other),
		TEST(a_closed_month_has_sums_alone),
		TEST(of_several_sites_no_month_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
