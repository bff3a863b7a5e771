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

/* A field's value with its folds and blanks as one blank each. */
static void feed_field(struct feeder *f, struct span header, struct span name)
{
	struct span value = header_find(header, name);
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

void message_identity(const struct message *m,
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
	feed_field(&f, header, SPAN("Message-ID"));
	feed_field(&f, header, SPAN("Date"));
	feed_field(&f, header, SPAN("From"));
	if (!span_trim(body).n)
		feed_own_fields(&f, header);
	while (f.left && span_line(&body, &line)) {
		if (line.n > f.left)
			line.n = f.left;
		feed_line(&f, line);
		f.left -= line.n < f.left ? line.n + 1 : f.left;
	}
}
