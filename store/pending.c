/*
 * Events of a transaction that are yet to be applied to their contacts. Pseudonyms are random, so
 * each contact lies on a page of its own; in the order of their pseudonyms each page is read and
 * changed once, and what many messages say of one contact comes together. It is the order of
 * arrival among those of one contact.
 */
#include <stdlib.h>
#include "store/internal.h"

enum { PENDING_MAX = 8192 }; /* 5 MiB */

struct pending_place {
	unsigned char key[8]; /* the begin of the pseudonym: more decides nothing but the order */
	uint32_t number;
};

struct pending {
	uint32_t n;
	struct pending_place place[PENDING_MAX];
	struct packed event[PENDING_MAX];
};

static int compare_places(const void *a, const void *b)
{
	const struct pending_place *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof x->key);

	if (order)
		return order;
	if (x->number < y->number)
		return -1;
	return 1;
}

void pending_discard(struct store *s)
{
	if (s->pending)
		s->pending->n = 0;
}

int pending_flush(struct store *s)
{
	struct pending *p = s->pending;
	int result = STORE_OK;

	if (!p || !p->n)
		return STORE_OK;
	qsort(p->place, p->n, sizeof p->place[0], compare_places);
	for (uint32_t i = 0; i < p->n && !result; i++)
		result = contact_apply(s, &p->event[p->place[i].number]);
	pending_discard(s);
	return result;
}

int pending_add(struct store *s, const struct packed *e)
{
	struct pending *p = s->pending
		? s->pending
		: (s->pending = calloc(1, sizeof *p)); /* pages that are not used are not there */

	if (!p)
		return store_fail(s, STORE_FAILED, "no memory");
	if (!e->known)
		return contact_apply(s, e);
	p->place[p->n].number = p->n;
	memcpy(p->place[p->n].key, e->contact, sizeof p->place[0].key);
	p->event[p->n++] = *e;
	return p->n == PENDING_MAX ? pending_flush(s) : STORE_OK;
}
