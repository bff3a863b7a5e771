/* How a lane begins, fails and ends: its two processes, and what is wiped and freed with it. */
#include "poller/run/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "poller/run/child.h"
#include "poller/mailbox/local.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/wipe.h"

const struct disposal *lane_disposal(const struct lane *lane, enum settlement what)
{
	static const struct disposal stays = { DISPOSE_KEEP, NULL };
	return lane->box ? source_disposal(lane->box, what) : &stays;
}

void lane_forget_said(struct lane *lane)
{
	wipe_free(lane->summary, lane->summary_size);
	lane->summary = NULL;
	lane->summary_size = 0;
	lane->event_count = 0;
	lane->recognised = lane->unheeded = false;
}

void lane_drop_first(struct lane *lane)
{
	struct waiting *w = lane->first;
	lane->first = w->next;
	if (!lane->first)
		lane->last = NULL;
	lane->waiting_bytes -= w->length;
	wipe_free(w->payload, w->length);
	free(w);
	lane_forget_said(lane);
	lane->head_since = clock_monotonic();
}

void lane_end_parser(struct lane *lane)
{
	channel_close(&lane->to);
	child_end(lane->parser);
	lane->parser = 0;
	lane->parser_ready = false;
}

void lane_end_fetcher(struct lane *lane)
{
	channel_close(&lane->from);
	child_end(lane->fetcher);
	lane->fetcher = 0;
}

void lane_fail(struct lane *lane, const char *text)
{
	char clean[SOURCE_ERROR_SIZE];
	if (lane->failed || lane->done)
		return;
	log_error("mailbox %s: %s", lane->name, log_clean(clean, sizeof clean, text));
	lane->failed = true;
	lane->asked = lane->settling = 0;
	lane_end_fetcher(lane);
}

void lane_told(struct lane *lane, int result)
{
	if (result && !lane->from.broken)
		lane_fail(lane, "no memory to tell its fetcher process what to do");
}

void pump_fail(struct pump *p)
{
	if (p->store_failed)
		return;
	log_error("store: %s", store_error(p->job->store));
	if (p->in_transaction)
		store_rollback(p->job->store);
	p->in_transaction = false;
	p->store_failed = true;
}

bool lane_visit_again(struct pump *p, struct lane *lane, const char *text)
{
	char clean[SOURCE_ERROR_SIZE];
	double now = clock_monotonic();
	if (!lane->opened || lane->finishing || !lane->token_lifetime || poll_stopping() ||
		p->store_failed || now - lane->since < (double)lane->token_lifetime ||
		now - lane->begun >= (double)lane->box->deadline)
		return false;
	log_notice("mailbox %s: %s; its token had run out: once more, with a new one", lane->name,
		log_clean(clean, sizeof clean, text));
	lane_end_fetcher(lane);
	lane_end_parser(lane);
	while (lane->first)
		lane_drop_first(lane);
	lane->item_count = 0;
	lane->asked = lane->settling = lane->parser_starts = 0;
	lane->opened = lane->ended = false;
	lane_start(p, lane);
	return true;
}

int lane_start_parser(struct pump *p, struct lane *lane)
{
	int fd;
	char label[STORE_NAME_SIZE + 16];
	snprintf(label, sizeof label, "parser %s", lane->name);
	lane->parser = child_start("parser", label, p->job->config_file, &fd);
	if (lane->parser < 0) {
		lane->parser = 0;
		lane_fail(lane, "its parser process cannot be started");
		return -1;
	}
	channel_open(&lane->to, fd);
	lane->to.gathers = lane->to.reuses = true;
	lane->parser_ready = false;
	lane->parser_starts++;
	lane->head_since = clock_monotonic();
	return 0;
}

static int send_start(struct pump *p, struct lane *lane)
{
	size_t n = sizeof(struct wire_start), at = n;
	for (const char *const *path = p->job->paths; !lane->box && path && *path; path++)
		n += strlen(*path) + 1;
	unsigned char *payload = calloc(1, n);
	if (!payload)
		return -1;
	struct wire_start start = { 0 };
	bool stuck = false;
	if (lane->box) {
		snprintf(start.mailbox, sizeof start.mailbox, "%s", lane->name);
		start.stays = lane->box->processed.action == DISPOSE_KEEP ||
			lane->box->unrecognised.action == DISPOSE_KEEP ||
			lane->box->quarantine.action == DISPOSE_KEEP ||
			(lane->box->optout.action == DISPOSE_KEEP &&
				lane->box->protocol !=
					PROTOCOL_POP3); /* a server without UIDL reads them again */
		start.settles = p->job->store != NULL;
		if (p->job->store && store_stuck_any(p->job->store, lane->name, &stuck))
			pump_fail(p);
		start.some_stuck = stuck;
	}
	memcpy(payload, &start, sizeof start);
	for (const char *const *path = p->job->paths; !lane->box && path && *path; path++) {
		memcpy(payload + at, *path, strlen(*path) + 1);
		at += strlen(*path) + 1;
	}
	int result = channel_send(&lane->from, WIRE_START, payload, n, true);
	free(payload);
	return result;
}

/* Its token server said that it wants no request before a time that has not come. */
static bool lane_is_early(const struct pump *p, struct lane *lane)
{
	char text[CLOCK_TEXT_SIZE], why[STORE_NAME_SIZE + 128];
	int64_t later = 0;
	if (!lane->box || !lane->box->oauth_name || !p->job->store ||
		store_token_later(p->job->store, lane->box->oauth_name, &later) ||
		later <= p->job->now)
		return false;
	snprintf(why, sizeof why,
		"oauth %s: the token server wants no request before %s; a later run asks again",
		lane->box->oauth_name, clock_format(later, text));
	lane_fail(lane, why);
	return true;
}

void lane_start(struct pump *p, struct lane *lane)
{
	int fd;
	char label[STORE_NAME_SIZE + 16];
	uint32_t count = BATCH;
	lane->started = true;
	lane->since = clock_monotonic();
	lane->begun = lane->begun > 0 ? lane->begun : lane->since;
	if (lane_is_early(p, lane))
		return;
	snprintf(label, sizeof label, "fetcher %s", lane->name);
	lane->fetcher = child_start("fetcher", label, p->job->config_file, &fd);
	if (lane->fetcher < 0) {
		lane->fetcher = 0;
		lane_fail(lane, "its fetcher process cannot be started");
		return;
	}
	channel_open(&lane->from, fd);
	if (lane_start_parser(p, lane))
		return;
	bool sent = !send_start(p, lane);
	for (; sent && lane->asked < AHEAD; lane->asked++)
		sent = !channel_send(&lane->from, WIRE_NEXT, &count, sizeof count, true);
	lane_told(lane, !sent);
}

void lane_free(struct lane *lane)
{
	lane_end_fetcher(lane);
	lane_end_parser(lane);
	while (lane->first)
		lane_drop_first(lane);
	lane_forget_said(lane);
	wipe_free(lane->events, lane->event_room * sizeof *lane->events);
	free(lane->items);
}
