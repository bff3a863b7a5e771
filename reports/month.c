/*
 * The month's model: asks the store for the tallies of twelve months, keeps what the report shows of each, and suppresses it. Attributed
 * means that the returned mail was shown to be ours (origin matched or verified); only such failures and complaints make the figures, the
 * rest is counted apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/model.h"

enum {
	RAW_MAX = 200000,      /* names times columns times categories of one month; beyond it names are not told apart */
	MAILBOXES_MAX = 256,
	STANDOUT_FACTOR = 2,   /* a day stands out with so many times the usual day's bounces */
	INCIDENT_FACTOR = 4,   /* something began on a day when there is so many times more per day from it on */
	INCIDENT_LEAST = 3,    /* and so many times k of it in all */
};

#define PROVIDER_NONE "other"            /* the store's word for receivers without a profile */
#define CAMPAIGN_NONE "other campaigns"  /* and for campaigns beyond its bound */

/* One tally of a named thing. */
struct raw {
	char name[REPORT_NAME_SIZE];
	uint8_t column, category;
	uint64_t n;
};

struct raw_list {
	struct raw *at;
	size_t count, room;
	uint64_t beyond[COLUMN_COUNT]; /* what came after RAW_MAX */
	bool failed;
};

struct loading {
	struct month_report *report;
	struct figures *figures;
	struct raw_list names;
};

bool month_parse(const char *text, struct month *out)
{
	if (strlen(text) != 7 || text[4] != '-' || strspn(text, "0123456789-") != 7 || strspn(text + 5, "0123456789") != 2 ||
	    strspn(text, "0123456789") != 4)
		return false;
	*out = (struct month){ atoi(text), atoi(text + 5) };
	return out->year >= 1970 && out->month >= 1 && out->month <= 12;
}

struct month month_of(int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	localtime_r(&t, &tm);
	return (struct month){ tm.tm_year + 1900, tm.tm_mon + 1 };
}

struct month month_before(struct month m, int n)
{
	int months = m.year * 12 + (m.month - 1) - n;
	return (struct month){ months / 12, months % 12 + 1 };
}

void buffer_free(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){ NULL, 0 };
}

static int64_t month_end(struct month m)
{
	struct tm tm = { .tm_year = m.year - 1900, .tm_mon = m.month, .tm_mday = 1, .tm_isdst = -1 };
	return (int64_t)mktime(&tm);
}

/* --- tallies into figures ---------------------------------------------------------------------------------- */

static bool attributed(const struct tally *t)
{
	return (t->kind == KIND_FAILURE || t->kind == KIND_COMPLAINT) && t->origin >= ORIGIN_MATCHED && t->origin < ORIGIN_COUNT;
}

static enum column column_of(const struct tally *t)
{
	static const enum column by_class[CLASS_COUNT] = { [CLASS_NONE] = COLUMN_UNDETERMINED, [CLASS_HARD] = COLUMN_HARD,
		[CLASS_SOFT] = COLUMN_SOFT, [CLASS_BLOCK] = COLUMN_BLOCK, [CLASS_COMPLAINT] = COLUMN_COMPLAINT };
	if (t->kind == KIND_COMPLAINT)
		return COLUMN_COMPLAINT;
	return t->klass < CLASS_COUNT ? by_class[t->klass] : COLUMN_UNDETERMINED;
}

static enum column column_of_category(enum category category)
{
	struct tally t = { .kind = category_class(category) == CLASS_COMPLAINT ? KIND_COMPLAINT : KIND_FAILURE, .klass = (uint8_t)category_class(category) };
	return column_of(&t);
}

static void remember(struct raw_list *l, const char *name, unsigned column, unsigned category, uint64_t n)
{
	if (l->count == RAW_MAX) {
		l->beyond[column] += n;
		return;
	}
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 256;
		struct raw *more = reallocarray(l->at, room, sizeof *more);
		if (!more) {
			l->failed = true;
			return;
		}
		l->at = more;
		l->room = room;
	}
	struct raw *raw = &l->at[l->count++];
	*raw = (struct raw){ .column = (uint8_t)column, .category = (uint8_t)category, .n = n };
	span_copy_text(raw->name, sizeof raw->name, span_of(name));
}

static int take_provider(void *context, const struct tally *t)
{
	struct loading *l = context;
	struct figures *f = l->figures;
	if (t->category >= CATEGORY_COUNT || t->kind >= KIND_COUNT)
		return 0;
	bool report = t->kind == KIND_FAILURE || t->kind == KIND_COMPLAINT;
	if (report && t->origin < ORIGIN_COUNT)
		f->origin[t->origin][t->kind == KIND_COMPLAINT].n += t->count;
	if (!report && f == l->report->month)
		l->report->kind[t->kind].n += t->count;
	if (!attributed(t))
		return 0;
	enum column column = column_of(t);
	f->all.n += t->count;
	f->bounces.n += column == COLUMN_COMPLAINT ? 0 : t->count;
	f->column[column].n += t->count;
	f->category[column][t->category].n += t->count;
	remember(&l->names, t->provider, column, t->category, t->count);
	return l->names.failed;
}

static int take_campaign(void *context, const struct tally *t)
{
	struct loading *l = context;
	if (attributed(t) && t->category < CATEGORY_COUNT)
		remember(&l->names, t->campaign, column_of(t), t->category, t->count);
	return l->names.failed;
}

static int take_day(void *context, const struct tally *t)
{
	struct loading *l = context;
	int day = t->day % 100;
	if (attributed(t) && t->kind == KIND_FAILURE && day >= 1 && day <= DAYS_MAX)
		l->figures->day[day - 1].n += t->count;
	return 0;
}

/* --- tables ------------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct raw *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : (int)x->category - (int)y->category;
}

/* The large first; equal ones by name, so that the order is always the same. */
static int by_size(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return x->all.n != y->all.n ? (x->all.n < y->all.n ? 1 : -1) : strcmp(x->name, y->name);
}

static void add_to_row(struct row *row, unsigned column, uint64_t n)
{
	row->column[column].n += n;
	row->all.n += n;
}

/* The most frequent causes of a row so far, each with its count. */
struct worst {
	enum category category;
	uint64_t n;
};

static void place(struct worst list[WORST_SHOWN], enum category category, uint64_t n)
{
	for (int i = 0; i < WORST_SHOWN; i++)
		if (n > list[i].n) {
			memmove(&list[i + 1], &list[i], (size_t)(WORST_SHOWN - 1 - i) * sizeof *list);
			list[i] = (struct worst){ category, n };
			return;
		}
}

/* Cuts the rows of one name off the sorted list; the most frequent causes are named from k on. */
static size_t next_row(const struct raw *at, size_t count, unsigned k, struct row *row)
{
	struct worst worst[WORST_SHOWN] = { { CATEGORY_NONE, 0 } };
	size_t used = 0;
	uint64_t category = 0;
	memcpy(row->name, at->name, sizeof row->name);
	for (; used < count && strcmp(at[used].name, at->name) == 0; used++) {
		bool last = used + 1 == count || strcmp(at[used + 1].name, at->name) != 0 || at[used + 1].category != at[used].category;
		category += at[used].n;
		if (last && category >= k && at[used].category != CATEGORY_NONE)
			place(worst, (enum category)at[used].category, category);
		if (last)
			category = 0;
		add_to_row(row, at[used].column, at[used].n);
	}
	for (int i = 0; i < WORST_SHOWN; i++)
		row->worst[i] = worst[i].category;
	return used;
}

/*
 * Rows from the raw tallies. By name: the first ROWS_SHOWN of at least k; the last row sums the others and what the store already counts
 * as NAMELESS.
 */
static int make_table(struct raw_list *l, unsigned k, const char *nameless, struct table *out)
{
	if (l->count)
		qsort(l->at, l->count, sizeof *l->at, by_name);
	struct row *row = calloc(l->count + 1, sizeof *row), rest = { .rest = true };
	if (!row)
		return -1;
	size_t rows = 0, kept = 0;
	for (size_t i = 0; i < l->count; rows++)
		i += next_row(l->at + i, l->count - i, k, &row[rows]);
	qsort(row, rows, sizeof *row, by_size);
	for (size_t i = 0; i < rows; i++) {
		bool named = strcmp(row[i].name, nameless) != 0;
		if (named && kept < ROWS_SHOWN && row[i].all.n >= k) {
			row[kept++] = row[i];
			continue;
		}
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			add_to_row(&rest, c, row[i].column[c].n);
		rest.folded += named;
	}
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		add_to_row(&rest, c, l->beyond[c]);
	if (rest.all.n > 0)
		row[kept++] = rest;
	struct row *fitting = kept ? reallocarray(row, kept, sizeof *row) : NULL;
	*out = (struct table){ fitting ? fitting : row, kept };
	return 0;
}

/* The provider that stands behind half of a category or more, where k or more. The list is sorted. */
static void find_leaders(struct figures *f, const struct raw_list *l, unsigned k)
{
	uint64_t all[CATEGORY_COUNT] = { 0 }, n = 0;
	for (size_t i = 0; i < l->count; i++)
		all[l->at[i].category] += l->at[i].n;
	for (size_t i = 0; i < l->count; i++) {
		const struct raw *r = &l->at[i];
		n = i > 0 && by_name(r, r - 1) == 0 ? n + r->n : r->n;
		if (n >= k && n * 2 >= all[r->category] && strcmp(r->name, PROVIDER_NONE) != 0)
			snprintf(f->leader[r->category], sizeof *f->leader, "%.*s", (int)sizeof *f->leader - 1, r->name);
	}
}

/* --- what was sent ------------------------------------------------------------------------------------------ */

struct sending {
	struct figures *figures;
	struct table *table;
	struct cell *unlisted;
	bool campaigns;
};

/* A name that has no row of its own is part of the last row, where that sums others. */
static int take_sent(void *context, const struct volume *sent)
{
	struct sending *s = context;
	const char *name = s->campaigns ? sent->campaign : sent->provider;
	struct row *row = NULL;
	for (size_t i = 0; i < s->table->count; i++)
		if (!s->table->row[i].rest && strcmp(s->table->row[i].name, name) == 0)
			row = &s->table->row[i];
	if (!row && s->table->count && s->table->row[s->table->count - 1].rest)
		row = &s->table->row[s->table->count - 1];
	(row ? &row->sent : s->unlisted)->n += sent->sent;
	return 0;
}

static int take_sent_day(void *context, const struct volume *sent)
{
	struct figures *f = context;
	f->sent.n += sent->sent;
	f->sent_days += sent->sent > 0;
	return 0;
}

static int load_sent(struct store *store, struct figures *f, int32_t from, int32_t to)
{
	struct sending providers = { f, &f->providers, &f->unlisted[0], false }, campaigns = { f, &f->campaigns, &f->unlisted[1], true };
	return store_volumes(store, from, to, BY_DAY, take_sent_day, f) != STORE_OK ||
		store_volumes(store, from, to, BY_PROVIDER, take_sent, &providers) != STORE_OK ||
		store_volumes(store, from, to, BY_CAMPAIGN, take_sent, &campaigns) != STORE_OK;
}

/* --- domain groups ------------------------------------------------------------------------------------------ */

static struct row *find_row(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].rest && strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

static int take_group(void *context, const struct rates *r)
{
	struct loading *l = context;
	struct figures *f = l->figures;
	const uint64_t n = r->hard + r->soft + r->block + r->undetermined + r->complaint;
	struct row *provider = find_row(&f->providers, r->provider);
	unsigned g = 0;
	while (g < DOMAIN_GROUP_COUNT && strcmp(domain_group_name(g), r->group) != 0)
		g++;
	if (g == DOMAIN_GROUP_COUNT)
		g = DOMAIN_UNKNOWN;
	if (provider)
		provider->group = g;
	struct row *row = &f->groups.row[(g + DOMAIN_GROUP_COUNT - 1) % DOMAIN_GROUP_COUNT];
	row->all.n += n;
	row->sent.n += r->sent;
	f->folded[g].n += provider ? 0 : n;
	return 0;
}

static int load_groups(struct store *store, struct figures *f, struct loading *l)
{
	f->groups = (struct table){ calloc(DOMAIN_GROUP_COUNT, sizeof *f->groups.row), DOMAIN_GROUP_COUNT };
	if (!f->groups.row)
		return -1;
	for (unsigned i = 0; i < DOMAIN_GROUP_COUNT; i++) {
		unsigned g = (i + 1) % DOMAIN_GROUP_COUNT; /* those that are not known come last */
		snprintf(f->groups.row[i].name, sizeof f->groups.row[i].name, "%s", domain_group_name(g));
		f->groups.row[i].group = g;
	}
	return store_rates(store, day_number(f->month, 1), day_number(f->month, f->days), BY_PROVIDER | BY_DOMAIN_GROUP, take_group, l) == STORE_OK ?
		0 : -1;
}

/* --- suppression ------------------------------------------------------------------------------------------- */

/* UNLISTED: what was sent but stands in no row. */
static void table_equations(struct equations *q, struct figures *f, struct table *t, struct cell *unlisted)
{
	equation(q, &f->sent);
	equation_part(q, unlisted);
	for (size_t i = 0; i < t->count; i++)
		equation_part(q, &t->row[i].sent);
	equation(q, &f->all);
	for (size_t i = 0; i < t->count; i++)
		equation_part(q, &t->row[i].all);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		equation(q, &f->column[c]);
		for (size_t i = 0; i < t->count; i++)
			equation_part(q, &t->row[i].column[c]);
	}
	for (size_t i = 0; i < t->count; i++) {
		equation(q, &t->row[i].all);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			equation_part(q, &t->row[i].column[c]);
	}
}

/* A group is the sum of its providers' rows and of what is folded of it; the rest row is what is folded of all groups. */
static void group_equations(struct equations *q, struct figures *f)
{
	struct table *t = &f->providers;
	equation(q, &f->all);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
		equation_part(q, &f->groups.row[g].all);
	equation(q, &f->sent);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
		equation_part(q, &f->groups.row[g].sent);
	for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++) {
		unsigned group = f->groups.row[g].group;
		equation(q, &f->groups.row[g].all);
		for (size_t i = 0; i < t->count; i++)
			if (!t->row[i].rest && t->row[i].group == group)
				equation_part(q, &t->row[i].all);
		equation_part(q, &f->folded[group]);
	}
	if (t->count && t->row[t->count - 1].rest) {
		equation(q, &t->row[t->count - 1].all);
		for (unsigned g = 0; g < DOMAIN_GROUP_COUNT; g++)
			equation_part(q, &f->folded[g]);
	}
}

/* Every way in which one figure of the month follows from others. */
static int suppress_month(struct figures *f, unsigned k)
{
	struct equations *q = equations_new(k);
	if (!q)
		return -1;
	equation(q, &f->all);
	equation_part(q, &f->bounces);
	equation_part(q, &f->column[COLUMN_COMPLAINT]);
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
	group_equations(q, f);
	int result = suppress(q);
	equations_free(q);
	return result;
}

/*
 * Words say something of figures too, and must not bound one that is not shown. A frequent cause of a row is at least as frequent as each that is not
 * named: said where its class is shown and is no less than all that is hidden in the row, and so are those before it. Half of a category or more: said where the provider's
 * figure of that class is shown.
 */
static void withhold_words(struct figures *f)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			struct row *row = &tables[t]->row[i];
			uint64_t hidden = row->all.n;
			bool said = row->all.state == CELL_SHOWN;
			for (unsigned c = 0; c < COLUMN_COUNT; c++)
				hidden -= row->column[c].n < hidden ? row->column[c].n : hidden;
			for (int w = 0; w < WORST_SHOWN; w++) {
				const struct cell *own = &row->column[column_of_category(row->worst[w])];
				said &= own->state == CELL_SHOWN && own->n >= hidden;
				if (!said)
					row->worst[w] = CATEGORY_NONE;
			}
		}
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		const struct row *row = *f->leader[g] ? table_find(&f->providers, f->leader[g]) : NULL;
		if (!row || row->column[column_of_category((enum category)g)].state != CELL_SHOWN)
			*f->leader[g] = '\0';
	}
}

/* The same of the provider of a day's half: said where its bounces are known, or what is shown of them says as much. */
static bool provider_may_be_named(const struct figures *f, const struct standout *s)
{
	const struct row *row = table_find(&f->providers, s->provider);
	uint64_t shown = 0;
	if (!row)
		return false;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		shown += c == COLUMN_COMPLAINT ? 0 : row->column[c].n;
	return (row->all.state == CELL_SHOWN && row->column[COLUMN_COMPLAINT].state == CELL_SHOWN) || shown * 2 >= f->day[s->day - 1].n;
}

/* --- loading ----------------------------------------------------------------------------------------------- */

static int load_figures(struct month_report *r, struct store *store, struct figures *f, int32_t first_day)
{
	enum { REPORTS = BY_KIND | BY_CLASS | BY_CATEGORY | BY_ORIGIN };
	struct loading l = { .report = r, .figures = f };
	int32_t from = day_number(f->month, 1), to = day_number(f->month, f->days);
	int result = -1;
	f->covered = first_day > 0 && first_day <= to;
	f->partial = f->covered && first_day > from;
	if (store_tallies(store, from, to, REPORTS | BY_PROVIDER, take_provider, &l) != STORE_OK ||
	    make_table(&l.names, r->k, PROVIDER_NONE, &f->providers))
		goto out;
	find_leaders(f, &l.names, r->k);
	l.names.count = 0;
	memset(l.names.beyond, 0, sizeof l.names.beyond);
	if (store_tallies(store, from, to, REPORTS | BY_CAMPAIGN, take_campaign, &l) != STORE_OK ||
	    make_table(&l.names, r->k, CAMPAIGN_NONE, &f->campaigns) || load_groups(store, f, &l) ||
	    store_tallies(store, from, to, BY_DAY | BY_KIND | BY_ORIGIN, take_day, &l) != STORE_OK)
		goto out;
	result = load_sent(store, f, from, to) ? -1 : suppress_month(f, r->k);
	withhold_words(f);
out:
	free(l.names.at);
	return result;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int take_standout(void *context, const struct tally *t)
{
	struct raw_list *l = context;
	if (attributed(t) && t->kind == KIND_FAILURE)
		remember(l, t->provider, column_of(t), t->category, t->count);
	return l->failed;
}

/* What made a day stand out: only names, and only of what is k or more and half of the day or more. */
static int explain_day(struct month_report *r, struct store *store, struct standout *s)
{
	struct raw_list l = { 0 };
	int32_t day = day_number(r->month->month, s->day);
	uint64_t all = 0, column[COLUMN_COUNT] = { 0 }, n = 0;
	int result = store_tallies(store, day, day, BY_KIND | BY_CLASS | BY_ORIGIN | BY_PROVIDER, take_standout, &l) == STORE_OK ? 0 : -1;
	if (l.count)
		qsort(l.at, l.count, sizeof *l.at, by_name);
	for (size_t i = 0; i < l.count; i++) {
		all += l.at[i].n;
		column[l.at[i].column] += l.at[i].n;
	}
	s->column = COLUMN_COUNT;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (column[c] >= r->k && column[c] * 2 >= all)
			s->column = c;
	for (size_t i = 0; i < l.count; i++) {
		n = i > 0 && strcmp(l.at[i].name, l.at[i - 1].name) == 0 ? n + l.at[i].n : l.at[i].n;
		if (n >= r->k && n * 2 >= all && strcmp(l.at[i].name, PROVIDER_NONE) != 0)
			snprintf(s->provider, sizeof s->provider, "%.*s", (int)sizeof s->provider - 1, l.at[i].name);
	}
	free(l.at);
	return result;
}

/* The days with much more than the usual day, the largest first chosen, in the order of the month. */
static int find_standouts(struct month_report *r, struct store *store)
{
	const struct figures *f = r->month;
	uint64_t sorted[DAYS_MAX] = { 0 };
	for (int d = 0; d < f->days; d++)
		sorted[d] = f->day[d].n;
	qsort(sorted, (size_t)f->days, sizeof *sorted, ascending);
	r->usual_day = sorted[f->days / 2];
	uint64_t least = r->usual_day * STANDOUT_FACTOR > 3 * r->k ? r->usual_day * STANDOUT_FACTOR : 3 * r->k;
	uint64_t limit = f->days > STANDOUTS_MAX ? sorted[f->days - STANDOUTS_MAX - 1] : 0;
	for (int d = 0; d < f->days && r->standouts < STANDOUTS_MAX; d++)
		if (f->day[d].n >= least && f->day[d].n > limit) {
			struct standout *s = &r->standout[r->standouts++];
			s->day = d + 1;
			if (explain_day(r, store, s))
				return -1;
			if (*s->provider && !provider_may_be_named(f, s))
				*s->provider = '\0';
		}
	return 0;
}

/* --- what began on a day ------------------------------------------------------------------------------------ */

/* One cause at one provider, by day. */
struct course {
	struct month_report *report;
	char provider[EVENT_PROVIDER_SIZE];
	unsigned category;
	uint64_t day[DAYS_MAX];
	int last;                   /* the last day with any bounce at all: a month may not be over */
};

/*
 * The day that parts the days most clearly into few and many: the greatest variance between both sides. 0 where what follows is not much more,
 * is over after a few days, or is only the month's beginning.
 */
static int beginning(const struct course *c, unsigned k)
{
	uint64_t before = 0, all = 0, late = 0;
	double most = 0;
	int best = 0;
	for (int d = 0; d < c->last; d++)
		all += c->day[d];
	for (int d = 1; d < c->last - 1; d++) {
		before += c->day[d - 1];
		double difference = (double)(all - before) / (c->last - d) - (double)before / d;
		if (difference > 0 && difference * difference * d * (c->last - d) > most) {
			most = difference * difference * d * (c->last - d);
			best = d;
		}
	}
	if (best < 2)
		return 0;
	before = 0;
	for (int d = 0; d < best; d++)
		before += c->day[d];
	for (int d = best + (c->last - best) / 2; d < c->last; d++)
		late += c->day[d];
	bool much = (all - before) * (uint64_t)best >= INCIDENT_FACTOR * before * (uint64_t)(c->last - best);
	return all >= (uint64_t)INCIDENT_LEAST * k && all - before >= k && much && late * 4 >= all - before ? best + 1 : 0;
}

/* Kept are those with the most notices. */
static void judge(struct course *c)
{
	struct month_report *r = c->report;
	struct incident new = { .category = c->category };
	for (int d = 0; d < DAYS_MAX; d++)
		new.n += c->day[d];
	if (!*c->provider || strcmp(c->provider, PROVIDER_NONE) == 0 || c->category == CATEGORY_NONE || !(new.day = beginning(c, r->k)))
		return;
	memcpy(new.provider, c->provider, sizeof new.provider);
	unsigned i = r->incidents;
	while (i > 0 && r->incident[i - 1].n < new.n)
		i--;
	if (i == INCIDENTS_MAX)
		return;
	r->incidents += r->incidents < INCIDENTS_MAX;
	memmove(&r->incident[i + 1], &r->incident[i], (r->incidents - 1 - i) * sizeof new);
	r->incident[i] = new;
}

struct day_of_cause {
	char provider[EVENT_PROVIDER_SIZE];
	uint8_t category, day;
	uint64_t n;
};

struct causes {
	struct day_of_cause *at;
	size_t count, room;
	int last;
};

static int take_cause(void *context, const struct tally *t)
{
	struct causes *c = context;
	int day = t->day % 100;
	if (!attributed(t) || t->kind != KIND_FAILURE || day < 1 || day > DAYS_MAX || c->count == RAW_MAX)
		return 0;
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 256;
		struct day_of_cause *more = reallocarray(c->at, room, sizeof *more);
		if (!more)
			return -1;
		c->at = more;
		c->room = room;
	}
	c->at[c->count] = (struct day_of_cause){ .category = t->category, .day = (uint8_t)day, .n = t->count };
	memcpy(c->at[c->count++].provider, t->provider, sizeof t->provider);
	c->last = day > c->last ? day : c->last;
	return 0;
}

static int by_cause(const void *a, const void *b)
{
	const struct day_of_cause *x = a, *y = b;
	int order = strcmp(x->provider, y->provider);
	return order ? order : x->category != y->category ? x->category - y->category : x->day - y->day;
}

static int find_incidents(struct month_report *r, struct store *store)
{
	struct causes causes = { 0 };
	int32_t from = day_number(r->month->month, 1), to = day_number(r->month->month, r->month->days);
	int result = store_tallies(store, from, to, BY_DAY | BY_KIND | BY_CATEGORY | BY_ORIGIN | BY_PROVIDER, take_cause, &causes) == STORE_OK ? 0 : -1;
	if (causes.count)
		qsort(causes.at, causes.count, sizeof *causes.at, by_cause);
	for (size_t i = 0; i < causes.count;) {
		struct course course = { .report = r, .category = causes.at[i].category, .last = causes.last };
		size_t first = i;
		memcpy(course.provider, causes.at[i].provider, sizeof course.provider);
		for (; i < causes.count && causes.at[i].category == causes.at[first].category && strcmp(causes.at[i].provider, course.provider) == 0; i++)
			course.day[causes.at[i].day - 1] += causes.at[i].n;
		judge(&course);
	}
	free(causes.at);
	return result;
}

/* --- cohorts, investigations, typing errors, comments -------------------------------------------------------- */

static int take_cohort(void *context, const struct cohort *c)
{
	struct month_report *r = context;
	if (r->cohorts == COHORTS_SHOWN)
		return 0;
	struct cohort_row *row = &r->cohort[r->cohorts++];
	row->month = (struct month){ c->month / 100, c->month % 100 };
	for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++) {
		row->outcome[o].n = c->count[o];
		suppress_alone(&row->outcome[o], r->k);
	}
	return 0;
}

/* One of a few blocks would name a receiver with less than k of them. */
static int take_investigation(void *context, const struct investigation *i)
{
	struct month_report *r = context;
	if (i->blocks >= r->k && i->opened < month_end(r->month->month) && r->investigations < INVESTIGATIONS_MAX)
		r->investigation[r->investigations++] = *i;
	return 0;
}

static int take_typing(void *context, const char *meant, uint64_t n)
{
	struct month_report *r = context;
	bool named = n >= r->k && r->typings < TYPING_SHOWN;
	if (named || r->typings == 0 || *r->typing[r->typings - 1].domain)
		r->typings++;
	struct typing_row *row = &r->typing[r->typings - 1];
	snprintf(row->domain, sizeof row->domain, "%s", named ? meant : "");
	row->n.n += n;
	return 0;
}

static int take_comment(void *context, int64_t at, const char *text)
{
	struct month_report *r = context;
	if (r->comments == STORE_COMMENTS_MAX)
		return 0;
	char *copy = strdup(text);
	if (!copy)
		return -1;
	r->comment[r->comments++] = (struct comment){ at, copy };
	return 0;
}

static int load_course(struct month_report *r, struct store *store)
{
	struct month m = r->month->month, first = month_before(m, COHORTS_SHOWN - 1);
	int32_t from = day_number(m, 1), to = day_number(m, r->month->days);
	char name[16];
	month_name(m, name, sizeof name);
	if (find_incidents(r, store) || store_cohorts(store, first.year * 100 + first.month, m.year * 100 + m.month, take_cohort, r) != STORE_OK ||
	    store_investigations(store, take_investigation, r) != STORE_OK ||
	    store_past_investigations(store, month_end(month_before(m, 1)), month_end(m), take_investigation, r) != STORE_OK ||
	    store_typing_errors(store, from, to, take_typing, r) != STORE_OK || store_comments(store, name, take_comment, r) != STORE_OK)
		return -1;
	for (unsigned i = 0; i < r->typings; i++)
		suppress_alone(&r->typing[i].n, r->k);
	return 0;
}

/* --- the rest of the month ----------------------------------------------------------------------------------- */

static int take_mailbox(void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	struct month_report *r = context;
	struct mailbox_row *row = NULL;
	for (size_t i = 0; i < r->mailboxes && !row; i++)
		if (strcmp(r->mailbox[i].name, mailbox) == 0)
			row = &r->mailbox[i];
	if (!row) {
		if (r->mailboxes == MAILBOXES_MAX)
			return 0;
		struct mailbox_row *more = reallocarray(r->mailbox, r->mailboxes + 1, sizeof *more);
		if (!more)
			return -1;
		r->mailbox = more;
		row = &r->mailbox[r->mailboxes++];
		*row = (struct mailbox_row){ 0 };
		span_copy_text(row->name, sizeof row->name, span_of(mailbox));
	}
	for (unsigned o = 0; o < OUTCOME_COUNT; o++)
		if (strcmp(outcome_name(o), outcome) == 0)
			row->outcome[o].n += count;
	return 0;
}

struct ledger_reading {
	struct month_report *report;
	int64_t end;
};

/* The ledger only grows: its last entry within the month is the same whenever the report is made. */
static int take_entry(void *context, const struct ledger_entry *e)
{
	struct ledger_reading *l = context;
	if (e->at < l->end) {
		l->report->closing = *e;
		if (strcmp(e->kind, "purge") == 0)
			l->report->purged = *e;
	}
	return 0;
}

static int load_rest(struct month_report *r, struct store *store)
{
	struct month m = r->month->month;
	struct ledger_reading ledger = { r, month_end(m) };
	uint64_t counts[STATE_COUNT] = { 0 };
	if (store_message_counts(store, day_number(m, 1), day_number(m, r->month->days), take_mailbox, r) != STORE_OK ||
	    store_contact_counts(store, counts) != STORE_OK || store_ledger_head(store, &r->head) != STORE_OK)
		return -1;
	int walked = store_ledger_walk(store, take_entry, &ledger);
	if (walked != STORE_OK && walked != STORE_BROKEN)
		return -1;
	r->ledger_torn = walked == STORE_BROKEN;
	for (size_t i = 0; i < r->mailboxes; i++)
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			suppress_alone(&r->mailbox[i].outcome[o], r->k);
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		r->state[s].n = counts[s];
		suppress_alone(&r->state[s], r->k);
	}
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		suppress_alone(&r->kind[kind], r->k);
	/* a month that is not over is judged by what was due when the store was last written */
	int64_t at = r->head.number && r->head.at < ledger.end ? r->head.at : ledger.end;
	int held = store_held(store, at, &r->held);
	return held == STORE_OK || held == STORE_BROKEN ? 0 : -1;
}

int month_report_new(struct month_report **out, struct store *store, struct month month, const struct report_options *options,
		     char *error, size_t size)
{
	struct month_report *r = calloc(1, sizeof *r);
	int32_t first_day = 0;
	*out = NULL;
	if (!r) {
		snprintf(error, size, "no memory for the report");
		return -1;
	}
	r->options = options;
	r->k = options->k;
	r->texts = texts_new(options->language, error, size);
	if (!r->texts) {
		month_report_free(r);
		return -1;
	}
	if (store_first_day(store, &first_day) != STORE_OK)
		goto failed;
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		r->month[i].month = month_before(month, i);
		r->month[i].days = days_of_month(r->month[i].month);
		if (load_figures(r, store, &r->month[i], first_day))
			goto failed;
	}
	if (find_standouts(r, store) || load_course(r, store) || load_rest(r, store))
		goto failed;
	if (month_findings(r, error, size)) {
		month_report_free(r);
		return -1;
	}
	*out = r;
	return 0;
failed:
	snprintf(error, size, "the figures of the month cannot be read: %s", *store_error(store) ? store_error(store) : "no memory");
	month_report_free(r);
	return -1;
}

void month_report_free(struct month_report *r)
{
	if (!r)
		return;
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		free(r->month[i].providers.row);
		free(r->month[i].campaigns.row);
		free(r->month[i].groups.row);
	}
	for (unsigned i = 0; i < r->comments; i++)
		free(r->comment[i].text);
	texts_free(r->texts);
	free(r->mailbox);
	free(r);
}

int month_report_format(const struct month_report *r, enum report_format format, struct buffer *out, char *error, size_t size)
{
	*out = (struct buffer){ NULL, 0 };
	switch (format) {
	case REPORT_XML:
		return month_report_xml(r, out, error, size);
	case REPORT_HTML:
		return month_report_html(r, HTML_PAGE, NULL, out, error, size);
	case REPORT_TEXT:
		return month_report_text(r, false, out, error, size);
	}
	snprintf(error, size, "unknown format %d", (int)format);
	return -1;
}
