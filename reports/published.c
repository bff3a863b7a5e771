/*
 * What is published of one month: tables of providers, campaigns and domain groups, sums, days,
 * what was sent; suppressed. Attributed means that the returned mail was shown to be ours (origin
 * matched or verified); only such failures and complaints make the figures, the rest is counted
 * apart. The tallies of a month are read once, row by row: sums by SQL over each view cost ten
 * times as much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/loading.h"

struct loading {
	struct month_report *report;
	struct figures *figures;
	struct store *store;
	struct gathering *providers, *campaigns;
	struct course_days *days; /* or NULL */
};

/* --- tallies into figures ------------------------------------------------- */

static bool attributed(const struct tally *t)
{
	return (t->kind == KIND_FAILURE || t->kind == KIND_COMPLAINT) &&
		t->origin >= ORIGIN_MATCHED && t->origin < ORIGIN_COUNT;
}

static enum column figure_column_of(const struct tally *t)
{
	return t->kind == KIND_COMPLAINT ? COLUMN_COMPLAINT : column_of_class(t->klass);
}

/* Into the sums of the month and its days. */
static void take_sums(struct loading *l, const struct tally *t)
{
	struct figures *f = l->figures;
	const int day = t->day % 100;
	bool report = t->kind == KIND_FAILURE || t->kind == KIND_COMPLAINT;
	if (report && t->origin < ORIGIN_COUNT)
		f->origin[t->origin][t->kind == KIND_COMPLAINT].n += t->count;
	if (!report && l->days)
		l->report->kind[t->kind].n += t->count;
	if (!attributed(t))
		return;
	enum column column = figure_column_of(t);
	f->bounces.n += column == COLUMN_COMPLAINT ? 0 : t->count;
	f->day[day - 1].n += column == COLUMN_COMPLAINT ? 0 : t->count;
	f->column[column].n += t->count;
	if (l->days)
		l->days->column[day - 1][column] += t->count;
}

static struct gathered_cell figure_cell(const struct tally *t)
{
	return (struct gathered_cell){
		.column = (uint8_t)figure_column_of(t), .category = t->category, .n = t->count
	};
}

/* Into the causes, and what is told of a provider: notices, delays. */
static int take_of_provider(struct loading *l, const struct tally *t)
{
	struct gathered_cell cell = figure_cell(t);
	if (t->kind == KIND_DELAY && l->days && t->origin >= ORIGIN_MATCHED) {
		cell.column = DELAY_NOTICE;
		return gather(&l->days->delays, t->provider, cell);
	}
	if (!attributed(t))
		return 0;
	l->figures->category[cell.column][t->category].n += t->count;
	cell.day = (uint8_t)(l->days ? t->day % 100 : 0);
	return gather(l->providers, t->provider, cell);
}

static int take_of_campaign(struct loading *l, const struct tally *t)
{
	return attributed(t) ? gather(l->campaigns, t->campaign, figure_cell(t)) : 0;
}

static bool tally_fits(const struct tally *t)
{
	return t->category < CATEGORY_COUNT && t->kind < KIND_COUNT && t->day % 100 <= DAYS_MAX;
}

/* One row of the tallies: a cell of everything. */
static int take_tally(void *context, const struct tally *t)
{
	struct loading *l = context;
	if (!tally_fits(t) || t->day % 100 < 1)
		return 0;
	take_sums(l, t);
	return take_of_campaign(l, t) ? -1 : take_of_provider(l, t);
}

/* The same of a month that is closed: a row for each use. */
static int take_closed(void *context, enum tallied part, const struct tally *t)
{
	struct loading *l = context;
	const int day = t->day % 100;
	if (!tally_fits(t))
		return 0;
	if (part == TALLIED_PROVIDER)
		return take_of_provider(l, t);
	if (part == TALLIED_CAMPAIGN)
		return take_of_campaign(l, t);
	if (part == TALLIED_DAY && day)
		take_sums(l, t);
	return part == TALLIED_BUSY && l->days && day
		? gather(&l->days->busy, t->provider,
			  (struct gathered_cell){ .day = (uint8_t)day, .n = t->count })
		: 0;
}

/* --- tables --------------------------------------------------------------- */

/* The large first; equal ones by name, so that the order is always the same. */
static int by_size(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->bounces.n != y->bounces.n)
		return x->bounces.n < y->bounces.n ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void add_to_row(struct row *row, unsigned column, uint64_t n)
{
	row->column[column].n += n;
	row->bounces.n += column == COLUMN_COMPLAINT ? 0 : n;
}

/* The most frequent causes of a row so far, each with its count. */
struct worst {
	enum category category;
	uint64_t n;
};

static void place_of_figure(struct worst list[WORST_SHOWN], enum category category, uint64_t n)
{
	for (int i = 0; i < WORST_SHOWN; i++)
		if (n > list[i].n) {
			memmove(&list[i + 1], &list[i],
				(size_t)(WORST_SHOWN - 1 - i) * sizeof *list);
			list[i] = (struct worst){ category, n };
			return;
		}
}

/* Cuts the rows of one name off the sorted list; the most frequent causes are named from k on. */
static size_t next_row(const struct gathering *g, size_t first, unsigned k, struct row *row)
{
	struct worst worst[WORST_SHOWN] = { { CATEGORY_NONE, 0 } };
	const uint32_t name = g->cell[first].name;
	size_t i = first;
	uint64_t category = 0;
	memcpy(row->name, g->name[name], sizeof row->name);
	for (; i < g->cells && g->cell[i].name == name; i++) {
		const struct gathered_cell *c = &g->cell[i];
		bool last = i + 1 == g->cells || c[1].name != name || c[1].category != c->category;
		category += c->n;
		if (last && category >= k && c->category != CATEGORY_NONE)
			place_of_figure(worst, (enum category)c->category, category);
		if (last)
			category = 0;
		add_to_row(row, c->column, c->n);
	}
	for (int w = 0; w < WORST_SHOWN; w++)
		row->worst[w] = worst[w].category;
	return i;
}

static void fold_row(struct row *rest, const struct row *row)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		add_to_row(rest, c, row->column[c].n);
}

/*
 * By name: the first ROWS_SHOWN of at least k; the last row sums the others and what the store
 * already counts as NAMELESS. Where that would be small, and so cost another row its figure, the
 * smallest row joins it.
 */
static int make_figure_table(
	const struct gathering *g, unsigned k, const char *nameless, struct table *out)
{
	struct row *row = calloc(g->names + 1, sizeof *row), rest = { .rest = true };
	if (!row)
		return -1;
	size_t rows = 0, kept = 0;
	for (size_t i = 0; i < g->cells; rows++)
		i = next_row(g, i, k, &row[rows]);
	qsort(row, rows, sizeof *row, by_size);
	for (size_t i = 0; i < rows; i++) {
		bool named = strcmp(row[i].name, nameless) != 0;
		if (named && kept < ROWS_SHOWN &&
			(row[i].bounces.n >= k || row[i].column[COLUMN_COMPLAINT].n >= k)) {
			row[kept++] = row[i];
			continue;
		}
		fold_row(&rest, &row[i]);
		rest.folded += named;
	}
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		add_to_row(&rest, c, g->beyond[c]);
	for (; kept > 1 && rest.bounces.n > 0 && rest.bounces.n < k; rest.folded++)
		fold_row(&rest, &row[--kept]);
	if (rest.bounces.n > 0 || rest.column[COLUMN_COMPLAINT].n > 0)
		row[kept++] = rest;
	struct row *fitting = kept ? reallocarray(row, kept, sizeof *row) : NULL;
	*out = (struct table){ fitting ? fitting : row, kept };
	return 0;
}

static struct row *find_row(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].rest && strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

/*
 * The provider that stands behind half of a category or more, where k or more, and of more of it
 * than of the mail. The list is sorted.
 */
static void find_figure_leaders(struct figures *f, const struct gathering *g, unsigned k)
{
	uint64_t n = 0;
	uint64_t all[CATEGORY_COUNT] = { 0 };
	for (size_t i = 0; i < g->cells; i++)
		all[g->cell[i].category] += g->cell[i].n;
	for (size_t i = 0; i < g->cells; i++) {
		const struct gathered_cell *c = &g->cell[i];
		bool same = i > 0 && c[-1].name == c->name && c[-1].category == c->category;
		n = same ? n + c->n : c->n;
		const struct row *row = find_row(&f->providers, g->name[c->name]);
		if (n >= k && n * 2 >= all[c->category] &&
			strcmp(g->name[c->name], PROVIDER_NONE) != 0 &&
			beyond_volume(n, all[c->category], row ? row->sent.n : 0, f->sent.n))
			snprintf(f->leader[c->category], sizeof *f->leader, "%.*s",
				(int)sizeof *f->leader - 1, g->name[c->name]);
	}
}

/* --- domain groups -------------------------------------------------------- */

static int make_groups(struct figures *f, const struct loading *l)
{
	const struct gathering *g = l->providers;
	f->groups = (struct table){ calloc(DOMAIN_GROUP_COUNT, sizeof *f->groups.row),
		DOMAIN_GROUP_COUNT };
	if (!f->groups.row)
		return -1;
	for (unsigned group = 0; group < DOMAIN_GROUP_COUNT; group++) {
		struct row *row = table_group(f, group);
		snprintf(row->name, sizeof row->name, "%s", domain_group_name(group));
		row->group = group;
	}
	for (size_t i = 0; i < f->providers.count; i++)
		if (!f->providers.row[i].rest)
			f->providers.row[i].group = store_domain_group(
				l->store, f->providers.row[i].name);
	for (size_t i = 0; i < g->cells; i++) {
		const char *name = g->name[g->cell[i].name];
		unsigned group = store_domain_group(l->store, name);
		if (g->cell[i].column == COLUMN_COMPLAINT)
			continue;
		table_group(f, group)->bounces.n += g->cell[i].n;
		f->folded[group].n += find_row(&f->providers, name) ? 0 : g->cell[i].n;
	}
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		table_group(f, DOMAIN_UNKNOWN)->bounces.n += c == COLUMN_COMPLAINT ? 0
										   : g->beyond[c];
		f->folded[DOMAIN_UNKNOWN].n += c == COLUMN_COMPLAINT ? 0 : g->beyond[c];
	}
	return 0;
}

/* --- suppression ---------------------------------------------------------- */

/* UNLISTED: what was sent but stands in no row. */
static void table_equations(
	struct equations *q, struct figures *f, struct table *t, struct cell *unlisted)
{
	equation(q, &f->sent);
	equation_part(q, unlisted);
	for (size_t i = 0; i < t->count; i++)
		equation_part(q, &t->row[i].sent);
	equation(q, &f->bounces);
	for (size_t i = 0; i < t->count; i++)
		equation_part(q, &t->row[i].bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		equation(q, &f->column[c]);
		for (size_t i = 0; i < t->count; i++) /* a 0 that all know can hide nothing */
			if (c != COLUMN_COMPLAINT || t != &f->providers || t->row[i].reports)
				equation_part(q, &t->row[i].column[c]);
	}
	for (size_t i = 0; i < t->count; i++) {
		equation(q, &t->row[i].bounces);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			if (c != COLUMN_COMPLAINT)
				equation_part(q, &t->row[i].column[c]);
	}
}

/* A provider tells of complaints or does not; only what sums several has some of each. */
static bool in_parts(const struct figures *f, const struct table *t, const struct row *row)
{
	return t != &f->providers || row->rest;
}

/*
 * Of the month what could draw a complaint, or what could not, as the rows of table N have it and
 * UNLISTED.
 */
static void part_equation(struct equations *q, struct figures *f, unsigned n, struct cell *total,
	struct cell *unlisted)
{
	struct table *t = n ? &f->campaigns : &f->providers;
	const bool reporting = total == &f->reporting;
	equation(q, total);
	if (f->unlisted[n].n) /* a 0 that all know can hide nothing */
		equation_part(q, unlisted);
	for (size_t i = 0; i < t->count; i++)
		if (in_parts(f, t, &t->row[i]))
			equation_part(q, reporting ? &t->row[i].reporting : &t->row[i].silent);
		else if (t->row[i].reports == reporting)
			equation_part(q, &t->row[i].sent);
}

/*
 * What could draw a complaint, of the month and of each row. Where all receivers tell of them it is
 * what was sent.
 */
static void reporting_equations(struct equations *q, struct figures *f)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	if (f->all_report)
		return;
	equation(q, &f->sent);
	equation_part(q, &f->reporting);
	equation_part(q, &f->silent);
	for (unsigned n = 0; n < 2; n++) {
		struct table *t = tables[n];
		part_equation(q, f, n, &f->reporting, &f->unlisted_reporting[n]);
		part_equation(q, f, n, &f->silent, &f->unlisted_silent[n]);
		for (size_t i = 0; i < t->count; i++)
			if (in_parts(f, t, &t->row[i])) {
				equation(q, &t->row[i].sent);
				equation_part(q, &t->row[i].reporting);
				equation_part(q, &t->row[i].silent);
			}
	}
}

/* Where it is what was sent, or nothing, it is shown as that is. */
static void settle_reporting(struct figures *f)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	const struct cell none = { .n = 0 };
	if (f->all_report)
		f->reporting = f->sent;
	for (unsigned n = 0; n < 2; n++)
		for (size_t i = 0; i < tables[n]->count; i++) {
			struct row *row = &tables[n]->row[i];
			bool parts = in_parts(f, tables[n], row);
			if (f->all_report || (!parts && row->reports))
				row->reporting = row->sent;
			else if (!parts)
				row->reporting = none;
		}
}

/*
 * A group is the sum of its providers' rows and of what is folded of it; the rest row is what is
 * folded of all groups.
 */
static void group_equations(struct equations *q, struct figures *f)
{
	struct table *t = &f->providers;
	equation(q, &f->bounces);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
		equation_part(q, &f->groups.row[g].bounces);
	equation(q, &f->sent);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
		equation_part(q, &f->groups.row[g].sent);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++) {
		unsigned group = f->groups.row[g].group;
		equation(q, &f->groups.row[g].bounces);
		for (size_t i = 0; i < t->count; i++)
			if (!t->row[i].rest && t->row[i].group == group)
				equation_part(q, &t->row[i].bounces);
		equation_part(q, &f->folded[group]);
	}
	if (t->count && t->row[t->count - 1].rest) {
		equation(q, &t->row[t->count - 1].bounces);
		for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
			equation_part(q, &f->folded[g]);
	}
}

/*
 * What a reader wants first is worth most, and what the month is judged by is withheld last: sums,
 * what was sent, hard bounces. Groups go before the providers in them. Of the classes of a row or
 * of the month and of its days nothing is said where they are not shown; one sum says how much is
 * left out.
 */
enum {
	WORTH_HARD = 1,
	WORTH_GROUP = 1,
	WORTH_ROW = CELL_DEAR,
	WORTH_CLASS,
	WORTH_HARD_SUM,
	WORTH_SUM
};
#define WORTH_STRANGE \
	WORTH_SUM /* "<k" where nobody expects any: a category under a class that it is not of */

static void value_rows(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct row *row = &t->row[i];
		row->bounces.worth = WORTH_ROW;
		row->sent.worth = WORTH_SUM;
		row->reporting.worth = WORTH_ROW;
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			row->column[c].vague = true;
		row->column[COLUMN_HARD].worth = WORTH_HARD;
	}
}

static void value_month(struct figures *f, unsigned k)
{
	f->bounces.worth = f->sent.worth = f->column[COLUMN_COMPLAINT].worth = WORTH_SUM;
	f->reporting.worth = WORTH_HARD_SUM;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c != COLUMN_COMPLAINT) {
			f->column[c].worth = c == COLUMN_HARD ? WORTH_HARD_SUM : WORTH_CLASS;
			f->column[c].vague = true;
		}
		for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
			struct cell *cause = &f->category[c][g];
			if (cause->n == 0 && figure_column_of_category((enum category)g) != c)
				cause->worth = WORTH_STRANGE;
			/*
			 * what is not listed may be anything; that it is k or more, a measure may
			 * say
			 */
			cause->vague = cause->n > 0 && cause->n < k;
		}
	}
	for (unsigned d = 0; d < DAYS_MAX; d++)
		f->day[d].vague = true;
	value_rows(&f->providers);
	value_rows(&f->campaigns);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
		f->groups.row[g].bounces.worth = WORTH_GROUP;
}

/* Every way in which one figure of the month follows from others. */
static int suppress_month(
	struct figures *f, struct equations *q, unsigned k, const struct report_options *options)
{
	value_month(f, k);
	judge_targets(f, options);
	equation(q, &f->bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_COMPLAINT)
			equation_part(q, &f->column[c]);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		equation(q, &f->column[c]);
		for (unsigned g = 0; g < CATEGORY_COUNT; g++)
			equation_part(q, &f->category[c][g]);
	}
	equation(q, &f->bounces);
	for (int d = 0; d < DAYS_MAX; d++)
		equation_part(q, &f->day[d]);
	for (unsigned complaints = 0; complaints < 2; complaints++) {
		equation(q, complaints ? &f->column[COLUMN_COMPLAINT] : &f->bounces);
		for (unsigned o = ORIGIN_MATCHED; o < ORIGIN_COUNT; o++)
			equation_part(q, &f->origin[o][complaints]);
		for (unsigned o = 0; o < ORIGIN_MATCHED; o++)
			suppress_alone(&f->origin[o][complaints], k);
	}
	table_equations(q, f, &f->providers, &f->unlisted[0]);
	table_equations(q, f, &f->campaigns, &f->unlisted[1]);
	reporting_equations(q, f);
	group_equations(q, f);
	stream_equations(q, f);
	int result = suppress(q);
	settle_reporting(f);
	settle_targets(f, options);
	return result;
}

/*
 * Rows lie in the order of their size, which must not bound one that is not shown: these come
 * behind the others, by name.
 */
static int as_shown(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->rest != y->rest)
		return x->rest ? 1 : -1;
	if (x->bounces.state == CELL_SHOWN || y->bounces.state == CELL_SHOWN) {
		if (x->bounces.state == y->bounces.state)
			return by_size(a, b);
		return x->bounces.state == CELL_SHOWN ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

static void order_rows(struct table *t)
{
	if (t->count)
		qsort(t->row, t->count, sizeof *t->row, as_shown);
}

/* --- loading -------------------------------------------------------------- */

int figures_load(struct month_report *r, struct store *store, struct figures *f, int32_t first_day,
	struct course_days *days)
{
	struct gathering providers = { .cells = 0 }, campaigns = { .cells = 0 };
	struct loading l = { r, f, store, days ? &days->notices : &providers, &campaigns, days };
	int32_t from = day_number(f->month, 1), to = day_number(f->month, f->days);
	struct equations *q = equations_new(r->k);
	uint64_t most[COLUMN_COUNT];
	int result = -1;
	f->covered = first_day > 0 && first_day <= to;
	f->partial = f->covered && first_day > from;
	if (!q || store_tallies(store, from, to, BY_EVERYTHING, take_tally, &l) != STORE_OK ||
		store_closed_tallies(store, from, to, take_closed, &l) != STORE_OK ||
		gathering_sort(l.providers) || gathering_sort(&campaigns) ||
		make_figure_table(l.providers, r->k, PROVIDER_NONE, &f->providers) ||
		make_figure_table(&campaigns, r->k, CAMPAIGN_NONE, &f->campaigns) ||
		make_groups(f, &l))
		goto out;
	if (sent_load(r, store, f, from, to, days) || streams_load(store, f, from, to))
		goto out;
	find_figure_leaders(f, l.providers, r->k);
	most_frequent(f, most);
	sent_mark_reporting(r, f, l.providers);
	result = suppress_month(f, q, r->k, r->options);
	if (!result && days)
		result = answers_load(r, store, q);
	withhold_rest(f, most, q, r->k);
	if (days && !result && !(result = gathering_sort(&days->busy)))
		course_find(r, days, q);
	order_rows(&f->providers);
	order_rows(&f->campaigns);
out:
	equations_free(q);
	gathering_free(&providers);
	gathering_free(&campaigns);
	return result;
}
