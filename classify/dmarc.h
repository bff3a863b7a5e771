/*
 * A DMARC aggregate report (RFC 7489 appendix C), XML, read as it is unpacked by libxml2's SAX
 * interface: no tree, no DTD, no entity, no other file.
 */
#ifndef RETOUR_DMARC_H
#define RETOUR_DMARC_H

#include "classify/summary.h"

struct dmarc;
/* Reads into S, which is empty. NULL: no memory. */
struct dmarc *dmarc_new(struct summary *s, const struct classify_options *options);
/* The next bytes. 0, or -1 where it is no such report. */
int dmarc_feed(struct dmarc *d, struct span bytes);
/* Was that all of a whole report? Frees D. */
bool dmarc_end(struct dmarc *d);
/* Has the library ready. */
void dmarc_prepare(void);

#endif
