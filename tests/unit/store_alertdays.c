/*
 * Alerts over simulated senders: quiet days are quiet, a bad one is told within the hour. With a
 * number as its argument those with campaigns are so many.
 */
#include "tests/unit/rounds.h"
#include "tests/unit/store_alert.h"

/* A generator of our own (splitmix64): the same days on every machine. */
static uint64_t seed;

static uint64_t random_number(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int64_t below(int64_t n)
{
	return (int64_t)(random_number() % (uint64_t)n);
}

/*
 * N trials, each a success with PPM in a million; for large N the normal approximation by a sum of
 * twelve.
 */
static int64_t successes(int64_t n, int64_t ppm)
{
	int64_t mean = n * ppm / 1000000, noise = 0, count = 0, deviation = 0;

	if (n < 2000) {
		for (int64_t i = 0; i < n; i++)
			count += below(1000000) < ppm;
		return count;
	}
	while ((deviation + 1) * (deviation + 1) <= mean)
		deviation++;
	for (int i = 0; i < 12; i++)
		noise += below(2001);
	count = mean + (noise - 12000) * deviation / 1000;
	return count > 0 ? count : 0;
}

static const struct provider_share {
	const char *name;
	int64_t percent;
} shares[] = { { "gmail", 40 }, { "microsoft", 20 }, { "yahoo", 8 }, { "gmx", 12 },
	{ "other", 20 } };

enum { SHARES = sizeof shares / sizeof *shares, QUIET_DAYS = 200 };

/*
 * An hour of a shop: single mails by day more than by night, on Tuesdays and Thursdays at ten a
 * newsletter of some 50,000, once in ten days another one at any working hour. Lists differ: their
 * hard bounces lie between 0.2 and 0.9 %.
 */
static int64_t mails_of(int64_t at, int64_t *hard_ppm)
{
	int64_t hour_of_day = at / HOUR % 24,
		weekday = at / DAY % 7; /* 1970-01-01 was a Thursday: 5 is Tuesday, 0 Thursday */
	int64_t mails = hour_of_day < 6 ? 200 : hour_of_day < 22 ? 1200 : 500;
	bool newsletter = hour_of_day == 10 && (weekday == 5 || weekday == 0);

	*hard_ppm = 4000;
	if (newsletter || (hour_of_day >= 8 && hour_of_day < 18 && below(100) == 0)) {
		mails += 45000 + below(10000);
		*hard_ppm = 2000 + below(7000);
	}
	return mails + below(mails / 4);
}

/* With LOGS the hours of what was sent are known. */
static void simulate_hour(int64_t at, bool logs)
{
	int64_t hard_ppm, mails = mails_of(at, &hard_ppm);

	for (int i = 0; i < SHARES; i++) {
		int64_t n = mails * shares[i].percent / 100;
		ok(db_run(store, SQL_NOTICE_HOUR_ADD, "itiiiiii", at / HOUR, shares[i].name,
			successes(n, hard_ppm), successes(n, 4000), successes(n, 500),
			successes(n, 300), successes(n, 250), successes(n, 1500)));
		if (logs)
			ok(db_run(store, SQL_HOUR_ADD, "itiiii", at / HOUR, shares[i].name, n,
				successes(n, 10000), successes(n, 10000), (int64_t)0));
	}
}

/*
 * What receivers report of a day: a large source, a small one, and one whose mail goes by lists
 * that change it; one day in twenty somebody passes on more. Of TLS sessions few fail.
 */
static void simulate_reports(int64_t begin)
{
	static const struct {
		const char *receiver, *network, *domain;
		int64_t mails, ppm;
	} reports[] = { { "google.com", "192.0.2.0/24", "example.com", 10000, 4000 },
		{ "Yahoo", "192.0.2.0/24", "example.com", 2500, 8000 },
		{ "google.com", "198.51.100.0/24", "shop.example.com", 60, 20000 },
		{ "google.com", "203.0.113.0/24", "lists.example.com", 1500, 90000 } };
	static unsigned digests;
	unsigned char d[STORE_DIGEST_SIZE] = { 0 };

	for (size_t i = 0; i < 2 * sizeof reports / sizeof *reports; i++) {
		const bool tls = i >= sizeof reports / sizeof *reports;
		const size_t n = i % (sizeof reports / sizeof *reports);
		struct summary_head head = { .kind = tls ? SUMMARY_TLS : SUMMARY_DMARC,
			.verified = 1,
			.begin = begin,
			.end = begin + DAY - 1 };
		int64_t mails = reports[n].mails / 2 + below(reports[n].mails),
			ppm = tls ? 3000 : reports[n].ppm * (below(20) ? 1 : 3);
		int64_t bad = successes(mails, ppm);
		struct summary_row row[2] = { { .dkim = !tls, .count = (uint64_t)(mails - bad) },
			{ .result = tls ? TLS_OTHER : TLS_WELL, .count = (uint64_t)bad } };
		digests++;
		memcpy(d, &digests, sizeof digests);
		strcpy(head.receiver, reports[n].receiver);
		for (int k = 0; k < 2; k++) {
			strcpy(row[k].domain, reports[n].domain);
			strcpy(row[k].network, tls ? "" : reports[n].network);
		}
		ok(store_summary(store, d, &head, row, 2, begin + DAY + 5 * HOUR));
	}
}

/*
 * What the same shop has by campaign: order mails and the day's newsletters, of lists that differ.
 * Not all receivers tell of complaints. When is known what was sent: by the hour from logs, by the
 * list in the morning behind, or never.
 */
enum told { BY_LOGS, BY_LIST, BY_NOBODY };
struct campaign {
	const char *name, *stream;
	int64_t least, spread, per_mille; /* mails, and days on which it is sent */
	int64_t hard, complaints;         /* in a million; a list's own is up to twice as much */
};
static const struct campaign campaigns[] = {
	{ "orders", "shop", 18000, 5000, 1000, 3000, 100 },
	{ "tuesday", "news", 45000, 10000, 143, 4500, 200 },
	{ "thursday", "news", 45000, 10000, 143, 4500, 200 },
	{ "welcome", "shop", 150, 100, 1000, 10000, 250 },
	{ "winback", "news", 2000, 3000, 100, 7000, 350 },
	{ "survey", "news", 300, 400, 60, 5000, 200 },
};
static int64_t sent_of_day[2][sizeof campaigns / sizeof *campaigns][SHARES]; /* by day % 2 */
static unsigned campaign_days = 60; /* or as many as the first argument says */

static void tally(int64_t at, const char *kind, const char *klass, const char *category,
	const char *origin, int share, const char *campaign, int64_t n)
{
	if (n)
		ok(db_run(store, SQL_TALLY_ADD, "itttttti", (int64_t)day_of(at), kind, klass,
			category, origin, share < 0 ? "other" : shares[share].name, campaign, n));
}

static void simulate_campaign(int64_t at, size_t c, int share, int64_t n)
{
	static const struct {
		const char *klass, *category;
		int64_t ppm;
	} others[] = { { "soft", "mailbox-full", 4000 }, { "block", "reputation", 500 },
		{ "undetermined", "undetermined", 300 } };
	const struct campaign *k = &campaigns[c];

	tally(at, "failure", "hard", "user-unknown", "matched", share, k->name,
		successes(n, k->hard / 2 + below(k->hard)));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		tally(at, "failure", others[i].klass, others[i].category, "matched", share, k->name,
			successes(n, others[i].ppm));
	if (strcmp(shares[share].name, "gmail") == 0 || strcmp(shares[share].name, "other") == 0)
		return;
	int64_t complaints = successes(n, k->complaints / 2 + below(k->complaints));
	tally(at, "complaint", "", "abuse", "matched", share, k->name, complaints);
	if (complaints)
		sql("INSERT INTO stream_count VALUES (%d, '%s', 'complaint', %lld) ON CONFLICT DO UPDATE SET count = count + excluded.count",
			(int)day_of(at), k->stream, (long long)complaints);
}

static void say_sent(int64_t at, const char *source, size_t c, int share, int64_t n)
{
	ok(db_run(store, SQL_VOLUME_ADD, "itittiiiii", (int64_t)day_of(at), source, (int64_t)0,
		shares[share].name, campaigns[c].name, n, (int64_t)0, (int64_t)0, (int64_t)0,
		(int64_t)0));
}

/* Forged notices come every day; on one of fifty three times as many, which is no wave yet. */
static void simulate_forged(int64_t at)
{
	tally(at, "failure", "hard", "user-unknown", "unverified", -1, "",
		(15 + below(30)) * (below(50) ? 1 : 3));
}

/* Another site, of a sender three times as bad: what it tells of is its own to alert. */
static void simulate_site(int64_t at)
{
	sql("INSERT OR REPLACE INTO site_tally (day, kind, class, category, origin, provider, campaign, count, part, life)"
	    " VALUES (%d, 'failure', 'hard', 'user-unknown', 'matched', 'gmail', 'tuesday', 3000, 0, 1)",
		(int)day_of(at));
	sql("INSERT OR REPLACE INTO site_tally (day, kind, class, category, origin, provider, campaign, count, part, life)"
	    " VALUES (%d, 'complaint', '', 'abuse', 'matched', 'yahoo', 'orders', 300, 0, 1)",
		(int)day_of(at));
}

/* What was sent on the day before is told at eight. */
static void say_yesterday(int64_t at, size_t c, int share, enum told told)
{
	int64_t *n = &sent_of_day[(at / DAY - 1) % 2][c][share];

	if (told == BY_LIST && *n)
		say_sent(at - DAY, "list", c, share, *n);
	*n = 0;
}

static bool is_sent_at(const struct campaign *k, int64_t at)
{
	int64_t h = at / HOUR % 24, weekday = at / DAY % 7;

	if (k->per_mille == 1000)
		return h % 4 == 1;
	if (k->per_mille != 143) /* a seventh: once a week */
		return h == 10 && below(1000) < k->per_mille;
	return h == 10 && weekday == (strcmp(k->name, "tuesday") ? 0 : 5);
}

static void simulate_campaigns(int64_t at, enum told told)
{
	int64_t h = at / HOUR % 24;

	for (size_t c = 0; c < sizeof campaigns / sizeof *campaigns; c++) {
		const struct campaign *k = &campaigns[c];
		bool goes = is_sent_at(k, at);
		for (int i = 0; i < SHARES; i++) {
			if (h == 8)
				say_yesterday(at, c, i, told);
			if (!goes)
				continue;
			int64_t n = (k->least + below(k->spread)) * shares[i].percent / 100 /
				(k->per_mille == 1000 ? 6 : 1);
			simulate_campaign(at, c, i, n);
			sent_of_day[at / DAY % 2][c][i] += n;
			if (told == BY_LOGS)
				say_sent(at, "log", c, i, n);
		}
	}
	if (h == 3)
		simulate_forged(at);
	if (h == 4)
		simulate_site(at);
}

/* Alerts that opened in so many days after eight weeks. */
static unsigned false_alerts(int days, enum told told, bool by_campaign)
{
	int64_t start = NOW - NOW % DAY;

	memset(sent_of_day, 0, sizeof sent_of_day);
	for (int64_t day = -56; day < days; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < 24; h++) {
			simulate_hour(start + day * DAY + h * HOUR, told == BY_LOGS);
			if (by_campaign)
				simulate_campaigns(start + day * DAY + h * HOUR, told);
			if (h == 5)
				simulate_reports(start + (day - 1) * DAY);
			if (day < 0)
				continue;
			ok(store_alerts_watch(
				store, &rules, start + day * DAY + (h + 1) * HOUR - 60));
			ok(store_alerts_clear(
				store, &rules, start + day * DAY + (h + 1) * HOUR - 60));
		}
		ok(store_commit(store));
	}
	return list(ALERTS_ALL);
}

static void quiet_days_are_quiet(void **state)
{
	unsigned with_logs;

	(void)state;
	seed = 1;
	rules.rule[ALERT_RETENTION_OVERDUE].active = false; /* nobody purges here */
	with_logs = false_alerts((int)rounds(QUIET_DAYS), BY_LOGS, false);
	print_message("%u false alerts in %u days\n", with_logs, rounds(QUIET_DAYS));
	assert_in_range(with_logs, 0, rounds(QUIET_DAYS) * 12 / 365); /* one a month */
}

static void and_where_nobody_says_how_much_was_sent(void **state)
{
	unsigned without;

	(void)state;
	seed = 2;
	rules.rule[ALERT_RETENTION_OVERDUE].active = false;
	without = false_alerts((int)rounds(QUIET_DAYS), BY_NOBODY, false);
	print_message("%u false alerts in %u days\n", without, rounds(QUIET_DAYS));
	assert_in_range(without, 0, rounds(QUIET_DAYS) * 12 / 365);
}

static void campaigns_of_quiet_days(uint64_t of, enum told told)
{
	unsigned n;

	seed = of;
	rules.rule[ALERT_RETENTION_OVERDUE].active = false;
	n = false_alerts((int)rounds(campaign_days), told, true);
	print_message("%u false alerts in %u days\n", n, rounds(campaign_days));
	for (unsigned i = 0; i < n; i++)
		print_message("%s %s %llu of %llu\n", alert_condition_name(seen[i].condition),
			seen[i].subject, (unsigned long long)seen[i].figures.part,
			(unsigned long long)seen[i].figures.whole);
	assert_in_range(
		n, 0, larger(rounds(campaign_days), campaign_days) * 12 / 365); /* one a month */
}

/* Campaigns, complaints, forged notices and another site join. */
static void so_are_days_with_campaigns(void **state)
{
	(void)state;
	campaigns_of_quiet_days(5, BY_LOGS);
}

static void and_where_a_list_says_what_was_sent(void **state)
{
	(void)state;
	campaigns_of_quiet_days(6, BY_LIST);
}

/*
 * gmail refuses a third of the mail from 10:20 on the twelfth on; the run comes every ten minutes.
 */
static void an_incident_is_told_within_the_hour(bool logs)
{
	int64_t start = NOW - NOW % DAY, incident = start + 12 * DAY + 10 * HOUR + 20 * 60,
		told = 0;

	seed = 3;
	for (int64_t day = -35; day < 12; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < 24; h++)
			simulate_hour(start + day * DAY + h * HOUR, logs);
		ok(store_commit(store));
	}
	for (int64_t at = start + 12 * DAY; at < start + 13 * DAY && !told; at += 600) {
		ok(store_begin(store));
		if (at % HOUR == 0)
			simulate_hour(at, logs);
		if (at >= incident) /* 1,200 mails an hour, 40 % of them there */
			hour(at, "gmail", "block", 27);
		ok(store_commit(store));
		look(at + 60);
		if (open_one(ALERT_BLOCK_SURGE, "gmail"))
			told = at + 60;
		else if (at < incident)
			assert_int_equal(list(ALERTS_ALL), 0);
	}
	print_message("told after %lld minutes\n", (long long)(told - incident) / 60);
	assert_in_range(told, incident, incident + HOUR);
}

static void an_incident_is_told_within_the_hour_with_logs(void **state)
{
	(void)state;
	an_incident_is_told_within_the_hour(true);
}

static void an_incident_is_told_within_the_hour_without_logs(void **state)
{
	(void)state;
	an_incident_is_told_within_the_hour(false);
}

/* A campaign of 20,000 to a bought list: a tenth of the addresses is dead. */
static void a_bought_list_is_told_within_the_hour(void **state)
{
	int64_t start = NOW - NOW % DAY, at = start + 10 * HOUR;

	(void)state;
	seed = 4;
	for (int64_t day = -35; day <= 0; day++) {
		ok(store_begin(store));
		for (int64_t h = 0; h < (day < 0 ? 24 : 10); h++)
			simulate_hour(start + day * DAY + h * HOUR, true);
		ok(store_commit(store));
	}
	look(at);
	assert_int_equal(list(ALERTS_ALL), 0);
	ok(store_begin(store));
	simulate_hour(at, true);
	sent(at, "other", 20000, 0);
	hour(at, "other", "hard", 2000);
	ok(store_commit(store));
	look(at + HOUR / 2);
	assert_non_null(open_one(ALERT_HARD_RATE, ""));
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "other"));
}

int main(int argc, char **argv)
{
	campaign_days = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : campaign_days;
	const struct CMUnitTest tests[] = {
		T(an_incident_is_told_within_the_hour_with_logs),
		T(an_incident_is_told_within_the_hour_without_logs),
		T(a_bought_list_is_told_within_the_hour),
		T(quiet_days_are_quiet),
		T(and_where_nobody_says_how_much_was_sent),
		T(so_are_days_with_campaigns),
		T(and_where_a_list_says_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
