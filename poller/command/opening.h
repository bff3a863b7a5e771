/* What most commands need before they can begin: the lock, the rules, the store. */
#ifndef RETOUR_SESSION_H
#define RETOUR_SESSION_H

#include <stdbool.h>
#include "poller/command/config.h"
#include "poller/run/clockguard.h"
#include "reports/reports.h"
#include "store/store.h"

struct session {
	const struct config *config;
	struct rules *rules;
	struct store *store;
	struct store_options options;
	struct report_options report; /* reports keep a pointer to it */
	char *batv_key; /* as the store needs it; secret_free() */
	char *logo;                   /* a data URI; NULL: none */
	int lock; /* descriptor, -1: none */
	int64_t now;                  /* the present; while the clock is in doubt the last time that is certain */
	struct clock_present present; /* as the machine, or --now, has it */
	struct clock_verdict clock;   /* SESSION_READ: not asked */
};

/* What the command is going to do with the store. */
enum session_mode {
	SESSION_READ,   /* must exist; nothing is changed; no lock */
	SESSION_ANSWER, /* the same, and what is damaged is refused: somebody acts on the answer */
	SESSION_WRITE,  /* must exist; the lock is taken */
	SESSION_BESIDE, /* must exist; written in short transactions beside a run; no lock */
	SESSION_CREATE, /* made when absent; the lock is taken */
};

/* Says what fails. EXIT_WELL, or the exit code to end with (EXIT_LOCKED when another run holds the lock). session_close() always. */
int session_open(struct session *s, const struct config *config, enum session_mode mode, int64_t now);
void session_close(struct session *s);
/* Says why the clock is not believed, notes it for doctor, and opens the alert. EXIT_BROKEN, or worse. */
int session_doubt(struct session *s);
/* The present as the program has it, and the files that belong to it. */
void session_present(const struct config *config, struct clock_present *out);
/* Logs the store's error and gives the exit code for RESULT. */
int session_store_failed(struct session *s, const char *what, int result);

#endif
