/*
 * Events of a transaction that are yet to be applied to their contacts. Pseudonyms are random, so
 * each contact lies on a page of its own; in the order of their pseudonyms each page is read and
 * changed once, and what many messages say of one contact comes together. It is the order of
 * arrival among those of one contact.
 *
 * The more events come together, the fewer pages are changed for each; so an event is kept as short
 * as it is: its numbers, the pseudonyms under older state keys if there are such keys, then the
 * texts that a contact is made of, each with its NUL. All of an import's transaction fit: where a
 * part of them came later, the pages changed first would be written twice, and SQLite would read
 * the transaction's whole log again for its checksums.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/contact.h"
#include "store/message.h"
#include "store/ownkeys.h"

enum {
	PENDING_MAX = 1 << 16,
	PENDING_BYTES = 5 << 20,
	NUMBERS = offsetof(struct packed, old_contact), /* of an event, and the pseudonym */
	EVENT_BYTES_MAX = sizeof(struct packed)
};

struct pending_place {
	unsigned char key[8]; /* the begin of the pseudonym: more decides nothing but the order */
	uint32_t at;          /* where its event begins: in the order of arrival */
};

struct pending_events {
	uint32_t n;
	struct pending_place place[PENDING_MAX];
	uint32_t bytes;
	unsigned char events[PENDING_BYTES];
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

static void pending_keep(const struct store *s, struct pending_events *p, const struct packed *e)
{
	size_t older = older_bytes(s);
	unsigned char *begin = p->events + p->bytes, *end = begin + NUMBERS + older;

	memcpy(begin, e, NUMBERS);
	memcpy(begin + NUMBERS, e->old_contact, older);
	end = pending_put_text(pending_put_text(end, e->status), e->provider);
	end = pending_put_text(pending_put_text(end, e->campaign), e->rule);
	p->bytes = (uint32_t)(end - p->events);
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
	if (s->pending)
		s->pending->n = s->pending->bytes = 0;
}

int pending_flush(struct store *s)
{
	struct pending_events *p = s->pending;
	int result = STORE_OK;

	if (!p || !p->n)
		return STORE_OK;
	qsort(p->place, p->n, sizeof p->place[0], compare_places);
	for (uint32_t i = 0; i < p->n && !result; i++)
		result = apply_kept(s, p->events + p->place[i].at);
	pending_discard(s);
	return result;
}

int pending_add(struct store *s, const struct packed *e)
{
	struct pending_events *p = s->pending
		? s->pending
		: (s->pending = calloc(1, sizeof *p)); /* pages that are not used are not there */

	if (!p)
		return store_fail(s, STORE_FAILED, "no memory");
	if (!contact_takes(s, e))
		return STORE_OK;
	p->place[p->n].at = p->bytes;
	memcpy(p->place[p->n++].key, e->contact, sizeof p->place[0].key);
	pending_keep(s, p, e);
	return p->n == PENDING_MAX || p->bytes > PENDING_BYTES - EVENT_BYTES_MAX ? pending_flush(s)
										 : STORE_OK;
}
