/* comment: what an operator says of a month; its report prints it. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"
#include "store/figures.h"

/* All of stdin without the line ends at its end; false: too long, or not read. */
static bool read_comment(char *text, size_t size)
{
	size_t n = fread(text, 1, size, stdin);
	if (ferror(stdin) || n == size || memchr(text, '\0', n))
		return false;
	while (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return true;
}

int cmd_comment(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "month", required_argument, NULL, 'm' }, { 0 } };
	struct session s = { .lock = -1 };
	struct month month;
	char name[16] = "", text[STORE_COMMENT_SIZE];
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'm')
			return usage_error(argv[0], "see `retour comment --help`");
		if (!month_parse(optarg, &month))
			return month_error(argv[0], optarg);
		if (month_is_ahead(month, clock_now()))
			return usage_error(argv[0], "--month %s has not begun", optarg);
		snprintf(name, sizeof name, "%.7s", optarg);
	}
	if (!*name || argc - optind != 1)
		return usage_error(
			argv[0], "wants --month YYYY-MM and one TEXT, in quotes, or - for stdin");
	const char *words = argv[optind];
	if (!strcmp(words, "-")) {
		if (!read_comment(text, sizeof text))
			return usage_error(argv[0], "stdin holds no text of less than %d bytes",
				STORE_COMMENT_SIZE);
		words = text;
	}
	int result = session_open(&s, config, SESSION_WRITE, clock_now());
	if (result == EXIT_WELL) {
		int added = store_comment_add(s.store, name, words, clock_now());
		result = added ? session_store_failed(&s, "comment", added) : EXIT_WELL;
		if (!added && json_asked()) {
			struct jsonline l = jsonline_begin(stdout);
			jsonline_text(&l, "month", name);
			jsonline_time(&l, "at", clock_now());
			jsonline_end(&l);
		}
	}
	session_close(&s);
	return result;
}
