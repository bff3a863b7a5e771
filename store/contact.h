/*
 * One contact in memory, and its way from its row and back: what contact.c (events, operators),
 * release.c, cause.c (whole causes taken back) and answer.c (questions) share.
 */
#ifndef RETOUR_STORE_CONTACT_H
#define RETOUR_STORE_CONTACT_H

#include "store/agenda.h"
#include "store/contacts.h"
#include "store/standing.h"
#include "store/cohort.h"
#include "store/held.h"

struct contact {
	unsigned char key[PSEUDONYM_SIZE];
	int64_t at;    /* day of its last event; retention counts from there */
	int64_t moved; /* when an operator moved it: what happened before is settled; 0: never */
	bool objected; /* to streams of our mail, as the row has it */
	int64_t held;  /* AT as the row has it, and so the kept counts; 0: there is none yet */
	enum contact_state held_state; /* the same of its state */
	bool held_objection;           /* and whether it is kept as an objection */
	struct agenda_days agenda;     /* its lines there */
	uint64_t suppressed;           /* what of it is, as the row has it (news.h) */
	struct cohort_place counted;   /* where the row says that it was counted */
	struct standing now; /* as of its last event, or of the last time that time changed it */
	char reason[EVENT_RULE_SIZE];
	char rule[EVENT_RULE_SIZE];
	char ladder[STORE_NAME_SIZE]; /* of its last soft failure */
	struct history history;
};

/* --- contactfold.c -------------------------------------------------------- */

/*
 * The category's own ladder, else the provider's, else the one that its profile names: for most the
 * one of their size.
 */
const struct ladder *ladder_for(const struct store *s, const struct packed *e);
/* How long a failure is held against a recipient. */
int64_t quiet_of(const struct store *s);
struct walk walk_of(const struct store *s, const struct contact *c);
/*
 * Makes the state anew from the history. RESOLVED: when the investigation of its last block was; 0:
 * never.
 */
void contact_fold(const struct store *s, struct contact *c, int64_t resolved);
/* The same, with what the store knows of that investigation. */
int contact_refold(struct store *s, struct contact *c);
/* Time moves the standing only. */
void contact_elapse(const struct store *s, struct contact *c, int64_t now);
/* Inactive for a hard failure or a complaint, not because failures would not end. */
bool contact_is_gone(const struct contact *c);

/* YYYYMM (UTC) of a time, and the begin of a month; 0 for 0. */
int month_of_time(int64_t at);
int64_t month_start(int month);

/* --- meaning.c ------------------------------------------------------------ */

enum { MEANS_NOTHING = -1 };
/* What E adds to a history, an enum history_kind or MEANS_NOTHING, and on what it rests then. */
int contact_meaning(const struct packed *e);
/* The provider to whose blocks E counts. */
const char *contact_segment_of(const struct packed *e);
struct cause contact_cause(const struct store *s, const struct packed *e, int meaning);
/*
 * Adds what E means to a history: an objection to its stream, or to its day. False: it has a day
 * too many.
 */
bool contact_add(const struct store *s, struct history *h, const struct packed *e, int meaning);

/* --- contact.c ------------------------------------------------------------ */

/* A contact that is touched moves to the present state key; OLD are its COUNT others. */
int contact_rekey(struct store *s, unsigned count, const unsigned char old[][PSEUDONYM_SIZE],
	const unsigned char present[PSEUDONYM_SIZE], bool *moved);
/* An operator took this cause back (store_cause_undo). */
bool contact_is_taken_back(const struct store *s, const struct packed *e, int meaning);
/* Adds what E means to a contact's history, and makes the state anew. */
int contact_note(struct store *s, struct contact *c, const struct packed *e, int meaning);

/* --- contactrow.c --------------------------------------------------------- */

enum { CONTACT_PAGE = 1000 };
/* Some contacts at a time, while they are changed. */
struct contact_page {
	unsigned n;
	unsigned char last[PSEUDONYM_SIZE]; /* the last one of the page before */
	unsigned char key[CONTACT_PAGE][PSEUDONYM_SIZE];
};
/* Fills the page with what ST gives; ST may be NULL: db_bind() failed. */
int contact_page(struct store *s, struct contact_page *page, sqlite3_stmt *st);
/*
 * EACH to all contacts that WHICH gives: the statement takes the last key before, SINCE where it is
 * not NULL, and how many at most. EACH may change and save what it gets; other than STORE_OK ends
 * it and is the result.
 */
int contacts_each(struct store *s, enum sql which, const int64_t *since,
	int (*each)(struct store *s, struct contact *c, void *context), void *context);

/* *FOUND is false, and C an active contact, when there is no row. */
int contact_load(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact *c, bool *found);
/*
 * HOW: SQL_CONTACT_ADD for a new row, which costs a walk through the table less, or
 * SQL_CONTACT_PUT.
 */
int contact_save(struct store *s, enum sql how, struct contact *c);
/*
 * Of a row at which ST stands, day and body its first columns; what it counts for, and what of it
 * is suppressed, is not looked at.
 */
int contact_from_row(struct store *s, sqlite3_stmt *st, const unsigned char key[PSEUDONYM_SIZE],
	struct contact *c);
/* Its row goes, and all that is kept beside it; 1 joins *DELETED. */
int contact_delete(struct store *s, const struct contact *c, uint64_t *deleted);
/* The times of its history are to be cut to days (history_coarsen). */
bool contact_is_untidy(const struct contact *c, int64_t now);
/* Somebody objected to mail: a complaint or an opt-out that was not taken back. */
bool contact_objects(const struct contact *c);
/*
 * Leaves of who is inactive that he is, since when and why, of who objected that he did; with RULE
 * also by what, so that it can be taken back.
 */
int contact_reduce(struct store *s, const struct contact *c, bool rule);
/* The first day with an objection to all mail; NULL: there is none. */
const struct day *contact_objection_day(const struct contact *c);
/* What the row says of an end; OBJECTED: also that there was an objection to all mail. */
void contact_remember_objection(struct contact *c, bool objected);
/* It says of whom it is not to be written to since when and why, and nothing else. */
bool contact_is_bare(const struct contact *c);
/* And the row alone says it, without a history. */
bool contact_tells_its_end(struct contact *c);
/* Deliveries are all that is known of this recipient, for the failures that may still come late. */
bool contact_is_well(const struct contact *c);
unsigned attempts_of(const struct standing *st);
/* What a contact without a history rests on, from its row. */
void contact_remember_end(struct contact *c);
/* The ladder of full mailboxes. */
bool ladder_is_full(const char *name);
/*
 * Under which pseudonyms an address may be found: under the state key, and by way of those before
 * it, while they are needed.
 */
struct pseudonyms {
	unsigned n;
	unsigned char key[1 + OLD_STATES_MAX][PSEUDONYM_SIZE];
};
/* STORE_MISUSE when ADDRESS is none. */
int pseudonyms_of(struct store *s, const char *address, size_t n, struct pseudonyms *out);

/* --- asked.c -------------------------------------------------------------- */

/* store_ask_beside(), with what opens a second handle on the store of S; NULL: there is none. */
int asked_share(struct store *s, size_t least, struct store *(*second_of)(const struct store *s));
/* With the handle: what store_ask_begin() took. Returns the second one, or NULL: to be closed. */
struct store *asked_free(struct store *s);

/* --- answer.c ------------------------------------------------------------- */

struct contact_row;
/*
 * To be called before answers of NOW are given. Whom the brake holds nobody but a run lets go for
 * good: a clock that is so far ahead of the last run ends no hold here, for a run would not believe
 * it (retour-recovery(7)).
 */
int answer_believe(struct store *s, int64_t now);
/* The answer that a row gives NOW for STREAM: time that passed since it was written has its due. */
void answer_row(const struct store *s, const struct contact_row *r, unsigned stream, int64_t now,
	struct answer *out);

/* --- share.c: where several sites have one memory (site.h) ---------------- */

/* Contacts have shares. */
bool site_is_on(const struct store *s);
/*
 * An event joins this store's own share of the contact; C's history is then the sum of all.
 */
int share_note(struct store *s, struct contact *c, const struct packed *e, int meaning);
/*
 * A contact is forgotten, at this site and, as they are told, at the others: what is left of its
 * shares is what KEEP leaves and what came behind NOW. Adds to SUM.
 */
struct erased;
int share_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now,
	struct erased *sum);
/* What this store took back, for the others (site.c). */
int change_note_undo(struct store *s, const char *text, size_t n, int64_t now);
/* This store's own share of C is as young as C. */
int share_date(struct store *s, struct contact *c, int64_t now);
/*
 * An operator moved C: its history is the share of this store, and what others knew before is
 * settled by it.
 */
int share_moved(struct store *s, struct contact *c, int64_t now);
/*
 * This store's own share of C is made other by CHANGE, which says whether it did; C's history is
 * then the sum again.
 */
int share_changed(struct store *s, struct contact *c, int64_t now,
	bool (*change)(void *context, struct history *h), void *context, bool *changed);
/*
 * C's history as the shares have it, of a site: times of a row may have been cut to days at one
 * site, and not yet at another, before both hear of what makes them count again.
 */
int share_exact(struct store *s, struct contact *c);
/* An operator confirmed hard failures of C, whichever site has read them. */
int share_confirmed(struct store *s, struct contact *c, int64_t now);

/* --- forgetting.c --------------------------------------------------------- */

struct erased;
/* Deletes a contact, or reduces it; adds to SUM. */
int contact_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now,
	struct erased *sum);

/* --- contact.c, pending.c, objection.c ------------------------------------ */

/* Does the event say anything of a contact? */
bool contact_takes(const struct store *s, const struct packed *e);
/* Applies one event to its contact, inside the transaction. */
int contact_apply(struct store *s, const struct packed *e);
/* The same before the commit, together with others (pending.c). */
int pending_add(struct store *s, const struct packed *e);
int pending_flush(struct store *s);
void pending_discard(struct store *s);
/*
 * Takes from those who objected before CUTOFF, the end of contacts, all but that they did, since
 * when and by what; inside the transaction.
 */
int objections_reduce(struct store *s, int64_t cutoff);
/* Notes in rows from before schema version 20 who objected. */
int objections_from_rows(struct store *s);
/* Brings the rows of schema version 1 to the present form, inside the transaction. */
int contact_from_version_1(struct store *s);

#endif
