/* Whether a first run can make what is not there yet. */
#include "poller/command/places.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void parent_of(const char *path, char *parent, size_t size)
{
	size_t n = (size_t)(strrchr(path, '/') - path);
	snprintf(parent, size, "%.*s", n ? (int)n : 1, path);
}

bool can_be_made(const struct config *c, const char *path)
{
	char parent[4096], store[4096], above[4096];
	parent_of(path, parent, sizeof parent);
	if (!access(parent, W_OK | X_OK))
		return true;
	parent_of(c->store_path, store, sizeof store);
	parent_of(store, above, sizeof above);
	return !strcmp(parent, store) && access(store, F_OK) && !access(above, W_OK | X_OK);
}

bool keys_can_be_made(const struct config *c, char *why, size_t size)
{
	const char *dir = c->keys_dir;
	struct stat st;
	*why = '\0';
	if (!strcmp(dir, c->store_path))
		snprintf(why, size,
			"%s is the store's own name; right would be another for [keys] dir", dir);
	else if (stat(dir, &st) && errno != ENOENT)
		snprintf(why, size, "key directory %s: %s", dir, strerror(errno));
	else if (access(dir, F_OK) && !can_be_made(c, dir))
		snprintf(why, size,
			"key directory %s: not there, and what it lies in is not there either, or cannot be written",
			dir);
	else if (access(dir, F_OK))
		return true;
	else if (!S_ISDIR(st.st_mode))
		snprintf(why, size, "key directory %s: %s", dir, strerror(ENOTDIR));
	else if (st.st_uid != geteuid())
		snprintf(why, size,
			"key directory %s: belongs to another user, as whom this is to be run",
			dir);
	else if (st.st_mode & 077)
		snprintf(why, size, "key directory %s: mode %04o lets others in; do: chmod 0700 %s",
			dir, (unsigned)st.st_mode & 07777, dir);
	return !*why;
}
