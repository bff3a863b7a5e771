/*
 * Signed return paths: what we signed is verified, for the recipient it was made for and nobody
 * else; what was made up never is.
 */
#include "tests/unit/store_fixture.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include "classify/verp.h"

enum { ROOM = 57, RANDOM_TOKENS = 1000000 };
static char key_name[STORE_NAME_SIZE];

static int setup_key(void **state)
{
	return setup(state) || store_key_add(store, "verp", NOW, key_name);
}

static void sign(const char *campaign, const char *address, char *token, bool wants_full)
{
	bool full;
	ok(store_verp_token(store, false, campaign, address, strlen(address), ROOM, token, &full));
	assert_int_equal(full, wants_full);
	assert_true(strlen(token) <= ROOM);
}

static struct event returned(const char *token, const char *recipient)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, recipient, NOW);
	strcpy(e.token, token);
	return e;
}

static enum origin prove(struct event *e)
{
	return verp_prove(store, e, NOW);
}

static void what_we_signed_is_verified(void **state)
{
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("Spring:1", "Anna@Example.org", token, true);
	struct event e = returned(token, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	assert_string_equal(e.campaign, "Spring:1");
	e.origin = ORIGIN_BACKSCATTER; /* headers say what they will */
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	for (char *c = token; *c; c++) /* on its way the local part was folded the other way */
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	e = returned(token, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
}

static void the_recipient_is_the_one_of_the_token(void **state)
{
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("c", "anna@example.org", token, true);
	struct event e = returned(token, "anna.private@example.net");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	assert_string_equal(e.recipient, "anna@example.org");
	assert_string_equal(e.original_recipient, "anna.private@example.net");
	assert_int_equal(e.recipient_source, RECIPIENT_VERP);
}

static void nobody_suppresses_somebody_else_with_his_own_token(void **state)
{
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("c", "mallory@example.org", token, true);
	struct event e = returned(token, "anna@example.org");
	put_event(e, NOW);
	assert_int_equal(check("anna@example.org", NOW).verdict, VERDICT_SEND);
	e.seq = 2; /* as another recipient of the same report */
	assert_int_equal(prove(&e), ORIGIN_UNVERIFIED);
	sign("c", "a-name-that-is-far-too-long-for-it@mail.department.example.org", token, false);
	e = returned(token, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_UNVERIFIED);
}

static void an_address_that_does_not_fit_is_proved_by_the_report(void **state)
{
	static const char address[] =
		"a-name-that-is-far-too-long-for-it@mail.department.example.org";
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("c", address, token, false);
	struct event e = returned(token, address);
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	e = returned(token, "somebody@example.net");
	strcpy(e.original_recipient, address);
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	assert_string_equal(e.recipient, address);
}

static void every_change_of_a_token_is_refused(void **state)
{
	static const char signs[] = "abcdefghijklmnopqrstuvwxyz234567.-=_";
	char token[STORE_TOKEN_SIZE];
	unsigned refused = 0;
	(void)state;
	sign("spring", "anna@example.org", token, true);
	for (size_t i = 0; token[i]; i++)
		for (const char *c = signs; *c; c++) {
			struct event e = returned(token, "anna@example.org");
			if (*c == token[i])
				continue;
			e.token[i] = *c;
			assert_int_not_equal(prove(&e), ORIGIN_VERIFIED);
			refused++;
		}
	assert_true(refused > 1000);
}

static void a_made_up_mac_makes_the_report_unverified(void **state)
{
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("c", "anna@example.org", token, true);
	token[5] = token[5] == 'a' ? 'b' : 'a';
	struct event e = returned(token, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_UNVERIFIED);
	put_event(e, NOW);
	assert_int_equal(check("anna@example.org", NOW).verdict, VERDICT_SEND);
	e = returned("something-else", "anna@example.org"); /* no token of ours: says nothing */
	assert_int_equal(prove(&e), ORIGIN_MATCHED);
}

static void random_tokens_are_refused(void **state)
{
	struct verp v = { .full = true, .campaign = "c", .recipient = "anna@example.org" };
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct event e = returned("", "anna@example.org");
	unsigned verified = 0;
	(void)state;
	memcpy(v.key, key_name + 5, 2);
	for (unsigned i = 0; i < RANDOM_TOKENS; i++) {
		unsigned char noise[VERP_MAC_SIZE - 1];
		randombytes_buf(noise, sizeof noise);
		for (unsigned k = 0; k < sizeof noise; k++)
			v.mac[k] = base32[noise[k] & 31];
		verp_encode(&v, e.token, ROOM);
		verified += prove(&e) == ORIGIN_VERIFIED;
	}
	assert_int_equal(verified, 0);
}

static void keys_rotate_and_retire(void **state)
{
	char token[STORE_TOKEN_SIZE], newer[STORE_TOKEN_SIZE], second[STORE_NAME_SIZE];
	(void)state;
	sign("c", "anna@example.org", token, true);
	ok(store_key_add(store, "verp", NOW + DAY, second));
	assert_string_not_equal(second, key_name);
	sign("c", "anna@example.org", newer, true);
	assert_memory_equal(newer + 1, second + 5, 2);
	struct event e = returned(token, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	ok(store_key_retire(store, key_name, NULL, NOW + DAY, &(bool){ false }));
	e = returned(token, "anna@example.org"); /* can no longer be proved, and was not made up for
						    all we know */
	assert_int_equal(prove(&e), ORIGIN_MATCHED);
	e = returned(newer, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
	assert_int_equal(
		store_key_retire(store, "state.key", NULL, NOW, &(bool){ false }), STORE_MISUSE);
	assert_int_equal(
		store_key_retire(store, key_name, NULL, NOW, &(bool){ false }), STORE_MISUSE);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM ledger WHERE kind = 'key-created' AND detail LIKE 'purpose=verp name=%'"),
		2);
	assert_int_equal(query_int("SELECT count(*) FROM ledger WHERE kind = 'key-destroyed'"), 1);
	close_store();
	ok(open_store(test_options(), NOW + DAY));
	e = returned(newer, "anna@example.org");
	assert_int_equal(prove(&e), ORIGIN_VERIFIED);
}

static void a_report_that_names_the_recipient_twice_counts_once(void **state)
{
	struct store_message m = {
		.mailbox = "bounces", .arrived = NOW, .recognised = true, .digest = { 9 }
	};
	enum store_message_result result;
	struct packed_event packed[2];
	char token[STORE_TOKEN_SIZE];
	(void)state;
	sign("c", "anna@example.org", token, true);
	struct event first = returned(token, "alias@example.net"),
		     again = returned(token, "anna@example.org");
	again.seq = 2;
	ok(store_pack(store, &first, NOW, &packed[0]));
	ok(store_pack(store, &again, NOW, &packed[1]));
	ok(store_begin(store));
	ok(store_message(store, &m, packed, 2, NOW, &result));
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 1);
}

static void batv_tags(void **state)
{
	static const char key[] = "a key of our mail server", address[] = "news@example.org";
	struct store_options o = test_options();
	struct event e = returned("", "anna@example.net");
	unsigned char mac[20];
	char tag[16], input[64], hex[41];
	(void)state;
	o.batv_key = key;
	o.batv_key_size = strlen(key);
	close_store();
	ok(open_store(o, NOW));
	for (int day = -10; day <= 10; day++) { /* relative to the day on which it expires */
		snprintf(tag, sizeof tag, "0%03u", (unsigned)((NOW / DAY + day) % 1000));
		snprintf(input, sizeof input, "%s%s", tag, address);
		gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, strlen(key), input, strlen(input), mac);
		sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
		snprintf(e.token, sizeof e.token, "prvs=%s%.6s=%s", tag, hex, address);
		e.origin = ORIGIN_MATCHED;
		assert_int_equal(
			prove(&e), day >= 0 && day <= 7 ? ORIGIN_VERIFIED : ORIGIN_UNVERIFIED);
		e.token[9] = e.token[9] == '0' ? '1' : '0';
		assert_int_equal(prove(&e), ORIGIN_UNVERIFIED);
	}
	assert_string_equal(e.recipient, "anna@example.net");
	close_store();
	ok(open_store(test_options(), NOW)); /* without the key the tag says nothing */
	assert_int_equal(prove(&e), ORIGIN_MATCHED);
}

static void the_newest_signs_within_one_second_too(void **state)
{
	char token[STORE_TOKEN_SIZE], name[STORE_NAME_SIZE];
	(void)state;
	for (unsigned i = 1; i < 32; i++) {
		ok(store_key_add(store, "verp", NOW, name));
		sign("c", "anna@example.org", token, true);
		assert_memory_equal(token + 1, name + sizeof "verp-" - 1, VERP_KEY_SIZE - 1);
	}
	assert_int_equal(store_key_add(store, "verp", NOW, name),
		STORE_MISUSE); /* one more could push out the one that signs */
}

static void without_a_key_it_says_so(void **state)
{
	char token[STORE_TOKEN_SIZE];
	bool full;
	(void)state;
	assert_int_equal(
		store_verp_token(store, false, "c", "anna@example.org", 16, ROOM, token, &full),
		STORE_KEYS);
	ok(store_key_add(store, "verp", NOW, key_name));
	assert_int_equal(store_verp_token(store, false, "c", "no address", 10, ROOM, token, &full),
		STORE_MISUSE);
	assert_int_equal(store_verp_token(store, false,
				 "a-campaign-with-a-name-that-fills-the-whole-return-path",
				 "anna@example.org", 16, ROOM, token, &full),
		STORE_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_we_signed_is_verified, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			the_recipient_is_the_one_of_the_token, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			nobody_suppresses_somebody_else_with_his_own_token, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			an_address_that_does_not_fit_is_proved_by_the_report, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			every_change_of_a_token_is_refused, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			a_made_up_mac_makes_the_report_unverified, setup_key, teardown),
		cmocka_unit_test_setup_teardown(random_tokens_are_refused, setup_key, teardown),
		cmocka_unit_test_setup_teardown(keys_rotate_and_retire, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			the_newest_signs_within_one_second_too, setup_key, teardown),
		cmocka_unit_test_setup_teardown(
			a_report_that_names_the_recipient_twice_counts_once, setup_key, teardown),
		cmocka_unit_test_setup_teardown(batv_tags, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_key_it_says_so, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
