/*
 * Base64 and quoted-printable (RFC 2045 section 6.7 and 6.8) and the Q encoding
 * (RFC 2047 section 4.2); no cut can hurt.
 */
#include "classify/transfer.h"

#include <string.h>

enum { NONE = 64, PADDING = 65 };

/*
 * What a byte stands for; '-' and '_' as in the alphabet for file names and URLs (RFC 4648 section
 * 5).
 */
#define N8 NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
#define N64 N8, N8, N8, N8, N8, N8, N8, N8
static const unsigned char base64_value[256] = { N8, N8, N8, N8, N8, NONE, NONE, NONE, 62, NONE, 62,
	NONE, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NONE, NONE, NONE, PADDING, NONE, NONE,
	NONE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
	24, 25, NONE, NONE, NONE, NONE, 63, NONE, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,
	38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NONE, NONE, NONE, NONE, NONE, N64,
	N64 };

/*
 * From I on as long as four letters stand together, which give three bytes. Returns how many
 * letters were read.
 */
static size_t whole_fours(struct span text, size_t i, char *out, size_t *n, size_t size)
{
	size_t begin = i;
	for (; text.n - i >= 4 && size - *n >= 3; i += 4, *n += 3) {
		const unsigned char *p = (const unsigned char *)text.p + i;
		unsigned a = base64_value[p[0]], b = base64_value[p[1]], c = base64_value[p[2]],
			 d = base64_value[p[3]];
		if ((a | b | c | d) >= NONE)
			break;
		unsigned bits = a << 18 | b << 12 | c << 6 | d;
		out[*n] = (char)(bits >> 16);
		out[*n + 1] = (char)(bits >> 8);
		out[*n + 2] = (char)bits;
	}
	return i - begin;
}

size_t base64_decode(struct span text, char *out, size_t size)
{
	size_t n = 0;
	unsigned bits = 0, have = 0;
	for (size_t i = 0; i < text.n && n < size; i++) {
		if (!have)
			i += whole_fours(text, i, out, &n, size);
		if (i == text.n || n == size)
			break;
		unsigned value = base64_value[(unsigned char)text.p[i]];
		if (value == PADDING) /* what follows is a new run */
			bits = have = 0;
		if (value >= NONE)
			continue;
		bits = (bits << 6 | value) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have);
		}
	}
	return n;
}

/* "=XX" at I. */
static bool hex_pair(struct span text, size_t i, char *c)
{
	if (text.n - i < 3)
		return false;
	int high = ascii_hex(text.p[i + 1]), low = ascii_hex(text.p[i + 2]);
	if (high < 0 || low < 0)
		return false;
	*c = (char)(high << 4 | low);
	return true;
}

/* Length of a soft line break ("=", blanks, line end) at I; 0: none. */
static size_t soft_break(struct span text, size_t i)
{
	size_t end = i + 1;
	while (end < text.n && (text.p[end] == ' ' || text.p[end] == '\t'))
		end++;
	if (end == text.n)
		return end - i;
	if (text.p[end] == '\r')
		return end - i + (end + 1 < text.n && text.p[end + 1] == '\n' ? 2 : 1);
	return text.p[end] == '\n' ? end - i + 1 : 0;
}

size_t quoted_printable_decode(struct span text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < size; i++) {
		const char *from = text.p + i, *sign = memchr(from, '=', text.n - i);
		size_t plain = sign ? (size_t)(sign - from) : text.n - i;
		if (plain > size - n)
			plain = size - n;
		memcpy(out + n, from, plain);
		n += plain;
		i += plain;
		if (i == text.n || n == size)
			break;
		char c = '=';
		size_t skip = soft_break(text, i);
		if (skip) {
			i += skip - 1;
			continue;
		}
		if (hex_pair(text, i, &c))
			i += 2;
		out[n++] = c;
	}
	return n;
}

size_t q_decode(struct span text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < size; i++) {
		char c = text.p[i];
		if (c == '_')
			c = ' ';
		else if (c == '=' && hex_pair(text, i, &c))
			i += 2;
		out[n++] = c;
	}
	return n;
}

/* The byte that "\ooo" at I stands for, if it is one beyond ASCII; else 0. */
static unsigned octal_at(struct span text, size_t i)
{
	enum { ESCAPE = 4, OCTAL_BITS = 3 };
	unsigned byte = 0;
	if (text.n - i < ESCAPE || text.p[i] != '\\' ||
		(text.p[i + 1] != '2' && text.p[i + 1] != '3'))
		return 0;
	for (size_t k = i + 1; k < i + ESCAPE; k++) {
		if (text.p[k] < '0' || text.p[k] > '7')
			return 0;
		byte = byte << OCTAL_BITS | (unsigned)(text.p[k] - '0');
	}
	return byte;
}

struct span octal_unescaped(struct arena *arena, struct span text)
{
	enum { ESCAPE = 4 };
	const char *first = text.p, *end = text.p + text.n;
	while ((first = memchr(first, '\\', (size_t)(end - first))) &&
		!octal_at(text, (size_t)(first - text.p)))
		first++;
	char *out = first ? arena_alloc(arena, text.n) : NULL;
	size_t n = 0;
	if (!out)
		return text;
	for (size_t i = 0; i < text.n;) {
		unsigned byte = octal_at(text, i);
		out[n++] = byte ? (char)byte : text.p[i];
		i += byte ? ESCAPE : 1;
	}
	return (struct span){ out, n };
}
