#include "classify/mailstream.h"

#include <string.h>
#include "classify/base/bytes.h"
#include "classify/recipient.h"

bool stream_pattern_fits(const char *pattern, struct span text)
{
	const char *star = NULL;
	size_t i = 0, from = 0;

	while (i < text.n) {
		if (*pattern == '*') {
			star = ++pattern;
			from = i;
		} else if (*pattern &&
			span_equal_nocase(
				(struct span){ pattern, 1 }, (struct span){ text.p + i, 1 })) {
			pattern++;
			i++;
		} else if (star) {
			/* the last star takes one more */
			pattern = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool any_fits(const char *const *patterns, struct span text)
{
	for (; text.n && patterns && *patterns; patterns++)
		if (stream_pattern_fits(*patterns, text))
			return true;
	return false;
}

static bool from_fits(const char *pattern, struct span address)
{
	struct span domain = address_domain(address);

	if (strchr(pattern, '@'))
		return stream_pattern_fits(pattern, address);
	while (domain.n && !stream_pattern_fits(pattern, domain)) {
		const char *dot = memchr(domain.p, '.', domain.n);
		if (!dot)
			return false;
		domain = (struct span){ dot + 1, (size_t)(domain.p + domain.n - dot - 1) };
	}
	return domain.n;
}

/* "Name <list.example.org>" as "list.example.org" (RFC 2919, section 3). */
static struct span list_of(struct span field)
{
	const char *open = field.n ? memrchr(field.p, '<', field.n) : NULL;
	if (!open)
		return span_trim(field);
	const char *end = field.p + field.n, *close = memchr(open, '>', (size_t)(end - open));
	return span_trim((struct span){ open + 1, (size_t)((close ? close : end) - open - 1) });
}

const struct mail_stream *stream_of_campaign(const struct mail_stream *all, const char *campaign)
{
	for (; all && all->name; all++)
		if (any_fits(all->campaigns, span_of(campaign)))
			return all;
	return NULL;
}

const struct mail_stream *stream_of_header(
	const struct mail_stream *all, struct span list_id, struct span from)
{
	struct found_address a;
	size_t i = 0;

	for (const struct mail_stream *s = all; s && s->name; s++)
		if (any_fits(s->list_ids, list_of(list_id)))
			return s;
	if (!all || !address_next(from, &i, &a))
		return NULL;
	for (const struct mail_stream *s = all; s->name; s++)
		for (const char *const *p = s->from; p && *p; p++)
			if (from_fits(*p, a.text))
				return s;
	return NULL;
}

int stream_by_name(const struct mail_stream *all, const char *name)
{
	for (int i = 0; all && all[i].name; i++)
		if (strcmp(all[i].name, name) == 0)
			return i;
	return -1;
}
