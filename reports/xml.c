/*
 * The month as XML (etc/report.xsd, namespace urn:retour:report:1): the source of the HTML and what other programs read. Built as a libxml2
 * tree, which escapes; elements stand in a fixed order, numbers are plain digits. A count is a number, or "<k" or "≥k" where it is not
 * shown.
 */
#include <libxml/xmlsave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

#define REPORT_NAMESPACE "urn:retour:report:1"
#define REPORT_VERSION "1"

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

static void count(const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c)
{
	char text[COUNT_TEXT_SIZE];
	if (c->state == CELL_SHOWN)
		snprintf(text, sizeof text, "%llu", (unsigned long long)c->n);
	else
		cell_text(c, r->k, text, sizeof text);
	xmlNode *node = xmlNewTextChild(parent, parent->ns, BAD_CAST "count", BAD_CAST text);
	if (of)
		attribute(node, "of", of);
}

static void columns(const struct month_report *r, xmlNode *parent, const struct cell *all, const struct cell column[COLUMN_COUNT])
{
	count(r, parent, "all", all);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		count(r, parent, column_name(c), &column[c]);
}

/* The month before, and the change in percent where both can be said. */
static void comparison(const struct month_report *r, xmlNode *parent, const struct cell *now, const struct cell *before)
{
	char text[COUNT_TEXT_SIZE];
	long percent;
	if (!r->month[1].covered)
		return;
	if (before->state == CELL_SHOWN)
		snprintf(text, sizeof text, "%llu", (unsigned long long)before->n);
	else
		cell_text(before, r->k, text, sizeof text);
	element_text(parent, "before", text);
	if (!r->month[1].partial && change_percent(now, before, &percent)) {
		snprintf(text, sizeof text, "%ld", percent);
		element_text(parent, "change", text);
	}
}

static void share(xmlNode *parent, const struct cell *part, const struct cell *whole)
{
	char text[32];
	unsigned permille;
	if (!share_permille(part, whole, &permille))
		return;
	snprintf(text, sizeof text, "%u.%u", permille / 10, permille % 10);
	element_text(parent, "share", text);
}

static void rate(xmlNode *parent, const struct cell *part, const struct cell *sent)
{
	char text[RATE_TEXT_SIZE];
	if (*rate_text(part, sent, text))
		element_text(parent, "rate", text);
}

static void summary(const struct month_report *r, xmlNode *root)
{
	static const char *const states[] = { [MONTH_FIRST] = "first", [MONTH_BETTER] = "better", [MONTH_STEADY] = "steady",
		[MONTH_WORSE] = "worse" };
	xmlNode *node = element(root, "verdict");
	attribute(node, "state", states[r->verdict]);
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
}

static void figure(const struct month_report *r, xmlNode *parent, const char *id, const char *title, const struct cell *now,
		   const struct cell *before)
{
	xmlNode *node = element(parent, "figure");
	attribute(node, "id", id);
	attribute(node, "title", title);
	count(r, node, NULL, now);
	share(node, now, &r->month->all);
	comparison(r, node, now, before);
	rate(node, now, &r->month->sent);
}

/* Only where it is known. */
static void sent(const struct month_report *r, xmlNode *parent)
{
	if (!r->month->sent_days)
		return;
	xmlNode *node = element(parent, "sent");
	attribute_number(node, "days", r->month->sent_days);
	count(r, node, NULL, &r->month->sent);
	if (r->month[1].sent_days)
		comparison(r, node, &r->month->sent, &r->month[1].sent);
}

static void figures(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "figures");
	sent(r, node);
	figure(r, node, "all", "All notices", &r->month[0].all, &r->month[1].all);
	figure(r, node, "bounces", "Bounces", &r->month[0].bounces, &r->month[1].bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		figure(r, node, column_name(c), column_title(c), &r->month[0].column[c], &r->month[1].column[c]);
}

/* Oldest first, from the first month that the records reach. */
static void trend(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "trend");
	char text[32];
	for (int i = MONTHS_SHOWN - 1; i >= 0; i--) {
		const struct figures *f = &r->month[i];
		if (!f->covered)
			continue;
		xmlNode *m = element(node, "month");
		attribute(m, "id", month_name(f->month, text, sizeof text));
		attribute(m, "title", month_title(f->month, text, sizeof text));
		attribute(m, "complete", f->partial ? "false" : "true");
		columns(r, m, &f->all, f->column);
	}
}

static void classes(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = element(root, "classes");
	struct ranked list[CATEGORY_COUNT];
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		xmlNode *class_node = element(node, "class");
		attribute(class_node, "id", column_name(c));
		attribute(class_node, "title", column_title(c));
		count(r, class_node, NULL, &f->column[c]);
		size_t n = category_ranking(f, c, list);
		for (size_t i = 0; i < n; i++) {
			unsigned g = list[i].category;
			xmlNode *category = element(class_node, "category");
			attribute(category, "id", g == CATEGORY_NONE ? "undetermined" : category_name(g));
			attribute(category, "title", category_title(g));
			count(r, category, NULL, &f->category[c][g]);
			share(category, &f->category[c][g], &f->all);
			comparison(r, category, &f->category[c][g], &r->month[1].category[c][g]);
			if (*f->leader[g] && list[i].shown)
				element_text(category, "leader", f->leader[g]);
			if (*category_check(g))
				element_text(category, "check", category_check(g));
		}
	}
}

static void rows(const struct month_report *r, xmlNode *root, bool campaigns)
{
	const struct table *t = campaigns ? &r->month[0].campaigns : &r->month[0].providers;
	const struct table *old = campaigns ? &r->month[1].campaigns : &r->month[1].providers;
	xmlNode *node = element(root, campaigns ? "campaigns" : "providers");
	char title[REPORT_NAME_SIZE + 32];
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i], *before = row->rest ? NULL : table_find(old, row->name);
		xmlNode *n = element(node, "row");
		if (row->rest)
			attribute_number(n, "folded", row->folded);
		else
			attribute(n, "name", row->name);
		attribute(n, "title", row_title(row, campaigns, title, sizeof title));
		columns(r, n, &row->all, row->column);
		share(n, &row->all, &r->month->all);
		if (before)
			comparison(r, n, &row->all, &before->all);
		struct cell bounces = row_bounces(row);
		rate(n, &bounces, &row->sent);
		if (row->worst != CATEGORY_NONE) {
			xmlNode *worst = element(n, "worst");
			attribute(worst, "id", category_name(row->worst));
			attribute(worst, "title", category_title(row->worst));
		}
	}
}

static void days(const struct month_report *r, xmlNode *root)
{
	const struct figures *f = r->month;
	xmlNode *node = element(root, "days");
	char date[32];
	attribute_number(node, "usual", (long long)r->usual_day);
	for (int d = 1; d <= f->days; d++) {
		xmlNode *day = element(node, "day");
		snprintf(date, sizeof date, "%04d-%02d-%02d", f->month.year, f->month.month, d);
		attribute(day, "date", date);
		attribute(day, "weekday", weekday_name(f->month, d));
		count(r, day, NULL, &f->day[d - 1]);
		for (unsigned i = 0; i < r->standouts; i++)
			if (r->standout[i].day == d) {
				xmlNode *standout = element(day, "standout");
				if (r->standout[i].column < COLUMN_COUNT)
					attribute(standout, "class", column_name(r->standout[i].column));
				if (*r->standout[i].provider)
					attribute(standout, "provider", r->standout[i].provider);
			}
	}
}

static void other_mail(const struct month_report *r, xmlNode *root)
{
	xmlNode *node = element(root, "origins");
	for (int o = ORIGIN_COUNT - 1; o >= 0; o--) {
		xmlNode *origin = element(node, "origin");
		attribute(origin, "id", origin_name((unsigned)o));
		attribute(origin, "title", origin_title((unsigned)o));
		attribute(origin, "attributed", o >= ORIGIN_MATCHED ? "true" : "false");
		count(r, origin, "bounces", &r->month->origin[o][0]);
		count(r, origin, "complaint", &r->month->origin[o][1]);
	}
	node = element(root, "other-mail");
	for (unsigned k = 0; k < KIND_COUNT; k++) {
		if (!*kind_title(k))
			continue;
		xmlNode *kind = element(node, "kind");
		attribute(kind, "id", kind_name(k));
		attribute(kind, "title", kind_title(k));
		count(r, kind, NULL, &r->kind[k]);
	}
	node = element(root, "mailboxes");
	for (size_t i = 0; i < r->mailboxes; i++) {
		xmlNode *mailbox = element(node, "mailbox");
		attribute(mailbox, "name", r->mailbox[i].name);
		for (unsigned o = 0; o < OUTCOME_COUNT; o++)
			count(r, mailbox, outcome_name(o), &r->mailbox[i].outcome[o]);
	}
	node = element(root, "contacts");
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		xmlNode *state = element(node, "state");
		attribute(state, "id", contact_state_name(s));
		attribute(state, "title", state_title(s));
		count(r, state, NULL, &r->state[s]);
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
		attribute(class_node, "period", period_text(c->period, text, sizeof text));
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
	for (const struct definition *d = report_definitions; d->term; d++) {
		xmlNode *definition = xmlNewTextChild(node, node->ns, BAD_CAST "definition", BAD_CAST d->text);
		attribute(definition, "term", d->term);
	}
}

xmlDoc *month_report_document(const struct month_report *r)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "report", NULL) : NULL;
	xmlNs *ns = root ? xmlNewNs(root, BAD_CAST REPORT_NAMESPACE, NULL) : NULL;
	char text[32];
	if (!ns) {
		xmlFreeNode(root);
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, ns);
	attribute(root, "version", REPORT_VERSION);
	attribute(root, "month", month_name(r->month->month, text, sizeof text));
	attribute(root, "title", month_title(r->month->month, text, sizeof text));
	attribute(root, "before", month_title(r->month[1].month, text, sizeof text));
	attribute(root, "timezone", r->options->timezone ? r->options->timezone : "UTC");
	attribute_number(root, "k", r->k);
	if (r->options->organisation)
		attribute(root, "organisation", r->options->organisation);
	summary(r, root);
	figures(r, root);
	trend(r, root);
	classes(r, root);
	rows(r, root, false);
	rows(r, root, true);
	days(r, root);
	other_mail(r, root);
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
	out->p = written ? strndup((const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer)) : NULL;
	out->n = out->p ? (size_t)xmlBufferLength(buffer) : 0;
	xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	if (out->p)
		return 0;
	snprintf(error, size, "no memory for the report's XML");
	return -1;
}
