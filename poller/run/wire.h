/*
 * How the run, its fetchers and its parsers talk: frames over socket pairs.
 *
 *   frame = type (u32), length (u32), length bytes; host byte order, for both ends are the same
 *   program on the same machine. Each type has a largest length (wire.c); a frame that breaks it,
 *   or a type that is unknown, ends the talk.
 *
 *   run > fetcher       START  NEXT  WANTED  SETTLE  EXPIRE  FINISH
 *   fetcher > run       OPENED  LISTED  MESSAGE  STUCK  BATCH  SETTLED  EXPIRED  FAILED or REFUSED
 *                       FINISHED
 *   run > parser        MESSAGE
 *   parser > run        READY  EVENT  SUMMARY  PARSED
 *   run > carrier       CARRY or PROBE
 *   carrier > run       FAILED or FINISHED
 *   run > log reader    LOG_STATE  LOG_KNOWN, then for each file LOG_FILE  LOG_BYTES…  LOG_END
 *   log reader > run    to each LOG_BYTES and LOG_END: LOG_COUNTS…  LOG_STATE  LOG_MARK  LOG_READY,
 *                       the last always; or FAILED
 *
 * The run carries the bytes of a MESSAGE from the one to the other as they are and never looks into
 * them; it holds them until the parser has answered, so that a parser's death costs nothing but
 * another try.
 */
#ifndef RETOUR_WIRE_H
#define RETOUR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "classify/event.h"
#include "classify/summary.h"
#include "poller/run/outcome.h"
#include "poller/mailbox/source.h"
#include "store/store.h"
#include "store/volume.h"
#include "store/writing.h"

enum wire_type {
	WIRE_START = 1, /* struct wire_start, then for import the paths, each ending in NUL */
	WIRE_NEXT,      /* uint32_t: messages at most */
	WIRE_WANTED,    /* one byte for each id of the LISTED before: enum source_wanted */
	WIRE_SETTLE,    /* struct wire_settle[] */
	WIRE_EXPIRE,    /* struct wire_expire */
	WIRE_FINISH,    /* nothing */
	WIRE_OPENED,    /* struct wire_opened, then text for the operator */
	WIRE_LISTED,    /* ids of SOURCE_ID_SIZE bytes */
	WIRE_MESSAGE,   /* struct wire_message, then the mail */
	WIRE_BATCH,     /* uint32_t: how many messages it had; 0: the mailbox's end */
	WIRE_SETTLED,   /* struct settled */
	WIRE_EXPIRED,   /* struct wire_expired */
	WIRE_FAILED,    /* text for the operator; nothing follows */
	WIRE_REFUSED,   /* the same, of a login or the secret for it */
	WIRE_FACTS,     /* struct mailbox_facts: what was found before it could not be opened; a
			   WIRE_FAILED or WIRE_REFUSED follows */
	WIRE_LATER,     /* int64_t: the token server wants to be left alone for so many seconds; a
			   WIRE_FAILED follows */
	WIRE_FINISHED,  /* nothing; nothing follows */
	WIRE_READY,     /* nothing */
	WIRE_STUCK,     /* struct wire_message without a mail; then why it cannot be had */
	WIRE_EVENT,     /* struct event */
	WIRE_PARSED,    /* struct wire_parsed */
	WIRE_CARRY, /* its recipients, each ending in NUL, and an empty one; then a finished mail */
	WIRE_PROBE, /* nothing: only try whether a mail would be taken */
	WIRE_LOG_STATE,  /* what the log reader remembers of mails in the queue, its own format */
	WIRE_LOG_KNOWN,  /* struct wire_log_known[] */
	WIRE_LOG_FILE,   /* struct wire_log_file: another file begins */
	WIRE_LOG_BYTES,  /* struct wire_log_bytes, then bytes of the file */
	WIRE_LOG_END,    /* struct wire_log_bytes: the file ends there */
	WIRE_LOG_COUNTS, /* struct wire_log_count[] */
	WIRE_LOG_MARK, /* struct wire_log_mark: what was sent before belongs together, up to here */
	WIRE_LOG_READY,  /* struct wire_log_bytes: go on from there */
	WIRE_UNANSWERED, /* text for the operator: a mail went out whole, and no answer came */
	WIRE_SUMMARY,    /* struct wire_summary, then struct summary_row[] */
	WIRE_TYPES
};

enum {
	WIRE_NAME_SIZE = 256,
	WIRE_MAIL_MAX = 17 * 1024 * 1024, /* above the largest [mailbox] max_message */
	WIRE_LIST_MAX = 20000,            /* ids in one LISTED */
	WIRE_SETTLE_MAX = 20000,          /* items in one SETTLE */
	WIRE_TEXT_MAX = 1024,
};

struct wire_start {
	char mailbox[STORE_NAME_SIZE]; /* "" for import */
	uint8_t stays;                 /* struct source_options.stays */
	uint8_t some_stuck;            /* the same's */
	uint8_t settles;               /* not a dry run: what a kill left may be mended */
};

struct wire_opened {
	struct mailbox_facts facts; /* struct source's */
	int64_t token_lifetime;     /* struct login_given's */
	int64_t server_time;        /* the same */
};

struct wire_message {
	uint64_t id;
	int64_t arrived;
	uint64_t size;
	unsigned char remote_id[SOURCE_ID_SIZE];
	char name[WIRE_NAME_SIZE];
	uint8_t truncated;
};

struct wire_settle {
	uint64_t id;
	uint32_t what; /* enum settlement */
	uint32_t unused;
};

struct wire_expire {
	int64_t cutoff;
	struct folder_mark due;
	char folder[WIRE_NAME_SIZE];
};

struct wire_expired {
	uint64_t removed;
	struct folder_mark end;
	char folder[WIRE_NAME_SIZE]; /* the run's own word comes back */
};

struct wire_parsed {
	uint64_t id;
	int64_t arrived;
	uint32_t events; /* EVENT frames before this one */
	uint8_t overflow;
	uint16_t dated; /* what message_identity() returned */
	unsigned char digest[STORE_DIGEST_SIZE];
};

/* At most one of a message, before its event. */
struct wire_summary {
	unsigned char digest[STORE_DIGEST_SIZE]; /* hash of summary_identity() */
	struct summary_head head;                /* without its id */
};

enum {
	WIRE_LOG_STATE_MAX = 4 * 1024 * 1024,
	WIRE_LOG_KNOWN_MAX = 4096,
	WIRE_LOG_CHUNK = 256 * 1024,
	WIRE_LOG_HEAD = 4096, /* of a file's text: the bytes by which it is known again */
	WIRE_LOG_COUNTS_MAX = 4096,
	/* seconds: the finest time of counts. Every zone's midnight begins one */
	WIRE_LOG_SLOT = 900,
};

/*
 * A log that was counted before: a hash of its first LENGTH bytes, and how far. Lengths and offsets
 * are those of the unpacked text.
 */
struct wire_log_known {
	unsigned char fingerprint[LOG_FINGERPRINT_SIZE];
	uint64_t length, offset;
};

struct wire_log_file {
	int64_t reference, now; /* struct log_clock's */
};

struct wire_log_bytes {
	uint64_t position; /* in the file as it is */
};

struct wire_log_count {
	uint32_t slot;     /* epoch seconds / WIRE_LOG_SLOT */
	uint32_t provider; /* number of the profile (provider_at()); WIRE_LOG_OTHER: none */
	uint32_t count[LOG_OUTCOME_COUNT];
	char campaign[EVENT_CAMPAIGN_SIZE];
};
#define WIRE_LOG_OTHER UINT32_MAX

struct wire_log_mark {
	unsigned char fingerprint[LOG_FINGERPRINT_SIZE], replaces[LOG_FINGERPRINT_SIZE];
	uint64_t length, offset; /* LENGTH 0: not one whole line so far */
	uint8_t fresh;           /* the file was not known when it was opened */
	uint8_t grown;           /* REPLACES is the fingerprint under which it was known when it was
				  shorter */
	uint8_t end;             /* of the file */
	uint8_t shorter;         /* than what was counted of it */
	uint8_t within; /* it ends in a line of which pieces are to come: read it again, though it
			   did not change */
	uint64_t lines, recognised; /* since the last mark, and so on */
	uint64_t unread;            /* lines that tell of an attempt and were not understood */
	uint64_t first_unread;      /* which of LINES, from 1; 0: none */
	uint64_t outcome[LOG_OUTCOME_COUNT];
	uint64_t own, hops, bounces, foreign;
};

struct wire_head {
	uint32_t type, length;
};

/* The largest length of a type; 0 for an unknown one, or for one that carries nothing. */
uint32_t wire_limit(uint32_t type);
/* What a type carries at the least, and whether LENGTH fits it: a whole struct, whole items. */
bool wire_length_fits(uint32_t type, uint32_t length);

/* --- blocking, for fetcher and parser ------------------------------------- */

/* One frame of two pieces, the second may be empty. 0, or -1 when the other end is gone. */
int wire_send(int fd, uint32_t type, const void *a, size_t a_size, const void *b, size_t b_size);
/* Two frames in one call, otherwise as wire_send(). */
int wire_send_both(int fd, uint32_t first, const void *a, size_t a_size, uint32_t second,
	const void *b, size_t b_size);
/*
 * The next frame; the payload goes into *BUFFER, which grows to what is needed and is kept for the
 * next (free() it). 1, 0 at a clean end, -1 at a broken frame or connection.
 */
int wire_receive(int fd, struct wire_head *head, unsigned char **buffer, size_t *capacity);

/*
 * Small frames, many in one call: for where mail goes through. What is told otherwise to the same
 * end waits for wire_gather_flush(), so that the order stays.
 */
struct wire_gather {
	unsigned char *bytes; /* NULL until it is used; wiped when it is written */
	size_t n;
};
/* As wire_send(), now or later. */
int wire_gather_send(struct wire_gather *g, int fd, uint32_t type, const void *a, size_t a_size,
	const void *b, size_t b_size);
/* Writes what waits. 0, or -1 when the other end is gone. */
int wire_gather_flush(struct wire_gather *g, int fd);
void wire_gather_free(struct wire_gather *g);

/* What came with a frame and is of the next ones; all of FD is read through it from then on. */
struct wire_ahead {
	unsigned char *bytes; /* NULL until it is used; wiped as it is taken */
	size_t at, end;
};
/* As wire_receive(). */
int wire_receive_ahead(struct wire_ahead *ahead, int fd, struct wire_head *head,
	unsigned char **buffer, size_t *capacity);
void wire_ahead_free(struct wire_ahead *ahead);

/* --- non-blocking, for the run -------------------------------------------- */

/* One frame on its way out. The bytes are owned by whoever queued it, until sent. */
struct wire_out {
	struct wire_out *next;
	struct wire_head head;
	const unsigned char *bytes; /* the payload, OWNED or somebody else's */
	bool owned;                 /* wiped and freed when sent */
};

struct channel {
	int fd;                /* -1: closed */
	struct wire_head head; /* of the frame that is coming in */
	size_t have;           /* bytes of head and payload so far */
	unsigned char *payload;
	unsigned char *spare; /* a payload's place that was given back; NULL: none */
	struct wire_ahead ahead;
	struct wire_out *first, *last;
	size_t sent; /* bytes of the first frame that are out */
	bool broken;
	bool reuses;       /* each payload comes back before the next is received */
	bool gathers;      /* frames are written some at once; channel_flush() writes the last */
	unsigned gathered; /* since something was written */
};

void channel_open(struct channel *c, int fd); /* takes FD, makes it non-blocking */
void channel_close(struct channel *c);        /* wipes and frees what is under way */
bool channel_wants_write(const struct channel *c);
/* Is the frame with these BYTES, not copied, the first of those that are not wholly sent yet? */
bool channel_is_at(const struct channel *c, const void *bytes);
/*
 * Queues a frame, and writes it unless others wait already or the channel gathers: COPY makes a
 * copy that the channel owns; else BYTES must live until it is sent or the channel is closed.
 */
int channel_send(struct channel *c, uint32_t type, const void *bytes, size_t n, bool copy);
/* Writes what the socket takes now. -1: the other end is gone. */
int channel_flush(struct channel *c);
/*
 * One complete frame if there is one: 1 and *PAYLOAD is the caller's (free it); 0: not yet; -1: the
 * other end is gone, or broke the protocol. More of them may be here already, of which poll() knows
 * nothing: call it until it gives none.
 */
int channel_receive(struct channel *c, struct wire_head *head, unsigned char **payload);

/*
 * Wipes a PAYLOAD of N bytes that channel_receive() gave, and keeps its place for the next: where
 * many small frames come, each would be looked for and merged anew.
 */
void channel_give_back(struct channel *c, unsigned char *payload, size_t n);

#endif
