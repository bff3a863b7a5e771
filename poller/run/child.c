/* Starting, ending and hardening processes. See prctl(2), posix_spawn(3). */
#include "poller/run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"

extern char **environ;

pid_t child_start(const char *role, const char *label, const char *config_file, int *fd)
{
	int pair[2], error;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	/* more under way at once: fewer changes between the processes */
	int room = 512 * 1024;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);

	char title[160];
	snprintf(title, sizeof title, "retour: %s", label);
	const char *argv[10];
	int n = 0;
	argv[n++] = title;
	if (config_file) {
		argv[n++] = "-c";
		argv[n++] = config_file;
	}
	if (log_level() != LOG_LEVEL_NOTICE)
		argv[n++] = log_level() > LOG_LEVEL_NOTICE ? "-v" : "-q";
	if (clock_is_set()) {
		argv[n++] = "--now";
		argv[n++] = clock_text();
	}
	argv[n++] = role;
	argv[n] = NULL;

	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t mask;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pair[1], CHILD_FD);
	posix_spawnattr_init(&attributes);
	/*
	 * a stop signal to the whole group is the run's to answer: it ends its children when the
	 * batch is done
	 */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	posix_spawnattr_setsigmask(&attributes, &mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	pid_t pid = -1;
	error = posix_spawn(
		&pid, "/proc/self/exe", &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(pair[1]);
	if (error) {
		close(pair[0]);
		errno = error;
		return -1;
	}
	*fd = pair[0];
	return pid;
}

void child_patience(int fd, int64_t seconds)
{
	struct timeval limit = { .tv_sec = (time_t)seconds };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

int child_end(pid_t pid)
{
	int status = 0;
	if (pid <= 0)
		return 0;
	if (waitpid(pid, &status, WNOHANG) == 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
	}
	return status;
}

const char *child_status(int status, char *buffer, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buffer, size, "ended with signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(buffer, size, "ended with exit code %d", WEXITSTATUS(status));
	return buffer;
}

void process_guard(void)
{
	int fd;
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO) {
	}
	if (fd >= 0)
		close(fd);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#if !defined \
	WITH_ADDRESS_SANITIZER /* the leak sanitizer reads its own process as a debugger would */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

void child_guard(const char *name)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	close_range(CHILD_FD + 1, ~0U, 0);
#if !defined WITH_ADDRESS_SANITIZER /* which maps terabytes for its shadow */
	setrlimit(RLIMIT_DATA, &(struct rlimit){ CHILD_MEMORY_MAX, CHILD_MEMORY_MAX });
#endif
}

void child_no_new_rights(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
