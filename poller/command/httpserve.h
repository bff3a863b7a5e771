/*
 * `retour serve --http`: the answers of `check` for programs, over HTTP/1.1 on this machine
 * (libmicrohttpd; etc/retour-http.yaml describes it).
 */
#ifndef RETOUR_HTTPSERVE_H
#define RETOUR_HTTPSERVE_H

#include <signal.h>
#include "poller/command/listener.h"
#include "poller/command/served.h"

struct http_server {
	struct served *served;
	const struct listener *listener;
	const char *token; /* who asks must show it; NULL: who may connect may ask */
	uint64_t requests, unauthorised;
};

/* Before the walls close: loads the libraries, which are opened at their first use (lazy.h). */
void http_load(void);
/*
 * Answers until *STOP is set; *RELOAD: opens the store anew. WAITING is the mask of signals while
 * there is nothing to do. Exit code.
 */
int http_serve(struct http_server *h, const sigset_t *waiting, volatile sig_atomic_t *stop,
	volatile sig_atomic_t *reload);

#endif
