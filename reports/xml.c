/*
 * The month as XML (etc/report.xsd, namespace urn:retour:report:1): the source of the HTML and what
 * other programs read. Built as a libxml2 tree, which escapes; elements stand in a fixed order,
 * numbers are plain digits whatever the language. A count is a number, or "<k" or "≥k" where it is
 * not shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/base/units.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"
#include "store/volume.h"

#define REPORT_NAMESPACE "urn:retour:report:1"
#define REPORT_VERSION "3"

static void row_rates(xmlNode *parent, const struct row *row)
{
	xml_rate(parent, "rate", "bounces", &row->bounces, &row->sent);
	xml_rate(parent, "class-rate", "hard", &row->column[COLUMN_HARD], &row->sent);
	xml_rate(parent, "class-rate", "block", &row->column[COLUMN_BLOCK], &row->sent);
	xml_rate(
		parent, "class-rate", "complaint", &row->column[COLUMN_COMPLAINT], &row->reporting);
}

/* What a target came to, as far as that may be said. */
static void write_judged(xmlNode *parent, const enum judged judged[TARGET_COUNT])
{
	static const char *const words[] = {
		[JUDGED_UNTOLD] = "untold", [JUDGED_MET] = "met", [JUDGED_MISSED] = "missed"
	};
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (judged[t] != JUDGED_NOT) {
			xmlNode *node = xml_element(parent, "judged");
			xml_attribute(node, "of", target_name(t));
			xml_attribute(node, "as", words[judged[t]]);
		}
}

/* --- verdict, measures, comments, targets --------------------------------- */

static void summary(const struct month_report *r, xmlNode *root)
{
	static const char *const states[] = { [MONTH_FIRST] = "first",
		[MONTH_BETTER] = "better",
		[MONTH_STEADY] = "steady",
		[MONTH_WORSE] = "worse" };
	static const char *const targets[] = { [TARGETS_UNKNOWN] = "unknown",
		[TARGETS_MET] = "met",
		[TARGETS_MISSED] = "missed",
		[TARGETS_UNTOLD] = "untold" };
	char at[DATE_TEXT_SIZE];
	xmlNode *node = xml_element(root, "verdict");
	xml_attribute(node, "state", states[r->verdict]);
	xml_attribute(node, "targets", targets[r->targets]);
	xml_attribute(node, "quiet", r->quiet ? "true" : "false");
	xml_text(node, "sentence", r->sentence);
	xml_text(node, "note", r->note);
	node = xml_element(root, "measures");
	for (unsigned i = 0; i < r->measures; i++) {
		xmlNode *m = xml_element(node, "measure");
		xml_attribute(m, "id", r->measure[i].id);
		xml_attribute(m, "urgency", r->measure[i].urgency);
		xml_attribute(m, "owner", r->measure[i].owner);
		xml_text(m, "action", r->measure[i].action);
		xml_text(m, "because", r->measure[i].because);
	}
	if (!r->comments)
		return;
	node = xml_element(root, "comments");
	for (unsigned i = 0; i < r->comments; i++) {
		xmlNode *comment = xmlNewTextChild(
			node, node->ns, BAD_CAST "comment", BAD_CAST r->comment[i].text);
		xml_attribute(comment, "date", day_text(r->comment[i].at, at, sizeof at));
	}
}

static void targets(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "targets");
	char text[32];
	long ppm;
	for (unsigned t = 0; t < TARGET_COUNT; t++) {
		xmlNode *target = xml_element(node, "target");
		xml_attribute(target, "id", target_name(t));
		xml_attribute(target, "title", text_named(r->texts, "column", target_name(t)));
		xml_attribute(target, "limit",
			xml_plain_rate(target_limit(r->options, t), text, sizeof text));
		if (rate_of(target_cell(r->month, t), target_base(r->month, t), &ppm))
			xml_attribute(target, "value", xml_plain_rate(ppm, text, sizeof text));
		if (target_missed(r, t))
			xml_attribute(target, "met", "false");
		else if (r->month->judged[t] == JUDGED_MET)
			xml_attribute(target, "met", "true");
	}
}

/* --- figures -------------------------------------------------------------- */

/* Of the mails sent those to receivers that tell of complaints; only where there are any. */
static void write_reporting(
	const struct month_report *r, xmlNode *parent, const struct cell *reporting)
{
	if (reporting->n > 0 || reporting->state != CELL_SHOWN)
		xml_count(r, xml_element(parent, "reporting"), NULL, reporting);
}

static void write_figure(const struct month_report *r, xmlNode *parent, const char *id,
	const struct cell *now, const struct cell *before)
{
	const bool complaints = now == &r->month->column[COLUMN_COMPLAINT];
	xmlNode *node = xml_element(parent, "figure");
	xml_attribute(node, "id", id);
	xml_attribute(node, "title", text_named(r->texts, "column", id));
	xml_count(r, node, NULL, now);
	if (!complaints)
		xml_share(node, now, &r->month->bounces);
	xml_comparison(r, node, now, before);
	xml_rate(node, "rate", NULL, now, complaints ? &r->month->reporting : &r->month->sent);
	if (!r->month[1].partial)
		xml_rate(node, "rate-before", NULL, before,
			complaints ? &r->month[1].reporting : &r->month[1].sent);
	if (complaints)
		write_reporting(r, node, &r->month->reporting);
}

/* Only where it is known. */
static void sent(const struct month_report *r, xmlNode *parent)
{
	if (!r->month->sent_days)
		return;
	xmlNode *node = xml_element(parent, "sent");
	xml_number(node, "days", r->month->sent_days);
	if (r->month->uncounted)
		xml_number(node, "uncounted", days_in(r->month->uncounted));
	xml_count(r, node, NULL, &r->month->sent);
	if (r->month[1].sent_days)
		xml_comparison(r, node, &r->month->sent, &r->month[1].sent);
}

static void figures(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "figures");
	sent(r, node);
	const struct figures *f = r->month;
	struct cell other, none = { .vague = true, .state = CELL_SMALL };
	write_figure(r, node, "bounces", &f->bounces, &f[1].bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (f->column[c].state == CELL_SHOWN || !f->column[c].vague)
			write_figure(r, node, column_name(c), &f->column[c], &f[1].column[c]);
	if (other_bounces(&f->bounces, f->column, &other))
		write_figure(r, node, "other", &other, &none);
}

/* Oldest first, from the first month that the records reach. */
static void write_trend(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "trend");
	char text[DATE_TEXT_SIZE];
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &r->month[i];
		if (!f->covered)
			continue;
		xmlNode *m = xml_element(node, "month");
		xml_attribute(m, "id", month_name(f->month, text, sizeof text));
		xml_attribute(m, "title", month_title(r->texts, f->month, text, sizeof text));
		xml_attribute(m, "complete", f->partial ? "false" : "true");
		xml_columns(r, m, &f->bounces, f->column);
		if (!f->sent_days)
			continue;
		xmlNode *volume = xml_element(m, "sent");
		if (f->uncounted)
			xml_number(volume, "uncounted", days_in(f->uncounted));
		xml_count(r, volume, NULL, &f->sent);
		xml_rate(m, "rate", "bounces", &f->bounces, &f->sent);
		xml_rate(m, "class-rate", "hard", &f->column[COLUMN_HARD], &f->sent);
		xml_rate(m, "class-rate", "complaint", &f->column[COLUMN_COMPLAINT], &f->reporting);
	}
}

static void write_since(
	const struct month_report *r, xmlNode *node, unsigned category, const char *provider)
{
	char text[DATE_TEXT_SIZE];
	int day = incident_day(r, category, provider);
	if (!day)
		return;
	snprintf(text, sizeof text, "%04d-%02d-%02d", r->month->month.year, r->month->month.month,
		day);
	xml_attribute(node, "since", text);
	xml_attribute(
		node, "since-title", date_title(r->texts, r->month->month, day, text, sizeof text));
}

static void write_leader(const struct month_report *r, xmlNode *node, unsigned category)
{
	const char *leader = r->month->leader[category];
	if (!*leader)
		return;
	xml_text(node, "leader", leader);
	xml_attribute(node->last, "title", provider_title(r, leader));
}

static void write_classes(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = xml_element(root, "classes");
	struct ranked list[CATEGORY_COUNT];
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		xmlNode *class_node = xml_element(node, "class");
		xml_attribute(class_node, "id", column_name(c));
		xml_attribute(class_node, "title", text_named(r->texts, "column", column_name(c)));
		xml_told_count(r, class_node, NULL, &f->column[c]);
		size_t n = category_ranking(f, c, list);
		for (size_t i = 0; i < n; i++) {
			unsigned g = list[i].category;
			xmlNode *category = xml_element(class_node, "category");
			xml_category(r, category, g);
			if (*f->leader[g])
				write_since(r, category, g, f->leader[g]);
			if (is_infrastructure(g))
				xml_attribute(category, "infrastructure", "true");
			xml_count(r, category, NULL, &f->category[c][g]);
			if (c != COLUMN_COMPLAINT)
				xml_share(category, &f->category[c][g], &f->bounces);
			xml_comparison(
				r, category, &f->category[c][g], &r->month[1].category[c][g]);
			write_leader(r, category, g);
			if (*category_check(r->texts, g))
				xml_text(category, "check", category_check(r->texts, g));
		}
		char title[SENTENCE_SIZE];
		struct cell other;
		if (other_causes(f, c, &other)) {
			xmlNode *category = xml_element(class_node, "category");
			xml_attribute(category, "id", "other");
			xml_attribute(
				category, "title", other_causes_title(r, c, title, sizeof title));
			const enum category most = f->mostly[c];
			if (most != CATEGORY_NONE)
				xml_attribute(category, "mostly", category_name(most));
			if (most != CATEGORY_NONE && *f->leader[most])
				write_since(r, category, most, f->leader[most]);
			if (is_infrastructure(most))
				xml_attribute(category, "infrastructure", "true");
			xml_count(r, category, NULL, &other);
			if (most == CATEGORY_NONE)
				continue;
			write_leader(r, category, most);
			if (*category_check(r->texts, most))
				xml_text(category, "check", category_check(r->texts, most));
		}
	}
}

/*
 * The row of each month of the trend, oldest first; an empty one where the month has no such row.
 */
static void history(
	const struct month_report *r, xmlNode *parent, const struct row *row, enum row_kind kind)
{
	xmlNode *node = xml_element(parent, "history");
	char text[DATE_TEXT_SIZE];
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &r->month[i];
		const struct row *then = f->covered
			? table_find(kind == ROW_GROUP ? &f->groups : &f->providers, row->name)
			: NULL;
		if (!f->covered)
			continue;
		xmlNode *month = xml_element(node, "month");
		xml_attribute(month, "id", month_name(f->month, text, sizeof text));
		if (then)
			xml_count(r, month, NULL, &then->bounces);
	}
}

static const struct table *table_of_kind(const struct figures *f, enum row_kind kind)
{
	if (kind == ROW_CAMPAIGN)
		return &f->campaigns;
	return kind == ROW_GROUP ? &f->groups : &f->providers;
}

static void rows(const struct month_report *r, xmlNode *root, enum row_kind kind)
{
	static const char *const names[] = { "providers", "campaigns", "groups" };
	const struct figures *f = &r->month[0], *b = &r->month[1];
	const struct table *t = table_of_kind(f, kind), *old = table_of_kind(b, kind);
	xmlNode *node = xml_element(root, names[kind]);
	char title[REPORT_NAME_SIZE + 32];
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i],
				 *before = row->rest ? NULL : table_find(old, row->name);
		if (kind == ROW_GROUP && row->bounces.state == CELL_SHOWN && row->bounces.n == 0 &&
			row->sent.state == CELL_SHOWN && row->sent.n == 0)
			continue;
		xmlNode *n = xml_element(node, "row");
		if (row->rest)
			xml_number(n, "folded", row->folded);
		else
			xml_attribute(n, "name", row->name);
		xml_attribute(n, "title", row_title(r, row, kind, title, sizeof title));
		if (kind == ROW_GROUP)
			xml_count(r, n, "bounces", &row->bounces);
		else
			xml_columns(r, n, &row->bounces, row->column);
		xml_share(n, &row->bounces, &r->month->bounces);
		if (before)
			xml_comparison(r, n, &row->bounces, &before->bounces);
		if (kind == ROW_GROUP)
			xml_rate(n, "rate", "bounces", &row->bounces, &row->sent);
		else
			row_rates(n, row);
		if (before && kind != ROW_GROUP && !b->partial)
			xml_rate(n, "rate-before", NULL, &before->bounces, &before->sent);
		if (f->sent_days)
			xml_count(r, xml_element(n, "sent"), NULL, &row->sent);
		if (f->sent_days && kind != ROW_GROUP)
			write_reporting(r, n, &row->reporting);
		write_judged(n, row->judged);
		for (int w = 0; w < WORST_SHOWN && row->worst[w] != CATEGORY_NONE; w++) {
			xmlNode *worst = xml_element(n, "worst");
			xml_category(r, worst, row->worst[w]);
			if (kind == ROW_PROVIDER)
				write_since(r, worst, row->worst[w], row->name);
		}
		if (!row->rest && row->worst[0] != CATEGORY_NONE &&
			*category_check(r->texts, row->worst[0]))
			xml_text(n, "advice", category_check(r->texts, row->worst[0]));
		if (!row->rest && kind != ROW_CAMPAIGN)
			history(r, n, row, kind);
	}
}

static void write_days(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = xml_element(root, "days");
	char date[32];
	xml_number(node, "usual", (long long)r->usual_day);
	for (int d = 1; d <= f->days; d++) {
		xmlNode *day = xml_element(node, "day");
		snprintf(date, sizeof date, "%04d-%02d-%02d", f->month.year, f->month.month, d);
		xml_attribute(day, "date", date);
		xml_attribute(day, "weekday", weekday_name(r->texts, f->month, d));
		xml_told_count(r, day, NULL, &f->day[d - 1]);
		for (unsigned i = 0; i < r->standouts; i++)
			if (r->standout[i].day == d) {
				xmlNode *standout = xml_element(day, "standout");
				if (r->standout[i].column < COLUMN_COUNT)
					xml_attribute(standout, "class",
						column_name(r->standout[i].column));
				const char *provider = r->standout[i].provider;
				if (!*provider)
					continue;
				xml_attribute(standout, "provider", provider);
				xml_attribute(
					standout, "provider-title", provider_title(r, provider));
			}
	}
}

static void write_timeline(const struct month_report *r, xmlNode *root)
{
	char text[4 * DATE_TEXT_SIZE];
	if (!r->milestones)
		return;
	xmlNode *node = xml_element(root, "timeline");
	for (unsigned i = 0; i < r->milestones; i++) {
		const struct milestone *m = &r->milestone[i];
		xmlNode *entry = xmlNewTextChild(
			node, node->ns, BAD_CAST "milestone", BAD_CAST m->text);
		xml_attribute(entry, "kind", milestone_kind_name(m->kind));
		xml_attribute(entry, "from", milestone_stamp(m, m->from, text, sizeof text));
		if (m->to)
			xml_attribute(entry, "to", milestone_stamp(m, m->to, text, sizeof text));
		xml_attribute(entry, "when", milestone_when(r, m, text, sizeof text));
	}
}

/* --- what became of it, what was looked into ------------------------------ */

static void kept(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = xml_element(root, "retention");
	char text[LEDGER_HASH_SIZE * 2 + 1];
	xml_text(node, "sentence", r->retention);
	for (unsigned i = 0; i < r->held.count; i++) {
		const struct purge_class *c = &r->held.at[i];
		xmlNode *class_node = xml_element(node, "class");
		xml_attribute(class_node, "name", c->name);
		xml_attribute(class_node, "title", held_title(r->texts, c->name));
		xml_attribute(
			class_node, "period", period_words(r->texts, c->period, text, sizeof text));
		xml_number(class_node, "overdue", (long long)c->overdue);
		if (c->reason && *c->reason)
			xml_text(class_node, "reason", c->reason);
	}
	if (r->closing.number) {
		xmlNode *ledger = xml_element(node, "ledger");
		xml_number(ledger, "entry", r->closing.number);
		xml_attribute(ledger, "at", utc_text(r->closing.at, text, sizeof text));
		xml_attribute(ledger, "hash", hash_text(r->closing.hash, text));
	}
	node = xml_element(root, "method");
	xml_number(node, "hidden", r->hidden);
	for (const char *const *d = report_definitions; *d; d++) {
		char id[48], term[48];
		snprintf(id, sizeof id, "define.%s", *d);
		snprintf(term, sizeof term, "define.%s.term", *d);
		xmlNode *definition = xmlNewTextChild(
			node, node->ns, BAD_CAST "definition", BAD_CAST text_of(r->texts, id));
		xml_attribute(definition, "id", *d);
		xml_attribute(definition, "term", text_of(r->texts, term));
	}
}

xmlDoc *month_report_document(const struct month_report *r)
{
	xmlNode *root = xml_root("report", REPORT_NAMESPACE);
	char text[DATE_TEXT_SIZE];
	if (!root)
		return NULL;
	xml_attribute(root, "version", REPORT_VERSION);
	xml_attribute(root, "month", month_name(r->month->month, text, sizeof text));
	xml_attribute(root, "title", month_title(r->texts, r->month->month, text, sizeof text));
	xml_attribute(root, "before", month_title(r->texts, r->month[1].month, text, sizeof text));
	xml_attribute(root, "language", texts_language(r->texts));
	xml_attribute(root, "timezone", r->options->timezone ? r->options->timezone : "UTC");
	xml_number(root, "k", r->k);
	if (r->options->organisation)
		xml_attribute(root, "organisation", r->options->organisation);
	summary(r, root);
	targets(r, root);
	figures(r, root);
	write_trend(r, root);
	write_classes(r, root);
	rows(r, root, ROW_PROVIDER);
	rows(r, root, ROW_CAMPAIGN);
	rows(r, root, ROW_GROUP);
	write_days(r, root);
	write_timeline(r, root);
	for (const struct section *const *s = month_sections; *s; s++)
		(*s)->write(r, root);
	kept(r, root);
	return root->doc;
}

int month_report_xml(const struct month_report *r, struct buffer *out, char *error, size_t size)
{
	if (!xml_print(month_report_document(r), out))
		return 0;
	snprintf(error, size, "no memory for the report's XML");
	return -1;
}
