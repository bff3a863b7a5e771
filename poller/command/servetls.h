/*
 * The TLS before `retour serve`: for mail servers and programs on other hosts. A process of its
 * own, which has neither store nor keys nor files: it shakes hands, looks at the client's
 * certificate, and carries bytes to and from the UNIX socket of a `retour serve` beside it.
 */
#ifndef RETOUR_SERVETLS_H
#define RETOUR_SERVETLS_H

#include <signal.h>
#include "poller/command/listener.h"

enum { TLS_NAMES_MAX = 64 };

struct serve_tls {
	const char *to;                     /* path of the UNIX socket that is asked */
	const char *certificate, *key, *ca; /* PEM files; CA: who signs the clients' certificates */
	const char *name[TLS_NAMES_MAX];    /* of the clients that may ask */
	unsigned names;
};

/*
 * Serves on L until *STOP. Signals come only in the mask WAITING. The exit code; what fails is
 * said.
 */
int serve_tls(const struct serve_tls *o, struct listener *l, const sigset_t *waiting,
	const volatile sig_atomic_t *stop);

#endif
