/*
 * Names and numbers as the report prints them, in the language of its texts and independent of the
 * locale, so that the same store gives the same bytes on every machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "classify/base/clock.h"
#include "classify/base/units.h"
#include "reports/model.h"

#define NAME(symbol, name) [symbol] = name,
static const char *const column_names[COLUMN_COUNT] = { REPORT_COLUMNS(NAME) };
static const char *const outcome_names[OUTCOME_COUNT] = { REPORT_OUTCOMES(NAME) };
static const char *const target_names[TARGET_COUNT] = { REPORT_TARGETS(NAME) };

#define LOOK_UP(table, count, i) ((i) < (count) && (table)[i] ? (table)[i] : "")

const char *column_name(unsigned c)
{
	return LOOK_UP(column_names, COLUMN_COUNT, c);
}

enum column column_of_class(unsigned klass)
{
	static const enum column by_class[CLASS_COUNT] = { [CLASS_NONE] = COLUMN_UNDETERMINED,
		[CLASS_HARD] = COLUMN_HARD,
		[CLASS_SOFT] = COLUMN_SOFT,
		[CLASS_BLOCK] = COLUMN_BLOCK,
		[CLASS_COMPLAINT] = COLUMN_COMPLAINT };
	return klass < CLASS_COUNT ? by_class[klass] : COLUMN_UNDETERMINED;
}
const char *outcome_name(unsigned o)
{
	return LOOK_UP(outcome_names, OUTCOME_COUNT, o);
}
const char *target_name(unsigned t)
{
	return LOOK_UP(target_names, TARGET_COUNT, t);
}

const char *column_words(const struct texts *t, unsigned column)
{
	char id[64];
	snprintf(id, sizeof id, "column.%s.words",
		column < COLUMN_COUNT ? column_name(column) : "bounces");
	return text_of(t, id);
}

const char *held_title(const struct texts *t, const char *name)
{
	const char *title = text_named(
		t, "class", strcmp(name, "month keys") == 0 ? "month-keys" : name);
	return *title ? title : name;
}

const char *category_title(const struct texts *t, unsigned category)
{
	/* a failure whose rule named no category reads as one whose cause is not stated */
	return text_named(t, "category",
		category_name(category == CATEGORY_NONE ? CATEGORY_UNDETERMINED : category));
}

const char *category_check(const struct texts *t, unsigned category)
{
	return category == CATEGORY_NONE ? "" : text_named(t, "check", category_name(category));
}

const char *provider_title(const struct month_report *r, const char *name)
{
	const char *title = text_named(r->texts, "provider", name);
	if (!*title)
		title = r->options->provider_title
			? r->options->provider_title(r->options->provider_context, name)
			: NULL;
	return title ? title : name;
}

const char *row_title(const struct month_report *r, const struct row *row, enum row_kind kind,
	char *buffer, size_t size)
{
	const struct texts *t = r->texts;
	static const char *const rest[] = { "row.rest.providers", "row.rest.campaigns",
		"row.rest.groups", "row.rest.streams" };
	const char *title = row->name;
	if (row->rest)
		title = text_of(t, rest[kind]);
	else if (kind == ROW_GROUP)
		title = text_named(t, "group", row->name);
	else if (!*row->name)
		title = text_of(t, "row.unknown");
	else if (kind == ROW_PROVIDER)
		title = provider_title(r, row->name);
	snprintf(buffer, size, "%s", title);
	return buffer;
}

/* PREFIX.1 to PREFIX.12 and the like. */
static const char *numbered(const struct texts *t, const char *prefix, int n)
{
	char name[16];
	snprintf(name, sizeof name, "%d", n);
	return text_named(t, prefix, name);
}

const char *month_title(const struct texts *t, struct month m, char *buffer, size_t size)
{
	struct sentence s = { buffer, 0, size };
	char year[16];
	snprintf(year, sizeof year, "%d", m.year);
	*buffer = '\0';
	FILL(&s, text_of(t, "month.title"), { "month", numbered(t, "month", m.month) },
		{ "year", year });
	return buffer;
}

const char *month_name(struct month m, char *buffer, size_t size)
{
	snprintf(buffer, size, "%04d-%02d", m.year, m.month);
	return buffer;
}

const char *date_title(const struct texts *t, struct month m, int day, char *buffer, size_t size)
{
	struct sentence s = { buffer, 0, size };
	char number[16];
	snprintf(number, sizeof number, "%d", day);
	*buffer = '\0';
	FILL(&s, text_of(t, "date.day"), { "month", numbered(t, "month", m.month) },
		{ "day", number });
	return buffer;
}

/* The calendar is the C library's; UTC noon-free: only the date is asked. */
static struct tm calendar(struct month m, int day)
{
	struct tm tm = { .tm_year = m.year - 1900, .tm_mon = m.month - 1, .tm_mday = day };
	timegm(&tm);
	return tm;
}

int days_of_month(struct month m)
{
	m.month++;
	return calendar(m, 0).tm_mday;
}

int32_t day_number(struct month m, int day)
{
	return m.year * 10000 + m.month * 100 + day;
}

const char *weekday_name(const struct texts *t, struct month m, int day)
{
	return numbered(t, "weekday", calendar(m, day).tm_wday % 7);
}

/* The marks of the language: the first between thousands, the second before decimals. */
static char mark(const struct texts *t, size_t i)
{
	const char *marks = text_of(t, "number.marks");
	return strlen(marks) == 2 ? marks[i] : ",."[i];
}

const char *number_text(const struct texts *t, uint64_t n, char *buffer, size_t size)
{
	char digits[32];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t out = 0;
	for (int i = 0; i < count && out + 2 < size; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			buffer[out++] = mark(t, 0);
		buffer[out++] = digits[i];
	}
	buffer[out] = '\0';
	return buffer;
}

const char *cell_text(const struct month_report *r, const struct cell *c, char *buffer, size_t size)
{
	if (c->state == CELL_SHOWN)
		return number_text(r->texts, c->n, buffer, size);
	snprintf(buffer, size, "%s%u", c->state == CELL_SMALL ? "<" : "≥", r->k);
	return buffer;
}

static const char *with_percent(
	const struct texts *t, const char *number, char *buffer, size_t size)
{
	struct sentence s = { buffer, 0, size };
	*buffer = '\0';
	FILL(&s, text_of(t, "percent"), { "n", number });
	return buffer;
}

const char *rate_text(const struct texts *t, long ppm, char *buffer, size_t size)
{
	char number[32];
	long hundredths = (ppm + 50) / 100;
	snprintf(number, sizeof number, "%ld%c%02ld", hundredths / 100, mark(t, 1),
		hundredths % 100);
	return with_percent(t, number, buffer, size);
}

/* A limit is set by hand: "5 %", not "5.00 %". */
const char *limit_text(const struct texts *t, long ppm, char *buffer, size_t size)
{
	char number[32];
	long hundredths = (ppm + 50) / 100;
	if (hundredths % 10)
		return rate_text(t, ppm, buffer, size);
	snprintf(number, sizeof number, hundredths % 100 ? "%ld%c%ld" : "%ld", hundredths / 100,
		mark(t, 1), hundredths / 10 % 10);
	return with_percent(t, number, buffer, size);
}

const char *percent_text(const struct texts *t, long percent, bool sign, char *buffer, size_t size)
{
	char number[32], digits[32];
	const char *plus = sign ? "+" : "";
	snprintf(number, sizeof number, "%s%s", percent < 0 ? "-" : plus,
		number_text(t, (uint64_t)labs(percent), digits, sizeof digits));
	return with_percent(t, number, buffer, size);
}

const char *day_text(int64_t at, char *buffer, size_t size)
{
	char text[CLOCK_TEXT_SIZE];
	snprintf(buffer, size, "%.10s", clock_format(at, text));
	return buffer;
}

const char *utc_text(int64_t at, char *buffer, size_t size)
{
	char text[CLOCK_TEXT_SIZE] = "";
	clock_format(at, text);
	snprintf(buffer, size, "%.10s %.5s UTC", text, text + sizeof "2026-11-02");
	return buffer;
}

static const struct {
	int64_t seconds;
	const char *one, *many;
} units[] = { { YEAR, "year", "years" }, { DAY, "day", "days" }, { HOUR, "hour", "hours" },
	{ MINUTE, "minute", "minutes" }, { 1, "second", "seconds" } };

/* The largest unit of which SECONDS is a whole number, which goes to *N. */
static size_t unit_of(int64_t seconds, long long *n)
{
	size_t i = 0;
	while (i + 1 < sizeof units / sizeof *units &&
		(seconds < units[i].seconds || seconds % units[i].seconds))
		i++;
	*n = (long long)(seconds / units[i].seconds);
	return i;
}

const char *period_text(int64_t seconds, char *buffer, size_t size)
{
	long long n;
	size_t i = unit_of(seconds, &n);
	snprintf(buffer, size, "%lld %s", n, n == 1 ? units[i].one : units[i].many);
	return buffer;
}

const char *period_words(const struct texts *t, int64_t seconds, char *buffer, size_t size)
{
	struct sentence s = { buffer, 0, size };
	char number[32];
	long long n;
	size_t i = unit_of(seconds, &n);
	number_text(t, (uint64_t)n, number, sizeof number);
	*buffer = '\0';
	FILL(&s, text_named(t, "period", n == 1 ? units[i].one : units[i].many), { "n", number });
	return buffer;
}

const char *hash_text(
	const unsigned char hash[LEDGER_HASH_SIZE], char buffer[LEDGER_HASH_SIZE * 2 + 1])
{
	for (int i = 0; i < LEDGER_HASH_SIZE; i++)
		snprintf(buffer + 2 * i, 3, "%02x", hash[i]);
	return buffer;
}

bool change_percent(const struct cell *now, const struct cell *before, long *percent)
{
	if (now->state != CELL_SHOWN || before->state != CELL_SHOWN || before->n == 0)
		return false;
	int64_t difference = (int64_t)now->n - (int64_t)before->n, base = (int64_t)before->n;
	*percent = (long)((difference * 200 + (difference < 0 ? -base : base)) / (2 * base));
	return true;
}

bool share_permille(const struct cell *part, const struct cell *whole, unsigned *permille)
{
	if (part->state != CELL_SHOWN || whole->state != CELL_SHOWN || whole->n == 0)
		return false;
	*permille = (unsigned)((part->n * 2000 + whole->n) / (2 * whole->n));
	return true;
}

bool other_bounces(
	const struct cell *bounces, const struct cell column[COLUMN_COUNT], struct cell *other)
{
	unsigned left_out = 0, shown = 0;
	*other = (struct cell){ .n = bounces->n };
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_COMPLAINT)
			continue;
		left_out += column[c].state != CELL_SHOWN;
		shown += column[c].state == CELL_SHOWN && column[c].n > 0;
		other->n -= column[c].n;
	}
	return left_out && shown && bounces->state == CELL_SHOWN;
}

enum column figure_column_of_category(enum category category)
{
	const unsigned klass = category_class(category);
	return klass == CLASS_COMPLAINT ? COLUMN_COMPLAINT : column_of_class(klass);
}

bool other_causes(const struct figures *f, unsigned column, struct cell *other)
{
	bool left_out = false;
	*other = (struct cell){ .n = f->column[column].n };
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		left_out |= f->category[column][g].state != CELL_SHOWN;
		other->n -= f->category[column][g].n;
	}
	return left_out && f->column[column].state == CELL_SHOWN;
}

const char *other_causes_title(
	const struct month_report *r, unsigned column, char *buffer, size_t size)
{
	struct sentence s = { buffer, 0, size };
	const enum category most = r->month->mostly[column];
	if (most == CATEGORY_NONE)
		return text_of(r->texts, "category.other");
	*buffer = '\0';
	FILL(&s, text_of(r->texts, "category.mostly"), { "cause", category_title(r->texts, most) });
	return buffer;
}

bool rate_of(const struct cell *part, const struct cell *sent, long *ppm)
{
	if (part->state != CELL_SHOWN || sent->state != CELL_SHOWN || sent->n == 0 ||
		part->n > sent->n)
		return false;
	/* rounded once, as it is printed: 0.3649 % is 0.36 % */
	*ppm = (long)((part->n * 20000 + sent->n) / (2 * sent->n)) * 100;
	return true;
}

const struct row *table_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].rest && strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

struct row *table_group(struct figures *f, unsigned group)
{
	return &f->groups.row[(group + DOMAIN_GROUP_COUNT - 1) %
		DOMAIN_GROUP_COUNT]; /* those that are not known come last */
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return (int)x->category - (int)y->category;
}

size_t category_ranking(
	const struct figures *f, unsigned column, struct ranked list[CATEGORY_COUNT])
{
	size_t n = 0;
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		const struct cell *c = &f->category[column][g];
		if (c->n > 0)
			list[n++] = (struct ranked){ g, c->n };
	}
	qsort(list, n, sizeof *list, by_rank);
	return n;
}

struct cell *target_of(struct figures *f, unsigned target)
{
	if (target == TARGET_HARD)
		return &f->column[COLUMN_HARD];
	if (target == TARGET_BOUNCES)
		return &f->bounces;
	return &f->column[COLUMN_COMPLAINT];
}

const struct cell *target_cell(const struct figures *f, unsigned target)
{
	return target_of((struct figures *)f, target);
}

const struct cell *target_base(const struct figures *f, unsigned target)
{
	return target == TARGET_COMPLAINT ? &f->reporting : &f->sent;
}

const struct cell *row_base(const struct row *row, unsigned column)
{
	return column == COLUMN_COMPLAINT ? &row->reporting : &row->sent;
}

long target_limit(const struct report_options *o, unsigned target)
{
	return (long)o->target[target];
}

int incident_day(const struct month_report *r, unsigned category, const char *provider)
{
	for (unsigned i = 0; i < r->incidents; i++)
		if (r->incident[i].category == category &&
			(!provider || strcmp(r->incident[i].provider, provider) == 0))
			return r->incident[i].day;
	return 0;
}

uint64_t figure_shown(const struct cell *c)
{
	return c->state == CELL_SHOWN ? c->n : 0;
}

uint64_t figure_notices(const struct figures *f)
{
	return figure_shown(&f->bounces) + figure_shown(&f->column[COLUMN_COMPLAINT]);
}

int days_in(uint32_t mask)
{
	int n = 0;
	for (; mask; mask &= mask - 1)
		n++;
	return n;
}
