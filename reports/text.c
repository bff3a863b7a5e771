/*
 * The month as plain text, for the terminal and for the mail's alternative part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sections.h"

enum {
	NAME_WIDTH = 25,
	BAR_WIDTH = 38,
	STATEMENTS = 3,
	RATE_GAP = 2,
};

static const char *change_text(const struct page *p, const struct cell *now,
	const struct cell *before, char *number, size_t size)
{
	long percent;
	bool whole = p->r->month[1].covered && !p->r->month[1].partial;
	return whole && change_percent(now, before, &percent)
		? percent_text(p->r->texts, percent, true, number, size)
		: "-";
}

static void print_change(const struct page *p, const struct cell *now, const struct cell *before)
{
	char number[COUNT_TEXT_SIZE];
	fputc(' ', p->out);
	page_right(p->out, change_text(p, now, before, number, sizeof number), PAGE_NUMBER_WIDTH);
}

/* Of what was sent, where that is known. */
static const char *print_rate(const struct page *p, const struct cell *part,
	const struct cell *sent, char *number, size_t size)
{
	long ppm;
	return rate_of(part, sent, &ppm) ? rate_text(p->r->texts, ppm, number, size) : "-";
}

/* Of its bounces; marked where it misses the target of hard bounces. */
static void row_rate(const struct page *p, struct grid *g, const struct row *row)
{
	char number[COUNT_TEXT_SIZE], marked[COUNT_TEXT_SIZE + 8];
	const char *text = print_rate(p, &row->bounces, &row->sent, number, sizeof number);
	snprintf(marked, sizeof marked, "%s%s",
		row->judged[TARGET_HARD] == JUDGED_MISSED ? "! " : "", text);
	grid_figure(g, marked);
}

static void print_verdict(const struct page *p)
{
	page_wrapped(p->out, p->r->sentence, 0, 0);
	for (unsigned i = 0; i < p->r->measures && i < STATEMENTS && !p->r->quiet; i++) {
		fputs(i ? "" : "\n", p->out);
		char line[SENTENCE_SIZE + 8];
		snprintf(line, sizeof line, "* %s", p->r->measure[i].because);
		page_wrapped(p->out, line, 0, 2);
	}
	page_line(p);
	page_wrapped(p->out, p->r->note, 0, 0);
	if (p->r->sites)
		page_wrapped(p->out, p->r->sites_told, 0, 0);
}

static void print_figure(const struct page *p, struct grid *g, const char *column,
	const struct cell *now, const struct cell *before)
{
	char number[COUNT_TEXT_SIZE], mark[COUNT_TEXT_SIZE + 8];
	grid_row(g, text_named(p->r->texts, "column", column));
	grid_cell(p, g, now);
	if (p->r->month[1].covered)
		grid_told(p, g, before);
	grid_figure(g, change_text(p, now, before, number, sizeof number));
	if (!p->r->month->sent_days || now == &p->r->month->sent)
		return;
	const struct cell *base = now == &p->r->month->column[COLUMN_COMPLAINT]
		? &p->r->month->reporting
		: &p->r->month->sent;
	grid_figure(g, print_rate(p, now, base, number, sizeof number));
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (strcmp(target_name(t), column) == 0) {
			long limit = target_limit(p->r->options, t);
			const char *missed = target_missed(p->r, t) ? "(!) <" : "<";
			if (p->r->month->judged[t] == JUDGED_MISSED)
				missed = "! <";
			snprintf(mark, sizeof mark, "%s %s", missed,
				limit_text(p->r->texts, limit, number, sizeof number));
			grid_figure(g, mark);
		}
}

static void key_figures(const struct page *p)
{
	const struct figures *now = &p->r->month[0], *before = &p->r->month[1];
	struct grid g = { 0 };
	page_heading(p, "heading.figures");
	grid_row(&g, "");
	grid_figure(&g, page_text(p, "column.now"));
	if (before->covered)
		grid_figure(&g, page_text(p, "column.before"));
	grid_figure(&g, page_text(p, "column.change"));
	if (now->sent_days) {
		grid_figure(&g, page_text(p, "column.rate"));
		grid_figure(&g, page_text(p, "column.target"));
		print_figure(p, &g, "sent", &now->sent, &before->sent);
	}
	print_figure(p, &g, "bounces", &now->bounces, &before->bounces);
	struct cell other, none = { .vague = true, .state = CELL_SMALL };
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (now->column[c].state == CELL_SHOWN || !now->column[c].vague)
			print_figure(p, &g, column_name(c), &now->column[c], &before->column[c]);
	if (other_bounces(&now->bounces, now->column, &other))
		print_figure(p, &g, "other", &other, &none);
	grid_print(p, &g);
}

/* ", mostly at PROVIDER", as far as it fits a line of which USED columns are taken. */
static void mostly_at(const struct page *p, const char *provider, size_t used)
{
	char line[SENTENCE_SIZE] = ", ";
	struct sentence s = { line, strlen(line), sizeof line };
	FILL(&s, page_text(p, "mostly-at"), { "provider", provider_title(p->r, provider) });
	if (used + 1 < PAGE_WIDTH)
		page_left(p->out, line,
			text_width(line) < PAGE_WIDTH - used ? text_width(line)
							     : PAGE_WIDTH - used);
}

/* CATEGORY_NONE stands for those that are not shown, where it is known what most of them are. */
static uint64_t cause_count(const struct figures *f, unsigned column, unsigned category)
{
	struct cell other;
	if (category != CATEGORY_NONE)
		return f->category[column][category].n;
	return f->mostly[column] != CATEGORY_NONE && other_causes(f, column, &other) ? other.n : 0;
}

/* A title may take the blanks before the number. */
static void print_other(
	const struct page *p, const char *title, size_t width, const struct cell *count)
{
	char number[COUNT_TEXT_SIZE];
	const char *n = cell_text(p->r, count, number, sizeof number);
	const size_t room = width + PAGE_NUMBER_WIDTH - text_width(n);
	if (text_width(title) > room)
		fprintf(p->out, "%s\n", title);
	page_left(p->out, text_width(title) > room ? "" : title, room);
	fprintf(p->out, " %s", n);
}

/* Behind a cause, its figures and its class, which took so many columns. */
static void say_leader(const struct page *p, unsigned category, size_t class_width)
{
	const char *leader = p->r->month->leader[category];
	if (*leader)
		mostly_at(p, leader, NAME_WIDTH + 2 * (PAGE_NUMBER_WIDTH + 1) + 2 + class_width);
}

static void print_mostly(const struct page *p, unsigned column)
{
	char title[SENTENCE_SIZE], id[48];
	const struct cell other = { .n = cause_count(p->r->month, column, CATEGORY_NONE) };
	print_other(p, other_causes_title(p->r, column, title, sizeof title), NAME_WIDTH, &other);
	page_right(p->out, "-", PAGE_NUMBER_WIDTH + 1);
	snprintf(id, sizeof id, "column.%s.short", column_name(column));
	fprintf(p->out, "  %s", page_text(p, id));
	say_leader(p, p->r->month->mostly[column], text_width(page_text(p, id)));
	page_line(p);
}

/* The largest causes of all classes. */
static void what_broke(const struct page *p)
{
	enum { CAUSES = 6 };
	const struct figures *f = p->r->month;
	bool used[COLUMN_COUNT][CATEGORY_COUNT] = { { false } };
	char id[48];
	if (f->bounces.state == CELL_SHOWN && f->bounces.n == 0)
		return;
	for (int i = 0; i < CAUSES; i++) {
		unsigned column = COLUMN_COUNT, category = 0;
		uint64_t most = 0;
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			for (unsigned g = 0; g < CATEGORY_COUNT; g++)
				if (!used[c][g] && cause_count(f, c, g) > most) {
					most = f->category[c][g].n;
					column = c;
					category = g;
				}
		if (column == COLUMN_COUNT)
			break;
		used[column][category] = true;
		if (i == 0)
			page_heading(p, "heading.broke");
		if (category == CATEGORY_NONE) {
			print_mostly(p, column);
			continue;
		}
		page_left(p->out, category_title(p->r->texts, category), NAME_WIDTH);
		page_cell(p, &f->category[column][category]);
		print_change(p, &f->category[column][category],
			&p->r->month[1].category[column][category]);
		snprintf(id, sizeof id, "column.%s.short", column_name(column));
		fprintf(p->out, "  %s", page_text(p, id));
		say_leader(p, category, text_width(page_text(p, id)));
		page_line(p);
	}
}

/*
 * A column without a figure in any row only takes room; COLUMN_COUNT stands for what is left out.
 */
static bool column_used(const struct table *t, unsigned column)
{
	struct cell other;
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		const struct cell *c = column < COLUMN_COUNT ? &row->column[column] : &other;
		if (column < COLUMN_COUNT ? c->n > 0
					  : other_bounces(&row->bounces, row->column, &other))
			return true;
	}
	return false;
}

static void grid_other(const struct page *p, struct grid *g, const struct row *row)
{
	struct cell other;
	if (other_bounces(&row->bounces, row->column, &other))
		grid_cell(p, g, &other);
	else
		grid_figure(g, "-");
}

static void print_table(const struct page *p, const char *title, const char *first,
	const struct table *t, enum row_kind kind)
{
	char name[REPORT_NAME_SIZE + 32], id[48];
	struct grid g = { 0 };
	if (!t->count)
		return;
	page_heading(p, title);
	grid_row(&g, page_text(p, first));
	grid_figure(&g, page_text(p, "column.bounces.short"));
	for (unsigned c = 0; c < COLUMN_COUNT && kind != ROW_GROUP; c++) {
		snprintf(id, sizeof id, "column.%s.short", column_name(c));
		if (c == COLUMN_COMPLAINT && column_used(t, COLUMN_COUNT))
			grid_figure(&g, page_text(p, "column.other.short"));
		if (column_used(t, c))
			grid_figure(&g, page_text(p, id));
	}
	if (p->r->month->sent_days)
		grid_figure(&g, page_text(p, "column.rate"));
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		if (kind == ROW_GROUP && row->bounces.state == CELL_SHOWN && row->bounces.n == 0 &&
			row->sent.state == CELL_SHOWN && row->sent.n == 0)
			continue;
		grid_row(&g, row_title(p->r, row, kind, name, sizeof name));
		grid_cell(p, &g, &row->bounces);
		for (unsigned c = 0; c < COLUMN_COUNT && kind != ROW_GROUP; c++) {
			if (c == COLUMN_COMPLAINT && column_used(t, COLUMN_COUNT))
				grid_other(p, &g, row);
			if (column_used(t, c))
				grid_told(p, &g, &row->column[c]);
		}
		if (p->r->month->sent_days)
			row_rate(p, &g, row);
	}
	grid_print(p, &g);
}

/* Of the rows with complaints: how many, of what was sent to receivers that report them. */
static void print_complaints_of(const struct page *p, const char *first, const struct table *t,
	enum row_kind kind, bool *begun)
{
	char name[REPORT_NAME_SIZE + 32], number[COUNT_TEXT_SIZE], marked[COUNT_TEXT_SIZE + 8];
	struct grid g = { 0 };
	grid_row(&g, page_text(p, first));
	grid_figure(&g, page_text(p, "column.complaint"));
	if (p->r->month->sent_days) {
		grid_figure(&g, page_text(p, "column.reporting"));
		grid_figure(&g, page_text(p, "column.rate"));
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		const bool missed = row->judged[TARGET_COMPLAINT] == JUDGED_MISSED;
		if (!missed && row->column[COLUMN_COMPLAINT].n == 0)
			continue;
		grid_row(&g, row_title(p->r, row, kind, name, sizeof name));
		grid_told(p, &g, &row->column[COLUMN_COMPLAINT]);
		if (!p->r->month->sent_days)
			continue;
		grid_cell(p, &g, &row->reporting);
		snprintf(marked, sizeof marked, "%s%s", missed ? "! " : "",
			print_rate(p, &row->column[COLUMN_COMPLAINT], &row->reporting, number,
				sizeof number));
		grid_figure(&g, marked);
	}
	if (g.rows == 1)
		return;
	if (*begun)
		page_line(p);
	else
		page_heading(p, "heading.complaints");
	*begun = true;
	grid_print(p, &g);
}

static void print_complaints(const struct page *p)
{
	bool begun = false;
	print_complaints_of(p, "column.campaign", &p->r->month->campaigns, ROW_CAMPAIGN, &begun);
	print_complaints_of(p, "column.provider", &p->r->month->providers, ROW_PROVIDER, &begun);
}

static void print_measures(const struct page *p)
{
	char line[SENTENCE_SIZE * 2];
	page_heading(p, "heading.todo");
	if (!p->r->measures)
		fprintf(p->out, "%s\n", page_text(p, "todo.none"));
	for (unsigned i = 0; i < p->r->measures; i++) {
		const struct measure *m = &p->r->measure[i];
		snprintf(line, sizeof line, "%u. %s", i + 1, m->action);
		page_wrapped(p->out, line, 0, 3);
		snprintf(line, sizeof line, "[%s; %s] %s",
			text_named(p->r->texts, "urgency", m->urgency), m->owner, m->because);
		page_wrapped(p->out, line, 3, 3);
	}
}

/* Each line of a comment is a paragraph. */
static void comments(const struct page *p)
{
	char line[STORE_COMMENT_SIZE], date[DATE_TEXT_SIZE];
	if (p->r->comments)
		page_heading(p, "heading.comments");
	for (unsigned i = 0; i < p->r->comments; i++) {
		const char *at = p->r->comment[i].text;
		fprintf(p->out, "%s\n", day_text(p->r->comment[i].at, date, sizeof date));
		while (*at) {
			size_t n = strcspn(at, "\n");
			snprintf(line, sizeof line, "%.*s", (int)n, at);
			page_wrapped(p->out, line, 2, 2);
			at += n + (at[n] == '\n');
		}
	}
}

static void print_timeline(const struct page *p)
{
	char when[4 * DATE_TEXT_SIZE], line[SENTENCE_SIZE + sizeof when];
	if (p->r->milestones)
		page_heading(p, "heading.timeline");
	for (unsigned i = 0; i < p->r->milestones; i++) {
		snprintf(line, sizeof line, "%s: %s",
			milestone_when(p->r, &p->r->milestone[i], when, sizeof when),
			p->r->milestone[i].text);
		page_wrapped(p->out, line, 0, 2);
	}
}

/* Marked where days are missing in what was sent. */
static void trend_rate(const struct page *p, const struct figures *f)
{
	char number[COUNT_TEXT_SIZE], marked[COUNT_TEXT_SIZE + 8];
	snprintf(marked, sizeof marked, "%s%s",
		print_rate(p, &f->bounces, &f->sent, number, sizeof number),
		f->uncounted ? "*" : "");
	page_right(p->out, marked, PAGE_NUMBER_WIDTH + RATE_GAP);
}

static void print_trend(const struct page *p)
{
	uint64_t most = 0;
	char title[DATE_TEXT_SIZE];
	bool missing = false;
	bool rated = p->r->month->sent_days;
	for (int i = 0; i < MONTHS_SHOWN; i++)
		if (p->r->month[i].bounces.n > most)
			most = p->r->month[i].bounces.n;
	page_heading(p, "heading.trend");
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &p->r->month[i];
		if (!f->covered)
			continue;
		missing |= rated && f->uncounted;
		page_left(p->out, month_title(p->r->texts, f->month, title, sizeof title),
			NAME_WIDTH - 8);
		page_cell(p, &f->bounces);
		if (rated)
			trend_rate(p, f);
		if (f->bounces.n > 0)
			fputs("  ", p->out);
		for (uint64_t n = most ? (f->bounces.n * BAR_WIDTH + most - 1) / most : 0; n > 0;
			n--)
			fputc('#', p->out);
		page_line(p);
	}
	if (missing)
		page_wrapped(p->out, page_text(p, "trend.uncounted"), 0, 2);
}

static void check_width(const struct page *p, unsigned category)
{
	char line[SENTENCE_SIZE];
	snprintf(line, sizeof line, "%s: %s", page_text(p, "column.check"),
		category_check(p->r->texts, category));
	page_wrapped(p->out, line, 10, 12);
}

static void print_classes(const struct page *p)
{
	const struct figures *f = p->r->month;
	unsigned permille;
	struct ranked list[CATEGORY_COUNT];
	char id[48];
	page_heading(p, "heading.classes");
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		size_t count = category_ranking(f, c, list);
		snprintf(id, sizeof id, "column.%s.short", column_name(c));
		for (size_t i = 0; i < count; i++) {
			unsigned g = list[i].category;
			const struct cell *n = &f->category[c][g];
			page_left(p->out, page_text(p, id), 10);
			page_left(p->out, category_title(p->r->texts, g), NAME_WIDTH + 7);
			page_cell(p, n);
			if (c != COLUMN_COMPLAINT && share_permille(n, &f->bounces, &permille))
				fprintf(p->out, " %5u.%u %%", permille / 10, permille % 10);
			else
				page_right(p->out, "-", PAGE_NUMBER_WIDTH + 2);
			print_change(p, n, &p->r->month[1].category[c][g]);
			page_line(p);
			if (c == COLUMN_BLOCK && *category_check(p->r->texts, g))
				check_width(p, g);
		}
		char title[SENTENCE_SIZE];
		struct cell other;
		if (other_causes(f, c, &other)) {
			page_left(p->out, page_text(p, id), 10);
			print_other(p, other_causes_title(p->r, c, title, sizeof title),
				NAME_WIDTH + 7, &other);
			page_line(p);
		}
	}
}

static void print_days(const struct page *p)
{
	const struct figures *f = p->r->month;
	char line[SENTENCE_SIZE] = "", number[COUNT_TEXT_SIZE];
	struct sentence s = { line, 0, sizeof line };
	page_heading(p, "heading.days");
	if (!p->r->standouts)
		say_text(&s, page_text(p, "days.none"));
	else if (p->r->usual_day)
		FILL(&s, page_text(p, "days.usual"),
			{ "n", number_text(p->r->texts, p->r->usual_day, number, sizeof number) });
	fprintf(p->out, "%s\n", line);
	for (unsigned i = 0; i < p->r->standouts; i++) {
		const struct standout *out = &p->r->standout[i];
		size_t used = (size_t)fprintf(p->out, "%s %04d-%02d-%02d ",
			weekday_name(p->r->texts, f->month, out->day), f->month.year,
			f->month.month, out->day);
		page_cell(p, &f->day[out->day - 1]);
		used += PAGE_NUMBER_WIDTH + 1;
		if (out->column < COLUMN_COUNT) {
			const char *words = column_words(p->r->texts, out->column);
			fprintf(p->out, "  %s", words);
			used += 2 + text_width(words);
		}
		if (*out->provider)
			mostly_at(p, out->provider, used);
		page_line(p);
	}
}

int month_report_text(
	const struct month_report *r, bool mail, struct buffer *out, char *error, size_t size)
{
	char title[DATE_TEXT_SIZE], line[SENTENCE_SIZE] = "";
	struct sentence s = { line, 0, sizeof line };
	*out = (struct buffer){ NULL, 0 };
	struct page p = { r, open_memstream(&out->p, &out->n) };
	if (!p.out)
		goto failed;
	FILL(&s, page_text(&p, "report.title"),
		{ "month", month_title(r->texts, r->month->month, title, sizeof title) });
	fprintf(p.out, "%s\n", line);
	if (r->options->organisation)
		page_wrapped(p.out, r->options->organisation, 0, 0);
	page_line(&p);
	print_verdict(&p);
	key_figures(&p);
	print_measures(&p);
	comments(&p);
	what_broke(&p);
	print_table(&p, "heading.provider", "column.provider", &r->month->providers, ROW_PROVIDER);
	print_table(&p, "heading.campaign", "column.campaign", &r->month->campaigns, ROW_CAMPAIGN);
	print_table(&p, "heading.group", "column.group", &r->month->groups, ROW_GROUP);
	print_complaints(&p);
	print_timeline(&p);
	print_trend(&p);
	print_classes(&p);
	print_days(&p);
	for (const struct section *const *section = month_sections; *section; section++)
		(*section)->print(&p);
	page_end(&p, mail);
	if (fclose(p.out) == 0)
		return 0;
	buffer_free(out);
failed:
	snprintf(error, size, "no memory for the report's text");
	return -1;
}
