/*
 * What receivers said: counted by day, kept where k recipients had it in its month, and bounded
 * whatever comes.
 */
#include "tests/unit/store_fixture.h"
#include "store/siteparts.h"

#define FULL "552-5.2.2 The mailbox 4711 is full. 552 5.2.2 Please try later"

static int64_t read_at = NOW + 20 * DAY; /* when the mail is read */

static void say(const char *provider, const char *words, int recipient, int64_t at)
{
	char address[64];
	struct event e;

	snprintf(address, sizeof address, "r%d@example.net", recipient);
	e = event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, address, at);
	e.reply = 552;
	e.status = (struct status){ 5, 2, 2 };
	snprintf(e.provider, sizeof e.provider, "%s", provider);
	snprintf(e.diagnostic, sizeof e.diagnostic, "%s", words);
	put_event(e, read_at);
}

static void purge_at(int64_t now)
{
	struct purge p;

	ok(store_purge(store, now, false, &p));
}

static struct wording told[64];
static size_t told_count;

static int take(void *context, const struct wording *w)
{
	(void)context;
	assert_true(told_count < 64);
	told[told_count++] = *w;
	return STORE_OK;
}

static size_t read_month(int32_t month)
{
	told_count = 0;
	ok(store_wordings(store, month * 100 + 1, month * 100 + 31, take, NULL));
	return told_count;
}

static void an_answer_is_its_codes_and_words(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++)
		say("gmail", FULL, i, NOW);
	assert_int_equal(read_month(202611), 0); /* its day is not over */
	purge_at(NOW + DAY);
	assert_int_equal(read_month(202611), 1);
	assert_string_equal(told->provider, "gmail");
	assert_string_equal(told->code, "552 5.2.2");
	assert_string_equal(told->text, "The mailbox # is full. Please try later");
	assert_int_equal(told->category, CATEGORY_MAILBOX_FULL);
	assert_int_equal(told->klass, CLASS_SOFT);
	assert_int_equal(told->count, 12);
	assert_int_equal(told->first, 20261117);
	assert_int_equal(told->last, 20261117);
}

/* Anyone can send one word of any length; the codes are kept, and of the words what fits whole. */
static void a_word_without_end_has_no_room(void **state)
{
	char first[304], second[304];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof first; i++)
		first[i] = second[i] = "full/"[i % 5];
	first[sizeof first - 1] = second[sizeof second - 1] = '\0';
	memcpy(second, "mailbox ", 8);
	for (int i = 0; i < 12; i++) {
		say("gmail", first, i, NOW);
		say("gmx", second, i, NOW);
	}
	purge_at(NOW + DAY);
	assert_int_equal(read_month(202611), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(told[i].code, "552 5.2.2");
		assert_string_equal(
			told[i].text, strcmp(told[i].provider, "gmx") == 0 ? "mailbox" : "");
	}
}

/* Three a day are enough in four days; and it is said of none of these days alone. */
static void recipients_of_a_month_are_counted_together(void **state)
{
	(void)state;
	for (int day = 0; day < 4; day++) {
		for (int i = 0; i < 3; i++)
			say("gmail", FULL, 10 * day + i, NOW + day * DAY);
		purge_at(NOW + (day + 1) * DAY);
		assert_int_equal(read_month(202611), day == 3);
		assert_int_equal(query_int("SELECT count(*) FROM wording_few"), day < 3);
	}
	assert_int_equal(told->count, 12);
	assert_int_equal(told->first, 0);
}

/* Nine recipients, one of them often: shown to nobody, and gone with the month. */
static void what_few_had_goes_with_its_month(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		say("gmail", "552 5.2.2 Peculiar mailbox of line 7", i, NOW);
	for (int i = 0; i < 30; i++)
		say("gmail", "552 5.2.2 Peculiar mailbox of line 7", 1, NOW + i * 60);
	purge_at(NOW + DAY);
	assert_int_equal(query_int("SELECT length(who) FROM wording_few"), 19);
	assert_int_equal(read_month(202611), 0);
	purge_at(NOW + 14 * DAY); /* 1 December */
	assert_int_equal(query_int("SELECT count(*) FROM wording"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM wording_few"), 0);
	purge_at(NOW + 45 * DAY); /* the events' words, too */
	assert_int_equal(count_bytes("Peculiar", 8), 0);
}

#define FEW "552 5.2.2 Peculiar mailbox of line 7"

/* The first bytes of all pseudonyms, as rows from before have them. */
static size_t first_bytes(sqlite3 *db, unsigned char out[64])
{
	sqlite3_stmt *st;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT DISTINCT pseudonym FROM event", -1, &st, 0),
		SQLITE_OK);
	for (; sqlite3_step(st) == SQLITE_ROW && n < 64; n += 2)
		memcpy(out + n, sqlite3_column_blob(st, 0), 2);
	sqlite3_finalize(st);
	return n;
}

static void who_as_before(void)
{
	unsigned char first[64];
	sqlite3_stmt *st;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	const size_t n = first_bytes(db, first);
	assert_int_equal(
		sqlite3_prepare_v2(db, "UPDATE wording_few SET who = ?1", -1, &st, 0), SQLITE_OK);
	sqlite3_bind_blob(st, 1, first, (int)n, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

/* How many of those who had an answer the file names by their pseudonyms. */
static int named(void)
{
	unsigned char first[64];
	sqlite3_stmt *st;
	sqlite3 *db;
	int found = 0;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	const size_t n = first_bytes(db, first);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT who FROM wording_few", -1, &st, 0), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		for (size_t i = 0; i < n; i += 2)
			for (int j = sqlite3_column_bytes(st, 0) % 2;
				j + 1 < sqlite3_column_bytes(st, 0); j += 2)
				found += !memcmp(
					(const char *)sqlite3_column_blob(st, 0) + j, first + i, 2);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return found;
}

/* Neither by the first bytes of a pseudonym nor by the same numbers at two answers. */
static void who_had_it_is_not_said(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		say("gmail", FEW, i, NOW);
		say("gmail", "552 5.2.2 Another mailbox of line 7", i, NOW);
	}
	purge_at(NOW + DAY);
	assert_int_equal(query_int("SELECT count(DISTINCT who) FROM wording_few"), 2);
	assert_true(named() < 3); /* by chance one in 400 */
	who_as_before();
	assert_int_equal(named(), 18);
	for (int i = 0; i < 9; i++)
		say("gmail", FEW, i, NOW + DAY);
	purge_at(NOW + 2 * DAY);
	assert_true(named() < 9 + 3);        /* the other one was not heard of since */
	say("gmail", FEW, 9, NOW + 2 * DAY); /* they are ten, and were nine until now */
	assert_int_equal(read_month(202611), 0);
	purge_at(NOW + 3 * DAY);
	assert_int_equal(read_month(202611), 1);
}

/* Words of few are kept no longer here than beside the events; those of many are. */
static void what_few_had_goes_with_its_words(void **state)
{
	(void)state;
	close_store();
	struct store_options o = test_options();
	o.retention[RETAIN_DIAGNOSTICS].period = 3 * DAY;
	ok(open_store(o, NOW));
	read_at = NOW + 2 * DAY; /* else the words are too old already */
	for (int i = 0; i < 12; i++)
		say("gmail", FULL, i, NOW);
	say("gmail", FEW, 1, NOW);
	say("gmail", FEW, 2, NOW + 2 * DAY);
	read_at = NOW + 20 * DAY;
	purge_at(NOW + 3 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE diagnostic IS NOT NULL"), 1);
	assert_int_equal(
		query_int("SELECT group_concat(day, '') FROM wording WHERE text LIKE 'Peculiar%'"),
		20261119);
	assert_int_equal(query_int("SELECT count(*) FROM wording_few"), 1);
	purge_at(NOW + 6 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE diagnostic IS NOT NULL"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM wording_few"), 0);
	assert_int_equal(count_bytes("Peculiar", 8), 0);
	assert_int_equal(read_month(202611), 1);
}

/* Whoever is erased is not among those who had it either. */
static void who_is_erased_had_nothing(void **state)
{
	struct erased sum = { 0 };

	(void)state;
	for (int i = 0; i < 9; i++)
		say("gmail", FEW, i, NOW);
	purge_at(NOW + DAY);
	ok(store_begin(store));
	ok(store_forget(store, "r4@example.net", 14, false, NOW + DAY, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.events, 1);
	assert_int_equal(query_int("SELECT length(who) FROM wording_few"), 17);
	for (int i = 9; i < 10; i++)
		say("gmail", FEW, i, NOW + DAY);
	purge_at(NOW + 2 * DAY);
	assert_int_equal(read_month(202611), 0); /* nine others */
}

static void forged_and_other_mail_is_not_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		struct event e = event_of(
			KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.net", NOW);
		snprintf(e.recipient, sizeof e.recipient, "r%d@example.net", i);
		snprintf(e.diagnostic, sizeof e.diagnostic, "550 5.1.1 Unknown");
		e.origin = ORIGIN_UNVERIFIED;
		put_event(e, NOW);
		e.origin = ORIGIN_MATCHED;
		e.kind = KIND_DELAY;
		put_event(e, NOW);
	}
	assert_int_equal(query_int("SELECT count(*) FROM wording_day"), 0);
	purge_at(NOW + DAY);
	assert_int_equal(read_month(202611), 0);
}

/* Late mail of a day is counted with it; where the words are gone, the day stays as it was. */
static void a_day_is_counted_anew_while_its_words_are_there(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++)
		say("gmail", FULL, i, NOW);
	purge_at(NOW + DAY);
	say("gmail", FULL, 50, NOW);
	assert_int_equal(query_int("SELECT day FROM wording_day"), 20261117);
	purge_at(NOW + 2 * DAY);
	assert_true(read_month(202611) == 1 && told->count == 13);
	purge_at(NOW + 31 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE diagnostic IS NOT NULL"), 0);
	read_at = NOW + 31 * DAY;
	say("gmail", FULL, 51, NOW);
	read_at = NOW + 20 * DAY;
	purge_at(NOW + 32 * DAY);
	assert_true(read_month(202611) == 1 && told->count == 13);
	assert_int_equal(query_int("SELECT count(*) FROM wording_day"), 0);
}

/* A transaction that is taken back has not noted its day. */
static void a_day_is_noted_with_its_events(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.net", NOW);

	(void)state;
	ok(store_begin(store));
	put(&e, 77, NOW);
	store_rollback(store);
	ok(store_begin(store));
	put(&e, 77, NOW);
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM wording_day"), 1);
}

/* However much is said that nobody has said before. */
static void a_flood_fills_no_table(void **state)
{
	char words[64], provider[16];

	(void)state;
	store->o.k = 1;
	for (int p = 0; p < 20; p++)
		for (int i = 0; i < 30; i++) {
			snprintf(provider, sizeof provider, "p%d", p);
			snprintf(words, sizeof words, "552 5.2.2 flood %c%c", 'a' + i % 26,
				'a' + i / 26);
			say(provider, words, i, NOW);
		}
	for (int i = 0; i < 50; i++)
		say("p3", FULL, i, NOW);
	purge_at(NOW + DAY);
	assert_int_equal(query_int("SELECT count(*) FROM wording"), 400);
	assert_int_equal(
		query_int(
			"SELECT max(n) FROM (SELECT count(*) AS n FROM wording GROUP BY provider)"),
		24);
	assert_int_equal(query_int("SELECT count FROM wording WHERE text LIKE 'The mailbox%'"), 50);
}

/* One receiver makes up an answer for each mail; what another says to all is heard all the same. */
static void a_flood_drowns_nobody(void **state)
{
	char words[64];

	(void)state;
	ok(db_exec(store, "PRAGMA synchronous = OFF"));
	for (int i = 0; i < 9000; i++) {
		snprintf(words, sizeof words, "552 5.2.2 flood %c%c%c", 'a' + i % 26,
			'a' + i / 26 % 26, 'a' + i / 676);
		say("other", words, i, NOW);
	}
	for (int i = 0; i < 30; i++)
		say("gmx", FULL, i, NOW + HOUR);
	purge_at(NOW + DAY);
	assert_int_equal(query_int("SELECT sum(count) FROM wording WHERE provider = 'gmx'"), 30);
}

/* A closed month says the same, with fewer rows. */
static void a_closed_month_says_the_same(void **state)
{
	struct wording before;

	(void)state;
	for (int day = 0; day < 6; day++)
		for (int i = 0; i < (day == 2 || day == 4 ? 11 : 3); i++)
			say("gmail", FULL, 20 * day + i, NOW + day * DAY);
	purge_at(NOW + 10 * DAY);
	assert_int_equal(read_month(202611), 1);
	before = *told;
	assert_int_equal(before.count, 34);
	assert_int_equal(before.first, 20261119);
	assert_int_equal(before.last, 20261121);
	assert_int_equal(query_int("SELECT count(*) FROM wording"), 6);
	purge_at(NOW + 300 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM wording"), 3);
	assert_int_equal(read_month(202611), 1);
	assert_memory_equal(told, &before, sizeof before);
}

/* --- several sites -------------------------------------------------------- */

static int setup_site(void **state)
{
	struct store_options o = test_options();

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	o.site = "one";
	return open_store(o, NOW);
}

static size_t told_of(int32_t day)
{
	struct figure_bytes b = { .n = 0 };

	ok(figure_content(store, "wording", (struct figure_place){ day, 0 }, 0, &b));
	free(b.p);
	return b.n;
}

static int take_line(void *context, const struct change *c)
{
	(void)context;
	(void)c;
	return STORE_OK;
}

/* Other sites hear of an answer, and of all its days, from when it lasts. */
static void others_hear_of_what_lasts(void **state)
{
	char cursor[CHANGE_CURSOR_SIZE];

	(void)state;
	ok(store_changes(store, "", false, NOW, cursor, take_line, NULL));
	for (int i = 0; i < 9; i++)
		say("gmail", FULL, i, NOW);
	purge_at(NOW + DAY);
	assert_int_equal(told_of(20261117), 1);
	assert_int_equal(query_int("SELECT count(*) FROM figure WHERE name = 'wording'"), 1);
	int64_t version = query_int("SELECT version FROM figure WHERE name = 'wording'");
	say("gmail", FULL, 9, NOW + DAY);
	purge_at(NOW + 2 * DAY);
	assert_true(told_of(20261117) > 20 && told_of(20261118) > 20);
	assert_true(
		query_int("SELECT version FROM figure WHERE name = 'wording' AND day = 20261117") >
		version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(an_answer_is_its_codes_and_words),
		TEST(a_word_without_end_has_no_room),
		TEST(recipients_of_a_month_are_counted_together),
		TEST(what_few_had_goes_with_its_month),
		TEST(who_had_it_is_not_said),
		TEST(what_few_had_goes_with_its_words),
		TEST(who_is_erased_had_nothing),
		TEST(forged_and_other_mail_is_not_counted),
		TEST(a_day_is_counted_anew_while_its_words_are_there),
		TEST(a_day_is_noted_with_its_events),
		TEST(a_flood_fills_no_table),
		TEST(a_flood_drowns_nobody),
		TEST(a_closed_month_says_the_same),
		cmocka_unit_test_setup_teardown(others_hear_of_what_lasts, setup_site, teardown),
	};

	return cmocka_run_group_tests_name("wording", tests, NULL, NULL);
}
