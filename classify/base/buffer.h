/* Bytes that a function made and its caller frees. */
#ifndef RETOUR_BUFFER_H
#define RETOUR_BUFFER_H

#include <stddef.h>

/* Bytes on the heap, freed by buffer_free(). */
struct buffer {
	char *p;
	size_t n;
};
void buffer_free(struct buffer *b);

#endif
