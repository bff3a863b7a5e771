/*
 * Events of a transaction that are yet to be applied to their contacts. Pseudonyms are random, so
 * each contact lies on a page of its own; a generation of events is applied in the order of their
 * pseudonyms, so that what several say of one contact comes together, and what lies beside each
 * other is changed together. It is the order of arrival among those of one contact.
 *
 * While one generation fills, the one before it is applied, one event for each that comes: were all
 * left to the commit, the parser would have nothing to do until it is over, a third of an import.
 *
 * An event is kept as short as it is: its numbers, the pseudonyms under older state keys if there
 * are such keys, then the texts that a contact is made of, each with its NUL.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/contact.h"
#include "store/message.h"
#include "store/ownkeys.h"

enum {
	GENERATION_MAX = 4096,
	GENERATION_BYTES = 80 * GENERATION_MAX,         /* what is longer makes it a smaller one */
	NUMBERS = offsetof(struct packed, old_contact), /* of an event, and the pseudonym */
	EVENT_BYTES_MAX = sizeof(struct packed)
};

struct pending_place {
	unsigned char key[8]; /* the begin of the pseudonym: more decides nothing but the order */
	uint32_t at;          /* where its event begins: in the order of arrival */
};

struct generation {
	uint32_t n, done; /* events; those of them that were applied, in the order of PLACE */
	struct pending_place place[GENERATION_MAX];
	uint32_t bytes;
	unsigned char events[GENERATION_BYTES];
};

struct pending_events {
	struct generation both[2];
	unsigned filling; /* which of them; the other one is sorted, and applied */
};

static unsigned char *pending_put_text(unsigned char *p, const char *text)
{
	size_t n = strlen(text) + 1;

	memcpy(p, text, n);
	return p + n;
}

static const unsigned char *pending_take_text(const unsigned char *p, char *text, size_t size)
{
	snprintf(text, size, "%s", (const char *)p);
	return p + strlen((const char *)p) + 1;
}

static size_t older_bytes(const struct store *s)
{
	return keys_old_states(s) * sizeof((struct packed *)NULL)->old_contact[0];
}

static void pending_keep(const struct store *s, struct generation *g, const struct packed *e)
{
	size_t older = older_bytes(s);
	unsigned char *begin = g->events + g->bytes, *end = begin + NUMBERS + older;

	memcpy(begin, e, NUMBERS);
	memcpy(begin + NUMBERS, e->old_contact, older);
	end = pending_put_text(pending_put_text(end, e->status), e->provider);
	end = pending_put_text(pending_put_text(end, e->campaign), e->rule);
	g->bytes = (uint32_t)(end - g->events);
}

static int apply_kept(struct store *s, const unsigned char *p)
{
	struct packed e;
	size_t older = older_bytes(s);

	memset(&e, 0, sizeof e);
	memcpy(&e, p, NUMBERS);
	memcpy(e.old_contact, p + NUMBERS, older);
	p = pending_take_text(p + NUMBERS + older, e.status, sizeof e.status);
	p = pending_take_text(p, e.provider, sizeof e.provider);
	p = pending_take_text(p, e.campaign, sizeof e.campaign);
	pending_take_text(p, e.rule, sizeof e.rule);
	return contact_apply(s, &e);
}

static int compare_places(const void *a, const void *b)
{
	const struct pending_place *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof x->key);

	if (order)
		return order;
	if (x->at < y->at)
		return -1;
	return 1;
}

void pending_discard(struct store *s)
{
	for (unsigned i = 0; s->pending && i < 2; i++)
		s->pending->both[i].n = s->pending->both[i].done = s->pending->both[i].bytes = 0;
}

/* Applies at most COUNT of G, which is sorted. */
static int apply_some(struct store *s, struct generation *g, uint32_t count)
{
	int result = STORE_OK;

	for (; g->done < g->n && count-- && !result; g->done++)
		result = apply_kept(s, g->events + g->place[g->done].at);
	if (g->done == g->n)
		g->n = g->done = g->bytes = 0;
	return result;
}

/* What is left of the one before is applied, and the one that was filled is next. */
static int next_generation(struct store *s, struct pending_events *p)
{
	struct generation *full = &p->both[p->filling];

	if (apply_some(s, &p->both[!p->filling], UINT32_MAX))
		return STORE_FAILED;
	qsort(full->place, full->n, sizeof full->place[0], compare_places);
	p->filling = !p->filling;
	return STORE_OK;
}

int pending_flush(struct store *s)
{
	struct pending_events *p = s->pending;
	int result = STORE_OK;

	for (unsigned i = 0; p && i < 2 && !result; i++)
		result = next_generation(s, p);
	return result;
}

int pending_add(struct store *s, const struct packed *e)
{
	struct pending_events *p = s->pending
		? s->pending
		: (s->pending = calloc(1, sizeof *p)); /* pages that are not used are not there */
	struct generation *g;

	if (!p)
		return store_fail(s, STORE_FAILED, "no memory");
	if (!contact_takes(s, e))
		return STORE_OK;
	g = &p->both[p->filling];
	g->place[g->n].at = g->bytes;
	memcpy(g->place[g->n++].key, e->contact, sizeof g->place[0].key);
	pending_keep(s, g, e);
	if ((g->n == GENERATION_MAX || g->bytes > GENERATION_BYTES - EVENT_BYTES_MAX) &&
		next_generation(s, p))
		return STORE_FAILED;
	return apply_some(s, &p->both[!p->filling], 1);
}
