/*
 * The prose reader. A bounce in words names an address and, near it, a code or
 * a phrase; every system arranges this differently, none forbids reading it the
 * same way:
 *
 *   1. the text ends where the returned mail begins: at a line that says so, or
 *      where a mail header begins;
 *   2. every address before that gets a rank by what stands around it: marks
 *      ("the following addresses failed"), labels ("To:"), the begin of a line,
 *      codes and phrases;
 *   3. the addresses of the highest rank are the recipients; the text from one
 *      to the next is about the first.
 *
 * Marks, phrases and labels are rules (etc/rules.ini); this file holds no wording
 * but the names of header fields and what Postfix and sendmail write between lines.
 */
#include "classify/prose.h"

#include "classify/base/bytes.h"
#include "classify/header.h"
#include "classify/recipient.h"

enum {
	RETURNED_NEAR_LINES = 12, /* between the mark and the header of the returned mail */
	HEADER_LINES_MIN = 3,     /* so many header lines in a row are a header */
	HEADER_LINES_MAX = 200,   /* more of them are not looked at */
	TRANSCRIPT_LINES = 4,     /* an answer stands at most so far behind the address */
	ANSWER_LINES_MAX = 8,     /* of an answer that stands in front of the address */
	HEADINGS_MAX = 3,         /* lines that end in a colon, in front of the words */
	WORDS_LINES_MAX = 4,      /* in front of a code in brackets */
	HOSTS_MAX = 64,           /* host names looked at in the text about one recipient */
	HOST_LABELS_MAX = 4096,   /* bytes of that text */
	OCCURRENCES_MAX = 16,     /* of an address in a transcript */
	TRANSCRIPT_RECIPIENTS_MAX = 64,
	MARK_GAP_MAX = 240, /* bytes between a mark and the address that it names */
	MARK_AFTER_MAX = 100,
	FOOTERS_MAX = 4,    /* one below the other */
	SEPARATOR_MIN = 3,  /* "---" */
	BARE_NAME_MAX = 64, /* RFC 5321 section 4.5.3.1.1 */
};

static struct span between(const char *from, const char *to)
{
	return (struct span){ from, to > from ? (size_t)(to - from) : 0 };
}

/* --- where the returned mail begins --------------------------------------- */

enum {
	HAS_RECEIVED = 1,
	HAS_ID = 2,
	HAS_FROM = 4,
	HAS_SUBJECT = 8,
	HAS_DATE = 16,
	HAS_RETURN_PATH = 32,
	HAS_MIME = 64,
	HAS_TO = 128
};
static const struct {
	struct span name;
	unsigned flag;
} header_names[] = {
	{ { "Received:", 9 }, HAS_RECEIVED },
	{ { "Message-ID:", 11 }, HAS_ID },
	{ { "From:", 5 }, HAS_FROM },
	{ { "Subject:", 8 }, HAS_SUBJECT },
	{ { "Date:", 5 }, HAS_DATE },
	{ { "Return-Path:", 12 }, HAS_RETURN_PATH },
	{ { "MIME-Version:", 13 }, HAS_MIME },
	{ { "To:", 3 }, HAS_TO },
};

static unsigned header_flag(struct span line)
{
	for (size_t i = 0; i < sizeof header_names / sizeof header_names[0]; i++)
		if (span_starts_nocase(line, header_names[i].name))
			return header_names[i].flag;
	return 0;
}

/*
 * A mail header at the beginning of TEXT? The form that Exchange prints ("To: Subject: Sent:") is
 * none.
 */
bool prose_is_header(struct span text)
{
	struct span line;
	unsigned flags = 0, lines = 0, fields = 0;
	while (lines < HEADER_LINES_MAX && text.n) {
		bool fold = fields && (text.p[0] == ' ' || text.p[0] == '\t');
		if (!fold && !header_line(text)) /* shows before the line's end is known */
			break;
		span_line(&text, &line);
		if (fold) {
			lines++;
			continue;
		}
		flags |= header_flag(line);
		lines++;
		fields++;
	}
	if (fields < HEADER_LINES_MIN)
		return false;
	return (flags & (HAS_RECEIVED | HAS_RETURN_PATH | HAS_MIME)) ||
		((flags & HAS_ID) && (flags & (HAS_FROM | HAS_SUBJECT))) ||
		((flags & HAS_FROM) && (flags & HAS_TO) && (flags & HAS_DATE) &&
			(flags & HAS_SUBJECT));
}

/* The begin of a mail header within the next lines of TEXT; NULL. */
static const char *header_near(struct span text)
{
	struct span rest = text, line;
	for (unsigned i = 0; i < RETURNED_NEAR_LINES; i++) {
		const char *at = rest.p;
		if (prose_is_header(rest))
			return at;
		if (!span_line(&rest, &line))
			break;
	}
	return NULL;
}

static struct span line_around(struct span text, size_t at)
{
	size_t begin = at, end = at;
	while (begin > 0 && at - begin < PROSE_LINE_MAX && text.p[begin - 1] != '\n')
		begin--;
	while (end < text.n && end - at < PROSE_LINE_MAX && text.p[end] != '\n')
		end++;
	return (struct span){ text.p + begin, end - begin };
}

static bool is_separator(struct span line)
{
	line = span_trim(line);
	size_t n = 0;
	while (n < line.n && strchr("-=_*~+#", line.p[n]) && line.p[n])
		n++;
	return n >= SEPARATOR_MIN;
}

/* Does the mark at M stand in a line of its own that parts the report from the mail? */
static bool is_parting(struct span text, const struct match *m)
{
	struct span line = line_around(text, m->begin);
	size_t words = span_trim(line).n;
	return is_separator(line) || (m->end - m->begin) * 10 >= words * 8;
}

/* Where a mail's header begins a paragraph of TEXT; its end when none does. */
static size_t header_paragraph(struct span text)
{
	struct span rest = text, line;
	bool fresh = false;
	while (rest.n) {
		if (fresh && prose_is_header(rest))
			return (size_t)(rest.p - text.p);
		span_line(&rest, &line);
		fresh = span_is_blank(line) || is_separator(line);
	}
	return text.n;
}

/* The first place from which TEXT is the returned mail: where words say so, else PARAGRAPH. */
static size_t returned_begin(struct span text, size_t paragraph, const struct rules *rules,
	const struct matches *found, const char **header)
{
	*header = paragraph < text.n ? text.p + paragraph : NULL;
	for (size_t i = 0; i < found->count; i++) {
		const struct match *m = &found->at[i];
		if (rule_at(rules, m->rule)->mark != MARK_RETURNED_MESSAGE)
			continue;
		struct span line = line_around(text, m->begin);
		const char *behind = line.p + line.n,
			   *near = header_near(between(behind, text.p + text.n));
		if (near || is_parting(text, m)) {
			*header = near;
			return (size_t)(line.p - text.p);
		}
	}
	return paragraph;
}

/* --- marks ---------------------------------------------------------------- */

static void sort_matches(struct matches *m)
{
	for (size_t i = 1; i < m->count; i++) {
		struct match x = m->at[i];
		size_t j = i;
		for (; j > 0 && m->at[j - 1].begin > x.begin; j--)
			m->at[j] = m->at[j - 1];
		m->at[j] = x;
	}
}

static void note_matches(struct prose *p, const struct rules *rules)
{
	size_t keep = 0;
	for (size_t i = 0; i < p->matches.count; i++) {
		if (p->matches.at[i].begin >= p->human.n)
			continue;
		const struct rule *rule = rule_at(rules, p->matches.at[i].rule);
		struct span phrase = between(
			p->human.p + p->matches.at[i].begin, p->human.p + p->matches.at[i].end);
		if (rule->mark &&
			bytes_find_pair(phrase.p, phrase.p + phrase.n, '\n', '\n') <
				phrase.p + phrase.n)
			continue; /* "Your message", blank line, "To:": two paragraphs are no
				   phrase */
		p->matches.at[keep++] = p->matches.at[i];
		p->marked[rule->mark] = true;
		p->category |= rule->category != CATEGORY_NONE;
		if (rule->kind && !p->said[rule->kind] && !match_is_inside(&p->matches, i)) {
			p->said_rule[rule->kind] = p->matches.at[i].rule;
			p->said[rule->kind] = true;
		}
	}
	p->matches.count = keep;
}

/* Of what was found, the words of the human part, by their begin. */
static void take_human(struct prose *p, const struct rules *rules)
{
	p->matches.count = 0;
	for (size_t i = 0; i < p->searched.found.count; i++)
		if (rule_at(rules, p->searched.found.at[i].rule)->where & WHERE_HUMAN)
			p->matches.at[p->matches.count++] = p->searched.found.at[i];
	sort_matches(&p->matches);
}

/* "-- ", "---" and "____…" alone in their line. */
static bool is_delimiter(struct span line)
{
	size_t n = 0;
	line = span_trim(line);
	while (n < line.n && line.p[n] == line.p[0])
		n++;
	return n == line.n &&
		((n >= 2 && n <= 3 && line.p[0] == '-') || (n >= 20 && line.p[0] == '_'));
}

/*
 * Without what a list, a scanner or a signature put below: some lines behind a delimiter that have
 * no code. What they say is about no mail, and whose addresses they name had nothing to do with it.
 * Such a footer is in the second half, or behind a delimiter that only footers have.
 */
static struct span without_last_footer(struct span text)
{
	enum { FOOTER_LINES = 12 };
	struct span rest = text, line;
	size_t cut = text.n;
	unsigned lines = 0;
	for (const char *begin = rest.p; span_line(&rest, &line); begin = rest.p) {
		if (is_delimiter(line)) {
			cut = (size_t)(begin - text.p);
			lines = 0;
		} else {
			lines += span_trim(line).n > 0;
		}
	}
	struct span footer = { text.p + cut, text.n - cut };
	struct codes c = codes_find(footer);
	if (!span_trim((struct span){ text.p, cut }).n || lines > FOOTER_LINES || c.reply ||
		c.status.digit)
		return text;
	return (struct span){ text.p, cut };
}

/* Each that handles a mail puts its own below those of the others. */
static struct span without_footers(struct span text)
{
	for (unsigned i = 0; i < FOOTERS_MAX; i++) {
		struct span less = without_last_footer(text);
		if (less.n == text.n)
			break;
		text = less;
	}
	return text;
}

void prose_open(struct prose *p, const struct rules *rules, struct span text)
{
	const char *header;
	if (text.n > PROSE_TEXT_MAX) {
		text.n = PROSE_TEXT_MAX;
		while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
			text.n--;
	}
	size_t whole = header_paragraph(text);
	if (whole == text.n)
		text = without_footers(text);
	p->count = 0;
	memset(p->marked, 0, sizeof p->marked);
	memset(p->said, 0, sizeof p->said);
	p->category = false;
	size_t paragraph = header_paragraph(
		text); /* nobody reports behind the mail that came back, so that is not searched */
	rules_search(rules, (struct span){ text.p, paragraph }, &p->searched);
	take_human(p, rules);
	size_t cut = returned_begin(text, paragraph, rules, &p->matches, &header);
	p->marked[MARK_RETURNED_MESSAGE] = cut < text.n;
	p->human = (struct span){ text.p, cut };
	p->returned = header ? between(header, text.p + text.n) : (struct span){ "", 0 };
	note_matches(p, rules);
}

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
	return n > 1 && span_starts_nocase(between(address + n, line.p + line.n), SPAN("://"));
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

struct reader {
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

static bool is_own(const struct reader *r, struct span address)
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
		if (!first && text.n && is_separator(line))
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
	const struct reader *r, const struct found_address *a, bool begins_line)
{
	if (r->mark < 0)
		return false;
	const struct match *m = &r->p->matches.at[r->mark];
	const char *text = r->p->human.p;
	if (m->end > a->begin) /* the phrase holds the address: "your message to <…> could not be
				  delivered" */
		return !memmem(text + m->begin, a->begin - m->begin, "\n\n", 2);
	if (begins_line)
		return !has_break(between(text + m->end, text + a->begin));
	size_t from = list_begin(r->p->human, m);
	if (from > a->begin)
		from = m->end;
	return a->begin - from <= MARK_GAP_MAX && r->last_end <= m->end &&
		!memmem(text + from, a->begin - from, "\n\n", 2);
}

/* Before "could not be delivered"? */
static bool is_marked_after(const struct reader *r, const struct found_address *a, enum kind *kind)
{
	for (size_t i = r->next_match; i < r->p->matches.count; i++) {
		const struct match *m = &r->p->matches.at[i];
		if (m->begin < a->end)
			continue;
		if (m->begin - a->end > MARK_AFTER_MAX)
			return false;
		struct span gap = between(r->p->human.p + a->end, r->p->human.p + m->begin);
		if (memchr(gap.p, '@', gap.n) || memmem(gap.p, gap.n, "\n\n", 2))
			return false;
		if (is_recipient_mark(r->rules, m,
			    kind)) /* one that ends in a colon speaks of those behind it */
			return list_begin(r->p->human, m) == m->end || !memchr(gap.p, '\n', gap.n);
	}
	return false;
}

/* A phrase that gives a category within [BEGIN, END)? */
static bool has_phrase(const struct reader *r, size_t begin, size_t end)
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

static enum prose_rank rank_of_address(
	struct reader *r, const struct found_address *a, enum kind *kind)
{
	struct span human = r->p->human, line = line_around(human, a->begin);
	size_t begin = (size_t)(line.p - human.p), end = begin + line.n;
	struct span prefix = line_prefix(human, a, begin);
	bool begins_line = prefix.n == 0 || (prefix.n <= 3 && prefix.p[prefix.n - 1] == ')');
	*kind = r->kind;
	if (is_in_link(line, a->text.p))
		return RANK_NOT;
	if (rules_list_ends(r->rules, MARK_BEFORE_ALIAS, prefix))
		return RANK_LIKELY;
	if (a->begin > 0 && human.p[a->begin - 1] == ':' &&
		span_ends_nocase(prefix, SPAN("<mailto:")) && is_marked_before(r, a, true))
		return is_own(r, a->text)
			? RANK_OWN
			: RANK_NAMED; /* "Name<mailto:user@example.org>", HTML that became text */
	if (rules_list_ends(r->rules, MARK_BEFORE_OTHER, prefix) ||
		(!prefix.n && is_behind_alias(human, begin)))
		return RANK_NOT;
	if (is_marked_before(r, a, begins_line))
		return is_own(r, a->text) ? RANK_OWN : RANK_NAMED;
	if (is_marked_after(r, a, kind))
		return is_own(r, a->text) ? RANK_OWN : RANK_NAMED;
	if (is_own(r, a->text))
		return begins_line && a->angle && a->end < human.n && human.p[a->end] == ':'
			? RANK_OWN
			: RANK_NOT;
	if (address_is_list_command(a->text))
		return RANK_COMMAND;
	if (rules_list_ends(r->rules, MARK_BEFORE_RECIPIENT, prefix))
		return RANK_LIKELY;
	struct span suffix = span_trim(between(human.p + a->end, human.p + end));
	if (begins_line && (!suffix.n || suffix.p[0] == ':' || suffix.p[0] == ',' || a->angle))
		return RANK_LIKELY;
	if (has_code(line) || has_phrase(r, begin, end))
		return RANK_LIKELY;
	return RANK_MENTIONED;
}

/* --- the receiver's words ------------------------------------------------- */

/*
 * TEXT, which is about ADDRESS, up to the line behind its first that begins with another's address:
 * there the next one's answer begins.
 */
static struct span until_another(struct span text, struct span address)
{
	struct span rest = text, line;
	struct found_address a;
	while (span_line(&rest, &line)) {
		size_t i = 0, begin = 0;
		if (line.p == text.p || !memchr(line.p, '@', line.n))
			continue;
		while (begin < line.n && strchr(" \t<-*", line.p[begin]))
			begin++;
		struct codes c = codes_find(line);
		if (c.reply || c.status.digit) /* "552 5.2.2 <user@example.org>... Mailbox full" */
			while (begin < c.end || (begin < line.n && strchr(" \t<", line.p[begin])))
				begin++;
		if (address_next(line, &i, &a) && (size_t)(a.text.p - line.p) <= begin &&
			!address_equal(a.text, address) && a.text.p > text.p)
			return between(text.p, line.p);
	}
	return text;
}

struct span prose_about(struct span human, struct span address)
{
	long at = span_find_nocase(human, address);
	if (at < 0)
		return (struct span){ "", 0 };
	struct span line = line_around(human, (size_t)at);
	struct span rest = between(line.p, human.p + human.n);
	const char *end = memmem(rest.p, rest.n, "\n\n", 2);
	return until_another(between(rest.p, end ? end : rest.p + rest.n), address);
}

/* A line of a session's transcript at which the talk turns to something else. */
static bool is_turn(struct span line)
{
	return span_starts_nocase(line, SPAN(">>> ")) || span_starts_nocase(line, SPAN("... ")) ||
		memmem(line.p, line.n, ": --> ", 6);
}

/* TEXT up to the next blank line, line of dashes, or turn of a transcript. */
static struct span paragraph(struct span text)
{
	struct span rest = text, line;
	const char *end = text.p;
	bool any = false;
	while (span_line(&rest, &line) && (size_t)(line.p - text.p) < PROSE_DIAGNOSTIC_MAX) {
		if (any && (!span_trim(line).n || is_separator(line) || is_turn(line)))
			break;
		any |= span_trim(line).n > 0;
		end = line.p + line.n;
	}
	struct span out = span_trim(between(text.p, end));
	if (out.n > PROSE_DIAGNOSTIC_MAX) {
		out.n = PROSE_DIAGNOSTIC_MAX;
		while (out.n && ((unsigned char)out.p[out.n] & 0xc0) == 0x80)
			out.n--;
	}
	return out;
}

/* The first paragraph of TEXT that is more than "because:". */
static struct span first_words(struct span text)
{
	struct span words = paragraph(text);
	for (unsigned i = 0; i < HEADINGS_MAX && words.n && words.p[words.n - 1] == ':' &&
		!memchr(words.p, '\n', words.n);
		i++) {
		struct span next = paragraph(between(words.p + words.n, text.p + text.n));
		if (!next.n)
			break;
		words = next;
	}
	return words;
}

/*
 * Behind an address: a bracket that closes, then a colon or comma, as wide as Chinese and Japanese
 * text has them.
 */
static const struct span closing_signs[] = { { "\xef\xbc\x9e", 3 }, { "\xef\xbc\x89", 3 },
	{ "\xef\xbc\x9a", 3 }, { "\xef\xbc\x8c", 3 } };

struct span prose_words(struct span about, struct span address)
{
	struct span rest = about;
	bool repeated = true;
	while (repeated) { /* "user@example.org (user@example.org)<mailto:user@example.org>", as
			      Exchange writes it */
		repeated = span_starts_nocase(rest, address);
		if (repeated)
			rest = between(rest.p + address.n, rest.p + rest.n);
		struct span begin = rest;
		while (begin.n && begin.p[0] && strchr("<(>:,;.)\"' \t\n", begin.p[0]))
			begin = between(begin.p + 1, begin.p + begin.n);
		if (span_starts_nocase(begin, SPAN("mailto:")))
			begin = between(begin.p + 7, begin.p + begin.n);
		if (span_starts_nocase(begin, address)) {
			rest = begin;
			repeated = true;
		}
	}
	while (rest.n && rest.p[0] && strchr(">:,;.)\"' \t\n", rest.p[0]))
		rest = between(rest.p + 1, rest.p + rest.n);
	for (size_t i = 0; i < sizeof closing_signs / sizeof closing_signs[0]; i++)
		if (span_starts_nocase(rest, closing_signs[i]))
			rest = between(rest.p + closing_signs[i].n, rest.p + rest.n);
	return first_words(rest);
}

/* Behind the dashes that end a heading: "----- Transcript of session follows -----". */
static struct span skip_rule(struct span text)
{
	while (text.n && text.p[0] && strchr(" -:\n", text.p[0]))
		text = between(text.p + 1, text.p + text.n);
	return text;
}

/*
 * From where the words begin that end in LINE with a code in brackets: "Although I'm listed as a
 * best-preference MX for that host," line end, "I don't treat it as local. (#5.4.6)".
 */
static const char *words_begin(struct span text, struct span line)
{
	const char *begin = line.p;
	for (unsigned lines = 0; lines < WORDS_LINES_MAX && begin > text.p; lines++) {
		struct span before = line_around(text, (size_t)(begin - 1 - text.p));
		struct span words = span_trim(before);
		bool heading = words.n && words.p[words.n - 1] == ':';
		if (!words.n || heading || is_separator(before) || is_turn(before) ||
			memchr(before.p, '@', before.n) || before.p == text.p)
			break;
		begin = before.p;
	}
	return begin;
}

enum { TELLS_WORDS = 1, TELLS_STATUS = 2, TELLS_REPLY = 4, TELLS_ALL = 7 };

/*
 * The line with the most telling code: one with both codes and with words behind them, else the
 * first with any.
 */
static struct span code_line(struct span text)
{
	struct span rest = text, line, best = { "", 0 };
	unsigned best_score = 0;
	while (best_score < TELLS_ALL && span_line(&rest, &line)) {
		struct codes c = codes_find(line);
		unsigned score = (c.reply >= 400 ? TELLS_REPLY : 0) +
			(c.status.digit >= 4 ? TELLS_STATUS : 0);
		if (!score)
			continue;
		if (span_trim(between(line.p + c.end, line.p + line.n)).n ||
			(rest.n && rest.p[0] != '\n'))
			score += TELLS_WORDS;
		if (score > best_score) {
			best_score = score;
			best = between(c.reply ? line.p + c.begin : words_begin(text, line),
				line.p + line.n);
		}
	}
	return best;
}

/*
 * The lines of TEXT above AT that were heard in a session ("<<< 550 …"), to AT; empty when there
 * are none, or they do not refuse.
 */
static struct span heard_above(struct span text, const char *at)
{
	const char *begin = at;
	for (unsigned lines = 0; lines < ANSWER_LINES_MAX && begin > text.p; lines++) {
		struct span before = line_around(text, (size_t)(begin - 1 - text.p));
		if (!span_starts_nocase(before, SPAN("<<< ")) || before.p >= begin)
			break;
		begin = before.p;
	}
	struct span heard = begin < at ? span_trim(between(begin + 4, at)) : (struct span){ "", 0 };
	return heard.n && (heard.p[0] == '4' || heard.p[0] == '5') ? heard : (struct span){ "", 0 };
}

/*
 * A summary that names nobody ("554 5.0.0 Service unavailable") says less than the answer above it.
 */
static struct span not_summary(struct span text, struct span line)
{
	struct span whole = line_around(text, (size_t)(line.p - text.p));
	if (memchr(whole.p, '@', whole.n) || span_starts_nocase(whole, SPAN("<<<")))
		return (struct span){ "", 0 };
	return heard_above(text, whole.p);
}

struct span prose_diagnostic(const struct prose *p, const struct rules *rules, struct span text)
{
	struct matches found;
	struct span window = text;
	if (window.n > PROSE_DIAGNOSTIC_MAX * 4)
		window.n = PROSE_DIAGNOSTIC_MAX * 4;
	while (window.n < text.n && window.n && ((unsigned char)window.p[window.n] & 0xc0) == 0x80)
		window.n--;
	struct span line = code_line(window);
	if (line.n) {
		struct span heard = not_summary(window, line);
		return heard.n ? heard : paragraph(between(line.p, text.p + text.n));
	}
	if (!searched_part(&p->searched, window, &found))
		rules_scan(rules, window, WHERE_HUMAN, &found);
	for (size_t i = 0; i < found.count; i++) {
		const char *behind = window.p + found.at[i].end;
		bool aside = behind < window.p + window.n &&
			*behind == ')'; /* "has been frozen (delivery error message)" */
		if (rule_at(rules, found.at[i].rule)->mark == MARK_REMOTE_SAYS && !aside)
			return first_words(skip_rule(between(behind, text.p + text.n)));
	}
	return (struct span){ "", 0 };
}

/* Does LINE name an address, and not this one? */
static bool is_of_another(struct span line, struct span address)
{
	return memchr(line.p, '@', line.n) && span_find_nocase(line, address) < 0;
}

struct span prose_transcript(struct span human, struct span address)
{
	struct span rest = human, none = { "", 0 };
	for (unsigned i = 0; i < OCCURRENCES_MAX; i++) {
		long at = span_find_nocase(rest, address);
		if (at < 0)
			break;
		struct span near = line_around(human, (size_t)(rest.p + at - human.p)), line;
		struct span behind = between(near.p, human.p + human.n);
		const char *end = near.p;
		for (unsigned lines = 0; lines < TRANSCRIPT_LINES && span_line(&behind, &line);
			lines++) {
			if (lines && (!span_trim(line).n || is_of_another(line, address)))
				break;
			end = line.p + line.n;
		}
		struct span answer = code_line(between(near.p, end));
		if (answer.n)
			return paragraph(
				until_another(between(answer.p, human.p + human.n), address));
		rest = between(rest.p + at + address.n, human.p + human.n);
	}
	return none;
}

/* --- which host ----------------------------------------------------------- */

static bool is_host_char(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || ascii_digit(c) || c == '-' || c == '.' ||
		c == '_';
}

/* Four numbers and three dots; "4.94.20" is a version. */
static bool is_ip(struct span host)
{
	enum { DOTS = 3 };
	unsigned dots = 0;
	for (size_t i = 0; i < host.n; i++) {
		dots += host.p[i] == '.';
		if (host.p[i] != '.' && !ascii_digit(host.p[i]))
			return false;
	}
	return dots == DOTS;
}

/*
 * A name with dots whose last label is of letters, or an IP address; no part of a mail address, of
 * a path or of a file's name.
 */
static bool is_host(struct span text, struct span host)
{
	char before = host.p > text.p ? host.p[-1] : ' ',
	     after = host.p + host.n < text.p + text.n ? host.p[host.n] : ' ';
	const char *dot = memrchr(host.p, '.', host.n);
	if (!dot || dot == host.p || host.n >= EVENT_HOST_SIZE || strchr("@/=\\", before) ||
		strchr("@/", after))
		return false;
	if (is_ip(host))
		return true;
	for (const char *p = dot + 1; p < host.p + host.n; p++)
		if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
			return false;
	return host.p + host.n - dot > 2;
}

/* The next host name in TEXT from *I on. */
static bool host_next(struct span text, size_t *i, struct span *host)
{
	const char *dot;
	while (*i < text.n && (dot = memchr(text.p + *i, '.', text.n - *i))) {
		const char *begin = dot, *end = dot;
		while (begin > text.p && is_host_char(begin[-1]))
			begin--;
		while (end < text.p + text.n && is_host_char(*end))
			end++;
		*i = (size_t)(end - text.p);
		while (end > begin && end[-1] == '.')
			end--;
		*host = between(begin, end);
		if (host->n && is_host(text, *host))
			return true;
	}
	return false;
}

/* "mx.example.org[192.0.2.1]", "mx.example.org. (192.0.2.1)" */
static bool has_address_behind(struct span behind)
{
	size_t i = 0;
	while (i < behind.n && behind.p[i] && strchr(".> ", behind.p[i]))
		i++;
	return i + 1 < behind.n && strchr("[(", behind.p[i]) &&
		(ascii_digit(behind.p[i + 1]) || behind.p[i + 1] == 'I');
}

static bool is_remote(const struct rules *rules, struct span before, struct span behind)
{
	while (before.n && before.p[before.n - 1] && strchr("<[(\"' \t", before.p[before.n - 1]))
		before.n--;
	bool begins_line = !before.n || before.p[before.n - 1] == '\n';
	before = span_trim(before);
	if (rules_list_ends(rules, MARK_BEFORE_CLIENT, before))
		return false;
	if (rules_list_ends(rules, MARK_BEFORE_HOST, before))
		return true;
	if (has_address_behind(behind) &&
		(begins_line || rules_list_ends(rules, MARK_BEFORE_HOST_IP, before)))
		return true;
	behind = span_trim(behind);
	if (behind.n > 2 && behind.p[0] == '#' && ascii_digit(behind.p[1]) &&
		ascii_digit(behind.p[2])) /* Exchange: "mx.example.org #550 5.1.1" */
		return true;
	return rules_list_begins(rules, MARK_BEHIND_HOST, behind);
}

static bool is_reporter(const struct rules *rules, struct span before, struct span behind)
{
	bool code_behind = behind.n > 3 && memcmp(behind.p, " #", 2) == 0 &&
		ascii_digit(behind.p[2]) && behind.p[3] == '.';
	if (code_behind &&
		span_ends_nocase(
			before, SPAN("<"))) /* Exchange 2000: "<exch.example.org #5.1.1>" */
		return true;
	return rules_list_ends(rules, MARK_BEFORE_REPORTER, span_trim(before));
}

typedef bool host_fits(const struct rules *rules, struct span before, struct span behind);

static struct span find_host(const struct rules *rules, struct span text, host_fits *fits)
{
	struct span host;
	size_t i = 0;
	if (text.n > HOST_LABELS_MAX)
		text.n = HOST_LABELS_MAX;
	for (unsigned hosts = 0; hosts < HOSTS_MAX && host_next(text, &i, &host); hosts++)
		if (fits(rules, between(text.p, host.p), between(host.p + host.n, text.p + text.n)))
			return host;
	return (struct span){ "", 0 };
}

/* In a transcript the session's peer stands in front of its answers. */
static struct span talked_to(struct span human, const char *answer)
{
	static const struct span label = { "while talking to ", 17 };
	struct span before = between(human.p, answer), host;
	const char *last = NULL;
	for (long at; (at = span_find_nocase(before, label)) >= 0; before = between(last, answer))
		last = before.p + at + label.n;
	size_t i = 0;
	if (last && host_next(line_around(human, (size_t)(last - human.p)), &i, &host))
		return host;
	return (struct span){ "", 0 };
}

struct span prose_remote(
	const struct rules *rules, struct span human, struct span about, struct span answer)
{
	struct span host = find_host(rules, about, is_remote);
	bool inside = answer.n && answer.p > human.p && answer.p < human.p + human.n;
	if (!host.n && inside &&
		span_starts_nocase(line_around(human, (size_t)(answer.p - human.p)), SPAN("<<< ")))
		host = talked_to(human, answer.p);
	return host;
}

struct span prose_reporter(const struct rules *rules, struct span human)
{
	return find_host(rules, human, is_reporter);
}

/* --- the recipients ------------------------------------------------------- */

/*
 * "is delayed for more than 4 hours for the following list of recipients": two marks, one of which
 * says what happened.
 */
static bool is_one_sentence(
	struct span human, const struct match *first, const struct match *second)
{
	struct span gap = between(human.p + first->end, human.p + second->begin);
	return gap.n <= MARK_AFTER_MAX && !memchr(gap.p, ':', gap.n) &&
		!memchr(gap.p, '.', gap.n) && !memmem(gap.p, gap.n, "\n\n", 2);
}

static void advance_marks(struct reader *r, const struct found_address *a)
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

/* TEXT up to a line of dashes: behind it another chapter begins, the transcript of all. */
static struct span before_break(struct span text)
{
	struct span rest = text, line;
	while (span_line(&rest, &line))
		if (line.p != text.p && is_separator(line))
			return between(text.p, line.p);
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
	const char *end = line_around(human, (size_t)(address.p - human.p)).p, *begin;
	struct span host = end > human.p ? line_around(human, (size_t)(end - 1 - human.p))
					 : (struct span){ "", 0 };
	if (span_find_nocase(host, SPAN(" (smtp)... ")) >= 0)
		end = host.p;
	begin = end;
	for (unsigned lines = 0; lines < ANSWER_LINES_MAX && begin > human.p; lines++) {
		struct span before = line_around(human, (size_t)(begin - 1 - human.p));
		if (!span_starts_nocase(before, SPAN("<<< ")))
			break;
		begin = before.p;
	}
	return begin == end ? (struct span){ "", 0 } : span_trim(between(begin + 4, end));
}

/*
 * "552 5.2.2 <user@example.org>... Mailbox full": the begin of the line, where the answer stands
 * around ADDRESS; else NULL.
 */
static const char *answer_line(struct span human, struct span address)
{
	struct span line = line_around(human, (size_t)(address.p - human.p)),
		    before = between(line.p, address.p);
	struct codes c = codes_find(before);
	struct codes behind = codes_find(between(address.p + address.n, line.p + line.n));
	bool alone = (c.reply || c.status.digit) && c.begin == 0 && !behind.reply &&
		!behind.status.digit;
	for (size_t i = c.end; i < before.n; i++)
		alone &= strchr(" \t<", before.p[i]) != NULL;
	return alone ? line.p : NULL;
}

/* From each recipient to the next; what is written before the first address belongs to nobody. */
static void assign_text(struct prose *p, const struct rules *rules)
{
	const char *end = p->human.p + p->human.n;
	for (size_t i = p->count; i-- > 0;) {
		struct prose_recipient *r = &p->recipient[i];
		const char *line = answer_line(p->human, r->address);
		r->about = between(line ? line : r->address.p, end);
		end = line ? line : r->address.p;
		end -= !line && end > p->human.p && end[-1] == '<';
		if (p->count > 1)
			r->about = before_break(r->about);
		r->diagnostic = answer_before(p->human, r->address);
		if (!r->diagnostic.n)
			r->diagnostic = prose_diagnostic(p, rules, r->about);
		if (!r->diagnostic.n && p->count <= TRANSCRIPT_RECIPIENTS_MAX)
			r->diagnostic = prose_transcript(p->human, r->address);
	}
}

void prose_recipients(
	struct prose *p, const struct rules *rules, const struct span *own, size_t owns)
{
	struct reader r = { .p = p, .rules = rules, .own = own, .owns = owns, .mark = -1 };
	struct found_address a;
	size_t i = 0;
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
		bool alone = end == p->human.n || p->human.p[end] == '\n';
		return begin > p->matches.at[i].end && end > begin && alone
			? between(p->human.p + begin, p->human.p + end)
			: none;
	}
	return none;
}
