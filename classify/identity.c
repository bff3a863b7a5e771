/*
 * By what a message is known again: its own fields and its body, line ends as
 * LF, so that the same mail fetched by IMAP, by POP3, from a Maildir or an mbox
 * is the same. Trace headers differ by route and are left out, as is whatever
 * number of blank lines a mailbox format adds at the end.
 */
#include "classify/classify.h"

#include "classify/header.h"
#include "classify/mime.h"

struct feeder {
	void (*feed)(void *context, const void *bytes, size_t n);
	void *context;
	size_t blank_lines; /* line ends that count only if something follows */
	size_t left;
};

static void feed_line(struct feeder *f, struct span line)
{
	static const char line_ends[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
	if (line.n) {
		while (f->blank_lines) {
			size_t n = f->blank_lines < sizeof line_ends - 1 ? f->blank_lines
									 : sizeof line_ends - 1;
			f->feed(f->context, line_ends, n);
			f->blank_lines -= n;
		}
		f->feed(f->context, line.p, line.n);
	}
	f->blank_lines++;
}

/* A field's VALUE with its folds and blanks as one blank each. */
static void feed_value(struct feeder *f, struct span name, struct span value)
{
	f->feed(f->context, name.p, name.n);
	while (value.n) {
		size_t n = 0;
		while (n < value.n &&
			!memchr(" \t\r\n", value.p[n],
				4)) /* not strchr(): a NUL is a byte like any other */
			n++;
		f->feed(f->context, " ", 1);
		f->feed(f->context, value.p, n);
		value = span_trim((struct span){ value.p + n, value.n - n });
	}
	f->feed(f->context, "\n", 1);
}

/*
 * What has no body has only its other fields to be told from the next one. Those that a route adds
 * do not count (RFC 5321 section 4.4; Delivered-To); others that a filter may add do: a message
 * counted twice is the lesser harm than one lost.
 */
static void feed_own_fields(struct feeder *f, struct span header)
{
	struct span line;
	bool counts = true;
	while (span_line(&header, &line)) {
		if (!line.n ||
			(line.p[0] != ' ' &&
				line.p[0] != '\t')) /* else it goes on with the field before */
			counts = !span_starts_nocase(line, SPAN("Return-Path:")) &&
				!span_starts_nocase(line, SPAN("Received:")) &&
				!span_starts_nocase(line, SPAN("Delivered-To:"));
		if (counts)
			feed_line(f, line);
	}
}

static void feed_field(struct feeder *f, struct span header, struct span name)
{
	feed_value(f, name, header_find(header, name));
}

static bool is_run_byte(char c)
{
	return ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The next run of letters and digits of TEXT, which is cut behind it; empty: there is none. */
static struct span next_run(struct span *text)
{
	size_t n = 0;
	while (text->n && !is_run_byte(text->p[0]))
		*text = (struct span){ text->p + 1, text->n - 1 };
	while (n < text->n && is_run_byte(text->p[n]))
		n++;
	struct span run = { text->p, n };
	*text = (struct span){ text->p + n, text->n - n };
	return run;
}

/* RUN as a number of at most MOST digits, or 0. */
static unsigned run_number(struct span run, size_t most)
{
	unsigned n = 0;
	for (size_t i = 0; i < run.n; i++) {
		if (run.n > most || !ascii_digit(run.p[i]))
			return 0;
		n = n * 10 + (unsigned)(run.p[i] - '0');
	}
	return n;
}

/* 1 to 12, or 0. */
static unsigned run_month(struct span run)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	for (unsigned i = 0; run.n == 3 && names[3 * i]; i++)
		if (span_same_nocase(run.p, names + 3 * i, 3))
			return i + 1;
	return 0;
}

/*
 * Of "Mon, 21 Sep 2026 …" the day, month and year, in whatever form the rest is: not date_parse(),
 * which may read more of what is damaged one day, and this is to stay as it is.
 */
static uint16_t day_named(struct span date)
{
	struct span before = { "", 0 }, month = before, run;
	while ((run = next_run(&date)).n) {
		unsigned d = run_number(before, 2), m = run_month(month), y = run_number(run, 4);
		if (d && m && y)
			return (uint16_t)((y * 12 + m) * 31 + d);
		before = month;
		month = run;
	}
	return 0;
}

uint16_t message_identity(const struct message *m,
	void (*feed)(void *context, const void *bytes, size_t n), void *context)
{
	struct feeder f = { feed, context, 0, IDENTITY_BODY_MAX };
	struct span body, line, text = m->bytes;
	if (span_starts_nocase(text, SPAN("From ")))
		span_line(&text, &line);
	struct fields fields;
	struct span header = mime_header(text, &body, &fields);
	if (header.n > MIME_HEADER_MAX)
		header.n = MIME_HEADER_MAX;
	struct span date = header_find(header, SPAN("Date"));
	feed_field(&f, header, SPAN("Message-ID"));
	feed_value(&f, SPAN("Date"), date);
	feed_field(&f, header, SPAN("From"));
	if (!span_trim(body).n)
		feed_own_fields(&f, header);
	while (f.left && span_line(&body, &line)) {
		if (line.n > f.left)
			line.n = f.left;
		feed_line(&f, line);
		f.left -= line.n < f.left ? line.n + 1 : f.left;
	}
	return day_named(date);
}
