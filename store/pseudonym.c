/*
 * From an address to a pseudonym.
 *
 * Canonical form: the text without blanks and angle brackets around it; the domain in lower-case
 * A-labels (IDNA 2008, libidn2) without a final dot; quotes around a local part that needs none
 * removed (RFC 5321 section 4.1.2: "joe"@x is joe@x); the local part in NFC, and lower-cased where
 * [privacy] fold_local_part says so. No receiver in use tells Joe@ from joe@. With [privacy]
 * fold_gmail googlemail.com is gmail.com, and the dots of an atom's local part there go.
 *
 * Pseudonym: BLAKE2b, 16 bytes, under a 32-byte key, of "retour pseudonym 1" NUL purpose NUL
 * canonical form, where purpose is "state" or "event". Another form or input is another version.
 */
#include <idn2.h>
#include <sodium.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include "classify/base/span.h"
#include "store/internal.h"
#include "store/pseudonym.h"

enum { LOCAL_MAX = 254, DOMAIN_MAX = 253, LABEL_MAX = 63 };

static const char atext_specials[] = "!#$%&'*+-/=?^_`{|}~";

static bool is_local_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower_local(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_ascii_local(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] >= 0x80)
			return false;
	return true;
}

/*
 * Real local parts break the dot-atom rule (two dots, a final one): dots are taken wherever they
 * stand.
 */
static bool is_atoms(struct span t)
{
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];
		if (!is_local_alnum(c) && c != '.' && c < 0x80 &&
			(!c || !strchr(atext_specials, c)))
			return false;
	}
	return t.n > 0;
}

static bool is_printable(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] < 0x20 || t.p[i] == 0x7f)
			return false;
	return true;
}

/* The local part into OUT of LOCAL_MAX bytes; 0 when it is none. */
static size_t canonical_local(struct span t, bool fold, char *out)
{
	size_t n = 0;

	if (t.n >= 2 && t.p[0] == '"' && t.p[t.n - 1] == '"') {
		struct span inner = { t.p + 1, t.n - 2 };
		if (is_atoms(inner))
			t = inner;
		else if (!is_printable(inner))
			return 0;
	} else if (!is_atoms(t)) {
		return 0;
	}
	if (t.n > LOCAL_MAX)
		return 0;
	if (is_ascii_local(t)) {
		for (; n < t.n; n++)
			out[n] = fold ? lower_local(t.p[n]) : t.p[n];
		return n;
	}
	if (u8_check((const uint8_t *)t.p, t.n))
		return 0;
	uint8_t *utf8 = fold ? u8_tolower((const uint8_t *)t.p, t.n, NULL, UNINORM_NFC, NULL, &n)
			     : u8_normalize(UNINORM_NFC, (const uint8_t *)t.p, t.n, NULL, &n);
	if (!utf8)
		return 0;
	size_t kept = n <= LOCAL_MAX ? n : 0;
	memcpy(out, utf8, kept);
	sodium_memzero(utf8, n);
	free(utf8);
	return kept;
}

/* Letters, digits, hyphens, underscores in labels of 1 to 63; or an address literal in brackets. */
static bool is_folded_domain(struct span t)
{
	size_t label = 0;

	if (!t.n || t.n > DOMAIN_MAX)
		return false;
	bool literal = t.p[0] == '[' && t.n > 2 && t.p[t.n - 1] == ']';
	for (size_t i = literal; i < t.n - literal; i++) {
		char c = t.p[i];
		if (literal &&
			(is_local_alnum((unsigned char)c) || c == '.' || c == ':' || c == '-'))
			continue;
		if (!literal && c == '.' && label) {
			label = 0;
			continue;
		}
		if (literal || !(is_local_alnum((unsigned char)c) || c == '-' || c == '_') ||
			++label > LABEL_MAX)
			return false;
	}
	return literal || label;
}

/* The domain into OUT of DOMAIN_MAX bytes; 0 when it is none. */
static size_t canonical_domain(struct span t, char *out)
{
	size_t n = 0;

	if (t.n && t.p[t.n - 1] == '.')
		t.n--;
	if (is_ascii_local(t)) {
		if (!is_folded_domain(t))
			return 0;
		for (; n < t.n; n++)
			out[n] = lower_local(t.p[n]);
		return n;
	}
	char text[4 * DOMAIN_MAX + 1], *ascii = NULL;
	if (t.n >= sizeof text || memchr(t.p, 0, t.n))
		return 0;
	memcpy(text, t.p, t.n);
	text[t.n] = '\0';
	if (idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK) {
		n = strlen(ascii);
		if (is_folded_domain((struct span){ ascii, n }))
			memcpy(out, ascii, n);
		else
			n = 0;
		sodium_memzero(ascii, strlen(ascii));
		idn2_free(ascii);
	}
	sodium_memzero(text, sizeof text);
	return n;
}

/* Gmail takes no account of dots, and its second domain is the first: N of OUT, as many or fewer.
 */
static size_t fold_gmail(char *out, size_t local, size_t n)
{
	static const struct span second = SPAN("googlemail.com"), first = SPAN("gmail.com");
	const struct span domain = { out + local + 1, n - local - 1 };
	size_t kept = 0;

	if (*out == '"' || !(span_equal_nocase(domain, first) || span_equal_nocase(domain, second)))
		return n;
	for (size_t i = 0; i < local; i++)
		if (out[i] != '.')
			out[kept++] = out[i];
	if (!kept)
		return n; /* nothing but dots is nobody's mailbox */
	out[kept++] = '@';
	memcpy(out + kept, first.p, first.n);
	sodium_memzero(out + kept + first.n, n - kept - first.n);
	return kept + first.n;
}

size_t address_canonical(const char *address, size_t n, unsigned folding, char out[CANONICAL_SIZE])
{
	struct span t = span_trim((struct span){ address, n });

	if (t.n > 2 && t.p[0] == '<' && t.p[t.n - 1] == '>')
		t = span_trim((struct span){ t.p + 1, t.n - 2 });
	const char *at = t.n ? memrchr(t.p, '@', t.n) : NULL;
	if (!at)
		return 0;
	size_t local_n = (size_t)(at - t.p);
	size_t local = canonical_local((struct span){ t.p, local_n }, folding & FOLD_CASE, out);
	if (!local)
		return 0;
	out[local] = '@';
	size_t domain = canonical_domain(
		(struct span){ at + 1, t.n - local_n - 1 }, out + local + 1);
	if (!domain)
		return 0;
	return folding & FOLD_GMAIL ? fold_gmail(out, local, local + 1 + domain)
				    : local + 1 + domain;
}
_Static_assert(LOCAL_MAX + 1 + DOMAIN_MAX <= CANONICAL_SIZE, "a canonical address must fit");

void pseudonym(unsigned char out[PSEUDONYM_SIZE], enum pseudonym_purpose purpose,
	const unsigned char key[KEY_SIZE], const char *canonical, size_t n)
{
	static const char prefix[2][sizeof "retour pseudonym 1\0state"] = {
		[PSEUDONYM_STATE] = "retour pseudonym 1\0state",
		[PSEUDONYM_EVENT] = "retour pseudonym 1\0event",
	};
	unsigned char input[sizeof prefix[0] + CANONICAL_SIZE];

	memcpy(input, prefix[purpose], sizeof prefix[0]);
	memcpy(input + sizeof prefix[0], canonical, n);
	crypto_generichash(out, PSEUDONYM_SIZE, input, sizeof prefix[0] + n, key, KEY_SIZE);
	sodium_memzero(input, sizeof input);
}

void pseudonym_seal(unsigned char p[PSEUDONYM_SIZE], const unsigned char key[KEY_SIZE])
{
	static const char prefix[] = "retour pseudonym 1\0seal";
	unsigned char input[sizeof prefix + PSEUDONYM_SIZE];

	memcpy(input, prefix, sizeof prefix);
	memcpy(input + sizeof prefix, p, PSEUDONYM_SIZE);
	crypto_generichash(p, PSEUDONYM_SIZE, input, sizeof input, key, KEY_SIZE);
	sodium_memzero(input, sizeof input);
}
