/*
 * demo-report: the report of last month on invented figures, for those who want to see it before
 * they have mailboxes to read. A store of its own in a temporary directory is filled with thirteen
 * months of a newsletter sender and thrown away; language, colours and stylesheet are those of the
 * configuration, if there is one. Nothing is drawn by chance: its figures are the same each time.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "poller/command/opening.h"
#include "poller/post/delivery.h"
#include "poller/post/outfile.h"
#include "store/contacts.h"
#include "store/promises.h"
#include "store/volume.h"
#include "store/writing.h"

enum {
	DEMO_DAYS = 400,          /* before the month's end: what the trends look back on */
	DEMO_REPORTED = 62,       /* the last of them, of which receivers reported */
	DEMO_INCIDENT_FIRST = 11, /* of the month: a receiver blocks for some days */
	DEMO_INCIDENT_LAST = 15,
	PER_MILLION = 1000000,
};

/* Who receives, and how much on one day. */
static const struct receiver {
	const char *provider, *domain;
	unsigned mails;
	unsigned trouble; /* percent of the usual share of bounces */
} receivers[] = {
	{ "gmail", "one.example.com", 900, 80 },
	{ "microsoft", "two.example.com", 500, 120 },
	{ "united-internet", "three.example.com", 400, 90 },
	{ "yahoo", "four.example.com", 200, 100 },
	{ "other", "five.example.com", 300, 170 },
};

/* What comes back of a million mails on an ordinary day. */
static const struct back {
	enum kind kind;
	enum category category;
	unsigned share;
	uint16_t reply;
	struct status status;
	const char *words;
} backs[] = {
	{ KIND_FAILURE, CATEGORY_USER_UNKNOWN, 4200, 550, { 5, 1, 1 },
		"550 5.1.1 <address>: Recipient address rejected: User unknown" },
	{ KIND_FAILURE, CATEGORY_MAILBOX_DISABLED, 600, 550, { 5, 2, 1 },
		"550 5.2.1 The email account that you tried to reach is disabled" },
	{ KIND_FAILURE, CATEGORY_DOMAIN_UNKNOWN, 350, 550, { 5, 1, 2 },
		"550 5.1.2 Host or domain name not found" },
	{ KIND_FAILURE, CATEGORY_MAILBOX_FULL, 2600, 552, { 5, 2, 2 },
		"552 5.2.2 The mailbox is full, please try later" },
	{ KIND_FAILURE, CATEGORY_RATE_LIMITED, 900, 421, { 4, 7, 0 },
		"421 4.7.0 Too many messages from your IP, try again later" },
	{ KIND_FAILURE, CATEGORY_NETWORK_ERROR, 500, 0, { 4, 4, 1 }, "Connection timed out" },
	{ KIND_FAILURE, CATEGORY_SPAM_CONTENT, 700, 554, { 5, 7, 1 },
		"554 5.7.1 The message was rejected as spam" },
	{ KIND_FAILURE, CATEGORY_REPUTATION, 400, 554, { 5, 7, 1 },
		"554 5.7.1 Service unavailable; Client host [<ip>] blocked using <host>" },
	{ KIND_COMPLAINT, CATEGORY_ABUSE, 520, 0, { 0, 0, 0 }, "" },
};
static const char *const campaigns[] = { "weekly", "offers", "welcome" };

struct demo {
	struct session session;
	struct month month;
	uint64_t number; /* of messages so far */
	uint64_t uneven; /* state of a generator that makes days differ, the same each time */
};

static unsigned between(struct demo *d, unsigned low, unsigned high)
{
	d->uneven = d->uneven * 6364136223846793005u + 1442695040888963407u;
	return low + (unsigned)((d->uneven >> 33) % (high - low + 1));
}

static int store_one(struct demo *d, const struct receiver *to, const struct back *what, int64_t at)
{
	struct store_message m = { .mailbox = "demo", .arrived = at, .recognised = true };
	struct event e = { .seq = 1,
		.kind = (uint8_t)what->kind,
		.klass = (uint8_t)category_class(what->category),
		.category = (uint8_t)what->category,
		.action = what->kind == KIND_FAILURE ? ACTION_FAILED : ACTION_NONE,
		.feedback = what->kind == KIND_COMPLAINT ? FEEDBACK_ABUSE : FEEDBACK_NONE,
		.origin = ORIGIN_MATCHED,
		.recipient_source = RECIPIENT_FINAL,
		.reply = what->reply,
		.margin = 500,
		.status = what->status,
		.arrived = at };
	struct packed_event packed;
	enum store_message_result result;

	d->number++;
	memcpy(m.digest, &d->number, sizeof d->number);
	/* every fifth is heard of again: soft bounces that last or recover */
	snprintf(e.recipient, sizeof e.recipient, "u%llu@%s",
		(unsigned long long)(d->number % 5 ? d->number : d->number - between(d, 1, 400)),
		to->domain);
	snprintf(e.provider, sizeof e.provider, "%s", to->provider);
	snprintf(e.campaign, sizeof e.campaign, "%s", campaigns[d->number % 3]);
	snprintf(e.message_id, sizeof e.message_id, "%llu@example.org",
		(unsigned long long)d->number);
	snprintf(e.rule, sizeof e.rule, "demo");
	snprintf(e.diagnostic, sizeof e.diagnostic, "%s", what->words);
	return store_pack(d->session.store, &e, at, &packed) ||
		store_message(d->session.store, &m, &packed, 1, at, &result);
}

/* How many of MAILS come back so, on a day AGO days before the month's end. */
static unsigned coming_back(struct demo *d, const struct receiver *to, const struct back *what,
	unsigned mails, unsigned ago, bool incident)
{
	uint64_t share = (uint64_t)what->share * to->trouble / 100;
	if (what->category == CATEGORY_USER_UNKNOWN) /* a list that is tended gets better */
		share = share * (100 + ago / 8) / 100;
	if (incident && what->category == CATEGORY_REPUTATION)
		share *= 60;
	uint64_t n = mails * share + between(d, 0, PER_MILLION - 1);
	return (unsigned)(n / PER_MILLION);
}

static int fill_day(struct demo *d, int64_t noon, unsigned ago)
{
	struct tm tm;
	time_t t = (time_t)noon;
	int result = 0;
	localtime_r(&t, &tm);
	bool inside = tm.tm_year + 1900 == d->month.year && tm.tm_mon + 1 == d->month.month &&
		tm.tm_mday >= DEMO_INCIDENT_FIRST && tm.tm_mday <= DEMO_INCIDENT_LAST;
	for (size_t i = 0; !result && i < sizeof receivers / sizeof *receivers; i++) {
		const struct receiver *to = &receivers[i];
		unsigned mails = to->mails * between(d, 85, 115) / 100;
		struct volume v = { .day = (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 +
				tm.tm_mday };
		snprintf(v.provider, sizeof v.provider, "%s", to->provider);
		for (size_t c = 0; !result && c < sizeof campaigns / sizeof *campaigns; c++) {
			snprintf(v.campaign, sizeof v.campaign, "%s", campaigns[c]);
			v.sent = mails / 3;
			result = store_volume_add(d->session.store, "demo", false, &v);
		}
		for (size_t b = 0; !result && b < sizeof backs / sizeof *backs; b++) {
			unsigned n = coming_back(d, to, &backs[b], mails, ago,
				inside && !strcmp(to->provider, "microsoft"));
			for (; !result && n; n--)
				result = store_one(d, to, &backs[b],
					noon + between(d, 0, 10 * HOUR) - 5 * HOUR);
		}
	}
	return result;
}

/* What receivers report of a day: two sources of ours, strangers in our name, TLS sessions. */
static int fill_reports(struct demo *d, int64_t noon)
{
	static const struct {
		const char *receiver;
		unsigned mails;
	} reporters[] = { { "google.com", 900 }, { "Enterprise Outlook (microsoft.com)", 420 } };
	const uint64_t uneven = d->uneven;
	for (size_t i = 0; i < 2 * sizeof reporters / sizeof *reporters; i++) {
		const bool tls = i % 2;
		struct summary_head head = { .kind = tls ? SUMMARY_TLS : SUMMARY_DMARC,
			.verified = 1,
			.begin = noon - 12 * HOUR,
			.end = noon + 12 * HOUR - 1 };
		unsigned mails = between(d, reporters[i / 2].mails, reporters[i / 2].mails * 5 / 4);
		struct summary_row row[] = {
			{ .network = "192.0.2.0/24", .dkim = 1, .spf = 1, .count = mails },
			{ .network = "192.0.2.0/24", .count = between(d, 0, 4) },
			{ .network = "198.51.100.0/24", .dkim = 1, .count = mails / 8 },
			{ .network = "203.0.113.0/24",
				.disposition = DISPOSITION_REJECT,
				.count = between(d, 0, 9) }
		};
		struct summary_row sessions[] = { { .count = mails / 3 },
			{ .result = TLS_NOT_TRUSTED, .count = between(d, 0, 9) / 8 } };
		unsigned char digest[STORE_DIGEST_SIZE] = { 1 };
		for (size_t k = 0; k < sizeof row / sizeof *row; k++)
			strcpy(row[k].domain, "example.org");
		strcpy(sessions[0].domain, "example.org");
		strcpy(sessions[1].domain, "example.org");
		snprintf(head.receiver, sizeof head.receiver, "%s", reporters[i / 2].receiver);
		memcpy(digest + 1, &noon, sizeof noon);
		memcpy(digest + 1 + sizeof noon, &i, sizeof i);
		if (store_summary(d->session.store, digest, &head, tls ? sessions : row,
			    tls ? 2 : sizeof row / sizeof *row, d->session.now))
			return -1;
	}
	d->uneven = uneven; /* other days are what they are without */
	return 0;
}

static int fill_demo(struct demo *d)
{
	struct store *store = d->session.store;
	struct month after = month_before(d->month, -1);
	struct tm tm = {
		.tm_year = after.year - 1900, .tm_mon = after.month - 1, .tm_mday = 1, .tm_hour = 12
	};
	uint64_t changed;
	struct purge purged;
	tm.tm_mday -= DEMO_DAYS;
	int64_t noon = (int64_t)timegm(&tm);
	if (store_begin(store))
		return -1;
	for (unsigned ago = DEMO_DAYS; ago; ago--, noon += DAY)
		if (fill_day(d, noon, ago) || (ago <= DEMO_REPORTED && fill_reports(d, noon)))
			return -1;
	return store_commit(store) || store_advance(store, noon, &changed) ||
			store_purge(store, d->session.now, false, &purged)
		? -1
		: 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* Fills a store in DIRECTORY and makes the report of it. */
static int demo_report(const struct config *config, const char *directory,
	enum report_format format, struct buffer *out)
{
	static struct config own; /* too large for a stack */
	static char path[4096], keys[4096];
	struct demo d = { .month = month_before(month_of(clock_now()), 1), .uneven = 2026 };
	enum log_level level = log_level();
	own = *config;
	snprintf(path, sizeof path, "%s/retour.db", directory);
	snprintf(keys, sizeof keys, "%s/keys", directory);
	own.store_path = path;
	own.keys_dir = keys;
	own.marker = own.site = own.batv_key_file = own.file = NULL;
	own.others = 0;
	own.standard = false;
	own.domains = (struct list){ .at = { "example.org" }, .count = 1 };
	own.post.organisation = "Example Ltd (invented figures)";
	log_set_level(LOG_LEVEL_WARNING); /* that a store was made is of no interest */
	int result = session_open(&d.session, &own, SESSION_CREATE, clock_now());
	if (result == EXIT_WELL && fill_demo(&d))
		result = session_store_failed(&d.session, "demo-report", STORE_FAILED);
	if (result == EXIT_WELL && report_make(&d.session, d.month, format, out))
		result = EXIT_LOST;
	session_close(&d.session);
	log_set_level(level);
	return result;
}

int cmd_demo(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { 0 } };
	char directory[256];
	const char *temporary = getenv("TMPDIR"), *output = "-";
	struct buffer text = { 0 };
	int format = REPORT_TEXT;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == 'f' && (format = report_format_by_name(optarg)) < 0)
			return usage_error(
				argv[0], "--format %s: right would be xml, html or text", optarg);
		if (option != 'f' && option != 'o')
			return usage_error(argv[0], "see `retour demo-report --help`");
		output = option == 'o' ? optarg : output;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no arguments");
	if (!new_file_is_fit(argv[0], output))
		return EXIT_USAGE;
	if ((size_t)snprintf(directory, sizeof directory, "%s/retour-demo-XXXXXX",
		    temporary && *temporary ? temporary : "/tmp") >= sizeof directory ||
		!mkdtemp(directory)) {
		log_error("%s: %s", directory, strerror(errno));
		return EXIT_LOST;
	}
	int result = demo_report(config, directory, (enum report_format)format, &text);
	if (result == EXIT_WELL && write_whole(output, (struct span){ text.p, text.n }))
		result = EXIT_LOST;
	buffer_free(&text);
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return result;
}
