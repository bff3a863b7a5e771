/*
 * The fetcher process (poller/run/wire.h): one mailbox's password and connection, neither keys nor
 * store.
 */
#ifndef RETOUR_FETCHER_H
#define RETOUR_FETCHER_H

struct mailbox;

/*
 * Does what the run tells it over CHILD_FD, with one of the COUNT mailboxes, or with files for an
 * import. What a source has to remember lies in the directory of STORE_PATH. Exit code.
 */
int fetcher_serve(const struct mailbox *list, unsigned count, const char *store_path);

#endif
