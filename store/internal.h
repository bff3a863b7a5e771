/*
 * The handle and its keys, as the files of store/ see them and nobody above. What a file has for
 * the others stands in the header of its name.
 */
#ifndef RETOUR_STORE_INTERNAL_H
#define RETOUR_STORE_INTERNAL_H

#include <sqlite3.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/db.h"
#include "store/figures.h"
#include "store/keys.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/streams.h"
#include "store/volume.h"
#include "store/writing.h"

enum {
	PSEUDONYM_SIZE = 16,
	KEY_SIZE = 32,
	OLD_STATES_MAX =
		3, /* state keys before the present one by which contacts are still found */
	ALL_SEALS = 1 << 16,
	STORE_ERROR_SIZE = 512,
	BUSY_TIMEOUT_MS = 30000, /* how long a writer waits for another: an import is long at it */
};

struct keyring;
struct counters;
struct hours;
struct held_changes;
struct pending_events;
struct seen;
struct asked;
struct erasures;
struct taken_back;
struct site;
struct brake;
struct waves;
struct told_addresses;

/*
 * A part of the store that holds something in memory until a commit, or has to know that a snapshot
 * begins. A list ends with an empty one.
 */
struct store_part {
	int (*flush)(struct store *s);    /* before a commit */
	void (*discard)(struct store *s); /* after a rollback */
	int (*enter)(struct store *s);    /* a snapshot begins */
	int (*begin)(struct store *s);    /* a transaction began */
};

struct store {
	void (*tick)(uint64_t changed); /* NULL: nobody wants to know */
	sqlite3 *db;
	struct store_options o;
	const struct store_part *parts; /* store.c */
	struct keyring *keys;           /* keys.c */
	struct counters *counters;      /* tally.c */
	struct hours *hours;            /* hour.c */
	struct held_changes *held;      /* held.c */
	struct pending_events *pending; /* pending.c */
	struct seen *seen;              /* seen.c */
	struct asked *asked;            /* asked.c */
	struct erasures *erasures;      /* erasure.c */
	sqlite3_stmt *statement[SQL_COUNT];
	int64_t interval;              /* between two mailings, seconds (mailings.c) */
	struct taken_back *taken_back; /* cause.c */
	unsigned takings;
	int64_t last_run;  /* whose clock was believed, as far as anybody asked; 0: none */
	struct site *site; /* site.c; NULL: no other site is known */
	struct told_addresses *news;  /* news.c */
	struct news_ahead *ahead;     /* exchange/newstell.c */
	struct nonces *nonces;        /* contactbody.c */
	int64_t news_number;          /* of this transaction's; 0: it has none yet */
	bool ledgered;                /* an entry was added since head.c noted the last */
	bool forgotten;               /* fold.c: an erasure in this transaction took events */
	bool any_gone;                /* nodomain.c: some domain is noted */
	bool functions;               /* kpi.c's functions of SQL are there */
	struct brake *brake;          /* brake.c */
	struct waves *waves;          /* wave.c */
	uint32_t stream[STREAMS_MAX]; /* the numbers of o.stream (streams.c) */
	int64_t present;              /* the latest time that was said to be now */
	bool every_site;              /* figures are read of all sites (store_every_site) */
	int32_t wording_day;          /* noted in this transaction (wording.c); 0: none */
	bool in_transaction;
	bool in_snapshot;
	bool spoilt;   /* an error in this transaction: it can only be rolled back */
	bool outgrown; /* a newer program gave it its form */
	char error[STORE_ERROR_SIZE];
};

/*
 * Sets the message and returns CODE; STORE_FAILED spoils the transaction. Never pass it anything
 * that came with a mail.
 */
int store_fail(struct store *s, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first state where the name is none. */
enum contact_state state_by_name(const char *name);

/* Of two statements that stand one behind the other (OF_ALL) the one that is asked for. */
static inline enum sql sql_seen(const struct store *s, enum sql own)
{
	return s->every_site ? (enum sql)(own + 1) : own;
}

/* --- transaction.c -------------------------------------------------------- */

/*
 * A transaction of our own unless one is open: then *OWN is false, and db_leave() leaves it to its
 * owner.
 */
int db_enter(struct store *s, bool *own);
int db_leave(struct store *s, bool own, int result);

/* --- keys.c, keyfile.c, keyverp.c, keylife.c ------------------------------ */

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

/* --- volume.c ------------------------------------------------------------- */

/* Whether what logs say of an hour is all that was sent: nobody brings other counts beside them. */
int volume_logs_are_all(struct store *s, int64_t now, bool *are);

/* --- retention.c, ledger.c ------------------------------------------------ */

/*
 * Notes the settings that matter to privacy in the ledger when they are others than last time
 * (settings.c).
 */
int settings_record(struct store *s, int64_t now);
/* The ledger's own retention, inside the transaction. */
int ledger_cut(struct store *s, int64_t now, int64_t cutoff, uint64_t *deleted);

static inline int64_t whole_days(int64_t period)
{
	return (period + DAY - 1) / DAY * DAY;
}
static inline int64_t clamp_time(int64_t at, int64_t now)
{
	return at <= 0 || at > now ? now : at;
}

#endif
