/*
 * The table of keys: the only place where a key of the INI file stands. It reads the file and
 * checks the values (configvalue.c, config.c), and prints etc/retour.ini and the list of keys in
 * retour.ini(5) (configprint.c). What depends on several keys at once is checked in config.c.
 */
#include "poller/command/configkeys.h"

#define AT(field) offsetof(struct config, field)
#define BOX(field) offsetof(struct mailbox, field)
#define LADDER(field) offsetof(struct ladder, field)
#define SITE(field) offsetof(struct config_site, field)
#define RULE(field) offsetof(struct alert_rule, field)

/* A class of data: its period, and the written reason for it. */
#define RETENTION_KEYS(symbol, name, usual, holds, why) \
	{ "retention", name, PERIOD, AT(period[symbol]), usual, DAY, 100LL * YEAR, NULL, usual, \
		holds }, \
		{ "retention", name "_reason", TEXT, AT(reason[symbol]), why, 0, 0, NULL, why, \
			(symbol) ? "" : "the written reason; each period has one" },
/* The words of an enum, in its order: "a|b|c". */
#define CHOICE_WORD(symbol, word) "|" word
#define CHOICES(list) (&(list(CHOICE_WORD))[1])

const struct key config_keys[] = {
	{ "store", "path", FILE_PATH, AT(store_path), "/var/lib/retour/retour.db", 0, 0, NULL,
		"/var/lib/retour/retour.db", "the database; the first run makes it" },
	{ "store", "marker", FILE_PATH, AT(marker), NULL, 0, 0, NULL, "/etc/retour/retour.ini.made",
		"notes that a store was made, so that a lost or unmounted one is not made anew; outside of its directory; default: beside this file" },
	{ "store", "site", TEXT, AT(site), NULL, 0, 0, NULL, NULL,
		"this machine's name, where several have one memory: retour-sites(7)" },
	{ "keys", "dir", FILE_PATH, AT(keys_dir), NULL, 0, 0, NULL, "/var/lib/retour/keys",
		"keys of the pseudonyms, mode 0700; default: keys beside the store" },

	{ "origin", "domains", LIST, AT(domains), NULL, 0, 0, NULL, "example.org, news.example.org",
		"our sending domains: what a returned message must show to count as matched" },
	{ "origin", "act_on", CHOICE, AT(act_on), "matched", 0, 0, "verified|matched|any",
		"matched", "how well proven the origin must be to change a contact's state" },
	{ "origin", "verp", TEXT, AT(verp), NULL, 0, 0, NULL, NULL,
		"the return path with its token, e.g. bounce+{token}@bounce.example.org" },
	{ "origin", "unsubscribe", TEXT, AT(unsubscribe), NULL, 0, 0, NULL, NULL,
		"the same of the address in List-Unsubscribe, e.g. unsubscribe+{token}@bounce.example.org: what comes there, signed, is an opt-out" },
	{ "origin", "authserv_id", LIST, AT(authserv_ids), "", 0, 0, NULL, NULL,
		"the name under which our mail server writes Authentication-Results, on each mail, taking off those of others: an opt-out counts where From passed" },
	{ "origin", "batv_key_file", FILE_PATH, AT(batv_key_file), NULL, 0, 0, NULL, NULL,
		"key with which our mail server signs BATV tags (prvs=), mode 0600; without it such a tag proves nothing" },
	{ "origin", "campaign_headers", LIST, AT(campaign_headers), "X-Campaign-ID", 0, 0, NULL,
		"X-Campaign-ID", "headers of our mail that name the campaign" },

	{ "rules", "rules", FILE_PATH, AT(rules_file), NULL, 0, 0, NULL, NULL,
		"rules to use instead of those built in; what is made of them is kept beside them, as FILE.image, where that can be written" },
	{ "rules", "providers", FILE_PATH, AT(providers_file), NULL, 0, 0, NULL, NULL,
		"provider profiles to use instead of those built in" },

	{ "privacy", "diagnostics", CHOICE, AT(diagnostics), "redacted", 0, 0, "redacted|none",
		"redacted", "keep of the receivers' answers the words that are known, or nothing" },
	{ "privacy", "domains", CHOICE, AT(domains_kept), "known", 0, 0, "known|all", "known",
		"recipient domains by name: only those of known providers, or all from k recipients on" },
	{ "privacy", "k", NUMBER, AT(k), "10", 2, 1000, NULL, "10",
		"smaller figures than this are not shown" },
	{ "privacy", "fold_local_part", BOOLEAN, AT(fold_local_part), "yes", 0, 0, NULL, "yes",
		"Anna@example.org and anna@example.org are one recipient" },

	{ "mailbox *", "protocol", CHOICE, BOX(protocol), "imap", 0, 0, CHOICES(PROTOCOLS), "imap",
		"how the mailbox is read" },
	{ "mailbox *", "host", TEXT, BOX(host), NULL, 0, 0, NULL, "mail.example.org",
		"the server; its certificate must be for this name" },
	{ "mailbox *", "port", NUMBER, BOX(port), "0", 0, 65535, NULL, "993",
		"0: the usual one of protocol and tls" },
	{ "mailbox *", "tls", CHOICE, BOX(tls), "implicit", 0, 0, CHOICES(TLS_MODES), "implicit",
		"none: to a loopback address only" },
	{ "mailbox *", "ca_file", FILE_PATH, BOX(ca_file), NULL, 0, 0, NULL, NULL,
		"CA certificates (PEM) to trust instead of the system's" },
	{ "mailbox *", "user", TEXT, BOX(user), NULL, 0, 0, NULL, "bounces@example.org",
		"login name" },
	{ "mailbox *", "auth", CHOICE, BOX(auth), "plain", 0, 0, CHOICES(AUTH_METHODS), "plain",
		"how to log in; with xoauth2 the secret is the access token" },
	{ "mailbox *", "password_file", FILE_PATH, BOX(secret.file), NULL, 0, 0, NULL,
		"/etc/retour/bounces.pw", "file with the password or token, mode 0600" },
	{ "mailbox *", "password_command", TEXT, BOX(secret.command), NULL, 0, 0, NULL, NULL,
		"or a command that prints it" },
	{ "mailbox *", "password_credential", TEXT, BOX(secret.credential), NULL, 0, 0, NULL, NULL,
		"or the name of a systemd credential (LoadCredential=)" },
	{ "mailbox *", "folder", TEXT, BOX(folder), "INBOX", 0, 0, NULL, "INBOX",
		"the folder to empty (imap)" },
	{ "mailbox *", "path", FILE_PATH, BOX(path), NULL, 0, 0, NULL, NULL,
		"the Maildir or mbox (maildir, mbox)" },
	{ "mailbox *", "kind", CHOICE, BOX(kind), "auto", 0, 0, CHOICES(MAILBOX_KINDS), "auto",
		"what arrives here; bounce: complaints do not count, fbl: only complaints count" },
	{ "mailbox *", "processed", DISPOSAL, BOX(processed), "delete", 0, 0, NULL, "delete",
		"what becomes of a message that was stored: delete, move:FOLDER or keep" },
	{ "mailbox *", "unrecognised", DISPOSAL, BOX(unrecognised), NULL, 0, 0, NULL,
		"move:Unrecognised",
		"and of one that is no bounce, report or reply; default move:Unrecognised, for pop3 keep" },
	{ "mailbox *", "quarantine", DISPOSAL, BOX(quarantine), NULL, 0, 0, NULL, NULL,
		"and of one that could not be read at all; default move:Quarantine, for pop3 keep" },
	{ "mailbox *", "optout", DISPOSAL, BOX(optout), NULL, 0, 0, NULL, NULL,
		"and of a request to unsubscribe of which nothing proves who sent it: it is never deleted; default move:Optout, for pop3 keep" },
	{ "mailbox *", "raw_retention", PERIOD, BOX(raw_retention), "7d", 0, 10LL * YEAR, NULL,
		"7d", "what was moved is deleted when it has been in its folder for so long" },
	{ "mailbox *", "max_message", SIZE, BOX(max_message), "1M", 16 * 1024, 16 * MIB, NULL, "1M",
		"longer messages are read up to this size" },
	{ "mailbox *", "timeout", PERIOD, BOX(timeout), "60s", 1, 3600, NULL, "60s",
		"wait so long for a silent server" },
	{ "mailbox *", "deadline", PERIOD, BOX(deadline), "1h", 10, 7 * DAY, NULL, NULL,
		"the whole visit of this mailbox takes no longer" },

	RETENTION_CLASSES(RETENTION_KEYS)

		{ "soft", "quiet", PERIOD, AT(soft_quiet), "30d", DAY, 10LL * YEAR, NULL, "30d",
			"without a failure for so long, a contact is active again" },
	{ "soft", "mailings", NUMBER, AT(soft_mailings), "3", 0, 20, NULL, "3",
		"and not before so many mailings of ours; a ladder ends by its age after so many failures at least; 0: days alone" },
	{ "soft", "pause", PERIOD, AT(soft_pause), "30d", DAY, 10LL * YEAR, NULL, "30d",
		"past its ladder a contact is left alone for so long, then tried once more" },
	{ "soft", "remember", PERIOD, AT(soft_remember), "7d", DAY, YEAR, NULL, "7d",
		"keep in mind for so long that a mail was delivered, for failures before it that are read later" },
	{ "brake", "minimum", NUMBER, AT(brake_minimum), "30", 0, 1000000, NULL, "30",
		"so many hard bounces of one provider, rule or reporting MTA within an hour may be a wave; 0: none is" },
	{ "brake", "factor", NUMBER, AT(brake_factor), "3", 1, 1000, NULL, "3",
		"when they are over so many times the highest hour of the last 62 days" },
	{ "brake", "hold", PERIOD, AT(brake_hold), "5d", DAY, 30LL * DAY, NULL, "5d",
		"their recipients are held as unconfirmed for so long, then suppressed, unless somebody says otherwise" },
	{ "block", "hold", PERIOD, AT(block_hold), "1d", MINUTE, YEAR, NULL, "1d",
		"after a block, wait so long before anything else" },
	{ "block", "patience", PERIOD, AT(block_patience), "7d", DAY, YEAR, NULL, "7d",
		"then wait until its investigation is resolved, so long after the block at most" },
	{ "block", "gate", PERIOD, AT(block_gate), "1d", MINUTE, 30LL * DAY, NULL, "1d",
		"then let the addresses of the provider through, spread over so long" },
	{ "block", "quiet", PERIOD, AT(block_quiet), "14d", DAY, 10LL * YEAR, NULL, "14d",
		"without another block for so long, the contact is active again and the investigation over" },
	{ "ladder *", "steps", PERIODS, LADDER(step), NULL, MINUTE, YEAR, NULL, NULL,
		"waiting times after the first, second, … soft failure" },
	{ "ladder *", "end", PERIOD, LADDER(end), "72h", MINUTE, YEAR, NULL, NULL,
		"the ladder ends so long after its first failure" },
	{ "ladder *", "attempts", NUMBER, LADDER(attempts), "5", 0, 200, NULL, NULL,
		"or after so many failures; 0: however many" },

	{ "site *", "public_key", TEXT, SITE(public_key), NULL, 0, 0, NULL, NULL,
		"the key by which its lines are signed, as `retour audit key` prints it there" },

	{ "report", "organisation", TEXT, AT(post.organisation), NULL, 0, 0, NULL, NULL,
		"the name in the report's title; default: the first domain" },
	{ "report", "from", TEXT, AT(post.from), NULL, 0, 0, NULL, "retour@example.org",
		"sender of the report" },
	{ "report", "to", LIST, AT(post.to), NULL, 0, 0, NULL,
		"deliverability@example.org, dpo@example.org", "its readers" },
	{ "report", "smtp", HOST_PORT, AT(post.smtp_host), NULL, 0, 0, NULL, "smtp.example.org:587",
		"the submission server" },
	{ "report", "tls", CHOICE, AT(post.tls), "starttls", 0, 0, CHOICES(TLS_MODES), "starttls",
		"none: to a loopback address only" },
	{ "report", "ca_file", FILE_PATH, AT(post.ca_file), NULL, 0, 0, NULL, NULL,
		"as for a mailbox" },
	{ "report", "user", TEXT, AT(post.user), NULL, 0, 0, NULL, NULL,
		"login name; none: no login" },
	{ "report", "auth", CHOICE, AT(post.auth), "plain", 0, 0, CHOICES(AUTH_METHODS), NULL,
		"as for a mailbox" },
	{ "report", "password_file", FILE_PATH, AT(post.secret.file), NULL, 0, 0, NULL, NULL,
		"as for a mailbox" },
	{ "report", "password_command", TEXT, AT(post.secret.command), NULL, 0, 0, NULL, NULL, "" },
	{ "report", "password_credential", TEXT, AT(post.secret.credential), NULL, 0, 0, NULL, NULL,
		"" },
	{ "report", "helo", TEXT, AT(post.helo), NULL, 0, 0, NULL, NULL,
		"EHLO name; default: the host's" },
	{ "report", "timeout", PERIOD, AT(post.timeout), "60s", 1, 3600, NULL, NULL,
		"wait so long for a silent server" },
	{ "report", "sendmail", FILE_PATH, AT(post.sendmail), NULL, 0, 0, NULL, NULL,
		"instead of smtp: a sendmail, e.g. /usr/sbin/sendmail" },
	{ "report", "timezone", TEXT, AT(post.timezone), "UTC", 0, 0, NULL, "Europe/Berlin",
		"zone of the report's days and months" },
	{ "report", "day", NUMBER, AT(post.day), "1", 1, 28, NULL, "1",
		"of the month, from which on `run` sends last month's report" },
	{ "report", "dir", FILE_PATH, AT(post.dir), NULL, 0, 0, NULL, "/var/lib/retour/reports",
		"where reports are left; default: reports beside the store" },
	{ "report", "language", TEXT, AT(post.language), "en", 0, 0, NULL, "en",
		"en, de, or the path of a catalogue of texts" },
	{ "report", "logo", FILE_PATH, AT(post.logo), NULL, 0, 0, NULL, NULL,
		"a PNG, JPEG or SVG of at most 64K for the report's page" },
	{ "report", "colour", TEXT, AT(post.colour), NULL, 0, 0, NULL, NULL,
		"a band above the title, and headings where it can be read; in quotes, for # begins a comment: \"#1f4e79\"" },
	{ "report", "target_hard", SHARE, AT(post.target[0]), "2%", 1, 1000000, NULL, "2%",
		"hard bounces of a month and of each campaign are to stay below it" },
	{ "report", "target_bounces", SHARE, AT(post.target[1]), "5%", 1, 1000000, NULL, "5%",
		"all bounces, of the mail sent" },
	{ "report", "target_complaints", SHARE, AT(post.target[2]), "0.1%", 1, 1000000, NULL,
		"0.1%",
		"complaints of a month, a campaign and a receiver, of the mail to receivers that report them" },
	{ "report", "measures", FILE_PATH, AT(post.measures), NULL, 0, 0, NULL, NULL,
		"a measures.xml to use instead of the built-in one" },
	{ "report", "stylesheet", FILE_PATH, AT(post.stylesheet), NULL, 0, 0, NULL, NULL,
		"a report.xsl to use instead of the built-in one" },

	{ "alert", "to", LIST, AT(post.alert_to), NULL, 0, 0, NULL, "postmaster@example.org",
		"who is told when something is wrong; the mail leaves as reports do" },
	{ "alert", "command", FILE_PATH, AT(post.alert_command), NULL, 0, 0, NULL, NULL,
		"and a command that gets the same as JSON on its standard input" },
	{ "alert", "repeat", PERIOD, AT(post.alerts.repeat), "7d", 0, YEAR, NULL, NULL,
		"what is still wrong is told again after so long; 0: once" },
	{ "alert *", "active", BOOLEAN, RULE(active), NULL, 0, 0, NULL, NULL,
		"look at this condition" },
	{ "alert *", "threshold", THRESHOLD, RULE(threshold), NULL, 1, 0, NULL, NULL,
		"from here on it is an alert" },
	{ "alert *", "clear", THRESHOLD, RULE(clear), NULL, 1, 0, NULL, NULL,
		"and below this no longer; where only the threshold is given, it keeps its distance" },
	{ "alert *", "window", PERIOD, RULE(window), NULL, HOUR, 7LL * DAY, NULL, NULL,
		"figures of so long; surges in whole hours, up to 24h" },
	{ "alert *", "minimum", NUMBER, RULE(minimum), NULL, 0, 1000000000, NULL, NULL,
		"so many bounces, complaints or messages at least, and never fewer than [privacy] k" },
	{ "alert *", "cooldown", PERIOD, RULE(cooldown), NULL, 0, YEAR, NULL, NULL,
		"what comes back within so long is the same alert, and is not told at once" },

	{ "metrics", "file", FILE_PATH, AT(post.metrics_file), NULL, 0, 0, NULL, NULL,
		"figures for node_exporter's textfile collector, written by each run; ends in .prom" },
	{ 0 },
};

const struct section_help config_section_helps[] = {
	{ "store", "What lasts" },
	{ "keys", "" },
	{ "origin", "Which returned mail is ours: anybody can send a forged bounce" },
	{ "rules", "Classification" },
	{ "privacy", "What is kept of a recipient" },
	{ "mailbox *", "One section for each mailbox, the name after the blank" },
	{ "retention", "How long each class of data is kept, and why" },
	{ "soft", "Temporary failures" },
	{ "brake", "Hard bounces that are too many at once to be believed" },
	{ "block", "Refusals that are the sender's to mend" },
	{ "ladder *",
		"Retry ladders: large, small (the receiver's size), a category (mailbox-full, greylisted), a provider, what providers.ini names; not-understood for permanent failures that no rule knows, by mailings" },
	{ "site *", "One section for each of the other sites whose lines `retour merge` takes" },
	{ "report", "The monthly report" },
	{ "alert", "Alerts: what somebody should hear of before the month is over" },
	{ "alert *",
		"One section for each condition that is to have another rule than the standard one" },
	{ "metrics", "Metrics for Prometheus" },
	{ 0 },
};

const char *const config_condition_helps[ALERT_CONDITION_COUNT] = {
	[ALERT_BOUNCE_SURGE] =
		"bounces in a window of hours, of a provider and of all, as a multiple of what is usual there",
	[ALERT_BLOCK_SURGE] = "the same of blocks, of a provider",
	[ALERT_THROTTLING] =
		"the same of answers 421 and 4.7.x, of a provider, in notices and in mail logs",
	[ALERT_HARD_RATE] = "hard bounces, as a share of what was sent",
	[ALERT_SOFT_RATE] = "soft bounces",
	[ALERT_BOUNCE_RATE] = "all bounces",
	[ALERT_COMPLAINT_RATE] = "complaints",
	[ALERT_COMPLAINT_RATE_HIGH] = "complaints, where receivers begin to block",
	[ALERT_UNRECOGNISED] =
		"messages that were not recognised, as a share of those read for the first time; by whole days",
	[ALERT_QUARANTINE] =
		"messages that went to quarantine; by whole days; the window is how long they lie there, raw_retention",
	[ALERT_MAILBOX_SILENT] = "how long a mailbox has not been read to its end",
	[ALERT_LOGIN_REFUSED] =
		"a mailbox refused user, password or token, or there was no secret to log in with",
	[ALERT_CERTIFICATE] =
		"how long before its end the certificate of a mailbox's server is told; clear is above the threshold",
	[ALERT_RETENTION_OVERDUE] =
		"rows that should have been deleted a day ago, of a class of data",
	[ALERT_DISK_FULL] = "how much of the disk of the store is used",
	[ALERT_MESSAGE_STUCK] =
		"messages that a mailbox did not hand out; they stay there and are tried again",
	[ALERT_KEY_LOST] = "a month whose events lie under a key that is not there",
	[ALERT_UNCONFIRMED] =
		"hard bounces of a day that are held, because those of an hour were beyond [brake]; of a provider, a rule or a reporting MTA",
	[ALERT_CLOCK_JUMP] = "how far the clock went back or forth between two runs",
	[ALERT_OPTOUT] =
		"requests to unsubscribe of which nothing proves who sent them; by whole days; they are kept",
	[ALERT_SITE_SILENT] =
		"how long the lines of another site have not come; from its first line on",
	[ALERT_CLOCK_DOUBT] =
		"how far the clock is from what its witness says; nothing that time decides is done meanwhile",
};

const struct ladder config_standard_ladders[STANDARD_LADDERS] = {
	{ "large", { 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 3 * HOUR, 12 * HOUR }, 5, 72 * HOUR,
		5 },
	{ "small", { 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 2 * HOUR }, 4, 48 * HOUR, 4 },
	{ "mailbox-full", { 12 * HOUR, DAY, DAY, DAY }, 4, 5 * DAY, 5 },
	{ "greylisted", { 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 15 * MINUTE }, 4, DAY, 4 },
	{ "not-understood", { DAY }, 1, YEAR, 3 },
};
