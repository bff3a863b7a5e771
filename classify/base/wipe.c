/* Zeros where an address, a mail or a password was. */
#include "classify/base/wipe.h"

#include <stdlib.h>
#include <string.h>
#include "classify/base/bytes.h"

void wipe_bytes(void *p, size_t n)
{
	const bytes16 zeros = bytes_all(0);
	char *to = p, *end = to + n;
	for (; end - to >= 4 * BYTES; to += 4 * BYTES) {
		memcpy(to, &zeros, BYTES);
		memcpy(to + BYTES, &zeros, BYTES);
		memcpy(to + 2 * BYTES, &zeros, BYTES);
		memcpy(to + 3 * BYTES, &zeros, BYTES);
		__asm__ volatile(""
				 :
				 : "r"(to)
				 : "memory"); /* nobody reads it: they stay all the same */
	}
	for (; end - to >= BYTES; to += BYTES) {
		memcpy(to, &zeros, BYTES);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	while (to < end) {
		*to++ = 0;
		__asm__ volatile("" : : "r"(to) : "memory");
	}
}

void wipe_free(void *p, size_t n)
{
	if (p)
		explicit_bzero(p, n);
	free(p);
}
