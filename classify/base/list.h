/* A list of texts of bounded length, as a setting has it; the strings are somebody else's. */
#ifndef RETOUR_LIST_H
#define RETOUR_LIST_H

enum { LIST_MAX = 64 };

struct list {
	const char *at[LIST_MAX + 1]; /* ends with NULL */
	unsigned count;
};

#endif
