/*
 * What the files about sites share: site.c (names, lives, seal, signature), sitelift.c (erasures by
 * name), share.c (contacts), store/exchange/changes.c (out), store/exchange/merge.c (in),
 * sitedays.c and store/exchange/figures.c (days).
 */
#ifndef RETOUR_STORE_SITEPARTS_H
#define RETOUR_STORE_SITEPARTS_H

#include <sodium.h>
#include <stdio.h>
#include "store/contact.h"
#include "store/contacts.h"
#include "store/site.h"

enum {
	SEAL_PAD = 256, /* a sealed content tells its length in such steps */
	SEAL_OVERHEAD = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +
		crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SHARE_SIZE_MAX = HISTORY_SIZE_MAX + 64,
	SHARES_MAX = 64,                  /* of one contact: sites and their lives */
	FORGET_SIZE = 2 + PSEUDONYM_SIZE, /* 1, whether what suppresses is kept, the pseudonym */
	VERSION_BITS = 20,                /* changes of a share within one day */
	AFTER_ERASURE = 4,                /* and between two erasures, a second */
};

/* What one site knows of a contact. */
struct share {
	int64_t life, version;
	int64_t at, moved; /* as in struct contact */
	int64_t erased;    /* of the last erasure that it knows; 0: none */
	unsigned char
		was[PSEUDONYM_SIZE]; /* its pseudonym under the state key before; zeroes: none */
	struct history history;
};

/* Pseudonyms of contacts that are to be made anew. */
struct merging {
	size_t n, room;
	unsigned char (*key)[PSEUDONYM_SIZE];
	int64_t waves_from; /* waves of this day and later are others; 0: none is */
};

/* Of a handle whose store has a name. */
struct site {
	unsigned char key[KEY_SIZE]; /* sites.key */
	bool has_key;
	int64_t life;   /* this store's number in table site */
	int64_t number; /* of the present transaction's changes; 0: none yet */
	bool forgets;   /* somebody was forgotten: shares are compared with that */
	bool ready;     /* every contact has its share */
	unsigned char signature_seen[CHANGE_HASH_SIZE + CHANGE_SIGNATURE_SIZE +
		MINISIGN_PUBLIC_SIZE]; /* the last good one */
	struct merging merging;        /* store/exchange/merge.c */
	/* of the last line: many that follow have the same */
	struct seen_line {
		char site[STORE_NAME_SIZE], life[SITE_LIFE_HEX], key[STORE_FINGERPRINT_HEX];
		int64_t number; /* of the life; 0: there is no last line in this transaction */
		unsigned generation;
	} seen_line;
	unsigned shares; /* of the contact at hand (share.c) */
	struct share share[SHARES_MAX];
};

/* --- keys.c --------------------------------------------------------------- */

/*
 * Which of this store's state keys another site has, by its FINGERPRINT; its GENERATION is 0 for
 * the present one. LIFTS: a name under it becomes that under the present one by keys_lift() with
 * each GENERATION down to 1. FORMER: only the address tells who that is.
 */
enum state_known { STATE_STRANGE, STATE_FORMER, STATE_LIFTS };
enum state_known keys_state_known(struct store *s, const char *fingerprint, unsigned *generation);
void keys_lift(const struct store *s, unsigned generation, unsigned char p[PSEUDONYM_SIZE]);
/*
 * The key that seals what goes from site to site; *ABSENT where there is none, unless MAKE. The
 * caller wipes it.
 */
int keys_sites(struct store *s, bool make, int64_t now, unsigned char key[KEY_SIZE], bool *absent);

/* --- site.c --------------------------------------------------------------- */

/* When a store with a name, or with shares, is opened. */
int site_open(struct store *s, int64_t now);
void site_close(struct store *s);
/* The end of a transaction. */
int site_flush(struct store *s);
void site_discard(struct store *s);
/* Reads sites.key; with MAKE makes it. Once for a handle. */
int site_key(struct store *s, bool make, int64_t now);
/* The number of a site's life, noted where it is new. */
int site_life(struct store *s, const char *site, const char *life, int64_t *number);
/* The number under which changes of this transaction stand; 0 on error. */
int64_t site_number(struct store *s);
/* The last one that was used; -1 on error. */
int64_t site_last_number(struct store *s);
/* The name, the key (made with MAKE), this store's life, and a share of every contact are there. */
int site_ready(struct store *s, bool make, int64_t now);
/* Once a day: all changes up to now get one number, and which came first is told no more. */
int site_level(struct store *s, int64_t now);
/* This store begins a new life, under its name or, while it has none, under that of the last one.
 */
int site_begin_anew(struct store *s);
/*
 * This store is a backup that was restored: it begins a new life, so that what it says from now on
 * is not taken for what the former one has said under the same version.
 */
int site_restored(struct store *s);
/* The error that sites.key is missing, and WHAT to do. */
int site_lacks_key(struct store *s, const char *what);

/*
 * Pads CONTENT, N bytes in a buffer of N + SEAL_PAD, and seals it into OUT, which has room for N +
 * SEAL_PAD + SEAL_OVERHEAD. Returns the length.
 */
size_t site_seal(const struct store *s, enum change_kind kind, unsigned char *out,
	unsigned char *content, size_t n);
/*
 * The content of what was sealed, into OUT of SIZE bytes; *N is its length. False: it was sealed
 * under another key, or is damaged.
 */
bool site_unseal(const struct store *s, enum change_kind kind, const unsigned char *sealed,
	size_t size, unsigned char *out, size_t *n);

/* Signs COUNT lines, at most CHANGE_BATCH. */
void change_sign(struct change *lines, unsigned count,
	const unsigned char secret[crypto_sign_SECRETKEYBYTES]);
/* The root that C's signature is about. False: its path is none. */
bool change_root(const struct change *c, unsigned char root[CHANGE_HASH_SIZE]);
bool change_signed_by(const struct change *c, const unsigned char root[CHANGE_HASH_SIZE],
	const unsigned char key[MINISIGN_PUBLIC_SIZE]);

/* A row of table change, CONTENT sealed; its buffer has room for SEAL_PAD more. */
int change_put(struct store *s, enum change_kind kind, const char *id, int64_t life,
	int64_t version, unsigned char *content, size_t n);
/* The hash that stands for a pseudonym which is not to be kept. */
void site_mark(const struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE],
	char hex[2 * PSEUDONYM_SIZE + 1]);
/* When this contact was forgotten last; 0: never. */
int site_forgotten(struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE], int64_t *at);

/* --- sitelift.c ----------------------------------------------------------- */

/*
 * The content of what goes by a mark: who was erased, and whether what suppresses was KEEPt. False:
 * it has another form, or none, as confirmations once had.
 */
bool mark_read(const struct store *s, enum change_kind kind, const void *sealed, size_t size,
	unsigned char content[FORGET_SIZE]);
/* A row of it in table change. */
int mark_put(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t version, const unsigned char content[FORGET_SIZE]);
/* What was erased and confirmed goes by names that are sealed under KEY, and is told anew. */
int changes_lift(struct store *s, const unsigned char key[KEY_SIZE]);

/* --- share.c -------------------------------------------------------------- */

bool share_read(struct share *h, const unsigned char *content, size_t n);
/* Returns its length; OUT has room for SHARE_SIZE_MAX + SEAL_PAD. */
size_t share_write(struct share *h, unsigned char *out);
/* A share of every contact that has none. */
int share_seed_all(struct store *s);
int share_save(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h);
/* Its row with what is sealed already. */
int share_put(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t life,
	int64_t version, const unsigned char *sealed, size_t size);
/* Reads all shares of a contact into s->site->share. */
int shares_load(struct store *s, const unsigned char key[PSEUDONYM_SIZE]);
/* Writes those that were read. */
int shares_keep(struct store *s, const unsigned char key[PSEUDONYM_SIZE]);
/*
 * C's history, and what goes with it, from the shares that were read; there is one at least. The
 * state is yet to be made from it.
 */
void shares_sum(struct store *s, struct contact *c);
/* All shares of a contact go; what is left of its row becomes this store's own. */
int share_reduce(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t now);
/* A contact of which no site has a share becomes this store's own. */
int share_seed(struct store *s, struct contact *c);

/* Sets *RESULT and WHY, whose text TEXT is. */
static inline int refuse_change(
	enum merge_result *result, char why[CHANGE_WHY_SIZE], const char *text)
{
	*result = MERGE_REFUSED;
	snprintf(why, CHANGE_WHY_SIZE, "%s", text);
	return STORE_OK;
}

/* --- sitedays.c, exchange/figures.c --------------------------------------- */

enum { FIGURE_PARTS = 64 };
/* A part of a day; of a table by time its epoch seconds. */
struct figure_place {
	int64_t day, part;
};
/* Begins as zeroes; its memory is the caller's to free. There is room for SEAL_PAD more. */
struct figure_bytes {
	unsigned char *p;
	size_t n, room;
};

/* From now on the handle notes which days of its own change. */
int figures_open(struct store *s);
/* All days that there are are to be told. */
int figures_seed(struct store *s);
/* At the end of a transaction: whether something changed; it gets NUMBER. */
int figures_any_touched(struct store *s, bool *any);
int figures_number(struct store *s, int64_t number);
/* What was written outside of a transaction gets a number as well. */
int figures_settle(struct store *s);
/* What LIFE says of it, 0: this store; not sealed. */
int figure_content(struct store *s, const char *name, struct figure_place at, int64_t life,
	struct figure_bytes *b);
/* As store_merge(), which has seen who signed. */
int figures_merge(struct store *s, const struct change *c, int64_t life, enum merge_result *result,
	char why[CHANGE_WHY_SIZE]);
/* What is there has been said by life FORMER, and is said no more. */
int figures_restored(struct store *s, int64_t former);

#endif
