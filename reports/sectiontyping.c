/* Domains that miss a large provider's by one typing error. */
#include <stdio.h>
#include "reports/sections.h"
#include "reports/suppress.h"
#include "reports/xmlparts.h"

enum { TYPING_TITLE_WIDTH = 44 };

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

static int load_typing_errors(struct month_report *r, struct store *store)
{
	struct month m = r->month->month;
	if (store_typing_errors(store, day_number(m, 1), day_number(m, r->month->days), take_typing,
		    r) != STORE_OK)
		return -1;
	for (unsigned i = 0; i < r->typings; i++)
		suppress_alone(&r->typing[i].n, r->k);
	return 0;
}

static void write_typing_errors(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "typing-errors");
	for (unsigned i = 0; i < r->typings; i++) {
		xmlNode *domain = xml_element(node, "domain");
		if (*r->typing[i].domain)
			xml_attribute(domain, "name", r->typing[i].domain);
		xml_attribute(domain, "title",
			*r->typing[i].domain ? r->typing[i].domain : text_of(r->texts, "group."));
		xml_count(r, domain, NULL, &r->typing[i].n);
	}
}

static void print_typing_errors(const struct page *p)
{
	if (p->r->typings)
		page_heading(p, "heading.typing");
	for (unsigned i = 0; i < p->r->typings; i++) {
		page_left(p->out,
			*p->r->typing[i].domain ? p->r->typing[i].domain : page_text(p, "group."),
			TYPING_TITLE_WIDTH);
		page_cell(p, &p->r->typing[i].n);
		page_line(p);
	}
}

const struct section section_typing = { load_typing_errors, write_typing_errors,
	print_typing_errors };
