/*
 * Phrases to one automaton, and one pass of it over a text.
 *
 * A token is a run of letters and digits, or one sign; of scripts that set no
 * blanks between words, one character. It carries whether white space stood
 * before it. Case, accents, widths and the shapes of quotes and dashes are folded
 * away, because relays lose or change them.
 *
 * The phrases, as rows of symbols (word number and blank), are sorted, and the
 * trie is laid out in breadth-first order, so that the children of a node are
 * neighbours in ascending order of their symbol: no pointers, a binary search.
 * The root alone finds its children through an array by word.
 *
 * "over ... quota" is two phrases; the second counts where the first stood at
 * most PHRASE_GAP_MAX bytes before it. In "user {} unknown" the bytes between may
 * be one word only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include "classify/automaton.h"
#include "classify/base/bytes.h"

enum {
	WORD_MAX = 64,            /* bytes of a word that can stand in a phrase; longer ones are unknown */
	LETTERS = 0x530,          /* Latin, Greek, Cyrillic: folded through a table */
	HASH_EXACT = 8,           /* bytes of a word that its hash holds whole */
	NO_GAP = 0xffff,
	WORDS_MIN = 1024          /* slots of the smallest table of words, a power of two */
};

/* What a byte or character is, where not the letter that it folds to. */
enum { CHAR_BLANK = 0, CHAR_SIGN = 1, CHAR_NOTHING = 2, CHAR_WIDE = 3, CHAR_LETTER = 32 };

enum part { PART_WHOLE, PART_FIRST, PART_SECOND };

struct pattern {
	uint32_t symbols; /* where its row begins */
	uint16_t count;
	uint16_t rule;
	uint16_t gap;     /* its number among the phrases with a gap */
	uint8_t where;
	uint8_t part;
};

/* What is looked at for every token of a text is kept apart, and small: it stays in the cache. */
struct node {
	uint64_t next;         /* bit symbol % 64 of every child: most symbols lead nowhere, and that shows at once */
	uint32_t first;        /* its children are first … first + children - 1 */
	uint32_t fail;         /* the longest proper suffix that is a node, too */
	uint16_t children;
	uint8_t where;         /* of all patterns that end here, shorter ones too */
};

struct ending {
	uint32_t suffix;       /* the longest proper suffix with patterns; 0: none */
	uint32_t pattern;      /* the first of those that end here */
	uint16_t patterns;
};

struct slot {
	uint64_t hash;
	uint32_t id;    /* 0: free */
	uint16_t n;
	bool exact;     /* short: its hash is no other word's of its length */
};

struct automaton {
	unsigned char ascii[256];
	uint32_t sign[128];                /* ids of signs: every second token is one */
	uint16_t letter[LETTERS];
	struct slot *slots;                /* open addressing */
	uint32_t *words;                   /* by id, from 1: where its bytes begin */
	uint32_t slot_mask, word_count;
	char *bytes;
	uint32_t bytes_used;
	uint32_t *symbols;
	size_t symbols_used;
	struct pattern *patterns;
	size_t pattern_count;
	struct node *nodes;                /* nodes[0] is the root */
	struct ending *endings;            /* by node */
	uint32_t *leads;                   /* by node: the symbol that leads there */
	uint32_t node_count;
	uint32_t *root;                    /* by word */
	unsigned gaps;
	bool gap_is_word[PHRASE_GAPS];
};

/* One word or sign of a text. */
struct token {
	const unsigned char *begin, *end;
	const unsigned char *next;         /* where the next one begins, or the end */
	const char *bytes;                 /* folded, or as they stand: plain ASCII */
	size_t n;                          /* of bytes; WORD_MAX: too long for any phrase; 0: nothing but white space came */
	uint64_t hash;
	bool sign;                         /* one byte, without a hash */
	bool folded;
	bool blank;                        /* white space that is no ASCII stands before it */
	bool blank_behind;
};

/* Where a word is folded. */
struct scratch {
	char word[WORD_MAX + 8];
};

/* --- characters ---------------------------------------------------------------------------------------- */

static ucs4_t base_letter(ucs4_t c)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	ucs4_t base = uc_tolower(c);

	while (uc_canonical_decomposition(base, parts) > 0)
		base = parts[0];
	return base;
}

static void fill_characters(struct automaton *a)
{
	unsigned c;

	for (c = 0; c < 128; c++)
		a->ascii[c] = c <= ' ' || c == 127 ? CHAR_BLANK : CHAR_SIGN;
	for (c = '0'; c <= '9'; c++)
		a->ascii[c] = (unsigned char)c;
	for (c = 'a'; c <= 'z'; c++)
		a->ascii[c] = a->ascii[c - 'a' + 'A'] = (unsigned char)c;
	for (c = 128; c < 256; c++)
		a->ascii[c] = CHAR_WIDE;
	for (c = 128; c < LETTERS; c++)
		a->letter[c] = uc_is_alpha(c) ? (uint16_t)base_letter(c) : CHAR_SIGN;
	for (c = 0x80; c <= 0xa0; c++)
		a->letter[c] = CHAR_BLANK;
	for (c = 0x300; c < 0x370; c++)
		a->letter[c] = CHAR_NOTHING; /* combining accents */
	a->letter[0xad] = CHAR_NOTHING;      /* soft hyphen */
}

static const struct { ucs4_t low, high; unsigned as; } RANGES[] = {
	{ 0x0e00, 0x0eff, CHAR_SIGN },    /* Thai, Lao */
	{ 0x1000, 0x109f, CHAR_SIGN },    /* Myanmar */
	{ 0x1780, 0x17ff, CHAR_SIGN },    /* Khmer */
	{ 0x2000, 0x200a, CHAR_BLANK },
	{ 0x200b, 0x200f, CHAR_NOTHING },
	{ 0x2028, 0x202f, CHAR_BLANK },
	{ 0x205f, 0x205f, CHAR_BLANK },
	{ 0x2060, 0x2064, CHAR_NOTHING },
	{ 0x3000, 0x3000, CHAR_BLANK },
	{ 0x3040, 0x30ff, CHAR_SIGN },    /* Hiragana, Katakana */
	{ 0x3400, 0x4dbf, CHAR_SIGN },
	{ 0x4e00, 0x9fff, CHAR_SIGN },    /* Han */
	{ 0xac00, 0xd7af, CHAR_SIGN },    /* Hangul: its particles are written onto the word */
	{ 0xf900, 0xfaff, CHAR_SIGN },
	{ 0xfe00, 0xfe0f, CHAR_NOTHING },
	{ 0xfeff, 0xfeff, CHAR_NOTHING },
	{ 0xff66, 0xff9f, CHAR_SIGN },
	{ 0x20000, 0x3ffff, CHAR_SIGN },
};

/* Traditional Chinese characters and what they are in simplified writing: those that reports about mail use. In ascending order. */
static const struct { uint16_t traditional, simplified; } HAN[] = {
	{ 0x4fc2, 0x7cfb }, { 0x500b, 0x4e2a }, { 0x5099, 0x5907 }, { 0x50b3, 0x4f20 }, { 0x50f9, 0x4ef7 }, { 0x5132, 0x50a8 },
	{ 0x5167, 0x5185 }, { 0x5169, 0x4e24 }, { 0x51cd, 0x51bb }, { 0x5225, 0x522b }, { 0x5247, 0x5219 }, { 0x52d5, 0x52a8 },
	{ 0x52d9, 0x52a1 }, { 0x52f5, 0x52b1 }, { 0x5354, 0x534f }, { 0x53c3, 0x53c2 }, { 0x54e1, 0x5458 }, { 0x555f, 0x542f },
	{ 0x55ae, 0x5355 }, { 0x5617, 0x5c1d }, { 0x56b4, 0x4e25 }, { 0x570d, 0x56f4 }, { 0x5712, 0x56ed }, { 0x57f7, 0x6267 },
	{ 0x58d3, 0x538b }, { 0x58de, 0x574f }, { 0x593e, 0x5939 }, { 0x5be6, 0x5b9e }, { 0x5be9, 0x5ba1 }, { 0x5beb, 0x5199 },
	{ 0x5c07, 0x5c06 }, { 0x5c0d, 0x5bf9 }, { 0x5c0e, 0x5bfc }, { 0x5c64, 0x5c42 }, { 0x5c6c, 0x5c5e }, { 0x5e33, 0x5e10 },
	{ 0x5e36, 0x5e26 }, { 0x5ee3, 0x5e7f }, { 0x5f8c, 0x540e }, { 0x5f91, 0x5f84 }, { 0x5f9e, 0x4ece }, { 0x5fa9, 0x590d },
	{ 0x61c9, 0x5e94 }, { 0x6236, 0x6237 }, { 0x64c1, 0x62e5 }, { 0x64c7, 0x62e9 }, { 0x64cb, 0x6321 }, { 0x64da, 0x636e },
	{ 0x6514, 0x62e6 }, { 0x6557, 0x8d25 }, { 0x6578, 0x6570 }, { 0x65b7, 0x65ad }, { 0x65bc, 0x4e8e }, { 0x6642, 0x65f6 },
	{ 0x66ab, 0x6682 }, { 0x66c6, 0x5386 }, { 0x66f8, 0x4e66 }, { 0x696d, 0x4e1a }, { 0x69cb, 0x6784 }, { 0x6a02, 0x4e50 },
	{ 0x6a19, 0x6807 }, { 0x6a23, 0x6837 }, { 0x6a94, 0x6863 }, { 0x6aa2, 0x68c0 }, { 0x6b0a, 0x6743 }, { 0x6b61, 0x6b22 },
	{ 0x6b77, 0x5386 }, { 0x6b98, 0x6b8b }, { 0x6c92, 0x6ca1 }, { 0x6e1b, 0x51cf }, { 0x6e2c, 0x6d4b }, { 0x6eff, 0x6ee1 },
	{ 0x6ffe, 0x6ee4 }, { 0x7063, 0x6e7e }, { 0x70ba, 0x4e3a }, { 0x7121, 0x65e0 }, { 0x73fe, 0x73b0 }, { 0x7522, 0x4ea7 },
	{ 0x7570, 0x5f02 }, { 0x767c, 0x53d1 }, { 0x78ba, 0x786e }, { 0x78bc, 0x7801 }, { 0x7a2e, 0x79cd }, { 0x7a31, 0x79f0 },
	{ 0x7a4d, 0x79ef }, { 0x7bc0, 0x8282 }, { 0x7bc4, 0x8303 }, { 0x7bc9, 0x7b51 }, { 0x7d04, 0x7ea6 }, { 0x7d05, 0x7ea2 },
	{ 0x7d1a, 0x7ea7 }, { 0x7d30, 0x7ec6 }, { 0x7d42, 0x7ec8 }, { 0x7d44, 0x7ec4 }, { 0x7d50, 0x7ed3 }, { 0x7d55, 0x7edd },
	{ 0x7d61, 0x7edc }, { 0x7d66, 0x7ed9 }, { 0x7d71, 0x7edf }, { 0x7d93, 0x7ecf }, { 0x7dad, 0x7ef4 }, { 0x7db2, 0x7f51 },
	{ 0x7dda, 0x7ebf }, { 0x7de8, 0x7f16 }, { 0x7de9, 0x7f13 }, { 0x7df4, 0x7ec3 }, { 0x7e2e, 0x7f29 }, { 0x7e3d, 0x603b },
	{ 0x7e7c, 0x7ee7 }, { 0x7e8c, 0x7eed }, { 0x806f, 0x8054 }, { 0x8077, 0x804c }, { 0x81fa, 0x53f0 }, { 0x8207, 0x4e0e },
	{ 0x8655, 0x5904 }, { 0x865f, 0x53f7 }, { 0x8907, 0x590d }, { 0x898b, 0x89c1 }, { 0x898f, 0x89c4 }, { 0x8996, 0x89c6 },
	{ 0x8a0a, 0x8baf }, { 0x8a18, 0x8bb0 }, { 0x8a2d, 0x8bbe }, { 0x8a31, 0x8bb8 }, { 0x8a3b, 0x6ce8 }, { 0x8a50, 0x8bc8 },
	{ 0x8a66, 0x8bd5 }, { 0x8a71, 0x8bdd }, { 0x8a72, 0x8be5 }, { 0x8a8d, 0x8ba4 }, { 0x8a9e, 0x8bed }, { 0x8aa4, 0x8bef },
	{ 0x8ab0, 0x8c01 }, { 0x8acb, 0x8bf7 }, { 0x8b49, 0x8bc1 }, { 0x8b70, 0x8bae }, { 0x8b77, 0x62a4 }, { 0x8b80, 0x8bfb },
	{ 0x8ca0, 0x8d1f }, { 0x8caf, 0x8d2e }, { 0x8cb7, 0x4e70 }, { 0x8cc7, 0x8d44 }, { 0x8ce3, 0x5356 }, { 0x8cfc, 0x8d2d },
	{ 0x8f09, 0x8f7d }, { 0x8f2f, 0x8f91 }, { 0x8f38, 0x8f93 }, { 0x8f49, 0x8f6c }, { 0x8fa6, 0x529e }, { 0x9019, 0x8fd9 },
	{ 0x9023, 0x8fde }, { 0x904e, 0x8fc7 }, { 0x9054, 0x8fbe }, { 0x9055, 0x8fdd }, { 0x905e, 0x9012 }, { 0x9060, 0x8fdc },
	{ 0x9072, 0x8fdf }, { 0x9078, 0x9009 }, { 0x9084, 0x8fd8 }, { 0x90f5, 0x90ae }, { 0x91cb, 0x91ca }, { 0x91e3, 0x9493 },
	{ 0x92b7, 0x9500 }, { 0x9304, 0x5f55 }, { 0x932f, 0x9519 }, { 0x9396, 0x9501 }, { 0x9418, 0x949f }, { 0x9577, 0x957f },
	{ 0x9589, 0x95ed }, { 0x9593, 0x95f4 }, { 0x95b1, 0x9605 }, { 0x95dc, 0x5173 }, { 0x9663, 0x9635 }, { 0x969b, 0x9645 },
	{ 0x96e2, 0x79bb }, { 0x96f2, 0x4e91 }, { 0x96fb, 0x7535 }, { 0x97d3, 0x97e9 }, { 0x97ff, 0x54cd }, { 0x984c, 0x9898 },
	{ 0x984d, 0x989d }, { 0x985e, 0x7c7b }, { 0x986f, 0x663e }, { 0x9918, 0x4f59 }, { 0x9a19, 0x9a97 }, { 0x9a57, 0x9a8c },
	{ 0x9ad4, 0x4f53 }, { 0x9b5a, 0x9c7c },
};

static ucs4_t simplify_han(ucs4_t c)
{
	size_t low = 0, high = sizeof HAN / sizeof *HAN;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (HAN[middle].traditional < c)
			low = middle + 1;
		else if (HAN[middle].traditional > c)
			high = middle;
		else
			return HAN[middle].simplified;
	}
	return c;
}

/* CHAR_BLANK, CHAR_SIGN, CHAR_NOTHING, or CHAR_LETTER; *C becomes what it is folded to. */
static unsigned fold_wide(const struct automaton *a, ucs4_t *c)
{
	size_t i;

	if (*c >= 0xff01 && *c <= 0xff5e)
		*c -= 0xfee0; /* full-width ASCII */
	else if (*c >= 0x2010 && *c <= 0x2015)
		*c = '-';
	else if (*c >= 0x2018 && *c <= 0x201b)
		*c = '\'';
	else if ((*c >= 0x201c && *c <= 0x201f) || *c == 0xab || *c == 0xbb)
		*c = '"';
	if (*c < LETTERS) {
		unsigned as = *c < 128 ? a->ascii[*c] : a->letter[*c];

		if (as < CHAR_LETTER)
			return as;
		*c = as;
		return CHAR_LETTER;
	}
	if (*c >= HAN[0].traditional && *c <= 0x9fff)
		*c = simplify_han(*c);
	for (i = 0; i < sizeof RANGES / sizeof *RANGES; i++)
		if (*c >= RANGES[i].low && *c <= RANGES[i].high)
			return RANGES[i].as;
	if (!uc_is_alpha(*c))
		return CHAR_SIGN;
	*c = uc_tolower(*c);
	return CHAR_LETTER;
}

/* --- tokens -------------------------------------------------------------------------------------------- */

/* What is left of the first N bytes of a vector. */
static inline bytes16 first_bytes(bytes16 b, size_t n)
{
	static const unsigned char keep[2 * BYTES] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	return b & bytes_load((const char *)keep + BYTES - n);
}

static inline uint64_t turn(uint64_t x) { return x << 32 | x >> 32; }

/* Adds sixteen bytes, lower-case letters and digits or zeros behind them: eight alone give each its own hash. */
static inline uint64_t hash_bytes(uint64_t hash, bytes16 b)
{
	uint64_t half[2];
	memcpy(half, &b, sizeof half);
	return turn(hash) + half[0] * 0x9e3779b97f4a7c15u + turn(half[1] * 0xc2b2ae3d27d4eb4fu); /* Fibonacci hashing */
}

static inline uint64_t hash_end(uint64_t hash) { return hash ^ hash >> 32; }

/* Of N bytes at P that are folded already. */
static uint64_t hash_folded(const char *p, size_t n)
{
	uint64_t hash = 0;
	for (; n >= BYTES; p += BYTES, n -= BYTES)
		hash = hash_bytes(hash, bytes_load(p));
	return hash_end(n ? hash_bytes(hash, bytes_load_some(p, n)) : hash);
}

static inline bytes16 fold_ascii(bytes16 b) { return b | bytes_all('a' - 'A'); } /* digits have that bit */

static inline unsigned letters_and_digits(bytes16 b)
{
	return bytes_mask(bytes_between(fold_ascii(b), 'a', 'z') | bytes_between(b, '0', '9'));
}

static void add_char(struct scratch *s, size_t *length, ucs4_t c)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, c, sizeof bytes);

	for (int i = 0; i < n; i++) {
		s->word[*length] = (char)bytes[i];
		*length += *length < WORD_MAX;
	}
}

static const unsigned char *skip_blanks(const struct automaton *a, const unsigned char *p, const unsigned char *end)
{
	while (p < end && a->ascii[*p] == CHAR_BLANK)
		p++;
	return p;
}

/* T is folded, N bytes of S, and ends at P. */
static void end_token(const struct automaton *a, struct token *t, const struct scratch *s, size_t n, const unsigned char *p, const unsigned char *end)
{
	t->bytes = s->word;
	t->n = n;
	t->hash = hash_folded(s->word, n);
	t->folded = true;
	t->end = p;
	t->next = skip_blanks(a, p, end);
	t->blank_behind = t->next > p;
}

/* The token that begins at P with a character that is not ASCII or meets one. */
static struct token wide_token(const struct automaton *a, const unsigned char *p, const unsigned char *end, struct scratch *s)
{
	struct token t = { .begin = p };
	size_t n = 0;

	while (p < end) {
		ucs4_t c;
		int length = u8_mbtouc(&c, p, (size_t)(end - p));
		unsigned kind = fold_wide(a, &c);

		if (kind != CHAR_NOTHING && kind != CHAR_LETTER && n)
			break;
		if (kind == CHAR_BLANK)
			t.blank = true;
		if (kind == CHAR_LETTER || kind == CHAR_SIGN) {
			if (!n)
				t.begin = p;
			add_char(s, &n, c);
		}
		p += length;
		if (kind == CHAR_SIGN)
			break;
	}
	end_token(a, &t, s, n, p, end);
	return t;
}

/* A word of BYTES letters and digits or more begins at P. */
static struct token long_token(const struct automaton *a, const unsigned char *p, const unsigned char *end, struct scratch *s)
{
	struct token t = { .begin = p };
	size_t n = 0;

	while (p < end && a->ascii[*p] >= CHAR_LETTER) {
		s->word[n] = (char)a->ascii[*p++];
		n += n < WORD_MAX;
	}
	if (p < end && a->ascii[*p] == CHAR_WIDE)
		return wide_token(a, t.begin, end, s);
	end_token(a, &t, s, n, p, end);
	return t;
}

static inline unsigned blanks(bytes16 b)
{
	return bytes_mask((bytes16)(b <= bytes_all(' ')) | bytes_are(b, 127));
}

/*
 * The token that begins at P, which is before END and no ASCII blank. Sixteen bytes show most of them whole, with the blanks behind: no branch that
 * depends on their length.
 */
__attribute__((always_inline)) static inline struct token take_token(const struct automaton *a, const unsigned char *p, const unsigned char *end,
								     struct scratch *s)
{
	size_t left = (size_t)(end - p);
	bytes16 b = left < BYTES ? bytes_load_some((const char *)p, left) : bytes_load((const char *)p); /* behind the end zeros, which are blanks */
	unsigned word = letters_and_digits(b), wide = bytes_mask((bytes16)(b >= bytes_all(0x80)));
	size_t n = (size_t)__builtin_ctz(~word), length = n + !n, next;
	struct token t = { .begin = p, .end = p + length, .bytes = (const char *)p, .n = length, .sign = !n };

	if (n == BYTES)
		return long_token(a, p, end, s);
	if (wide >> n & 1)
		return wide_token(a, p, end, s);
	next = length + (size_t)__builtin_ctz(~(blanks(b) >> length));
	t.blank_behind = next > length;
	t.next = next < left ? p + next : end;
	if (next == BYTES)
		t.next = skip_blanks(a, t.next, end);
	if (n)
		t.hash = hash_end(hash_bytes(0, first_bytes(fold_ascii(b), n)));
	return t;
}

/* --- words --------------------------------------------------------------------------------------------- */

static bool same_bytes(const struct automaton *a, const struct slot *slot, const char *bytes, bool folded)
{
	const char *known = a->bytes + a->words[slot->id];

	return folded ? !memcmp(known, bytes, slot->n) : span_same_nocase(known, bytes, slot->n);
}

__attribute__((noinline)) static struct slot *word_slot(const struct automaton *a, uint64_t hash, const char *bytes, size_t n, bool folded)
{
	size_t i = hash & a->slot_mask;

	for (;; i = (i + 1) & a->slot_mask) {
		struct slot *slot = &a->slots[i];

		if (!slot->id || (slot->hash == hash && slot->n == n && (slot->exact || same_bytes(a, slot, bytes, folded))))
			return slot;
	}
}

/* Room for so many words, and two slots for each at least; the number of slots is a power of two. */
static bool resize_words(struct automaton *a, uint32_t room)
{
	uint32_t count = WORDS_MIN;
	struct slot *slots;
	uint32_t *words;

	while (count < room * 2)
		count *= 2;
	words = realloc(a->words, (count / 2 + 1) * sizeof *words);
	if (!words)
		return false;
	a->words = words;
	slots = calloc(count, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; a->slots && i <= a->slot_mask; i++) {
		size_t k = a->slots[i].hash & (count - 1);

		while (a->slots[i].id && slots[k].id)
			k = (k + 1) & (count - 1);
		if (a->slots[i].id)
			slots[k] = a->slots[i];
	}
	a->slot_mask = count - 1;
	free(a->slots);
	a->slots = slots;
	return true;
}

static uint32_t learn_word(struct automaton *a, const struct token *t)
{
	/* Signs stand among the words, too: a wide one may be folded to one. */
	uint64_t hash = t->sign ? hash_folded(t->bytes, t->n) : t->hash;
	struct slot *slot = word_slot(a, hash, t->bytes, t->n, t->folded);

	if (slot->id)
		return slot->id;
	*slot = (struct slot){ hash, ++a->word_count, (uint16_t)t->n, t->n <= HASH_EXACT };
	a->words[slot->id] = a->bytes_used;
	for (size_t i = 0; i < t->n; i++)
		a->bytes[a->bytes_used++] = t->sign || t->folded ? t->bytes[i] : (char)a->ascii[(unsigned char)t->bytes[i]];
	if (t->sign)
		a->sign[*t->begin] = slot->id;
	return slot->id;
}

/* 0: in no phrase. */
static inline uint32_t word_id(const struct automaton *a, const struct token *t)
{
	const struct slot *first = &a->slots[t->hash & a->slot_mask];

	if (t->sign)
		return a->sign[*t->begin];
	if (first->hash == t->hash && first->exact && first->n == t->n)
		return first->id;
	if (!first->id)
		return 0;
	return word_slot(a, t->hash, t->bytes, t->n, t->folded)->id;
}

/* --- building ------------------------------------------------------------------------------------------ */

/* Adds TEXT as one row of symbols; NULL, or what is wrong with it. */
static const char *add_pattern(struct automaton *a, struct span text, const struct phrase *phrase, enum part part, unsigned gap)
{
	const unsigned char *begin = (const unsigned char *)text.p, *end = begin + text.n;
	struct scratch scratch;
	struct token t = { .next = skip_blanks(a, begin, end) };
	struct pattern *p = &a->patterns[a->pattern_count];
	bool letters = false;

	if (a->word_count + PHRASE_TOKENS_MAX > a->slot_mask / 2 && !resize_words(a, a->word_count * 2 + PHRASE_TOKENS_MAX))
		return "finds no memory";
	*p = (struct pattern){ .symbols = (uint32_t)a->symbols_used, .rule = phrase->rule, .gap = (uint16_t)gap,
			       .where = phrase->where, .part = (uint8_t)part };
	while (t.next < end) {
		bool blank = t.blank_behind;

		t = take_token(a, t.next, end, &scratch);
		if (!t.n)
			break;
		if (t.n >= WORD_MAX)
			return "has too long a word";
		if (p->count == PHRASE_TOKENS_MAX)
			return "is too long";
		letters |= t.n > 1 || a->ascii[*t.begin] >= CHAR_LETTER;
		a->symbols[a->symbols_used++] = learn_word(a, &t) << 1 | (p->count && (blank || t.blank));
		p->count++;
	}
	if (!letters)
		return "has no letters";
	a->pattern_count++;
	return NULL;
}

static const struct gap { const char *sign; bool is_word; } GAPS[] = { { " ... ", false }, { " {} ", true } };

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
static const char *add_phrase(struct automaton *a, const struct phrase *phrase, const struct phrase *previous)
{
	struct span text = span_of(phrase->text);
	const char *at, *rest, *wrong;
	const struct gap *gap = find_gap(text.p, &at);
	bool shared = gap && phrase->family && previous && previous->family == phrase->family;

	if (!gap)
		return add_pattern(a, text, phrase, PART_WHOLE, NO_GAP);
	rest = at + strlen(gap->sign);
	if (find_gap(rest, &wrong))
		return "has more than one gap";
	if (!shared && a->gaps == PHRASE_GAPS)
		return "is one too many with a gap";
	a->gaps += !shared;
	a->gap_is_word[a->gaps - 1] = gap->is_word;
	wrong = add_pattern(a, (struct span){ text.p, (size_t)(at - text.p) }, phrase, PART_FIRST, a->gaps - 1);
	return wrong ? wrong : add_pattern(a, span_of(rest), phrase, PART_SECOND, a->gaps - 1);
}

static int compare_patterns(const void *x, const void *y, void *context)
{
	const struct automaton *a = context;
	const struct pattern *p = x, *q = y;
	unsigned n = p->count < q->count ? p->count : q->count;

	for (unsigned i = 0; i < n; i++) {
		uint32_t s = a->symbols[p->symbols + i], t = a->symbols[q->symbols + i];

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
static void drop_doubles(struct automaton *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->pattern_count; i++)
		if (!n || compare_patterns(&a->patterns[n - 1], &a->patterns[i], a))
			a->patterns[n++] = a->patterns[i];
	a->pattern_count = n;
}

static uint32_t child_of(const struct automaton *a, uint32_t node, uint32_t symbol)
{
	const struct node *n = &a->nodes[node];
	uint32_t low = n->first, count = n->children;

	if (!(n->next >> symbol % 64 & 1))
		return 0;
	while (count > 1) { /* halves without a branch that would be guessed wrong */
		uint32_t half = count / 2;

		low += a->leads[low + half] <= symbol ? half : 0;
		count -= half;
	}
	return a->leads[low] == symbol ? low : 0;
}

static inline uint32_t step(const struct automaton *a, uint32_t node, uint32_t symbol)
{
	while (node) {
		uint32_t next = child_of(a, node, symbol);

		if (next)
			return next;
		node = a->nodes[node].fail;
	}
	return a->root[symbol >> 1];
}

/* Patterns LOW … HIGH-1 share the way to NODE, of DEPTH symbols: those that end here, and a child for each next symbol. */
static void spread(struct automaton *a, uint32_t node, uint32_t depth, uint32_t low, uint32_t high, uint32_t (*range)[2])
{
	struct node *n = &a->nodes[node];

	a->endings[node].pattern = low;
	while (low < high && a->patterns[low].count == depth)
		n->where |= a->patterns[low++].where;
	a->endings[node].patterns = (uint16_t)(low - a->endings[node].pattern);
	n->first = a->node_count;
	while (low < high) {
		uint32_t symbol = a->symbols[a->patterns[low].symbols + depth];
		uint32_t child = a->node_count++;

		a->leads[child] = symbol;
		n->next |= 1ull << symbol % 64;
		range[child][0] = low;
		while (low < high && a->symbols[a->patterns[low].symbols + depth] == symbol)
			low++;
		range[child][1] = low;
		n->children++;
	}
}

/* A node's suffix is shorter than the node, so it has its links already. */
static void link_child(struct automaton *a, uint32_t parent, uint32_t child)
{
	uint32_t fail;

	if (!parent) {
		a->root[a->leads[child] >> 1] = child;
		return;
	}
	fail = step(a, a->nodes[parent].fail, a->leads[child]);
	a->nodes[child].fail = fail;
	a->endings[child].suffix = a->endings[fail].patterns ? fail : a->endings[fail].suffix;
}

static bool lay_out(struct automaton *a)
{
	uint32_t (*range)[2] = malloc((a->symbols_used + 1) * sizeof *range);
	uint32_t *depth = calloc(a->symbols_used + 1, sizeof *depth);
	uint32_t node, child;
	bool done = range && depth;

	if (!done)
		goto out;
	a->node_count = 1;
	range[0][0] = 0;
	range[0][1] = (uint32_t)a->pattern_count;
	for (node = 0; node < a->node_count; node++) {
		spread(a, node, depth[node], range[node][0], range[node][1], range);
		for (child = a->nodes[node].first; child < a->node_count; child++)
			depth[child] = depth[node] + 1;
	}
	/* Breadth first: all shorter nodes are linked before. */
	for (node = 0; node < a->node_count; node++)
		for (child = a->nodes[node].first; child < a->nodes[node].first + a->nodes[node].children; child++)
			link_child(a, node, child);
	for (node = 1; node < a->node_count; node++)
		a->nodes[node].where |= a->nodes[a->endings[node].suffix].where;
out:
	free(range);
	free(depth);
	return done;
}

static bool shrink_to(void **block, size_t bytes)
{
	void *smaller = realloc(*block, bytes);

	if (smaller)
		*block = smaller;
	return smaller;
}

/* Takes as much memory as the phrases need, no more: it lives in every parser process, and a small table stays in the cache. */
static bool shrink(struct automaton *a)
{
	free(a->symbols); /* the nodes say it now */
	a->symbols = NULL;
	return shrink_to((void **)&a->nodes, a->node_count * sizeof *a->nodes) &&
	       shrink_to((void **)&a->endings, a->node_count * sizeof *a->endings) &&
	       shrink_to((void **)&a->leads, a->node_count * sizeof *a->leads) &&
	       shrink_to((void **)&a->patterns, (a->pattern_count + 1) * sizeof *a->patterns) &&
	       shrink_to((void **)&a->bytes, a->bytes_used + 1) && resize_words(a, a->word_count);
}

struct automaton *automaton_build(const struct phrase *phrases, size_t count, size_t *wrong, char *error, size_t size)
{
	struct automaton *a = calloc(1, sizeof *a);
	const char *why = "no memory";
	size_t bytes = 0, i = 0;

	*wrong = 0;
	if (!a)
		goto out;
	why = "there are too many phrases";
	if (count > PHRASES_MAX)
		goto out;
	for (i = 0; i < count; i++)
		bytes += strlen(phrases[i].text) + 1;
	i = 0;
	a->bytes = malloc(bytes * 3 + 1); /* a folded letter can be longer than it was */
	a->symbols = malloc((bytes + 1) * sizeof *a->symbols);
	a->patterns = malloc((count * 2 + 1) * sizeof *a->patterns);
	a->nodes = calloc(bytes + 1, sizeof *a->nodes);
	a->endings = calloc(bytes + 1, sizeof *a->endings);
	a->leads = calloc(bytes + 1, sizeof *a->leads);
	why = "no memory";
	if (!a->bytes || !a->symbols || !a->patterns || !a->nodes || !a->endings || !a->leads || !resize_words(a, PHRASE_TOKENS_MAX))
		goto out;
	fill_characters(a);
	for (; i < count; i++)
		if ((why = add_phrase(a, &phrases[i], i ? &phrases[i - 1] : NULL)))
			goto out;
	why = "no memory";
	a->root = calloc(a->word_count + 1, sizeof *a->root);
	if (!a->root)
		goto out;
	qsort_r(a->patterns, a->pattern_count, sizeof *a->patterns, compare_patterns, a);
	drop_doubles(a);
	if (lay_out(a) && shrink(a))
		why = NULL;
out:
	if (!why)
		return a;
	*wrong = i;
	snprintf(error, size, "%s", why);
	automaton_free(a);
	return NULL;
}

void automaton_free(struct automaton *a)
{
	if (!a)
		return;
	free(a->slots);
	free(a->words);
	free(a->bytes);
	free(a->symbols);
	free(a->patterns);
	free(a->nodes);
	free(a->endings);
	free(a->leads);
	free(a->root);
	free(a);
}

/* --- words of a text ----------------------------------------------------------------------------------- */

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

		form[i] = digit ? '0' : (char)(c < 128 ? a->ascii[c] : c);
		digits |= digit;
		letters |= !digit;
	}
	return digits && letters && word_slot(a, hash_folded(form, t->n), form, t->n, true)->id;
}

static enum word_sort sort_of(const struct automaton *a, const struct token *t)
{
	ucs4_t c = 0;

	if (t->sign)
		return WORD_SIGN;
	u8_mbtouc(&c, t->begin, (size_t)(t->end - t->begin));
	if (c >= 128 && fold_wide(a, &c) == CHAR_SIGN)
		return uc_is_alpha(c) ? WORD_CHARACTER : WORD_SIGN;
	return word_id(a, t) || knows_form(a, t) ? WORD_KNOWN : WORD_UNKNOWN;
}

bool automaton_next_word(const struct automaton *a, struct span text, size_t *at, struct known_word *out)
{
	const unsigned char *begin = (const unsigned char *)text.p, *end = begin + text.n;
	const unsigned char *p = skip_blanks(a, begin + *at, end);
	struct scratch scratch;
	struct token t = { .n = 0 };

	while (p < end && !t.n) {
		t = take_token(a, p, end, &scratch);
		p = t.end > p ? t.end : p + 1;
	}
	if (!t.n)
		return false;
	*out = (struct known_word){ (uint32_t)(t.begin - begin), (uint32_t)(t.end - begin), sort_of(a, &t) };
	*at = out->end;
	explicit_bzero(&scratch, sizeof scratch);
	return true;
}

/* --- scanning ------------------------------------------------------------------------------------------ */

enum { RING = PHRASE_TOKENS_MAX }; /* a power of two */

struct scan {
	const struct automaton *automaton;
	const unsigned char *text;
	unsigned where;
	uint32_t token;             /* number of the last one */
	uint32_t ring[RING];        /* where the last tokens begin */
	uint32_t (*gap)[2];         /* per phrase with a gap: where its first part stood last; end 0: not yet */
	struct matches *out;
};

static void add_match(struct matches *out, struct match m)
{
	if (out->count == MATCHES_MAX)
		out->overflow = true;
	else
		out->at[out->count++] = m;
}

/* Is what lies between BEGIN and END one word? Blanks around it and a colon before it do not count. */
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

static void pattern_found(struct scan *s, const struct pattern *p, uint32_t end)
{
	uint32_t begin = s->ring[(s->token - p->count + 1) % RING], gap = 0;

	switch ((enum part)p->part) {
	case PART_FIRST:
		s->gap[p->gap][0] = begin;
		s->gap[p->gap][1] = end;
		return;
	case PART_SECOND:
		if (!s->gap[p->gap][1] || begin < s->gap[p->gap][1] || begin - s->gap[p->gap][1] > PHRASE_GAP_MAX)
			return;
		if (s->automaton->gap_is_word[p->gap] && !is_one_word(s, s->gap[p->gap][1], begin))
			return;
		gap = begin - s->gap[p->gap][1];
		begin = s->gap[p->gap][0];
		break;
	case PART_WHOLE:
		break;
	}
	add_match(s->out, (struct match){ p->rule, begin, end, gap });
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

void automaton_scan(const struct automaton *a, struct span text, unsigned where, struct matches *out)
{
	uint32_t gap[PHRASE_GAPS][2];
	struct scan s = { .automaton = a, .text = (const unsigned char *)text.p, .where = where, .gap = gap, .out = out };
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
	p = skip_blanks(a, s.text, end);
	blank = p > s.text;
	memset(gap, 0, a->gaps * sizeof *gap);
	while (p < end && !out->overflow) {
		struct token t = take_token(a, p, end, &scratch);
		uint32_t id = t.n ? word_id(a, &t) : 0;

		s.ring[++s.token % RING] = (uint32_t)(t.begin - s.text);
		node = id ? step(a, node, id << 1 | (blank | t.blank)) : 0;
		if (a->nodes[node].where & where)
			node_found(&s, node, (uint32_t)(t.end - s.text));
		p = t.next;
		blank = t.blank_behind;
	}
}
