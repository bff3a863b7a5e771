/*
 * One record of a list that `check` answers: what the store is asked about it, and its answer
 * (cmd_check.c goes through the list).
 */
#ifndef RETOUR_COMMAND_CHECKRECORD_H
#define RETOUR_COMMAND_CHECKRECORD_H

#include "classify/base/span.h"
#include "poller/command/hint.h"
#include "poller/command/out.h"
#include "poller/command/opening.h"
#include "store/contacts.h"

enum {
	/* bytes of a line or field that are looked at; an address has 320 at most */
	CHECK_ADDRESS_MAX = 1024,
	CHECK_RECORD_MAX = 256 * 1024,
	CHECK_TEXT = 20 << 20, /* of a portion, which is answered from one state of the store */
	/*
	 * Who has sent so much at once has a list: the rest of the portion is waited for, so many
	 * times at most.
	 */
	CHECK_LIST = 32 * 1024,
	CHECK_WAIT_MS = 20,
	CHECK_SHARED = 100000, /* lines at once, from which on two look for the answers */
	CHECK_WAITS = 50,
	CHECK_COLUMNS_MAX = 1000,
};

/*
 * What stands in the place of a verdict where there is no address: nobody is to be suppressed, a
 * line is to be mended. Behind the store's own.
 */
enum { VERDICT_INVALID = VERDICT_COUNT, VERDICT_WORDS };
const char *verdict_word(unsigned v);

struct list_check {
	struct session *session;
	int64_t now;
	bool json, bare;
	int only;        /* enum verdict, -1: all */
	unsigned stream; /* store_stream(); 0: whatever mail */
	const char *stream_name;
	bool streams;       /* there are some, so answers say which */
	int only_hint;      /* enum hint; HINT_COUNT: any; -1: all */
	const char *column; /* the column's name; NULL: by number or no CSV */
	bool csv, header;   /* HEADER: the first record is one */
	size_t number;      /* of the column, from 0 */
	char separator;
	bool begun;   /* the first record was seen */
	bool in_line; /* the begin of a line longer than a chunk was answered */
	uint64_t line, answered, bad;
	const char *advice;           /* what would mend the first bad line; NULL: not known */
	const char *name;             /* of the file; NULL: stdin */
	bool asking;                  /* the first time through a portion */
	size_t records;               /* of the portion, so far */
	uint8_t about[STORE_ASK_MAX]; /* enum asked_about, of each record */
	struct hints hints;
	struct out out;
	size_t have, touched; /* bytes of the buffer: now, and ever */
	char buffer[CHECK_TEXT];
};

/*
 * RECORD is the whole line, ADDRESS what is asked about; what is no address cannot be written to.
 * EXIT_WELL, or the exit code to end with.
 */
int answer_record(
	struct list_check *c, struct span record, const char *line_end, struct span address);

#endif
