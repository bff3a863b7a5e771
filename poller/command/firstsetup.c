/*
 * setup without a configuration: seven questions, each answer tried as soon as it can be, and the
 * INI file that comes of it. Whatever cannot be tried is not written: where setup is given up,
 * nothing of it stays.
 */
#include "poller/command/firstsetup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "poller/command/actas.h"
#include "poller/command/commands.h"
#include "poller/command/firstfile.h"
#include "poller/command/firstoauth.h"
#include "poller/command/firstways.h"

enum { TRIES = 3, AUTHORITY_PATH_SIZE = 4096 };

/* What a signal's handler takes away. */
static struct first *volatile under_way;

extern char **environ;

/* "host:port" into its parts; without one PORT is 0. */
static void split_port(char *host, unsigned *port)
{
	char *colon = strrchr(host, ':');

	*port = 0;
	if (colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
		colon == strchr(host, ':')) {
		*port = (unsigned)strtoul(colon + 1, NULL, 10);
		*colon = '\0';
	}
}

/* The files that the INI file names have whole paths. */
static bool whole_path(const char *named, char *path, size_t size)
{
	char here[2048] = "";

	if (*named != '/' && !getcwd(here, sizeof here))
		return false;
	int n = snprintf(path, size, "%s%s%s", here, *named == '/' ? "" : "/", named);
	return n >= 0 && (size_t)n < size && !strpbrk(path, "\r\n");
}

/* Is it HOST or HOST:PORT? What else people type here has an @ or a /, or two colons. */
static bool host_is_fit(const char *host)
{
	const char *port = strchr(host, ':');
	size_t n = port ? strlen(port + 1) : 0;

	if (!strpbrk(host, "@/ ") &&
		(!port || strchr(port + 1, ':') ||
			(n && n < 6 && strspn(port + 1, "0123456789") == n &&
				atoi(port + 1) < 65536)))
		return true;
	log_error(
		"setup: right would be the name of the mail server, or with its port: mail.example.org:993");
	return false;
}

/* A question that is asked again has what was typed before as its usual answer. */
static int ask_anew(
	struct asking *a, const char *question, const char *given, const char *usual, char *answer)
{
	char before[ANSWER_SIZE];

	snprintf(before, sizeof before, "%s", answer);
	return asking_ask(a, question, given, *before ? before : usual, false, answer);
}

/* By whom the program will run as; what is in the way is said. */
static bool is_readable(const char *path)
{
	int fd = -1;

	if (act_as(firstfile_user()))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		log_error("setup: %s: %s", path, strerror(errno));
	else
		close(fd);
	act_as_root();
	return fd >= 0;
}

/*
 * Where the server showed a certificate of nobody whom the system trusts, which TEXT says: the file
 * of its authority, typed or said to be an option. True: it is to be tried with *CA_FILE.
 */
static bool ask_authority(struct asking *a, const char *text, const char **ca_file, char *path)
{
	char answer[ANSWER_SIZE];

	if (*ca_file || !strstr(text, "ca_file"))
		return false;
	log_error("setup: %s", text);
	if (!a->terminal)
		log_error(
			"setup: right would be --ca-file FILE, with the server's certificate or its authority's (PEM)");
	if (!a->terminal ||
		asking_ask(a,
			"A file with its certificate, or its authority's (PEM; empty: there is none)",
			NULL, "", false, answer) ||
		!*answer || !whole_path(answer, path, AUTHORITY_PATH_SIZE) || !is_readable(path))
		return false;
	*ca_file = path;
	return true;
}

/* What is shown at the login, into a file of its own. */
static int ask_secret(struct first *f, struct asking *a, const struct setup_answers *given,
	const struct config *there)
{
	char password[ANSWER_SIZE];
	int by_token = given->password_file ? 0 : firstoauth_ask(f, a, &given->oauth, there);

	if (by_token || given->password_file)
		return by_token < 0 ? -1 : 0;
	int failed = asking_ask(a, "Its password (it goes into a file of its own)", NULL, NULL,
			     true, password) ||
		firstfile_password(f, password);
	explicit_bzero(password, sizeof password);
	return failed ? -1 : 0;
}

/* The server's name into F. 0, 1: it is to be asked again, or -1. */
static int ask_host(struct first *f, struct asking *a, const struct setup_answers *given,
	const char *usual, char *typed)
{
	if (ask_anew(a,
		    f->beside ? "The mail server of the mailbox"
			      : "The mail server of the mailbox that bounces return to",
		    given->host, usual, typed))
		return -1;
	if (!host_is_fit(typed)) {
		*typed = '\0';
		return a->terminal && !given->host ? 1 : -1;
	}
	snprintf(f->host, sizeof f->host, "%s", typed);
	split_port(f->host, &f->port);
	return 0;
}

/* Does it work? What does not is said. */
static bool mailbox_answers(struct first *f, struct asking *a)
{
	static char authority[AUTHORITY_PATH_SIZE];
	char text[512];
	enum visit_end result = firstways_mailbox(f, text, sizeof text);
	bool asked = result == VISIT_FAILED && ask_authority(a, text, &f->ca_file, authority);

	if (asked)
		result = firstways_mailbox(f, text, sizeof text);
	if (result == VISIT_OPENED) {
		fprintf(stderr, "   works, by %s (tls = %s): %s\n", f->protocol, f->tls, text);
		return true;
	}
	if (*text)
		log_error("mailbox: %s", text);
	if (asked)
		f->ca_file = NULL;
	return false;
}

/* A mailbox at the same server as one that is there has the same authority. */
static void take_authority(struct first *f, const struct config *there)
{
	for (size_t i = 0; f->beside && !f->ca_file && i < there->mailboxes; i++)
		if (there->mailbox[i].host && !strcmp(there->mailbox[i].host, f->host))
			f->ca_file = there->mailbox[i].ca_file;
}

/* THERE: what is configured already. */
static int ask_mailbox(struct first *f, struct asking *a, const struct setup_answers *given,
	const struct config *there)
{
	unsigned first_question = a->number;
	const char *usual = f->beside && there->mailboxes ? there->mailbox[0].host : NULL;
	bool fixed = given->host && given->user && given->password_file;
	char typed[ANSWER_SIZE] = "";

	for (unsigned tries = 1;; tries++) {
		a->number = first_question;
		int wrong = ask_host(f, a, given, usual, typed);
		if (wrong < 0 || (wrong && tries == TRIES))
			return -1;
		if (wrong)
			continue;
		take_authority(f, there);
		if (ask_anew(a, "Its login name", given->user, NULL, f->user) ||
			ask_secret(f, a, given, there))
			return -1;
		if (mailbox_answers(f, a))
			return 0;
		if (!a->terminal || fixed || tries == TRIES)
			return -1;
	}
}

/* Does it take the report? What does not is said. */
static bool smtp_answers(struct first *f, struct asking *a, const char *typed)
{
	static char authority[AUTHORITY_PATH_SIZE];
	char text[512], clean[512];
	bool works = firstways_smtp(f, typed, text, sizeof text);
	bool asked = !works && ask_authority(a, text, &f->smtp_ca_file, authority);

	if (asked)
		works = firstways_smtp(f, typed, text, sizeof text);
	if (works)
		fprintf(stderr, "   works, at %s (tls = %s%s)\n", f->smtp, f->smtp_tls,
			f->smtp_login ? ", with the mailbox's login" : "");
	else if (*text)
		log_error("report: %s", log_clean(clean, sizeof clean, text));
	if (asked && !works)
		f->smtp_ca_file = f->ca_file;
	return works;
}

static int ask_report(struct first *f, struct asking *a, const struct setup_answers *given)
{
	unsigned first_question = a->number;
	const char *known = firstoauth_smtp(f->host);
	char typed[ANSWER_SIZE] = "";

	f->smtp_ca_file = f->ca_file;
	for (unsigned tries = 1;; tries++) {
		a->number = first_question;
		if (ask_anew(a, "Who reads the report (addresses, with commas)", given->to, NULL,
			    f->to) ||
			ask_anew(a, "The mail server that takes it", given->smtp,
				known ? known : f->host, typed))
			return -1;
		if (smtp_answers(f, a, typed))
			return 0;
		if (!a->terminal || (given->to && given->smtp) || tries == TRIES)
			return -1;
	}
}

/* Of this machine, as /etc/localtime points to it. */
static void system_zone(char *zone)
{
	char path[512];
	ssize_t n = readlink("/etc/localtime", path, sizeof path - 1);
	const char *name = NULL;

	if (n > 0) {
		path[n] = '\0';
		name = strstr(path, "/zoneinfo/");
	}
	snprintf(zone, ANSWER_SIZE, "%s", name ? name + strlen("/zoneinfo/") : "UTC");
	if (!strncmp(zone, "Etc/", 4))
		strcpy(zone, "UTC");
}

static int run_systemctl(void)
{
	const char *const words[] = { "systemctl", "enable", "--now", "retour.timer", NULL };
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)words, environ) ||
		waitpid(pid, &status, 0) < 0 || status) {
		log_error("systemctl enable --now retour.timer: it failed");
		return -1;
	}
	return 0;
}

/* Where this program lies: cron's PATH is short. */
static const char *own_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	path[n > 0 ? n : 0] = '\0';
	return n > 0 ? path : "retour";
}

static int ask_start(struct asking *a, const struct setup_answers *given, const struct first *f)
{
	char answer[ANSWER_SIZE], path[4096];
	bool systemd = !access("/run/systemd/system", F_OK) && f->standard && !geteuid();
	const char *option = given->no_start || !systemd ? "no" : NULL;

	if (asking_ask(a, "Read it every ten minutes from now on (yes or no)",
		    given->start ? "yes" : option, "no", false, answer))
		return -1;
	if (*answer == 'y' || *answer == 'Y')
		return run_systemctl();
	if (systemd)
		fprintf(stderr, "   not started; later: systemctl enable --now retour.timer\n");
	else if (firstfile_user())
		fprintf(stderr, "   for /etc/cron.d/retour: */10 * * * * %s %s -q -c %s run\n",
			firstfile_user()->pw_name, own_path(path, sizeof path), f->file);
	else
		fprintf(stderr, "   for cron: */10 * * * * %s -q -c %s run\n",
			own_path(path, sizeof path), f->file);
	return 0;
}

static int finish(const struct first *f, struct config *config)
{
	char marker[4096];
	snprintf(marker, sizeof marker, "%s.made", f->file); /* not the draft's, as it has it */
	if (firstways_draft(f, config) || firstfile_finish(f, config->store_path, marker))
		return -1;
	fprintf(stderr, "   wrote %s%s%s; `retour doctor` tries all of it\n", f->result,
		f->password_made ? " and " : "", f->password_made ? f->password_file : "");
	return 0;
}

static int ask_domains(struct first *f, struct asking *a, const struct setup_answers *given)
{
	static struct config config; /* too large for a stack */

	for (unsigned tries = 1;; tries++) {
		a->number = 0;
		if (asking_ask(a, "Your sending domains (example.org, news.example.org)",
			    given->domains, NULL, false, f->domains))
			return -1;
		int wrong = firstways_draft(f, &config);
		config_free(&config);
		if (!wrong)
			break;
		if (!a->terminal || given->domains || tries == TRIES)
			return -1;
	}
	/* the first of them, for the report's sender */
	snprintf(f->from, sizeof f->from, "retour@%.*s", (int)strcspn(f->domains, ", \t"),
		f->domains);
	return 0;
}

/* Ctrl-C at a question: what is typed is seen again, and nothing stays. */
static void give_setup_up(int number)
{
	static const char said[] = "\nretour: setup: given up, nothing was written\n";

	asking_restore();
	if (under_way)
		firstfile_drop(under_way);
	if (write(STDERR_FILENO, said, sizeof said - 1) < 0)
		_exit(EXIT_LOST);
	_exit(128 + number);
}

static void catch_signals(struct first *f)
{
	const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = give_setup_up };

	under_way = f;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

static int ask_all(struct first *f, const struct setup_answers *given, const struct config *there)
{
	static struct config config; /* too large for a stack */
	struct asking a;

	asking_begin(&a);
	system_zone(f->zone);
	catch_signals(f);
	if (firstfile_begin(f) || (!f->beside && ask_domains(f, &a, given))) {
		firstfile_drop(f);
		return EXIT_USAGE;
	}
	if (ask_mailbox(f, &a, given, there) || (!f->beside && ask_report(f, &a, given)) ||
		finish(f, &config)) {
		config_free(&config);
		firstfile_drop(f);
		log_error("setup: given up, nothing was written");
		return EXIT_LOST;
	}
	under_way = NULL;
	config_free(&config);
	if (f->beside)
		return EXIT_WELL;
	fprintf(stderr,
		"   another mailbox, such as for complaints: retour setup --mailbox complaints\n");
	return ask_start(&a, given, f) ? EXIT_LOST : EXIT_WELL;
}

static bool whole_paths(struct setup_answers *given)
{
	static char path[5][4096];
	const char **const files[] = { &given->password_file, &given->ca_file,
		&given->oauth.client_secret_file, &given->oauth.certificate_file,
		&given->oauth.key_file, &given->oauth.refresh_token_file };
	size_t n = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (!*files[i] || **files[i] == '/')
			continue;
		if (n == sizeof path / sizeof *path ||
			!whole_path(*files[i], path[n], sizeof path[n]))
			return false;
		*files[i] = path[n++];
	}
	return true;
}

static bool mailbox_name_is_fit(const char *name)
{
	size_t n = strlen(name);

	return n && n < STORE_NAME_SIZE && *name != '-' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

/* May there be a setup, of what? */
static int judge_setup(
	const struct config *config, const struct setup_answers *given, const char *command)
{
	if (config->would_be_standard && !geteuid() && !firstfile_user())
		return usage_error(command,
			"there is no user retour, as whom it runs: useradd --system --home-dir /var/lib/retour --shell /usr/sbin/nologin retour");
	if (!given->mailbox)
		return firstfile_is_free(config->named)
			? EXIT_WELL
			: usage_error(command,
				  "%s is there: edit it, or move it away first; `retour doctor` tries it, `retour setup --mailbox NAME` adds a mailbox",
				  config->named);
	if (firstfile_is_free(config->named))
		return usage_error(command,
			"%s: not there, or the sample: `retour setup` comes first", config->named);
	if (!mailbox_name_is_fit(given->mailbox))
		return usage_error(command,
			"--mailbox: right would be a name of small letters, digits and hyphens");
	return mailbox_find(config->mailbox, config->mailboxes, given->mailbox)
		? usage_error(command, "[mailbox %s] is there already", given->mailbox)
		: EXIT_WELL;
}

int setup_first(const struct config *config, struct setup_answers *given, const char *command)
{
	static struct first f;
	static char path[4096];
	int result = judge_setup(config, given, command);

	if (result)
		return result;
	if (!whole_path(config->named, path, sizeof path) || !whole_paths(given))
		return usage_error(command, "%s: a path is too long", config->named);
	f = (struct first){ .file = path,
		.standard = config->would_be_standard,
		.ca_file = given->ca_file,
		.mailbox = given->mailbox ? given->mailbox : "bounces",
		.beside = given->mailbox };
	if (given->password_file)
		snprintf(f.password_file, sizeof f.password_file, "%s", given->password_file);
	return ask_all(&f, given, config);
}
