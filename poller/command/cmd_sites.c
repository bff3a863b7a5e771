/* sites: who is known, and until when. */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "store/site.h"

struct naming {
	struct out out;
	bool json, any;
};

static int print_site(void *context, const struct site_state *state)
{
	struct naming *n = context;
	struct out *o = &n->out;
	n->any = true;
	out_text(o, n->json ? "{\"site\":" : "");
	if (n->json) {
		out_json(o, span_of(state->site));
		out_member(o, "life", state->life);
		out_text(o, state->own ? ",\"own\":true" : ",\"own\":false");
		out_member_time(o, "until", state->until);
		out_member_number(o, "shares", state->shares);
		out_member_number(o, "erasures", state->erasures);
		out_member_number(o, "obeyed", state->obeyed);
		out_text(o, "}\n");
		return STORE_OK;
	}
	out_text(o, state->site);
	out_text(o, ",");
	out_text(o, state->life);
	out_text(o, state->own ? ",own," : ",other,");
	out_time(o, state->until);
	out_text(o, ",");
	out_number(o, state->shares);
	out_text(o, ",");
	out_number(o, state->erasures);
	out_text(o, ",");
	out_number(o, state->obeyed);
	out_text(o, "\n");
	return STORE_OK;
}

int cmd_sites(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	static struct naming n; /* too large for a stack */
	struct session s = { .lock = -1 };
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return EXIT_USAGE;
		n.json |= option == 'j';
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no argument");
	out_open(&n.out, STDOUT_FILENO);
	int result = session_open(&s, config, SESSION_READ, clock_now());
	if (result == EXIT_WELL) {
		if (!n.json)
			out_text(&n.out, "site,life,whose,until,shares,erasures,obeyed\n");
		int listed = store_sites(s.store, print_site, &n);
		if (listed)
			result = session_store_failed(&s, "sites", listed);
		else if (!n.any)
			log_notice(
				"sites: none is known: this store has no name among several, see retour-sites(7)");
		result = out_end(&n.out, "sites", result);
	}
	session_close(&s);
	return result;
}
