/*
 * A layer between SQLite and the system's files (sqlite.org/vfs.html). Of a database file it changes what is written, and only in bytes that no
 * reader looks at; the write-ahead log, whose checksums cover every byte, and all else pass through.
 *
 * A page of a tree (sqlite.org/fileformat2.html section 1.6), behind the file's head of 100 bytes in the first page:
 *
 *   type 2, 5, 10, 13 | first free block (2) | cells (2) | begin of the cells' content (2) | fragments | right child (4), in types 2 and 5
 *   | where each cell lies (2) | unused | content of the cells, with free blocks in it: next (2), size (2), unused
 *
 * A page of a long row or of free pages begins with the number of another page, four bytes, of which the first is zero.
 */
#include "store/pagefile.h"

#include <sqlite3.h>
#include <string.h>

enum {
	FILE_HEAD = 100,
	LEAF_HEAD = 8, INNER_HEAD = 12,
	PAGE_MIN = 512, PAGE_MAX = 65536,
	BLOCK_HEAD = 4
};

/* --- a page --------------------------------------------------------------------------------------------- */

static size_t two_bytes(const unsigned char *p) { return (size_t)p[0] << 8 | p[1]; }

static bool clean_bytes(unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && !p[i])
		i++;
	if (i < n)
		memset(p, 0, n);
	return i < n;
}

bool pagefile_clean(unsigned char *page, size_t size, bool first)
{
	size_t at = first ? FILE_HEAD : 0, head, begin, end, block, limit;
	bool inner = page[at] == 2 || page[at] == 5, found;

	if (!inner && page[at] != 10 && page[at] != 13)
		return false;
	head = inner ? INNER_HEAD : LEAF_HEAD;
	begin = at + head + 2 * two_bytes(page + at + 3);
	end = two_bytes(page + at + 5);
	end = end ? end : PAGE_MAX;
	if (begin > end || end > size)
		return false; /* damaged: none of ours */
	found = clean_bytes(page + begin, end - begin);
	/* free blocks lie in ascending order */
	for (block = two_bytes(page + at + 1), limit = end; block >= limit && block + BLOCK_HEAD <= size; block = two_bytes(page + block)) {
		size_t n = two_bytes(page + block + 2);

		if (n < BLOCK_HEAD || block + n > size)
			break;
		found |= clean_bytes(page + block + BLOCK_HEAD, n - BLOCK_HEAD);
		limit = block + n;
	}
	return found;
}

/* --- the layer ------------------------------------------------------------------------------------------ */

/* What SQLite holds for an open file; the system's own lies behind it. */
struct layered {
	sqlite3_file base;
	sqlite3_file *own;
	bool database;
};

static sqlite3_vfs layer;
static sqlite3_vfs *own_layer(void) { return layer.pAppData; }
static sqlite3_file *own_file(sqlite3_file *f) { return ((struct layered *)f)->own; }
#define OWN(f) (own_file(f)->pMethods)

static int layer_close(sqlite3_file *f) { return OWN(f)->xClose(own_file(f)); }
static int layer_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return OWN(f)->xRead(own_file(f), p, n, at); }
static int layer_truncate(sqlite3_file *f, sqlite3_int64 n) { return OWN(f)->xTruncate(own_file(f), n); }
static int layer_sync(sqlite3_file *f, int flags) { return OWN(f)->xSync(own_file(f), flags); }
static int layer_size(sqlite3_file *f, sqlite3_int64 *n) { return OWN(f)->xFileSize(own_file(f), n); }
static int layer_lock(sqlite3_file *f, int kind) { return OWN(f)->xLock(own_file(f), kind); }
static int layer_unlock(sqlite3_file *f, int kind) { return OWN(f)->xUnlock(own_file(f), kind); }
static int layer_reserved(sqlite3_file *f, int *is) { return OWN(f)->xCheckReservedLock(own_file(f), is); }
static int layer_control(sqlite3_file *f, int what, void *with) { return OWN(f)->xFileControl(own_file(f), what, with); }
static int layer_sector(sqlite3_file *f) { return OWN(f)->xSectorSize(own_file(f)); }
static int layer_device(sqlite3_file *f) { return OWN(f)->xDeviceCharacteristics(own_file(f)); }
static int layer_map(sqlite3_file *f, int n, int size, int extend, void volatile **p) { return OWN(f)->xShmMap(own_file(f), n, size, extend, p); }
static int layer_shm_lock(sqlite3_file *f, int at, int n, int flags) { return OWN(f)->xShmLock(own_file(f), at, n, flags); }
static void layer_barrier(sqlite3_file *f) { OWN(f)->xShmBarrier(own_file(f)); }
static int layer_unmap(sqlite3_file *f, int remove) { return OWN(f)->xShmUnmap(own_file(f), remove); }
static int layer_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **p) { return OWN(f)->xFetch(own_file(f), at, n, p); }
static int layer_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p) { return OWN(f)->xUnfetch(own_file(f), at, p); }

/* SQLite writes whole pages to a database. */
static int layer_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	_Alignas(8) unsigned char page[PAGE_MAX];

	if (((struct layered *)f)->database && n >= PAGE_MIN && n <= PAGE_MAX && !(n & (n - 1)) && at % n == 0) {
		memcpy(page, bytes, (size_t)n);
		if (pagefile_clean(page, (size_t)n, at == 0))
			bytes = page;
	}
	return OWN(f)->xWrite(own_file(f), bytes, n, at);
}

static const sqlite3_io_methods methods = {
	3, layer_close, layer_read, layer_write, layer_truncate, layer_sync, layer_size, layer_lock, layer_unlock, layer_reserved, layer_control,
	layer_sector, layer_device, layer_map, layer_shm_lock, layer_barrier, layer_unmap, layer_fetch, layer_unfetch,
};

static int layer_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct layered *l = (struct layered *)f;
	int rc;

	(void)v;
	l->own = (sqlite3_file *)(l + 1);
	l->database = flags & SQLITE_OPEN_MAIN_DB;
	rc = own_layer()->xOpen(own_layer(), name, l->own, flags, out);
	/* a file whose own layer knows less would be asked for what it has not */
	if (rc == SQLITE_OK && l->own->pMethods->iVersion < methods.iVersion) {
		l->own->pMethods->xClose(l->own);
		rc = SQLITE_CANTOPEN;
	}
	l->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
	return rc;
}

static int layer_delete(sqlite3_vfs *v, const char *name, int sync)
{
	(void)v;
	return own_layer()->xDelete(own_layer(), name, sync);
}

static int layer_access(sqlite3_vfs *v, const char *name, int flags, int *may)
{
	(void)v;
	return own_layer()->xAccess(own_layer(), name, flags, may);
}

static int layer_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	return own_layer()->xFullPathname(own_layer(), name, n, out);
}

const char *pagefile_layer(void)
{
	static const char name[] = "retour";
	sqlite3_vfs *own;

	if (layer.zName)
		return name;
	own = sqlite3_vfs_find(NULL);
	if (!own)
		return NULL;
	layer = *own; /* time and chance are the system's */
	layer.pNext = NULL;
	layer.szOsFile = (int)sizeof(struct layered) + own->szOsFile;
	layer.zName = name;
	layer.xOpen = layer_open;
	layer.xDelete = layer_delete;
	layer.xAccess = layer_access;
	layer.xFullPathname = layer_path;
	layer.pAppData = own;
	return sqlite3_vfs_register(&layer, 0) == SQLITE_OK ? name : NULL;
}
