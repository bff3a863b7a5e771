/*
 * What the files about sites share: site.c (names, lives, seal, signature), siteknown.c (what each
 * has told and obeyed), sitelift.c (erasures by name), share.c, sharesum.c and sharekept.c
 * (contacts), store/exchange/changes.c (out), store/exchange/merge.c (in), sitedays.c and
 * store/exchange/figures.c (days).
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
	SHARE_SIZE_MAX = HISTORY_SIZE_MAX + 384,
	KEPT_STREAMS_MAX = OBJECTION_STREAMS_MAX + 1,
	SHARES_MAX = 64,   /* of one contact: sites and their lives */
	LIVES_MAX = 256,   /* of all sites together */
	VERSION_BITS = 20, /* changes of a share within one day */
	AFTER_ERASURE = 4, /* and between two erasures, a second */
	SITE_KEYS_MAX = 8, /* sites.key and those beside it, at a time */
	SITE_KEY_STATE = STORE_NAME_SIZE + 24,
};

/*
 * Which erasures of a contact somebody knows of, whatever their number and in whatever order they
 * were heard of: the time of the last one, and of the last one that kept nothing. 0: none.
 */
struct erasure_times {
	int64_t last, bare;
};

/* What goes by a mark (sitelift.c): who was erased, and when. */
struct mark {
	unsigned char name[PSEUDONYM_SIZE];
	struct erasure_times of;
};

/* Something final, without its time of day; AT 0: there is none. */
struct kept_end {
	int64_t at;
	uint8_t category;
};

/* What an erasure kept, that suppresses (sharekept.c). */
struct kept {
	struct kept_end hard, complaint;
	int64_t since, settled; /* whom only time has ended; SINCE 0: not so */
	uint8_t because;        /* of him, an enum because */
	int64_t bare;           /* as in struct erasure_times; 0 also where nothing is kept */
	int64_t heard;          /* it was heard of behind those that kept nothing up to this time */
	bool pending;           /* cut by another site, until its own says what is left */
	unsigned streams;       /* objected to, by number */
	struct {
		uint32_t number;
		struct kept_end end;
	} stream[KEPT_STREAMS_MAX];
};

/* What one site knows of a contact. */
struct share {
	int64_t life, version;
	unsigned rank;     /* of the life, as site_rank() has it */
	int64_t at, moved; /* as in struct contact */
	int64_t erased;    /* of the last erasure that it knows; 0: none */
	bool cut;          /* by the one at hand (sharekept.c) */
	unsigned char
		was[PSEUDONYM_SIZE]; /* its pseudonym under the state key before; zeroes: none */
	struct kept kept;
	struct history history;
};

/* Pseudonyms of contacts that are to be made anew. */
struct merging {
	size_t n, room;
	unsigned char (*key)[PSEUDONYM_SIZE];
	int64_t waves_from; /* waves of this day and later are others; 0: none is */
};

/* One that opens lines, and seals none here. */
struct site_key {
	char name[STORE_NAME_SIZE];
	unsigned char key[KEY_SIZE];
};

/* Of a handle whose store has a name. */
struct site {
	unsigned char key[KEY_SIZE]; /* sites.key, or the one that took its place */
	char key_name[STORE_NAME_SIZE], key_state[SITE_KEY_STATE]; /* sitekeys.c */
	unsigned others;
	struct site_key other[SITE_KEYS_MAX];
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
	unsigned lives;             /* known in this transaction; 0: not read yet */
	int64_t life_at[LIVES_MAX]; /* in order (site_rank()) */
	unsigned shares;            /* of the contact at hand (share.c) */
	struct share share[SHARES_MAX];
};

static inline void number_write(unsigned char *p, int64_t v)
{
	for (unsigned i = 8; i-- > 0; v = (int64_t)((uint64_t)v >> 8))
		p[i] = (unsigned char)v;
}

static inline int64_t number_read(const unsigned char *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

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
 * The key NAME that seals what goes from site to site; *ABSENT where there is none, unless MAKE.
 * The caller wipes it.
 */
int keys_sites(struct store *s, const char *name, bool make, int64_t now,
	unsigned char key[KEY_SIZE], bool *absent);

/* --- sitekeys.c ------------------------------------------------------------- */

/* Reads the keys that seal and open lines; with MAKE makes the first. Once for a handle. */
int site_key(struct store *s, bool make, int64_t now);
/* At the begin of a transaction or snapshot: the same, where another process has changed them. */
int site_key_anew(struct store *s);
/* NAME seals from now on, or stays the one that does while another comes or goes. */
int site_key_put(struct store *s, const char *name);
/* The names that the store knows, the newest first. */
int site_key_names(struct store *s, char name[SITE_KEYS_MAX][STORE_NAME_SIZE], unsigned *count);
/* The error that the key is missing, and WHAT to do. */
int site_lacks_key(struct store *s, const char *what);

/* --- sitebring.c ------------------------------------------------------------ */

/*
 * The line C as it would be under the present key: HERE, with the name of its own key in
 * HERE->under. *ROOM is the caller's to free. Not NULL: why it is refused.
 */
const char *site_bring(
	struct store *s, const struct change *c, struct change *here, unsigned char **room);
/* Its content, N bytes with a NUL behind them, SEAL_PAD more having room, under KEY into OUT, which
 * is sealed into SEALED. False: its id cannot be had of that. */
bool change_under(const unsigned char key[KEY_SIZE], const struct change *from,
	unsigned char *content, size_t n, unsigned char *sealed, struct change *out);
#define SITE_KEY_STRANGE \
	"it is sealed under a sites.key that is not here: one that was made at a site by key rotate sites is to be taken here, too (retour key adopt), and what is refused now comes again then"

/* --- sitekeylife.c ---------------------------------------------------------- */

/* Who sealed the last word of the life NUMBER that it has told all: the key NAME. */
int site_key_heard(struct store *s, int64_t number, const char *name);
/* A row of table meta is such a word. */
bool site_key_is_heard(const char *meta);

int keys_add_sites(struct store *s, int64_t now, char *name);
/* As store_key_adopt(); FOUND is false where neither TEXT nor what lies there is such a key. */
int keys_adopt_sites(struct store *s, const char *text, size_t n, int64_t now, char *name,
	bool *adopted, bool *found);
int keys_retire_sites(struct store *s, const char *name, const char *reason, int64_t now);

/* --- site.c --------------------------------------------------------------- */

/* When a store with a name, or with shares, is opened. */
int site_open(struct store *s, int64_t now);
void site_close(struct store *s);
/* The end of a transaction. */
int site_flush(struct store *s);
void site_discard(struct store *s);
/* The number of a site's life, noted where it is new. */
int site_life(struct store *s, const char *site, const char *life, int64_t *number);
/* How many lives stand before that of this NUMBER, by sites' names and lives: the order in which
 * shares are added up. */
int site_rank(struct store *s, int64_t number, unsigned *rank);
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
/* The other site of that name, where it is configured; else NULL. */
const struct site_peer *site_peer(const struct store *s, const char *name);

/*
 * Pads CONTENT, N bytes in a buffer of N + SEAL_PAD, and seals it into OUT, which has room for N +
 * SEAL_PAD + SEAL_OVERHEAD. Returns the length.
 */
size_t site_seal(const struct store *s, enum change_kind kind, unsigned char *out,
	unsigned char *content, size_t n);
size_t site_seal_under(const unsigned char key[KEY_SIZE], enum change_kind kind, unsigned char *out,
	unsigned char *content, size_t n);
/*
 * The content of what was sealed, into OUT of SIZE bytes; *N is its length. False: it was sealed
 * under another key, or is damaged.
 */
bool site_unseal(const struct store *s, enum change_kind kind, const unsigned char *sealed,
	size_t size, unsigned char *out, size_t *n);
bool site_unseal_under(const unsigned char key[KEY_SIZE], enum change_kind kind,
	const unsigned char *sealed, size_t size, unsigned char *out, size_t *n);
/* The hash of BYTES that a line goes by. */
void site_hash_under(const unsigned char key[KEY_SIZE], const unsigned char *bytes, size_t n,
	char hex[2 * PSEUDONYM_SIZE + 1]);

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
void site_mark_under(const unsigned char key[KEY_SIZE],
	const unsigned char pseudonym[PSEUDONYM_SIZE], char hex[2 * PSEUDONYM_SIZE + 1]);
/* Which erasures of this contact are known here. */
int site_erased(
	struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE], struct erasure_times *of);

/* --- sitelift.c ----------------------------------------------------------- */

void erasures_join(struct erasure_times *to, const struct erasure_times *from);
/* The content of what goes by a mark. False: it has another form, or none, as confirmations once
 * had. */
bool mark_read(const struct store *s, enum change_kind kind, int64_t version, const void *sealed,
	size_t size, struct mark *m);
bool mark_parse(const unsigned char *content, size_t n, int64_t version, struct mark *m);
/* A row of it in table change. */
int mark_put(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t version, const struct mark *m);
/* Which erasures one site has told of, KIND being CHANGE_FORGET, or has obeyed; *VERSION may be
 * NULL. */
int mark_of(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t *version, struct erasure_times *of);
/* This store's word that it has obeyed all erasures of M's name that it knows. */
int mark_confirm(struct store *s, const unsigned char name[PSEUDONYM_SIZE]);
/* The same of all who were erased: another life of this store has yet to say so. */
int marks_confirm_all(struct store *s);
/*
 * ID, of CHANGE_ID_SIZE bytes: who was erased and comes next in the order of ids; "" behind the
 * last.
 */
int mark_next_erased(struct store *s, char *id);
/* What was erased and confirmed goes by names that are sealed under KEY, and is told anew. */
int changes_lift(struct store *s, const unsigned char key[KEY_SIZE]);
/* The row C of a life goes by its mark under KEY, in the place of sites.key. */
int mark_under(struct store *s, const struct change *c, int64_t life,
	const unsigned char key[KEY_SIZE], int64_t number);

/* --- share.c -------------------------------------------------------------- */

/* Of what its site says nothing is left after an erasure, or nothing but when it was. */
bool share_says_nothing(const struct share *h);
bool share_read(struct share *h, const unsigned char *content, size_t n);
/* Returns its length; OUT has room for SHARE_SIZE_MAX + SEAL_PAD. */
size_t share_write(struct share *h, unsigned char *out);
/* A share of every contact that has none. */
int share_seed_all(struct store *s);
int share_save(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h);
/* Its row with what is sealed already. */
int share_put(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t life,
	int64_t version, const unsigned char *sealed, size_t size);
/* The row of a contact from its shares. */
int contact_anew(struct store *s, const unsigned char key[PSEUDONYM_SIZE]);
/* As share_save(), as a word of this store's with a version of its own; AT: a time of today. */
int share_tell(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h, int64_t at);
/*
 * This store's own one of those that were read, made where there is none: of the row where no site
 * has any. NULL on error.
 */
struct share *share_own(struct store *s, const struct contact *c);
/*
 * Reads all shares of a contact into s->site->share, by name and life of their sites; with _ALL
 * also those that do not know of an erasure yet.
 */
int shares_load(struct store *s, const unsigned char key[PSEUDONYM_SIZE]);
int shares_load_all(struct store *s, const unsigned char key[PSEUDONYM_SIZE]);
/* A contact of which no site has a share becomes this store's own. */
int share_seed(struct store *s, struct contact *c);

/* --- sharesum.c ----------------------------------------------------------- */

/*
 * C's history, and what goes with it, from the shares that were read; there is one at least. The
 * state is yet to be made from it.
 */
void shares_sum(struct store *s, struct contact *c);
/* H is as its site makes it when it hears of all moves. */
void shares_hear(const struct store *s, struct share *h);
/* Leaves of H's days what came behind SETTLED and, of what is final, behind the day of MOVED. */
void share_cut_days(struct history *h, int64_t settled, int64_t moved);

/* --- kept.c --------------------------------------------------------------- */

/* Nothing stands in it that would have to be kept. */
bool kept_is_nothing(const struct kept *k);
/* Something joins it; of each the first one stays. */
void kept_end_add(struct kept_end *k, int64_t at, uint8_t category);
void kept_stream_add(struct kept *k, uint32_t number, const struct kept_end *end);
void kept_since_add(struct kept *k, int64_t since, int64_t settled, uint8_t because);
void kept_join(struct kept *to, const struct kept *from);
/* What is from AT or before goes. */
void kept_drop(struct kept *k, int64_t at);
/* What is kept of streams that an operator, as H knows, has let through since, goes. */
void kept_hear_freed(struct kept *k, const struct history *h);
/* What a history begins with that has it: an end, or a standing. Then objections join it. */
void kept_begin(const struct kept *k, struct history *h);
void kept_object(const struct kept *k, struct history *h);
/* --- sharekept.c ---------------------------------------------------------- */

/* Erasures of another site, which are not known here yet, are obeyed. */
int share_obey(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct erasure_times *of, int64_t now);
/* The site of LIFE has obeyed erasures: what others made of its share goes. */
int share_obeyed(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t life);
/* H, which came in, is CUT where the contact was erased; NOTHING is left of it. */
int share_hear_erasures(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h, bool *nothing);

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
