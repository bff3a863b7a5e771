/*
 * Header fields as mail has them: folded or not, 8-bit, encoded words with
 * blanks or line ends inside, parameters quoted, continued or neither.
 * RFC 5322 section 2.2, RFC 2045 section 5.1, RFC 2047, RFC 2231.
 */
#include "classify/header.h"

#include "classify/base/bytes.h"
#include "classify/transfer.h"

enum {
	FIELD_NAME_MAX = 128,    /* what is longer before a colon is no field name */
	FIELD_TEXT_MAX = 65536,  /* bytes of one field that are decoded */
	ENCODED_WORD_MAX = 1024, /* RFC 2047 says 75 */
	CHARSET_NAME_MAX = 64,
	PARAMETER_SECTIONS_MAX = 100,
};

/* What ends a field's name (RFC 5322 section 3.6.8): all but printable ASCII, and the colon. */
static unsigned name_ends(bytes16 b)
{
	return bytes_mask(~bytes_between(b, '!', '~') | bytes_are(b, ':'));
}

size_t header_name(struct span line, size_t *value)
{
	size_t most = line.n < FIELD_NAME_MAX ? line.n : FIELD_NAME_MAX;
	size_t name = (size_t)(bytes_find(line.p, line.p + most, name_ends) - line.p), i = name;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	*value = i + 1 + (i + 1 < line.n && line.p[i + 1] == ' ');
	return i < line.n && line.p[i] == ':' ? name : 0;
}

bool header_line(struct span line)
{
	size_t value;
	return header_name(line, &value) > 0;
}

static bool is_continuation(struct span rest)
{
	return rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

bool header_next(struct span *rest, struct field *f, bool *blank)
{
	struct span line;
	while (span_line(rest, &line)) {
		size_t value, name = header_name(line, &value);
		if (!name) {
			if (blank && span_is_blank(line))
				*blank = true;
			continue;
		}
		const char *end = line.p + line.n;
		while (is_continuation(*rest)) {
			struct span more = *rest, folded;
			span_line(&more, &folded);
			if (span_is_blank(folded) &&
				(blank || !folded.n)) /* between groups of fields any blank line
							 counts */
				break;
			end = folded.p + folded.n;
			*rest = more;
		}
		f->name = (struct span){ line.p, name };
		f->value = span_trim(
			(struct span){ line.p + value, (size_t)(end - line.p) - value });
		return true;
	}
	return false;
}

struct span header_find(struct span header, struct span name)
{
	struct field f;
	while (header_next(&header, &f, NULL))
		if (span_equal_nocase(f.name, name))
			return f.value;
	return (struct span){ "", 0 };
}

void fields_clear(struct fields *f)
{
	f->count = 0;
	f->rest = (struct span){ "", 0 };
}

void fields_add(struct fields *f, struct span line, size_t name, size_t value)
{
	if (f->count < FIELDS_MAX)
		f->at[f->count++] = (struct field){ { line.p, name },
			{ line.p + value, line.n - value } };
	else if (!f->rest.n)
		f->rest = line;
}

void fields_fold(struct fields *f, struct span line)
{
	if (f->count && !f->rest.n)
		f->at[f->count - 1].value.n = (size_t)(line.p + line.n -
			f->at[f->count - 1].value.p);
}

void fields_end(struct fields *f, const char *end)
{
	if (f->rest.n)
		f->rest.n = (size_t)(end - f->rest.p);
}

bool fields_next(const struct fields *f, struct fields_at *at, struct field *out)
{
	if (at->i < f->count) {
		*out = f->at[at->i++];
		out->value = span_trim(out->value);
		at->rest = f->rest;
		return true;
	}
	return header_next(&at->rest, out, NULL);
}

struct span fields_find(const struct fields *f, struct span name)
{
	struct fields_at at = { 0 };
	struct field field;
	while (fields_next(f, &at, &field))
		if (span_equal_nocase(field.name, name))
			return field.value;
	return (struct span){ "", 0 };
}

/* --- RFC 2047 ------------------------------------------------------------- */

struct encoded_word {
	struct span charset;
	char encoding;
	struct span text;
	size_t length; /* of the whole in the field */
};

/* "=?charset?B?text?=" at the beginning of TEXT. */
static bool encoded_word(struct span text, struct encoded_word *w)
{
	if (text.n < 8 || text.p[0] != '=' || text.p[1] != '?')
		return false;
	size_t limit = text.n < ENCODED_WORD_MAX ? text.n : ENCODED_WORD_MAX;
	const char *charset = text.p + 2, *end = text.p + limit;
	const char *question = memchr(charset, '?', (size_t)(end - charset));
	if (!question || question == charset || end - question < 5 || question[2] != '?')
		return false;
	w->encoding = (char)(question[1] | 0x20);
	if (w->encoding != 'b' && w->encoding != 'q')
		return false;
	const char *body = question + 3, *stop = body;
	while (stop + 1 < end && !(stop[0] == '?' && stop[1] == '='))
		stop++;
	if (stop + 1 >= end)
		return false;
	const char *star = memchr(
		charset, '*', (size_t)(question - charset)); /* RFC 2231 section 5: language */
	w->charset = (struct span){ charset, (size_t)((star ? star : question) - charset) };
	w->text = (struct span){ body, (size_t)(stop - body) };
	w->length = (size_t)(stop + 2 - text.p);
	return true;
}

/*
 * Decoded bytes that wait for more of the same charset: a character may be cut between two words.
 */
struct encoded_run {
	char *bytes;
	size_t n, size;
	struct span charset;
};

static void words_flush(
	struct encoded_run *p, struct charsets *charsets, char *out, size_t *n, size_t size)
{
	if (p->n)
		*n += charset_to_utf8(
			charsets, p->charset, (struct span){ p->bytes, p->n }, out + *n, size - *n);
	p->n = 0;
}

static void words_add(struct encoded_run *p, const struct encoded_word *w)
{
	char *to = p->bytes + p->n;
	p->n += w->encoding == 'b' ? base64_decode(w->text, to, p->size - p->n)
				   : q_decode(w->text, to, p->size - p->n);
}

static size_t skip_field_blanks(struct span text, size_t i)
{
	size_t n = 0;
	while (i + n < text.n &&
		(text.p[i + n] == ' ' || text.p[i + n] == '\t' || text.p[i + n] == '\r' ||
			text.p[i + n] == '\n'))
		n++;
	return n;
}

/* Raw bytes between encoded words: folds become one blank. */
static void copy_raw(struct span raw, struct charsets *charsets, char *out, size_t *n, size_t size)
{
	*n += charset_to_utf8(charsets, SPAN(""), raw, out + *n, size - *n);
}

static unsigned header_line_ends(bytes16 b)
{
	return bytes_mask(bytes_are(b, '\n') | bytes_are(b, '\r'));
}

struct span header_text(struct arena *arena, struct charsets *charsets, struct span value)
{
	if (value.n > FIELD_TEXT_MAX)
		value.n = FIELD_TEXT_MAX;
	const char *end = value.p + value.n;
	bool plain = bytes_find(value.p, end, header_line_ends) == end &&
		bytes_find_pair(value.p, end, '=', '?') == end;
	if (plain && span_is_utf8(value))
		return value;
	size_t size = value.n * 4 +
		16; /* a byte of windows-1252 gives at most three, one of GB18030 no more */
	char *out = arena_alloc(arena, size), *scratch = arena_alloc(arena, value.n + 4);
	if (!out || !scratch)
		return (struct span){ "", 0 };
	struct encoded_run words = { scratch, 0, value.n, { "", 0 } };
	size_t n = 0, i = 0, raw = 0;
	while (i < value.n) {
		struct encoded_word w;
		if (value.p[i] == '=' &&
			encoded_word((struct span){ value.p + i, value.n - i }, &w)) {
			copy_raw((struct span){ value.p + raw, i - raw }, charsets, out, &n, size);
			if (words.n && !span_equal_nocase(words.charset, w.charset))
				words_flush(&words, charsets, out, &n, size);
			words.charset = w.charset;
			words_add(&words, &w);
			i += w.length;
			raw = i;
			size_t gap = skip_field_blanks(value, i);
			struct encoded_word next;
			if (gap &&
				encoded_word((struct span){ value.p + i + gap, value.n - i - gap },
					&next))
				i = raw = i + gap; /* blanks between two encoded words are none */
			else if (!encoded_word((struct span){ value.p + i, value.n - i }, &next))
				words_flush(&words, charsets, out, &n, size);
			continue;
		}
		if (value.p[i] == '\r' || value.p[i] == '\n') {
			copy_raw((struct span){ value.p + raw, i - raw }, charsets, out, &n, size);
			i += skip_field_blanks(value, i);
			raw = i;
			if (n < size)
				out[n++] = ' ';
			continue;
		}
		i++;
	}
	words_flush(&words, charsets, out, &n, size);
	copy_raw((struct span){ value.p + raw, value.n - raw }, charsets, out, &n, size);
	return (struct span){ out, n };
}

/* --- parameters ----------------------------------------------------------- */

struct span header_token(struct span value)
{
	size_t n = 0;
	while (n < value.n && value.p[n] != ';' && value.p[n] != '(')
		n++;
	return span_trim((struct span){ value.p, n });
}

struct field_parameter {
	struct span name;  /* with its RFC 2231 marks */
	struct span value; /* between the quotes, or as it stands */
	bool quoted;
};

/* Cuts the next "; name=value" off REST. */
static bool parameter_next(struct span *rest, struct field_parameter *p)
{
	while (rest->n) {
		const char *end = rest->p + rest->n, *i = rest->p;
		while (i < end &&
			(*i == ';' || *i == ' ' || *i == '\t' || *i == '\r' || *i == '\n'))
			i++;
		const char *name = i;
		while (i < end && *i != '=' && *i != ';')
			i++;
		p->name = span_trim((struct span){ name, (size_t)(i - name) });
		if (i == end || *i == ';') {
			*rest = (struct span){ i, (size_t)(end - i) };
			continue;
		}
		i++;
		while (i < end && (*i == ' ' || *i == '\t' || *i == '\r' || *i == '\n'))
			i++;
		p->quoted = i < end && *i == '"';
		const char *value = p->quoted ? ++i : i;
		if (p->quoted) {
			while (i < end && *i != '"')
				i += *i == '\\' && i + 1 < end ? 2 : 1;
			p->value = (struct span){ value, (size_t)(i - value) };
			while (i < end && *i != ';')
				i++;
		} else {
			while (i < end && *i != ';' && *i != '\r' && *i != '\n')
				i++;
			p->value = span_trim((struct span){ value, (size_t)(i - value) });
		}
		*rest = (struct span){ i, (size_t)(end - i) };
		return true;
	}
	return false;
}

/*
 * Appends the value with quoted pairs undone, line ends dropped, and %XX where the section is
 * EXTENDED.
 */
static size_t parameter_append(
	const struct field_parameter *p, bool extended, char *buffer, size_t n, size_t size)
{
	for (size_t i = 0; i < p->value.n; i++) {
		char c = p->value.p[i];
		if (c == '\r' || c == '\n')
			continue;
		if (p->quoted && c == '\\' && i + 1 < p->value.n)
			c = p->value.p[++i];
		if (extended && c == '%' && i + 2 < p->value.n &&
			ascii_hex(p->value.p[i + 1]) >= 0 && ascii_hex(p->value.p[i + 2]) >= 0) {
			c = (char)(ascii_hex(p->value.p[i + 1]) << 4 |
				ascii_hex(p->value.p[i + 2]));
			i += 2;
		}
		if (n >= size)
			return 0;
		buffer[n++] = c;
	}
	return n;
}

size_t header_parameter(struct span value, struct span name, char *buffer, size_t size)
{
	struct field_parameter p;
	size_t n = 0;
	unsigned section = 0;
	const char *semicolon = memchr(value.p, ';', value.n);
	if (!semicolon)
		return 0;
	struct span rest = { semicolon, value.n - (size_t)(semicolon - value.p) };
	while (section < PARAMETER_SECTIONS_MAX && parameter_next(&rest, &p)) {
		if (!span_starts_nocase(p.name, name))
			continue;
		struct span mark = { p.name.p + name.n, p.name.n - name.n };
		if (!mark.n)
			return parameter_append(&p, false, buffer, 0, size);
		if (mark.p[0] != '*')
			continue;
		bool extended = mark.p[mark.n - 1] == '*';
		if (extended && section == 0) { /* charset'language'value */
			const char *quote = memchr(p.value.p, '\'', p.value.n);
			const char *second = quote
				? memchr(quote + 1, '\'',
					  (size_t)(p.value.p + p.value.n - quote - 1))
				: NULL;
			if (second)
				p.value = (struct span){ second + 1,
					(size_t)(p.value.p + p.value.n - second - 1) };
		}
		n = parameter_append(&p, extended, buffer, n, size);
		if (mark.n == 1)
			break;
		section++;
	}
	return n;
}
