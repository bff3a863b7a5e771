/*
 * What a fetcher says: mail, which waits for the parser; which of its messages are wanted; what was
 * settled and expired; how it ended. It reads foreign servers, so each of its frames is checked
 * against what it may say now.
 */
#include "poller/run/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "poller/run/child.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/wipe.h"

enum {
	/*
	 * Of mail that waits for its parser, in all lanes; one message of each may always wait,
	 * whatever its size. While a server deletes, what waits is what there is to read.
	 */
	QUEUE_BYTES_MAX = 24 * 1024 * 1024,
	QUEUE_BYTES_FILES = 4 * 1024 * 1024, /* of an import, which waits for nobody */
};

static int take_waiting(struct lane *lane, unsigned char *payload, uint32_t length)
{
	struct waiting *w = calloc(1, sizeof *w);
	if (!w)
		return -1;
	w->payload = payload;
	w->length = length;
	((struct wire_message *)payload)->name[WIRE_NAME_SIZE - 1] = '\0';
	if (lane->last)
		lane->last->next = w;
	else
		lane->first = w;
	if (lane->first == w)
		lane->head_since = clock_monotonic();
	lane->last = w;
	lane->waiting_bytes += length;
	if (lane->parser_ready)
		lane_parser_sends(lane, w);
	return 0;
}

/* What could not be had before comes behind all others. */
static int put_stuck_last(struct pump *p, struct lane *lane, const unsigned char *ids, size_t count,
	unsigned char *wanted)
{
	bool stuck;
	if (store_stuck_any(p->job->store, lane->name, &stuck))
		return -1;
	for (size_t i = 0; i < count && stuck; i++) {
		bool is = false;
		if (wanted[i] &&
			store_stuck_is(p->job->store, lane->name, ids + i * SOURCE_ID_SIZE, &is))
			return -1;
		if (is)
			wanted[i] = WANTED_LAST;
	}
	return 0;
}

static int answer_listed(
	struct pump *p, struct lane *lane, const unsigned char *ids, uint32_t length)
{
	size_t count = length / SOURCE_ID_SIZE;
	unsigned char *wanted = malloc(count ? count : 1);
	if (!wanted)
		return -1;
	memset(wanted, WANTED_NOW, count);
	unsigned keeps = 0;
	for (int what = SETTLE_PROCESSED; what < SETTLEMENT_COUNT; what++)
		keeps |= (unsigned)(lane_disposal(lane, (enum settlement)what)->action ==
				 DISPOSE_KEEP)
			<< what;
	if (p->job->store &&
		(store_wanted(p->job->store, lane->name, ids, count, keeps, p->job->now, wanted) ||
			put_stuck_last(p, lane, ids, count, wanted)))
		pump_fail(p);
	int result = channel_send(&lane->from, WIRE_WANTED, wanted, count, true);
	free(wanted);
	return result;
}

static int ask_next(struct lane *lane)
{
	uint32_t count = BATCH;
	if (poll_stopping() || lane->ended)
		return 0;
	lane->asked++;
	return channel_send(&lane->from, WIRE_NEXT, &count, sizeof count, true);
}

static void say_opened(
	struct lane *lane, const struct wire_head *head, const unsigned char *payload)
{
	struct wire_opened opened;
	char text[WIRE_TEXT_MAX + 1];
	memcpy(&opened, payload, sizeof opened);
	lane->opened = true;
	lane->facts = opened.facts;
	lane->facts_known = true;
	lane->token_lifetime = opened.token_lifetime;
	lane->counts.served = opened.server_time;
	span_copy_text(text, sizeof text,
		(struct span){
			(const char *)payload + sizeof opened, head->length - sizeof opened });
	log_info("mailbox %s: open: %s", lane->name, text);
}

/*
 * It stays in the mailbox and is asked for again by the next run; the store remembers since when.
 */
static void take_stuck(struct pump *p, struct lane *lane, const struct wire_head *head,
	const unsigned char *payload)
{
	struct wire_message m;
	char why[WIRE_TEXT_MAX + 1], clean[WIRE_TEXT_MAX + 1];
	memcpy(&m, payload, sizeof m);
	m.name[WIRE_NAME_SIZE - 1] = '\0';
	span_copy_text(why, sizeof why,
		(struct span){ (const char *)payload + sizeof m, head->length - sizeof m });
	log_warning("mailbox %s: %s cannot be had: %s; it stays there and is tried again",
		lane->name, m.name, log_clean(clean, sizeof clean, why));
	lane->counts.stuck++;
	if (p->job->store && lane->box &&
		store_stuck_note(p->job->store, lane->name, m.remote_id, p->job->now))
		pump_fail(p);
}

static void say_failed(
	struct pump *p, struct lane *lane, const struct wire_head *head, const unsigned char *text)
{
	char copy[WIRE_TEXT_MAX + 1];
	span_copy_text(copy, sizeof copy, (struct span){ (const char *)text, head->length });
	if (head->type == WIRE_FAILED && lane_visit_again(p, lane, copy))
		return;
	lane->refused = head->type == WIRE_REFUSED;
	lane_fail(lane, *copy ? copy : "failed without a word");
}

static void count_settled(struct lane *lane, const unsigned char *payload)
{
	struct settled settled;
	memcpy(&settled, payload, sizeof settled);
	lane->settling -= lane->settling > 0;
	lane->counts.deleted += settled.deleted;
	lane->counts.moved += settled.moved;
	lane->counts.kept += settled.kept;
}

/* -1: the fetcher broke the protocol. *TAKEN: the payload is somebody else's now. */
static int fetcher_says(struct pump *p, struct lane *lane, const struct wire_head *head,
	unsigned char *payload, bool *taken)
{
	uint32_t count;
	switch (head->type) {
	case WIRE_OPENED:
		say_opened(lane, head, payload);
		return 0;
	case WIRE_LISTED:
		return answer_listed(p, lane, payload, head->length);
	case WIRE_MESSAGE:
		*taken = !take_waiting(lane, payload, head->length);
		return *taken ? 0 : -1;
	case WIRE_STUCK:
		take_stuck(p, lane, head, payload);
		return 0;
	case WIRE_BATCH:
		if (!lane->asked)
			return -1;
		lane->asked--;
		memcpy(&count, payload, sizeof count);
		if (count == 0)
			lane->ended = true;
		return ask_next(lane);
	case WIRE_SETTLED:
		if (!lane->settling && !lane->finishing)
			return -1;
		count_settled(lane, payload);
		return 0;
	case WIRE_EXPIRED:
		return lane_expired(p, lane, (const struct wire_expired *)payload);
	case WIRE_FACTS:
		memcpy(&lane->facts, payload, sizeof lane->facts);
		lane->facts_known = true;
		return 0;
	case WIRE_LATER:
		memcpy(&lane->token_later, payload, sizeof lane->token_later);
		return 0;
	case WIRE_REFUSED:
	case WIRE_FAILED:
		say_failed(p, lane, head, payload);
		return 0;
	case WIRE_FINISHED:
		if (!lane->finishing)
			return -1;
		lane->done = true;
		lane_end_fetcher(lane);
		return 0;
	}
	return -1;
}

bool lane_has_room(const struct pump *p, const struct lane *lane)
{
	size_t lanes = p->lane_count < LANES_AT_ONCE ? p->lane_count : LANES_AT_ONCE;
	/* a POP3 server deletes at QUIT only: what is read ahead is what a cut connection costs */
	bool few = p->job->paths || lane->box->protocol == PROTOCOL_POP3;
	size_t most = few ? QUEUE_BYTES_FILES : QUEUE_BYTES_MAX / lanes;
	return !lane->first || lane->waiting_bytes < most;
}

void lane_serve_fetcher(struct pump *p, struct lane *lane)
{
	struct wire_head head;
	unsigned char *payload;
	int got = 0;
	if (channel_flush(&lane->from) == 0)
		while (!p->store_failed && !lane->failed && !lane->done && lane_has_room(p, lane) &&
			(got = channel_receive(&lane->from, &head, &payload)) == 1) {
			bool taken = false;
			int result = fetcher_says(p, lane, &head, payload, &taken);
			if (!taken)
				wipe_free(payload, head.length);
			if (result && !lane->from.broken) {
				lane_fail(lane, "its fetcher process broke the protocol");
				return;
			}
			if (lane->from.broken)
				break;
		}
	if (lane->failed || lane->done || (got >= 0 && !lane->from.broken))
		return;
	/* its last words may still be in the socket when writing to it failed */
	pid_t gone = lane->fetcher;
	while (!lane->failed && !lane->done && lane->fetcher == gone &&
		channel_receive(&lane->from, &head, &payload) == 1) {
		if (head.type == WIRE_LATER)
			memcpy(&lane->token_later, payload, sizeof lane->token_later);
		if (head.type == WIRE_SETTLED && (lane->settling || lane->finishing))
			count_settled(lane, payload);
		if (head.type == WIRE_FAILED || head.type == WIRE_REFUSED)
			say_failed(p, lane, &head, payload);
		wipe_free(payload, head.length);
	}
	if (lane->fetcher != gone)
		return;
	if (!lane->failed && !lane->done) {
		char how[128], text[160];
		pid_t pid = lane->fetcher;
		lane->fetcher = 0;
		channel_close(&lane->from);
		snprintf(text, sizeof text, "its fetcher process %s",
			child_status(child_end(pid), how, sizeof how));
		lane_fail(lane, text);
	}
}

void lane_finish_if_due(struct pump *p, struct lane *lane)
{
	if (!lane->opened || lane->finishing || lane->failed || !(lane->ended || poll_stopping()) ||
		lane->asked || lane->first || lane->item_count || p->store_failed)
		return;
	lane->finishing = true;
	lane_told(lane,
		(lane->box && p->job->store && !p->job->doubted && !poll_stopping() &&
			lane_expire(p, lane)) ||
			channel_send(&lane->from, WIRE_FINISH, NULL, 0, true));
}
