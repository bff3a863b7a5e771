/*
 * Two hash tables with open addressing: names, and the cells that refer to them. Names of campaigns
 * come with mail, so their hash has a key (SipHash), lest somebody sends names that all fall into
 * one place.
 */
#include "reports/gather.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>

enum { SLOTS_FIRST = 256 /* a power of two; twice as many as entries at least */ };

_Static_assert(sizeof((struct gathering *)0)->key == crypto_shorthash_KEYBYTES, "a key of SipHash");

static uint32_t name_hash(const struct gathering *g, const char *name)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint32_t h;
	crypto_shorthash(hash, (const unsigned char *)name, strlen(name), g->key);
	memcpy(&h, hash, sizeof h);
	return h;
}

static uint32_t gathered_cell_hash(const struct gathered_cell *c)
{
	uint64_t h = ((uint64_t)c->name << 24 | (uint64_t)c->column << 16 |
			     (uint64_t)c->category << 8 | c->day) *
		UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static bool same_gathered_cell(const struct gathered_cell *a, const struct gathered_cell *b)
{
	return a->name == b->name && a->column == b->column && a->category == b->category &&
		a->day == b->day;
}

/* Numbers in slots begin with 1; 0 is an empty slot. */
static uint32_t *free_slot(struct slots *s, uint32_t hash)
{
	size_t i = hash & (s->count - 1);
	while (s->at[i])
		i = (i + 1) & (s->count - 1);
	return &s->at[i];
}

/* More slots, all empty. */
static int more_slots(struct slots *s)
{
	size_t count = s->count ? s->count * 2 : SLOTS_FIRST;
	uint32_t *at = calloc(count, sizeof *at);
	if (!at)
		return -1;
	free(s->at);
	*s = (struct slots){ at, count };
	return 0;
}

static int room_for_name(struct gathering *g)
{
	if (g->names < g->name_room)
		return 0;
	if (!g->names)
		randombytes_buf(g->key, sizeof g->key);
	if (more_slots(&g->name_slots))
		return -1;
	char(*more)[REPORT_NAME_SIZE] = reallocarray(
		g->name, g->name_slots.count / 2, sizeof *more);
	if (!more)
		return -1;
	g->name = more;
	g->name_room = g->name_slots.count / 2;
	for (size_t i = 0; i < g->names; i++)
		*free_slot(&g->name_slots, name_hash(g, g->name[i])) = (uint32_t)i + 1;
	return 0;
}

static int room_for_cell(struct gathering *g)
{
	if (g->cells < g->cell_room)
		return 0;
	if (more_slots(&g->cell_slots))
		return -1;
	struct gathered_cell *more = reallocarray(g->cell, g->cell_slots.count / 2, sizeof *more);
	if (!more)
		return -1;
	g->cell = more;
	g->cell_room = g->cell_slots.count / 2;
	for (size_t i = 0; i < g->cells; i++)
		*free_slot(&g->cell_slots, gathered_cell_hash(&g->cell[i])) = (uint32_t)i + 1;
	return 0;
}

/* The number of a name, into *NUMBER; g->names where there is no more room for it. */
static int name_number(struct gathering *g, const char *name, uint32_t *number)
{
	uint32_t hash;
	*number = g->last;
	if (g->last < g->names && strcmp(g->name[g->last], name) == 0)
		return 0;
	if (room_for_name(g))
		return -1;
	hash = name_hash(g, name);
	for (size_t i = hash & (g->name_slots.count - 1); g->name_slots.at[i];
		i = (i + 1) & (g->name_slots.count - 1)) {
		*number = g->name_slots.at[i] - 1;
		if (strcmp(g->name[*number], name) == 0) {
			g->last = *number;
			return 0;
		}
	}
	*number = g->last = (uint32_t)g->names;
	if (g->names == NAMES_MAX)
		return 0;
	span_copy_text(g->name[g->names++], sizeof *g->name, span_of(name));
	*free_slot(&g->name_slots, hash) = (uint32_t)g->names;
	return 0;
}

int gather(struct gathering *g, const char *name, struct gathered_cell at)
{
	if (name_number(g, name, &at.name) || room_for_cell(g))
		return -1;
	if (at.name >= g->names) {
		g->beyond[at.column] += at.n;
		return 0;
	}
	for (size_t i = gathered_cell_hash(&at) & (g->cell_slots.count - 1); g->cell_slots.at[i];
		i = (i + 1) & (g->cell_slots.count - 1)) {
		struct gathered_cell *c = &g->cell[g->cell_slots.at[i] - 1];
		if (same_gathered_cell(c, &at)) {
			c->n += at.n;
			return 0;
		}
	}
	if (g->cells == CELLS_MAX) {
		g->beyond[at.column] += at.n;
		return 0;
	}
	g->cell[g->cells++] = at;
	*free_slot(&g->cell_slots, gathered_cell_hash(&at)) = (uint32_t)g->cells;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_place(const void *a, const void *b)
{
	const struct gathered_cell *x = a, *y = b;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->category != y->category)
		return x->category - y->category;
	if (x->day != y->day)
		return x->day - y->day;
	return x->column - y->column;
}

/* Names are numbered anew in their order, so that cells are compared by numbers. */
int gathering_sort(struct gathering *g)
{
	const char **order = calloc(g->names + 1, sizeof *order);
	char(*sorted)[REPORT_NAME_SIZE] = calloc(g->names + 1, sizeof *sorted);
	uint32_t *rank = calloc(g->names + 1, sizeof *rank);
	int result = order && sorted && rank ? 0 : -1;
	for (size_t i = 0; i < g->names && !result; i++)
		order[i] = g->name[i];
	if (!result && g->names)
		qsort(order, g->names, sizeof *order, by_text);
	for (size_t i = 0; i < g->names && !result; i++) {
		rank[(size_t)(order[i] - g->name[0]) / sizeof *g->name] = (uint32_t)i;
		memcpy(sorted[i], order[i], sizeof *sorted);
	}
	if (!result) {
		free(g->name);
		g->name = sorted;
		sorted = NULL;
		for (size_t i = 0; i < g->cells; i++)
			g->cell[i].name = rank[g->cell[i].name];
		if (g->cells)
			qsort(g->cell, g->cells, sizeof *g->cell, by_place);
	}
	free(order);
	free(sorted);
	free(rank);
	return result;
}

void gathering_free(struct gathering *g)
{
	free(g->cell);
	free(g->name);
	free(g->cell_slots.at);
	free(g->name_slots.at);
	*g = (struct gathering){ .cells = 0 };
}
