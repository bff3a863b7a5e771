/*
 * A file that may be compressed, as a stream: gzip (RFC 1952, zlib) and zstd (RFC 8878, libzstd),
 * told by their first bytes; everything else passes as it is. Several members or frames in one file
 * follow each other. Bounded memory, whatever the file says of itself.
 */
#ifndef RETOUR_UNPACK_H
#define RETOUR_UNPACK_H

#include "classify/base/span.h"

enum {
	UNPACK_WINDOW_LOG_MAX = 25
}; /* of zstd: 32 MiB; what `zstd --ultra --long` makes needs more and is refused */

struct unpack;
/* Takes what comes out, piece by piece. Anything but 0 ends unpack_feed(), which returns it. */
typedef int unpack_sink(void *context, struct span bytes);

struct unpack *unpack_new(unpack_sink *sink, void *context); /* NULL: no memory */
void unpack_free(struct unpack *u);
/*
 * The next bytes of the file. 0, what the sink said, or -1: the file is damaged, unpack_error()
 * says how.
 */
int unpack_feed(struct unpack *u, struct span bytes);
/* The file is at its end. 0, or -1: it stops within a member. */
int unpack_end(struct unpack *u);
/*
 * Known after the first byte: the file passes as it is, so that reading may begin anywhere in it.
 */
bool unpack_is_plain(const struct unpack *u);
const char *unpack_error(const struct unpack *u);

#endif
