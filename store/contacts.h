/*
 * What is known of recipients: answers, their events, suppressions that another system knew, what
 * is taken back, what is erased, and the investigations that the sender's own faults open.
 */
#ifndef RETOUR_STORE_CONTACTS_H
#define RETOUR_STORE_CONTACTS_H

#include "store/store.h"

/*
 * A reason and its ladder; and what stands as provider where the refusals that nobody understands
 * are too many at once.
 */
#define NOT_UNDERSTOOD "not-understood"

/* --- answers (store/contact.c) -------------------------------------------- */

#define STORE_VERDICTS(X) \
	X(VERDICT_SEND, "send") \
	X(VERDICT_HOLD, "hold") \
	X(VERDICT_SUPPRESS, "suppress")
#define STORE_ENUM(symbol, name) symbol,
enum verdict { STORE_VERDICTS(STORE_ENUM) VERDICT_COUNT };
#undef STORE_ENUM
const char *verdict_name(unsigned v);
/* Of enum contact_state (store/history/state.h); "" for none of them. */
const char *contact_state_name(unsigned s);

struct answer {
	enum verdict verdict;
	int64_t until; /* hold: not before; 0: open */
	enum contact_state state;
	unsigned attempts;              /* n of soft(n) */
	int64_t since;                  /* the state's first day; 0: never heard of */
	char reason[EVENT_RULE_SIZE];   /* category, or e.g. prolonged-soft; "" for send */
	char stream[EVENT_STREAM_SIZE]; /* of our mail, to which alone the reason applies; "": to
					   all */
};
/* ADDRESS is any text of N bytes; STORE_MISUSE when it is no address. */
int store_check(struct store *s, const char *address, size_t n, int64_t now, struct answer *out);
/*
 * The same for mail of one STREAM, as store_stream() numbers them; 0: for whatever mail, which an
 * objection to any stream stands against. An objection of unknown stream stands against all.
 */
int store_check_stream(struct store *s, const char *address, size_t n, unsigned stream, int64_t now,
	struct answer *out);
/* The number of a configured stream, from 1; 0: none is called so. And its name; "" of 0. */
unsigned store_stream(const struct store *s, const char *name);
const char *store_stream_name(const struct store *s, unsigned stream);

enum { CONTACT_DAYS_MAX = 64, CONTACT_OBJECTIONS_MAX = 17 };
/* All that is known of one contact. */
struct contact_view {
	struct answer answer;
	bool objection;                     /* kept as such, for longer than contacts */
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
	unsigned objections; /* to streams of our mail */
	struct {
		char stream[EVENT_STREAM_SIZE]; /* "": one that is no longer configured, which is
						   for all */
		int64_t since;
		enum category category;
		char rule[EVENT_RULE_SIZE];
	} objected[CONTACT_OBJECTIONS_MAX];
};
int store_contact_show(
	struct store *s, const char *address, size_t n, int64_t now, struct contact_view *out);

enum { STORE_PSEUDONYM_HEX = 33, STORE_FINGERPRINT_HEX = 33 };
/*
 * The contacts, by pseudonym, of whom something was heard or whose state changed on the day of
 * SINCE or later (0: all), with the answer of NOW for STREAM, as store_check_stream() has it; who
 * is active again is among them. KEY is the fingerprint of the key under which a pseudonym is made:
 * of the state key, or of the one before it.
 */
int store_suppressions(struct store *s, int64_t since, unsigned stream, int64_t now,
	char key[STORE_FINGERPRINT_HEX],
	int (*visit)(void *context, const char *pseudonym, const struct answer *a), void *context);

/*
 * An operator's decision, inside a transaction: *MOVED is false where the table has no such move
 * from the state *FROM. The ledger is the caller's to write.
 */
enum contact_move {
	MOVE_REVALIDATE, /* paused: try it now */
	MOVE_RESOLVE,    /* block, investigate: let it through; for all that wait, see
			  store_resolve() */
	MOVE_CONFIRM,    /* unconfirmed: it is true */
	MOVE_REACTIVATE, /* inactive: forget why; what happened before NOW and is read later changes
			    nothing */
};
int store_contact_move(struct store *s, const char *address, size_t n, enum contact_move move,
	int64_t now, enum contact_state *from, bool *moved);
/*
 * An operator lets ADDRESS through in one STREAM again: what was said against it before NOW, and is
 * read later, changes nothing. *FREED is false where nothing was. Inside a transaction; the ledger
 * is the caller's to write.
 */
int store_contact_free(
	struct store *s, const char *address, size_t n, unsigned stream, int64_t now, bool *freed);
/* Contacts per state now. */
int store_contact_counts(struct store *s, uint64_t counts[STATE_COUNT]);
/* Of those: who objected to some stream of our mail, which leaves the state as it is. */
int store_contact_objectors(struct store *s, uint64_t counts[STATE_COUNT]);

/*
 * Between true and false all answers come from one state of the store. Not while waiting for input:
 * a purge has to wait for its end.
 */
int store_snapshot(struct store *s, bool hold);
/*
 * Many questions at once, within a snapshot: contacts are looked up in the order in which they lie,
 * which costs a tenth. Begin says how many are going to be asked at most, no more than
 * store_ask_most(). store_ask() takes a question (STORE_MISUSE: no address, and not asked),
 * store_ask_all() finds the answers, and store_asked() gives the next one in the order of the
 * questions, as store_check_stream() would.
 */
enum { STORE_ASK_MAX = 1 << 20 };
size_t store_ask_most(const struct store *s);
int store_ask_begin(struct store *s, size_t most);
int store_ask(struct store *s, const char *address, size_t n);
int store_ask_all(struct store *s, unsigned stream, int64_t now);
int store_asked(struct store *s, struct answer *out);
/*
 * From now on a second thread, with a handle of its own that sees the same state of the store,
 * finds half of the answers where LEAST questions or more are announced to store_ask_begin(). The
 * snapshot may begin anew there. S is read only.
 */
int store_ask_beside(struct store *s, size_t least);

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

/* --- suppressions that another system knew (exchange/suppress.c) ------------- */

struct suppression {
	enum category category;     /* hard, complaint or soft */
	int64_t at;                 /* since when; not later than now */
	char rule[EVENT_RULE_SIZE]; /* the list that it comes from, "suppress.ses";
				       store_cause_undo() takes it back by this name */
	unsigned stream;            /* a complaint's: store_stream(); 0: for all mail */
};
/*
 * The rule for a list of SOURCE that is taken in now: "suppress.SOURCE"; with "-2" and so on behind
 * it where an operator took back what stood under the former names, which would end it at once.
 */
void store_suppress_rule(const struct store *s, const char *source, char rule[EVENT_RULE_SIZE]);
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
/*
 * *NAMED: an event of these days or a wave has RULE, PROVIDER or both, if only by the rules of a
 * version before this one. Each may be NULL, one is not. It looks through all events of the days.
 */
int store_names_cause(struct store *s, const struct cause_choice *choice, bool *named);

/* --- decided again (store/again/rejudge.c) -------------------------------------- */

struct rules;
/* How many failures that are kept there are, and what was found of them. */
struct rejudged {
	uint64_t events, changed;
	uint64_t gone;   /* their words are no longer kept: left as they are */
	uint64_t untold; /* what decided them is not among what is kept: left as they are */
	struct cause_moves moves;
};
/*
 * Decides the kept failures again by RULES, as far as BEFORE (the rules that the program brings
 * along) or the rule itself shows that what is kept tells what it was decided by, and takes
 * contacts where that leads. Inside a transaction; the ledger is the caller's to write.
 */
int store_rejudge(struct store *s, const struct rules *rules, const struct rules *before,
	int64_t now, struct rejudged *out);

/* Hard bounces that were too many at once to be believed (store/brake.c). */
struct wave {
	const char *kind, *name;    /* "provider", "rule", "reporting-mta" */
	int64_t day, opened, until; /* UNTIL: then time has confirmed them */
	uint64_t count;             /* hard bounces of that day that were read here */
	bool own;                   /* false: only another site says so */
};
int store_waves(struct store *s, int64_t now, int (*visit)(void *context, const struct wave *w),
	void *context);
/*
 * They were true: all who rest on the waves of this cause, between its days, are inactive. Inside a
 * transaction.
 */
int store_confirm(struct store *s, const struct cause_choice *choice, uint64_t *waves);

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
	char stream[EVENT_STREAM_SIZE]; /* of our mail; "": none was known */
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

/* --- data subjects (store/subject.c) -------------------------------------- */

struct erased {
	uint64_t contacts, events;
	uint64_t suppressions; /* contacts of which only is left that they are not to be written to,
				  since when and why */
	uint64_t objections;   /* of the contacts, those who had objected to mail */
	uint64_t objections_kept; /* the same of the suppressions */
};
/*
 * Inside a transaction: deletes what is held about ADDRESS under every key that is there, and adds
 * up what that was. KEEP: who is inactive stays so, with nothing beside. STORE_MISUSE: no address.
 * The ledger is the caller's to write, and store_scrub() to be called after the commit.
 */
int store_forget(
	struct store *s, const char *address, size_t n, bool keep, int64_t now, struct erased *sum);

/* --- domains that nobody has (store/nodomain.c) ------------------------------- */

/*
 * *GONE: k mails to DOMAIN or more, on two days at least, came back because its name is not known,
 * and nothing else was heard of it. What is no domain is not gone.
 */
int store_domain_is_gone(struct store *s, const char *domain, size_t n, bool *gone);

/* --- investigations (store/investigation.c) ------------------------------- */

/*
 * Blocks are the sender's to mend: one investigation for each provider and category, from a day on
 * which they are beyond noise. Times are days.
 */
struct investigation {
	char provider[EVENT_PROVIDER_SIZE]; /* a profile's name or "other" */
	enum category category;
	int64_t opened, last; /* the first and the last day beyond noise */
	int64_t closed;       /* 0: it is open */
	uint64_t blocks;      /* of all days since it was opened */
};
/*
 * Opens and holds what the blocks of the last days call for, in a transaction of its own where
 * there is none; store_advance() does it, too.
 */
int store_investigate(struct store *s, int64_t now);
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
 * STORE_MISUSE: there is none open, and nobody waits. The ledger is the caller's to write.
 */
int store_resolve(struct store *s, const char *provider, enum category category, int64_t now,
	uint64_t *released);
/* The N-th thing to look at for a block of this CATEGORY, a line of text; NULL behind the last. */
const char *store_checklist(enum category category, unsigned n);

#endif
