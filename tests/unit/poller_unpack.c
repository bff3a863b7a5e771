/*
 * gzip and zstd as streams: in pieces of any size, several members, damaged, cut, and what wants
 * too much memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>
#include "poller/volume/unpack.h"

enum { TEXT = 300000, ROOM = 400000 };

static char text[TEXT], out[2 * TEXT];
static size_t got;

static int keep(void *context, struct span bytes)
{
	(void)context;
	assert_in_range(bytes.n, 0, sizeof out - got);
	memcpy(out + got, bytes.p, bytes.n);
	got += bytes.n;
	return 0;
}

static size_t gzip(const char *p, size_t n, char *to)
{
	z_stream z = { .next_in = (unsigned char *)p,
		.avail_in = (uInt)n,
		.next_out = (unsigned char *)to,
		.avail_out = ROOM };
	assert_int_equal(
		deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = z.total_out;
	deflateEnd(&z);
	return n;
}

static size_t zstd(const char *p, size_t n, char *to)
{
	n = ZSTD_compress(to, ROOM, p, n, 3);
	assert_false(ZSTD_isError(n));
	return n;
}

static int setup(void **state)
{
	(void)state;
	srand(5);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (char)(i % 50 ? 'a' + rand() % (i % 7 + 1) : '\n');
	return 0;
}

/* 0, or -1 from feeding or at the end. */
static int unpack_all(const char *p, size_t n, size_t piece)
{
	struct unpack *u = unpack_new(keep, NULL);
	int result = 0;
	got = 0;
	for (size_t at = 0; at < n && !result; at += piece)
		result = unpack_feed(u, (struct span){ p + at, n - at < piece ? n - at : piece });
	if (!result)
		result = unpack_end(u);
	if (result)
		assert_true(*unpack_error(u));
	unpack_free(u);
	return result;
}

static void in_pieces_of_any_size(void **state)
{
	static char packed[3][2 * ROOM];
	static const size_t pieces[] = { 1, 2, 3, 4, 5, 1000, 65536, 2 * ROOM };
	size_t n[3];
	(void)state;
	n[0] = TEXT;
	memcpy(packed[0], text, TEXT);
	n[1] = gzip(text, TEXT / 2, packed[1]);
	n[1] += gzip(text + TEXT / 2, TEXT - TEXT / 2, packed[1] + n[1]);
	n[2] = zstd(text, TEXT / 3, packed[2]);
	n[2] += zstd(text + TEXT / 3, TEXT - TEXT / 3, packed[2] + n[2]);
	for (int format = 0; format < 3; format++)
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
			assert_int_equal(unpack_all(packed[format], n[format], pieces[i]), 0);
			assert_int_equal(got, TEXT);
			assert_memory_equal(out, text, TEXT);
		}
	/* padding of zeros behind the last member, as on tapes */
	memset(packed[1] + n[1], 0, 512);
	assert_int_equal(unpack_all(packed[1], n[1] + 512, 100), 0);
	assert_int_equal(got, TEXT);
}

static void short_ones(void **state)
{
	char packed[64];
	(void)state;
	for (size_t n = 0; n < 6; n++) {
		assert_int_equal(unpack_all(text, n, 1), 0);
		assert_int_equal(got, n);
	}
	assert_int_equal(unpack_all(packed, gzip("", 0, packed), 1), 0);
	assert_int_equal(got, 0);
	assert_int_equal(unpack_all(packed, zstd("", 0, packed), 1), 0);
	assert_int_equal(got, 0);
}

static void cut_or_damaged(void **state)
{
	static char packed[2][ROOM], copy[ROOM];
	size_t n[2] = { gzip(text, TEXT, packed[0]), zstd(text, TEXT, packed[1]) };
	(void)state;
	for (int format = 0; format < 2; format++) {
		for (size_t cut = 5; cut < n[format]; cut += n[format] / 40)
			assert_int_equal(unpack_all(packed[format], cut, 4096), -1);
		/*
		 * what is before the damage comes out as it was; zstd's frames have no check sum by
		 * default
		 */
		for (size_t at = 20; at < n[format]; at += n[format] / 40) {
			memcpy(copy, packed[format], n[format]);
			copy[at] ^= 0x40;
			if (unpack_all(copy, n[format], 4096) == 0)
				assert_int_equal(format, 1);
		}
	}
}

static void too_large_a_window_is_refused(void **state)
{
	static char packed[ROOM];
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = { text, TEXT, 0 };
	ZSTD_outBuffer to = { packed, sizeof packed, 0 };
	(void)state;
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, UNPACK_WINDOW_LOG_MAX + 1);
	/* a stream whose size is not known keeps the window that was asked for */
	while (ZSTD_compressStream2(c, &to, &in, ZSTD_e_continue) && in.pos < in.size)
		;
	assert_int_equal(ZSTD_compressStream2(c, &to, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	assert_int_equal(unpack_all(packed, to.pos, 65536), -1);
}

static int stop(void *context, struct span bytes)
{
	(void)bytes;
	return ++*(int *)context == 2 ? 7 : 0;
}

static void the_sink_can_stop_it(void **state)
{
	static char packed[ROOM];
	int calls = 0;
	size_t n = gzip(text, TEXT, packed);
	struct unpack *u = unpack_new(stop, &calls);
	(void)state;
	assert_int_equal(unpack_feed(u, (struct span){ packed, n }), 7);
	assert_int_equal(calls, 2);
	unpack_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_pieces_of_any_size),
		cmocka_unit_test(short_ones),
		cmocka_unit_test(cut_or_damaged),
		cmocka_unit_test(too_large_a_window_is_refused),
		cmocka_unit_test(the_sink_can_stop_it),
	};
	return cmocka_run_group_tests_name("packed files", tests, setup, NULL);
}
