/* Evidence as files: what an export writes and a check reads. */
#ifndef RETOUR_EVIDENCE_H
#define RETOUR_EVIDENCE_H

#include "poller/run/session.h"
#include "reports/audit.h"
#include "reports/evidence.h"

#define EVIDENCE_KEY "retour.pub"
#define EVIDENCE_SUMS "SHA256SUMS"
#define EVIDENCE_LEDGER "ledger.txt"
#define EVIDENCE_CHECKPOINT "checkpoint.txt"
#define EVIDENCE_SIGNATURE ".minisig"

/*
 * Writes BYTES to DIR/NAME and its signature beside it; the trusted comment names the file and says
 * WHAT. Exit code; failures are said.
 */
int evidence_write(
	struct session *s, const char *dir, const char *name, struct span bytes, const char *what);
/* The public key as a file for minisign. Exit code. */
int evidence_write_key(struct session *s, const char *dir);
/*
 * Everything an auditor takes away, into DIR, which is made and has to be empty. Exit code:
 * EXIT_BROKEN when the audit finds a broken promise.
 */
int evidence_export(
	struct session *s, const char *dir, const struct audit_options *about, int64_t now);

struct verify_options {
	const char *key; /* file or the line itself; NULL: the one that lies with the evidence */
	struct known_head head[16]; /* from --head */
	unsigned heads;
	const char *checkpoint;  /* file with a signature beside it; NULL: none */
	const char *log;         /* what a log or a command has heard; NULL: none */
	const char *stamps, *ca; /* directory of time-stamps, and the authority's certificates */
};
/*
 * Checks PATH, a directory of evidence or one file of it, and says what it finds on stdout. Exit
 * code.
 */
int evidence_verify(const char *path, const struct verify_options *o);

#endif
