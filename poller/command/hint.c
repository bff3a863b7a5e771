/*
 * Two sorts of slips: of the form, which a mail server refuses or which only looks like the address
 * that is meant, and of the domain: one letter beside a large provider's, where sixty hard bounces
 * are no news any more; or of a domain that nobody has.
 */
#include "poller/command/hint.h"

#include <stdio.h>
#include <string.h>
#include "classify/recipient.h"

#define HINT_NAME(symbol, name) name,
static const char *const hints[] = { HINTS(HINT_NAME) };

const char *hint_name(unsigned hint)
{
	return hint < HINT_COUNT ? hints[hint] : "";
}

int hint_by_name(const char *name)
{
	for (int i = HINT_NONE + 1; i < HINT_COUNT; i++)
		if (!strcmp(hints[i], name))
			return i;
	return -1;
}

/* --- form ----------------------------------------------------------------- */

/*
 * The bytes at TEXT of a character that nobody sees, 0: none, in UTF-8: soft hyphen, zero-width
 * space, joiners and marks, word joiner, byte order mark, directional formatting.
 */
static size_t invisible_at(struct span text)
{
	static const struct {
		const char *from, *to;
	} ranges[] = { { "\xc2\xad", "\xc2\xad" }, { "\xe2\x80\x8b", "\xe2\x80\x8f" },
		{ "\xe2\x80\xaa", "\xe2\x80\xae" }, { "\xe2\x81\xa0", "\xe2\x81\xa4" },
		{ "\xef\xbb\xbf", "\xef\xbb\xbf" } };
	if ((unsigned char)*text.p < 0x80)
		return 0;
	for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
		size_t n = strlen(ranges[r].from);
		if (text.n >= n && memcmp(text.p, ranges[r].from, n) >= 0 &&
			memcmp(text.p, ranges[r].to, n) <= 0)
			return n;
	}
	return 0;
}

static bool has_invisible(struct span text)
{
	for (; text.n; text.p++, text.n--)
		if (invisible_at(text))
			return true;
	return false;
}

bool hint_visible(struct span text, char *out, size_t size)
{
	size_t n = 0, all = text.n;
	while (text.n && n + 1 < size) {
		size_t unseen = invisible_at(text), step = unseen ? unseen : 1;
		if (!unseen)
			out[n++] = *text.p;
		text = (struct span){ text.p + step, text.n - step };
	}
	out[n] = '\0';
	return !text.n && n < all;
}

static bool has_stray_dots(struct span local)
{
	return local.n &&
		(local.p[0] == '.' || local.p[local.n - 1] == '.' ||
			memmem(local.p, local.n, "..", 2));
}

/* What is wrong with it, NULL: nothing that is known; "": something. */
static const char *fault_of(struct span address, bool is_address)
{
	const char *at = memchr(address.p, '@', address.n);
	struct span domain = address_domain(address);
	if (has_invisible(address))
		return "invisible";
	if (is_address)
		return domain.n && domain.p[0] != '[' && !memchr(domain.p, '.', domain.n) ? "no-dot"
											  : NULL;
	if (!at)
		return "no-at";
	if (memchr(at + 1, '@', address.n - (size_t)(at + 1 - address.p)))
		return "two-at";
	if (memchr(address.p, ',', address.n) || memchr(address.p, ';', address.n))
		return "comma";
	if (memchr(address.p, ' ', address.n) || memchr(address.p, '\t', address.n))
		return "blank";
	if (has_stray_dots((struct span){ address.p, (size_t)(at - address.p) }) ||
		has_stray_dots(domain))
		return "dots";
	return "";
}

/* --- domain --------------------------------------------------------------- */

/* Lists have few domains and many addresses. */
static const struct hint_domain *look_at_domain(struct hints *h, struct span domain)
{
	enum { PLACES = sizeof h->domain / sizeof *h->domain };
	uint32_t hash = 2166136261u;
	if (domain.n > sizeof h->domain->name)
		return NULL;
	for (size_t i = 0; i < domain.n; i++)
		hash = (hash ^ (unsigned char)domain.p[i]) * 16777619u; /* FNV-1a */
	struct hint_domain *place = &h->domain[hash % PLACES];
	if (place->n != domain.n || memcmp(place->name, domain.p, domain.n)) {
		place->n = (unsigned char)domain.n;
		memcpy(place->name, domain.p, domain.n);
		place->near = provider_mistyped(h->rules, domain);
		/* a store that cannot be read says so with the next answer */
		if (store_domain_is_gone(h->store, domain.p, domain.n, &place->gone))
			place->n = 0;
	}
	return place;
}

enum hint hint_of(struct hints *h, struct span address, bool is_address, char out[HINT_SIZE])
{
	address = span_trim(address);
	const char *fault = fault_of(address, is_address);
	const struct hint_domain *known;
	*out = '\0';
	if (fault) {
		snprintf(out, HINT_SIZE, *fault ? "%s:%s" : "%s", hints[HINT_SYNTAX], fault);
		return HINT_SYNTAX;
	}
	struct span domain = address_domain(address);
	if (!domain.n || !(known = look_at_domain(h, domain)))
		return HINT_NONE;
	if (known->near) {
		snprintf(out, HINT_SIZE, "%s:%s", hints[HINT_TYPO], known->near);
		return HINT_TYPO;
	}
	if (!known->gone)
		return HINT_NONE;
	snprintf(out, HINT_SIZE, "%s", hints[HINT_NO_DOMAIN]);
	return HINT_NO_DOMAIN;
}
