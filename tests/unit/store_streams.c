/*
 * Streams of our mail: what somebody does not want is not sent, and the rest is.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_fixture.h"
#include "store/history/history.h"

static const char *const news_patterns[] = { "news-*", NULL };
static const struct mail_stream streams[] = { { .name = "newsletter", .campaigns = news_patterns },
	{ .name = "orders" }, { 0 } };
enum { ANY, NEWSLETTER, ORDERS };

static struct store_options with_streams(const struct mail_stream *all)
{
	struct store_options o = test_options();

	o.streams = all;
	return o;
}

static int setup_streams(void **state)
{
	setup_empty(state);
	return open_store(with_streams(streams), NOW);
}

static void open_again(const struct mail_stream *all, int64_t now)
{
	close_store();
	ok(open_store(with_streams(all), now));
}

static struct answer check_stream(const char *who, unsigned stream, int64_t now)
{
	struct answer a;

	ok(store_check_stream(store, who, strlen(who), stream, now, &a));
	ask_as_list(who, stream, now, &a);
	return a;
}

static void say(enum category category, const char *who, const char *stream, int64_t at)
{
	struct event e = event_of(category == CATEGORY_USER_UNKNOWN ? KIND_FAILURE
			: category == CATEGORY_OPT_OUT              ? KIND_OPTOUT
								    : KIND_COMPLAINT,
		category, who, at);

	snprintf(e.stream, sizeof e.stream, "%s", stream);
	put_event(e, at);
}

/* The verdicts for whatever mail, for newsletters and for orders. */
static void assert_verdicts(const char *who, const char *letters, int64_t now)
{
	for (unsigned s = ANY; s <= ORDERS; s++) {
		struct answer a = check_stream(who, s, now);
		if ((a.verdict == VERDICT_SUPPRESS) != (letters[s] == 'x'))
			fail_msg("%s, stream %u: %s", who, s, verdict_name(a.verdict));
	}
}

/* --- tests ------------------------------------------------------------------- */

static void an_objection_is_to_its_stream(void **state)
{
	(void)state;
	say(CATEGORY_ABUSE, "complains@example.net", "newsletter", NOW);
	say(CATEGORY_OPT_OUT, "leaves@example.net", "orders", NOW);
	say(CATEGORY_USER_UNKNOWN, "gone@example.net", "newsletter", NOW);
	say(CATEGORY_ABUSE, "angry@example.net", "", NOW);
	say(CATEGORY_ABUSE, "angry2@example.net", "a name nobody knows", NOW);
	assert_verdicts("complains@example.net", "xx-", NOW);
	assert_verdicts("leaves@example.net", "x-x", NOW);
	assert_verdicts("gone@example.net", "xxx", NOW);
	assert_verdicts("angry@example.net", "xxx", NOW);
	assert_verdicts("angry2@example.net", "xxx", NOW);
	assert_verdicts("other@example.net", "---", NOW);
	struct answer a = check_stream("complains@example.net", ANY, NOW);
	assert_string_equal(a.stream, "newsletter");
	assert_string_equal(a.reason, "abuse");
	assert_int_equal(a.since, day_start(NOW));
	assert_string_equal(check_stream("gone@example.net", ANY, NOW).stream, "");
	assert_int_equal(check_stream("complains@example.net", ORDERS, NOW).state, STATE_ACTIVE);
}

/* A campaign may be signed; a parser's word is not. */
static void the_campaign_names_the_stream(void **state)
{
	struct event e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "anna@example.net", NOW);

	(void)state;
	snprintf(e.campaign, sizeof e.campaign, "NEWS-7");
	snprintf(e.stream, sizeof e.stream, "orders");
	put_event(e, NOW);
	assert_verdicts("anna@example.net", "xx-", NOW);
	assert_int_equal(
		query_int("SELECT count FROM stream_count WHERE stream = 'newsletter'"), 1);
}

/* What a stream that is gone, or has another name, was told, stands against all. */
static void a_stream_that_is_no_more_is_all(void **state)
{
	(void)state;
	say(CATEGORY_ABUSE, "anna@example.net", "newsletter", NOW);
	open_again(streams + 1, NOW);
	struct answer a = check_stream("anna@example.net", 1, NOW);
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);
	assert_string_equal(a.stream, "");
	open_again(NULL, NOW);
	assert_int_equal(check("anna@example.net", NOW).verdict, VERDICT_SUPPRESS);
	open_again(streams, NOW);
	assert_verdicts("anna@example.net", "xx-", NOW);
}

static void free_it(const char *who, unsigned stream, int64_t now, bool expected)
{
	bool freed;

	ok(store_begin(store));
	ok(store_contact_free(store, who, strlen(who), stream, now, &freed));
	ok(store_commit(store));
	assert_int_equal(freed, expected);
}

static void one_stream_is_let_through(void **state)
{
	static const char who[] = "anna@example.net";
	enum contact_state from;
	bool moved;

	(void)state;
	say(CATEGORY_ABUSE, who, "newsletter", NOW - 2 * DAY);
	say(CATEGORY_OPT_OUT, who, "orders", NOW - 2 * DAY);
	free_it(who, NEWSLETTER, NOW, true);
	assert_verdicts(who, "x-x", NOW);
	free_it(who, NEWSLETTER, NOW, false);
	/* what is read later, but was said before, is over; what is said later is not */
	say(CATEGORY_ABUSE, who, "newsletter", NOW - DAY);
	assert_verdicts(who, "x-x", NOW);
	say(CATEGORY_ABUSE, who, "newsletter", NOW + HOUR);
	assert_verdicts(who, "xxx", NOW + HOUR);
	ok(store_begin(store));
	ok(store_contact_move(
		store, who, strlen(who), MOVE_REACTIVATE, NOW + 2 * DAY, &from, &moved));
	ok(store_commit(store));
	assert_true(moved);
	assert_int_equal(from, STATE_INACTIVE);
	assert_verdicts(who, "---", NOW + 2 * DAY);
}

/* An erasure that keeps suppressions keeps these as well, without what else was known. */
static void an_erasure_may_keep_it(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	struct contact_view v;

	(void)state;
	say(CATEGORY_ABUSE, who, "newsletter", NOW);
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), true, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.suppressions, 1);
	assert_verdicts(who, "xx-", NOW);
	ok(store_contact_show(store, who, strlen(who), NOW, &v));
	assert_int_equal(v.objections, 1);
	assert_string_equal(v.objected[0].rule, "");
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, NOW, &sum));
	ok(store_commit(store));
	assert_verdicts(who, "---", NOW);
}

static void a_list_may_be_of_one_stream(void **state)
{
	static const char who[] = "anna@example.net";
	struct suppression entry = { CATEGORY_OPT_OUT, NOW - DAY, "suppress.csv", NEWSLETTER };
	enum suppressed what[4];

	(void)state;
	ok(store_begin(store));
	ok(store_suppress(store, who, strlen(who), &entry, NOW, &what[0]));
	ok(store_suppress(store, who, strlen(who), &entry, NOW, &what[1]));
	entry.stream = ANY;
	ok(store_suppress(store, "b@example.net", 13, &entry, NOW, &what[2]));
	ok(store_commit(store));
	assert_int_equal(what[0], SUPPRESSED_NOW);
	assert_int_equal(what[1], SUPPRESSED_BEFORE);
	assert_verdicts(who, "xx-", NOW);
	assert_verdicts("b@example.net", "xxx", NOW);
	free_it(who, NEWSLETTER, NOW, true);
	entry.stream = NEWSLETTER;
	ok(store_begin(store));
	ok(store_suppress(store, who, strlen(who), &entry, NOW, &what[3]));
	ok(store_commit(store));
	assert_int_equal(what[3], SUPPRESSED_SINCE_FREED);
	assert_verdicts(who, "---", NOW);
}

/* Who objected before there were streams objected to all mail. */
static void a_store_from_before_streams(void **state)
{
	sqlite3 *db;

	(void)state;
	say(CATEGORY_ABUSE, "anna@example.net", "", NOW);
	close_store();
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, back_to(22), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ok(open_store(with_streams(streams), NOW));
	assert_int_equal(query_int("PRAGMA user_version"), SCHEMA_VERSION);
	assert_verdicts("anna@example.net", "xxx", NOW);
	say(CATEGORY_ABUSE, "joe@example.net", "newsletter", NOW);
	assert_verdicts("joe@example.net", "xx-", NOW);
}

/* Who was suppressed before is not told; who is from now on, is. */
static void a_store_from_before_news(void **state)
{
	sqlite3 *db;
	struct store_options o = with_streams(streams);

	(void)state;
	say(CATEGORY_ABUSE, "anna@example.net", "", NOW);
	close_store();
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, back_to(24), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	o.tell = true;
	ok(open_store(o, NOW));
	assert_int_equal(query_int("PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE news IS NOT NULL"), 0);
	say(CATEGORY_ABUSE, "joe@example.net", "newsletter", NOW);
	say(CATEGORY_ABUSE, "anna@example.net", "", NOW);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE news IS NOT NULL"), 1);
}

/* --- histories ----------------------------------------------------------------- */

enum { PARTS = 4, SAID = 60 };

static const struct history *part_of(void *context, unsigned i)
{
	const struct history *const *parts = context;

	return parts[i];
}

/* Objections and decisions, shared out at random; more streams than a history tells apart. */
static void fill_parts(struct history parts[PARTS], unsigned numbers)
{
	for (unsigned i = 0; i < PARTS; i++)
		history_clear(&parts[i]);
	for (unsigned i = 0; i < SAID; i++) {
		struct cause cause = { .category = CATEGORY_ABUSE };
		struct history *h = &parts[rand() % PARTS];
		uint32_t stream = 1 + (uint32_t)rand() % numbers;
		int64_t at = NOW + rand() % (20 * DAY);
		snprintf(cause.rule, sizeof cause.rule, "rule-%d", rand() % 3);
		if (rand() % 5)
			history_object(h, stream, at, &cause, (uint32_t)rand() % 3, 0);
		else
			history_free_stream(h, stream, at);
		assert_true(history_objections_are_sound(h));
	}
}

/* In whatever order, and however often, they are added, the sum is the same and can be read. */
static void sums_are_the_same_in_any_order(void **state)
{
	static struct history parts[PARTS], sum, again;
	static unsigned char bytes[2][HISTORY_SIZE_MAX];

	(void)state;
	srand(7);
	for (unsigned round = 0; round < 2000; round++) {
		const struct history *order[2 * PARTS];
		int n[2];
		fill_parts(parts, round % 3 ? 3 : 24);
		for (unsigned way = 0; way < 2; way++) {
			for (unsigned i = 0; i < 2 * PARTS; i++)
				order[i] = &parts[i % PARTS];
			for (unsigned i = PARTS; way && i > 1; i--) {
				unsigned j = (unsigned)rand() % i;
				const struct history *swap = order[i - 1];
				order[i - 1] = order[j];
				order[j] = swap;
			}
			history_clear(&sum);
			history_add_objections(&sum, way ? 2 * PARTS : PARTS, part_of, order);
			n[way] = history_write(&sum, bytes[way]);
		}
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(bytes[0], bytes[1], (size_t)n[0]);
		assert_true(history_read(&again, bytes[0], n[0]));
		assert_int_equal(again.objections, sum.objections);
	}
}

int main(void)
{
#define STREAM_TEST(test) cmocka_unit_test_setup_teardown(test, setup_streams, teardown)
	const struct CMUnitTest tests[] = {
		STREAM_TEST(an_objection_is_to_its_stream),
		STREAM_TEST(the_campaign_names_the_stream),
		STREAM_TEST(a_stream_that_is_no_more_is_all),
		STREAM_TEST(one_stream_is_let_through),
		STREAM_TEST(an_erasure_may_keep_it),
		STREAM_TEST(a_list_may_be_of_one_stream),
		STREAM_TEST(a_store_from_before_streams),
		STREAM_TEST(a_store_from_before_news),
		cmocka_unit_test(sums_are_the_same_in_any_order),
	};

	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
