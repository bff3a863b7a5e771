/*
 * setup: what an operator does once. A first configuration (firstsetup.c); and a new store where
 * the old one is lost for good.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
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

/* An option's value goes to its member of struct setup_answers. */
enum { FIRST_VALUE = 256 };
#define VALUE(member) (FIRST_VALUE + (int)offsetof(struct setup_answers, member))

static const struct option setup_options[] = {
	{ "domains", required_argument, NULL, VALUE(domains) },
	{ "host", required_argument, NULL, VALUE(host) },
	{ "user", required_argument, NULL, VALUE(user) },
	{ "password-file", required_argument, NULL, VALUE(password_file) },
	{ "to", required_argument, NULL, VALUE(to) },
	{ "smtp", required_argument, NULL, VALUE(smtp) },
	{ "ca-file", required_argument, NULL, VALUE(ca_file) },
	{ "mailbox", required_argument, NULL, VALUE(mailbox) },
	{ "oauth", required_argument, NULL, VALUE(oauth.service) },
	{ "tenant", required_argument, NULL, VALUE(oauth.tenant) },
	{ "token-url", required_argument, NULL, VALUE(oauth.token_url) },
	{ "client-id", required_argument, NULL, VALUE(oauth.client_id) },
	{ "client-secret-file", required_argument, NULL, VALUE(oauth.client_secret_file) },
	{ "certificate-file", required_argument, NULL, VALUE(oauth.certificate_file) },
	{ "key-file", required_argument, NULL, VALUE(oauth.key_file) },
	{ "refresh-token-file", required_argument, NULL, VALUE(oauth.refresh_token_file) },
	{ "scope", required_argument, NULL, VALUE(oauth.scope) },
	{ "new-store", no_argument, NULL, 'n' },
	{ "start", no_argument, NULL, 'S' },
	{ "no-start", no_argument, NULL, 'N' },
	{ 0 },
};

int cmd_setup(const struct config *config, int argc, char **argv)
{
	struct setup_answers given = { 0 };
	bool anew = false;
	for (int option; (option = option_next(argv[0], argc, argv, setup_options)) != -1;) {
		if (option == '?' || option == ':')
			return usage_error(argv[0], "see `retour setup --help`");
		if (option >= FIRST_VALUE)
			*(const char **)((char *)&given + option - FIRST_VALUE) = optarg;
		anew |= option == 'n';
		given.start |= option == 'S';
		given.no_start |= option == 'N';
	}
	if (optind < argc || (anew && argc > 2))
		return usage_error(argv[0], "%s; see `retour setup --help`",
			anew ? "--new-store goes alone" : "takes no arguments");
	return anew ? new_store(config, argv[0]) : setup_first(config, &given, argv[0]);
}
