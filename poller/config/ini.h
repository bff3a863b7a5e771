/*
 * The one reader of INI syntax, for retour.ini and the rules alike. Names of sections and keys are
 * folded to lower case; a comment begins with ; or #, behind a section's name too; a value that
 * holds one of these stands in double quotes; a line goes on behind a backslash at its end.
 *
 * iniparser parses; what it would misread, or pass over in silence, is looked for here.
 */
#ifndef RETOUR_INI_H
#define RETOUR_INI_H

#include <iniparser/iniparser.h>
#include "classify/base/span.h"

struct ini_fault {
	unsigned line;             /* 0: not of one line */
	const char *section, *key; /* NULL: not of one */
	const char *text;          /* none of the file's */
};
/* Hears of a fault, whose texts last for the call. */
typedef void ini_tell(void *context, const struct ini_fault *fault);

/*
 * The caller's, for iniparser_freedict(). NULL: BYTES are no INI file, or there is no memory, and
 * TELL was told why. It is told of names that stand twice as well, and of keys before the first
 * section; what becomes of the rest then is the caller's to say.
 */
dictionary *ini_parse(struct span bytes, ini_tell *tell, void *context);

#endif
