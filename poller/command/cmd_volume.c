/*
 * volume: how much was sent, from the sending system's own counts or from mail logs; what makes
 * rates of the bounces' counts.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/volume/volumefile.h"
#include "poller/volume/volumelog.h"
#include "reports/jsonline.h"
#include "store/volume.h"

static bool is_source(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	return *name && strlen(name) < STORE_NAME_SIZE && strspn(name, allowed) == strlen(name) &&
		strcmp(name, VOLUME_SOURCE_LOG) != 0;
}

static int volume_import(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "source", required_argument, NULL, 's' },
		{ "beside-log", no_argument, NULL, 'b' }, { 0 } };
	struct session s = { .lock = -1 };
	struct volumefile f = { .source = "import", .now = clock_now() };
	for (int option; (option = option_next("volume import", argc, argv, options)) != -1;) {
		if (option != 's' && option != 'b')
			return usage_error("volume import", "see `retour volume --help`");
		f.beside |= option == 'b';
		f.source = option == 's' ? optarg : f.source;
	}
	if (!is_source(f.source))
		return usage_error("volume import",
			"--source wants a name of letters, digits and . _ -, other than log");
	if (argc - optind != 1)
		return usage_error("volume import", "wants one FILE");
	if (!operand_is_fit("volume", argv[optind]))
		return EXIT_USAGE;
	int result = session_open(&s, config, SESSION_WRITE, f.now);
	if (result == EXIT_WELL && store_begin(s.store))
		result = session_store_failed(&s, "volume", STORE_FAILED);
	if (result == EXIT_WELL) {
		f.rules = s.rules;
		result = volumefile_import(&f, s.store, argv[optind]);
		if (result == EXIT_WELL && store_commit(s.store))
			result = session_store_failed(&s, "volume", STORE_FAILED);
	}
	if (result == EXIT_WELL && json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "file", argv[optind]);
		jsonline_text(&l, "source", f.source);
		jsonline_count(&l, "count", f.sent);
		jsonline_count(&l, "days", f.days);
		jsonline_count(&l, "corrected", f.corrected);
		jsonline_end(&l);
	}
	if (result == EXIT_WELL)
		log_notice(
			"%s: %llu mails on %u days, of source %s; it had spoken of %u of these days before",
			argv[optind], (unsigned long long)f.sent, f.days, f.source, f.corrected);
	session_close(&s);
	return result;
}

static int volume_log(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	struct session s = { .lock = -1 };
	if (option_next("volume log", argc, argv, options) != -1)
		return usage_error("volume log", "see `retour volume --help`");
	if (optind == argc)
		return usage_error("volume log", "wants a FILE, or several");
	int result = session_open(&s, config, SESSION_WRITE, clock_now());
	if (result == EXIT_WELL)
		result = volumelog_count(&s, argv + optind, (size_t)(argc - optind), clock_now(),
			json_asked() ? stdout : NULL);
	session_close(&s);
	return result;
}

static const struct {
	const char *name;
	command_function *function;
} volume_commands[] = {
	{ "import", volume_import },
	{ "log", volume_log },
};

int cmd_volume(const struct config *config, int argc, char **argv)
{
	char meant[WORD_MEANT_SIZE];
	for (size_t i = 0; argc > 1 && i < sizeof volume_commands / sizeof *volume_commands; i++)
		if (!strcmp(argv[1], volume_commands[i].name))
			return volume_commands[i].function(config, argc - 1, argv + 1);
	return usage_error("volume",
		"%s%s%swants import FILE or log FILE…; see `retour volume --help`",
		argc > 1 ? argv[1] : "", argc > 1 ? ": " : "",
		word_meant(meant, argc > 1 ? argv[1] : "", "import log"));
}
