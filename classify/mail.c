/*
 * A message laid open. Which part is what follows the media types of RFC 6522,
 * RFC 3464, RFC 5965 and RFC 8098 where they are kept, and the looks of a part
 * where they are not.
 */
#include "classify/mail.h"

#include "classify/transfer.h"

#include "classify/arf.h"
#include "classify/date.h"
#include "classify/dsn.h"
#include "classify/header.h"
#include "classify/prose.h"
#include "classify/recipient.h"

enum {
	SUMMARY_NAME_MAX = 256,
	SUMMARY_NAME_PARTS = 4,
	REPORT_TYPE_SIZE = 64,
};

/* --- its own header ------------------------------------------------------- */

static const struct {
	struct header_known name;
	size_t offset;
} known[] = {
#define KNOWN(text, member) \
	{ \
		HEADER_KNOWN(text), offsetof(struct mail, member) \
	}
	KNOWN("From", from),
	KNOWN("Sender", sender),
	KNOWN("Reply-To", reply_to),
	KNOWN("To", to),
	KNOWN("Cc", cc),
	KNOWN("Subject", subject),
	KNOWN("Date", date),
	KNOWN("Received", received),
	KNOWN("Return-Path", return_path),
	KNOWN("Auto-Submitted", auto_submitted),
	KNOWN("In-Reply-To", in_reply_to),
	KNOWN("Content-Type", content_type),
};
static const struct header_known path_names[] = { HEADER_KNOWN("Delivered-To"),
	HEADER_KNOWN("X-Original-To"), HEADER_KNOWN("Envelope-To"), HEADER_KNOWN("X-Envelope-To") };
static const struct header_known failed_names[] = { HEADER_KNOWN("X-Failed-Recipients"),
	HEADER_KNOWN("X-Failed-Recipient") };
static const struct header_known return_path_name = HEADER_KNOWN("Return-Path");

static bool is_known_as(
	struct span name, unsigned number, const struct header_known *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (header_name_is(name, number, &names[i]))
			return true;
	return false;
}
#define IS_KNOWN_AS(name, number, names) \
	is_known_as(name, number, names, sizeof names / sizeof names[0])

static bool is_one_of(struct span name, const struct span *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(name, names[i]))
			return true;
	return false;
}
#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof names / sizeof names[0])

static void read_header(struct mail *mail, const struct fields *fields)
{
	struct fields_at at = { 0 };
	struct field f;
	uint64_t wanted = 0;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		wanted |= UINT64_C(1) << known[i].name.number;
	for (size_t i = 0; i < sizeof path_names / sizeof path_names[0]; i++)
		wanted |= UINT64_C(1) << path_names[i].number;
	for (size_t i = 0; i < sizeof failed_names / sizeof failed_names[0]; i++)
		wanted |= UINT64_C(1) << failed_names[i].number;
	mail->fields = fields;
	while (fields_next(fields, &at, &f)) {
		unsigned number = header_name_number(f.name);
		if (!(wanted >> number & 1))
			continue;
		if (header_name_is(f.name, number, &return_path_name))
			mail->has_return_path = true;
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
			struct span *to = (struct span *)((char *)mail + known[i].offset);
			if (header_name_is(f.name, number, &known[i].name) && !to->n)
				*to = f.value;
		}
		if (mail->paths < MAIL_PATHS_MAX && IS_KNOWN_AS(f.name, number, path_names))
			mail->path[mail->paths++] = f.value;
		if (mail->faileds < MAIL_FAILED_MAX && IS_KNOWN_AS(f.name, number, failed_names))
			mail->failed[mail->faileds++] = f.value;
	}
}

/* 1982-01-01, and 366 days. */
static const int64_t mail_began = 378691200, mailbox_behind = 31622400;

static int64_t header_arrived(const struct mail *mail)
{
	const char *semicolon = memrchr(mail->received.p, ';', mail->received.n);
	int64_t arrived = 0;
	if (semicolon)
		arrived = date_parse((struct span){ semicolon + 1,
			(size_t)(mail->received.p + mail->received.n - semicolon - 1) });
	if (arrived < mail_began)
		arrived = date_parse(mail->date);
	return arrived < mail_began ? 0 : arrived;
}

int64_t mail_arrived(const struct mail *mail, int64_t mailbox)
{
	int64_t said = header_arrived(mail);
	return mailbox < CLASSIFY_ARRIVAL_FIRST || said - mailbox > mailbox_behind ? said : mailbox;
}

/* --- its parts ------------------------------------------------------------ */

enum part_role {
	ROLE_OTHER,
	ROLE_TEXT,
	ROLE_HTML,
	ROLE_STATUS,
	ROLE_FEEDBACK,
	ROLE_DISPOSITION,
	ROLE_RETURNED,
	ROLE_JSON
};

static const struct {
	const char *type;
	enum part_role role;
} roles[] = {
	{ "text/plain", ROLE_TEXT },
	{ "text", ROLE_TEXT },
	{ "text/html", ROLE_HTML },
	{ "message/delivery-status", ROLE_STATUS },
	{ "message/global-delivery-status", ROLE_STATUS },
	{ "text/delivery-status", ROLE_STATUS },
	{ "message/delivery-report", ROLE_STATUS },
	{ "message/feedback-report", ROLE_FEEDBACK },
	{ "message/disposition-notification", ROLE_DISPOSITION },
	{ "message/global-disposition-notification", ROLE_DISPOSITION },
	{ "message/rfc822", ROLE_RETURNED },
	{ "message/global", ROLE_RETURNED },
	{ "text/rfc822-headers", ROLE_RETURNED },
	{ "text/rfc822-header", ROLE_RETURNED },
	{ "text/rfc822", ROLE_RETURNED },
	{ "message/rfc822-headers", ROLE_RETURNED },
	{ "message/global-headers", ROLE_RETURNED },
	{ "message/partial", ROLE_RETURNED },
	{ "application/json", ROLE_JSON },
	{ "application/xarf+json", ROLE_JSON },
	{ "text/json", ROLE_JSON },
};

enum { ROLE_TELLS = 4 }; /* which letter of a type tells most of them apart; each is as long */

static enum part_role role_of(const struct part *p)
{
	if (p->multipart)
		return ROLE_OTHER;
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (p->type[ROLE_TELLS] == roles[i].type[ROLE_TELLS] && part_is(p, roles[i].type))
			return roles[i].role;
	return ROLE_OTHER;
}

static bool is_attachment(const struct part *p)
{
	return span_starts_nocase(p->disposition, SPAN("attachment"));
}

struct opener {
	struct mail *mail;
	struct arena *arena;
	struct charsets *charsets;
	struct span text[MAIL_HUMAN_PARTS_MAX];
	size_t texts;
	bool words;      /* one of them says something: an HTML part behind it is read no more */
	const char *end; /* of the mail */
	bool status_follows; /* a part is labelled as one: no need to look for it in a text */
};

static void take_returned(struct opener *o, struct span bytes)
{
	struct span body;
	if (o->mail->has_returned)
		return;
	o->mail->returned = mime_header(
		mime_skip_envelope(bytes), &body, &o->mail->returned_fields);
	o->mail->has_returned = span_trim(o->mail->returned).n > 0;
}

static void take_status_part(struct opener *o, struct span bytes)
{
	if (!o->mail->has_status)
		o->mail->status = bytes;
	o->mail->has_status = true;
}

/* A text part may be a report that lost its type. */
static void take_text_part(struct opener *o, const struct part *p)
{
	struct span text = part_text(p, o->arena, o->charsets);
	struct mail *mail = o->mail;
	size_t status = 0;
	if (!mail->has_feedback && arf_looks_like(text)) {
		mail->feedback = text;
		mail->has_feedback = true;
	} else if (o->texts && prose_is_header(span_trim(text))) {
		take_returned(o, span_trim(text));
	} else if (!mail->has_returned && o->texts < MAIL_HUMAN_PARTS_MAX && !is_attachment(p)) {
		if (!o->status_follows && !mail->has_status && (status = dsn_find(text)) < text.n) {
			take_status_part(o, (struct span){ text.p + status, text.n - status });
			mail->status_is_text = true;
		}
		o->text[o->texts++] = text;
		o->words |= span_trim(text).n > 0;
	}
}

/* HTML is read where no plain text says the same before it. */
static void take_html(struct opener *o, const struct part *p)
{
	if (o->words || o->mail->has_returned || o->texts == MAIL_HUMAN_PARTS_MAX)
		return;
	o->text[o->texts] = part_text(p, o->arena, o->charsets);
	o->words = span_trim(o->text[o->texts++]).n > 0;
}

/* Prose that is labelled as a delivery status: none of its lines is one of a status. */
static bool is_mislabelled(struct opener *o, const struct part *p)
{
	struct span text = part_bytes(p, o->arena, MAIL_REPORT_MAX);
	return span_trim(text).n && dsn_find(text) == text.n &&
		header_find(text, SPAN("Status")).n == 0 &&
		header_find(text, SPAN("Action")).n == 0;
}

/* Who does not know the type of a file sends it as one of bytes, by its name. */
static bool is_named_json(const struct part *p)
{
	return span_find_nocase(p->content_type, SPAN(".json")) >= 0 ||
		span_find_nocase(p->disposition, SPAN(".json")) >= 0;
}

/* A report of XARF (classify/arf.c); any other JSON is nobody's fate. */
static void take_json(struct opener *o, struct span bytes)
{
	if ((o->mail->has_feedback && !arf_is_cover(o->mail->feedback)) || !arf_looks_like(bytes))
		return;
	o->mail->feedback = bytes;
	o->mail->has_feedback = true;
}

/* The mail that an XARF report is about is no part: it stands within the report. */
static void take_sample(struct opener *o)
{
	struct span sample = o->mail->has_feedback && !o->mail->has_returned
		? span_trim(arf_sample(o->mail->feedback, o->arena))
		: (struct span){ "", 0 };

	if (sample.n && prose_is_header(mime_skip_envelope(sample)))
		take_returned(o, sample);
}

static void take_part(struct opener *o, const struct part *p, enum part_role role)
{
	switch (role) {
	case ROLE_TEXT:
		take_text_part(o, p);
		break;
	case ROLE_HTML:
		take_html(o, p);
		break;
	case ROLE_STATUS:
		if (is_mislabelled(o, p)) {
			take_text_part(o, p);
			break;
		}
		o->mail->has_status = o->mail->status_is_text =
			false; /* labelled as such: better than what only looked so */
		take_status_part(o, part_bytes(p, o->arena, MAIL_REPORT_MAX));
		o->mail->status_is_last = p->body.p + p->body.n == o->end;
		break;
	case ROLE_FEEDBACK:
		if (!o->mail->has_feedback)
			o->mail->feedback = part_bytes(p, o->arena, MAIL_RETURNED_MAX);
		o->mail->has_feedback = true;
		break;
	case ROLE_DISPOSITION:
		o->mail->disposition = part_bytes(p, o->arena, MAIL_RETURNED_MAX);
		o->mail->has_disposition = true;
		break;
	case ROLE_RETURNED:
		take_returned(o, part_bytes(p, o->arena, MAIL_RETURNED_MAX));
		break;
	case ROLE_JSON:
		take_json(o, part_bytes(p, o->arena, MAIL_RETURNED_MAX));
		break;
	case ROLE_OTHER:
		if (is_named_json(p))
			take_json(o, part_bytes(p, o->arena, MAIL_RETURNED_MAX));
		break;
	}
}

bool mail_has_html_link(const struct mime *mime, struct arena *arena, struct charsets *charsets)
{
	for (size_t i = 0; i < mime->count; i++) {
		const struct part *p = &mime->part[i];
		if (role_of(p) == ROLE_HTML &&
			span_find_nocase(part_source(p, arena, charsets), SPAN("href=")) >= 0)
			return true;
	}
	return false;
}

/* TEXT at TO with LF for every line end. Returns the bytes written. */
static size_t copy_lines(char *to, struct span text)
{
	size_t n = 0;
	for (size_t i = 0, length; i < text.n; i += length + 1) {
		const char *found = memchr(text.p + i, '\r', text.n - i);
		length = found ? (size_t)(found - text.p) - i : text.n - i;
		memcpy(to + n, text.p + i, length);
		n += length;
		if (found && (found + 1 == text.p + text.n || found[1] != '\n'))
			to[n++] = '\n';
	}
	return n;
}

/* All that people are to read, as one text whose lines end in LF. */
static struct span join_texts(struct opener *o)
{
	size_t n = 0, size = 0;
	for (size_t i = 0; i < o->texts; i++)
		size += o->text[i].n + 1;
	if (o->texts == 1 && !memchr(o->text[0].p, '\r', o->text[0].n))
		return o->text[0];
	char *out = arena_alloc(o->arena, size);
	if (!out)
		return (struct span){ "", 0 };
	for (size_t i = 0; i < o->texts; i++) {
		n += copy_lines(out + n, o->text[i]);
		out[n++] = '\n';
	}
	return (struct span){ out, n };
}

/* Of CONTENT_TYPE, in BUFFER; empty when it has none. */
static struct span report_type(struct span content_type, char buffer[REPORT_TYPE_SIZE])
{
	size_t n = header_parameter(content_type, SPAN("report-type"), buffer, REPORT_TYPE_SIZE);
	return span_trim((struct span){ buffer, n });
}

/*
 * "receiver!domain!begin!end.xml.gz", as RFC 7489 section 7.2.1.1 and RFC 8460 section 5.1 have
 * aggregate reports named.
 */
static bool names_summary(const struct part *p)
{
	static const struct span types[] = { { "application/gzip", 16 },
		{ "application/x-gzip", 18 }, { "application/zip", 15 },
		{ "application/x-zip-compressed", 28 }, { "application/xml", 15 },
		{ "text/xml", 8 }, { "application/octet-stream", 24 }, { "application/json", 16 } };
	char name[SUMMARY_NAME_MAX];
	if (!IS_ONE_OF(span_of(p->type), types))
		return false;
	struct span file = { name,
		header_parameter(p->disposition, SPAN("filename"), name, sizeof name) };
	unsigned parts = 0;
	if (!file.n)
		file.n = header_parameter(p->content_type, SPAN("name"), name, sizeof name);
	for (size_t i = 0; i < file.n; i++)
		parts += file.p[i] == '!';
	return parts >= SUMMARY_NAME_PARTS - 1;
}

static bool has_summary(const struct mime *mime)
{
	for (size_t i = 0; i < mime->count; i++)
		if (!mime->part[i].multipart &&
			(part_is(&mime->part[i], "application/tlsrpt+gzip") ||
				part_is(&mime->part[i], "application/tlsrpt+json") ||
				names_summary(&mime->part[i])))
			return true;
	return false;
}

/*
 * "Report Domain: … Submitter: …" is the subject that RFC 7489 section 7.2.1.1 and RFC 8460 section
 * 5.3 prescribe.
 */
static bool is_summary(const struct mail *mail, struct span type)
{
	return span_equal_nocase(type, SPAN("tlsrpt")) ||
		(span_starts_nocase(mail->subject_text, SPAN("Report Domain:")) &&
			span_find_nocase(mail->subject_text, SPAN("Submitter:")) > 0);
}

void mail_open(struct mail *mail, struct mime *mime, struct arena *arena, struct charsets *charsets,
	struct span bytes, bool truncated)
{
	unsigned char role[MIME_PARTS_MAX];
	if (truncated)
		bytes = mime_whole_words(bytes);
	struct opener o = {
		.mail = mail, .arena = arena, .charsets = charsets, .end = bytes.p + bytes.n
	};
	memset(mail, 0, offsetof(struct mail, returned_fields));
	mail->status = mail->feedback = mail->disposition = mail->returned = (struct span){ "", 0 };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		*(struct span *)((char *)mail + known[i].offset) = (struct span){ "", 0 };
	mime_split(mime, bytes);
	for (size_t i = 0; truncated && i < mime->count; i++)
		mime->part[i].cut |= mime->part[i].body.p + mime->part[i].body.n ==
			bytes.p + bytes.n;
	mail->header = mime->part[0].header;
	read_header(mail, &mime->fields);
	mail->subject_text = header_text(arena, charsets, mail->subject);
	mail->sender_text = header_text(arena, charsets, mail->from.n ? mail->from : mail->sender);
	for (size_t i = 0; i < mime->count; i++) {
		role[i] = (unsigned char)role_of(&mime->part[i]);
		o.status_follows |= role[i] == ROLE_STATUS;
	}
	for (size_t i = 0; i < mime->count; i++)
		take_part(&o, &mime->part[i], (enum part_role)role[i]);
	take_sample(&o);
	if (!o.texts &&
		mime->part[0].multipart) { /* the only words may stand before the first part */
		struct part preamble = mime->part[0];
		strcpy(preamble.type, "text/plain");
		take_text_part(&o, &preamble);
	}
	mail->human = join_texts(&o);
	struct span plain = octal_unescaped(arena, mail->human);
	if (plain.p != mail->human.p && span_is_utf8(plain))
		mail->human = plain;
	char buffer[REPORT_TYPE_SIZE];
	struct span type = report_type(mail->content_type, buffer);
	mail->is_status_report = mime->part[0].multipart &&
		span_equal_nocase(type, SPAN("delivery-status"));
	mail->is_summary = is_summary(mail, type) || has_summary(mime);
}

struct span mail_attached(const struct mime *mime, struct arena *arena)
{
	struct span attached = { "", 0 };
	for (size_t i = 0; i < mime->count; i++) {
		const struct part *p = &mime->part[i];
		enum part_role role = role_of(p);
		if (p->multipart || ((role == ROLE_TEXT || role == ROLE_HTML) && !is_attachment(p)))
			continue;
		if (role == ROLE_OTHER && !part_is(p, "message/rfc822"))
			continue; /* a seal, a signature */
		if (attached.n || !part_is(p, "message/rfc822"))
			return (struct span){ "", 0 };
		attached = mime_skip_envelope(part_bytes(p, arena, MAIL_REPORT_MAX));
	}
	return attached;
}

/* The null return path, which one who writes letters has not (RFC 5321 section 4.5.5). */
static bool is_null_path(struct span path)
{
	return span_equal_nocase(span_trim(path), SPAN("<>"));
}

/*
 * A report in words: its header names whom it is about, or has the null path and a daemon's name.
 * Not in a report: there it is the mail that came back.
 */
static bool is_report_in_words(const struct mail *outer, const struct fields *inner)
{
	struct found_address from, by;
	size_t i = 0, k = 0;
	if (outer->faileds || is_null_path(outer->return_path) ||
		(address_next(outer->from, &k, &by) && address_is_daemon(by.text)))
		return false;
	return fields_find(inner, SPAN("X-Failed-Recipients")).n ||
		(is_null_path(fields_find(inner, SPAN("Return-Path"))) &&
			address_next(fields_find(inner, SPAN("From")), &i, &from) &&
			address_is_daemon(from.text));
}

struct span mail_nested_report(
	const struct mime *mime, const struct mail *mail, struct arena *arena)
{
	static const struct span reports[] = { { "delivery-status", 15 },
		{ "feedback-report", 15 } };
	struct fields fields;
	struct span body, none = { "", 0 };
	for (size_t i = 0; i < mime->count && !mail->has_status && !mail->has_feedback; i++) {
		if (role_of(&mime->part[i]) != ROLE_RETURNED ||
			!part_is(&mime->part[i], "message/rfc822"))
			continue;
		struct span bytes = mime_skip_envelope(
			part_bytes(&mime->part[i], arena, MAIL_REPORT_MAX));
		mime_header(bytes, &body, &fields);
		char buffer[REPORT_TYPE_SIZE];
		struct span type = report_type(fields_find(&fields, SPAN("Content-Type")), buffer);
		for (size_t k = 0; k < sizeof reports / sizeof *reports; k++)
			if (span_equal_nocase(type, reports[k]))
				return bytes;
		if (is_report_in_words(mail, &fields))
			return bytes;
	}
	return none;
}
