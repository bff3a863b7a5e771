/* What stands in the fields of a suppression list: times, and receivers' answers. */
#ifndef RETOUR_SUPPRESSVALUE_H
#define RETOUR_SUPPRESSVALUE_H

#include "classify/rules.h"

/*
 * "1604300000", "2020-11-02", "2020-11-02T06:53:20Z", "2020-11-02 06:53", with fractions, with or
 * without a zone (none is UTC), "Mon, 02 Nov 2020 06:53:20 UTC". 0: none of them.
 */
int64_t suppress_time(struct span text);

/* Whether TEXT says that there is no time: empty, "null", "\N". */
bool suppress_no_time(struct span text);

/*
 * What the receiver's own CODE ("5.1.1", "550") and ANSWER say of what a service calls a bounce of
 * CATEGORY: a hard or a soft category, or SUPPRESS_SKIP where they are about the sender or about
 * one message. CATEGORY where they say nothing of their own.
 */
int suppress_look_again(const struct rules *rules, int category, struct span code,
	struct span answer, struct span address);

#endif
