#include "classify/authres.h"

#include <string.h>

enum { VALUE_MAX = 4096 }; /* a longer field says nothing: what is cut off might have changed it */

/*
 * VALUE without comments (RFC 5322 section 3.2.2), quotes undone but for what would part the field;
 * white space as one blank. False: too long, or damaged.
 */
static bool plain_value(struct span value, char *out, size_t *length)
{
	size_t n = 0;
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool escaped = c == '\\' && (quoted || depth) && i + 1 < value.n;
		if (escaped)
			c = value.p[++i];
		else if (c == '"' && !depth) {
			quoted = !quoted;
			continue;
		} else if (c == '(' && !quoted) {
			depth++;
			continue;
		} else if (c == ')' && depth) {
			depth--;
			c = ' ';
		}
		if (depth)
			continue;
		if ((quoted || escaped) && strchr(";= \t\r\n", c))
			c = '_';
		else if (strchr("\t\r\n", c))
			c = ' ';
		if (c == ' ' && (!n || out[n - 1] == ' '))
			continue;
		if (n == VALUE_MAX)
			return false;
		out[n++] = c;
	}
	*length = n;
	return !quoted && !depth;
}

/* Cuts off REST what stands before the next END, trimmed. */
static struct span cut(struct span *rest, char end)
{
	const char *at = memchr(rest->p, end, rest->n);
	size_t n = at ? (size_t)(at - rest->p) : rest->n;
	struct span part = { rest->p, n };
	*rest = at ? (struct span){ at + 1, rest->n - n - 1 } : (struct span){ rest->p + n, 0 };
	return span_trim(part);
}

/*
 * "header.from = example.net" is allowed; blanks around '=' go. The next "name=value" of REST;
 * false at its end.
 */
static bool next_pair(struct span *rest, struct span *name, struct span *value)
{
	*rest = span_trim(*rest);
	if (!rest->n)
		return false;
	const char *equal = memchr(rest->p, '=', rest->n);
	if (!equal)
		return false;
	*name = span_trim((struct span){ rest->p, (size_t)(equal - rest->p) });
	const char *blank = memrchr(name->p, ' ',
		name->n); /* words without a value are passed over: "dkim=pass stray header.d=…" */
	if (blank)
		*name = (struct span){ blank + 1, (size_t)(name->p + name->n - blank - 1) };
	*rest = span_trim((struct span){ equal + 1, (size_t)(rest->p + rest->n - equal - 1) });
	*value = cut(rest, ' ');
	return true;
}

/* The domain of "user@domain", "@domain" or "domain". */
static struct span authres_domain_of(struct span value)
{
	const char *at = memrchr(value.p, '@', value.n);
	return at ? (struct span){ at + 1, (size_t)(value.p + value.n - at - 1) } : value;
}

static bool is_or_is_below(struct span domain, struct span above)
{
	return span_equal_nocase(domain, above) ||
		(memchr(above.p, '.', above.n) && domain.n > above.n &&
			domain.p[domain.n - above.n - 1] == '.' && span_ends_nocase(domain, above));
}

static const struct {
	struct span method, property;
	bool below; /* a domain above the sender's is enough */
} proofs[] = {
	{ SPAN("dmarc"), SPAN("header.from"), false },
	{ SPAN("dkim"), SPAN("header.d"), true },
	{ SPAN("dkim"), SPAN("header.i"), true },
	{ SPAN("spf"), SPAN("smtp.mailfrom"), false },
};

enum result_proof { SAYS_NOTHING, SAYS_PASS, SAYS_FAIL };

/* Where there is a policy and it was not met, nothing else proves anything. */
static bool is_failure(struct span method, struct span said)
{
	static const struct span harmless[] = { SPAN("pass"), SPAN("none"), SPAN("bestguesspass"),
		SPAN("temperror"), SPAN("permerror") };
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (span_equal_nocase(said, harmless[i]))
			return false;
	return span_equal_nocase(method, SPAN("dmarc"));
}

/*
 * One result: "dkim=pass header.d=example.net header.s=a". An identity (header.i) lies below the
 * domain that signed (RFC 6376 section 3.5): of a DKIM result that names both the domain counts.
 */
static enum result_proof result_says(struct span result, struct span domain)
{
	struct span method, said, name, value;
	bool by_domain = false, by_identity = false, signer = false;
	if (!next_pair(&result, &method, &said))
		return SAYS_NOTHING;
	struct span rest = method;
	method = cut(&rest, '/'); /* its version */
	if (!span_equal_nocase(said, SPAN("pass")))
		return is_failure(method, said) ? SAYS_FAIL : SAYS_NOTHING;
	while (next_pair(&result, &name, &value)) {
		bool identity = span_equal_nocase(name, SPAN("header.i"));
		signer |= span_equal_nocase(name, SPAN("header.d"));
		for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
			struct span proven = authres_domain_of(value);
			bool proves = span_equal_nocase(method, proofs[i].method) &&
				span_equal_nocase(name, proofs[i].property) && proven.n &&
				(proofs[i].below ? is_or_is_below(domain, proven)
						 : span_equal_nocase(domain, proven));
			by_identity |= proves && identity;
			by_domain |= proves && !identity;
		}
	}
	return by_domain || (by_identity && !signer) ? SAYS_PASS : SAYS_NOTHING;
}

static bool is_our_authserv(struct span id, const char *const *ids)
{
	for (; *ids; ids++)
		if (span_equal_nocase(id, span_of(*ids)))
			return true;
	return false;
}

bool authres_passes(const struct fields *fields, const char *const *ids, struct span domain)
{
	char text[VALUE_MAX];
	struct fields_at at = { 0 };
	struct field f;
	size_t n;
	while (ids && *ids && domain.n && fields_next(fields, &at, &f)) {
		if (!span_equal_nocase(f.name, SPAN("Authentication-Results")))
			continue;
		bool whole = plain_value(f.value, text, &n);
		struct span rest = { text, whole ? n : 0 }, head = cut(&rest, ';'),
			    id = cut(&head, ' '); /* what is behind the name is a version */
		if (!whole)
			return false; /* whose it is cannot be told: better none than one below
				       it */
		if (!is_our_authserv(id, ids))
			continue;
		bool passed = false;
		while (rest.n) {
			enum result_proof says = result_says(cut(&rest, ';'), domain);
			if (says == SAYS_FAIL)
				return false;
			passed |= says == SAYS_PASS;
		}
		return passed;
	}
	return false;
}
