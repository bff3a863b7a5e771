/*
 * What the sources share: error texts, where a settled message goes, and for
 * the ones on this machine a file read whole into a buffer that is wiped, and
 * a directory listed in a stable order within bounded memory.
 */
#ifndef RETOUR_LOCAL_H
#define RETOUR_LOCAL_H

#include <sys/stat.h>
#include "poller/mailbox/mailbox.h"
#include "poller/mailbox/source.h"

/* Writes the error text; returns -1. */
int source_fail(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* At the end of a visit: BACK of the messages that were removed from PATH are there. 0 for none. */
int source_check_gone(struct source *s, const char *path, uint64_t back);
/* What the INI file says about a message with this settlement. */
const struct disposal *source_disposal(const struct mailbox *m, enum settlement what);

/* --- one file (poller/mailbox/local.c) ------------------------------------ */

/* Memory that held mail: wiped before it is given back. */
struct wiped {
	char *p;
	size_t n, capacity;
};
/* Room for CAPACITY bytes; what is there stays. 0, or -1 without memory. */
int wiped_grow(struct wiped *w, size_t capacity);
void wiped_free(struct wiped *w);

/*
 * Reads at most MAX bytes of the regular file NAME in directory DIR into OUT. 1; 0 when there is no
 * such file (errno ENOENT), or when it is a link or not a regular file (ELOOP); -1 with errno.
 */
int file_read(int dir, const char *name, uint64_t max, struct wiped *out, struct stat *st);
/* Opens a directory below DIR, never through a symbolic link. Descriptor, or -1 with errno. */
int directory_open(int dir, const char *name);
/*
 * A plain name of a file or folder: not empty, no '/', not starting with '.', no control
 * characters, not too long.
 */
bool folder_name_valid(const char *name);

/* --- a directory in order (poller/mailbox/listing.c) ---------------------- */

enum { LISTING_DIRS_MAX = 2, LISTING_WINDOW = 8192 };

struct listing_entry {
	int64_t time; /* Maildir: the name's time stamp, 0 where it has none */
	char *name;
	uint8_t dir; /* index of the directory it lies in */
	bool wanted; /* free for the caller; true */
};

/*
 * Lists the entries of COUNT directories together, ordered by time and name, in windows of at most
 * LISTING_WINDOW, so that a directory of any size fits. Names that begin with a dot are left out.
 * With MAILDIR the names are Maildir's: ordered by their time stamp, and what follows the ':' does
 * not count, so that a change of flags meanwhile does not list a message twice.
 */
struct listing;
int listing_open(struct listing **out, const int *dirs, size_t count,
	bool maildir); /* 0, or -1 with errno */
/* The next window, the listing's own until the next call: how many, 0 at the end, -1 with errno. */
long listing_next(struct listing *l, struct listing_entry **entries);
void listing_close(struct listing *l);
/* The seconds at the front of a Maildir name; 0: there are none. */
int64_t maildir_name_time(const char *name);

#endif
