/* Files for others to read: reports, evidence, metrics. */
#ifndef RETOUR_OUTFILE_H
#define RETOUR_OUTFILE_H

#include "classify/base/span.h"

/*
 * Writes BYTES to PATH at once or not at all, durably (file_replace()). "-" is stdout. 0, or -1
 * after saying why.
 */
int write_whole(const char *path, struct span bytes);

#endif
