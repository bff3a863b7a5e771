/*
 * config: prints the sample INI file, or the list of its keys for the manual; both come from the
 * table in poller/config/configkeys.c.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/log.h"
#include "poller/config/configshow.h"
#include "reports/jsonline.h"

static void say_passed_over(void *context, const char *path)
{
	(void)context;
	log_warning("%s: not read; its name would have to end with .ini", path);
}

/* What a run would make of the file that is there. */
static int examine(const char *file, bool show)
{
	static struct config own; /* too large for a stack */
	int result = config_show(&own, file, stderr, show ? stdout : NULL, json_asked())
		? EXIT_USAGE
		: EXIT_WELL;
	if (result == EXIT_WELL && !show && json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "file", file);
		jsonline_count(&l, "mailboxes", own.mailboxes);
		jsonline_end(&l);
	} else if (result == EXIT_WELL && !show)
		printf("%s: %u mailboxes, nothing wrong; `retour doctor` tries them\n", file,
			own.mailboxes);
	config_passed_over(file, say_passed_over, NULL);
	config_free(&own);
	return result;
}

int cmd_config(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "manual", no_argument, NULL, 'm' }, { 0 } };
	char meant[WORD_MEANT_SIZE];
	bool manual = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'm')
			return usage_error(argv[0], "see `retour config --help`");
		manual = true;
	}
	const char *what = optind < argc ? argv[optind] : "sample";
	bool check = !strcmp(what, "check"), show = !strcmp(what, "show");
	if (argc - optind > 1 && (check || show))
		return usage_error(argv[0],
			"%s takes no arguments; another file is given before it: retour -c FILE config %s",
			what, what);
	if (argc - optind > 1 || (optind < argc && !check && !show) || (manual && optind < argc))
		return usage_error(argv[0], "%s%s%swants check, show or nothing",
			optind < argc ? argv[optind] : "", optind < argc ? ": " : "",
			word_meant(meant, what, "check show"));
	if (check || show)
		return examine(config->named, show);
	if (manual)
		config_print_manual(stdout);
	else
		config_print_sample(stdout);
	return EXIT_WELL;
}
