/* alerts: those that are open, or all that are kept. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <stdlib.h>
#include "classify/base/clock.h"
#include "poller/post/delivery.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "reports/alerts.h"

struct alert_listing {
	const struct report_options *options;
	bool json;
	uint64_t count;
};

static int print(void *context, const struct alert *a)
{
	struct alert_listing *l = context;
	struct buffer text = { 0 };
	if (l->json ? alert_json(a, l->options->k, &text) : alerts_text(a, 1, l->options, &text)) {
		log_error("alerts: no memory");
		return -1;
	}
	if (!l->json && l->count)
		putchar('\n');
	fwrite(text.p, 1, text.n, stdout);
	buffer_free(&text);
	l->count++;
	return 0;
}

int cmd_alerts(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' }, { 0 } };
	struct session s;
	struct alert_listing l = { 0 };
	enum alert_choice choice = ALERTS_OPEN;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'j' && option != 'a')
			return usage_error(argv[0], "see `retour alerts --help`");
		l.json |= option == 'j';
		choice = option == 'a' ? ALERTS_ALL : choice;
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no arguments");
	int result = session_open(&s, config, SESSION_READ, clock_now());
	l.options = &s.report;
	if (result == EXIT_WELL && store_alerts(s.store, choice, print, &l))
		result = session_store_failed(&s, "alerts", STORE_FAILED);
	if (result == EXIT_WELL && !l.count && !l.json)
		puts(choice == ALERTS_OPEN ? "No alert is open." : "There was no alert.");
	if (fflush(stdout) && result == EXIT_WELL) {
		log_error("stdout: it cannot be written");
		result = EXIT_LOST;
	}
	session_close(&s);
	return result;
}
