/*
 * The measures that follow from the report's own XML by etc/measures.xml: what to do, and why.
 */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <string.h>

#include "reports/findings.h"
#include "classify/base/files.h"

static const char embedded_measures[] = {
#include "embedded/measures.xml.inc"
};

enum {
	WEIGHT_PERCENT = 2, /* of all notices: a cause that weighs less is no ground for a measure,
			       unless it began in the month */
	FILLINGS_MAX = 16,
	VALUE_SIZE = 128,
	CATEGORIES_SIZE = 96,
	/* of all notices: less of a cause is not urgent unless it began in the month … */
	URGENT_PERCENT = 5,
	/* … nor is less than one in so many mails, unless it rose by half */
	URGENT_OF_SENT = 1000,
};

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
 * A count that is not shown because of others is k or more, as everybody sees, or what may be said
 * of it; then *WHOLE is false.
 */
static uint64_t said_at_least(const struct cell *c, unsigned k, bool *whole)
{
	*whole &= c->state != CELL_WITHHELD;
	if (c->state != CELL_WITHHELD)
		return figure_shown(c);
	return c->least > (int64_t)k ? (uint64_t)c->least : k;
}

/* N of some causes, of which there were BEFORE in the month before, want to be seen to now. */
static bool is_urgent(const struct month_report *r, uint64_t n, uint64_t before)
{
	const struct cell *sent = &r->month->sent;
	if (n * 100 < figure_notices(r->month) * URGENT_PERCENT)
		return false;
	if (sent->state != CELL_SHOWN || sent->n == 0 || n * URGENT_OF_SENT >= sent->n)
		return true;
	return months_comparable(r) && n * 2 >= before * 3 && n >= before + r->k;
}

/* "at least 30" begins a sentence. */
static void begin_large(char *text)
{
	if (*text >= 'a' && *text <= 'z')
		*text = (char)(*text - 'a' + 'A');
}

/* A measure that names causes: how many, where, since when. */
static bool judge_categories(
	struct judging *j, const xmlNode *node, struct measure *m, struct sentence *because)
{
	struct month_report *r = j->report;
	char list[CATEGORIES_SIZE], count[COUNT_TEXT_SIZE] = "", number_alone[COUNT_TEXT_SIZE],
				    date[DATE_TEXT_SIZE], what[64];
	const char *provider = "";
	uint64_t n = 0, before = 0, most = 0;
	int since = 0;
	bool whole = true;
	property(node, "category", list, sizeof list);
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		uint64_t of_category = 0;
		if (!names_category(list, g))
			continue;
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			of_category += said_at_least(&r->month->category[c][g], r->k, &whole);
			before += figure_shown(&r->month[1].category[c][g]);
		}
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
	if (!since && !is_urgent(r, n, before) && strcmp(m->urgency, "now") == 0)
		snprintf(m->urgency, sizeof m->urgency, "this month");
	snprintf(what, sizeof what, "measure.%s.what", m->id);
	number_text(r->texts, n, number_alone, sizeof number_alone);
	struct sentence s = { count, 0, sizeof count };
	FILL(&s, whole ? "{n}" : text_of(r->texts, "at-least"), { "n", number_alone });
	const char *form = *provider ? "because.at" : "because.plain";
	FILL(because, text_of(r->texts, since ? "because.since" : form), { "n", count },
		{ "what", text_of(r->texts, what) }, { "provider", provider_title(r, provider) },
		{ "since",
			since ? date_title(r->texts, r->month->month, since, date, sizeof date)
			      : "" });
	begin_large(m->because);
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
		sentence_fill(because, text_of(j->report->texts, text), j->filling);
		m->weight = finding_number(j, node, "weight");
		return true;
	}
	return false;
}

static unsigned urgency_rank(const struct measure *m)
{
	if (strcmp(m->urgency, "now") == 0)
		return 0;
	return strcmp(m->urgency, "watch") == 0 ? 2 : 1;
}

static bool goes_before(const struct measure *a, const struct measure *b)
{
	const unsigned x = urgency_rank(a), y = urgency_rank(b);
	return x != y ? x < y : a->weight > b->weight;
}

/*
 * Keeps the list in the order of urgency, then of weight; equal ones in the order of the file.
 */
static void place_of_finding(struct month_report *r, const struct measure *m)
{
	unsigned i = r->measures;
	while (i > 0 && goes_before(m, &r->measure[i - 1]))
		i--;
	if (i == MEASURES_MAX)
		return;
	r->measures += r->measures < MEASURES_MAX;
	memmove(&r->measure[i + 1], &r->measure[i], (r->measures - 1 - i) * sizeof *m);
	r->measure[i] = *m;
}

static bool judge_measures_of_targets(
	struct month_report *r, xmlXPathContext *context, const xmlNode *node)
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

int measures_find(struct month_report *r, xmlDoc *report, char *error, size_t size)
{
	const char *path = r->options->measures;
	xmlDoc *rules = NULL;
	if (!path)
		rules = xmlReadMemory(embedded_measures, sizeof embedded_measures, "measures.xml",
			NULL, PARSE_OPTIONS);
	else if (!file_is_pipe(path))
		rules = xmlReadFile(path, NULL, PARSE_OPTIONS);
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
		if (!judge_measures_of_targets(r, context, node)) {
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
