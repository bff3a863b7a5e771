/*
 * The ledger's head, told to witnesses outside of this machine's reach: the system's log, a
 * command, and a time-stamping authority (RFC 3161). Whoever may rewrite store, keys and clock here
 * cannot take back what they have heard; `audit verify` holds the evidence against it.
 */
#ifndef RETOUR_OUTSIDE_H
#define RETOUR_OUTSIDE_H

#include "poller/run/session.h"

/* Where heads lie that were time-stamped: head-NUMBER.txt, a checkpoint, and head-NUMBER.tsr. */
#define OUTSIDE_HEAD "head-"
#define OUTSIDE_TEXT ".txt"
#define OUTSIDE_STAMP ".tsr"

/*
 * Tells each witness that [witness] names the head, where it has not heard of it yet; the
 * time-stamp is once a day. Exit code; what fails is said and tried again by the next run.
 */
int outside_tell(struct session *s);

/* Whether a system's log listens at PATH; nothing is told. Where none does, why, and what to do. */
bool outside_log_listens(const char *path, char *error, size_t size);

#endif
