/*
 * What a line says when its seal is taken off: nothing of a person but a name under the state key,
 * no words of receivers, no names of events, and no word that is not in the store.
 */
#include "tests/unit/store_sites.h"
#include <ctype.h>

enum { CANARIES = 12, WORD_MIN = 6, FILE_MAX = 16 << 20 };

static unsigned char *file_text;
static size_t file_size;

/* The database and its log, as bytes. */
static void read_store(unsigned site)
{
	static const char *const ends[] = { "", "-wal" };
	char path[160];
	file_text = malloc(FILE_MAX);
	file_size = 0;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s%s", at[site].db, ends[i]);
		int fd = open(path, O_RDONLY);
		ssize_t n;
		while (fd >= 0 && (n = read(fd, file_text + file_size, FILE_MAX - file_size)) > 0)
			file_size += (size_t)n;
		close(fd);
	}
	assert_in_range(file_size, 10000, FILE_MAX - 1);
}

static void assert_nowhere(const unsigned char *text, size_t n, const void *what, size_t size)
{
	if (memmem(text, n, what, size))
		fail_msg("%.*s", (int)size, (const char *)what);
}

static bool is_word(unsigned char c)
{
	return islower(c) || isdigit(c) || c == '-' || c == '.' || c == '@';
}

/* Times stand in the store as other bytes than their digits. */
static bool has_letters(const unsigned char *text, size_t n)
{
	unsigned letters = 0;
	for (size_t i = 0; i < n; i++)
		letters += islower(text[i]) != 0;
	return letters > 2;
}

/* Each word of a content stands in the store. */
static unsigned words_are_stored(const unsigned char *text, size_t n)
{
	unsigned words = 0;
	for (size_t i = 0, from = 0; i <= n; i++) {
		if (i < n && is_word(text[i]))
			continue;
		size_t size = i - from;
		if (size >= WORD_MIN && has_letters(text + from, size)) {
			/* a campaign's name before its day is over: "other campaigns" */
			if (!memmem(file_text, file_size, text + from, size) &&
				(size != strlen("campaigns") ||
					memcmp(text + from, "campaigns", size) != 0))
				fail_msg("not in the store: %.*s", (int)size, text + from);
			words++;
		}
		from = i + 1;
	}
	return words;
}

static void read_canaries(unsigned site)
{
	char who[64];
	for (unsigned n = 0; n < CANARIES; n++) {
		snprintf(who, sizeof who, "canary%u.private@hidden-host%u.example", n, n);
		struct event e = event_of(n % 3 ? KIND_FAILURE : KIND_OPTOUT,
			n % 3 ? CATEGORY_MAILBOX_FULL : CATEGORY_OPT_OUT, who, NOW - n * DAY);
		snprintf(e.diagnostic, sizeof e.diagnostic, "mailbox of canarywords%u is full", n);
		snprintf(e.message_id, sizeof e.message_id, "canaryid%u@hidden-host.example", n);
		snprintf(e.campaign, sizeof e.campaign, "spring");
		store = at[site].s;
		put_event(e, NOW);
	}
}

static void nothing_private_under_the_seal(void **state)
{
	static const char *const private[] = { "canary", "private", "hidden", "mailbox of" };
	static unsigned char content[CHANGE_SEALED_MAX];
	unsigned kinds[CHANGE_KIND_COUNT] = { 0 }, words = 0, names = 0;
	struct cause_choice choice = {
		.from = NOW - 9 * DAY, .to = NOW, .rule = "rule-greylisted"
	};
	struct cause_moves moves;
	struct erased sum = { 0 };
	struct bag b = { 0 };
	sqlite3_stmt *st;
	size_t n;
	(void)state;
	read_canaries(0);
	ok(store_begin(store));
	ok(store_forget(store, "canary1.private@hidden-host1.example", 36, false, NOW, &sum));
	ok(store_undo(store, &choice, NOW, &moves));
	ok(store_commit(store));
	changes_of(0, true, &b);
	read_store(0);
	for (size_t i = 0; i < b.n; i++) {
		assert_true(site_unseal(
			store, b.line[i].kind, b.line[i].sealed, b.line[i].size, content, &n));
		kinds[b.line[i].kind]++;
		for (unsigned p = 0; p < sizeof private / sizeof *private; p++) {
			assert_nowhere(content, n, private[p], strlen(private[p]));
			assert_null(strstr(b.line[i].id, private[p]));
		}
		assert_int_equal(
			sqlite3_prepare_v2(store->db,
				"SELECT DISTINCT pseudonym FROM event WHERE pseudonym IS NOT NULL",
				-1, &st, NULL),
			SQLITE_OK);
		for (; sqlite3_step(st) == SQLITE_ROW; names++)
			assert_nowhere(content, n, sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
		sqlite3_finalize(st);
		words += words_are_stored(content, n);
	}
	/* it looked at something */
	assert_int_equal(kinds[CHANGE_CONTACT], CANARIES - 1);
	assert_true(kinds[CHANGE_FIGURES] > 5 && kinds[CHANGE_FORGET] == 1 &&
		kinds[CHANGE_UNDO] == 1 && kinds[CHANGE_UNTIL] == 1);
	assert_true(words > 50 && names > 50);
	free(file_text);
	empty_bag(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_private_under_the_seal, setup_sites, teardown_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
