/*
 * Addresses as a sending system hands them in: one a line, from a file or stdin, in memory that is
 * wiped.
 */
#ifndef RETOUR_LINES_H
#define RETOUR_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include "classify/base/span.h"

enum { LINES_BUFFER_SIZE = 64 * 1024, LINE_MAX_BYTES = 4096 };

struct lines {
	int fd;
	uint64_t number; /* of the line that was handed out last, from 1 */
	size_t begin, have;
	bool end, failed; /* FAILED: reading did */
	bool in_line;     /* the begin of a line longer than the buffer was handed out */
	char buffer[LINES_BUFFER_SIZE];
};

/* Opens the file PATH, "-" or NULL for stdin. 0, or -1 with errno. lines_close() after success. */
int lines_open(struct lines *l, const char *path);
/*
 * The next line without its end and the blanks around it, the first one without a byte order mark,
 * cut to LINE_MAX_BYTES; it lasts until the next call. False at the end and on failure.
 */
bool lines_next(struct lines *l, struct span *line);
void lines_close(struct lines *l);

/*
 * The address of `"Anna" <anna@example.net>`, as address books write it; NULL bytes where TEXT has
 * no such form.
 */
struct span address_within(struct span text);
/* TEXT, or the address within it. */
struct span address_asked(struct span text);

#endif
