/*
 * Opening: what is made and with which modes, what is refused, and that a kill leaves the last
 * commit.
 */
#include "tests/unit/store_fixture.h"
#include "tests/unit/rounds.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

static char *key_path(const char *name)
{
	static char path[160];

	snprintf(path, sizeof path, "%s/%s", keys, name);
	return path;
}

/* A copy of the database file with SQL applied by somebody else. */
static void tamper(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	foreign_hands = true;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static void expect_refusal(struct store_options o, int code, const char *words)
{
	assert_int_equal(open_store(o, NOW), code);
	if (!strstr(store_error(store), words))
		fail_msg("\"%s\" not in: %s", words, store_error(store));
	close_store();
}

static void made_with_tight_modes(void **state)
{
	struct store_options o = test_options();
	mode_t old = umask(0);
	bool created;

	(void)state;
	ok(store_open(&store, &o, NOW, &created));
	umask(old);
	assert_true(created);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW), NOW);
	char wal[112], shm[112];
	snprintf(wal, sizeof wal, "%s-wal", database);
	snprintf(shm, sizeof shm, "%s-shm", database);
	assert_int_equal(mode_of(database), 0600);
	assert_int_equal(mode_of(wal), 0600);
	assert_int_equal(mode_of(shm), 0600);
	assert_int_equal(mode_of(keys), 0700);
	assert_int_equal(mode_of(key_path("state.key")), 0600);
	assert_int_equal(mode_of(key_path("message.key")), 0600);
	assert_int_equal(mode_of(key_path("event-2026-11.key")), 0600);
	close_store();
	ok(store_open(&store, &o, NOW, &created));
	assert_false(created);
}

static void nothing_is_made_unasked(void **state)
{
	struct store_options o = test_options();

	(void)state;
	o.create = false;
	expect_refusal(o, STORE_TO_COME, "no store yet");
	o.read_only = true;
	expect_refusal(o, STORE_TO_COME, "no store yet");
	assert_int_equal(mode_of(database), 0);
	assert_int_equal(mode_of(keys), 0);
	close(open(database, O_CREAT | O_WRONLY, 0600));
	expect_refusal(o, STORE_TO_COME, "empty");
	assert_int_equal(mode_of(keys), 0);
}

static void loose_modes_are_refused(void **state)
{
	struct store_options o = test_options();

	(void)state;
	close_store();
	chmod(key_path("state.key"), 0640);
	expect_refusal(o, STORE_KEYS, "chmod 0600");
	chmod(key_path("state.key"), 0604);
	expect_refusal(o, STORE_KEYS, "state.key");
	chmod(key_path("state.key"), 0600);
	chmod(keys, 0710);
	expect_refusal(o, STORE_KEYS, "chmod 0700");
	chmod(keys, 0700);
	char elsewhere[160];
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
	rename(key_path("state.key"), elsewhere);
	assert_int_equal(symlink(elsewhere, key_path("state.key")), 0);
	expect_refusal(o, STORE_KEYS, "state.key");
}

static void copy_key(const char *from, const char *to)
{
	char text[128];
	int in = open(from, O_RDONLY), out = open(key_path(to), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, text, sizeof text);

	assert_int_equal(write(out, text, (size_t)n), n);
	close(in);
	close(out);
}

static void keys_of_another_store_are_refused(void **state)
{
	struct store_options o = test_options();
	char other[96], path[160];
	struct store *second;
	bool created;

	(void)state;
	close_store();
	snprintf(other, sizeof other, "%s/other", directory);
	o.path = strcat(strcpy(path, directory), "/other.db");
	o.keys_dir = other;
	ok(store_open(&second, &o, NOW, &created));
	store_close(second);
	copy_key(key_path("message.key"), "saved.key");
	snprintf(path, sizeof path, "%s/message.key", other);
	copy_key(path, "message.key");
	expect_refusal(test_options(), STORE_KEYS, "not the key that this store was made with");
	copy_key(key_path("saved.key"), "message.key");
	ok(open_store(test_options(), NOW));
	close_store();
	copy_key(key_path("message.key"), "state.key");
	expect_refusal(test_options(), STORE_KEYS, "damaged"); /* a key for another purpose */
}

static void lasting_keys_are_not_replaced(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW);
	struct packed_event packed;

	(void)state;
	put_event(e, NOW);
	close_store();
	unlink(key_path("event-2026-11.key"));
	ok(open_store(test_options(), NOW));
	ok(store_pack(store, &e, NOW, &packed)); /* a month's key: new events lie under another one,
						    and the ledger says so */
	assert_int_equal(mode_of(key_path("event-2026-11-2.key")), 0600);
	assert_int_equal(query_int("SELECT count(*) FROM ledger WHERE kind = 'key-lost'"), 1);
	close_store();
	unlink(key_path("state.key"));
	expect_refusal(test_options(), STORE_KEYS, "state.key: missing");
	assert_int_equal(mode_of(key_path("state.key")), 0);
}

/*
 * As when its disk is not mounted: a new store would let everybody be written to again, and its
 * first purge would destroy the keys.
 */
static void a_lost_store_is_not_replaced(void **state)
{
	static const char *const of_it[] = { "", "-wal", "-shm", ".lock" };
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW);
	struct store_options o = test_options();
	char path[256];

	(void)state;
	put_event(e, NOW);
	close_store();
	for (size_t i = 0; i < sizeof of_it / sizeof *of_it; i++) {
		snprintf(path, sizeof path, "%s%s", o.path, of_it[i]);
		unlink(path);
	}
	for (int attempt = 0; attempt < 2; attempt++)
		expect_refusal(o, STORE_KEYS, "event-2026-11.key belongs to a store with events");
	assert_int_equal(mode_of(key_path("event-2026-11.key")), 0600);
	unlink(key_path("event-2026-11.key"));
	ok(open_store(o, NOW));
}

static void damaged_keys_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "x", "retour key 1 state\n", "retour key 1 state\n00\n",
		"retour key 1 event 2026-11\n0000000000000000000000000000000000000000000000000000000000000000\n"
	};

	(void)state;
	close_store();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int fd = open(key_path("state.key"), O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		expect_refusal(test_options(), STORE_KEYS, "damaged");
	}
}

static void other_databases_are_refused(void **state)
{
	struct store_options o = test_options();

	(void)state;
	tamper("CREATE TABLE t (x)");
	expect_refusal(o, STORE_FAILED, "not one of retour");
	assert_int_equal(mode_of(keys), 0);
}

static void newer_schema_is_refused(void **state)
{
	(void)state;
	close_store();
	tamper("PRAGMA user_version = 999");
	expect_refusal(test_options(), STORE_FAILED, "schema version 999, made by a newer retour");
}

static void folding_cannot_change(void **state)
{
	struct store_options o = test_options();

	(void)state;
	close_store();
	o.fold_local_part = false;
	expect_refusal(o, STORE_MISUSE, "fold_local_part");
	o = test_options();
	o.fold_gmail = true;
	expect_refusal(o, STORE_MISUSE, "fold_gmail");
	tamper("DELETE FROM meta WHERE name = 'fold_gmail'"); /* made before there was one */
	expect_refusal(o, STORE_MISUSE, "fold_gmail");
}

/*
 * Version 1 as it was first released. A change to it is a new version with a step from this one;
 * this text stays.
 */
static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE key (name TEXT PRIMARY KEY, purpose TEXT NOT NULL, month TEXT, fingerprint BLOB NOT NULL, at INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE event (at INTEGER NOT NULL, pseudonym BLOB NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, class TEXT,"
	" category TEXT, status TEXT, reply INTEGER, rule TEXT, provider TEXT NOT NULL, campaign TEXT, origin TEXT NOT NULL,"
	" mailbox TEXT NOT NULL, diagnostic TEXT, PRIMARY KEY (at, pseudonym, number)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX event_diagnostic ON event (at) WHERE diagnostic IS NOT NULL;"
	"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, since INTEGER NOT NULL,"
	" until INTEGER, due INTEGER, attempts INTEGER NOT NULL, pauses INTEGER NOT NULL, counted_from INTEGER NOT NULL, reason TEXT,"
	" rule TEXT, ladder TEXT, history BLOB) STRICT, WITHOUT ROWID;"
	"CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL;"
	"CREATE TABLE seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE kept (mailbox TEXT NOT NULL, id BLOB NOT NULL, what INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (mailbox, id))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE folder (mailbox TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL, PRIMARY KEY (mailbox, name, at)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mailbox (name TEXT PRIMARY KEY, read_at INTEGER, failed_at INTEGER, why TEXT) STRICT, WITHOUT ROWID;"
	"CREATE TABLE tally (day INTEGER NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, origin TEXT NOT NULL,"
	" provider TEXT NOT NULL, campaign TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, kind, class, category, origin, provider, campaign)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE campaign (day INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (day, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE message_count (day INTEGER NOT NULL, mailbox TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (day, mailbox, outcome)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE ledger (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,"
	" previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
	"CREATE TRIGGER ledger_fixed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"CREATE TRIGGER ledger_keep BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
	"PRAGMA application_id = 0x7265746f; PRAGMA user_version = 1;";

/*
 * Contacts as version 1 kept them: two failures of a running ladder, a pause after the ladder's
 * end, a block, one that is well again.
 */
static const char *version_1_contacts(void)
{
	static char sql[1024];

	snprintf(sql, sizeof sql,
		"UPDATE contact SET state = 'soft', attempts = 2, until = %lld, due = %lld, ladder = 'small',"
		" history = x'%016llx%016llx' WHERE reason = 'network-error';"
		"UPDATE contact SET state = 'paused', attempts = 0, pauses = 1, counted_from = %lld, until = %lld, due = %lld, ladder = 'mailbox-full'"
		" WHERE reason = 'mailbox-full';"
		"UPDATE contact SET state = 'block', attempts = 1, history = x'%016llx' WHERE reason = 'policy';"
		"UPDATE contact SET state = 'active', attempts = 0, counted_from = %lld, until = NULL, due = NULL, reason = NULL, rule = NULL"
		" WHERE reason = 'system-error';",
		(long long)(NOW + HOUR + 1200), (long long)(NOW + 30 * DAY), (long long)NOW << 1,
		(long long)(NOW + HOUR) << 1, (long long)day_start(NOW),
		(long long)(day_start(NOW) + 20 * DAY), (long long)(day_start(NOW) + 20 * DAY),
		(long long)NOW << 1 | 1, (long long)day_start(NOW));
	return sql;
}

/* A store of version 1, with rows, is brought to the present version and answers as before. */
static void version_1_is_migrated(void **state)
{
	char sql[8192], old[128];
	struct ledger_entry head, again;

	(void)state;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "soft@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "paused@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "blocked@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_SYSTEM_ERROR, "well@example.org", NOW), NOW);
	ok(store_ledger_head(store, &head));
	close_store();
	snprintf(old, sizeof old, "%s.old", database);
	assert_int_equal(rename(database, old), 0);
	snprintf(sql, sizeof sql,
		"PRAGMA journal_mode = WAL; %s ATTACH '%s' AS old;"
		"INSERT INTO meta SELECT * FROM old.meta; INSERT INTO key SELECT * FROM old.key; INSERT INTO event SELECT at, pseudonym, number, kind, class, category, status, reply, rule, provider, campaign, origin, mailbox, diagnostic FROM old.event;"
		"INSERT INTO contact SELECT pseudonym, state, at, since, until, due, attempts, pauses, counted_from, reason, rule, ladder, NULL"
		" FROM " CONTACT_PLAIN_OF(
			"old.") "; INSERT INTO seen SELECT * FROM old.seen;"
				"INSERT INTO tally SELECT * FROM old.tally; INSERT INTO ledger SELECT * FROM old.ledger; %s",
		version_1, old, version_1_contacts());
	char wal[128], old_wal[136];
	snprintf(wal, sizeof wal, "%s-wal", database);
	snprintf(old_wal, sizeof old_wal, "%s-wal", old);
	assert_int_equal(rename(wal, old_wal), 0);
	tamper(sql);
	ok(open_store(test_options(), NOW));
	assert_true(counts_agree());
	assert_int_equal(query_int("SELECT value = 'whole' FROM meta WHERE name = 'rewrite'"), 1);
	assert_int_equal(query_int("PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE margin IS NOT NULL"),
		0); /* nobody knows those from before */
	assert_int_equal(check("joe@example.org", NOW).state, STATE_INACTIVE);
	ok(store_ledger_walk(store, NULL, NULL));
	ok(store_ledger_head(store, &again));
	assert_int_equal(again.number, head.number);
	assert_memory_equal(again.hash, head.hash, sizeof head.hash);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 5);
	/* the ladder goes on where it was: the third failure ends it, 48 hours after the first */
	struct answer a = check("soft@example.org", NOW + HOUR);
	assert_int_equal(a.state, STATE_SOFT);
	assert_int_equal(a.attempts, 2);
	assert_int_equal(a.until, NOW + HOUR + 1200);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "soft@example.org", NOW + 47 * HOUR),
		NOW + 47 * HOUR);
	assert_int_equal(check("soft@example.org", NOW + 47 * HOUR).attempts, 3);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "soft@example.org", NOW + 48 * HOUR),
		NOW + 48 * HOUR);
	assert_int_equal(check("soft@example.org", NOW + 48 * HOUR).state, STATE_PAUSED);
	/* a pause ends as it was meant to, and is remembered */
	a = check("paused@example.org", NOW);
	assert_int_equal(a.state, STATE_PAUSED);
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);
	assert_int_equal(a.until, day_start(NOW) + 20 * DAY);
	assert_int_equal(check("paused@example.org", NOW + 21 * DAY).state, STATE_REVALIDATE);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "paused@example.org",
			  NOW + 21 * DAY),
		NOW + 21 * DAY);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "paused@example.org",
			  NOW + 24 * DAY),
		NOW + 24 * DAY);
	assert_string_equal(check("paused@example.org", NOW + 24 * DAY).reason, "prolonged-soft");
	/* a block holds on, and is then let through */
	assert_int_equal(check("blocked@example.org", NOW + HOUR).state, STATE_BLOCK);
	assert_int_equal(check("blocked@example.org", NOW + 9 * DAY).state, STATE_RETRY_GATED);
	/* who was active again begins anew, and what is before the last success changes nothing */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "well@example.org", NOW - 2 * DAY),
		NOW);
	assert_int_equal(check("well@example.org", NOW).state, STATE_ACTIVE);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "well@example.org", NOW + 2 * DAY),
		NOW + 2 * DAY);
	assert_int_equal(check("well@example.org", NOW + 2 * DAY).attempts, 1);
}

static void reads_while_another_writes(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW);
	struct store_options o = test_options();
	struct store *reader;
	struct answer a;
	bool created;

	(void)state;
	o.create = false;
	o.read_only = true;
	ok(store_begin(store));
	put(&e, 1, NOW);
	assert_int_equal(store_open(&reader, &o, NOW, &created), STORE_OK);
	assert_int_equal(store_check(reader, "joe@example.org", 15, NOW, &a), STORE_OK);
	assert_int_equal(a.verdict, VERDICT_SEND);
	ok(store_commit(store));
	assert_int_equal(store_check(reader, "joe@example.org", 15, NOW, &a), STORE_OK);
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);

	/* within a snapshot nothing moves */
	assert_int_equal(store_snapshot(reader, true), STORE_OK);
	assert_int_equal(store_check(reader, "jane@example.org", 16, NOW, &a), STORE_OK);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "jane@example.org", NOW), NOW);
	assert_int_equal(store_check(reader, "jane@example.org", 16, NOW, &a), STORE_OK);
	assert_int_equal(a.verdict, VERDICT_SEND);
	assert_int_equal(store_snapshot(reader, false), STORE_OK);
	assert_int_equal(store_check(reader, "jane@example.org", 16, NOW, &a), STORE_OK);
	assert_int_equal(a.verdict, VERDICT_SUPPRESS);

	/* and a reader cannot write */
	struct packed_event packed;
	struct purge p;
	assert_int_equal(store_begin(reader), STORE_MISUSE);
	assert_int_equal(store_pack(reader, &e, NOW, &packed), STORE_MISUSE);
	assert_int_equal(store_purge(reader, NOW, false, &p), STORE_MISUSE);
	assert_int_equal(store_purge(reader, NOW, true, &p), STORE_OK);
	store_close(reader);
}

/* Many questions in one snapshot: the same answers as one by one, also after somebody wrote. */
static void many_checks_one_by_one(void **state)
{
	enum { CONTACTS = 3000, ROUNDS = 30 };
	struct store_options o = test_options();
	struct store *reader;
	char address[64];
	struct answer a;
	bool created;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < CONTACTS; i++) {
		snprintf(address, sizeof address, "u%u@example.org", i);
		struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, NOW);
		put(&e, next_message++, NOW);
	}
	ok(store_commit(store));
	o.create = false;
	o.read_only = true;
	assert_int_equal(store_open(&reader, &o, NOW, &created), STORE_OK);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned known = CONTACTS + round; /* one more each round */
		assert_int_equal(store_snapshot(reader, true), STORE_OK);
		for (unsigned i = 0; i < 2 * CONTACTS; i++) {
			int n = snprintf(address, sizeof address, "u%u@example.org", i);
			assert_int_equal(
				store_check(reader, address, (size_t)n, NOW, &a), STORE_OK);
			assert_int_equal(a.verdict, i < known ? VERDICT_SUPPRESS : VERDICT_SEND);
		}
		assert_int_equal(store_snapshot(reader, false), STORE_OK);
		snprintf(address, sizeof address, "u%u@example.org", known);
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, NOW), NOW);
	}
	assert_int_equal(store_snapshot(reader, false), STORE_MISUSE);
	store_close(reader);
}

static void no_address_is_misuse(void **state)
{
	struct answer a;

	(void)state;
	assert_int_equal(store_check(store, "somebody-secret", 15, NOW, &a), STORE_MISUSE);
	assert_null(strstr(store_error(store), "somebody"));
}

/*
 * Killed with a transaction open, a thousand messages in it and one committed before: the one is
 * there, of the others nothing.
 */
static void killed_between_begin_and_commit(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW);
	int status;

	(void)state;
	close_store();
	pid_t child = fork();
	if (!child) {
		if (open_store(test_options(), NOW) || store_begin(store))
			_exit(1);
		put(&e, 1, NOW);
		if (store_commit(store) || store_begin(store))
			_exit(1);
		for (unsigned i = 2; i < 1000; i++) {
			snprintf(e.recipient, sizeof e.recipient, "joe%u@example.org", i);
			put(&e, i, NOW);
		}
		ok(counters_flush(store)); /* so that the database has seen all of it */
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ok(open_store(test_options(), NOW));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 1);
	assert_int_equal(query_int("SELECT count(*) FROM seen"), 1);
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 1);
	assert_int_equal(query_int("SELECT sum(count) FROM message_count"), 1);
	ok(store_ledger_walk(store, NULL, NULL));
	ok(store_begin(store));
	assert_int_equal(put(&e, 1, NOW), MESSAGE_DUPLICATE);
	assert_int_equal(put(&e, 2, NOW), MESSAGE_NEW);
	ok(store_commit(store));
}

/* Killed at any point while it makes store and keys: the next one opens it. */
static void killed_while_it_is_made(void **state)
{
	int status;

	(void)state;
	for (unsigned delay = 0; delay < 12000; delay += 30000 / rounds(100)) {
		pid_t child = fork();
		if (!child) {
			open_store(test_options(), NOW);
			pause();
		}
		usleep(delay);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		ok(open_store(test_options(), NOW));
		put_event(
			event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "joe@example.org", NOW), NOW);
		ok(store_ledger_walk(store, NULL, NULL));
		assert_int_equal(
			query_int("SELECT count(*) FROM ledger WHERE kind = 'store-created'"), 1);
		close_store();
		remove_tree(directory);
		assert_int_equal(mkdir(directory, 0700), 0);
	}
}

static void many_make_it_at_once(void **state)
{
	enum { MAKERS = 8 };
	pid_t child[MAKERS];
	int status;

	(void)state;
	for (int i = 0; i < MAKERS; i++) {
		child[i] = fork();
		if (!child[i])
			_exit(open_store(test_options(), NOW) ? 1 : 0);
	}
	for (int i = 0; i < MAKERS; i++) {
		waitpid(child[i], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ok(open_store(test_options(), NOW));
	assert_int_equal(query_int("SELECT count(*) FROM ledger WHERE kind = 'store-created'"), 1);
	ok(store_ledger_walk(store, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_EMPTY(name) cmocka_unit_test_setup_teardown(name, setup_empty, teardown)
		TEST_EMPTY(made_with_tight_modes),
		TEST_EMPTY(nothing_is_made_unasked),
		TEST(loose_modes_are_refused),
		TEST(keys_of_another_store_are_refused),
		TEST(lasting_keys_are_not_replaced),
		TEST(a_lost_store_is_not_replaced),
		TEST(damaged_keys_are_refused),
		TEST_EMPTY(other_databases_are_refused),
		TEST(newer_schema_is_refused),
		TEST(folding_cannot_change),
		TEST(version_1_is_migrated),
		TEST(reads_while_another_writes),
		TEST(many_checks_one_by_one),
		TEST(no_address_is_misuse),
		TEST(killed_between_begin_and_commit),
		TEST_EMPTY(killed_while_it_is_made),
		TEST_EMPTY(many_make_it_at_once),
	};

	return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}
