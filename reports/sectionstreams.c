/*
 * What came back of each stream of our mail ([stream NAME]). What is of none makes the last row, so
 * that the rows are a way to cut the month's figures; a campaign whose name says its stream is a
 * part of that stream's row. A reader may know all that, and it stands among the month's equations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reports/loading.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"

/* --- figures ------------------------------------------------------------------ */

static struct stream_row *stream_called(struct figures *f, const char *name)
{
	for (size_t i = 0; i + 1 < f->streams; i++)
		if (strcmp(f->stream[i].row.name, name) == 0)
			return &f->stream[i];
	return &f->stream[f->streams - 1];
}

/* The next row, where NAME is another than the last one's; the rest where there is no more room. */
static struct stream_row *stream_counted(struct figures *f, const char *name)
{
	if (f->streams > 1) {
		struct stream_row *last = &f->stream[f->streams - 2];
		if (strcmp(last->row.name, name) == 0)
			return last;
	}
	if (f->streams > STREAMS_SHOWN)
		return NULL;
	if (!f->stream) {
		f->stream = calloc(STREAMS_SHOWN + 1, sizeof *f->stream);
		f->streams = 1; /* what is of none */
	}
	if (!f->stream)
		return NULL;
	struct stream_row *new = &f->stream[f->streams++ - 1];
	span_copy_text(new->row.name, sizeof new->row.name, span_of(name));
	return new;
}

static int take_stream(void *context, const char *stream, const char *what, uint64_t n)
{
	struct figures *f = context;
	struct stream_row *s = stream_counted(f, stream);
	unsigned c = 0;
	if (!s)
		return f->stream ? 0 : -1;
	while (c < COLUMN_COUNT && strcmp(column_name(c), what) != 0)
		c++;
	if (strcmp(what, kind_name(KIND_OPTOUT)) == 0) {
		s->optout.n += n;
		return 0;
	}
	c = c < COLUMN_COUNT ? c : COLUMN_UNDETERMINED;
	s->row.column[c].n += n;
	s->row.bounces.n += c == COLUMN_COMPLAINT ? 0 : n;
	return 0;
}

static uint64_t less(uint64_t n, uint64_t part)
{
	return n > part ? n - part : 0;
}

/* What of each stream stands in no row of a campaign of it. */
static void count_elsewhere(struct store *store, struct figures *f)
{
	for (size_t i = 0; i < f->streams; i++) {
		struct stream_row *s = &f->stream[i];
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			s->elsewhere[c].n = s->row.column[c].n;
		s->elsewhere[COLUMN_COUNT].n = s->row.bounces.n;
	}
	for (size_t i = 0; i < f->campaigns.count; i++) {
		struct row *row = &f->campaigns.row[i];
		if (row->rest)
			continue;
		struct stream_row *s = stream_called(f, store_campaign_stream(store, row->name));
		row->group = (unsigned)(s - f->stream);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			s->elsewhere[c].n = less(s->elsewhere[c].n, row->column[c].n);
		s->elsewhere[COLUMN_COUNT].n = less(s->elsewhere[COLUMN_COUNT].n, row->bounces.n);
	}
}

int streams_load(struct store *store, struct figures *f, int32_t from, int32_t to)
{
	if (store_stream_counts(store, from, to, take_stream, f) != STORE_OK)
		return -1;
	if (!f->stream)
		return 0;
	struct row *rest = &f->stream[f->streams - 1].row;
	rest->rest = true;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		rest->column[c].n = f->column[c].n;
		for (size_t i = 0; i + 1 < f->streams; i++)
			rest->column[c].n = less(rest->column[c].n, f->stream[i].row.column[c].n);
		rest->bounces.n += c == COLUMN_COMPLAINT ? 0 : rest->column[c].n;
	}
	count_elsewhere(store, f);
	return 0;
}

/* --- equations ---------------------------------------------------------------- */

/* A sum that holds: streams are counted since they are configured, which may be within the month.
 */
struct stream_sum {
	struct cell *total, *part[STREAMS_SHOWN + 1 + ROWS_SHOWN + 1];
	size_t parts;
};

static void sum_part(struct stream_sum *s, struct cell *part)
{
	s->part[s->parts++] = part;
}

/* Who knows the streams knows where there is nothing else: such a 0 can hide nothing. */
static void sum_elsewhere(struct stream_sum *s, struct cell *part)
{
	if (part->n > 0)
		sum_part(s, part);
}

static void sum_equation(struct equations *q, const struct stream_sum *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->parts; i++)
		n += s->part[i]->n;
	if (n != s->total->n || !s->parts)
		return;
	equation(q, s->total);
	for (size_t i = 0; i < s->parts; i++)
		equation_part(q, s->part[i]);
}

/* A column, or the bounces. */
static struct cell *row_cell(struct row *row, unsigned c)
{
	return c < COLUMN_COUNT ? &row->column[c] : &row->bounces;
}

static void campaign_equations(struct equations *q, struct figures *f, unsigned c)
{
	struct row *last = f->campaigns.count ? &f->campaigns.row[f->campaigns.count - 1] : NULL;
	for (size_t i = 0; i < f->streams; i++) {
		struct stream_sum s = { .total = row_cell(&f->stream[i].row, c) };
		for (size_t n = 0; n < f->campaigns.count; n++)
			if (!f->campaigns.row[n].rest && f->campaigns.row[n].group == i)
				sum_part(&s, row_cell(&f->campaigns.row[n], c));
		sum_elsewhere(&s, &f->stream[i].elsewhere[c]);
		sum_equation(q, &s);
	}
	if (!last || !last->rest)
		return;
	struct stream_sum s = { .total = row_cell(last, c) };
	for (size_t i = 0; i < f->streams; i++)
		sum_elsewhere(&s, &f->stream[i].elsewhere[c]);
	sum_equation(q, &s);
}

void stream_equations(struct equations *q, struct figures *f)
{
	for (size_t i = 0; i < f->streams; i++) {
		struct row *row = &f->stream[i].row;
		struct stream_sum s = { .total = &row->bounces };
		row->bounces.worth = row->column[COLUMN_COMPLAINT].worth = 1;
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			row->column[c].vague = true;
			if (c != COLUMN_COMPLAINT)
				sum_part(&s, &row->column[c]);
		}
		sum_equation(q, &s);
	}
	for (unsigned c = 0; c <= COLUMN_COUNT && f->streams; c++) {
		struct stream_sum s = { .total = c < COLUMN_COUNT ? &f->column[c] : &f->bounces };
		for (size_t i = 0; i < f->streams; i++)
			sum_part(&s, row_cell(&f->stream[i].row, c));
		sum_equation(q, &s);
		campaign_equations(q, f, c);
	}
}

/*
 * Opt-outs are no part of the month's figures. Of all that came, those of streams and the others,
 * which no format prints, are the parts.
 */
static int hide_optouts(struct month_report *r, struct store *store)
{
	struct figures *f = r->month;
	struct cell others = { .n = r->kind[KIND_OPTOUT].n };
	struct equations *q = equations_new(r->k);
	(void)store;
	if (!q)
		return -1;
	for (size_t i = 0; i < f->streams; i++)
		others.n = less(others.n, f->stream[i].optout.n);
	struct stream_sum s = { .total = &r->kind[KIND_OPTOUT] };
	for (size_t i = 0; i + 1 < f->streams; i++)
		sum_part(&s, &f->stream[i].optout);
	sum_part(&s, &others);
	sum_equation(q, &s);
	int result = suppress(q);
	equations_free(q);
	for (size_t i = 0; i < f->streams; i++)
		suppress_alone(&f->stream[i].optout, r->k);
	return result;
}

/* --- formats ------------------------------------------------------------------ */

static void write_streams(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month, *old = &r->month[1];
	char title[REPORT_NAME_SIZE + 32];
	xmlNode *node = f->streams ? xml_element(root, "streams") : NULL;
	for (size_t i = 0; i < f->streams; i++) {
		const struct row *row = &f->stream[i].row;
		xmlNode *n = xml_element(node, "row");
		if (!row->rest)
			xml_attribute(n, "name", row->name);
		xml_attribute(n, "title", row_title(r, row, ROW_STREAM, title, sizeof title));
		xml_columns(r, n, &row->bounces, row->column);
		if (!row->rest)
			xml_count(r, n, "optout", &f->stream[i].optout);
		for (size_t b = 0; b + 1 < old->streams && !row->rest; b++)
			if (strcmp(old->stream[b].row.name, row->name) == 0)
				xml_comparison(r, n, &row->bounces, &old->stream[b].row.bounces);
	}
}

/* Whether any row tells something of a column. */
static bool stream_column_used(const struct figures *f, unsigned c)
{
	bool used = false;
	for (size_t i = 0; i < f->streams; i++)
		used |= f->stream[i].row.column[c].n > 0;
	return used;
}

static void print_stream(const struct page *p, struct grid *g, const struct stream_row *s)
{
	const struct figures *f = p->r->month;
	char title[REPORT_NAME_SIZE + 32];
	struct cell other;
	grid_row(g, row_title(p->r, &s->row, ROW_STREAM, title, sizeof title));
	grid_cell(p, g, &s->row.bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_COMPLAINT && other_bounces(&s->row.bounces, s->row.column, &other))
			grid_cell(p, g, &other);
		else if (c == COLUMN_COMPLAINT)
			grid_figure(g, "-");
		if (c == COLUMN_COMPLAINT || stream_column_used(f, c))
			grid_told(p, g, &s->row.column[c]);
	}
	if (s->row.rest)
		grid_figure(g, "-");
	else
		grid_cell(p, g, &s->optout);
}

static void print_streams(const struct page *p)
{
	const struct figures *f = p->r->month;
	struct grid g = { 0 };
	char id[48];
	if (!f->streams)
		return;
	page_heading(p, "heading.stream");
	grid_row(&g, page_text(p, "column.stream"));
	grid_figure(&g, page_text(p, "column.bounces.short"));
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		snprintf(id, sizeof id, "column.%s.short", column_name(c));
		if (c == COLUMN_COMPLAINT)
			grid_figure(&g, page_text(p, "column.other.short"));
		if (c == COLUMN_COMPLAINT || stream_column_used(f, c))
			grid_figure(&g, page_text(p, id));
	}
	grid_figure(&g, page_text(p, "column.optout.short"));
	for (size_t i = 0; i < f->streams; i++)
		print_stream(p, &g, &f->stream[i]);
	grid_print(p, &g);
}

const struct section section_streams = { hide_optouts, write_streams, print_streams };
