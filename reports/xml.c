/*
 * The month as XML (etc/report.xsd, namespace urn:retour:report:1): the source of the HTML and what
 * other programs read. Built as a libxml2 tree, which escapes; elements stand in a fixed order,
 * numbers are plain digits whatever the language. A count is a number, or "<k" or "≥k" where it is
 * not shown.
 */
#include <libxml/xmlsave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/base/units.h"
#include "reports/model.h"

#define REPORT_NAMESPACE "urn:retour:report:1"
#define REPORT_VERSION "3"

static xmlNode *element(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, parent->ns, BAD_CAST name, NULL);
}

static void element_text(xmlNode *parent, const char *name, const char *text)
{
	xmlNewTextChild(parent, parent->ns, BAD_CAST name, BAD_CAST text);
}

static void attribute(xmlNode *node, const char *name, const char *value)
{
	xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

static void attribute_number(xmlNode *node, const char *name, long long value)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", value);
	attribute(node, name, text);
}

static const char *plain_cell(
	const struct month_report *r, const struct cell *c, char *buffer, size_t size)
{
	if (c->state != CELL_SHOWN)
		return cell_text(r, c, buffer, size);
	snprintf(buffer, size, "%llu", (unsigned long long)c->n);
	return buffer;
}

static void write_count(
	const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c)
{
	char text[COUNT_TEXT_SIZE];
	xmlNode *node = xmlNewTextChild(
		parent, parent->ns, BAD_CAST "count", BAD_CAST plain_cell(r, c, text, sizeof text));
	if (of)
		attribute(node, "of", of);
}

/* Only where it is more than that some of a sum is left out. */
static void write_told_count(
	const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c)
{
	if (c->state == CELL_SHOWN || !c->vague)
		write_count(r, parent, of, c);
}

static void columns(const struct month_report *r, xmlNode *parent, const struct cell *bounces,
	const struct cell column[COLUMN_COUNT])
{
	struct cell other;
	write_count(r, parent, "bounces", bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_COMPLAINT)
			write_told_count(r, parent, column_name(c), &column[c]);
	if (other_bounces(bounces, column, &other))
		write_count(r, parent, "other", &other);
	write_told_count(r, parent, "complaint", &column[COLUMN_COMPLAINT]);
}

/* The month before, and the change in percent where both can be said. */
static void comparison(const struct month_report *r, xmlNode *parent, const struct cell *now,
	const struct cell *before)
{
	char text[COUNT_TEXT_SIZE];
	long percent;
	if (!r->month[1].covered || (before->vague && before->state != CELL_SHOWN))
		return;
	element_text(parent, "before", plain_cell(r, before, text, sizeof text));
	if (!r->month[1].partial && change_percent(now, before, &percent)) {
		snprintf(text, sizeof text, "%ld", percent);
		element_text(parent, "change", text);
	}
}

static void write_share(xmlNode *parent, const struct cell *part, const struct cell *whole)
{
	char text[32];
	unsigned permille;
	if (!share_permille(part, whole, &permille))
		return;
	snprintf(text, sizeof text, "%u.%u", permille / 10, permille % 10);
	element_text(parent, "share", text);
}

/* Percent, two digits behind the point. */
static const char *plain_rate(long ppm, char *buffer, size_t size)
{
	long hundredths = (ppm + 50) / 100;
	snprintf(buffer, size, "%ld.%02ld", hundredths / 100, hundredths % 100);
	return buffer;
}

static void write_rate(xmlNode *parent, const char *name, const char *of, const struct cell *part,
	const struct cell *sent)
{
	char text[32];
	long ppm;
	if (!rate_of(part, sent, &ppm))
		return;
	xmlNode *node = xmlNewTextChild(
		parent, parent->ns, BAD_CAST name, BAD_CAST plain_rate(ppm, text, sizeof text));
	if (of)
		attribute(node, "of", of);
}

static void row_rates(xmlNode *parent, const struct row *row)
{
	write_rate(parent, "rate", "bounces", &row->bounces, &row->sent);
	write_rate(parent, "class-rate", "hard", &row->column[COLUMN_HARD], &row->sent);
	write_rate(parent, "class-rate", "block", &row->column[COLUMN_BLOCK], &row->sent);
	write_rate(parent, "class-rate", "complaint", &row->column[COLUMN_COMPLAINT], &row->sent);
}

/* What a target came to, as far as that may be said. */
static void write_judged(xmlNode *parent, const enum judged judged[TARGET_COUNT])
{
	static const char *const words[] = {
		[JUDGED_UNTOLD] = "untold", [JUDGED_MET] = "met", [JUDGED_MISSED] = "missed"
	};
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		if (judged[t] != JUDGED_NOT) {
			xmlNode *node = element(parent, "judged");
			attribute(node, "of", target_name(t));
			attribute(node, "as", words[judged[t]]);
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
	xmlNode *node = element(root, "verdict");
	attribute(node, "state", states[r->verdict]);
	attribute(node, "targets", targets[r->targets]);
	attribute(node, "quiet", r->quiet ? "true" : "false");
	element_text(node, "sentence", r->sentence);
	element_text(node, "note", r->note);
	node = element(root, "measures");
	for (unsigned i = 0; i < r->measures; i++) {
		xmlNode *m = element(node, "measure");
		attribute(m, "id", r->measure[i].id);
		attribute(m, "urgency", r->measure[i].urgency);
		attribute(m, "owner", r->measure[i].owner);
		element_text(m, "action", r->measure[i].action);
		element_text(m, "because", r->measure[i].because);
	}
	if (!r->comments)
		return;
	node = element(root, "comments");
	for (unsigned i = 0; i < r->comments; i++) {
		xmlNode *comment = xmlNewTextChild(
			node, node->ns, BAD_CAST "comment", BAD_CAST r->comment[i].text);
		attribute(comment, "date", day_text(r->comment[i].at, at, sizeof at));
	}
}

static void targets(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "targets");
	char text[32];
	long ppm;
	for (unsigned t = 0; t < TARGET_COUNT; t++) {
		xmlNode *target = element(node, "target");
		attribute(target, "id", target_name(t));
		attribute(target, "title", text_named(r->texts, "column", target_name(t)));
		attribute(target, "limit",
			plain_rate(target_limit(r->options, t), text, sizeof text));
		if (rate_of(target_cell(r->month, t), &r->month->sent, &ppm))
			attribute(target, "value", plain_rate(ppm, text, sizeof text));
		if (r->month->judged[t] == JUDGED_MET || r->month->judged[t] == JUDGED_MISSED)
			attribute(target, "met",
				r->month->judged[t] == JUDGED_MET ? "true" : "false");
	}
}

/* --- figures -------------------------------------------------------------- */

static void write_figure(const struct month_report *r, xmlNode *parent, const char *id,
	const struct cell *now, const struct cell *before)
{
	xmlNode *node = element(parent, "figure");
	attribute(node, "id", id);
	attribute(node, "title", text_named(r->texts, "column", id));
	write_count(r, node, NULL, now);
	if (now != &r->month->column[COLUMN_COMPLAINT])
		write_share(node, now, &r->month->bounces);
	comparison(r, node, now, before);
	write_rate(node, "rate", NULL, now, &r->month->sent);
	if (!r->month[1].partial)
		write_rate(node, "rate-before", NULL, before, &r->month[1].sent);
}

/* Only where it is known. */
static void sent(const struct month_report *r, xmlNode *parent)
{
	if (!r->month->sent_days)
		return;
	xmlNode *node = element(parent, "sent");
	attribute_number(node, "days", r->month->sent_days);
	write_count(r, node, NULL, &r->month->sent);
	if (r->month[1].sent_days)
		comparison(r, node, &r->month->sent, &r->month[1].sent);
}

static void figures(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "figures");
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
	xmlNode *node = element(root, "trend");
	char text[DATE_TEXT_SIZE];
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &r->month[i];
		if (!f->covered)
			continue;
		xmlNode *m = element(node, "month");
		attribute(m, "id", month_name(f->month, text, sizeof text));
		attribute(m, "title", month_title(r->texts, f->month, text, sizeof text));
		attribute(m, "complete", f->partial ? "false" : "true");
		columns(r, m, &f->bounces, f->column);
		if (!f->sent_days)
			continue;
		xmlNode *volume = element(m, "sent");
		write_count(r, volume, NULL, &f->sent);
		write_rate(m, "rate", "bounces", &f->bounces, &f->sent);
		write_rate(m, "class-rate", "hard", &f->column[COLUMN_HARD], &f->sent);
		write_rate(m, "class-rate", "complaint", &f->column[COLUMN_COMPLAINT], &f->sent);
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
	attribute(node, "since", text);
	attribute(
		node, "since-title", date_title(r->texts, r->month->month, day, text, sizeof text));
}

static void category_attributes(const struct month_report *r, xmlNode *node, unsigned category)
{
	attribute(node, "id", category == CATEGORY_NONE ? "undetermined" : category_name(category));
	attribute(node, "title", category_title(r->texts, category));
}

static void write_classes(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = element(root, "classes");
	struct ranked list[CATEGORY_COUNT];
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		xmlNode *class_node = element(node, "class");
		attribute(class_node, "id", column_name(c));
		attribute(class_node, "title", text_named(r->texts, "column", column_name(c)));
		write_told_count(r, class_node, NULL, &f->column[c]);
		size_t n = category_ranking(f, c, list);
		for (size_t i = 0; i < n; i++) {
			unsigned g = list[i].category;
			xmlNode *category = element(class_node, "category");
			category_attributes(r, category, g);
			if (*f->leader[g])
				write_since(r, category, g, f->leader[g]);
			if (is_infrastructure(g))
				attribute(category, "infrastructure", "true");
			write_count(r, category, NULL, &f->category[c][g]);
			if (c != COLUMN_COMPLAINT)
				write_share(category, &f->category[c][g], &f->bounces);
			comparison(r, category, &f->category[c][g], &r->month[1].category[c][g]);
			if (*f->leader[g])
				element_text(category, "leader", f->leader[g]);
			if (*category_check(r->texts, g))
				element_text(category, "check", category_check(r->texts, g));
		}
		struct cell other;
		if (other_causes(f, c, &other)) {
			xmlNode *category = element(class_node, "category");
			attribute(category, "id", "other");
			attribute(category, "title", text_of(r->texts, "category.other"));
			write_count(r, category, NULL, &other);
		}
	}
}

/*
 * The row of each month of the trend, oldest first; an empty one where the month has no such row.
 */
static void history(
	const struct month_report *r, xmlNode *parent, const struct row *row, enum row_kind kind)
{
	xmlNode *node = element(parent, "history");
	char text[DATE_TEXT_SIZE];
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &r->month[i];
		const struct row *then = f->covered
			? table_find(kind == ROW_GROUP ? &f->groups : &f->providers, row->name)
			: NULL;
		if (!f->covered)
			continue;
		xmlNode *month = element(node, "month");
		attribute(month, "id", month_name(f->month, text, sizeof text));
		if (then)
			write_count(r, month, NULL, &then->bounces);
	}
}

static void rows(const struct month_report *r, xmlNode *root, enum row_kind kind)
{
	static const char *const names[] = { "providers", "campaigns", "groups" };
	const struct figures *f = &r->month[0], *b = &r->month[1];
	const struct table *t = kind == ROW_CAMPAIGN ? &f->campaigns
		: kind == ROW_GROUP                  ? &f->groups
						     : &f->providers;
	const struct table *old = kind == ROW_CAMPAIGN ? &b->campaigns
		: kind == ROW_GROUP                    ? &b->groups
						       : &b->providers;
	xmlNode *node = element(root, names[kind]);
	char title[REPORT_NAME_SIZE + 32];
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i],
				 *before = row->rest ? NULL : table_find(old, row->name);
		if (kind == ROW_GROUP && row->bounces.state == CELL_SHOWN && row->bounces.n == 0 &&
			row->sent.state == CELL_SHOWN && row->sent.n == 0)
			continue;
		xmlNode *n = element(node, "row");
		if (row->rest)
			attribute_number(n, "folded", row->folded);
		else
			attribute(n, "name", row->name);
		attribute(n, "title", row_title(r->texts, row, kind, title, sizeof title));
		if (kind == ROW_GROUP)
			write_count(r, n, "bounces", &row->bounces);
		else
			columns(r, n, &row->bounces, row->column);
		write_share(n, &row->bounces, &r->month->bounces);
		if (before)
			comparison(r, n, &row->bounces, &before->bounces);
		if (kind == ROW_GROUP)
			write_rate(n, "rate", "bounces", &row->bounces, &row->sent);
		else
			row_rates(n, row);
		if (before && kind != ROW_GROUP && !b->partial)
			write_rate(n, "rate-before", NULL, &before->bounces, &before->sent);
		if (f->sent_days)
			write_count(r, element(n, "sent"), NULL, &row->sent);
		write_judged(n, row->judged);
		for (int w = 0; w < WORST_SHOWN && row->worst[w] != CATEGORY_NONE; w++) {
			xmlNode *worst = element(n, "worst");
			category_attributes(r, worst, row->worst[w]);
			if (kind == ROW_PROVIDER)
				write_since(r, worst, row->worst[w], row->name);
		}
		if (!row->rest && row->worst[0] != CATEGORY_NONE &&
			*category_check(r->texts, row->worst[0]))
			element_text(n, "advice", category_check(r->texts, row->worst[0]));
		if (!row->rest && kind != ROW_CAMPAIGN)
			history(r, n, row, kind);
	}
}

static void write_days(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = element(root, "days");
	char date[32];
	attribute_number(node, "usual", (long long)r->usual_day);
	for (int d = 1; d <= f->days; d++) {
		xmlNode *day = element(node, "day");
		snprintf(date, sizeof date, "%04d-%02d-%02d", f->month.year, f->month.month, d);
		attribute(day, "date", date);
		attribute(day, "weekday", weekday_name(r->texts, f->month, d));
		write_told_count(r, day, NULL, &f->day[d - 1]);
		for (unsigned i = 0; i < r->standouts; i++)
			if (r->standout[i].day == d) {
				xmlNode *standout = element(day, "standout");
				if (r->standout[i].column < COLUMN_COUNT)
					attribute(standout, "class",
						column_name(r->standout[i].column));
				if (*r->standout[i].provider)
					attribute(standout, "provider", r->standout[i].provider);
			}
	}
}

/* --- what became of it, what was looked into ------------------------------ */

static void write_cohorts(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "cohorts");
	char text[DATE_TEXT_SIZE];
	for (unsigned i = r->cohorts; i-- > 0;) {
		xmlNode *cohort = element(node, "cohort");
		attribute(cohort, "id", month_name(r->cohort[i].month, text, sizeof text));
		attribute(cohort, "title",
			month_title(r->texts, r->cohort[i].month, text, sizeof text));
		for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
			write_count(r, cohort, cohort_outcome_name(o), &r->cohort[i].outcome[o]);
	}
}

static void write_investigations(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "investigations");
	char text[DATE_TEXT_SIZE];
	for (unsigned i = 0; i < r->investigations; i++) {
		const struct investigation *v = &r->investigation[i];
		xmlNode *n = element(node, "investigation");
		attribute(n, "provider", v->provider);
		category_attributes(r, n, v->category);
		attribute(n, "opened", day_text(v->opened, text, sizeof text));
		if (v->closed)
			attribute(n, "closed", day_text(v->closed, text, sizeof text));
		if (v->closed)
			attribute_number(n, "days", (v->closed - v->opened) / DAY);
	}
}

static void write_typing_errors(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "typing-errors");
	for (unsigned i = 0; i < r->typings; i++) {
		xmlNode *domain = element(node, "domain");
		if (*r->typing[i].domain)
			attribute(domain, "name", r->typing[i].domain);
		attribute(domain, "title",
			*r->typing[i].domain ? r->typing[i].domain : text_of(r->texts, "group."));
		write_count(r, domain, NULL, &r->typing[i].n);
	}
}

static void write_other_mail(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "origins");
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		xmlNode *origin = element(node, "origin");
		attribute(origin, "id", origin_name((unsigned)o));
		attribute(
			origin, "title", text_named(r->texts, "origin", origin_name((unsigned)o)));
		attribute(origin, "attributed", o >= ORIGIN_MATCHED ? "true" : "false");
		write_count(r, origin, "bounces", &r->month->origin[o][0]);
		write_count(r, origin, "complaint", &r->month->origin[o][1]);
	}
	node = element(root, "other-mail");
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		const char *title = text_named(r->texts, "kind", kind_name(k));
		if (!*title)
			continue;
		xmlNode *kind = element(node, "kind");
		attribute(kind, "id", kind_name(k));
		attribute(kind, "title", title);
		write_count(r, kind, NULL, &r->kind[k]);
	}
	node = element(root, "mailboxes");
	for (size_t i = 0; i < r->mailboxes; i++) {
		xmlNode *mailbox = element(node, "mailbox");
		attribute(mailbox, "name", r->mailbox[i].name);
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			write_count(r, mailbox, outcome_name(o), &r->mailbox[i].outcome[o]);
	}
	node = element(root, "contacts");
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		xmlNode *state = element(node, "state");
		attribute(state, "id", contact_state_name(s));
		attribute(state, "title", text_named(r->texts, "state", contact_state_name(s)));
		write_count(r, state, NULL, &r->state[s]);
	}
}

static void kept(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "retention");
	char text[LEDGER_HASH_SIZE * 2 + 1];
	element_text(node, "sentence", r->retention);
	for (unsigned i = 0; i < r->held.count; i++) {
		const struct purge_class *c = &r->held.at[i];
		xmlNode *class_node = element(node, "class");
		attribute(class_node, "name", c->name);
		const char *title = text_named(r->texts, "class", c->name);
		attribute(class_node, "title", *title ? title : c->name);
		attribute(
			class_node, "period", period_words(r->texts, c->period, text, sizeof text));
		attribute_number(class_node, "overdue", (long long)c->overdue);
		if (c->reason && *c->reason)
			element_text(class_node, "reason", c->reason);
	}
	if (r->closing.number) {
		xmlNode *ledger = element(node, "ledger");
		attribute_number(ledger, "entry", r->closing.number);
		attribute(ledger, "at", utc_text(r->closing.at, text, sizeof text));
		attribute(ledger, "hash", hash_text(r->closing.hash, text));
	}
	node = element(root, "method");
	attribute_number(node, "hidden", r->hidden);
	for (const char *const *d = report_definitions; *d; d++) {
		char id[48], term[48];
		snprintf(id, sizeof id, "define.%s", *d);
		snprintf(term, sizeof term, "define.%s.term", *d);
		xmlNode *definition = xmlNewTextChild(
			node, node->ns, BAD_CAST "definition", BAD_CAST text_of(r->texts, id));
		attribute(definition, "id", *d);
		attribute(definition, "term", text_of(r->texts, term));
	}
}

xmlDoc *month_report_document(const struct month_report *r)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "report", NULL) : NULL;
	xmlNs *ns = root ? xmlNewNs(root, BAD_CAST REPORT_NAMESPACE, NULL) : NULL;
	char text[DATE_TEXT_SIZE];
	if (!ns) {
		xmlFreeNode(root);
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, ns);
	attribute(root, "version", REPORT_VERSION);
	attribute(root, "month", month_name(r->month->month, text, sizeof text));
	attribute(root, "title", month_title(r->texts, r->month->month, text, sizeof text));
	attribute(root, "before", month_title(r->texts, r->month[1].month, text, sizeof text));
	attribute(root, "language", texts_language(r->texts));
	attribute(root, "timezone", r->options->timezone ? r->options->timezone : "UTC");
	attribute_number(root, "k", r->k);
	if (r->options->organisation)
		attribute(root, "organisation", r->options->organisation);
	summary(r, root);
	targets(r, root);
	figures(r, root);
	write_trend(r, root);
	write_classes(r, root);
	rows(r, root, ROW_PROVIDER);
	rows(r, root, ROW_CAMPAIGN);
	rows(r, root, ROW_GROUP);
	write_days(r, root);
	write_cohorts(r, root);
	write_investigations(r, root);
	write_typing_errors(r, root);
	write_other_mail(r, root);
	kept(r, root);
	return doc;
}

int month_report_xml(const struct month_report *r, struct buffer *out, char *error, size_t size)
{
	xmlDoc *doc = month_report_document(r);
	xmlBuffer *buffer = xmlBufferCreate();
	xmlSaveCtxt *save = buffer ? xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_FORMAT) : NULL;
	bool written = doc && save && xmlSaveDoc(save, doc) >= 0;
	if (save && xmlSaveClose(save) < 0)
		written = false;
	out->p = written
		? strndup((const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer))
		: NULL;
	out->n = out->p ? (size_t)xmlBufferLength(buffer) : 0;
	xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	if (out->p)
		return 0;
	snprintf(error, size, "no memory for the report's XML");
	return -1;
}
