/*
 * Sources: RFC 3164, RFC 5424 and RFC 6587 section 3.4.1; syslogd(8) of FreeBSD (-v), Solaris
 * (msgid), AIX and BusyBox; metalog; the container runtime interface's log format of Kubernetes.
 */
#include "poller/volume/loghead.h"

#include "poller/volume/logtext.h"

enum {
	WRAPPINGS = 4, /* that may stand before one another */
	NAME_MAX_SIZE = 128,
	PRI_MAX = 4,
};

static bool is_name_char(char c)
{
	return is_queue_alnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
}

/* --- what carried the line ------------------------------------------------ */

/* "ESC [ 36 m": docker compose paints the names. */
static bool skip_colour(struct span *line)
{
	size_t n = 2;
	if (!text_starts(*line, SPAN("\033[")))
		return false;
	while (n < line->n && (ascii_digit(line->p[n]) || line->p[n] == ';'))
		n++;
	if (n == line->n || line->p[n] != 'm')
		return false;
	*line = text_from(*line, n + 1);
	return true;
}

/* "mailserver-1  | " of docker compose. */
static bool skip_container(struct span *line)
{
	size_t n = 0;
	while (n < line->n && n < NAME_MAX_SIZE && is_name_char(line->p[n]))
		n++;
	struct span rest = text_from(*line, n);
	while (n && (skip_colour(&rest) || (rest.n && rest.p[0] == ' ')))
		if (rest.n && rest.p[0] == ' ')
			rest = text_from(rest, 1);
	if (!n || !rest.n || rest.p[0] != '|')
		return false;
	rest = text_from(rest, 1);
	while (skip_colour(&rest))
		;
	*line = text_starts(rest, SPAN(" ")) ? text_from(rest, 1) : rest;
	return true;
}

/* "[pod/mail-0/postfix] " of kubectl logs --prefix. */
static bool skip_pod(struct span *line)
{
	struct span rest = *line, word = log_word(&rest);
	if (!text_starts(word, SPAN("[pod/")) || word.p[word.n - 1] != ']')
		return false;
	*line = rest;
	return true;
}

/* "<22>". */
static bool skip_priority(struct span *line)
{
	size_t n = 1;
	if (!line->n || line->p[0] != '<')
		return false;
	while (n < line->n && n < PRI_MAX && ascii_digit(line->p[n]))
		n++;
	if (n == 1 || n == line->n || line->p[n] != '>')
		return false;
	*line = text_from(*line, n + 1);
	return true;
}

/* "123 <22>…": the length of the frame (RFC 6587). */
static bool skip_count(struct span *line)
{
	struct span rest = *line, word = log_word(&rest);
	if (!word.n || word.n > 5 || !rest.n || rest.p[0] != '<')
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_digit(word.p[i]))
			return false;
	*line = rest;
	return true;
}

/* "stdout F ", "stderr P:tag " behind the stamp of a container's runtime. */
static bool skip_stream(struct span *line)
{
	struct span rest = *line, word = log_word(&rest), tag = log_word(&rest);
	if ((!text_equal(word, SPAN("stdout")) && !text_equal(word, SPAN("stderr"))) || !tag.n ||
		(tag.p[0] != 'F' && tag.p[0] != 'P') || (tag.n > 1 && tag.p[1] != ':'))
		return false;
	*line = rest;
	return true;
}

static void skip_wrappings(struct span *line)
{
	static bool (*const wrappings[])(struct span *) = { skip_colour, skip_pod, skip_count,
		skip_priority, skip_container };
	bool more = true;
	for (int depth = 0; more && depth < WRAPPINGS; depth++) {
		more = false;
		for (size_t i = 0; i < sizeof wrappings / sizeof *wrappings && !more; i++)
			more = wrappings[i](line);
	}
}

/* --- RFC 5424 ------------------------------------------------------------- */

/* "-", or "[id name="value"]…": what is in double quotes may hold blanks and brackets. */
static void skip_structured(struct span *text)
{
	size_t i = 0;
	bool quoted = false;
	if (text_starts(*text, SPAN("[")))
		for (; i < text->n; i++) {
			if (quoted && text->p[i] == '\\')
				i++;
			else if (text->p[i] == '"')
				quoted = !quoted;
			else if (!quoted && text->p[i] == ']' &&
				(i + 1 == text->n || text->p[i + 1] != '['))
				break;
		}
	*text = text_from(*text, i < text->n ? i : text->n);
	log_word(text);
}

/* "host program pid msgid data text" */
static void take_framed(struct span line, struct log_head *head)
{
	head->host = log_word(&line);
	head->program = log_word(&line);
	log_word(&line); /* process */
	log_word(&line); /* message id */
	skip_structured(&line);
	if (text_starts(line, SPAN("\xef\xbb\xbf")))
		line = text_from(line, 3);
	head->text = line;
}

/* --- host and program ----------------------------------------------------- */

/* "mail.info", "mail:info", "<mail.info>", "<2.6>", "mail.*": facility and priority. */
static bool is_facility(struct span word)
{
	static const struct span priorities[] = { { "emerg", 5 }, { "alert", 5 }, { "crit", 4 },
		{ "err", 3 }, { "error", 5 }, { "warn", 4 }, { "warning", 7 }, { "notice", 6 },
		{ "info", 4 }, { "debug", 5 } };
	if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
		return true;
	for (size_t i = 0; i < sizeof priorities / sizeof *priorities; i++) {
		size_t n = priorities[i].n;
		if (word.n > n + 1 && text_equal(text_from(word, word.n - n), priorities[i]) &&
			(word.p[word.n - n - 1] == '.' || word.p[word.n - n - 1] == ':') &&
			!memchr(word.p, '[', word.n))
			return true;
	}
	return false;
}

static void skip_facility(struct span *line)
{
	struct span rest = *line;
	if (is_facility(log_word(&rest)))
		*line = rest;
}

/* "postfix/smtp[123]:" without its number; "[postfix/smtp]" of metalog without brackets. */
static struct span program_name(struct span word)
{
	if (word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']')
		return (struct span){ word.p + 1, word.n - 2 };
	const char *end = memchr(word.p, '[', word.n);
	end = end ? end : memchr(word.p, ':', word.n);
	word.n = end ? (size_t)(end - word.p) : word.n;
	return word;
}

/* "[ID 197553 mail.info] ": Solaris, between the program and its words. */
static void skip_message_id(struct span *text)
{
	size_t end = text_starts(*text, SPAN("[ID ")) ? text_find(*text, SPAN("] ")) : text->n;
	if (end < text->n)
		*text = text_from(*text, end + 2);
}

/* "postfix/smtp[123]:", alone: no host stands before it. */
static bool is_program(struct span word)
{
	return word.n > 1 && word.p[word.n - 1] == ':';
}

/* "[postfix/smtp]": a host in brackets has dots, a program a slash or neither. */
static bool is_metalog(struct span word)
{
	return word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']' &&
		!memchr(word.p, '.', word.n) && !memchr(word.p, ':', word.n);
}

/* "host program[pid]: text" */
static void take_origin(struct span line, struct log_head *head)
{
	skip_facility(&line);
	struct span rest = line, word = log_word(&rest);
	if (is_program(word) || is_metalog(word)) {
		head->program = program_name(word);
		head->text = rest;
		return;
	}
	head->host = word;
	skip_facility(&rest);
	if (text_starts(rest, SPAN("Message forwarded from "))) { /* AIX, Solaris */
		rest = text_from(rest, 23);
		head->host = program_name(log_word(&rest));
	}
	head->program = program_name(log_word(&rest));
	skip_message_id(&rest);
	head->text = rest;
}

bool log_head(struct span line, const struct log_carried *carried, struct log_clock *clock,
	struct log_head *head)
{
	struct log_time first = { 0 }, second;
	*head = (struct log_head){ .host = { line.p, 0 }, .program = { line.p, 0 } };
	skip_wrappings(&line);
	bool framed = text_starts(line, SPAN("1 ")) && line.n > 2 &&
		(ascii_digit(line.p[2]) || line.p[2] == '-');
	line = text_from(line, framed ? 2 : 0);
	enum log_stamp stamp = log_stamp(&line, clock, &first);
	head->at = first.at;
	if (stamp && !framed) { /* a container's stamp before the program's own */
		bool stream = skip_stream(&line);
		skip_wrappings(&line);
		enum log_stamp inner = log_stamp(&line, clock, &second);
		if (inner)
			stamp = inner;
		else if (stream)
			stamp = STAMP_NONE;
		head->at = inner && !first.exact ? second.at : first.at;
	}
	if (framed && !stamp && text_starts(line, SPAN("- ")))
		log_word(&line);
	if (carried && carried->at)
		head->at = carried->at;
	head->whole = head->text = line;
	head->bare = stamp == STAMP_BARE;
	if (framed) {
		take_framed(line, head);
	} else if (stamp || !carried || !carried->program.n) {
		struct span rest = line;
		if (stamp || is_program(log_word(&rest)))
			take_origin(line, head);
	}
	if (carried && carried->program.n && !head->program.n)
		head->program = program_name(carried->program);
	if (carried && carried->host.n && !head->host.n)
		head->host = carried->host;
	return head->at != 0;
}
