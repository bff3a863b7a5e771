/*
 * What a command works with while it works: the open store, the rules, what the configuration says
 * of each room's part.
 */
#ifndef RETOUR_SESSION_H
#define RETOUR_SESSION_H

#include "poller/run/clockguard.h"
#include "reports/reports.h"
#include "store/store.h"

struct config;       /* poller/config/config.h */
struct mailbox;      /* poller/mailbox/mailbox.h */
struct post_options; /* poller/post/post.h */

struct session {
	const struct config *config; /* of use to commands only: no other room knows the INI file */
	const char *config_file;     /* for processes that read it anew; NULL: built-in defaults */
	const struct mailbox *mailbox;
	unsigned mailboxes;
	const struct post_options *post;
	struct rules *rules;
	struct store *store;
	struct store_options options;
	struct report_options report; /* reports keep a pointer to it */
	char *batv_key;               /* as the store needs it; secret_free() */
	char *logo;                   /* a data URI; NULL: none */
	int lock;                     /* descriptor, -1: none */
	int64_t now; /* the present; while the clock is in doubt the last time that is certain */
	struct clock_present present; /* as the machine, or --now, has it */
	struct clock_verdict clock;   /* SESSION_READ: not asked */
};

/* Logs the store's error and gives the exit code for RESULT. */
int session_store_failed(const struct session *s, const char *what, int result);

#endif
