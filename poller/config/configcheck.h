/*
 * What of a configuration depends on several keys at once, and where everybody complains who reads
 * it (configread.c).
 */
#ifndef RETOUR_CONFIGCHECK_H
#define RETOUR_CONFIGCHECK_H

#include <stdio.h>
#include "poller/config/config.h"
#include "poller/config/ini.h"

struct config_reader {
	struct config *config;
	const char *file;
	FILE *errors;
	unsigned failures;
	dictionary *ini;
	config_told *told; /* NULL: nobody asks where a value comes from */
	void *context;
};

/* "FILE: [SECTION] KEY: …", and counted; SECTION and KEY may be NULL. */
__attribute__((format(printf, 4, 5))) void config_complain(
	struct config_reader *r, const char *section, const char *key, const char *format, ...);

/* Complains of what does not go together, and fills in what follows from the rest. */
void config_check(struct config_reader *r);

/* Paths that the file does not name, and the period of objections: not below that of contacts. */
void config_fill_rest(struct config *c);

#endif
