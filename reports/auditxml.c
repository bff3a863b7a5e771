/*
 * The audit as XML (etc/audit.xsd, namespace urn:retour:audit:1): what other programs read, and the
 * source of the HTML. Times are RFC 3339, UTC.
 */
#include "reports/audit.h"

#include <string.h>

#include "store/chain.h"

#define AUDIT_NAMESPACE "urn:retour:audit:1"

static xmlNode *element(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, parent->ns, BAD_CAST name, NULL);
}

static xmlNode *element_text(xmlNode *parent, const char *name, const char *text)
{
	return xmlNewTextChild(parent, parent->ns, BAD_CAST name, BAD_CAST text);
}

static void attribute(xmlNode *node, const char *name, const char *value)
{
	xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

static void attribute_number(xmlNode *node, const char *name, int64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)value);
	attribute(node, name, text);
}

/* Nothing for 0. */
static void attribute_time(xmlNode *node, const char *name, int64_t at)
{
	char text[CHAIN_TIME_SIZE];
	if (at)
		attribute(node, name, chain_time(at, text));
}

static void attribute_day(xmlNode *node, const char *name, int64_t at)
{
	char text[CHAIN_TIME_SIZE];
	chain_time(at, text);
	text[strcspn(text, "T")] = '\0';
	attribute(node, name, text);
}

static void promises(const struct audit *a, xmlNode *root)
{
	xmlNode *list = element(root, "promises");
	for (unsigned i = 0; i < a->promises; i++) {
		const struct promise *p = &a->promise[i];
		xmlNode *node = element(list, "promise");
		attribute(node, "id", p->id);
		attribute(node, "state", promise_state_name(p->state));
		attribute_time(node, "since", p->since);
		element_text(node, "title", p->title);
		element_text(node, "detail", p->detail);
		if (*p->action)
			element_text(node, "action", p->action);
	}
}

static void schedule(const struct audit *a, xmlNode *root)
{
	xmlNode *list = element(root, "schedule"), *node;
	char text[32];
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		node = element(list, "class");
		attribute(node, "name", c->name);
		attribute(node, "period", period_text(c->period, text, sizeof text));
		attribute_time(node, "cut-off", c->cutoff);
		attribute_number(node, "rows", (int64_t)c->left);
		attribute_number(node, "counted-in", (int64_t)c->kept);
		attribute_number(node, "days-off", (int64_t)c->days_off);
		attribute_time(node, "oldest", c->oldest);
		attribute_number(node, "overdue", (int64_t)c->overdue);
		element_text(node, "reason", c->reason ? c->reason : "");
	}
	for (unsigned i = 0; i < a->options->folders; i++) {
		const struct audit_folder *f = &a->options->folder[i];
		node = element(list, "folder");
		attribute(node, "mailbox", f->mailbox);
		attribute(node, "name", f->folder);
		attribute(node, "holds", f->what);
		if (f->period)
			attribute(node, "period", period_text(f->period, text, sizeof text));
		const struct mail_purge *purge = audit_mail_purge(a, f);
		if (purge && f->period) {
			attribute_number(node, "deleted", (int64_t)purge->deleted[f->use]);
			attribute_time(node, "purged", purge->at);
		}
		for (unsigned m = 0; m < a->mailboxes; m++)
			if (strcmp(a->mailbox[m].name, f->mailbox) == 0)
				attribute_time(node, "read", a->mailbox[m].read_at);
	}
}

/* "events=3 messages=4" */
static void deleted(xmlNode *parent, const char *detail)
{
	char pairs[LEDGER_TEXT_SIZE], *rest = pairs, *pair;
	snprintf(pairs, sizeof pairs, "%s", detail);
	while ((pair = strsep(&rest, " "))) {
		char *value = strchr(pair, '=');
		if (!value)
			continue;
		*value++ = '\0';
		xmlNode *node = element(parent, "deleted");
		attribute(node, "class", pair);
		attribute(node, "rows", value);
	}
}

static void purges(const struct audit *a, xmlNode *root)
{
	xmlNode *list = element(root, "purges"), *node;
	attribute_number(list, "count", (int64_t)a->purges);
	attribute_number(list, "days-missed", (int64_t)a->days_missed);
	for (uint64_t i = a->gaps > AUDIT_GAPS_MAX ? a->gaps - AUDIT_GAPS_MAX : 0; i < a->gaps;
		i++) {
		node = element(list, "gap");
		attribute_day(node, "from", a->gap[i % AUDIT_GAPS_MAX].from);
		attribute_day(node, "to", a->gap[i % AUDIT_GAPS_MAX].to);
	}
	for (uint64_t i = a->purges > AUDIT_PURGES_MAX ? a->purges - AUDIT_PURGES_MAX : 0;
		i < a->purges; i++) {
		node = element(list, "purge");
		attribute_number(node, "entry", a->purge[i % AUDIT_PURGES_MAX].number);
		attribute_time(node, "at", a->purge[i % AUDIT_PURGES_MAX].at);
		deleted(node, a->purge[i % AUDIT_PURGES_MAX].detail);
	}
}

static void keys(const struct audit *a, xmlNode *root)
{
	xmlNode *list = element(root, "keys");
	for (unsigned i = 0; i < a->keys; i++) {
		const struct key_info *k = &a->key[i];
		xmlNode *node = element(list, "key");
		attribute(node, "name", k->name);
		attribute(node, "purpose", k->purpose);
		if (*k->month)
			attribute(node, "month", k->month);
		attribute_time(node, "made", k->at);
		if (*k->fingerprint)
			attribute(node, "fingerprint", k->fingerprint);
		attribute(node, "place", k->credential ? "credential" : "file");
	}
}

static void ledger(const struct audit *a, xmlNode *root)
{
	xmlNode *list = element(root, "ledger"), *node;
	char hash[LEDGER_HASH_SIZE * 2 + 1];
	attribute(list, "chain", a->torn ? "broken" : "whole");
	attribute_number(list, "entries", (int64_t)a->entries);
	attribute_number(list, "checkpoints", (int64_t)a->checkpoints);
	if (a->torn)
		element_text(list, "fault", a->fault);
	if (a->entries) {
		node = element(list, "first");
		attribute_number(node, "entry", a->first.number);
		attribute_time(node, "at", a->first.at);
		node = element(list, "head");
		attribute_number(node, "entry", a->last.number);
		attribute_time(node, "at", a->last.at);
		attribute(node, "hash", hash_text(a->last.hash, hash));
	}
	for (unsigned i = 0; i < a->kinds; i++) {
		node = element(list, "kind");
		attribute(node, "name", a->kind[i].kind);
		attribute_number(node, "count", (int64_t)a->kind[i].count);
	}
	for (uint64_t i = a->acts > AUDIT_ACTS_MAX ? a->acts - AUDIT_ACTS_MAX : 0; i < a->acts;
		i++) {
		const struct ledger_entry *e = &a->act[i % AUDIT_ACTS_MAX];
		node = element_text(list, "entry", e->detail);
		attribute_number(node, "number", e->number);
		attribute_time(node, "at", e->at);
		attribute(node, "kind", e->kind);
	}
}

static void pairs(xmlNode *parent, const char *name, const struct audit_pair *pair, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		xmlNode *node = element(parent, name);
		attribute(node, "name", pair[i].name);
		attribute(node, "value", pair[i].value);
	}
}

xmlDoc *audit_document(const struct audit *a)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "audit", NULL) : NULL, *node;
	xmlNs *ns = root ? xmlNewNs(root, BAD_CAST AUDIT_NAMESPACE, NULL) : NULL;
	if (!ns) {
		xmlFreeNode(root);
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, ns);
	attribute(root, "version", "1");
	attribute_time(root, "at", a->now);
	attribute(root, "state", promise_state_name(a->worst));
	if (a->options->report->organisation)
		attribute(root, "organisation", a->options->report->organisation);
	promises(a, root);
	schedule(a, root);
	keys(a, root);
	purges(a, root);
	ledger(a, root);
	node = element(root, "settings");
	pairs(node, "setting", a->options->setting, a->options->settings);
	node = element(root, "store");
	attribute(node, "secure-delete", a->file.secure_delete ? "on" : "off");
	attribute(node, "written-anew", a->file.rewrite_due ? "due" : "done");
	attribute_number(node, "log-bytes", a->file.log_bytes);
	attribute_number(node, "bytes", a->file.bytes);
	attribute_number(node, "schema", a->file.schema);
	node = element(root, "components");
	pairs(node, "component", a->options->component, a->options->components);
	node = element(root, "record");
	for (unsigned i = 0; i < a->records; i++)
		attribute(
			element_text(node, "field", a->record[i].text), "name", a->record[i].name);
	return doc;
}
