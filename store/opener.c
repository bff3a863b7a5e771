#include "store/opener.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

static store_opener *installed;

static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), e = strlen(end);

	return n >= e && !strcmp(path + n - e, end);
}

/*
 * In the place of SQLite's open(2). It also asks for /dev/urandom, and takes the clock where it
 * cannot have that: whoever only reads needs no random number of it.
 */
static int open_for_sqlite(const char *path, int flags, int mode)
{
	(void)flags;
	(void)mode;
	if (!strcmp(path, "/dev/urandom")) {
		errno = EACCES;
		return -1;
	}
	if (ends_in(path, "-wal"))
		return installed(STORE_FILE_LOG, "");
	return installed(ends_in(path, "-shm") ? STORE_FILE_INDEX : STORE_FILE_DATABASE, "");
}

bool store_open_through(store_opener *o)
{
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (!system || system->iVersion < 3 ||
		system->xSetSystemCall(system, "open", (sqlite3_syscall_ptr)open_for_sqlite) !=
			SQLITE_OK)
		return false;
	installed = o;
	return true;
}

store_opener *store_files_opener(void)
{
	return installed;
}
