/*
 * From everything that was found about a recipient to one category. Every piece
 * of evidence makes a bid: a weight and what it means; the highest bid wins. The
 * weights are the design's order: the provider's rule, a specific enhanced code, the
 * words of the receiver, codes that receivers use for several causes, the words of
 * the human part, the bare digit. A rule's rank moves its bid up or down, so that
 * words which leave no doubt ("mailbox full") beat a code that many use wrongly.
 *
 * Codes: RFC 3463, RFC 5248, RFC 7372, RFC 7504 and what the large receivers document.
 */
#include <stdio.h>
#include "classify/base/bytes.h"
#include "classify/rules.h"

enum {
	WEIGHT_PROVIDER = 1000,
	WEIGHT_SPECIFIC = 500,  /* code: means this and nothing else */
	WEIGHT_WORDS = 400,     /* words of the receiver */
	WEIGHT_USUAL = 300,     /* code: means this unless words say otherwise */
	WEIGHT_HUMAN = 200,     /* words of the human part */
	WEIGHT_SUBJECT = 150,
	WEIGHT_VAGUE = 100,     /* code: better than nothing */
	WEIGHT_STAGE = 2,
	WEIGHT_WAITS = 2,       /* it still waits in a queue, nobody says why */
	WEIGHT_DIGIT = 1,
	RANK_WEAK = -100,       /* words from this rank down say little: the human part is asked, too */
	ANSWER_MAX = 8192       /* bytes of a receiver's answer that are read */
};

struct code_entry {
	const char *id;
	struct code_pattern pattern;
	enum category category;
	int weight;
};

#define S(d, s, n) { 0, 0, d, s, n, n }
#define SX(d, s) { 0, 0, d, s, -1, -1 }
#define SR(d, s, low, high) { 0, 0, d, s, low, high }
#define R(reply) { reply, reply, 0, -1, -1, -1 }

/* Read from the top, the first that fits counts: the specific ones stand before the x of their subject. */
static const struct code_entry STATUS_CODES[] = {
	{ "5.1.1", S(5, 1, 1), CATEGORY_USER_UNKNOWN, WEIGHT_SPECIFIC },
	{ "5.1.2", S(5, 1, 2), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
	{ "5.1.3", S(5, 1, 3), CATEGORY_BAD_ADDRESS, WEIGHT_USUAL },
	{ "5.1.4", S(5, 1, 4), CATEGORY_BAD_ADDRESS, WEIGHT_USUAL },
	{ "5.1.6", S(5, 1, 6), CATEGORY_ADDRESS_CHANGED, WEIGHT_USUAL },
	{ "5.1.7", S(5, 1, 7), CATEGORY_SENDER_REJECTED, WEIGHT_USUAL },
	{ "5.1.8", S(5, 1, 8), CATEGORY_SENDER_REJECTED, WEIGHT_SPECIFIC },
	{ "5.1.9", S(5, 1, 9), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.1.10", S(5, 1, 10), CATEGORY_USER_UNKNOWN, WEIGHT_USUAL },
	{ "5.1.0", S(5, 1, 0), CATEGORY_USER_UNKNOWN, WEIGHT_VAGUE },
	{ "5.1.x", SX(5, 1), CATEGORY_USER_UNKNOWN, WEIGHT_VAGUE },
	{ "5.2.1", S(5, 2, 1), CATEGORY_MAILBOX_DISABLED, WEIGHT_USUAL },
	{ "5.2.2", S(5, 2, 2), CATEGORY_MAILBOX_FULL, WEIGHT_SPECIFIC },
	{ "5.2.3", S(5, 2, 3), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_SPECIFIC },
	{ "5.2.4", S(5, 2, 4), CATEGORY_LOCAL_DELIVERY_ERROR, WEIGHT_USUAL },
	{ "5.2.0", S(5, 2, 0), CATEGORY_MAILBOX_DISABLED, WEIGHT_VAGUE },
	{ "5.3.1", S(5, 3, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.2", S(5, 3, 2), CATEGORY_NOT_ACCEPTING, WEIGHT_USUAL },
	{ "5.3.3", S(5, 3, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.4", S(5, 3, 4), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_SPECIFIC },
	{ "5.3.5", S(5, 3, 5), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "5.3.x", SX(5, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "5.4.1", S(5, 4, 1), CATEGORY_USER_UNKNOWN, WEIGHT_USUAL },
	{ "5.4.4", S(5, 4, 4), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
	{ "5.4.6", S(5, 4, 6), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "5.4.7", S(5, 4, 7), CATEGORY_EXPIRED, WEIGHT_USUAL },
	{ "5.4.8", S(5, 4, 8), CATEGORY_ROUTING_LOOP, WEIGHT_USUAL },
	{ "5.4.14", S(5, 4, 14), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "5.4.300", S(5, 4, 300), CATEGORY_EXPIRED, WEIGHT_SPECIFIC },
	{ "5.4.310", S(5, 4, 310), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_SPECIFIC },
	{ "5.4.312", S(5, 4, 312), CATEGORY_NETWORK_ERROR, WEIGHT_SPECIFIC },
	{ "5.4.316", S(5, 4, 316), CATEGORY_EXPIRED, WEIGHT_SPECIFIC },
	{ "5.4.317", S(5, 4, 317), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "5.4.x", SX(5, 4), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "5.5.2", S(5, 5, 2), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "5.5.3", S(5, 5, 3), CATEGORY_TOO_MANY_RECIPIENTS, WEIGHT_USUAL },
	{ "5.5.x", SX(5, 5), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "5.6.x", SX(5, 6), CATEGORY_CONTENT_REJECTED, WEIGHT_USUAL },
	{ "5.7.3", S(5, 7, 3), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "5.7.4", S(5, 7, 4), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE },
	{ "5.7.5", S(5, 7, 5), CATEGORY_AUTH_FAILURE, WEIGHT_VAGUE },
	{ "5.7.6", S(5, 7, 6), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.7", S(5, 7, 7), CATEGORY_AUTH_FAILURE, WEIGHT_VAGUE },
	{ "5.7.8", S(5, 7, 8), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.9", S(5, 7, 9), CATEGORY_POLICY, WEIGHT_VAGUE },
	{ "5.7.10-11", SR(5, 7, 10, 11), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "5.7.13", S(5, 7, 13), CATEGORY_MAILBOX_DISABLED, WEIGHT_SPECIFIC },
	{ "5.7.17-18", SR(5, 7, 17, 18), CATEGORY_ADDRESS_CHANGED, WEIGHT_USUAL }, /* RFC 7293: the mailbox has another owner now */
	{ "5.7.20-24", SR(5, 7, 20, 24), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.25", S(5, 7, 25), CATEGORY_INFRASTRUCTURE, WEIGHT_SPECIFIC },
	{ "5.7.26", S(5, 7, 26), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.27", S(5, 7, 27), CATEGORY_SENDER_REJECTED, WEIGHT_USUAL }, /* RFC 7505: the sender's domain has a null MX */
	{ "5.7.28", S(5, 7, 28), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },
	{ "5.7.29-30", SR(5, 7, 29, 30), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.509", S(5, 7, 509), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.515", S(5, 7, 515), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "5.7.501-513", SR(5, 7, 501, 513), CATEGORY_REPUTATION, WEIGHT_USUAL },
	{ "5.7.606-649", SR(5, 7, 606, 649), CATEGORY_REPUTATION, WEIGHT_SPECIFIC },
	{ "5.7.705-708", SR(5, 7, 705, 708), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },
	{ "5.7.750", S(5, 7, 750), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "5.7.x", SX(5, 7), CATEGORY_POLICY, WEIGHT_USUAL },
	{ "4.1.x", SX(4, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.2.1", S(4, 2, 1), CATEGORY_RATE_LIMITED, WEIGHT_VAGUE },
	{ "4.2.2", S(4, 2, 2), CATEGORY_MAILBOX_FULL, WEIGHT_SPECIFIC },
	{ "4.2.3", S(4, 2, 3), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_USUAL },
	{ "4.2.x", SX(4, 2), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.3.1", S(4, 3, 1), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "4.3.4", S(4, 3, 4), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_USUAL },
	{ "4.3.x", SX(4, 3), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE },
	{ "4.4.4", S(4, 4, 4), CATEGORY_NETWORK_ERROR, WEIGHT_USUAL },
	{ "4.4.5", S(4, 4, 5), CATEGORY_SYSTEM_ERROR, WEIGHT_USUAL },
	{ "4.4.6", S(4, 4, 6), CATEGORY_ROUTING_LOOP, WEIGHT_SPECIFIC },
	{ "4.4.7", S(4, 4, 7), CATEGORY_EXPIRED, WEIGHT_USUAL },
	{ "4.4.x", SX(4, 4), CATEGORY_NETWORK_ERROR, WEIGHT_USUAL },
	{ "4.5.3", S(4, 5, 3), CATEGORY_TOO_MANY_RECIPIENTS, WEIGHT_USUAL },
	{ "4.5.x", SX(4, 5), CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE },
	{ "4.6.x", SX(4, 6), CATEGORY_CONTENT_REJECTED, WEIGHT_VAGUE },
	{ "4.7.4", S(4, 7, 4), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "4.7.5", S(4, 7, 5), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE },
	{ "4.7.10-11", SR(4, 7, 10, 11), CATEGORY_TLS_FAILURE, WEIGHT_USUAL },
	{ "4.7.20-24", SR(4, 7, 20, 24), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "4.7.25", S(4, 7, 25), CATEGORY_INFRASTRUCTURE, WEIGHT_SPECIFIC },
	{ "4.7.26", S(4, 7, 26), CATEGORY_AUTH_FAILURE, WEIGHT_SPECIFIC },
	{ "4.7.28", S(4, 7, 28), CATEGORY_RATE_LIMITED, WEIGHT_SPECIFIC },
	{ "4.7.650-651", SR(4, 7, 650, 651), CATEGORY_REPUTATION, WEIGHT_SPECIFIC },
	{ "4.7.500-699", SR(4, 7, 500, 699), CATEGORY_RATE_LIMITED, WEIGHT_USUAL },
	{ "4.7.1", S(4, 7, 1), CATEGORY_GREYLISTED, WEIGHT_VAGUE },
	{ "4.7.x", SX(4, 7), CATEGORY_RATE_LIMITED, WEIGHT_VAGUE },
};

/* Only what a reply code says by itself: 550, 554, 450 and 451 stand for anything, so they are not here. */
static const struct code_entry REPLY_CODES[] = {
	{ "421", R(421), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE - 1 },
	{ "420", R(420), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "441", R(441), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "442", R(442), CATEGORY_NETWORK_ERROR, WEIGHT_VAGUE },
	{ "452", R(452), CATEGORY_SYSTEM_ERROR, WEIGHT_VAGUE - 1 },
	{ "454", R(454), CATEGORY_TLS_FAILURE, WEIGHT_VAGUE - 1 },
	{ "500-504", { 500, 504, 0, -1, -1, -1 }, CATEGORY_PROTOCOL_ERROR, WEIGHT_VAGUE - 1 },
	{ "510", { 510, 511, 0, -1, -1, -1 }, CATEGORY_USER_UNKNOWN, WEIGHT_VAGUE },
	{ "512", R(512), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_VAGUE },
	{ "521", R(521), CATEGORY_NOT_ACCEPTING, WEIGHT_VAGUE - 1 },
	{ "523", R(523), CATEGORY_MESSAGE_TOO_LARGE, WEIGHT_VAGUE },
	{ "525", R(525), CATEGORY_MAILBOX_DISABLED, WEIGHT_VAGUE },
	{ "551", R(551), CATEGORY_ADDRESS_CHANGED, WEIGHT_VAGUE - 1 },
	{ "552", R(552), CATEGORY_MAILBOX_FULL, WEIGHT_VAGUE - 1 },
	{ "553", R(553), CATEGORY_BAD_ADDRESS, WEIGHT_VAGUE - 1 },
	{ "556", R(556), CATEGORY_DOMAIN_UNKNOWN, WEIGHT_USUAL },
};

/* The best bid so far, and who is told of each. */
struct bids {
	const struct evidence *evidence;
	int weight;
	size_t length;    /* of the phrase: of two as good the longer says more */
	int klass;        /* -1: the category's */
	enum category category;
	char rule[EVENT_RULE_SIZE];
};

/* What is said, and where: a bid without its weight. */
struct saying {
	const char *source;
	enum category category;
	int klass;
	struct span words;
	size_t length;
};

/* PREFIX and ID as a rule's name into OUT of EVENT_RULE_SIZE bytes. */
static void join(char *out, const char *prefix, const char *id)
{
	size_t n = strlen(prefix), m = strnlen(id, EVENT_RULE_SIZE - 1 - n);

	memcpy(out, prefix, n);
	memcpy(out + n, id, m);
	out[n + m] = '\0';
}

static void bid(struct bids *best, int weight, const char *prefix, const char *id, const struct saying *what)
{
	char rule[EVENT_RULE_SIZE];

	join(rule, prefix, id);
	if (best->evidence->tell) {
		const struct bid_told told = { what->source, rule, what->category, weight, what->words };
		best->evidence->tell(best->evidence->tell_context, &told);
	}
	if (weight < best->weight || (weight == best->weight && what->length <= best->length))
		return;
	best->weight = weight;
	best->length = what->length;
	best->category = what->category;
	best->klass = what->klass;
	memcpy(best->rule, rule, sizeof rule);
}

static void bid_rule(struct bids *best, const struct rule *rule, int weight, const char *source, struct span words, size_t length)
{
	const struct saying what = { source, rule->category, rule->klass, words, length };

	bid(best, (*rule->provider ? WEIGHT_PROVIDER : weight) + rule->rank, "", rule->id, &what);
}

static void bid_code(struct bids *best, const struct code_entry *c, const char *prefix, const char *source)
{
	if (c)
		bid(best, c->weight, prefix, c->id, &(struct saying){ .source = source, .category = c->category, .klass = -1 });
}

/* --- who answered ---------------------------------------------------------------------------------------- */

static void find_provider(const struct rules *r, const struct evidence *e, char *name)
{
	const char *found = provider_by_host(r, e->remote_mta);

	if (!found)
		found = provider_by_domain(r, e->recipient_domain);
	if (!found)
		found = provider_by_host(r, e->reporting_mta);
	found = found ? found : "";
	memcpy(name, found, strnlen(found, EVENT_PROVIDER_SIZE - 1) + 1);
}

/* --- which codes ----------------------------------------------------------------------------------------- */

/* 0: x.0.0 says only the class; 1: x.y.0 the subject, x.4.7 that the sender's queue gave up; 2: the cause. */
static int says(struct status s) { return !s.subject && !s.detail ? 0 : !s.detail || (s.subject == 4 && s.detail == 7) ? 1 : 2; }

/*
 * The recipient's own Status field, unless the receiver's answer says as much or more: reporting systems fill the field in with what they make of
 * the answer. A success that is quoted in the report of a failure is no evidence.
 */
static void find_codes(const struct evidence *e, struct decision *out)
{
	struct codes answer = codes_find(e->diagnostic);
	struct status own = e->status;

	if (!answer.reply && !answer.status.digit)
		answer = codes_find(e->human);
	if (e->kind != KIND_SUCCESS && answer.reply / 100 == 2)
		answer.reply = 0;
	if (e->kind != KIND_SUCCESS && answer.status.digit == 2)
		answer.status.digit = 0;
	out->reply = answer.reply;
	out->status = own;
	if (answer.status.digit && (!own.digit || (says(answer.status) && says(answer.status) >= says(own))))
		out->status = answer.status;
	if (!out->status.digit)
		out->status = (struct status){ 0, 0, 0 };
}

static const struct code_entry *entry_for(const struct code_entry *table, size_t count, unsigned reply, struct status s)
{
	for (size_t i = 0; i < count; i++)
		if (code_pattern_fits(&table[i].pattern, reply, s))
			return &table[i];
	return NULL;
}

static void bid_codes(struct bids *best, const struct decision *d)
{
	bid_code(best, entry_for(STATUS_CODES, sizeof STATUS_CODES / sizeof *STATUS_CODES, 0, d->status), "code.", "the enhanced code");
	if (d->reply)
		bid_code(best, entry_for(REPLY_CODES, sizeof REPLY_CODES / sizeof *REPLY_CODES, d->reply, (struct status){ 0, 0, 0 }), "reply.",
			 "the reply code");
}

/* --- which words ----------------------------------------------------------------------------------------- */

static unsigned blanks(bytes16 b)
{
	return bytes_mask(bytes_are(b, ' ') | bytes_are(b, '\n') | bytes_are(b, '\r') | bytes_are(b, '\t'));
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
 * Copies an answer of several lines without the codes that each line repeats ("550-5.2.1 The user … at a rate that 550-5.2.1 prevents"),
 * because they tear phrases apart. Returns the bytes written.
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
		size_t length = n && reply ? repeated_code(text, prefix) : 0; /* white space stands before it: words are copied with what follows them */

		if (!length) {
			blank = bytes_find(text.p, end, blanks);
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
	return (rule->where & where) && rule->category != CATEGORY_NONE && (!*rule->provider || !strcmp(rule->provider, d->provider)) &&
	       (!rule->phrase_and_code || rule_code_fits(rule, d->reply, d->status));
}

/* A text and what the rules find in it; it is searched once, when first asked for. */
struct heard {
	struct span text;
	struct span original; /* the same bytes where they were first read */
	const struct searched *searched;
	bool done;
	struct matches found; /* of rules for the receiver's words and for the human part: both tell of the SMTP command */
};

static const struct matches *search(const struct rules *r, struct heard *h)
{
	if (!h->done && !searched_part(h->searched, h->original, &h->found))
		rules_scan(r, h->text, WHERE_DIAGNOSTIC | WHERE_HUMAN, &h->found);
	h->done = true;
	return &h->found;
}

/* Is match I inside a longer one, as "expired" is in "account has expired"? Then the longer one speaks. */
static bool is_inside(const struct rules *r, const struct matches *found, size_t i, unsigned where, const struct decision *d)
{
	const struct match *m = &found->at[i];

	/* Matches come in the order of their ends; those that hold this one end there or later. */
	for (size_t k = i + 1; k < found->count; k++) {
		const struct match *other = &found->at[k];

		if (!other->gap && other->begin <= m->begin && other->end - other->begin > m->end - m->begin && applies(rule_at(r, other->rule), where, d))
			return true;
	}
	for (size_t k = i; k-- > 0 && found->at[k].end == m->end;)
		if (!found->at[k].gap && found->at[k].begin < m->begin && applies(rule_at(r, found->at[k].rule), where, d))
			return true;
	return false;
}

/* True when words were found that say something. */
static bool bid_words(const struct rules *r, struct bids *best, const struct decision *d, struct span text, const struct matches *found, unsigned where,
		      int weight)
{
	const char *source = where == WHERE_DIAGNOSTIC ? "the receiver's answer" : where == WHERE_HUMAN ? "the human part" : "the subject";
	bool said = false;

	for (size_t i = 0; i < found->count; i++) {
		const struct match *m = &found->at[i];
		const struct rule *rule = rule_at(r, m->rule);

		if (!applies(rule, where, d) || is_inside(r, found, i, where, d))
			continue;
		bid_rule(best, rule, weight, source, (struct span){ text.p + m->begin, m->gap ? 0 : m->end - m->begin }, m->end - m->begin - m->gap);
		said |= rule->rank > RANK_WEAK;
	}
	return said;
}

static void bid_subject(const struct rules *r, struct bids *best, const struct decision *d, struct span subject)
{
	struct matches found;

	rules_scan(r, subject, WHERE_SUBJECT, &found);
	bid_words(r, best, d, subject, &found, WHERE_SUBJECT, WEIGHT_SUBJECT);
}

/* --- at which SMTP command -------------------------------------------------------------------------------- */

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
static const struct stage *find_stage(const struct rules *r, const struct matches *found, const char **id)
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

static void consider_stage(const struct rules *r, struct bids *best, const struct evidence *e, const struct decision *d, struct heard *answer,
			   struct heard *human)
{
	const char *id = NULL;
	const struct stage *stage;
	bool about_recipient = best->klass < 0 && category_class(best->category) == CLASS_HARD;

	if (e->kind == KIND_DELAY || !(d->reply || d->status.digit) || (best->weight > WEIGHT_STAGE && !about_recipient))
		return; /* nothing that the stage says would count */
	stage = find_stage(r, search(r, answer), &id);
	if (!stage)
		stage = find_stage(r, search(r, human), &id);
	if (!stage || stage->category == CATEGORY_NONE)
		return;
	if (stage->before_recipient && about_recipient && e->tell)
		e->tell(e->tell_context, &(struct bid_told){ "set aside: no recipient had been named yet", best->rule, best->category, 0, { "", 0 } });
	if (stage->before_recipient && about_recipient)
		*best = (struct bids){ .evidence = e, .klass = -1, .category = CATEGORY_UNDETERMINED };
	bid(best, WEIGHT_STAGE, "", id, &(struct saying){ .source = "the SMTP command that was refused", .category = stage->category, .klass = -1 });
}

static void bid_code_rules(const struct rules *r, struct bids *best, const struct decision *d)
{
	size_t at = 0;
	int i;

	while ((i = rules_next_by_code(r, d->provider, d->reply, d->status, &at)) >= 0)
		if (!rule_at(r, (uint16_t)i)->phrase_and_code && rule_at(r, (uint16_t)i)->category != CATEGORY_NONE)
			bid_rule(best, rule_at(r, (uint16_t)i), WEIGHT_SPECIFIC, "the codes", (struct span){ "", 0 }, 0);
}

/* --- the decision ---------------------------------------------------------------------------------------- */

/* 4 or 5, as the status or else the reply says; 0: neither. */
static unsigned digit_of(const struct decision *d) { return d->status.digit ? d->status.digit : d->reply / 100; }

/* A final verdict on an address needs a final answer: what is said with a 4, or of mail that still waits, may change. */
static enum klass klass_of(const struct bids *b, const struct evidence *e, const struct decision *d)
{
	enum klass klass = b->klass >= 0 ? (enum klass)b->klass : category_class(b->category);
	bool temporary = e->kind == KIND_DELAY || (digit_of(d) == 4 && d->reply / 100 != 5);

	return klass == CLASS_HARD && temporary ? CLASS_SOFT : klass;
}

void decide(const struct rules *r, const struct evidence *e, struct decision *out)
{
	struct bids best = { .evidence = e, .klass = -1, .category = CATEGORY_UNDETERMINED };
	char joined[ANSWER_MAX];
	struct heard answer, human;
	unsigned digit;

	memset(out, 0, sizeof *out);
	find_provider(r, e, out->provider);
	find_codes(e, out);
	if (e->kind == KIND_SUCCESS) {
		join(out->rule, "", "kind.success");
		return;
	}
	digit = digit_of(out);
	if (digit == 4 || digit == 5)
		bid(&best, WEIGHT_DIGIT, "digit.", digit == 4 ? "4" : "5",
		    &(struct saying){ .source = "the first digit", .category = CATEGORY_UNDETERMINED, .klass = digit == 4 ? CLASS_SOFT : -1 });
	if (e->kind == KIND_DELAY)
		bid(&best, WEIGHT_WAITS, "kind.", "delay", &(struct saying){ .source = "the report's kind", .category = CATEGORY_EXPIRED, .klass = -1 });
	bid_codes(&best, out);
	bid_code_rules(r, &best, out);
	answer.text = (struct span){ joined, join_answer(joined, e->diagnostic, out->reply) };
	answer.original = e->diagnostic;
	answer.searched = answer.text.n == e->diagnostic.n ? e->searched : NULL; /* nothing was left out */
	human.text = human.original = e->human;
	human.searched = e->searched;
	answer.done = human.done = false;
	if (!bid_words(r, &best, out, answer.text, search(r, &answer), WHERE_DIAGNOSTIC, WEIGHT_WORDS) &&
	    !bid_words(r, &best, out, human.text, search(r, &human), WHERE_HUMAN, WEIGHT_HUMAN))
		bid_subject(r, &best, out, e->subject);
	consider_stage(r, &best, e, out, &answer, &human);
	explicit_bzero(joined, answer.text.n);
	out->category = best.category;
	out->klass = klass_of(&best, e, out);
	/* a name that is not found for now says something about the name service, not yet about the domain */
	if (out->category == CATEGORY_DOMAIN_UNKNOWN && out->klass == CLASS_SOFT)
		out->category = CATEGORY_NETWORK_ERROR;
	join(out->rule, "", *best.rule ? best.rule : "none");
}
