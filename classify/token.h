/*
 * A token is a run of letters and digits, or one sign; of scripts that set no
 * blanks between words, one character. It carries whether white space stood
 * before it.
 */
#ifndef RETOUR_TOKEN_H
#define RETOUR_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include "classify/base/bytes.h"
#include "classify/letters.h"

enum {
	WORD_MAX = 64, /* bytes of a word that can stand in a phrase; longer ones are unknown */
	HASH_EXACT = 8 /* bytes of a word that its hash holds whole */
};

/* One word or sign of a text. */
struct token {
	const unsigned char *begin, *end;
	const unsigned char *next; /* where the next one begins, or the end */
	const char *bytes;         /* folded, or as they stand: plain ASCII */
	size_t n; /* of bytes; WORD_MAX: too long for any phrase; 0: nothing but white space came */
	uint64_t hash;
	bool sign; /* one byte, without a hash */
	bool folded;
	bool blank; /* white space that is no ASCII stands before it */
	bool blank_behind;
};

/* Where a word is folded. */
struct scratch {
	char word[WORD_MAX + 8];
};

/* The token that begins at P with a character that is not ASCII or meets one. */
struct token token_wide(const struct letters *l, const unsigned char *p, const unsigned char *end,
	struct scratch *s);
/* A word of BYTES letters and digits or more begins at P. */
struct token token_long(const struct letters *l, const unsigned char *p, const unsigned char *end,
	struct scratch *s);
/* Of N bytes at P that are folded already. */
uint64_t token_hash(const char *p, size_t n);

static inline const unsigned char *skip_blanks(
	const struct letters *l, const unsigned char *p, const unsigned char *end)
{
	while (p < end && l->ascii[*p] == CHAR_BLANK)
		p++;
	return p;
}

/* What is left of the first N bytes of a vector. */
static inline bytes16 first_bytes(bytes16 b, size_t n)
{
	static const unsigned char keep[2 * BYTES] = { 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255 };
	return b & bytes_load((const char *)keep + BYTES - n);
}

static inline uint64_t turn(uint64_t x)
{
	return x << 32 | x >> 32;
}

/*
 * Adds sixteen bytes, lower-case letters and digits or zeros behind them: eight alone give each its
 * own hash.
 */
static inline uint64_t hash_bytes(uint64_t hash, bytes16 b)
{
	uint64_t half[2];
	memcpy(half, &b, sizeof half);
	return turn(hash) + half[0] * 0x9e3779b97f4a7c15u +
		turn(half[1] * 0xc2b2ae3d27d4eb4fu); /* Fibonacci hashing */
}

static inline uint64_t hash_end(uint64_t hash)
{
	return hash ^ hash >> 32;
}

static inline bytes16 fold_ascii(bytes16 b)
{
	return b | bytes_all('a' - 'A');
} /* digits have that bit */

static inline unsigned letters_and_digits(bytes16 b)
{
	return bytes_mask(bytes_between(fold_ascii(b), 'a', 'z') | bytes_between(b, '0', '9'));
}

static inline unsigned blanks(bytes16 b)
{
	return bytes_mask((bytes16)(b <= bytes_all(' ')) | bytes_are(b, 127));
}

/*
 * The token that begins at P, which is before END and no ASCII blank. Sixteen bytes show most of
 * them whole, with the blanks behind: no branch that depends on their length.
 */
__attribute__((always_inline)) static inline struct token take_token(const struct letters *l,
	const unsigned char *p, const unsigned char *end, struct scratch *s)
{
	size_t left = (size_t)(end - p);
	bytes16 b = left < BYTES
		? bytes_load_some((const char *)p, left)
		: bytes_load((const char *)p); /* behind the end zeros, which are blanks */
	unsigned word = letters_and_digits(b), wide = bytes_mask((bytes16)(b >= bytes_all(0x80)));
	size_t n = (size_t)__builtin_ctz(~word), length = n + !n, next;
	struct token t = {
		.begin = p, .end = p + length, .bytes = (const char *)p, .n = length, .sign = !n
	};

	if (n == BYTES)
		return token_long(l, p, end, s);
	if (wide >> n & 1)
		return token_wide(l, p, end, s);
	next = length + (size_t)__builtin_ctz(~(blanks(b) >> length));
	t.blank_behind = next > length;
	t.next = next < left ? p + next : end;
	if (next == BYTES)
		t.next = skip_blanks(l, t.next, end);
	if (n)
		t.hash = hash_end(hash_bytes(0, first_bytes(fold_ascii(b), n)));
	return t;
}

#endif
