/*
 * The order in which messages are read does not matter: random stories, told in any order.
 */
#include "tests/unit/rounds.h"
#include "tests/unit/store_contact.h"

enum { SHUFFLES = 80, SHUFFLES_OF_WAVES = 200, STORY_MAX = 40, CAST = 3 };
static uint32_t random_state;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* All contacts, blocks, investigations and waves, as rows of text. */
static void all_rows(bool with_history, char *out, size_t size)
{
	const char *const queries[] = {
		with_history
			? "SELECT hex(pseudonym) || format(' %s at=%d since=%d until=%d due=%d tidy=%d n=%d p=%d %s %s %s %s', state, at, since,"
			  " until, due, tidy, attempts, pauses, reason, rule, ladder, hex(history)) FROM " CONTACT_PLAIN
			  " ORDER BY pseudonym"
			: "SELECT hex(pseudonym) || format(' %s at=%d since=%d until=%d due=%d n=%d p=%d %s %s %s', state, at, since,"
			  " until, due, attempts, pauses, reason, rule, ladder) FROM " CONTACT_PLAIN
			  " ORDER BY pseudonym",
		"SELECT format('%s %s %d %d %d', provider, category, opened, last, blocks) FROM investigation ORDER BY provider, category",
		"SELECT format('%d %s %s %d %d', day, provider, category, host, count) FROM refused ORDER BY day, provider, category, host",
		"SELECT format('%s %s %d %d %d %s', kind, name, mta, day, opened, state) FROM wave ORDER BY day, kind, name, mta",
		"SELECT format('%s %s %d %d %d %d', kind, name, mta, day, whole, open) FROM brake_peak ORDER BY day, kind, name, mta",
	};
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0;

	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++) {
		assert_int_equal(sqlite3_prepare_v2(db, queries[i], -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW)
			n += (size_t)snprintf(out + n, size - n, "%s\n",
				(const char *)sqlite3_column_text(st, 0));
		sqlite3_finalize(st);
	}
	assert_true(n < size);
	sqlite3_close(db);
}

/*
 * What happened, and the message by which it became known: the same message again is the same
 * number.
 */
struct scene {
	struct event event;
	uint64_t message;
	int64_t read; /* when the message is read */
};

enum { TELL_AT_ONCE, TELL_IN_TIME };

/*
 * Reads the scenes in batches of any size: all at once long afterwards, or each at its time with
 * what time does in between. In the end time has its due, and the rows are compared.
 */
static void tell(const struct scene *story, unsigned n, int how, bool with_history, int64_t end,
	char *rows, size_t size)
{
	unsigned left = 0;
	int64_t day = day_start(NOW);

	for (unsigned i = 0; i < n; i++) {
		if (how == TELL_IN_TIME)
			for (; day < day_start(story[i].read); day += DAY)
				if (!left)
					advance(day + DAY);
		if (!left) {
			ok(store_begin(store));
			left = how == TELL_IN_TIME ? 1 : 1 + rnd(8);
		}
		put(&story[i].event, story[i].message, how == TELL_IN_TIME ? story[i].read : end);
		if (!--left || i + 1 == n) {
			ok(store_commit(store));
			left = 0;
		}
	}
	advance(end);
	all_rows(with_history, rows, size);
	wipe_story();
}

static void shuffle(struct scene *story, unsigned n)
{
	for (unsigned i = n - 1; i; i--) {
		unsigned j = rnd(i + 1);
		struct scene s = story[i];
		story[i] = story[j];
		story[j] = s;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct scene *x = a, *y = b;

	return x->event.arrived < y->event.arrived ? -1 : x->event.arrived > y->event.arrived;
}

static int by_reading(const void *a, const void *b)
{
	const struct scene *x = a, *y = b;

	return x->read < y->read ? -1 : x->read > y->read;
}

/* Anything that can happen to a few people within SPAN; FATAL: one in so many is final. */
static unsigned make_story(struct scene *story, int64_t span, unsigned fatal)
{
	static const enum category categories[] = { CATEGORY_NETWORK_ERROR, CATEGORY_GREYLISTED,
		CATEGORY_MAILBOX_FULL, CATEGORY_RATE_LIMITED, CATEGORY_EXPIRED, CATEGORY_POLICY,
		CATEGORY_REPUTATION, CATEGORY_UNDETERMINED };
	static const enum category ends[] = { CATEGORY_USER_UNKNOWN, CATEGORY_BAD_ADDRESS,
		CATEGORY_ABUSE };
	static const char *const cast[CAST] = { "joe@example.org", "jane@example.org",
		"jim@example.net" };
	unsigned n = 2 + rnd(STORY_MAX - 2), soft = 1 + rnd(8);

	for (unsigned i = 0; i < n; i++) {
		int64_t at = NOW + (int64_t)rnd((uint32_t)span);
		unsigned dice = rnd(12);
		enum category c = fatal && !rnd(fatal) ? ends[rnd(3)] : categories[rnd(soft)];
		const char *who = cast[rnd(CAST)];
		struct event e = dice == 0    ? event_of(KIND_SUCCESS, CATEGORY_NONE, who, at)
			: dice == 1           ? event_of(KIND_DELAY, c, who, at)
			: c == CATEGORY_ABUSE ? event_of(KIND_COMPLAINT, c, who, at)
					      : event_of(KIND_FAILURE, c, who, at);
		if (rnd(3) == 0)
			strcpy(e.provider, "gmail");
		if (rnd(3) == 0)
			strcpy(e.reporting_mta, "relay.example.org");
		if (i && rnd(8) == 0)
			e.arrived = story[rnd(i)].event.arrived; /* in the same second */
		story[i] = (struct scene){ e, i + 1, 0 };
		if (i && rnd(8) == 0)
			story[i] = story[rnd(i)]; /* read twice */
	}
	return n;
}

static void any_order(int64_t span, unsigned fatal, unsigned stories)
{
	static char in_order[32768], rows[32768];
	struct scene story[STORY_MAX];
	int64_t end = NOW + span + (int64_t)rnd(40) * DAY;

	for (unsigned round = 0; round < rounds(stories); round++) {
		unsigned n = make_story(story, span, fatal);
		qsort(story, n, sizeof story[0], by_time);
		tell(story, n, TELL_AT_ONCE, true, end, in_order, sizeof in_order);
		shuffle(story, n);
		tell(story, n, TELL_AT_ONCE, true, end, rows, sizeof rows);
		assert_string_equal(rows, in_order);
	}
}

static void any_order_of_an_hour(void **state)
{
	(void)state;
	random_state = 1;
	any_order(HOUR, 0, SHUFFLES);
	any_order(20, 10, SHUFFLES);
}

static void any_order_of_a_week(void **state)
{
	(void)state;
	random_state = 2;
	any_order(7 * DAY, 0, SHUFFLES);
	any_order(7 * DAY, 30, SHUFFLES);
}

static void any_order_of_months(void **state)
{
	(void)state;
	random_state = 3;
	any_order(100 * DAY, 0, SHUFFLES);
	any_order(100 * DAY, 30, SHUFFLES);
}

/*
 * A transaction of more events than the store applies to contacts at once: each counts, and what is
 * made of them is what small transactions make.
 */
static void one_large_batch(void **state)
{
	enum { MANY = 9000 };
	static char in_parts[1 << 20], at_once[1 << 20];
	static struct scene story[MANY];
	char who[32];

	(void)state;
	random_state = 4;
	for (unsigned i = 0; i < MANY; i++) {
		struct scene part[STORY_MAX];

		make_story(part, 30 * DAY, 0);
		story[i] = (struct scene){ part[0].event, i + 1, 0 };
		snprintf(who, sizeof who, "p%u@example.org", i % 97);
		strcpy(story[i].event.recipient, who);
	}
	tell(story, MANY, TELL_AT_ONCE, true, NOW + 40 * DAY, in_parts, sizeof in_parts);
	ok(store_begin(store));
	for (unsigned i = 0; i < MANY; i++)
		put(&story[i].event, i + 1, NOW + 40 * DAY);
	ok(store_commit(store));
	advance(NOW + 40 * DAY);
	all_rows(true, at_once, sizeof at_once);
	assert_string_equal(at_once, in_parts);
	wipe_story();
}

static int setup_braked(void **state)
{
	struct store_options o = test_options();

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	o.k = o.brake_minimum = 2;
	o.brake_factor = 1;
	o.brake_hold = 5 * DAY;
	return open_store(o, NOW);
}

/*
 * Two hard bounces within an hour are a wave here, so that waves, their habit and what they hold
 * come up often.
 */
static void any_order_of_waves(void **state)
{
	(void)state;
	random_state = 4;
	any_order(3 * HOUR, 3, SHUFFLES_OF_WAVES);
	any_order(2 * DAY, 2, SHUFFLES_OF_WAVES);
	any_order(20 * DAY, 2, SHUFFLES_OF_WAVES);
}

/*
 * Mail that is read late, up to a month, while time goes on: advance() every midnight, times cut to
 * days. Everything happens at noon, as what happens on one day can then no longer be told apart.
 * The same states come out as when all is read at once in the right order. A delivery is remembered
 * for a week.
 */
static void late(unsigned days, bool delivered)
{
	static char in_order[32768], rows[32768];
	struct scene story[STORY_MAX];
	int64_t span = 100 * DAY, end = NOW + span + 60 * DAY;

	for (unsigned round = 0; round < rounds(SHUFFLES / 2); round++) {
		unsigned n = make_story(story, span, 60);
		for (unsigned i = 0; i < n; i++) {
			story[i].event.arrived = day_start(NOW) + (int64_t)i * 2 * DAY + DAY / 2;
			story[i].read = story[i].event.arrived +
				(int64_t)rnd(days) * DAY * (int64_t)rnd(2);
			story[i].message = i + 1;
			if (!delivered && story[i].event.kind == KIND_SUCCESS)
				story[i].event.kind = KIND_DELAY;
		}
		tell(story, n, TELL_AT_ONCE, false, end, in_order, sizeof in_order);
		qsort(story, n, sizeof story[0], by_reading);
		tell(story, n, TELL_IN_TIME, false, end, rows, sizeof rows);
		assert_string_equal(rows, in_order);
	}
}

static void late_and_with_time(void **state)
{
	(void)state;
	random_state = 4;
	late(30, false);
	late(6, true);
}

/*
 * What began a ladder comes last, after its end's times were cut to days: they had decided nothing,
 * and so the days decide.
 */
static void beginning_of_a_ladder_is_late(void **state)
{
	static char in_order[32768], rows[32768];
	int64_t noon = day_start(NOW) + DAY / 2;
	struct scene story[] = {
		{ event_of(KIND_FAILURE, CATEGORY_RATE_LIMITED, joe, noon), 1, noon + 30 * DAY },
		{ event_of(KIND_FAILURE, CATEGORY_RATE_LIMITED, joe, noon + 2 * DAY), 2,
			noon + 25 * DAY },
		{ event_of(KIND_FAILURE, CATEGORY_REPUTATION, joe, noon + 4 * DAY), 3,
			noon + 4 * DAY },
	};

	(void)state;
	tell(story, 3, TELL_AT_ONCE, false, NOW + 100 * DAY, in_order, sizeof in_order);
	qsort(story, 3, sizeof story[0], by_reading);
	tell(story, 3, TELL_IN_TIME, false, NOW + 100 * DAY, rows, sizeof rows);
	assert_string_equal(rows, in_order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(any_order_of_an_hour),
		TEST(any_order_of_a_week),
		TEST(any_order_of_months),
		TEST(one_large_batch),
		TEST(late_and_with_time),
		TEST(beginning_of_a_ladder_is_late),
		cmocka_unit_test_setup_teardown(any_order_of_waves, setup_braked, teardown),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
