/*
 * Reads the text of rules.ini and providers.ini (iniparser) into the structs of classify/rules.h.
 */
#ifndef RETOUR_RULESREAD_H
#define RETOUR_RULESREAD_H

#include <stddef.h>
#include "classify/rules.h"

struct rules_text {
	const char *name; /* for messages */
	struct span bytes;
};

/*
 * NULL on error, with a text in ERROR that names file, section and key and what would be right. The
 * result is rules_free()'s.
 */
struct rules *rules_read(const struct rules_text *rules_text,
	const struct rules_text *providers_text, char *error, size_t size);
/* The same; once no file is needed any more, PARSED is called: what comes then only calculates. */
struct rules *rules_read_apart(const struct rules_text *rules_text,
	const struct rules_text *providers_text, void (*parsed)(void *context), void *context,
	char *error, size_t size);

#endif
