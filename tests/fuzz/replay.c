/*
 * Runs a fuzz target without libFuzzer, so that `make check` needs no clang: each file once as it
 * is, and then damaged in ways that are the same in every run (bytes changed, cut out, doubled,
 * another file's put in).
 *
 *     replay/TARGET DAMAGED FILE…        each file DAMAGED times more
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fuzz/fuzz.h"

enum { LONGEST = 1 << 16, WOUNDS = 8 };

struct file {
	uint8_t *bytes;
	size_t n;
};

/* xorshift64: the same numbers on every machine. */
static uint64_t next(void)
{
	static uint64_t x = 88172645463325252u;
	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static size_t below(size_t n)
{
	return n ? (size_t)(next() % n) : 0;
}

static struct file read_file(const char *path)
{
	struct file f = { malloc(LONGEST), 0 };
	FILE *in = fopen(path, "rb");
	if (!in || !f.bytes) {
		perror(path);
		exit(2);
	}
	f.n = fread(f.bytes, 1, LONGEST, in);
	fclose(in);
	return f;
}

/* One wound to the N bytes at P, of which LONGEST fit; the new length. */
static size_t wound(uint8_t *p, size_t n, const struct file *other)
{
	static const char signs[] = "\r\n\t \"'()<>@:;,.=%&#[]{}|\\/-_+0x59\xff\xc3\x80";
	size_t at = below(n), length = below(n - at) % 64, from = below(other->n);
	size_t foreign = below(other->n - from) % 256;
	switch (n ? next() % 6 : 5) {
	case 0:
		p[at] = (uint8_t)next();
		return n;
	case 1:
		p[at] = (uint8_t)signs[below(sizeof signs)];
		return n;
	case 2: /* cut out */
		memmove(p + at, p + at + length, n - at - length);
		return n - length;
	case 3: /* cut off */
		return at;
	case 4: /* doubled */
		if (n + length > LONGEST)
			return n;
		memmove(p + at + length, p + at, n - at);
		return n + length;
	default: /* another's */
		if (n + foreign > LONGEST)
			return n;
		memmove(p + at + foreign, p + at, n - at);
		memcpy(p + at, other->bytes + from, foreign);
		return n + foreign;
	}
}

/* A copy of its own size, so that the sanitizer sees a byte read beyond it. */
static void run(const uint8_t *bytes, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	if (!exact)
		exit(2);
	memcpy(exact, bytes, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	static uint8_t damaged[LONGEST];
	size_t count = argc > 2 ? (size_t)argc - 2 : 0, runs = 0;
	struct file *files = calloc(count + 1, sizeof *files);
	if (!files || !count)
		return 2;
	for (size_t i = 0; i < count; i++)
		files[i] = read_file(argv[i + 2]);
	for (size_t i = 0; i < count; i++) {
		run(files[i].bytes, files[i].n);
		for (long d = atol(argv[1]); d > 0; d--, runs++) {
			size_t n = files[i].n;
			memcpy(damaged, files[i].bytes, n);
			for (size_t w = 1 + below(WOUNDS); w > 0; w--)
				n = wound(damaged, n, &files[below(count)]);
			run(damaged, n);
		}
	}
	printf("%zu inputs\n", runs + count);
	for (size_t i = 0; i < count; i++)
		free(files[i].bytes);
	free(files);
	return 0;
}
