/*
 * A page of plain text, 78 columns: words at the left, figures at the right, tables that are as
 * wide as their figures. Widths count characters, not bytes: "≥" is three of these.
 */
#ifndef RETOUR_REPORTS_TEXTPAGE_H
#define RETOUR_REPORTS_TEXTPAGE_H

#include <stdio.h>
#include "reports/model.h"

enum { PAGE_WIDTH = 78, PAGE_NUMBER_WIDTH = 8 };

struct page {
	const struct month_report *r;
	FILE *out;
};

/* How many characters TEXT has. */
size_t text_width(const char *text);
/* So many blanks. */
void page_blanks(FILE *out, size_t n);
/* TEXT to the left in WIDTH columns; what is too long ends in "…". */
void page_left(FILE *out, const char *text, size_t width);
/* TEXT to the right in WIDTH columns. */
void page_right(FILE *out, const char *text, size_t width);
/* Paragraph with a hanging indent; words longer than a line stay whole. */
void page_wrapped(FILE *out, const char *text, size_t indent, size_t hanging);
/* The same behind INDENT columns that are printed already. */
void page_hanging(FILE *out, const char *text, size_t indent);
/* A text of the report's language, by its id. */
const char *page_text(const struct page *p, const char *id);
/* A heading with a line below it. */
void page_heading(const struct page *p, const char *id);
/* Ends the line. */
void page_line(const struct page *p);

enum { GRID_ROWS = 32, GRID_COLUMNS = 10 };
/*
 * A table that is as wide as its figures: names at the left, which give way, figures at the right.
 * The first row is its head.
 */
struct grid {
	size_t rows, columns[GRID_ROWS];
	char name[GRID_ROWS][REPORT_NAME_SIZE];
	char figure[GRID_ROWS][GRID_COLUMNS][COUNT_TEXT_SIZE + 8];
};

/* Begins a row. */
void grid_row(struct grid *g, const char *name);
/* The next figure of the row. */
void grid_figure(struct grid *g, const char *figure);
/* A count as the next figure of the row. */
void grid_cell(const struct page *p, struct grid *g, const struct cell *c);
/* A count; a dash where it is not even said whether it is small. */
void grid_told(const struct page *p, struct grid *g, const struct cell *c);
/* Prints it; the names give way where the line is full. */
void grid_print(const struct page *p, const struct grid *g);
/* A blank and a count. */
void page_cell(const struct page *p, const struct cell *c);

/* --- reports/textend.c ---------------------------------------------------- */
/* Retention, and how to read the report. MAIL: with the ledger's head as it is now. */
void page_end(const struct page *p, bool mail);

#endif
