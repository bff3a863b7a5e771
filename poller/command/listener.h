/*
 * The socket on which `retour serve` is asked: a UNIX socket, a loopback address, or one that
 * systemd has opened (sd_listen_fds(3)).
 */
#ifndef RETOUR_LISTENER_H
#define RETOUR_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

struct listener {
	int fd;       /* non-blocking, close-on-exec; -1: none */
	bool inet;    /* a loopback address: anybody on this machine may connect */
	bool outside; /* it may be any address: who asks shows who he is */
	char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* "" unless it is a UNIX socket of
								 our own: removed at the end */
	char name[128]; /* for people: the path, "127.0.0.1:10330", "systemd" */
};

/*
 * WHERE is "/path", "ADDRESS:PORT" with a numeric loopback address (IPv6 in brackets; port 0: any),
 * or "systemd", which may pass a UNIX socket or one on a loopback address. OUTSIDE: any address,
 * and no UNIX socket. A stale UNIX socket is
 * replaced, one on which somebody answers is not. 0, or -1 with what failed in ERROR.
 */
int listener_open(struct listener *l, const char *where, bool outside, char *error, size_t size);
void listener_close(struct listener *l);

#endif
