/*
 * Figures of days between sites: what is forged, late, ahead of its time or too large, and what a
 * life before has told.
 */
#include "store/ownkeys.h"
#include "tests/unit/store_sitefigures.h"
#include "store/promises.h"

/* A line of site 0 as only who has its keys can make it. */
static struct change forged(
	const char *id, int64_t version, const void *content, size_t n, unsigned char *sealed)
{
	unsigned char seed[KEY_SIZE], public[crypto_sign_PUBLICKEYBYTES],
		secret[crypto_sign_SECRETKEYBYTES];
	unsigned char *padded = malloc(n + SEAL_PAD);
	struct bag b = { 0 };
	bool absent;
	changes_of(0, false, &b);
	struct change c = b.line[b.n - 1]; /* until */
	ok(keys_sign(store, false, NOW, seed, &absent));
	crypto_sign_seed_keypair(public, secret, seed);
	c.kind = CHANGE_FIGURES;
	c.version = version;
	snprintf(c.id, sizeof c.id, "%s", id);
	memcpy(padded, content, n);
	c.size = site_seal(store, c.kind, sealed, padded, n);
	c.sealed = sealed;
	change_sign(&c, 1, secret);
	free(padded);
	empty_bag(&b);
	return c;
}

static void assert_figures(const struct change *c, enum merge_result expected, const char *word)
{
	char why[CHANGE_WHY_SIZE];
	store = at[1].s;
	ok(store_begin(store));
	assert_int_equal(give(1, c, why), expected);
	assert_non_null(strstr(why, word));
	ok(store_commit(store));
}

#define TYPING_ROW "\x09gmail.com"
static void figures_are_refused_in_words(void **state)
{
	static const struct {
		const char *id, *content, *word;
		size_t n;
		int64_t version;
	} bad[] = {
		{ "typing 20261117 0", "\1" TYPING_ROW "\x80\x80\x80\x80\x80\x80\x80\x80\x40",
			"form", 20, 2 }, /* more than 10^12 */
		{ "typing 20261117 0", "\1" TYPING_ROW "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
			"form", 21, 2 }, /* -1, if it were signed */
		{ "typing 20261117 0", "\1" TYPING_ROW "\x80", "form", 12, 2 },
		{ "typing 20261117 0", "\1" TYPING_ROW "\x85\x80\0", "form", 14, 2 },
		{ "typing 20261117 0", "\1\x20gmail.com\5", "form", 12, 2 },
		{ "typing 20261117 0", "\1\1\n\5", "form", 4, 2 },
		{ "typing 20261117 0", "\1\1\xff\5", "form", 4, 2 },
		{ "typing 20261117 0", "\2" TYPING_ROW "\5", "form", 12, 2 },
		{ "typing 20261117 0", "", "form", 0, 2 },
		{ "tally 20261117 0", "\1\3abc\0\0\7matched\5gmail\0\1", "form", 22, 2 },
		{ "typing 20261117 64", "\1" TYPING_ROW "\5", "none", 12, 2 },
		{ "typing -1 0", "\1" TYPING_ROW "\5", "none", 12, 2 },
		{ "typing 20261117 0 ", "\1" TYPING_ROW "\5", "none", 12, 2 },
		{ "event 20261117 0", "\1" TYPING_ROW "\5", "none", 12, 2 },
		{ "typing 20261117 0", "\1" TYPING_ROW "\5", "as often", 12, INT64_C(1) << 50 },
	};
	static const char good[] = "\1" TYPING_ROW "\5";
	unsigned char sealed[4096];
	struct change c;
	(void)state;
	snprintf(database, sizeof database, "%.90s", at[1].db);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		c = forged(bad[i].id, bad[i].version, bad[i].content, bad[i].n, sealed);
		assert_figures(&c, MERGE_REFUSED, bad[i].word);
		assert_int_equal(query_int("SELECT count(*) FROM site_typing"), 0);
		assert_int_equal(query_int("SELECT count(*) FROM figure WHERE name = 'typing'"), 0);
	}
	c = forged("typing 20261117 0", 2, good, sizeof good - 1, sealed);
	assert_figures(&c, MERGE_TAKEN, "");
	assert_int_equal(query_int("SELECT count FROM site_typing"), 5);
	/* what it said before comes late, and what it says later takes its place */
	c = forged("typing 20261117 0", 1, "\1" TYPING_ROW "\7", sizeof good - 1, sealed);
	assert_figures(&c, MERGE_KNOWN, "");
	assert_int_equal(query_int("SELECT count FROM site_typing"), 5);
	c = forged("typing 20261117 0", 3, "\1" TYPING_ROW "\4", sizeof good - 1, sealed);
	assert_figures(&c, MERGE_TAKEN, "");
	assert_int_equal(query_int("SELECT sum(count) FROM site_typing"), 4);
	c = forged("typing 20261117 0", 4, "\1", 1, sealed);
	assert_figures(&c, MERGE_TAKEN, "");
	assert_int_equal(query_int("SELECT count(*) FROM site_typing"), 0);
	/* of another site than that which signed */
	strcpy(c.site, "site2");
	assert_figures(&c, MERGE_REFUSED, "signature");
}

/* The clock of a site that is ahead does not make others deaf to what comes after. */
static void a_time_to_come_is_refused(void **state)
{
	char next[CHANGE_CURSOR_SIZE];
	struct bag b = { 0 };
	(void)state;
	store = at[0].s;
	ok(store_changes(store, "", false, NOW + 3 * DAY, next, collect, &b));
	assert_figures(&b.line[b.n - 1], MERGE_REFUSED, "wrong clock");
	empty_bag(&b);
	struct erased sum = { 0 };
	store = at[0].s;
	ok(store_begin(store));
	ok(store_forget(store, "anna@example.net", 16, false, NOW + 3 * DAY, &sum));
	ok(store_commit(store));
	ok(store_changes(at[0].s, "", false, NOW, next, collect, &b));
	assert_int_equal(b.line[0].kind, CHANGE_FORGET);
	assert_figures(&b.line[0], MERGE_REFUSED, "wrong clock");
	empty_bag(&b);
}

/* A part of a day with more rows than a line may have goes without names. */
static void a_large_day_loses_its_names(void **state)
{
	struct bag b = { 0 };
	(void)state;
	foreign_hands = true;
	store = at[0].s;
	ok(store_begin(store));
	let_triggers_act();
	ok(db_exec(store,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO summary SELECT"
		" 1794916800, 'dmarc', 1, format('receiver%06d.example.net%0150d', i, 0), 'example.org', '192.0.2.0/24', 'none', 1, 1, '', i FROM n"));
	ok(store_commit(store));
	changes_of(0, false, &b);
	assert_int_equal(b.n, 2);
	assert_true(b.line[0].size < CHANGE_SEALED_MAX);
	shuffle_into(1, &b, 0);
	snprintf(database, sizeof database, "%.90s", at[0].db);
	int64_t own = query_int("SELECT sum(count) FROM summary");
	snprintf(database, sizeof database, "%.90s", at[1].db);
	assert_int_equal(query_int("SELECT count(*) FROM site_summary"), 1);
	assert_int_equal(query_int("SELECT sum(count) FROM site_summary"), own);
	empty_bag(&b);
}

static void say_sent(const char *provider, const char *campaign, uint64_t sent)
{
	struct volume v = { .day = day_of(NOW), .sent = sent };
	uint64_t before;
	snprintf(v.provider, sizeof v.provider, "%s", provider);
	snprintf(v.campaign, sizeof v.campaign, "%s", campaign);
	store = at[0].s;
	ok(store_begin(store));
	ok(store_volume_clear(store, "crm", v.day, &before));
	ok(store_volume_add(store, "crm", false, &v));
	ok(store_commit(store));
}

static int add_sent_cell(void *context, const struct volume *v)
{
	uint64_t *sum = context;
	assert_in_range(v->sent, 0, 1000);
	sum[0] += v->sent;
	sum[1] += strcmp(v->provider, "gmx") == 0 ? v->sent : 0;
	return 0;
}

/* The store is that of a backup, and has heard of others what the life before said since. */
static void restore_backup(const char *copy)
{
	static const char *const ends[] = { "-wal", "-shm" };
	struct bag b = { 0 };
	char path[160];
	close_at(0);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s%s", at[0].db, ends[i]);
		unlink(path);
	}
	assert_int_equal(rename(copy, at[0].db), 0);
	open_at(0);
	changes_of(1, true, &b);
	shuffle_into(0, &b, 0);
	empty_bag(&b);
}

/*
 * A day that is told anew after that: less than what the life before took back, which is no number
 * of mails; under another name, which adds nothing.
 */
static void nothing_is_below_nothing(void **state)
{
	static const struct {
		const char *provider;
		uint64_t meanwhile, anew, sum, of_gmx;
	} cases[] = {
		{ "gmail", 5, 6, 0, 0 },
		{ "gmx", 77, 77, 77, 77 },
		{ "gmail", 77, 70, 70, 0 },
	};
	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		char copy[160];
		int64_t until;
		struct bag b = { 0 };
		uint64_t sum[2] = { 0 };
		if (i) {
			teardown_sites(state);
			setup_sites(state);
		}
		snprintf(copy, sizeof copy, "%s/copy", at[0].dir);
		say_sent("gmail", "spring", 77);
		store = at[0].s;
		ok(store_backup(store, copy, NOW, &until));
		say_sent(cases[i].provider, "spring", cases[i].meanwhile);
		changes_of(0, false, &b);
		shuffle_into(1, &b, 0);
		empty_bag(&b);
		restore_backup(copy);
		say_sent(cases[i].provider, "spring", cases[i].anew);
		store_every_site(store, true);
		ok(store_volumes(store, 0, 99991231, VOLUME_ROWS, add_sent_cell, sum));
		store_every_site(store, false);
		assert_int_equal(sum[0], cases[i].sum);
		assert_int_equal(sum[1], cases[i].of_gmx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			figures_are_refused_in_words, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_time_to_come_is_refused, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_large_day_loses_its_names, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			nothing_is_below_nothing, setup_sites, teardown_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
