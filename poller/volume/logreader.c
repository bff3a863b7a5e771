/*
 * The log reader process: bytes of mail logs in, counts out. As a parser, it has neither keys nor
 * files nor network (poller/run/sandbox.c): the lines hold what strangers said, and compressed
 * files what strangers' tools made. It unpacks, finds out by the first bytes whether and how far a
 * file was counted before, reads the lines behind that, and counts each attempt by time, provider
 * and campaign.
 *
 * What is counted is what became of our mailings: not deliveries into own mailboxes (a local
 * mailer, or a recipient at one of [origin] domains), not hops to this host itself (a filter behind
 * a loopback address, which hands the mail back), not bounces and probes (null sender,
 * double-bounce), not mail of others (an envelope sender that is at none of [origin] domains, where
 * these are given).
 */
#include "poller/volume/logreader.h"

#include <stdlib.h>
#include <sodium.h>
#include "classify/base/exitcode.h"
#include "poller/run/child.h"
#include "classify/base/log.h"
#include "classify/base/wipe.h"
#include "poller/volume/acctfile.h"
#include "poller/volume/logcarrier.h"
#include "poller/volume/logpieces.h"
#include "poller/volume/logtally.h"
#include "poller/run/sandbox.h"
#include "poller/volume/unpack.h"
#include "poller/run/wire.h"

enum {
	MARK_BYTES = 32 * 1024 * 1024, /* of text: so often what was counted is made durable */
	GROWS = 3600, /* seconds for which a file that was changed is taken for one that grows */
};

struct file {
	struct unpack *unpack;
	uint64_t raw; /* bytes of the file that came */
	uint64_t position,
		done;    /* of the text: where the next byte lies, behind the last whole line */
	uint64_t begin;  /* of the line in TAIL */
	uint64_t skip;   /* what is before it was counted */
	uint64_t marked; /* POSITION at the last mark */
	bool decided;    /* whether it is known */
	bool was_known;
	bool grown; /* KNOWN_AS holds what it is known as by now */
	unsigned char known_as[LOG_FINGERPRINT_SIZE];
	size_t head_n, tail_n;
	struct acct acct;
	bool cut; /* the line is longer than TAIL: its rest is passed over */
	char head[WIRE_LOG_HEAD], tail[PIECES_LINE_MAX];
	struct log_clock clock;
};

struct logreader {
	struct log_tally *tally;
	struct carrier *carrier;
	struct pieces *pieces;
	struct wire_log_known *known;
	size_t knowns;
	struct file *file;
};

/* --- lines ---------------------------------------------------------------- */

/* LINE as the mail server wrote it. */
static int read_log_line(struct logreader *r, const struct pieces_line *line)
{
	struct log_carried carried = { 0 };
	struct log_line l = { 0 };
	struct file *f = r->file;
	struct wire_log_mark *m = &r->tally->mark;
	struct span text = line->text;
	bool known = true, cut = line->cut;
	if (!acct_read(&f->acct, text, &f->clock, &l)) {
		known = carrier_line(r->carrier, text, &f->clock, &text, &carried);
		cut |= carried.cut;
		if (known)
			known = maillog_read(text, &carried, &f->clock, &l);
		else
			l.unread = maillog_tells(text, cut);
		if (cut && l.what == LOG_NOTHING)
			l.unread = maillog_tells(text, cut);
	}
	if (l.unread && (!m->unread++ || line->number < m->first_unread))
		m->first_unread = line->number;
	if (!known)
		return 0;
	m->recognised++;
	return tally_line(r->tally, &l);
}

static int read_held_lines(struct logreader *r)
{
	struct pieces_line line;
	int result = 0;
	while (!result && pieces_next(r->pieces, &line))
		result = read_log_line(r, &line);
	return result;
}

static int give_up_pieces(struct logreader *r)
{
	pieces_give_up(r->pieces);
	return read_held_lines(r);
}

/* TEXT as it stands in the file; CUT: it is longer than that. */
static int take_log_line(struct logreader *r, struct span text, bool cut)
{
	struct pieces_line line = { text, ++r->tally->mark.lines, cut };
	int result = pieces_are_full(r->pieces, text) ? give_up_pieces(r) : 0;
	if (result)
		return result;
	if (!pieces_take(r->pieces, &line))
		return read_log_line(r, &line);
	return pieces_are_open(r->pieces) ? 0 : read_held_lines(r);
}

/* Nothing is begun of which the rest is to come. */
static bool is_between_lines(const struct logreader *r)
{
	return !carrier_is_within(r->carrier) && !pieces_are_open(r->pieces);
}

/* --- text into lines ------------------------------------------------------ */

/* The begin of a line whose end did not come yet. */
static void keep_tail(struct file *f, struct span part)
{
	size_t room = sizeof f->tail - f->tail_n, n = part.n < room ? part.n : room;
	memcpy(f->tail + f->tail_n, part.p, n);
	f->tail_n += n;
	f->cut |= n < part.n;
}

static int take_log_text(struct logreader *r, struct span text)
{
	struct file *f = r->file;
	if (f->position < f->skip) {
		uint64_t over = f->skip - f->position;
		size_t n = text.n < over ? text.n : (size_t)over;
		f->position += n;
		f->done = f->position;
		text = (struct span){ text.p + n, text.n - n };
	}
	while (text.n) {
		const char *newline = memchr(text.p, '\n', text.n);
		size_t n = newline ? (size_t)(newline - text.p) : text.n;
		struct span line = { text.p, n };
		f->position += n + (newline != NULL);
		if (!newline || f->tail_n)
			keep_tail(f, line);
		if (!newline)
			return 0;
		if (f->tail_n)
			line = (struct span){ f->tail, f->tail_n };
		int result = take_log_line(r, line, f->cut);
		f->tail_n = 0;
		f->cut = false;
		f->begin = f->position;
		if (is_between_lines(r))
			f->done = f->position;
		if (result)
			return result;
		text = (struct span){ text.p + n + 1, text.n - n - 1 };
	}
	return 0;
}

static void fingerprint(const char *p, size_t n, unsigned char out[LOG_FINGERPRINT_SIZE])
{
	crypto_generichash(out, LOG_FINGERPRINT_SIZE, (const unsigned char *)p, n, NULL, 0);
}

/*
 * Is the file one of those that were counted? Of several that fit, the one of which most is known.
 * They come ordered by length.
 */
static void decide_known(struct logreader *r)
{
	struct file *f = r->file;
	unsigned char hash[LOG_FINGERPRINT_SIZE];
	uint64_t hashed = 0;
	struct span rest = { f->head, f->head_n }, first;
	f->decided = true;
	if (span_line(&rest, &first)) /* reading may begin behind it */
		acct_header(&f->acct, first);
	for (size_t i = 0; i < r->knowns && r->known[i].length <= f->head_n; i++) {
		const struct wire_log_known *k = &r->known[i];
		if (k->length != hashed)
			fingerprint(f->head, (size_t)k->length, hash);
		hashed = k->length;
		if (memcmp(hash, k->fingerprint, sizeof hash) != 0)
			continue;
		f->skip = k->offset;
		f->was_known = f->grown = true;
		memcpy(f->known_as, k->fingerprint, sizeof f->known_as);
	}
}

static int take_unpacked(void *context, struct span bytes)
{
	struct logreader *r = context;
	struct file *f = r->file;
	if (f->decided)
		return take_log_text(r, bytes);
	size_t n = bytes.n < WIRE_LOG_HEAD - f->head_n ? bytes.n : WIRE_LOG_HEAD - f->head_n;
	memcpy(f->head + f->head_n, bytes.p, n);
	f->head_n += n;
	if (f->head_n < WIRE_LOG_HEAD)
		return 0;
	decide_known(r);
	int result = take_log_text(r, (struct span){ f->head, f->head_n });
	return result ? result : take_log_text(r, (struct span){ bytes.p + n, bytes.n - n });
}

/* --- the talk with the run ------------------------------------------------ */

static int by_length(const void *a, const void *b)
{
	const struct wire_log_known *x = a, *y = b;
	return (x->length > y->length) - (x->length < y->length);
}

/* What follows in the same file, or a copy of it, is known by what this mark says. */
static int remember_log(struct logreader *r, const struct wire_log_mark *m)
{
	struct wire_log_known now = { .length = m->length, .offset = m->offset };
	size_t i = 0;
	memcpy(now.fingerprint, m->fingerprint, sizeof now.fingerprint);
	while (i < r->knowns &&
		memcmp(r->known[i].fingerprint, m->grown ? m->replaces : m->fingerprint,
			LOG_FINGERPRINT_SIZE) != 0)
		i++;
	if (i == r->knowns) {
		struct wire_log_known *more = reallocarray(r->known, r->knowns + 1, sizeof *more);
		if (!more)
			return -1;
		r->known = more;
		r->knowns++;
	}
	r->known[i] = now;
	qsort(r->known, r->knowns, sizeof *r->known, by_length);
	return 0;
}

static int send_mark(struct logreader *r, bool end)
{
	struct file *f = r->file;
	struct wire_log_mark *m = &r->tally->mark;
	unsigned char *state = NULL;
	int result = tally_send(r->tally);
	queue_sweep(r->tally->queue);
	size_t n = result
		? 0
		: queue_save(r->tally->queue, r->tally->providers.hash, WIRE_LOG_STATE_MAX, &state);
	if (!result)
		result = state ? wire_send(CHILD_FD, WIRE_LOG_STATE, state, n, NULL, 0) : -1;
	free(state);
	m->end = end;
	m->within = pieces_are_open(r->pieces);
	m->fresh = !f->was_known;
	m->shorter = end && f->position < f->skip;
	m->offset = m->shorter ? f->skip : f->done;
	m->length = m->offset < f->head_n ? m->offset : f->head_n;
	fingerprint(f->head, (size_t)m->length, m->fingerprint);
	m->grown = f->grown;
	memcpy(m->replaces, f->known_as, sizeof m->replaces);
	if (!result)
		result = wire_send(CHILD_FD, WIRE_LOG_MARK, m, sizeof *m, NULL, 0);
	if (!result && m->length)
		result = remember_log(r, m);
	f->grown = m->length > 0;
	memcpy(f->known_as, m->fingerprint, sizeof f->known_as);
	f->marked = f->position;
	*m = (struct wire_log_mark){ 0 };
	return result;
}

static int send_ready(const struct file *f)
{
	struct wire_log_bytes at = { f->raw };
	if (f->decided && unpack_is_plain(f->unpack) && f->skip > f->position)
		at.position = f->skip;
	return wire_send(CHILD_FD, WIRE_LOG_READY, &at, sizeof at, NULL, 0);
}

static int log_failed(const char *why)
{
	wire_send(CHILD_FD, WIRE_FAILED, why, strlen(why), NULL, 0);
	return -1;
}

/* Where the run went on: in a plain file it may have passed over what was counted. */
static int go_to(struct logreader *r, uint64_t position)
{
	struct file *f = r->file;
	if (position == f->raw)
		return 0;
	if (!f->decided || !unpack_is_plain(f->unpack) || position < f->raw || position > f->skip)
		return log_failed("bytes out of order");
	f->raw = f->position = f->done = position;
	return 0;
}

static bool grows(const struct file *f)
{
	return unpack_is_plain(f->unpack) && f->clock.now - f->clock.reference < GROWS;
}

/* A damaged file is counted up to the damage; 1: it is, and that was said. */
static int end_file(struct logreader *r, bool damaged)
{
	struct file *f = r->file;
	int result = 0;
	if (!damaged && unpack_end(f->unpack))
		damaged = true;
	if (!f->decided) {
		decide_known(r);
		result = take_log_text(r, (struct span){ f->head, f->head_n });
	}
	/* what is packed grows no more: its last line is whole, even without an end */
	if (!result && f->tail_n && !damaged && !unpack_is_plain(f->unpack)) {
		result = take_log_line(r, (struct span){ f->tail, f->tail_n }, f->cut);
		f->begin = f->position;
		if (is_between_lines(r))
			f->done = f->position;
	}
	if (!result && pieces_are_open(r->pieces) && !grows(f)) {
		f->done = f->begin;
		result = give_up_pieces(r);
	}
	if (!result)
		result = send_mark(r, true);
	if (!result && damaged)
		result = wire_send(CHILD_FD, WIRE_FAILED, unpack_error(f->unpack),
				 strlen(unpack_error(f->unpack)), NULL, 0)
			? -1
			: 1;
	return result;
}

static void close_file(struct logreader *r)
{
	if (r->file) {
		unpack_free(r->file->unpack);
		sodium_memzero(r->file, sizeof *r->file);
	}
	free(r->file);
	r->file = NULL;
}

static int open_log_file(struct logreader *r, const unsigned char *payload)
{
	struct wire_log_file head;
	memcpy(&head, payload, sizeof head);
	close_file(r);
	r->file = calloc(1, sizeof *r->file);
	if (!r->file)
		return -1;
	carrier_begin(r->carrier);
	pieces_begin(r->pieces);
	r->file->clock.reference = head.reference;
	r->file->clock.now = head.now;
	r->file->unpack = unpack_new(take_unpacked, r);
	return r->file->unpack ? 0 : -1;
}

static int take_bytes(struct logreader *r, const unsigned char *payload, uint32_t length)
{
	struct wire_log_bytes at;
	memcpy(&at, payload, sizeof at);
	struct span bytes = { (const char *)payload + sizeof at, length - sizeof at };
	struct file *f = r->file;
	if (!f || go_to(r, at.position))
		return -1;
	f->raw += bytes.n;
	int result = unpack_feed(f->unpack, bytes);
	if (result)
		return *unpack_error(f->unpack) ? end_file(r, true) : result;
	if (f->position - f->marked >= MARK_BYTES && f->position > f->skip &&
		!pieces_are_open(r->pieces))
		result = send_mark(r, false);
	return result ? result : send_ready(f);
}

static int take_end(struct logreader *r, const unsigned char *payload)
{
	struct wire_log_bytes at;
	memcpy(&at, payload, sizeof at);
	if (!r->file || go_to(r, at.position))
		return -1;
	int result = end_file(r, false);
	return result ? result : send_ready(r->file);
}

static int take_known(struct logreader *r, const unsigned char *payload, uint32_t length)
{
	r->knowns = length / sizeof *r->known;
	r->known = calloc(r->knowns + 1, sizeof *r->known);
	if (!r->known)
		return -1;
	if (length)
		memcpy(r->known, payload, length);
	qsort(r->known, r->knowns, sizeof *r->known, by_length);
	return 0;
}

/* One frame of the run; 0, 1 (a file failed), -1 (the talk is over). */
static int answer_log(
	struct logreader *r, const struct wire_head *head, const unsigned char *payload)
{
	switch (head->type) {
	case WIRE_LOG_STATE:
		queue_load(r->tally->queue, r->tally->providers.hash,
			(struct span){ (const char *)payload, head->length });
		return 0;
	case WIRE_LOG_KNOWN:
		return take_known(r, payload, head->length);
	case WIRE_LOG_FILE:
		return open_log_file(r, payload);
	case WIRE_LOG_BYTES:
		return take_bytes(r, payload, head->length);
	case WIRE_LOG_END:
		return take_end(r, payload);
	default:
		return -1;
	}
}

int logreader_serve(struct rules *rules, const struct classify_options *options)
{
	static struct logreader r;
	char error[512];
	unsigned char *payload = NULL;
	size_t capacity = 0;
	struct wire_head head;
	int got, result = EXIT_LOST;

	r.tally = tally_new(rules, options);
	r.carrier = carrier_new();
	r.pieces = pieces_new();
	if (!r.tally || !r.carrier || !r.pieces)
		goto out;
	if (sandbox_enter(CHILD_FD, error, sizeof error))
		log_warning("log reader: %s; it runs with the rights of its user", error);
	while ((got = wire_receive(CHILD_FD, &head, &payload, &capacity)) == 1) {
		sandbox_new_budget();
		if (answer_log(&r, &head, payload) < 0)
			break;
		if (head.length)
			sodium_memzero(payload, head.length);
	}
	result = got == 0 ? EXIT_WELL : EXIT_LOST;
out:
	close_file(&r);
	tally_free(r.tally);
	carrier_free(r.carrier);
	pieces_free(r.pieces);
	free(r.known);
	wipe_free(payload, capacity);
	return result;
}
