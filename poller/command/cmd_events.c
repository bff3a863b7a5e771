/*
 * events: what was stored since a cursor, as lines for a warehouse elsewhere (retour-events(7)).
 * The last line has the cursor with which the next call goes on.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/export.h"
#include "store/writing.h"

static void out_row_text(struct out *o, const char *member, const char *text)
{
	out_member(o, member, text ? text : "");
}

static int print_event_row(void *context, const struct event_row *row)
{
	struct out *o = context;
	char month[sizeof "2026-11"];
	struct tm tm;

	strftime(month, sizeof month, "%Y-%m", gmtime_r(&(time_t){ (time_t)row->at }, &tm));
	out_text(o, "{\"at\":\"");
	out_time(o, row->at);
	out_text(o, "\",\"pseudonym\":\""); /* part of what tells a line: never null */
	out_text(o, row->pseudonym);
	out_text(o, "\"");
	out_row_text(o, "key", month);
	out_member_number(o, "number", row->number);
	out_row_text(o, "kind", row->kind);
	out_row_text(o, "class", row->klass);
	out_row_text(o, "category", row->category);
	out_row_text(o, "status", row->status);
	out_member_count(o, "reply", row->reply, row->reply);
	out_row_text(o, "rule", row->rule);
	out_row_text(o, "provider", row->provider);
	out_row_text(o, "campaign", row->campaign);
	out_row_text(o, "stream", row->stream);
	out_row_text(o, "origin", row->origin);
	out_row_text(o, "mailbox", row->mailbox);
	out_text(o, "}\n");
	return o->failed ? STORE_FAILED : STORE_OK;
}

/* In the ledger, before the cursor is printed: what left is told even if nobody goes on from it. */
static int note_export(struct store *store, const struct exported *sum)
{
	char first[sizeof "2026-11-29"], last[sizeof first], detail[128];
	struct tm tm;
	int result;

	if (!sum->events)
		return STORE_OK;
	strftime(first, sizeof first, "%F", gmtime_r(&(time_t){ (time_t)sum->first }, &tm));
	strftime(last, sizeof last, "%F", gmtime_r(&(time_t){ (time_t)sum->last }, &tm));
	snprintf(detail, sizeof detail, "events=%llu first=%s last=%s",
		(unsigned long long)sum->events, first, last);
	if ((result = store_begin(store)))
		return result;
	if ((result = store_ledger(store, clock_now(), LEDGER_EVENTS_EXPORTED, detail))) {
		store_rollback(store);
		return result;
	}
	return store_commit(store);
}

static int give_events(struct session *s, struct out *o, const char *since)
{
	static char next[EXPORT_CURSOR_SIZE];
	struct exported sum;
	int result = store_export(s->store, since, next, &sum, print_event_row, o);

	if (out_flush(o)) {
		log_error("events: writing: %s", strerror(o->failed));
		result = sum.events ? note_export(s->store, &sum) : STORE_OK;
		return result ? session_store_failed(s, "events", result) : EXIT_LOST;
	}
	if (!result)
		result = note_export(s->store, &sum);
	if (result == STORE_MISUSE)
		return usage_error("events",
			"--since: %s; right would be the last \"cursor\" that it printed, or no --since for all that is kept",
			store_error(s->store));
	if (result)
		return session_store_failed(s, "events", result);
	out_text(o, "{\"cursor\":");
	out_json(o, span_of(next));
	out_text(o, "}\n");
	return out_end(o, "events", EXIT_WELL);
}

int cmd_events(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "since", required_argument, NULL, 's' }, { 0 } };
	static struct out out; /* too large for a stack */
	struct session s = { .lock = -1 };
	const char *since = "";

	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return EXIT_USAGE;
		since = optarg;
	}
	if (optind < argc)
		return usage_error(argv[0], "see `retour events --help`");
	out_open(&out, STDOUT_FILENO);
	int result = session_open(&s, config, SESSION_BESIDE, clock_now());
	if (result == EXIT_WELL)
		result = give_events(&s, &out, since);
	session_close(&s);
	return result;
}
