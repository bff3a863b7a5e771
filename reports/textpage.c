/*
 * A page of plain text and its tables.
 */
#include "reports/textpage.h"

#include <string.h>

enum { GRID_GAP = 2, GRID_NAME_MIN = 12 };

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

size_t text_width(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void page_blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

void page_left(FILE *out, const char *text, size_t width)
{
	size_t n = text_width(text);
	if (n <= width) {
		fputs(text, out);
		page_blanks(out, width - n);
		return;
	}
	fprintf(out, "%.*s…", (int)bytes_of_text(text, width - 1), text);
}

void page_right(FILE *out, const char *text, size_t width)
{
	size_t n = text_width(text);
	page_blanks(out, n < width ? width - n : 0);
	fputs(text, out);
}

/* The length of what stands in one line: a word, and a "%" with its number. */
static size_t unbroken(const char *text)
{
	size_t n = strcspn(text, " ");
	while (text[n] == ' ' && text[n + 1] == '%')
		n += 1 + strcspn(text + n + 1, " ");
	return n;
}

/* From column INDENT on. */
static void page_words(FILE *out, const char *text, size_t indent, size_t hanging)
{
	size_t column = indent;
	bool begun = false;
	while (*text) {
		size_t n = unbroken(text);
		char word[SENTENCE_SIZE];
		snprintf(word, sizeof word, "%.*s", (int)n, text);
		size_t length = text_width(word);
		if (begun && column + 1 + length > PAGE_WIDTH) {
			fputc('\n', out);
			page_blanks(out, hanging);
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

void page_wrapped(FILE *out, const char *text, size_t indent, size_t hanging)
{
	page_blanks(out, indent);
	page_words(out, text, indent, hanging);
}

void page_hanging(FILE *out, const char *text, size_t indent)
{
	page_words(out, text, indent, indent);
}

const char *page_text(const struct page *p, const char *id)
{
	return text_of(p->r->texts, id);
}

void page_heading(const struct page *p, const char *id)
{
	fprintf(p->out, "\n%s\n", page_text(p, id));
	for (size_t i = text_width(page_text(p, id)); i > 0; i--)
		fputc('-', p->out);
	fputc('\n', p->out);
}

void page_line(const struct page *p)
{
	fputc('\n', p->out);
}

void grid_row(struct grid *g, const char *name)
{
	if (g->rows < GRID_ROWS)
		snprintf(g->name[g->rows++], sizeof g->name[0], "%s", name);
}

void grid_figure(struct grid *g, const char *figure)
{
	size_t row = g->rows - 1;
	if (g->columns[row] < GRID_COLUMNS)
		snprintf(g->figure[row][g->columns[row]++], sizeof g->figure[0][0], "%s", figure);
}

void grid_cell(const struct page *p, struct grid *g, const struct cell *c)
{
	char number[COUNT_TEXT_SIZE];
	grid_figure(g, cell_text(p->r, c, number, sizeof number));
}

void grid_told(const struct page *p, struct grid *g, const struct cell *c)
{
	if (c->state == CELL_SHOWN || !c->vague)
		grid_cell(p, g, c);
	else
		grid_figure(g, "-");
}

void grid_print(const struct page *p, const struct grid *g)
{
	size_t width[GRID_COLUMNS] = { 0 }, name = 0, figures = 0;
	for (size_t i = 0; i < g->rows; i++) {
		name = text_width(g->name[i]) > name ? text_width(g->name[i]) : name;
		for (size_t c = 0; c < g->columns[i]; c++)
			if (text_width(g->figure[i][c]) + GRID_GAP > width[c])
				width[c] = text_width(g->figure[i][c]) + GRID_GAP;
	}
	for (size_t c = 0; c < GRID_COLUMNS; c++)
		figures += width[c];
	if (name + figures > PAGE_WIDTH)
		name = figures + GRID_NAME_MIN < PAGE_WIDTH ? PAGE_WIDTH - figures : GRID_NAME_MIN;
	for (size_t i = 0; i < g->rows; i++) {
		page_left(p->out, g->name[i], name);
		for (size_t c = 0; c < g->columns[i]; c++)
			page_right(p->out, g->figure[i][c], width[c]);
		page_line(p);
	}
}

void page_cell(const struct page *p, const struct cell *c)
{
	char number[COUNT_TEXT_SIZE];
	fputc(' ', p->out);
	page_right(p->out, cell_text(p->r, c, number, sizeof number), PAGE_NUMBER_WIDTH);
}
