/*
 * From which receivers complaints come. Most receivers have no feedback loop: mail to them draws no
 * complaint whatever its readers think of it, and a rate of all mail would say least where they are
 * most. So complaints are held against what was sent to receivers from which one came within twelve
 * months up to the month in question.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/loading.h"

static int take_complaining(void *context, int32_t month, const char *provider)
{
	struct month_report *r = context;
	struct complaining *f = &r->complaining;
	const struct month last = r->month->month;
	const int32_t ago = (last.year - month / 100) * 12 + last.month - month % 100;
	size_t i = 0;
	while (i < f->count && strcmp(f->receiver[i].name, provider) != 0)
		i++;
	if (i == f->count) {
		struct complaining_receiver *more = reallocarray(
			f->receiver, f->count + 1, sizeof *more);
		if (!more)
			return -1;
		f->receiver = more;
		f->receiver[f->count++] = (struct complaining_receiver){ .months = 0 };
		span_copy_text(f->receiver[i].name, sizeof f->receiver[i].name, span_of(provider));
	}
	if (ago >= 0 && ago < MONTHS_SHOWN + FEEDBACK_MONTHS)
		f->receiver[i].months |= UINT32_C(1) << ago;
	return 0;
}

int feedback_load(struct month_report *r, struct store *store, int32_t from, int32_t to)
{
	return store_complaining(store, from, to, take_complaining, r) == STORE_OK ? 0 : -1;
}

/* The months with a complaint, the figures' own is bit 0, up to the twelfth. */
static uint32_t feedback_months(
	const struct month_report *r, const struct figures *f, const char *provider)
{
	const unsigned ago = (unsigned)(f - r->month);
	for (size_t i = 0; i < r->complaining.count; i++)
		if (strcmp(r->complaining.receiver[i].name, provider) == 0)
			return r->complaining.receiver[i].months >> ago &
				((UINT32_C(1) << FEEDBACK_MONTHS) - 1);
	return 0;
}

bool feedback_from(const struct month_report *r, const struct figures *f, const char *provider)
{
	return feedback_months(r, f, provider) != 0;
}

bool feedback_is_new(const struct month_report *r, const struct figures *f, const char *provider)
{
	return feedback_months(r, f, provider) == 1;
}
