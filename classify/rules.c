/*
 * Rules in use: one automaton (automaton.c), a table of providers (provider.c) and
 * lists of those that read codes, all in one image (image.h).
 */
#include <stdlib.h>
#include "classify/sensewords.h"

/* --- open and close ------------------------------------------------------- */

struct rules *rules_open(const void *bytes, size_t n, void (*release)(const void *bytes, size_t n))
{
	struct rules *r = image_fits(bytes, n) ? calloc(1, sizeof *r) : NULL;
	size_t bases, words;

	if (!r)
		return NULL;
	r->image = (struct span){ bytes, n };
	r->base = image_piece(bytes, PIECE_BASE, sizeof *r->base, &bases);
	r->rules = image_piece(bytes, PIECE_RULES, sizeof *r->rules, &r->count);
	r->codes = image_piece(bytes, PIECE_CODES, sizeof *r->codes, &r->code_count);
	r->fields = image_piece(bytes, PIECE_FIELDS, sizeof *r->fields, &r->field_count);
	r->phrases = image_piece(bytes, PIECE_PHRASES, sizeof *r->phrases, &r->phrase_count);
	r->texts = image_piece(bytes, PIECE_TEXTS, 1, &r->texts_size);
	r->words = image_piece(bytes, PIECE_LISTS, sizeof *r->words, &words);
	r->stems = image_piece(bytes, PIECE_STEMS, sizeof *r->stems, &r->stem_count);
	r->automaton = automaton_open(bytes);
	r->providers = provider_table_open(bytes);
	if (bases == 1 && r->automaton && r->providers) {
		r->release = release;
		return r;
	}
	rules_free(r);
	return NULL;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	automaton_free(r->automaton);
	provider_table_free(r->providers);
	if (r->release)
		r->release(r->image.p, r->image.n);
	free(r);
}

struct span rules_image(const struct rules *r)
{
	return r->image;
}

/* --- asking --------------------------------------------------------------- */

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
	if (!s || s->found.overflow || part.p < s->text.p ||
		part.p + part.n > s->text.p + s->text.n)
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

void rules_borrow_lists(struct rules *r, const struct rules *lender)
{
	r->lender = lender;
}

struct list_words {
	const struct list_word *begin, *end;
};

/* The words of LIST, of those who have any: *R becomes the rules that do. */
static struct list_words list_words(const struct rules **r, enum rule_mark list)
{
	const uint32_t *begin = &(*r)->base->list_begin[list - LIST_FIRST];

	if (begin[0] == begin[1] && (*r)->lender) {
		*r = (*r)->lender;
		begin = &(*r)->base->list_begin[list - LIST_FIRST];
	}
	return (struct list_words){ (*r)->words + begin[0], (*r)->words + begin[1] };
}

size_t rules_list_ends(const struct rules *r, enum rule_mark list, struct span text)
{
	struct list_words all = list_words(&r, list);
	size_t longest = 0;

	for (const struct list_word *w = all.begin; w < all.end; w++) {
		if (w->n <= longest ||
			!span_ends_nocase(text, (struct span){ r->texts + w->text, w->n }))
			continue;
		char before = text.n > w->n ? text.p[text.n - w->n - 1] : ' ';
		if (!((before | 0x20) >= 'a' && (before | 0x20) <= 'z') && before != '-')
			longest = w->n;
	}
	return longest;
}

size_t rules_list_begins(const struct rules *r, enum rule_mark list, struct span text)
{
	struct list_words all = list_words(&r, list);
	size_t longest = 0;

	for (const struct list_word *w = all.begin; w < all.end; w++)
		if (w->n > longest &&
			span_starts_nocase(text, (struct span){ r->texts + w->text, w->n }))
			longest = w->n;
	return longest;
}

bool rules_look_at(const struct rules *r, struct span name)
{
	if (r->base->every_field)
		return true;
	for (size_t i = 0;
		i < r->field_count && r->base->field_lengths >> name.n % FIELD_LENGTHS & 1; i++)
		if (span_equal_nocase(
			    name, (struct span){ r->texts + r->fields[i].text, r->fields[i].n }))
			return true;
	return false;
}

bool match_is_inside(const struct matches *found, size_t i)
{
	const struct match *m = &found->at[i];

	for (size_t k = 0; k < found->count; k++) {
		const struct match *other = &found->at[k];

		if (!other->gap && other->begin <= m->begin && other->end >= m->end &&
			other->end - other->begin > m->end - m->begin)
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

size_t rules_count(const struct rules *r)
{
	return r->count;
}

const struct rule *rule_at(const struct rules *r, uint16_t index)
{
	return &r->rules[index];
}

const char *rule_phrase(const struct rules *r, const struct rule *rule, unsigned n)
{
	return r->texts + r->phrases[rule->first_phrase + n];
}

int rules_next_by_code(const struct rules *r, const char *provider, unsigned reply,
	struct status status, size_t *at)
{
	int number = *provider ? provider_number(r->providers, provider) : ANY_PROVIDER;

	while (*at < r->code_count) {
		const struct code_rule *c = &r->codes[(*at)++];

		if (c->provider >
			number) /* they stand by their provider's number, ANY_PROVIDER first */
			break;
		if ((c->provider == ANY_PROVIDER || c->provider == number) &&
			rule_code_fits(&r->rules[c->rule], reply, status))
			return (int)c->rule;
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

const char *provider_titled(const struct rules *r, const char *name)
{
	int number = provider_number(r->providers, name);

	return number >= 0 ? provider_title_of(r->providers, (size_t)number) : NULL;
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

/* --- code patterns -------------------------------------------------------- */

bool rule_code_fits(const struct rule *rule, unsigned reply, struct status status)
{
	for (unsigned i = 0; i < rule->code_count; i++)
		if (code_pattern_fits(&rule->codes[i], reply, status))
			return true;
	return false;
}
