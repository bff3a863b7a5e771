/*
 * changes: what this site knows, as lines for the others (retour-sites(7)). The last line of each
 * round, "until", has the cursor with which the next call goes on.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/changeline.h"
#include "poller/command/opening.h"

enum { FOLLOW_SECONDS = 1, UNTIL_SECONDS = 60 };

struct giving {
	struct out out;
	bool quiet; /* nothing but "until" came, and it need not be said again yet */
	char next[CHANGE_CURSOR_SIZE];
	uint64_t lines;
};

static int print_change_line(void *context, const struct change *c)
{
	struct giving *g = context;
	bool until = c->kind == CHANGE_UNTIL;
	if (until && g->quiet && !g->lines)
		return STORE_OK;
	g->lines += !until;
	changeline_write(&g->out, c, until ? g->next : "");
	return g->out.failed ? STORE_FAILED : STORE_OK;
}

/* One round; what was given is flushed, for a reader may wait for it. */
static int give_round(struct session *s, struct giving *g, const char *cursor, bool all)
{
	g->lines = 0;
	int given = store_changes(
		s->store, cursor, all, clock_now(), g->next, print_change_line, g);
	if (out_end(&g->out, "changes", EXIT_WELL))
		return EXIT_LOST;
	return given ? session_store_failed(s, "changes", given) : EXIT_WELL;
}

static int follow_changes(struct session *s, struct giving *g, const char *since, bool all)
{
	char cursor[CHANGE_CURSOR_SIZE];
	snprintf(cursor, sizeof cursor, "%s", since);
	for (int64_t said = 0;;) {
		int64_t now = clock_now();
		g->quiet = now < said + UNTIL_SECONDS;
		int result = give_round(s, g, cursor, all);
		if (result != EXIT_WELL)
			return result;
		if (!g->quiet || g->lines)
			said = now;
		memcpy(cursor, g->next, sizeof cursor);
		sleep(FOLLOW_SECONDS);
	}
}

int cmd_changes(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "since", required_argument, NULL, 's' },
		{ "follow", no_argument, NULL, 'f' }, { "all", no_argument, NULL, 'a' }, { 0 } };
	static struct giving g; /* too large for a stack */
	struct session s = { .lock = -1 };
	const char *since = "";
	bool following = false, all = false;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return EXIT_USAGE;
		if (option == 's')
			since = optarg;
		following |= option == 'f';
		all |= option == 'a';
	}
	if (optind < argc || strlen(since) >= CHANGE_CURSOR_SIZE)
		return usage_error(argv[0], "see `retour changes --help`");
	out_open(&g.out, STDOUT_FILENO);
	int result = session_open(&s, config, SESSION_BESIDE, clock_now());
	if (result == EXIT_WELL)
		result = following ? follow_changes(&s, &g, since, all)
				   : give_round(&s, &g, since, all);
	session_close(&s);
	return result;
}
