/*
 * Libraries that most commands never call are opened at their first call: the loader would spend
 * four fifths of a short command on their symbols (libxml2 brings ICU and the C++ library with it).
 * lazystubs.sh writes, from what the objects need, the jumps that lead here.
 */
#ifndef RETOUR_LAZY_H
#define RETOUR_LAZY_H

#include <stddef.h>

/* As lazystubs.sh lays it out. */
struct lazy_library {
	const char *soname;
	const char *names;  /* one after another, each with its NUL */
	void **table, *end; /* whole pages of the program's data, of which COUNT slots are used */
	size_t count;
};

/*
 * Opens LIBRARY, fills its table and makes that read-only. Ends the program, with EXIT_USAGE and
 * a message, where the library is not as it was when the program was linked.
 */
void lazy_load(const struct lazy_library *library);

#endif
