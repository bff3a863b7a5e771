/*
 * Signatures of what leaves the house as evidence, and of the ledger's head. The key is sign.key in
 * the key directory (keyfile.c); its public half stands in the ledger, in the entry that says that
 * it was made.
 *
 * An entry "checkpoint" says "entry=N hash=HEX key=ID signature=BASE64": the bare signature
 * (store/base/minisign.h) of the checkpoint's text (chain.h) for entry N. The chain alone shows
 * that its entries fit each other; the checkpoints show that they are those which this store wrote.
 * Who has taken over the machine has the key too: against him only a head helps that somebody else
 * kept, such as the one in each monthly mail.
 */
#include <sodium.h>
#include <stdio.h>
#include "store/chain.h"
#include "store/internal.h"
#include "store/ownkeys.h"

int store_sign_ready(struct store *s, int64_t now)
{
	unsigned char seed[KEY_SIZE];
	bool absent;
	int result = keys_sign(s, true, now, seed, &absent);

	sodium_memzero(seed, sizeof seed);
	return result;
}

int store_sign_public(struct store *s, struct minisign_public *out, bool *ready)
{
	unsigned char seed[KEY_SIZE];
	bool absent;
	int result = keys_sign(s, false, 0, seed, &absent);

	*ready = !result && !absent;
	if (*ready)
		minisign_public(out, seed);
	sodium_memzero(seed, sizeof seed);
	return result;
}

int store_sign(struct store *s, const void *bytes, size_t n, const char *comment, char *out)
{
	unsigned char seed[KEY_SIZE];
	bool absent;
	int result = keys_sign(s, false, 0, seed, &absent);

	if (!result && absent)
		result = store_fail(
			s, STORE_KEYS, "there is no key that signs yet; the next run makes it");
	if (!result)
		minisign_sign(out, seed, bytes, n, comment);
	sodium_memzero(seed, sizeof seed);
	return result;
}

static int sign_head(struct store *s, const struct ledger_entry *head, int64_t now)
{
	unsigned char seed[KEY_SIZE], signature[MINISIGN_SIGNATURE_SIZE];
	char text[CHECKPOINT_TEXT_SIZE], detail[LEDGER_TEXT_SIZE], hash[2 * LEDGER_HASH_SIZE + 1],
		id[MINISIGN_ID_TEXT_SIZE];
	char encoded[sodium_base64_ENCODED_LEN(
		MINISIGN_SIGNATURE_SIZE, sodium_base64_VARIANT_ORIGINAL)];
	struct minisign_public p;
	bool absent;
	int result = keys_sign(s, true, now, seed, &absent);

	if (result)
		return result;
	minisign_sign_bare(signature, seed, text, checkpoint_text(text, head));
	minisign_public(&p, seed);
	sodium_memzero(seed, sizeof seed);
	minisign_id_text(&p, id);
	sodium_bin2hex(hash, sizeof hash, head->hash, sizeof head->hash);
	sodium_bin2base64(encoded, sizeof encoded, signature, sizeof signature,
		sodium_base64_VARIANT_ORIGINAL);
	snprintf(detail, sizeof detail, "entry=%lld hash=%s key=%s signature=%s",
		(long long)head->number, hash, id, encoded);
	return store_ledger(s, now, LEDGER_CHECKPOINT, detail);
}

int store_checkpoint(struct store *s, int64_t now)
{
	struct ledger_entry head, last;
	bool own;
	int result = store_sign_ready(s, now);

	if (result || (result = db_enter(s, &own)))
		return result;
	if (!(result = store_ledger_head(s, &head)) &&
		!(result = store_ledger_last(s, LEDGER_CHECKPOINT, NULL, &last)) && head.number &&
		head.number != last.number &&
		!(last.number && day_start(last.at) == day_start(now)))
		result = sign_head(s, &head, now);
	return db_leave(s, own, result);
}
