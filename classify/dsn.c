/*
 * Delivery status notifications (RFC 3464 section 2, RFC 6533 section 4). The
 * form is: fields of the message, a blank line, then a group of fields per
 * recipient, with a blank line after each. What is seen, and read all the same:
 * blank lines missing or doubled, groups without an address, fields twice or in
 * any order, fields of the message within a group.
 */
#include "classify/dsn.h"

enum dsn_field {
	FIELD_ORIGINAL,
	FIELD_FINAL,
	FIELD_ACTUAL,
	FIELD_ACTION,
	FIELD_STATUS,
	FIELD_DIAGNOSTIC,
	FIELD_SUPPLEMENT,
	FIELD_VERDICT,
	FIELD_REMOTE,
	FIELD_REPORTING,
	FIELD_OTHER
};

static const struct {
	struct header_known name;
	enum dsn_field field;
} names[] = {
	{ HEADER_KNOWN("Final-Recipient"), FIELD_FINAL },
	{ HEADER_KNOWN("Original-Recipient"), FIELD_ORIGINAL },
	{ HEADER_KNOWN("X-Actual-Recipient"), FIELD_ACTUAL },
	{ HEADER_KNOWN("Action"), FIELD_ACTION },
	{ HEADER_KNOWN("Status"), FIELD_STATUS },
	{ HEADER_KNOWN("Diagnostic-Code"), FIELD_DIAGNOSTIC },
	{ HEADER_KNOWN("X-Supplementary-Info"), FIELD_SUPPLEMENT }, /* Cisco's, in its place */
	{ HEADER_KNOWN("X-PowerMTA-BounceCategory"), FIELD_VERDICT },
	{ HEADER_KNOWN("Remote-MTA"), FIELD_REMOTE },
	{ HEADER_KNOWN("Reporting-MTA"), FIELD_REPORTING },
};

static enum dsn_field field_of(struct span name)
{
	unsigned number = header_name_number(name);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (header_name_is(name, number, &names[i].name))
			return names[i].field;
	return FIELD_OTHER;
}

void dsn_open(struct dsn_reader *r, struct span body)
{
	*r = (struct dsn_reader){ .rest = body, .reporting_mta = { "", 0 } };
}

static struct span *slot(struct dsn_recipient *r, enum dsn_field field)
{
	switch (field) {
	case FIELD_ORIGINAL:
		return &r->original;
	case FIELD_FINAL:
		return &r->final;
	case FIELD_ACTUAL:
		return &r->actual;
	case FIELD_ACTION:
		return &r->action;
	case FIELD_STATUS:
		return &r->status;
	case FIELD_DIAGNOSTIC:
		return &r->diagnostic;
	case FIELD_SUPPLEMENT:
		return &r->supplement;
	case FIELD_VERDICT:
		return &r->verdict;
	case FIELD_REMOTE:
		return &r->remote_mta;
	default:
		return NULL;
	}
}

/* Does FIELD, which stands behind a blank line or not, belong to the next recipient? */
static bool begins_next(
	struct dsn_recipient *r, enum dsn_field field, struct span value, bool blank)
{
	bool address = field == FIELD_ORIGINAL || field == FIELD_FINAL,
	     told = r->action.n || r->status.n || r->diagnostic.n;
	if (!r->fields)
		return false;
	if (address && slot(r, field)->n)
		return blank || told ||
			!span_equal_nocase(
				*slot(r, field), value); /* the same twice in a row is one */
	if (field == FIELD_FINAL && !told)               /* a blank line behind each field */
		return false;
	if (blank)
		return address ? r->final.n || r->original.n : slot(r, field)->n != 0;
	return address && r->action.n && r->status.n && r->final.n;
}

/* Where the reply code of a line of an answer stands; TEXT.n: nowhere. */
static size_t reply_begin(struct span text)
{
	size_t i = 0;
	const char *type = memchr(text.p, ';', text.n < 16 ? text.n : 16);
	if (type)
		i = (size_t)(type - text.p) + 1;
	while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'))
		i++;
	return text.n - i > 3 && ascii_digit(text.p[i]) && ascii_digit(text.p[i + 1]) &&
			ascii_digit(text.p[i + 2])
		? i
		: text.n;
}

/*
 * An answer of several lines that was copied with empty lines between, or without a fold: each line
 * repeats its code (RFC 5321 section 4.2.1).
 */
static void go_on_with_answer(struct span *rest, struct span *value)
{
	size_t at = reply_begin(*value);
	struct span more = *rest, line;
	if (at == value->n)
		return;
	while (span_line(&more, &line)) {
		struct span text = span_trim(line);
		if (!text.n)
			continue;
		if (text.n < 5 || memcmp(text.p, value->p + at, 3) ||
			(text.p[3] != '-' && text.p[3] != ' '))
			return;
		value->n = (size_t)(text.p + text.n - value->p);
		*rest = more;
	}
}

bool dsn_next(struct dsn_reader *r, struct dsn_recipient *out)
{
	const struct span none = { "", 0 };
	*out = (struct dsn_recipient){ none, none, none, none, none, none, none, none, none, 0 };
	for (;;) {
		if (!r->has_pending) {
			r->blank = false;
			if (!header_next(&r->rest, &r->pending, &r->blank))
				return out->fields > 0;
		}
		r->has_pending = false;
		enum dsn_field field = field_of(r->pending.name);
		if (field == FIELD_REPORTING && !r->reporting_mta.n)
			r->reporting_mta = r->pending.value;
		struct span *to = slot(out, field);
		if (!to || !r->pending.value.n)
			continue;
		if (begins_next(out, field, r->pending.value, r->blank)) {
			r->has_pending = true;
			return true;
		}
		if (to->n)
			continue; /* named twice: the first counts */
		if (field == FIELD_DIAGNOSTIC)
			go_on_with_answer(&r->rest, &r->pending.value);
		*to = r->pending.value;
		out->fields++;
	}
}

static bool begins_status(struct span line)
{
	line = span_trim(line);
	return header_line(line) &&
		(span_starts_nocase(line, SPAN("Final-Recipient:")) ||
			span_starts_nocase(line, SPAN("Original-Recipient:")) ||
			span_starts_nocase(line, SPAN("Reporting-MTA:")));
}

/* Most lines are none by their first letter. */
static inline bool may_begin_status(char c)
{
	switch (c) {
	case 'F':
	case 'f':
	case 'O':
	case 'o':
	case 'R':
	case 'r':
	case ' ':
	case '\t':
	case '\0':
		return true;
	}
	return false;
}

size_t dsn_find(struct span text)
{
	const char *end = text.p + text.n, *next;
	char eol = memchr(text.p, '\n', text.n) ? '\n' : '\r';
	for (const char *p = text.p; p < end; p = next) {
		const char *stop = memchr(p, eol, (size_t)(end - p));
		next = stop ? stop + 1 : end;
		if (may_begin_status(*p) && begins_status((struct span){ p, (size_t)(next - p) }))
			return (size_t)(p - text.p);
	}
	return text.n;
}

enum action dsn_action(struct span field)
{
	for (unsigned i = 1; i < ACTION_COUNT; i++) {
		struct span name = span_of(action_name(i));
		if (span_starts_nocase(field, name))
			return (enum action)i;
	}
	if (span_starts_nocase(field, SPAN("fail")))
		return ACTION_FAILED;
	return span_starts_nocase(field, SPAN("delay")) ? ACTION_DELAYED : ACTION_NONE;
}

static struct span skip_address_type(struct span field)
{
	const char *semicolon = memchr(field.p, ';', field.n);
	if (!semicolon || semicolon - field.p > 24)
		return field;
	for (const char *p = field.p; p < semicolon; p++)
		if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') && *p != '-' && *p != ' ' &&
			!(*p >= '0' && *p <= '9'))
			return field;
	return span_trim(
		(struct span){ semicolon + 1, (size_t)(field.p + field.n - semicolon - 1) });
}

/* What cannot stand in a host's name; a compare, where strchr() is a call. */
static inline bool ends_host(char c)
{
	switch (c) {
	case ',':
	case ';':
	case '(':
	case ')':
	case '[':
	case ']':
	case '<':
	case '>':
	case '"':
	case '\0':
		return true;
	}
	return false;
}

struct span dsn_host(struct span field)
{
	struct span host = skip_address_type(span_trim(field));
	size_t n = 0;
	while (host.n && (host.p[0] == '<' || host.p[0] == '[')) {
		host.p++;
		host.n--;
	}
	while (n < host.n && n < EVENT_HOST_SIZE && (unsigned char)host.p[n] > ' ' &&
		!ends_host(host.p[n]))
		n++;
	while (n && host.p[n - 1] == '.')
		n--;
	if (memchr(host.p, '@', n)) /* an address in the host's place is nobody's host */
		n = 0;
	return (struct span){ host.p, n };
}

struct span dsn_supplement(struct span field)
{
	field = span_trim(field);
	if (field.n > 2 && field.p[0] == '<' && field.p[field.n - 1] == '>')
		field = (struct span){ field.p + 1, field.n - 2 };
	const char *type = memchr(field.p, ';', field.n);
	return type ? span_trim((struct span){ type + 1, (size_t)(field.p + field.n - type - 1) })
		    : field;
}

struct span dsn_diagnostic(struct span field)
{
	return skip_address_type(span_trim(field));
}

unsigned dsn_exit_code(struct span field)
{
	struct span number = dsn_diagnostic(field);
	unsigned code = 0;

	if (!span_starts_nocase(span_trim(field), SPAN("x-unix")) || !number.n || number.n > 3)
		return 0;
	for (size_t i = 0; i < number.n; i++) {
		if (!ascii_digit(number.p[i]))
			return 0;
		code = code * 10 + (unsigned)(number.p[i] - '0');
	}
	return code;
}
