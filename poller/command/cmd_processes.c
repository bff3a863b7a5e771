/*
 * What the run starts in processes of their own, not for people: each reads the configuration anew,
 * takes what it needs of it, and serves CHILD_FD.
 */
#include "poller/command/commands.h"

#include "classify/base/log.h"
#include "classify/classify.h"
#include "classify/rules.h"
#include "poller/config/rulesfile.h"
#include "poller/post/carrying.h"
#include "poller/run/child.h"
#include "poller/run/fetcher.h"
#include "poller/run/parser.h"
#include "poller/volume/logreader.h"

int cmd_fetcher(const struct config *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	child_guard("retour-fetcher");
	return fetcher_serve(config->mailbox, config->mailboxes, config->store_path);
}

int cmd_carrier(const struct config *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	child_guard("retour-carrier");
	return carrier_serve(&config->post);
}

/* With rules, and what the configuration says of our own mail. */
static int serve_with_rules(const struct config *config, enum rules_use use, bool redact,
	int (*serve)(struct rules *, const struct classify_options *))
{
	const struct classify_options options = { .domains = config->domains.at,
		.campaign_headers = config->campaign_headers.at,
		.streams = config->streams,
		.verp = config->verp,
		.unsubscribe = config->unsubscribe,
		.authserv_ids = config->authserv_ids.at,
		.redact = redact };
	char error[512];
	struct rules *rules = rulesfile_open(
		config->rules_file, config->providers_file, use, error, sizeof error);

	if (!rules) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	int result = serve(rules, &options);
	rules_free(rules);
	return result;
}

int cmd_parser(const struct config *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	child_guard("retour-parser");
	return serve_with_rules(config, RULES_ALL, true, parser_serve);
}

int cmd_logreader(const struct config *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	child_guard("retour-logs");
	return serve_with_rules(config, RULES_PROFILES, false, logreader_serve);
}
