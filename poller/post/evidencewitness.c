/* Lines of a log and time-stamps (RFC 3161) are read here; both may be anybody's. */
#include "poller/post/evidencewitness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "classify/base/files.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "poller/post/feed.h"
#include "poller/post/outside.h"
#include "store/chain.h"

enum {
	LOG_BYTES_MAX = 256 << 20,
	HEX_HASH = 2 * LEDGER_HASH_SIZE,
	STAMP_PATH = 4096,
	OPENSSL_SECONDS = 60,
	HEADS_STEP = 64,
	STAMP_TOLERANCE = 2 * DAY, /* a run that could not reach the authority tries a day later */
};

bool heads_add(struct heads *h, const struct known_head *head)
{
	if (h->n == h->room) {
		struct known_head *more = realloc(
			h->head, (h->room + HEADS_STEP) * sizeof *h->head);
		if (!more)
			return false;
		h->head = more;
		h->room += HEADS_STEP;
	}
	h->head[h->n++] = *head;
	return true;
}

/* --- logs ----------------------------------------------------------------- */

/* "12:HEX" somewhere in the line. */
static bool head_in_line(struct span line, struct known_head *out)
{
	char text[24 + HEX_HASH + 1];

	for (const char *at = line.p, *end = line.p + line.n; at < end; at++) {
		const char *colon = memchr(at, ':', (size_t)(end - at)), *digit = colon;
		if (!colon || end - colon <= HEX_HASH)
			return false;
		while (digit > line.p && digit[-1] >= '0' && digit[-1] <= '9' && colon - digit < 20)
			digit--;
		snprintf(text, sizeof text, "%.*s", (int)(colon + 1 + HEX_HASH - digit), digit);
		if (digit < colon && known_head_parse(text, out))
			return true;
		at = colon;
	}
	return false;
}

int witness_heads(const char *path, struct heads *h, struct findings *f)
{
	struct known_head head;
	struct span rest, line;
	unsigned before = h->n;
	char *text;
	size_t n;

	if (file_load(path, LOG_BYTES_MAX, &text, &n)) {
		log_error("%s: %s", path, strerror(errno));
		return EXIT_LOST;
	}
	rest = (struct span){ text, n };
	while (span_line(&rest, &line)) {
		if (!head_in_line(line, &head) ||
			(h->n > before && h->head[h->n - 1].number == head.number &&
				!memcmp(h->head[h->n - 1].hash, head.hash, sizeof head.hash)))
			continue;
		head.source = path;
		if (!heads_add(h, &head))
			break;
	}
	free(text);
	if (h->n == before)
		finding_broken(f, "%s: holds no head of a ledger, NUMBER:HASH", path);
	return EXIT_WELL;
}

/* --- time-stamps ---------------------------------------------------------- */

struct stamping {
	const char *dir, *ca;
	struct heads *heads;
	struct findings *findings;
	unsigned stamps;
};

/* Runs openssl; what it prints into OUT. False where it does not end well. */
static bool run_openssl(const char *const argv[], char *out, size_t size)
{
	int fd = memfd_create("openssl", MFD_CLOEXEC), status = -1;
	char error[256];
	bool fed;
	ssize_t n = 0;

	if (fd < 0 ||
		feed_command_into((char *const *)argv, (struct span){ "", 0 }, fd, OPENSSL_SECONDS,
			&status, &fed, error, sizeof error))
		status = -1;
	else
		n = pread(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return status == 0;
}

/* When the authority says that it was; 0: it does not say. */
static int64_t stamped_at(const char *stamp)
{
	const char *const argv[] = { "/usr/bin/env", "openssl", "ts", "-reply", "-in", stamp,
		"-text", NULL };
	static const char label[] = "Time stamp: ";
	char text[4096], *at;
	struct tm tm = { .tm_year = 0 };

	if (!run_openssl(argv, text, sizeof text) || !(at = strstr(text, label)) ||
		!strptime(at + sizeof label - 1, "%b %d %H:%M:%S %Y", &tm))
		return 0;
	return timegm(&tm);
}

static void compare_times(
	const struct stamping *s, const char *name, const struct ledger_entry *e, int64_t at)
{
	char said[CLOCK_TEXT_SIZE], was[CLOCK_TEXT_SIZE];
	int64_t off = at > e->at ? at - e->at : e->at - at;

	clock_format(e->at, said);
	clock_format(at, was);
	if (!at)
		finding_broken(s->findings, "%s: the time of its stamp cannot be read", name);
	else if (off > STAMP_TOLERANCE)
		finding_broken(s->findings,
			"%s: the clock was wrong: the ledger says %s, the authority %s", name, said,
			was);
	else
		finding_ok(
			s->findings, "%s: entry %lld, stamped %s", name, (long long)e->number, was);
}

/* A pipe would have the check wait. */
static bool is_regular(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode);
}

static int check_stamp(struct stamping *s, const char *name)
{
	char text[STAMP_PATH], stamp[STAMP_PATH], said[4096], clean[4 * NAME_MAX], *bytes;
	int stem = (int)(strlen(name) - sizeof OUTSIDE_STAMP + 1);
	struct known_head head = { .source = "a time-stamp" };
	struct ledger_entry e;
	size_t n;

	if (snprintf(text, sizeof text, "%s/%.*s" OUTSIDE_TEXT, s->dir, stem, name) >=
			(int)sizeof text ||
		snprintf(stamp, sizeof stamp, "%s/%s", s->dir, name) >= (int)sizeof stamp)
		return EXIT_LOST;
	s->stamps++;
	log_clean(clean, sizeof clean, name);
	if (!is_regular(stamp) || !is_regular(text) ||
		file_load(text, CHECKPOINT_TEXT_SIZE, &bytes, &n)) {
		finding_broken(s->findings,
			"%s: the checkpoint beside it is missing, or one of both is no file",
			clean);
		return EXIT_WELL;
	}
	bool good = checkpoint_parse((struct span){ bytes, n }, &e);
	free(bytes);
	const char *const argv[] = { "/usr/bin/env", "openssl", "ts", "-verify", "-data", text,
		"-in", stamp, "-CAfile", s->ca, NULL };
	if (!good || !run_openssl(argv, said, sizeof said)) {
		finding_broken(s->findings,
			"%s: is no time-stamp of the checkpoint beside it by this authority",
			clean);
		return EXIT_WELL;
	}
	compare_times(s, clean, &e, stamped_at(stamp));
	head.number = e.number;
	memcpy(head.hash, e.hash, sizeof head.hash);
	return heads_add(s->heads, &head) ? EXIT_WELL : EXIT_LOST;
}

static int is_stamp(const struct dirent *e)
{
	size_t n = strlen(e->d_name), ending = sizeof OUTSIDE_STAMP - 1;

	return n > ending && strncmp(e->d_name, OUTSIDE_HEAD, sizeof OUTSIDE_HEAD - 1) == 0 &&
		strcmp(e->d_name + n - ending, OUTSIDE_STAMP) == 0;
}

int witness_stamps(const char *dir, const char *ca, struct heads *h, struct findings *f)
{
	struct stamping s = { dir, ca, h, f, 0 };
	struct dirent **entry = NULL;
	int count = scandir(dir, &entry, is_stamp, versionsort), result = EXIT_WELL;

	if (count < 0) {
		log_error("%s: %s", dir, strerror(errno));
		return EXIT_LOST;
	}
	for (int i = 0; i < count; i++) {
		if (result == EXIT_WELL)
			result = check_stamp(&s, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	if (!s.stamps)
		finding_broken(f, "%s: holds no time-stamp", dir);
	return result;
}
