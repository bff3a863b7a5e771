/*
 * Removing and moving exactly the messages that were read, by UID, in the selected
 * folder: UIDPLUS (RFC 4315) and MOVE (RFC 6851) where the server has them, and what
 * is safe where it has not.
 */
#ifndef RETOUR_IMAPSETTLE_H
#define RETOUR_IMAPSETTLE_H

#include "poller/mailbox/imapsession.h"

enum {
	IMAP_SET_BYTES = 8000, /* of one UID set: servers take command lines of 8192 */
	/*
	 * In one command, which bounds its answer too: at first, and where the server is quick.
	 * Each such command costs it a look at the whole folder, whatever it takes away, so one
	 * has all that is settled at once (COMMIT_MESSAGES in poller/run/lane.h, and some more).
	 */
	IMAP_SET_UIDS = 1000,
	IMAP_SET_UIDS_MAX = 8000,
};

/* UIDs, ascending, each once. */
struct uid_list {
	uint32_t *at;
	size_t n, capacity;
};
int uid_list_add(struct uid_list *list, uint32_t uid); /* 0, or -1 without memory */
void uid_list_sort(struct uid_list *list);
bool uid_list_has(const struct uid_list *list, uint32_t uid);
void uid_list_free(struct uid_list *list);

/*
 * How many of LIST from FIRST on, at MOST, fit into one command; *SET gets them
 * (mailimap_set_free), only UIDs of the list, neighbours as ranges. 0 without memory.
 */
size_t uid_set(const struct uid_list *list, size_t first, size_t most, struct mailimap_set **set);

/*
 * Both write what they removed from the folder to *DONE.
 *
 * Without UIDPLUS the only removal that IMAP has is EXPUNGE, which takes everything that is marked,
 * whoever marked it. So what is to go is marked and noted in MARKED, and EXPUNGE is sent only while
 * what SEARCH DELETED finds is exactly that. What waits in MARKED is tried again with the next
 * call, with an empty list too.
 */
int imap_remove(struct imap_session *s, const struct uid_list *uids, struct uid_list *marked,
	uint64_t *done);
int imap_move(struct imap_session *s, const struct uid_list *uids, struct imap_folder *to,
	struct uid_list *marked, uint64_t *done);

/* What COPYUID said of messages that went to another folder. */
struct imap_arrived {
	struct uid_list uids; /* that they have there, as the server told them */
	uint32_t uidvalidity; /* of the other folder; 0: nothing was told */
	bool mistold;         /* not as many as went, or of two folders */
};

/*
 * As imap_move(); THERE, which may be NULL, gets what the server says of them (its UIDS to be
 * freed). Where it says nothing, who wants them looks into TO, also whether any arrived.
 */
int imap_move_to(struct imap_session *s, const struct uid_list *uids, struct imap_folder *to,
	struct uid_list *marked, uint64_t *done, struct imap_arrived *there);
/* Gives them a keyword (RFC 3501 section 2.3.2), which copies of them have, too. */
int imap_set_keyword(struct imap_session *s, const struct uid_list *uids, const char *keyword);
/* Which of the selected folder have it: added to FOUND. */
int imap_search_keyword(struct imap_session *s, const char *keyword, struct uid_list *found);
/* Which of SET, which is freed, are in the selected folder: added to FOUND. */
int imap_search_uids(struct imap_session *s, struct mailimap_set *set, struct uid_list *found);
/* The same, with the sequence numbers that they have. */
int imap_search_numbers(struct imap_session *s, struct mailimap_set *set, struct uid_list *found);

#endif
