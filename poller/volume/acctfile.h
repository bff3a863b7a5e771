/*
 * PowerMTA's accounting files: CSV whose first line names the columns, a record for each attempt,
 * with its sender, its recipient, and the host that answered (User's Guide, "Accounting").
 */
#ifndef RETOUR_ACCTFILE_H
#define RETOUR_ACCTFILE_H

#include "poller/volume/maillog.h"

enum { ACCT_LINE_MAX = 32 * 1024, ACCT_FIELDS = 64 };
#define ACCT_COLUMNS(X) \
	X(TYPE, "type") \
	X(LOGGED, "timeLogged") \
	X(SENDER, "orig") \
	X(RECIPIENT, "rcpt") \
	X(STATUS, "dsnStatus") \
	X(DIAGNOSTIC, "dsnDiag") \
	X(HOST, "dsnMta") \
	X(SOURCE, "srcType") \
	X(MAILER, "dlvType") \
	X(JOB, "jobId")
#define ACCT_ENUM(symbol, name) ACCT_##symbol,
enum acct_column { ACCT_COLUMNS(ACCT_ENUM) ACCT_COLUMN_COUNT };
#undef ACCT_ENUM

/* Where the columns stand, counted from 1; 0: none. Zeroed at the begin of a file. */
struct acct {
	size_t at[ACCT_COLUMN_COUNT];
	char line[ACCT_LINE_MAX]; /* the spans of the last answer lie within */
};

/* Is LINE the names of columns? They hold from then on. */
bool acct_header(struct acct *a, struct span line);

/* A line of a file whose columns are known. False: it is none. OUT's spans lie in A. */
bool acct_read(struct acct *a, struct span line, struct log_clock *clock, struct log_line *out);

#endif
