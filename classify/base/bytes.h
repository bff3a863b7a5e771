/*
 * Sixteen bytes of a text at a time: which of them are of a class, as a mask with a bit for each,
 * so that a search takes a few steps for sixteen bytes and no branch for each. Compilers turn these
 * vectors into what the machine has.
 */
#ifndef RETOUR_BYTES_H
#define RETOUR_BYTES_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BYTES = 16, BYTES_ALL = 0xffff };
typedef unsigned char bytes16 __attribute__((vector_size(BYTES)));

static inline uint64_t bytes_load64(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

static inline uint32_t bytes_load32(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof x);
	return x;
}

static inline bytes16 bytes_load(const char *p)
{
	bytes16 b;
	memcpy(&b, p, sizeof b);
	return b;
}

/* The N bytes at P and zeros; N is less than BYTES. */
bytes16 bytes_load_some(const char *p, size_t n);

/* Bit I is set where byte I of B has all bits set; it has all or none. */
static inline unsigned bytes_mask(bytes16 b)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)b);
#else
	const bytes16 bit = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t half[2];
	b &= bit;
	memcpy(half, &b, sizeof half);
	return (unsigned)(half[0] * each >> 56 |
		half[1] * each >> 56
				<< 8); /* the bits of a half differ, so their sum is all of them */
#endif
}

static inline bytes16 bytes_all(unsigned char c)
{
	return (bytes16){ 0 } + c;
}
static inline bytes16 bytes_are(bytes16 b, unsigned char c)
{
	return (bytes16)(b == bytes_all(c));
}
/* From LOW to HIGH. */
static inline bytes16 bytes_between(bytes16 b, unsigned char low, unsigned char high)
{
	return (bytes16)(b - bytes_all(low) <= bytes_all((unsigned char)(high - low)));
}

/* The first byte from P on whose bit OF sets, or END. OF is known where this is inlined. */
__attribute__((always_inline)) static inline const char *bytes_find(
	const char *p, const char *end, unsigned (*of)(bytes16 b))
{
	unsigned mask;
	for (; end - p >= BYTES; p += BYTES) {
		mask = of(bytes_load(p));
		if (mask)
			return p + __builtin_ctz(mask);
	}
	mask = p < end ? of(bytes_load_some(p, (size_t)(end - p))) : 0;
	return mask && __builtin_ctz(mask) < end - p ? p + __builtin_ctz(mask) : end;
}

/* The first byte from P on that is FIRST and has SECOND behind it, or END. */
static inline const char *bytes_find_pair(const char *p, const char *end, char first, char second)
{
	for (; end - p > BYTES; p += BYTES) {
		unsigned mask = bytes_mask(bytes_are(bytes_load(p), (unsigned char)first) &
			bytes_are(bytes_load(p + 1), (unsigned char)second));
		if (mask)
			return p + __builtin_ctz(mask);
	}
	for (; end - p > 1; p++)
		if (p[0] == first && p[1] == second)
			return p;
	return end;
}

#endif
