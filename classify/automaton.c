/*
 * One pass of the automaton over a text; what it is made of stands in
 * automatonparts.h. Case, accents, widths and the shapes of quotes and dashes are
 * folded away (letters.h), because relays lose or change them.
 */
#include "classify/automatonparts.h"

#include <stdlib.h>
#include <unictype.h>
#include <unistr.h>

/* --- pieces of an image --------------------------------------------------- */

bool automaton_pack(struct image *image, const struct automaton *a, size_t patterns, size_t bytes)
{
	size_t nodes = a->base->node_count, words = (size_t)a->base->word_count + 1;

	return image_add(image, PIECE_AUTOMATON, a->base, sizeof *a->base) &&
		image_add(image, PIECE_SLOTS, a->slots,
			((size_t)a->base->slot_mask + 1) * sizeof *a->slots) &&
		image_add(image, PIECE_WORDS, a->words, words * sizeof *a->words) &&
		image_add(image, PIECE_BYTES, a->bytes, bytes) &&
		image_add(image, PIECE_PATTERNS, a->patterns, patterns * sizeof *a->patterns) &&
		image_add(image, PIECE_NODES, a->nodes, nodes * sizeof *a->nodes) &&
		image_add(image, PIECE_ENDINGS, a->endings, nodes * sizeof *a->endings) &&
		image_add(image, PIECE_LEADS, a->leads, nodes * sizeof *a->leads) &&
		image_add(image, PIECE_ROOT, a->root, words * sizeof *a->root);
}

struct automaton *automaton_open(const void *image)
{
	struct automaton *a = calloc(1, sizeof *a);
	size_t bases, slots, words, bytes, patterns, nodes, endings, leads, roots;

	if (!a)
		return NULL;
	/*
	 * nobody writes to them through these pointers but the builder, which has blocks of its own
	 */
	a->base = (struct automaton_base *)image_piece(
		image, PIECE_AUTOMATON, sizeof *a->base, &bases);
	a->slots = (struct slot *)image_piece(image, PIECE_SLOTS, sizeof *a->slots, &slots);
	a->words = (uint32_t *)image_piece(image, PIECE_WORDS, sizeof *a->words, &words);
	a->bytes = (char *)image_piece(image, PIECE_BYTES, 1, &bytes);
	a->patterns = (struct pattern *)image_piece(
		image, PIECE_PATTERNS, sizeof *a->patterns, &patterns);
	a->nodes = (struct node *)image_piece(image, PIECE_NODES, sizeof *a->nodes, &nodes);
	a->endings = (struct ending *)image_piece(
		image, PIECE_ENDINGS, sizeof *a->endings, &endings);
	a->leads = (uint32_t *)image_piece(image, PIECE_LEADS, sizeof *a->leads, &leads);
	a->root = (uint32_t *)image_piece(image, PIECE_ROOT, sizeof *a->root, &roots);
	if (bases == 1 && slots == (size_t)a->base->slot_mask + 1 &&
		words == (size_t)a->base->word_count + 1 && roots == words &&
		nodes == a->base->node_count && endings == nodes && leads == nodes &&
		a->base->gaps <= PHRASE_GAPS)
		return a;
	free(a);
	return NULL;
}

void automaton_free(struct automaton *a)
{
	free(a);
}

const struct letters *automaton_letters(const struct automaton *a)
{
	return &a->base->letters;
}

/* --- words ---------------------------------------------------------------- */

static bool same_phrase(
	const struct automaton *a, const struct slot *slot, const char *bytes, bool folded)
{
	const char *known = a->bytes + a->words[slot->id];

	return folded ? !memcmp(known, bytes, slot->n) : span_same_nocase(known, bytes, slot->n);
}

__attribute__((noinline)) struct slot *automaton_slot(
	const struct automaton *a, uint64_t hash, const char *bytes, size_t n, bool folded)
{
	size_t i = hash & a->base->slot_mask;

	for (;; i = (i + 1) & a->base->slot_mask) {
		struct slot *slot = &a->slots[i];

		if (!slot->id ||
			(slot->hash == hash && slot->n == n &&
				(slot->exact || same_phrase(a, slot, bytes, folded))))
			return slot;
	}
}

/* 0: in no phrase. */
static inline uint32_t word_id(const struct automaton *a, const struct token *t)
{
	const struct slot *first = &a->slots[t->hash & a->base->slot_mask];

	if (t->sign)
		return a->base->sign[*t->begin];
	if (first->hash == t->hash && first->exact && first->n == t->n)
		return first->id;
	if (!first->id)
		return 0;
	return automaton_slot(a, t->hash, t->bytes, t->n, t->folded)->id;
}

/* --- words of a text ------------------------------------------------------ */

/* "OFR006" is known where "OFR000" is: codes of that form differ in their digits only. */
static bool knows_form(const struct automaton *a, const struct token *t)
{
	char form[WORD_MAX];
	bool digits = false, letters = false;

	if (t->n >= WORD_MAX)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		unsigned char c = (unsigned char)t->bytes[i];
		bool digit = c >= '0' && c <= '9';

		if (c < 128)
			c = a->base->letters.ascii[c];
		form[i] = digit ? '0' : (char)c;
		digits |= digit;
		letters |= !digit;
	}
	return digits && letters && automaton_slot(a, token_hash(form, t->n), form, t->n, true)->id;
}

static enum word_sort sort_of(const struct automaton *a, const struct token *t)
{
	ucs4_t c = 0;

	if (t->sign)
		return WORD_SIGN;
	u8_mbtouc(&c, t->begin, (size_t)(t->end - t->begin));
	if (c >= 128 && letters_fold(&a->base->letters, &c) == CHAR_SIGN)
		return uc_is_alpha(c) ? WORD_CHARACTER : WORD_SIGN;
	return word_id(a, t) || knows_form(a, t) ? WORD_KNOWN : WORD_UNKNOWN;
}

bool automaton_next_word(
	const struct automaton *a, struct span text, size_t *at, struct known_word *out)
{
	const unsigned char *begin = (const unsigned char *)text.p, *end = begin + text.n;
	const unsigned char *p = skip_blanks(&a->base->letters, begin + *at, end);
	struct scratch scratch;
	struct token t = { .n = 0 };

	while (p < end && !t.n) {
		t = take_token(&a->base->letters, p, end, &scratch);
		p = t.end > p ? t.end : p + 1;
	}
	if (!t.n)
		return false;
	*out = (struct known_word){ (uint32_t)(t.begin - begin), (uint32_t)(t.end - begin),
		sort_of(a, &t) };
	*at = out->end;
	explicit_bzero(&scratch, sizeof scratch);
	return true;
}

/* --- scanning ------------------------------------------------------------- */

enum { RING = PHRASE_TOKENS_MAX }; /* a power of two */

struct scan {
	const struct automaton *automaton;
	const unsigned char *text;
	unsigned where;
	uint32_t token;      /* number of the last one */
	uint32_t ring[RING]; /* where the last tokens begin */
	uint32_t (*gap)[2];  /* per phrase with a gap: where its first part stood last, if STOOD */
	uint64_t stood[PHRASE_GAPS / 64 + 1];
	struct matches *out;
};

static void add_match(struct matches *out, struct match m)
{
	if (out->count == MATCHES_MAX)
		out->overflow = true;
	else
		out->at[out->count++] = m;
}

/*
 * Is what lies between BEGIN and END one word? Blanks around it and a colon before it do not count.
 */
static bool is_one_word(const struct scan *s, uint32_t begin, uint32_t end)
{
	while (begin < end && (s->text[begin] <= ' ' || s->text[begin] == ':'))
		begin++;
	while (end > begin && s->text[end - 1] <= ' ')
		end--;
	for (uint32_t i = begin; i < end; i++)
		if (s->text[i] <= ' ')
			return false;
	return begin < end;
}

static bool ends_clause(const struct scan *s, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++)
		if (s->text[i] && strchr(".,;:", s->text[i]))
			return true;
	return false;
}

static bool gap_fits(const struct scan *s, enum gap_kind kind, uint32_t begin, uint32_t end)
{
	if (kind == GAP_NEAR)
		return !ends_clause(s, begin, end) &&
			(end - begin <= 1 || is_one_word(s, begin, end));
	return kind == GAP_ANY || is_one_word(s, begin, end);
}

static void pattern_found(struct scan *s, const struct pattern *p, uint32_t end)
{
	uint32_t begin = s->ring[(s->token - p->count + 1) % RING], gap = 0, first = 0;

	switch ((enum pattern_part)p->part) {
	case PART_FIRST:
		s->gap[p->gap][0] = begin;
		s->gap[p->gap][1] = end;
		s->stood[p->gap / 64] |= UINT64_C(1) << p->gap % 64;
		return;
	case PART_SECOND:
		if (!(s->stood[p->gap / 64] >> p->gap % 64 & 1) || begin < s->gap[p->gap][1] ||
			begin - s->gap[p->gap][1] > PHRASE_GAP_MAX)
			return;
		if (!gap_fits(s, s->automaton->base->gap_kind[p->gap], s->gap[p->gap][1], begin))
			return;
		gap = begin - s->gap[p->gap][1];
		begin = s->gap[p->gap][0];
		first = s->gap[p->gap][1] - begin;
		break;
	case PART_WHOLE:
		break;
	}
	add_match(s->out, (struct match){ p->rule, (uint16_t)first, begin, end, gap });
}

static void node_found(struct scan *s, uint32_t node, uint32_t end)
{
	const struct automaton *a = s->automaton;

	for (; node; node = a->endings[node].suffix)
		for (uint32_t i = 0; i < a->endings[node].patterns; i++) {
			const struct pattern *p = &a->patterns[a->endings[node].pattern + i];

			if (p->where & s->where)
				pattern_found(s, p, end);
		}
}

void automaton_scan(
	const struct automaton *a, struct span text, unsigned where, struct matches *out)
{
	uint32_t gap[PHRASE_GAPS][2];
	struct scan s = { .automaton = a,
		.text = (const unsigned char *)text.p,
		.where = where,
		.gap = gap,
		.out = out };
	struct scratch scratch;
	const unsigned char *p, *end;
	uint32_t node = 0;
	bool blank;

	out->count = 0;
	out->overflow = false;
	if (!text.n)
		return;
	if (text.n > UINT32_MAX / 2)
		text.n = UINT32_MAX / 2;
	end = s.text + text.n;
	p = skip_blanks(&a->base->letters, s.text, end);
	blank = p > s.text;
	for (uint32_t number = 1; p < end; number++) {
		struct token t = take_token(&a->base->letters, p, end, &scratch);
		uint32_t id = t.n ? word_id(a, &t) : 0;

		s.ring[number % RING] = (uint32_t)(t.begin - s.text);
		node = id ? step(a, node, id << 1 | (blank | t.blank)) : 0;
		if (a->nodes[node].where & where) {
			s.token = number;
			node_found(&s, node, (uint32_t)(t.end - s.text));
			if (out->overflow)
				break;
		}
		p = t.next;
		blank = t.blank_behind;
	}
}
