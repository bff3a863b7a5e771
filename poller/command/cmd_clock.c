/* clock: is it believed, and an operator's word that it is right (poller/run/clockguard.h). */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"

static void print_clock_line(const struct session *s, const struct witness *w)
{
	struct jsonline l = jsonline_begin(stdout);
	bool believed = s->clock.doubt == CLOCK_BELIEVED;
	jsonline_time(&l, "at", s->present.now);
	jsonline_flag(&l, "given", s->present.given);
	jsonline_time(&l, "last_run", w->last);
	jsonline_count(&l, "gap_days", (uint64_t)(clock_gap_limit(w) / CLOCK_TOLERANCE));
	jsonline_flag(&l, "believed", believed);
	jsonline_text(&l, "reason", believed ? NULL : s->clock.text);
	jsonline_end(&l);
}

static void print_clock(const struct session *s, const struct witness *w)
{
	char now[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
	if (json_asked()) {
		print_clock_line(s, w);
		return;
	}
	printf("now          %s%s\n", clock_format(s->present.now, now),
		s->present.given ? " (given)" : "");
	printf("last run     %s\n", w->last ? clock_format(w->last, last) : "none");
	printf("usual gap    up to %lld days\n", (long long)(clock_gap_limit(w) / CLOCK_TOLERANCE));
	printf("believed     %s%s\n",
		s->clock.doubt == CLOCK_BELIEVED ? "yes" : "no: ", s->clock.text);
}

static int show_clock(const struct config *config)
{
	struct session s;
	struct witness w;
	int result = session_open(&s, config, SESSION_READ, clock_now());
	if (result == EXIT_WELL && store_witness(s.store, &w))
		result = session_store_failed(&s, "clock", STORE_FAILED);
	if (result == EXIT_WELL) {
		clock_judge(&w, &s.present, &s.clock);
		print_clock(&s, &w);
		result = s.clock.doubt == CLOCK_BELIEVED ? EXIT_WELL : EXIT_BROKEN;
	}
	session_close(&s);
	return result;
}

static int confirm_clock(struct session *s, const char *reason)
{
	struct witness w;
	char now[CLOCK_TEXT_SIZE];
	enum clock_doubt doubt = s->clock.doubt;
	if (store_witness(s->store, &w))
		return session_store_failed(s, "clock", STORE_FAILED);
	if (doubt == CLOCK_IMPOSSIBLE) {
		log_error("clock: %s; that cannot be confirmed", s->clock.text);
		return EXIT_BROKEN;
	}
	if (doubt == CLOCK_BELIEVED) {
		if (json_asked())
			print_clock_line(s, &w);
		log_notice("clock: nothing speaks against it, there is nothing to confirm");
		return EXIT_WELL;
	}
	if (store_witness_confirm(s->store, &w, s->present.now, s->present.boot, s->present.began,
		    clock_lead(&w, &s->present), clock_doubt_name(doubt), reason))
		return session_store_failed(s, "clock", STORE_FAILED);
	if (json_asked())
		print_clock_line(s, &w);
	log_notice("clock: %s is confirmed; what is due by it is done by the next run",
		clock_format(s->present.now, now));
	return EXIT_WELL;
}

int cmd_clock(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "reason", required_argument, NULL, 'r' },
		{ 0 } };
	struct session s = { .lock = -1 };
	const char *reason = NULL;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'r')
			return usage_error(argv[0], "see `retour clock --help`");
		reason = optarg;
	}
	char meant[WORD_MEANT_SIZE];
	const char *what = optind < argc ? argv[optind] : "show";
	if (argc - optind > 1 || (strcmp(what, "show") && strcmp(what, "confirm")))
		return usage_error(argv[0], "%swants show, or confirm --reason TEXT",
			word_meant(meant, what, "show confirm"));
	if (!strcmp(what, "show"))
		return reason ? usage_error(argv[0], "show takes no --reason") : show_clock(config);
	if (!reason_is_fit(reason))
		return usage_error("clock confirm",
			"wants --reason TEXT, up to %d bytes, without quotes, without an address",
			REASON_MAX);
	int result = session_open(&s, config, SESSION_WRITE, clock_now());
	if (result == EXIT_WELL)
		result = confirm_clock(&s, reason);
	session_close(&s);
	return result;
}
