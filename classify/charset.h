/*
 * Text of any charset to UTF-8. All converters are opened once, because later
 * the process that reads mail has no access to files (iconv loads its tables).
 */
#ifndef RETOUR_CHARSET_H
#define RETOUR_CHARSET_H

#include "classify/base/span.h"

struct charsets;

/* NULL without memory. A converter that this system lacks is done without. */
struct charsets *charsets_open(void);
void charsets_close(struct charsets *c);

/*
 * True when NAME's text may stand as it is: ASCII and UTF-8 (and no name), provided that the bytes
 * are UTF-8.
 */
bool charset_is_utf8(struct span name);

/*
 * The charset of TEXT that is no UTF-8, by its looks (classify/guess.c): a name that
 * charset_to_utf8() knows.
 */
struct span charset_guess(struct span text);

/*
 * Converts TEXT into OUT of SIZE bytes; always valid UTF-8, not NUL-terminated. Without a name, or
 * with one that is unknown or says no more than ASCII or UTF-8: UTF-8 where the bytes are that,
 * else what they look like. Returns the bytes written.
 */
size_t charset_to_utf8(
	struct charsets *c, struct span name, struct span text, char *out, size_t size);

#endif
