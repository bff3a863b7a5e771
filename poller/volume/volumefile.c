/*
 * The file is read once, line by line, and each day that it names is forgotten in the store before
 * its first row is added, so that the file as a whole takes the place of what its source said
 * before. A header is optional; with one the columns may stand in any order and others beside them.
 */
#include "poller/volume/volumefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "classify/base/files.h"
#include "classify/base/units.h"
#include "classify/origin.h"
#include "classify/base/exitcode.h"
#include "poller/volume/csv.h"
#include "poller/volume/fileform.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "store/volume.h"

enum {
	COLUMNS_MAX = 64, /* of a record; more are an error */
	ERRORS_SHOWN = 20,
	DAYS_MAX = 50000,      /* from 1970-01-01: up to 2106 */
	COUNT_DIGITS_MAX = 12, /* of one row's count */
};

enum volume_column { COLUMN_DAY, COLUMN_CAMPAIGN, COLUMN_PROVIDER, COLUMN_SENT, COLUMNS };
static const struct {
	const char *name;      /* as errors say it */
	const char *header[4]; /* how a header may say it */
	bool needed;
} volume_columns[COLUMNS] = {
	[COLUMN_DAY] = { "day", { "day", "date" }, true },
	[COLUMN_CAMPAIGN] = { "campaign", { "campaign" }, false },
	[COLUMN_PROVIDER] = { "provider-or-domain",
		{ "provider-or-domain", "provider", "domain", "provider_or_domain" }, true },
	[COLUMN_SENT] = { "sent", { "sent", "count", "volume" }, true },
};

struct volume_reading {
	struct volumefile *file;
	struct store *store;
	const char *path;
	uint64_t line;
	char separator;
	size_t place[COLUMNS]; /* index in a record; COLUMNS_MAX: not in this file */
	size_t width;          /* fields of the first record: every one has as many */
	bool unreadable;       /* the first record does not say which column is which */
	unsigned char seen[DAYS_MAX / 8 + 1];
};

/* COLUMN counts from 1; 0: the line as a whole. */
__attribute__((format(printf, 3, 4))) static void complain(
	struct volume_reading *r, size_t column, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (r->file->bad++ >= ERRORS_SHOWN)
		return;
	if (column)
		log_error("%s: line %llu, column %zu: %s", r->path, (unsigned long long)r->line,
			column, text);
	else
		log_error("%s: line %llu: %s", r->path, (unsigned long long)r->line, text);
}

/* --- values --------------------------------------------------------------- */

/* "2026-11-02" as days since 1970, or -1; the calendar is timegm()'s. */
static long volume_day(struct span text)
{
	char copy[11];
	struct tm tm = { 0 };
	if (text.n != 10)
		return -1;
	memcpy(copy, text.p, 10);
	copy[10] = '\0';
	const char *rest = strptime(copy, "%Y-%m-%d", &tm);
	if (!rest || *rest)
		return -1;
	int month_day = tm.tm_mday;
	time_t at = timegm(&tm);
	return at < 0 || tm.tm_mday != month_day || at / DAY >= DAYS_MAX ? -1 : (long)(at / DAY);
}

static int32_t day_of_number(long number)
{
	time_t at = (time_t)number * DAY;
	struct tm tm;
	gmtime_r(&at, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static bool count_in_column(struct span text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0 && text.n <= COUNT_DIGITS_MAX;
}

static const char *profile_named(const struct rules *rules, struct span name)
{
	const char *known;
	for (size_t i = 0; (known = provider_at(rules, i)); i++)
		if (span_equal_nocase(name, span_of(known)))
			return known;
	return NULL;
}

/* A profile's name stays, a domain becomes its profile's; everything else is counted together. */
static void csv_provider_of(
	const struct rules *rules, struct span text, char name[EVENT_PROVIDER_SIZE])
{
	const char *known = profile_named(rules, text);
	if (!known)
		known = provider_by_domain(rules, text);
	snprintf(name, EVENT_PROVIDER_SIZE, "%s", known ? known : "other");
}

/* --- records -------------------------------------------------------------- */

/* The day's first row in this file: what the source said of it before is forgotten. */
static int open_day(struct volume_reading *r, long number, int32_t day)
{
	uint64_t before;
	if (r->seen[number / 8] & 1 << number % 8)
		return STORE_OK;
	r->seen[number / 8] |= (unsigned char)(1 << number % 8);
	r->file->days++;
	int result = store_volume_clear(r->store, r->file->source, day, &before);
	r->file->corrected += before > 0;
	return result;
}

/* The values of a record into V; false when something in it is wrong, which was said. */
static bool take_values(
	struct volume_reading *r, const struct span *field, struct volume *v, long *number)
{
	uint64_t bad = r->file->bad;
	size_t day = r->place[COLUMN_DAY], campaign = r->place[COLUMN_CAMPAIGN],
	       provider = r->place[COLUMN_PROVIDER], sent = r->place[COLUMN_SENT];
	*v = (struct volume){ 0 };
	*number = volume_day(field[day]);
	if (*number < 0)
		complain(r, day + 1, "no day; right would be 2026-11-02");
	else if (*number > (long)(r->file->now / DAY) + 1)
		complain(r, day + 1, "this day lies in the future");
	else
		v->day = day_of_number(*number);
	if (campaign < COLUMNS_MAX && field[campaign].n &&
		!origin_copy_campaign(field[campaign], v->campaign))
		complain(r, campaign + 1, "an address where a campaign's name belongs");
	if (!field[provider].n || memchr(field[provider].p, '@', field[provider].n))
		complain(r, provider + 1,
			field[provider].n
				? "an address where a provider or a domain belongs"
				: "no provider and no domain; right would be gmail, gmail.com or other");
	else
		csv_provider_of(r->file->rules, field[provider], v->provider);
	if (!count_in_column(field[sent], &v->sent))
		complain(r, sent + 1, "no count; right would be a number of at most %d digits",
			COUNT_DIGITS_MAX);
	return bad == r->file->bad;
}

static int take_volume_record(struct volume_reading *r, const struct span *field, size_t count)
{
	struct volume v;
	long number;
	if (count != r->width) {
		complain(r, 0, "%zu columns where the first line has %zu", count, r->width);
		return STORE_OK;
	}
	if (!take_values(r, field, &v, &number) || r->file->bad)
		return STORE_OK;
	int result = open_day(r, number, v.day);
	if (!result)
		result = store_volume_add(r->store, r->file->source, r->file->beside, &v);
	r->file->rows++;
	r->file->sent += v.sent;
	return result;
}

static bool names_column(struct span field, enum volume_column c)
{
	for (size_t i = 0; i < sizeof volume_columns[c].header / sizeof *volume_columns[c].header &&
		volume_columns[c].header[i];
		i++)
		if (span_equal_nocase(field, span_of(volume_columns[c].header[i])))
			return true;
	return false;
}

/*
 * The first record: a header when it names the day, else the columns stand in the order of the
 * format.
 */
static void read_first(
	struct volume_reading *r, const struct span *field, size_t count, bool *header)
{
	*header = false;
	r->width = count;
	for (size_t i = 0; i < count; i++)
		*header |= names_column(field[i], COLUMN_DAY);
	for (enum volume_column c = 0; c < COLUMNS; c++) {
		r->place[c] = *header ? COLUMNS_MAX : c;
		for (size_t i = 0; *header && i < count && r->place[c] == COLUMNS_MAX; i++)
			if (names_column(field[i], c))
				r->place[c] = i;
		if (*header && volume_columns[c].needed && r->place[c] == COLUMNS_MAX)
			complain(r, 0, "no column \"%s\"", volume_columns[c].name);
	}
	if (!*header && count != COLUMNS)
		complain(r, 0,
			"%zu columns; right would be day,campaign,provider-or-domain,sent, or a header that names them",
			count);
	r->unreadable = r->file->bad > 0;
}

static int take_csv_line(struct volume_reading *r, struct span line)
{
	char copy[LINE_MAX_BYTES];
	struct span field[COLUMNS_MAX];
	size_t count;
	bool header = false;
	if (line.n >= LINE_MAX_BYTES || !span_is_utf8(line)) {
		complain(r, 0, "not UTF-8, or longer than %d bytes", LINE_MAX_BYTES - 1);
		return STORE_OK;
	}
	memcpy(copy, line.p, line.n);
	if (!r->separator)
		r->separator = csv_separator(line);
	if (csv_split(copy, line.n, r->separator, field, COLUMNS_MAX, &count)) {
		complain(r, count,
			"a quote that is not closed, or something behind the closing one");
		return STORE_OK;
	}
	if (count > COLUMNS_MAX) {
		complain(r, 0, "more than %d columns", COLUMNS_MAX);
		return STORE_OK;
	}
	if (!r->width)
		read_first(r, field, count, &header);
	return header || r->unreadable ? STORE_OK : take_volume_record(r, field, count);
}

int volumefile_import(struct volumefile *f, struct store *store, const char *path)
{
	static const struct span bom = { "\xef\xbb\xbf", 3 };
	static struct lines lines; /* too large for a stack */
	static struct volume_reading r;
	struct span line;
	int failed = STORE_OK, result = EXIT_WELL;
	if (lines_open(&lines, path)) {
		log_error("%s: %s%s", path, strerror(errno), file_unread_advice(errno));
		return EXIT_LOST;
	}
	r = (struct volume_reading){ .file = f, .store = store, .path = path };
	while (!failed && !r.unreadable && lines_next(&lines, &line)) {
		r.line = lines.number;
		if (r.line == 1 && line.n >= bom.n && !memcmp(line.p, bom.p, bom.n))
			line = span_trim((struct span){ line.p + bom.n, line.n - bom.n });
		const char *foreign = r.line == 1 ? fileform_no_list(line) : NULL;
		if (foreign)
			complain(&r, 0, "this %s", foreign);
		if (line.n && !(r.unreadable = foreign))
			failed = take_csv_line(&r, line);
	}
	if (failed) {
		log_error("volume: %s", store_error(store));
		result = EXIT_LOST;
	} else if (lines.failed) {
		log_error("%s: reading it failed", path);
		result = EXIT_LOST;
	} else if (f->bad) {
		log_error("%s: %llu lines in error; nothing of this file is stored", path,
			(unsigned long long)f->bad);
		result = EXIT_LOST;
	} else if (!f->rows) {
		log_error("%s: no counts in it", path);
		result = EXIT_LOST;
	}
	lines_close(&lines);
	return result;
}
