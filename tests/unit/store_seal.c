/*
 * Pages are sealed from the beginning, or from the first purge of a file that is older; a page with
 * a broken seal is counted and refused.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_fixture.h"
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <unistd.h>
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

/* --- the bytes of a seal ----------------------------------------------------- */

enum { PAGE = 4096 };

static void page_io(int fd, bool writes, unsigned char page[PAGE], unsigned number)
{
	off_t at = (off_t)(number - 1) * PAGE;

	assert_int_equal(writes ? pwrite(fd, page, PAGE, at) : pread(fd, page, PAGE, at), PAGE);
}

/* As programs up to version 34 of the schema did. */
static void seal_as_before(unsigned char page[PAGE], unsigned number)
{
	unsigned char key[crypto_shorthash_KEYBYTES] = { 0 }, plain[PAGE];

	key[0] = (unsigned char)number;
	key[1] = (unsigned char)(number >> 8);
	memcpy(plain, page, PAGE);
	if (number == 1) {
		memset(plain + 24, 0, 16);
		memset(plain + 92, 0, 8);
	}
	crypto_shorthash(page + PAGE - PAGEFILE_SEAL, plain, PAGE - PAGEFILE_SEAL, key);
}

static unsigned pages_of_store(void)
{
	struct purge p;

	put_failed("anna@example.net");
	ok(store_purge(store, NOW, false, &p));
	return (unsigned)file_state().pages;
}

static void a_store_with_seals_of_the_version_before_is_whole(void **state)
{
	unsigned char page[PAGE];
	unsigned pages = pages_of_store();

	(void)state;
	close_store();
	int fd = open(database, O_RDWR | O_CLOEXEC);
	for (unsigned n = 1; n <= pages; n++) {
		page_io(fd, false, page, n);
		seal_as_before(page, n);
		page_io(fd, true, page, n);
	}
	ok(open_store(test_options(), NOW));
	struct store_file_state f = file_state();
	assert_true(f.pages > 10);
	assert_int_equal(f.unsealed + f.damaged, 0);
	page_io(fd, false, page, pages);
	page[PAGE / 2] ^= 4;
	page_io(fd, true, page, pages);
	assert_int_equal(file_state().damaged, 1);
	page[PAGE / 2] ^= 4;
	page_io(fd, true, page, pages);
	close(fd);
}

/* Wherever it lies, in the rows or in the seal itself; of the first page some bytes are left out.
 */
static void a_bit_that_turned_is_seen(void **state)
{
	unsigned char page[PAGE];
	unsigned pages = pages_of_store(), chance = 1;
	int fd = open(database, O_RDWR | O_CLOEXEC);

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		chance = chance * 1103515245 + 12345;
		unsigned number = 2 + (chance >> 8) % (pages - 1), bit = chance % (8 * PAGE);
		page_io(fd, false, page, number);
		page[bit / 8] ^= (unsigned char)(1 << bit % 8);
		page_io(fd, true, page, number);
		assert_int_equal(file_state().damaged, 1);
		page[bit / 8] ^= (unsigned char)(1 << bit % 8);
		page_io(fd, true, page, number);
	}
	close(fd);
	assert_int_equal(file_state().damaged, 0);
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
		cmocka_unit_test_setup_teardown(
			a_store_with_seals_of_the_version_before_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bit_that_turned_is_seen, setup, teardown),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
