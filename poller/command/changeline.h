/*
 * A line between sites as JSON (RFC 8259), retour-sites(7):
 *
 *   {"retour":1,"kind":"contact","id":"…","site":"berlin","life":"…","by":"berlin","key":"…","version":N,"sealed":"BASE64","leaf":N,"path":["BASE64"],
 *    "signature":"BASE64"}
 *
 * Written by hand, as there is nothing in it that needs escaping but names of ours; read through
 * json-c.
 */
#ifndef RETOUR_CHANGELINE_H
#define RETOUR_CHANGELINE_H

#include "poller/command/out.h"
#include "store/site.h"

enum { CHANGE_LINE_MAX = 8 << 20 };

/* Writes it and a line end; CURSOR ("": none) is a member of its own, which nobody signs. */
void changeline_write(struct out *o, const struct change *c, const char *cursor);

struct changeline_reader;
/* NULL: no memory. */
struct changeline_reader *changeline_open(void);
void changeline_close(struct changeline_reader *r);
/*
 * Reads a line of N bytes into OUT, which lasts until the next call. NULL, or why it is none, in
 * words without anything of it.
 */
const char *changeline_read(
	struct changeline_reader *r, const char *text, size_t n, struct change *out);

#endif
