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

#include <unistr.h>

static bool is_json_blank(char c)
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
static struct span json_value_of(struct span text, struct span key)
{
	for (size_t i = 0; i < text.n;) {
		if (text.p[i] != '"') {
			i++;
			continue;
		}
		size_t end = string_end(text, i);
		bool same = end - i >= 2 &&
			span_equal_nocase((struct span){ text.p + i + 1, end - i - 2 }, key);
		i = end;
		while (i < text.n && is_json_blank(text.p[i]))
			i++;
		if (same && i < text.n && text.p[i] == ':')
			return span_trim((struct span){ text.p + i + 1, text.n - i - 1 });
	}
	return (struct span){ "", 0 };
}

/*
 * The string that begins TEXT, without its quotes; empty when it has no end: a cut one may end
 * within a character.
 */
static struct span unquoted(struct span text, size_t *end)
{
	*end = string_end(text, 0);
	bool closed = *end >= 2 && text.p[*end - 1] == '"';
	return (struct span){ text.p + 1, closed ? *end - 2 : 0 };
}

/* The string behind KEY, without quotes. */
static struct span string_of(struct span text, struct span key)
{
	struct span value = json_value_of(text, key);
	if (!value.n || value.p[0] != '"')
		return (struct span){ "", 0 };
	size_t end;
	return unquoted(value, &end);
}

/* The array or object at the begin of VALUE, with its brackets. */
static struct span json_bracketed(struct span value)
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
	s->text = json_bracketed(s->text);
	struct span type = string_of(s->text, SPAN("notificationType"));
	if (!type.n)
		type = string_of(s->text, SPAN("eventType"));
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!span_equal_nocase(type, types[i].type))
			continue;
		s->kind = types[i].kind;
		s->recipients = json_bracketed(json_value_of(s->text, types[i].array));
		s->feedback = s->kind == KIND_COMPLAINT
			? feedback_of(string_of(s->text, SPAN("complaintFeedbackType")))
			: FEEDBACK_NONE;
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
		struct span object = json_bracketed(rest);
		n = object.n;
		out->address = string_of(object, SPAN("emailAddress"));
		out->action = string_of(object, SPAN("action"));
		out->status = string_of(object, SPAN("status"));
		out->diagnostic = string_of(object, SPAN("diagnosticCode"));
	}
	s->recipients = (struct span){ rest.p + n, rest.n - n };
	return true;
}

/* The four hex digits of "\\uXXXX" at I; -1 where they are not there. */
static long utf16_unit(struct span s, size_t i)
{
	long unit = 0;
	if (s.n - i < 6 || s.p[i] != '\\' || s.p[i + 1] != 'u')
		return -1;
	for (size_t k = i + 2; k < i + 6; k++) {
		int digit = ascii_hex(s.p[k]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/*
 * The character of one escape at I, which may be a pair of surrogates, as UTF-8 at TO. *USED: bytes
 * read. Returns those written, 0 when it is none.
 */
static size_t unicode_escape(struct span s, size_t i, char *to, size_t *used)
{
	long first = utf16_unit(s, i), second;
	ucs4_t character = (ucs4_t)first;
	*used = 6;
	if (first >= 0xd800 && first < 0xdc00 && s.n - i >= 12 &&
		(second = utf16_unit(s, i + 6)) >= 0xdc00 && second < 0xe000) {
		character = 0x10000 + (((ucs4_t)first - 0xd800) << 10) + ((ucs4_t)second - 0xdc00);
		*used = 12;
	}
	int n = first < 0 ? -1 : u8_uctomb((uint8_t *)to, character, *used);
	return n > 0 ? (size_t)n : 0;
}

struct span sns_text(struct arena *arena, struct span string)
{
	if (!memchr(string.p, '\\', string.n))
		return string;
	char *out = arena_alloc(arena, string.n);
	size_t n = 0, used, written;
	if (!out)
		return (struct span){ "", 0 };
	for (size_t i = 0; i < string.n; i++) {
		char c = string.p[i];
		if (c == '\\' && (written = unicode_escape(string, i, out + n, &used)) > 0) {
			n += written;
			i += used - 1;
			continue;
		}
		if (c == '\\' && i + 1 < string.n) {
			c = string.p[++i];
			if (c == 'n' || c == 'r' || c == 't')
				c = ' ';
		}
		out[n++] = c;
	}
	return (struct span){ out, n };
}
