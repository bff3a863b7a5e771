/*
 * Signatures and public keys in the format of the tool minisign
 * (https://jedisct1.github.io/minisign/), so that whoever has that tool needs none of this program
 * to check what it signed. Pure functions.
 */
#ifndef RETOUR_STORE_BASE_MINISIGN_H
#define RETOUR_STORE_BASE_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MINISIGN_ID_SIZE = 8,
	MINISIGN_SEED_SIZE = 32,
	MINISIGN_PUBLIC_SIZE = 32,
	MINISIGN_SIGNATURE_SIZE = 64,
	MINISIGN_KEY_TEXT_SIZE = 57, /* 56 characters of base64 */
	MINISIGN_ID_TEXT_SIZE = 17,  /* as the tool prints it */
	MINISIGN_COMMENT_SIZE = 256,
	MINISIGN_TEXT_SIZE = 1024, /* a whole signature file */
};

struct minisign_public {
	unsigned char id[MINISIGN_ID_SIZE];
	unsigned char key[MINISIGN_PUBLIC_SIZE];
};

/*
 * The public half of SEED. The key id, which the tool draws at random, is the first bytes of a hash
 * of the public key: the same key has the same id.
 */
void minisign_public(struct minisign_public *out, const unsigned char seed[MINISIGN_SEED_SIZE]);
/* The line that the tool takes behind -P. */
void minisign_key_text(const struct minisign_public *p, char out[MINISIGN_KEY_TEXT_SIZE]);
void minisign_id_text(const struct minisign_public *p, char out[MINISIGN_ID_TEXT_SIZE]);
/* A public key file, or that line alone, of N bytes. */
bool minisign_key_parse(const char *text, size_t n, struct minisign_public *out);

/*
 * The bare Ed25519 signature of the BLAKE2b-512 of BYTES, which the format calls prehashed ("ED").
 */
void minisign_sign_bare(unsigned char out[MINISIGN_SIGNATURE_SIZE],
	const unsigned char seed[MINISIGN_SEED_SIZE], const void *bytes, size_t n);
bool minisign_check_bare(const unsigned char signature[MINISIGN_SIGNATURE_SIZE],
	const struct minisign_public *p, const void *bytes, size_t n);

/*
 * A signature file for BYTES; COMMENT (one line) is the trusted one: it is signed too. The same
 * bytes give the same file. Returns its length.
 */
size_t minisign_sign(char out[MINISIGN_TEXT_SIZE], const unsigned char seed[MINISIGN_SEED_SIZE],
	const void *bytes, size_t n, const char *comment);

enum minisign_result {
	MINISIGN_GOOD,
	MINISIGN_UNREADABLE,  /* no signature file, or not of the prehashed kind */
	MINISIGN_OTHER_KEY,   /* made by a key with another id */
	MINISIGN_BAD,         /* the bytes are not those that were signed */
	MINISIGN_BAD_COMMENT, /* the bytes are; the trusted comment is not */
};
/* COMMENT gets the trusted comment where the result is good. */
enum minisign_result minisign_check(const char *signature, size_t length,
	const struct minisign_public *p, const void *bytes, size_t n,
	char comment[MINISIGN_COMMENT_SIZE]);

#endif
