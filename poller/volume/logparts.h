/* What the readers of mail logs have in common, and nobody above maillog.c sees. */
#ifndef RETOUR_LOGPARTS_H
#define RETOUR_LOGPARTS_H

#include "poller/volume/maillog.h"

static inline bool is_queue_alnum(char c)
{
	return ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline struct span log_from(struct span text, size_t at)
{
	return (struct span){ text.p + at, text.n - at };
}

static inline bool log_starts(struct span text, struct span prefix)
{
	return text.n >= prefix.n && !memcmp(text.p, prefix.p, prefix.n);
}

static inline bool log_equal(struct span a, struct span b)
{
	return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* Where NEEDLE stands in TEXT; TEXT.n when it does not. */
static inline size_t log_find(struct span text, struct span needle)
{
	const char *at = memmem(text.p, text.n, needle.p, needle.n);
	return at ? (size_t)(at - text.p) : text.n;
}

/* Cuts the word before the next blank off REST, with the blanks behind it. */
struct span log_word(struct span *rest);
/* What follows KEY up to a comma, a blank or the end; "" when KEY is not there. KEY ends in '='. */
struct span log_value_of(struct span text, struct span key);
/*
 * The length of the address at the begin of TEXT, which ends before one of ENDS; what is in double
 * quotes does not end it.
 */
size_t log_address_end(struct span text, const char *ends, size_t count);
/* "<address>" at the begin of TEXT, which is cut behind it. */
bool log_bracketed(struct span *text, struct span *address);
/*
 * "mx.example.net[192.0.2.1]:25", "mx.example.net [192.0.2.1]", "mx.example.net. [192.0.2.1]": the
 * name; *LOOPBACK: it is this host.
 */
struct span log_relay_host(struct span relay, bool *loopback);
/* The first "ddd" that a server can have answered in TEXT, behind MARK; 0. */
int log_reply_behind(struct span text, struct span mark);
/*
 * Did the receiver say "slower"? 421, or 4.7.x in REPLY's answer. A greylister says 4.7.1 too and
 * means something else, and 4.7.5 and 4.7.0 about TLS are our own server's words, in which there is
 * no reply code.
 */
bool log_throttles(int reply, struct span text);
/* "ID: " at the begin of TEXT. */
bool log_id(struct span *text, struct span *id);

/* --- one server each ------------------------------------------------------ */

/* TEXT is the line behind its head. False: it is no line of that server. */
bool postfixlog_read(struct span text, struct span program, struct log_line *out);
/* SYSLOG: it came through that, and may have a stamp of its own as well. */
bool eximlog_read(struct span text, bool syslog, struct log_line *out);
bool sendmaillog_read(struct span text, struct log_line *out);
bool sendmaillog_is(struct span program);

#endif
