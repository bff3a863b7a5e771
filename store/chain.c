/*
 * hash = BLAKE2b-256, without a key, of
 *     "retour ledger 1" NUL
 *     the previous entry's hash, 32 bytes; zeros for the first
 *     number, 8 bytes; at, 8 bytes            big-endian; at is epoch seconds, UTC
 *     length of kind, 4 bytes; kind           big-endian length, no NUL
 *     length of detail, 4 bytes; detail
 *
 * The texts are canonical: one entry has one form, and whatever reads back as another one is
 * refused.
 */
#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "store/chain.h"
#include "classify/base/clock.h"

enum { FIELDS = 6, HASH_HEX_SIZE = 2 * LEDGER_HASH_SIZE + 1 };
#define CHAIN_NUMBER_MAX \
	INT64_C(1000000000000000) /* of an entry: more than there ever are, and sums with it do \
				     not overflow */

static void put_chain_number(crypto_generichash_state *h, uint64_t v, unsigned bytes)
{
	unsigned char out[8];

	for (unsigned i = 0; i < bytes; i++)
		out[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
	crypto_generichash_update(h, out, bytes);
}

static void put_chain_text(crypto_generichash_state *h, const char *text)
{
	size_t n = strlen(text);

	put_chain_number(h, n, 4);
	crypto_generichash_update(h, (const unsigned char *)text, n);
}

void chain_hash(unsigned char out[LEDGER_HASH_SIZE], const unsigned char previous[LEDGER_HASH_SIZE],
	const struct ledger_entry *e)
{
	static const unsigned char domain[] = "retour ledger 1";
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, LEDGER_HASH_SIZE);
	crypto_generichash_update(&h, domain, sizeof domain);
	crypto_generichash_update(&h, previous, LEDGER_HASH_SIZE);
	put_chain_number(&h, (uint64_t)e->number, 8);
	put_chain_number(&h, (uint64_t)e->at, 8);
	put_chain_text(&h, e->kind);
	put_chain_text(&h, e->detail);
	crypto_generichash_final(&h, out, LEDGER_HASH_SIZE);
}

void chain_word(char *out, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name && n + sizeof "%XX" <= size; name++) {
		bool plain = isalnum((unsigned char)*name) || strchr("._-/:+", *name);
		n += (size_t)snprintf(
			out + n, size - n, plain ? "%c" : "%%%02X", (unsigned char)*name);
	}
	out[n] = '\0';
}

static bool parse_chain_time(const char *text, int64_t *at)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	*at = end && !*end ? timegm(&tm) : 0;
	return end && !*end;
}

static bool parse_hash(const char *hex, unsigned char out[LEDGER_HASH_SIZE])
{
	return strlen(hex) == HASH_HEX_SIZE - 1 &&
		sodium_hex2bin(out, LEDGER_HASH_SIZE, hex, HASH_HEX_SIZE - 1, NULL, NULL, NULL) ==
		0;
}

static bool is_plain(const char *text)
{
	return !text[strcspn(text, "\t\r\n")];
}

size_t chain_line(char out[CHAIN_LINE_SIZE], const struct ledger_entry *e,
	const unsigned char previous[LEDGER_HASH_SIZE])
{
	char at[CLOCK_TEXT_SIZE], before[HASH_HEX_SIZE], own[HASH_HEX_SIZE];

	if (!is_plain(e->kind) || !is_plain(e->detail))
		return 0;
	sodium_bin2hex(before, sizeof before, previous, LEDGER_HASH_SIZE);
	sodium_bin2hex(own, sizeof own, e->hash, LEDGER_HASH_SIZE);
	return (size_t)snprintf(out, CHAIN_LINE_SIZE, "%" PRId64 "\t%s\t%s\t%s\t%s\t%s\n",
		e->number, clock_format(e->at, at), e->kind, e->detail, before, own);
}
_Static_assert(CHAIN_LINE_SIZE >
		LEDGER_TEXT_SIZE + STORE_NAME_SIZE + CLOCK_TEXT_SIZE + 2 * HASH_HEX_SIZE + 32,
	"the longest entry fits its line");

bool chain_parse(struct span line, struct ledger_entry *e, unsigned char previous[LEDGER_HASH_SIZE])
{
	char text[CHAIN_LINE_SIZE], again[CHAIN_LINE_SIZE], *field[FIELDS], *rest = text;

	if (line.n + 2 > sizeof text || memchr(line.p, '\0', line.n))
		return false;
	memcpy(text, line.p, line.n);
	text[line.n] = '\0';
	for (int i = 0; i < FIELDS; i++)
		if (!(field[i] = strsep(&rest, "\t")))
			return false;
	memset(e, 0, sizeof *e);
	if (rest || sscanf(field[0], "%" SCNd64, &e->number) != 1 || e->number < 1 ||
		e->number > CHAIN_NUMBER_MAX || !parse_chain_time(field[1], &e->at) ||
		strlen(field[2]) >= sizeof e->kind || strlen(field[3]) >= sizeof e->detail ||
		!parse_hash(field[4], previous) || !parse_hash(field[5], e->hash))
		return false;
	strcpy(e->kind, field[2]);
	strcpy(e->detail, field[3]);
	size_t n = chain_line(again, e, previous);
	return n == line.n + 1 && memcmp(again, line.p, line.n) == 0;
}

bool chain_cut(
	const struct ledger_entry *e, int64_t *first, unsigned char previous[LEDGER_HASH_SIZE])
{
	char hex[HASH_HEX_SIZE];

	return sscanf(e->detail, "first=%" SCNd64 " previous=%64[0-9a-f]", first, hex) == 2 &&
		parse_hash(hex, previous);
}

size_t checkpoint_text(char out[CHECKPOINT_TEXT_SIZE], const struct ledger_entry *e)
{
	char at[CLOCK_TEXT_SIZE], hash[HASH_HEX_SIZE];

	sodium_bin2hex(hash, sizeof hash, e->hash, LEDGER_HASH_SIZE);
	return (size_t)snprintf(out, CHECKPOINT_TEXT_SIZE,
		"retour checkpoint 1\nentry %" PRId64 "\nat %s\nhash %s\n", e->number,
		clock_format(e->at, at), hash);
}

bool checkpoint_parse(struct span text, struct ledger_entry *e)
{
	char copy[CHECKPOINT_TEXT_SIZE], again[CHECKPOINT_TEXT_SIZE], at[CLOCK_TEXT_SIZE],
		hash[HASH_HEX_SIZE];

	memset(e, 0, sizeof *e);
	if (text.n >= sizeof copy || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (sscanf(copy, "retour checkpoint 1 entry %" SCNd64 " at %31s hash %64[0-9a-f]",
		    &e->number, at, hash) != 3 ||
		!parse_chain_time(at, &e->at) || !parse_hash(hash, e->hash))
		return false;
	return checkpoint_text(again, e) == text.n && memcmp(again, copy, text.n) == 0;
}
