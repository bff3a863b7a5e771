/* The agenda as it follows from the rows of contacts (agenda.h). */
#include "store/agenda.h"
#include "store/contact.h"

int agenda_cut(struct store *s, bool objections, int64_t cutoff)
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GOING, "ii", cutoff, (int64_t)objections);
	struct contact c;
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		result = contact_from_row(s, st, sqlite3_column_blob(st, 2), &c);
		if (!result)
			result = agenda_move(s, c.key, &c.agenda, NULL);
	}
	return result;
}

int agenda_from_rows(struct store *s)
{
	sqlite3_stmt *st;
	struct contact c;
	int result = db_run(s, SQL_AGENDA_CLEAR, "");

	if (result || !(st = db_bind(s, SQL_CONTACT_ALL, "")))
		return STORE_FAILED;
	while (db_row(s, st, &result)) {
		result = contact_from_row(s, st, sqlite3_column_blob(st, 2), &c);
		if (!result)
			result = agenda_move(s, c.key, NULL, &c.agenda);
	}
	return result;
}
