/*
 * Settling in mboxes while others deliver.
 */
#include "tests/unit/poller_mbox.h"

#define MOVED FROM("07") /* the present time of these tests */
#define NEW FROM("09") "A: 9\n\nnew\n\n"

static struct source *open_box(bool stays)
{
	struct source *s;
	struct source_options options = {
		.mailbox = &box, .max_message = 1000, .stays = stays, .scratch = scratch_path
	};
	int result = source_mbox.open(&s, &options);
	if (result)
		print_error("%s\n", s->error);
	assert_int_equal(result, 0);
	return s;
}

static void append_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Every way to settle three messages, with and without mail delivered meanwhile. */
static void every_combination(void **state)
{
	(void)state;
	static const char *const text[] = { ONE, TWO, THREE };
	for (int combination = 0; combination < 27 * 3; combination++) {
		enum settlement what[3] = { (enum settlement)(combination % 3),
			(enum settlement)(combination / 3 % 3),
			(enum settlement)(combination / 9 % 3) };
		bool delivered = combination / 27 == 1, scattered = combination / 27 == 2;
		char stays[1000] = "", moves[1000] = "";
		struct collect c = { 0 };
		struct settled done, sum = { 0 };
		put("box", ONE TWO THREE);
		unlink("other");
		struct source *s = open_box(false);
		assert_int_equal(collect_all(s, 2, &c), 0);
		assert_int_equal(c.n, 3);
		for (int i = 0; i < 3; i++) {
			/* Batches may be settled one by one and not in order. */
			int k = scattered ? 2 - i : i;
			struct settle_item item = { c.at[k].id, what[k] };
			assert_int_equal(s->ops->settle(s, &item, 1, &done), 0);
			sum.deleted += done.deleted, sum.moved += done.moved, sum.kept += done.kept;
			if (what[i] == SETTLE_QUARANTINE)
				strcat(stays, text[i]);
			if (what[k] == SETTLE_UNRECOGNISED)
				strcat(strcat(moves, MOVED), text[k] + strlen(MOVED));
		}
		if (delivered) {
			append_to("box", NEW);
			strcat(stays, NEW);
		}
		char error[SOURCE_ERROR_SIZE] = "";
		if (s->ops->close(s, error, sizeof error))
			fail_msg("combination %d: %s", combination, error);
		assert_int_equal(sum.deleted + sum.moved + sum.kept, 3);
		assert_file("box", stays);
		if (*moves)
			assert_file("other", moves);
		else
			assert_int_equal(access("other", F_OK), -1);
		assert_int_equal(access("box.lock", F_OK), -1);
		collect_free(&c);
	}
}

/*
 * Where no file can be made beside it (here: names too long for it), messages are moved together in
 * place; without FILE.lock, too.
 */
static void without_files_beside_it(void **state)
{
	(void)state;
	enum { LOCK_FITS = 250, NOTHING_FITS = 255 };
	static const int lengths[] = { LOCK_FITS, NOTHING_FITS };
	for (int i = 0; i < 2; i++) {
		char name[NOTHING_FITS + 1] = "";
		struct stat before, after;
		struct collect c = { 0 };
		struct settled done;
		memset(name, 'b', (size_t)lengths[i]);
		/* More stays than goes, so that the bytes overlap their new place. */
		put(name, ONE THREE TWO);
		for (int k = 0; k < 40; k++)
			append_to(name, THREE TWO);
		box.path = name;
		assert_int_equal(stat(name, &before), 0);
		struct source *s = open_box(false);
		assert_int_equal(collect_all(s, 1000, &c), 0);
		assert_int_equal(c.n, 83);
		struct settle_item items[] = { { c.at[0].id, SETTLE_PROCESSED },
			{ c.at[2].id, SETTLE_PROCESSED }, { c.at[82].id, SETTLE_PROCESSED } };
		assert_int_equal(s->ops->settle(s, items, 3, &done), 0);
		append_to(name, NEW);
		assert_int_equal(s->ops->close(s, NULL, 0), 0);
		assert_int_equal(stat(name, &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
		FILE *f = fopen("expect", "w");
		fputs(THREE, f);
		for (int k = 0; k < 40; k++)
			fputs(k < 39 ? THREE TWO : THREE, f);
		fputs(NEW, f);
		fclose(f);
		char *text = get("expect");
		assert_file(name, text);
		free(text);
		collect_free(&c);
	}
}

static void messages_as_handed_out(void **state)
{
	(void)state;
	struct collect c = { 0 };
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_string_equal(c.at[0].text, "A: 1\n\nFrom one\n");
	assert_int_equal(c.at[0].arrived, 1);
	assert_int_equal(c.at[2].arrived, 3);
	assert_int_equal(c.at[1].size, strlen("A: 2\n\ntwo\n"));
	s->ops->close(s, NULL, 0);
	assert_file("box", ONE TWO THREE);
	collect_free(&c);
}

/* Settles everything as processed after MEDDLE was done; the file must then be as EXPECTED. */
static void check_meddling(void (*meddle)(void), int result, const char *expected)
{
	struct collect c = { 0 };
	struct settled done;
	char error[SOURCE_ERROR_SIZE] = "";
	put("box", ONE TWO THREE);
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	meddle();
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), result);
	assert_int_equal(s->ops->close(s, error, sizeof error), result);
	if (result)
		assert_non_null(strstr(error, "changed by somebody else"));
	assert_file("box", expected);
	collect_free(&c);
}

static void replaced(void)
{
	put("new", ONE TWO THREE NEW), rename("new", "box");
}

static void shortened(void)
{
	put("box", TWO);
}

static void rewritten(void)
{
	put("box", TWO THREE NEW NEW NEW);
}

static void delivered(void)
{
	append_to("box", NEW NEW NEW NEW NEW);
}

static void somebody_else_changes_the_file(void **state)
{
	(void)state;
	check_meddling(replaced, -1, ONE TWO THREE NEW);
	check_meddling(shortened, -1, TWO);
	check_meddling(rewritten, -1, TWO THREE NEW NEW NEW);
	check_meddling(delivered, 0, NEW NEW NEW NEW NEW);
}

static void locks_are_respected(void **state)
{
	(void)state;
	struct source *s;
	struct source_options options = { .mailbox = &box, .max_message = 1000 };
	put("box.lock", "");
	assert_int_equal(source_mbox.open(&s, &options), -1);
	assert_non_null(strstr(s->error, "box.lock: held"));
	s->ops->close(s, NULL, 0);
	/* One that was left behind long ago is taken away. */
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	assert_int_equal(utimensat(AT_FDCWD, "box.lock", old, 0), 0);
	assert_int_equal(source_mbox.open(&s, &options), 0);
	s->ops->close(s, NULL, 0);
	assert_int_equal(access("box.lock", F_OK), -1);

	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (!child) {
		int fd = open("box", O_RDWR);
		struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		_exit(fcntl(fd, F_SETLK, &whole) || write(ready[1], "x", 1) != 1 || sleep(20));
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(source_mbox.open(&s, &options), -1);
	assert_non_null(strstr(s->error, "no lock"));
	s->ops->close(s, NULL, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]), close(ready[1]);
}

static void wanted_only(void **state)
{
	(void)state;
	struct collect c = { 0 }, again = { 0 };
	struct settled done;
	/* Without the empty line at its end. */
	assert_int_equal(truncate("box", (off_t)strlen(ONE TWO THREE) - 1), 0);
	struct source *s = open_box(true);
	assert_int_equal(collect_all(s, 2, &c), 0);
	assert_int_equal(c.asked, 3);
	struct settle_item first = { c.at[0].id, SETTLE_PROCESSED };
	assert_int_equal(s->ops->settle(s, &first, 1, &done), 0);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	/*
	 * Another place in the file, the same message; and what is delivered behind it does not
	 * make it another.
	 */
	append_to("box", "\n" NEW);
	assert_file("box", TWO THREE NEW);
	again.unwanted = (const char *)c.at[2].remote_id;
	s = open_box(true);
	assert_int_equal(collect_all(s, 1, &again), 0);
	assert_int_equal(again.n, 2);
	assert_string_equal(again.at[0].text, "A: 2\n\ntwo\n");
	assert_string_equal(again.at[1].text, "A: 9\n\nnew\n");
	assert_memory_equal(again.at[0].remote_id, c.at[1].remote_id, SOURCE_ID_SIZE);
	assert_int_equal(collect_settle(s, &again, SETTLE_PROCESSED, &done), 0);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	assert_file("box", THREE);
	collect_free(&c);
	collect_free(&again);
}

static void links_and_modes(void **state)
{
	(void)state;
	struct stat st, before;
	struct collect c = { 0 };
	struct settled done;
	mkdir("real", 0700);
	put("real/box", ONE TWO THREE);
	chmod("real/box", 0640);
	unlink("box");
	assert_int_equal(symlink("real/box", "box"), 0);
	assert_int_equal(stat("box", &before), 0);
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	/* ONE goes and the longer rest stays: a new file takes its place. */
	struct settle_item first = { c.at[0].id, SETTLE_PROCESSED };
	assert_int_equal(s->ops->settle(s, &first, 1, &done), 0);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	assert_int_equal(lstat("box", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat("real/box", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_not_equal(st.st_ino, before.st_ino);
	assert_file("real/box", TWO THREE);
	collect_free(&c);
	/*
	 * The short rest fits where the longer one was: no new file, which somebody could miss who
	 * has this one open.
	 */
	before = st;
	s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	append_to("real/box", TWO);
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), 0);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	assert_int_equal(stat("real/box", &st), 0);
	assert_int_equal(st.st_ino, before.st_ino);
	assert_file("real/box", TWO);
	collect_free(&c);
}

static void expiry(void **state)
{
	(void)state;
	struct folder_mark none = { 0 }, end;
	uint64_t removed;
	put("other", ONE TWO THREE NEW);
	struct source *s = open_box(false);
	assert_int_equal(s->ops->expire(s, "other", 3, &none, &removed, &end), 0);
	assert_int_equal(removed, 2);
	assert_file("other", THREE NEW);
	assert_int_equal(s->ops->expire(s, "absent", 3, &none, &removed, &end), 0);
	assert_int_equal(removed, 0);
	assert_int_equal(s->ops->expire(s, "../other", 3, &none, &removed, &end), -1);
	assert_int_equal(s->ops->expire(s, "box", 3, &none, &removed, &end), -1);
	assert_file("box", ONE TWO THREE);
	s->ops->close(s, NULL, 0);
}

static void folder_without_a_last_line_end(void **state)
{
	(void)state;
	struct collect c = { 0 };
	struct settled done;
	put("box", FROM("01") "A: 1\n\none");
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(collect_settle(s, &c, SETTLE_UNRECOGNISED, &done), 0);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	assert_file("other", MOVED "A: 1\n\none\n\n");
	assert_file("box", "");
	collect_free(&c);
}

static void what_is_no_mbox_is_said(void **state)
{
	(void)state;
	struct source *s;
	struct collect c = { 0 };
	struct source_options options = { .mailbox = &box, .max_message = 1000 };
	put("box", "Subject: a message, not an mbox\n\n");
	s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), -1);
	assert_non_null(strstr(s->error, "not an mbox"));
	assert_int_equal(c.n, 0);
	s->ops->close(s, NULL, 0);
	unlink("box");
	assert_int_equal(source_mbox.open(&s, &options), -1);
	assert_non_null(strstr(s->error, "box: No such file"));
	s->ops->close(s, NULL, 0);
}

/*
 * Bytes that were read are gone from the file at once, and what is read after it lies where it lies
 * now.
 */
static void each_settle_shortens_the_file(void **state)
{
	(void)state;
	struct collect c = { 0 };
	struct settled done;
	put("box", ONE TWO THREE ONE TWO);
	struct source *s = open_box(false);
	struct source_sink sink = collect_sink(&c);
	assert_int_equal(s->ops->next(s, 2, &sink), 2);
	struct settle_item items[] = { { c.at[0].id, SETTLE_PROCESSED },
		{ c.at[1].id, SETTLE_UNRECOGNISED } };
	assert_int_equal(s->ops->settle(s, items, 1, &done), 0);
	assert_file("box", TWO THREE ONE TWO);
	append_to("box", NEW);
	assert_int_equal(s->ops->next(s, 1, &sink), 1);
	assert_string_equal(c.at[2].text,
		"A: 3\n\nthree, which is the longest of them all by far and by wide\n");
	assert_int_equal(s->ops->settle(s, items + 1, 1, &done), 0);
	assert_file("box", THREE ONE TWO NEW);
	assert_file("other", MOVED "A: 2\n\ntwo\n\n");
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 5);
	assert_string_equal(c.at[4].text, "A: 2\n\ntwo\n");
	struct settle_item rest[] = { { c.at[4].id, SETTLE_PROCESSED },
		{ c.at[2].id, SETTLE_PROCESSED }, { c.at[3].id, SETTLE_PROCESSED } };
	assert_int_equal(s->ops->settle(s, rest, 3, &done), 0);
	assert_file("box", NEW);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	collect_free(&c);
}

/* What a kill left of the lock: the process is gone, on this machine; else it is waited for. */
static void a_lock_says_whose_it_is(void **state)
{
	(void)state;
	struct source *s;
	struct source_options options = { .mailbox = &box, .max_message = 1000 };
	char host[256] = "", text[600];
	pid_t gone = fork();
	if (!gone)
		_exit(0);
	waitpid(gone, NULL, 0);
	gethostname(host, sizeof host - 1);
	const struct {
		long pid;
		const char *host;
		int result;
	} cases[] = { { gone, host, 0 }, { getpid(), host, -1 }, { gone, "another.example", -1 },
		{ 0, host, -1 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "%ld:%s\n", cases[i].pid, cases[i].host);
		put("box.lock", text);
		assert_int_equal(source_mbox.open(&s, &options), cases[i].result);
		s->ops->close(s, NULL, 0);
		assert_int_equal(access("box.lock", F_OK), cases[i].result ? 0 : -1);
		unlink("box.lock");
	}
	struct mbox_lock lock;
	s = open_box(false);
	assert_int_equal(mbox_lock(&lock, s, "box", open("box", O_RDWR), 1), 0);
	snprintf(text, sizeof text, "%ld:%s\n", (long)getpid(), host);
	assert_file("box.lock", text);
	close(lock.fd);
	mbox_unlock(&lock);
	s->ops->close(s, NULL, 0);
}

/*
 * What a test that kills runs (tests/e2e/mbox_points.py): BOX is read by COUNT at once and settled
 * as the messages ask for.
 */
static int drive(const char *path, const char *scratch, size_t count)
{
	struct source *s;
	struct collect c = { 0 };
	struct source_sink sink = collect_sink(&c);
	struct settled done;
	char error[SOURCE_ERROR_SIZE] = "";
	box = (struct mailbox){ .name = "test",
		.path = path,
		.timeout = 2,
		.processed = { DISPOSE_DELETE, NULL },
		.unrecognised = { DISPOSE_MOVE, "other" },
		.quarantine = { DISPOSE_KEEP, NULL } };
	struct source_options options = {
		.mailbox = &box, .max_message = 1 << 20, .scratch = scratch
	};
	int result = source_mbox.open(&s, &options), n = 0;
	for (size_t from = 0; !result && (n = s->ops->next(s, count, &sink)) > 0; from = c.n) {
		struct settle_item *items = calloc((size_t)n, sizeof *items);
		for (size_t i = from; i < c.n; i++)
			items[i - from] = (struct settle_item){ c.at[i].id,
				strstr(c.at[i].text, "go: delete")         ? SETTLE_PROCESSED
					: strstr(c.at[i].text, "go: move") ? SETTLE_UNRECOGNISED
									   : SETTLE_QUARANTINE };
		result = s->ops->settle(s, items, (size_t)n, &done);
		free(items);
	}
	if (result || n < 0)
		fprintf(stderr, "%s\n", s->error);
	if (s->ops->close(s, error, sizeof error) && !result)
		fprintf(stderr, "%s\n", error), result = -1;
	return result || n < 0;
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return drive(argv[1], argv[2], (size_t)atoi(argv[3]));
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_combination),
		TEST(without_files_beside_it),
		TEST(messages_as_handed_out),
		TEST(somebody_else_changes_the_file),
		TEST(locks_are_respected),
		TEST(wanted_only),
		TEST(links_and_modes),
		TEST(expiry),
		TEST(folder_without_a_last_line_end),
		TEST(what_is_no_mbox_is_said),
		TEST(each_settle_shortens_the_file),
		TEST(a_lock_says_whose_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
