/*
 * Decompression by the libraries; here is only what tells the formats apart and what goes on behind
 * a member's end.
 */
#include "poller/volume/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum format { FORMAT_UNKNOWN, FORMAT_PLAIN, FORMAT_GZIP, FORMAT_ZSTD };
enum { OUT_SIZE = 128 * 1024, MAGIC_SIZE = 4, GZIP_ONLY = 16 /* zlib.h, inflateInit2 */ };

struct unpack {
	enum format format;
	unpack_sink *sink;
	void *context;
	unsigned char magic[MAGIC_SIZE]; /* the first bytes, until there are enough to tell */
	size_t have;
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool within;  /* a member or frame has begun and not ended */
	bool between; /* one has ended: what follows must be another, or padding of zeros */
	char error[96];
	unsigned char out[OUT_SIZE];
};

struct unpack *unpack_new(unpack_sink *sink, void *context)
{
	struct unpack *u = calloc(1, sizeof *u);
	if (u) {
		u->sink = sink;
		u->context = context;
	}
	return u;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->format == FORMAT_GZIP)
		inflateEnd(&u->gzip);
	ZSTD_freeDStream(u->zstd);
	free(u);
}

static int damaged(struct unpack *u, const char *format, const char *why)
{
	snprintf(u->error, sizeof u->error, "damaged %s: %s", format, why ? why : "?");
	return -1;
}

static int feed_gzip(struct unpack *u, struct span bytes)
{
	u->gzip.next_in = (unsigned char *)bytes.p;
	u->gzip.avail_in = (uInt)bytes.n;
	bool more = false; /* all input is taken, but not all output was given */
	while (u->gzip.avail_in || more) {
		if (u->between) { /* tape and sector padding */
			if (!*u->gzip.next_in) {
				u->gzip.next_in++;
				u->gzip.avail_in--;
				continue;
			}
			inflateReset(&u->gzip);
			u->between = false;
		}
		u->gzip.next_out = u->out;
		u->gzip.avail_out = OUT_SIZE;
		u->within = true;
		int rc = inflate(&u->gzip, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return damaged(u, "gzip", u->gzip.msg);
		int said = u->sink(
			u->context, (struct span){ (char *)u->out, OUT_SIZE - u->gzip.avail_out });
		if (said)
			return said;
		u->between = rc == Z_STREAM_END;
		more = !u->between && u->gzip.avail_out == 0;
		u->within = !u->between;
	}
	return 0;
}

static int feed_zstd(struct unpack *u, struct span bytes)
{
	ZSTD_inBuffer in = { bytes.p, bytes.n, 0 };
	bool more = false; /* all input is taken, but not all output was given */
	while (in.pos < in.size || more) {
		ZSTD_outBuffer out = { u->out, OUT_SIZE, 0 };
		size_t rc = ZSTD_decompressStream(u->zstd, &out, &in);
		if (ZSTD_isError(rc))
			return damaged(u, "zstd", ZSTD_getErrorName(rc));
		u->within = rc != 0;
		more = out.pos == out.size && rc != 0;
		int said = u->sink(u->context, (struct span){ (char *)u->out, out.pos });
		if (said)
			return said;
	}
	return 0;
}

static int begin_unpacking(struct unpack *u)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	u->format = FORMAT_PLAIN;
	if (u->have >= sizeof gzip && !memcmp(u->magic, gzip, sizeof gzip)) {
		if (inflateInit2(&u->gzip, MAX_WBITS | GZIP_ONLY) != Z_OK)
			return damaged(u, "gzip", "no memory");
		u->format = FORMAT_GZIP;
	} else if (u->have >= sizeof zstd && !memcmp(u->magic, zstd, sizeof zstd)) {
		u->zstd = ZSTD_createDStream();
		if (!u->zstd ||
			ZSTD_isError(ZSTD_DCtx_setParameter(
				u->zstd, ZSTD_d_windowLogMax, UNPACK_WINDOW_LOG_MAX)))
			return damaged(u, "zstd", "no memory");
		u->format = FORMAT_ZSTD;
	}
	return 0;
}

static int feed_known(struct unpack *u, struct span bytes)
{
	switch (u->format) {
	case FORMAT_GZIP:
		return feed_gzip(u, bytes);
	case FORMAT_ZSTD:
		return feed_zstd(u, bytes);
	default:
		return bytes.n ? u->sink(u->context, bytes) : 0;
	}
}

/* What was held back until the format was known. */
static int release_magic(struct unpack *u)
{
	int result = begin_unpacking(u);
	return result ? result : feed_known(u, (struct span){ (char *)u->magic, u->have });
}

int unpack_feed(struct unpack *u, struct span bytes)
{
	while (u->format == FORMAT_UNKNOWN && bytes.n) {
		u->magic[u->have++] = (unsigned char)*bytes.p;
		bytes = (struct span){ bytes.p + 1, bytes.n - 1 };
		int result = u->have == MAGIC_SIZE ? release_magic(u) : 0;
		if (result)
			return result;
	}
	return bytes.n ? feed_known(u, bytes) : 0;
}

int unpack_end(struct unpack *u)
{
	int result = u->format == FORMAT_UNKNOWN && u->have ? release_magic(u) : 0;
	if (result)
		return result;
	return u->within
		? damaged(u, u->format == FORMAT_GZIP ? "gzip" : "zstd", "it stops in the middle")
		: 0;
}

bool unpack_is_plain(const struct unpack *u)
{
	return u->format == FORMAT_PLAIN;
}

const char *unpack_error(const struct unpack *u)
{
	return u->error;
}
