/* Two handles see one state of the store, whatever is written meanwhile. */
#include "tests/unit/store_fixture.h"
#include "store/askedhelp.h"
#include "store/internal.h"

static int written, writes_left;

static int64_t counter_of(struct store *s)
{
	int64_t n = 0;

	ok(db_int(s, &n, SQL_META_GET, "t", "counter"));
	return n;
}

static void write_counter(void)
{
	char text[16];

	snprintf(text, sizeof text, "%d", ++written);
	ok(store_begin(store));
	ok(db_run(store, SQL_META_PUT, "tt", "counter", text));
	ok(store_commit(store));
}

/* Somebody commits while the second handle's snapshot ends, to begin anew behind the first one's.
 */
static int commit_between(unsigned what, void *context, void *statement, void *sql)
{
	(void)what;
	(void)context;
	(void)statement;
	if (writes_left > 0 && strcmp(sql, "COMMIT") == 0) {
		writes_left--;
		write_counter();
	}
	return 0;
}

static int read_there(struct store *second, void *context)
{
	*(int64_t *)context = counter_of(second);
	return STORE_OK;
}

static struct store *open_first_reader(void)
{
	struct store_options o = test_options();
	struct store *reader;
	bool created;

	o.create = false;
	o.read_only = true;
	assert_int_equal(store_open(&reader, &o, NOW, &created), STORE_OK);
	ok(store_snapshot(reader, true));
	return reader;
}

static struct store *open_second_reader(const struct store *s)
{
	struct store *second;
	bool created;

	assert_int_equal(store_open(&second, &s->o, NOW, &created), STORE_OK);
	return second;
}

static void two_handles_see_the_same(void **state)
{
	struct store *reader = open_first_reader();
	struct help *h = NULL;
	int64_t theirs = 0;

	(void)state;
	if (help_join(reader, &h, open_second_reader)) {
		help_leave(h);
		assert_int_equal(sqlite3_trace_v2(help_store(h)->db, SQLITE_TRACE_STMT,
					 commit_between, NULL),
			SQLITE_OK);
		writes_left = 2;
		assert_true(help_join(reader, &h, open_second_reader));
		assert_int_equal(writes_left, 0);
		write_counter(); /* neither sees that */
		help_start(h, read_there, &theirs);
		ok(help_wait(h, reader));
		assert_int_equal(theirs, counter_of(reader));
		assert_int_equal(theirs, written - 1);
		help_leave(h);
		writes_left = 1000; /* and who writes on has no second handle help, but waits for
				       nobody */
		assert_false(help_join(reader, &h, open_second_reader));
		assert_true(reader->in_snapshot && writes_left > 900);
	}
	store_close(help_close(h));
	store_close(reader);
}

static int fail_there(struct store *second, void *context)
{
	(void)context;
	return store_fail(second, STORE_FAILED, "a page is not as it was written");
}

static void what_fails_there_is_told_here(void **state)
{
	struct store *reader = open_first_reader();
	struct help *h = NULL;

	(void)state;
	if (help_join(reader, &h, open_second_reader)) {
		help_start(h, fail_there, NULL);
		assert_int_equal(help_wait(h, reader), STORE_FAILED);
		assert_non_null(strstr(store_error(reader), "not as it was written"));
		help_leave(h);
	}
	store_close(help_close(h));
	store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_handles_see_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(what_fails_there_is_told_here, setup, teardown),
	};

	return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
