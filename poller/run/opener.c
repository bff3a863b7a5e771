/* See cmsg(3), unix(7). */
#include "poller/run/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "store/opener.h"

enum { REMOVE_SOCKET = STORE_FILE_COUNT, NAME_SIZE = 64 };

struct opener_request {
	int what; /* enum store_file, or REMOVE_SOCKET */
	char name[NAME_SIZE];
};

/* --- who opens ------------------------------------------------------------ */

/*
 * The store as SQLite finds its other files: beside where a symbolic link leads, with the rights of
 * the database, and its owner where root is the one who asks.
 */
static int open_beside(const char *store, const char *end, int flags)
{
	char found[PATH_MAX], path[PATH_MAX];
	const char *where = realpath(store, found) ? found : store;
	struct stat st = { .st_mode = 0600 };

	if (snprintf(path, sizeof path, "%s%s", where, end) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	bool is_there = !stat(where, &st);
	int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, st.st_mode & 0777);
	if (fd >= 0 && flags & O_CREAT && is_there && !geteuid() &&
		fchown(fd, st.st_uid, st.st_gid)) { /* it is then as readable as before */
	}
	return fd;
}

/*
 * Those that answers and metrics need: of states, of reports' hashes, of what several sites know,
 * what says how old the store is, and how much was erased, by hashes under a key that is not among
 * these.
 */
static bool is_for_answers(const char *name)
{
	unsigned number = 0;
	int end = 0;

	return !strcmp(name, "state.key") || !strcmp(name, "message.key") ||
		!strcmp(name, "ledger-head") || !strcmp(name, "erasures") ||
		!strcmp(name, "sites.key") ||
		(sscanf(name, "state-%3u.key%n", &number, &end) == 1 && end && !name[end]) ||
		(sscanf(name, "sites-%3u.key%n", &number, &end) == 1 && end && !name[end]);
}

static int open_key(const char *directory, const char *name)
{
	char path[PATH_MAX];

	if (!directory || !is_for_answers(name)) {
		errno = directory ? EACCES : ENOENT;
		return -1;
	}
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static int open_one(const struct opener_paths *p, const struct opener_request *r)
{
	struct stat st;

	switch (r->what) {
	case STORE_FILE_DATABASE:
		return open_beside(p->store, "", O_RDONLY);
	case STORE_FILE_LOG:
		return open_beside(p->store, "-wal", O_RDONLY | O_CREAT);
	case STORE_FILE_INDEX:
		return open_beside(p->store, "-shm", O_RDWR | O_CREAT);
	case STORE_FILE_KEYS:
		return open(p->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case STORE_FILE_CREDENTIALS:
		return p->credentials ? open(p->credentials, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				      : -1;
	case STORE_FILE_KEY:
		return open_key(p->keys, r->name);
	case STORE_FILE_CREDENTIAL:
		return open_key(p->credentials, r->name);
	case REMOVE_SOCKET:
		if (p->socket && !lstat(p->socket, &st) && S_ISSOCK(st.st_mode))
			unlink(p->socket);
		errno = 0;
		return -1;
	default:
		errno = EINVAL;
		return -1;
	}
}

union one_descriptor {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* FD, or the errno of why there is none. */
static bool pass_one(int channel, int fd, int problem)
{
	struct iovec part = { &problem, sizeof problem };
	union one_descriptor control = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(channel, &message, MSG_NOSIGNAL) == sizeof problem;
}

static void pass_files(int channel, const struct opener_paths *p)
{
	struct opener_request r;
	bool well = true;

	while (well && recv(channel, &r, sizeof r, 0) == sizeof r) {
		r.name[NAME_SIZE - 1] = '\0';
		int fd = open_one(p, &r);
		well = pass_one(channel, fd, fd < 0 ? errno : 0);
		if (fd >= 0)
			close(fd);
	}
}

/* --- who asks ------------------------------------------------------------- */

static struct {
	int channel;
	pid_t pid;
	volatile sig_atomic_t *stop;
} opener = { -1, -1, NULL };

static int ask(int what, const char *name)
{
	struct opener_request r = { .what = what };
	int problem = 0, fd = -1;
	struct iovec part = { &problem, sizeof problem };
	union one_descriptor control;
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };

	snprintf(r.name, sizeof r.name, "%s", name);
	if (send(opener.channel, &r, sizeof r, MSG_NOSIGNAL) != sizeof r ||
		recvmsg(opener.channel, &message, MSG_CMSG_CLOEXEC) != sizeof problem) {
		log_error("serve: the process that opens files is gone, so this one ends");
		*opener.stop = 1;
		errno = EIO;
		return -1;
	}
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	errno = problem;
	return fd;
}

static int ask_for_file(enum store_file what, const char *name)
{
	return ask((int)what, name);
}

void opener_remove_socket(void)
{
	ask(REMOVE_SOCKET, "");
}

int opener_start(const struct opener_paths *paths, volatile sig_atomic_t *stop)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	pid_t parent = getpid(), pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (!pid) {
		prctl(PR_SET_NAME, "retour opener", 0, 0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		dup2(pair[1], STDIN_FILENO);
		close_range(STDIN_FILENO + 1, ~0U, 0);
		if (getppid() == parent)
			pass_files(STDIN_FILENO, paths);
		_exit(0);
	}
	close(pair[1]);
	opener.channel = pair[0];
	opener.pid = pid;
	opener.stop = stop;
	if (!store_open_through(ask_for_file)) {
		opener_end();
		errno = ENOTSUP;
		return -1;
	}
	return 0;
}

void opener_end(void)
{
	if (opener.channel < 0)
		return;
	close(opener.channel);
	opener.channel = -1;
	while (waitpid(opener.pid, NULL, 0) < 0 && errno == EINTR)
		;
}
