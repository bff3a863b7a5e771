/* What version of the schema a database has, and what leads to the present one. */
#ifndef RETOUR_STORE_SCHEMA_H
#define RETOUR_STORE_SCHEMA_H

#include "store/internal.h"

enum { SCHEMA_VERSION = 35, APPLICATION_ID = 0x7265746f /* "reto" */ };
/* *VERSION 0: there is nothing in it. Refuses what is not ours, or newer than this program. */
int schema_version(struct store *s, int *version);
/* A handle is kept for long, and a newer program may have given the store its form meanwhile. */
int schema_still_known(struct store *s);
/* What brings the rows to the form of VERSION; a list ends with NULL. */
struct schema_conversion {
	int version;
	int (*convert)(struct store *s);
};
/*
 * Applies what lies between FROM and SCHEMA_VERSION, inside the transaction, and then what converts
 * rows.
 */
int schema_migrate(struct store *s, int from, const struct schema_conversion *conversions);
/* The present schema, without rows, into a database with nothing in it but contact_functions(). */
int schema_make(sqlite3 *db);
/* The trigger that keeps the ledger from being cut; only the ledger's own retention lifts it. */
extern const char schema_ledger_guard[];

#endif
