/*
 * The processes of the house. A child is this program again, executed anew, so that no key and no
 * page of the run's memory comes with it; it inherits one socket (CHILD_FD) and stderr, nothing
 * else.
 */
#ifndef RETOUR_CHILD_H
#define RETOUR_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Built with the address sanitizer, which gcc and clang tell in two ways: it wants more memory and
 * system calls than a child has.
 */
#if defined __SANITIZE_ADDRESS__
#define WITH_ADDRESS_SANITIZER
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER
#endif
#endif

enum { CHILD_FD = 3 };

/*
 * Starts `retour ROLE` (fetcher, parser) with the configuration CONFIG_FILE (may be NULL). LABEL is
 * what the process list shows behind "retour: ". *FD is the run's end of the socket pair. The
 * child's pid, or -1 with errno.
 */
pid_t child_start(const char *role, const char *label, const char *config_file, int *fd);
/*
 * Waits at most SECONDS for each answer that is read from FD; for talks that are not served by
 * poll().
 */
void child_patience(int fd, int64_t seconds);
/* Kills (unless it has ended) and reaps. Returns the wait status. */
int child_end(pid_t pid);
/* "ended with signal 9 (Killed)", "ended with exit code 2" into BUFFER; returns it. */
const char *child_status(int status, char *buffer, size_t size);

/*
 * What every process does first: no core dumps, not dumpable, files 0600, and descriptors 0 to 2
 * open, or the store would get their numbers.
 */
void process_guard(void);
/*
 * What a child does besides: dies with the run, keeps only stdin (for import -), stderr and
 * CHILD_FD, takes NAME for its own, and has CHILD_MEMORY_MAX bytes at most.
 */
enum { CHILD_MEMORY_MAX = 256 * 1024 * 1024 };
void child_guard(const char *name);
/*
 * Nothing that it executes from now on gets rights that it has not. Not for a carrier: a sendmail
 * may be set-group-id.
 */
void child_no_new_rights(void);

#endif
