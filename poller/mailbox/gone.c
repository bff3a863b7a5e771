#include "poller/mailbox/gone.h"

#include <stdlib.h>
#include <string.h>

int gone_add(struct gone *g, const unsigned char id[SOURCE_ID_SIZE])
{
	if (g->n == g->capacity) {
		size_t capacity = g->capacity ? 2 * g->capacity : 256;
		uint64_t *at = reallocarray(g->at, capacity, sizeof *at);
		if (!at)
			return -1;
		g->at = at;
		g->capacity = capacity;
	}
	memcpy(&g->at[g->n++], id, sizeof *g->at);
	g->sorted = false;
	return 0;
}

static int gone_order(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

bool gone_has(struct gone *g, const unsigned char id[SOURCE_ID_SIZE])
{
	if (!g->n)
		return false;
	if (!g->sorted)
		qsort(g->at, g->n, sizeof *g->at, gone_order);
	g->sorted = true;
	return bsearch(id, g->at, g->n, sizeof *g->at, gone_order) != NULL;
}

void gone_free(struct gone *g)
{
	free(g->at);
	*g = (struct gone){ 0 };
}
