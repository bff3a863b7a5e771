/*
 * Signing return paths and addresses in List-Unsubscribe, and checking them. The form of the token
 * is classify/verp.h's; its MAC is BLAKE2b, 16 bytes, under a 32-byte key of purpose "verp", of
 * "retour verp 1" NUL campaign NUL recipient, where recipient is the canonical form that pseudonyms
 * are made of (pseudonym.c); the token carries the first 60 bits of it. In List-Unsubscribe the
 * text begins with "retour unsubscribe 1": the one cannot be made of the other. Who has not
 * received a mail of a campaign guesses the MAC of an address once in 2^60 tries, each a mail to
 * the bounce mailbox; who has received one knows his own, which speaks of nobody else.
 *
 * BATV (draft-levine-smtp-batv-01): prvs=KDDDSSSSSS=local@domain, K the key's number, DDD the day
 * modulo 1000 on which it expires, SSSSSS the first three bytes of HMAC-SHA1 over KDDD and the
 * address. It proves that somebody got mail from that address in the last days, not who.
 */
#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include "classify/origin.h"
#include "classify/verp.h"
#include "store/internal.h"
#include "store/ownkeys.h"
#include "store/pseudonym.h"
#include "store/verp.h"

enum { MAC_SIZE = 16, BATV_DAYS = 7, BATV_MODULUS = 1000, BATV_TAG = 10 };

/* What a token is worth. */
enum proof { PROOF_NONE, PROOF_FORGED, PROOF_VALID };

/* What an address with a token is for. */
enum { PURPOSE_RETURN_PATH, PURPOSE_UNSUBSCRIBE, PURPOSES };
static const char *const purposes[PURPOSES] = { "retour verp 1", "retour unsubscribe 1" };
enum { PURPOSE_SIZE = sizeof "retour unsubscribe 1" };

static void mac_of(const unsigned char key[KEY_SIZE], int purpose, const char *campaign,
	const char *canonical, size_t n, char out[VERP_MAC_SIZE])
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char input[PURPOSE_SIZE + EVENT_CAMPAIGN_SIZE + CANONICAL_SIZE], mac[MAC_SIZE];
	size_t used = strlen(purposes[purpose]) + 1, campaign_n = strlen(campaign) + 1;

	memcpy(input, purposes[purpose], used);
	memcpy(input + used, campaign, campaign_n);
	used += campaign_n;
	memcpy(input + used, canonical, n);
	crypto_generichash(mac, sizeof mac, input, used + n, key, KEY_SIZE);
	for (unsigned i = 0; i < VERP_MAC_SIZE - 1; i++) {
		unsigned bit = i * 5, two = (unsigned)mac[bit / 8] << 8 | mac[bit / 8 + 1];
		out[i] = base32[two >> (11 - bit % 8) & 31];
	}
	out[VERP_MAC_SIZE - 1] = '\0';
	sodium_memzero(input, sizeof input);
}

_Static_assert((int)STORE_TOKEN_SIZE == (int)VERP_TOKEN_SIZE, "a token of keys.h is one of verp.h");

int store_verp_token(struct store *s, bool unsubscribe, const char *campaign, const char *address,
	size_t n, size_t room, char *token, bool *full)
{
	char canonical[CANONICAL_SIZE];
	struct verp v = { .full = true };
	const unsigned char *key = keys_verp_newest(s, v.key);
	size_t length = key ? address_canonical(address, n, store_folding(s), canonical) : 0;
	int result = STORE_OK;

	*token = '\0';
	if (!key)
		return STORE_KEYS;
	if (!length)
		return store_fail(s, STORE_MISUSE, "not an address");
	snprintf(v.campaign, sizeof v.campaign, "%s", campaign);
	mac_of(key, unsubscribe ? PURPOSE_UNSUBSCRIBE : PURPOSE_RETURN_PATH, campaign, canonical,
		length, v.mac);
	if (length < sizeof v.recipient)
		memcpy(v.recipient, canonical, length);
	*full = length < sizeof v.recipient && verp_encode(&v, token, room);
	v.full = *full;
	if (!*full && !verp_encode(&v, token, room))
		result = store_fail(s, STORE_MISUSE,
			"the campaign's name is too long for a return path of %d octets",
			VERP_LOCAL_PART_MAX);
	sodium_memzero(canonical, sizeof canonical);
	sodium_memzero(&v, sizeof v);
	return result;
}

/* A return path proves an opt-out as well; an unsubscribe address proves nothing else. */
static bool mac_fits(const struct store *s, const unsigned char *key, const struct verp *v,
	const struct event *e, const char *address)
{
	char canonical[CANONICAL_SIZE], mac[VERP_MAC_SIZE];
	size_t n = address_canonical(
		address, strnlen(address, EVENT_ADDRESS_SIZE), store_folding(s), canonical);
	bool fits = false;

	for (int purpose = 0;
		n && !fits && purpose < (e->kind == KIND_OPTOUT ? PURPOSES : PURPOSE_UNSUBSCRIBE);
		purpose++) {
		mac_of(key, purpose, v->campaign, canonical, n, mac);
		fits = sodium_memcmp(mac, v->mac, sizeof mac) == 0;
	}
	sodium_memzero(canonical, sizeof canonical);
	return fits;
}

/*
 * Puts the recipient that the token proves first. One whose report also names another was
 * forwarded: that one is kept as the original.
 */
static void take_recipient(struct event *e, const char *recipient)
{
	char first[EVENT_ADDRESS_SIZE]; /* RECIPIENT may lie in E */

	snprintf(first, sizeof first, "%s", recipient);
	if (!span_equal_nocase(span_of(e->recipient), span_of(first))) {
		memcpy(e->original_recipient, e->recipient, sizeof e->original_recipient);
		memcpy(e->recipient, first, sizeof e->recipient);
	}
	e->recipient_source = RECIPIENT_VERP;
	sodium_memzero(first, sizeof first);
}

/*
 * The address for which the MAC was made: the token's own, or where that is short, the one of those
 * that the report names. NULL: it fits none.
 */
static const char *proven_recipient(const struct store *s, const unsigned char *key,
	const struct verp *v, const struct event *e)
{
	const char *const candidates[] = { v->full ? v->recipient : e->recipient,
		v->full ? "" : e->original_recipient };

	for (unsigned i = 0; i < 2; i++)
		if (*candidates[i] && mac_fits(s, key, v, e, candidates[i]))
			return candidates[i];
	return NULL;
}

/*
 * A key that is not here says nothing: it was retired, or the token is somebody else's. With a key
 * that is here, a MAC that does not fit was made up. A report speaks of several recipients, the
 * return path of one: the others were not written to under it.
 */
static enum proof prove_verp(struct store *s, struct event *e)
{
	struct verp v;
	const unsigned char *key = verp_decode(span_of(e->token), &v) ? keys_verp(s, v.key) : NULL;
	const char *named = key ? proven_recipient(s, key, &v, e) : NULL;
	bool foreign = named && e->seq > 1 &&
		!span_equal_nocase(span_of(e->recipient), span_of(named));

	if (named && !foreign) {
		take_recipient(e, named);
		memcpy(e->campaign, v.campaign, sizeof e->campaign);
	}
	sodium_memzero(&v, sizeof v);
	if (!key)
		return PROOF_NONE;
	if (named && !foreign)
		return PROOF_VALID;
	return PROOF_FORGED;
}

static bool batv_day_fits(const char *tag, int64_t at)
{
	int expires = (tag[1] - '0') * 100 + (tag[2] - '0') * 10 + (tag[3] - '0');
	int today = (int)(at / DAY % BATV_MODULUS);

	return (expires - today + BATV_MODULUS) % BATV_MODULUS <= BATV_DAYS;
}

/* e->token is "prvs=KDDDSSSSSS=local@domain". */
static enum proof prove_batv(const struct store *s, const struct event *e, int64_t at)
{
	const char *tag = e->token + sizeof "prvs=" - 1, *address = tag + BATV_TAG + 1;
	char input[EVENT_TOKEN_SIZE], hex[7];
	unsigned char mac[20];
	int n;

	if (!s->o.batv_key || !s->o.batv_key_size)
		return PROOF_NONE;
	n = snprintf(input, sizeof input, "%.4s%s", tag, address);
	if (gnutls_hmac_fast(
		    GNUTLS_MAC_SHA1, s->o.batv_key, s->o.batv_key_size, input, (size_t)n, mac) < 0)
		return PROOF_NONE;
	sodium_bin2hex(hex, sizeof hex, mac, 3);
	sodium_memzero(input, sizeof input);
	return span_equal_nocase((struct span){ tag + 4, 6 }, span_of(hex)) &&
			batv_day_fits(tag, at)
		? PROOF_VALID
		: PROOF_FORGED;
}

enum origin verp_prove(struct store *s, struct event *e, int64_t at)
{
	enum origin claimed = e->origin > ORIGIN_MATCHED
		? ORIGIN_MATCHED
		: (enum origin)e->origin; /* a parser has no keys: it cannot know */
	enum proof proof;
	if (!*e->token)
		proof = PROOF_NONE;
	else if (origin_is_batv(span_of(e->token)))
		proof = prove_batv(s, e, at);
	else
		proof = prove_verp(s, e);

	switch (proof) {
	case PROOF_VALID:
		return ORIGIN_VERIFIED;
	case PROOF_FORGED:
		return claimed > ORIGIN_UNVERIFIED ? ORIGIN_UNVERIFIED : claimed;
	default:
		return claimed;
	}
}
