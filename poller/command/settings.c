/* The configuration as ledger and audit want to see it. */
#include "poller/command/settings.h"

#include <gnutls/gnutls.h>
#include <libetpan/libetpan-config.h>
#include <libxml/parser.h>
#include <libxslt/xsltconfig.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_NAME(symbol, name, ...) name,
static const char *const protocols[] = { PROTOCOLS(PROTOCOL_NAME) };

enum { DISPOSAL_SIZE = 160 };

static const char *disposal(const struct disposal *d, char out[DISPOSAL_SIZE])
{
	if (d->action == DISPOSE_MOVE)
		snprintf(out, DISPOSAL_SIZE, "move:%s", d->folder);
	else
		snprintf(out, DISPOSAL_SIZE, "%s", d->action == DISPOSE_KEEP ? "keep" : "delete");
	return out;
}

static int note_mailboxes(struct store *store, const struct config *config, int64_t now)
{
	struct {
		char word[4][DISPOSAL_SIZE];
	} *all = calloc(CONFIG_MAILBOXES_MAX, sizeof *all);
	struct mailbox_setting *list = calloc(CONFIG_MAILBOXES_MAX, sizeof *list);
	int result = STORE_FAILED;
	for (unsigned i = 0; all && list && i < config->mailboxes; i++) {
		const struct mailbox *box = &config->mailbox[i];
		list[i] = (struct mailbox_setting){ box->name, protocols[box->protocol],
			disposal(&box->processed, all[i].word[0]),
			disposal(&box->unrecognised, all[i].word[1]),
			disposal(&box->quarantine, all[i].word[2]),
			disposal(&box->optout, all[i].word[3]), box->raw_retention };
	}
	if (all && list)
		result = store_note_mailboxes(store, list, config->mailboxes, now);
	free(list);
	free(all);
	return result;
}

static void add_pair(struct setting_section *s, const char *name, const char *value)
{
	s->pair[s->pairs].name = name;
	s->pair[s->pairs++].value = value ? value : "none";
}

#define USUAL_REASON(symbol, name, usual, holds, why) why,
static const char *const usual_reasons[] = { RETENTION_CLASSES(USUAL_REASON) };

static void reason_section(struct setting_section *s, const struct config *c, unsigned retained,
	char name[STORE_NAME_SIZE])
{
	snprintf(name, STORE_NAME_SIZE, "retention.%s", retention_class_name(retained));
	*s = (struct setting_section){ .name = name,
		.usual = strcmp(c->reason[retained], usual_reasons[retained]) == 0 };
	add_pair(s, "reason", c->reason[retained]);
}

static void hook_section(struct setting_section *s, const struct post_options *p)
{
	*s = (struct setting_section){ .name = "hook", .usual = !p->hook_command };
	add_pair(s, "command", p->hook_command);
	add_pair(s, "addresses", p->hook_addresses ? "yes" : "no");
}

static void witness_section(struct setting_section *s, const struct post_options *p)
{
	bool any = p->witness_syslog || p->witness_command || p->witness_timestamp;
	*s = (struct setting_section){ .name = "witness", .usual = !any };
	add_pair(s, "syslog", p->witness_syslog);
	add_pair(s, "command", p->witness_command);
	add_pair(s, "timestamp", p->witness_timestamp);
	add_pair(s, "tsa", p->witness_tsa);
	add_pair(s, "dir", p->witness_timestamp ? p->witness_dir : NULL);
}

enum { LIST_TEXT_SIZE = 4096 };

/* Joined by "+", which a word of the ledger has plainly. */
static const char *list_text(const struct list *list, char out[LIST_TEXT_SIZE])
{
	size_t n = 0;
	*out = '\0';
	for (unsigned i = 0; i < list->count && n < LIST_TEXT_SIZE; i++)
		n += (size_t)snprintf(
			out + n, LIST_TEXT_SIZE - n, "%s%s", i ? "+" : "", list->at[i]);
	return *out ? out : NULL;
}

static int note_sections(struct store *store, const struct config *c, int64_t now)
{
	struct setting_section list[RETAIN_COUNT + 3];
	char name[RETAIN_COUNT][STORE_NAME_SIZE], domains[LIST_TEXT_SIZE],
		campaigns[LIST_TEXT_SIZE], servers[LIST_TEXT_SIZE];
	unsigned n = 0;
	for (; n < RETAIN_COUNT; n++)
		reason_section(&list[n], c, n, name[n]);
	witness_section(&list[n++], &c->post);
	hook_section(&list[n++], &c->post);
	list[n] = (struct setting_section){ .name = "origin" };
	add_pair(&list[n], "domains", list_text(&c->domains, domains));
	add_pair(&list[n], "campaign_headers", list_text(&c->campaign_headers, campaigns));
	add_pair(&list[n], "authserv_ids", list_text(&c->authserv_ids, servers));
	add_pair(&list[n], "verp", c->verp ? "yes" : "no");
	add_pair(&list[n++], "unsubscribe", c->unsubscribe ? "yes" : "no");
	return store_note_sections(store, list, n, now);
}

int settings_note(struct store *store, const struct config *config, int64_t now)
{
	int result = note_mailboxes(store, config, now);
	return result ? result : note_sections(store, config, now);
}

__attribute__((format(printf, 3, 4))) static void pair(
	struct audit_pair *p, const char *name, const char *format, ...)
{
	va_list list;
	snprintf(p->name, sizeof p->name, "%s", name);
	va_start(list, format);
	vsnprintf(p->value, sizeof p->value, format, list);
	va_end(list);
}

/* USE: FOLDER_USE_COUNT for a folder from which nothing is deleted. */
static void add_folder(struct audit_options *o, const struct mailbox *box, const struct disposal *d,
	const char *what, enum folder_use use)
{
	if (d->action == DISPOSE_DELETE || o->folders == AUDIT_FOLDERS_MAX)
		return;
	const char *folder;
	if (d->action == DISPOSE_MOVE)
		folder = d->folder;
	else if (box->folder)
		folder = box->folder;
	else
		folder = "INBOX";
	o->folder[o->folders++] = (struct audit_folder){ box->name, folder, what, use,
		d->action == DISPOSE_MOVE && use != FOLDER_USE_COUNT ? box->raw_retention : 0 };
}

static void add_settings(const struct config *c, struct audit_options *o)
{
#define WORD(symbol, word) [symbol] = word,
	static const char *const act_on[] = { ACT_ON_CHOICES(WORD) },
				 *const diagnostics[] = { DIAGNOSTICS_CHOICES(WORD) },
				 *const domains[] = { DOMAINS_CHOICES(WORD) };
#undef WORD
	pair(&o->setting[o->settings++], "[privacy] diagnostics", "%s",
		diagnostics[c->diagnostics]);
	pair(&o->setting[o->settings++], "[privacy] domains", "%s", domains[c->domains_kept]);
	pair(&o->setting[o->settings++], "[privacy] k", "%lld", (long long)c->k);
	pair(&o->setting[o->settings++], "[privacy] fold_local_part", "%s",
		c->fold_local_part ? "yes" : "no");
	pair(&o->setting[o->settings++], "[privacy] fold_gmail", "%s",
		c->fold_gmail ? "yes" : "no");
	pair(&o->setting[o->settings++], "[origin] act_on", "%s", act_on[c->act_on]);
	pair(&o->setting[o->settings++], "[report] to", "%u addressees", c->post.to.count);
	pair(&o->setting[o->settings++], "mailboxes", "%u", c->mailboxes);
}

void settings_for_audit(const struct session *s, struct audit_options *o)
{
	const struct config *c = s->config;
	*o = (struct audit_options){ .report = &s->report };
	add_settings(c, o);
	for (unsigned i = 0; i < c->mailboxes; i++) {
		if (o->mailboxes < AUDIT_MAILBOXES_MAX)
			o->mailbox[o->mailboxes++] = c->mailbox[i].name;
		add_folder(
			o, &c->mailbox[i], &c->mailbox[i].processed, "processed", FOLDER_PROCESSED);
		add_folder(o, &c->mailbox[i], &c->mailbox[i].unrecognised, "not recognised",
			FOLDER_UNRECOGNISED);
		add_folder(o, &c->mailbox[i], &c->mailbox[i].quarantine, "in quarantine",
			FOLDER_QUARANTINE);
		if (c->mailbox[i].optout.action == DISPOSE_MOVE)
			add_folder(o, &c->mailbox[i], &c->mailbox[i].optout,
				"a request to unsubscribe of which nothing proves who sent it",
				FOLDER_USE_COUNT);
	}
	pair(&o->component[o->components++], "retour", "%s", RETOUR_VERSION);
	pair(&o->component[o->components++], "SQLite", "%s", sqlite3_libversion());
	pair(&o->component[o->components++], "libsodium", "%s", sodium_version_string());
	pair(&o->component[o->components++], "GnuTLS", "%s", gnutls_check_version(NULL));
	pair(&o->component[o->components++], "libetpan", "%d.%d", LIBETPAN_VERSION_MAJOR,
		LIBETPAN_VERSION_MINOR);
	pair(&o->component[o->components++], "libxml2", "%s", LIBXML_DOTTED_VERSION);
	pair(&o->component[o->components++], "libxslt", "%s", LIBXSLT_DOTTED_VERSION);
}
