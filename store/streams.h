/* Streams of our mail, as the store knows them: streams.c. */
#ifndef RETOUR_STORE_STREAMS_H
#define RETOUR_STORE_STREAMS_H

#include <stdint.h>
#include "classify/mailstream.h"

struct contact_row;
struct packed;
struct store;

/* An objection to a stream: its number, since when, why. */
struct objected {
	uint32_t stream;
	uint8_t category;
	int64_t since;
};
enum { OBJECTED_MAX = STREAMS_MAX + 1 };

/* Numbers the streams, when the store is opened. */
void streams_number(struct store *s);
/* The place of the stream that event E is of, as a parser says and as its campaign does; from 1. */
uint8_t stream_of_event(const struct store *s, const struct event *e);
/*
 * The objection of ROW that stands against STREAM (from 1; 0: against any mail), the first of
 * several; NULL: none. One to a stream that is no longer configured stands against all.
 */
const struct objected *objection_against(
	const struct store *s, const struct contact_row *row, unsigned stream);
/* The name of a stream's number; "" where none is called so, which is then for all. */
const char *stream_name(const struct store *s, uint32_t number);
/* Counts E by its stream. */
int stream_count(struct store *s, const struct packed *e);

#endif
