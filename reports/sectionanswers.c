/*
 * What receivers said, by provider: the most frequent answers, each with its cause, its days and
 * what it calls for.
 *
 * An answer is a part of its provider's figure of its class and of the month's figure of its cause.
 * Where such a figure is shown, who subtracts what is listed knows what is not; that is nothing or
 * k or more, else the smallest answer that is listed goes. So what a provider had of one cause is
 * nothing, or can be k: it follows from no more than these sums. Where such a figure is not shown,
 * it is known to be no less than what is listed; an answer is not listed where that tells of a
 * small figure. A day is named whose figure is shown, and where there were k of the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reports/loading.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"

/* --- figures -------------------------------------------------------------- */

static struct row *answered_by(struct figures *f, const char *provider)
{
	for (size_t i = 0; i < f->providers.count; i++)
		if (!f->providers.row[i].rest && strcmp(f->providers.row[i].name, provider) == 0)
			return &f->providers.row[i];
	return NULL;
}

/* The day of the month where it may be named; else 0. */
static int day_to_name(const struct figures *f, int32_t day)
{
	const int d = day % 100;
	return day / 100 == day_number(f->month, 1) / 100 && d >= 1 && d <= f->days &&
			f->day[d - 1].state == CELL_SHOWN
		? d
		: 0;
}

/* They come by provider, the most frequent first. */
static int take_wording(void *context, const struct wording *w)
{
	struct month_report *r = context;
	struct figures *f = r->month;
	unsigned same = 0;
	for (unsigned i = 0; i < r->answers; i++)
		same += strcmp(r->answer[i].provider, w->provider) == 0;
	if (same == ANSWERS_SHOWN || r->answers == ANSWERS_MAX || w->count < r->k ||
		!answered_by(f, w->provider))
		return 0;
	struct answer_row *a = &r->answer[r->answers++];
	*a = (struct answer_row){ .column = column_of_class(w->klass),
		.category = w->category,
		.n = w->count,
		.first = day_to_name(f, w->first),
		.last = day_to_name(f, w->last) };
	memcpy(a->provider, w->provider, sizeof a->provider);
	memcpy(a->code, w->code, sizeof a->code);
	span_copy_text(a->text, sizeof a->text, span_of(w->text));
	return 0;
}

/* The figures that an answer is a part of. */
static struct cell *class_figure(struct figures *f, const struct answer_row *a)
{
	return &answered_by(f, a->provider)->column[a->column];
}

static struct cell *cause_figure(struct figures *f, const struct answer_row *a)
{
	return &f->category[a->column][a->category];
}

static bool same_provider(const struct answer_row *a, const struct answer_row *b)
{
	return a->column == b->column && strcmp(a->provider, b->provider) == 0;
}

static bool same_row(const struct answer_row *a, const struct answer_row *b)
{
	return strcmp(a->provider, b->provider) == 0;
}

static bool same_cause(const struct answer_row *a, const struct answer_row *b)
{
	return a->column == b->column && a->category == b->category;
}

/* Of the first COUNT answers those in the same figure as OF. */
static uint64_t listed_of(const struct month_report *r, unsigned count, const struct answer_row *of,
	bool (*same)(const struct answer_row *a, const struct answer_row *b))
{
	uint64_t n = 0;
	for (unsigned i = 0; i < count; i++)
		if (same(&r->answer[i], of))
			n += r->answer[i].n;
	return n;
}

/* A figure that is not shown is N at least. */
static bool bound_figure(struct cell *c, uint64_t n)
{
	if (c->state == CELL_SHOWN || c->least >= (int64_t)n)
		return false;
	c->least = (int64_t)n;
	return true;
}

static void forget_answer(struct month_report *r, unsigned i)
{
	memmove(&r->answer[i], &r->answer[i + 1], (r->answers - i - 1) * sizeof *r->answer);
	r->answers--;
}

/* One after the other, the most frequent first: what tells of a small figure is left out. */
static void list_below_hidden(struct month_report *r, const struct equations *q)
{
	struct figures *f = r->month;
	for (unsigned i = 0; i < r->answers;) {
		const struct answer_row *a = &r->answer[i];
		struct cell *class = class_figure(f, a), *cause = cause_figure(f, a);
		const struct cell class_before = *class, cause_before = *cause;
		bool said = bound_figure(class, listed_of(r, i + 1, a, same_provider));
		said |= bound_figure(cause, listed_of(r, i + 1, a, same_cause));
		bool small = class->state == CELL_SMALL || cause->state == CELL_SMALL;
		if (!small && (!said || suppress_holds(q))) {
			i++;
			continue;
		}
		*class = class_before;
		*cause = cause_before;
		forget_answer(r, i);
	}
}

/* Whether C is shown, and what is not listed of it is small, or the figures are of different ages.
 */
static bool leaves_little(const struct cell *c, uint64_t listed, unsigned k)
{
	return c->state == CELL_SHOWN && c->n != listed && (c->n < listed || c->n - listed < k);
}

/* The smallest answer with which too much would be told; their number: none. */
static unsigned telling_answer(struct month_report *r)
{
	unsigned least = r->answers;
	for (unsigned i = 0; i < r->answers; i++) {
		const struct answer_row *a = &r->answer[i];
		bool tells = leaves_little(class_figure(r->month, a),
			listed_of(r, r->answers, a, same_provider), r->k);
		tells |= leaves_little(
			cause_figure(r->month, a), listed_of(r, r->answers, a, same_cause), r->k);
		tells |= leaves_little(&answered_by(r->month, a->provider)->bounces,
			listed_of(r, r->answers, a, same_row), r->k);
		if (tells && (least == r->answers || a->n <= r->answer[least].n))
			least = i;
	}
	return least;
}

static int by_number(const void *a, const void *b)
{
	const struct answer_row *x = a, *y = b;
	int order;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if ((order = strcmp(x->provider, y->provider)) || (order = strcmp(x->code, y->code)) ||
		(order = strcmp(x->text, y->text)))
		return order;
	return (int)x->category - (int)y->category;
}

int answers_load(struct month_report *r, struct store *store, struct equations *q)
{
	const struct month m = r->month->month;
	if (store_wordings(store, day_number(m, 1), day_number(m, r->month->days), take_wording,
		    r) != STORE_OK)
		return -1;
	qsort(r->answer, r->answers, sizeof *r->answer, by_number);
	list_below_hidden(r, q);
	for (unsigned i; (i = telling_answer(r)) < r->answers;)
		forget_answer(r, i);
	return 0;
}

/* As the providers stand in their table by now. */
static int by_row(const void *a, const void *b)
{
	const struct answer_row *x = a, *y = b;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return by_number(a, b);
}

static int order_answers(struct month_report *r, struct store *store)
{
	(void)store;
	for (unsigned i = 0; i < r->answers; i++)
		r->answer[i].row = (size_t)(answered_by(r->month, r->answer[i].provider) -
			r->month->providers.row);
	qsort(r->answer, r->answers, sizeof *r->answer, by_row);
	return 0;
}

enum { QUIET_DAYS = 3 };

/* --- words ---------------------------------------------------------------- */

/* "12 October to 18 October"; "" where no day may be named. A month has quiet days at its ends. */
static const char *answer_days(
	const struct month_report *r, const struct answer_row *a, char *buffer, size_t size)
{
	char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
	struct sentence s = { buffer, 0, size };
	*buffer = '\0';
	if (!a->first || !a->last)
		return buffer;
	date_title(r->texts, r->month->month, a->first, first, sizeof first);
	date_title(r->texts, r->month->month, a->last, last, sizeof last);
	if (a->first == a->last)
		say_text(&s, first);
	else if (a->first <= QUIET_DAYS && a->last > r->month->days - QUIET_DAYS)
		say_text(&s, text_of(r->texts, "answers.always"));
	else
		FILL(&s, text_of(r->texts, "answers.days"), { "first", first }, { "last", last });
	return buffer;
}

/* What an answer calls for: by its cause, else by its class. */
static const char *answer_action(const struct month_report *r, const struct answer_row *a)
{
	const char *check = category_check(r->texts, a->category);
	return *check ? check : text_named(r->texts, "answers.do", column_name(a->column));
}

/* The same is said once. */
static bool action_is_new(const struct month_report *r, const struct answer_row *a)
{
	for (const struct answer_row *b = r->answer; b < a; b++)
		if (answer_action(r, b) == answer_action(r, a))
			return false;
	return true;
}

static const struct row *answer_provider(const struct month_report *r, unsigned i)
{
	return &r->month->providers.row[r->answer[i].row];
}

/* Whether answer I is its provider's first, or last. */
static bool begins_provider(const struct month_report *r, unsigned i)
{
	return i == 0 || r->answer[i - 1].row != r->answer[i].row;
}

static bool ends_provider(const struct month_report *r, unsigned i)
{
	return i + 1 == r->answers || r->answer[i + 1].row != r->answer[i].row;
}

/* What the answers of I's provider leave of its bounces; false: nothing, or it is not shown. */
static bool other_answers(const struct month_report *r, unsigned i, struct cell *other)
{
	*other = answer_provider(r, i)->bounces;
	other->n -= listed_of(r, r->answers, &r->answer[i], same_row);
	return other->state == CELL_SHOWN && other->n > 0;
}

/* --- formats -------------------------------------------------------------- */

static void write_answer(const struct month_report *r, xmlNode *parent, const struct answer_row *a)
{
	char days[2 * DATE_TEXT_SIZE + 16], date[32];
	const struct month m = r->month->month;
	const struct cell n = { .n = a->n };
	xmlNode *node = xml_element(parent, "answer");
	if (*a->code)
		xml_attribute(node, "code", a->code);
	xml_attribute(node, "class", column_name(a->column));
	xml_category(r, node, a->category);
	if (*answer_days(r, a, days, sizeof days)) {
		snprintf(date, sizeof date, "%04d-%02d-%02d", m.year, m.month, a->first);
		xml_attribute(node, "first", date);
		snprintf(date, sizeof date, "%04d-%02d-%02d", m.year, m.month, a->last);
		xml_attribute(node, "last", date);
		xml_attribute(node, "days", days);
	}
	xml_count(r, node, NULL, &n);
	xml_text(node, "text", *a->text ? a->text : text_of(r->texts, "answers.unsaid"));
	xml_text(node, "action", answer_action(r, a));
}

static void write_answers(const struct month_report *r, xmlNode *root)
{
	char title[REPORT_NAME_SIZE + 32];
	xmlNode *node = r->answers ? xml_element(root, "answers") : NULL, *provider = NULL;
	struct cell other;
	for (unsigned i = 0; i < r->answers; i++) {
		const struct row *row = answer_provider(r, i);
		if (begins_provider(r, i)) {
			provider = xml_element(node, "provider");
			xml_attribute(provider, "name", row->name);
			xml_attribute(provider, "title",
				row_title(r, row, ROW_PROVIDER, title, sizeof title));
		}
		write_answer(r, provider, &r->answer[i]);
		if (ends_provider(r, i) && other_answers(r, i, &other))
			xml_count(r, provider, "other", &other);
	}
}

static void print_answer(const struct page *p, const struct answer_row *a)
{
	enum { INDENT = PAGE_NUMBER_WIDTH + 3 };
	char line[SENTENCE_SIZE * 2], days[2 * DATE_TEXT_SIZE + 16];
	const struct cell n = { .n = a->n };
	struct sentence s = { line, 0, sizeof line };
	page_cell(p, &n);
	fputs("  ", p->out);
	snprintf(line, sizeof line, "%s%s%s", a->code, *a->code ? " " : "",
		*a->text ? a->text : page_text(p, "answers.unsaid"));
	page_hanging(p->out, line, INDENT);
	*line = '\0';
	say_text(&s, category_title(p->r->texts, a->category));
	if (*answer_days(p->r, a, days, sizeof days)) {
		say_text(&s, ", ");
		say_text(&s, days);
	}
	if (action_is_new(p->r, a)) {
		say_text(&s, ". ");
		say_text(&s, answer_action(p->r, a));
	}
	page_wrapped(p->out, line, INDENT + 2, INDENT + 2);
}

static void print_answers_lead(const struct page *p)
{
	char line[SENTENCE_SIZE] = "", k[16];
	struct sentence s = { line, 0, sizeof line };
	snprintf(k, sizeof k, "%u", p->r->k);
	FILL(&s, page_text(p, "answers.lead"), { "k", k });
	page_wrapped(p->out, line, 0, 0);
}

static void print_answers(const struct page *p)
{
	char title[REPORT_NAME_SIZE + 32];
	struct cell other;
	if (!p->r->answers)
		return;
	page_heading(p, "heading.answers");
	print_answers_lead(p);
	for (unsigned i = 0; i < p->r->answers; i++) {
		if (begins_provider(p->r, i))
			fprintf(p->out, "%s\n",
				row_title(p->r, answer_provider(p->r, i), ROW_PROVIDER, title,
					sizeof title));
		print_answer(p, &p->r->answer[i]);
		if (ends_provider(p->r, i) && other_answers(p->r, i, &other)) {
			page_cell(p, &other);
			fprintf(p->out, "  %s\n", page_text(p, "answers.other"));
		}
	}
}

const struct section section_answers = { order_answers, write_answers, print_answers };
