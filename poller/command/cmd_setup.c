/*
 * setup: what an operator does once. A first configuration (firstsetup.c); and a new store where
 * the old one is lost for good.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/firstsetup.h"
#include "poller/command/marker.h"
#include "poller/command/opening.h"

/* The keys of the store that is gone are not destroyed: it may be found again. */
static int move_keys_away(const struct config *c, int64_t now)
{
	char away[4096], at[CLOCK_TEXT_SIZE];

	if (access(c->keys_dir, F_OK))
		return 0;
	clock_format(now, at);
	for (char *p = at; *p; p++)
		if (*p == ':')
			*p = '.';
	if ((size_t)snprintf(away, sizeof away, "%s.before-%s", c->keys_dir, at) >= sizeof away ||
		rename(c->keys_dir, away)) {
		log_error("%s: cannot be moved away: %s", c->keys_dir, strerror(errno));
		return -1;
	}
	printf("the keys of the store that is gone lie in %s; destroy them when it cannot come back\n",
		away);
	return 0;
}

static int new_store(const struct config *config, const char *command)
{
	struct session s = { .lock = -1 };
	if (!config->file)
		return usage_error(command, "%s: no such configuration", config->named);
	if (!access(config->store_path, F_OK))
		return usage_error(
			command, "%s: there is a store; move it away first", config->store_path);
	if (move_keys_away(config, clock_now()))
		return EXIT_LOST;
	if (marker_remove(config)) {
		log_error("%s: %s", config->marker, strerror(errno));
		return EXIT_LOST;
	}
	int result = session_open(&s, config, SESSION_CREATE, clock_now());
	session_close(&s);
	return result;
}

int cmd_setup(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "new-store", no_argument, NULL, 'n' },
		{ "domains", required_argument, NULL, 'd' },
		{ "host", required_argument, NULL, 'h' }, { "user", required_argument, NULL, 'u' },
		{ "password-file", required_argument, NULL, 'p' },
		{ "to", required_argument, NULL, 't' }, { "smtp", required_argument, NULL, 's' },
		{ "ca-file", required_argument, NULL, 'c' }, { "start", no_argument, NULL, 'S' },
		{ "no-start", no_argument, NULL, 'N' }, { 0 } };
	struct setup_answers given = { 0 };
	const struct {
		int option;
		const char **value;
	} values[] = { { 'd', &given.domains }, { 'h', &given.host }, { 'u', &given.user },
		{ 'p', &given.password_file }, { 't', &given.to }, { 's', &given.smtp },
		{ 'c', &given.ca_file } };
	bool anew = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?' || option == ':')
			return usage_error(argv[0], "see `retour setup --help`");
		for (size_t i = 0; i < sizeof values / sizeof *values; i++)
			if (option == values[i].option)
				*values[i].value = optarg;
		anew |= option == 'n';
		given.start |= option == 'S';
		given.no_start |= option == 'N';
	}
	if (optind < argc || (anew && argc > 2))
		return usage_error(argv[0], "%s; see `retour setup --help`",
			anew ? "--new-store goes alone" : "takes no arguments");
	return anew ? new_store(config, argv[0]) : setup_first(config, &given, argv[0]);
}
