/* What the files of a stream share (stream.c, streamwait.c, tls.c), and nobody else includes. */
#ifndef RETOUR_STREAMPARTS_H
#define RETOUR_STREAMPARTS_H

#include <gnutls/gnutls.h>
#include "poller/mailbox/greeting.h"
#include "poller/mailbox/stream.h"

enum { STREAM_ERROR_SIZE = 256 };

struct stream {
	struct stream_options options;
	int fd;
	bool dead;   /* an error happened; it stays */
	bool cut;    /* it was the other end, or the line between */
	bool silent; /* nothing came for a whole timeout */
	bool unsent; /* not all that was to be written went out */
	bool tls;    /* shaken hands and verified */
	bool met;    /* what answered the handshake was TLS, whatever became of it */
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	unsigned char address[16]; /* the host, when it is an IP literal */
	size_t address_size;       /* 0: it is a name */
	gnutls_typed_vdata_st expected[2];
	int64_t deadline; /* monotonic milliseconds; 0: none */
	uint64_t left;    /* bytes that may still be read */
	mailstream *over; /* libetpan's view, while it is open */
	mailstream_low_driver driver;
	char first[GREETING_SIZE]; /* what came first, for a guess of what is spoken here */
	size_t firsts;
	char error[STREAM_ERROR_SIZE];
};

/* -1. The first error is the cause; what follows from it says nothing. */
int stream_failed(struct stream *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* When a wait that begins now and may take so long must end. */
int64_t stream_limit(const struct stream *s, int64_t milliseconds);
/* 0 when the socket is ready; -1 when UNTIL came first. */
int stream_wait(struct stream *s, short events, int64_t until);

#endif
