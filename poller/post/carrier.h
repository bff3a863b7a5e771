/* Carries finished mail out of the house: SMTP (libetpan on our stream) or a sendmail command. */
#ifndef RETOUR_CARRIER_H
#define RETOUR_CARRIER_H

#include <stddef.h>
#include "poller/mailbox/stream.h"
#include "classify/base/span.h"

struct carrier_options {
	const char *sendmail; /* path of a sendmail; then nothing below but from and to is used.
				 NULL: SMTP */
	struct stream_options stream;
	const char *user, *secret; /* NULL: no AUTH */
	bool oauth2;               /* XOAUTH2, secret is the token */
	const char *helo;          /* EHLO name; NULL: the host's */
	const char *from;          /* envelope sender; "" for <> */
	const char *const *to;     /* envelope recipients; end with NULL */
};

/*
 * The whole mail was handed over, and nobody said whether it is taken: who sends it again may send
 * it twice (RFC 5321 section 4.5.3.2.6).
 */
enum { CARRY_UNANSWERED = 1 };
/*
 * MAIL is complete with CRLF line ends. 0 when the server took it for all recipients; else
 * CARRY_UNANSWERED or -1, and a text without addresses in ERROR.
 */
int carry(const struct carrier_options *options, struct span mail, char *error, size_t size);
/* doctor: connects, TLS, AUTH, names sender and recipients, says goodbye without a mail. */
int carrier_probe(const struct carrier_options *options, char *error, size_t size);

#endif
