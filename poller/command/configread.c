/*
 * The INI file (ini.c): its sections, the keys in them (configkeys.c), their values
 * (configvalue.c), and behind the table what depends on several keys at once (check_mailbox(),
 * check_origin() …).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "poller/command/configkeys.h"
#include "poller/command/ini.h"
#include "poller/command/near.h"

enum { FILE_BYTES_MAX = 1 << 20 };

struct reader {
	struct config *config;
	const char *file;
	FILE *errors;
	unsigned failures;
	dictionary *ini;
	config_told *told; /* NULL: nobody asks where a value comes from */
	void *context;
};

__attribute__((format(printf, 4, 5))) static void complain(
	struct reader *r, const char *section, const char *key, const char *format, ...)
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

/* --- sections ------------------------------------------------------------- */

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
	for (const struct key *k = config_keys; k->section; k++)
		if (section_is(k->section, section, name))
			return k->section;
	return NULL;
}

static const struct key *find_key(const char *pattern, const char *name)
{
	for (const struct key *k = config_keys; k->section; k++)
		if (!strcmp(k->section, pattern) && !strcmp(k->name, name))
			return k;
	return NULL;
}

static void list_known(struct reader *r, const char *section, const char *key, const char *pattern)
{
	char known[1024] = "";
	size_t n = 0;
	const char *last = "", *meant = NULL;
	int distance = NEAR_NONE;
	for (const struct key *k = config_keys; k->section && n < sizeof known; k++) {
		const char *word = pattern ? k->name : k->section;
		if (pattern ? strcmp(k->section, pattern) != 0 : !strcmp(word, last))
			continue;
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", word);
		last = k->section;
		near_section_try(pattern ? key : section, word, &meant, &distance);
	}
	complain(r, section, key, "unknown %s; %s%s%sknown are: %s", pattern ? "key" : "section",
		meant ? "did you mean " : "", meant ? meant : "", meant ? "? " : "", known);
}

static void apply_defaults(struct config *c, void *base, const char *pattern)
{
	for (const struct key *k = config_keys; k->section; k++)
		if (!strcmp(k->section, pattern) && k->standard &&
			!config_assign(c, base, k, k->standard))
			abort(); /* the table itself is wrong; a unit test loads the defaults */
}

static struct alert_rule *alert_section(struct reader *r, const char *section, const char *name)
{
	char known[512] = "";
	size_t n = 0;
	int condition = alert_condition_by_name(name);
	if (condition >= 0)
		return &r->config->post.alerts.rule[condition];
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
			alert_condition_name(i));
	complain(r, section, NULL, "unknown condition; known are: %s", known);
	return NULL;
}

/* The struct that a section with a name fills, with its defaults; NULL when there are too many. */
static void *named_section(
	struct reader *r, const char *pattern, const char *section, const char *name)
{
	struct config *c = r->config;
	if (strlen(name) >= STORE_NAME_SIZE ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")]) {
		complain(r, section, NULL,
			"a name is made of letters, digits, '.', '_' and '-', at most %d",
			STORE_NAME_SIZE - 1);
		return NULL;
	}
	if (!strcmp(pattern, "mailbox *")) {
		for (unsigned i = 0; i < c->mailboxes; i++) /* of a file read before */
			if (!strcmp(c->mailbox[i].name, name))
				return &c->mailbox[i];
		if (c->mailboxes == CONFIG_MAILBOXES_MAX) {
			complain(r, section, NULL, "more than %d mailboxes", CONFIG_MAILBOXES_MAX);
			return NULL;
		}
		struct mailbox *box = &c->mailbox[c->mailboxes++];
		box->name = config_keep(c, name);
		apply_defaults(c, box, pattern);
		box->unrecognised.action = box->quarantine.action = box->optout.action =
			DISPOSE_MOVE; /* without a folder: standard_disposal() chooses */
		return box;
	}
	if (!strcmp(pattern, "alert *"))
		return alert_section(r, section, name);
	if (!strcmp(pattern, "site *")) {
		if (c->others == SITES_MAX) {
			complain(r, section, NULL, "more than %d sites", SITES_MAX);
			return NULL;
		}
		c->other[c->others].name = config_keep(c, name);
		return &c->other[c->others++];
	}
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
		const char *key_name = names[i] + strlen(section) + 1,
			   *value = iniparser_getstring(r->ini, names[i], "");
		const struct key *k = find_key(pattern, key_name);
		if (!k) {
			list_known(r, section, key_name, pattern);
		} else if (!*value || config_assign(r->config, base, k, value)) {
			if (*value && r->told)
				r->told(r->context, section, key_name, value, r->file);
		} else {
			char right[256];
			config_bounds_text(k, right, sizeof right);
			/*
			 * an address in a value, even a misplaced one, does not go to the terminal
			 * or the journal
			 */
			if (!strcmp(key_name, "password_file")) /* it may be the password itself */
				complain(r, section, key_name,
					"wrong value; right would be the absolute path of a file, mode 0600, in which the password stands");
			else if (strchr(value, '@'))
				complain(r, section, key_name, "wrong value; right would be %s",
					right);
			else
				complain(r, section, key_name,
					"wrong value \"%s\"; right would be %s", value, right);
		}
	}
	free(names);
}

/* --- what depends on several keys ----------------------------------------- */

static unsigned secrets_given(const struct secret_source *s)
{
	return (s->file != NULL) + (s->command != NULL) + (s->credential != NULL);
}

static bool is_remote_host(const struct mailbox *box)
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

/* What nobody has read yet does not go with what is read and done. */
static void check_optout(struct reader *r, const char *section, const struct mailbox *box)
{
	const struct disposal *const expiring[] = { &box->processed, &box->unrecognised,
		&box->quarantine };
	if (box->optout.action == DISPOSE_DELETE)
		complain(r, section, "optout",
			"such a request is never deleted; right would be move:FOLDER or keep");
	for (size_t i = 0;
		i < sizeof expiring / sizeof *expiring && box->optout.action == DISPOSE_MOVE; i++)
		if (expiring[i]->action == DISPOSE_MOVE &&
			!strcasecmp(expiring[i]->folder, box->optout.folder))
			complain(r, section, "optout",
				"what lies in the folder %s is deleted after raw_retention; right would be a folder of its own",
				box->optout.folder);
}

static void check_mailbox(struct reader *r, struct mailbox *box)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "mailbox %s", box->name);
	standard_disposal(box, &box->unrecognised, "Unrecognised");
	standard_disposal(box, &box->quarantine, "Quarantine");
	standard_disposal(box, &box->optout, "Optout");
	check_optout(r, section, box);
	if (!is_remote_host(box)) {
		if (!box->path)
			complain(r, section, "path", "missing: the absolute path of the %s",
				box->protocol == PROTOCOL_MBOX ? "mbox" : "Maildir");
		box->folder = box->path;
		return;
	}
	if (!box->host)
		complain(r, section, "host", "missing: the name of the mail server");
	if (!box->user)
		complain(r, section, "user", "missing: the login name");
	if (secrets_given(&box->secret) != 1)
		complain(r, section, "password_file",
			"%s: one of password_file, password_command, password_credential",
			secrets_given(&box->secret) ? "more than one secret" : "missing");
	if (!box->port)
		box->port = box->protocol == PROTOCOL_IMAP ? (box->tls == TLS_IMPLICIT ? 993 : 143)
							   : (box->tls == TLS_IMPLICIT ? 995 : 110);
	if (box->protocol == PROTOCOL_POP3) {
		const struct {
			const char *key;
			const struct disposal *d;
		} all[] = { { "processed", &box->processed },
			{ "unrecognised", &box->unrecognised }, { "quarantine", &box->quarantine },
			{ "optout", &box->optout } };
		for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
			if (all[i].d->action == DISPOSE_MOVE)
				complain(r, section, all[i].key,
					"POP3 has no folders: right would be delete or keep");
		if (box->auth != AUTH_PLAIN && box->auth != AUTH_LOGIN && box->auth != AUTH_XOAUTH2)
			complain(r, section, "auth",
				"over pop3: right would be plain, login or xoauth2");
	}
}

static void check_ladder(struct reader *r, const struct ladder *ladder)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "ladder %s", ladder->name);
	if (!ladder->steps)
		complain(r, section, "steps", "missing: the waiting times, such as 15m 30m 1h");
}

/*
 * What a mail server would take in MAIL and RCPT: one '@', no blanks, no brackets, no control
 * characters.
 */
static bool is_config_address(const char *text)
{
	const char *at = strchr(text, '@');
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '<' || *p == '>' || *p == ',')
			return false;
	return at && at > text && at[1] && !strchr(at + 1, '@');
}

/* A misplaced address is not repeated, only counted. */
static void check_addresses(struct reader *r, const char *section, const struct list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (!is_config_address(list->at[i]))
			complain(r, section, "to",
				"word %u is no address; right would be like deliverability@example.org",
				i + 1);
}

static void check_sites(struct reader *r)
{
	const struct config *c = r->config;
	char section[STORE_NAME_SIZE + 16];
	struct minisign_public key;
	if (c->site &&
		(strlen(c->site) >= STORE_NAME_SIZE ||
			c->site[strspn(c->site, "abcdefghijklmnopqrstuvwxyz0123456789._-")]))
		complain(r, "store", "site",
			"a name is made of small letters, digits, '.', '_' and '-', at most %d",
			STORE_NAME_SIZE - 1);
	if (c->others && !c->site)
		complain(r, "store", "site",
			"missing: this machine's own name beside the other sites");
	for (unsigned i = 0; i < c->others; i++) {
		const char *text = c->other[i].public_key;
		snprintf(section, sizeof section, "site %s", c->other[i].name);
		if (!text || !minisign_key_parse(text, strlen(text), &key))
			complain(r, section, "public_key",
				"wrong or missing; right would be the line that `retour audit key` prints on that site");
	}
}

static void check_form(struct reader *r, const char *key, const char *form, const char *wrong)
{
	const char *token = form ? strstr(form, "{token}") : NULL,
		   *at = form ? strrchr(form, '@') : NULL;
	if (form && (!token || !at || token > at))
		complain(r, "origin", key, "%s", wrong);
}

static void check_origin(struct reader *r)
{
	const struct config *c = r->config;
	for (unsigned i = 0; i < c->domains.count; i++) {
		const char *name = c->domains.at[i], *p = name;
		while (*p &&
			(isalnum((unsigned char)*p) || *p == '-' || *p == '_' ||
				(*p == '.' && p > name && p[1] && p[1] != '.') || (*p & 0x80)))
			p++;
		if (*p)
			complain(r, "origin", "domains",
				"word %u is no domain; right would be like news.example.org",
				i + 1);
	}
	check_form(r, "verp", c->verp,
		"names no return path; right would be like bounce+{token}@bounce.example.org");
	check_form(r, "unsubscribe", c->unsubscribe,
		"names no address; right would be like unsubscribe+{token}@bounce.example.org");
	if (c->verp && c->unsubscribe && !strcasecmp(c->verp, c->unsubscribe))
		complain(r, "origin", "unsubscribe",
			"is the return path, to which bounces come; right would be another address");
}

/* "#1f4e79", "#abc", or a name that CSS knows. */
static bool is_colour(const char *text)
{
	size_t digits = *text == '#' ? strspn(text + 1, "0123456789abcdefABCDEF") : 0;
	if (*text == '#')
		return (digits == 3 || digits == 6) && !text[1 + digits];
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static void check_report(struct reader *r)
{
	struct config *c = r->config;
	if (c->post.to.count && !c->post.smtp_host && !c->post.sendmail)
		complain(r, "report", "smtp",
			"missing: how the report gets to those in \"to\"; or sendmail");
	if (c->post.from && !is_config_address(c->post.from))
		complain(r, "report", "from", "no address; right would be like retour@example.org");
	check_addresses(r, "report", &c->post.to);
	if (c->post.colour && !is_colour(c->post.colour))
		complain(r, "report", "colour",
			"wrong value; right would be like \"#1f4e79\", in quotes");
	if (c->post.smtp_host && c->post.sendmail)
		complain(r, "report", "sendmail", "beside smtp: right would be one of them");
	if ((c->post.smtp_host || c->post.sendmail) && c->post.to.count && !c->post.from)
		complain(r, "report", "from", "missing: the sender of the report");
	if (c->post.user && secrets_given(&c->post.secret) != 1)
		complain(r, "report", "password_file",
			"%s: one of password_file, password_command, password_credential",
			secrets_given(&c->post.secret) ? "more than one secret" : "missing");
	if (!c->post.smtp_port)
		c->post.smtp_port = c->post.tls == TLS_IMPLICIT ? 465 : 587;
	char zone[512];
	snprintf(zone, sizeof zone, "/usr/share/zoneinfo/%s", c->post.timezone);
	if (strcmp(c->post.timezone, "UTC") &&
		(strstr(c->post.timezone, "..") || *c->post.timezone == '/' || access(zone, R_OK)))
		complain(r, "report", "timezone",
			"unknown zone \"%s\"; right would be a name such as Europe/Berlin",
			c->post.timezone);
}

static void check_alerts(struct reader *r)
{
	const struct config *c = r->config;
	char section[64];
	check_addresses(r, "alert", &c->post.alert_to);
	if (c->post.alert_to.count && (!c->post.from || (!c->post.smtp_host && !c->post.sendmail)))
		complain(r, "alert", "to",
			"needs [report] from, and smtp or sendmail, which its mail takes too");
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		const struct alert_rule *rule = &c->post.alerts.rule[i];
		snprintf(section, sizeof section, "alert %s", alert_condition_name(i));
		if (alert_unit(i) == UNIT_REMAINING && rule->clear < rule->threshold)
			complain(r, section, "clear",
				"below the threshold; right would be at or above it");
		else if (alert_unit(i) != UNIT_REMAINING && rule->clear > rule->threshold)
			complain(r, section, "clear",
				"above the threshold; right would be at or below it");
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
	return config_keep(c, path);
}

static void fill_paths(struct config *c)
{
	char marker[4096];
	if (!c->keys_dir)
		c->keys_dir = beside_store(c, "keys");
	if (!c->marker && c->file &&
		(size_t)snprintf(marker, sizeof marker, "%s.made", c->file) < sizeof marker)
		c->marker = config_keep(c, marker);
	if (!c->post.dir)
		c->post.dir = beside_store(c, "reports");
}

/* --- reading -------------------------------------------------------------- */

static void set_defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	alert_standard(&c->post.alerts);
	for (const struct key *k = config_keys; k->section; k++)
		if (!strchr(k->section, '*') && k->standard && !config_assign(c, c, k, k->standard))
			abort();
	for (size_t i = 0; i < STANDARD_LADDERS; i++)
		c->ladder[c->ladders++] = config_standard_ladders[i];
}

static void take_fault(void *context, const struct ini_fault *fault)
{
	if (fault->line)
		complain(context, fault->section, fault->key, "line %u: %s", fault->line,
			fault->text);
	else
		complain(context, fault->section, fault->key, "%s", fault->text);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcasecmp(a, b));
}

/* Two sections that empty one mailbox would each take half of it away from the other. */
static void check_same_mailbox(struct reader *r, const struct mailbox *box)
{
	char section[STORE_NAME_SIZE + 16];
	for (const struct mailbox *other = r->config->mailbox; other < box; other++) {
		bool same = box->protocol == other->protocol && same_text(box->host, other->host) &&
			box->port == other->port && same_text(box->user, other->user) &&
			(box->protocol == PROTOCOL_POP3 ||
				(box->folder && other->folder &&
					!strcmp(box->folder, other->folder)));
		snprintf(section, sizeof section, "mailbox %s", box->name);
		if (same)
			complain(r, section, is_remote_host(box) ? "user" : "path",
				"the same mailbox as in [mailbox %s]; right would be one section for each",
				other->name);
	}
}

/* Reads the sections of one file into the configuration. False: it could not be read at all, which
 * was said. */
static bool read_file(struct reader *r, const char *file)
{
	char *heap;
	size_t n;
	r->file = file;
	if (file_load(file, FILE_BYTES_MAX, &heap, &n)) {
		complain(r, NULL, NULL, "%s%s", strerror(errno),
			errno == ENOENT ? "; -c FILE names another, `retour config` prints a sample"
					: "");
		return false;
	}
	r->ini = ini_parse((struct span){ heap, n }, take_fault, r);
	free(heap);
	if (!r->ini)
		return false;
	int sections = iniparser_getnsec(r->ini);
	if (sections <= 0)
		complain(r, NULL, NULL, "no section; `retour config` prints a sample");
	for (int i = 0; i < sections; i++)
		read_section(r, iniparser_getsecname(r->ini, i));
	iniparser_freedict(r->ini);
	r->ini = NULL;
	return true;
}

static int is_drop_in(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return e->d_name[0] != '.' && n > 4 && !strcmp(e->d_name + n - 4, ".ini");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Beside retour.ini lies retour.d; its files are read in the order of their names. */
static bool read_drop_ins(struct reader *r, const char *file)
{
	char place[4096], path[8192];
	struct dirent **entry = NULL;
	size_t n = strlen(file), ini = n > 4 && !strcmp(file + n - 4, ".ini") ? 4 : 0;
	bool all = true;
	if ((size_t)snprintf(place, sizeof place, "%.*s.d", (int)(n - ini), file) >= sizeof place)
		return true;
	int count = scandir(place, &entry, is_drop_in, by_bytes);
	if (count < 0 && errno != ENOENT && errno != ENOTDIR) {
		complain(r, NULL, NULL, "%s: %s", place, strerror(errno));
		return false;
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", place, entry[i]->d_name);
		all = read_file(r, config_keep(r->config, path)) && all;
		free(entry[i]);
	}
	free(entry);
	return all;
}

int config_load_told(
	struct config *c, const char *file, FILE *errors, config_told *told, void *context)
{
	struct reader r = { .config = c,
		.file = file ? file : "(defaults)",
		.errors = errors,
		.told = told,
		.context = context };
	set_defaults(c);
	if (!file) {
		fill_paths(c);
		return 0;
	}
	c->file = c->post.config_file = config_keep(c, file);
	if (!read_file(&r, c->file) || !read_drop_ins(&r, c->file))
		return -1;
	r.file = c->file;
	for (unsigned i = 0; i < c->mailboxes; i++)
		check_mailbox(&r, &c->mailbox[i]);
	for (unsigned i = 0; i < c->mailboxes; i++)
		check_same_mailbox(&r, &c->mailbox[i]);
	for (unsigned i = 0; i < c->ladders; i++)
		check_ladder(&r, &c->ladder[i]);
	check_sites(&r);
	check_origin(&r);
	check_report(&r);
	check_alerts(&r);
	fill_paths(c);
	return r.failures ? -1 : 0;
}

int config_load(struct config *c, const char *file, FILE *errors)
{
	return config_load_told(c, file, errors, NULL, NULL);
}
