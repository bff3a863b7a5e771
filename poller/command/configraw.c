/* The INI file as bytes: its encoding, and values that begin with the sign of a comment. */
#include "poller/command/configraw.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unistr.h>

size_t configraw_mark(const char *line)
{
	return strncmp(line, "\xef\xbb\xbf", 3) ? 0 : 3;
}

/* `colour = #1f4e79`: a comment to the parser, and so nothing. `= # words` is one to everybody. */
static int is_lost_value(const char *line)
{
	const char *p = line + strspn(line, " \t"), *equals = strchr(p, '=');
	if (strchr(";#[", *p) || !equals)
		return 0;
	equals += 1 + strspn(equals + 1, " \t");
	return equals[0] == '#' && !strchr(" \t\r\n#", equals[1]);
}

unsigned configraw_faults(const char *file,
	void (*tell)(void *context, unsigned line, const char *fault), void *context)
{
	unsigned number = 0, faults = 0;
	char *line = NULL;
	size_t room = 0;
	FILE *in = fopen(file, "re");
	for (ssize_t n; in && (n = getline(&line, &room, in)) >= 0;) {
		const char *fault = NULL;
		number++;
		if (number == 1 && n >= 2 &&
			(!memcmp(line, "\xff\xfe", 2) || !memcmp(line, "\xfe\xff", 2))) {
			tell(context, 0, "is UTF-16; save it as UTF-8");
			faults++;
			break;
		}
		if (strlen(line) < (size_t)n)
			fault = "holds a NUL byte; right would be a text in UTF-8";
		else if (u8_check((const uint8_t *)line, (size_t)n))
			fault = "not UTF-8 (Latin-1?); save the file as UTF-8";
		else if (is_lost_value(line))
			fault = "a value that begins with # is taken for a comment; right would be in quotes, such as \"#1f4e79\"";
		if (fault) {
			tell(context, number, fault);
			faults++;
		}
	}
	free(line);
	if (in)
		fclose(in);
	return faults;
}

int configraw_copy(const char *file, char *path, size_t size)
{
	char *line = NULL;
	size_t room = 0;
	int fd = memfd_create("retour.ini", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);
	FILE *in = fopen(file, "re"), *out = copy < 0 ? NULL : fdopen(copy, "w");
	bool whole = in && out, first = true;
	for (ssize_t n; whole && (n = getline(&line, &room, in)) >= 0; first = false) {
		size_t mark = first ? configraw_mark(line) : 0;
		memmove(line, line + mark, (size_t)n - mark + 1);
		n -= (ssize_t)mark;
		const char *open = line + strspn(line, " \t"),
			   *close = *open == '[' ? strchr(open, ']') : NULL;
		const char *behind = close ? close + 1 + strspn(close + 1, " \t") : NULL;
		if (behind && (*behind == ';' || *behind == '#'))
			whole = fprintf(out, "%.*s\n", (int)(close + 1 - line), line) > 0;
		else
			whole = fwrite(line, 1, (size_t)n, out) == (size_t)n;
	}
	whole = whole && !ferror(in) && !fflush(out);
	free(line);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	if (!whole && fd >= 0) {
		close(fd);
		fd = -1;
	}
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}
