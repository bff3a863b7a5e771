/*
 * The month as plain text, 78 columns, for the terminal and for the mail's alternative part. Widths count characters, not bytes: "≥" is
 * three of these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

enum { WIDTH = 78, NAME_WIDTH = 25, NUMBER_WIDTH = 8, BAR_WIDTH = 40, RATE_WIDTH = 9, ROW_RATE_WIDTH = 6, MAILBOX_WIDTH = 18, OUTCOME_WIDTH = 15 };

struct page {
	const struct month_report *r;
	FILE *out;
};

/* Bytes of the first N characters of TEXT, at most all of it. */
static size_t bytes_of(const char *text, size_t n)
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

static void blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* TEXT to the left in WIDTH columns; what is too long ends in "~". */
static void left(FILE *out, const char *text, size_t width)
{
	size_t n = characters(text);
	if (n <= width) {
		fputs(text, out);
		blanks(out, width - n);
		return;
	}
	fprintf(out, "%.*s~", (int)bytes_of(text, width - 1), text);
}

static void right(FILE *out, const char *text, size_t width)
{
	size_t n = characters(text);
	blanks(out, n < width ? width - n : 0);
	fputs(text, out);
}

/* Paragraph with a hanging indent; words longer than a line stay whole. */
static void wrap(FILE *out, const char *text, size_t indent, size_t hanging)
{
	size_t column = indent;
	bool begun = false;
	blanks(out, indent);
	while (*text) {
		size_t n = strcspn(text, " ");
		char word[SENTENCE_SIZE];
		snprintf(word, sizeof word, "%.*s", (int)n, text);
		size_t length = characters(word);
		if (begun && column + 1 + length > WIDTH) {
			fputc('\n', out);
			blanks(out, hanging);
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

static void heading(const struct page *p, const char *title)
{
	fprintf(p->out, "\n%s\n", title);
	for (size_t i = characters(title); i > 0; i--)
		fputc('-', p->out);
	fputc('\n', p->out);
}

static void cell(const struct page *p, const struct cell *c)
{
	char text[COUNT_TEXT_SIZE];
	fputc(' ', p->out);
	right(p->out, cell_text(c, p->r->k, text, sizeof text), NUMBER_WIDTH);
}

static void change(const struct page *p, const struct cell *now, const struct cell *before)
{
	char text[COUNT_TEXT_SIZE] = "-";
	long percent;
	if (before && p->r->month[1].covered && !p->r->month[1].partial && change_percent(now, before, &percent))
		snprintf(text, sizeof text, "%+ld %%", percent);
	fputc(' ', p->out);
	right(p->out, text, NUMBER_WIDTH);
}

static void end_line(const struct page *p)
{
	fputc('\n', p->out);
}

/* Of what was sent, where that is known. */
static void rate(const struct page *p, const struct cell *part, const struct cell *sent)
{
	char text[RATE_TEXT_SIZE], percent[RATE_TEXT_SIZE + 2] = "-";
	if (!p->r->month->sent_days || part == sent)
		return;
	if (*rate_text(part, sent, text))
		snprintf(percent, sizeof percent, "%s %%", text);
	right(p->out, percent, RATE_WIDTH);
}

static void column_heads(const struct page *p, const char *first)
{
	static const char *const short_titles[COLUMN_COUNT] = { "Hard", "Soft", "Block", "Undet.", "Compl." };
	left(p->out, first, NAME_WIDTH - 1);
	right(p->out, "All", NUMBER_WIDTH);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		right(p->out, short_titles[c], NUMBER_WIDTH);
	if (p->r->month->sent_days)
		right(p->out, "Rate%", ROW_RATE_WIDTH);
	end_line(p);
}

static void verdict(const struct page *p)
{
	wrap(p->out, p->r->sentence, 0, 0);
	end_line(p);
	wrap(p->out, p->r->note, 0, 0);
}

static void figure(const struct page *p, const char *title, const struct cell *now, const struct cell *before)
{
	left(p->out, title, NAME_WIDTH);
	cell(p, now);
	if (p->r->month[1].covered)
		cell(p, before);
	change(p, now, before);
	rate(p, now, &p->r->month->sent);
	end_line(p);
}

static void key_figures(const struct page *p)
{
	const struct figures *now = &p->r->month[0], *before = &p->r->month[1];
	heading(p, "Key figures");
	left(p->out, "", NAME_WIDTH + 1);
	right(p->out, "now", NUMBER_WIDTH);
	if (before->covered)
		right(p->out, "before", NUMBER_WIDTH + 1);
	right(p->out, "change", NUMBER_WIDTH + 1);
	if (now->sent_days)
		right(p->out, "of sent", RATE_WIDTH);
	end_line(p);
	if (now->sent_days)
		figure(p, "Sent", &now->sent, &before->sent);
	figure(p, "Bounces", &now->bounces, &before->bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		figure(p, column_title(c), &now->column[c], &before->column[c]);
}

/* The largest causes of all classes. */
static void what_broke(const struct page *p)
{
	enum { CAUSES = 6 };
	const struct figures *f = p->r->month;
	bool used[COLUMN_COUNT][CATEGORY_COUNT] = { { false } };
	heading(p, "What broke");
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
		if (column == COLUMN_COUNT) {
			if (i == 0)
				fputs("Nothing that may be shown.\n", p->out);
			break;
		}
		used[column][category] = true;
		left(p->out, category_title(category), NAME_WIDTH);
		cell(p, &f->category[column][category]);
		change(p, &f->category[column][category], &p->r->month[1].category[column][category]);
		fprintf(p->out, "  %s", column_name(column));
		if (*f->leader[category])
			fprintf(p->out, ", mostly at %s", f->leader[category]);
		end_line(p);
	}
}

static void table(const struct page *p, const char *title, const char *first, const struct table *t, bool campaigns)
{
	char name[REPORT_NAME_SIZE + 32];
	if (!t->count)
		return;
	heading(p, title);
	column_heads(p, first);
	for (size_t i = 0; i < t->count; i++) {
		left(p->out, row_title(&t->row[i], campaigns, name, sizeof name), NAME_WIDTH - 1);
		char text[COUNT_TEXT_SIZE];
		right(p->out, cell_text(&t->row[i].all, p->r->k, text, sizeof text), NUMBER_WIDTH);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			right(p->out, cell_text(&t->row[i].column[c], p->r->k, text, sizeof text), NUMBER_WIDTH);
		struct cell bounces = row_bounces(&t->row[i]);
		char percent[RATE_TEXT_SIZE];
		if (p->r->month->sent_days)
			right(p->out, *rate_text(&bounces, &t->row[i].sent, percent) ? percent : "-", ROW_RATE_WIDTH);
		end_line(p);
	}
}

static void measures(const struct page *p)
{
	heading(p, "What to do");
	if (!p->r->measures)
		fputs("The figures of this month call for no measure.\n", p->out);
	for (unsigned i = 0; i < p->r->measures; i++) {
		const struct measure *m = &p->r->measure[i];
		char text[SENTENCE_SIZE * 2];
		snprintf(text, sizeof text, "%u. %s", i + 1, m->action);
		wrap(p->out, text, 0, 3);
		snprintf(text, sizeof text, "[%s; %s] %s", m->urgency, m->owner, m->because);
		wrap(p->out, text, 3, 3);
	}
}

static void trend(const struct page *p)
{
	uint64_t most = 0;
	char text[32];
	for (int i = 0; i < MONTHS_SHOWN; i++)
		if (p->r->month[i].all.n > most)
			most = p->r->month[i].all.n;
	heading(p, "The last twelve months");
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &p->r->month[i];
		if (!f->covered)
			continue;
		left(p->out, month_title(f->month, text, sizeof text), NAME_WIDTH);
		cell(p, &f->all);
		if (f->all.n > 0)
			fputs("  ", p->out);
		for (uint64_t n = most ? (f->all.n * BAR_WIDTH + most - 1) / most : 0; n > 0; n--)
			fputc('#', p->out);
		end_line(p);
	}
}

static void classes(const struct page *p)
{
	const struct figures *f = p->r->month;
	unsigned permille;
	struct ranked list[CATEGORY_COUNT];
	heading(p, "By class and cause");
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		size_t count = category_ranking(f, c, list);
		for (size_t i = 0; i < count; i++) {
			unsigned g = list[i].category;
			const struct cell *n = &f->category[c][g];
			left(p->out, column_name(c), 14);
			left(p->out, category_title(g), NAME_WIDTH + 3);
			cell(p, n);
			if (share_permille(n, &f->all, &permille))
				fprintf(p->out, " %5u.%u %%", permille / 10, permille % 10);
			else
				right(p->out, "-", NUMBER_WIDTH + 2);
			change(p, n, &p->r->month[1].category[c][g]);
			end_line(p);
			if (c == COLUMN_BLOCK && *category_check(g)) {
				char text[SENTENCE_SIZE];
				snprintf(text, sizeof text, "check: %s", category_check(g));
				wrap(p->out, text, 16, 23);
			}
		}
	}
}

static void days(const struct page *p)
{
	const struct figures *f = p->r->month;
	char text[SENTENCE_SIZE], count[COUNT_TEXT_SIZE];
	heading(p, "Days that stand out");
	if (!p->r->standouts)
		fputs("None.\n", p->out);
	else if (p->r->usual_day)
		fprintf(p->out, "A usual day has %s bounces.\n", number_text(p->r->usual_day, count, sizeof count));
	for (unsigned i = 0; i < p->r->standouts; i++) {
		const struct standout *s = &p->r->standout[i];
		struct sentence line = { text, 0, sizeof text };
		say(&line, "%s %04d-%02d-%02d  %8s", weekday_name(f->month, s->day), f->month.year, f->month.month, s->day,
		    cell_text(&f->day[s->day - 1], p->r->k, count, sizeof count));
		if (s->column < COLUMN_COUNT)
			say(&line, "  mostly %s", column_name(s->column));
		if (*s->provider)
			say(&line, "%s at %s", s->column < COLUMN_COUNT ? "" : "  mostly", s->provider);
		fprintf(p->out, "%s\n", text);
	}
}

static void other_mail(const struct page *p)
{
	const struct month_report *r = p->r;
	heading(p, "Origin of the notices");
	left(p->out, "", 36);
	right(p->out, "Bounces", NUMBER_WIDTH + 1);
	right(p->out, "Complaints", NUMBER_WIDTH + 4);
	end_line(p);
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		left(p->out, origin_title((unsigned)o), 36);
		cell(p, &r->month->origin[o][0]);
		blanks(p->out, 3);
		cell(p, &r->month->origin[o][1]);
		end_line(p);
	}
	fputs("Only the first two are attributed and counted above.\n", p->out);
	heading(p, "Other mail");
	for (unsigned k = 0; k < KIND_COUNT; k++)
		if (*kind_title(k)) {
			left(p->out, kind_title(k), 36);
			cell(p, &r->kind[k]);
			end_line(p);
		}
	if (r->mailboxes) {
		heading(p, "Mailboxes");
		left(p->out, "", MAILBOX_WIDTH);
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			right(p->out, outcome_title(o), OUTCOME_WIDTH);
		end_line(p);
	}
	for (size_t i = 0; i < r->mailboxes; i++) {
		char text[COUNT_TEXT_SIZE];
		left(p->out, r->mailbox[i].name, MAILBOX_WIDTH);
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			right(p->out, cell_text(&r->mailbox[i].outcome[o], r->k, text, sizeof text), OUTCOME_WIDTH);
		end_line(p);
	}
	heading(p, "Recipients by state, as this report is made");
	for (unsigned s = 0; s < STATE_COUNT; s++)
		if (r->state[s].n > 0 || r->state[s].state != CELL_SHOWN) {
			left(p->out, state_title(s), 36);
			cell(p, &r->state[s]);
			end_line(p);
		}
}

static void retention(const struct page *p, bool mail)
{
	const struct month_report *r = p->r;
	char text[LEDGER_HASH_SIZE * 2 + 1];
	heading(p, "Retention");
	wrap(p->out, r->retention, 0, 0);
	if (r->closing.number)
		fprintf(p->out, "Ledger entry %lld closed the month:\n  %s\n", (long long)r->closing.number,
			hash_text(r->closing.hash, text));
	if (mail && r->head.number)
		fprintf(p->out, "Head of the ledger when this mail was made, entry %lld:\n  %s\n", (long long)r->head.number,
			hash_text(r->head.hash, text));
	if (mail && r->options->signing_key)
		fprintf(p->out, "The attached XML is signed; the public key, for minisign -P and retour audit verify --key:\n  %s\n", r->options->signing_key);
}

static void method(const struct page *p)
{
	char text[SENTENCE_SIZE];
	heading(p, "How to read this");
	snprintf(text, sizeof text,
		 "Time zone of days and months: %s. Counts below %u are printed as \"<%u\", because they could point at a person; \"≥%u\" stands "
		 "where a larger count would give such a one away by subtraction. No address, no part of one and no message text is in this "
		 "report.", p->r->options->timezone ? p->r->options->timezone : "UTC", p->r->k, p->r->k, p->r->k);
	wrap(p->out, text, 0, 0);
	for (const struct definition *d = report_definitions; d->term; d++) {
		snprintf(text, sizeof text, "%s: %s", d->term, d->text);
		wrap(p->out, text, 0, 2);
	}
}

int month_report_text(const struct month_report *r, bool mail, struct buffer *out, char *error, size_t size)
{
	char title[64];
	*out = (struct buffer){ NULL, 0 };
	struct page p = { r, open_memstream(&out->p, &out->n) };
	if (!p.out)
		goto failed;
	fprintf(p.out, "Deliverability report, %s\n", month_title(r->month->month, title, sizeof title));
	if (r->options->organisation)
		fprintf(p.out, "%s\n", r->options->organisation);
	end_line(&p);
	verdict(&p);
	key_figures(&p);
	what_broke(&p);
	table(&p, "By provider", "Provider", &r->month->providers, false);
	table(&p, "By campaign", "Campaign", &r->month->campaigns, true);
	measures(&p);
	trend(&p);
	classes(&p);
	days(&p);
	other_mail(&p);
	retention(&p, mail);
	method(&p);
	if (fclose(p.out) == 0)
		return 0;
	buffer_free(out);
failed:
	snprintf(error, size, "no memory for the report's text");
	return -1;
}
