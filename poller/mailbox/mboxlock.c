/* FILE.lock and fcntl, the locks of an mbox. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/files.h"
#include "poller/mailbox/mboxlock.h"

enum {
	LOCK_SECONDS = 30,        /* where the mailbox names no timeout */
	LOCK_STALE_SECONDS = 900, /* a FILE.lock as old as this, of which nothing else is known, was
				     left behind */
	LOCK_POLL_MS = 50,
	OWNER_SIZE = 300,
};

/* "PID:HOST" of this process, as Dovecot writes it; others read the number only. */
static void owner_text(char out[OWNER_SIZE])
{
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	snprintf(out, OWNER_SIZE, "%ld:%s\n", (long)getpid(), host);
}

/* True when the file says a process of this machine and there is none of that number. */
static bool owner_is_gone(const char *path)
{
	char text[OWNER_SIZE] = "", ours[OWNER_SIZE];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	owner_text(ours);
	char *end;
	long pid = n > 0 ? strtol(text, &end, 10) : 0;
	return pid > 0 && pid < INT32_MAX && *end == ':' && !strcmp(end, strchr(ours, ':')) &&
		kill((pid_t)pid, 0) && errno == ESRCH;
}

/*
 * FILE.lock with its text in it: a file without a name gets this one. Where the file system has no
 * such files the text comes a moment later. 0, or -1 with errno.
 */
static int make_dotlock(const char *path)
{
	char text[OWNER_SIZE], proc[64];
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = directory ? open(directory, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0444) : -1,
	    result = -1;
	bool nameless = fd >= 0;
	free(directory);
	if (!nameless &&
		(fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444)) < 0)
		return -1;
	owner_text(text);
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	/* A full disk is no reason not to lock. */
	if (write_all(fd, span_of(text)) && errno != ENOSPC && errno != EDQUOT)
		goto out;
	result = nameless ? linkat(AT_FDCWD, proc, AT_FDCWD, path, AT_SYMLINK_FOLLOW) : 0;
	if (result && errno != EEXIST) { /* no /proc */
		close(fd);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
		result = fd < 0 || write_all(fd, span_of(text)) ? -1 : 0;
	}
out:;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return result;
}

/*
 * 1 held, 0 somebody else holds it, -1 this directory does not let us (then fcntl alone has to do).
 * *STAYS: why a lock that was left behind could not be removed; else 0.
 */
static int try_dotlock(const char *path, int *stays)
{
	struct stat st;
	*stays = 0;
	if (!make_dotlock(path))
		return 1;
	if (errno != EEXIST)
		return -1;
	if ((owner_is_gone(path) ||
		    (!lstat(path, &st) && time(NULL) - st.st_mtime > LOCK_STALE_SECONDS)) &&
		unlink(path) && errno != ENOENT)
		*stays = errno;
	return 0;
}

/* Nobody let go of DOTLOCK in SECONDS. -1 with the error text. */
static int still_locked(struct source *s, const char *dotlock, int64_t seconds, int stays)
{
	struct stat st;
	if (stays)
		return source_fail(s,
			"%s: left behind, and it cannot be removed: %s; when nobody delivers there, remove it",
			dotlock, strerror(stays));
	bool ahead = !lstat(dotlock, &st) && st.st_mtime - time(NULL) > LOCK_STALE_SECONDS;
	return source_fail(s, "%s: held by somebody else for %" PRId64 " s%s", dotlock, seconds,
		ahead ? "; its date lies in the future, so it is never taken for left behind: when nobody delivers there, remove it"
		      : "");
}

void mbox_unlock(struct mbox_lock *l)
{
	fcntl(l->fd, F_OFD_SETLK, &(struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET });
	if (l->dotlock)
		unlink(l->dotlock);
	free(l->dotlock);
	l->dotlock = NULL;
}

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = LOCK_POLL_MS * 1000000 }, NULL);
}

int mbox_lock(struct mbox_lock *l, struct source *s, const char *path, int fd, int64_t seconds)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int held = 0, stays = 0, result;
	if (seconds <= 0)
		seconds = LOCK_SECONDS;
	double deadline = clock_monotonic() + (double)seconds;
	*l = (struct mbox_lock){ .fd = fd };
	if (asprintf(&l->dotlock, "%s.lock", path) < 0) {
		l->dotlock = NULL;
		return source_fail(s, "no memory");
	}
	while (!(held = try_dotlock(l->dotlock, &stays)) && clock_monotonic() < deadline)
		wait_a_moment();
	if (!held)
		still_locked(s, l->dotlock, seconds, stays);
	if (held <= 0) {
		free(l->dotlock);
		l->dotlock = NULL;
	}
	if (!held)
		return -1;
	/* A mailbox that we may only read is locked against writers. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		whole.l_type = F_RDLCK;
	while ((result = fcntl(fd, F_OFD_SETLK, &whole)) && (errno == EAGAIN || errno == EACCES) &&
		clock_monotonic() < deadline)
		wait_a_moment();
	if (!result)
		return 0;
	source_fail(s, "%s: no lock within %" PRId64 " s: %s", path, seconds, strerror(errno));
	mbox_unlock(l);
	return -1;
}
