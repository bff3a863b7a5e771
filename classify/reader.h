/*
 * One message at work: what is known of it so far, and the rooms that read it.
 * Only the files named here include this; classify() is what others call.
 */
#ifndef RETOUR_READER_H
#define RETOUR_READER_H

#include "classify/dsn.h"
#include "classify/base/arena.h"
#include "classify/arf.h"
#include "classify/classify.h"
#include "classify/mail.h"
#include "classify/prose.h"
#include "classify/recipient.h"
#include "classify/rules.h"
#include "classify/summary.h"

enum { READER_OTHERS_MAX = 64 };

struct workspace {
	struct charsets *charsets;
	struct recipient_set *seen;
	struct arena arena;
	struct mime mime;
	struct mail mail;
	struct prose prose;
	struct event event; /* zeros while none is begun */
	bool begun;         /* reader_begin() was called, the event not wiped yet */
	struct summary summary;
};

struct reader {
	const struct rules *rules;
	const struct classify_options *options;
	struct workspace *w;
	struct mail *mail;
	struct prose *prose;
	struct returned returned;
	size_t owns, others;
	struct span unsubscribe; /* token of an address that we made for List-Unsubscribe, to which
				    this message was sent; empty: none */
	bool nested; /* the mail is one that stood in another: its header is the other one's word */
	bool subject_says[KIND_COUNT], header_says[KIND_COUNT];
	uint16_t subject_rule[KIND_COUNT], header_rule[KIND_COUNT];
	bool bounce_subject, bounce_sender, receipt_subject, notice_subject, held_subject;
	bool letter_field; /* its header has a field that a tracker of tickets writes */
	bool answer;       /* its subject is one that a person's answer has */
	bool truncated;
	event_sink *sink;
	void *context;
	struct outcome *out;
	bool told;   /* an event left */
	int stopped; /* what the sink said */
	/* What follows is not cleared: counted above, and what all events share but diagnostic. */
	struct span own[PROSE_OWN_MAX]; /* addresses of the sender */
	struct span
		other[READER_OTHERS_MAX]; /* addresses or fields that name recipients: redaction
					     takes their local parts out of each other's answers */
	char verp[EVENT_ADDRESS_SIZE];    /* recipient in a VERP return path of this message,
					     classic or with a token; "" */
	struct event common;              /* what all events share: no diagnostic */
};

/* --- what every room needs: classify/reader.c ----------------------------- */

static inline void reader_text(char *buffer, size_t size, struct span text)
{
	span_copy_text(buffer, size, text);
}

/* The workspace's event with what all events share. */
struct event *reader_begin(struct reader *r);
/* Forgets the event begun, if one is. */
void workspace_wipe_event(struct workspace *w);

/*
 * Notes that ADDRESS, an address or a field like "rfc822; a@example.org", names somebody; those
 * beyond the limit are left.
 */
void reader_remember(struct reader *r, struct span address);

/*
 * Was E's recipient not named before? What lies beyond the limit is not, and is said to be left
 * out.
 */
bool reader_is_new(struct reader *r, const struct event *e);

/* Hands E out. False when the message is to be left: the sink said so, or there are too many. */
bool reader_emit(struct reader *r, struct event *e);

/* The one event of a message that gives none. */
void reader_emit_none(struct reader *r, enum kind kind, const char *why);

/*
 * Does ANSWER speak of another recipient of the report, and not of the one whom GROUP names? Some
 * systems put their last answer beside each recipient.
 */
bool reader_names_another(
	const struct reader *r, struct span answer, const struct dsn_recipient *group);

/*
 * Fills in what the evidence decides, and hands the event out. WORDS stand for the diagnostic where
 * there is none.
 */
bool reader_decide(struct reader *r, struct event *e, struct clues *evidence, struct span words);

/* Does the text give a code of refusal? */
bool reader_answers_no(struct span text);

/* --- what all events of a message share: classify/common.c ---------------- */

/* The stream, where campaign or returned mail name one; once more when these became others. */
void common_stream(struct reader *r);
/* The returned mail, return paths, the sender's own addresses, origin, campaign. */
void common_read(struct reader *r, int64_t arrived);

/*
 * TOKEN is that of this message: what it says becomes common to all events; whether it is true the
 * store can tell.
 */
void common_token(struct reader *r, struct span token);

/*
 * What rules say of subject and sender, and of the header, which is worth it only where no report
 * decides.
 */
void common_scan(struct reader *r);
void common_scan_header(struct reader *r);

/* --- who sent it: classify/sender.c --------------------------------------- */

/* A mail system: a null return path, mailer-daemon and the like, by whom the mail says it is. */
bool sender_is_daemon(const struct reader *r);
/* RFC 5321 section 4.5.5; false where no Return-Path says so. */
bool sender_has_null_path(const struct mail *m);
/* An address of a mailing list's that is not for its members: list-request@, list-bounces@. */
bool sender_is_list_manager(const struct reader *r);

/* Is the return path the sender's own, or one beside it that counts bounces? */
bool sender_wants_answers(const struct reader *r);

/* MAILER-DAEMON, who writes nothing but reports; a postmaster is a person as well. */
bool sender_is_mailer_daemon(const struct reader *r);

/* postmaster@, by no name that only a bounce has. */
bool sender_is_postmaster(const struct reader *r);

/* Sent by somebody who takes answers. */
bool sender_is_person(const struct reader *r);

/*
 * The domain of the only address in From, where our own mail server found it authenticated
 * (authres.h); else an empty span. A mail within another has none.
 */
struct span sender_proven_domain(const struct reader *r);
/* As RFC 3834 section 5 labels them. */
bool sender_is_auto_replied(const struct mail *m);

/* --- complaints: classify/complaint.c ------------------------------------- */

/*
 * Hands out a complaint for each recipient that A names, else one for that of the mail in it, who
 * may not be known.
 */
void complaint_read(struct reader *r, const struct arf *a);

/* Complaints that are no feedback report; false when this is none. */
bool complaint_read_other(struct reader *r);

/*
 * Who the mail that came back went to, where that is plain, into ADDRESS of EVENT_ADDRESS_SIZE
 * bytes; the length, 0: not known.
 */
size_t complaint_recipient(const struct reader *r, char *address);

/* --- requests to unsubscribe, by mail: classify/optout.c ------------------ */

/* False when this is none. */
bool optout_read(struct reader *r);

/* --- failures, delays, successes: classify/failure.c ---------------------- */

/* False when the status names no recipient and says nothing. */
bool failure_read_status(struct reader *r);

/* SES notifications that came through SNS; false when this is none. */
bool failure_read_sns(struct reader *r);

/* Reports in words. */
void failure_read_prose(struct reader *r);

#endif
