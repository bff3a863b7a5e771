/*
 * audit: the evidence of retention and integrity; its export; and its check, for which nothing but
 * the evidence is needed.
 */
#include "poller/run/progress.h"
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "poller/post/delivery.h"
#include "poller/post/outfile.h"
#include "poller/post/evidence.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/command/settings.h"

static int show_audit(const struct config *config, int argc, char **argv)
{
	char meant[WORD_MEANT_SIZE];
	static const struct option options[] = { { "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { 0 } };
	static struct audit_options about;
	const char *output = "-";
	struct audit *audit = NULL;
	struct buffer text = { 0 };
	struct session s;
	int format = REPORT_TEXT;
	char error[512];
	for (int option; (option = option_next("audit", argc, argv, options)) != -1;) {
		if (option == 'f' && (format = report_format_by_name(optarg)) < 0)
			return usage_error(
				argv[0], "--format %s: right would be text, xml or html", optarg);
		if (option != 'f' && option != 'o')
			return usage_error(argv[0], "see `retour audit --help`");
		output = option == 'o' ? optarg : output;
	}
	if (json_asked())
		format = REPORT_LINES;
	if (optind < argc)
		return usage_error(argv[0], "unknown argument %s; %ssee `retour audit --help`",
			argv[optind], word_meant(meant, argv[optind], "export verify key"));
	if (!new_file_is_fit(argv[0], output))
		return EXIT_USAGE;
	int result = session_open(&s, config, SESSION_READ, clock_now());
	if (result)
		goto out;
	settings_for_audit(&s, &about);
	progress_begin("audit", NULL);
	store_set_tick(s.store, progress_show);
	int loaded = audit_load(&audit, s.store, clock_now(), &about, error, sizeof error);
	store_set_tick(s.store, NULL);
	progress_end();
	if (loaded || audit_format(audit, (enum report_format)format, &text, error, sizeof error)) {
		log_error("audit: %s", error);
		result = EXIT_LOST;
		goto out;
	}
	if (write_whole(output, (struct span){ text.p, text.n }))
		result = EXIT_LOST;
	if (audit_broken(audit))
		result = EXIT_BROKEN;
out:
	buffer_free(&text);
	audit_free(audit);
	session_close(&s);
	return result;
}

static int export(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	static struct audit_options about;
	struct session s;
	if (option_next("audit export", argc, argv, none) != -1 || argc - optind != 1)
		return usage_error("audit export", "wants the directory to write to");
	if (!new_file_is_fit("audit export", argv[optind]))
		return EXIT_USAGE;
	int result = session_open(&s, config, SESSION_WRITE, clock_now());
	if (result == EXIT_WELL) {
		settings_for_audit(&s, &about);
		result = evidence_export(&s, argv[optind], &about, clock_now());
	}
	session_close(&s);
	return result;
}

static int key(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	char line[MINISIGN_KEY_TEXT_SIZE];
	struct minisign_public p;
	struct session s;
	bool ready = false;
	if (option_next("audit key", argc, argv, none) != -1 || optind < argc)
		return usage_error("audit key", "takes no arguments");
	int result = session_open(&s, config, SESSION_READ, clock_now());
	if (result)
		goto out;
	if ((result = store_sign_public(s.store, &p, &ready))) {
		result = session_store_failed(&s, "audit key", result);
	} else if (ready) {
		minisign_key_text(&p, line);
		puts(line);
	} else {
		log_error("there is no signing key yet; the next run makes it");
		result = EXIT_LOST;
	}
out:
	session_close(&s);
	return result;
}

static int verify(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "key", required_argument, NULL, 'k' },
		{ "head", required_argument, NULL, 'h' },
		{ "checkpoint", required_argument, NULL, 'c' },
		{ "log", required_argument, NULL, 'l' },
		{ "timestamps", required_argument, NULL, 't' },
		{ "tsa-ca", required_argument, NULL, 'a' }, { 0 } };
	static struct verify_options o;
	(void)config;
	for (int option; (option = option_next("audit verify", argc, argv, options)) != -1;)
		switch (option) {
		case 'k':
			o.key = optarg;
			break;
		case 'c':
			o.checkpoint = optarg;
			break;
		case 'l':
			o.log = optarg;
			break;
		case 't':
			o.stamps = optarg;
			break;
		case 'a':
			o.ca = optarg;
			break;
		case 'h':
			if (o.heads == sizeof o.head / sizeof *o.head ||
				!known_head_parse(optarg, &o.head[o.heads]))
				return usage_error("audit verify",
					"--head %s: right would be the entry's number, a colon and its hash, or the hash alone",
					optarg);
			o.head[o.heads++].source = "--head";
			break;
		default:
			return usage_error("audit verify", "see `retour audit --help`");
		}
	if (!o.stamps != !o.ca)
		return usage_error("audit verify",
			"--timestamps and --tsa-ca, the certificates of their authority, need each other");
	if (argc - optind != 1)
		return usage_error(
			"audit verify", "wants the directory of the evidence, or one file of it");
	return evidence_verify(argv[optind], &o);
}

static const struct {
	const char *name;
	command_function *function;
	bool offline; /* needs no configuration */
} audit_commands[] = {
	{ "export", export, false },
	{ "verify", verify, true },
	{ "key", key, false },
};

int cmd_audit(const struct config *config, int argc, char **argv)
{
	command_function *function = show_audit;
	bool offline = false;
	for (size_t i = 0; argc > 1 && i < sizeof audit_commands / sizeof *audit_commands; i++)
		if (!strcmp(argv[1], audit_commands[i].name)) {
			function = audit_commands[i].function;
			offline = audit_commands[i].offline;
		}
	if (!offline && !config->file)
		return usage_error(argv[0], "needs a configuration; give it with -c FILE");
	return function == show_audit ? show_audit(config, argc, argv)
				      : function(config, argc - 1, argv + 1);
}
