#include "poller/mailbox/maildirfolder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "poller/mailbox/local.h"

int maildir_make_directory(int dir, const char *name)
{
	int fd = directory_open(dir, name);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir, name, 0700) && errno != EEXIST)
		return -1;
	return directory_open(dir, name);
}

int maildir_rename(int dir, const char *name, int cur, const char *to)
{
	struct stat a, b;
	if (!renameat2(dir, name, cur, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(dir, name, cur, to, 0)) {
		if (errno != EEXIST || fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) ||
			fstatat(cur, to, &b, AT_SYMLINK_NOFOLLOW))
			return -1;
		if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
			return errno = EEXIST, -1;
	}
	return unlinkat(dir, name, 0);
}

int maildir_expire_directory(int folder, const char *name, int64_t cutoff, uint64_t *removed)
{
	struct stat st;
	int result = -1;
	int dir = directory_open(folder, name);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	DIR *d = fdopendir(dir);
	if (!d) {
		close(dir);
		return -1;
	}
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);
		if (!e) {
			result = errno ? -1 : 0;
			break;
		}
		if (e->d_name[0] == '.' || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
			S_ISDIR(st.st_mode))
			continue;
		/*
		 * the name keeps the time of arrival; the rename into this folder is what changed
		 * the inode last
		 */
		if (st.st_ctime >= cutoff)
			continue;
		if (!unlinkat(dir, e->d_name, 0))
			++*removed;
		else if (errno != ENOENT)
			break;
	}
	fsync(dir);
	closedir(d);
	return result;
}
