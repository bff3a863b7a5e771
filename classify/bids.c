#include "classify/bids.h"

void bid_name(char *out, const char *prefix, const char *id)
{
	size_t n = strlen(prefix), m = strnlen(id, EVENT_RULE_SIZE - 1 - n);

	memcpy(out, prefix, n);
	memcpy(out + n, id, m);
	out[n + m] = '\0';
}

void bid(struct bids *bids, int weight, const char *prefix, const char *id,
	const struct saying *what)
{
	enum klass klass = what->klass >= 0 ? (enum klass)what->klass
					    : category_class(what->category);
	struct bid *best = &bids->best[klass == CLASS_HARD && bids->passing ? CLASS_SOFT : klass];
	char rule[EVENT_RULE_SIZE];

	bid_name(rule, prefix, id);
	if (bids->clues->tell) {
		const struct bid_told told = { what->source, rule, what->category, weight,
			what->words };
		bids->clues->tell(bids->clues->tell_context, &told);
	}
	if (weight < best->weight || (weight == best->weight && what->length <= best->length))
		return;
	*best = (struct bid){ .weight = weight,
		.length = what->length,
		.category = what->category,
		.proven = what->proven,
		.human = what->human,
		.at = what->at };
	memcpy(best->rule, rule, sizeof rule);
}

void bid_rule(struct bids *bids, const struct rule *rule, int weight, struct saying what)
{
	what.category = rule->category;
	what.klass = rule->klass;
	what.proven = *rule->provider || rule->rank >= RANK_PROVEN ||
		(rule->phrase_and_code && rule->codes[0].digit && rule->rank > RANK_WEAK);
	bid(bids, (*rule->provider ? WEIGHT_PROVIDER : weight) + rule->rank, "", rule->id, &what);
}

void bid_code(
	struct bids *bids, const struct code_meaning *c, const char *prefix, const char *source)
{
	if (c)
		bid(bids, c->weight, prefix, c->id,
			&(struct saying){ .source = source, .category = c->category, .klass = -1 });
}

/* Is there more in TEXT than codes and addresses? */
static bool has_words(struct span text)
{
	for (size_t i = 0, n; i < text.n; i += n + 1) {
		const char *word = text.p + i;
		bool letters = false;

		for (n = 0; i + n < text.n && (unsigned char)word[n] > ' '; n++)
			letters |= (unsigned char)(word[n] | 32) >= 'a';
		if (letters && !memchr(word, '@', n))
			return true;
	}
	return false;
}

void bid_reply(struct bids *bids, unsigned reply)
{
	const struct code_meaning *c = meaning_of_reply(reply);

	if (c && !(category_class(c->category) == CLASS_HARD && has_words(bids->clues->diagnostic)))
		bid_code(bids, c, "reply.", "the reply code");
}

enum klass bids_strongest_but(const struct bids *bids, int but)
{
	enum klass best = CLASS_NONE;
	int weight = -1;
	size_t length = 0;

	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		const struct bid *b = &bids->best[k];

		if ((int)k == but || b->weight < weight ||
			(b->weight == weight && b->length <= length))
			continue;
		best = (enum klass)k;
		weight = b->weight;
		length = b->length;
	}
	return best;
}

const struct matches *heard_words(const struct rules *r, struct heard *h)
{
	if (!h->done && !searched_part(h->searched, h->original, &h->found))
		rules_scan(r, h->text, WHERE_DIAGNOSTIC | WHERE_HUMAN, &h->found);
	h->done = true;
	return &h->found;
}
