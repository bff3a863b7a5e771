#include <strings.h>
#include "classify/sense.h"
#include "classify/sensewords.h"

enum { CLAUSES_MAX = 24, WORDS_MAX = 200 };

/* Of no list, but of how words stand. */
#define NUMBER (UINT64_C(1) << 63)
#define ABSENT (UINT64_C(1) << 62) /* a not beside "exists" */
#define IP_ADDRESS (UINT64_C(1) << 61)
#define REFUSED_FIRST (UINT64_C(1) << 60) /* "recipient rejected:", and then why */
#define STRANGER (UINT64_C(1) << 59)      /* a word that no list has */
#define TURNED (SENSE(IF) | SENSE(MAYBE))

/* What a clause must say, all of it; nothing of what keeps it from that, in it or anywhere. */
static const struct said_of {
	const char *id;
	enum category category;
	uint64_t all, none, nowhere;
} SAID_OF[] = {
#define ABOUT_OTHERS \
	(SENSE(SENDER) | SENSE(YOUR) | SENSE(PASSING) | SENSE(REFUSE) | SENSE(SPAM) | \
		SENSE(OUTSIDE) | SENSE(PROOF) | SENSE(LISTED) | SENSE(RELAY) | SENSE(HEADER) | \
		SENSE(LIMIT) | SENSE(SEND) | SENSE(DNS))
#define NO_BOX \
	(SENSE(OTHER) | SENSE(ACCEPT) | SENSE(SPACE) | SENSE(USED) | TURNED | SENSE(TIME) | \
		SENSE(PART) | IP_ADDRESS | STRANGER)
	{ "sense.down", CATEGORY_SYSTEM_ERROR, SENSE(OTHER) | SENSE(DOWN), 0, 0 },
	{ "sense.score", CATEGORY_SPAM_CONTENT, SENSE(SCORE) | NUMBER, SENSE(SENDER), 0 },
	{ "sense.spam", CATEGORY_SPAM_CONTENT, SENSE(SPAM), SENSE(PASSING), 0 },
	{ "sense.proof", CATEGORY_AUTH_FAILURE, SENSE(PROOF), 0, 0 },
	{ "sense.listed", CATEGORY_REPUTATION, SENSE(LISTED), 0, 0 },
	{ "sense.dns", CATEGORY_INFRASTRUCTURE, SENSE(DNS), SENSE(BOX), 0 },
	{ "sense.relay", CATEGORY_RELAY_DENIED, SENSE(RELAY), SENSE(LIMIT), 0 },
	{ "sense.header", CATEGORY_NON_COMPLIANT, SENSE(HEADER) | SENSE(TWICE), 0, 0 },
	{ "sense.rate", CATEGORY_RATE_LIMITED, SENSE(LIMIT) | SENSE(TIME), SENSE(SPACE), 0 },
	{ "sense.rate", CATEGORY_RATE_LIMITED, SENSE(LIMIT) | SENSE(SEND), SENSE(SPACE), 0 },
	{ "sense.full", CATEGORY_MAILBOX_FULL, SENSE(SPACE) | SENSE(USED), SENSE(SENDER), 0 },
	{ "sense.full", CATEGORY_MAILBOX_FULL, SENSE(SPACE) | SENSE(NOT), SENSE(SENDER), 0 },
	{ "sense.full", CATEGORY_MAILBOX_FULL, SENSE(BOX) | SENSE(USED), SENSE(SENDER) | SENSE(NOT),
		0 },
	{ "sense.sender", CATEGORY_SENDER_REJECTED, SENSE(SENDER) | SENSE(UNKNOWN), 0, 0 },
	{ "sense.sender", CATEGORY_SENDER_REJECTED, SENSE(SENDER) | SENSE(NOT) | SENSE(EXIST), 0,
		0 },
	{ "sense.sender", CATEGORY_SENDER_REJECTED, SENSE(SENDER) | SENSE(TWICE), 0, 0 },
	{ "sense.sending", CATEGORY_SENDER_REJECTED, SENSE(SEND) | SENSE(REFUSE), 0, 0 },
	{ "sense.sending", CATEGORY_SENDER_REJECTED, SENSE(SEND) | SENSE(GONE), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(NOT) | SENSE(ACCEPT) | SENSE(MAIL), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(NOT) | SENSE(ACCEPT) | SENSE(SENDER), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(NOT) | SENSE(ACCEPT) | SENSE(YOUR), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(REFUSE) | SENSE(MAIL), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(REFUSE) | SENSE(YOUR), 0, 0 },
	{ "sense.refused", CATEGORY_POLICY, SENSE(REFUSE) | SENSE(SENDER), 0, 0 },
	{ "sense.outside", CATEGORY_POLICY, SENSE(OUTSIDE) | SENSE(NOT), 0, 0 },
	{ "sense.outside", CATEGORY_POLICY, SENSE(OUTSIDE) | SENSE(ACCEPT), 0, 0 },
	{ "sense.outside", CATEGORY_POLICY, SENSE(OUTSIDE) | SENSE(REFUSE), 0, 0 },
	{ "sense.nobody", CATEGORY_USER_UNKNOWN, SENSE(BOX) | SENSE(UNKNOWN), NO_BOX,
		ABOUT_OTHERS },
	{ "sense.nobody", CATEGORY_USER_UNKNOWN, SENSE(BOX) | ABSENT, NO_BOX, ABOUT_OTHERS },
	{ "sense.nobody", CATEGORY_USER_UNKNOWN, SENSE(BOX) | SENSE(NOBODY),
		NO_BOX | SENSE(NOT) | SENSE(TWICE), ABOUT_OTHERS },
	{ "sense.left", CATEGORY_USER_UNKNOWN, SENSE(PERSON) | SENSE(NOT) | SENSE(WORK),
		NO_BOX & ~STRANGER, ABOUT_OTHERS },
	{ "sense.gone", CATEGORY_MAILBOX_DISABLED, SENSE(BOX) | SENSE(GONE), NO_BOX | SENSE(NOT),
		ABOUT_OTHERS },
	{ "sense.left", CATEGORY_USER_UNKNOWN, SENSE(BOX) | SENSE(LEFT) | SENSE(HOUSE),
		NO_BOX & ~STRANGER, ABOUT_OTHERS },
	{ "sense.form", CATEGORY_BAD_ADDRESS, SENSE(BOX) | SENSE(FORM), NO_BOX, ABOUT_OTHERS },
};

const char *sense_id(unsigned n)
{
	return n < sizeof SAID_OF / sizeof *SAID_OF ? SAID_OF[n].id : NULL;
}

struct senses_reader {
	const struct rules *rules;
	const struct letters *letters;
	struct span name;
	uint64_t clause[CLAUSES_MAX];
	size_t clauses;  /* that were begun before this one */
	uint64_t last;   /* the senses of the last word */
	uint64_t denies; /* SENSE(NOT), SENSE(EXIST): those that stand a few words before */
	unsigned since;  /* words behind the last of them */
	bool word;       /* one was read: a number before it is a code */
	bool begun;      /* one was read since the last sign */
};

/* A not beside "exists", with few words between. */
static bool hear_absence(struct senses_reader *h, uint64_t senses)
{
	enum { NEAR = 3 };
	const uint64_t both = SENSE(NOT) | SENSE(EXIST);

	if (++h->since > NEAR)
		h->denies = 0;
	if (senses & both) {
		h->denies |= senses & both;
		h->since = 0;
	}
	return (h->denies & both) == both;
}

static bool ends_sentence(const struct token *t, const unsigned char *end)
{
	return strchr(";!?()", *t->begin) ||
		(*t->begin == '.' && (t->end == end || *t->end <= ' '));
}

/* "your message" is any mail to anybody, "your lists" have the recipient's address */
static bool is_of_anybody(uint64_t last, uint64_t senses)
{
	return last == SENSE(YOUR) && senses & (SENSE(MAIL) | SENSE(BOOK));
}

/* The recipient's own name speaks of him, unless it is a word. */
static bool is_name(struct span name, const struct token *t)
{
	enum { LEAST = 3 };

	return name.n >= LEAST && (size_t)(t->end - t->begin) == name.n &&
		!strncasecmp((const char *)t->begin, name.p, name.n);
}

static void hear_token(struct senses_reader *h, const struct token *t)
{
	char folded[FOLDED_MAX];
	uint64_t *clause = &h->clause[h->clauses];
	uint64_t senses = senses_of(h->rules, h->letters, t, folded);

	if (!senses && is_name(h->name, t))
		senses = SENSE(BOX) | SENSE(PERSON);
	if (!senses && (unsigned char)*t->begin < OTHER_SCRIPTS && !token_has_digit(t))
		*clause |= STRANGER;
	if (ascii_digit(folded[0])) {
		*clause |= h->word ? NUMBER : 0;
		return;
	}
	if (h->begun)
		senses &= ~SENSE(IF);
	h->word = h->begun = true;
	senses = senses_beside(h->last, senses);
	if (hear_absence(h, senses))
		*clause |= ABSENT;
	if (is_of_anybody(h->last, senses)) {
		*clause &= ~SENSE(YOUR);
		senses &= ~SENSE(OTHER);
	}
	*clause |= senses;
	h->last = senses_last(h->last, senses);
}

#define ONLY_REFUSED \
	(SENSE(BOX) | SENSE(PERSON) | SENSE(REFUSE) | SENSE(MAIL) | SENSE(PLAIN) | SENSE(BEEN))

static void hear_sign(struct senses_reader *h, const struct token *t, const unsigned char *end)
{
	uint64_t *clause = &h->clause[h->clauses];

	if (*t->begin == '\'' || *t->begin == '-')
		return;
	if (*t->begin == ':' && *clause & SENSE(REFUSE) && !(*clause & ~ONLY_REFUSED))
		*clause = REFUSED_FIRST | (*clause & SENSE(MAIL));
	h->last = h->denies = 0;
	h->begun = false;
	if (ends_sentence(t, end) && h->clauses + 1 < CLAUSES_MAX)
		h->clauses++;
}

/* "192.0.2.7", "[192.0.2.7]" */
static bool is_host_number(const unsigned char *p, const unsigned char *end)
{
	unsigned dots = 0;

	p += *p == '[';
	for (; p < end && (ascii_digit((char)*p) || *p == '.'); p++)
		dots += *p == '.' && p + 1 < end && ascii_digit((char)p[1]);
	return dots == 3;
}

static void hear(struct senses_reader *h, struct span text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end = p + text.n, *behind;
	struct scratch scratch;
	bool begins = true;

	for (size_t words = 0; words < WORDS_MAX; words++) {
		p = skip_blanks(h->letters, p, end);
		if (p >= end)
			break;
		if (begins && (behind = skip_name(p, end)) > p) {
			p = behind;
			continue;
		}
		if (begins && is_host_number(p, end)) /* mailboxes have none */
			h->clause[h->clauses] |= IP_ADDRESS;
		struct token t = take_token(h->letters, p, end, &scratch);

		if (t.n && !t.sign)
			hear_token(h, &t);
		else if (t.n)
			hear_sign(h, &t, end);
		begins = t.blank_behind;
		p = t.next > p ? t.next : p + 1;
	}
	explicit_bzero(&scratch, sizeof scratch);
}

/* --- sentences ------------------------------------------------------------ */

static bool says_so(const struct senses_reader *h, const struct said_of *s, uint64_t heard)
{
	if (heard & s->nowhere)
		return false;
	for (size_t i = 0; i <= h->clauses; i++) {
		uint64_t clause = h->clause[i];

		if (clause & REFUSED_FIRST)
			clause |= SENSE(REFUSE);
		if ((clause & s->all) == s->all && !(clause & s->none))
			return true;
	}
	return false;
}

/*
 * Does every clause that tells of somebody who is missing or gone speak of the sender, of our host
 * or of what is yours?
 */
static bool is_of_us(const struct senses_reader *h)
{
	const uint64_t missing = SENSE(UNKNOWN) | SENSE(EXIST) | SENSE(GONE) | SENSE(NOBODY),
		       us = SENSE(SENDER) | SENSE(YOUR), host = SENSE(BOX) | SENSE(DNS);
	bool any = false;

	for (size_t i = 0; i <= h->clauses; i++)
		if (h->clause[i] & missing) {
			if (!(h->clause[i] & us) && (h->clause[i] & host) != host)
				return false;
			any = true;
		}
	return any;
}

struct sense sense_read(const struct rules *r, struct span text, struct span name)
{
	struct senses_reader h = {
		.rules = who_has_stems(r), .letters = automaton_letters(r->automaton), .name = name
	};
	struct sense found = { .category = CATEGORY_NONE };

	hear(&h, text);
	for (size_t i = 0; i <= h.clauses; i++)
		found.heard |= h.clause[i];
	found.of_us = is_of_us(&h);
	for (size_t i = 0; i < sizeof SAID_OF / sizeof *SAID_OF; i++)
		if (says_so(&h, &SAID_OF[i], found.heard)) {
			found.id = SAID_OF[i].id;
			found.category = SAID_OF[i].category;
			break;
		}
	return found;
}

/* --- bids ----------------------------------------------------------------- */

enum { WEAK = WEIGHT_WORDS + RANK_WEAK }; /* what words weigh at most that say little */

static const struct sense OF_US = { "sense.us", CATEGORY_POLICY, 0, true };

static void bid_sense(struct bids *bids, int weight, const struct sense *s)
{
	bid(bids, weight, "", s->id,
		&(struct saying){
			.source = "the sense of the words", .category = s->category, .klass = -1 });
}

/* A word for a missing or closed thing, and the thing is none that a person gets mail in. */
static bool of_something_else(const struct sense *s, enum category category)
{
	return (category == CATEGORY_USER_UNKNOWN || category == CATEGORY_MAILBOX_DISABLED) &&
		!(s->heard & SENSE(BOX)) && s->heard & (SENSE(OTHER) | SENSE(SENDER));
}

/* Nothing but words says hard, and no rule of the provider's. */
static bool is_word_alone(const struct bid *best)
{
	return best->length && !best->proven;
}

/* Nothing but the recipient's code says hard: the receiver's words say another thing, or none. */
static bool is_code_alone(const struct bids *bids, const struct bid *best)
{
	return bids->clues->diagnostic.n && !best->length && !best->proven && !bids->own_words &&
		(best->category == CATEGORY_USER_UNKNOWN ||
			best->category == CATEGORY_MAILBOX_DISABLED);
}

/* What the receiver's words mean weighs as much as a code that stands alone. */
static void weigh_words(struct bids *bids, int weight)
{
	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		struct bid *other = &bids->best[k];

		if (k != CLASS_HARD && other->length && !other->human &&
			other->weight >= WEIGHT_WORDS && other->weight < weight)
			other->weight = weight;
	}
}

void bid_senses(const struct rules *r, struct bids *bids, struct span text)
{
	enum klass top = bids_strongest_but(bids, -1);
	struct bid *best = &bids->best[top];
	bool code = top == CLASS_HARD && is_code_alone(bids, best);
	bool weak = code || best->weight <= (best->human ? WEIGHT_VAGUE : WEAK);
	enum klass said;
	struct sense s;

	if (!text.n ||
		(top == CLASS_HARD ? best->weight > WEIGHT_VAGUE && !is_word_alone(best) && !code
				   : !weak))
		return;
	if (code)
		weigh_words(bids, best->weight);
	s = sense_read(r, text, bids->clues->recipient_local);
	said = s.id ? category_class(s.category) : top;
	if (top == CLASS_HARD && best->weight > WEIGHT_VAGUE) {
		if (weak && s.id && said != CLASS_HARD)
			bid_sense(bids, best->weight, &s); /* a tie is never hard */
		else if (code && best->weight >= WEIGHT_SPECIFIC && bids->turned && !s.id)
			best->weight = 0; /* the words speak of the code, and turn it over */
		else if (s.of_us)
			bid_sense(bids, best->weight, &OF_US);
		else if (!best->human && !code && of_something_else(&s, best->category) &&
			(weak || !memchr(text.p, '@', text.n)))
			best->weight = 0;
		else if (s.category == CATEGORY_SYSTEM_ERROR)
			bid_sense(bids, best->weight, &s); /* who would know cannot be asked */
	} else if (said == CLASS_HARD && !bids->turned && top == CLASS_BLOCK &&
		best->category == CATEGORY_POLICY && is_word_alone(best)) {
		best->weight = WEIGHT_DIGIT; /* it was refused, and that is why */
		bid_sense(bids, WEIGHT_SENSE, &s);
	} else if (bids->turned && s.of_us && best->weight <= WEIGHT_VAGUE) {
		bid_sense(bids, WEIGHT_SENSE, &OF_US);
	} else if (!s.id || s.category == best->category || (bids->turned && said == CLASS_HARD)) {
		return; /* the same words in the sum say no more */
	} else if (best->weight <= WEIGHT_VAGUE) {
		bid_sense(bids, WEIGHT_SENSE, &s);
	} else if (said == top &&
		(best->category == CATEGORY_POLICY || best->category == CATEGORY_MAILBOX_FULL)) {
		bid_sense(bids, best->weight + 1, &s);
	}
}
