#include "poller/volume/logstamp.h"

#include <time.h>
#include "poller/volume/logtext.h"

enum {
	DAY_SECONDS = 86400,
	EPOCH_2000 = 946684800, /* no log is older */
	YEARS_BACK = 8,         /* two leap years are that far apart around 2100 */
	STAMP_MINUTE = 16,
	ZONE_MAX = 6, /* "2026-11-02T06:00", "+01:00" */
	EPOCH_DIGITS = 10,
	TAI_DIGITS = 16,
	NANO_DIGITS = 8,
	LEAP_SECONDS = 10, /* that multilog reckons with, as TAI64 began */
};

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

/* Of the C locale, and as journalctl writes them in German, French, Spanish, Italian, … */
static const struct {
	struct span name;
	int month;
} months[] = {
#define MONTH(text, number) { { "" text, sizeof text - 1 }, number },
	MONTH("Jan", 0) MONTH("Feb", 1) MONTH("Mar", 2) MONTH("Apr", 3) MONTH("May", 4) MONTH("Jun",
		5) MONTH("Jul", 6) MONTH("Aug", 7) MONTH("Sep", 8) MONTH("Oct", 9) MONTH("Nov",
		10) MONTH("Dec", 11) MONTH("Mär", 2) MONTH("Mai", 4) MONTH("Okt", 9) MONTH("Dez",
		11) MONTH("janv", 0) MONTH("févr", 1) MONTH("mars", 2) MONTH("avril", 3)
		MONTH("juin", 5) MONTH("juil", 6) MONTH("août", 7) MONTH("sept", 8) MONTH("déc", 11)
			MONTH("ene", 0) MONTH("abr", 3) MONTH("ago", 7) MONTH("dic", 11)
				MONTH("gen", 0) MONTH("mag", 4) MONTH("giu", 5) MONTH("lug", 6)
					MONTH("set", 8) MONTH("ott", 9) MONTH("fev", 1)
						MONTH("out", 9) MONTH("mrt", 2) MONTH("mei", 4)
#undef MONTH
};

static int month_of_stamp(struct span name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	for (size_t i = 0; i < sizeof months / sizeof *months; i++)
		if (span_equal_nocase(name, months[i].name))
			return months[i].month;
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
static int64_t cached_minute(struct log_clock *clock, struct span stamp, const struct tm *tm,
	bool year, bool local, int zone)
{
	struct log_minute *last = &clock->last[year];
	if (last->n && last->n == stamp.n && !memcmp(last->stamp, stamp.p, stamp.n))
		return last->minute;
	last->minute = year ? minute_of(tm, local, zone) : minute_without_year(clock, *tm);
	last->n = stamp.n <= sizeof last->stamp ? stamp.n : 0;
	memcpy(last->stamp, stamp.p, last->n);
	return last->minute;
}

static bool minute_can_be(const struct log_clock *clock, int64_t at)
{
	return at >= EPOCH_2000 && at <= clock->now + DAY_SECONDS;
}

static void skip_blanks(struct span *text)
{
	while (text->n && text->p[0] == ' ')
		*text = text_from(*text, 1);
}

/* ".123", ",123456" at the begin of TEXT. */
static void skip_fraction(struct span *text)
{
	if (!text->n || (text->p[0] != '.' && text->p[0] != ','))
		return;
	for (*text = text_from(*text, 1); text->n && ascii_digit(text->p[0]);)
		*text = text_from(*text, 1);
}

/* "2026" and a blank at the begin of TEXT; 0: there is none. */
static int take_year(struct span *text)
{
	int century = text->n > 5 && text->p[4] == ' ' ? two_digits(text->p) : -1;
	int rest = century >= 19 ? two_digits(text->p + 2) : -1;
	if (rest < 0)
		return 0;
	*text = text_from(*text, 4);
	skip_blanks(text);
	return century * 100 + rest;
}

/*
 * "Nov  2 06:00:00 "; with a fraction of the second, with a year before the month, before the time,
 * or behind it (asctime(3)).
 */
static enum log_stamp take_words(
	struct span *line, struct log_clock *clock, bool weekday, struct log_time *out)
{
	struct span rest = *line;
	struct tm tm = { 0 };
	int year = take_year(&rest);
	tm.tm_mon = month_of_stamp(log_word(&rest));
	struct span day = log_word(&rest);
	if (day.n == 1 && ascii_digit(day.p[0]))
		tm.tm_mday = day.p[0] - '0';
	else if (day.n == 2)
		tm.tm_mday = two_digits(day.p);
	else
		tm.tm_mday = -1;
	year = year ? year : take_year(&rest);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || rest.n < 8)
		return STAMP_NONE;
	struct span stamp = { line->p, (size_t)(rest.p + 5 - line->p) };
	int second = stamp_time(rest.p, &tm);
	rest = text_from(rest, 8);
	skip_fraction(&rest);
	if (second < 0 || !rest.n || (rest.p[0] != ' ' && rest.p[0] != ':'))
		return STAMP_NONE;
	rest = text_from(rest, 1);
	skip_blanks(&rest);
	if (weekday && !year && (year = take_year(&rest)))
		stamp.n = sizeof clock->last[0].stamp + 1; /* not all of it stands together */
	tm.tm_year = year - 1900;
	int64_t minute = cached_minute(clock, stamp, &tm, year != 0, true, 0);
	if (minute < 0 || (year && !minute_can_be(clock, minute)))
		return STAMP_NONE;
	*out = (struct log_time){ minute + second, false };
	*line = rest;
	return STAMP_SYSLOG;
}

/* The zone at the begin of TEXT, in figures or, behind a WEEKDAY, in letters; its length. */
static size_t zone_of_rfc3339(struct span text, bool weekday, int *zone, bool *local)
{
	size_t n = zone_of_stamp(text, zone);
	if (n < text.n && text.p[n] != ' ')
		n = 0; /* a message id that begins with a Z */
	*local = !n;
	if (n || !weekday)
		return n;
	struct span name = log_word(&text);
	*local = !text_equal(name, SPAN("UTC")) && !text_equal(name, SPAN("GMT"));
	return name.n <= ZONE_MAX ? name.n : 0;
}

/*
 * "2026-11-02T06:00:00.123+01:00 ", "2026-11-02 06:00:00.123 +0100 ", and behind a WEEKDAY
 * "2026-11-02 06:00:00 CET ".
 */
static enum log_stamp take_rfc3339(
	struct span *line, struct log_clock *clock, bool weekday, struct log_time *out)
{
	struct tm tm = { 0 };
	const char *p = line->p;
	int century, zone = 0;
	bool local;
	if (line->n < 19 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') ||
		(century = two_digits(p)) < 19 || two_digits(p + 2) < 0)
		return STAMP_NONE;
	tm.tm_year = century * 100 + two_digits(p + 2) - 1900;
	tm.tm_mon = two_digits(p + 5) - 1;
	tm.tm_mday = two_digits(p + 8);
	int second = stamp_time(p + 11, &tm);
	if (second < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1)
		return STAMP_NONE;
	struct span rest = text_from(*line, 19);
	skip_fraction(&rest);
	bool bare = p[10] == ' ';
	if (bare && rest.n && rest.p[0] == ' ')
		rest = text_from(rest, 1);
	size_t n = zone_of_rfc3339(rest, weekday, &zone, &local);
	char stamp[STAMP_MINUTE + ZONE_MAX];
	memcpy(stamp, p, STAMP_MINUTE);
	memcpy(stamp + STAMP_MINUTE, rest.p, n);
	int64_t minute = cached_minute(
		clock, (struct span){ stamp, STAMP_MINUTE + n }, &tm, true, local, zone);
	if (!minute_can_be(clock, minute))
		return STAMP_NONE;
	*out = (struct log_time){ minute + second, !local };
	*line = text_from(rest, n);
	skip_blanks(line);
	return bare && !weekday ? STAMP_BARE : STAMP_SYSLOG;
}

int64_t log_epoch(struct span digits, const struct log_clock *clock)
{
	int64_t at = 0;
	if (digits.n < EPOCH_DIGITS)
		return -1;
	for (size_t i = 0; i < EPOCH_DIGITS; i++) {
		if (!ascii_digit(digits.p[i]))
			return -1;
		at = at * 10 + digits.p[i] - '0';
	}
	return minute_can_be(clock, at) ? at : -1;
}

/* "1793595600.123456 ". */
static enum log_stamp take_epoch(struct span *line, struct log_clock *clock, struct log_time *out)
{
	struct span rest = *line, word = log_word(&rest), fraction = word;
	int64_t at = log_epoch(word, clock);
	if (at < 0)
		return STAMP_NONE;
	fraction = text_from(word, EPOCH_DIGITS);
	skip_fraction(&fraction);
	if (fraction.n)
		return STAMP_NONE;
	*out = (struct log_time){ at, true };
	*line = rest;
	return STAMP_SYSLOG;
}

/* "@400000006ae70e1a2b5c1d3c ": seconds since 1970 in TAI, with 2^62 added. */
static enum log_stamp take_tai64n(struct span *line, struct log_clock *clock, struct log_time *out)
{
	struct span rest = *line, word = log_word(&rest);
	uint64_t label = 0;
	if (word.n != 1 + TAI_DIGITS && word.n != 1 + TAI_DIGITS + NANO_DIGITS)
		return STAMP_NONE;
	for (size_t i = 1; i < word.n; i++) {
		int digit = ascii_hex(word.p[i]);
		if (digit < 0)
			return STAMP_NONE;
		if (i <= TAI_DIGITS)
			label = label << 4 | (uint64_t)digit;
	}
	int64_t at = (int64_t)(label - (UINT64_C(1) << 62)) - LEAP_SECONDS;
	if (!minute_can_be(clock, at))
		return STAMP_NONE;
	*out = (struct log_time){ at, true };
	*line = rest;
	return STAMP_SYSLOG;
}

/* "Mon ", "Mon, ", "lun. " at the begin of TEXT. */
static bool take_weekday(struct span *text)
{
	struct span rest = *text, word = log_word(&rest);
	if (word.n < 2 || word.n > 6 || month_of_stamp(word) >= 0)
		return false;
	*text = rest;
	return true;
}

enum log_stamp log_stamp(struct span *line, struct log_clock *clock, struct log_time *time)
{
	struct span rest = *line;
	enum log_stamp found = STAMP_NONE;
	if (!line->n)
		return STAMP_NONE;
	if (line->p[0] == '@') {
		found = take_tai64n(&rest, clock, time);
	} else if (ascii_digit(line->p[0])) {
		found = take_rfc3339(&rest, clock, false, time);
		found = found ? found : take_words(&rest, clock, false, time);
		found = found ? found : take_epoch(&rest, clock, time);
	} else {
		found = take_words(&rest, clock, false, time);
		if (!found && take_weekday(&rest)) {
			found = take_rfc3339(&rest, clock, true, time);
			found = found ? found : take_words(&rest, clock, true, time);
		}
	}
	if (found)
		*line = rest;
	return found;
}
