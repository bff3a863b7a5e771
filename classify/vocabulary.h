/*
 * What a stored diagnostic may consist of: words that are known. To take away what looks like a
 * person cannot win, for a name looks like any word; so it is turned round. Known are the words of
 * all rules and of the [vocabulary.…] sections of etc/rules.ini; everything else becomes a
 * placeholder, however it is written.
 */
#ifndef RETOUR_VOCABULARY_H
#define RETOUR_VOCABULARY_H

#include "classify/rules.h"

/*
 * Copies TEXT (valid UTF-8, as redact() leaves it) into BUFFER of SIZE bytes. Kept are known words,
 * signs, SMTP codes, numbers of up to three digits that do not stand in a row, and codes that are
 * known but for their digits; of a word that begins with a stem (sense.h) the stem
 * and a *; <word> stands for the rest, <host> for a host's name, <number> for
 * numbers. Characters of scripts without blanks are kept where a rule's phrase matches. What is
 * joined by one of . _ - + = ' stays or goes as a whole. Returns the bytes written, without the
 * NUL.
 */
size_t keep_known_words(char *buffer, size_t size, struct span text, const struct rules *rules);

#endif
