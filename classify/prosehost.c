/*
 * Which host the text names as the one that answered, and which as the one that reports: a host
 * name that has the right words right before or behind it. Whoever sent, a link or a file is
 * neither.
 */
#include "classify/proseparts.h"

enum {
	HOSTS_MAX = 64,         /* host names looked at in the text about one recipient */
	HOST_LABELS_MAX = 4096, /* bytes of that text */
};

static bool is_host_char(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || ascii_digit(c) || c == '-' || c == '.' ||
		c == '_';
}

/* Four numbers and three dots; "4.94.20" is a version. */
static bool is_ip(struct span host)
{
	enum { DOTS = 3 };
	unsigned dots = 0;
	for (size_t i = 0; i < host.n; i++) {
		dots += host.p[i] == '.';
		if (host.p[i] != '.' && !ascii_digit(host.p[i]))
			return false;
	}
	return dots == DOTS;
}

/*
 * A name with dots whose last label is of letters, or an IP address; no part of a mail address, of
 * a path or of a file's name.
 */
static bool is_host(struct span text, struct span host)
{
	char before = host.p > text.p ? host.p[-1] : ' ',
	     after = host.p + host.n < text.p + text.n ? host.p[host.n] : ' ';
	const char *dot = memrchr(host.p, '.', host.n);
	if (!dot || dot == host.p || host.n >= EVENT_HOST_SIZE || strchr("@/=\\", before) ||
		strchr("@/", after))
		return false;
	if (is_ip(host))
		return true;
	for (const char *p = dot + 1; p < host.p + host.n; p++)
		if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
			return false;
	return host.p + host.n - dot > 2;
}

/* The next host name in TEXT from *I on. */
static bool host_next(struct span text, size_t *i, struct span *host)
{
	const char *dot;
	while (*i < text.n && (dot = memchr(text.p + *i, '.', text.n - *i))) {
		const char *begin = dot, *end = dot;
		while (begin > text.p && is_host_char(begin[-1]))
			begin--;
		while (end < text.p + text.n && is_host_char(*end))
			end++;
		*i = (size_t)(end - text.p);
		while (end > begin && end[-1] == '.')
			end--;
		*host = span_between(begin, end);
		if (host->n && is_host(text, *host))
			return true;
	}
	return false;
}

/* "mx.example.org[192.0.2.1]", "mx.example.org. (192.0.2.1)" */
static bool has_address_behind(struct span behind)
{
	size_t i = 0;
	while (i < behind.n && behind.p[i] && strchr(".> ", behind.p[i]))
		i++;
	return i + 1 < behind.n && strchr("[(", behind.p[i]) &&
		(ascii_digit(behind.p[i + 1]) || behind.p[i + 1] == 'I');
}

static bool is_remote(const struct rules *rules, struct span before, struct span behind)
{
	while (before.n && before.p[before.n - 1] && strchr("<[(\"' \t", before.p[before.n - 1]))
		before.n--;
	bool begins_line = !before.n || before.p[before.n - 1] == '\n';
	before = span_trim(before);
	if (rules_list_ends(rules, MARK_BEFORE_CLIENT, before))
		return false;
	if (rules_list_ends(rules, MARK_BEFORE_HOST, before))
		return true;
	if (has_address_behind(behind) &&
		(begins_line || rules_list_ends(rules, MARK_BEFORE_HOST_IP, before)))
		return true;
	behind = span_trim(behind);
	if (behind.n > 2 && behind.p[0] == '#' && ascii_digit(behind.p[1]) &&
		ascii_digit(behind.p[2])) /* Exchange: "mx.example.org #550 5.1.1" */
		return true;
	return rules_list_begins(rules, MARK_BEHIND_HOST, behind);
}

static bool is_reporter(const struct rules *rules, struct span before, struct span behind)
{
	bool code_behind = behind.n > 3 && memcmp(behind.p, " #", 2) == 0 &&
		ascii_digit(behind.p[2]) && behind.p[3] == '.';
	if (code_behind &&
		span_ends_nocase(
			before, SPAN("<"))) /* Exchange 2000: "<exch.example.org #5.1.1>" */
		return true;
	return rules_list_ends(rules, MARK_BEFORE_REPORTER, span_trim(before));
}

typedef bool host_fits(const struct rules *rules, struct span before, struct span behind);

static struct span find_host(const struct rules *rules, struct span text, host_fits *fits)
{
	struct span host;
	size_t i = 0;
	if (text.n > HOST_LABELS_MAX)
		text.n = HOST_LABELS_MAX;
	for (unsigned hosts = 0; hosts < HOSTS_MAX && host_next(text, &i, &host); hosts++)
		if (fits(rules, span_between(text.p, host.p),
			    span_between(host.p + host.n, text.p + text.n)))
			return host;
	return (struct span){ "", 0 };
}

/* In a transcript the session's peer stands in front of its answers. */
static struct span talked_to(struct span human, const char *answer)
{
	static const struct span label = { "while talking to ", 17 };
	struct span before = span_between(human.p, answer), host;
	const char *last = NULL;
	for (long at; (at = span_find_nocase(before, label)) >= 0;
		before = span_between(last, answer))
		last = before.p + at + label.n;
	size_t i = 0;
	if (last && host_next(prose_line(human, (size_t)(last - human.p)), &i, &host))
		return host;
	return (struct span){ "", 0 };
}

struct span prose_remote(
	const struct rules *rules, struct span human, struct span about, struct span answer)
{
	struct span host = find_host(rules, about, is_remote);
	bool inside = answer.n && answer.p > human.p && answer.p < human.p + human.n;
	if (!host.n && inside &&
		span_starts_nocase(prose_line(human, (size_t)(answer.p - human.p)), SPAN("<<< ")))
		host = talked_to(human, answer.p);
	return host;
}

struct span prose_reporter(const struct rules *rules, struct span human)
{
	return find_host(rules, human, is_reporter);
}
