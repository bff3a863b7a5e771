/*
 * Characters as phrases are compared by them: without case, accents, widths and the shapes of
 * quotes and dashes, because relays lose or change these.
 */
#ifndef RETOUR_LETTERS_H
#define RETOUR_LETTERS_H

#include <stdint.h>
#include <unitypes.h>

enum { LETTERS = 0x530 /* Latin, Greek, Cyrillic: folded through a table */ };

/* What a byte or character is, where not the letter that it folds to. */
enum { CHAR_BLANK = 0, CHAR_SIGN = 1, CHAR_NOTHING = 2, CHAR_WIDE = 3, CHAR_LETTER = 32 };

struct letters {
	unsigned char ascii[256];
	uint16_t letter[LETTERS];
};

/* Makes the table, from what Unicode says of each letter. */
void letters_fill(struct letters *l);
/* CHAR_BLANK, CHAR_SIGN, CHAR_NOTHING, or CHAR_LETTER; *C becomes what it is folded to. */
unsigned letters_fold(const struct letters *l, ucs4_t *c);

#endif
