/*
 * Runs `sendmail -i -t` and writes the mail to its standard input. -i: a line with a
 * single dot does not end the mail; -t: the recipients come from the header. The
 * command's exit code is one of sysexits.h; what it prints may hold addresses and is dropped.
 */
#include "poller/sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "poller/clock.h"

enum { WAIT_STEP_MS = 20 };

static int start(const char *path, bool null_sender, int input, pid_t *pid);
static int feed(int fd, struct span mail, double until);
static int wait_for(pid_t pid, double until, int *status);
static const char *exit_text(int status);

/* The command's standard input is one end of a socket pair: unlike a pipe it can be written without SIGPIPE. */
int sendmail_carry(const char *path, bool null_sender, struct span mail, char *error, size_t size)
{
	double until = clock_monotonic() + SENDMAIL_TIMEOUT;
	int ends[2] = { -1, -1 }, status = 0, code, unfed;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		snprintf(error, size, "socketpair: %s", strerror(errno));
		return -1;
	}
	code = start(path, null_sender, ends[1], &pid);
	close(ends[1]);
	if (code) {
		close(ends[0]);
		snprintf(error, size, "%s: %s", path, strerror(code));
		return -1;
	}
	unfed = feed(ends[0], mail, until);
	close(ends[0]);
	if (wait_for(pid, until, &status)) {
		snprintf(error, size, "%s: not done after %d s", path, SENDMAIL_TIMEOUT);
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		snprintf(error, size, "%s: %s", path, exit_text(status));
		return -1;
	}
	if (unfed) {
		snprintf(error, size, "%s: it did not take the whole mail", path);
		return -1;
	}
	return 0;
}

static int start(const char *path, bool null_sender, int input, pid_t *pid)
{
	static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *argv[] = { (char *)path, (char *)"-i", (char *)"-t", null_sender ? (char *)"-f" : NULL, (char *)"<>", NULL };
	char *environment[] = { path_variable, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int code;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGINT);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	code = posix_spawn(pid, path, &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static int feed(int fd, struct span mail, double until)
{
	while (mail.n) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		double left = until - clock_monotonic();
		ssize_t n = send(fd, mail.p, mail.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			mail.p += n;
			mail.n -= (size_t)n;
		} else if (left <= 0 || (errno != EAGAIN && errno != EINTR)) {
			return -1;
		} else {
			poll(&p, 1, (int)(left * 1000) + 1);
		}
	}
	return 0;
}

static int wait_for(pid_t pid, double until, int *status)
{
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (clock_monotonic() >= until) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return -1;
		}
		poll(NULL, 0, WAIT_STEP_MS);
	}
	return ended == pid ? 0 : -1;
}

static const char *exit_text(int status)
{
	static const struct { int code; const char *text; } table[] = {
		{ EX_USAGE, "it does not know -i -t" },
		{ EX_DATAERR, "it refuses the mail's form" },
		{ EX_NOUSER, "a recipient does not exist" },
		{ EX_NOHOST, "a recipient's host does not exist" },
		{ EX_UNAVAILABLE, "a recipient was refused" },
		{ EX_SOFTWARE, "internal error of it" },
		{ EX_OSERR, "error of the operating system" },
		{ EX_TEMPFAIL, "not now, try later" },
		{ EX_NOPERM, "not permitted" },
		{ EX_CONFIG, "error in its configuration" },
	};

	if (!WIFEXITED(status))
		return "ended by a signal";
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].code == WEXITSTATUS(status))
			return table[i].text;
	return "failed";
}

int sendmail_probe(const char *path, char *error, size_t size)
{
	if (access(path, X_OK) == 0)
		return 0;
	snprintf(error, size, "%s: %s", path, strerror(errno));
	return -1;
}
