#include "reports/sections.h"

const struct section *const month_sections[] = { &section_streams, &section_delays,
	&section_cohorts, &section_investigations, &section_typing, &section_summaries,
	&section_other_mail, NULL };
