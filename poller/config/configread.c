/*
 * The INI file (ini.c): its sections, the keys in them (configkeys.c), their values
 * (configvalue.c), and behind the table what depends on several keys at once (configcheck.c).
 */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/files.h"
#include "poller/config/configcheck.h"
#include "poller/config/configkeys.h"
#include "poller/config/near.h"

enum { CONFIG_BYTES_MAX = 1 << 20 };

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

static const struct key *find_config_key(const char *pattern, const char *name)
{
	for (const struct key *k = config_keys; k->section; k++)
		if (!strcmp(k->section, pattern) && !strcmp(k->name, name))
			return k;
	return NULL;
}

static void list_known(
	struct config_reader *r, const char *section, const char *key, const char *pattern)
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
	size_t word = meant ? strcspn(meant, " ") : 0;
	if (!pattern && word && meant[word] == ' ' && !strncmp(section, meant, word) &&
		!section[word]) {
		config_complain(r, section, key, "wants a name; right would be like [%s %s]",
			section, !strcmp(section, "ladder") ? "large" : "bounces");
		return;
	}
	config_complain(r, section, key, "unknown %s; %s%s%sknown are: %s",
		pattern ? "key" : "section", meant ? "did you mean " : "", meant ? meant : "",
		meant ? "? " : "", known);
}

static void apply_defaults(struct config *c, void *base, const char *pattern)
{
	for (const struct key *k = config_keys; k->section; k++)
		if (!strcmp(k->section, pattern) && k->standard &&
			!config_assign(c, base, k, k->standard))
			abort(); /* the table itself is wrong; a unit test loads the defaults */
}

static struct alert_rule *alert_section(
	struct config_reader *r, const char *section, const char *name)
{
	char known[512] = "";
	size_t n = 0;
	const char *meant = NULL;
	int distance = NEAR_NONE, condition = alert_condition_by_name(name);
	if (condition >= 0)
		return &r->config->post.alerts.rule[condition];
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT && n < sizeof known; i++) {
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
			alert_condition_name(i));
		near_try(name, alert_condition_name(i), &meant, &distance);
	}
	config_complain(r, section, NULL, "unknown condition; %s%s%sknown are: %s",
		meant ? "did you mean " : "", meant ? meant : "", meant ? "? " : "", known);
	return NULL;
}

static struct oauth_options *oauth_section(
	struct config_reader *r, const char *section, const char *name)
{
	struct config *c = r->config;
	for (unsigned i = 0; i < c->oauths; i++) /* of a file read before */
		if (!strcmp(c->oauth[i].name, name))
			return &c->oauth[i];
	if (c->oauths == OAUTHS_MAX) {
		config_complain(r, section, NULL, "more than %d of them", OAUTHS_MAX);
		return NULL;
	}
	c->oauth[c->oauths].name = config_keep(c, name);
	return &c->oauth[c->oauths++];
}

static struct config_stream *stream_section(
	struct config_reader *r, const char *section, const char *name)
{
	struct config *c = r->config;
	int i = stream_by_name(c->streams, name); /* of a file read before */
	if (i >= 0)
		return &c->stream[i];
	for (i = 0; c->streams[i].name;)
		i++;
	if (i == STREAMS_MAX || strlen(name) >= EVENT_STREAM_SIZE) {
		config_complain(r, section, NULL,
			"there may be %d streams, and a name has %d characters at most",
			STREAMS_MAX, EVENT_STREAM_SIZE - 1);
		return NULL;
	}
	c->streams[i] = (struct mail_stream){ config_keep(c, name), c->stream[i].campaigns.at,
		c->stream[i].from.at, c->stream[i].list_ids.at };
	return &c->stream[i];
}

/* The struct that a section with a name fills, with its defaults; NULL when there are too many. */
static void *named_section(
	struct config_reader *r, const char *pattern, const char *section, const char *name)
{
	struct config *c = r->config;
	if (strlen(name) >= STORE_NAME_SIZE ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")]) {
		config_complain(r, section, NULL,
			"a name is made of letters, digits, '.', '_' and '-', at most %d",
			STORE_NAME_SIZE - 1);
		return NULL;
	}
	if (!strcmp(pattern, "mailbox *")) {
		for (unsigned i = 0; i < c->mailboxes; i++) /* of a file read before */
			if (!strcmp(c->mailbox[i].name, name))
				return &c->mailbox[i];
		if (c->mailboxes == CONFIG_MAILBOXES_MAX) {
			config_complain(
				r, section, NULL, "more than %d mailboxes", CONFIG_MAILBOXES_MAX);
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
	if (!strcmp(pattern, "oauth *"))
		return oauth_section(r, section, name);
	if (!strcmp(pattern, "stream *"))
		return stream_section(r, section, name);
	if (!strcmp(pattern, "site *")) {
		if (c->others == SITES_MAX) {
			config_complain(r, section, NULL, "more than %d sites", SITES_MAX);
			return NULL;
		}
		c->other[c->others].name = config_keep(c, name);
		return &c->other[c->others++];
	}
	for (unsigned i = 0; i < c->ladders; i++)
		if (!strcmp(c->ladder[i].name, name))
			return &c->ladder[i];
	if (c->ladders == LADDERS_MAX) {
		config_complain(r, section, NULL, "more than %d ladders", LADDERS_MAX);
		return NULL;
	}
	struct ladder *ladder = &c->ladder[c->ladders++];
	strcpy(ladder->name, name);
	apply_defaults(c, ladder, pattern);
	return ladder;
}

/*
 * Where only the threshold is given, what ends the alert keeps its distance: it is the same share
 * of it as in the standard rule.
 */
static void follow_threshold(struct config_reader *r, const char *section, struct alert_rule *rule)
{
	struct alert_options standard;
	char threshold[96], clear[96];
	alert_standard(&standard);
	const struct alert_rule *usual = &standard.rule[rule->condition];
	snprintf(threshold, sizeof threshold, "%s:threshold", section);
	snprintf(clear, sizeof clear, "%s:clear", section);
	if (iniparser_find_entry(r->ini, threshold) && !iniparser_find_entry(r->ini, clear) &&
		rule->clear == usual->clear && usual->threshold)
		rule->clear = (int64_t)((double)usual->clear * (double)rule->threshold /
			(double)usual->threshold);
}

static void read_section(struct config_reader *r, const char *section)
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
		const struct key *k = find_config_key(pattern, key_name);
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
				config_complain(r, section, key_name,
					"wrong value; right would be the absolute path of a file, mode 0600, in which the password stands");
			else if (strchr(value, '@'))
				config_complain(r, section, key_name,
					"wrong value; right would be %s", right);
			else
				config_complain(r, section, key_name,
					"wrong value \"%s\"; right would be %s", value, right);
		}
	}
	free(names);
	if (!strcmp(pattern, "alert *"))
		follow_threshold(r, section, base);
}

/* --- reading -------------------------------------------------------------- */

static void set_defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	alert_standard(&c->post.alerts);
	for (const struct key *k = config_keys; k->section; k++)
		if (!strchr(k->section, '*') && k->standard && !config_assign(c, c, k, k->standard))
			abort();
	c->usual_objections = c->period[RETAIN_OBJECTIONS];
	c->period[RETAIN_OBJECTIONS] = 0; /* longer where contacts are */
	for (size_t i = 0; i < STANDARD_LADDERS; i++)
		c->ladder[c->ladders++] = config_standard_ladders[i];
}

static void take_config_fault(void *context, const struct ini_fault *fault)
{
	if (fault->line)
		config_complain(context, fault->section, fault->key, "line %u: %s", fault->line,
			fault->text);
	else
		config_complain(context, fault->section, fault->key, "%s", fault->text);
}

/* What to do where a file could not be read. A package's is for root and the program's user. */
static const char *unread_hint(int why, bool drop_in)
{
	const struct passwd *user = why == EACCES ? getpwnam("retour") : NULL;
	if (user && user->pw_uid != geteuid())
		return "; right would be to ask as the user retour: sudo -u retour retour …";
	if (why == EISDIR)
		return drop_in ? "; right would be a file" : "; right would be the INI file in it";
	if (drop_in)
		return why == ENOENT ? "; a link that leads nowhere?" : "";
	return why == ENOENT ? "; -c FILE names another, `retour config` prints a sample" : "";
}

/* Reads the sections of one file into the configuration. False: it could not be read at all, which
 * was said. */
static bool read_file(struct config_reader *r, const char *file, bool drop_in)
{
	char *heap;
	size_t n;
	r->file = file;
	if (drop_in && file_is_pipe(file)) {
		config_complain(r, NULL, NULL, "a pipe or socket; right would be a file");
		return false;
	}
	if (file_load(file, CONFIG_BYTES_MAX, &heap, &n)) {
		int why = errno;
		const char *hint = unread_hint(why, drop_in);
		config_complain(r, NULL, NULL, "%s%s", strerror(why), hint);
		return false;
	}
	r->ini = ini_parse((struct span){ heap, n }, take_config_fault, r);
	free(heap);
	if (!r->ini)
		return false;
	int sections = iniparser_getnsec(r->ini);
	if (sections <= 0 && !drop_in) /* one of which all is commented out is none */
		config_complain(r, NULL, NULL, "no section; `retour config` prints a sample");
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

/* Where the drop-ins of FILE lie: retour.d beside retour.ini. False: the path is too long. */
static bool drop_ins_of(const char *file, char *place, size_t size)
{
	size_t n = strlen(file), ini = n > 4 && !strcmp(file + n - 4, ".ini") ? 4 : 0;
	return (size_t)snprintf(place, size, "%.*s.d", (int)(n - ini), file) < size;
}

/* Such as other programs read, or what Windows makes of a name; a backup or README is not meant. */
static int is_almost_drop_in(const struct dirent *e)
{
	static const char *const ends[] = { ".conf", ".cfg", ".ini", ".ini.txt" };
	size_t n = strlen(e->d_name);
	for (size_t i = 0; e->d_name[0] != '.' && i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);
		if (n > end && !strcasecmp(e->d_name + n - end, ends[i]))
			return !is_drop_in(e);
	}
	return 0;
}

void config_passed_over(
	const char *file, void (*visit)(void *context, const char *path), void *context)
{
	char place[4096], path[8192];
	struct dirent **entry = NULL;
	int count = drop_ins_of(file, place, sizeof place)
		? scandir(place, &entry, is_almost_drop_in, by_bytes)
		: 0;
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", place, entry[i]->d_name);
		visit(context, path);
		free(entry[i]);
	}
	free(entry);
}

/* Its files are read in the order of their names. */
static bool read_drop_ins(struct config_reader *r, const char *file)
{
	char place[4096], path[8192];
	struct dirent **entry = NULL;
	bool all = true;
	if (!drop_ins_of(file, place, sizeof place))
		return true;
	int count = scandir(place, &entry, is_drop_in, by_bytes);
	if (count < 0 && errno != ENOENT && errno != ENOTDIR) {
		config_complain(r, NULL, NULL, "%s: %s", place, strerror(errno));
		return false;
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", place, entry[i]->d_name);
		all = read_file(r, config_keep(r->config, path), true) && all;
		free(entry[i]);
	}
	free(entry);
	return all;
}

int config_load_told(
	struct config *c, const char *file, FILE *errors, config_told *told, void *context)
{
	struct config_reader r = { .config = c,
		.file = file ? file : "(defaults)",
		.errors = errors,
		.told = told,
		.context = context };
	set_defaults(c);
	if (!file) {
		config_fill_rest(c);
		return 0;
	}
	c->file = c->post.config_file = config_keep(c, file);
	if (!read_file(&r, c->file, false) || !read_drop_ins(&r, c->file))
		return -1;
	r.file = c->file;
	config_check(&r);
	return r.failures ? -1 : 0;
}

int config_load(struct config *c, const char *file, FILE *errors)
{
	return config_load_told(c, file, errors, NULL, NULL);
}
