/*
 * Pages are sealed from the beginning, or from the first purge of a file that is older; a page with
 * a broken seal is counted and refused.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_fixture.h"
#include <sqlite3.h>
#include "store/base/pagefile.h"

static void put_failed(const char *address)
{
	struct event e = { .kind = KIND_FAILURE,
		.klass = CLASS_HARD,
		.category = CATEGORY_USER_UNKNOWN,
		.origin = ORIGIN_MATCHED,
		.arrived = NOW };
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .recognised = true };
	struct packed_event packed;
	enum store_message_result result;

	snprintf(e.recipient, sizeof e.recipient, "%s", address);
	memcpy(m.digest, address, 8);
	ok(store_begin(store));
	ok(store_pack(store, &e, NOW, &packed));
	ok(store_message(store, &m, &packed, 1, NOW, &result));
	ok(store_commit(store));
}

static struct store_file_state file_state(void)
{
	struct store_file_state f;

	ok(store_file_state(store, &f));
	return f;
}

/* SQL with SQLite's own file layer, which knows nothing of seals. */
static void from_outside(const char *sql, bool no_room)
{
	sqlite3 *db;
	int room = 0;

	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
	if (no_room)
		assert_int_equal(
			sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &room),
			SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_new_store_is_sealed(void **state)
{
	struct purge p;

	(void)state;
	put_failed("anna@example.net");
	ok(store_purge(store, NOW, false, &p));
	struct store_file_state f = file_state();
	assert_true(f.pages > 10);
	assert_int_equal(f.unsealed + f.damaged, 0);
}

static void a_store_from_before_is_sealed_by_the_next_purge(void **state)
{
	struct purge p;

	(void)state;
	put_failed("anna@example.net");
	close_store();
	from_outside("PRAGMA journal_mode = DELETE", true);
	from_outside(back_to(10), true);
	from_outside("VACUUM", true);
	ok(open_store(test_options(), NOW));
	struct store_file_state f = file_state();
	assert_true(f.unsealed > 10);
	ok(store_purge(store, NOW, false, &p));
	f = file_state();
	assert_true(f.pages > 10);
	assert_int_equal(f.unsealed + f.damaged, 0);
}

/* The page of contacts: what lies there is not as we wrote it. */
static void a_page_that_others_wrote_is_told_and_no_answer_comes_from_it(void **state)
{
	struct store_options o = test_options();
	struct answer a;
	struct purge p;

	(void)state;
	put_failed("anna@example.net");
	ok(store_purge(store, NOW, false, &p));
	close_store();
	from_outside("UPDATE contact SET at = at + 1", false);
	o.create = false;
	o.read_only = o.verify = true;
	ok(open_store(o, NOW));
	assert_int_equal(store_check(store, "anna@example.net", 16, NOW, &a), STORE_FAILED);
	assert_non_null(strstr(store_error(store), "not as it was written"));
	close_store();
	ok(open_store(test_options(), NOW));
	struct store_file_state f = file_state();
	assert_true(f.damaged >= 1 && f.answers_damaged);
	close_store();
	from_outside("UPDATE contact SET at = at - 1",
		false); /* the fixture compares what is held at the end */
	ok(open_store(test_options(), NOW));
}

static void what_others_wrote_elsewhere_is_told_and_answers_are_whole(void **state)
{
	struct purge p;

	(void)state;
	put_failed("anna@example.net");
	ok(store_purge(store, NOW, false, &p));
	close_store();
	from_outside("UPDATE tally SET count = count + 1", false);
	ok(open_store(test_options(), NOW));
	struct store_file_state f = file_state();
	assert_true(f.damaged >= 1 && !f.answers_damaged);
}

/* As whoever fills a store by hand does: rows are known to be others'. */
static void rows_that_others_added_are_no_damage(void **state)
{
	struct store_options o = test_options();
	struct answer a;
	struct purge p;

	(void)state;
	put_failed("anna@example.net");
	ok(store_purge(store, NOW, false, &p));
	close_store();
	from_outside(
		"INSERT INTO contact (pseudonym, at, body) SELECT randomblob(16), 0, randomblob(272)"
		" FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n)",
		false);
	o.create = false;
	o.read_only = o.verify = true;
	ok(open_store(o, NOW));
	ok(store_check(store, "anna@example.net", 16, NOW, &a));
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);
	struct store_file_state f = file_state();
	assert_true(f.unsealed && !f.damaged);
	close_store();
	from_outside("DELETE FROM contact WHERE at = 0", false);
	ok(open_store(test_options(), NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_store_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_store_from_before_is_sealed_by_the_next_purge, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_page_that_others_wrote_is_told_and_no_answer_comes_from_it, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			rows_that_others_added_are_no_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_others_wrote_elsewhere_is_told_and_answers_are_whole, setup, teardown),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
