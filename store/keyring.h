/*
 * What the files about keys share: keyname.c (names), keyfile.c (one file per key), keys.c (the
 * keyring), keymonth.c (months), keyverp.c (return paths), keylife.c (rotation and end).
 */
#ifndef RETOUR_STORE_KEYRING_H
#define RETOUR_STORE_KEYRING_H

#include "store/contactbody.h"
#include "store/ledgerkind.h"
#include "store/ownkeys.h"

enum {
	KEY_NAME_SIZE = 32,
	FINGERPRINT_SIZE = 16,
	MONTHS_HELD = 16, /* month keys in memory; more are read again */
	STATE_KEYS_MAX =
		16,     /* at a time: of one that was made at a site all those before it stay */
	VERP_HELD = 32, /* keys of return paths at a time */
};

/* In sodium_malloc memory, read-only but while it is filled. */
struct keyring {
	int dir;
	unsigned next; /* the slot that is used next */
	unsigned char message[KEY_SIZE];
	struct contact_keys contact; /* made of the present state key */
	/*
	 * The present state key and those before it that are needed, the newest first: one by
	 * which contacts are still found, or on whose names the next one's rest.
	 */
	unsigned states;
	struct state_key {
		unsigned char key[KEY_SIZE];
		char name[KEY_NAME_SIZE];
		bool chained; /* it names whom the one before it names (keyfile.c) */
	} state[STATE_KEYS_MAX];
	int64_t version; /* of the data when the names were read; 0: they were not */
	struct held {
		int month;       /* YYYYMM, 0: free */
		unsigned number; /* 0: the one that new events go under */
		unsigned char key[KEY_SIZE];
	} held[MONTHS_HELD];
	bool verp_read; /* the keys of return paths are, as they were at the first need */
	unsigned verps;
	struct {
		char id[3];
		unsigned char key[KEY_SIZE];
	} verp[VERP_HELD];
};

/* --- keyname.c ------------------------------------------------------------ */

/* The alphabet of the two characters that name a key of return paths. */
extern const char key_base32[];
/* What a file name says. */
struct key_name {
	const char *purpose;
	int month;       /* YYYYMM, 0: none */
	unsigned number; /* of the keys of that month, from 1 on */
};
/* False where it is no key's name. */
bool key_name_parse(const char *name, struct key_name *out);
void key_name_of_month(const struct month_key *k, char name[KEY_NAME_SIZE]);
/* N of state-N.key; 0: it is none. */
unsigned key_state_number(const char *name);
/* N of sites-N.key; 0: it is none. */
unsigned key_sites_number(const char *name);
/* The same of a state key, as rows of contacts have it; 1 for state.key. */
static inline int64_t key_state_ordinal(const char *name)
{
	unsigned n = key_state_number(name);

	return n ? n : 1;
}
enum { KEY_PAIR_SIZE = sizeof "fingerprint=" + STORE_FINGERPRINT_HEX };
/* By which words the ledger names NAME, a month's key. */
void key_ledger_pair(const char *name, char pair[KEY_PAIR_SIZE]);

/* --- keyfile.c ------------------------------------------------------------ */

/* STORE_KEYS, with "key DIRECTORY/NAME: WHAT" as the error's text. */
int key_error(struct store *s, const char *name, const char *what);

/* What a key file says. */
struct key_content {
	unsigned char key[KEY_SIZE];
	bool chained;
	unsigned char after[FINGERPRINT_SIZE]; /* of the key before it, where it is chained */
};
/* TEXT, as of a file NAME. False: it is no key file of that purpose. */
bool key_content_parse(const char *name, const char *text, size_t n, struct key_content *out);

/*
 * Opens [keys] dir, for as long as the store is open. MAKE: where it is not there yet. STORE_KEYS
 * where others than its owner may look into it, or it is missing.
 */
int keyfile_directory(struct store *s, bool make);
/* Reads NAME into KEY. *ABSENT is set, and 0 returned, when there is none. */
int keyfile_read(struct store *s, const char *name, unsigned char key[KEY_SIZE], bool *absent);
int keyfile_content(struct store *s, const char *name, struct key_content *out, bool *absent);
/* Whatever its mode and owner: the key in the file NAME of the directory. False: it is none. */
bool keyfile_peek(struct store *s, const char *name, unsigned char key[KEY_SIZE]);
/* Makes NAME; where another process was first, its file stays. AFTER may be NULL: not chained. */
int keyfile_make(struct store *s, const char *name, const unsigned char after[FINGERPRINT_SIZE]);
/* The same with the bytes of a key that was made elsewhere. */
int keyfile_take(struct store *s, const char *name, const char *text, size_t n);
/* Reads NAME; makes it first when it is absent and MAKE. */
int keyfile_load(struct store *s, const char *name, bool make, unsigned char key[KEY_SIZE]);
/*
 * Overwrites the file, then removes its name. What the file system copied elsewhere is beyond us.
 */
int keyfile_destroy(struct store *s, const char *name);
struct key_listing {
	unsigned count;
	struct listed {
		char name[KEY_NAME_SIZE];
		bool credential; /* not in the directory: it is only read, and not ours to
				  destroy */
	} * key;
};
/*
 * All names that are keys or begun ones, sorted, and of the credentials those that are used; the
 * caller frees LIST->key.
 */
int keyfile_list(struct store *s, struct key_listing *list);
enum key_place { KEY_NOWHERE, KEY_FILE, KEY_CREDENTIAL };
enum key_place keyfile_place(const struct store *s, const char *name);
/*
 * The ledger's word for the end of one that lies there: a credential is its administrator's to
 * destroy, it is only used no more.
 */
enum ledger_kind key_end_of(enum key_place place);

/* --- keys.c --------------------------------------------------------------- */

void key_fingerprint(unsigned char out[FINGERPRINT_SIZE], const unsigned char key[KEY_SIZE]);
enum known { KEY_UNKNOWN, KEY_KNOWN, KEY_OTHER };
/* Whether the database knows KEY under NAME; KEY may be NULL: then only whether it knows one. */
int keys_lookup(struct store *s, const char *name, const unsigned char *key, enum known *known);
enum { KEY_PRINT_SIZE = sizeof " fingerprint=" + STORE_FINGERPRINT_HEX };
/*
 * " fingerprint=HEX" of the key NAME, so that a copy of it is known again when it is long gone; ""
 * where the store knows none.
 */
int key_print(struct store *s, const char *name, char print[KEY_PRINT_SIZE]);
/* Notes the key's fingerprint, and in the ledger that there is a new key. */
int keys_note(struct store *s, const char *name, const unsigned char key[KEY_SIZE], int64_t now);
/*
 * Reads the state keys that the database knows; with MAKE, without a database, the first one, and
 * those that were made after it at a site. The keyring is writable.
 */
int keys_load_state(struct store *s, bool make);
/* The same for a keyring in use. */
int keys_reload_state(struct store *s);
/* From now on rows of contacts are opened and sealed with K, which is made of another state key. */
void keys_open_contacts(struct store *s, const struct contact_keys *k);

/* --- keymonth.c ----------------------------------------------------------- */

int keys_month_has_events(struct store *s, int month, bool *has);
/*
 * Is what lies as NAME, a month's key, one that this store has had? What it never had a key of that
 * name for was left by a kill, and is ours, too. Another store's is not, nor what is no key.
 */
int keys_month_ours(struct store *s, const char *name, bool *ours);
/*
 * The events of a month whose key is lost are let go: they stay and count until their period ends,
 * and nobody looks for the key any more. Where none was needed since, the one that new events of
 * the month go under is made now, and the ledger has both words. REASON NULL: refused, with what to
 * do.
 */
int keys_give_up_month(struct store *s, int month, const char *reason, int64_t now);
/*
 * The key file NAME is destroyed where it is ours, of a month before the present one, and that has
 * no events any more.
 */
int keys_end_month(struct store *s, const char *name, int64_t now, bool *destroyed);
/*
 * Those months' keys that the database still knows though their files are gone: a kill came between
 * the two, or they were lost.
 */
int keys_forget_ended(struct store *s, int64_t now);

/* --- keyrotate.c ---------------------------------------------------------- */

/* What becomes of who is found by way of STATE, and of those that are chained to it. */
struct state_use {
	bool needed; /* names of the present key rest on it */
	uint64_t contacts, objections;
};
int keys_state_use(struct store *s, unsigned state, struct state_use *use);
/* A new state key in the place of the present one. */
int keys_add_state(struct store *s, int64_t now, char *name);

/* --- keyverp.c ------------------------------------------------------------ */

int keys_add_verp(struct store *s, int64_t now, char *name);

#endif
