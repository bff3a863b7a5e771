/*
 * One message laid open: its own header, and which of its parts is the report,
 * which the human text and which the mail that came back.
 */
#ifndef RETOUR_MAIL_H
#define RETOUR_MAIL_H

#include "classify/base/arena.h"
#include "classify/charset.h"
#include "classify/mime.h"
#include "classify/origin.h"

enum {
	/* bytes of a delivery status; what classify() is given is smaller */
	MAIL_REPORT_MAX = 64 << 20,
	MAIL_RETURNED_MAX = 1 << 18, /* bytes of the returned mail; its header is what counts */
	MAIL_HUMAN_PARTS_MAX = 8,    /* text parts that are read */
	MAIL_PATHS_MAX = 6,          /* Delivered-To, X-Original-To and their like */
	MAIL_FAILED_MAX = 64,        /* X-Failed-Recipients fields */
};

struct mail {
	/* Fields of its own header as they stand. */
	struct span from, sender, reply_to, to, cc, subject, date, received, return_path,
		auto_submitted, in_reply_to, content_type;
	struct span path[MAIL_PATHS_MAX]; /* addresses that it was delivered to */
	size_t paths;
	struct span
		failed[MAIL_FAILED_MAX]; /* X-Failed-Recipients and its like: lists of addresses */
	size_t faileds;
	bool has_return_path; /* an empty one counts */
	struct span header;
	const struct fields *fields; /* all of it */
	/* Read. */
	struct span subject_text, sender_text;
	struct span human;       /* UTF-8 */
	struct span status;      /* message/delivery-status */
	struct span feedback;    /* message/feedback-report */
	struct span disposition; /* message/disposition-notification */
	struct span returned;    /* the header of the returned mail */
	bool has_status, has_feedback, has_disposition, has_returned;
	bool status_is_text; /* a text part looked like one */
	bool status_is_last; /* the status part ends where the bytes end: of a truncated mail it may
				be cut */
	bool is_status_report; /* multipart/report; report-type=delivery-status */
	bool is_summary;       /* DMARC aggregate or TLS-RPT: statistics, about no delivery */
	struct fields returned_fields; /* has_returned: of the returned mail's header */
};

/* TRUNCATED: the bytes end before the mail does, so the word at their end does not count. */
void mail_open(struct mail *mail, struct mime *mime, struct arena *arena, struct charsets *charsets,
	struct span bytes, bool truncated);

/* Does an HTML part link to the web? Decoded into ARENA. */
bool mail_has_html_link(const struct mime *mime, struct arena *arena, struct charsets *charsets);

/*
 * The one mail that is attached to another (RFC 2046 section 5.2.1), decoded into ARENA; empty
 * where there is none, or two, or a report beside it. Whether the other says something itself the
 * caller looks at.
 */
struct span mail_attached(const struct mime *mime, struct arena *arena);

/*
 * A report that stands in it as a message of its own (message/rfc822), where it has none itself:
 * passed on by a person or a gateway; else an empty span. Points into the mail's bytes or the
 * arena.
 */
struct span mail_nested_report(
	const struct mime *mime, const struct mail *mail, struct arena *arena);

/*
 * When it arrived, epoch seconds: what the MAILBOX says (INTERNALDATE, a Maildir name, the From_
 * line; 0: nothing), unless that is before 2000 or more than a year before the mail itself was
 * under way, as on machines that started in 1970; else the topmost Received field, else Date,
 * unless they are older than the format (RFC 822 is of 1982); else 0.
 */
int64_t mail_arrived(const struct mail *mail, int64_t mailbox);

#endif
