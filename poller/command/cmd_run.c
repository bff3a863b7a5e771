/* run, poll, import: everything that fills the store, and the scheduled job around it. */
#include "poller/command/commands.h"

#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <fcntl.h>
#include "poller/post/alerts.h"
#include "classify/base/clock.h"
#include "poller/post/delivery.h"
#include "classify/base/log.h"
#include "poller/post/hook.h"
#include "poller/post/metrics.h"
#include "poller/post/outside.h"
#include "poller/run/poll.h"
#include "poller/run/progress.h"
#include "poller/command/purge.h"
#include "poller/config/near.h"
#include "poller/command/opening.h"
#include "poller/volume/fileform.h"
#include "poller/volume/suppressfile.h"
#include "store/promises.h"
#include "store/keys.h"

/*
 * A stop is asked for once and obeyed after the current batch; the second time it is not waited
 * for.
 */
static void stop_run(int number)
{
	signal(number, SIG_DFL);
	poll_stop();
}

static void catch_run_signals(void)
{
	struct sigaction action = { .sa_handler = stop_run };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int poll_all(struct poll_job *job, struct poll_counts *counts)
{
	return poll_mailboxes(job, counts) ? EXIT_LOST : EXIT_WELL;
}

static int no_mailbox(const struct config *c, const char *name)
{
	const char *meant = NULL;
	int distance = NEAR_NONE;
	for (unsigned i = 0; i < c->mailboxes; i++)
		near_try(name, c->mailbox[i].name, &meant, &distance);
	return usage_error("poll", "no section [mailbox %s] in %s%s%s%s", name, c->file,
		meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

/*
 * All mailboxes of the configuration, or those named. NULL at the end. EXIT_USAGE when one is
 * unknown.
 */
static int choose_mailboxes(
	const struct config *c, int count, char **names, const struct mailbox **out)
{
	unsigned n = 0;
	for (unsigned i = 0; count == 0 && i < c->mailboxes; i++)
		out[n++] = &c->mailbox[i];
	for (int i = 0; i < count; i++) {
		const struct mailbox *box = config_mailbox(c, names[i]);
		bool again = false;
		for (unsigned before = 0; before < n; before++)
			again |= out[before] == box;
		if (!box)
			return no_mailbox(c, names[i]);
		if (!again)
			out[n++] = box;
	}
	out[n] = NULL;
	if (n == 0)
		log_warning("%s has no [mailbox NAME] section: there is nothing to read", c->file);
	return 0;
}

static int advance(struct session *s, int64_t now)
{
	uint64_t changed = 0;
	if (store_advance(s->store, now, &changed))
		return session_store_failed(s, "contacts", STORE_FAILED);
	if (changed)
		log_info("%llu contacts changed their state because their time had come",
			(unsigned long long)changed);
	return EXIT_WELL;
}

static int purge(struct session *s, int64_t now)
{
	return purge_now(s, now, false, NULL);
}

static int sign_ledger_head(struct session *s, int64_t now)
{
	int result = store_checkpoint(s->store, now);
	return result ? session_store_failed(s, "checkpoint", result) : EXIT_WELL;
}

/* What a run does when the mailboxes are read, in this order. */
static int (*const phases[])(struct session *s, int64_t now) = { advance, purge, hook_run,
	alerts_run, report_if_due, sign_ledger_head };

/*
 * A clock that is not believed dates nothing: what arrived until a day after the last time that is
 * certain is stored by that, the rest waits.
 */
static void job_by_clock(const struct session *s, struct poll_job *job)
{
	job->now = s->now;
	job->doubted = s->clock.doubt != CLOCK_BELIEVED;
	job->certain = s->now == s->present.now ? 0 : s->now + CLOCK_TOLERANCE;
}

/*
 * Is the clock in doubt, now that we know of when the newest mail is, and what a token server says?
 * Mail by itself only shows that a clock is behind.
 */
static bool mail_doubts(struct session *s, const struct poll_counts *counts)
{
	struct clock_present *p = &s->present;
	struct witness w;
	if ((s->clock.doubt != CLOCK_BELIEVED && s->clock.doubt != CLOCK_SERVER) || p->given)
		return s->clock.doubt != CLOCK_BELIEVED;
	if (store_witness(s->store, &w))
		return true;
	p->served = counts->served;
	p->newest = counts->newest > p->newest ? counts->newest : p->newest;
	int64_t noted = p->newest;
	if (clock_hears_mail(&w, p, counts->later, counts->fitting) &&
		counts->later_first > p->newest)
		p->newest = counts->later_first; /* anybody's word: never remembered */
	clock_judge(&w, p, &s->clock);
	/* where it is not noted, the next run sees it again */
	if (s->clock.doubt == CLOCK_BEHIND && noted == p->newest)
		(void)store_witness_newest(s->store, noted);
	if (s->clock.doubt == CLOCK_SERVER && p->served)
		(void)store_witness_served(s->store, p->served, p->now);
	else if (s->clock.doubt == CLOCK_BELIEVED && w.served)
		(void)store_witness_served(s->store, 0, 0);
	return s->clock.doubt != CLOCK_BELIEVED;
}

/* So that advice and the list of what is blocked know of what was read just now. */
static int investigate(struct session *s)
{
	return store_investigate(s->store, s->now)
		? session_store_failed(s, "investigations", STORE_FAILED)
		: EXIT_WELL;
}

static int believed(struct session *s)
{
	return store_witness_ran(s->store, s->now, s->present.boot, s->present.began)
		? session_store_failed(s, "store", STORE_FAILED)
		: EXIT_WELL;
}

int cmd_run(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	const struct mailbox *boxes[CONFIG_MAILBOXES_MAX + 1];
	struct poll_counts counts;
	struct session s;
	int64_t now = clock_now();
	double begin = clock_monotonic();
	if (option_next(argv[0], argc, argv, none) != -1 || optind < argc)
		return usage_error(argv[0], "takes no arguments");
	catch_run_signals();
	int result = choose_mailboxes(config, 0, NULL, boxes);
	if (result)
		return result;
	result = session_open(&s, config, SESSION_CREATE, now);
	if (result)
		goto out;
	struct poll_job job = { .config_file = config->file,
		.store = s.store,
		.mailboxes = boxes,
		.json = json_asked() };
	job_by_clock(&s, &job);
	result = poll_all(&job, &counts);
	if (counts.stopped) {
		log_notice("stopped after the current batch; what is left comes with the next run");
		goto out;
	}
	if (counts.store_failed)
		goto out; /* nothing below could be trusted */
	if (mail_doubts(&s, &counts)) {
		result = exit_worse(result, session_doubt(&s));
		goto metrics;
	}
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		if (poll_stopping()) {
			log_notice("stopped; what was due and is not done comes with the next run");
			goto out;
		}
		result = exit_worse(result, phases[i](&s, now));
	}
metrics:
	result = exit_worse(result, outside_tell(&s));
	result = exit_worse(result,
		metrics_write(
			&s, &(struct metrics_run){ s.now, clock_monotonic() - begin, result }));
out:
	session_close(&s);
	return result;
}

int cmd_poll(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' }, { 0 } };
	const struct mailbox *boxes[CONFIG_MAILBOXES_MAX + 1];
	struct poll_counts counts;
	struct session s = { .lock = -1 };
	bool dry = false;
	int64_t now = clock_now();
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'n')
			return usage_error(argv[0], "see `retour poll --help`");
		dry = true;
	}
	if (choose_mailboxes(config, argc - optind, argv + optind, boxes))
		return EXIT_USAGE;
	struct poll_job job = {
		.config_file = config->file, .mailboxes = boxes, .now = now, .json = json_asked()
	};
	catch_run_signals();
	int result = dry ? EXIT_WELL : session_open(&s, config, SESSION_CREATE, now);
	if (result == EXIT_WELL) {
		job.store = s.store;
		if (!dry)
			job_by_clock(&s, &job);
		result = poll_all(&job, &counts);
		if (dry)
			log_notice("dry run: nothing was stored, nothing settled");
		else if (!counts.store_failed)
			result = exit_worse(result,
				mail_doubts(&s, &counts) ? session_doubt(&s) : believed(&s));
		if (!dry && !counts.store_failed && s.clock.doubt == CLOCK_BELIEVED)
			result = exit_worse(result, investigate(&s));
	}
	session_close(&s);
	return result;
}

/*
 * What PATH is, where that is no mail and would count as one that says nothing; NULL. *DOUBT: what
 * it seems to be beside a mail; NULL: nothing.
 */
static const char *other_than_mail(const char *path, const char **doubt)
{
	static const char list[] =
		"is a list, no mail; right would be retour suppress import, with --from";
	char text[4096];
	struct stat st;
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	ssize_t n = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) ? read(fd, text, sizeof text)
								      : 0;
	if (fd >= 0)
		close(fd);
	struct span begin = { text, n > 0 ? (size_t)n : 0 };
	const char *foreign = begin.n ? fileform_foreign(begin) : NULL;
	*doubt = begin.n ? fileform_no_mail(begin) : NULL;
	return foreign || !begin.n || !suppressfile_looks_so(begin) ? foreign : list;
}

static uint64_t files_bytes;

static int add_file_bytes(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F)
		files_bytes += (uint64_t)st->st_size;
	return 0;
}

/* Of all that is to be read; where somebody looks on. */
static uint64_t bytes_of(const char *const *paths)
{
	enum { DIRECTORIES_OPEN = 16 };
	files_bytes = 0;
	for (; progress_is_seen() && *paths; paths++)
		if (!strcmp(*paths, "-") ||
			nftw(*paths, add_file_bytes, DIRECTORIES_OPEN, FTW_PHYS))
			return 0;
	return files_bytes;
}

int cmd_import(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "arrived", required_argument, NULL, 'a' },
		{ 0 } };
	struct poll_counts counts;
	struct session s;
	struct poll_job job = { .config_file = config->file, .now = clock_now() };
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'a')
			return usage_error(argv[0], "see `retour import --help`");
		if (strcmp(optarg, "now") && strcmp(optarg, "header"))
			return usage_error(
				argv[0], "--arrived %s: right would be header or now", optarg);
		job.arrived_now = !strcmp(optarg, "now");
	}
	if (optind == argc)
		return usage_error(argv[0],
			"nothing to import; name files, mboxes, Maildirs, directories or - for stdin");
	const char *doubtful = NULL, *doubt = NULL, *here;
	for (int i = optind; i < argc; i++) {
		const char *foreign = other_than_mail(argv[i], &here);
		if (foreign)
			return usage_error(argv[0], "%s %s", argv[i], foreign);
		doubtful = here && !doubt ? argv[i] : doubtful;
		doubt = doubt ? doubt : here;
	}
	job.json = json_asked();
	job.paths = (const char *const *)argv + optind;
	job.bytes = bytes_of(job.paths);
	catch_run_signals();
	int result = session_open(&s, config, SESSION_CREATE, job.now);
	if (result == EXIT_WELL) {
		job.store = s.store;
		job_by_clock(&s, &job);
		result = poll_all(&job, &counts);
		if (doubt && counts.unrecognised)
			log_warning("import: %s %s", doubtful, doubt);
		if (s.clock.doubt != CLOCK_BELIEVED)
			result = exit_worse(result, session_doubt(&s));
		else if (!counts.store_failed)
			result = exit_worse(result, investigate(&s));
	}
	session_close(&s);
	return result;
}
