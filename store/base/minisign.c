/*
 * minisign's format (https://jedisct1.github.io/minisign/#signature-format), with libsodium's
 * Ed25519.
 *
 *   public key   base64 of "Ed", key id (8 bytes), public key (32)
 *   signature    "untrusted comment: " TEXT
 *                base64 of "ED", key id (8), Ed25519 of the BLAKE2b-512 of the file (64)
 *                "trusted comment: " TEXT
 *                base64 of Ed25519 of that signature (64) with the trusted comment's TEXT behind it
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "store/base/minisign.h"

enum {
	KEY_BYTES = 2 + MINISIGN_ID_SIZE + MINISIGN_PUBLIC_SIZE,
	SIGNATURE_BYTES = 2 + MINISIGN_ID_SIZE + MINISIGN_SIGNATURE_SIZE,
	LINES = 4, /* of a signature file */
	PREHASH_SIZE = 64,
};
_Static_assert(crypto_sign_SEEDBYTES == MINISIGN_SEED_SIZE &&
		crypto_sign_PUBLICKEYBYTES == MINISIGN_PUBLIC_SIZE &&
		crypto_sign_BYTES == MINISIGN_SIGNATURE_SIZE,
	"Ed25519");
_Static_assert(sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL) ==
		MINISIGN_KEY_TEXT_SIZE,
	"a public key's line");

static const char untrusted[] = "untrusted comment: ", trusted[] = "trusted comment: ";

struct line {
	const char *p;
	size_t n;
};

static void key_pair(unsigned char public_key[MINISIGN_PUBLIC_SIZE],
	unsigned char secret[crypto_sign_SECRETKEYBYTES],
	const unsigned char seed[MINISIGN_SEED_SIZE])
{
	crypto_sign_seed_keypair(public_key, secret, seed);
}

static void identify(struct minisign_public *p)
{
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof hash, p->key, sizeof p->key, NULL, 0);
	memcpy(p->id, hash, sizeof p->id);
}

void minisign_public(struct minisign_public *out, const unsigned char seed[MINISIGN_SEED_SIZE])
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES];

	key_pair(out->key, secret, seed);
	sodium_memzero(secret, sizeof secret);
	identify(out);
}

void minisign_key_text(const struct minisign_public *p, char out[MINISIGN_KEY_TEXT_SIZE])
{
	unsigned char bytes[KEY_BYTES] = { 'E', 'd' };

	memcpy(bytes + 2, p->id, sizeof p->id);
	memcpy(bytes + 2 + sizeof p->id, p->key, sizeof p->key);
	sodium_bin2base64(
		out, MINISIGN_KEY_TEXT_SIZE, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
}

/* The tool prints the id as a number, whose bytes lie in the file in little-endian order. */
void minisign_id_text(const struct minisign_public *p, char out[MINISIGN_ID_TEXT_SIZE])
{
	for (int i = 0; i < MINISIGN_ID_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02X", p->id[MINISIGN_ID_SIZE - 1 - i]);
}

static bool next_signature_line(const char **at, const char *end, struct line *out)
{
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	*out = (struct line){ *at, (size_t)((stop ? stop : end) - *at) };
	*at = stop ? stop + 1 : end;
	if (out->n && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

static bool begins(struct line l, const char *word)
{
	size_t n = strlen(word);

	return l.n >= n && memcmp(l.p, word, n) == 0;
}

static bool base64(struct line l, unsigned char *out, size_t size)
{
	size_t n = 0;

	return sodium_base642bin(
		       out, size, l.p, l.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		n == size;
}

bool minisign_key_parse(const char *text, size_t n, struct minisign_public *out)
{
	unsigned char bytes[KEY_BYTES];
	const char *at = text;
	struct line l;

	if (!next_signature_line(&at, text + n, &l) ||
		(begins(l, untrusted) && !next_signature_line(&at, text + n, &l)) ||
		!base64(l, bytes, sizeof bytes) || memcmp(bytes, "Ed", 2) != 0)
		return false;
	memcpy(out->id, bytes + 2, sizeof out->id);
	memcpy(out->key, bytes + 2 + sizeof out->id, sizeof out->key);
	return true;
}

static void prehash(unsigned char out[PREHASH_SIZE], const void *bytes, size_t n)
{
	crypto_generichash(out, PREHASH_SIZE, bytes, n, NULL, 0);
}

void minisign_sign_bare(unsigned char out[MINISIGN_SIGNATURE_SIZE],
	const unsigned char seed[MINISIGN_SEED_SIZE], const void *bytes, size_t n)
{
	unsigned char hash[PREHASH_SIZE], public_key[MINISIGN_PUBLIC_SIZE],
		secret[crypto_sign_SECRETKEYBYTES];

	prehash(hash, bytes, n);
	key_pair(public_key, secret, seed);
	crypto_sign_detached(out, NULL, hash, sizeof hash, secret);
	sodium_memzero(secret, sizeof secret);
}

bool minisign_check_bare(const unsigned char signature[MINISIGN_SIGNATURE_SIZE],
	const struct minisign_public *p, const void *bytes, size_t n)
{
	unsigned char hash[PREHASH_SIZE];

	prehash(hash, bytes, n);
	return crypto_sign_verify_detached(signature, hash, sizeof hash, p->key) == 0;
}

/* What the second signature is of: the first one and the comment. Returns its length. */
static size_t join_lines(unsigned char out[MINISIGN_SIGNATURE_SIZE + MINISIGN_COMMENT_SIZE],
	const unsigned char signature[MINISIGN_SIGNATURE_SIZE], const char *comment, size_t n)
{
	memcpy(out, signature, MINISIGN_SIGNATURE_SIZE);
	memcpy(out + MINISIGN_SIGNATURE_SIZE, comment, n);
	return MINISIGN_SIGNATURE_SIZE + n;
}

size_t minisign_sign(char out[MINISIGN_TEXT_SIZE], const unsigned char seed[MINISIGN_SEED_SIZE],
	const void *bytes, size_t n, const char *comment)
{
	unsigned char signature[SIGNATURE_BYTES] = { 'E', 'D' }, global[MINISIGN_SIGNATURE_SIZE],
		      secret[crypto_sign_SECRETKEYBYTES];
	unsigned char joined[MINISIGN_SIGNATURE_SIZE + MINISIGN_COMMENT_SIZE],
		*bare = signature + 2 + MINISIGN_ID_SIZE;
	char first[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	char second[sodium_base64_ENCODED_LEN(
		MINISIGN_SIGNATURE_SIZE, sodium_base64_VARIANT_ORIGINAL)];
	char id[MINISIGN_ID_TEXT_SIZE];
	size_t length = strnlen(comment, MINISIGN_COMMENT_SIZE - 1);
	struct minisign_public p;

	minisign_sign_bare(bare, seed, bytes, n);
	key_pair(p.key, secret, seed);
	identify(&p);
	memcpy(signature + 2, p.id, sizeof p.id);
	crypto_sign_detached(
		global, NULL, joined, join_lines(joined, bare, comment, length), secret);
	sodium_memzero(secret, sizeof secret);
	sodium_bin2base64(
		first, sizeof first, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(
		second, sizeof second, global, sizeof global, sodium_base64_VARIANT_ORIGINAL);
	minisign_id_text(&p, id);
	return (size_t)snprintf(out, MINISIGN_TEXT_SIZE,
		"%ssignature of retour by key %s\n%s\n%s%.*s\n%s\n", untrusted, id, first, trusted,
		(int)length, comment, second);
}

enum minisign_result minisign_check(const char *signature, size_t length,
	const struct minisign_public *p, const void *bytes, size_t n,
	char comment[MINISIGN_COMMENT_SIZE])
{
	unsigned char first[SIGNATURE_BYTES], second[MINISIGN_SIGNATURE_SIZE],
		joined[MINISIGN_SIGNATURE_SIZE + MINISIGN_COMMENT_SIZE];
	struct line l[LINES];
	const char *at = signature;
	size_t said;

	for (int i = 0; i < LINES; i++)
		if (!next_signature_line(&at, signature + length, &l[i]))
			return MINISIGN_UNREADABLE;
	if (!begins(l[0], untrusted) || !base64(l[1], first, sizeof first) ||
		memcmp(first, "ED", 2) != 0 || !begins(l[2], trusted) ||
		!base64(l[3], second, sizeof second))
		return MINISIGN_UNREADABLE;
	said = l[2].n - strlen(trusted);
	if (said >= MINISIGN_COMMENT_SIZE)
		return MINISIGN_UNREADABLE;
	if (memcmp(first + 2, p->id, sizeof p->id) != 0)
		return MINISIGN_OTHER_KEY;
	if (!minisign_check_bare(first + 2 + MINISIGN_ID_SIZE, p, bytes, n))
		return MINISIGN_BAD;
	if (crypto_sign_verify_detached(second, joined,
		    join_lines(
			    joined, first + 2 + MINISIGN_ID_SIZE, l[2].p + strlen(trusted), said),
		    p->key))
		return MINISIGN_BAD_COMMENT;
	memcpy(comment, l[2].p + strlen(trusted), said);
	comment[said] = '\0';
	return MINISIGN_GOOD;
}
