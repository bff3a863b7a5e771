/* What a file is that was given for a list or for mail and is neither, by its first bytes. */
#ifndef RETOUR_FILEFORM_H
#define RETOUR_FILEFORM_H

#include "classify/base/span.h"

enum { FILEFORM_BYTES = 512 }; /* as many as it looks at */

/*
 * What TEXT, the beginning of a file, is and what would be right instead, as words behind the
 * file's name; NULL where it is none of the forms that are known here. In UTF-8 text no such form
 * is found.
 */
const char *fileform_foreign(struct span text);
/* The same of a list: JSON and HTML, too, which begin as no list does. */
const char *fileform_no_list(struct span text);

/* The same of a mail: also what does not begin with a line of a header (RFC 5322). What is empty is
 * an empty mail. */
const char *fileform_no_mail(struct span text);

#endif
