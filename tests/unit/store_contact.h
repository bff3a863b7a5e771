/*
 * What the tests of contacts share: Joe, and what befalls him.
 */
#ifndef RETOUR_TEST_STORE_CONTACT_H
#define RETOUR_TEST_STORE_CONTACT_H

#include "tests/unit/store_fixture.h"

static const char joe[] = "joe@example.org";

static inline void failed(enum category category, int64_t at)
{
	put_event(event_of(KIND_FAILURE, category, joe, at), at > NOW ? at : NOW);
}

static inline void expect(int64_t now, enum verdict verdict, enum contact_state state,
	int64_t until, const char *reason)
{
	struct answer a = check(joe, now);

	assert_string_equal(verdict_name(a.verdict), verdict_name(verdict));
	assert_string_equal(contact_state_name(a.state), contact_state_name(state));
	assert_int_equal(a.until, until);
	assert_string_equal(a.reason, reason);
}

static inline void advance(int64_t now)
{
	uint64_t changed;

	ok(store_advance(store, now, &changed));
}

static inline void wipe_story(void)
{
	foreign_hands = true;
	ok(db_exec(store,
		"DELETE FROM contact; DELETE FROM agenda; DELETE FROM investigation; DELETE FROM refused; DELETE FROM seen; DELETE FROM wave;"
		"DELETE FROM brake_hour; DELETE FROM brake_peak"));
	ok(store_begin(store));
	store_rollback(store); /* nothing is left in memory */
}

#endif
