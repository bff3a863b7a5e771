/* The parts of the month's model, each in a file of its own; month.c puts them together. */
#ifndef RETOUR_REPORTS_LOADING_H
#define RETOUR_REPORTS_LOADING_H

#include "reports/gather.h"

#define PROVIDER_NONE "other"           /* the store's word for receivers without a profile */
#define CAMPAIGN_NONE "other campaigns" /* and for campaigns beyond its bound */

/*
 * reports/figures.c: what is published of one month, already suppressed, into F, whose month and
 * days are set. FIRST_DAY: of all tallies. DAYS: NULL, or where the providers' attributed notices
 * go, by day and sorted; the mail that is neither bounce nor complaint goes into R then. 0, or -1.
 */
int figures_load(struct month_report *r, struct store *store, struct figures *f, int32_t first_day,
	struct gathering *days);

/*
 * reports/feedback.c: from which receivers complaints came, month by month, into R, whose months
 * are set: of the days FROM..TO, which begin FEEDBACK_MONTHS before the first month's end. 0, or
 * -1. Then: whether one came from PROVIDER within twelve months up to F's; and in F's alone.
 */
enum { FEEDBACK_MONTHS = 12 };
int feedback_load(struct month_report *r, struct store *store, int32_t from, int32_t to);
bool feedback_from(const struct month_report *r, const struct figures *f, const char *provider);
bool feedback_is_new(const struct month_report *r, const struct figures *f, const char *provider);

/*
 * reports/targets.c: judges F's targets, before its figures are suppressed; and what of it can be
 * said, afterwards.
 */
void judge_targets(struct figures *f, const struct report_options *o);
void settle_targets(struct figures *f, const struct report_options *o);

/* reports/course.c: the days that stand out, and what began on one, of the report's month. */
void course_find(struct month_report *r, const struct gathering *days);

#endif
