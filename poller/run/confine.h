/*
 * What the fetcher and the carrier may still do when they have their password and before they hear
 * the first byte of a foreign server: talk, resolve names, read certificates, and, where the
 * mailbox is a file, read and write that; and what may do who answers questions from the store. No
 * key, no store but what is open, no program, no other process, and, where the kernel's Landlock
 * (landlock(7)) is of version 4, no other port. Landlock where the kernel has it, and a filter of
 * seccomp(2).
 */
#ifndef RETOUR_CONFINE_H
#define RETOUR_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "poller/mailbox/oauth.h"

/* What is left of the file system beside resolver and certificates; lists end with NULL. */
struct confine {
	bool network;             /* else no socket is made */
	uint16_t port;            /* with NETWORK: of what is talked to; 0: any */
	bool serves;              /* takes connections, and makes its own to UNIX sockets alone */
	bool answers;             /* takes connections, and neither makes any nor opens a file */
	const char *const *read;  /* paths; may be NULL */
	const char *const *write; /* directories; may be NULL */
};

/*
 * For good. What is not there is passed over, and so is Landlock where the kernel has none. 0, or
 * -1 with why in ERROR of SIZE bytes: no filter could be set. Builds for sanitizers and coverage
 * have neither (sandbox_filters()).
 */
int confine_enter(const struct confine *c, char *error, size_t size);
/*
 * Before that, while a token server is asked for O (NULL: it is not): its secrets may still be
 * read, its refresh token be replaced, and nothing else; CA_FILE (may be NULL) is what
 * confine_enter() will leave. 0 or -1 likewise.
 */
int confine_for_token(const struct oauth_options *o, const char *ca_file, char *error, size_t size);
/*
 * The version of the kernel's Landlock; 0: it has none, or, REFUSED, a filter around this process
 * (a unit's, a container's) does not let it ask: these calls are missing there.
 */
#define LANDLOCK_CALLS \
	"landlock_create_ruleset, landlock_add_rule and landlock_restrict_self (systemd: SystemCallFilter=)"
int confine_landlock(bool *refused);

#endif
