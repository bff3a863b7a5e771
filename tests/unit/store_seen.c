/*
 * Keys of messages that were counted: what they tell, where they lie, and those of older versions.
 */
#include <sodium.h>
#include "store/ownkeys.h"
#include "tests/unit/store_before.h"

static void message_keys_do_not_tell_the_digest(void **state)
{
	unsigned char digest[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x00 };
	struct event e = event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "a@example.org", NOW);
	uint64_t number;

	(void)state;
	memcpy(&number, digest, sizeof number);
	ok(store_begin(store));
	put(&e, number, NOW);
	ok(store_commit(store));
	assert_int_equal(count_bytes(digest, 7), 0);
	unsigned char input[14 + STORE_DIGEST_SIZE] = "retour seen 1", unkeyed[16];
	memcpy(input + 14, digest, sizeof digest);
	crypto_generichash(unkeyed, sizeof unkeyed, input, sizeof input, NULL, 0);
	assert_int_equal(count_bytes(unkeyed, sizeof unkeyed), 0);
	crypto_generichash(
		unkeyed, sizeof unkeyed, input, sizeof input, keys_message(store), KEY_SIZE);
	unkeyed[0] = unkeyed[1] = 0;
	assert_int_not_equal(
		count_bytes(unkeyed, sizeof unkeyed), 0); /* the documented form, with the key */
	assert_int_equal(query_int("SELECT length(key) FROM seen"), 16);
	assert_int_equal(query_int("SELECT at % 86400 FROM seen"), 0);
}

/* Of the day that a message is dated, whatever else it is. */
static void messages_lie_by_their_dates(void **state)
{
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .recognised = true };
	enum store_message_result result;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 64; i++) {
		m.digest[0] = (unsigned char)i;
		m.dated = (uint16_t)(0x0a01 + i % 2);
		ok(store_message(store, &m, NULL, 0, NOW, &result));
		assert_int_equal(result, MESSAGE_NEW);
	}
	ok(store_commit(store));
	assert_int_equal(
		query_int("SELECT count(*) FROM seen WHERE key >= x'0a01' AND key < x'0a02'"), 32);
	assert_int_equal(
		query_int("SELECT count(*) FROM seen WHERE key >= x'0a02' AND key < x'0a03'"), 32);
	assert_int_equal(query_int("SELECT count(DISTINCT substr(key, 3)) FROM seen"), 64);
}

/* Rows of version 30 are keys of 16 bytes of hash: what was counted then counts once, too. */
static void keys_of_before_are_known(void **state)
{
	struct store_message m = { .mailbox = "bounces",
		.arrived = NOW,
		.recognised = true,
		.dated = 7,
		.digest = { 5 } };
	unsigned char input[14 + STORE_DIGEST_SIZE] = "retour seen 1", key[16];
	enum store_message_result result;
	char sql[256], hex[33];

	(void)state;
	memcpy(input + 14, m.digest, sizeof m.digest);
	crypto_generichash(key, sizeof key, input, sizeof input, keys_message(store), KEY_SIZE);
	snprintf(sql, sizeof sql,
		"INSERT INTO seen VALUES (x'%s', %lld); INSERT INTO held VALUES ('seen', %lld, 1)",
		sodium_bin2hex(hex, sizeof hex, key, sizeof key), (long long)(NOW - NOW % DAY),
		(long long)(NOW - NOW % DAY));
	ok(db_exec(store, sql));
	ok(db_exec(store, back_to(30)));
	close_store();
	ok(open_store(test_options(), NOW));
	assert_int_equal(
		query_int("SELECT value FROM meta WHERE name = 'seen-undated'"), NOW - NOW % DAY);
	ok(store_begin(store));
	ok(store_message(store, &m, NULL, 0, NOW, &result));
	assert_int_equal(result, MESSAGE_DUPLICATE);
	m.digest[0]++;
	ok(store_message(store, &m, NULL, 0, NOW, &result));
	assert_int_equal(result, MESSAGE_NEW);
	ok(store_commit(store));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(message_keys_do_not_tell_the_digest),
		TEST(messages_lie_by_their_dates),
		TEST(keys_of_before_are_known),
	};

	return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
