/*
 * The time stamps of logs. With year and zone: RFC 3339, the seconds since 1970, TAI64N (multilog,
 * s6-log). With a year only, of the process's TZ: Exim's own, journalctl's long forms, the date in
 * words with a year. Without both, RFC 3164 ("Nov  2 06:00:00"): the last year in which the day
 * does not lie behind the reference time. journalctl writes months in its user's language.
 */
#ifndef RETOUR_LOGSTAMP_H
#define RETOUR_LOGSTAMP_H

#include <stdint.h>
#include "classify/base/span.h"

/*
 * The reference for years, and the last minutes, whose reckoning serves the next line: two, for a
 * container's stamp may stand before the mail server's. Zeroed but for REFERENCE and NOW at the
 * begin.
 */
struct log_clock {
	int64_t reference; /* epoch seconds: no line is much younger; when the file was written
			    last */
	int64_t now;       /* a line from the future is none */
	struct log_minute {
		char stamp[32];
		size_t n;
		int64_t minute;
	} last[2];
};

enum log_stamp {
	STAMP_NONE,
	STAMP_SYSLOG, /* a host and a program follow */
	STAMP_BARE,   /* with a blank before the time, as Exim has it: nothing may follow */
};

struct log_time {
	int64_t at; /* epoch seconds */
	bool exact; /* it names its zone */
};

/*
 * Takes the stamp, and the blanks behind it, off *LINE. STAMP_NONE: there is none, or none that can
 * be (before 2000, from the future, no such day); *LINE is then as it was.
 */
enum log_stamp log_stamp(struct span *line, struct log_clock *clock, struct log_time *time);

/* EPOCH in seconds, or in thousandths, millionths, … as its digits tell; -1: no time of a log. */
int64_t log_epoch(struct span digits, const struct log_clock *clock);

#endif
