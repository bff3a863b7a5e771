/* HTML to the text that a reader sees; no tree, no scripts, one pass. */
#ifndef RETOUR_HTML_H
#define RETOUR_HTML_H

#include "classify/base/span.h"

/*
 * TEXT and OUT are UTF-8. Tags that end a line or a cell do so in OUT. Returns the bytes written,
 * never more than SIZE.
 */
size_t html_text(struct span text, char *out, size_t size);

#endif
