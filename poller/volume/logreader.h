/*
 * The log reader process (poller/run/wire.h): bytes of mail logs in, counts out; neither keys nor
 * network nor files.
 */
#ifndef RETOUR_LOGREADER_H
#define RETOUR_LOGREADER_H

#include "classify/classify.h"

/*
 * Enters the sandbox and counts what the run sends over CHILD_FD, until it is gone. RULES stay the
 * caller's: RULES_PROFILES are enough. Exit code.
 */
int logreader_serve(struct rules *rules, const struct classify_options *options);

#endif
