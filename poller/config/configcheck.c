#include "poller/config/configcheck.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "classify/redact.h"
#include "poller/config/configkeys.h"

void config_complain(
	struct config_reader *r, const char *section, const char *key, const char *format, ...)
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

/* --- mailboxes ------------------------------------------------------------ */

static unsigned secrets_given(const struct secret_source *s)
{
	return (s->file != NULL) + (s->command != NULL) + (s->credential != NULL);
}

/* A file, a command, a credential, or a token server; an error text where it is not one of them. */
static const char *secret_trouble(const struct secret_source *s, const char *oauth)
{
	unsigned given = secrets_given(s) + (oauth != NULL);
	if (given == 1)
		return NULL;
	if (given)
		return "more than one secret";
	return "missing";
}

/* Neither a URL, nor with a port or a user; an address of IPv6 has several colons. */
static bool host_is_name(const char *host)
{
	const char *colon = strchr(host, ':');
	return !strpbrk(host, "/@ ") && (!colon || strchr(colon + 1, ':'));
}

static void standard_disposal(struct mailbox *box, struct disposal *d, const char *folder)
{
	if (d->action == DISPOSE_MOVE && !d->folder) { /* the file was silent */
		d->action = box->protocol == PROTOCOL_POP3 ? DISPOSE_KEEP : DISPOSE_MOVE;
		d->folder = d->action == DISPOSE_MOVE ? folder : NULL;
	}
}

/* What nobody has read yet does not go with what is read and done. */
static void check_optout(struct config_reader *r, const char *section, const struct mailbox *box)
{
	const struct disposal *const expiring[] = { &box->processed, &box->unrecognised,
		&box->quarantine };
	if (box->optout.action == DISPOSE_DELETE)
		config_complain(r, section, "optout",
			"such a request is never deleted; right would be move:FOLDER or keep");
	for (size_t i = 0;
		i < sizeof expiring / sizeof *expiring && box->optout.action == DISPOSE_MOVE; i++)
		if (expiring[i]->action == DISPOSE_MOVE &&
			!strcasecmp(expiring[i]->folder, box->optout.folder))
			config_complain(r, section, "optout",
				"what lies in the folder %s is deleted after raw_retention; right would be a folder of its own",
				box->optout.folder);
}

/* The section of that name; logging in with its tokens is XOAUTH2. */
static const struct oauth_options *find_oauth(
	struct config_reader *r, const char *section, const char *name, int *auth)
{
	const struct config *c = r->config;
	if (!name)
		return NULL;
	if (*auth != AUTH_PLAIN && *auth != AUTH_XOAUTH2)
		config_complain(r, section, "auth", "with oauth: right would be xoauth2");
	*auth = AUTH_XOAUTH2;
	for (unsigned i = 0; i < c->oauths; i++)
		if (!strcmp(c->oauth[i].name, name))
			return &c->oauth[i];
	config_complain(r, section, "oauth", "there is no section [oauth %s]", name);
	return NULL;
}

static void need_key(struct config_reader *r, const char *section, const char *key,
	const char *value, const char *what)
{
	if (!value)
		config_complain(r, section, key, "missing: %s", what);
}

/* Is PATH in the directory of FILE, or below it? */
static bool lies_beside(const char *path, const char *file)
{
	size_t n = (size_t)(strrchr(file, '/') - file);
	return path && !strncmp(path, file, n) && (path[n] == '/' || !path[n]);
}

/*
 * Who asks the token server may write into that directory (confine_for_token()): what else is worth
 * something must not lie there.
 */
static void check_token_place(
	struct config_reader *r, const char *section, const struct oauth_options *o)
{
	const struct config *c = r->config;
	const char *file = o->refresh_token_file;
	if (o->grant == OAUTH_REFRESH_TOKEN && file &&
		(lies_beside(c->store_path, file) || lies_beside(c->keys_dir, file) ||
			lies_beside(c->file, file)))
		config_complain(r, section, "refresh_token_file",
			"the store, its keys or this file lie in the same place; right would be a directory of its own, such as /var/lib/retour/oauth");
}

static void check_oauth(struct config_reader *r, const struct oauth_options *o)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "oauth %s", o->name);
	need_key(r, section, "token_url", o->token_url, "https://…, where tokens are had");
	need_key(r, section, "client_id", o->client_id, "the application's id");
	if (o->token_url && strncmp(o->token_url, "https://", 8))
		config_complain(r, section, "token_url", "right would begin with https://");
	if (o->certificate_file || o->grant == OAUTH_JWT_BEARER)
		need_key(r, section, "key_file", o->key_file, "the RSA key that signs");
	if (o->grant == OAUTH_REFRESH_TOKEN)
		need_key(r, section, "refresh_token_file", o->refresh_token_file,
			"the file with the refresh token");
	check_token_place(r, section, o);
	if (o->client_secret_file && o->certificate_file)
		config_complain(r, section, "client_secret_file",
			"right would be a secret or a certificate, not both");
	if (o->grant == OAUTH_CLIENT_CREDENTIALS && !o->client_secret_file && !o->certificate_file)
		config_complain(r, section, "client_secret_file",
			"missing: the file with the secret, or certificate_file and key_file");
}

/* "INBOX" is one in any case (RFC 3501 section 5.1). */
static bool same_folder(const char *a, const char *b)
{
	return !strcmp(a, b) || (!strcasecmp(a, "INBOX") && !strcasecmp(b, "INBOX"));
}

/* What is moved goes elsewhere. */
static void check_moves(struct config_reader *r, const char *section, const struct mailbox *box)
{
	const struct {
		const char *key;
		const struct disposal *d;
	} all[] = { { "processed", &box->processed }, { "unrecognised", &box->unrecognised },
		{ "quarantine", &box->quarantine }, { "optout", &box->optout } };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].d->action != DISPOSE_MOVE)
			continue;
		else if (box->protocol == PROTOCOL_POP3)
			config_complain(r, section, all[i].key,
				"POP3 has no folders: right would be delete or keep");
		else if (same_folder(all[i].d->folder, box->folder))
			config_complain(r, section, all[i].key,
				"moves into the folder that is read; right would be another folder, delete or keep");
}

/* What stands in the file and would do nothing, or something else than it says. */
static void check_place(struct config_reader *r, const char *section, const struct mailbox *box)
{
	if (box->host && !host_is_name(box->host))
		config_complain(r, section, "host",
			"right would be the server's name alone, such as mail.example.org; its port stands in port");
	if (box->path)
		config_complain(r, section, "path",
			"a mailbox on a server has none; right would be protocol = maildir or mbox%s",
			box->protocol == PROTOCOL_IMAP ? ", or folder in its place" : "");
	if (box->protocol == PROTOCOL_POP3 && !same_folder(box->folder, "INBOX"))
		config_complain(r, section, "folder",
			"POP3 knows INBOX alone, and would empty that; right would be protocol = imap");
}

static void check_mailbox(struct config_reader *r, struct mailbox *box)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "mailbox %s", box->name);
	standard_disposal(box, &box->unrecognised, "Unrecognised");
	standard_disposal(box, &box->quarantine, "Quarantine");
	standard_disposal(box, &box->optout, "Optout");
	check_optout(r, section, box);
	if (!mailbox_has_server(box)) {
		if (!box->path)
			config_complain(r, section, "path", "missing: the absolute path of the %s",
				box->protocol == PROTOCOL_MBOX ? "mbox" : "Maildir");
		box->folder = box->path;
		return;
	}
	if (!box->host)
		config_complain(r, section, "host", "missing: the name of the mail server");
	if (!box->user)
		config_complain(r, section, "user", "missing: the login name");
	const char *trouble = secret_trouble(&box->secret, box->oauth_name);
	if (trouble)
		config_complain(r, section, "password_file",
			"%s: one of password_file, password_command, password_credential, oauth",
			trouble);
	box->oauth = find_oauth(r, section, box->oauth_name, &box->auth);
	if (!box->port && box->protocol == PROTOCOL_IMAP)
		box->port = box->tls == TLS_IMPLICIT ? 993 : 143;
	else if (!box->port)
		box->port = box->tls == TLS_IMPLICIT ? 995 : 110;
	check_place(r, section, box);
	check_moves(r, section, box);
	if (box->protocol == PROTOCOL_POP3 && box->auth != AUTH_PLAIN && box->auth != AUTH_LOGIN &&
		box->auth != AUTH_XOAUTH2)
		config_complain(
			r, section, "auth", "over pop3: right would be plain, login or xoauth2");
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcasecmp(a, b));
}

/* Two sections that empty one mailbox would each take half of it away from the other. */
static void check_same_mailbox(struct config_reader *r, const struct mailbox *box)
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
			config_complain(r, section, mailbox_has_server(box) ? "user" : "path",
				"the same mailbox as in [mailbox %s]; right would be one section for each",
				other->name);
	}
}

/* --- the rest --------------------------------------------------------------- */

static void check_ladder(struct config_reader *r, const struct ladder *ladder)
{
	char section[STORE_NAME_SIZE + 16];
	snprintf(section, sizeof section, "ladder %s", ladder->name);
	if (!ladder->steps)
		config_complain(
			r, section, "steps", "missing: the waiting times, such as 15m 30m 1h");
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
static void check_addresses(struct config_reader *r, const char *section, const struct list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (!is_config_address(list->at[i]))
			config_complain(r, section, "to",
				"word %u is no address; right would be like deliverability@example.org",
				i + 1);
}

static void check_sites(struct config_reader *r)
{
	const struct config *c = r->config;
	char section[STORE_NAME_SIZE + 16];
	struct minisign_public key;
	if (c->site &&
		(strlen(c->site) >= STORE_NAME_SIZE ||
			c->site[strspn(c->site, "abcdefghijklmnopqrstuvwxyz0123456789._-")]))
		config_complain(r, "store", "site",
			"a name is made of small letters, digits, '.', '_' and '-', at most %d",
			STORE_NAME_SIZE - 1);
	if (c->others && !c->site)
		config_complain(r, "store", "site",
			"missing: this machine's own name beside the other sites");
	for (unsigned i = 0; i < c->others; i++) {
		const char *text = c->other[i].public_key;
		snprintf(section, sizeof section, "site %s", c->other[i].name);
		if (!text || !minisign_key_parse(text, strlen(text), &key))
			config_complain(r, section, "public_key",
				"wrong or missing; right would be the line that `retour audit key` prints on that site");
	}
}

static void check_form(
	struct config_reader *r, const char *key, const char *form, const char *wrong)
{
	const char *token = form ? strstr(form, "{token}") : NULL,
		   *at = form ? strrchr(form, '@') : NULL;
	if (form && (!token || !at || token > at || strstr(token + 1, "{token}")))
		config_complain(r, "origin", key, "%s", wrong);
}

static void check_origin(struct config_reader *r)
{
	const struct config *c = r->config;
	for (unsigned i = 0; i < c->domains.count; i++) {
		const char *name = c->domains.at[i], *p = name;
		while (*p &&
			(isalnum((unsigned char)*p) || *p == '-' || *p == '_' ||
				(*p == '.' && p > name && p[1] && p[1] != '.') || (*p & 0x80)))
			p++;
		if (*p)
			config_complain(r, "origin", "domains",
				"word %u is no domain; right would be like news.example.org, with a comma between several",
				i + 1);
	}
	for (unsigned i = 0; i < c->campaign_headers.count; i++) {
		const char *name = c->campaign_headers.at[i], *colon = strchr(name, ':');
		if (colon == name || (colon && (colon[1] < '1' || colon[1] > '9' || colon[2])))
			config_complain(r, "origin", "campaign_headers",
				"word %u is no header; right would be like X-Campaign-ID, or X-Mailing:2 for its second part",
				i + 1);
	}
	check_form(r, "verp", c->verp,
		"names no return path; right would be like bounce+{token}@bounce.example.org");
	check_form(r, "unsubscribe", c->unsubscribe,
		"names no address; right would be like unsubscribe+{token}@bounce.example.org");
	if (c->verp && c->unsubscribe && !strcasecmp(c->verp, c->unsubscribe))
		config_complain(r, "origin", "unsubscribe",
			"is the return path, to which bounces come; right would be another address");
}

/* The names of CSS (css-color-4, section 6.1): another word would be no colour, in silence. */
static bool is_colour_name(const char *text)
{
	static const char names[] =
		" aliceblue antiquewhite aqua aquamarine azure beige bisque black "
		"blanchedalmond blue blueviolet brown burlywood cadetblue chartreuse "
		"chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan "
		"darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta "
		"darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen "
		"darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink "
		"deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen "
		"fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey "
		"honeydew hotpink indianred indigo ivory khaki lavender lavenderblush "
		"lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow "
		"lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen "
		"lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime "
		"limegreen linen magenta maroon mediumaquamarine mediumblue mediumorchid "
		"mediumpurple mediumseagreen mediumslateblue mediumspringgreen "
		"mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin "
		"navajowhite navy oldlace olive olivedrab orange orangered orchid "
		"palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff "
		"peru pink plum powderblue purple rebeccapurple red rosybrown royalblue "
		"saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue "
		"slateblue slategray slategrey snow springgreen steelblue tan teal thistle "
		"tomato turquoise violet wheat white whitesmoke yellow yellowgreen ";
	char word[32];
	snprintf(word, sizeof word, " %s ", text);
	return !strchr(text, ' ') && strcasestr(names, word);
}

/* "#1f4e79", "#abc", or a name that CSS knows. */
static bool is_colour(const char *text)
{
	size_t digits = *text == '#' ? strspn(text + 1, "0123456789abcdefABCDEF") : 0;
	if (*text == '#')
		return (digits == 3 || digits == 6) && !text[1 + digits];
	return is_colour_name(text);
}

/* A file of zones, of those that count as clocks do: below right/ each day is seconds longer. */
static bool is_zone(const char *name)
{
	char path[512], magic[4];
	if (!strcmp(name, "UTC"))
		return true;
	if (strstr(name, "..") || *name == '/' || !strncmp(name, "right/", 6))
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	FILE *f = fopen(path, "re");
	bool is = f && fread(magic, 1, sizeof magic, f) == sizeof magic &&
		!memcmp(magic, "TZif", sizeof magic);
	if (f)
		fclose(f);
	return is;
}

static void check_report(struct config_reader *r)
{
	struct config *c = r->config;
	if (c->post.to.count && !c->post.smtp_host && !c->post.sendmail)
		config_complain(r, "report", "smtp",
			"missing: how the report gets to those in \"to\"; or sendmail");
	if (c->post.from && !is_config_address(c->post.from))
		config_complain(
			r, "report", "from", "no address; right would be like retour@example.org");
	check_addresses(r, "report", &c->post.to);
	if (c->post.colour && !is_colour(c->post.colour))
		config_complain(r, "report", "colour",
			"no colour; right would be like \"#1f4e79\", in quotes, or an English name such as navy");
	if (c->post.smtp_host && c->post.sendmail)
		config_complain(r, "report", "sendmail", "beside smtp: right would be one of them");
	if ((c->post.smtp_host || c->post.sendmail) && c->post.to.count && !c->post.from)
		config_complain(r, "report", "from", "missing: the sender of the report");
	const char *trouble = secret_trouble(&c->post.secret, c->post.oauth_name);
	if (c->post.user && trouble)
		config_complain(r, "report", "password_file",
			"%s: one of password_file, password_command, password_credential, oauth",
			trouble);
	if (c->post.oauth_name && !c->post.user)
		config_complain(r, "report", "user", "missing: the login name that oauth is for");
	c->post.oauth = find_oauth(r, "report", c->post.oauth_name, &c->post.auth);
	if (!c->post.smtp_port)
		c->post.smtp_port = c->post.tls == TLS_IMPLICIT ? 465 : 587;
	if (c->post.sites == REPORT_ALL && !c->site)
		config_complain(r, "report", "sites",
			"needs [store] site: this machine is none of several");
	if (!is_zone(c->post.timezone))
		config_complain(r, "report", "timezone",
			"unknown zone; right would be a name such as Europe/Berlin");
}

static void check_alerts(struct config_reader *r)
{
	const struct config *c = r->config;
	char section[64];
	check_addresses(r, "alert", &c->post.alert_to);
	if (c->post.alert_to.count && (!c->post.from || (!c->post.smtp_host && !c->post.sendmail)))
		config_complain(r, "alert", "to",
			"needs [report] from, and smtp or sendmail, which its mail takes too");
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		const struct alert_rule *rule = &c->post.alerts.rule[i];
		snprintf(section, sizeof section, "alert %s", alert_condition_name(i));
		if (alert_unit(i) == UNIT_REMAINING && rule->clear < rule->threshold)
			config_complain(r, section, "clear",
				"below the threshold; right would be at or above it");
		else if (alert_unit(i) != UNIT_REMAINING && rule->clear > rule->threshold)
			config_complain(r, section, "clear",
				"above the threshold; right would be at or below it");
		if (alert_unit(i) == UNIT_FACTOR && rule->window > DAY)
			config_complain(
				r, section, "window", "of a surge: right would be from 1h to 24h");
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

void config_fill_rest(struct config *c)
{
	char marker[4096];
	if (!c->keys_dir)
		c->keys_dir = beside_store(c, "keys");
	if (!c->marker && c->file &&
		(size_t)snprintf(marker, sizeof marker, "%s.made", c->file) < sizeof marker)
		c->marker = config_keep(c, marker);
	if (!c->post.dir)
		c->post.dir = beside_store(c, "reports");
	if (!c->post.witness_dir)
		c->post.witness_dir = beside_store(c, "witness");
	if (!c->period[RETAIN_OBJECTIONS])
		c->period[RETAIN_OBJECTIONS] = c->period[RETAIN_CONTACTS] > c->usual_objections
			? c->period[RETAIN_CONTACTS]
			: c->usual_objections;
}

static void check_retention(struct config_reader *r)
{
	const struct config *c = r->config;
	if (c->period[RETAIN_OBJECTIONS] &&
		c->period[RETAIN_OBJECTIONS] < c->period[RETAIN_CONTACTS])
		config_complain(r, "retention", "objections",
			"shorter than contacts: who objected would get mail before a dead address does; right would be at least as long");
	for (unsigned i = 0; i < RETAIN_COUNT; i++) {
		char key[STORE_NAME_SIZE];
		snprintf(key, sizeof key, "%s_reason", retention_class_name(i));
		if (c->reason[i] && names_address(span_of(c->reason[i])))
			config_complain(r, "retention", key,
				"names an address; the ledger keeps the reason, and has none");
	}
}

static void check_streams(struct config_reader *r)
{
	const struct config *c = r->config;
	char section[EVENT_STREAM_SIZE + 16];
	for (unsigned i = 0; i < STREAMS_MAX && c->streams[i].name; i++) {
		const struct config_stream *s = &c->stream[i];
		snprintf(section, sizeof section, "stream %s", c->streams[i].name);
		if (!s->campaigns.count && !s->from.count && !s->list_ids.count)
			config_complain(r, section, NULL,
				"nothing says which mail is meant; right would be campaign, list_id or from");
	}
}

void config_check(struct config_reader *r)
{
	struct config *c = r->config;
	for (unsigned i = 0; i < c->mailboxes; i++)
		check_mailbox(r, &c->mailbox[i]);
	for (unsigned i = 0; i < c->mailboxes; i++)
		check_same_mailbox(r, &c->mailbox[i]);
	for (unsigned i = 0; i < c->ladders; i++)
		check_ladder(r, &c->ladder[i]);
	config_fill_rest(c);
	for (unsigned i = 0; i < c->oauths; i++)
		check_oauth(r, &c->oauth[i]);
	check_sites(r);
	check_retention(r);
	if (r->config->post.witness_tsa && !r->config->post.witness_timestamp)
		config_complain(r, "witness", "tsa", "needs timestamp, the command that asks it");
	check_streams(r);
	check_origin(r);
	check_report(r);
	check_alerts(r);
}
