/*
 * Suppressions that were known before: one of another system's list becomes part of a contact's
 * history, with its date and its list as the rule that decided, so that it ends, joins others and
 * is taken back as a bounce would. No event is counted, for none was heard of: the report's figures
 * stay as they are.
 */
#include <stdio.h>
#include "store/cause.h"
#include "store/contact.h"
#include "store/message.h"

/* The final failure that is known says as much as the one to be taken: that an address is dead is
 * no objection, which is kept for longer. */
static bool says_as_much(
	const struct store *s, const struct contact *c, enum history_kind kind, unsigned stream)
{
	if (stream && kind == HISTORY_COMPLAINT &&
		history_objection(&c->history, s->stream[stream - 1]))
		return true;
	for (unsigned i = 0; contact_is_gone(c) && i < c->history.days; i++)
		if (c->history.day[i].count[kind])
			return true;
	return contact_is_gone(c) && !c->history.days;
}

static void suppress_entry_of(struct packed *e, const struct suppression *given)
{
	*e = (struct packed){ .at = given->at,
		.kind = category_class(given->category) == CLASS_COMPLAINT ? KIND_OPTOUT
									   : KIND_FAILURE,
		.stream = (uint8_t)given->stream,
		.klass = category_class(given->category),
		.category = given->category,
		.origin = ORIGIN_VERIFIED,
		.known = 1 };
	snprintf(e->rule, sizeof e->rule, "%s", given->rule);
	snprintf(e->provider, sizeof e->provider, "other");
}

void store_suppress_rule(const struct store *s, const char *source, char rule[EVENT_RULE_SIZE])
{
	snprintf(rule, EVENT_RULE_SIZE, "suppress.%s", source);
	for (unsigned n = 2; cause_names_rule(s, rule); n++)
		snprintf(rule, EVENT_RULE_SIZE, "suppress.%s-%u", source, n);
}

int store_suppress(struct store *s, const char *address, size_t n, const struct suppression *given,
	int64_t now, enum suppressed *what)
{
	static const enum history_kind kinds[CLASS_COUNT] = { [CLASS_HARD] = HISTORY_HARD,
		[CLASS_COMPLAINT] = HISTORY_COMPLAINT,
		[CLASS_SOFT] = HISTORY_SOFT };
	enum klass klass = category_class(given->category);
	struct pseudonyms p;
	struct contact c;
	struct packed e;
	bool found;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "suppression outside a transaction");
	if ((klass != CLASS_HARD && klass != CLASS_COMPLAINT && klass != CLASS_SOFT) ||
		given->at > now || pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if (contact_rekey(s, p.n - 1, &p.key[1], p.key[0], NULL) ||
		contact_load(s, p.key[0], &c, &found))
		return STORE_FAILED;
	suppress_entry_of(&e, given);
	int64_t freed = given->stream && klass == CLASS_COMPLAINT
		? history_freed(&c.history, s->stream[given->stream - 1])
		: 0;
	if (given->at <= larger(c.moved, freed) || contact_is_taken_back(s, &e, (int)kinds[klass]))
		*what = SUPPRESSED_SINCE_FREED;
	else if ((contact_is_gone(&c) && klass == CLASS_SOFT) ||
		(klass != CLASS_SOFT && says_as_much(s, &c, kinds[klass], given->stream)))
		*what = SUPPRESSED_BEFORE;
	else
		*what = SUPPRESSED_NOW;
	if (*what != SUPPRESSED_NOW)
		return STORE_OK;
	if (contact_note(s, &c, &e, (int)kinds[klass]))
		return STORE_FAILED;
	c.at = larger(c.at,
		day_start(now)); /* the list names it today, whatever the date of its reason */
	if (share_date(s, &c, now))
		return STORE_FAILED;
	return contact_save(s, found ? SQL_CONTACT_PUT : SQL_CONTACT_ADD, &c);
}
