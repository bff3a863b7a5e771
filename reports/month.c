/*
 * The month's model: the figures of twelve months (published.c), the course of the last one
 * (course.c), and what stands beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/loading.h"
#include "reports/sections.h"
#include "store/site.h"

enum { MAILBOXES_MAX = 256 };

/* --- comments, and what stands beside the figures ------------------------- */

static int take_comment(void *context, int64_t at, const char *text)
{
	struct month_report *r = context;
	if (r->comments == STORE_COMMENTS_MAX)
		return 0;
	char *copy = strdup(text);
	if (!copy)
		return -1;
	r->comment[r->comments++] = (struct comment){ at, copy };
	return 0;
}

static int load_comments(struct month_report *r, struct store *store)
{
	char name[16];
	month_name(r->month->month, name, sizeof name);
	return store_comments(store, name, take_comment, r) == STORE_OK ? 0 : -1;
}

static int load_sections(struct month_report *r, struct store *store)
{
	for (const struct section *const *s = month_sections; *s; s++)
		if ((*s)->load && (*s)->load(r, store))
			return -1;
	return 0;
}

/* --- the rest of the month ------------------------------------------------ */

static int take_month_mailbox(
	void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	struct month_report *r = context;
	struct mailbox_row *row = NULL;
	if (!*mailbox) {
		r->gone_refused += strcmp(outcome, OUTCOME_GONE_REFUSED) ? 0 : count;
		r->gone_delivered += strcmp(outcome, OUTCOME_GONE_DELIVERED) ? 0 : count;
		return 0;
	}
	for (size_t i = 0; i < r->mailboxes && !row; i++)
		if (strcmp(r->mailbox[i].name, mailbox) == 0)
			row = &r->mailbox[i];
	if (!row) {
		if (r->mailboxes == MAILBOXES_MAX)
			return 0;
		struct mailbox_row *more = reallocarray(r->mailbox, r->mailboxes + 1, sizeof *more);
		if (!more)
			return -1;
		r->mailbox = more;
		row = &r->mailbox[r->mailboxes++];
		*row = (struct mailbox_row){ 0 };
		span_copy_text(row->name, sizeof row->name, span_of(mailbox));
	}
	for (unsigned o = 0; o < OUTCOME_COUNT; o++)
		if (strcmp(outcome_name(o), outcome) == 0)
			row->outcome[o].n += count;
	return 0;
}

struct ledger_reading {
	struct month_report *report;
	int64_t end;
};

/*
 * The ledger only grows: its last entry within the month is the same whenever the report is made.
 */
static int take_month_entry(void *context, const struct ledger_entry *e)
{
	struct ledger_reading *l = context;
	if (e->at < l->end) {
		l->report->closing = *e;
		if (ledger_is(e, LEDGER_PURGE))
			l->report->purged = *e;
	}
	return 0;
}

static int load_rest(struct month_report *r, struct store *store)
{
	struct month m = r->month->month;
	struct ledger_reading ledger = { r, month_end(m) };
	uint64_t counts[STATE_COUNT] = { 0 };
	if (store_message_counts(store, day_number(m, 1), day_number(m, r->month->days),
		    take_month_mailbox, r) != STORE_OK ||
		store_contact_counts(store, counts) != STORE_OK ||
		store_ledger_head(store, &r->head) != STORE_OK)
		return -1;
	int walked = store_ledger_walk(store, take_month_entry, &ledger);
	if (walked != STORE_OK && walked != STORE_BROKEN)
		return -1;
	r->ledger_torn = walked == STORE_BROKEN;
	for (size_t i = 0; i < r->mailboxes; i++)
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			suppress_alone(&r->mailbox[i].outcome[o], r->k);
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		r->state[s].n = counts[s];
		suppress_present(&r->state[s], r->k, r->running);
	}
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		suppress_alone(&r->kind[kind], r->k);
	/* a month that is not over is judged by what was due when the store was last written */
	int64_t at = r->head.number && r->head.at < ledger.end ? r->head.at : ledger.end;
	int held = store_held(store, at, &r->held);
	return held == STORE_OK || held == STORE_BROKEN ? 0 : -1;
}

static void set_months(struct month_report *r, struct month month, int32_t today)
{
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		r->month[i].month = month_before(month, i);
		r->month[i].days = days_of_month(r->month[i].month);
	}
	/*
	 * two reports of one day are the same, so that what came between them is not their
	 * difference
	 */
	if (today / 100 == day_number(month, 1) / 100) {
		r->running = true;
		r->month->days = today % 100 - 1;
	}
}

static void course_days_free(struct course_days *days)
{
	gathering_free(&days->notices);
	gathering_free(&days->busy);
	gathering_free(&days->sent);
	gathering_free(&days->delays);
}

static int new_report(struct month_report **out, struct store *store, struct month month,
	const struct report_options *options, char *error, size_t size)
{
	struct month_report *r = calloc(1, sizeof *r);
	struct course_days days = { .notices = { .cells = 0 } };
	int32_t first_day = 0;
	*out = NULL;
	if (!r) {
		snprintf(error, size, "no memory for the report");
		return -1;
	}
	r->options = options;
	r->k = options->k;
	r->texts = texts_new(options->language, error, size);
	if (!r->texts) {
		month_report_free(r);
		return -1;
	}
	if (store_first_day(store, &first_day) != STORE_OK)
		goto failed;
	set_months(r, month, options->today);
	if (feedback_load(r, store,
		    day_number(month_before(month, MONTHS_SHOWN + FEEDBACK_MONTHS - 2), 1),
		    day_number(month, r->month->days)))
		goto failed;
	for (int i = MONTHS_SHOWN; i-- > 0;) {
		if (figures_load(r, store, &r->month[i], first_day, i == 0 ? &days : NULL))
			goto failed;
	}
	if (gathering_sort(&days.delays) || delays_find(r, &days.delays))
		goto failed;
	course_days_free(&days);
	sent_find_uncounted(r);
	if (timeline_find(r, store, month_end(month_before(month, 1)), month_end(month)) ||
		load_comments(r, store) || load_sections(r, store) || load_rest(r, store))
		goto failed;
	if (month_findings(r, error, size)) {
		month_report_free(r);
		return -1;
	}
	*out = r;
	return 0;
failed:
	course_days_free(&days);
	snprintf(error, size, "the figures of the month cannot be read: %s",
		*store_error(store) ? store_error(store) : "no memory");
	month_report_free(r);
	return -1;
}

int month_report_new(struct month_report **out, struct store *store, struct month month,
	const struct report_options *options, char *error, size_t size)
{
	store_every_site(store, options->every_site);
	int result = new_report(out, store, month, options, error, size);
	store_every_site(store, false);
	return result;
}

void month_report_free(struct month_report *r)
{
	if (!r)
		return;
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		free(r->month[i].providers.row);
		free(r->month[i].campaigns.row);
		free(r->month[i].groups.row);
		free(r->month[i].stream);
	}
	for (unsigned i = 0; i < r->comments; i++)
		free(r->comment[i].text);
	texts_free(r->texts);
	free(r->complaining.receiver);
	free(r->mailbox);
	free(r);
}

int month_report_format(const struct month_report *r, enum report_format format, struct buffer *out,
	char *error, size_t size)
{
	*out = (struct buffer){ NULL, 0 };
	switch (format) {
	case REPORT_XML:
		return month_report_xml(r, out, error, size);
	case REPORT_HTML:
		return month_report_html(r, HTML_PAGE, NULL, out, error, size);
	case REPORT_LINES:
		break;
	case REPORT_TEXT:
		return month_report_text(r, false, out, error, size);
	}
	snprintf(error, size, "unknown format %d", (int)format);
	return -1;
}
