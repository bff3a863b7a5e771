/*
 * What stands beside a phrase. "User unknown" is of a user, "user unknown macro" of a macro, "bind
 * account disabled" of somebody who binds, "mailbox closed on weekends" holds for two days: no list
 * will ever have all the things that there are, so it is the other way round. Before the phrase in
 * its noun, in its gap, and behind it to the end of the clause only words may stand that are known
 * to leave it what it is ([sense.plain] and those of mailboxes and their end, names, numbers); any
 * other takes its proof away.
 */
#include <strings.h>
#include "classify/sense.h"
#include "classify/sensewords.h"

#define FITS \
	(SENSE(BOX) | SENSE(PERSON) | SENSE(NOT) | SENSE(EXIST) | SENSE(UNKNOWN) | SENSE(LEFT) | \
		SENSE(HOUSE) | SENSE(WORK) | SENSE(GONE) | SENSE(NOBODY) | SENSE(MAIL) | \
		SENSE(REFUSE) | SENSE(OF) | SENSE(OR) | SENSE(BEEN) | SENSE(SHUT) | SENSE(FORM) | \
		SENSE(PLAIN))

struct beside {
	const struct rules *rules;
	const struct letters *letters;
	const unsigned char *begin, *end; /* of the text */
	struct span name;                 /* the recipient's own */
	struct scratch scratch;
	char folded[FOLDED_MAX];
};

static bool is_own_name(const struct beside *b, const unsigned char *word)
{
	size_t n = b->name.n;

	return n && (size_t)(b->end - word) >= n &&
		!strncasecmp((const char *)word, b->name.p, n) &&
		(word + n == b->end || word[n] < '0');
}

/* "[mx7]", "ERR-1002": no word, but the name of a host or an answer. */
static bool has_digit(const unsigned char *p, const unsigned char *end)
{
	for (; p != end && *p > ' '; p++)
		if (ascii_digit((char)*p))
			return true;
	return false;
}

/* The senses of the word at P; all of them where it is no word, or names somebody. */
static uint64_t senses_at(struct beside *b, const unsigned char *p)
{
	struct token t;

	if (b->end - p > 1 && *p == '/' && p[1] > ' ')
		return 0; /* the path of a file */
	while (p < b->end && (*p == '"' || *p == '\''))
		p++;
	if (p >= b->end || is_own_name(b, p) || skip_name(p, b->end) > p)
		return UINT64_MAX;
	t = take_token(b->letters, p, b->end, &b->scratch);
	if (!t.n || t.sign || has_digit(p, b->end) || *t.begin >= OTHER_SCRIPTS)
		return UINT64_MAX;
	return senses_of(b->rules, b->letters, &t, b->folded);
}

static bool is_strange(struct beside *b, const unsigned char *p)
{
	return !(senses_at(b, p) & FITS);
}

/* The word before AT, NULL where a sign or nothing stands there. */
static const unsigned char *word_before(const struct beside *b, const unsigned char *at)
{
	const unsigned char *p = at;

	while (p > b->begin && strchr(" \"'", p[-1]))
		p--;
	if (p == at || p == b->begin || strchr(",;:.!?()<>[]-/", p[-1]))
		return NULL;
	while (p > b->begin && p[-1] > ' ' &&
		p[-1] != '\'') /* "dell'utente": the article stands alone */
		p--;
	return p;
}

static const unsigned char *word_behind(const struct beside *b, const unsigned char *p)
{
	const unsigned char *word;

	if (b->end - p > 2 && *p == '\'' && p[1] == 's')
		p += 2; /* "could not find the recipient's", and then what of his */
	else if (p < b->end && *p == '"')
		p++; /* '"user unknown" is what', and then what he says of it */
	word = skip_blanks(b->letters, p, b->end);
	if (word == p || (word < b->end && *word == '(') ||
		(word[-1] == '\n' && word < b->end && *word >= 'A' && *word <= 'Z'))
		return NULL; /* a sign, or another sentence */
	return word;
}

/* "4 recipients unknown": whom of them it is said of it does not say. */
static bool is_count(const struct beside *b, const unsigned char *word, const unsigned char *end)
{
	enum { DIGITS = 2 }; /* three are a reply code */
	const unsigned char *p = word;

	while (p < end && ascii_digit((char)*p))
		p++;
	return p > word && p - word <= DIGITS && p < end && *p == ' ' && !is_own_name(b, word) &&
		!(p - word == 1 && *word == '1');
}

/* "tom@example.net", "550": what is said of him begins behind it. */
static bool starts_answer(const struct beside *b, const unsigned char *word)
{
	enum { REPLY = 3 };
	const unsigned char *p = word;

	for (; p != b->end && *p > ' '; p++)
		if (*p == '@')
			return true;
	return p - word == REPLY && ascii_digit((char)*word) && !is_count(b, word, p);
}

/*
 * Stands a word before AT in its clause that may make another thing of what the phrase is said of
 * ("bind account", "verification of the recipient"), or that it is said at all ("looks like a
 * bounce for an unknown user")?
 */
static bool is_strange_before(struct beside *b, const unsigned char *at)
{
	enum { WORDS = 8 };

	for (unsigned i = 0; i < WORDS && (at = word_before(b, at)); i++) {
		uint64_t senses = senses_at(b, at);

		if (senses == UINT64_MAX ? starts_answer(b, at)
					 : (senses & (SENSE(AND) | SENSE(SAY))) != 0)
			return false;
		if (!(senses & FITS) || (!i && is_count(b, at, b->end)))
			return true;
	}
	return false;
}

/* --- scripts that set no blanks between words ------------------------------- */

enum { WIDE_FIRST = 0xe3, WIDE_LAST = 0xe9, WIDE_BYTES = 3, WIDE_SIGNS = 0x80 };

/* Does the character at P belong to a word of ideographs or kana? */
static bool is_wide(const unsigned char *p, const unsigned char *end)
{
	return end - p >= WIDE_BYTES && *p >= WIDE_FIRST && *p <= WIDE_LAST &&
		(*p != WIDE_FIRST || p[1] != WIDE_SIGNS);
}

/* Japanese bends its verbs with kana. "Ka" asks, or says that something else may be it. */
static const unsigned char *skip_kana(const unsigned char *p, const unsigned char *end)
{
	static const char asks[] = "か";

	while (is_wide(p, end) && *p == WIDE_FIRST && p[1] <= WIDE_SIGNS + 2 &&
		memcmp(p, asks, WIDE_BYTES) != 0)
		p += WIDE_BYTES;
	return p;
}

static bool is_strange_wide(
	const struct beside *b, const unsigned char *p, const unsigned char *end)
{
	size_t n;

	for (p = skip_kana(p, end); is_wide(p, end); p = skip_kana(p + n, end)) {
		n = rules_list_begins(
			b->rules, MARK_BESIDE, (struct span){ (const char *)p, (size_t)(end - p) });
		if (!n)
			return true;
	}
	return false;
}

static bool is_strange_wide_before(const struct beside *b, const unsigned char *at)
{
	size_t n;

	for (; at - b->begin >= WIDE_BYTES && is_wide(at - WIDE_BYTES, at); at -= n) {
		n = rules_list_ends(b->rules, MARK_BESIDE,
			(struct span){ (const char *)b->begin, (size_t)(at - b->begin) });
		if (!n)
			return true;
	}
	return false;
}

/* --- a phrase and its neighbours -------------------------------------------- */

/* Where a match begins and ends, and its gap. */
struct phrase_place {
	const unsigned char *begin, *end, *gap, *behind_gap;
};

/* The senses of all words from BEGIN to END; *LAST those of the last one. */
static uint64_t senses_between(
	struct beside *b, const unsigned char *begin, const unsigned char *end, uint64_t *last)
{
	uint64_t all = 0;

	while ((begin = skip_blanks(b->letters, begin, end)) < end) {
		uint64_t senses = senses_at(b, begin);

		all |= *last = senses == UINT64_MAX ? 0 : senses;
		while (begin<end && * begin> ' ')
			begin++;
	}
	return all;
}

/* Letters and signs, whatever bytes their script takes. */
static size_t signs_in(const unsigned char *p, const unsigned char *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += (*p & 0xc0) != 0x80;
	return n;
}

static bool has_letters(const unsigned char *p, const unsigned char *end)
{
	for (; p < end; p++)
		if ((*p | 32) >= 'a')
			return true;
	return false;
}

/* Is there nothing but the phrase at AT, and so nobody that it could be said of? */
static bool is_of_nothing(const struct beside *b, const struct phrase_place *at)
{
	enum { BARE = 14 }; /* signs of "does not exist" */

	return signs_in(at->begin, at->end) <= BARE &&
		!memchr(b->begin, '@', (size_t)(b->end - b->begin)) &&
		!has_letters(b->begin, at->begin) && !has_letters(at->end, b->end);
}

/* "Unknown: mailbox state" is of what stands behind the colon. */
static bool is_title_of_stranger(struct beside *b, const unsigned char *p)
{
	enum { WORDS = 4 };

	if (p == b->end || *p != ':')
		return false;
	for (unsigned i = 0; i < WORDS && (p = word_behind(b, p + !i)); i++) {
		if (is_strange(b, p))
			return true;
		while (p != b->end && *p > ' ')
			p++;
	}
	return false;
}

/* Words without a mailbox, "does not exist": what stands before them is what they are said of. */
static bool is_of_stranger(struct beside *b, const struct phrase_place *at)
{
	const unsigned char *word = at->begin;
	uint64_t senses;

	do { /* "was" */
		word = word_before(b, word);
		senses = word ? senses_at(b, word) : 0;
	} while (word && senses != UINT64_MAX && senses & SENSE(BEEN) && !(senses & SENSE(BOX)));
	return is_of_nothing(b, at) ||
		((!word || ascii_digit((char)*word)) && is_title_of_stranger(b, at->end)) ||
		(word &&
			(!(senses & FITS) ||
				(senses != UINT64_MAX && senses & (SENSE(BOX) | SENSE(MAIL)) &&
					is_strange_before(b, word))));
}

/* Does the word at P, which ends before *BEHIND, have a sign at its end that ends a clause? */
static bool ends_here(const struct beside *b, const unsigned char *p, const unsigned char **behind)
{
	while (p != b->end && *p > ' ')
		p++;
	*behind = p;
	return strchr(",;:.!?)", p[-1]) != NULL;
}

/* Is there a word in the gap of AT that may change what the phrase says? */
static bool is_gap_strange(struct beside *b, const struct phrase_place *at)
{
	const unsigned char *p = at->gap;
	uint64_t fits = FITS, senses;

	while (p < at->behind_gap) {
		while (p < at->behind_gap && (*p <= ' ' || strchr(",;:()", *p)))
			p++;
		senses = p < at->behind_gap ? senses_at(b, p) : fits;
		if (!(senses & fits))
			return true;
		if (senses & SENSE(OF))
			fits |= SENSE(PLACE);
		ends_here(b, p, &p);
	}
	return false;
}

/*
 * Is there one behind AT in its clause? LAST has the senses of the phrase's last word: what stands
 * behind a preposition may be a place.
 */
static bool is_behind_strange(struct beside *b, const struct phrase_place *at, uint64_t last)
{
	enum { WORDS = 12 };
	const unsigned char *p = at->end, *word;
	uint64_t fits = FITS | (last & SENSE(OF) ? SENSE(PLACE) : 0), senses;

	for (unsigned i = 0; i < WORDS && (word = word_behind(b, p)); i++) {
		senses = senses_at(b, word);
		if (!(senses & fits) && !(senses & SENSE(AND)))
			return true;
		if ((senses != UINT64_MAX && senses & SENSE(AND)) || ends_here(b, word, &p))
			return false;
		if (senses & SENSE(OF))
			fits |= SENSE(PLACE);
	}
	return false;
}

static bool is_phrase_strange(struct beside *b, const struct phrase_place *at)
{
	enum { SENTENCE = 24 };
	uint64_t first = senses_at(b, at->begin), last = 0, said;

	said = senses_between(b, at->begin, at->gap, &last);
	said |= senses_between(b, at->behind_gap, at->end, &last);
	if (!said) /* of a language that there are no stems of */
		return false;
	if (said & (SENSE(BOX) | SENSE(PERSON))) { /* "server has no such user": who says it */
		if ((first & (SENSE(NOT) | SENSE(BOX))) != SENSE(NOT) &&
			is_strange_before(b, at->begin))
			return true;
	} else if (signs_in(at->begin, at->end) < SENTENCE &&
		!(said & (SENSE(BOX) | SENSE(PERSON) | SENSE(HOUSE))) && is_of_stranger(b, at)) {
		return true;
	}
	return is_gap_strange(b, at) || is_behind_strange(b, at, last);
}

static struct beside beside_of(const struct rules *r, struct span text, struct span name)
{
	return (struct beside){ .rules = who_has_stems(r),
		.letters = automaton_letters(r->automaton),
		.begin = (const unsigned char *)text.p,
		.end = (const unsigned char *)text.p + text.n,
		.name = name };
}

static struct phrase_place place_of(const struct beside *b, const struct match *m)
{
	struct phrase_place at = { b->begin + m->begin, b->begin + m->end, b->begin + m->end,
		b->begin + m->end };

	if (m->gap) {
		at.gap = at.begin + m->first;
		at.behind_gap = at.gap + m->gap;
	}
	return at;
}

/* "blocked=no", "spam: 0" in a line of a log */
static bool is_value_no(const struct beside *b, const unsigned char *p)
{
	struct span rest = { (const char *)p, (size_t)(b->end - p) };

	return span_starts_nocase(rest, SPAN("=no")) || span_starts_nocase(rest, SPAN("=0")) ||
		span_starts_nocase(rest, SPAN("=false"));
}

bool sense_denied(
	const struct rules *r, struct span text, const struct match *m, enum category category)
{
	enum { WORDS = 3 };
	const uint64_t deniable = SENSE(SPAM) | SENSE(USED) | SENSE(LISTED) | SENSE(REFUSE),
		       passed = SENSE(BEEN) | SENSE(OF) | SENSE(PLAIN);
	struct beside b = beside_of(r, text, (struct span){ "", 0 });
	struct phrase_place at = place_of(&b, m);
	const unsigned char *word = m->gap ? skip_blanks(b.letters, at.behind_gap, b.end)
					   : at.begin;
	uint64_t senses = category == CATEGORY_GREYLISTED ? deniable : senses_at(&b, word);
	bool denied = is_value_no(&b, at.end);

	for (unsigned i = 0; !denied && word && i < WORDS && senses != UINT64_MAX &&
		senses & (i ? passed : deniable);
		i++) {
		word = word_before(&b, word);
		senses = word ? senses_at(&b, word + (*word == '(')) : 0;
		denied = senses != UINT64_MAX && senses & SENSE(NOT);
	}
	explicit_bzero(&b, sizeof b);
	return denied;
}

bool sense_other_before(const struct rules *r, struct span text, const struct match *whole,
	const struct match *m, struct span name)
{
	struct beside b = beside_of(r, text, name);
	struct phrase_place at = place_of(&b, whole);
	uint64_t last;
	bool other;

	other = !memchr(at.begin, '(', whole->end - whole->begin) &&
		!(senses_between(&b, b.begin + m->begin, b.begin + m->end, &last) &
			(SENSE(BOX) | SENSE(PERSON))) &&
		is_gap_strange(&b, &at);
	explicit_bzero(&b, sizeof b);
	return other;
}

bool sense_beside(const struct rules *r, struct span text, const struct match *m, struct span name,
	bool of_person)
{
	struct beside b = beside_of(r, text, name);
	struct phrase_place at = place_of(&b, m);
	bool strange = false;

	if (m->end >= WIDE_BYTES && is_wide(at.end - WIDE_BYTES, at.end))
		strange = is_strange_wide_before(&b, at.begin) ||
			is_strange_wide(&b, at.gap, at.behind_gap) ||
			is_strange_wide(&b, at.end, b.end);
	else if (of_person)
		strange = is_phrase_strange(&b, &at);
	explicit_bzero(&b, sizeof b);
	return strange;
}
