/* backup: a copy of the store while others use it. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"
#include "store/promises.h"

int cmd_backup(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	struct session s = { .lock = -1 };
	char text[CLOCK_TEXT_SIZE];
	int64_t until;
	if (option_next(argv[0], argc, argv, none) != -1 || argc - optind != 1)
		return usage_error(argv[0], "wants one FILE, which does not exist yet");
	if (!strcmp(argv[optind], "-"))
		return usage_error(argv[0], "wants a FILE: a store cannot be written to a pipe");
	if (!new_file_is_fit(argv[0], argv[optind]))
		return EXIT_USAGE;
	int result = session_open(&s, config, SESSION_BESIDE, clock_now());
	if (result == EXIT_WELL) {
		int stored = store_backup(s.store, argv[optind], clock_now(), &until);
		if (stored)
			result = session_store_failed(&s, argv[0], stored);
		else if (json_asked()) {
			struct jsonline l = jsonline_begin(stdout);
			jsonline_text(&l, "file", argv[optind]);
			jsonline_time(&l, "until", until);
			jsonline_end(&l);
		}
		if (!stored)
			log_notice(
				"backup: made without the keys; destroy it by %.10s, from then on it cannot be restored",
				clock_format(until, text));
	}
	session_close(&s);
	return result;
}
