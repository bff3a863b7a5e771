/*
 * What the poller writes: messages with their events, and what it remembers of mailboxes.
 */
#ifndef RETOUR_STORE_WRITING_H
#define RETOUR_STORE_WRITING_H

#include "classify/summary.h"
#include "store/facts.h"
#include "store/store.h"

/* --- writing: one transaction per batch (message.c) ------------------- */

enum store_message_result { MESSAGE_NEW, MESSAGE_DUPLICATE };

/* What the poller knows of a message beside its events. */
struct store_message {
	const char *mailbox;                     /* its name in the INI file; "import" for files */
	unsigned char digest[STORE_DIGEST_SIZE]; /* hash of message_identity() */
	int64_t arrived;                         /* never later than now */
	bool recognised;                         /* false: goes to the unrecognised folder */
	uint16_t dated;                          /* what message_identity() returned */
};

/*
 * An event in the form that is stored: pseudonyms in place of addresses, times cut to what is kept,
 * diagnostic redacted or absent. The poller packs each event on arrival and wipes the plain one, so
 * that a report with 100,000 recipients needs no memory for addresses. PACKED_EVENT_SIZE bytes,
 * aligned for int64_t; a plain value, its layout is the store's own business.
 */
enum { PACKED_EVENT_SIZE = 696 };
struct packed_event {
	int64_t opaque[PACKED_EVENT_SIZE / 8];
};
int store_pack(struct store *s, const struct event *event, int64_t now, struct packed_event *out);

/* Many messages are to come: more of the database is kept in memory until that is over. */
int store_bulk(struct store *s, bool on);
/* May it change its contact: is there one, and is the origin proven as well as act_on wants? */
bool store_may_act(const struct store *s, const struct packed_event *e);
/* As what its contact is kept: RETAIN_OBJECTIONS, or RETAIN_CONTACTS. */
enum retention_class store_contact_class(const struct packed_event *e);

/*
 * A transaction: all of it lasts, or nothing. STORE_MISUSE inside another one, in a snapshot, and
 * on a store that was opened for reading.
 */
int store_begin(struct store *s);
/*
 * Takes a message with its events: message key, events, tallies, contacts. A message seen before
 * changes nothing but the count of duplicates (*RESULT is MESSAGE_DUPLICATE). After an error the
 * transaction can only be rolled back: store_commit() refuses.
 */
int store_message(struct store *s, const struct store_message *m, const struct packed_event *events,
	size_t count, int64_t now, enum store_message_result *result);
/*
 * Counts the report that such a message is (store/summary.c): DIGEST is the hash of its
 * summary_identity(); one that was counted before changes nothing. In the message's transaction,
 * and only where it is new.
 */
int store_summary(struct store *s, const unsigned char digest[STORE_DIGEST_SIZE],
	const struct summary_head *head, const struct summary_row *row, size_t rows, int64_t now);
int store_commit(struct store *s); /* durable when it returns 0 */
void store_rollback(struct store *s);
/* Counts a message that never became events (quarantined). In a transaction. */
int store_count_message(struct store *s, const char *mailbox, const char *outcome, int64_t at);

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
/* When mailboxes were not read, for 36 hours or more, between FROM and TO, by time. */
int store_unread(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *mailbox, int64_t since, int64_t until),
	void *context);
/*
 * Messages that a mailbox does not hand out: one that was met at NOW (ID of REMOTE_ID_SIZE bytes);
 * after a visit to the end at NOW, that those not met again are gone; and how many each mailbox
 * has, since when.
 */
int store_stuck_note(struct store *s, const char *mailbox, const unsigned char *id, int64_t now);
int store_stuck_gone(struct store *s, const char *mailbox, int64_t now);
/* Has MAILBOX such messages? Is the one with ID among them? */
int store_stuck_any(struct store *s, const char *mailbox, bool *any);
int store_stuck_is(struct store *s, const char *mailbox, const unsigned char *id, bool *is);
int store_stuck(struct store *s,
	int (*visit)(void *context, const char *mailbox, uint64_t count, int64_t since),
	void *context);
/* What the visit found; what it did not find is known no more. */
int store_mailbox_facts(struct store *s, const char *mailbox, const struct mailbox_facts *facts);
struct mailbox_state {
	char name[STORE_NAME_SIZE];
	int64_t read_at, failed_at; /* the last time of each, 0: never */
	int64_t first_at;           /* when it was tried first; 0: not known */
	struct mailbox_facts facts; /* of the last visit that opened it */
	char why[256];              /* of the last failure */
};
int store_mailboxes(
	struct store *s, int (*visit)(void *context, const struct mailbox_state *m), void *context);

/* --- token servers (store/mailbox.c) --------------------------------------- */

/* Until when the token server of [oauth NAME] wants no request; 0: it never said so. */
int store_token_later(struct store *s, const char *name, int64_t *at);
int store_token_put_off(struct store *s, const char *name, int64_t at);

#endif
