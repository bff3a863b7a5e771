/* Records of comma-separated values, in place. */
#include "poller/volume/csv.h"

char csv_separator(struct span line)
{
	bool quoted = false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && memchr(",;\t", line.p[i], 3))
			return line.p[i];
	}
	return ',';
}

/*
 * The field in quotes that begins at P, unquoted in place; *END is behind the closing quote, NULL
 * when there is none.
 */
static struct span unquote_cell(char *p, const char *limit, char **end)
{
	char *out = ++p, *begin = p;
	*end = NULL;
	for (; p < limit; p++) {
		if (*p == '"' && (p + 1 == limit || p[1] != '"')) {
			*end = p + 1;
			break;
		}
		p += *p == '"';
		*out++ = *p;
	}
	return (struct span){ begin, (size_t)(out - begin) };
}

int csv_split(char *line, size_t n, char separator, struct span *field, size_t max, size_t *count)
{
	char *limit = line + n, *p = line;
	*count = 0;
	for (;;) {
		while (p < limit && *p == ' ' && separator != ' ')
			p++;
		struct span text;
		char *end = p;
		if (p < limit && *p == '"') {
			text = unquote_cell(p, limit, &end);
			while (end && end < limit && *end == ' ')
				end++;
		} else {
			end = memchr(p, separator, (size_t)(limit - p));
			end = end ? end : limit;
			text = span_trim((struct span){ p, (size_t)(end - p) });
		}
		++*count;
		if (!end || (end < limit && *end != separator))
			return -1;
		if (*count <= max)
			field[*count - 1] = text;
		if (end == limit)
			return 0;
		p = end + 1;
	}
}

/* Behind the closing quote of the field that begins at P[AT], or 0 when it does not end in TEXT. */
static size_t skip_quoted(struct span text, size_t at)
{
	for (at++; at < text.n; at++) {
		const char *quote = memchr(text.p + at, '"', text.n - at);
		if (!quote)
			return 0;
		at = (size_t)(quote - text.p) + 1;
		if (at == text.n || text.p[at] != '"')
			return at;
	}
	return 0;
}

static bool ends_record(struct span text, size_t at)
{
	return text.p[at] == '\n' ||
		(text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n');
}

static void cut_record(struct span text, size_t n, struct span *record, size_t *used)
{
	*used = n + (n < text.n);
	*record = (struct span){ text.p, n && text.p[n - 1] == '\r' ? n - 1 : n };
}

/* The physical line. */
static enum csv_result csv_broken(
	struct span text, struct span *record, struct span *field, size_t *used)
{
	const char *newline = memchr(text.p, '\n', text.n);
	cut_record(text, newline ? (size_t)(newline - text.p) : text.n, record, used);
	field->p = NULL;
	return CSV_BROKEN;
}

enum csv_result csv_next(struct span text, bool end, char separator, size_t want,
	struct span *record, struct span *field, size_t *used)
{
	size_t at = 0;
	*field = (struct span){ NULL, 0 };
	for (size_t number = 0;; number++) {
		size_t begin = at, stop;
		while (at < text.n && text.p[at] == ' ')
			at++;
		if (at < text.n && text.p[at] == '"') {
			at = skip_quoted(text, at);
			if ((!at || at == text.n) && !end)
				return CSV_MORE;
			if (!at)
				return csv_broken(text, record, field, used);
			while (at < text.n && text.p[at] == ' ')
				at++;
			if (at < text.n && text.p[at] != separator && !ends_record(text, at))
				return csv_broken(text, record, field, used);
			stop = at;
		} else {
			for (stop = at;
				stop < text.n && text.p[stop] != separator && text.p[stop] != '\n';
				stop++)
				;
			at = stop;
			stop -= stop > begin && (stop == text.n || text.p[stop] == '\n') &&
				text.p[stop - 1] == '\r';
		}
		if (number == want)
			*field = (struct span){ text.p + begin, stop - begin };
		if (at < text.n && text.p[at] == separator) {
			at++;
			continue;
		}
		at += at < text.n && text.p[at] == '\r';
		if (at == text.n && !end)
			return CSV_MORE;
		cut_record(text, at, record, used);
		return CSV_RECORD;
	}
}

size_t csv_unquote(struct span field, char *out, size_t size)
{
	struct span text = span_trim(field);
	size_t n = 0;
	bool quoted = text.n >= 2 && text.p[0] == '"';
	if (quoted)
		text = (struct span){ text.p + 1, text.n - 2 };
	for (size_t i = 0; i < text.n && n < size; i++) {
		out[n++] = text.p[i];
		i += quoted && text.p[i] == '"';
	}
	return n;
}
