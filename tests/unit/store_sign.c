/*
 * Signatures: what the tool minisign made is taken, each byte of it counts, and the key and its
 * checkpoints stand in the ledger.
 */
#include <sodium.h>
#include "store/chain.h"
#include "tests/unit/store_fixture.h"

/* Made with minisign 0.11 for a file with "hello\n". */
static const char tool_key[] =
	"untrusted comment: minisign public key C3E9883D29C2FC27\nRWQn/MIpPYjpw6MueUE01dXYueQsGs2pAaufWgcANoZbWtfeHJyEYJCL\n";
static const char tool_signature[] =
	"untrusted comment: signature from minisign secret key\n"
	"RUQn/MIpPYjpw55sf74ugNV0uGEJMW6G0MH8h+kIuZL7QME26wLNN+ORqeufg5TDIOhcOT53HxLcc56XLCNTIb8eUnRrBmkqogo=\n"
	"trusted comment: file:f\n"
	"A0Gl1hF3j/g5zsoE7jo1as+1F306FLNnib+PB12zdCKZ+k6hoZjcXpOmMyR+D53P4oMOuHLTjlPJ4zqYEvvXBQ==\n";
/* The same in the format without prehash, which this program neither writes nor reads. */
static const char tool_legacy[] =
	"untrusted comment: signature from minisign secret key\n"
	"RWQn/MIpPYjpwyHGbUSlPETMEIBSsiCBAWh08xWMvKtz68ON8xpqjyWt6ozBcDcdCYRUKZ+V2+IOR6aIYl1f7hC0sOrelyVHQA0=\n"
	"trusted comment: timestamp:1795250873\tfile:f\n"
	"4D3wQ0WiVkond2RPrugGmB/AP/0kEYtYFZheh/E7CrtzCmZnF9Ma2Gjdt09fDZbGKJstsUQFpLSgSih7As62AA==\n";

static enum minisign_result check_text(
	const char *signature, const struct minisign_public *p, const char *bytes, char *comment)
{
	return minisign_check(signature, strlen(signature), p, bytes, strlen(bytes), comment);
}

static void what_the_tool_signed_is_taken(void **state)
{
	char comment[MINISIGN_COMMENT_SIZE] = "", id[MINISIGN_ID_TEXT_SIZE],
	     line[MINISIGN_KEY_TEXT_SIZE];
	struct minisign_public p, q;

	(void)state;
	assert_true(minisign_key_parse(tool_key, strlen(tool_key), &p));
	minisign_id_text(&p, id);
	assert_string_equal(id, "C3E9883D29C2FC27");
	minisign_key_text(&p, line);
	assert_non_null(strstr(tool_key, line));
	assert_true(minisign_key_parse(line, strlen(line), &q));
	assert_memory_equal(&p, &q, sizeof p);
	assert_int_equal(check_text(tool_signature, &p, "hello\n", comment), MINISIGN_GOOD);
	assert_string_equal(comment, "file:f");
	assert_int_equal(check_text(tool_signature, &p, "hallo\n", comment), MINISIGN_BAD);
	assert_int_equal(check_text(tool_legacy, &p, "hello\n", comment), MINISIGN_UNREADABLE);
}

/*
 * Any character but those of the untrusted comment and the last bits of base64 that mean nothing.
 */
static void each_byte_of_a_signature_counts(void **state)
{
	char comment[MINISIGN_COMMENT_SIZE], copy[sizeof tool_signature];
	const char *second = strchr(tool_signature, '\n') + 1;
	struct minisign_public p;

	(void)state;
	assert_true(minisign_key_parse(tool_key, strlen(tool_key), &p));
	for (size_t i = (size_t)(second - tool_signature); i < sizeof tool_signature - 2; i++) {
		if (tool_signature[i] == '\n')
			continue;
		memcpy(copy, tool_signature, sizeof copy);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (check_text(copy, &p, "hello\n", comment) == MINISIGN_GOOD)
			fail_msg("byte %zu does not count", i);
	}
	for (size_t n = 0; n < sizeof tool_signature - 2; n++)
		assert_int_not_equal(minisign_check(tool_signature, n, &p, "hello\n", 6, comment),
			MINISIGN_GOOD);
}

static void keys_that_are_none(void **state)
{
	static const char *const texts[] = { "",
		"untrusted comment: minisign public key C3E9883D29C2FC27\n",
		"RWQn/MIpPYjpw6MueUE01dXYueQsGs2pAaufWgcANoZbWtfeHJyEYJC",
		"RUQn/MIpPYjpw6MueUE01dXYueQsGs2pAaufWgcANoZbWtfeHJyEYJCL",
		"RWQn/MIpPYjpw6MueUE01dXYueQsGs2pAaufWgcANoZbWtfeHJyEYJCLAAAA" };
	struct minisign_public p;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(minisign_key_parse(texts[i], strlen(texts[i]), &p));
}

static void the_same_bytes_give_the_same_signature(void **state)
{
	unsigned char seed[MINISIGN_SEED_SIZE] = { 7 }, other[MINISIGN_SEED_SIZE] = { 8 };
	char one[MINISIGN_TEXT_SIZE], two[MINISIGN_TEXT_SIZE], comment[MINISIGN_COMMENT_SIZE],
		long_comment[2 * MINISIGN_COMMENT_SIZE];
	struct minisign_public p, q;

	(void)state;
	minisign_sign(one, seed, "x", 1, "file:x");
	minisign_sign(two, seed, "x", 1, "file:x");
	assert_string_equal(one, two);
	minisign_public(&p, seed);
	minisign_public(&q, other);
	assert_int_equal(check_text(one, &p, "x", comment), MINISIGN_GOOD);
	assert_string_equal(comment, "file:x");
	assert_int_equal(check_text(one, &q, "x", comment), MINISIGN_OTHER_KEY);
	memcpy(q.id, p.id, sizeof q.id); /* who claims its id does not have its key */
	assert_int_equal(check_text(one, &q, "x", comment), MINISIGN_BAD);
	memset(long_comment, 'c', sizeof long_comment);
	long_comment[sizeof long_comment - 1] = '\0';
	minisign_sign(one, seed, "x", 1, long_comment); /* is cut, and holds */
	assert_int_equal(check_text(one, &p, "x", comment), MINISIGN_GOOD);
}

static void nothing_is_signed_without_a_key(void **state)
{
	char text[MINISIGN_TEXT_SIZE];
	struct minisign_public p;
	bool ready = true;

	(void)state;
	ok(store_sign_public(store, &p, &ready));
	assert_false(ready);
	assert_int_equal(store_sign(store, "x", 1, "", text), STORE_KEYS);
	ok(store_sign_ready(store, NOW));
	ok(store_sign_public(store, &p, &ready));
	assert_true(ready);
	ok(store_sign(store, "x", 1, "", text));
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM ledger WHERE kind = 'key-created' AND detail LIKE 'purpose=sign public=RW%'"),
		1);
	ok(store_sign_ready(store, NOW));
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'sign'"), 1);
}

static void the_head_is_signed_once_a_day(void **state)
{
	char id[MINISIGN_ID_TEXT_SIZE], key[32];
	struct ledger_entry e, head;
	struct minisign_public p;
	bool ready;

	(void)state;
	ok(store_checkpoint(store, NOW));
	ok(store_ledger_last(store, LEDGER_CHECKPOINT, NULL, &e));
	ok(store_sign_public(store, &p, &ready));
	minisign_id_text(&p, id);
	snprintf(key, sizeof key, "key=%s", id);
	ok(store_ledger_last(store, LEDGER_CHECKPOINT, key, &head));
	assert_int_equal(head.number, e.number);
	ok(store_ledger(store, NOW + 60, LEDGER_REPORT_SENT, "month=2026-10"));
	ok(store_checkpoint(store, NOW + 120));
	ok(store_ledger_head(store, &head));
	assert_int_equal(head.number, e.number + 1); /* the same day */
	ok(store_checkpoint(store, NOW + DAY));
	ok(store_ledger_head(store, &head));
	assert_int_equal(head.number, e.number + 2);
	ok(store_checkpoint(store, NOW + 2 * DAY)); /* nothing new */
	ok(store_ledger_head(store, &head));
	assert_int_equal(head.number, e.number + 2);
	ok(store_ledger_walk(store, NULL, NULL));
}

/*
 * A key that somebody puts in place of ours signs nothing, and a lost one is not replaced in
 * silence.
 */
static void another_key_is_refused(void **state)
{
	char path[160], text[MINISIGN_TEXT_SIZE];
	FILE *f;

	(void)state;
	ok(store_sign_ready(store, NOW));
	snprintf(path, sizeof path, "%s/sign.key", keys);
	f = fopen(path, "w");
	fprintf(f, "retour key 1 sign\n%064d\n", 1);
	fclose(f);
	assert_int_equal(store_sign(store, "x", 1, "", text), STORE_KEYS);
	assert_non_null(strstr(store_error(store), "not the key with which this store signs"));
	unlink(path);
	assert_int_equal(store_sign_ready(store, NOW), STORE_KEYS);
	assert_non_null(strstr(store_error(store), "retire sign.key"));
	ok(store_key_retire(store, "sign.key", NULL, NOW, &(bool){ false }));
	ok(store_sign_ready(store, NOW));
	ok(store_sign(store, "x", 1, "", text));
	assert_int_equal(
		store_key_retire(store, "verp-aa.key", NULL, NOW, &(bool){ false }), STORE_MISUSE);
}

/* One entry has one line, and one line one entry. */
static void lines_are_canonical(void **state)
{
	static const char *const bad[] = { "07\t2026-11-17T12:00:00Z\tpurge\tevents=1",
		"7\t2026-11-17T12:00:60Z\tpurge\tevents=1",
		"+7\t2026-11-17T12:00:00Z\tpurge\tevents=1",
		"9223372036854775807\t2026-11-17T12:00:00Z\tpurge\tevents=1",
		"-1\t2026-11-17T12:00:00Z\tpurge\tevents=1",
		"7\t2026-11-17T12:00:00\tpurge\tevents=1", "7\t2026-11-17T12:00:00Z\tpurge",
		"7\t2026-11-17T12:00:00Z\tpurge\tevents=1\tmore" };
	struct ledger_entry e = { .number = 7, .at = NOW, .kind = "purge", .detail = "events=1" },
			    back;
	unsigned char previous[LEDGER_HASH_SIZE] = { 1 }, again[LEDGER_HASH_SIZE];
	char line[CHAIN_LINE_SIZE], text[CHAIN_LINE_SIZE];
	size_t n;

	(void)state;
	chain_hash(e.hash, previous, &e);
	n = chain_line(line, &e, previous);
	assert_true(chain_parse((struct span){ line, n - 1 }, &back, again));
	assert_memory_equal(&back, &e, sizeof e);
	assert_memory_equal(again, previous, sizeof previous);
	assert_false(chain_parse((struct span){ line, n - 2 }, &back, again));
	line[n - 1] = '\0';
	const char *hashes = line + strlen("7\t2026-11-17T12:00:00Z\tpurge\tevents=1\t");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strcat(strcat(strcpy(text, bad[i]), "\t"), hashes);
		if (chain_parse(span_of(text), &back, again))
			fail_msg("taken: %s", text);
	}
	strcpy(e.detail, "a\tb");
	assert_int_equal(chain_line(line, &e, previous), 0);
	assert_int_equal(store_ledger(store, NOW, LEDGER_PURGE, "a\nb"), STORE_MISUSE);
	n = checkpoint_text(text, &e);
	assert_true(checkpoint_parse((struct span){ text, n }, &back));
	assert_memory_equal(back.hash, e.hash, sizeof e.hash);
	assert_false(checkpoint_parse((struct span){ text, n - 1 }, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_the_tool_signed_is_taken),
		TEST(each_byte_of_a_signature_counts),
		TEST(keys_that_are_none),
		TEST(the_same_bytes_give_the_same_signature),
		TEST(nothing_is_signed_without_a_key),
		TEST(the_head_is_signed_once_a_day),
		TEST(another_key_is_refused),
		TEST(lines_are_canonical),
	};

	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
