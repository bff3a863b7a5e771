/* An event as one line of JSON, with the keys that the design pins. */
#ifndef RETOUR_JSON_H
#define RETOUR_JSON_H

#include <stddef.h>
#include "classify/event.h"

enum { JSON_EVENT_SIZE = 65536 }; /* room for every event; longer file names are cut */

/*
 * Writes E and a line end into BUFFER of JSON_EVENT_SIZE bytes. FILE is printed as it is, bytes
 * that are not UTF-8 as U+FFFD. Without JSON_PLAIN the keys that name a person, a mail or a machine
 * of the recipient are null; JSON_STREAMS: with the stream of our mail. Returns the bytes written;
 * no NUL.
 */
enum { JSON_PLAIN = 1, JSON_STREAMS = 2 };
size_t json_event(char *buffer, const char *file, const struct event *e, unsigned flags);

/*
 * A string, or null for an empty one, into BUFFER of SIZE; NUL at the end. Room for it:
 * JSON_STRING_ROOM. Returns its length.
 */
#define JSON_STRING_ROOM(n) (6 * (n) + 3)
size_t json_string(char *buffer, size_t size, const char *text, size_t n);

#endif
