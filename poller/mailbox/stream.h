/*
 * The byte stream under IMAP, POP3 and SMTP: one socket, verified TLS (GnuTLS),
 * poll() with deadlines. Nothing blocks longer than its timeout, nothing reads
 * more than its budget, SIGPIPE never comes, and an unverified certificate never
 * sees a password because the stream is closed before the first byte.
 */
#ifndef RETOUR_STREAM_H
#define RETOUR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <libetpan/libetpan.h>

/* As the INI file names them. TLS_NONE: to a loopback address only, else refused. */
#define TLS_MODES(X) \
	X(TLS_IMPLICIT, "implicit") \
	X(TLS_STARTTLS, "starttls") \
	X(TLS_NONE, "none")
#define TLS_ENUM(symbol, name) symbol,
enum tls { TLS_MODES(TLS_ENUM) };
#undef TLS_ENUM

struct stream_options {
	const char *host; /* name or IP literal; the certificate must be for it */
	uint16_t port;
	enum tls tls;
	const char *ca_file; /* PEM; NULL: the system's */
	int64_t timeout;     /* seconds without progress, also for connecting and the handshake */
	int64_t deadline;    /* seconds for everything on this stream; 0: none */
	uint64_t budget;     /* bytes read at most; 0: no limit */
};

struct stream;

/*
 * Connects, and with TLS_IMPLICIT shakes hands and verifies. *OUT is set even on failure (NULL only
 * without memory), for stream_error(). The strings of OPTIONS must live as long as the stream. 0 or
 * -1.
 */
int stream_open(struct stream **out, const struct stream_options *options);
/*
 * TLS_STARTTLS: upgrades in place, after the server agreed. Bytes received before it and not read
 * yet: refused. 0 or -1.
 */
int stream_start_tls(struct stream *s);
bool stream_is_tls(const struct stream *s);
/* As greeting_protocol() of what was read first. */
const char *stream_speaks(const struct stream *s);
/* When the first certificate of the server's chain ends; 0: no TLS, or it cannot be told. */
int64_t stream_certificate_end(const struct stream *s);
/* 127.0.0.0/8, ::1, and the first mapped into IPv6: what does not leave this machine. */
bool stream_is_loopback(const struct sockaddr *address);
/*
 * From now on at most BYTES more are read (0: no limit), so that an answer cannot be longer than
 * what was asked for.
 */
void stream_allow(struct stream *s, uint64_t bytes);
/* At least one byte, else -1 (end of file is an error: a protocol says goodbye in words). */
ssize_t stream_read(struct stream *s, void *buffer, size_t n);
/* All of it, or -1. */
int stream_write(struct stream *s, const void *bytes, size_t n);
void stream_close(struct stream *s); /* and frees; NULL is allowed */
/*
 * What went wrong, for people: "certificate of mail.example.org: expired", "no answer for 60 s"; ""
 * when nothing did. Never data that was sent. After an error the stream is dead: every later read
 * and write fails and the first error stays.
 */
const char *stream_error(const struct stream *s);
/* Did the connection break, unlike one that was too slow, too long or against the protocol? */
bool stream_was_cut(const struct stream *s);
/* Or was there no answer for a whole timeout, and the deadline not over? */
bool stream_was_silent(const struct stream *s);
/* Did all that was to be written go out? */
bool stream_sent_all(const struct stream *s);

/*
 * The stream as libetpan wants it. The mailstream's close wipes its buffers and does not free the
 * stream: stream_close() it after. NULL: no memory.
 */
mailstream *stream_mailstream(struct stream *s);

#endif
