/*
 * The structure of a message (RFC 2045, RFC 2046) in one pass over its bytes:
 * a flat list of parts in their order. Nothing is decoded or copied.
 */
#ifndef RETOUR_MIME_H
#define RETOUR_MIME_H

#include "classify/base/arena.h"
#include "classify/charset.h"
#include "classify/header.h"
#include "classify/base/span.h"

enum {
	MIME_PARTS_MAX = 512,      /* what lies behind the last one belongs to it */
	MIME_DEPTH_MAX = 24,       /* a multipart below that is read as text */
	MIME_BOUNDARY_MAX = 1024,  /* RFC 2046 says 70 */
	MIME_HEADER_MAX = 1 << 20, /* bytes of one header; the rest of it is passed over */
	/* lines in a header that are no fields; more of them, and the body has begun */
	MIME_JUNK_LINES_MAX = 3,
	MIME_TEXT_MAX = 1 << 18, /* bytes of one part that are read as text */
	MIME_TYPE_SIZE = 64,
};

enum mime_encoding { ENCODING_IDENTITY, ENCODING_BASE64, ENCODING_QUOTED_PRINTABLE };

struct part {
	struct span header, body;  /* body of a multipart: its preamble */
	struct span content_type;  /* the whole field; empty when there is none */
	struct span disposition;   /* Content-Disposition, the same */
	char type[MIME_TYPE_SIZE]; /* lower case "text/plain"; "text/plain" when there is none */
	enum mime_encoding encoding;
	unsigned depth;
	bool multipart;
	bool cut; /* the message ends before the part does */
};

struct mime {
	struct part part[MIME_PARTS_MAX];
	size_t count;
	bool overflow;
	struct fields fields; /* of the message's own header */
};

/*
 * part[0] is the message itself. An mbox "From " line before the header, and blank lines, are
 * passed over.
 */
void mime_split(struct mime *m, struct span message);

/* MESSAGE without blank lines and mbox "From " lines in front of its header. */
struct span mime_skip_envelope(struct span message);

/* The header at the beginning of TEXT; what follows it in *BODY, its fields in FIELDS. */
struct span mime_header(struct span text, struct span *body, struct fields *fields);

/* TYPE in lower case: "message/delivery-status". */
bool part_is(const struct part *p, const char *type);

/*
 * TEXT without the word that ends it, unless white space does: what was cut may have been longer
 * (an address, a host, a code).
 */
struct span mime_whole_words(struct span text);

/*
 * The part's bytes with the transfer encoding undone, at most MAX; in ARENA unless they stand there
 * already.
 */
struct span part_bytes(const struct part *p, struct arena *arena, size_t max);

/* The same in UTF-8, in ARENA: HTML with its tags. */
struct span part_source(const struct part *p, struct arena *arena, struct charsets *charsets);
/* The part as UTF-8 text, at most about MIME_TEXT_MAX bytes; HTML as its text. */
struct span part_text(const struct part *p, struct arena *arena, struct charsets *charsets);

#endif
