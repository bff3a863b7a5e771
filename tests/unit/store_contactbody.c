/*
 * What rows of contacts say is sealed: for one row, in lengths that tell little; and rows from
 * before are, whole or not at all.
 */
#include <sodium.h>
#include "store/ownkeys.h"
#include "tests/unit/store_before.h"
#include "tests/unit/store_contact.h"

enum { PEOPLE = 600, KILLS = 12 };

/* --- one row ---------------------------------------------------------------------- */

/* The body of the contact under P; returns its length, 0: there is none. */
static int body_of(const unsigned char p[PSEUDONYM_SIZE], unsigned char out[CONTACT_BODY_MAX])
{
	sqlite3_stmt *st = db_bind(store, SQL_CONTACT_ROW, "b", p, PSEUDONYM_SIZE);

	int n = db_step(store, st) == 1 ? sqlite3_column_bytes(st, 1) : 0;
	memcpy(out, n ? sqlite3_column_blob(st, 1) : "", (size_t)n);
	sqlite3_reset(st);
	return n;
}

static void pseudonym_of(const char *address, unsigned char out[PSEUDONYM_SIZE])
{
	pseudonym(out, PSEUDONYM_STATE, keys_state(store), address, strlen(address));
}

/* Each bit of it, or the row to which it belongs, is another one: nothing is read. */
static void a_rest_is_of_its_row_alone(void **state)
{
	static unsigned char body[CONTACT_BODY_MAX], plain[CONTACT_REST_MAX];
	unsigned char joe_key[PSEUDONYM_SIZE], jane[PSEUDONYM_SIZE];
	struct contact_keys other;
	struct contact_rest rest;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "jane@example.org", NOW), NOW);
	pseudonym_of(joe, joe_key);
	pseudonym_of("jane@example.org", jane);
	int n = body_of(joe_key, body);
	assert_true(contact_rest_read(keys_contact(store), joe_key, body, n, plain, &rest));
	assert_string_equal(rest.rule, "rule-network-error");
	assert_false(contact_rest_read(keys_contact(store), jane, body, n, plain, &rest));
	contact_keys_derive(&other, keys_message(store));
	assert_false(contact_rest_read(&other, joe_key, body, n, plain, &rest));
	for (int bit = 0; bit < 8 * n; bit++) {
		body[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(
			contact_rest_read(keys_contact(store), joe_key, body, n, plain, &rest));
		body[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (int less = 0; less < n; less++)
		assert_false(
			contact_rest_read(keys_contact(store), joe_key, body, less, plain, &rest));
}

static void a_row_that_was_changed_is_not_written_over(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + HOUR);
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .recognised = true };
	enum store_message_result result;
	struct packed_event packed;

	(void)state;
	foreign_hands = true;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	ok(db_exec(store,
		"UPDATE contact SET body = CAST(substr(body, 1, 40) || zeroblob(length(body) - 40) AS BLOB)"));
	ok(store_begin(store));
	ok(store_pack(store, &e, NOW, &packed));
	assert_int_equal(
		store_message(store, &m, &packed, 1, NOW, &result) || store_commit(store), 1);
	assert_non_null(strstr(store_error(store), "a contact is damaged"));
	store_rollback(store);
}

/* The same said again is other bytes each time. */
static void no_two_bodies_are_the_same(void **state)
{
	static unsigned char body[200][CONTACT_BODY_MAX];
	unsigned char p[PSEUDONYM_SIZE];

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	pseudonym_of(joe, p);
	for (unsigned i = 0; i < 200; i++) {
		struct contact c;
		bool found;
		ok(store_begin(store));
		ok(contact_load(store, p, &c, &found));
		ok(contact_save(store, SQL_CONTACT_PUT, &c));
		ok(store_commit(store));
		body_of(p, body[i]);
		for (unsigned other = 0; other < i; other++) {
			assert_memory_not_equal(body[i], body[other], 16);
			assert_memory_not_equal(body[i] + 16, body[other] + 16, 16);
		}
	}
}

static int64_t length_of(const char *address)
{
	static unsigned char body[CONTACT_BODY_MAX];
	unsigned char p[PSEUDONYM_SIZE];

	pseudonym_of(address, p);
	return body_of(p, body);
}

/* One event, whatever it is, has one length; many have few. */
static void lengths_are_steps(void **state)
{
	char address[64];
	unsigned rows = 0;

	(void)state;
	for (unsigned category = 1; category < CATEGORY_COUNT; category++) {
		snprintf(address, sizeof address, "p%u@example.org", category);
		put_event(event_of(KIND_FAILURE, (enum category)category, address, NOW), NOW);
		int64_t n = length_of(address);
		assert_true(!n || n == 32 + CONTACT_STEP + 16);
		rows += n > 0;
	}
	assert_true(rows > 20);
	int64_t seen = 0, lengths = 0;
	for (unsigned i = 0; i < 60; i++) {
		failed(CATEGORY_MAILBOX_FULL + i % 5, NOW + (int64_t)i * DAY);
		int64_t n = length_of(joe);
		lengths += n != seen;
		assert_int_equal((n - 48) % CONTACT_STEP, 0);
		assert_int_equal((n - 48) / CONTACT_STEP & ((n - 48) / CONTACT_STEP - 1), 0);
		seen = n;
	}
	assert_in_range(lengths, 2, 6);
}

/* --- from before -------------------------------------------------------------------- */

/* Of all kinds and in all states; one in ten has several. */
static void put_people(void)
{
	char address[64];

	ok(store_begin(store));
	for (unsigned i = 0; i < PEOPLE; i++) {
		unsigned category = 1 + i % (CATEGORY_COUNT - 1);
		snprintf(address, sizeof address, "p%u@example.org", i);
		for (unsigned n = 0; n < (i % 10 ? 1 : 12); n++) {
			struct event e = event_of(category_class(category) == CLASS_COMPLAINT
					? KIND_COMPLAINT
					: KIND_FAILURE,
				(enum category)category, address,
				NOW - (int64_t)(n + i % 7) * DAY + i);
			assert_int_equal(put(&e, next_message++, NOW), MESSAGE_NEW);
		}
	}
	ok(store_commit(store));
	advance(NOW + DAY);
}

/* All that all rows say, as one hash. */
static void all_contacts(unsigned char out[32])
{
	sqlite3 *db;
	sqlite3_stmt *st;
	crypto_generichash_state hash;

	crypto_generichash_init(&hash, NULL, 0, 32);
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT hex(pseudonym) || format('%s %d %d %d %d %d %d %d %s %s %s %d %d %d %d', state, at, since, until, due, attempts, pauses,"
			" counted_from, reason, rule, ladder, tidy, cohort, objection, objected) || hex(history) FROM " CONTACT_PLAIN
			" ORDER BY pseudonym",
			-1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		crypto_generichash_update(
			&hash, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
	crypto_generichash_final(&hash, out, 32);
}

static void change_rows(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void back_to_plain(void)
{
	ok(db_exec(store, "BEGIN"));
	ok(db_exec(store, back_to(29)));
	ok(db_exec(store, "COMMIT"));
	assert_int_equal(
		query_int("SELECT count(*) FROM contact WHERE rule <> ''") > PEOPLE / 2, 1);
	close_store();
}

/* Nothing is lost, and nothing of it stands in the bytes of a file once the next purge was. */
static void rows_from_before_are_sealed(void **state)
{
	static const char marks[][16] = { "mark-of-a-ladder", "mark-of-a-rule--" };
	unsigned char before[32], after[32];
	struct purge p;

	(void)state;
	put_people();
	all_contacts(before);
	back_to_plain();
	ok(open_store(test_options(), NOW + DAY));
	assert_int_equal(query_int("PRAGMA user_version"), SCHEMA_VERSION);
	all_contacts(after);
	assert_memory_equal(before, after, sizeof before);
	assert_int_equal(query_int("SELECT count(*) FROM agenda WHERE day % 86400"), 0);

	back_to_plain();
	change_rows("UPDATE contact SET ladder = 'mark-of-a-ladder', rule = 'mark-of-a-rule--'");
	int64_t rows = query_int("SELECT count(*) FROM contact");
	assert_in_range(rows, PEOPLE / 2, PEOPLE);
	assert_true(count_bytes(marks[0], 16) >= rows && count_bytes(marks[1], 16) >= rows);
	ok(open_store(test_options(), NOW + DAY));
	assert_int_equal(query_int("SELECT count(*) FROM " CONTACT_PLAIN
				   " WHERE ladder = 'mark-of-a-ladder'"),
		rows);
	ok(store_purge(store, NOW + DAY, false, &p));
	assert_int_equal(count_bytes(marks[0], 16) + count_bytes(marks[1], 16), 0);
}

static void one_bad_row_leaves_all_as_it_was(void **state)
{
	(void)state;
	put_people();
	back_to_plain();
	change_rows(
		"UPDATE contact SET pseudonym = x'01' WHERE pseudonym = (SELECT max(pseudonym) FROM contact)");
	assert_int_equal(open_store(test_options(), NOW + DAY), STORE_FAILED);
	close_store();
	assert_int_equal(query_int("PRAGMA user_version"), 29);
	assert_int_equal(
		query_int("SELECT count(*) FROM contact WHERE rule <> ''") > PEOPLE / 2, 1);
}

/* Killed at any moment of it, the store is one of before or of now. */
static void a_kill_leaves_one_of_the_two(void **state)
{
	unsigned char before[32], after[32];
	unsigned killed = 0;
	int status;

	(void)state;
	put_people();
	all_contacts(before);
	for (unsigned i = 0; i < KILLS; i++) {
		back_to_plain();
		pid_t child = fork();
		if (!child)
			_exit(open_store(test_options(), NOW + DAY) ? 1 : 0);
		usleep(1000 + i * 8000);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		int64_t version = query_int("PRAGMA user_version");
		assert_true(version == 29 || version == SCHEMA_VERSION);
		killed += version == 29;
		ok(open_store(test_options(), NOW + DAY));
		all_contacts(after);
		assert_memory_equal(before, after, sizeof before);
	}
	print_message("%u of %u were killed before the end\n", killed, (unsigned)KILLS);
	assert_true(killed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_rest_is_of_its_row_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_row_that_was_changed_is_not_written_over, setup, teardown),
		cmocka_unit_test_setup_teardown(no_two_bodies_are_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(lengths_are_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_from_before_are_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(one_bad_row_leaves_all_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kill_leaves_one_of_the_two, setup, teardown),
	};

	return cmocka_run_group_tests_name("contactbody", tests, NULL, NULL);
}
