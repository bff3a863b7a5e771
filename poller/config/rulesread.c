/*
 * etc/rules.ini and etc/providers.ini into the structs of classify/rules.h.
 * The files' format stands at their own top, for the person who edits them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "poller/config/ini.h"
#include "poller/config/rulesread.h"

enum {
	SUFFIXES_MAX = 256,      /* domains or hosts of one provider */
	CONNECTIONS_MAX = 10000, /* of one provider */
	RANK_MAX = 500,
	RANK_LEAST = -900
};

/* One file while it is read. */
struct rules_source {
	const char *name; /* for messages */
	struct span bytes;
	dictionary *ini;
	bool faulty;
	char **owned; /* strings that specs point into */
	size_t owned_count;
	char *error;
	size_t size;
};

static bool refuse(struct rules_source *f, const char *section, const char *key, const char *format,
	...) __attribute__((format(printf, 4, 5)));

static bool refuse(
	struct rules_source *f, const char *section, const char *key, const char *format, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	if (section)
		snprintf(f->error, f->size, "%s: [%s]%s%s: %s", f->name, section, key ? " " : "",
			key ? key : "", why);
	else
		snprintf(f->error, f->size, "%s: %s", f->name, why);
	return false;
}

/* --- bytes ---------------------------------------------------------------- */

/* The first fault is told; the others may be its doing. */
static void take_fault(void *context, const struct ini_fault *fault)
{
	struct rules_source *f = context;

	if (f->faulty)
		return;
	f->faulty = true;
	if (fault->line)
		refuse(f, fault->section, fault->key, "line %u: %s", fault->line, fault->text);
	else
		refuse(f, fault->section, fault->key, "%s", fault->text);
}

static bool begin_rules(struct rules_source *f)
{
	f->ini = ini_parse(f->bytes, take_fault, f);
	if (!f->ini || f->faulty)
		return false;
	f->owned = calloc((size_t)f->ini->n + 2 * (size_t)iniparser_getnsec(f->ini) + 1,
		sizeof *f->owned); /* a value per key, two lists per section */
	return f->owned || refuse(f, NULL, NULL, "no memory");
}

static void end_reading(struct rules_source *f)
{
	for (size_t i = 0; i < f->owned_count; i++)
		free(f->owned[i]);
	free(f->owned);
	if (f->ini)
		iniparser_freedict(f->ini);
}

/* A copy of TEXT that lives as long as the reading and may be cut up. */
static char *own(struct rules_source *f, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		f->owned[f->owned_count++] = copy;
	return copy;
}

/*
 * The next item of a list, trimmed; NULL at the end. Empty items (a separator too many) are passed
 * over.
 */
static char *next_item(char **rest, const char *separator)
{
	char *item;

	while ((item = strsep(rest, separator))) {
		struct span s = span_trim(span_of(item));

		if (!s.n)
			continue;
		item = (char *)s.p;
		item[s.n] = 0;
		return item;
	}
	return NULL;
}

/* --- codes ---------------------------------------------------------------- */

static bool parse_number(const char **p, int *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	*out = (int)strtol(*p, &end, 10);
	*p = end;
	return *out <= 999;
}

/* "606", "606-649", "x" */
static bool parse_range(const char **p, int *low, int *high)
{
	if (**p == 'x') {
		*low = *high = -1;
		++*p;
		return true;
	}
	if (!parse_number(p, low))
		return false;
	*high = *low;
	if (**p != '-')
		return true;
	++*p;
	return parse_number(p, high);
}

/* "550", "550-559", "5.7.1", "5.7.606-649", "4.7.x", "550 5.7.1" */
static bool parse_code(const char *text, struct code_pattern *out)
{
	const char *p = text;
	int subject_high;

	*out = (struct code_pattern){ 0, 0, 0, -1, -1, -1 };
	if (strlen(p) >= 3 && p[1] != '.') {
		if (!parse_range(&p, &out->reply_low, &out->reply_high) || out->reply_low < 200 ||
			out->reply_high > 599)
			return false;
		while (*p == ' ')
			p++;
		if (!*p)
			return true;
	}
	if (!parse_number(&p, &out->digit) || out->digit < 2 || out->digit > 5 || *p++ != '.')
		return false;
	if (!parse_range(&p, &out->subject, &subject_high) || subject_high != out->subject ||
		*p++ != '.')
		return false;
	return parse_range(&p, &out->detail_low, &out->detail_high) && !*p &&
		out->detail_low <= out->detail_high;
}

/* --- rules ---------------------------------------------------------------- */

struct rules_reading {
	struct rules_source *file;
	const char *section;
	struct rule_spec *rule;
};

static bool set_category(struct rules_reading *r, const char *key, char *value)
{
	int n = category_by_name(value);

	if (n <= CATEGORY_NONE)
		return refuse(r->file, r->section, key,
			"unknown category '%s'; the design's words, such as user-unknown or mailbox-full",
			value);
	r->rule->category = (enum category)n;
	return true;
}

static bool set_class(struct rules_reading *r, const char *key, char *value)
{
	r->rule->klass = class_by_name(value);
	if (!strcmp(value, "none"))
		r->rule->klass = CLASS_NONE;
	return r->rule->klass >= 0 ||
		refuse(r->file, r->section, key,
			"unknown class '%s'; hard, soft, block, complaint or none", value);
}

static bool set_kind(struct rules_reading *r, const char *key, char *value)
{
	int n = kind_by_name(value);

	if (n <= KIND_NONE)
		return refuse(r->file, r->section, key,
			"unknown kind '%s'; failure, delay, success, complaint, optout, autoreply, challenge "
			"or authreport",
			value);
	r->rule->kind = (enum kind)n;
	return true;
}

static bool set_mark(struct rules_reading *r, const char *key, char *value)
{
#define MARK_NAME(symbol, name) name,
	static const char *const names[] = { RULE_MARKS(MARK_NAME) };
#undef MARK_NAME
	for (int i = MARK_NONE + 1; i < MARK_COUNT; i++)
		if (!strcmp(names[i], value)) {
			r->rule->mark = (enum rule_mark)i;
			return true;
		}
	return refuse(r->file, r->section, key,
		"unknown mark '%s'; such as returned-message or before-recipient", value);
}

static bool set_where(struct rules_reading *r, const char *key, char *value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} places[] = {
		{ "diagnostic", WHERE_DIAGNOSTIC },
		{ "human", WHERE_HUMAN },
		{ "subject", WHERE_SUBJECT },
		{ "sender", WHERE_SENDER },
		{ "header", WHERE_HEADER },
	};
	char *item;

	r->rule->where = 0;
	while ((item = next_item(&value, ","))) {
		size_t i = 0;

		while (i < sizeof places / sizeof *places && strcmp(places[i].name, item))
			i++;
		if (i == sizeof places / sizeof *places)
			return refuse(r->file, r->section, key,
				"unknown place '%s'; diagnostic, human, subject, sender, header",
				item);
		r->rule->where |= places[i].bit;
	}
	return true;
}

static bool set_provider(struct rules_reading *r, const char *key, char *value)
{
	if (strlen(value) >= sizeof r->rule->provider)
		return refuse(r->file, r->section, key, "is longer than %zu bytes",
			sizeof r->rule->provider - 1);
	strcpy(r->rule->provider, value);
	return true;
}

static bool set_rank(struct rules_reading *r, const char *key, char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (!*value || *end || n < RANK_LEAST || n > RANK_MAX)
		return refuse(r->file, r->section, key, "'%s' is no whole number from %d to %d",
			value, RANK_LEAST, RANK_MAX);
	r->rule->rank = (int)n;
	return true;
}

static bool set_codes(struct rules_reading *r, const char *key, char *value)
{
	char *item;

	while ((item = next_item(&value, ","))) {
		if (r->rule->code_count == RULE_CODES_MAX)
			return refuse(
				r->file, r->section, key, "more than %d codes", RULE_CODES_MAX);
		if (!parse_code(item, &r->rule->codes[r->rule->code_count++]))
			return refuse(r->file, r->section, key,
				"'%s' is no code; write 550, 5.7.1, 5.7.606-649, 4.7.x or 550 5.7.1",
				item);
	}
	return true;
}

static bool set_match(struct rules_reading *r, const char *key, char *value)
{
	r->rule->phrase_and_code = !strcmp(value, "both");
	return r->rule->phrase_and_code || !strcmp(value, "any") ||
		refuse(r->file, r->section, key, "'%s' is neither any nor both", value);
}

static bool set_stage(struct rules_reading *r, const char *key, char *value)
{
	static const struct {
		const char *name;
		enum rule_mark stage;
	} stages[] = {
		{ "connect", MARK_STAGE_CONNECT },
		{ "mail", MARK_STAGE_MAIL },
		{ "rcpt", MARK_STAGE_RCPT },
		{ "data", MARK_STAGE_DATA },
	};

	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (!strcmp(stages[i].name, value)) {
			r->rule->stage = stages[i].stage;
			return true;
		}
	return refuse(
		r->file, r->section, key, "unknown stage '%s'; connect, mail, rcpt, data", value);
}

static bool add_phrases(struct rules_reading *r, const char *key, char *value)
{
	char *item;

	while ((item = next_item(&value, "|"))) {
		if (r->rule->phrase_count == RULE_PHRASES_MAX)
			return refuse(r->file, r->section, key,
				"more than %d phrases; make another section", RULE_PHRASES_MAX);
		r->rule->phrases[r->rule->phrase_count++] = item;
	}
	return true;
}

static const struct rule_key {
	const char *name;
	bool (*set)(struct rules_reading *r, const char *key, char *value);
} RULE_KEYS[] = {
	{ "category", set_category },
	{ "class", set_class },
	{ "kind", set_kind },
	{ "mark", set_mark },
	{ "where", set_where },
	{ "provider", set_provider },
	{ "rank", set_rank },
	{ "codes", set_codes },
	{ "match", set_match },
	{ "stage", set_stage },
};

/* "en", "pt2": a language and, where one line is too short, a number. */
static bool is_language(const char *key)
{
	if (key[0] < 'a' || key[0] > 'z' || key[1] < 'a' || key[1] > 'z')
		return false;
	return !key[2 + strspn(key + 2, "0123456789")];
}

static bool set_rule_key(struct rules_reading *r, const char *key, char *value)
{
	for (size_t i = 0; i < sizeof RULE_KEYS / sizeof *RULE_KEYS; i++)
		if (!strcmp(RULE_KEYS[i].name, key))
			return RULE_KEYS[i].set(r, key, value);
	if (is_language(key))
		return add_phrases(r, key, value);
	return refuse(r->file, r->section, key,
		"unknown key; category, class, kind, mark, where, provider, rank, codes, match, "
		"stage, or a two-letter language with phrases");
}

/* Calls EACH for all keys of SECTION; values may be cut up. */
static bool each_key(struct rules_source *f, const char *section,
	bool (*each)(void *context, const char *key, char *value), void *context)
{
	int n = iniparser_getsecnkeys(f->ini, section);
	const char **keys = calloc((size_t)(n > 0 ? n : 0) + 1, sizeof *keys);
	bool good = keys;

	if (!keys || (n > 0 && !iniparser_getseckeys(f->ini, section, keys)))
		good = refuse(f, section, NULL, "no memory");
	for (int i = 0; good && i < n; i++) {
		const char *text = iniparser_getstring(f->ini, keys[i], "");
		char *value = own(f, text);

		good = value ? each(context, keys[i] + strlen(section) + 1, value)
			     : refuse(f, section, NULL, "no memory");
	}
	free(keys);
	return good;
}

static bool rule_key(void *context, const char *key, char *value)
{
	return set_rule_key(context, key, value);
}

static bool read_rules(struct rules_source *f, struct rule_spec **out, size_t *count)
{
	size_t n = (size_t)iniparser_getnsec(f->ini);
	struct rule_spec *rules = *out = calloc(n + 1, sizeof *rules);

	if (!rules)
		return refuse(f, NULL, NULL, "no memory");
	for (*count = 0; *count < n; ++*count) {
		const char *section = iniparser_getsecname(f->ini, (int)*count);
		struct rules_reading r = { f, section, &rules[*count] };

		if (strlen(section) >= sizeof r.rule->id)
			return refuse(f, section, NULL, "the name is longer than %zu bytes",
				sizeof r.rule->id - 1);
		strcpy(r.rule->id, section);
		r.rule->klass = -1;
		r.rule->where = WHERE_DIAGNOSTIC | WHERE_HUMAN;
		if (!each_key(f, section, rule_key, &r))
			return false;
	}
	return true;
}

/* --- providers ------------------------------------------------------------ */

struct profile_reading {
	struct rules_source *file;
	struct provider_spec *spec;
	const char *domains[SUFFIXES_MAX + 1];
	const char *hosts[SUFFIXES_MAX + 1];
	size_t domain_count, host_count;
};

static bool add_suffixes(
	struct profile_reading *p, const char *key, char *value, const char **list, size_t *count)
{
	char *item;

	while ((item = next_item(&value, ","))) {
		if (*count == SUFFIXES_MAX)
			return refuse(
				p->file, p->spec->name, key, "more than %d names", SUFFIXES_MAX);
		if (item[strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789.-")])
			return refuse(p->file, p->spec->name, key,
				"'%s' is no lower-case host name (A-labels for other scripts)",
				item);
		list[(*count)++] = item;
	}
	return true;
}

static bool profile_key(void *context, const char *key, char *value)
{
	struct profile_reading *p = context;

	if (!strncmp(key, "domains", 7) && !key[7 + strspn(key + 7, "0123456789")])
		return add_suffixes(p, key, value, p->domains, &p->domain_count);
	if (!strncmp(key, "hosts", 5) && !key[5 + strspn(key + 5, "0123456789")])
		return add_suffixes(p, key, value, p->hosts, &p->host_count);
	if (!strcmp(key, "ladder")) {
		p->spec->ladder = value;
		return (*value && strlen(value) < LADDER_NAME_SIZE) ||
			refuse(p->file, p->spec->name, key, "'%s' is no name of a ladder", value);
	}
	if (!strcmp(key, "title")) {
		p->spec->title = value;
		return (*value && strlen(value) < PROVIDER_TITLE_SIZE &&
			       span_is_utf8(span_of(value)) && !strpbrk(value, "\t\r\n\033@")) ||
			refuse(p->file, p->spec->name, key,
				"'%s' is no title of at most %d bytes in UTF-8", value,
				PROVIDER_TITLE_SIZE - 1);
	}
	if (!strcmp(key, "connections")) {
		p->spec->connections = (unsigned)strtoul(value, NULL, 10);
		return (value[strspn(value, "0123456789")] == '\0' && p->spec->connections >= 1 &&
			       p->spec->connections <= CONNECTIONS_MAX) ||
			refuse(p->file, p->spec->name, key, "'%s' is no number from 1 to %d", value,
				CONNECTIONS_MAX);
	}
	if (strcmp(key, "size"))
		return refuse(p->file, p->spec->name, key,
			"unknown key; title, size, ladder, connections, domains or hosts (domains2 … where a line is too short)");
	p->spec->large = !strcmp(value, "large");
	return p->spec->large || !strcmp(value, "small") ||
		refuse(p->file, p->spec->name, key, "'%s' is neither large nor small", value);
}

static const char *const *keep_list(struct rules_source *f, const char **list, size_t count)
{
	const char **copy = calloc(count + 1, sizeof *copy);

	if (copy) {
		memcpy(copy, list, count * sizeof *copy);
		f->owned[f->owned_count++] = (char *)copy;
	}
	return copy;
}

static bool read_providers(struct rules_source *f, struct provider_spec **out, size_t *count)
{
	size_t n = (size_t)iniparser_getnsec(f->ini);
	struct provider_spec *specs = *out = calloc(n + 1, sizeof *specs);

	if (!specs)
		return refuse(f, NULL, NULL, "no memory");
	for (*count = 0; *count < n; ++*count) {
		const char *section = iniparser_getsecname(f->ini, (int)*count);
		struct profile_reading p = { .file = f, .spec = &specs[*count] };

		if (strlen(section) >= sizeof p.spec->name)
			return refuse(f, section, NULL, "the name is longer than %zu bytes",
				sizeof p.spec->name - 1);
		strcpy(p.spec->name, section);
		if (!each_key(f, section, profile_key, &p))
			return false;
		p.spec->domains = keep_list(f, p.domains, p.domain_count);
		p.spec->hosts = keep_list(f, p.hosts, p.host_count);
		if (!p.spec->domains || !p.spec->hosts)
			return refuse(f, section, NULL, "no memory");
	}
	return true;
}

/* --- both ----------------------------------------------------------------- */

struct rules *rules_read_apart(const struct rules_text *rules_text,
	const struct rules_text *providers_text, void (*parsed)(void *context), void *context,
	char *error, size_t size)
{
	struct rules_source rules_file = {
		.name = rules_text->name, .bytes = rules_text->bytes, .error = error, .size = size
	};
	struct rules_source providers_file = { .name = providers_text->name,
		.bytes = providers_text->bytes,
		.error = error,
		.size = size };
	struct rule_spec *rules = NULL;
	struct provider_spec *providers = NULL;
	size_t rule_count = 0, provider_count = 0;
	struct rules *built = NULL;
	char why[512];

	if (!begin_rules(&rules_file) || !begin_rules(&providers_file))
		goto out;
	if (parsed)
		parsed(context);
	if (!read_rules(&rules_file, &rules, &rule_count) ||
		!read_providers(&providers_file, &providers, &provider_count))
		goto out;
	built = rules_build(rules, rule_count, providers, provider_count, why, sizeof why);
	if (!built)
		refuse(strncmp(why, "provider ", 9) ? &rules_file : &providers_file, NULL, NULL,
			"%s", why);
out:
	free(rules);
	free(providers);
	end_reading(&rules_file);
	end_reading(&providers_file);
	return built;
}

struct rules *rules_read(const struct rules_text *rules_text,
	const struct rules_text *providers_text, char *error, size_t size)
{
	return rules_read_apart(rules_text, providers_text, NULL, NULL, error, size);
}
