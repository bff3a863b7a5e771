/*
 * Reads an mbox, or one message, from a descriptor: windowed, so that neither a
 * file of 10 GB nor one endless message needs more than the limit of one message.
 */
#ifndef RETOUR_MBOX_H
#define RETOUR_MBOX_H

#include "poller/mailbox/local.h"

struct mbox_reader {
	int fd;
	uint64_t limit; /* offset at which the file ends for us; UINT64_MAX: a stream, read to its
			   end */
	uint64_t max_message;
	uint64_t offset;  /* of buffer.p[start] in the file */
	uint64_t fetched; /* bytes read */
	struct wiped buffer;
	size_t start; /* first byte not handed out yet */
	size_t spent; /* bytes before START that are to be wiped */
	bool begun, eof, mbox, lenient;
	bool identify; /* set by the caller: fill in ID */
};

struct mbox_message {
	struct span from_line; /* without its line end; empty when the input is no mbox */
	struct span bytes; /* the message: at most max_message bytes, quoted From_ lines restored */
	int64_t arrived;   /* of the From_ line, 0: none */
	uint64_t begin,
		end; /* where it lies in the file, From_ line and separating empty line included */
	uint64_t size; /* of the message as it lies there */
	bool truncated;
	unsigned char id[SOURCE_ID_SIZE]; /* mbox_id() of the bytes in the file */
};

/* The reader of FD, which stays the caller's. Keeps the memory of a reader that was used before. */
void mbox_reader_start(struct mbox_reader *r, int fd, uint64_t limit, uint64_t max_message);
/* 1 and the next message, valid until the next call; 0 at the end; -1 with errno. */
int mbox_reader_next(struct mbox_reader *r, struct mbox_message *out);
void mbox_reader_free(struct mbox_reader *r);

/*
 * What a message in an mbox is known by: a hash of its first bytes as they lie there, From_ line
 * first, at most MBOX_ID_BYTES and at most max_message. Some of P may be left out at its end: the
 * separating empty line does not count.
 */
enum { MBOX_ID_BYTES = 4096 };
void mbox_id(unsigned char out[SOURCE_ID_SIZE], const char *p, uint64_t n, uint64_t max_message);

/*
 * True when LINE is a From_ line with a date, which goes to *AT (epoch seconds, RFC 4155; a numeric
 * zone is honoured).
 */
bool mbox_from_line(struct span line, int64_t *at);

#endif
