/*
 * A cursor is base64 of numbers, seven bits a byte, the last without the high bit: the form, then
 * for each day that has events the days since the one before (the first since 1970) and how many.
 */
#include "store/export.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "store/internal.h"
#include "store/held.h"

enum {
	CURSOR_FORM = 1,
	NUMBER_BYTES_MAX = 9, /* of 63 bits */
	CURSOR_BYTES_MAX = 64 * 1024,
	LAST_DAY = 4000000, /* beyond the year 9999 */
	CURSOR_VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};
_Static_assert(sodium_base64_ENCODED_LEN(CURSOR_BYTES_MAX, CURSOR_VARIANT) <= EXPORT_CURSOR_SIZE,
	"a cursor must fit");

struct day_count {
	int64_t day, count; /* days since 1970 */
};

struct day_counts {
	size_t n;
	struct day_count of[EXPORT_DAYS_MAX];
};

struct exporting {
	struct day_counts before, now;
	unsigned char bytes[CURSOR_BYTES_MAX];
};

/* --- cursor --------------------------------------------------------------- */

static size_t cursor_number_write(unsigned char *p, int64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		p[n++] = (unsigned char)(0x80 | (value & 0x7f));
	p[n++] = (unsigned char)value;
	return n;
}

static bool cursor_number_read(const unsigned char **p, const unsigned char *end, int64_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < NUMBER_BYTES_MAX && *p < end; i++) {
		unsigned char byte = *(*p)++;
		*value |= (int64_t)(byte & 0x7f) << 7 * i;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static void cursor_write(struct exporting *x, char *text)
{
	const struct day_counts *c = &x->now;
	size_t n = cursor_number_write(x->bytes, CURSOR_FORM);
	int64_t before = 0;

	for (size_t i = 0; i < c->n && n + 2 * NUMBER_BYTES_MAX <= CURSOR_BYTES_MAX; i++) {
		n += cursor_number_write(x->bytes + n, c->of[i].day - before);
		n += cursor_number_write(x->bytes + n, c->of[i].count);
		before = c->of[i].day;
	}
	sodium_bin2base64(text, EXPORT_CURSOR_SIZE, x->bytes, n, CURSOR_VARIANT);
}

static bool export_cursor_read(struct exporting *x, const char *text)
{
	const unsigned char *p = x->bytes, *end;
	const char *stop;
	struct day_counts *c = &x->before;
	int64_t form, step, count, day = 0;
	size_t n;

	if (sodium_base642bin(x->bytes, sizeof x->bytes, text, strlen(text), NULL, &n, &stop,
		    CURSOR_VARIANT) ||
		*stop)
		return false;
	end = p + n;
	if (!cursor_number_read(&p, end, &form) || form != CURSOR_FORM)
		return false;
	for (; p < end; c->n++) {
		if (!cursor_number_read(&p, end, &step) || !cursor_number_read(&p, end, &count) ||
			c->n == EXPORT_DAYS_MAX || step > LAST_DAY - day)
			return false;
		day += step;
		c->of[c->n] = (struct day_count){ day, count };
	}
	return true;
}

/* --- days ----------------------------------------------------------------- */

/* How many events the cursor before knew of DAY; days are asked in their order, *AT goes along. */
static int64_t count_before(const struct day_counts *c, size_t *at, int64_t day)
{
	while (*at < c->n && c->of[*at].day < day)
		++*at;
	return *at < c->n && c->of[*at].day == day ? c->of[*at].count : 0;
}

static int export_rows(struct store *s, int64_t day, struct exported *sum,
	int (*each)(void *context, const struct event_row *row), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_EVENT_OF_DAY, "ii", day * DAY, (day + 1) * DAY);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct event_row row = { .at = sqlite3_column_int64(st, 0),
			.number = (unsigned)sqlite3_column_int(st, 2),
			.reply = (unsigned)sqlite3_column_int(st, 3) };
		const char **const texts[] = { &row.kind, &row.klass, &row.category, &row.status,
			&row.rule, &row.provider, &row.campaign, &row.origin, &row.mailbox,
			&row.stream };
		for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
			*texts[i] = (const char *)sqlite3_column_text(st, 4 + i);
		if (sqlite3_column_bytes(st, 1) == PSEUDONYM_SIZE)
			sodium_bin2hex(row.pseudonym, sizeof row.pseudonym,
				sqlite3_column_blob(st, 1), PSEUDONYM_SIZE);
		result = each(context, &row);
		sum->events++;
		sum->first = sum->first ? sum->first : day * DAY;
		sum->last = day * DAY;
	}
	return result;
}

/* D's count and its rows from one state of the store; a purge waits no longer than for one day. */
static int export_day(struct store *s, struct day_count *d, struct exported *sum,
	int (*each)(void *context, const struct event_row *row), void *context)
{
	int result = store_snapshot(s, true);

	if (result)
		return result;
	d->count = 0;
	result = db_int(s, &d->count, SQL_HELD_DAY, "ti", held_name(HELD_EVENTS), d->day * DAY);
	if (!result)
		result = export_rows(s, d->day, sum, each, context);
	return store_snapshot(s, false) && !result ? STORE_FAILED : result;
}

/* The newest days' counts, by day. */
static int load_days(struct store *s, struct day_counts *c)
{
	sqlite3_stmt *st = db_bind(
		s, SQL_HELD_NEWEST, "ti", held_name(HELD_EVENTS), EXPORT_DAYS_MAX);
	int result = STORE_OK;

	for (; db_row(s, st, &result); c->n++)
		c->of[c->n] = (struct day_count){ sqlite3_column_int64(st, 0) / DAY,
			sqlite3_column_int64(st, 1) };
	return result;
}

int store_export(struct store *s, const char *cursor, char *next, struct exported *sum,
	int (*each)(void *context, const struct event_row *row), void *context)
{
	struct exporting *x = calloc(1, sizeof *x);
	int result = x ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");
	size_t at = 0;

	*sum = (struct exported){ 0 };
	if (x && *cursor && !export_cursor_read(x, cursor))
		result = store_fail(s, STORE_MISUSE, "not a cursor of this command");
	if (!result)
		result = load_days(s, &x->now);
	for (size_t i = 0; !result && i < x->now.n; i++)
		if (x->now.of[i].count != count_before(&x->before, &at, x->now.of[i].day))
			result = export_day(s, &x->now.of[i], sum, each, context);
	if (!result)
		cursor_write(x, next);
	free(x);
	return result;
}
