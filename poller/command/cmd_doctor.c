/* doctor: tries all that a run needs, changes nothing, and says in one line each what it found. */
#include "poller/command/commands.h"
#include "poller/command/actas.h"
#include "poller/command/causename.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/rules.h"
#include "poller/post/alerts.h"
#include "poller/run/child.h"
#include "classify/base/clock.h"
#include "poller/command/opening.h"
#include "poller/post/carrying.h"
#include "poller/post/delivery.h"
#include "classify/base/log.h"
#include "poller/command/marker.h"
#include "poller/command/medium.h"
#include "poller/command/places.h"
#include "poller/post/logo.h"
#include "poller/post/outside.h"
#include "poller/config/rulesfile.h"
#include "poller/run/confine.h"
#include "poller/run/sandbox.h"
#include "poller/run/visit.h"
#include "poller/mailbox/secret.h"
#include "poller/run/wire.h"
#include "reports/jsonline.h"
#include "reports/texts.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/keys.h"

enum {
	PARSER_PATIENCE = 20, /* seconds; it reads its rules in a tenth of one */
	LINTS_SHOWN = 20
};

/* SAD: a run would fail. ODD: it would not, but somebody should look. */
enum finding { WELL, ODD, SAD };

struct doctor {
	const struct config *config;
	unsigned sad;
};

__attribute__((format(printf, 4, 5))) static void found(
	struct doctor *d, enum finding finding, const char *what, const char *format, ...)
{
	static const char *const words[] = { [WELL] = "ok", [ODD] = "look", [SAD] = "FAIL" };
	char text[JSONLINE_TEXT];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "result", finding == SAD ? "fail" : words[finding]);
		jsonline_text(&l, "what", what);
		jsonline_text(&l, "reason", text);
		jsonline_end(&l);
	} else {
		printf("%-4s  %-20s %s\n", words[finding], what, text);
	}
	d->sad += finding == SAD;
}

static void check_config(struct doctor *d)
{
	const struct config *c = d->config;
	found(d, WELL, "configuration", "%s: %u mailboxes", c->file, c->mailboxes);
	if (!c->mailboxes)
		found(d, SAD, "mailboxes", "no section [mailbox NAME]");
	if (!c->domains.count)
		found(d, ODD, "origin",
			"[origin] domains is empty: nothing can be matched, so no bounce changes a contact's state");
	if (!c->post.alert_to.count && !c->post.alert_command)
		found(d, ODD, "alerts",
			"[alert] has neither to nor command: what is wrong stands in the journal and in `retour alerts` only");
	if (c->post.alert_command && access(c->post.alert_command, X_OK))
		found(d, SAD, "alert command", "%s: %s", c->post.alert_command, strerror(errno));
}

static void check_hook(struct doctor *d)
{
	const struct post_options *p = &d->config->post;
	if (p->hook_command && access(p->hook_command, X_OK))
		found(d, SAD, "hook", "%s: %s", p->hook_command, strerror(errno));
	else if (p->hook_command)
		found(d, WELL, "hook", "%s is told of changes%s", p->hook_command,
			p->hook_addresses ? ", with addresses" : ", by pseudonym");
}

/* Each is told by a run that nobody looks at. */
static void check_witnesses(struct doctor *d)
{
	const struct post_options *p = &d->config->post;
	const struct {
		const char *name, *path;
	} all[] = { { "witness: command", p->witness_command },
		{ "witness: stamp", p->witness_timestamp } };
	char error[512];
	unsigned named = p->witness_syslog != NULL;
	if (named && !outside_log_listens(p->witness_syslog, error, sizeof error))
		found(d, SAD, "witness: log", "%s", error);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		named += all[i].path != NULL;
		if (all[i].path && access(all[i].path, X_OK))
			found(d, SAD, all[i].name, "%s: %s", all[i].path, strerror(errno));
	}
	if (named)
		found(d, WELL, "witnesses", "%u are told the ledger's head", named);
}

static void check_batv(struct doctor *d)
{
	char error[512], *key = NULL;
	if (d->config->batv_key_file &&
		secret_read(&(struct secret_source){ .file = d->config->batv_key_file }, &key,
			error, sizeof error))
		found(d, SAD, "BATV key", "%s", error);
	secret_free(key);
}

struct lint {
	struct doctor *doctor;
	size_t count;
};

static void say_lint(void *context, const char *rule, const char *sentence)
{
	struct lint *lint = context;
	if (++lint->count <= LINTS_SHOWN)
		found(lint->doctor, ODD, "rules", "[%s] %s", rule, sentence);
}

/*
 * A file of one's own does not grow with the program: what the built-in rules know by now and it
 * does not.
 */
static void compare_rules(struct doctor *d, const struct rules *own)
{
	char error[512], names[256] = "";
	size_t lacking = 0;
	struct rules *built_in = rulesfile_load(NULL, NULL, error, sizeof error);
	for (size_t i = 0; built_in && i < rules_count(built_in); i++) {
		const char *id = rule_at(built_in, (uint16_t)i)->id;
		size_t used = strlen(names);
		if (rules_have(own, id) || !++lacking || used + strlen(id) + 3 > sizeof names)
			continue;
		snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", id);
	}
	if (!built_in)
		found(d, ODD, "rules", "not compared with the built-in ones: %s", error);
	else if (lacking)
		found(d, ODD, "rules", "%zu built-in rules are not in %s: %s%s", lacking,
			d->config->rules_file, names,
			strlen(names) + EVENT_RULE_SIZE > sizeof names ? " and others" : "");
	rules_free(built_in);
}

static void check_rules(struct doctor *d)
{
	char error[512];
	struct lint lint = { .doctor = d };
	struct rules *r = rulesfile_load(
		d->config->rules_file, d->config->providers_file, error, sizeof error);
	if (!r) {
		found(d, SAD, "rules", "%s", error);
		return;
	}
	size_t providers = 0;
	for (; provider_at(r, providers); providers++) {
	}
	found(d, WELL, "rules", "%s, %zu rules, %zu providers",
		d->config->rules_file ? d->config->rules_file : "built in", rules_count(r),
		providers);
	rules_lint(r, say_lint, &lint);
	ladders_lint(d->config, r, say_lint, &lint);
	if (lint.count > LINTS_SHOWN)
		found(d, ODD, "rules", "and %zu more of the kind", lint.count - LINTS_SHOWN);
	if (d->config->rules_file)
		compare_rules(d, r);
	rules_free(r);
}

static int say_lost_key(void *context, const struct key_missing *m)
{
	if (m->loss == KEY_GIVEN_UP)
		found(context, WELL, "keys",
			"%s: the store has events under a key that was lost and given up",
			m->month);
	else
		found(context, ODD, "keys",
			"%s: the store has events under a key that is not there%s%s; put %s back if you have it, or let them go: retour key retire %s --give-up --reason TEXT. New events of that month %s under another",
			m->month, *m->why ? ": " : "", m->why, m->name, m->name,
			m->loss == KEY_REPLACED ? "lie" : "go");
	return 0;
}

static void check_signing(struct doctor *d, struct store *store)
{
	char line[MINISIGN_KEY_TEXT_SIZE];
	struct minisign_public p;
	bool ready;
	if (store_sign_public(store, &p, &ready)) {
		found(d, SAD, "signing key", "%s", store_error(store));
	} else if (ready) {
		minisign_key_text(&p, line);
		found(d, WELL, "signing key", "public: %s", line);
	} else {
		found(d, WELL, "signing key", "not there yet, the next run makes it");
	}
}

/* How much of the store's disk is used, as the alert disk-full measures it. */
static void check_disk(struct doctor *d)
{
	char directory[4096];
	int64_t used;
	parent_of(d->config->store_path, directory, sizeof directory);
	if (disk_used_ppm(directory, &used))
		return; /* what is wrong with it is said of the store */
	if (used >= d->config->post.alerts.rule[ALERT_DISK_FULL].threshold)
		found(d, used >= 1000000 ? SAD : ODD, "disk", "%s: %lld.%lld %% used", directory,
			(long long)(used / 10000), (long long)(used % 10000 / 1000));
}

/* Said of keys and store alike: both hold what is destroyed one day. */
static void check_media(struct doctor *d)
{
	char text[256], store[4096];
	const char *keys = medium_keeps_here(d->config->keys_dir, text, sizeof text);
	if (keys)
		found(d, ODD, "keys",
			"%s: %s: a destroyed key is not gone. Lay them on an encrypted file system (LUKS), or on tmpfs with systemd credentials; retour-privacy(7), MEDIA",
			d->config->keys_dir, keys);
	parent_of(d->config->store_path, store, sizeof store);
	if (medium_keeps_here(store, text, sizeof text))
		found(d, ODD, "store",
			"%s: %s: what is deleted is not gone. Lay it on an encrypted file system; retour-privacy(7), MEDIA",
			store, text);
}

/* A lost store shows by the note of it only. */
static void check_marker(struct doctor *d)
{
	char parent[4096];
	const char *marker = d->config->marker;
	if (!marker)
		return;
	parent_of(marker, parent, sizeof parent);
	if (access(marker, W_OK) && (errno != ENOENT || access(parent, W_OK | X_OK)))
		found(d, ODD, "marker",
			"%s: %s; without it a run makes a new store where the old one is lost. Do, as root: "
			"install -m 600 -o \"$(id -un %u)\" /dev/null %s",
			marker, strerror(errno), (unsigned)geteuid(), marker);
}

/* As a run would judge it, but for the mail that it reads first. */
static void check_witness(struct doctor *d, struct store *store)
{
	struct clock_present present;
	struct clock_verdict verdict;
	struct witness w;
	session_present(d->config, &present);
	if (store_witness(store, &w))
		return;
	clock_judge(&w, &present, &verdict);
	if (verdict.doubt != CLOCK_BELIEVED)
		found(d, SAD, "clock",
			"%s; a run does nothing that time decides. If it is right: retour clock confirm --reason TEXT",
			verdict.text);
}

/* False: what is made of the store cannot be tried either. */
static bool check_store(struct doctor *d)
{
	const struct config *c = d->config;
	struct store_options options;
	struct store *store = NULL;
	struct ledger_entry head;
	char text[CLOCK_TEXT_SIZE];
	bool created;
	char why[8192];
	if (!marker_allows_new(c, why, sizeof why)) {
		found(d, SAD, "store", "%s", why);
		return false;
	}
	if (access(c->store_path, F_OK) && errno == ENOENT) {
		if (!can_be_made(c, c->store_path))
			found(d, SAD, "store", "%s: not there, and its directory cannot be written",
				c->store_path);
		else if (!keys_can_be_made(c, why, sizeof why))
			found(d, SAD, "store", "%s", why);
		else
			found(d, WELL, "store",
				"%s: not there yet, the first run makes it and its keys",
				c->store_path);
		return false;
	}
	unsigned before = d->sad;
	config_store_options(c, &options);
	options.read_only = true;
	int result = store_open(&store, &options, clock_now(), &created);
	if (result == STORE_TO_COME && keys_can_be_made(c, why, sizeof why)) {
		found(d, WELL, "store", "%s", store_error(store));
	} else if (result) {
		found(d, SAD, "store and keys", "%s",
			result == STORE_TO_COME ? why : store_error(store));
	} else if (store_ledger_walk(store, NULL, NULL)) {
		found(d, SAD, "ledger", "%s", store_error(store));
	} else if (store_ledger_head(store, &head)) {
		found(d, SAD, "ledger", "%s", store_error(store));
	} else {
		found(d, WELL, "store and keys", "%s, ledger of %lld entries is whole",
			c->store_path, (long long)head.number);
		if (store_keys_lost(store, say_lost_key, d))
			found(d, SAD, "keys", "%s", store_error(store));
		check_signing(d, store);
		check_witness(d, store);
		if (head.number && head.at > clock_now() + 60)
			found(d, SAD, "clock", "the last ledger entry is of %s, later than now",
				clock_format(head.at, text));
	}
	store_close(store);
	return d->sad == before && !result;
}

static void check_clock(struct doctor *d)
{
	char now[CLOCK_TEXT_SIZE];
	found(d, WELL, "clock", "%s%s, reports in %s", clock_format(clock_now(), now),
		clock_is_set() ? " (given)" : "", d->config->post.timezone);
}

/* Has the parser at FD read a mail, which it does behind its filter only? */
static bool parser_reads(int fd, struct wire_head *head, unsigned char **payload, size_t *capacity)
{
	static const char mail[] = "Subject: a probe\r\n\r\n";
	const struct wire_message m = { .arrived = clock_now() };

	if (wire_receive(fd, head, payload, capacity) != 1 || head->type != WIRE_READY ||
		wire_send(fd, WIRE_MESSAGE, &m, sizeof m, mail, sizeof mail - 1))
		return false;
	while (wire_receive(fd, head, payload, capacity) == 1)
		if (head->type == WIRE_PARSED)
			return true;
	return false;
}

/* Is the parser behind its filter? The kernel says so ("Seccomp: 2", proc(5)). */
static void check_parser(struct doctor *d)
{
	char path[64], line[256], mode = '?';
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0;
	int fd;
	pid_t pid = child_start("parser", "parser", d->config->file, &fd);
	if (pid < 0) {
		found(d, SAD, "parser", "its process cannot be started");
		return;
	}
	child_patience(fd, PARSER_PATIENCE);
	bool ready = parser_reads(fd, &head, &payload, &capacity);
	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	FILE *status = ready ? fopen(path, "re") : NULL;
	while (status && fgets(line, sizeof line, status))
		if (!strncmp(line, "Seccomp:\t", 9))
			mode = line[9];
	if (status)
		fclose(status);
	if (!ready)
		found(d, SAD, "parser", "its process does not start, or reads no mail");
	else if (mode == '2')
		found(d, WELL, "parser",
			"behind its system-call filter: no files, no network, no processes");
	else
		found(d, ODD, "parser", "%s; a mail that takes it over has the rights of its user",
			sandbox_filters() ? "this kernel gives it no system-call filter"
					  : "this build has no system-call filter");
	free(payload);
	close(fd);
	child_end(pid);
}

static void check_walls(struct doctor *d)
{
	bool refused;
	int version = confine_landlock(&refused);
	if (sandbox_filters()) /* without Landlock, too */
		found(d, WELL, "serve", "opens no file and no connection once it is asked");
	if (!sandbox_filters())
		found(d, ODD, "fetchers", "this build has no walls around them, nor around serve");
	else if (version)
		found(d, WELL, "fetchers",
			"see resolver, certificates and their mailbox, no key and no store (Landlock %d), and start no program",
			version);
	else if (refused)
		found(d, ODD, "fetchers",
			"start no program, but a filter of system calls forbids Landlock here: a server that takes one over can read keys and store; right would be to allow " LANDLOCK_CALLS);
	else
		found(d, ODD, "fetchers",
			"start no program, but this kernel has no Landlock: a server that takes one over can read keys and store");
}

/* What is known of the mailbox's server, held against what would open an alert. */
static void say_facts(struct doctor *d, const char *what, const struct mailbox_facts *facts)
{
	static const struct {
		size_t at;
		enum alert_condition condition;
		const char *words;
	} said[] = {
#define FACT_ROW(member, name, condition, help, words) { FACT_AT(member), condition, words },
		MAILBOX_FACTS(FACT_ROW)
#undef FACT_ROW
	};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		const struct alert_rule *rule = &d->config->post.alerts.rule[said[i].condition];
		bool time = alert_unit(said[i].condition) == UNIT_REMAINING;
		int64_t value = fact_value(facts, said[i].at);
		char text[CLOCK_TEXT_SIZE];
		if (!value)
			continue;
		if (time)
			clock_format(value, text);
		else
			snprintf(text, sizeof text, "%lld", (long long)value);
		found(d,
			alert_level_of(rule, time ? value - clock_now() : value) == LEVEL_FIRING
				? ODD
				: WELL,
			what, "%s %s", said[i].words, text);
	}
}

static void try_mailbox(struct doctor *d, const struct mailbox *box)
{
	char what[STORE_NAME_SIZE + 16], text[WIRE_TEXT_MAX + 1];
	struct mailbox_facts facts;
	snprintf(what, sizeof what, "mailbox %s", box->name);
	enum visit_end result = mailbox_visit(d->config->file, box, text, sizeof text, &facts);
	found(d, result == VISIT_OPENED ? WELL : SAD, what, "%s", text);
	say_facts(d, what, &facts);
}

/* Of what the page is made of, the file that cannot be read, and its KEY; NULL: none, and errno. */
static const char *unread_file(const struct post_options *post, const char **key)
{
	*key = "stylesheet";
	if (post->stylesheet && access(post->stylesheet, R_OK))
		return post->stylesheet;
	*key = "measures";
	return post->measures && access(post->measures, R_OK) ? post->measures : NULL;
}

/*
 * The month's page as a run would make it: words, measures, stylesheet, logo. Without a STORE only
 * what needs none is looked at.
 */
static void check_page(struct doctor *d, bool store)
{
	char error[512];
	struct session s;
	struct buffer page;
	char *logo = NULL;
	const char *file, *key;
	struct texts *texts = texts_new(d->config->post.language, error, sizeof error);
	if (!texts)
		found(d, SAD, "report page", "%s", error);
	else if (d->config->post.logo &&
		!(logo = logo_read(d->config->post.logo, error, sizeof error)))
		found(d, SAD, "report page", "logo %s", error);
	else if ((file = unread_file(&d->config->post, &key)))
		found(d, SAD, "report page", "%s %s: %s", key, file, strerror(errno));
	else if (store) {
		if (session_open(&s, d->config, SESSION_READ, clock_now()) ||
			report_make(&s, month_before(month_of(clock_now()), 1), REPORT_HTML, &page))
			found(d, SAD, "report page", "it cannot be made");
		else
			buffer_free(&page);
		session_close(&s);
	}
	free(logo);
	texts_free(texts);
}

static void check_metrics(struct doctor *d)
{
	char parent[4096];
	struct stat st;
	if (!d->config->post.metrics_file)
		return;
	parent_of(d->config->post.metrics_file, parent, sizeof parent);
	if (access(parent, W_OK | X_OK))
		found(d, SAD, "metrics", "%s: %s", parent, strerror(errno));
	else if (!stat(d->config->post.metrics_file, &st) && !S_ISREG(st.st_mode))
		found(d, SAD, "metrics", "%s: not a regular file; right would be its path and name",
			d->config->post.metrics_file);
}

/* Without them every bounce is somebody else's. */
static void check_domains(struct doctor *d)
{
	const struct config *c = d->config;
	if (!c->domains.count && c->act_on != ACT_ON_ANY)
		found(d, ODD, "origin",
			"[origin] domains names none: no bounce is matched by them, and nobody's state changes but by a signed return path");
}

static void try_report(struct doctor *d)
{
	const struct config *c = d->config;
	struct carrier_options options;
	char error[512], clean[512];
	if (access(c->post.dir, W_OK | X_OK) && (errno != ENOENT || !can_be_made(c, c->post.dir)))
		found(d, SAD, "report directory", "%s: %s", c->post.dir, strerror(errno));
	if (!delivery_options(&c->post, c->post.to.at, &options)) {
		found(d, ODD, "report mail",
			"[report] from, to, and smtp or sendmail are not all set: reports stay in %s",
			c->post.dir);
		return;
	}
	if (delivery_carry(&c->post, c->post.to.at, (struct span){ NULL, 0 }, error, sizeof error))
		found(d, SAD, "report mail", "%s", log_clean(clean, sizeof clean, error));
	else
		found(d, WELL, "report mail", "%s would take it, %u readers",
			c->post.sendmail ? c->post.sendmail : c->post.smtp_host, c->post.to.count);
}

/* What only root may read, a run of the store's user does not find. */
static int become_owner(struct doctor *d)
{
	const struct passwd *owner = geteuid() ? NULL : opening_owner(d->config);
	if (!owner)
		return 0;
	if (act_as_for_good(owner))
		return -1;
	found(d, WELL, "user", "tried as %s, whose the store is", owner->pw_name);
	if (access(d->config->file, R_OK))
		found(d, SAD, "configuration", "%s: %s, for %s", d->config->file, strerror(errno),
			owner->pw_name);
	return 0;
}

int cmd_doctor(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	struct doctor d = { .config = config };
	if (option_next(argv[0], argc, argv, none) != -1 || optind < argc)
		return usage_error(argv[0], "takes no arguments");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (become_owner(&d))
		return EXIT_LOST;
	check_config(&d);
	check_witnesses(&d);
	check_hook(&d);
	check_clock(&d);
	check_batv(&d);
	check_rules(&d);
	bool store = check_store(&d);
	check_marker(&d);
	check_disk(&d);
	check_parser(&d);
	check_media(&d);
	check_walls(&d);
	for (unsigned i = 0; i < config->mailboxes; i++)
		try_mailbox(&d, &config->mailbox[i]);
	check_domains(&d);
	check_page(&d, store);
	try_report(&d);
	check_metrics(&d);
	if (d.sad && !json_asked())
		printf("%u of these would fail a run.\n", d.sad);
	return d.sad ? EXIT_LOST : EXIT_WELL;
}
