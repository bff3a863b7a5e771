/*
 * What the prose reader's files share (prose.h).
 */
#ifndef RETOUR_PROSEPARTS_H
#define RETOUR_PROSEPARTS_H

#include "classify/prose.h"

enum { PROSE_ANSWER_LINES_MAX = 8 /* of an answer that stands in front of the address */ };

static inline struct span span_between(const char *from, const char *to)
{
	return (struct span){ from, to > from ? (size_t)(to - from) : 0 };
}

/* The line of TEXT that holds byte AT, so far as PROSE_LINE_MAX reaches to either side. */
struct span prose_line(struct span text, size_t at);
/* A line of dashes and their like. */
bool prose_is_separator(struct span line);

#endif
