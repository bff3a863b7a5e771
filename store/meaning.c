/* What an event means to a contact: what it adds to its history, and on what that rests. */
#include <stdio.h>
#include "store/brake.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/message.h"

/* Whether the receiver says that it is for good (RFC 3463 section 2, RFC 5321 section 4.2.1). */
static bool is_permanent(const struct packed *e)
{
	return e->status[0] ? e->status[0] == '5' : e->reply >= 500 && e->reply <= 599;
}

static int meaning_of_failure(const struct packed *e)
{
	/* it was this message, not this address */
	if (e->category == CATEGORY_MESSAGE_TOO_LARGE)
		return MEANS_NOTHING;
	switch (e->klass) {
	case CLASS_HARD:
		return HISTORY_HARD;
	case CLASS_COMPLAINT:
		return HISTORY_COMPLAINT;
	case CLASS_SOFT:
		return HISTORY_SOFT;
	case CLASS_BLOCK:
		return HISTORY_BLOCK;
	default:
		return is_permanent(e) ? HISTORY_UNCLEAR : MEANS_NOTHING;
	}
}

/*
 * What an event adds to the history. A delay is no failure: the sender's queue is still trying. A
 * complaint of the sort "not spam" is praise. What is neither understood nor permanent changes
 * nothing.
 */
int contact_meaning(const struct packed *e)
{
	switch (e->kind) {
	case KIND_FAILURE:
		return meaning_of_failure(e);
	case KIND_COMPLAINT:
		return e->category == CATEGORY_NOT_SPAM ? MEANS_NOTHING : HISTORY_COMPLAINT;
	case KIND_OPTOUT:
		return HISTORY_COMPLAINT;
	case KIND_SUCCESS:
		return HISTORY_DELIVERED;
	default:
		return MEANS_NOTHING;
	}
}

enum retention_class store_contact_class(const struct packed_event *e)
{
	struct packed p;

	memcpy(&p, e, sizeof p);
	return contact_meaning(&p) == HISTORY_COMPLAINT ? RETAIN_OBJECTIONS : RETAIN_CONTACTS;
}

const char *contact_segment_of(const struct packed *e)
{
	return e->profiled ? e->provider : "other";
}

struct cause contact_cause(const struct store *s, const struct packed *e, int meaning)
{
	struct cause cause = { .category = e->category, .mta = e->mta };

	memcpy(cause.rule, e->rule, sizeof cause.rule);
	snprintf(cause.provider, sizeof cause.provider, "%.*s", (int)sizeof cause.provider - 1,
		contact_segment_of(e));
	if (meaning == HISTORY_SOFT)
		memcpy(cause.ladder, ladder_for(s, e)->name, sizeof cause.ladder);
	return cause;
}

bool contact_add(const struct store *s, struct history *h, const struct packed *e, int meaning)
{
	struct cause cause = contact_cause(s, e, meaning);
	uint32_t campaign = cause_number(s, CAUSE_CAMPAIGN, e->campaign);

	if (meaning != HISTORY_COMPLAINT || !e->stream || e->kind == KIND_FAILURE)
		return history_add(
			h, (enum history_kind)meaning, e->at, &cause, campaign, e->answer);
	history_object(h, s->stream[e->stream - 1], e->at, &cause, campaign, e->answer);
	return true;
}
