/*
 * The tolerant MIME splitter (RFC 2045, RFC 2046 section 5.1). One pass over the lines of the body,
 * a stack of open boundaries no deeper than MIME_DEPTH_MAX, and a rule for each kind of damage:
 *
 *   no closing boundary        the part ends where its parent's does; one that ends with the
 *                              message may be cut, so its last word does not count
 *   closed, then opened again  the parts behind the closing line count
 *   boundary parameter lost    the first line that begins with "--" is the boundary
 *   delimiters indented        where a multipart has no part, those with blanks before them count
 *   no blank line              the body begins where the third line in a row is no field
 *   bare CR as line end        taken as line end in a message that has no LF
 */
#include "classify/mime.h"

#include "classify/base/bytes.h"
#include "classify/html.h"
#include "classify/transfer.h"

struct level {
	size_t part; /* the multipart */
	size_t n;    /* length of its boundary; 0: to be learned from the first line that looks like
			one */
	char boundary[MIME_BOUNDARY_MAX];
};

struct splitter {
	struct mime *m;
	struct level level[MIME_DEPTH_MAX];
	size_t depth;
	long open;            /* the part whose body is being read, -1: none (an epilogue) */
	bool indented;        /* delimiters may have blanks in front of them */
	struct fields fields; /* of the part begun last, but the first */
};

/* --- the header ----------------------------------------------------------- */

static bool is_boundary_like(struct span line)
{
	return line.n > 2 && line.p[0] == '-' && line.p[1] == '-';
}

static bool is_fold(struct span line)
{
	return line.n && (line.p[0] == ' ' || line.p[0] == '\t');
}

/*
 * Only an empty line ends a header (RFC 5322 section 2.1); one of blanks is a fold, which spam
 * filters write into their reports. But some mail has such a line in the place of the empty one:
 * then what follows, before any empty line, is neither a field nor a fold.
 */
static bool header_goes_on(struct span rest)
{
	struct span line;
	size_t value;
	while (span_line(&rest, &line)) {
		if (!line.n)
			return true;
		if (!span_is_blank(line) && !is_fold(line))
			return header_name(line, &value) > 0;
	}
	return false;
}

struct span mime_header(struct span text, struct span *body, struct fields *fields)
{
	struct span rest = text, line, junk = { NULL, 0 };
	unsigned junk_lines = 0;
	const char *end = text.p + text.n;
	fields_clear(fields);
	for (struct span before = rest; span_line(&rest, &line); before = rest) {
		size_t value, name = header_name(line, &value);
		if (name) {
			fields_add(fields, line, name, value);
			junk_lines = 0;
			continue;
		}
		if (line.n && fields->count && span_is_blank(line) && header_goes_on(rest)) {
			fields_fold(fields, line);
			continue;
		}
		if (span_is_blank(line)) {
			end = before.p;
			junk_lines = 0;
			break;
		}
		if (is_fold(line) && !junk_lines) {
			fields_fold(fields, line);
			continue;
		}
		if (junk_lines++ == 0)
			junk = before;
		if (junk_lines > MIME_JUNK_LINES_MAX || is_boundary_like(line))
			break;
	}
	if (junk_lines) {
		end = junk.p;
		rest = junk;
	}
	*body = rest;
	fields_end(fields, end);
	return (struct span){ text.p, (size_t)(end - text.p) };
}

static void lower_case(char *to, size_t size, struct span from)
{
	size_t n = 0;
	for (size_t i = 0; i < from.n && n + 1 < size; i++) {
		char c = from.p[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"')
			continue;
		to[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	to[n] = '\0';
}

static enum mime_encoding encoding_of(struct span value)
{
	value = header_token(value);
	if (span_equal_nocase(value, SPAN("base64")))
		return ENCODING_BASE64;
	return span_equal_nocase(value, SPAN("quoted-printable")) ? ENCODING_QUOTED_PRINTABLE
								  : ENCODING_IDENTITY;
}

static void read_content_fields(struct part *p, const struct fields *fields)
{
	struct fields_at at = { 0 };
	struct field f;
	p->content_type = p->disposition = (struct span){ "", 0 };
	while (fields_next(fields, &at, &f) && f.name.p - p->header.p < MIME_HEADER_MAX) {
		if (f.name.n < 8 || (f.name.p[0] | 0x20) != 'c')
			continue;
		if (f.value.n > MIME_HEADER_MAX)
			f.value.n = MIME_HEADER_MAX;
		if (!p->content_type.n && span_equal_nocase(f.name, SPAN("Content-Type")))
			p->content_type = f.value;
		else if (span_equal_nocase(f.name, SPAN("Content-Transfer-Encoding")))
			p->encoding = encoding_of(f.value);
		else if (!p->disposition.n &&
			span_equal_nocase(f.name, SPAN("Content-Disposition")))
			p->disposition = f.value;
	}
	lower_case(p->type, sizeof p->type, header_token(p->content_type));
	if (!strchr(p->type, '/'))
		strcpy(p->type, "text/plain");
	p->multipart = strncmp(p->type, "multipart/", 10) == 0;
}

/* --- the parts ------------------------------------------------------------ */

static void mime_part_end(struct splitter *s, const char *at)
{
	if (s->open < 0)
		return;
	struct part *p = &s->m->part[s->open];
	p->body.n = (size_t)(at - p->body.p);
	s->open = -1;
}

/* Reads a part's header at REST and makes it the open one; REST goes behind the header. */
/*
 * A boundary with a blank (RFC 2046 section 5.1.1 allows it within) whose field was folded there,
 * by some with a tab in the blank's place: one blank again. None ends it. Returns the bytes left.
 */
static size_t boundary_unfold(char *boundary, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bool fold = boundary[i] == '\t' || boundary[i] == '\r' || boundary[i] == '\n';
		if (!fold)
			boundary[kept++] = boundary[i];
		else if (kept && boundary[kept - 1] != ' ' &&
			!(i + 1 < n && strchr(" \t\r\n", boundary[i + 1])))
			boundary[kept++] = ' ';
	}
	while (kept && boundary[kept - 1] == ' ')
		kept--;
	return kept;
}

static void part_begin(struct splitter *s, struct span *rest)
{
	struct mime *m = s->m;
	struct part *p = &m->part[m->count];
	struct fields *fields = m->count ? &s->fields : &m->fields;
	memset(p, 0, sizeof *p);
	p->header = mime_header(*rest, &p->body, fields);
	p->depth = (unsigned)s->depth;
	*rest = p->body;
	read_content_fields(p, fields);
	s->open = (long)m->count++;
	if (!p->multipart || s->depth == MIME_DEPTH_MAX)
		return;
	struct level *level = &s->level[s->depth++];
	level->part = (size_t)s->open;
	level->n = header_parameter(
		p->content_type, SPAN("boundary"), level->boundary, sizeof level->boundary);
	level->n = boundary_unfold(level->boundary, level->n);
}

/* LINE as "--boundary" or "--boundary--" of LEVEL. */
static bool is_boundary_line(const struct level *level, struct span line, bool *closing)
{
	struct span rest = { line.p + 2, line.n - 2 };
	if (!level->n || rest.n < level->n || memcmp(rest.p, level->boundary, level->n) != 0)
		return false;
	rest = (struct span){ rest.p + level->n, rest.n - level->n };
	*closing = rest.n >= 2 && rest.p[0] == '-' && rest.p[1] == '-';
	if (*closing)
		rest = (struct span){ rest.p + 2, rest.n - 2 };
	return span_trim(rest).n == 0;
}

/*
 * A multipart whose parameter was lost takes the first line that looks like a delimiter, not like
 * the last one ("--boundary--").
 */
static bool learn_boundary(struct level *level, struct span line)
{
	struct span text = span_trim(line);
	if (level->n || text.n < 3 || text.n - 2 > sizeof level->boundary ||
		memchr(text.p, ' ', text.n) || span_ends_nocase(text, SPAN("--")))
		return false;
	level->n = text.n - 2;
	memcpy(level->boundary, text.p + 2, level->n);
	return true;
}

/* The level that LINE delimits, from the innermost outwards; -1: none. */
static long find_level(struct splitter *s, struct span line, bool *closing)
{
	for (size_t i = s->depth; i-- > 0;)
		if (is_boundary_line(&s->level[i], line, closing))
			return (long)i;
	*closing = false;
	return s->depth && learn_boundary(&s->level[s->depth - 1], line) ? (long)s->depth - 1 : -1;
}

/*
 * The end of the text before the line at AT: its line end belongs to the delimiter (RFC 2046
 * section 5.1.1).
 */
static const char *before_line(const char *from, const char *at)
{
	if (at > from && at[-1] == '\n')
		at--;
	if (at > from && at[-1] == '\r')
		at--;
	return at;
}

struct span mime_skip_envelope(struct span message)
{
	struct span rest = message, line;
	while (span_line(&rest, &line)) {
		bool envelope = span_starts_nocase(line, SPAN("From ")) ||
			span_starts_nocase(line, SPAN(">From "));
		if (span_trim(line).n && !envelope)
			break;
		message = rest;
	}
	return message;
}

/* The same for one with blanks in front of them. */
static bool next_indented(struct span *rest)
{
	struct span from = *rest, line;
	for (const char *at = from.p; span_line(&from, &line); at = from.p) {
		while (is_fold(line))
			line = (struct span){ line.p + 1, line.n - 1 };
		if (!is_boundary_like(line))
			continue;
		*rest = (struct span){ at, (size_t)(rest->p + rest->n - at) };
		return true;
	}
	return false;
}

/* REST from the next line on that begins with "--"; false when there is none. */
static bool next_dashes(struct span *rest, char eol)
{
	const char *p = rest->p, *end = p + rest->n;
	while (end - p > 2 && !(p[0] == '-' && p[1] == '-')) {
		p = bytes_find_pair(p, end, eol, '-');
		p += p < end;
	}
	*rest = (struct span){ p, (size_t)(end - p) };
	return end - p > 2;
}

/* The lines of the body behind part 0's header. */
static void split_body(struct splitter *s, struct span rest)
{
	struct mime *m = s->m;
	struct span line;
	char eol = memchr(rest.p, '\n', rest.n) ? '\n' : '\r';
	while (s->depth && (s->indented ? next_indented(&rest) : next_dashes(&rest, eol))) {
		const char *at = rest.p;
		bool closing = false;
		span_line(&rest, &line);
		while (s->indented && is_fold(line))
			line = (struct span){ line.p + 1, line.n - 1 };
		long level = line.n < 3 ? -1 : find_level(s, line, &closing);
		if (level < 0)
			continue;
		if (s->open >= 0)
			mime_part_end(s, before_line(m->part[s->open].body.p, at));
		s->depth = (size_t)level + 1;
		if (closing)
			continue;
		if (m->count == MIME_PARTS_MAX) {
			m->overflow = true;
			break;
		}
		part_begin(s, &rest);
	}
}

/* Is there a multipart without a part? */
static bool has_childless(const struct mime *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->part[i].multipart &&
			(i + 1 == m->count || m->part[i + 1].depth <= m->part[i].depth))
			return true;
	return false;
}

/* The parts of MESSAGE from its header on, which begins at REST; REST goes behind the header. */
static void split_all(struct splitter *s, struct span *rest)
{
	s->depth = 0;
	s->open = -1;
	s->m->count = 0;
	s->m->overflow = false;
	part_begin(s, rest);
	split_body(s, *rest);
}

void mime_split(struct mime *m, struct span message)
{
	struct splitter s; /* its levels are filled in as they are entered: clearing all of them
			      costs more than a usual mail */
	s.m = m;
	s.indented = false;
	struct span begin = mime_skip_envelope(message), rest = begin;
	const char *end = message.p + message.n;
	split_all(&s, &rest);
	if (has_childless(m)) {
		s.indented = true;
		rest = begin;
		split_all(&s, &rest);
	}
	if (m->count == 1 && s.depth &&
		s.level[0].n) { /* the named boundary never came: another one may have */
		s.level[0].n = 0;
		split_body(&s, rest);
	}
	if (s.open > 0 || (s.open == 0 && s.depth))
		m->part[s.open].cut = true;
	mime_part_end(&s, end);
}

bool part_is(const struct part *p, const char *type)
{
	return strcmp(p->type, type) == 0;
}

/* --- contents ------------------------------------------------------------- */

struct span mime_whole_words(struct span text)
{
	while (text.n && !strchr(" \t\r\n", text.p[text.n - 1]))
		text.n--;
	return text;
}

struct span part_bytes(const struct part *p, struct arena *arena, size_t max)
{
	struct span body = p->body;
	if (p->encoding == ENCODING_IDENTITY) {
		bool cut = p->cut || body.n > max;
		if (body.n > max)
			body.n = max;
		return cut ? mime_whole_words(body) : body;
	}
	size_t room;
	char *out = arena_room(arena, &room);
	if (room > max)
		room = max;
	size_t n = p->encoding == ENCODING_BASE64 ? base64_decode(body, out, room)
						  : quoted_printable_decode(body, out, room);
	struct span bytes = { arena_take(arena, n), n };
	return p->cut || n == room ? mime_whole_words(bytes) : bytes;
}

/* Charsets whose text is 7-bit with escapes, so that looking at the bytes says nothing. */
static bool has_escapes(struct span text)
{
	return memchr(text.p, '\x1b', text.n) != NULL;
}

static struct span part_charset(const struct part *p, char *buffer, size_t size)
{
	size_t n = header_parameter(p->content_type, SPAN("charset"), buffer, size);
	struct span name = { buffer, n };
	const char *blank = memchr(
		buffer, ' ', n); /* "charset=utf-8 (Unicode)", "charset=us-ascii format=flowed" */
	if (blank)
		name.n = (size_t)(blank - buffer);
	return span_trim(name);
}

/* BYTES without a UTF-8 character that the limit on their length cut. */
static struct span whole_part_characters(struct span bytes)
{
	for (size_t back = 1; back <= 3 && back <= bytes.n; back++) {
		unsigned char c = (unsigned char)bytes.p[bytes.n - back];
		if (c < 0x80)
			break;
		if (c >= 0xc0) {
			unsigned longer = (c >= 0xe0) + (c >= 0xf0);
			if (back < 2 + longer)
				bytes.n -= back;
			break;
		}
	}
	return bytes;
}

static struct span to_utf8(
	struct span bytes, struct span charset, struct arena *arena, struct charsets *charsets)
{
	if (has_escapes(bytes) && charset_is_utf8(charset))
		charset = SPAN("iso-2022-jp");
	else if (charset_is_utf8(charset) && span_is_utf8(whole_part_characters(bytes)))
		return whole_part_characters(bytes);
	size_t room;
	char *out = arena_room(arena, &room);
	if (room > 2 * MIME_TEXT_MAX)
		room = 2 * MIME_TEXT_MAX;
	size_t n = charset_to_utf8(charsets, charset, bytes, out, room);
	return (struct span){ arena_take(arena, n), n };
}

struct span part_source(const struct part *p, struct arena *arena, struct charsets *charsets)
{
	char name[64];
	struct span charset = part_charset(p, name, sizeof name);
	return to_utf8(part_bytes(p, arena, MIME_TEXT_MAX), charset, arena, charsets);
}

struct span part_text(const struct part *p, struct arena *arena, struct charsets *charsets)
{
	struct span text = part_source(p, arena, charsets);
	if (!part_is(p, "text/html"))
		return text;
	size_t room;
	char *out = arena_room(arena, &room);
	size_t n = html_text(text, out, room);
	return whole_part_characters((struct span){ arena_take(arena, n), n });
}
