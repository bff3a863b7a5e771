/*
 * zlib unpacks; here is what tells the formats apart, and of a zip where its file lies: the end of
 * the directory (EOCD), the directory's first entry that is a file, its local header. Zip64,
 * encrypted ones and those in several volumes are refused.
 */
#include "classify/archive.h"

#include <stdint.h>
#include <zlib.h>

enum {
	UNPACKED_AT_ONCE = 16384,
	WITH_GZIP_HEADER = 16, /* zlib.h, inflateInit2 */
	EOCD_SIZE = 22,
	ENTRY_SIZE = 46,
	LOCAL_SIZE = 30,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8,
	FLAG_ENCRYPTED = 1,
};

struct unpacking {
	size_t left; /* bytes that may come */
	uint32_t crc;
	size_t n; /* bytes that came */
	archive_sink *sink;
	void *context;
};

static int hand_over(struct unpacking *u, struct span bytes)
{
	if (bytes.n > u->left)
		return -1;
	u->left -= bytes.n;
	u->n += bytes.n;
	u->crc = (uint32_t)crc32(u->crc, (const unsigned char *)bytes.p, (uInt)bytes.n);
	return bytes.n ? u->sink(u->context, bytes) : 0;
}

/* One stream of Z from where it is to its end. */
static int inflate_stream(struct unpacking *u, z_stream *z)
{
	unsigned char out[UNPACKED_AT_ONCE];
	int rc, result = 0;
	do {
		z->next_out = out;
		z->avail_out = sizeof out;
		rc = inflate(z, Z_NO_FLUSH);
		size_t got = sizeof out - z->avail_out;
		if (rc != Z_OK && rc != Z_STREAM_END)
			return -1; /* damaged, or its end is missing */
		result = hand_over(u, (struct span){ (char *)out, got });
	} while (rc != Z_STREAM_END && !result);
	return result;
}

static int read_gzip(struct unpacking *u, struct span packed)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)packed.p,
		.avail_in = (uInt)packed.n };
	int result;
	if (inflateInit2(&z, MAX_WBITS | WITH_GZIP_HEADER) != Z_OK)
		return -1;
	/* members may follow one another; behind the last one is padding */
	while (!(result = inflate_stream(u, &z)) && z.avail_in > 2 && z.next_in[0] == 0x1f)
		inflateReset(&z);
	inflateEnd(&z);
	return result;
}

/* --- zip ------------------------------------------------------------------ */

static uint32_t little(struct span bytes, size_t at, unsigned n)
{
	uint32_t value = 0;
	for (unsigned i = n; i-- > 0;)
		value = value << 8 | (unsigned char)bytes.p[at + i];
	return value;
}

static bool zip_begins(struct span bytes, size_t at, const char *magic)
{
	return at + 4 <= bytes.n && memcmp(bytes.p + at, magic, 4) == 0;
}

static bool find_directory(struct span zip, size_t *at, uint32_t *entries)
{
	for (size_t back = EOCD_SIZE; back <= zip.n && back <= EOCD_SIZE + ARCHIVE_COMMENT_MAX;
		back++) {
		size_t end = zip.n - back;
		if (!zip_begins(zip, end, "PK\5\6"))
			continue;
		*entries = little(zip, end + 10, 2);
		*at = little(zip, end + 16, 4);
		return little(zip, end + 4, 2) == 0 && *at <= end;
	}
	return false;
}

/* What the entry at AT of the directory packs; its method, checksum and size. */
static bool entry_content(
	struct span zip, size_t at, struct span *packed, uint32_t *method, uint32_t *crc, size_t *n)
{
	size_t local = little(zip, at + 42, 4), size = little(zip, at + 20, 4);
	*method = little(zip, at + 10, 2);
	*crc = little(zip, at + 16, 4);
	*n = little(zip, at + 24, 4);
	if ((little(zip, at + 8, 2) & FLAG_ENCRYPTED) || local > zip.n ||
		zip.n - local < LOCAL_SIZE || !zip_begins(zip, local, "PK\3\4"))
		return false;
	size_t begin = local + LOCAL_SIZE + little(zip, local + 26, 2) + little(zip, local + 28, 2);
	if (begin > zip.n || size > zip.n - begin)
		return false;
	*packed = (struct span){ zip.p + begin, size };
	return true;
}

static int read_zip_entry(struct unpacking *u, struct span packed, uint32_t method)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)packed.p,
		.avail_in = (uInt)packed.n };
	if (method == METHOD_STORED)
		return hand_over(u, packed);
	if (method != METHOD_DEFLATED || inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return -1;
	int result = inflate_stream(u, &z);
	inflateEnd(&z);
	return result;
}

/* A folder has a name that ends in '/', and nothing in it. */
static int read_zip(struct unpacking *u, struct span zip)
{
	struct span packed;
	uint32_t entries, method, crc;
	size_t at, n;
	if (!find_directory(zip, &at, &entries) || entries > ARCHIVE_ENTRIES_MAX)
		return -1;
	for (; entries; entries--) {
		if (zip.n - at < ENTRY_SIZE || !zip_begins(zip, at, "PK\1\2"))
			return -1;
		size_t name = little(zip, at + 28, 2),
		       next = at + ENTRY_SIZE + name + little(zip, at + 30, 2) +
			little(zip, at + 32, 2);
		if (next > zip.n)
			return -1;
		if (name && zip.p[at + ENTRY_SIZE + name - 1] != '/') {
			if (!entry_content(zip, at, &packed, &method, &crc, &n))
				return -1;
			int result = read_zip_entry(u, packed, method);
			return !result && (u->crc != crc || u->n != n) ? -1 : result;
		}
		at = next;
	}
	return -1;
}

int archive_read(struct span packed, size_t max, archive_sink *sink, void *context)
{
	struct unpacking u = { .left = max, .sink = sink, .context = context };
	if (packed.n > UINT32_MAX)
		return -1;
	if (packed.n > 2 && (unsigned char)packed.p[0] == 0x1f &&
		(unsigned char)packed.p[1] == 0x8b)
		return read_gzip(&u, packed);
	if (zip_begins(packed, 0, "PK\3\4"))
		return read_zip(&u, packed);
	return hand_over(&u, packed);
}
