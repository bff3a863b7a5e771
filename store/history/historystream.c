/*
 * Objections to one stream of our mail, in a contact's history.
 *
 * Of each stream the last decision of an operator is kept, and of what was said behind it the first
 * days and the last one: a set of which it does not matter in what order it was filled. Days have
 * no time, so what is said on the day of the decision, but later, stands under the next day.
 */
#include <string.h>
#include "classify/base/units.h"
#include "store/history/history.h"

/* --- order ------------------------------------------------------------------- */

static int order_of_objections(
	const struct history *h, const struct objection *a, const struct objection *b)
{
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	if (a->freed != b->freed)
		return a->freed ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return history_reference_order(h, a->by, b->by);
}

static void remove_objection(struct history *h, unsigned i)
{
	h->objections--;
	memmove(&h->objection[i], &h->objection[i + 1],
		(h->objections - i) * sizeof h->objection[0]);
}

static unsigned streams_in(const struct history *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->objections; i++)
		n += h->objection[i].stream != OBJECTION_ANY &&
			(!i || h->objection[i - 1].stream != h->objection[i].stream);
	return n;
}

int64_t history_freed(const struct history *h, uint32_t stream)
{
	for (unsigned i = 0; i < h->objections; i++)
		if (h->objection[i].stream == stream && h->objection[i].freed)
			return h->objection[i].at;
	return 0;
}

/* --- adding ------------------------------------------------------------------ */

/* The last decision holds, and ends what was said before it. */
static void settle_freed(struct history *h, uint32_t stream)
{
	int64_t last = 0;

	for (unsigned i = 0; i < h->objections; i++)
		if (h->objection[i].stream == stream && h->objection[i].freed)
			last = larger(last, h->objection[i].at);
	for (unsigned i = h->objections; last && i-- > 0;)
		if (h->objection[i].stream == stream &&
			(h->objection[i].freed ? h->objection[i].at < last
					       : h->objection[i].at <= last))
			remove_objection(h, i);
}

/* Of two on one day the one that stands first; of too many days the last but one goes. */
static void thin_days(struct history *h, uint32_t stream)
{
	unsigned first = 0, n = 0;

	while (first < h->objections &&
		(h->objection[first].stream != stream || h->objection[first].freed))
		first++;
	while (first + n < h->objections && h->objection[first + n].stream == stream) {
		if (n && h->objection[first + n].at == h->objection[first + n - 1].at)
			remove_objection(h, first + n);
		else
			n++;
	}
	if (n > OBJECTION_DAYS_MAX)
		remove_objection(h, first + n - 2);
}

static void insert_objection(struct history *h, const struct objection *o)
{
	unsigned i = 0;

	if (o->freed && o->at <= history_freed(h, o->stream))
		return;
	while (i < h->objections && order_of_objections(h, &h->objection[i], o) < 0)
		i++;
	memmove(&h->objection[i + 1], &h->objection[i],
		(h->objections - i) * sizeof h->objection[0]);
	h->objection[i] = *o;
	h->objections++;
	settle_freed(h, o->stream);
	thin_days(h, o->stream);
}

/* The stream with the greatest number is told apart no more. */
static void join_last_stream(struct history *h)
{
	unsigned end = h->objections, begin;

	while (end && h->objection[end - 1].stream == OBJECTION_ANY)
		end--;
	begin = end;
	while (begin && h->objection[begin - 1].stream == h->objection[end - 1].stream)
		begin--;
	for (; begin < end; end--) {
		struct objection o = h->objection[begin];
		remove_objection(h, begin);
		o.stream = OBJECTION_ANY;
		if (!o.freed)
			insert_objection(h, &o);
	}
}

static void add_objection(struct history *h, const struct objection *o)
{
	insert_objection(h, o);
	if (streams_in(h) > OBJECTION_STREAMS_MAX)
		join_last_stream(h);
}

void history_object(struct history *h, uint32_t stream, int64_t at, const struct cause *cause,
	uint32_t campaign, uint32_t answer)
{
	int64_t freed = history_freed(h, stream), day = day_start(at);

	if (freed && at <= freed)
		return;
	add_objection(h,
		&(struct objection){ stream, false, freed && day <= freed ? day + DAY : day,
			{ history_cause_number(h, cause), campaign, answer } });
}

void history_free_stream(struct history *h, uint32_t stream, int64_t at)
{
	add_objection(h, &(struct objection){ stream, true, at, NO_REFERENCE });
}

void history_hear_freed(struct history *h, const struct history *from)
{
	for (unsigned i = 0; i < from->objections; i++)
		if (from->objection[i].freed)
			history_free_stream(h, from->objection[i].stream, from->objection[i].at);
}

/*
 * Of all histories, as H may have more streams than it tells apart and so no longer know of one
 * that it was let through.
 */
static bool is_over(const struct objection *o, unsigned n, history_number *from, void *context)
{
	for (unsigned i = 0; !o->freed && i < n; i++)
		if (o->at <= history_freed(from(context, i), o->stream))
			return true;
	return false;
}

void history_add_objections(struct history *h, unsigned n, history_number *from, void *context)
{
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < n; i++) {
			const struct history *other = from(context, i);
			for (unsigned k = 0; k < other->objections; k++) {
				struct objection o = other->objection[k];
				if (o.freed != !pass || is_over(&o, n, from, context))
					continue;
				o.by = history_take_reference(h, other, o.by);
				add_objection(h, &o);
			}
		}
}

bool history_objections_are_sound(const struct history *h)
{
	unsigned same = 0;

	for (unsigned i = 0; i < h->objections; i++) {
		const struct objection *o = &h->objection[i], *before = o - 1;
		bool first = !i || before->stream != o->stream;
		same = first || before->freed ? 1 : same + 1;
		if (!o->stream || same > OBJECTION_DAYS_MAX ||
			(o->freed && (!first || o->stream == OBJECTION_ANY)) ||
			(i && before->stream > o->stream) ||
			(!first && !before->freed && before->at >= o->at))
			return false;
	}
	return streams_in(h) <= OBJECTION_STREAMS_MAX;
}

/* --- asking and taking back ---------------------------------------------------- */

void history_drop_objections(struct history *h, int64_t at)
{
	for (unsigned i = h->objections; i-- > 0;)
		if (h->objection[i].at <= at)
			remove_objection(h, i);
}

const struct objection *history_objection(const struct history *h, uint32_t stream)
{
	for (unsigned i = 0; i < h->objections; i++)
		if (h->objection[i].stream == stream && !h->objection[i].freed)
			return &h->objection[i];
	return NULL;
}

const struct objection *history_first_objection(const struct history *h, unsigned n)
{
	const struct objection *last = NULL;

	for (unsigned i = 0; i < h->objections; i++) {
		const struct objection *o = &h->objection[i];
		if (o->freed || (last && last->stream == o->stream))
			continue;
		last = o;
		if (!n--)
			return o;
	}
	return NULL;
}

bool history_take_objections_back(struct history *h,
	bool (*test)(void *context, const struct history *h, const struct objection *o),
	void *context)
{
	unsigned before = h->objections;

	for (unsigned i = h->objections; i-- > 0;)
		if (!h->objection[i].freed && test(context, h, &h->objection[i]))
			remove_objection(h, i);
	return h->objections < before;
}
