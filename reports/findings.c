/*
 * What the figures mean: the verdict, against the targets and against the month before (blame.c),
 * and the measures (measures.c). Whether a target is kept was judged on the true figures
 * (targets.c); everything else reads figures as they are shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/findings.h"

enum {
	/* of all notices: a month with an urgent measure of that weight is not quiet */
	QUIET_PERCENT = 10,
};

/* --- verdict: against the targets ----------------------------------------- */

static void begin_miss(struct sentence *misses)
{
	if (misses->n)
		say_text(misses, "; ");
}

/* "2.31 %", or what may be said where that is not shown: "at least 2 %". */
static const char *missing_rate(const struct month_report *r, const struct cell *part,
	const struct cell *sent, unsigned target, char *buffer, size_t size)
{
	char limit[COUNT_TEXT_SIZE];
	long ppm;
	struct sentence s = { buffer, 0, size };
	if (rate_of(part, sent, &ppm))
		return rate_text(r->texts, ppm, buffer, size);
	*buffer = '\0';
	FILL(&s, text_of(r->texts, "at-least"),
		{ "n",
			limit_text(
				r->texts, target_limit(r->options, target), limit, sizeof limit) });
	return buffer;
}

/* The month itself. */
static void say_month_miss(const struct month_report *r, struct sentence *misses, unsigned target)
{
	char rate[COUNT_TEXT_SIZE], limit[COUNT_TEXT_SIZE];
	const struct figures *f = r->month;
	begin_miss(misses);
	FILL(misses, text_named(r->texts, "verdict.miss", target_name(target)),
		{ "rate",
			missing_rate(r, target_cell(f, target), target_base(f, target), target,
				rate, sizeof rate) },
		{ "limit",
			limit_text(
				r->texts, target_limit(r->options, target), limit, sizeof limit) });
}

/* Some of its campaigns, or receivers. */
static void say_rows_miss(const struct month_report *r, struct sentence *misses,
	const struct table *t, enum row_kind kind, unsigned target)
{
	const struct missing_rows m = rows_missing(t, target);
	const unsigned column = target == TARGET_HARD ? COLUMN_HARD : COLUMN_COMPLAINT;
	char rate[COUNT_TEXT_SIZE], limit[COUNT_TEXT_SIZE], count[COUNT_TEXT_SIZE], id[64];
	if (!m.worst)
		return;
	snprintf(id, sizeof id, "verdict.miss.%s.%s%s", target_name(target),
		kind == ROW_CAMPAIGN ? "campaign" : "provider", m.missed > 1 ? "s" : "");
	begin_miss(misses);
	FILL(misses, text_of(r->texts, id),
		{ "name", kind == ROW_PROVIDER ? provider_title(r, m.worst->name) : m.worst->name },
		{ "n", number_text(r->texts, m.missed, count, sizeof count) },
		{ "rate",
			missing_rate(r, &m.worst->column[column], row_base(m.worst, column), target,
				rate, sizeof rate) },
		{ "limit",
			limit_text(
				r->texts, target_limit(r->options, target), limit, sizeof limit) });
}

/* Campaigns are named where the month as a whole does not say it, receivers where no campaign does.
 */
static void say_target_misses(const struct month_report *r, struct sentence *misses)
{
	const struct figures *f = r->month;
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (f->judged[t] == JUDGED_MISSED)
			say_month_miss(r, misses, t);
		else if (t != TARGET_BOUNCES && rows_missing(&f->campaigns, t).missed)
			say_rows_miss(r, misses, &f->campaigns, ROW_CAMPAIGN, t);
		else if (t == TARGET_COMPLAINT)
			say_rows_miss(r, misses, &f->providers, ROW_PROVIDER, t);
}

/*
 * Missed where anything is; met where that can be told of the month, whatever its smallest
 * campaigns may be.
 */
static enum targets_state targets_state(const struct month_report *r)
{
	unsigned untold = rows_missing(&r->month->campaigns, TARGET_HARD).untold, met = 0,
		 missed = 0;
	for (unsigned t = 0; t < TARGET_COUNT; t++) {
		missed += target_missed(r, t);
		untold += r->month->judged[t] == JUDGED_UNTOLD;
		met += r->month->judged[t] == JUDGED_MET;
	}
	if (missed)
		return TARGETS_MISSED;
	if (untold)
		return TARGETS_UNTOLD;
	if (met)
		return TARGETS_MET;
	return TARGETS_UNKNOWN;
}

/* What is too small to be judged is named, so that "all" is not said of it. */
static void say_untold(const struct month_report *r, struct sentence *s)
{
	char n[COUNT_TEXT_SIZE];
	const unsigned untold = rows_missing(&r->month->campaigns, TARGET_HARD).untold;
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (r->month->judged[t] == JUDGED_UNTOLD) {
			say_text(s, " ");
			FILL(s, text_of(r->texts, "verdict.untold"),
				{ "what", text_named(r->texts, "column", target_name(t)) });
		}
	if (untold) {
		say_text(s, " ");
		FILL(s,
			text_of(r->texts,
				untold > 1 ? "verdict.untold.campaigns"
					   : "verdict.untold.campaign"),
			{ "n", number_text(r->texts, untold, n, sizeof n) });
	}
}

/* Then a rate of complaints would say nothing. */
static bool nobody_reports(const struct figures *f)
{
	return f->reporting.state == CELL_SHOWN && f->reporting.n == 0;
}

/* What can be said of the targets, or of the counts where nobody knows how much was sent. */
static void say_targets(struct month_report *r, struct sentence *s)
{
	const struct figures *f = r->month;
	char text[SENTENCE_SIZE] = "", a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE], c[COUNT_TEXT_SIZE],
	     d[COUNT_TEXT_SIZE];
	static const char *const met[2][2] = { { "verdict.met.told", "verdict.met.told.silent" },
		{ "verdict.met", "verdict.met.silent" } };
	struct sentence misses = { text, 0, sizeof text };
	long bounces, complaints;
	say_target_misses(r, &misses);
	bool known = rate_of(&f->bounces, &f->sent, &bounces);
	r->targets = targets_state(r);
	if (r->targets == TARGETS_MISSED)
		FILL(s, text_of(r->texts, "verdict.missed"), { "misses", text });
	else if (known)
		FILL(s, text_of(r->texts, met[r->targets == TARGETS_MET][nobody_reports(f)]),
			{ "bounces", rate_text(r->texts, bounces, a, sizeof a) },
			{ "limit",
				limit_text(r->texts, target_limit(r->options, TARGET_BOUNCES), b,
					sizeof b) },
			{ "complaints",
				rate_of(&f->column[COLUMN_COMPLAINT], &f->reporting, &complaints)
					? rate_text(r->texts, complaints, c, sizeof c)
					: cell_text(r, &f->column[COLUMN_COMPLAINT], c, sizeof c) },
			{ "complaint-limit",
				limit_text(r->texts, target_limit(r->options, TARGET_COMPLAINT), d,
					sizeof d) });
	else
		FILL(s, text_of(r->texts, "verdict.counts"),
			{ "bounces", cell_text(r, &f->bounces, a, sizeof a) },
			{ "complaints", cell_text(r, &f->column[COLUMN_COMPLAINT], b, sizeof b) });
	say_untold(r, s);
}

/* What did not bounce, so that it and the bounce rate make a hundred. */
static void say_accepted(const struct month_report *r, struct sentence *s)
{
	char a[COUNT_TEXT_SIZE];
	long ppm;
	if (!rate_of(&r->month->bounces, &r->month->sent, &ppm) || ppm > 1000000)
		return;
	say_text(s, " ");
	FILL(s, text_of(r->texts, "note.accepted"),
		{ "accepted", rate_text(r->texts, 1000000 - (ppm + 50) / 100 * 100, a, sizeof a) });
}

static void say_note(const struct month_report *r, struct sentence *s)
{
	const struct figures *f = r->month;
	char sent[COUNT_TEXT_SIZE], n[16], days[16], a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE];
	long ppm;
	snprintf(n, sizeof n, "%d", f->sent_days);
	snprintf(days, sizeof days, "%d", f->days);
	if (!f->sent_days)
		say_text(s, text_of(r->texts, "note.no-volume"));
	else
		FILL(s, text_of(r->texts, nobody_reports(f) ? "note.silent" : "note.volume"),
			{ "sent", cell_text(r, &f->sent, sent, sizeof sent) }, { "n", n },
			{ "days", days },
			{ "bounces",
				rate_of(&f->bounces, &f->sent, &ppm)
					? rate_text(r->texts, ppm, a, sizeof a)
					: cell_text(r, &f->bounces, a, sizeof a) },
			{ "complaints",
				rate_of(&f->column[COLUMN_COMPLAINT], &f->reporting, &ppm)
					? rate_text(r->texts, ppm, b, sizeof b)
					: cell_text(
						  r, &f->column[COLUMN_COMPLAINT], b, sizeof b) });
	say_accepted(r, s);
	const int uncounted = days_in(f->uncounted);
	if (uncounted) {
		snprintf(n, sizeof n, "%d", uncounted);
		say_text(s, " ");
		FILL(s,
			text_of(r->texts,
				uncounted > 1 ? "note.uncounted.days" : "note.uncounted.day"),
			{ "n", n });
	}
	if (f->partial) {
		say_text(s, " ");
		say_text(s, text_of(r->texts, "note.partial"));
	}
	if (r->running) {
		say_text(s, " ");
		say_text(s, text_of(r->texts, "note.running"));
	}
}

/*
 * After the measures: a month is quiet when nothing changed, nothing began, and no urgent measure
 * has weight.
 */
static void find_verdict(struct month_report *r)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	struct sentence s = { r->sentence, 0, sizeof r->sentence },
			note = { r->note, 0, sizeof r->note };
	char month[DATE_TEXT_SIZE], a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE];
	bool urgent = false;
	for (unsigned i = 0; i < r->measures; i++)
		urgent |= strcmp(r->measure[i].urgency, "now") == 0 &&
			r->measure[i].weight * 100 >= (double)figure_notices(now) * QUIET_PERCENT;
	say_note(r, &note);
	say_targets(r, &s);
	if (!months_comparable(r)) {
		r->verdict = MONTH_FIRST;
		say_text(&s, " ");
		say_text(&s, text_of(r->texts, "verdict.first"));
		return;
	}
	int bounces = change_direction(r, false), complaints = change_direction(r, true);
	if (bounces > 0 || complaints > 0)
		r->verdict = MONTH_WORSE;
	else if (bounces < 0 || complaints < 0)
		r->verdict = MONTH_BETTER;
	else
		r->verdict = MONTH_STEADY;
	r->quiet = r->targets != TARGETS_MISSED && r->verdict == MONTH_STEADY && !urgent &&
		!r->incidents && risen_class(r, COLUMN_COUNT) == COLUMN_COUNT;
	if (r->quiet) {
		s.n = 0;
		FILL(&s,
			text_of(r->texts,
				r->targets == TARGETS_MET ? "verdict.quiet"
							  : "verdict.quiet-counts"),
			{ "before", month_title(r->texts, before->month, month, sizeof month) },
			{ "bounces", cell_text(r, &now->bounces, a, sizeof a) },
			{ "complaints",
				cell_text(r, &now->column[COLUMN_COMPLAINT], b, sizeof b) });
		return;
	}
	if (r->targets == TARGETS_UNKNOWN)
		s.n = 0;
	else
		say_text(&s, " ");
	say_change(r, &s);
}

/* How many counts the report prints as a bound: "<10", "≥10". */
static unsigned count_hidden(const xmlNode *node)
{
	unsigned n = 0;
	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (strcmp((const char *)node->name, "count") == 0) {
			const xmlNode *text = node->children;
			n += text && text->content &&
				(text->content[0] < '0' || text->content[0] > '9');
		}
		n += count_hidden(node->children);
	}
	return n;
}

/* --- retention ------------------------------------------------------------ */

static void begin_sentence(struct sentence *s)
{
	if (s->n)
		say_text(s, " ");
}

static void find_retention(struct month_report *r)
{
	struct sentence s = { r->retention, 0, sizeof r->retention };
	char at[DATE_TEXT_SIZE], count[COUNT_TEXT_SIZE], list[SENTENCE_SIZE] = "";
	struct sentence overdue = { list, 0, sizeof list };
	if (r->ledger_torn)
		say_text(&s, text_of(r->texts, "retention.torn"));
	for (unsigned i = 0; i < r->held.count; i++)
		if (r->held.at[i].overdue) {
			if (overdue.n)
				say_text(&overdue, ", ");
			FILL(&overdue, "{n} {class}",
				{ "n",
					number_text(r->texts, r->held.at[i].overdue, count,
						sizeof count) },
				{ "class", held_title(r->texts, r->held.at[i].name) });
		}
	begin_sentence(&s);
	if (overdue.n)
		FILL(&s, text_of(r->texts, "retention.overdue"), { "list", list });
	else
		say_text(&s, text_of(r->texts, "retention.well"));
	if (r->purged.number) {
		begin_sentence(&s);
		FILL(&s, text_of(r->texts, "retention.purge"),
			{ "at", utc_text(r->purged.at, at, sizeof at) });
	}
}

int month_findings(struct month_report *r, char *error, size_t size)
{
	find_retention(r);
	find_verdict(r); /* the targets, which measures look at */
	xmlDoc *report = month_report_document(r);
	if (!report) {
		snprintf(error, size, "no memory for the report");
		return -1;
	}
	r->hidden = count_hidden(xmlDocGetRootElement(report));
	int result = measures_find(r, report, error, size);
	xmlFreeDoc(report);
	if (result)
		return -1;
	*r->sentence = *r->note = '\0';
	find_verdict(r);
	return 0;
}
