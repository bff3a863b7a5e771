/*
 * HTML to text: tags are dropped, those that break a line do, the text of
 * scripts and styles goes, character references (HTML 4.01 section 5.3) are
 * read. White space runs become one blank, so that phrases are found across
 * source lines.
 */
#include "classify/html.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistr.h>

enum {
	TAG_NAME_MAX = 16,
	ENTITY_MAX = 10,
};

static const struct {
	const char *name;
	unsigned character;
} entities[] = {
	{ "lt", '<' },
	{ "gt", '>' },
	{ "amp", '&' },
	{ "quot", '"' },
	{ "apos", '\'' },
	{ "nbsp", ' ' },
	{ "shy", 0 },
	{ "auml", 0xe4 },
	{ "ouml", 0xf6 },
	{ "uuml", 0xfc },
	{ "Auml", 0xc4 },
	{ "Ouml", 0xd6 },
	{ "Uuml", 0xdc },
	{ "szlig", 0xdf },
	{ "eacute", 0xe9 },
	{ "egrave", 0xe8 },
	{ "ecirc", 0xea },
	{ "euml", 0xeb },
	{ "Eacute", 0xc9 },
	{ "Egrave", 0xc8 },
	{ "agrave", 0xe0 },
	{ "acirc", 0xe2 },
	{ "aacute", 0xe1 },
	{ "atilde", 0xe3 },
	{ "aring", 0xe5 },
	{ "aelig", 0xe6 },
	{ "Agrave", 0xc0 },
	{ "ccedil", 0xe7 },
	{ "Ccedil", 0xc7 },
	{ "icirc", 0xee },
	{ "iuml", 0xef },
	{ "iacute", 0xed },
	{ "igrave", 0xec },
	{ "ocirc", 0xf4 },
	{ "oacute", 0xf3 },
	{ "ograve", 0xf2 },
	{ "otilde", 0xf5 },
	{ "oslash", 0xf8 },
	{ "ucirc", 0xfb },
	{ "uacute", 0xfa },
	{ "ugrave", 0xf9 },
	{ "ntilde", 0xf1 },
	{ "Ntilde", 0xd1 },
	{ "iquest", 0xbf },
	{ "iexcl", 0xa1 },
	{ "laquo", 0xab },
	{ "raquo", 0xbb },
	{ "rsquo", '\'' },
	{ "lsquo", '\'' },
	{ "ldquo", '"' },
	{ "rdquo", '"' },
	{ "ndash", '-' },
	{ "mdash", '-' },
	{ "hellip", 0x2026 },
	{ "copy", 0xa9 },
	{ "reg", 0xae },
};

/* Tags at which the text goes on in a new line. */
static const char *const breaking[] = { "br", "p", "div", "tr", "li", "ul", "ol", "table", "h1",
	"h2", "h3", "h4", "h5", "h6", "hr", "pre", "blockquote", "title", "dt", "dd", "center" };
/* Elements whose text no reader sees. */
static const char *const hidden[] = { "script", "style", "head" };

struct html_output {
	char *to;
	size_t n, size;
	bool gap; /* a blank is due */
};

static void put_html_bytes(struct html_output *o, const char *bytes, size_t n)
{
	if (o->n + n + 1 > o->size)
		return;
	if (o->gap && o->n && o->to[o->n - 1] != '\n')
		o->to[o->n++] = ' ';
	o->gap = false;
	memcpy(o->to + o->n, bytes, n);
	o->n += n;
}

static void put_character(struct html_output *o, unsigned c)
{
	uint8_t bytes[6];
	if (c == ' ' || c == 0xa0) {
		o->gap = true;
		return;
	}
	int n = c < 0x20 ? 0 : u8_uctomb(bytes, c, sizeof bytes);
	if (n > 0)
		put_html_bytes(o, (const char *)bytes, (size_t)n);
}

static void put_line(struct html_output *o)
{
	o->gap = false;
	if (o->n && o->n < o->size &&
		!(o->n > 1 && o->to[o->n - 1] == '\n' && o->to[o->n - 2] == '\n'))
		o->to[o->n++] = '\n';
}

static bool named(const char *const *list, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(name, span_of(list[i])))
			return true;
	return false;
}
#define NAMED(list, name) named(list, sizeof list / sizeof list[0], name)

/*
 * Length of the reference at TEXT ("&auml;", "&#228;", "&#xe4;"), its character in *C; 0: a bare
 * ampersand.
 */
static size_t reference_length(struct span text, unsigned *c)
{
	size_t n = 1;
	while (n < text.n && n <= ENTITY_MAX && text.p[n] != ';' && text.p[n] != ' ' &&
		text.p[n] != '<' && text.p[n] != '&')
		n++;
	if (n >= text.n || n > ENTITY_MAX || text.p[n] != ';' || n == 1)
		return 0;
	if (text.p[1] == '#') {
		char digits[ENTITY_MAX + 1] = { 0 };
		memcpy(digits, text.p + 2, n - 2);
		bool hex = digits[0] == 'x' || digits[0] == 'X';
		*c = (unsigned)strtoul(digits + hex, NULL, hex ? 16 : 10);
		return n + 1;
	}
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
		if (strlen(entities[i].name) == n - 1 &&
			memcmp(entities[i].name, text.p + 1, n - 1) == 0) {
			*c = entities[i].character;
			return n + 1;
		}
	return 0;
}

/* "<...>" at TEXT: its length, 0 when this is a bare '<' or an address in angle brackets. */
static size_t tag(struct span text, struct span *name, bool *end)
{
	size_t i = 1;
	*end = i < text.n && text.p[i] == '/';
	i += *end;
	size_t begin = i;
	while (i < text.n && i - begin < TAG_NAME_MAX &&
		((text.p[i] | 0x20) >= 'a' && (text.p[i] | 0x20) <= 'z'
				? true
				: i > begin && text.p[i] >= '0' && text.p[i] <= '9'))
		i++;
	*name = (struct span){ text.p + begin, i - begin };
	if (i < text.n && (text.p[begin] == '!' || text.p[begin] == '?')) { /* comment, doctype */
		bool comment = text.n >= 4 && memcmp(text.p, "<!--", 4) == 0;
		const char *stop = comment ? memmem(text.p, text.n, "-->", 3)
					   : memchr(text.p, '>', text.n);
		size_t length = comment ? 3 : 1;
		return stop ? (size_t)(stop - text.p) + length : text.n;
	}
	bool closes = i < text.n && strchr(" \t\r\n/>:", text.p[i]) != NULL && text.p[i];
	if (!name->n || !closes)
		return 0;
	const char *stop = memchr(text.p + i, '>', text.n - i);
	return stop ? (size_t)(stop - text.p) + 1 : text.n;
}

/* From behind "<script ...>" to before "</script". */
static size_t skip_hidden(struct span text, struct span name)
{
	size_t i = 0;
	while (i < text.n) {
		const char *lt = memchr(text.p + i, '<', text.n - i);
		if (!lt)
			return text.n;
		i = (size_t)(lt - text.p);
		if (text.n - i > name.n + 1 && text.p[i + 1] == '/' &&
			span_equal_nocase((struct span){ text.p + i + 2, name.n }, name))
			return i;
		i++;
	}
	return text.n;
}

/* Of the UTF-8 character that begins TEXT: cut, it would be none. */
static size_t character_length(struct span text)
{
	size_t n = 1;
	while (n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

size_t html_text(struct span text, char *out, size_t size)
{
	struct html_output o = { out, 0, size, false };
	size_t i = 0;
	while (i < text.n && o.n + 4 < size) {
		struct span rest = { text.p + i, text.n - i }, name;
		unsigned c;
		size_t n;
		bool end;
		if (rest.p[0] == '<' && (n = tag(rest, &name, &end))) {
			i += n;
			if (NAMED(breaking, name))
				put_line(&o);
			else if (span_equal_nocase(name, SPAN("td")) ||
				span_equal_nocase(name, SPAN("th")))
				o.gap = true;
			if (!end && NAMED(hidden, name))
				i += skip_hidden((struct span){ text.p + i, text.n - i }, name);
		} else if (rest.p[0] == '&' && (n = reference_length(rest, &c))) {
			put_character(&o, c);
			i += n;
		} else if (rest.p[0] == ' ' || rest.p[0] == '\t' || rest.p[0] == '\r' ||
			rest.p[0] == '\n') {
			o.gap = true;
			i++;
		} else {
			n = character_length(rest);
			put_html_bytes(&o, rest.p, n);
			i += n;
		}
	}
	return o.n;
}
