/*
 * Addresses in text and in fields. What counts as an address is wider than
 * RFC 5321 section 4.1.2 (mailboxes exist that no RFC allows: "user.@docomo"),
 * and narrower than RFC 5322 (no comments, no blanks inside).
 */
#include "classify/recipient.h"

#include <sodium.h>
#include <stdlib.h>
#include <unictype.h>
#include <unistr.h>
#include "classify/classify.h"

enum {
	LOCAL_MAX = 128, /* RFC 5321 says 64; VERP and SRS go beyond */
	DOMAIN_MAX = 255,
};

static bool is_address_alnum(char c)
{
	return ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* What stands in a local part, and what in a domain, too; all beyond ASCII does in both. */
enum { IN_LOCAL = 1, IN_DOMAIN = 2, IN_BOTH = 3 };
static const unsigned char address_bytes[256] = {
	['0' ... '9'] = IN_BOTH,
	['A' ... 'Z'] = IN_BOTH,
	['a' ... 'z'] = IN_BOTH,
	[0x80 ... 0xff] = IN_BOTH,
	['!'] = IN_LOCAL,
	['#'] = IN_LOCAL,
	['$'] = IN_LOCAL,
	['%'] = IN_LOCAL,
	['&'] = IN_LOCAL,
	['\''] = IN_LOCAL,
	['*'] = IN_LOCAL,
	['+'] = IN_LOCAL,
	['-'] = IN_BOTH,
	['.'] = IN_BOTH,
	['/'] = IN_LOCAL,
	['='] = IN_LOCAL,
	['?'] = IN_LOCAL,
	['^'] = IN_LOCAL,
	['_'] = IN_BOTH,
	['`'] = IN_LOCAL,
	['{'] = IN_LOCAL,
	['|'] = IN_LOCAL,
	['}'] = IN_LOCAL,
	['~'] = IN_LOCAL,
};

static bool is_local_part(char c)
{
	return address_bytes[(unsigned char)c] & IN_LOCAL;
}

static bool is_recipient_domain(char c)
{
	return address_bytes[(unsigned char)c] & IN_DOMAIN;
}

/* The first byte of the local part that ends before AT. */
static size_t local_begin(struct span text, size_t at, size_t floor)
{
	size_t i = at;
	if (i > floor + 1 && text.p[i - 1] == '"') { /* "quoted string"@ */
		for (size_t q = i - 1; q > floor && i - q < LOCAL_MAX && text.p[q - 1] != '\n'; q--)
			if (text.p[q - 1] == '"')
				return q - 1;
	}
	while (i > floor && at - i < LOCAL_MAX && is_local_part(text.p[i - 1]))
		i--;
	return i;
}

static size_t domain_end(struct span text, size_t at)
{
	size_t i = at + 1;
	if (i < text.n && text.p[i] == '[') { /* an address literal, RFC 5321 section 4.1.3 */
		i++;
		while (i < text.n && i - at < 64 &&
			(is_address_alnum(text.p[i]) || (text.p[i] && strchr(".:-", text.p[i]))))
			i++;
		return i < text.n && text.p[i] == ']' ? i + 1 : at + 1;
	}
	if (i < text.n &&
		text.p[i] == '#') /* sendmail writes user@#host of a host it does not know */
		i++;
	while (i < text.n && i - at <= DOMAIN_MAX && is_recipient_domain(text.p[i]))
		i++;
	while (i > at + 1 && (text.p[i - 1] == '.' || text.p[i - 1] == '-' || text.p[i - 1] == '_'))
		i--;
	return i;
}

/* Names in front of an address that are not part of it: "to=user@example.org". */
static size_t skip_label(struct span text, size_t begin, size_t at)
{
	static const struct span labels[] = { { "to=", 3 }, { "from=", 5 }, { "for=", 4 },
		{ "rcpt=", 5 }, { "email=", 6 }, { "mail=", 5 }, { "address=", 8 },
		{ "recipient=", 10 }, { "user=", 5 }, { "orcpt=", 6 }, { "smtp=", 5 } };
	struct span local = { text.p + begin, at - begin };
	bool equals = memchr(local.p, '=', local.n) != NULL;
	for (size_t i = 0; equals && i < sizeof labels / sizeof labels[0]; i++)
		if (span_starts_nocase(local, labels[i]) && local.n > labels[i].n)
			return begin + labels[i].n;
	if (local.n > 4 && local.p[3] == '-' && (local.p[0] == '4' || local.p[0] == '5') &&
		ascii_digit(local.p[1]) && ascii_digit(local.p[2]))
		return begin +
			4; /* "550-user@example.org: no such user", a reply of several lines */
	while (begin < at && strchr("'`*=|/{}&?!-", text.p[begin]))
		begin++;
	return begin;
}

static bool domain_plausible(struct span domain, bool dot_needed)
{
	if (!domain.n || domain.n > DOMAIN_MAX)
		return false;
	if (domain.p[0] == '[')
		return domain.n > 3;
	if (domain.p[0] == '.' || domain.p[0] == '-')
		return false;
	return !dot_needed || memchr(domain.p, '.', domain.n) != NULL;
}

bool address_next(struct span text, size_t *i, struct found_address *a)
{
	size_t floor = *i;
	while (*i < text.n) {
		const char *sign = memchr(text.p + *i, '@', text.n - *i);
		if (!sign)
			break;
		size_t at = (size_t)(sign - text.p);
		*i = at + 1;
		size_t begin = local_begin(text, at, floor), end = domain_end(text, at);
		bool angle = begin > 0 && text.p[begin - 1] == '<';
		if (!angle && text.p[begin] != '"')
			begin = skip_label(text, begin, at);
		bool unnamed = begin == at || (text.p[begin] == '"' && at - begin <= 2);
		if (unnamed || text.p[at - 1] == ' ')
			continue;
		struct span domain = { text.p + at + 1, end - at - 1 };
		if (!domain_plausible(domain, !angle))
			continue;
		a->text = (struct span){ text.p + begin, end - begin };
		a->angle = angle && end < text.n && text.p[end] == '>';
		a->begin = angle ? begin - 1 : begin;
		a->end = a->angle ? end + 1 : end;
		*i = end;
		return true;
	}
	*i = text.n;
	return false;
}

/* Letters of scripts that set no blanks between words, and run into an address: from Thai on. */
enum { SCRIPT_WITHOUT_BLANKS = 0x0e00 };

static bool is_glued_letter(ucs4_t c)
{
	return c >= SCRIPT_WITHOUT_BLANKS && uc_is_alpha(c);
}

static bool is_sign(ucs4_t c)
{
	return c >= 0x80 && !uc_is_alpha(c) && !uc_is_general_category(c, UC_CATEGORY_M);
}

/*
 * Where in the local part the text in front ends: behind a sign, or where ASCII follows letters of
 * such a script.
 */
static size_t local_proper(struct span local)
{
	size_t from = 0;
	bool glued = false;
	for (size_t i = 0; i < local.n;) {
		ucs4_t c;
		size_t length = (size_t)u8_mbtouc(&c, (const uint8_t *)local.p + i, local.n - i);
		if (is_sign(c))
			from = i + length;
		else if (glued && c < 0x80)
			from = i;
		glued = is_glued_letter(c);
		i += length;
	}
	return from < local.n ? from : 0;
}

/*
 * How much of the domain is one: up to a sign, or to letters of such a script behind which no dot
 * comes any more.
 */
static size_t domain_proper(struct span domain)
{
	const char *last = memrchr(domain.p, '.', domain.n);
	for (size_t i = 0; i < domain.n;) {
		ucs4_t c;
		size_t length = (size_t)u8_mbtouc(&c, (const uint8_t *)domain.p + i, domain.n - i);
		if (is_sign(c) || (is_glued_letter(c) && last && last + 1 < domain.p + i))
			return memchr(domain.p, '.', i) ? i : domain.n;
		i += length;
	}
	return domain.n;
}

void address_unglue(struct found_address *a)
{
	struct span local = address_local(a->text), domain = address_domain(a->text);
	if (a->angle)
		return;
	size_t keep = domain_proper(domain), skip = local_proper(local);
	struct span rest = { a->text.p + skip, a->text.n - skip - (domain.n - keep) };
	if (!address_plausible(rest)) /* what was cut belonged to it */
		return;
	a->end -= domain.n - keep;
	a->begin += skip;
	a->text = rest;
}

struct span address_domain(struct span address)
{
	const char *at = memrchr(address.p, '@', address.n);
	if (!at)
		return (struct span){ "", 0 };
	return (struct span){ at + 1, (size_t)(address.p + address.n - at - 1) };
}

struct span address_local(struct span address)
{
	const char *at = memrchr(address.p, '@', address.n);
	return at ? (struct span){ address.p, (size_t)(at - address.p) } : address;
}

bool address_plausible(struct span address)
{
	struct span local = address_local(address), domain = address_domain(address);
	if (!local.n || local.n == address.n || !domain_plausible(domain, false))
		return false;
	for (size_t i = 0; i < domain.n; i++)
		if (!is_recipient_domain(domain.p[i]) && domain.p[0] != '[' &&
			!(i == 0 && domain.p[0] == '#'))
			return false;
	if (local.p[0] == '"')
		return local.n > 2 && local.p[local.n - 1] == '"';
	for (size_t i = 0; i < local.n; i++)
		if (!is_local_part(local.p[i]) && local.p[i] != ':' && local.p[i] != '@' &&
			local.p[i] != ',' && local.p[i] != '(' && local.p[i] != ')')
			return false;
	return true;
}

/*
 * Local parts of those who speak for a mail system (RFC 2142, and what systems send reports as),
 * and of roles that people are told to write to.
 */
static const struct {
	struct span name;
	bool reports;
} role_names[] = {
	{ { "mailer-daemon", 13 }, true },
	{ { "postmaster", 10 }, true },
	{ { "post_master", 11 }, true },
	{ { "mail-daemon", 11 }, true },
	{ { "mailerdaemon", 12 }, true },
	{ { "mailer_daemon", 13 }, true },
	{ { "mdaemon", 7 }, true },
	{ { "postmaster-noreply", 18 }, true },
	{ { "double-bounce", 13 }, true },
	{ { "mail-delivery-subsystem", 23 }, true },
	{ { "abuse", 5 }, false },
	{ { "hostmaster", 10 }, false },
	{ { "no-reply", 8 }, false },
	{ { "noreply", 7 }, false },
	{ { "helpdesk", 8 }, false },
	{ { "support", 7 }, false },
};

static bool is_role(struct span address, bool reports)
{
	struct span local = address_local(address);
	for (size_t i = 0; i < sizeof role_names / sizeof role_names[0]; i++)
		if ((role_names[i].reports || !reports) &&
			span_equal_nocase(local, role_names[i].name))
			return true;
	return false;
}

bool address_is_role(struct span address)
{
	return is_role(address, false);
}

bool address_is_daemon(struct span address)
{
	return is_role(address, true);
}

bool address_is_list_command(struct span address)
{
	static const char *const suffixes[] = { "-request", "-ctl", "-help", "-admin", "-owner",
		"-subscribe", "-unsubscribe", "-confirm", "-bounces" };
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (span_ends_nocase(address_local(address), span_of(suffixes[i])))
			return true;
	return false;
}

bool address_equal(struct span a, struct span b)
{
	return span_equal_nocase(a, b);
}

size_t address_copy(char *buffer, struct span address)
{
	address = span_trim(address);
	if (address.n >= EVENT_ADDRESS_SIZE) {
		buffer[0] = '\0';
		return 0;
	}
	size_t n = span_copy_text(buffer, EVENT_ADDRESS_SIZE, address);
	return n;
}

/* --- DSN fields ----------------------------------------------------------- */

static int hex_upper(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Undoes xtext (RFC 3461 section 4) where all of it can only be xtext: an honest encoder writes '+'
 * '=' and what is not printable as +HH and nothing else, so that "user+20off@example.org" is an
 * address that nobody encoded.
 */
static size_t xtext_decode(char *text, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '+')
			continue;
		int high = i + 2 < n ? hex_upper(text[i + 1]) : -1,
		    low = i + 2 < n ? hex_upper(text[i + 2]) : -1;
		if (high < 0 || low < 0)
			return n;
		unsigned char c = (unsigned char)(high << 4 | low);
		if (c != '+' && c != '=' && c < 0x80)
			return n;
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '+') {
			text[to++] = (char)(hex_upper(text[i + 1]) << 4 | hex_upper(text[i + 2]));
			i += 2;
		} else {
			text[to++] = text[i];
		}
	}
	return to;
}

/* Undoes "\x{5C0F}" of utf-8-addr-xtext (RFC 6533 section 3). */
static size_t unicode_decode(char *text, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n;) {
		char *close = n - i > 4 && memcmp(text + i, "\\x{", 3) == 0
			? memchr(text + i, '}', n - i < 11 ? n - i : 11)
			: NULL;
		if (!close) {
			text[to++] = text[i++];
			continue;
		}
		uint8_t bytes[6];
		int used = u8_uctomb(bytes, (ucs4_t)strtoul(text + i + 3, NULL, 16), sizeof bytes);
		if (used > 0 && (size_t)used <= (size_t)(close + 1 - text) - i) {
			memcpy(text + to, bytes, (size_t)used);
			to += (size_t)used;
		}
		i = (size_t)(close + 1 - text);
	}
	return to;
}

/* "type;" in front of an address, RFC 3464 section 2.1.2. */
static struct span skip_recipient_type(struct span field, bool *utf8)
{
	const char *semicolon = memchr(field.p, ';', field.n);
	*utf8 = false;
	if (!semicolon || memchr(field.p, '@', (size_t)(semicolon - field.p)))
		return field;
	struct span type = span_trim((struct span){ field.p, (size_t)(semicolon - field.p) });
	*utf8 = span_equal_nocase(type, SPAN("utf-8"));
	return span_trim(
		(struct span){ semicolon + 1, (size_t)(field.p + field.n - semicolon - 1) });
}

size_t recipient_field(struct span field, bool xtext, char *address)
{
	bool utf8;
	address[0] = '\0';
	field = skip_recipient_type(span_trim(field), &utf8);
	while (field.n && (field.p[0] == '<' || field.p[0] == '"' || field.p[0] == ' ') &&
		!(field.p[0] == '"' && memchr(field.p + 1, '"', field.n - 1))) {
		field.p++;
		field.n--;
	}
	const char *open = memchr(field.p, '<', field.n);
	if (open &&
		memchr(open, '@', (size_t)(field.p + field.n - open))) /* Name <user@example.org> */
		field = (struct span){ open + 1, (size_t)(field.p + field.n - open - 1) };
	size_t n = 0;
	bool quoted = false;
	char text[EVENT_ADDRESS_SIZE];
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		if (!c) /* RFC 5322 section 4: an obsolete NUL */
			continue;
		if (c == '"')
			quoted = !quoted;
		if (c == '\r' || c == '\n') { /* a fold inside an address: go on behind it */
			while (i + 1 < field.n &&
				(field.p[i + 1] == ' ' || field.p[i + 1] == '\t' ||
					field.p[i + 1] == '\n'))
				i++;
			continue;
		}
		if (!quoted &&
			(c == '>' || c == ' ' || c == '\t' || c == ';' ||
				(c == '(' && n && memchr(text, '@', n))))
			break;
		if (n + 1 >= sizeof text)
			goto none;
		text[n++] = c;
	}
	if (utf8)
		n = unicode_decode(text, n);
	if (xtext)
		n = xtext_decode(text, n);
	struct span whole = span_trim((struct span){ text, n });
	while (whole.n &&
		(whole.p[whole.n - 1] == ',' || whole.p[whole.n - 1] == '.' ||
			whole.p[whole.n - 1] == ':'))
		whole.n--;
	if (whole.n > 4 && whole.p[0] == '\'' &&
		whole.p[whole.n - 1] == '\'') /* 'user@example.org' */
		whole = (struct span){ whole.p + 1, whole.n - 2 };
	if (span_starts_nocase(whole, SPAN("mailto:")))
		whole = (struct span){ whole.p + 7, whole.n - 7 };
	if (whole.n && whole.p[0] == '@' &&
		memchr(whole.p, ':', whole.n)) { /* a source route, RFC 5321 appendix C */
		const char *colon = memchr(whole.p, ':', whole.n);
		whole = (struct span){ colon + 1, (size_t)(whole.p + whole.n - colon - 1) };
	}
	n = address_plausible(whole) ? address_copy(address, whole) : 0;
none:
	explicit_bzero(text, sizeof text);
	return n;
}

/* --- the set -------------------------------------------------------------- */

enum { SLOTS = 1 << 18 }; /* more than twice CLASSIFY_EVENTS_MAX, so that runs stay short */
_Static_assert(SLOTS > 2 * CLASSIFY_EVENTS_MAX, "the set must not fill up");

struct recipient_set {
	unsigned char key[crypto_shorthash_KEYBYTES]; /* random: nobody can choose addresses that
							 collide */
	size_t count;
	uint64_t slot[SLOTS];
	uint32_t used[CLASSIFY_EVENTS_MAX]; /* which slots, so that wiping costs what was used */
};

struct recipient_set *recipient_set_new(void)
{
	struct recipient_set *s = calloc(1, sizeof *s);
	if (s)
		crypto_shorthash_keygen(s->key);
	return s;
}

void recipient_set_free(struct recipient_set *s)
{
	if (s)
		recipient_set_wipe(s);
	free(s);
}

enum recipient_added recipient_set_add(struct recipient_set *s, struct span address)
{
	unsigned char folded[EVENT_ADDRESS_SIZE];
	uint64_t hash;
	size_t n = address.n < sizeof folded ? address.n : sizeof folded;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)address.p[i];
		folded[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	crypto_shorthash((unsigned char *)&hash, folded, n, s->key);
	explicit_bzero(folded, sizeof folded);
	hash |= 1; /* 0 is an empty slot */
	size_t i = (hash >> 8) % SLOTS;
	for (; s->slot[i]; i = (i + 1) % SLOTS)
		if (s->slot[i] == hash)
			return RECIPIENT_SEEN;
	if (s->count == CLASSIFY_EVENTS_MAX)
		return RECIPIENT_NO_ROOM;
	s->slot[i] = hash;
	s->used[s->count++] = (uint32_t)i;
	return RECIPIENT_ADDED;
}

void recipient_set_wipe(struct recipient_set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		s->slot[s->used[i]] = 0;
		s->used[i] = 0;
	}
	s->count = 0;
}
