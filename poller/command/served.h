/*
 * The store as `retour serve` has it open, whoever asks: opened anew after a failure, so that a
 * restored store needs no restart.
 */
#ifndef RETOUR_SERVED_H
#define RETOUR_SERVED_H

#include "poller/command/config.h"
#include "poller/run/session.h"
#include "store/contacts.h"

struct served {
	const struct config *config;
	struct session session;
	unsigned stream;    /* for which is asked where the question names none; store_stream() */
	bool open, failing; /* FAILING: the last question had no answer */
	uint64_t asked, refused, deferred, failed;
};

/* The exit code where it cannot be. */
int served_open(struct served *s);
void served_close(struct served *s);
/* Opens it where it is not; STORE_OK, STORE_MISUSE for what is no address, else no answer: said. */
int served_check(
	struct served *s, const char *address, size_t n, unsigned stream, struct answer *out);

#endif
