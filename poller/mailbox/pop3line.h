/*
 * One connection to a POP3 server and the visit that it is part of: lines, answers, commands
 * (RFC 1939). Every line and list has a limit, and text of the server is not passed on, for it may
 * name the user. What fails leaves an error text in the source.
 */
#ifndef RETOUR_POP3LINE_H
#define RETOUR_POP3LINE_H

#include "poller/mailbox/local.h"
#include "poller/mailbox/source.h"
#include "poller/mailbox/stream.h"

enum {
	POP3_INPUT_SIZE = 1 << 16,
	POP3_LINE_MAX = 1024, /* RFC 2449 section 4: 512; what a line has beyond is dropped */
	POP3_UIDL_MAX = 70,   /* RFC 1939 section 7 */
	POP3_NAME_SIZE = POP3_UIDL_MAX + 32,
	POP3_RETR_DEPTH = 32,  /* commands on their way */
	POP3_DELE_DEPTH = 256, /* their answers are short: all of them fit the buffers between us */
};

/*
 * One message of the maildrop. Its place in the list is what the run knows it by; numbers are those
 * of one connection.
 */
struct pop3_listed {
	uint32_t number; /* 0: this connection does not have it */
	uint32_t uidl;   /* where its unique-id is in p->uidls; 0: it was not kept */
	unsigned char id[SOURCE_ID_SIZE];
	bool late;        /* it could not be had before: behind all others */
	bool asked, gone; /* its DELE was agreed to in this connection; and the QUIT of one */
	bool unsure;      /* that QUIT had no answer */
	bool doubtful;    /* what came for it may have been another: it is not deleted */
};

struct pop3 {
	struct source base;
	const struct mailbox *mailbox;
	uint64_t max_message;
	bool stays, some_stuck; /* struct source_options' */
	struct stream *stream;
	bool usable; /* the connection is in step: a command may be sent */
	bool logged_in;
	uint64_t marked;    /* DELE was agreed to since the last QUIT */
	uint64_t confirmed; /* deleted by a QUIT that was agreed to, and not told yet */
	char *password;     /* for another connection */
	double began;       /* of the visit, clock_monotonic() */
	double asked_at;    /* the first message was asked for; 0: none was */
	size_t answered;    /* since then */
	unsigned connections;
	bool unfinished; /* the visit was ended before its deadline */
	size_t cut_at;   /* the last connection was lost at this message of the list; SIZE_MAX: none
			    was */
	struct {
		bool pipelining, uidl, plain, xoauth2;
	} can;
	uint64_t count, octets; /* STAT */
	uint64_t said;          /* messages that the first listing named */
	uint64_t first_count;   /* of the first connection */
	struct pop3_listed *list;
	size_t listed, capacity, at, in_step; /* up to IN_STEP each answer was the message's */
	bool have_list;
	unsigned refused; /* RETRs */
	struct {
		size_t at; /* in the list */
		size_t n;  /* bytes that came, all blank */
	} empty[POP3_RETR_DEPTH];
	unsigned empties;
	bool emptied_not;      /* what was deleted is there again */
	bool reading;          /* a message is on its way: what ends the connection then may be the
				message */
	bool endless;          /* and has no end */
	bool misspoken;        /* and its answer is not POP3's */
	unsigned cuts, doubts; /* connections, messages */
	bool was_silent;       /* the last connection fell silent, and no message came since */
	size_t begin, end;     /* of what was received and not read */
	struct wiped message;
	char line[POP3_LINE_MAX + 1];
	char *uidls; /* unique-ids, each with a NUL, as far as there is room */
	size_t uidls_n;
	char name[POP3_NAME_SIZE];
	char input[POP3_INPUT_SIZE];
};

/*
 * Whose trouble it is when a server says no: it passes by itself, the server's administrator has to
 * act, or the user and password are wrong.
 */
enum trouble { TROUBLE_UNKNOWN, TROUBLE_PASSES, TROUBLE_SERVER, TROUBLE_LOGIN };

enum reply { REPLY_BROKEN = -1, REPLY_OK, REPLY_ERR, REPLY_CONTINUE };

/* What the response code of a -ERR means (RFC 2449 section 8, RFC 3206). */
struct pop3_meaning {
	const char *code;
	enum trouble trouble;
	const char *means;
};

/* The connection is lost or out of step; says why. Always -1. */
int pop3_broken(struct pop3 *p, const char *why);

/* The connection still stands, but the server did not do what it was asked. Always -1. */
int pop3_refused(struct pop3 *p, const char *what);

/* Receives more of what the server sends into p->input. 0 or -1. */
int pop3_receive(struct pop3 *p);

/* Reads a line into p->line, without its end. 0 or -1. */
int pop3_read_line(struct pop3 *p);

/* Sends N bytes of TEXT. 0 or -1. */
int pop3_send(struct pop3 *p, const char *text, size_t n);

/* The status line of an answer. REPLY_CONTINUE only while logging in. */
enum reply pop3_reply(struct pop3 *p);

/* One command without arguments of ours, and its status line. */
enum reply pop3_command(struct pop3 *p, const char *text);

/* Sends the command NAME for N messages, at most POP3_DELE_DEPTH, in one write. 0 or -1. */
int pop3_send_for(struct pop3 *p, const char *name, const uint32_t *numbers, size_t n);

/* The next line of a listing; *LINES counts. 1, 0 at its end, or -1. */
int pop3_list_line(struct pop3 *p, unsigned *lines);

/* Of the -ERR that was read last; NULL where it has no response code that is known. */
const struct pop3_meaning *pop3_find_meaning(const struct pop3 *p);

/* The same in words, or OTHERWISE. */
const char *pop3_meaning(const struct pop3 *p, const char *otherwise);

#endif
