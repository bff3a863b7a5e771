/* A visit to an IMAP mailbox: what imap.c and its parts know of it. */
#ifndef RETOUR_IMAPSOURCE_H
#define RETOUR_IMAPSOURCE_H

#include "poller/mailbox/imapsession.h"
#include "poller/mailbox/imapsettle.h"
#include "poller/mailbox/local.h"
#include "poller/mailbox/source.h"
#include "store/contacts.h"

enum {
	IMAP_WINDOW_MESSAGES = 4096,    /* listed at once */
	FOLDERS_MAX = SETTLEMENT_COUNT, /* one per settlement */
};

/* One line of a listing. */
struct imap_entry {
	uint32_t uid;
	uint32_t size;
	int64_t arrived;
	bool had;
};

struct imap_window {
	struct imap_entry at[IMAP_WINDOW_MESSAGES + 1];
	size_t n;
	size_t next; /* the first that was not handed out */
	size_t end;  /* of the batch in flight */
};

struct imap_source {
	struct source source;
	struct imap_session session;
	const struct mailbox *mailbox;
	uint64_t max_message;
	bool stays;
	bool settles; /* not a dry run */
	bool asks;    /* sink->wanted() which are to be read: not all of a range of UIDs are */
	struct imap_folder folder; /* what is read */
	bool archives;             /* an expunge does not delete (imapdelete.h) */
	struct imap_folder
		trash;           /* by way of which is deleted then; written: NULL: there is none */
	uint32_t trash_validity; /* its UIDVALIDITY; 0: nothing was deleted yet */
	bool trash_keywords;     /* it keeps ours */
	struct imap_folder
		target[FOLDERS_MAX]; /* where what is settled so goes, by enum settlement; written
					is NULL where nothing moves */
	bool selected;               /* FOLDER is the selected one */
	uint32_t uidvalidity;
	uint64_t uid_end;  /* as at open; what has come since waits for the next run */
	uint32_t last;     /* the highest UID listed so far */
	uint32_t position; /* probably the sequence number of the first one above it */
	struct imap_window window;
	struct imap_entry *late; /* could not be had before: for the end */
	size_t late_n, late_room;
	bool at_late;           /* the window has one of them */
	struct uid_list marked; /* without UIDPLUS: marked and not expunged yet */
	char *password;         /* for another connection, where one is lost at a message */
	double began;           /* of the visit, clock_monotonic() */
	bool unfinished;        /* it was ended before its deadline */
	uint32_t unlisted;      /* messages of a range that its listing left out */
	size_t batch; /* messages asked for at once: as many as a part of the deadline is good
		       for */
	uint64_t batch_bytes; /* and their bytes */
	double batch_took;    /* seconds, the last one */
	unsigned connections;
	uint32_t cut_uid;        /* the last connection was lost at it */
	bool was_silent;         /* the last connection fell silent, and no message came since */
	struct uid_list removed; /* what the server said that it deleted or moved */

	/* while a FETCH runs */
	const struct imap_entry *present; /* one that was looked for and is there */
	void (*on_fetch)(struct imap_source *s, const struct imap_entry *entry,
		const struct mailimap_msg_att *answer);
	struct uid_list *sizes; /* of messages, where those are asked for */
	const struct source_sink *sink;
	struct wiped body;
	bool reading, body_overflow, body_failed, stopped;
	int handed;
};

static inline struct imap_source *imap_source_of(struct source *source)
{
	return (struct imap_source *)source;
}

#endif
