/* Words, what the stems say of each, and how they stand beside each other; sense.h reads them. */
#ifndef RETOUR_SENSEWORDS_H
#define RETOUR_SENSEWORDS_H

#include "classify/rulesparts.h"
#include "classify/token.h"

enum { STEM_SIZE = 24 };

/* A word or its begin, folded, as it lies in the image: in the order of their bytes. */
struct stem {
	char word[STEM_SIZE];
	uint8_t n;
	uint8_t open;    /* more letters may follow */
	uint16_t parent; /* the longest open one that this begins with, from 1; 0: none */
	uint64_t senses; /* SENSE() of each */
};

#define SENSE(name) (UINT64_C(1) << (MARK_SENSE_##name - SENSE_FIRST))

enum { FOLDED_MAX = 2 * STEM_SIZE };

enum { OTHER_SCRIPTS = 0xd6 }; /* first byte of what is not Latin, Greek or Cyrillic: no stems */

/* "c18si2365148": no word, but the name of a queue or a session. */
bool token_has_digit(const struct token *t);

/*
 * The stem that the one word of WORD begins with, folded, in R's image; empty: none has a sense.
 * *WHOLE: it is all of the word. WORD may have signs at its ends.
 */
struct span sense_stem(const struct rules *r, struct span word, bool *whole);
/* R, or who lends R the stems. */
const struct rules *who_has_stems(const struct rules *r);

/*
 * The senses of the word T, 0: none. FOLDED is the caller's to wipe afterwards, and has the word as
 * stems have it: its first byte tells a number.
 */
uint64_t senses_of(const struct rules *r, const struct letters *l, const struct token *t,
	char folded[FOLDED_MAX]);

/*
 * SENSES of a word by LAST, those of the one before it that says something: a thing beside whose it
 * is ("return address", "adresse de retour") becomes ours, a not before it turns it over.
 */
uint64_t senses_beside(uint64_t last, uint64_t senses);

/* "not unknown", "was never deleted"; LAST as above. */
bool is_denied(uint64_t last, uint64_t senses);

/* LAST for the word behind one with SENSES. */
uint64_t senses_last(uint64_t last, uint64_t senses);

/* Is what stands there up to the next blank an address, a host, a link? Its end, or BEGIN. */
const unsigned char *skip_name(const unsigned char *begin, const unsigned char *end);

#endif
