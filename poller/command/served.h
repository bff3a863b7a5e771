/*
 * The store as `retour serve` has it open, whoever asks: opened anew after a failure, so that a
 * restored store needs no restart.
 */
#ifndef RETOUR_SERVED_H
#define RETOUR_SERVED_H

#include "poller/config/config.h"
#include "poller/run/session.h"
#include "store/contacts.h"

struct served {
	const struct config *config;
	struct session session;
	unsigned stream;    /* for which is asked where the question names none; store_stream() */
	bool known;         /* its session was opened once: what is not of the store stays */
	bool open, failing; /* FAILING: the last question had no answer */
	bool held;          /* a snapshot, from the first question of a round on */
	bool outgrown;      /* a newer program is there: this one has nothing more to say */
	uint64_t asked, refused, deferred, failed;
};

/*
 * The exit code where it cannot be. Here and below: OUTGROWN is set, and said, where a newer
 * program has given the store its form; who serves ends then, so that the newer one is started.
 */
int served_open(struct served *s);
/* Until the next question. */
void served_close(struct served *s);
/* For good. */
void served_end(struct served *s);
/*
 * Opens it where it is not; STORE_OK, STORE_MISUSE for what is no address, else no answer: said.
 * The store is held as it is at the first question until served_rest().
 */
int served_check(
	struct served *s, const char *address, size_t n, unsigned stream, struct answer *out);
/*
 * Who waits for an answer has it: at the end of each round, for what others write is not seen
 * before, and they cannot empty their log.
 */
void served_rest(struct served *s);

#endif
