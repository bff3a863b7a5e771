/* status: one screen. When each mailbox was read, what is open, what comes next. */
#include "poller/command/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/units.h"
#include "poller/command/opening.h"
#include "poller/command/statuslines.h"
#include "store/watch/alert.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/news.h"
#include "store/site.h"

enum { OPEN_SHOWN = 8, SITE_SILENT = 2 * DAY };

struct screen {
	const struct config *config;
	struct session session;
	const struct mailbox *box; /* whose state is looked for */
	bool met, colour, hook;
	unsigned alerts, blocks, waves;
	int64_t now;
};

/* "12 minutes ago": of a time that lies before NOW. */
static const char *ago(char *buffer, size_t size, int64_t at, int64_t now)
{
	static const struct {
		int64_t unit;
		const char *word;
	} units[] = { { DAY, "days" }, { HOUR, "hours" }, { MINUTE, "minutes" }, { 1, "seconds" } };
	int64_t n = now > at ? now - at : 0;
	size_t i = 0;
	while (i < 3 && n < 2 * units[i].unit)
		i++;
	snprintf(buffer, size, "%" PRId64 " %s ago", n / units[i].unit, units[i].word);
	return buffer;
}

/* What is not well stands out on a terminal, unless NO_COLOR is set. */
static void head(const struct screen *s, const char *what, bool well)
{
	printf("%s%-10s%s", s->colour && !well ? "\033[1;31m" : "", what,
		s->colour && !well ? "\033[0m" : "");
}

static int say_mailbox(void *context, const struct mailbox_state *m)
{
	struct screen *s = context;
	char read[64], failed[64];
	if (strcmp(m->name, s->box->name))
		return 0;
	s->met = true;
	bool well = m->read_at > m->failed_at;
	head(s, "mailbox", well);
	printf("%-20s %s", m->name,
		m->read_at ? ago(read, sizeof read, m->read_at, s->now) : "never read");
	if (!well)
		printf("; failed %s: %s", ago(failed, sizeof failed, m->failed_at, s->now), m->why);
	putchar('\n');
	return 0;
}

static int say_mailboxes(struct screen *s)
{
	int result = STORE_OK;
	for (unsigned i = 0; !result && i < s->config->mailboxes; i++) {
		s->box = &s->config->mailbox[i];
		s->met = false;
		result = store_mailboxes(s->session.store, say_mailbox, s);
		if (!result && !s->met) {
			head(s, "mailbox", false);
			printf("%-20s never read\n", s->box->name);
		}
	}
	return result;
}

static int say_stuck(void *context, const char *mailbox, uint64_t count, int64_t since)
{
	struct screen *s = context;
	char text[64];
	head(s, "stuck", false);
	printf("%-20s %" PRIu64 " messages that it does not hand out, the first %s\n", mailbox,
		count, ago(text, sizeof text, since, s->now));
	return 0;
}

static int say_open_alert(void *context, const struct alert *a)
{
	struct screen *s = context;
	char text[64];
	if (s->alerts++ < OPEN_SHOWN) {
		head(s, "alert", false);
		printf("%-20s %s%ssince %s\n", alert_condition_name(a->condition), a->subject,
			*a->subject ? ", " : "", ago(text, sizeof text, a->opened, s->now));
	}
	return 0;
}

static int say_investigation(void *context, const struct investigation *i)
{
	struct screen *s = context;
	char text[64];
	if (s->blocks++ < OPEN_SHOWN) {
		head(s, "blocked", false);
		printf("%-20s %s, since %s\n", i->provider, category_name(i->category),
			ago(text, sizeof text, i->opened, s->now));
	}
	return 0;
}

static int say_wave(void *context, const struct wave *w)
{
	struct screen *s = context;
	char text[64], until[CLOCK_TEXT_SIZE];
	if (s->waves++ < OPEN_SHOWN) {
		head(s, "held", false);
		clock_format(w->until, until);
		printf("%-20s %s, ", *w->name ? w->name : "-", w->kind);
		if (w->own)
			printf("%" PRIu64 " %s not believed", w->count,
				strcmp(w->name, NOT_UNDERSTOOD) ? "hard bounces" : "refusals");
		else
			printf("not believed at another site");
		printf(", since %s, until %.10s\n", ago(text, sizeof text, w->opened, s->now),
			until);
	}
	return 0;
}

static int say_waves(struct screen *s)
{
	int result = store_waves(s->session.store, s->now, say_wave, s);
	if (s->waves > OPEN_SHOWN)
		printf("          and %u more: retour contact confirm --list\n",
			s->waves - OPEN_SHOWN);
	if (s->waves)
		puts("          retour contact confirm, or undo, decides before that day");
	return result;
}

/* A hook that failed waits longer and longer: who has mended it is not to wait for nothing. */
static int say_hook(struct screen *s)
{
	struct news_trouble t = { 0 };
	char since[64], next[CLOCK_TEXT_SIZE];
	int result = s->config->post.hook_command ? store_news_trouble(s->session.store, s->now, &t)
						  : STORE_OK;
	s->hook = t.since;
	if (!s->hook)
		return result;
	head(s, "hook", false);
	printf("%-20s failed %u times, first %s; what changed is kept, a run from %s on tells it\n",
		"", t.failures, ago(since, sizeof since, t.since, s->now),
		clock_format(t.next, next));
	return result;
}

static int say_open(struct screen *s)
{
	struct store *store = s->session.store;
	int result = store_stuck(store, say_stuck, s);
	if (!result)
		result = store_alerts(store, ALERTS_OPEN, say_open_alert, s);
	if (s->alerts > OPEN_SHOWN)
		printf("          and %u more: retour alerts\n", s->alerts - OPEN_SHOWN);
	if (!result)
		result = store_investigations(store, say_investigation, s);
	if (s->blocks > OPEN_SHOWN)
		printf("          and %u more: retour contact resolve --list\n",
			s->blocks - OPEN_SHOWN);
	if (!result)
		result = say_waves(s);
	if (!result)
		result = say_hook(s);
	if (!result && !s->alerts && !s->blocks && !s->waves && !s->hook)
		puts("open      nothing");
	return result;
}

static int say_other_site(void *context, const struct site_state *state, int64_t waiting)
{
	struct screen *s = context;
	char told[64], since[64];
	bool well = state->until > s->now - SITE_SILENT &&
		(!waiting || waiting > s->now - SITE_SILENT);
	head(s, "site", well);
	printf("%-20s told all until %s; has confirmed %" PRIu64 " of %" PRIu64 " erasures",
		state->site, ago(told, sizeof told, state->until, s->now), state->obeyed,
		state->erasures);
	if (waiting)
		printf(", one is waited for since %s", ago(since, sizeof since, waiting, s->now));
	putchar('\n');
	return 0;
}

static int say_site_key(void *context, const struct site_key_use *use)
{
	(void)context;
	if (!use->seals)
		printf("key       %s opens lines beside the key that seals; %s%s\n", use->name,
			use->others ? "heard to seal with it: " : "no other site seals with it",
			use->sites);
	return 0;
}

static int say_sites(struct screen *s)
{
	return store_sites_present(s->session.store, say_other_site, s) ||
			store_site_keys(s->session.store, say_site_key, s)
		? STORE_FAILED
		: STORE_OK;
}

static int say_contacts(struct screen *s)
{
	uint64_t counts[STATE_COUNT], objectors[STATE_COUNT];
	if (store_contact_counts(s->session.store, counts) ||
		store_contact_objectors(s->session.store, objectors))
		return STORE_FAILED;
	bool any = false;
	printf("contacts ");
	for (unsigned i = 0; i < STATE_COUNT; i++) {
		any |= counts[i];
		if (counts[i])
			printf(" %" PRIu64 " %s", counts[i], contact_state_name(i));
		if (counts[i] && i != STATE_INACTIVE && objectors[i])
			printf(" (%" PRIu64 " without a stream)", objectors[i]);
	}
	puts(any ? "" : " none yet");
	return STORE_OK;
}

/* The report of last month: whether it is out, and when it is due. */
static int say_next(struct screen *s)
{
	struct month last = month_before(month_of(s->now), 1);
	struct ledger_entry sent, written, unanswered;
	char pair[32], text[64];
	snprintf(pair, sizeof pair, "month=%04d-%02d", last.year, last.month);
	if (store_ledger_last(s->session.store, LEDGER_REPORT_SENT, pair, &sent) ||
		store_ledger_last(s->session.store, LEDGER_REPORT_WRITTEN, pair, &written) ||
		store_ledger_last(s->session.store, LEDGER_REPORT_UNANSWERED, pair, &unanswered))
		return STORE_FAILED;
	const char *tries = unanswered.number ? strstr(unanswered.detail, " tries=") : NULL;
	printf("report    %-20s ", pair + 6);
	if (sent.number)
		printf("sent %s", ago(text, sizeof text, sent.at, s->now));
	else if (tries)
		printf("handed over %s times, last %s, and nobody said that it was taken",
			tries + strlen(" tries="), ago(text, sizeof text, unanswered.at, s->now));
	else if (written.number)
		printf("written %s, not sent", ago(text, sizeof text, written.at, s->now));
	else
		printf("not written yet");
	printf("; a run from day %d of a month on makes that of the month before\n",
		(int)s->config->post.day);
	return STORE_OK;
}

static int say_run(struct screen *s)
{
	struct witness w;
	char text[64];
	if (store_witness(s->session.store, &w))
		return STORE_FAILED;
	clock_judge(&w, &s->session.present, &s->session.clock);
	bool well = s->session.clock.doubt == CLOCK_BELIEVED;
	head(s, "last run", well);
	printf("%s%s%s\n", w.last ? ago(text, sizeof text, w.last, s->now) : "none",
		well ? "" : "; the clock is not believed: ", well ? "" : s->session.clock.text);
	return STORE_OK;
}

static int say_all(struct screen *s, const char *command)
{
	static int (*const say[])(struct screen *) = { say_run, say_mailboxes, say_open, say_sites,
		say_contacts, say_next };
	for (size_t i = 0; i < sizeof say / sizeof *say; i++)
		if (say[i](s))
			return session_store_failed(&s->session, command, STORE_FAILED);
	return EXIT_WELL;
}

int cmd_status(const struct config *config, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	const char *no_colour = getenv("NO_COLOR");
	struct screen s = { .config = config, .now = clock_now() };
	if (option_next(argv[0], argc, argv, none) != -1 || optind < argc)
		return usage_error(argv[0], "takes no arguments");
	s.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
	int result = session_open(&s.session, config, SESSION_READ, s.now);
	if (result == EXIT_WELL && json_asked())
		result = status_lines(&s.session, s.now);
	else if (result == EXIT_WELL)
		result = say_all(&s, argv[0]);
	session_close(&s.session);
	return result;
}
