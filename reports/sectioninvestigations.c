/* Blocks that were looked into in the month. */
#include "classify/base/units.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"

enum { INVESTIGATED_WIDTH = 18, INVESTIGATED_CATEGORY_WIDTH = 35 };

/* One of a few blocks would name a receiver with less than k of them. */
static int take_month_investigation(void *context, const struct investigation *i)
{
	struct month_report *r = context;
	if (i->blocks >= r->k && i->opened < month_end(r->month->month) &&
		r->investigations < INVESTIGATIONS_MAX)
		r->investigation[r->investigations++] = *i;
	return 0;
}

static int load_investigations(struct month_report *r, struct store *store)
{
	struct month m = r->month->month;
	return store_investigations(store, take_month_investigation, r) == STORE_OK &&
			store_past_investigations(store, month_end(month_before(m, 1)),
				month_end(m), take_month_investigation, r) == STORE_OK
		? 0
		: -1;
}

static void write_investigations(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "investigations");
	char text[DATE_TEXT_SIZE];
	for (unsigned i = 0; i < r->investigations; i++) {
		const struct investigation *v = &r->investigation[i];
		xmlNode *n = xml_element(node, "investigation");
		xml_attribute(n, "provider", v->provider);
		xml_attribute(n, "provider-title", provider_title(r, v->provider));
		xml_category(r, n, v->category);
		xml_attribute(n, "opened", day_text(v->opened, text, sizeof text));
		if (v->closed)
			xml_attribute(n, "closed", day_text(v->closed, text, sizeof text));
		if (v->closed)
			xml_number(n, "days", (v->closed - v->opened) / DAY);
	}
}

static void print_investigations(const struct page *p)
{
	char opened[DATE_TEXT_SIZE], closed[DATE_TEXT_SIZE];
	if (!p->r->investigations)
		return;
	page_heading(p, "heading.investigations");
	for (unsigned i = 0; i < p->r->investigations; i++) {
		const struct investigation *v = &p->r->investigation[i];
		page_left(p->out, provider_title(p->r, v->provider), INVESTIGATED_WIDTH);
		page_left(p->out, category_title(p->r->texts, v->category),
			INVESTIGATED_CATEGORY_WIDTH);
		fprintf(p->out, " %s - %s\n", day_text(v->opened, opened, sizeof opened),
			v->closed ? day_text(v->closed, closed, sizeof closed)
				  : page_text(p, "investigations.open"));
	}
}

const struct section section_investigations = { load_investigations, write_investigations,
	print_investigations };
