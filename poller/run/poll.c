/*
 * The run's main loop: one lane for each mailbox, from its fetcher through its parser into the
 * store.
 *
 *   fetcher --MESSAGE--> waiting --MESSAGE--> parser --EVENT, PARSED--> store (transaction)
 *   --commit--> SETTLE --> fetcher
 *
 * All sockets are non-blocking and served by one poll(); what is under way is bounded by
 * QUEUE_BYTES_MAX (lanefetcher.c). Two batches are asked for ahead, so that the fetcher
 * reads on while the run commits.
 */
#include "poller/run/poll.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "poller/run/lane.h"
#include "classify/base/log.h"
#include "poller/run/progress.h"
#include "reports/jsonline.h"

enum {
	TICK_MS = 250,
};
#ifndef RETOUR_TEST_STOP_SECONDS /* so that the test of a slow server does not take long */
#define RETOUR_TEST_STOP_SECONDS 60
#endif
/* STOP_SECONDS: etc/retour.service gives 30 more (TimeoutStopSec=). */
static const double parser_seconds = 30, grace_seconds = 60,
		    stop_seconds = RETOUR_TEST_STOP_SECONDS;
/*
 * Of files nothing is settled, and large transactions are cheaper. Who else writes waits for their
 * end (BUSY_TIMEOUT_MS).
 */
static const double commit_seconds = 2, import_seconds = 8;

/* Everything stored so far becomes durable, and only then is settled. */
static void commit(struct pump *p)
{
	if (p->in_transaction) {
#ifdef RETOUR_TEST_COMMIT_US /* a slow disk: kills fall before the commit, and what was settled \
				too early would be lost */
		usleep(RETOUR_TEST_COMMIT_US);
#endif
		if (store_commit(p->job->store)) {
			pump_fail(p);
			return;
		}
		p->in_transaction = false;
		p->uncommitted = 0;
	}
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *lane = &p->lanes[i];
		for (size_t done = 0; done < lane->item_count && !lane->failed && !lane->done;) {
			size_t n = lane->item_count - done < WIRE_SETTLE_MAX
				? lane->item_count - done
				: WIRE_SETTLE_MAX;
			lane->settling++;
			done += n;
			lane_told(lane,
				channel_send(&lane->from, WIRE_SETTLE, lane->items + done - n,
					n * sizeof *lane->items, true));
		}
		lane->item_count = 0;
	}
}

/* --- time ----------------------------------------------------------------- */

static void watch_clock(struct pump *p, struct lane *lane)
{
	double now = clock_monotonic();
	if (lane->to.fd >= 0 && lane->first && now - lane->head_since > parser_seconds) {
		log_warning("mailbox %s: the parser did not answer within %.0f s", lane->name,
			parser_seconds);
		lane_parser_died(p, lane);
	}
	/*
	 * the fetcher keeps its deadlines itself; this one holds when it hangs where it cannot,
	 * e.g. in the resolver
	 */
	if (lane->box && !lane->failed && !lane->done &&
		now - lane->since >
			(double)(lane->opened ? lane->box->deadline : 5 * lane->box->timeout) +
				grace_seconds)
		lane_fail(lane, "took longer than its deadline");
	/* a batch over a slow line takes minutes; what it was at comes again with the next run */
	if (p->stopping_since > 0 && now - p->stopping_since > stop_seconds && !lane->done)
		lane_fail(lane, "it was not done with its batch in the time that an end has");
}

static bool lane_active(const struct lane *lane)
{
	return lane->started && (!(lane->failed || lane->done) || lane->first || lane->item_count);
}

/* Nothing is under way and nothing is asked for: there is nothing to wait for with the commit. */
static bool all_idle(const struct pump *p)
{
	for (size_t i = 0; i < p->lane_count; i++)
		if (p->lanes[i].first || p->lanes[i].asked)
			return false;
	return true;
}

/*
 * A POP3 server deletes at QUIT and not before (RFC 1939), and a visit that is cut short before it
 * leaves all: so those are settled sooner than a transaction is full.
 */
static bool has_waited(const struct pump *p)
{
	for (size_t i = 0; i < p->lane_count; i++)
		if (p->lanes[i].box && p->lanes[i].box->protocol == PROTOCOL_POP3 &&
			p->lanes[i].item_count >= POP3_MESSAGES)
			return true;
	return false;
}

/* --- the loop ------------------------------------------------------------- */

static void wait_for_work(struct pump *p)
{
	struct pollfd fds[2 * LANES_AT_ONCE];
	nfds_t n = 0;
	for (size_t i = 0; i < p->lane_count && n + 2 <= 2 * LANES_AT_ONCE; i++) {
		struct lane *lane = &p->lanes[i];
		if (!lane_active(lane))
			continue;
		if (lane->from.fd >= 0)
			fds[n++] = (struct pollfd){ lane->from.fd,
				(short)((lane_has_room(p, lane) ? POLLIN : 0) |
					(channel_wants_write(&lane->from) ? POLLOUT : 0)),
				0 };
		if (lane->to.fd >= 0)
			fds[n++] = (struct pollfd){ lane->to.fd,
				(short)(POLLIN | (channel_wants_write(&lane->to) ? POLLOUT : 0)),
				0 };
	}
	poll(fds, n, TICK_MS);
}

static size_t start_lanes(struct pump *p)
{
	size_t active = 0;
	for (size_t i = 0; i < p->lane_count; i++)
		active += lane_active(&p->lanes[i]);
	for (size_t i = 0; i < p->lane_count && active < LANES_AT_ONCE && !poll_stopping(); i++)
		if (!p->lanes[i].started) {
			lane_start(p, &p->lanes[i]);
			active += lane_active(&p->lanes[i]);
		}
	return active;
}

static void show_progress(const struct pump *p)
{
	uint64_t messages = 0, bytes = 0;
	for (size_t i = 0; i < p->lane_count; i++) {
		messages += p->lanes[i].counts.messages;
		bytes += p->lanes[i].counts.bytes;
	}
	progress_bytes(bytes, p->job->bytes);
	progress_show(messages);
}

static void work(struct pump *p)
{
	while (start_lanes(p) && !p->store_failed) {
		wait_for_work(p);
		if (poll_stopping() && !(p->stopping_since > 0))
			p->stopping_since = clock_monotonic();
		for (size_t i = 0; i < p->lane_count && !p->store_failed; i++) {
			struct lane *lane = &p->lanes[i];
			if (!lane_active(lane))
				continue;
			if (lane->to.fd >= 0)
				lane_serve_parser(p, lane);
			if (lane->from.fd >= 0)
				lane_serve_fetcher(p, lane);
			if (lane->to.fd >= 0)
				channel_flush(&lane->to);
			watch_clock(p, lane);
			if (lane->failed && lane->to.fd < 0)
				while (lane->first) /* nobody is left to read it; it is still in the
						       mailbox */
					lane_drop_first(lane);
		}
		if (p->store_failed)
			return;
		show_progress(p);
		if (p->uncommitted >= (p->job->paths ? IMPORT_MESSAGES : COMMIT_MESSAGES) ||
			all_idle(p) || has_waited(p) ||
			(p->in_transaction &&
				clock_monotonic() - p->transaction_since >
					(p->job->paths ? import_seconds : commit_seconds)))
			commit(p);
		for (size_t i = 0; i < p->lane_count; i++)
			if (p->lanes[i].started)
				lane_finish_if_due(p, &p->lanes[i]);
	}
}

static void lane_line(const struct lane *lane, int64_t now, bool ok)
{
	const struct poll_counts *c = &lane->counts;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "mailbox", lane->name);
	jsonline_time(&l, "at", now);
	jsonline_flag(&l, "well", ok);
	jsonline_count(&l, "count", c->messages);
	jsonline_count(&l, "new", c->fresh);
	jsonline_count(&l, "known", c->duplicates);
	jsonline_count(&l, "unrecognised", c->unrecognised);
	jsonline_count(&l, "quarantined", c->quarantined);
	jsonline_count(&l, "events", c->events);
	jsonline_count(&l, "deleted", c->deleted);
	jsonline_count(&l, "moved", c->moved);
	jsonline_count(&l, "kept", c->kept);
	jsonline_count(&l, "expired", c->expired);
	jsonline_count(&l, "stuck", c->stuck);
	jsonline_end(&l);
	fflush(stdout);
}

static void lane_say(const struct lane *lane, bool store_failed, bool ok)
{
	const struct poll_counts *c = &lane->counts;
	if (store_failed && c->messages)
		log_notice(
			"mailbox %s: %llu messages were read, %llu of them settled; the others stay there for the next run",
			lane->name, (unsigned long long)c->messages,
			(unsigned long long)(c->deleted + c->moved + c->kept));
	else if (c->messages || c->expired || c->stuck)
		log_notice(
			"mailbox %s: %llu messages: %llu new, %llu seen before, %llu unrecognised, %llu quarantined; %llu events; "
			"deleted %llu, moved %llu, kept %llu, expired %llu",
			lane->name, (unsigned long long)c->messages, (unsigned long long)c->fresh,
			(unsigned long long)c->duplicates, (unsigned long long)c->unrecognised,
			(unsigned long long)c->quarantined, (unsigned long long)c->events,
			(unsigned long long)c->deleted, (unsigned long long)c->moved,
			(unsigned long long)c->kept, (unsigned long long)c->expired);
	else if (ok && !lane->box)
		log_notice("%s: no mail in it", lane->name);
	else if (ok && !c->left)
		log_info("mailbox %s: nothing new", lane->name);
	if (c->old)
		log_notice(
			"mailbox %s: %llu messages are older than [retention] events: they decide whom not to write to, and their events go with "
			"the next purge",
			lane->name, (unsigned long long)c->old);
	if (c->ancient)
		log_notice(
			"mailbox %s: %llu of them are older than [retention] contacts, and objections older than [retention] objections, too: nothing stays of them",
			lane->name, (unsigned long long)c->ancient);
	if (c->unheeded)
		log_warning(
			"mailbox %s: %llu requests to unsubscribe are not honoured: nothing proves who sent them; they are kept for a person to read",
			lane->name, (unsigned long long)c->unheeded);
	if (c->left)
		log_notice(
			"mailbox %s: %llu messages stay there: while the clock is in doubt it is not certain when they arrived",
			lane->name, (unsigned long long)c->left);
}

/* What the store is to know of the visit. */
static void lane_note(struct pump *p, const struct lane *lane, bool ok)
{
	if (lane->box && p->job->store && !p->store_failed &&
		((lane->token_later && lane->box->oauth_name &&
			 store_token_put_off(p->job->store, lane->box->oauth_name,
				 p->job->now + lane->token_later)) ||
			(ok && store_stuck_gone(p->job->store, lane->name, p->job->now)) ||
			store_mailbox_read(p->job->store, lane->name, p->job->now, ok,
				lane->refused ? MAILBOX_LOGIN_REFUSED : "not read to its end") ||
			(lane->facts_known &&
				store_mailbox_facts(p->job->store, lane->name, &lane->facts)) ||
			(lane->folders && (ok || lane->counts.expired) &&
				store_mail_purged(p->job->store, lane->name, lane->folders,
					lane->expired, p->job->now))))
		pump_fail(p);
}

static void add_lane_counts(struct poll_counts *total, const struct poll_counts *c)
{
	total->messages += c->messages;
	total->fresh += c->fresh;
	total->duplicates += c->duplicates;
	total->unrecognised += c->unrecognised;
	total->quarantined += c->quarantined;
	total->events += c->events;
	total->deleted += c->deleted;
	total->moved += c->moved;
	total->kept += c->kept;
	total->expired += c->expired;
	total->stuck += c->stuck;
	total->left += c->left;
	total->newest = c->newest > total->newest ? c->newest : total->newest;
	total->fitting += c->fitting;
	if (c->later && (!total->later || c->later_first < total->later_first))
		total->later_first = c->later_first;
	total->later += c->later;
	total->served = c->served ? c->served : total->served;
}

static void lane_report(struct pump *p, struct lane *lane, struct poll_counts *total)
{
	bool ok = lane->done && !p->store_failed;
	if (!lane->started)
		return;
	if (p->job->json)
		lane_line(lane, p->job->now, ok);
	lane_say(lane, p->store_failed, ok);
	lane_note(p, lane, ok);
	add_lane_counts(total, &lane->counts);
	total->mailboxes++;
	total->failed += !ok;
}

int poll_mailboxes(const struct poll_job *job, struct poll_counts *total)
{
	struct pump p = { .job = job };
	*total = (struct poll_counts){ 0 };
	while (job->mailboxes && job->mailboxes[p.lane_count])
		p.lane_count++;
	if (job->paths)
		p.lane_count = 1;
	p.lanes = calloc(p.lane_count ? p.lane_count : 1, sizeof *p.lanes);
	if (!p.lanes)
		return -1;
	for (size_t i = 0; i < p.lane_count; i++) {
		p.lanes[i].box = job->paths ? NULL : job->mailboxes[i];
		p.lanes[i].name = job->paths ? "import" : job->mailboxes[i]->name;
		p.lanes[i].from.fd = p.lanes[i].to.fd = -1;
	}
	if (job->store && job->paths && store_bulk(job->store, true))
		pump_fail(&p);
	progress_begin(job->paths ? "import" : "mailboxes", "mails");
	work(&p);
	progress_end();
	if (job->store && job->paths)
		store_bulk(job->store, false);
	for (size_t i = 0; i < p.lane_count; i++) {
		lane_report(&p, &p.lanes[i], total);
		lane_free(&p.lanes[i]);
	}
	free(p.lanes);
	total->store_failed = p.store_failed;
	total->stopped = poll_stopping();
	return total->failed || total->quarantined || total->stuck || p.store_failed ? -1 : 0;
}
