/*
 * What is odd about an address, whatever its answer: nothing is decided by it, a form or a list is
 * to be mended.
 */
#ifndef RETOUR_COMMAND_HINT_H
#define RETOUR_COMMAND_HINT_H

#include "classify/rules.h"
#include "store/contacts.h"

/* The better known first: of several the first one is told. */
#define HINTS(X) \
	X(HINT_NONE, "") \
	X(HINT_SYNTAX, "syntax") \
	X(HINT_TYPO, "typo") \
	X(HINT_NO_DOMAIN, "no-domain")
#define HINT_ENUM(symbol, name) symbol,
enum hint { HINTS(HINT_ENUM) HINT_COUNT };
#undef HINT_ENUM
const char *hint_name(unsigned hint);
int hint_by_name(const char *name); /* -1: none */

/* Remembers the domains that were looked at; zeroed at first. */
struct hints {
	const struct rules *rules;
	struct store *store;
	struct hint_domain {
		unsigned char n;
		char name[63];
		const char *near;
		bool gone;
	} domain[1024];
};

enum { HINT_SIZE = 80 };
/*
 * The hint about ADDRESS into OUT, "" where there is none: "typo:gmail.com", "syntax:comma",
 * "syntax". IS_ADDRESS: the store takes it for one.
 */
enum hint hint_of(struct hints *h, struct span address, bool is_address, char out[HINT_SIZE]);

/*
 * TEXT without the characters that nobody sees into OUT of SIZE bytes, with a NUL. False: there are
 * none, or it is too long.
 */
bool hint_visible(struct span text, char *out, size_t size);

#endif
