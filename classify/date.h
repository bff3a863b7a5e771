/* The dates of mail: RFC 5322 section 3.3 with its obsolete forms, and the asctime form of mbox. */
#ifndef RETOUR_DATE_H
#define RETOUR_DATE_H

#include <stdint.h>
#include "classify/base/span.h"

/* Epoch seconds, UTC; 0 when TEXT is no date, or one before 1970. */
int64_t date_parse(struct span text);

#endif
