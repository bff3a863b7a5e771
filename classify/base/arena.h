/*
 * Scratch memory for the texts of one message: taken once per workspace,
 * handed out from its beginning, wiped as a whole when the message is done.
 */
#ifndef RETOUR_ARENA_H
#define RETOUR_ARENA_H

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct arena {
	char *base;
	size_t size, used, peak; /* peak: what was ever written since the last wipe */
};

/* All that is left, without taking it. */
static inline char *arena_room(struct arena *a, size_t *room)
{
	*room = a->size - a->used;
	return a->base + a->used;
}

/* Takes N bytes of what arena_room() gave. */
static inline char *arena_take(struct arena *a, size_t n)
{
	char *p = a->base + a->used;
	a->used += n;
	if (a->used > a->peak)
		a->peak = a->used;
	return p;
}

/* N bytes, or NULL when there is no room. */
static inline char *arena_alloc(struct arena *a, size_t n)
{
	return n <= a->size - a->used ? arena_take(a, n) : NULL;
}

/* Gives back all that was taken since USED was read; the bytes stay until the wipe. */
static inline void arena_reset(struct arena *a, size_t used)
{
	a->used = used;
}

static inline void arena_wipe(struct arena *a)
{
	explicit_bzero(a->base, a->peak);
	a->used = a->peak = 0;
}

#endif
