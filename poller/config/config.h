/*
 * The INI file. Only config*.c know it: one table of keys (section, key, type,
 * default, bounds, help) reads it, checks it, prints the sample file and the manual's list.
 */
#ifndef RETOUR_CONFIG_H
#define RETOUR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "classify/base/list.h"
#include "classify/mailstream.h"
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/oauth.h"
#include "poller/post/post.h"
#include "store/store.h"

enum { CONFIG_MAILBOXES_MAX = 64, OAUTHS_MAX = 16 };

/* Another site, or this one under its own name. */
struct config_site {
	const char *name, *public_key;
};

/* A stream of our mail. */
struct config_stream {
	struct list campaigns, from, list_ids;
};

/* Words of the INI file, by which the members below are numbers. */
#define ACT_ON_CHOICES(X) \
	X(ACT_ON_VERIFIED, "verified") \
	X(ACT_ON_MATCHED, "matched") \
	X(ACT_ON_ANY, "any")
#define DIAGNOSTICS_CHOICES(X) \
	X(DIAGNOSTICS_REDACTED, "redacted") \
	X(DIAGNOSTICS_NONE, "none")
#define DOMAINS_CHOICES(X) \
	X(DOMAINS_KNOWN, "known") \
	X(DOMAINS_ALL, "all")
#define CONFIG_ENUM(symbol, word) symbol,
enum act_on { ACT_ON_CHOICES(CONFIG_ENUM) };
enum diagnostics_kept { DIAGNOSTICS_CHOICES(CONFIG_ENUM) };
enum domains_kept { DOMAINS_CHOICES(CONFIG_ENUM) };
#undef CONFIG_ENUM

struct config {
	const char *file; /* where it was read; NULL: built-in defaults */
	const char *store_path;
	const char *keys_dir;
	const char *marker; /* NULL: the built-in defaults, which have no file beside which it could
			       lie */
	struct list domains, campaign_headers, authserv_ids;
	int act_on; /* enum act_on */
	const char *verp, *unsubscribe, *batv_key_file;
	const char *rules_file, *providers_file;
	int diagnostics;  /* enum diagnostics_kept */
	int domains_kept; /* enum domains_kept */
	int64_t k;
	bool fold_local_part, fold_gmail;
	int64_t period[RETAIN_COUNT];
	const char *reason[RETAIN_COUNT];
	int64_t usual_objections; /* where the file names no period for them */
	int64_t soft_quiet, soft_mailings, soft_pause, soft_remember, brake_minimum, brake_factor,
		brake_hold, block_hold, block_patience, block_gate, block_quiet;
	struct ladder ladder[LADDERS_MAX];
	unsigned ladders;
	const char *site; /* this store's name among several; NULL: there is no other */
	struct config_site other[SITES_MAX];
	unsigned others;
	struct config_stream stream[STREAMS_MAX];
	struct mail_stream
		streams[STREAMS_MAX + 1]; /* the same, as it is asked; ends without a name */
	struct oauth_options oauth[OAUTHS_MAX];
	unsigned oauths;
	struct post_options post; /* [report], [alert], [metrics] */
	struct mailbox mailbox[CONFIG_MAILBOXES_MAX];
	unsigned mailboxes;
	bool standard;          /* it is the file that is read when none is named */
	bool would_be_standard; /* NAMED is that file's name */
	bool confirmed;         /* --yes was given */
	const char *named;      /* for the commands that need none: the file that would be read */
	void *memory;           /* owns the strings */
};

/*
 * Reads FILE (NULL: defaults only). Every error is printed to ERRORS, one a line: file, section,
 * key, what would be right. Returns 0, or -1 when there was any. config_free() always.
 */
int config_load(struct config *c, const char *file, FILE *errors);
/* The same, and TOLD hears of each value that a file gives, in the order in which they are read:
 * the last one holds. */
typedef void config_told(
	void *context, const char *section, const char *key, const char *value, const char *file);
int config_load_told(
	struct config *c, const char *file, FILE *errors, config_told *told, void *context);
/* VISIT to each file beside the drop-ins of FILE that is none for its name, and was meant as one.
 */
void config_passed_over(
	const char *file, void (*visit)(void *context, const char *path), void *context);
void config_free(struct config *c);
/* Copies TEXT into memory that C owns until config_free(). */
char *config_keep(struct config *c, const char *text);
/*
 * The commented sample file (etc/retour.ini); the same with mdoc markup, the list of keys of
 * retour.ini(5).
 */
void config_print_sample(FILE *out);
void config_print_manual(FILE *out);

/* What the store and the reports need of it. Strings stay the configuration's. */
void config_store_options(const struct config *c, struct store_options *out);

/* NULL when there is none of that name. */
const struct mailbox *config_mailbox(const struct config *c, const char *name);

#endif
