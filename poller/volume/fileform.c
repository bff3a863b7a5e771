/* The forms in which people have their lists and mails, and give them as they are. */
#include "poller/volume/fileform.h"

#define FORM(begin, words) \
	{ \
		SPAN(begin), words \
	}

static const struct {
	struct span begin;
	const char *words;
} forms[] = {
	FORM("\xff\xfe", "is UTF-16; save it as UTF-8"),
	FORM("\xfe\xff", "is UTF-16; save it as UTF-8"),
	FORM("\x1f\x8b", "is packed with gzip; right would be what gunzip makes of it"),
	FORM("\x28\xb5\x2f\xfd", "is packed with zstd; right would be what unzstd makes of it"),
	FORM("\xfd"
	     "7zXZ",
		"is packed with xz; right would be what unxz makes of it"),
	FORM("BZh9", "is packed with bzip2; right would be what bunzip2 makes of it"),
	FORM("PK\x03\x04",
		"is a zip archive, or a spreadsheet (.xlsx, .ods), which is one; right would be what is in it, a sheet saved as CSV"),
	FORM("\xd0\xcf\x11\xe0",
		"is a file of Outlook or Excel (.msg, .xls); right would be mail saved as .eml, or a sheet saved as CSV"),
	FORM("!BDN", "is an Outlook data file (.pst); right would be what readpst makes of it"),
	FORM("%PDF-", "is a PDF; right would be the mail or list itself"),
	FORM("SQLite format 3", "is a database of SQLite; right would be mail or a list"),
};

const char *fileform_foreign(struct span text)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (text.n >= forms[i].begin.n &&
			!memcmp(text.p, forms[i].begin.p, forms[i].begin.n))
			return forms[i].words;
	return NULL;
}

/* Not the address {a}@example.org, which is one, too. */
static bool begins_as_json(struct span text)
{
	if (!text.n || (*text.p != '[' && *text.p != '{'))
		return false;
	text = span_trim((struct span){ text.p + 1, text.n - 1 });
	return !text.n || memchr("\"{[]}", *text.p, 5);
}

const char *fileform_no_list(struct span text)
{
	const char *words = fileform_foreign(text);
	struct span begin = span_trim(text);

	if (words)
		return words;
	if (span_starts_nocase(begin, SPAN("<!doctype")) ||
		span_starts_nocase(begin, SPAN("<html")))
		return "is an HTML page, perhaps a login or an error; right would be the list itself";
	if (begins_as_json(begin))
		return "is JSON; right would be CSV, such as jq makes of it: retour(1), SUPPRESSION LISTS";
	return NULL;
}

const char *fileform_no_mail(struct span text)
{
	const char *words = fileform_no_list(text);
	struct span line;

	if (words || !span_trim(text).n)
		return words;
	while (span_line(&text, &line) && !span_trim(line).n)
		;
	size_t n = 0;
	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	if (n && n < line.n && (line.p[n] == ':' || span_starts_nocase(line, SPAN("From "))))
		return NULL;
	return "does not begin with a header; right would be the mail as it came, header and all";
}
