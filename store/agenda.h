/*
 * What time does to contacts, and on which days (table agenda): agenda.c.
 */
#ifndef RETOUR_STORE_AGENDA_H
#define RETOUR_STORE_AGENDA_H

#include "store/internal.h"

#define AGENDA_LISTS(X) \
	X(AGENDA_DUE, "due")             /* its state changes */ \
	X(AGENDA_TIDY, "tidy")           /* times of its history are cut to days */ \
	X(AGENDA_WELL, "well")           /* it says nothing any more, and goes some days later */ \
	X(AGENDA_OBJECTION, "objection") /* it is one, last heard of on that day */
#define AGENDA_ENUM(symbol, name) symbol,
enum agenda { AGENDA_LISTS(AGENDA_ENUM) AGENDA_COUNT };
#undef AGENDA_ENUM
const char *agenda_name(enum agenda list);
/* AGENDA_COUNT: there is no such list. */
enum agenda agenda_by_name(const char *name);

/* A contact's day on each list; 0: it is not on it. */
struct agenda_days {
	int64_t on[AGENDA_COUNT];
};

/* The row of KEY stood as HELD says, and stands as NOW says from here on; both may be NULL. */
int agenda_move(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct agenda_days *held, const struct agenda_days *now);

struct agenda_entry {
	unsigned char key[PSEUDONYM_SIZE];
	int64_t day;
};
/* Some of a list at a time. */
struct agenda_page {
	struct agenda_entry
		*at; /* ROOM of them, the caller's; in the order of the tree of contacts */
	size_t n, room;
	int64_t last_day; /* behind which the next page begins */
	unsigned char last_name[32];
	uint64_t foreign; /* lines that no contact of this store can have */
};
/* Those of LIST whose day is NOW at latest, by what their contacts' rows say of today. */
int agenda_next(struct store *s, enum agenda list, int64_t now, struct agenda_page *page);

/* After contacts went by a statement: takes out what is no contact's any more. */
int agenda_sweep(struct store *s);
/* For an audit: as many lines of LIST stand there as contacts say, and each is a contact's. */
int agenda_compare(struct store *s, enum agenda list, uint64_t contacts, bool *differs);

/* --- agendarows.c ---------------------------------------------------------- */

/* Before all contacts, or objections, from before CUTOFF go. */
int agenda_cut(struct store *s, bool objections, int64_t cutoff);
/* Makes it anew of the contacts. */
int agenda_from_rows(struct store *s);

#endif
