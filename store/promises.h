/*
 * What proves that promises are kept, beside the ledger: retention, settings, backups, the file.
 */
#ifndef RETOUR_STORE_PROMISES_H
#define RETOUR_STORE_PROMISES_H

#include "store/store.h"

/* --- retention (store/retention.c), settings (store/settings.c) ----------- */

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

enum { SECTION_PAIRS_MAX = 6 };
/*
 * What else a section of the INI file says that evidence rests on; of a value that names an address
 * the ledger says that only. Usual: it says nothing that the program would not do without it, and
 * has no entry as long as it never did.
 */
struct setting_section {
	const char *name;
	struct {
		const char *name, *value;
	} pair[SECTION_PAIRS_MAX];
	unsigned pairs;
	bool usual;
};
/* Notes each section that says something else than last time. */
int store_note_sections(
	struct store *s, const struct setting_section *list, unsigned count, int64_t now);

/* --- backups (store/backup.c) --------------------------------------------- */

/*
 * Writes a copy of the store, without keys, to PATH, which must not exist; mode 0600. Another
 * process may read and write the store meanwhile. *UNTIL is when it must be destroyed, which is
 * [retention] backups later; from then on it is not opened as a store. Ledgered.
 */
int store_backup(struct store *s, const char *path, int64_t now, int64_t *until);

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
/* Reads every page of the file: as long as that takes. */
int store_file_state(struct store *s, struct store_file_state *out);

#endif
