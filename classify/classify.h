/*
 * Bytes in, events out. No I/O, no clock, no global state; memory is taken
 * once per classifier and once per workspace, never per message.
 */
#ifndef RETOUR_CLASSIFY_H
#define RETOUR_CLASSIFY_H

#include "classify/event.h"
#include "classify/base/span.h"

struct rules;       /* classify/rules.h */
struct mail_stream; /* classify/mailstream.h */
struct bid_told;
typedef void bid_sink(void *context, const struct bid_told *b);
struct summary; /* classify/summary.h */
typedef int summary_sink(void *context, const struct summary *s);

/* What an organisation says of itself; all lists end with NULL and stay the caller's. */
struct classify_options {
	const char *const *domains;          /* ours, lower-case A-labels: [origin] domains */
	const char *const *campaign_headers; /* header names whose value is the campaign: [origin]
						campaign_headers */
	const struct mail_stream *streams;   /* of our mail (classify/mailstream.h); NULL: none */
	const char *verp;                    /* e.g. "bounce+{token}@bounce.example.org", or NULL */
	const char *unsubscribe;             /* the same of the address in List-Unsubscribe */
	const char *const *authserv_ids;     /* names of our mail servers in Authentication-Results:
						[origin] authserv_id; NULL: none */
	bool redact;    /* diagnostics leave only redacted (classify/redact.h) */
	bid_sink *tell; /* told of the evidence for the event that comes next (classify/rules.h);
			   NULL: nobody asked */
	void *tell_context;
	summary_sink *summarise; /* told of the report that a mail of KIND_SUMMARY is, before its
				    event; NULL: nobody asked */
	void *summary_context;
};

/*
 * Holds what one message needs while it is read; reused for the next. One per thread. Wiped by
 * workspace_free().
 */
struct workspace;
struct workspace *workspace_new(void);
void workspace_free(struct workspace *w);

struct message {
	struct span bytes; /* the mail as it lies in the mailbox: CRLF or LF, an mbox "From " line
			      in front is tolerated */
	int64_t arrived;   /* epoch seconds where the mailbox knows; 0: read from the mail */
	bool truncated;    /* bytes end before the mail does */
};

/* Why a message gave nothing, or what else it was; beside the events. */
struct outcome {
	uint32_t events; /* how many went to the sink; a message without any gives one of KIND_NONE,
			    not counted here */
	int64_t arrived; /* message.arrived where it can be, else topmost Received, else Date, else
			    0 (mail_arrived(); RFC 5322 section 3.3) */
	bool overflow;   /* more recipients than are read, CLASSIFY_EVENTS_MAX of a report,
			    PROSE_RECIPIENTS_MAX of a text, or its report is where a truncated mail
			    ends: what lies beyond was not read */
};

enum {
	/* recipients read of one report: what a run can hold of it at once */
	CLASSIFY_EVENTS_MAX = 32000,
	CLASSIFY_ARRIVAL_FIRST = 946684800, /* 2000-01-01: a mailbox that gives an earlier time of
					       arrival does not know it */
};

/*
 * Takes one event; it is the classifier's again, and wiped, after the call. Non-zero stops the
 * message.
 */
typedef int event_sink(void *context, const struct event *event);

/*
 * Reads one message and hands its events to SINK in the order in which the report names the
 * recipients, each recipient once. Always terminates in time linear in the bytes; any bytes are
 * allowed. Returns 0, or what SINK returned when not 0.
 */
int classify(const struct rules *rules, const struct classify_options *options, struct workspace *w,
	const struct message *m, event_sink *sink, void *context, struct outcome *out);

/*
 * The bytes by which a message is known again when it is read twice, delivered twice or comes from
 * another mailbox: its Message-ID, Date, From and its body with line ends normalised; not the trace
 * headers, which differ by route. Fed piecewise to FEED, which hashes them. At most
 * IDENTITY_BODY_MAX bytes of the body count.
 *
 * Returns the day that its Date names, as a number that rises from day to day; 0: it names none.
 * Messages with one identity have one such number, and no later version has another for them: what
 * was seen lies in its order (store/seen.c).
 */
enum { IDENTITY_BODY_MAX = 65536 };
uint16_t message_identity(const struct message *m,
	void (*feed)(void *context, const void *bytes, size_t n), void *context);

#endif
