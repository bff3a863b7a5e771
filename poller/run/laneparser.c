/*
 * What a parser says becomes rows: its events are packed at once, so that no address stays, and
 * stored with their message in the open transaction. What becomes of the message in its mailbox is
 * noted until the commit (poll.c). A message that ends its parser twice goes to quarantine.
 */
#include "poller/run/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/classify.h"
#include "poller/run/child.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "store/promises.h"

enum {
	TRIES = 2,             /* parsers that a message may kill before it is set aside */
	PARSER_STARTS_MAX = 3, /* starts in a row that do not get ready */
};

/* --- a message is done ---------------------------------------------------- */

static int need_transaction(struct pump *p)
{
	if (p->in_transaction)
		return 0;
	if (store_begin(p->job->store))
		return -1;
	p->in_transaction = true;
	p->transaction_since = clock_monotonic();
	return 0;
}

/*
 * Notes that the message of HEAD is stored as far as it can be, and what becomes of it once the
 * transaction is durable.
 */
static int note_item(
	struct pump *p, struct lane *lane, const struct wire_message *head, enum settlement what)
{
	if (!p->job->store || !lane->box)
		return 0;
	if (lane_disposal(lane, what)->action == DISPOSE_KEEP &&
		store_keep(p->job->store, lane->name, head->remote_id, what, p->job->now))
		return -1;
	if (lane->item_count == lane->item_room) {
		size_t room = lane->item_room ? lane->item_room * 2 : COMMIT_MESSAGES;
		void *grown = realloc(lane->items, room * sizeof *lane->items);
		if (!grown)
			return -1;
		lane->items = grown;
		lane->item_room = room;
	}
	lane->items[lane->item_count++] = (struct wire_settle){ .id = head->id, .what = what };
	return 0;
}

static int64_t arrival(const struct pump *p, int64_t claimed)
{
	return p->job->arrived_now || claimed <= 0 || claimed > p->job->now ? p->job->now : claimed;
}

static bool is_uncertain(const struct pump *p, int64_t claimed)
{
	return p->job->certain &&
		(p->job->arrived_now || claimed <= 0 || claimed > p->job->certain);
}

/* It is neither stored nor settled: a run that believes its clock takes it. */
static void message_left(struct lane *lane)
{
	lane->counts.left++;
	lane_drop_first(lane);
}

/* Where the first waiting message goes. */
static enum settlement settlement_of(
	struct lane *lane, const struct wire_message *head, const struct wire_parsed *parsed)
{
	char name[WIRE_NAME_SIZE];
	if (parsed->overflow) {
		log_warning(
			"mailbox %s: %s names more recipients than the %u that were read%s; it goes to quarantine",
			lane->name, log_clean(name, sizeof name, head->name), parsed->events,
			head->truncated ? ", or its report goes on beyond max_message" : "");
		lane->counts.quarantined++;
		return SETTLE_QUARANTINE;
	}
	if (lane->unheeded)
		return SETTLE_OPTOUT;
	return lane->recognised ? SETTLE_PROCESSED : SETTLE_UNRECOGNISED;
}

/* How long what a message does to contacts is kept. */
static enum retention_class kept_as(const struct lane *lane)
{
	for (unsigned i = 0; i < lane->event_count; i++)
		if (store_contact_class(&lane->events[i]) == RETAIN_OBJECTIONS)
			return RETAIN_OBJECTIONS;
	return RETAIN_CONTACTS;
}

/* What the store took: a message that was seen before counts as such alone. */
static void count_stored(
	const struct pump *p, struct lane *lane, int64_t arrived, enum store_message_result result)
{
	if (result == MESSAGE_DUPLICATE) {
		lane->counts.duplicates++;
		return;
	}
	lane->counts.fresh++;
	lane->counts.unheeded += lane->unheeded;
	lane->counts.events += lane->event_count;
	lane->counts.old += lane->event_count &&
		store_is_over(p->job->store, RETAIN_EVENTS, arrived, p->job->now);
	lane->counts.ancient += lane->event_count &&
		store_is_over(p->job->store, kept_as(lane), arrived, p->job->now);
}

/* The report that the first waiting message is, in the transaction that takes the message. */
static int store_lane_summary(const struct pump *p, const struct lane *lane)
{
	struct wire_summary w;
	if (!lane->summary)
		return 0;
	memcpy(&w, lane->summary, sizeof w);
	return store_summary(p->job->store, w.digest, &w.head,
		(const struct summary_row *)(lane->summary + sizeof w),
		(lane->summary_size - sizeof w) / sizeof(struct summary_row), p->job->now);
}

/* What a message says of the clock. */
static void note_time(const struct pump *p, struct poll_counts *c, int64_t mailbox, int64_t mail)
{
	c->newest = mailbox > c->newest ? mailbox : c->newest;
	if (mailbox || !mail)
		return;
	if (mail - p->job->now <= DAY) {
		c->fitting++;
	} else {
		c->later_first = c->later && c->later_first < mail ? c->later_first : mail;
		c->later++;
	}
}

/* The parser has answered for the first waiting message. */
static void message_done(struct pump *p, struct lane *lane, const struct wire_parsed *parsed)
{
	struct wire_message head;
	memcpy(&head, lane->first->payload, sizeof head);
	if (is_uncertain(p, parsed->arrived)) {
		message_left(lane);
		return;
	}
	note_time(p, &lane->counts, head.arrived, parsed->arrived);
	enum settlement what = settlement_of(lane, &head, parsed);
	lane->counts.messages++;
	lane->counts.bytes += head.size;
	if (!lane->recognised)
		lane->counts.unrecognised++;
	if (p->job->store) {
		struct store_message m = { .mailbox = lane->name,
			.arrived = arrival(p, parsed->arrived),
			.recognised = lane->recognised,
			.dated = parsed->dated };
		enum store_message_result result;
		memcpy(m.digest, parsed->digest, sizeof m.digest);
		if (need_transaction(p) ||
			store_message(p->job->store, &m, lane->events, lane->event_count,
				p->job->now, &result) ||
			(result == MESSAGE_NEW && store_lane_summary(p, lane)) ||
			(lane->unheeded && result == MESSAGE_NEW &&
				store_count_message(
					p->job->store, lane->name, "not-honoured", m.arrived)) ||
			note_item(p, lane, &head, what)) {
			pump_fail(p);
			return;
		}
		p->uncommitted++;
		count_stored(p, lane, m.arrived, result);
	} else {
		lane->counts.fresh++;
		lane->counts.events += lane->event_count;
	}
	lane_drop_first(lane);
}

/* The first waiting message has killed or stopped TRIES parsers. */
static void message_quarantined(struct pump *p, struct lane *lane)
{
	struct wire_message head;
	char name[WIRE_NAME_SIZE];
	memcpy(&head, lane->first->payload, sizeof head);
	if (is_uncertain(p, head.arrived)) {
		message_left(lane);
		return;
	}
	log_error("mailbox %s: %s ended its parser %d times; it goes to quarantine", lane->name,
		log_clean(name, sizeof name, head.name), TRIES);
	lane->counts.messages++;
	lane->counts.bytes += head.size;
	lane->counts.quarantined++;
	if (p->job->store) {
		if (need_transaction(p) ||
			store_count_message(p->job->store, lane->name, "quarantined",
				arrival(p,
					head.arrived < CLASSIFY_ARRIVAL_FIRST ? 0
									      : head.arrived)) ||
			note_item(p, lane, &head, SETTLE_QUARANTINE)) {
			pump_fail(p);
			return;
		}
		p->uncommitted++;
	}
	lane_drop_first(lane);
}

/* --- frames --------------------------------------------------------------- */

void lane_parser_sends(struct lane *lane, struct waiting *w)
{
	/* a failure shows as the parser's end, which poll() reports */
	channel_send(&lane->to, WIRE_MESSAGE, w->payload, w->length, false);
}

void lane_parser_died(struct pump *p, struct lane *lane)
{
	char text[128];
	bool was_ready = lane->parser_ready;
	pid_t pid = lane->parser;
	channel_close(&lane->to);
	child_status(child_end(pid), text, sizeof text);
	lane->parser = 0;
	lane->parser_ready = false;
	lane_forget_said(lane);
	if (was_ready && lane->first) {
		log_warning("mailbox %s: the parser %s", lane->name, text);
		if (++lane->first->tries >= TRIES)
			message_quarantined(p, lane);
	} else if (lane->parser_starts >= PARSER_STARTS_MAX) {
		snprintf(text, sizeof text, "its parser process does not start");
		lane_fail(lane, text);
		while (lane->first)
			lane_drop_first(lane);
		return;
	}
	if (lane->first || !lane->failed)
		lane_start_parser(p, lane);
}

static bool kind_fits(const struct lane *lane, unsigned kind)
{
	if (kind == KIND_SUMMARY)
		return true;
	bool feedback = kind == KIND_COMPLAINT || kind == KIND_OPTOUT || kind == KIND_AUTHREPORT;
	return !lane->box || lane->box->kind == MAILBOX_AUTO ||
		feedback == (lane->box->kind == MAILBOX_FBL);
}

/*
 * One event of the first waiting message, packed at once so that no address stays. -1: the parser
 * is not honest.
 */
static int take_event(struct pump *p, struct lane *lane, struct event *e)
{
	if (!lane->first || !event_valid(e))
		return -1;
	if (is_uncertain(p, e->arrived))
		return 0;
	e->arrived = arrival(p, e->arrived);
	if (e->kind == KIND_NONE || !kind_fits(lane, e->kind))
		return 0;
	/* a report that is not here would be deleted and lost */
	if (e->kind == KIND_SUMMARY && !lane->summary)
		return -1;
	lane->recognised = true;
	if (e->kind == KIND_SUMMARY)
		return 0;
	if (lane->event_count >= CLASSIFY_EVENTS_MAX)
		return -1;
	if (p->job->store) {
		if (lane->event_count == lane->event_room) {
			size_t room = lane->event_room ? lane->event_room * 2 : 16;
			void *grown = realloc(lane->events, room * sizeof *lane->events);
			if (!grown)
				return -1;
			lane->events = grown;
			lane->event_room = room;
		}
		if (store_pack(p->job->store, e, p->job->now, &lane->events[lane->event_count])) {
			pump_fail(p);
			return 0;
		}
		lane->unheeded |= e->kind == KIND_OPTOUT &&
			!store_may_act(p->job->store, &lane->events[lane->event_count]);
	}
	lane->event_count++;
	return 0;
}

/* The report that the first waiting message is: kept until the parser is done with it. */
static bool take_summary(struct lane *lane, const unsigned char *payload, size_t n)
{
	struct wire_summary w;
	memcpy(&w, payload, sizeof w);
	if (!lane->first || lane->summary ||
		!summary_valid(&w.head, (const struct summary_row *)(payload + sizeof w),
			(n - sizeof w) / sizeof(struct summary_row)))
		return false;
	lane->summary = malloc(n);
	if (!lane->summary)
		return false;
	memcpy(lane->summary, payload, n);
	lane->summary_size = n;
	return true;
}

/* What one frame of the parser means. False: it is not honest. */
static bool parser_says(
	struct pump *p, struct lane *lane, const struct wire_head *head, unsigned char *payload)
{
	struct wire_parsed parsed;
	struct wire_message first;
	if (head->type == WIRE_READY && !lane->parser_ready) {
		lane->parser_ready = true;
		lane->parser_starts = 0;
		lane->head_since = clock_monotonic();
		for (struct waiting *w = lane->first; w; w = w->next)
			lane_parser_sends(lane, w);
		return true;
	}
	if (head->type == WIRE_EVENT)
		return !take_event(p, lane, (struct event *)payload);
	if (head->type == WIRE_SUMMARY)
		return take_summary(lane, payload, head->length);
	if (head->type != WIRE_PARSED || !lane->first)
		return false;
	memcpy(&parsed, payload, sizeof parsed);
	memcpy(&first, lane->first->payload, sizeof first);
	if (parsed.id != first.id ||
		channel_is_at(&lane->to,
			lane->first->payload)) /* nobody can have read what is not sent */
		return false;
	message_done(p, lane, &parsed);
	return true;
}

/*
 * Its answers are read to their end even when nothing can be written to it any more: a parser that
 * died at one message had answered for those before it, and the one to blame is the first without
 * an answer.
 */
void lane_serve_parser(struct pump *p, struct lane *lane)
{
	struct wire_head head;
	unsigned char *payload;
	int got = 0;
	channel_flush(&lane->to);
	while (!p->store_failed && (got = channel_receive(&lane->to, &head, &payload)) == 1) {
		bool honest = parser_says(p, lane, &head, payload);
		channel_give_back(&lane->to, payload, head.length);
		if (!honest) {
			got = -1;
			break;
		}
	}
	if (got < 0)
		lane_parser_died(p, lane);
}
