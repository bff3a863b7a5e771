/*
 * A command at work for us: sendmail, or the administrator's alert command. What it prints may hold
 * addresses and is dropped. Its standard input is one end of a socket pair: unlike a pipe it can be
 * written without SIGPIPE. It has a process group of its own, so that all of it can be ended.
 */
#include "poller/post/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/base/clock.h"

enum { WAIT_STEP_MS = 20 };

static int start_feed(char *const argv[], int input, int output, pid_t *pid);
static int feed(int fd, struct span input, double until);
static int wait_for_feed(pid_t pid, double until, int *status);
static bool left_unread(int fd);

int feed_command(char *const argv[], struct span input, int seconds, int *status, bool *fed,
	char *error, size_t size)
{
	return feed_command_into(argv, input, -1, seconds, status, fed, error, size);
}

int feed_command_into(char *const argv[], struct span input, int output, int seconds, int *status,
	bool *fed, char *error, size_t size)
{
	double until = clock_monotonic() + seconds;
	int ends[2] = { -1, -1 }, code;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		snprintf(error, size, "socketpair: %s", strerror(errno));
		return -1;
	}
	code = start_feed(argv, ends[1], output, &pid);
	close(ends[1]);
	if (code) {
		close(ends[0]);
		snprintf(error, size, "%s: %s", argv[0], strerror(code));
		return -1;
	}
	*fed = !feed(ends[0], input, until);
	shutdown(ends[0], SHUT_WR);
	code = wait_for_feed(pid, until, status);
	*fed &= !left_unread(ends[0]);
	close(ends[0]);
	if (code) {
		snprintf(error, size, "%s: not done after %d s", argv[0], seconds);
		return -1;
	}
	return 0;
}

/*
 * Something lies in the other end, which a process has that was left behind; or that end was closed
 * with something in it: unix(7) has no other reason for the error.
 */
static bool left_unread(int fd)
{
	int error = 0, unread = 0;
	socklen_t n = sizeof error;

	return ioctl(fd, TIOCOUTQ, &unread) || unread ||
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) || error == ECONNRESET;
}

static int start_feed(char *const argv[], int input, int output, pid_t *pid)
{
	static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = { path_variable, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int code;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGHUP);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (output < 0)
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	code = posix_spawn(pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static int feed(int fd, struct span input, double until)
{
	while (input.n) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		double left = until - clock_monotonic();
		ssize_t n = send(fd, input.p, input.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			input.p += n;
			input.n -= (size_t)n;
		} else if (left <= 0 || (errno != EAGAIN && errno != EINTR)) {
			return -1;
		} else {
			poll(&p, 1, (int)(left * 1000) + 1);
		}
	}
	return 0;
}

static int wait_for_feed(pid_t pid, double until, int *status)
{
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (clock_monotonic() >= until) {
			kill(-pid, SIGKILL);
			waitpid(pid, status, 0);
			return -1;
		}
		poll(NULL, 0, WAIT_STEP_MS);
	}
	return ended == pid ? 0 : -1;
}
