/*
 * Phrases to one automaton (automatonparts.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/automatonparts.h"

enum {
	NO_GAP = 0xffff,
	WORDS_MIN = 1024 /* slots of the smallest table of words, a power of two */
};

struct builder {
	struct automaton a;
	uint32_t *symbols; /* rows of the patterns; afterwards the nodes say it */
	size_t symbols_used, pattern_count;
	uint32_t bytes_used; /* of a.bytes */
};

/* --- words ---------------------------------------------------------------- */

/*
 * Room for so many words, and two slots for each at least; the number of slots is a power of two.
 */
static bool resize_words(struct builder *b, uint32_t room)
{
	uint32_t count = WORDS_MIN;
	struct slot *slots;
	uint32_t *words;

	while (count < room * 2)
		count *= 2;
	words = realloc(b->a.words, (count / 2 + 1) * sizeof *words);
	if (!words)
		return false;
	b->a.words = words;
	slots = calloc(count, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; b->a.slots && i <= b->a.base->slot_mask; i++) {
		size_t k = b->a.slots[i].hash & (count - 1);

		while (b->a.slots[i].id && slots[k].id)
			k = (k + 1) & (count - 1);
		if (b->a.slots[i].id)
			slots[k] = b->a.slots[i];
	}
	b->a.base->slot_mask = count - 1;
	free(b->a.slots);
	b->a.slots = slots;
	return true;
}

static uint32_t learn_word(struct builder *b, const struct token *t)
{
	/* Signs stand among the words, too: a wide one may be folded to one. */
	uint64_t hash = t->sign ? token_hash(t->bytes, t->n) : t->hash;
	struct slot *slot = automaton_slot(&b->a, hash, t->bytes, t->n, t->folded);

	if (slot->id)
		return slot->id;
	*slot = (struct slot){ hash, ++b->a.base->word_count, (uint16_t)t->n, t->n <= HASH_EXACT };
	b->a.words[slot->id] = b->bytes_used;
	for (size_t i = 0; i < t->n; i++)
		b->a.bytes[b->bytes_used++] = t->sign || t->folded
			? t->bytes[i]
			: (char)b->a.base->letters.ascii[(unsigned char)t->bytes[i]];
	if (t->sign)
		b->a.base->sign[*t->begin] = slot->id;
	return slot->id;
}

/* --- building ------------------------------------------------------------- */

/* Adds TEXT as one row of symbols; NULL, or what is wrong with it. */
static const char *add_pattern(struct builder *b, struct span text, const struct phrase *phrase,
	enum pattern_part part, unsigned gap)
{
	const unsigned char *begin = (const unsigned char *)text.p, *end = begin + text.n;
	struct scratch scratch;
	struct token t = { .next = skip_blanks(&b->a.base->letters, begin, end) };
	struct pattern *p = &b->a.patterns[b->pattern_count];
	bool letters = false;

	if (b->a.base->word_count + PHRASE_TOKENS_MAX > b->a.base->slot_mask / 2 &&
		!resize_words(b, b->a.base->word_count * 2 + PHRASE_TOKENS_MAX))
		return "finds no memory";
	*p = (struct pattern){ .symbols = (uint32_t)b->symbols_used,
		.rule = phrase->rule,
		.gap = (uint16_t)gap,
		.where = phrase->where,
		.part = (uint8_t)part };
	while (t.next < end) {
		bool blank = t.blank_behind;

		t = take_token(&b->a.base->letters, t.next, end, &scratch);
		if (!t.n)
			break;
		if (t.n >= WORD_MAX)
			return "has too long a word";
		if (p->count == PHRASE_TOKENS_MAX)
			return "is too long";
		letters |= t.n > 1 || b->a.base->letters.ascii[*t.begin] >= CHAR_LETTER;
		b->symbols[b->symbols_used++] = learn_word(b, &t) << 1 |
			(p->count && (blank || t.blank));
		p->count++;
	}
	if (!letters)
		return "has no letters";
	b->pattern_count++;
	return NULL;
}

static const struct gap {
	const char *sign;
	enum gap_kind kind;
} GAPS[] = { { " ... ", GAP_ANY }, { " {} ", GAP_WORD }, { " .. ", GAP_NEAR } };

/* The first gap in TEXT, at *AT; NULL: none. */
static const struct gap *find_gap(const char *text, const char **at)
{
	const struct gap *first = NULL;

	for (size_t i = 0; i < sizeof GAPS / sizeof *GAPS; i++) {
		const char *p = strstr(text, GAPS[i].sign);

		if (p && (!first || p < *at)) {
			first = &GAPS[i];
			*at = p;
		}
	}
	return first;
}

/* PREVIOUS: the phrase before, or NULL. */
static const char *add_phrase(
	struct builder *b, const struct phrase *phrase, const struct phrase *previous)
{
	struct span text = span_of(phrase->text);
	const char *at = text.p, *rest, *wrong = NULL;
	const struct gap *gap = find_gap(text.p, &at);
	bool shared = gap && phrase->family && previous && previous->family == phrase->family;

	if (!gap)
		return add_pattern(b, text, phrase, PART_WHOLE, NO_GAP);
	rest = at + strlen(gap->sign);
	if (find_gap(rest, &wrong))
		return "has more than one gap";
	if (!shared && b->a.base->gaps == PHRASE_GAPS)
		return "is one too many with a gap";
	b->a.base->gaps += !shared;
	b->a.base->gap_kind[b->a.base->gaps - 1] = (uint8_t)gap->kind;
	wrong = add_pattern(b, (struct span){ text.p, (size_t)(at - text.p) }, phrase, PART_FIRST,
		b->a.base->gaps - 1);
	return wrong ? wrong
		     : add_pattern(b, span_of(rest), phrase, PART_SECOND, b->a.base->gaps - 1);
}

static int compare_patterns(const void *x, const void *y, void *context)
{
	const struct builder *b = context;
	const struct pattern *p = x, *q = y;
	unsigned n = p->count < q->count ? p->count : q->count;

	for (unsigned i = 0; i < n; i++) {
		uint32_t s = b->symbols[p->symbols + i], t = b->symbols[q->symbols + i];

		if (s != t)
			return s < t ? -1 : 1;
	}
	if (p->count != q->count)
		return p->count < q->count ? -1 : 1;
	if (p->rule != q->rule)
		return p->rule < q->rule ? -1 : 1;
	if (p->gap != q->gap)
		return p->gap < q->gap ? -1 : 1;
	return p->part - q->part;
}

/* Phrases with lists, and parts of phrases that share a gap, come more than once. */
static void drop_doubles(struct builder *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->pattern_count; i++)
		if (!n || compare_patterns(&b->a.patterns[n - 1], &b->a.patterns[i], b))
			b->a.patterns[n++] = b->a.patterns[i];
	b->pattern_count = n;
}

/*
 * Patterns LOW … HIGH-1 share the way to NODE, of DEPTH symbols: those that end here, and a child
 * for each next symbol.
 */
static void spread(struct builder *b, uint32_t node, uint32_t depth, uint32_t low, uint32_t high,
	uint32_t (*range)[2])
{
	struct node *n = &b->a.nodes[node];

	b->a.endings[node].pattern = low;
	while (low < high && b->a.patterns[low].count == depth)
		n->where |= b->a.patterns[low++].where;
	b->a.endings[node].patterns = (uint16_t)(low - b->a.endings[node].pattern);
	n->first = b->a.base->node_count;
	while (low < high) {
		uint32_t symbol = b->symbols[b->a.patterns[low].symbols + depth];
		uint32_t child = b->a.base->node_count++;

		b->a.leads[child] = symbol;
		n->next |= 1ull << symbol % 64;
		range[child][0] = low;
		while (low < high && b->symbols[b->a.patterns[low].symbols + depth] == symbol)
			low++;
		range[child][1] = low;
		n->children++;
	}
}

/* A node's suffix is shorter than the node, so it has its links already. */
static void link_child(struct builder *b, uint32_t parent, uint32_t child)
{
	uint32_t fail;

	if (!parent) {
		b->a.root[b->a.leads[child] >> 1] = child;
		return;
	}
	fail = step(&b->a, b->a.nodes[parent].fail, b->a.leads[child]);
	b->a.nodes[child].fail = fail;
	b->a.endings[child].suffix = b->a.endings[fail].patterns ? fail : b->a.endings[fail].suffix;
}

static bool lay_out(struct builder *b)
{
	uint32_t(*range)[2] = malloc((b->symbols_used + 1) * sizeof *range);
	uint32_t *depth = calloc(b->symbols_used + 1, sizeof *depth);
	uint32_t node, child;
	bool done = range && depth;

	if (!done)
		goto out;
	b->a.base->node_count = 1;
	range[0][0] = 0;
	range[0][1] = (uint32_t)b->pattern_count;
	for (node = 0; node < b->a.base->node_count; node++) {
		spread(b, node, depth[node], range[node][0], range[node][1], range);
		for (child = b->a.nodes[node].first; child < b->a.base->node_count; child++)
			depth[child] = depth[node] + 1;
	}
	/* Breadth first: all shorter nodes are linked before. */
	for (node = 0; node < b->a.base->node_count; node++)
		for (child = b->a.nodes[node].first;
			child < b->a.nodes[node].first + b->a.nodes[node].children; child++)
			link_child(b, node, child);
	for (node = 1; node < b->a.base->node_count; node++)
		b->a.nodes[node].where |= b->a.nodes[b->a.endings[node].suffix].where;
out:
	free(range);
	free(depth);
	return done;
}

static bool begin_phrase(struct builder *b, const struct phrase *phrases, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(phrases[i].text) + 1;
	b->a.base = calloc(1, sizeof *b->a.base);
	b->a.bytes = malloc(bytes * 3 + 1); /* a folded letter can be longer than it was */
	b->symbols = malloc((bytes + 1) * sizeof *b->symbols);
	b->a.patterns = malloc((count * 2 + 1) * sizeof *b->a.patterns);
	b->a.nodes = calloc(bytes + 1, sizeof *b->a.nodes);
	b->a.endings = calloc(bytes + 1, sizeof *b->a.endings);
	b->a.leads = calloc(bytes + 1, sizeof *b->a.leads);
	if (!b->a.base || !b->a.bytes || !b->symbols || !b->a.patterns || !b->a.nodes ||
		!b->a.endings || !b->a.leads)
		return false;
	letters_fill(&b->a.base->letters);
	return resize_words(b, PHRASE_TOKENS_MAX);
}

/* No slot more than the words need: a small table stays in the cache. */
static bool finish_automaton(struct builder *b)
{
	b->a.root = calloc(b->a.base->word_count + 1, sizeof *b->a.root);
	if (!b->a.root)
		return false;
	qsort_r(b->a.patterns, b->pattern_count, sizeof *b->a.patterns, compare_patterns, b);
	drop_doubles(b);
	return lay_out(b) && resize_words(b, b->a.base->word_count);
}

static void end(struct builder *b)
{
	free(b->a.base);
	free(b->a.slots);
	free(b->a.words);
	free(b->a.bytes);
	free(b->symbols);
	free(b->a.patterns);
	free(b->a.nodes);
	free(b->a.endings);
	free(b->a.leads);
	free(b->a.root);
}

bool automaton_build(struct image *image, const struct phrase *phrases, size_t count, size_t *wrong,
	char *error, size_t size)
{
	struct builder b = { 0 };
	const char *why;
	if (count > PHRASES_MAX)
		why = "there are too many phrases";
	else if (begin_phrase(&b, phrases, count))
		why = NULL;
	else
		why = "no memory";

	*wrong = count;
	for (size_t i = 0; i < count && !why; i++)
		if ((why = add_phrase(&b, &phrases[i], i ? &phrases[i - 1] : NULL)))
			*wrong = i;
	if (!why &&
		!(finish_automaton(&b) &&
			automaton_pack(image, &b.a, b.pattern_count, b.bytes_used)))
		why = "no memory";
	end(&b);
	if (why)
		snprintf(error, size, "%s", why);
	return !why;
}
