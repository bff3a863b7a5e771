#include "reports/sections.h"

#define SECTION_AT(name) &name,
const struct section *const month_sections[] = { MONTH_SECTIONS(SECTION_AT) NULL };
