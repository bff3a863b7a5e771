/* A file is written whole, for good, and never in the place of what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "tests/unit/place.h"

static char here[PLACE_SIZE];

static int enter(void **state)
{
	(void)state;
	return place_make(here) && !chdir(here) ? 0 : -1;
}

static int leave(void **state)
{
	static const char *const names[] = { "file", "link", "fifo", "other",
		".file.retour-draft" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	return chdir("/") || rmdir(here) ? -1 : 0;
}

static void holds(const char *path, const char *text)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof got - 1);

	close(fd);
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

static void a_file_is_replaced(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_replace("file", span_of("one"), 0640), 0);
	assert_int_equal(file_replace("file", span_of("two!"), 0640), 0);
	holds("file", "two!");
	assert_int_equal(chmod("file", 0600), 0);
	assert_int_equal(file_replace("file", span_of("two!"), 0644), 0);
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(chmod("file", 0640), 0);
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_not_equal(access(".file.retour-draft", F_OK), 0);
}

static void a_draft_that_was_left_is_taken_over(void **state)
{
	(void)state;
	close(open(".file.retour-draft", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(file_replace("file", span_of("x"), 0600), 0);
	holds("file", "x");
	assert_int_not_equal(access(".file.retour-draft", F_OK), 0);
}

static void a_draft_with_another_name_is_not_written_to(void **state)
{
	(void)state;
	assert_int_equal(file_replace("other", span_of("mine"), 0600), 0);
	assert_int_equal(link("other", ".file.retour-draft"), 0);
	assert_int_equal(file_replace("file", span_of("x"), 0600), -1);
	assert_int_equal(errno, EEXIST);
	holds("other", "mine");
}

static void a_link_is_followed(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("other", "link"), 0);
	assert_int_equal(file_replace("link", span_of("first"), 0600),
		0); /* there is nothing yet where it leads */
	holds("other", "first");
	assert_int_equal(file_replace("link", span_of("second"), 0600), 0);
	holds("other", "second");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void what_is_no_file_is_written_to(void **state)
{
	char got[8] = "";
	struct stat st;

	(void)state;
	assert_int_equal(file_replace("/dev/null", span_of("x"), 0600), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	int fd = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_int_equal(file_replace("fifo", span_of("pipe"), 0600), 0);
	assert_int_equal(read(fd, got, sizeof got), 4);
	close(fd);
	assert_int_equal(stat("fifo", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_replaced, enter, leave),
		cmocka_unit_test_setup_teardown(a_draft_that_was_left_is_taken_over, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_draft_with_another_name_is_not_written_to, enter, leave),
		cmocka_unit_test_setup_teardown(a_link_is_followed, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_written_to, enter, leave),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
