/*
 * Streams of our mail ([stream NAME]): hard failures are for all of them, a complaint or an opt-out
 * for its own.
 *
 * A contact remembers a stream as a number made with a key, as it does a campaign (cause.c), and
 * only in its history. A stream that is taken out of the configuration, or called otherwise, leaves
 * numbers without a name: what was said against it then stands against all mail.
 */
#include <stdio.h>
#include "store/cause.h"
#include "store/contactrow.h"
#include "store/contacts.h"
#include "store/figures.h"
#include "store/internal.h"
#include "store/message.h"

void streams_number(struct store *s)
{
	for (unsigned i = 0; i < STREAMS_MAX && s->o.streams && s->o.streams[i].name; i++)
		s->stream[i] = cause_number(s, CAUSE_STREAM, s->o.streams[i].name);
}

unsigned store_stream(const struct store *s, const char *name)
{
	return (unsigned)(stream_by_name(s->o.streams, name) + 1);
}

const char *store_stream_name(const struct store *s, unsigned stream)
{
	return stream ? s->o.streams[stream - 1].name : "";
}

const char *stream_name(const struct store *s, uint32_t number)
{
	for (unsigned i = 0; i < STREAMS_MAX && s->stream[i]; i++)
		if (s->stream[i] == number)
			return s->o.streams[i].name;
	return "";
}

uint8_t stream_of_event(const struct store *s, const struct event *e)
{
	char name[EVENT_STREAM_SIZE], campaign[EVENT_CAMPAIGN_SIZE];

	snprintf(name, sizeof name, "%.*s", (int)sizeof name - 1, e->stream);
	snprintf(campaign, sizeof campaign, "%.*s", (int)sizeof campaign - 1, e->campaign);
	const struct mail_stream *signed_one = stream_of_campaign(s->o.streams, campaign);
	return (uint8_t)store_stream(s, signed_one ? signed_one->name : name);
}

const struct objected *objection_against(
	const struct store *s, const struct contact_row *row, unsigned stream)
{
	const struct objected *first = NULL;

	for (unsigned i = 0; i < row->objections; i++) {
		const struct objected *o = &row->objected[i];
		bool stands = !stream || o->stream == s->stream[stream - 1] ||
			!*stream_name(s, o->stream);
		if (stands && (!first || o->since < first->since))
			first = o;
	}
	return first;
}

/* --- counts ------------------------------------------------------------------ */

int stream_count(struct store *s, const struct packed *e)
{
	const char *what = class_name(e->klass);

	if (!e->stream || e->origin < ORIGIN_MATCHED ||
		(e->kind != KIND_FAILURE && e->kind != KIND_COMPLAINT && e->kind != KIND_OPTOUT))
		return STORE_OK;
	if (e->kind == KIND_OPTOUT)
		what = kind_name(e->kind);
	return db_run(
		s, SQL_STREAM_COUNT, "itt", (int64_t)e->day, store_stream_name(s, e->stream), what);
}

int store_stream_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *stream, const char *what, uint64_t count),
	void *context)
{
	return db_counts(s,
		db_bind(s, sql_seen(s, SQL_STREAM_COUNTS), "ii", (int64_t)from, (int64_t)to), visit,
		context);
}

const char *store_campaign_stream(const struct store *s, const char *campaign)
{
	const struct mail_stream *stream = stream_of_campaign(s->o.streams, campaign);

	return stream ? stream->name : "";
}
