/*
 * What the figures of a month mean, in parts: against the month before (blame.c), the measures
 * (measures.c); findings.c puts them together.
 */
#ifndef RETOUR_REPORTS_FINDINGS_H
#define RETOUR_REPORTS_FINDINGS_H

#include "reports/model.h"

/* Whether the month before is known from its first day to its last. */
bool months_comparable(const struct month_report *r);
/*
 * Which way bounces, or complaints, went in proportion to what was sent: -1 they fell, 0 level, 1
 * they rose; level too where the difference is below k or a side is not shown.
 */
int change_direction(const struct month_report *r, bool complaints);
/*
 * The class (COLUMN_HARD …) that has most beyond what its mail would have brought, if that is half
 * of it again, k, and of weight; COLUMN_COUNT: none has. BUT is not asked for.
 */
unsigned risen_class(const struct month_report *r, unsigned but);
/* How bounces and complaints changed, to S, and where that lies. */
void say_change(const struct month_report *r, struct sentence *s);

/*
 * The measures of REPORT, which is R as XML, into R, the most urgent first. 0, or -1 with ERROR.
 */
int measures_find(struct month_report *r, xmlDoc *report, char *error, size_t size);

#endif
