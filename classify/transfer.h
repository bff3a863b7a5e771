/*
 * Content transfer encodings (RFC 2045 section 6, RFC 2047 section 4), cut
 * anywhere: what cannot be read is passed over. OUT needs no more room than
 * TEXT has bytes; what does not fit into SIZE is not written. Return the bytes written.
 */
#ifndef RETOUR_TRANSFER_H
#define RETOUR_TRANSFER_H

#include "classify/base/arena.h"
#include "classify/base/span.h"

size_t base64_decode(struct span text, char *out, size_t size);
size_t quoted_printable_decode(struct span text, char *out, size_t size);
size_t q_decode(struct span text, char *out, size_t size); /* of encoded words: '_' is a blank */

/*
 * TEXT with the bytes that Exim writes as "\350\257\245" (its option print_topbitchars), each
 * beyond ASCII, as bytes; in ARENA where there are any. Then the caller looks which charset they
 * are.
 */
struct span octal_unescaped(struct arena *arena, struct span text);

#endif
