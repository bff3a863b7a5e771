/*
 * Rules read and built in a process of its own (poller/run/sandbox.h), of which this one takes
 * nothing but the image.
 */
#ifndef RETOUR_RULESMAKER_H
#define RETOUR_RULESMAKER_H

#include "poller/config/rulesread.h"

/*
 * As rules_read(); ERROR is empty where the process itself has failed. Its caller holds no secret
 * yet: the process is a copy of it.
 */
struct rules *rules_make_apart(const struct rules_text *rules_text,
	const struct rules_text *providers_text, char *error, size_t size);

#endif
