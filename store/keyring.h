/*
 * What the files about keys share: keyfile.c (one file per key), keys.c (the keyring), keyverp.c
 * (return paths), keylife.c (rotation and end).
 */
#ifndef RETOUR_STORE_KEYRING_H
#define RETOUR_STORE_KEYRING_H

#include "store/internal.h"

enum {
	KEY_NAME_SIZE = 32,
	FINGERPRINT_SIZE = 16,
	MONTHS_HELD = 16, /* month keys in memory; more are read again */
	VERP_HELD = 32,   /* keys of return paths at a time */
};

/* In sodium_malloc memory, read-only but while it is filled. */
struct keyring {
	int dir;
	unsigned next; /* the slot that is used next */
	unsigned char state[KEY_SIZE], message[KEY_SIZE];
	char state_name[KEY_NAME_SIZE];
	unsigned olds; /* those before it by which contacts are still found, the newest first */
	struct old_state {
		unsigned char key[KEY_SIZE];
		char name[KEY_NAME_SIZE];
	} old[OLD_STATES_MAX];
	int64_t version; /* of the data when the names were read */
	struct held {
		int month; /* YYYYMM, 0: free */
		unsigned char key[KEY_SIZE];
	} held[MONTHS_HELD];
	bool verp_read; /* the keys of return paths are, as they were at the first need */
	unsigned verps;
	struct {
		char id[3];
		unsigned char key[KEY_SIZE];
	} verp[VERP_HELD];
};

/* --- keyfile.c ------------------------------------------------------------ */

/* The alphabet of the two characters that name a key of return paths. */
extern const char key_base32[];
/* What a file name says. */
struct key_name {
	const char *purpose;
	int month; /* YYYYMM, 0: none */
};
/* False where it is no key's name. */
bool key_name_parse(const char *name, struct key_name *out);
void key_name_of_month(int month, char name[KEY_NAME_SIZE]);
/* N of state-N.key; 0: it is none. */
unsigned key_state_number(const char *name);
/* The same, as rows of contacts have it; 1 for state.key. */
static inline int64_t key_state_ordinal(const char *name)
{
	unsigned n = key_state_number(name);

	return n ? n : 1;
}
int key_error(struct store *s, const char *name, const char *what);

int keyfile_directory(struct store *s, bool make);
/* Reads NAME into KEY. *ABSENT is set, and 0 returned, when there is none. */
int keyfile_read(struct store *s, const char *name, unsigned char key[KEY_SIZE], bool *absent);
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

/* --- keys.c --------------------------------------------------------------- */

void key_fingerprint(unsigned char out[FINGERPRINT_SIZE], const unsigned char key[KEY_SIZE]);
enum known { KEY_UNKNOWN, KEY_KNOWN, KEY_OTHER };
/* Whether the database knows KEY under NAME; KEY may be NULL: then only whether it knows one. */
int keys_lookup(struct store *s, const char *name, const unsigned char *key, enum known *known);
/* Notes the key's fingerprint, and in the ledger that there is a new key. */
int keys_note(struct store *s, const char *name, const unsigned char key[KEY_SIZE], int64_t now);
int keys_month_has_events(struct store *s, int month, bool *has);
/*
 * Reads the state keys that the database knows; with MAKE, without a database, the first one. The
 * keyring is writable.
 */
int keys_load_state(struct store *s, bool make);

/* --- keyverp.c ------------------------------------------------------------ */

int keys_add_verp(struct store *s, int64_t now, char *name);

#endif
