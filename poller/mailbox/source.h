/*
 * Where mail comes from. A source is opened, hands out its messages in batches,
 * settles exactly those that it is told to, and is closed. It runs in the fetcher
 * process, which has a password and a connection and neither keys nor store.
 *
 * The file source (poller/mailbox/file.c) is the smallest one and shows the contract.
 */
#ifndef RETOUR_SOURCE_H
#define RETOUR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "classify/base/span.h"
#include "poller/mailbox/mailbox.h"
#include "store/store.h"
#include "store/writing.h"

enum {
	SOURCE_ID_SIZE = 16,
	SOURCE_ERROR_SIZE = 512,
	READING_PERCENT = 60, /* of a mailbox's deadline: the rest is for settling what was read */
};

/* What became of a message, and so where it goes. */
enum settlement {
	SETTLE_PROCESSED,    /* [mailbox] processed */
	SETTLE_UNRECOGNISED, /* [mailbox] unrecognised */
	SETTLE_QUARANTINE, /* [mailbox] quarantine: it killed its parser, or is beyond all limits */
	SETTLE_OPTOUT,     /* [mailbox] optout: somebody unsubscribes, and nothing proves who */
	SETTLEMENT_COUNT
};

struct source_message {
	uint64_t id;     /* the source's own handle for settle(): UID, message number, index */
	int64_t arrived; /* INTERNALDATE, Maildir name, From_ line; 0: not known */
	uint64_t size;   /* as the mailbox says; bytes.n is less when truncated */
	bool truncated;
	unsigned char remote_id[SOURCE_ID_SIZE]; /* stays the same for as long as the message lies
						    there */
	struct span bytes;                       /* valid during the call */
	const char
		*name; /* for a person who looks for it: "UID 42", a file name; never an address */
};

/* Last: it could not be had in an earlier visit, so it is tried when all others were read. */
enum source_wanted { WANTED_NOT, WANTED_NOW, WANTED_LAST };

/* All return 0 to go on; anything else stops the batch, and next() returns -1. */
struct source_sink {
	/* Takes one message; the bytes are the source's again afterwards, which wipes them. */
	int (*message)(void *context, const struct source_message *m);
	/*
	 * M, of which only id, remote_id, size and name mean something, cannot be had: WHY, a
	 * sentence for the operator without a word of the server's. It is stepped over and stays in
	 * the mailbox. May be NULL.
	 */
	int (*stuck)(void *context, const struct source_message *m, const char *why);
	/*
	 * Only where mail stays in the mailbox, or some of it could not be had before: which of
	 * COUNT messages are wanted? WANTED[i] is set to an enum source_wanted. May be NULL: all.
	 */
	int (*wanted)(void *context, const unsigned char (*remote_ids)[SOURCE_ID_SIZE],
		size_t count, unsigned char *wanted);
	void *context;
};

struct settle_item {
	uint64_t id;
	enum settlement what;
};

struct settled {
	uint64_t deleted, moved, kept;
};

struct source_options {
	const struct mailbox *mailbox; /* NULL for import */
	const char *password; /* or the OAuth2 token; NULL where the source needs none. Wiped by the
				 caller after open */
	const char *const *paths; /* import: files, Maildirs, directories, "-"; end with NULL */
	uint64_t max_message;     /* bytes of one message at most */
	const char *scratch; /* outlives the source: where journals of what is done to files lie;
				NULL: nothing will be settled */
	bool stays;          /* some of what is read stays in the mailbox: ask wanted() */
	bool some_stuck;     /* some could not be had before: ask wanted() where what is read can
				be known again */
};

struct source {
	const struct source_ops *ops;
	bool refused;                  /* it was the login that failed */
	struct mailbox_facts facts;    /* what open() found out of the server */
	char error[SOURCE_ERROR_SIZE]; /* what failed, for the operator; no address, no password */
				       /* the implementation's own struct begins with this one */
};

struct source_ops {
	const char *name;
	/*
	 * Connects, logs in, selects. *OUT is set even on failure, for its error text; close() it
	 * always. 0 or -1.
	 */
	int (*open)(struct source **out, const struct source_options *options);
	/*
	 * Hands the next messages to SINK: at most COUNT, in the mailbox's order, each once while
	 * the source is open. Returns how many, 0 at the end, -1 on failure (the mailbox's, not one
	 * message's: that is handed out as it is).
	 */
	int (*next)(struct source *s, size_t count, const struct source_sink *sink);
	/*
	 * Deletes, moves or leaves exactly these messages, which next() handed out; called only
	 * after they were stored durably. 0, or -1: then what was not settled comes again in the
	 * next run.
	 */
	int (*settle)(struct source *s, const struct settle_item *items, size_t count,
		struct settled *done);
	/*
	 * Removes from FOLDER what has been there for longer than raw_retention: by DUE where the
	 * source numbers its messages (IMAP), for a moved message keeps its date; else what was put
	 * there before CUTOFF. *REMOVED counts; *END is where the folder ends now, uidnext 0 where
	 * that means nothing. NULL where there are no folders.
	 */
	int (*expire)(struct source *s, const char *folder, int64_t cutoff,
		const struct folder_mark *due, uint64_t *removed, struct folder_mark *end);
	/*
	 * Ends the visit, before close(): what makes deletions true (POP3's QUIT) is done, and what
	 * the mailbox holds is compared with what it should. LATE counts what was settled only now.
	 * 0, or -1 with the error text. NULL where there is nothing to do.
	 */
	int (*finish)(struct source *s, struct settled *late);
	/*
	 * For doctor, after open: what there is, in one line ("INBOX: 12 messages, UIDPLUS, MOVE;
	 * folder Unrecognised exists").
	 */
	int (*describe)(struct source *s, char *text, size_t size);
	/*
	 * Says goodbye where finish() has not; -1 with ERROR, which may be NULL. Frees S in any
	 * case.
	 */
	int (*close)(struct source *s, char *error, size_t size);
};

/* That of each protocol, and the one of import. */
#define SOURCE_OF(symbol, name, source, server) extern const struct source_ops source;
PROTOCOLS(SOURCE_OF)
#undef SOURCE_OF
extern const struct source_ops source_file;

/*
 * Are N bytes, all of them blanks and line ends, no message, because the server says that it has
 * SIZE?
 */
bool source_is_nothing(size_t n, uint64_t size);

/*
 * Is M what a server hands out in the place of a message that it cannot convert? Exchange does, in
 * a few words about it: such a letter must not be taken for the message.
 */
bool source_is_placeholder(struct span message);

/* BLAKE2b of the two parts, for remote_id. */
void source_remote_id(unsigned char out[SOURCE_ID_SIZE], struct span a, struct span b);

#endif
