/*
 * The month in dates: alerts with their begin and end, mailboxes that nobody read, what began on a
 * day and went on, days that stand out, days of which nobody said how much was sent. Each is told
 * as far as it lies in the month, so that a report that is made again later says the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/model.h"
#include "store/watch/alert.h"
#include "store/writing.h"

struct timeline {
	struct month_report *report;
	int64_t begin, end; /* of the month */
};

const char *milestone_kind_name(unsigned kind)
{
	static const char *const names[] = { [MILESTONE_UNREAD] = "unread",
		[MILESTONE_ALERT] = "alert",
		[MILESTONE_SINCE] = "since",
		[MILESTONE_DAY] = "day",
		[MILESTONE_UNCOUNTED] = "uncounted" };
	return names[kind];
}

static struct sentence milestone_text(struct milestone *m)
{
	return (struct sentence){ m->text, 0, sizeof m->text };
}

static struct milestone *add_milestone(
	struct timeline *t, enum milestone_kind kind, int64_t from, int64_t to)
{
	struct month_report *r = t->report;
	if (r->milestones == MILESTONES_MAX)
		return NULL;
	struct milestone *m = &r->milestone[r->milestones++];
	*m = (struct milestone){ .from = from, .to = to >= t->end ? 0 : to, .kind = kind };
	return m;
}

/* --- by the hour ---------------------------------------------------------- */

static int take_unread(void *context, const char *mailbox, int64_t since, int64_t until)
{
	struct timeline *t = context;
	struct milestone *m = add_milestone(t, MILESTONE_UNREAD, since, until);
	if (!m)
		return 0;
	struct sentence s = milestone_text(m);
	FILL(&s, text_of(t->report->texts, "timeline.unread"), { "mailbox", mailbox });
	return 0;
}

static const char *where_of(const struct past_alert *trouble)
{
	return *trouble->subject ? trouble->subject : trouble->provider;
}

static void say_trouble(struct timeline *t, struct milestone *m, const struct past_alert *trouble)
{
	const struct texts *texts = t->report->texts;
	struct sentence s = milestone_text(m);
	const char *where = where_of(trouble);
	say_text(
		&s, text_named(texts, "alert", alert_condition_name((unsigned)trouble->condition)));
	if (*where)
		FILL(&s, ": {where}", { "where", provider_title(t->report, where) });
	if (trouble->category != CATEGORY_NONE)
		FILL(&s, "; {what}", { "what", category_title(texts, trouble->category) });
	if (*trouble->campaign) {
		say_text(&s, "; ");
		FILL(&s, text_of(texts, "timeline.campaign"), { "campaign", trouble->campaign });
	}
}

/* What these are about is known to the hour, the rest to when it was noticed and was over. */
static bool known_to_the_hour(const struct past_alert *trouble)
{
	return trouble->condition == ALERT_BOUNCE_SURGE ||
		trouble->condition == ALERT_BLOCK_SURGE || trouble->condition == ALERT_THROTTLING;
}

static int64_t trouble_begin(const struct past_alert *trouble)
{
	return known_to_the_hour(trouble) ? trouble->since : trouble->opened;
}

/* 0: it is not over. */
static int64_t trouble_end(const struct past_alert *trouble)
{
	if (!trouble->cleared)
		return 0;
	return known_to_the_hour(trouble) ? trouble->until : trouble->cleared;
}

static bool overlap(const struct past_alert *a, const struct past_alert *b)
{
	return (!trouble_end(a) || trouble_end(a) > trouble_begin(b)) &&
		(!trouble_end(b) || trouble_end(b) > trouble_begin(a));
}

/* Whether B says of the same what A does, and says it better: one trouble is one line. */
static bool said_better(const struct past_alert *a, const struct past_alert *b)
{
	static const enum alert_condition better[][2] = { { ALERT_BOUNCE_SURGE, ALERT_BLOCK_SURGE },
		{ ALERT_BLOCK_RATE, ALERT_BLOCK_SURGE },
		{ ALERT_COMPLAINT_RATE, ALERT_COMPLAINT_RATE_HIGH } };
	/* one cause at all receivers at once */
	const bool everywhere = a->condition == ALERT_BOUNCE_SURGE &&
		b->condition == a->condition && *a->subject && !*where_of(b);
	if ((!everywhere && strcmp(where_of(a), where_of(b)) != 0) || a->category != b->category ||
		strcmp(a->campaign, b->campaign) != 0 || !overlap(a, b))
		return false;
	if (a->condition == b->condition)
		return everywhere || (!*a->subject && *b->subject);
	for (size_t i = 0; i < sizeof better / sizeof *better; i++)
		if (a->condition == better[i][0] && b->condition == better[i][1])
			return true;
	return false;
}

static int64_t timeline_day_begin(const struct timeline *t, int day)
{
	const struct month m = t->report->month->month;
	struct tm tm = {
		.tm_year = m.year - 1900, .tm_mon = m.month - 1, .tm_mday = day, .tm_isdst = -1
	};
	return (int64_t)mktime(&tm);
}

/* A receiver that refuses since a day is one line, however often its rate fell in between. */
static bool goes_on_since(const struct timeline *t, const struct past_alert *trouble)
{
	const struct month_report *r = t->report;
	for (unsigned i = 0; i < r->incidents; i++)
		if (trouble->condition == ALERT_BLOCK_RATE &&
			!strcmp(where_of(trouble), r->incident[i].provider) &&
			category_class(r->incident[i].category) == CLASS_BLOCK &&
			trouble_begin(trouble) >= timeline_day_begin(t, r->incident[i].day))
			return true;
	return false;
}

struct troubles {
	struct past_alert at[MILESTONES_MAX];
	size_t count;
};

static int take_trouble(void *context, const struct past_alert *trouble)
{
	struct troubles *t = context;
	if (t->count < MILESTONES_MAX)
		t->at[t->count++] = *trouble;
	return 0;
}

static void say_troubles(struct timeline *t, const struct troubles *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct past_alert *trouble = &list->at[i];
		bool said = goes_on_since(t, trouble);
		for (size_t n = 0; n < list->count && !said; n++)
			said = n != i && said_better(trouble, &list->at[n]);
		struct milestone *m = said ? NULL
					   : add_milestone(t, MILESTONE_ALERT,
						     trouble_begin(trouble), trouble_end(trouble));
		if (m)
			say_trouble(t, m, trouble);
	}
}

/* --- by the day ----------------------------------------------------------- */

static struct milestone *add_days(struct timeline *t, enum milestone_kind kind, int first, int last)
{
	struct milestone *m = add_milestone(
		t, kind, timeline_day_begin(t, first), last ? timeline_day_begin(t, last) : 0);
	if (m)
		m->days = true;
	return m;
}

static void find_begun(struct timeline *t)
{
	struct month_report *r = t->report;
	for (unsigned i = 0; i < r->incidents; i++) {
		const struct incident *incident = &r->incident[i];
		struct milestone *m = add_days(t, MILESTONE_SINCE, incident->day, 0);
		if (!m)
			return;
		struct sentence s = milestone_text(m);
		FILL(&s, text_of(r->texts, "timeline.since"),
			{ "cause", category_title(r->texts, incident->category) },
			{ "provider", provider_title(r, incident->provider) });
	}
}

/* The days of what began before are told by that. */
static bool day_goes_on(const struct month_report *r, const struct standout *out)
{
	for (unsigned i = 0; i < r->incidents; i++)
		if (*out->provider && strcmp(out->provider, r->incident[i].provider) == 0 &&
			figure_column_of_category(r->incident[i].category) == out->column &&
			r->incident[i].day <= out->day)
			return true;
	return false;
}

static void find_days(struct timeline *t)
{
	struct month_report *r = t->report;
	char number[COUNT_TEXT_SIZE];
	for (unsigned i = 0; i < r->standouts; i++) {
		const struct standout *out = &r->standout[i];
		struct milestone *m = day_goes_on(r, out)
			? NULL
			: add_days(t, MILESTONE_DAY, out->day, out->day);
		if (!m)
			continue;
		struct sentence s = milestone_text(m);
		FILL(&s, text_of(r->texts, "timeline.day"),
			{ "n", cell_text(r, &r->month->day[out->day - 1], number, sizeof number) });
		if (out->column < COLUMN_COUNT) {
			say_text(&s, ", ");
			FILL(&s, text_of(r->texts, "days.mostly"),
				{ "what", column_words(r->texts, out->column) });
		}
		if (*out->provider) {
			say_text(&s, ", ");
			FILL(&s, text_of(r->texts, "at"),
				{ "provider", provider_title(r, out->provider) });
		}
	}
}

/* Days on which nobody is expected to say anything do not part those on which somebody is. */
static void find_uncounted(struct timeline *t)
{
	struct month_report *r = t->report;
	const struct figures *f = r->month;
	for (int d = 1; d <= f->days; d++) {
		int last = 0;
		for (; d <= f->days && !(f->sent_mask >> d & 1); d++)
			last = f->uncounted >> d & 1 ? d : last;
		if (!last)
			continue;
		int first = last;
		for (int e = last; e > 0 && !(f->sent_mask >> e & 1); e--)
			first = f->uncounted >> e & 1 ? e : first;
		struct milestone *m = add_days(t, MILESTONE_UNCOUNTED, first, last);
		if (m)
			snprintf(m->text, sizeof m->text, "%s",
				text_of(r->texts, "timeline.uncounted"));
	}
}

static int by_time(const void *a, const void *b)
{
	const struct milestone *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->text, y->text);
}

int timeline_find(struct month_report *r, struct store *store, int64_t begin, int64_t end)
{
	struct timeline t = { r, begin, end };
	struct troubles troubles = { .count = 0 };
	if (store_unread(store, begin, end, take_unread, &t) != STORE_OK ||
		store_troubles(store, begin, end, take_trouble, &troubles) != STORE_OK)
		return -1;
	say_troubles(&t, &troubles);
	find_begun(&t);
	find_days(&t);
	find_uncounted(&t);
	qsort(r->milestone, r->milestones, sizeof *r->milestone, by_time);
	return 0;
}

/* --- when it was ---------------------------------------------------------- */

const char *milestone_stamp(const struct milestone *m, int64_t at, char *buffer, size_t size)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	localtime_r(&t, &tm);
	strftime(buffer, size, m->days ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M", &tm);
	return buffer;
}

/* "12 October", or "12 October, 09:00"; the time alone where the day was just said. */
static const char *moment_title(const struct month_report *r, const struct milestone *m, int64_t at,
	bool time_alone, char *buffer, size_t size)
{
	char date[DATE_TEXT_SIZE], hour[16];
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	localtime_r(&t, &tm);
	strftime(hour, sizeof hour, "%H:%M", &tm);
	date_title(r->texts, (struct month){ tm.tm_year + 1900, tm.tm_mon + 1 }, tm.tm_mday, date,
		sizeof date);
	if (m->days)
		snprintf(buffer, size, "%s", date);
	else
		snprintf(buffer, size, "%s%s%s", time_alone ? "" : date, time_alone ? "" : ", ",
			hour);
	return buffer;
}

const char *milestone_when(
	const struct month_report *r, const struct milestone *m, char *buffer, size_t size)
{
	char begin[2 * DATE_TEXT_SIZE], end[2 * DATE_TEXT_SIZE], a[16], b[16];
	struct sentence s = { buffer, 0, size };
	const struct milestone day = { .days = true };
	bool same_day = m->to &&
		strcmp(milestone_stamp(&day, m->from, a, sizeof a),
			milestone_stamp(&day, m->to, b, sizeof b)) == 0;
	*buffer = '\0';
	moment_title(r, m, m->from, false, begin, sizeof begin);
	if (m->to)
		moment_title(r, m, m->to, same_day, end, sizeof end);
	if (m->days && same_day)
		say_text(&s, begin);
	else if (!m->to)
		FILL(&s, text_of(r->texts, "timeline.from"), { "begin", begin });
	else
		FILL(&s, same_day ? "{begin}–{end}" : "{begin} – {end}", { "begin", begin },
			{ "end", end });
	return buffer;
}
