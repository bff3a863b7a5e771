/* Who forwarded our mail; forward.h. */
#include "classify/forward.h"

#include <string.h>

bool is_addressee_of(const struct returned *b, struct span address, enum addressee_fields fields)
{
	const struct span field[] = { b->to, b->cc, b->original_recipient };
	struct found_address a;
	for (size_t f = 0; f < (size_t)fields; f++)
		for (size_t i = 0; address_next(field[f], &i, &a);)
			if (address_equal(a.text, address))
				return true;
	return false;
}

/*
 * The N-th address that the mail that came back names as the one it was taken in for; an empty span
 * behind the last.
 */
static struct span taken_in_for(const struct returned *b, size_t n)
{
	struct found_address a;
	size_t i = 0;
	if (n < b->received_fors)
		return b->received_for[n];
	for (n -= b->received_fors; n < b->delivereds; n++, i = 0)
		if (address_next(b->delivered[n], &i, &a))
			return a.text;
	return (struct span){ "", 0 };
}

/* Whom the mail was for, as far as it says so. */
struct addressees {
	struct span final, who;   /* WHO: the first who is neither FINAL nor ours */
	bool several, same_house; /* another than WHO; one of them in FINAL's domain */
};

static void note_addressee(const struct reader *r, struct addressees *all, struct span one)
{
	if (address_equal(one, all->final) || origin_is_ours(r->options, address_domain(one)))
		return;
	all->several |= all->who.n && !address_equal(all->who, one);
	all->same_house |= address_equal(address_domain(one), address_domain(all->final));
	if (!all->who.n)
		all->who = one;
}

static void note_addressees_in(const struct reader *r, struct addressees *all, struct span field)
{
	struct found_address a;
	for (size_t i = 0; address_next(field, &i, &a);)
		note_addressee(r, all, a.text);
}

/*
 * Only where the mail was taken in for one and written to nobody else is it known who forwarded it.
 * To alone says that it was somebody else's, but copies may have gone to anybody.
 */
enum forward forward_find(const struct reader *r, struct span final, char *address)
{
	const struct returned *b = &r->returned;
	struct addressees all = { .final = final, .who = { "", 0 } };
	struct span one;
	if ((r->common.origin != ORIGIN_MATCHED && r->common.origin != ORIGIN_VERIFIED) ||
		is_addressee_of(b, final, IN_TO_OR_CC))
		return FORWARD_NONE;
	for (size_t n = 0; n < b->received_fors + b->delivereds && (one = taken_in_for(b, n)).n;
		n++)
		note_addressee(r, &all, one);
	bool taken_in = all.who.n;
	note_addressees_in(r, &all, b->to);
	note_addressees_in(r, &all, b->cc);
	if (!all.who.n || all.same_house) /* within one domain it is an alias of the same house */
		return FORWARD_NONE;
	return taken_in && !all.several && address_copy(address, all.who) ? FORWARD_KNOWN
									  : FORWARD_UNKNOWN;
}

/*
 * The same where the forwarder's words say it: "kim@… (generated from ann@…)". One of several whom
 * an alias stands for says nothing of the others.
 */
static enum forward forward_in_words(
	const struct reader *r, struct span final, bool alone, char *address)
{
	struct span from = prose_alias(r->prose->human, r->rules, final);
	if (r->common.origin < ORIGIN_MATCHED || !is_addressee_of(&r->returned, from, IN_TO_OR_CC))
		return alone ? forward_find(r, final, address) : FORWARD_NONE;
	if (alone)
		return address_copy(address, from) ? FORWARD_KNOWN : FORWARD_UNKNOWN;
	return address_equal(address_domain(from), address_domain(final)) ? FORWARD_NONE
									  : FORWARD_UNKNOWN;
}

void forward_of_words(struct reader *r, struct event *e, bool alone)
{
	char who[EVENT_ADDRESS_SIZE];
	if (e->recipient_source != RECIPIENT_TEXT && e->recipient_source != RECIPIENT_HEADER)
		return;
	switch (forward_in_words(r, span_of(e->recipient), alone, who)) {
	case FORWARD_KNOWN:
		strcpy(e->recipient, who);
		e->recipient_source = RECIPIENT_FORWARDED;
		break;
	case FORWARD_UNKNOWN:
		explicit_bzero(e->recipient, sizeof e->recipient);
		e->recipient_source = RECIPIENT_NONE;
		break;
	case FORWARD_NONE:
		break;
	}
	explicit_bzero(who, sizeof who);
}
