/*
 * setup: what an operator does once. Begins anew with a new store where the old one is lost for
 * good.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
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

int cmd_setup(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "new-store", no_argument, NULL, 'n' }, { 0 } };
	struct session s = { .lock = -1 };
	bool anew = false;

	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'n')
			return usage_error(argv[0], "see `retour setup --help`");
		anew = true;
	}
	if (!anew || optind < argc)
		return usage_error(argv[0], "wants --new-store; see `retour setup --help`");
	if (!access(config->store_path, F_OK))
		return usage_error(
			argv[0], "%s: there is a store; move it away first", config->store_path);
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
