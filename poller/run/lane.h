/*
 * One lane of the run: a mailbox, its fetcher, its parser, and what is under way between them.
 * Shared by poll.c (the loop), lane.c (how a lane begins and ends), lanefetcher.c and laneparser.c
 * (what the two say); nobody else includes it.
 */
#ifndef RETOUR_LANE_H
#define RETOUR_LANE_H

#include <stdbool.h>
#include <sys/types.h>
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/source.h"
#include "poller/run/job.h"
#include "poller/run/wire.h"
#include "store/writing.h"

#ifndef RETOUR_TEST_BATCH /* the test that kills at random moments wants many commits to hit */
#define RETOUR_TEST_BATCH 4096
#endif

enum {
	BATCH = RETOUR_TEST_BATCH, /* messages a fetcher is asked for at once: each time costs a
				      far server's round trip */
	LANES_AT_ONCE = 4,
	AHEAD = 2, /* batches asked for */
	/*
	 * In one transaction, and settled at once: each time a server looks at the whole folder,
	 * whatever goes. More than wait in the queue meanwhile would leave the parser idle.
	 */
	COMMIT_MESSAGES = BATCH,
	POP3_MESSAGES = 512, /* the same of a POP3 mailbox: it deletes at QUIT only */
	/* Of files nothing is settled: a page that many messages change is written once. */
	IMPORT_MESSAGES = 8 * BATCH,
};

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
	struct channel from, to; /* the fetcher's socket, the parser's */
	bool started, opened, ended, finishing, done, failed;
	bool refused;               /* the login, that is why it failed */
	struct mailbox_facts facts; /* as its fetcher found them, where it came so far */
	bool facts_known;
	bool parser_ready;
	unsigned asked, settling, parser_starts;
	double since;           /* the fetcher was started */
	double begun;           /* the first one of this run was */
	int64_t token_lifetime; /* seconds from then on; 0: no token */
	int64_t token_later;    /* seconds for which the token server is to be left alone; 0 */
	double head_since;      /* the parser has the first waiting message */
	struct waiting *first, *last;
	size_t waiting_bytes;
	struct packed_event *events; /* of the first waiting message */
	size_t event_count, event_room;
	unsigned char *summary; /* struct wire_summary and its rows, or NULL */
	size_t summary_size;
	bool recognised, unheeded; /* UNHEEDED: it has an opt-out that may not act */
	struct wire_settle *items; /* stored in the open transaction, to be settled after it */
	size_t item_count, item_room;
	struct poll_counts counts;
	unsigned folders; /* bits of enum folder_use: those in which is looked for what is to
			   expire */
	uint64_t expired[FOLDER_USE_COUNT];
};

struct pump {
	const struct poll_job *job;
	struct lane *lanes;
	size_t lane_count;
	bool in_transaction, store_failed;
	unsigned uncommitted;
	double transaction_since;
	double stopping_since; /* seen so; 0: no stop was asked for */
};

/* --- lane.c */

/* Starts fetcher and parser and asks for the first batches. What goes wrong fails the lane. */
void lane_start(struct pump *p, struct lane *lane);
/*
 * Another parser in the place of one that ended. -1: it cannot be started, and the lane has failed.
 */
int lane_start_parser(struct pump *p, struct lane *lane);
void lane_end_fetcher(struct lane *lane);
void lane_end_parser(struct lane *lane);
/* Ends both and frees what the lane holds; what held an address is wiped. */
void lane_free(struct lane *lane);

/* The mailbox is over for this run: logged once. TEXT is from the fetcher or ours. */
void lane_fail(struct lane *lane, const char *text);
/*
 * The session broke with TEXT. Where its token had run out by then, the mailbox is visited once
 * more, with a new one: what was stored and not settled comes again, and counts once. False: it was
 * not the token, or the mailbox's time is over.
 */
bool lane_visit_again(struct pump *p, struct lane *lane, const char *text);
/*
 * RESULT of telling the fetcher something. When it is gone its last words may still be in the
 * socket: lane_serve_fetcher() finds the channel broken, reads them, and says those instead of
 * "gone".
 */
void lane_told(struct lane *lane, int result);
/* The store is over for this run: logged once, and what was not committed is rolled back. */
void pump_fail(struct pump *p);

/* What a parser has said of the first waiting message so far counts no more. */
void lane_forget_said(struct lane *lane);
/* The first waiting message is done with: wiped and freed. */
void lane_drop_first(struct lane *lane);
/*
 * What the configuration wants done with a message that ended as WHAT. An import's files stay as
 * they are.
 */
const struct disposal *lane_disposal(const struct lane *lane, enum settlement what);

/* --- laneparser.c */

/* Reads what the parser has said, stores it, and starts another when it died. */
void lane_serve_parser(struct pump *p, struct lane *lane);
/* It ended, or is to be ended: the message it was at has one try less. */
void lane_parser_died(struct pump *p, struct lane *lane);
/* Hands W over; a failure shows as the parser's end. */
void lane_parser_sends(struct lane *lane, struct waiting *w);

/* --- laneexpire.c */

/* Asks the fetcher to delete moved mail whose time is over. -1: it is gone. */
int lane_expire(struct pump *p, struct lane *lane);
/* Its answer. -1: it broke the protocol. */
int lane_expired(struct pump *p, struct lane *lane, const struct wire_expired *done);

/* --- lanefetcher.c */

/* Reads what the fetcher has said, as long as there is room for mail. */
void lane_serve_fetcher(struct pump *p, struct lane *lane);
/* Less mail waits for the parser than may. */
bool lane_has_room(const struct pump *p, const struct lane *lane);
/*
 * When nothing more will come, and all that came is stored and told: has moved mail expired, and
 * says goodbye.
 */
void lane_finish_if_due(struct pump *p, struct lane *lane);

#endif
