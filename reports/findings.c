/*
 * What the figures mean: the verdict, and the measures that follow from etc/measures.xml. Whether a
 * target is kept was judged on the true figures (targets.c); everything else here reads figures as
 * they are shown.
 */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

static const char embedded_measures[] = {
#include "embedded/measures.xml.inc"
};

enum {
	LEVEL_PERCENT = 10, /* a change below it counts as level */
	WEIGHT_PERCENT = 2, /* of all notices: a cause that weighs less is no ground for a measure,
			       unless it began in the month */
	FILLINGS_MAX = 16,
	VALUE_SIZE = 128,
	CATEGORIES_SIZE = 96,
	/* of all notices: less of a cause is not urgent unless it began in the month */
	URGENT_PERCENT = 5,
	/* of all notices: a month with an urgent measure of that weight is not quiet */
	QUIET_PERCENT = 10,
};

static uint64_t figure_shown(const struct cell *c)
{
	return c->state == CELL_SHOWN ? c->n : 0;
}

/* Bounces and complaints: what weights are compared with. */
static uint64_t figure_notices(const struct figures *f)
{
	return figure_shown(&f->bounces) + figure_shown(&f->column[COLUMN_COMPLAINT]);
}

/* --- verdict: against the month before ------------------------------------ */

/* -1 fell, 0 level, 1 rose; level too where the difference is below k or a side is not shown. */
static int direction(const struct cell *now, const struct cell *before, unsigned k)
{
	if (now->state != CELL_SHOWN || before->state != CELL_SHOWN)
		return 0;
	uint64_t difference = now->n > before->n ? now->n - before->n : before->n - now->n;
	if (difference < k || difference * 100 < before->n * LEVEL_PERCENT)
		return 0;
	return now->n > before->n ? 1 : -1;
}

static bool comparable(const struct month_report *r)
{
	return r->month[1].covered && !r->month[1].partial;
}

static void say_movement(const struct month_report *r, struct sentence *s, const char *column,
	const struct cell *now, const struct cell *before)
{
	static const char *const words[] = { "movement.down", "movement.level", "movement.up" };
	char id[64], n[COUNT_TEXT_SIZE], change[COUNT_TEXT_SIZE] = "";
	long percent;
	int way = direction(now, before, r->k);
	bool changed = change_percent(now, before, &percent) &&
		(way || labs(percent) < LEVEL_PERCENT);
	snprintf(id, sizeof id, "column.%s.words", column);
	cell_text(r, now, n, sizeof n);
	if (changed)
		percent_text(
			r->texts, way ? labs(percent) : percent, way == 0, change, sizeof change);
	FILL(s, text_of(r->texts, changed ? words[way + 1] : "movement.count"),
		{ "what", text_of(r->texts, id) }, { "n", n }, { "percent", change });
}

/*
 * How much a part of a whole moved at least, in the direction WAY; 0 where that cannot be said.
 * Where the count before is not shown, it was no more than what the shown parts left of the whole.
 */
static int64_t movement(const struct cell *now, const struct cell *before,
	const struct cell *whole_before, uint64_t others_before, int way, unsigned k)
{
	if (before->state == CELL_SHOWN)
		return direction(now, before, k) == way
			? way * ((int64_t)now->n - (int64_t)before->n)
			: 0;
	if (way < 0 || now->state != CELL_SHOWN || whole_before->state != CELL_SHOWN)
		return 0;
	int64_t rise = (int64_t)now->n - ((int64_t)whole_before->n - (int64_t)others_before);
	return rise >= (int64_t)k ? rise : 0;
}

static uint64_t sum_shown(const struct cell column[COLUMN_COUNT], unsigned except)
{
	uint64_t n = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		n += c == except || c == COLUMN_COMPLAINT ? 0 : figure_shown(&column[c]);
	return n;
}

/* The class whose change is the largest part of the bounces' change. */
static unsigned driving_column(
	const struct figures *now, const struct figures *before, int way, unsigned k)
{
	unsigned best = COLUMN_COUNT;
	int64_t most = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		int64_t moved = c == COLUMN_COMPLAINT
			? 0
			: movement(&now->column[c], &before->column[c], &before->bounces,
				  sum_shown(before->column, c), way, k);
		if (moved > most) {
			most = moved;
			best = c;
		}
	}
	return best;
}

/* The provider whose count in that class moved most. */
static const char *driving_provider(const struct figures *now, const struct figures *before,
	unsigned column, int way, unsigned k)
{
	const char *best = NULL;
	int64_t most = 0;
	for (size_t i = 0; i < now->providers.count; i++) {
		const struct row *row = &now->providers.row[i];
		const struct row *old = row->rest ? NULL
						  : table_find(&before->providers, row->name);
		int64_t moved = old ? movement(&row->column[column], &old->column[column],
					      &old->bounces, sum_shown(old->column, column), way, k)
				    : 0;
		if (moved > most) {
			most = moved;
			best = row->name;
		}
	}
	return best;
}

/*
 * "Against September 2026, bounces rose by 12 % to 3,412 and …; most of the rise is blocks, above
 * all at gmx."
 */
static void say_change(const struct month_report *r, struct sentence *s, int way)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	char month[DATE_TEXT_SIZE], text[SENTENCE_SIZE] = "", id[64];
	struct sentence movements = { text, 0, sizeof text };
	say_movement(r, &movements, "bounces", &now->bounces, &before->bounces);
	say_text(&movements, text_of(r->texts, "and"));
	say_movement(r, &movements, "complaint", &now->column[COLUMN_COMPLAINT],
		&before->column[COLUMN_COMPLAINT]);
	unsigned column = way ? driving_column(now, before, way, r->k) : COLUMN_COUNT;
	if (column < COLUMN_COUNT) {
		const char *provider = driving_provider(now, before, column, way, r->k);
		snprintf(id, sizeof id, "column.%s.words", column_name(column));
		say_text(&movements, "; ");
		FILL(&movements,
			text_of(r->texts, provider ? "verdict.driver.provider" : "verdict.driver"),
			{ "way", text_of(r->texts, way > 0 ? "verdict.rise" : "verdict.fall") },
			{ "what", text_of(r->texts, id) },
			{ "provider", provider ? provider : "" });
	}
	FILL(s, text_of(r->texts, "verdict.against"),
		{ "before", month_title(r->texts, before->month, month, sizeof month) },
		{ "movements", text });
}

/* --- verdict: against the targets ----------------------------------------- */

/*
 * Campaigns that miss the target of hard bounces; the highest rate's to *WORST, one whose rate is
 * not shown where there is no other. How many are too small to be judged.
 */
static unsigned campaigns_missed(
	const struct month_report *r, const struct row **worst, unsigned *untold)
{
	const struct table *t = &r->month->campaigns;
	unsigned n = 0;
	long ppm, most = -1;
	*worst = NULL;
	*untold = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		*untold += row->judged[TARGET_HARD] == JUDGED_UNTOLD;
		if (row->judged[TARGET_HARD] != JUDGED_MISSED)
			continue;
		n++;
		if (!rate_of(&row->column[COLUMN_HARD], &row->sent, &ppm))
			ppm = 0;
		if (ppm > most) {
			most = ppm;
			*worst = row;
		}
	}
	return n;
}

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

static void say_target_misses(const struct month_report *r, struct sentence *misses)
{
	char rate[COUNT_TEXT_SIZE], limit[COUNT_TEXT_SIZE], count[COUNT_TEXT_SIZE];
	const struct figures *f = r->month;
	const struct row *worst;
	unsigned untold, n = campaigns_missed(r, &worst, &untold);
	for (unsigned t = 0; t < TARGET_COUNT; t++) {
		if (f->judged[t] != JUDGED_MISSED)
			continue;
		begin_miss(misses);
		FILL(misses, text_named(r->texts, "verdict.miss", target_name(t)),
			{ "rate",
				missing_rate(
					r, target_cell(f, t), &f->sent, t, rate, sizeof rate) },
			{ "limit",
				limit_text(r->texts, target_limit(r->options, t), limit,
					sizeof limit) });
	}
	if (!worst || f->judged[TARGET_HARD] == JUDGED_MISSED)
		return;
	begin_miss(misses);
	FILL(misses, text_of(r->texts, n > 1 ? "verdict.miss.campaigns" : "verdict.miss.campaign"),
		{ "name", worst->name }, { "n", number_text(r->texts, n, count, sizeof count) },
		{ "rate",
			missing_rate(r, &worst->column[COLUMN_HARD], &worst->sent, TARGET_HARD,
				rate, sizeof rate) },
		{ "limit",
			limit_text(r->texts, target_limit(r->options, TARGET_HARD), limit,
				sizeof limit) });
}

/*
 * Missed where anything is; met where that can be told of the month, whatever its smallest
 * campaigns may be.
 */
static enum targets_state targets_state(const struct month_report *r)
{
	const struct row *worst;
	unsigned untold, met = 0, missed = campaigns_missed(r, &worst, &untold);
	for (unsigned t = 0; t < TARGET_COUNT; t++) {
		missed += r->month->judged[t] == JUDGED_MISSED;
		untold += r->month->judged[t] == JUDGED_UNTOLD;
		met += r->month->judged[t] == JUDGED_MET;
	}
	return missed    ? TARGETS_MISSED
		: untold ? TARGETS_UNTOLD
		: met    ? TARGETS_MET
			 : TARGETS_UNKNOWN;
}

/* What is too small to be judged is named, so that "all" is not said of it. */
static void say_untold(const struct month_report *r, struct sentence *s)
{
	const struct row *worst;
	char n[COUNT_TEXT_SIZE];
	unsigned untold;
	campaigns_missed(r, &worst, &untold);
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

/* What can be said of the targets, or of the counts where nobody knows how much was sent. */
static void say_targets(struct month_report *r, struct sentence *s)
{
	const struct figures *f = r->month;
	char text[SENTENCE_SIZE] = "", a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE], c[COUNT_TEXT_SIZE],
	     d[COUNT_TEXT_SIZE];
	struct sentence misses = { text, 0, sizeof text };
	long bounces, complaints;
	say_target_misses(r, &misses);
	bool known = rate_of(&f->bounces, &f->sent, &bounces);
	r->targets = targets_state(r);
	if (r->targets == TARGETS_MISSED)
		FILL(s, text_of(r->texts, "verdict.missed"), { "misses", text });
	else if (known)
		FILL(s,
			text_of(r->texts,
				r->targets == TARGETS_MET ? "verdict.met" : "verdict.met.told"),
			{ "bounces", rate_text(r->texts, bounces, a, sizeof a) },
			{ "limit",
				limit_text(r->texts, target_limit(r->options, TARGET_BOUNCES), b,
					sizeof b) },
			{ "complaints",
				rate_of(&f->column[COLUMN_COMPLAINT], &f->sent, &complaints)
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
		FILL(s, text_of(r->texts, "note.volume"),
			{ "sent", cell_text(r, &f->sent, sent, sizeof sent) }, { "n", n },
			{ "days", days },
			{ "bounces",
				rate_of(&f->bounces, &f->sent, &ppm)
					? rate_text(r->texts, ppm, a, sizeof a)
					: cell_text(r, &f->bounces, a, sizeof a) },
			{ "complaints",
				rate_of(&f->column[COLUMN_COMPLAINT], &f->sent, &ppm)
					? rate_text(r->texts, ppm, b, sizeof b)
					: cell_text(
						  r, &f->column[COLUMN_COMPLAINT], b, sizeof b) });
	if (f->partial) {
		say_text(s, " ");
		say_text(s, text_of(r->texts, "note.partial"));
	}
}

/*
 * After the measures: a month is quiet when nothing got worse, nothing began, and no urgent measure
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
	if (!comparable(r)) {
		r->verdict = MONTH_FIRST;
		say_text(&s, " ");
		say_text(&s, text_of(r->texts, "verdict.first"));
		return;
	}
	int bounces = direction(&now->bounces, &before->bounces, r->k);
	int complaints = direction(
		&now->column[COLUMN_COMPLAINT], &before->column[COLUMN_COMPLAINT], r->k);
	r->verdict = bounces > 0 || complaints > 0 ? MONTH_WORSE
		: bounces < 0 || complaints < 0    ? MONTH_BETTER
						   : MONTH_STEADY;
	r->quiet = r->targets != TARGETS_MISSED && r->verdict != MONTH_WORSE && !urgent &&
		!r->incidents;
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
	say_change(r, &s, bounces);
}

/* --- measures ------------------------------------------------------------- */

/* One measure while it is judged. */
struct judging {
	struct month_report *report;
	xmlXPathContext *context;
	struct filling filling[FILLINGS_MAX + 1];
	char value[FILLINGS_MAX][VALUE_SIZE], name[FILLINGS_MAX][32];
	unsigned fillings;
	bool failed;
};

static void property(const xmlNode *node, const char *name, char *out, size_t size)
{
	xmlChar *value = xmlGetProp(node, BAD_CAST name);
	snprintf(out, size, "%s", value ? (const char *)value : "");
	string_free(value);
}

static xmlXPathObject *evaluate_finding(struct judging *j, const xmlNode *node, const char *name)
{
	xmlChar *expression = xmlGetProp(node, BAD_CAST name);
	xmlXPathObject *value = expression ? xmlXPathEvalExpression(expression, j->context) : NULL;
	j->failed |= !value;
	string_free(expression);
	return value;
}

static double finding_number(struct judging *j, const xmlNode *node, const char *name)
{
	xmlXPathObject *value = evaluate_finding(j, node, name);
	double n = value ? xmlXPathCastToNumber(value) : 0;
	xmlXPathFreeObject(value);
	return n == n ? n : 0;
}

static void add_filling(struct judging *j, const char *name, const char *value)
{
	if (j->fillings == FILLINGS_MAX) {
		j->failed = true;
		return;
	}
	unsigned i = j->fillings++;
	snprintf(j->name[i], sizeof j->name[i], "%s", name);
	snprintf(j->value[i], sizeof j->value[i], "%s", value);
	j->filling[i] = (struct filling){ j->name[i], j->value[i] };
	j->filling[i + 1] = (struct filling){ NULL, NULL };
}

/* A value as the sentence has it; none where the figure is not shown. */
static void format_value(struct judging *j, const char *name, const char *as, xmlXPathObject *value)
{
	const struct texts *t = j->report->texts;
	char text[VALUE_SIZE] = "";
	if (strcmp(as, "nodes") == 0)
		return;
	if (strcmp(as, "text") == 0) {
		xmlChar *string = xmlXPathCastToString(value);
		span_copy_text(text, sizeof text, span_of((const char *)string));
		string_free(string);
	} else {
		double n = xmlXPathCastToNumber(value);
		if (n >= 0 && strcmp(as, "number") == 0)
			number_text(t, (uint64_t)(n + 0.5), text, sizeof text);
		else if (n >= 0 && strcmp(as, "rate") == 0)
			rate_text(t, (long)(n * 10000 + 0.5), text, sizeof text);
		else if (n >= 0 && strcmp(as, "limit") == 0)
			limit_text(t, (long)(n * 10000 + 0.5), text, sizeof text);
		else if (n == n && strcmp(as, "percent") == 0)
			percent_text(t, (long)n, false, text, sizeof text);
	}
	add_filling(j, name, text);
}

static void let(struct judging *j, const xmlNode *node)
{
	char name[32], as[16];
	xmlXPathObject *value = evaluate_finding(j, node, "select");
	if (!value)
		return;
	property(node, "name", name, sizeof name);
	property(node, "as", as, sizeof as);
	format_value(j, name, as, value);
	if (strcmp(as, "nodes") != 0 && strcmp(as, "text") != 0) {
		double n = xmlXPathCastToNumber(value);
		xmlXPathFreeObject(value);
		value = xmlXPathNewFloat(n);
	}
	if (!value || xmlXPathRegisterVariable(j->context, BAD_CAST name, value))
		j->failed = true;
}

static bool names_category(const char *list, unsigned category)
{
	const char *name = category_name(category);
	size_t n = strlen(name);
	for (const char *at = list; n && (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
			return true;
	return false;
}

/*
 * A count that is not shown because of others is k or more, as everybody sees; then *WHOLE is
 * false.
 */
static uint64_t said_at_least(const struct cell *c, unsigned k, bool *whole)
{
	*whole &= c->state != CELL_WITHHELD;
	return c->state == CELL_WITHHELD ? k : figure_shown(c);
}

/* A measure that names causes: how many, where, since when. */
static bool judge_categories(
	struct judging *j, const xmlNode *node, struct measure *m, struct sentence *because)
{
	struct month_report *r = j->report;
	char list[CATEGORIES_SIZE], count[COUNT_TEXT_SIZE] = "", number_alone[COUNT_TEXT_SIZE],
				    date[DATE_TEXT_SIZE], what[64];
	const char *provider = "";
	uint64_t n = 0, most = 0;
	int since = 0;
	bool whole = true;
	property(node, "category", list, sizeof list);
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		uint64_t of_category = 0;
		if (!names_category(list, g))
			continue;
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			of_category += said_at_least(&r->month->category[c][g], r->k, &whole);
		n += of_category;
		if (of_category > most) {
			most = of_category;
			provider = r->month->leader[g];
			since = *provider ? incident_day(r, g, provider) : 0;
		}
	}
	m->weight = finding_number(j, node, "factor") * (double)n;
	if (n == 0 ||
		(!since && m->weight * 100 < (double)figure_notices(r->month) * WEIGHT_PERCENT))
		return false;
	if (!since && n * 100 < figure_notices(r->month) * URGENT_PERCENT &&
		strcmp(m->urgency, "now") == 0)
		snprintf(m->urgency, sizeof m->urgency, "this month");
	snprintf(what, sizeof what, "measure.%s.what", m->id);
	number_text(r->texts, n, number_alone, sizeof number_alone);
	struct sentence s = { count, 0, sizeof count };
	FILL(&s, whole ? "{n}" : text_of(r->texts, "at-least"), { "n", number_alone });
	FILL(because,
		text_of(r->texts,
			since               ? "because.since"
				: *provider ? "because.at"
					    : "because.plain"),
		{ "n", count }, { "what", text_of(r->texts, what) }, { "provider", provider },
		{ "since",
			since ? date_title(r->texts, r->month->month, since, date, sizeof date)
			      : "" });
	return true;
}

/* The first reason that holds. */
static bool judge_conditions(
	struct judging *j, const xmlNode *node, struct measure *m, struct sentence *because)
{
	char text[64];
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE &&
			strcmp((const char *)child->name, "let") == 0)
			let(j, child);
		if (child->type != XML_ELEMENT_NODE ||
			strcmp((const char *)child->name, "because") != 0)
			continue;
		xmlXPathObject *test = evaluate_finding(j, child, "test");
		bool holds = test && xmlXPathCastToBoolean(test);
		xmlXPathFreeObject(test);
		if (!holds)
			continue;
		property(child, "text", text, sizeof text);
		fill(because, text_of(j->report->texts, text), j->filling);
		m->weight = finding_number(j, node, "weight");
		return true;
	}
	return false;
}

/* Keeps the list in the order of weight; equal ones in the order of the file. */
static void place_of_finding(struct month_report *r, const struct measure *m)
{
	unsigned i = r->measures;
	while (i > 0 && r->measure[i - 1].weight < m->weight)
		i--;
	if (i == MEASURES_MAX)
		return;
	r->measures += r->measures < MEASURES_MAX;
	memmove(&r->measure[i + 1], &r->measure[i], (r->measures - 1 - i) * sizeof *m);
	r->measure[i] = *m;
}

static bool judge_targets(struct month_report *r, xmlXPathContext *context, const xmlNode *node)
{
	struct measure m = { .weight = 0 };
	struct judging j = { .report = r, .context = context };
	struct sentence because = { m.because, 0, sizeof m.because };
	char owner[32], id[64];
	property(node, "id", m.id, sizeof m.id);
	property(node, "urgency", m.urgency, sizeof m.urgency);
	property(node, "owner", owner, sizeof owner);
	snprintf(m.owner, sizeof m.owner, "%s", text_named(r->texts, "owner", owner));
	snprintf(id, sizeof id, "measure.%s", m.id);
	snprintf(m.action, sizeof m.action, "%s", text_of(r->texts, id));
	bool holds = xmlHasProp(node, BAD_CAST "category")
		? judge_categories(&j, node, &m, &because)
		: judge_conditions(&j, node, &m, &because);
	if (holds && !j.failed)
		place_of_finding(r, &m);
	xmlXPathRegisteredVariablesCleanup(context);
	return !j.failed;
}

static int find_measures(struct month_report *r, xmlDoc *report, char *error, size_t size)
{
	enum { PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };
	const char *path = r->options->measures;
	xmlDoc *rules = path ? xmlReadFile(path, NULL, PARSE_OPTIONS)
			     : xmlReadMemory(embedded_measures, sizeof embedded_measures,
				       "measures.xml", NULL, PARSE_OPTIONS);
	xmlXPathContext *context = xmlXPathNewContext(report);
	const xmlNode *root = rules ? xmlDocGetRootElement(rules) : NULL;
	int result = root && context ? 0 : -1;
	if (result)
		snprintf(error, size, "measures %s: cannot be read as XML",
			path ? path : "built in");
	if (!result && xmlXPathRegisterNs(context, BAD_CAST "r", BAD_CAST "urn:retour:report:1"))
		result = -1;
	for (const xmlNode *node = result ? NULL : root->children; node && !result;
		node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		context->node = xmlDocGetRootElement(report);
		if (!judge_targets(r, context, node)) {
			char id[32];
			property(node, "id", id, sizeof id);
			snprintf(error, size,
				"measures %s: %s has an expression that is not XPath, or too many values",
				path ? path : "built in", id);
			result = -1;
		}
	}
	if (context)
		xmlXPathFreeContext(context);
	xmlFreeDoc(rules);
	return result;
}

/* How many counts the report does not show. */
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
				{ "class", text_named(r->texts, "class", r->held.at[i].name) });
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
	int result = find_measures(r, report, error, size);
	xmlFreeDoc(report);
	if (result)
		return -1;
	*r->sentence = *r->note = '\0';
	find_verdict(r);
	return 0;
}
