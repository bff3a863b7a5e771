/*
 * What a data subject had erased stays erased: a restored backup is held to the list of erasures,
 * also after a kill, and the list has an end.
 */
#include "tests/unit/store_fixture.h"

static char copy[96], list[128];

static int setup_backup(void **state)
{
	int result = setup(state);

	snprintf(copy, sizeof copy, "%s/copy.db", directory);
	snprintf(list, sizeof list, "%s/erasures", keys);
	return result;
}

static void put_failure(const char *address, int64_t at)
{
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, at), at);
}

static void forget(const char *address, bool keep, int64_t now)
{
	struct erased sum = { 0 };

	ok(store_begin(store));
	ok(store_forget(store, address, strlen(address), keep, now, &sum));
	ok(store_commit(store));
}

static void backup(int64_t now)
{
	int64_t until;

	ok(store_backup(store, copy, now, &until));
	assert_int_equal(until, day_start(now) + 30 * DAY);
}

/* The copy takes the store's place, as an operator does it. */
static void restore(void)
{
	char name[128];

	close_store();
	assert_int_equal(rename(copy, database), 0);
	snprintf(name, sizeof name, "%s-wal", database);
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", database);
	unlink(name);
}

static bool known(const char *address)
{
	struct contact_view view;

	ok(store_contact_show(store, address, strlen(address), NOW, &view));
	return view.known;
}

static void a_restored_backup_does_not_bring_back_the_erased(void **state)
{
	struct store_options reader = test_options();
	struct ledger_entry e;

	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("a@example.org", NOW + 20 * DAY);
	put_failure("b@example.org", NOW);
	backup(NOW + 20 * DAY);
	forget("a@example.org", false, NOW + 20 * DAY);
	restore();
	reader.create = false;
	reader.read_only = true;
	assert_int_equal(open_store(reader, NOW + 21 * DAY),
		STORE_FAILED); /* it would answer with what was erased */
	assert_non_null(strstr(store_error(store), "backup"));
	close_store();
	ok(open_store(test_options(), NOW + 21 * DAY));
	assert_false(known("a@example.org"));
	assert_true(known("b@example.org"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 1);
	assert_int_equal(query_int("SELECT value = 'due' FROM meta WHERE name = 'rewrite'"),
		1); /* the bytes go with the next purge */
	ok(store_ledger_last(store, LEDGER_RESTORED, "erased_again=3", &e));
	assert_int_equal(e.at, NOW + 21 * DAY);
	close_store();
	ok(open_store(test_options(), NOW + 22 * DAY)); /* once */
	ok(store_ledger_last(store, LEDGER_RESTORED, NULL, &e));
	assert_int_equal(e.at, NOW + 21 * DAY);
	close_store();
	ok(open_store(reader, NOW + 22 * DAY));
}

/*
 * Only what the backup has not seen: who was erased before it, and was heard of again, is not
 * erased twice.
 */
static void what_came_after_an_erasure_stays(void **state)
{
	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("b@example.org", NOW);
	forget("a@example.org", false, NOW);
	put_failure("a@example.org", NOW + DAY);
	backup(NOW + DAY);
	forget("b@example.org", false, NOW + DAY);
	restore();
	ok(open_store(test_options(), NOW + 2 * DAY));
	assert_true(known("a@example.org"));
	assert_false(known("b@example.org"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 1);
}

/* The copy has another pseudonym of who was erased: it was made before the state key was replaced.
 */
static void a_backup_from_before_a_rotation_does_not_bring_back_the_erased(void **state)
{
	char name[STORE_NAME_SIZE];

	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("b@example.org", NOW);
	backup(NOW);
	ok(store_key_add(store, "state", NOW, name));
	ok(store_key_add(store, "state", NOW, name));
	forget("a@example.org", false, NOW);
	restore();
	ok(open_store(test_options(), NOW));
	assert_false(known("a@example.org"));
	assert_true(known("b@example.org"));
}

static void a_suppression_that_was_kept_is_kept_again(void **state)
{
	(void)state;
	put_failure("a@example.org", NOW);
	backup(NOW);
	forget("a@example.org", true, NOW);
	restore();
	ok(open_store(test_options(), NOW));
	assert_int_equal(check("a@example.org", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(
		query_int("SELECT rule IS NULL AND history IS NULL FROM " CONTACT_PLAIN), 1);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
}

static void a_backup_that_is_too_old_is_refused(void **state)
{
	struct store_options o = test_options();

	(void)state;
	backup(NOW);
	restore();
	assert_int_equal(open_store(o, NOW + 32 * DAY), STORE_BROKEN);
	assert_non_null(strstr(store_error(store), "older than [retention] backups"));
	close_store();
	o.retention[RETAIN_BACKUPS].period = 60 * DAY;
	ok(open_store(o, NOW + 32 * DAY));
}

static void a_backup_has_no_keys_and_nothing_deleted(void **state)
{
	struct stat st;
	struct store_options o = test_options();

	(void)state;
	put_failure("a@example.org", NOW);
	forget("a@example.org", false, NOW);
	backup(NOW);
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	o.path = copy;
	snprintf(keys, sizeof keys, "%s/other", directory);
	o.create = false;
	close_store();
	assert_int_equal(open_store(o, NOW), STORE_KEYS);
	close_store();
	assert_int_equal(mkdir(keys, 0700), 0);
	assert_int_equal(open_store(o, NOW), STORE_KEYS);
}

static void an_existing_file_is_not_overwritten(void **state)
{
	int64_t until;

	(void)state;
	close(open(copy, O_CREAT | O_WRONLY, 0644));
	assert_int_equal(store_backup(store, copy, NOW, &until), STORE_FAILED);
	assert_int_equal(access(copy, F_OK), 0);
	unlink(copy);
	assert_int_equal(symlink("elsewhere", copy), 0);
	assert_int_equal(store_backup(store, copy, NOW, &until), STORE_FAILED);
}

/* The list is written, the transaction is not: it is done when the store is opened. */
static void an_erasure_that_is_killed_is_finished(void **state)
{
	struct erased sum = { 0 };
	int status;

	(void)state;
	put_failure("a@example.org", NOW);
	close_store();
	pid_t child = fork();
	if (!child) {
		if (open_store(test_options(), NOW) || store_begin(store) ||
			store_forget(store, "a@example.org", 13, false, NOW, &sum) ||
			erasures_flush(store))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
	/* erasure.key was made in the transaction that is gone: the store does not know it yet */
	ok(open_store(test_options(), NOW));
	assert_false(known("a@example.org"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
	ok(store_ledger_walk(store, NULL, NULL));
}

static void one_rolled_back_leaves_no_trace(void **state)
{
	struct erased sum = { 0 };

	(void)state;
	put_failure("a@example.org", NOW);
	ok(store_begin(store));
	ok(store_forget(store, "a@example.org", 13, false, NOW, &sum));
	store_rollback(store);
	assert_int_not_equal(access(list, F_OK), 0);
	close_store();
	ok(open_store(test_options(), NOW));
	assert_true(known("a@example.org"));
}

static void the_list_ends_when_no_backup_is_so_old(void **state)
{
	struct purge p;
	struct stat st;
	const struct purge_class *c;

	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("b@example.org", NOW);
	forget("a@example.org", false, NOW);
	forget("b@example.org", false, NOW + 10 * DAY);
	ok(store_purge(store, NOW + 31 * DAY, false, &p));
	c = &p.at[p.count - 1];
	assert_string_equal(c->name, "erasures");
	assert_int_equal(c->left, 4);
	assert_int_equal(c->oldest, day_start(NOW));
	ok(store_held(store, NOW + 33 * DAY, &p));
	assert_int_equal(c->overdue, 2);
	ok(store_purge(store, NOW + 33 * DAY, false, &p));
	assert_int_equal(c->deleted, 2);
	assert_int_equal(c->left, 2);
	assert_int_equal(c->overdue, 0);
	ok(store_purge(store, NOW + 60 * DAY, false, &p));
	assert_int_equal(c->left, 0);
	assert_int_equal(stat(list, &st), 0);
	assert_int_equal(
		st.st_size, strlen("retour erasures 1\nbatch 0123456789abcdef 2026-11-27\n"));
	assert_int_equal(st.st_mode & 07777, 0600);
	close_store();
	ok(open_store(
		test_options(), NOW + 60 * DAY)); /* the last batch is still known by its name */
	forget("a@example.org", false, NOW + 60 * DAY);
	ok(store_held(store, NOW + 60 * DAY, &p));
	assert_int_equal(c->left, 1);
}

static void a_list_that_is_lost_or_damaged_is_told(void **state)
{
	static const char *const texts[] = { "", "x\n",
		"retour erasures 1\ncontact 00112233445566778899aabbccddeeff\n",
		"retour erasures 1\nbatch 0123456789abcdef 2026-11-27\ncontact 0011\n",
		"retour erasures 1\nbatch 0123456789abcdef 2026-11-27\nx" };

	(void)state;
	put_failure("a@example.org", NOW);
	forget("a@example.org", false, NOW);
	close_store();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int fd = open(list, O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		assert_int_equal(open_store(test_options(), NOW), STORE_KEYS);
		assert_non_null(strstr(store_error(store), "damaged"));
		close_store();
	}
	unlink(list);
	assert_int_equal(open_store(test_options(), NOW), STORE_KEYS);
	assert_non_null(strstr(store_error(store), "missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_backup, teardown)
		TEST(a_restored_backup_does_not_bring_back_the_erased),
		TEST(what_came_after_an_erasure_stays),
		TEST(a_backup_from_before_a_rotation_does_not_bring_back_the_erased),
		TEST(a_suppression_that_was_kept_is_kept_again),
		TEST(a_backup_that_is_too_old_is_refused),
		TEST(a_backup_has_no_keys_and_nothing_deleted),
		TEST(an_existing_file_is_not_overwritten),
		TEST(an_erasure_that_is_killed_is_finished),
		TEST(one_rolled_back_leaves_no_trace),
		TEST(the_list_ends_when_no_backup_is_so_old),
		TEST(a_list_that_is_lost_or_damaged_is_told),
	};

	return cmocka_run_group_tests_name("erasures and backups", tests, NULL, NULL);
}
