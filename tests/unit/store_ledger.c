/*
 * The ledger: its chain, that any change of any byte in it shows, and that it cannot be changed
 * through SQL.
 */
#include <sodium.h>
#include "store/chain.h"
#include "tests/unit/store_fixture.h"

static void tamper(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static int collect(void *context, const struct ledger_entry *e)
{
	char *out = context;

	snprintf(out + strlen(out), 2000 - strlen(out), "%lld %s %s\n", (long long)e->number,
		e->kind, e->detail);
	return 0;
}

/* Keys are random. */
static void mask_fingerprints(char *text)
{
	for (char *at = text; (at = strstr(at, "fingerprint="));) {
		at += strlen("fingerprint=");
		assert_int_equal(strspn(at, "0123456789abcdef"), 32);
		memcpy(at, "HEX", 3);
		memmove(at + 3, at + 32, strlen(at + 32) + 1);
	}
}

static void what_stands_in_a_new_one(void **state)
{
	char text[2000] = "", first[64];

	(void)state;
	ok(store_ledger_walk(store, collect, text));
	mask_fingerprints(text);
	snprintf(first, sizeof first, "1 store-created schema=%d\n", SCHEMA_VERSION);
	assert_memory_equal(text, first, strlen(first));
	assert_string_equal(text + strlen(first),
		"2 key-created purpose=state fingerprint=HEX\n"
		"3 key-created purpose=message fingerprint=HEX\n"
		"4 program version=" RETOUR_VERSION "\n"
		"5 configuration settings=7b528cfc0d70b3bd9810d663db2a1599 events=15552000 diagnostics=2592000 contacts=63072000 "
		"objections=94608000 messages=7776000 alerts=31536000 summaries=34560000 ledger=315360000 backups=2592000 act_on=matched redacted_diagnostics=yes all_domains=no "
		"k=10 fold_local_part=yes timezone=Europe/Berlin\n");
}

/* However many change at once, the entry holds what is in force, whole. */
static void a_change_of_everything_fits(void **state)
{
	struct store_options o = test_options();
	struct ledger_entry e;

	(void)state;
	close_store();
	for (unsigned i = 0; i < RETAIN_COUNT; i++)
		o.retention[i].period = 123456789 + i;
	o.act_on = ORIGIN_VERIFIED;
	o.keep_diagnostics = !o.keep_diagnostics;
	o.all_domains = !o.all_domains;
	o.k = 123456;
	ok(open_store(o, NOW + 1));
	ok(store_ledger_last(store, LEDGER_CONFIGURATION, NULL, &e));
	assert_non_null(strstr(e.detail,
		" changed=events,diagnostics,contacts,objections,messages,alerts,summaries,ledger,backups,act_on,redacted_diagnostics,all_domains,k events=123456789 "));
	static const char end[] = " k=123456 fold_local_part=yes timezone=Europe/Berlin";
	assert_string_equal(e.detail + strlen(e.detail) - strlen(end), end);
}

static void changes_are_noted_once(void **state)
{
	struct store_options o = test_options();
	struct ledger_entry e;

	(void)state;
	close_store();
	ok(open_store(o, NOW + 1));
	ok(store_ledger_head(store, &e));
	assert_int_equal(e.number, 5);
	close_store();
	o.retention[RETAIN_EVENTS].period = 90 * DAY;
	ok(open_store(o, NOW + 2));
	ok(store_ledger_head(store, &e));
	assert_int_equal(e.number, 6);
	assert_string_equal(e.kind, "configuration");
	assert_non_null(strstr(e.detail, " changed=events:15552000>7776000 events=7776000 "));
	ok(store_ledger(store, NOW + 3, LEDGER_PROGRAM,
		"version=0.0.1")); /* somebody ran an older one in between */
	close_store();
	ok(open_store(o, NOW + 4));
	ok(store_ledger_head(store, &e));
	assert_int_equal(e.number, 8);
	assert_string_equal(e.detail, "version=" RETOUR_VERSION);
}

static const char *last_mailbox(const char *with)
{
	static struct ledger_entry e;

	ok(store_ledger_last(store, LEDGER_CONFIGURATION_MAILBOX, with, &e));
	return e.number ? e.detail : NULL;
}

/*
 * What becomes of a mailbox's mail is noted when it is new, when it changes, and when the mailbox
 * is gone; nobody's address gets in by its name.
 */
static void mailboxes_are_noted_when_they_change(void **state)
{
	struct mailbox_setting list[] = { { "bounces", "imap", "delete", "move:Not ours", "keep",
						  "move:Unsubscribe", 7 * DAY },
		{ "joe@example.org", "pop3", "delete", "keep", "keep", "keep", DAY } };
	struct ledger_entry before, after;

	(void)state;
	ok(store_note_mailboxes(store, list, 2, NOW));
	assert_string_equal(last_mailbox("name=bounces"),
		"name=bounces protocol=imap processed=delete unrecognised=move:Not%20ours quarantine=keep optout=move:Unsubscribe raw_retention=604800");
	assert_non_null(last_mailbox("name=joe%40example.org"));
	ok(store_ledger_head(store, &before));
	ok(store_note_mailboxes(store, list, 2, NOW + 1));
	ok(store_ledger_head(store, &after));
	assert_int_equal(after.number, before.number);
	list[0].processed = "keep";
	ok(store_note_mailboxes(store, list, 2, NOW + 2));
	assert_memory_equal(
		last_mailbox("name=bounces"), "name=bounces protocol=imap processed=keep", 41);
	ok(store_mailbox_read(store, "bounces", NOW + 3, true, NULL));
	ok(store_note_mailboxes(store, list + 1, 1, NOW + 4));
	assert_string_equal(last_mailbox("name=bounces"), "name=bounces removed=yes");
	ok(store_ledger_head(store, &before));
	ok(store_note_mailboxes(store, list + 1, 1, NOW + 5));
	ok(store_ledger_head(store, &after));
	assert_int_equal(after.number, before.number);
	ok(store_note_mailboxes(store, list, 2, NOW + 6)); /* it comes back */
	assert_memory_equal(
		last_mailbox("name=bounces"), "name=bounces protocol=imap processed=keep", 41);
}

static const char *last_section(const char *with)
{
	static struct ledger_entry e;

	ok(store_ledger_last(store, LEDGER_CONFIGURATION_SECTION, with, &e));
	return e.number ? strchr(strchr(e.detail, ' ') + 1, ' ') + 1 : NULL; /* behind all=HEX */
}

/*
 * Why each class of data is kept and who witnesses is noted when it is first other than usual, and
 * whenever it changes, with what it was; what does not fit is in the hash.
 */
static void sections_are_noted_when_they_change(void **state)
{
	char reason[400];
	struct setting_section list[] = {
		{ "retention.events", { { "reason", "usual" } }, 1, true },
		{ "witness", { { "syslog", "/dev/log" }, { "tsa", "https://joe@example.org/" } }, 2,
			false },
	};
	struct ledger_entry before, after;

	(void)state;
	ok(store_note_sections(store, list, 2, NOW));
	assert_null(last_section("name=retention.events"));
	assert_non_null(strstr(last_section("name=witness"), " syslog=/dev/log tsa=an%20address"));
	ok(store_ledger_head(store, &before));
	ok(store_note_sections(store, list, 2, NOW + 1));
	ok(store_ledger_head(store, &after));
	assert_int_equal(after.number, before.number);

	memset(reason, 'x', sizeof reason - 1);
	reason[sizeof reason - 1] = '\0';
	list[0].pair[0].value = reason;
	list[0].usual = false;
	ok(store_note_sections(store, list, 2, NOW + 2));
	ok(store_ledger_head(store, &before));
	assert_int_equal(before.number, after.number + 1);
	assert_non_null(last_section("name=retention.events"));
	reason[sizeof reason - 2] = 'y'; /* behind what the entry shows */
	ok(store_note_sections(store, list, 2, NOW + 3));
	ok(store_ledger_head(store, &after));
	assert_int_equal(after.number, before.number + 1);
	list[0].pair[0].value = "usual";
	list[0].usual = true;
	list[1].pair[0].value = "none";
	ok(store_note_sections(store, list, 2, NOW + 4));
	assert_non_null(strstr(last_section("name=retention.events"), " reason=usual"));
	assert_non_null(strstr(last_section("name=witness"), " changed=syslog:/dev/log>none "));
}

/* A file that holds copies of deleted rows says so until it is written anew. */
static void the_file_says_what_it_still_holds(void **state)
{
	struct store_file_state f;
	struct purge p;

	(void)state;
	ok(store_file_state(store, &f));
	assert_true(f.secure_delete && !f.rewrite_due && f.bytes > 0 && f.schema == SCHEMA_VERSION);
	ok(store_begin(store));
	ok(held_note_deletion(store));
	ok(store_commit(store));
	ok(store_file_state(store, &f));
	assert_true(f.rewrite_due && f.log_bytes > 0);
	ok(store_purge(store, NOW, false, &p));
	ok(store_file_state(store, &f));
	assert_true(!f.rewrite_due && f.log_bytes == 0);
}

static void last_of_a_kind(void **state)
{
	struct ledger_entry e;

	(void)state;
	ok(store_ledger(store, NOW, LEDGER_REPORT_SENT, "month=2026-09 recipients=2"));
	ok(store_ledger(store, NOW + 5, LEDGER_REPORT_SENT, "month=2026-10 recipients=2"));
	ok(store_ledger_last(store, LEDGER_REPORT_SENT, NULL, &e));
	assert_int_equal(e.at, NOW + 5);
	ok(store_ledger_last(store, LEDGER_REPORT_SENT, "month=2026-09", &e));
	assert_int_equal(e.at, NOW);
	ok(store_ledger_last(store, LEDGER_REPORT_SENT, "month=2026-0", &e)); /* whole pairs only */
	assert_int_equal(e.number, 0);
	ok(store_ledger_last(store, LEDGER_REPORT_SENT, "recipients=2", &e));
	assert_int_equal(e.at, NOW + 5);
	ok(store_ledger_last(store, LEDGER_RESTORED, NULL, &e));
	assert_int_equal(e.number, 0);
}

/* A store that another version wrote to has kinds that this one does not know: they are passed on.
 */
static void a_kind_that_is_not_known(void **state)
{
	static const char add[] =
		"INSERT INTO ledger (number, at, kind, detail, previous, hash)"
		" SELECT number + 1, ?1, ?2, ?3, hash, ?4 FROM ledger ORDER BY number DESC LIMIT 1";
	struct ledger_entry e = { .at = NOW, .kind = "of-later", .detail = "count=3" }, head;
	char text[2000] = "";
	sqlite3_stmt *st;
	sqlite3 *db;

	(void)state;
	ok(store_ledger_head(store, &head));
	e.number = head.number + 1;
	chain_hash(e.hash, head.hash, &e);
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, add, -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_int64(st, 1, e.at);
	sqlite3_bind_text(st, 2, e.kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, e.detail, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 4, e.hash, sizeof e.hash, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	sqlite3_close(db);
	ok(store_ledger(store, NOW, LEDGER_PURGE, ""));
	ok(store_ledger_walk(store, collect, text));
	assert_non_null(strstr(text, " of-later count=3\n"));
	for (enum ledger_kind kind = 0; kind < LEDGER_KIND_COUNT; kind++)
		assert_false(ledger_is(&e, kind));
}

static void what_is_refused(void **state)
{
	char longer[LEDGER_TEXT_SIZE + 1];

	(void)state;
	memset(longer, 'a', sizeof longer);
	longer[LEDGER_TEXT_SIZE] = '\0';
	assert_int_equal(store_ledger(store, NOW, LEDGER_PURGE, longer), STORE_MISUSE);
	longer[LEDGER_TEXT_SIZE - 1] = '\0';
	ok(store_ledger(store, NOW, LEDGER_PURGE, longer));
	assert_int_equal(
		store_ledger(store, NOW, LEDGER_FORGET, "who=joe@example.org"), STORE_MISUSE);
	ok(store_ledger_walk(store, NULL, NULL));
}

static void expect_fixed(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_not_equal(
		sqlite3_exec(db,
			"DELETE FROM ledger WHERE number = (SELECT min(number) FROM ledger)", NULL,
			NULL, NULL),
		SQLITE_OK);
	assert_int_not_equal(
		sqlite3_exec(db, "UPDATE ledger SET at = 0", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void sql_cannot_change_it(void **state)
{
	(void)state;
	expect_fixed();
	ok(store_ledger_walk(store, NULL, NULL));
}

/* Each of these is somebody who can write the file; the walk names the entry. */
static void tampering_shows(void **state)
{
	static const struct {
		const char *sql, *entry;
	} table[] = {
		{ "UPDATE ledger SET at = at + 1 WHERE number = 2", "entry 2" },
		{ "UPDATE ledger SET kind = 'key-createe' WHERE number = 3", "entry 3" },
		{ "UPDATE ledger SET detail = 'schema=2' WHERE number = 1", "entry 1" },
		{ "UPDATE ledger SET detail = detail || ' ' WHERE number = 4", "entry 4" },
		{ "UPDATE ledger SET hash = zeroblob(32) WHERE number = 4", "entry 4" },
		{ "UPDATE ledger SET previous = zeroblob(32) WHERE number = 4", "entry 4" },
		{ "UPDATE ledger SET hash = x'00' WHERE number = 4", "entry 4" },
		{ "DELETE FROM ledger WHERE number = 1", "entry 1" },
		{ "DELETE FROM ledger WHERE number = 3", "entry 3" },
		{ "UPDATE ledger SET number = 9 WHERE number = 5", "entry 5" },
		/* a forged entry with a right hash of its own, which does not continue the chain */
		{ "UPDATE ledger SET previous = zeroblob(32), kind = 'x', detail = '', at = 0, hash ="
		  " x'640d9874653dba17b4f075fa4fa91f285f2b0d346d9bf8a896ec66aa9a6f3b93' WHERE number = 5",
			"entry 5" },
		{ "UPDATE ledger SET detail = CAST(x'73006d' AS TEXT) WHERE number = 1",
			"entry 1" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		tamper("DROP TRIGGER ledger_keep; DROP TRIGGER ledger_fixed");
		tamper(table[i].sql);
		assert_int_equal(store_ledger_walk(store, NULL, NULL), STORE_BROKEN);
		if (!strstr(store_error(store), table[i].entry))
			fail_msg("%s: %s", table[i].sql, store_error(store));
		teardown(state);
		assert_int_equal(setup(state), 0);
		ok(store_ledger_walk(store, NULL, NULL));
	}
}

/* The format at the top of store/ledger.c, written down a second time. */
static void the_hash_is_the_documented_one(void **state)
{
	unsigned char bytes[] = "retour ledger 1\0"
				"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				"\0\0\0\0\0\0\0\1"
				"\x00\x00\x00\x00\x6a\xfc\x41\xc0"
				"\0\0\0\x0d"
				"store-created"
				"\0\0\0\x09"
				"schema=00";
	char number[3];
	unsigned char hash[32];
	sqlite3 *db;
	sqlite3_stmt *st;

	(void)state;
	snprintf(number, sizeof number, "%02d", SCHEMA_VERSION % 100);
	memcpy(bytes + sizeof bytes - sizeof number, number, 2);
	crypto_generichash(hash, sizeof hash, bytes, sizeof bytes - 1, NULL, 0);
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT hash FROM ledger WHERE number = 1", -1, &st, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_memory_equal(sqlite3_column_blob(st, 0), hash, sizeof hash);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

/*
 * After its own period the oldest entries go; what is left is still a chain, and still cannot be
 * cut by others.
 */
static void its_own_retention(void **state)
{
	struct ledger_entry e;
	struct purge p;

	(void)state;
	for (int year = 1; year < 10; year++)
		ok(store_ledger(store, NOW + year * 365 * DAY, LEDGER_REPORT_SENT, "month=x"));
	ok(store_purge(store, NOW + 3652 * DAY, false, &p));
	ok(store_ledger_walk(store, NULL, NULL));
	ok(store_ledger_last(store, LEDGER_LEDGER_CUT, NULL, &e));
	assert_memory_equal(e.detail, "first=6 ", 8);
	assert_int_equal(query_int("SELECT min(number) FROM ledger"), 6);
	expect_fixed();
	ok(store_purge(store, NOW + 40 * 365 * DAY, false,
		&p)); /* all of it is old: the chain goes on from the cut */
	ok(store_ledger_walk(store, NULL, NULL));
	tamper("DROP TRIGGER ledger_keep; DELETE FROM ledger WHERE number = (SELECT min(number) FROM ledger)");
	assert_int_equal(store_ledger_walk(store, NULL, NULL), STORE_BROKEN);
}

static void a_rolled_back_entry_is_none(void **state)
{
	struct ledger_entry e;

	(void)state;
	ok(store_begin(store));
	ok(store_ledger(store, NOW, LEDGER_REPORT_SENT, "month=2026-10"));
	store_rollback(store);
	ok(store_ledger_head(store, &e));
	assert_int_equal(e.number, 5);
	ok(store_ledger(store, NOW, LEDGER_REPORT_SENT, "month=2026-10"));
	ok(store_ledger_walk(store, NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_stands_in_a_new_one),
		TEST(changes_are_noted_once),
		TEST(a_change_of_everything_fits),
		TEST(mailboxes_are_noted_when_they_change),
		TEST(sections_are_noted_when_they_change),
		TEST(the_file_says_what_it_still_holds),
		TEST(last_of_a_kind),
		TEST(a_kind_that_is_not_known),
		TEST(what_is_refused),
		TEST(sql_cannot_change_it),
		TEST(tampering_shows),
		TEST(the_hash_is_the_documented_one),
		TEST(its_own_retention),
		TEST(a_rolled_back_entry_is_none),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
