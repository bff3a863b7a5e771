/* Lock, rules and store, in the order in which a run takes them. */
#include "poller/command/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "classify/rules.h"
#include "poller/command/commands.h"
#include "classify/base/log.h"
#include "poller/command/marker.h"
#include "poller/post/alerts.h"
#include "poller/post/logo.h"
#include "poller/config/rulesfile.h"
#include "poller/mailbox/secret.h"
#include "poller/command/settings.h"

static const char *ladder(void *context, const char *provider)
{
	return provider_ladder(context, provider);
}

static const char *printed_name(void *context, const char *provider)
{
	return provider_titled(context, provider);
}

/* A provider without a profile is somebody's own mail server more often than not. */
static enum domain_group group_of(void *context, const char *provider)
{
	if (provider_is_large(context, provider))
		return DOMAIN_LARGE;
	return provider_ladder(context, provider) || strcmp(provider, "other") == 0
		? DOMAIN_BUSINESS
		: DOMAIN_UNKNOWN;
}

static const char *near_domain(void *context, const char *domain, size_t n)
{
	return provider_mistyped(context, (struct span){ domain, n });
}

/* The lock is beside the database and outlives nobody: it goes with the process that holds it. */
static int take_lock(struct session *s, bool create)
{
	char path[4096], directory[4096];
	if (snprintf(path, sizeof path, "%s.lock", s->config->store_path) >= (int)sizeof path) {
		log_error("%s: path too long", s->config->store_path);
		return EXIT_USAGE;
	}
	snprintf(directory, sizeof directory, "%s", s->config->store_path);
	*strrchr(directory, '/') = '\0';
	if (create && *directory && mkdir(directory, 0700) && errno != EEXIST) {
		log_error("[store] path: %s: %s%s", directory, strerror(errno),
			errno == ENOENT ? "; one directory is made, not those above it" : "");
		return EXIT_USAGE;
	}
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0) {
		log_error("%s: %s%s", path, strerror(errno),
			errno == ENOENT
				? "; there is no store yet: the first run, poll or import makes it"
				: "");
		return EXIT_USAGE;
	}
	if (flock(s->lock, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK) {
			log_notice("another run is at work; this one ends");
			return EXIT_LOCKED;
		}
		log_error("%s: %s", path, strerror(errno));
		return EXIT_LOST;
	}
	return EXIT_WELL;
}

/* Each profile's ladder is there, else its failures would be measured by another one. */
static bool ladders_exist(const struct session *s)
{
	bool all = true;
	const char *provider;
	for (size_t n = 0; (provider = provider_at(s->rules, n)); n++) {
		const char *name = provider_ladder(s->rules, provider);
		unsigned i = 0;
		while (i < s->config->ladders && strcmp(s->config->ladder[i].name, name) != 0)
			i++;
		if (i == s->config->ladders) {
			log_error("provider %s: there is no [ladder %s] in %s", provider, name,
				s->config->file ? s->config->file : "the configuration");
			all = false;
		}
	}
	return all;
}

/* What reports/ needs of the configuration. */
static void report_options(const struct config *c, struct report_options *o)
{
	*o = (struct report_options){ .organisation = c->post.organisation ? c->post.organisation
									   : c->domains.at[0],
		.timezone = c->post.timezone,
		.k = (unsigned)c->k,
		.stylesheet = c->post.stylesheet,
		.from = c->post.from,
		.to = c->post.to.at,
		.language = c->post.language,
		.measures = c->post.measures,
		.colour = c->post.colour,
		.every_site = c->post.sites == REPORT_ALL,
		.target = { c->post.target[0], c->post.target[1], c->post.target[2] } };
}

/*
 * The present, and the newest time of the files that belong to us: they were written when the clock
 * said so.
 */
void session_present(const struct config *config, struct clock_present *out)
{
	const char *files[] = { "/proc/self/exe", config->store_path, config->file, NULL };
	clock_present(files, out);
}

/* Once the store is open: what it remembers of time against what the clock says. */
static int judge_clock(struct session *s)
{
	struct witness w;
	if (store_witness(s->store, &w))
		return session_store_failed(s, "store", STORE_FAILED);
	clock_judge(&w, &s->present, &s->clock);
	s->now = s->clock.certain;
	return EXIT_WELL;
}

/*
 * Nothing is made by a clock that cannot be right: what it dates could not be told from what is
 * old.
 */
static int first_by_clock(const struct session *s)
{
	struct clock_verdict verdict;
	clock_judge(NULL, &s->present, &verdict);
	if (verdict.doubt != CLOCK_IMPOSSIBLE || !access(s->config->store_path, F_OK))
		return EXIT_WELL;
	log_error("clock: %s; no store is made before it is set", verdict.text);
	return EXIT_BROKEN;
}

int session_doubt(struct session *s)
{
	log_error("clock: %s", s->clock.text);
	log_error(
		"clock: nothing is done that time decides, no purge, no change of states, no report; set it, or%s",
		s->clock.doubt == CLOCK_IMPOSSIBLE
			? " wait for the time service"
			: " if it is right: retour clock confirm --reason TEXT");
	return exit_worse(EXIT_BROKEN, alerts_doubt(s));
}

/* The store's directory, or the nearest above it that this user can look at. */
static bool nearest_directory(
	const struct config *config, char directory[PATH_MAX], struct stat *st)
{
	snprintf(directory, PATH_MAX, "%s", config->store_path);
	do {
		*strrchr(directory, '/') = '\0';
		if (!*directory)
			return false;
		if (!stat(directory, st))
			return true;
	} while (errno == EACCES);
	return false;
}

/* True when the directory of the store is another user's than root's or this one's. */
static bool owner_is_another(const struct config *config, char directory[PATH_MAX], uid_t *owner)
{
	struct stat st;
	if (!nearest_directory(config, directory, &st) || st.st_uid == geteuid() || !st.st_uid)
		return false;
	*owner = st.st_uid;
	return true;
}

const struct passwd *opening_owner(const struct config *config)
{
	char directory[PATH_MAX];
	uid_t uid;
	return owner_is_another(config, directory, &uid) ? getpwuid(uid) : NULL;
}

/* Where the store is somebody else's, all that failed did so because of that. */
static void say_owner(const struct config *config)
{
	char directory[PATH_MAX];
	uid_t uid;
	if (!owner_is_another(config, directory, &uid)) {
		struct stat st;
		if (geteuid() && nearest_directory(config, directory, &st) && !st.st_uid &&
			access(directory, X_OK))
			log_error("%s belongs to root: sudo retour …", directory);
		return;
	}
	const struct passwd *owner = getpwuid(uid);
	if (owner)
		log_error("%s belongs to user %s: sudo -u %s retour …", directory, owner->pw_name,
			owner->pw_name);
	else
		log_error("%s belongs to user number %u: run it as that one", directory,
			(unsigned)uid);
}

/* The store's user could not read the keys and files that root makes there. */
static bool root_is_a_guest(const struct config *config)
{
	char directory[PATH_MAX];
	uid_t uid;
	if (geteuid() || !owner_is_another(config, directory, &uid))
		return false;
	log_error("store: root does not write into what is another user's");
	return true;
}

/*
 * A time that was given would date, purge and move the states of real people: on the store in use
 * it is asked whether that is meant.
 */
static bool now_is_for_this(const struct config *config)
{
	static const char in_use[] = "/var/lib/";
	if (!clock_is_set() || config->confirmed ||
		(!config->standard && strncmp(config->store_path, in_use, sizeof in_use - 1)))
		return true;
	log_error(
		"--now: %s is the store in use, and what a time decides there (purge, states, the report) stays done; right would be a copy of it under another -c FILE, or --yes",
		config->store_path);
	return false;
}

static int open_rules(struct session *s, enum session_mode mode)
{
	const struct config *config = s->config;
	char error[512];
	s->rules = rulesfile_open(
		config->rules_file, config->providers_file, RULES_PROFILES, error, sizeof error);
	if (!s->rules && mode == SESSION_ANSWER) { /* an answer needs none */
		log_warning("%s; the built-in ones are taken", error);
		s->rules = rulesfile_open(NULL, NULL, RULES_PROFILES, error, sizeof error);
	}
	if (!s->rules) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	return mode == SESSION_ANSWER || ladders_exist(s) ? EXIT_WELL : EXIT_USAGE;
}

static int open_report(struct session *s, enum session_mode mode)
{
	const struct config *config = s->config;
	char error[512];
	report_options(config, &s->report);
	struct tm tm = { 0 };
	localtime_r(&(time_t){ s->now }, &tm);
	s->report.today = (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
	if (config->post.logo && mode != SESSION_ANSWER &&
		!(s->logo = logo_read(config->post.logo, error, sizeof error))) {
		log_error("[report] logo: %s", error);
		return EXIT_USAGE;
	}
	s->report.logo = s->logo;
	s->report.provider_title = printed_name;
	s->report.provider_context = s->rules;
	return EXIT_WELL;
}

static int fill_store_options(struct session *s, enum session_mode mode)
{
	const struct config *config = s->config;
	char error[512];
	config_store_options(config, &s->options);
	s->options.create = mode == SESSION_CREATE;
	s->options.time_given = clock_is_set();
	s->options.read_only = mode == SESSION_READ || mode == SESSION_ANSWER;
	s->options.verify = mode == SESSION_ANSWER;
	s->options.provider_group = group_of;
	s->options.provider_ladder = ladder;
	s->options.near_domain = near_domain;
	s->options.context = s->rules;
	s->options.credentials_dir = getenv("CREDENTIALS_DIRECTORY");
	if (config->batv_key_file && !s->options.read_only &&
		secret_read(&(struct secret_source){ .file = config->batv_key_file }, &s->batv_key,
			error, sizeof error)) {
		log_error("[origin] batv_key_file: %s", error);
		return EXIT_USAGE;
	}
	s->options.batv_key = s->batv_key;
	s->options.batv_key_size = s->batv_key ? strlen(s->batv_key) : 0;
	if (!marker_allows_new(config, error, sizeof error)) {
		log_error("store: %s", error);
		return mode == SESSION_CREATE ? EXIT_USAGE : EXIT_LOST;
	}
	return EXIT_WELL;
}

static int open_store(struct session *s, enum session_mode mode, int64_t now)
{
	const struct config *config = s->config;
	bool created = false;
	int result = store_open(&s->store, &s->options, now, &created);
	if (result)
		return session_store_failed(s, "store", result);
	if (!s->options.read_only && (result = judge_clock(s)))
		return result;
	if (!s->options.read_only && (result = settings_note(s->store, config, s->now)))
		return session_store_failed(s, "ledger", result);
	if (created)
		log_notice("made the store %s and its keys in %s", config->store_path,
			config->keys_dir);
	if (mode == SESSION_CREATE && !marker_note(config))
		log_notice("%s: %s; a lost store would not be noticed (retour doctor)",
			config->marker, strerror(errno));
	return EXIT_WELL;
}

static int open_all(
	struct session *s, const struct config *config, enum session_mode mode, int64_t now)
{
	*s = (struct session){ .config = config,
		.config_file = config->file,
		.mailbox = config->mailbox,
		.mailboxes = config->mailboxes,
		.post = &config->post,
		.lock = -1,
		.now = now };
	if (mode != SESSION_READ && mode != SESSION_ANSWER && root_is_a_guest(config))
		return EXIT_USAGE;
	session_present(config, &s->present);
	if (mode == SESSION_CREATE && first_by_clock(s))
		return EXIT_BROKEN;
	if (mode >= SESSION_WRITE && !now_is_for_this(config))
		return EXIT_USAGE;
	if (mode == SESSION_TRY || mode == SESSION_WRITE || mode == SESSION_CREATE) {
		int result = take_lock(s, mode == SESSION_CREATE);
		if (result)
			return result;
	}
	int result = open_rules(s, mode);
	result = result ? result : open_report(s, mode);
	result = result ? result : fill_store_options(s, mode);
	return result ? result : open_store(s, mode, now);
}

int session_open(
	struct session *s, const struct config *config, enum session_mode mode, int64_t now)
{
	int result = open_all(s, config, mode, now);
	if (result == EXIT_USAGE || result == EXIT_LOST)
		say_owner(config);
	return result;
}

int session_reopen(struct session *s, int64_t now)
{
	store_close(s->store);
	int result = open_store(s, SESSION_ANSWER, now);
	if (result != EXIT_WELL)
		say_owner(s->config);
	return result;
}

void session_close(struct session *s)
{
	store_close(s->store);
	rules_free(s->rules);
	secret_free(s->batv_key);
	free(s->logo);
	if (s->lock >= 0)
		close(s->lock);
}

bool stream_option(
	const struct config *config, const char *command, const char *name, unsigned *stream)
{
	int number = name ? stream_by_name(config->streams, name) : -1;
	char known[STREAMS_MAX * EVENT_STREAM_SIZE + 32] = "";
	size_t n = 0;
	*stream = (unsigned)(number + 1);
	if (!name || number >= 0)
		return true;
	for (unsigned i = 0; i < STREAMS_MAX && config->streams[i].name; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
			config->streams[i].name);
	usage_error(command, "--stream %s: %s%s", strchr(name, '@') ? "ADDRESS" : name,
		n ? "right would be one of " : "the configuration has no section [stream NAME]",
		known);
	return false;
}
