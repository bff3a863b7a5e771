/* What witnesses outside have heard of the ledger's head, for the check of evidence. */
#ifndef RETOUR_EVIDENCEWITNESS_H
#define RETOUR_EVIDENCEWITNESS_H

#include "reports/evidence.h"

/* Heads that are known; the holder frees HEAD. */
struct heads {
	struct known_head *head;
	unsigned n, room;
};
/* Adds one. False: no memory. */
bool heads_add(struct heads *h, const struct known_head *head);

/*
 * The heads that stand in PATH, a log or a list: in each line the first NUMBER:HASH. One finding
 * where there is none. Exit code.
 */
int witness_heads(const char *path, struct heads *h, struct findings *f);
/*
 * The heads that were time-stamped, in the directory DIR (outside.h): each is verified with openssl
 * against the authority's certificates in the file CA, and its time is held against the one that
 * the checkpoint says. Exit code.
 */
int witness_stamps(const char *dir, const char *ca, struct heads *h, struct findings *f);

#endif
