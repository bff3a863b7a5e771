/*
 * Redaction of diagnostic text, word by word. A word is what stands between
 * blanks and brackets; what it is replaced by says what it was. Codes, host
 * names, phrases and short numbers stay: they are what the text is kept for.
 */
#include "classify/redact.h"

#include "classify/event.h"

enum {
	ID_LENGTH_MIN = 10,   /* a word this long that mixes letters and digits is an id */
	DIGITS_MIN = 7,       /* so is a number this long: phone and customer numbers */
	LOCAL_LENGTH_MIN = 3, /* a shorter local part is a word like any other */
};

struct redact_output {
	char *to;
	size_t n, size;
};

/* Whole words only: once one does not fit, nothing more is written. */
static void put_word(struct redact_output *o, struct span text)
{
	if (o->n + text.n >= o->size) {
		o->size = o->n + 1;
		return;
	}
	memcpy(o->to + o->n, text.p, text.n);
	o->n += text.n;
}

static bool is_word_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
static bool is_hex(char c)
{
	return ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/*
 * What parts words (quotes and brackets stay as they are), and what there must be in one that is
 * replaced.
 */
enum { PARTS = 1, TELLS = 2, WRAPS = 4 /* begins what some write for an '@' */ };
static const unsigned char signs[256] = {
	[' '] = PARTS,
	['<'] = PARTS,
	['>'] = PARTS,
	['('] = PARTS,
	[')'] = PARTS,
	['['] = PARTS,
	[']'] = PARTS,
	['{'] = PARTS,
	['}'] = PARTS,
	['"'] = PARTS,
	['`'] = PARTS,
	[','] = PARTS,
	[';'] = PARTS,
	['|'] = PARTS,
	['@'] = TELLS,
	[':'] = TELLS,
	['='] = TELLS | WRAPS,
	['%'] = WRAPS,
	['+'] = WRAPS,
	['&'] = WRAPS,
	['0'] = TELLS,
	['1'] = TELLS,
	['2'] = TELLS,
	['3'] = TELLS,
	['4'] = TELLS,
	['5'] = TELLS,
	['6'] = TELLS,
	['7'] = TELLS,
	['8'] = TELLS,
	['9'] = TELLS,
	[0xef] = TELLS | WRAPS /* the wide '@' of Unicode */
};
static bool is_word_separator(char c)
{
	return signs[(unsigned char)c] & PARTS;
}

static bool is_url(struct span w)
{
	return memmem(w.p, w.n, "://", 3) || span_starts_nocase(w, SPAN("www.")) ||
		span_starts_nocase(w, SPAN("mailto:"));
}

/*
 * user=example.org, and the '@' as quoted-printable, a URL, xtext (RFC 3461 section 4), HTML and
 * the wide forms of Unicode write it: user=40example …
 */
static bool is_address_word(struct span w)
{
	static const struct span at[] = { SPAN("%40"), SPAN("=40"), SPAN("+40"), SPAN("&#64"),
		SPAN("\xef\xbc\xa0"), SPAN("\xef\xb9\xab") };
	if (memchr(w.p, '@', w.n))
		return true;
	for (size_t i = 0; i < w.n; i++)
		for (size_t k = 0;
			signs[(unsigned char)w.p[i]] & WRAPS && k < sizeof at / sizeof *at; k++)
			if (w.n - i >= at[k].n && memcmp(w.p + i, at[k].p, at[k].n) == 0)
				return true;
	const char *equals = memrchr(w.p, '=', w.n);
	if (!equals || equals == w.p)
		return false;
	struct span domain = { equals + 1, (size_t)(w.p + w.n - equals - 1) };
	return memchr(domain.p, '.', domain.n) && domain.n > 3 &&
		is_word_letter(domain.p[domain.n - 1]);
}

/* What stands alone in angle brackets is somebody's name as a rule; these are not. */
static bool is_bracketed_name(struct span w)
{
	static const struct span plain[] = { SPAN("address"), SPAN("domain"), SPAN("ip"),
		SPAN("url"), SPAN("id"), SPAN("CRLF"), SPAN("CR"), SPAN("LF"), SPAN("br"),
		SPAN("unknown") };
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (span_equal_nocase(w, plain[i]))
			return false;
	return w.n >= LOCAL_LENGTH_MIN && !memchr(w.p, ':', w.n) && !memchr(w.p, '/', w.n);
}

/*
 * Where the host of a "user at host.tld", "user (at) host.tld" ends that goes on at I behind the
 * word W; 0: it is none.
 */
static size_t spoken_address(struct span w, const char *text, size_t n, size_t i)
{
	size_t begin = i, dots = 0;
	while (i < n && is_word_separator(text[i]))
		i++;
	if (i == begin || i + 2 >= n || (text[i] | 0x20) != 'a' || (text[i + 1] | 0x20) != 't' ||
		!is_word_separator(text[i + 2]))
		return 0;
	bool bracket = text[i - 1] != ' ';
	for (i += 2; i < n && is_word_separator(text[i]); i++)
		;
	size_t host = i;
	while (i < n && !is_word_separator(text[i]))
		dots += text[i++] == '.';
	/* "rejected at mx.example.org" is none, "anna.b at example.org" is */
	bool name = memchr(w.p, '.', w.n - (w.n > 0)) || memchr(w.p, '_', w.n);
	for (size_t c = 0; c < w.n; c++)
		name |= ascii_digit(w.p[c]);
	return (bracket || name) && dots && i - host > 3 && is_word_letter(w.p[0]) ? i : 0;
}

static bool is_ipv4(struct span w)
{
	unsigned dots = 0, digits = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] == '.' && digits) {
			dots++;
			digits = 0;
		} else if (ascii_digit(w.p[i]) && digits < 3) {
			digits++;
		} else if (dots == 3 && digits && (w.p[i] == ':' || w.p[i] == '/')) {
			return true;
		} else {
			return false;
		}
	}
	return dots == 3 && digits;
}

static bool is_ipv6(struct span w)
{
	unsigned colons = 0;
	if (span_starts_nocase(w, SPAN("IPv6:")))
		return true;
	for (size_t i = 0; i < w.n; i++) {
		colons += w.p[i] == ':';
		if (!is_hex(w.p[i]) && w.p[i] != ':' && w.p[i] != '.' && w.p[i] != '%' &&
			w.p[i] != '/')
			return false;
	}
	return colons >= 2 && (colons >= 4 || memmem(w.p, w.n, "::", 2));
}

/* A host that names its owner's line: "dsl-192-0-2-1.example.org", "p5b1234.dip". */
static bool holds_ip(struct span w)
{
	unsigned groups = 0, digits = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (ascii_digit(w.p[i])) {
			digits++;
		} else {
			groups = digits && digits <= 3 &&
					(w.p[i] == '-' || w.p[i] == '.' || w.p[i] == '_')
				? groups + 1
				: 0;
			digits = 0;
		}
		if (groups == 3 && i + 1 < w.n && ascii_digit(w.p[i + 1]))
			return true;
	}
	return false;
}

static bool is_id(struct span w)
{
	size_t digits = 0, letters = 0, run = 0, longest = 0, turns = 0, dots = 0;
	bool upper = false, lower = false;
	for (size_t i = 0; i < w.n; i++) {
		char c = w.p[i];
		bool digit = ascii_digit(c);
		run = digit ? run + 1 : 0;
		longest = run > longest ? run : longest;
		digits += digit;
		letters += is_word_letter(c);
		dots += c == '.';
		turns += i > 0 && digit != ascii_digit(w.p[i - 1]);
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
	}
	if (longest >= DIGITS_MIN)
		return true;
	if (w.n < ID_LENGTH_MIN)
		return w.n >= 6 && digits >= 3 && letters >= 2 &&
			turns >= 3; /* queue ids: "p983Gkqb", "16slSd" */
	if (dots && digits < 4 && !(upper && lower && turns >= 4))
		return false; /* a host name */
	return digits >= 2 && letters + digits >= 8 && turns >= 2;
}

static bool is_local_word(struct span w, const struct span *locals)
{
	for (; locals && locals->n; locals++)
		if (locals->n >= LOCAL_LENGTH_MIN && span_equal_nocase(w, *locals))
			return true;
	return false;
}

/* A domain of the recipient's, or a host in it: it may be a person's own. */
static bool is_in_domain(struct span w, const struct span *locals)
{
	for (; locals && locals->n; locals++) {
		size_t n = locals->n - 1;
		if (locals->p[0] == '@' && n >= LOCAL_LENGTH_MIN && w.n >= n &&
			(w.n == n || w.p[w.n - n - 1] == '.') &&
			span_equal_nocase((struct span){ w.p + w.n - n, n },
				(struct span){ locals->p + 1, n }))
			return true;
	}
	return false;
}

/* "5.7.606", "550-5.1.1": what the text is kept for. */
static bool is_code(struct span w)
{
	for (size_t i = 0; i < w.n; i++)
		if (!ascii_digit(w.p[i]) && w.p[i] != '.' && w.p[i] != '-' && w.p[i] != '#')
			return false;
	return w.n <= 12;
}

/* "554-5.7.1", the begin of an answer of several lines: four numbers, but no IP. */
static bool is_continued_code(struct span w)
{
	return w.n >= 9 && is_code(w) && w.p[3] == '-' && w.p[5] == '.' &&
		(w.p[0] == '4' || w.p[0] == '5') && w.p[4] == w.p[0];
}

/*
 * "OFR006_107": a receiver's number of its answer, behind the name of the machine that gives it.
 * Of that name the rules know the letters, and how many digits it has.
 */
static bool is_numbered_answer(struct span w, const struct rules *rules)
{
	enum { LETTERS_LEAST = 3, NUMBER = 4 /* "_107" */ };
	struct known_word known;
	size_t at = 0, letters = 0;

	if (!rules || w.n <= LETTERS_LEAST + NUMBER)
		return false;
	struct span name = { w.p, w.n - NUMBER }, number = { w.p + name.n, NUMBER };
	while (letters < name.n && name.p[letters] >= 'A' && name.p[letters] <= 'Z')
		letters++;
	if (letters < LETTERS_LEAST || (number.p[0] != '_' && number.p[0] != '-'))
		return false;
	for (size_t i = 1; i < NUMBER; i++)
		if (!ascii_digit(number.p[i]))
			return false;
	return rules_next_word(rules, name, &at, &known) && known.sort == WORD_KNOWN &&
		!known.begin && known.end == name.n;
}

/* What may stand behind a word and is no part of it; a compare, where strchr() is a call. */
static inline bool may_follow(char c)
{
	switch (c) {
	case '.':
	case ':':
	case '\'':
	case '!':
	case '?':
	case '=':
	case '\0':
		return true;
	}
	return false;
}

/* TOLD: it holds a sign that all but few need which are replaced. */
static struct span replacement(
	struct span w, bool told, const struct span *locals, const struct rules *rules)
{
	struct span bare = w;
	while (bare.n && may_follow(bare.p[bare.n - 1]))
		bare.n--;
	while (bare.n && (bare.p[0] == '\'' || bare.p[0] == '=' || !bare.p[0])) {
		bare.p++;
		bare.n--;
	}
	if (!bare.n)
		return w;
	if (!told) {
		if (span_starts_nocase(w, SPAN("www.")))
			return SPAN("<url>");
		if (is_local_word(bare, locals))
			return SPAN("<address>");
		if (is_in_domain(bare, locals))
			return SPAN("<domain>");
		return w;
	}
	if (is_url(w))
		return SPAN("<url>");
	if (is_address_word(w) || is_local_word(bare, locals))
		return SPAN("<address>");
	if (is_in_domain(bare, locals))
		return SPAN("<domain>");
	if (is_ipv4(bare) || is_ipv6(bare) || (holds_ip(bare) && !is_continued_code(bare)))
		return SPAN("<ip>");
	if (!is_code(bare) && is_id(bare))
		return is_numbered_answer(bare, rules) ? w : SPAN("<id>");
	if (is_code(bare) && is_id(bare) && !memchr(bare.p, '.', bare.n) &&
		!memchr(bare.p, '-', bare.n))
		return SPAN("<id>");
	return w;
}

/* "user%host.tld", "user#host.tld", "host.tld!user": how mail was once routed. */
static bool is_routed_address(struct span w)
{
	for (size_t i = 1; i + 1 < w.n; i++) {
		bool host_first = w.p[i] == '!';
		if (!host_first && w.p[i] != '%' && w.p[i] != '#')
			continue;
		struct span host = host_first ? (struct span){ w.p, i }
					      : (struct span){ w.p + i + 1, w.n - i - 1 };
		if (memchr(host.p, '.', host.n) && host.n > 3 && is_word_letter(host.p[host.n - 1]))
			return true;
	}
	return false;
}

bool names_address(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t begin = i;
		while (i < text.n && !is_word_separator(text.p[i]) &&
			!memchr("\t\r\n", text.p[i], 3))
			i++;
		struct span word = { text.p + begin, i - begin };
		bool whole = word.n > 2 && word.p[0] != '@' &&
			word.p[word.n - 1] != '@'; /* an '@' of its own is a word */
		if ((whole && !is_url(word) &&
			    (is_address_word(word) || is_routed_address(word))) ||
			(word.n && spoken_address(word, text.p, text.n, i)))
			return true;
	}
	return false;
}

size_t redact(char *buffer, size_t size, struct span text, const struct span *locals,
	const struct rules *rules)
{
	char clean[EVENT_DIAGNOSTIC_SIZE * 2];
	struct redact_output o = { buffer, 0, size };
	size_t n = span_copy_text(clean, sizeof clean, text), i = 0;
	if (!size)
		return 0;
	while (i < n) {
		size_t begin = i;
		unsigned seen = 0;
		while (i < n && !is_word_separator(clean[i]))
			seen |= signs[(unsigned char)clean[i++]];
		struct span word = { clean + begin, i - begin };
		if (!word.n) {
			put_word(&o, (struct span){ clean + i++, 1 });
			continue;
		}
		size_t spoken = spoken_address(word, clean, n, i);
		bool alone = begin > 0 && clean[begin - 1] == '<' && i < n && clean[i] == '>';
		struct span with = spoken || (alone && is_bracketed_name(word))
			? SPAN("<address>")
			: replacement(word, seen & TELLS, locals, rules);
		i = spoken ? spoken : i;
		if (with.p != word.p && alone && o.n && o.to[o.n - 1] == '<') {
			o.n--; /* "<user@example.org>" is one <address>, not two pairs of
				brackets */
			i++;
		}
		put_word(&o, with);
	}
	buffer[o.n] = '\0';
	explicit_bzero(clean, sizeof clean);
	return o.n;
}
