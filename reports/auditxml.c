/*
 * The audit as XML (etc/audit.xsd, namespace urn:retour:audit:1): what other programs read, and the
 * source of the HTML. Times are RFC 3339, UTC.
 */
#include "reports/audit.h"
#include "reports/xmlparts.h"

#include <string.h>

#include "classify/base/clock.h"
#include "store/chain.h"

#define AUDIT_NAMESPACE "urn:retour:audit:1"

static xmlNode *audit_element(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, parent->ns, BAD_CAST name, NULL);
}

static xmlNode *audit_element_text(xmlNode *parent, const char *name, const char *text)
{
	return xmlNewTextChild(parent, parent->ns, BAD_CAST name, BAD_CAST text);
}

static void audit_attribute(xmlNode *node, const char *name, const char *value)
{
	xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

static void audit_attribute_number(xmlNode *node, const char *name, int64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)value);
	audit_attribute(node, name, text);
}

/* Nothing for 0. */
static void attribute_time(xmlNode *node, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];
	if (at)
		audit_attribute(node, name, clock_format(at, text));
}

static void attribute_day(xmlNode *node, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(at, text);
	text[strcspn(text, "T")] = '\0';
	audit_attribute(node, name, text);
}

static void write_promises(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "promises");
	for (unsigned i = 0; i < a->promises; i++) {
		const struct promise *p = &a->promise[i];
		xmlNode *node = audit_element(list, "promise");
		audit_attribute(node, "id", p->id);
		audit_attribute(node, "state", promise_state_name(p->state));
		attribute_time(node, "since", p->since);
		audit_element_text(node, "title", p->title);
		audit_element_text(node, "detail", p->detail);
		if (*p->action)
			audit_element_text(node, "action", p->action);
	}
}

static void write_schedule(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "schedule"), *node;
	char text[32];
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		node = audit_element(list, "class");
		audit_attribute(node, "name", c->name);
		audit_attribute(node, "period", period_text(c->period, text, sizeof text));
		attribute_time(node, "cut-off", c->cutoff);
		audit_attribute_number(node, "rows", (int64_t)c->left);
		audit_attribute_number(node, "counted-in", (int64_t)c->kept);
		audit_attribute_number(node, "days-off", (int64_t)c->days_off);
		attribute_time(node, "oldest", c->oldest);
		audit_attribute_number(node, "overdue", (int64_t)c->overdue);
		audit_element_text(node, "reason", c->reason ? c->reason : "");
	}
	for (unsigned i = 0; i < a->options->folders; i++) {
		const struct audit_folder *f = &a->options->folder[i];
		node = audit_element(list, "folder");
		audit_attribute(node, "mailbox", f->mailbox);
		audit_attribute(node, "name", f->folder);
		audit_attribute(node, "holds", f->what);
		if (f->period)
			audit_attribute(node, "period", period_text(f->period, text, sizeof text));
		const struct mail_purge *purge = audit_mail_purge(a, f);
		if (purge && f->period) {
			audit_attribute_number(node, "deleted", (int64_t)purge->deleted[f->use]);
			attribute_time(node, "purged", purge->at);
		}
		const struct mailbox_state *m = audit_mailbox(a, f->mailbox);
		if (m)
			attribute_time(node, "read", m->read_at);
	}
	for (unsigned i = 0; i < a->options->mailboxes; i++) {
		const struct mailbox_state *m = audit_mailbox(a, a->options->mailbox[i]);
		const struct deleting_words *words = audit_deleting(m ? m->facts.deleting : 0);
		node = audit_element_text(list, "mailbox", words->sentence);
		audit_attribute(node, "name", a->options->mailbox[i]);
		audit_attribute(node, "deleted", words->word);
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
		xmlNode *node = audit_element(parent, "deleted");
		audit_attribute(node, "class", pair);
		audit_attribute(node, "rows", value);
	}
}

static void write_purges(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "purges"), *node;
	audit_attribute_number(list, "count", (int64_t)a->purges);
	audit_attribute_number(list, "days-missed", (int64_t)a->days_missed);
	for (uint64_t i = a->gaps > AUDIT_GAPS_MAX ? a->gaps - AUDIT_GAPS_MAX : 0; i < a->gaps;
		i++) {
		node = audit_element(list, "gap");
		attribute_day(node, "from", a->gap[i % AUDIT_GAPS_MAX].from);
		attribute_day(node, "to", a->gap[i % AUDIT_GAPS_MAX].to);
	}
	for (uint64_t i = a->purges > AUDIT_PURGES_MAX ? a->purges - AUDIT_PURGES_MAX : 0;
		i < a->purges; i++) {
		node = audit_element(list, "purge");
		audit_attribute_number(node, "entry", a->purge[i % AUDIT_PURGES_MAX].number);
		attribute_time(node, "at", a->purge[i % AUDIT_PURGES_MAX].at);
		deleted(node, a->purge[i % AUDIT_PURGES_MAX].detail);
	}
}

static void write_keys(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "keys");
	for (unsigned i = 0; i < a->keys; i++) {
		const struct key_info *k = &a->key[i];
		xmlNode *node = audit_element(list, "key");
		audit_attribute(node, "name", k->name);
		audit_attribute(node, "purpose", k->purpose);
		if (*k->month)
			audit_attribute(node, "month", k->month);
		attribute_time(node, "made", k->at);
		if (*k->fingerprint)
			audit_attribute(node, "fingerprint", k->fingerprint);
		audit_attribute(node, "place", k->credential ? "credential" : "file");
	}
}

static void write_requests(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "requests"), *node;
	const struct request *r;
	audit_attribute_number(list, "count", (int64_t)a->requests.count);
	for (uint64_t n = 0; (r = requests_at(&a->requests, n)); n++) {
		node = audit_element_text(list, "request", r->reference);
		audit_attribute_number(node, "number", r->number);
		attribute_time(node, "at", r->at);
		audit_attribute(node, "kind", r->kind);
		audit_attribute(node, "counts", r->counts);
		if (r->corrected) {
			attribute_time(node, "corrected", r->corrected);
			audit_attribute_number(node, "corrected-by", r->corrected_by);
		}
	}
}

static void write_ledger(const struct audit *a, xmlNode *root)
{
	xmlNode *list = audit_element(root, "ledger"), *node;
	char hash[LEDGER_HASH_SIZE * 2 + 1];
	audit_attribute(list, "chain", a->torn ? "broken" : "whole");
	audit_attribute_number(list, "entries", (int64_t)a->entries);
	audit_attribute_number(list, "checkpoints", (int64_t)a->checkpoints);
	if (a->torn)
		audit_element_text(list, "fault", a->fault);
	if (a->entries) {
		node = audit_element(list, "first");
		audit_attribute_number(node, "entry", a->first.number);
		attribute_time(node, "at", a->first.at);
		node = audit_element(list, "head");
		audit_attribute_number(node, "entry", a->last.number);
		attribute_time(node, "at", a->last.at);
		audit_attribute(node, "hash", hash_text(a->last.hash, hash));
	}
	for (unsigned i = 0; i < a->kinds; i++) {
		node = audit_element(list, "kind");
		audit_attribute(node, "name", a->kind[i].kind);
		audit_attribute_number(node, "count", (int64_t)a->kind[i].count);
	}
	for (uint64_t i = a->acts > AUDIT_ACTS_MAX ? a->acts - AUDIT_ACTS_MAX : 0; i < a->acts;
		i++) {
		const struct ledger_entry *e = &a->act[i % AUDIT_ACTS_MAX];
		node = audit_element_text(list, "entry", e->detail);
		audit_attribute_number(node, "number", e->number);
		attribute_time(node, "at", e->at);
		audit_attribute(node, "kind", e->kind);
	}
}

static void pairs(xmlNode *parent, const char *name, const struct audit_pair *pair, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		xmlNode *node = audit_element(parent, name);
		audit_attribute(node, "name", pair[i].name);
		audit_attribute(node, "value", pair[i].value);
	}
}

xmlDoc *audit_document(const struct audit *a)
{
	xmlNode *root = xml_root("audit", AUDIT_NAMESPACE), *node;
	if (!root)
		return NULL;
	audit_attribute(root, "version", "1");
	attribute_time(root, "at", a->now);
	audit_attribute(root, "state", promise_state_name(a->worst));
	if (a->options->report->organisation)
		audit_attribute(root, "organisation", a->options->report->organisation);
	write_promises(a, root);
	write_schedule(a, root);
	write_keys(a, root);
	write_purges(a, root);
	write_requests(a, root);
	write_ledger(a, root);
	node = audit_element(root, "settings");
	pairs(node, "setting", a->options->setting, a->options->settings);
	node = audit_element(root, "store");
	audit_attribute(node, "secure-delete", a->file.secure_delete ? "on" : "off");
	audit_attribute(node, "written-anew", a->file.rewrite_due ? "due" : "done");
	audit_attribute_number(node, "log-bytes", a->file.log_bytes);
	audit_attribute_number(node, "bytes", a->file.bytes);
	audit_attribute_number(node, "schema", a->file.schema);
	node = audit_element(root, "components");
	pairs(node, "component", a->options->component, a->options->components);
	node = audit_element(root, "record");
	for (unsigned i = 0; i < a->records; i++)
		audit_attribute(audit_element_text(node, "field", a->record[i].text), "name",
			a->record[i].name);
	return root->doc;
}
