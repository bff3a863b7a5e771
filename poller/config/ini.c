#include "poller/config/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unistr.h>
#include "classify/base/files.h"

enum {
	SECTIONS_MAX = 4096,
	KEYS_MAX = 512,    /* in one section */
	LINES_MAX = 40960, /* with something in them; the parser's time grows with their square */
};

struct ini_reading {
	struct span bytes; /* without a byte order mark */
	ini_tell *tell;
	void *context;
	unsigned faults;
};

__attribute__((format(printf, 5, 6))) static void tell_fault(struct ini_reading *r, unsigned line,
	const char *section, const char *key, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	r->tell(r->context,
		&(struct ini_fault){ .line = line, .section = section, .key = key, .text = text });
	r->faults++;
}

/* The next line of REST, with its end; empty behind the last. */
static struct span line_next(struct span *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	struct span line = { rest->p, end ? (size_t)(end + 1 - rest->p) : rest->n };

	*rest = (struct span){ line.p + line.n, rest->n - line.n };
	return line;
}

static struct span without_lead(struct span line)
{
	while (line.n && (*line.p == ' ' || *line.p == '\t'))
		line = (struct span){ line.p + 1, line.n - 1 };
	return line;
}

static bool begins_with_one(struct span text, const char *signs)
{
	return text.n && *text.p && strchr(signs, *text.p);
}

/* --- lines ---------------------------------------------------------------- */

/* `colour = #1f4e79`: a comment to the parser, and so nothing. `= # words` is one to everybody. */
static bool is_lost_value(struct span line)
{
	struct span p = without_lead(line);
	const char *equals = p.n ? memchr(p.p, '=', p.n) : NULL;

	if (!equals || begins_with_one(p, ";#["))
		return false;
	struct span value = without_lead(
		(struct span){ equals + 1, (size_t)(p.p + p.n - equals - 1) });
	return value.n > 1 && *value.p == '#' &&
		!begins_with_one((struct span){ value.p + 1, value.n - 1 }, " \t\r\n#");
}

/*
 * The sign of a comment within a value, as in `to = a@example.org; b@example.org` or `folder =
 * Bounces#2`: the parser takes what stands before it and says nothing of the rest. Behind a blank
 * it is a comment to everybody.
 */
static char sign_within_value(struct span line)
{
	struct span value = span_trim(line);
	const char *equals = value.n ? memchr(value.p, '=', value.n) : NULL;

	if (begins_with_one(value, ";#["))
		return 0;
	if (equals)
		value = span_trim(
			(struct span){ equals + 1, (size_t)(value.p + value.n - equals - 1) });
	if (begins_with_one(value, "\"';#"))
		return 0;
	for (size_t i = 1; i + 1 < value.n; i++)
		if (value.p[i] == ';' || value.p[i] == '#')
			return value.p[i - 1] == ' ' || value.p[i - 1] == '\t' ? 0 : value.p[i];
	return 0;
}

/* What a terminal or a server would take for a command. */
static bool holds_control(struct span line)
{
	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return true;
	return false;
}

static const char *fault_of_line(struct span line)
{
	if (memchr(line.p, '\0', line.n))
		return "holds a NUL byte; right would be a text in UTF-8";
	if (u8_check((const uint8_t *)line.p, line.n))
		return "not UTF-8 (Latin-1?); save the file as UTF-8";
	if (holds_control(line))
		return "holds a control character, or ends as on old Macintoshes; save the file with the line ends of Unix";
	if (is_lost_value(line))
		return "a value that begins with # is taken for a comment; right would be in quotes, such as \"#1f4e79\"";
	switch (sign_within_value(line)) {
	case ';':
		return "a ; within a value begins a comment, so the rest would be lost; right would be commas between several values, quotes around one, or a blank before a comment";
	case '#':
		return "a # within a value begins a comment, so the rest would be lost; right would be quotes around the value, or a blank before a comment";
	default:
		break;
	}
	return NULL;
}

static bool lines_are_sound(struct ini_reading *r)
{
	struct span rest = r->bytes, line;
	unsigned full = 0;

	if (rest.n >= 2 && (!memcmp(rest.p, "\xff\xfe", 2) || !memcmp(rest.p, "\xfe\xff", 2))) {
		tell_fault(r, 0, NULL, NULL, "is UTF-16; save it as UTF-8");
		return false;
	}
	for (unsigned number = 1; (line = line_next(&rest)).n; number++) {
		const char *fault = fault_of_line(line);

		full += !begins_with_one(span_trim(line), ";#") && span_trim(line).n;
		if (fault)
			tell_fault(r, number, NULL, NULL, "%s", fault);
	}
	if (full > LINES_MAX)
		tell_fault(r, 0, NULL, NULL, "more than %d lines", LINES_MAX);
	return !r->faults;
}

/* --- parsing -------------------------------------------------------------- */

/* Without the comments behind section names, which iniparser does not bear. */
static int write_for_parser(int fd, struct span bytes)
{
	struct span rest = bytes, line;
	int result = 0;

	while (!result && (line = line_next(&rest)).n) {
		struct span open = without_lead(line);
		const char *close = open.n && *open.p == '[' ? memchr(open.p, ']', open.n) : NULL;
		size_t name = close ? (size_t)(close + 1 - line.p) : 0;
		struct span behind = without_lead((struct span){ line.p + name, line.n - name });
		bool commented = close && begins_with_one(behind, ";#");

		result = write_all(fd, commented ? (struct span){ line.p, name } : line);
		if (commented && !result)
			result = write_all(fd, SPAN("\n"));
	}
	return result;
}

/*
 * iniparser tells where the syntax is broken in a text of its own, through a function without a
 * context; only the line's number is taken from it, for the rest is the file's content.
 */
static struct {
	bool told;
	int line;
	bool too_long;
} syntax;

static int take_syntax_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int take_syntax_error(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	const char *open = strchr(text, '('), *close = strchr(text, ')');
	for (const char *next; open && (next = strchr(open + 1, '(')) && next < close;)
		open = next;
	if (open && !syntax.line)
		syntax.line = atoi(open + 1);
	syntax.too_long = strstr(text, "too long") != NULL;
	syntax.told = true;
	return 0;
}

static dictionary *parse_copy(struct ini_reading *r)
{
	char path[64];
	int fd = memfd_create("ini", MFD_CLOEXEC);
	dictionary *ini = NULL;

	if (fd < 0 || write_for_parser(fd, r->bytes)) {
		tell_fault(r, 0, NULL, NULL, "%s", strerror(errno));
		goto out;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (access(path, R_OK)) { /* iniparser takes nothing but a name */
		tell_fault(r, 0, NULL, NULL, "%s: %s; right would be a mounted /proc", path,
			strerror(errno));
		goto out;
	}
	memset(&syntax, 0, sizeof syntax);
	iniparser_set_error_callback(take_syntax_error);
	ini = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	if (ini)
		goto out;
	tell_fault(r, (unsigned)syntax.line, NULL, NULL, "%s",
		syntax.too_long
			? "too long, at most 1,000 characters"
			: "broken syntax; right would be [section], key = value, or a comment after ';'");
out:
	if (fd >= 0)
		close(fd);
	return ini;
}

/* --- names that stand twice ----------------------------------------------- */

struct ini_name {
	struct span text;
	unsigned line;
};

/* The names of the file's sections, and of the keys in the one at hand. */
struct ini_names {
	struct ini_name section[SECTIONS_MAX], key[KEYS_MAX];
	size_t sections, keys;
	char at[256]; /* the section at hand */
	bool twice;   /* its keys are not complained of one by one */
};

/* The line of LIST that has the name already; 0: none, and then it has it from now on. */
static unsigned seen_before(struct ini_name *list, size_t *count, struct span text, unsigned line)
{
	for (size_t i = 0; i < *count; i++)
		if (span_equal_nocase(list[i].text, text))
			return list[i].line;
	list[(*count)++] = (struct ini_name){ text, line };
	return 0;
}

static bool take_section(
	struct ini_reading *r, struct ini_names *names, struct span name, unsigned line)
{
	if (names->sections == SECTIONS_MAX) {
		tell_fault(r, line, NULL, NULL, "more than %d sections", SECTIONS_MAX);
		return false;
	}
	snprintf(names->at, sizeof names->at, "%.*s", (int)name.n, name.p);
	names->keys = 0;
	const char *colon = memchr(name.p, ':', name.n);
	if (colon) /* the parser's own sign between section and key: it would not be seen at all */
		tell_fault(r, 0, names->at, NULL,
			"a section's name has no ':'; right would be [%.*s %.*s]",
			(int)(colon - name.p), name.p, (int)(name.p + name.n - colon - 1),
			colon + 1);
	unsigned first = seen_before(names->section, &names->sections, name, line);
	names->twice = first;
	if (first)
		tell_fault(r, 0, names->at, NULL,
			"stands in line %u and again in line %u; right would be once, or another name",
			first, line);
	return true;
}

static bool take_key(
	struct ini_reading *r, struct ini_names *names, struct span name, unsigned line)
{
	char key[64];

	if (names->twice)
		return true;
	snprintf(key, sizeof key, "%.*s", (int)name.n, name.p);
	if (!names->sections) {
		tell_fault(r, 0, NULL, NULL,
			"key %s stands before the first section; right would be below its [section]",
			key);
		return true;
	}
	if (names->keys == KEYS_MAX) {
		tell_fault(r, line, names->at, NULL, "more than %d keys in one section", KEYS_MAX);
		return false;
	}
	unsigned first = seen_before(names->key, &names->keys, name, line);
	if (first)
		tell_fault(r, 0, names->at, key,
			"stands in line %u and again in line %u; right would be once", first, line);
	return true;
}

/*
 * Of a section or key that stands twice iniparser takes the last values and says nothing: a mailbox
 * that was copied and not renamed would not be read. So the names of what it found to be sound are
 * looked through once more.
 */
static bool find_twice(struct ini_reading *r)
{
	struct ini_names *names = calloc(1, sizeof *names);
	struct span rest = r->bytes, line;
	bool goes_on = false, good = names;

	if (!names)
		tell_fault(r, 0, NULL, NULL, "no memory");
	for (unsigned number = 1; good && (line = line_next(&rest)).n; number++) {
		bool continued = goes_on;
		struct span text = span_trim(line);
		bool section = text.n && *text.p == '[';
		const char *end = text.n ? memchr(text.p, section ? ']' : '=', text.n) : NULL;

		goes_on = text.n && text.p[text.n - 1] == '\\';
		if (continued || !text.n || begins_with_one(text, ";#") || !end)
			continue;
		struct span name = span_trim(
			(struct span){ text.p + section, (size_t)(end - text.p) - section });
		good = section ? take_section(r, names, name, number)
			       : take_key(r, names, name, number);
	}
	free(names);
	return good;
}

dictionary *ini_parse(struct span bytes, ini_tell *tell, void *context)
{
	bool mark = bytes.n >= 3 && !memcmp(bytes.p, "\xef\xbb\xbf", 3);
	struct ini_reading r = { .bytes = { bytes.p + 3 * mark, bytes.n - 3 * mark },
		.tell = tell,
		.context = context };
	dictionary *ini = lines_are_sound(&r) ? parse_copy(&r) : NULL;

	if (ini && !find_twice(&r)) {
		iniparser_freedict(ini);
		ini = NULL;
	}
	return ini;
}
