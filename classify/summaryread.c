/*
 * Which part of a mail is a report of a receiver, and what it is once it is unpacked.
 */
#include <time.h>
#include "classify/archive.h"
#include "classify/base/arena.h"
#include "classify/classify.h"
#include "classify/dmarc.h"
#include "classify/mime.h"
#include "classify/tlsrpt.h"

enum { PARTS_TRIED_MAX = 8 };

/* What one part turns out to be as it is unpacked. */
struct summary_input {
	struct summary *s;
	const struct classify_options *options;
	struct dmarc *xml;
	struct arena *arena;
	char *json; /* what there is of it, at the end of what is used of the arena */
	size_t n, room;
	bool begun;
};

static int begin_content(struct summary_input *in, struct span bytes)
{
	if (bytes.p[0] == '<')
		in->xml = dmarc_new(in->s, in->options);
	else if (bytes.p[0] == '{')
		in->json = arena_room(in->arena, &in->room);
	if (in->room > SUMMARY_JSON_MAX)
		in->room = SUMMARY_JSON_MAX;
	return in->xml || in->json ? 0 : -1;
}

static int take_content(void *context, struct span bytes)
{
	struct summary_input *in = context;
	if (!in->begun) {
		if (span_starts_nocase(bytes, SPAN("\xef\xbb\xbf")))
			bytes = (struct span){ bytes.p + 3, bytes.n - 3 };
		while (bytes.n && (unsigned char)bytes.p[0] <= ' ')
			bytes = (struct span){ bytes.p + 1, bytes.n - 1 };
		if (!bytes.n)
			return 0;
		if (begin_content(in, bytes))
			return -1;
		in->begun = true;
	}
	if (in->xml)
		return dmarc_feed(in->xml, bytes);
	if (bytes.n > in->room - in->n)
		return -1;
	memcpy(in->json + in->n, bytes.p, bytes.n);
	in->n += bytes.n;
	return 0;
}

static bool read_content(struct summary *s, const struct classify_options *options,
	struct span packed, struct arena *arena)
{
	struct summary_input in = { .s = s, .options = options, .arena = arena };
	/* not its rows, a quarter of a megabyte: each is written whole when it joins */
	memset(&s->head, 0, sizeof s->head);
	memset(s->slot, 0, sizeof s->slot);
	s->rows = 0;
	bool whole = archive_read(packed, SUMMARY_UNPACKED_MAX, take_content, &in) == 0;
	if (in.xml)
		whole = dmarc_end(in.xml) && whole;
	if (in.json)
		whole = whole &&
			tlsrpt_read(
				s, options, (struct span){ arena_take(arena, in.n), in.n }, arena);
	return whole && in.begun && summary_plausible(&s->head);
}

/* What people read is no report, and what is cut is none that could be taken whole. */
static bool may_be_report(const struct part *p)
{
	return !p->multipart && !p->cut && !part_is(p, "text/html") &&
		strncmp(p->type, "message/", 8);
}

bool summary_read(struct summary *s, const struct classify_options *options,
	const struct mime *mime, struct arena *arena)
{
	unsigned tried = 0;
	for (size_t i = 0; i < mime->count && tried < PARTS_TRIED_MAX; i++) {
		if (!may_be_report(&mime->part[i]))
			continue;
		size_t used = arena->used;
		tried++;
		struct span packed = part_bytes(&mime->part[i], arena, arena->size);
		bool read = read_content(s, options, packed, arena);
		arena_reset(arena, used);
		if (read)
			return true;
	}
	return false;
}

void summary_prepare(void)
{
	tzset(); /* which opens a file, and is called by what reads times */
	dmarc_prepare();
}
