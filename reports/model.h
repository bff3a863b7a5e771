/*
 * The month as figures, before any format: what reports/month.c loads from the store, already
 * suppressed, and what the formats (xml.c, text.c) and the texts about it (findings.c) read.
 * Nothing in it can say more than the report may.
 */
#ifndef RETOUR_REPORTS_MODEL_H
#define RETOUR_REPORTS_MODEL_H

#include <libxml/tree.h>
#include "reports/reports.h"
#include "reports/suppress.h"
#include "reports/texts.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/figures.h"

/* The columns of every table: the classes, failures without one, complaints. */
#define REPORT_COLUMNS(X) \
	X(COLUMN_HARD, "hard") \
	X(COLUMN_SOFT, "soft") \
	X(COLUMN_BLOCK, "block") \
	X(COLUMN_UNDETERMINED, "undetermined") \
	X(COLUMN_COMPLAINT, "complaint")
#define REPORT_ENUM(symbol, name) symbol,
enum column { REPORT_COLUMNS(REPORT_ENUM) COLUMN_COUNT };
const char *column_name(unsigned c);
/* The column of failures of class KLASS. */
enum column column_of_class(unsigned klass);

/* How mailboxes' messages ended, as the store names it. */
#define REPORT_OUTCOMES(X) \
	X(OUTCOME_NEW, "new") \
	X(OUTCOME_DUPLICATE, "duplicate") \
	X(OUTCOME_UNRECOGNISED, "unrecognised") \
	X(OUTCOME_QUARANTINED, "quarantined") \
	X(OUTCOME_NOT_HONOURED, "not-honoured")
enum outcome_column { REPORT_OUTCOMES(REPORT_ENUM) OUTCOME_COUNT };
const char *outcome_name(unsigned o);

/* What the month is held to, each of the mail sent. */
#define REPORT_TARGETS(X) \
	X(TARGET_HARD, "hard") \
	X(TARGET_BOUNCES, "bounces") \
	X(TARGET_COMPLAINT, "complaint")
enum target { REPORT_TARGETS(REPORT_ENUM) TARGET_COUNT };
const char *target_name(unsigned t);
#undef REPORT_ENUM
/*
 * Whether a target is kept, as far as that may be said: a verdict on a small count would bound it.
 */
enum judged { JUDGED_NOT, JUDGED_UNTOLD, JUDGED_MET, JUDGED_MISSED };

enum {
	ROWS_SHOWN = 12, /* providers, campaigns: what lies beyond is summed in one row */
	WORST_SHOWN = 3, /* causes of a row */
	MONTHS_SHOWN = 12,
	DAYS_MAX = 31,
	STANDOUTS_MAX = 4,
	INCIDENTS_MAX = 8,
	MILESTONES_MAX = 40,
	COHORTS_SHOWN = 6,
	INVESTIGATIONS_MAX = 24,
	TYPING_SHOWN = 8,
	MEASURES_MAX = 7,
	REPORT_NAME_SIZE = EVENT_CAMPAIGN_SIZE,
	SENTENCE_SIZE = 640,
};

struct row {
	char name[REPORT_NAME_SIZE]; /* "": campaign unknown */
	unsigned folded;             /* 0, or: this row sums so many that are not shown by name */
	bool rest;
	unsigned group; /* of providers, enum domain_group; of campaigns, the place of their stream
			 */
	struct cell bounces, column[COLUMN_COUNT];
	struct cell sent;      /* mails; 0: not known */
	bool reports;          /* of providers: it tells of complaints, or one it folds does */
	struct cell reporting; /* of what was sent, to receivers that tell of complaints */
	struct cell silent;    /* and to those that do not: not shown */
	enum judged judged[TARGET_COUNT]; /* of campaigns hard bounces and complaints, of providers
					     complaints */
	enum category worst[WORST_SHOWN]; /* the most frequent causes, each of k or more;
					     CATEGORY_NONE at the end */
};

struct table {
	struct row *row;
	size_t count;
};

/* A stream of our mail; the last row sums what is of none. */
enum { STREAMS_SHOWN = 24 };
struct stream_row {
	struct row row;
	struct cell optout;
	struct cell elsewhere[COLUMN_COUNT + 1]; /* of each column and of the bounces: what stands
						    in no row of a campaign of it; not printed */
};

/*
 * What is published about one month; its suppression depends on nothing but the month, so every
 * report that shows it shows the same.
 */
struct figures {
	struct month month;
	int days;
	bool covered; /* the store reaches back into the month */
	bool partial; /* but not to its first day */
	struct cell bounces, column[COLUMN_COUNT];
	struct cell sent;              /* mails; 0: not known, and there are no rates */
	struct cell reporting, silent; /* of these, to receivers that tell of complaints; to the
					  others, not printed */
	bool all_report; /* there are no others: REPORTING is SENT, in each row, too */
	enum judged judged[TARGET_COUNT]; /* of the month as a whole */
	struct cell unlisted[2]; /* of these, those that stand in no row of providers, of campaigns;
				    not printed */
	struct cell unlisted_reporting[2], unlisted_silent[2];
	int sent_days;      /* days of which that is known */
	uint32_t sent_mask; /* which: bit n, the n-th day, from 1 */
	uint32_t uncounted; /* and on which nobody said so, though as a rule somebody does */
	struct cell category[COLUMN_COUNT][CATEGORY_COUNT];
	enum category mostly[COLUMN_COUNT]; /* of the causes of a class that are not shown, the one
					       that is more than half; else CATEGORY_NONE */
	char leader[CATEGORY_COUNT][EVENT_PROVIDER_SIZE]; /* the provider that answers for half of a
							     category or more; "" */
	struct cell day[DAYS_MAX];                        /* bounces */
	struct cell origin[ORIGIN_COUNT][2];              /* bounces, complaints */
	struct table providers, campaigns;
	struct stream_row *stream; /* by name; NULL: nothing came back of any */
	size_t streams;
	struct table groups; /* only their bounces and what was sent: classes would cost too many
				cells elsewhere */
	struct cell folded[DOMAIN_GROUP_COUNT]; /* bounces of the providers without a row: not
						   shown, but to be concluded */
};

/* A receiver from which complaints came: bit n, in the n-th month before the report's. */
struct complaining_receiver {
	char name[EVENT_PROVIDER_SIZE];
	uint32_t months;
};
struct complaining {
	struct complaining_receiver *receiver;
	size_t count;
};

struct standout {
	int day; /* 1 to 31 */
	unsigned column;
	char provider[EVENT_PROVIDER_SIZE]; /* ""; else half of the day's bounces or more */
};

/* From a day on there is much more of a cause at a provider than before it. */
struct incident {
	char provider[EVENT_PROVIDER_SIZE];
	enum category category;
	int day;
	uint64_t n; /* orders them; never shown */
};

/* A provider that takes mail late. */
struct delay_row {
	char name[REPORT_NAME_SIZE];
	struct cell deferred;  /* attempts, by mail logs */
	struct cell throttled; /* of these, those answered with 421 or 4.7.x */
	struct cell notices;   /* delay notices */
	enum category cause;   /* of half of these or more; else CATEGORY_NONE */
};

struct mailbox_row {
	char name[STORE_NAME_SIZE];
	struct cell outcome[OUTCOME_COUNT];
};

/* Who went soft in a month (UTC), by what became of them. */
struct cohort_row {
	struct month month;
	struct cell outcome[COHORT_OUTCOME_COUNT];
};

/* What receivers said of a provider's bounces, and how often. */
enum { ANSWERS_SHOWN = 3 /* of a provider */, ANSWERS_MAX = ROWS_SHOWN * ANSWERS_SHOWN };
struct answer_row {
	char provider[EVENT_PROVIDER_SIZE];
	size_t row; /* of the providers' table */
	unsigned column;
	enum category category;
	char code[WORDING_CODE_SIZE], text[WORDING_TEXT_SIZE];
	uint64_t n;      /* k or more */
	int first, last; /* days of the month with k or more; 0: none that may be named */
};

struct typing_row {
	char domain[STORE_DOMAIN_SIZE]; /* "": all others */
	struct cell n;
};

/* What receivers report of our domains. Counts of infrastructure: k does not apply to them. */
enum { SOURCES_SHOWN = 12, BREAKS_SHOWN = 12, SESSIONS_SHOWN = 24 };
struct reported {
	/* of which its figures are: reports that are proven to be the receiver's, if there are any
	 */
	bool verified[SUMMARY_KIND_COUNT];
	uint64_t receivers[SUMMARY_KIND_COUNT];
	struct summary_told apart[SUMMARY_KIND_COUNT]; /* of no proven origin, and not counted */
	struct alignment_source source[SOURCES_SHOWN + 1]; /* the last one is all others */
	unsigned sources;
	struct alignment_source own; /* the sum of all that are known */
	struct alignment_break broken[BREAKS_SHOWN];
	unsigned breaks;
	struct tls_sessions session[SESSIONS_SHOWN];
	unsigned sessions;
	uint64_t sessions_all, sessions_well;
};

struct comment {
	int64_t at;
	char *text;
};

/* "3,412", "<10", "≥10", "12.34 %". */
enum { COUNT_TEXT_SIZE = 32, DATE_TEXT_SIZE = 48 };
enum verdict_state { MONTH_FIRST, MONTH_BETTER, MONTH_STEADY, MONTH_WORSE };
enum targets_state { TARGETS_UNKNOWN, TARGETS_MET, TARGETS_MISSED, TARGETS_UNTOLD };

struct measure {
	char id[32], urgency[16], owner[64], action[SENTENCE_SIZE], because[SENTENCE_SIZE];
	double weight;
};

/* Something that happened in the month, as the time line tells it. */
enum milestone_kind {
	MILESTONE_UNREAD,
	MILESTONE_ALERT,
	MILESTONE_SINCE,
	MILESTONE_DAY,
	MILESTONE_UNCOUNTED,
	MILESTONE_KIND_COUNT
};
struct milestone {
	int64_t from, to; /* TO 0: it went on when the month was over */
	bool days;        /* known to the day: TO is the last one's beginning */
	enum milestone_kind kind;
	char text[SENTENCE_SIZE];
};

/* A site whose figures are in the report. */
enum { SITES_SHOWN = 64 };
struct told_site {
	char name[STORE_NAME_SIZE];
	bool own, complete;
	int64_t until; /* 0: nothing has come */
};

struct month_report {
	const struct report_options *options;
	struct texts *texts;
	unsigned k;
	struct figures month[MONTHS_SHOWN]; /* [0] is the report's, [1] the one before, … */
	struct complaining complaining;
	uint64_t usual_day; /* the median of the days */
	struct standout standout[STANDOUTS_MAX];
	unsigned standouts;
	struct incident incident[INCIDENTS_MAX];
	unsigned incidents;
	struct told_site site[SITES_SHOWN]; /* in a report for several */
	unsigned sites;
	char sites_told[SENTENCE_SIZE];
	struct cohort_row cohort[COHORTS_SHOWN];
	unsigned cohorts;
	struct answer_row answer[ANSWERS_MAX]; /* by provider, the most frequent first */
	unsigned answers;
	struct delay_row delay[ROWS_SHOWN]; /* the most deferrals first */
	unsigned delays;
	struct milestone milestone[MILESTONES_MAX]; /* in the order of time */
	unsigned milestones;
	struct investigation investigation[INVESTIGATIONS_MAX]; /* of k blocks or more */
	unsigned investigations;
	struct typing_row typing[TYPING_SHOWN + 1];
	unsigned typings;
	struct reported reported;
	struct comment comment[STORE_COMMENTS_MAX];
	unsigned comments;
	struct cell kind[KIND_COUNT]; /* mail that is neither bounce nor complaint */
	struct mailbox_row *mailbox;
	size_t mailboxes;
	struct cell state[STATE_COUNT];
	uint64_t gone_refused, gone_delivered; /* mail to recipients who are suppressed as gone; not
						  shown, but said where nothing small follows */
	struct purge held;
	bool running;     /* the month is not over: its figures go up to the day before today */
	bool ledger_torn; /* its chain does not hold */
	struct ledger_entry closing; /* the last entry of the month; number 0: none */
	struct ledger_entry purged;  /* the last purge of the month */
	struct ledger_entry head;    /* now; only the mail shows it */
	enum verdict_state verdict;
	enum targets_state targets;
	bool quiet;
	unsigned hidden; /* counts of the report that are printed as a bound */
	char sentence[SENTENCE_SIZE], note[SENTENCE_SIZE], retention[SENTENCE_SIZE];
	struct measure measure[MEASURES_MAX];
	unsigned measures;
};

/* --- findings (reports/findings.c) --- */

/* Verdict, notes, measures, from the figures as shown. 0, or -1 with ERROR. */
int month_findings(struct month_report *r, char *error, size_t size);

/* --- reports/words.c: names and numbers as people read them, in the report's language, whatever
 * the locale --- */
const char *category_title(const struct texts *t, unsigned category);
/* Of a class of data that is kept; its name where the catalogue has none. */
const char *held_title(const struct texts *t, const char *name);
const char *category_check(const struct texts *t,
	unsigned category); /* what to look at first; "" where the category calls for nothing */
enum row_kind { ROW_PROVIDER, ROW_CAMPAIGN, ROW_GROUP, ROW_STREAM };
const char *row_title(const struct month_report *r, const struct row *row, enum row_kind kind,
	char *buffer, size_t size);
/* "hard bounces" within a sentence; COLUMN_COUNT: "bounces". */
const char *column_words(const struct texts *t, unsigned column);
/* "Gmail", for "gmail": what the catalogue says, else the profile, else the name as it is. */
const char *provider_title(const struct month_report *r, const char *name);
const char *month_title(
	const struct texts *t, struct month m, char *buffer, size_t size); /* "October 2026" */
const char *month_name(struct month m, char *buffer, size_t size);         /* "2026-10" */
const char *date_title(const struct texts *t, struct month m, int day, char *buffer,
	size_t size); /* "12 October" */
int days_of_month(struct month m);
int days_in(uint32_t mask);                  /* of a month, a bit each */
int32_t day_number(struct month m, int day); /* YYYYMMDD */
int64_t month_end(struct month m);           /* when it is over */
const char *weekday_name(const struct texts *t, struct month m, int day);
const char *number_text(const struct texts *t, uint64_t n, char *buffer, size_t size);
const char *cell_text(
	const struct month_report *r, const struct cell *c, char *buffer, size_t size);
const char *rate_text(const struct texts *t, long ppm, char *buffer, size_t size); /* "1.84 %" */
const char *limit_text(
	const struct texts *t, long ppm, char *buffer, size_t size); /* "2 %", "0.1 %" */
const char *percent_text(const struct texts *t, long percent, bool sign, char *buffer, size_t size);
const char *period_words(
	const struct texts *t, int64_t seconds, char *buffer, size_t size); /* "180 days" */
/* The same in English, for evidence. */
const char *period_text(int64_t seconds, char *buffer, size_t size);
const char *utc_text(int64_t at, char *buffer, size_t size); /* "2026-10-31 03:15 UTC" */
const char *day_text(
	int64_t at, char *buffer, size_t size); /* "2026-10-31", of a day's beginning in UTC */
const char *hash_text(
	const unsigned char hash[LEDGER_HASH_SIZE], char buffer[LEDGER_HASH_SIZE * 2 + 1]);
/* Change in percent, rounded, where both are shown and BEFORE is not 0. */
bool change_percent(const struct cell *now, const struct cell *before, long *percent);
/* Share in tenths of a percent, where both are shown. */
bool share_permille(const struct cell *part, const struct cell *whole, unsigned *permille);
/*
 * What is not shown of a row's or a month's bounces by class, in one sum; false where nothing is
 * left out, or it is all of them, or it cannot be told.
 */
bool other_bounces(
	const struct cell *bounces, const struct cell column[COLUMN_COUNT], struct cell *other);
/* The column in which notices of this cause are counted. */
enum column figure_column_of_category(enum category category);
/* The same of the causes of a class; and what that sum is called. */
bool other_causes(const struct figures *f, unsigned column, struct cell *other);
const char *other_causes_title(
	const struct month_report *r, unsigned column, char *buffer, size_t size);
/* PART of what was sent, in parts per million, where both are shown and it is no more than that. */
bool rate_of(const struct cell *part, const struct cell *sent, long *ppm);

/* The categories of a column that are shown and not 0, the largest first. Returns how many. */
struct ranked {
	unsigned category;
	uint64_t n;
};
size_t category_ranking(
	const struct figures *f, unsigned column, struct ranked list[CATEGORY_COUNT]);

/* The row of a name, or NULL. */
const struct row *table_find(const struct table *t, const char *name);
/* The row of a domain group; those that are not known come last. */
struct row *table_group(struct figures *f, unsigned group);
/* A count that is shown, else 0. */
uint64_t figure_shown(const struct cell *c);
/* Bounces and complaints that are shown: what weights are compared with. */
uint64_t figure_notices(const struct figures *f);
/* The cell that a target is about; its limit in parts per million. */
const struct cell *target_cell(const struct figures *f, unsigned target);
struct cell *target_of(struct figures *f, unsigned target);
long target_limit(const struct report_options *o, unsigned target);
/* The rows of a table that miss a target. */
struct missing_rows {
	const struct row *worst; /* that of the highest rate; one whose rate is not shown where
				    there is no other; NULL: none */
	unsigned missed;
	unsigned untold; /* too small to be judged */
};
struct missing_rows rows_missing(const struct table *t, unsigned target);
/* Whether the month, or one of its campaigns or receivers, misses a target. */
bool target_missed(const struct month_report *r, unsigned target);
/* What a target's cell is held against: what was sent, of complaints what could draw one. */
const struct cell *target_base(const struct figures *f, unsigned target);
/* The same of a row and a column. */
const struct cell *row_base(const struct row *row, unsigned column);
/* From which day on there is much more of CATEGORY at PROVIDER (NULL: anywhere); 0: no such day. */
int incident_day(const struct month_report *r, unsigned category, const char *provider);

/* --- reports/timeline.c --------------------------------------------------- */
/* What happened between BEGIN and END of the month, into R, whose figures and course are there. 0,
 * or -1. */
int timeline_find(struct month_report *r, struct store *store, int64_t begin, int64_t end);
const char *milestone_kind_name(unsigned kind);
/* "12 October, 09:00–14:00"; and as other programs read it, "2026-10-12T09:00", of a day alone
 * "2026-10-12". */
const char *milestone_when(
	const struct month_report *r, const struct milestone *m, char *buffer, size_t size);
const char *milestone_stamp(const struct milestone *m, int64_t at, char *buffer, size_t size);

/* --- reports/definitions.c: what the words of the report mean, in the order in which they are
 * explained --- */
extern const char *const report_definitions[]; /* ids: define.ID.term, define.ID; ends with NULL */
/* Causes that lie in how mail is sent, not in what or to whom. */
extern const enum category infrastructure_categories[]; /* ends with CATEGORY_NONE */
bool is_infrastructure(unsigned category);

/* --- reports/xml.c -------------------------------------------------------- */
xmlDoc *month_report_document(
	const struct month_report *r); /* NULL: no memory. Freed with xmlFreeDoc() */
int month_report_xml(const struct month_report *r, struct buffer *out, char *error, size_t size);
/* --- reports/html.c ------------------------------------------------------- */
struct stylesheet {
	const char *path; /* a file instead of what is compiled in; NULL: none */
	const char *name, *text;
	size_t n;
};
struct parameter {
	const char *name, *value;
};
/*
 * Applies a stylesheet to DOC (NULL: there was no memory for it). PARAMETERS end with a NULL name.
 */
int html_transform(xmlDoc *doc, const struct stylesheet *from, const struct parameter *parameters,
	struct buffer *out, char *error, size_t size);
enum html_shape { HTML_PAGE, HTML_MAIL, HTML_INDEX };
/* MONTHS: for the index, "2026-10 2026-09 …"; else NULL. */
int month_report_html(const struct month_report *r, enum html_shape shape, const char *months,
	struct buffer *out, char *error, size_t size);
/* --- reports/text.c ------------------------------------------------------- */
int month_report_text(
	const struct month_report *r, bool mail, struct buffer *out, char *error, size_t size);

/* --- reports/mail.c ------------------------------------------------------- */
/*
 * A mail of TEXT alone. LIST: the label of its List-Id, with what it is called; NOW and TOKEN
 * (unique) go into Date and Message-ID. 0, or -1 with ERROR.
 */
int text_mail(const struct report_options *o, const char *subject, const char *description,
	const char *list, const struct buffer *text, int64_t now, const char *token,
	struct buffer *out, char *error, size_t size);

#endif
