/*
 * The Abuse Reporting Format: fields of RFC 5965 section 3, types of section
 * 7.3, of RFC 6591 (auth-failure), RFC 6430 (not-spam), and those that senders
 * made up. What the type means for us stands in one table.
 */
#include "classify/arf.h"

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

static void read_field(struct arf *a, const struct field *f)
{
	if (span_equal_nocase(f->name, SPAN("Feedback-Type")))
		a->type = type_of(f->value);
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

void arf_read(struct span body, struct arf *out)
{
	struct field f;
	memset(out, 0, sizeof *out);
	out->source_ip = out->reporting_mta = out->user_agent = out->mail_from =
		out->reported_domain = (struct span){ "", 0 };
	while (header_next(&body, &f, NULL))
		read_field(out, &f);
}

bool arf_looks_like(struct span body)
{
	struct span line;
	body = span_trim(body);
	return span_line(&body, &line) &&
		(span_starts_nocase(line, SPAN("Feedback-Type:")) ||
			span_starts_nocase(line, SPAN("User-Agent:"))) &&
		(span_starts_nocase(line, SPAN("Feedback-Type:")) ||
			span_find_nocase(body, SPAN("\nFeedback-Type:")) >= 0 ||
			span_starts_nocase(body, SPAN("Feedback-Type:")));
}
