/*
 * What stands beside the figures in the report's text: what became of soft bounces, investigations,
 * typing errors, the other mail; retention and how to read it.
 */
#include "reports/textpage.h"

#include <stdio.h>
#include <string.h>

enum { BESIDE_NAME_WIDTH = 25, BESIDE_MAILBOX_WIDTH = 18, BESIDE_TITLE_WIDTH = 44 };

static void print_delays(const struct page *p)
{
	struct grid g = { 0 };
	if (!p->r->delays)
		return;
	page_heading(p, "heading.delays");
	grid_row(&g, page_text(p, "column.provider"));
	grid_figure(&g, page_text(p, "column.deferred"));
	grid_figure(&g, page_text(p, "column.throttled"));
	grid_figure(&g, page_text(p, "column.delay"));
	for (unsigned i = 0; i < p->r->delays; i++) {
		const struct delay_row *row = &p->r->delay[i];
		grid_row(&g, provider_title(p->r, row->name));
		grid_cell(p, &g, &row->deferred);
		grid_cell(p, &g, &row->throttled);
		grid_cell(p, &g, &row->notices);
	}
	grid_print(p, &g);
	for (unsigned i = 0; i < p->r->delays; i++)
		if (p->r->delay[i].cause != CATEGORY_NONE)
			fprintf(p->out, "%s: %s\n", provider_title(p->r, p->r->delay[i].name),
				category_title(p->r->texts, p->r->delay[i].cause));
}

static void print_cohorts(const struct page *p)
{
	char title[DATE_TEXT_SIZE];
	struct grid g = { 0 };
	if (!p->r->cohorts)
		return;
	page_heading(p, "heading.cohorts");
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
	page_heading(p, "heading.investigations");
	for (unsigned i = 0; i < p->r->investigations; i++) {
		const struct investigation *v = &p->r->investigation[i];
		page_left(p->out, v->provider, BESIDE_MAILBOX_WIDTH);
		page_left(p->out, category_title(p->r->texts, v->category), BESIDE_NAME_WIDTH + 10);
		fprintf(p->out, " %s - %s\n", day_text(v->opened, opened, sizeof opened),
			v->closed ? day_text(v->closed, closed, sizeof closed)
				  : page_text(p, "investigations.open"));
	}
}

static void print_typing_errors(const struct page *p)
{
	if (p->r->typings)
		page_heading(p, "heading.typing");
	for (unsigned i = 0; i < p->r->typings; i++) {
		page_left(p->out,
			*p->r->typing[i].domain ? p->r->typing[i].domain : page_text(p, "group."),
			BESIDE_TITLE_WIDTH);
		page_cell(p, &p->r->typing[i].n);
		page_line(p);
	}
}

/* A grid at a time: there may be more mailboxes than it has rows. */
static void mailboxes(const struct page *p)
{
	const struct month_report *r = p->r;
	for (size_t i = 0; i < r->mailboxes;) {
		struct grid g = { 0 };
		page_line(p);
		grid_row(&g, page_text(p, "column.mailbox"));
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
	page_heading(p, "heading.origins");
	page_left(p->out, "", BESIDE_TITLE_WIDTH);
	page_right(p->out, page_text(p, "column.bounces"), PAGE_NUMBER_WIDTH + 1);
	page_right(p->out, page_text(p, "column.complaint"), PAGE_NUMBER_WIDTH + 5);
	page_line(p);
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		page_left(p->out, text_named(r->texts, "origin", origin_name((unsigned)o)),
			BESIDE_TITLE_WIDTH);
		page_cell(p, &r->month->origin[o][0]);
		page_blanks(p->out, 4);
		page_cell(p, &r->month->origin[o][1]);
		page_line(p);
	}
	page_wrapped(p->out, page_text(p, "origins.lead"), 0, 0);
	page_heading(p, "heading.mailboxes");
	for (unsigned k = 0; k < KIND_COUNT; k++)
		if (*text_named(r->texts, "kind", kind_name(k))) {
			page_left(p->out, text_named(r->texts, "kind", kind_name(k)),
				BESIDE_TITLE_WIDTH);
			page_cell(p, &r->kind[k]);
			page_line(p);
		}
	mailboxes(p);
	page_heading(p, "heading.contacts");
	fprintf(p->out, "%s\n", page_text(p, "contacts.lead"));
	for (unsigned s = 0; s < STATE_COUNT; s++)
		if (r->state[s].n > 0 || r->state[s].state != CELL_SHOWN) {
			page_left(p->out, text_named(r->texts, "state", contact_state_name(s)),
				BESIDE_TITLE_WIDTH);
			page_cell(p, &r->state[s]);
			page_line(p);
		}
}

static void ledger_entry(const struct page *p, const char *id, const struct ledger_entry *e)
{
	char hash[LEDGER_HASH_SIZE * 2 + 1], number[32], line[SENTENCE_SIZE] = "";
	struct sentence s = { line, 0, sizeof line };
	snprintf(number, sizeof number, "%lld", (long long)e->number);
	FILL(&s, page_text(p, id), { "n", number });
	fprintf(p->out, "%s\n  %s\n", line, hash_text(e->hash, hash));
}

static void print_retention(const struct page *p, bool mail)
{
	page_heading(p, "heading.retention");
	page_wrapped(p->out, p->r->retention, 0, 0);
	if (p->r->closing.number)
		ledger_entry(p, "retention.closing", &p->r->closing);
	if (mail && p->r->head.number)
		ledger_entry(p, "retention.head", &p->r->head);
	if (mail && p->r->options->signing_key) {
		page_wrapped(p->out, page_text(p, "retention.signed"), 0, 0);
		fprintf(p->out, "  %s\n", p->r->options->signing_key);
	}
}

static void method(const struct page *p)
{
	char line[SENTENCE_SIZE * 2] = "", k[16], hidden[16], id[48], term[48];
	struct sentence s = { line, 0, sizeof line };
	snprintf(k, sizeof k, "%u", p->r->k);
	snprintf(hidden, sizeof hidden, "%u", p->r->hidden);
	page_heading(p, "heading.method");
	FILL(&s, page_text(p, "method.zone"),
		{ "zone", p->r->options->timezone ? p->r->options->timezone : "UTC" });
	say_text(&s, " ");
	FILL(&s, page_text(p, "method.k"), { "k", k });
	say_text(&s, " ");
	FILL(&s, page_text(p, "method.hidden"), { "n", hidden });
	say_text(&s, " ");
	say_text(&s, page_text(p, "method.address"));
	page_wrapped(p->out, line, 0, 0);
	for (const char *const *d = report_definitions; *d; d++) {
		snprintf(id, sizeof id, "define.%s", *d);
		snprintf(term, sizeof term, "define.%s.term", *d);
		snprintf(line, sizeof line, "%s: %s", page_text(p, term), page_text(p, id));
		page_wrapped(p->out, line, 0, 2);
	}
}

void page_beside(const struct page *p)
{
	print_delays(p);
	print_cohorts(p);
	print_investigations(p);
	print_typing_errors(p);
	print_other_mail(p);
}

void page_end(const struct page *p, bool mail)
{
	print_retention(p, mail);
	method(p);
}
