/* What became of those who went soft, by the month in which they did. */
#include "reports/sections.h"
#include "reports/suppress.h"
#include "reports/xmlparts.h"

static int take_cohort(void *context, const struct cohort *c)
{
	struct month_report *r = context;
	if (r->cohorts == COHORTS_SHOWN)
		return 0;
	struct cohort_row *row = &r->cohort[r->cohorts++];
	row->month = (struct month){ c->month / 100, c->month % 100 };
	for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++) {
		row->outcome[o].n = c->count[o];
		suppress_present(&row->outcome[o], r->k, r->running);
	}
	return 0;
}

static int load_cohorts(struct month_report *r, struct store *store)
{
	struct month m = r->month->month, first = month_before(m, COHORTS_SHOWN - 1);
	return store_cohorts(store, first.year * 100 + first.month, m.year * 100 + m.month,
		       take_cohort, r) == STORE_OK
		? 0
		: -1;
}

static void write_cohorts(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "cohorts");
	char text[DATE_TEXT_SIZE];
	for (unsigned i = r->cohorts; i-- > 0;) {
		xmlNode *cohort = xml_element(node, "cohort");
		xml_attribute(cohort, "id", month_name(r->cohort[i].month, text, sizeof text));
		xml_attribute(cohort, "title",
			month_title(r->texts, r->cohort[i].month, text, sizeof text));
		for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
			xml_count(r, cohort, cohort_outcome_name(o), &r->cohort[i].outcome[o]);
	}
}

static void print_cohorts(const struct page *p)
{
	char title[DATE_TEXT_SIZE];
	struct grid g = { 0 };
	if (!p->r->cohorts)
		return;
	page_heading(p, "heading.cohorts");
	page_wrapped(p->out, page_text(p, "cohorts.lead"), 0, 0);
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

const struct section section_cohorts = { load_cohorts, write_cohorts, print_cohorts };
