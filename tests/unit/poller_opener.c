/* Who opens files for `serve` gives what answers need, to read, and nothing else, whatever he is
 * asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "poller/run/opener.h"
#include "store/opener.h"

static char directory[] = "/tmp/retour-opener-XXXXXX", store[64], keys[64], socket_path[64];
static volatile sig_atomic_t stop;

static void make(const char *in, const char *name)
{
	char path[160];
	snprintf(path, sizeof path, "%s%s/%s", directory, in, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, name, strlen(name)), (ssize_t)strlen(name));
	close(fd);
}

static int way_of(int fd)
{
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	int way = fcntl(fd, F_GETFL) & O_ACCMODE;
	close(fd);
	return way;
}

static void files_come_to_be_read(void **state)
{
	store_opener *ask = store_files_opener();
	struct stat st;
	char path[80];
	(void)state;
	assert_int_equal(way_of(ask(STORE_FILE_DATABASE, "")), O_RDONLY);
	assert_int_equal(way_of(ask(STORE_FILE_LOG, "")), O_RDONLY);
	assert_int_equal(way_of(ask(STORE_FILE_INDEX, "")), O_RDWR);
	assert_int_equal(way_of(ask(STORE_FILE_KEYS, "")), O_RDONLY);
	snprintf(path, sizeof path, "%s-wal", store);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void keys_of_answers_and_no_other(void **state)
{
	static const char *const given[] = { "state.key", "state-2.key", "message.key",
		"ledger-head", "sites.key", "sites-2.key" },
				 *const refused[] = { "event-2026-11.key", "sign.key", "verp-1.key",
					 "erasure.key", "sites.keys", "../db",
					 "state-2.key/../sign.key", "state-2.keyx", "sites-2.keyx",
					 "/etc/passwd", "", "." };
	store_opener *ask = store_files_opener();
	(void)state;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		assert_int_equal(way_of(ask(STORE_FILE_KEY, given[i])), O_RDONLY);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		assert_int_equal(ask(STORE_FILE_KEY, refused[i]), -1);
		assert_int_equal(errno, EACCES);
		assert_int_equal(ask(STORE_FILE_CREDENTIAL, refused[i]), -1);
	}
	assert_int_equal(ask(99, ""), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(stop, 0);
}

static void a_socket_is_removed_and_no_file(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	(void)state;
	opener_remove_socket();
	assert_int_equal(access(socket_path, F_OK), 0); /* a file lies there */
	unlink(socket_path);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	opener_remove_socket();
	assert_int_not_equal(access(socket_path, F_OK), 0);
	assert_int_equal(stop, 0);
}

static void its_end_is_noticed(void **state)
{
	(void)state;
	opener_end();
	assert_int_equal(store_files_opener()(STORE_FILE_DATABASE, ""), -1);
	assert_int_equal(stop, 1);
}

static int prepare(void **state)
{
	static const char *const names[] = { "state.key", "state-2.key", "state-2.keyx",
		"message.key", "ledger-head", "event-2026-11.key", "sign.key", "verp-1.key",
		"erasure.key", "sites.key", "sites-2.key" };
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(store, sizeof store, "%s/db", directory);
	snprintf(keys, sizeof keys, "%s/keys", directory);
	snprintf(socket_path, sizeof socket_path, "%s/ask", directory);
	mkdir(keys, 0700);
	make("", "db");
	make("", "ask");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		make("/keys", names[i]);
	static struct opener_paths paths;
	paths = (struct opener_paths){ .store = store, .keys = keys, .socket = socket_path };
	return opener_start(&paths, &stop);
}

static int clean(void **state)
{
	char command[64];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_to_be_read),
		cmocka_unit_test(keys_of_answers_and_no_other),
		cmocka_unit_test(a_socket_is_removed_and_no_file),
		cmocka_unit_test(its_end_is_noticed),
	};
	return cmocka_run_group_tests(tests, prepare, clean);
}
