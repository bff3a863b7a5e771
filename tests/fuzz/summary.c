/*
 * Reports of receivers: the bytes of a part, packed or not. What is taken of one is what the run
 * accepts, and the same when it is read again.
 */
#include "classify/archive.h"
#include "classify/classify.h"
#include "classify/mime.h"
#include "classify/summary.h"
#include "tests/fuzz/fuzz.h"

enum { UNPACKED_MAX = 1 << 20 };

static int fuzz_bytes(void *context, struct span bytes)
{
	size_t *n = context;
	*n += bytes.n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const domains[] = { "example.com", "example.org", NULL };
	static const struct classify_options options = { .domains = domains };
	static struct summary once, again;
	static struct mime mime;
	struct arena *arena = fuzz_arena();
	size_t unpacked = 0;
	archive_read(fuzz_span(bytes, n), UNPACKED_MAX, fuzz_bytes, &unpacked);
	MUST(unpacked <= UNPACKED_MAX);
	memset(&mime, 0, sizeof mime);
	mime.count = 1;
	mime.part[0].body = fuzz_span(bytes, n);
	mime.part[0].encoding = ENCODING_IDENTITY;
	bool read = summary_read(&once, &options, &mime, arena);
	MUST(arena->used == 0);
	MUST(summary_read(&again, &options, &mime, arena) == read);
	if (read) {
		MUST(summary_valid(&once.head, once.row, once.rows));
		MUST(memcmp(&once, &again, sizeof once) == 0);
	}
	return 0;
}
