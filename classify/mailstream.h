/*
 * Streams of our mail: to which of them a returned mail belongs, by what the administrator says of
 * them ([stream NAME]).
 */
#ifndef RETOUR_MAILSTREAM_H
#define RETOUR_MAILSTREAM_H

#include "classify/base/span.h"
#include "classify/event.h"

enum { STREAMS_MAX = 16 };

/*
 * Patterns, each list ending with NULL: "*" stands for any characters, capitals and small letters
 * are the same. FROM: a domain, which stands for those below it as well, or with an "@" a whole
 * address.
 */
struct mail_stream {
	const char *name; /* EVENT_STREAM_SIZE with its NUL; NULL ends a list of streams */
	const char *const *campaigns, *const *from, *const *list_ids;
};

/*
 * The first stream one of whose patterns names it; NULL: none does. ALL may be NULL. FROM and
 * LIST_ID are header fields as they stand; List-ID says more than From.
 */
const struct mail_stream *stream_of_campaign(const struct mail_stream *all, const char *campaign);
const struct mail_stream *stream_of_header(
	const struct mail_stream *all, struct span list_id, struct span from);
/* Its place in the list; -1: none is called so. */
int stream_by_name(const struct mail_stream *all, const char *name);
/* Does TEXT look like PATTERN? In time of both lengths multiplied. */
bool stream_pattern_fits(const char *pattern, struct span text);

#endif
