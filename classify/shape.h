/*
 * The shape of a receiver's answer: what is left when the numbers that tell one answer from
 * another are gone.
 */
#ifndef RETOUR_SHAPE_H
#define RETOUR_SHAPE_H

#include <stddef.h>

/*
 * ANSWER, redacted, as the kind that it is one of, into OUT of SIZE bytes: numbers become "#", but
 * reply codes and status codes (RFC 5321, RFC 3463).
 */
void shape_of(const char *answer, char *out, size_t size);
/*
 * The length of a reply code with what parts it from the next word, or of a status code, at TEXT
 * where a word begins; 0: there is none.
 */
size_t shape_code_length(const char *text);

#endif
