/* Records of comma-separated values, in place. */
#include "poller/csv.h"

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

/* The field in quotes that begins at P, unquoted in place; *END is behind the closing quote, NULL when there is none. */
static struct span unquote(char *p, const char *limit, char **end)
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
			text = unquote(p, limit, &end);
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
