/* Rows of contacts as answers need them, and the table of all of them: table.c, contactrow.c. */
#ifndef RETOUR_STORE_TABLE_H
#define RETOUR_STORE_TABLE_H

#include "store/internal.h"

/* What an answer needs of a contact's row. REASON lasts as long as the row or the table. */
struct contact_row {
	unsigned char key[PSEUDONYM_SIZE];
	enum contact_state state;
	int64_t since, until, due;
	unsigned attempts;
	const char *reason;
	bool full; /* its ladder is the one of full mailboxes */
	unsigned objections;
	struct objected objected[OBJECTED_MAX];
};
/*
 * Of a statement that gives pseudonym, state, since, until, due, attempts, reason, ladder, and the
 * history of who has objected to a stream.
 */
void contact_read_row(sqlite3_stmt *st, struct contact_row *out);

/* At the begin of a snapshot: makes the table where that is worth it. */
int contact_table_enter(struct store *s);
enum table_result { TABLE_UNKNOWN, TABLE_NONE, TABLE_FOUND };
/*
 * UNKNOWN: there is no table for this snapshot, ask the database. NONE: there is no such contact.
 */
enum table_result contact_table_find(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact_row *out);
void contact_table_free(struct store *s);

#endif
