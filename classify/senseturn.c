/* What turns over what a phrase says: the words around it in its clause. */
#include "classify/sense.h"
#include "classify/sensewords.h"

/* --- what turns a phrase over ----------------------------------------------- */

struct turn_reader {
	uint64_t last;  /* senses_last() */
	unsigned maybe; /* for so many words more "perhaps" holds, */
	unsigned ours;  /* what follows is ours, */
	unsigned other; /* and a thing may still be tied to whose it is */
	bool tied;      /* it is by "of" */
	bool headed;    /* and is what the clause is about, */
	bool missing;   /* which is missing, if no mailbox comes yet */
	bool box;       /* one was heard */
	bool begun;
	unsigned aside; /* for so many words more a thing may follow: "user, key", "user's key" */
	bool not_that;  /* a not, and nothing behind it that it could be said of */
	bool part;      /* the next may be a part of what the phrase begins with */
};

/* A compare, where strchr() is a call. */
static inline bool is_clause_end(char c, char next)
{
	switch (c) {
	case ',':
	case ';':
	case ':':
	case '!':
	case '?':
	case '(':
	case ')':
		return true;
	case '.':
		return (unsigned char)next <= ' ';
	case '\n':
		return next == '\n';
	}
	return false;
}

static const unsigned char *clause_begin(struct span text, size_t at)
{
	enum { REACH = 120 };
	size_t i = at, least = at > REACH ? at - REACH : 0;

	while (i > least && !is_clause_end(text.p[i - 1], text.p[i]))
		i--;
	while (i && i == least && i < at && (unsigned char)text.p[i - 1] > ' ')
		i++, least++;
	return (const unsigned char *)text.p + i;
}

static void count_down(unsigned *words)
{
	*words -= *words > 0;
}

/* A word before the phrase, or in it. */
static void turn_hear(struct turn_reader *t, uint64_t senses, bool within)
{
	enum { MAYBE_WORDS = 8, OUR_WORDS = 3, TIE_WORDS = 4 };

	/* "no such user", but "not delivered because the user" */
	t->not_that = senses & SENSE(NOT) ||
		(t->not_that && senses & (SENSE(PLAIN) | SENSE(OF)) && !(senses & SENSE(AND)));
	count_down(&t->maybe);
	count_down(&t->ours);
	count_down(&t->other);
	if (senses & SENSE(MAYBE) || (senses & SENSE(IF) && !t->begun))
		t->maybe = MAYBE_WORDS;
	if (senses & SENSE(SENDER))
		t->ours = OUR_WORDS;
	t->tied |= (senses & SENSE(OF)) != 0;
	if (senses & SENSE(BOX)) {
		t->headed = !within && t->other && (t->tied || t->last & SENSE(OTHER));
		t->missing = false;
		t->box = true;
		t->other = t->last & SENSE(OTHER) ? t->other : 0;
	} else if (senses & (SENSE(OTHER) | SENSE(PART)) && !(senses & SENSE(MAIL))) {
		t->other = TIE_WORDS;
		t->headed = !within &&
			(!t->box || t->aside > 0 || (t->last & SENSE(BOX) && senses & SENSE(PART)));
		t->tied = false;
	}
	t->begun = true;
}

/* Before the word with SENSES that the phrase begins with. */
static bool turn_at_begin(const struct turn_reader *t, uint64_t senses)
{
	return t->maybe || t->ours || (t->not_that && senses & SENSE(BOX)) ||
		(t->last == SENSE(YOUR) && !(senses & SENSE(PERSON))) ||
		(t->other && senses & SENSE(BOX) && (t->tied || senses & SENSE(OF)));
}

/* "user, key not found", "address book", "address of the sender" */
static bool turn_within(const struct turn_reader *t, uint64_t senses)
{
	return senses & SENSE(SENDER) ||
		(t->aside && senses & SENSE(OTHER) && !(senses & SENSE(BOX))) ||
		(t->part && senses & SENSE(PART));
}

/* One word from BEGIN of the clause or from that of the phrase on: does it turn the phrase over? */
static bool turn_word(struct turn_reader *t, uint64_t senses, bool within, bool first)
{
	bool denied = is_denied(t->last, senses), turned;

	senses = senses_beside(t->last, senses);
	if (within && first && senses & SENSE(BOX))
		t->headed = false;
	turned = within &&
		((first && turn_at_begin(t, senses)) || turn_within(t, senses) || denied);
	t->missing |= within && t->headed && senses & (SENSE(EXIST) | SENSE(UNKNOWN) | SENSE(GONE));
	turn_hear(t, senses, within);
	count_down(&t->aside);
	t->last = senses_last(t->last, senses);
	t->part = within && first && senses & SENSE(BOX);
	if (senses & SENSE(BOX) && senses & SENSE(OF))
		t->aside = 1;
	return turned;
}

/* A sign, or the s of "user's": what follows it may be a thing of the user's. */
static void turn_sign(struct turn_reader *t, char sign)
{
	enum { BEHIND_COMMA = 1, BEHIND_S = 3 };

	if (sign == ',' || sign == '\'')
		t->aside = BEHIND_COMMA;
	else if (sign == 's')
		t->aside = BEHIND_S;
	if (sign != '\'' && sign != 's')
		t->last = 0;
}

/* "mx1.example.org does not exist" is of a host, and ours; "anna.keller" is a person's name. */
static void turn_name(
	struct turn_reader *t, const unsigned char *p, const unsigned char *end, bool within)
{
	enum { TOP_LABEL = 3 };
	unsigned dots = 0, label = 0;

	if (memchr(p, '@', (size_t)(end - p))) {
		t->box = true;
		return;
	}
	for (; p < end &&
		(*p == '.' || *p == '-' || ascii_digit((char)*p) ||
			((*p | 32) >= 'a' && (*p | 32) <= 'z'));
		p++) {
		dots += *p == '.';
		label = *p == '.' ? 0 : label + 1;
	}
	if (p == end && !within && dots && (dots > 1 || label <= TOP_LABEL) && !t->box)
		t->headed = true;
}

/* What stands before match M in its clause, and in it between its pieces. */
static bool turned_before(const struct rules *r, struct span text, const struct match *m)
{
	const struct letters *l = automaton_letters(r->automaton);
	const unsigned char *p = clause_begin(text, m->begin), *behind,
			    *begin = (const unsigned char *)text.p + m->begin,
			    *end = (const unsigned char *)text.p + m->end;
	struct turn_reader turn = { 0 };
	struct scratch scratch;
	char folded[FOLDED_MAX];
	bool first = true, turned = false, begins = true;

	if (p >= begin && !m->gap) /* a phrase of one piece says what it says */
		return false;
	while (!turned && (first || m->gap || turn.headed) && (p = skip_blanks(l, p, end)) < end) {
		if (begins && (behind = skip_name(p, end)) > p) {
			turn_name(&turn, p, behind, p >= begin);
			p = behind;
			continue;
		}
		struct token t = take_token(l, p, end, &scratch);

		begins = t.blank_behind;
		p = t.next > p ? t.next : p + 1;
		if (!t.n)
			continue;
		if (t.sign || (t.n == 1 && *t.bytes == 's')) {
			turn_sign(&turn, (char)*t.begin);
		} else if (!ascii_digit(*t.bytes)) {
			uint64_t senses = senses_of(r, l, &t, folded);
			turned = turn_word(&turn, senses, t.begin >= begin, first);
			first &= t.begin < begin || !senses;
		}
	}
	explicit_bzero(&scratch, sizeof scratch);
	explicit_bzero(folded, sizeof folded);
	return turned || turn.missing;
}

/* The senses of the last word of match M. */
static uint64_t last_senses(const struct rules *r, struct span text, const struct match *m)
{
	const struct letters *l = automaton_letters(r->automaton);
	size_t begin = m->end;
	struct scratch scratch;
	char folded[FOLDED_MAX];

	while (begin > m->begin && (unsigned char)text.p[begin - 1] > ' ')
		begin--;
	struct token t = take_token(l, (const unsigned char *)text.p + begin,
		(const unsigned char *)text.p + m->end, &scratch);
	uint64_t senses = t.n && !t.sign ? senses_of(r, l, &t, folded) : 0;

	explicit_bzero(&scratch, sizeof scratch);
	explicit_bzero(folded, sizeof folded);
	return senses;
}

/* "unknown mailbox" and then "format", "unknown" and then "status" */
static bool is_its_thing(uint64_t senses, uint64_t before)
{
	const uint64_t whole = SENSE(BOX) | SENSE(MAIL);

	return !(senses & whole) &&
		(before & whole ? before & SENSE(BOX) && senses & SENSE(PART)
				: senses & (SENSE(PART) | SENSE(OTHER)) &&
					!(before &
						(SENSE(GONE) | SENSE(SHUT) | SENSE(EXIST) |
							SENSE(PLAIN) | SENSE(OF))));
}

/*
 * What stands behind match M in its clause: a thing that it was said of ("unknown mailbox format"),
 * what it is as well ("or blocked"), or who does not know it ("in the cache").
 */
static bool turned_behind(const struct rules *r, struct span text, const struct match *m)
{
	enum { WORDS_BEHIND = 7 };
	const uint64_t else_said = SENSE(REFUSE) | SENSE(ACCEPT) | SENSE(SPAM) | SENSE(USED) |
		SENSE(LISTED) | SENSE(PROOF) | SENSE(OUTSIDE);
	const struct letters *l = automaton_letters(r->automaton);
	const unsigned char *p = (const unsigned char *)text.p + m->end,
			    *end = (const unsigned char *)text.p + text.n;
	struct scratch scratch;
	char folded[FOLDED_MAX];
	bool turned = false, or_else = false, denied = false;

	if (p < end && *p == '?')
		return true; /* asked, not said */
	if (end - p > 2 && *p == '\'' && p[1] == 's' &&
		p[2] == ' ') /* "not our customer's domain" */
		p += 3;
	for (unsigned i = 0; i < WORDS_BEHIND && !turned && (p = skip_blanks(l, p, end)) < end;
		i++) {
		struct token t = take_token(l, p, end, &scratch);
		uint64_t senses;

		p = t.next > p ? t.next : p + 1;
		if (!t.n || t.sign || skip_name(t.begin, end) > t.begin)
			break;
		senses = senses_of(r, l, &t, folded);
		denied |= (senses & SENSE(NOT)) != 0;
		turned = senses & (SENSE(NARROW) | SENSE(OUTSIDE)) ||
			(!denied && senses & SENSE(ACCEPT)) || (or_else && senses & else_said) ||
			(!i && is_its_thing(senses, last_senses(r, text, m)));
		or_else |= (senses & SENSE(OR)) != 0;
	}
	explicit_bzero(&scratch, sizeof scratch);
	explicit_bzero(folded, sizeof folded);
	return turned;
}

bool sense_turned(const struct rules *r, struct span text, const struct match *m)
{
	r = who_has_stems(r);
	return turned_before(r, text, m) || turned_behind(r, text, m);
}
