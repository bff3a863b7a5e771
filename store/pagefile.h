/*
 * Pages without remains. secure_delete overwrites a row where it lay, and a page that becomes free; but when SQLite balances a tree it leaves copies of
 * rows that were moved in the unused middle of pages that stay. Here that middle is overwritten whenever a page is written to the database file, which
 * with a write-ahead log a checkpoint does: what was deleted is gone from the file with the next checkpoint, and nothing has to be written anew for it.
 */
#ifndef RETOUR_PAGEFILE_H
#define RETOUR_PAGEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The name of the layer to open a database with (sqlite3_open_v2); NULL where SQLite does not take it. It is the system's own but for this. The database must
 * have no pointer map (auto_vacuum) and no more than PAGEFILE_PAGES_MAX pages (max_page_count): then the first byte tells a page of a tree from all others.
 */
const char *pagefile_layer(void);
enum { PAGEFILE_PAGES_MAX = 0xffffff };

/* Overwrites what is unused in a page of SIZE bytes, the first one of its file or not; other pages are left as they are. False: nothing was there. */
bool pagefile_clean(unsigned char *page, size_t size, bool first);

#endif
