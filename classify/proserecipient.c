/*
 * Whom the text is about: every address gets a rank, the highest are the recipients.
 */
#include "classify/proseparts.h"
#include "classify/recipient.h"

enum {
	TRANSCRIPT_RECIPIENTS_MAX = 64,
	MARK_GAP_MAX = 240, /* bytes between a mark and the address that it names */
	MARK_AFTER_MAX = 100,
	BARE_NAME_MAX = 64, /* RFC 5321 section 4.5.3.1.1 */
};

/* --- the rank of an address ----------------------------------------------- */

/* Part of a link: "https://example.org/confirm?who=user@example.org". */
static bool is_in_link(struct span line, const char *address)
{
	while (address > line.p && !strchr(" \t<>\"@", address[-1]))
		address--;
	size_t n = 0;
	while (address + n < line.p + line.n &&
		((address[n] | 0x20) >= 'a' && (address[n] | 0x20) <= 'z'))
		n++;
	return n > 1 && span_starts_nocase(span_between(address + n, line.p + line.n), SPAN("://"));
}

/* What stands in the line before the address, without bullets and quotes at either end. */
static struct span line_prefix(struct span text, const struct found_address *a, size_t line)
{
	struct span prefix = span_trim((struct span){ text.p + line, a->begin - line });
	while (prefix.n && strchr("-*>+.<\"'([|# \t", prefix.p[0])) {
		prefix.p++;
		prefix.n--;
	}
	while (prefix.n && strchr("<\"'([ \t", prefix.p[prefix.n - 1]))
		prefix.n--;
	return prefix;
}

struct ranking {
	struct prose *p;
	const struct rules *rules;
	const struct span *own;
	size_t owns;
	size_t next_match; /* the first match that begins behind the address at hand */
	long mark;         /* the last mark of recipients before it; -1 */
	enum kind kind;    /* what that says: of several in one sentence the first */
	size_t last_end;   /* of the address before */
};

static bool is_recipient_mark(const struct rules *rules, const struct match *m, enum kind *kind)
{
	switch (rule_at(rules, m->rule)->mark) {
	case MARK_FAILED_RECIPIENTS:
		*kind = KIND_FAILURE;
		return true;
	case MARK_DELAYED_RECIPIENTS:
		*kind = KIND_DELAY;
		return true;
	case MARK_DELIVERED_RECIPIENTS:
		*kind = KIND_SUCCESS;
		return true;
	default:
		return false;
	}
}

static bool is_own(const struct ranking *r, struct span address)
{
	for (size_t i = 0; i < r->owns; i++)
		if (address_equal(address, r->own[i]))
			return true;
	return address_is_role(address);
}

/* Is there a blank line, or a line of dashes, in TEXT? */
static bool has_break(struct span text)
{
	struct span line;
	bool first = true;
	while (span_line(&text, &line)) {
		if (!first && text.n && prose_is_separator(line))
			return true;
		first = false;
	}
	return false;
}

/*
 * The rest of the mark's line, and when that ends in a colon the blank lines behind it: from there
 * on addresses are named.
 */
static size_t list_begin(struct span human, const struct match *m)
{
	size_t i = m->end, last = 0;
	while (i < human.n && human.p[i] != '\n') {
		if (human.p[i] != ' ')
			last = (unsigned char)human.p[i];
		i++;
	}
	if (last != ':' && last != '.' && last != '-')
		return m->end;
	while (i < human.n && strchr(" \t\n", human.p[i]))
		i++;
	return i;
}

/* Behind "these failed:"? */
static bool is_marked_before(
	const struct ranking *r, const struct found_address *a, bool begins_line)
{
	if (r->mark < 0)
		return false;
	const struct match *m = &r->p->matches.at[r->mark];
	const char *text = r->p->human.p;
	if (m->end > a->begin) /* the phrase holds the address: "your message to <…> could not be
				  delivered" */
		return !memmem(text + m->begin, a->begin - m->begin, "\n\n", 2);
	if (begins_line)
		return !has_break(span_between(text + m->end, text + a->begin));
	size_t from = list_begin(r->p->human, m);
	if (from > a->begin)
		from = m->end;
	return a->begin - from <= MARK_GAP_MAX && r->last_end <= m->end &&
		!memmem(text + from, a->begin - from, "\n\n", 2);
}

/* Before "could not be delivered"? */
static bool is_marked_after(const struct ranking *r, const struct found_address *a, enum kind *kind)
{
	for (size_t i = r->next_match; i < r->p->matches.count; i++) {
		const struct match *m = &r->p->matches.at[i];
		if (m->begin < a->end)
			continue;
		if (m->begin - a->end > MARK_AFTER_MAX)
			return false;
		struct span gap = span_between(r->p->human.p + a->end, r->p->human.p + m->begin);
		if (memchr(gap.p, '@', gap.n) || memmem(gap.p, gap.n, "\n\n", 2))
			return false;
		if (is_recipient_mark(r->rules, m,
			    kind)) /* one that ends in a colon speaks of those behind it */
			return list_begin(r->p->human, m) == m->end || !memchr(gap.p, '\n', gap.n);
	}
	return false;
}

/* A phrase that gives a category within [BEGIN, END)? */
static bool has_phrase(const struct ranking *r, size_t begin, size_t end)
{
	for (size_t i = r->next_match; i-- > 0;) {
		if (r->p->matches.at[i].begin + PROSE_LINE_MAX < begin)
			break;
		if (r->p->matches.at[i].end > begin &&
			rule_at(r->rules, r->p->matches.at[i].rule)->category)
			return true;
	}
	for (size_t i = r->next_match; i < r->p->matches.count && r->p->matches.at[i].begin < end;
		i++)
		if (rule_at(r->rules, r->p->matches.at[i].rule)->category)
			return true;
	return false;
}

static bool has_code(struct span text)
{
	struct codes c = codes_find(text);
	return c.reply >= 400 || c.status.digit >= 4;
}

/* Postfix: "(expanded from", line end, "<alias>". */
static bool is_behind_alias(struct span human, size_t begin)
{
	return span_ends_nocase(span_trim((struct span){ human.p, begin }), SPAN("expanded from"));
}

/* "Failed recipient: user@example.org": a label alone in front of the address. */
static bool is_labelled(const struct rules *rules, struct span prefix)
{
	enum { LABEL_MIN = 8 }; /* "To:" stands in headers */
	return prefix.n >= LABEL_MIN && prefix.p[prefix.n - 1] == ':' &&
		rules_list_begins(rules, MARK_BEFORE_RECIPIENT, prefix) &&
		rules_list_ends(rules, MARK_BEFORE_RECIPIENT, prefix);
}

/*
 * Where the WORDS that name the address stand behind a code in its line they are a receiver's, who
 * may speak of the sender ("550-The server could not deliver mail to …"): they name nobody beside
 * those whom the report names.
 */
static enum prose_rank rank_of_named(
	const struct ranking *r, const struct found_address *a, size_t words)
{
	struct span human = r->p->human, line = prose_line(human, a->begin);

	if (is_own(r, a->text))
		return RANK_OWN;
	return has_code(span_between(line.p, human.p + words)) ? RANK_LIKELY : RANK_NAMED;
}

/*
 * "with scope mfrom, identity news-list" line end "er@example.org, and ip 192.0.2.1": a receiver's
 * sentence was cut at a width and goes on, so what begins the line is a part of it, and be it of an
 * address.
 */
static bool continues_sentence(struct span human, const struct found_address *a, struct span line)
{
	struct span behind = span_between(human.p + a->end, line.p + line.n);
	if (a->angle || line.p == human.p || behind.n < 3 || behind.p[0] != ',' ||
		memchr(behind.p, '@', behind.n) || line.p != human.p + a->begin)
		return false;
	struct span above = span_trim(prose_line(human, (size_t)(line.p - 1 - human.p)));
	return above.n && !memchr(above.p, '@', above.n) && !strchr(":.,;", above.p[above.n - 1]) &&
		memchr(above.p, ' ', above.n) && span_trim(behind).n > 1;
}

/*
 * "<tom@example.org>: host mx said: 551 User has moved, try <new@example.org>": Postfix begins with
 * whom it is about, and what follows, its further lines indented, is the receiver's answer. Is A in
 * the answer?
 */
static bool is_in_answer(struct span human, const struct found_address *a, struct span line)
{
	struct found_address first;
	size_t i = 0;
	bool wrapped = false;
	while (line.p > human.p && line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
		line = prose_line(human, (size_t)(line.p - 1 - human.p));
		wrapped = true;
	}
	struct span said = span_between(line.p, human.p + a->begin);
	if (!said.n || line.p[0] != '<' || !address_next(said, &i, &first) ||
		first.text.p != line.p + 1)
		return false;
	struct span behind = span_between(said.p + first.end, said.p + said.n);
	return span_starts_nocase(behind, SPAN(": ")) && (wrapped || has_code(behind));
}

static enum prose_rank rank_of_address(
	struct ranking *r, const struct found_address *a, enum kind *kind)
{
	struct span human = r->p->human, line = prose_line(human, a->begin);
	size_t begin = (size_t)(line.p - human.p), end = begin + line.n;
	struct span prefix = line_prefix(human, a, begin);
	bool begins_line = prefix.n == 0 || (prefix.n <= 3 && prefix.p[prefix.n - 1] == ')') ||
		is_labelled(r->rules, prefix);
	*kind = r->kind;
	if (is_in_link(line, a->text.p) || continues_sentence(human, a, line))
		return RANK_NOT;
	if (is_in_answer(human, a, line))
		return RANK_MENTIONED;
	if (rules_list_ends(r->rules, MARK_BEFORE_ALIAS, prefix))
		return RANK_LIKELY;
	if (a->begin > 0 && human.p[a->begin - 1] == ':' &&
		span_ends_nocase(prefix, SPAN("<mailto:")) && is_marked_before(r, a, true))
		return is_own(r, a->text)
			? RANK_OWN
			: RANK_NAMED; /* "Name<mailto:user@example.org>", HTML that became text */
	if (span_ends_nocase(prefix, SPAN("expanded from:"))) /* sendmail: a local part failed */
		return RANK_MENTIONED;
	if (rules_list_ends(r->rules, MARK_BEFORE_OTHER, prefix) >
			rules_list_ends(r->rules, MARK_BEFORE_RECIPIENT, prefix) ||
		(!prefix.n && is_behind_alias(human, begin)))
		return RANK_NOT;
	if (is_marked_before(r, a, begins_line))
		return rank_of_named(r, a, r->p->matches.at[r->mark].begin);
	if (is_marked_after(r, a, kind))
		return rank_of_named(r, a, a->begin);
	if (is_own(r, a->text))
		return begins_line && a->angle && a->end < human.n && human.p[a->end] == ':'
			? RANK_OWN
			: RANK_NOT;
	if (address_is_list_command(a->text))
		return RANK_COMMAND;
	if (rules_list_ends(r->rules, MARK_BEFORE_RECIPIENT, prefix))
		return RANK_LIKELY;
	struct span suffix = span_trim(span_between(human.p + a->end, human.p + end));
	if (begins_line && (!suffix.n || suffix.p[0] == ':' || suffix.p[0] == ',' || a->angle))
		return RANK_LIKELY;
	if (has_code(line) || has_phrase(r, begin, end))
		return RANK_LIKELY;
	return RANK_MENTIONED;
}

struct span prose_alias(struct span human, const struct rules *rules, struct span address)
{
	struct found_address a;
	bool behind = false;
	for (size_t i = 0; address_next(human, &i, &a);) {
		size_t begin = (size_t)(prose_line(human, a.begin).p - human.p);
		if (behind)
			return rules_list_ends(
				       rules, MARK_BEFORE_ALIAS, line_prefix(human, &a, begin))
				? a.text
				: (struct span){ "", 0 };
		behind = address_equal(a.text, address);
	}
	return (struct span){ "", 0 };
}

/* --- the text about each --------------------------------------------------- */

/* TEXT up to a line of dashes: behind it another chapter begins, the transcript of all. */
static struct span before_break(struct span text)
{
	struct span rest = text, line;
	while (span_line(&rest, &line))
		if (line.p != text.p && prose_is_separator(line))
			return span_between(text.p, line.p);
	return text;
}

/*
 * sendmail's transcript puts the receiver's answer in front of the line that names whom it is
 * about:
 *     <<< 550 Insecure Mail Relay
 *     554 <user@example.org>... Remote protocol error
 * and at times a line about the host, "421 mx.example.org (smtp)... Deferred: …", in between.
 */
static struct span answer_before(struct span human, struct span address)
{
	const char *end = prose_line(human, (size_t)(address.p - human.p)).p, *begin;
	struct span host = end > human.p ? prose_line(human, (size_t)(end - 1 - human.p))
					 : (struct span){ "", 0 };
	if (span_find_nocase(host, SPAN(" (smtp)... ")) >= 0)
		end = host.p;
	begin = end;
	for (unsigned lines = 0; lines < PROSE_ANSWER_LINES_MAX && begin > human.p; lines++) {
		struct span before = prose_line(human, (size_t)(begin - 1 - human.p));
		if (!span_starts_nocase(before, SPAN("<<< ")))
			break;
		begin = before.p;
	}
	return begin == end ? (struct span){ "", 0 } : span_trim(span_between(begin + 4, end));
}

/*
 * "552 5.2.2 <user@example.org>... Mailbox full": the begin of the line, where the answer stands
 * around ADDRESS; else NULL.
 */
static const char *answer_line(struct span human, struct span address)
{
	struct span line = prose_line(human, (size_t)(address.p - human.p)),
		    before = span_between(line.p, address.p);
	struct codes c = codes_find(before);
	struct codes behind = codes_find(span_between(address.p + address.n, line.p + line.n));
	bool alone = (c.reply || c.status.digit) && c.begin == 0 && !behind.reply &&
		!behind.status.digit;
	for (size_t i = c.end; i < before.n; i++)
		alone &= strchr(" \t<", before.p[i]) != NULL;
	return alone ? line.p : NULL;
}

/* Does a phrase that says what went wrong stand in TEXT, a part of the human part? */
static bool says_cause(const struct prose *p, const struct rules *rules, struct span text)
{
	for (size_t i = 0; i < p->matches.count; i++) {
		const struct match *m = &p->matches.at[i];
		const char *begin = p->human.p + m->begin, *end = p->human.p + m->end;
		if (begin >= text.p && end <= text.p + text.n && rule_at(rules, m->rule)->category)
			return true;
	}
	return false;
}

/*
 * What stands before ADDRESS in its line, without the blanks, where nothing stands behind it; else
 * p is NULL.
 */
static struct span ends_line(struct span human, struct span address)
{
	struct span line = prose_line(human, (size_t)(address.p - human.p)),
		    before = span_between(line.p, address.p),
		    behind = span_between(address.p + address.n, line.p + line.n);
	while (before.n && strchr(" \t<", before.p[before.n - 1]))
		before.n--;
	while (behind.n && behind.p[0] && strchr("> \t.", behind.p[0]))
		behind = span_between(behind.p + 1, behind.p + behind.n);
	return behind.n ? (struct span){ NULL, 0 } : before;
}

/*
 * "User mailbox exceeds allowed size: <user@example.org>": the begin of the line, where a phrase
 * and a colon stand in front of ADDRESS and nothing behind it; else NULL.
 */
static const char *cause_line(const struct prose *p, const struct rules *rules, struct span address)
{
	struct span before = ends_line(p->human, address);
	if (!before.n || before.p[before.n - 1] != ':')
		return NULL;
	return says_cause(p, rules, before) ? before.p : NULL;
}

/*
 * "These recipients are unknown:", and ADDRESS alone in the next line: that line, which says
 * nothing of whom the text named before; else empty.
 */
static struct span heading_of(const struct prose *p, struct span address)
{
	struct span before = ends_line(p->human, address), text, line = { NULL, 0 };
	if (!before.p || before.n)
		return line;
	text = span_trim(span_between(p->human.p, before.p));
	if (!text.n || text.p[text.n - 1] != ':')
		return line;
	return prose_line(p->human, (size_t)(text.p + text.n - 1 - p->human.p));
}

/* From each recipient to the next; what is written before the first address belongs to nobody. */
static void assign_text(struct prose *p, const struct rules *rules)
{
	const char *end = p->human.p + p->human.n;
	for (size_t i = p->count; i-- > 0;) {
		struct prose_recipient *r = &p->recipient[i];
		const char *line = answer_line(p->human, r->address);
		struct span heading = { NULL, 0 };
		if (!line && p->count > 1)
			line = cause_line(p, rules, r->address);
		if (!line && p->count > 1)
			heading = heading_of(p, r->address);
		if (i && heading.p <= r[-1].address.p)
			heading.n = 0; /* the line names him */
		if (heading.n && says_cause(p, rules, heading))
			line = heading.p;
		r->about = span_between(line ? line : r->address.p, end);
		end = line ? line : r->address.p;
		end -= !line && end > p->human.p && end[-1] == '<';
		if (heading.n)
			end = heading.p;
		if (p->count > 1)
			r->about = before_break(r->about);
		r->diagnostic = answer_before(p->human, r->address);
		if (!r->diagnostic.n)
			r->diagnostic = prose_diagnostic(p, rules, r->about);
		if (!r->diagnostic.n && p->count <= TRANSCRIPT_RECIPIENTS_MAX)
			r->diagnostic = prose_transcript(p->human, r->address);
	}
}

/* --- the recipients ------------------------------------------------------- */

/*
 * "is delayed for more than 4 hours for the following list of recipients": two marks, one of which
 * says what happened.
 */
static bool is_one_sentence(
	struct span human, const struct match *first, const struct match *second)
{
	struct span gap = span_between(human.p + first->end, human.p + second->begin);
	return gap.n <= MARK_AFTER_MAX && !memchr(gap.p, ':', gap.n) &&
		!memchr(gap.p, '.', gap.n) && !memmem(gap.p, gap.n, "\n\n", 2);
}

static void advance_marks(struct ranking *r, const struct found_address *a)
{
	enum kind kind;
	for (; r->next_match < r->p->matches.count &&
		r->p->matches.at[r->next_match].begin <= a->begin;
		r->next_match++) {
		const struct match *m = &r->p->matches.at[r->next_match];
		if (!is_recipient_mark(r->rules, m, &kind))
			continue;
		if (r->mark < 0 || !is_one_sentence(r->p->human, &r->p->matches.at[r->mark], m))
			r->kind = kind;
		r->mark = (long)r->next_match;
	}
}

/* Looks back only so far: the caller of classify() sees to it that nobody counts twice. */
static bool is_among(const struct prose_recipient *list, size_t count, struct span address)
{
	enum { LOOK_BACK = 64 };
	for (size_t i = count; i-- > 0 && count - i <= LOOK_BACK;)
		if (address_equal(list[i].address, address))
			return true;
	return false;
}

/* Keeps those of the highest rank, each once. */
static void keep_best(struct prose *p)
{
	enum prose_rank best = RANK_NOT;
	size_t keep = 0;
	for (size_t i = 0; i < p->count; i++) {
		enum prose_rank rank = p->recipient[i].rank;
		if (rank == RANK_OWN && best >= RANK_LIKELY)
			continue;
		if (rank > best || (best == RANK_OWN && rank == RANK_LIKELY))
			best = rank;
	}
	for (size_t i = 0; i < p->count && best; i++)
		if (p->recipient[i].rank == best &&
			!is_among(p->recipient, keep, p->recipient[i].address))
			p->recipient[keep++] = p->recipient[i];
	p->count = keep;
}

void prose_recipients(
	struct prose *p, const struct rules *rules, const struct span *own, size_t owns)
{
	struct ranking r = { .p = p, .rules = rules, .own = own, .owns = owns, .mark = -1 };
	struct found_address a;
	size_t i = 0;
	if (p->named)
		return;
	p->named = true;
	for (unsigned seen = 0; seen < PROSE_ADDRESSES_MAX && p->count < PROSE_RECIPIENTS_MAX &&
		address_next(p->human, &i, &a);
		seen++) {
		enum kind kind;
		address_unglue(&a);
		advance_marks(&r, &a);
		enum prose_rank rank = rank_of_address(&r, &a, &kind);
		if (rank != RANK_NOT)
			p->recipient[p->count++] = (struct prose_recipient){
				.address = a.text, .rank = rank, .kind = kind
			};
		r.last_end = a.end;
	}
	p->cut = p->count == PROSE_RECIPIENTS_MAX && address_next(p->human, &i, &a);
	keep_best(p);
	assign_text(p, rules);
}

struct span prose_bare_name(const struct prose *p, const struct rules *rules)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct span none = { "", 0 };
	enum kind kind;
	for (size_t i = p->matches.count; i-- > 0;) {
		if (!is_recipient_mark(rules, &p->matches.at[i], &kind) || kind != KIND_FAILURE)
			continue;
		size_t begin = list_begin(p->human, &p->matches.at[i]), end = begin;
		while (end < p->human.n && end - begin < BARE_NAME_MAX &&
			memchr(name, p->human.p[end], sizeof name - 1))
			end++;
		struct span behind = span_between(p->human.p + end, p->human.p + p->human.n);
		bool alone = !behind.n || behind.p[0] == '\n' || behind.p[0] == '\t' ||
			span_starts_nocase(behind, SPAN("  ")); /* "tom   not in the directory" */
		return begin > p->matches.at[i].end && end > begin && alone
			? span_between(p->human.p + begin, p->human.p + end)
			: none;
	}
	return none;
}
