/*
 * Header fields (RFC 5322 section 2.2, RFC 2045 section 5, RFC 2047, RFC 2231),
 * read as mail has them, not as it should.
 */
#ifndef RETOUR_HEADER_H
#define RETOUR_HEADER_H

#include <stdint.h>
#include "classify/base/arena.h"
#include "classify/charset.h"
#include "classify/base/span.h"

struct field {
	struct span name;  /* without the colon */
	struct span value; /* as it stands, with its folds, trimmed */
};

/*
 * Cuts the next field off REST; false when there is none. Lines that are neither a field nor a
 * continuation are passed over; a blank line is too, and makes *BLANK true (NULL: not wanted).
 */
bool header_next(struct span *rest, struct field *f, bool *blank);

/* The first field of that name; an empty span when there is none. */
struct span header_find(struct span header, struct span name);

/*
 * The fields of one header, found once: the first FIELDS_MAX as they stand, the others when they
 * are asked for.
 */
enum { FIELDS_MAX = 64 };
struct fields {
	size_t count;
	struct field at[FIELDS_MAX]; /* values not trimmed yet */
	struct span rest;            /* of the header, from the first field on that found no room */
};

/* None yet. */
void fields_clear(struct fields *f);
/* LINE has a name of NAME bytes and a value from VALUE on, as header_name() says. */
void fields_add(struct fields *f, struct span line, size_t name, size_t value);
/* LINE continues the field added last. */
void fields_fold(struct fields *f, struct span line);
/* The header ends there. */
void fields_end(struct fields *f, const char *end);

/* Walks them in their order; AT begins as { 0 }. */
struct fields_at {
	size_t i;
	struct span rest;
};
bool fields_next(const struct fields *f, struct fields_at *at, struct field *out);
/* The trimmed value of the first one called NAME, in any case; "" where there is none. */
struct span fields_find(const struct fields *f, struct span name);

/*
 * The length of the name with which LINE begins, and where its value does, a blank behind the colon
 * passed over; 0: LINE is no field.
 */
size_t header_name(struct span line, size_t *value);

/*
 * A bit for NAME, whatever its case. Who looks for some names joins their bits: most fields have
 * none of them, and need no comparing.
 */
enum {
	HEADER_BITS = 64,
	HEADER_SPREAD = 7,
	HEADER_LETTER = 0x1f
}; /* of an ASCII letter these bits do not tell its case */
static inline unsigned header_name_number(struct span name)
{
	unsigned first = name.n ? (unsigned char)name.p[0] : 0,
		 last = name.n ? (unsigned char)name.p[name.n - 1] : 0;
	return ((first & HEADER_LETTER) + (last & HEADER_LETTER) * HEADER_SPREAD +
		       (unsigned)name.n) %
		HEADER_BITS;
}
static inline uint64_t header_name_bit(struct span name)
{
	return UINT64_C(1) << header_name_number(name);
}

/* A name in a table, with the number of its bit: only those of the same number need comparing. */
struct header_known {
	struct span name;
	unsigned number;
};
#define HEADER_KNOWN(text) \
	{ \
		{ text, sizeof text - 1 }, \
			(((unsigned char)text[0] & HEADER_LETTER) + \
				((unsigned char)text[sizeof text - 2] & HEADER_LETTER) * \
					HEADER_SPREAD + \
				(unsigned)sizeof text - 1) % \
			HEADER_BITS \
	}
static inline bool header_name_is(
	struct span name, unsigned number, const struct header_known *known)
{
	return number == known->number && span_equal_nocase(name, known->name);
}

/*
 * One line of TEXT as "name:" with at least one character of name and nothing but printable ASCII
 * in it.
 */
bool header_line(struct span line);

/* VALUE unfolded and with its encoded words (RFC 2047) read, as UTF-8 in ARENA. */
struct span header_text(struct arena *arena, struct charsets *charsets, struct span value);

/*
 * The parameter NAME of a structured field ("text/plain; charset=utf-8"), quotes undone, RFC 2231
 * continuations joined and percent-decoded, into BUFFER. Returns its length; 0 when there is none
 * or it does not fit.
 */
size_t header_parameter(struct span value, struct span name, char *buffer, size_t size);

/* What stands before the first ';', without blanks and comments. */
struct span header_token(struct span value);

#endif
