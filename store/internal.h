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
