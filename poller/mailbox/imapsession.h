/*
 * An IMAP session (RFC 3501, RFC 9051) on our stream: connected, protected and logged
 * in, with the server's ideas of folder names. What is read and settled in it is imap.c's.
 * libetpan speaks the protocol; every call here leaves an error for the operator in
 * ERROR, which names host and port and never a user, a password or an address.
 */
#ifndef RETOUR_IMAPSESSION_H
#define RETOUR_IMAPSESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <libetpan/libetpan.h>
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/stream.h"

enum {
	IMAP_FOLDER_SIZE = 512, /* a folder's name as the server writes it, with its NUL */
	/*
	 * Bytes of an answer that carries no mail. libetpan keeps all of it as lists, an atom of
	 * one letter in forty times its size: with this the process stays below 64 MiB.
	 */
	IMAP_ANSWER_MAX = 384 * 1024,
	IMAP_SEARCH_MAX = 768 * 1024, /* of the UIDs that others have marked: 100,000 of them */
};

struct imap_session {
	struct stream *stream;
	mailimap *imap;
	const char *host, *user;
	unsigned port;
	char delimiter;                /* between the levels of a folder's name; 0: no levels */
	char prefix[IMAP_FOLDER_SIZE]; /* of the personal namespace, e.g. "INBOX." */
	int64_t deadline;   /* seconds for all that is said; 0: the mailbox's. Set before it is
			     opened */
	bool refused;       /* the login failed, not the connection */
	bool broken;        /* the dialogue is out of step: nothing more is said */
	bool misspoken;     /* it is so because an answer broke the protocol */
	bool no_move;       /* MOVE is offered and not taken */
	size_t settle_uids; /* that one command changes (imapsettle.c); 0: none was sent yet */
	bool moved_before;  /* a message went to another folder, and it was shown that it arrived */
	bool tells_copies;  /* by COPYUID, what arrived in another folder */
	char *error;        /* the caller's */
	size_t error_size;
};

/* A folder as the user wrote it and as the server calls it. */
struct imap_folder {
	const char *written;
	char name[IMAP_FOLDER_SIZE]; /* modified UTF-7, the server's delimiter, its prefix */
	bool exists;
};

/*
 * Connects, protects, logs in as the mailbox says, and asks for delimiter and namespace. 0 or -1;
 * imap_session_close() always.
 */
int imap_session_open(struct imap_session *s, const struct mailbox *mailbox, const char *password);
/* Says goodbye when it can still be said, and frees. */
void imap_session_close(struct imap_session *s);

/* Among what the server said that it can (RFC 3501 section 7.2.1). */
bool imap_has(const struct imap_session *s, const char *capability);
/*
 * Before each command whose answer carries mail: how long it may be. Other commands have
 * IMAP_ANSWER_MAX.
 */
void imap_expect(struct imap_session *s, uint64_t bytes);
/*
 * What libetpan's CODE means: 0 when the command succeeded; else -1 and "HOST:PORT: WHAT FOLDER:
 * reason" in the error; FOLDER may be NULL.
 */
int imap_check(struct imap_session *s, int code, const char *what, const char *folder);
/* An error of our own; returns -1. */
int imap_fail(struct imap_session *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Finds what WRITTEN is called here. A folder that does not exist is no error: EXISTS says so. */
int imap_folder_find(struct imap_session *s, const char *written, struct imap_folder *out);
/* Folders by what they are for (RFC 6154), where the server tells it. */
struct imap_uses {
	bool all;                 /* one has all mail, whatever is expunged elsewhere */
	struct imap_folder trash; /* its name, if it exists */
};
int imap_find_uses(struct imap_session *s, struct imap_uses *uses);
/* Makes and subscribes it when it is absent. */
int imap_folder_make(struct imap_session *s, struct imap_folder *folder);

#endif
