/*
 * disclose and forget: what a data subject may ask for. Addresses come from a file, from stdin or
 * are asked for at a prompt, never from arguments; the ledger notes that it was done, how many it
 * concerned and what the request is called.
 */
#include "classify/base/units.h"
#include "poller/command/commands.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "classify/event.h"
#include "classify/recipient.h"
#include "poller/command/hint.h"
#include "poller/command/out.h"
#include "poller/command/past.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/promises.h"

struct subject_job {
	const char *command;
	enum ledger_kind kind; /* of the entry that says it was asked for */
	struct session session;
	struct lines lines;
	struct out out;
	int64_t now;
	const char *reference;
	int64_t request; /* its number in the register */
	bool json, keep, variants;
	unsigned printed; /* events of one address */
	uint64_t asked, bad,
		held; /* addresses; lines that are none; addresses about which something was held */
	uint64_t variants_tried; /* other spellings that were looked for, too */
	uint64_t events;
	struct erased erased;
};

/* --- other spellings ------------------------------------------------------ */

enum { VARIANTS_MAX = 4 };
typedef char address_variant[EVENT_ADDRESS_SIZE];

/* LOCAL at DOMAIN, cut before a '+', and with UNDOTTED without its dots. False: none, or too long.
 */
static bool spell(address_variant out, struct span local, struct span domain, bool undotted)
{
	size_t n = 0;
	for (size_t i = 0; i < local.n && local.p[i] != '+' && n + 1 < EVENT_ADDRESS_SIZE; i++)
		if (!undotted || local.p[i] != '.')
			out[n++] = local.p[i];
	int tail = snprintf(out + n, EVENT_ADDRESS_SIZE - n, "@%.*s", (int)domain.n, domain.p);
	return n && tail > 0 && n + (size_t)tail < EVENT_ADDRESS_SIZE;
}

/*
 * What reaches the mailbox of ADDRESS as well, as its receiver has it: without the tag behind a
 * '+', and at Gmail without dots and under both of its domains; and what somebody meant who copied
 * it with a character that nobody sees. Case, quotes and international domains are one spelling
 * anyway (retour-privacy(7)).
 */
static unsigned variants_of(struct span address, address_variant out[VARIANTS_MAX])
{
	unsigned n = hint_visible(address, out[0], sizeof out[0]);
	if (n)
		address = span_of(out[0]);
	struct span local = address_local(address), domain = address_domain(address);
	static const struct span gmail[] = { SPAN("gmail.com"), SPAN("googlemail.com") };
	bool dots = span_equal_nocase(domain, gmail[0]) || span_equal_nocase(domain, gmail[1]);
	if (!local.n || *local.p == '"')
		return n;
	n += memchr(local.p, '+', local.n) && spell(out[n], local, domain, false);
	for (int i = 0; dots && i < 2; i++)
		n += spell(out[n], local, gmail[i], true);
	return n;
}

/* Nothing is held of what is not meant, and that would look like an answer. */
static void warn_invisible(const struct subject_job *j, struct span address)
{
	address_variant seen;
	if (!j->variants && hint_visible(address, seen, sizeof seen))
		log_warning(
			"line %llu has a character that nobody sees; --variants looks for the address without it, too",
			(unsigned long long)j->lines.number);
	explicit_bzero(seen, sizeof seen);
}

/* EACH for the address, and where that is asked for for its variants. */
static int each_variant(struct subject_job *j, struct span address,
	int (*each)(struct subject_job *j, struct span address))
{
	address_variant variant[VARIANTS_MAX];
	unsigned n = j->variants ? variants_of(address, variant) : 0;
	warn_invisible(j, address);
	int result = each(j, address);
	for (unsigned i = 0; i < n && !result; i++)
		if (!span_equal_nocase(span_of(variant[i]), address)) {
			result = each(j, span_of(variant[i]));
			j->variants_tried += !result;
		}
	explicit_bzero(variant, sizeof variant);
	return result;
}

/* Every line through EACH, which gives a store_result. */
static int each_subject_address(struct subject_job *j, const char *operand,
	int (*each)(struct subject_job *j, struct span address))
{
	struct span address;
	int result = open_addresses(&j->lines, j->command, operand);
	if (result != EXIT_WELL)
		return result;
	bool ask = j->lines.fd == STDIN_FILENO && isatty(STDIN_FILENO);
	while (result == EXIT_WELL) {
		if (ask)
			fputs("address: ", stderr);
		if (!lines_next(&j->lines, &address))
			break;
		if (!address.n)
			continue;
		int stored = each_variant(j, address_asked(address), each);
		j->asked += !stored;
		if (stored == STORE_MISUSE) {
			tell_bad_line(j->lines.number, ++j->bad, NULL);
		} else if (stored) {
			result = session_store_failed(&j->session, j->command, stored);
		}
	}
	if (j->lines.failed)
		log_error("%s: reading the addresses failed", j->command);
	if (j->bad)
		log_error("%s: %llu of %llu lines are no address", j->command,
			(unsigned long long)j->bad, (unsigned long long)j->lines.number);
	if (j->lines.failed || j->bad) {
		result = exit_worse(result, EXIT_LOST);
	}
	lines_close(&j->lines);
	if (result == EXIT_WELL && !j->asked) { /* nor is it a request for the register */
		log_error("%s: no address was read; right would be one a line", j->command);
		result = EXIT_LOST;
	}
	return result;
}

/* COUNTS and the request's name, as the ledger keeps them; its number there is the request's. */
static int note_request(struct subject_job *j, const char *counts)
{
	struct ledger_entry entry;
	char detail[LEDGER_TEXT_SIZE];
	const char *name = j->reference ? j->reference : "";
	snprintf(detail, sizeof detail, "%s%s%s%s", counts, *name ? " reference=\"" : "", name,
		*name ? "\"" : "");
	if (store_ledger(j->session.store, j->now, j->kind, detail) ||
		store_ledger_head(j->session.store, &entry))
		return STORE_FAILED;
	j->request = entry.number;
	return STORE_OK;
}

/* --- disclose ------------------------------------------------------------- */

/* What is held in which class; the last two are about mail, not about the store. */
static const struct {
	const char *name, *what;
	enum retention_class retained;
} held[] = {
	{ "contact",
		"whether mail may be sent, why, and the failures that this is made from; under a pseudonym, after the last event",
		RETAIN_CONTACTS },
	{ "objections",
		"where somebody complained, unsubscribed or was entered by hand: the same, and past the period of contacts only that, since when and why",
		RETAIN_OBJECTIONS },
	{ "events", "what happened to single mails; under a pseudonym of the month",
		RETAIN_EVENTS },
	{ "diagnostics", "the receiver's words in these events, without addresses",
		RETAIN_DIAGNOSTICS },
	{ "messages", "hashes of whole reports, which name nobody", RETAIN_MESSAGES },
	{ "ledger", "that this was asked for: counts and the request's name", RETAIN_LEDGER },
};
enum { HELD = sizeof held / sizeof *held };

static uint64_t days_of(int64_t period)
{
	return (uint64_t)((period + DAY - 1) / DAY);
}

static void print_day(struct out *o, int64_t day)
{
	char text[CLOCK_TEXT_SIZE];
	out_bytes(o, clock_format(day, text), sizeof "2026-11-02" - 1);
}

static void print_field(struct out *o, const char *name, const char *text)
{
	char label[24];
	snprintf(label, sizeof label, "  %-12s ", name);
	out_text(o, label);
	out_text(o, text);
}

static void print_number(struct out *o, const char *name, uint64_t n)
{
	if (!n)
		return;
	print_field(o, name, "");
	out_number(o, n);
	out_text(o, "\n");
}

static void print_time(struct out *o, const char *name, int64_t at)
{
	if (!at)
		return;
	print_field(o, name, "");
	out_time(o, at);
	out_text(o, "\n");
}

static void print_word(struct out *o, const char *name, const char *text)
{
	if (!*text)
		return;
	print_field(o, name, text);
	out_text(o, "\n");
}

static void print_subject(struct out *o, const struct contact_view *v)
{
	print_word(
		o, "contact", v->known ? contact_state_name(v->answer.state) : "nothing is held");
	if (!v->known)
		return;
	print_time(o, "since", v->answer.since);
	print_word(o, "answer", verdict_name(v->answer.verdict));
	print_time(o, "until", v->answer.until);
	print_word(o, "reason", v->reason);
	print_word(o, "rule", v->rule);
	print_word(o, "kept as", v->objection ? "objections" : "contacts");
	print_word(o, "ladder", v->ladder);
	print_word(o, "waits for", v->provider);
	print_number(o, "attempts", v->answer.attempts);
	print_number(o, "pauses", v->pauses);
	print_time(o, "last event", v->last);
	print_time(o, "reactivated", v->moved);
	print_number(o, "soft since", (uint64_t)v->month);
	for (unsigned i = 0; i < v->days; i++) {
		print_field(o, i ? "" : "history", "");
		print_day(o, v->day[i].day);
		out_text(o, ": ");
		out_number(o, v->day[i].soft);
		out_text(o, " soft, ");
		out_number(o, v->day[i].blocks);
		out_text(o, v->day[i].delivered ? " blocked, delivered\n" : " blocked\n");
	}
}

static void member_count(struct out *o, const char *key, uint64_t n)
{
	out_text(o, ",\"");
	out_text(o, key);
	out_text(o, "\":");
	out_number(o, n);
}

static void print_subject_json(struct out *o, const struct contact_view *v)
{
	if (!v->known) {
		out_text(o, ",\"contact\":null");
		return;
	}
	out_text(o, ",\"contact\":{\"state\":");
	out_json(o, span_of(contact_state_name(v->answer.state)));
	out_member(o, "verdict", verdict_name(v->answer.verdict));
	out_member_time(o, "since", v->answer.since);
	out_member_time(o, "until", v->answer.until);
	out_member(o, "reason", v->reason);
	out_member(o, "rule", v->rule);
	out_member(o, "ladder", v->ladder);
	out_member(o, "waits_for", v->provider);
	out_member(o, "kept_as", v->objection ? "objections" : "contacts");
	member_count(o, "attempts", v->answer.attempts);
	member_count(o, "pauses", v->pauses);
	out_member_time(o, "last_event", v->last);
	out_member_time(o, "reactivated", v->moved);
	member_count(o, "soft_since", (uint64_t)v->month);
	out_text(o, ",\"history\":[");
	for (unsigned i = 0; i < v->days; i++) {
		out_text(o, i ? ",{\"day\":\"" : "{\"day\":\"");
		print_day(o, v->day[i].day);
		out_text(o, "\"");
		member_count(o, "soft", v->day[i].soft);
		member_count(o, "blocked", v->day[i].blocks);
		out_text(o, v->day[i].delivered ? ",\"delivered\":true}" : ",\"delivered\":false}");
	}
	out_text(o, "]}");
}

static int print_subject_event(void *context, const struct past_event *e)
{
	struct subject_job *j = context;
	bool first = !j->printed++;
	if (j->json) {
		out_text(&j->out, first ? "" : ",");
		past_event_json(&j->out, e, true);
		return 0;
	}
	print_field(&j->out, first ? "events" : "", "");
	past_event_text(&j->out, e);
	if (*e->diagnostic)
		print_word(&j->out, "", e->diagnostic);
	return 0;
}

/* Periods and reasons, as the configuration has them now. */
static void print_periods(struct subject_job *j)
{
	struct out *o = &j->out;
	for (unsigned i = 0; i < HELD; i++) {
		const struct retention *r = &j->session.options.retention[held[i].retained];
		print_field(o, held[i].name, held[i].what);
		out_text(o, "; kept ");
		out_number(o, days_of(r->period));
		out_text(o, " days: ");
		out_text(o, r->reason ? r->reason : "");
		out_text(o, "\n");
	}
	print_word(o, "mailboxes",
		"reports that name the address lie in the mailboxes until they are read, and what was moved for raw_retention of its mailbox; "
		"they are not searched");
	print_word(o, "counts", "numbers per day, provider and campaign stay; they name nobody");
}

static void print_periods_json(struct subject_job *j)
{
	struct out *o = &j->out;
	out_text(o, ",\"retention\":[");
	for (unsigned i = 0; i < HELD; i++) {
		const struct retention *r = &j->session.options.retention[held[i].retained];
		out_text(o, i ? ",{\"class\":" : "{\"class\":");
		out_json(o, span_of(held[i].name));
		out_member(o, "what", held[i].what);
		member_count(o, "days", days_of(r->period));
		out_member(o, "purpose", r->reason ? r->reason : "");
		out_text(o, "}");
	}
	out_text(o, "]}\n");
}

static int disclose_one(struct subject_job *j, struct span address)
{
	struct contact_view view;
	struct out *o = &j->out;
	int result = store_contact_show(j->session.store, address.p, address.n, j->now, &view);
	if (result)
		return result;
	j->printed = 0;
	if (j->json)
		out_text(o, "{\"address\":");
	if (j->json)
		out_json(o, address);
	else
		out_bytes(o, address.p, address.n);
	if (!j->json)
		out_text(o, "\n");
	(j->json ? print_subject_json : print_subject)(o, &view);
	out_text(o, j->json ? ",\"events\":[" : "");
	result = store_events_of(
		j->session.store, address.p, address.n, UINT_MAX, print_subject_event, j);
	if (!j->json && !j->printed)
		print_word(o, "events", "nothing is held");
	out_text(o, j->json ? "]" : "\n");
	if (j->json)
		print_periods_json(j);
	j->held += view.known || j->printed;
	j->events += j->printed;
	return result;
}

/* Whoever answers a request has to know; when the key is put back, it is asked again. */
static int say_not_reached(void *context, const struct key_missing *m)
{
	const struct subject_job *j = context;
	log_notice(
		"%s: the events of %s lie under a key that is not there, and were not looked through; retour-recovery(7)",
		j->command, m->month);
	return 0;
}

static int disclose(struct subject_job *j, const char *operand)
{
	char counts[128];
	int result = each_subject_address(j, operand, disclose_one);
	if (!j->asked)
		return out_end(&j->out, j->command, result);
	if (!j->json) {
		out_text(&j->out, "What is kept, how long and why:\n");
		print_periods(j);
		out_text(&j->out,
			"What `retour forget` would take: state and history, and the events of every month whose key is there.\n"
			"What it would leave: counts and hashes that name nobody, and with --keep-suppression, under a pseudonym, that an address is not to be written to, "
			"since who objects to direct mail has to be remembered to be left alone (Article 21(3) GDPR).\n");
	}
	snprintf(counts, sizeof counts, "addresses=%llu held=%llu events=%llu",
		(unsigned long long)j->asked, (unsigned long long)j->held,
		(unsigned long long)j->events);
	if (result <= EXIT_LOST &&
		(note_request(j, counts) || store_keys_lost(j->session.store, say_not_reached, j)))
		result = session_store_failed(&j->session, j->command, STORE_FAILED);
	else if (result <= EXIT_LOST)
		log_notice("%s: number %lld in the register of requests", j->command,
			(long long)j->request);
	return out_end(&j->out, j->command, result);
}

/* --- forget --------------------------------------------------------------- */

static int forget_one(struct subject_job *j, struct span address)
{
	return store_forget(j->session.store, address.p, address.n, j->keep, j->now, &j->erased);
}

static unsigned long long kept_days(const struct subject_job *j, enum retention_class retained)
{
	return (unsigned long long)days_of(j->session.options.retention[retained].period);
}

/* For whoever answers the request, a sentence each; no address is in it. */
static void say_forgotten(struct subject_job *j)
{
	const struct erased *e = &j->erased;
	printf("Erased for %llu addresses%s: state and history (%llu), and the events of every month whose key is there (%llu).\n",
		(unsigned long long)(j->asked + j->variants_tried),
		j->variants_tried ? ", other spellings among them" : "",
		(unsigned long long)e->contacts, (unsigned long long)e->events);
	if (e->suppressions)
		printf("Kept for %llu of them, under a pseudonym: that they are not to be written to, since when and why, for %llu days where they objected themselves (%llu) and %llu days where the address is dead; "
		       "who objects to direct mail has to be remembered to be left alone (Article 21(3) GDPR).\n",
			(unsigned long long)e->suppressions, kept_days(j, RETAIN_OBJECTIONS),
			(unsigned long long)e->objections_kept, kept_days(j, RETAIN_CONTACTS));
	if (e->objections)
		printf("Erased with the rest: the objection to mail of %llu of them, which nothing remembers any more, so that they may be written to again; --keep-suppression would have kept it.\n",
			(unsigned long long)e->objections);
	puts("What stays names nobody and cannot be found by an address: counts per day, hashes of whole messages, events of months whose keys are destroyed.");
	printf("What ends by itself: a hash of what was erased, so that no backup brings it back (%llu days), copies in backups (%llu days), and reports in the mailboxes, which are read or deleted as each mailbox's section says.\n",
		kept_days(j, RETAIN_BACKUPS) + 2, kept_days(j, RETAIN_BACKUPS));
	printf("What proves that this was done, for %llu days: number %lld in the register of requests, with these counts%s.\n",
		kept_days(j, RETAIN_LEDGER), (long long)j->request,
		j->reference ? " and the request's name" : "");
	if (!j->variants)
		puts("Other spellings that reach the same mailbox (a tag behind '+', dots at Gmail) are addresses of their own: name them, or ask with --variants.");
}

static void forgotten_line(const struct subject_job *j)
{
	const struct erased *e = &j->erased;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_count(&l, "number", (uint64_t)j->request);
	jsonline_text(&l, "reference", j->reference);
	jsonline_count(&l, "addresses", j->asked + j->variants_tried);
	jsonline_count(&l, "count", e->contacts);
	jsonline_count(&l, "events", e->events);
	jsonline_count(&l, "suppressions_kept", e->suppressions);
	jsonline_count(&l, "objections_kept", e->objections_kept);
	jsonline_end(&l);
}

/* All or nothing: a request that is half done would be worse than one that failed. */
static int forget(struct subject_job *j, const char *operand)
{
	struct store *store = j->session.store;
	struct erased *e = &j->erased;
	char counts[160];
	if (store_begin(store))
		return session_store_failed(&j->session, j->command, STORE_FAILED);
	int result = each_subject_address(j, operand, forget_one);
	snprintf(counts, sizeof counts,
		"addresses=%llu contacts=%llu events=%llu suppressions_kept=%llu",
		(unsigned long long)j->asked, (unsigned long long)e->contacts,
		(unsigned long long)e->events, (unsigned long long)e->suppressions);
	if (result == EXIT_WELL &&
		(note_request(j, counts) || store_keys_lost(store, say_not_reached, j) ||
			store_commit(store)))
		result = session_store_failed(&j->session, j->command, STORE_FAILED);
	if (result != EXIT_WELL) {
		store_rollback(store);
		log_error("%s: nothing was erased", j->command);
		return result;
	}
	log_notice("%s: %s", j->command, counts);
	if (json_asked())
		forgotten_line(j);
	else
		say_forgotten(j);
	int scrubbed = store_scrub(store);
	return scrubbed ? session_store_failed(&j->session, j->command, scrubbed) : EXIT_WELL;
}

/* --- both ----------------------------------------------------------------- */

static int subject(const struct config *config, int argc, char **argv, const struct option *options,
	enum ledger_kind kind, int (*what)(struct subject_job *j, const char *operand))
{
	static struct subject_job j = { .session = { .lock = -1 } }; /* too large for a stack */
	j.command = argv[0];
	j.kind = kind;
	j.now = clock_now();
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour %s --help`", argv[0]);
		j.json |= option == 'j';
		j.keep |= option == 'k';
		j.variants |= option == 'v';
		j.reference = option == 'r' ? optarg : j.reference;
	}
	if (j.reference && !reference_is_fit(j.reference))
		return reference_error(argv[0]);
	if (argc - optind > 1)
		return usage_error(argv[0],
			"one FILE at most; addresses come from it or from stdin, never as arguments");
	out_open(&j.out, STDOUT_FILENO);
	int result = session_open(&j.session, config, SESSION_WRITE, j.now);
	if (j.session.now > j.now)
		j.now = j.session.now; /* an erasure that is dated too early would be undone by a
					  backup */
	if (result == EXIT_WELL)
		result = what(&j, optind < argc ? argv[optind] : NULL);
	session_close(&j.session);
	return result;
}

int cmd_disclose(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "variants", no_argument, NULL, 'v' },
		{ "reference", required_argument, NULL, 'r' }, { 0 } };
	return subject(config, argc, argv, options, LEDGER_DISCLOSE, disclose);
}

int cmd_forget(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "keep-suppression", no_argument, NULL, 'k' },
		{ "variants", no_argument, NULL, 'v' },
		{ "reference", required_argument, NULL, 'r' }, { 0 } };
	return subject(config, argc, argv, options, LEDGER_FORGET, forget);
}
