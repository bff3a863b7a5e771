/*
 * What there is to know of a mailbox before it is opened: where it is, how to log in, what becomes
 * of its mail. The INI file's [mailbox NAME], read and checked.
 */
#ifndef RETOUR_MAILBOX_H
#define RETOUR_MAILBOX_H

#include <stdint.h>
#include "poller/mailbox/stream.h"

/*
 * Each as the INI file and the ledger name it; by which source (source.h) it is read, and whether a
 * server is asked for it.
 */
#define PROTOCOLS(X) \
	X(PROTOCOL_IMAP, "imap", source_imap, true) \
	X(PROTOCOL_POP3, "pop3", source_pop3, true) \
	X(PROTOCOL_MAILDIR, "maildir", source_maildir, false) \
	X(PROTOCOL_MBOX, "mbox", source_mbox, false)
#define AUTH_METHODS(X) \
	X(AUTH_PLAIN, "plain") \
	X(AUTH_LOGIN, "login") \
	X(AUTH_CRAM_MD5, "cram-md5") \
	X(AUTH_SCRAM_SHA_1, "scram-sha-1") \
	X(AUTH_SCRAM_SHA_256, "scram-sha-256") \
	X(AUTH_XOAUTH2, "xoauth2")
#define MAILBOX_KINDS(X) \
	X(MAILBOX_AUTO, "auto") \
	X(MAILBOX_BOUNCE, "bounce") \
	X(MAILBOX_FBL, "fbl")
#define MAILBOX_ENUM(symbol, ...) symbol,
enum protocol { PROTOCOLS(MAILBOX_ENUM) };
enum auth { AUTH_METHODS(MAILBOX_ENUM) };
enum mailbox_kind { MAILBOX_KINDS(MAILBOX_ENUM) };
#undef MAILBOX_ENUM

/* What to do with a message that is done: delete, keep, or move to FOLDER. */
enum disposal_action { DISPOSE_DELETE, DISPOSE_MOVE, DISPOSE_KEEP };
struct disposal {
	enum disposal_action action;
	const char *folder;
};

/* Where a secret comes from; one of them is set. */
struct secret_source {
	const char *file, *command, *credential;
};

struct oauth_options; /* poller/mailbox/oauth.h */

struct mailbox {
	const char *name;
	int protocol; /* enum protocol */
	const char *host;
	int64_t port; /* 0 in the file: the protocol's usual one */
	int tls;      /* enum tls */
	const char *ca_file;
	const char *user;
	int auth; /* enum auth */
	struct secret_source secret;
	const char *oauth_name;            /* [oauth NAME]; NULL: none */
	const struct oauth_options *oauth; /* the same, once the file is read */
	const char *path;                  /* the Maildir or mbox */
	const char *folder;                /* IMAP folder; else the same as path */
	int kind;                          /* enum mailbox_kind */
	struct disposal processed, unrecognised, quarantine;
	struct disposal optout; /* never deleted: neither DISPOSE_DELETE nor after raw_retention */
	int64_t raw_retention;  /* seconds */
	int64_t max_message;    /* bytes */
	int64_t timeout, deadline; /* seconds */
};

/* The one of that name among COUNT; NULL when there is none. */
const struct mailbox *mailbox_find(const struct mailbox *list, unsigned count, const char *name);
/* Is a server asked for it, or a file read? */
bool mailbox_has_server(const struct mailbox *box);

#endif
