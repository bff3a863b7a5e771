/*
 * contact rejudge: after rules were mended what is kept of failures is decided again, and contacts
 * go where that leads. The ledger notes how many, never whom.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "classify/rules.h"
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/config/rulesfile.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"

static const char rejudging[] = "contact rejudge";

static struct rules *open_judges(const struct config *config, struct rules **before)
{
	char error[512];
	struct rules *rules = rulesfile_open(
		config->rules_file, config->providers_file, RULES_ALL, error, sizeof error);

	if (!rules) {
		log_error("%s", error);
		return NULL;
	}
	*before = rulesfile_open(NULL, config->providers_file, RULES_ALL, error, sizeof error);
	if (*before)
		return rules;
	log_error("%s", error);
	rules_free(rules);
	return NULL;
}

static void tell_rejudged(const struct rejudged *r, bool dry_run)
{
	print_moves(&r->moves);
	log_notice("%s: %llu failures are kept, %llu are decided otherwise, %llu contacts %s",
		rejudging, (unsigned long long)r->events, (unsigned long long)r->changed,
		(unsigned long long)count_moved(&r->moves),
		dry_run ? "would be moved; nothing was changed" : "were moved");
	if (r->gone || r->untold)
		log_notice(
			"%s: left as they are: %llu whose words are no longer kept, %llu that what is kept does not tell",
			rejudging, (unsigned long long)r->gone, (unsigned long long)r->untold);
}

static int rejudge(struct session *session, const struct rules *rules, const struct rules *before,
	const char *reason, bool dry_run, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE];
	struct store *store = session->store;
	struct rejudged r;

	if (store_begin(store))
		return session_store_failed(session, rejudging, STORE_FAILED);
	int result = store_rejudge(store, rules, before, now, &r);
	int n = snprintf(detail, sizeof detail,
		"events=%llu changed=%llu gone=%llu untold=%llu count=%llu",
		(unsigned long long)r.events, (unsigned long long)r.changed,
		(unsigned long long)r.gone, (unsigned long long)r.untold,
		(unsigned long long)count_moved(&r.moves));
	if (reason)
		snprintf(detail + n, sizeof detail - (size_t)n, " reason=\"%s\"", reason);
	if (!result && !dry_run &&
		(result = store_ledger(store, now, LEDGER_CONTACT_REJUDGE, detail)) == STORE_OK)
		result = store_commit(store);
	else
		store_rollback(store);
	if (result)
		return session_store_failed(session, rejudging, result);
	tell_rejudged(&r, dry_run);
	return EXIT_WELL;
}

int cmd_contact_rejudge(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "reason", required_argument, NULL, 'r' },
		{ "dry-run", no_argument, NULL, 'n' }, { 0 } };
	static struct session session = { .lock = -1 };
	const char *reason = NULL;
	bool dry_run = false;
	struct rules *rules, *before;
	int64_t now = clock_now();

	for (int option; (option = option_next(rejudging, argc, argv, options)) != -1;) {
		if (option != 'r' && option != 'n')
			return usage_error(rejudging, "see `retour contact --help`");
		reason = option == 'r' ? optarg : reason;
		dry_run |= option == 'n';
	}
	if (optind < argc || (reason && !reason_is_fit(reason)))
		return usage_error(rejudging,
			"wants no argument but --dry-run and --reason TEXT: up to %d bytes, without quotes, without an address",
			REASON_MAX);
	if (!(rules = open_judges(config, &before)))
		return EXIT_USAGE;
	int result = session_open(&session, config, SESSION_WRITE, now);
	if (result == EXIT_WELL)
		result = rejudge(&session, rules, before, reason, dry_run, now);
	session_close(&session);
	rules_free(rules);
	rules_free(before);
	return result;
}
