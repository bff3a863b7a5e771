/*
 * What receivers report of our domains: counted by day once, however often a report is sent, kept
 * for its period, bounded, and there after an upgrade.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_fixture.h"

/* A report of the day before NOW, with so many rows as there are in ROW. */
static struct summary_head head_of(const char *receiver, int64_t begin)
{
	struct summary_head head = {
		.kind = SUMMARY_DMARC, .begin = begin, .end = begin + DAY - 1
	};

	snprintf(head.receiver, sizeof head.receiver, "%s", receiver);
	return head;
}

static struct summary_row row_of(const char *network, uint64_t count, bool aligned)
{
	struct summary_row r = { .count = count, .dkim = aligned, .spf = aligned };

	snprintf(r.network, sizeof r.network, "%s", network);
	snprintf(r.domain, sizeof r.domain, "example.com");
	return r;
}

/* In a message of its own; DIGEST is that of the report. */
static void put_summary(const struct summary_head *head, const struct summary_row *row, size_t rows,
	unsigned digest, int64_t now)
{
	unsigned char d[STORE_DIGEST_SIZE] = { (unsigned char)digest,
		(unsigned char)(digest >> 8) };

	ok(store_begin(store));
	ok(store_summary(store, d, head, row, rows, now));
	ok(store_commit(store));
}

static void a_report_counts_once(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true),
		row_of("198.51.100.0/24", 7, false) };

	(void)state;
	put_summary(&head, row, 2, 1, NOW);
	put_summary(&head, row, 2, 1, NOW);
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 2);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 187);
	assert_int_equal(query_int("SELECT count(*) FROM seen"), 2); /* its id, what it tells */
	put_summary(&head, row, 1, 2, NOW); /* another of the same day: one row */
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 2);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 367);
	assert_int_equal(query_int("SELECT count FROM held WHERE class = 'summaries'"), 2);
	assert_int_equal(query_int("SELECT count(*) FROM summary WHERE at % 86400 = 43200"), 2);
}

/* What a kill takes back is counted with the next reading; a report that says nothing is none. */
static void nothing_counts_before_its_commit(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true) };
	unsigned char d[STORE_DIGEST_SIZE] = { 1 };

	(void)state;
	assert_int_equal(store_summary(store, d, &head, row, 1, NOW), STORE_MISUSE);
	ok(store_begin(store));
	ok(store_summary(store, d, &head, row, 1, NOW));
	store_rollback(store);
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 0);
	put_summary(&head, row, 1, 1, NOW);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 180);
}

/* The day is that of the middle, never one that is still to come. */
static void a_report_has_one_day(void **state)
{
	const int64_t midnight = day_start(NOW);
	struct summary_row row[] = { row_of("192.0.2.0/24", 10, true) };
	struct summary_head west = head_of("west.test", midnight - DAY + 5 * HOUR),
			    east = head_of("east.test", midnight - DAY - 9 * HOUR),
			    later = head_of("later.test", midnight + 12 * HOUR),
			    never = head_of("never.test", midnight + 300 * DAY);

	(void)state;
	put_summary(&west, row, 1, 1, NOW);
	put_summary(&east, row, 1, 2, NOW);
	put_summary(&later, row, 1, 3, NOW);
	put_summary(&never, row, 1, 4, NOW); /* of a time that has not come */
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 3);
	assert_int_equal(query_int("SELECT at FROM summary WHERE receiver = 'west.test'"),
		midnight - DAY / 2);
	assert_int_equal(query_int("SELECT at FROM summary WHERE receiver = 'east.test'"),
		midnight - DAY / 2);
	assert_int_equal(query_int("SELECT at FROM summary WHERE receiver = 'later.test'"),
		midnight + DAY / 2);
}

/* Who has a mail server and a domain of his own is a receiver, too. */
static void who_tells_of_few_has_no_name(void **state)
{
	struct summary_head own = head_of("smith-family.test", day_start(NOW) - DAY),
			    many = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row few[] = { row_of("192.0.2.0/24", 8, true),
		row_of("192.0.2.0/24", 1, false) };
	struct summary_row more[] = { row_of("192.0.2.0/24", 8, true),
		row_of("192.0.2.0/24", 2, false) };

	(void)state;
	put_summary(&own, few, 2, 1, NOW);
	put_summary(&own, few, 2, 1, NOW); /* the same again */
	put_summary(&many, more, 2, 2, NOW);
	assert_int_equal(count_bytes("smith-family", 12), 0);
	assert_int_equal(query_int("SELECT sum(count) FROM summary WHERE receiver = ''"), 9);
	assert_int_equal(
		query_int("SELECT sum(count) FROM summary WHERE receiver = 'mailbox.test'"), 10);
}

static void tls_results_lie_beside(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("", 400, false), row_of("", 6, false) };

	(void)state;
	head.kind = SUMMARY_TLS;
	row[1].result = TLS_EXPIRED;
	put_summary(&head, row, 2, 1, NOW);
	assert_int_equal(
		query_int("SELECT count FROM summary WHERE kind = 'tls' AND result = 'well'"), 400);
	assert_int_equal(
		query_int("SELECT count FROM summary WHERE result = 'certificate-expired'"), 6);
}

/* However many reports somebody makes up: a day has so many rows, and the sum stays right. */
static void a_day_is_bounded(void **state)
{
	enum { REPORTS = 30 };
	static struct summary_row row[1000];
	struct summary_head head = head_of("forged.test", day_start(NOW) - DAY);
	uint64_t sum = 0;

	(void)state;
	head.verified = 1;
	for (unsigned n = 0; n < REPORTS; n++) {
		snprintf(head.receiver, sizeof head.receiver, "forged%u.test", n);
		for (unsigned i = 0; i < 1000; i++) {
			char network[SUMMARY_NETWORK_SIZE];
			snprintf(network, sizeof network, "10.%u.%u.0/24", n, i % 250);
			row[i] = row_of(network, 1, i / 250 % 2);
			row[i].disposition = i / 500;
			sum++;
		}
		put_summary(&head, row, 1000, n + 1, NOW);
	}
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), sum);
	assert_true(query_int("SELECT count(*) FROM summary") < 13000);
	assert_true(query_int("SELECT count(*) FROM summary") > 8000);
	row[0].count = SUMMARY_COUNT_MAX;
	ok(store_begin(store));
	for (unsigned n = 0; n < 3000; n++) {
		unsigned char d[STORE_DIGEST_SIZE] = { (unsigned char)n, (unsigned char)(n >> 8),
			1 };
		ok(store_summary(store, d, &head, row, 1, NOW));
	}
	ok(store_commit(store));
	assert_true(query_int("SELECT max(count) FROM summary") <= 1000000000000);
}

/* However many strangers a report lists before it, a source that sends much keeps its name. */
static void a_large_source_keeps_its_name(void **state)
{
	enum { ROWS = 6000 };
	static struct summary_row row[ROWS];
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);

	(void)state;
	head.verified = 1;
	for (unsigned i = 0; i < ROWS; i++) {
		char network[SUMMARY_NETWORK_SIZE];
		snprintf(network, sizeof network, "10.%u.%u.0/24", i / 250, i % 250);
		row[i] = row_of(network, 1, false);
	}
	row[ROWS - 1] = row_of("192.0.2.0/24", 900, true);
	put_summary(&head, row, ROWS, 1, NOW);
	assert_int_equal(
		query_int("SELECT count FROM summary WHERE network = '192.0.2.0/24'"), 900);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 900 + ROWS - 1);
	assert_true(query_int("SELECT count(*) FROM summary") < 4100);
}

/* What nothing proves takes little room, whoever it claims to be of, and none of the others'. */
static void what_is_not_proven_is_bounded_more(void **state)
{
	enum { REPORTS = 30, ROWS = 1500 };
	static struct summary_row row[ROWS];
	struct summary_head forged = head_of("mailbox.test", day_start(NOW) - DAY), real = forged;

	(void)state;
	for (unsigned n = 0; n < REPORTS; n++) {
		for (unsigned i = 0; i < ROWS; i++) {
			char network[SUMMARY_NETWORK_SIZE];
			snprintf(network, sizeof network, "%u.%u.%u.0/24", n + 1, i / 250, i % 250);
			row[i] = row_of(network, 1, false);
		}
		if (n)
			snprintf(forged.receiver, sizeof forged.receiver, "mailbox%u.test", n);
		put_summary(&forged, row, ROWS, n + 1, NOW);
		assert_true(
			query_int(
				"SELECT max(n) FROM (SELECT count(*) AS n FROM summary GROUP BY receiver)") <=
			1025);
	}
	assert_true(query_int("SELECT count(*) FROM summary") <= 2600);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), REPORTS * ROWS);
	assert_int_equal(query_int("SELECT sum(verified) FROM summary"), 0);
	real.verified = 1;
	put_summary(&real, row, ROWS, REPORTS + 1, NOW);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM summary WHERE verified AND receiver = 'mailbox.test' AND network <> ''"),
		ROWS);
}

/* Under another id, in another order; few mails may well be alike. */
static void the_same_told_anew_counts_once(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY),
			    other = head_of("other.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true),
		row_of("198.51.100.0/24", 7, false) },
			   back[] = { row[1], row[0] };

	(void)state;
	put_summary(&head, row, 2, 1, NOW);
	put_summary(&head, back, 2, 2, NOW);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 187);
	put_summary(&other, back, 2, 3, NOW);
	head.verified = 1;
	put_summary(&head, back, 2, 4, NOW);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 3 * 187);
	put_summary(&head, row + 1, 1, 5, NOW);
	put_summary(&head, row + 1, 1, 6, NOW);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 3 * 187 + 2 * 7);
}

static int count_sources(void *context, const struct alignment_source *a)
{
	*(uint64_t *)context += a->mails;
	return STORE_OK;
}

static void what_is_proven_is_told_apart(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true) };
	struct summary_told told;
	uint64_t mails = 0;
	int32_t day = day_of(NOW - DAY);

	(void)state;
	put_summary(&head, row, 1, 1, NOW);
	head.verified = 1;
	row[0].count = 200;
	put_summary(&head, row, 1, 2, NOW);
	ok(store_alignment(store, day, day, true, 0, count_sources, NULL, &mails));
	assert_int_equal(mails, 200);
	ok(store_alignment(store, day, day, false, 0, count_sources, NULL, &mails));
	assert_int_equal(mails, 380);
	ok(store_summary_told(store, SUMMARY_DMARC, day, day, false, &told));
	assert_int_equal(told.receivers, 1);
	assert_int_equal(told.count, 180);
}

static void a_report_is_kept_for_its_period(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true) };
	struct purge p;

	(void)state;
	put_summary(&head, row, 1, 1, NOW);
	ok(store_purge(store, day_start(NOW) + 399 * DAY, false, &p));
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 1);
	ok(store_purge(store, day_start(NOW) + 399 * DAY + 1, false, &p));
	assert_int_equal(query_int("SELECT count(*) FROM summary"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM held WHERE class = 'summaries'"), 0);
	assert_int_equal(
		query_int("SELECT count(*) FROM ledger WHERE detail LIKE '%summaries=1%'"), 1);
}

static void an_older_store_has_a_place_for_them(void **state)
{
	struct summary_head head = head_of("mailbox.test", day_start(NOW) - DAY);
	struct summary_row row[] = { row_of("192.0.2.0/24", 180, true) };

	(void)state;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW), NOW);
	assert_int_equal(sqlite3_exec(store->db, back_to(21), NULL, NULL, NULL), SQLITE_OK);
	close_store();
	ok(open_store(test_options(), NOW));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 1);
	put_summary(&head, row, 1, 1, NOW);
	assert_int_equal(query_int("SELECT sum(count) FROM summary"), 180);
}

/* Of those from before version 24 nothing proves who sent them. */
static void older_reports_are_not_proven(void **state)
{
	(void)state;
	assert_int_equal(sqlite3_exec(store->db, back_to(23), NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(store->db,
			"INSERT INTO summary VALUES (43200, 'dmarc', 'mailbox.test', 'example.com', '192.0.2.0/24', 'none', 1, 0, '', 7); INSERT INTO held VALUES ('summaries', 0, 1)",
			NULL, NULL, NULL),
		SQLITE_OK);
	close_store();
	ok(open_store(test_options(), NOW));
	assert_int_equal(
		query_int(
			"SELECT count FROM summary WHERE NOT verified AND dkim AND network = '192.0.2.0/24'"),
		7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_report_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_counts_before_its_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(a_report_has_one_day, setup, teardown),
		cmocka_unit_test_setup_teardown(who_tells_of_few_has_no_name, setup, teardown),
		cmocka_unit_test_setup_teardown(tls_results_lie_beside, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_source_keeps_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_not_proven_is_bounded_more, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_told_anew_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_proven_is_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(older_reports_are_not_proven, setup, teardown),
		cmocka_unit_test_setup_teardown(a_report_is_kept_for_its_period, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_older_store_has_a_place_for_them, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
