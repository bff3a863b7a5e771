/*
 * What sets hard aside. Soft and block pass by themselves; hard ends an address for good, and of a
 * customer who is lost by mistake nobody hears. So:
 *
 *   1. A tie or near-tie between hard and anything else is never hard.
 *   2. Words about us (the sender, sending, our host, our account, authentication), replies that
 *      refuse us (530, 534, 535, 538, 541) and a 5.7.x set hard aside, unless the recipient's own
 *      code and words both say hard, words that are of nobody else by those beside them ("unknown
 *      user in envelope-from"), or its provider does, in the words that it documents. Where they
 *      leave no doubt (a callout, "sender verify failed", a login), where the address that the
 *      answer speaks of, or the only one before those words, is the sender's, and before any
 *      recipient was named, they do so whatever else is said. A 5.7.x leaves one thing: that nobody
 *      is there, in plain words; whole systems give it to any refusal.
 *   3. What passes ("temporarily locked, try again later") is soft, unless a 5.1.1 and words say
 *      that nobody is there, and even then where they leave no doubt ("lookup failed temporarily");
 *      and so is what is said with a 4, or of mail that still waits.
 */
#include "classify/veto.h"

enum {
	RANK_SURE = 100, /* words about us from this rank on leave no doubt */
	HARD_LEAD = 30,  /* by so much hard must be stronger than anything else */
	NEAR = 160,      /* bytes between words of the human part that speak of the same */
};

enum veto {
	VETO_NONE,
	VETO_PASSING,
	VETO_PASSING_SURE,
	VETO_US,
	VETO_SURE
}; /* the higher is the stronger */

/* "Please do not try again": there is a not before the byte AT. */
static bool is_denied_before(struct span text, size_t at)
{
	struct span before = { text.p, at };

	while (before.n && before.p[before.n - 1] == ' ')
		before.n--;
	return span_ends_nocase(before, SPAN(" not")) || span_ends_nocase(before, SPAN("n't")) ||
		span_ends_nocase(before, SPAN(" never"));
}

/* Where the longest words for what passes begin that hold match I: "later" is in "retry later". */
static size_t passing_begin(const struct rules *r, const struct matches *found, size_t i)
{
	size_t begin = found->at[i].begin;

	for (size_t k = 0; k < found->count; k++)
		if (found->at[k].begin < begin && found->at[k].end >= found->at[i].end &&
			rule_at(r, found->at[k].rule)->mark == MARK_PASSING)
			begin = found->at[k].begin;
	return begin;
}

/* "Password" in "not in the password file", "sender" in "returned to sender": the longer words. */
static bool is_inside_other(const struct rules *r, const struct matches *found, size_t i)
{
	const struct match *m = &found->at[i];

	for (size_t k = 0; k < found->count; k++) {
		const struct match *other = &found->at[k];
		const struct rule *rule = rule_at(r, other->rule);

		if (other->gap || other->begin > m->begin || other->end < m->end)
			continue;
		if (rule->mark == MARK_ABOUT_RECIPIENT ||
			(other->end > m->end && rule->rank > RANK_WEAK && rule->klass < 0 &&
				category_class(rule->category) == CLASS_HARD))
			return true;
	}
	return false;
}

/*
 * The strongest veto among the words that were FOUND; where HARD stands in the human part, too,
 * only of those near it.
 */
static enum veto veto_of_words(const struct rules *r, struct heard *h, const struct decision *d,
	const struct bid *hard, unsigned where)
{
	const struct matches *found = heard_words(r, h);
	enum veto veto = VETO_NONE, one;

	for (size_t i = 0; i < found->count; i++) {
		const struct rule *rule = rule_at(r, found->at[i].rule);
		size_t begin = found->at[i].begin;

		if (!(rule->where & where) ||
			(rule->phrase_and_code && !rule_code_fits(rule, d->reply, d->status)) ||
			(rule->mark != MARK_ABOUT_US && rule->mark != MARK_PASSING) ||
			(where == WHERE_HUMAN &&
				(begin > hard->at ? begin - hard->at : hard->at - begin) > NEAR) ||
			(rule->mark == MARK_ABOUT_US && is_inside_other(r, found, i)) ||
			(rule->mark == MARK_PASSING &&
				is_denied_before(h->text, passing_begin(r, found, i))))
			continue;
		if (rule->mark == MARK_PASSING)
			one = rule->rank >= RANK_SURE ? VETO_PASSING_SURE : VETO_PASSING;
		else if (rule->rank >= RANK_SURE)
			one = VETO_SURE;
		else
			one = VETO_US;
		veto = one > veto ? one : veto;
	}
	return veto;
}

static bool is_rrvs(struct status s)
{
	return s.detail == 17 || s.detail == 18;
} /* RFC 7293: it is the recipient's */

static enum veto veto_of_codes(const struct decision *d, const struct bids *bids)
{
	enum category said = bids->best[CLASS_HARD].category;
	bool nobody = bids->own_words &&
		(said == CATEGORY_USER_UNKNOWN || said == CATEGORY_BAD_ADDRESS);

	switch (d->reply) {
	case 530:
	case 534:
	case 535:
	case 538:
		return VETO_SURE;
	case 541:
		return VETO_US;
	default:
		return d->status.digit == 5 && d->status.subject == 7 && !is_rrvs(d->status) &&
				!nobody
			? VETO_US
			: VETO_NONE;
	}
}

/* The recipient's own code: it means hard by itself, and weighs at least WEIGHT. */
static bool own_code(const struct decision *d, int weight)
{
	const struct code_meaning *c = meaning_of_status(d->status, 0);

	return c && !d->guessed && c->weight >= weight && category_class(c->category) == CLASS_HARD;
}

static enum veto find_veto(const struct rules *r, const struct bids *bids, const struct decision *d,
	struct heard *answer, struct heard *human)
{
	const struct bid *hard = &bids->best[CLASS_HARD];
	enum veto codes = veto_of_codes(d, bids),
		  words = veto_of_words(r, answer, d, hard, WHERE_DIAGNOSTIC);

	if (bids->clues->names_us || /* "we were told of <news@…>: no such user" */
		(bids->clues->mentions_us && memchr(answer->text.p, '@', bids->words_at)))
		return VETO_SURE;
	if (bids->clues->mentions_us && codes < VETO_US)
		codes = VETO_US;
	if (hard->human) {
		enum veto near = veto_of_words(r, human, d, hard, WHERE_HUMAN);
		words = near > words ? near : words;
	}
	return codes > words ? codes : words;
}

/*
 * Does the recipient's answer outweigh that it passes? Who is unknown stays unknown; what is locked
 * may be opened, whatever code stands beside it.
 */
static bool stays(const struct decision *d, const struct bids *bids, enum veto veto)
{
	const struct bid *hard = &bids->best[CLASS_HARD];
	bool locked = hard->category == CATEGORY_MAILBOX_DISABLED ||
		hard->category == CATEGORY_NOT_ACCEPTING;

	if (veto == VETO_PASSING_SURE)
		return false;
	return hard->proven ||
		(own_code(d, WEIGHT_SPECIFIC) && (bids->own_words || !bids->clues->diagnostic.n)) ||
		(!locked && bids->own_words && own_code(d, WEIGHT_USUAL));
}

/* A refusal that speaks of us and says no more is a block. */
static enum klass bid_about_us(struct bids *bids)
{
	bid(bids, WEIGHT_STAGE, "", "about-us",
		&(struct saying){ .source = "words or codes about us",
			.category = CATEGORY_POLICY,
			.klass = -1 });
	return CLASS_BLOCK;
}

/* One that passes, whatever it is of, is soft. */
static enum klass bid_passes(struct bids *bids)
{
	bid(bids, WEIGHT_STAGE, "", "passing",
		&(struct saying){ .source = "words for what passes",
			.category = CATEGORY_SYSTEM_ERROR,
			.klass = -1 });
	return CLASS_SOFT;
}

enum klass veto_judge(const struct rules *r, struct bids *bids, const struct decision *d,
	struct heard *answer, struct heard *human, bool early)
{
	const struct bid *hard = &bids->best[CLASS_HARD];
	enum klass other = bids_strongest_but(bids, CLASS_HARD);
	bool proven = (own_code(d, WEIGHT_USUAL) && bids->own_words) || hard->proven;
	enum veto veto;
	const char *why;

	if (hard->weight < bids->best[other].weight || !hard->weight) {
		if (bids->best[other].weight > WEIGHT_DIGIT || bids->passing)
			return other;
		veto = veto_of_words(r, answer, d, hard, WHERE_DIAGNOSTIC);
		if (veto > VETO_PASSING_SURE)
			return bid_about_us(bids);
		return veto && bids->turned ? bid_passes(bids) : other;
	}
	veto = early ? VETO_SURE : find_veto(r, bids, d, answer, human);
	if (bids->clues->names_another)
		why = "set aside: it is said of another recipient";
	else if (veto == VETO_SURE ||
		(veto == VETO_US && !(hard->proven || (proven && bids->plain_words))))
		why = early ? "set aside: no recipient had been named yet"
			    : "set aside: it is about us";
	else if ((veto == VETO_PASSING || veto == VETO_PASSING_SURE) && !stays(d, bids, veto))
		why = "soft: it passes";
	else if (hard->weight < bids->best[other].weight + (proven ? 1 : HARD_LEAD))
		why = "set aside: too near to another class";
	else
		return CLASS_HARD;
	if (bids->clues->tell)
		bids->clues->tell(bids->clues->tell_context,
			&(struct bid_told){ why, hard->rule, hard->category, 0, { "", 0 } });
	if (early)
		return CLASS_BLOCK; /* the stage said so, if nothing else did */
	if ((veto == VETO_PASSING || veto == VETO_PASSING_SURE) &&
		hard->weight > bids->best[CLASS_SOFT].weight)
		bids->best[CLASS_SOFT] = *hard;
	if (veto > VETO_PASSING_SURE)
		bid_about_us(bids);
	return bids_strongest_but(bids, CLASS_HARD);
}
