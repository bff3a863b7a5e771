/*
 * Sent counts from a file of the sending system: CSV with day, campaign, provider or domain, sent.
 */
#ifndef RETOUR_VOLUMEFILE_H
#define RETOUR_VOLUMEFILE_H

#include "classify/rules.h"
#include "store/store.h"

struct volumefile {
	const char *source; /* under which name its days stand; a later file of the same name
			       replaces the days that it has */
	bool beside;        /* this mail is in no log that is counted */
	const struct rules *rules;
	int64_t now;
	/* what became of it */
	uint64_t rows, sent;
	unsigned days, corrected; /* CORRECTED: days of which the store knew another sum */
	uint64_t bad;             /* lines in error; then nothing of the file is to be kept */
};

/*
 * Reads the file PATH ("-": stdin) into the store, whose transaction is open. Says each error with
 * file, line and column, and never a value. EXIT_WELL; EXIT_LOST when the file is not good or
 * cannot be read, or what the store's failure means: the transaction is then to be rolled back.
 */
int volumefile_import(struct volumefile *f, struct store *store, const char *path);

#endif
