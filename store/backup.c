/*
 * A copy of the store that can be restored. VACUUM INTO writes it from one state of the database,
 * whatever another process does meanwhile, and without anything that was deleted. The keys are not
 * in it: who finds the copy has pseudonyms that nobody can look up, and a month's events in it are
 * dead with the month's key.
 *
 * The copy knows when it was made (meta "backup"). When it is opened as a store it is older than
 * the list of erasures (erasure.c), which is settled first; after [retention] backups the list no
 * longer reaches back to it, so it is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "store/internal.h"
#include "store/base/pagefile.h"
#include "store/siteparts.h"
#include "store/erasure.h"
#include "store/head.h"

static const char mark[] = "backup";

/* In the copy, with a connection of its own. */
static int mark_copy(struct store *s, const char *path, int64_t now)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *copy = NULL;
	char at[24];
	int rc = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, pagefile_layer());

	snprintf(at, sizeof at, "%lld", (long long)now);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(copy, "PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON",
			NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(copy,
			"INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
			-1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, mark, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, at, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		store_fail(
			s, STORE_FAILED, "%s: %s", path, copy ? sqlite3_errmsg(copy) : "no memory");
	sqlite3_close(copy);
	return rc == SQLITE_DONE ? STORE_OK : STORE_FAILED;
}

int store_backup(struct store *s, const char *path, int64_t now, int64_t *until)
{
	char detail[64];
	struct tm tm;
	int result, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	*until = day_start(now + s->o.retention[RETAIN_BACKUPS].period);
	if (fd < 0)
		return store_fail(s, STORE_FAILED, "%s: %s%s", path, strerror(errno),
			file_advice(path, errno));
	gmtime_r(&(time_t){ *until }, &tm);
	snprintf(detail, sizeof detail, "until=%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday);
	pagefile_verify(s->db, true); /* what is damaged is no backup */
	pagefile_copies(s->db, true);
	result = fchmod(fd, 0600) ? store_fail(s, STORE_FAILED, "%s: %s", path, strerror(errno))
				  : db_run(s, SQL_BACKUP, "t", path);
	pagefile_copies(s->db, false);
	pagefile_verify(s->db, s->o.verify);
	if (!result)
		result = mark_copy(s, path, now);
	if (!result && (fsync(fd) || directory_sync(path)))
		result = store_fail(s, STORE_FAILED, "%s: %s", path, strerror(errno));
	if (!result)
		result = store_ledger(s, now, LEDGER_BACKUP, detail);
	if (result)
		unlink(path);
	close(fd);
	return result;
}

static int note_restored(struct store *s, int64_t made, uint64_t erased, int64_t now)
{
	char detail[96];
	struct tm tm;

	gmtime_r(&(time_t){ made }, &tm);
	snprintf(detail, sizeof detail, "made=%04d-%02d-%02d erased_again=%llu", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, (unsigned long long)erased);
	return db_run(s, SQL_META_DELETE, "t", mark) || site_restored(s)
		? STORE_FAILED
		: store_ledger(s, now, LEDGER_RESTORED, detail);
}

int backup_admit(struct store *s, int64_t now)
{
	uint64_t erased;
	int64_t made = 0;
	bool own;
	int result;

	if (db_int(s, &made, SQL_META_GET, "t", mark))
		return STORE_FAILED;
	if (made && now > made + s->o.retention[RETAIN_BACKUPS].period + DAY)
		return store_fail(s, STORE_BROKEN,
			"%s: a backup older than [retention] backups: what was erased since is not known any more, so it cannot be used",
			s->o.path);
	if (s->o.read_only)
		return made
			? store_fail(s, STORE_FAILED,
				  "%s: a backup; before it is used the next run, or `retour purge`, erases what was erased since",
				  s->o.path)
			: STORE_OK;
	if ((result = db_enter(s, &own)))
		return result;
	result = head_settle(s, made != 0, now);
	if (!result)
		result = erasures_replay(s, now, &erased);
	if (!result && (made || erased))
		result = note_restored(s, made ? made : now, erased, now);
	return db_leave(s, own, result);
}
