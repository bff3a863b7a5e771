/*
 * A layer between SQLite and the system's files (sqlite.org/vfs.html). Of a database file it
 * changes what is written, and only in bytes that no reader looks at. The write-ahead log, whose
 * checksums cover every byte, and all else pass through; but the head of one of the log's frames
 * waits for the page behind it, so that both are one call of the system. Whatever else is asked of
 * the log writes that head first.
 *
 * A page of a tree (sqlite.org/fileformat2.html section 1.6), behind the file's head of 100 bytes
 * in the first page:
 *
 *   type 2, 5, 10, 13 | first free block (2) | cells (2) | begin of the cells' content (2) |
 *   fragments | right child (4), in types 2 and 5 | where each cell lies (2) | unused | content of
 *   the cells, with free blocks in it: next (2), size (2), unused
 *
 * The file's head says in byte 20 how many bytes SQLite leaves alone at the end of each page.
 *
 * A page of a long row or of free pages begins with the number of another page, four bytes, of
 * which the first is zero.
 */
#include "store/base/pagefile.h"

#include <sodium.h>
#include <sqlite3.h>
#include <string.h>
#define XXH_INLINE_ALL /* nothing more to load at a start */
#include <xxhash.h>

enum {
	FILE_HEAD = 100,
	SEAL_AT = 20,      /* where the head says how much room there is */
	ROOM_UNKNOWN = -1, /* nothing of the head was read or written yet */
	READS_MAX = 3,     /* of a page that another process may be writing */
	LEAF_HEAD = 8,
	INNER_HEAD = 12,
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
	BLOCK_HEAD = 4,
	FRAME_HEAD = 24 /* of a page in the write-ahead log */
};

/* --- a page --------------------------------------------------------------- */

static size_t two_bytes(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

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
	for (block = two_bytes(page + at + 1), limit = end;
		block >= limit && block + BLOCK_HEAD <= size; block = two_bytes(page + block)) {
		size_t n = two_bytes(page + block + 2);

		if (n < BLOCK_HEAD || block + n > size)
			break;
		found |= clean_bytes(page + block + BLOCK_HEAD, n - BLOCK_HEAD);
		limit = block + n;
	}
	return found;
}

/* --- the seal ------------------------------------------------------------- */

/*
 * A seal is a hash (8), never zero, and the head of the page's tree as it was then (8). Of the
 * file's head the hash leaves out what each program that writes to the file changes there
 * (counters, the file's size, the free pages, its version): no answer hangs on it.
 *
 * The hash is XXH64 of the bytes, seeded with the page's number, in its canonical (big-endian)
 * form. Up to version 34 of the schema it was SipHash-2-4, which takes six times as long; pages
 * keep that until they are written.
 */
enum { HASH_SIZE = sizeof(XXH64_canonical_t) };
_Static_assert((int)PAGEFILE_SEAL == (int)HASH_SIZE + LEAF_HEAD, "hash and head");
_Static_assert((int)HASH_SIZE == (int)crypto_shorthash_BYTES, "both have the same room");

enum hash_form { HASH_PRESENT, HASH_BEFORE };
static void hash_of_page(unsigned char out[HASH_SIZE], const unsigned char *page, size_t size,
	uint64_t number, enum hash_form form)
{
	static const unsigned char none[HASH_SIZE];
	unsigned char key[crypto_shorthash_KEYBYTES] = { 0 };
	_Alignas(8) unsigned char first[PAGE_MAX];
	XXH64_canonical_t canonical;

	if (number == 1) {
		memcpy(first, page, size);
		memset(first + 24, 0, 16);
		memset(first + 92, 0, 8);
		page = first;
	}
	if (form == HASH_BEFORE) {
		for (unsigned i = 0; i < 8; i++)
			key[i] = (unsigned char)(number >> 8 * i);
		crypto_shorthash(out, page, size - PAGEFILE_SEAL, key);
	} else {
		XXH64_canonicalFromHash(&canonical, XXH64(page, size - PAGEFILE_SEAL, number));
		memcpy(out, canonical.digest, sizeof canonical.digest);
	}
	if (memcmp(out, none, sizeof none) == 0)
		out[0] = 1;
}

static const unsigned char *tree_head(const unsigned char *page, uint64_t number)
{
	return page + (number == 1 ? FILE_HEAD : 0);
}

static void seal_page(unsigned char *page, size_t size, uint64_t number)
{
	unsigned char *seal = page + size - PAGEFILE_SEAL;

	hash_of_page(seal, page, size, number, HASH_PRESENT);
	memcpy(seal + HASH_SIZE, tree_head(page, number), LEAF_HEAD);
}

enum seal { SEAL_NONE, SEAL_WHOLE, SEAL_BROKEN };
/* One bit that turned in the head is damage; more of them are a program that wrote rows. */
static enum seal look_at_seal(const unsigned char *page, size_t size, uint64_t number)
{
	static const unsigned char none[HASH_SIZE];
	const unsigned char *seal = page + size - PAGEFILE_SEAL, *head = tree_head(page, number);
	unsigned char hash[HASH_SIZE];
	int turned = 0;

	if (memcmp(seal, none, sizeof none) == 0)
		return SEAL_NONE;
	hash_of_page(hash, page, size, number, HASH_PRESENT);
	if (memcmp(seal, hash, sizeof hash) != 0)
		hash_of_page(hash, page, size, number, HASH_BEFORE);
	if (memcmp(seal, hash, sizeof hash) == 0) /* both were written at once */
		return memcmp(seal + HASH_SIZE, head, LEAF_HEAD) ? SEAL_BROKEN : SEAL_WHOLE;
	for (unsigned i = 0; i < LEAF_HEAD; i++)
		turned += __builtin_popcount(head[i] ^ seal[HASH_SIZE + i]);
	return turned > 1 ? SEAL_NONE : SEAL_BROKEN;
}

/* --- the layer ------------------------------------------------------------ */

/* What SQLite holds for an open file; the system's own lies behind it. */
struct layered {
	sqlite3_file base;
	sqlite3_file *own;
	bool database, verify, log;
	int room;         /* what the file's head says of the room for seals */
	bool waits;       /* a frame's head, for the page behind it */
	sqlite3_int64 at; /* where it belongs */
	unsigned char head[FRAME_HEAD];
};

static sqlite3_vfs layer;
static bool copy_is_sealed; /* of a database that is opened while it is empty */
static sqlite3_vfs *own_layer(void)
{
	return layer.pAppData;
}
static sqlite3_file *own_file(sqlite3_file *f)
{
	return ((struct layered *)f)->own;
}
#define OWN(f) (own_file(f)->pMethods)

/* Writes the head that waits. */
static int settle_head(sqlite3_file *f)
{
	struct layered *l = (struct layered *)f;

	if (!l->waits)
		return SQLITE_OK;
	l->waits = false;
	return OWN(f)->xWrite(own_file(f), l->head, FRAME_HEAD, l->at);
}

static int layer_close(sqlite3_file *f)
{
	int rc = settle_head(f), closed = OWN(f)->xClose(own_file(f));

	return rc == SQLITE_OK ? closed : rc;
}
static int layer_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	int rc = settle_head(f);

	return rc == SQLITE_OK ? OWN(f)->xTruncate(own_file(f), n) : rc;
}
static int layer_sync(sqlite3_file *f, int flags)
{
	int rc = settle_head(f);

	return rc == SQLITE_OK ? OWN(f)->xSync(own_file(f), flags) : rc;
}
static int layer_size(sqlite3_file *f, sqlite3_int64 *n)
{
	int rc = settle_head(f);

	return rc == SQLITE_OK ? OWN(f)->xFileSize(own_file(f), n) : rc;
}
static int layer_lock(sqlite3_file *f, int kind)
{
	return OWN(f)->xLock(own_file(f), kind);
}
static int layer_unlock(sqlite3_file *f, int kind)
{
	return OWN(f)->xUnlock(own_file(f), kind);
}
static int layer_reserved(sqlite3_file *f, int *is)
{
	return OWN(f)->xCheckReservedLock(own_file(f), is);
}
static int layer_control(sqlite3_file *f, int what, void *with)
{
	return OWN(f)->xFileControl(own_file(f), what, with);
}
static int layer_sector(sqlite3_file *f)
{
	return OWN(f)->xSectorSize(own_file(f));
}
static int layer_device(sqlite3_file *f)
{
	return OWN(f)->xDeviceCharacteristics(own_file(f));
}
static int layer_map(sqlite3_file *f, int n, int size, int extend, void volatile **p)
{
	return OWN(f)->xShmMap(own_file(f), n, size, extend, p);
}
static int layer_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return OWN(f)->xShmLock(own_file(f), at, n, flags);
}
static void layer_barrier(sqlite3_file *f)
{
	OWN(f)->xShmBarrier(own_file(f));
}
static int layer_unmap(sqlite3_file *f, int remove)
{
	return OWN(f)->xShmUnmap(own_file(f), remove);
}
static int layer_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **p)
{
	return OWN(f)->xFetch(own_file(f), at, n, p);
}
static int layer_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p)
{
	return OWN(f)->xUnfetch(own_file(f), at, p);
}

static bool is_page(const sqlite3_file *f, int n, sqlite3_int64 at)
{
	return ((const struct layered *)f)->database && n >= PAGE_MIN && n <= PAGE_MAX &&
		!(n & (n - 1)) && at % n == 0;
}

/* What the head says, whenever it passes. */
static void note_room(struct layered *l, const void *bytes, int n, sqlite3_int64 at)
{
	if (l->database && at == 0 && n >= FILE_HEAD)
		l->room = ((const unsigned char *)bytes)[SEAL_AT];
}

static int layer_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	struct layered *l = (struct layered *)f;
	int rc = settle_head(f);

	if (rc == SQLITE_OK)
		rc = OWN(f)->xRead(own_file(f), p, n, at);
	if (rc != SQLITE_OK)
		return rc;
	note_room(l, p, n, at);
	if (l->verify && l->room == PAGEFILE_SEAL && is_page(f, n, at) &&
		look_at_seal(p, (size_t)n, (uint64_t)(at / n) + 1) == SEAL_BROKEN)
		return SQLITE_IOERR_DATA;
	return SQLITE_OK;
}

/* A frame of the log comes as its head and its page. */
static int log_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	unsigned char frame[FRAME_HEAD + PAGE_MAX];
	struct layered *l = (struct layered *)f;
	bool joins = l->waits && at == l->at + FRAME_HEAD && n <= PAGE_MAX;
	int rc = joins ? SQLITE_OK : settle_head(f);

	if (rc != SQLITE_OK)
		return rc;
	if (n == FRAME_HEAD) {
		memcpy(l->head, bytes, FRAME_HEAD);
		l->at = at;
		l->waits = true;
		return SQLITE_OK;
	}
	l->waits = false;
	if (!joins)
		return OWN(f)->xWrite(own_file(f), bytes, n, at);
	memcpy(frame, l->head, FRAME_HEAD);
	memcpy(frame + FRAME_HEAD, bytes, (size_t)n);
	return OWN(f)->xWrite(own_file(f), frame, FRAME_HEAD + n, at - FRAME_HEAD);
}

/* SQLite writes whole pages to a database. */
static int layer_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	_Alignas(8) unsigned char page[PAGE_MAX];
	struct layered *l = (struct layered *)f;

	if (l->log)
		return log_write(f, bytes, n, at);
	note_room(l, bytes, n, at);
	if (is_page(f, n, at)) {
		memcpy(page, bytes, (size_t)n);
		if (pagefile_clean(page, (size_t)n, at == 0))
			bytes = page;
		if (l->room == PAGEFILE_SEAL) {
			seal_page(page, (size_t)n, (uint64_t)(at / n) + 1);
			bytes = page;
		}
	}
	return OWN(f)->xWrite(own_file(f), bytes, n, at);
}

static const sqlite3_io_methods methods = {
	3,
	layer_close,
	layer_read,
	layer_write,
	layer_truncate,
	layer_sync,
	layer_size,
	layer_lock,
	layer_unlock,
	layer_reserved,
	layer_control,
	layer_sector,
	layer_device,
	layer_map,
	layer_shm_lock,
	layer_barrier,
	layer_unmap,
	layer_fetch,
	layer_unfetch,
};

static int layer_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct layered *l = (struct layered *)f;
	int rc;

	(void)v;
	l->own = (sqlite3_file *)(l + 1);
	l->database = flags & SQLITE_OPEN_MAIN_DB;
	l->log = flags & SQLITE_OPEN_WAL;
	l->verify = l->waits = false;
	l->room = ROOM_UNKNOWN;
	rc = own_layer()->xOpen(own_layer(), name, l->own, flags, out);
	/* a file whose own layer knows less would be asked for what it has not */
	if (rc == SQLITE_OK && l->own->pMethods->iVersion < methods.iVersion) {
		l->own->pMethods->xClose(l->own);
		rc = SQLITE_CANTOPEN;
	}
	l->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
	if (rc == SQLITE_OK && l->database && copy_is_sealed) {
		sqlite3_int64 bytes = 1;
		rc = OWN(f)->xFileSize(own_file(f), &bytes);
		if (rc == SQLITE_OK && !bytes)
			l->room = PAGEFILE_SEAL;
	}
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
	/* nobody asks SQLite for its counts of memory, and each allocation would take a lock */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
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

/* --- for those who hold a database ---------------------------------------- */

static sqlite3_file *file_of(sqlite3 *db)
{
	sqlite3_file *f = NULL;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f &&
			f->pMethods == &methods
		? f
		: NULL;
}

void pagefile_seal(sqlite3 *db)
{
	int room = PAGEFILE_SEAL;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &room);
}

void pagefile_copies(sqlite3 *db, bool copies)
{
	sqlite3_file *f = file_of(db);

	copy_is_sealed = copies && f && ((struct layered *)f)->room == PAGEFILE_SEAL;
}

void pagefile_verify(sqlite3 *db, bool verify)
{
	sqlite3_file *f = file_of(db);

	if (f)
		((struct layered *)f)->verify = verify;
}

/* A page that another process is writing is read again. */
static int read_seal(sqlite3_file *f, size_t size, uint64_t number, enum seal *seal)
{
	_Alignas(8) unsigned char page[PAGE_MAX];
	int rc = SQLITE_OK;

	*seal = SEAL_BROKEN;
	for (int i = 0; i < READS_MAX && *seal == SEAL_BROKEN && rc == SQLITE_OK; i++) {
		rc = OWN(f)->xRead(
			own_file(f), page, (int)size, (sqlite3_int64)((number - 1) * size));
		if (rc == SQLITE_OK)
			*seal = look_at_seal(page, size, number);
	}
	return rc;
}

/* The file's size, head, and the size of its pages; without a file *BYTES is 0. */
static int read_file_head(
	sqlite3_file *f, unsigned char head[FILE_HEAD], sqlite3_int64 *bytes, size_t *size)
{
	int rc = f ? OWN(f)->xFileSize(own_file(f), bytes) : SQLITE_ERROR;

	if (rc != SQLITE_OK || *bytes < FILE_HEAD) {
		*bytes = 0;
		return rc;
	}
	rc = OWN(f)->xRead(own_file(f), head, FILE_HEAD, 0);
	*size = two_bytes(head + 16) == 1 ? PAGE_MAX : two_bytes(head + 16);
	if (rc != SQLITE_OK || *size < PAGE_MIN || (*size & (*size - 1)))
		return rc != SQLITE_OK ? rc : SQLITE_CORRUPT;
	return SQLITE_OK;
}

int pagefile_beyond(sqlite3 *db, uint64_t *bytes)
{
	sqlite3_file *f = file_of(db);
	unsigned char head[FILE_HEAD];
	sqlite3_int64 there = 0;
	size_t size = 0;
	int rc = read_file_head(f, head, &there, &size);

	*bytes = 0;
	if (rc != SQLITE_OK || !there)
		return rc;
	uint64_t counted = ((uint64_t)two_bytes(head + 28) << 16 | two_bytes(head + 30)) * size;
	*bytes = (uint64_t)there > counted ? (uint64_t)there - counted : 0;
	return SQLITE_OK;
}

int pagefile_walk(sqlite3 *db, struct pagefile_state *out)
{
	sqlite3_file *f = file_of(db);
	unsigned char head[FILE_HEAD];
	sqlite3_int64 bytes = 0;
	size_t size = 0;
	int rc = read_file_head(f, head, &bytes, &size);

	memset(out, 0, sizeof *out);
	if (rc != SQLITE_OK || !bytes)
		return rc;
	out->pages = (uint64_t)bytes / size;
	if (head[SEAL_AT] != PAGEFILE_SEAL)
		out->unsealed = out->pages;
	for (uint64_t n = 1; n <= out->pages && rc == SQLITE_OK && head[SEAL_AT] == PAGEFILE_SEAL;
		n++) {
		enum seal seal;
		rc = read_seal(f, size, n, &seal);
		out->unsealed += seal == SEAL_NONE;
		if (rc == SQLITE_OK && seal == SEAL_BROKEN && !out->broken++)
			out->first_broken = n;
	}
	return rc;
}
