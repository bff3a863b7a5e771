/*
 * The lines that sites exchange: what is refused and why, cursors, and what a line tells of order.
 */
#include "store/intact.h"
#include "tests/unit/store_sites.h"

static struct change one_line(unsigned from, struct bag *b)
{
	store = at[from].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	changes_of(from, false, b);
	assert_int_equal(b->line[0].kind, CHANGE_CONTACT);
	return b->line[0];
}

static void assert_refused(const struct change *c, const char *word)
{
	char why[CHANGE_WHY_SIZE];
	store = at[1].s;
	ok(store_begin(store));
	assert_int_equal(give(1, c, why), MERGE_REFUSED);
	assert_non_null(strstr(why, word));
	ok(store_commit(store));
	assert_int_equal(check("anna@example.net", NOW).verdict, VERDICT_SEND);
}

/* What is damaged, foreign or not signed changes nothing, and says why. */
static void refused_in_words(void **state)
{
	struct bag b = { 0 };
	struct change good, bad;
	unsigned char sealed[4096];
	(void)state;
	good = one_line(0, &b);
	memcpy(sealed, good.sealed, good.size);
	sealed[good.size / 2] ^= 1;
	bad = good;
	bad.sealed = sealed;
	assert_refused(&bad, "signature");
	bad = good;
	bad.version++;
	assert_refused(&bad, "signature");
	bad = good;
	bad.id[3] = bad.id[3] == '0' ? '1' : '0';
	assert_refused(&bad, "signature");
	bad = good;
	strcpy(bad.by, "site3");
	assert_refused(&bad, "signature");
	bad = good;
	strcpy(bad.by, "elsewhere");
	assert_refused(&bad, "not configured");
	bad = good;
	strcpy(bad.site, "elsewhere");
	assert_refused(&bad, "not configured");
	bad = good;
	bad.path[0][0] ^= 1;
	assert_refused(&bad, "signature");
	bad = good;
	bad.leaf = 9;
	assert_refused(&bad, "signature");
	char why[CHANGE_WHY_SIZE];
	ok(store_begin(at[1].s));
	assert_int_equal(give(1, &good, why), MERGE_TAKEN);
	ok(store_merge_refold(at[1].s, NOW));
	ok(store_commit(at[1].s));
	assert_int_equal(check("anna@example.net", NOW).verdict, VERDICT_SUPPRESS);
	empty_bag(&b);
}

/* A site that began with keys of its own means other people by its pseudonyms. */
static void another_state_key_is_refused(void **state)
{
	struct bag b = { 0 };
	(void)state;
	close_at(4);
	remove_tree(at[4].dir);
	make_at(4, false);
	learn_key(4);
	close_at(4);
	open_at(4);
	close_at(1);
	open_at(1);
	struct change line = one_line(4, &b);
	assert_refused(&line, "another state key");
	empty_bag(&b);
}

/* From a cursor on there is only what is new, and a cursor of another store is none. */
static void cursor_goes_on(void **state)
{
	char next[CHANGE_CURSOR_SIZE], again[CHANGE_CURSOR_SIZE];
	unsigned n = 0;
	(void)state;
	store = at[0].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	ok(store_changes(store, "", false, NOW, next, count_line, &n));
	assert_int_equal(n, 202); /* a tally, a message count */
	n = 0;
	ok(store_changes(store, next, false, NOW, again, count_line, &n));
	assert_int_equal(n, 1);
	assert_string_equal(next, again);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "ben@example.net", NOW - DAY), NOW);
	n = 0;
	ok(store_changes(store, next, false, NOW, again, count_line, &n));
	assert_int_equal(n, 202);
	assert_int_equal(
		store_changes(at[1].s, next, false, NOW, again, count_line, &n), STORE_MISUSE);
	assert_int_equal(store_changes(at[0].s, "nonsense", false, NOW, again, count_line, &n),
		STORE_MISUSE);
}

/* In which order contacts were heard of is told no longer than a day, and a cursor is still good.
 */
static void the_order_goes_with_the_day(void **state)
{
	char next[CHANGE_CURSOR_SIZE], again[CHANGE_CURSOR_SIZE];
	const char *const who[] = { "anna@example.net", "ben@example.net", "carla@example.net" };
	unsigned n = 0;
	(void)state;
	store = at[0].s;
	for (unsigned i = 0; i < 3; i++)
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[i], NOW - DAY), NOW);
	ok(store_changes(store, "", false, NOW, next, count_line, &n));
	snprintf(database, sizeof database, "%.90s", at[0].db);
	assert_int_equal(query_int("SELECT count(DISTINCT number) FROM share"), 3);
	n = 0;
	ok(store_changes(store, next, false, NOW + DAY, again, count_line, &n));
	assert_int_equal(n, 1);
	assert_int_equal(query_int("SELECT count(DISTINCT number) FROM share"), 1);
}

static int tell_strange(void *context, const char *what)
{
	(void)context;
	fail_msg("%s", what);
	return 1;
}

/* Shares go with their contact, and the audit knows what stays of them. */
static void a_share_goes_with_its_contact(void **state)
{
	struct erased sum = { 0 };
	char sql[] = "SELECT count(*) FROM share";
	(void)state;
	store = at[0].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	snprintf(database, sizeof database, "%.90s", at[0].db);
	assert_int_equal(query_int(sql), 1);
	ok(store_begin(store));
	ok(store_forget(store, "anna@example.net", 16, false, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(query_int(sql), 0);
	assert_int_equal(query_int("SELECT count(*) FROM meta WHERE name = 'site floor'"), 1);
	ok(store_schema_differs(store, tell_strange, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refused_in_words, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			another_state_key_is_refused, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(cursor_goes_on, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			the_order_goes_with_the_day, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_share_goes_with_its_contact, setup_sites, teardown_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
