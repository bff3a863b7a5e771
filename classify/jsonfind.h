/*
 * What stands where in a JSON text (RFC 8259) that came by mail: members of an object by their
 * keys, elements of an array. Nothing is built or copied; what is malformed gives empty spans.
 */
#ifndef RETOUR_JSONFIND_H
#define RETOUR_JSONFIND_H

#include "classify/base/arena.h"
#include "classify/base/span.h"

/* The value at the begin of TEXT as it stands: an object, an array, a string, a word. */
struct span json_value(struct span text);

/*
 * The value of KEY among the members of OBJECT itself, not of what is nested in it; empty where
 * there is none. Case does not count.
 */
struct span json_member(struct span object, struct span key);

/* The string that KEY names in OBJECT, without its quotes, with its escapes. */
struct span json_member_string(struct span object, struct span key);

/* VALUE without quotes where it is a string; empty where it is none. */
struct span json_unquoted(struct span value);

/* The next value of what is left of an array; *REST moves behind it. False at the end. */
bool json_element(struct span *rest, struct span *value);

/* A JSON string's text without its escapes, in ARENA unless it has none. */
struct span json_unescaped(struct arena *arena, struct span string);
/* The same with its line ends (LF), which are blanks there. */
struct span json_lines(struct arena *arena, struct span string);

#endif
