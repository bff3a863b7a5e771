/*
 * The rules that the program uses: those built in, which make has made an image of, or files of
 * one's own. Of files an image is kept beside the rules file (FILE.image), so that they are read
 * once and not in each process.
 */
#ifndef RETOUR_RULESFILE_H
#define RETOUR_RULESFILE_H

#include <stddef.h>
#include "classify/rules.h"

/*
 * RULES_PATH and PROVIDERS_PATH may be NULL: then the copies compiled into the program are taken.
 * NULL on error, with a text in ERROR that names file, section and key and what would be right. The
 * result is rules_free()'s. Files are read anew, whatever lies beside them.
 */
struct rules *rulesfile_load(
	const char *rules_path, const char *providers_path, char *error, size_t size);

/* What the caller is going to ask them. */
enum rules_use {
	RULES_PROFILES, /* providers only: of a kept image nothing else is looked at */
	RULES_ALL
};

/*
 * The same, from the kept image if that is of these bytes and this program; else it is made, in a
 * process of its own that can do nothing but calculate, and kept where that can be written. Such a
 * file counts only if it belongs to root, to the caller or to the owner of the rules and nobody
 * else may write to it.
 */
struct rules *rulesfile_open(const char *rules_path, const char *providers_path, enum rules_use use,
	char *error, size_t size);

#endif
