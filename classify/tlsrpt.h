/* An SMTP TLS report (RFC 8460 section 4), JSON. */
#ifndef RETOUR_TLSRPT_H
#define RETOUR_TLSRPT_H

#include "classify/summary.h"

/* Reads TEXT into S, which is empty. False where it is no whole report. */
bool tlsrpt_read(struct summary *s, const struct classify_options *options, struct span text,
	struct arena *arena);

#endif
