/*
 * What the logs of all mail servers have in common: addresses, hosts that answered, and what they
 * answered. Pure; the spans of the answers point into the text.
 */
#ifndef RETOUR_LOGWORDS_H
#define RETOUR_LOGWORDS_H

#include "classify/base/span.h"

/*
 * The length of the address at the begin of TEXT, which ends before one of the COUNT characters
 * ENDS; what is in double quotes does not end it.
 */
size_t log_address_end(struct span text, const char *ends, size_t count);

/* "<address>" at the begin of TEXT, which is cut behind it; false, and untouched, without one. */
bool log_bracketed(struct span *text, struct span *address);

/*
 * "mx.example.net[192.0.2.1]:25", "mx.example.net [192.0.2.1]", "mx.example.net. [192.0.2.1]": the
 * name; *LOOPBACK: it is this host.
 */
struct span log_relay_host(struct span relay, bool *loopback);

/* The first "ddd" that a server can have answered in TEXT, behind MARK; 0. */
int log_reply_behind(struct span text, struct span mark);

/*
 * Did the receiver say "slower"? REPLY 421, or 4.7.x in its answer TEXT. A greylister says 4.7.1
 * too and means something else, and 4.7.5 and 4.7.0 about TLS are our own server's words, in which
 * there is no reply code.
 */
bool log_throttles(int reply, struct span text);

/* "ID: " at the begin of TEXT, which is cut behind it. */
bool log_take_id(struct span *text, struct span *id);

#endif
