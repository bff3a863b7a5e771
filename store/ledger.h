/*
 * The ledger: what was done that somebody may ask for later, a chain of entries that only grows.
 */
#ifndef RETOUR_STORE_LEDGER_H
#define RETOUR_STORE_LEDGER_H

#include <string.h>
#include "store/ledgerkind.h"
#include "store/store.h"

enum { LEDGER_HASH_SIZE = 32, LEDGER_TEXT_SIZE = 512 };
/* Appends an entry: DETAIL is canonical "name=value" pairs, counts only. */
int store_ledger(struct store *s, int64_t now, enum ledger_kind kind, const char *detail);
/* Another program's version may have written an entry: its KIND is a word, and none of these. */
struct ledger_entry {
	int64_t number, at;
	char kind[STORE_NAME_SIZE];
	char detail[LEDGER_TEXT_SIZE];
	unsigned char hash[LEDGER_HASH_SIZE];
};
static inline bool ledger_is(const struct ledger_entry *e, enum ledger_kind kind)
{
	return strcmp(e->kind, ledger_kind_name(kind)) == 0;
}
/*
 * Walks the chain from the first entry, checking each hash. STORE_BROKEN, with the number in
 * store_error(), at the first that does not fit. VISIT may be NULL.
 */
int store_ledger_walk(
	struct store *s, int (*visit)(void *context, const struct ledger_entry *e), void *context);
/*
 * All entries as they are, for export, with the hash that each says its predecessor has; whether
 * they fit is for others to check.
 */
int store_ledger_rows(struct store *s,
	int (*visit)(void *context, const struct ledger_entry *e, const unsigned char *previous),
	void *context);
/*
 * Whose word the times were where the last cut of the ledger was made: "own", "given", "always"
 * (given by --now since the first entry). CUT may be no entry.
 */
const char *ledger_cut_time(const struct ledger_entry *cut);
/*
 * What the witness WAY ("syslog", "command", "timestamp") was told last: a number of the teller's
 * own; 0: nothing. It is no evidence, only so that nobody hears the same twice.
 */
int store_head_told(struct store *s, const char *way, int64_t *what);
int store_head_tell(struct store *s, const char *way, int64_t what);
/* The last entry; number 0 when there is none. */
int store_ledger_head(struct store *s, struct ledger_entry *out);
/* The last entry of KIND whose detail contains the pair WITH (may be NULL); number 0: none. */
int store_ledger_last(
	struct store *s, enum ledger_kind kind, const char *with, struct ledger_entry *out);

#endif
