/*
 * Receivers' answers of which the rules know little: nothing decided, or hardly. Grouped by shape,
 * so that a rule can be made of them; an answer that fewer than k recipients had is nobody's to
 * read.
 */
#ifndef RETOUR_WORDS_H
#define RETOUR_WORDS_H

#include <stdint.h>
#include "store/store.h"

enum {
	WORDS_SHAPE_SIZE = 512, /* bytes of an answer that are compared and shown */
	WORDS_SHAPES_MAX = 20000,
	WORDS_K_MAX = 1000, /* as [privacy] k has it */
};

/* Texts hold until the visitor returns. */
struct words_shape {
	char text[WORDS_SHAPE_SIZE]; /* redacted; numbers that are no codes are "#" */
	const char *klass, *rule;    /* that decided; "": none */
	const char *provider;        /* of the first that came; "": several */
	int margin;                  /* the smallest; 0 where nothing decided */
	uint64_t answers;
	int64_t first, last; /* days, epoch seconds */
};

struct words_sum {
	uint64_t answers; /* that were looked at: with words that are still kept */
	uint64_t unsure;  /* of them those that no rule decided, or by less than the margin */
	uint64_t hidden;  /* of the unsure those whose shape fewer than k recipients had */
	uint64_t beyond;  /* that came when WORDS_SHAPES_MAX shapes were there */
};

/*
 * The shapes of answers that arrived at SINCE or later and were decided by less than MARGIN or not
 * at all, the most frequent first, to EACH, which returns a store_result.
 */
int store_words(struct store *s, int64_t since, int margin, struct words_sum *sum,
	int (*each)(void *context, const struct words_shape *shape), void *context);

#endif
