/*
 * Several machines, one memory. Each site reads mailboxes of its own; what a contact, a day's
 * counts, an operator or a data subject changed goes to the others as lines, which the user's own
 * log or database carries (retour-sites(7)).
 *
 * What makes that a merge: nobody adds to what another site has said. Each site keeps of every
 * contact its own share, the history of the events that it has read itself, beside the shares of
 * the others; only the site that a share belongs to changes it, and each change has a higher
 * version. A line carries a whole share: one that comes late, twice or out of order has a version
 * that is known, and changes nothing. What stands in table contact is the sum of all shares
 * (share.c), which is the same in any order.
 *
 * A site's store that is lost and begun anew is another life of it: what the former one has said
 * stays, as that of another site would.
 *
 * A line's content is sealed with XChaCha20-Poly1305 under sites.key, which all sites have and
 * nothing that carries the lines; the line is signed with the Ed25519 key of the site that wrote
 * it, one signature for up to CHANGE_BATCH lines: it signs the root of their hash tree (RFC 6962
 * section 2.1, with BLAKE2b-256, filled up with zeroes to a power of two), and each line has its
 * path to it.
 */
#ifndef RETOUR_STORE_SITE_H
#define RETOUR_STORE_SITE_H

#include "store/contacts.h"
#include "store/store.h"

enum {
	CHANGE_BATCH = 16,
	CHANGE_STEPS = 4, /* of the path: log2(CHANGE_BATCH) */
	CHANGE_HASH_SIZE = 32,
	CHANGE_ID_SIZE = 160,
	CHANGE_SEALED_MAX = 4 << 20,
	CHANGE_SIGNATURE_SIZE = 64,
	CHANGE_CURSOR_SIZE = 64,
	CHANGE_WHY_SIZE = 256,
	SITE_LIFE_HEX = 17,
};

/* What a line is about; by name in the lines. */
#define CHANGE_KINDS(X) \
	X(CHANGE_CONTACT, "contact") /* id: the pseudonym; a site's share of it */ \
	X(CHANGE_FORGET, "forget")   /* id: a hash; a data subject had a contact erased */ \
	X(CHANGE_CONFIRM, "confirm") /* id: the same hash; this site has obeyed */ \
	X(CHANGE_UNDO, "undo")       /* id: a hash; a cause that was taken back */ \
	X(CHANGE_WAVE, "wave")       /* id: a hash; hard bounces that are held, or settled */ \
	X(CHANGE_FIGURES, "figures") /* id: table, day and part; a site's counts of it */ \
	X(CHANGE_UNTIL, "until")     /* id: ""; the site's lines are complete until that time */
#define STORE_ENUM(symbol, name) symbol,
enum change_kind { CHANGE_KINDS(STORE_ENUM) CHANGE_KIND_COUNT };
#undef STORE_ENUM
const char *change_kind_name(unsigned kind);
/* -1: none is called so. */
int change_kind_by_name(const char *name);

/* One line. Texts end with NUL. */
struct change {
	enum change_kind kind;
	char site[STORE_NAME_SIZE]; /* whose it is */
	char life[SITE_LIFE_HEX];   /* of that site's store */
	char by[STORE_NAME_SIZE];   /* who signed: the site, or one that passes on what it holds */
	char id[CHANGE_ID_SIZE];
	char key[STORE_FINGERPRINT_HEX]; /* of the state key under which pseudonyms are */
	int64_t version;
	const unsigned char *sealed; /* the caller's, or the store's for the time of a visit */
	size_t size;
	const char *under; /* of one that is merged: the name here of the key that sealed it */
	unsigned char signature[CHANGE_SIGNATURE_SIZE];
	unsigned leaf, steps; /* its place in the tree, and how far below the root */
	unsigned char path[CHANGE_STEPS][CHANGE_HASH_SIZE];
};

/*
 * Gives the lines of what changed since CURSOR ("": everything), its own or, with ALL, what it
 * holds of others as well, which it then signs itself. NEXT continues from here; it is opaque, and
 * what it has seen may come again. The first call makes sites.key, unless it is there, and this
 * site's shares. STORE_MISUSE: the store has no name ([store] site), or the cursor is another
 * store's.
 */
int store_changes(struct store *s, const char *cursor, bool all, int64_t now,
	char next[CHANGE_CURSOR_SIZE], int (*visit)(void *context, const struct change *c),
	void *context);

enum merge_result { MERGE_TAKEN, MERGE_KNOWN, MERGE_REFUSED };
/*
 * Takes a line, inside a transaction. REFUSED: nothing was changed, and WHY says why, in words
 * without anything that came with the line. What it returns is of the store, not of the line.
 * Contacts are made anew by store_merge_refold(), before the commit.
 */
int store_merge(struct store *s, const struct change *c, int64_t now, enum merge_result *result,
	char why[CHANGE_WHY_SIZE]);
int store_merge_refold(struct store *s, int64_t now);

/*
 * What is known of each site and life: until when its lines are complete, and how many shares of
 * contacts are its.
 */
struct site_state {
	char site[STORE_NAME_SIZE], life[SITE_LIFE_HEX];
	bool own;              /* it is this store */
	int64_t until, merged; /* 0: never */
	uint64_t shares;
	uint64_t erasures, obeyed; /* data subjects who were erased, at whatever site; of whom it
				      has obeyed all erasures that are known here */
};
int store_sites(struct store *s, int (*visit)(void *context, const struct site_state *state),
	void *context);
/*
 * Where there are several keys that open lines (`key rotate sites`): each, the newest first,
 * whether it seals what this site says, and which of the others sealed with it when they were heard
 * last.
 */
struct site_key_use {
	char name[STORE_NAME_SIZE], sites[256];
	bool seals;
	unsigned others;
};
int store_site_keys(struct store *s, int (*visit)(void *context, const struct site_key_use *use),
	void *context);
/*
 * What this site says, and what it holds of the others, is sealed under the key NAME from now on;
 * "": the one that was made or taken last, which is then in NAME, of STORE_NAME_SIZE bytes. *USED
 * is false where it is already. STORE_MISUSE: there is no such key. store_scrub() is to be called
 * then.
 */
int store_key_use(struct store *s, char *name, int64_t now, bool *used);
/*
 * From now on reports' figures are those of all sites that were merged, or of this one alone again:
 * tallies, volumes, messages, mistyped domains, what receivers report, alerts, mailboxes that were
 * not read and investigations.
 */
void store_every_site(struct store *s, bool every);
/*
 * The last life of each other site that is configured and was heard of, by name, and since when an
 * erasure waits for its confirmation; 0: it has confirmed all that are known here.
 */
int store_sites_present(struct store *s,
	int (*visit)(void *context, const struct site_state *state, int64_t waiting),
	void *context);
/*
 * Each site whose figures are here, and each that is configured, by name: until when it has told
 * all; 0: it has told nothing yet.
 */
int store_sites_told(struct store *s,
	int (*visit)(void *context, const char *site, bool own, int64_t until), void *context);
/* Of each configured site that was ever heard of: until when its lines are complete. */
int store_sites_heard(struct store *s, int (*visit)(void *context, const char *site, int64_t until),
	void *context);

#endif
