/*
 * What is due is gone from the bytes of all files.
 */
#include "tests/unit/store_retention.h"

/* The same address gives another pseudonym in event than in contact, and another one each month. */
static void nothing_joins(void **state)
{
	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("a@example.org", NOW + 30 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM event JOIN contact USING (pseudonym)"), 0);
	assert_int_equal(query_int("SELECT count(DISTINCT pseudonym) FROM event"), 2);
	put_failure("a@example.org", NOW + 1);
	assert_int_equal(query_int("SELECT count(DISTINCT pseudonym) FROM event"), 2);
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
}

/* --- the bytes ------------------------------------------------------------ */

enum { CANARIES = 3000 };

struct canary {
	char text[32];
	unsigned char event[PSEUDONYM_SIZE], contact[PSEUDONYM_SIZE];
};

/* Messages that arrive at AT in an order of no system; what each leaves is noted in C. */
static void plant(struct canary *c, unsigned first, unsigned count, int64_t at)
{
	struct packed p;
	struct packed_event packed;
	enum store_message_result result;

	ok(store_begin(store));
	for (unsigned i = first; i < first + count; i++) {
		char address[64];
		snprintf(address, sizeof address, "canary%u@example%u.org", i, i % 7);
		struct event e = event_of(KIND_FAILURE,
			i % 3 ? CATEGORY_USER_UNKNOWN : CATEGORY_NETWORK_ERROR, address,
			at + i * 7919 % 80000);
		snprintf(c[i].text, sizeof c[i].text, "Canary-%u-%08x", i, i * 2654435761u);
		snprintf(e.diagnostic, sizeof e.diagnostic, "550 5.1.1 %s %.*s", c[i].text,
			(int)(i % 200),
			"padding that makes rows of many lengths, so that pages are split, balanced and defragmented when rows go and "
			"come, and what was moved leaves nothing behind that anybody could still read there, in no page");
		struct store_message m = {
			.mailbox = "bounces", .arrived = e.arrived, .recognised = true
		};
		memcpy(m.digest, &next_message, sizeof next_message);
		next_message++;
		ok(store_pack(store, &e, at + DAY, &packed));
		memcpy(&p, &packed, sizeof p);
		memcpy(c[i].event, p.pseudonym, PSEUDONYM_SIZE);
		memcpy(c[i].contact, p.contact, PSEUDONYM_SIZE);
		ok(store_message(store, &m, &packed, 1, at + DAY, &result));
	}
	ok(store_commit(store));
}

/* All bytes of the database, its log and its index, read at once. */
struct bytes {
	unsigned char *p;
	size_t n;
};

static struct bytes read_files(void)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	struct bytes b = { NULL, 0 };
	struct stat st;
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", database, suffix[i]);
		if (stat(path, &st))
			continue;
		b.p = realloc(b.p, b.n + (size_t)st.st_size + 1);
		int fd = open(path, O_RDONLY);
		assert_int_equal(read(fd, b.p + b.n, (size_t)st.st_size), st.st_size);
		close(fd);
		b.n += (size_t)st.st_size;
	}
	return b;
}

struct needle {
	uint64_t end; /* its last eight bytes, which no other has */
	const unsigned char *p;
	size_t n;
	bool found;
};

static int compare_ends(const void *a, const void *b)
{
	const struct needle *x = a, *y = b;

	return (x->end > y->end) - (x->end < y->end);
}

/* All in one pass over B: an end that may be one of them is looked up, and the rest compared. */
static void find_needles(const struct bytes *b, struct needle *needles, unsigned count)
{
	static bool begun[1 << 16];
	struct needle here = { .end = 0 };

	qsort(needles, count, sizeof *needles, compare_ends);
	memset(begun, false, sizeof begun);
	for (unsigned i = 0; i < count; i++) {
		assert_true(i == 0 || needles[i].end != needles[i - 1].end);
		begun[needles[i].end >> 48] = true;
	}
	for (size_t at = sizeof here.end; at <= b->n; at++) {
		memcpy(&here.end, b->p + at - sizeof here.end, sizeof here.end);
		if (!begun[here.end >> 48])
			continue;
		struct needle *it = bsearch(&here, needles, count, sizeof *needles, compare_ends);
		if (it && at >= it->n && memcmp(b->p + at - it->n, it->p, it->n) == 0)
			it->found = true;
	}
}

static unsigned found(const struct bytes *b, const struct canary *c, unsigned first, unsigned count,
	size_t offset, size_t n)
{
	struct needle *needles = calloc(count, sizeof *needles);
	unsigned hits = 0;

	assert_non_null(needles);
	for (unsigned i = 0; i < count; i++) {
		struct needle *it = &needles[i];
		it->p = (const unsigned char *)&c[first + i] + offset;
		it->n = n ? n : strlen((const char *)it->p);
		memcpy(&it->end, it->p + it->n - sizeof it->end, sizeof it->end);
	}
	find_needles(b, needles, count);
	for (unsigned i = 0; i < count; i++)
		hits += needles[i].found;
	free(needles);
	return hits;
}

#define TEXT offsetof(struct canary, text), 0
#define EVENT offsetof(struct canary, event), PSEUDONYM_SIZE
#define CONTACT offsetof(struct canary, contact), PSEUDONYM_SIZE

static void gone_from_the_bytes(void **state)
{
	struct canary *c = calloc(2 * CANARIES, sizeof *c);
	struct bytes b;
	struct purge p;

	(void)state;
	/* old and new ones in turn, so that rows which go lie beside rows which stay */
	for (unsigned i = 0; i < CANARIES; i += 100) {
		plant(c, i, 100, NOW);
		plant(c, CANARIES + i, 100, NOW + 400 * DAY);
	}
	b = read_files();
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, TEXT),
		2 * CANARIES); /* the search finds them before */
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, EVENT), 2 * CANARIES);
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, CONTACT), 2 * CANARIES);
	free(b.p);

	ok(store_purge(
		store, NOW + 402 * DAY, false, &p)); /* diagnostics and events of the old ones */
	expect(&p, "events", CANARIES, CANARIES);
	b = read_files();
	assert_int_equal(found(&b, c, 0, CANARIES, TEXT), 0);
	assert_int_equal(found(&b, c, 0, CANARIES, EVENT), 0);
	assert_int_equal(found(&b, c, CANARIES, CANARIES, TEXT),
		CANARIES); /* and those of the others are there */
	assert_int_equal(found(&b, c, CANARIES, CANARIES, EVENT), CANARIES);
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, CONTACT), 2 * CANARIES);
	free(b.p);

	ok(store_purge(store, NOW + 432 * DAY, false,
		&p)); /* diagnostics of the new ones, whose events stay */
	expect(&p, "diagnostics", CANARIES, 0);
	b = read_files();
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, TEXT), 0);
	assert_int_equal(found(&b, c, CANARIES, CANARIES, EVENT), CANARIES);
	free(b.p);

	ok(store_purge(
		store, NOW + 733 * DAY, false, &p)); /* contacts of the old ones, all events */
	expect(&p, "contacts", CANARIES, CANARIES);
	b = read_files();
	assert_int_equal(found(&b, c, 0, 2 * CANARIES, EVENT), 0);
	assert_int_equal(found(&b, c, 0, CANARIES, CONTACT), 0);
	assert_int_equal(found(&b, c, CANARIES, CANARIES, CONTACT), CANARIES);
	free(b.p);
	free(c);
}

static void a_reader_in_the_way_is_told(void **state)
{
	struct purge p;
	sqlite3 *db;

	(void)state;
	put_failure("a@example.org", NOW);
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "BEGIN; SELECT * FROM event", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_purge(store, NOW + 200 * DAY, false, &p), STORE_BROKEN);
	assert_false(p.checkpointed);
	assert_non_null(strstr(store_error(store), "truncated"));
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	ok(store_purge(store, NOW + 200 * DAY, false, &p));
	assert_true(p.checkpointed);
}

/* A row that a trigger holds back: counted after the purge, and an error. */
static void what_stays_is_told(void **state)
{
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	foreign_hands = true;
	let_triggers_act();
	ok(db_exec(store,
		"CREATE TRIGGER hold BEFORE DELETE ON event BEGIN SELECT RAISE(IGNORE); END"));
	assert_int_equal(store_purge(store, NOW + 200 * DAY, false, &p), STORE_BROKEN);
	assert_int_equal(class_of(&p, "events")->overdue, 1);
	assert_non_null(strstr(store_error(store), "events: 1 overdue"));
}

static void the_ledger_tells_of_purges(void **state)
{
	struct ledger_entry e;
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	ok(store_purge(store, NOW, false, &p));
	ok(store_ledger_last(store, LEDGER_PURGE, NULL, &e));
	int64_t first = e.number;
	assert_string_equal(e.detail,
		"events=0 diagnostics=0 contacts=0 objections=0 messages=0 alerts=0 summaries=0 ledger=0");
	ok(store_purge(store, NOW + HOUR, false, &p)); /* nothing done, the same day */
	ok(store_ledger_last(store, LEDGER_PURGE, NULL, &e));
	assert_int_equal(e.number, first);
	ok(store_purge(store, NOW + DAY, false, &p));
	ok(store_ledger_last(store, LEDGER_PURGE, NULL, &e));
	assert_int_equal(e.number, first + 1);
	ok(store_purge(store, NOW + 181 * DAY, false, &p));
	ok(store_ledger_last(store, LEDGER_PURGE, "events=1", &e));
	assert_int_equal(e.at, NOW + 181 * DAY);
	ok(store_ledger_last(store, LEDGER_PURGE, "messages=1", &e));
	assert_int_equal(e.at, NOW + 181 * DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(gone_from_the_bytes),
		TEST(a_reader_in_the_way_is_told),
		TEST(what_stays_is_told),
		TEST(the_ledger_tells_of_purges),
		TEST(nothing_joins),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
