/*
 * Another state key while several sites have one memory: in whatever order they take it, and
 * whatever is read, told, lost and erased meanwhile, all come to the rows of one machine that has
 * read all mail and has the same keys.
 */
#include "tests/unit/store_sitehistory.h"
#include "store/keys.h"
#include "store/ownkeys.h"

enum { PEOPLE = 250, STEPS = 12, ROTATIONS = 3 };

/* The newest key's file, wherever it was made; *N is its length. */
static char newest[ROTATIONS + 1][128];
static size_t newest_size[ROTATIONS + 1];
static unsigned made, has[STORES];

static void read_file(const char *keys_dir, const char *name, char *text, size_t *n)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", keys_dir, name);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	*n = (size_t)read(fd, text, 128);
	close(fd);
}

static void rotate_at(unsigned site)
{
	char name[STORE_NAME_SIZE];
	store = at[site].s;
	ok(store_key_add(store, "state", NOW, name));
	made++;
	has[site] = made;
	read_file(at[site].keys, name, newest[made], &newest_size[made]);
}

static void adopt_at(unsigned site)
{
	char name[STORE_NAME_SIZE];
	bool adopted;
	store = at[site].s;
	unsigned key = ++has[site];
	ok(store_key_adopt(store, newest[key], newest_size[key], NOW, name, &adopted));
	assert_true(adopted);
}

static void forget_one(unsigned site, const char *who, int64_t now)
{
	struct erased sum = { 0 };
	store = at[site].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, now, &sum));
	ok(store_commit(store));
}

/* Who is erased is nobody that anything is heard of later. */
static size_t first_of_erased(struct read *all, size_t count, unsigned below)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned person;
		assert_int_equal(sscanf(all[i].event.recipient, "person%u@", &person), 1);
		if (person >= below)
			continue;
		struct read swap = all[n];
		all[n++] = all[i];
		all[i] = swap;
	}
	return n;
}

static void maybe_rotate(unsigned step)
{
	unsigned site = (unsigned)rand() % SITES;
	while (has[site] != made)
		site = (site + 1) % SITES;
	if (made < ROTATIONS && step % 3 == 1)
		rotate_at(site);
	for (unsigned i = 0; i < STORES; i++)
		if (has[i] < made && rand() % 3 == 0)
			adopt_at(i);
	keys_differ = false;
	for (unsigned i = 0; i < SITES; i++)
		keys_differ |= has[i] != made;
}

static void all_adopt(void)
{
	for (unsigned i = 0; i < STORES; i++)
		while (has[i] < made)
			adopt_at(i);
	keys_differ = false;
}

/* Everything of the erased is read in the first steps, and told at last. */
static void equal_to_one_machine_that_rotated(void **state)
{
	enum { ERASED = 24 };
	size_t count, first, told = 0;
	unsigned erased = 0;
	char who[64];
	(void)state;
	srand(setting("RETOUR_SEED", 23));
	made = 0;
	memset(has, 0, sizeof has);
	struct read *all = make_histories(PEOPLE, EVENTS_MAX, &count);
	first = first_of_erased(all, count, ERASED);
	for (unsigned step = 0; step < STEPS; step++) {
		size_t to = first + (count - first) * (step + 1) / STEPS;
		for (unsigned i = 0; i < STORES; i++)
			read_mail(i, all, told, to);
		told = to;
		maybe_rotate(step);
		if (step % 2)
			exchange(33);
		for (; erased < ERASED * (step + 1) / STEPS; erased++) {
			snprintf(who, sizeof who, "person%u@example.net", erased);
			forget_one((unsigned)rand() % SITES, who, NOW + step);
			forget_one(ONE, who, NOW + step);
		}
	}
	assert_int_equal(made, ROTATIONS);
	all_adopt();
	exchange(0);
	exchange(0);
	advance_all(NOW);
	for (unsigned i = 0; i < SITES; i++) {
		assert_same_rows(i, ONE);
		snprintf(database, sizeof database, "%.90s", at[i].db);
		assert_int_equal(
			query_int("SELECT count(DISTINCT id) FROM change WHERE kind = 'forget'"),
			ERASED);
		/* every site has everybody's confirmation, by the name of now */
		assert_int_equal(
			query_int(
				"SELECT count(DISTINCT id || life) FROM change WHERE kind IN ('forget', 'confirm')"),
			ERASED * SITES);
	}
	free(all);
}

/* What one knows by its former key and another by the new one is one person, and the answer the
 * stricter one. */
static void one_person_has_one_name(void **state)
{
	static const char who[] = "anna@example.net", other[] = "ben@example.net";
	(void)state;
	made = 0;
	memset(has, 0, sizeof has);
	rotate_at(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		if (i < 2) /* 0 by the new key, 1 by the former */
			put_event(
				event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - DAY), NOW);
		if (i == 2)
			put_event(
				event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, who, NOW - DAY), NOW);
	}
	store = at[1].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, other, NOW - DAY), NOW);
	keys_differ = true;
	exchange(0);
	store = at[0].s; /* has the new key: takes what those say that have it not */
	assert_int_equal(check(other, NOW).verdict, VERDICT_SUPPRESS);
	forget_one(3, other, NOW); /* which has the former one alone, and knows nothing else */
	exchange(0);
	store = at[0].s;
	assert_int_equal(check(other, NOW).verdict, VERDICT_SEND);
	all_adopt();
	exchange(0);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
		assert_int_equal(check(other, NOW).verdict, VERDICT_SEND);
		snprintf(database, sizeof database, "%.90s", at[i].db);
		assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
		assert_int_equal(query_int("SELECT count(*) FROM share"), 3);
	}
}

static int try_adopt(unsigned site, const char *text, size_t n, const char *words)
{
	char name[STORE_NAME_SIZE];
	bool adopted;
	store = at[site].s;
	int result = store_key_adopt(store, text, n, NOW, name, &adopted);
	assert_false(adopted);
	if (result && !strstr(store_error(store), words))
		print_error("%s\n", store_error(store));
	assert_true(!result || strstr(store_error(store), words));
	return result;
}

static void what_is_none_is_not_adopted(void **state)
{
	char text[128], other[128];
	size_t n, m;
	bool credential;
	(void)state;
	made = 0;
	memset(has, 0, sizeof has);
	rotate_at(0);
	rotate_at(0);
	n = newest_size[1];
	assert_int_equal(
		try_adopt(1, newest[2], newest_size[2], "take that one first"), STORE_MISUSE);
	assert_int_equal(
		try_adopt(1, "x", 1, "no state key that was made at a site"), STORE_MISUSE);
	assert_int_equal(try_adopt(1, NULL, 0, "there is no key state-2.key"), STORE_MISUSE);
	/* without its third line, and cut anywhere */
	for (m = 0; m < n - 1; m++)
		assert_int_equal(
			try_adopt(1, newest[1], m, "no state key that was made"), STORE_MISUSE);
	memcpy(text, newest[1], n);
	text[sizeof "retour key"] = '1';
	assert_int_equal(try_adopt(1, text, n, "no state key that was made"), STORE_MISUSE);
	adopt_at(1);
	ok(try_adopt(1, newest[1], n, ""));
	adopt_at(1);
	ok(try_adopt(1, newest[1], n, ""));
	/* two sites have each made one */
	rotate_at(0);
	made = 0;
	rotate_at(1);
	read_file(at[0].keys, "state-4.key", other, &m);
	assert_int_equal(try_adopt(1, other, m, "retour-sites(7)"), STORE_MISUSE);
	/* names rest on the former ones */
	assert_int_equal(store_key_retire(store, "state.key", "x", NOW, &credential), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "made for all sites"));
	struct purge p;
	ok(store_purge(store, NOW + 3000 * DAY, false, &p));
	close_at(1);
	open_at(1);
	assert_int_equal(keys_old_states(store), 0);
}

/* Without its third line a file is another key, and the store is refused: else nobody would be
 * found. */
static void a_key_that_lost_its_chain_is_refused(void **state)
{
	struct store_options o = test_options();
	struct store *opened;
	char path[160];
	bool created;
	(void)state;
	made = 0;
	memset(has, 0, sizeof has);
	rotate_at(0);
	snprintf(path, sizeof path, "%.90s/state-2.key", at[0].keys);
	int fd = open(path, O_WRONLY | O_TRUNC);
	newest[1][sizeof "retour key"] = '1';
	assert_int_equal(write(fd, newest[1], 84), 84);
	close(fd);
	close_at(0);
	o.path = at[0].db;
	o.keys_dir = at[0].keys;
	assert_int_equal(store_open(&opened, &o, NOW, &created), STORE_KEYS);
	assert_non_null(strstr(store_error(opened), "not the key that this store was made with"));
	store_close(opened);
}

/* All keys of before stay at sites of several, as names rest on them. */
static void sixteen_of_sites_at_most(void **state)
{
	char name[STORE_NAME_SIZE];
	(void)state;
	store = at[0].s;
	for (unsigned i = 2; i <= 16; i++)
		ok(store_key_add(store, "state", NOW, name));
	assert_string_equal(name, "state-16.key");
	assert_int_equal(store_key_add(store, "state", NOW, name), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "still needed to name contacts"));
}

/* A store that is made anew beside all keys of the sites has them all at once. */
static void a_new_life_begins_with_all_keys(void **state)
{
	static const char who[] = "anna@example.net";
	struct bag b = { 0 };
	char path[160];
	(void)state;
	made = 0;
	memset(has, 0, sizeof has);
	store = at[0].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - DAY), NOW);
	rotate_at(0);
	rotate_at(0);
	close_at(1);
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", at[1].db, ends[i]);
		unlink(path);
	}
	remove_tree(at[1].keys);
	assert_int_equal(mkdir(at[1].keys, 0700), 0);
	static const char *const shared[] = { "state.key", "state-2.key", "state-3.key",
		"message.key", "sites.key" };
	for (unsigned k = 0; k < 5; k++)
		copy_key(shared[k], at[0].keys, at[1].keys);
	open_at(1);
	changes_of(0, true, &b);
	shuffle_into(1, &b, 0);
	empty_bag(&b);
	assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
	close_at(1);
	open_at(1);
	assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
}

/* One that follows for days hears that another process has rotated. */
static void a_handle_that_is_open_learns_of_it(void **state)
{
	static const char who[] = "anna@example.net";
	struct bag b = { 0 };
	(void)state;
	made = 0;
	memset(has, 0, sizeof has);
	store = at[1].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - DAY), NOW);
	struct store *merging = at[0].s;
	open_at(0);
	rotate_at(0);
	close_at(0);
	at[0].s = merging;
	changes_of(1, false, &b);
	shuffle_into(0, &b, 0);
	empty_bag(&b);
	assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
	adopt_at(1);
	changes_of(0, true, &b);
	assert_true(b.n > 1);
	keys_differ = false;
	shuffle_into(1, &b, 0);
	empty_bag(&b);
}

/* Contacts that only the former key finds are none that other sites could find. */
static void who_has_not_moved_is_no_site_yet(void **state)
{
	char next[CHANGE_CURSOR_SIZE], name[STORE_NAME_SIZE];
	struct store_options o = test_options();
	unsigned n = 0;
	bool credential, adopted;
	(void)state;
	assert_int_equal(store_key_adopt(store, "x", 1, NOW, name, &adopted), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "no name among the sites"));
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	ok(store_key_add(store, "state", NOW, name));
	close_store();
	o.site = "berlin";
	ok(open_store(o, NOW));
	assert_int_equal(store_changes(store, "", false, NOW, next, count_line, &n), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "1 contacts are found by way of state.key"));
	ok(store_key_retire(store, "state.key", "nobody knows", NOW, &credential));
	ok(store_changes(store, "", false, NOW, next, count_line, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			equal_to_one_machine_that_rotated, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			one_person_has_one_name, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			what_is_none_is_not_adopted, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_key_that_lost_its_chain_is_refused, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			sixteen_of_sites_at_most, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_new_life_begins_with_all_keys, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_handle_that_is_open_learns_of_it, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(who_has_not_moved_is_no_site_yet, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
