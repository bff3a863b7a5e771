#include "poller/volume/logstamp.h"

#include <time.h>
#include "poller/volume/logparts.h"

enum {
	DAY_SECONDS = 86400,
	EPOCH_2000 = 946684800, /* no log is older */
	YEARS_BACK = 8,         /* two leap years are that far apart around 2100 */
	STAMP_MINUTE = 16,
	ZONE_MAX = 6, /* "2026-11-02T06:00", "+01:00" */
};

static int two_digits(const char *p)
{
	return ascii_digit(p[0]) && ascii_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/*
 * The minute that TM says, whose zone is ZONE minutes east of UTC or, when LOCAL, the process's; -1
 * when there is no such day.
 */
static int64_t minute_of(const struct tm *tm, bool local, int zone)
{
	struct tm copy = *tm;
	copy.tm_isdst = -1;
	int64_t at = local ? (int64_t)mktime(&copy) : (int64_t)timegm(&copy) - zone * 60;
	return copy.tm_mday == tm->tm_mday && at > 0 ? at : -1;
}

/* "Nov  2 06:00": the last year in which that is no more than a day behind the reference. */
static int64_t minute_without_year(const struct log_clock *clock, struct tm tm)
{
	time_t latest = (time_t)(clock->reference + DAY_SECONDS);
	struct tm now;
	localtime_r(&latest, &now);
	for (int back = 0; back <= YEARS_BACK; back++) {
		tm.tm_year = now.tm_year - back;
		int64_t at = minute_of(&tm, true, 0);
		if (at > 0 && at <= latest)
			return at;
	}
	return -1;
}

static int month_of_stamp(const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (!memcmp(p, months + i * 3, 3))
			return i;
	return -1;
}

/* "hh:mm:ss" at P: hour and minute into TM, the seconds are returned; -1. */
static int stamp_time(const char *p, struct tm *tm)
{
	int second = two_digits(p + 6);
	tm->tm_hour = two_digits(p);
	tm->tm_min = two_digits(p + 3);
	return p[2] == ':' && p[5] == ':' && tm->tm_hour >= 0 && tm->tm_hour < 24 &&
			tm->tm_min >= 0 && tm->tm_min < 60 && second <= 60
		? second
		: -1;
}

/*
 * "Z", "+01:00", "+0100" at the begin of TEXT as minutes east of UTC; its length, 0 when there is
 * none.
 */
static size_t zone_of_stamp(struct span text, int *minutes)
{
	*minutes = 0;
	if (text.n && (text.p[0] == 'Z' || text.p[0] == 'z'))
		return 1;
	if (text.n < 5 || (text.p[0] != '+' && text.p[0] != '-'))
		return 0;
	size_t colon = text.p[3] == ':';
	int hours = two_digits(text.p + 1),
	    rest = text.n >= 5 + colon ? two_digits(text.p + 3 + colon) : -1;
	if (hours < 0 || rest < 0)
		return 0;
	*minutes = (hours * 60 + rest) * (text.p[0] == '-' ? -1 : 1);
	return 5 + colon;
}

/* STAMP is all that the minute depends on; lines of the same minute are reckoned once. */
static int64_t cached(struct log_clock *clock, struct span stamp, const struct tm *tm, bool year,
	bool local, int zone)
{
	if (clock->n && clock->n == stamp.n && !memcmp(clock->stamp, stamp.p, stamp.n))
		return clock->minute;
	clock->minute = year ? minute_of(tm, local, zone) : minute_without_year(clock, *tm);
	clock->n = stamp.n <= sizeof clock->stamp ? stamp.n : 0;
	memcpy(clock->stamp, stamp.p, clock->n);
	return clock->minute;
}

/* "Nov  2 06:00:00 ". */
static enum log_stamp take_rfc3164(struct span *line, struct log_clock *clock, int64_t *at)
{
	struct tm tm = { 0 };
	const char *p = line->p;
	if (line->n < 16 || p[15] != ' ' || p[3] != ' ' || p[6] != ' ' ||
		(tm.tm_mon = month_of_stamp(p)) < 0)
		return STAMP_NONE;
	tm.tm_mday = p[4] == ' ' && ascii_digit(p[5]) ? p[5] - '0' : two_digits(p + 4);
	int second = stamp_time(p + 7, &tm);
	int64_t minute = tm.tm_mday >= 1 && second >= 0
		? cached(clock, (struct span){ p, 12 }, &tm, false, true, 0)
		: -1;
	if (minute < 0)
		return STAMP_NONE;
	*at = minute + second;
	*line = log_from(*line, 16);
	return STAMP_SYSLOG;
}

/* "2026-11-02T06:00:00.123+01:00 " and "2026-11-02 06:00:00.123 +0100 ". */
enum log_stamp logstamp_rfc3339(struct span *line, struct log_clock *clock, int64_t *at)
{
	struct tm tm = { 0 };
	const char *p = line->p;
	int century, zone = 0;
	if (line->n < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') ||
		(century = two_digits(p)) < 19 || two_digits(p + 2) < 0)
		return STAMP_NONE;
	tm.tm_year = century * 100 + two_digits(p + 2) - 1900;
	tm.tm_mon = two_digits(p + 5) - 1;
	tm.tm_mday = two_digits(p + 8);
	int second = stamp_time(p + 11, &tm);
	if (second < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1)
		return STAMP_NONE;
	struct span rest = log_from(*line, 19);
	if (rest.n && (rest.p[0] == '.' || rest.p[0] == ','))
		for (rest = log_from(rest, 1); rest.n && ascii_digit(rest.p[0]);
			rest = log_from(rest, 1))
			;
	bool bare = p[10] == ' ';
	if (bare && rest.n)
		rest = log_from(rest, 1);
	size_t n = zone_of_stamp(rest, &zone);
	if (n < rest.n && rest.p[n] != ' ')
		n = 0; /* a message id that begins with a Z */
	char stamp[STAMP_MINUTE + ZONE_MAX];
	memcpy(stamp, p, STAMP_MINUTE);
	memcpy(stamp + STAMP_MINUTE, rest.p, n);
	int64_t minute = cached(
		clock, (struct span){ stamp, STAMP_MINUTE + n }, &tm, true, !n, zone);
	if (minute < EPOCH_2000 || minute > clock->now + DAY_SECONDS)
		return STAMP_NONE;
	*at = minute + second;
	rest = log_from(rest, n);
	while (rest.n && rest.p[0] == ' ')
		rest = log_from(rest, 1);
	*line = rest;
	return bare ? STAMP_BARE : STAMP_SYSLOG;
}

enum log_stamp logstamp_head(
	struct span *line, struct log_clock *clock, struct log_line *out, struct span *program)
{
	bool framed = false; /* RFC 5424: "<22>1 stamp host program pid msgid - text" */
	*program = out->host = (struct span){ line->p, 0 };
	if (line->n && line->p[0] == '<') {
		size_t close = log_find(*line, SPAN(">"));
		if (close > 4 || close == line->n)
			return STAMP_NONE;
		*line = log_from(*line, close + 1);
		framed = log_starts(*line, SPAN("1 "));
		*line = log_from(*line, framed ? 2 : 0);
	}
	enum log_stamp stamp = line->n && ascii_digit(line->p[0])
		? logstamp_rfc3339(line, clock, &out->at)
		: take_rfc3164(line, clock, &out->at);
	if (stamp != STAMP_SYSLOG)
		return stamp;
	out->host = log_word(line);
	*program = log_word(line);
	if (framed) {
		log_word(line); /* process id, message id, structured data: none that a mail server
			       writes */
		log_word(line);
		log_word(line);
		return stamp;
	}
	const char *end = memchr(program->p, '[', program->n);
	end = end ? end : memchr(program->p, ':', program->n);
	program->n = end ? (size_t)(end - program->p) : program->n;
	return stamp;
}
