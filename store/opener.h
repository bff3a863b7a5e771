/*
 * For a process that may open no file itself: another one opens those of its store and its keys,
 * and passes their descriptors. It reads, and asks for no more than these.
 */
#ifndef RETOUR_STORE_OPENER_H
#define RETOUR_STORE_OPENER_H

#include <stdbool.h>

enum store_file {
	STORE_FILE_DATABASE,    /* to read, as all but the next but one */
	STORE_FILE_LOG,         /* SQLite's -wal; made where it is not there */
	STORE_FILE_INDEX,       /* SQLite's -shm, to read and write: readers note there what they
				   read; likewise */
	STORE_FILE_KEYS,        /* the key directory */
	STORE_FILE_CREDENTIALS, /* that of systemd's */
	STORE_FILE_KEY,         /* NAME in it */
	STORE_FILE_CREDENTIAL,  /* in that */
	STORE_FILE_COUNT
};

/* The descriptor, with O_CLOEXEC, or -1 with errno. NAME is "" but for the last two. */
typedef int store_opener(enum store_file what, const char *name);

/*
 * All that is opened from now on, in this process and for good; false where SQLite does not let its
 * opening be replaced. Stores are opened to read only then.
 */
bool store_open_through(store_opener *opener);

/* For the store's own use: NULL, where this process opens its files itself. */
store_opener *store_files_opener(void);

#endif
