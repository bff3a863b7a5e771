/* proc(5), mountinfo: "36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,data=journal" */
#include "poller/command/medium.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOUNTS_MAX = 1 << 20 };

static const struct {
	const char *type, *option; /* OPTION may be NULL: any */
	const char *why;
} keeping[] = {
	{ "btrfs", NULL, "writes elsewhere, and keeps the old bytes until their place is needed" },
	{ "bcachefs", NULL,
		"writes elsewhere, and keeps the old bytes until their place is needed" },
	{ "zfs", NULL, "writes elsewhere, and keeps the old bytes until their place is needed" },
	{ "nilfs2", NULL, "writes elsewhere, and keeps the old bytes until their place is needed" },
	{ "f2fs", NULL, "writes elsewhere, and keeps the old bytes until their place is needed" },
	{ "ext4", "data=journal", "writes what is written into its journal, too" },
	{ "ext3", "data=journal", "writes what is written into its journal, too" },
	{ "nfs", NULL, "is a server's, which may keep copies" },
	{ "nfs4", NULL, "is a server's, which may keep copies" },
	{ "cifs", NULL, "is a server's, which may keep copies" },
};

/* Whether PATH lies at or below the mount point POINT. */
static bool lies_below(const char *path, const char *point, size_t n)
{
	if (n == 1)
		return *path == '/';
	return strncmp(path, point, n) == 0 && (path[n] == '/' || !path[n]);
}

const char *medium_keeps(const char *path, const char *mounts, char *text, size_t size)
{
	size_t longest = 0;
	const char *why = NULL;
	while (mounts && *mounts) {
		char point[4096], type[64], options[1024];
		size_t line = strcspn(mounts, "\n");
		const char *dash = memmem(mounts, line, " - ", 3);
		bool read = dash && sscanf(mounts, "%*s %*s %*s %*s %4095s", point) == 1 &&
			sscanf(dash, " - %63s %*s %1023s", type, options) == 2;
		size_t n = read ? strlen(point) : 0;
		if (read && n >= longest && lies_below(path, point, n)) {
			longest = n;
			why = NULL;
			for (size_t i = 0; i < sizeof keeping / sizeof *keeping && !why; i++)
				if (!strcmp(type, keeping[i].type) &&
					(!keeping[i].option || strstr(options, keeping[i].option)))
					why = keeping[i].why;
			if (why)
				snprintf(text, size, "%s %s", type, why);
		}
		mounts += line + (mounts[line] == '\n');
	}
	return why ? text : NULL;
}

/* A file of /proc has no size before it is read. Heap; NULL: not there. */
static char *read_proc(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(MOUNTS_MAX) : NULL;
	if (text)
		text[fread(text, 1, MOUNTS_MAX - 1, f)] = '\0';
	if (f)
		fclose(f);
	return text;
}

const char *medium_keeps_here(const char *path, char *text, size_t size)
{
	char *real = realpath(path, NULL), *mounts = read_proc("/proc/self/mountinfo");
	const char *why = real ? medium_keeps(real, mounts, text, size) : NULL;
	free(mounts);
	free(real);
	return why;
}
