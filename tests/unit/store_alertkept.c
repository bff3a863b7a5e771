/*
 * What is kept for alerts and of them: hours, gaps of mailboxes and facts of their
 * servers, when one was.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_alert.h"

static enum domain_group all_known(void *context, const char *provider)
{
	(void)context;
	(void)provider;
	return DOMAIN_LARGE;
}

/* --- telling -------------------------------------------------------------- */

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
	sql("%s UPDATE alert SET since = %lld;", back_to(17),
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
	    "%s",
		back_to(6));
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

/* --- what mailboxes' servers are known by ---------------------------------- */

static int take_facts(void *context, const struct mailbox_state *m)
{
	if (strcmp(m->name, "bounces") == 0)
		*(struct mailbox_facts *)context = m->facts;
	return 0;
}

static int64_t certificate_end(void)
{
	struct mailbox_facts facts = { .certificate_end = -1 };

	ok(store_mailboxes(store, take_facts, &facts));
	return facts.certificate_end;
}

static void facts_of_a_server_are_those_of_its_last_visit(void **state)
{
	const struct mailbox_facts some = { .certificate_end = NOW + DAY }, none = { 0 };

	(void)state;
	ok(store_mailbox_read(store, "bounces", NOW, true, NULL));
	ok(store_mailbox_read(store, "complaints", NOW, true, NULL));
	assert_int_equal(certificate_end(), 0);
	ok(store_mailbox_facts(store, "bounces", &some));
	assert_int_equal(certificate_end(), NOW + DAY);
	ok(store_mailbox_facts(store, "complaints", &none));
	assert_int_equal(certificate_end(), NOW + DAY);
	ok(store_mailbox_facts(store, "bounces", &none));
	assert_int_equal(certificate_end(), 0);
	assert_int_equal(query_int("SELECT count(*) FROM mailbox_fact"), 0);
}

static void facts_from_before_are_taken_over(void **state)
{
	(void)state;
	ok(store_mailbox_read(store, "bounces", NOW, true, NULL));
	ok(store_mailbox_read(store, "local", NOW, true, NULL));
	sql("%s UPDATE mailbox SET certificate_end = %lld WHERE name = 'bounces'", back_to(27),
		(long long)(NOW + DAY));
	close_store();
	ok(open_store(test_options(), NOW));
	assert_int_equal(certificate_end(), NOW + DAY);
	assert_int_equal(query_int("SELECT count(*) FROM mailbox_fact"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(old_alerts_go_with_their_retention),
		T(when_it_was_outlasts_an_alert),
		T(when_a_mailbox_was_not_read_is_kept),
		T(events_are_counted_in_their_hours),
		T(an_older_store_is_brought_up),
		T(facts_of_a_server_are_those_of_its_last_visit),
		T(facts_from_before_are_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
