/*
 * Changes of whom not to write to, as they are told: in order, once, and looked for once.
 */
#include "tests/unit/store_fixture.h"
#include <sqlite3.h>
#include "store/news.h"

enum { PEOPLE = 1300 };

static void person_fails(unsigned n)
{
	char address[64];

	snprintf(address, sizeof address, "person%u@example.net", n);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, NOW), NOW);
}

static void open_telling(void)
{
	struct store_options o = test_options();

	close_store();
	o.tell = true;
	ok(open_store(o, NOW));
}

struct heard {
	unsigned n;
	char pseudonym[PEOPLE + 1][STORE_PSEUDONYM_HEX];
};

static int hear_line(void *context, const struct news_line *line)
{
	struct heard *h = context;

	assert_true(h->n < PEOPLE);
	memcpy(h->pseudonym[h->n++], line->pseudonym, STORE_PSEUDONYM_HEX);
	return STORE_OK;
}

/* How often the statement that looks for all that is to be told was run. */
static int looks(void)
{
	for (sqlite3_stmt *st = sqlite3_next_stmt(store->db, NULL); st;
		st = sqlite3_next_stmt(store->db, st))
		if (strstr(sqlite3_sql(st), "SELECT contact_news(news), pseudonym"))
			return sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
	return 0;
}

static void all_are_told_in_order_and_looked_for_once(void **state)
{
	static struct heard once, again;
	static struct news_told told;

	(void)state;
	open_telling();
	for (unsigned n = 0; n < PEOPLE; n++)
		person_fails(n);
	ok(store_news(store, NOW, &told, hear_line, &once));
	ok(store_news(store, NOW, &told, hear_line, &again));
	assert_int_equal(told.n, NEWS_BATCH);
	assert_true(told.more && again.n == NEWS_BATCH);
	assert_memory_equal(once.pseudonym, again.pseudonym, NEWS_BATCH * STORE_PSEUDONYM_HEX);
	while (told.more) {
		ok(store_news_tell(store, &told));
		ok(store_news(store, NOW, &told, hear_line, &once));
	}
	ok(store_news_tell(store, &told));
	assert_int_equal(once.n, PEOPLE);
	assert_int_equal(looks(), 1);
	ok(store_news(store, NOW, &told, hear_line, &once));
	assert_true(!told.n && !told.more);
}

/* Who changes again while others are told is told once, as he is then. */
static void who_changes_meanwhile_comes_last(void **state)
{
	static struct heard h;
	static struct news_told told;
	char last[STORE_PSEUDONYM_HEX];

	(void)state;
	open_telling();
	for (unsigned n = 0; n < PEOPLE; n++)
		person_fails(n);
	ok(store_news(store, NOW, &told, hear_line, &h));
	memcpy(last, h.pseudonym[0], sizeof last);
	/* as if another change had come before the first batch was told */
	ok(db_exec(store,
		"UPDATE contact SET news = news_sealed(100000) WHERE contact_news(news) = 1"));
	ok(store_news_tell(store, &told));
	while (told.more) {
		ok(store_news(store, NOW, &told, hear_line, &h));
		ok(store_news_tell(store, &told));
	}
	assert_int_equal(h.n, PEOPLE);
	h.n = 0;
	ok(store_news(store, NOW, &told, hear_line, &h));
	assert_int_equal(h.n, 1);
	assert_string_equal(h.pseudonym[0], last);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_are_told_in_order_and_looked_for_once),
		TEST(who_changes_meanwhile_comes_last),
	};

	return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
