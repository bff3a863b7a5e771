/*
 * The table of contacts as a whole, an operator's moves, a cause that is taken back, a whole list.
 */
#include "tests/unit/store_contact.h"

/* --- what the table as a whole promises ----------------------------------- */

/* The state behind FROM when WHAT happens; NULL: the table has no such row. */
static const char *table_says(const char *from, const char *what)
{
	const char *words[STORE_TRANSITION_WORDS];

	for (unsigned n = 0; store_transition(n, words); n++)
		if (strcmp(words[0], from) == 0 && strcmp(words[1], what) == 0)
			return words[2];
	return NULL;
}

/*
 * Prints the table; each pair stands there once, time alone leads back to active from everywhere
 * but inactive and what is only yet to be confirmed, and out of inactive only an operator leads.
 */
static void the_table_loses_nobody(void **state)
{
	const char *words[STORE_TRANSITION_WORDS], *at;

	(void)state;
	for (unsigned n = 0; store_transition(n, words); n++) {
		print_message("%s + %s > %s (%s; %s)\n", words[0], words[1], words[2], words[3],
			words[4]);
		assert_ptr_equal(table_says(words[0], words[1]), words[2]);
		if (strcmp(words[0], "inactive") == 0 && strcmp(words[2], "inactive") != 0)
			assert_string_equal(words[1], "reactivate");
	}
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		const char *from = contact_state_name(s);
		assert_string_equal(table_says(from, "hard or complaint"), "inactive");
		at = from;
		for (unsigned steps = 0; steps < STATE_COUNT && table_says(at, "time"); steps++)
			at = table_says(at, "time");
		assert_string_equal(
			at, s == STATE_INACTIVE || s == STATE_UNCONFIRMED ? "inactive" : "active");
		assert_true(s == STATE_ACTIVE || s == STATE_INACTIVE ||
			strcmp(table_says(from, "delivered"), "active") == 0);
	}
}

/* --- an operator's moves -------------------------------------------------- */

static bool move(enum contact_move what, int64_t now)
{
	enum contact_state from;
	bool moved;

	ok(store_begin(store));
	ok(store_contact_move(store, joe, strlen(joe), what, now, &from, &moved));
	ok(store_commit(store));
	return moved;
}

static void moves_are_those_of_the_table(void **state)
{
	(void)state;
	assert_false(move(MOVE_REVALIDATE, NOW));
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_false(move(MOVE_REACTIVATE, NOW));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
	failed(CATEGORY_POLICY, NOW);
	assert_false(move(MOVE_REVALIDATE, NOW));
	assert_false(move(MOVE_REACTIVATE, NOW));
	assert_true(move(MOVE_RESOLVE, NOW));
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_int_equal(check(joe, NOW).state, STATE_RETRY_GATED);
	failed(CATEGORY_USER_UNKNOWN, NOW);
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_true(move(MOVE_REACTIVATE, NOW));
	assert_int_equal(check(joe, NOW).state, STATE_ACTIVE);
}

/*
 * A bounce from before that is read later: a reactivation stands, a revalidation ends when the
 * address does not exist.
 */
static void moves_and_late_mail(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY);
	assert_true(move(MOVE_REVALIDATE, NOW + 4 * DAY));
	expect(NOW + 4 * DAY, VERDICT_SEND, STATE_REVALIDATE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + 4 * DAY, VERDICT_SEND, STATE_REVALIDATE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 5 * DAY);
	failed(CATEGORY_NETWORK_ERROR, NOW + 8 * DAY); /* the pause before is not forgotten */
	expect(NOW + 8 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
	failed(CATEGORY_USER_UNKNOWN, NOW + 2 * DAY);
	expect(NOW + 8 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	assert_true(move(MOVE_REACTIVATE, NOW + 9 * DAY));
	failed(CATEGORY_BAD_ADDRESS, NOW + 9 * DAY);
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + 9 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(check(joe, NOW + 9 * DAY).since, day_start(NOW + 9 * DAY));
	failed(CATEGORY_BAD_ADDRESS, NOW + 9 * DAY + 1);
	expect(NOW + 10 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "bad-address");
}

/* --- taken back ----------------------------------------------------------- */

static struct event outage(const char *who, int64_t at)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, at);

	strcpy(e.provider, "gmail");
	strcpy(e.reporting_mta, "Relay.example.org");
	return e;
}

static struct cause_moves undo(struct cause_choice choice, int64_t now)
{
	struct cause_moves moves;

	ok(store_begin(store));
	ok(store_undo(store, &choice, now, &moves));
	ok(store_commit(store));
	return moves;
}

/* Everybody goes where the rest of the history leads, also who is heard of only afterwards. */
static void a_cause_is_taken_back(void **state)
{
	struct cause_choice gmail = { NOW - DAY, NOW, .provider = "gmail" };
	struct event e;
	uint64_t changed;

	(void)state;
	put_event(outage(joe, NOW), NOW);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "full@example.org", NOW - DAY), NOW);
	put_event(outage("full@example.org", NOW), NOW);
	put_event(outage("dead@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "dead@example.org", NOW - 3 * DAY),
		NOW);
	put_event(outage("old@example.org", NOW - 2 * DAY), NOW);
	put_event(e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "other@example.net", NOW), NOW);
	e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "angry@example.org", NOW);
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	struct cause_moves moves = undo(gmail, NOW + HOUR);
	assert_int_equal(moves.matched, 3);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_ACTIVE], 1);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_SOFT], 1);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_INACTIVE], 1);
	expect(NOW + HOUR, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_string_equal(check("full@example.org", NOW - DAY + HOUR).reason, "mailbox-full");
	assert_int_equal(check("dead@example.org", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("old@example.org", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("other@example.net", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("angry@example.org", NOW).verdict, VERDICT_SUPPRESS);
	put_event(outage("late@example.org", NOW), NOW + 2 * HOUR); /* was still in the mailbox */
	assert_int_equal(check("late@example.org", NOW + 2 * HOUR).verdict, VERDICT_SEND);
	close_store();
	ok(open_store(test_options(), NOW));
	put_event(outage("later@example.org", NOW), NOW + 2 * HOUR);
	assert_int_equal(check("later@example.org", NOW + 2 * HOUR).verdict, VERDICT_SEND);
	put_event(outage(joe, NOW + DAY), NOW + DAY); /* and it is dead after all */
	expect(NOW + DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	ok(store_advance(store, NOW + 40 * DAY, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state = 'active'"),
		1); /* who was full */
}

/* By rule, reporting MTA, campaign, and by all of them together; soft failures and blocks, too. */
static void causes_are_told_apart(void **state)
{
	struct cause_choice nobody = { NOW, NOW, .provider = "gmail",
		.reporting_mta = "mx.example.net" };
	struct cause_choice relay = { NOW, NOW, .reporting_mta = "relay.EXAMPLE.org." },
			    rule = { NOW, NOW, .rule = "rule-policy" };
	struct cause_choice campaign = { NOW, NOW, .campaign = "spring" },
			    none = { NOW, NOW, NULL, NULL, NULL, NULL };
	struct cause_moves moves;
	struct event e = outage("third@example.org", NOW);

	(void)state;
	put_event(outage(joe, NOW), NOW);
	failed(CATEGORY_POLICY, NOW - DAY);
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "jane@example.org", NOW), NOW);
	strcpy(e.campaign, "autumn");
	strcpy(e.reporting_mta, "mx.example.com");
	put_event(e, NOW);
	assert_int_equal(undo(nobody, NOW).matched, 0);
	assert_int_equal(undo(relay, NOW).moved[STATE_INACTIVE][STATE_INVESTIGATE], 1);
	assert_int_equal(undo(rule, NOW).moved[STATE_BLOCK][STATE_ACTIVE], 1);
	assert_int_equal(undo(campaign, NOW).matched, 0);
	assert_int_equal(check("third@example.org", NOW).verdict, VERDICT_SUPPRESS);
	ok(store_begin(store));
	assert_int_equal(store_undo(store, &none, NOW, &moves), STORE_MISUSE);
	store_rollback(store);
	assert_int_equal(count_bytes("relay.example.org", 17),
		0); /* no host is in the file, only a number under a key */
}

/* Who objected to a stream, is let through, and has a failure since that is taken back, is active
 * for no reason. */
static void what_is_taken_back_is_no_reason(void **state)
{
	struct cause_choice rule = { NOW, NOW, .rule = "rule-policy" };
	static const struct mail_stream streams[] = { { .name = "newsletter" }, { 0 } };
	struct store_options o = test_options();
	struct event e = event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, joe, NOW - 5 * DAY);
	enum contact_state from;
	bool moved;

	(void)state;
	o.streams = streams;
	close_store();
	ok(open_store(o, NOW));
	strcpy(e.stream, "newsletter");
	put_event(e, NOW);
	ok(store_begin(store));
	ok(store_contact_move(
		store, joe, strlen(joe), MOVE_REACTIVATE, NOW - 2 * DAY, &from, &moved));
	ok(store_commit(store));
	failed(CATEGORY_POLICY, NOW);
	assert_int_equal(undo(rule, NOW).moved[STATE_BLOCK][STATE_ACTIVE], 1);
	assert_int_equal(query_int("SELECT count(*) FROM " CONTACT_PLAIN
				   " WHERE state = 'active' AND (reason <> '' OR rule <> '')"),
		0);
}

/* --- a whole list --------------------------------------------------------- */

enum { PEOPLE = 400, STRANGERS = 50 };

/* TIMES over: few are looked for one after the other, for many all contacts are gone through. */
static void ask_list(struct store *reader, unsigned times, int64_t now, unsigned seen[STATE_COUNT])
{
	unsigned count = times * (PEOPLE + STRANGERS);
	struct answer one, many;
	char address[64];

	ok(store_snapshot(reader, true));
	ok(store_ask_begin(reader, count));
	for (unsigned i = 0; i < count; i++) {
		int n = snprintf(address, sizeof address, "p%u@example.org", i / times);
		ok(store_ask(reader, address, (size_t)n));
	}
	assert_int_equal(store_ask(reader, address, strlen(address)), STORE_FAILED); /* announced */
	ok(store_ask_all(reader, 0, now));
	for (unsigned i = 0; i < count; i++) {
		int n = snprintf(address, sizeof address, "p%u@example.org", i / times);
		ok(store_check(store, address, (size_t)n, now, &one));
		ok(store_asked(reader, &many));
		assert_memory_equal(&one, &many, sizeof one);
		seen[one.state]++;
	}
	assert_int_equal(store_asked(reader, &many), STORE_MISUSE);
	ok(store_snapshot(reader, false));
}

/* More of them than fit in the place of a question. */
static void many_attempts(void)
{
	struct contact_page page = { .n = 0 };
	struct contact c;
	bool found;

	ok(store_begin(store));
	ok(contact_page(store, &page,
		db_bind(store, SQL_CONTACT_AFTER, "bi", page.last, PSEUDONYM_SIZE,
			(int64_t)CONTACT_PAGE)));
	for (unsigned i = 0; i < page.n; i++) {
		ok(contact_load(store, page.key[i], &c, &found));
		c.now.soft = c.now.state == STATE_SOFT ? 200 : c.now.soft;
		ok(contact_save(store, SQL_CONTACT_PUT, &c));
	}
	ok(store_commit(store));
}

/* Contacts in every state, asked one by one and as a list, at many times: the same answers. */
static void a_list_is_answered_as_one_by_one(void **state)
{
	static const enum category categories[] = { CATEGORY_USER_UNKNOWN, CATEGORY_NETWORK_ERROR,
		CATEGORY_MAILBOX_FULL, CATEGORY_POLICY, CATEGORY_REPUTATION,
		CATEGORY_UNDETERMINED };
	struct store_options o = test_options();
	struct store *reader;
	unsigned seen[STATE_COUNT] = { 0 };
	char address[64];
	bool created;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < PEOPLE; i++) {
		snprintf(address, sizeof address, "p%u@example.org", i);
		for (unsigned n = 0; n <= i % 4; n++) {
			struct event e = event_of(KIND_FAILURE, categories[i % 6], address,
				NOW + (int64_t)n * (i % 7) * DAY);
			put(&e, next_message++, NOW + 30 * DAY);
		}
	}
	ok(store_commit(store));
	o.create = false;
	o.read_only = true;
	assert_int_equal(store_open(&reader, &o, NOW, &created), STORE_OK);
	assert_int_equal(store_ask_begin(reader, 1), STORE_MISUSE); /* no snapshot */
	for (int64_t now = NOW; now < NOW + 100 * DAY; now += 3 * DAY + HOUR)
		for (unsigned times = 1; times <= 3; times += 2)
			ask_list(reader, times, now, seen);
	/* an answer that is too large for the place of a question */
	many_attempts();
	ask_list(reader, 1, NOW, seen);
	ask_list(reader, 3, NOW, seen);
	for (unsigned s = 0; s < STATE_COUNT; s++)
		assert_true(seen[s] > 0 || s == STATE_UNCONFIRMED); /* that one is store_brake's */
	/* two share the work; of 900 also that of making pseudonyms */
	ok(store_ask_beside(reader, 1));
	for (unsigned times = 1; times <= 3; times++)
		ask_list(reader, times, NOW, seen);
	store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_table_loses_nobody),
		TEST(moves_are_those_of_the_table),
		TEST(moves_and_late_mail),
		TEST(a_cause_is_taken_back),
		TEST(causes_are_told_apart),
		TEST(what_is_taken_back_is_no_reason),
		TEST(a_list_is_answered_as_one_by_one),
	};

	return cmocka_run_group_tests_name("moves", tests, NULL, NULL);
}
