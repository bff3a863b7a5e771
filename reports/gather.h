/*
 * Counts by name, column, category and day, gathered in one pass over the tallies, in whatever
 * order they come: all tables of a month are made of these. Bounded; names beyond it are not told
 * apart.
 */
#ifndef RETOUR_REPORTS_GATHER_H
#define RETOUR_REPORTS_GATHER_H

#include "reports/model.h"

enum {
	CELLS_MAX = 200000, /* of one month */
	NAMES_MAX = 65536,  /* providers or campaigns of one month */
};

struct gathered_cell {
	uint32_t name; /* its number */
	uint8_t column, category, day;
	uint64_t n;
};

/* Begins as zeros; gathering_free() in any case. */
struct gathering {
	struct gathered_cell *cell;
	char (*name)[REPORT_NAME_SIZE];
	size_t cells, names;
	uint64_t beyond[COLUMN_COUNT]; /* what came when there was no more room */
	struct slots {
		uint32_t *at;
		size_t count;
	} cell_slots, name_slots; /* where to find what is there already */
	size_t cell_room, name_room;
	unsigned char key[16];
	uint32_t last; /* the name that was asked for last */
};

/* 0, or -1 without memory. */
int gather(struct gathering *g, const char *name, struct gathered_cell at);
/* By name, category, day, column. Afterwards nothing can be gathered. 0, or -1 without memory. */
int gathering_sort(struct gathering *g);
void gathering_free(struct gathering *g);

#endif
