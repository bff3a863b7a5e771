/*
 * Evidence that leaves the house, and its check by somebody who has neither keys nor store. Nothing
 * here touches files: the poller reads and writes them.
 */
#ifndef RETOUR_REPORTS_EVIDENCE_H
#define RETOUR_REPORTS_EVIDENCE_H

#include <stdio.h>
#include "reports/reports.h"
#include "store/ledger.h"
#include "store/promises.h"

/* The whole ledger as text (store/chain.h). 0, or -1 with ERROR. */
int evidence_ledger(struct store *store, struct buffer *out, char *error, size_t size);

/* What a check has to say, a line each: "ok …" or "BROKEN …". */
struct findings {
	FILE *out;
	unsigned broken;
};
__attribute__((format(printf, 2, 3))) void finding_ok(struct findings *f, const char *format, ...);
__attribute__((format(printf, 2, 3))) void finding_broken(
	struct findings *f, const char *format, ...);

/* An entry that somebody knows from elsewhere: a monthly mail, a signed checkpoint. */
struct known_head {
	const char *source; /* "--head" */
	int64_t number;     /* 0: only the hash is known */
	unsigned char hash[LEDGER_HASH_SIZE];
	bool found; /* set by the check */
	bool own;   /* it lies with the evidence: nobody outside has kept it */
};
/* "12:HEX", or HEX alone, as the mails print them. */
bool known_head_parse(const char *text, struct known_head *out);

struct chain_check {
	struct known_head *head;
	unsigned heads;
	const struct minisign_public *key; /* whom to trust */
	bool vouched; /* a valid signature vouches for the text as it is: what is missing at its end
			 makes it an older copy */
};
enum { LEDGER_TEXT_MAX = 32 << 20 };
/*
 * Says what became of a ledger's text: entries changed, missing, inserted, moved, cut off at the
 * end; an older copy; a history that was written anew.
 */
void evidence_check_ledger(struct span text, const struct chain_check *check, struct findings *f);

#endif
