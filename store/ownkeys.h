/*
 * The keys, as the files of store/ use them: opened with the store, asked for by what they are
 * for, never given out above it (store/keys.h is what those above see). Their own files (keys.c,
 * keyfile.c, keymonth.c, keyverp.c, keylife.c) share store/keyring.h.
 */
#ifndef RETOUR_STORE_OWNKEYS_H
#define RETOUR_STORE_OWNKEYS_H

#include "store/internal.h"

/* Opens the directory and reads the two lasting keys; with MAKE makes what is absent. */
int keys_open(struct store *s, bool make);
void keys_close(struct store *s);
/* In the transaction that makes the store: notes the keys' fingerprints. */
int keys_record(struct store *s, int64_t now);
/* The keys are those that the store was made with. */
int keys_verify(struct store *s);
const unsigned char *keys_state(const struct store *s);
/* By how many other ways contacts are found; a chained key (keyfile.c) is one with that before. */
unsigned keys_old_states(const struct store *s);
/*
 * The contact's pseudonym of an address in canonical form by WAY: 0 is that of the present state
 * key, 1 the one before it and so on. A pseudonym is sealed under each newer key in turn, by
 * keys_seals() of them; SEALS less than that gives what stood in the store before the last
 * rotations.
 */
void keys_contact_pseudonym(const struct store *s, unsigned way, unsigned seals,
	const char *canonical, size_t n, unsigned char out[PSEUDONYM_SIZE]);
unsigned keys_seals(const struct store *s, unsigned way);
/* Notes in rows from before schema version 21 whose key they are under, and seals them. */
int keys_seal_old(struct store *s);
/*
 * Whether another process has replaced the state key since; then the new one is read. In a snapshot
 * it is never.
 */
int keys_refresh(struct store *s, bool *changed);
/* What store_keys() gives as the fingerprint of the state key. */
void keys_state_fingerprint(struct store *s, unsigned generation, char hex[STORE_FINGERPRINT_HEX]);
/* The generation of the key that names a contact whose row has NUMBER in its column old, 0: none;
 * where that is chained, of the one at the begin of its chain. */
unsigned keys_generation(const struct store *s, int64_t number);
const unsigned char *keys_message(const struct store *s);
/*
 * The newest key that signs return paths, its two characters into ID; NULL (message set) when there
 * is none.
 */
const unsigned char *keys_verp_newest(struct store *s, char id[3]);
/* The key that ID names; NULL when it is not here. */
const unsigned char *keys_verp(struct store *s, const char *id);
/*
 * The seed of the key that signs evidence, which the caller wipes; *ABSENT when there is none yet,
 * unless MAKE. One that the store knows and that is not here is an error.
 */
int keys_sign(struct store *s, bool make, int64_t now, unsigned char seed[KEY_SIZE], bool *absent);
/*
 * The event key of a month (YYYYMM, UTC) that new events go under, made when there is none, or it
 * is not there. NULL on error.
 */
const unsigned char *keys_month(struct store *s, int month, int64_t now);
/* One of the keys of a month: it has one, and another for each that was lost. */
struct month_key {
	int month;       /* YYYYMM */
	unsigned number; /* from 1 on */
};
/* The key itself; NULL when it is not there, or what lies in its place is not that key. */
const unsigned char *keys_month_known(struct store *s, const struct month_key *k);
/* Those that the store knows, the newest first, at most ROOM. */
int keys_month_list(struct store *s, struct month_key *list, unsigned room, unsigned *count);
int64_t keys_month_start(int month);
/* After a rollback: what was noted of new keys is gone from the database. */
void keys_forget_months(struct store *s);
/*
 * Destroys the keys of months without events, the present month's excepted, and removes what a
 * killed creation left.
 */
int keys_destroy_unused(struct store *s, int64_t now, unsigned *destroyed);
/*
 * How many month keys there are, the start of the oldest one's month, and how many whose month
 * ended before CUTOFF.
 */
int keys_months(
	struct store *s, int64_t cutoff, uint64_t *count, int64_t *oldest, uint64_t *overdue);

/*
 * A file beside the keys, ours alone as they are, into memory that the caller frees; *TEXT is NULL
 * when there is none.
 */
int keys_file_read(struct store *s, const char *name, size_t max, char **text, size_t *n);
/* Replaces it as a whole or not at all. */
int keys_file_write(struct store *s, const char *name, const char *text, size_t n);
/*
 * The key of the list of erasures; with MAKE made when absent, inside the transaction. The caller
 * wipes it.
 */
int keys_erasure(struct store *s, bool make, int64_t now, unsigned char key[KEY_SIZE]);

#endif
