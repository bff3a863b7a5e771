/*
 * Evidence of retention and integrity for an auditor: what is kept, how long and why; what is still
 * there and since when; which keys exist; what the purges did and on which days there was none;
 * whether the ledger's chain holds, and its head, to compare with the one in the monthly mails.
 * Each promise is judged; a broken one says since when, and what to do.
 */
#include "reports/audit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "classify/base/units.h"
#include "store/chain.h"
#include "store/intact.h"
#include "store/site.h"

enum {
	PURGE_GRACE = 2 * DAY, /* a purge a day is promised; on the day after the first missed one
				  somebody should look */
	GAP_REMEMBERED = 365 * DAY, /* so long after its end such a gap is told as broken */
};

#define REPORT_STATE_NAME(symbol, name) name,
static const char *const state_names[] = { PROMISE_STATES(REPORT_STATE_NAME) };

const char *promise_state_name(enum promise_state state)
{
	return state_names[state];
}

/* --- loading -------------------------------------------------------------- */

static void count_kind(struct audit *a, const char *kind)
{
	unsigned i = 0;
	while (i < a->kinds && strcmp(a->kind[i].kind, kind) != 0)
		i++;
	if (i == AUDIT_KINDS_MAX)
		return;
	if (i == a->kinds)
		snprintf(a->kind[a->kinds++].kind, sizeof a->kind[i].kind, "%s", kind);
	a->kind[i].count++;
}

/* Days FROM..TO, both at midnight, on which retention was due and was not applied. */
static void note_gap(struct audit *a, int64_t from, int64_t to)
{
	if (from > to)
		return;
	a->gap[a->gaps++ % AUDIT_GAPS_MAX] = (struct purge_gap){ from, to };
	if (to >= a->now - GAP_REMEMBERED &&
		(!a->longest.from || to - from > a->longest.to - a->longest.from))
		a->longest = (struct purge_gap){ from, to };
	a->days_missed += (uint64_t)((to - from) / DAY) + 1;
}

static int64_t midnight(int64_t at)
{
	return at - (at % DAY + DAY) % DAY;
}

/* "name=bounces unrecognised=3 quarantine=0" */
static void note_mail_purge(struct audit *a, const struct ledger_entry *e)
{
	char pairs[LEDGER_TEXT_SIZE], *rest = pairs, *pair;
	struct mail_purge *m = a->mail;
	snprintf(pairs, sizeof pairs, "%s", e->detail);
	const char *name = strsep(&rest, " ") + strlen("name=");
	while (m < a->mail + a->mails && strncmp(m->mailbox, name, sizeof m->mailbox - 1) != 0)
		m++;
	if (m == a->mail + AUDIT_MAILBOXES_MAX)
		return;
	a->mails += m == a->mail + a->mails;
	snprintf(m->mailbox, sizeof m->mailbox, "%s", name);
	m->at = e->at;
	while ((pair = strsep(&rest, " "))) {
		size_t n = strcspn(pair, "=");
		for (unsigned use = 0; use < FOLDER_USE_COUNT; use++)
			if (pair[n] && strlen(folder_use_name(use)) == n &&
				memcmp(folder_use_name(use), pair, n) == 0)
				m->deleted[use] += strtoull(pair + n + 1, NULL, 10);
	}
}

const struct mail_purge *audit_mail_purge(const struct audit *a, const struct audit_folder *f)
{
	char name[AUDIT_WORD_SIZE];
	chain_word(name, sizeof name, f->mailbox);
	for (unsigned i = 0; i < a->mails; i++)
		if (strcmp(a->mail[i].mailbox, name) == 0)
			return &a->mail[i];
	return NULL;
}

/* The number behind NAME ("events=") in a detail; 0 where there is none. */
static int64_t pair_number(const char *detail, const char *name)
{
	const char *at = detail;
	while ((at = strstr(at, name)) && at > detail && at[-1] != ' ')
		at++;
	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/*
 * What the ledger says became of events, and whose days the tallies count: where one of both
 * changed, only what is younger can be compared.
 */
static void follow_events(struct audit *a, const struct ledger_entry *e)
{
	int64_t cut = 0;
	if (ledger_is(e, LEDGER_CONFIGURATION)) {
		a->events_period = pair_number(e->detail, "events=");
		const char *changed = strstr(e->detail, "changed=");
		if (changed &&
			memmem(changed, strcspn(changed, " "), "timezone", strlen("timezone")))
			cut = e->at;
	} else if (ledger_is(e, LEDGER_PURGE) && pair_number(e->detail, "events=")) {
		cut = e->at - a->events_period + DAY;
	} else if (ledger_is(e, LEDGER_FORGET)) {
		a->events_forgotten += (uint64_t)pair_number(e->detail, "events=");
	} else if (ledger_is(e, LEDGER_RESTORED)) {
		a->events_forgotten += (uint64_t)pair_number(e->detail, "erased_again=");
	}
	if (cut > a->events_cut)
		a->events_cut = cut;
}

/* Entries between "clock-given" and "clock-own" have the times that --now named. */
static void follow_clock(struct audit *a, const struct ledger_entry *e)
{
	if (ledger_is(e, LEDGER_CLOCK_GIVEN)) {
		a->given = true;
		a->given_always = e->number == 1;
		if (!a->given_since)
			a->given_since = e->at;
	} else if (ledger_is(e, LEDGER_CLOCK_OWN)) {
		a->given = a->given_always = false;
	} else if (a->given && !a->given_always) {
		a->given_entries++;
		a->given_purges += ledger_is(e, LEDGER_PURGE) || ledger_is(e, LEDGER_MAIL_PURGE);
	}
}

/* What was before the first entry that is kept. */
static int begin_times(struct audit *a, struct store *store)
{
	struct ledger_entry cut;
	int result = store_ledger_last(store, LEDGER_LEDGER_CUT, NULL, &cut);
	const char *word = result ? "own" : ledger_cut_time(&cut);
	a->given_always = strcmp(word, "always") == 0;
	a->given = strcmp(word, "own") != 0;
	a->given_since = a->given ? cut.at : 0;
	return result;
}

static int take_audit_entry(void *context, const struct ledger_entry *e)
{
	static const enum ledger_kind routine[] = { LEDGER_PURGE, LEDGER_MAIL_PURGE,
		LEDGER_CHECKPOINT, LEDGER_REPORT_WRITTEN, LEDGER_REPORT_SENT,
		LEDGER_REPORT_TESTED };
	struct audit *a = context;
	bool act = true;
	if (a->entries++ == 0)
		a->first = *e;
	if (ledger_is(e, LEDGER_PURGE)) {
		const struct ledger_entry *before = a->purges
			? &a->purge[(a->purges - 1) % AUDIT_PURGES_MAX]
			: &a->first;
		note_gap(a, midnight(before->at) + DAY, midnight(e->at) - DAY);
		a->purge[a->purges++ % AUDIT_PURGES_MAX] = *e;
	}
	requests_take(&a->requests, e);
	follow_events(a, e);
	follow_clock(a, e);
	if (ledger_is(e, LEDGER_STORE_OLDER))
		a->older_at = e->at;
	if (ledger_is(e, LEDGER_MAIL_PURGE) && strncmp(e->detail, "name=", strlen("name=")) == 0)
		note_mail_purge(a, e);
	if (ledger_is(e, LEDGER_CHECKPOINT)) {
		a->checkpoint = *e;
		a->checkpoints++;
	}
	for (size_t i = 0; i < sizeof routine / sizeof *routine; i++)
		act &= !ledger_is(e, routine[i]);
	if (act)
		a->act[a->acts++ % AUDIT_ACTS_MAX] = *e;
	a->last = *e;
	count_kind(a, e->kind);
	return 0;
}

static int take_audited_key(void *context, const struct key_info *k)
{
	struct audit *a = context;
	if (a->keys < AUDIT_KEYS_MAX)
		a->key[a->keys++] = *k;
	return 0;
}

static int take_find(void *context, const char *what)
{
	struct finds *f = context;
	size_t n = strlen(f->text);
	if (n + strlen(what) + 3 < sizeof f->text)
		snprintf(f->text + n, sizeof f->text - n, "%s%s", n ? "; " : "", what);
	f->count++;
	return 0;
}

static int take_lost_key(void *context, const struct key_missing *m)
{
	struct audit *a = context;
	size_t n = strlen(a->keys_lost);
	snprintf(a->keys_lost + n, sizeof a->keys_lost - n, "%s%s%s", n ? ", " : "", m->month,
		m->loss == KEY_GIVEN_UP ? " (given up)" : "");
	return 0;
}

static int take_audit_mailbox(void *context, const struct mailbox_state *m)
{
	struct audit *a = context;
	if (a->mailboxes < AUDIT_MAILBOXES_MAX)
		a->mailbox[a->mailboxes++] = *m;
	return 0;
}

/* --- judging -------------------------------------------------------------- */

static void judge_class(struct audit *a, const struct purge_class *c)
{
	char id[STORE_NAME_SIZE], period[32];
	bool keys = strcmp(c->name, "month keys") == 0;
	snprintf(id, sizeof id, "retention-%s", keys ? "keys" : c->name);
	struct promise *p = audit_promise(a, id);
	if (keys)
		audit_say(p->title, "A month's key is destroyed with the last event of that month");
	else
		audit_say(p->title, "What is older than %s in the class \"%s\" is deleted",
			period_text(c->period, period, sizeof period), c->name);
	const char *unit = keys ? "key" : "row", *are = c->overdue == 1 ? " is" : "s are",
		   *they = c->overdue == 1 ? "it is" : "they are";
	audit_say(p->detail, "%llu %s%s, none overdue", (unsigned long long)c->left, unit,
		c->left == 1 ? "" : "s");
	if (!c->overdue)
		return;
	p->state = PROMISE_BROKEN;
	p->since = c->oldest ? c->oldest + c->period : c->cutoff;
	audit_say(p->detail, "%llu %s%s still there although %s due for deletion",
		(unsigned long long)c->overdue, unit, are, they);
	audit_say(p->action,
		"Run `retour purge` now. Then see why no run did: is the timer on (systemctl status retour.timer), and what does its journal say?");
}

/* Counted row by row now, and kept as rows came and went: figures that come about independently. */
static void judge_counts(struct audit *a)
{
	struct promise *p = audit_promise(a, "held-counts");
	size_t n = 0;
	audit_say(p->title, "What the store says it holds is what is there");
	audit_say(p->detail,
		"every row was counted; each class has as many, day by day, as came in and did not go");
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		if ((c->left == c->kept && !c->days_off) || n >= AUDIT_TEXT_SIZE)
			continue;
		p->state = PROMISE_BROKEN;
		n += (size_t)snprintf(p->detail + n, AUDIT_TEXT_SIZE - n,
			"%s%s: %llu rows, %llu by the counts, other on %u days", n ? "; " : "",
			c->name, (unsigned long long)c->left, (unsigned long long)c->kept,
			c->days_off);
	}
	if (p->state != PROMISE_BROKEN)
		return;
	p->since = a->last.at;
	audit_say(p->action,
		"Copy the database before anything else writes to it. Rows came or went past this program: find out who could write to the file.");
}

static void judge_purges(struct audit *a)
{
	struct promise *p = audit_promise(a, "purge-daily");
	int64_t last = a->purges ? a->purge[(a->purges - 1) % AUDIT_PURGES_MAX].at : a->first.at;
	char at[32], from[32];
	audit_say(p->title, "Retention is applied every day");
	audit_say(p->detail, "the last time %s%s",
		a->purges ? utc_text(last, at, sizeof at) : "never",
		a->days_missed ? "; days were missed before, see Purges" : "");
	int64_t gap = a->longest.from ? (a->longest.to - a->longest.from) / DAY + 1 : 0;
	if (gap > GAP_BROKEN) {
		p->state = PROMISE_BROKEN;
		p->since = a->longest.from;
		audit_say(p->detail, "%lld days without a purge, from %.10s on; the last time %s",
			(long long)gap, utc_text(a->longest.from, from, sizeof from),
			a->purges ? utc_text(last, at, sizeof at) : "never");
		audit_say(p->action,
			"See that the timer runs (systemctl status retour.timer). A gap that is over is told for a year: what it left undone was done late.");
		return;
	}
	if (!a->entries || a->now - midnight(last) < PURGE_GRACE + DAY)
		return;
	p->state = PROMISE_ATTENTION;
	p->since = midnight(last) + DAY;
	audit_say(p->action,
		"See that the timer runs (systemctl status retour.timer). As long as nothing is overdue no promise is broken.");
}

static void judge_ledger(struct audit *a)
{
	struct promise *p = audit_promise(a, "ledger-chain");
	audit_say(
		p->title, "The ledger is complete and unchanged from its first entry to its last");
	audit_say(p->detail, "every entry's hash was computed again and fits");
	if (!a->torn)
		return;
	p->state = PROMISE_BROKEN;
	p->since = a->last.at;
	audit_say(p->detail, "the ledger does not hold: %s", a->fault);
	audit_say(p->action,
		"Copy the database before anything else writes to it. Compare with the head in the last monthly mail and with the last exported evidence: "
		"`retour audit verify` names what was changed. Find out who could write to the file.");
}

static void judge_signatures(struct audit *a)
{
	struct promise *p = audit_promise(a, "ledger-signed");
	char at[32];
	audit_say(p->title, "The ledger's head is signed every day");
	audit_say(p->detail, "%llu checkpoints, the last of %s", (unsigned long long)a->checkpoints,
		a->checkpoints ? utc_text(a->checkpoint.at, at, sizeof at) : "never");
	if (!a->entries ||
		a->now - midnight(a->checkpoints ? a->checkpoint.at : a->first.at) <
			PURGE_GRACE + DAY)
		return;
	p->state = PROMISE_ATTENTION;
	p->since = a->checkpoints ? midnight(a->checkpoint.at) + DAY : a->first.at;
	audit_say(p->action,
		"`retour run` signs; see what it says, and whether sign.key is in the key directory.");
}

static void judge_bytes(struct audit *a)
{
	struct promise *p = audit_promise(a, "bytes-gone");
	int64_t last = a->purges ? a->purge[(a->purges - 1) % AUDIT_PURGES_MAX].at : a->first.at;
	audit_say(p->title, "What is deleted is gone from the bytes of the database");
	if (!a->file.secure_delete) {
		p->state = PROMISE_BROKEN;
		audit_say(p->detail, "SQLite does not overwrite what is deleted");
		audit_say(p->action, "Use an SQLite that knows secure_delete.");
	} else if (a->file.rewrite_due) {
		bool late = a->now - midnight(last) >= PURGE_GRACE + DAY;
		p->state = late ? PROMISE_BROKEN : PROMISE_ATTENTION;
		p->since = late ? midnight(last) + DAY : a->last.at;
		audit_say(p->detail,
			"rows were deleted, and their bytes may still lie in the file or its log");
		audit_say(p->action,
			"The next run or `retour purge` does it, when no other program reads the database.");
	} else {
		audit_say(p->detail,
			"deleting overwrites, and the log was written to the file and emptied after the last deletion");
	}
}

static void judge_pages(struct audit *a)
{
	const struct store_file_state *f = &a->file;
	struct promise *p = audit_promise(a, "pages-whole");

	audit_say(p->title, "The bytes of the database are those that were written");
	if (f->damaged) {
		p->state = f->answers_damaged ? PROMISE_BROKEN : PROMISE_ATTENTION;
		audit_say(p->detail,
			"%llu of %llu pages are not as retour wrote them, the first is page %llu; the contacts are %s",
			(unsigned long long)f->damaged, (unsigned long long)f->pages,
			(unsigned long long)f->first_damaged,
			f->answers_damaged ? "among them" : "whole");
		audit_say(p->action,
			"The disk, or another program, changed the file. Restore a backup: retour-recovery(7).");
	} else if (f->unsealed) {
		audit_say(p->detail,
			"%llu of %llu pages; the others were not written since pages are sealed",
			(unsigned long long)(f->pages - f->unsealed), (unsigned long long)f->pages);
	} else {
		audit_say(p->detail, "all %llu pages", (unsigned long long)f->pages);
	}
}

/* No promise is broken, but requests about that month can no longer be answered. */
static void judge_lost_keys(struct audit *a)
{
	if (!*a->keys_lost)
		return;
	struct promise *p = audit_promise(a, "keys-there");
	audit_say(p->title, "Every month of events has its key");
	p->state = PROMISE_ATTENTION;
	audit_say(p->detail,
		"the events of %s lie under a key that is not there: nobody can be found in them",
		a->keys_lost);
	audit_say(p->action,
		"Put the key back into the key directory, if you have it. The events go with their period. doctor names the key.");
}

/* How long an erasure may be on its way to another site and its confirmation back. */
enum { ERASURE_TRAVELS = 2 * DAY };

static int take_erasing_site(void *context, const struct site_state *state, int64_t waiting)
{
	struct audit *a = context;
	a->sites++;
	if (!waiting || waiting > a->now - ERASURE_TRAVELS)
		return 0;
	if (!a->unconfirmed++)
		snprintf(a->unconfirming, sizeof a->unconfirming, "%s has confirmed %llu of %llu",
			state->site, (unsigned long long)state->obeyed,
			(unsigned long long)state->erasures);
	return 0;
}

/* Each site erases for itself; that all have is known by what they say. */
static void judge_sites(struct audit *a)
{
	if (!a->sites)
		return;
	struct promise *p = audit_promise(a, "erased-everywhere");
	audit_say(p->title, "Whom one site was told to forget every site has forgotten");
	audit_say(p->detail, "%u other sites have confirmed", a->sites);
	if (!a->unconfirmed)
		return;
	p->state = PROMISE_ATTENTION;
	audit_say(p->detail, "%s erasures%s", a->unconfirming,
		a->unconfirmed > 1 ? ", and others lack some, too" : "");
	audit_say(p->action,
		"See that its lines and ours come through; `retour sites` shows until when they have.");
}

static void judge_keys(struct audit *a)
{
	struct promise *p = audit_promise(a, "keys-known");
	unsigned unknown = 0;
	for (unsigned i = 0; i < a->keys; i++)
		unknown += !*a->key[i].fingerprint;
	audit_say(p->title, "Every key in the key directory is one that this store made");
	audit_say(p->detail, "%u keys", a->keys);
	if (!unknown)
		return;
	p->state = PROMISE_ATTENTION;
	audit_say(p->detail, "%u of %u keys are unknown to the store", unknown, a->keys);
	audit_say(p->action,
		"`retour key list` shows them. A key from elsewhere decides nothing, but somebody put it there.");
}

const struct deleting_words *audit_deleting(int64_t deleting)
{
	static const struct deleting_words words[DELETING_COUNT] = {
		[DELETING_UNKNOWN] = { "unknown", "not known, for it was not opened yet" },
		[DELETING_GONE] = { "deletes",
			"it is deleted; the server shows no archive of all mail" },
		[DELETING_TRASH] = { "by-trash",
			"an expunge only archives there; what is deleted goes by way of the trash, and is gone from the archive" },
		[DELETING_NOTHING] = { "archives",
			"an expunge only archives there, and there is no way to delete: nothing is deleted" },
		[DELETING_UNTOLD] = { "not-told",
			"POP3 does not say whether a server keeps what is deleted over it" },
		[DELETING_LOCAL] = { "own-file", "it is taken out of a file of this machine" },
	};
	return &words[deleting > 0 && deleting < DELETING_COUNT ? deleting : DELETING_UNKNOWN];
}

const struct mailbox_state *audit_mailbox(const struct audit *a, const char *name)
{
	for (unsigned i = 0; i < a->mailboxes; i++)
		if (strcmp(a->mailbox[i].name, name) == 0)
			return &a->mailbox[i];
	return NULL;
}

/* Where nothing can be deleted, what was mail to us stays there, addresses and all. */
static void judge_deleting(const struct audit *a, struct promise *p)
{
	for (unsigned i = 0; i < a->options->mailboxes; i++) {
		const struct mailbox_state *m = audit_mailbox(a, a->options->mailbox[i]);
		if (!m || m->facts.deleting != DELETING_NOTHING)
			continue;
		p->state = PROMISE_ATTENTION;
		audit_say(p->detail, "mailbox %s: %s", m->name,
			audit_deleting(m->facts.deleting)->sentence);
		audit_say(p->action, "`retour doctor` says what is missing there.");
	}
}

/* Mail that was moved goes when its folder is visited. */
static void judge_mailboxes(struct audit *a)
{
	struct promise *p = audit_promise(a, "raw-mail");
	char at[32];
	audit_say(
		p->title, "Mail that was moved to a folder is deleted there when its time is over");
	audit_say(p->detail, "every mailbox was visited within a day of its last turn");
	for (unsigned i = 0; i < a->options->folders; i++) {
		const struct audit_folder *f = &a->options->folder[i];
		for (unsigned m = 0; m < a->mailboxes; m++) {
			const struct mailbox_state *state = &a->mailbox[m];
			if (strcmp(state->name, f->mailbox) != 0 || !f->period ||
				a->now - state->read_at < PURGE_GRACE)
				continue;
			p->state = PROMISE_ATTENTION;
			p->since = state->read_at + DAY;
			audit_say(p->detail, "mailbox %s was last read to its end %s", state->name,
				state->read_at ? utc_text(state->read_at, at, sizeof at) : "never");
			audit_say(p->action,
				"`retour doctor` tries the mailbox and says what fails.");
		}
	}
	if (!a->options->folders)
		audit_say(p->detail, "no folder is configured for that");
	judge_deleting(a, p);
}

static void judge_promises(struct audit *a)
{
	for (unsigned i = 0; i < a->held.count; i++)
		judge_class(a, &a->held.at[i]);
	audit_judge_hands(a);
	judge_counts(a);
	judge_bytes(a);
	judge_pages(a);
	judge_purges(a);
	judge_keys(a);
	judge_sites(a);
	judge_lost_keys(a);
	judge_mailboxes(a);
	judge_ledger(a);
	judge_signatures(a);
	for (unsigned i = 0; i < a->promises; i++)
		if (a->promise[i].state > a->worst)
			a->worst = a->promise[i].state;
}

int audit_load(struct audit **out, struct store *store, int64_t now,
	const struct audit_options *options, char *error, size_t size)
{
	struct audit *a = *out = calloc(1, sizeof *a);
	snprintf(error, size, "no memory for the audit");
	if (!a)
		return -1;
	a->options = options;
	a->now = now;
	int held = store_held_counted(store, now, &a->held);
	a->events_period = a->held.at[RETAIN_EVENTS].period; /* until an entry tells another */
	int walked = begin_times(a, store);
	if (walked == STORE_OK)
		walked = store_ledger_walk(store, take_audit_entry, a);
	a->torn = walked == STORE_BROKEN;
	if (a->torn)
		snprintf(a->fault, sizeof a->fault, "%s", store_error(store));
	/* what is older than its period may be gone at any time, or not yet */
	int64_t due = now - a->held.at[RETAIN_EVENTS].period + DAY;
	if (a->events_cut < due)
		a->events_cut = due;
	if ((a->torn || walked == STORE_OK) &&
		store_schema_differs(store, take_find, &a->schema) == STORE_OK &&
		store_keys_strange(store, take_find, &a->strange_keys) == STORE_OK &&
		audit_reconcile(a, store) == STORE_OK &&
		store_is_older(store, &a->older, &a->noted) == STORE_OK &&
		store_erasures_known(store, &a->erasures_known) == STORE_OK &&
		(held == STORE_OK || held == STORE_BROKEN) &&
		store_file_state(store, &a->file) == STORE_OK &&
		store_keys(store, take_audited_key, a) == STORE_OK &&
		store_keys_lost(store, take_lost_key, a) == STORE_OK &&
		store_sites_present(store, take_erasing_site, a) == STORE_OK &&
		store_mailboxes(store, take_audit_mailbox, a) == STORE_OK) {
		if (a->entries) {
			int64_t last = a->purges ? a->purge[(a->purges - 1) % AUDIT_PURGES_MAX].at
						 : a->first.at;
			note_gap(a, midnight(last) + DAY, midnight(now) - DAY);
		}
		judge_promises(a);
		audit_record(a);
		*error = '\0';
		return 0;
	}
	snprintf(error, size, "the audit cannot read the store: %s", store_error(store));
	free(a);
	*out = NULL;
	return -1;
}

bool audit_broken(const struct audit *a)
{
	return a->worst == PROMISE_BROKEN;
}

void audit_free(struct audit *a)
{
	free(a);
}
