/*
 * Hands a finished mail to a sendmail command (sendmail(8) as Sendmail, Postfix, Exim, OpenSMTPD
 * and msmtp have it).
 */
#ifndef RETOUR_SENDMAIL_H
#define RETOUR_SENDMAIL_H

#include <stdbool.h>
#include <stddef.h>
#include "classify/base/span.h"

enum { SENDMAIL_TIMEOUT = 120 }; /* seconds, for taking the mail and for ending */

/*
 * The recipients are read from the mail's own To, so that no address stands in a command line.
 * NULL_SENDER: envelope sender <>. 0 or -1.
 */
int sendmail_carry(const char *path, bool null_sender, struct span mail, char *error, size_t size);
int sendmail_probe(const char *path, char *error, size_t size);

#endif
