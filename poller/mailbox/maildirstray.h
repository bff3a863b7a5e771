/*
 * Files of a Maildir that are not where they were listed: another program has put them from new/
 * to cur/, or changed their flags, which is a change of name. They are looked for by the part of
 * the name that stays.
 */
#ifndef RETOUR_MAILDIRSTRAY_H
#define RETOUR_MAILDIRSTRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stray {
	char *name; /* as it was; once it is found, as it is */
	uint8_t dir;
	bool found;
};

struct strays {
	struct stray *at;
	size_t n, capacity;
};

/* 0, or -1 without memory. */
int strays_add(struct strays *s, const char *name);
/* Looks through the COUNT directories DIRS, once each. 0, or -1 with errno. */
int strays_find(struct strays *s, const int *dirs, size_t count);
/* None is left; S can be used again. */
void strays_free(struct strays *s);

#endif
