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

static void remember(struct raw_list *l, const char *name, const struct tally *t)
{
	enum column column = column_of(t);
	if (l->count == RAW_MAX) {
		l->beyond[column] += t->count;
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
	*raw = (struct raw){ .column = (uint8_t)column, .category = t->category, .n = t->count };
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
	remember(&l->names, t->provider, t);
	return l->names.failed;
}

static int take_campaign(void *context, const struct tally *t)
{
	struct loading *l = context;
	if (attributed(t) && t->category < CATEGORY_COUNT)
		remember(&l->names, t->campaign, t);
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

/* Cuts the rows of one name off the sorted list; the most frequent cause is named from k on. */
static size_t next_row(const struct raw *at, size_t count, unsigned k, struct row *row)
{
	size_t used = 0;
	uint64_t category = 0, worst = 0;
	memcpy(row->name, at->name, sizeof row->name);
	for (; used < count && strcmp(at[used].name, at->name) == 0; used++) {
		bool same = used > 0 && at[used].category == at[used - 1].category;
		category = same ? category + at[used].n : at[used].n;
		if (category > worst) {
			worst = category;
			row->worst = worst >= k ? (enum category)at[used].category : CATEGORY_NONE;
		}
		add_to_row(row, at[used].column, at[used].n);
	}
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
static int take_sent(void *context, const struct rates *sent)
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

static int take_sent_day(void *context, const struct rates *sent)
{
	struct figures *f = context;
	f->sent.n += sent->sent;
	f->sent_days += sent->sent > 0;
	return 0;
}

static int load_sent(struct store *store, struct figures *f, int32_t from, int32_t to)
{
	struct sending providers = { f, &f->providers, &f->unlisted[0], false }, campaigns = { f, &f->campaigns, &f->unlisted[1], true };
	return store_rates(store, from, to, BY_DAY, take_sent_day, f) != STORE_OK ||
		store_rates(store, from, to, BY_PROVIDER, take_sent, &providers) != STORE_OK ||
		store_rates(store, from, to, BY_CAMPAIGN, take_sent, &campaigns) != STORE_OK;
}

/* --- suppression ------------------------------------------------------------------------------------------- */

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
	int result = suppress(q);
	equations_free(q);
	return result;
}

/*
 * Words say something of figures too, and must not bound one that is not shown. The most frequent cause of a row is at least as frequent as each other
 * one: said where its class is shown and is no less than all that is hidden in the row. Half of a category or more: said where the provider's
 * figure of that class is shown.
 */
static void withhold_words(struct figures *f)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			struct row *row = &tables[t]->row[i];
			const struct cell *own = &row->column[column_of_category(row->worst)];
			uint64_t hidden = row->all.n;
			for (unsigned c = 0; c < COLUMN_COUNT; c++)
				hidden -= row->column[c].n < hidden ? row->column[c].n : hidden;
			if (row->all.state != CELL_SHOWN || own->state != CELL_SHOWN || own->n < hidden)
				row->worst = CATEGORY_NONE;
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
	    make_table(&l.names, r->k, CAMPAIGN_NONE, &f->campaigns) ||
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
		remember(l, t->provider, t);
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
	if (store_first_day(store, &first_day) != STORE_OK)
		goto failed;
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		r->month[i].month = month_before(month, i);
		r->month[i].days = days_of_month(r->month[i].month);
		if (load_figures(r, store, &r->month[i], first_day))
			goto failed;
	}
	if (find_standouts(r, store) || load_rest(r, store))
		goto failed;
	month_findings(r);
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
	}
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
		return month_report_html(r, HTML_PAGE, out, error, size);
	case REPORT_TEXT:
		return month_report_text(r, false, out, error, size);
	}
	snprintf(error, size, "unknown format %d", (int)format);
	return -1;
}
