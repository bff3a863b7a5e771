/*
 * The prose reader. A bounce in words names an address and, near it, a code or
 * a phrase; every system arranges this differently, none forbids reading it the
 * same way:
 *
 *   1. the text ends where the returned mail begins: at a line that says so, or
 *      where a mail header begins (here);
 *   2. every address before that gets a rank by what stands around it: marks
 *      ("the following addresses failed"), labels ("To:"), the begin of a line,
 *      codes and phrases; those of the highest rank are the recipients; the text
 *      from one to the next is about the first (proserecipient.c);
 *   3. in the text about a recipient stand the receiver's words (proseanswer.c)
 *      and the name of its host (prosehost.c).
 *
 * Marks, phrases and labels are rules (etc/rules.ini); no file of these holds any
 * wording but the names of header fields and what Postfix and sendmail write
 * between lines.
 */
#include "classify/base/bytes.h"
#include "classify/header.h"
#include "classify/proseparts.h"

enum {
	RETURNED_NEAR_LINES = 12, /* between the mark and the header of the returned mail */
	HEADER_LINES_MIN = 3,     /* so many header lines in a row are a header */
	HEADER_LINES_MAX = 200,   /* more of them are not looked at */
	FOOTERS_MAX = 4,          /* one below the other */
	SEPARATOR_MIN = 3,        /* "---" */
};

/* --- lines ---------------------------------------------------------------- */

struct span prose_line(struct span text, size_t at)
{
	size_t before = at < PROSE_LINE_MAX ? at : PROSE_LINE_MAX,
	       behind = text.n - at < PROSE_LINE_MAX ? text.n - at : PROSE_LINE_MAX;
	const char *p = text.p + at, *last = memrchr(p - before, '\n', before),
		   *next = memchr(p, '\n', behind);
	return span_between(last ? last + 1 : p - before, next ? next : p + behind);
}

/* A compare, where strchr() is a call. */
static inline bool separates(char c)
{
	switch (c) {
	case '-':
	case '=':
	case '_':
	case '*':
	case '~':
	case '+':
	case '#':
		return true;
	}
	return false;
}

bool prose_is_separator(struct span line)
{
	line = span_trim(line);
	size_t n = 0;
	while (n < line.n && separates(line.p[n]))
		n++;
	return n >= SEPARATOR_MIN;
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

/* Does the mark at M stand in a line of its own that parts the report from the mail? */
static bool is_parting(struct span text, const struct match *m)
{
	struct span line = prose_line(text, m->begin);
	size_t words = span_trim(line).n;
	return prose_is_separator(line) || (m->end - m->begin) * 10 >= words * 8;
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
		fresh = span_is_blank(line) || prose_is_separator(line);
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
		if (rule_at(rules, m->rule)->mark != MARK_RETURNED_MESSAGE ||
			match_is_inside(found, i))
			continue;
		struct span line = prose_line(text, m->begin);
		const char *behind = line.p + line.n,
			   *near = header_near(span_between(behind, text.p + text.n));
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
		struct span phrase = span_between(
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

/* The begin of the line of signs above AT, "-- " or "____", that begins a paragraph; else AT. */
static size_t rule_begin(struct span text, size_t at)
{
	size_t end = at && text.p[at - 1] == '\n' ? at - 1 : at, begin = end;

	while (begin && strchr(" \t-_=*#", text.p[begin - 1]))
		begin--;
	return begin < end && begin && text.p[begin - 1] == '\n' ? begin : at;
}

/*
 * Where the first paragraph begins that is a disclaimer or a scanner's footer, though no line parts
 * it from the text; its end where there is none, or a code stands behind it. Not the first
 * paragraph: above a report some have theirs, too.
 */
static size_t footer_begin(const struct prose *p, const struct rules *rules)
{
	struct span human = p->human;
	for (size_t i = 0; i < p->matches.count; i++) {
		size_t at = p->matches.at[i].begin;
		if (rule_at(rules, p->matches.at[i].rule)->mark != MARK_FOOTER || at >= human.n)
			continue;
		while (at && strchr(" \t*>[(", human.p[at - 1]))
			at--;
		at = rule_begin(human, at);
		struct codes c = codes_find((struct span){ human.p + at, human.n - at });
		if (at >= 2 && human.p[at - 1] == '\n' && human.p[at - 2] == '\n' && !c.reply &&
			!c.status.digit && span_trim((struct span){ human.p, at }).n)
			return at;
	}
	return human.n;
}

void prose_open(struct prose *p, const struct rules *rules, struct span text)
{
	const char *header;
	if (text.n > PROSE_TEXT_MAX) {
		text.n = PROSE_TEXT_MAX;
		while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
			text.n--;
	}
	size_t whole = text.n, paragraph = header_paragraph(text);
	if (paragraph == whole)
		text = without_footers(text);
	if (text.n < whole)
		paragraph = header_paragraph(text);
	p->count = 0;
	p->named = false;
	memset(p->marked, 0, sizeof p->marked);
	memset(p->said, 0, sizeof p->said);
	p->category = false;
	/* nobody reports behind the mail that came back, so that is not searched */
	rules_search(rules, (struct span){ text.p, paragraph }, &p->searched);
	take_human(p, rules);
	size_t cut = returned_begin(text, paragraph, rules, &p->matches, &header);
	p->marked[MARK_RETURNED_MESSAGE] = cut < text.n;
	p->human = (struct span){ text.p, cut };
	p->human.n = footer_begin(p, rules);
	p->returned = header ? span_between(header, text.p + text.n) : (struct span){ "", 0 };
	note_matches(p, rules);
}
