/*
 * One line of a mail server's log: what it says about one delivery attempt, about the sender of a
 * message in the queue, or about its end. Postfix, Exim, sendmail, OpenSMTPD and qmail are told
 * apart line by line, so that a syslog file in which several programs write is read as well, in
 * whatever form the host's syslogd, its journal or its containers write it (loghead.h). Pure: no
 * I/O, no clock, nothing kept but the last time stamps; the spans of the answer point into the
 * line.
 */
#ifndef RETOUR_MAILLOG_H
#define RETOUR_MAILLOG_H

#include <stdint.h>
#include "poller/run/outcome.h"
#include "poller/volume/loghead.h"

enum log_mta { LOG_NONE, LOG_POSTFIX, LOG_EXIM, LOG_SENDMAIL, LOG_OPENSMTPD, LOG_QMAIL, LOG_MTAS };

enum log_what {
	LOG_NOTHING,  /* nothing that counts */
	LOG_ARRIVED,  /* the message is in the queue, or is tried again: ID, SENDER */
	LOG_CAMPAIGN, /* a header of it was logged: ID, HEADER, SENDER is its value */
	LOG_ATTEMPT,  /* ID, RECIPIENTS, OUTCOME, … */
	LOG_STARTED,  /* qmail: ID of a delivery to RECIPIENTS begins, of the message NOTICE */
	LOG_ENDED,    /* and this is its OUTCOME */
	LOG_EXPIRED,  /* the queue gave up on the recipients that are still deferred */
	LOG_DONE,     /* the message left the queue */
};

/* Where an attempt went. */
enum log_reach {
	LOG_REMOTE, /* to another host, or it did not come so far */
	LOG_LOCAL,  /* into a mailbox, a program, a list of this system */
	LOG_HOP, /* to this host itself: a content filter, a second instance; it comes back and is
		    logged again */
};

struct log_line {
	enum log_mta mta;
	enum log_what what;
	enum log_outcome outcome;
	enum log_reach reach;
	bool names_sender;    /* of ATTEMPT and EXPIRED: SENDER stands in the line, and ID is of one
				 recipient */
	bool unread;          /* NOTHING, though its words are those of an attempt */
	int64_t at;           /* epoch seconds; 0: no time stamp */
	struct span host, id; /* HOST: the log's, "" where it names none */
	struct span notice;   /* sendmail: the queue id of a bounce that was made of this message,
				 whose arrival is not logged; "" */
	struct span sender;   /* without angle brackets; "" is the null sender. Of CAMPAIGN: the
				 header's value */
	struct span header;   /* its name */
	struct span recipients; /* one address, or several (sendmail); log_recipient() takes them
				   apart */
	struct span job;        /* what the sending system calls the campaign; "" */
	struct span relay;      /* host name of who answered, "" when nobody did */
};

/*
 * Reads LINE (without its end), with what CARRIED said of it (NULL: nothing did). False when it is
 * no line of a mail server; *OUT is then empty but for UNREAD.
 */
bool maillog_read(struct span line, const struct log_carried *carried, struct log_clock *clock,
	struct log_line *out);

/* Are the words of TEXT those of a delivery attempt? CUT: its end is missing. */
bool maillog_tells(struct span text, bool cut);

/* Cuts the next address off *REST and gives its domain, "" where it has none; false at the end. */
bool log_recipient(struct span *rest, struct span *domain);

#endif
