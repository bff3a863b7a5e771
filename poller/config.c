/*
 * The INI file, read through iniparser.
 *
 * The table `keys` is the only place where a key stands: it reads the file,
 * checks the values, prints etc/retour.ini (config_print_sample) and the list of keys
 * in retour.ini(5) (config_print_manual). What depends on several keys at once is
 * checked behind the table, in check_mailbox() and check_report().
 *
 * iniparser folds section and key names to lower case and strips comments; a
 * value that holds ';' or '#' stands in double quotes.
 */
#include "poller/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <iniparser/iniparser.h>

enum type { TEXT, FILE_PATH, BOOLEAN, NUMBER, SIZE, PERIOD, CHOICE, LIST, DISPOSAL, PERIODS, HOST_PORT, THRESHOLD, SHARE };

struct key {
	const char *section;    /* "mailbox *": one section for each name */
	const char *name;
	enum type type;
	size_t offset;          /* in struct config; in struct mailbox, struct ladder or struct alert_rule for sections with a name */
	const char *standard;   /* value when the file is silent; NULL: none */
	int64_t min, max;       /* bounds of numbers, sizes, periods */
	const char *choices;    /* "a|b|c", in the order of the enum */
	const char *sample;     /* value in the sample file; NULL: the key stands there as a comment with its default */
	const char *help;
};

#define AT(field) offsetof(struct config, field)
#define BOX(field) offsetof(struct mailbox, field)
#define LADDER(field) offsetof(struct ladder, field)
#define RULE(field) offsetof(struct alert_rule, field)
#define MINUTE 60
#define HOUR 3600
#define DAY (24 * 3600)
#define YEAR (365 * DAY)
#define MIB (1024 * 1024)

static const struct key keys[] = {
	{ "store", "path", FILE_PATH, AT(store_path), "/var/lib/retour/retour.db", 0, 0, NULL, "/var/lib/retour/retour.db",
	  "the database; the first run makes it" },
	{ "keys", "dir", FILE_PATH, AT(keys_dir), NULL, 0, 0, NULL, "/var/lib/retour/keys",
	  "keys of the pseudonyms, mode 0700; default: keys beside the store" },

	{ "origin", "domains", LIST, AT(domains), NULL, 0, 0, NULL, "example.org, news.example.org",
	  "our sending domains: what a returned message must show to count as matched" },
	{ "origin", "act_on", CHOICE, AT(act_on), "matched", 0, 0, "verified|matched|any", "matched",
	  "how well proven the origin must be to change a contact's state" },
	{ "origin", "verp", TEXT, AT(verp), NULL, 0, 0, NULL, NULL, "the return path with its token, e.g. bounce+{token}@bounce.example.org" },
	{ "origin", "batv_key_file", FILE_PATH, AT(batv_key_file), NULL, 0, 0, NULL, NULL,
	  "key with which our mail server signs BATV tags (prvs=), mode 0600; without it such a tag proves nothing" },
	{ "origin", "campaign_headers", LIST, AT(campaign_headers), "X-Campaign-ID", 0, 0, NULL, "X-Campaign-ID",
	  "headers of our mail that name the campaign" },

	{ "rules", "rules", FILE_PATH, AT(rules_file), NULL, 0, 0, NULL, NULL, "rules to use instead of those built in" },
	{ "rules", "providers", FILE_PATH, AT(providers_file), NULL, 0, 0, NULL, NULL, "provider profiles to use instead of those built in" },

	{ "privacy", "diagnostics", CHOICE, AT(diagnostics), "redacted", 0, 0, "redacted|none", "redacted",
	  "keep the receivers' words without addresses, ids, IPs and URLs, or not at all" },
	{ "privacy", "domains", CHOICE, AT(domains_kept), "known", 0, 0, "known|all", "known",
	  "recipient domains by name: only those of known providers, or all from k recipients on" },
	{ "privacy", "k", NUMBER, AT(k), "10", 2, 1000, NULL, "10", "smaller figures than this are not shown" },
	{ "privacy", "fold_local_part", BOOLEAN, AT(fold_local_part), "yes", 0, 0, NULL, "yes",
	  "Anna@example.org and anna@example.org are one recipient" },

	{ "mailbox *", "protocol", CHOICE, BOX(protocol), "imap", 0, 0, "imap|pop3|maildir|mbox", "imap", "how the mailbox is read" },
	{ "mailbox *", "host", TEXT, BOX(host), NULL, 0, 0, NULL, "mail.example.org", "the server; its certificate must be for this name" },
	{ "mailbox *", "port", NUMBER, BOX(port), "0", 0, 65535, NULL, "993", "0: the usual one of protocol and tls" },
	{ "mailbox *", "tls", CHOICE, BOX(tls), "implicit", 0, 0, "implicit|starttls|none", "implicit", "none: to a loopback address only" },
	{ "mailbox *", "ca_file", FILE_PATH, BOX(ca_file), NULL, 0, 0, NULL, NULL, "CA certificates (PEM) to trust instead of the system's" },
	{ "mailbox *", "user", TEXT, BOX(user), NULL, 0, 0, NULL, "bounces@example.org", "login name" },
	{ "mailbox *", "auth", CHOICE, BOX(auth), "plain", 0, 0, "plain|login|cram-md5|scram-sha-1|scram-sha-256|xoauth2", "plain",
	  "how to log in; with xoauth2 the secret is the access token" },
	{ "mailbox *", "password_file", FILE_PATH, BOX(secret.file), NULL, 0, 0, NULL, "/etc/retour/bounces.pw",
	  "file with the password or token, mode 0600" },
	{ "mailbox *", "password_command", TEXT, BOX(secret.command), NULL, 0, 0, NULL, NULL, "or a command that prints it" },
	{ "mailbox *", "password_credential", TEXT, BOX(secret.credential), NULL, 0, 0, NULL, NULL,
	  "or the name of a systemd credential (LoadCredential=)" },
	{ "mailbox *", "folder", TEXT, BOX(folder), "INBOX", 0, 0, NULL, "INBOX", "the folder to empty (imap)" },
	{ "mailbox *", "path", FILE_PATH, BOX(path), NULL, 0, 0, NULL, NULL, "the Maildir or mbox (maildir, mbox)" },
	{ "mailbox *", "kind", CHOICE, BOX(kind), "auto", 0, 0, "auto|bounce|fbl", "auto",
	  "what arrives here; bounce: complaints do not count, fbl: only complaints count" },
	{ "mailbox *", "processed", DISPOSAL, BOX(processed), "delete", 0, 0, NULL, "delete",
	  "what becomes of a message that was stored: delete, move:FOLDER or keep" },
	{ "mailbox *", "unrecognised", DISPOSAL, BOX(unrecognised), NULL, 0, 0, NULL, "move:Unrecognised",
	  "and of one that is no bounce, report or reply; default move:Unrecognised, for pop3 keep" },
	{ "mailbox *", "quarantine", DISPOSAL, BOX(quarantine), NULL, 0, 0, NULL, NULL,
	  "and of one that could not be read at all; default move:Quarantine, for pop3 keep" },
	{ "mailbox *", "raw_retention", PERIOD, BOX(raw_retention), "7d", 0, 10LL * YEAR, NULL, "7d",
	  "what was moved is deleted when it has been in its folder for so long" },
	{ "mailbox *", "max_message", SIZE, BOX(max_message), "1M", 16 * 1024, 16 * MIB, NULL, "1M", "longer messages are read up to this size" },
	{ "mailbox *", "timeout", PERIOD, BOX(timeout), "60s", 1, 3600, NULL, "60s", "wait so long for a silent server" },
	{ "mailbox *", "deadline", PERIOD, BOX(deadline), "1h", 10, 7 * DAY, NULL, NULL, "the whole visit of this mailbox takes no longer" },

	{ "retention", "events", PERIOD, AT(period[RETAIN_EVENTS]), "180d", DAY, 100LL * YEAR, NULL, "180d", "pseudonymous events" },
	{ "retention", "events_reason", TEXT, AT(reason[RETAIN_EVENTS]), "diagnosis of delivery problems over two quarters", 0, 0, NULL,
	  "diagnosis of delivery problems over two quarters", "the written reason; each period has one" },
	{ "retention", "diagnostics", PERIOD, AT(period[RETAIN_DIAGNOSTICS]), "30d", DAY, 100LL * YEAR, NULL, "30d",
	  "redacted words of the receivers" },
	{ "retention", "diagnostics_reason", TEXT, AT(reason[RETAIN_DIAGNOSTICS]), "wording needed to tune rules and to ask a receiver", 0, 0,
	  NULL, "wording needed to tune rules and to ask a receiver", "" },
	{ "retention", "contacts", PERIOD, AT(period[RETAIN_CONTACTS]), "730d", DAY, 100LL * YEAR, NULL, "730d",
	  "states of recipients, after their last event" },
	{ "retention", "contacts_reason", TEXT, AT(reason[RETAIN_CONTACTS]), "not to write again to dead addresses and complainants", 0, 0,
	  NULL, "not to write again to dead addresses and complainants", "" },
	{ "retention", "messages", PERIOD, AT(period[RETAIN_MESSAGES]), "90d", DAY, 100LL * YEAR, NULL, "90d",
	  "hashes by which a message that is read again is known" },
	{ "retention", "messages_reason", TEXT, AT(reason[RETAIN_MESSAGES]), "no message counts twice", 0, 0, NULL, "no message counts twice", "" },
	{ "retention", "alerts", PERIOD, AT(period[RETAIN_ALERTS]), "365d", DAY, 100LL * YEAR, NULL, "365d", "alerts" },
	{ "retention", "alerts_reason", TEXT, AT(reason[RETAIN_ALERTS]), "comparison with the year before", 0, 0, NULL,
	  "comparison with the year before", "" },
	{ "retention", "ledger", PERIOD, AT(period[RETAIN_LEDGER]), "10y", DAY, 100LL * YEAR, NULL, "10y", "the ledger: counts only" },
	{ "retention", "ledger_reason", TEXT, AT(reason[RETAIN_LEDGER]), "evidence that retention was kept", 0, 0, NULL,
	  "evidence that retention was kept", "" },
	{ "retention", "backups", PERIOD, AT(period[RETAIN_BACKUPS]), "30d", DAY, 100LL * YEAR, NULL, "30d",
	  "copies made with `retour backup`; an older one is not taken into use" },
	{ "retention", "backups_reason", TEXT, AT(reason[RETAIN_BACKUPS]), "restoring the store after a loss", 0, 0, NULL,
	  "restoring the store after a loss", "" },

	{ "soft", "quiet", PERIOD, AT(soft_quiet), "30d", DAY, 10LL * YEAR, NULL, "30d",
	  "without a failure for so long, a contact is active again" },
	{ "soft", "pause", PERIOD, AT(soft_pause), "30d", DAY, 10LL * YEAR, NULL, "30d",
	  "past its ladder a contact is left alone for so long, then tried once more" },
	{ "soft", "remember", PERIOD, AT(soft_remember), "7d", DAY, YEAR, NULL, "7d",
	  "keep in mind for so long that a mail was delivered, for failures before it that are read later" },
	{ "block", "hold", PERIOD, AT(block_hold), "1d", MINUTE, YEAR, NULL, "1d", "after a block, wait so long before anything else" },
	{ "block", "patience", PERIOD, AT(block_patience), "7d", DAY, YEAR, NULL, "7d",
	  "then wait until its investigation is resolved, so long after the block at most" },
	{ "block", "gate", PERIOD, AT(block_gate), "1d", MINUTE, 30LL * DAY, NULL, "1d",
	  "then let the addresses of the provider through, spread over so long" },
	{ "block", "quiet", PERIOD, AT(block_quiet), "14d", DAY, 10LL * YEAR, NULL, "14d",
	  "without another block for so long, the contact is active again and the investigation over" },
	{ "ladder *", "steps", PERIODS, LADDER(step), NULL, MINUTE, YEAR, NULL, NULL, "waiting times after the first, second, … soft failure" },
	{ "ladder *", "end", PERIOD, LADDER(end), "72h", MINUTE, YEAR, NULL, NULL, "the ladder ends so long after its first failure" },
	{ "ladder *", "attempts", NUMBER, LADDER(attempts), "20", 0, 200, NULL, NULL, "or after so many failures; 0: however many" },

	{ "report", "organisation", TEXT, AT(report.organisation), NULL, 0, 0, NULL, NULL, "the name in the report's title; default: the first domain" },
	{ "report", "from", TEXT, AT(report.from), NULL, 0, 0, NULL, "retour@example.org", "sender of the report" },
	{ "report", "to", LIST, AT(report.to), NULL, 0, 0, NULL, "deliverability@example.org, dpo@example.org", "its readers" },
	{ "report", "smtp", HOST_PORT, AT(report.smtp_host), NULL, 0, 0, NULL, "smtp.example.org:587", "the submission server" },
	{ "report", "tls", CHOICE, AT(report.tls), "starttls", 0, 0, "implicit|starttls|none", "starttls", "none: to a loopback address only" },
	{ "report", "ca_file", FILE_PATH, AT(report.ca_file), NULL, 0, 0, NULL, NULL, "as for a mailbox" },
	{ "report", "user", TEXT, AT(report.user), NULL, 0, 0, NULL, NULL, "login name; none: no login" },
	{ "report", "auth", CHOICE, AT(report.auth), "plain", 0, 0, "plain|login|cram-md5|scram-sha-1|scram-sha-256|xoauth2", NULL, "as for a mailbox" },
	{ "report", "password_file", FILE_PATH, AT(report.secret.file), NULL, 0, 0, NULL, NULL, "as for a mailbox" },
	{ "report", "password_command", TEXT, AT(report.secret.command), NULL, 0, 0, NULL, NULL, "" },
	{ "report", "password_credential", TEXT, AT(report.secret.credential), NULL, 0, 0, NULL, NULL, "" },
	{ "report", "helo", TEXT, AT(report.helo), NULL, 0, 0, NULL, NULL, "EHLO name; default: the host's" },
	{ "report", "timeout", PERIOD, AT(report.timeout), "60s", 1, 3600, NULL, NULL, "wait so long for a silent server" },
	{ "report", "sendmail", FILE_PATH, AT(report.sendmail), NULL, 0, 0, NULL, NULL, "instead of smtp: a sendmail, e.g. /usr/sbin/sendmail" },
	{ "report", "timezone", TEXT, AT(report.timezone), "UTC", 0, 0, NULL, "Europe/Berlin", "zone of the report's days and months" },
	{ "report", "day", NUMBER, AT(report.day), "1", 1, 28, NULL, "1", "of the month, from which on `run` sends last month's report" },
	{ "report", "dir", FILE_PATH, AT(report.dir), NULL, 0, 0, NULL, "/var/lib/retour/reports",
	  "where reports are left; default: reports beside the store" },
	{ "report", "language", TEXT, AT(report.language), "en", 0, 0, NULL, "en", "en, de, or the path of a catalogue of texts" },
	{ "report", "logo", FILE_PATH, AT(report.logo), NULL, 0, 0, NULL, NULL, "a PNG, JPEG or SVG of at most 64K for the report's page" },
	{ "report", "colour", TEXT, AT(report.colour), NULL, 0, 0, NULL, NULL, "of the page's headings, e.g. #1f4e79" },
	{ "report", "target_hard", SHARE, AT(report.target[0]), "2%", 1, 1000000, NULL, "2%", "hard bounces of a month and of each campaign are to stay below it" },
	{ "report", "target_bounces", SHARE, AT(report.target[1]), "5%", 1, 1000000, NULL, "5%", "all bounces, of the mail sent" },
	{ "report", "target_complaints", SHARE, AT(report.target[2]), "0.1%", 1, 1000000, NULL, "0.1%", "complaints, of the mail sent" },
	{ "report", "measures", FILE_PATH, AT(report.measures), NULL, 0, 0, NULL, NULL, "a measures.xml to use instead of the built-in one" },
	{ "report", "stylesheet", FILE_PATH, AT(report.stylesheet), NULL, 0, 0, NULL, NULL, "a report.xsl to use instead of the built-in one" },

	{ "alert", "to", LIST, AT(alert_to), NULL, 0, 0, NULL, "postmaster@example.org", "who is told when something is wrong; the mail leaves as reports do" },
	{ "alert", "command", FILE_PATH, AT(alert_command), NULL, 0, 0, NULL, NULL, "and a command that gets the same as JSON on its standard input" },
	{ "alert", "repeat", PERIOD, AT(alerts.repeat), "7d", 0, YEAR, NULL, NULL, "what is still wrong is told again after so long; 0: once" },
	{ "alert *", "active", BOOLEAN, RULE(active), NULL, 0, 0, NULL, NULL, "look at this condition" },
	{ "alert *", "threshold", THRESHOLD, RULE(threshold), NULL, 1, 0, NULL, NULL, "from here on it is an alert" },
	{ "alert *", "clear", THRESHOLD, RULE(clear), NULL, 1, 0, NULL, NULL, "and below this no longer" },
	{ "alert *", "window", PERIOD, RULE(window), NULL, HOUR, 7LL * DAY, NULL, NULL, "figures of so long; surges in whole hours, up to 24h" },
	{ "alert *", "minimum", NUMBER, RULE(minimum), NULL, 0, 1000000000, NULL, NULL,
	  "so many bounces, complaints or messages at least, and never fewer than [privacy] k" },
	{ "alert *", "cooldown", PERIOD, RULE(cooldown), NULL, 0, YEAR, NULL, NULL, "what comes back within so long is the same alert, and is not told at once" },

	{ "metrics", "file", FILE_PATH, AT(metrics_file), NULL, 0, 0, NULL, NULL,
	  "figures for node_exporter's textfile collector, written by each run; ends in .prom" },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static const struct section_help {
	const char *section, *help;
} section_helps[] = {
	{ "store", "What lasts" },
	{ "keys", "" },
	{ "origin", "Which returned mail is ours: anybody can send a forged bounce" },
	{ "rules", "Classification" },
	{ "privacy", "What is kept of a recipient" },
	{ "mailbox *", "One section for each mailbox, the name after the blank" },
	{ "retention", "How long each class of data is kept, and why" },
	{ "soft", "Temporary failures" },
	{ "block", "Refusals that are the sender's to mend" },
	{ "ladder *", "Retry ladders: large, small (the receiver's size), a category (mailbox-full, greylisted), a provider, or what providers.ini names" },
	{ "report", "The monthly report" },
	{ "alert", "Alerts: what somebody should hear of before the month is over" },
	{ "alert *", "One section for each condition that is to have another rule than the standard one" },
	{ "metrics", "Metrics for Prometheus" },
};

static const struct ladder standard_ladders[] = {
	{ "large", { 15 * 60, 30 * 60, 60 * 60, 3 * 3600, 12 * 3600 }, 5, 72 * 3600, 20 },
	{ "small", { 10 * 60, 20 * 60, 40 * 60, 2 * 3600 }, 4, 48 * 3600, 20 },
	{ "mailbox-full", { 12 * 3600, DAY, DAY, DAY }, 4, 5 * DAY, 20 },
	{ "greylisted", { 5 * 60, 10 * 60, 15 * 60, 15 * 60 }, 4, DAY, 0 },
};

/* One allocation that the configuration owns; they hang in a list behind config->memory. */
struct piece {
	struct piece *next;
	char text[];
};

struct reader {
	struct config *config;
	const char *file;
	FILE *errors;
	unsigned failures;
	dictionary *ini;
};

__attribute__((format(printf, 4, 5)))
static void complain(struct reader *r, const char *section, const char *key, const char *format, ...)
{
	fprintf(r->errors, "%s: ", r->file);
	if (section)
		fprintf(r->errors, "[%s]%s%s: ", section, key ? " " : "", key ? key : "");
	va_list args;
	va_start(args, format);
	vfprintf(r->errors, format, args);
	va_end(args);
	fputc('\n', r->errors);
	r->failures++;
}

static char *keep(struct config *c, const char *text)
{
	size_t n = strlen(text) + 1;
	struct piece *piece = malloc(sizeof *piece + n);
	if (!piece)
		abort();
	memcpy(piece->text, text, n);
	piece->next = c->memory;
	c->memory = piece;
	return piece->text;
}

/* --- values ------------------------------------------------------------------------------------------- */

/* "7d", "60s", "1M": a number and one unit out of UNITS, whose factors stand in FACTORS. -1: it is none. */
static int64_t scaled(const char *text, const char *units, const int64_t *factors)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || errno || n < 0)
		return -1;
	if (!*end)
		return n == 0 || !strchr(units, 's') ? n : -1; /* a period without unit is a guess */
	const char *unit = strchr(units, *end);
	if (!unit || end[1])
		return -1;
	int64_t product;
	if (__builtin_mul_overflow((int64_t)n, factors[unit - units], &product))
		return -1;
	return product;
}

static int64_t period(const char *text)
{
	return scaled(text, "smhdwy", (const int64_t[]){ 1, 60, 3600, DAY, 7 * DAY, YEAR });
}

static int64_t size_in_bytes(const char *text)
{
	return scaled(text, "kKMG", (const int64_t[]){ 1024, 1024, MIB, 1024LL * MIB });
}

/* "2%", "0.1%" in parts per million, to four digits behind the point; -1: it is none. */
static int64_t share(const char *text)
{
	int64_t whole = 0, part = 0, unit = 1000;
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 3)
		return -1;
	for (size_t i = 0; i < digits; i++)
		whole = 10 * whole + (text[i] - '0');
	text += digits;
	if (*text == '.' && strspn(text + 1, "0123456789") == 0)
		return -1;
	for (text += *text == '.'; isdigit((unsigned char)*text) && unit; text++, unit /= 10)
		part += (*text - '0') * unit;
	return strcmp(text, "%") == 0 ? whole * 10000 + part : -1;
}

/* Index of TEXT in "a|b|c", or -1. */
static int choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (int i = 0; *choices; i++) {
		size_t m = strcspn(choices, "|");
		if (m == n && !strncmp(choices, text, n))
			return i;
		choices += m + (choices[m] == '|');
	}
	return -1;
}

static bool list_value(struct config *c, struct list *list, const char *text)
{
	list->count = 0;
	for (char *rest = keep(c, text), *word; (word = strsep(&rest, ","));) {
		word += strspn(word, " \t");
		size_t n = strlen(word);
		while (n && isspace((unsigned char)word[n - 1]))
			word[--n] = '\0';
		if (!n)
			continue;
		if (list->count == CONFIG_LIST_MAX)
			return false;
		list->at[list->count++] = word;
	}
	list->at[list->count] = NULL;
	return true;
}

static bool disposal_value(struct config *c, struct disposal *d, const char *text)
{
	d->folder = NULL;
	if (!strcmp(text, "delete"))
		d->action = DISPOSE_DELETE;
	else if (!strcmp(text, "keep"))
		d->action = DISPOSE_KEEP;
	else if (!strncmp(text, "move:", 5) && text[5 + strspn(text + 5, " ")]) {
		d->action = DISPOSE_MOVE;
		d->folder = keep(c, text + 5 + strspn(text + 5, " "));
	} else
		return false;
	return true;
}

static bool periods_value(struct config *c, struct ladder *ladder, const char *text, const struct key *k)
{
	ladder->steps = 0;
	for (char *rest = keep(c, text), *word; (word = strsep(&rest, " ,\t"));) {
		if (!*word)
			continue;
		int64_t n = period(word);
		if (n < k->min || n > k->max || ladder->steps == LADDER_STEPS_MAX)
			return false;
		ladder->step[ladder->steps++] = n;
	}
	return ladder->steps > 0;
}

/* "host", "host:587", "[::1]:587" into report.smtp_host and report.smtp_port. */
static bool host_port_value(struct config *c, const char *text)
{
	char *host = keep(c, text), *colon = strrchr(host, ':');
	c->report.smtp_port = 0;
	if (*host == '[') {
		char *close = strchr(host, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		colon = close[1] ? close + 1 : NULL;
		*close = '\0';
		host++;
	} else if (colon && strchr(host, ':') != colon) {
		colon = NULL; /* a bare IPv6 address */
	}
	if (colon) {
		char *end;
		long port = strtol(colon + 1, &end, 10);
		if (end == colon + 1 || *end || port < 1 || port > 65535)
			return false;
		c->report.smtp_port = port;
		*colon = '\0';
	}
	c->report.smtp_host = host;
	return *host != '\0';
}

/* "2.5" as 2500 for a SCALE of 1000; -1: it is no such number. */
static int64_t decimal(const char *text, size_t n, int64_t scale)
{
	int64_t value = 0;
	size_t i = 0;
	for (; i < n && isdigit((unsigned char)text[i]) && value < INT32_MAX; i++)
		value = value * 10 + (text[i] - '0');
	value *= scale;
	if (!i || (i < n && text[i] != '.'))
		return -1;
	for (i++; i < n; i++) {
		scale /= 10;
		if (!isdigit((unsigned char)text[i]) || !scale)
			return -1;
		value += (text[i] - '0') * scale;
	}
	return value;
}

static int64_t threshold(enum alert_unit unit, const char *text)
{
	size_t n = strlen(text);
	switch (unit) {
	case UNIT_FACTOR:
		return decimal(text, n, 1000);
	case UNIT_SHARE: {
		int64_t ppm = n && text[n - 1] == '%' ? decimal(text, n - 1, 10000) : -1;
		return ppm <= 1000000 ? ppm : -1;
	}
	case UNIT_COUNT:
		return decimal(text, n, 1);
	case UNIT_PERIOD:
		break;
	}
	return period(text);
}

static void print_period(char *buffer, size_t size, int64_t n)
{
	static const struct { int64_t factor; char unit; } units[] = { { YEAR, 'y' }, { DAY, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (n % units[i].factor == 0 && n >= units[i].factor) {
			snprintf(buffer, size, "%lld%c", (long long)(n / units[i].factor), units[i].unit);
			return;
		}
	snprintf(buffer, size, "0s");
}

static void bounds_text(const struct key *k, char *buffer, size_t size)
{
	char low[32], high[32];
	switch (k->type) {
	case PERIOD:
	case PERIODS:
		print_period(low, sizeof low, k->min);
		print_period(high, sizeof high, k->max);
		snprintf(buffer, size, "%s from %s to %s", k->type == PERIOD ? "a period such as 60s, 15m, 12h, 7d, 2y" :
			 "up to 8 periods such as 15m 30m 1h, each", low, high);
		return;
	case SIZE:
		snprintf(buffer, size, "a size such as 512K or 1M from %lldK to %lldM", (long long)k->min / 1024, (long long)k->max / MIB);
		return;
	case NUMBER:
		snprintf(buffer, size, "a number from %lld to %lld", (long long)k->min, (long long)k->max);
		return;
	case CHOICE:
		snprintf(buffer, size, "one of %s", k->choices);
		return;
	case BOOLEAN:
		snprintf(buffer, size, "yes or no");
		return;
	case LIST:
		snprintf(buffer, size, "at most %d words, separated by commas", CONFIG_LIST_MAX);
		return;
	case DISPOSAL:
		snprintf(buffer, size, "delete, keep or move:FOLDER");
		return;
	case HOST_PORT:
		snprintf(buffer, size, "HOST or HOST:PORT");
		return;
	case FILE_PATH:
		snprintf(buffer, size, "an absolute path");
		return;
	case THRESHOLD:
		snprintf(buffer, size, "as the condition has it: a share such as 2%%, a multiple such as 1.5, a number, or a period such as 6h");
		return;
	case SHARE:
		snprintf(buffer, size, "a share as 2%% or 0.1%%");
		return;
	case TEXT:
		break;
	}
	snprintf(buffer, size, "a text");
}

/* Writes VALUE where the table says. False: it is no value for this key. */
static bool assign(struct config *c, void *base, const struct key *k, const char *value)
{
	void *at = (char *)base + k->offset;
	int64_t n;
	switch (k->type) {
	case FILE_PATH:
		if (*value != '/')
			return false;
		/* fallthrough */
	case TEXT:
		*(const char **)at = keep(c, value);
		return true;
	case BOOLEAN:
		n = choice("no|yes|false|true|off|on|0|1", value);
		if (n < 0)
			return false;
		*(bool *)at = n & 1;
		return true;
	case NUMBER:
	case SIZE:
	case PERIOD:
		n = k->type == PERIOD ? period(value) : size_in_bytes(value);
		if (n < k->min || n > k->max || (k->type == NUMBER && value[strspn(value, "0123456789")]))
			return false;
		*(int64_t *)at = n;
		return true;
	case CHOICE:
		n = choice(k->choices, value);
		if (n < 0)
			return false;
		*(int *)at = (int)n;
		return true;
	case LIST:
		return list_value(c, at, value);
	case DISPOSAL:
		return disposal_value(c, at, value);
	case PERIODS:
		return periods_value(c, base, value, k);
	case HOST_PORT:
		return host_port_value(c, value);
	case THRESHOLD:
		n = threshold(alert_unit(((struct alert_rule *)base)->condition), value);
		if (n < k->min)
			return false;
		*(int64_t *)at = n;
		return true;
	case SHARE:
		n = share(value);
		if (n < k->min || n > k->max)
			return false;
		*(int64_t *)at = n;
		return true;
	}
	return false;
}

/* --- sections ----------------------------------------------------------------------------------------- */

/* "mailbox bounces" belongs to "mailbox *"; *NAME is then "bounces". */
static bool section_is(const char *pattern, const char *section, const char **name)
{
	size_t n = strlen(pattern);
	*name = NULL;
	if (pattern[n - 1] != '*')
		return !strcmp(pattern, section);
	if (strncmp(pattern, section, n - 1))
		return false;
	*name = section + n - 1 + strspn(section + n - 1, " ");
	return **name != '\0';
}

static const char *find_pattern(const char *section, const char **name)
{
	for (int i = 0; i < KEYS; i++)
		if (section_is(keys[i].section, section, name))
			return keys[i].section;
	return NULL;
}

static const struct key *find_key(const char *pattern, const char *name)
{
	for (int i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, pattern) && !strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static void list_known(struct reader *r, const char *section, const char *key, const char *pattern)
{
	char known[1024] = "";
	size_t n = 0;
	const char *last = "";
	for (int i = 0; i < KEYS && n < sizeof known; i++) {
		const char *word = pattern ? keys[i].name : keys[i].section;
		if (pattern ? strcmp(keys[i].section, pattern) != 0 : !strcmp(word, last))
			continue;
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", word);
		last = keys[i].section;
	}
	complain(r, section, key, "unknown %s; known are: %s", pattern ? "key" : "section", known);
}

static void apply_defaults(struct config *c, void *base, const char *pattern)
{
	for (int i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, pattern) && keys[i].standard && !assign(c, base, &keys[i], keys[i].standard))
			abort(); /* the table itself is wrong; a unit test loads the defaults */
}

static struct alert_rule *alert_section(struct reader *r, const char *section, const char *name)
{
	char known[512] = "";
	size_t n = 0;
	int condition = alert_condition_by_name(name);
	if (condition >= 0)
		return &r->config->alerts.rule[condition];
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", alert_condition_name(i));
	complain(r, section, NULL, "unknown condition; known are: %s", known);
	return NULL;
}

/* The struct that a section with a name fills, with its defaults; NULL when there are too many. */
static void *named_section(struct reader *r, const char *pattern, const char *section, const char *name)
{
	struct config *c = r->config;
	if (strlen(name) >= STORE_NAME_SIZE || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")]) {
		complain(r, section, NULL, "a name is made of letters, digits, '.', '_' and '-', at most %d", STORE_NAME_SIZE - 1);
		return NULL;
	}
	if (!strcmp(pattern, "mailbox *")) {
		if (c->mailboxes == CONFIG_MAILBOXES_MAX) {
			complain(r, section, NULL, "more than %d mailboxes", CONFIG_MAILBOXES_MAX);
			return NULL;
		}
		struct mailbox *box = &c->mailbox[c->mailboxes++];
		box->name = keep(c, name);
		apply_defaults(c, box, pattern);
		box->unrecognised.action = box->quarantine.action = DISPOSE_MOVE; /* without a folder: standard_disposal() chooses */
		return box;
	}
	if (!strcmp(pattern, "alert *"))
		return alert_section(r, section, name);
	for (unsigned i = 0; i < c->ladders; i++)
		if (!strcmp(c->ladder[i].name, name))
			return &c->ladder[i];
	if (c->ladders == LADDERS_MAX) {
		complain(r, section, NULL, "more than %d ladders", LADDERS_MAX);
		return NULL;
	}
	struct ladder *ladder = &c->ladder[c->ladders++];
	strcpy(ladder->name, name);
	apply_defaults(c, ladder, pattern);
	return ladder;
}

static void read_section(struct reader *r, const char *section)
{
	const char *name;
	const char *pattern = find_pattern(section, &name);
	if (!pattern) {
		list_known(r, section, NULL, NULL);
		return;
	}
	void *base = name ? named_section(r, pattern, section, name) : r->config;
	int count = iniparser_getsecnkeys(r->ini, section);
	if (!base || count <= 0)
		return;
	const char **names = calloc((size_t)count, sizeof *names);
	if (!names || !iniparser_getseckeys(r->ini, section, names))
		abort();
	for (int i = 0; i < count; i++) {
		const char *key_name = names[i] + strlen(section) + 1, *value = iniparser_getstring(r->ini, names[i], "");
		const struct key *k = find_key(pattern, key_name);
		if (!k) {
			list_known(r, section, key_name, pattern);
		} else if (*value && !assign(r->config, base, k, value)) {
			char right[256];
			bounds_text(k, right, sizeof right);
			/* an address in a value, even a misplaced one, does not go to the terminal or the journal */
			if (strchr(value, '@'))
				complain(r, section, key_name, "wrong value; right would be %s", right);
			else
				complain(r, section, key_name, "wrong value \"%s\"; right would be %s", value, right);
		}
	}
	free(names);
}

/* --- what depends on several keys ---------------------------------------------------------------------- */

static unsigned secrets_given(const struct secret_source *s)
{
	return (s->file != NULL) + (s->command != NULL) + (s->credential != NULL);
}

static bool is_remote(const struct mailbox *box)
{
	return box->protocol == PROTOCOL_IMAP || box->protocol == PROTOCOL_POP3;
}

static void standard_disposal(struct mailbox *box, struct disposal *d, const char *folder)
{
	if (d->action == DISPOSE_MOVE && !d->folder) { /* the file was silent */
		d->action = box->protocol == PROTOCOL_POP3 ? DISPOSE_KEEP : DISPOSE_MOVE;
		d->folder = d->action == DISPOSE_MOVE ? folder : NULL;
	}
}

static void check_mailbox(struct reader *r, struct mailbox *box)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "mailbox %s", box->name);
	standard_disposal(box, &box->unrecognised, "Unrecognised");
	standard_disposal(box, &box->quarantine, "Quarantine");
	if (!is_remote(box)) {
		if (!box->path)
			complain(r, section, "path", "missing: the absolute path of the %s", box->protocol == PROTOCOL_MBOX ? "mbox" : "Maildir");
		box->folder = box->path;
		return;
	}
	if (!box->host)
		complain(r, section, "host", "missing: the name of the mail server");
	if (!box->user)
		complain(r, section, "user", "missing: the login name");
	if (secrets_given(&box->secret) != 1)
		complain(r, section, "password_file", "%s: one of password_file, password_command, password_credential",
			 secrets_given(&box->secret) ? "more than one secret" : "missing");
	if (!box->port)
		box->port = box->protocol == PROTOCOL_IMAP ? (box->tls == TLS_IMPLICIT ? 993 : 143) : (box->tls == TLS_IMPLICIT ? 995 : 110);
	if (box->protocol == PROTOCOL_POP3) {
		const struct { const char *key; const struct disposal *d; } all[] = {
			{ "processed", &box->processed }, { "unrecognised", &box->unrecognised }, { "quarantine", &box->quarantine } };
		for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
			if (all[i].d->action == DISPOSE_MOVE)
				complain(r, section, all[i].key, "POP3 has no folders: right would be delete or keep");
		if (box->auth != AUTH_PLAIN && box->auth != AUTH_LOGIN && box->auth != AUTH_XOAUTH2)
			complain(r, section, "auth", "over pop3: right would be plain, login or xoauth2");
	}
}

static void check_ladder(struct reader *r, const struct ladder *ladder)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "ladder %s", ladder->name);
	if (!ladder->steps)
		complain(r, section, "steps", "missing: the waiting times, such as 15m 30m 1h");
}

static void check_report(struct reader *r)
{
	struct config *c = r->config;
	if (c->report.smtp_host && c->report.sendmail)
		complain(r, "report", "sendmail", "beside smtp: right would be one of them");
	if ((c->report.smtp_host || c->report.sendmail) && c->report.to.count && !c->report.from)
		complain(r, "report", "from", "missing: the sender of the report");
	if (c->report.user && secrets_given(&c->report.secret) != 1)
		complain(r, "report", "password_file", "%s: one of password_file, password_command, password_credential",
			 secrets_given(&c->report.secret) ? "more than one secret" : "missing");
	if (!c->report.smtp_port)
		c->report.smtp_port = c->report.tls == TLS_IMPLICIT ? 465 : 587;
	char zone[512];
	snprintf(zone, sizeof zone, "/usr/share/zoneinfo/%s", c->report.timezone);
	if (strcmp(c->report.timezone, "UTC") && (strstr(c->report.timezone, "..") || *c->report.timezone == '/' || access(zone, R_OK)))
		complain(r, "report", "timezone", "unknown zone \"%s\"; right would be a name such as Europe/Berlin", c->report.timezone);
}

static void check_alerts(struct reader *r)
{
	const struct config *c = r->config;
	char section[64];
	if (c->alert_to.count && (!c->report.from || (!c->report.smtp_host && !c->report.sendmail)))
		complain(r, "alert", "to", "needs [report] from, and smtp or sendmail, which its mail takes too");
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		const struct alert_rule *rule = &c->alerts.rule[i];
		snprintf(section, sizeof section, "alert %s", alert_condition_name(i));
		if (rule->clear > rule->threshold)
			complain(r, section, "clear", "above the threshold; right would be at or below it");
		if (alert_unit(i) == UNIT_FACTOR && rule->window > DAY)
			complain(r, section, "window", "of a surge: right would be from 1h to 24h");
	}
}

/* NAME in the directory of the store. */
static const char *beside_store(struct config *c, const char *name)
{
	char path[4096];
	int directory = (int)(strrchr(c->store_path, '/') - c->store_path);
	if (directory > 2048)
		directory = 2048; /* store_open() will refuse it */
	snprintf(path, sizeof path, "%.*s/%s", directory, c->store_path, name);
	return keep(c, path);
}

static void fill_paths(struct config *c)
{
	if (!c->keys_dir)
		c->keys_dir = beside_store(c, "keys");
	if (!c->report.dir)
		c->report.dir = beside_store(c, "reports");
}

/* --- reading ------------------------------------------------------------------------------------------- */

/* iniparser tells where the syntax is broken in a text of its own; only the line number of it is taken, for the rest is the file's content. */
static struct {
	int line;
	bool too_long;
} syntax;

static int take_syntax_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int take_syntax_error(const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	const char *open = strchr(text, '(');
	for (const char *next; open && (next = strchr(open + 1, '(')) && next < strchr(text, ')');)
		open = next;
	if (open && !syntax.line)
		syntax.line = atoi(open + 1);
	syntax.too_long = strstr(text, "too long") != NULL;
	return 0;
}

static void set_defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	alert_standard(&c->alerts);
	for (int i = 0; i < KEYS; i++)
		if (!strchr(keys[i].section, '*') && keys[i].standard && !assign(c, c, &keys[i], keys[i].standard))
			abort();
	for (size_t i = 0; i < sizeof standard_ladders / sizeof standard_ladders[0]; i++)
		c->ladder[c->ladders++] = standard_ladders[i];
}

int config_load(struct config *c, const char *file, FILE *errors)
{
	struct reader r = { .config = c, .file = file ? file : "(defaults)", .errors = errors };
	set_defaults(c);
	if (!file) {
		fill_paths(c);
		return 0;
	}
	c->file = keep(c, file);
	if (access(file, R_OK)) {
		complain(&r, NULL, NULL, "%s", strerror(errno));
		return -1;
	}
	syntax.line = 0;
	iniparser_set_error_callback(take_syntax_error);
	r.ini = iniparser_load(file);
	iniparser_set_error_callback(NULL);
	if (!r.ini) {
		complain(&r, NULL, NULL, "line %d: %s", syntax.line, syntax.too_long ? "too long, at most 1,000 characters" :
			 "broken syntax; right would be [section], key = value, or a comment after ';'");
		return -1;
	}
	int sections = iniparser_getnsec(r.ini);
	for (ssize_t i = 0; i < (ssize_t)r.ini->size; i++)
		if (r.ini->key[i] && *r.ini->key[i] == ':')
			complain(&r, NULL, NULL, "key %s stands before the first section; right would be below its [section]", r.ini->key[i] + 1);
	if (sections <= 0)
		complain(&r, NULL, NULL, "no section; `retour config` prints a sample");
	for (int i = 0; i < sections; i++)
		read_section(&r, iniparser_getsecname(r.ini, i));
	for (unsigned i = 0; i < c->mailboxes; i++)
		check_mailbox(&r, &c->mailbox[i]);
	for (unsigned i = 0; i < c->ladders; i++)
		check_ladder(&r, &c->ladder[i]);
	check_report(&r);
	check_alerts(&r);
	fill_paths(c);
	iniparser_freedict(r.ini);
	return r.failures ? -1 : 0;
}

void config_free(struct config *c)
{
	for (struct piece *piece = c->memory, *next; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
	memset(c, 0, sizeof *c);
}

const struct mailbox *config_mailbox(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->mailboxes; i++)
		if (!strcmp(c->mailbox[i].name, name))
			return &c->mailbox[i];
	return NULL;
}

void config_store_options(const struct config *c, struct store_options *o)
{
	static const char *const names[RETAIN_COUNT] = { "events", "diagnostics", "contacts", "messages", "alerts", "ledger", "backups" };
	static const enum origin act_on[] = { ORIGIN_VERIFIED, ORIGIN_MATCHED, ORIGIN_BACKSCATTER };
	*o = (struct store_options){ .path = c->store_path, .keys_dir = c->keys_dir, .act_on = act_on[c->act_on],
		.fold_local_part = c->fold_local_part, .keep_diagnostics = c->diagnostics == 0, .all_domains = c->domains_kept == 1,
		.k = (unsigned)c->k, .ladders = c->ladders, .quiet = c->soft_quiet, .pause = c->soft_pause,
		.remember = c->soft_remember, .block_hold = c->block_hold, .block_patience = c->block_patience, .block_gate = c->block_gate,
		.block_quiet = c->block_quiet };
	memcpy(o->ladder, c->ladder, sizeof o->ladder);
	for (int i = 0; i < RETAIN_COUNT; i++)
		o->retention[i] = (struct retention){ names[i], c->period[i], c->reason[i] };
}

/* --- printing ------------------------------------------------------------------------------------------ */

/* The sample value stands uncommented, a key that has none as a comment with its default. */
static void print_sample_key(FILE *out, const struct key *k)
{
	char line[256];
	const char *value = k->sample ? k->sample : k->standard ? k->standard : "";
	snprintf(line, sizeof line, "%s%s = %s", k->sample ? "" : ";", k->name, value);
	if (*k->help)
		fprintf(out, "%-52s ; %s\n", line, k->help);
	else
		fprintf(out, "%s\n", line);
}

static void print_threshold(char *buffer, size_t size, unsigned condition, int64_t value)
{
	int64_t scale = alert_unit(condition) == UNIT_SHARE ? 10000 : alert_unit(condition) == UNIT_FACTOR ? 1000 : 1;
	size_t n;
	if (alert_unit(condition) == UNIT_PERIOD) {
		print_period(buffer, size, value);
		return;
	}
	n = (size_t)snprintf(buffer, size, "%lld", (long long)(value / scale));
	if (value % scale) {
		n += (size_t)snprintf(buffer + n, size - n, ".%0*lld", scale == 10000 ? 4 : 3, (long long)(value % scale));
		while (buffer[n - 1] == '0')
			buffer[--n] = '\0';
	}
	snprintf(buffer + n, size - n, "%s", alert_unit(condition) == UNIT_SHARE ? "%" : "");
}

static const char *const condition_helps[ALERT_CONDITION_COUNT] = {
	[ALERT_BOUNCE_SURGE] = "bounces in a window of hours, of a provider and of all, as a multiple of what is usual there",
	[ALERT_BLOCK_SURGE] = "the same of blocks, of a provider",
	[ALERT_THROTTLING] = "the same of answers 421 and 4.7.x, of a provider, in notices and in mail logs",
	[ALERT_HARD_RATE] = "hard bounces, as a share of what was sent",
	[ALERT_SOFT_RATE] = "soft bounces",
	[ALERT_BOUNCE_RATE] = "all bounces",
	[ALERT_COMPLAINT_RATE] = "complaints",
	[ALERT_COMPLAINT_RATE_HIGH] = "complaints, where receivers begin to block",
	[ALERT_UNRECOGNISED] = "messages that were not recognised, as a share of those read for the first time; by whole days",
	[ALERT_QUARANTINE] = "messages that went to quarantine; by whole days; the window is how long they lie there, raw_retention",
	[ALERT_MAILBOX_SILENT] = "how long a mailbox has not been read to its end",
	[ALERT_LOGIN_REFUSED] = "a mailbox refused user, password or token, or there was no secret to log in with",
	[ALERT_RETENTION_OVERDUE] = "rows that should have been deleted a day ago, of a class of data",
	[ALERT_DISK_FULL] = "how much of the disk of the store is used",
	[ALERT_CLOCK_JUMP] = "how far the clock went back between two runs",
};

/* The conditions with their standard rules, each line behind MARK. */
static void print_conditions(FILE *out, const char *mark)
{
	struct alert_options standard;
	alert_standard(&standard);
	fprintf(out, "%s %-22s threshold  clear  window  minimum  cooldown\n", mark, "condition");
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		const struct alert_rule *rule = &standard.rule[i];
		char at[32], clear[32], window[32] = "", minimum[32] = "", cooldown[32];
		print_threshold(at, sizeof at, i, rule->threshold);
		print_threshold(clear, sizeof clear, i, rule->clear);
		print_period(cooldown, sizeof cooldown, rule->cooldown);
		if (rule->window)
			print_period(window, sizeof window, rule->window);
		if (rule->minimum)
			snprintf(minimum, sizeof minimum, "%lld", (long long)rule->minimum);
		fprintf(out, "%s %-22s %9s  %5s  %6s  %7s  %8s\n", mark, alert_condition_name(i), at, clear, window, minimum, cooldown);
	}
}

static void print_section(FILE *out, const char *pattern)
{
	for (size_t i = 0; i < sizeof section_helps / sizeof section_helps[0]; i++)
		if (!strcmp(section_helps[i].section, pattern) && *section_helps[i].help)
			fprintf(out, "; %s\n", section_helps[i].help);
	if (!strcmp(pattern, "ladder *")) {
		/* the built-in ladders, as they would stand in the file */
		for (size_t i = 0; i < sizeof standard_ladders / sizeof standard_ladders[0]; i++) {
			const struct ladder *l = &standard_ladders[i];
			char text[32];
			fprintf(out, ";[ladder %s]\n;steps =", l->name);
			for (unsigned n = 0; n < l->steps; n++) {
				print_period(text, sizeof text, l->step[n]);
				fprintf(out, " %s", text);
			}
			print_period(text, sizeof text, l->end);
			fprintf(out, "\n;end = %s\n", text);
		}
		return;
	}
	if (!strcmp(pattern, "alert *")) {
		print_conditions(out, ";");
		return;
	}
	fprintf(out, "[%s]\n", strcmp(pattern, "mailbox *") ? pattern : "mailbox bounces");
	for (int i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, pattern))
			print_sample_key(out, &keys[i]);
}

void config_print_sample(FILE *out)
{
	fprintf(out, "; retour.ini: where the bounce and feedback-loop mailboxes are, and what is kept of them.\n"
		     "; Keys behind a ';' show their default. retour.ini(5) explains each; `retour doctor` checks the whole.\n");
	const char *last = "";
	for (int i = 0; i < KEYS; i++)
		if (strcmp(keys[i].section, last)) {
			last = keys[i].section;
			fputc('\n', out);
			print_section(out, last);
		}
}

static void print_escaped(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
}

void config_print_manual(FILE *out)
{
	const char *last = "";
	for (int i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];
		char right[256];
		if (strcmp(k->section, last)) {
			if (*last)
				fprintf(out, ".El\n");
			fprintf(out, ".Ss [%s]\n", k->section);
			for (size_t h = 0; h < sizeof section_helps / sizeof section_helps[0]; h++)
				if (!strcmp(section_helps[h].section, k->section) && *section_helps[h].help) {
					print_escaped(out, section_helps[h].help);
					fputs(".\n", out);
				}
			if (!strcmp(k->section, "alert *")) {
				fputs(".Bd -literal\n", out);
				print_conditions(out, "");
				fputs(".Ed\n.Bl -tag -width Ds\n", out);
				for (unsigned condition = 0; condition < ALERT_CONDITION_COUNT; condition++) {
					fprintf(out, ".It Ic %s\n", alert_condition_name(condition));
					print_escaped(out, condition_helps[condition]);
					fputs(".\n", out);
				}
				fputs(".El\n.Pp\nKeys:\n", out);
			}
			fprintf(out, ".Bl -tag -width Ds\n");
			last = k->section;
		}
		bounds_text(k, right, sizeof right);
		fprintf(out, ".It Ic %s\n", k->name);
		if (*k->help) {
			print_escaped(out, k->help);
			fputs(".\n", out);
		}
		print_escaped(out, right);
		if (k->standard) {
			fputs("; default ", out);
			print_escaped(out, k->standard);
		}
		fputs(".\n", out);
	}
	fprintf(out, ".El\n");
}
