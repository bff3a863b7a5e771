/* Suppression lists that other systems keep: CSV as Amazon SES, SendGrid, Mailgun and others give
 * it, or addresses alone. */
#ifndef RETOUR_SUPPRESSFILE_H
#define RETOUR_SUPPRESSFILE_H

#include "classify/base/span.h"
#include "classify/rules.h"
#include "store/contacts.h"
#include "store/store.h"

struct suppressfile {
	const char *source; /* a name of suppressfile_sources() */
	int assumed;     /* enum category of entries whose file does not say why; -1: such a file is
			    refused */
	unsigned stream; /* that complaints and opt-outs are about: store_stream(); 0: all mail */
	const struct rules *rules; /* decide on receivers' answers */
	int64_t now;
	char rule[EVENT_RULE_SIZE]; /* under which its entries are kept: store_suppress_rule() */
	/* what became of it, in entries */
	uint64_t taken[CLASS_COUNT], opt_outs; /* OPT_OUTS: of the complaints */
	uint64_t met[SUPPRESSED_COUNT];
	uint64_t left_out; /* that suppress nobody: subscribers in good standing, blocks, which are
			      about the sender */
	uint64_t bad;      /* lines that were not understood */
};

/* "ses|sendgrid|…": where lists may come from. */
const char *suppressfile_sources(void);
bool suppressfile_knows(const char *source);
/* "hard", "complaint", "opt-out" or "soft" as a category; -1. */
int suppressfile_assumed(const char *word);
/*
 * Reads the file PATH ("-" or NULL: stdin) into the store, whose transaction is open. Says each bad
 * line with its number and never with its content. EXIT_WELL; EXIT_LOST when lines were bad, with
 * the good ones taken; else the transaction is to be rolled back: the exit code of what failed.
 */
int suppressfile_import(struct suppressfile *f, struct store *store, const char *path);

/* Whether TEXT, the begin of a file, looks like such a list: a line of column names with an address
 * among them. */
bool suppressfile_looks_so(struct span text);

#endif
