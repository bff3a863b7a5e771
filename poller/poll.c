/*
 * The run's main loop: one lane for each mailbox, from its fetcher through its parser into the store.
 *
 *   fetcher --MESSAGE--> waiting --MESSAGE--> parser --EVENT, PARSED--> store (transaction) --commit--> SETTLE --> fetcher
 *
 * All sockets are non-blocking and served by one poll(); what is under way is bounded by QUEUE_BYTES_MAX a lane.
 * Two batches are asked for ahead, so that the fetcher reads on while the run commits.
 */
#include "poller/poll.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/classify.h"
#include "poller/child.h"
#include "poller/clock.h"
#include "poller/commands.h"
#include "poller/log.h"
#include "poller/wire.h"

#ifndef RETOUR_TEST_BATCH /* the test that kills at random moments wants many commits to hit */
#define RETOUR_TEST_BATCH 500
#endif

enum {
	BATCH = RETOUR_TEST_BATCH,          /* messages a fetcher is asked for at once */
	AHEAD = 2,                          /* batches asked for */
	COMMIT_MESSAGES = 2 * BATCH,        /* in one transaction, and settled at once: servers expunge a thousand as fast as a hundred */
	QUEUE_BYTES_MAX = 4 * 1024 * 1024,  /* of mail that waits for its parser; one message may always wait, whatever its size */
	LANES_AT_ONCE = 4,
	TRIES = 2,                          /* parsers that a message may kill before it is set aside */
	PARSER_STARTS_MAX = 3,              /* starts in a row that do not get ready */
	FOLDER_MARKS = 64,                  /* in one raw_retention: so exactly is it kept */
	TICK_MS = 250,
};
static const double parser_seconds = 30, commit_seconds = 1, grace_seconds = 60;

/* A message that its parser has not answered yet. */
struct waiting {
	struct waiting *next;
	unsigned char *payload; /* struct wire_message and the mail, as it came */
	uint32_t length;
	unsigned tries;
};

struct lane {
	const struct mailbox *box; /* NULL: import */
	const char *name;
	pid_t fetcher, parser;
	struct channel from, to;   /* the fetcher's socket, the parser's */
	bool started, opened, ended, finishing, done, failed;
	bool refused;              /* the login, that is why it failed */
	bool parser_ready;
	unsigned asked, settling, parser_starts;
	double since;              /* the fetcher was started */
	double head_since;         /* the parser has the first waiting message */
	struct waiting *first, *last;
	size_t waiting_bytes;
	struct packed_event *events; /* of the first waiting message */
	size_t event_count, event_room;
	bool recognised;
	struct wire_settle *items; /* stored in the open transaction, to be settled after it */
	size_t item_count, item_room;
	struct poll_counts counts;
};

struct pump {
	const struct poll_job *job;
	struct lane *lanes;
	size_t lane_count;
	bool in_transaction, store_failed;
	unsigned uncommitted;
	double transaction_since;
};

static volatile sig_atomic_t stopping;

void poll_stop(void)
{
	stopping = 1;
}

/* --- failures ------------------------------------------------------------------------------------------ */

static void drop_first(struct lane *lane)
{
	struct waiting *w = lane->first;
	lane->first = w->next;
	if (!lane->first)
		lane->last = NULL;
	lane->waiting_bytes -= w->length;
	wipe_free(w->payload, w->length);
	free(w);
	lane->event_count = 0;
	lane->recognised = false;
	lane->head_since = clock_monotonic();
}

static void end_parser(struct lane *lane)
{
	channel_close(&lane->to);
	child_end(lane->parser);
	lane->parser = 0;
	lane->parser_ready = false;
}

static void end_fetcher(struct lane *lane)
{
	channel_close(&lane->from);
	child_end(lane->fetcher);
	lane->fetcher = 0;
}

/* The mailbox is over for this run: said once. TEXT is from the fetcher or ours. */
static void lane_fail(struct lane *lane, const char *text)
{
	char clean[SOURCE_ERROR_SIZE];
	if (lane->failed || lane->done)
		return;
	log_error("mailbox %s: %s", lane->name, log_clean(clean, sizeof clean, text));
	lane->failed = true;
	lane->asked = lane->settling = 0;
	end_fetcher(lane);
}

/*
 * RESULT of telling the fetcher something. When it is gone its last words may still be in the socket: serve_fetcher() finds the channel broken,
 * reads them, and says those instead of "gone".
 */
static void told(struct lane *lane, int result)
{
	if (result && !lane->from.broken)
		lane_fail(lane, "no memory to tell its fetcher process what to do");
}

static void store_fail(struct pump *p)
{
	if (p->store_failed)
		return;
	log_error("store: %s", store_error(p->job->store));
	if (p->in_transaction)
		store_rollback(p->job->store);
	p->in_transaction = false;
	p->store_failed = true;
}

/* --- starting ------------------------------------------------------------------------------------------ */

static int start_parser(struct pump *p, struct lane *lane)
{
	int fd;
	char label[STORE_NAME_SIZE + 16];
	snprintf(label, sizeof label, "parser %s", lane->name);
	lane->parser = child_start("parser", label, p->job->config->file, &fd);
	if (lane->parser < 0) {
		lane->parser = 0;
		lane_fail(lane, "its parser process cannot be started");
		return -1;
	}
	channel_open(&lane->to, fd);
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
	if (lane->box) {
		snprintf(start.mailbox, sizeof start.mailbox, "%s", lane->name);
		start.stays = lane->box->processed.action == DISPOSE_KEEP || lane->box->unrecognised.action == DISPOSE_KEEP ||
			      lane->box->quarantine.action == DISPOSE_KEEP;
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

static void lane_start(struct pump *p, struct lane *lane)
{
	int fd;
	char label[STORE_NAME_SIZE + 16];
	uint32_t count = BATCH;
	lane->started = true;
	lane->since = clock_monotonic();
	snprintf(label, sizeof label, "fetcher %s", lane->name);
	lane->fetcher = child_start("fetcher", label, p->job->config->file, &fd);
	if (lane->fetcher < 0) {
		lane->fetcher = 0;
		lane_fail(lane, "its fetcher process cannot be started");
		return;
	}
	channel_open(&lane->from, fd);
	if (start_parser(p, lane))
		return;
	bool sent = !send_start(p, lane);
	for (; sent && lane->asked < AHEAD; lane->asked++)
		sent = !channel_send(&lane->from, WIRE_NEXT, &count, sizeof count, true);
	told(lane, !sent);
}

/* --- a message is done ----------------------------------------------------------------------------------- */

static const struct disposal *disposal_of(const struct lane *lane, enum settlement what)
{
	static const struct disposal stays = { DISPOSE_KEEP, NULL };
	if (!lane->box)
		return &stays;
	return what == SETTLE_PROCESSED ? &lane->box->processed : what == SETTLE_UNRECOGNISED ? &lane->box->unrecognised :
	       &lane->box->quarantine;
}

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

/* Notes that the message of HEAD is stored as far as it can be, and what becomes of it once the transaction is durable. */
static int note_item(struct pump *p, struct lane *lane, const struct wire_message *head, enum settlement what)
{
	if (!p->job->store || !lane->box)
		return 0;
	if (disposal_of(lane, what)->action == DISPOSE_KEEP && store_keep(p->job->store, lane->name, head->remote_id, what, p->job->now))
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

/* The parser has answered for the first waiting message. */
static void message_done(struct pump *p, struct lane *lane, const struct wire_parsed *parsed)
{
	struct wire_message head;
	memcpy(&head, lane->first->payload, sizeof head);
	enum settlement what = lane->recognised ? SETTLE_PROCESSED : SETTLE_UNRECOGNISED;
	if (parsed->overflow) {
		char name[WIRE_NAME_SIZE];
		log_warning("mailbox %s: %s names more recipients than the %u that were read%s; it goes to quarantine", lane->name,
			    log_clean(name, sizeof name, head.name), parsed->events, head.truncated ? ", or its report goes on beyond max_message" : "");
		what = SETTLE_QUARANTINE;
		lane->counts.quarantined++;
	}
	lane->counts.messages++;
	if (!lane->recognised)
		lane->counts.unrecognised++;
	if (p->job->store) {
		struct store_message m = { .mailbox = lane->name, .arrived = arrival(p, parsed->arrived), .recognised = lane->recognised };
		enum store_message_result result;
		memcpy(m.digest, parsed->digest, sizeof m.digest);
		if (need_transaction(p) ||
		    store_message(p->job->store, &m, lane->events, lane->event_count, p->job->now, &result) ||
		    note_item(p, lane, &head, what)) {
			store_fail(p);
			return;
		}
		p->uncommitted++;
		if (result == MESSAGE_DUPLICATE) {
			lane->counts.duplicates++;
		} else {
			lane->counts.fresh++;
			lane->counts.events += lane->event_count;
		}
	} else {
		lane->counts.fresh++;
		lane->counts.events += lane->event_count;
	}
	drop_first(lane);
}

/* The first waiting message has killed or stopped TRIES parsers. */
static void message_quarantined(struct pump *p, struct lane *lane)
{
	struct wire_message head;
	char name[WIRE_NAME_SIZE];
	memcpy(&head, lane->first->payload, sizeof head);
	log_error("mailbox %s: %s ended its parser %d times; it goes to quarantine", lane->name,
		  log_clean(name, sizeof name, head.name), TRIES);
	lane->counts.messages++;
	lane->counts.quarantined++;
	if (p->job->store) {
		if (need_transaction(p) || store_count_message(p->job->store, lane->name, "quarantined", arrival(p, head.arrived)) ||
		    note_item(p, lane, &head, SETTLE_QUARANTINE)) {
			store_fail(p);
			return;
		}
		p->uncommitted++;
	}
	drop_first(lane);
}

/* Everything stored so far becomes durable, and only then is settled. */
static void commit(struct pump *p)
{
	if (p->in_transaction) {
#ifdef RETOUR_TEST_COMMIT_US /* a slow disk: kills fall before the commit, and what was settled too early would be lost */
		usleep(RETOUR_TEST_COMMIT_US);
#endif
		if (store_commit(p->job->store)) {
			store_fail(p);
			return;
		}
		p->in_transaction = false;
		p->uncommitted = 0;
	}
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *lane = &p->lanes[i];
		for (size_t done = 0; done < lane->item_count && !lane->failed && !lane->done;) {
			size_t n = lane->item_count - done < WIRE_SETTLE_MAX ? lane->item_count - done : WIRE_SETTLE_MAX;
			lane->settling++;
			done += n;
			told(lane, channel_send(&lane->from, WIRE_SETTLE, lane->items + done - n, n * sizeof *lane->items, true));
		}
		lane->item_count = 0;
	}
}

/* --- the parser ----------------------------------------------------------------------------------------- */

static void parser_sends(struct lane *lane, struct waiting *w)
{
	/* a failure shows as the parser's end, which poll() reports */
	channel_send(&lane->to, WIRE_MESSAGE, w->payload, w->length, false);
}

static void parser_died(struct pump *p, struct lane *lane)
{
	char text[128];
	bool was_ready = lane->parser_ready;
	pid_t pid = lane->parser;
	channel_close(&lane->to);
	child_status(child_end(pid), text, sizeof text);
	lane->parser = 0;
	lane->parser_ready = false;
	lane->event_count = 0;
	lane->recognised = false;
	if (was_ready && lane->first) {
		log_warning("mailbox %s: the parser %s", lane->name, text);
		if (++lane->first->tries >= TRIES)
			message_quarantined(p, lane);
	} else if (lane->parser_starts >= PARSER_STARTS_MAX) {
		snprintf(text, sizeof text, "its parser process does not start");
		lane_fail(lane, text);
		while (lane->first)
			drop_first(lane);
		return;
	}
	if (lane->first || !lane->failed)
		start_parser(p, lane);
}

static bool kind_fits(const struct lane *lane, unsigned kind)
{
	bool feedback = kind == KIND_COMPLAINT || kind == KIND_OPTOUT || kind == KIND_AUTHREPORT;
	return !lane->box || lane->box->kind == MAILBOX_AUTO || feedback == (lane->box->kind == MAILBOX_FBL);
}

/* One event of the first waiting message, packed at once so that no address stays. -1: the parser is not honest. */
static int take_event(struct pump *p, struct lane *lane, struct event *e)
{
	if (!lane->first || !event_valid(e))
		return -1;
	e->arrived = arrival(p, e->arrived);
	if (e->kind == KIND_NONE || !kind_fits(lane, e->kind))
		return 0;
	lane->recognised = true;
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
			store_fail(p);
			return 0;
		}
	}
	lane->event_count++;
	return 0;
}

/* What one frame of the parser means. False: it is not honest. */
static bool parser_says(struct pump *p, struct lane *lane, const struct wire_head *head, unsigned char *payload)
{
	struct wire_parsed parsed;
	struct wire_message first;
	if (head->type == WIRE_READY && !lane->parser_ready) {
		lane->parser_ready = true;
		lane->parser_starts = 0;
		lane->head_since = clock_monotonic();
		for (struct waiting *w = lane->first; w; w = w->next)
			parser_sends(lane, w);
		return true;
	}
	if (head->type == WIRE_EVENT)
		return !take_event(p, lane, (struct event *)payload);
	if (head->type != WIRE_PARSED || !lane->first)
		return false;
	memcpy(&parsed, payload, sizeof parsed);
	memcpy(&first, lane->first->payload, sizeof first);
	if (parsed.id != first.id)
		return false;
	message_done(p, lane, &parsed);
	return true;
}

/*
 * Its answers are read to their end even when nothing can be written to it any more: a parser that died at one message had answered for
 * those before it, and the one to blame is the first without an answer.
 */
static void serve_parser(struct pump *p, struct lane *lane)
{
	struct wire_head head;
	unsigned char *payload;
	int got = 0;
	channel_flush(&lane->to);
	while (!p->store_failed && (got = channel_receive(&lane->to, &head, &payload)) == 1) {
		bool honest = parser_says(p, lane, &head, payload);
		wipe_free(payload, head.length);
		if (!honest) {
			got = -1;
			break;
		}
	}
	if (got < 0)
		parser_died(p, lane);
}

/* --- the fetcher ---------------------------------------------------------------------------------------- */

static int take_message(struct lane *lane, unsigned char *payload, uint32_t length)
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
		parser_sends(lane, w);
	return 0;
}

static int answer_listed(struct pump *p, struct lane *lane, const unsigned char *ids, uint32_t length)
{
	size_t count = length / SOURCE_ID_SIZE;
	unsigned char *wanted = malloc(count ? count : 1);
	if (!wanted)
		return -1;
	memset(wanted, 1, count);
	unsigned keeps = 0;
	for (int what = SETTLE_PROCESSED; what <= SETTLE_QUARANTINE; what++)
		keeps |= (unsigned)(disposal_of(lane, (enum settlement)what)->action == DISPOSE_KEEP) << what;
	if (p->job->store && store_wanted(p->job->store, lane->name, ids, count, keeps, p->job->now, wanted))
		store_fail(p);
	int result = channel_send(&lane->from, WIRE_WANTED, wanted, count, true);
	free(wanted);
	return result;
}

static int ask_next(struct lane *lane)
{
	uint32_t count = BATCH;
	if (stopping || lane->ended)
		return 0;
	lane->asked++;
	return channel_send(&lane->from, WIRE_NEXT, &count, sizeof count, true);
}

static void say_failed(struct lane *lane, const struct wire_head *head, const unsigned char *text)
{
	char copy[WIRE_TEXT_MAX + 1];
	span_copy_text(copy, sizeof copy, (struct span){ (const char *)text, head->length });
	lane->refused = head->type == WIRE_REFUSED;
	lane_fail(lane, *copy ? copy : "failed without a word");
}

/* A folder of moved mail was looked at: where it ends now tells a later run how long its messages have been there. */
static int note_expired(struct pump *p, struct lane *lane, const struct wire_expired *done)
{
	lane->counts.expired += done->removed;
	if (!lane->box || !p->job->store || memchr(done->folder, '\0', sizeof done->folder) == NULL)
		return -1;
	if (done->end.uidnext && store_folder_mark(p->job->store, lane->name, done->folder, p->job->now,
						   lane->box->raw_retention / FOLDER_MARKS, &done->end))
		store_fail(p);
	return 0;
}

/* -1: the fetcher broke the protocol. *TAKEN: the payload is somebody else's now. */
static int fetcher_says(struct pump *p, struct lane *lane, const struct wire_head *head, unsigned char *payload, bool *taken)
{
	uint32_t count;
	struct settled settled;
	char text[WIRE_TEXT_MAX + 1];
	switch (head->type) {
	case WIRE_OPENED:
		lane->opened = true;
		span_copy_text(text, sizeof text, (struct span){ (const char *)payload, head->length });
		log_info("mailbox %s: open: %s", lane->name, text);
		return 0;
	case WIRE_LISTED:
		return answer_listed(p, lane, payload, head->length);
	case WIRE_MESSAGE:
		*taken = !take_message(lane, payload, head->length);
		return *taken ? 0 : -1;
	case WIRE_BATCH:
		if (!lane->asked)
			return -1;
		lane->asked--;
		memcpy(&count, payload, sizeof count);
		if (count == 0)
			lane->ended = true;
		return ask_next(lane);
	case WIRE_SETTLED:
		if (!lane->settling)
			return -1;
		lane->settling--;
		memcpy(&settled, payload, sizeof settled);
		lane->counts.deleted += settled.deleted;
		lane->counts.moved += settled.moved;
		lane->counts.kept += settled.kept;
		return 0;
	case WIRE_EXPIRED:
		return note_expired(p, lane, (const struct wire_expired *)payload);
	case WIRE_REFUSED:
	case WIRE_FAILED:
		say_failed(lane, head, payload);
		return 0;
	case WIRE_FINISHED:
		if (!lane->finishing)
			return -1;
		lane->done = true;
		end_fetcher(lane);
		return 0;
	}
	return -1;
}

static bool queue_has_room(const struct lane *lane)
{
	return !lane->first || lane->waiting_bytes < QUEUE_BYTES_MAX;
}

static void serve_fetcher(struct pump *p, struct lane *lane)
{
	struct wire_head head;
	unsigned char *payload;
	int got = 0;
	if (channel_flush(&lane->from) == 0)
		while (!p->store_failed && !lane->failed && !lane->done && queue_has_room(lane) &&
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
	while (!lane->failed && !lane->done && channel_receive(&lane->from, &head, &payload) == 1) {
		if (head.type == WIRE_FAILED || head.type == WIRE_REFUSED)
			say_failed(lane, &head, payload);
		wipe_free(payload, head.length);
	}
	if (!lane->failed && !lane->done) {
		char how[128], text[160];
		pid_t pid = lane->fetcher;
		lane->fetcher = 0;
		channel_close(&lane->from);
		snprintf(text, sizeof text, "its fetcher process %s", child_status(child_end(pid), how, sizeof how));
		lane_fail(lane, text);
	}
}

static int send_expire(struct pump *p, struct lane *lane)
{
	const struct disposal *const all[] = { &lane->box->processed, &lane->box->unrecognised, &lane->box->quarantine };
	for (size_t i = 0; i < 3; i++) {
		bool again = false;
		for (size_t before = 0; before < i; before++)
			again |= all[before]->action == DISPOSE_MOVE && all[i]->action == DISPOSE_MOVE &&
				 !strcmp(all[before]->folder, all[i]->folder);
		if (all[i]->action != DISPOSE_MOVE || again)
			continue;
		struct wire_expire expire = { .cutoff = p->job->now - lane->box->raw_retention };
		snprintf(expire.folder, sizeof expire.folder, "%s", all[i]->folder);
		if (store_folder_due(p->job->store, lane->name, all[i]->folder, expire.cutoff, &expire.due)) {
			store_fail(p);
			return 0;
		}
		if (channel_send(&lane->from, WIRE_EXPIRE, &expire, sizeof expire, true))
			return -1;
	}
	return 0;
}

/* Nothing more will come, and all that came is stored and told: goodbye. */
static void finish_if_due(struct pump *p, struct lane *lane)
{
	if (!lane->opened || lane->finishing || lane->failed || !(lane->ended || stopping) || lane->asked || lane->first ||
	    lane->item_count || p->store_failed)
		return;
	lane->finishing = true;
	told(lane, (lane->box && p->job->store && !stopping && send_expire(p, lane)) ||
		   channel_send(&lane->from, WIRE_FINISH, NULL, 0, true));
}

/* --- time ----------------------------------------------------------------------------------------------- */

static void watch_clock(struct pump *p, struct lane *lane)
{
	double now = clock_monotonic();
	if (lane->to.fd >= 0 && lane->first && now - lane->head_since > parser_seconds) {
		log_warning("mailbox %s: the parser did not answer within %.0f s", lane->name, parser_seconds);
		parser_died(p, lane);
	}
	/* the fetcher keeps its deadlines itself; this one holds when it hangs where it cannot, e.g. in the resolver */
	if (lane->box && !lane->failed && !lane->done &&
	    now - lane->since > (double)(lane->opened ? lane->box->deadline : 5 * lane->box->timeout) + grace_seconds)
		lane_fail(lane, "took longer than its deadline");
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

/* --- the loop ------------------------------------------------------------------------------------------- */

static void wait_for_work(struct pump *p)
{
	struct pollfd fds[2 * LANES_AT_ONCE];
	nfds_t n = 0;
	for (size_t i = 0; i < p->lane_count && n + 2 <= 2 * LANES_AT_ONCE; i++) {
		struct lane *lane = &p->lanes[i];
		if (!lane_active(lane))
			continue;
		if (lane->from.fd >= 0)
			fds[n++] = (struct pollfd){ lane->from.fd, (short)((queue_has_room(lane) ? POLLIN : 0) |
						    (channel_wants_write(&lane->from) ? POLLOUT : 0)), 0 };
		if (lane->to.fd >= 0)
			fds[n++] = (struct pollfd){ lane->to.fd, (short)(POLLIN | (channel_wants_write(&lane->to) ? POLLOUT : 0)), 0 };
	}
	poll(fds, n, TICK_MS);
}

static size_t start_lanes(struct pump *p)
{
	size_t active = 0;
	for (size_t i = 0; i < p->lane_count; i++)
		active += lane_active(&p->lanes[i]);
	for (size_t i = 0; i < p->lane_count && active < LANES_AT_ONCE && !stopping; i++)
		if (!p->lanes[i].started) {
			lane_start(p, &p->lanes[i]);
			active += lane_active(&p->lanes[i]);
		}
	return active;
}

static void lane_free(struct lane *lane)
{
	end_fetcher(lane);
	end_parser(lane);
	while (lane->first)
		drop_first(lane);
	wipe_free(lane->events, lane->event_room * sizeof *lane->events);
	free(lane->items);
}

static void work(struct pump *p)
{
	while (start_lanes(p) && !p->store_failed) {
		wait_for_work(p);
		for (size_t i = 0; i < p->lane_count && !p->store_failed; i++) {
			struct lane *lane = &p->lanes[i];
			if (!lane_active(lane))
				continue;
			if (lane->to.fd >= 0)
				serve_parser(p, lane);
			if (lane->from.fd >= 0)
				serve_fetcher(p, lane);
			watch_clock(p, lane);
			if (lane->failed && lane->to.fd < 0)
				while (lane->first) /* nobody is left to read it; it is still in the mailbox */
					drop_first(lane);
		}
		if (p->store_failed)
			return;
		if (p->uncommitted >= COMMIT_MESSAGES || all_idle(p) ||
		    (p->in_transaction && clock_monotonic() - p->transaction_since > commit_seconds))
			commit(p);
		for (size_t i = 0; i < p->lane_count; i++)
			if (p->lanes[i].started)
				finish_if_due(p, &p->lanes[i]);
	}
}

static void lane_report(struct pump *p, struct lane *lane, struct poll_counts *total)
{
	const struct poll_counts *c = &lane->counts;
	bool ok = lane->done && !p->store_failed;
	if (!lane->started)
		return;
	if (c->messages || c->expired)
		log_notice("mailbox %s: %llu messages: %llu new, %llu seen before, %llu unrecognised, %llu quarantined; %llu events; "
			   "deleted %llu, moved %llu, kept %llu, expired %llu", lane->name, (unsigned long long)c->messages,
			   (unsigned long long)c->fresh, (unsigned long long)c->duplicates, (unsigned long long)c->unrecognised,
			   (unsigned long long)c->quarantined, (unsigned long long)c->events, (unsigned long long)c->deleted,
			   (unsigned long long)c->moved, (unsigned long long)c->kept, (unsigned long long)c->expired);
	else if (ok)
		log_info("mailbox %s: nothing new", lane->name);
	if (lane->box && p->job->store && !p->store_failed &&
	    store_mailbox_read(p->job->store, lane->name, p->job->now, ok, lane->refused ? MAILBOX_LOGIN_REFUSED : "not read to its end"))
		store_fail(p);
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
	work(&p);
	for (size_t i = 0; i < p.lane_count; i++) {
		lane_report(&p, &p.lanes[i], total);
		lane_free(&p.lanes[i]);
	}
	free(p.lanes);
	total->store_failed = p.store_failed;
	total->stopped = stopping;
	return total->failed || total->quarantined || p.store_failed ? -1 : 0;
}
