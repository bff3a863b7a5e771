/* The file source, directories in order, and the identity of a message. */
#include "tests/unit/collect.h"
#include "poller/mailbox/local.h"

static struct source *open_paths(const char *const *paths)
{
	struct source *s;
	struct source_options options = { .paths = paths, .max_message = 1000 };
	assert_int_equal(source_file.open(&s, &options), 0);
	return s;
}

static void remote_ids_differ(void **state)
{
	(void)state;
	unsigned char a[SOURCE_ID_SIZE], b[SOURCE_ID_SIZE];
	source_remote_id(a, SPAN("ab"), SPAN("c"));
	source_remote_id(b, SPAN("ab"), SPAN("c"));
	assert_memory_equal(a, b, sizeof a);
	source_remote_id(b, SPAN("a"), SPAN("bc"));
	assert_memory_not_equal(a, b, sizeof a);
}

static void listing_larger_than_its_window(void **state)
{
	(void)state;
	enum { FILES = LISTING_WINDOW + 300 };
	char name[64], last[64] = "";
	mkdir("d", 0700);
	int dir = open("d", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "d/%05d", i * 7919 % FILES);
		put(name, "");
	}
	put("d/.hidden", "");
	struct listing *l;
	struct listing_entry *entries;
	assert_int_equal(listing_open(&l, &dir, 1, false), 0);
	size_t total = 0;
	for (long n; (n = listing_next(l, &entries)); total += (size_t)n) {
		assert_in_range(n, 1, LISTING_WINDOW);
		for (long i = 0; i < n; i++) {
			assert_true(strcmp(last, entries[i].name) < 0);
			strcpy(last, entries[i].name);
		}
	}
	assert_int_equal(total, FILES);
	listing_close(l);
	close(dir);
}

static void maildir_order_is_by_time(void **state)
{
	(void)state;
	static const char *const order[] = { "nothing", "999.a.h", "1000.b.h", "1000.c.h:2,S" };
	mkdir("new", 0700), mkdir("cur", 0700);
	put("new/1000.b.h", ""), put("new/999.a.h", ""), put("cur/1000.c.h:2,S", ""),
		put("cur/nothing", "");
	int dirs[2] = { open("new", O_RDONLY | O_DIRECTORY), open("cur", O_RDONLY | O_DIRECTORY) };
	struct listing *l;
	struct listing_entry *entries;
	assert_int_equal(listing_open(&l, dirs, 2, true), 0);
	assert_int_equal(listing_next(l, &entries), 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(entries[i].name, order[i]);
	assert_int_equal(entries[3].dir, 1);
	assert_int_equal(entries[3].time, 1000);
	assert_int_equal(listing_next(l, &entries), 0);
	listing_close(l);
	close(dirs[0]), close(dirs[1]);
}

static void imports_everything_below(void **state)
{
	(void)state;
	mkdir("in", 0700), mkdir("in/sub", 0700), mkdir("in/md", 0700), mkdir("in/md/new", 0700),
		mkdir("in/md/cur", 0700);
	mkdir("in/md/tmp", 0700), mkdir("in/md/deeper", 0700);
	put("in/a.eml", "Subject: a\n\nx\n");
	put("in/b.mbox",
		"From a@example.org Thu Jan  1 00:00:10 1970\nSubject: b1\n\n\nFrom a@example.org Thu Jan  1 00:00:20 1970\nSubject: b2\n\n");
	put("in/empty", "");
	put("in/md/new/77.x.h", "Subject: m1\n\n");
	put("in/md/cur/66.x.h:2,S", "Subject: m0\n\n");
	put("in/md/tmp/1.x.h", "Subject: not delivered\n\n");
	put("in/md/dovecot-uidlist", "not mail");
	put("in/md/deeper/z.eml", "Subject: z\n\n");
	put("in/sub/c.eml", "Subject: c\n\n");
	put("elsewhere", "Subject: outside\n\n");
	assert_int_equal(symlink("../elsewhere", "in/link"), 0);
	assert_int_equal(symlink("..", "in/loop"), 0);
	assert_int_equal(mkfifo("in/pipe", 0600), 0);
	static const struct {
		const char *name, *begin;
		int64_t arrived;
	} expect[] = {
		{ "in/a.eml", "Subject: a", 0 },
		{ "in/b.mbox", "Subject: b1", 10 },
		{ "in/b.mbox", "Subject: b2", 20 },
		{ "in/md/66.x.h:2,S", "Subject: m0", 66 },
		{ "in/md/77.x.h", "Subject: m1", 77 },
		{ "in/md/deeper/z.eml", "Subject: z", 0 },
		{ "in/sub/c.eml", "Subject: c", 0 },
		{ "in/a.eml", "Subject: a", 0 },
	};
	enum { N = sizeof expect / sizeof *expect };
	for (size_t batch = 1; batch < 10; batch += 3) {
		const char *const paths[] = { "in", "in/a.eml", NULL };
		struct collect c = { 0 };
		struct settled done;
		struct source *s = open_paths(paths);
		assert_int_equal(collect_all(s, batch, &c), 0);
		assert_int_equal(c.n, N);
		for (size_t i = 0; i < N; i++) {
			assert_string_equal(c.at[i].name, expect[i].name);
			assert_memory_equal(c.at[i].text, expect[i].begin, strlen(expect[i].begin));
			assert_int_equal(c.at[i].arrived, expect[i].arrived);
			assert_int_equal(c.at[i].id, i + 1);
		}
		assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), 0);
		assert_int_equal(done.kept, N);
		assert_int_equal(s->ops->close(s, NULL, 0), 0);
		collect_free(&c);
	}
}

static void unreadable_paths_do_not_stop_the_others(void **state)
{
	(void)state;
	put("good.eml", "Subject: good\n\n");
	const char *const paths[] = { "absent", "good.eml", "absent/too", NULL };
	struct collect c = { 0 };
	struct source *s = open_paths(paths);
	assert_int_equal(collect_all(s, 10, &c), -1);
	assert_int_equal(c.n, 1);
	assert_non_null(strstr(s->error, "absent: No such file"));
	assert_non_null(strstr(s->error, "and 1 more"));
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void a_stop_stops(void **state)
{
	(void)state;
	put("a", "Subject: a\n\n"), put("b", "Subject: b\n\n");
	const char *const paths[] = { "a", "b", NULL };
	struct collect c = { .stop_after = 1 };
	struct source *s = open_paths(paths);
	assert_int_equal(collect_all(s, 10, &c), -1);
	assert_int_equal(c.n, 1);
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void large_files_are_cut(void **state)
{
	(void)state;
	char text[5001];
	memset(text, 'x', 5000);
	text[5000] = '\0';
	put("a", text);
	const char *const paths[] = { "a", NULL };
	struct collect c = { 0 };
	struct source *s = open_paths(paths);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 1);
	assert_true(c.at[0].truncated);
	assert_int_equal(c.at[0].size, 5000);
	assert_int_equal(strlen(c.at[0].text), 1000);
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void standard_input(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t messages;
	} cases[] = {
		{ "Subject: one\n\nFrom here\n\nFrom there Thu Jan  1 00:00:10 1970\n", 1 },
		{ "From x Thu Jan  1 00:00:10 1970\nSubject: a\n\n\nFrom x Thu Jan  1 00:00:10 1970\nSubject: b\n",
			2 },
		{ "", 0 },
		{ "Fro", 1 },
	};
	int kept = dup(STDIN_FILENO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int ends[2];
		const char *const paths[] = { "-", NULL };
		struct collect c = { 0 };
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], cases[i].text, strlen(cases[i].text)),
			strlen(cases[i].text));
		close(ends[1]);
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		struct source *s = open_paths(paths);
		assert_int_equal(collect_all(s, 10, &c), 0);
		assert_int_equal(c.n, cases[i].messages);
		s->ops->close(s, NULL, 0);
		collect_free(&c);
	}
	dup2(kept, STDIN_FILENO);
	close(kept);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(remote_ids_differ),
		TEST(listing_larger_than_its_window),
		TEST(maildir_order_is_by_time),
		TEST(imports_everything_below),
		TEST(unreadable_paths_do_not_stop_the_others),
		TEST(a_stop_stops),
		TEST(large_files_are_cut),
		TEST(standard_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
