/*
 * The token of a signed return path: who the mail went to and in which campaign, in characters that
 * every mail system lets through, under a MAC that only the store can make and check
 * (store/verp.c). This file knows the form, not the key.
 *
 *   token     = "v" key mac "=" campaign "=" local "=" domain      full: names the recipient
 *             / "w" key mac "=" campaign                          short: where the full one would
 *                                                     not fit
 *   key       = 2 characters of a-z 2-7, which key signed
 *   mac       = 12 characters of a-z 2-7: the first 60 bits of the MAC, as RFC 4648 section 6
 *             writes them, in lower case
 *   campaign, local, domain: each byte of a-z, 0-9, "-" and "." stands for itself, but a "." behind
 *   a "." and every other byte is "_" and two hexadecimal digits: mail systems may fold case, and
 *   two dots in a row are no dot-atom (RFC 5321 section 4.1.2)
 *
 * The return path's local part, with what stands around {token} in [origin] verp, has at most 64
 * octets (RFC 5321 section 4.5.3.1.1).
 */
#ifndef RETOUR_VERP_H
#define RETOUR_VERP_H

#include <stdbool.h>
#include "classify/event.h"
#include "classify/base/span.h"

enum { VERP_KEY_SIZE = 3, VERP_MAC_SIZE = 13, VERP_TOKEN_SIZE = 65, VERP_LOCAL_PART_MAX = 64 };

struct verp {
	bool full; /* the token names the recipient */
	char key[VERP_KEY_SIZE];
	char mac[VERP_MAC_SIZE];
	char campaign[EVENT_CAMPAIGN_SIZE];
	char recipient[EVENT_ADDRESS_SIZE]; /* full: its canonical form; the caller wipes it */
};

/*
 * The token into OUT, which has room for ROOM octets besides the NUL. Its length, 0 when it does
 * not fit.
 */
size_t verp_encode(const struct verp *v, char *out, size_t room);
/* False when TOKEN is none of this form; what stands in OUT then says nothing. */
bool verp_decode(struct span token, struct verp *out);

#endif
