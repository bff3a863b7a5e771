/*
 * Small steps through a line of a log: spans cut, compared and searched, by every byte as it is. In
 * the header, for they are all that most of a line costs.
 */
#ifndef RETOUR_LOGTEXT_H
#define RETOUR_LOGTEXT_H

#include "classify/base/span.h"

static inline bool is_queue_alnum(char c)
{
	return ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline struct span text_from(struct span text, size_t at)
{
	return (struct span){ text.p + at, text.n - at };
}

static inline bool text_starts(struct span text, struct span prefix)
{
	return text.n >= prefix.n && !memcmp(text.p, prefix.p, prefix.n);
}

static inline bool text_equal(struct span a, struct span b)
{
	return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* Where NEEDLE stands in TEXT; TEXT.n when it does not. */
static inline size_t text_find(struct span text, struct span needle)
{
	const char *at = memmem(text.p, text.n, needle.p, needle.n);
	return at ? (size_t)(at - text.p) : text.n;
}

/* Cuts the word before the next blank off REST, with the blanks behind it. */
static inline struct span log_word(struct span *rest)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
	struct span out = { rest->p, n };
	while (n < rest->n && rest->p[n] == ' ')
		n++;
	*rest = text_from(*rest, n);
	return out;
}

/* What follows KEY up to a comma, a blank or the end; "" when KEY is not there. KEY ends in '='. */
static inline struct span log_value_of(struct span text, struct span key)
{
	size_t at = text_find(text, key), end;
	if (at == text.n)
		return (struct span){ text.p + at, 0 };
	text = text_from(text, at + key.n);
	for (end = 0; end < text.n && text.p[end] != ',' && text.p[end] != ' '; end++)
		;
	return (struct span){ text.p, end };
}

static inline int two_digits(const char *p)
{
	return ascii_digit(p[0]) && ascii_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

#endif
