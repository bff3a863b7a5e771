/*
 * contact: what is known of single recipients, and the moves that only an operator makes. Addresses
 * come from a file, from stdin or are asked for at a prompt; each change has a reason, and the
 * ledger notes it with counts, never with whom.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "poller/command/causename.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "poller/command/past.h"
#include "reports/jsonline.h"
#include "store/ledger.h"
#include "store/promises.h"

enum {
	EVENTS_STANDARD = 20, /* shown of each recipient */
	EVENTS_MAX = 10000,
};

struct contact_job {
	const char *command; /* "contact show" */
	struct session session;
	struct lines lines;
	struct out out;
	int64_t now;
	bool json;
	unsigned events, printed;
	unsigned stream; /* that is reactivated; 0: all */
	const char *stream_name;
	uint64_t bad, refused, moved;
};

/* Reads the addresses, one after the other, with a prompt where a person sits. */
static bool next_address(struct contact_job *j, bool ask, struct span *address)
{
	do {
		if (ask)
			fputs("address: ", stderr);
		if (!lines_next(&j->lines, address))
			return false;
	} while (!address->n);
	*address = address_asked(*address);
	return true;
}

static int not_an_address(struct contact_job *j)
{
	tell_bad_line(j->lines.number, ++j->bad, NULL);
	return EXIT_WELL;
}

/* Every address through EACH. */
static int each_contact_address(struct contact_job *j, const char *operand,
	int (*each)(struct contact_job *j, struct span address))
{
	struct span address;
	int result = open_addresses(&j->lines, j->command, operand);
	if (result != EXIT_WELL)
		return result;
	bool ask = j->lines.fd == STDIN_FILENO && isatty(STDIN_FILENO);
	while (result == EXIT_WELL && next_address(j, ask, &address)) {
		result = each(j, address);
		if (ask)
			out_flush(&j->out);
	}
	if (j->lines.failed) {
		log_error("%s: reading the addresses failed", j->command);
		result = exit_worse(result, EXIT_LOST);
	}
	if (j->bad) {
		log_error("%s: %llu of %llu lines are no address", j->command,
			(unsigned long long)j->bad, (unsigned long long)j->lines.number);
		result = exit_worse(result, EXIT_LOST);
	}
	lines_close(&j->lines);
	return result;
}

/* --- show ----------------------------------------------------------------- */

static void print_contact(struct out *o, const char *name, const char *text)
{
	char label[16];
	snprintf(label, sizeof label, "  %-11s ", name);
	out_text(o, label);
	out_text(o, text);
	out_text(o, "\n");
}

/* "newsletter since 2026-11-02T00:00:00Z: opt-out (suppress.ses)" */
static void print_objection(struct out *o, const struct contact_view *v, unsigned i)
{
	const char *stream = v->objected[i].stream, *rule = v->objected[i].rule;
	out_text(o, "  objection   ");
	out_text(o, *stream ? stream : "a stream that is not configured, so all");
	out_text(o, " since ");
	out_time(o, v->objected[i].since);
	out_text(o, ": ");
	out_text(o, category_name(v->objected[i].category));
	out_text(o, *rule ? " (" : "");
	out_text(o, rule);
	out_text(o, *rule ? ")\n" : "\n");
}

static void print_text(struct contact_job *j, struct span address, const struct contact_view *v)
{
	struct out *o = &j->out;
	const struct answer *a = &v->answer;
	out_bytes(o, address.p, address.n);
	out_text(o, "\n  state       ");
	out_text(o, contact_state_name(a->state));
	if (a->attempts && a->state == STATE_SOFT) {
		out_text(o, "(");
		out_number(o, a->attempts);
		out_text(o, ")");
	}
	if (a->since) {
		out_text(o, " since ");
		out_time(o, a->since);
	}
	out_text(o, "\n  answer      ");
	out_text(o, verdict_name(a->verdict));
	if (a->until) {
		out_text(o, " until ");
		out_time(o, a->until);
	}
	out_text(o, "\n");
	if (*v->reason)
		print_contact(o, "reason", v->reason);
	for (unsigned i = 0; i < v->objections; i++)
		print_objection(o, v, i);
	if (*v->rule)
		print_contact(o, "rule", v->rule);
	if (*v->ladder)
		print_contact(o, "ladder", v->ladder);
	if (*v->provider)
		print_contact(o, "waits for", v->provider);
}

static int print_contact_event(void *context, const struct past_event *e)
{
	struct contact_job *j = context;
	bool first = !j->printed++;
	if (j->json) {
		out_text(&j->out, first ? "" : ",");
		past_event_json(&j->out, e, false);
	} else {
		out_text(&j->out, first ? "  events      " : "              ");
		past_event_text(&j->out, e);
	}
	return 0;
}

static void print_contact_json(
	struct contact_job *j, struct span address, const struct contact_view *v)
{
	struct out *o = &j->out;
	const struct answer *a = &v->answer;
	out_text(o, "{\"address\":");
	out_json(o, address);
	out_member(o, "verdict", verdict_name(a->verdict));
	out_member_time(o, "until", a->until);
	out_member(o, "state", contact_state_name(a->state));
	out_member_number(o, "attempts", a->attempts);
	out_member(o, "reason", v->reason);
	out_member_time(o, "since", a->since);
	out_member(o, "rule", v->rule);
	out_member(o, "ladder", v->ladder);
	out_member(o, "waits_for", v->provider);
	out_text(o, ",\"objections\":[");
	for (unsigned i = 0; i < v->objections; i++) {
		out_text(o, i ? ",{\"stream\":" : "{\"stream\":");
		out_json(o, span_of(v->objected[i].stream));
		out_member_time(o, "since", v->objected[i].since);
		out_member(o, "category", category_name(v->objected[i].category));
		out_member(o, "rule", v->objected[i].rule);
		out_text(o, "}");
	}
	out_text(o, "]");
	out_text(o, ",\"events\":[");
}

static int show_one(struct contact_job *j, struct span address)
{
	struct contact_view view;
	int result = store_contact_show(j->session.store, address.p, address.n, j->now, &view);
	if (result == STORE_MISUSE)
		return not_an_address(j);
	if (result)
		return session_store_failed(&j->session, j->command, result);
	j->printed = 0;
	if (j->json)
		print_contact_json(j, address, &view);
	else
		print_text(j, address, &view);
	result = store_events_of(
		j->session.store, address.p, address.n, j->events, print_contact_event, j);
	out_text(&j->out, j->json ? "]}\n" : "\n");
	return result ? session_store_failed(&j->session, j->command, result) : EXIT_WELL;
}

static int show_contacts(struct contact_job *j, const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "last", required_argument, NULL, 'l' }, { 0 } };
	char none[] = "";
	j->events = EVENTS_STANDARD;
	for (int option; (option = option_next(j->command, argc, argv, options)) != -1;) {
		char *end = none;
		if (option != 'j' && option != 'l')
			return usage_error(j->command, "see `retour contact --help`");
		j->json |= option == 'j';
		j->events = option == 'l' ? (unsigned)strtoul(optarg, &end, 10) : j->events;
		if (*end || j->events > EVENTS_MAX)
			return usage_error(
				j->command, "--last wants a number up to %d", EVENTS_MAX);
	}
	if (argc - optind > 1)
		return usage_error(j->command,
			"one FILE at most; addresses come from it or from stdin, never as arguments");
	int result = session_open(&j->session, config, SESSION_ANSWER, j->now);
	if (result == EXIT_WELL)
		result = out_end(&j->out, j->command,
			each_contact_address(j, optind < argc ? argv[optind] : NULL, show_one));
	return result;
}

/* --- moves ---------------------------------------------------------------- */

static const struct {
	const char *name;
	enum ledger_kind kind;
} moves[] = { [MOVE_REVALIDATE] = { "revalidate", LEDGER_CONTACT_REVALIDATE },
	[MOVE_RESOLVE] = { "resolve", LEDGER_CONTACT_RESOLVE },
	[MOVE_CONFIRM] = { "confirm", LEDGER_CONTACT_CONFIRM },
	[MOVE_REACTIVATE] = { "reactivate", LEDGER_CONTACT_REACTIVATE } };

static int move_contact(struct contact_job *j, struct span address, enum contact_move move)
{
	enum contact_state from;
	bool moved;
	int result = store_contact_move(
		j->session.store, address.p, address.n, move, j->now, &from, &moved);
	if (result == STORE_MISUSE)
		return not_an_address(j);
	if (result)
		return session_store_failed(&j->session, j->command, result);
	j->moved += moved;
	if (!moved) {
		log_warning("line %llu: refused: no %s out of the state %s",
			(unsigned long long)j->lines.number, moves[move].name,
			contact_state_name(from));
		j->refused++;
	}
	return EXIT_WELL;
}

static int revalidate_one(struct contact_job *j, struct span address)
{
	return move_contact(j, address, MOVE_REVALIDATE);
}

static int resolve_one(struct contact_job *j, struct span address)
{
	return move_contact(j, address, MOVE_RESOLVE);
}

static int confirm_one(struct contact_job *j, struct span address)
{
	return move_contact(j, address, MOVE_CONFIRM);
}

static int free_in_stream(struct contact_job *j, struct span address)
{
	bool freed;
	int result = store_contact_free(
		j->session.store, address.p, address.n, j->stream, j->now, &freed);
	if (result == STORE_MISUSE)
		return not_an_address(j);
	if (result)
		return session_store_failed(&j->session, j->command, result);
	j->moved += freed;
	j->refused += !freed;
	if (!freed)
		log_warning("line %llu: refused: nothing was said against this stream alone",
			(unsigned long long)j->lines.number);
	return EXIT_WELL;
}

static int reactivate_one(struct contact_job *j, struct span address)
{
	if (j->stream)
		return free_in_stream(j, address);
	return move_contact(j, address, MOVE_REACTIVATE);
}

/*
 * All or nothing is stored; what was refused is told and makes the exit code 1, the others are
 * moved.
 */
static int move_contacts(
	struct contact_job *j, enum contact_move move, const char *reason, const char *operand)
{
	static int (*const each[])(
		struct contact_job * j, struct span address) = { [MOVE_REVALIDATE] = revalidate_one,
		[MOVE_RESOLVE] = resolve_one,
		[MOVE_CONFIRM] = confirm_one,
		[MOVE_REACTIVATE] = reactivate_one };
	char detail[LEDGER_TEXT_SIZE];
	struct store *store = j->session.store;
	if (store_begin(store))
		return session_store_failed(&j->session, j->command, STORE_FAILED);
	int result = each_contact_address(j, operand, each[move]);
	snprintf(detail, sizeof detail, "count=%llu%s%s reason=\"%s\"",
		(unsigned long long)j->moved, j->stream ? " stream=" : "",
		j->stream ? j->stream_name : "", reason);
	if (result > EXIT_LOST ||
		(j->moved && store_ledger(store, j->now, moves[move].kind, detail)) ||
		store_commit(store)) {
		store_rollback(store);
		return result > EXIT_LOST
			? result
			: session_store_failed(&j->session, j->command, STORE_FAILED);
	}
	if (j->json) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_count(&l, "count", j->moved);
		jsonline_count(&l, "refused", j->refused);
		jsonline_end(&l);
	}
	log_notice("%s: %llu moved, %llu refused%s", j->command, (unsigned long long)j->moved,
		(unsigned long long)j->refused,
		j->lines.number ? "" : "; no address was read, right would be one a line");
	return j->refused ? exit_worse(result, EXIT_LOST) : result;
}

/* --- investigations ------------------------------------------------------- */

static void print_date(struct out *o, int64_t day)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(day, text);
	out_bytes(o, text, sizeof "2026-11-02" - 1);
}

static int print_investigation(void *context, const struct investigation *i)
{
	struct contact_job *j = context;
	struct out *o = &j->out;
	const char *check;
	out_text(o, i->provider);
	out_text(o, " ");
	out_text(o, category_name(i->category));
	out_text(o, ": ");
	out_number(o, i->blocks);
	out_text(o, i->blocks == 1 ? " block on " : " blocks from ");
	print_date(o, i->opened);
	if (i->blocks > 1) {
		out_text(o, " to ");
		print_date(o, i->last);
	}
	out_text(o, "\n");
	for (unsigned n = 0; (check = store_checklist(i->category, n)); n++) {
		out_text(o, "  [ ] ");
		out_text(o, check);
		out_text(o, "\n");
	}
	j->printed++;
	return 0;
}

static int print_investigation_json(void *context, const struct investigation *i)
{
	struct contact_job *j = context;
	struct out *o = &j->out;
	const char *check;
	out_text(o, "{\"provider\":");
	out_json(o, span_of(i->provider));
	out_member(o, "category", category_name(i->category));
	out_member_number(o, "count", i->blocks);
	out_text(o, ",\"since\":\"");
	print_date(o, i->opened);
	out_text(o, "\",\"last\":\"");
	print_date(o, i->last);
	out_text(o, "\",\"checklist\":[");
	for (unsigned n = 0; (check = store_checklist(i->category, n)); n++) {
		out_text(o, n ? "," : "");
		out_json(o, span_of(check));
	}
	out_text(o, "]}\n");
	return 0;
}

static int list_investigations(struct contact_job *j, const struct config *config)
{
	int result = session_open(&j->session, config, SESSION_ANSWER, j->now);
	if (result != EXIT_WELL)
		return result;
	result = store_investigations(
		j->session.store, j->json ? print_investigation_json : print_investigation, j);
	if (!result && !j->json && !j->printed)
		out_text(&j->out, "no investigation is open\n");
	return out_end(&j->out, j->command,
		result ? session_store_failed(&j->session, j->command, result) : EXIT_WELL);
}

static int category_error(const struct contact_job *j, const char *typed)
{
	char meant[WORD_MEANT_SIZE], blocks[512] = "";
	for (unsigned i = 0, n = 0; i < CATEGORY_COUNT; i++)
		if (category_class(i) == CLASS_BLOCK)
			n += (unsigned)snprintf(blocks + n, sizeof blocks - n, "%s%s", n ? " " : "",
				category_name(i));
	return usage_error(j->command, "--category %s: %swants a kind of block: %s", typed,
		word_meant(meant, typed, blocks), blocks);
}

static int resolve_investigation(
	struct contact_job *j, const char *provider, const char *category, const char *reason)
{
	char detail[LEDGER_TEXT_SIZE];
	struct store *store = j->session.store;
	int number = category_by_name(category);
	uint64_t released = 0;
	if (number < 0 || category_class((unsigned)number) != CLASS_BLOCK)
		return category_error(j, category);
	if (strlen(provider) >= EVENT_PROVIDER_SIZE)
		return cause_name_error(j->command, j->session.config, NULL, provider);
	if (store_begin(store))
		return session_store_failed(&j->session, j->command, STORE_FAILED);
	int result = store_resolve(store, provider, (enum category)number, j->now, &released);
	snprintf(detail, sizeof detail, "provider=%s category=%s count=%llu reason=\"%s\"",
		provider, category_name((unsigned)number), (unsigned long long)released, reason);
	if (!result)
		result = store_ledger(store, j->now, LEDGER_CONTACT_RESOLVE, detail);
	if (!result)
		result = store_commit(store);
	if (result) {
		store_rollback(store);
		int wrong = result != STORE_MISUSE
			? EXIT_WELL
			: cause_name_error(j->command, j->session.config, NULL, provider);
		if (wrong != EXIT_WELL)
			return wrong;
		int code = session_store_failed(&j->session, j->command, result);
		return result == STORE_MISUSE ? EXIT_LOST : code; /* refused */
	}
	if (j->json) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "provider", provider);
		jsonline_text(&l, "category", category);
		jsonline_count(&l, "count", released);
		jsonline_end(&l);
	}
	log_notice("%s: %s %s is resolved; %llu contacts are let through the gate", j->command,
		provider, category, (unsigned long long)released);
	return EXIT_WELL;
}

static int change_contact(struct contact_job *j, const struct config *config,
	enum contact_move move, int argc, char **argv)
{
	static const struct option options[] = { { "reason", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' },
		{ "provider", required_argument, NULL, 'p' },
		{ "category", required_argument, NULL, 'c' },
		{ "stream", required_argument, NULL, 's' }, { 0 } };
	const char *reason = NULL, *provider = NULL, *category = NULL;
	bool list = false;
	for (int option; (option = option_next(j->command, argc, argv, options)) != -1;) {
		bool fits = option == 's' ? move == MOVE_REACTIVATE
					  : option == 'r' || option == 'j' || move == MOVE_RESOLVE;
		if (option == '?' || !fits)
			return usage_error(j->command, "see `retour contact --help`");
		reason = option == 'r' ? optarg : reason;
		provider = option == 'p' ? optarg : provider;
		category = option == 'c' ? optarg : category;
		j->stream_name = option == 's' ? optarg : j->stream_name;
		list |= option == 'l';
		j->json |= option == 'j';
	}
	bool all = provider || category;
	if (all && !(provider && category))
		return usage_error(j->command,
			"--provider and --category need each other; --list shows those that are open");
	if (argc - optind > (all || list ? 0 : 1))
		return usage_error(j->command,
			"see `retour contact --help`; addresses come from a file or from stdin, never as arguments");
	if (list)
		return list_investigations(j, config);
	if (!stream_option(config, j->command, j->stream_name, &j->stream))
		return EXIT_USAGE;
	if (!reason_is_fit(reason))
		return usage_error(j->command,
			"wants --reason TEXT: up to %d bytes, without quotes, without an address",
			REASON_MAX);
	int result = session_open(&j->session, config, SESSION_WRITE, j->now);
	if (result == EXIT_WELL)
		result = all ? resolve_investigation(j, provider, category, reason)
			     : move_contacts(j, move, reason, optind < argc ? argv[optind] : NULL);
	return result;
}

/* --- states --------------------------------------------------------------- */

static int print_states(struct contact_job *j, int argc, char **argv)
{
	static const int widths[STORE_TRANSITION_WORDS] = { 11, 18, 11, 29, 0 };
	static const struct option none[] = { { 0 } };
	static const char *const names[STORE_TRANSITION_WORDS] = { "from", "what", "to", "when",
		"then" };
	const char *words[STORE_TRANSITION_WORDS];
	if (option_next(j->command, argc, argv, none) != -1 || optind < argc)
		return usage_error(j->command, "takes no argument");
	for (unsigned n = 0; json_asked() && store_transition(n, words); n++) {
		struct jsonline l = jsonline_begin(stdout);
		for (unsigned i = 0; i < STORE_TRANSITION_WORDS; i++)
			jsonline_text(&l, names[i], words[i]);
		jsonline_end(&l);
	}
	for (unsigned n = 0; !json_asked() && store_transition(n, words); n++)
		for (unsigned i = 0; i < STORE_TRANSITION_WORDS; i++)
			printf("%-*s%s", widths[i], words[i],
				i + 1 < STORE_TRANSITION_WORDS ? " " : "\n");
	return EXIT_WELL;
}

static const struct {
	const char *name, *command;
	enum { SHOW, CHANGE, STATES, CAUSE, REJUDGE } what;
	enum contact_move move;
} contact_commands[] = {
	{ "show", "contact show", SHOW, 0 },
	{ "revalidate", "contact revalidate", CHANGE, MOVE_REVALIDATE },
	{ "resolve", "contact resolve", CHANGE, MOVE_RESOLVE },
	{ "reactivate", "contact reactivate", CHANGE, MOVE_REACTIVATE },
	{ "confirm", "contact confirm", CHANGE, MOVE_CONFIRM },
	{ "undo", "contact undo", CAUSE, 0 },
	{ "rejudge", "contact rejudge", REJUDGE, 0 },
	{ "states", "contact states", STATES, 0 },
};

/* Not single recipients, but waves. */
static bool is_about_causes(int argc, char **argv)
{
	static const char *const words[] = { "--list", "--provider", "--rule", "--reporting-mta",
		"--from", "--to" };
	for (int i = 0; i < argc; i++)
		for (size_t w = 0; w < sizeof words / sizeof *words; w++)
			if (strncmp(argv[i], words[w], strlen(words[w])) == 0)
				return true;
	return false;
}

int cmd_contact(const struct config *config, int argc, char **argv)
{
	static struct contact_job j = { .session = { .lock = -1 } }; /* too large for a stack */
	char meant[WORD_MEANT_SIZE];
	size_t n = sizeof contact_commands / sizeof *contact_commands, i = 0;
	while (i < n && (argc < 2 || strcmp(argv[1], contact_commands[i].name)))
		i++;
	if (i == n)
		return usage_error("contact",
			"%s%s%s%swants show, revalidate, resolve, reactivate, confirm, undo, rejudge or states; see `retour contact --help`",
			argc > 1 && !strchr(argv[1], '@') ? argv[1] : "", argc > 1 ? ": " : "",
			people_meant(argc > 1 ? argv[1] : ""),
			word_meant(meant, argc > 1 ? argv[1] : "",
				"show revalidate resolve reactivate confirm undo rejudge states"));
	if (contact_commands[i].move == MOVE_CONFIRM && argc > 2 &&
		is_about_causes(argc - 2, argv + 2))
		return cmd_contact_confirm(config, argc - 1, argv + 1);
	if (contact_commands[i].what == REJUDGE)
		return cmd_contact_rejudge(config, argc - 1, argv + 1);
	if (contact_commands[i].what == CAUSE)
		return cmd_contact_undo(config, argc - 1, argv + 1);
	j.command = contact_commands[i].command;
	j.now = clock_now();
	out_open(&j.out, STDOUT_FILENO);
	argc--;
	argv++;
	int result;
	if (contact_commands[i].what == SHOW)
		result = show_contacts(&j, config, argc, argv);
	else if (contact_commands[i].what == STATES)
		result = print_states(&j, argc, argv);
	else
		result = change_contact(&j, config, contact_commands[i].move, argc, argv);
	session_close(&j.session);
	return result;
}
