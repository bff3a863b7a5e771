#include "poller/command/marker.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_SIZE = 4096 + 64 };

static const char note_head[] = "retour store 1";

/* The first month's key that lies in the key directory, or false. */
static bool month_key(const struct config *c, char *name, size_t size)
{
	char pattern[4096 + 32];
	glob_t found = { 0 };

	snprintf(pattern, sizeof pattern, "%s/event-[0-9]*.key", c->keys_dir);
	bool any = !glob(pattern, 0, NULL, &found) && found.gl_pathc;
	if (any)
		snprintf(name, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return any;
}

/*
 * Reads the note into TEXT. False when there is none, or an empty one that an administrator laid
 * there to be written.
 */
static bool read_marker_note(const struct config *c, char text[NOTE_SIZE])
{
	int fd = c->marker ? open(c->marker, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
	ssize_t n = fd < 0 ? 0 : read(fd, text, NOTE_SIZE - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 && !strncmp(text, note_head, sizeof note_head - 1);
}

bool marker_allows_new(const struct config *c, char *why, size_t size)
{
	char note[NOTE_SIZE], key[4096 + 32];
	const char *ask =
		"Is its disk mounted? Put the store or a backup of it back, or begin anew with: "
		"retour setup --new-store";

	struct stat st;

	/* one that a crash or a container left empty is none */
	if (!stat(c->store_path, &st) ? !S_ISREG(st.st_mode) || st.st_size : errno != ENOENT)
		return true;
	const char *lost = access(c->store_path, F_OK) ? "not there" : "empty";
	if (read_marker_note(c, note)) {
		snprintf(why, size, "%s: %s, but %s says that there was a store. %s", c->store_path,
			lost, c->marker, ask);
		return false;
	}
	if (month_key(c, key, sizeof key)) {
		snprintf(why, size, "%s: %s, but the key %s belongs to a store with events. %s",
			c->store_path, lost, key, ask);
		return false;
	}
	return true;
}

bool marker_note(const struct config *c)
{
	char note[NOTE_SIZE], wanted[NOTE_SIZE];

	if (!c->marker)
		return true;
	snprintf(wanted, sizeof wanted, "%s\n%s\n", note_head, c->store_path);
	if (read_marker_note(c, note) && !strcmp(note, wanted))
		return true;
	/* in place: the directory may be root's and only the file the program's */
	int fd = open(c->marker, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	size_t n = strlen(wanted);
	bool written = write(fd, wanted, n) == (ssize_t)n && !ftruncate(fd, (off_t)n) && !fsync(fd);
	int error = errno;
	close(fd);
	errno = error;
	return written;
}

int marker_remove(const struct config *c)
{
	int fd;

	if (!c->marker || !unlink(c->marker) || errno == ENOENT)
		return 0;
	fd = open(c->marker, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}
