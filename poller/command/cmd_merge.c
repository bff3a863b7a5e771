/*
 * merge: the lines of other sites, taken in (retour-sites(7)). A line that is refused is named by
 * its number and changes nothing; the others are taken, many in a transaction, and all that came
 * when there is nothing more to read for the moment.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/changeline.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"

enum { BATCH_MAX = 20000, READ_STEP = 1 << 16, REFUSALS_NAMED = 100 };

struct taking {
	struct session *session;
	struct changeline_reader *reader;
	int fd;
	char *buffer;
	size_t begin, have, room;
	bool end, skipping; /* SKIPPING: the rest of a line that is too long */
	uint64_t number, count[3];
	unsigned batch;
};

/* --- lines ---------------------------------------------------------------- */

/* More bytes; false at the end, or on failure with errno. */
static bool read_more(struct taking *t)
{
	if (t->begin) {
		memmove(t->buffer, t->buffer + t->begin, t->have - t->begin);
		t->have -= t->begin;
		t->begin = 0;
	}
	if (t->have + READ_STEP > t->room) {
		char *more = realloc(t->buffer, t->have + READ_STEP);
		if (!more)
			return false;
		t->buffer = more;
		t->room = t->have + READ_STEP;
	}
	ssize_t n;
	do
		n = read(t->fd, t->buffer + t->have, READ_STEP);
	while (n < 0 && errno == EINTR);
	t->have += n > 0 ? (size_t)n : 0;
	t->end = n == 0;
	return n > 0;
}

static bool is_idle(const struct taking *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	return poll(&p, 1, 0) == 0;
}

/* --- one line ------------------------------------------------------------- */

static void refuse_line(struct taking *t, const char *why)
{
	if (++t->count[MERGE_REFUSED] <= REFUSALS_NAMED)
		log_warning("merge: line %llu is refused: %s", (unsigned long long)t->number, why);
}

static int take_line(struct taking *t, const char *text, size_t n)
{
	struct store *store = t->session->store;
	char why[CHANGE_WHY_SIZE];
	enum merge_result result;
	struct change change;
	t->number++;
	if (!n)
		return STORE_OK;
	const char *against = changeline_read(t->reader, text, n, &change);
	if (against) {
		refuse_line(t, against);
		return STORE_OK;
	}
	if (!t->batch && store_begin(store))
		return STORE_FAILED;
	t->batch++;
	int taken = store_merge(store, &change, clock_now(), &result, why);
	if (taken)
		return taken;
	if (result == MERGE_REFUSED)
		refuse_line(t, why);
	else
		t->count[result]++;
	return STORE_OK;
}

static int commit_batch(struct taking *t)
{
	if (!t->batch)
		return STORE_OK;
	t->batch = 0;
	int result = store_merge_refold(t->session->store, clock_now());
	if (!result)
		return store_commit(t->session->store);
	store_rollback(t->session->store);
	return result;
}

/* The lines that are whole; behind the end the last one need not be. */
static int take_lines(struct taking *t)
{
	int result = STORE_OK;
	while (!result && t->begin < t->have) {
		char *line = t->buffer + t->begin, *end = memchr(line, '\n', t->have - t->begin);
		if (!end && !t->end && t->have - t->begin <= CHANGE_LINE_MAX)
			break;
		size_t n = end ? (size_t)(end - line) : t->have - t->begin;
		t->begin += n + (end != NULL);
		if (!t->skipping)
			result = take_line(t, line, n);
		t->skipping = !end && !t->end;
		if (!result && t->batch >= BATCH_MAX)
			result = commit_batch(t);
	}
	return result;
}

static int take_all(struct taking *t)
{
	int result = STORE_OK;
	while (!result && !t->end) {
		if (is_idle(t) && (result = commit_batch(t)))
			break;
		if (!read_more(t) && !t->end) {
			log_error("merge: reading: %s", strerror(errno));
			store_rollback(t->session->store);
			return EXIT_LOST;
		}
		result = take_lines(t);
	}
	if (!result)
		result = commit_batch(t);
	if (result)
		return session_store_failed(t->session, "merge", result);
	if (t->count[MERGE_REFUSED])
		return EXIT_LOST;
	return EXIT_WELL;
}

int cmd_merge(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	struct session s = { .lock = -1 };
	struct taking t = { .session = &s, .fd = STDIN_FILENO };
	if (option_next(argv[0], argc, argv, none) != -1)
		return EXIT_USAGE;
	if (argc - optind > 1)
		return usage_error(argv[0], "wants one FILE, or - for stdin");
	const char *path = optind < argc ? argv[optind] : "-";
	if (strcmp(path, "-") && (t.fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		log_error("merge: %s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	int result = session_open(&s, config, SESSION_BESIDE, clock_now());
	if (result == EXIT_WELL && !(t.reader = changeline_open())) {
		log_error("merge: no memory");
		result = EXIT_LOST;
	}
	if (result == EXIT_WELL && store_bulk(s.store, true))
		result = session_store_failed(&s, "merge", STORE_FAILED);
	if (result == EXIT_WELL) {
		result = take_all(&t);
		if (json_asked()) {
			struct jsonline l = jsonline_begin(stdout);
			jsonline_count(&l, "count", t.number);
			jsonline_count(&l, "new", t.count[MERGE_TAKEN]);
			jsonline_count(&l, "known", t.count[MERGE_KNOWN]);
			jsonline_count(&l, "refused", t.count[MERGE_REFUSED]);
			jsonline_end(&l);
		}
		log_notice("merge: %llu lines: %llu new, %llu known, %llu refused",
			(unsigned long long)t.number, (unsigned long long)t.count[MERGE_TAKEN],
			(unsigned long long)t.count[MERGE_KNOWN],
			(unsigned long long)t.count[MERGE_REFUSED]);
	}
	if (s.store)
		store_bulk(s.store, false);
	changeline_close(t.reader);
	free(t.buffer);
	session_close(&s);
	if (t.fd != STDIN_FILENO)
		close(t.fd);
	return result;
}
