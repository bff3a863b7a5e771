/* retour: options that hold for every command, the configuration, dispatch. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "poller/run/child.h"
#include "classify/base/clock.h"
#include "poller/command/commands.h"
#include "poller/command/completion.h"
#include "poller/config/config.h"
#include "poller/config/near.h"
#include "classify/base/log.h"
#include "classify/redact.h"

static const char standard_file[] = "/etc/retour/retour.ini";
static bool confirmed; /* --yes */

/* What was printed has to arrive, and what was said: a full disk is no success. */
static int flushed(int result)
{
	bool lost = ferror(stdout), full = fflush(stdout);
	if (lost || full)
		log_error("stdout: %s", full ? strerror(errno) : "some of it could not be written");
	return lost || full || log_lost() ? exit_worse(result, EXIT_LOST) : result;
}

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: retour [-c FILE] [-v|-q] COMMAND [ARG…]\n\n"
		"Empties bounce and feedback-loop mailboxes, tells whom not to write to, reports once a month.\n\n");
	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			fprintf(out, "  %-12s %s\n", c->name, c->summary);
	fprintf(out,
		"\n  -c FILE          the configuration (--config); default %s\n"
		"  -v, -q           say more; say only errors (--verbose, --quiet)\n"
		"  --now RFC3339    take this for the present time: for trials. On the store in use (of %s, or\n"
		"                   below /var/lib) what it changes wants --yes, too\n"
		"  -V, --version    print version and end\n"
		"  COMMAND --help   what the command takes\n\n"
		"Environment: RETOUR_CONFIG (as -c), RETOUR_LEVEL (error, warning, notice, info, debug).\n"
		"Exit codes: 0 all well; 1 something was lost or refused; 2 usage or configuration;\n"
		"3 a retention or integrity promise is broken; 4 another run holds the lock.\n",
		standard_file, standard_file);
}

static void print_help(const struct command *c)
{
	printf("usage: retour [-c FILE] [-v|-q] %s %s\n\n%s\n\n%s", c->name, c->arguments,
		c->summary, c->help);
}

/* Of an option that is none before the command: a command may have it. */
static int unknown_option(const char *word)
{
	size_t n = strlen(word);
	for (const struct command *c = commands; n > 2 && word[1] == '-' && c->name; c++)
		for (const char *p = c->hidden ? "" : c->help; (p = strstr(p, word)); p += n)
			if (p[n] != '-' && !isalpha((unsigned char)p[n]))
				return usage_error("",
					"%s stands behind the command that takes it, as in: retour %s %s",
					word, c->name, word);
	return usage_error("", "`retour --help` lists options and commands");
}

/* Of a word that is no command. */
static int unknown_command(const char *place, const char *name)
{
	const char *meant = NULL, *here = command_meant(name);
	int distance = NEAR_NONE;
	if (here)
		return usage_error(place, "%s: no such command; %s", name, here);
	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			near_try(name, c->name, &meant, &distance);
	if (meant)
		return usage_error(place,
			"%s: no such command; did you mean %s? `retour --help` lists them", name,
			meant);
	return usage_error(place, "%s: no such command; `retour --help` lists them", name);
}

/* `retour help`, `retour help COMMAND`: what people try first. */
static int help(const char *name)
{
	const struct command *command = name ? command_find(name) : NULL;
	if (!name || !strcmp(name, "help"))
		print_usage(stdout);
	else if (command && !command->hidden)
		print_help(command);
	else
		return unknown_command("help", name);
	return flushed(EXIT_WELL);
}

static int set_now(const char *text)
{
	return clock_set(text)
		? 0
		: usage_error("--now", "%s is no time; right would be 2026-11-02T06:00:00Z", text);
}

/*
 * --help, --now and --yes may stand behind the command too; they are taken out of its arguments.
 * -1: go on; else the exit code.
 */
static int take_common_options(const struct command *command, int *argc, char **argv)
{
	int kept = 1, count = *argc;
	for (int i = 1; i < count; i++) {
		if (!strcmp(argv[i], "--")) {
			while (i < count)
				argv[kept++] = argv[i++];
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_help(command);
			return flushed(EXIT_WELL);
		} else if (!strcmp(argv[i], "--yes")) {
			confirmed = true;
		} else if (!strncmp(argv[i], "--now=", 6)) {
			if (set_now(argv[i] + 6))
				return EXIT_USAGE;
		} else if (!strcmp(argv[i], "--now")) {
			if (i + 1 == count)
				return usage_error(command->name, "--now wants a time");
			if (set_now(argv[++i]))
				return EXIT_USAGE;
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	*argc = kept;
	return -1;
}

/* A command that can do without takes the standard file if it is there and readable. */
static int load_config(struct config *config, const struct command *command, const char *file)
{
	if (command->config == CONFIG_NONE)
		return config_load(config, NULL, stderr);
	if (command->config == CONFIG_MADE) {
		file = file ? file : standard_file;
		return config_load(config, access(file, F_OK) ? NULL : file, stderr);
	}
	if (!file && (command->config == CONFIG_NEEDED || !access(standard_file, R_OK)))
		file = command->hidden ? NULL : standard_file;
	return config_load(config, file, stderr);
}

/* Whatever the path by which it was named. */
static bool is_standard(const char *file)
{
	struct stat a, b;
	return file && !stat(file, &a) && !stat(standard_file, &b) && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino;
}

static int dispatch(const struct command *command, const char *file, int argc, char **argv)
{
	static struct config config; /* too large for a stack */
	int result = take_common_options(command, &argc, argv);
	if (result >= 0)
		return result;
	result = EXIT_USAGE;
	if (!load_config(&config, command, file)) {
		config.named = file ? file : standard_file;
		config.standard = is_standard(config.file);
		config.would_be_standard = !strcmp(config.named, standard_file);
		config.confirmed = confirmed;
		/*
		 * days and months of tallies and reports are those of this zone, on every machine
		 */
		setenv("TZ", config.post.timezone, 1);
		tzset();
		optind = 0; /* getopt starts anew on the command's own arguments */
		if (strstr(command->help, "--json"))
			json_allow();
		result = command->function ? command->function(&config, argc, argv)
					   : completion_print(commands, argc, argv);
	}
	config_free(&config);
	return flushed(result);
}

/* RETOUR_LEVEL in the environment; -v and -q, which stand nearer, come behind it. */
static int set_level(const char *word)
{
	static const struct {
		const char *word;
		enum log_level level;
	} levels[] = { { "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARNING },
		{ "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG } };
	for (size_t i = 0; word && *word && i < sizeof levels / sizeof *levels; i++)
		if (!strcmp(levels[i].word, word)) {
			log_set_level(levels[i].level);
			return 0;
		}
	return word && *word
		? usage_error("",
			  "RETOUR_LEVEL=%s: right would be error, warning, notice, info or debug",
			  word)
		: 0;
}

static void redact_said(char *buffer, size_t size, const char *text)
{
	redact(buffer, size, span_of(text), NULL, NULL);
}

static int version(void)
{
	printf("retour %s\n", RETOUR_VERSION);
	return flushed(EXIT_WELL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "now", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },
		{ "config", required_argument, NULL, 'c' }, { "yes", no_argument, NULL, 'y' },
		{ 0 } };
	const char *file = getenv("RETOUR_CONFIG");
	process_guard();
	log_set_redaction(redact_said);
	if (sodium_init() < 0)
		return EXIT_LOST;
	if (file && !*file)
		file = NULL;
	if (set_level(getenv("RETOUR_LEVEL")))
		return EXIT_USAGE;
	for (int option; (option = option_next_of("", argc, argv, "+:c:vqhV", options)) != -1;)
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'v':
			log_set_level(
				log_level() >= LOG_LEVEL_INFO ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
			break;
		case 'q':
			log_set_level(LOG_LEVEL_ERROR);
			break;
		case 'n':
			if (set_now(optarg))
				return EXIT_USAGE;
			break;
		case 'y':
			confirmed = true;
			break;
		case 'h':
			return help(NULL);
		case 'V':
			return version();
		default:
			return unknown_option(argv[optind - 1]);
		}
	if (optind == argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[optind], "help"))
		return help(argv[optind + 1]);
	if (!strcmp(argv[optind], "version"))
		return version();
	const struct command *command = command_find(argv[optind]);
	if (!command)
		return unknown_command("", argv[optind]);
	return dispatch(command, file, argc - optind, argv + optind);
}
