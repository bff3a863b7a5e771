/*
 * One automaton over all phrases of all rules (Aho and Corasick, 1975), whose
 * letters are words: a text is cut into words and signs, and each is looked up
 * once, so that the cost does not grow with the number of phrases, and a phrase
 * begins and ends where words do.
 */
#ifndef RETOUR_AUTOMATON_H
#define RETOUR_AUTOMATON_H

#include "classify/image.h"
#include "classify/letters.h"
#include "classify/rules.h"

enum {
	PHRASE_TOKENS_MAX = 32, /* words and signs in one phrase */
	PHRASE_GAP_MAX = 160,   /* bytes that " ... " and its kin in a phrase stand for, at most */
	PHRASE_GAPS = 1024,     /* phrases with a gap */
	PHRASES_MAX = 72000
};

struct phrase {
	const char *text; /* NUL-terminated UTF-8 */
	uint16_t rule;
	uint16_t family; /* of phrases with a gap, neighbours of one family share it: any first part
			    goes with any second; 0: none */
	uint8_t where;
};

struct automaton;

/*
 * Adds the pieces of an automaton to IMAGE. False with a text in ERROR: too long a phrase, two gaps
 * in one, no letter or digit in it, too many, no memory; *WRONG is then its index.
 */
bool automaton_build(struct image *image, const struct phrase *phrases, size_t count, size_t *wrong,
	char *error, size_t size);
/*
 * The automaton of an image that fits, NULL: no memory, or pieces that do not belong together. It
 * points into the image. automaton_free().
 */
struct automaton *automaton_open(const void *image);
void automaton_free(struct automaton *a);

/* How A folds what it reads. */
const struct letters *automaton_letters(const struct automaton *a);

/* As rules_next_word(). */
bool automaton_next_word(
	const struct automaton *a, struct span text, size_t *at, struct known_word *out);

/* As rules_scan(). */
void automaton_scan(
	const struct automaton *a, struct span text, unsigned where, struct matches *out);

#endif
