/*
 * Acts at sites that have not heard of each other: operators' moves, a stream let through, causes
 * taken back, erasures, times cut to days, contacts that went and came again. Whatever way the
 * lines take, all sites come to the same rows; where whoever acts knows of everything, to those of
 * one machine. RETOUR_HISTORIES and RETOUR_SEED make it longer and other (make sites-long), and a
 * name in RETOUR_ONLY runs one of them; a fault shows sooner with few people and many seeds.
 */
#include "tests/unit/rounds.h"
#include "tests/unit/store_sitehistory.h"

enum { PEOPLE = 20, STEPS = 8, STEP_DAYS = 4, ACTS = 6 };

/* What is done, each at some site. */
enum {
	MOVES = 1,
	FREES = 2,
	UNDOES = 4,
	ERASES = 8,
	REDUCES = 16,
	CUTS = 32,     /* time passes at one site, and not yet at another */
	LISTS = 64,    /* suppressions that another system knew */
	KNOWING = 128, /* whoever acts knows everything, and one machine does the same */
};

static unsigned people, events;

static void person(char who[64], unsigned n)
{
	snprintf(who, 64, "person%u@example.net", n);
}

/* --- acts -------------------------------------------------------------------- */

static void at_site(unsigned i)
{
	store = at[i].s;
	ok(store_begin(store));
}

static void done(void)
{
	ok(store_commit(store));
}

static void act_move(unsigned i, const char *who, unsigned n)
{
	static const enum contact_move moves[] = { MOVE_REVALIDATE, MOVE_RESOLVE, MOVE_CONFIRM,
		MOVE_REACTIVATE };
	enum contact_state from;
	bool moved;
	at_site(i);
	ok(store_contact_move(store, who, strlen(who), moves[n % 4], today, &from, &moved));
	done();
}

static void act_free(unsigned i, const char *who, unsigned n)
{
	bool freed;
	at_site(i);
	ok(store_contact_free(store, who, strlen(who), 1 + n % 2, today, &freed));
	done();
}

static void act_undo(unsigned i, unsigned n)
{
	static const char *const rules[] = { "rule-user-unknown", "rule-mailbox-full",
		"rule-reputation", "rule-opt-out" };
	struct cause_choice choice = {
		.from = today - (4 + n % 9) * DAY, .to = today, .rule = rules[n % 4]
	};
	struct cause_moves moves;
	at_site(i);
	ok(store_undo(store, &choice, today, &moves));
	done();
}

static void act_erase(unsigned i, const char *who, bool keep)
{
	struct erased sum = { 0 };
	at_site(i);
	ok(store_forget(store, who, strlen(who), keep, today, &sum));
	done();
}

static void act_list(unsigned i, const char *who, unsigned n)
{
	struct suppression given = { .at = today - (n % 5) * DAY,
		.category = n % 2 ? CATEGORY_OPT_OUT : CATEGORY_USER_UNKNOWN,
		.stream = n % 3 };
	enum suppressed what;
	snprintf(given.rule, sizeof given.rule, "suppress.list");
	if (!(n % 2))
		given.stream = 0;
	at_site(i);
	ok(store_suppress(store, who, strlen(who), &given, today, &what));
	done();
}

static void act(unsigned i, unsigned which, const char *who, unsigned n)
{
	uint64_t changed;
	if (which == MOVES)
		act_move(i, who, n);
	else if (which == FREES)
		act_free(i, who, n);
	else if (which == UNDOES)
		act_undo(i, n);
	else if (which == ERASES || which == REDUCES)
		act_erase(i, who, which == REDUCES);
	else if (which == LISTS)
		act_list(i, who, n);
	else if (which == CUTS) {
		store = at[i].s;
		ok(store_advance(store, today, &changed));
	}
}

/* --- steps ------------------------------------------------------------------- */

/* Old lines come again. */
static struct bag old[STEPS][SITES];

static void keep_lines(unsigned step)
{
	for (unsigned i = 0; i < SITES; i++)
		changes_of(i, rand() % 2, &old[step][i]);
}

static void give_old(unsigned steps)
{
	for (unsigned step = 0; step < steps; step++)
		for (unsigned i = 0; i < SITES; i++)
			for (unsigned j = 0; j < SITES; j++)
				if (i != j)
					shuffle_into(j, &old[step][i], 50);
}

static void drop_old(void)
{
	for (unsigned step = 0; step < STEPS; step++)
		for (unsigned i = 0; i < SITES; i++)
			empty_bag(&old[step][i]);
}

/* What obeys a line is a line again. */
static void all_know(void)
{
	for (unsigned i = 0; i < 3; i++)
		exchange(0);
}

static void happens_to_some(unsigned sites, unsigned what)
{
	for (unsigned n = 0; n < people; n++) {
		if (rand() % 3)
			continue;
		unsigned i = (unsigned)rand() % sites, number = 5000 + events++;
		struct event e = random_event(n, false);
		e.arrived = what & KNOWING ? today - 2 * DAY + rand() % (2 * DAY - 60)
					   : today - rand() % (9 * DAY);
		e.arrived -= what & KNOWING ? 60 : 0;
		for (unsigned both = 0; both < 1u + !!(what & KNOWING); both++) {
			at_site(both ? ONE : i);
			assert_int_equal(put(&e, number, today), MESSAGE_NEW);
			done();
		}
	}
}

static void acts_on_some(unsigned sites, unsigned what)
{
	char who[64];
	for (unsigned n = 0; n < ACTS + people / 8; n++) {
		unsigned which = 1u << rand() % 7, i = (unsigned)rand() % sites,
			 more = (unsigned)rand();
		person(who, (unsigned)rand() % people);
		if (!(what & which) || (which == UNDOES && n % 4))
			continue;
		today += 60;
		act(i, which, who, more);
		if (what & KNOWING) {
			act(ONE, which, who, more);
			all_know();
		}
	}
}

static void live(unsigned what)
{
	unsigned sites = (unsigned)rand() % (SITES - 1) + 2;
	today = day_start(NOW) + 12 * HOUR;
	for (unsigned step = 0; step < STEPS; step++) {
		happens_to_some(sites, what);
		if (what & KNOWING)
			all_know();
		acts_on_some(sites, what);
		keep_lines(step);
		if (step && rand() % 2)
			give_old(step);
		exchange(40);
		today += STEP_DAYS * DAY;
	}
	all_know();
	give_old(STEPS);
	all_know();
	drop_old();
}

static void all_the_same(unsigned what)
{
	but_cohorts = true;
	but_ages = what & CUTS && what & REDUCES;
	advance_all(today); /* time has passed at some, and not yet at others */
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
	if (what & KNOWING)
		assert_same_rows(ONE, 0);
	advance_all(today + 40 * DAY);
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
	if (what & KNOWING)
		assert_same_rows(ONE, 0);
	but_cohorts = but_ages = false;
}

static void test_of(unsigned what, unsigned seed)
{
	srand(setting("RETOUR_SEED", seed));
	people = setting("RETOUR_HISTORIES", rounds(PEOPLE));
	bytes_least = people < PEOPLE ? 0 : 1000;
	events = 0;
	live(what);
	all_the_same(what);
	today = NOW;
}

/* --- single ones ------------------------------------------------------------- */

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

/* --- tests ------------------------------------------------------------------- */

#define TEST(name, what, seed) \
	static void name(void **state) \
	{ \
		(void)state; \
		test_of(what, seed); \
	}
TEST(moves, MOVES, 2)
TEST(streams_let_through, FREES, 3)
TEST(causes_taken_back, UNDOES | FREES, 4)
TEST(erased, ERASES, 5)
TEST(reduced, REDUCES, 6)
TEST(cut_to_days, CUTS, 7)
TEST(lists, LISTS | FREES, 8)
TEST(erased_and_reduced, ERASES | REDUCES | CUTS, 9)
TEST(all_acts, MOVES | FREES | UNDOES | ERASES | REDUCES | CUTS | LISTS, 10)
TEST(known_moves, KNOWING | MOVES | FREES, 11)
TEST(known_erasures, KNOWING | ERASES | REDUCES, 12)
TEST(known_acts, KNOWING | MOVES | FREES | UNDOES | ERASES | REDUCES | LISTS, 13)

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
		ROW(all_acts),
		ROW(known_acts),
	};
	/* each alone, where there is time for it */
	const struct CMUnitTest one_by_one[] = {
		ROW(moves),
		ROW(streams_let_through),
		ROW(causes_taken_back),
		ROW(erased),
		ROW(reduced),
		ROW(cut_to_days),
		ROW(lists),
		ROW(erased_and_reduced),
		ROW(known_moves),
		ROW(known_erasures),
	};
	if (getenv("RETOUR_ONLY"))
		cmocka_set_test_filter(getenv("RETOUR_ONLY"));
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (getenv("RETOUR_HISTORIES"))
		failed += cmocka_run_group_tests(one_by_one, NULL, NULL);
	return failed;
}
