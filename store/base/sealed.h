/*
 * Rows that are sealed under keys outside of the database: bytes that many questions need (the
 * head), and the rest.
 *
 *   random bytes (16) | head (16) | rest | tag (16)
 *
 * The rest is XChaCha20-Poly1305; its nonce is the random bytes and the first 8 of the row's name,
 * its additional data the name and the encrypted head: neither is taken for one of another row. The
 * head is encrypted with ChaCha20 (RFC 8439) under a key of its own and the first 12 of the random
 * bytes, which costs a fifth of what the whole costs: a mailing list is a million answers. That
 * nobody changed it shows only when the rest is opened. All keys are made with crypto_kdf of
 * another one.
 */
#ifndef RETOUR_SEALED_H
#define RETOUR_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SEALED_NAME = 16,
	SEALED_KEY = 32,
	SEALED_HEAD = 16,
	SEALED_MORE = 16 + SEALED_HEAD + 16, /* than the rest, in bytes */
	SEALED_NUMBER = 20,
	SEALED_LISTED = 32,
};

struct contact_keys {
	unsigned char rest[SEALED_KEY], head[SEALED_KEY], mark[SEALED_KEY], listed[SEALED_KEY];
};
/* Of a state key. */
void contact_keys_derive(struct contact_keys *out, const unsigned char state[SEALED_KEY]);

/* Random bytes that wait to be a nonce; all zeros at first. Never in two processes. */
struct nonces {
	size_t left;
	unsigned char bytes[1024];
};

/* The row of NAME into OUT, SIZE and SEALED_MORE bytes, whose number is returned. */
int seal_row(const struct contact_keys *k, struct nonces *nonces,
	const unsigned char name[SEALED_NAME], const unsigned char head[SEALED_HEAD],
	const unsigned char *rest, size_t size, unsigned char *out);
/* False: the N bytes of ROW are none. */
bool sealed_head(const struct contact_keys *k, const unsigned char *row, int n,
	unsigned char out[SEALED_HEAD]);
/* The rest into OUT, of N - SEALED_MORE bytes; returns its size, 0: it is not as it was sealed. */
size_t sealed_rest(const struct contact_keys *k, const unsigned char name[SEALED_NAME],
	const unsigned char *row, int n, unsigned char *out);

/* A number by itself, as a head; of bytes that are none it is 0. */
void seal_number(const struct contact_keys *k, struct nonces *nonces, int64_t number,
	unsigned char out[SEALED_NUMBER]);
int64_t sealed_number(const struct contact_keys *k, const unsigned char *sealed, int n);

/*
 * The name of a row as it stands on the list WHAT under DAY: the same each time, so that it is
 * found there, and another one on each list and day. A mark, BLAKE2b of what, day and name, is the
 * nonce under which the name is encrypted (a synthetic one, as in RFC 5297).
 */
void seal_listed(const struct contact_keys *k, unsigned what, int64_t day,
	const unsigned char name[SEALED_NAME], unsigned char out[SEALED_LISTED]);
/* False: the N bytes of LISTED are none of that list and day. */
bool sealed_listed(const struct contact_keys *k, unsigned what, int64_t day,
	const unsigned char *listed, int n, unsigned char out[SEALED_NAME]);

#endif
