/* A POP3 session up to its STAT: connected, protected and logged in. */
#ifndef RETOUR_POP3SESSION_H
#define RETOUR_POP3SESSION_H

#include "poller/mailbox/pop3line.h"

/*
 * Opens another connection as the mailbox says, within DEADLINE seconds: capabilities (RFC 2449),
 * STLS (RFC 2595), login (RFC 1939, RFC 5034, XOAUTH2), STAT. 0, or -1 with the error text.
 */
int pop3_connect(struct pop3 *p, const char *password, int64_t deadline);

#endif
