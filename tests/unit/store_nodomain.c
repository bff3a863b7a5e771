/* Domains that nobody has: how many mails on how many days it takes, and what makes them known
 * again. */
#include "tests/unit/store_fixture.h"

static unsigned people;

static void put_gone(const char *domain, int64_t at, unsigned n)
{
	while (n--) {
		char who[96];
		snprintf(who, sizeof who, "r%u@%s", people++, domain);
		put_event(event_of(KIND_FAILURE, CATEGORY_DOMAIN_UNKNOWN, who, at), NOW);
	}
}

static bool is_gone(const char *domain)
{
	bool gone;

	ok(store_domain_is_gone(store, domain, strlen(domain), &gone));
	return gone;
}

static void k_mails_on_two_days(void **state)
{
	(void)state;
	assert_false(is_gone("nobody.example"));
	put_gone("nobody.example", NOW - 3 * DAY, 20);
	assert_false(is_gone("nobody.example"));
	put_gone("NoBody.example", NOW - 2 * DAY, 1);
	assert_true(is_gone("nobody.example"));
	assert_true(is_gone("NOBODY.Example."));
	assert_false(is_gone("nobody.example.org"));
	assert_false(is_gone("not a domain"));
	assert_false(is_gone(""));
	put_gone("few.example", NOW - 3 * DAY, 4);
	put_gone("few.example", NOW, 5);
	assert_false(is_gone("few.example"));
	put_gone("few.example", NOW, 1);
	assert_true(is_gone("few.example"));
}

/* What does not come from it says nothing; any answer does. */
static void any_answer_makes_it_known(void **state)
{
	static const struct {
		enum kind kind;
		enum category category;
		bool known;
	} cases[] = {
		{ KIND_FAILURE, CATEGORY_EXPIRED, false },
		{ KIND_FAILURE, CATEGORY_NETWORK_ERROR, false },
		{ KIND_DELAY, CATEGORY_GREYLISTED, false },
		{ KIND_FAILURE, CATEGORY_USER_UNKNOWN, true },
		{ KIND_FAILURE, CATEGORY_MAILBOX_FULL, true },
		{ KIND_SUCCESS, CATEGORY_UNDETERMINED, true },
		{ KIND_COMPLAINT, CATEGORY_ABUSE, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char domain[64], who[96];
		snprintf(domain, sizeof domain, "d%zu.example", i);
		snprintf(who, sizeof who, "anna@%s", domain);
		put_gone(domain, NOW - 3 * DAY, 6);
		put_gone(domain, NOW - 2 * DAY, 6);
		assert_true(is_gone(domain));
		put_event(event_of(cases[i].kind, cases[i].category, who, NOW - DAY), NOW);
		assert_int_equal(is_gone(domain), !cases[i].known);
	}
}

static void what_is_not_proven_or_a_provider_s_does_not_count(void **state)
{
	struct event e;

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		char who[64];
		snprintf(who, sizeof who, "s%u@strange.example", i);
		e = event_of(KIND_FAILURE, CATEGORY_DOMAIN_UNKNOWN, who, NOW - i % 3 * DAY);
		e.origin = ORIGIN_UNVERIFIED;
		put_event(e, NOW);
		snprintf(who, sizeof who, "s%u@mail.example", i);
		e = event_of(KIND_FAILURE, CATEGORY_DOMAIN_UNKNOWN, who, NOW - i % 3 * DAY);
		strcpy(e.provider, "gmail");
		put_event(e, NOW);
	}
	assert_false(is_gone("strange.example"));
	assert_false(is_gone("mail.example"));
	assert_int_equal(query_int("SELECT count(*) FROM gone_domain"), 0);
}

static void goes_with_an_erasure_and_with_time(void **state)
{
	struct erased sum = { 0 };
	uint64_t changed;

	(void)state;
	put_gone("a.example", NOW - 3 * DAY, 6);
	put_gone("a.example", NOW - 2 * DAY, 6);
	put_gone("b.example", NOW - 3 * DAY, 6);
	put_gone("b.example", NOW - 2 * DAY, 6);
	ok(store_begin(store));
	ok(store_forget(store, "anybody@A.example", 17, false, NOW, &sum));
	ok(store_commit(store));
	assert_false(is_gone("a.example"));
	assert_true(is_gone("b.example"));
	close_store();
	ok(open_store(test_options(), NOW));
	assert_true(is_gone("b.example"));
	ok(store_advance(store, NOW + 177 * DAY, &changed));
	assert_true(is_gone("b.example"));
	ok(store_advance(store, NOW + 179 * DAY, &changed));
	assert_false(is_gone("b.example"));
	assert_int_equal(query_int("SELECT count(*) FROM gone_domain"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(k_mails_on_two_days, setup, teardown),
		cmocka_unit_test_setup_teardown(any_answer_makes_it_known, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_not_proven_or_a_provider_s_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(
			goes_with_an_erasure_and_with_time, setup, teardown),
	};
	return cmocka_run_group_tests_name("nodomain", tests, NULL, NULL);
}
