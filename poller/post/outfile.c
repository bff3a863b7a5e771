/* Files for others to read. */
#include "poller/post/outfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "classify/base/log.h"

int write_whole(const char *path, struct span bytes)
{
	bool out = !strcmp(path, "-");

	/*
	 * reports hold no addresses and no small figures: readable by those who may read the
	 * directory
	 */
	if (!(out ? write_all(STDOUT_FILENO, bytes) : file_replace(path, bytes, 0644)))
		return 0;
	log_error("%s: %s%s", out ? "stdout" : path, strerror(errno),
		out ? "" : file_advice(path, errno));
	return -1;
}
