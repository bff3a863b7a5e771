/*
 * Retention: what is due goes and nothing else, and a promise that cannot be kept is an error.
 */
#include "tests/unit/store_before.h"
#include "tests/unit/store_retention.h"
#include "store/intact.h"

static bool key_exists(const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/%s", keys, name);
	return access(path, F_OK) == 0;
}

/* NOW is noon; the periods' ends fall into the midnights before. */
static void each_class_at_its_cutoff(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW - DAY);
	const int64_t midnight = day_start(NOW);
	struct purge p;

	(void)state;
	strcpy(e.diagnostic, "550 no such user");
	put_event(e, NOW - DAY);
	e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "b@example.org", NOW);
	strcpy(e.diagnostic, "550 no such user");
	put_event(e, NOW);

	ok(store_purge(store, midnight - DAY + 30 * DAY, false, &p));
	expect(&p, "diagnostics", 0, 2);
	ok(store_purge(store, midnight - DAY + 30 * DAY + 1, false, &p));
	expect(&p, "diagnostics", 1, 1);
	expect(&p, "events", 0, 2);
	assert_int_equal(class_of(&p, "diagnostics")->oldest, NOW);
	assert_int_equal(class_of(&p, "diagnostics")->cutoff, midnight);
	assert_int_equal(class_of(&p, "events")->oldest, NOW - DAY);
	assert_int_equal(class_of(&p, "events")->cutoff, midnight - 150 * DAY);
	assert_true(p.checkpointed);
	ok(store_purge(store, midnight + 30 * DAY, false, &p)); /* the same day: nothing more */
	expect(&p, "diagnostics", 0, 1);

	ok(store_purge(store, midnight - DAY + 90 * DAY, false, &p));
	expect(&p, "messages", 0, 2);
	ok(store_purge(store, midnight + 90 * DAY + 1, false, &p));
	expect(&p, "messages", 2, 0);
	ok(store_purge(store, midnight + 180 * DAY, false, &p));
	expect(&p, "events", 1, 1);
	expect(&p, "month keys", 0, 1);
	ok(store_purge(store, midnight + 180 * DAY + 1, false, &p));
	expect(&p, "events", 1, 0);
	expect(&p, "month keys", 1, 0);
	expect(&p, "contacts", 0, 2);
	ok(store_purge(store, midnight + 730 * DAY + 1, false, &p));
	expect(&p, "contacts", 2, 0);
	expect(&p, "objections", 0, 0);
	assert_int_equal(query_int("SELECT sum(count) FROM tally_month WHERE part = 'day'"),
		2); /* anonymous, they stay */
}

/* Who objected is remembered beyond the contacts; then that ends as well, and the ledger says it.
 */
static void an_objection_outlives_contacts(void **state)
{
	static const char hard[] = "hard@example.org", both[] = "both@example.org",
			  optout[] = "optout@example.org", listed[] = "listed@example.org";
	const struct suppression by_hand = { CATEGORY_OPT_OUT, NOW, "suppress.add", 0 };
	const char *const objectors[] = { both, optout, listed };
	const int64_t midnight = day_start(NOW);
	struct contact_view view;
	struct ledger_entry e;
	enum suppressed what;
	struct purge p;

	(void)state;
	put_failure(hard, NOW);
	put_failure(both, NOW - 30 * DAY);
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, both, NOW), NOW);
	put_event(event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, optout, NOW), NOW);
	ok(store_begin(store));
	ok(store_suppress(store, listed, strlen(listed), &by_hand, NOW, &what));
	ok(store_commit(store));
	ok(store_held(store, NOW, &p));
	expect(&p, "contacts", 0, 1);
	expect(&p, "objections", 0, 3);

	ok(store_purge(store, midnight + 731 * DAY, false, &p));
	expect(&p, "contacts", 1, 0);
	expect(&p, "objections", 0, 3);
	assert_int_equal(check(hard, midnight + 731 * DAY).verdict, VERDICT_SEND);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			check(objectors[i], midnight + 731 * DAY).verdict, VERDICT_SUPPRESS);
	/* of the bounce before the complaint nothing is known any more */
	assert_string_equal(check(both, midnight + 731 * DAY).reason, "abuse");
	ok(store_contact_show(store, both, strlen(both), midnight + 731 * DAY, &view));
	assert_int_equal(view.answer.since, midnight);
	assert_true(view.objection);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE history IS NOT NULL"), 0);

	/* heard of again: it is an objection still */
	put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, both, NOW), midnight + 731 * DAY);
	ok(store_held_counted(store, midnight + 731 * DAY, &p));
	assert_int_equal(class_of(&p, "objections")->left, 3);
	assert_int_equal(class_of(&p, "objections")->days_off, 0);
	ok(store_purge(store, midnight + 1095 * DAY, false, &p));
	expect(&p, "objections", 0, 3);
	ok(store_purge(store, midnight + 1096 * DAY, false, &p));
	expect(&p, "objections", 3, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(check(objectors[i], midnight + 1096 * DAY).verdict, VERDICT_SEND);
	ok(store_ledger_last(store, LEDGER_PURGE, "objections=3", &e));
	assert_int_equal(e.at, midnight + 1096 * DAY);
	assert_int_equal(
		query_int(
			"SELECT sum(count) FROM held WHERE class = 'objections' OR class LIKE 'state %'"),
		0);
}

/* However short a period somebody gives them. */
static void objections_end_with_contacts_at_the_earliest(void **state)
{
	struct store_options o = test_options();
	struct purge p;

	(void)state;
	o.retention[RETAIN_OBJECTIONS].period = DAY;
	ok(open_store(o, NOW));
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "a@example.org", NOW), NOW);
	ok(store_purge(store, day_start(NOW) + 729 * DAY, false, &p));
	expect(&p, "objections", 0, 1);
	assert_int_equal(class_of(&p, "objections")->period, 730 * DAY);
	ok(store_purge(store, day_start(NOW) + 731 * DAY, false, &p));
	expect(&p, "objections", 1, 0);
}

/* An objection ends when an operator says so, or what it rests on was wrong. */
static void an_objection_ends_by_hand(void **state)
{
	static const char A[] = "a@example.org", B[] = "b@example.org";
	struct cause_choice choice = { NOW - DAY, NOW + DAY, .rule = "test.rule" };
	struct event e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, B, NOW);
	enum contact_state from;
	struct cause_moves moves;
	struct purge p;
	bool moved;

	(void)state;
	strcpy(e.rule, "test.rule");
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, A, NOW), NOW);
	put_event(e, NOW);
	ok(store_held(store, NOW, &p));
	expect(&p, "objections", 0, 2);
	ok(store_begin(store));
	ok(store_contact_move(store, A, strlen(A), MOVE_REACTIVATE, NOW + HOUR, &from, &moved));
	ok(store_undo(store, &choice, NOW + HOUR, &moves));
	ok(store_commit(store));
	assert_true(moved);
	assert_int_equal(moves.matched, 1);
	ok(store_held_counted(store, NOW + HOUR, &p));
	assert_int_equal(class_of(&p, "objections")->left, 0);
	assert_int_equal(class_of(&p, "objections")->kept, 0);
	assert_int_equal(class_of(&p, "contacts")->days_off, 0);
}

/* A store of schema version 19, which knew contacts alone. */
static void objections_from_before_are_found(void **state)
{
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("b@example.org", NOW - DAY);
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "b@example.org", NOW), NOW);
	put_event(event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, "c@example.org", NOW), NOW);
	ok(db_exec(store, back_to(19)));
	ok(db_exec(store,
		"DELETE FROM held WHERE class IN ('contacts', 'objections');"
		"INSERT INTO held SELECT 'contacts', at - at % 86400, count(*) FROM contact GROUP BY 2"));
	close_store();
	ok(open_store(test_options(), NOW));
	ok(store_held_counted(store, NOW, &p));
	expect(&p, "contacts", 0, 1);
	expect(&p, "objections", 0, 2);
	assert_int_equal(class_of(&p, "contacts")->days_off, 0);
	assert_int_equal(class_of(&p, "objections")->days_off, 0);
}

/* Sixty-four days of a dead address that somebody still writes to, then a complaint. */
static void a_full_history_keeps_the_objection(void **state)
{
	static const char A[] = "a@example.org";
	struct purge p;

	(void)state;
	put_failure(A, NOW - 80 * DAY);
	for (int day = -79; day < -10; day++)
		put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, A, NOW + day * DAY), NOW);
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, A, NOW - 5 * DAY), NOW);
	for (int day = -4; day < 0; day++)
		put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, A, NOW + day * DAY), NOW);
	ok(store_held(store, NOW, &p));
	expect(&p, "objections", 0, 1);
}

/*
 * Killed after the deletion, before the file is written anew: the next purge does it though nothing
 * is due.
 */
static void a_rewrite_is_not_forgotten(void **state)
{
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	ok(db_run(store, SQL_META_PUT, "tt", "rewrite", "due"));
	ok(store_purge(store, NOW, false, &p));
	assert_int_equal(query_int("SELECT value = 'done' FROM meta WHERE name = 'rewrite'"), 1);
}

static void dry_changes_nothing(void **state)
{
	struct purge p;
	int64_t entries;

	(void)state;
	put_failure("a@example.org", NOW);
	put_failure("b@example.org", NOW + 100 * DAY);
	entries = query_int("SELECT count(*) FROM ledger");
	ok(store_purge(store, NOW + 200 * DAY, true, &p));
	expect(&p, "events", 1, 1);
	expect(&p, "month keys", 1, 1);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 2);
	assert_int_equal(query_int("SELECT count(*) FROM ledger"), entries);
	assert_true(key_exists("event-2026-11.key"));
}

static void what_an_audit_sees(void **state)
{
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	ok(store_held(store, NOW + 180 * DAY, &p)); /* due, but the day for its purge is not over */
	assert_int_equal(class_of(&p, "events")->overdue, 0);
	ok(store_held(store, NOW + 181 * DAY, &p));
	assert_int_equal(class_of(&p, "events")->overdue, 1);
	assert_int_equal(class_of(&p, "events")->left, 1);
	ok(store_held(store, NOW + 212 * DAY, &p));
	assert_int_equal(class_of(&p, "month keys")->overdue, 1);
}

/* The key in the file that FD has, which nobody finds by a name any more. */
static size_t read_key(int fd, char text[256])
{
	ssize_t n = pread(fd, text, 255, 0);

	assert_true(n > 0);
	text[n] = '\0';
	return (size_t)n;
}

/* Removed, its bytes would stay on the disk for as long as nothing needs their place. */
static void a_key_that_goes_is_overwritten_where_it_lies(void **state)
{
	char path[512], before[256], after[256];
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);
	snprintf(path, sizeof path, "%s/event-2026-11.key", keys);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	size_t n = read_key(fd, before);
	const char *key = strchr(before, '\n');
	assert_non_null(key);
	ok(store_purge(store, NOW + 200 * DAY, false, &p));
	assert_int_equal(p.keys_destroyed, 1);
	assert_true(read_key(fd, after) >= n);
	assert_null(memmem(after, n, key + 1, 16));
	close(fd);
}

static void month_keys_go_with_their_events(void **state)
{
	struct ledger_entry e;
	struct purge p;

	(void)state;
	put_failure("a@example.org", NOW);            /* November */
	put_failure("a@example.org", NOW + 30 * DAY); /* December */
	assert_true(key_exists("event-2026-11.key") && key_exists("event-2026-12.key"));
	ok(store_purge(store, NOW + 200 * DAY, false, &p));
	assert_int_equal(p.keys_destroyed, 1);
	assert_false(key_exists("event-2026-11.key"));
	assert_true(key_exists("event-2026-12.key"));
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "month=2026-11", &e));
	assert_int_not_equal(e.number, 0);
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "month=2026-12", &e));
	assert_int_equal(e.number, 0);
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'event'"), 1);
	/* mail of that month that comes after all has a new key */
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW),
		NOW + 201 * DAY);
	assert_true(key_exists("event-2026-11-2.key"));
	assert_false(key_exists("event-2026-11.key"));
	ok(store_purge(store, NOW + 201 * DAY, false, &p));
	assert_false(key_exists("event-2026-11-2.key"));
	ok(store_ledger_last(store, LEDGER_KEY_DESTROYED, "name=event-2026-11-2.key", &e));
	assert_int_not_equal(e.number, 0);
}

/*
 * The present month's key is in use, even while the mail that was packed under it is not stored
 * yet.
 */
static void the_present_month_keeps_its_key(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	struct packed_event packed;
	struct purge p;

	(void)state;
	ok(store_pack(store, &e, NOW, &packed));
	ok(store_purge(store, NOW, false, &p));
	assert_true(key_exists("event-2026-11.key"));
	ok(store_purge(store, NOW + 31 * DAY, false, &p));
	assert_false(key_exists("event-2026-11.key"));
}

static void begun_keys_are_removed(void **state)
{
	struct purge p;
	char path[160];

	(void)state;
	snprintf(path, sizeof path, "%s/.new-0123456789abcdef", keys);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ok(store_purge(store, NOW, false, &p));
	assert_int_not_equal(access(path, F_OK), 0);
}

/* What an older program left when it was killed: a second name of a live key. */
static void a_second_name_of_a_key_is_removed_alone(void **state)
{
	struct purge p;
	char path[160], live[160];

	(void)state;
	snprintf(path, sizeof path, "%s/.new-0123456789abcdef", keys);
	snprintf(live, sizeof live, "%s/state.key", keys);
	assert_int_equal(link(live, path), 0);
	ok(store_purge(store, NOW, false, &p));
	assert_int_not_equal(access(path, F_OK), 0);
	close_store();
	ok(open_store(test_options(), NOW));
}

struct counted {
	uint64_t calls, events;
	int32_t last;
};

static int count_events(void *context, int32_t day, uint64_t count)
{
	struct counted *c = context;

	assert_true(count > 0 && day >= c->last);
	c->calls++;
	c->events += count;
	c->last = day;
	return 0;
}

/*
 * An audit counts all events, by their quarters of an hour: in their order, and without having
 * them in memory at once.
 */
static void events_are_counted_as_they_are_read(void **state)
{
	enum { EVENTS = 50000, ROOM = 500000 /* bytes; sorted they were 1.6 million */ };
	static const char fill[] =
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49999)"
		" INSERT INTO event (at, pseudonym, number, kind, provider, origin, mailbox)"
		" SELECT 1794916800 + i / 10, randomblob(16), 0, 'failure', 'x', 'none', 'm' FROM n";
	struct counted first = { 0 }, c = { 0 }, none = { 0 };
	int before, now, most;

	(void)state;
	assert_int_equal(sqlite3_exec(store->db, fill, NULL, NULL, NULL), SQLITE_OK);
	/* once, so that their pages are in memory */
	assert_int_equal(store_event_days(store, NOW + 1, count_events, &first), STORE_OK);
	sqlite3_status(SQLITE_STATUS_MEMORY_USED, &before, &most, 1);
	assert_int_equal(store_event_days(store, NOW + 1, count_events, &c), STORE_OK);
	sqlite3_status(SQLITE_STATUS_MEMORY_USED, &now, &most, 0);
	assert_int_equal(c.events, EVENTS - 10);
	assert_int_equal(c.calls, 6); /* 5,000 seconds */
	assert_int_equal(store_event_days(store, NOW + EVENTS, count_events, &none), STORE_OK);
	assert_int_equal(none.calls, 0);
	assert_true(most - before < ROOM);
	assert_int_equal(sqlite3_exec(store->db, "DELETE FROM event", NULL, NULL, NULL), SQLITE_OK);
}

int main(void)
{
	sqlite3_initialize(); /* before store/base/pagefile.c says that nobody asks for SQLite's
				 counts of memory */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(each_class_at_its_cutoff),
		TEST(an_objection_outlives_contacts),
		cmocka_unit_test_setup_teardown(
			objections_end_with_contacts_at_the_earliest, setup_empty, teardown),
		TEST(an_objection_ends_by_hand),
		TEST(a_full_history_keeps_the_objection),
		TEST(objections_from_before_are_found),
		TEST(a_rewrite_is_not_forgotten),
		TEST(dry_changes_nothing),
		TEST(what_an_audit_sees),
		TEST(a_key_that_goes_is_overwritten_where_it_lies),
		TEST(month_keys_go_with_their_events),
		TEST(the_present_month_keeps_its_key),
		TEST(begun_keys_are_removed),
		TEST(a_second_name_of_a_key_is_removed_alone),
		TEST(events_are_counted_as_they_are_read),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
