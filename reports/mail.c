/*
 * The monthly mail, built with libetpan's MIME and IMF writers (RFC 5322, RFC 2046):
 *
 * *	multipart/mixed
 * *	  multipart/alternative
 * *	    text/plain; charset=utf-8
 * *	    text/html; charset=utf-8
 * *	  application/xml; name=retour-YYYY-MM.xml
 * *	  application/octet-stream; name=retour-YYYY-MM.xml.minisig	where the report is signed
 *
 * The boundaries come from TOKEN, not from libetpan, which would write this host's name into them;
 * no body can hold one, because both encodings escape or lack the "_" after a "=" that they begin
 * with. Header text that is not ASCII goes as RFC 2047 encoded words.
 */
#include <libetpan/libetpan.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/model.h"

enum {
	WORD_BYTES = 36, /* of text in one encoded word: with "Subject: " it fits the line that
			    libetpan folds at */
	REPORT_SUBJECT_SIZE = 512,
	HEADER_SIZE = 1024,
	DOMAIN_SIZE = 256,
};

static bool is_ascii_header(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* TEXT as a header's unstructured text; heap. Encoded words never split a character. */
static char *mail_header_text(const char *text)
{
	if (is_ascii_header(text))
		return strdup(text);
	char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);
	if (!out)
		return NULL;
	for (size_t at = 0, total = strlen(text); at < total;) {
		size_t n = total - at < WORD_BYTES ? total - at : WORD_BYTES;
		while (at + n < total && n > 1 && ((unsigned char)text[at + n] & 0xc0) == 0x80)
			n--;
		char word[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
		sodium_bin2base64(word, sizeof word, (const unsigned char *)text + at, n,
			sodium_base64_VARIANT_ORIGINAL);
		fprintf(out, "%s=?utf-8?B?%s?=", at ? " " : "", word);
		at += n;
	}
	if (fclose(out) == 0)
		return result;
	free(result);
	return NULL;
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	return at && at[1] ? at + 1 : "localhost";
}

/* --- parts; each function takes over what it is given, also when it fails --- */

static bool add_parameter(struct mailmime_content *content, const char *name, const char *value)
{
	char *n = strdup(name), *v = strdup(value);
	struct mailmime_parameter *parameter = n && v ? mailmime_parameter_new(n, v) : NULL;
	if (parameter && clist_append(content->ct_parameters, parameter) == 0)
		return true;
	if (parameter) {
		mailmime_parameter_free(parameter);
	} else {
		free(n);
		free(v);
	}
	return false;
}

/* TYPE, which may be NULL, becomes the content's; so far as it comes to none it is freed. */
static struct mailmime_content *content_of(
	struct mailmime_type *type, const char *subtype, const char *parameter, const char *value)
{
	struct mailmime_content *content = NULL;
	clist *parameters = clist_new();
	char *name = strdup(subtype);
	if (type && parameters && name)
		content = mailmime_content_new(type, name, parameters);
	if (content && add_parameter(content, parameter, value))
		return content;
	if (content) {
		mailmime_content_free(content);
		return NULL;
	}
	if (type)
		mailmime_type_free(type);
	if (parameters)
		clist_free(parameters);
	free(name);
	return NULL;
}

static struct mailmime_content *composite(const char *subtype, const char *boundary)
{
	struct mailmime_composite_type *kind = mailmime_composite_type_new(
		MAILMIME_COMPOSITE_TYPE_MULTIPART, NULL);
	struct mailmime_type *type = kind
		? mailmime_type_new(MAILMIME_TYPE_COMPOSITE_TYPE, NULL, kind)
		: NULL;
	if (kind && !type)
		mailmime_composite_type_free(kind);
	return content_of(type, subtype, "boundary", boundary);
}

static struct mailmime_content *discrete(
	int media, const char *subtype, const char *parameter, const char *value)
{
	struct mailmime_discrete_type *kind = mailmime_discrete_type_new(media, NULL);
	struct mailmime_type *type = kind
		? mailmime_type_new(MAILMIME_TYPE_DISCRETE_TYPE, kind, NULL)
		: NULL;
	if (kind && !type)
		mailmime_discrete_type_free(kind);
	return content_of(type, subtype, parameter, value);
}

static struct mailmime *multipart(
	const char *subtype, const char *boundary, struct mailmime *first, struct mailmime *second)
{
	struct mailmime_content *content = composite(subtype, boundary);
	clist *parts = clist_new();
	struct mailmime_fields *fields = mailmime_fields_new_empty();
	struct mailmime *part = content && parts && fields && first && second
		? mailmime_new(MAILMIME_MULTIPLE, NULL, 0, fields, content, NULL, NULL, NULL, parts,
			  NULL, NULL)
		: NULL;
	if (part && mailmime_add_part(part, first) == MAILIMF_NO_ERROR) {
		if (mailmime_add_part(part, second) == MAILIMF_NO_ERROR)
			return part;
		first = NULL;
	}
	if (first)
		mailmime_free(first);
	if (second)
		mailmime_free(second);
	if (part) {
		mailmime_free(part);
		return NULL;
	}
	if (content)
		mailmime_content_free(content);
	if (parts)
		clist_free(parts);
	if (fields)
		mailmime_fields_free(fields);
	return NULL;
}

/* A part with BODY, which the caller keeps until the mail is written. */
static struct mailmime *single(struct mailmime_content *content, int encoding,
	struct mailmime_disposition *disposition, const struct buffer *body)
{
	struct mailmime_mechanism *mechanism = mailmime_mechanism_new(encoding, NULL);
	struct mailmime_fields *fields = mechanism
		? mailmime_fields_new_with_data(mechanism, NULL, NULL, disposition, NULL)
		: NULL;
	struct mailmime *part = content && fields
		? mailmime_new(MAILMIME_SINGLE, NULL, 0, fields, content, NULL, NULL, NULL, NULL,
			  NULL, NULL)
		: NULL;
	if (part && mailmime_set_body_text(part, body->p, body->n) == MAILIMF_NO_ERROR)
		return part;
	if (part) {
		mailmime_free(part);
		return NULL;
	}
	if (content)
		mailmime_content_free(content);
	if (fields)
		mailmime_fields_free(fields);
	else if (mechanism)
		mailmime_mechanism_free(mechanism);
	return NULL;
}

static struct mailmime *text_part(const char *subtype, const struct buffer *body)
{
	return single(discrete(MAILMIME_DISCRETE_TYPE_TEXT, subtype, "charset", "utf-8"),
		MAILMIME_MECHANISM_QUOTED_PRINTABLE, NULL, body);
}

static struct mailmime *attachment(const char *name, const char *subtype, const struct buffer *body)
{
	char *copy = strdup(name);
	struct mailmime_disposition *disposition = copy
		? mailmime_disposition_new_filename(MAILMIME_DISPOSITION_TYPE_ATTACHMENT, copy)
		: NULL;
	if (!disposition) {
		free(copy);
		return NULL;
	}
	return single(discrete(MAILMIME_DISCRETE_TYPE_APPLICATION, subtype, "name", name),
		MAILMIME_MECHANISM_BASE64, disposition, body);
}

/* MIXED with one PART more, or NULL. */
static struct mailmime *with_part(struct mailmime *mixed, struct mailmime *part)
{
	if (part && mailmime_add_part(mixed, part) == MAILIMF_NO_ERROR)
		return mixed;
	if (part)
		mailmime_free(part);
	mailmime_free(mixed);
	return NULL;
}

/* --- header --------------------------------------------------------------- */

/* RFC 5322 section 3.3: local time of the report's zone with its offset. */
static struct mailimf_date_time *date_field(int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm = { 0 };
	if (!localtime_r(&t, &tm))
		return NULL;
	int minutes = (int)(tm.tm_gmtoff / 60);
	return mailimf_date_time_new(tm.tm_mday, tm.tm_mon + 1, tm.tm_year + 1900, tm.tm_hour,
		tm.tm_min, tm.tm_sec, minutes / 60 * 100 + minutes % 60);
}

static bool add_field(struct mailimf_fields *fields, const char *name, const char *value)
{
	char *n = strdup(name), *v = strdup(value);
	struct mailimf_field *field = n && v ? mailimf_field_new_custom(n, v) : NULL;
	if (!field) {
		free(n);
		free(v);
		return false;
	}
	if (mailimf_fields_add(fields, field) == MAILIMF_NO_ERROR)
		return true;
	mailimf_field_free(field);
	return false;
}

static struct mailimf_mailbox_list *from_list(const char *from)
{
	struct mailimf_mailbox_list *list = mailimf_mailbox_list_new_empty();
	char *name = strdup("retour"), *address = strdup(from);
	if (list && name && address &&
		mailimf_mailbox_list_add_mb(list, name, address) == MAILIMF_NO_ERROR)
		return list;
	if (list)
		mailimf_mailbox_list_free(list);
	free(name);
	free(address);
	return NULL;
}

static struct mailimf_address_list *to_list(const char *const *to)
{
	struct mailimf_address_list *list = mailimf_address_list_new_empty();
	for (; list && *to; to++) {
		char *address = strdup(*to);
		if (address && mailimf_address_list_add_mb(list, NULL, address) == MAILIMF_NO_ERROR)
			continue;
		free(address);
		mailimf_address_list_free(list);
		return NULL;
	}
	return list;
}

/* No line end ever comes from the configuration into a header. */
static char *subject_text(const char *text)
{
	char clean[REPORT_SUBJECT_SIZE];
	span_copy_text(clean, sizeof clean, span_of(text));
	return mail_header_text(clean);
}

static char *subject_of(const struct month_report *r)
{
	static const char *const states[] = { [MONTH_FIRST] = NULL,
		[MONTH_BETTER] = "verdict.state.better",
		[MONTH_STEADY] = "verdict.state.steady",
		[MONTH_WORSE] = "verdict.state.worse" };
	static const char *const targets[] = { [TARGETS_UNKNOWN] = NULL,
		[TARGETS_MET] = "verdict.targets.met",
		[TARGETS_MISSED] = "verdict.targets.missed",
		[TARGETS_UNTOLD] = NULL };
	char text[REPORT_SUBJECT_SIZE] = "", title[DATE_TEXT_SIZE];
	struct sentence s = { text, 0, sizeof text };
	const char *verdict = targets[r->targets] ? targets[r->targets] : states[r->verdict];
	FILL(&s, text_of(r->texts, "report.subject"),
		{ "month", month_title(r->texts, r->month->month, title, sizeof title) });
	if (r->options->organisation)
		FILL(&s, ", {name}", { "name", r->options->organisation });
	if (verdict)
		FILL(&s, ": {verdict}", { "verdict", text_of(r->texts, verdict) });
	return subject_text(text);
}

/*
 * LIST names the kind of mail: its description, and the label of its List-Id. Takes SUBJECT over.
 */
static struct mailimf_fields *header(const struct report_options *o, char *subject,
	const char *description, const char *list, int64_t now, const char *token)
{
	const char *domain = domain_of(o->from);
	char text[HEADER_SIZE];
	struct mailimf_date_time *date = date_field(now);
	struct mailimf_mailbox_list *from = from_list(o->from);
	struct mailimf_address_list *to = to_list(o->to);
	char *id = NULL;
	snprintf(text, sizeof text, "%s@%s", token, domain);
	id = strdup(text);
	struct mailimf_fields *fields = date && from && to && id && subject
		? mailimf_fields_new_with_data_all(
			  date, from, NULL, NULL, to, NULL, NULL, id, NULL, NULL, subject)
		: NULL;
	if (!fields) {
		if (date)
			mailimf_date_time_free(date);
		if (from)
			mailimf_mailbox_list_free(from);
		if (to)
			mailimf_address_list_free(to);
		free(id);
		free(subject);
		return NULL;
	}
	snprintf(text, sizeof text, "%s <%s.%s>", description, list, domain);
	if (add_field(fields, "Auto-Submitted", "auto-generated") && /* RFC 3834 section 5 */
		add_field(fields, "List-Id", text))                  /* RFC 2919 */
		return fields;
	mailimf_fields_free(fields);
	return NULL;
}

/* --- the mail ------------------------------------------------------------- */

static struct mailmime *compose(const struct month_report *r, int64_t now, const char *token,
	const struct buffer *text, const struct buffer *html, const struct buffer *xml,
	const struct buffer *signature)
{
	char outer[HEADER_SIZE], inner[HEADER_SIZE], month[32], name[64];
	snprintf(outer, sizeof outer, "=_%.48s_m", token);
	snprintf(inner, sizeof inner, "=_%.48s_a", token);
	snprintf(name, sizeof name, "retour-%s.xml",
		month_name(r->month->month, month, sizeof month));
	struct mailmime *mixed = multipart("mixed", outer,
		multipart("alternative", inner, text_part("plain", text), text_part("html", html)),
		attachment(name, "xml", xml));
	if (mixed && signature->n) {
		strcat(name, ".minisig");
		mixed = with_part(mixed, attachment(name, "octet-stream", signature));
	}
	struct mailmime *message = mixed ? mailmime_new_message_data(mixed) : NULL;
	struct mailimf_fields *fields = message
		? header(r->options, subject_of(r), "retour monthly report", "retour-report", now,
			  token)
		: NULL;
	if (fields) {
		mailmime_set_imf_fields(message, fields);
		return message;
	}
	if (message)
		mailmime_free(message);
	else if (mixed)
		mailmime_free(mixed);
	return NULL;
}

/* The bytes of MESSAGE. */
static int write_message(struct mailmime *message, struct buffer *out)
{
	MMAPString *bytes = mmap_string_new("");
	int column = 0, result = -1;
	if (bytes && mailmime_write_mem(bytes, &column, message) == MAILIMF_NO_ERROR) {
		*out = (struct buffer){ malloc(bytes->len + 1), bytes->len };
		if (out->p) {
			memcpy(out->p, bytes->str, bytes->len);
			out->p[out->n] = '\0';
			result = 0;
		}
	}
	if (bytes)
		mmap_string_free(bytes);
	return result;
}

int text_mail(const struct report_options *o, const char *subject, const char *description,
	const char *list, const struct buffer *text, int64_t now, const char *token,
	struct buffer *out, char *error, size_t size)
{
	int result = -1;
	*out = (struct buffer){ NULL, 0 };
	if (!o->from || !o->to || !*o->to) {
		snprintf(error, size,
			"the mail has no sender or no recipient; right would be from in [report] and to in [alert]");
		return -1;
	}
	struct mailmime *part = text_part("plain", text),
			*message = part ? mailmime_new_message_data(part) : NULL;
	struct mailimf_fields *fields = message
		? header(o, subject_text(subject), description, list, now, token)
		: NULL;
	snprintf(error, size, "no memory for the mail");
	if (fields) {
		mailmime_set_imf_fields(message, fields);
		result = write_message(message, out);
	}
	if (message)
		mailmime_free(message);
	else if (part)
		mailmime_free(part);
	if (!result)
		*error = '\0';
	return result;
}

int month_report_mail(const struct month_report *r, int64_t now, const char *token,
	const char *signature, struct buffer *out, char *error, size_t size)
{
	const struct buffer signed_by = { (char *)signature, signature ? strlen(signature) : 0 };
	struct buffer text = { NULL, 0 }, html = { NULL, 0 }, xml = { NULL, 0 };
	struct mailmime *message = NULL;
	int result = -1;
	*out = (struct buffer){ NULL, 0 };
	if (!r->options->from || !r->options->to || !*r->options->to) {
		snprintf(error, size,
			"the report has no sender or no recipient; right would be from and to in [report]");
		return -1;
	}
	if (month_report_text(r, true, &text, error, size) ||
		month_report_html(r, HTML_MAIL, NULL, &html, error, size) ||
		month_report_xml(r, &xml, error, size))
		goto out;
	snprintf(error, size, "no memory for the report's mail");
	message = compose(r, now, token, &text, &html, &xml, &signed_by);
	if (!message || write_message(message, out))
		goto out;
	*error = '\0';
	result = 0;
out:
	if (message)
		mailmime_free(message);
	buffer_free(&text);
	buffer_free(&html);
	buffer_free(&xml);
	return result;
}
