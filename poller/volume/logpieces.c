/*
 * Sources: Kubernetes, design proposals, "CRI: Dockershim logging" and the container runtime
 * interface's log format: RFC 3339 time, stream, tags with colons between them, the line's piece.
 */
#include "poller/volume/logpieces.h"

#include <stdlib.h>
#include <sodium.h>
#include "poller/volume/logtext.h"

enum {
	STREAMS = 2,
	STAMP_MIN = 20, /* "2026-11-02T06:00:00Z" */
	STAMP_MAX = 40,
};

enum log_stream_state {
	STREAM_WHOLE,
	STREAM_OPEN,
	STREAM_GIVEN_UP, /* TEXT was not handed out yet */
	STREAM_SKIPPED,  /* up to the last piece of what was given up */
};

struct log_stream {
	enum log_stream_state state;
	bool cut;
	uint64_t number;
	size_t n;
	char text[PIECES_LINE_MAX];
};

struct held_line {
	uint64_t number;
	size_t n;
	bool cut;
};

struct pieces {
	struct log_stream stream[STREAMS];
	size_t n, at; /* of HELD: lines one behind the other, each behind its struct */
	char held[PIECES_HELD_MAX];
};

struct pieces *pieces_new(void)
{
	return calloc(1, sizeof(struct pieces));
}

void pieces_free(struct pieces *p)
{
	if (p)
		sodium_memzero(p, sizeof *p);
	free(p);
}

void pieces_begin(struct pieces *p)
{
	for (int i = 0; i < STREAMS; i++)
		p->stream[i].state = STREAM_WHOLE;
	p->n = p->at = 0;
}

bool pieces_are_open(const struct pieces *p)
{
	return p->stream[0].state == STREAM_OPEN || p->stream[1].state == STREAM_OPEN;
}

/* One piece of a line: which STREAM it is of, where its tag stands, and what follows. */
struct log_piece {
	int stream;
	size_t tag;
	bool last;
	struct span text;
};

static bool read_piece(struct span line, struct log_piece *piece)
{
	static const struct span names[STREAMS] = { { " stdout ", 8 }, { " stderr ", 8 } };
	const char *blank = NULL;
	if (line.n > STAMP_MIN && ascii_digit(line.p[0]) && line.p[10] == 'T')
		blank = memchr(line.p, ' ', line.n < STAMP_MAX ? line.n : STAMP_MAX);
	if (!blank)
		return false;
	struct span rest = text_from(line, (size_t)(blank - line.p));
	for (piece->stream = 0; piece->stream < STREAMS; piece->stream++)
		if (text_starts(rest, names[piece->stream]))
			break;
	if (piece->stream == STREAMS)
		return false;
	rest = text_from(rest, names[piece->stream].n);
	piece->tag = (size_t)(rest.p - line.p);
	if (!rest.n || (rest.p[0] != 'P' && rest.p[0] != 'F'))
		return false;
	piece->last = rest.p[0] == 'F';
	size_t end = text_find(rest, SPAN(" "));
	if (end > 1 && rest.p[1] != ':')
		return false;
	piece->text = text_from(rest, end < rest.n ? end + 1 : end);
	return true;
}

static void append(struct log_stream *s, struct span text)
{
	size_t room = sizeof s->text - s->n, n = text.n < room ? text.n : room;
	memcpy(s->text + s->n, text.p, n);
	s->n += n;
	s->cut |= n < text.n;
}

bool pieces_are_full(const struct pieces *p, struct span text)
{
	size_t wanted = sizeof(struct held_line) + text.n;
	for (int i = 0; i < STREAMS; i++)
		if (p->stream[i].state == STREAM_OPEN)
			wanted += sizeof(struct held_line) + PIECES_LINE_MAX;
	return pieces_are_open(p) && wanted > sizeof p->held - p->n;
}

static void hold(struct pieces *p, const struct pieces_line *line)
{
	struct held_line head = { .number = line->number, .n = line->text.n, .cut = line->cut };
	if (sizeof head + head.n > sizeof p->held - p->n)
		return; /* pieces_are_full() was not heeded */
	memcpy(p->held + p->n, &head, sizeof head);
	memcpy(p->held + p->n + sizeof head, line->text.p, head.n);
	p->n += sizeof head + head.n;
}

/* A piece of a line that has more than one. False: a line in one piece. */
static bool take_piece(
	struct pieces *p, const struct pieces_line *line, const struct log_piece *piece)
{
	struct log_stream *s = &p->stream[piece->stream];
	if (s->state == STREAM_SKIPPED) {
		s->state = piece->last ? STREAM_WHOLE : STREAM_SKIPPED;
		return true;
	}
	if (s->state == STREAM_WHOLE) {
		if (piece->last)
			return false;
		s->state = STREAM_OPEN;
		s->number = line->number;
		s->n = 0;
		s->cut = false;
		append(s, line->text);
		s->text[piece->tag] = 'F';
	} else {
		append(s, piece->text);
	}
	s->cut |= line->cut;
	if (piece->last) {
		hold(p, &(struct pieces_line){ { s->text, s->n }, s->number, s->cut });
		s->state = STREAM_WHOLE;
	}
	return true;
}

bool pieces_take(struct pieces *p, const struct pieces_line *line)
{
	struct log_piece piece;
	if (read_piece(line->text, &piece) && take_piece(p, line, &piece))
		return true;
	if (!pieces_are_open(p))
		return false;
	hold(p, line);
	return true;
}

void pieces_give_up(struct pieces *p)
{
	for (int i = 0; i < STREAMS; i++)
		if (p->stream[i].state == STREAM_OPEN)
			p->stream[i].state = STREAM_GIVEN_UP;
}

bool pieces_next(struct pieces *p, struct pieces_line *line)
{
	for (int i = 0; i < STREAMS; i++)
		if (p->stream[i].state == STREAM_GIVEN_UP) {
			struct log_stream *s = &p->stream[i];
			*line = (struct pieces_line){ { s->text, s->n }, s->number, true };
			s->state = STREAM_SKIPPED;
			return true;
		}
	if (p->at == p->n) {
		p->at = p->n = 0;
		return false;
	}
	struct held_line head;
	memcpy(&head, p->held + p->at, sizeof head);
	*line = (struct pieces_line){ { p->held + p->at + sizeof head, head.n }, head.number,
		head.cut };
	p->at += sizeof head + head.n;
	return true;
}
