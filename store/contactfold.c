/*
 * A contact's state, made from its history: which ladder it is on, how long a failure is held
 * against it, and what its reason is.
 */
#include <stdio.h>
#include <time.h>
#include "store/contact.h"
#include "store/investigation.h"
#include "store/message.h"
#include "store/ownkeys.h"

/* YYYYMM (UTC) of a time, and the begin of a month; 0 for 0. */
int month_of_time(int64_t at)
{
	time_t t = at;
	struct tm tm;

	gmtime_r(&t, &tm);
	return at ? (tm.tm_year + 1900) * 100 + tm.tm_mon + 1 : 0;
}

int64_t month_start(int month)
{
	return month ? keys_month_start(month) : 0;
}

/* --- ladders -------------------------------------------------------------- */

/* Where no ladder is configured at all. */
static const struct ladder last_resort = { "small", { 600, 1200, 2400, 7200 }, 4, 2 * DAY, 0 };
static const struct ladder unclear_resort = { NOT_UNDERSTOOD, { DAY }, 1, 0, 3 };

static const struct ladder *ladder_named(const struct store *s, const char *name)
{
	for (unsigned i = 0; name && i < s->o.ladders; i++)
		if (strcmp(s->o.ladder[i].name, name) == 0)
			return &s->o.ladder[i];
	return NULL;
}

/*
 * The category's own ladder, else the provider's, else the one that its profile names: for most the
 * one of their size.
 */
const struct ladder *ladder_for(const struct store *s, const struct packed *e)
{
	const struct ladder *l = ladder_named(s, category_name(e->category));

	if (!l && e->profiled)
		l = ladder_named(s, e->provider);
	if (!l && e->profiled && s->o.provider_ladder)
		l = ladder_named(s, s->o.provider_ladder(s->o.context, e->provider));
	if (!l)
		l = ladder_named(s, "small");
	return l ? l : &last_resort;
}

enum {
	LATE_BOUNCES = 5 * DAY
}; /* our own queue gives up; then it is known that a mailing went well */

int64_t quiet_of(const struct store *s)
{
	return s->o.quiet > 0
		? larger(s->o.quiet, s->o.mailings ? s->o.mailings * s->interval + LATE_BOUNCES : 0)
		: 0;
}

struct walk walk_of(const struct store *s, const struct contact *c)
{
	const struct ladder *l = ladder_named(s, c->ladder),
			    *unclear = ladder_named(s, NOT_UNDERSTOOD);

	return (struct walk){ &s->o, quiet_of(s), c->key, l ? l : &last_resort, s,
		unclear ? unclear : &unclear_resort };
}

/* --- the state, made from the history ------------------------------------- */

/* Of the last day with such a failure. */
static const struct cause *unclear_cause(const struct history *h)
{
	for (unsigned i = h->days; i-- > 0;)
		if (h->day[i].count[HISTORY_UNCLEAR])
			return history_cause(h, h->day[i].by[HISTORY_UNCLEAR]);
	return history_cause(h, NO_REFERENCE);
}

/*
 * A complaint stands behind a hard failure of its day; where none was believed at once it is the
 * first that was not.
 */
static const struct cause *final_cause(const struct walk *w, const struct history *h)
{
	const struct day *d = final_day(w, h);

	for (unsigned i = 0; i < h->days && !d; i++)
		d = history_day_is_final(&h->day[i]) ? &h->day[i] : NULL;
	if (!d)
		return NULL;
	if (d->count[HISTORY_COMPLAINT] && day_is_doubted(w, h, d))
		return history_cause(h, d->by[HISTORY_COMPLAINT]);
	return history_cause(h, d->by[d->count[HISTORY_HARD] ? HISTORY_HARD : HISTORY_COMPLAINT]);
}

/* The cause that the reason names; NULL: what the row says stays. */
static const struct cause *explain_answer(
	const struct walk *w, const struct history *h, enum because because, const char **reason)
{
	const struct cause *cause;
	if (because == FOR_BLOCK)
		cause = history_cause(h, h->block.by);
	else if (because == FOR_EVENT || because == FOR_UNCONFIRMED)
		cause = final_cause(w, h);
	else if (because == FOR_UNCLEAR || because == FOR_UNCLEAR_LONG)
		cause = unclear_cause(h);
	else if (because == AS_BEFORE)
		cause = NULL;
	else
		cause = history_cause(h, h->soft.by);

	if (because == FOR_TOO_LONG)
		*reason = PROLONGED_SOFT;
	else if (because == FOR_UNCLEAR_LONG)
		*reason = NOT_UNDERSTOOD;
	else if (because == FOR_UNCONFIRMED)
		*reason = UNCONFIRMED;
	else if (cause && because != FOR_NOTHING)
		*reason = category_name(cause->category);
	else
		*reason = "";
	return cause;
}

static void explain_contact(const struct walk *w, struct contact *c)
{
	const char *reason;
	const struct cause *cause = explain_answer(w, &c->history, c->now.because, &reason);

	/* of who was active before it all, and is again, the row may say what was taken back */
	if (!cause && c->now.because == AS_BEFORE && c->now.state == STATE_ACTIVE)
		c->reason[0] = c->rule[0] = '\0';
	if (!cause)
		return;
	/* of an end whose failures are no longer known the row says the rule */
	if (!*cause->rule && c->now.because == FOR_TOO_LONG && strcmp(c->reason, reason) == 0)
		return;
	snprintf(c->reason, sizeof c->reason, "%s", reason);
	snprintf(c->rule, sizeof c->rule, "%s", c->now.because == FOR_NOTHING ? "" : cause->rule);
}

void contact_fold(const struct store *s, struct contact *c, int64_t resolved)
{
	memcpy(c->ladder, history_cause(&c->history, c->history.soft.by)->ladder, sizeof c->ladder);
	struct walk w = walk_of(s, c);

	c->history.base.episode = c->history.base.state == STATE_ACTIVE
		? 0
		: month_start(c->counted.month);
	walk_history(&w, &c->history, resolved, &c->now);
	explain_contact(&w, c);
}

int contact_refold(struct store *s, struct contact *c)
{
	const struct cause *block = history_cause(&c->history, c->history.block.by);
	int64_t resolved = 0;

	if (c->history.block.at &&
		investigation_resolved(s, block->provider, block->category, &resolved))
		return STORE_FAILED;
	contact_fold(s, c, resolved);
	return STORE_OK;
}

bool contact_is_gone(const struct contact *c)
{
	return c->now.state == STATE_INACTIVE && strcmp(c->reason, PROLONGED_SOFT) &&
		strcmp(c->reason, NOT_UNDERSTOOD);
}

/* Whoever comes to rest by time has no reason any more. */
void contact_elapse(const struct store *s, struct contact *c, int64_t now)
{
	struct walk w = walk_of(s, c);

	elapse(&w, &c->now, now);
	explain_contact(&w, c);
}
