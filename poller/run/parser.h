/*
 * The parser process (poller/run/wire.h): mail in, events out; neither keys nor network nor files.
 */
#ifndef RETOUR_PARSER_H
#define RETOUR_PARSER_H

#include "classify/classify.h"

/*
 * Enters the sandbox and classifies what the run sends over CHILD_FD, until it is gone. RULES stay
 * the caller's. Exit code.
 */
int parser_serve(struct rules *rules, const struct classify_options *options);

#endif
