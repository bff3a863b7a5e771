/*
 * suppressions: the answers of `check` the other way round, for a sending system that holds the
 * same key. It makes the pseudonyms of its own addresses and looks them up here; no address passes
 * either way (retour-contacts(7)).
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/out.h"
#include "poller/command/opening.h"
#include "store/contacts.h"

struct suppression_listing {
	struct out out;
	bool json, streams;
	char key[STORE_FINGERPRINT_HEX];
};

static void print_suppression_json(
	struct suppression_listing *l, const char *pseudonym, const struct answer *a)
{
	struct out *o = &l->out;
	out_text(o, "{\"pseudonym\":");
	out_json(o, span_of(pseudonym));
	out_member(o, "key", l->key);
	out_member(o, "verdict", verdict_name(a->verdict));
	out_member_time(o, "until", a->until);
	out_member(o, "state", contact_state_name(a->state));
	out_member(o, "reason", a->reason);
	out_member_time(o, "since", a->since);
	out_member(o, "stream", a->stream);
	out_text(o, "}\n");
}

static void print_csv(struct suppression_listing *l, const char *pseudonym, const struct answer *a)
{
	const char *const fields[] = { pseudonym, l->key, verdict_name(a->verdict) };
	struct out *o = &l->out;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		out_text(o, fields[i]);
		out_text(o, ",");
	}
	out_time(o, a->until);
	out_text(o, ",");
	out_text(o, contact_state_name(a->state));
	out_text(o, ",");
	out_text(o, a->reason);
	out_text(o, ",");
	out_time(o, a->since);
	if (l->streams) {
		out_text(o, ",");
		out_text(o, a->stream);
	}
	out_text(o, "\n");
}

static int print_one(void *context, const char *pseudonym, const struct answer *a)
{
	struct suppression_listing *l = context;
	if (l->json)
		print_suppression_json(l, pseudonym, a);
	else
		print_csv(l, pseudonym, a);
	return l->out.failed ? STORE_FAILED : STORE_OK;
}

int cmd_suppressions(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "since", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' }, { "stream", required_argument, NULL, 'm' },
		{ 0 } };
	static struct suppression_listing l; /* too large for a stack */
	struct session s = { .lock = -1 };
	const char *stream_name = NULL;
	unsigned stream;
	int64_t since = 0;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour suppressions --help`");
		if (option == 's' && !clock_parse(optarg, &since))
			return usage_error(argv[0],
				"--since %s is no time; right would be 2026-11-02T06:00:00Z or 2026-11-02",
				optarg);
		stream_name = option == 'm' ? optarg : stream_name;
		l.json |= option == 'j';
	}
	if (optind < argc)
		return usage_error(argv[0], "takes no argument");
	if (!stream_option(config, argv[0], stream_name, &stream))
		return EXIT_USAGE;
	l.streams = config->streams[0].name;
	out_open(&l.out, STDOUT_FILENO);
	int result = session_open(&s, config, SESSION_ANSWER, clock_now());
	if (result == EXIT_WELL) {
		if (!l.json)
			out_text(&l.out,
				l.streams
					? "pseudonym,key,verdict,until,state,reason,since,stream\n"
					: "pseudonym,key,verdict,until,state,reason,since\n");
		int listed = store_suppressions(
			s.store, since, stream, clock_now(), l.key, print_one, &l);
		if (listed)
			result = session_store_failed(&s, "suppressions", listed);
		result = out_end(&l.out, "suppressions", result);
	}
	session_close(&s);
	return result;
}
