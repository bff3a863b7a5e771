/*
 * The receiver's words in the text about a recipient: the stretch with a code, what follows
 * "said:", the answer in a session's transcript, else the first paragraph.
 */
#include "classify/proseparts.h"
#include "classify/recipient.h"

enum {
	TRANSCRIPT_LINES = 4, /* an answer stands at most so far behind the address */
	HEADINGS_MAX = 3,     /* lines that end in a colon, in front of the words */
	WORDS_LINES_MAX = 4,  /* in front of a code in brackets */
	OCCURRENCES_MAX = 16, /* of an address in a transcript */
};

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
			return span_between(text.p, line.p);
	}
	return text;
}

struct span prose_about(struct span human, struct span address)
{
	long at = span_find_nocase(human, address);
	if (at < 0)
		return (struct span){ "", 0 };
	struct span line = prose_line(human, (size_t)at);
	struct span rest = span_between(line.p, human.p + human.n);
	const char *end = memmem(rest.p, rest.n, "\n\n", 2);
	return until_another(span_between(rest.p, end ? end : rest.p + rest.n), address);
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
		if (any && (!span_trim(line).n || prose_is_separator(line) || is_turn(line)))
			break;
		any |= span_trim(line).n > 0;
		end = line.p + line.n;
	}
	struct span out = span_trim(span_between(text.p, end));
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
		struct span next = paragraph(span_between(words.p + words.n, text.p + text.n));
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
			rest = span_between(rest.p + address.n, rest.p + rest.n);
		struct span begin = rest;
		while (begin.n && begin.p[0] && strchr("<(>:,;.)\"' \t\n", begin.p[0]))
			begin = span_between(begin.p + 1, begin.p + begin.n);
		if (span_starts_nocase(begin, SPAN("mailto:")))
			begin = span_between(begin.p + 7, begin.p + begin.n);
		if (span_starts_nocase(begin, address)) {
			rest = begin;
			repeated = true;
		}
	}
	while (rest.n && rest.p[0] && strchr(">:,;.)\"' \t\n", rest.p[0]))
		rest = span_between(rest.p + 1, rest.p + rest.n);
	for (size_t i = 0; i < sizeof closing_signs / sizeof closing_signs[0]; i++)
		if (span_starts_nocase(rest, closing_signs[i]))
			rest = span_between(rest.p + closing_signs[i].n, rest.p + rest.n);
	return first_words(rest);
}

/* Behind the dashes that end a heading: "----- Transcript of session follows -----". */
static struct span skip_rule(struct span text)
{
	while (text.n && text.p[0] && strchr(" -:\n", text.p[0]))
		text = span_between(text.p + 1, text.p + text.n);
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
		struct span before = prose_line(text, (size_t)(begin - 1 - text.p));
		struct span words = span_trim(before);
		bool heading = words.n && words.p[words.n - 1] == ':';
		if (!words.n || heading || prose_is_separator(before) || is_turn(before) ||
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
		if (span_trim(span_between(line.p + c.end, line.p + line.n)).n ||
			(rest.n && rest.p[0] != '\n'))
			score += TELLS_WORDS;
		if (score > best_score) {
			best_score = score;
			best = span_between(c.reply ? line.p + c.begin : words_begin(text, line),
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
	for (unsigned lines = 0; lines < PROSE_ANSWER_LINES_MAX && begin > text.p; lines++) {
		struct span before = prose_line(text, (size_t)(begin - 1 - text.p));
		if (!span_starts_nocase(before, SPAN("<<< ")) || before.p >= begin)
			break;
		begin = before.p;
	}
	struct span heard = begin < at ? span_trim(span_between(begin + 4, at))
				       : (struct span){ "", 0 };
	return heard.n && (heard.p[0] == '4' || heard.p[0] == '5') ? heard : (struct span){ "", 0 };
}

/*
 * A summary that names nobody ("554 5.0.0 Service unavailable") says less than the answer above it.
 */
static struct span not_summary(struct span text, struct span line)
{
	struct span whole = prose_line(text, (size_t)(line.p - text.p));
	if (memchr(whole.p, '@', whole.n) || span_starts_nocase(whole, SPAN("<<<")))
		return (struct span){ "", 0 };
	return heard_above(text, whole.p);
}

/*
 * The answer whose code stands in LINE, the last of its paragraph: "said: Your network", line end,
 * "is blocked here", line end, "554 sorry". From behind the words or the heading that announce it;
 * where nothing does, LINE.
 */
static struct span whole_answer(
	const struct prose *p, const struct rules *rules, struct span text, struct span line)
{
	struct span next = prose_line(text, (size_t)(line.p + line.n - text.p)),
		    behind = span_between(next.p + next.n, text.p + text.n), above;
	const char *begin = prose_line(text, (size_t)(line.p - text.p)).p;
	if (span_trim(span_between(begin, line.p)).n ||
		(behind.n > 1 && !span_is_blank(prose_line(text, (size_t)(behind.p + 1 - text.p)))))
		return line;
	for (unsigned lines = 0; lines < WORDS_LINES_MAX && begin > text.p; lines++) {
		above = prose_line(text, (size_t)(begin - 1 - text.p));
		struct span words = span_trim(above);
		struct codes c = codes_find(words);
		if (!words.n || c.reply || c.status.digit || prose_is_separator(above) ||
			is_turn(above))
			break;
		if (words.p[words.n - 1] == ':')
			return span_between(begin, line.p + line.n);
		for (size_t i = p->matches.count; i-- > 0;) {
			const char *said = p->human.p + p->matches.at[i].end;
			if (said > above.p && said <= above.p + above.n &&
				rule_at(rules, p->matches.at[i].rule)->mark == MARK_REMOTE_SAYS)
				return span_between(
					skip_rule(span_between(said, line.p)).p, line.p + line.n);
		}
		begin = above.p;
	}
	return line;
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
		if (!heard.n)
			line = whole_answer(p, rules, window, line);
		return heard.n ? heard : paragraph(span_between(line.p, text.p + text.n));
	}
	if (!searched_part(&p->searched, window, &found))
		rules_scan(rules, window, WHERE_HUMAN, &found);
	for (size_t i = 0; i < found.count; i++) {
		const char *behind = window.p + found.at[i].end;
		bool aside = behind < window.p + window.n &&
			*behind == ')'; /* "has been frozen (delivery error message)" */
		if (rule_at(rules, found.at[i].rule)->mark == MARK_REMOTE_SAYS && !aside)
			return first_words(skip_rule(span_between(behind, text.p + text.n)));
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
		struct span near = prose_line(human, (size_t)(rest.p + at - human.p)), line;
		struct span behind = span_between(near.p, human.p + human.n);
		const char *end = near.p;
		for (unsigned lines = 0; lines < TRANSCRIPT_LINES && span_line(&behind, &line);
			lines++) {
			if (lines && (!span_trim(line).n || is_of_another(line, address)))
				break;
			end = line.p + line.n;
		}
		struct span answer = code_line(span_between(near.p, end));
		if (answer.n)
			return paragraph(
				until_another(span_between(answer.p, human.p + human.n), address));
		rest = span_between(rest.p + at + address.n, human.p + human.n);
	}
	return none;
}
