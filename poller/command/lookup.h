/*
 * What Postfix asks a lookup table over a socket, in its two protocols: socketmap_table(5)
 * (netstrings, also sendmail's) and tcp_table(5) (lines). The first byte tells them apart: a
 * netstring begins with a digit, a line with "get ". No I/O here.
 */
#ifndef RETOUR_LOOKUP_H
#define RETOUR_LOOKUP_H

#include <stdbool.h>
#include "classify/base/span.h"
#include "store/contacts.h"
#include "store/store.h"

enum {
	LOOKUP_KEY_MAX = 1024, /* bytes of a key; an address has 320 at most, and tcp_table may
				  write each byte as three */
	LOOKUP_REQUEST_MAX = LOOKUP_KEY_MAX * 3 + 128,
	LOOKUP_REPLY_SIZE = 512, /* longest reply with its frame; tcp_table allows 4096 */
};

enum lookup_protocol { LOOKUP_SOCKETMAP, LOOKUP_TCP };

/* One request; KEY is wiped by who holds it. */
struct lookup {
	enum lookup_protocol protocol;
	char key[LOOKUP_KEY_MAX + 1];
	size_t n;
};

enum lookup_result {
	LOOKUP_REQUEST, /* *OUT has it */
	LOOKUP_PARTIAL, /* more bytes are needed */
	LOOKUP_GARBAGE, /* not one of the protocols, or longer than LOOKUP_REQUEST_MAX: nothing
			   sensible can follow */
};

/* Takes the request at the beginning of BYTES; *USED bytes belong to it. */
enum lookup_result lookup_parse(struct span bytes, struct lookup *out, size_t *used);

/* What is said: there is such an entry with this text, there is none, or ask again later. */
enum lookup_answer { LOOKUP_FOUND, LOOKUP_NONE, LOOKUP_LATER };
/*
 * The reply in PROTOCOL's frame into BUFFER of LOOKUP_REPLY_SIZE bytes; its length. TEXT is
 * printable ASCII, at most 256 bytes of it are sent.
 */
size_t lookup_reply(
	enum lookup_protocol protocol, enum lookup_answer answer, const char *text, char *buffer);

/*
 * A verdict as an action of access(5): "550 5.1.1 …" for suppress, "450 4.2.1 …" for hold, with
 * reason and time and never the address. LOOKUP_NONE for send: the next restriction decides. TEXT
 * has LOOKUP_REPLY_SIZE bytes.
 */
enum lookup_answer lookup_action(const struct answer *a, char *text);

#endif
