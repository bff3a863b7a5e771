/*
 * Who sent the mail that came back. Its headers are whatever the reporter put
 * there: they match or they do not, and only a token's MAC (which the store
 * checks) proves anything. SRS is draft-mengwong-sender-rewrite, BATV is
 * draft-levine-smtp-batv; Feedback-ID is Gmail's, List-ID RFC 2919.
 */
#include "classify/origin.h"

#include "classify/recipient.h"
#include "classify/redact.h"

/* A local part so short is part of too many names. */
enum { CAMPAIGN_PERSON_MIN = 3, CAMPAIGN_PARTS_MIN = 6 };

/* --- the returned headers ------------------------------------------------- */

static const struct {
	struct header_known name;
	size_t offset;
} fields_of_ours[] = {
#define OURS(text, member) \
	{ \
		HEADER_KNOWN(text), offsetof(struct returned, member) \
	}
	OURS("Message-ID", message_id),
	OURS("From", from),
	OURS("Sender", sender),
	OURS("Return-Path", return_path),
	OURS("To", to),
	OURS("Cc", cc),
	OURS("List-ID", list_id),
	OURS("Feedback-ID", feedback_id),
	OURS("X-HmXmrOriginalRecipient", reported),
	OURS("X-Original-To", original_recipient),
	OURS("Delivered-To", original_recipient),
	OURS("Envelope-To", original_recipient),
	OURS("X-Envelope-To", original_recipient),
	OURS("X-Rcpt-To", original_recipient),
	OURS("X-Delivered-To", original_recipient),
	OURS("X-Forwarded-For", delivered[0]),
	OURS("Apparently-To", to),
	OURS("Subject", subject),
	OURS("Date", date),
	OURS("X-Envelope-From", return_path),
	OURS("X-Envelope-Sender", return_path),
};

static struct span campaign_header_name(const char *configured)
{
	return (struct span){ configured, strcspn(configured, ":") };
}

/* The part of VALUE that CONFIGURED wants; empty where it has none. */
static struct span campaign_part(const char *configured, struct span value)
{
	size_t n = strcspn(configured, ":");
	unsigned wanted = configured[n] ? (unsigned)(configured[n + 1] - '0') : 0;
	for (; wanted > 1; wanted--) {
		const char *colon = memchr(value.p, ':', value.n);
		if (!colon)
			return (struct span){ "", 0 };
		value.n -= (size_t)(colon + 1 - value.p);
		value.p = colon + 1;
	}
	const char *end = configured[n] ? memchr(value.p, ':', value.n) : NULL;
	return (struct span){ value.p, end ? (size_t)(end - value.p) : value.n };
}

struct span origin_configured_campaign(
	const struct classify_options *options, struct span name, struct span value)
{
	for (const char *const *h = options->campaign_headers; h && *h; h++)
		if (span_equal_nocase(name, campaign_header_name(*h)))
			return campaign_part(*h, value);
	return (struct span){ "", 0 };
}

/* The address behind " for " of a Received field. */
static struct span received_for(struct span value)
{
	long at = span_find_nocase(value, SPAN(" for "));
	if (at < 0)
		at = span_find_nocase(value, SPAN("\tfor "));
	if (at < 0)
		return (struct span){ "", 0 };
	struct span rest = { value.p + at + 5, value.n - (size_t)at - 5 };
	struct found_address a;
	size_t i = 0, lead = 0;
	while (lead < rest.n && strchr(" \t<", rest.p[lead]))
		lead++;
	return address_next(rest, &i, &a) && (size_t)(a.text.p - rest.p) <= lead
		? a.text
		: (struct span){ "", 0 };
}

void returned_read(
	const struct classify_options *options, const struct fields *header, struct returned *out)
{
	struct fields_at at = { 0 };
	struct field f;
	memset(out, 0, sizeof *out);
	out->campaign = (struct span){ "", 0 };
	for (size_t i = 0; i < sizeof fields_of_ours / sizeof fields_of_ours[0]; i++)
		*(struct span *)((char *)out + fields_of_ours[i].offset) = (struct span){ "", 0 };
	uint64_t wanted = header_name_bit(SPAN("Received"));
	for (size_t i = 0; i < sizeof fields_of_ours / sizeof fields_of_ours[0]; i++)
		wanted |= UINT64_C(1) << fields_of_ours[i].name.number;
	for (const char *const *h = options->campaign_headers; h && *h; h++)
		wanted |= header_name_bit(campaign_header_name(*h));
	for (size_t fields = 0; fields < RETURNED_FIELDS_MAX && fields_next(header, &at, &f);
		fields++) {
		out->present = true;
		unsigned number = header_name_number(f.name);
		if (!(wanted >> number & 1))
			continue;
		for (size_t i = 0; i < sizeof fields_of_ours / sizeof fields_of_ours[0]; i++) {
			struct span *to = (struct span *)((char *)out + fields_of_ours[i].offset);
			if (!header_name_is(f.name, number, &fields_of_ours[i].name))
				continue;
			if ((to == &out->original_recipient || to == out->delivered) &&
				out->delivereds < RETURNED_DELIVERED_MAX)
				out->delivered[out->delivereds++] = f.value;
			if (!to->n)
				*to = f.value;
		}
		if (!out->campaign.n)
			out->campaign = origin_configured_campaign(options, f.name, f.value);
		if (out->received_fors < RETURNED_FOR_MAX &&
			span_equal_nocase(f.name, SPAN("Received"))) {
			struct span address = received_for(f.value);
			if (address.n)
				out->received_for[out->received_fors++] = address;
		}
	}
}

struct span origin_message_id(struct span field)
{
	const char *open = memchr(field.p, '<', field.n);
	if (open)
		field = (struct span){ open + 1, (size_t)(field.p + field.n - open - 1) };
	field = span_trim(field);
	size_t n = 0;
	while (n < field.n && (unsigned char)field.p[n] > ' ' && field.p[n] != '>')
		n++;
	return (struct span){ field.p, n };
}

/* --- wrapped addresses ---------------------------------------------------- */

/*
 * Behind the N-th separator ('=' or '+' or '-' as SRS allows directly after its tag, '=' later); an
 * empty span when there are fewer.
 */
static struct span behind(struct span text, unsigned n)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '=' && --n == 0)
			return (struct span){ text.p + i + 1, text.n - i - 1 };
	return (struct span){ "", 0 };
}

static struct span join_domains(struct span local, struct span domain, char *buffer)
{
	if (!local.n || !domain.n || local.n + domain.n + 1 >= EVENT_ADDRESS_SIZE)
		return (struct span){ "", 0 };
	memmove(buffer, local.p,
		local.n); /* LOCAL and DOMAIN may lie in BUFFER, DOMAIN before LOCAL or behind it */
	buffer[local.n] = '@';
	memmove(buffer + local.n + 1, domain.p, domain.n);
	return (struct span){ buffer, local.n + 1 + domain.n };
}

/* "HHH=TT=domain=local" of SRS0. */
static struct span unwrap_srs0(struct span text, char *buffer)
{
	struct span rest = behind(text, 2);
	const char *equals = memchr(rest.p, '=', rest.n);
	if (!equals)
		return (struct span){ "", 0 };
	struct span domain = { rest.p, (size_t)(equals - rest.p) },
		    local = { equals + 1, rest.n - domain.n - 1 };
	return join_domains(local, domain, buffer);
}

/* One layer; an empty span when ADDRESS is not wrapped. BUFFER must not hold ADDRESS. */
static struct span unwrap_once(struct span address, char *buffer)
{
	struct span local = address_local(address), domain = address_domain(address);
	if (local.n > 6 && span_starts_nocase(local, SPAN("SRS0")) && strchr("=+-", local.p[4]))
		return unwrap_srs0((struct span){ local.p + 5, local.n - 5 }, buffer);
	if (local.n > 6 && span_starts_nocase(local, SPAN("SRS1")) && strchr("=+-", local.p[4])) {
		const char *twice = memmem(
			local.p, local.n, "==", 2); /* SRS1=hash=forwarder==HHH=TT=domain=local */
		if (twice)
			return unwrap_srs0(
				(struct span){ twice + 2, (size_t)(local.p + local.n - twice - 2) },
				buffer);
	}
	if (span_starts_nocase(local, SPAN("prvs="))) {
		struct span rest = { local.p + 5, local.n - 5 };
		const char *slash = memchr(rest.p, '/', rest.n);
		if (slash) /* prvs=local/tag: an early draft */
			return join_domains(
				(struct span){ rest.p, (size_t)(slash - rest.p) }, domain, buffer);
		return join_domains(behind(rest, 1), domain, buffer);
	}
	if (span_starts_nocase(local, SPAN("btv1="))) {
		const char *twice = memmem(local.p, local.n, "==", 2);
		if (twice)
			return join_domains(
				(struct span){ twice + 2, (size_t)(local.p + local.n - twice - 2) },
				domain, buffer);
	}
	return (struct span){ "", 0 };
}

struct span origin_unwrap(struct span address, char *buffer)
{
	char scratch[EVENT_ADDRESS_SIZE];
	for (unsigned layer = 0; layer < ORIGIN_UNWRAP_MAX; layer++) {
		struct span inner = unwrap_once(address, scratch);
		if (!inner.n)
			break;
		memcpy(buffer, scratch, inner.n);
		address = (struct span){ buffer, inner.n };
	}
	explicit_bzero(scratch, sizeof scratch);
	return address;
}

/* --- origin --------------------------------------------------------------- */

bool origin_is_ours(const struct classify_options *options, struct span domain)
{
	while (domain.n && (domain.p[domain.n - 1] == '.' || domain.p[domain.n - 1] == '>'))
		domain.n--;
	for (const char *const *d = options->domains; d && *d; d++) {
		struct span ours = span_of(*d);
		if (!span_ends_nocase(domain, ours))
			continue;
		if (domain.n == ours.n || domain.p[domain.n - ours.n - 1] == '.')
			return true;
	}
	return false;
}

/* Is one of the addresses in FIELD at a domain of ours, SRS and BATV undone? */
static bool field_is_ours(const struct classify_options *options, struct span field)
{
	struct found_address a;
	char buffer[EVENT_ADDRESS_SIZE];
	bool ours = false;
	for (size_t i = 0; !ours && address_next(field, &i, &a);)
		ours = origin_is_ours(options, address_domain(a.text)) ||
			origin_is_ours(options, address_domain(origin_unwrap(a.text, buffer)));
	explicit_bzero(buffer, sizeof buffer);
	return ours;
}

enum origin origin_of(const struct classify_options *options, const struct returned *r)
{
	if (!r->present || !options->domains || !options->domains[0])
		return ORIGIN_UNVERIFIED;
	struct span id = origin_message_id(r->message_id);
	if (origin_is_ours(options, address_domain(id)) || field_is_ours(options, r->from) ||
		field_is_ours(options, r->return_path) || field_is_ours(options, r->sender))
		return ORIGIN_MATCHED;
	return id.n || r->from.n || r->return_path.n ? ORIGIN_BACKSCATTER : ORIGIN_UNVERIFIED;
}

struct span origin_token(const char *pattern, struct span address)
{
	static const struct span placeholder = { "{token}", 7 };
	struct span form = span_of(pattern), none = { "", 0 };
	long at = form.p ? span_find_nocase(form, placeholder) : -1;
	if (at < 0)
		return none;
	struct span before = { form.p, (size_t)at };
	struct span after = { form.p + at + placeholder.n, form.n - (size_t)at - placeholder.n };
	if (address.n <= before.n + after.n || !span_starts_nocase(address, before) ||
		!span_ends_nocase(address, after))
		return none;
	struct span token = { address.p + before.n, address.n - before.n - after.n };
	return token.n < EVENT_TOKEN_SIZE && !memchr(token.p, '@', token.n) ? token : none;
}

bool origin_is_batv(struct span token)
{
	enum { TAG = 10, DIGITS = 4 };
	static const char hex[] = "0123456789abcdefABCDEF";
	if (!span_starts_nocase(token, SPAN("prvs=")) || token.n < 5 + TAG + 4 ||
		token.p[5 + TAG] != '=')
		return false;
	for (size_t i = 0; i < TAG; i++)
		if (!token.p[5 + i] ||
			!(i < DIGITS ? (token.p[5 + i] >= '0' && token.p[5 + i] <= '9')
				     : strchr(hex, token.p[5 + i]) != NULL))
			return false;
	return address_domain(token).n > 0;
}

/* --- classic VERP --------------------------------------------------------- */

/* "local=domain" behind the prefix of a classic VERP local part, or an empty span. */
static struct span verp_encoded(struct span local)
{
	struct span none = { "", 0 };
	const char *equals = memrchr(local.p, '=', local.n);
	if (!equals || span_starts_nocase(local, SPAN("SRS")) ||
		span_starts_nocase(local, SPAN("prvs=")) ||
		span_starts_nocase(local, SPAN("btv1=")) ||
		!memchr(equals, '.', (size_t)(local.p + local.n - equals)))
		return none;
	const char *plus = memchr(local.p, '+', (size_t)(equals - local.p));
	if (plus)
		return (struct span){ plus + 1, (size_t)(local.p + local.n - plus - 1) };
	long list = span_find_nocase(
		local, SPAN("-return-")); /* ezmlm: list-return-15-user=example.org */
	if (list < 0)
		return none;
	const char *p = local.p + list + 8;
	while (p < equals && *p >= '0' && *p <= '9')
		p++;
	return p < equals && *p == '-' ? (struct span){ p + 1, (size_t)(local.p + local.n - p - 1) }
				       : none;
}

size_t origin_verp_recipient(struct span return_path, char *address)
{
	char text[EVENT_ADDRESS_SIZE];
	struct span encoded = verp_encoded(address_local(return_path));
	address[0] = '\0';
	const char *plus = memchr(encoded.p, '+', encoded.n),
		   *equals = memrchr(encoded.p, '=', encoded.n);
	if (!equals)
		return 0;
	if (plus && plus < equals &&
		memchr(return_path.p, '+', return_path.n) !=
			plus) /* bounce+campaign+user=example.org */
		encoded = (struct span){ plus + 1, (size_t)(encoded.p + encoded.n - plus - 1) };
	struct span local = { encoded.p, (size_t)(equals - encoded.p) };
	struct span domain = { equals + 1, (size_t)(encoded.p + encoded.n - equals - 1) };
	struct span whole = join_domains(local, domain, text);
	size_t n = whole.n && address_plausible(whole) ? address_copy(address, whole) : 0;
	explicit_bzero(text, sizeof text);
	return n;
}

/* --- campaign ------------------------------------------------------------- */

static bool is_campaign_character(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') ||
		(c && strchr("._:+-", c));
}

static bool is_name_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

bool origin_copy_campaign(struct span text, char *buffer)
{
	size_t n = 0;
	text = span_trim(text);
	if (!text.n || memchr(text.p, '@', text.n) || names_address(text))
		return false;
	while (n < text.n && n + 1 < EVENT_CAMPAIGN_SIZE) {
		buffer[n] = is_campaign_character(text.p[n]) ? text.p[n] : '_';
		n++;
	}
	buffer[n] = '\0';
	return true;
}

/* The letters and digits of TEXT, into OUT of EVENT_CAMPAIGN_SIZE bytes. */
static struct span squeezed(struct span text, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < EVENT_CAMPAIGN_SIZE; i++)
		if (is_name_letter(text.p[i]))
			out[n++] = text.p[i];
	return (struct span){ out, n };
}

/* "wilhelminaquast" of wilhelmina.quast: a name of several parts, put together otherwise. */
static bool names_parts(struct span name, struct span local)
{
	char parts[EVENT_CAMPAIGN_SIZE], said[EVENT_CAMPAIGN_SIZE];
	struct span own = squeezed(local, parts);
	bool names = own.n < local.n && own.n >= CAMPAIGN_PARTS_MIN &&
		span_find_nocase(squeezed(name, said), own) >= 0;
	explicit_bzero(parts, sizeof parts);
	explicit_bzero(said, sizeof said);
	return names;
}

/* A name stands there by itself, or with its domain behind it, whose "@" somebody left out. */
bool origin_campaign_names(const char *campaign, struct span recipient)
{
	struct span name = span_of(campaign), local = address_local(recipient),
		    domain = address_domain(recipient);
	char own[EVENT_CAMPAIGN_SIZE];
	size_t n = 0;
	for (; n < local.n && n + 1 < sizeof own; n++)
		own[n] = is_campaign_character(local.p[n]) ? local.p[n] : '_';
	bool names = names_parts(name, local);
	long at;
	while (!names && n >= CAMPAIGN_PERSON_MIN &&
		(at = span_find_nocase(name, (struct span){ own, n })) >= 0) {
		const char *found = name.p + at, *end = name.p + name.n;
		struct span behind = { found + n, (size_t)(end - found) - n };
		names = (found == campaign || !is_name_letter(found[-1])) &&
			(!behind.n || !is_name_letter(*behind.p) ||
				(domain.n && span_starts_nocase(behind, domain)));
		name = (struct span){ found + 1, (size_t)(end - found) - 1 };
	}
	explicit_bzero(own, sizeof own);
	return names;
}

/* "bounce+campaign+user=example.org@…": what stands between. */
static struct span verp_campaign(struct span path)
{
	struct span encoded = verp_encoded(address_local(path)), none = { "", 0 };
	const char *plus = memchr(encoded.p, '+', encoded.n),
		   *equals = memchr(encoded.p, '=', encoded.n);
	return plus && equals && plus < equals
		? (struct span){ encoded.p, (size_t)(plus - encoded.p) }
		: none;
}

/*
 * CFBL-Feedback-ID is none: it may name one message or recipient (RFC 9477, section 3.3), in words
 * that its sender alone reads. Who puts a campaign into it says where: [origin] campaign_headers =
 * CFBL-Feedback-ID:1.
 *
 * Feedback-ID: "campaign:customer:mailtype:sender"; the first part is what senders vary most, and
 * may be empty.
 */
static struct span feedback_campaign(struct span value)
{
	const char *colon = memchr(value.p, ':', value.n);
	return colon ? (struct span){ value.p, (size_t)(colon - value.p) } : value;
}

/* "Name <list.example.org>" as "list.example.org". */
static struct span list_campaign(struct span value)
{
	const char *open = memrchr(value.p, '<', value.n);
	if (!open)
		return value;
	const char *close = memchr(open, '>', (size_t)(value.p + value.n - open));
	return (struct span){ open + 1, (size_t)((close ? close : value.p + value.n) - open - 1) };
}

void origin_campaign(struct span verp_path, const struct returned *r, char *buffer)
{
	buffer[0] = '\0';
	if (origin_copy_campaign(verp_campaign(verp_path), buffer) ||
		origin_copy_campaign(feedback_campaign(r->feedback_id), buffer) ||
		origin_copy_campaign(list_campaign(r->list_id), buffer) ||
		origin_copy_campaign(r->campaign, buffer))
		return;
}
