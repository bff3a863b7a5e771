/* Reads etc/rules.ini and etc/providers.ini (iniparser) into the structs of classify/rules.h. */
#ifndef RETOUR_RULESFILE_H
#define RETOUR_RULESFILE_H

#include <stddef.h>
#include "classify/rules.h"

/*
 * RULES_PATH and PROVIDERS_PATH may be NULL: then the copies compiled into the program are read. NULL on error, with a text in ERROR that
 * names file, section and key and what would be right. The result is rules_free()'s.
 */
struct rules *rulesfile_load(const char *rules_path, const char *providers_path, char *error, size_t size);

#endif
