/*
 * Suffixes of host names and domains in a hash table. A name is asked label by
 * label from the left, so that the longest suffix answers first: as many looks as
 * the name has labels, whatever the number of profiles. A suffix with a leading dot
 * holds for names below it only.
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/provider.h"

enum { NAME_MAX_BYTES = 255 }; /* RFC 1035 section 2.3.4 */

struct suffix {
	uint32_t text; /* where it stands among the texts, without the leading dot; 0: free */
	uint32_t hash;
	uint16_t number;
	uint8_t list;
	bool below; /* names below it only */
};

struct profile {
	char name[EVENT_PROVIDER_SIZE];
	char title[PROVIDER_TITLE_SIZE];
	char ladder[LADDER_NAME_SIZE];
	bool large;
	unsigned connections;
};

struct provider_table {
	struct profile *profiles;
	size_t count;
	struct suffix *slots;
	size_t mask;
	char *texts; /* NUL-terminated, behind an empty one */
	size_t texts_used;
	struct span *large; /* the domains of large providers that a slip may be meant for */
	size_t larges;
};

static unsigned char lower_name(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t hash_of_name(enum provider_list list, const char *p, size_t n)
{
	uint32_t h = 0x811c9dc5u + (uint32_t)list;

	for (size_t i = 0; i < n; i++)
		h = (h ^ lower_name(p[i])) * 0x01000193u; /* FNV-1a */
	return h;
}

static struct suffix *slot_of(
	const struct provider_table *t, enum provider_list list, const char *p, size_t n)
{
	uint32_t hash = hash_of_name(list, p, n);
	size_t i = hash & t->mask;

	for (; t->slots[i].text; i = (i + 1) & t->mask)
		if (t->slots[i].hash == hash && t->slots[i].list == list &&
			span_equal_nocase(
				span_of(t->texts + t->slots[i].text), (struct span){ p, n }))
			break;
	return &t->slots[i];
}

static bool add_suffix(struct provider_table *t, size_t number, enum provider_list list,
	const char *text, char *error, size_t size)
{
	bool below = *text == '.';
	size_t n = strlen(text += below);
	struct suffix *s = slot_of(t, list, text, n);

	if (!n || n > NAME_MAX_BYTES) {
		snprintf(error, size, "provider %s: a %s is empty or too long",
			t->profiles[number].name, list == PROVIDER_HOST ? "host" : "domain");
		return false;
	}
	if (s->text) {
		snprintf(error, size, "provider %s: %s belongs to %s already",
			t->profiles[number].name, text, t->profiles[s->number].name);
		return false;
	}
	s->text = (uint32_t)t->texts_used;
	memcpy(t->texts + t->texts_used, text, n + 1);
	t->texts_used += n + 1;
	s->hash = hash_of_name(list, text, n);
	s->number = (uint16_t)number;
	s->list = (uint8_t)list;
	s->below = below;
	return true;
}

static size_t length_of(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static size_t bytes_of_profile(const char *const *list)
{
	size_t n = 0;

	for (size_t i = 0; list && list[i]; i++)
		n += strlen(list[i]) + 1;
	return n;
}

static bool add_profile(
	struct provider_table *t, const struct provider_spec *spec, char *error, size_t size)
{
	size_t number = t->count;

	if (!*spec->name || provider_number(t, spec->name) >= 0) {
		snprintf(error, size, "provider %s: %s", spec->name,
			*spec->name ? "is there twice" : "has no name");
		return false;
	}
	memcpy(t->profiles[number].name, spec->name, sizeof spec->name);
	t->profiles[number].large = spec->large;
	t->profiles[number].connections = spec->connections;
	if (spec->title)
		snprintf(t->profiles[number].title, PROVIDER_TITLE_SIZE, "%s", spec->title);
	if (spec->ladder)
		snprintf(t->profiles[number].ladder, LADDER_NAME_SIZE, "%s", spec->ladder);
	t->count++;
	for (size_t i = 0; i < length_of(spec->domains); i++)
		if (!add_suffix(t, number, PROVIDER_DOMAIN, spec->domains[i], error, size))
			return false;
	for (size_t i = 0; i < length_of(spec->hosts); i++)
		if (!add_suffix(t, number, PROVIDER_HOST, spec->hosts[i], error, size))
			return false;
	return true;
}

static bool add_profiles(struct provider_table *t, const struct provider_spec *specs, size_t count,
	char *error, size_t size)
{
	size_t suffixes = 0, bytes = 1;

	for (size_t i = 0; i < count; i++) {
		suffixes += length_of(specs[i].domains) + length_of(specs[i].hosts);
		bytes += bytes_of_profile(specs[i].domains) + bytes_of_profile(specs[i].hosts);
	}
	for (t->mask = 64; t->mask < suffixes * 2; t->mask *= 2)
		;
	t->slots = calloc(t->mask--, sizeof *t->slots);
	t->profiles = calloc(count + 1, sizeof *t->profiles);
	t->texts = calloc(bytes, 1);
	t->texts_used = 1;
	snprintf(error, size, "no memory");
	if (!t->slots || !t->profiles || !t->texts)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_profile(t, &specs[i], error, size))
			return false;
	return true;
}

bool provider_table_build(struct image *image, const struct provider_spec *specs, size_t count,
	char *error, size_t size)
{
	struct provider_table t = { 0 };
	bool good = add_profiles(&t, specs, count, error, size) &&
		image_add(image, PIECE_PROFILES, t.profiles, t.count * sizeof *t.profiles) &&
		image_add(image, PIECE_SUFFIXES, t.slots, (t.mask + 1) * sizeof *t.slots) &&
		image_add(image, PIECE_SUFFIX_TEXTS, t.texts, t.texts_used);

	free(t.slots);
	free(t.profiles);
	free(t.texts);
	return good;
}

enum { SLIP_LEAST = 6 }; /* bytes of a domain; of shorter ones too many are one letter away */

static bool list_large(struct provider_table *t)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		if (pass && !(t->large = calloc(t->larges + 1, sizeof *t->large)))
			return false;
		t->larges = 0;
		for (size_t i = 0; i <= t->mask; i++) {
			const struct suffix *s = &t->slots[i];
			if (!s->text || s->list != PROVIDER_DOMAIN || s->number >= t->count ||
				!t->profiles[s->number].large)
				continue;
			struct span known = span_of(t->texts + s->text);
			if (known.n >= SLIP_LEAST && pass)
				t->large[t->larges] = known;
			t->larges += known.n >= SLIP_LEAST;
		}
	}
	return true;
}

struct provider_table *provider_table_open(const void *image)
{
	struct provider_table *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	/*
	 * nobody writes to them through these pointers but the builder, which has blocks of its own
	 */
	t->profiles = (struct profile *)image_piece(
		image, PIECE_PROFILES, sizeof *t->profiles, &t->count);
	t->slots = (struct suffix *)image_piece(image, PIECE_SUFFIXES, sizeof *t->slots, &t->mask);
	t->texts = (char *)image_piece(image, PIECE_SUFFIX_TEXTS, 1, &t->texts_used);
	if (t->texts_used && !t->texts[t->texts_used - 1] && t->mask &&
		!(t->mask & (t->mask - 1))) {
		t->mask--;
		if (list_large(t))
			return t;
	}
	free(t);
	return NULL;
}

void provider_table_free(struct provider_table *t)
{
	if (t)
		free(t->large);
	free(t);
}

int provider_find(const struct provider_table *t, enum provider_list list, struct span name)
{
	bool whole = true;

	while (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > NAME_MAX_BYTES)
		return -1;
	while (name.n) {
		const struct suffix *s = slot_of(t, list, name.p, name.n);
		const char *dot;

		if (s->text && !(s->below && whole))
			return s->number;
		dot = memchr(name.p, '.', name.n);
		if (!dot)
			break;
		name.n -= (size_t)(dot + 1 - name.p);
		name.p = dot + 1;
		whole = false;
	}
	return -1;
}

/* What is left of two names between their common beginning and end. */
struct slip {
	struct span typed, meant;
	size_t head; /* bytes before it */
};

static struct slip slip_of(struct span typed, struct span meant)
{
	size_t head = 0, tail = 0, least = typed.n < meant.n ? typed.n : meant.n;

	while (head < least && lower_name(typed.p[head]) == lower_name(meant.p[head]))
		head++;
	while (tail < least - head &&
		lower_name(typed.p[typed.n - 1 - tail]) == lower_name(meant.p[meant.n - 1 - tail]))
		tail++;
	return (struct slip){ { typed.p + head, typed.n - head - tail },
		{ meant.p + head, meant.n - head - tail }, head };
}

static bool is_swap(const struct slip *s)
{
	return s->typed.n == 2 && s->meant.n == 2 &&
		lower_name(s->typed.p[0]) == lower_name(s->meant.p[1]) &&
		lower_name(s->typed.p[1]) == lower_name(s->meant.p[0]);
}

/* The letter before it once more, or once less. */
static bool is_doubled(const struct slip *s)
{
	const struct span more = s->typed.n ? s->typed : s->meant;

	return s->typed.n + s->meant.n == 1 && s->head &&
		lower_name(*more.p) == lower_name(more.p[-1]);
}

static size_t label_of(struct span name)
{
	const char *dot = memchr(name.p, '.', name.n);

	return dot ? (size_t)(dot - name.p) : name.n;
}

/* Whether a large provider has the label under another top-level domain: mail.example, mail.com. */
static bool is_known_label(const struct provider_table *t, struct span label)
{
	for (size_t i = 0; i < t->larges; i++)
		if (label_of(t->large[i]) == label.n &&
			span_equal_nocase((struct span){ t->large[i].p, label.n }, label))
			return true;
	return false;
}

/*
 * One letter too much, too few or another one, or two that changed places. Of short names most
 * that are one letter away are somebody's own (aon.com is not aol.com), and so are the domains of
 * most countries: there only letters that changed places, or in a name of four one that came twice,
 * are a slip.
 */
static bool is_slip(const struct provider_table *t, struct span typed, struct span meant)
{
	enum { LONG_LABEL = 5, DOUBLED_LABEL = 4, SWAPPED_LABEL = 3 };
	const struct slip s = slip_of(typed, meant);
	const size_t label = label_of(meant), own = label_of(typed);
	const bool swap = is_swap(&s);

	if (!swap && (s.typed.n + s.meant.n < 1 || s.typed.n > 1 || s.meant.n > 1))
		return false;
	if (own == label && s.head > label) {
		size_t last = meant.n - 1;
		while (meant.p[last - 1] != '.')
			last--;
		return swap || s.head < last || typed.n != meant.n || meant.n - last > 2;
	}
	if (label < LONG_LABEL && !(swap && label >= SWAPPED_LABEL) &&
		!(is_doubled(&s) && label >= DOUBLED_LABEL))
		return false;
	return !is_known_label(t, (struct span){ typed.p, own });
}

const char *provider_near(const struct provider_table *t, struct span domain)
{
	const char *best = NULL;

	while (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n + 1 < SLIP_LEAST || domain.n > NAME_MAX_BYTES ||
		provider_find(t, PROVIDER_DOMAIN, domain) >= 0)
		return NULL;
	for (size_t i = 0; i < t->larges; i++) {
		struct span known = t->large[i];
		/* of several the first of the profiles, where the largest stand first */
		if (known.n <= domain.n + 1 && domain.n <= known.n + 1 &&
			(!best || known.p < best) && is_slip(t, domain, known))
			best = known.p;
	}
	return best;
}

int provider_number(const struct provider_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (*t->profiles[i].name == *name && !strcmp(t->profiles[i].name, name))
			return (int)i;
	return -1;
}

size_t provider_count(const struct provider_table *t)
{
	return t->count;
}
const char *provider_name(const struct provider_table *t, size_t number)
{
	return t->profiles[number].name;
}
const char *provider_title_of(const struct provider_table *t, size_t number)
{
	const struct profile *p = &t->profiles[number];

	return *p->title ? p->title : NULL;
}

const char *provider_ladder_of(const struct provider_table *t, size_t number)
{
	const struct profile *p = &t->profiles[number];

	if (*p->ladder)
		return p->ladder;
	if (p->large)
		return "large";
	return "small";
}

bool provider_large(const struct provider_table *t, size_t number)
{
	return t->profiles[number].large;
}
unsigned provider_connections_of(const struct provider_table *t, size_t number)
{
	return t->profiles[number].connections;
}
