/*
 * What the figures mean: the verdict, and the measures that follow from the table at the end. Everything here reads cells as they are
 * shown: a figure that is suppressed triggers nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

enum {
	LEVEL_PERCENT = 10,        /* a change below it counts as level */
	WEIGHT_PERMILLE = 5,       /* of all notices: less of one cause is no ground for a measure */
	UNATTRIBUTED_PERCENT = 20, /* of the notices, from which on it is worth a measure */
	UNRECOGNISED_PERMILLE = 50,
};

static uint64_t shown(const struct cell *c)
{
	return c->state == CELL_SHOWN ? c->n : 0;
}

/* --- verdict ----------------------------------------------------------------------------------------------- */

/* -1 fell, 0 level, 1 rose; level too where the difference is below k or a side is not shown. */
static int direction(const struct cell *now, const struct cell *before, unsigned k)
{
	if (now->state != CELL_SHOWN || before->state != CELL_SHOWN)
		return 0;
	uint64_t difference = now->n > before->n ? now->n - before->n : before->n - now->n;
	if (difference < k || difference * 100 < before->n * LEVEL_PERCENT)
		return 0;
	return now->n > before->n ? 1 : -1;
}

static void say_movement(struct sentence *s, const char *what, const struct cell *now, const struct cell *before, unsigned k)
{
	char count[COUNT_TEXT_SIZE];
	long percent;
	int way = direction(now, before, k);
	cell_text(now, k, count, sizeof count);
	if (now->state != CELL_SHOWN)
		say(s, "%s: %s", what, count);
	else if (!change_percent(now, before, &percent))
		say(s, "%s numbered %s", what, count);
	else if (way == 0)
		say(s, "%s stayed level at %s (%+ld %%)", what, count, percent);
	else
		say(s, "%s %s by %ld %% to %s", what, way > 0 ? "rose" : "fell", labs(percent), count);
}

/* The class whose change is the largest part of the bounces' change. */
static unsigned driving_column(const struct figures *now, const struct figures *before, int way, unsigned k)
{
	unsigned best = COLUMN_COUNT;
	int64_t most = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_COMPLAINT || direction(&now->column[c], &before->column[c], k) != way)
			continue;
		int64_t difference = way * ((int64_t)now->column[c].n - (int64_t)before->column[c].n);
		if (difference > most) {
			most = difference;
			best = c;
		}
	}
	return best;
}

/* The provider whose count in that class moved most. */
static const char *driving_provider(const struct figures *now, const struct figures *before, unsigned column, int way, unsigned k)
{
	const char *best = NULL;
	int64_t most = 0;
	for (size_t i = 0; i < now->providers.count; i++) {
		const struct row *row = &now->providers.row[i];
		const struct row *old = row->rest ? NULL : table_find(&before->providers, row->name);
		if (!old || direction(&row->column[column], &old->column[column], k) != way)
			continue;
		int64_t difference = way * ((int64_t)row->column[column].n - (int64_t)old->column[column].n);
		if (difference > most) {
			most = difference;
			best = row->name;
		}
	}
	return best;
}

static const char *const column_words[COLUMN_COUNT] = { [COLUMN_HARD] = "hard bounces", [COLUMN_SOFT] = "soft bounces",
	[COLUMN_BLOCK] = "blocks", [COLUMN_UNDETERMINED] = "bounces without a stated cause", [COLUMN_COMPLAINT] = "complaints" };

/* How much was sent, and of that what came back. */
static void say_rates(struct sentence *s, const struct figures *f, unsigned k)
{
	char count[COUNT_TEXT_SIZE], rate[RATE_TEXT_SIZE];
	say(s, "%s mails were sent on %d days", cell_text(&f->sent, k, count, sizeof count), f->sent_days);
	if (*rate_text(&f->bounces, &f->sent, rate))
		say(s, "; %s %% bounced", rate);
	if (*rate_text(&f->column[COLUMN_COMPLAINT], &f->sent, rate))
		say(s, ", %s %% drew a complaint", rate);
	say(s, ".");
}

static void verdict(struct month_report *r)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	struct sentence s = { r->sentence, 0, sizeof r->sentence }, note = { r->note, 0, sizeof r->note };
	const struct cell *complaints = &now->column[COLUMN_COMPLAINT];
	char month[32], a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE];
	if (!now->sent_days)
		say(&note, "Sent counts are not available, so this report shows counts and shares, not rates.");
	else
		say_rates(&note, now, r->k);
	if (now->partial)
		say(&note, " The records begin within this month.");
	if (!before->covered || before->partial) {
		r->verdict = MONTH_FIRST;
		say(&s, "%s bounces and %s complaints; ", cell_text(&now->bounces, r->k, a, sizeof a),
		    cell_text(complaints, r->k, b, sizeof b));
		say(&s, "there is no full month before it to compare with.");
		return;
	}
	int bounces_way = direction(&now->bounces, &before->bounces, r->k);
	int complaints_way = direction(complaints, &before->column[COLUMN_COMPLAINT], r->k);
	r->verdict = bounces_way > 0 || complaints_way > 0 ? MONTH_WORSE : bounces_way < 0 || complaints_way < 0 ? MONTH_BETTER :
		MONTH_STEADY;
	say(&s, "Against %s, ", month_title(before->month, month, sizeof month));
	say_movement(&s, "bounces", &now->bounces, &before->bounces, r->k);
	say(&s, " and ");
	say_movement(&s, "complaints", complaints, &before->column[COLUMN_COMPLAINT], r->k);
	unsigned column = bounces_way ? driving_column(now, before, bounces_way, r->k) : COLUMN_COUNT;
	if (column < COLUMN_COUNT) {
		const char *provider = driving_provider(now, before, column, bounces_way, r->k);
		say(&s, "; most of the %s is %s", bounces_way > 0 ? "rise" : "fall", column_words[column]);
		if (provider)
			say(&s, ", above all at %s", provider);
	}
	say(&s, ".");
}

/* --- measures ---------------------------------------------------------------------------------------------- */

static uint64_t category_count(const struct month_report *r, unsigned category)
{
	uint64_t n = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		n += shown(&r->month->category[c][category]);
	return n;
}

/* "412 refusals, mostly at microsoft": what one category's measure rests on. */
static bool category_found(const struct month_report *r, unsigned category, const char *what, struct sentence *because)
{
	char count[COUNT_TEXT_SIZE];
	uint64_t n = category_count(r, category);
	if (n == 0 || n * 1000 < shown(&r->month->all) * WEIGHT_PERMILLE)
		return false;
	say(because, "%s%s %s", because->n ? "; " : "", number_text(n, count, sizeof count), what);
	if (*r->month->leader[category])
		say(because, ", mostly at %s", r->month->leader[category]);
	return true;
}

/* The named row with the highest count in a column, where that is a quarter of the column or more. */
static const struct row *top_row(const struct table *t, const struct cell *whole, unsigned column)
{
	const struct row *best = NULL;
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].rest && *t->row[i].name && shown(&t->row[i].column[column]) > (best ? best->column[column].n : 0))
			best = &t->row[i];
	return best && best->column[column].n * 4 >= shown(whole) ? best : NULL;
}

static bool say_top(const struct month_report *r, unsigned column, struct sentence *s)
{
	const struct row *campaign = top_row(&r->month->campaigns, &r->month->column[column], column);
	char count[COUNT_TEXT_SIZE];
	if (!campaign)
		return false;
	say(s, "; %s of them by campaign %s", number_text(campaign->column[column].n, count, sizeof count), campaign->name);
	return true;
}

static bool authentication(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_AUTH_FAILURE, "messages refused because SPF, DKIM or DMARC failed", s);
}

static bool infrastructure(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_INFRASTRUCTURE, "messages refused for reverse DNS or HELO", s);
}

static bool reputation(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_REPUTATION, "messages refused for reputation or a blocklist", s);
}

static bool malware(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_VIRUS, "messages taken for malware", s);
}

static bool complaints_are_rising(const struct month_report *r)
{
	return r->month[1].covered && !r->month[1].partial &&
		direction(&r->month[0].column[COLUMN_COMPLAINT], &r->month[1].column[COLUMN_COMPLAINT], r->k) > 0;
}

static bool complaints_rose(const struct month_report *r, struct sentence *s)
{
	if (!complaints_are_rising(r))
		return false;
	say_movement(s, "Complaints", &r->month[0].column[COLUMN_COMPLAINT], &r->month[1].column[COLUMN_COMPLAINT], r->k);
	say_top(r, COLUMN_COMPLAINT, s);
	return true;
}

static bool complaints_gather(const struct month_report *r, struct sentence *s)
{
	char count[COUNT_TEXT_SIZE];
	say(s, "%s complaints", number_text(shown(&r->month->column[COLUMN_COMPLAINT]), count, sizeof count));
	return say_top(r, COLUMN_COMPLAINT, s) && !complaints_are_rising(r);
}

static bool content(const struct month_report *r, struct sentence *s)
{
	bool spam = category_found(r, CATEGORY_SPAM_CONTENT, "messages taken for spam", s);
	return category_found(r, CATEGORY_CONTENT_REJECTED, "refused for their content", s) || spam;
}

static bool policy(const struct month_report *r, struct sentence *s)
{
	bool refused = category_found(r, CATEGORY_POLICY, "messages refused by policy", s);
	return category_found(r, CATEGORY_SENDER_REJECTED, "with the sender refused", s) || refused;
}

static bool throttled(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_RATE_LIMITED, "messages held back by a rate limit", s);
}

static bool list_quality(const struct month_report *r, struct sentence *s)
{
	char count[COUNT_TEXT_SIZE];
	const struct cell *hard = &r->month->column[COLUMN_HARD];
	say(s, "%s hard bounces", number_text(shown(hard), count, sizeof count));
	/* a list is worth a look when hard bounces gather on it, or when they rise */
	bool gathers = say_top(r, COLUMN_HARD, s);
	return gathers || (r->month[1].covered && direction(hard, &r->month[1].column[COLUMN_HARD], r->k) > 0);
}

static bool typing_errors(const struct month_report *r, struct sentence *s)
{
	bool domain = category_found(r, CATEGORY_DOMAIN_UNKNOWN, "addresses at domains that do not exist", s);
	return category_found(r, CATEGORY_BAD_ADDRESS, "malformed addresses", s) || domain;
}

static bool non_compliant(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_NON_COMPLIANT, "messages refused because they break a standard", s);
}

static bool tls(const struct month_report *r, struct sentence *s)
{
	return category_found(r, CATEGORY_TLS_FAILURE, "messages failed at TLS", s);
}

static bool quarantined(const struct month_report *r, struct sentence *s)
{
	uint64_t n = 0;
	char count[COUNT_TEXT_SIZE];
	for (size_t i = 0; i < r->mailboxes; i++)
		n += shown(&r->mailbox[i].outcome[OUTCOME_QUARANTINED]);
	say(s, "%s messages could not be read and lie in quarantine", number_text(n, count, sizeof count));
	return n > 0;
}

static bool unrecognised(const struct month_report *r, struct sentence *s)
{
	uint64_t unknown = 0, all = 0;
	char count[COUNT_TEXT_SIZE];
	for (size_t i = 0; i < r->mailboxes; i++) {
		unknown += shown(&r->mailbox[i].outcome[OUTCOME_UNRECOGNISED]);
		all += shown(&r->mailbox[i].outcome[OUTCOME_NEW]) + shown(&r->mailbox[i].outcome[OUTCOME_UNRECOGNISED]);
	}
	say(s, "%s messages were not recognised as a bounce, a complaint or an automatic reply", number_text(unknown, count, sizeof count));
	return unknown > 0 && unknown * 1000 >= all * UNRECOGNISED_PERMILLE;
}

static bool unattributed(const struct month_report *r, struct sentence *s)
{
	const struct cell *ours = &r->month->all;
	uint64_t n = shown(&r->month->origin[ORIGIN_UNVERIFIED][0]) + shown(&r->month->origin[ORIGIN_UNVERIFIED][1]);
	char count[COUNT_TEXT_SIZE];
	say(s, "%s notices show nothing by which they could be told to be about our mail", number_text(n, count, sizeof count));
	return n > 0 && n * 100 >= (n + shown(ours)) * UNATTRIBUTED_PERCENT;
}

static bool forged(const struct month_report *r, struct sentence *s)
{
	uint64_t n = shown(&r->month->origin[ORIGIN_BACKSCATTER][0]) + shown(&r->month->origin[ORIGIN_BACKSCATTER][1]);
	char count[COUNT_TEXT_SIZE];
	say(s, "%s notices are about mail that others sent in our name", number_text(n, count, sizeof count));
	return n > 0;
}

/* In the order of their weight: what stops mail at once, what costs reputation, what wears the list down, what blinds this report. */
static const struct {
	const char *id;
	bool (*applies)(const struct month_report *r, struct sentence *because);
	const char *urgency, *owner, *action;
} measures[] = {
	{ "authentication", authentication, "now", "mail administrator",
		"Repair sender authentication: SPF for the return-path domain, DKIM on every sending system, both aligned with the From domain." },
	{ "infrastructure", infrastructure, "now", "mail administrator",
		"Give each sending IP a PTR record that resolves back to it, and a HELO name that matches." },
	{ "reputation", reputation, "now", "deliverability",
		"Find the blocklist or rule that names us, remove its cause, then ask for delisting; send less there, to the most engaged first, "
		"until refusals stop." },
	{ "malware", malware, "now", "mail administrator",
		"Stop the mailings concerned until attachments, links and the linked site are found clean." },
	{ "complaints-rose", complaints_rose, "now", "list owner",
		"Check consent, expectations and frequency of what was complained about; one-click unsubscribing must be visible and work." },
	{ "content", content, "this month", "content owner",
		"Test the campaigns concerned against spam filters: links and their domains, subject lines, the share of images, valid HTML." },
	{ "policy", policy, "this month", "mail administrator",
		"Read the receivers' answers for the rule that was broken and compare with their bulk sender requirements." },
	{ "complaints-gather", complaints_gather, "this month", "list owner",
		"Review the campaign that draws the complaints: who is on its list, what they signed up for, how easily they leave." },
	{ "list-quality", list_quality, "this month", "list owner",
		"Take the list back to its source: confirmed opt-in only, no old imports, suppression applied before every mailing." },
	{ "throttled", throttled, "this month", "mail administrator",
		"Lower concurrency and hourly volume to the provider and spread mailings, instead of retrying harder." },
	{ "typing-errors", typing_errors, "this month", "list owner",
		"Check addresses while they are typed: syntax, existing domain, a question at near misses of large providers." },
	{ "non-compliant", non_compliant, "this month", "mail administrator",
		"Correct the sending software's messages: line lengths, headers, encoding." },
	{ "tls", tls, "this month", "mail administrator",
		"Check TLS versions and certificates of the sending hosts, and the policy (MTA-STS, DANE) of the receivers concerned." },
	{ "quarantined", quarantined, "this month", "mail administrator",
		"Look into the quarantine folder and report what lies there to the developers." },
	{ "unattributed", unattributed, "this month", "mail administrator",
		"Sign return paths (VERP) or list all sending domains, so that notices can be attributed." },
	{ "forged", forged, "watch", "mail administrator",
		"Publish DMARC with an enforcing policy for the domains that were forged; do not answer these notices." },
	{ "unrecognised", unrecognised, "watch", "mail administrator",
		"Read the folder of unrecognised mail; a rule for what repeats there makes next month's report better." },
};

/* --- retention --------------------------------------------------------------------------------------------- */

static void retention(struct month_report *r)
{
	struct sentence s = { r->retention, 0, sizeof r->retention };
	char text[64], count[COUNT_TEXT_SIZE];
	unsigned overdue = 0;
	if (r->ledger_torn)
		say(&s, "The ledger does not hold: its chain of entries is broken, see the audit. ");
	for (unsigned i = 0; i < r->held.count; i++)
		if (r->held.at[i].overdue) {
			say(&s, "%s%s %s", overdue++ ? ", " : "Overdue for deletion: ",
			    number_text(r->held.at[i].overdue, count, sizeof count), r->held.at[i].name);
		}
	if (!overdue)
		say(&s, "Nothing is kept beyond its period");
	if (r->purged.number)
		say(&s, "; the month's last purge ran on %s", utc_text(r->purged.at, text, sizeof text));
	say(&s, ".");
}

void month_findings(struct month_report *r)
{
	verdict(r);
	retention(r);
	for (size_t i = 0; i < sizeof measures / sizeof *measures && r->measures < MEASURES_MAX; i++) {
		struct measure *m = &r->measure[r->measures];
		struct sentence because = { m->because, 0, sizeof m->because };
		if (!measures[i].applies(r, &because))
			continue;
		say(&because, ".");
		m->id = measures[i].id;
		m->urgency = measures[i].urgency;
		m->owner = measures[i].owner;
		m->action = measures[i].action;
		r->measures++;
	}
}
