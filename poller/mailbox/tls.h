/* The TLS of a stream: the handshake, and the checks of the server's certificate. */
#ifndef RETOUR_TLS_H
#define RETOUR_TLS_H

#include "poller/mailbox/streamparts.h"

/* Shakes hands and verifies the server's certificate. 0 or -1. */
int tls_handshake(struct stream *s);
/* What the error CODE means; GnuTLS hides what the socket said. */
const char *tls_said(int code);

#endif
