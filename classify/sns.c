/*
 * Amazon SES over SNS ("Amazon SNS notification examples for Amazon SES"):
 *
 *   {"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"…","action":"failed","status":"5.1.1",
 *    "diagnosticCode":"smtp; 550 …"}], …},"mail":{"messageId":"…","source":"…", …}}
 *
 * No tree is built: a key is looked for as a key (a string in front of a colon),
 * and an array ends where its bracket does, outside of strings.
 */
#include "classify/sns.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the string whose opening quote stands at I; the end of TEXT when it does not close. */
static size_t string_end(struct span text, size_t i)
{
	for (i++; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			return i + 1;
	}
	return text.n;
}

/* What stands behind KEY and its colon, to the end of TEXT; empty when there is no such key. */
static struct span value_of(struct span text, struct span key)
{
	for (size_t i = 0; i < text.n;) {
		if (text.p[i] != '"') {
			i++;
			continue;
		}
		size_t end = string_end(text, i);
		bool same = end - i >= 2 && span_equal_nocase((struct span){ text.p + i + 1, end - i - 2 }, key);
		i = end;
		while (i < text.n && is_blank(text.p[i]))
			i++;
		if (same && i < text.n && text.p[i] == ':')
			return span_trim((struct span){ text.p + i + 1, text.n - i - 1 });
	}
	return (struct span){ "", 0 };
}

/* The string that begins TEXT, without its quotes; empty when it has no end: a cut one may end within a character. */
static struct span unquoted(struct span text, size_t *end)
{
	*end = string_end(text, 0);
	bool closed = *end >= 2 && text.p[*end - 1] == '"';
	return (struct span){ text.p + 1, closed ? *end - 2 : 0 };
}

/* The string behind KEY, without quotes. */
static struct span string_of(struct span text, struct span key)
{
	struct span value = value_of(text, key);
	if (!value.n || value.p[0] != '"')
		return (struct span){ "", 0 };
	size_t end;
	return unquoted(value, &end);
}

/* The array or object at the begin of VALUE, with its brackets. */
static struct span bracketed(struct span value)
{
	size_t depth = 0;
	for (size_t i = 0; i < value.n;) {
		char c = value.p[i];
		if (c == '"') {
			i = string_end(value, i);
			continue;
		}
		i++;
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth -= depth > 0;
		if (!depth)
			return (struct span){ value.p, i };
	}
	return value;
}

static enum feedback feedback_of(struct span type)
{
	for (unsigned i = 1; i < FEEDBACK_COUNT; i++)
		if (span_equal_nocase(type, span_of(feedback_name(i))))
			return (enum feedback)i;
	return type.n ? FEEDBACK_OTHER : FEEDBACK_ABUSE;
}

bool sns_open(struct sns *s, struct span text)
{
	static const struct {
		struct span type, array;
		enum kind kind;
	} types[] = {
		{ { "Bounce", 6 }, { "bouncedRecipients", 17 }, KIND_FAILURE },
		{ { "Complaint", 9 }, { "complainedRecipients", 20 }, KIND_COMPLAINT },
		{ { "Delivery", 8 }, { "recipients", 10 }, KIND_SUCCESS },
		{ { "DeliveryDelay", 13 }, { "delayedRecipients", 17 }, KIND_DELAY },
	};
	*s = (struct sns){ .text = span_trim(text) };
	if (!s->text.n || s->text.p[0] != '{')
		return false;
	s->text = bracketed(s->text);
	struct span type = string_of(s->text, SPAN("notificationType"));
	if (!type.n)
		type = string_of(s->text, SPAN("eventType"));
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!span_equal_nocase(type, types[i].type))
			continue;
		s->kind = types[i].kind;
		s->recipients = bracketed(value_of(s->text, types[i].array));
		s->feedback = s->kind == KIND_COMPLAINT ? feedback_of(string_of(s->text, SPAN("complaintFeedbackType"))) : FEEDBACK_NONE;
		s->message_id = string_of(s->text, SPAN("messageId"));
		s->source = string_of(s->text, SPAN("source"));
		s->reporting_mta = string_of(s->text, SPAN("reportingMTA"));
		s->answer = string_of(s->text, SPAN("smtpResponse"));
		return s->recipients.n > 2;
	}
	return false;
}

bool sns_next(struct sns *s, struct sns_recipient *out)
{
	struct span rest = s->recipients;
	while (rest.n && rest.p[0] != '{' && rest.p[0] != '"') {
		rest.p++;
		rest.n--;
	}
	if (!rest.n)
		return false;
	*out = (struct sns_recipient){ { "", 0 }, { "", 0 }, { "", 0 }, s->answer };
	size_t n;
	if (rest.p[0] == '"') { /* a plain list of addresses */
		out->address = unquoted(rest, &n);
	} else {
		struct span object = bracketed(rest);
		n = object.n;
		out->address = string_of(object, SPAN("emailAddress"));
		out->action = string_of(object, SPAN("action"));
		out->status = string_of(object, SPAN("status"));
		out->diagnostic = string_of(object, SPAN("diagnosticCode"));
	}
	s->recipients = (struct span){ rest.p + n, rest.n - n };
	return true;
}

struct span sns_text(struct arena *arena, struct span string)
{
	char *out = arena_alloc(arena, string.n);
	size_t n = 0;
	if (!out || !memchr(string.p, '\\', string.n))
		return string;
	for (size_t i = 0; i < string.n; i++) {
		char c = string.p[i];
		if (c == '\\' && i + 1 < string.n) {
			c = string.p[++i];
			if (c == 'n' || c == 'r' || c == 't')
				c = ' ';
		}
		out[n++] = c;
	}
	return (struct span){ out, n };
}
