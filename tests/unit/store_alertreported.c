/*
 * Alerts of what receivers report of our domains: a source of ours that loses its alignment, TLS
 * that fails; and what anybody may send opens none. An alert that clears says what there is of it.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_alert.h"

#define TODAY (NOW - NOW % DAY)

/* A report of RECEIVER about the day that begins with BEGIN. */
struct told {
	const char *receiver, *network, *domain;
	uint64_t well, bad;
	bool forged, tls;
};

static unsigned digests;

static void tell(int64_t begin, struct told t)
{
	struct summary_head head = { .kind = t.tls ? SUMMARY_TLS : SUMMARY_DMARC,
		.verified = !t.forged,
		.begin = begin,
		.end = begin + DAY - 1 };
	struct summary_row row[2] = { { .count = t.well }, { .count = t.bad } };
	unsigned char d[STORE_DIGEST_SIZE] = { 0 };

	digests++;
	memcpy(d, &digests, sizeof digests);
	snprintf(head.receiver, sizeof head.receiver, "%s", t.receiver);
	for (int i = 0; i < 2; i++) {
		snprintf(row[i].network, sizeof row[i].network, "%s", t.tls ? "" : t.network);
		snprintf(row[i].domain, sizeof row[i].domain, "%s", t.domain);
	}
	row[0].dkim = row[0].spf = !t.tls;
	row[1].result = t.tls ? TLS_EXPIRED : TLS_WELL;
	ok(store_begin(store));
	ok(store_summary(store, d, &head, row, 2, begin + DAY + 6 * HOUR));
	ok(store_commit(store));
}

#define OURS "192.0.2.0/24", "example.com"

/* DAYS before the day BEGIN: two receivers, of 1,000 mails each BAD are not aligned. */
static void habit(int64_t begin, int days, uint64_t bad)
{
	for (int i = 1; i <= days; i++) {
		tell(begin - i * DAY,
			(struct told){ "mailbox.test", OURS, 1000 - bad, bad, .forged = false });
		tell(begin - i * DAY,
			(struct told){ "other.test", OURS, 1000 - bad, bad, .forged = false });
	}
}

static void a_source_that_loses_its_alignment_is_told(void **state)
{
	const struct alert *a;

	(void)state;
	habit(TODAY - DAY, 28, 5);
	look(TODAY - DAY + 6 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 0);
	tell(TODAY - DAY, (struct told){ "mailbox.test", OURS, 600, 400, .forged = false });
	tell(TODAY - DAY, (struct told){ "other.test", OURS, 900, 100, .forged = false });
	look(TODAY + 6 * HOUR);
	a = open_one(ALERT_ALIGNMENT, "example.com");
	assert_non_null(a);
	/* of the days from three days ago on */
	assert_int_equal(a->figures.part, 520);
	assert_int_equal(a->figures.whole, 6000);
	assert_int_equal(a->figures.value, rate_ppm(520, 6000));
	assert_int_equal(a->figures.limit, 50000);
	assert_int_equal(a->figures.from, TODAY - DAY);
	assert_string_equal(a->figures.detail, "mailbox.test, other.test");
	for (int i = 0; i < 4; i++)
		habit(TODAY + (i + 1) * DAY, 1, 5);
	look(TODAY + 4 * DAY + 6 * HOUR);
	assert_null(open_one(ALERT_ALIGNMENT, "example.com"));
	list(ALERTS_ALL);
	assert_true(seen[0].present.known);
	assert_int_equal(seen[0].present.part, 30);
	assert_int_equal(seen[0].present.whole, 6000);
	assert_int_equal(seen[0].present.value, 5000);
}

/* Mail that others pass on is changed; what is so always is no news. */
static void what_is_usual_is_no_break(void **state)
{
	(void)state;
	habit(TODAY - DAY, 28, 40);
	tell(TODAY - DAY, (struct told){ "mailbox.test", OURS, 780, 220, .forged = false });
	tell(TODAY - DAY, (struct told){ "other.test", OURS, 780, 220, .forged = false });
	look(TODAY + 6 * HOUR); /* 10 % instead of 4 % */
	assert_int_equal(list(ALERTS_ALL), 0);
	tell(TODAY, (struct told){ "mailbox.test", OURS, 500, 500, .forged = false });
	tell(TODAY, (struct told){ "other.test", OURS, 500, 500, .forged = false });
	look(TODAY + DAY + 6 * HOUR);
	assert_int_equal(open_one(ALERT_ALIGNMENT, "example.com")->figures.limit, 120000);
}

static void few_mails_are_no_break(void **state)
{
	(void)state;
	for (int i = 2; i < 30; i++)
		tell(TODAY - i * DAY,
			(struct told){ "mailbox.test", OURS, 30, 0, .forged = false });
	tell(TODAY - DAY, (struct told){ "mailbox.test", OURS, 0, 49, .forged = false });
	look(TODAY + 6 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 0);
	tell(TODAY, (struct told){ "mailbox.test", OURS, 29, 1, .forged = false });
	look(TODAY + DAY + 6 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 1);
}

/* Nothing proves it, or who says so only began; and of strangers' mail nobody need hear. */
static void what_anyone_may_send_opens_none(void **state)
{
	(void)state;
	habit(TODAY - DAY, 28, 5);
	for (int i = 1; i < 30; i++) {
		tell(TODAY - i * DAY,
			(struct told){ "mailbox.test", OURS, 0, 4000, .forged = true });
		tell(TODAY - i * DAY,
			(struct told){ "mailbox.test", "", "example.com", 0, 4000, .tls = true,
				.forged = true });
		tell(TODAY - i * DAY,
			(struct told){ "mailbox.test", "203.0.113.0/24", "example.com", 0, 4000,
				.forged = false });
	}
	for (int i = 1; i < 5; i++) {
		tell(TODAY - i * DAY, (struct told){ "new.test", OURS, 0, 4000, .forged = false });
		tell(TODAY - i * DAY,
			(struct told){ "new.test", "", "example.com", 0, 4000, .tls = true });
	}
	look(TODAY + 6 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 0);
}

static void tls_that_fails_is_told(void **state)
{
	const struct alert *a;

	(void)state;
	for (int i = 2; i < 20; i++)
		tell(TODAY - i * DAY,
			(struct told){ "mailbox.test", "", "example.com", 500, 1, .tls = true });
	look(TODAY - DAY + 6 * HOUR);
	assert_int_equal(list(ALERTS_ALL), 0);
	tell(TODAY - DAY, (struct told){ "mailbox.test", "", "example.com", 470, 30, .tls = true });
	look(TODAY + 6 * HOUR);
	a = open_one(ALERT_TLS_FAILURES, "example.com");
	assert_non_null(a);
	assert_int_equal(a->figures.part, 32);
	assert_int_equal(a->figures.whole, 1502);
	assert_int_equal(a->figures.from, TODAY - DAY);
	assert_string_equal(a->figures.detail, "certificate-expired");
	look(TODAY + 5 * DAY); /* nobody reports any more */
	assert_int_equal(list(ALERTS_OPEN), 0);
	assert_int_equal(list(ALERTS_ALL), 1);
	assert_false(seen[0].present.known);
}

/* --- what is left of an alert that clears ----------------------------------- */

static const struct alert *cleared_one(enum alert_condition condition)
{
	list(ALERTS_ALL);
	for (unsigned i = 0; i < seens; i++)
		if (seen[i].condition == condition && seen[i].cleared)
			return &seen[i];
	return NULL;
}

static void a_surge_says_what_is_left(void **state)
{
	const struct alert *a;

	(void)state;
	past(NOW, 28, "gmail", "soft", 5);
	hour(NOW, "gmail", "soft", 100);
	look(NOW + 600);
	assert_non_null(open_one(ALERT_BOUNCE_SURGE, "gmail"));
	assert_false(open_one(ALERT_BOUNCE_SURGE, "gmail")->present.known);
	hour(NOW + 3 * HOUR, "gmail", "soft", 7);
	look(NOW + 3 * HOUR + 600);
	a = cleared_one(ALERT_BOUNCE_SURGE);
	assert_non_null(a);
	assert_true(a->present.known);
	assert_int_equal(a->present.part, 7);
	assert_int_equal(a->figures.part, 100);
}

/* No notice at all since is none. */
static void a_surge_that_ended_leaves_nothing(void **state)
{
	(void)state;
	past(NOW, 28, "gmail", "soft", 5);
	hour(NOW, "gmail", "soft", 100);
	look(NOW + 600);
	look(NOW + 40 * HOUR);
	assert_non_null(cleared_one(ALERT_BOUNCE_SURGE));
	assert_true(cleared_one(ALERT_BOUNCE_SURGE)->present.known);
	assert_int_equal(cleared_one(ALERT_BOUNCE_SURGE)->present.part, 0);
}

/* Also below the least of it: by the day, as counts that are imported make it. */
static void a_rate_says_what_is_left(void **state)
{
	const struct alert *a;

	(void)state;
	sent_in(NOW, "gmail", "spring", 1000);
	tallied(NOW, "failure", "hard", "matched", "gmail", "spring", 60);
	look(NOW + 60);
	assert_non_null(open_one(ALERT_HARD_RATE, ""));
	assert_non_null(open_one(ALERT_CAMPAIGN_HARD, "spring"));
	sent_in(NOW + 5 * DAY, "gmail", "spring", 1000);
	tallied(NOW + 5 * DAY, "failure", "hard", "matched", "gmail", "spring", 3);
	look(NOW + 5 * DAY + 60);
	assert_int_equal(list(ALERTS_OPEN), 0);
	a = cleared_one(ALERT_HARD_RATE);
	assert_true(a->present.known);
	assert_int_equal(a->present.value, 3000);
	assert_int_equal(a->present.part, 3);
	assert_int_equal(a->present.whole, 1000);
	a = cleared_one(ALERT_CAMPAIGN_HARD);
	assert_true(a->present.known);
	assert_int_equal(a->present.part, 3);
}

static void what_a_caller_found_says_what_is_left(void **state)
{
	(void)state;
	found(LEVEL_FIRING, NOW);
	found(LEVEL_CALM, NOW + HOUR);
	assert_true(cleared_one(ALERT_MAILBOX_SILENT)->present.known);
	assert_int_equal(cleared_one(ALERT_MAILBOX_SILENT)->present.value, 7 * HOUR);
	found(LEVEL_FIRING, NOW + 2 * HOUR); /* the same alert again */
	assert_false(seen[0].cleared && !open_one(ALERT_MAILBOX_SILENT, "bounces"));
	list(ALERTS_OPEN);
	assert_false(seen[0].present.known);
}

static void an_older_store_has_alerts_still(void **state)
{
	(void)state;
	found(LEVEL_FIRING, NOW);
	sql("%s", back_to(25));
	close_store();
	ok(open_store(test_options(), NOW));
	found(LEVEL_CALM, NOW + HOUR);
	assert_true(cleared_one(ALERT_MAILBOX_SILENT)->present.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_source_that_loses_its_alignment_is_told),
		T(what_is_usual_is_no_break),
		T(few_mails_are_no_break),
		T(what_anyone_may_send_opens_none),
		T(tls_that_fails_is_told),
		T(a_surge_says_what_is_left),
		T(a_surge_that_ended_leaves_nothing),
		T(a_rate_says_what_is_left),
		T(what_a_caller_found_says_what_is_left),
		T(an_older_store_has_alerts_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
