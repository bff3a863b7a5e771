/*
 * The sections that stand beside the month's figures. All about one lies in a file of its own: what
 * it asks the store, its XML, its text; the list says in which order they come.
 */
#ifndef RETOUR_REPORTS_SECTIONS_H
#define RETOUR_REPORTS_SECTIONS_H

#include "reports/textpage.h"

struct section {
	int (*load)(
		struct month_report *r, struct store *store); /* NULL: the model has it; 0, -1 */
	void (*write)(const struct month_report *r, xmlNode *root);
	void (*print)(const struct page *p);
};

extern const struct section section_delays, section_cohorts, section_investigations, section_typing,
	section_summaries, section_streams, section_other_mail;
extern const struct section *const month_sections[]; /* ends with NULL */

#endif
