/*
 * The audit as a model, before any format: what was promised, what is held, what was done, and
 * which promises are kept. Loaded by audit.c, written by audittext.c and auditxml.c.
 */
#ifndef RETOUR_REPORTS_AUDIT_H
#define RETOUR_REPORTS_AUDIT_H

#include <stdio.h>
#include "reports/model.h"
#include "reports/requests.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/keys.h"
#include "store/writing.h"

enum {
	AUDIT_PURGES_MAX = 400, /* the latest: more than a year of daily purges */
	AUDIT_GAPS_MAX = 50,
	AUDIT_ACTS_MAX = 100, /* the latest of keys, erasures, manual changes, settings, exports */
	AUDIT_KINDS_MAX = 64,
	AUDIT_KEYS_MAX = 256,
	AUDIT_TEXT_SIZE = 640,
	AUDIT_WORD_SIZE = 3 * STORE_NAME_SIZE,
	RECORD_FIELDS_MAX = 16,
	GAP_BROKEN = 31, /* days without a purge: not even a monthly job did it */
};

/* Attention: nothing is broken, but somebody should look. */
#define PROMISE_STATES(X) \
	X(PROMISE_KEPT, "kept") \
	X(PROMISE_ATTENTION, "attention") \
	X(PROMISE_BROKEN, "broken")
#define REPORT_ENUM(symbol, name) symbol,
enum promise_state { PROMISE_STATES(REPORT_ENUM) };
#undef REPORT_ENUM
const char *promise_state_name(enum promise_state state);

struct promise {
	char id[STORE_NAME_SIZE];
	enum promise_state state;
	int64_t since; /* 0: does not apply, or is not known */
	char title[AUDIT_TEXT_SIZE], detail[AUDIT_TEXT_SIZE], action[AUDIT_TEXT_SIZE];
};
enum { PROMISES_MAX = RETAIN_COUNT + 20 };

struct purge_gap {
	int64_t from, to; /* the first and the last day (UTC) without a purge */
};

struct record_field {
	const char *name;
	char text[2 * AUDIT_TEXT_SIZE];
};

struct audit {
	const struct audit_options *options;
	int64_t now;
	struct purge held;
	struct store_file_state file;
	struct key_info key[AUDIT_KEYS_MAX];
	unsigned keys;
	struct finds {
		unsigned count;
		char text[AUDIT_TEXT_SIZE / 2]; /* the first ones */
	} schema, strange_keys;
	bool older;                /* than what the keys remember */
	struct ledger_entry noted; /* what that is */
	int64_t older_at;          /* when a run found that; 0: never */
	bool erasures_known;       /* the list beside the keys has the store's last one */
	int64_t events_period;
	int64_t events_cut; /* no event from before it was left by a purge */
	uint64_t events_forgotten, events_missing, events_extra;
	bool given,
		given_always; /* the times are somebody's word: now, and since the first entry */
	int64_t given_since;  /* 0: never */
	uint64_t given_entries, given_purges; /* not where they were from the first entry on */
	struct purge_gap longest;             /* of those that were over not long ago, or are not */
	unsigned sites, unconfirmed; /* others, and those that have not obeyed all erasures */
	char unconfirming[AUDIT_WORD_SIZE]; /* the first of them */
	char keys_lost[AUDIT_WORD_SIZE];    /* months, "2026-10, 2026-11" */
	struct mailbox_state mailbox[AUDIT_MAILBOXES_MAX];
	unsigned mailboxes;
	bool torn; /* the chain does not hold */
	char fault[256];
	uint64_t entries, purges, acts, days_missed, gaps, checkpoints;
	struct ledger_entry first, last, checkpoint;
	struct ledger_entry purge[AUDIT_PURGES_MAX]; /* rings: number n stands at n % size */
	struct ledger_entry act[AUDIT_ACTS_MAX];
	struct purge_gap gap[AUDIT_GAPS_MAX];
	struct {
		char kind[STORE_NAME_SIZE];
		uint64_t count;
	} kind[AUDIT_KINDS_MAX];
	unsigned kinds;
	struct mail_purge {                    /* what was deleted of moved mail, by mailbox */
		char mailbox[AUDIT_WORD_SIZE]; /* as the ledger writes it */
		int64_t at;                    /* the last time */
		uint64_t deleted[FOLDER_USE_COUNT];
	} mail[AUDIT_MAILBOXES_MAX];
	unsigned mails;
	struct request_register requests;
	struct promise promise[PROMISES_MAX];
	unsigned promises;
	enum promise_state worst;
	struct record_field record[RECORD_FIELDS_MAX];
	unsigned records;
};

/* promise.c: the next promise, all well and without words yet; and its words, cut to their place.
 */
struct promise *audit_promise(struct audit *a, const char *id);
void audit_say(char out[AUDIT_TEXT_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* audithands.c: the promises about what others did to the store. */
void audit_judge_hands(struct audit *a);
/*
 * reports/reconcile.c: how many events are tallied and not there, or there and not tallied, on the
 * days after the one of events_cut. A STORE_ result.
 */
int audit_reconcile(struct audit *a, struct store *store);
/* What becomes of what is deleted in a mailbox: a word, and a sentence about NAME. */
struct deleting_words {
	const char *word, *sentence;
};
const struct deleting_words *audit_deleting(int64_t deleting);
/* What the visits of the mailbox NAME found; NULL: it was never tried. */
const struct mailbox_state *audit_mailbox(const struct audit *a, const char *name);
/* What is known of F's mailbox; NULL: nothing was deleted there yet. */
const struct mail_purge *audit_mail_purge(const struct audit *a, const struct audit_folder *f);
/*
 * reports/record.c: the entry for the record of processing activities (Regulation (EU) 2016/679,
 * Article 30).
 */
void audit_record(struct audit *a);
/* reports/audittext.c, reports/auditxml.c */
void audit_write_text(const struct audit *a, FILE *out);
/* reports/auditjson.c */
void audit_write_lines(const struct audit *a, FILE *out);
xmlDoc *audit_document(const struct audit *a);

#endif
