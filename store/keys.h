/*
 * Keys, and what is signed with them: evidence, and return paths.
 */
#ifndef RETOUR_STORE_KEYS_H
#define RETOUR_STORE_KEYS_H

#include "store/store.h"

/* --- keys (store/keylife.c) ----------------------------------------------- */

struct key_info {
	char name[STORE_NAME_SIZE]; /* file name */
	char purpose[16];           /* state, event, message, verp, sign */
	char month[8];              /* YYYY-MM for event keys */
	char fingerprint[33]; /* hexadecimal, as the store knows it; "": it does not know the key */
	int64_t at;           /* when it was made; 0: not known */
	bool credential;      /* it came as one of systemd's, and is no file of ours */
};
int store_keys(
	struct store *s, int (*visit)(void *context, const struct key_info *k), void *context);
enum key_loss {
	KEY_ABSENT,   /* it, or another in its place, and no event came since */
	KEY_REPLACED, /* new events of that month go under another one */
	KEY_GIVEN_UP, /* the same, and somebody decided that it is not looked for any more */
};
/* A key of a month that is not there, while events lie under it. */
struct key_missing {
	char month[8], name[STORE_NAME_SIZE]; /* "2026-11", its file */
	char why[512];                        /* what is wrong with the file; "": there is none */
	enum key_loss loss;
};
/*
 * Calls VISIT for each month that has events under a key that is not there. What VISIT returns
 * other than 0 ends it and is returned.
 */
int store_keys_lost(
	struct store *s, int (*visit)(void *context, const struct key_missing *m), void *context);

/*
 * A new key of PURPOSE, its name into NAME (STORE_NAME_SIZE). Ledgered. "verp", 32 at most at a
 * time: it signs from now on, old ones are still good for checking. "state": all contacts are
 * sealed under it at once, so that the keys before it alone find nobody; they move to it when they
 * are touched, and an older key is destroyed by the first purge after the last contact has left it.
 * Until then there are four at most. store_scrub() is to be called then.
 *
 * In a store that is one of several sites (site.h) a state key is chained to the one before it,
 * which stays: names of both together are those that other sites come to by store_key_adopt().
 */
int store_key_add(struct store *s, const char *purpose, int64_t now, char *name);
/*
 * The state key that another site made takes the place of the present one, as above, its name into
 * NAME. TEXT, N bytes: its file's content, which the caller wipes; NULL: it lies in the key
 * directory, or is a credential. *ADOPTED is false where it is known already. STORE_MISUSE: it is
 * none, or was made after another one than the present one here.
 */
int store_key_adopt(
	struct store *s, const char *text, size_t n, int64_t now, char *name, bool *adopted);
/* Contacts that are found by way of an older state key, or of one before it. */
struct key_left {
	char name[STORE_NAME_SIZE];    /* "": there is no such key */
	uint64_t contacts, objections; /* the latter are among the former */
};
/* The N-th key before the present one, from 0 on. */
int store_key_left(struct store *s, unsigned n, struct key_left *left);
/*
 * ADDRESS is known: its contact moves to the present state key, inside a transaction. STORE_MISUSE:
 * no address.
 */
int store_key_move(struct store *s, const char *address, size_t n, bool *moved);
/*
 * Destroys the key NAME for good; STORE_MISUSE when it may not be: only keys of purpose "verp",
 * whose tokens can no longer be proved then, "sign", and "state" where another took its place and
 * no contact is found by it any more. GIVE_UP_REASON (else NULL): these contacts are forgotten, the
 * objections among them; store_scrub() is to be called then. Ledgered. *CREDENTIAL: it is only used
 * no more, and its administrator's to destroy.
 */
int store_key_retire(struct store *s, const char *name, const char *give_up_reason, int64_t now,
	bool *credential);

/* --- signatures (store/sign.c, in the format of store/base/minisign.h) --------- */

/* Makes the key that signs evidence where there is none yet. Ledgered with its public half. */
int store_sign_ready(struct store *s, int64_t now);
/* Its public half; *READY is false when there is none yet. */
int store_sign_public(struct store *s, struct minisign_public *out, bool *ready);
/*
 * A signature file (MINISIGN_TEXT_SIZE) for BYTES, with COMMENT as the trusted comment. STORE_KEYS:
 * there is no key.
 */
int store_sign(struct store *s, const void *bytes, size_t n, const char *comment, char *out);
/*
 * Signs the ledger's head, and notes that as an entry "checkpoint" of its own, so that whoever
 * rewrites the chain has to have the key too. Once a day (UTC), and only when there is something
 * new. Makes the key where there is none.
 */
int store_checkpoint(struct store *s, int64_t now);

/* --- signed return paths (store/verp.c) ----------------------------------- */

enum { STORE_TOKEN_SIZE = 65 };
/*
 * The token that stands for {token} in the return path, or the UNSUBSCRIBE address, of a mail of
 * CAMPAIGN ([A-Za-z0-9._:+-], shorter than EVENT_CAMPAIGN_SIZE) to ADDRESS, into TOKEN of
 * STORE_TOKEN_SIZE bytes; ROOM octets at most. *FULL: it names the recipient; else there was no
 * room for that, and it only proves one that a report names. STORE_MISUSE: no address, or the
 * campaign's name is too long. STORE_KEYS: there is no key yet.
 */
int store_verp_token(struct store *s, bool unsubscribe, const char *campaign, const char *address,
	size_t n, size_t room, char *token, bool *full);

#endif
