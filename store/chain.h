/*
 * The ledger's chain as bytes: the hash of an entry, and the two texts that leave the house, the
 * ledger itself and a checkpoint of it. Pure functions, so that evidence is checked without a
 * store.
 */
#ifndef RETOUR_STORE_CHAIN_H
#define RETOUR_STORE_CHAIN_H

#include "classify/base/span.h"
#include "store/ledger.h"
#include "store/store.h"

/*
 * The hash of E, of which only number, at, kind and detail are read, behind an entry with the hash
 * PREVIOUS (zeros for the first).
 */
void chain_hash(unsigned char out[LEDGER_HASH_SIZE], const unsigned char previous[LEDGER_HASH_SIZE],
	const struct ledger_entry *e);

/*
 * The ledger as text: the line CHAIN_HEADER, then a line for each entry, six fields with a TAB
 * between them:
 *     number, time (RFC 3339, UTC, seconds), kind, detail, hash of the entry before it, its own
 *     hash (hexadecimal, lower case)
 */
#define CHAIN_HEADER "retour ledger 1"
enum { CHAIN_LINE_SIZE = 1024 };
/*
 * With a line end. Returns its length, 0 when a field holds a TAB or line end and so cannot be
 * written.
 */
size_t chain_line(char out[CHAIN_LINE_SIZE], const struct ledger_entry *e,
	const unsigned char previous[LEDGER_HASH_SIZE]);
/* False when LINE, without its end, is not exactly what chain_line() writes. */
bool chain_parse(
	struct span line, struct ledger_entry *e, unsigned char previous[LEDGER_HASH_SIZE]);

/*
 * What an entry "ledger-cut" says: the first number that is kept, and the hash that its predecessor
 * had.
 */
bool chain_cut(
	const struct ledger_entry *e, int64_t *first, unsigned char previous[LEDGER_HASH_SIZE]);

/*
 * A checkpoint names an entry and its hash; whoever signs it vouches for all entries up to it:
 *     "retour checkpoint 1" LF "entry " NUMBER LF "at " TIME LF "hash " HEX LF
 */
enum { CHECKPOINT_TEXT_SIZE = 160 };
size_t checkpoint_text(char out[CHECKPOINT_TEXT_SIZE], const struct ledger_entry *e);
/* Fills in number, at and hash. */
bool checkpoint_parse(struct span text, struct ledger_entry *e);

/*
 * NAME as a word of a pair in a detail: what else stands for something there is written as %XX. Cut
 * where SIZE ends.
 */
void chain_word(char *out, size_t size, const char *name);

#endif
