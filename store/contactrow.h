/* Rows of contacts as answers need them: contactrow.c. */
#ifndef RETOUR_STORE_CONTACTROW_H
#define RETOUR_STORE_CONTACTROW_H

#include "store/internal.h"

/* What an answer needs of a contact's row. REASON lasts as long as the row. */
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
/* Of a statement that gives pseudonym and body. False, with a message: it is damaged. */
bool contact_read_row(struct store *s, sqlite3_stmt *st, struct contact_row *out);

#endif
