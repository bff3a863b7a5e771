/*
 * Files are taken in the order of their last change: what was rotated away is older than what took
 * its place, so that a mail's arrival is read before its delivery. The bytes go to the log reader
 * as they are; what comes back is checked, for it was made from what strangers said.
 */
#include "poller/volume/volumelog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/units.h"
#include "classify/rules.h"
#include "poller/run/child.h"
#include "classify/base/exitcode.h"
#include "classify/base/log.h"
#include "poller/run/wire.h"
#include "reports/jsonline.h"

enum {
	PATIENCE = 120,           /* seconds for an answer */
	PIPE_SILENCE = 60 * 1000, /* milliseconds: whoever follows a log would hold the lock */
};

struct input {
	const char *path;
	int fd;
	struct stat st;
	bool piped;  /* what was read is gone: it is read in order, and known by its first bytes */
	uint64_t at; /* where that reading is */
};

struct counting {
	struct session *session;
	int64_t now;
	int fd; /* the reader's */
	struct log_file *known;
	size_t knowns;
	unsigned char *payload; /* the frame that came last */
	size_t capacity;
	unsigned char *state; /* the reader's memory of the queue, kept until its mark */
	size_t state_n, state_capacity;
	bool open;   /* a transaction is */
	bool broken; /* the talk with the reader is over */
	struct wire_log_mark total;
};

/* --- what the reader says ------------------------------------------------- */

static bool campaign_is_sound(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+-";
	size_t n = strnlen(name, EVENT_CAMPAIGN_SIZE);
	return n < EVENT_CAMPAIGN_SIZE && strspn(name, allowed) == n;
}

static int break_off(struct counting *c, const char *path, const char *why)
{
	if (!c->broken)
		log_error("%s: %s", path, why);
	c->broken = true;
	return EXIT_LOST;
}

static int store_failed(struct counting *c)
{
	c->broken = true;
	return session_store_failed(c->session, "volume", STORE_FAILED);
}

static int begin_logs(struct counting *c)
{
	if (c->open)
		return EXIT_WELL;
	c->open = store_begin(c->session->store) == STORE_OK;
	return c->open ? EXIT_WELL : store_failed(c);
}

static int take_counts(struct counting *c, uint32_t length)
{
	int result = begin_logs(c);
	for (uint32_t at = 0; at < length && result == EXIT_WELL;
		at += sizeof(struct wire_log_count)) {
		struct wire_log_count n;
		struct volume v = { 0 };
		memcpy(&n, c->payload + at, sizeof n);
		int64_t seconds = (int64_t)n.slot * WIRE_LOG_SLOT;
		const char *provider = n.provider == WIRE_LOG_OTHER
			? "other"
			: provider_at(c->session->rules, n.provider);
		if (!provider || !campaign_is_sound(n.campaign) || seconds > c->now + DAY) {
			return break_off(
				c, "volume", "the log reader said what it cannot have read");
		}
		memcpy(v.campaign, n.campaign, sizeof v.campaign);
		memcpy(v.provider, provider, strnlen(provider, sizeof v.provider - 1));
		v.delivered = n.count[LOG_DELIVERED];
		v.throttled = n.count[LOG_THROTTLED];
		v.deferred = (uint64_t)n.count[LOG_DEFERRED] + n.count[LOG_THROTTLED];
		v.rejected = n.count[LOG_REJECTED];
		if (store_volume_log(c->session->store, seconds, &v))
			result = store_failed(c);
	}
	return result;
}

static void add_totals(struct wire_log_mark *sum, const struct wire_log_mark *m)
{
	if (m->first_unread && !sum->first_unread)
		sum->first_unread = sum->lines + m->first_unread;
	sum->unread += m->unread;
	sum->lines += m->lines;
	sum->recognised += m->recognised;
	sum->own += m->own;
	sum->hops += m->hops;
	sum->bounces += m->bounces;
	sum->foreign += m->foreign;
	sum->fresh |= m->fresh;
	sum->within |= m->within;
	for (unsigned o = 0; o < LOG_OUTCOME_COUNT; o++)
		sum->outcome[o] += m->outcome[o];
}

/*
 * What was counted since the last mark becomes durable, with the place up to which it goes. RAW is
 * where the file ended, as it is.
 */
static int take_mark(
	struct counting *c, const struct input *in, uint64_t raw, struct wire_log_mark *sum)
{
	struct wire_log_mark m;
	struct store *store = c->session->store;
	memcpy(&m, c->payload, sizeof m);
	struct log_file f = { .length = m.length, .offset = m.offset, .at = c->now };
	memcpy(f.fingerprint, m.fingerprint, sizeof f.fingerprint);
	if (m.end && !m.shorter && !m.within && !in->piped) {
		f.device = in->st.st_dev;
		f.inode = in->st.st_ino;
		f.size = raw;
		f.mtime = in->st.st_mtime;
	}
	if (m.length > WIRE_LOG_HEAD || m.offset > INT64_MAX) {
		return break_off(c, "volume", "the log reader said what it cannot have read");
	}
	int result = begin_logs(c);
	if (result == EXIT_WELL &&
		((m.length && store_log_file_put(store, &f, m.grown ? m.replaces : NULL)) ||
			store_log_state_put(store, c->state, c->state_n) || store_commit(store)))
		result = store_failed(c);
	c->open = c->open && result != EXIT_WELL;
	if (m.shorter) {
		log_warning("%s: shorter than what was counted of it; nothing of it counts again",
			in->path);
		result = exit_worse(result, EXIT_LOST);
	}
	if (m.within)
		log_notice("%s: ends within a line that is in pieces; from there on it is counted "
			   "when the rest has come",
			in->path);
	add_totals(sum, &m);
	return result;
}

static void keep_state(struct counting *c, uint32_t length)
{
	unsigned char *p = c->state;
	size_t capacity = c->state_capacity;
	c->state = c->payload;
	c->state_capacity = c->capacity;
	c->state_n = length;
	c->payload = p;
	c->capacity = capacity;
}

/*
 * One frame of the answer. *READY: it was the last; *POSITION is where the reader wants to go on.
 * *ENDED: it has done with this file.
 */
static int take_frame(struct counting *c, const struct input *in, uint64_t raw, uint64_t *position,
	bool *ready, bool *ended, struct wire_log_mark *sum)
{
	struct wire_head head;
	struct wire_log_bytes at;
	char text[WIRE_TEXT_MAX], clean[WIRE_TEXT_MAX];
	if (wire_receive(c->fd, &head, &c->payload, &c->capacity) != 1)
		return break_off(c, in->path, "the log reader ended without a word");
	switch (head.type) {
	case WIRE_LOG_COUNTS:
		return take_counts(c, head.length);
	case WIRE_LOG_STATE:
		keep_state(c, head.length);
		return EXIT_WELL;
	case WIRE_LOG_MARK:
		return take_mark(c, in, raw, sum);
	case WIRE_LOG_READY:
		memcpy(&at, c->payload, sizeof at);
		*ready = true;
		*position = at.position;
		return at.position < raw ? break_off(c, in->path, "the log reader wants to go back")
					 : EXIT_WELL;
	case WIRE_FAILED:
		span_copy_text(
			text, sizeof text, (struct span){ (const char *)c->payload, head.length });
		log_error("%s: %s; it is counted up to there", in->path,
			log_clean(clean, sizeof clean, text));
		*ready = *ended = true;
		return EXIT_LOST;
	default:
		return break_off(c, in->path, "the log reader said something unknown");
	}
}

/*
 * The answer to one frame. A failure of the store leaves the transaction to be rolled back, and
 * ends everything.
 */
static int take_log_answer(struct counting *c, const struct input *in, uint64_t raw,
	uint64_t *position, bool *ended, struct wire_log_mark *sum)
{
	int result = EXIT_WELL;
	for (bool ready = false; !ready && !c->broken;)
		result = exit_worse(result, take_frame(c, in, raw, position, &ready, ended, sum));
	return result;
}

/* --- files ---------------------------------------------------------------- */

/* The same file with the same length and time of change as when it was read to its end. */
static bool is_unchanged(const struct counting *c, const struct stat *st)
{
	for (size_t i = 0; i < c->knowns; i++) {
		const struct log_file *k = &c->known[i];
		if (k->inode == st->st_ino && k->device == st->st_dev &&
			k->size == (uint64_t)st->st_size && k->mtime == st->st_mtime)
			return true;
	}
	return false;
}

/* The next bytes of a pipe; -1 with ETIMEDOUT where none comes for long. */
static ssize_t read_piped(int fd, unsigned char *buffer, size_t n)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t got;
	do {
		int polled = poll(&ready, 1, PIPE_SILENCE);
		if (!polled)
			errno = ETIMEDOUT;
		got = polled > 0 ? read(fd, buffer, n) : -1;
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Positions beyond the end are the end. What a pipe has before POSITION is passed over. */
static ssize_t read_at(struct input *in, unsigned char *buffer, size_t n, uint64_t position)
{
	size_t have = 0;
	ssize_t got = 1;
	while (!in->piped) {
		got = pread(in->fd, buffer, n, (off_t)position);
		if (got >= 0 || errno != EINTR)
			return got;
	}
	while (got > 0 && in->at < position) {
		uint64_t left = position - in->at;
		got = read_piped(in->fd, buffer, left < n ? (size_t)left : n);
		in->at += got > 0 ? (uint64_t)got : 0;
	}
	while (got > 0 && have < n) {
		got = read_piped(in->fd, buffer + have, n - have);
		have += got > 0 ? (size_t)got : 0;
	}
	in->at += have;
	return got < 0 ? -1 : (ssize_t)have;
}

static void say_totals(const char *path, const struct wire_log_mark *m)
{
	log_info("%s: %" PRIu64 " lines, %" PRIu64 " delivered, %" PRIu64 " deferred, %" PRIu64
		 " of them throttled, %" PRIu64 " rejected",
		path, m->lines, m->outcome[LOG_DELIVERED],
		m->outcome[LOG_DEFERRED] + m->outcome[LOG_THROTTLED], m->outcome[LOG_THROTTLED],
		m->outcome[LOG_REJECTED]);
}

/* What was counted of a file, or what stands in it and could not be. */
static int judge_count(const char *path, const struct wire_log_mark *m)
{
	uint64_t attempts = m->own + m->hops + m->bounces + m->foreign;
	for (unsigned o = 0; o < LOG_OUTCOME_COUNT; o++)
		attempts += m->outcome[o];
	if (m->unread) {
		log_warning("%s: %" PRIu64 " lines tell of deliveries in a form that is not known; "
			    "they are not counted. The first is line %" PRIu64 "%s",
			path, m->unread, m->first_unread,
			m->fresh ? "" : " of those that were read now");
		return attempts ? EXIT_WELL : EXIT_LOST;
	}
	if (!m->fresh || !m->lines || m->within || attempts)
		return EXIT_WELL;
	if (!m->recognised) {
		log_warning(
			"%s: no line of Postfix, Exim, sendmail, OpenSMTPD, qmail or PowerMTA in it",
			path);
		return EXIT_LOST;
	}
	log_warning("%s: %" PRIu64 " lines of a mail server, and no delivery among them; "
		    "nothing is counted",
		path, m->recognised);
	return EXIT_WELL;
}

static int count_file(struct counting *c, struct input *in)
{
	static unsigned char buffer[WIRE_LOG_CHUNK];
	struct wire_log_file head = {
		.reference = in->st.st_mtime < c->now ? in->st.st_mtime : c->now, .now = c->now
	};
	struct wire_log_bytes at = { 0 };
	struct wire_log_mark sum = { 0 };
	int result = EXIT_WELL;
	bool ended = false;
	if (wire_send(c->fd, WIRE_LOG_FILE, &head, sizeof head, NULL, 0))
		return break_off(c, in->path, "the log reader is gone");
	while (!ended && !c->broken) {
		ssize_t n = read_at(in, buffer,
			at.position ? sizeof buffer
				    : WIRE_LOG_HEAD /* enough to know the file by */,
			at.position);
		if (n < 0) {
			if (errno == ETIMEDOUT)
				log_error("%s: nothing came for %d s; it is counted up to there",
					in->path, PIPE_SILENCE / 1000);
			else
				log_error("%s: %s", in->path, strerror(errno));
			return EXIT_LOST;
		}
		ended = n == 0;
		uint64_t whole = in->piped ? in->at : (uint64_t)in->st.st_size;
		if (ended && at.position > whole)
			at.position = whole;
		if (wire_send(c->fd, ended ? WIRE_LOG_END : WIRE_LOG_BYTES, &at, sizeof at, buffer,
			    (size_t)n))
			return break_off(c, in->path, "the log reader is gone");
		result = exit_worse(result,
			take_log_answer(
				c, in, at.position + (uint64_t)n, &at.position, &ended, &sum));
	}
	result = exit_worse(result, judge_count(in->path, &sum));
	say_totals(in->path, &sum);
	add_totals(&c->total, &sum);
	return result;
}

static const char *unopened_hint(int why)
{
	if (why == EACCES)
		return "; on Debian its group is adm: usermod -aG adm retour";
	return why == ENOENT
		? "; is it in the journal? retour(1), SENT COUNTS, has how to read that"
		: "";
}

/* Opens PATH, which has to be a file, or "-": stdin, which may be a pipe as well. */
static bool open_input(struct input *in, const char *path, int64_t now)
{
	bool standard = !strcmp(path, "-");
	*in = (struct input){ .path = standard ? "stdin" : path,
		.fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
			       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) };
	if (in->fd < 0 || fstat(in->fd, &in->st)) {
		log_error("%s: %s%s", in->path, strerror(errno), unopened_hint(errno));
	} else if (S_ISREG(in->st.st_mode)) {
		return true;
	} else if (standard && !S_ISDIR(in->st.st_mode)) {
		in->piped = true;
		in->st.st_mtime = now;
		return true;
	} else {
		log_error("%s: not a regular file", in->path);
	}
	if (in->fd >= 0)
		close(in->fd);
	return false;
}

/*
 * The oldest change first; of equal ones the order of the arguments holds, which insertion keeps.
 */
static void sort_inputs(struct input *in, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct input one = in[i];
		size_t at = i;
		for (; at && in[at - 1].st.st_mtime > one.st.st_mtime; at--)
			in[at] = in[at - 1];
		in[at] = one;
	}
}

static int note_known(void *context, const struct log_file *f)
{
	struct counting *c = context;
	if (c->knowns < LOG_FILES_MAX)
		c->known[c->knowns++] = *f;
	return 0;
}

/* Starts the reader and tells it what was known before. */
static int start_log_reader(struct counting *c, pid_t *pid)
{
	struct wire_log_known *known = NULL;
	void *state = NULL;
	size_t n = 0;
	int result = EXIT_LOST;
	c->known = calloc(LOG_FILES_MAX, sizeof *c->known);
	known = calloc(LOG_FILES_MAX, sizeof *known);
	if (!c->known || !known)
		goto out;
	if (store_log_files(c->session->store, note_known, c) ||
		store_log_state(c->session->store, &state, &n)) {
		result = store_failed(c);
		goto out;
	}
	for (size_t i = 0; i < c->knowns; i++) {
		memcpy(known[i].fingerprint, c->known[i].fingerprint, sizeof known[i].fingerprint);
		known[i].length = c->known[i].length;
		known[i].offset = c->known[i].offset;
	}
	*pid = child_start("logreader", "log reader", c->session->config_file, &c->fd);
	if (*pid > 0)
		child_patience(c->fd, PATIENCE);
	if (*pid > 0 &&
		!wire_send(
			c->fd, WIRE_LOG_STATE, state, n <= WIRE_LOG_STATE_MAX ? n : 0, NULL, 0) &&
		!wire_send(c->fd, WIRE_LOG_KNOWN, known, c->knowns * sizeof *known, NULL, 0))
		result = EXIT_WELL;
	else
		log_error("volume: the log reader cannot be started: %s", strerror(errno));
out:
	free(known);
	free(state);
	return result;
}

static void say_sum(const struct wire_log_mark *m, FILE *json)
{
	if (json) {
		struct jsonline l = jsonline_begin(json);
		jsonline_count(&l, "count", m->outcome[LOG_DELIVERED]);
		jsonline_count(
			&l, "deferred", m->outcome[LOG_DEFERRED] + m->outcome[LOG_THROTTLED]);
		jsonline_count(&l, "throttled", m->outcome[LOG_THROTTLED]);
		jsonline_count(&l, "rejected", m->outcome[LOG_REJECTED]);
		jsonline_count(&l, "own", m->own);
		jsonline_count(&l, "hops", m->hops);
		jsonline_count(&l, "bounces", m->bounces);
		jsonline_count(&l, "foreign", m->foreign);
		jsonline_end(&l);
	}
	log_notice("volume: %" PRIu64 " delivered, %" PRIu64 " deferred (%" PRIu64
		   " throttled), %" PRIu64 " rejected; not counted: %" PRIu64
		   " to own mailboxes, %" PRIu64 " through this host itself, %" PRIu64
		   " bounces and probes, %" PRIu64 " mails of others",
		m->outcome[LOG_DELIVERED], m->outcome[LOG_DEFERRED] + m->outcome[LOG_THROTTLED],
		m->outcome[LOG_THROTTLED], m->outcome[LOG_REJECTED], m->own, m->hops, m->bounces,
		m->foreign);
}

int volumelog_count(struct session *s, char **paths, size_t count, int64_t now, FILE *json)
{
	struct counting c = { .session = s, .now = now, .fd = -1 };
	struct input *in = calloc(count, sizeof *in);
	size_t inputs = 0;
	pid_t pid = -1;
	int result = in ? EXIT_WELL : EXIT_LOST;
	for (size_t i = 0; in && i < count; i++) {
		if (open_input(&in[inputs], paths[i], now))
			inputs++;
		else
			result = EXIT_LOST;
	}
	sort_inputs(in, inputs);
	if (inputs)
		result = exit_worse(result, start_log_reader(&c, &pid));
	for (size_t i = 0; pid > 0 && i < inputs && !c.broken; i++)
		if (in[i].piped || !is_unchanged(&c, &in[i].st))
			result = exit_worse(result, count_file(&c, &in[i]));
	if (c.open)
		store_rollback(s->store);
	if (pid > 0 && !c.broken)
		say_sum(&c.total, json);
	if (c.fd >= 0)
		close(c.fd);
	child_end(pid);
	for (size_t i = 0; i < inputs; i++)
		close(in[i].fd);
	free(in);
	free(c.known);
	free(c.payload);
	free(c.state);
	return result;
}
