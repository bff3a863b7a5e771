/* The line that tells how far a command is: only on a terminal, not at once, wiped before others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "poller/run/progress.h"

static int master, slave, was;

static void stderr_becomes(int fd)
{
	was = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* What was written to it, without waiting; stderr is what it was before. */
static const char *seen(int fd)
{
	static char text[4096];
	dup2(was, STDERR_FILENO);
	close(was);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	while (poll(&ready, 1, 0) > 0) {
		ssize_t got = read(fd, text + n, sizeof text - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
	}
	text[n] = '\0';
	return text;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void a_line_is_written_over(void **state)
{
	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	stderr_becomes(slave);
	progress_begin("import", "mails");
	progress_bytes(1, 4);
	progress_show(1); /* too early */
	sleep_ms(1050);
	progress_bytes(500, 1000);
	progress_show(4200);
	progress_show(4201); /* too soon */
	log_notice("a line of its own");
	sleep_ms(300);
	progress_show(5400);
	progress_end();
	const char *text = seen(master);
	const char *first = strstr(text, "import: 4200 mails, "),
		   *line = strstr(text, "\rretour: a line of its own");
	assert_non_null(first);
	assert_non_null(strstr(text, " a second, 50 %, about 1 s left"));
	assert_ptr_equal(first, text);
	assert_null(strstr(text, "4201"));
	assert_true(line > first);
	assert_true(strstr(text, "import: 5400 mails") > line);
	assert_int_equal(text[strlen(text) - 1], '\r');
}

static void only_the_time_where_nothing_is_counted(void **state)
{
	(void)state;
	stderr_becomes(slave);
	progress_begin("audit", NULL);
	sleep_ms(1050);
	progress_show(77);
	progress_end();
	assert_non_null(strstr(seen(master), "audit: 1 s\r"));
}

static void nobody_looks(void **state)
{
	int ends[2];
	(void)state;
	stderr_becomes(slave);
	log_set_level(LOG_LEVEL_ERROR);
	progress_begin("import", "mails");
	sleep_ms(1050);
	progress_show(4200);
	progress_end();
	log_set_level(LOG_LEVEL_NOTICE);
	assert_string_equal(seen(master), "");
	assert_int_equal(pipe(ends), 0);
	stderr_becomes(ends[1]);
	progress_begin("import", "mails");
	sleep_ms(1050);
	progress_show(4200);
	progress_end();
	assert_string_equal(seen(ends[0]), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_written_over),
		cmocka_unit_test(only_the_time_where_nothing_is_counted),
		cmocka_unit_test(nobody_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
