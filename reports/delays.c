/*
 * Who takes mail late: attempts that receivers deferred, as mail logs count them, those of these
 * that were throttled (421, 4.7.x), and delay notices with their most frequent cause. By provider,
 * because that is what can be sent to more slowly.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/loading.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"

/* What stands in no row: of a row's deferrals those not throttled, of all delay notices the others.
 */
struct delay_rest {
	struct cell row[ROWS_SHOWN], notices;
};

static int by_deferrals(const void *a, const void *b)
{
	const struct delay_row *x = a, *y = b;
	if (x->deferred.n != y->deferred.n)
		return x->deferred.n < y->deferred.n ? 1 : -1;
	if (x->notices.n != y->notices.n)
		return x->notices.n < y->notices.n ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* The cells of one name; returns where the next begins. A cause is named from k on. */
static size_t next_delay(const struct gathering *g, size_t first, unsigned k, struct delay_row *row)
{
	const uint32_t name = g->cell[first].name;
	uint64_t most = 0;
	size_t i = first;
	*row = (struct delay_row){ .cause = CATEGORY_NONE };
	memcpy(row->name, g->name[name], sizeof row->name);
	for (; i < g->cells && g->cell[i].name == name; i++) {
		const struct gathered_cell *c = &g->cell[i];
		if (c->column == DELAY_DEFERRED)
			row->deferred.n += c->n;
		else if (c->column == DELAY_THROTTLED)
			row->throttled.n += c->n;
		else
			row->notices.n += c->n;
		if (c->column == DELAY_NOTICE && c->n > most) {
			most = c->n;
			row->cause = (enum category)c->category;
		}
	}
	if (most < k || most * 2 < row->notices.n)
		row->cause = CATEGORY_NONE;
	return i;
}

/* The largest ones of k or more; one of fewer is among those that are not listed. */
static void list_delays(struct month_report *r, const struct gathering *g)
{
	struct delay_row row;
	for (size_t i = 0; i < g->cells;) {
		i = next_delay(g, i, r->k, &row);
		if (row.deferred.n < r->k && row.notices.n < r->k)
			continue;
		unsigned at = r->delays;
		while (at > 0 && by_deferrals(&row, &r->delay[at - 1]) < 0)
			at--;
		if (at == ROWS_SHOWN)
			continue;
		r->delays += r->delays < ROWS_SHOWN;
		memmove(&r->delay[at + 1], &r->delay[at], (r->delays - 1 - at) * sizeof row);
		r->delay[at] = row;
	}
}

static int suppress_delays(struct month_report *r, struct delay_rest *rest)
{
	enum { WORTH_THROTTLED = 1, WORTH_DEFERRED };
	struct equations *q = equations_new(r->k);
	struct cell *all = &r->kind[KIND_DELAY];
	if (!q)
		return -1;
	rest->notices.n = all->n;
	all->worth = CELL_DEAR;
	for (unsigned i = 0; i < r->delays; i++) {
		struct delay_row *row = &r->delay[i];
		row->deferred.worth = WORTH_DEFERRED;
		row->throttled.worth = row->notices.worth = WORTH_THROTTLED;
		rest->row[i].n = row->deferred.n - row->throttled.n;
		rest->notices.n -= row->notices.n;
		equation(q, &row->deferred);
		equation_part(q, &row->throttled);
		equation_part(q, &rest->row[i]);
	}
	equation(q, all);
	equation_part(q, &rest->notices);
	for (unsigned i = 0; i < r->delays; i++)
		equation_part(q, &r->delay[i].notices);
	int result = suppress(q);
	equations_free(q);
	return result;
}

int delays_find(struct month_report *r, const struct gathering *delays)
{
	struct delay_rest rest = { .notices = { .n = 0 } };
	list_delays(r, delays);
	if (suppress_delays(r, &rest))
		return -1;
	for (unsigned i = 0; i < r->delays; i++)
		if (r->delay[i].notices.state != CELL_SHOWN)
			r->delay[i].cause = CATEGORY_NONE;
	qsort(r->delay, r->delays, sizeof *r->delay, by_deferrals);
	return 0;
}

/* --- as a section --------------------------------------------------------- */

static void write_delays(const struct month_report *r, xmlNode *root)
{
	if (!r->delays)
		return;
	xmlNode *node = xml_element(root, "delays");
	for (unsigned i = 0; i < r->delays; i++) {
		const struct delay_row *row = &r->delay[i];
		xmlNode *n = xml_element(node, "row");
		xml_attribute(n, "name", row->name);
		xml_attribute(n, "title", provider_title(r, row->name));
		xml_count(r, n, "deferred", &row->deferred);
		xml_count(r, n, "throttled", &row->throttled);
		xml_count(r, n, "delay", &row->notices);
		if (row->cause != CATEGORY_NONE)
			xml_category(r, xml_element(n, "worst"), row->cause);
	}
}

static void print_delays(const struct page *p)
{
	struct grid g = { 0 };
	if (!p->r->delays)
		return;
	page_heading(p, "heading.delays");
	grid_row(&g, page_text(p, "column.provider"));
	grid_figure(&g, page_text(p, "column.deferred"));
	grid_figure(&g, page_text(p, "column.throttled"));
	grid_figure(&g, page_text(p, "column.delay"));
	for (unsigned i = 0; i < p->r->delays; i++) {
		const struct delay_row *row = &p->r->delay[i];
		grid_row(&g, provider_title(p->r, row->name));
		grid_cell(p, &g, &row->deferred);
		grid_cell(p, &g, &row->throttled);
		grid_cell(p, &g, &row->notices);
	}
	grid_print(p, &g);
	for (unsigned i = 0; i < p->r->delays; i++)
		if (p->r->delay[i].cause != CATEGORY_NONE)
			fprintf(p->out, "%s: %s\n", provider_title(p->r, p->r->delay[i].name),
				category_title(p->r->texts, p->r->delay[i].cause));
}

const struct section section_delays = { NULL, write_delays, print_delays };
