/* Lines of addresses, without stdio: its buffers are not ours to wipe. */
#include "classify/base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>

int lines_open(struct lines *l, const char *path)
{
	memset(l, 0, sizeof *l);
	l->fd = !path || !strcmp(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (l->fd >= 0 && !fstat(l->fd, &st) && S_ISDIR(st.st_mode)) {
		lines_close(l);
		errno = EISDIR;
		return -1;
	}
	return l->fd < 0 ? -1 : 0;
}

static void lines_fill(struct lines *l)
{
	ssize_t n;
	memmove(l->buffer, l->buffer + l->begin, l->have - l->begin);
	l->have -= l->begin;
	l->begin = 0;
	do
		n = read(l->fd, l->buffer + l->have, sizeof l->buffer - l->have);
	while (n < 0 && errno == EINTR);
	l->failed |= n < 0;
	l->end = n <= 0;
	l->have += n > 0 ? (size_t)n : 0;
}

static struct span line_without_mark(struct span line)
{
	static const char mark[] = "\xef\xbb\xbf";
	bool marked = line.n >= sizeof mark - 1 && !memcmp(line.p, mark, sizeof mark - 1);
	return marked ? (struct span){ line.p + 3, line.n - 3 } : line;
}

bool lines_next(struct lines *l, struct span *line)
{
	for (;;) {
		const char *at = l->buffer + l->begin,
			   *newline = memchr(at, '\n', l->have - l->begin);
		size_t n = newline ? (size_t)(newline - at) : l->have - l->begin;
		bool full = l->begin == 0 && l->have == sizeof l->buffer, rest = l->in_line;
		if (!newline && !l->end && !full) {
			lines_fill(l);
			continue;
		}
		if (!newline && !n)
			return false;
		l->begin += n + (newline != NULL);
		l->in_line = !newline;
		if (rest)
			continue;
		*line = (struct span){ at, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES };
		*line = span_trim(l->number++ ? *line : line_without_mark(*line));
		return true;
	}
}

void lines_close(struct lines *l)
{
	if (l->fd != STDIN_FILENO)
		close(l->fd);
	sodium_memzero(l, sizeof *l);
}

struct span address_within(struct span text)
{
	text = span_trim(text);
	const char *open = text.n && text.p[text.n - 1] == '>' ? memrchr(text.p, '<', text.n)
							       : NULL;
	return open ? (struct span){ open + 1, (size_t)(text.p + text.n - 1 - open) - 1 }
		    : (struct span){ NULL, 0 };
}

struct span address_asked(struct span text)
{
	struct span within = address_within(text);
	return within.p ? within : text;
}
