/* Single words: which stem each begins with, and what the stems speak of. */
#include <endian.h>

#include "classify/sensewords.h"

enum { ENDING_MAX = 5 }; /* letters that a stem for a mailbox may have behind it and be one still */

/* Eight bytes as a number that sorts as they do: a compare, where memcmp() is a call. */
static inline uint64_t stem_key(const char *bytes)
{
	uint64_t key;

	memcpy(&key, bytes, sizeof key);
	return be64toh(key);
}

/* Of words with zeros behind them: does A stand behind B? */
static inline bool sorts_behind(const char a[STEM_SIZE], const char b[STEM_SIZE])
{
	for (size_t i = 0; i < STEM_SIZE; i += sizeof(uint64_t)) {
		uint64_t x = stem_key(a + i), y = stem_key(b + i);

		if (x != y)
			return x > y;
	}
	return false;
}

/*
 * The longest stem or word that the one of N folded BYTES, with zeros behind them, is or begins
 * with; NULL: none.
 */
static const struct stem *stem_of(const struct rules *r, const char bytes[FOLDED_MAX], size_t n)
{
	size_t low = 0, high = r->stem_count;

	while (low < high) { /* the first that stands behind the word */
		size_t middle = low + (high - low) / 2;

		if (sorts_behind(r->stems[middle].word, bytes))
			high = middle;
		else
			low = middle + 1;
	}
	while (low) {
		const struct stem *s = &r->stems[low - 1];

		if (s->n <= n && (s->open || s->n == n) && !memcmp(s->word, bytes, s->n))
			return s;
		low = s->parent;
	}
	return NULL;
}

/* The bytes of T as stems have them, into FOLDED, zeros behind; how many. What is longer is cut. */
static size_t fold_token(const struct letters *l, const struct token *t, char folded[FOLDED_MAX])
{
	size_t n = t->n < FOLDED_MAX ? t->n : FOLDED_MAX;

	memset(folded, 0, FOLDED_MAX);
	for (size_t i = 0; i < n; i++)
		folded[i] = t->folded ? t->bytes[i] : (char)l->ascii[(unsigned char)t->bytes[i]];
	return n;
}

const struct rules *who_has_stems(const struct rules *r)
{
	return !r->stem_count && r->lender ? r->lender : r;
}

struct span sense_stem(const struct rules *r, struct span word, bool *whole)
{
	const struct letters *l = automaton_letters(r->automaton);
	const unsigned char *p = (const unsigned char *)word.p, *end = p + word.n;
	const struct stem *found = NULL;
	struct scratch scratch;
	char folded[FOLDED_MAX];
	size_t words = 0, n = 0;

	r = who_has_stems(r);
	while (p < end && words < 2) {
		struct token t = take_token(l, p, end, &scratch);

		if (t.n && !t.sign && !words++) {
			n = fold_token(l, &t, folded);
			found = stem_of(r, folded, n);
		}
		p = t.next > p ? t.next : p + 1;
	}
	explicit_bzero(&scratch, sizeof scratch);
	explicit_bzero(folded, sizeof folded);
	if (words != 1 || !found)
		return (struct span){ "", 0 };
	*whole = found->n == n;
	return (struct span){ found->word, found->n };
}

bool token_has_digit(const struct token *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (ascii_digit(t->bytes[i]))
			return true;
	return false;
}

static size_t letters_in(const char *bytes, size_t n)
{
	size_t letters = 0;

	for (size_t i = 0; i < n; i++)
		letters += ((unsigned char)bytes[i] & 0xc0) != 0x80;
	return letters;
}

/* Is what a word of several ends with a mailbox, too, as in "Empfängeradresse"? */
static bool is_box(const struct rules *r, const char *bytes, size_t n)
{
	char rest[FOLDED_MAX] = { 0 };
	const struct stem *stem;

	memcpy(rest, bytes, n);
	stem = stem_of(r, rest, n);
	if (!stem && n > 1 && *rest == 's') /* "gebruikersaccount" */
		stem = stem_of(r, memmove(rest, rest + 1, n), n - 1);
	explicit_bzero(rest, sizeof rest);
	return stem && stem->senses & SENSE(BOX);
}

uint64_t senses_of(const struct rules *r, const struct letters *l, const struct token *t,
	char folded[FOLDED_MAX])
{
	size_t n = fold_token(l, t, folded);
	const struct stem *stem = stem_of(r, folded, n);

	if (stem && stem->senses & SENSE(BOX) &&
		letters_in(folded + stem->n, n - stem->n) > ENDING_MAX &&
		!is_box(r, folded + stem->n, n - stem->n))
		return 0; /* "Benutzertabelle" is no user */
	return stem ? stem->senses : 0;
}

bool is_denied(uint64_t last, uint64_t senses)
{
	return last & SENSE(NOT) && senses & (SENSE(UNKNOWN) | SENSE(GONE) | SENSE(SHUT)) &&
		!(senses & SENSE(NOT));
}

uint64_t senses_beside(uint64_t last, uint64_t senses)
{
	if (is_denied(last, senses))
		return SENSE(MAYBE);
	if ((last & SENSE(BACK) && senses & SENSE(BOX)) ||
		(last & SENSE(BOX) && senses & SENSE(BACK)))
		senses |= SENSE(SENDER);
	if (senses & SENSE(AWAY) && last & SENSE(OTHER) && !(last & SENSE(BOX)))
		senses |= SENSE(DOWN);
	if (last & SENSE(PERSON)) /* "staff member" */
		senses &= ~SENSE(OUTSIDE);
	if (last & SENSE(GONE)) /* "was shut down" */
		senses &= ~SENSE(DOWN);
	return senses;
}

uint64_t senses_last(uint64_t last, uint64_t senses)
{
	const uint64_t passed = SENSE(BEEN) | SENSE(OF);

	return senses & passed && !(senses & SENSE(BOX)) ? last : senses;
}

/* Does the sign at P make a name of what it stands in: an address, a host, a link? */
static inline bool makes_name(
	const unsigned char *begin, const unsigned char *p, const unsigned char *end)
{
	switch (*p) { /* most signs are letters */
	case '@':
	case '=':
		return true;
	case '/':
		return p > begin && p[-1] == '/';
	case '.':
		return p + 1 < end && p > begin && p[1] > ' ' && !ascii_digit((char)p[1]) &&
			p[1] < 127 && !strchr(".,;:)'\"", p[1]);
	default:
		return false;
	}
}

const unsigned char *skip_name(const unsigned char *begin, const unsigned char *end)
{
	bool name = false;
	const unsigned char *p = begin;

	for (; p != end && *p > ' '; p++)
		name |= makes_name(begin, p, end);
	return name ? p : begin;
}
