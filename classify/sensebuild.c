/* The stems of all senses (sensewords.h), sorted, into the image. */
#include <stdlib.h>
#include "classify/sensewords.h"

enum { STEMS_MAX = UINT16_MAX };

static int compare_stems(const void *a, const void *b)
{
	const struct stem *x = a, *y = b;
	int order = memcmp(x->word, y->word, STEM_SIZE);

	return order ? order : (int)y->open - (int)x->open;
}

/* One word of PHRASE, with the sign for a stem behind it or without. */
static bool take_stem(const struct letters *l, const char *phrase, struct stem *s)
{
	const unsigned char *p = (const unsigned char *)phrase, *end = p + strlen(phrase);
	struct scratch scratch;
	struct token t = take_token(l, skip_blanks(l, p, end), end, &scratch);

	if (!t.n || t.sign || t.n > STEM_SIZE)
		return false;
	for (size_t i = 0; i < t.n; i++)
		s->word[i] = t.folded ? t.bytes[i] : (char)l->ascii[(unsigned char)t.bytes[i]];
	s->n = (uint8_t)t.n;
	s->open = t.end < end && *t.end == '*';
	return t.end + s->open == end;
}

/* A word of two lists has the senses of both, and one that is a stem as well those of the stem. */
static size_t join_doubles(struct stem *stems, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (n && !compare_stems(&stems[n - 1], &stems[i]))
			stems[n - 1].senses |= stems[i].senses;
		else
			stems[n++] = stems[i];
	for (size_t i = 1; i < n; i++)
		if (!memcmp(stems[i - 1].word, stems[i].word, STEM_SIZE))
			stems[i].senses |= stems[i - 1].senses;
	return n;
}

/* What begins like a word stands between its stem and itself: the chain of the one before has it.
 */
static void find_parents(struct stem *stems, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		size_t k = i;

		while (k &&
			!(stems[k - 1].open && stems[k - 1].n <= stems[i].n &&
				!memcmp(stems[k - 1].word, stems[i].word, stems[k - 1].n)))
			k = stems[k - 1].parent;
		stems[i].parent = (uint16_t)k;
	}
}

bool stems_build(struct image *image, const struct rules *r, char *error, size_t size)
{
	struct letters *l = malloc(sizeof *l);
	struct stem *stems = calloc(r->phrase_count + 1, sizeof *stems);
	size_t count = 0;
	bool good = (l && stems) || rules_refuse(error, size, "all", "no memory");

	if (good)
		letters_fill(l);
	for (size_t i = 0; i < r->count && good; i++)
		for (unsigned k = 0;
			mark_is_sense(r->rules[i].mark) && good && k < r->rules[i].phrase_count;
			k++) {
			const char *phrase = rule_phrase(r, &r->rules[i], k);

			if (count == STEMS_MAX || !take_stem(l, phrase, &stems[count]))
				good = rules_refuse(error, size, r->rules[i].id,
					"'%s' is no single word of at most %d bytes", phrase,
					STEM_SIZE);
			else
				stems[count++].senses = UINT64_C(1)
					<< (r->rules[i].mark - SENSE_FIRST);
		}
	if (good) {
		qsort(stems, count, sizeof *stems, compare_stems);
		count = join_doubles(stems, count);
		find_parents(stems, count);
		good = image_add(image, PIECE_STEMS, stems, count * sizeof *stems) ||
			rules_refuse(error, size, "all", "no memory");
	}
	free(l);
	free(stems);
	return good;
}
