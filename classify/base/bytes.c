/* The end of a text, where sixteen bytes are more than there are. */
#include "classify/base/bytes.h"

/*
 * Two loads that overlap, each as long as there are bytes for: where N is not known, memcpy() takes
 * longer than all the rest.
 */
bytes16 bytes_load_some(const char *p, size_t n)
{
	uint64_t half[2] = { 0, 0 };
	bytes16 b;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		memcpy(half, p, n);
	} else if (n > 8) {
		half[0] = bytes_load64(p);
		half[1] = bytes_load64(p + n - 8) >> (16 - n) * 8;
	} else if (n >= 4) {
		half[0] = bytes_load32(p) | (uint64_t)bytes_load32(p + n - 4) << (n - 4) * 8;
	} else if (n) {
		half[0] = (unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << n / 2 * 8 |
			(uint64_t)(unsigned char)p[n - 1] << (n - 1) * 8;
	}
	memcpy(&b, half, sizeof b);
	return b;
}
