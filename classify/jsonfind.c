/*
 * A tokenizer that knows depth: a key counts where it stands, not where its name comes first.
 */
#include "classify/jsonfind.h"

#include <string.h>
#include <unistr.h>

static bool is_json_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span json_skip(struct span text, const char *also)
{
	while (text.n && (is_json_blank(text.p[0]) || (text.p[0] && strchr(also, text.p[0]))))
		text = (struct span){ text.p + 1, text.n - 1 };
	return text;
}

/* Behind the string whose opening quote stands at I; the end of TEXT when it does not close. */
static size_t string_end(struct span text, size_t i)
{
	for (i++; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			return i + 1;
	}
	return text.n;
}

/* The length of the array or object that begins TEXT, with its brackets. */
static size_t json_bracketed(struct span text)
{
	size_t depth = 0;
	for (size_t i = 0; i < text.n;) {
		char c = text.p[i];
		if (c == '"') {
			i = string_end(text, i);
			continue;
		}
		i++;
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth -= depth > 0;
		if (!depth)
			return i;
	}
	return text.n;
}

struct span json_value(struct span text)
{
	text = json_skip(text, "");
	size_t n = 0;
	if (text.n && (text.p[0] == '{' || text.p[0] == '['))
		n = json_bracketed(text);
	else if (text.n && text.p[0] == '"')
		n = string_end(text, 0);
	else
		while (n < text.n && !is_json_blank(text.p[n]) && !strchr(",]}", text.p[n]))
			n++;
	return (struct span){ text.p, n };
}

struct span json_unquoted(struct span value)
{
	bool closed = value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"';
	return (struct span){ value.p + closed, closed ? value.n - 2 : 0 };
}

bool json_element(struct span *rest, struct span *value)
{
	struct span text = json_skip(*rest, "[,");
	*value = json_value(text);
	*rest = (struct span){ text.p + value->n, text.n - value->n };
	return value->n > 0;
}

struct span json_member(struct span object, struct span key)
{
	struct span none = { "", 0 }, name, value;
	object = json_skip(object, "");
	if (!object.n || object.p[0] != '{')
		return none;
	struct span rest = { object.p + 1, object.n - 1 };
	for (;;) {
		rest = json_skip(rest, ",");
		name = json_value(rest);
		if (!name.n || name.p[0] != '"')
			return none;
		rest = json_skip((struct span){ rest.p + name.n, rest.n - name.n }, "");
		if (!rest.n || rest.p[0] != ':')
			return none;
		rest = json_skip((struct span){ rest.p + 1, rest.n - 1 }, "");
		value = json_value(rest);
		if (span_equal_nocase(json_unquoted(name), key))
			return value;
		if (!value.n)
			return none;
		rest = (struct span){ rest.p + value.n, rest.n - value.n };
	}
}

struct span json_member_string(struct span object, struct span key)
{
	return json_unquoted(json_member(object, key));
}

/* The four hex digits of "\\uXXXX" at I; -1 where they are not there. */
static long utf16_unit(struct span s, size_t i)
{
	long unit = 0;
	if (s.n - i < 6 || s.p[i] != '\\' || s.p[i + 1] != 'u')
		return -1;
	for (size_t k = i + 2; k < i + 6; k++) {
		int digit = ascii_hex(s.p[k]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/*
 * The character of one escape at I, which may be a pair of surrogates, as UTF-8 at TO. *USED: bytes
 * read. Returns those written, 0 when it is none.
 */
static size_t unicode_escape(struct span s, size_t i, char *to, size_t *used)
{
	long first = utf16_unit(s, i), second;
	ucs4_t character = (ucs4_t)first;
	*used = 6;
	if (first >= 0xd800 && first < 0xdc00 && s.n - i >= 12 &&
		(second = utf16_unit(s, i + 6)) >= 0xdc00 && second < 0xe000) {
		character = 0x10000 + (((ucs4_t)first - 0xd800) << 10) + ((ucs4_t)second - 0xdc00);
		*used = 12;
	}
	int n = first < 0 ? -1 : u8_uctomb((uint8_t *)to, character, *used);
	return n > 0 ? (size_t)n : 0;
}

/* What an escape of one letter stands for; LINES: line ends are such, else blanks. */
static char letter_escaped(char c, bool lines)
{
	if (c != 'n' && c != 'r' && c != 't')
		return c;
	return lines && c == 'n' ? '\n' : ' ';
}

static struct span without_escapes(struct arena *arena, struct span string, bool lines)
{
	if (!memchr(string.p, '\\', string.n))
		return string;
	char *out = arena_alloc(arena, string.n);
	size_t n = 0, used, written;
	if (!out)
		return (struct span){ "", 0 };
	for (size_t i = 0; i < string.n; i++) {
		char c = string.p[i];
		if (c == '\\' && (written = unicode_escape(string, i, out + n, &used)) > 0) {
			n += written;
			i += used - 1;
			continue;
		}
		if (c == '\\' && i + 1 < string.n) {
			c = string.p[++i];
			if (lines && c == 'r') /* a line end is an LF here */
				continue;
			c = letter_escaped(c, lines);
		}
		out[n++] = c;
	}
	return (struct span){ out, n };
}

struct span json_unescaped(struct arena *arena, struct span string)
{
	return without_escapes(arena, string, false);
}

struct span json_lines(struct arena *arena, struct span string)
{
	return without_escapes(arena, string, true);
}
