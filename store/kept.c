/* What an erasure kept of a share: sharekept.c keeps it, sharesum.c adds it up. */
#include "store/siteparts.h"

bool kept_is_nothing(const struct kept *k)
{
	return !k->hard.at && !k->complaint.at && !k->since && !k->streams;
}

void kept_end_add(struct kept_end *k, int64_t at, uint8_t category)
{
	if (at && (!k->at || at < k->at || (at == k->at && category < k->category)))
		*k = (struct kept_end){ at, category };
}

void kept_stream_add(struct kept *k, uint32_t number, const struct kept_end *end)
{
	unsigned i = 0;

	while (i < k->streams && k->stream[i].number < number)
		i++;
	if (i == k->streams || k->stream[i].number != number) {
		if (k->streams == KEPT_STREAMS_MAX)
			return;
		memmove(&k->stream[i + 1], &k->stream[i], (k->streams - i) * sizeof k->stream[0]);
		k->stream[i].number = number;
		k->stream[i].end = (struct kept_end){ 0, 0 };
		k->streams++;
	}
	kept_end_add(&k->stream[i].end, end->at, end->category);
}

void kept_since_add(struct kept *k, int64_t since, int64_t settled, uint8_t because)
{
	if (!since ||
		(k->since && (k->since < since || (k->since == since && k->because <= because)))) {
		k->settled = since ? larger(k->settled, settled) : k->settled;
		return;
	}
	k->since = since;
	k->because = because;
	k->settled = larger(k->settled, settled);
}

void kept_join(struct kept *to, const struct kept *from)
{
	kept_end_add(&to->hard, from->hard.at, from->hard.category);
	kept_end_add(&to->complaint, from->complaint.at, from->complaint.category);
	kept_since_add(to, from->since, from->settled, from->because);
	for (unsigned i = 0; i < from->streams; i++)
		kept_stream_add(to, from->stream[i].number, &from->stream[i].end);
}

void kept_drop(struct kept *k, int64_t at)
{
	unsigned left = 0;

	if (k->hard.at <= at)
		k->hard = (struct kept_end){ 0, 0 };
	if (k->complaint.at <= at)
		k->complaint = (struct kept_end){ 0, 0 };
	if (k->since <= at)
		k->since = k->settled = k->because = 0;
	for (unsigned i = 0; i < k->streams; i++)
		if (k->stream[i].end.at > at)
			k->stream[left++] = k->stream[i];
	k->streams = left;
}

void kept_hear_freed(struct kept *k, const struct history *h)
{
	unsigned left = 0;

	for (unsigned i = 0; i < k->streams; i++)
		if (k->stream[i].end.at > history_freed(h, k->stream[i].number))
			k->stream[left++] = k->stream[i];
	k->streams = left;
}

void kept_begin(const struct kept *k, struct history *h)
{
	bool complaint = k->complaint.at;
	const struct kept_end *end = complaint ? &k->complaint : &k->hard;

	if (end->at)
		history_add(h, complaint ? HISTORY_COMPLAINT : HISTORY_HARD, end->at,
			&(struct cause){ .category = end->category }, 0, 0);
	if (end->at || !k->since)
		return;
	h->base = (struct standing){
		.state = STATE_INACTIVE, .because = (enum because)k->because, .since = k->since
	};
	h->settled = larger(k->settled, 1);
}

void kept_object(const struct kept *k, struct history *h)
{
	for (unsigned i = 0; i < k->streams; i++) {
		const struct kept_end *end = &k->stream[i].end;
		history_object(h, k->stream[i].number, end->at,
			&(struct cause){ .category = end->category }, 0, 0);
	}
}
