/* The other mail: by what proves its origin, by kind, by mailbox; and the contacts as they stand.
 */
#include "reports/sections.h"
#include "reports/xmlparts.h"

enum { OTHER_TITLE_WIDTH = 44 };

/*
 * How many hard bounces were of recipients who are suppressed, where neither they nor the others
 * are fewer than k; that they are most of them, where half are k or more.
 */
static void write_gone(const struct month_report *r, xmlNode *node)
{
	const struct cell *hard = &r->month->column[COLUMN_HARD];
	const uint64_t n = r->gone_refused, k = r->k;
	if (r->gone_delivered >= k && r->gone_delivered)
		xml_attribute(node, "delivered", "true");
	if (hard->state != CELL_SHOWN || n > hard->n || n < k || !n)
		return;
	if (n == hard->n || hard->n - n >= k)
		xml_number(node, "refused", (long long)n);
	else if (hard->n >= 2 * k && n * 2 > hard->n)
		xml_attribute(node, "refused", "most");
}

static void write_other_mail(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "origins");
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		xmlNode *origin = xml_element(node, "origin");
		xml_attribute(origin, "id", origin_name((unsigned)o));
		xml_attribute(
			origin, "title", text_named(r->texts, "origin", origin_name((unsigned)o)));
		xml_attribute(origin, "attributed", o >= ORIGIN_MATCHED ? "true" : "false");
		xml_count(r, origin, "bounces", &r->month->origin[o][0]);
		xml_count(r, origin, "complaint", &r->month->origin[o][1]);
	}
	node = xml_element(root, "other-mail");
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		const char *title = text_named(r->texts, "kind", kind_name(k));
		if (!*title)
			continue;
		xmlNode *kind = xml_element(node, "kind");
		xml_attribute(kind, "id", kind_name(k));
		xml_attribute(kind, "title", title);
		xml_count(r, kind, NULL, &r->kind[k]);
	}
	node = xml_element(root, "mailboxes");
	for (size_t i = 0; i < r->mailboxes; i++) {
		xmlNode *mailbox = xml_element(node, "mailbox");
		xml_attribute(mailbox, "name", r->mailbox[i].name);
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			xml_count(r, mailbox, outcome_name(o), &r->mailbox[i].outcome[o]);
	}
	node = xml_element(root, "contacts");
	write_gone(r, node);
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		xmlNode *state = xml_element(node, "state");
		xml_attribute(state, "id", contact_state_name(s));
		xml_attribute(state, "title", text_named(r->texts, "state", contact_state_name(s)));
		xml_count(r, state, NULL, &r->state[s]);
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
	page_left(p->out, "", OTHER_TITLE_WIDTH);
	page_right(p->out, page_text(p, "column.bounces"), PAGE_NUMBER_WIDTH + 1);
	page_right(p->out, page_text(p, "column.complaint"), PAGE_NUMBER_WIDTH + 5);
	page_line(p);
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		page_left(p->out, text_named(r->texts, "origin", origin_name((unsigned)o)),
			OTHER_TITLE_WIDTH);
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
				OTHER_TITLE_WIDTH);
			page_cell(p, &r->kind[k]);
			page_line(p);
		}
	mailboxes(p);
	page_heading(p, "heading.contacts");
	unsigned states = 0;
	for (unsigned s = 0; s < STATE_COUNT; s++)
		states += r->state[s].n > 0 || r->state[s].state != CELL_SHOWN;
	fprintf(p->out, "%s%s%s\n", page_text(p, "contacts.lead"), states ? "" : " ",
		states ? "" : page_text(p, "contacts.none"));
	for (unsigned s = 0; s < STATE_COUNT; s++)
		if (r->state[s].n > 0 || r->state[s].state != CELL_SHOWN) {
			page_left(p->out, text_named(r->texts, "state", contact_state_name(s)),
				OTHER_TITLE_WIDTH);
			page_cell(p, &r->state[s]);
			page_line(p);
		}
}

const struct section section_other_mail = { NULL, write_other_mail, print_other_mail };
