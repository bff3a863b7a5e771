/*
 * A new state key: nobody is forgotten while contacts move to it, and the old one goes with the
 * last of them.
 */
#include "store/ownkeys.h"
#include "tests/unit/store_before.h"
#include "tests/unit/store_fixture.h"

static const char A[] = "a@example.org", B[] = "b@example.org";

static void put_failure(const char *address, int64_t at)
{
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, at), at);
}

static void rotate(int64_t now)
{
	char name[STORE_NAME_SIZE];

	ok(store_key_add(store, "state", now, name));
	assert_string_equal(name, "state-2.key");
}

static uint64_t left(void)
{
	struct key_left l;

	ok(store_key_left(store, 0, &l));
	return l.contacts;
}

static bool key_exists(const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/%s", keys, name);
	return access(path, F_OK) == 0;
}

static void everybody_is_found_after_a_rotation(void **state)
{
	(void)state;
	put_failure(A, NOW);
	rotate(NOW);
	put_failure(B, NOW);
	for (int opened = 0; opened < 2; opened++) {
		assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
		assert_int_equal(check(B, NOW).verdict, VERDICT_SUPPRESS);
		assert_int_equal(check("c@example.org", NOW).verdict, VERDICT_SEND);
		assert_int_equal(left(), 1);
		close_store();
		ok(open_store(test_options(), NOW));
	}
}

/* Three that were replaced may still be needed to find somebody; a fifth would leave one out. */
static void four_state_keys_at_most(void **state)
{
	static const char *const names[] = { "state-2.key", "state-3.key", "state-4.key" };
	static const char *const people[] = { A, B, "c@example.org" };
	char name[STORE_NAME_SIZE];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		put_failure(people[i], NOW);
		ok(store_key_add(store, "state", NOW, name));
		assert_string_equal(name, names[i]);
	}
	put_failure("d@example.org", NOW);
	assert_int_equal(store_key_add(store, "state", NOW, name), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "`retour key retire state.key`"));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(check(people[i], NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("d@example.org", NOW).verdict, VERDICT_SUPPRESS);
}

static void who_is_heard_of_moves_with_all_that_is_known(void **state)
{
	struct contact_view before, after;

	(void)state;
	put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, A, NOW), NOW);
	rotate(NOW);
	ok(store_contact_show(store, A, strlen(A), NOW, &before));
	assert_int_equal(before.answer.attempts, 1);
	put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, A, NOW + HOUR), NOW + HOUR);
	ok(store_contact_show(store, A, strlen(A), NOW + HOUR, &after));
	assert_int_equal(after.answer.attempts, 2);
	assert_int_equal(left(), 0);
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
	assert_int_equal(query_int("SELECT value = 'due' FROM meta WHERE name = 'rewrite'"),
		1); /* the old pseudonym's bytes */
}

/* What time changes moves nobody: nothing tells the new pseudonym. */
static void time_moves_nobody(void **state)
{
	uint64_t changed;

	(void)state;
	put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, A, NOW), NOW);
	rotate(NOW);
	ok(store_advance(store, NOW + 200 * DAY, &changed));
	assert_true(changed > 0);
	assert_int_equal(left(), 1);
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
}

static void the_old_key_goes_with_the_last_contact(void **state)
{
	struct ledger_entry e;
	struct purge p;
	char name[STORE_NAME_SIZE];

	(void)state;
	put_failure(A, NOW);
	put_failure(B, NOW);
	rotate(NOW);
	ok(store_begin(store));
	struct erased sum = { 0 };
	ok(store_forget(store, A, strlen(A), false, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.contacts, 1);
	ok(store_purge(store, NOW + 729 * DAY, false, &p));
	assert_true(key_exists("state.key"));
	ok(store_purge(store, NOW + 731 * DAY, false, &p));
	assert_false(key_exists("state.key"));
	assert_true(key_exists("state-2.key"));
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "name=state.key", &e));
	assert_int_equal(e.at, NOW + 731 * DAY);
	close_store();
	ok(open_store(test_options(), NOW + 731 * DAY));
	ok(store_key_add(store, "state", NOW + 731 * DAY, name));
	assert_string_equal(name, "state-3.key");
}

/* What is in the store, as whoever has only the old key and the file would look for it. */
static bool in_file(const unsigned char p[PSEUDONYM_SIZE])
{
	sqlite3_stmt *st;
	bool is;

	assert_int_equal(sqlite3_prepare_v2(store->db, "SELECT 1 FROM contact WHERE pseudonym = ?1",
				 -1, &st, NULL),
		SQLITE_OK);
	sqlite3_bind_blob(st, 1, p, PSEUDONYM_SIZE, SQLITE_STATIC);
	is = sqlite3_step(st) == SQLITE_ROW;
	sqlite3_finalize(st);
	return is;
}

static void an_old_key_alone_finds_nobody(void **state)
{
	unsigned char key[KEY_SIZE], p[PSEUDONYM_SIZE];

	(void)state;
	put_failure(A, NOW);
	memcpy(key, keys_state(store), KEY_SIZE);
	pseudonym(p, PSEUDONYM_STATE, key, A, strlen(A));
	assert_true(in_file(p));
	rotate(NOW);
	assert_false(in_file(p));
	pseudonym_seal(p, keys_state(store));
	assert_true(in_file(p));
	assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
}

static void put_complaint(const char *address, int64_t at)
{
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, address, at), at);
}

/* Three times, and everybody is found, the objection beyond the period of contacts. */
static void objections_survive_rotations(void **state)
{
	static const char *const address[] = { "one@example.org", "two@example.org",
		"three@example.org", "four@example.org" };
	char name[STORE_NAME_SIZE];
	struct key_left l;
	struct purge p;

	(void)state;
	for (int i = 0; i < 4; i++) {
		put_complaint(address[i], NOW);
		if (i < 3)
			ok(store_key_add(store, "state", NOW, name));
	}
	assert_string_equal(name, "state-4.key");
	assert_int_equal(store_key_add(store, "state", NOW, name), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "retour key retire state.key"));
	for (int opened = 0; opened < 2; opened++) {
		for (int i = 0; i < 4; i++)
			assert_int_equal(check(address[i], NOW).verdict, VERDICT_SUPPRESS);
		for (unsigned i = 0; i < 3; i++) {
			ok(store_key_left(store, i, &l));
			assert_int_equal(l.contacts, 3 - i);
			assert_int_equal(l.objections, 3 - i);
		}
		close_store();
		ok(open_store(test_options(), NOW));
	}
	ok(store_purge(store, NOW + 800 * DAY, false, &p));
	assert_int_equal(check(address[0], NOW + 800 * DAY).verdict, VERDICT_SUPPRESS);
	/* the newest of the old keys has nobody of its own, and the ones before it need it */
	put_failure(address[2], NOW + 801 * DAY);
	ok(store_purge(store, NOW + 801 * DAY, false, &p));
	assert_true(key_exists("state-3.key"));
	ok(store_purge(store, NOW + 1900 * DAY, false, &p));
	assert_false(
		key_exists("state.key") || key_exists("state-2.key") || key_exists("state-3.key"));
	assert_true(key_exists("state-4.key"));
}

static void move(const char *address, bool expected)
{
	bool moved;

	ok(store_begin(store));
	ok(store_key_move(store, address, strlen(address), &moved));
	ok(store_commit(store));
	assert_int_equal(moved, expected);
}

/* Its end: who can be named moves, who cannot is given up by an operator's word, and counted. */
static void a_state_key_is_retired(void **state)
{
	char name[STORE_NAME_SIZE];
	struct ledger_entry e;
	bool credential;

	(void)state;
	put_complaint(A, NOW);
	put_complaint(B, NOW);
	put_failure("c@example.org", NOW);
	assert_int_equal(
		store_key_retire(store, "state.key", NULL, NOW, &credential), STORE_MISUSE);
	rotate(NOW);
	ok(store_key_add(store, "state", NOW, name));
	put_failure("d@example.org", NOW);
	assert_int_equal(
		store_key_retire(store, "state-3.key", NULL, NOW, &credential), STORE_MISUSE);
	assert_int_equal(
		store_key_retire(store, "state-2.key", NULL, NOW, &credential), STORE_MISUSE);
	assert_non_null(strstr(store_error(store), "3 contacts, 2 of them objections"));
	move(A, true);
	move(A, false);
	move("nobody@example.org", false);
	assert_int_equal(
		store_key_retire(store, "state-2.key", NULL, NOW, &credential), STORE_MISUSE);
	ok(store_key_retire(store, "state-2.key", "the list is lost", NOW, &credential));
	assert_false(credential || key_exists("state.key") || key_exists("state-2.key"));
	ok(store_ledger_last(store, LEDGER_KEY_GIVEN_UP, NULL, &e));
	assert_string_equal(e.detail,
		"purpose=state name=state-2.key contacts=1 objections=1 reason=\"the list is lost\"");
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "name=state.key", &e));
	assert_int_not_equal(e.number, 0);
	for (int opened = 0; opened < 2; opened++) {
		assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
		assert_int_equal(check("d@example.org", NOW).verdict, VERDICT_SUPPRESS);
		assert_int_equal(check(B, NOW).verdict, VERDICT_SEND);
		close_store();
		ok(open_store(test_options(), NOW));
	}
	assert_int_equal(
		store_key_retire(store, "state-2.key", NULL, NOW, &credential), STORE_MISUSE);
}

/* A store of schema version 20 in the middle of a rotation. */
static void a_rotation_from_before_is_sealed(void **state)
{
	unsigned char p[PSEUDONYM_SIZE];
	sqlite3_stmt *st;

	(void)state;
	put_complaint(A, NOW);
	pseudonym(p, PSEUDONYM_STATE, keys_state(store), A, strlen(A));
	rotate(NOW);
	put_failure(B, NOW);
	ok(db_exec(store, back_to(20)));
	assert_int_equal(
		sqlite3_prepare_v2(store->db,
			"UPDATE contact SET pseudonym = ?1 WHERE old IS NOT NULL", -1, &st, NULL),
		SQLITE_OK);
	sqlite3_bind_blob(st, 1, p, sizeof p, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	close_store();
	ok(open_store(test_options(), NOW));
	assert_false(in_file(p));
	assert_int_equal(left(), 1);
	assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check(B, NOW).verdict, VERDICT_SUPPRESS);
}

/* Killed after the store forgot the key, before its file went. */
static void a_forgotten_key_is_destroyed_by_the_next_purge(void **state)
{
	struct purge p;
	char from[160], to[160];

	(void)state;
	snprintf(from, sizeof from, "%s/state.key", keys);
	snprintf(to, sizeof to, "%s/saved", keys);
	assert_int_equal(link(from, to), 0);
	rotate(NOW);
	ok(store_purge(store, NOW, false, &p));
	assert_false(key_exists("state.key"));
	assert_int_equal(rename(to, from), 0);
	close_store();
	ok(open_store(test_options(), NOW));
	ok(store_purge(store, NOW, false, &p));
	assert_false(key_exists("state.key"));
}

/*
 * Killed between the file of the new key and the transaction: the store goes on with the old one,
 * and the next rotation takes the file.
 */
static void a_rotation_that_was_killed_is_no_harm(void **state)
{
	char path[160];

	(void)state;
	put_failure(A, NOW);
	snprintf(path, sizeof path, "%s/state-2.key", keys);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	static const char text[] =
		"retour key 1 state\n000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	close_store();
	ok(open_store(test_options(), NOW));
	assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
	rotate(NOW);
	assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
}

/* One that answers a mail server is open for weeks. */
static void a_reader_that_is_open_learns_of_it(void **state)
{
	struct store_options o = test_options();
	struct store *reader;
	struct answer a;
	bool created;

	(void)state;
	put_failure(A, NOW);
	o.create = false;
	o.read_only = true;
	ok(store_open(&reader, &o, NOW, &created));
	rotate(NOW);
	put_failure(A, NOW + DAY);
	put_failure(B, NOW + DAY);
	ok(store_check(reader, A, strlen(A), NOW + DAY, &a));
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);
	ok(store_snapshot(reader, true));
	ok(store_check(reader, B, strlen(B), NOW + DAY, &a));
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);
	ok(store_snapshot(reader, false));
	store_close(reader);
}

static void a_lost_key_is_told_and_not_replaced(void **state)
{
	char path[160];

	(void)state;
	put_failure(A, NOW);
	rotate(NOW);
	close_store();
	snprintf(path, sizeof path, "%s/state.key", keys);
	unlink(path);
	assert_int_equal(open_store(test_options(), NOW), STORE_KEYS);
	assert_non_null(strstr(store_error(store), "state.key: missing"));
	assert_false(key_exists("state.key"));
}

/* Killed between the end of a month's key and the note of it. */
static void a_month_key_that_is_gone_is_forgotten(void **state)
{
	struct ledger_entry e;
	struct purge p;
	char path[160];

	(void)state;
	put_failure(A, NOW);
	snprintf(path, sizeof path, "%s/event-2026-11.key", keys);
	unlink(path);
	ok(store_purge(store, NOW + 200 * DAY, false, &p));
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'event'"), 0);
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "month=2026-11", &e));
	assert_int_not_equal(e.number, 0);
}

/*
 * The clock goes back over a month's end: both months have their keys, none is destroyed while it
 * is in use, nothing is lost.
 */
static void a_clock_set_back_over_the_months_end(void **state)
{
	const int64_t december = NOW + 14 * DAY; /* 1 December */
	struct purge p;

	(void)state;
	put_failure(A, december);
	close_store();
	ok(open_store(test_options(), NOW)); /* November again */
	put_failure(B, NOW);
	ok(store_purge(store, NOW, false, &p));
	assert_true(key_exists("event-2026-11.key") && key_exists("event-2026-12.key"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 2);
	ok(store_purge(store, NOW + 181 * DAY, false, &p));
	assert_false(key_exists("event-2026-11.key"));
	assert_true(key_exists("event-2026-12.key"));
	ok(store_ledger_walk(store, NULL, NULL));
}

/*
 * As LoadCredential= and LoadCredentialEncrypted= put them: in a directory of their own, read by
 * us, not by others.
 */
struct seen {
	const char *name;
	unsigned files, credentials;
	bool known;
};

static int see_key(void *context, const struct key_info *k)
{
	struct seen *seen = context;

	seen->files += !k->credential;
	seen->credentials += k->credential;
	if (strcmp(k->name, seen->name) == 0)
		seen->known = k->credential && *k->fingerprint && k->at;
	return 0;
}

static void lasting_keys_may_be_credentials(void **state)
{
	static const char *const names[] = { "state.key", "message.key" };
	struct store_options o = test_options();
	char credentials[96], from[160], to[160];
	struct ledger_entry e;
	struct purge p;

	(void)state;
	put_failure(A, NOW);
	close_store();
	snprintf(credentials, sizeof credentials, "%s/credentials", directory);
	assert_int_equal(mkdir(credentials, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s/%s", keys, names[i]);
		snprintf(to, sizeof to, "%s/%s", credentials, names[i]);
		assert_int_equal(rename(from, to), 0);
		assert_int_equal(chmod(to, 0440), 0);
	}
	assert_int_equal(open_store(o, NOW), STORE_KEYS);
	close_store();
	o.credentials_dir = credentials;
	ok(open_store(o, NOW));
	assert_int_equal(check(A, NOW).verdict, VERDICT_SUPPRESS);
	assert_false(key_exists("state.key"));
	/* they are listed, and nothing else that lies there */
	snprintf(from, sizeof from, "%s/imap-password", credentials);
	close(open(from, O_CREAT | O_WRONLY, 0400));
	snprintf(from, sizeof from, "%s/event-2026-10.key", credentials);
	close(open(from, O_CREAT | O_WRONLY, 0400));
	struct seen seen = { .name = "state.key" };
	ok(store_keys(store, see_key, &seen));
	assert_true(seen.known);
	assert_int_equal(seen.credentials, 2);
	assert_int_equal(seen.files, 1);
	rotate(NOW);
	assert_true(key_exists("state-2.key"));
	ok(store_purge(store, NOW + 731 * DAY, false, &p));
	ok(store_ledger_last(
		store, LEDGER_KEY_RELEASED, "name=state.key", &e)); /* it is not ours to destroy */
	assert_int_not_equal(e.number, 0);
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "name=state.key", &e));
	assert_int_equal(e.number, 0);
	close_store();
	assert_int_equal(chmod(to, 0444), 0);
	assert_int_equal(open_store(o, NOW), STORE_KEYS);
	assert_non_null(strstr(store_error(store), "lets others in"));
	/* what is wrong with a credential is not said of the key directory */
	close_store();
	ok(unlink(to) || symlink("elsewhere", to));
	assert_int_equal(open_store(o, NOW), STORE_KEYS);
	assert_non_null(strstr(store_error(store), to));
}

/*
 * Return paths are signed and checked with keys that are credentials; one that is retired is
 * released, and stays where it is.
 */
static void keys_of_return_paths_may_be_credentials(void **state)
{
	struct store_options o = test_options();
	char credentials[96], name[STORE_NAME_SIZE], from[160], to[160], token[STORE_TOKEN_SIZE];
	bool full, credential = false;
	struct ledger_entry e;

	(void)state;
	ok(store_key_add(store, "verp", NOW, name));
	close_store();
	snprintf(credentials, sizeof credentials, "%s/credentials", directory);
	assert_int_equal(mkdir(credentials, 0700), 0);
	snprintf(from, sizeof from, "%s/%s", keys, name);
	snprintf(to, sizeof to, "%s/%s", credentials, name);
	assert_int_equal(rename(from, to), 0);
	ok(open_store(o, NOW));
	assert_int_equal(
		store_verp_token(store, false, "nl", A, strlen(A), 64, token, &full), STORE_KEYS);
	close_store();
	o.credentials_dir = credentials;
	ok(open_store(o, NOW));
	ok(store_verp_token(store, false, "nl", A, strlen(A), 64, token, &full));
	ok(store_key_retire(store, name, NULL, NOW, &credential));
	assert_true(credential);
	assert_int_equal(access(to, F_OK), 0);
	ok(store_ledger_last(store, LEDGER_KEY_RELEASED, NULL, &e));
	assert_non_null(strstr(e.detail, name));
	assert_int_equal(store_key_retire(store, name, NULL, NOW, &credential), STORE_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(everybody_is_found_after_a_rotation),
		TEST(four_state_keys_at_most),
		TEST(who_is_heard_of_moves_with_all_that_is_known),
		TEST(time_moves_nobody),
		TEST(the_old_key_goes_with_the_last_contact),
		TEST(an_old_key_alone_finds_nobody),
		TEST(objections_survive_rotations),
		TEST(a_state_key_is_retired),
		TEST(a_rotation_from_before_is_sealed),
		TEST(a_forgotten_key_is_destroyed_by_the_next_purge),
		TEST(a_rotation_that_was_killed_is_no_harm),
		TEST(a_reader_that_is_open_learns_of_it),
		TEST(a_lost_key_is_told_and_not_replaced),
		TEST(a_month_key_that_is_gone_is_forgotten),
		TEST(a_clock_set_back_over_the_months_end),
		TEST(lasting_keys_may_be_credentials),
		TEST(keys_of_return_paths_may_be_credentials),
	};

	return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
