/*
 * The log reader process: bytes of mail logs in, counts out. As a parser, it has neither keys nor
 * files nor network (sandbox.c): the lines hold what strangers said, and compressed files what
 * strangers' tools made. It unpacks, finds out by the first bytes whether and how far a file was
 * counted before, reads the lines behind that, and counts each attempt by time, provider and
 * campaign.
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
#include "classify/origin.h"
#include "classify/recipient.h"
#include "classify/rules.h"
#include "classify/verp.h"
#include "poller/run/child.h"
#include "classify/base/log.h"
#include "poller/volume/logcarrier.h"
#include "poller/volume/logqueue.h"
#include "poller/volume/providernumbers.h"
#include "poller/run/sandbox.h"
#include "poller/volume/unpack.h"
#include "poller/run/wire.h"

enum {
	LINE_MAX_SIZE = 32 * 1024,     /* longer lines are cut */
	MARK_BYTES = 32 * 1024 * 1024, /* of text: so often what was counted is made durable */
	CELLS = 8192,                  /* a power of two */
	CELLS_FULL = WIRE_LOG_COUNTS_MAX,
	ROUND_MINUTES = 10, /* sendmail: attempts of one message that are further apart belong to
			       another round */
};

struct cell {
	uint32_t slot; /* 0: free */
	uint16_t provider, campaign;
	uint32_t count[LOG_OUTCOME_COUNT];
};

struct file {
	struct unpack *unpack;
	uint64_t raw; /* bytes of the file that came */
	uint64_t position,
		done;    /* of the text: where the next byte lies, behind the last whole line */
	uint64_t skip;   /* what is before it was counted */
	uint64_t marked; /* POSITION at the last mark */
	bool decided;    /* whether it is known */
	bool was_known;
	bool grown; /* KNOWN_AS holds what it is known as by now */
	unsigned char known_as[LOG_FINGERPRINT_SIZE];
	size_t head_n, tail_n;
	bool cut; /* the line is longer than TAIL: its rest is passed over */
	char head[WIRE_LOG_HEAD], tail[LINE_MAX_SIZE];
	struct log_clock clock;
};

struct logreader {
	struct rules *rules;
	struct classify_options options;
	struct returned no_headers; /* what a return path alone says about its campaign */
	struct provider_numbers providers;
	struct queue *queue;
	struct carrier *carrier;
	struct wire_log_known *known;
	size_t knowns;
	struct file *file;
	struct wire_log_mark mark; /* counts since the last */
	size_t cells;
	struct cell cell[CELLS];
};

/* --- counts --------------------------------------------------------------- */

static int send_counts(struct logreader *r)
{
	static struct wire_log_count counts[WIRE_LOG_COUNTS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < CELLS && r->cells; i++) {
		const struct cell *c = &r->cell[i];
		if (!c->slot)
			continue;
		counts[n] = (struct wire_log_count){ .slot = c->slot,
			.provider = c->provider == QUEUE_OTHER ? WIRE_LOG_OTHER : c->provider };
		memcpy(counts[n].count, c->count, sizeof c->count);
		strcpy(counts[n++].campaign, queue_campaign(r->queue, c->campaign));
	}
	memset(r->cell, 0, sizeof r->cell);
	r->cells = 0;
	return n ? wire_send(CHILD_FD, WIRE_LOG_COUNTS, counts, n * sizeof *counts, NULL, 0) : 0;
}

static int count_delivery(struct logreader *r, int64_t at, uint16_t provider, uint16_t campaign,
	enum log_outcome outcome, uint32_t n)
{
	uint32_t slot = (uint32_t)(at / WIRE_LOG_SLOT);
	uint32_t i = (slot * 2654435761u ^ provider * 40503u ^ campaign * 9973u) % CELLS;
	r->mark.outcome[outcome] += n;
	while (r->cell[i].slot &&
		(r->cell[i].slot != slot || r->cell[i].provider != provider ||
			r->cell[i].campaign != campaign))
		i = (i + 1) % CELLS;
	if (!r->cell[i].slot) {
		r->cell[i] = (struct cell){
			.slot = slot, .provider = provider, .campaign = campaign
		};
		r->cells++;
	}
	r->cell[i].count[outcome] += n;
	return r->cells < CELLS_FULL ? 0 : send_counts(r);
}

/* --- lines ---------------------------------------------------------------- */

static bool is_our_sender(const struct logreader *r, struct span domain)
{
	const char *at = r->options.verp ? strrchr(r->options.verp, '@') : NULL;
	return origin_is_ours(&r->options, domain) ||
		(at && span_equal_nocase(domain, span_of(at + 1)));
}

static enum queue_sender sender_of(const struct logreader *r, struct span sender)
{
	struct span local = address_local(sender), domain = address_domain(sender);
	if (!sender.n || span_equal_nocase(local, SPAN("double-bounce")) ||
		span_equal_nocase(local, SPAN("MAILER-DAEMON")) ||
		(!domain.n && span_equal_nocase(sender, SPAN("MAILER-DAEMON"))))
		return SENDER_BOUNCE;
	/* an unqualified sender is a user of the host */
	return !domain.n || !r->options.domains[0] || is_our_sender(r, domain) ? SENDER_OURS
									       : SENDER_FOREIGN;
}

/* What the return path says, as it does when a bounce comes back to it. */
static uint16_t campaign_of(struct logreader *r, struct span sender)
{
	char buffer[EVENT_ADDRESS_SIZE], name[EVENT_CAMPAIGN_SIZE] = "";
	struct verp v;
	struct span address = origin_unwrap(sender, buffer),
		    token = origin_token(r->options.verp, address);
	uint16_t number;
	if (token.n && verp_decode(token, &v))
		number = queue_name(r->queue, v.campaign);
	else {
		origin_campaign(address, &r->no_headers, name);
		number = queue_name(r->queue, name);
	}
	sodium_memzero(&v, sizeof v);
	sodium_memzero(buffer, sizeof buffer);
	return number;
}

static void take_arrival(struct logreader *r, const struct log_line *l)
{
	struct queued *mail = queue_mail(r->queue, l, true);
	bool first = mail->sender == SENDER_UNKNOWN;
	queue_heard(r->queue, mail, l);
	mail->sender = (uint8_t)sender_of(r, l->sender);
	if (!l->names_sender || l->what == LOG_ATTEMPT)
		queue_tried(mail);
	uint16_t campaign = first && mail->sender == SENDER_OURS ? campaign_of(r, l->sender) : 0;
	if (campaign)
		mail->campaign = campaign;
}

/* A logged header names the campaign where the return path does not. */
static void take_campaign(struct logreader *r, const struct log_line *l)
{
	char name[EVENT_CAMPAIGN_SIZE];
	if (!origin_copy_campaign(
		    origin_configured_campaign(&r->options, l->header, l->sender), name))
		return;
	struct queued *mail = queue_mail(r->queue, l, true);
	if (!mail->campaign)
		mail->campaign = queue_name(r->queue, name);
}

static int take_attempt(struct logreader *r, const struct log_line *l)
{
	struct queued *mail = queue_mail(r->queue, l, false);
	enum queue_sender sender = mail ? (enum queue_sender)mail->sender : SENDER_UNKNOWN;
	bool deferred = l->outcome == LOG_DEFERRED || l->outcome == LOG_THROTTLED;
	struct span rest = l->recipients, domain;
	int result = 0;
	/* sendmail does not say when it begins a round */
	if (mail && l->mta == LOG_SENDMAIL && mail->waits &&
		l->at / 60 > (int64_t)mail->minute + ROUND_MINUTES)
		queue_tried(mail);
	if (mail)
		queue_heard(r->queue, mail, l);
	while (!result && log_recipient(&rest, &domain)) {
		if (l->reach == LOG_HOP)
			r->mark.hops++;
		else if (l->reach == LOG_LOCAL || !domain.n || is_our_sender(r, domain))
			r->mark.own++;
		else if (sender == SENDER_BOUNCE)
			r->mark.bounces++;
		else if (sender == SENDER_FOREIGN)
			r->mark.foreign++;
		else {
			uint16_t provider = providernumbers_find(
				&r->providers, r->rules, l->relay, domain);
			if (deferred)
				queue_wait(mail ? mail : (mail = queue_mail(r->queue, l, true)),
					provider);
			result = count_delivery(
				r, l->at, provider, mail ? mail->campaign : 0, l->outcome, 1);
		}
	}
	return result;
}

/* Its sender is the null one, though the log does not say so. */
static void take_notice(struct logreader *r, const struct log_line *l)
{
	struct log_line notice = *l;
	notice.id = l->notice;
	struct queued *mail = queue_mail(r->queue, &notice, true);
	queue_heard(r->queue, mail, l);
	mail->sender = SENDER_BOUNCE;
}

static int take_expiry(struct logreader *r, const struct log_line *l)
{
	struct queued *mail = queue_mail(r->queue, l, false);
	int result = 0;
	for (unsigned i = 0; mail && i < mail->waits && !result; i++)
		result = count_delivery(r, l->at, mail->wait[i].provider, mail->campaign,
			LOG_REJECTED, mail->wait[i].count);
	if (mail)
		queue_tried(mail);
	return result;
}

static int take_log_line(struct logreader *r, struct span line)
{
	struct log_carried carried;
	struct log_line l;
	struct queued *mail;
	r->mark.lines++;
	if (!carrier_line(r->carrier, line, &r->file->clock, &line, &carried))
		return 0;
	bool known = maillog_read(line, &carried, &r->file->clock, &l);
	if (l.unread && !r->mark.unread++)
		r->mark.first_unread = r->mark.lines;
	if (!known)
		return 0;
	r->mark.recognised++;
	if (l.notice.n)
		take_notice(r, &l);
	if (l.names_sender)
		take_arrival(r, &l);
	switch (l.what) {
	case LOG_ARRIVED:
		take_arrival(r, &l);
		return 0;
	case LOG_CAMPAIGN:
		take_campaign(r, &l);
		return 0;
	case LOG_ATTEMPT:
		return take_attempt(r, &l);
	case LOG_EXPIRED:
		return take_expiry(r, &l);
	case LOG_DONE:
		if ((mail = queue_mail(r->queue, &l, false)))
			queue_forget(mail);
		return 0;
	case LOG_NOTHING:
		break;
	}
	return 0;
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
		int result = take_log_line(r, line);
		f->tail_n = 0;
		f->cut = false;
		if (!carrier_is_within(r->carrier))
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
	f->decided = true;
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
	return x->length != y->length ? (x->length < y->length ? -1 : 1) : 0;
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
	struct wire_log_mark *m = &r->mark;
	unsigned char *state = NULL;
	int result = send_counts(r);
	queue_sweep(r->queue);
	size_t n = result ? 0 : queue_save(r->queue, r->providers.hash, WIRE_LOG_STATE_MAX, &state);
	if (!result)
		result = state ? wire_send(CHILD_FD, WIRE_LOG_STATE, state, n, NULL, 0) : -1;
	free(state);
	m->end = end;
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
		result = take_log_line(r, (struct span){ f->tail, f->tail_n });
		f->done = f->position;
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
	if (f->position - f->marked >= MARK_BYTES && f->position > f->skip)
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
		queue_load(r->queue, r->providers.hash,
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
	struct fields no_fields;
	char error[512];
	unsigned char *payload = NULL;
	size_t capacity = 0;
	struct wire_head head;
	int got, result = EXIT_LOST;

	r.options = *options;
	r.rules = rules;
	fields_clear(&no_fields);
	returned_read(&r.options, &no_fields, &r.no_headers);
	r.queue = queue_new();
	r.carrier = carrier_new();
	if (!r.queue || !r.carrier || providernumbers_load(&r.providers, r.rules))
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
	queue_free(r.queue);
	carrier_free(r.carrier);
	free(r.known);
	providernumbers_free(&r.providers);
	wipe_free(payload, capacity);
	return result;
}
