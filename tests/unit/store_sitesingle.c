/*
 * Single acts at sites that have not heard of each other, each of which chance has found once
 * (store_siteacts.c): all come to the same, and to what one machine comes to.
 */
#include "tests/unit/store_siteacts.h"
#include "store/contact.h"

static void all_are(const char *who, enum contact_state state)
{
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		if (check(who, today).state != state)
			fail_msg("%s is %s at site %u, not %s", who,
				contact_state_name(check(who, today).state), i,
				contact_state_name(state));
	}
}

static void fails_at(unsigned i, enum category category, const char *who, int64_t when)
{
	store = at[i].s;
	put_event(event_of(KIND_FAILURE, category, who, when), today);
}

/* Who went at one site and is heard of again on the same day there has another share, which others
 * that have the former one still take. */
static void comes_again(void **state)
{
	static const char who[] = "anna@example.net";
	uint64_t changed;
	(void)state;
	today = NOW;
	store = at[0].s;
	put_event(event_of(KIND_SUCCESS, CATEGORY_UNDETERMINED, who, NOW), NOW);
	exchange(0);
	ok(store_advance(store = at[0].s, NOW + 70 * DAY, &changed));
	fails_at(0, CATEGORY_USER_UNKNOWN, who, NOW + 60);
	exchange(0);
	all_are(who, STATE_INACTIVE);
}

/* Who was let go at one site is not ended by what came before, though another site that does not
 * know of it has moved him later. */
static void let_go_and_moved(void **state)
{
	static const char who[] = "ben@example.net";
	(void)state;
	today = NOW;
	for (unsigned i = 0; i < 9; i++)
		fails_at(1, CATEGORY_MAILBOX_FULL, who, NOW - (12 - i) * DAY);
	exchange(0);
	fails_at(2, CATEGORY_USER_UNKNOWN, who, NOW - 2 * DAY);
	struct bag b = { 0 };
	changes_of(2, false, &b);
	shuffle_into(0, &b, 0);
	empty_bag(&b);
	act_move(0, who, 3);
	today += 60;
	act_move(1, who, 0); /* he was paused there */
	exchange(0);
	all_are(who, STATE_REVALIDATE);
	fails_at(2, CATEGORY_USER_UNKNOWN, who, today + DAY);
	today += DAY + HOUR;
	exchange(0);
	all_are(who, STATE_INACTIVE);
	today = NOW;
}

/* What is said of a stream on the day on which an operator let it through, but later, counts. */
static void objects_again(void **state)
{
	static const char who[] = "carla@example.net";
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct event e = event_of(
			KIND_OPTOUT, CATEGORY_OPT_OUT, who, NOW - (2 - i) * DAY - i * HOUR);
		today = NOW;
		snprintf(e.stream, sizeof e.stream, "newsletter");
		e.arrived = i ? NOW + HOUR : e.arrived;
		store = at[1].s;
		put_event(e, NOW + i * 2 * HOUR);
		exchange(0);
		for (unsigned site = 0; site < SITES; site++) {
			store = at[site].s;
			struct answer a;
			ok(store_check_stream(store, who, strlen(who), 1, NOW + 2 * HOUR, &a));
			assert_int_equal(a.verdict, VERDICT_SUPPRESS);
		}
		if (!i)
			act_free(0, who, 0);
		exchange(0);
	}
}

/* Whom one site has erased wholly is not brought back by what another keeps of him, which had not
 * heard of it: whichever of the two a third one hears first. */
static void erased_wholly_before(void **state)
{
	static const char who[] = "dora@example.net";
	struct bag b = { 0 };
	(void)state;
	today = NOW;
	fails_at(0, CATEGORY_USER_UNKNOWN, who, NOW - 5 * DAY);
	exchange(0);
	act_erase(1, who, false);
	changes_of(1, false, &b);
	shuffle_into(2, &b, 0);
	empty_bag(&b);
	today += 60;
	act_erase(0, who, true);
	changes_of(0, false, &b);
	shuffle_into(2, &b, 0);
	shuffle_into(3, &b, 0);
	empty_bag(&b);
	all_know();
	all_are(who, STATE_ACTIVE);
	today = NOW;
}

static void verdict_of_stream(const char *who, enum verdict verdict)
{
	struct answer a;
	for (unsigned i = 0; i < SITES; i++) {
		ok(store_check_stream(at[i].s, who, strlen(who), 1, today, &a));
		assert_int_equal(a.verdict, verdict);
	}
}

/* What an operator has let through is no objection again when another site keeps suppressions. */
static void let_through_and_reduced(void **state)
{
	static const char who[] = "emil@example.net";
	struct event e = event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, who, NOW - 3 * DAY);
	(void)state;
	today = NOW;
	snprintf(e.stream, sizeof e.stream, "newsletter");
	store = at[1].s;
	put_event(e, NOW);
	exchange(0);
	act_erase(0, who, true);
	all_know();
	verdict_of_stream(who, VERDICT_SUPPRESS);
	today += HOUR;
	act_free(2, who, 0);
	all_know();
	today += HOUR;
	act_erase(0, who, true);
	all_know();
	verdict_of_stream(who, VERDICT_SEND);
	today = NOW;
}

/* Who is put on the list behind an erasure, for a day before it, stays there behind the next. */
static void listed_behind_an_erasure(void **state)
{
	static const char who[] = "frieda@example.net";
	(void)state;
	today = NOW;
	act_erase(1, who, false);
	all_know();
	for (unsigned i = 0; i < 3; i++) {
		today += 60;
		if (i)
			act_erase(i, who, true);
		else
			act_list(0, who, 4);
		all_know();
		all_are(who, STATE_INACTIVE);
	}
	today = NOW;
}

/* A cause is taken back at a site that has cut the times of who rested on it, and at one that has
 * not. */
static void undone_when_cut(void **state)
{
	static const char who[] = "gesa@example.net";
	uint64_t changed;
	(void)state;
	today = NOW;
	store = at[0].s;
	put_event(event_of(KIND_SUCCESS, CATEGORY_UNDETERMINED, who, NOW - 9 * DAY + 77), NOW);
	fails_at(1, CATEGORY_USER_UNKNOWN, who, NOW - 2 * DAY);
	exchange(0);
	ok(store_advance(store = at[0].s, NOW, &changed));
	act_undo(2, 4); /* rule-user-unknown */
	exchange(0);
	all_are(who, STATE_ACTIVE);
	bytes_least = 1;
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
}

/* Who was let go is not ended again when one site erases him, another, which let him go, reads of
 * him anew, and a third hears the second of the two first. */
static void erased_when_let_go(void **state)
{
	static const char who[] = "hanna@example.net";
	struct bag b = { 0 };
	(void)state;
	today = NOW;
	fails_at(1, CATEGORY_USER_UNKNOWN, who, NOW - 5 * DAY);
	exchange(0);
	act_move(0, who, 3);
	exchange(0);
	today += 60;
	act_erase(1, who, true);
	changes_of(1, false, &b);
	shuffle_into(0, &b, 0);
	empty_bag(&b);
	today += HOUR;
	fails_at(0, CATEGORY_MAILBOX_FULL, who, today - 60);
	changes_of(0, false, &b);
	shuffle_into(3, &b, 0);
	empty_bag(&b);
	all_know();
	all_are(who, STATE_SOFT);
	today = NOW;
}

static void fails_at_and_one(unsigned i, enum category category, const char *who, int64_t when)
{
	fails_at(i, category, who, when);
	fails_at(ONE, category, who, when);
}

/* A block that was taken back is not the last one of a share whose days an operator's move, at
 * another site, settles later. */
static void undone_and_moved(void **state)
{
	static const char who[] = "ida@example.net";
	(void)state;
	today = NOW;
	for (unsigned i = 0; i < 10; i++)
		fails_at_and_one(1, CATEGORY_MAILBOX_FULL, who, NOW - (10 - i) * DAY);
	fails_at_and_one(0, CATEGORY_REPUTATION, who, NOW - 9 * DAY - HOUR);
	fails_at_and_one(1, CATEGORY_REPUTATION, who, NOW - 4 * DAY);
	exchange(0);
	act_undo(1, 2); /* rule-reputation, of the last days */
	act_undo(ONE, 2);
	exchange(0);
	today += 60;
	act_move(0, who, 0);
	act_move(ONE, who, 0);
	exchange(0);
	today += 2 * HOUR;
	fails_at_and_one(1, CATEGORY_MAILBOX_FULL, who, today - 60);
	exchange(0);
	bytes_least = 1;
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(ONE, i);
	today = NOW;
}

static void shares_first(unsigned from, unsigned to)
{
	char why[CHANGE_WHY_SIZE];
	struct bag b = { 0 };
	changes_of(from, false, &b);
	ok(store_begin(at[to].s));
	for (unsigned others = 0; others < 2; others++)
		for (size_t i = 0; i < b.n; i++)
			if ((b.line[i].kind != CHANGE_CONTACT) == others)
				give(to, &b.line[i], why);
	ok(store_merge_refold(at[to].s, today));
	ok(store_commit(at[to].s));
	empty_bag(&b);
}

/* Who was let go is not ended again when an erasure leaves his objection to a stream, and other
 * sites hear what is left before they hear of the erasure. */
static void let_go_and_reduced(void **state)
{
	static const char who[] = "jan@example.net";
	(void)state;
	today = NOW;
	fails_at(1, CATEGORY_USER_UNKNOWN, who, NOW - 5 * DAY);
	exchange(0);
	act_move(0, who, 3);
	exchange(0);
	today += DAY;
	act_list(0, who, 25); /* the first stream */
	exchange(0);
	today += DAY;
	act_erase(0, who, true);
	for (unsigned i = 1; i < SITES; i++)
		shares_first(0, i);
	all_know();
	for (unsigned i = 0; i < SITES; i++) {
		struct answer a;
		store = at[i].s;
		ok(store_check_stream(store, who, strlen(who), 2, today, &a));
		assert_int_equal(a.verdict, VERDICT_SEND);
	}
	today = NOW;
}

/* The second of a failure that an operator's move settles is kept nowhere but in the share of who
 * read it, also where the row had been cut to days when he was moved. */
static void moved_when_cut(void **state)
{
	static const char who[] = "karl@example.net";
	uint64_t changed;
	(void)state;
	today = NOW;
	for (unsigned i = 0; i < 9; i++)
		fails_at(1, CATEGORY_MAILBOX_FULL, who, NOW - (12 - i) * DAY + 77);
	exchange(0);
	ok(store_advance(store = at[0].s, NOW, &changed));
	act_move(0, who, 0); /* he was paused */
	exchange(0);
	all_are(who, STATE_REVALIDATE);
	bytes_least = 1;
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
}

/* On one machine, too, where he was moved on the day of his last failure. */
static void moved_at_once(void **state)
{
	static const char who[] = "lena@example.net";
	struct pseudonyms p;
	struct contact c;
	bool found;
	(void)state;
	today = NOW;
	for (unsigned i = 0; i < 9; i++)
		fails_at(ONE, CATEGORY_MAILBOX_FULL, who, NOW - (8 - i) * DAY - 77);
	act_move(ONE, who, 0);
	assert_int_equal(check(who, NOW).state, STATE_REVALIDATE);
	ok(pseudonyms_of(store, who, strlen(who), &p));
	ok(contact_load(store, p.key[0], &c, &found));
	assert_int_equal(c.history.soft.at, day_start(NOW - 77));
	assert_int_equal(c.history.base.first % DAY, 0);
}

/* Who is on trial and objected has no reason any more once an operator let him go: also where the
 * row still had that of before. */
static void on_trial_and_let_go(void **state)
{
	static const char who[] = "mia@example.net";
	(void)state;
	today = NOW;
	for (unsigned i = 0; i < 9; i++)
		fails_at(1, CATEGORY_MAILBOX_FULL, who, NOW - (12 - i) * DAY);
	exchange(0);
	act_move(1, who, 0); /* he was paused */
	exchange(0);
	all_are(who, STATE_REVALIDATE);
	act_list(1, who, 25); /* the first stream */
	exchange(0);
	today += HOUR;
	act_move(2, who, 3);
	exchange(0);
	bytes_least = 1;
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, today).state, STATE_REVALIDATE);
		assert_string_equal(check(who, today).reason, "");
		assert_same_rows(i, 0);
	}
	today = NOW;
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup_sites, teardown_sites)
	/* what is forgotten by itself may come again with a line that was late for longer */
	remembers = 60 * DAY;
	const struct CMUnitTest tests[] = {
		ROW(comes_again),
		ROW(let_go_and_moved),
		ROW(objects_again),
		ROW(erased_wholly_before),
		ROW(let_through_and_reduced),
		ROW(listed_behind_an_erasure),
		ROW(undone_when_cut),
		ROW(erased_when_let_go),
		ROW(undone_and_moved),
		ROW(let_go_and_reduced),
		ROW(moved_when_cut),
		ROW(moved_at_once),
		ROW(on_trial_and_let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
