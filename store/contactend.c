/*
 * What is left of a contact when a data subject had all erased but that he is not to be written to,
 * or when only his objection is kept any more.
 */
#include <stdio.h>
#include "store/contact.h"
#include "store/contactbody.h"

/* The first day with an objection to all mail; NULL: there is none. */
const struct day *contact_objection_day(const struct contact *c)
{
	for (unsigned i = 0; i < c->history.days; i++)
		if (c->history.day[i].count[HISTORY_COMPLAINT])
			return &c->history.day[i];
	return NULL;
}

bool contact_objects(const struct contact *c)
{
	return contact_objection_day(c) || history_first_objection(&c->history, 0);
}

/* What the row says of an end; OBJECTED: also that there was an objection to all mail. */
void contact_remember_objection(struct contact *c, bool objected)
{
	int category = category_by_name(c->reason);
	enum klass klass = category > 0 ? category_class((unsigned)category) : CLASS_NONE;
	struct cause cause = { .category = category > 0 ? (uint8_t)category
							: CATEGORY_UNDETERMINED };

	if (klass == CLASS_HARD || klass == CLASS_COMPLAINT) {
		memcpy(cause.rule, c->rule, sizeof cause.rule);
		history_add(&c->history, klass == CLASS_HARD ? HISTORY_HARD : HISTORY_COMPLAINT,
			c->now.since, &cause, 0, 0);
	}
	if (objected && klass != CLASS_COMPLAINT)
		history_add(&c->history, HISTORY_COMPLAINT, c->now.since,
			&(struct cause){ .category = CATEGORY_OPT_OUT }, 0, 0);
	if (c->history.days)
		return;
	c->history.base = c->now;
	if (strcmp(c->reason, PROLONGED_SOFT) == 0)
		c->history.base.because = FOR_TOO_LONG;
	else if (strcmp(c->reason, NOT_UNDERSTOOD) == 0)
		c->history.base.because = FOR_UNCLEAR_LONG;
	c->history.settled = larger(c->at, 1);
}

/*
 * Who is inactive and has no history, from before hard failures were in it or because a data
 * subject had all but that erased: the row itself says what it rests on.
 */
void contact_remember_end(struct contact *c)
{
	contact_remember_objection(c, c->held_objection);
}

/* --- nothing else ----------------------------------------------------------- */

/* Of one kind of failure, once, and by what list or rule alone. */
static bool is_bare(const struct history *h, struct reference r)
{
	const struct cause *c = history_cause(h, r);

	return !r.campaign && !r.answer && !*c->provider && !*c->ladder && !c->mta;
}

static bool day_is_bare(const struct history *h, const struct day *d)
{
	enum history_kind kind = d->count[HISTORY_HARD] ? HISTORY_HARD : HISTORY_COMPLAINT;

	for (unsigned k = 0; k < HISTORY_CAUSED; k++)
		if (d->count[k] != (k == kind))
			return false;
	return d->delivered == NEVER && !d->confirmed && is_bare(h, d->by[kind]);
}

bool contact_is_bare(const struct contact *c)
{
	const struct history *h = &c->history;

	if (c->moved || h->soft.at || h->block.at || h->days > 1 ||
		(h->days && (h->settled || !day_is_bare(h, h->day))) ||
		(h->base.state != STATE_ACTIVE && h->base.state != STATE_INACTIVE))
		return false;
	for (unsigned i = 0; i < h->objections; i++)
		if (h->objection[i].freed || !is_bare(h, h->objection[i].by) ||
			(i && h->objection[i].stream == h->objection[i - 1].stream))
			return false;
	return h->base.state == STATE_INACTIVE || !h->settled;
}

/* What contact_load() makes of a row without a history is what C has. */
bool contact_tells_its_end(struct contact *c)
{
	unsigned char mine[HISTORY_SIZE_MAX], told[HISTORY_SIZE_MAX];
	struct contact row;

	if (c->now.state != STATE_INACTIVE || *c->rule || c->history.objections ||
		!contact_is_bare(c))
		return false;
	row = *c;
	history_clear(&row.history);
	row.now = (struct standing){
		.state = STATE_INACTIVE, .because = AS_BEFORE, .since = c->now.since
	};
	contact_remember_objection(&row, contact_objects(c));
	int n = history_write(&c->history, mine);
	return n == history_write(&row.history, told) && memcmp(mine, told, (size_t)n) == 0;
}
