/*
 * What the fuzz targets share. A target is one file here: any bytes must be read in bounded time,
 * within their memory. See tests/fuzz/run.
 */
#ifndef RETOUR_FUZZ_H
#define RETOUR_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/arena.h"
#include "classify/charset.h"
#include "classify/rules.h"
#include "poller/config/rulesfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* For what must always hold: libFuzzer keeps the input that breaks it. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static inline struct span fuzz_span(const uint8_t *bytes, size_t n)
{
	return (struct span){ (const char *)bytes, n };
}

/* Is PART empty or within WHOLE? */
static inline bool fuzz_within(struct span part, struct span whole)
{
	return !part.n || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static inline const struct rules *fuzz_rules(void)
{
	static struct rules *rules;
	char error[512];
	if (!rules)
		MUST((rules = rulesfile_load(NULL, NULL, error, sizeof error)));
	return rules;
}

static inline struct charsets *fuzz_charsets(void)
{
	static struct charsets *charsets;
	if (!charsets)
		MUST((charsets = charsets_open()));
	return charsets;
}

static inline struct arena *fuzz_arena(void)
{
	static struct arena arena;
	if (!arena.base)
		MUST((arena.base = malloc(arena.size = 1 << 20)));
	arena_wipe(&arena);
	return &arena;
}

/*
 * The bytes as readers of text get them: valid UTF-8, without NUL, in memory of just that size. The
 * caller frees.
 */
static inline struct span fuzz_text(const uint8_t *bytes, size_t n)
{
	char *wide = malloc(n * 3 + 1), *text;
	MUST(wide);
	size_t size = charset_to_utf8(
		fuzz_charsets(), SPAN("utf-8"), fuzz_span(bytes, n), wide, n * 3 + 1);
	for (size_t i = 0; i < size; i++)
		if (!wide[i])
			wide[i] = ' ';
	text = malloc(size + !size);
	MUST(text);
	memcpy(text, wide, size);
	free(wide);
	return (struct span){ text, size };
}

#endif
