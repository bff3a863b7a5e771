/*
 * Whether what lies on disk is what this program put there, for the audit: the schema, the names
 * under which the store keeps single values, the key directory, and whether the ledger is at least
 * as new as what the key directory remembers of it.
 */
#ifndef RETOUR_STORE_INTACT_H
#define RETOUR_STORE_INTACT_H

#include "store/ledger.h"
#include "store/promises.h"
#include "store/store.h"

/*
 * What is found is told in a line without addresses; what VISIT returns other than 0 ends the walk
 * and is returned.
 */
typedef int intact_visit(void *context, const char *what);

/*
 * Every row of sqlite_schema that is none of those that this program makes, byte for byte, and each
 * that is missing; then rows of the tables meta and held under names that are not the program's,
 * and what lies behind the file's last page.
 */
int store_schema_differs(struct store *s, intact_visit *visit, void *context);
/*
 * What lies in the key directory beside the keys of this store: files under other names (told as a
 * key's copy where its key is known), directories, a key whose bytes are not those that the store
 * knows, one that was destroyed.
 */
int store_keys_strange(struct store *s, intact_visit *visit, void *context);

/*
 * Whether the store is older than what its keys remember of it, NOTED: an earlier copy, or one
 * whose ledger was cut. NOTED's number is 0 where they remember nothing yet.
 */
int store_is_older(struct store *s, bool *older, struct ledger_entry *noted);

/*
 * Whether the list beside the keys of what was erased has the last erasure of this store: else it
 * is missing, or an older one, and a backup that is restored brings back who was erased since.
 */
int store_erasures_known(struct store *s, bool *known);

/*
 * How many events there are from FROM on, by day (YYYYMMDD) of the report's zone, in the order of
 * time; a day comes several times.
 */
int store_event_days(struct store *s, int64_t from,
	int (*visit)(void *context, int32_t day, uint64_t count), void *context);

#endif
