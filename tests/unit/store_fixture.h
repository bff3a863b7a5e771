/*
 * What the tests of the store share: a directory of their own, a store in it, events in one line.
 */
#ifndef RETOUR_TEST_STORE_FIXTURE_H
#define RETOUR_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/agenda.h"
#include "store/erasure.h"
#include "store/fold.h"
#include "store/held.h"
#include "store/hour.h"
#include "store/message.h"
#include "store/pseudonym.h"
#include "store/schema.h"
#include "store/tally.h"
#include "store/verp.h"
#include "store/store.h"
#include "store/writing.h"
#include "tests/unit/place.h"
#include "tests/unit/store_plain.h"

#define NOW ((int64_t)1794916800) /* 2026-11-17T12:00:00Z */

static char directory[PLACE_SIZE], database[96], keys[96];
static struct store *store;

static const char *large_gmail(void *context, const char *provider)
{
	(void)context;
	return strcmp(provider, "gmail") == 0 ? "large" : "small";
}

static inline struct store_options test_options(void)
{
	struct store_options o = {
		.path = database,
		.keys_dir = keys,
		.create = true,
		.act_on = ORIGIN_MATCHED,
		.fold_local_part = true,
		.keep_diagnostics = true,
		.k = 10,
		.quiet = 30 * DAY,
		.pause = 30 * DAY,
		.remember = 7 * DAY,
		.block_hold = 6 * HOUR,
		.block_patience = 7 * DAY,
		.block_gate = DAY,
		.block_quiet = 14 * DAY,
		.provider_ladder = large_gmail,
		.ladders = 4,
		.ladder = {
			{ "large", { 900, 1800, 3600, 10800, 43200 }, 5, 72 * HOUR, 12 },
			{ "small", { 600, 1200, 2400, 7200 }, 4, 48 * HOUR, 12 },
			{ "mailbox-full", { 21600, 43200, 86400 }, 3, 5 * DAY, 12 },
			{ "greylisted", { 300, 900 }, 2, 24 * HOUR, 0 },
		},
		.retention = {
			[RETAIN_EVENTS] = { "events", 180 * DAY, "diagnosis" },
			[RETAIN_DIAGNOSTICS] = { "diagnostics", 30 * DAY, "reading" },
			[RETAIN_CONTACTS] = { "contacts", 730 * DAY, "suppression" },
			[RETAIN_OBJECTIONS] = { "objections", 1095 * DAY, "objections" },
			[RETAIN_MESSAGES] = { "messages", 90 * DAY, "nothing twice" },
			[RETAIN_ALERTS] = { "alerts", 365 * DAY, "alerts" },
			[RETAIN_SUMMARIES] = { "summaries", 400 * DAY, "authentication" },
			[RETAIN_LEDGER] = { "ledger", 3650 * DAY, "evidence" },
			[RETAIN_BACKUPS] = { "backups", 30 * DAY, "restoring" },
		},
	};

	return o;
}

static inline void make_directory(void)
{
	plain_handles();
	assert_true(place_make(directory));
	snprintf(database, sizeof database, "%s/retour.db", directory);
	snprintf(keys, sizeof keys, "%s/keys", directory);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void ok_(int result, const char *file, int line)
{
	if (result)
		print_error("%s:%d: %d %s\n", file, line, result, store ? store_error(store) : "");
	_assert_int_equal((LargestIntegralType)result, 0, file, line);
}
#define ok(result) ok_(result, __FILE__, __LINE__)

static inline int open_store(struct store_options o, int64_t now)
{
	bool created;
	int result = store_open(&store, &o, now, &created);

	plain_remember(store);
	return result;
}

static inline void close_store(void)
{
	plain_remember(store);
	store_close(store);
	store = NULL;
}

static inline int setup(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	return open_store(test_options(), NOW);
}

static inline int setup_empty(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	return 0;
}

/* A test that puts rows in or takes some out past the store says so. */
static bool foreign_hands;

/* For faults that a test puts in by a trigger, which the store lets do nothing. */
static inline void let_triggers_act(void)
{
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
}

/* How many lines of the agenda are not as the contacts' rows have them. */
static inline int agenda_strays(void)
{
	sqlite3_stmt *st = NULL;
	int strays = -1;

	if (store->o.read_only || store->in_transaction || db_exec(store, "BEGIN"))
		return 0;
	if (!db_exec(store, "CREATE TEMP TABLE agenda_then AS SELECT * FROM agenda") &&
		!agenda_from_rows(store) &&
		sqlite3_prepare_v2(store->db,
			"SELECT (SELECT count(*) FROM (SELECT * FROM agenda_then EXCEPT SELECT * FROM agenda))"
			" + (SELECT count(*) FROM (SELECT * FROM agenda EXCEPT SELECT * FROM agenda_then))",
			-1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		strays = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	db_exec(store, "ROLLBACK");
	if (strays)
		print_error("%d lines of the agenda are no contact's\n", strays);
	return strays;
}

/* Whatever a test did: what the store says it holds is what is there. */
static inline bool counts_agree(void)
{
	struct purge p = { .count = 0 };
	bool agree = true;

	if (!store || store_held_counted(store, NOW, &p))
		return true;
	for (unsigned i = 0; i < p.count; i++)
		if (p.at[i].days_off || p.at[i].left != p.at[i].kept) {
			print_error("%s: %llu counted, %llu kept, %u days off\n", p.at[i].name,
				(unsigned long long)p.at[i].left, (unsigned long long)p.at[i].kept,
				p.at[i].days_off);
			agree = false;
		}
	return agree && !agenda_strays();
}

static inline int teardown(void **state)
{
	bool agree = foreign_hands || counts_agree();

	(void)state;
	foreign_hands = false;
	close_store();
	remove_tree(directory);
	return agree ? 0 : -1;
}

static inline struct event event_of(
	enum kind kind, enum category category, const char *recipient, int64_t at)
{
	struct event e = { .seq = 1,
		.kind = (uint8_t)kind,
		.category = (uint8_t)category,
		.klass = (uint8_t)category_class(category),
		.origin = ORIGIN_MATCHED,
		.arrived = at,
		.reply = 550,
		.status = { 5, 1, 1 } };

	snprintf(e.recipient, sizeof e.recipient, "%s", recipient);
	snprintf(e.rule, sizeof e.rule, "rule-%s", category_name(category));
	snprintf(e.campaign, sizeof e.campaign, "spring");
	return e;
}

/* One message with one event, in the transaction that is open. */
static inline enum store_message_result put(const struct event *e, uint64_t message, int64_t now)
{
	struct store_message m = {
		.mailbox = "bounces", .arrived = e->arrived, .recognised = true
	};
	enum store_message_result result = MESSAGE_NEW;
	struct packed_event packed;

	memcpy(m.digest, &message, sizeof message);
	ok(store_pack(store, e, now, &packed));
	ok(store_message(store, &m, &packed, 1, now, &result));
	return result;
}

static uint64_t next_message = 1;

/* The same in a transaction of its own, as a message that was never seen. */
static inline void put_event(struct event e, int64_t now)
{
	ok(store_begin(store));
	assert_int_equal(put(&e, next_message++, now), MESSAGE_NEW);
	ok(store_commit(store));
}

/* As part of a list, ADDRESS has the same answer. */
static inline void ask_as_list(
	const char *address, unsigned stream, int64_t now, const struct answer *one)
{
	struct answer many;

	if (store->in_transaction)
		return;
	ok(store_snapshot(store, true));
	ok(store_ask_begin(store, 2));
	ok(store_ask(store, address, strlen(address)));
	assert_int_equal(store_ask(store, "nobody", 6), STORE_MISUSE);
	ok(store_ask(store, address, strlen(address)));
	ok(store_ask_all(store, stream, now));
	for (unsigned i = 0; i < 2; i++) {
		ok(store_asked(store, &many));
		assert_memory_equal(one, &many, sizeof many);
	}
	ok(store_snapshot(store, false));
}

static inline struct answer check(const char *address, int64_t now)
{
	struct answer a;

	ok(store_check(store, address, strlen(address), now, &a));
	ask_as_list(address, 0, now, &a);
	return a;
}

/* The first column of a query on a connection of its own. */
static inline int64_t query_int(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t value;

	plain_remember(store);
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return value;
}

/*
 * How often NEEDLE stands in the bytes of all files below the test's directory, key files excepted.
 */
static inline unsigned count_bytes(const void *needle, size_t n)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	unsigned found = 0;
	char name[512];
	struct stat st;

	while ((entry = readdir(dir))) {
		snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
		if (stat(name, &st) || !S_ISREG(st.st_mode) || !st.st_size)
			continue;
		unsigned char *bytes = malloc((size_t)st.st_size), *end, *p;
		int fd = open(name, O_RDONLY);
		assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
		close(fd);
		end = bytes + st.st_size;
		for (p = bytes; (p = memmem(p, (size_t)(end - p), needle, n)); p++)
			found++;
		free(bytes);
	}
	closedir(dir);
	return found;
}

#endif
