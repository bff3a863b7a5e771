/* What receivers said, as the store of the reports' tests has it. */
#ifndef RETOUR_TESTS_REPORTS_SAID_H
#define RETOUR_TESTS_REPORTS_SAID_H

#include "store/figures.h"

enum { FAKE_SAID_MAX = 64 };
static struct wording fake_said[FAKE_SAID_MAX]; /* by provider, the most frequent first */
static size_t fake_saids;

static inline void fake_says(
	int32_t day, enum category category, const char *provider, const char *text, uint64_t count)
{
	struct wording *w = &fake_said[fake_saids++];

	*w = (struct wording){ .klass = (uint8_t)category_class(category),
		.category = (uint8_t)category,
		.count = count,
		.first = day,
		.last = day };
	snprintf(w->provider, sizeof w->provider, "%s", provider);
	snprintf(w->code, sizeof w->code, "550 5.1.1");
	snprintf(w->text, sizeof w->text, "%s", text);
}

int store_wordings(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const struct wording *w), void *context)
{
	(void)s;
	for (size_t i = 0; i < fake_saids; i++)
		if (fake_said[i].last >= from && fake_said[i].last <= to &&
			visit(context, &fake_said[i]))
			return STORE_FAILED;
	return STORE_OK;
}

#endif
