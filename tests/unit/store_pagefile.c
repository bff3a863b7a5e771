/*
 * No page that is written to the database file keeps copies of rows in its unused bytes; nothing
 * else of it is changed.
 */
#include "tests/unit/store_fixture.h"
#include "store/base/pagefile.h"

enum { PAGE = 4096, ROWS = 4000, NEEDLE = 12 };

static unsigned random_below(unsigned n)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x = x * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(x >> 33) % n;
}

static void exec(sqlite3 *db, const char *text)
{
	char *error = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
}

/*
 * Rows come and go in a tree until it has been balanced often. How many of those that went are in
 * the file's bytes.
 */
static unsigned remains(const char *layer)
{
	char path[160], text[256], *bytes;
	sqlite3 *db;
	unsigned found = 0;
	bool gone[ROWS] = { false };
	unsigned start[ROWS];

	snprintf(path, sizeof path, "%s/pages.db", directory);
	assert_int_equal(
		sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, layer),
		SQLITE_OK);
	exec(db,
		"PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; PRAGMA synchronous = OFF;"
		"CREATE TABLE t (name TEXT PRIMARY KEY, x TEXT) STRICT, WITHOUT ROWID; CREATE INDEX i ON t (x); BEGIN");
	for (unsigned i = 0; i < ROWS; i++) {
		start[i] = random_below(1u << 31);
		char zeros[120];
		size_t width = random_below(sizeof zeros);
		memset(zeros, '0', width);
		zeros[width] = '\0';
		snprintf(text, sizeof text, "INSERT INTO t VALUES ('%08x-needle%06u', '%s%u')",
			start[i], i, zeros, i);
		exec(db, text);
	}
	exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN");
	for (unsigned i = 0; i < ROWS; i++)
		if (random_below(2)) {
			gone[i] = true;
			snprintf(text, sizeof text, "DELETE FROM t WHERE name = '%08x-needle%06u'",
				start[i], i);
			exec(db, text);
		}
	exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	/* and it is whole, for an SQLite without the layer */
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_stmt *st;
	assert_int_equal(
		sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	sqlite3_close(db);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	bytes = calloc(1, 8 << 20);
	size_t n = fread(bytes, 1, 8 << 20, f);
	fclose(f);
	for (char *p = bytes; (p = memmem(p, n - (size_t)(p - bytes), "needle", 6)); p++)
		if (p + NEEDLE <= bytes + n) {
			char digits[7] = "";
			memcpy(digits, p + 6, 6);
			unsigned number = (unsigned)strtoul(digits, NULL, 10);
			found += number < ROWS && gone[number];
		}
	free(bytes);
	unlink(path);
	return found;
}

static void what_went_is_in_no_byte(void **state)
{
	(void)state;
	assert_non_null(pagefile_layer());
	assert_true(remains(NULL) > 0); /* or this test shows nothing */
	assert_int_equal(remains(pagefile_layer()), 0);
}

static sqlite3 *open_sealed(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				 pagefile_layer()),
		SQLITE_OK);
	pagefile_seal(db);
	return db;
}

/* Pages of a copy that have no seal; the copy is larger than what SQLite keeps of it in memory. */
static uint64_t unsealed_of_copy(const char *path, const char *copy, bool told)
{
	struct pagefile_state found = { 0 };
	char text[256];
	sqlite3 *db = open_sealed(path);

	exec(db, "PRAGMA cache_size = 20");
	snprintf(text, sizeof text, "VACUUM INTO '%s'", copy);
	pagefile_copies(db, told);
	exec(db, text);
	pagefile_copies(db, false);
	sqlite3_close(db);
	db = open_sealed(copy);
	exec(db, "BEGIN; SELECT count(*) FROM t");
	assert_int_equal(pagefile_walk(db, &found), SQLITE_OK);
	assert_true(found.pages > 500);
	assert_int_equal(found.broken, 0);
	exec(db, "COMMIT");
	sqlite3_close(db);
	unlink(copy);
	return found.unsealed;
}

static void a_large_copy_has_its_seals(void **state)
{
	char path[160], copy[160];
	sqlite3 *db;
	(void)state;

	snprintf(path, sizeof path, "%s/sealed.db", directory);
	snprintf(copy, sizeof copy, "%s/copy.db", directory);
	db = open_sealed(path);
	exec(db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t (x BLOB);"
		"WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
		" INSERT INTO t SELECT randomblob(1000) FROM n; PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(db);
	assert_true(unsealed_of_copy(path, copy, false) > 0); /* or this test shows nothing */
	assert_int_equal(unsealed_of_copy(path, copy, true), 0);
	unlink(path);
}

static void a_page_that_is_none_of_a_tree_is_left_alone(void **state)
{
	unsigned char page[PAGE], before[PAGE];
	(void)state;

	for (unsigned type = 0; type < 256; type++)
		for (unsigned round = 0; round < 200; round++) {
			for (unsigned i = 0; i < PAGE; i++)
				page[i] = (unsigned char)random_below(256);
			page[0] = (unsigned char)type;
			memcpy(before, page, PAGE);
			bool changed = pagefile_clean(page, PAGE, false);
			assert_true(changed == (memcmp(before, page, PAGE) != 0));
			if (type != 2 && type != 5 && type != 10 && type != 13)
				assert_false(changed);
		}
}

static void a_page_of_a_tree_keeps_its_cells(void **state)
{
	unsigned char page[PAGE];
	(void)state;

	memset(page, 'x', PAGE);
	/* a leaf of one cell, 100 bytes from 3000 on, a free block of 20 behind it */
	memcpy(page,
		(unsigned char[]){ 13, 3100 >> 8, 3100 & 255, 0, 1, 3000 >> 8, 3000 & 255, 0,
			3000 >> 8, 3000 & 255 },
		10);
	memcpy(page + 3100, (unsigned char[]){ 0, 0, 0, 20 }, 4);
	assert_true(pagefile_clean(page, PAGE, false));
	for (unsigned i = 10; i < PAGE; i++)
		if (i < 3100 || i >= 3104)
			assert_int_equal(page[i], i < 3000 || (i >= 3104 && i < 3120) ? 0 : 'x');
	assert_false(pagefile_clean(page, PAGE, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_went_is_in_no_byte, setup_empty, teardown),
		cmocka_unit_test_setup_teardown(a_large_copy_has_its_seals, setup_empty, teardown),
		cmocka_unit_test(a_page_that_is_none_of_a_tree_is_left_alone),
		cmocka_unit_test(a_page_of_a_tree_keeps_its_cells),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
