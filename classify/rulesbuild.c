/*
 * Rules checked and built into an image (image.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/rulesparts.h"

#define LIST_PREFIX "words."

/* What becomes the pieces of the image. */
struct building {
	struct image image;
	struct rule *rules;
	uint32_t *phrases;
	char *texts;
	struct code_rule *codes;
	struct list_word *words;
	struct field_name fields[HEADER_FIELDS_MAX];
	struct rules_base base;
	struct rules view; /* of the above, for those who only read */
};

/* --- checks --------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ids_differ(const struct rules *r, char *error, size_t size)
{
	const char **ids = malloc((r->count + 1) * sizeof *ids);
	bool good = true;

	if (!ids)
		return rules_refuse(error, size, "all", "no memory");
	for (size_t i = 0; i < r->count; i++)
		ids[i] = r->rules[i].id;
	qsort(ids, r->count, sizeof *ids, compare_ids);
	for (size_t i = 1; i < r->count && good; i++)
		if (!strcmp(ids[i - 1], ids[i]))
			good = rules_refuse(error, size, ids[i], "this id is there twice");
	free(ids);
	return good;
}

static bool rule_sane(const struct rule_spec *rule, size_t i, char *error, size_t size)
{
	int says = (rule->category != CATEGORY_NONE) + (rule->kind != KIND_NONE) +
		(rule->mark != MARK_NONE);

	if (!*rule->id)
		return rules_refuse(
			error, size, "(without a name)", "number %zu needs an id", i + 1);
	if (rule->category >= CATEGORY_COUNT || rule->kind >= KIND_COUNT ||
		rule->mark >= MARK_COUNT || rule->klass >= CLASS_COUNT)
		return rules_refuse(error, size, rule->id, "unknown category, kind, mark or class");
	if (says != 1)
		return rules_refuse(
			error, size, rule->id, "must say exactly one of category, kind and mark");
	if (!rule->phrase_count && !rule->code_count)
		return rules_refuse(
			error, size, rule->id, "has neither phrases nor codes to match");
	if (rule->phrase_count > RULE_PHRASES_MAX || rule->code_count > RULE_CODES_MAX)
		return rules_refuse(error, size, rule->id, "has more than %d phrases or %d codes",
			RULE_PHRASES_MAX, RULE_CODES_MAX);
	if (rule->phrase_count && !rule->where && rule->mark != MARK_VOCABULARY &&
		!mark_is_list(rule->mark))
		return rules_refuse(error, size, rule->id, "does not say where its phrases stand");
	if (rule->phrase_and_code && !(rule->phrase_count && rule->code_count))
		return rules_refuse(
			error, size, rule->id, "wants phrase and code, but has only one of them");
	if (rule->stage && !(rule->phrase_count && rule->category))
		return rules_refuse(
			error, size, rule->id, "wants a stage, but has no category or no phrases");
	if (mark_is_list(rule->mark) && rule->code_count)
		return rules_refuse(error, size, rule->id, "is a list of words and takes no codes");
	for (unsigned k = 0; k < rule->code_count; k++)
		if (!code_pattern_sane(&rule->codes[k]))
			return rules_refuse(
				error, size, rule->id, "code pattern %u is none", k + 1);
	return true;
}

/* --- phrases with lists --------------------------------------------------- */

/* Phrases as the automaton takes them: without lists. */
struct expansion {
	struct phrase *phrases;
	size_t count, room;
	char **texts; /* made here; the others belong to the rules */
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

static const struct rule *find_list(const struct rules *r, const char *name, size_t n)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *id = r->rules[i].id;

		if (r->rules[i].mark == MARK_WORDS &&
			!strncmp(id, LIST_PREFIX, strlen(LIST_PREFIX)) &&
			strlen(id) == strlen(LIST_PREFIX) + n &&
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
 * PHRASE with every list replaced by each of its phrases; NULL, or what is wrong. What stands
 * before a gap and what stands behind it are matched apart: every phrase of one side needs to come
 * once, not with each of the other's. SETTLED: the lists behind the gap came already.
 */
static const char *expand(
	const struct rules *r, struct expansion *e, struct phrase phrase, bool settled)
{
	size_t n;
	const char *list = first_list(phrase.text, &n), *wrong = NULL;
	const struct rule *words;

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
	bool before_gap = strstr(list, " ... ") || strstr(list, " {} ") || strstr(list, " .. ");
	unsigned count = settled && !before_gap ? 1 : words->phrase_count;
	for (unsigned k = 0; k < count && !wrong; k++) {
		char *text;

		if (strchr(rule_phrase(r, words, k), '{'))
			return "names a list that holds another";
		if (!make_room(
			    (void **)&e->texts, e->text_count, &e->text_room, sizeof *e->texts) ||
			asprintf(&text, "%.*s%s%s", (int)(list - phrase.text), phrase.text,
				rule_phrase(r, words, k), list + n + 2) < 0)
			return "finds no memory";
		e->texts[e->text_count++] = text;
		wrong = expand(r, e,
			(struct phrase){ text, phrase.rule, phrase.family, phrase.where },
			settled || (before_gap && k > 0));
	}
	return wrong;
}

static bool is_searched(enum rule_mark mark)
{
	return mark != MARK_WORDS && !mark_is_list(mark);
}

static bool expand_all(const struct rules *r, struct expansion *e, char *error, size_t size)
{
	uint16_t family = 0;

	for (size_t i = 0; i < r->count; i++)
		for (unsigned k = 0; k < r->rules[i].phrase_count && is_searched(r->rules[i].mark);
			k++) {
			struct phrase phrase = { rule_phrase(r, &r->rules[i], k), (uint16_t)i,
				++family, (uint8_t)r->rules[i].where };
			const char *wrong = expand(r, e, phrase, false);

			if (wrong)
				return rules_refuse(error, size, r->rules[i].id,
					"the phrase '%s' %s", phrase.text, wrong);
		}
	return true;
}

/* --- pieces --------------------------------------------------------------- */

static bool build_automaton(struct building *b, char *error, size_t size)
{
	struct expansion e = { 0 };
	size_t wrong;
	char why[128];
	bool good = expand_all(&b->view, &e, error, size);

	if (good && !automaton_build(&b->image, e.phrases, e.count, &wrong, why, sizeof why)) {
		good = false;
		if (wrong < e.count)
			rules_refuse(error, size, b->rules[e.phrases[wrong].rule].id,
				"the phrase '%s' %s", e.phrases[wrong].text, why);
		else
			rules_refuse(error, size, "all", "%s", why);
	}
	for (size_t i = 0; i < e.text_count; i++)
		free(e.texts[i]);
	free(e.texts);
	free(e.phrases);
	return good;
}

static bool make_pieces(struct building *b, const struct rule_spec *specs, size_t count)
{
	size_t phrases = 0, bytes = 1;

	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < specs[i].phrase_count && k < RULE_PHRASES_MAX;
			k++, phrases++)
			bytes += strlen(specs[i].phrases[k]) + 1;
	b->rules = calloc(count + 1, sizeof *b->rules);
	b->phrases = calloc(phrases + 1, sizeof *b->phrases);
	b->codes = calloc(count + 1, sizeof *b->codes);
	b->texts = calloc(bytes, 1);
	b->words = calloc(phrases + 1, sizeof *b->words);
	b->view = (struct rules){ .rules = b->rules,
		.phrases = b->phrases,
		.codes = b->codes,
		.texts = b->texts,
		.texts_size = bytes };
	return b->rules && b->phrases && b->codes && b->texts && b->words;
}

static void copy_rule(struct building *b, const struct rule_spec *spec, int provider)
{
	struct rules *view = &b->view;
	struct rule *rule = &b->rules[view->count++];
	size_t used = view->phrase_count ? b->phrases[view->phrase_count - 1] +
			strlen(b->texts + b->phrases[view->phrase_count - 1]) + 1
					 : 0;

	rule->category = spec->category;
	rule->klass = spec->klass;
	rule->kind = spec->kind;
	rule->mark = spec->mark;
	rule->where = spec->mark == MARK_VOCABULARY || mark_is_list(spec->mark)
		? 0
		: spec->where; /* known, and looked for nowhere */
	rule->provider_number = provider;
	rule->rank = spec->rank;
	rule->code_count = spec->code_count;
	rule->first_phrase = (uint32_t)view->phrase_count;
	rule->phrase_count = spec->phrase_count;
	rule->phrase_and_code = spec->phrase_and_code;
	rule->stage = spec->stage;
	memcpy(rule->id, spec->id, sizeof rule->id);
	memcpy(rule->provider, spec->provider, sizeof rule->provider);
	memcpy(rule->codes, spec->codes, spec->code_count * sizeof *spec->codes);
	for (unsigned k = 0; k < spec->phrase_count; k++) {
		b->phrases[view->phrase_count++] = (uint32_t)used;
		used = (size_t)(stpcpy(b->texts + used, spec->phrases[k]) + 1 - b->texts);
	}
}

static bool check_and_copy(
	struct building *b, const struct rule_spec *specs, size_t count, char *error, size_t size)
{
	struct provider_table *providers = provider_table_open(b->image.bytes);
	bool good = providers || rules_refuse(error, size, "all", "no memory");

	for (size_t i = 0; i < count && good; i++) {
		const char *name = specs[i].provider;
		int number = *name ? provider_number(providers, name) : ANY_PROVIDER;

		good = rule_sane(&specs[i], i, error, size) &&
			(!*name || number >= 0 ||
				rules_refuse(
					error, size, specs[i].id, "unknown provider '%s'", name));
		if (good)
			copy_rule(b, &specs[i], number);
	}
	provider_table_free(providers);
	return good;
}

static int compare_code_rules(const void *a, const void *b)
{
	const struct code_rule *x = a, *y = b;

	return x->provider != y->provider ? x->provider - y->provider : (int)x->rule - (int)y->rule;
}

static void index_codes(struct building *b)
{
	for (size_t i = 0; i < b->view.count; i++)
		if (b->rules[i].code_count)
			b->codes[b->view.code_count++] = (struct code_rule){
				b->rules[i].provider_number, (uint32_t)i
			};
	qsort(b->codes, b->view.code_count, sizeof *b->codes, compare_code_rules);
}

/* "x-autoreply: yes" can stand in a field of that name only. */
static void note_field(struct building *b, uint32_t text)
{
	const char *phrase = b->texts + text, *colon = strchr(phrase, ':');
	size_t n = colon ? (size_t)(colon - phrase) : 0;
	bool odd = !n || b->view.field_count == HEADER_FIELDS_MAX;

	for (size_t i = 0; i < n; i++)
		odd |= !ascii_digit(phrase[i]) &&
			!((phrase[i] | 0x20) >= 'a' && (phrase[i] | 0x20) <= 'z') &&
			phrase[i] != '-' && phrase[i] != '_';
	b->base.every_field |= odd;
	if (b->base.every_field)
		return;
	b->fields[b->view.field_count++] = (struct field_name){ text, (uint32_t)n };
	b->base.field_lengths |= UINT64_C(1) << n % FIELD_LENGTHS;
}

static void index_fields(struct building *b)
{
	for (size_t i = 0; i < b->view.count; i++)
		for (unsigned k = 0;
			b->rules[i].where & WHERE_HEADER && k < b->rules[i].phrase_count; k++)
			note_field(b, b->phrases[b->rules[i].first_phrase + k]);
}

static void index_list(struct building *b, enum rule_mark list, uint32_t *count)
{
	for (size_t i = 0; i < b->view.count; i++)
		for (unsigned k = 0; b->rules[i].mark == list && k < b->rules[i].phrase_count;
			k++) {
			const char *word = rule_phrase(&b->view, &b->rules[i], k);

			b->words[(*count)++] = (struct list_word){ (uint32_t)(word - b->texts),
				(uint32_t)strlen(word) };
		}
}

static void index_lists(struct building *b)
{
	uint32_t *begin = b->base.list_begin;

	for (unsigned i = 0; i < LIST_COUNT; i++) {
		begin[i + 1] = begin[i];
		index_list(b, (enum rule_mark)(LIST_FIRST + i), &begin[i + 1]);
	}
}

static bool add_pieces(struct building *b)
{
	const struct rules *v = &b->view;

	return image_add(&b->image, PIECE_BASE, &b->base, sizeof b->base) &&
		image_add(&b->image, PIECE_RULES, b->rules, v->count * sizeof *b->rules) &&
		image_add(&b->image, PIECE_CODES, b->codes, v->code_count * sizeof *b->codes) &&
		image_add(&b->image, PIECE_FIELDS, b->fields, v->field_count * sizeof *b->fields) &&
		image_add(&b->image, PIECE_PHRASES, b->phrases,
			v->phrase_count * sizeof *b->phrases) &&
		image_add(&b->image, PIECE_TEXTS, b->texts, v->texts_size) &&
		image_add(&b->image, PIECE_LISTS, b->words,
			b->base.list_begin[LIST_COUNT] * sizeof *b->words);
}

static void free_built_image(const void *bytes, size_t n)
{
	(void)n;
	free((void *)bytes);
}

/* The image; on failure it is gone and ERROR says why. */
static struct rules *finish_rules(struct building *b, char *error, size_t size)
{
	struct rules *r = rules_open(b->image.bytes, b->image.used, free_built_image);

	if (r)
		b->image.bytes = NULL; /* it is R's */
	for (size_t i = 0; r && i < r->count; i++)
		if (!rule_reachable(r, i, error, size)) {
			rules_free(r);
			return NULL;
		}
	return r;
}

struct rules *rules_build(const struct rule_spec *rules, size_t rule_count,
	const struct provider_spec *providers, size_t provider_count_, char *error, size_t size)
{
	struct building *b = calloc(1, sizeof *b);
	struct rules *built = NULL;

	snprintf(error, size, "no memory");
	if (!b || rule_count > UINT16_MAX || !make_pieces(b, rules, rule_count) ||
		!provider_table_build(&b->image, providers, provider_count_, error, size) ||
		!check_and_copy(b, rules, rule_count, error, size) ||
		!ids_differ(&b->view, error, size))
		goto out;
	index_codes(b);
	index_fields(b);
	index_lists(b);
	if (add_pieces(b) && stems_build(&b->image, &b->view, error, size) &&
		build_automaton(b, error, size) && (built = finish_rules(b, error, size)))
		*error = 0;
out:
	if (b) {
		free(b->image.bytes);
		free(b->rules);
		free(b->phrases);
		free(b->codes);
		free(b->texts);
		free(b->words);
	}
	free(b);
	return built;
}
