/*
 * Retention: what is due goes and nothing else, is gone from the bytes of all files, and a promise
 * that cannot be kept is an error.
 */
#include "tests/unit/store_fixture.h"

static struct purge_class *class_of(struct purge *p, const char *name)
{
	for (unsigned i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0)
			return &p->at[i];
	fail_msg("no class %s", name);
	return NULL;
}

static void expect(struct purge *p, const char *name, uint64_t deleted, uint64_t left)
{
	struct purge_class *c = class_of(p, name);

	if (c->deleted != deleted || c->left != left || c->overdue)
		fail_msg("%s: deleted %lu, left %lu, overdue %lu", name, (unsigned long)c->deleted,
			(unsigned long)c->left, (unsigned long)c->overdue);
}

static void put_failure(const char *address, int64_t at)
{
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, at), at);
}

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
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 2); /* anonymous, they stay */
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
	assert_int_equal(query_int("SELECT count(*) FROM contact WHERE history IS NOT NULL"), 0);

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
	ok(store_ledger_last(store, "purge", "objections=3", &e));
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
	ok(db_exec(store,
		"ALTER TABLE contact DROP COLUMN objected; ALTER TABLE event DROP COLUMN stream; DROP TABLE stream_count; DROP INDEX contact_at; DROP INDEX contact_old; ALTER TABLE contact DROP COLUMN objection; CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL; CREATE INDEX contact_at ON contact (at);"
		"DELETE FROM held WHERE class IN ('contacts', 'objections');"
		"INSERT INTO held SELECT 'contacts', at - at % 86400, count(*) FROM contact GROUP BY 2;"
		"DROP TABLE summary; PRAGMA user_version = 19"));
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
	ok(store_ledger_last(store, "key-destroyed", "month=2026-11", &e));
	assert_int_not_equal(e.number, 0);
	ok(store_ledger_last(store, "key-destroyed", "month=2026-12", &e));
	assert_int_equal(e.number, 0);
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'event'"), 1);
	/* mail of that month that comes after all has a new key */
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW),
		NOW + 201 * DAY);
	assert_true(key_exists("event-2026-11.key"));
	ok(store_purge(store, NOW + 201 * DAY, false, &p));
	assert_false(key_exists("event-2026-11.key"));
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
	ok(store_ledger_last(store, "purge", NULL, &e));
	int64_t first = e.number;
	assert_string_equal(e.detail,
		"events=0 diagnostics=0 contacts=0 objections=0 messages=0 alerts=0 summaries=0 ledger=0");
	ok(store_purge(store, NOW + HOUR, false, &p)); /* nothing done, the same day */
	ok(store_ledger_last(store, "purge", NULL, &e));
	assert_int_equal(e.number, first);
	ok(store_purge(store, NOW + DAY, false, &p));
	ok(store_ledger_last(store, "purge", NULL, &e));
	assert_int_equal(e.number, first + 1);
	ok(store_purge(store, NOW + 181 * DAY, false, &p));
	ok(store_ledger_last(store, "purge", "events=1", &e));
	assert_int_equal(e.at, NOW + 181 * DAY);
	ok(store_ledger_last(store, "purge", "messages=1", &e));
	assert_int_equal(e.at, NOW + 181 * DAY);
}

int main(void)
{
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
		TEST(month_keys_go_with_their_events),
		TEST(the_present_month_keeps_its_key),
		TEST(begun_keys_are_removed),
		TEST(a_second_name_of_a_key_is_removed_alone),
		TEST(nothing_joins),
		TEST(gone_from_the_bytes),
		TEST(a_reader_in_the_way_is_told),
		TEST(what_stays_is_told),
		TEST(the_ledger_tells_of_purges),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
