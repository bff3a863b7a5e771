#include "classify/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char draft_form[] = "%.*s.%s.retour-draft"; /* directory with its slash, name */

int write_all(int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return 0;
}

bool file_is_pipe(const char *path)
{
	struct stat st;

	return !stat(path, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

int file_load(const char *path, size_t max, char **heap, size_t *n)
{
	FILE *in = fopen(path, "re");
	int error = in ? 0 : errno;

	*n = 0;
	*heap = in ? malloc(max + 1) : NULL;
	if (in && !*heap)
		error = ENOMEM;
	if (!error) {
		errno = EIO;
		*n = fread(*heap, 1, max + 1, in);
		if (ferror(in))
			error = errno;
		else if (*n > max)
			error = EFBIG;
	}
	if (in)
		fclose(in);
	if (!error)
		return 0;
	free(*heap);
	*heap = NULL;
	errno = error;
	return -1;
}

/* Closes FD and keeps the errno of what failed before. */
static int close_after(int fd, int result)
{
	int error = errno;

	if (close(fd) && !result)
		return -1;
	errno = error;
	return result;
}

DIR *directory_of(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close_after(fd, -1);
	return dir;
}

int directory_sync(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (n >= sizeof directory) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, path, n);
	directory[n] = '\0';
	if (!n)
		strcpy(directory, slash ? "/" : ".");
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -1; /* one may write into it, but not read it */
	/* some file systems cannot, and need not */
	return close_after(fd, fsync(fd) && errno != EINVAL ? -1 : 0);
}

/*
 * The draft's descriptor, locked; -1 with errno. Two writers of one file come one after the other.
 * What somebody else laid there, or gave another name, is not written to.
 */
static int open_draft(const char *draft)
{
	struct stat here, there;

	for (;;) {
		int fd = open(
			draft, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX) || fstat(fd, &here))
			return close_after(fd, -1);
		if (!S_ISREG(here.st_mode) || here.st_uid != geteuid() || here.st_nlink > 1) {
			errno = EEXIST;
			return close_after(fd, -1);
		}
		if (!stat(draft, &there) && here.st_dev == there.st_dev &&
			here.st_ino == there.st_ino)
			return fd;
		close(fd); /* the writer before has renamed it */
	}
}

/* The draft's name beside PATH; -1 with errno. */
static int name_draft(char draft[PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (snprintf(draft, PATH_MAX, draft_form, (int)(name - path), path, name) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int file_try_replacing(const char *path, size_t n)
{
	static const char zeros[4096];
	char draft[PATH_MAX];
	int fd = name_draft(draft, path) ? -1 : open_draft(draft), result = fd < 0 ? -1 : 0;

	for (size_t i = 0; !result && i < n; i += sizeof zeros)
		result = write_all(fd, (struct span){ zeros, sizeof zeros });
	if (!result)
		result = fsync(fd);
	if (fd >= 0) {
		int error = errno;
		unlink(draft);
		errno = error;
		result = close_after(fd, result);
	}
	return result;
}

static int replace_regular(const char *path, struct span bytes, mode_t mode)
{
	char draft[PATH_MAX];
	struct stat before;

	if (name_draft(draft, path))
		return -1;
	int fd = open_draft(draft);
	if (fd < 0)
		return -1;
	if (!lstat(path, &before))
		mode = before.st_mode & 07777;
	int result = ftruncate(fd, 0) || fchmod(fd, mode) || write_all(fd, bytes) || fsync(fd) ||
			rename(draft, path)
		? -1
		: 0;
	if (result) {
		int error = errno;
		unlink(draft);
		errno = error;
	}
	result = close_after(fd, result);
	return result ? result : directory_sync(path);
}

bool file_finish_replacing(const char *path, char end)
{
	char draft[PATH_MAX], last = (char)~end;
	struct stat st, old;
	bool whole = false;

	if (name_draft(draft, path))
		return false;
	int fd = open(draft, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (!flock(fd, LOCK_EX) && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
		st.st_uid == geteuid() && st.st_nlink == 1 && st.st_size > 0 &&
		pread(fd, &last, 1, st.st_size - 1) == 1)
		whole = last == end &&
			(lstat(path, &old) ||
				(S_ISREG(old.st_mode) && old.st_mtime <= st.st_mtime)) &&
			!rename(draft, path) && !directory_sync(path);
	close(fd);
	return whole;
}

/* What the symbolic link PATH leads to, made as an empty file where it is not there. */
static int follow_link(const char *path, char real[PATH_MAX])
{
	if (realpath(path, real))
		return 0;
	int fd = errno == ENOENT ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return -1;
	return close_after(fd, realpath(path, real) ? 0 : -1);
}

const char *file_advice(const char *path, int error)
{
	struct stat st;

	if ((error == EISDIR || error == EEXIST) && !stat(path, &st) && S_ISDIR(st.st_mode))
		return "; right would be a file in it";
	if (error == EEXIST)
		return "; right would be a file that is not there yet";
	if (error == ENOENT)
		return "; the directory for it is not there, and is not made";
	return "";
}

const char *file_unread_advice(int error)
{
	return error == EISDIR ? "; right would be a file in it" : "";
}

int file_replace(const char *path, struct span bytes, mode_t mode)
{
	char real[PATH_MAX];
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -1 : close_after(fd, write_all(fd, bytes));
	}
	if (!lstat(path, &st) && S_ISLNK(st.st_mode)) {
		if (follow_link(path, real))
			return -1;
		path = real;
	}
	return replace_regular(path, bytes, mode);
}
