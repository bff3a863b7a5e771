/*
 * What a row of a contact says, sealed under keys that lie outside the database: contactbody.c has
 * the form, contactsql.c what statements see of it.
 */
#ifndef RETOUR_STORE_CONTACTBODY_H
#define RETOUR_STORE_CONTACTBODY_H

#include "store/standing.h"
#include "store/base/sealed.h"

enum {
	CONTACT_STEP = 112,          /* lengths of the rest: this, twice, four times … */
	CONTACT_REST_MAX = 112 << 7, /* with the zeros behind it */
	CONTACT_BODY_MAX = SEALED_MORE + CONTACT_REST_MAX,
};

/* Those of the present state key (keys.c). */
const struct contact_keys *keys_contact(const struct store *s);

/* What answers need. */
struct contact_head {
	enum contact_state state;
	unsigned objected; /* 1: to streams of our mail; 2: and little else is left */
	bool full;         /* its ladder is the one of full mailboxes */
	bool wordy;        /* there is a history */
	bool objection;    /* kept as one, for longer than others */
	const char *reason;
	int64_t since, until, due; /* SINCE is a day */
	unsigned attempts;
};

struct contact_rest {
	unsigned pauses;
	int64_t moved;
	int month; /* YYYYMM of its cohort, 0: none */
	char rule[EVENT_RULE_SIZE], ladder[STORE_NAME_SIZE];
	const unsigned char *history; /* N bytes of it */
	int n;
};

/* Returns the length of what is in OUT. KEY: the pseudonym of the row. */
int contact_seal(const struct contact_keys *k, struct nonces *nonces,
	const unsigned char key[PSEUDONYM_SIZE], const struct contact_head *head,
	const struct contact_rest *rest, unsigned char out[CONTACT_BODY_MAX]);
/* False: BODY, of N bytes, is none. That nobody changed it only contact_rest_read() knows. */
bool contact_head_read(
	const struct contact_keys *k, const unsigned char *body, int n, struct contact_head *out);
/* OUT points into PLAIN. False: it is not as it was sealed, or another row's. */
bool contact_rest_read(const struct contact_keys *k, const unsigned char key[PSEUDONYM_SIZE],
	const unsigned char *body, int n, unsigned char plain[CONTACT_REST_MAX],
	struct contact_rest *out);
/* The same under the keys TO for the row PRESENT; returns its length, 0: as contact_rest_read(). */
int contact_reseal(const struct contact_keys *from, const unsigned char key[PSEUDONYM_SIZE],
	const unsigned char *body, int n, const struct contact_keys *to, struct nonces *nonces,
	const unsigned char present[PSEUDONYM_SIZE], unsigned char out[CONTACT_BODY_MAX]);

/* --- contactsql.c ------------------------------------------------------------------ */

/*
 * The functions of SQL that statements about contacts use, with the present keys of S; S may be
 * NULL where they only have to be known. Returns a code of SQLite.
 */
int contact_functions(sqlite3 *db, struct store *s);
/*
 * For a rotation: sealed(pseudonym), resealed(pseudonym, body), renewed(news) and, in the agenda,
 * renamed(what, day, name) are what these are in the row under the state key KEY. TO lives until it
 * is ended.
 */
struct sealing {
	struct store *s;
	const unsigned char *key;
	struct contact_keys keys; /* made of it */
};
int sealing_begin(struct sealing *to, struct store *s, const unsigned char key[KEY_SIZE]);
void sealing_end(struct sealing *to);

#endif
