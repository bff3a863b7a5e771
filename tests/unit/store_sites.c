/*
 * Several sites with one memory: whatever way events, lines and mishaps take, every site comes to
 * the rows of one machine that has read everything. RETOUR_HISTORIES and RETOUR_SEED make it longer
 * and other (make sites-long).
 */
#include "tests/unit/store_sitefigures.h"

/* --- histories ------------------------------------------------------------ */

/* What may happen; one in each day and kind has one cause, as what is taken of a day is its last
 * one. */
static struct event random_event(unsigned person, bool long_one)
{
	static const struct {
		enum kind kind;
		enum category category;
		uint16_t reply;
		unsigned char status[3];
	} all[] = {
		{ KIND_FAILURE, CATEGORY_MAILBOX_FULL, 552, { 5, 2, 2 } },
		{ KIND_FAILURE, CATEGORY_GREYLISTED, 451, { 4, 7, 1 } },
		{ KIND_FAILURE, CATEGORY_REPUTATION, 550, { 5, 7, 1 } },
		{ KIND_SUCCESS, CATEGORY_UNDETERMINED, 250, { 2, 0, 0 } },
		{ KIND_FAILURE, CATEGORY_UNDETERMINED, 550, { 5, 0, 0 } },
		{ KIND_OPTOUT, CATEGORY_OPT_OUT, 0, { 0, 0, 0 } }, /* of a stream */
		{ KIND_FAILURE, CATEGORY_USER_UNKNOWN, 550, { 5, 1, 1 } },
		{ KIND_COMPLAINT, CATEGORY_ABUSE, 0, { 0, 0, 0 } },
	};
	/* what is final is rare: else every history ends with it */
	unsigned which = (unsigned)rand() % (long_one || person % 3 ? 6 : 8),
		 day = (unsigned)rand() % SPAN_DAYS;
	char address[64], campaign[16];
	snprintf(address, sizeof address, "person%u@example.net", person);
	struct event e = event_of(all[which].kind, all[which].category, address,
		day_start(NOW) - (SPAN_DAYS - (int64_t)day) * DAY + rand() % DAY);
	e.reply = all[which].reply;
	e.status = (struct status){ all[which].status[0], all[which].status[1],
		all[which].status[2] };
	if (e.kind == KIND_OPTOUT)
		snprintf(e.stream, sizeof e.stream, "%s", streams[rand() % 2].name);
	snprintf(campaign, sizeof campaign, "c%d", rand() % 5);
	snprintf(e.campaign, sizeof e.campaign, "%s", campaign);
	return e;
}

/* Everything that is going to happen, in the order in which it is read, which is not that of its
 * times. */
static struct read *make_histories(unsigned histories, unsigned most, size_t *count)
{
	struct read *all = malloc((size_t)histories * most * sizeof *all);
	*count = 0;
	for (unsigned person = 0; person < histories; person++) {
		unsigned events = (unsigned)rand() % most + 1,
			 sites = (unsigned)rand() % (SITES - 1) + 2;
		for (unsigned i = 0; i < events; i++)
			all[(*count)++] = (struct read){ random_event(person, most > EVENTS_MAX),
				(unsigned)rand() % sites };
	}
	for (size_t i = *count; i > 1; i--) {
		size_t j = (size_t)rand() % i;
		struct read swap = all[i - 1];
		all[i - 1] = all[j];
		all[j] = swap;
	}
	return all;
}

/* What SITE reads of it (ONE: everything). */
static void read_mail(unsigned site, const struct read *all, size_t from, size_t to)
{
	store = at[site].s;
	ok(store_begin(store));
	for (size_t i = from; i < to; i++)
		if (site == ONE || all[i].site == site)
			assert_int_equal(put(&all[i].event, 1000 + i, NOW), MESSAGE_NEW);
	ok(store_commit(store));
}

/* --- rows ----------------------------------------------------------------- */

static unsigned setting(const char *name, unsigned usual)
{
	const char *text = getenv(name);
	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

/* --- tests ---------------------------------------------------------------- */

/* 1,000 random histories over 2 to 5 sites; what each read is exchanged several times on the way,
 * with a third of it lost. */
static void equal_to_one_machine(void **state)
{
	size_t count;
	(void)state;
	srand(setting("RETOUR_SEED", 16));
	struct read *all = make_histories(
		setting("RETOUR_HISTORIES", HISTORIES), EVENTS_MAX, &count);
	for (unsigned step = 0; step < 3; step++) {
		for (unsigned i = 0; i < STORES; i++)
			read_mail(i, all, count * step / 3, count * (step + 1) / 3);
		say_volumes(step);
		exchange(33);
	}
	judge_all(NOW + 2 * DAY);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		assert_same_rows(i, ONE);
		assert_same_figures(i, ONE);
	}
	advance_all(NOW + 40 * DAY);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
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
