/*
 * What the tests of the brake share: a store with a brake, crowds that bounce, who is held.
 */
#ifndef RETOUR_STORE_BRAKED_H
#define RETOUR_STORE_BRAKED_H

#include "tests/unit/store_fixture.h"

enum { CROWD = 40 };
static uint64_t next_message;

static int setup_again(void)
{
	struct store_options o = test_options();

	o.brake_minimum = 30;
	o.brake_factor = 3;
	o.brake_hold = 5 * DAY;
	return open_store(o, NOW);
}

static int setup_braked(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	return setup_again();
}

static struct event hard_at(
	const char *provider, const char *rule, const char *mta, const char *who, int64_t at)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, at);

	snprintf(e.provider, sizeof e.provider, "%s", provider);
	snprintf(e.rule, sizeof e.rule, "%s", rule);
	snprintf(e.reporting_mta, sizeof e.reporting_mta, "%s", mta);
	return e;
}

static inline void read_one(struct event e, int64_t now)
{
	ok(store_begin(store));
	put(&e, next_message++, now);
	ok(store_commit(store));
}

/*
 * Bounces of N people, p0@, p1@ of NAME.example.org, BATCH of them in each transaction, ten seconds
 * apart; one rule for names alike.
 */
static void crowd(const char *name, const char *provider, const char *mta, unsigned n,
	unsigned batch, int64_t at)
{
	char who[96], rule[16];

	snprintf(rule, sizeof rule, "rule-%.3s", name);
	ok(store_begin(store));
	for (unsigned i = 0; i < n; i++) {
		if (i && i % batch == 0) {
			ok(store_commit(store));
			ok(store_begin(store));
		}
		snprintf(who, sizeof who, "p%u@%s.example.org", i, name);
		struct event e = hard_at(provider, rule, mta, who, at + (int64_t)i * 10);
		put(&e, next_message++, e.arrived);
	}
	ok(store_commit(store));
}

static struct answer ask(const char *name, unsigned i, int64_t now)
{
	struct answer a;
	char who[96];
	int n = snprintf(who, sizeof who, "p%u@%s.example.org", i, name);

	ok(store_check(store, who, (size_t)n, now, &a));
	return a;
}

static unsigned count_of(const char *name, unsigned n, enum contact_state state, int64_t now)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += ask(name, i, now).state == state;
	return count;
}

static void advance(int64_t now)
{
	uint64_t changed;

	ok(store_advance(store, now, &changed));
}

static int count_wave(void *context, const struct wave *w)
{
	(void)w;
	++*(unsigned *)context;
	return 0;
}

static unsigned waves_at(int64_t now)
{
	unsigned n = 0;

	ok(store_waves(store, now, count_wave, &n));
	return n;
}

/* A fortnight of small mailings: ten people a day are gone, at NAME's provider. */
static inline void quiet_fortnight(const char *provider, const char *mta)
{
	char name[32];

	for (unsigned day = 14; day > 0; day--) {
		snprintf(name, sizeof name, "day%u", day);
		crowd(name, provider, mta, 10, 3, NOW - (int64_t)day * DAY);
	}
	assert_int_equal(waves_at(NOW), 0);
	assert_int_equal(count_of("day1", 10, STATE_INACTIVE, NOW), 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_braked, teardown)

#endif
