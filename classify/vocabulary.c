/*
 * A text is cut into pieces at blanks, brackets, slashes and colons. A piece is kept as a whole or
 * replaced as a whole: "j.doe" does not become "j.<word>", and a host name of known labels with one
 * that is not becomes <host>.
 */
#include "classify/vocabulary.h"

#include "classify/event.h"
#include "classify/sensewords.h"

enum {
	/* digits; a longer number may be a customer's, an account's, a telephone's */
	SHORT_NUMBER = 3,
	ANSWER_HEAD = 16, /* bytes at the begin of a text where its codes stand: numbers in a row
			     there are no telephone's */
};

struct keeping {
	const struct rules *rules;
	struct span text;
	char *to;
	size_t n, size;
	struct matches phrases; /* looked for once a character of a script without blanks was met */
	bool searched;
	bool number_before; /* the piece before was a number that is no code */
	bool word_before;   /* what was written last is <word> */
};

static bool is_part_sign(char c)
{
	static const bool signs[256] = { [' '] = true,
		['\t'] = true,
		['('] = true,
		[')'] = true,
		['['] = true,
		[']'] = true,
		['{'] = true,
		['}'] = true,
		['<'] = true,
		['>'] = true,
		['"'] = true,
		['`'] = true,
		[','] = true,
		[';'] = true,
		['|'] = true,
		['/'] = true,
		['\\'] = true,
		[':'] = true };
	return signs[(unsigned char)c];
}

static void keep_text(struct keeping *k, struct span text)
{
	if (k->n + text.n >= k->size) {
		k->size = k->n + 1; /* whole pieces only: nothing more is written */
		return;
	}
	memcpy(k->to + k->n, text.p, text.n);
	k->n += text.n;
}

/* --- numbers -------------------------------------------------------------- */

/* What a number may have beside digits; a compare, where strchr() is a call. */
static inline bool in_number(char c)
{
	switch (c) {
	case '.':
	case '-':
	case '+':
	case '#':
	case '*':
	case '\0':
		return true;
	}
	return false;
}

static bool is_number(struct span piece)
{
	bool digits = false;

	for (size_t i = 0; i < piece.n; i++) {
		if (!ascii_digit(piece.p[i]) && !in_number(piece.p[i]))
			return false;
		digits |= ascii_digit(piece.p[i]);
	}
	return digits;
}

/* "5.1.1", "#5.7.606", "550-5.1.1", "550-". */
static bool is_status(struct span piece)
{
	unsigned groups = 0, digits = 0;

	while (piece.n && (piece.p[0] == '#' || piece.p[0] == '-' || !piece.p[0]))
		piece = (struct span){ piece.p + 1, piece.n - 1 };
	if (piece.n >= 4 && piece.p[3] == '-' && piece.p[0] >= '2' && piece.p[0] <= '5') {
		piece = (struct span){ piece.p + 4, piece.n - 4 };
		if (!piece.n)
			return true;
		if (piece.p[0] == '#')
			piece = (struct span){ piece.p + 1, piece.n - 1 };
	}
	while (piece.n &&
		(piece.p[piece.n - 1] == '.' || piece.p[piece.n - 1] == '-' ||
			!piece.p[piece.n - 1]))
		piece.n--;
	if (piece.n < 5 || piece.p[1] != '.' || !strchr("245", piece.p[0]))
		return false;
	for (size_t i = 0; i < piece.n; i++) {
		if (piece.p[i] == '.' && digits) {
			groups++;
			digits = 0;
		} else if (!ascii_digit(piece.p[i]) || ++digits > SHORT_NUMBER) {
			return false;
		}
	}
	return groups == 2 && digits;
}

static struct span piece_at(struct span text, size_t at)
{
	size_t n = 0;

	while (at + n < text.n && !is_part_sign(text.p[at + n]))
		n++;
	return (struct span){ text.p + at, n };
}

static bool number_follows(const struct keeping *k, size_t at)
{
	while (at < k->text.n && is_part_sign(k->text.p[at]))
		at++;
	struct span next = piece_at(k->text, at);
	return is_number(next) && !is_status(next);
}

static void keep_number(struct keeping *k, struct span piece)
{
	size_t at = (size_t)(piece.p - k->text.p), run = 0;
	bool good = true, row = k->number_before || number_follows(k, at + piece.n);

	if (is_status(piece)) {
		keep_text(k, piece);
		k->number_before = false;
		return;
	}
	for (size_t i = 0; i < piece.n; i++) {
		run = ascii_digit(piece.p[i]) ? run + 1 : 0;
		good &= run <= SHORT_NUMBER;
	}
	good &= piece.n <= SHORT_NUMBER + 2 && (!row || at < ANSWER_HEAD);
	keep_text(k, good ? piece : SPAN("<number>"));
	k->number_before = true;
}

/* --- words ---------------------------------------------------------------- */

/*
 * Does a phrase of a rule cover the character from BEGIN to END? One with a gap tells nothing of
 * what stands in it.
 */
static bool in_a_phrase(struct keeping *k, uint32_t begin, uint32_t end)
{
	if (!k->searched)
		rules_scan(k->rules, k->text, WHERE_DIAGNOSTIC | WHERE_HUMAN, &k->phrases);
	k->searched = true;
	for (size_t i = 0; i < k->phrases.count; i++)
		if (!k->phrases.at[i].gap && k->phrases.at[i].begin <= begin &&
			end <= k->phrases.at[i].end)
			return true;
	return false;
}

static bool is_short_number(struct span w)
{
	for (size_t i = 0; i < w.n; i++)
		if (!ascii_digit(w.p[i]))
			return false;
	return w.n <= SHORT_NUMBER;
}

static bool all_known(struct keeping *k, struct span piece)
{
	size_t base = (size_t)(piece.p - k->text.p), at = 0;
	struct known_word w;

	while (rules_next_word(k->rules, piece, &at, &w)) {
		struct span word = { piece.p + w.begin, w.end - w.begin };

		if (w.sort == WORD_CHARACTER &&
			!in_a_phrase(k, (uint32_t)(base + w.begin), (uint32_t)(base + w.end)))
			return false;
		if (w.sort == WORD_UNKNOWN && !is_short_number(word))
			return false;
	}
	return true;
}

static bool is_known_host(struct span piece)
{
	bool dot = false, letter = false;

	while (piece.n && strchr(".!?'", piece.p[piece.n - 1]))
		piece.n--;
	for (size_t i = 0; i < piece.n; i++) {
		char c = piece.p[i] | 0x20;

		letter = c >= 'a' && c <= 'z';
		if (!letter && !ascii_digit(piece.p[i]) && !strchr(".-", piece.p[i]))
			return false;
		dot |= piece.p[i] == '.' && i;
	}
	return dot && letter;
}

/*
 * A piece with characters of scripts without blanks: each run of them that no phrase covers is one
 * <word>.
 */
static void keep_characters(struct keeping *k, struct span piece)
{
	size_t base = (size_t)(piece.p - k->text.p), at = 0;
	struct known_word w;
	bool dropped = false;

	while (rules_next_word(k->rules, piece, &at, &w)) {
		bool good = w.sort == WORD_KNOWN || w.sort == WORD_SIGN ||
			(w.sort == WORD_CHARACTER &&
				in_a_phrase(
					k, (uint32_t)(base + w.begin), (uint32_t)(base + w.end)));

		if (good)
			keep_text(k, (struct span){ piece.p + w.begin, w.end - w.begin });
		else if (!dropped)
			keep_text(k, SPAN("<word>"));
		dropped = !good;
	}
}

static bool has_character(struct keeping *k, struct span piece)
{
	size_t at = 0;
	struct known_word w;

	while (rules_next_word(k->rules, piece, &at, &w))
		if (w.sort == WORD_CHARACTER)
			return true;
	return false;
}

/*
 * A word that begins as one with a sense does is kept to where it does: "empfanger*" says whom the
 * answer is about (sense.h), and not who that is.
 */
static bool keep_stem(struct keeping *k, struct span piece)
{
	bool whole;
	struct span stem = sense_stem(k->rules, piece, &whole);

	if (!stem.n)
		return false;
	keep_text(k, stem);
	if (!whole)
		keep_text(k, SPAN("*"));
	if (strchr(".!?", piece.p[piece.n - 1])) /* a clause ends */
		keep_text(k, (struct span){ piece.p + piece.n - 1, 1 });
	return true;
}

static void keep_piece(struct keeping *k, struct span piece)
{
	bool word = false;

	if (is_number(piece)) {
		keep_number(k, piece);
		k->word_before = false;
		return;
	}
	k->number_before = false;
	if (all_known(k, piece))
		keep_text(k, piece);
	else if (is_known_host(piece))
		keep_text(k, SPAN("<host>"));
	else if (has_character(k, piece))
		keep_characters(k, piece);
	else
		word = !keep_stem(k, piece);
	if (word && !k->word_before)
		keep_text(k, SPAN("<word>"));
	else if (word && k->n && k->to[k->n - 1] == ' ')
		k->n--; /* "Anna Maria Example" is one <word> */
	k->word_before = word;
}

size_t keep_known_words(char *buffer, size_t size, struct span text, const struct rules *rules)
{
	struct keeping k; /* what phrases it has is found where it is asked for */
	size_t at = 0;

	if (!size)
		return 0;
	k.rules = rules;
	k.text = text;
	k.to = buffer;
	k.n = 0;
	k.size = size;
	k.searched = k.number_before = k.word_before = false;
	while (at < text.n) {
		struct span piece = piece_at(text, at);

		if (piece.n) {
			keep_piece(&k, piece);
			at += piece.n;
			continue;
		}
		k.word_before &= text.p[at] == ' ';
		keep_text(&k, (struct span){ text.p + at++, 1 });
	}
	buffer[k.n] = '\0';
	return k.n;
}
