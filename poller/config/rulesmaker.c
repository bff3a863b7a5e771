/*
 * What the process sends: one byte, 0 and an image, or 1 and what is wrong; then it
 * ends. The files become a dictionary before its door is closed, because iniparser
 * opens files by name; everything that is built of them comes after.
 */
#include "poller/config/rulesmaker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/image.h"
#include "poller/run/sandbox.h"

enum { ANSWER_MAX = 64 << 20, ANSWER_ROOM = 1 << 16 };

static void send_whole(int fd, const char *p, size_t n)
{
	while (n) {
		struct iovec part = { (char *)p, n };
		ssize_t sent = sendmsg(
			fd, &(struct msghdr){ .msg_iov = &part, .msg_iovlen = 1 }, MSG_NOSIGNAL);

		if (sent <= 0)
			_exit(EXIT_FAILURE);
		p += sent;
		n -= (size_t)sent;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * The C library's qsort() asks how much memory the machine has when it first sorts more than a
 * little, which a closed door would not let it.
 */
static void sort_once(void)
{
	int numbers[1024] = { 0 };

	qsort(numbers, sizeof numbers / sizeof *numbers, sizeof *numbers, compare_numbers);
}

static void close_door(void *context)
{
	char error[256];

	sort_once();
	if (sandbox_enter(*(const int *)context, error, sizeof error))
		_exit(EXIT_FAILURE);
}

static void make_and_send(
	int fd, const struct rules_text *rules_text, const struct rules_text *providers_text)
{
	char error[1024];
	struct rules *r = rules_read_apart(
		rules_text, providers_text, close_door, &fd, error, sizeof error);

	send_whole(fd, r ? "\0" : "\1", 1);
	if (r)
		send_whole(fd, rules_image(r).p, rules_image(r).n);
	else
		send_whole(fd, error, strlen(error));
	_exit(EXIT_SUCCESS);
}

/* All that comes until the end, and a NUL; NULL: too much, or no memory. The caller's to free(). */
static char *receive_whole(int fd, size_t *n)
{
	size_t room = ANSWER_ROOM;
	char *bytes = malloc(room + 1);

	*n = 0;
	while (bytes) {
		ssize_t got = read(fd, bytes + *n, room - *n);

		if (got == 0 || (got < 0 && errno != EINTR))
			break;
		*n += got > 0 ? (size_t)got : 0;
		if (*n == room) {
			char *more = room < ANSWER_MAX ? realloc(bytes, room * 2 + 1) : NULL;

			if (!more) {
				free(bytes);
				return NULL;
			}
			bytes = more;
			room *= 2;
		}
	}
	if (bytes)
		bytes[*n] = 0;
	return bytes;
}

static void free_made_image(const void *bytes, size_t n)
{
	(void)n;
	free((void *)bytes);
}

static struct rules *take_image(char *answer, size_t n, bool ended, char *error, size_t size)
{
	struct rules *r = NULL;

	if (answer && ended && n && answer[0] == 1) {
		snprintf(error, size, "%s", answer + 1);
	} else if (answer && ended && n) {
		memmove(answer, answer + 1, n - 1); /* the image is aligned as the block is */
		r = rules_open(answer, n - 1, free_made_image);
	}
	if (!r)
		free(answer);
	return r;
}

struct rules *rules_make_apart(const struct rules_text *rules_text,
	const struct rules_text *providers_text, char *error, size_t size)
{
	int fds[2], status = -1;
	char *answer;
	size_t n = 0;
	pid_t pid;

	*error = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return NULL;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		make_and_send(fds[1], rules_text, providers_text);
	close(fds[1]);
	answer = pid > 0 ? receive_whole(fds[0], &n) : NULL;
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return take_image(
		answer, n, WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, error, size);
}
