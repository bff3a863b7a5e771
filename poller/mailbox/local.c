/*
 * What the sources share: error texts, and reading one file of this machine. Names of files come
 * from whoever may write into the directory: links are never followed, a device or pipe is never
 * opened for reading.
 */
#include "poller/mailbox/local.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int source_fail(struct source *s, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(s->error, sizeof s->error, format, arguments);
	va_end(arguments);
	return -1;
}

int source_check_gone(struct source *s, const char *path, uint64_t back)
{
	return back
		? source_fail(s,
			  "%s: %" PRIu64
			  " messages were removed and are still there: this mailbox is not emptied",
			  path, back)
		: 0;
}

const struct disposal *source_disposal(const struct mailbox *m, enum settlement what)
{
	switch (what) {
	case SETTLE_PROCESSED:
		return &m->processed;
	case SETTLE_UNRECOGNISED:
		return &m->unrecognised;
	case SETTLE_OPTOUT:
		return &m->optout;
	case SETTLE_QUARANTINE:
	case SETTLEMENT_COUNT:
		break;
	}
	return &m->quarantine;
}

int wiped_grow(struct wiped *w, size_t capacity)
{
	if (capacity <= w->capacity)
		return 0;
	/* Not realloc: it would leave a copy behind. */
	char *p = malloc(capacity);
	if (!p)
		return -1;
	if (w->n)
		memcpy(p, w->p, w->n);
	if (w->p)
		explicit_bzero(w->p, w->capacity);
	free(w->p);
	w->p = p;
	w->capacity = capacity;
	return 0;
}

void wiped_free(struct wiped *w)
{
	if (w->p)
		explicit_bzero(w->p, w->capacity);
	free(w->p);
	*w = (struct wiped){ 0 };
}

int file_read(int dir, const char *name, uint64_t max, struct wiped *out, struct stat *st)
{
	int result = -1;
	out->n = 0;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		errno = errno == ENXIO ? ELOOP : errno; /* a socket, or a FIFO */
		return errno == ENOENT || errno == ELOOP ? 0 : -1;
	}
	if (fstat(fd, st))
		goto out;
	if (!S_ISREG(st->st_mode)) {
		errno = ELOOP;
		result = 0;
		goto out;
	}
	size_t n = (uint64_t)st->st_size < max ? (size_t)st->st_size : (size_t)max;
	if (wiped_grow(out, n)) {
		errno = ENOMEM;
		goto out;
	}
	while (out->n < n) {
		ssize_t got = read(fd, out->p + out->n, n - out->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto out;
		if (!got)
			break;
		out->n += (size_t)got;
	}
	result = 1;
out:;
	int saved = errno;
	close(fd);
	errno = saved;
	return result;
}

int directory_open(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool folder_name_valid(const char *name)
{
	enum { NAME_MAX_BYTES = 200 };
	size_t n = strlen(name);
	if (!n || n > NAME_MAX_BYTES || name[0] == '.')
		return false;
	for (const char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p < ' ' || *p == 127)
			return false;
	return true;
}
