/*
 * Reply codes (RFC 5321 section 4.2) and enhanced status codes (RFC 3463) in
 * text. Both are short rows of digits, and mail is full of such: addresses,
 * versions, dates, sizes, queue ids. So a candidate must stand free, and counts by
 * what stands around it: a reply code at the begin of a line or right before an
 * enhanced one is almost surely one; a "550" amid prose is only where nothing
 * better is found.
 */
#include "classify/base/bytes.h"
#include "classify/rules.h"

enum {
	CODES_SCANNED_MAX = 16384, /* bytes of a text that are looked at: a diagnostic is short */
	SURE_PAIR = 30,            /* 550 5.1.1 */
	SURE_START = 24, /* begin of text, line or answer: "smtp; 550", "said: 550", "#5.1.1" */
	SURE_NAMED = 16, /* "error 550", "code: 550", "(550)" */
	SURE_FREE = 4    /* stands free, no more */
};

struct number {
	unsigned value;
	size_t digits;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static char at(struct span t, size_t i)
{
	return i < t.n ? t.p[i] : ' ';
}

/* Up to three digits at I. */
static struct number code_number_at(struct span t, size_t i)
{
	struct number n = { 0, 0 };

	while (n.digits < 4 && ascii_digit(at(t, i + n.digits)))
		n.value = n.value * 10 + (unsigned)(t.p[i + n.digits++] - '0');
	return n;
}

/* What makes a number a part of something longer; a compare, where strchr() is a call. */
static inline bool binds(char c)
{
	switch (c) {
	case '.':
	case '_':
	case '@':
	case '+':
	case '$':
	case '%':
	case '/':
	case '\0':
		return true;
	}
	return false;
}

/* A sign of Chinese and Japanese text at I, such as a wide colon: they write no blanks beside it.
 */
static bool wide_sign(struct span t, size_t i)
{
	unsigned char lead = (unsigned char)at(t, i), next = (unsigned char)at(t, i + 1);

	return (lead == 0xe3 && next == 0x80) || (lead == 0xef && next == 0xbc);
}

/*
 * May a code begin at I: no letter, digit or dot that belongs to something longer stands before it?
 */
static bool free_before(struct span t, size_t i)
{
	char c = i ? t.p[i - 1] : ' ';

	if (i > 2 && wide_sign(t, i - 3))
		return true;
	if (ascii_digit(c) || is_alpha(c) || (unsigned char)c >= 0x80 || binds(c))
		return false;
	return c != '-' || i < 2 ||
		!(ascii_digit(t.p[i - 2]) || is_alpha(t.p[i - 2])); /* not "2024-550" */
}

static bool free_after(struct span t, size_t i)
{
	char c = at(t, i), d = at(t, i + 1);

	if (wide_sign(t, i))
		return true;
	if (ascii_digit(c) || is_alpha(c) || (unsigned char)c >= 0x80 || c == '_' || c == '@' ||
		c == '%' || c == '+')
		return false;
	if ((c == '.' || c == ',' || c == '/' || c == ':') && ascii_digit(d))
		return false;
	return true;
}

/* An enhanced code at I; its length, or 0. */
static size_t status_at(struct span t, size_t i, struct status *out)
{
	struct number digit = code_number_at(t, i), subject, detail;
	size_t k = i + digit.digits;

	if (digit.digits != 1 || (digit.value != 2 && digit.value != 4 && digit.value != 5) ||
		at(t, k) != '.')
		return 0;
	subject = code_number_at(t, ++k);
	k += subject.digits;
	if (!subject.digits || subject.digits > 3 || at(t, k) != '.')
		return 0;
	detail = code_number_at(t, ++k);
	k += detail.digits;
	if (!detail.digits || detail.digits > 3)
		return 0;
	*out = (struct status){ (uint16_t)digit.value, (uint16_t)subject.value,
		(uint16_t)detail.value };
	return k - i;
}

struct status status_parse(struct span text)
{
	struct status s = { 0, 0, 0 };
	size_t n;

	text = span_trim(text);
	n = status_at(text, 0, &s);
	if (!n || ascii_digit(at(text, n)) || at(text, n) == '.')
		s.digit = 0;
	return s.digit ? s : (struct status){ 0, 0, 0 };
}

/*
 * RFC 3463 ends at subject 7; 9 leaves room for what receivers make up, and shuts out versions such
 * as 4.94.2.
 */
static bool status_plausible(struct status s)
{
	return s.subject <= 9;
}
/* RFC 5321 section 4.2.1 knows 0 to 5 in the middle; 471 and 571 are receivers' own for x.7.1. */
static bool reply_plausible(unsigned v)
{
	return v >= 200 && v <= 599 && v / 100 != 3 && (v / 10 % 10 <= 5 || v % 100 == 71);
}

/*
 * How specific: x.0.0 says only the class, x.y.0 only the subject, and x.4.7 that the sender's
 * queue gave up, not why.
 */
static int specificity(struct status s)
{
	if (s.subject == 4 && s.detail == 7)
		return 1;
	if (s.detail)
		return 2;
	if (s.subject)
		return 1;
	return 0;
}

/* What stands before I in its line: a word that announces a code? */
static bool announced(struct span t, size_t i)
{
	static const char *const words[] = { "error", "code", "smtp", "status", "reply", "fehler",
		"erreur", "said", "response", "dsn" };
	size_t low = i > 24 ? i - 24 : 0;
	struct span before = { t.p + low, i - low };

	for (size_t k = 0; k < sizeof words / sizeof *words; k++)
		if (span_find_nocase(before, span_of(words[k])) >= 0)
			return true;
	return false;
}

/* Is I the begin of the text, of a line or of an answer that is quoted in it? */
static bool begins_answer(struct span t, size_t i)
{
	while (i && strchr(" \t<>('\"[#*", t.p[i - 1])) {
		if (t.p[i - 1] == '#')
			return true;
		i--;
	}
	if (i >= 5 && span_ends_nocase((struct span){ t.p, i }, SPAN("said")))
		return true;
	return !i || strchr("\r\n;:'\"", t.p[i - 1]) ||
		(i >= 2 && t.p[i - 1] == '-' && !ascii_digit(t.p[i - 2])) ||
		(i >= 3 && !memcmp(t.p + i - 3, "...", 3));
}

/*
 * Dates, versions, ports and sizes look like codes, too: "version 4.3.1", "port 587", "550 bytes".
 */
static bool is_measure(struct span t, size_t begin, size_t end)
{
	static const char *const before[] = { "version ", "ver ", "v. ", "port ", "postfix ",
		"exim ", "sendmail ", "exchange ", "size ", "line ", "id ", "id=", "message ",
		"width=", "height=" };
	static const char *const after[] = { "byte", "kb", "mb", "kib", "mib", "k ", "second",
		"minute", "hour", "day", "message", "recipient", "char", "px", "line",
		"connection" };
	struct span tail = { t.p + end, t.n - end }, head = { t.p, begin };

	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		if (span_ends_nocase(head, span_of(before[i])))
			return true;
	if (!tail.n || *tail.p != ' ')
		return false;
	tail.p++, tail.n--;
	for (size_t i = 0; i < sizeof after / sizeof *after; i++)
		if (span_starts_nocase(tail, span_of(after[i])))
			return true;
	return false;
}

static int sureness(struct span t, size_t begin, size_t end)
{
	char before = begin ? t.p[begin - 1] : ' ';

	if (begins_answer(t, begin))
		return SURE_START;
	if (is_measure(t, begin, end))
		return 0;
	if ((strchr("([", before) && strchr(")]", at(t, end))) || announced(t, begin))
		return SURE_NAMED;
	return SURE_FREE;
}

/*
 * The enhanced code that follows a reply code which ends at I: "550 5.1.1", "550-5.1.1", "550
 * #5.1.1", "550-'5.1.1"; its end, or 0.
 */
static size_t status_after(struct span t, size_t i, struct status *out)
{
	size_t k = i, n;

	while (k < t.n && k < i + 4 && strchr(" -#('\"[<=", t.p[k]))
		k++;
	n = k > i ? status_at(t, k, out) : 0;
	return n && free_after(t, k + n) ? k + n : 0;
}

struct best {
	struct codes codes;
	int reply, status; /* how sure; 0: none */
};

static void take_reply(struct best *b, unsigned value, int sure, size_t begin, size_t end)
{
	if (value / 100 == 2 && sure < SURE_START)
		return; /* 2xx is common in counts and dates, and matters only where it is an
			 answer */
	if (value / 100 == 2)
		sure -= SURE_NAMED; /* any refusal in the same text is what the report is about */
	if (sure <= b->reply)
		return;
	b->reply = sure;
	b->codes.reply = (uint16_t)value;
	if (begin < b->codes.begin)
		b->codes.begin = begin;
	if (end > b->codes.end)
		b->codes.end = end;
}

/* True when it is the best one so far. */
static bool take_enhanced_status(
	struct best *b, struct status s, int sure, size_t begin, size_t end)
{
	sure += specificity(s) * 100;
	if (s.digit == 2)
		sure -= 200;
	if (!status_plausible(s) || (b->codes.status.digit && sure <= b->status))
		return false;
	b->status = sure;
	b->codes.status = s;
	if (begin < b->codes.begin)
		b->codes.begin = begin;
	if (end > b->codes.end)
		b->codes.end = end;
	return true;
}

static unsigned digits(bytes16 b)
{
	return bytes_mask(bytes_between(b, '0', '9'));
}

struct codes codes_find(struct span text)
{
	struct best b = { .codes = { .begin = text.n } };
	size_t i = 0;

	if (!text.n)
		return b.codes;
	if (text.n > CODES_SCANNED_MAX)
		text.n = CODES_SCANNED_MAX;
	while ((i = (size_t)(bytes_find(text.p + i, text.p + text.n, digits) - text.p)) < text.n) {
		struct number n = code_number_at(text, i);
		struct status s;
		size_t end = 0, length = 0;
		int sure;

		if (!free_before(text, i)) {
			/*
			 * past the whole of what it belongs to, so that no part of an IP address is
			 * taken for a code
			 */
			while (ascii_digit(at(text, i)) ||
				(at(text, i) == '.' && ascii_digit(at(text, i + 1))))
				i++;
			continue;
		}
		if (n.digits == 3 && reply_plausible(n.value) && free_after(text, i + 3)) {
			end = status_after(text, i + 3, &s);
			sure = end ? SURE_PAIR : sureness(text, i, i + 3);
			if (end && take_enhanced_status(&b, s, SURE_PAIR, i, end))
				b.reply = 0; /* a better pair than the one before: its reply code,
						too */
			if (sure)
				take_reply(&b, n.value, sure, i, i + 3);
			i = end ? end : i + 3;
			continue;
		}
		length = status_at(text, i, &s);
		if (length && free_after(text, i + length)) {
			sure = sureness(text, i, i + length);
			if (sure)
				take_enhanced_status(&b, s, sure, i, i + length);
			i += length;
			continue;
		}
		while (ascii_digit(at(text, i)) ||
			(at(text, i) == '.' && ascii_digit(at(text, i + 1))))
			i++;
	}
	if (!b.codes.end)
		b.codes.begin = 0;
	return b.codes;
}
