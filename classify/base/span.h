/*
 * A span is a stretch of somebody else's bytes: a pointer and a length, never
 * assumed to end in NUL, never owned. All text from outside travels as spans.
 */
#ifndef RETOUR_SPAN_H
#define RETOUR_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN(literal) ((struct span){ "" literal, sizeof literal - 1 })

static inline struct span span_of(const char *text)
{
	return (struct span){ text, text ? strlen(text) : 0 };
}

/* ASCII only, whatever the locale says: mail syntax is ASCII. */
bool span_same_nocase(const char *a, const char *b, size_t n);
/* May A and B be the same letter? Nearly all that differs does so in its first one. */
static inline bool span_maybe_same(char a, char b)
{
	return !((a ^ b) & ~0x20);
}
static inline bool span_equal_nocase(struct span a, struct span b)
{
	return a.n == b.n && (!a.n || span_maybe_same(a.p[0], b.p[0])) &&
		span_same_nocase(a.p, b.p, a.n);
}
static inline bool span_starts_nocase(struct span text, struct span prefix)
{
	return text.n >= prefix.n && (!prefix.n || span_maybe_same(text.p[0], prefix.p[0])) &&
		span_same_nocase(text.p, prefix.p, prefix.n);
}
static inline bool span_ends_nocase(struct span text, struct span suffix)
{
	return text.n >= suffix.n &&
		(!suffix.n || span_maybe_same(text.p[text.n - 1], suffix.p[suffix.n - 1])) &&
		span_same_nocase(text.p + text.n - suffix.n, suffix.p, suffix.n);
}

/* First position of NEEDLE in TEXT ignoring ASCII case, or -1. O(n*m): short needles only. */
long span_find_nocase(struct span text, struct span needle);

/* TEXT without leading and trailing blanks, tabs, CR and LF. */
struct span span_trim_blanks(struct span text);
static inline struct span span_trim(struct span text)
{
	bool outside = text.n &&
		((unsigned char)text.p[0] <= ' ' ||
			(unsigned char)text.p[text.n - 1] <= ' '); /* most texts have none there */
	return outside ? span_trim_blanks(text) : text;
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * VALUE in at least so many DIGITS into BUFFER, which has room for DECIMAL_SIZE bytes; where it
 * ends. No NUL. Short and at hand, as printf() is not.
 */
enum { DECIMAL_SIZE = 12 };
char *decimal(char *buffer, unsigned value, unsigned digits);

/* 0 to 15, or -1. */
int ascii_hex(char c);

/* Nothing but blanks, tabs, CR and LF? */
static inline bool span_is_blank(struct span text)
{
	return !text.n || ((unsigned char)text.p[0] <= ' ' && !span_trim(text).n);
}

/* Cuts the next line (without its CR, LF or CRLF) off REST; false at the end. */
bool span_line(struct span *rest, struct span *line);

/*
 * What stands before the first LF of TEXT, which ends in NUL, into OUT of SIZE bytes, with a NUL.
 * Returns what stands behind that LF; NULL when there is none or the line does not fit.
 */
const char *text_take_line(const char *text, char *out, size_t size);

/* Bytes at the beginning of TEXT that are ASCII. */
size_t span_ascii_run(struct span text);
bool span_is_ascii(struct span text);

/* True when all of TEXT is UTF-8 (RFC 3629); control characters may stand in it. */
bool span_is_utf8(struct span text);

/*
 * Copies TEXT into BUFFER of SIZE bytes as valid, printable UTF-8 ending in NUL: bytes that are not
 * UTF-8 become U+FFFD, control characters and runs of white space one blank; cut at a character
 * boundary when too long. Returns the bytes written without the NUL.
 */
size_t span_copy_text(char *buffer, size_t size, struct span text);

#endif
