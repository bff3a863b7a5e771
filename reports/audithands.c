/*
 * The promises that somebody breaks who writes past the program: into the database, beside the
 * keys, or with times of his own.
 */
#include "classify/base/units.h"
#include "reports/audit.h"

static void judge_schema(struct audit *a)
{
	struct promise *p = audit_promise(a, "schema-own");
	audit_say(p->title,
		"The database has the tables, indexes and triggers that this program makes, and nothing else");
	audit_say(p->detail, "each was compared with what retour makes, byte for byte");
	if (!a->schema.count)
		return;
	p->state = PROMISE_BROKEN;
	audit_say(p->detail, "%u differences: %s", a->schema.count, a->schema.text);
	audit_say(p->action,
		"Copy the database before anything else writes to it, and find out who could write to the file. Then restore a backup: retour-recovery(7).");
}

/* Of each day that no purge has reached: counted when it came, and the row that came with it. */
static void judge_tallies(struct audit *a)
{
	struct promise *p = audit_promise(a, "events-tallied");
	audit_say(p->title, "The events that were counted are there until their time is over");
	audit_say(p->detail,
		"on each day that no purge has reached as many are there as the tallies say%s",
		a->events_forgotten ? ", less those that were erased on request" : "");
	if (a->events_missing <= a->events_forgotten && !a->events_extra)
		return;
	p->state = PROMISE_BROKEN;
	audit_say(p->detail,
		"%llu events are counted and not there (%llu were erased on request), %llu are there and not counted",
		(unsigned long long)a->events_missing, (unsigned long long)a->events_forgotten,
		(unsigned long long)a->events_extra);
	audit_say(p->action,
		"Copy the database before anything else writes to it. Rows came or went past this program: find out who could write to the file.");
}

static void judge_strange_keys(struct audit *a)
{
	struct promise *p = audit_promise(a, "keys-alone");
	audit_say(p->title,
		"Nothing lies in the key directory but this store's keys, each under its own name");
	audit_say(p->detail, "every file was opened and its fingerprint compared");
	if (!a->strange_keys.count)
		return;
	p->state = PROMISE_BROKEN;
	audit_say(p->detail, "%u found: %s", a->strange_keys.count, a->strange_keys.text);
	audit_say(p->action,
		"Look at the key directory. A copy of a month's key outlives that month: remove it, and find out who made it.");
}

static void judge_newest(struct audit *a)
{
	struct promise *p = audit_promise(a, "store-newest");
	audit_say(p->title, "The store is as new as its keys remember, and no older copy");
	audit_say(p->detail, "the last entry that lies beside the keys is in the ledger");
	if (!a->older && (!a->older_at || a->now - a->older_at > GAP_BROKEN * DAY))
		return;
	p->state = PROMISE_BROKEN;
	p->since = a->older ? a->last.at : a->older_at;
	if (a->older)
		audit_say(p->detail,
			"the keys know entry %lld, and the ledger ends with entry %lld",
			(long long)a->noted.number, (long long)a->last.number);
	else
		audit_say(p->detail, "an older copy was taken into use; see its entry store-older");
	audit_say(p->action,
		"Find out who put it back, or cut it. What was erased since is erased again, but nothing else that came since is known. A copy that was put back is told for a month.");
}

static void judge_erasures(struct audit *a)
{
	struct promise *p = audit_promise(a, "erasures-known");
	audit_say(p->title, "What was erased is on the list that holds for backups, too");
	audit_say(p->detail, "the list beside the keys has the store's last erasure");
	if (a->erasures_known)
		return;
	p->state = PROMISE_BROKEN;
	audit_say(p->detail,
		"the list beside the keys is missing, or an older one: it does not have the store's last erasure");
	audit_say(p->action,
		"Put the file erasures back as it was. Until then a backup that is restored brings back who was erased since.");
}

static void judge_times(struct audit *a)
{
	struct promise *p = audit_promise(a, "times-own");
	audit_say(p->title, "The times in the ledger are the clock's, and nobody's word");
	audit_say(p->detail, "no command that wrote was given a time by --now");
	if (!a->given_since)
		return;
	p->since = a->given_since;
	p->state = a->given_purges ? PROMISE_BROKEN : PROMISE_ATTENTION;
	if (!a->given_entries) {
		audit_say(
			p->detail, "this store was made with --now: no time in it proves anything");
		audit_say(p->action, "Let a store whose times shall prove something begin anew.");
		return;
	}
	audit_say(p->detail,
		"%llu entries have a time that --now named, %llu of them tell of purges",
		(unsigned long long)a->given_entries, (unsigned long long)a->given_purges);
	audit_say(p->action,
		"Read the ledger from its entry clock-given to its entry clock-own, and find out who ran that and why. What it says of times was not so.");
}

void audit_judge_hands(struct audit *a)
{
	judge_schema(a);
	judge_tallies(a);
	judge_strange_keys(a);
	judge_newest(a);
	judge_erasures(a);
	judge_times(a);
}
