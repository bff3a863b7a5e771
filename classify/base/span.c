/*
 * Spans: comparing, trimming and copying somebody else's bytes. Letters are
 * folded as ASCII whatever the locale says, because mail syntax is ASCII
 * (RFC 5322 section 1.2.2); text is UTF-8 (RFC 3629).
 */
#include "classify/base/span.h"

#include <stdint.h>
#include <unistr.h>
#include "classify/base/bytes.h"

enum {
	NO_CASE = 0xff - ('a' - 'A')
}; /* of ASCII letters; other bytes may become the same, so it only makes candidates */

/* Eight bytes that differ in nothing but the case of letters? */
static bool same_eight(uint64_t a, uint64_t b)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t differ = a ^ b, low = (a | each * 0x20) & each * 0x7f;
	uint64_t letters = (low + each * (0x80 - 'a')) & ~(low + each * (0x7f - 'z')) & ~a &
		each * 0x80; /* the highest bit of each byte that is one */
	return !(differ & ~(letters >> 2));
}

/* The last bytes are looked at together with some that were before: a load is for eight or four. */
bool span_same_nocase(const char *a, const char *b, size_t n)
{
	if (n < 4) {
		for (size_t i = 0; i < n; i++)
			if (!same_eight((unsigned char)a[i], (unsigned char)b[i]))
				return false;
		return true;
	}
	if (n < 8)
		return same_eight(bytes_load32(a) | (uint64_t)bytes_load32(a + n - 4) << 32,
			bytes_load32(b) | (uint64_t)bytes_load32(b + n - 4) << 32);
	for (size_t i = 0; i + 8 < n; i += 8)
		if (!same_eight(bytes_load64(a + i), bytes_load64(b + i)))
			return false;
	return same_eight(bytes_load64(a + n - 8), bytes_load64(b + n - 8));
}

long span_find_nocase(struct span text, struct span needle)
{
	if (!needle.n)
		return 0;
	if (text.n < needle.n)
		return -1;
	const bytes16 first = bytes_all((unsigned char)needle.p[0]) & bytes_all(NO_CASE);
	const char *end = text.p + text.n - needle.n + 1; /* of the places where it may begin */
	for (const char *p = text.p; p < end; p += BYTES) {
		bytes16 b = end - p < BYTES ? bytes_load_some(p, (size_t)(end - p)) : bytes_load(p);
		unsigned here = bytes_mask((bytes16)((b & bytes_all(NO_CASE)) == first));
		for (; here; here &= here - 1) {
			const char *at = p + __builtin_ctz(here);
			if (at < end && span_same_nocase(at, needle.p, needle.n))
				return at - text.p;
		}
	}
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim_blanks(struct span text)
{
	while (text.n && is_blank(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static unsigned line_ends(bytes16 b)
{
	return bytes_mask(bytes_are(b, '\n') | bytes_are(b, '\r'));
}

char *decimal(char *buffer, unsigned value, unsigned digits)
{
	char reversed[DECIMAL_SIZE];
	unsigned n = 0;
	for (; n < digits || value; value /= 10)
		reversed[n++] = (char)('0' + value % 10);
	while (n)
		*buffer++ = reversed[--n];
	return buffer;
}

int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool span_line(struct span *rest, struct span *line)
{
	if (!rest->n)
		return false;
	const char *end = rest->p + rest->n, *stop = bytes_find(rest->p, end, line_ends),
		   *next = stop;
	if (next < end)
		next += *next == '\r' && next + 1 < end && next[1] == '\n' ? 2 : 1;
	*line = (struct span){ rest->p, (size_t)(stop - rest->p) };
	*rest = (struct span){ next, (size_t)(end - next) };
	return true;
}

static unsigned beyond_ascii(bytes16 b)
{
	return bytes_mask((bytes16)(b >= bytes_all(0x80)));
}

const char *text_take_line(const char *text, char *out, size_t size)
{
	size_t n = strcspn(text, "\n");

	if (n >= size || !text[n])
		return NULL;
	memcpy(out, text, n);
	out[n] = '\0';
	return text + n + 1;
}

size_t span_ascii_run(struct span text)
{
	return (size_t)(bytes_find(text.p, text.p + text.n, beyond_ascii) - text.p);
}

bool span_is_ascii(struct span text)
{
	return span_ascii_run(text) == text.n;
}

bool span_is_utf8(struct span text)
{
	size_t i = span_ascii_run(text);
	return i == text.n || u8_check((const uint8_t *)text.p + i, text.n - i) == NULL;
}

/* What Unicode keeps for nobody; two of them XML has no place for (its production 2). */
static bool is_noncharacter(ucs4_t c)
{
	return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/*
 * One character of TEXT at *I; what is not UTF-8 counts as U+FFFD, one per byte, and a
 * noncharacter as one.
 */
static ucs4_t take_character(struct span text, size_t *i)
{
	ucs4_t c = (unsigned char)text.p[*i];
	if (c < 0x80) {
		++*i;
		return c;
	}
	int used = u8_mbtouc(&c, (const uint8_t *)text.p + *i, text.n - *i);
	if (c == 0xfffd)
		used = used == 3 && (unsigned char)text.p[*i] == 0xef ? 3 : 1;
	*i += (size_t)used;
	return is_noncharacter(c) ? 0xfffd : c;
}

/*
 * Controls of ASCII and Latin-1, and the line and paragraph separators that some readers of logs
 * take for line ends.
 */
static bool is_control(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

/*
 * Printable ASCII from the first of B's N bytes on that can be copied as it is: no blank begins or
 * ends it, nor follows another.
 */
static size_t plain_words(bytes16 b, size_t n)
{
	unsigned blanks = bytes_mask(bytes_are(b, ' ')),
		 others = ~bytes_mask(bytes_between(b, ' ', '~'));
	unsigned stop = others | (blanks & blanks << 1) | (blanks & 1) | 1u << n;
	size_t run = (size_t)__builtin_ctz(stop);
	return run && blanks >> (run - 1) & 1 ? run - 1 : run;
}

size_t span_copy_text(char *buffer, size_t size, struct span text)
{
	size_t n = 0, i = 0;
	bool gap = false;
	while (i < text.n && size) {
		size_t left = text.n - i < BYTES ? text.n - i : BYTES;
		size_t plain = n + BYTES + 1 < size
			? plain_words(left < BYTES ? bytes_load_some(text.p + i, left)
						   : bytes_load(text.p + i),
				  left)
			: 0;
		if (plain) {
			if (gap)
				buffer[n++] = ' ';
			gap = false;
			memcpy(buffer + n, text.p + i, plain);
			n += plain;
			i += plain;
			continue;
		}
		ucs4_t c = take_character(text, &i);
		if (c == ' ' || is_control(c)) {
			gap = n > 0;
			continue;
		}
		uint8_t bytes[6];
		int used = u8_uctomb(bytes, c, sizeof bytes);
		if (used <= 0 || n + gap + (size_t)used >= size)
			break;
		if (gap)
			buffer[n++] = ' ';
		gap = false;
		memcpy(buffer + n, bytes, (size_t)used);
		n += (size_t)used;
	}
	if (size)
		buffer[n] = '\0';
	return n;
}
