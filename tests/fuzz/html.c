/* HTML to text, into memory that is large enough and into such that is not. */
#include "classify/html.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span html = fuzz_text(bytes, n);
	size_t sizes[] = { 0, 1, n / 2, n * 4 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *out = malloc(sizes[i] + 1);
		MUST(out);
		size_t made = html_text(html, out, sizes[i]);
		MUST(made <= sizes[i] && span_is_utf8((struct span){ out, made }));
		free(out);
	}
	free((char *)(uintptr_t)html.p);
	return 0;
}
