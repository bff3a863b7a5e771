/*
 * What the automaton is made of, for those who build it (automatonbuild.c) and
 * those who walk it (automaton.c).
 *
 * The phrases, as rows of symbols (word number and blank), are sorted, and the
 * trie is laid out in breadth-first order, so that the children of a node are
 * neighbours in ascending order of their symbol: no pointers, a binary search.
 * The root alone finds its children through an array by word.
 *
 * "over ... quota" is two phrases; the second counts where the first stood at
 * most PHRASE_GAP_MAX bytes before it. In "user {} unknown" the bytes between may
 * be one word only, in "no .. user" one word at most and no end of a clause.
 */
#ifndef RETOUR_AUTOMATONPARTS_H
#define RETOUR_AUTOMATONPARTS_H

#include "classify/automaton.h"
#include "classify/token.h"

enum pattern_part { PART_WHOLE, PART_FIRST, PART_SECOND };

struct pattern {
	uint32_t symbols; /* where its row begins */
	uint16_t count;
	uint16_t rule;
	uint16_t gap; /* its number among the phrases with a gap */
	uint8_t where;
	uint8_t part;
};

/* What is looked at for every token of a text is kept apart, and small: it stays in the cache. */
struct node {
	uint64_t next;  /* bit symbol % 64 of every child: most symbols lead nowhere, and that shows
			   at once */
	uint32_t first; /* its children are first … first + children - 1 */
	uint32_t fail;  /* the longest proper suffix that is a node, too */
	uint16_t children;
	uint8_t where; /* of all patterns that end here, shorter ones too */
};

struct ending {
	uint32_t suffix;  /* the longest proper suffix with patterns; 0: none */
	uint32_t pattern; /* the first of those that end here */
	uint16_t patterns;
};

struct slot {
	uint64_t hash;
	uint32_t id; /* 0: free */
	uint16_t n;
	bool exact; /* short: its hash is no other word's of its length */
};

enum gap_kind { GAP_ANY, GAP_WORD, GAP_NEAR };

/* What is of a fixed size. */
struct automaton_base {
	struct letters letters;
	uint32_t sign[128]; /* ids of signs: every second token is one */
	uint32_t slot_mask, word_count, node_count;
	uint32_t gaps;
	uint8_t gap_kind[PHRASE_GAPS];
};

/*
 * Each block is a piece of the image (image.h); the builder's belong to it, and nobody else writes
 * to them.
 */
struct automaton {
	struct automaton_base *base;
	struct slot *slots; /* open addressing */
	uint32_t *words;    /* by id, from 1: where its bytes begin */
	char *bytes;
	struct pattern *patterns;
	struct node *nodes;     /* nodes[0] is the root */
	struct ending *endings; /* by node */
	uint32_t *leads;        /* by node: the symbol that leads there */
	uint32_t *root;         /* by word */
};

/* Adds the pieces of A, which has so many patterns and bytes of words, to IMAGE. */
bool automaton_pack(struct image *image, const struct automaton *a, size_t patterns, size_t bytes);

/*
 * The slot of a word, or the free one where it would stand. FOLDED: BYTES are in lower case
 * already.
 */
struct slot *automaton_slot(
	const struct automaton *a, uint64_t hash, const char *bytes, size_t n, bool folded);

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

#endif
