/*
 * Opening and closing; here all parts of the store come together (the transaction: transaction.c).
 *
 * The database runs in WAL mode with synchronous=FULL: a commit that returned is on disk, readers
 * never wait for the writer, and a kill at any instruction leaves the last commit. secure_delete
 * overwrites what is deleted, and store/base/pagefile.h what SQLite leaves of rows that it moves;
 * the settings are read back, and without them the store is not opened. The -wal and -shm files
 * stay when the last handle closes, so that a reader never has to make them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "store/brake.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/contactbody.h"
#include "store/internal.h"
#include "store/news.h"
#include "store/base/pagefile.h"
#include "store/ownkeys.h"
#include "store/siteparts.h"
#include "store/wave.h"
#include "store/wording.h"
#include "store/erasure.h"
#include "store/fold.h"
#include "store/head.h"
#include "store/held.h"
#include "store/hour.h"
#include "store/mailings.h"
#include "store/nodomain.h"
#include "store/schema.h"
#include "store/seen.h"
#include "store/tally.h"

static int refresh_keys(struct store *s)
{
	bool changed;

	return keys_refresh(s, &changed);
}

/* What takes part in a transaction or a snapshot, in this order. */
static const struct store_part parts[] = {
	{ NULL, NULL, schema_still_known, schema_still_known },
	{ seen_flush, seen_discard, NULL, NULL },
	{ pending_flush, pending_discard, NULL, NULL },
	{ brake_flush, brake_discard, NULL, NULL },
	{ counters_flush, counters_discard, NULL, NULL },
	{ erasures_flush, erasures_discard, NULL, NULL },
	{ campaigns_flush, campaigns_discard, NULL, NULL },
	{ wording_flush, wording_discard, NULL, NULL },
	{ news_flush, news_discard, NULL, NULL },
	{ site_flush, site_discard, site_key_anew, site_key_anew },
	{ NULL, keys_forget_months, refresh_keys, refresh_keys },
	{ NULL, NULL, NULL, NULL },
};

/* What brings rows to the form of a version of the schema, once all tables have theirs. */
static const struct schema_conversion conversions[] = {
	{ 3, contact_from_version_1 },
	{ 7, hours_from_events },
	{ 10, held_from_rows },
	{ 11, held_states_from_rows },
	{ 20, objections_from_rows },
	{ 21, keys_seal_old },
	{ 32, agenda_from_rows },
	{ 0, NULL },
};

/* --- opening -------------------------------------------------------------- */

/* The pragmas that protect, and what each must say when read back. NULL: any answer. */
static const struct pragma {
	const char *sql, *answer;
	bool writer_only;
} pragmas[] = {
	{ "PRAGMA journal_mode = WAL", "wal", true },
	{ "PRAGMA synchronous = FULL", NULL, true },
	{ "PRAGMA secure_delete = ON", "1", false },
	/*
	 * what store/base/pagefile.h needs: no pointer map, and page numbers of three bytes, which
	 * is 64 GiB
	 */
	{ "PRAGMA auto_vacuum = NONE", NULL, true },
	{ "PRAGMA auto_vacuum", "0", true },
	{ "PRAGMA max_page_count = 16777215", "16777215", true },
	{ "PRAGMA trusted_schema = OFF", NULL, false },
	{ "PRAGMA cell_size_check = ON", NULL, false },
	{ "PRAGMA temp_store = MEMORY", NULL, false },
	{ "PRAGMA cache_size = -16384", NULL, false },      /* KiB */
	{ "PRAGMA wal_autocheckpoint = 4000", NULL, true }, /* pages */
	{ "PRAGMA journal_size_limit = 67108864", NULL, true },
};

enum { PRAGMA_WAIT_MS = 5 };

static int apply_pragma(struct store *s, const struct pragma *p)
{
	sqlite3_stmt *st = NULL;
	int result = STORE_OK, rc = sqlite3_prepare_v2(s->db, p->sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	/*
	 * turning a new file to WAL is the one lock for which SQLite does not wait: several
	 * processes may open it for the first time
	 */
	for (int waited = 0; (rc & 0xff) == SQLITE_BUSY && waited < BUSY_TIMEOUT_MS;
		waited += PRAGMA_WAIT_MS) {
		sqlite3_reset(st);
		sqlite3_sleep(PRAGMA_WAIT_MS);
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		result = db_error(s);
	} else if (p->answer) {
		const char *answer = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0)
						      : NULL;
		if (!answer || strcmp(answer, p->answer) != 0)
			result = store_fail(
				s, STORE_FAILED, "%s: SQLite refuses \"%s\"", s->o.path, p->sql);
	}
	sqlite3_finalize(st);
	return result;
}

/* An empty file with mode 0600, whatever the umask; SQLite gives -wal and -shm the same mode. */
static int make_file(struct store *s)
{
	int fd = open(s->o.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return STORE_OK;
	if (fd < 0 || fchmod(fd, 0600) || directory_sync(s->o.path)) {
		store_fail(s, STORE_FAILED, "%s: %s", s->o.path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return STORE_FAILED;
	}
	close(fd);
	return STORE_OK;
}

static int open_database(struct store *s)
{
	const char *layer = pagefile_layer();
	int flags = (s->o.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
		SQLITE_OPEN_NOMUTEX;
	int rc = layer ? sqlite3_open_v2(s->o.path, &s->db, flags, layer) : SQLITE_NOMEM, stay = 1;

	if (rc != SQLITE_OK && access(s->o.path, s->o.read_only ? R_OK : R_OK | W_OK))
		return store_fail(s, STORE_FAILED,
			"%s: %s; it must belong to the user who runs this, with mode 0600",
			s->o.path, strerror(errno));
	if (rc != SQLITE_OK)
		return store_fail(s, STORE_FAILED, "%s: %s", s->o.path,
			s->db ? sqlite3_errmsg(s->db) : "no memory");
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/*
	 * what somebody else put into the schema does nothing while we write or answer; who reads
	 * for an audit sees what it makes of things
	 */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, s->o.read_only && !s->o.verify, NULL);
	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &stay);
	if (!s->o.read_only)
		pagefile_seal(s->db);
	pagefile_verify(s->db, s->o.verify);
	for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
		if (!(pragmas[i].writer_only && s->o.read_only) && apply_pragma(s, &pragmas[i]))
			return STORE_FAILED;
	return STORE_OK;
}

/*
 * What must be the same as when the store was made, else pseudonyms of one address would differ.
 * MISSING: what a store means that was made before there was such a setting.
 */
static int check_folding(
	struct store *s, bool made, const char *name, bool folded, const char *missing)
{
	const char *now = folded ? "yes" : "no", *then = missing;
	sqlite3_stmt *st;
	int result = STORE_OK, rc;

	if (made)
		return db_run(s, SQL_META_PUT, "tt", name, now);
	st = db_bind(s, SQL_META_GET, "t", name);
	rc = st ? db_step(s, st) : -1;
	if (rc < 0)
		return STORE_FAILED;
	if (rc)
		then = (const char *)sqlite3_column_text(st, 0);
	if (strcmp(then, now) != 0)
		result = store_fail(s, STORE_MISUSE,
			"[privacy] %s is %s, but the store %s was made with the other setting",
			name, now, s->o.path);
	sqlite3_reset(st);
	return result;
}

static int check_foldings(struct store *s, bool made)
{
	int result = check_folding(s, made, "fold_local_part", s->o.fold_local_part, "not known");

	return result ? result : check_folding(s, made, "fold_gmail", s->o.fold_gmail, "no");
}

/* In the ledger: the program's version, when it is another one than last time. */
static int record_program(struct store *s, int64_t now)
{
	struct ledger_entry last;

	if (store_ledger_last(s, LEDGER_PROGRAM, NULL, &last))
		return STORE_FAILED;
	return last.number && strcmp(last.detail, "version=" RETOUR_VERSION) == 0
		? STORE_OK
		: store_ledger(s, now, LEDGER_PROGRAM, "version=" RETOUR_VERSION);
}

/*
 * Schema, keys' fingerprints and what changed since last time, in one transaction; checked again
 * under the lock, as two may create.
 */
static int settle_schema(struct store *s, int64_t now, bool *made)
{
	int version, result;
	char schema[32];

	/* an index of a large table is sorted in a file without a name, not in memory */
	if (db_exec(s, "PRAGMA temp_store = FILE"))
		return STORE_FAILED;
	if ((result = store_begin(s)))
		return result;
	snprintf(schema, sizeof schema, "schema=%d", SCHEMA_VERSION);
	result = schema_version(s, &version);
	*made = !result && !version;
	if (!result)
		result = schema_migrate(s, version, conversions);
	if (!result && *made &&
		(store_ledger(s, now, LEDGER_STORE_CREATED, schema) || keys_record(s, now)))
		result = STORE_FAILED;
	if (!result)
		result = check_foldings(s, *made);
	if (!result && (record_program(s, now) || settings_record(s, now)))
		result = STORE_FAILED;
	if (!result)
		result = store_commit(s);
	else
		store_rollback(s);
	return db_exec(s, "PRAGMA temp_store = MEMORY") && !result ? STORE_FAILED : result;
}

static int open_store_parts(struct store *s, int64_t now, bool *created)
{
	int version, result;
	struct stat st;
	bool absent = false;

	if (!s->o.path || !s->o.keys_dir || (s->o.create && s->o.read_only))
		return store_fail(s, STORE_MISUSE,
			"store: path or keys_dir missing, or create together with read_only");
	if (stat(s->o.path, &st)) {
		absent = errno == ENOENT;
		if (!absent)
			return store_fail(s, STORE_FAILED, "%s: %s", s->o.path, strerror(errno));
	}
	if (!absent && !S_ISREG(st.st_mode))
		return store_fail(s, STORE_MISUSE,
			"%s: not a regular file; right would be the path of the database",
			s->o.path);
	if (absent && !s->o.create)
		return store_fail(s, STORE_TO_COME,
			"%s: there is no store yet; the first run, poll or import makes it",
			s->o.path);
	if (absent && make_file(s))
		return STORE_FAILED;
	if (open_database(s) || schema_version(s, &version))
		return STORE_FAILED;
	if (!version && !s->o.create)
		return store_fail(s, STORE_TO_COME,
			"%s: empty; the first run, poll or import makes the store", s->o.path);
	if (version < SCHEMA_VERSION && s->o.read_only)
		return store_fail(s, STORE_TO_COME,
			"%s: schema version %d; the next run brings it to %d", s->o.path, version,
			SCHEMA_VERSION);
	if ((result = keys_open(s, !version)))
		return head_explain(s, result);
	if (!(s->nonces = calloc(1, sizeof *s->nonces)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (contact_functions(s->db, s) != SQLITE_OK)
		return db_error(s);
	if (!s->o.read_only && (result = settle_schema(s, now, created)))
		return result;
	if (s->o.read_only && (result = check_foldings(s, false)))
		return result;
	if ((result = keys_verify(s)))
		return result;
	streams_number(s);
	if (mailings_load(s) || causes_load(s) || nodomain_load(s) || wave_load(s))
		return STORE_FAILED;
	result = site_open(s, now);
	return result ? result : backup_admit(s, now);
}

int store_open(struct store **out, const struct store_options *options, int64_t now, bool *created)
{
	struct store *s = *out = calloc(1, sizeof *s);

	*created = false;
	if (!s || sodium_init() < 0)
		return STORE_FAILED;
	s->o = *options;
	struct retention *r = s->o.retention;
	if (r[RETAIN_OBJECTIONS].period < r[RETAIN_CONTACTS].period)
		r[RETAIN_OBJECTIONS].period = r[RETAIN_CONTACTS].period;
	s->parts = parts;
	tzset();
	return open_store_parts(s, now, created);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->in_transaction)
		store_rollback(s);
	head_note(s); /* where it cannot be, the next one does */
	counters_discard(s);
	free(s->counters);
	free(s->hours);
	free(s->held);
	free(s->pending);
	free(s->seen);
	store_close(asked_free(s));
	erasures_discard(s);
	free(s->taken_back);
	free(s->nonces);
	site_close(s);
	news_close(s);
	brake_free(s);
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->statement[i]);
	sqlite3_close(s->db);
	keys_close(s);
	free(s);
}

static struct store *open_second(const struct store *s)
{
	struct store *second = NULL;
	bool created;

	if (s->o.read_only && store_open(&second, &s->o, 0, &created)) {
		store_close(second);
		second = NULL;
	}
	return second;
}

int store_ask_beside(struct store *s, size_t least)
{
	return asked_share(s, least, open_second);
}

int store_bulk(struct store *s, bool on)
{
	int result = db_exec(s,
		on ? "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 32000"
		   : "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000");

	if (!on)
		sqlite3_db_release_memory(s->db);
	return result;
}

static int say_tick(void *context)
{
	struct store *s = context;

	s->tick((uint64_t)sqlite3_total_changes64(s->db));
	return 0;
}

void store_set_tick(struct store *s, void (*tick)(uint64_t changed))
{
	enum { TICK_STEPS = 100000 }; /* of SQLite's machine: some milliseconds */

	s->tick = tick;
	sqlite3_progress_handler(s->db, tick ? TICK_STEPS : 0, tick ? say_tick : NULL, s);
}
