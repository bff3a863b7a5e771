/* Rows that are sealed (sealed.h). */
#include "store/base/sealed.h"
#include <sodium.h>
#include <string.h>

enum {
	RANDOM_SIZE = 16,
	NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	REST_AT = RANDOM_SIZE + SEALED_HEAD,
	NUMBER_AT = crypto_stream_chacha20_ietf_NONCEBYTES,
	MARK_SIZE = 16,
};
_Static_assert(REST_AT + TAG_SIZE == SEALED_MORE && NUMBER_AT + 8 == SEALED_NUMBER,
	"sizes are those of the header");

void contact_keys_derive(struct contact_keys *out, const unsigned char state[SEALED_KEY])
{
	static const char context[] = "contacts";

	_Static_assert(sizeof context - 1 == crypto_kdf_CONTEXTBYTES, "a context has eight bytes");
	crypto_kdf_derive_from_key(out->rest, sizeof out->rest, 1, context, state);
	crypto_kdf_derive_from_key(out->head, sizeof out->head, 2, context, state);
	crypto_kdf_derive_from_key(out->mark, sizeof out->mark, 3, context, state);
	crypto_kdf_derive_from_key(out->listed, sizeof out->listed, 4, context, state);
}

/* The system is asked for many at a time. Any order in them would be the order of the writes. */
static void random_next(struct nonces *n, unsigned char *out, size_t size)
{
	if (n->left < size) {
		randombytes_buf(n->bytes, sizeof n->bytes);
		n->left = sizeof n->bytes;
	}
	n->left -= size;
	memcpy(out, n->bytes + n->left, size);
}

/* What binds the rest of a row to it. */
struct binding {
	unsigned char nonce[NONCE_SIZE], ad[SEALED_NAME + SEALED_HEAD];
};

static struct binding binding_of(const unsigned char name[SEALED_NAME], const unsigned char *row)
{
	struct binding b;

	memcpy(b.nonce, row, RANDOM_SIZE);
	memcpy(b.nonce + RANDOM_SIZE, name, NONCE_SIZE - RANDOM_SIZE);
	memcpy(b.ad, name, SEALED_NAME);
	memcpy(b.ad + SEALED_NAME, row + RANDOM_SIZE, SEALED_HEAD);
	return b;
}

int seal_row(const struct contact_keys *k, struct nonces *nonces,
	const unsigned char name[SEALED_NAME], const unsigned char head[SEALED_HEAD],
	const unsigned char *rest, size_t size, unsigned char *out)
{
	unsigned long long n;

	random_next(nonces, out, RANDOM_SIZE);
	crypto_stream_chacha20_ietf_xor(out + RANDOM_SIZE, head, SEALED_HEAD, out, k->head);
	struct binding b = binding_of(name, out);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		out + REST_AT, &n, rest, size, b.ad, sizeof b.ad, NULL, b.nonce, k->rest);
	return REST_AT + (int)n;
}

bool sealed_head(const struct contact_keys *k, const unsigned char *row, int n,
	unsigned char out[SEALED_HEAD])
{
	return row && n >= REST_AT &&
		!crypto_stream_chacha20_ietf_xor(out, row + RANDOM_SIZE, SEALED_HEAD, row, k->head);
}

size_t sealed_rest(const struct contact_keys *k, const unsigned char name[SEALED_NAME],
	const unsigned char *row, int n, unsigned char *out)
{
	unsigned long long size;

	if (!row || n < SEALED_MORE)
		return 0;
	struct binding b = binding_of(name, row);
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, &size, NULL, row + REST_AT,
		       (size_t)(n - REST_AT), b.ad, sizeof b.ad, b.nonce, k->rest)
		? 0
		: (size_t)size;
}

static void number_bytes(int64_t number, unsigned char out[8])
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

void seal_number(const struct contact_keys *k, struct nonces *nonces, int64_t number,
	unsigned char out[SEALED_NUMBER])
{
	unsigned char plain[SEALED_NUMBER - NUMBER_AT];

	random_next(nonces, out, NUMBER_AT);
	number_bytes(number, plain);
	crypto_stream_chacha20_ietf_xor(out + NUMBER_AT, plain, sizeof plain, out, k->head);
}

int64_t sealed_number(const struct contact_keys *k, const unsigned char *sealed, int n)
{
	unsigned char plain[SEALED_NUMBER - NUMBER_AT];
	uint64_t number = 0;

	if (!sealed || n != SEALED_NUMBER)
		return 0;
	crypto_stream_chacha20_ietf_xor(plain, sealed + NUMBER_AT, sizeof plain, sealed, k->head);
	for (unsigned i = 0; i < sizeof plain; i++)
		number = number << 8 | plain[i];
	return (int64_t)number;
}

/* --- on a list ---------------------------------------------------------------- */

static void listed_mark(const struct contact_keys *k, unsigned what, int64_t day,
	const unsigned char name[SEALED_NAME], unsigned char out[MARK_SIZE])
{
	unsigned char input[1 + 8 + SEALED_NAME] = { (unsigned char)what };

	number_bytes(day, input + 1);
	memcpy(input + 9, name, SEALED_NAME);
	crypto_generichash(out, MARK_SIZE, input, sizeof input, k->mark, sizeof k->mark);
}

void seal_listed(const struct contact_keys *k, unsigned what, int64_t day,
	const unsigned char name[SEALED_NAME], unsigned char out[SEALED_LISTED])
{
	_Static_assert((int)MARK_SIZE + (int)SEALED_NAME == (int)SEALED_LISTED, "mark and name");
	listed_mark(k, what, day, name, out);
	crypto_stream_chacha20_ietf_xor(out + MARK_SIZE, name, SEALED_NAME, out, k->listed);
}

bool sealed_listed(const struct contact_keys *k, unsigned what, int64_t day,
	const unsigned char *listed, int n, unsigned char out[SEALED_NAME])
{
	unsigned char mark[MARK_SIZE];

	if (!listed || n != SEALED_LISTED)
		return false;
	crypto_stream_chacha20_ietf_xor(out, listed + MARK_SIZE, SEALED_NAME, listed, k->listed);
	listed_mark(k, what, day, out, mark);
	return sodium_memcmp(mark, listed, sizeof mark) == 0;
}
