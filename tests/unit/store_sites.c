/*
 * Several sites with one memory: whatever way events, lines and mishaps take, every site comes to
 * the rows of one machine that has read everything. RETOUR_HISTORIES and RETOUR_SEED make it longer
 * and other (make sites-long).
 */
#include "tests/unit/rounds.h"
#include "tests/unit/store_sitefigures.h"
#include "tests/unit/store_sitehistory.h"
#include "tests/unit/store_sitetables.h"

/* --- tests ---------------------------------------------------------------- */

static void move_everywhere(unsigned site, const char *who, enum contact_move move, int64_t now)
{
	enum contact_state from;
	bool moved[2];
	for (unsigned both = 0; both < 2; both++) {
		store = at[both ? ONE : site].s;
		ok(store_begin(store));
		ok(store_contact_move(store, who, strlen(who), move, now, &from, &moved[both]));
		ok(store_commit(store));
	}
	assert_int_equal(moved[0], moved[1]);
}

static void forget_everywhere(unsigned site, const char *who, int64_t now)
{
	for (unsigned both = 0; both < 2; both++) {
		struct erased sum = { 0 };
		store = at[both ? ONE : site].s;
		ok(store_begin(store));
		ok(store_forget(store, who, strlen(who), false, now, &sum));
		ok(store_commit(store));
	}
}

/*
 * Some are moved by an operator and some erased, each at some site; then they are heard of again,
 * at other sites, which know of it or not yet.
 */
static void operators_and_erasures(unsigned people)
{
	static const enum contact_move moves[] = { MOVE_REVALIDATE, MOVE_RESOLVE, MOVE_REACTIVATE };
	char who[64];
	for (unsigned n = 0; n < people / 4; n++) {
		unsigned person = 4 * n + (unsigned)rand() % 4; /* each once */
		snprintf(who, sizeof who, "person%u@example.net", person);
		if (person % 5)
			move_everywhere(
				(unsigned)rand() % SITES, who, moves[person % 3], NOW + 60 * n);
		else
			forget_everywhere((unsigned)rand() % SITES, who, NOW + 60 * n);
		if (n == people / 8)
			exchange(33);
	}
	exchange(0);
	for (unsigned n = 0; n < people / 4; n++) {
		struct event e = random_event((unsigned)rand() % people, false);
		unsigned site = (unsigned)rand() % SITES;
		e.arrived = NOW + 2 * DAY + rand() % DAY;
		for (unsigned both = 0; both < 2; both++) {
			store = at[both ? ONE : site].s;
			ok(store_begin(store));
			assert_int_equal(put(&e, 800000 + n, NOW + 3 * DAY), MESSAGE_NEW);
			ok(store_commit(store));
		}
	}
}

/* 400 random histories over 2 to 5 sites; what each read is exchanged several times on the way,
 * with a third of it lost. */
static void equal_to_one_machine(void **state)
{
	size_t count;
	(void)state;
	srand(setting("RETOUR_SEED", 16));
	struct read *all = make_histories(
		setting("RETOUR_HISTORIES", rounds(HISTORIES)), EVENTS_MAX, &count);
	for (unsigned step = 0; step < 3; step++) {
		for (unsigned i = 0; i < STORES; i++)
			read_mail(i, all, count * step / 3, count * (step + 1) / 3);
		say_volumes(step);
		say_others(step);
		exchange(33);
	}
	judge_all(NOW + 2 * DAY);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		assert_same_rows(i, ONE);
		assert_same_figures(i, ONE);
	}
	assert_same_tables();
	operators_and_erasures(setting("RETOUR_HISTORIES", rounds(HISTORIES)));
	exchange(0);
	but_cohorts = true; /* whom an operator moved another site counts anew */
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	advance_all(NOW + 40 * DAY);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	but_cohorts = false;
	free(all);
}

/* A line that is taken twice changes nothing: not even what is given on. */
static void again_is_nothing(void **state)
{
	size_t count;
	struct bag bag = { 0 };
	char why[CHANGE_WHY_SIZE];
	(void)state;
	srand(17);
	struct read *all = make_histories(50, EVENTS_MAX, &count);
	read_mail(0, all, 0, count);
	changes_of(0, false, &bag);
	shuffle_into(1, &bag, 0);
	char *before = rows_of(1);
	store = at[1].s;
	ok(store_begin(store));
	for (size_t i = 0; i < bag.n; i++)
		if (bag.line[i].kind == CHANGE_CONTACT)
			assert_int_equal(give(1, &bag.line[i], why), MERGE_KNOWN);
	ok(store_merge_refold(store, NOW));
	ok(store_commit(store));
	char *after = rows_of(1);
	assert_string_equal(before, after);
	free(before);
	free(after);
	empty_bag(&bag);
	free(all);
}

/* More days with events than are kept: no longer those of one machine, but the same everywhere. */
static void long_histories_agree(void **state)
{
	size_t count;
	(void)state;
	srand(18);
	struct read *all = make_histories(20, 400, &count);
	for (unsigned i = 0; i < SITES; i++)
		read_mail(i, all, 0, count);
	exchange(0);
	but_cohorts = true;
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
	but_cohorts = false;
	free(all);
}

/* A store that is lost: a new life with the keys of the old one gets everything back from one other
 * site, and goes on. */
static void rebuilt_from_another(void **state)
{
	struct bag bag = { 0 };
	size_t count;
	(void)state;
	srand(19);
	struct read *all = make_histories(100, EVENTS_MAX, &count);
	for (unsigned i = 0; i < STORES; i++)
		read_mail(i, all, 0, count / 2);
	exchange(0);
	close_at(2);
	char path[160];
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", at[2].db, ends[i]);
		unlink(path);
	}
	remove_tree(at[2].keys);
	assert_int_equal(mkdir(at[2].keys, 0700), 0);
	static const char *const shared[] = { "state.key", "message.key", "sites.key" };
	for (unsigned k = 0; k < 3; k++)
		copy_key(shared[k], at[0].keys, at[2].keys);
	open_at(2);
	learn_key(2);
	for (unsigned i = 0; i < STORES; i++) {
		close_at(i);
		open_at(i);
	}
	changes_of(3, true, &bag);
	shuffle_into(2, &bag, 0);
	empty_bag(&bag);
	assert_same_rows(2, ONE);
	for (unsigned i = 0; i < STORES; i++)
		read_mail(i, all, count / 2, count);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_to_one_machine, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(again_is_nothing, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(long_histories_agree, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(rebuilt_from_another, setup_sites, teardown_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
