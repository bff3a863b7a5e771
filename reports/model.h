/*
 * The month as figures, before any format: what reports/month.c loads from the store, already suppressed, and what the formats
 * (xml.c, text.c) and the texts about it (findings.c) read. Nothing in it can say more than the report may.
 */
#ifndef RETOUR_REPORTS_MODEL_H
#define RETOUR_REPORTS_MODEL_H

#include <libxml/tree.h>
#include "reports/reports.h"
#include "reports/suppress.h"

/* The columns of every table: the classes, failures without one, complaints. */
#define REPORT_COLUMNS(X) \
	X(COLUMN_HARD, "hard", "Hard bounces") \
	X(COLUMN_SOFT, "soft", "Soft bounces") \
	X(COLUMN_BLOCK, "block", "Blocks") \
	X(COLUMN_UNDETERMINED, "undetermined", "Undetermined") \
	X(COLUMN_COMPLAINT, "complaint", "Complaints")
#define REPORT_ENUM(symbol, name, title) symbol,
enum column { REPORT_COLUMNS(REPORT_ENUM) COLUMN_COUNT };
#undef REPORT_ENUM
const char *column_name(unsigned c);
const char *column_title(unsigned c);

/* How mailboxes' messages ended, as the store names it. */
#define REPORT_OUTCOMES(X) \
	X(OUTCOME_NEW, "new", "Read") \
	X(OUTCOME_DUPLICATE, "duplicate", "Seen before") \
	X(OUTCOME_UNRECOGNISED, "unrecognised", "Not recognised") \
	X(OUTCOME_QUARANTINED, "quarantined", "Quarantined")
#define REPORT_ENUM(symbol, name, title) symbol,
enum outcome_column { REPORT_OUTCOMES(REPORT_ENUM) OUTCOME_COUNT };
#undef REPORT_ENUM
const char *outcome_name(unsigned o);
const char *outcome_title(unsigned o);

enum {
	ROWS_SHOWN = 12,      /* providers, campaigns: what lies beyond is summed in one row */
	MONTHS_SHOWN = 12,
	DAYS_MAX = 31,
	STANDOUTS_MAX = 4,
	MEASURES_MAX = 7,
	REPORT_NAME_SIZE = EVENT_CAMPAIGN_SIZE,
	SENTENCE_SIZE = 640,
};

struct row {
	char name[REPORT_NAME_SIZE]; /* "": campaign unknown */
	unsigned folded;             /* 0, or: this row sums so many that are not shown by name */
	bool rest;
	struct cell all, column[COLUMN_COUNT];
	struct cell sent;            /* mails; 0: not known */
	enum category worst;         /* the most frequent cause, where k or more; CATEGORY_NONE */
};

struct table {
	struct row *row;
	size_t count;
};

/* What is published about one month; its suppression depends on nothing but the month, so every report that shows it shows the same. */
struct figures {
	struct month month;
	int days;
	bool covered;                /* the store reaches back into the month */
	bool partial;                /* but not to its first day */
	struct cell all, bounces, column[COLUMN_COUNT];
	struct cell sent;            /* mails; 0: not known, and there are no rates */
	struct cell unlisted[2];     /* of these, those that stand in no row of providers, of campaigns; not printed */
	int sent_days;               /* days of which that is known */
	struct cell category[COLUMN_COUNT][CATEGORY_COUNT];
	char leader[CATEGORY_COUNT][EVENT_PROVIDER_SIZE]; /* the provider that answers for half of a category or more; "" */
	struct cell day[DAYS_MAX];   /* bounces */
	struct cell origin[ORIGIN_COUNT][2]; /* bounces, complaints */
	struct table providers, campaigns;
};

struct standout {
	int day;                     /* 1 to 31 */
	unsigned column;
	char provider[EVENT_PROVIDER_SIZE]; /* ""; else half of the day's bounces or more */
};

struct mailbox_row {
	char name[STORE_NAME_SIZE];
	struct cell outcome[OUTCOME_COUNT];
};

/* "3,412", "<10", "≥10". */
enum { COUNT_TEXT_SIZE = 32 };
enum verdict_state { MONTH_FIRST, MONTH_BETTER, MONTH_STEADY, MONTH_WORSE };

struct measure {
	const char *id, *urgency, *owner, *action;
	char because[SENTENCE_SIZE];
};

struct month_report {
	const struct report_options *options;
	unsigned k;
	struct figures month[MONTHS_SHOWN]; /* [0] is the report's, [1] the one before, … */
	uint64_t usual_day;                 /* the median of the days */
	struct standout standout[STANDOUTS_MAX];
	unsigned standouts;
	struct cell kind[KIND_COUNT];       /* mail that is neither bounce nor complaint */
	struct mailbox_row *mailbox;
	size_t mailboxes;
	struct cell state[STATE_COUNT];
	struct purge held;
	bool ledger_torn;                   /* its chain does not hold */
	struct ledger_entry closing;        /* the last entry of the month; number 0: none */
	struct ledger_entry purged;         /* the last purge of the month */
	struct ledger_entry head;           /* now; only the mail shows it */
	enum verdict_state verdict;
	char sentence[SENTENCE_SIZE], note[SENTENCE_SIZE], retention[SENTENCE_SIZE];
	struct measure measure[MEASURES_MAX];
	unsigned measures;
};

/* --- reports/findings.c: verdict, notes, measures, from the figures as shown --- */
void month_findings(struct month_report *r);

/* --- reports/words.c: names and numbers as people read them; English, whatever the locale --- */
const char *category_title(unsigned category);
const char *category_check(unsigned category); /* what to look at first; "" where the category calls for nothing */
const char *origin_title(unsigned origin);
const char *kind_title(unsigned kind);
const char *state_title(unsigned state);
const char *row_title(const struct row *row, bool campaigns, char *buffer, size_t size);
const char *month_title(struct month m, char *buffer, size_t size);   /* "October 2026" */
const char *month_name(struct month m, char *buffer, size_t size);    /* "2026-10" */
int days_of_month(struct month m);
int32_t day_number(struct month m, int day);                          /* YYYYMMDD */
const char *weekday_name(struct month m, int day);
const char *number_text(uint64_t n, char *buffer, size_t size);
const char *cell_text(const struct cell *c, unsigned k, char *buffer, size_t size);
const char *utc_text(int64_t at, char *buffer, size_t size);          /* "2026-10-31 03:15 UTC" */
const char *period_text(int64_t seconds, char *buffer, size_t size);  /* "180 days" */
const char *hash_text(const unsigned char hash[LEDGER_HASH_SIZE], char buffer[LEDGER_HASH_SIZE * 2 + 1]);
/* Change in percent, rounded, where both are shown and BEFORE is not 0. */
bool change_percent(const struct cell *now, const struct cell *before, long *percent);
/* Share in tenths of a percent, where both are shown. */
bool share_permille(const struct cell *part, const struct cell *whole, unsigned *permille);

/* PART of SENT as "0.12", percent, where both are shown and there is a rate; "" where not. Returns BUFFER. */
enum { RATE_TEXT_SIZE = 32 };
const char *rate_text(const struct cell *part, const struct cell *sent, char buffer[RATE_TEXT_SIZE]);
/* A row's bounces: its classes without complaints; shown where all of these are. */
struct cell row_bounces(const struct row *row);

/* A sentence that grows; cut, never overrun. */
struct sentence {
	char *p;
	size_t n, size;
};
__attribute__((format(printf, 2, 3))) void say(struct sentence *s, const char *format, ...);

/* The categories of a column that are not 0, the largest first, those not shown last. Returns how many. */
struct ranked {
	unsigned category;
	uint64_t n;
	bool shown;
};
size_t category_ranking(const struct figures *f, unsigned column, struct ranked list[CATEGORY_COUNT]);

/* The row of a name, or NULL. */
const struct row *table_find(const struct table *t, const char *name);

/* --- reports/definitions.c: what the words of the report mean --- */
struct definition {
	const char *term, *text;
};
extern const struct definition report_definitions[]; /* ends with a NULL term */

/* --- reports/xml.c --- */
xmlDoc *month_report_document(const struct month_report *r); /* NULL: no memory. Freed with xmlFreeDoc() */
int month_report_xml(const struct month_report *r, struct buffer *out, char *error, size_t size);
/* --- reports/html.c --- */
struct stylesheet {
	const char *path;       /* a file instead of what is compiled in; NULL: none */
	const char *name, *text;
	size_t n;
};
struct parameter {
	const char *name, *value;
};
/* Applies a stylesheet to DOC (NULL: there was no memory for it). PARAMETERS end with a NULL name. */
int html_transform(xmlDoc *doc, const struct stylesheet *from, const struct parameter *parameters, struct buffer *out, char *error, size_t size);
enum html_shape { HTML_PAGE, HTML_MAIL };
int month_report_html(const struct month_report *r, enum html_shape shape, struct buffer *out, char *error, size_t size);
/* --- reports/text.c --- */
int month_report_text(const struct month_report *r, bool mail, struct buffer *out, char *error, size_t size);

/* --- reports/mail.c --- */
/* A mail of TEXT alone. LIST: the label of its List-Id, with what it is called; NOW and TOKEN (unique) go into Date and Message-ID. 0, or -1 with ERROR. */
int text_mail(const struct report_options *o, const char *subject, const char *description, const char *list, const struct buffer *text, int64_t now,
	      const char *token, struct buffer *out, char *error, size_t size);

#endif
