/* What the files of suppression lists call things: columns and reasons, from the public
 * documentation of each service. */
#ifndef RETOUR_SUPPRESSWORDS_H
#define RETOUR_SUPPRESSWORDS_H

#include "classify/base/span.h"
#include "classify/event.h"

enum { SUPPRESS_SKIP = -2, SUPPRESS_UNKNOWN = -1 }; /* beside the categories */

/* Names are folded: small letters and digits only. Of several columns the first that is there
 * counts. */
#define SUPPRESS_BY_HAND "add" /* the last of the sources: no list, an operator */
struct suppress_source {
	const char *name;
	const char *address, *date,
		*reason;       /* "emailaddress|email"; a reason is one of the words below */
	const char *answer[2]; /* columns with the receiver's code and words */
	const char *mark;      /* a column that only a file of one kind has:
				  "cleantime=hard|unsubtime=opt-out" */
	const char *otherwise; /* the kind of a file without any mark; NULL: it does not say */
	bool plain;            /* addresses alone, one a line */
};
extern const struct suppress_source suppress_sources[]; /* ends with name NULL */

const struct suppress_source *suppress_source(const char *name);
/* The category that WORD, folded, stands for in lists of SOURCE; SUPPRESS_SKIP: it suppresses
 * nobody; SUPPRESS_UNKNOWN. */
int suppress_word(const char *source, struct span word);
/* TEXT in small letters and digits alone, into OUT of SIZE; its length. */
size_t suppress_fold(struct span text, char *out, size_t size);
/* Whether NAME, folded, is in LIST, words with bars between them: its place from 0, or -1. */
int suppress_listed(const char *list, struct span name);
/* The kind of MARK that a column NAME gives: hard, complaint, opt-out, bounce; NULL: none. */
const char *suppress_mark(const struct suppress_source *s, struct span name, size_t *n);

#endif
