/*
 * Dates of mail (RFC 5322 section 3.3 and 4.3): "Thu, 29 Apr 2010 23:34:45 +0900
 * (JST)", without day, with two-digit years and named zones, and "Thu Apr 29
 * 23:34:45 2010". Words are taken as they come; the calendar is timegm()'s.
 */
#include "classify/date.h"

#include <stdlib.h>
#include <time.h>

enum {
	DATE_WORDS_MAX = 12,
	YEAR_LAST = 9999,
};

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
enum { MONTH_LETTERS = 3, MONTHS = 12 };
static const struct {
	struct span name;
	int hours;
} zones[] = { { { "ut", 2 }, 0 }, { { "utc", 3 }, 0 }, { { "gmt", 3 }, 0 }, { { "z", 1 }, 0 },
	{ { "est", 3 }, -5 }, { { "edt", 3 }, -4 }, { { "cst", 3 }, -6 }, { { "cdt", 3 }, -5 },
	{ { "mst", 3 }, -7 }, { { "mdt", 3 }, -6 }, { { "pst", 3 }, -8 }, { { "pdt", 3 }, -7 },
	{ { "jst", 3 }, 9 }, { { "cet", 3 }, 1 }, { { "cest", 4 }, 2 }, { { "bst", 3 }, 1 },
	{ { "msk", 3 }, 3 } };
enum { ZONE_LETTERS_MAX = 4 };

/* What parts words, and what begins a comment. */
enum { DATE_PARTS = 1, DATE_COMMENT = 2 };
static const unsigned char date_signs[256] = {
	[0] = DATE_PARTS,
	[' '] = DATE_PARTS,
	['\t'] = DATE_PARTS,
	['\r'] = DATE_PARTS,
	['\n'] = DATE_PARTS,
	[','] = DATE_PARTS,
	['('] = DATE_COMMENT,
};

/* The next word, without blanks and commas; a comment is no word. */
static bool word_next(struct span *rest, struct span *word)
{
	const char *p = rest->p, *end = p + rest->n, *begin;
	while (p < end && date_signs[(unsigned char)*p] == DATE_PARTS)
		p++;
	begin = p;
	while (p < end && !date_signs[(unsigned char)*p])
		p++;
	*word = (struct span){ begin, (size_t)(p - begin) };
	*rest = (struct span){ p, (size_t)(end - p) };
	return word->n > 0;
}

/* WORD as a number of at most nine digits; -1. */
static long date_number(struct span word)
{
	long value = 0;
	if (!word.n || word.n > 9)
		return -1;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return -1;
		value = value * 10 + (word.p[i] - '0');
	}
	return value;
}

static int month_of_name(struct span word)
{
	if (word.n < MONTH_LETTERS)
		return -1;
	word.n = MONTH_LETTERS;
	for (int i = 0; i < MONTHS; i++)
		if (span_equal_nocase(
			    word, (struct span){ months + i * MONTH_LETTERS, MONTH_LETTERS }))
			return i;
	return -1;
}

/* "23:34:45" or "23:34". */
static bool clock_of(struct span word, struct tm *tm)
{
	long part[3] = { 0, 0, 0 };
	size_t parts = 0;
	while (parts < 3) {
		const char *colon = memchr(word.p, ':', word.n);
		struct span digits = { word.p, colon ? (size_t)(colon - word.p) : word.n };
		if (digits.n > 2 || (part[parts++] = date_number(digits)) < 0)
			return false;
		if (!colon)
			break;
		word = (struct span){ colon + 1, word.n - digits.n - 1 };
	}
	tm->tm_hour = (int)part[0];
	tm->tm_min = (int)part[1];
	tm->tm_sec = (int)part[2];
	return parts >= 2 && part[0] < 24 && part[1] < 60 && part[2] <= 60;
}

/* "+0900" or a name; false when it is neither. */
static bool zone_of_name(struct span word, long *seconds)
{
	if (word.n == 5 && (word.p[0] == '+' || word.p[0] == '-')) {
		long value = date_number((struct span){ word.p + 1, 4 });
		*seconds = (value / 100 * 60 + value % 100) * 60 * (word.p[0] == '-' ? -1 : 1);
		return value >= 0;
	}
	if (word.n > ZONE_LETTERS_MAX || ascii_digit(word.p[0]))
		return false;
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (span_equal_nocase(word, zones[i].name)) {
			*seconds = zones[i].hours * 3600L;
			return true;
		}
	return false;
}

static long full_year(long year)
{
	if (year < 50)
		return year + 2000;
	return year < 1000 ? year + 1900 : year;
}

int64_t date_parse(struct span text)
{
	struct tm tm = { .tm_mon = -1, .tm_mday = 0 };
	struct span word;
	long zone = 0, year = -1, value;
	bool have_clock = false;
	for (size_t words = 0; words < DATE_WORDS_MAX && word_next(&text, &word); words++) {
		if (memchr(word.p, ':', word.n))
			have_clock = clock_of(word, &tm) || have_clock;
		else if (zone_of_name(word, &zone))
			continue;
		else if ((value = date_number(word)) >= 0 && !tm.tm_mday && value <= 31)
			tm.tm_mday = (int)value;
		else if (value >= 0 && year < 0)
			year = full_year(value);
		else if (tm.tm_mon < 0)
			tm.tm_mon = month_of_name(word);
	}
	if (tm.tm_mon < 0 || !tm.tm_mday || year < 1970 || year > YEAR_LAST || !have_clock)
		return 0;
	tm.tm_year = (int)year - 1900;
	int64_t epoch = (int64_t)timegm(&tm) - zone;
	return epoch > 0 ? epoch : 0;
}
