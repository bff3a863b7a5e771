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

/* In their order; section_NAME of each lies in its file. */
#define MONTH_SECTIONS(X) \
	X(section_answers) \
	X(section_streams) \
	X(section_delays) \
	X(section_cohorts) \
	X(section_investigations) \
	X(section_typing) \
	X(section_summaries) \
	X(section_other_mail) \
	X(section_sites)
#define SECTION_EXTERN(name) extern const struct section name;
MONTH_SECTIONS(SECTION_EXTERN)
#undef SECTION_EXTERN
extern const struct section *const month_sections[]; /* ends with NULL */

#endif
