/*
 * What a layer between SQLite and the files does for us: no remains in pages, and a seal on each.
 *
 * Pages without remains. secure_delete overwrites a row where it lay, and a page that becomes free;
 * but when SQLite balances a tree it leaves copies of rows that were moved in the unused middle of
 * pages that stay. Here that middle is overwritten whenever a page is written to the database file,
 * which with a write-ahead log a checkpoint does: what was deleted is gone from the file with the
 * next checkpoint, and nothing has to be written anew for it.
 *
 * Sealed pages. Disks give back other bytes than they took, seldom, and a bit that turned in a
 * contact would have somebody written to who is not to be. The last PAGEFILE_SEAL bytes of each
 * page, which SQLite leaves alone, are a hash of the others and the page's number, made when the
 * page is written to the file. Where that is asked for, a page whose seal is broken is not read:
 * SQLITE_IOERR_DATA. It is against disks, not against people: there is no key. Other programs that
 * write to the database leave the seal as it was; by the page's head, of which the seal has a copy,
 * one that they gave other rows is known and counts as one without a seal.
 */
#ifndef RETOUR_PAGEFILE_H
#define RETOUR_PAGEFILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The name of the layer to open a database with (sqlite3_open_v2); NULL where SQLite does not take
 * it. It is the system's own but for this. The database must have no pointer map (auto_vacuum) and
 * no more than PAGEFILE_PAGES_MAX pages (max_page_count): then the first byte tells a page of a
 * tree from all others.
 */
const char *pagefile_layer(void);
enum { PAGEFILE_PAGES_MAX = 0xffffff, PAGEFILE_SEAL = 16 };

/*
 * Has DB, opened with that layer, keep room for seals: in a new file from the beginning, in one
 * that is there from its next VACUUM on; without room nothing is sealed. To be called before
 * anything is read of it.
 */
void pagefile_seal(sqlite3 *db);
/*
 * Around VACUUM INTO: the first page of the copy, which says that there is room for seals, may be
 * written after others. While COPIES holds, an empty file that is opened gets the seals that DB
 * has.
 */
void pagefile_copies(sqlite3 *db, bool copies);
/*
 * Whether pages with a broken seal are refused from now on when they are read from the file; what
 * lies in DB's cache was read before.
 */
void pagefile_verify(sqlite3 *db, bool verify);
struct pagefile_state {
	uint64_t pages, unsealed, broken;
	uint64_t first_broken; /* the number of a page, from 1 */
};
/*
 * Reads every page of the file, past the cache. The caller holds a transaction. SQLITE_OK or
 * SQLite's error.
 */
int pagefile_walk(sqlite3 *db, struct pagefile_state *out);

/*
 * How many bytes lie behind the last page that the file's head counts. SQLITE_OK or SQLite's error.
 */
int pagefile_beyond(sqlite3 *db, uint64_t *bytes);

/*
 * Overwrites what is unused in a page of SIZE bytes, the first one of its file or not; other pages
 * are left as they are. False: nothing was there.
 */
bool pagefile_clean(unsigned char *page, size_t size, bool first);

#endif
