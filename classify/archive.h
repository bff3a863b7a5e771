/*
 * What a mail carries packed, unpacked piece by piece: gzip (RFC 1952), the one file of a zip
 * (PKWARE APPNOTE 4.3), or bytes that stand for themselves. Whoever packed it may want to do harm:
 * the whole is bounded, what is cut, has a wrong checksum or is packed otherwise is refused, and an
 * archive within an archive is just bytes.
 */
#ifndef RETOUR_ARCHIVE_H
#define RETOUR_ARCHIVE_H

#include "classify/base/span.h"

enum {
	ARCHIVE_ENTRIES_MAX = 16,     /* of a zip; more of them are nobody's report */
	ARCHIVE_COMMENT_MAX = 0xffff, /* bytes behind the end of its directory */
};

/* Takes some bytes; non-zero stops. */
typedef int archive_sink(void *context, struct span bytes);

/*
 * Hands the content of PACKED to SINK. 0; what SINK returned when not 0; -1 where it is damaged, or
 * more than MAX bytes. What was handed over before that is not to be believed.
 */
int archive_read(struct span packed, size_t max, archive_sink *sink, void *context);

#endif
