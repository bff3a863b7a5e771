/*
 * setup without a configuration: seven questions, each answer tried as soon as it can be, and the
 * INI file that comes of it. Whatever cannot be tried is not written: where setup is given up,
 * nothing of it stays.
 */
#include "poller/command/firstsetup.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "poller/command/commands.h"
#include "poller/command/firstfile.h"
#include "poller/post/carrying.h"
#include "poller/run/visit.h"

enum { LOGIN_TRIES = 3 };

extern char **environ;

static const struct way {
	const char *protocol, *tls;
} mailbox_ways[] = { { "imap", "implicit" }, { "imap", "starttls" }, { "pop3", "implicit" },
	{ "pop3", "starttls" } };

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

/* The draft as it is now, read and checked; its errors are said. */
static int load_draft(const struct first *f, struct config *config)
{
	return firstfile_draft(f) || config_load(config, f->draft, stderr) ? -1 : 0;
}

/* Which way into the mailbox works; the first one that reaches a login decides. */
static enum visit find_mailbox(struct first *f, char *text, size_t size)
{
	static struct config config; /* too large for a stack */
	enum visit result = VISIT_FAILED;
	char first[512] = "";
	int64_t end;

	for (size_t i = 0; i < sizeof mailbox_ways / sizeof *mailbox_ways; i++) {
		f->protocol = mailbox_ways[i].protocol;
		f->tls = mailbox_ways[i].tls;
		if (load_draft(f, &config) == 0)
			result = mailbox_visit(f->draft, &config.mailbox[0], text, size, &end);
		else
			snprintf(text, size, "it cannot be configured so");
		config_free(&config);
		if (result != VISIT_FAILED)
			return result;
		if (!*first)
			snprintf(first, sizeof first, "%s", text);
	}
	snprintf(text, size, "%s", first); /* of the way that is usual */
	return result;
}

static int ask_mailbox(struct first *f, struct asking *a, const struct setup_answers *given)
{
	char password[ANSWER_SIZE], text[512];

	for (unsigned tries = 1;; tries++) {
		a->number = 1;
		if (asking_ask(a, "The mail server of the mailbox that bounces return to",
			    given->host, NULL, false, f->host))
			return -1;
		split_port(f->host, &f->port);
		if (asking_ask(a, "Its login name", given->user, NULL, false, f->user) ||
			asking_ask(a, "Its password (it goes into a file of its own)",
				given->password_file ? "" : NULL, NULL, true, password))
			return -1;
		int failed = given->password_file ? 0 : firstfile_password(f, password);
		explicit_bzero(password, sizeof password);
		if (failed)
			return -1;
		enum visit result = find_mailbox(f, text, sizeof text);
		if (result == VISIT_OPENED) {
			fprintf(stderr, "   works, by %s (tls = %s): %s\n", f->protocol, f->tls,
				text);
			return 0;
		}
		log_error("mailbox: %s", text);
		bool fixed = given->host && given->user && given->password_file;
		if (!a->terminal || fixed || tries == LOGIN_TRIES)
			return -1;
	}
}

/* Would the mail server take the report, with this security, and with or without a login? */
static bool smtp_works(struct first *f, const char *tls, bool login, char *text, size_t size)
{
	static struct config config; /* too large for a stack */

	f->smtp_tls = tls;
	f->smtp_login = login;
	bool works = load_draft(f, &config) == 0 &&
		!delivery_carry(
			&config.post, config.post.to.at, (struct span){ NULL, 0 }, text, size);
	config_free(&config);
	return works;
}

static int ask_report(struct first *f, struct asking *a, const struct setup_answers *given)
{
	static const struct {
		const char *tls;
		bool login;
	} ways[] = { { "starttls", false }, { "starttls", true }, { "implicit", false },
		{ "implicit", true } };
	char text[512] = "", first[512] = "", clean[512], standard[ANSWER_SIZE + 8];

	for (unsigned tries = 1;; tries++) {
		a->number = 4;
		if (asking_ask(a, "Who reads the report (addresses, with commas)", given->to, NULL,
			    false, f->to))
			return -1;
		snprintf(standard, sizeof standard, "%s:587", f->host);
		if (asking_ask(a, "The mail server that takes it", given->smtp, standard, false,
			    f->smtp))
			return -1;
		for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
			if (smtp_works(f, ways[i].tls, ways[i].login, text, sizeof text)) {
				fprintf(stderr, "   works (tls = %s%s)\n", f->smtp_tls,
					f->smtp_login ? ", with the mailbox's login" : "");
				return 0;
			}
			if (!*first)
				snprintf(first, sizeof first, "%s", text);
		}
		log_error("report: %s", log_clean(clean, sizeof clean, *first ? first : text));
		if (!a->terminal || (given->to && given->smtp) || tries == LOGIN_TRIES)
			return -1;
		*first = '\0';
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

static int ask_start(struct asking *a, const struct setup_answers *given, const struct first *f)
{
	char answer[ANSWER_SIZE];
	bool systemd = !access("/run/systemd/system", F_OK) && f->standard && !geteuid();
	const char *option = given->no_start || !systemd ? "no" : NULL;

	if (asking_ask(a, "Read it every ten minutes from now on (yes or no)",
		    given->start ? "yes" : option, "no", false, answer))
		return -1;
	if (*answer == 'y' || *answer == 'Y')
		return run_systemctl();
	if (systemd)
		fprintf(stderr, "   not started; later: systemctl enable --now retour.timer\n");
	else
		fprintf(stderr, "   for cron: */10 * * * * retour -q -c %s run\n", f->file);
	return 0;
}

static int finish(const struct first *f, struct config *config)
{
	if (load_draft(f, config) || firstfile_finish(f, config->store_path, config->marker))
		return -1;
	fprintf(stderr, "   wrote %s and %s; `retour doctor` tries all of it\n", f->file,
		f->password_file);
	return 0;
}

static int ask_all(struct first *f, const struct setup_answers *given)
{
	static struct config config; /* too large for a stack */
	struct asking a;

	asking_begin(&a);
	system_zone(f->zone);
	if (firstfile_begin(f) ||
		asking_ask(&a, "Your sending domains (example.org, news.example.org)",
			given->domains, NULL, false, f->domains) ||
		load_draft(f, &config)) {
		firstfile_drop(f);
		return EXIT_USAGE;
	}
	/* the first of them, for the report's sender */
	snprintf(f->from, sizeof f->from, "retour@%.*s", (int)strcspn(f->domains, ", \t"),
		f->domains);
	config_free(&config);
	if (ask_mailbox(f, &a, given) || ask_report(f, &a, given) || finish(f, &config)) {
		config_free(&config);
		firstfile_drop(f);
		log_error("setup: given up, nothing was written");
		return EXIT_LOST;
	}
	config_free(&config);
	return ask_start(&a, given, f) ? EXIT_LOST : EXIT_WELL;
}

/* The files that the INI file names have whole paths. */
static bool whole_path(const char *named, char *path, size_t size)
{
	char here[2048] = "";

	if (*named != '/' && !getcwd(here, sizeof here))
		return false;
	int n = snprintf(path, size, "%s%s%s", here, *named == '/' ? "" : "/", named);
	return n >= 0 && (size_t)n < size;
}

int setup_first(const struct config *config, const struct setup_answers *given, const char *command)
{
	static struct first f;
	static char path[4096];

	if (!firstfile_is_free(config->named))
		return usage_error(command,
			"%s is there: edit it, or move it away first; `retour doctor` tries it",
			config->named);
	if (!whole_path(config->named, path, sizeof path))
		return usage_error(command, "%s: its path is too long", config->named);
	f = (struct first){
		.file = path, .standard = config->would_be_standard, .ca_file = given->ca_file
	};
	if (given->password_file)
		snprintf(f.password_file, sizeof f.password_file, "%s", given->password_file);
	return ask_all(&f, given);
}
