/*
 * Acts at sites that have not heard of each other: operators' moves, a stream let through, causes
 * taken back, erasures, times cut to days, contacts that went and came again. Whatever way the
 * lines take, all sites come to the same rows; where whoever acts knows of everything, to those of
 * one machine. RETOUR_HISTORIES and RETOUR_SEED make it longer and other (make sites-long), and a
 * name in RETOUR_ONLY runs one of them; a fault shows sooner with few people and many seeds.
 */
#include "tests/unit/rounds.h"
#include "tests/unit/store_siteacts.h"

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
