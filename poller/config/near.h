/* Which word was meant: for "did you mean" behind an unknown command, option, key or section. */
#ifndef RETOUR_NEAR_H
#define RETOUR_NEAR_H

/*
 * How many letters must be put in, left out, changed or swapped to make B of A (optimal string
 * alignment); more than a few count as 99.
 */
int near_distance(const char *a, const char *b);
/*
 * Keeps in *BEST the nearest of the words that it is called with, in turn; *DISTANCE begins with
 * NEAR_NONE. What is too far off is not kept.
 */
enum { NEAR_NONE = 99 };
void near_try(const char *typed, const char *word, const char **best, int *distance);

/*
 * The same for a section of the INI file: of one with a name ("mailbox *") only the word before it
 * counts.
 */
void near_section_try(const char *typed, const char *word, const char **best, int *distance);

#endif
