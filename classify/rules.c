/*
 * Rules: checked, copied, and built into one automaton (automaton.c), a table of
 * providers (provider.c) and lists of those that read codes. A rule set that holds
 * a rule which can never speak is refused: it is an error of the person who wrote
 * it, and silence would hide it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/automaton.h"
#include "classify/provider.h"

#define LIST_PREFIX "words."

enum { ANY_PROVIDER = -1, SHORT_WORD_MAX = 2, HEADER_FIELDS_MAX = 256, FIELD_LENGTHS = 64 };

struct code_rule {
	int provider;   /* number of the profile, ANY_PROVIDER */
	uint16_t rule;
};

struct rules {
	struct rule_spec *rules;
	int *provider;            /* per rule */
	size_t count;
	char *phrases;            /* what the specs' phrases point to */
	struct automaton *automaton;
	struct provider_table *providers;
	struct code_rule *codes;  /* by provider */
	size_t code_count;
	struct span fields[HEADER_FIELDS_MAX]; /* names of header fields with which phrases for the header begin */
	size_t field_count;
	uint64_t field_lengths;   /* a bit for the length of each */
	bool every_field;         /* there are phrases that begin otherwise, or too many */
};

static bool refuse(char *error, size_t size, const char *id, const char *format, ...) __attribute__((format(printf, 4, 5)));

static bool refuse(char *error, size_t size, const char *id, const char *format, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	snprintf(error, size, "rule %s: %s", id, why);
	return false;
}

/* --- code patterns --------------------------------------------------------------------------------------- */

bool rule_code_fits(const struct rule_spec *rule, unsigned reply, struct status status)
{
	for (unsigned i = 0; i < rule->code_count; i++)
		if (code_pattern_fits(&rule->codes[i], reply, status))
			return true;
	return false;
}

static bool pattern_sane(const struct code_pattern *p)
{
	if (p->reply_low && (p->reply_low < 200 || p->reply_high > 599 || p->reply_low > p->reply_high))
		return false;
	if (p->digit && (p->digit < 2 || p->digit > 5 || p->subject > 999 || p->detail_high > 999 || p->detail_low > p->detail_high))
		return false;
	return p->reply_low || p->digit;
}

/* Everything that fits INNER fits OUTER. */
static bool pattern_covers(const struct code_pattern *outer, const struct code_pattern *inner)
{
	if (outer->reply_low && !(inner->reply_low >= outer->reply_low && inner->reply_high <= outer->reply_high))
		return false;
	if (!outer->digit)
		return true;
	return outer->digit == inner->digit && (outer->subject < 0 || outer->subject == inner->subject) &&
	       (outer->detail_low < 0 || (inner->detail_low >= outer->detail_low && inner->detail_high <= outer->detail_high));
}

/* --- checks ---------------------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ids_differ(const struct rules *r, char *error, size_t size)
{
	const char **ids = malloc((r->count + 1) * sizeof *ids);
	bool good = true;

	if (!ids)
		return refuse(error, size, "all", "no memory");
	for (size_t i = 0; i < r->count; i++)
		ids[i] = r->rules[i].id;
	qsort(ids, r->count, sizeof *ids, compare_ids);
	for (size_t i = 1; i < r->count && good; i++)
		if (!strcmp(ids[i - 1], ids[i]))
			good = refuse(error, size, ids[i], "this id is there twice");
	free(ids);
	return good;
}

static bool rule_sane(struct rules *r, size_t i, char *error, size_t size)
{
	const struct rule_spec *rule = &r->rules[i];
	int says = (rule->category != CATEGORY_NONE) + (rule->kind != KIND_NONE) + (rule->mark != MARK_NONE);

	if (!*rule->id)
		return refuse(error, size, "(without a name)", "number %zu needs an id", i + 1);
	if (rule->category >= CATEGORY_COUNT || rule->kind >= KIND_COUNT || rule->mark >= MARK_COUNT || rule->klass >= CLASS_COUNT)
		return refuse(error, size, rule->id, "unknown category, kind, mark or class");
	if (says != 1)
		return refuse(error, size, rule->id, "must say exactly one of category, kind and mark");
	if (!rule->phrase_count && !rule->code_count)
		return refuse(error, size, rule->id, "has neither phrases nor codes to match");
	if (rule->phrase_count > RULE_PHRASES_MAX || rule->code_count > RULE_CODES_MAX)
		return refuse(error, size, rule->id, "has more than %d phrases or %d codes", RULE_PHRASES_MAX, RULE_CODES_MAX);
	if (rule->mark == MARK_VOCABULARY)
		r->rules[i].where = 0; /* known, and looked for nowhere */
	else if (rule->phrase_count && !rule->where)
		return refuse(error, size, rule->id, "does not say where its phrases stand");
	if (rule->phrase_and_code && !(rule->phrase_count && rule->code_count))
		return refuse(error, size, rule->id, "wants phrase and code, but has only one of them");
	for (unsigned k = 0; k < rule->code_count; k++)
		if (!pattern_sane(&rule->codes[k]))
			return refuse(error, size, rule->id, "code pattern %u is none", k + 1);
	r->provider[i] = *rule->provider ? provider_number(r->providers, rule->provider) : ANY_PROVIDER;
	if (*rule->provider && r->provider[i] < 0)
		return refuse(error, size, rule->id, "unknown provider '%s'", rule->provider);
	return true;
}

/* Do A and B answer the same question, so that one of them can take the other's matches? */
static bool same_question(const struct rules *r, size_t a, size_t b)
{
	const struct rule_spec *x = &r->rules[a], *y = &r->rules[b];

	return (x->category != CATEGORY_NONE) == (y->category != CATEGORY_NONE) && (x->kind != KIND_NONE) == (y->kind != KIND_NONE) &&
	       x->mark == y->mark && r->provider[a] == r->provider[b];
}

/* Rule B takes whatever matches rule A by the same phrase or code: it is stronger, or as strong and earlier. */
static bool wins(const struct rules *r, size_t b, size_t a)
{
	return same_question(r, a, b) && (r->rules[b].rank > r->rules[a].rank || (r->rules[b].rank == r->rules[a].rank && b < a));
}

/* The rule that takes PHRASE of RULE, or -1. Only the same phrase takes a phrase: a shorter one inside it gives way, whatever its rank. */
static int phrase_taken(const struct rules *r, size_t rule, const char *phrase)
{
	const struct rule_spec *a = &r->rules[rule];
	struct matches found;

	automaton_scan(r->automaton, span_of(phrase), a->where, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct rule_spec *b = rule_at(r, found.at[i].rule);
		bool whole = found.at[i].begin == 0 && found.at[i].end == strlen(phrase);

		if (whole && !b->phrase_and_code && (a->where & ~b->where) == 0 && wins(r, found.at[i].rule, rule))
			return found.at[i].rule;
	}
	return -1;
}

static int code_taken(const struct rules *r, size_t rule, const struct code_pattern *code)
{
	for (size_t i = 0; i < r->code_count; i++) {
		const struct rule_spec *b = &r->rules[r->codes[i].rule];

		if (b->phrase_and_code || !wins(r, r->codes[i].rule, rule))
			continue;
		for (unsigned k = 0; k < b->code_count; k++)
			if (pattern_covers(&b->codes[k], code))
				return r->codes[i].rule;
	}
	return -1;
}

static bool rule_reachable(const struct rules *r, size_t i, char *error, size_t size)
{
	const struct rule_spec *rule = &r->rules[i];

	for (unsigned k = 0; k < rule->phrase_count; k++)
		if (phrase_taken(r, i, rule->phrases[k]) < 0)
			return true;
	for (unsigned k = 0; k < rule->code_count && !rule->phrase_and_code; k++)
		if (code_taken(r, i, &rule->codes[k]) < 0)
			return true;
	return refuse(error, size, rule->id, "can never match: other rules of the same or a higher rank take all its phrases and codes");
}

/* One word of so few letters that ordinary text has it, in one language or another. */
static bool is_short_word(const char *phrase)
{
	size_t n = strlen(phrase);

	return n <= SHORT_WORD_MAX && strspn(phrase, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

void rules_lint(const struct rules *r, void (*visit)(void *context, const char *rule, const char *sentence), void *context)
{
	char sentence[256];
	int taker;

	for (size_t i = 0; i < r->count; i++) {
		const struct rule_spec *rule = &r->rules[i];

		for (unsigned k = 0; k < rule->phrase_count; k++) {
			*sentence = 0;
			if ((taker = phrase_taken(r, i, rule->phrases[k])) >= 0)
				snprintf(sentence, sizeof sentence, "the phrase '%.100s' never counts here: rule %s has it", rule->phrases[k], r->rules[taker].id);
			else if (is_short_word(rule->phrases[k]) && (rule->where & WHERE_HUMAN) && !*rule->provider && rule->mark != MARK_WORDS)
				snprintf(sentence, sizeof sentence, "the phrase '%s' is one short word, which any mail may have", rule->phrases[k]);
			if (*sentence)
				visit(context, rule->id, sentence);
		}
		for (unsigned k = 0; k < rule->code_count && !rule->phrase_and_code; k++)
			if ((taker = code_taken(r, i, &rule->codes[k])) >= 0) {
				snprintf(sentence, sizeof sentence, "its code number %u never counts here: rule %s has it", k + 1, r->rules[taker].id);
				visit(context, rule->id, sentence);
			}
	}
}

/* --- building -------------------------------------------------------------------------------------------- */

static bool copy_rules(struct rules *r, const struct rule_spec *rules, size_t count)
{
	size_t bytes = 1;
	char *p;

	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < rules[i].phrase_count && k < RULE_PHRASES_MAX; k++)
			bytes += strlen(rules[i].phrases[k]) + 1;
	r->rules = malloc((count + 1) * sizeof *r->rules);
	r->provider = calloc(count + 1, sizeof *r->provider);
	r->codes = calloc(count + 1, sizeof *r->codes);
	p = r->phrases = malloc(bytes);
	if (!r->rules || !r->provider || !r->codes || !r->phrases)
		return false;
	memcpy(r->rules, rules, count * sizeof *rules);
	r->count = count;
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < rules[i].phrase_count && k < RULE_PHRASES_MAX; k++) {
			r->rules[i].phrases[k] = p;
			p = stpcpy(p, rules[i].phrases[k]) + 1;
		}
	return true;
}

/* Phrases as the automaton takes them: without lists. */
struct expansion {
	struct phrase *phrases;
	size_t count, room;
	char **texts;             /* made here; the others belong to the rules */
	size_t text_count, text_room;
};

static bool make_room(void **at, size_t count, size_t *room, size_t size)
{
	void *more = *at;

	if (count < *room)
		return true;
	more = realloc(*at, (*room * 2 + 1024) * size);
	if (!more)
		return false;
	*at = more;
	*room = *room * 2 + 1024;
	return true;
}

static const struct rule_spec *find_list(const struct rules *r, const char *name, size_t n)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *id = r->rules[i].id;

		if (r->rules[i].mark == MARK_WORDS && !strncmp(id, LIST_PREFIX, strlen(LIST_PREFIX)) && strlen(id) == strlen(LIST_PREFIX) + n &&
		    !memcmp(id + strlen(LIST_PREFIX), name, n))
			return &r->rules[i];
	}
	return NULL;
}

/* Where the first {list} of TEXT begins, and how long its name is; NULL: none. */
static const char *first_list(const char *text, size_t *n)
{
	const char *p = text;

	while ((p = strchr(p, '{')) && p[1] == '}')
		p += 2;
	*n = p ? strcspn(p + 1, "}") : 0;
	return p;
}

/*
 * PHRASE with every list replaced by each of its phrases; NULL, or what is wrong. What stands before a gap and what stands behind it are matched
 * apart: every phrase of one side needs to come once, not with each of the other's. SETTLED: the lists behind the gap came already.
 */
static const char *expand(const struct rules *r, struct expansion *e, struct phrase phrase, bool settled)
{
	size_t n;
	const char *list = first_list(phrase.text, &n), *wrong = NULL;
	const struct rule_spec *words;

	if (!list) {
		if (e->count == PHRASES_MAX)
			return "makes too many phrases";
		if (!make_room((void **)&e->phrases, e->count, &e->room, sizeof *e->phrases))
			return "finds no memory";
		e->phrases[e->count++] = phrase;
		return NULL;
	}
	words = find_list(r, list + 1, n);
	if (!words || !list[n + 1])
		return "names a list that is not there";
	bool before_gap = strstr(list, " ... ") || strstr(list, " {} ");
	unsigned count = settled && !before_gap ? 1 : words->phrase_count;
	for (unsigned k = 0; k < count && !wrong; k++) {
		char *text;

		if (strchr(words->phrases[k], '{'))
			return "names a list that holds another";
		if (!make_room((void **)&e->texts, e->text_count, &e->text_room, sizeof *e->texts) ||
		    asprintf(&text, "%.*s%s%s", (int)(list - phrase.text), phrase.text, words->phrases[k], list + n + 2) < 0)
			return "finds no memory";
		e->texts[e->text_count++] = text;
		wrong = expand(r, e, (struct phrase){ text, phrase.rule, phrase.family, phrase.where }, settled || (before_gap && k > 0));
	}
	return wrong;
}

static bool expand_all(const struct rules *r, struct expansion *e, char *error, size_t size)
{
	uint16_t family = 0;

	for (size_t i = 0; i < r->count; i++)
		for (unsigned k = 0; k < r->rules[i].phrase_count && r->rules[i].mark != MARK_WORDS; k++) {
			struct phrase phrase = { r->rules[i].phrases[k], (uint16_t)i, ++family, (uint8_t)r->rules[i].where };
			const char *wrong = expand(r, e, phrase, false);

			if (wrong)
				return refuse(error, size, r->rules[i].id, "the phrase '%s' %s", phrase.text, wrong);
		}
	return true;
}

static bool build_automaton(struct rules *r, char *error, size_t size)
{
	struct expansion e = { 0 };
	size_t wrong;
	char why[128];

	if (expand_all(r, &e, error, size)) {
		r->automaton = automaton_build(e.phrases, e.count, &wrong, why, sizeof why);
		if (!r->automaton && wrong < e.count)
			refuse(error, size, r->rules[e.phrases[wrong].rule].id, "the phrase '%s' %s", e.phrases[wrong].text, why);
		else if (!r->automaton)
			refuse(error, size, "all", "%s", why);
	}
	for (size_t i = 0; i < e.text_count; i++)
		free(e.texts[i]);
	free(e.texts);
	free(e.phrases);
	return r->automaton;
}

static int compare_code_rules(const void *a, const void *b)
{
	const struct code_rule *x = a, *y = b;

	return x->provider != y->provider ? x->provider - y->provider : x->rule - y->rule;
}

static void index_codes(struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rules[i].code_count)
			r->codes[r->code_count++] = (struct code_rule){ r->provider[i], (uint16_t)i };
	qsort(r->codes, r->code_count, sizeof *r->codes, compare_code_rules);
}

/* "x-autoreply: yes" can stand in a field of that name only. */
static void note_field(struct rules *r, const char *phrase)
{
	const char *colon = strchr(phrase, ':');
	struct span name = { phrase, colon ? (size_t)(colon - phrase) : 0 };

	for (size_t i = 0; i < name.n; i++)
		r->every_field |= !ascii_digit(phrase[i]) && !((phrase[i] | 0x20) >= 'a' && (phrase[i] | 0x20) <= 'z') && phrase[i] != '-' && phrase[i] != '_';
	r->every_field |= !name.n || r->field_count == HEADER_FIELDS_MAX;
	if (r->every_field)
		return;
	r->fields[r->field_count++] = name;
	r->field_lengths |= UINT64_C(1) << name.n % FIELD_LENGTHS;
}

static void index_fields(struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		for (unsigned k = 0; r->rules[i].where & WHERE_HEADER && k < r->rules[i].phrase_count; k++)
			note_field(r, r->rules[i].phrases[k]);
}

struct rules *rules_build(const struct rule_spec *rules, size_t rule_count, const struct provider_spec *providers,
			  size_t provider_count_, char *error, size_t size)
{
	struct rules *r = calloc(1, sizeof *r);
	size_t i;

	snprintf(error, size, "no memory");
	if (!r || rule_count > UINT16_MAX || !copy_rules(r, rules, rule_count))
		goto fail;
	r->providers = provider_table_build(providers, provider_count_, error, size);
	if (!r->providers)
		goto fail;
	for (i = 0; i < rule_count; i++)
		if (!rule_sane(r, i, error, size))
			goto fail;
	if (!ids_differ(r, error, size) || !build_automaton(r, error, size))
		goto fail;
	index_codes(r);
	index_fields(r);
	for (i = 0; i < rule_count; i++)
		if (!rule_reachable(r, i, error, size))
			goto fail;
	*error = 0;
	return r;
fail:
	rules_free(r);
	return NULL;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	automaton_free(r->automaton);
	provider_table_free(r->providers);
	free(r->rules);
	free(r->provider);
	free(r->codes);
	free(r->phrases);
	free(r);
}

/* --- asking ---------------------------------------------------------------------------------------------- */

void rules_scan(const struct rules *r, struct span text, unsigned where, struct matches *out)
{
	automaton_scan(r->automaton, text, where, out);
}

bool rules_next_word(const struct rules *r, struct span text, size_t *at, struct known_word *out)
{
	return automaton_next_word(r->automaton, text, at, out);
}

void rules_search(const struct rules *r, struct span text, struct searched *out)
{
	out->text = text;
	rules_scan(r, text, WHERE_DIAGNOSTIC | WHERE_HUMAN, &out->found);
}

bool searched_part(const struct searched *s, struct span part, struct matches *out)
{
	if (!s || s->found.overflow || part.p < s->text.p || part.p + part.n > s->text.p + s->text.n)
		return false;
	size_t begin = (size_t)(part.p - s->text.p);
	out->count = 0;
	out->overflow = false;
	for (size_t i = 0; i < s->found.count; i++) {
		struct match m = s->found.at[i];
		if (m.begin < begin || m.end > begin + part.n)
			continue;
		m.begin -= (uint32_t)begin;
		m.end -= (uint32_t)begin;
		out->at[out->count++] = m;
	}
	return true;
}

bool rules_look_at(const struct rules *r, struct span name)
{
	if (r->every_field)
		return true;
	for (size_t i = 0; i < r->field_count && r->field_lengths >> name.n % FIELD_LENGTHS & 1; i++)
		if (span_equal_nocase(name, r->fields[i]))
			return true;
	return false;
}

bool match_is_inside(const struct matches *found, size_t i)
{
	const struct match *m = &found->at[i];

	for (size_t k = 0; k < found->count; k++) {
		const struct match *other = &found->at[k];

		if (!other->gap && other->begin <= m->begin && other->end >= m->end && other->end - other->begin > m->end - m->begin)
			return true;
	}
	return false;
}

bool rules_have(const struct rules *r, const char *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->rules[i].id, id))
			return true;
	return false;
}

size_t rules_count(const struct rules *r) { return r->count; }

const struct rule_spec *rule_at(const struct rules *r, uint16_t index) { return &r->rules[index]; }

int rules_next_by_code(const struct rules *r, const char *provider, unsigned reply, struct status status, size_t *at)
{
	int number = *provider ? provider_number(r->providers, provider) : ANY_PROVIDER;

	while (*at < r->code_count) {
		const struct code_rule *c = &r->codes[(*at)++];

		if (c->provider > number) /* they stand by their provider's number, ANY_PROVIDER first */
			break;
		if ((c->provider == ANY_PROVIDER || c->provider == number) && rule_code_fits(&r->rules[c->rule], reply, status))
			return c->rule;
	}
	return -1;
}

static const char *profile_name(const struct rules *r, int number)
{
	return number < 0 ? NULL : provider_name(r->providers, (size_t)number);
}

const char *provider_by_domain(const struct rules *r, struct span domain)
{
	return profile_name(r, provider_find(r->providers, PROVIDER_DOMAIN, domain));
}

const char *provider_by_host(const struct rules *r, struct span host)
{
	return profile_name(r, provider_find(r->providers, PROVIDER_HOST, host));
}

bool provider_is_large(const struct rules *r, const char *name)
{
	int number = provider_number(r->providers, name);

	return number >= 0 && provider_large(r->providers, (size_t)number);
}

const char *provider_mistyped(const struct rules *r, struct span domain)
{
	return provider_near(r->providers, domain);
}

const char *provider_ladder(const struct rules *r, const char *name)
{
	int number = provider_number(r->providers, name);

	return number >= 0 ? provider_ladder_of(r->providers, (size_t)number) : NULL;
}

unsigned provider_connections(const struct rules *r, const char *name)
{
	int number = provider_number(r->providers, name);

	return number >= 0 ? provider_connections_of(r->providers, (size_t)number) : 0;
}

const char *provider_at(const struct rules *r, size_t n)
{
	return n < provider_count(r->providers) ? provider_name(r->providers, n) : NULL;
}
