/*
 * contact undo, contact confirm: what failures rest on, a rule, a provider, a reporting MTA, a
 * campaign, is taken back, or said to be true, as a whole. The ledger notes the cause, the days and
 * how many were moved, never whom.
 */
#include "poller/command/commands.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/causename.h"
#include "poller/command/opening.h"
#include "poller/command/out.h"
#include "reports/jsonline.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"

struct cause_job {
	const char *command, *reason;
	struct cause_choice choice;
	bool dry_run, list, from, to;
};

/* Each move with its number, the largest part of a cause first in the order of the states. */
void print_moves(const struct cause_moves *m)
{
	static struct out o;
	out_open(&o, STDOUT_FILENO);
	for (unsigned from = 0; from < STATE_COUNT; from++)
		for (unsigned to = 0; to < STATE_COUNT; to++) {
			if (!m->moved[from][to])
				continue;
			if (json_asked()) {
				struct jsonline l = jsonline_begin(stdout);
				jsonline_text(&l, "from", contact_state_name(from));
				jsonline_text(&l, "to", contact_state_name(to));
				jsonline_count(&l, "count", m->moved[from][to]);
				jsonline_end(&l);
				continue;
			}
			out_text(&o, contact_state_name(from));
			out_text(&o, from == to ? " stays: " : " to ");
			out_text(&o, from == to ? "" : contact_state_name(to));
			out_text(&o, from == to ? "" : ": ");
			out_number(&o, m->moved[from][to]);
			out_text(&o, "\n");
		}
	out_flush(&o);
}

uint64_t count_moved(const struct cause_moves *m)
{
	uint64_t n = m->matched;
	for (unsigned state = 0; state < STATE_COUNT; state++)
		n -= m->moved[state][state];
	return n;
}

static void print_name(char *buffer, size_t size, const char *name, const char *value)
{
	size_t n = strlen(buffer);
	if (value)
		snprintf(buffer + n, size - n, "%s=%s ", name, value);
}

/* "rule=… from=2026-11-01 to=2026-11-02 count=3 reason="…"": what the ledger keeps of it. */
static void describe_cause(const struct cause_job *j, uint64_t moved, char *detail, size_t size)
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	const struct cause_choice *c = &j->choice;
	clock_format(c->from, from);
	clock_format(c->to, to);
	*detail = '\0';
	print_name(detail, size, "rule", c->rule);
	print_name(detail, size, "provider", c->provider);
	print_name(detail, size, "reporting-mta", c->reporting_mta);
	print_name(detail, size, "campaign", c->campaign);
	size_t n = strlen(detail);
	snprintf(detail + n, size - n, "from=%.10s to=%.10s count=%llu reason=\"%s\"", from, to,
		(unsigned long long)moved, j->reason);
}

/* Names of campaigns and hosts are nobody's list: a slip in one looks like one without bounces. */
static void tell_none(const struct cause_job *j)
{
	bool open = j->choice.campaign || j->choice.reporting_mta;
	log_notice("%s: none of the contacts rest on it in these days; %s%s", j->command,
		j->dry_run ? "nothing was changed"
			   : "what is read of it later changes nothing either",
		open ? "; the name of a campaign or reporting MTA must be the whole one" : "");
}

/* A name that rules of before had is no slip: what rests on it must have its way back. */
static int name_error(struct session *session, const struct cause_job *j)
{
	const struct cause_choice *c = &j->choice;
	bool named = false;
	if ((c->rule || c->provider) && store_names_cause(session->store, c, &named))
		return session_store_failed(session, j->command, STORE_FAILED);
	return named ? EXIT_WELL
		     : cause_name_error(j->command, session->config, c->rule, c->provider);
}

static int undo(struct session *session, const struct cause_job *j, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE];
	struct cause_moves moves;
	struct store *store = session->store;
	if (store_begin(store))
		return session_store_failed(session, j->command, STORE_FAILED);
	int result = store_undo(store, &j->choice, now, &moves), wrong;
	if (!result && !moves.matched && (wrong = name_error(session, j)) != EXIT_WELL) {
		store_rollback(store);
		return wrong;
	}
	describe_cause(j, count_moved(&moves), detail, sizeof detail);
	if (!result && !j->dry_run &&
		(result = store_ledger(store, now, LEDGER_CONTACT_UNDO, detail)) == STORE_OK)
		result = store_commit(store);
	else
		store_rollback(store);
	if (result)
		return session_store_failed(session, j->command, result);
	if (!moves.matched) {
		tell_none(j);
		return EXIT_WELL;
	}
	print_moves(&moves);
	log_notice("%s: %llu contacts rest on it, %llu %s", j->command,
		(unsigned long long)moves.matched, (unsigned long long)count_moved(&moves),
		j->dry_run ? "would be moved; nothing was changed" : "were moved");
	return EXIT_WELL;
}

/* What stands in the ledger is a name, and nobody's address. */
static bool is_cause_name(const char *text)
{
	return reason_is_fit(text) && !strpbrk(text, " \t") && strlen(text) < EVENT_CAMPAIGN_SIZE;
}

static bool take_cause_option(struct cause_job *j, int option, const char *value)
{
	switch (option) {
	case 'R':
		j->choice.rule = value;
		return is_cause_name(value);
	case 'P':
		j->choice.provider = value;
		return is_cause_name(value);
	case 'M':
		j->choice.reporting_mta = value;
		return is_cause_name(value);
	case 'C':
		j->choice.campaign = value;
		return is_cause_name(value);
	case 'f':
		return j->from = clock_parse(value, &j->choice.from);
	case 't':
		return j->to = clock_parse(value, &j->choice.to);
	case 'r':
		j->reason = value;
		return true;
	case 'l':
		return j->list = true;
	case 'n':
		return j->dry_run = true;
	default:
		return false;
	}
}

/* What its option has to say where its value is none: a day, or a name. */
static int cause_value_error(const struct cause_job *j, int option, const char *value)
{
	if (option == 'f' || option == 't')
		return usage_error(j->command, "--%s %s: right would be a day such as 2026-11-01",
			option == 'f' ? "from" : "to", value);
	if (option != '?')
		return usage_error(j->command,
			"%s: right would be a name without blanks, quotes and addresses", value);
	return usage_error(j->command, "see `retour contact --help`");
}

static int read_cause_options(
	struct cause_job *j, int argc, char **argv, const struct option *options)
{
	bool given[128] = { false }, hours = false;
	for (int option; (option = option_next(j->command, argc, argv, options)) != -1;) {
		if (!take_cause_option(j, option, optarg))
			return cause_value_error(j, option, optarg);
		if (given[option & 127]) /* the last one alone would count, and nobody be told */
			return usage_error(
				j->command, "an option stands there twice: `%s`", optarg);
		given[option & 127] = strchr("RPMCft", option);
		hours |= strchr("ft", option) && strlen(optarg) > sizeof "2026-11-01" - 1;
	}
	if (j->from && j->to && j->choice.from > j->choice.to)
		return usage_error(j->command,
			"--from lies behind --to; right would be the first and the last day");
	if (hours)
		log_notice("%s: contacts know days: the whole of them count", j->command);
	return EXIT_WELL;
}

/* A list that was taken over goes as a whole: its entries have dates of years. */
static void default_days(struct cause_job *j, int64_t now)
{
	static const char list[] = "suppress.";
	if (!j->choice.rule || strncmp(j->choice.rule, list, sizeof list - 1))
		return;
	if (!j->to)
		j->choice.to = now;
	j->from = j->to = true;
}

/* --- waves ---------------------------------------------------------------- */

static void print_wave_line(const struct wave *w)
{
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "cause", w->kind);
	jsonline_text(&l, "name", w->name);
	jsonline_count(&l, "count", w->own ? w->count : 0);
	jsonline_flag(&l, "own", w->own);
	jsonline_time(&l, "at", w->day);
	jsonline_time(&l, "since", w->opened);
	jsonline_time(&l, "until", w->until);
	jsonline_end(&l);
}

static int print_wave(void *context, const struct wave *w)
{
	if (json_asked()) {
		print_wave_line(w);
		return 0;
	}
	struct out *o = context;
	char day[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	clock_format(w->day, day);
	clock_format(w->until, until);
	out_text(o, w->kind);
	out_text(o, " ");
	out_text(o, w->name);
	out_text(o, ": ");
	if (w->own)
		out_number(o, w->count);
	bool hard = !!strcmp(w->name, NOT_UNDERSTOOD);
	out_text(o, w->own ? " " : "");
	out_text(o, hard ? "hard bounces" : "refusals");
	out_text(o, w->own ? " on " : " that another site read, on ");
	out_bytes(o, day, 10);
	out_text(o, ", held until ");
	out_bytes(o, until, 10);
	out_text(o, "\n");
	return 0;
}

static int list_waves(struct session *session, int64_t now)
{
	static struct out o;
	out_open(&o, STDOUT_FILENO);
	int result = store_waves(session->store, now, print_wave, &o);
	if (!result && !o.n)
		log_notice("contact confirm: nothing is held back");
	out_flush(&o);
	return result ? session_store_failed(session, "contact confirm", result) : EXIT_WELL;
}

static int confirm(struct session *session, const struct cause_job *j, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE];
	struct store *store = session->store;
	uint64_t waves = 0;
	if (store_begin(store))
		return session_store_failed(session, j->command, STORE_FAILED);
	int result = store_confirm(store, &j->choice, &waves);
	describe_cause(j, waves, detail, sizeof detail);
	if (!result && waves)
		result = store_ledger(store, now, LEDGER_CONTACT_CONFIRM, detail);
	if (!result)
		result = store_commit(store);
	if (result) {
		store_rollback(store);
		return session_store_failed(session, j->command, result);
	}
	if (!waves) {
		int wrong = name_error(session, j);
		if (wrong != EXIT_WELL)
			return wrong;
		log_error("%s: nothing of this cause is held in these days; --list shows what is",
			j->command);
	}
	if (waves && json_asked()) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_count(&l, "count", waves);
		jsonline_end(&l);
	}
	if (waves)
		log_notice("%s: %llu waves are confirmed", j->command, (unsigned long long)waves);
	return waves ? EXIT_WELL : EXIT_LOST;
}

int cmd_contact_confirm(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "rule", required_argument, NULL, 'R' },
		{ "provider", required_argument, NULL, 'P' },
		{ "reporting-mta", required_argument, NULL, 'M' },
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "reason", required_argument, NULL, 'r' }, { "list", no_argument, NULL, 'l' },
		{ 0 } };
	static struct session session = { .lock = -1 };
	struct cause_job j = { .command = "contact confirm", .reason = NULL };
	int64_t now = clock_now();
	const struct cause_choice *c = &j.choice;
	int result = read_cause_options(&j, argc, argv, options);
	if (result != EXIT_WELL)
		return result;
	bool any = c->rule || c->provider || c->reporting_mta;
	if (optind < argc ||
		(j.list ? any || j.from || j.to || j.reason : !any || !j.from || !j.to))
		return usage_error(j.command,
			"wants --list, or one of --rule, --provider, --reporting-mta, and --from and --to, days such as 2026-11-01");
	if (!j.list && !reason_is_fit(j.reason))
		return usage_error(j.command,
			"wants --reason TEXT: up to %d bytes, without quotes, without an address",
			REASON_MAX);
	result = session_open(&session, config, j.list ? SESSION_READ : SESSION_WRITE, now);
	if (result == EXIT_WELL)
		result = j.list ? list_waves(&session, now) : confirm(&session, &j, now);
	session_close(&session);
	return result;
}

int cmd_contact_undo(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "rule", required_argument, NULL, 'R' },
		{ "provider", required_argument, NULL, 'P' },
		{ "reporting-mta", required_argument, NULL, 'M' },
		{ "campaign", required_argument, NULL, 'C' },
		{ "from", required_argument, NULL, 'f' }, { "to", required_argument, NULL, 't' },
		{ "reason", required_argument, NULL, 'r' }, { "dry-run", no_argument, NULL, 'n' },
		{ 0 } };
	static struct session session = { .lock = -1 };
	struct cause_job j = { .command = "contact undo", .reason = NULL };
	int64_t now = clock_now();
	const struct cause_choice *c = &j.choice;
	int result = read_cause_options(&j, argc, argv, options);
	if (result != EXIT_WELL)
		return result;
	default_days(&j, now);
	if (optind < argc || !(c->rule || c->provider || c->reporting_mta || c->campaign) ||
		!j.from || !j.to)
		return usage_error(j.command,
			"wants one of --rule, --provider, --reporting-mta, --campaign, and --from and --to, days such as 2026-11-01");
	if (c->to > now)
		return usage_error(j.command,
			"--to lies ahead: what has not happened yet cannot be taken back");
	if (j.dry_run && !j.reason)
		j.reason = "dry run"; /* nothing is noted of it */
	if (!reason_is_fit(j.reason))
		return usage_error(j.command,
			"wants --reason TEXT: up to %d bytes, without quotes, without an address",
			REASON_MAX);
	result = session_open(&session, config, j.dry_run ? SESSION_TRY : SESSION_WRITE, now);
	if (result == EXIT_WELL)
		result = undo(&session, &j, now);
	session_close(&session);
	return result;
}
