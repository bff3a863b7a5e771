/*
 * The store: everything that lasts. All SQL is below its headers:
 *
 *   store.h     settings, opening and closing
 *   writing.h   what the poller writes: messages with their events, mailboxes, folders
 *   contacts.h  what is known of recipients, what is answered, what operators decide
 *   volume.h    how much was sent, and which logs said so
 *   figures.h   counts and rates for reports
 *   keys.h      keys, signatures, signed return paths
 *   promises.h  retention, ledger, backups, the state of the file
 *   site.h, chain.h, intact.h, exchange/: their own
 *   watch/      alerts and the witness, who look at it from above
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
#include "store/base/minisign.h"
#include "store/history/state.h"

struct store;
struct mail_stream;

enum store_result {
	STORE_OK = 0,
	STORE_FAILED = 1, /* database, disk, lock */
	STORE_KEYS = 2,   /* keys missing, loose mode, wrong owner, wrong key for this store */
	STORE_BROKEN = 3, /* a retention or integrity promise is broken */
	STORE_MISUSE = 4,
	STORE_TO_COME = 5, /* none yet, or of an older form: the next run sees to it */
};

enum { LADDER_STEPS_MAX = 8, LADDERS_MAX = 16, STORE_DIGEST_SIZE = 32, STORE_DOMAIN_SIZE = 32 };

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
		"not to write again to dead addresses") \
	X(RETAIN_OBJECTIONS, "objections", "3y", \
		"that somebody objected to mail: opt-outs, complaints and what was entered by hand, after the last event; at least as long as contacts", \
		"who objected to mail is left alone after a pause of years, too (GDPR Article 21(3))") \
	X(RETAIN_MESSAGES, "messages", "90d", \
		"hashes by which a message that is read again is known", \
		"no message counts twice") \
	X(RETAIN_ALERTS, "alerts", "365d", "alerts", "comparison with the year before") \
	X(RETAIN_SUMMARIES, "summaries", "400d", \
		"what receivers report of our domains (DMARC, TLS): counts by day and network", \
		"comparison with the year before, and with what was usual before a break") \
	X(RETAIN_LEDGER, "ledger", "10y", \
		"the ledger: counts, settings, and the reasons that operators gave", \
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
	bool create;     /* make store and keys when absent (run, poll, import); else absent is an
			  error */
	bool read_only;  /* reports, check, audit */
	bool time_given; /* the present is somebody's word (--now), which the ledger marks */
	bool verify;     /* refuse every page that is not as it was written
			    (store/base/pagefile.h); else those of contacts only */
	const struct mail_stream *streams; /* of our mail (classify/mailstream.h); NULL: none */
	enum origin act_on;                /* the worst origin that may change a contact's state */
	bool tell;           /* [hook]: who is suppressed, or no longer, is to be told (news.h) */
	bool tell_addresses; /* … with the address where it is in memory */
	const char *site;    /* this store's name among several; NULL: there is no other */
	struct site_peer peer[SITES_MAX];
	unsigned peers;
	bool fold_local_part;
	bool fold_gmail;       /* a.nna@googlemail.com is anna@gmail.com */
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
	int64_t brake_minimum; /* hard bounces of one provider, rule or reporting MTA within an hour
				  that may be a wave; 0: there are none */
	int64_t brake_factor;  /* beyond so many times the highest hour known */
	int64_t brake_hold;    /* unconfirmed for so long, then they are taken for true */
	int64_t block_hold;    /* after a block: hold so long; the sender has work to do, not the
				  recipient */
	int64_t block_patience; /* then hold for the investigation, so long after the block at
				 most */
	int64_t block_gate;  /* then let the addresses through one after the other in the course of
				so long */
	int64_t block_quiet; /* then, without another block for so long, the contact is active;
				without a day beyond noise the investigation is over */
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
/* After an error: it is that a newer program has given the store its form, meanwhile or before. */
bool store_outgrown(const struct store *s);

/*
 * While statements run, TICK is told again and again how many rows were changed since the store was
 * opened. NULL: nobody is told any more.
 */
void store_set_tick(struct store *s, void (*tick)(uint64_t changed));
#endif
