/*
 * The month as plain text, 78 columns, for the terminal and for the mail's alternative part. Widths
 * count characters, not bytes: "≥" is three of these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

enum {
	WIDTH = 78,
	NAME_WIDTH = 25,
	NUMBER_WIDTH = 8,
	BAR_WIDTH = 38,
	MAILBOX_WIDTH = 18,
	TITLE_WIDTH = 44,
	STATEMENTS = 3,
	GRID_ROWS = 32,
	GRID_COLUMNS = 10,
	GRID_GAP = 2,
	GRID_NAME_MIN = 12
};

struct page {
	const struct month_report *r;
	FILE *out;
};

/* Bytes of the first N characters of TEXT, at most all of it. */
static size_t bytes_of_text(const char *text, size_t n)
{
	size_t i = 0;
	while (text[i] && n > 0) {
		i++;
		while (((unsigned char)text[i] & 0xc0) == 0x80)
			i++;
		n--;
	}
	return i;
}

static size_t characters(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* TEXT to the left in WIDTH columns; what is too long ends in "…". */
static void left(FILE *out, const char *text, size_t width)
{
	size_t n = characters(text);
	if (n <= width) {
		fputs(text, out);
		print_blanks(out, width - n);
		return;
	}
	fprintf(out, "%.*s…", (int)bytes_of_text(text, width - 1), text);
}

static void right(FILE *out, const char *text, size_t width)
{
	size_t n = characters(text);
	print_blanks(out, n < width ? width - n : 0);
	fputs(text, out);
}

/* Paragraph with a hanging indent; words longer than a line stay whole. */
static void print_wrapped(FILE *out, const char *text, size_t indent, size_t hanging)
{
	size_t column = indent;
	bool begun = false;
	print_blanks(out, indent);
	while (*text) {
		size_t n = strcspn(text, " ");
		char word[SENTENCE_SIZE];
		snprintf(word, sizeof word, "%.*s", (int)n, text);
		size_t length = characters(word);
		if (begun && column + 1 + length > WIDTH) {
			fputc('\n', out);
			print_blanks(out, hanging);
			column = hanging;
		} else if (begun) {
			fputc(' ', out);
			column++;
		}
		fputs(word, out);
		column += length;
		begun = true;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static const char *text(const struct page *p, const char *id)
{
	return text_of(p->r->texts, id);
}

static void print_heading(const struct page *p, const char *id)
{
	fprintf(p->out, "\n%s\n", text(p, id));
	for (size_t i = characters(text(p, id)); i > 0; i--)
		fputc('-', p->out);
	fputc('\n', p->out);
}

static void end_line(const struct page *p)
{
	fputc('\n', p->out);
}

/*
 * A table that is as wide as its figures: names at the left, which give way, figures at the right.
 * The first row is its head.
 */
struct grid {
	size_t rows, columns[GRID_ROWS];
	char name[GRID_ROWS][REPORT_NAME_SIZE];
	char figure[GRID_ROWS][GRID_COLUMNS][COUNT_TEXT_SIZE + 8];
};

static void grid_row(struct grid *g, const char *name)
{
	if (g->rows < GRID_ROWS)
		snprintf(g->name[g->rows++], sizeof g->name[0], "%s", name);
}

static void grid_figure(struct grid *g, const char *figure)
{
	size_t row = g->rows - 1;
	if (g->columns[row] < GRID_COLUMNS)
		snprintf(g->figure[row][g->columns[row]++], sizeof g->figure[0][0], "%s", figure);
}

static void grid_cell(const struct page *p, struct grid *g, const struct cell *c)
{
	char number[COUNT_TEXT_SIZE];
	grid_figure(g, cell_text(p->r, c, number, sizeof number));
}

/* Nothing where it is not even said whether it is small. */
static void grid_told(const struct page *p, struct grid *g, const struct cell *c)
{
	if (c->state == CELL_SHOWN || !c->vague)
		grid_cell(p, g, c);
	else
		grid_figure(g, "-");
}

static void grid_print(const struct page *p, const struct grid *g)
{
	size_t width[GRID_COLUMNS] = { 0 }, name = 0, figures = 0;
	for (size_t i = 0; i < g->rows; i++) {
		name = characters(g->name[i]) > name ? characters(g->name[i]) : name;
		for (size_t c = 0; c < g->columns[i]; c++)
			if (characters(g->figure[i][c]) + GRID_GAP > width[c])
				width[c] = characters(g->figure[i][c]) + GRID_GAP;
	}
	for (size_t c = 0; c < GRID_COLUMNS; c++)
		figures += width[c];
	if (name + figures > WIDTH)
		name = figures + GRID_NAME_MIN < WIDTH ? WIDTH - figures : GRID_NAME_MIN;
	for (size_t i = 0; i < g->rows; i++) {
		left(p->out, g->name[i], name);
		for (size_t c = 0; c < g->columns[i]; c++)
			right(p->out, g->figure[i][c], width[c]);
		end_line(p);
	}
}

static void cell(const struct page *p, const struct cell *c)
{
	char number[COUNT_TEXT_SIZE];
	fputc(' ', p->out);
	right(p->out, cell_text(p->r, c, number, sizeof number), NUMBER_WIDTH);
}

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
	right(p->out, change_text(p, now, before, number, sizeof number), NUMBER_WIDTH);
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
	print_wrapped(p->out, p->r->sentence, 0, 0);
	for (unsigned i = 0; i < p->r->measures && i < STATEMENTS && !p->r->quiet; i++) {
		fputs(i ? "" : "\n", p->out);
		char line[SENTENCE_SIZE + 8];
		snprintf(line, sizeof line, "* %s", p->r->measure[i].because);
		print_wrapped(p->out, line, 0, 2);
	}
	end_line(p);
	print_wrapped(p->out, p->r->note, 0, 0);
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
	grid_figure(g, print_rate(p, now, &p->r->month->sent, number, sizeof number));
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (strcmp(target_name(t), column) == 0) {
			long limit = target_limit(p->r->options, t);
			bool missed = p->r->month->judged[t] == JUDGED_MISSED;
			snprintf(mark, sizeof mark, "%s %s", missed ? "! <" : "<",
				limit_text(p->r->texts, limit, number, sizeof number));
			grid_figure(g, mark);
		}
}

static void key_figures(const struct page *p)
{
	const struct figures *now = &p->r->month[0], *before = &p->r->month[1];
	struct grid g = { 0 };
	print_heading(p, "heading.figures");
	grid_row(&g, "");
	grid_figure(&g, text(p, "column.now"));
	if (before->covered)
		grid_figure(&g, text(p, "column.before"));
	grid_figure(&g, text(p, "column.change"));
	if (now->sent_days) {
		grid_figure(&g, text(p, "column.rate"));
		grid_figure(&g, text(p, "column.target"));
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
	FILL(&s, text(p, "mostly-at"), { "provider", provider });
	if (used + 1 < WIDTH)
		left(p->out, line,
			characters(line) < WIDTH - used ? characters(line) : WIDTH - used);
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
				if (!used[c][g] && f->category[c][g].n > most) {
					most = f->category[c][g].n;
					column = c;
					category = g;
				}
		if (column == COLUMN_COUNT)
			break;
		used[column][category] = true;
		if (i == 0)
			print_heading(p, "heading.broke");
		left(p->out, category_title(p->r->texts, category), NAME_WIDTH);
		cell(p, &f->category[column][category]);
		print_change(p, &f->category[column][category],
			&p->r->month[1].category[column][category]);
		snprintf(id, sizeof id, "column.%s.short", column_name(column));
		fprintf(p->out, "  %s", text(p, id));
		if (*f->leader[category])
			mostly_at(p, f->leader[category],
				NAME_WIDTH + 2 * (NUMBER_WIDTH + 1) + 2 + characters(text(p, id)));
		end_line(p);
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
	print_heading(p, title);
	grid_row(&g, text(p, first));
	grid_figure(&g, text(p, "column.bounces.short"));
	for (unsigned c = 0; c < COLUMN_COUNT && kind != ROW_GROUP; c++) {
		snprintf(id, sizeof id, "column.%s.short", column_name(c));
		if (c == COLUMN_COMPLAINT && column_used(t, COLUMN_COUNT))
			grid_figure(&g, text(p, "column.other.short"));
		if (column_used(t, c))
			grid_figure(&g, text(p, id));
	}
	if (p->r->month->sent_days)
		grid_figure(&g, text(p, "column.rate"));
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		if (kind == ROW_GROUP && row->bounces.state == CELL_SHOWN && row->bounces.n == 0 &&
			row->sent.state == CELL_SHOWN && row->sent.n == 0)
			continue;
		grid_row(&g, row_title(p->r->texts, row, kind, name, sizeof name));
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

static void print_measures(const struct page *p)
{
	char line[SENTENCE_SIZE * 2];
	print_heading(p, "heading.todo");
	if (!p->r->measures)
		fprintf(p->out, "%s\n", text(p, "todo.none"));
	for (unsigned i = 0; i < p->r->measures; i++) {
		const struct measure *m = &p->r->measure[i];
		snprintf(line, sizeof line, "%u. %s", i + 1, m->action);
		print_wrapped(p->out, line, 0, 3);
		snprintf(line, sizeof line, "[%s; %s] %s",
			text_named(p->r->texts, "urgency", m->urgency), m->owner, m->because);
		print_wrapped(p->out, line, 3, 3);
	}
}

/* Each line of a comment is a paragraph. */
static void comments(const struct page *p)
{
	char line[STORE_COMMENT_SIZE], date[DATE_TEXT_SIZE];
	if (p->r->comments)
		print_heading(p, "heading.comments");
	for (unsigned i = 0; i < p->r->comments; i++) {
		const char *at = p->r->comment[i].text;
		fprintf(p->out, "%s\n", day_text(p->r->comment[i].at, date, sizeof date));
		while (*at) {
			size_t n = strcspn(at, "\n");
			snprintf(line, sizeof line, "%.*s", (int)n, at);
			print_wrapped(p->out, line, 2, 2);
			at += n + (at[n] == '\n');
		}
	}
}

static void print_trend(const struct page *p)
{
	uint64_t most = 0;
	char title[DATE_TEXT_SIZE], number[COUNT_TEXT_SIZE];
	bool rated = p->r->month->sent_days;
	for (int i = 0; i < MONTHS_SHOWN; i++)
		if (p->r->month[i].bounces.n > most)
			most = p->r->month[i].bounces.n;
	print_heading(p, "heading.trend");
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &p->r->month[i];
		if (!f->covered)
			continue;
		left(p->out, month_title(p->r->texts, f->month, title, sizeof title),
			NAME_WIDTH - 8);
		cell(p, &f->bounces);
		if (rated)
			right(p->out, print_rate(p, &f->bounces, &f->sent, number, sizeof number),
				NUMBER_WIDTH + GRID_GAP);
		if (f->bounces.n > 0)
			fputs("  ", p->out);
		for (uint64_t n = most ? (f->bounces.n * BAR_WIDTH + most - 1) / most : 0; n > 0;
			n--)
			fputc('#', p->out);
		end_line(p);
	}
}

static void check_width(const struct page *p, unsigned category)
{
	char line[SENTENCE_SIZE];
	snprintf(line, sizeof line, "%s: %s", text(p, "column.check"),
		category_check(p->r->texts, category));
	print_wrapped(p->out, line, 10, 12);
}

static void print_classes(const struct page *p)
{
	const struct figures *f = p->r->month;
	unsigned permille;
	struct ranked list[CATEGORY_COUNT];
	char id[48];
	print_heading(p, "heading.classes");
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		size_t count = category_ranking(f, c, list);
		snprintf(id, sizeof id, "column.%s.short", column_name(c));
		for (size_t i = 0; i < count; i++) {
			unsigned g = list[i].category;
			const struct cell *n = &f->category[c][g];
			left(p->out, text(p, id), 10);
			left(p->out, category_title(p->r->texts, g), NAME_WIDTH + 7);
			cell(p, n);
			if (c != COLUMN_COMPLAINT && share_permille(n, &f->bounces, &permille))
				fprintf(p->out, " %5u.%u %%", permille / 10, permille % 10);
			else
				right(p->out, "-", NUMBER_WIDTH + 2);
			print_change(p, n, &p->r->month[1].category[c][g]);
			end_line(p);
			if (c == COLUMN_BLOCK && *category_check(p->r->texts, g))
				check_width(p, g);
		}
		struct cell other;
		if (other_causes(f, c, &other)) {
			left(p->out, text(p, id), 10);
			left(p->out, text(p, "category.other"), NAME_WIDTH + 7);
			cell(p, &other);
			end_line(p);
		}
	}
}

static void print_days(const struct page *p)
{
	const struct figures *f = p->r->month;
	char line[SENTENCE_SIZE] = "", number[COUNT_TEXT_SIZE], id[48];
	struct sentence s = { line, 0, sizeof line };
	print_heading(p, "heading.days");
	if (!p->r->standouts)
		say_text(&s, text(p, "days.none"));
	else if (p->r->usual_day)
		FILL(&s, text(p, "days.usual"),
			{ "n", number_text(p->r->texts, p->r->usual_day, number, sizeof number) });
	fprintf(p->out, "%s\n", line);
	for (unsigned i = 0; i < p->r->standouts; i++) {
		const struct standout *out = &p->r->standout[i];
		size_t used = (size_t)fprintf(p->out, "%s %04d-%02d-%02d ",
			weekday_name(p->r->texts, f->month, out->day), f->month.year,
			f->month.month, out->day);
		cell(p, &f->day[out->day - 1]);
		used += NUMBER_WIDTH + 1;
		snprintf(id, sizeof id, "column.%s.words",
			out->column < COLUMN_COUNT ? column_name(out->column) : "bounces");
		if (out->column < COLUMN_COUNT) {
			fprintf(p->out, "  %s", text(p, id));
			used += 2 + characters(text(p, id));
		}
		if (*out->provider)
			mostly_at(p, out->provider, used);
		end_line(p);
	}
}

static void print_cohorts(const struct page *p)
{
	char title[DATE_TEXT_SIZE];
	struct grid g = { 0 };
	if (!p->r->cohorts)
		return;
	print_heading(p, "heading.cohorts");
	grid_row(&g, "");
	for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
		grid_figure(&g, text_named(p->r->texts, "cohort", cohort_outcome_name(o)));
	for (unsigned i = p->r->cohorts; i-- > 0;) {
		grid_row(&g, month_title(p->r->texts, p->r->cohort[i].month, title, sizeof title));
		for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
			grid_cell(p, &g, &p->r->cohort[i].outcome[o]);
	}
	grid_print(p, &g);
}

static void print_investigations(const struct page *p)
{
	char opened[DATE_TEXT_SIZE], closed[DATE_TEXT_SIZE];
	if (!p->r->investigations)
		return;
	print_heading(p, "heading.investigations");
	for (unsigned i = 0; i < p->r->investigations; i++) {
		const struct investigation *v = &p->r->investigation[i];
		left(p->out, v->provider, MAILBOX_WIDTH);
		left(p->out, category_title(p->r->texts, v->category), NAME_WIDTH + 10);
		fprintf(p->out, " %s - %s\n", day_text(v->opened, opened, sizeof opened),
			v->closed ? day_text(v->closed, closed, sizeof closed)
				  : text(p, "investigations.open"));
	}
}

static void print_typing_errors(const struct page *p)
{
	if (p->r->typings)
		print_heading(p, "heading.typing");
	for (unsigned i = 0; i < p->r->typings; i++) {
		left(p->out, *p->r->typing[i].domain ? p->r->typing[i].domain : text(p, "group."),
			TITLE_WIDTH);
		cell(p, &p->r->typing[i].n);
		end_line(p);
	}
}

/* A grid at a time: there may be more mailboxes than it has rows. */
static void mailboxes(const struct page *p)
{
	const struct month_report *r = p->r;
	for (size_t i = 0; i < r->mailboxes;) {
		struct grid g = { 0 };
		end_line(p);
		grid_row(&g, text(p, "column.mailbox"));
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			grid_figure(&g, text_named(r->texts, "outcome", outcome_name(o)));
		for (; i < r->mailboxes && g.rows < GRID_ROWS; i++) {
			grid_row(&g, r->mailbox[i].name);
			for (unsigned o = 0; o < OUTCOME_COUNT; o++)
				grid_cell(p, &g, &r->mailbox[i].outcome[o]);
		}
		grid_print(p, &g);
	}
}

static void print_other_mail(const struct page *p)
{
	const struct month_report *r = p->r;
	print_heading(p, "heading.origins");
	left(p->out, "", TITLE_WIDTH);
	right(p->out, text(p, "column.bounces"), NUMBER_WIDTH + 1);
	right(p->out, text(p, "column.complaint"), NUMBER_WIDTH + 5);
	end_line(p);
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		left(p->out, text_named(r->texts, "origin", origin_name((unsigned)o)), TITLE_WIDTH);
		cell(p, &r->month->origin[o][0]);
		print_blanks(p->out, 4);
		cell(p, &r->month->origin[o][1]);
		end_line(p);
	}
	print_wrapped(p->out, text(p, "origins.lead"), 0, 0);
	print_heading(p, "heading.mailboxes");
	for (unsigned k = 0; k < KIND_COUNT; k++)
		if (*text_named(r->texts, "kind", kind_name(k))) {
			left(p->out, text_named(r->texts, "kind", kind_name(k)), TITLE_WIDTH);
			cell(p, &r->kind[k]);
			end_line(p);
		}
	mailboxes(p);
	print_heading(p, "heading.contacts");
	fprintf(p->out, "%s\n", text(p, "contacts.lead"));
	for (unsigned s = 0; s < STATE_COUNT; s++)
		if (r->state[s].n > 0 || r->state[s].state != CELL_SHOWN) {
			left(p->out, text_named(r->texts, "state", contact_state_name(s)),
				TITLE_WIDTH);
			cell(p, &r->state[s]);
			end_line(p);
		}
}

static void ledger_entry(const struct page *p, const char *id, const struct ledger_entry *e)
{
	char hash[LEDGER_HASH_SIZE * 2 + 1], number[32], line[SENTENCE_SIZE] = "";
	struct sentence s = { line, 0, sizeof line };
	snprintf(number, sizeof number, "%lld", (long long)e->number);
	FILL(&s, text(p, id), { "n", number });
	fprintf(p->out, "%s\n  %s\n", line, hash_text(e->hash, hash));
}

static void print_retention(const struct page *p, bool mail)
{
	print_heading(p, "heading.retention");
	print_wrapped(p->out, p->r->retention, 0, 0);
	if (p->r->closing.number)
		ledger_entry(p, "retention.closing", &p->r->closing);
	if (mail && p->r->head.number)
		ledger_entry(p, "retention.head", &p->r->head);
	if (mail && p->r->options->signing_key) {
		print_wrapped(p->out, text(p, "retention.signed"), 0, 0);
		fprintf(p->out, "  %s\n", p->r->options->signing_key);
	}
}

static void method(const struct page *p)
{
	char line[SENTENCE_SIZE * 2] = "", k[16], hidden[16], id[48], term[48];
	struct sentence s = { line, 0, sizeof line };
	snprintf(k, sizeof k, "%u", p->r->k);
	snprintf(hidden, sizeof hidden, "%u", p->r->hidden);
	print_heading(p, "heading.method");
	FILL(&s, text(p, "method.zone"),
		{ "zone", p->r->options->timezone ? p->r->options->timezone : "UTC" });
	say_text(&s, " ");
	FILL(&s, text(p, "method.k"), { "k", k });
	say_text(&s, " ");
	FILL(&s, text(p, "method.hidden"), { "n", hidden });
	say_text(&s, " ");
	say_text(&s, text(p, "method.address"));
	print_wrapped(p->out, line, 0, 0);
	for (const char *const *d = report_definitions; *d; d++) {
		snprintf(id, sizeof id, "define.%s", *d);
		snprintf(term, sizeof term, "define.%s.term", *d);
		snprintf(line, sizeof line, "%s: %s", text(p, term), text(p, id));
		print_wrapped(p->out, line, 0, 2);
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
	FILL(&s, text(&p, "report.title"),
		{ "month", month_title(r->texts, r->month->month, title, sizeof title) });
	fprintf(p.out, "%s\n", line);
	if (r->options->organisation)
		print_wrapped(p.out, r->options->organisation, 0, 0);
	end_line(&p);
	print_verdict(&p);
	key_figures(&p);
	print_measures(&p);
	comments(&p);
	what_broke(&p);
	print_table(&p, "heading.provider", "column.provider", &r->month->providers, ROW_PROVIDER);
	print_table(&p, "heading.campaign", "column.campaign", &r->month->campaigns, ROW_CAMPAIGN);
	print_table(&p, "heading.group", "column.group", &r->month->groups, ROW_GROUP);
	print_trend(&p);
	print_classes(&p);
	print_days(&p);
	print_cohorts(&p);
	print_investigations(&p);
	print_typing_errors(&p);
	print_other_mail(&p);
	print_retention(&p, mail);
	method(&p);
	if (fclose(p.out) == 0)
		return 0;
	buffer_free(out);
failed:
	snprintf(error, size, "no memory for the report's text");
	return -1;
}
