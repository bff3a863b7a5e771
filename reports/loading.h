/* The parts of the month's model, each in a file of its own; month.c puts them together. */
#ifndef RETOUR_REPORTS_LOADING_H
#define RETOUR_REPORTS_LOADING_H

#include "reports/gather.h"

#define PROVIDER_NONE "other"           /* the store's word for receivers without a profile */
#define CAMPAIGN_NONE "other campaigns" /* and for campaigns beyond its bound */

/* What is deferred: attempts in mail logs, of these throttled ones, delay notices by category. */
enum delay_column { DELAY_DEFERRED, DELAY_THROTTLED, DELAY_NOTICE };

/* The report's month by day: by provider, both sorted. */
struct course_days {
	struct gathering notices; /* attributed ones; of a month that is closed the day is 0 where
				     the store does not tell it any more */
	struct gathering busy;    /* those bounces on days of which a provider had k; no columns */
	uint64_t column[DAYS_MAX][COLUMN_COUNT]; /* the same of all providers, of each day */
	struct gathering sent;                   /* mails; without columns and categories */
	struct gathering delays;                 /* of the whole month, by enum delay_column */
};

/*
 * reports/published.c: what is published of one month, already suppressed, into F, whose month and
 * days are set. FIRST_DAY: of all tallies. DAYS: NULL, or where the month goes by day; its course
 * and the mail that is neither bounce nor complaint go into R then; the months before are there. 0,
 * or -1.
 */
int figures_load(struct month_report *r, struct store *store, struct figures *f, int32_t first_day,
	struct course_days *days);

/*
 * reports/sent.c: what was sent on the days FROM..TO, into F, whose tables are there, and by day
 * into DAYS (may be NULL), with deferrals. 0, or -1.
 */
int sent_load(struct month_report *r, struct store *store, struct figures *f, int32_t from,
	int32_t to, struct course_days *days);
/*
 * Marks the days of all months of which nobody said how much was sent, though of this weekday
 * somebody does as a rule.
 */
void sent_find_uncounted(struct month_report *r);
/*
 * Marks the rows of PROVIDERS that tell of complaints. Who reads the report learns of the others
 * that there was none, and of those from which none came before that there was one.
 */
void sent_mark_reporting(
	const struct month_report *r, struct figures *f, const struct gathering *providers);
/*
 * reports/sectionstreams.c: what came back of each stream on the days FROM..TO, into F, whose
 * campaigns are there: 0, or -1; and every way in which its figures follow from others, or others
 * from them.
 */
int streams_load(struct store *store, struct figures *f, int32_t from, int32_t to);
void stream_equations(struct equations *q, struct figures *f);
/*
 * reports/sectionanswers.c: what receivers said in R's month, whose figures are suppressed; Q: how
 * they follow from each other. 0, or -1.
 */
int answers_load(struct month_report *r, struct store *store, struct equations *q);
/* reports/delays.c: who takes mail late, into R, whose kinds of mail are counted. 0, or -1. */
int delays_find(struct month_report *r, const struct gathering *delays);

/*
 * Whether PART of WHOLE is out of proportion to SENT of ALL_SENT: true, too, where nobody knows how
 * much was sent.
 */
bool beyond_volume(uint64_t part, uint64_t whole, uint64_t sent, uint64_t all_sent);

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

/*
 * reports/withhold.c: before anything of F is hidden, the most frequent cause of each class, and
 * how often it is one, into MOST; and when it is, what words would say of figures that are not
 * shown is left out. Q: how they follow from each other.
 */
void most_frequent(struct figures *f, uint64_t most[COLUMN_COUNT]);
void withhold_rest(struct figures *f, const uint64_t most[COLUMN_COUNT], const struct equations *q,
	unsigned k);

/*
 * Whether words may say that each of COUNT cells, of which some are not shown, is LEAST or more; if
 * so that is known from now on.
 */
enum { TOLD_AT_ONCE = 4 };
bool may_be_told(
	struct cell *const cell[], size_t count, uint64_t least, const struct equations *q);

/*
 * reports/course.c: the days that stand out, and what began on one, of the report's month. Q: how
 * its figures follow from each other.
 */
void course_find(struct month_report *r, const struct course_days *days, const struct equations *q);

#endif
