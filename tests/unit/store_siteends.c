/*
 * What ends at one site ends at all: erasures, causes taken back, waves that are held.
 */
#include "tests/unit/store_sites.h"

/* WHO is unknown at the first N sites, each on a day of its own. */
static void unknown_at(unsigned n, const char *who)
{
	for (unsigned i = 0; i < n; i++) {
		store = at[i].s;
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - (5 - i) * DAY),
			NOW);
	}
}

static void all_say(const char *who, int64_t now, enum verdict verdict)
{
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, now).verdict, verdict);
	}
}

/* An operator's move at one site settles what others knew before it. */
static void a_move_holds_everywhere(void **state)
{
	static const char who[] = "gone@example.net";
	enum contact_state from;
	bool moved;
	(void)state;
	unknown_at(3, who);
	exchange(0);
	store = at[1].s;
	assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
	ok(store_begin(store));
	ok(store_contact_move(store, who, strlen(who), MOVE_REACTIVATE, NOW, &from, &moved));
	assert_true(moved);
	ok(store_commit(store));
	exchange(0);
	all_say(who, NOW, VERDICT_SEND);
	/* and what comes after it counts again, wherever it is read */
	store = at[2].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW + 2 * DAY), NOW + 2 * DAY);
	exchange(0);
	all_say(who, NOW + 3 * DAY, VERDICT_SUPPRESS);
}

/* An erasure at one site is obeyed by all, and a line from before it brings nobody back. */
static void forgotten_everywhere(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	struct bag before = { 0 };
	(void)state;
	unknown_at(3, who);
	exchange(0);
	changes_of(0, true, &before);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.contacts, 1);
	exchange(0);
	for (unsigned i = 2; i < SITES; i++)
		shuffle_into(i, &before, 0);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		snprintf(database, sizeof database, "%.90s", at[i].db);
		assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
		assert_int_equal(query_int("SELECT count(*) FROM share"), 0);
		/* everybody has everybody's confirmation */
		assert_int_equal(
			query_int("SELECT count(*) FROM change WHERE kind = 'confirm'"), SITES - 1);
	}
	/* what is heard from now on counts, at every site */
	store = at[2].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW), NOW);
	exchange(0);
	all_say(who, NOW, VERDICT_SUPPRESS);
	empty_bag(&before);
}

static void forget_at(unsigned i, const char *who, int64_t now)
{
	struct erased sum = { 0 };
	store = at[i].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, now, &sum));
	ok(store_commit(store));
}

/*
 * What is read behind an erasure, older mail too, is higher than all before it: its line comes
 * before that of the erasure, and must not be taken for one that is known.
 */
static void read_behind_an_erasure(void **state)
{
	static const char who[] = "anna@example.net";
	(void)state;
	for (unsigned again = 0; again < 3; again++) {
		store = at[1].s;
		for (unsigned i = 0; i < 5; i++)
			put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, who,
					  NOW - DAY + 60 * i + 600 * again),
				NOW);
		exchange(0);
		forget_at(1, who, NOW + 3 * again);
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - 2 * DAY), NOW);
		struct bag b = { 0 };
		char why[CHANGE_WHY_SIZE];
		changes_of(1, false, &b);
		store = at[2].s;
		ok(store_begin(store));
		for (size_t i = 0; i < b.n; i++) /* contacts stand first */
			assert_int_not_equal(give(2, &b.line[i], why), MERGE_REFUSED);
		ok(store_merge_refold(store, NOW));
		ok(store_commit(store));
		empty_bag(&b);
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
		exchange(0);
		forget_at(1, who, NOW + 3 * again + 1);
		exchange(0);
	}
}

/* A site whose clock is ahead erases, and reads on: whoever erases where the clock is right means
 * that, too. */
static void erased_before_a_clock_ahead(void **state)
{
	static const char who[] = "ahead@example.net";
	(void)state;
	unknown_at(2, who);
	exchange(0);
	forget_at(1, who, NOW + 20 * HOUR);
	exchange(0);
	store = at[1].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - DAY), NOW + 20 * HOUR);
	exchange(0);
	all_say(who, NOW + HOUR, VERDICT_SUPPRESS);
	forget_at(0, who, NOW + HOUR);
	exchange(0);
	exchange(0);
	all_say(who, NOW + 2 * HOUR, VERDICT_SEND);
}

struct obeying {
	const char *site;
	int64_t waiting;
	uint64_t erasures, obeyed;
};

static int take_obeying(void *context, const struct site_state *state, int64_t waiting)
{
	struct obeying *o = context;
	if (strcmp(state->site, o->site) == 0)
		*o = (struct obeying){ o->site, waiting, state->erasures, state->obeyed };
	return 0;
}

/* Of the one who was erased, SITE has obeyed all that the site of I knows, or one is WAITING. */
static void obeyed_at(unsigned i, const char *site, int64_t waiting)
{
	struct obeying o = { .site = site };
	ok(store_sites_present(at[i].s, take_obeying, &o));
	assert_int_equal(o.erasures, 1);
	assert_int_equal(o.obeyed, !waiting);
	assert_int_equal(o.waiting, waiting);
}

static void tell(unsigned from, unsigned to)
{
	struct bag b = { 0 };
	changes_of(from, false, &b);
	shuffle_into(to, &b, 0);
	empty_bag(&b);
}

/* Who has obeyed an erasure that keeps suppressions has not yet obeyed the one before it that keeps
 * nothing, of which he has not heard: nobody says so before it is true. */
static void obeyed_when_all_are(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	(void)state;
	today = NOW + HOUR;
	unknown_at(3, who);
	exchange(0);
	forget_at(0, who, NOW);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), true, NOW + HOUR, &sum));
	ok(store_commit(store));
	tell(1, 2);
	tell(2, 3); /* has obeyed the second */
	tell(1, 3);
	obeyed_at(3, "site2", 0);
	tell(0, 3); /* there was one before */
	obeyed_at(3, "site0", NOW + HOUR);
	obeyed_at(3, "site1", NOW);
	obeyed_at(3, "site2", NOW);
	tell(0, 2);
	tell(2, 3);
	obeyed_at(3, "site2", 0);
	obeyed_at(3, "site1", NOW);
	exchange(0);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		for (unsigned k = 0; k < SITES; k++)
			if (i != k)
				obeyed_at(i, at[k].name, 0);
	all_say(who, NOW + HOUR, VERDICT_SEND);
	today = NOW;
}

/* Another life of a site, whose store was restored, has obeyed what its copy had. */
static void obeyed_by_a_copy(void **state)
{
	static const char who[] = "ben@example.net";
	(void)state;
	today = NOW + HOUR;
	unknown_at(2, who);
	exchange(0);
	forget_at(1, who, NOW);
	exchange(0);
	ok(store_begin(at[0].s));
	ok(site_restored(at[0].s));
	ok(store_commit(at[0].s));
	ok(store_begin(at[1].s));
	ok(site_restored(at[1].s));
	ok(store_commit(at[1].s));
	exchange(0);
	for (unsigned i = 2; i < SITES; i++) {
		obeyed_at(i, "site0", 0);
		obeyed_at(i, "site1", 0);
	}
	today = NOW;
}

/* What is kept of an erased suppression stands at every site, and nothing beside it. */
static void reduced_everywhere(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	(void)state;
	unknown_at(2, who);
	exchange(0);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), true, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.suppressions, 1);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
		snprintf(database, sizeof database, "%.90s", at[i].db);
		/* what each of the two knew */
		assert_int_equal(query_int("SELECT count(*) FROM share"), 2);
	}
}

/* A cause that is taken back at one site is taken back at all, also of what comes later. */
static void undone_everywhere(void **state)
{
	static const char *const who[] = { "anna@example.net", "ben@example.net",
		"carla@example.net" };
	struct cause_choice choice = {
		.from = NOW - 9 * DAY, .to = NOW, .rule = "rule-user-unknown"
	};
	struct cause_moves moves;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		store = at[i].s;
		put_event(
			event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[i], NOW - 2 * DAY), NOW);
	}
	exchange(0);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_undo(store, &choice, NOW, &moves));
	ok(store_commit(store));
	assert_int_equal(moves.matched, 3);
	store = at[0].s; /* does not know of it yet */
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[1], NOW - DAY), NOW);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		for (unsigned n = 0; n < 3; n++) {
			store = at[i].s;
			assert_int_equal(check(who[n], NOW).verdict, VERDICT_SEND);
		}
}

static int setup_braked_sites(void **state)
{
	braked = true;
	return setup_sites(state);
}

static int teardown_braked_sites(void **state)
{
	braked = false;
	return teardown_sites(state);
}

enum { WAVE_CROWD = 40 };

static int count_wave(void *context, const struct wave *w)
{
	(void)w;
	++*(unsigned *)context;
	return 0;
}

static void read_wave(unsigned site, const char *provider)
{
	char who[64];
	store = at[site].s;
	ok(store_begin(store));
	for (unsigned i = 0; i < WAVE_CROWD; i++) {
		snprintf(who, sizeof who, "p%u@%s.example.org", i, provider);
		struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW + i);
		snprintf(e.provider, sizeof e.provider, "%s", provider);
		put(&e, site * 100000 + i, NOW + i);
	}
	ok(store_commit(store));
}

/* How many of a wave are in this state, at all sites together. */
static unsigned count_everywhere(const char *provider, enum contact_state state, int64_t now)
{
	unsigned n = 0;
	char who[64];
	for (unsigned site = 0; site < SITES; site++)
		for (unsigned i = 0; i < WAVE_CROWD; i++) {
			snprintf(who, sizeof who, "p%u@%s.example.org", i, provider);
			store = at[site].s;
			n += check(who, now).state == state;
		}
	return n;
}

/* Only the site that has read them sees that they are too many; what it holds is held everywhere,
 * and what any site decides, as a whole or of one recipient, holds everywhere. */
static void waves_are_held_everywhere(void **state)
{
	struct cause_choice yahoo = { .from = NOW, .to = NOW, .provider = "yahoo" };
	struct cause_choice gmail = { .from = NOW, .to = NOW, .provider = "gmail" };
	struct cause_moves moves;
	enum contact_state from;
	uint64_t waves;
	bool moved;
	(void)state;
	read_wave(0, "gmail");
	read_wave(1, "yahoo");
	exchange(33);
	exchange(0);
	assert_int_equal(
		count_everywhere("gmail", STATE_UNCONFIRMED, NOW + HOUR), SITES * WAVE_CROWD);
	assert_int_equal(
		count_everywhere("yahoo", STATE_UNCONFIRMED, NOW + HOUR), SITES * WAVE_CROWD);
	store = at[2].s; /* has read nothing itself */
	ok(store_begin(store));
	ok(store_contact_move(
		store, "p3@gmail.example.org", 20, MOVE_CONFIRM, NOW + HOUR, &from, &moved));
	ok(store_commit(store));
	assert_true(moved);
	exchange(33);
	exchange(0);
	assert_int_equal(count_everywhere("gmail", STATE_INACTIVE, NOW + HOUR), SITES);
	store = at[3].s;
	ok(store_begin(store));
	ok(store_confirm(store, &yahoo, &waves));
	ok(store_commit(store));
	assert_int_equal(waves, 1);
	store = at[4].s;
	ok(store_begin(store));
	ok(store_undo(store, &gmail, NOW + HOUR, &moves));
	ok(store_commit(store));
	exchange(33);
	exchange(0);
	assert_int_equal(count_everywhere("yahoo", STATE_INACTIVE, NOW + HOUR), SITES * WAVE_CROWD);
	assert_int_equal(count_everywhere("gmail", STATE_ACTIVE, NOW + HOUR), SITES * WAVE_CROWD);
	advance_all(NOW + DAY);
	exchange(0);
	assert_int_equal(count_everywhere("yahoo", STATE_INACTIVE, NOW + DAY), SITES * WAVE_CROWD);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		unsigned held = 0;
		ok(store_waves(store, NOW + DAY, count_wave, &held));
		assert_int_equal(held, 0);
		assert_same_rows(0, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_move_holds_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(forgotten_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			read_behind_an_erasure, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			erased_before_a_clock_ahead, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(obeyed_when_all_are, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(obeyed_by_a_copy, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(reduced_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(undone_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			waves_are_held_everywhere, setup_braked_sites, teardown_braked_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
