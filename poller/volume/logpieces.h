/*
 * Lines that a container's runtime wrote in pieces (the container runtime interface's "P", as
 * containerd cuts long lines and conmon whatever came at once): put together again, those of each
 * stream apart. As long as the last piece of a line is missing, what follows is held, so that
 * reading can be taken up where nothing was read yet. Bounded: a line is cut, and its end is waited
 * for no longer than there is room for what follows.
 */
#ifndef RETOUR_LOGPIECES_H
#define RETOUR_LOGPIECES_H

#include <stdint.h>
#include "classify/base/span.h"

enum {
	PIECES_LINE_MAX = 32 * 1024, /* longer lines are cut */
	PIECES_HELD_MAX = 4 * PIECES_LINE_MAX,
};

struct pieces;
struct pieces *pieces_new(void); /* NULL: no memory */
void pieces_free(struct pieces *p);

/* Another file begins: what was not whole is forgotten. */
void pieces_begin(struct pieces *p);

struct pieces_line {
	struct span text;
	uint64_t number; /* the caller's, of the line or its first piece */
	bool cut;        /* the end of it is missing */
};

/*
 * The next line of the file. False: nothing holds it, it is to be read as it is. True: it was
 * taken; when nothing is open, pieces_next() gives what is whole.
 */
bool pieces_take(struct pieces *p, const struct pieces_line *line);

/* Is a line begun and not whole? Reading must then not be taken up behind it. */
bool pieces_are_open(const struct pieces *p);

/* Is there no room to hold TEXT? Then pieces_give_up(), and pieces_next() to the end. */
bool pieces_are_full(const struct pieces *p, struct span text);

/* What is open ends here, cut. */
void pieces_give_up(struct pieces *p);

/* The next line that was held, while nothing is open; false: that was all. TEXT holds until then.
 */
bool pieces_next(struct pieces *p, struct pieces_line *line);

#endif
