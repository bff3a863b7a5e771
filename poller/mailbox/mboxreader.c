/*
 * Reading an mbox (RFC 4155 and its older relations mboxo and mboxrd). A message begins
 * with a line "From SENDER DATE" that stands at the beginning of the file or after
 * an empty line; "From " without a date is text, for not every writer quotes it, unless
 * the file's first From_ line has no date either. Lines that were quoted on delivery
 * (">From ", ">>From ") lose one '>' (mboxrd). Content-Length is not believed.
 *
 * Input that does not begin with "From " is one message.
 *
 *     buffer: [ wiped | start: From_ line | message ... | bytes not looked at yet ]
 *
 * What a message has beyond max_message is dropped as it comes, except for the last
 * HELD bytes, in which the next separator may begin.
 */
#include <errno.h>
#include <time.h>
#include <stdlib.h>
#include <unistd.h>
#include "classify/base/bytes.h"
#include "poller/mailbox/mbox.h"

enum {
	FIRST_CAPACITY = 1 << 20,      /* of what is larger than that, or of unknown size */
	BEYOND_MESSAGE = 1 << 18,      /* room behind a message of the maximum size */
	FROM_LINE_LONGEST = 1000,      /* RFC 5322 allows lines of 998 */
	HELD = FROM_LINE_LONGEST + 16, /* more than an empty line and a From_ line */
};

static bool is_from_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cuts the next word off REST. */
static struct span from_line_word(struct span *rest)
{
	const char *p = rest->p, *end = p + rest->n, *begin;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	begin = p;
	while (p < end && *p != ' ' && *p != '\t')
		p++;
	*rest = (struct span){ p, (size_t)(end - p) };
	return (struct span){ begin, (size_t)(p - begin) };
}

/* A number of at most four digits that is all of W, or -1. */
static int from_line_number(struct span w)
{
	int n = 0;
	if (!w.n || w.n > 4)
		return -1;
	for (size_t i = 0; i < w.n; i++) {
		if (!is_from_digit(w.p[i]))
			return -1;
		n = n * 10 + (w.p[i] - '0');
	}
	return n;
}

static int month(struct span w)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (span_equal_nocase(w, (struct span){ names + 3 * i, 3 }))
			return i;
	return -1;
}

/* "12:34" or "12:34:56". */
static bool from_line_time(struct span w, struct tm *t)
{
	if ((w.n != 5 && w.n != 8) || w.p[2] != ':' || (w.n == 8 && w.p[5] != ':'))
		return false;
	t->tm_hour = from_line_number((struct span){ w.p, 2 });
	t->tm_min = from_line_number((struct span){ w.p + 3, 2 });
	t->tm_sec = w.n == 8 ? from_line_number((struct span){ w.p + 6, 2 }) : 0;
	return t->tm_hour >= 0 && t->tm_hour < 24 && t->tm_min >= 0 && t->tm_min < 60 &&
		t->tm_sec >= 0 && t->tm_sec <= 60;
}

/* "+0130" in seconds. */
static bool zone(struct span w, int64_t *seconds)
{
	if (w.n != 5 || (w.p[0] != '+' && w.p[0] != '-'))
		return false;
	int n = from_line_number((struct span){ w.p + 1, 4 });
	if (n < 0)
		return false;
	*seconds = (n / 100 * 60 + n % 100) * 60 * (w.p[0] == '-' ? -1 : 1);
	return true;
}

bool mbox_from_line(struct span line, int64_t *at)
{
	enum { WORDS_AFTER_TIME = 4 }; /* "MET DST 2026 +0200" */
	struct span before[2] = { { "", 0 }, { "", 0 } }, w;
	struct tm t = { 0 };
	int64_t offset = 0;
	int year = -1;
	if (!span_starts_nocase(line, SPAN("From ")) || line.p[0] != 'F')
		return false;
	line.p += 5, line.n -= 5;
	/* The last two words before the time are month and day, in either order. */
	while ((w = from_line_word(&line)).n && !from_line_time(w, &t)) {
		before[0] = before[1];
		before[1] = w;
	}
	t.tm_mon = month(before[0]);
	t.tm_mday = from_line_number(before[1]);
	if (t.tm_mon < 0) {
		t.tm_mon = month(before[1]);
		t.tm_mday = from_line_number(before[0]);
	}
	for (int i = 0; i < WORDS_AFTER_TIME && (w = from_line_word(&line)).n; i++)
		if (!zone(w, &offset) && year < 0 && w.n == 4)
			year = from_line_number(w);
	if (t.tm_mon < 0 || t.tm_mday < 1 || t.tm_mday > 31 || year < 1970)
		return false;
	t.tm_year = year - 1900;
	*at = (int64_t)timegm(&t) - offset;
	return true;
}

/* --- the window ----------------------------------------------------------- */

void mbox_reader_start(struct mbox_reader *r, int fd, uint64_t limit, uint64_t max_message)
{
	struct wiped buffer = r->buffer;
	if (buffer.p)
		explicit_bzero(buffer.p, buffer.n);
	buffer.n = 0;
	*r = (struct mbox_reader){
		.fd = fd, .limit = limit, .max_message = max_message, .buffer = buffer
	};
}

void mbox_reader_free(struct mbox_reader *r)
{
	wiped_free(&r->buffer);
}

/*
 * Moves what is not handed out yet to the front. What was handed out is wiped already, so that of
 * the place where it lay only the rest is.
 */
static void compact(struct mbox_reader *r)
{
	struct wiped *b = &r->buffer;
	size_t left = b->n - r->start, from = left > r->start ? left : r->start;
	memmove(b->p, b->p + r->start, left);
	explicit_bzero(b->p + from, b->n - from);
	b->n -= r->start;
	r->start = 0;
}

/* Room for all of a small file and no more: all of it is wiped in the end. */
static size_t first_capacity(const struct mbox_reader *r)
{
	return r->limit < FIRST_CAPACITY ? (size_t)r->limit + 1 : FIRST_CAPACITY;
}

/*
 * Reads more bytes behind those that are there; KEPT of the current message have to stay, *DROPPED
 * counts the bytes behind them that were given up. 1, 0 at the end of the input, -1 with errno.
 */
static int more(struct mbox_reader *r, uint64_t kept, uint64_t *dropped)
{
	struct wiped *b = &r->buffer;
	if (r->eof)
		return 0;
	if (b->n == b->capacity && r->start)
		compact(r);
	if (b->n == b->capacity && b->n > kept + HELD) {
		size_t drop = b->n - HELD - (size_t)kept;
		memmove(b->p + kept, b->p + b->n - HELD, HELD);
		b->n -= drop;
		*dropped += drop;
	}
	if (b->n == b->capacity) {
		size_t first = first_capacity(r);
		size_t room = 2 * b->capacity > first ? 2 * b->capacity : first;
		size_t most = (size_t)kept + BEYOND_MESSAGE;
		if (wiped_grow(b, room < most || most < FIRST_CAPACITY ? room : most)) {
			errno = ENOMEM;
			return -1;
		}
	}
	uint64_t left = r->limit - r->fetched;
	size_t room = b->capacity - b->n;
	ssize_t got;
	do {
		if (!left)
			got = 0;
		else if (r->limit == UINT64_MAX)
			got = read(r->fd, b->p + b->n, room);
		else
			got = pread(r->fd, b->p + b->n, left < room ? (size_t)left : room,
				(off_t)r->fetched);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	r->fetched += (size_t)got;
	b->n += (size_t)got;
	r->eof = !got;
	return !r->eof;
}

/* --- one message ---------------------------------------------------------- */

/* The current message while its end is looked for; positions count from buffer.p[start]. */
struct mbox_scan {
	size_t body;   /* behind the From_ line */
	size_t at;     /* bytes before were looked at */
	uint64_t kept; /* From_ line and message at its largest */
	uint64_t dropped;
	bool quoted;
};

static size_t available(const struct mbox_reader *r)
{
	return r->buffer.n - r->start;
}
static const char *current(const struct mbox_reader *r)
{
	return r->buffer.p + r->start;
}

/* more(), with the positions that follow what was dropped moved along. */
static int scan_more(struct mbox_reader *r, struct mbox_scan *s)
{
	uint64_t before = s->dropped;
	int result = more(r, s->kept, &s->dropped);
	s->at -= (size_t)(s->dropped - before);
	return result;
}

/*
 * Sees to it that the line at position AT of the scan is there whole, as far as a From_ line is
 * long. -1 with errno.
 */
static int have_line(struct mbox_reader *r, struct mbox_scan *s)
{
	for (;;) {
		size_t n = available(r) - s->at;
		if (n >= FROM_LINE_LONGEST || (n && memchr(current(r) + s->at, '\n', n)))
			return 0;
		int result = scan_more(r, s);
		if (result <= 0)
			return result;
	}
}

/* The line at AT without its end, and how long it is with it. */
static struct span line_at(const struct mbox_reader *r, size_t at, size_t *whole)
{
	struct span line = { current(r) + at, available(r) - at };
	if (line.n > FROM_LINE_LONGEST)
		line.n = FROM_LINE_LONGEST;
	const char *end = memchr(line.p, '\n', line.n);
	*whole = end ? (size_t)(end - line.p) + 1 : line.n;
	line.n = end ? (size_t)(end - line.p) : line.n;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* True when an empty line, or the From_ line itself, stands before position AT. */
static bool after_empty_line(const struct mbox_reader *r, const struct mbox_scan *s, size_t at)
{
	const char *p = current(r);
	if (at == s->body)
		return true;
	return p[at - 1] == '\n' && (p[at - 2] == '\n' || (p[at - 2] == '\r' && p[at - 3] == '\n'));
}

/* "From " in N bytes; NULL. */
static const char *find_from(const char *p, size_t n)
{
	static const char from[] = { 'F', 'r', 'o', 'm', ' ' };
	const char *end = p + n;
	while ((p = bytes_find_pair(p, end, from[0], from[1])) < end &&
		(size_t)(end - p) >= sizeof from) {
		if (memcmp(p, from, sizeof from) == 0)
			return p;
		p++;
	}
	return NULL;
}

/* Finds where the message ends: *END counts from start. 0, or -1 with errno. */
static int find_end(struct mbox_reader *r, struct mbox_scan *s, size_t *end)
{
	for (;;) {
		const char *base = current(r);
		size_t n = available(r);
		const char *found = r->mbox && n > s->at ? find_from(base + s->at, n - s->at)
							 : NULL;
		if (!found) {
			/* The last four bytes may be the beginning of a "From ". */
			if (n >= s->body + 4 && n - 4 > s->at)
				s->at = n - 4;
			int result = scan_more(r, s);
			if (result > 0)
				continue;
			*end = available(r);
			return result;
		}
		s->at = (size_t)(found - base);
		if (found[-1] == '>')
			s->quoted = true;
		if (after_empty_line(r, s, s->at)) {
			size_t whole;
			int64_t at;
			if (have_line(r, s))
				return -1;
			if (r->lenient || mbox_from_line(line_at(r, s->at, &whole), &at)) {
				*end = s->at;
				return 0;
			}
		}
		s->at += 5;
	}
}

/* Takes one '>' off every line that begins with '>'s and "From ". Returns the new length. */
static size_t unquote_from(char *p, size_t n)
{
	const char *in = p, *end = p + n;
	char *out = p;
	while (in < end) {
		const char *next = memchr(in, '\n', (size_t)(end - in));
		next = next ? next + 1 : end;
		const char *from = in;
		while (from < next && *from == '>')
			from++;
		if (from > in && next - from >= 5 && !memcmp(from, "From ", 5))
			in++;
		memmove(out, in, (size_t)(next - in));
		out += next - in;
		in = next;
	}
	return (size_t)(out - p);
}

/* The empty line before the next From_ line is not part of the message. */
static size_t without_separator(const char *p, size_t n)
{
	if (n >= 2 && p[n - 1] == '\n' && p[n - 2] == '\n')
		return n - 1;
	if (n >= 3 && p[n - 1] == '\n' && p[n - 2] == '\r' && p[n - 3] == '\n')
		return n - 2;
	return n;
}

void mbox_id(unsigned char out[SOURCE_ID_SIZE], const char *p, uint64_t n, uint64_t max_message)
{
	uint64_t most = max_message < MBOX_ID_BYTES ? max_message : MBOX_ID_BYTES;
	size_t length = n < most ? without_separator(p, (size_t)n) : (size_t)most;
	source_remote_id(out, (struct span){ p, length }, SPAN(""));
}

/* Reads the first bytes and decides what this is. 1, 0 when there is nothing, -1 with errno. */
static int begin_mbox(struct mbox_reader *r)
{
	uint64_t dropped = 0;
	int result = 1;
	while (available(r) < 5 && result > 0)
		result = more(r, FROM_LINE_LONGEST, &dropped);
	if (result < 0 || !available(r))
		return result;
	r->begun = true;
	r->mbox = available(r) >= 5 && !memcmp(current(r), "From ", 5);
	return 1;
}

int mbox_reader_next(struct mbox_reader *r, struct mbox_message *out)
{
	struct mbox_scan s = { .kept = FROM_LINE_LONGEST };
	struct wiped *b = &r->buffer;
	size_t whole = 0, end;
	*out = (struct mbox_message){ .from_line = { "", 0 }, .begin = r->offset };

	/* The message handed out last. */
	if (r->spent)
		explicit_bzero(b->p + r->start - r->spent, r->spent);
	r->spent = 0;
	if (!r->begun) {
		int result = begin_mbox(r);
		if (result <= 0)
			return result;
		if (r->mbox && have_line(r, &s))
			return -1;
		int64_t at;
		r->lenient = r->mbox && !mbox_from_line(line_at(r, 0, &whole), &at);
	}
	if (r->mbox) {
		if (have_line(r, &s))
			return -1;
		if (!available(r))
			return 0;
		struct span line = line_at(r, 0, &whole);
		out->from_line.n = line.n;
		if (!mbox_from_line(line, &out->arrived))
			out->arrived = 0;
		s.body = s.at = whole;
	}
	s.kept = s.body + r->max_message;
	/* Input that is one message is over when that was read. */
	if (!r->mbox && r->eof && !available(r))
		return 0;
	if (find_end(r, &s, &end))
		return -1;

	char *p = b->p + r->start;
	size_t n = end - s.body;
	out->from_line.p = p;
	out->size = n + s.dropped;
	if (!s.dropped && r->mbox) {
		n = without_separator(p, end) - s.body;
		out->size = n;
	}
	if (r->identify)
		mbox_id(out->id, p, end + s.dropped, r->max_message);
	if (n > r->max_message)
		n = (size_t)r->max_message;
	out->truncated = n < out->size;
	out->bytes = (struct span){ p + s.body, s.quoted ? unquote_from(p + s.body, n) : n };
	out->end = out->begin + end + s.dropped;
	r->offset = out->end;
	r->start += end;
	r->spent = end;
	return 1;
}
