/* What most commands need before they can begin: the lock, the rules, the store. */
#ifndef RETOUR_OPENING_H
#define RETOUR_OPENING_H

#include <pwd.h>
#include "poller/config/config.h"
#include "poller/run/session.h"

/* What the command is going to do with the store. */
enum session_mode {
	SESSION_READ,   /* must exist; nothing is changed; no lock */
	SESSION_ANSWER, /* the same, and what is damaged is refused: somebody acts on the answer */
	SESSION_TRY,    /* must exist; the lock is taken; nothing is changed (--dry-run) */
	SESSION_WRITE,  /* must exist; the lock is taken */
	SESSION_BESIDE, /* must exist; written in short transactions beside a run; no lock */
	SESSION_CREATE, /* made when absent; the lock is taken */
};

/*
 * Says what fails. EXIT_WELL, or the exit code to end with (EXIT_LOCKED when another run holds the
 * lock). session_close() always.
 */
int session_open(
	struct session *s, const struct config *config, enum session_mode mode, int64_t now);
void session_close(struct session *s);
/* The store of S anew, which SESSION_ANSWER has opened once. EXIT_WELL, or said as above. */
int session_reopen(struct session *s, int64_t now);
/* Whose the store's directory is, unless it is root's or ours; NULL else. */
const struct passwd *opening_owner(const struct config *config);
/*
 * Says why the clock is not believed, notes it for doctor, and opens the alert. EXIT_BROKEN, or
 * worse.
 */
int session_doubt(struct session *s);
/*
 * NAME, an option's value, as store_stream() will number it; NULL: 0. False: no stream is called
 * so, which is said as COMMAND.
 */
bool stream_option(
	const struct config *config, const char *command, const char *name, unsigned *stream);
/* The present as the program has it, and the files that belong to it. */
void session_present(const struct config *config, struct clock_present *out);

#endif
