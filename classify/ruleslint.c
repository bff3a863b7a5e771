/*
 * Rules that can never speak, and phrases that their author hardly meant. A rule set
 * that holds a rule which can never speak is refused: it is an error of the person who
 * wrote it, and silence would hide it.
 */
#include <stdarg.h>
#include <stdio.h>
#include "classify/rulesparts.h"

bool rules_refuse(char *error, size_t size, const char *id, const char *format, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	snprintf(error, size, "rule %s: %s", id, why);
	return false;
}

enum { SHORT_WORD_MAX = 2 };

/* --- code patterns -------------------------------------------------------- */

bool code_pattern_sane(const struct code_pattern *p)
{
	if (p->reply_low &&
		(p->reply_low < 200 || p->reply_high > 599 || p->reply_low > p->reply_high))
		return false;
	if (p->digit &&
		(p->digit < 2 || p->digit > 5 || p->subject > 999 || p->detail_high > 999 ||
			p->detail_low > p->detail_high))
		return false;
	return p->reply_low || p->digit;
}

bool code_pattern_covers(const struct code_pattern *outer, const struct code_pattern *inner)
{
	if (outer->reply_low &&
		!(inner->reply_low >= outer->reply_low && inner->reply_high <= outer->reply_high))
		return false;
	if (!outer->digit)
		return true;
	return outer->digit == inner->digit &&
		(outer->subject < 0 || outer->subject == inner->subject) &&
		(outer->detail_low < 0 ||
			(inner->detail_low >= outer->detail_low &&
				inner->detail_high <= outer->detail_high));
}

/* --- who takes what ------------------------------------------------------- */

/* Do A and B answer the same question, so that one of them can take the other's matches? */
static bool same_question(const struct rules *r, size_t a, size_t b)
{
	const struct rule *x = &r->rules[a], *y = &r->rules[b];

	return (x->category != CATEGORY_NONE) == (y->category != CATEGORY_NONE) &&
		(x->kind != KIND_NONE) == (y->kind != KIND_NONE) && x->mark == y->mark &&
		x->provider_number == y->provider_number;
}

/*
 * Rule B takes whatever matches rule A by the same phrase or code: it is stronger, or as strong and
 * earlier.
 */
static bool wins(const struct rules *r, size_t b, size_t a)
{
	return same_question(r, a, b) &&
		(r->rules[b].rank > r->rules[a].rank ||
			(r->rules[b].rank == r->rules[a].rank && b < a));
}

/*
 * The rule that takes PHRASE of RULE, or -1. Only the same phrase takes a phrase: a shorter one
 * inside it gives way, whatever its rank.
 */
static int phrase_taken(const struct rules *r, size_t rule, const char *phrase)
{
	const struct rule *a = &r->rules[rule];
	struct matches found;

	automaton_scan(r->automaton, span_of(phrase), a->where, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct rule *b = rule_at(r, found.at[i].rule);
		bool whole = found.at[i].begin == 0 && found.at[i].end == strlen(phrase);

		if (whole && !b->phrase_and_code && !b->stage && (a->where & ~b->where) == 0 &&
			wins(r, found.at[i].rule, rule))
			return found.at[i].rule;
	}
	return -1;
}

static int code_taken(const struct rules *r, size_t rule, const struct code_pattern *code)
{
	for (size_t i = 0; i < r->code_count; i++) {
		const struct rule *b = &r->rules[r->codes[i].rule];

		if (b->phrase_and_code || !wins(r, r->codes[i].rule, rule))
			continue;
		for (unsigned k = 0; k < b->code_count; k++)
			if (code_pattern_covers(&b->codes[k], code))
				return r->codes[i].rule;
	}
	return -1;
}

bool rule_reachable(const struct rules *r, size_t i, char *error, size_t size)
{
	const struct rule *rule = &r->rules[i];

	for (unsigned k = 0; k < rule->phrase_count; k++)
		if (phrase_taken(r, i, rule_phrase(r, rule, k)) < 0)
			return true;
	for (unsigned k = 0; k < rule->code_count && !rule->phrase_and_code; k++)
		if (code_taken(r, i, &rule->codes[k]) < 0)
			return true;
	return rules_refuse(error, size, rule->id,
		"can never match: other rules of the same or a higher rank take all its phrases and codes");
}

/* One word of so few letters that ordinary text has it, in one language or another. */
static bool is_short_word(const char *phrase)
{
	size_t n = strlen(phrase);

	return n <= SHORT_WORD_MAX &&
		strspn(phrase, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

void rules_lint(const struct rules *r,
	void (*visit)(void *context, const char *rule, const char *sentence), void *context)
{
	char sentence[256];
	int taker;

	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->rules[i];

		for (unsigned k = 0; k < rule->phrase_count; k++) {
			*sentence = 0;
			if ((taker = phrase_taken(r, i, rule_phrase(r, rule, k))) >= 0)
				snprintf(sentence, sizeof sentence,
					"the phrase '%.100s' never counts here: rule %s has it",
					rule_phrase(r, rule, k), r->rules[taker].id);
			else if (is_short_word(rule_phrase(r, rule, k)) &&
				(rule->where & WHERE_HUMAN) && !*rule->provider &&
				rule->mark != MARK_WORDS)
				snprintf(sentence, sizeof sentence,
					"the phrase '%s' is one short word, which any mail may have",
					rule_phrase(r, rule, k));
			if (*sentence)
				visit(context, rule->id, sentence);
		}
		for (unsigned k = 0; k < rule->code_count && !rule->phrase_and_code; k++)
			if ((taker = code_taken(r, i, &rule->codes[k])) >= 0) {
				snprintf(sentence, sizeof sentence,
					"its code number %u never counts here: rule %s has it",
					k + 1, r->rules[taker].id);
				visit(context, rule->id, sentence);
			}
	}
}
