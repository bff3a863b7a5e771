/*
 * The Abuse Reporting Format: fields of RFC 5965 section 3, types of section
 * 7.3, of RFC 6591 (auth-failure), RFC 6430 (not-spam), and those that senders
 * made up. What the type means for us stands in one table.
 *
 * X-ARF says the same in YAML ("Report-Type: spam", "Source: 192.0.2.1"; x-arf.org, version 0.2)
 * and as XARF in JSON (versions 3 and 4). Its reports about anything but mail are none for us.
 */
#include "classify/arf.h"

#include "classify/jsonfind.h"
#include "classify/transfer.h"

static const struct {
	enum kind kind;
	enum category category;
} meaning[FEEDBACK_COUNT] = {
	[FEEDBACK_NONE] = { KIND_COMPLAINT, CATEGORY_OTHER_COMPLAINT },
	[FEEDBACK_ABUSE] = { KIND_COMPLAINT, CATEGORY_ABUSE },
	[FEEDBACK_FRAUD] = { KIND_COMPLAINT, CATEGORY_FRAUD },
	[FEEDBACK_VIRUS] = { KIND_COMPLAINT, CATEGORY_VIRUS_REPORT },
	[FEEDBACK_OTHER] = { KIND_COMPLAINT, CATEGORY_OTHER_COMPLAINT },
	[FEEDBACK_NOT_SPAM] = { KIND_COMPLAINT, CATEGORY_NOT_SPAM },
	[FEEDBACK_AUTH_FAILURE] = { KIND_AUTHREPORT, CATEGORY_NONE },
	[FEEDBACK_OPT_OUT] = { KIND_OPTOUT, CATEGORY_OPT_OUT },
	[FEEDBACK_OPT_OUT_LIST] = { KIND_OPTOUT, CATEGORY_OPT_OUT },
	[FEEDBACK_MISCATEGORIZED] = { KIND_COMPLAINT, CATEGORY_OTHER_COMPLAINT },
	[FEEDBACK_DKIM] = { KIND_AUTHREPORT, CATEGORY_NONE },
};

enum kind arf_kind(enum feedback type)
{
	return meaning[type].kind;
}

enum category arf_category(enum feedback type)
{
	return meaning[type].category;
}

static enum feedback type_of(struct span value)
{
	value = header_token(value);
	for (unsigned i = 1; i < FEEDBACK_COUNT; i++)
		if (span_equal_nocase(value, span_of(feedback_name(i))))
			return (enum feedback)i;
	return FEEDBACK_OTHER; /* RFC 5965 section 3.1: an unknown type is "other" */
}

/* What X-ARF calls the kind of a report about a mail; FEEDBACK_NONE: about no mail. */
static enum feedback xarf_type(struct span value)
{
	static const struct {
		struct span word;
		enum feedback type;
	} types[] = {
		{ SPAN("spam"), FEEDBACK_ABUSE },
		{ SPAN("bulk"), FEEDBACK_ABUSE },
		{ SPAN("phish"), FEEDBACK_FRAUD },
		{ SPAN("fraud"), FEEDBACK_FRAUD },
		{ SPAN("malware"), FEEDBACK_VIRUS },
		{ SPAN("virus"), FEEDBACK_VIRUS },
	};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_find_nocase(value, types[i].word) >= 0)
			return types[i].type;
	return FEEDBACK_NONE;
}

static void read_field(struct arf *a, const struct field *f)
{
	if (span_equal_nocase(f->name, SPAN("Feedback-Type")))
		a->type = type_of(f->value);
	else if (span_equal_nocase(f->name, SPAN("Report-Type"))) /* takes nothing back */
		a->type = xarf_type(f->value) ? xarf_type(f->value) : a->type;
	else if (span_equal_nocase(f->name, SPAN("Source-IP")) ||
		(span_equal_nocase(f->name, SPAN("Source")) && !a->source_ip.n))
		a->source_ip = f->value;
	else if (span_equal_nocase(f->name, SPAN("Reporting-MTA")))
		a->reporting_mta = f->value;
	else if (span_equal_nocase(f->name, SPAN("User-Agent")))
		a->user_agent = f->value;
	else if (span_equal_nocase(f->name, SPAN("Original-Mail-From")))
		a->mail_from = f->value;
	else if (span_equal_nocase(f->name, SPAN("Reported-Domain")))
		a->reported_domain = f->value;
	else if ((span_equal_nocase(f->name, SPAN("Original-Rcpt-To")) ||
			 span_equal_nocase(f->name, SPAN("Removal-Recipient"))) &&
		a->recipients < ARF_RECIPIENTS_MAX)
		a->recipient[a->recipients++] = f->value;
	else
		return;
	a->fields++;
}

/* The first member of OBJECT that has one of the two names: XARF 4 renamed all of 3. */
static struct span xarf_member(struct span object, struct span name, struct span older)
{
	struct span value = json_member_string(object, name);
	return value.n ? value : json_member_string(object, older);
}

static void xarf_read(struct span text, struct arf *out)
{
	struct span all = json_value(text), report = json_member(all, SPAN("Report"));
	out->escaped = true;
	if (!report.n)
		report = all;
	out->type = xarf_type(xarf_member(report, SPAN("type"), SPAN("ReportType")));
	out->source_ip = xarf_member(report, SPAN("source_identifier"), SPAN("SourceIp"));
	out->mail_from = xarf_member(report, SPAN("smtp_from"), SPAN("SmtpMailFromAddress"));
	struct span to = xarf_member(report, SPAN("smtp_to"), SPAN("SmtpRcptToAddress"));
	if (to.n)
		out->recipient[out->recipients++] = to;
	out->fields = out->type != FEEDBACK_NONE;
}

void arf_unescape(struct arf *a, struct arena *arena)
{
	if (!a->escaped)
		return;
	for (size_t i = 0; i < a->recipients; i++)
		a->recipient[i] = json_unescaped(arena, a->recipient[i]);
	a->source_ip = json_unescaped(arena, a->source_ip);
	a->mail_from = json_unescaped(arena, a->mail_from);
}

/* What the element of a list of evidence holds: a text, or base64, which has no colon. */
static struct span xarf_payload(struct span sample, struct arena *arena)
{
	struct span type = xarf_member(sample, SPAN("content_type"), SPAN("ContentType"));
	struct span text = json_lines(arena, xarf_member(sample, SPAN("payload"), SPAN("Payload")));
	char *decoded;

	if (!span_starts_nocase(type, SPAN("message/")) && !span_starts_nocase(type, SPAN("text/")))
		return (struct span){ "", 0 };
	if (!text.n || memchr(text.p, ':', text.n))
		return text;
	if (!(decoded = arena_alloc(arena, text.n)))
		return (struct span){ "", 0 };
	return (struct span){ decoded, base64_decode(text, decoded, text.n) };
}

struct span arf_sample(struct span body, struct arena *arena)
{
	struct span all = json_value(span_trim(body)), report = json_member(all, SPAN("Report"));
	struct span rest = json_member(all, SPAN("evidence")), sample, text;

	if (!rest.n)
		rest = json_member(report.n ? report : all, SPAN("Samples"));
	for (unsigned i = 0; i < ARF_SAMPLES_MAX && json_element(&rest, &sample); i++)
		if ((text = xarf_payload(sample, arena)).n)
			return text;
	return (struct span){ "", 0 };
}

static bool is_xarf_json(struct span body)
{
	struct span all = json_value(body);
	return json_member(all, SPAN("xarf_version")).n ||
		json_member(json_member(all, SPAN("Report")), SPAN("ReportType")).n;
}

static bool has_line(struct span body, const char *name)
{
	struct span line;

	while (span_line(&body, &line))
		if (span_starts_nocase(line, span_of(name)))
			return true;
	return false;
}

/* A report in YAML begins with one of its keys, in any order, and names what it is about. */
static bool is_xarf_yaml(struct span body)
{
	static const struct span keys[] = { { "Reported-From:", 14 }, { "Category:", 9 },
		{ "Report-Type:", 12 }, { "Report-ID:", 10 }, { "User-Agent:", 11 },
		{ "Version:", 8 }, { "Date:", 5 }, { "Source:", 7 }, { "Schema-URL:", 11 } };
	static const struct span dashes = { "---", 3 };

	if (span_starts_nocase(body, dashes))
		body = span_trim((struct span){ body.p + dashes.n, body.n - dashes.n });
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (span_starts_nocase(body, keys[i]))
			return has_line(body, "Report-Type:") &&
				(has_line(body, "Reported-From:") || has_line(body, "Category:"));
	return false;
}

/* "spam" of YAML's "'spam'" */
static struct span without_quotes(struct span value)
{
	if (value.n > 1 && (*value.p == '"' || *value.p == '\'') &&
		value.p[value.n - 1] == *value.p)
		return (struct span){ value.p + 1, value.n - 2 };
	return value;
}

void arf_read(struct span body, struct arf *out)
{
	struct field f;
	struct span line;
	memset(out, 0, sizeof *out);
	out->source_ip = out->reporting_mta = out->user_agent = out->mail_from =
		out->reported_domain = (struct span){ "", 0 };
	body = span_trim(body);
	if (is_xarf_json(body)) {
		xarf_read(body, out);
		return;
	}
	if (is_xarf_yaml(body)) {
		if (span_starts_nocase(body, SPAN("---")))
			span_line(&body, &line);
		while (header_next(&body, &f, NULL)) {
			f.value = without_quotes(f.value);
			read_field(out, &f);
		}
		out->fields = out->type ? out->fields : 0;
		return;
	}
	while (header_next(&body, &f, NULL))
		read_field(out, &f);
}

bool arf_is_cover(struct span body)
{
	return span_starts_nocase(header_find(body, SPAN("Feedback-Type")), SPAN("xarf"));
}

bool arf_looks_like(struct span body)
{
	struct span line;
	body = span_trim(body);
	if (is_xarf_yaml(body) || is_xarf_json(body))
		return true;
	return span_line(&body, &line) &&
		(span_starts_nocase(line, SPAN("Feedback-Type:")) ||
			span_starts_nocase(line, SPAN("User-Agent:"))) &&
		(span_starts_nocase(line, SPAN("Feedback-Type:")) ||
			span_find_nocase(body, SPAN("\nFeedback-Type:")) >= 0 ||
			span_starts_nocase(body, SPAN("Feedback-Type:")));
}
