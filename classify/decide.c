/*
 * From everything that was found about a recipient to one category. Every piece of evidence makes a
 * bid: a weight and what it means. The weights are the design's order (classify/meaning.h): the
 * provider's rule, a specific enhanced code, the words of the receiver, codes that receivers use
 * for several causes, the words of the human part, the bare digit. A rule's rank moves its bid up
 * or down, so that words which leave no doubt ("mailbox full") beat a code that many use wrongly.
 * The strongest bid for each class is kept, and the highest of them wins.
 *
 * But not if it is hard: veto.c.
 *
 * The margin is how much the winner had more than the strongest bid for another class; below zero
 * where a stronger hard was set aside.
 */
#include "classify/base/bytes.h"
#include "classify/sense.h"
#include "classify/veto.h"

enum { ANSWER_MAX = 8192 /* bytes of a receiver's answer that are read */ };

/* --- who answered --------------------------------------------------------- */

/* The host that reports is asked last, and not where it says that another one answered. */
static void find_provider(const struct rules *r, const struct clues *e, char *name)
{
	const char *found = e->provider ? e->provider : provider_by_host(r, e->remote_mta);

	if (!found)
		found = provider_by_domain(r, e->recipient_domain);
	if (!found && (!e->remote_mta.n || span_equal_nocase(e->remote_mta, e->reporting_mta)))
		found = provider_by_host(r, e->reporting_mta);
	found = found ? found : "";
	memcpy(name, found, strnlen(found, EVENT_PROVIDER_SIZE - 1) + 1);
}

/* --- which codes ---------------------------------------------------------- */

/*
 * 0: x.0.0 says only the class; 1: x.y.0 the subject, x.4.7 that the sender's queue gave up; 2: the
 * cause.
 */
static int says(struct status s)
{
	if (!s.subject && !s.detail)
		return 0;
	if (!s.detail || (s.subject == 4 && s.detail == 7))
		return 1;
	return 2;
}

/*
 * The recipient's own Status field, unless the receiver's answer says as much or more: reporting
 * systems fill the field in with what they make of the answer. A success that is quoted in the
 * report of a failure is no evidence.
 */
static void find_codes(const struct clues *e, struct decision *out)
{
	struct codes answer = codes_find(e->about.n ? e->about : e->diagnostic);
	struct status own = e->status;

	if (e->about.n && e->about.p > e->diagnostic.p && !answer.reply) /* one in front, of all */
		answer.reply = codes_find(e->diagnostic).reply;
	if (!answer.reply && !answer.status.digit && !e->about.n)
		answer = codes_find(e->human);
	if (e->kind != KIND_SUCCESS && answer.reply / 100 == 2)
		answer.reply = 0;
	if (e->kind != KIND_SUCCESS && answer.status.digit == 2)
		answer.status.digit = 0;
	out->reply = answer.reply;
	out->status = own;
	if (answer.status.digit &&
		(!own.digit || (says(answer.status) && says(answer.status) >= says(own))))
		out->status = answer.status;
	out->guessed = own.digit && answer.reply && !answer.status.digit;
	if (!out->status.digit)
		out->status = (struct status){ 0, 0, 0 };
}

static void bid_codes(const struct rules *r, struct bids *bids, const struct decision *d)
{
	size_t at = 0;
	int i;

	const struct code_meaning *own = meaning_of_status(d->status, d->reply);
	struct code_meaning less;

	/* the receiver's words say more than a code that somebody else made of them */
	if (own && d->guessed && own->weight > WEIGHT_GUESSED) {
		less = *own;
		less.weight = WEIGHT_GUESSED;
		own = &less;
	}
	bid_code(bids, own, "code.", "the enhanced code");
	bid_reply(bids, d->reply);
	if (bids->clues->exit_code)
		bid_code(bids, meaning_of_exit(bids->clues->exit_code), EXIT_PREFIX,
			"the local mailer's exit code");
	while ((i = rules_next_by_code(r, d->provider, d->reply, d->status, &at)) >= 0) {
		const struct rule *rule = rule_at(r, (uint16_t)i);

		if (!rule->phrase_and_code && rule->category != CATEGORY_NONE)
			bid_rule(bids, rule, WEIGHT_SPECIFIC,
				(struct saying){ .source = "the codes" });
	}
}

/* --- which words ---------------------------------------------------------- */

static unsigned blanks_at(bytes16 b)
{
	return bytes_mask(
		bytes_are(b, ' ') | bytes_are(b, '\n') | bytes_are(b, '\r') | bytes_are(b, '\t'));
}

/* The bytes of the code at the begin of TEXT that repeats PREFIX, "550-5.2.1" or "550 ". */
static size_t repeated_code(struct span text, const char *prefix)
{
	size_t skip = 4;

	if (text.n <= skip || memcmp(text.p, prefix, 3) || (text.p[3] != '-' && text.p[3] != ' '))
		return 0;
	while (skip < text.n && (ascii_digit(text.p[skip]) || text.p[skip] == '.'))
		skip++;
	return skip == text.n || strchr(" \t\r\n", text.p[skip]) ? skip : 4;
}

/*
 * Copies an answer of several lines without the codes that each line repeats ("550-5.2.1 The user …
 * at a rate that 550-5.2.1 prevents"), because they tear phrases apart. Returns the bytes written.
 */
static size_t join_answer(char *buffer, struct span text, unsigned reply)
{
	char prefix[DECIMAL_SIZE];
	size_t n = 0;

	if (text.n > ANSWER_MAX)
		text.n = ANSWER_MAX;
	decimal(prefix, reply % 1000, 3);
	while (text.n) {
		const char *end = text.p + text.n, *blank;
		size_t length = n && reply ? repeated_code(text, prefix)
					   : 0; /* white space stands before it: words are copied
						   with what follows them */

		if (!length) {
			blank = bytes_find(text.p, end, blanks_at);
			length = (size_t)(blank - text.p) + (blank < end);
			memcpy(buffer + n, text.p, length);
			n += length;
		}
		text = (struct span){ text.p + length, text.n - length };
	}
	return n;
}

static bool applies(const struct rule *rule, unsigned where, const struct decision *d)
{
	return (rule->where & where) && rule->category != CATEGORY_NONE && !rule->stage &&
		(!*rule->provider || !strcmp(rule->provider, d->provider)) &&
		(!rule->phrase_and_code || rule_code_fits(rule, d->reply, d->status));
}

/*
 * Is match I inside a longer one, as "expired" is in "account has expired"? That speaks then; but
 * what everybody says does not silence a provider's own words.
 */
static bool is_inside(const struct rules *r, const struct matches *found, size_t i, unsigned where,
	const struct decision *d)
{
	const struct match *m = &found->at[i];
	bool own = *rule_at(r, m->rule)->provider;
	/* Matches come in the order of their ends; those that hold this one end there or later. */
	for (size_t k = i + 1; k < found->count; k++) {
		const struct match *other = &found->at[k];
		if (!other->gap && other->begin <= m->begin &&
			other->end - other->begin > m->end - m->begin &&
			(!own || *rule_at(r, other->rule)->provider) &&
			applies(rule_at(r, other->rule), where, d))
			return true;
	}
	for (size_t k = i; k-- > 0 && found->at[k].end == m->end;)
		if (!found->at[k].gap && found->at[k].begin < m->begin &&
			(!own || *rule_at(r, found->at[k].rule)->provider) &&
			applies(rule_at(r, found->at[k].rule), where, d))
			return true;
	return false;
}

static bool in_address_char(char c)
{
	switch (c) { /* a compare, where strchr() is a call */
	case '<':
	case '>':
	case '(':
	case ')':
	case '[':
	case ']':
	case '"':
	case ',':
	case ':':
	case ';':
		return false;
	}
	return c > ' ' && c < 127;
}

/* Is match M a part of an address, as "refused" is in x@refused.example? Names say nothing. */
static bool is_in_address(struct span text, const struct match *m)
{
	size_t begin = m->begin, end = m->end;
	bool at = false;

	if (m->gap)
		return false;
	while (begin > 0 && m->begin - begin < EVENT_ADDRESS_SIZE &&
		in_address_char(text.p[begin - 1]))
		at |= text.p[--begin] == '@';
	while (end < text.n && end - m->end < EVENT_ADDRESS_SIZE && in_address_char(text.p[end]))
		at |= text.p[end++] == '@';
	return at;
}

static bool is_hard(const struct rule *rule)
{
	return rule->klass < 0 && category_class(rule->category) == CLASS_HARD;
}

/* "address 192.0.2.7 unknown" is of a host, and that is ours: nobody's mailbox has such a name. */
static bool has_ip(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t dots = 0, n = i;
		bool begins = ascii_digit(text.p[i]) && (!i || strchr(" [(", text.p[i - 1]));
		while (begins && n < text.n && (ascii_digit(text.p[n]) || text.p[n] == '.'))
			dots += text.p[n++] == '.';
		if (dots == 3 && (n == text.n || text.p[n] != '@'))
			return true;
	}
	return false;
}

/* "mx1.example.org: no such host" is not of the recipient's domain, whoever's host that is. */
static bool is_of_other_host(struct span text, const struct match *m, struct span domain)
{
	size_t end = m->begin, begin;
	bool dots = false, letters = false;

	while (end && strchr(" :", text.p[end - 1]))
		end--;
	for (begin = end; begin && text.p[begin - 1] > ' ' && text.p[begin - 1] < 127; begin--)
		if (strchr("@=/<(", text.p[begin - 1]))
			return false;
		else if (text.p[begin - 1] == '.')
			dots |= begin < end;
		else
			letters |= !ascii_digit(text.p[begin - 1]);
	return dots && letters &&
		!span_ends_nocase((struct span){ text.p + begin, end - begin }, domain);
}

/* Is what RULE says of a recipient or his domain said of a host here? */
static bool is_of_host(
	struct span text, const struct match *m, const struct rule *rule, struct span domain)
{
	if (rule->category == CATEGORY_DOMAIN_UNKNOWN && is_of_other_host(text, m, domain))
		return true;
	if (m->gap)
		return has_ip((struct span){ text.p + m->begin, m->end - m->begin });
	return rule->rank <= RANK_WEAK && !memchr(text.p, '@', text.n) && has_ip(text);
}

/* Is it said of a mailbox or its owner, and not of a domain or a host? */
static bool is_of_person(enum category category)
{
	return category != CATEGORY_DOMAIN_UNKNOWN && category != CATEGORY_NOT_ACCEPTING;
}

/* Does a paragraph end between match K and match M behind it? */
static bool is_paragraph_between(struct span text, const struct match *k, const struct match *m)
{
	for (size_t i = k->begin; i + 1 < m->begin; i++)
		if (text.p[i] == '\n' && text.p[i + 1] == '\n')
			return true;
	return false;
}

/*
 * Is hard match I said of what a longer one begins with, and is that of nobody? "Not known here" is
 * of the address in "the address that you call from is not known here", and not of that in the
 * paragraph above.
 */
static bool is_end_of_other(const struct rules *r, const struct matches *found, size_t i,
	struct span text, struct span name)
{
	const struct match *m = &found->at[i], *whole = NULL, *k;

	for (k = found->at; k < found->at + found->count; k++)
		if (k->gap && k->begin < m->begin && k->end > m->begin && k->end <= m->end &&
			is_hard(rule_at(r, k->rule)) && (!whole || k->begin > whole->begin) &&
			!is_paragraph_between(text, k, m))
			whole = k;
	return whole && !m->gap && sense_other_before(r, text, whole, m, name);
}

/* Is it of something else by a word beside it? */
static bool is_of_other(const struct rules *r, const struct bids *bids, struct span text,
	const struct matches *found, size_t i)
{
	const struct match *m = &found->at[i];
	const struct rule *rule = rule_at(r, m->rule);
	struct span name = bids->clues->recipient_local;

	return is_end_of_other(r, found, i, text, name) ||
		(!bids->passing && !(rule->phrase_and_code && rule->rank > 0) &&
			sense_beside(r, text, m, name, is_of_person(rule->category)));
}

/*
 * Words that are hard say nothing of the recipient here. What a provider documents means what it
 * says, however it stands. Where the recipient's own code has said it already, only what turns the
 * words over counts, and one that is not turned over is enough.
 */
static bool is_of_nobody(const struct rules *r, struct bids *bids, struct span text,
	const struct matches *found, size_t i)
{
	const struct match *m = &found->at[i];
	const struct rule *rule = rule_at(r, m->rule);
	bool said = bids->best[CLASS_HARD].weight >= WEIGHT_SPECIFIC;

	if (is_of_host(text, m, rule, bids->clues->recipient_domain))
		return true;
	if (*rule->provider || (said && bids->own_words) ||
		!(sense_turned(r, text, m) || (!said && is_of_other(r, bids, text, found, i))))
		return false;
	bids->turned = true;
	if (bids->clues->tell)
		bids->clues->tell(bids->clues->tell_context,
			&(struct bid_told){ "set aside: the words around it turn it over", rule->id,
				rule->category, 0, { "", 0 } });
	return true;
}

/* "relay=[192.0.2.7]": a field's name in a log, no word for what happened. */
static bool is_field_name(struct span text, const struct match *m, const struct rule *rule)
{
	return rule->rank <= RANK_WEAK && m->end < text.n && text.p[m->end] == '=';
}

/* What hard was found of, in words or codes, is not set aside by what is said not to be so. */
static bool is_denied_beside_hard(const struct rules *r, const struct bids *bids, struct span text,
	const struct matches *found, const struct match *m)
{
	bool hard = bids->best[CLASS_HARD].weight > 0;

	for (size_t i = 0; i < found->count && !hard; i++)
		hard = is_hard(rule_at(r, found->at[i].rule));
	return hard && !*rule_at(r, m->rule)->provider &&
		sense_denied(r, text, m, rule_at(r, m->rule)->category);
}

/* Match I says hard without doubt; what veto.c asks of such words beside words about us. */
static void note_own_words(const struct rules *r, struct bids *bids, struct span text,
	const struct matches *found, size_t i, bool answer)
{
	size_t begin = answer ? found->at[i].begin : 0;
	const struct rule *rule = rule_at(r, found->at[i].rule);

	if (!bids->own_words || begin < bids->words_at)
		bids->words_at = begin;
	if (!bids->plain_words) /* without a code is_of_nobody() has asked already */
		bids->plain_words = *rule->provider ||
			(rule->rank > RANK_WEAK / 2 &&
				(bids->best[CLASS_HARD].weight < WEIGHT_SPECIFIC ||
					!is_of_other(r, bids, text, found, i)));
	bids->own_words = true;
}

/* True when words were found that say something. */
static bool bid_words(const struct rules *r, struct bids *bids, const struct decision *d,
	struct span text, const struct matches *found, unsigned where, int weight)
{
	const char *source;
	if (where == WHERE_DIAGNOSTIC)
		source = "the receiver's answer";
	else if (where == WHERE_HUMAN)
		source = "the human part";
	else
		source = "the subject";
	bool said = false, turned = bids->turned; /* in the answer: it stands here once more */

	for (size_t i = 0; i < found->count; i++) {
		const struct match *m = &found->at[i];
		const struct rule *rule = rule_at(r, m->rule);

		if (!applies(rule, where, d) || is_inside(r, found, i, where, d) ||
			is_in_address(text, m) || is_field_name(text, m, rule) ||
			(where == WHERE_DIAGNOSTIC &&
				(m->begin < bids->begin || m->end > bids->end)) ||
			(is_hard(rule) &&
				(is_of_nobody(r, bids, text, found, i) ||
					(turned && rule->rank <= RANK_WEAK))) ||
			(!is_hard(rule) && is_denied_beside_hard(r, bids, text, found, m)))
			continue;
		bid_rule(bids, rule, weight,
			(struct saying){ .source = source,
				.words = { text.p + m->begin, m->gap ? 0 : m->end - m->begin },
				.length = m->end - m->begin - m->gap,
				.human = where != WHERE_DIAGNOSTIC,
				.at = m->begin });
		said |= rule->rank > RANK_WEAK;
		if (rule->rank > RANK_WEAK && is_hard(rule))
			note_own_words(r, bids, text, found, i, where == WHERE_DIAGNOSTIC);
	}
	return said;
}

static void bid_subject(
	const struct rules *r, struct bids *bids, const struct decision *d, struct span subject)
{
	struct matches found;

	rules_scan(r, subject, WHERE_SUBJECT, &found);
	bid_words(r, bids, d, subject, &found, WHERE_SUBJECT, WEIGHT_SUBJECT);
}

/* --- at which SMTP command ------------------------------------------------ */

static const struct stage {
	enum rule_mark mark;
	enum category category; /* what a refusal there means if nothing else says it */
	bool before_recipient;  /* no recipient was named yet: it cannot be about one */
} STAGES[] = {
	{ MARK_STAGE_CONNECT, CATEGORY_REPUTATION, true },
	{ MARK_STAGE_MAIL, CATEGORY_SENDER_REJECTED, true },
	{ MARK_STAGE_RCPT, CATEGORY_NONE, false },
	{ MARK_STAGE_DATA, CATEGORY_CONTENT_REJECTED, false },
};

/* The stage that what was FOUND names, if it names one only; *ID is then the rule's. */
static const struct stage *find_stage(
	const struct rules *r, const struct matches *found, const char **id)
{
	const struct stage *stage = NULL;

	for (size_t i = 0; i < found->count; i++)
		for (size_t k = 0; k < sizeof STAGES / sizeof *STAGES; k++) {
			if (rule_at(r, found->at[i].rule)->mark != STAGES[k].mark)
				continue;
			if (stage && stage != &STAGES[k])
				return NULL;
			stage = &STAGES[k];
			*id = rule_at(r, found->at[i].rule)->id;
		}
	return stage;
}

/* What a provider says with these words at that command alone. */
static void bid_words_of_stage(const struct rules *r, struct bids *bids, const struct decision *d,
	struct heard *answer, enum rule_mark stage)
{
	const struct matches *found = heard_words(r, answer);

	for (size_t i = 0; i < found->count; i++) {
		const struct match *m = &found->at[i];
		const struct rule *rule = rule_at(r, m->rule);

		if (rule->stage == stage &&
			(!*rule->provider || !strcmp(rule->provider, d->provider)) &&
			(!rule->phrase_and_code || rule_code_fits(rule, d->reply, d->status)))
			bid_rule(bids, rule, WEIGHT_WORDS,
				(struct saying){ .source = "the receiver's answer to that command",
					.words = { answer->text.p + m->begin, m->end - m->begin },
					.length = m->end - m->begin,
					.at = m->begin });
	}
}

/* Bids what the stage means; true when no recipient had been named yet. */
static bool bid_stage(const struct rules *r, struct bids *bids, const struct decision *d,
	struct heard *answer, struct heard *human)
{
	const char *id = NULL;
	const struct stage *stage;
	enum klass top = bids_strongest_but(bids, -1);

	if (bids->clues->kind == KIND_DELAY || !(d->reply || d->status.digit) ||
		(top != CLASS_HARD && bids->best[top].weight > WEIGHT_STAGE))
		return false; /* nothing that the stage says would count */
	stage = find_stage(r, heard_words(r, answer), &id);
	if (!stage)
		stage = find_stage(r, heard_words(r, human), &id);
	if (!stage)
		return false;
	bid_words_of_stage(r, bids, d, answer, stage->mark);
	if (stage->category == CATEGORY_NONE)
		return false;
	/* sendmail reads any 550 there as 5.2.0, "mailbox disabled" */
	if (stage->mark == MARK_STAGE_DATA && d->guessed &&
		bids->best[CLASS_HARD].weight <= WEIGHT_VAGUE)
		bids->best[CLASS_HARD].weight = 0;
	bid(bids, WEIGHT_STAGE, "", id,
		&(struct saying){ .source = "the SMTP command that was refused",
			.category = stage->category,
			.klass = -1 });
	return stage->before_recipient;
}

/* --- the decision --------------------------------------------------------- */

/*
 * 4 or 5, as the status or else the reply says; 0: neither. A bare 5.0.0 is what reporting systems
 * write for any failure that they gave up on, and takes nothing from a receiver's "450".
 */
static unsigned digit_of(const struct decision *d)
{
	return d->status.digit && !(d->reply / 100 == 4 && !says(d->status)) ? d->status.digit
									     : d->reply / 100;
}

static void bid_digit(struct bids *bids, const struct clues *e, unsigned digit)
{
	if (digit == 4 || digit == 5)
		bid(bids, WEIGHT_DIGIT, "digit.", digit == 4 ? "4" : "5",
			&(struct saying){ .source = "the first digit",
				.category = CATEGORY_UNDETERMINED,
				.klass = digit == 4 ? CLASS_SOFT : -1 });
	if (e->kind == KIND_DELAY)
		bid(bids, WEIGHT_WAITS, "kind.", "delay",
			&(struct saying){ .source = "the report's kind",
				.category = CATEGORY_EXPIRED,
				.klass = -1 });
}

static void conclude(const struct bids *bids, enum klass winner, struct decision *out)
{
	const struct bid *won = &bids->best[winner];

	out->category = won->weight ? won->category : CATEGORY_UNDETERMINED;
	out->klass = winner;
	out->margin = (int16_t)(won->weight -
		bids->best[bids_strongest_but(bids, (int)winner)].weight);
	/* not found for now says something about the name service, not yet about the domain */
	if (out->category == CATEGORY_DOMAIN_UNKNOWN && out->klass == CLASS_SOFT)
		out->category = CATEGORY_NETWORK_ERROR;
	bid_name(out->rule, "", *won->rule ? won->rule : "none");
}

/* Which part of what was JOINED speaks of the recipient. */
static void find_part(struct bids *bids, const struct clues *e, char *joined, unsigned reply)
{
	struct span before = { e->diagnostic.p, (size_t)(e->about.p - e->diagnostic.p) };

	bids->begin = join_answer(joined, before, reply); /* what stands there already */
	before.n += e->about.n;
	bids->end = join_answer(joined, before, reply);
}

void decide(const struct rules *r, const struct clues *e, struct decision *out)
{
	struct bids bids = { .clues = e };
	char joined[ANSWER_MAX];
	struct heard answer, human;
	bool early;

	memset(out, 0, sizeof *out);
	find_provider(r, e, out->provider);
	find_codes(e, out);
	if (e->kind == KIND_SUCCESS) {
		bid_name(out->rule, "", "kind.success");
		return;
	}
	bids.passing = e->kind == KIND_DELAY || (digit_of(out) == 4 && out->reply / 100 != 5);
	bid_digit(&bids, e, digit_of(out));
	bid_codes(r, &bids, out);
	answer.text = (struct span){ joined, join_answer(joined, e->diagnostic, out->reply) };
	answer.original = e->diagnostic;
	answer.searched = answer.text.n == e->diagnostic.n ? e->searched
							   : NULL; /* nothing was left out */
	bids.end = answer.text.n;
	if (e->about.n)
		find_part(&bids, e, joined, out->reply);
	human.text = human.original = e->human;
	human.searched = e->searched;
	answer.done = human.done = false;
	if (!bid_words(r, &bids, out, answer.text, heard_words(r, &answer), WHERE_DIAGNOSTIC,
		    WEIGHT_WORDS) &&
		!e->about.n && /* the human part quotes what is said of the others */
		!bid_words(r, &bids, out, human.text, heard_words(r, &human), WHERE_HUMAN,
			WEIGHT_HUMAN))
		bid_subject(r, &bids, out, e->subject);
	if (e->kind == KIND_FAILURE)
		bid_senses(r, &bids,
			answer.text.n
				? (struct span){ answer.text.p + bids.begin, bids.end - bids.begin }
				: human.text);
	early = bid_stage(r, &bids, out, &answer, &human);
	conclude(&bids, veto_judge(r, &bids, out, &answer, &human, early), out);
	explicit_bzero(joined, answer.text.n);
}
