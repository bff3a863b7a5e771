/*
 * What was sent in a month: to whom, in which campaign, on which day, and what of it could draw a
 * complaint.
 */
#include <string.h>
#include <time.h>

#include "reports/loading.h"
#include "store/volume.h"

struct sending {
	const struct month_report *report;
	struct figures *figures;
	struct store *store;
	struct course_days *days_of;        /* or NULL */
	uint32_t days;                      /* a bit for each day of which something is known */
	char provider[EVENT_PROVIDER_SIZE]; /* of the last row, and whether it reports */
	bool reports;
};

/* A name that has no row of its own is part of the last row, where that sums others. */
static struct row *row_holding(struct table *t, const char *name)
{
	struct row *row = (struct row *)table_find(t, name);
	if (!row && t->count && t->row[t->count - 1].rest)
		row = &t->row[t->count - 1];
	return row;
}

static void add_sent(struct figures *f, unsigned table, const char *name, uint64_t n, bool reports)
{
	struct row *row = row_holding(table ? &f->campaigns : &f->providers, name);
	if (row) {
		row->sent.n += n;
		*(reports ? &row->reporting.n : &row->silent.n) += n;
	} else {
		f->unlisted[table].n += n;
		(reports ? f->unlisted_reporting : f->unlisted_silent)[table].n += n;
	}
}

static int gather_delay(
	struct course_days *days, const struct volume *v, enum delay_column column, uint64_t n)
{
	struct gathered_cell cell = { .column = (uint8_t)column, .n = n };
	return n ? gather(&days->delays, v->provider, cell) : 0;
}

static int take_sent_day(struct course_days *days, const struct volume *v)
{
	struct gathered_cell cell = { .day = (uint8_t)(v->day % 100), .n = v->sent };
	if (v->sent && gather(&days->sent, v->provider, cell))
		return -1;
	return gather_delay(days, v, DELAY_DEFERRED, v->deferred) ||
			gather_delay(days, v, DELAY_THROTTLED, v->throttled)
		? -1
		: 0;
}

static int take_sent(void *context, const struct volume *sent)
{
	struct sending *s = context;
	struct figures *f = s->figures;
	if (strcmp(s->provider, sent->provider) != 0) {
		memcpy(s->provider, sent->provider, sizeof s->provider);
		s->reports = feedback_from(s->report, f, sent->provider);
	}
	f->sent.n += sent->sent;
	*(s->reports ? &f->reporting.n : &f->silent.n) += sent->sent;
	s->days |= sent->sent ? UINT32_C(1) << sent->day % 100 % 32 : 0;
	add_sent(f, 0, sent->provider, sent->sent, s->reports);
	add_sent(f, 1, sent->campaign, sent->sent, s->reports);
	table_group(f, store_domain_group(s->store, sent->provider))->sent.n += sent->sent;
	return s->days_of ? take_sent_day(s->days_of, sent) : 0;
}

int sent_load(struct month_report *r, struct store *store, struct figures *f, int32_t from,
	int32_t to, struct course_days *days)
{
	struct sending s = { .report = r, .figures = f, .store = store, .days_of = days };
	int result = store_volumes(store, from, to, VOLUME_ROWS, take_sent, &s);
	f->sent_mask = s.days;
	f->sent_days = days_in(s.days);
	f->all_report = f->silent.n == 0;
	return result != STORE_OK || (days && gathering_sort(&days->sent)) ? -1 : 0;
}

void sent_mark_reporting(
	const struct month_report *r, struct figures *f, const struct gathering *providers)
{
	for (size_t i = 0; i < providers->names; i++) {
		const char *name = providers->name[i];
		struct row *row = feedback_from(r, f, name) ? row_holding(&f->providers, name)
							    : NULL;
		if (!row)
			continue;
		row->reports = true;
		if (!row->rest && feedback_is_new(r, f, name))
			row->column[COLUMN_COMPLAINT].least = 1;
	}
	for (size_t i = 0; i < f->providers.count; i++) {
		struct row *row = &f->providers.row[i];
		row->reports |= row->rest &&
			(row->reporting.n > 0 || row->column[COLUMN_COMPLAINT].n > 0);
	}
}

bool beyond_volume(uint64_t part, uint64_t whole, uint64_t sent, uint64_t all_sent)
{
	enum { ODDS = 2 };
	if (sent == 0 || all_sent <= sent || part >= whole)
		return true;
	return (double)part / (double)(whole - part) >=
		ODDS * (double)sent / (double)(all_sent - sent);
}

/* --- days of which nobody spoke ------------------------------------------- */

enum {
	HABIT_LEAST = 4,    /* a weekday has a habit when it was there so often */
	HABIT_PERCENT = 75, /* and so many of them are counted */
};

static int weekday_of(struct month m, int day)
{
	struct tm tm = { .tm_year = m.year - 1900, .tm_mon = m.month - 1, .tm_mday = day };
	timegm(&tm);
	return tm.tm_wday;
}

/* The last day of a month of which anything is known; a month may not be over. */
static int last_known_day(const struct figures *f, bool over)
{
	int last = f->days;
	while (!over && last > 0 && !(f->sent_mask >> last & 1) && f->day[last - 1].n == 0)
		last--;
	return last;
}

void sent_find_uncounted(struct month_report *r)
{
	unsigned there[7] = { 0 }, counted[7] = { 0 };
	bool begun = false;
	for (int pass = 0; pass < 2; pass++, begun = false)
		for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
			struct figures *f = &r->month[i];
			for (int d = 1; d <= last_known_day(f, i > 0); d++) {
				bool known = f->sent_mask >> d & 1;
				unsigned w = (unsigned)weekday_of(f->month, d);
				begun |= known;
				there[w] += !pass && begun;
				counted[w] += !pass && known;
				if (pass && begun && !known && there[w] >= HABIT_LEAST &&
					counted[w] * 100 >= there[w] * HABIT_PERCENT)
					f->uncounted |= UINT32_C(1) << d;
			}
		}
}
