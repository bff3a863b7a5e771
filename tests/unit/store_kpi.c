/*
 * Volumes, rates, cohorts, first and repeated notices: the figures that reports, alerts and advice
 * share.
 */
#include "tests/unit/store_fixture.h"

#define D20261117 20261117

static enum domain_group group_of(void *context, const char *provider)
{
	(void)context;
	return strcmp(provider, "gmail") == 0 ? DOMAIN_LARGE
		: strcmp(provider, "hetzner") == 0 || strcmp(provider, "other") == 0
		? DOMAIN_BUSINESS
		: DOMAIN_UNKNOWN;
}

static int setup_kpi(void **state)
{
	struct store_options o = test_options();

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	o.provider_group = group_of;
	return open_store(o, NOW);
}

static void add_volume(const char *source, bool beside, int32_t day, const char *provider,
	const char *campaign, uint64_t sent)
{
	struct volume v = { .day = day, .sent = sent };

	snprintf(v.provider, sizeof v.provider, "%s", provider);
	snprintf(v.campaign, sizeof v.campaign, "%s", campaign);
	ok(store_begin(store));
	ok(store_volume_add(store, source, beside, &v));
	ok(store_commit(store));
}

static void add_log(int64_t at, const char *provider, const char *campaign, uint64_t delivered,
	uint64_t deferred, uint64_t throttled, uint64_t rejected)
{
	struct volume v = { .delivered = delivered,
		.deferred = deferred,
		.throttled = throttled,
		.rejected = rejected };

	snprintf(v.provider, sizeof v.provider, "%s", provider);
	snprintf(v.campaign, sizeof v.campaign, "%s", campaign);
	ok(store_begin(store));
	ok(store_volume_log(store, at, &v));
	ok(store_commit(store));
}

static void add_notices(enum kind kind, enum category category, const char *provider,
	enum origin origin, int64_t at, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char who[64];
		snprintf(who, sizeof who, "r%llu@example.org", (unsigned long long)next_message);
		struct event e = event_of(kind, category, who, at);
		snprintf(e.provider, sizeof e.provider, "%s", provider);
		e.origin = (uint8_t)origin;
		put_event(e, NOW);
	}
}

static struct rates got[64];
static unsigned gots;

static int keep(void *context, const struct rates *r)
{
	(void)context;
	got[gots++] = *r;
	return 0;
}

static void rates(int32_t from, int32_t to, unsigned group)
{
	gots = 0;
	ok(store_rates(store, from, to, group, keep, NULL));
}

static void a_day_with_everything(void **state)
{
	(void)state;
	add_volume("import", false, D20261117, "gmail", "spring", 1000);
	add_volume("import", false, D20261117, "other", "", 100);
	add_notices(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gmail", ORIGIN_MATCHED, NOW, 5);
	add_notices(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "gmail", ORIGIN_VERIFIED, NOW, 4);
	add_notices(KIND_FAILURE, CATEGORY_REPUTATION, "hetzner", ORIGIN_MATCHED, NOW, 3);
	add_notices(KIND_FAILURE, CATEGORY_UNDETERMINED, "", ORIGIN_MATCHED, NOW, 2);
	add_notices(KIND_COMPLAINT, CATEGORY_ABUSE, "gmail", ORIGIN_MATCHED, NOW, 1);
	add_notices(KIND_DELAY, CATEGORY_MAILBOX_FULL, "gmail", ORIGIN_MATCHED, NOW, 9);
	add_notices(KIND_SUCCESS, CATEGORY_NONE, "gmail", ORIGIN_MATCHED, NOW, 9);
	add_notices(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gmail", ORIGIN_UNVERIFIED, NOW, 7);
	add_notices(KIND_COMPLAINT, CATEGORY_ABUSE, "gmail", ORIGIN_BACKSCATTER, NOW, 6);
	rates(D20261117, D20261117, 0);
	assert_int_equal(gots, 1);
	assert_int_equal(got[0].sent, 1100);
	assert_int_equal(got[0].hard, 5);
	assert_int_equal(got[0].soft, 4);
	assert_int_equal(got[0].block, 3);
	assert_int_equal(got[0].undetermined, 2);
	assert_int_equal(got[0].complaint, 1);
	assert_int_equal(got[0].unattributed, 13);
	assert_int_equal(got[0].unverified, 7);

	rates(D20261117, D20261117, BY_PROVIDER);
	assert_int_equal(gots, 3);
	assert_string_equal(got[0].provider, "gmail");
	assert_int_equal(got[0].sent, 1000);
	assert_int_equal(got[0].hard, 5);
	assert_string_equal(got[1].provider, "hetzner");
	assert_int_equal(got[1].sent, 0);
	assert_int_equal(got[1].block, 3);
	assert_string_equal(got[2].provider, "other");
	assert_int_equal(got[2].sent, 100);

	rates(D20261117, D20261117, BY_DOMAIN_GROUP);
	assert_int_equal(gots, 2);
	assert_string_equal(got[0].group, "business");
	assert_int_equal(got[0].block + got[0].undetermined, 5);
	assert_int_equal(got[0].sent, 100);
	assert_string_equal(got[1].group, "large");
	assert_int_equal(got[1].sent, 1000);

	rates(D20261117, D20261117, BY_CAMPAIGN);
	assert_int_equal(gots, 2);
	assert_string_equal(got[0].campaign, "");
	assert_int_equal(got[0].sent, 100);
	assert_string_equal(got[1].campaign, "spring");
	assert_int_equal(got[1].sent, 1000);
	rates(20261116, 20261116, 0);
	assert_int_equal(gots, 0);
}

static void days_and_months(void **state)
{
	(void)state;
	add_volume("import", false, 20261031, "gmail", "", 10);
	add_volume("import", false, 20261101, "gmail", "", 20);
	add_volume("import", false, 20261102, "gmail", "", 30);
	rates(20261001, 20261130, BY_MONTH);
	assert_int_equal(gots, 2);
	assert_int_equal(got[0].day, 20261000);
	assert_int_equal(got[0].sent, 10);
	assert_int_equal(got[1].day, 20261100);
	assert_int_equal(got[1].sent, 50);
	rates(20261101, 20261130, BY_DAY);
	assert_int_equal(gots, 2);
	assert_int_equal(got[1].day, 20261102);
}

/* The sender knows best what it sent; what became of it is the log's. */
static void an_import_stands_in_for_the_log(void **state)
{
	(void)state;
	add_log(NOW, "gmail", "", 90, 7, 5, 3);
	rates(D20261117, D20261117, 0);
	assert_int_equal(got[0].sent, 93);
	add_volume("shop", true, D20261117, "gmail", "", 1000);
	rates(D20261117, D20261117, 0);
	assert_int_equal(got[0].sent, 1093);
	add_volume("import", false, D20261117, "gmail", "", 100);
	rates(D20261117, D20261117, 0);
	assert_int_equal(got[0].sent, 1100);
	assert_int_equal(got[0].delivered, 90);
	assert_int_equal(got[0].deferred, 7);
	assert_int_equal(got[0].throttled, 5);
	assert_int_equal(got[0].rejected, 3);
	/* another day is not touched by it */
	add_log(NOW - DAY, "gmail", "", 11, 0, 0, 0);
	rates(20261116, 20261116, 0);
	assert_int_equal(got[0].sent, 11);
}

struct total {
	uint64_t sent, delivered;
	int32_t day;
};

static int add_up(void *context, const struct volume *v)
{
	struct total *t = context;

	assert_true(v->day >= t->day);
	t->day = v->day;
	t->sent += v->sent;
	t->delivered += v->delivered;
	return 0;
}

/*
 * Whoever reads the rows and sums up gets what the sums say, also where an import stands in for the
 * log.
 */
static void rows_say_what_sums_say(void **state)
{
	static const unsigned groups[] = { 0, BY_DAY, BY_PROVIDER, BY_CAMPAIGN, VOLUME_ROWS };

	(void)state;
	add_log(NOW - DAY, "gmail", "spring", 70, 5, 2, 3);
	add_log(NOW, "gmail", "spring", 900, 5, 2, 3);
	add_log(NOW, "other", "", 11, 0, 0, 0);
	add_volume("zebra", false, D20261117, "gmail", "spring", 1000);
	add_volume("again", true, D20261117, "gmail", "spring", 40);
	for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
		struct total t = { 0 };
		ok(store_volumes(store, 20261101, 20261130, groups[i], add_up, &t));
		assert_int_equal(t.sent, 73 + 1000 + 40);
		assert_int_equal(t.delivered, 70 + 900 + 11);
	}
}

static void a_source_replaces_its_day(void **state)
{
	uint64_t before;

	(void)state;
	add_volume("a", false, D20261117, "gmail", "x", 1);
	add_volume("a", false, D20261117, "gmail", "y", 2);
	add_volume("a", false, 20261116, "gmail", "y", 4);
	add_volume("b", false, D20261117, "gmail", "x", 8);
	ok(store_begin(store));
	ok(store_volume_clear(store, "a", D20261117, &before));
	ok(store_commit(store));
	assert_int_equal(before, 3);
	rates(20261116, D20261117, 0);
	assert_int_equal(got[0].sent, 12);
	assert_int_equal(store_volume_clear(store, "a", D20261117, &before), STORE_MISUSE);
}

static int keep_peak(void *context, const char *provider, uint64_t delivered)
{
	uint64_t *peak = context;

	if (strcmp(provider, "gmail") == 0)
		*peak = delivered;
	return 0;
}

static void rolling_hours(void **state)
{
	uint64_t peak = 0;

	(void)state;
	add_log(NOW - 25 * HOUR, "gmail", "", 1000, 0, 0, 0);
	add_log(NOW - 23 * HOUR, "gmail", "", 50, 4, 3, 2);
	add_log(NOW - 23 * HOUR + 900, "gmail", "", 10, 0, 0, 0);
	add_log(NOW - HOUR, "other", "", 30, 0, 0, 0);
	add_notices(
		KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gmail", ORIGIN_MATCHED, NOW - 25 * HOUR, 4);
	add_notices(
		KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gmail", ORIGIN_MATCHED, NOW - 3 * HOUR, 2);
	add_notices(KIND_COMPLAINT, CATEGORY_ABUSE, "gmail", ORIGIN_MATCHED, NOW - 3 * HOUR, 1);
	add_notices(
		KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gmail", ORIGIN_UNVERIFIED, NOW - 3 * HOUR, 3);
	gots = 0;
	ok(store_rolling(store, NOW - DAY, NOW, false, keep, NULL));
	assert_int_equal(gots, 1);
	assert_int_equal(got[0].sent, 92);
	assert_int_equal(got[0].delivered, 90);
	assert_int_equal(got[0].throttled, 3);
	assert_int_equal(got[0].hard, 2);
	assert_int_equal(got[0].complaint, 1);
	assert_int_equal(got[0].unverified, 3);
	gots = 0;
	ok(store_rolling(store, NOW - DAY, NOW, true, keep, NULL));
	assert_int_equal(gots, 2);
	assert_string_equal(got[0].provider, "gmail");
	assert_int_equal(got[0].sent, 62);
	ok(store_hour_peaks(store, NOW - DAY, NOW, keep_peak, &peak));
	assert_int_equal(peak, 60);
}

static void a_rate_needs_a_denominator(void **state)
{
	(void)state;
	assert_int_equal(rate_ppm(1, 0), -1);
	assert_int_equal(rate_ppm(0, 10), 0);
	assert_int_equal(rate_ppm(1, 3), 333333);
	assert_int_equal(rate_ppm(2, 3), 666667);
	assert_int_equal(rate_ppm(3, 3), 1000000);
}

/* --- cohorts -------------------------------------------------------------- */

static struct cohort cohorts[8];
static unsigned cohort_count;

static int keep_cohort(void *context, const struct cohort *c)
{
	(void)context;
	cohorts[cohort_count++] = *c;
	return 0;
}

static void read_cohorts(void)
{
	cohort_count = 0;
	ok(store_cohorts(store, 0, 999912, keep_cohort, NULL));
}

static uint64_t in_cohort(int month, enum cohort_outcome outcome)
{
	read_cohorts();
	for (unsigned i = 0; i < cohort_count; i++)
		if (cohorts[i].month == month)
			return cohorts[i].count[outcome];
	return 0;
}

static uint64_t all_in(int month)
{
	uint64_t n = 0;

	for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
		n += in_cohort(month, o);
	return n;
}

#define SEPTEMBER ((int64_t)1789300800) /* 2026-09-13T12:00:00Z */

static void soft(const char *who, int64_t at)
{
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, who, at), NOW);
}

static void ends_of_a_cohort(void **state)
{
	uint64_t changed;

	(void)state;
	soft("still@example.org", SEPTEMBER);
	soft("well@example.org", SEPTEMBER);
	soft("well@example.org", SEPTEMBER + HOUR);
	soft("gone@example.org", SEPTEMBER);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "never@example.org", SEPTEMBER), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_REPUTATION, "block@example.org", SEPTEMBER), NOW);
	assert_int_equal(in_cohort(202609, COHORT_SOFT), 3);
	assert_int_equal(all_in(202609), 3);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "well@example.org", SEPTEMBER + 2 * HOUR),
		NOW);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "gone@example.org", SEPTEMBER + DAY),
		NOW);
	assert_int_equal(in_cohort(202609, COHORT_SOFT), 1);
	assert_int_equal(in_cohort(202609, COHORT_RECOVERED), 1);
	assert_int_equal(in_cohort(202609, COHORT_HARD), 1);
	/* past its ladder */
	soft("still@example.org", SEPTEMBER + 3 * DAY);
	assert_int_equal(in_cohort(202609, COHORT_PAUSED), 1);
	assert_int_equal(all_in(202609), 3);
	/* quiet: time alone makes it well again, unless it is paused */
	soft("quiet@example.org", SEPTEMBER);
	ok(store_advance(store, SEPTEMBER + 32 * DAY, &changed));
	assert_int_equal(in_cohort(202609, COHORT_RECOVERED), 2);
	assert_int_equal(all_in(202609), 4);
}

static void another_month_is_another_cohort(void **state)
{
	(void)state;
	soft("joe@example.org", SEPTEMBER);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "joe@example.org", SEPTEMBER + HOUR), NOW);
	soft("joe@example.org", NOW - DAY);
	assert_int_equal(in_cohort(202609, COHORT_RECOVERED), 1);
	assert_int_equal(all_in(202609), 1);
	assert_int_equal(in_cohort(202611, COHORT_SOFT), 1);
	/* twice in a month is once */
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "joe@example.org", NOW - 20 * HOUR), NOW);
	soft("joe@example.org", NOW - HOUR);
	assert_int_equal(all_in(202611), 1);
	/* a hard failure of who was well ends no cohort of long ago */
	soft("ann@example.org", SEPTEMBER);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "ann@example.org", SEPTEMBER + HOUR), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "ann@example.org", NOW), NOW);
	assert_int_equal(in_cohort(202609, COHORT_RECOVERED), 2);
	assert_int_equal(in_cohort(202609, COHORT_HARD), 0);
}

/* What is read late moves the contact to where it belongs; the sum stays one for each. */
static void in_any_order(void **state)
{
	static const int64_t hours[] = { 0, 1, 30, 50, 24 * 20, 24 * 20 + 2 };
	unsigned order[] = { 0, 1, 2, 3, 4, 5 };
	char who[32];

	(void)state;
	srand(7);
	for (int n = 0; n < 60; n++) {
		for (unsigned i = 5; i; i--) {
			unsigned j = (unsigned)rand() % (i + 1), k = order[i];
			order[i] = order[j];
			order[j] = k;
		}
		snprintf(who, sizeof who, "p%d@example.org", n);
		for (unsigned i = 0; i < 6; i++) {
			struct event e = event_of(order[i] == 3 ? KIND_SUCCESS : KIND_FAILURE,
				order[i] == 3 ? CATEGORY_NONE : CATEGORY_NETWORK_ERROR, who,
				SEPTEMBER + hours[order[i]] * HOUR);
			put_event(e, NOW);
		}
	}
	read_cohorts();
	uint64_t september = all_in(202609), october = all_in(202610);
	assert_int_equal(october, 60); /* 20 days later is another episode, and a month later */
	assert_in_range(september, 0, 60);
	for (unsigned i = 0; i < cohort_count; i++)
		for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
			assert_in_range(cohorts[i].count[o], 0, 60);
	assert_int_equal(query_int("SELECT count(*) FROM cohort WHERE count < 0"), 0);
}

static void first_and_repeated(void **state)
{
	struct recurrence r[CLASS_COUNT];

	(void)state;
	soft("joe@example.org", NOW - 3 * DAY);
	soft("joe@example.org", NOW - 2 * DAY);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW - DAY), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "ann@example.org", NOW - DAY), NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "eve@example.org", NOW - DAY), NOW);
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "eve@example.org", NOW), NOW);
	ok(store_recurrence(store, 20261101, 20261130, r));
	assert_int_equal(r[CLASS_SOFT].first, 1);
	assert_int_equal(r[CLASS_SOFT].repeated, 1);
	assert_int_equal(r[CLASS_HARD].first, 1);
	assert_int_equal(r[CLASS_HARD].repeated, 1);
	assert_int_equal(r[CLASS_COMPLAINT].first, 1);
	assert_int_equal(r[CLASS_COMPLAINT].repeated, 0);
	ok(store_recurrence(store, 20261117, 20261117, r));
	assert_int_equal(r[CLASS_HARD].first + r[CLASS_HARD].repeated, 0);
}

/* --- logs ----------------------------------------------------------------- */

static int count_files(void *context, const struct log_file *f)
{
	unsigned *n = context;

	(void)f;
	++*n;
	return 0;
}

static void logs_are_remembered_within_bounds(void **state)
{
	struct log_file f = { .length = 100, .offset = 100, .at = NOW };
	unsigned n = 0;
	void *value;
	size_t size;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < LOG_FILES_MAX + 10; i++) {
		memcpy(f.fingerprint, &i, sizeof i);
		f.at = NOW - LOG_FILES_MAX + i;
		if (i < LOG_FILES_MAX -
				10) /* of these none is forgotten: not looked for, each time */
			ok(db_run(store, SQL_LOG_FILE_PUT, "biiiiiii", f.fingerprint,
				LOG_FINGERPRINT_SIZE, (int64_t)f.length, (int64_t)f.offset,
				(int64_t)0, (int64_t)0, (int64_t)0, (int64_t)0, f.at));
		else
			ok(store_log_file_put(store, &f, NULL));
	}
	ok(store_commit(store));
	ok(store_log_files(store, count_files, &n));
	assert_int_equal(n, LOG_FILES_MAX);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM log_file WHERE fingerprint = x'00000000000000000000000000000000'"),
		0);
	unsigned char grown[LOG_FINGERPRINT_SIZE];
	memcpy(grown, f.fingerprint, sizeof grown);
	f.fingerprint[15] = 1;
	f.length = 200;
	ok(store_begin(store));
	ok(store_log_file_put(store, &f, grown));
	ok(store_log_state_put(store, "abc", 3));
	ok(store_commit(store));
	n = 0;
	ok(store_log_files(store, count_files, &n));
	assert_int_equal(n, LOG_FILES_MAX);
	ok(store_log_state(store, &value, &size));
	assert_int_equal(size, 3);
	assert_memory_equal(value, "abc", 3);
	free(value);
	assert_int_equal(store_log_file_put(store, &f, NULL), STORE_MISUSE);
}

static void hours_are_kept_for_days(void **state)
{
	struct log_file f = { .length = 1, .offset = 1, .at = NOW };

	(void)state;
	add_log(NOW - (HOURS_KEPT / 24 + 1) * DAY, "gmail", "", 1, 0, 0, 0);
	add_log(NOW - (HOURS_KEPT / 24 - 1) * DAY, "gmail", "", 1, 0, 0, 0);
	ok(store_begin(store));
	ok(store_log_file_put(store, &f, NULL));
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM volume_hour"), 1);
	assert_int_equal(query_int("SELECT count(*) FROM volume"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_kpi, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_day_with_everything),
		TEST(days_and_months),
		TEST(an_import_stands_in_for_the_log),
		TEST(rows_say_what_sums_say),
		TEST(a_source_replaces_its_day),
		TEST(rolling_hours),
		TEST(a_rate_needs_a_denominator),
		TEST(ends_of_a_cohort),
		TEST(another_month_is_another_cohort),
		TEST(in_any_order),
		TEST(first_and_repeated),
		TEST(logs_are_remembered_within_bounds),
		TEST(hours_are_kept_for_days),
	};
	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
