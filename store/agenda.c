/*
 * The agenda: on which day time does something to which contact. It stands apart from the contacts,
 * because such a day says what happened: a full mailbox waits for five days, a block for one. A
 * line is a list, a day (UTC, epoch seconds) and the contact's name, which is sealed for that line
 * (store/base/sealed.h) under a key outside of the database. Whoever has the key finds from the day
 * who is due, and from the contact its lines; without it the lines of a day are so many, and
 * nobody's.
 *
 * A contact's row is what counts: its lines follow from it, and agenda_from_rows() makes all of
 * them anew. Lines are written in the transaction that writes the row.
 */
#include "store/agenda.h"
#include <stdlib.h>
#include <string.h>
#include "store/contactbody.h"
#include "store/base/pagefile.h"

#define AGENDA_NAME(symbol, name) name,
static const char *const list_names[] = { AGENDA_LISTS(AGENDA_NAME) };

const char *agenda_name(enum agenda list)
{
	return list_names[list];
}

enum agenda agenda_by_name(const char *name)
{
	unsigned i = 0;

	while (i < AGENDA_COUNT && (!name || strcmp(list_names[i], name) != 0))
		i++;
	return i;
}

static int line_write(struct store *s, enum sql how, enum agenda list, int64_t day,
	const unsigned char key[PSEUDONYM_SIZE])
{
	unsigned char name[SEALED_LISTED];

	seal_listed(keys_contact(s), list, day, key, name);
	return db_run(s, how, "tib", list_names[list], day, name, (int)sizeof name);
}

int agenda_move(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct agenda_days *held, const struct agenda_days *now)
{
	static const struct agenda_days none = { .on = { 0 } };

	held = held ? held : &none;
	now = now ? now : &none;
	for (unsigned i = 0; i < AGENDA_COUNT; i++) {
		if (held->on[i] == now->on[i])
			continue;
		if (held->on[i] && line_write(s, SQL_AGENDA_TAKE, i, held->on[i], key))
			return STORE_FAILED;
		if (now->on[i] && line_write(s, SQL_AGENDA_PUT, i, now->on[i], key))
			return STORE_FAILED;
	}
	return STORE_OK;
}

/* --- who is due --------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
	return memcmp(a, b, PSEUDONYM_SIZE);
}

int agenda_next(struct store *s, enum agenda list, int64_t now, struct agenda_page *page)
{
	sqlite3_stmt *st = db_bind(s, list == AGENDA_DUE ? SQL_AGENDA_DUE : SQL_AGENDA_OTHERS,
		"ibiit", page->last_day, page->last_name, (int)sizeof page->last_name, now,
		(int64_t)page->room, list_names[list]);
	int result = STORE_OK;

	/* what is read here stays in memory, where contact_load() finds it and looks no more */
	pagefile_verify(s->db, true);
	for (page->n = 0; db_row(s, st, &result);) {
		struct agenda_entry *e = &page->at[page->n];
		const unsigned char *name = sqlite3_column_blob(st, 1);
		int n = sqlite3_column_bytes(st, 1);
		page->last_day = e->day = sqlite3_column_int64(st, 0);
		if (sealed_listed(keys_contact(s), list, e->day, name, n, e->key))
			page->n++;
		else
			page->foreign++;
		if (n == (int)sizeof page->last_name)
			memcpy(page->last_name, name, sizeof page->last_name);
	}
	pagefile_verify(s->db, s->o.verify);
	qsort(page->at, page->n, sizeof *page->at, compare_entries);
	return result;
}

/* --- all of them -------------------------------------------------------------- */

int agenda_sweep(struct store *s)
{
	return db_run(s, SQL_AGENDA_SWEEP, "");
}

int agenda_compare(struct store *s, enum agenda list, uint64_t contacts, bool *differs)
{
	int64_t lines = 0, ours = 0;

	if (db_int(s, &lines, SQL_AGENDA_COUNT, "t", list_names[list]) ||
		db_int(s, &ours, SQL_AGENDA_OURS, "t", list_names[list]))
		return STORE_FAILED;
	*differs = lines != ours || (uint64_t)ours != contacts;
	return STORE_OK;
}
