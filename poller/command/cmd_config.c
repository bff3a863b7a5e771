/*
 * config: prints the sample INI file, or the list of its keys for the manual; both come from the
 * table in configkeys.c.
 */
#include "poller/command/commands.h"

#include <getopt.h>

int cmd_config(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "manual", no_argument, NULL, 'm' }, { 0 } };
	bool manual = false;
	(void)config;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'm')
			return usage_error(argv[0], "see `retour config --help`");
		manual = true;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no arguments");
	if (manual)
		config_print_manual(stdout);
	else
		config_print_sample(stdout);
	return EXIT_WELL;
}
