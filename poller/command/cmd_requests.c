/*
 * requests: the register of what data subjects asked for, and its corrections. What a request is
 * called is a free text that stays in the ledger for ten years, so it may name nobody.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "reports/requests.h"

static void print_request(struct out *o, const struct request *r)
{
	char line[64], day[CLOCK_TEXT_SIZE];

	clock_format(r->at, day);
	snprintf(line, sizeof line, "%8lld  %.10s  %-10s ", (long long)r->number, day, r->kind);
	out_text(o, line);
	out_text(o, *r->reference ? r->reference : "-");
	out_text(o, "\n                                ");
	out_text(o, r->counts);
	if (r->corrected) {
		snprintf(line, sizeof line, "; corrected %.10s by entry %lld",
			clock_format(r->corrected, day), (long long)r->corrected_by);
		out_text(o, line);
	}
	out_text(o, "\n");
}

static void print_request_json(struct out *o, const struct request *r)
{
	out_text(o, "{\"number\":");
	out_number(o, (uint64_t)r->number);
	out_member(o, "kind", r->kind);
	out_member_time(o, "at", r->at);
	out_member(o, "counts", r->counts);
	out_member(o, "reference", r->reference);
	out_member_time(o, "corrected", r->corrected);
	out_text(o, "}\n");
}

static int list_requests(const struct request_register *r, bool json)
{
	static struct out o; /* too large for a stack */
	const struct request *one;

	out_open(&o, STDOUT_FILENO);
	if (!json)
		out_text(&o,
			r->count
				? "  number  day         kind       reference, and what was found\n"
				: "Nobody has asked yet.\n");
	for (uint64_t n = 0; (one = requests_at(r, n)); n++)
		json ? print_request_json(&o, one) : print_request(&o, one);
	if (!json && r->count > REQUESTS_MAX)
		out_text(&o, "Older ones stand in the ledger: retour audit export\n");
	return out_end(&o, "requests", EXIT_WELL);
}

static int correct(
	struct session *s, const struct request_register *r, int64_t number, const char *reference)
{
	char detail[LEDGER_TEXT_SIZE];

	if (!requests_find(r, number))
		return usage_error("requests correct",
			"there is no request %lld; `retour requests` lists them",
			(long long)number);
	snprintf(detail, sizeof detail, "request=%lld reference=\"%s\"", (long long)number,
		reference);
	return store_ledger(s->store, s->now, LEDGER_REQUEST_CORRECTED, detail)
		? session_store_failed(s, "requests correct", STORE_FAILED)
		: EXIT_WELL;
}

static bool request_number(const char *text, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *number > 0;
}

int cmd_requests(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "reference", required_argument, NULL, 'r' }, { 0 } };
	static struct request_register r;
	struct session s = { .lock = -1 };
	const char *reference = NULL;
	char meant[WORD_MEANT_SIZE];
	int64_t number = 0;
	bool json = false;

	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour requests --help`");
		json |= option == 'j';
		reference = option == 'r' ? optarg : reference;
	}
	const char *what = optind < argc ? argv[optind] : "list";
	bool corrects = !strcmp(what, "correct");
	if ((!corrects && strcmp(what, "list")) || argc - optind > (corrects ? 2 : 1) ||
		corrects != (reference != NULL))
		return usage_error(argv[0], "%swants list, or correct NUMBER --reference TEXT",
			word_meant(meant, what, "list correct"));
	if (corrects && (optind + 1 >= argc || !request_number(argv[optind + 1], &number)))
		return usage_error("requests correct", "wants the number of a request");
	if (corrects && !reference_is_fit(reference))
		return reference_error("requests correct");
	int result = session_open(&s, config, corrects ? SESSION_WRITE : SESSION_READ, clock_now());
	int walked = result == EXIT_WELL ? store_ledger_walk(s.store, requests_take, &r) : 0;
	if (walked)
		result = session_store_failed(&s, argv[0], walked);
	if (result == EXIT_WELL)
		result = corrects ? correct(&s, &r, number, reference) : list_requests(&r, json);
	session_close(&s);
	return result;
}
