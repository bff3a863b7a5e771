/*
 * What the store keeps for the monthly report alone: typing errors in providers' domains,
 * operators' comments, investigations that are over.
 */
#include "tests/unit/store_fixture.h"

static const char *near_domain(void *context, const char *domain, size_t n)
{
	(void)context;
	return n == 9 && memcmp(domain, "gamil.com", 9) == 0 ? "gmail.com" : NULL;
}

static int setup_near(void **state)
{
	struct store_options o = test_options();

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	o.near_domain = near_domain;
	return open_store(o, NOW);
}

static char said[4096];

static int say_typing(void *context, const char *meant, uint64_t count)
{
	(void)context;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s %llu;", meant,
		(unsigned long long)count);
	return 0;
}

static void put_failure(
	const char *recipient, enum category category, enum origin origin, const char *provider)
{
	struct event e = event_of(KIND_FAILURE, category, recipient, NOW);

	e.origin = (uint8_t)origin;
	snprintf(e.provider, sizeof e.provider, "%s", provider);
	put_event(e, NOW);
}

static void typing_errors_count_by_what_was_meant(void **state)
{
	(void)state;
	put_failure("a@gamil.com", CATEGORY_DOMAIN_UNKNOWN, ORIGIN_MATCHED, "");
	put_failure("b@GAMIL.com", CATEGORY_USER_UNKNOWN, ORIGIN_VERIFIED, "");
	put_failure("c@gamil.com", CATEGORY_EXPIRED, ORIGIN_MATCHED, "");
	put_failure("d@gamil.com", CATEGORY_MAILBOX_FULL, ORIGIN_MATCHED,
		""); /* somebody's own after all */
	put_failure("e@gamil.com", CATEGORY_DOMAIN_UNKNOWN, ORIGIN_BACKSCATTER, "");
	put_failure("f@gamil.com", CATEGORY_DOMAIN_UNKNOWN, ORIGIN_UNVERIFIED, "");
	put_failure("g@gamil.com", CATEGORY_USER_UNKNOWN, ORIGIN_MATCHED,
		"gmail"); /* its host says who runs it */
	put_failure("h@example.org", CATEGORY_DOMAIN_UNKNOWN, ORIGIN_MATCHED, "");
	*said = '\0';
	ok(store_typing_errors(store, 20261117, 20261117, say_typing, NULL));
	assert_string_equal(said, "gmail.com 3;");
	*said = '\0';
	ok(store_typing_errors(store, 20261118, 20261130, say_typing, NULL));
	assert_string_equal(said, "");
	/* what was typed may be somebody's domain: no file has it */
	assert_int_equal(count_bytes("gamil", 5), 0);
}

static int say_comment(void *context, int64_t at, const char *text)
{
	(void)context;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%lld %s;", (long long)at, text);
	return 0;
}

static void comments_keep_their_order_and_month(void **state)
{
	(void)state;
	ok(store_comment_add(store, "2026-10", "The new IP was warmed up.", NOW + 5));
	ok(store_comment_add(store, "2026-11", "another month", NOW));
	ok(store_comment_add(store, "2026-10", "Grüße\nzweite Zeile", NOW));
	*said = '\0';
	ok(store_comments(store, "2026-10", say_comment, NULL));
	assert_string_equal(
		said, "1794916805 The new IP was warmed up.;1794916800 Grüße\nzweite Zeile;");
}

static void comments_that_no_report_may_print_are_refused(void **state)
{
	char text[STORE_COMMENT_SIZE + 1];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[STORE_COMMENT_SIZE] = '\0';
	assert_int_equal(store_comment_add(store, "2026-10", text, NOW), STORE_MISUSE);
	text[STORE_COMMENT_SIZE - 1] = '\0';
	ok(store_comment_add(store, "2026-10", text, NOW));
	assert_int_equal(store_comment_add(store, "2026-10", "", NOW), STORE_MISUSE);
	assert_int_equal(store_comment_add(store, "2026-10", "write to anna@example.org", NOW),
		STORE_MISUSE);
	assert_null(strstr(store_error(store), "anna"));
	assert_int_equal(store_comment_add(store, "2026-10", "bell \a", NOW), STORE_MISUSE);
	assert_int_equal(store_comment_add(store, "2026-10", "\xff", NOW), STORE_MISUSE);
	ok(store_comment_add(store, "2026-10", "10 @ 3", NOW));
	for (int i = 2; i < STORE_COMMENTS_MAX; i++)
		ok(store_comment_add(store, "2026-10", "more", NOW));
	assert_int_equal(store_comment_add(store, "2026-10", "one too many", NOW), STORE_MISUSE);
	assert_int_equal(query_int("SELECT count(*) FROM comment"), STORE_COMMENTS_MAX);
}

static int say_investigation(void *context, const struct investigation *i)
{
	(void)context;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s %s %lld %lld %llu;",
		i->provider, category_name(i->category), (long long)((NOW - i->opened) / DAY),
		(long long)((i->closed - NOW) / DAY), (unsigned long long)i->blocks);
	return 0;
}

static void investigations_that_are_over_are_remembered(void **state)
{
	uint64_t released, changed;

	(void)state;
	char who[32];

	for (unsigned n = 0; n < 60; n++) {
		snprintf(who, sizeof who, "a%u@example.org", n);
		put_failure(who, n < 30 ? CATEGORY_REPUTATION : CATEGORY_POLICY, ORIGIN_MATCHED,
			n < 30 ? "gmail" : "gmx");
	}
	ok(store_investigate(store, NOW));
	ok(store_resolve(store, "gmail", CATEGORY_REPUTATION, NOW + 2 * DAY, &released));
	*said = '\0';
	ok(store_past_investigations(store, NOW, NOW + 60 * DAY, say_investigation, NULL));
	assert_string_equal(said, "gmail reputation 0 1 30;");
	ok(store_advance(store, NOW + 20 * DAY, &changed));
	*said = '\0';
	ok(store_past_investigations(
		store, NOW + 2 * DAY, NOW + 60 * DAY, say_investigation, NULL));
	assert_string_equal(said, "gmx policy 0 19 30;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			typing_errors_count_by_what_was_meant, setup_near, teardown),
		cmocka_unit_test_setup_teardown(
			comments_keep_their_order_and_month, setup, teardown),
		cmocka_unit_test_setup_teardown(
			comments_that_no_report_may_print_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			investigations_that_are_over_are_remembered, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
