/* What the files of store/ share, and nobody above them sees. */
#ifndef RETOUR_STORE_INTERNAL_H
#define RETOUR_STORE_INTERNAL_H

#include <sqlite3.h>
#include <string.h>
#include "classify/base/units.h"
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
	bool spoilt; /* an error in this transaction: it can only be rolled back */
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

/* --- schema.c ------------------------------------------------------------- */

enum { SCHEMA_VERSION = 34, APPLICATION_ID = 0x7265746f /* "reto" */ };
/* *VERSION 0: there is nothing in it. Refuses what is not ours, or newer than this program. */
int schema_version(struct store *s, int *version);
/* What brings the rows to the form of VERSION; a list ends with NULL. */
struct schema_conversion {
	int version;
	int (*convert)(struct store *s);
};
/*
 * Applies what lies between FROM and SCHEMA_VERSION, inside the transaction, and then what converts
 * rows.
 */
int schema_migrate(struct store *s, int from, const struct schema_conversion *conversions);
/* The present schema, without rows, into a database with nothing in it but contact_functions(). */
int schema_make(sqlite3 *db);
/* The trigger that keeps the ledger from being cut; only the ledger's own retention lifts it. */
extern const char schema_ledger_guard[];

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
/* The event key of a month (YYYYMM, UTC), made when absent. NULL on error. */
const unsigned char *keys_month(struct store *s, int month, int64_t now);
/* The same without making one: NULL with *ABSENT set when there is none. */
const unsigned char *keys_month_known(struct store *s, int month, bool *absent);
/* The months (YYYYMM) that have keys, the newest first, at most ROOM. */
int keys_month_list(struct store *s, int *months, unsigned room, unsigned *count);
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

/* --- erasure.c, backup.c -------------------------------------------------- */

enum erasure { ERASED_CONTACT, REDUCED_CONTACT, ERASED_EVENT, ERASURE_KINDS };
/*
 * Notes that what PSEUDONYM stands for is erased, for the list; inside the transaction, whose
 * commit writes the list first.
 */
int erasures_note(struct store *s, enum erasure kind, const unsigned char *pseudonym, int64_t now);
int erasures_flush(struct store *s);
void erasures_discard(struct store *s);
/*
 * When the store is opened for writing: what was erased since this database was as it is now is
 * erased again. *REPLAYED counts rows.
 */
int erasures_replay(struct store *s, int64_t now, uint64_t *replayed);
/*
 * What the list holds: entries, their oldest day, and how many are older than CUTOFF; with EXPIRE,
 * inside no transaction, these are removed.
 */
int erasures_held(struct store *s, int64_t cutoff, bool expire, uint64_t *count, int64_t *oldest,
	uint64_t *overdue);
/* When the store is opened: a restored backup is settled, or refused. */
int backup_admit(struct store *s, int64_t now);

/* --- pseudonym.c ---------------------------------------------------------- */

enum pseudonym_purpose { PSEUDONYM_STATE, PSEUDONYM_EVENT };
enum { CANONICAL_SIZE = 512 };
/* What is one recipient: without regard to case; at Gmail without dots, under both its domains. */
enum address_folding { FOLD_CASE = 1, FOLD_GMAIL = 2 };
static inline unsigned store_folding(const struct store *s)
{
	return (s->o.fold_local_part ? FOLD_CASE : 0) | (s->o.fold_gmail ? FOLD_GMAIL : 0);
}
/*
 * The canonical form of ADDRESS, N bytes, with FOLDING (enum address_folding). Returns its length,
 * 0 when it is no address. The caller wipes OUT.
 */
size_t address_canonical(const char *address, size_t n, unsigned folding, char out[CANONICAL_SIZE]);
void pseudonym(unsigned char out[PSEUDONYM_SIZE], enum pseudonym_purpose purpose,
	const unsigned char key[KEY_SIZE], const char *canonical, size_t n);
/* A pseudonym made under another key, sealed under KEY: the other key alone finds it no more. */
void pseudonym_seal(unsigned char p[PSEUDONYM_SIZE], const unsigned char key[KEY_SIZE]);

/* --- forgetting.c --- */

/* Deletes a contact, or reduces it; adds to SUM. */
struct erased;
int contact_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now,
	struct erased *sum);

/* --- events.c ------------------------------------------------------------- */

/*
 * Deletes and notes the events of the recipient with this canonical form, in all months whose keys
 * are there, inside the transaction; adds to *DELETED.
 */
int events_forget(struct store *s, const char *canonical, size_t n, int64_t now, uint64_t *deleted);

/* --- verp.c --------------------------------------------------------------- */

/*
 * How well E's token proves that we sent the mail, AT the time of arrival. One that is valid names
 * recipient and campaign, which replace E's; one that is made up makes the report unverified
 * whatever its headers say.
 */
enum origin verp_prove(struct store *s, struct event *e, int64_t at);

/* --- seen.c --------------------------------------------------------------- */

enum { MESSAGE_KEY_SIZE = 16 };
/* Notes a message by its key; *IS_NEW is false when it was counted before. */
int seen_add(struct store *s, unsigned char key[MESSAGE_KEY_SIZE], uint16_t dated, int64_t now,
	bool *is_new);
int seen_flush(struct store *s);
void seen_discard(struct store *s);

/* --- message.c ------------------------------------------------------------ */

/*
 * Notes that what DIGEST is of was counted, WHAT kind of thing it is; *IS_NEW is false when it was
 * before. Inside the transaction.
 */
int seen_mark(struct store *s, const char *what, const unsigned char digest[STORE_DIGEST_SIZE],
	uint16_t dated, int64_t now, bool *is_new);

/* What lies in a struct packed_event. */
struct packed {
	int64_t at;  /* epoch seconds, never later than now */
	int32_t day; /* YYYYMMDD in the process's TZ */
	uint16_t reply;
	int16_t margin;
	uint8_t kind, klass, category, origin;
	uint8_t stream;  /* of our mail: its place in o.streams, from 1; 0: none is known */
	uint32_t mta;    /* cause_number() of the reporting MTA */
	int64_t domain;  /* a number of the recipient's domain, for nodomain.c; 0: of no interest */
	uint32_t answer; /* of what was answered (cause.c); 0: none */
	uint32_t host;   /* of the receiving host's organisation; 0: not known */
	uint8_t known;   /* 1: there is a recipient; else both pseudonyms are zero */
	uint8_t profiled; /* 1: provider is a profile's name; only those go into the tallies, which
			     stay */
	unsigned char contact[PSEUDONYM_SIZE]; /* under the state key */
	/* from here on what pending.c keeps apart, or not */
	unsigned char old_contact[OLD_STATES_MAX][PSEUDONYM_SIZE]; /* by way of those before it */
	unsigned char pseudonym[PSEUDONYM_SIZE];                   /* under the month's key */
	char status[EVENT_STATUS_SIZE];
	char provider[STORE_NAME_SIZE]; /* a profile's name, the domain with [privacy] domains =
					   all, or "other" */
	char meant[STORE_DOMAIN_SIZE]; /* the large provider's domain that was mistyped; "": none */
	char campaign[EVENT_CAMPAIGN_SIZE];
	char rule[EVENT_RULE_SIZE];
	char diagnostic[DIAGNOSTIC_KEPT_SIZE]; /* redacted; "": none */
};
_Static_assert(sizeof(struct packed) <= sizeof(struct packed_event), "a packed event must fit");

/* --- contact.c ------------------------------------------------------------ */

/* Does the event say anything of a contact? */
bool contact_takes(const struct store *s, const struct packed *e);
/* Applies one event to its contact, inside the transaction. */
int contact_apply(struct store *s, const struct packed *e);
/* The same before the commit, together with others (pending.c). */
int pending_add(struct store *s, const struct packed *e);
int pending_flush(struct store *s);
void pending_discard(struct store *s);
/*
 * Takes from those who objected before CUTOFF, the end of contacts, all but that they did, since
 * when and by what; inside the transaction.
 */
int objections_reduce(struct store *s, int64_t cutoff);
/* Notes in rows from before schema version 20 who objected. */
int objections_from_rows(struct store *s);
/* Brings the rows of schema version 1 to the present form, inside the transaction. */
int contact_from_version_1(struct store *s);

/* --- investigation.c ------------------------------------------------------ */

/* Counts a block; one from before it was resolved does not count. */
int investigation_note(struct store *s, const struct packed *e, const char *provider);
/* When it was resolved last; 0: never. */
int investigation_resolved(
	struct store *s, const char *provider, enum category category, int64_t *at);
/* Opens and holds what is due; without a day beyond noise for a quiet period it is over. */
int investigation_advance(struct store *s, int64_t now);

/* --- mailings.c ----------------------------------------------------------- */

/*
 * Measures how often the sender mails, inside the transaction; mailings_load() reads what was
 * measured last.
 */
int mailings_measure(struct store *s, int64_t now);
int mailings_load(struct store *s);

/* --- cohort.c ------------------------------------------------------------- */

/*
 * A contact's place in the counts: the month (YYYYMM) in which it went soft, 0: never, and what
 * became of it since.
 */
struct cohort_place {
	int month;
	enum cohort_outcome outcome;
};
/* The contact went from BEFORE, as it was last counted, to AFTER. */
int cohort_move(struct store *s, struct cohort_place before, struct cohort_place after);

/* --- closed.c ------------------------------------------------------------- */

/* Takes apart the counts of old months whose events, all before PURGED, are gone. In a transaction.
 */
int tallies_close(struct store *s, int64_t now, int64_t purged);

/* --- tally.c -------------------------------------------------------------- */

/* A row as SQL_TALLY_ROWS has it; an empty name is 0. */
void tally_read(sqlite3_stmt *st, struct tally *out);

int tally_add(struct store *s, const struct packed *e);
/*
 * The name under which CAMPAIGN is counted on DAY: its own, or the one of those beyond the bound.
 */
int tally_bounded_campaign(struct store *s, int32_t day, const char **campaign);
/* A notice of class KLASS about a recipient who had none before, or about another. */
int recurrence_add(struct store *s, int32_t day, unsigned klass, bool first);
int count_message(struct store *s, int32_t day, const char *mailbox, const char *outcome);
/* Writes what was counted in memory; called before a commit. */
int counters_flush(struct store *s);
void counters_discard(struct store *s);
/* In whose place the names stand that are beyond the bound, or did not last (fold.c). */
extern const char other_campaigns[];
/* YYYYMMDD in the process's TZ. */
int32_t day_of(int64_t at);
/* When such a day begins. */
int64_t day_begin(int32_t day);

/* --- head.c --------------------------------------------------------------- */

/*
 * In a transaction, when the store is opened for writing: an older copy is ledgered, or refused
 * (STORE_BROKEN). RESTORED: it is a backup that is taken into use.
 */
int head_settle(struct store *s, bool restored, int64_t now);
/* RESULT of opening keys; where the store is an older copy, the error says so. */
int head_explain(struct store *s, int result);
/* Before a store that wrote is closed. */
int head_note(struct store *s);

/* --- fold.c --------------------------------------------------------------- */

/*
 * Judges the names of campaigns whose day is over: those that last stay, others are folded. Events
 * before PURGED are there no more. In a transaction.
 */
int campaigns_judge(struct store *s, int64_t now, int64_t purged);
/* A store_part: an erasure leaves no name of the present day under which nobody else is. */
int campaigns_flush(struct store *s);
void campaigns_discard(struct store *s);

/* --- typing.c ------------------------------------------------------------- */

/*
 * Notes in P which provider's domain was meant, where that of ADDRESS (canonical, N bytes) misses
 * it by one typing error.
 */
void typing_pack(const struct store *s, const char *address, size_t n, struct packed *p);
/* Counts it, inside the transaction. */
int typing_add(struct store *s, const struct packed *p);

/* --- nodomain.c --------------------------------------------------------------- */

/* Whether any domain is noted, when the store is opened. */
int nodomain_load(struct store *s);
/* The number of the domain of canonical ADDRESS, where P says that nobody has it, or has. */
void nodomain_pack(const struct store *s, const char *address, size_t n, struct packed *p);
int nodomain_add(struct store *s, const struct packed *p);
/* Of somebody who is erased; inside the transaction. */
int nodomain_forget(struct store *s, const char *canonical, size_t n);
int nodomain_advance(struct store *s, int64_t now);

/* --- hour.c --------------------------------------------------------------- */

/*
 * Counts an event in its hour, unless that is so long ago that no alert asks for it; written before
 * a commit, as tallies are.
 */
int hours_add(struct store *s, const struct packed *e, int64_t now);
/* Notes what lasts of alert NUMBER as it is now (store/watch/trouble.c). */
int trouble_note(struct store *s, int64_t number);
int hours_flush(struct store *s);
void hours_discard(struct store *s);
/* COUNT notices of a cell of the tallies, into the totals. */
int totals_add(struct store *s, const struct tally *t);
/* For a store that was made before there were counts by hour. */
int hours_from_events(struct store *s);

/*
 * What alerts look at: bounces, those that are blocks, refusals to take more for now, mails sent as
 * logs say.
 */
enum hour_what { HOUR_BOUNCES, HOUR_BLOCKS, HOUR_THROTTLED, HOUR_SENT, HOUR_WHATS };
enum { HOURS_KEPT = 9 * 7 * 24 };
/* The hours FROM..TO (epoch seconds / 3600), in no order; an hour may come twice. */
int hours_visit(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, int64_t hour,
		const uint64_t count[HOUR_WHATS]),
	void *context);

/* --- held.c --------------------------------------------------------------- */

#define HELD_CLASSES(X) \
	X(HELD_EVENTS, "events") \
	X(HELD_DIAGNOSTICS, "diagnostics") \
	X(HELD_CONTACTS, "contacts") \
	X(HELD_OBJECTIONS, "objections") \
	X(HELD_SEEN, "seen") \
	X(HELD_KEPT, "kept") \
	X(HELD_SUMMARIES, "summaries") \
	X(HELD_SITE_SUMMARIES, "summaries of sites")
#define STORE_ENUM2(symbol, name) symbol,
enum held_class { HELD_CLASSES(STORE_ENUM2) HELD_COUNT };
#undef STORE_ENUM2
const char *held_name(enum held_class held);
/* Contacts are counted by state as well, all under one day: the begin of time. */
static inline enum held_class held_state(enum contact_state state)
{
	return (enum held_class)(HELD_COUNT + state);
}
/*
 * Rows with the time AT came (CHANGE is positive) or went, inside the transaction; written before
 * its commit, as tallies are.
 */
int held_note(struct store *s, enum held_class held, int64_t at, int64_t change);
/*
 * Steps a DELETE that returns each row's time, and of an event whether it had a diagnostic, of a
 * contact its state; adds to *DELETED. ST may be NULL: db_bind() failed.
 */
int held_delete(struct store *s, enum held_class held, sqlite3_stmt *st, uint64_t *deleted);
/* All rows from before CUTOFF went: so many. */
int held_cut(struct store *s, enum held_class held, int64_t cutoff, uint64_t deleted);
/* A class of data, or a state, is called so. */
bool held_is_known(const char *name);
int held_count(struct store *s, enum held_class held, uint64_t *count);
/* The kept count, and on how many days it is another than that of the rows, which are counted. */
int held_compare(struct store *s, enum held_class held, uint64_t *count, unsigned *days);
int held_flush(struct store *s);
void held_discard(struct store *s);
/* Inside the transaction: rows are deleted, so the next purge sees to their bytes. */
int held_note_deletion(struct store *s);
/* For a store that was made before there were kept counts, and before they were by state. */
int held_from_rows(struct store *s);
int held_states_from_rows(struct store *s);
/* Before all contacts from before CUTOFF go. */
int held_cut_states(struct store *s, bool objections, int64_t cutoff);

/* --- volume.c ------------------------------------------------------------- */

/* Whether what logs say of an hour is all that was sent: nobody brings other counts beside them. */
int volume_logs_are_all(struct store *s, int64_t now, bool *are);

/* --- kpi.c ---------------------------------------------------------------- */

/*
 * domain_group() is known to SQL from now on; before the first statement that uses it is prepared.
 */
int kpi_functions(struct store *s);

/* --- retention.c, ledger.c ------------------------------------------------ */

/*
 * Notes the settings that matter to privacy in the ledger when they are others than last time
 * (settings.c).
 */
int settings_record(struct store *s, int64_t now);
/* The ledger's own retention, inside the transaction. */
int ledger_cut(struct store *s, int64_t now, int64_t cutoff, uint64_t *deleted);

static inline int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
static inline int64_t whole_days(int64_t period)
{
	return (period + DAY - 1) / DAY * DAY;
}
static inline int64_t clamp_time(int64_t at, int64_t now)
{
	return at <= 0 || at > now ? now : at;
}

#endif
