/*
 * Everything that lasts: keys, pseudonyms, events, contacts, tallies, seen
 * messages, retention, ledger. All SQL is below this header.
 *
 * Functions return 0 or a STORE_ error; store_error() then says what happened,
 * without ever naming an address. Time comes in as an argument, epoch seconds UTC.
 * The report's zone is the process's TZ, which the poller sets before opening:
 * days and months of tallies are days of that zone; everything else is UTC.
 */
#ifndef RETOUR_STORE_H
#define RETOUR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "classify/event.h"
#include "store/minisign.h"

struct store;

enum store_result {
	STORE_OK = 0,
	STORE_FAILED = 1, /* database, disk, lock */
	STORE_KEYS = 2,   /* keys missing, loose mode, wrong owner, wrong key for this store */
	STORE_BROKEN = 3, /* a retention or integrity promise is broken */
	STORE_MISUSE = 4,
};

enum {
	LADDER_STEPS_MAX = 8,
	LADDERS_MAX = 16,
	STORE_DIGEST_SIZE = 32,
	STORE_NAME_SIZE = 64,
	STORE_DOMAIN_SIZE = 32
};

/* When to try again after the n-th soft failure, seconds. */
struct ladder {
	char name[STORE_NAME_SIZE]; /* "large", "small", "mailbox-full", "greylisted",
				       "not-understood" or a provider's name */
	int64_t step[LADDER_STEPS_MAX];
	unsigned steps;
	int64_t end;      /* over so long after the first failure */
	int64_t attempts; /* or after so many of them; 0: however many */
};

/* Periods are seconds; each has its written reason. */
struct retention {
	const char *name; /* as RETENTION_CLASSES has it */
	int64_t period;
	const char *reason;
};
/*
 * The classes of data that have one: symbol; name in the INI file, the ledger and the audit; usual
 * period; what it holds; usual reason.
 */
#define RETENTION_CLASSES(X) \
	X(RETAIN_EVENTS, "events", "180d", "pseudonymous events", \
		"diagnosis of delivery problems over two quarters") \
	X(RETAIN_DIAGNOSTICS, "diagnostics", "30d", "redacted words of the receivers", \
		"wording needed to tune rules and to ask a receiver") \
	X(RETAIN_CONTACTS, "contacts", "730d", "states of recipients, after their last event", \
		"not to write again to dead addresses and complainants") \
	X(RETAIN_MESSAGES, "messages", "90d", \
		"hashes by which a message that is read again is known", \
		"no message counts twice") \
	X(RETAIN_ALERTS, "alerts", "365d", "alerts", "comparison with the year before") \
	X(RETAIN_LEDGER, "ledger", "10y", "the ledger: counts only", \
		"evidence that retention was kept") \
	X(RETAIN_BACKUPS, "backups", "30d", \
		"copies made with `retour backup`; an older one is not taken into use", \
		"restoring the store after a loss")
#define STORE_ENUM(symbol, ...) symbol,
enum retention_class { RETENTION_CLASSES(STORE_ENUM) RETAIN_COUNT };
#undef STORE_ENUM
const char *retention_class_name(unsigned retained);

/* Who runs the recipient's mailbox; the first: it is not known under this name. */
#define DOMAIN_GROUPS(X) \
	X(DOMAIN_UNKNOWN, "") \
	X(DOMAIN_LARGE, "large") \
	X(DOMAIN_BUSINESS, "business")
#define STORE_ENUM(symbol, name) symbol,
enum domain_group { DOMAIN_GROUPS(STORE_ENUM) DOMAIN_GROUP_COUNT };
#undef STORE_ENUM
const char *domain_group_name(unsigned group);

enum { SITES_MAX = 16 };
/* A site whose lines are taken, and by which key they are signed (store/site.h). */
struct site_peer {
	char name[STORE_NAME_SIZE];
	unsigned char key[MINISIGN_PUBLIC_SIZE];
};

struct store_options {
	const char *path;            /* the database file */
	const char *keys_dir;        /* 0700, ours */
	const char *credentials_dir; /* systemd's, where lasting keys may lie instead; NULL: none */
	bool create;    /* make store and keys when absent (run, poll, import); else absent is an
			 error */
	bool read_only; /* reports, check, audit */
	bool verify; /* refuse every page that is not as it was written (pagefile.h); else those of
			contacts only */
	enum origin act_on; /* the worst origin that may change a contact's state */
	const char *site;   /* this store's name among several; NULL: there is no other */
	struct site_peer peer[SITES_MAX];
	unsigned peers;
	bool fold_local_part;
	bool keep_diagnostics; /* [privacy] diagnostics = redacted */
	bool all_domains;      /* [privacy] domains = all */
	unsigned k;
	const char *batv_key; /* [origin] batv_key_file: what our mail server signs BATV tags with;
				 NULL: none */
	size_t batv_key_size;
	struct retention retention[RETAIN_COUNT];
	struct ladder ladder[LADDERS_MAX];
	unsigned ladders;
	int64_t quiet;    /* soft, revalidate, unclear: without a failure for so long the contact is
			     active again; 0: never … */
	int64_t mailings; /* … and not before so many mailings; a ladder ends by its age after so
			     many failures at least; 0: days alone */
	int64_t pause;    /* past its ladder: hold so long, then try again */
	int64_t remember; /* that a mail was delivered, for failures before it that are read
			   later */
	int64_t block_hold;     /* after a block: hold so long; the sender has work to do, not the
				   recipient */
	int64_t block_patience; /* then hold for the investigation, so long after the block at
				 most */
	int64_t block_gate;  /* then let the addresses through one after the other in the course of
				so long */
	int64_t block_quiet; /* then, without another block for so long, the contact is active, and
				the investigation over */
	const char *(*provider_ladder)(void *context,
		const char *provider); /* the ladder that a profile names; may be NULL */
	enum domain_group (*provider_group)(
		void *context, const char *provider); /* for rates; NULL: all are business */
	const char *(*near_domain)(void *context, const char *domain,
		size_t n); /* the large provider's domain one typing error away, or NULL; may be
			      NULL */
	void *context;     /* what the options point to must outlive the store */
};

/*
 * Opens (and with create makes) store and keys. *OUT is set even on error, for store_error();
 * store_close() it always. *CREATED tells whether the store was made now.
 */
int store_open(struct store **out, const struct store_options *options, int64_t now, bool *created);
void store_close(struct store *s);
const char *store_error(const struct store *s);

/* --- writing: one transaction per batch (message.c) ------------------- */

enum store_message_result { MESSAGE_NEW, MESSAGE_DUPLICATE };

/* What the poller knows of a message beside its events. */
struct store_message {
	const char *mailbox;                     /* its name in the INI file; "import" for files */
	unsigned char digest[STORE_DIGEST_SIZE]; /* hash of message_identity() */
	int64_t arrived;                         /* never later than now */
	bool recognised;                         /* false: goes to the unrecognised folder */
};

/*
 * An event in the form that is stored: pseudonyms in place of addresses, times cut to what is kept,
 * diagnostic redacted or absent. The poller packs each event on arrival and wipes the plain one, so
 * that a report with 100,000 recipients needs no memory for addresses. PACKED_EVENT_SIZE bytes,
 * aligned for int64_t; a plain value, its layout is the store's own business.
 */
enum { PACKED_EVENT_SIZE = 640 };
struct packed_event {
	int64_t opaque[PACKED_EVENT_SIZE / 8];
};
int store_pack(struct store *s, const struct event *event, int64_t now, struct packed_event *out);

/* Many messages are to come: more of the database is kept in memory until that is over. */
int store_bulk(struct store *s, bool on);
/* May it change its contact: is there one, and is the origin proven as well as act_on wants? */
bool store_may_act(const struct store *s, const struct packed_event *e);

int store_begin(struct store *s);
/*
 * Takes a message with its events: message key, events, tallies, contacts. A message seen before
 * changes nothing but the count of duplicates (*RESULT is MESSAGE_DUPLICATE). After an error the
 * transaction can only be rolled back: store_commit() refuses.
 */
int store_message(struct store *s, const struct store_message *m, const struct packed_event *events,
	size_t count, int64_t now, enum store_message_result *result);
int store_commit(struct store *s); /* durable when it returns 0 */
void store_rollback(struct store *s);

/* --- mailboxes whose mail stays where it is (store/mailbox.c) ------------- */

enum { REMOTE_ID_SIZE = 16 };
/*
 * Which of COUNT messages (REMOTE_ID_SIZE bytes each, a hash of UIDVALIDITY and UID, of a UIDL, of
 * a file name) are not known yet: WANTED[i] = 1. KEEPS has bit WHAT set where a message that
 * store_keep() noted with WHAT is still to be kept; others are wanted again.
 */
int store_wanted(struct store *s, const char *mailbox, const unsigned char *ids, size_t count,
	unsigned keeps, int64_t now, unsigned char *wanted);
/*
 * Inside the batch's transaction: this one was read and stays in the mailbox; WHAT (below 32) is
 * the caller's, e.g. an enum settlement.
 */
int store_keep(
	struct store *s, const char *mailbox, const unsigned char *id, unsigned what, int64_t now);

/*
 * Where a folder of moved mail ended at some time (RFC 3501 section 2.3.1.1). A message keeps its
 * date when it is moved, so only this tells how long it has been in the folder: what is below the
 * UIDNEXT of a mark was there at the mark's time.
 */
struct folder_mark {
	uint32_t uidvalidity, uidnext; /* uidnext 0: none */
};
/* The last mark at or before CUTOFF; older ones are forgotten. */
int store_folder_due(struct store *s, const char *mailbox, const char *folder, int64_t cutoff,
	struct folder_mark *out);
/*
 * Notes where the folder ends at NOW. There is always a mark of the last time; older ones are about
 * APART seconds apart. In a transaction of its own.
 */
int store_folder_mark(struct store *s, const char *mailbox, const char *folder, int64_t now,
	int64_t apart, const struct folder_mark *mark);

/* The names of all folders of MAILBOX that were marked, and not forgotten since. */
int store_folder_names(struct store *s, const char *mailbox,
	int (*visit)(void *context, const char *folder), void *context);
/*
 * FOLDER is none any more to which the settings move mail, and what had lain there before CUTOFF is
 * deleted. It is marked once after the settings changed, and forgotten when that mark is due.
 */
int store_folder_former(struct store *s, const char *mailbox, const char *folder, int64_t now,
	int64_t cutoff, const struct folder_mark *mark);

/* To what mail is moved; former: to what it was, under other settings. */
#define FOLDER_USES(X) \
	X(FOLDER_PROCESSED, "processed") \
	X(FOLDER_UNRECOGNISED, "unrecognised") \
	X(FOLDER_QUARANTINE, "quarantine") \
	X(FOLDER_FORMER, "former")
#define STORE_ENUM(symbol, name) symbol,
enum folder_use { FOLDER_USES(STORE_ENUM) FOLDER_USE_COUNT };
#undef STORE_ENUM
const char *folder_use_name(unsigned use);
/*
 * Moved mail that was deleted because its time was over, counted as rows are: an entry "mail-purge"
 * in the ledger when there was some, and one a day. USES: bits of the folders that were looked at.
 * In a transaction of its own.
 */
int store_mail_purged(struct store *s, const char *mailbox, unsigned uses,
	const uint64_t removed[FOLDER_USE_COUNT], int64_t now);

#define MAILBOX_LOGIN_REFUSED \
	"login refused" /* the reason of a failure that is the password's or the token's */
/* Remembers that the mailbox was read to its end at NOW, or failed (why: without addresses). */
int store_mailbox_read(struct store *s, const char *mailbox, int64_t now, bool ok, const char *why);
/*
 * Messages that a mailbox does not hand out: one that was met at NOW (ID of REMOTE_ID_SIZE bytes);
 * after a visit to the end at NOW, that those not met again are gone; and how many each mailbox
 * has, since when.
 */
int store_stuck_note(struct store *s, const char *mailbox, const unsigned char *id, int64_t now);
int store_stuck_settle(struct store *s, const char *mailbox, int64_t now);
int store_stuck(struct store *s,
	int (*visit)(void *context, const char *mailbox, uint64_t count, int64_t since),
	void *context);
/* After it: until when the certificate of its server is good; 0: it has none. */
int store_mailbox_certificate(struct store *s, const char *mailbox, int64_t end);
struct mailbox_state {
	char name[STORE_NAME_SIZE];
	int64_t read_at, failed_at; /* the last time of each, 0: never */
	int64_t first_at;           /* when it was tried first; 0: not known */
	int64_t certificate_end;    /* 0: no TLS, or not known */
	char why[256];              /* of the last failure */
};
int store_mailboxes(
	struct store *s, int (*visit)(void *context, const struct mailbox_state *m), void *context);

/* --- answers (store/contact.c) -------------------------------------------- */

#define STORE_VERDICTS(X) \
	X(VERDICT_SEND, "send") \
	X(VERDICT_HOLD, "hold") \
	X(VERDICT_SUPPRESS, "suppress")
#define STORE_STATES(X) \
	X(STATE_ACTIVE, "active") \
	X(STATE_SOFT, "soft") \
	X(STATE_PAUSED, "paused") \
	X(STATE_REVALIDATE, "revalidate") \
	X(STATE_BLOCK, "block") \
	X(STATE_INVESTIGATE, "investigate") \
	X(STATE_RETRY_GATED, "retry-gated") \
	X(STATE_INACTIVE, "inactive") \
	X(STATE_UNCLEAR, "unclear")
#define STORE_ENUM(symbol, name) symbol,
enum verdict { STORE_VERDICTS(STORE_ENUM) VERDICT_COUNT };
enum contact_state { STORE_STATES(STORE_ENUM) STATE_COUNT };
#undef STORE_ENUM
const char *verdict_name(unsigned v);
const char *contact_state_name(unsigned s);

struct answer {
	enum verdict verdict;
	int64_t until; /* hold: not before; 0: open */
	enum contact_state state;
	unsigned attempts;            /* n of soft(n) */
	int64_t since;                /* the state's first day; 0: never heard of */
	char reason[EVENT_RULE_SIZE]; /* category, or e.g. prolonged-soft; "" for send */
};
/* ADDRESS is any text of N bytes; STORE_MISUSE when it is no address. */
int store_check(struct store *s, const char *address, size_t n, int64_t now, struct answer *out);

enum { CONTACT_DAYS_MAX = 64 };
/* All that is known of one contact. */
struct contact_view {
	struct answer answer;
	bool known;                         /* false: never heard of, or well for long */
	unsigned pauses;                    /* since it was active */
	char reason[EVENT_RULE_SIZE];       /* also where the answer is send */
	char rule[EVENT_RULE_SIZE];         /* that decided its last event */
	char ladder[STORE_NAME_SIZE];       /* soft, paused, revalidate: the ladder it is on */
	char provider[EVENT_PROVIDER_SIZE]; /* block, investigate, retry-gated: whose investigation
					       it waits for */
	int64_t last;                       /* day of the last event; retention counts from there */
	int64_t moved;                      /* when an operator reactivated it; 0: never */
	int month;     /* YYYYMM in whose cohort of soft failures it is counted; 0: none */
	unsigned days; /* with failures or deliveries that the state is made from, the first one
			  first */
	struct {
		int64_t day;
		unsigned soft, blocks;
		bool delivered;
	} day[CONTACT_DAYS_MAX];
};
int store_contact_show(
	struct store *s, const char *address, size_t n, int64_t now, struct contact_view *out);

enum { STORE_PSEUDONYM_HEX = 33, STORE_FINGERPRINT_HEX = 33 };
/*
 * The contacts, by pseudonym, of whom something was heard or whose state changed on the day of
 * SINCE or later (0: all), with the answer of NOW; who is active again is among them. KEY is the
 * fingerprint of the key under which a pseudonym is made: of the state key, or of the one before
 * it.
 */
int store_suppressions(struct store *s, int64_t since, int64_t now, char key[STORE_FINGERPRINT_HEX],
	int (*visit)(void *context, const char *pseudonym, const struct answer *a), void *context);

/*
 * An operator's decision, inside a transaction: *MOVED is false where the table has no such move
 * from the state *FROM. The ledger is the caller's to write.
 */
enum contact_move {
	MOVE_REVALIDATE, /* paused: try it now */
	MOVE_RESOLVE,    /* block, investigate: let it through; for all that wait, see
			  store_resolve() */
	MOVE_REACTIVATE, /* inactive: forget why; what happened before NOW and is read later changes
			    nothing */
};
int store_contact_move(struct store *s, const char *address, size_t n, enum contact_move move,
	int64_t now, enum contact_state *from, bool *moved);

/* --- suppressions that another system knew (store/suppress.c) ------------- */

struct suppression {
	enum category category;     /* hard, complaint or soft */
	int64_t at;                 /* since when; not later than now */
	char rule[EVENT_RULE_SIZE]; /* the list that it comes from, "suppress.ses";
				       store_cause_undo() takes it back by this name */
};
/*
 * NOW: it changed the contact; BEFORE: it was known; SINCE_FREED: an operator let the contact
 * through after that date, which stays so.
 */
enum suppressed { SUPPRESSED_NOW, SUPPRESSED_BEFORE, SUPPRESSED_SINCE_FREED, SUPPRESSED_COUNT };
/*
 * Takes one entry of a list, inside a transaction. The contact is kept as if something was heard of
 * it today. STORE_MISUSE: no address, or a category that suppresses nobody. The ledger is the
 * caller's to write.
 */
int store_suppress(struct store *s, const char *address, size_t n, const struct suppression *given,
	int64_t now, enum suppressed *what);

/* --- whole causes (store/cause.c) ----------------------------------------- */

/*
 * What failures rest on; NULL: whatever it is. Two of them together: both. FROM and TO are days
 * (UTC) and belong to it.
 */
struct cause_choice {
	int64_t from, to;
	const char *rule, *provider, *reporting_mta, *campaign;
};
struct cause_moves {
	uint64_t matched;                         /* contacts with such failures */
	uint64_t moved[STATE_COUNT][STATE_COUNT]; /* of these, from state to state, as of now; those
						     who stay where they are, too */
};
/*
 * Takes back what rests on the cause: everybody goes to where the rest of the history leads, and
 * such failures that are read later change nothing. Complaints and opt-outs only where the rule is
 * named. What was settled by an operator since, or lies behind 64 later days, stays. Inside a
 * transaction; the ledger is the caller's to write.
 */
int store_undo(
	struct store *s, const struct cause_choice *choice, int64_t now, struct cause_moves *out);

/* --- the events of one recipient (store/events.c) ------------------------- */

enum { DIAGNOSTIC_KEPT_SIZE = 320 };
struct past_event {
	int64_t at;
	uint8_t kind, klass, category, origin;
	uint16_t reply;
	int16_t margin; /* by how much it was decided; 0 where it was not kept */
	char status[EVENT_STATUS_SIZE];
	char provider[STORE_NAME_SIZE];
	char campaign[EVENT_CAMPAIGN_SIZE];
	char rule[EVENT_RULE_SIZE];
	char mailbox[STORE_NAME_SIZE];
	char diagnostic[DIAGNOSTIC_KEPT_SIZE]; /* redacted; "": not or no longer kept */
};
/*
 * The last LIMIT events of ADDRESS, newest first, found with the keys of the months that are still
 * there. It looks through all events of these months.
 */
int store_events_of(struct store *s, const char *address, size_t n, unsigned limit,
	int (*visit)(void *context, const struct past_event *e), void *context);

/* --- backups (store/backup.c) --------------------------------------------- */

/*
 * Writes a copy of the store, without keys, to PATH, which must not exist; mode 0600. Another
 * process may read and write the store meanwhile. *UNTIL is when it must be destroyed, which is
 * [retention] backups later; from then on it is not opened as a store. Ledgered.
 */
int store_backup(struct store *s, const char *path, int64_t now, int64_t *until);

/* --- data subjects (store/subject.c) -------------------------------------- */

struct erased {
	uint64_t contacts, events;
	uint64_t suppressions; /* contacts of which only is left that they are not to be written to,
				  since when and why */
};
/*
 * Inside a transaction: deletes what is held about ADDRESS under every key that is there, and adds
 * up what that was. KEEP: who is inactive stays so, with nothing beside. STORE_MISUSE: no address.
 * The ledger is the caller's to write, and store_scrub() to be called after the commit.
 */
int store_forget(
	struct store *s, const char *address, size_t n, bool keep, int64_t now, struct erased *sum);

/*
 * Between true and false all answers come from one state of the store, and a store_check() costs a
 * third. For a thousand at a time, not while waiting for input: a purge has to wait for its end.
 * For many checks; one alone needs none.
 */
int store_snapshot(struct store *s, bool hold);
/* About so many checks are going to come, so that what speeds them up is made at once. */
int store_expect(struct store *s, uint64_t checks);

/*
 * The N-th row of the transition table: state, what happens, next state, timer, reason. False
 * behind the last.
 */
enum { STORE_TRANSITION_WORDS = 5 };
bool store_transition(unsigned n, const char *words[STORE_TRANSITION_WORDS]);

/*
 * Time-driven state changes: what is due is applied. *CHANGED counts contacts whose state changed.
 */
int store_advance(struct store *s, int64_t now, uint64_t *changed);

/* --- investigations (store/investigation.c) ------------------------------- */

/*
 * Blocks are the sender's to mend: one investigation for each provider and category. Times are
 * days.
 */
struct investigation {
	char provider[EVENT_PROVIDER_SIZE]; /* a profile's name or "other" */
	enum category category;
	int64_t opened, last; /* the first block and the last one since it was opened */
	int64_t closed;       /* 0: it is open */
	uint64_t blocks;
};
/* Those that are open. */
int store_investigations(
	struct store *s, int (*visit)(void *context, const struct investigation *i), void *context);
/*
 * Those that were closed after FROM, up to TO, by an operator or by a quiet period; LAST is not
 * known of them.
 */
int store_past_investigations(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct investigation *i), void *context);
/*
 * The operator has mended it: whoever waits for it is let through the gate. *RELEASED counts them.
 * STORE_MISUSE: there is none open. The ledger is the caller's to write.
 */
int store_resolve(struct store *s, const char *provider, enum category category, int64_t now,
	uint64_t *released);
/* The N-th thing to look at for a block of this CATEGORY, a line of text; NULL behind the last. */
const char *store_checklist(enum category category, unsigned n);

/* --- retention (store/retention.c), ledger (store/ledger.c) --------------- */

struct purge_class {
	char name[STORE_NAME_SIZE];
	const char *reason;
	int64_t period, cutoff;
	uint64_t deleted, left;
	uint64_t kept; /* how many there are by the counts that are kept as rows come and go
			  (held.c); LEFT is the same unless it was counted */
	unsigned
		days_off; /* on how many days the rows, counted, are others than those counts say */
	int64_t oldest;   /* oldest left, 0: none */
	uint64_t overdue; /* still there although due: a broken promise */
};
struct purge {
	struct purge_class at[RETAIN_COUNT + 1]; /* then month keys, then the list of erasures */
	unsigned count;
	bool checkpointed; /* the deleted rows are gone from the file's bytes */
	unsigned keys_destroyed;
};
/*
 * Applies retention and proves it. DRY: counts only. STORE_BROKEN when something overdue remains or
 * the file could not be truncated.
 */
int store_purge(struct store *s, int64_t now, bool dry, struct purge *out);
/*
 * After a commit that deleted rows: sees to it that their bytes are gone. STORE_BROKEN: not yet, a
 * reader is in the way; the next purge does it.
 */
int store_scrub(struct store *s);
/* What arrived AT is older than RETAINED is kept: the next purge takes it. */
bool store_is_over(const struct store *s, enum retention_class retained, int64_t at, int64_t now);
/*
 * The same figures without deleting, for audit. A row counts as overdue a day after its time: the
 * promise is one purge a day.
 */
int store_held(struct store *s, int64_t now, struct purge *out);
/* The same, and every row is counted: LEFT and DAYS_OFF. */
int store_held_counted(struct store *s, int64_t now, struct purge *out);

enum { LEDGER_HASH_SIZE = 32, LEDGER_TEXT_SIZE = 512 };
/*
 * Appends an entry: KIND is a word ("purge", "report-sent"), DETAIL canonical "name=value" pairs,
 * counts only.
 */
int store_ledger(struct store *s, int64_t now, const char *kind, const char *detail);
struct ledger_entry {
	int64_t number, at;
	char kind[STORE_NAME_SIZE];
	char detail[LEDGER_TEXT_SIZE];
	unsigned char hash[LEDGER_HASH_SIZE];
};
/*
 * Walks the chain from the first entry, checking each hash. STORE_BROKEN, with the number in
 * store_error(), at the first that does not fit. VISIT may be NULL.
 */
int store_ledger_walk(
	struct store *s, int (*visit)(void *context, const struct ledger_entry *e), void *context);
/*
 * All entries as they are, for export, with the hash that each says its predecessor has; whether
 * they fit is for others to check.
 */
int store_ledger_rows(struct store *s,
	int (*visit)(void *context, const struct ledger_entry *e, const unsigned char *previous),
	void *context);
/* The last entry; number 0 when there is none. */
int store_ledger_head(struct store *s, struct ledger_entry *out);
/* The last entry of KIND whose detail contains the pair WITH (may be NULL); number 0: none. */
int store_ledger_last(
	struct store *s, const char *kind, const char *with, struct ledger_entry *out);

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
/*
 * Calls VISIT for each month ("2026-11") that has events under a key that is not there. REPLACED:
 * new events of that month go under another one. What VISIT returns other than 0 ends it and is
 * returned.
 */
int store_keys_lost(struct store *s, int (*visit)(void *context, const char *month, bool replaced),
	void *context);

/*
 * A new key of PURPOSE, its name into NAME (STORE_NAME_SIZE). Ledgered. "verp", 32 at most at a
 * time: it signs from now on, old ones are still good for checking. "state": contacts move to it
 * when they are touched, and are found under both; the one before it is destroyed by the first
 * purge after the last contact has left it, and until then there is no third.
 */
int store_key_add(struct store *s, const char *purpose, int64_t now, char *name);
/* How many contacts are still under the state key before the present one. */
int store_key_left(struct store *s, uint64_t *left);
/*
 * Destroys the key NAME for good; STORE_MISUSE when it may not be: only keys of purpose "verp",
 * whose tokens can no longer be proved then, and "sign". Ledgered. *CREDENTIAL: it is only used no
 * more, and its administrator's to destroy.
 */
int store_key_retire(struct store *s, const char *name, int64_t now, bool *credential);

/*
 * What becomes of a mailbox's mail, in the INI file's words ("move:Done"); for the ledger
 * (store/settings.c).
 */
struct mailbox_setting {
	const char *name, *protocol, *processed, *unrecognised, *quarantine, *optout;
	int64_t raw_retention;
};
/* Notes each mailbox whose settings are others than last time, and those that are gone. */
int store_note_mailboxes(
	struct store *s, const struct mailbox_setting *list, unsigned count, int64_t now);

/* The state of the database file, as evidence. */
struct store_file_state {
	bool secure_delete; /* deleted rows are overwritten */
	bool rewrite_due;  /* rows were deleted, and their bytes are not yet overwritten in the file
			      or lie in its log: they go with the next purge */
	int64_t log_bytes; /* of the write-ahead log; 0: truncated */
	int64_t bytes;
	int schema;
	const char *sqlite;                /* its version */
	uint64_t pages, unsealed, damaged; /* of the file; UNSEALED were not written since there are
					      seals; DAMAGED are not as they were written */
	uint64_t first_damaged;            /* counted from 1 */
	bool answers_damaged; /* contacts, or what else `check` reads, are among them */
};
int store_file_state(struct store *s, struct store_file_state *out);

/* --- signatures (store/sign.c, in the format of store/minisign.h) --------- */

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

/* --- how much was sent (store/volume.c) ----------------------------------- */

/*
 * Of a day, a provider, a campaign. An imported file says how much was sent; a mail log says what
 * became of it, and there SENT is what was delivered or finally refused. A deferral is an attempt,
 * not a mail: it is followed by another.
 */
struct volume {
	int32_t day;                        /* YYYYMMDD in the report's zone */
	char provider[EVENT_PROVIDER_SIZE]; /* "other" where no profile */
	char campaign[EVENT_CAMPAIGN_SIZE]; /* "" unknown */
	uint64_t sent, delivered;
	uint64_t deferred,
		throttled; /* THROTTLED: of the deferrals, those answered with 421 or 4.7.x */
	uint64_t rejected;
};
#define VOLUME_SOURCE_LOG "log" /* the source of what logs say */
/*
 * Inside a transaction: forgets what SOURCE said of DAY; *SENT is how much that was. Then adds
 * rows; equal ones sum up. BESIDE: not in any log that is counted; otherwise what is imported of a
 * day takes the place of what the logs say was sent on it.
 */
int store_volume_clear(struct store *s, const char *source, int32_t day, uint64_t *sent);
int store_volume_add(struct store *s, const char *source, bool beside, const struct volume *v);
/*
 * Of the days FROM..TO, summed over what is not named in GROUP (BY_DAY, BY_PROVIDER, BY_CAMPAIGN),
 * ordered by every column. With VOLUME_ROWS, for those who sum up themselves, many times faster: a
 * day's sources apart, in the order of days.
 */
#define VOLUME_ROWS (BY_DAY | BY_PROVIDER | BY_CAMPAIGN)
int store_volumes(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct volume *v), void *context);

/*
 * What a mail log says happened about AT; V's day and SENT follow from that. Inside a transaction.
 */
int store_volume_log(struct store *s, int64_t at, const struct volume *v);

enum {
	LOG_FINGERPRINT_SIZE = 16,
	LOG_FILES_MAX = 4096, /* that are remembered; the longest not seen are forgotten first */
};
/*
 * A mail log that was counted, known again by its first bytes whatever its name, inode or
 * compression has become.
 */
struct log_file {
	unsigned char fingerprint[LOG_FINGERPRINT_SIZE]; /* of the first LENGTH bytes */
	uint64_t length,
		offset; /* OFFSET: what is before it was counted; both of the unpacked text */
	uint64_t device, inode, size; /* of the file that was last read to its end, with MTIME:
					 unchanged it needs no look */
	int64_t mtime, at;
};
int store_log_files(
	struct store *s, int (*visit)(void *context, const struct log_file *f), void *context);
/*
 * Inside the transaction of the counts; REPLACES: its fingerprint when it was shorter, NULL: it is
 * new or has the same.
 */
int store_log_file_put(struct store *s, const struct log_file *f, const unsigned char *replaces);
/*
 * What the reader of logs remembers from one file to the next, opaque. *VALUE is on the heap, the
 * caller's; NULL, 0: nothing.
 */
int store_log_state(struct store *s, void **value, size_t *n);
int store_log_state_put(struct store *s, const void *value, size_t n);

/* --- rates (store/kpi.c, store/cohort.c) ---------------------------------- */

/*
 * What was sent and what came back, of one day, month, provider, campaign, domain group. Notices
 * are attributed ones (origin matched or verified) but for the last two; complaints are all
 * feedback. They count where and when they arrived, mails where and when they were sent.
 */
struct rates {
	int32_t day; /* YYYYMMDD; YYYYMM00 by month; 0 */
	char provider[EVENT_PROVIDER_SIZE], campaign[EVENT_CAMPAIGN_SIZE];
	char group[16];                                    /* domain_group_name() */
	uint64_t sent;                                     /* 0: not known */
	uint64_t delivered, deferred, throttled, rejected; /* by logs */
	uint64_t hard, soft, block, undetermined, complaint;
	uint64_t unattributed; /* failures and complaints that are not shown to be about our mail,
				… */
	uint64_t unverified;   /* … of these, those that show nothing at all */
};
enum { BY_MONTH = 128, BY_DOMAIN_GROUP = 256 };
/*
 * Of the days FROM..TO, summed over what is not named in GROUP: BY_DAY or BY_MONTH, BY_PROVIDER,
 * BY_CAMPAIGN, BY_DOMAIN_GROUP.
 */
int store_rates(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct rates *r), void *context);
/*
 * Of the seconds after FROM up to TO, in which events are kept; what was sent is known by the hour,
 * and from logs alone.
 */
int store_rolling(struct store *s, int64_t from, int64_t to, bool by_provider,
	int (*visit)(void *context, const struct rates *r), void *context);
/* The most that was delivered to each provider in one hour of that time, by logs. */
int store_hour_peaks(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, uint64_t delivered), void *context);
/* Of a provider's name. */
enum domain_group store_domain_group(const struct store *s, const char *provider);
/* PART of WHOLE in parts per million, rounded; -1 where WHOLE is 0: there is no rate. */
long rate_ppm(uint64_t part, uint64_t whole);

/* What became of the recipients who went soft in a month (UTC), as of now. */
#define COHORT_OUTCOMES(X) \
	X(COHORT_RECOVERED, "recovered") \
	X(COHORT_SOFT, "soft") \
	X(COHORT_PAUSED, "paused") \
	X(COHORT_HARD, "hard") \
	X(COHORT_GIVEN_UP, "prolonged-soft")
#define STORE_ENUM(symbol, name) symbol,
enum cohort_outcome { COHORT_OUTCOMES(STORE_ENUM) COHORT_OUTCOME_COUNT };
#undef STORE_ENUM
const char *cohort_outcome_name(unsigned outcome);
struct cohort {
	int month; /* YYYYMM */
	uint64_t count[COHORT_OUTCOME_COUNT];
};
int store_cohorts(struct store *s, int from, int to,
	int (*visit)(void *context, const struct cohort *c), void *context);

/*
 * Notices that may change a contact, by class: about recipients who had none before, and about
 * others.
 */
struct recurrence {
	uint64_t first, repeated;
};
int store_recurrence(struct store *s, int32_t from, int32_t to, struct recurrence out[CLASS_COUNT]);

/* --- counts for reports (store/tally.c) ----------------------------------- */

/* One cell of the tallies. Days are YYYYMMDD in the report's zone. */
struct tally {
	int32_t day;
	uint8_t kind, klass, category, origin;
	char provider[EVENT_PROVIDER_SIZE]; /* "other" where no profile */
	char campaign[EVENT_CAMPAIGN_SIZE]; /* "" unknown */
	uint64_t count;
};
/*
 * All cells of the days FROM..TO (inclusive), ordered by every column, summed over what is not
 * named in GROUP.
 */
enum {
	BY_DAY = 1,
	BY_KIND = 2,
	BY_CLASS = 4,
	BY_CATEGORY = 8,
	BY_ORIGIN = 16,
	BY_PROVIDER = 32,
	BY_CAMPAIGN = 64,
	BY_EVERYTHING = 127 /* the rows as they lie: many times faster than any sum over them */
};
int store_tallies(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct tally *t), void *context);
/*
 * Messages per mailbox and outcome ("new", "duplicate", "unrecognised", "quarantined") for the
 * days.
 */
int store_message_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *mailbox, const char *outcome, uint64_t count),
	void *context);
/* Counts a message that never became events (quarantined). In a transaction. */
int store_count_message(struct store *s, const char *mailbox, const char *outcome, int64_t at);
/* Contacts per state now. */
int store_contact_counts(struct store *s, uint64_t counts[STATE_COUNT]);
/*
 * Failures at domains that miss a large provider's by one typing error, by the domain that was
 * meant; the most first (store/typing.c).
 */
int store_typing_errors(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *meant, uint64_t count), void *context);

/* --- what operators say of a month (store/comment.c) ---------------------- */

enum { STORE_COMMENT_SIZE = 4096, STORE_COMMENTS_MAX = 16 };
/*
 * MONTH is "YYYY-MM". STORE_MISUSE: too long, not UTF-8, an address in it, or there are
 * STORE_COMMENTS_MAX. In a transaction of its own.
 */
int store_comment_add(struct store *s, const char *month, const char *text, int64_t now);
int store_comments(struct store *s, const char *month,
	int (*visit)(void *context, int64_t at, const char *text), void *context);

/* The first day with a tally, YYYYMMDD; 0: none. */
int store_first_day(struct store *s, int32_t *day);

#endif
